//! The mailbox for replies. Only this module knows imap-proto, which parses a server's responses. Commands are written
//! here.

mod error;
mod folders;
mod inbox;
mod login;
mod names;
mod session;
mod wire;

use std::time::Duration;

pub use error::ImapError;
pub use inbox::{END_BYTES, Filed, Inbox, LARGEST_BYTES, Listed};
use login::log_in;

use crate::net::ImapSettings;

/// Time limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the host's name, for each of its addresses, and for the TLS handshake.
    pub connect: Duration,
    /// The greeting, and each command but those below.
    pub command: Duration,
    /// A whole letter.
    pub fetch: Duration,
    /// LOGOUT, on which nothing depends.
    pub courtesy: Duration,
    /// How long one IDLE lasts: servers disconnect clients that are silent for half an hour (RFC 2177).
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            command: Duration::from_secs(60),
            fetch: Duration::from_secs(120),
            courtesy: Duration::from_secs(5),
            idle: Duration::from_secs(25 * 60),
        }
    }
}

/// Connects, logs in and looks, changing nothing; gives what was found, in Chinese.
pub async fn probe(settings: &ImapSettings, limits: Limits) -> Result<String, ImapError> {
    let limit = limits.command;
    let (mut session, offers) = log_in(&settings.server, &limits).await?;
    let folder = folders::written(&mut session, &settings.folder, limit).await?;
    let found = folders::open(&mut session, "EXAMINE", &folder, &settings.folder, limit).await?;
    let mut missing = Vec::new();
    for name in [&settings.done_folder, &settings.manual_folder] {
        if folders::find(&mut session, name, limit).await?.is_none() {
            missing.push(format!("“{name}”"));
        }
    }
    // Nothing depends on its answer.
    let _ = session.command("LOGOUT", limits.courtesy, |_| {}).await;
    let (place, tls, folder) = (settings.server.place(), settings.server.tls.words(), &settings.folder);
    let mut words = format!("{place}：已连接，{tls}，登录成功，“{folder}”里有 {} 封信", found.exists);
    if !missing.is_empty() {
        words.push_str(&format!("；文件夹{}还没有，服务启动时会建立", missing.concat()));
    }
    if !offers.has("IDLE") {
        words.push_str("；服务器不会主动通知，按 poll_minutes 定时查看");
    }
    if !offers.has("MOVE") {
        words.push_str("；服务器不能移动信件，处理过的会复制一份到文件夹，原信留在原处并标为已读");
    }
    Ok(words)
}
