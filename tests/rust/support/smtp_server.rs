//! An SMTP server that does what a test tells it at any point. Plain threads: it serves async tests and whole
//! processes alike.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::smtp_tls::{Certificates, Line};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Connect,
    Ehlo,
    StartTls,
    /// Before the first byte of TLS.
    Handshake,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
    Rset,
    Noop,
    Quit,
}

#[derive(Clone, Debug)]
pub enum Act {
    /// What a healthy server would.
    Fine,
    /// These bytes, and goes on.
    Say(Vec<u8>),
    /// These bytes, then closes.
    SayAndDrop(Vec<u8>),
    Drop,
    /// Silent until the client goes.
    Stall,
    /// These bytes, then neither speaks nor reads.
    Deaf(Vec<u8>),
    /// These bytes, those a moment later, and goes on.
    Late(Vec<u8>, Vec<u8>),
    /// These bytes, again and again.
    Flood(Vec<u8>),
    /// These bytes, again and again, one at a time.
    Drip(Vec<u8>, Duration),
    /// What a healthy server would, one byte at a time.
    Slowly(Duration),
    /// A handshake with the certificate of this name.
    Certificate(&'static str),
}

pub fn say(reply: &str) -> Act {
    Act::Say(format!("{reply}\r\n").into_bytes())
}

#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: String,
    /// As sent, dots unstuffed, without the final dot.
    pub message: Vec<u8>,
}

#[derive(Default)]
struct Log {
    connections: usize,
    /// Every command line, in order, over all connections.
    commands: Vec<String>,
    /// Those that anyone on the way could read.
    in_the_clear: Vec<String>,
    /// Bytes that were sent before the answer to what came before them.
    unasked: Vec<String>,
    /// How often each point was reached.
    times: HashMap<At, usize>,
    received: Vec<Received>,
}

/// Stops listening when the test ends, with its process.
pub struct Server {
    pub port: u16,
    log: Arc<Mutex<Log>>,
}

/// What to do at a point, the how-manieth time (from 0) it is reached, given the line.
type Script = dyn Fn(At, usize, &str) -> Act + Send + Sync;

impl Server {
    pub fn start(script: impl Fn(At, usize, &str) -> Act + Send + Sync + 'static) -> Self {
        Self::offering(&["8BITMIME", "AUTH PLAIN LOGIN"], script)
    }

    pub fn offering(
        extensions: &'static [&'static str],
        script: impl Fn(At, usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::encrypting(extensions, Encryption::None, script)
    }

    pub fn encrypting(
        extensions: &'static [&'static str],
        encryption: Encryption,
        script: impl Fn(At, usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let log = Arc::new(Mutex::new(Log::default()));
        let script: Arc<Script> = Arc::new(script);
        let log_ = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (encryption, script, log) = (encryption.clone(), Arc::clone(&script), Arc::clone(&log_));
                let line = BufReader::new(Line::Clear(stream));
                let mut talk = Talk { line, extensions, encryption, script, log };
                // A line that breaks is what the tests are about.
                thread::spawn(move || talk.run().unwrap_or(()));
            }
        });
        Self { port, log }
    }

    pub fn connections(&self) -> usize {
        self.log().connections
    }

    pub fn commands(&self) -> Vec<String> {
        self.log().commands.clone()
    }

    pub fn in_the_clear(&self) -> Vec<String> {
        self.log().in_the_clear.clone()
    }

    pub fn unasked(&self) -> Vec<String> {
        self.log().unasked.clone()
    }

    pub fn received(&self) -> Vec<Received> {
        self.log().received.clone()
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().expect("the log")
    }
}

/// A port where nobody listens.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

#[derive(Clone)]
pub enum Encryption {
    None,
    Implicit(Arc<Certificates>),
    StartTls(Arc<Certificates>),
}

struct Talk {
    line: BufReader<Line>,
    extensions: &'static [&'static str],
    encryption: Encryption,
    script: Arc<Script>,
    log: Arc<Mutex<Log>>,
}

