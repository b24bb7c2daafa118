//! Why the mailbox cannot be read: the settings or the connection.

use crate::net::one_line;

/// Why the mailbox could not be read, in words that can be shown to anyone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImapError {
    /// It cannot work as it is configured: a wrong password, a certificate, no such folder.
    #[error("{0}")]
    Settings(String),
    /// The connection broke, timed out or gave invalid answers; a later try may work.
    #[error("{0}")]
    Line(String),
}

impl ImapError {
    /// Whether someone has to change something before it can work.
    pub fn is_settings(&self) -> bool {
        matches!(self, Self::Settings(_))
    }

    pub(super) fn settings(place: &str, words: &str) -> Self {
        Self::Settings(one_line(&format!("{place}：{words}")))
    }

    pub(super) fn line(place: &str, words: &str) -> Self {
        Self::Line(one_line(&format!("{place}：{words}，稍后再试")))
    }
}

/// Whether a refusal is temporary, by its words: too many requests, or maintenance.
pub(super) fn passes(words: &str) -> bool {
    const PASSING: [&str; 16] = [
        "unavailable",
        "[inuse]",
        "[limit]",
        "[serverbug]",
        "temporar",
        "try again",
        "try later",
        "too many",
        "too much",
        "too fast",
        "frequen",
        "internal error",
        "频率",
        "频繁",
        "稍后",
        "系统繁忙",
    ];
    let words = words.to_lowercase();
    PASSING.iter().any(|word| words.contains(word))
}
