//! What there is of servers: SMTP and IMAP, and how TLS begins.

/// A kind of server: what its settings are called, and its usual ports.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The table of its settings, in words about them.
    pub table: &'static str,
    pub implicit: u16,
    pub starttls: u16,
    pub plain: u16,
}

pub static SMTP: Kind = Kind { table: "smtp", implicit: 465, starttls: 587, plain: 25 };
pub static IMAP: Kind = Kind { table: "mailbox", implicit: 993, starttls: 143, plain: 143 };

impl Kind {
    pub fn port(&self, tls: Tls) -> u16 {
        match tls {
            Tls::Implicit => self.implicit,
            Tls::StartTls => self.starttls,
            Tls::None => self.plain,
        }
    }
}

/// There is no "if possible": what is asked for is done, or nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte.
    Implicit,
    /// After a greeting in the clear.
    StartTls,
    /// The configuration has checked that this is the machine itself, or that the operator insists.
    None,
}

impl Tls {
    /// As settings have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Implicit, Self::StartTls, Self::None].into_iter().find(|tls| tls.name() == name)
    }

    /// What a look at the server says of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Implicit | Self::StartTls => "已加密，证书无误",
            Self::None => "未加密",
        }
    }
}
