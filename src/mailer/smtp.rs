//! The conversation with the relay, step by step, each within a time limit.

use std::sync::Arc;

use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::AsyncSmtpConnection,
        commands::{Auth, Mail, Rset, Starttls},
        extension::{ClientId, Extension},
    },
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, task::yield_now, time::timeout};

use super::{
    Limits, compose,
    exchange::Connection,
    pace::Pace,
    verdict::{Fault, Step, expect, fault, judge, silence, step_words, words},
    wire::Wire,
};
use crate::{
    domain::{
        refusal::{Refusal, Stage},
        retry::Outcome,
    },
    net::{Server, SmtpSettings, Stream, Tls, TrustError, line_words, one_line},
};

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

pub struct Smtp {
    settings: SmtpSettings,
    limits: Limits,
    hello: ClientId,
    pace: Pace,
    /// Masked in every outcome.
    secrets: Vec<SecretString>,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("smtp.host 为空或含有空白")]
    Host,
    #[error("smtp.helo 不是主机名")]
    Helo,
    #[error("配置了 smtp.username，却没有密码")]
    Password,
    #[error("{0}")]
    Trust(String),
}

impl From<TrustError> for SettingsError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error.words("smtp.ca_file"))
    }
}

impl Smtp {
    pub fn new(settings: SmtpSettings, limits: Limits) -> Result<Self, SettingsError> {
        let server = &settings.server;
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name(&server.host) {
            return Err(SettingsError::Host);
        }
        if !server.username.is_empty() && server.password.is_none() {
            return Err(SettingsError::Password);
        }
        let hello = match &settings.helo {
            Some(helo) if is_name(helo) => ClientId::Domain(helo.clone()),
            Some(_) => return Err(SettingsError::Helo),
            None => ClientId::default(),
        };
        // Refused at once if it cannot work; read again for each connection.
        server.trust()?;
        let pace = Pace::new(settings.per_minute);
        let secrets = secrets(server);
        Ok(Self { settings, limits, hello, pace, secrets })
    }

    pub(super) async fn probe(&self, envelope_from: &str) -> Outcome {
        let from = match envelope_from.parse::<Address>() {
            Ok(from) => from,
            Err(_) => {
                return Outcome::Misconfigured {
                    reply: one_line(&format!("发件人不是邮箱地址：{envelope_from}"))
                };
            }
        };
        match self.try_sender(from).await {
            Ok(()) => {
                let server = &self.settings.server;
                let (place, tls) = (server.place(), server.tls.words());
                let login = if server.username.is_empty() { "未登录" } else { "登录成功" };
                let reply = format!("{place}：已连接，{tls}，{login}，接受发件人 {envelope_from}");
                Outcome::Accepted { reply: one_line(&reply) }
            }
            Err((stage, fault)) => {
                let is_answer = matches!(fault, Fault::Refused { .. });
                let outcome = self.failed(stage, fault, false);
                if is_answer { at_step(outcome, &self.settings.server.place(), stage) } else { outcome }
            }
        }
    }

    /// Sends MAIL for the sender, then RSET: no letter is sent.
    async fn try_sender(&self, from: Address) -> Step<()> {
        let Limits { command: limit, courtesy, .. } = self.limits;
        let mut connection = self.open().await?;
        let answer = timeout(limit, connection.smtp.command(Mail::new(Some(from), Vec::new()))).await;
        let taken = expect(answer, &[250], limit).map_err(|fault| (Stage::Mail, fault));
        // Nothing depends on its answer.
        let _ = timeout(courtesy, connection.smtp.command(Rset)).await;
        connection.quit(courtesy).await;
        taken.map(|_| ())
    }

    /// Connects, encrypts if so set, and logs in.
    async fn open(&self) -> Step<Connection> {
        let server = &self.settings.server;
        let tcp = server.connect(self.limits.connect).await.map_err(|fault| (Stage::Greeting, fault.into()))?;
        let wire = match server.tls {
            Tls::None => Wire::new(Stream::Plain(tcp)),
            Tls::Implicit => Wire::new(self.encrypt(tcp).await.map_err(|fault| (Stage::Greeting, fault))?),
            Tls::StartTls => Wire::greeted(self.starttls(tcp).await?),
        };
        let mut connection = self.greet(wire).await.map_err(|fault| (Stage::Greeting, fault))?;
        if !server.username.is_empty() {
            self.log_in(&mut connection).await.map_err(|fault| (Stage::Auth, fault))?;
        }
        Ok(connection)
    }

