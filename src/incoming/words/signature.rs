//! The signature under a report: who wrote, and where to reach him. Nobody is held to its words.

use super::{folded::Text, remains, reports};

/// The longest signature, in lines, and its longest line, in characters.
const LINES: usize = 8;
const LINE_CHARS: usize = 60;
/// What stands in a sentence, and in no signature: `联系人改为王浩`.
const IN_SENTENCES: [char; 16] =
    ['，', '。', '；', '！', '？', ',', ';', '!', '?', '改', '问', '找', '换', '我', '您', '请'];

/// The words, and the signature under them: the last paragraphs, if one says how to reach the sender, and no line
/// could be about the work.
pub(super) fn split(written: &str) -> (&str, &str) {
    let mut at = written.len();
    let mut found = written.len();
    for line in written.split_inclusive('\n').rev() {
        at -= line.len();
        if line.trim().is_empty() && at > 0 {
            if !is_signature(&written[at..]) {
                break;
            }
            found = at;
        }
    }
    written.split_at(found)
}

pub(super) fn is_signature(below: &str) -> bool {
    let lines = below.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.take(LINES + 1).collect();
    lines.len() <= LINES
        && lines.iter().any(|line| is_contact(line))
        && lines
            .iter()
            .all(|line| line.chars().count() <= LINE_CHARS && !line.contains(IN_SENTENCES) && !is_of_work(line))
}

/// A telephone number or an address. A link may be what shows that it is done.
fn is_contact(line: &str) -> bool {
    const LABELS: [&str; 12] =
        ["电话", "手机", "传真", "地址", "邮编", "邮箱", "微信", "QQ", "Tel", "TEL", "Mobile", "Email"];
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let is_number =
        digits >= 7 && line.chars().all(|c| !c.is_alphabetic() || c > '\u{2e80}') && !line.contains(['〔', '号']);
    LABELS.iter().any(|label| line.contains(label)) || line.contains('@') || is_number
}

fn is_of_work(line: &str) -> bool {
    let spoken = Text::new(line).spoken();
    reports(line) || line.contains("http") || remains::is_suspicious(&spoken)
}
