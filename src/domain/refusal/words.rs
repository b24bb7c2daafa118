//! What the words of a refusal say, and whether two say the same.

use super::{Refusal, Stage};

/// What the words say. Only a first hint: see [`Refusal::judge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The server cannot now, or we send too fast.
    Passing,
    /// This recipient cannot now: greylisting, a full mailbox.
    Deferred,
    /// There is no such mailbox.
    Mailbox,
    /// The server refuses us: login, sender, address, name.
    Us,
    /// A refusal that names neither.
    Unclear,
}

impl Refusal {
    /// What its words say.
    pub fn kind(&self) -> Kind {
        let words = self.reply.to_lowercase();
        let enhanced = enhanced(&words);
        let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
        let is = |list: &[&str]| enhanced.is_some_and(|found| list.contains(&found));
        let to_recipient = matches!(self.stage, Stage::Rcpt | Stage::Data | Stage::Letter);
        let (deferred, passing) = (has(&DEFERRED) || is(&["4.2.2", "5.2.2"]), has(&PASSING) || hurries(&words));
        match (self.stage, self.code) {
            // QQ answers a wrong password with a list of all possible causes, "frequency limited" among them.
            (Stage::Auth, 500..) => Kind::Us,
            (_, 421) => Kind::Passing,
            _ if to_recipient && deferred => Kind::Deferred,
            (Stage::Rcpt, ..500) if !hurries(&words) => Kind::Deferred,
            (_, ..500) => Kind::Passing,
            _ if passing || enhanced.is_some_and(|found| found.starts_with('4')) => Kind::Passing,
            // No service here now (RFC 5321 3.1, RFC 7504).
            (Stage::Greeting, 521 | 554) if !has(&US) => Kind::Passing,
            _ if !self.can_be_the_recipients() || has(&US) || is(&US_ENHANCED) => Kind::Us,
            _ if is(&MAILBOX_ENHANCED) => Kind::Mailbox,
            // A policy (x.7.x) that mentions a mailbox does not say that there is none.
            _ if has(&MAILBOX) && !enhanced.is_some_and(|found| found[2..].starts_with("7.")) => Kind::Mailbox,
            _ => Kind::Unclear,
        }
    }

    /// What is left of the words without what differs from letter to letter: addresses, numbers, names in brackets.
    /// Two refusals with the same gist are refused with the same words.
    pub fn gist(&self, mailbox: &str) -> String {
        gist(&self.reply, mailbox)
    }
}

/// As [`Refusal::gist`], of a reply that was kept as text; empty unless it is a refusal for good.
pub fn gist(reply: &str, mailbox: &str) -> String {
    if !is_for_good(reply) {
        return String::new();
    }
    let (reply, mailbox) = (reply.to_lowercase(), mailbox.to_lowercase());
    let enhanced = enhanced(&reply).unwrap_or_default();
    let is_own = |word: &str| mailbox.split('@').any(|part| part == word);
    let tells = |word: &&str| {
        let trimmed = word.trim_matches(|c: char| c.is_ascii_punctuation());
        let differs = word.contains(['@', '[']) || word.contains(|c: char| c.is_ascii_digit());
        !differs && !trimmed.is_empty() && !is_own(trimmed)
    };
    let words: Vec<&str> = reply.split_whitespace().filter(tells).collect();
    format!("{} {enhanced} {}", &reply[..3], words.join(" "))
}

/// A kept reply may also be an error of the line, which begins with the server's address.
fn is_for_good(reply: &str) -> bool {
    matches!(reply.as_bytes(), [b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..])
}

/// The enhanced status code (RFC 3463) behind the code: `5.1.1`.
fn enhanced(reply: &str) -> Option<&str> {
    let found = reply.split([' ', '-']).nth(1)?.trim_start_matches('#').trim_end_matches(':');
    let mut parts = found.split('.');
    let is_number = |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let is_class = found.starts_with(['4', '5']) && found.as_bytes().get(1) == Some(&b'.');
    let is_whole = is_class && (0..3).all(|_| is_number(parts.next())) && parts.next().is_none();
    is_whole.then_some(found)
}

/// We send too fast or too much: whoever it is said to, it is about us, and passes.
fn hurries(words: &str) -> bool {
    const HURRY: [&str; 6] = ["frequen", "too many", "too much", "too fast", "频率", "频繁"];
    HURRY.iter().any(|word| words.contains(word)) || (words.contains("limit") && !words.contains("size"))
}

