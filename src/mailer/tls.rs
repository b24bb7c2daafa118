//! Whom to trust, and what a failed handshake means. The name on the certificate is always checked.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::{settings::SettingsError, wire::Stream};

/// The system's authorities, and the bureau's own if there is one.
pub(super) fn config(ca_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, SettingsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = ca_pem {
        let own: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| SettingsError::CaFile)?;
        let given = own.len();
        if given == 0 || roots.add_parsable_certificates(own).0 < given {
            return Err(SettingsError::CaFile);
        }
    }
    if roots.is_empty() {
        return Err(SettingsError::NoAuthorities);
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

pub(super) async fn handshake(config: &Arc<ClientConfig>, host: &str, stream: TcpStream) -> io::Result<Stream> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, TlsError::UnsupportedNameType))?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
    Ok(Stream::Tls(Box::new(stream)))
}

/// In words, if it is TLS that failed and not the line.
pub(super) fn explain(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<TlsError>()?;
    Some(match error {
        TlsError::InvalidCertificate(certificate) => explain_certificate(certificate),
        TlsError::InvalidMessage(_) => {
            "对方没有用 TLS 应答：请核对 smtp.port 与 smtp.tls 是否配套（465 为 implicit，587 为 starttls）".to_owned()
        }
        TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => {
            format!("与服务器没有共同的 TLS 版本或算法（需要 TLS 1.2 以上），请联系邮件服务器管理员：{error}")
        }
        TlsError::UnsupportedNameType => "smtp.host 不是有效的主机名，无法核对证书".to_owned(),
        other => format!("TLS 握手失败：{other}"),
    })
}

fn explain_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "服务器的证书已过期：请核对本机时间；时间无误则请邮件服务器管理员更换证书".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "服务器的证书尚未生效：请核对本机时间".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "服务器的证书不是由本机信任的机构签发：若是单位自建的 CA，请把它的证书文件填入 smtp.ca_file".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("服务器的证书不属于这个主机名：请核对 smtp.host（{error}）")
        }
        CertificateError::Revoked => "服务器的证书已被吊销：请联系邮件服务器管理员".to_owned(),
        other => format!("服务器的证书不能接受：{other}"),
    }
}
