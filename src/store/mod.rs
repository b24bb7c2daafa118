//! The only place that knows the database: SQLite, one writer, behind one asynchronous door.

mod audit;
mod backup;
mod cases;
mod chain;
mod completions;
mod damage;
mod deadlines;
mod door;
mod error;
mod group_commit;
mod held;
mod incoming;
mod letters;
mod notes;
mod occurrences;
mod packed;
mod planted;
mod promises;
mod requests;
mod rules_as_data;
mod said;
mod salvage;
mod schema;
mod sending;
pub mod state;
#[cfg(test)]
mod tests;
mod texts;
mod thin;

use std::{ops::Deref, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use self::held::refuse_odd;
pub use self::{
    audit::AuditRow,
    backup::{HEADER_BYTES, Holdings, Restored, Since, is_copy, schema_of},
    chain::{Head, Kept, Walk},
    completions::{Completion, Revoked},
    deadlines::{DeadlineRow, LoadRecord, wording},
    door::Store,
    error::{Error, Result},
    held::Held,
    incoming::{IncomingRow, NewIncoming, Place, Placed},
    letters::{LetterKind, LetterRow, LetterState, NewLetter, NewNotice, Owed},
    notes::{NewNote, Note, NoteKind},
    occurrences::{OccurrenceFilter, Open},
    promises::Finding,
    requests::{Decision, NewRequest, RequestKind, RequestRow},
    said::{ItemRow, SaidRow},
    salvage::Carried,
    sending::AttemptRow,
};

/// How long a command waits for another's write transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// A value with its id in the database.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    pub id: i64,
    pub it: T,
}

impl<T> Deref for Stored<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.it
    }
}

/// The database, synchronously: for the command line, and inside [`Store`]'s thread.
pub struct Db {
    conn: Connection,
    /// The files it holds open; `None` for one in memory, and for a copy.
    held: Option<Held>,
}

/// One transaction; the queries are its methods.
pub struct Tx<'a> {
    tx: Transaction<'a>,
    held: Option<&'a Held>,
}

impl Db {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// Another program's file, a newer schema, or what SQLite says.
    pub fn open(path: &Path) -> Result<Self> {
        refuse_odd(path)?;
        let db = Self::connect(Connection::open(path)?)?;
        db.conn.pragma_update(None, "journal_mode", "WAL")?;
        Ok(planted::migrate(db, &path.display().to_string())?.holding(path))
    }

    /// Opens an existing database; an older schema is migrated first.
    pub fn open_there(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        refuse_odd(path)?;
        let db = Self::connect(Connection::open_with_flags(path, flags)?)?;
        Ok(planted::migrate(db, &path.display().to_string())?.holding(path))
    }

    /// A connection beside the one that writes; it cannot change anything.
    pub fn open_for_pages(path: &Path) -> Result<Self> {
        let db = Self::open_there(path)?;
        db.conn.pragma_update(None, "query_only", true)?;
        // The log is folded up, or left, by the one that writes.
        db.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(db)
    }

    /// Notes the files that it holds, once the log is open too.
    fn holding(mut self, path: &Path) -> Self {
        self.held = Some(Held::at(path));
        self
    }

    /// # Errors
    /// Other files have taken the place of those that it holds open.
    pub fn is_in_place(&self) -> Result<()> {
        self.held.as_ref().map_or(Ok(()), Held::is_in_place)
    }

    /// The files that it holds open.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// A database in memory, for looking ahead when there is no file yet.
    pub fn in_memory() -> Result<Self> {
        planted::fresh()
    }

    fn connect(conn: Connection) -> Result<Self> {
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // Otherwise a query plan may depend on bound values and is made again at every bind, which takes most of a
        // query's time.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // Whoever may write the file may have put something into its schema.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "foreign_keys", true)?;
        // Under NORMAL a `sent` can vanish with the power, and the letter goes out twice.
        conn.pragma_update(None, "synchronous", "FULL")?;
        // The data to undo a part of a transaction would otherwise go to a new file for each transaction.
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.set_prepared_statement_cache_capacity(64);
        Ok(Self { conn, held: None })
    }

    /// Runs `work` in one write transaction: all of it happens, or nothing.
    ///
    /// # Errors
    /// Also if other files have taken the place of those that it holds: nobody would find what is written.
    pub fn write<T>(&mut self, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        let tx = self.begin()?;
        tx.is_in_place()?;
        let done = work(&tx)?;
        tx.tx.commit()?;
        Ok(done)
    }

    /// A write transaction. A deferred one that turns to writing fails at once when another writes.
    fn begin(&mut self) -> Result<Tx<'_>> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Tx { tx, held: self.held.as_ref() })
    }

    /// Runs `work` on one snapshot of the database.
    pub fn read<T>(&mut self, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Deferred)?;
        work(&Tx { tx, held: self.held.as_ref() })
    }
}

/// SQLite removes the log at the path as it closes: not if that is another's.
impl Drop for Db {
    fn drop(&mut self) {
        if self.is_in_place().is_err() {
            let _ = self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

impl Tx<'_> {
    /// Runs `work` and undoes it: what it would come to, with nothing written.
    pub fn rehearse<T, E: From<Error>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut seen = None;
        let undone = self.attempt(|| {
            seen = Some(work());
            Err::<(), _>(Error::Undone)
        });
        match (seen, undone) {
            (Some(seen), Err(Error::Undone)) => seen,
            (_, undone) => Err(undone.err().unwrap_or(Error::Undone).into()),
        }
    }

    /// # Errors
    /// Other files have taken the place of those that are held open.
    pub fn is_in_place(&self) -> Result<()> {
        self.held.map_or(Ok(()), Held::is_in_place)
    }

    /// Runs `work` as a part of the transaction that is undone alone if it fails.
    pub fn attempt<T, E: From<Error>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let run = |sql| Ok::<_, Error>(self.tx.prepare_cached(sql)?.execute([]).map(|_| ())?);
        run("SAVEPOINT attempt")?;
        let done = work();
        let undone = if done.is_ok() { Ok(()) } else { run("ROLLBACK TO attempt") };
        let ended = undone.and_then(|()| run("RELEASE attempt"));
        // A full disk has already ended the whole transaction: the error of `work` is the one that counts.
        if done.is_ok() || !self.tx.is_autocommit() {
            ended?;
        }
        done
    }
}
