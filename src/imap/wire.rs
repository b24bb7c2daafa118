//! The stream beneath async-imap. Hands it one line at a time, in UTF-8 (servers here speak GBK), and bounded: its
//! own bound is 512 MiB. Lets through only what was asked for and what its parser is sound for: that one descends
//! without end into nested parentheses, and panics on some lines that a server may well write.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use encoding_rs::GB18030;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::tls::TlsStream;

/// What a server may say between two commands; a letter's first MiB and then some.
const COMMAND_BYTES: usize = 2 * 1024 * 1024;
/// The longest line that is asked for names 5000 letters; the parser reads a line anew for every 4 KiB of it.
const LINE_BYTES: usize = 256 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;
/// Deeper than anything that is asked for.
const DEEPEST: usize = 32;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub(super) struct Wire {
    stream: Stream,
    /// Received, not yet handed on.
    raw: Vec<u8>,
    /// So much of it holds no end of a line.
    scanned: usize,
    /// The line that is being handed on.
    line: Vec<u8>,
    /// So many bytes are to be handed on as they are.
    literal: usize,
    /// The response that is being received.
    kind: Kind,
    /// It goes on behind a literal.
    goes_on: bool,
    depth: usize,
    /// Since the last command.
    heard: usize,
}

/// What a response is, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text or numbers: no literal in it.
    Plain,
    List,
    Fetch,
    /// Nothing that we asked for, and dropped.
    Other,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            raw: Vec::new(),
            scanned: 0,
            line: Vec::new(),
            literal: 0,
            kind: Kind::Plain,
            goes_on: false,
            depth: 0,
            heard: 0,
        }
    }

    /// A command begins: the server may say as much again.
    pub(super) fn renew(&mut self) {
        self.heard = self.raw.len();
    }

    /// Takes the line back, for TLS. What came in the clear must not be read as if it had come encrypted.
    pub(super) fn into_clear(self) -> Option<TcpStream> {
        match self.stream {
            Stream::Plain(stream) if self.raw.is_empty() && self.line.is_empty() => Some(stream),
            _ => None,
        }
    }

    fn receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut chunk = [0; CHUNK_BYTES];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(self.stream.reader().poll_read(context, &mut buffer))?;
        self.raw.extend_from_slice(buffer.filled());
        self.heard += buffer.filled().len();
        if self.heard > COMMAND_BYTES {
            return Poll::Ready(Err(senseless("服务器的答复没有尽头")));
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Whether a line was there.
    fn next_line(&mut self) -> io::Result<bool> {
        let Some(end) = self.raw[self.scanned..].iter().position(|byte| *byte == b'\n') else {
            self.scanned = self.raw.len();
            return if self.raw.len() > LINE_BYTES {
                Err(senseless("服务器的答复没有尽头"))
            } else {
                Ok(false)
            };
        };
        let raw: Vec<u8> = self.raw.drain(..=self.scanned + end).collect();
        self.scanned = 0;
        let mut line = match std::str::from_utf8(raw.trim_ascii_end()) {
            Ok(line) => line.to_owned(),
            Err(_) => GB18030.decode_without_bom_handling(raw.trim_ascii_end()).0.into_owned(),
        };
        if !self.goes_on {
            self.kind = kind(&line);
            self.depth = 0;
        }
        self.check(&line)?;
        self.literal = if self.kind == Kind::Plain { None } else { literal(&line) }.unwrap_or(0);
        self.goes_on = self.kind != Kind::Plain && literal(&line).is_some();
        if self.literal > COMMAND_BYTES {
            return Err(senseless("服务器发来的超过了所要的"));
        }
        if self.kind != Kind::Other {
            if self.kind == Kind::Plain {
                part_code(&mut line);
            }
            line.push_str("\r\n");
            self.line = line.into_bytes();
        }
        Ok(true)
    }

    fn check(&mut self, line: &str) -> io::Result<()> {
        if !matches!(self.kind, Kind::List | Kind::Fetch) {
            return Ok(());
        }
        for byte in line.bytes() {
            match byte {
                b'(' => self.depth += 1,
                b')' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > DEEPEST {
                return Err(senseless("服务器的答复层层嵌套"));
            }
        }
        // Never asked for, and the parser panics where it is NIL.
        if self.kind == Kind::Fetch && line.to_ascii_uppercase().contains("INTERNALDATE") {
            return Err(senseless("服务器答非所问"));
        }
        Ok(())
    }
}

fn kind(line: &str) -> Kind {
    let Some(rest) = line.strip_prefix("* ") else { return Kind::Plain };
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let word = words.find(|word| !word.bytes().all(|b| b.is_ascii_digit())).unwrap_or_default().to_ascii_uppercase();
    match word.as_str() {
        "OK" | "NO" | "BAD" | "BYE" | "PREAUTH" | "CAPABILITY" | "SEARCH" | "FLAGS" | "EXISTS" | "RECENT"
        | "EXPUNGE" => Kind::Plain,
        "LIST" => Kind::List,
        "FETCH" => Kind::Fetch,
        _ => Kind::Other,
    }
}

/// How long the literal is that a line announces.
fn literal(line: &str) -> Option<usize> {
    let digits = line.strip_suffix('}')?.rsplit_once('{')?.1;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // Longer than can be counted is longer than is allowed.
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

/// A blank behind `[CODE]`, where the parser cuts a byte off whatever stands there.
fn part_code(line: &mut String) {
    if let Some(end) = line.find(']')
        && line[end + 1..].starts_with(|c: char| !c.is_ascii())
    {
        line.insert(end + 1, ' ');
    }
}

fn senseless(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        loop {
            if !wire.line.is_empty() {
                let length = wire.line.len().min(buffer.remaining());
                buffer.put_slice(&wire.line[..length]);
                wire.line.drain(..length);
                return Poll::Ready(Ok(()));
            }
            if wire.literal > 0 && !wire.raw.is_empty() {
                let keeps = wire.kind != Kind::Other;
                let room = if keeps { buffer.remaining() } else { usize::MAX };
                let length = wire.literal.min(wire.raw.len()).min(room);
                if keeps {
                    buffer.put_slice(&wire.raw[..length]);
                }
                wire.raw.drain(..length);
                wire.literal -= length;
                if keeps {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            if wire.literal == 0 && wire.next_line()? {
                continue;
            }
            if ready!(wire.receive(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.writer().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.writer().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.writer().poll_shutdown(context)
    }
}

/// What was said is nobody's business.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("heard", &self.heard).finish_non_exhaustive()
    }
}

impl Stream {
    fn reader(&mut self) -> Pin<&mut (dyn AsyncRead + Send + Unpin)> {
        match self {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Send + Unpin)> {
        match self {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}
