//! Writes a letter as the bytes of a message (RFC 5322). The same letter gives the same bytes.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Zoned, fmt::rfc2822};
use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, Mailboxes, MultiPart, SinglePart,
        header::{
            ContentTransferEncoding::Base64, ContentType, From, Header, HeaderName, HeaderValue, ReplyTo, Subject, To,
        },
    },
};
use ring::digest::{SHA256, digest};

/// Longer subjects are cut: one long word would be one long line.
const SUBJECT_CHARS: usize = 200;
const MESSAGE_ID_BYTES: usize = 200;

/// A letter in words, with its addresses.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// May be empty.
    pub from_name: String,
    pub from: String,
    pub to: String,
    pub reply_to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub ics: Vec<String>,
    /// Without `<` and `>`.
    pub message_id: String,
    pub date: Zoned,
    /// The Message-ID of the person's message that this letter answers; empty if that message has none.
    pub answers: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("{0} 中有控制字符")]
    Control(&'static str),
    #[error("{0} 不是有效的邮件地址")]
    Address(&'static str),
    #[error("Message-ID 不合规")]
    MessageId,
    #[error("日期不合规")]
    Date,
    #[error("邮件无法生成：{0}")]
    Build(#[from] lettre::error::Error),
}

/// multipart/mixed( multipart/alternative( text, HTML ), calendar ), without the layers that are not needed.
pub fn compose(letter: &Outgoing) -> Result<Vec<u8>, ComposeError> {
    let from = mailbox("发件人地址", &letter.from, Some(clean("发件人名称", letter.from_name.trim())?))?;
    let to = mailbox("收件人地址", &letter.to, None)?;
    let subject = cut(clean("标题", &letter.subject)?);
    let mut builder = Message::builder()
        .raw_header(date(&letter.date)?)
        .raw_header(message_id(&letter.message_id)?)
        .header(From::from(Mailboxes::from(from)))
        .header(To::from(Mailboxes::from(to)));
    let reply_to: Result<Vec<_>, _> =
        letter.reply_to.iter().map(|address| mailbox("回复地址", address, None)).collect();
    let reply_to: Mailboxes = reply_to?.into_iter().collect();
    if reply_to.iter().next().is_some() {
        builder = builder.header(ReplyTo::from(reply_to));
    }
    builder = builder.header(Subject::from(subject));
    // Marks the letter as automatic, so that no machine answers it (RFC 3834, section 5).
    let by = if letter.answers.is_some() { "auto-replied" } else { "auto-generated" };
    builder = builder.raw_header(raw("Auto-Submitted", by));
    // Outlook and Exchange answer nothing then: not All, and not NDR, or nobody would hear of a letter that did not arrive.
    builder = builder.raw_header(raw("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN"));
    // A Message-ID from outside is used only if it is valid.
    if let Some(id) = letter.answers.as_deref().filter(|id| is_message_id(id)) {
        builder = builder.raw_header(raw("In-Reply-To", &format!("<{id}>")));
        builder = builder.raw_header(raw("References", &format!("<{id}>")));
    }

    let text = SinglePart::plain(body(&letter.text));
    let boundary = boundary(&letter.message_id);
    let mixed = || MultiPart::mixed().boundary(format!("{boundary}-m"));
    let alternative = |text, html: &str| {
        let alternative = MultiPart::alternative().boundary(format!("{boundary}-a"));
        alternative.singlepart(text).singlepart(SinglePart::html(body(html)))
    };
    let message = match &letter.html {
        None if letter.ics.is_empty() => builder.singlepart(text),
        Some(html) if letter.ics.is_empty() => builder.multipart(alternative(text, html)),
        html => {
            let whole = match html {
                None => mixed().singlepart(text),
                Some(html) => mixed().multipart(alternative(text, html)),
            };
            builder.multipart((1..).zip(&letter.ics).fold(whole, |all, (n, ics)| all.singlepart(calendar(n, ics))))
        }
    }?;
    Ok(message.formatted())
}

fn mailbox(field: &'static str, address: &str, name: Option<&str>) -> Result<Mailbox, ComposeError> {
    let address = self::address(address).ok_or(ComposeError::Address(field))?;
    Ok(Mailbox::new(name.filter(|name| !name.is_empty()).map(str::to_owned), address))
}

/// ASCII only: servers may not support SMTPUTF8.
pub(super) fn address(address: &str) -> Option<Address> {
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { address.parse().ok() } else { None }
}

/// lettre panics on a line break in a name.
fn clean<'a>(field: &'static str, words: &'a str) -> Result<&'a str, ComposeError> {
    let bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if words.contains(bad) { Err(ComposeError::Control(field)) } else { Ok(words) }
}

fn cut(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT_CHARS {
        return subject.to_owned();
    }
    let mut cut: String = subject.chars().take(SUBJECT_CHARS - 1).collect();
    cut.push('…');
    cut
}

/// Text beyond ASCII is sent as base64: for Chinese it is no longer than quoted-printable, and much faster.
fn body(text: &str) -> Body {
    let text = tidy(text);
    if text.is_ascii() { Body::new(text) } else { Body::dangerous_pre_encoded(base64(text.as_bytes()), Base64) }
}

/// Ends lines in CR LF here: lettre would make room for each CR separately. Leaves out stray control characters: the
/// reminder matters more.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len() + text.len() / 16);
    for (nth, line) in text.split('\n').enumerate() {
        if nth > 0 {
            tidy.push_str("\r\n");
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        // 0xC2 begins the control characters beyond ASCII, and a few others.
        let may_hold_controls = |found, byte| found | (byte < b' ') | (byte == 0x7f) | (byte == 0xc2);
        if line.bytes().fold(false, may_hold_controls) {
            tidy.extend(line.chars().filter(|c| !c.is_control() || *c == '\t'));
        } else {
            tidy.push_str(line);
        }
    }
    tidy
}

/// Base64 in lines of 76 characters (RFC 2045, section 6.8).
fn base64(bytes: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(bytes);
    let mut lines = Vec::with_capacity(encoded.len() + encoded.len() / 38 + 2);
    for line in encoded.as_bytes().chunks(76) {
        if !lines.is_empty() {
            lines.extend_from_slice(b"\r\n");
        }
        lines.extend_from_slice(line);
    }
    lines
}

/// The `n`-th of a letter.
fn calendar(n: usize, ics: &str) -> SinglePart {
    // RFC 6047: the part names the method if the calendar does.
    let method = ics.lines().find_map(|line| line.strip_prefix("METHOD:")).map(str::trim_end);
    let method = method.map(|method| format!("; method={method}")).unwrap_or_default();
    let number = if n > 1 { n.to_string() } else { String::new() };
    let kind = ContentType::parse(&format!("text/calendar; charset=utf-8{method}; name=\"reminder{number}.ics\""));
    SinglePart::builder().header(CalendarName(number)).header(kind.unwrap_or(ContentType::TEXT_PLAIN)).body(body(ics))
}

/// `提醒.ics`, or with a number. lettre would number the name's pieces even if there is only one, which fewer clients read.
#[derive(Clone)]
struct CalendarName(String);

impl Header for CalendarName {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(String::new()))
    }

    fn display(&self) -> HeaderValue {
        raw("Content-Disposition", &format!("attachment; filename*=utf-8''%E6%8F%90%E9%86%92{}.ics", self.0))
    }
}

/// lettre knows only UTC: it reads the first value, in UTC, and writes the second, in local time.
fn date(date: &Zoned) -> Result<HeaderValue, ComposeError> {
    let local = rfc2822::to_string(date).map_err(|_| ComposeError::Date)?;
    let utc = date.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Ok(HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("Date"), utc, local))
}

fn message_id(id: &str) -> Result<HeaderValue, ComposeError> {
    if is_message_id(id) { Ok(raw("Message-ID", &format!("<{id}>"))) } else { Err(ComposeError::MessageId) }
}

fn is_message_id(id: &str) -> bool {
    let plain = id.len() <= MESSAGE_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic());
    let parts = id.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    plain && parts && !id.contains(['<', '>', '(', ')', ',', ';', ':', '"', '\\']) && id.matches('@').count() == 1
}

/// Only for values that were checked to be printable ASCII.
fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.to_owned(), value.to_owned())
}

fn boundary(message_id: &str) -> String {
    let hash = digest(&SHA256, message_id.as_bytes());
    let hash: String = hash.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("duban-{hash}")
}
