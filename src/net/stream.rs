//! A connection to a server, plain or encrypted, and what its failure means.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use encoding_rs::GB18030;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use crate::text::short_line;

/// How many characters of a server's words are kept.
const WORDS_CHARS: usize = 500;
/// How many addresses of a name are tried.
const ADDRESSES: usize = 4;

#[derive(Debug)]
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

trait Both: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Both for T {}

impl Stream {
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(stream) => stream.peer_addr(),
            Self::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }

    fn inner(&mut self) -> Pin<&mut dyn Both> {
        match self {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner().poll_read(context, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().inner().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner().poll_shutdown(context)
    }
}

/// Connects to the first address of the host that answers; `limit` is for the name and for each address. `table` is for
/// messages.
///
/// # Errors
/// In Chinese: why no address was reached.
pub(super) async fn connect(host: &str, port: u16, limit: Duration, table: &str) -> Result<TcpStream, String> {
    let addresses = match timeout(limit, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(format!("查不到主机名（DNS 或 {table}.host 有误）：{error}")),
        Err(_) => return Err("查主机名超时（DNS 没有答复）".to_owned()),
    };
    let mut last = "主机名没有地址".to_owned();
    for address in addresses.take(ADDRESSES) {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it the connection is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = line_words(&error),
            Err(_) => last = "连接超时".to_owned(),
        }
    }
    Err(last)
}

/// Received bytes as text: servers here use GBK if they do not use UTF-8.
pub fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// A server's words as they are kept and shown.
pub fn one_line(words: &str) -> String {
    short_line(words, WORDS_CHARS)
}

/// Why a connection failed, in Chinese.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_it() {
        assert_eq!(one_line("a\r\n\u{7}b\u{202e}c  d\u{2028}"), "a bc d");
        assert_eq!(one_line(&"长".repeat(2000)).chars().count(), WORDS_CHARS);
    }
}
