//! Whether a machine wrote a message (RFC 3834, and what programs do instead).

use super::{address, header::Header, mime::Parts, quotes, words};

/// Only its words show it: a person may have written them.
const BY_TEXT: &str = "text of an automatic reply";
const BY_SUBJECT: &str = "subject of an automatic reply";

/// What is known of a message when its kind is decided.
pub(super) struct Seen<'a> {
    pub header: &'a Header,
    pub parts: &'a Parts,
    pub subject: &'a str,
    pub from: Option<&'a str>,
    pub text: &'a str,
    /// The body as it came.
    pub raw: &'a [u8],
}

impl Seen<'_> {
    /// Whether the Return-Path is empty: nobody is to be answered.
    pub fn has_empty_return_path(&self) -> bool {
        self.header.raw("return-path").is_some_and(|path| path.split_whitespace().collect::<String>() == "<>")
    }

    /// Whether the sender is one as which mail servers send reports, by address, name or Return-Path.
    pub fn is_from_server(&self) -> bool {
        const LOCALS: &str = "mailerdaemon postmaster maildaemon maildeliverysystem maildeliverysubsystem maildelivery mailsystem mailsubsystem \
                              maildeliveryservice mailererror mailerrors mailroot bounce bounces mailbounce mailbounces mdaemon";
        const NAMES: &str = "mailer-daemon|mailer daemon|mail delivery system|mail delivery subsystem|mail delivery service|mail delivery daemon|\
                             mail system|internet mail delivery|postmaster|microsoft outlook|系统退信|邮件系统|邮箱系统|系统管理员|邮件投递|邮件递送|退信";
        let is_local = |address: &str| {
            let local: String = address::local(address).chars().filter(char::is_ascii_alphanumeric).collect();
            LOCALS.split(' ').any(|l| l == local) || local.starts_with("microsoftexchange")
        };
        if self.from.is_some_and(is_local) {
            return true;
        }
        let path = self.header.raw("return-path").unwrap_or_default();
        if is_local(path.trim().trim_matches(['<', '>'])) {
            return true;
        }
        // A person may call himself what he likes, but does not write without an address.
        let name = self.header.text("from").unwrap_or_default().to_lowercase();
        (self.from.is_none() || self.has_empty_return_path())
            && NAMES.split('|').any(|n| name.starts_with(n) || name.starts_with(&format!("\"{n}")))
    }

    /// A report by its type, or by the field that Exim writes.
    pub fn is_report(&self) -> bool {
        let kind = self.header.raw("content-type").unwrap_or_default().to_ascii_lowercase();
        self.header.has("x-failed-recipients")
            || kind.starts_with("multipart/report") && !kind.contains("disposition") && !kind.contains("feedback")
    }

    /// Whether its head says that it answers by itself, as an absence note does.
    pub fn is_auto_reply(&self) -> bool {
        let value = |name: &str| self.header.raw(name).unwrap_or_default().trim().to_ascii_lowercase();
        value("auto-submitted").starts_with("auto-replied")
            && !self.parts.leaves.iter().any(|l| l.kind.value == "message/rfc822")
            || matches!(value("precedence").as_str(), "auto_reply" | "auto-reply")
            || self.header.names().any(is_auto_field)
            || is_automatic_subject(self.subject)
    }

    /// Whether it answers a message.
    pub fn answers(&self) -> bool {
        self.header.has("in-reply-to") || self.header.has("references")
    }

    /// Whether its head says that it answers this message.
    pub fn refers_to(&self, id: &str) -> bool {
        ["in-reply-to", "references"].iter().any(|name| self.header.raw(name).is_some_and(|ids| ids.contains(id)))
    }
}

