//! Backup copies of the database, and the checks before one is trusted.
//!
//! A copy is made by `VACUUM INTO`: it is consistent however much a service writes meanwhile (SQLite's page by page
//! copy begins anew whenever another process writes), it reads every row, and it is one file without a journal.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig};
use serde::{Deserialize, Serialize};

use super::{
    Db, Error, Result, Tx,
    held::{beside, refuse_odd},
    planted, schema,
    state::{COPIED_AT, IDS_FROM},
};

/// What a database holds.
#[derive(Clone, Debug)]
pub struct Holdings {
    pub letters: i64,
    pub occurrences: i64,
    pub schema: i64,
    /// When the copy was made; for a plain copy of the file, the time of its last audit entry or attempt.
    pub until: Option<Timestamp>,
}

/// What is known of the time between the copy and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// Known, from the replaced database.
    Carried,
    /// Unknown: whatever is due and not in the copy is said again.
    SayAgain,
    /// Unknown: whatever was due is taken as said.
    KeepQuiet,
}

/// How the database was restored; stored in the database itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub at: Timestamp,
    /// When the copy was made.
    pub until: Option<Timestamp>,
    pub since: Since,
    /// Rows that were carried over.
    pub rows: i64,
    /// Not all of the replaced database could be read.
    pub has_gaps: bool,
    /// Reminders that were taken as said.
    pub silenced: u32,
    /// Which links were revoked since the copy is not known: all that are out were ended.
    #[serde(default)]
    pub ends_links: bool,
    /// On another machine, that answers no more.
    #[serde(default)]
    pub took_over: bool,
    /// Where the replaced database is.
    pub replaced: Option<PathBuf>,
}

impl Db {
    /// Writes a consistent copy into a new file.
    pub fn copy_into(&mut self, path: &Path, now: Timestamp) -> Result<()> {
        self.conn.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        let mut copy = Self::open_copy(path)?;
        copy.write(|tx| tx.put(COPIED_AT, &now).map(drop))
    }

    /// Opens a file that must be a database of ours. An empty file is an error; nothing is created.
    pub fn open_copy(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        refuse_odd(path)?;
        let db = Self::connect(Connection::open_with_flags(path, flags)?)?;
        if schema::is_ours(&db.conn)? { Ok(db) } else { Err(Error::Foreign(path.display().to_string())) }
    }

