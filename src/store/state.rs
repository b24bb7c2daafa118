//! What the database keeps one of: each key, with the type of its value.

use std::marker::PhantomData;

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
pub const MAILBOX: Key<MailboxState> = Key::new("mailbox");
pub const MAILBOX_FRONT: Key<MailboxFront> = Key::new("mailbox_front");
/// In a copy: when it was made.
pub const COPIED_AT: Key<Timestamp> = Key::new("backup_at");
pub const RESTORED: Key<Restored> = Key::new("restored");
/// After a restore, ids that stand in addresses and Message-IDs begin here.
pub const IDS_FROM: Key<i64> = Key::new("ids_from");
/// Counted by triggers, see [`Tx::changes`].
const CHANGES: Key<i64> = Key::new("changes");

/// Since when no sweep has succeeded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    pub since: Timestamp,
    pub why: String,
}

/// How the last look into the mailbox went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MailboxState {
    /// The last that went well.
    pub read_at: Option<Timestamp>,
    /// Since when none went well, and why.
    pub trouble: Option<(Timestamp, String)>,
    /// The admin was told of it.
    pub told: bool,
}

/// Up to where a mailbox has nothing more for us: what is not for us stays there for good, and is not looked at
/// again each time.
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
    /// What was last put there; `None` where nothing was, or what this version cannot read.
    pub fn get<T: DeserializeOwned>(&self, key: Key<T>) -> Result<Option<T>> {
        Ok(self.stored(key.0)?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Puts the value there. Gives whether another one stood there before.
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

    /// Grows whenever an occurrence, a deadline, a report or a request changes: what was worked out from them before
    /// holds until then.
    pub fn changes(&self) -> Result<i64> {
        Ok(self.get(CHANGES)?.unwrap_or(0))
    }
}
