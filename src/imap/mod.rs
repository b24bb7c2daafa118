//! The mailbox that replies come to: the only place that knows async-imap.
//!
//! What async-imap gives is the parsing of what a server says. Commands are written here: its own end in silence
//! where a server says NO or goes away, and it logs what it writes, the password too.

mod error;
mod folders;
mod inbox;
mod login;
mod names;
mod probe;
mod row;
mod settings;
mod talk;
mod wire;

pub use error::ImapError;
pub use inbox::{Filed, Inbox, LARGEST_BYTES, Listed};
pub use probe::probe;
pub use settings::{ImapSettings, Limits, Tls};