/// `X-Autoreply`, `X-Auto-Response`, `X-Vacation` and their like.
fn is_auto_field(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let auto = name.strip_prefix("xmail").or_else(|| name.strip_prefix('x')).unwrap_or_default();
    ["autorepl", "autorespon", "autoanswer", "vacation", "outofoffice"].iter().any(|start| auto.starts_with(start))
        && name != "xautoresponsesuppress"
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
    for name in header.names().filter(|name| is_auto_field(name)) {
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
    if ["x-boxbe", "x-tmda", "x-challenge", "x-choicemail"]
        .iter()
        .any(|start| header.names().any(|n| n.starts_with(start)))
    {
        return Some("challenge");
    }
    if is_automatic_text(seen.text) {
        return Some(BY_TEXT);
    }
    if is_automatic_subject(seen.subject) {
        return Some(BY_SUBJECT);
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

/// Whether a person may have written it after all: only its words or its subject show a machine, and the words are
/// about the work.
pub(super) fn may_be_a_persons(why: &str, text: &str) -> bool {
    const WORK: &str = "没发 没报 没办 还没 已发 已报 已办 办结 办完 延期 推迟 不能按 退回 送审 进展：";
    let own = quotes::written(text, None).words;
    [BY_TEXT, BY_SUBJECT].contains(&why) && WORK.split_whitespace().any(|word| own.contains(word))
}

/// `自动回复：…`, also after `回复：`, which some responders put before it.
fn is_automatic_subject(subject: &str) -> bool {
    const STARTS: &str = "自动回复|自动答复|自动应答|自动回覆|自动响应|自動回應|自動回覆|自動答覆|自動回信|自動応答|自動返信|자동 회신|자동응답|부재중|不在通知|\
        外出自动|外出自動|外出回复|外出通知|休假自动|假期自动|离开自动|不在办公室|不在辦公室|系统自动|automatic reply|automatic response|automated reply|\
        automated response|auto reply|auto-reply|autoreply|auto response|auto-response|autoresponse|auto:|out of office|out-of-office|out of the office|ooo:|\
        vacation|away from|absence|abwesenheit|automatische antwort|réponse automatique|reponse automatique|absent du bureau|respuesta automática|\
        respuesta automatica|fuera de la oficina|risposta automatica|fuori sede|resposta automática|ausência|автоответ|автоматический ответ|自动:|自动：|recall:|message recall|已接受:|已接受：|已谢绝:|已谢绝：|暂定:|暂定：|\
        automatisch antwoord|autosvar|automatiskt svar|odpowiedź automatyczna|已读:|已读：|已讀:|已讀：|未读:|未读：|未讀:|read:|not read:|gelesen:|lu :|lu:|leído:|\
        letto:|lido:|прочтено:|開封済み|已送达:|已送达：|delivered:|邮件收条|收条:|收条：|收条|阅读回执|已读回执|邮件回执|回执:|回执：|送达回执|return receipt|\
        read receipt|邮件自动|您的邮件已收到|challenge|please confirm your message|please confirm your email|confirm your message|confirm delivery of|\
        sender verification|verify your email|verification required|请确认您的邮件|请验证您的邮件|发件人验证|发件人身份验证|反垃圾邮件验证|反垃圾验证";
    // `张三 is out of the office`, `张三的自动回复：…`.
    const WITHIN: &str = " is out of the office| is out of office| is away|的自动回复:|的自动回复：|的自動回覆| 不在办公室| 外出 (| 外出（|(已读)|（已读）|[自动回复]|【自动回复】|requires verification|awaiting your verification|\
        boxbe|spamarrest";
    let mut rest = subject.to_lowercase();
    loop {
        let bare =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '[' | '【' | '(' | '（' | '<' | '《'));
        if STARTS.split('|').any(|start| bare.starts_with(start.trim_start()))
            || WITHIN.split('|').any(|w| bare.contains(w.trim_end()))
        {
            return true;
        }
        let prefixes =
            ["re:", "re：", "回复:", "回复：", "答复:", "答复：", "aw:", "回覆:", "回覆：", "sv:", "转发:", "转发："];
        let Some(after) = prefixes.iter().find_map(|p| bare.strip_prefix(p)) else { return false };
        rest = after.to_owned();
    }
}

/// Whether the first lines say that a machine writes. Who says what became of the work is a person.
fn is_automatic_text(text: &str) -> bool {
    const SAYS: &str = "自动回复|自動回覆|自动答复|您发给我的信件已经收到|您的邮件已收到，我会尽快|此邮件由系统自动|本邮件由系统自动|this is an automated|this is an automatic|\
        automatically generated|automated response|automatic reply|i am out of the office|i am currently out|i'm out of the office|out of office until|auto-reply|\
        autoreply|i am away from|please click the link below to verify|click here to confirm|点击以下链接验证|点击下面的链接确认|这是邮件收条|的邮件已被阅读|正在休假（|目前正在休假|目前在休假|休假期间无法|期间无法及时处理邮件|将离开办公室|\
        离开办公室，|请求已登记|被反垃圾|邮件被隔离|on annual leave|on vacation until|on leave until|with no access to email|limited access to email";
    let own = quotes::written(text, None).words;
    let first: String =
        own.lines().filter(|l| !l.trim().is_empty()).take(3).collect::<Vec<_>>().join("\n").to_lowercase();
    // Ours may stand there, quoted without a mark.
    let first = first.replace("由系统自动回复，请勿", "");
    let is_recall =
        ["would like to recall", "将撤回邮件", "希望撤回邮件", "尝试撤回邮件"].iter().any(|w| first.contains(w));
    is_recall || SAYS.split('|').any(|words| first.contains(words.trim_start())) && !words::reports(&first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::{Kind, read};

    fn why(head: &str) -> Option<&'static str> {
        let message = format!("{head}\nMIME-Version: 1.0\n\n已办结\n");
        match read(message.as_bytes()).kind {
            Kind::Automatic { why, .. } => Some(why),
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
            "AUTO: 张三 is out of the office (returning 2026-02-05)",
            "外出自动回复：x",
            "不在办公室",
            "自動回應: x",
            "已读: x",
            "邮件收条",
            "回复：张三的自动回复：x",
            "Please confirm your message to bgs",
            "Automatische Antwort: x",
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