    async fn greet(&self, wire: Wire) -> Result<Connection, Fault> {
        let limit = self.limits.greeting;
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &self.hello);
        match timeout(limit, greeted).await {
            Ok(Ok(smtp)) => Ok(Connection::new(smtp, wire)),
            Ok(Err(error)) => Err(fault(&error)),
            Err(_) => Err(silence(limit)),
        }
    }

    /// Drops the connection's state with everything received in plain text.
    async fn starttls(&self, tcp: TcpStream) -> Step<Stream> {
        let limit = self.limits.command;
        let mut clear = self.greet(Wire::new(Stream::Plain(tcp))).await.map_err(|fault| (Stage::Greeting, fault))?;
        let failed = |fault| (Stage::StartTls, fault);
        if !clear.smtp.server_info().supports_feature(Extension::StartTls) {
            clear.quit(self.limits.courtesy).await;
            let words = "服务器不提供 STARTTLS，未加密时不发信：请核对 smtp.port 与 smtp.tls";
            return Err(failed(Fault::Setting(words.to_owned())));
        }
        let answer = timeout(limit, clear.smtp.command(Starttls)).await;
        expect(answer, &[220], limit).map_err(failed)?;
        match clear.wire.take() {
            Ok(Stream::Plain(tcp)) => self.encrypt(tcp).await.map_err(failed),
            Ok(tls @ Stream::Tls(_)) => Ok(tls),
            Err(error) => Err(failed(Fault::Broken(line_words(&error)))),
        }
    }

    async fn encrypt(&self, tcp: TcpStream) -> Result<Stream, Fault> {
        Ok(self.settings.server.encrypt(tcp, self.limits.connect).await?)
    }

    async fn log_in(&self, connection: &mut Connection) -> Result<(), Fault> {
        let limit = self.limits.command;
        let server = &self.settings.server;
        let Some(password) = &server.password else {
            return Err(Fault::Setting("没有密码".to_owned()));
        };
        if connection.smtp.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
            return Err(Fault::Setting("服务器不提供 PLAIN 或 LOGIN 登录：请核对 smtp.port 与 smtp.tls".to_owned()));
        }
        let credentials = Credentials::new(server.username.clone(), password.expose_secret().to_owned());
        let answer = timeout(limit, connection.smtp.auth(&MECHANISMS, &credentials)).await;
        expect(answer, &[235], limit).map(|_| ())
    }
}

/// The password, plain and as it is sent: some servers quote the command that they refuse, or an earlier one.
fn secrets(server: &Server) -> Vec<SecretString> {
    let Some(password) = &server.password else { return Vec::new() };
    let credentials = Credentials::new(server.username.clone(), password.expose_secret().to_owned());
    let said = |mechanism, challenge: Option<&str>| {
        let command = Auth::new(mechanism, credentials.clone(), challenge.map(str::to_owned));
        let command = command.map(|command| command.to_string()).unwrap_or_default();
        command.trim_end().rsplit(' ').next().unwrap_or_default().to_owned()
    };
    let plain = said(Mechanism::Plain, None);
    let login = said(Mechanism::Login, Some("Password"));
    let secrets = [plain, login, password.expose_secret().to_owned()];
    secrets.into_iter().filter(|secret| !secret.is_empty()).map(SecretString::from).collect()
}

/// Adds the refused step to a refusal: after a probe there is no letter that shows it.
fn at_step(outcome: Outcome, place: &str, stage: Stage) -> Outcome {
    let told = |reply| one_line(&format!("{place}：{}被拒绝：{reply}", step_words(stage)));
    match outcome {
        Outcome::Refused(Refusal { stage, code, reply }) => {
            Outcome::Refused(Refusal { stage, code, reply: told(reply) })
        }
        other => other,
    }
}

fn mask(words: String, secrets: &[SecretString]) -> String {
    secrets.iter().fold(words, |words, secret| words.replace(secret.expose_secret(), "***"))
}

