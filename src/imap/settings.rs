//! How the mailbox is reached, and how long to wait for it.

use std::time::Duration;

use secrecy::SecretString;

use crate::tls::Names;

/// For words about what is set.
pub(super) const NAMES: Names = Names { table: "mailbox", implicit: 993, starttls: 143 };

/// The mailbox, and the folders that its letters are put in.
#[derive(Clone, Debug)]
pub struct ImapSettings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub username: String,
    pub password: SecretString,
    /// The bureau's own authority, the contents of the file.
    pub ca_pem: Option<Vec<u8>>,
    /// Where replies come in.
    pub folder: String,
    /// Where what was acted on goes.
    pub done_folder: String,
    /// Where what a person must look at goes.
    pub manual_folder: String,
    pub limits: Limits,
}

impl ImapSettings {
    /// host:port, for words.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// There is no "if possible": what is asked for is done, or nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte, usually port 993.
    Implicit,
    /// After a greeting in the clear, usually port 143.
    StartTls,
    /// The caller has checked that this is the machine itself or that the operator insists.
    None,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For each address of the host, and for its name; and for the TLS handshake.
    pub connect: Duration,
    /// The greeting, and each command but those below.
    pub command: Duration,
    /// A whole letter.
    pub fetch: Duration,
    /// LOGOUT, on which nothing depends.
    pub courtesy: Duration,
    /// After how long a wait is asked for anew: servers drop who is silent for half an hour (RFC 2177).
    pub idle: Duration,
    /// How long to sleep where the server cannot say that something came.
    pub poll: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            command: Duration::from_secs(60),
            fetch: Duration::from_secs(120),
            courtesy: Duration::from_secs(5),
            idle: Duration::from_secs(25 * 60),
            poll: Duration::from_secs(120),
        }
    }
}
