//! TLS for the scripted server: a bureau's own authority, and certificates that are wrong each in one way. And the
//! line, which begins in the clear and may be encrypted.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// By name: good, expired, not-yet, wrong-name, self-signed, foreign.
pub struct Certificates {
    /// Whom the client is to trust.
    pub ca_pem: Vec<u8>,
    configs: HashMap<&'static str, Arc<ServerConfig>>,
}

impl Certificates {
    /// For this address.
    pub fn new(address: &str) -> Self {
        let (ca, ca_pem) = authority("bureau CA");
        let (foreign, _) = authority("someone's CA");
        let params = |address: &str| CertificateParams::new([address.to_owned()]).expect("a name");
        let mut configs = HashMap::new();
        let mut add = |name: &'static str, params: CertificateParams, issuer: Option<&Issuer<'static, KeyPair>>| {
            let key = KeyPair::generate().expect("a key");
            let certificate = match issuer {
                Some(issuer) => params.signed_by(&key, issuer),
                None => params.self_signed(&key),
            };
            let chain = vec![certificate.expect("a certificate").der().clone()];
            configs.insert(name, config(chain, &key));
        };
        add("good", params(address), Some(&ca));
        let mut expired = params(address);
        expired.not_after = date_time_ymd(2020, 2, 1);
        add("expired", expired, Some(&ca));
        let mut early = params(address);
        early.not_before = date_time_ymd(4000, 1, 1);
        add("not-yet", early, Some(&ca));
        add("wrong-name", params("mail.elsewhere.example"), Some(&ca));
        add("self-signed", params(address), None);
        add("foreign", params(address), Some(&foreign));
        Self { ca_pem, configs }
    }

    /// Answers the client's handshake.
    pub fn encrypt(&self, name: &str, stream: TcpStream) -> Line {
        let connection = ServerConnection::new(Arc::clone(&self.configs[name])).expect("a connection");
        Line::Tls(Box::new(StreamOwned::new(connection, stream)))
    }
}

fn authority(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a certificate").pem().into_bytes();
    (Issuer::new(params, key), pem)
}

fn config(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.expect("a certificate and its key"))
}

pub enum Line {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Line {
    pub fn is_clear(&self) -> bool {
        matches!(self, Self::Clear(_))
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
