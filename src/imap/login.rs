//! Connects to the server and logs in.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use imap_proto::{Capability, Response};
use secrecy::{ExposeSecret, zeroize::Zeroizing};
use tokio::net::TcpStream;

use super::{
    Limits,
    error::{ImapError, passes},
    names::quoted,
    session::Session,
    wire::Wire,
};
use crate::net::{Fault, Server, Stream, Tls};

/// The server's capabilities, in capitals.
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

/// Connects, encrypts if so set, logs in and sends ID.
pub(super) async fn log_in(server: &Server, limits: &Limits) -> Result<(Session, Offers), ImapError> {
    let tcp = server.connect(limits.connect).await.map_err(|fault| failed(server, fault))?;
    let mut session = match server.tls {
        Tls::None => greeted(Stream::Plain(tcp), server, limits).await?,
        Tls::Implicit => greeted(encrypt(tcp, server, limits).await?, server, limits).await?,
        Tls::StartTls => starttls(tcp, server, limits).await?,
    };
    let offers = offers(&mut session, limits).await?;
    authenticate(&mut session, &offers, server, limits).await?;
    // Most servers offer more after the login.
    let offers = self::offers(&mut session, limits).await?;
    if offers.has("ID") {
        // 163 and 126 call a login unsafe if the program does not send ID. A refused ID is no error.
        let id = format!("ID (\"name\" \"duban\" \"version\" {})", quoted(env!("CARGO_PKG_VERSION")));
        session.command(&id, limits.command, |_| {}).await?;
    }
    Ok((session, offers))
}

async fn greeted(stream: Stream, server: &Server, limits: &Limits) -> Result<Session, ImapError> {
    let mut session = Session::new(Wire::new(stream), &server.place());
    session.greeting(limits.command).await?;
    Ok(session)
}

async fn encrypt(tcp: TcpStream, server: &Server, limits: &Limits) -> Result<Stream, ImapError> {
    server.encrypt(tcp, limits.connect).await.map_err(|fault| failed(server, fault))
}

fn failed(server: &Server, fault: Fault) -> ImapError {
    match fault {
        Fault::Settings(words) => ImapError::settings(&server.place(), &words),
        Fault::Line(words) => ImapError::line(&server.place(), &words),
    }
}

/// Drops the session with everything received in plain text, and begins a new one on the encrypted connection.
async fn starttls(tcp: TcpStream, server: &Server, limits: &Limits) -> Result<Session, ImapError> {
    let limit = limits.command;
    let mut clear = greeted(Stream::Plain(tcp), server, limits).await?;
    if !offers(&mut clear, limits).await?.has("STARTTLS") {
        let words = "服务器不提供 STARTTLS，未加密时不登录：请核对 mailbox.port 与 mailbox.tls";
        return Err(clear.settings(words));
    }
    let answer = clear.command("STARTTLS", limit, |_| {}).await?;
    if !answer.is_ok() {
        return Err(clear.line(&format!("服务器没有转为加密连接：{}", answer.words)));
    }
    let spoke_too_soon = clear.line("服务器在加密之前多说了话，可能有人在中间作怪，连接作废");
    let tcp = clear.into_wire().into_clear().ok_or(spoke_too_soon)?;
    // The server does not greet again (RFC 3501 6.2.1).
    Ok(Session::new(Wire::new(encrypt(tcp, server, limits).await?), &server.place()))
}

async fn offers(session: &mut Session, limits: &Limits) -> Result<Offers, ImapError> {
    let mut offers = BTreeSet::new();
    let answer = session
        .command("CAPABILITY", limits.command, |response| {
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
        return Err(session.line(&format!("服务器不说自己能做什么：{}", answer.words)));
    }
    Ok(Offers(offers))
}

async fn authenticate(
    session: &mut Session,
    offers: &Offers,
    server: &Server,
    limits: &Limits,
) -> Result<(), ImapError> {
    let limit = limits.command;
    let username = server.username.as_str();
    let password = server.password.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let plain = Zeroizing::new(STANDARD.encode(Zeroizing::new(format!("\0{username}\0{password}")).as_bytes()));
    let text = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let answer = if offers.has("LOGINDISABLED") && !offers.has("AUTH=PLAIN") {
        let words = match server.tls {
            Tls::None => "服务器不许在未加密时登录：请把 mailbox.tls 改为 implicit（993 端口）或 starttls（143 端口）",
            _ => "服务器不许用口令登录：请在邮箱设置里开通 IMAP，或请邮件服务器管理员开通",
        };
        return Err(session.settings(words));
    } else if text(username) && text(password) && !offers.has("LOGINDISABLED") {
        let login = Zeroizing::new(format!("LOGIN {} {}", quoted(username), quoted(password)));
        session.command(&login, limit, |_| {}).await?
    } else if offers.has("AUTH=PLAIN") {
        session.converse("AUTHENTICATE PLAIN", Some(&plain), limit, |_| {}).await?
    } else {
        return Err(session.settings("用户名或口令里有英文以外的字符，这台服务器不能接受：请改用英文、数字和符号"));
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
        return Err(session.line(&format!("登录时：{words}")));
    }
    let help = "请核对 mailbox.username 与口令；163、126、QQ 等邮箱要用授权码，并先在邮箱设置里开通 IMAP";
    Err(session.settings(&format!("登录失败：{words}。{help}")))
}
