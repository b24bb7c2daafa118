//! 系统退信: delivery reports in prose, without the standard's machine-readable part.

mod words;

use super::{
    address,
    machine::Seen,
    mime::Leaf,
    report::{Action, DeliveryReport, Recipient, beginning, message_ids, reason, status_in},
};
use words::{DELAYED, FAILED, FINAL, RETURNED};

const RECIPIENTS: usize = 10;
/// Lines of a returned letter's head that are looked at together.
const HEAD_LINES: usize = 12;

/// The delivery report in this message, if a server wrote it, and its words or the letter that it returns say that it is
/// one. In words that are not known, nothing is said of what became of the letter.
pub(super) fn of(seen: &Seen) -> Option<DeliveryReport> {
    let by_server = seen.is_from_server() || seen.is_report();
    if !by_server && (!seen.has_empty_return_path() || seen.is_auto_reply()) {
        return None;
    }
    let subject = seen.subject.to_lowercase();
    let own = before_returned(seen.text);
    // qmail: `I'm not giving up yet`.
    let body = own.to_lowercase().replace("not giving up", "still trying");
    let says = |place: &str, words: &[&str]| words.iter().any(|word| place.contains(word));
    let speaks = |place: &str| says(place, &FAILED) || says(place, &DELAYED);
    let mut recipients = recipients(seen, own);
    let ids = message_ids(seen);
    let returns_ours = ids.iter().any(|id| id.starts_with(super::ids::OURS) && !seen.refers_to(id));
    let is_report = if by_server {
        speaks(&subject) || speaks(&body) || returns_ours || !recipients.is_empty()
    } else {
        // An absence note has an empty Return-Path too, and its subject may quote ours with its 未送达.
        let evidence = returned(seen).next().is_some() || speaks(&body) || status_in(own).is_some();
        returns_ours || speaks(&subject) && (evidence || !seen.answers())
    };
    if !is_report {
        return None;
    }
    let status = status_in(own);
    let action = action(&subject, &body, status.as_deref(), seen.header.has("x-failed-recipients"));
    if recipients.is_empty() {
        recipients =
            seen.header.raw("x-failed-recipients").map(|f| address::in_text(&f, RECIPIENTS)).unwrap_or_default();
    }
    let words = Some(reason(own, &recipients)).filter(|w| !w.is_empty()).unwrap_or_else(|| beginning(own));
    let one = |address: Option<String>| Recipient { address, action, status: status.clone(), words: words.clone() };
    let mut recipients: Vec<Recipient> = recipients.into_iter().map(|a| one(Some(a))).collect();
    if recipients.is_empty() {
        recipients.push(one(None));
    }
    Some(DeliveryReport { recipients, envelope_id: None, message_ids: ids })
}

/// What became of the letter. A server that still tries says so, whatever the subject is called.
fn action(subject: &str, body: &str, status: Option<&str>, names_failed: bool) -> Action {
    let says = |words: &[&str]| words.iter().any(|word| subject.contains(word) || body.contains(word));
    let refused = status.is_some_and(|s| s.starts_with('5')) || has_reply(body, b'5');
    let warns = subject.contains("delay") || subject.contains("warning") || subject.contains("延迟");
    if says(&DELAYED) && !says(&FINAL) && (warns || !refused) {
        Action::Delayed
    } else if says(&FAILED) || says(&FINAL) || refused || names_failed {
        Action::Failed
    } else {
        Action::Unknown
    }
}

/// Whether a reply of three digits that begins with this one stands in the text: `550 `, `554-`.
fn has_reply(text: &str, first: u8) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).any(|at| {
        let alone =
            at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'.' | b'-' | b':' | b'/'));
        bytes[at] == first
            && alone
            && bytes.get(at + 1).is_some_and(|b| matches!(b, b'0'..=b'7'))
            && digit(at + 2)
            && matches!(bytes.get(at + 3), Some(b' ' | b'-' | b'_'))
    })
}

/// The parts that hold a returned letter.
fn returned<'a>(seen: &'a Seen) -> impl Iterator<Item = &'a Leaf> {
    let kinds = ["message/rfc822", "message/global", "message/partial", "text/rfc822-headers"];
    seen.parts.leaves.iter().filter(move |l| kinds.contains(&l.kind.value.as_str()))
}

/// The addresses it mentions, except the server's own and the one it is sent to.
fn recipients(seen: &Seen, own: &str) -> Vec<String> {
    let told = seen.header.raw("to").map(|to| address::in_field(&to)).unwrap_or_default();
    let is_told = |a: &str| {
        told.iter()
            .chain(seen.header.raw("from").map(|f| address::in_field(&f)).iter().flatten())
            .any(|t| t.eq_ignore_ascii_case(a))
    };
    let ids = message_ids(seen);
    // Those who have got it stand below such a line, to the next paragraph.
    let mut got = false;
    let mut failed = |line: &&str| {
        let line = line.to_lowercase();
        let says = [
            "successful delivery",
            "successfully delivered",
            "was delivered to",
            "were delivered to",
            "成功投递",
            "投递成功",
        ];
        got = !line.trim().is_empty() && (got || says.iter().any(|words| line.contains(words)));
        !got && !line.contains("message-id")
    };
    let written: String = own.lines().filter(|line| failed(line)).flat_map(|l| [l, "\n"]).collect();
    // A Message-ID in brackets looks like an address; ours begin with `duban.`.
    let is_letter = |a: &str| a.starts_with("duban.") && ids.iter().any(|id| id == a);
    let server = |a: &str| matches!(address::local(a).as_str(), "postmaster" | "mailer-daemon");
    let found = address::in_text(&written, RECIPIENTS * 3);
    found.into_iter().filter(|a| !is_told(a) && !is_letter(a) && !server(a)).take(RECIPIENTS).collect()
}

