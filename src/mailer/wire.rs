//! The stream below lettre. Passes on one line of a reply at a time, in UTF-8 (servers here answer in GBK) and limited
//! in size (lettre reads an endless line into memory). Sends nothing while an unexpected reply is unread: taken for the
//! next command's answer, it would turn a 554 into a 250.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::net::{Stream, text};

const LINE_BYTES: usize = 8 * 1024;
const REPLY_BYTES: usize = 64 * 1024;
/// lettre parses a reply again with each new line: thousands of short lines would block the thread.
const REPLY_LINES: usize = 200;
const CHUNK_BYTES: usize = 4 * 1024;
/// What ends a letter: CR LF . CR LF.
const END_BYTES: usize = 5;
/// A letter up to this size is sent together with its end; the end of a longer one waits until the rest has gone.
const ONE_GO_BYTES: usize = 64 * 1024;

/// A handle: lettre owns one and we keep one.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// None after [`Wire::take`].
    stream: Option<Stream>,
    /// Received, not yet passed on.
    raw: Vec<u8>,
    /// The line being passed on.
    line: Vec<u8>,
    /// Received since we last sent something.
    heard_bytes: usize,
    heard_lines: usize,
    /// Nothing was read since we last sent something.
    spoke: bool,
    final_dot: bool,
    /// lettre does not keep these extensions.
    offers_dsn: bool,
    offers_pipelining: bool,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self::with_line(stream, Vec::new())
    }

    /// After STARTTLS the server does not greet again, but lettre begins every connection by reading a greeting.
    pub(super) fn greeted(stream: Stream) -> Self {
        Self::with_line(stream, b"220 \r\n".to_vec())
    }

    fn with_line(stream: Stream, line: Vec<u8>) -> Self {
        let stream = Some(stream);
        Self(Arc::new(Mutex::new(State {
            stream,
            raw: Vec::new(),
            line,
            heard_bytes: 0,
            heard_lines: 0,
            spoke: false,
            final_dot: false,
            offers_dsn: false,
            offers_pipelining: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the stream back, for TLS; an error if anything is unread: plain text must not be read as if it had come
    /// encrypted.
    pub(super) fn take(&self) -> io::Result<Stream> {
        let mut state = self.state();
        state.expect_silence()?;
        state.stream.take().ok_or_else(closed)
    }

    /// Whether the connection is open and the server has sent nothing.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().expect_silence().is_ok()
    }

    /// Whether the end of the letter may have reached the server.
    pub(super) fn final_dot_written(&self) -> bool {
        self.state().final_dot
    }

    /// Whether the server offers delivery reports (RFC 3461).
    pub(super) fn offers_dsn(&self) -> bool {
        self.state().offers_dsn
    }

    pub(super) fn forget_dsn(&self) {
        self.state().offers_dsn = false;
    }

    /// Whether the server takes several commands at once (RFC 2920).
    pub(super) fn offers_pipelining(&self) -> bool {
        self.state().offers_pipelining
    }

    /// Sends several commands at once; each is answered in its turn.
    pub(super) async fn say(&mut self, commands: &str) -> io::Result<()> {
        self.write_all(commands.as_bytes()).await?;
        self.flush().await
    }

    /// Writes a letter with its end. A reply that comes before the end is not the answer to it.
    pub(super) async fn write_letter(&mut self, data: &[u8]) -> io::Result<()> {
        let begin = if data.len() > ONE_GO_BYTES { data.len() - END_BYTES } else { 0 };
        let (begin, mut left) = data.split_at(begin);
        self.write_all(begin).await?;
        self.flush().await?;
        self.state().speak()?;
        poll_fn(|context| {
            while !left.is_empty() {
                let mut state = self.state();
                let written = ready!(state.stream()?.poll_write(context, left))?;
                if written == 0 {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero)));
                }
                left = &left[written..];
                state.final_dot |= left.len() < END_BYTES;
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        self.flush().await
    }

    pub(super) fn forget_final_dot(&self) {
        self.state().final_dot = false;
    }
}

impl State {
    fn expect_silence(&mut self) -> io::Result<()> {
        if self.raw.is_empty() && self.line.is_empty() {
            match self.receive(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0)) => return Err(closed()),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        let words = if self.line.is_empty() { &self.raw } else { &self.line };
        let words = String::from_utf8_lossy(&words[..words.len().min(200)]);
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("服务器未经询问就发来：{words}")))
    }

    fn speak(&mut self) -> io::Result<()> {
        self.expect_silence()?;
        self.spoke = true;
        self.heard_bytes = 0;
        self.heard_lines = 0;
        Ok(())
    }

    fn stream(&mut self) -> io::Result<Pin<&mut Stream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(closed)
    }

    fn receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut chunk = [MaybeUninit::uninit(); CHUNK_BYTES];
        let mut buffer = ReadBuf::uninit(&mut chunk);
        ready!(self.stream()?.poll_read(context, &mut buffer))?;
        self.raw.extend_from_slice(buffer.filled());
        self.heard_bytes += buffer.filled().len();
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Whether a line is ready to be passed on.
    fn next_line(&mut self) -> io::Result<bool> {
        if !self.line.is_empty() {
            return Ok(true);
        }
        let too_much = || io::Error::new(io::ErrorKind::InvalidData, "服务器的答复没有尽头");
        if let Some(end) = self.raw.iter().position(|byte| *byte == b'\n') {
            self.heard_lines += 1;
            if self.heard_lines > REPLY_LINES {
                return Err(too_much());
            }
            let raw: Vec<u8> = self.raw.drain(..=end).collect();
            self.line = tidy(raw.trim_ascii_end());
            // The answer to EHLO has one extension a line.
            self.offers_dsn |= is_offer(&self.line, b"DSN");
            self.offers_pipelining |= is_offer(&self.line, b"PIPELINING");
            return Ok(true);
        }
        if self.raw.len() > LINE_BYTES || self.heard_bytes > REPLY_BYTES {
            return Err(too_much());
        }
        Ok(false)
    }
}

/// A match in an answer to another command does no harm.
fn is_offer(line: &[u8], what: &[u8]) -> bool {
    let offered = line.strip_prefix(b"250-").or(line.strip_prefix(b"250 ")).unwrap_or_default();
    offered.trim_ascii_end().eq_ignore_ascii_case(what)
}

/// The line as lettre expects it: UTF-8, CR LF at the end, a space after a bare code.
fn tidy(line: &[u8]) -> Vec<u8> {
    let mut tidied = text(line);
    if tidied.len() == 3 {
        tidied.push(' ');
    }
    tidied.push_str("\r\n");
    tidied.into_bytes()
}

fn closed() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state();
        state.spoke = false;
        while !state.next_line()? {
            if ready!(state.receive(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let length = state.line.len().min(buffer.remaining());
        buffer.put_slice(&state.line[..length]);
        state.line.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        if !state.spoke {
            state.speak()?;
        }
        state.stream()?.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state().stream {
            Some(stream) => Pin::new(stream).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state().stream {
            Some(stream) => Pin::new(stream).poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.state().stream.as_ref().ok_or_else(closed)?.peer_addr()
    }
}
