//! Delivery reports in the standard's form (RFC 3464).

use super::{address, body, header::Header, ids, machine::Seen, mime::Leaf};
use crate::text::short_line;

const RECIPIENTS: usize = 20;
const MESSAGE_IDS: usize = 20;
pub(super) const WORDS_CHARS: usize = 300;

/// A mail server's report on the delivery of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// One for each mailbox in the report.
    pub recipients: Vec<Recipient>,
    /// The sender's name for the delivery (ENVID), if it gave one.
    pub envelope_id: Option<String>,
    /// The Message-IDs of the returned messages, then whatever looks like one in the text.
    pub message_ids: Vec<String>,
}

/// The outcome for one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address that the letter was sent to, if known.
    pub address: Option<String>,
    pub action: Action,
    /// The enhanced status code, `5.1.1`.
    pub status: Option<String>,
    /// The server's reply, in one line.
    pub words: String,
}

/// What a server did with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The server gave up.
    Failed,
    /// The server still tries.
    Delayed,
    /// Delivered, relayed or expanded.
    Delivered,
    /// In words that are not known: a person decides.
    Unknown,
}

/// The delivery report in this message, if it has a `message/delivery-status` part.
pub(super) fn of(seen: &Seen) -> Option<DeliveryReport> {
    let own = || seen.parts.leaves.iter().filter(|l| !l.attached);
    let is_status =
        |l: &&Leaf| matches!(l.kind.value.as_str(), "message/delivery-status" | "message/global-delivery-status");
    let status = own().find(is_status)?;
    let mut groups = groups(&body::characters(status));
    let about_message = match groups.first() {
        Some(first) if !is_recipient(first) => groups.remove(0),
        _ => Header::default(),
    };
    let one = groups.iter().filter(|g| is_recipient(g)).count() == 1;
    let spoken = Some(reason(seen.text, &[])).filter(|words| !words.is_empty() || !one);
    let spoken = spoken.unwrap_or_else(|| beginning(seen.text));
    let mut recipients: Vec<Recipient> =
        groups.iter().filter(|g| is_recipient(g)).take(RECIPIENTS).map(|g| recipient(g, &spoken)).collect();
    if recipients.is_empty() {
        recipients.push(Recipient { address: None, action: Action::Failed, status: None, words: spoken });
    }
    Some(DeliveryReport {
        recipients,
        envelope_id: about_message.raw("original-envelope-id").map(|id| xtext(&id)).filter(|id| !id.is_empty()),
        message_ids: message_ids(seen),
    })
}

/// The groups of fields, which are separated by empty lines.
fn groups(text: &str) -> Vec<Header> {
    let mut rest = text.trim_start().as_bytes();
    let mut groups = Vec::new();
    while !rest.is_empty() && groups.len() <= RECIPIENTS {
        let (group, length) = Header::read(rest, |_| false);
        groups.push(group);
        rest = rest.get(length..).unwrap_or_default();
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        rest = &rest[blank..];
    }
    groups
}

fn is_recipient(group: &Header) -> bool {
    ["final-recipient", "original-recipient", "action"].iter().any(|name| group.has(name))
}

fn recipient(group: &Header, spoken: &str) -> Recipient {
    // `rfc822; name@domain`: the type is not needed.
    let typed = |name: &str| {
        let value = group.text(name)?;
        let value = value.split_once(';').map_or(value.as_str(), |(_, address)| address).trim().to_owned();
        (!value.is_empty()).then_some(value)
    };
    let address = |name: &str| {
        let written = typed(name)?;
        let bare = written.trim_matches(|c| matches!(c, '<' | '>' | '"')).to_owned();
        address::looks_right(&bare).then_some(bare)
    };
    let action = group.raw("action").unwrap_or_default().trim().to_ascii_lowercase();
    let status = group.raw("status").and_then(|s| s.split_whitespace().next().map(str::to_owned));
    let status = status.filter(|s| s.bytes().all(|b| b.is_ascii_digit() || b == b'.') && s.len() <= 11);
    let action = match action.split_whitespace().next().unwrap_or_default() {
        "delayed" => Action::Delayed,
        "delivered" | "relayed" | "expanded" => Action::Delivered,
        "failed" => Action::Failed,
        // No action is given, or none that is known: the status code decides.
        _ if status.as_deref().is_some_and(|s| s.starts_with('4')) => Action::Delayed,
        _ if status.as_deref().is_some_and(|s| s.starts_with('2')) => Action::Delivered,
        _ => Action::Failed,
    };
    let words = typed("diagnostic-code").map(|words| short_line(&words, WORDS_CHARS)).filter(|w| !w.is_empty());
    Recipient {
        address: address("original-recipient").or_else(|| address("final-recipient")),
        action,
        status,
        words: words.unwrap_or_else(|| spoken.to_owned()),
    }
}

/// Decodes xtext (RFC 3461): `+` and two hexadecimal digits stand for a character.
fn xtext(coded: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = coded.trim().as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()).filter(|_| *first == b'+') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    short_line(&String::from_utf8_lossy(&bytes), 200)
}

