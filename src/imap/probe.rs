//! A look at the mailbox that changes nothing.

use super::{
    error::ImapError,
    folders,
    login::log_in,
    settings::{ImapSettings, Tls},
};

/// Connects, logs in, looks, changes nothing; says what was found.
pub async fn probe(settings: &ImapSettings) -> Result<String, ImapError> {
    let limit = settings.limits.command;
    let (mut talk, offers) = log_in(settings).await?;
    let folder = folders::written(&mut talk, &settings.folder, limit).await?;
    let found = folders::open(&mut talk, "EXAMINE", &folder, &settings.folder, limit).await?;
    let mut missing = Vec::new();
    for name in [&settings.done_folder, &settings.manual_folder] {
        if folders::find(&mut talk, name, limit).await?.is_none() {
            missing.push(format!("“{name}”"));
        }
    }
    // Nothing depends on it.
    let _ = talk.command("LOGOUT", settings.limits.courtesy, |_| {}).await;
    let tls = match settings.tls {
        Tls::Implicit | Tls::StartTls => "已加密，证书无误",
        Tls::None => "未加密",
    };
    let mut words =
        format!("{}：已连接，{tls}，登录成功，“{}”里有 {} 封信", settings.place(), settings.folder, found.exists);
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
