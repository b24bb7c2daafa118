//! Whom to trust, and what it means when TLS fails. The name on the certificate is always checked.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::{kind::Kind, stream::Stream};

/// Whose certificates are trusted.
#[derive(Clone)]
pub struct Trust(Option<Arc<ClientConfig>>);

/// Why TLS cannot be used, with any server.
#[derive(Debug)]
pub enum TrustError {
    CaFile,
    NoAuthorities,
    Tls(String),
}

impl TrustError {
    /// In Chinese; `ca_file` is the setting that names the bureau's own authority.
    pub fn words(&self, ca_file: &str) -> String {
        match self {
            Self::CaFile => format!("{ca_file} 不是 PEM 格式的证书"),
            Self::NoAuthorities => format!("本机没有可信任的证书机构：请安装 ca-certificates，或填写 {ca_file}"),
            Self::Tls(words) => format!("TLS 无法使用：{words}"),
        }
    }
}

impl Trust {
    /// For a connection without encryption.
    pub(super) fn nobody() -> Self {
        Self(None)
    }

    /// The system's authorities, and the bureau's own if there is one.
    pub(super) fn new(ca_pem: Option<&[u8]>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = ca_pem {
            let own: Vec<_> =
                CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| TrustError::CaFile)?;
            let given = own.len();
            if given == 0 || roots.add_parsable_certificates(own).0 < given {
                return Err(TrustError::CaFile);
            }
        }
        if roots.is_empty() {
            return Err(TrustError::NoAuthorities);
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TrustError::Tls(error.to_string()))?;
        Ok(Self(Some(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))))
    }

    /// Encrypts the connection; the caller sets the time limit.
    pub(super) async fn handshake(&self, host: &str, stream: TcpStream) -> io::Result<Stream> {
        let refused = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let config = self.0.clone().ok_or_else(|| refused(TlsError::General("TLS 没有准备好".to_owned())))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| refused(TlsError::UnsupportedNameType))?;
        Ok(Stream::Tls(Box::new(TlsConnector::from(config).connect(name, stream).await?)))
    }
}

/// What a handshake without an answer means.
pub(super) fn no_answer(Kind { table, .. }: &Kind) -> String {
    format!("TLS 握手没有答复（请核对 {table}.port 与 {table}.tls 是否配套）")
}

/// In Chinese, if TLS failed and not the connection.
pub(super) fn explain(error: &io::Error, kind: &Kind) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<TlsError>()?;
    let Kind { table, implicit, starttls, .. } = kind;
    Some(match error {
        TlsError::InvalidCertificate(certificate) => explain_certificate(certificate, table),
        TlsError::InvalidMessage(_) => format!(
            "对方没有用 TLS 应答：请核对 {table}.port 与 {table}.tls 是否配套（{implicit} 为 implicit，{starttls} 为 starttls）"
        ),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => {
            format!("与服务器没有共同的 TLS 版本或算法（需要 TLS 1.2 以上），请联系邮件服务器管理员：{error}")
        }
        TlsError::UnsupportedNameType => format!("{table}.host 不是有效的主机名，无法核对证书"),
        other => format!("TLS 握手失败：{other}"),
    })
}

/// What is wrong with the certificate, if that is what failed: a short text that names no settings.
pub(super) fn certificate_fault(error: &io::Error) -> Option<&'static str> {
    let TlsError::InvalidCertificate(fault) = error.get_ref()?.downcast_ref::<TlsError>()? else { return None };
    Some(match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "证书已过期",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "证书尚未生效",
        CertificateError::UnknownIssuer => "证书不是由本机信任的机构签发（自签的证书也是这样）",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "证书不属于这个网址",
        CertificateError::Revoked => "证书已被吊销",
        other if is_ca(other) => "证书是自签的 CA 证书，不能当作服务器证书",
        _ => "证书不能接受",
    })
}

fn explain_certificate(error: &CertificateError, table: &str) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "服务器的证书已过期：请核对本机时间；时间无误则请邮件服务器管理员更换证书".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "服务器的证书尚未生效：请核对本机时间".to_owned()
        }
        CertificateError::UnknownIssuer => {
            format!("服务器的证书不是由本机信任的机构签发：若是单位自建的 CA，请把它的证书文件填入 {table}.ca_file")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("服务器的证书不属于这个主机名：请核对 {table}.host（{error}）")
        }
        CertificateError::Revoked => "服务器的证书已被吊销：请联系邮件服务器管理员".to_owned(),
        other if is_ca(other) => {
            "服务器用的是一张自签的 CA 证书，不能当作服务器证书：请邮件服务器管理员另签一张（basicConstraints=CA:FALSE）".to_owned()
        }
        other => format!("服务器的证书不能接受：{other}"),
    }
}

/// Whether it is a CA certificate, as `openssl req -x509` makes by default: common for self-signed servers. The library
/// has no name for the error.
fn is_ca(error: &CertificateError) -> bool {
    error.to_string().contains("CaUsedAsEndEntity")
}