/// The Message-IDs in the returned messages, then in the text.
pub(super) fn message_ids(seen: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    // Ours, wherever they stand: in a part's own head, in base64, behind a boundary that never came.
    ids::ours(seen.raw, MESSAGE_IDS, &mut found);
    for leaf in &seen.parts.leaves {
        ids::ours(&leaf.body, MESSAGE_IDS, &mut found);
        ids::collect(&leaf.header.raw("message-id").unwrap_or_default(), MESSAGE_IDS, &mut found);
    }
    for header in &seen.parts.attached {
        ids::collect(&header.raw("message-id").unwrap_or_default(), MESSAGE_IDS, &mut found);
    }
    let returned = seen.parts.leaves.iter().filter(|l| l.kind.value.ends_with("rfc822-headers"));
    for leaf in returned {
        let (header, _) = Header::read(&leaf.body, |_| false);
        ids::collect(&header.raw("message-id").unwrap_or_default(), MESSAGE_IDS, &mut found);
    }
    // Labelled ones come first. Anything else in `<…>` may be an address, which does no harm.
    let labelled = |line: &&str| line.to_ascii_lowercase().contains("message-id");
    for line in seen.text.lines().filter(labelled).take(MESSAGE_IDS) {
        let after = line.split_once([':', '：']).map_or(line, |(_, id)| id);
        ids::collect(after, MESSAGE_IDS, &mut found);
    }
    if seen.text.contains('<') {
        ids::collect(seen.text, MESSAGE_IDS, &mut found);
    }
    found
}

/// The lines of a text that give the reason, joined to one line: those with a code, else what stands at the address,
/// else those with a word of a reason.
pub(super) fn reason(text: &str, addresses: &[String]) -> String {
    const HINTS: [&str; 30] = [
        "退信原因",
        "原因",
        "拒收",
        "拒绝",
        "不存在",
        "已满",
        "超过",
        "失败",
        "无法",
        "550",
        "551",
        "552",
        "553",
        "554",
        "450",
        "451",
        "452",
        "421",
        "said:",
        "user unknown",
        "no such user",
        "quota",
        "mailbox",
        "rejected",
        "refused",
        "timed out",
        "does not exist",
        "not found",
        "超时",
        "未找到",
    ];
    let mut said = String::new();
    let lines: Vec<&str> = text.lines().take(400).filter(|l| l.len() < 2000).collect();
    let hinted = |line: &&&str| {
        let line = line.to_lowercase();
        HINTS.iter().any(|hint| line.contains(hint))
    };
    // A line with a code is the server's own reply. A short line is a label, with the reason on the next line.
    let coded = lines.iter().filter(hinted).filter(|l| l.bytes().any(|b| b.is_ascii_digit()) && has_code(l));
    let mut chosen: Vec<&str> = coded.copied().take(3).collect();
    if chosen.is_empty() {
        chosen = at_address(&lines, addresses);
    }
    if chosen.is_empty() {
        for (i, line) in lines.iter().enumerate().filter(|(_, l)| hinted(l)).take(4) {
            chosen.push(line);
            let label = line.trim().chars().count() <= 8;
            chosen.extend(lines.get(i + 1..).and_then(|l| l.iter().find(|l| !l.trim().is_empty())).filter(|_| label));
        }
    }
    for line in chosen {
        said.push_str(line);
        said.push(' ');
    }
    short_line(&said, WORDS_CHARS)
}

/// How a text begins, where no line gives a reason.
pub(super) fn beginning(text: &str) -> String {
    let speaks = |l: &&str| l.chars().filter(|c| c.is_alphabetic()).count() >= 4;
    short_line(&text.lines().filter(speaks).take(3).collect::<Vec<_>>().join(" "), WORDS_CHARS)
}

/// What stands behind the address in its line, or in the lines below it.
fn at_address<'a>(lines: &[&'a str], addresses: &[String]) -> Vec<&'a str> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    for (i, line) in lines.iter().enumerate() {
        let lower = line.to_lowercase();
        let Some(address) = addresses.iter().find(|a| lower.contains(&a.to_lowercase())) else { continue };
        let behind = lower.find(&address.to_lowercase()).and_then(|at| line.get(at + address.len()..));
        let behind = behind.unwrap_or_default().trim_start_matches([' ', '>', ':', ')', '\t']);
        if letters(behind) >= 4 {
            return vec![behind];
        }
        // `because:` is a label, with the reason below it.
        let below = lines[i + 1..].iter().filter(|l| !l.trim().is_empty()).take(3).copied();
        let below: Vec<&str> = below.filter(|l| letters(l) >= 4 && !l.trim().ends_with(':')).take(2).collect();
        if !below.is_empty() {
            return below;
        }
    }
    Vec::new()
}

fn has_code(line: &str) -> bool {
    status_in(line).is_some()
        || line.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| {
            w.len() == 3 && (w.starts_with('5') || w.starts_with('4')) && w.bytes().all(|b| b.is_ascii_digit())
        })
}

/// The first enhanced status code of a failure in a text: `5.1.1`, but not a part of a longer number.
pub(super) fn status_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let code = |word: &&str| {
        let parts: Vec<&str> = word.trim_end_matches('.').split('.').collect();
        let number = |p: &&str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
        parts.len() == 3 && matches!(parts[0], "4" | "5") && parts.iter().all(number)
    };
    words.take(20_000).find(code).map(|word| word.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(status_in("said: 550 5.1.1 <a@b.cn>: unknown").as_deref(), Some("5.1.1"));
        assert_eq!(status_in("(#4.4.1)").as_deref(), Some("4.4.1"));
        assert_eq!(status_in("5.1.2.3 x5.1.1 5.1 version 15.20.7"), None);
    }

    #[test]
    fn envelope_ids() {
        assert_eq!(xtext("duban+2B412+3D"), "duban+412=");
        assert_eq!(xtext("a+zz+"), "a+zz+");
    }
}