    /// Opens a database of ours to look at it as it is: nothing is created, and an older schema stays.
    pub fn open_to_look(path: &Path) -> Result<Self> {
        let is_left = beside(path, "-wal").exists();
        let db = Self::open_copy(path)?;
        if db.is_up_to_date(path).is_ok_and(|is| is) {
            planted::refuse(&db.conn)?;
        }
        db.conn.pragma_update(None, "query_only", true)?;
        // The log of a killed process is left for the next start to fold up.
        db.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_left)?;
        Ok(db)
    }

    /// Whether the schema is current; false if the next start would migrate it. A newer schema is an error.
    pub fn is_up_to_date(&self, path: &Path) -> Result<bool> {
        Ok(schema::pending(&self.conn, &path.display().to_string())?.is_none())
    }

    /// Whether its tables are those of this version, and nothing lies in a table's place.
    pub fn has_our_tables(&self) -> Result<bool> {
        planted::has_our_tables(&self.conn)
    }

    /// Migrates a copy and keeps it in one file.
    pub fn ready_to_serve(self, path: &Path) -> Result<Self> {
        let db = planted::migrate(self, &path.display().to_string())?;
        db.conn.pragma_update(None, "journal_mode", "DELETE")?;
        Ok(db)
    }

    /// Moves the log into the main file, as far as the file allows, so that nothing is left beside it.
    pub fn fold_up(&self) -> Result<()> {
        Ok(self.conn.pragma_update(None, "journal_mode", "DELETE")?)
    }

    /// Moves the log into the main file at the end of a process, so that no other process has to. Gives whether it
    /// could: it waits one second for readers.
    pub fn checkpoint(&self) -> Result<bool> {
        self.conn.busy_timeout(Duration::from_secs(1))?;
        Ok(self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))? == 0)
    }

    /// Lets go of files that are no longer at their path: closing it then touches nothing there. The log is moved into
    /// the database that it belongs to, unless that has another log now. Gives whether all of it is in the database at
    /// the path.
    pub fn let_go(&self) -> Result<bool> {
        self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let Some(held) = self.held() else { return Ok(true) };
        if held.has_its_database() && held.is_another_log_in_use() {
            return Ok(false);
        }
        Ok(self.checkpoint()? && held.has_its_database())
    }

    /// No copy takes more bytes than this: a copy has no empty pages.
    pub fn most_bytes_of_a_copy(&self) -> Result<u64> {
        let of = |pragma| self.conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
        // What a copy says of itself may need a page.
        const LITTLE: u64 = 1 << 20;
        Ok(of("page_count")?.saturating_mul(of("page_size")?).saturating_add(LITTLE))
    }

    pub fn holdings(&mut self) -> Result<Holdings> {
        self.read(|tx| {
            let count = |sql| tx.tx.query_row(sql, [], |row| row.get(0));
            let last = |sql| tx.tx.query_row(sql, [], |row| row.get::<_, Timestamp>(0)).optional();
            let last = last("SELECT at FROM audit ORDER BY id DESC LIMIT 1")?
                .max(last("SELECT at FROM attempt ORDER BY id DESC LIMIT 1")?);
            let made_at = tx.get(COPIED_AT)?;
            Ok(Holdings {
                letters: count("SELECT count(*) FROM letter")?,
                occurrences: count("SELECT count(*) FROM occurrence")?,
                schema: tx.tx.pragma_query_value(None, "user_version", |row| row.get(0))?,
                until: made_at.or(last),
            })
        })
    }
}

/// How much of a file says what it is.
pub const HEADER_BYTES: usize = 100;

/// As SQLite's file format has it.
fn word(header: &[u8; HEADER_BYTES], at: usize) -> u64 {
    header[at..at + 4].iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte))
}

/// The schema of a database whose first bytes these are.
pub fn schema_of(header: &[u8; HEADER_BYTES]) -> i64 {
    // Four bytes fit.
    word(header, 60).cast_signed()
}

/// Whether these are the first bytes of a copy of ours that is as long as it says: without opening it, since whoever
/// asks may not trust what it holds.
pub fn is_copy(header: &[u8; HEADER_BYTES], length: u64) -> bool {
    let word = |at| word(header, at);
    let page = match word(16) >> 16 {
        1 => 65_536,
        bytes => bytes,
    };
    header.starts_with(b"SQLite format 3\0")
        && word(68) == u64::from(schema::APPLICATION_ID)
        && page * word(28) == length
}

impl Tx<'_> {
    /// An id that no row of this table ever had: above all its ids, and after a restore above those that the lost time
    /// may have used. An id in a letter's link must never mean something else.
    pub(super) fn fresh_id(&self, table: &str) -> Result<i64> {
        let sql = format!("SELECT coalesce(max(id), 0) + 1 FROM {table}");
        let next: i64 = self.tx.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
        let from = self.get(IDS_FROM)?.unwrap_or(0);
        Ok(next.max(from))
    }

    /// How many lines the history has, and how many attempts have ended: neither goes back, but by a restore.
    pub fn reach(&self) -> Result<(i64, i64)> {
        let sql =
            "SELECT (SELECT coalesce(max(id), 0) FROM audit), (SELECT coalesce(sum(count), 0) FROM attempt_count)";
        Ok(self.tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Drops all letters that wait; their reminders still count as said.
    pub fn silence_outbox(&self, why: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE letter SET state = 'dropped', ended_at = ?2, last_error = ?1
                   WHERE state IN ('queued', 'sending')";
        self.tx.execute(sql, rusqlite::params![why, now])?;
        Ok(())
    }
}