const DEFERRED: [&str; 10] = [
    "greylist",
    "graylist",
    "grey list",
    "over quota",
    "overquota",
    "quota exceeded",
    "exceeded quota",
    "mailbox full",
    "mailbox is full",
    "已满",
];

const PASSING: [&str; 4] = ["try again", "try later", "temporar", "稍后"];

const MAILBOX_ENHANCED: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];

/// Bad sender's address; no right to send as this sender.
const US_ENHANCED: [&str; 3] = ["5.1.7", "5.1.8", "5.7.60"];

const MAILBOX: [&str; 35] = [
    "user unknown",
    "unknown user",
    "no such user",
    "user not found",
    "user doesn't exist",
    "user does not exist",
    "unknown recipient",
    "recipient unknown",
    "recipient not found",
    "recipnotfound",
    "no such recipient",
    "invalid recipient",
    "no such mailbox",
    "no mailbox",
    "unknown mailbox",
    "invalid mailbox",
    "mailbox not found",
    "mailbox unavailable",
    "mailbox does not exist",
    "mailbox doesn't exist",
    "mailbox disabled",
    "mailbox is disabled",
    "mailbox unknown",
    "account disabled",
    "account is disabled",
    "account has been disabled",
    "user disabled",
    "address does not exist",
    "unrouteable address",
    "不存在",
    "无此用户",
    "没有此用户",
    "已停用",
    "被停用",
    "已注销",
];

const US: [&str; 28] = [
    "relay",
    "sender address rejected",
    "sender rejected",
    "sender verify",
    "sender verification",
    "client host",
    "blocked using",
    "blacklist",
    "blocklist",
    "block list",
    "dnsbl",
    "spamhaus",
    "reputation",
    "helo",
    "ehlo",
    "spf",
    "dkim",
    "dmarc",
    "send as",
    "authentication required",
    "authenticate",
    "not authorized",
    "not authorised",
    "main account",
    "your ip",
    "黑名单",
    "未授权",
    "发件人",
];

