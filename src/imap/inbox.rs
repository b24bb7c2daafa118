//! The folder for replies: lists, reads and files its letters.

use std::time::Duration;

use imap_proto::{AttributeValue, MailboxDatum, Response};
use jiff::{SignedDuration, Timestamp};

use super::{
    Limits,
    error::{ImapError, passes},
    folders::{self, FILED, Selected},
    login::{Offers, log_in},
    names::{quoted, set},
    session::Session,
};
use crate::net::ImapSettings;

/// How much of a letter is read.
pub const LARGEST_BYTES: u32 = 1024 * 1024;
/// Of a larger letter, this much of its end is fetched too.
pub const END_BYTES: u32 = 256 * 1024;
/// How many letters are listed at once.
const LISTED: usize = 5000;
/// How many UIDs one command names: the line and the answer stay within the servers' limits and ours.
const AT_ONCE: usize = 200;
/// How many letters one SEARCH covers.
const PIECE: u32 = 5000;
/// How many letters of a folder are searched: a server that claims more is not believed.
const COUNTED: u32 = 1_000_000;

/// A mailbox that is connected and logged in, with all its folders there and the one for replies open.
///
/// After a connection error every call fails: open a new one.
#[derive(Debug)]
pub struct Inbox {
    session: Session,
    offers: Offers,
    settings: ImapSettings,
    limits: Limits,
    /// The folders' names on the server.
    folder: String,
    done: String,
    manual: String,
    selected: Selected,
}

/// A letter in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    pub uid: u32,
    pub size: u32,
}

/// Where a letter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It was acted on.
    Done,
    /// A person must look at it.
    Manual,
}

impl Inbox {
    /// Connects, logs in, creates missing folders and opens the one for replies.
    pub async fn open(settings: &ImapSettings, limits: Limits) -> Result<Self, ImapError> {
        let (mut session, offers) = log_in(&settings.server, &limits).await?;
        let limit = limits.command;
        let folder = folders::written(&mut session, &settings.folder, limit).await?;
        let done = folders::ensure(&mut session, &settings.done_folder, limit).await?;
        let manual = folders::ensure(&mut session, &settings.manual_folder, limit).await?;
        let settings = settings.clone();
        let selected = Selected::default();
        let mut inbox = Self { session, offers, settings, limits, folder, done, manual, selected };
        inbox.select().await?;
        Ok(inbox)
    }

    /// UIDVALIDITY: while it is the same, UIDs name the same letters.
    pub fn uid_validity(&self) -> u32 {
        self.selected.validity
    }

    /// The UID that the next letter gets, if the server says so.
    pub fn uid_next(&self) -> Option<u32> {
        self.selected.next
    }

    /// Whether the server has begun to number anew below this UID, and kept its UIDVALIDITY, which it should not.
    pub async fn numbers_anew(&mut self, below: u32) -> Result<bool, ImapError> {
        let Some(next) = self.selected.next.filter(|next| *next < below) else { return Ok(false) };
        // There are servers whose UIDNEXT means nothing.
        Ok(self.list(1).await?.iter().all(|letter| letter.uid < next))
    }

    /// The letters from this UID on that were not dealt with, by ascending UID, at most 5000.
    pub async fn list(&mut self, from: u32) -> Result<Vec<Listed>, ImapError> {
        // Gets the current count; letters that come after it set `fresh` again.
        self.session.command("NOOP", self.limits.command, |_| {}).await?;
        self.session.fresh = false;
        let what = match (self.moves(), self.selected.keywords) {
            // Without keywords our marks look like a person's: letters dealt with are known by their UID.
            (true, _) | (false, false) => format!("UID {from}:*"),
            (false, true) => format!("UID {from}:* UNKEYWORD {FILED}"),
        };
        let mut uids = self.search(&what, usize::MAX).await?;
        // `n:*` includes the last letter, even if its UID is below `n`.
        uids.retain(|uid| *uid >= from);
        uids.truncate(LISTED);
        self.listed(&uids).await
    }

    /// The letters that came since the day before, by ascending UID; none that was dealt with and could not be moved.
    pub async fn list_since(&mut self, since: Timestamp) -> Result<Vec<Listed>, ImapError> {
        self.session.command("NOOP", self.limits.command, |_| {}).await?;
        // A server counts days by its own clock.
        let day = since.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(since);
        let uids = self.search(&format!("UID 1:* SINCE {}", day.strftime("%-d-%b-%Y")), usize::MAX).await?;
        self.listed(&uids).await
    }

