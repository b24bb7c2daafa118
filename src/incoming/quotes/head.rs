//! The line over a quotation, in any language: our own address, name or subject stands in it.

use super::{ATTRIBUTION_CHARS, Ours, is_marked};
use crate::incoming::words;

/// Lines over which a head is broken.
const LINES: usize = 3;

/// Whether a head over the quoted letter begins at this line.
pub(super) fn is_head(lines: &[&str], i: usize, ours: &Ours) -> bool {
    let first = lines[i].trim();
    if first.is_empty() || first.len() > ATTRIBUTION_CHARS * 3 {
        return false;
    }
    if !ours.subject.is_empty() && first.contains(ours.subject) {
        return true;
    }
    // Whoever writes of the work writes no head.
    if words::reports(first) || first.contains('已') {
        return false;
    }
    let digits = first.bytes().filter(u8::is_ascii_digit).count();
    if digits >= 4 && is_over_marks(lines, i) {
        return true;
    }
    let mut joined = String::new();
    for line in lines[i..].iter().take(LINES).map(|l| l.trim()) {
        if line.is_empty() || joined.len() > ATTRIBUTION_CHARS * 3 {
            return false;
        }
        joined.push_str(line);
        joined.push(' ');
        if ours.names.iter().any(|name| !name.is_empty() && joined.contains(name)) {
            return is_shaped(first, joined.trim_end(), digits);
        }
        // Only a line that could begin a head is read together with the next.
        if digits < 4 {
            return false;
        }
    }
    false
}

/// Whether our name stands in it as in a head: a field, a date before it, a colon or dashes at the end.
fn is_shaped(first: &str, joined: &str, digits: usize) -> bool {
    let field =
        first.find([':', '：']).is_some_and(|at| at < 40 && (first[at..].contains('<') || first[at..].contains('@')));
    let marks = |c: char| matches!(c, '-' | '_' | '=' | '*' | '—');
    // Notes writes our name and address alone on a line.
    let is_alone =
        first.contains('@') && first.contains(['<', '"']) && joined == first && !first.contains(['，', '。', '已']);
    is_alone
        || field
        || digits >= 4
        || joined.ends_with([':', '：'])
        || joined.starts_with(marks) && joined.ends_with(marks)
}

/// Whether a line that ends in a colon stands over a marked quotation.
fn is_over_marks(lines: &[&str], i: usize) -> bool {
    let end = (i..lines.len().min(i + LINES)).find(|at| lines[*at].trim_end().ends_with([':', '：']));
    let below = end.and_then(|end| lines[end + 1..].iter().find(|l| !l.trim().is_empty()));
    below.is_some_and(|line| is_marked(line))
}
