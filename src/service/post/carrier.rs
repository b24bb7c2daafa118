//! What hands letters over: a connection to the mail server, or a test's.

use std::future::Future;

use crate::{domain::retry::Outcome, mailer::Session, store::LetterRow};

/// Hands letters over: a connection to the server.
pub trait Carrier: Send {
    /// Whether [`Self::turn`] may wait.
    fn has_a_limit(&self) -> bool {
        false
    }

    /// Waits until one more letter may go.
    fn turn(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }

    fn send(&mut self, from: &str, letter: &LetterRow, message: &[u8]) -> impl Future<Output = Outcome> + Send;

    /// Whether the server takes RCPT for this mailbox in the connection that is open; `None` if that is not known.
    fn takes(&mut self, _from: &str, _mailbox: &str) -> impl Future<Output = Option<bool>> + Send {
        async { None }
    }

    /// Called after the last letter.
    fn finish(self) -> impl Future<Output = ()> + Send;
}

impl Carrier for Session {
    fn has_a_limit(&self) -> bool {
        Self::has_a_limit(self)
    }

    async fn turn(&mut self) {
        Self::turn(self).await;
    }

    async fn send(&mut self, from: &str, letter: &LetterRow, message: &[u8]) -> Outcome {
        Self::send(self, from, &letter.mailbox, message, letter.envelope_id()).await
    }

    async fn takes(&mut self, from: &str, mailbox: &str) -> Option<bool> {
        Self::takes(self, from, mailbox).await
    }

    async fn finish(self) {
        Self::finish(self).await;
    }
}
