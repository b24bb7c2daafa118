//! An SMTP server that does what a test tells it at any point. Plain threads: it serves async tests and whole
//! processes alike.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Connect,
    Ehlo,
    StartTls,
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
    /// A line without an end.
    Endless,
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let log = Arc::new(Mutex::new(Log::default()));
        let script: Arc<Script> = Arc::new(script);
        let log_ = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let talk = Talk { stream, extensions, script: Arc::clone(&script), log: Arc::clone(&log_) };
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

struct Talk {
    stream: TcpStream,
    extensions: &'static [&'static str],
    script: Arc<Script>,
    log: Arc<Mutex<Log>>,
}

impl Talk {
    fn run(mut self) -> std::io::Result<()> {
        self.log.lock().expect("the log").connections += 1;
        let mut reader = BufReader::new(self.stream.try_clone()?);
        let (mut from, mut to) = (String::new(), String::new());
        let mut alive = self.act(At::Connect, "", b"220 test ESMTP\r\n")?;
        let mut line = String::new();
        while alive {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            self.log.lock().expect("the log").commands.push(line.to_owned());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            alive = match verb.as_str() {
                "EHLO" => {
                    let capabilities = self.capabilities();
                    self.act(At::Ehlo, line, &capabilities)?
                }
                "STARTTLS" => self.act(At::StartTls, line, b"220 go ahead\r\n")?,
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
                        Act::Fine => true,
                        Act::Say(bytes) => bytes.starts_with(b"354"),
                        _ => false,
                    };
                    if goes_on && letter_follows {
                        let Some(message) = letter(&mut reader)? else { return Ok(()) };
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
                    self.stream.write_all(b"502 5.5.2 what?\r\n")?;
                    true
                }
            };
        }
        Ok(())
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
        match (self.script)(at, nth, line) {
            Act::Fine => self.stream.write_all(fine)?,
            Act::Say(bytes) => self.stream.write_all(&bytes)?,
            Act::SayAndDrop(bytes) => {
                self.stream.write_all(&bytes)?;
                return Ok(false);
            }
            Act::Drop => return Ok(false),
            Act::Stall => {
                std::io::copy(&mut self.stream, &mut std::io::sink())?;
                return Ok(false);
            }
            Act::Endless => loop {
                self.stream.write_all(&[b'a'; 4096])?;
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
