//! Reads an incoming message: who wrote, in reply to which letter, and what. Pure. Reading never fails: mail from
//! outside may be broken, mislabelled or hostile.

mod address;
mod authentication;
mod body;
mod bounce;
mod charset;
mod encoded;
mod header;
mod html;
mod ids;
mod machine;
mod mime;
mod params;
mod quotes;
mod report;
mod token;
mod transfer;
mod words;

pub use authentication::Authenticated;
pub use quotes::{Ours, Written, own_subject, without_known, written};
pub use report::{Action, DeliveryReport, Recipient};
pub use words::{Act, Item, Said, Statement, Understood, understand};

use ring::digest::{Context, SHA256};

use crate::text::short_line;
use header::Header;

const SUBJECT_CHARS: usize = 200;
/// The longest body text that is kept, in bytes; a person's letter is shorter.
const TEXT_BYTES: usize = 512 * 1024;

/// An incoming message, read as far as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Message-ID without `<` and `>`.
    pub message_id: Option<String>,
    /// The address in From as written; `None` if it is absent, unreadable, or one of several.
    pub from: Option<String>,
    /// Decoded, in one line, cut.
    pub subject: String,
    /// The Message-IDs it answers, the nearest first: In-Reply-To, then References from the last.
    pub refers_to: Vec<String>,
    /// Reply tokens in subject, texts and attached messages, in order, each once.
    pub tokens: Vec<String>,
    /// Whether a person or a machine wrote it, and what.
    pub kind: Kind,
    /// Stays the same if the message is delivered twice.
    pub fingerprint: String,
    /// The Authentication-Results fields, topmost first.
    results: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Written by a person: the whole text with its quotes, and the names of the attachments.
    Written { text: String, attachments: Vec<String> },
    /// Written by a machine, and what shows it: no answer is sent. `is_sure`: no person could have written it; else it
    /// waits for one.
    Automatic { why: &'static str, text: String, is_sure: bool },
    /// A delivery report.
    Report(DeliveryReport),
}

pub fn read(bytes: &[u8]) -> Message {
    let bytes = without_envelope_line(bytes);
    let (header, body_at) = Header::read(bytes, |_| false);
    let raw_body = bytes.get(body_at..).unwrap_or_default();
    let parts = mime::read(&header, raw_body);
    let text = body::text(&parts);

    let subject = short_line(&header.text("subject").unwrap_or_default(), SUBJECT_CHARS);
    let from = address::sole(&header, "from");
    let mut tokens = Vec::new();
    token::find(&subject, &mut tokens);
    body::every_text(&parts, |text| token::find(text, &mut tokens));

    let seen = machine::Seen {
        header: &header,
        parts: &parts,
        subject: &subject,
        from: from.as_deref(),
        text: &text,
        raw: raw_body,
    };
    let kind = if let Some(report) = report::of(&seen).or_else(|| bounce::of(&seen)) {
        Kind::Report(report)
    } else if let Some(why) = machine::automatic(&seen) {
        Kind::Automatic { why, is_sure: !machine::may_be_a_persons(why, &text), text }
    } else {
        Kind::Written { attachments: body::attachments(&parts), text }
    };
    Message {
        message_id: ids::first(&header.raw("message-id").unwrap_or_default()),
        refers_to: ids::refers_to(&header),
        tokens,
        kind,
        fingerprint: fingerprint(&header, raw_body),
        results: header.all("authentication-results").take(authentication::FIELDS).collect(),
        subject,
        from,
    }
}

/// All that a letter of ours says, as text and as a page: a reply may quote either.
pub fn all_texts_of(bytes: &[u8]) -> String {
    let (header, body_at) = Header::read(bytes, |_| false);
    let mut all = header.text("subject").unwrap_or_default();
    body::every_text(&mime::read(&header, bytes.get(body_at..).unwrap_or_default()), |text| {
        all.push('\n');
        all.push_str(text);
    });
    all
}

/// Skips the `From ` line that a mailbox file puts before each message.
fn without_envelope_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let bytes = bytes.get(blank..).unwrap_or_default();
    match header::line(bytes, 0) {
        Some(line) if line.starts_with(b"From ") || line.starts_with(b">From ") => &bytes[line.len()..],
        _ => bytes,
    }
}

/// A hash of what delivery does not change: Received fields differ each time, and gateways add to the text. Without a
/// Message-ID, it includes the body.
fn fingerprint(header: &Header, body: &[u8]) -> String {
    let mut hash = Context::new(&SHA256);
    let has_id = header.bytes("message-id").is_some_and(|id| !id.trim_ascii().is_empty());
    let names: &[&str] =
        if has_id { &["message-id", "from"] } else { &["from", "date", "subject", "in-reply-to", "references"] };
    for name in names {
        let value = header.bytes(name).unwrap_or_default().trim_ascii();
        hash.update(&(value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    if !has_id {
        hash.update(body);
    }
    hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
