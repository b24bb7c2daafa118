//! The kinds of servers, SMTP and IMAP, and how TLS begins.

/// A kind of server: what its settings are called, and its usual ports.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name of its settings table, for messages.
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

/// There is no "if possible": without the TLS that was asked for, nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte.
    Implicit,
    /// After an unencrypted greeting.
    StartTls,
    /// No TLS: the configuration has checked that the server is this machine, or that the operator insists.
    None,
}

impl Tls {
    /// The name in the settings.
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

    /// How a probe describes it, in Chinese.
    pub fn words(self) -> &'static str {
        match self {
            Self::Implicit | Self::StartTls => "已加密，证书无误",
            Self::None => "未加密",
        }
    }
}