    async fn listed(&mut self, uids: &[u32]) -> Result<Vec<Listed>, ImapError> {
        let mut found = Vec::new();
        for uids in uids.chunks(AT_ONCE) {
            let mut rows = Vec::new();
            self.rows(&set(uids), "UID FLAGS RFC822.SIZE", |row| {
                if !(row.has("\\Deleted") || row.has(FILED))
                    && let Some(size) = row.size
                {
                    rows.push(Listed { uid: row.uid, size });
                }
            })
            .await?;
            found.extend(rows.into_iter().filter(|row| uids.contains(&row.uid)));
        }
        found.sort_by_key(|row: &Listed| row.uid);
        found.dedup_by_key(|row| row.uid);
        Ok(found)
    }

    /// The first [`LARGEST_BYTES`] of a letter, without marking it as read; None if it is gone.
    pub async fn fetch(&mut self, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        self.fetch_part(uid, 0, LARGEST_BYTES).await
    }

    /// The beginning of a letter of this size, and its end: the words may stand behind a large attachment.
    pub async fn fetch_both_ends(&mut self, uid: u32, size: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let Some(mut bytes) = self.fetch(uid).await? else { return Ok(None) };
        if size > LARGEST_BYTES && bytes.len() >= LARGEST_BYTES as usize {
            let from = LARGEST_BYTES.max(size.saturating_sub(END_BYTES));
            let end = self.fetch_part(uid, from, END_BYTES).await?.unwrap_or_default();
            // What is left out ends within a line.
            let whole =
                if from == LARGEST_BYTES { 0 } else { end.iter().position(|b| *b == b'\n').unwrap_or(end.len()) };
            bytes.extend_from_slice(&end[whole..]);
        }
        Ok(Some(bytes))
    }

