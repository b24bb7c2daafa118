//! Single values that the database keeps: each key, with the type of its value.

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use jiff::{Timestamp, civil::Date};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Error, Restored, Result, Tx};
use crate::domain::{
    calendar::Calendar,
    deadline::{Mailbox, Roster},
};

/// A name under which one value of this type is kept, as JSON.
pub struct Key<T>(&'static str, PhantomData<fn() -> T>);

/// The database's own name: it stands in every Message-ID and in every calendar entry's UID.
pub const UID: Key<String> = Key::new("uid");
/// What was last put in force, beside the deadlines.
pub const ROSTER: Key<Roster> = Key::new("roster");
pub const CALENDAR: Key<Calendar> = Key::new("calendar");
pub const ADMIN: Key<Vec<Mailbox>> = Key::new("admin");
/// The year whose missing notice the admin was last told of.
pub const MISSING_YEAR: Key<i16> = Key::new("missing_year");
/// The Monday of the last weekly letter.
pub const WEEKLY: Key<Date> = Key::new("weekly");
pub const SWEEPS_FAIL: Key<Option<Failing>> = Key::new("sweep_failing");
/// Since when the mail server refuses us; `None` once it has taken a letter.
pub const REFUSED: Key<Option<Failing>> = Key::new("refused");
/// When the admin was last told that it takes letters again.
pub const REFUSED_TOLD: Key<Timestamp> = Key::new("refused_told");
pub const STRANGERS: Key<Strangers> = Key::new("strangers");
pub const GENERATIONS: Key<Generations> = Key::new("link_generations");
/// What is noted of the links of each section, and, without a name, of the admin.
pub const LINKS: Key<BTreeMap<String, LinkNote>> = Key::new("links");
pub const MAILBOX: Key<MailboxState> = Key::new("mailbox");
pub const MAILBOX_FRONT: Key<MailboxFront> = Key::new("mailbox_front");
/// As that, of the folder of what was acted on.
pub const FILED_FRONT: Key<MailboxFront> = Key::new("filed_front");
/// In a copy: when it was made.
pub const COPIED_AT: Key<Timestamp> = Key::new("backup_at");
pub const RESTORED: Key<Restored> = Key::new("restored");
/// When this database took over from another machine's.
pub const TOOK_OVER: Key<Timestamp> = Key::new("took_over");
/// From when on the filed mail is to be read again: since a copy that was restored.
pub const READ_AGAIN: Key<Option<Timestamp>> = Key::new("read_again");
/// After a restore, ids that stand in addresses and Message-IDs begin here.
pub const IDS_FROM: Key<i64> = Key::new("ids_from");
/// The day on which old texts were last let go of.
pub const TIDIED: Key<Date> = Key::new("tidied");
/// The database's size in bytes on the first day of each month that it was looked at, the oldest first.
pub const SIZES: Key<Vec<(Date, u64)>> = Key::new("sizes");
/// How many letters that were sent are thinned: they stand in no index any more.
pub const SENT_AND_THINNED: Key<u32> = Key::new("sent_and_thinned");
/// Counted by triggers, see [`Tx::changes`].
const CHANGES: Key<i64> = Key::new("changes");

/// Since when something fails, and why: no sweep has succeeded, or the mail server refuses us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    pub since: Timestamp,
    pub why: String,
}

/// How often the links of the admin, and of each section, were revoked: those that were signed before are good no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generations {
    pub admin: u32,
    pub sections: BTreeMap<String, u32>,
}

impl Generations {
    /// What was revoked by either is revoked.
    pub fn keep(&mut self, other: &Self) {
        self.admin = self.admin.max(other.admin);
        for (name, count) in &other.sections {
            let own = self.sections.entry(name.clone()).or_default();
            *own = (*own).max(*count);
        }
    }

    /// All links are revoked: `count` is higher than any before.
    pub fn end(&mut self, roster: &Roster, count: u32) {
        let names = roster.sections.iter().map(|section| (section.name.clone(), count));
        let all = self.sections.keys().map(|name| (name.clone(), count));
        self.keep(&Self { admin: count, sections: all.chain(names).collect() });
    }

    /// A section whose mailboxes changed, or that left the roster: who read its mail may not read it any more.
    pub fn follow(&mut self, before: &Roster, after: &Roster) {
        let keys = |mailboxes: &[Mailbox]| mailboxes.iter().map(Mailbox::key).collect::<BTreeSet<_>>();
        for was in &before.sections {
            let is = after.known_as(&was.name);
            let count = self.sections.get(&was.name).copied().unwrap_or_default();
            if is.is_none_or(|is| is.name != was.name || keys(&is.email) != keys(&was.email)) {
                self.sections.insert(was.name.clone(), count + 1);
            }
            // Under its new name it keeps its links.
            if let Some(is) = is.filter(|is| is.name != was.name) {
                let changed = u32::from(keys(&is.email) != keys(&was.email));
                self.sections.insert(is.name.clone(), count + changed);
            }
        }
    }
}

/// What is noted of links that are out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkNote {
    /// Of links of another generation it says nothing.
    pub generation: u32,
    /// None that was made before counts; `None`: none was revoked.
    pub since: Option<Timestamp>,
    /// When one was last printed, and the last day on which it is valid.
    pub printed: Option<(Timestamp, Date)>,
    /// When something was last recorded through one, to the hour.
    pub used: Option<Timestamp>,
}

/// What the admin was told of people outside the roster, and is still to be told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Strangers {
    pub told_at: Option<Timestamp>,
    /// The first incoming message that is still to be told of.
    pub untold: Option<i64>,
}

/// How the last look into the mailbox went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MailboxState {
    /// When a look last succeeded.
    pub read_at: Option<Timestamp>,
    /// Since when every look has failed, and why.
    pub trouble: Option<(Timestamp, String)>,
    /// The admin was told of it.
    pub told: bool,
}

/// The UID from which a mailbox is read: messages that are not for us stay in it for good, and are not looked at each
/// time.
#[derive(Clone, Serialize, Deserialize)]
pub struct MailboxFront {
    /// Account, server and folder.
    pub mailbox: String,
    pub uid_validity: u32,
    pub from: u32,
}

impl<T> Key<T> {
    pub const fn new(name: &'static str) -> Self {
        Self(name, PhantomData)
    }
}

impl Tx<'_> {
    /// The value that was last stored; `None` if there is none, or if this version cannot read it.
    pub fn get<T: DeserializeOwned>(&self, key: Key<T>) -> Result<Option<T>> {
        Ok(self.stored(key.0)?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Stores the value. Gives whether it replaced a different one.
    pub fn put<T: Serialize>(&self, key: Key<T>, value: &T) -> Result<bool> {
        let json = serde_json::to_string(value).map_err(|e| Error::Value(e.to_string()))?;
        let before = self.stored(key.0)?;
        if before.as_ref() != Some(&json) {
            self.tx.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?.execute([key.0, &json])?;
        }
        Ok(before.is_some_and(|before| before != json))
    }

    fn stored(&self, key: &str) -> Result<Option<String>> {
        let mut found = self.tx.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(found.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Grows whenever an occurrence, a deadline, a report or a request changes: results worked out from them are valid
    /// until then.
    pub fn changes(&self) -> Result<i64> {
        Ok(self.get(CHANGES)?.unwrap_or(0))
    }
}
