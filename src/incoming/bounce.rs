//! 系统退信: delivery reports in prose, without the standard's machine-readable part.

use super::{
    address,
    machine::Seen,
    report::{Action, DeliveryReport, Recipient, message_ids, reason, status_in, text},
};

const RECIPIENTS: usize = 10;

const FAILED: [&str; 32] = [
    "退信",
    "无法送达",
    "未送达",
    "未能送达",
    "无法投递",
    "未能投递",
    "投递失败",
    "发送失败",
    "没有送达",
    "无法发送到",
    "被退回",
    "不能投递",
    "投递状态通知",
    "undeliver",
    "delivery status notification",
    "mail delivery failed",
    "delivery failed",
    "failure notice",
    "returned mail",
    "returned to sender",
    "delivery failure",
    "delivery has failed",
    "delivery notification",
    "delivery problem",
    "could not be delivered",
    "couldn't be delivered",
    "permanent error",
    "permanent fatal error",
    "mail system error",
    "returning message to sender",
    "nondeliverable",
    "non-delivery",
];
const DELAYED: [&str; 14] = [
    "邮件延迟",
    "投递延迟",
    "延迟送达",
    "延迟投递",
    "暂时无法投递",
    "delayed",
    "delivery delay",
    "still being retried",
    "warning: message",
    "warning: could not send",
    "will be retried",
    "将继续尝试",
    "仍在尝试",
    "transient",
];
/// From such a line on, the text is the returned letter.
const RETURNED: [&str; 9] = [
    "--- Below this line is a copy",
    "------ This is a copy of",
    "--- The header of the original message",
    "Original message headers",
    "原始邮件头",
    "原始邮件标头",
    "原邮件内容",
    "----- Original message -----",
    "--- Original message follows",
];

/// The delivery report in this message, if a server wrote it and its words say that it is one.
pub(super) fn of(seen: &Seen) -> Option<DeliveryReport> {
    let subject = seen.subject.to_lowercase();
    let body = before_returned(seen.text).to_lowercase();
    let says = |place: &str, words: &[&str]| words.iter().any(|word| place.contains(word));
    let in_subject = says(&subject, &FAILED) || says(&subject, &DELAYED);
    // An absence note has an empty Return-Path too, and may quote a letter that mentions 退信.
    let is_report = if seen.is_from_server() {
        in_subject || says(&body, &FAILED) || says(&body, &DELAYED)
    } else {
        seen.has_empty_return_path() && in_subject
    };
    if !is_report {
        return None;
    }
    let delayed = says(&subject, &DELAYED) || (!says(&subject, &FAILED) && says(&body, &DELAYED));
    let action = if delayed { Action::Delayed } else { Action::Failed };
    let status = status_in(before_returned(seen.text));
    let words = reason(before_returned(seen.text));
    let one = |address: Option<String>| Recipient { address, action, status: status.clone(), words: words.clone() };
    let mut recipients: Vec<Recipient> = recipients(seen).into_iter().map(|a| one(Some(a))).collect();
    if recipients.is_empty() {
        recipients.push(one(None));
    }
    Some(DeliveryReport { recipients, envelope_id: None, message_ids: message_ids(seen), text: text(seen) })
}

/// The addresses it mentions, except the server's own and the one it is sent to.
fn recipients(seen: &Seen) -> Vec<String> {
    let told = seen.header.raw("to").map(|to| address::in_field(&to)).unwrap_or_default();
    let is_told = |a: &str| {
        told.iter()
            .chain(seen.header.raw("from").map(|f| address::in_field(&f)).iter().flatten())
            .any(|t| t.eq_ignore_ascii_case(a))
    };
    let ids = message_ids(seen);
    let written: String = before_returned(seen.text)
        .lines()
        .filter(|l| !l.to_ascii_lowercase().contains("message-id"))
        .flat_map(|l| [l, "\n"])
        .collect();
    // A Message-ID in brackets looks like an address; ours begin with `duban.`.
    let is_letter = |a: &str| a.starts_with("duban.") && ids.iter().any(|id| id == a);
    let server = |a: &str| matches!(address::local(a).as_str(), "postmaster" | "mailer-daemon");
    let found = address::in_text(&written, RECIPIENTS * 3);
    found.into_iter().filter(|a| !is_told(a) && !is_letter(a) && !server(a)).take(RECIPIENTS).collect()
}

fn before_returned(text: &str) -> &str {
    let end = RETURNED.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
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
}
