//! TLS for the scripted server: a bureau's own authority, and certificates that are wrong each in one way. And the
//! line, which begins in the clear and may be encrypted.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
};

use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// In the order in which they stand in server.pem, all for 127.0.0.1 but one, and all with the key at its end. They are
/// valid from 1975 to 4096, but for two.
const NAMES: [&str; 6] = ["good", "expired", "not-yet", "wrong-name", "self-signed", "foreign"];

pub struct Certificates {
    /// Whom the client is to trust.
    pub ca_pem: Vec<u8>,
    configs: HashMap<&'static str, Arc<ServerConfig>>,
}

impl Certificates {
    pub fn new() -> Self {
        let pem = include_bytes!("certificates/server.pem");
        let key = PrivateKeyDer::from_pem_slice(pem).expect("a key");
        let certificates = CertificateDer::pem_slice_iter(pem).map(|certificate| certificate.expect("a certificate"));
        let configs = NAMES.into_iter().zip(certificates.map(|certificate| config(certificate, &key)));
        Self { ca_pem: include_bytes!("certificates/authority.pem").to_vec(), configs: configs.collect() }
    }

    /// Answers the client's handshake.
    pub fn encrypt(&self, name: &str, stream: TcpStream) -> Line {
        let connection = ServerConnection::new(Arc::clone(&self.configs[name])).expect("a connection");
        Line::Tls(Box::new(StreamOwned::new(connection, stream)))
    }
}

fn config(certificate: CertificateDer<'static>, key: &PrivateKeyDer<'static>) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.clone_key());
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
