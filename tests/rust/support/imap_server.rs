//! An IMAP server with a small mailbox that does what a test tells it at any point. Plain threads.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Greeting,
    Capability,
    StartTls,
    Login,
    Authenticate,
    Id,
    List,
    Create,
    Subscribe,
    Select,
    Examine,
    Search,
    Fetch,
    Store,
    Move,
    Copy,
    Noop,
    Idle,
    Logout,
}

/// In what is said `{tag}` stands for the command's tag.
#[derive(Clone, Debug)]
pub enum Act {
    /// What a healthy server would.
    Fine,
    /// These bytes first, then what a healthy server would.
    Before(Vec<u8>),
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
pub struct Letter {
    pub uid: u32,
    pub flags: String,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    commands: Vec<String>,
    times: HashMap<At, usize>,
    /// By name as written, in order of their making.
    folders: Vec<(String, Vec<Letter>)>,
    next: u32,
    validity: u32,
    keywords: bool,
    sent: usize,
    /// A byte at a time.
    dribbles: bool,
}

/// Stops listening when the test ends, with its process.
#[derive(Clone)]
pub struct Server {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

type Script = dyn Fn(At, usize, &str) -> Act + Send + Sync;

impl Server {
    /// Offers IDLE, MOVE and ID, and keeps keywords.
    pub fn start(script: impl Fn(At, usize, &str) -> Act + Send + Sync + 'static) -> Self {
        Self::offering("IDLE MOVE ID", true, script)
    }

    pub fn offering(
        offers: &'static str,
        keywords: bool,
        script: impl Fn(At, usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let folders = vec![("INBOX".to_owned(), Vec::new())];
        let state = Arc::new(Mutex::new(State { folders, next: 1, validity: 7, keywords, ..State::default() }));
        let script: Arc<Script> = Arc::new(script);
        let state_ = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, state) = (Arc::clone(&script), Arc::clone(&state_));
                let talk = Talk { stream, offers, script, state, folder: 0, tag: String::new() };
                // A line that breaks is what the tests are about.
                thread::spawn(move || talk.run().unwrap_or(()));
            }
        });
        Self { port, state }
    }

    pub fn put(&self, folder: usize, body: &str) -> u32 {
        let mut state = self.state();
        let uid = state.next;
        state.next += 1;
        state.folders[folder].1.push(Letter { uid, flags: String::new(), body: body.into() });
        uid
    }

    /// Marks the first `count` letters of the inbox.
    pub fn flag(&self, count: usize, flags: &str) {
        self.state().folders[0].1.iter_mut().take(count).for_each(|letter| letter.flags.push_str(flags));
    }

    /// Numbers the inbox anew from 1; marks are lost.
    pub fn rebuild(&self, validity: u32) {
        let state = &mut *self.state();
        (state.validity, state.next) = (validity, 1);
        for letter in &mut state.folders[0].1 {
            (letter.uid, letter.flags) = (state.next, String::new());
            state.next += 1;
        }
    }

    pub fn rename(&self, from: &str, to: &str) {
        self.state().folders.iter_mut().filter(|(name, _)| name == from).for_each(|(name, _)| to.clone_into(name));
    }

    pub fn make(&self, name: &str) -> usize {
        let folders = &mut self.state().folders;
        folders.push((name.to_owned(), Vec::new()));
        folders.len() - 1
    }

    /// A person moves all letters of a folder to the inbox.
    pub fn put_back(&self, from: &str) {
        let state = &mut *self.state();
        let from = state.folders.iter().position(|(name, _)| name == from).expect("the folder");
        for mut letter in std::mem::take(&mut state.folders[from].1) {
            letter.uid = state.next;
            state.next += 1;
            state.folders[0].1.push(letter);
        }
    }

    pub fn empty(&self, folder: &str) {
        self.state().folders.iter_mut().filter(|(name, _)| name == folder).for_each(|(_, letters)| letters.clear());
    }

    pub fn dribble(&self) {
        self.state().dribbles = true;
    }

    pub fn commands(&self) -> Vec<String> {
        self.state().commands.clone()
    }

    pub fn names(&self) -> Vec<String> {
        self.state().folders.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn letters(&self, folder: &str) -> Vec<Letter> {
        let state = self.state();
        state.folders.iter().find(|(name, _)| name == folder).map(|(_, letters)| letters.clone()).unwrap_or_default()
    }

    /// How many bytes were sent, over all connections.
    pub fn sent(&self) -> usize {
        self.state().sent
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state")
    }
}

struct Talk {
    stream: TcpStream,
    offers: &'static str,
    script: Arc<Script>,
    state: Arc<Mutex<State>>,
    folder: usize,
    tag: String,
}

