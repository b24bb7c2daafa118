//! Connections out: the line, whom to trust, and what it means when either fails. The name on the certificate is
//! always checked.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        AlertDescription, CertificateError, Error as TlsError, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
pub use tokio_rustls::{client::TlsStream, rustls::ClientConfig};

/// What a server says is kept so far.
const WORDS_CHARS: usize = 500;
/// A name with more addresses than this is not tried to the end.
pub const ADDRESSES: usize = 4;

/// How the operator knows the server: the table of its settings, and the usual ports.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    pub table: &'static str,
    pub implicit: u16,
    pub starttls: u16,
}

/// Why no TLS can be had, whatever the server.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("ca_file 不是 PEM 格式的证书")]
    CaFile,
    #[error("本机没有可信任的证书机构：请安装 ca-certificates，或填写 ca_file")]
    NoAuthorities,
    #[error("TLS 无法使用：{0}")]
    Tls(String),
}

/// The system's authorities, and the bureau's own if there is one.
pub fn config(ca_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, TrustError> {
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
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The first address of the name that answers; `limit` for each, and for the name.
///
/// # Errors
/// In Chinese: why nothing was reached.
pub async fn connect(host: &str, port: u16, limit: Duration, names: Names) -> Result<TcpStream, String> {
    let addresses = match timeout(limit, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(format!("查不到主机名（DNS 或 {}.host 有误）：{error}", names.table)),
        Err(_) => return Err("查主机名超时（DNS 没有答复）".to_owned()),
    };
    let mut last = "主机名没有地址".to_owned();
    for address in addresses.take(ADDRESSES) {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Only slower without it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = line_words(&error),
            Err(_) => last = "连接超时".to_owned(),
        }
    }
    Err(last)
}

/// Encrypts the line; the caller sets the limit.
pub async fn handshake(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> io::Result<Box<TlsStream<TcpStream>>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, TlsError::UnsupportedNameType))?;
    Ok(Box::new(TlsConnector::from(Arc::clone(config)).connect(name, stream).await?))
}

/// What a handshake without an answer means.
pub fn no_answer(names: Names) -> String {
    format!("TLS 握手没有答复（请核对 {table}.port 与 {table}.tls 是否配套）", table = names.table)
}

/// A server's words as they are kept and shown: without control characters, and without those that turn the direction of writing.
pub fn one_line(words: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let visible: String = words
        .chars()
        .filter(|c| !turns(*c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    let spaced: Vec<&str> = visible.split_whitespace().collect();
    spaced.join(" ").chars().take(WORDS_CHARS).collect()
}

/// What a broken line means.
pub fn line_words(error: &io::Error) -> String {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, InvalidData,
        NetworkUnreachable, TimedOut, UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused => "连接被拒绝（服务没有开，或端口不对）".to_owned(),
        HostUnreachable | NetworkUnreachable => "网络不通".to_owned(),
        TimedOut => "连接超时".to_owned(),
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => "连接中途断开".to_owned(),
        InvalidData => error.to_string(),
        _ => format!("网络出错：{error}"),
    }
}

/// In words, if it is TLS that failed and not the line.
pub fn explain(error: &io::Error, names: Names) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<TlsError>()?;
    let Names { table, implicit, starttls } = names;
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

/// What is wrong with a certificate, if that is what failed: in a few words, where there is no table of settings.
pub fn certificate_fault(error: &io::Error) -> Option<&'static str> {
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

/// What `openssl req -x509` makes by itself: common where a server signed for itself. The library has no name for it.
fn is_ca(error: &CertificateError) -> bool {
    error.to_string().contains("CaUsedAsEndEntity")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_it() {
        assert_eq!(one_line("a\r\n\u{7}b\u{202e}c  d\u{2028}"), "a bc d");
        assert_eq!(one_line(&"长".repeat(2000)).chars().count(), WORDS_CHARS);
    }
}
