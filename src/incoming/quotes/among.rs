//! What a person wrote below the quoted letter, or between its lines: it may take back what stands above.

use super::{
    OTHER, OUR_LINE_CHARS, Ours, SENDER, ends_own_words, head, is_attribution, is_field, is_marked, is_quoted_head,
    is_rule, letters, stands_in,
};
use crate::incoming::words;

/// Lines of a head: an attribution, or the fields.
const HEAD_LINES: usize = 8;
/// Nobody writes more lines into a letter: later ones are not read.
const OWN_LINES: usize = 200;
/// Shorter words, in bytes, may be the sender's although our letter has them too: `周四`.
const WORD_BYTES: usize = 9;
/// Words of a line that are looked for one by one.
const PIECES: usize = 40;

/// Whose words stand at a line.
#[derive(Clone, Copy, PartialEq)]
enum Whose {
    /// Our letter's, and what was written into it.
    Ours,
    /// Another quoted letter's, or a signature.
    Others,
    /// Another quoted letter's, whose lines are marked.
    Marked,
    /// Nobody's yet: our letter is not known, and nothing was marked as a quote.
    Unknown,
}

/// The lines from `cut` on that are not of our letter, nor of any other that is quoted, and whether they are marked as a
/// quote. `ours` is our letter's text, in letters and digits.
///
/// `is_all`: nothing stands above. Then a word that our letter has as well is the sender's only where quotes are marked.
/// Where our letter is not known, only what stands between marked lines and below them is the sender's.
pub(super) fn lines<'a>(
    lines: &[&'a str],
    cut: usize,
    known: &Ours,
    ours: Option<&str>,
    is_all: bool,
) -> Vec<(bool, &'a str)> {
    let bare: Vec<&str> = lines.iter().map(|line| line.trim_start().trim_start_matches(['>', '＞', ' '])).collect();
    let mut whose = if ours.is_some() { Whose::Ours } else { Whose::Unknown };
    // Another letter like ours may be quoted.
    let quoted = || bare[cut..].iter().filter(|line| line.chars().count() >= OUR_LINE_CHARS);
    let exact = ours.map_or(0, |ours| quoted().filter(|line| stands_in(line, ours)).count());
    let is_exact = exact * 10 >= quoted().count() * 6;
    let mut is_sure = !is_all;
    let mut before = String::new();
    let mut own = Vec::new();
    let mut i = cut;
    while i < lines.len() && own.len() < OWN_LINES {
        let (is_marked, line) = (is_marked(lines[i]), bare[i]);
        let is_head = || is_quoted_head(&bare, i) || is_attribution(&bare, i) || head::is_head(&bare, i, known);
        if ours.is_some() && is_head() {
            (whose, i) = past_head(&bare, i, known, ours);
            before.clear();
            continue;
        }
        i += 1;
        is_sure |= is_marked;
        if is_marked && ours.is_none() {
            whose = Whose::Ours;
            continue;
        }
        let is_our_rule = line.chars().count() > 2 && known.text.contains(line);
        if is_rule(line) || !is_our_rule && ends_own_words(&bare, i - 1) {
            if ours.is_none() && whose == Whose::Ours {
                break;
            }
            // A signature reaches to the next head.
            if !is_rule(line) {
                whose = Whose::Others;
            }
            continue;
        }
        // Nobody marks his own words as another's.
        if whose == Whose::Others && is_marked {
            whose = Whose::Marked;
        }
        let is_others = match whose {
            Whose::Ours => is_field(line, &SENDER),
            Whose::Others | Whose::Unknown => true,
            Whose::Marked => is_marked,
        };
        let said = letters(line);
        let is_quoted = |ours: &str| is_quoted(line, &said, &before, ours) || !is_sure && ours.contains(&said);
        if is_others || !is_exact && is_of_a_letter(lines[i - 1]) || ours.is_some_and(is_quoted) {
            before = said;
            continue;
        }
        before.clear();
        own.push((is_marked, line));
    }
    own
}

/// Behind the head that begins at a line: whose letter it is, and the next line.
fn past_head(lines: &[&str], i: usize, known: &Ours, ours: Option<&str>) -> (Whose, usize) {
    let names_us = |line: &&str| known.names.iter().any(|name| !name.is_empty() && line.contains(name));
    let goes_on = |line: &&&str| {
        let label = line.split_once([':', '：']).map(|(label, _)| label.trim());
        let is_foreign = label.is_some_and(|l| l.len() <= 20 && l.chars().all(|c| c < '\u{2e80}'));
        let ends = line.ends_with([':', '：']) && !words::reports(line);
        let field = line.trim_start_matches(['|', '*', '【', ' ']).to_lowercase();
        SENDER.iter().chain(&OTHER).any(|name| field.starts_with(name)) || is_foreign || ends || names_us(line)
    };
    let more = lines[i + 1..].iter().take(HEAD_LINES).take_while(goes_on).count();
    let end = i + 1 + more;
    let sender = if is_field(lines[i], &SENDER) { &lines[i..=i] } else { &lines[i..end] };
    // An address book may have another name for us.
    let mut below = lines[end..].iter().filter(|line| !line.trim().is_empty()).take(3);
    let is_ours = sender.iter().any(names_us) || below.any(|line| ours.is_some_and(|ours| stands_in(line, ours)));
    (if is_ours { Whose::Ours } else { Whose::Others }, end)
}

/// Whether a line is of a letter like ours, by its label or as a step of 要做: another one may be quoted.
fn is_of_a_letter(line: &str) -> bool {
    const LABELS: [&str; 14] = [
        "事项：",
        "期限：",
        "要做：",
        "办结后：",
        "状态：",
        "依据：",
        "联系人：",
        "规定期限",
        "可直接回复本邮件",
        "附件（.ics）",
        "本邮件由系统",
        "回复编号",
        "您写的是：",
        "※ ",
    ];
    let bare = line.trim_start_matches(['>', '＞', ' ']);
    let step = bare.strip_prefix('\u{3000}').map(|step| step.trim_start());
    step.is_some_and(|step| step.starts_with(|c: char| c.is_ascii_digit() || c == '规'))
        || LABELS.iter().any(|label| bare.starts_with(label))
}

/// Whether a line is of our letter: as a whole, with the one before it, or each word of it, since programs break lines
/// and rows. Single words of a report may be the sender's.
fn is_quoted(line: &str, said: &str, before: &str, ours: &str) -> bool {
    let is_link = |word: &&str| ["http", "www.", "cid:", "mailto:"].iter().any(|mark| word.contains(mark));
    let mut pieces =
        line.split(|c: char| c.is_whitespace() || matches!(c, '|' | '<' | '>' | '[' | ']')).filter(|w| !is_link(w));
    // `×` alone on a line is an answer.
    line.chars().all(|c| c.is_whitespace() || c.is_ascii_punctuation() || "─━—…|".contains(c))
        || stands_in(line, ours)
        || !before.is_empty() && !said.is_empty() && line.len() < 4000 && ours.contains(&[before, said].concat())
        || !words::reports(line)
            && (WORD_BYTES..4000).contains(&line.len())
            && pieces.by_ref().take(PIECES).all(|piece| ours.contains(&letters(piece)))
            && pieces.next().is_none()
}