impl Talk {
    fn run(&mut self) -> std::io::Result<()> {
        self.log.lock().expect("the log").connections += 1;
        let (mut from, mut to) = (String::new(), String::new());
        if let Encryption::Implicit(certificates) = self.encryption.clone()
            && !self.handshake(&certificates)?
        {
            return Ok(());
        }
        let mut alive = self.act(At::Connect, "", b"220 test ESMTP\r\n")?;
        let mut line = String::new();
        while alive {
            line.clear();
            if self.line.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            self.note(line);
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            alive = match verb.as_str() {
                "EHLO" => {
                    let capabilities = self.capabilities();
                    self.act(At::Ehlo, line, &capabilities)?
                }
                "STARTTLS" => {
                    let goes_on = self.act(At::StartTls, line, b"220 go ahead\r\n")?;
                    match self.encryption.clone() {
                        Encryption::StartTls(certificates) if goes_on => self.handshake(&certificates)?,
                        _ => goes_on,
                    }
                }
                "AUTH" => self.act(At::Auth, line, b"235 2.7.0 welcome\r\n")?,
                "MAIL" => {
                    from = line.to_owned();
                    self.act(At::Mail, line, b"250 2.1.0 ok\r\n")?
                }
                "RCPT" => {
                    to = line.to_owned();
                    self.act(At::Rcpt, line, b"250 2.1.5 ok\r\n")?
                }
                "DATA" => {
                    let before = self.times(At::Data);
                    let script = (self.script)(At::Data, before, line);
                    let goes_on = self.act(At::Data, line, b"354 go ahead\r\n")?;
                    let letter_follows = match &script {
                        Act::Fine | Act::Slowly(_) | Act::Late(..) => true,
                        Act::Say(bytes) => bytes.starts_with(b"354"),
                        _ => false,
                    };
                    if goes_on && letter_follows {
                        let Some(message) = letter(&mut self.line)? else { return Ok(()) };
                        let received = Received { from: from.clone(), to: to.clone(), message };
                        self.log.lock().expect("the log").received.push(received);
                        self.act(At::Dot, "", b"250 2.0.0 queued as 4711\r\n")?
                    } else {
                        goes_on
                    }
                }
                "RSET" => self.act(At::Rset, line, b"250 2.0.0 ok\r\n")?,
                "NOOP" => self.act(At::Noop, line, b"250 2.0.0 ok\r\n")?,
                "QUIT" => {
                    self.act(At::Quit, line, b"221 2.0.0 bye\r\n")?;
                    false
                }
                _ => {
                    self.line.get_mut().write_all(b"502 5.5.2 what?\r\n")?;
                    true
                }
            };
        }
        Ok(())
    }

    fn note(&self, line: &str) {
        let mut log = self.log.lock().expect("the log");
        log.commands.push(line.to_owned());
        if self.line.get_ref().is_clear() {
            log.in_the_clear.push(line.to_owned());
        }
        // RFC 2920: it may have RCPT behind it.
        let may_go_on = self.extensions.contains(&"PIPELINING") && line.starts_with("MAIL");
        if !self.line.buffer().is_empty() && !may_go_on {
            log.unasked.push(line.to_owned());
        }
    }

    /// Whether the connection goes on.
    fn handshake(&mut self, certificates: &Certificates) -> std::io::Result<bool> {
        let nth = self.times(At::Handshake);
        let name = match (self.script)(At::Handshake, nth, "") {
            Act::Fine => "good",
            Act::Certificate(name) => name,
            _ => {
                // No part of the answer before it, on a busy machine either: that is another fault.
                thread::sleep(Duration::from_millis(400));
                return self.act(At::Handshake, "", b"");
            }
        };
        self.log.lock().expect("the log").times.insert(At::Handshake, nth + 1);
        let Line::Clear(stream) = self.line.get_ref() else { return Ok(false) };
        self.line = BufReader::new(certificates.encrypt(name, stream.try_clone()?));
        Ok(true)
    }

    fn capabilities(&self) -> Vec<u8> {
        let mut reply = String::from("250-test at your service\r\n");
        for extension in self.extensions {
            reply.push_str(&format!("250-{extension}\r\n"));
        }
        reply.push_str("250 HELP\r\n");
        reply.into_bytes()
    }

    fn times(&self, at: At) -> usize {
        self.log.lock().expect("the log").times.get(&at).copied().unwrap_or(0)
    }

    /// Whether the connection goes on.
    fn act(&mut self, at: At, line: &str, fine: &[u8]) -> std::io::Result<bool> {
        let nth = self.times(at);
        self.log.lock().expect("the log").times.insert(at, nth + 1);
        let act = (self.script)(at, nth, line);
        let line = self.line.get_mut();
        let one_by_one = |line: &mut Line, bytes: &[u8], gap: Duration| {
            bytes.iter().try_for_each(|byte| {
                thread::sleep(gap);
                line.write_all(&[*byte])
            })
        };
        match act {
            Act::Fine | Act::Certificate(_) => line.write_all(fine)?,
            Act::Say(bytes) => line.write_all(&bytes)?,
            Act::Slowly(gap) => one_by_one(line, fine, gap)?,
            Act::SayAndDrop(bytes) => {
                line.write_all(&bytes)?;
                return Ok(false);
            }
            Act::Drop => return Ok(false),
            Act::Stall => {
                std::io::copy(&mut self.line, &mut std::io::sink())?;
                return Ok(false);
            }
            Act::Deaf(bytes) => {
                line.write_all(&bytes)?;
                thread::sleep(Duration::from_secs(10));
                return Ok(false);
            }
            Act::Late(first, then) => {
                line.write_all(&first)?;
                thread::sleep(Duration::from_millis(100));
                line.write_all(&then)?;
            }
            Act::Flood(bytes) => loop {
                line.write_all(&bytes)?;
            },
            Act::Drip(bytes, gap) => loop {
                one_by_one(line, &bytes, gap)?;
            },
        }
        Ok(true)
    }
}

/// None if the client went before its end.
fn letter(reader: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.by_ref().take(1 << 20).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line == b".\r\n" {
            return Ok(Some(message));
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
