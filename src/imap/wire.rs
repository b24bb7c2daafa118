//! Reads a server's responses one at a time, in UTF-8 (servers here use GBK) and limited in size. Passes on only what
//! was asked for and what the parser can take: it follows nested parentheses without limit, and panics on some lines
//! that a server may well send.

use std::{fmt, io, mem};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::net::{Stream, text};

/// How much a server may send for one command: the first MiB of a letter, and more.
const COMMAND_BYTES: usize = 2 * 1024 * 1024;
/// The longest line asked for names 5000 letters.
const LINE_BYTES: usize = 256 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;
/// Deeper than any response that is asked for.
const DEEPEST: usize = 32;

pub(super) struct Wire {
    stream: BufReader<Stream>,
    /// The response being received, as the parser will read it.
    response: Vec<u8>,
    kind: Kind,
    depth: usize,
    /// Its line being received.
    line: Vec<u8>,
    /// Bytes still to come of a literal, after which the response goes on.
    literal: Option<usize>,
    /// Bytes received since the last command.
    heard: usize,
}

/// What a response is, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text or numbers: no literal in it.
    Plain,
    List,
    Fetch,
    /// Not asked for, and dropped.
    Other,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream: BufReader::with_capacity(CHUNK_BYTES, stream),
            response: Vec::new(),
            kind: Kind::Plain,
            depth: 0,
            line: Vec::new(),
            literal: None,
            heard: 0,
        }
    }

    /// Starts the size limit again for a new command.
    pub(super) fn renew(&mut self) {
        self.heard = 0;
    }

    pub(super) async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }

    /// Takes the connection back, for TLS; None if anything is unread: plain text must not be read as if it had come
    /// encrypted.
    pub(super) fn into_clear(self) -> Option<TcpStream> {
        let is_quiet = self.stream.buffer().is_empty() && self.line.is_empty() && self.response.is_empty();
        match self.stream.into_inner() {
            Stream::Plain(stream) if is_quiet => Some(stream),
            _ => None,
        }
    }

    /// The next response; None if the server has closed the connection. If this future is dropped, the next call goes
    /// on.
    pub(super) async fn response(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let chunk = self.stream.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let (taken, is_line) = match self.literal {
                Some(left) if left > 0 => {
                    let taken = left.min(chunk.len());
                    if self.kind != Kind::Other {
                        self.response.extend_from_slice(&chunk[..taken]);
                    }
                    self.literal = Some(left - taken);
                    (taken, false)
                }
                _ => {
                    let end = chunk.iter().position(|byte| *byte == b'\n');
                    let taken = end.map_or(chunk.len(), |end| end + 1);
                    self.line.extend_from_slice(&chunk[..taken]);
                    (taken, end.is_some())
                }
            };
            self.stream.consume(taken);
            self.heard += taken;
            if self.heard > COMMAND_BYTES || self.line.len() > LINE_BYTES {
                return Err(senseless("服务器的答复没有尽头"));
            }
            if is_line && self.end_line()? && self.kind != Kind::Other {
                return Ok(Some(mem::take(&mut self.response)));
            }
        }
    }

    /// Whether the response ends with this line.
    fn end_line(&mut self) -> io::Result<bool> {
        let mut line = text(mem::take(&mut self.line).trim_ascii_end());
        if self.literal.is_none() {
            self.kind = kind(&line);
            self.depth = 0;
        }
        self.check(&line)?;
        self.literal = if self.kind == Kind::Plain { None } else { literal(&line) };
        if self.literal.is_some_and(|length| length > COMMAND_BYTES) {
            return Err(senseless("服务器发来的超过了所要的"));
        }
        if self.kind == Kind::Plain {
            part_code(&mut line);
        }
        if self.kind != Kind::Other {
            self.response.extend_from_slice(line.as_bytes());
            self.response.extend_from_slice(b"\r\n");
        }
        Ok(self.literal.is_none())
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
        // INTERNALDATE is never asked for, and the parser panics if it is NIL.
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

/// The length of the literal that a line announces.
fn literal(line: &str) -> Option<usize> {
    let digits = line.strip_suffix('}')?.rsplit_once('{')?.1;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // A number too large to parse is above the limit anyway.
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

/// Puts a space after `[CODE]`: the parser drops the byte that follows it, whatever it is.
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

/// Leaves out the traffic, which is private.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("heard", &self.heard).finish_non_exhaustive()
    }
}
