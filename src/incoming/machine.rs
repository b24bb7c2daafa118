//! Whether a machine wrote a message (RFC 3834, and what programs do instead).

use super::{address, header::Header, mime::Parts};

/// What is known of a message when its kind is decided.
pub(super) struct Seen<'a> {
    pub header: &'a Header,
    pub parts: &'a Parts,
    pub subject: &'a str,
    pub from: Option<&'a str>,
    pub text: &'a str,
}

impl Seen<'_> {
    /// Whether the Return-Path is empty: nobody is to be answered.
    pub fn has_empty_return_path(&self) -> bool {
        self.header.raw("return-path").is_some_and(|path| path.split_whitespace().collect::<String>() == "<>")
    }

    /// Whether the sender's address is one from which mail servers send reports.
    pub fn is_from_server(&self) -> bool {
        const SERVERS: [&str; 6] =
            ["mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mailerdaemon", "mailer_daemon"];
        self.from.is_some_and(|from| {
            let local = address::local(from);
            SERVERS.contains(&local.as_str()) || local.starts_with("microsoftexchange")
        })
    }
}

/// What shows that a machine wrote it; `None` if a person may have.
pub(super) fn automatic(seen: &Seen) -> Option<&'static str> {
    let header = seen.header;
    let value = |name: &str| header.raw(name).map(|v| v.to_ascii_lowercase());
    let first_word = |v: &str| v.split([';', '(', ' ', '\t']).next().unwrap_or_default().to_owned();
    let kind = value("content-type").unwrap_or_default();

    if kind.starts_with("multipart/report") {
        let receipt = kind.contains("disposition-notification");
        return Some(if receipt { "read receipt" } else { "multipart/report" });
    }
    if seen.parts.leaves.iter().any(|l| l.kind.value == "message/disposition-notification" && !l.attached) {
        return Some("read receipt");
    }
    let answers_invitation = seen.parts.leaves.iter().any(|leaf| {
        let method = leaf.kind.get("method").unwrap_or_default().to_ascii_lowercase();
        !leaf.attached && leaf.kind.value == "text/calendar" && matches!(method.as_str(), "reply" | "counter")
    });
    if answers_invitation {
        return Some("calendar reply");
    }
    if value("auto-submitted").is_some_and(|v| first_word(v.trim()) != "no") {
        return Some("Auto-Submitted");
    }
    if value("precedence").is_some_and(|v| matches!(v.trim(), "bulk" | "junk" | "list" | "auto_reply" | "auto-reply")) {
        return Some("Precedence");
    }
    for name in ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply"] {
        if value(name).is_some_and(|v| !matches!(v.trim(), "no" | "false" | "0")) {
            return Some("X-Autoreply");
        }
    }
    // A sender that forbids only receipts may be a person.
    let suppressed = value("x-auto-response-suppress").unwrap_or_default();
    if suppressed.split(',').any(|v| matches!(v.trim(), "all" | "oof" | "autoreply")) {
        return Some("X-Auto-Response-Suppress");
    }
    if header.has("x-ms-exchange-inbox-rules-loop") || header.has("x-ms-exchange-generated-message-source") {
        return Some("mailbox rule");
    }
    if ["list-id", "list-unsubscribe", "list-post"].iter().any(|name| header.has(name)) {
        return Some("mailing list");
    }
    if is_automatic_subject(seen.subject) {
        return Some("subject of an automatic reply");
    }
    if seen.has_empty_return_path() {
        return Some("empty Return-Path");
    }
    let local = seen.from.map(address::local).unwrap_or_default();
    let bare: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    if seen.is_from_server() || matches!(bare.as_str(), "noreply" | "donotreply") {
        return Some("sender takes no replies");
    }
    None
}

/// `自动回复：…`, also after `回复：`, which some responders put before it.
fn is_automatic_subject(subject: &str) -> bool {
    const STARTS: [&str; 12] = [
        "自动回复",
        "自动答复",
        "自动应答",
        "自动回應",
        "自動回覆",
        "automatic reply",
        "automatic response",
        "auto reply",
        "auto-reply",
        "autoreply",
        "auto response",
        "out of office",
    ];
    let mut rest = subject.to_lowercase();
    loop {
        let bare =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '[' | '【' | '(' | '（' | '<' | '《'));
        if STARTS.iter().any(|start| bare.starts_with(start)) {
            return true;
        }
        let prefixes = ["re:", "re：", "回复:", "回复：", "答复:", "答复："];
        let Some(after) = prefixes.iter().find_map(|p| bare.strip_prefix(p)) else { return false };
        rest = after.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::{Kind, read};

    fn why(head: &str) -> Option<&'static str> {
        let message = format!("{head}\nMIME-Version: 1.0\n\n已办结\n");
        match read(message.as_bytes()).kind {
            Kind::Automatic(why) => Some(why),
            Kind::Written { .. } => None,
            Kind::Report(report) => panic!("{report:?}"),
        }
    }

    #[test]
    fn subjects() {
        for subject in [
            "自动回复:【政务公开提醒】x",
            "回复：自动回复：x",
            "[Auto-Reply] x",
            "Out of Office: x",
            "Automatic reply: x",
        ] {
            assert!(is_automatic_subject(subject), "{subject}");
        }
        for subject in ["回复：【政务公开提醒】x", "关于自动回复的说明", "Re: office", ""] {
            assert!(!is_automatic_subject(subject), "{subject}");
        }
    }

    #[test]
    fn heads() {
        let from = "From: 办公室 <bgs@example.test>";
        assert_eq!(why(from), None);
        assert_eq!(why(&format!("{from}\nAuto-Submitted: no")), None);
        assert_eq!(why(&format!("{from}\nX-Auto-Response-Suppress: DR, RN, NRN")), None);
        assert_eq!(why(&format!("{from}\nPrecedence: normal\nReturn-Path: <bgs@example.test>")), None);
        for field in [
            "Auto-Submitted: auto-replied (vacation)",
            "Auto-Submitted: auto-generated",
            "Precedence: Bulk",
            "X-Autoreply: yes",
            "X-Autorespond: x",
            "X-Auto-Response-Suppress: OOF, AutoReply",
            "X-Auto-Response-Suppress: All",
            "List-Id: <x.example.test>",
            "List-Unsubscribe: <mailto:x@example.test>",
            "Return-Path: <>",
            "X-MS-Exchange-Inbox-Rules-Loop: bgs@example.test",
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
            "Content-Type: text/calendar; method=REPLY",
            "Subject: =?UTF-8?B?6Ieq5Yqo5Zue5aSNOuW3suWKnue7kw==?=",
        ] {
            assert!(why(&format!("{from}\n{field}")).is_some(), "{field}");
        }
        for from in
            ["no-reply@example.test", "NoReply@example.test", "do_not_reply@example.cn", "postmaster@example.test"]
        {
            assert!(why(&format!("From: {from}")).is_some(), "{from}");
        }
    }
}
