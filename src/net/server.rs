//! A mail server, as the operator describes it.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use tokio::{net::TcpStream, time::timeout};

use super::{
    kind::{Kind, Tls},
    stream::{self, Stream, line_words},
    tls::{self, Trust, TrustError},
};

#[derive(Clone)]
pub struct Server {
    pub kind: &'static Kind,
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Empty: no login.
    pub username: String,
    pub password: Option<SecretString>,
    /// The bureau's own certificate authority: the contents of the PEM file.
    pub ca_pem: Option<Vec<u8>>,
}

/// The relay that letters are handed to.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    pub server: Server,
    /// The name for EHLO; the machine's name if not given.
    pub helo: Option<String>,
    /// 0: no limit.
    pub per_minute: u32,
    /// How many sessions the caller keeps at once.
    pub connections: usize,
    pub letters_per_connection: u32,
}

/// The mailbox, and the folders that its letters are put in.
#[derive(Clone, Debug)]
pub struct ImapSettings {
    pub server: Server,
    /// Where replies come in.
    pub folder: String,
    /// Where replies go that were acted on.
    pub done_folder: String,
    /// Where replies go that a person must look at.
    pub manual_folder: String,
    /// How long to sleep between looks if the server cannot tell of new mail.
    pub poll: Duration,
}

/// Why a server was not reached.
#[derive(Debug)]
pub enum Fault {
    /// It cannot work as it is configured.
    Settings(String),
    /// The connection failed; a later try may work.
    Line(String),
}

impl Server {
    /// host:port, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whom to trust; nobody, if nothing is encrypted.
    pub fn trust(&self) -> Result<Trust, TrustError> {
        match self.tls {
            Tls::None => Ok(Trust::nobody()),
            Tls::Implicit | Tls::StartTls => Trust::new(self.ca_pem.as_deref()),
        }
    }

    /// Connects to the first address of the host that answers; `limit` is for the name and for each address.
    pub async fn connect(&self, limit: Duration) -> Result<TcpStream, Fault> {
        stream::connect(&self.host, self.port, limit, self.kind.table).await.map_err(Fault::Line)
    }

    /// The name on the certificate is always checked. Whom to trust is read each time: the machine's authorities may
    /// have been replaced since the last connection.
    pub async fn encrypt(&self, tcp: TcpStream, limit: Duration) -> Result<Stream, Fault> {
        let own = format!("{}.ca_file", self.kind.table);
        let trust = self.trust().map_err(|error| Fault::Settings(error.words(&own)))?;
        match timeout(limit, trust.handshake(&self.host, tcp)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(match tls::explain(&error, self.kind) {
                Some(words) => Fault::Settings(words),
                None => Fault::Line(line_words(&error)),
            }),
            Err(_) => Err(Fault::Line(tls::no_answer(self.kind))),
        }
    }
}

/// Without the certificates, which would fill the screen.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls, username, password, .. } = self;
        let place = self.place();
        f.debug_struct("Server")
            .field("place", &place)
            .field("tls", tls)
            .field("username", username)
            .field("password", password)
            .finish_non_exhaustive()
    }
}