/// What the server itself says: the text before the letter that it returns.
fn before_returned(text: &str) -> &str {
    let end = RETURNED.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let own = text.get(..end).unwrap_or(text);
    own.get(..head_at(own).unwrap_or(own.len())).unwrap_or(own)
}

/// Where a letter's head begins that no line announces: several fields in a row, and one of them that only a head has.
fn head_at(text: &str) -> Option<usize> {
    const FIELDS: [&str; 12] = [
        "return-path:",
        "received:",
        "from:",
        "to:",
        "subject:",
        "date:",
        "message-id:",
        "mime-version:",
        "content-type:",
        "reply-to:",
        "auto-submitted:",
        "dkim-signature:",
    ];
    let (mut at, mut begins, mut count, mut lines, mut sure) = (0, None, 0, 0, false);
    for line in text.split_inclusive('\n') {
        let start: String = line.chars().take(20).collect::<String>().to_ascii_lowercase();
        let folded = line.starts_with([' ', '\t']) && begins.is_some();
        match FIELDS.iter().find(|field| start.starts_with(**field)) {
            Some(field) => {
                begins = begins.or(Some(at));
                count += 1;
                lines += 1;
                sure |= matches!(*field, "return-path:" | "received:" | "message-id:" | "mime-version:");
                if sure && count >= 2 || count >= 4 {
                    return begins;
                }
            }
            None if folded && lines < HEAD_LINES => lines += 1,
            None => (begins, count, lines, sure) = (None, 0, 0, false),
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::{Kind, read};

    fn report(head: &str, text: &str) -> Option<DeliveryReport> {
        match read(format!("{head}\nTo: duban@example.test\n\n{text}").as_bytes()).kind {
            Kind::Report(report) => Some(report),
            _ => None,
        }
    }

    #[test]
    fn a_person_who_writes_of_it_is_none() {
        assert_eq!(report("From: bgs@example.test\nSubject: 退信怎么处理", "系统退信：a@b.cn 不存在"), None);
        // An absence note that quotes our letter.
        assert_eq!(report("From: bgs@example.test\nReturn-Path: <>\nSubject: 外出", "退信邮箱：a@b.cn"), None);
        assert_eq!(report("From: postmaster@example.test\nSubject: 密码到期", "请更换密码"), None);
    }

    #[test]
    fn who_and_why() {
        let text = "很抱歉，您的邮件未送达 ghk@example.cn（duban@example.test 发出）。\n退信原因：\n收件人不存在\nHost said: 550 5.1.1 user unknown\n原始邮件头\nx@y.cn";
        let report = report("From: postmaster@example.test\nSubject: 系统退信", text).unwrap();
        let expected = Recipient {
            address: Some("ghk@example.cn".to_owned()),
            action: Action::Failed,
            status: Some("5.1.1".to_owned()),
            words: "Host said: 550 5.1.1 user unknown".to_owned(),
        };
        assert_eq!(report.recipients, [expected]);
    }

    #[test]
    fn still_tried() {
        let text = "Your message to <ghk@example.cn> is still being retried.";
        let report =
            report("From: MAILER-DAEMON@example.test\nSubject: Warning: message delayed 24 hours", text).unwrap();
        assert_eq!(report.recipients[0].action, Action::Delayed);
    }

    #[test]
    fn what_a_server_says_of_it() {
        let said = |subject: &str, body: &str| {
            super::action(&subject.to_lowercase(), &body.to_lowercase(), status_in(body).as_deref(), false)
        };
        for (subject, body) in [
            ("Delivery Status Notification (Delay)", "This is only a warning."),
            ("Undelivered", "has not yet been delivered, delivery attempts will continue"),
            ("Returned mail: warning", "Could not send for 4 hours. YOU DO NOT NEED TO RESEND YOUR MESSAGE"),
            ("系统退信", "您的邮件暂时无法送达，系统将继续尝试"),
            ("Delivery delayed", "said: 550 frequency limited, will retry"),
            ("Mail", "There was a temporary problem. We will retry; you are told if the delivery fails permanently"),
        ] {
            assert_eq!(said(subject, body), Action::Delayed, "{subject}: {body}");
        }
        for (subject, body) in [
            (
                "failure notice",
                "I'm not going to try again; this message has been in the queue too long. Message delayed",
            ),
            ("Delayed mail", "We gave up after 5 days"),
            ("x", "550 no such user"),
            ("Не удалось доставить", "x"),
            ("x", "could not be delivered: will retry, 550 user unknown"),
        ] {
            assert_eq!(said(subject, body), Action::Failed, "{subject}: {body}");
        }
        assert_eq!(said("通知", "msg 4550 at 10.5.1.1:550"), Action::Unknown);
    }

    #[test]
    fn where_the_returned_letter_begins() {
        assert_eq!(before_returned("no\nReceived: a\n by b\nFrom: c\nx"), "no\n");
        assert_eq!(before_returned("Subject: a\nwas not delivered to:\nb"), "Subject: a\nwas not delivered to:\nb");
    }
}