/// One session's connection, opened when it is needed.
pub(super) struct Conversation {
    smtp: Arc<Smtp>,
    connection: Option<Connection>,
}

impl Conversation {
    pub(super) fn has_a_limit(&self) -> bool {
        self.smtp.settings.per_minute > 0
    }

    pub(super) async fn turn(&self) {
        self.smtp.pace.turn().await;
    }

    pub(super) fn new(smtp: Arc<Smtp>) -> Self {
        Self { smtp, connection: None }
    }

    pub(super) async fn send(&mut self, envelope_from: &str, to: &str, message: &[u8], envelope_id: &str) -> Outcome {
        let Some(from) = compose::address(envelope_from) else {
            return Outcome::Misconfigured { reply: "发件人地址不合规".to_owned() };
        };
        let Some(to) = compose::address(to) else {
            return Outcome::Permanent { reply: "收件人地址不合规".to_owned() };
        };
        let smtp = Arc::clone(&self.smtp);
        let limits = &smtp.limits;
        // Taken out of self until it is known to be sound: if this future is dropped, so is the connection.
        let mut connection = match self.reuse().await {
            Some(connection) => connection,
            None => match smtp.open().await {
                Ok(connection) => connection,
                Err((stage, fault)) => return smtp.failed(stage, fault, false),
            },
        };
        match connection.transact(limits, (&from, &to, envelope_id), message).await {
            Ok(response) => {
                self.connection = Some(connection);
                Outcome::Accepted { reply: one_line(&mask(words(&response), &smtp.secrets)) }
            }
            Err((stage, fault)) => {
                let dot = connection.wire.final_dot_written();
                if connection.recover(stage, &fault, limits).await {
                    self.connection = Some(connection);
                }
                smtp.failed(stage, fault, dot)
            }
        }
    }

    /// Whether the server takes RCPT for this mailbox over the connection that is open; no letter is sent. `None`: there
    /// is no connection, or no plain answer.
    pub(super) async fn takes(&mut self, envelope_from: &str, mailbox: &str) -> Option<bool> {
        let (from, to) = (compose::address(envelope_from)?, compose::address(mailbox)?);
        let mut connection = self.connection.take()?;
        let taken = connection.takes(&self.smtp.limits, &from, &to).await.ok()?;
        self.connection = Some(connection);
        taken
    }

    /// The kept connection, if it may take more letters and the server has neither closed it nor sent anything.
    async fn reuse(&mut self) -> Option<Connection> {
        let connection = self.connection.take()?;
        if connection.letters >= self.smtp.settings.letters_per_connection {
            connection.quit(self.smtp.limits.courtesy).await;
            return None;
        }
        // Lets the reactor see what has come in since.
        yield_now().await;
        connection.wire.is_quiet().then_some(connection)
    }

    pub(super) async fn finish(self) {
        if let Some(connection) = self.connection {
            connection.quit(self.smtp.limits.courtesy).await;
        }
    }
}

impl Smtp {
    fn failed(&self, stage: Stage, fault: Fault, dot: bool) -> Outcome {
        let fault = match fault {
            Fault::Refused { code, words } => Fault::Refused { code, words: mask(words, &self.secrets) },
            Fault::Setting(words) => Fault::Setting(mask(words, &self.secrets)),
            Fault::Broken(words) => Fault::Broken(mask(words, &self.secrets)),
        };
        let outcome = judge(stage, fault, &self.settings.server.place(), dot);
        tracing::debug!(?stage, outcome = outcome.name(), "a letter was not handed over");
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net;

    #[test]
    fn a_quoted_password_is_masked() {
        let server = Server {
            kind: &net::SMTP,
            host: "h".to_owned(),
            port: 25,
            tls: Tls::None,
            username: "duban".to_owned(),
            password: Some(SecretString::from("geheim1")),
            ca_pem: None,
        };
        let quoted = "no: AUTH PLAIN AGR1YmFuAGdlaGVpbTE=, Z2VoZWltMQ==, geheim1".to_owned();
        assert_eq!(mask(quoted, &secrets(&server)), "no: AUTH PLAIN ***, ***, ***");
    }
}
