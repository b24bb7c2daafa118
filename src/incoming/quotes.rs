//! Cuts a reply down to the sender's own words.

use std::borrow::Cow;

use super::words;
use crate::text::is_hidden;

mod among;
mod footer;
mod head;
mod subject;

pub use footer::without_known;
pub use subject::own_subject;

/// A shorter line may stand in any letter.
const OUR_LINE_CHARS: usize = 8;
/// The most lines over which an attribution is broken.
const ATTRIBUTION_LINES: usize = 3;
const ATTRIBUTION_CHARS: usize = 400;
/// Nobody writes more lines by hand; later ones are not read.
const LINES: usize = 2000;

/// Our letter that is answered, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ours<'a> {
    /// All that it says, as text and as a page.
    pub text: &'a str,
    pub subject: &'a str,
    /// Our addresses and our name as a sender.
    pub names: &'a [&'a str],
}

/// What the sender wrote, without quotes, the quoted letter's head, and phone signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What stands above the quoted letter; if nothing does, what stands below it or between its lines.
    pub words: String,
    /// What stands below it or between its lines too.
    pub among: String,
}

impl Written {
    /// All of it, to be kept.
    pub fn all(&self) -> String {
        [self.words.as_str(), &self.among].join("\n\n").trim_end().to_owned()
    }
}

/// The sender's own words.
///
/// `ours` is our letter, if it is known: a line that stands in it is a quote, however the mail program marks it, and a
/// line with our address or its subject is the head over one, in any language.
pub fn written(text: &str, ours: Option<Ours>) -> Written {
    let known = ours.unwrap_or_default();
    let ours = ours.map(|ours| letters(ours.text)).filter(|ours| !ours.is_empty());
    let text = visible(text);
    let lines: Vec<&str> = text.lines().take(LINES).map(str::trim_end).collect();
    let is_ours = |line: &str| ours.as_deref().is_some_and(|ours| stands_in(line, ours));
    let begins_quote = |i: usize| {
        is_marked(lines[i]) || ends_own_words(&lines, i) || is_ours(lines[i]) || head::is_head(&lines, i, &known)
    };
    let cut = (0..lines.len()).find(|i| begins_quote(*i)).unwrap_or(lines.len());
    let above = tidy(&lines[..cut]);
    let among = among::lines(&lines, cut, &known, ours.as_deref(), above.is_empty());
    let (inside, below): (Vec<_>, Vec<_>) = among.iter().copied().partition(|(is_marked, _)| *is_marked);
    let of = |lines: &[(bool, &str)]| tidy(&lines.iter().map(|(_, line)| *line).collect::<Vec<_>>());
    // Below the quote; red letters inside it may be all there is.
    let (words, among) = match (above.is_empty(), below.is_empty()) {
        (false, _) => (above, of(&among)),
        (true, false) => (of(&below), of(&inside)),
        (true, true) => (of(&inside), above),
    };
    Written { words, among }
}

fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with(['>', '＞'])
}

/// Whether the sender's own words end before this line.
fn ends_own_words(lines: &[&str], i: usize) -> bool {
    let line = lines[i].trim();
    is_rule(line)
        || (is_signature_mark(line) && is_signed(&lines[i + 1..]))
        || is_quoted_head(lines, i)
        || is_attribution(lines, i)
}

/// `-----原始邮件-----` and its like, and Outlook's line of underscores.
fn is_rule(line: &str) -> bool {
    const LABELS: [&str; 18] = [
        "邮件原文",
        "原始信件",
        "原信件",
        "原始邮件",
        "邮件原件",
        "原邮件",
        "回复的原邮件",
        "回复邮件",
        "转发邮件",
        "转发的邮件",
        "被转发的邮件",
        "转发邮件信息",
        "original message",
        "original email",
        "forwarded message",
        "forwarded by",
        "begin forwarded",
        "reply message",
    ];
    let is_mark = |c: char| matches!(c, '-' | '_' | '=' | '*' | '—' | '－' | '─' | '﹣');
    let marks = line.chars().take_while(|c| is_mark(*c)).count();
    if marks >= 20 && line.chars().all(is_mark) {
        return true;
    }
    let label = line.trim_matches(|c: char| is_mark(c) || c.is_whitespace() || matches!(c, ':' | '：')).to_lowercase();
    marks >= 2 && label.chars().count() <= 40 && LABELS.iter().any(|l| label.starts_with(l))
        || matches!(label.as_str(), "begin forwarded message" | "original")
        || label == "以下是转发的邮件"
}

/// Whether a signature stands below a line of dashes; else the line only divides.
fn is_signed(below: &[&str]) -> bool {
    let near = below.iter().map(|line| line.trim()).take(12);
    let near: Vec<&str> = near.take_while(|line| !is_marked(line) && !is_rule(line)).collect();
    words::signs(&near.join("\n"))
}

/// `-- ` and `——` alone on a line: a signature with name and telephone follows.
fn is_signature_mark(line: &str) -> bool {
    let dashes = line.chars().count();
    (2..20).contains(&dashes) && line.chars().all(|c| matches!(c, '-' | '—' | '－' | '_' | '─'))
}