impl Talk {
    fn run(mut self) -> std::io::Result<()> {
        let mut reader = BufReader::new(self.stream.try_clone()?);
        let mut alive = self.act(At::Greeting, "", b"* OK IMAP4rev1 ready\r\n")?;
        let mut line = String::new();
        while alive {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let said = line.trim_end().to_owned();
            self.state.lock().expect("the state").commands.push(said.clone());
            if said == "DONE" {
                self.send(b"{tag} OK done\r\n")?;
                continue;
            }
            let Some((tag, command)) = said.split_once(' ') else { continue };
            self.tag = tag.to_owned();
            let (at, mut fine) = self.answer(command);
            if !fine.starts_with(b"{tag} ") {
                fine.extend_from_slice(b"{tag} OK done\r\n");
            }
            alive = match at {
                None => {
                    self.send(b"{tag} BAD what?\r\n")?;
                    true
                }
                Some(At::Idle) => self.act(At::Idle, command, b"+ idling\r\n")?,
                Some(At::Authenticate) => {
                    let goes_on = self.act(At::Authenticate, command, b"+ \r\n")?;
                    line.clear();
                    goes_on && reader.read_line(&mut line)? > 0 && {
                        self.state.lock().expect("the state").commands.push(line.trim_end().to_owned());
                        self.send(b"{tag} OK done\r\n")?;
                        true
                    }
                }
                Some(at) => self.act(at, command, &fine)? && at != At::Logout,
            };
        }
        Ok(())
    }

    /// What a healthy server would say before its OK; it does it, too.
    fn answer(&mut self, command: &str) -> (Option<At>, Vec<u8>) {
        let words: Vec<&str> = command.split(' ').collect();
        let name = || command.rsplit_once(' ').map_or("", |(_, name)| name).trim_matches('"').to_owned();
        let uids = |set: &str| -> Vec<u32> {
            let range = |part: &str| {
                let (from, to) = part.split_once(':').unwrap_or((part, part));
                from.parse::<u32>().unwrap()..=to.parse::<u32>().unwrap()
            };
            set.split(',').flat_map(range).collect()
        };
        let state = &mut *self.state.lock().expect("the state");
        // The scripted faults are about what is said: a fault at MOVE must leave the letter.
        let nth = |at: At, state: &State| state.times.get(&at).copied().unwrap_or(0);
        let mut said = Vec::new();
        let at = match (words[0], words.get(1).copied().unwrap_or_default()) {
            ("CAPABILITY", _) => {
                said = format!("* CAPABILITY IMAP4rev1 {}\r\n", self.offers).into_bytes();
                At::Capability
            }
            ("STARTTLS", _) => At::StartTls,
            ("LOGIN", _) => At::Login,
            ("AUTHENTICATE", _) => At::Authenticate,
            ("ID", _) => {
                said = b"* ID (\"name\" \"test\")\r\n".to_vec();
                At::Id
            }
            ("LIST", _) => {
                if state.folders.iter().any(|(folder, _)| *folder == name()) {
                    said = format!("* LIST () \".\" \"{}\"\r\n", name()).into_bytes();
                }
                At::List
            }
            ("CREATE", _) => {
                if state.folders.iter().any(|(folder, _)| *folder == name()) {
                    said = b"{tag} NO [ALREADYEXISTS] it is there\r\n".to_vec();
                } else if matches!(
                    (self.script)(At::Create, nth(At::Create, state), command),
                    Act::Fine | Act::Before(_)
                ) {
                    state.folders.push((name(), Vec::new()));
                }
                At::Create
            }
            ("SUBSCRIBE", _) => At::Subscribe,
            (verb @ ("SELECT" | "EXAMINE"), _) => {
                let at = if verb == "SELECT" { At::Select } else { At::Examine };
                let Some(folder) = state.folders.iter().position(|(folder, _)| *folder == name()) else {
                    return (Some(at), b"{tag} NO there is no such folder\r\n".to_vec());
                };
                self.folder = folder;
                let own = if state.keywords { " \\*" } else { "" };
                said = format!(
                    "* FLAGS (\\Seen)\r\n* {} EXISTS\r\n* OK [UIDVALIDITY {}] ok\r\n* OK [UIDNEXT {}] ok\r\n* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Answered{own})] ok\r\n",
                    state.folders[self.folder].1.len(),
                    state.validity,
                    state.next
                )
                .into_bytes();
                at
            }
            ("UID", "SEARCH") => {
                let pieces = uids(words[2]);
                let letters = state.folders[self.folder].1.iter().enumerate();
                let letters = letters.filter(|(n, _)| pieces.contains(&(*n as u32 + 1))).map(|(_, letter)| letter);
                let from: u32 = words[4].trim_end_matches(":*").parse().unwrap();
                let last = state.folders[self.folder].1.last().map(|letter| letter.uid);
                let found = letters.filter(|letter| letter.uid >= from || Some(letter.uid) == last);
                let found = found.filter(|letter| words.get(6).is_none_or(|keyword| !letter.flags.contains(keyword)));
                let found: Vec<String> = found.map(|letter| format!(" {}", letter.uid)).collect();
                said = format!("* SEARCH{}\r\n", found.concat()).into_bytes();
                At::Search
            }
            ("UID", "FETCH") => {
                let wanted = uids(words[2]);
                for (n, letter) in state.folders[self.folder].1.iter().enumerate() {
                    if wanted.contains(&letter.uid) {
                        let (uid, flags, size) = (letter.uid, letter.flags.trim(), letter.body.len());
                        said.extend(format!("* {} FETCH (UID {uid} FLAGS ({flags}) RFC822.SIZE {size}", n + 1).bytes());
                        let part = command.split_once("BODY.PEEK[]<").and_then(|(_, part)| part.split_once('>'));
                        if let Some((from, length)) = part.and_then(|(part, _)| part.split_once('.')) {
                            let (from, length): (usize, usize) = (from.parse().unwrap(), length.parse().unwrap());
                            let part = &letter.body[from.min(size)..(from + length).min(size)];
                            said.extend(format!(" BODY[]<{from}> {{{}}}\r\n", part.len()).bytes());
                            said.extend_from_slice(part);
                        }
                        said.extend_from_slice(b")\r\n");
                    }
                }
                At::Fetch
            }
            ("UID", "STORE") => {
                let (_, flags) = command.split_once('(').unwrap();
                for letter in state.folders[self.folder].1.iter_mut().filter(|l| uids(words[2]).contains(&l.uid)) {
                    letter.flags.push_str(&format!(" {}", flags.trim_end_matches(')')));
                }
                At::Store
            }
            ("UID", verb @ ("MOVE" | "COPY")) => {
                let at = if verb == "MOVE" { At::Move } else { At::Copy };
                let to = state.folders.iter().position(|(folder, _)| *folder == name());
                let from = state.folders[self.folder].1.iter().position(|l| uids(words[2]).contains(&l.uid));
                if to.is_none() {
                    // The code that says so is only recommended (RFC 3501, 6.4.7).
                    said = b"{tag} NO there is no such folder\r\n".to_vec();
                }
                let does = matches!((self.script)(at, nth(at, state), command), Act::Fine | Act::Before(_));
                if let (Some(to), Some(from), true) = (to, from, does) {
                    let mut letter = state.folders[self.folder].1[from].clone();
                    if verb == "MOVE" {
                        state.folders[self.folder].1.remove(from);
                        said = format!("* {} EXPUNGE\r\n", from + 1).into_bytes();
                    }
                    letter.uid = state.next;
                    state.next += 1;
                    state.folders[to].1.push(letter);
                }
                at
            }
            ("NOOP", _) => {
                said = format!("* {} EXISTS\r\n", state.folders[self.folder].1.len()).into_bytes();
                At::Noop
            }
            ("IDLE", _) => At::Idle,
            ("LOGOUT", _) => {
                said = b"* BYE bye\r\n".to_vec();
                At::Logout
            }
            _ => return (None, said),
        };
        (Some(at), said)
    }

    fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let mut filled = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.windows(5).position(|w| w == b"{tag}") {
            filled.extend_from_slice(&rest[..at]);
            filled.extend_from_slice(self.tag.as_bytes());
            rest = &rest[at + 5..];
        }
        filled.extend_from_slice(rest);
        let dribbles = {
            let mut state = self.state.lock().expect("the state");
            state.sent += filled.len();
            state.dribbles
        };
        if !dribbles {
            return self.stream.write_all(&filled);
        }
        self.stream.set_nodelay(true)?;
        for byte in filled {
            self.stream.write_all(&[byte])?;
            thread::yield_now();
        }
        Ok(())
    }

    /// Whether the connection goes on.
    fn act(&mut self, at: At, line: &str, fine: &[u8]) -> std::io::Result<bool> {
        let nth = {
            let mut state = self.state.lock().expect("the state");
            let times = state.times.entry(at).or_default();
            *times += 1;
            *times - 1
        };
        match (self.script)(at, nth, line) {
            Act::Fine => self.send(fine)?,
            Act::Before(bytes) => {
                self.send(&bytes)?;
                self.send(fine)?;
            }
            Act::Say(bytes) => self.send(&bytes)?,
            Act::SayAndDrop(bytes) => {
                self.send(&bytes)?;
                return Ok(false);
            }
            Act::Drop => return Ok(false),
            Act::Stall => {
                std::io::copy(&mut self.stream, &mut std::io::sink())?;
                return Ok(false);
            }
            Act::Endless => loop {
                self.send(&[b'a'; 4096])?;
            },
        }
        Ok(true)
    }
}
