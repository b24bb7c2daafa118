//! From nothing to a mailbox that lets us in.

use std::collections::BTreeSet;

use async_imap::imap_proto::{Capability, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, zeroize::Zeroizing};
use tokio::{net::TcpStream, time::timeout};

use super::{
    error::{ImapError, passes},
    names::quoted,
    settings::{ImapSettings, NAMES, Tls},
    talk::Talk,
    wire::{Stream, Wire},
};
use crate::tls;

/// What a server says that it can, in capitals.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers(BTreeSet<String>);

impl Offers {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub(super) fn drop(&mut self, name: &str) {
        self.0.remove(name);
    }
}

/// Connected, encrypted if it is to be, logged in and introduced.
pub(super) async fn log_in(settings: &ImapSettings) -> Result<(Talk, Offers), ImapError> {
    let place = settings.place();
    let limits = &settings.limits;
    let line = |words: String| ImapError::line(&place, &words);
    let tcp = tls::connect(&settings.host, settings.port, limits.connect, NAMES).await.map_err(line)?;
    let mut talk = match settings.tls {
        Tls::None => greeted(Wire::new(Stream::Plain(tcp)), settings).await?,
        Tls::Implicit => greeted(encrypt(tcp, settings).await?, settings).await?,
        Tls::StartTls => starttls(tcp, settings).await?,
    };
    let offers = offers(&mut talk, settings).await?;
    authenticate(&mut talk, &offers, settings).await?;
    // Most servers can more once they know whom they serve.
    let offers = self::offers(&mut talk, settings).await?;
    if offers.has("ID") {
        // 163 and 126 call a login unsafe whose program does not say what it is. Refusing the name is no fault.
        let id = format!("ID (\"name\" \"duban\" \"version\" {})", quoted(env!("CARGO_PKG_VERSION")));
        talk.command(&id, limits.command, |_| {}).await?;
    }
    Ok((talk, offers))
}

async fn greeted(wire: Wire, settings: &ImapSettings) -> Result<Talk, ImapError> {
    let mut talk = Talk::new(wire, &settings.place());
    talk.greeting(settings.limits.command).await?;
    Ok(talk)
}

async fn encrypt(tcp: TcpStream, settings: &ImapSettings) -> Result<Wire, ImapError> {
    let place = settings.place();
    let config = tls::config(settings.ca_pem.as_deref())
        .map_err(|error| ImapError::settings(&place, &format!("mailbox 的加密设置：{error}")))?;
    match timeout(settings.limits.connect, tls::handshake(&config, &settings.host, tcp)).await {
        Ok(Ok(stream)) => Ok(Wire::new(Stream::Tls(stream))),
        Ok(Err(error)) => Err(match tls::explain(&error, NAMES) {
            Some(words) => ImapError::settings(&place, &words),
            None => ImapError::line(&place, &tls::line_words(&error)),
        }),
        Err(_) => Err(ImapError::line(&place, &tls::no_answer(NAMES))),
    }
}

/// Everything that was said in the clear is forgotten with the conversation that heard it.
async fn starttls(tcp: TcpStream, settings: &ImapSettings) -> Result<Talk, ImapError> {
    let limit = settings.limits.command;
    let mut clear = greeted(Wire::new(Stream::Plain(tcp)), settings).await?;
    if !offers(&mut clear, settings).await?.has("STARTTLS") {
        let words = "服务器不提供 STARTTLS，未加密时不登录：请核对 mailbox.port 与 mailbox.tls";
        return Err(clear.settings(words));
    }
    let answer = clear.command("STARTTLS", limit, |_| {}).await?;
    if !answer.is_ok() {
        return Err(clear.line(&format!("服务器没有转为加密连接：{}", answer.words)));
    }
    let spoke_too_soon = clear.line("服务器在加密之前多说了话，可能有人在中间作怪，连接作废");
    let tcp = clear.into_wire().into_clear().ok_or(spoke_too_soon)?;
    // No second greeting (RFC 3501 6.2.1).
    Ok(Talk::new(encrypt(tcp, settings).await?, &settings.place()))
}

async fn offers(talk: &mut Talk, settings: &ImapSettings) -> Result<Offers, ImapError> {
    let mut offers = BTreeSet::new();
    let answer = talk
        .command("CAPABILITY", settings.limits.command, |response| {
            if let Response::Capabilities(list) = response {
                offers.extend(list.iter().map(|capability| match capability {
                    Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
                    Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
                    Capability::Atom(name) => name.to_ascii_uppercase(),
                }));
            }
        })
        .await?;
    if !answer.is_ok() {
        return Err(talk.line(&format!("服务器不说自己能做什么：{}", answer.words)));
    }
    Ok(Offers(offers))
}

async fn authenticate(talk: &mut Talk, offers: &Offers, settings: &ImapSettings) -> Result<(), ImapError> {
    let limit = settings.limits.command;
    let (username, password) = (settings.username.as_str(), settings.password.expose_secret());
    let plain = Zeroizing::new(STANDARD.encode(Zeroizing::new(format!("\0{username}\0{password}")).as_bytes()));
    let text = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let answer = if offers.has("LOGINDISABLED") && !offers.has("AUTH=PLAIN") {
        let words = match settings.tls {
            Tls::None => "服务器不许在未加密时登录：请把 mailbox.tls 改为 implicit（993 端口）或 starttls（143 端口）",
            _ => "服务器不许用口令登录：请在邮箱设置里开通 IMAP，或请邮件服务器管理员开通",
        };
        return Err(talk.settings(words));
    } else if text(username) && text(password) && !offers.has("LOGINDISABLED") {
        let login = Zeroizing::new(format!("LOGIN {} {}", quoted(username), quoted(password)));
        talk.command(&login, limit, |_| {}).await?
    } else if offers.has("AUTH=PLAIN") {
        talk.converse("AUTHENTICATE PLAIN", Some(&plain), limit, |_| {}).await?
    } else {
        return Err(talk.settings("用户名或口令里有英文以外的字符，这台服务器不能接受：请改用英文、数字和符号"));
    };
    if answer.is_ok() {
        return Ok(());
    }
    // Some servers quote the command that they refuse.
    let words = [plain.as_str(), &Zeroizing::new(quoted(password)), password]
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(answer.words, |words, secret| words.replace(secret, "***"));
    if passes(&words) {
        return Err(talk.line(&format!("登录时：{words}")));
    }
    let help = "请核对 mailbox.username 与口令；163、126、QQ 等邮箱要用授权码，并先在邮箱设置里开通 IMAP";
    Err(talk.settings(&format!("登录失败：{words}。{help}")))
}
