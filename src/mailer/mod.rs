//! The only place that knows lettre: letters → bytes → an SMTP server, or a folder.

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

/// How long to wait for what (RFC 5321 4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For each address of the host, and for its name; and for the TLS handshake.
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

    /// Goes as far as one can without a letter: connection, TLS, login, whether `envelope_from` may send. `Accepted`
    /// says what was found, and a refusal at which step it came.
    pub async fn probe(&self, envelope_from: &str) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.probe(envelope_from).await,
            Self::Folder(dir) => folder::probe(dir).await,
        }
    }
}

/// Letters one after the other over one connection, which is kept for `SmtpSettings::letters_per_connection`
/// letters and given up on any fault or timeout, or if `send` is dropped halfway.
pub struct Session(Way);

enum Way {
    Smtp(Box<smtp::Conversation>),
    Folder(PathBuf),
}

impl Session {
    /// Whether letters wait for their turn.
    pub fn has_a_limit(&self) -> bool {
        matches!(&self.0, Way::Smtp(conversation) if conversation.has_a_limit())
    }

    /// Waits until one more letter may go within the limit (`SmtpSettings::per_minute`).
    pub async fn turn(&self) {
        if let Way::Smtp(conversation) = &self.0 {
            conversation.turn().await;
        }
    }

    /// Hands over one letter to one mailbox; it was waited for its [`Self::turn`]. Delivery reports will
    /// name `envelope_id` where the server offers them (RFC 3461); printable ASCII without `+` and `=`.
    pub async fn send(&mut self, envelope_from: &str, to: &str, message: &[u8], envelope_id: &str) -> Outcome {
        match &mut self.0 {
            Way::Smtp(conversation) => conversation.send(envelope_from, to, message, envelope_id).await,
            Way::Folder(dir) => folder::put(dir, to, message).await,
        }
    }

    /// Says QUIT; nothing depends on the answer.
    pub async fn finish(self) {
        if let Way::Smtp(conversation) = self.0 {
            conversation.finish().await;
        }
    }
}