/// Replies as servers give them, and what their words say.
#[cfg(test)]
pub(super) const REPLIES: &[(Stage, &str, Kind)] = {
    use Kind::*;
    use Stage::*;
    &[
        (Greeting, "554 5.7.1 no service", Passing),
        (Greeting, "421 4.7.0 too many connections", Passing),
        (Greeting, "550 Ip frequency limited", Passing),
        (Greeting, "550 your address is blocked", Us),
        (Greeting, "554 5.7.1 Service unavailable; Client host [10.1.1.1] blocked using zen.spamhaus.org", Us),
        (StartTls, "454 4.7.0 TLS not available", Passing),
        (StartTls, "502 5.5.1 not implemented", Us),
        (Auth, "454 4.7.0 temporary authentication failure", Passing),
        (Auth, "535 Login fail. password is incorrect, login frequency limited, or system is busy.", Us),
        (Mail, "553 Mail from must equal authorized user", Us),
        (Mail, "551 Main account unavailable", Us),
        (Mail, "550 Mail frequency limited", Passing),
        (Mail, "451 4.7.1 later", Passing),
        (Rcpt, "550 5.1.1 no such user", Mailbox),
        (Rcpt, "550 5.1.1 <a@b.cn>: Recipient address rejected: User unknown in virtual mailbox table", Mailbox),
        (Rcpt, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", Mailbox),
        (Rcpt, "550-5.1.1 The email account that you tried to reach does not exist", Mailbox),
        (Rcpt, "550 #5.1.0 Address rejected.", Unclear),
        (Rcpt, "550 Unrouteable address", Mailbox),
        (Rcpt, "550 Requested action not taken: mailbox unavailable", Mailbox),
        (Rcpt, "550 5.7.1 Requested action not taken: mailbox unavailable", Unclear),
        (Rcpt, "550 用户不存在", Mailbox),
        (Rcpt, "550 5.2.1 The user's account is disabled", Mailbox),
        (Rcpt, "550 RP:RCL 发信过于频繁", Passing),
        (Rcpt, "550 5.7.1 greylisted, try again in 5 minutes", Deferred),
        (Rcpt, "450 4.2.0 <a@b.cn>: Recipient address rejected: Greylisted, see http://postgrey", Deferred),
        (Rcpt, "451 4.3.0 later", Deferred),
        (Rcpt, "452 4.2.2 mailbox full", Deferred),
        (Rcpt, "450 4.7.1 too many recipients from you", Passing),
        (Rcpt, "421 4.3.2 going down", Passing),
        (Rcpt, "552 5.2.2 mailbox is full", Deferred),
        (Rcpt, "554 5.7.1 <a@b.cn>: Relay access denied", Us),
        (Rcpt, "550 5.1.8 <a@b.cn>: Sender address rejected: Domain not found", Us),
        (Rcpt, "530 5.7.0 login first", Us),
        (Rcpt, "554 5.7.1 Service unavailable; Client host [10.1.1.1] blocked using zen.spamhaus.org", Us),
        (Rcpt, "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", Us),
        (Rcpt, "550-Verification failed for <d@ju.cn> 550-No Such User Here 550 Sender verify failed", Us),
        (Rcpt, "550 5.7.23 The message was rejected because of SPF policy", Us),
        (Rcpt, "551 Main account unavailable", Us),
        (Rcpt, "550 Access denied", Unclear),
        (Data, "554 5.5.1 Error: no valid recipients", Unclear),
        (Letter, "451 4.7.1 Greylisting in action, please come back later", Deferred),
        (Letter, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", Us),
        (Letter, "552 5.3.4 message size exceeds fixed limit", Unclear),
        (Letter, "554 5.7.1 Command rejected", Unclear),
        (Letter, "554 DT:SPM", Unclear),
        (Letter, "550 5.1.1 no such user", Mailbox),
        (Letter, "550 Connection frequency limited", Passing),
        (Letter, "452 4.3.1 no space", Passing),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_as_servers_give_them() {
        for (stage, reply, kind) in REPLIES {
            assert_eq!(Refusal::new(*stage, *reply).kind(), *kind, "{stage:?} {reply}");
        }
    }

    #[test]
    fn the_same_words_to_different_people() {
        let gist = |reply: &str, mailbox: &str| Refusal::new(Stage::Rcpt, reply).gist(mailbox);
        let same = [
            ("550 5.1.1 <a@b.cn>: User unknown", "a@b.cn", "550 5.1.1 <c@d.cn>: User unknown", "c@d.cn"),
            ("550 Unknown user: zhang", "zhang@b.cn", "550 Unknown user: li", "li@b.cn"),
            (
                "554 5.7.1 Client host [10.1.1.1] blocked; id=x1",
                "a@b.cn",
                "554 5.7.1 Client host [10.1.1.2] blocked; id=y2",
                "c@b.cn",
            ),
            (
                "550 5.7.60 SMTP; no permissions [AM0PR04MB.prod.outlook.com 2026-01-27T00:30:00Z 08DE]",
                "a@b.cn",
                "550 5.7.60 SMTP; no permissions [AM1PR05MB.prod.outlook.com 2026-01-27T00:30:01Z 08DF]",
                "c@b.cn",
            ),
            ("550 用户 zhang 不存在", "zhang@b.cn", "550 用户 li 不存在", "li@b.cn"),
        ];
        for (a, to_a, b, to_b) in same {
            assert_eq!(gist(a, to_a), gist(b, to_b));
        }
        assert_ne!(gist("550 5.1.1 unknown", "a@b.cn"), gist("550 5.2.1 unknown", "a@b.cn"));
        assert_ne!(gist("550 Access denied", "a@b.cn"), gist("550 User unknown", "a@b.cn"));
        assert_eq!(super::gist("450 4.2.0 later", "a@b.cn"), "");
        assert_eq!(super::gist("58.10.1.1:25：连接被拒绝", "a@b.cn"), "");
    }

    #[test]
    fn enhanced_codes() {
        assert_eq!(enhanced("550 5.1.10 no"), Some("5.1.10"));
        assert_eq!(enhanced("550-5.1.1 no"), Some("5.1.1"));
        assert_eq!(enhanced("550 #5.1.0 no"), Some("5.1.0"));
        for none in
            ["550", "550 ", "550 no", "550 10.1.1.1 no", "550 5.1 no", "550 5.1.1.1 no", "550 5.x.1", "550 5..1"]
        {
            assert_eq!(enhanced(none), None, "{none}");
        }
    }
}
