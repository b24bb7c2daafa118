//! What several test programs share.

use std::{
    collections::BTreeMap,
    fs,
    future::pending,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use duban::{
    clock::{Clock, Moment},
    config,
    domain::{Date, deadline::Deadline, retry::Outcome},
    service::{
        Office,
        course::{
            load::{Changes, put_in_force},
            sweep::{Swept, sweep},
        },
        desk::{
            incoming::{Fate, act},
            link::{Key, Links},
        },
        post::{carrier::Carrier, deliver::Round},
    },
    store::{Db, LetterRow, LetterState, Store, state::CALENDAR},
};
use jiff::civil::DateTime;
use tempfile::TempDir;
use tokio::{runtime::Builder, sync::Notify};

/// A bureau in a folder of its own, with a database in memory, and a clock that the test turns.
pub struct Bureau {
    pub folder: TempDir,
    pub office: Office,
    pub deadlines: Vec<Deadline>,
    pub db: Db,
    /// How the server answers RCPT for the admin's mailbox, when it is asked; `None`: it is not asked.
    pub admin_passes: Option<bool>,
    /// Stands in while a round has the database: a new one takes as long as the round.
    spare: Option<Db>,
}

pub const SETTINGS: &str = r#"
timezone  = "Asia/Shanghai"
send_at   = "08:30"
window    = "08:30-18:00"
database  = "var/duban.db"
deadlines = "deadlines.toml"
admin     = ["admin@example.test"]
contact   = "办公室 电话 0750-0000000"
[mail]
from      = "政务公开提醒 <duban@example.test>"
transport = "folder"
folder    = "var/mail"
"#;

const MAILBOX: &str = r#"
[mailbox]
host = "imap.example.test"
username = "duban@example.test"
password_file = "password"
"#;

pub const ROSTER: &str = r#"
[[section]]
name   = "办公室"
email  = ["bgs@example.test"]
leader = ["fgld@example.test"]
[[section]]
name   = "法制科"
email  = ["fzk@example.test"]
leader = ["fgld@example.test"]
"#;

impl Bureau {
    /// With this text as its deadlines file.
    pub fn new(deadlines: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("duban.toml"), SETTINGS).unwrap();
        copy_holidays(folder.path());
        fs::write(folder.path().join("deadlines.toml"), deadlines).unwrap();
        Self::at(folder)
    }

    /// The same, with a mailbox that replies come to.
    pub fn with_mailbox(deadlines: &str) -> Self {
        let mut bureau = Self::new(deadlines);
        let path = bureau.folder.path();
        fs::write(path.join("password"), "secret\n").unwrap();
        fs::set_permissions(path.join("password"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(path.join("duban.toml"), format!("{SETTINGS}{MAILBOX}")).unwrap();
        (bureau.office, bureau.deadlines) = load(&path.join("duban.toml"));
        bureau.office.links = Links::new(vec![Key::new([7; 32])]).map(Arc::new);
        bureau
    }

    /// A message comes in.
    pub fn comes_in(&mut self, message: &str, now: &str) -> Fate {
        let now = self.at_time(now);
        act(&mut self.db, &self.office, None, message.as_bytes(), &now).unwrap()
    }

    /// The latest letter to this mailbox: its Message-ID, and its subject.
    pub fn last_letter_to(&mut self, mailbox: &str) -> LetterRow {
        let letters = self.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        letters.into_iter().filter(|l| l.mailbox == mailbox).max_by_key(|l| l.id).unwrap()
    }

    /// A server's report comes in: what it was taken for, its words, and what the letter to this mailbox is now.
    pub fn reported(&mut self, mailbox: &str, report: &[u8]) -> (String, String, LetterState) {
        let letter = self.last_letter_to(mailbox).id;
        let now = self.at_time("2026-01-27T10:00");
        act(&mut self.db, &self.office, None, report, &now).unwrap();
        let row = self.db.read(|tx| tx.incoming_list(false, 1)).unwrap().pop().expect("it is known");
        assert_eq!(row.letter, Some(letter), "{}", row.detail);
        let letter = self.db.read(|tx| tx.letter(letter)).unwrap().unwrap();
        (row.outcome, row.detail, letter.state)
    }

    fn at(folder: TempDir) -> Self {
        let (office, deadlines) = load(&folder.path().join("duban.toml"));
        Self { folder, office, deadlines, db: Db::in_memory().unwrap(), admin_passes: None, spare: None }
    }

    /// As shipped.
    pub fn shipped() -> Self {
        let (office, deadlines) = load(&root().join("config/duban.toml"));
        Self {
            folder: TempDir::new().unwrap(),
            office,
            deadlines,
            db: Db::in_memory().unwrap(),
            admin_passes: None,
            spare: None,
        }
    }

    /// Writes the deadlines file anew and puts it in force.
    pub fn edit(&mut self, deadlines: &str, now: &str) -> Changes {
        fs::write(self.folder.path().join("deadlines.toml"), deadlines).unwrap();
        (self.office, self.deadlines) = load(&self.folder.path().join("duban.toml"));
        self.load(now)
    }

    pub fn load(&mut self, now: &str) -> Changes {
        let now = self.at_time(now);
        // As a start does.
        if let Some(before) = self.db.read(|tx| tx.get(CALENDAR)).unwrap() {
            self.office.calendar.keep_years_of(&before);
        }
        put_in_force(&mut self.db, &self.office, &self.deadlines, &now).unwrap()
    }

    pub fn sweep(&mut self, now: &str) -> Swept {
        let now = self.at_time(now);
        sweep(&mut self.db, &self.office, &now).unwrap()
    }

    /// Sends all that may go at this time; the server takes everything. Gives who was reminded, with
    /// the subject; not what the admin is told.
    pub fn send(&mut self, now: &str) -> Vec<(String, String)> {
        self.send_as(now, |_| Outcome::Accepted { reply: "250 ok".into() })
    }

    /// The same, with a server that decides by the letter.
    pub fn send_as(
        &mut self,
        now: &str,
        mut server: impl FnMut(&LetterRow) -> Outcome + Send,
    ) -> Vec<(String, String)> {
        let mut taken = Vec::new();
        self.round(now, |letter, _| {
            let outcome = server(letter);
            if matches!(outcome, Outcome::Accepted { .. }) && letter.notice.is_none() {
                taken.push((letter.mailbox.clone(), letter.id));
            }
            Some(outcome)
        });
        taken.into_iter().map(|(mailbox, id)| (mailbox, subject(&mut self.db, id))).collect()
    }

    /// A round of sending as the service does it, over one connection to this server. One that gives no outcome kills
    /// the process with the letter under way. Gives whether it lives.
    pub fn round(&mut self, now: &str, server: impl FnMut(&LetterRow, &[u8]) -> Option<Outcome> + Send) -> bool {
        self.try_round(now, server).unwrap()
    }

    /// # Errors
    /// The store refuses, as when another file has taken the database's place.
    pub fn try_round(
        &mut self,
        now: &str,
        server: impl FnMut(&LetterRow, &[u8]) -> Option<Outcome> + Send,
    ) -> Result<bool, duban::service::Error> {
        // As in the service: nothing is begun for nothing.
        if !self.db.read(|tx| tx.is_owed())? {
            return Ok(true);
        }
        let clock = Clock::Fixed(now.parse::<DateTime>().unwrap());
        let office = Arc::new(self.office.clone());
        let spare = self.spare.take().unwrap_or_else(|| Db::in_memory().unwrap());
        let db = std::mem::replace(&mut self.db, spare);
        let store = Store::new(db).unwrap();
        let (killed, admin_passes) = (Notify::new(), self.admin_passes);
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (lives, db) = runtime.block_on(async {
            let work = async {
                let round = Round::begin(&store, &office, clock, &Arc::default()).await?;
                tokio::select! {
                    ended = round.clone().run(Server { server, admin_passes, killed: &killed }) => {
                        round.end(&mut ended?).await?;
                        Ok(true)
                    }
                    () = killed.notified() => Ok(false),
                }
            };
            let lives = work.await;
            (lives, store.close(Ok::<_, duban::service::Error>).await.unwrap())
        });
        self.spare = Some(std::mem::replace(&mut self.db, db));
        lives
    }

    /// Sweeps and sends.
    pub fn tick(&mut self, now: &str) -> Vec<(String, String)> {
        self.sweep(now);
        self.send(now)
    }

    /// The latest letter to this mailbox, its plain text.
    pub fn text_of_the_letter_to(&mut self, mailbox: &str) -> String {
        let letters = self.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        let id = letters.iter().filter(|l| l.mailbox == mailbox).map(|l| l.id).max().unwrap();
        let bytes = self.db.read(|tx| tx.handed_over(id)).unwrap().unwrap();
        decoded(&bytes)
    }

    pub fn at_time(&self, now: &str) -> Moment {
        let local: DateTime = now.parse().unwrap();
        let at = local.to_zoned(self.office.settings.timezone.clone()).unwrap().timestamp();
        Moment::new(at, &self.office.settings.timezone)
    }
}

/// A server that answers at once, or never.
struct Server<'a, F> {
    server: F,
    admin_passes: Option<bool>,
    killed: &'a Notify,
}

impl<F: FnMut(&LetterRow, &[u8]) -> Option<Outcome> + Send> Carrier for Server<'_, F> {
    async fn send(&mut self, _from: &str, letter: &LetterRow, message: &[u8]) -> Outcome {
        match (self.server)(letter, message) {
            Some(outcome) => outcome,
            None => {
                self.killed.notify_one();
                pending().await
            }
        }
    }

    async fn takes(&mut self, _from: &str, _mailbox: &str) -> Option<bool> {
        self.admin_passes
    }

    async fn finish(self) {}
}

/// The first base64 part of a letter.
pub fn decoded(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let part = text.split("Content-Transfer-Encoding: base64\r\n\r\n").nth(1).unwrap_or_default();
    let body: String = part.lines().take_while(|line| !line.starts_with("--")).collect();
    let mut bits: u32 = 0;
    let mut bytes = Vec::new();
    for (i, c) in body.bytes().filter(|c| *c != b'=').enumerate() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        if i % 4 > 0 {
            bytes.push((bits >> (6 - 2 * (i % 4))) as u8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn subject(db: &mut Db, letter: i64) -> String {
    db.read(|tx| tx.letter(letter)).unwrap().and_then(|l| l.subject).unwrap_or_default()
}

pub fn load(config: &Path) -> (Office, Vec<Deadline>) {
    match config::load(config, &BTreeMap::new()) {
        Ok(loaded) => Office::new(loaded),
        Err(findings) => panic!("{findings}"),
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn copy_holidays(folder: &Path) {
    fs::create_dir_all(folder.join("holidays")).unwrap();
    for entry in fs::read_dir(root().join("config/holidays")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join("holidays").join(path.file_name().unwrap())).unwrap();
    }
}

pub fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= to)
}
