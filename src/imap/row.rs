//! What a server says of a letter. Pure.

use async_imap::imap_proto::{AttributeValue, Response};

use super::folders::FILED;

/// What a FETCH response says of a letter.
pub(super) struct Row<'a> {
    pub(super) uid: u32,
    pub(super) size: Option<u32>,
    flags: Vec<&'a str>,
    pub(super) body: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    pub(super) fn read(response: &'a Response<'_>) -> Option<Self> {
        let Response::Fetch(_, attributes) = response else { return None };
        let (mut uid, mut row) = (None, Row { uid: 0, size: None, flags: Vec::new(), body: None });
        for attribute in attributes {
            match attribute {
                AttributeValue::Uid(value) => uid = Some(*value),
                AttributeValue::Rfc822Size(size) => row.size = Some(*size),
                AttributeValue::Flags(flags) => row.flags = flags.iter().map(AsRef::as_ref).collect(),
                AttributeValue::BodySection { data, .. } => row.body = Some(data.as_deref().unwrap_or_default()),
                _ => {}
            }
        }
        // Without it the server only mentions that something changed.
        uid.map(|uid| Row { uid, ..row })
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f.eq_ignore_ascii_case(flag))
    }

    /// It was dealt with, and stays only because it could not be moved.
    pub(super) fn is_filed(&self, keywords: bool, moves: bool) -> bool {
        self.has(FILED) || (!keywords && !moves && self.has("\\Seen") && self.has("\\Answered"))
    }
}
