//! How the relay is reached, and how long to wait for it.

use std::time::Duration;

use secrecy::SecretString;

use crate::tls::{Names, TrustError};

/// For words about what is set.
pub(super) const NAMES: Names = Names { table: "smtp", implicit: 465, starttls: 587 };

#[derive(Clone, Debug)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Empty: no login.
    pub username: String,
    pub password: Option<SecretString>,
    /// The bureau's own authority, the contents of the file.
    pub ca_pem: Option<Vec<u8>>,
    /// Whom we say we are; the machine's name if not given.
    pub helo: Option<String>,
    pub per_minute: u32,
    /// How many sessions the caller keeps at once.
    pub connections: usize,
    pub limits: Limits,
}

/// There is no "if possible": what is asked for is done, or nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte, usually port 465.
    Implicit,
    /// After a greeting in the clear, usually port 587.
    StartTls,
    /// The caller has checked that this is the machine itself or that the operator insists.
    None,
}

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
    pub letters_per_connection: u32,
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
            letters_per_connection: 20,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("smtp.host 为空或含有空白")]
    Host,
    #[error("smtp.helo 不是主机名")]
    Helo,
    #[error("配置了 smtp.username，却没有密码")]
    Password,
    #[error("smtp.ca_file 不是 PEM 格式的证书")]
    CaFile,
    #[error("本机没有可信任的证书机构：请安装 ca-certificates，或填写 smtp.ca_file")]
    NoAuthorities,
    #[error("TLS 无法使用：{0}")]
    Tls(String),
}

impl From<TrustError> for SettingsError {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::CaFile => Self::CaFile,
            TrustError::NoAuthorities => Self::NoAuthorities,
            TrustError::Tls(words) => Self::Tls(words),
        }
    }
}
