//! Connections out: a server described once, whom to trust, the stream, and what it means when one of them fails.

pub mod fetch;
mod server;
mod stream;
mod tls;

pub use server::{Fault, IMAP, ImapSettings, Kind, SMTP, Server, SmtpSettings, Tls};
pub use stream::{Stream, line_words, one_line, text};
pub use tls::{Trust, TrustError};
