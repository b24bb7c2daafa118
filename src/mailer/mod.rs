//! Writes letters as messages and hands them to an SMTP server or a folder. Only this module knows lettre.

mod compose;
mod exchange;
mod folder;
mod pace;
mod smtp;
mod verdict;
mod wire;

use std::{path::PathBuf, sync::Arc, time::Duration};

pub use compose::{ComposeError, Outgoing, compose};
pub use pace::Pace;
pub use smtp::{SettingsError, Smtp};

use crate::{domain::retry::Outcome, net::SmtpSettings};

/// Time limits (RFC 5321 4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the host's name, for each of its addresses, and for the TLS handshake.
    pub connect: Duration,
    /// Greeting and EHLO together.
    pub greeting: Duration,
    /// Each of STARTTLS, AUTH, MAIL, RCPT.
    pub command: Duration,
    pub data: Duration,
    /// The letter itself and the reply to its final dot.
    pub data_end: Duration,
    /// RSET and QUIT.
    pub courtesy: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(300),
            command: Duration::from_secs(300),
            data: Duration::from_secs(120),
            data_end: Duration::from_secs(600),
            courtesy: Duration::from_secs(5),
        }
    }
}

/// Where letters go.
#[derive(Clone)]
pub enum Mailer {
    Smtp(Arc<Smtp>),
    /// Each letter a file: for trying out and for rehearsals.
    Folder(PathBuf),
}

impl Mailer {
    pub fn smtp(settings: SmtpSettings, limits: Limits) -> Result<Self, SettingsError> {
        Ok(Self::Smtp(Arc::new(Smtp::new(settings, limits)?)))
    }

    pub fn folder(dir: impl Into<PathBuf>) -> Self {
        Self::Folder(dir.into())
    }

    /// Opens nothing yet: the first letter does.
    pub fn session(&self) -> Session {
        Session(match self {
            Self::Smtp(smtp) => Way::Smtp(Box::new(smtp::Conversation::new(Arc::clone(smtp)))),
            Self::Folder(dir) => Way::Folder(dir.clone()),
        })
    }

    /// Tries all that needs no letter: connection, TLS, login, whether `envelope_from` may send. `Accepted` says what
    /// was found; a refusal says at which step.
    pub async fn probe(&self, envelope_from: &str) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.probe(envelope_from).await,
            Self::Folder(dir) => folder::probe(dir).await,
        }
    }
}

/// Sends letters one after the other over one connection. It is closed after `SmtpSettings::letters_per_connection`
/// letters, after a fault or timeout that leaves it unusable, or if `send` is dropped halfway.
pub struct Session(Way);

enum Way {
    Smtp(Box<smtp::Conversation>),
    Folder(PathBuf),
}

impl Session {
    /// Whether letters are limited per minute.
    pub fn has_a_limit(&self) -> bool {
        matches!(&self.0, Way::Smtp(conversation) if conversation.has_a_limit())
    }

    /// Waits until one more letter may go within the limit (`SmtpSettings::per_minute`).
    pub async fn turn(&self) {
        if let Way::Smtp(conversation) = &self.0 {
            conversation.turn().await;
        }
    }

    /// Hands over one letter to one mailbox; wait for [`Self::turn`] first. If the server offers delivery reports (RFC
    /// 3461), they name `envelope_id`: printable ASCII without `+` and `=`.
    pub async fn send(&mut self, envelope_from: &str, to: &str, message: &[u8], envelope_id: &str) -> Outcome {
        match &mut self.0 {
            Way::Smtp(conversation) => conversation.send(envelope_from, to, message, envelope_id).await,
            Way::Folder(dir) => folder::put(dir, to, message).await,
        }
    }

    /// Whether the server takes a letter to this mailbox, as far as RCPT tells, over the connection that is open. `None`
    /// if that is not known.
    pub async fn takes(&mut self, envelope_from: &str, mailbox: &str) -> Option<bool> {
        match &mut self.0 {
            Way::Smtp(conversation) => conversation.takes(envelope_from, mailbox).await,
            Way::Folder(_) => None,
        }
    }

    /// Sends QUIT; nothing depends on the answer.
    pub async fn finish(self) {
        if let Way::Smtp(conversation) = self.0 {
            conversation.finish().await;
        }
    }
}