/// The fields of a quoted letter's head: whose it is, and the others.
const SENDER: [&str; 6] = ["发件人", "发信人", "寄件者", "寄件人", "from", "发送人"];
const OTHER: [&str; 20] = [
    "发送时间",
    "发送日期",
    "日期",
    "时间",
    "收件人",
    "收信人",
    "抄送",
    "密送",
    "主题",
    "邮件主题",
    "附件",
    "重要性",
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "attachments",
    "importance",
    "reply-to",
];

/// Whether a line is one of these fields.
fn is_field(line: &str, names: &[&str]) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '|' | '【')).to_lowercase();
    let label = line.split_once([':', '：']).map(|(label, _)| label.split_whitespace().collect::<String>());
    names.iter().any(|name| {
        let after = line
            .strip_prefix(name)
            .map(|r| r.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '】' | '|')));
        label.as_deref() == Some(*name)
            || after.is_some_and(|after| {
                after.starts_with([':', '：']) || (after.len() < line.len() - name.len() && after.contains('@'))
            })
    })
}

/// `发件人：… 发送时间：…`: two fields of a quoted letter's header near each other, the sender first.
fn is_quoted_head(lines: &[&str], i: usize) -> bool {
    if !is_field(lines[i], &SENDER) {
        return false;
    }
    let near = lines[i + 1..].iter().filter(|l| !l.trim().is_empty()).take(4);
    // Some programs put all fields on one line.
    let same =
        OTHER.iter().any(|name| lines[i].contains(&format!("{name}：")) || lines[i].contains(&format!("{name}:")));
    same || near.take(3).any(|line| is_field(line, &OTHER))
}

/// `在 2026年1月27日，08:30，某某 <…> 写道：`, on one line or broken.
fn is_attribution(lines: &[&str], i: usize) -> bool {
    const STARTS: [&str; 6] = ["在", "于", "on ", "at ", "le ", "发件人"];
    let first = lines[i].trim();
    let begins = STARTS.iter().any(|s| first.get(..s.len()).is_some_and(|f| f.eq_ignore_ascii_case(s)));
    let names = first.contains('@') || first.contains('<') || first.contains('于');
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).take(4).count();
    if first.is_empty() || !(begins || names || digits(first) == 4) {
        return false;
    }
    let mut joined = String::new();
    for line in lines[i..].iter().take(ATTRIBUTION_LINES) {
        if line.trim().is_empty() {
            return false;
        }
        joined.push_str(line.trim());
        if joined.len() > ATTRIBUTION_CHARS * 3 {
            return false;
        }
        let end = joined.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '*')).to_lowercase();
        if end.ends_with("写道") || end.ends_with("wrote") || end.ends_with("寫道") || end.ends_with("寫入") {
            return digits(&joined) == 4 || joined.contains('@');
        }
    }
    false
}

/// `发自我的iPhone`: added by the phone.
fn is_phone_signature(line: &str) -> bool {
    const STARTS: [&str; 15] = [
        "发自我的",
        "发自 我的",
        "发送自",
        "来自我的",
        "获取 outlook",
        "获取outlook",
        "get outlook for",
        "sent from my",
        "sent from mail",
        "sent from outlook",
        "从 windows",
        "从我的",
        "由网易邮箱大师",
        "发自网易",
        "发自qq邮箱",
    ];
    const DEVICES: [&str; 13] =
        ["手机", "平板", "邮箱", "大师", "客户端", "电脑", "设备", "微信", "钉钉", "粤政易", "飞书", "版邮件", "发送"];
    let line = line.trim().trim_matches(['-', '—', ' ', '[', ']', '【', '】', '|']).to_lowercase();
    let begins = STARTS.iter().chain(&["发自"]).find_map(|start| line.strip_prefix(start));
    // The name of a device or a program, and nothing more.
    let is_name = |word: &str| word.is_ascii() || DEVICES.iter().any(|name| word.ends_with(name));
    let is_mark = |c: char| matches!(c, '，' | '。' | '、' | '；' | '（' | ',' | ';' | '！' | '：');
    line.chars().count() <= 60
        && begins.is_some_and(|name| {
            !line.contains(is_mark) && name.split(|c: char| c.is_whitespace() || c == '<').all(is_name)
                || STARTS.iter().any(|start| line == *start)
        })
}

fn tidy(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut gap = false;
    let own = footer::without_fixed(lines);
    for line in own.into_iter().filter(|l| !is_phone_signature(l)) {
        if line.is_empty() {
            gap = !text.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

/// Whether this line comes from our letter.
fn stands_in(line: &str, ours: &str) -> bool {
    // Our letters have no line this long, and searching for one is slow.
    if line.len() > 4000 {
        return false;
    }
    let line = letters(line);
    line.chars().count() >= OUR_LINE_CHARS && ours.contains(&line)
}

/// Letters and digits only: mail programs change spaces and punctuation, and tables have none of our colons.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// One kind of space, and no hidden characters.
fn visible(text: &str) -> Cow<'_, str> {
    let odd = |c: char| is_hidden(c) || matches!(c, '\u{a0}' | '\u{2028}' | '\u{2029}' | '\r');
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{a0}' => seen.push(' '),
            '\u{2028}' | '\u{2029}' => seen.push('\n'),
            c if odd(c) => {}
            c => seen.push(c),
        }
    }
    Cow::Owned(seen)
}

#[cfg(test)]
mod tests;
