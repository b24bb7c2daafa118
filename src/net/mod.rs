//! Outgoing connections: a server's settings, whom to trust, the stream, and what a failure means.

pub mod fetch;
mod kind;
mod server;
mod stream;
mod tls;

pub use kind::{IMAP, Kind, SMTP, Tls};
pub use server::{Fault, ImapSettings, Server, SmtpSettings};
pub use stream::{Stream, line_words, one_line, text};
pub use tls::{Trust, TrustError};