    async fn fetch_part(&mut self, uid: u32, from: u32, length: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let mut found = None;
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{length}>)");
        let answer = self
            .session
            .command(&command, self.limits.fetch, |response| {
                if let Some(row) = Row::read(response).filter(|row| row.uid == uid)
                    && let Some(body) = row.body
                {
                    found = Some(body.to_vec());
                }
            })
            .await?;
        // The letter is there but was not sent: an error has it fetched again, and it never counts as gone.
        if found.is_none() && self.flags(uid).await?.is_some() {
            return Err(self.session.line(&format!("取不到第 {uid} 号信：{}", answer.words)));
        }
        Ok(found)
    }

    /// Marks a letter as read (Done) or flagged (Manual) and moves it to its folder. Deletes nothing, and does nothing
    /// if the letter is gone.
    pub async fn file(&mut self, uid: u32, to: Filed) -> Result<(), ImapError> {
        let (folder, mark) = match to {
            Filed::Done => (self.done.clone(), "\\Seen"),
            Filed::Manual => (self.manual.clone(), "\\Flagged"),
        };
        let limit = self.limits.command;
        // The letter was filed before a restart, or moved by a person.
        if self.flags(uid).await?.is_none_or(|filed| filed) {
            return Ok(());
        }
        self.mark(uid, mark).await?;
        let verb = if self.moves() { "MOVE" } else { "COPY" };
        let command = format!("UID {verb} {uid} {}", quoted(&folder));
        let mut answer = self.session.command(&command, limit, |_| {}).await?;
        // Somebody has removed or renamed the folder since; not every server says so by a code.
        if !answer.is_ok() && self.session.command(&format!("CREATE {}", quoted(&folder)), limit, |_| {}).await?.is_ok()
        {
            answer = self.session.command(&command, limit, |_| {}).await?;
        }
        if !answer.is_ok() {
            if self.flags(uid).await?.is_none() {
                return Ok(());
            }
            let words = format!("第 {uid} 号信移不到文件夹：{}", answer.words);
            return Err(self.refused(&words));
        }
        if !self.moves() {
            // The original stays; the mark keeps it from being listed again.
            let mark = if self.selected.keywords { FILED } else { "\\Answered" };
            self.mark(uid, &format!("\\Seen {mark}")).await?;
        }
        Ok(())
    }

    /// Returns when new letters may have come, or after `longest`; the folder is opened anew then. An error if its
    /// letters were numbered anew, or if it is gone.
    pub async fn wait(self, longest: Duration) -> Result<Self, ImapError> {
        let mut inbox = self.wait_for_news(longest).await?;
        // Somebody may have renamed the folder: mail comes to another of its name then, of which nobody tells us.
        if !inbox.session.fresh {
            inbox.select().await?;
        }
        Ok(inbox)
    }

    async fn wait_for_news(mut self, longest: Duration) -> Result<Self, ImapError> {
        let limits = self.limits;
        let begun = tokio::time::Instant::now();
        while self.offers.has("IDLE") && !self.session.fresh {
            let left = longest.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(self);
            }
            if self.session.idle(left.min(limits.idle), limits.command).await?.is_none() {
                // The server offers IDLE but refuses or ends it: it is not asked again.
                self.offers.drop("IDLE");
            }
        }
        if !self.session.fresh {
            tokio::time::sleep(self.settings.poll.min(longest.saturating_sub(begun.elapsed()))).await;
            self.session.command("NOOP", limits.command, |_| {}).await?;
        }
        Ok(self)
    }

    /// Logs out; nothing depends on the answer.
    pub async fn close(mut self) {
        let _ = self.session.command("LOGOUT", self.limits.courtesy, |_| {}).await;
    }

    fn moves(&self) -> bool {
        self.offers.has("MOVE")
    }

    async fn select(&mut self) -> Result<(), ImapError> {
        let before = self.selected;
        let limit = self.limits.command;
        let now = folders::open(&mut self.session, "SELECT", &self.folder, &self.settings.folder, limit).await?;
        if now.read_only {
            return Err(self.session.settings(&format!("文件夹“{}”只能看，不能移动信件", self.settings.folder)));
        }
        if before.validity != 0 && before.validity != now.validity {
            // The UIDs that were listed before name other letters now.
            return Err(self.session.line("信箱重建过，信件重新编了号"));
        }
        self.session.fresh |= now.exists > before.exists || now.next != before.next;
        self.selected = now;
        Ok(())
    }

    /// The first `most` UIDs found, ascending. Searched in pieces: a mailbox may hold a hundred thousand letters, and
    /// the answer is one line.
    async fn search(&mut self, what: &str, most: usize) -> Result<Vec<u32>, ImapError> {
        let (mut uids, mut from) = (Vec::new(), 1);
        while from <= self.session.exists().min(COUNTED) && uids.len() < most {
            let to = self.session.exists().min(from.saturating_add(PIECE - 1));
            let command = format!("UID SEARCH {from}:{to} {what}");
            let answer = self
                .session
                .command(&command, self.limits.command, |response| {
                    if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                        uids.extend_from_slice(found);
                    }
                })
                .await?;
            if !answer.is_ok() {
                return Err(self.refused(&format!("服务器不列出信件：{}", answer.words)));
            }
            from = to.saturating_add(1);
        }
        uids.sort_unstable();
        uids.dedup();
        uids.truncate(most);
        Ok(uids)
    }

    async fn rows(&mut self, set: &str, items: &str, mut each: impl FnMut(Row<'_>)) -> Result<(), ImapError> {
        let command = format!("UID FETCH {set} ({items})");
        let answer = self
            .session
            .command(&command, self.limits.command, |response| {
                if let Some(row) = Row::read(response) {
                    each(row);
                }
            })
            .await?;
        if answer.is_ok() { Ok(()) } else { Err(self.refused(&format!("服务器不列出信件：{}", answer.words))) }
    }

    /// Whether the letter was filed and stays only because it could not be moved; None if it is not there.
    async fn flags(&mut self, uid: u32) -> Result<Option<bool>, ImapError> {
        let (keywords, moves) = (self.selected.keywords, self.moves());
        let mut found = None;
        self.rows(&uid.to_string(), "UID FLAGS", |row| {
            if row.uid == uid {
                found = Some(row.is_filed(keywords, moves));
            }
        })
        .await?;
        Ok(found)
    }

    async fn mark(&mut self, uid: u32, flags: &str) -> Result<(), ImapError> {
        let command = format!("UID STORE {uid} +FLAGS.SILENT ({flags})");
        let answer = self.session.command(&command, self.limits.command, |_| {}).await?;
        if answer.is_ok() {
            return Ok(());
        }
        Err(self.refused(&format!("第 {uid} 号信加不上标记：{}", answer.words)))
    }

    fn refused(&self, words: &str) -> ImapError {
        if passes(words) { self.session.line(words) } else { self.session.settings(words) }
    }
}

/// What a FETCH response says of a letter.
struct Row<'a> {
    uid: u32,
    size: Option<u32>,
    flags: Vec<&'a str>,
    body: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    fn read(response: &'a Response<'_>) -> Option<Self> {
        let Response::Fetch(_, attributes) = response else { return None };
        let (mut uid, mut row) = (None, Row { uid: 0, size: None, flags: Vec::new(), body: None });
        for attribute in attributes {
            match attribute {
                AttributeValue::Uid(value) => uid = Some(*value),
                AttributeValue::Rfc822Size(size) => row.size = Some(*size),
                AttributeValue::Flags(flags) => row.flags = flags.iter().map(AsRef::as_ref).collect(),
                AttributeValue::BodySection { data, .. } => row.body = Some(data.as_deref().unwrap_or_default()),
                _ => {}
            }
        }
        // A response without a UID only tells that something changed.
        uid.map(|uid| Row { uid, ..row })
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f.eq_ignore_ascii_case(flag))
    }

    /// Whether it was dealt with, and stays only because it could not be moved.
    fn is_filed(&self, keywords: bool, moves: bool) -> bool {
        self.has(FILED) || (!keywords && !moves && self.has("\\Seen") && self.has("\\Answered"))
    }
}
