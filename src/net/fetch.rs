//! Requests one page, as a browser would: the only HTTP client.

use std::{future::Future, time::Duration};

use hyper::{Request, Uri, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{
    stream::line_words,
    tls::{Trust, certificate_fault},
};

/// Why there was no answer, in Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A server answers, but its certificate does not prove who it is.
    Certificate(&'static str),
    Other(String),
}

/// The status with which an `http` or `https` address answers; `limit` is for the whole request.
///
/// # Errors
/// No answer, or one that cannot be trusted.
pub async fn status(url: &str, limit: Duration) -> Result<u16, Fault> {
    let uri: Uri = url.parse().map_err(|_| Fault::Other("不是网址".to_owned()))?;
    match timeout(limit, ask(&uri)).await {
        Ok(answer) => answer,
        Err(_) => Err(Fault::Other(format!("等了 {} 秒没有答复", limit.as_secs()))),
    }
}

async fn ask(uri: &Uri) -> Result<u16, Fault> {
    let is_encrypted = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
    let line = connect(host, port).await?;
    if !is_encrypted {
        return get(line, uri).await;
    }
    let trust = Trust::new(None).map_err(|e| Fault::Other(e.words("ca_file")))?;
    match trust.handshake(host, line).await {
        Ok(line) => get(line, uri).await,
        Err(e) => Err(match certificate_fault(&e) {
            Some(what) => Fault::Certificate(what),
            None => Fault::Other(format!("那里没有用 https 应答，或加密的版本不合：{e}")),
        }),
    }
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, Fault> {
    let addresses = lookup_host((host, port)).await;
    let addresses: Vec<_> = addresses.map_err(|_| Fault::Other(format!("查不到主机名 {host}")))?.collect();
    TcpStream::connect(&*addresses).await.map_err(|e| Fault::Other(line_words(&e)))
}

async fn get(line: impl AsyncRead + AsyncWrite + Unpin, uri: &Uri) -> Result<u16, Fault> {
    let unclear = |_| Fault::Other("答复不是网页服务的".to_owned());
    let (mut sender, connection) = http1::handshake(TokioIo::new(line)).await.map_err(unclear)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path).header(HOST, host).body(String::new());
    let request = request.map_err(|e| Fault::Other(e.to_string()))?;
    let answer = beside(sender.send_request(request), connection).await.map_err(unclear)?;
    Ok(answer.status().as_u16())
}

/// Waits for the answer while driving the connection, which may end before the answer is taken.
async fn beside<T>(answer: impl Future<Output = T>, connection: impl Future) -> T {
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}
