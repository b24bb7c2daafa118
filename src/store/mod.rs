//! The only place that knows the database: SQLite, one writer, behind one asynchronous door.

mod backup;
mod board;
mod deadlines;
mod history;
mod inbox;
mod occurrences;
mod outbox;
mod promises;
mod requests;
mod salvage;
mod schema;
#[cfg(test)]
mod tests;
mod together;

use std::{collections::VecDeque, path::Path, sync::mpsc, thread, time::Duration};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};
use tokio::sync::oneshot;

pub use self::{
    backup::Holdings,
    deadlines::{DeadlineRow, LoadRecord, wording},
    history::{AuditRow, Owed},
    inbox::{IncomingRow, ItemRow, NewIncoming, Place, Placed},
    occurrences::{Completion, NewOccurrence, OccurrenceFilter, OccurrenceRow},
    outbox::{AttemptRow, LetterRow, LetterState, NewLetter, SaidRow, Utterance},
    promises::Finding,
    requests::{Decision, NewRequest, RequestKind, RequestRow},
    salvage::Carried,
};

/// How long a command waits for another's write transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is a database of another program")]
    Foreign(String),
    #[error("the database has schema {found}, this program knows up to {known}: it was written by a newer duban")]
    Newer { found: i64, known: i64 },
    #[error("stored value cannot be read: {0}")]
    Value(String),
    /// Whoever began the transaction has thought better of it.
    #[error("undone")]
    Undone,
    #[error("the database thread has ended")]
    Gone,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

/// The database, synchronously: for the command line, and inside [`Store`]'s thread.
pub struct Db {
    conn: Connection,
}

/// One transaction. All SQL stands in methods of this type.
pub struct Tx<'a> {
    tx: Transaction<'a>,
}

impl Db {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// Another program's file, a newer schema, or what SQLite says.
    pub fn open(path: &Path) -> Result<Self> {
        let db = Self::connect(Connection::open(path)?)?;
        db.conn.pragma_update(None, "journal_mode", "WAL")?;
        schema::migrate(db, &path.display().to_string())
    }

    /// Opens a database that is there, to read only.
    pub fn open_to_read(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Self::connect(Connection::open_with_flags(path, flags)?)?;
        schema::migrate(db, &path.display().to_string())
    }

    /// A database that lives as long as this value, for looking ahead where there is none yet.
    pub fn in_memory() -> Result<Self> {
        schema::migrate(Self::connect(Connection::open_in_memory()?)?, ":memory:")
    }

    fn connect(conn: Connection) -> Result<Self> {
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // A plan that depends on what is bound is made anew each time that something is bound: most of a query's time.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "foreign_keys", true)?;
        // Under NORMAL a `sent` can vanish with the power, and the letter goes out twice.
        conn.pragma_update(None, "synchronous", "FULL")?;
        // What is needed to undo a part of a transaction would go to a file made for each transaction.
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.set_prepared_statement_cache_capacity(64);
        Ok(Self { conn })
    }

    /// Runs `work` in one write transaction: all of it happens, or nothing.
    pub fn write<T>(&mut self, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        // A deferred transaction that turns to writing fails at once when another writes.
        let tx = Tx { tx: self.conn.transaction_with_behavior(TransactionBehavior::Immediate)? };
        let done = work(&tx)?;
        tx.tx.commit()?;
        Ok(done)
    }

    /// Lets go of the pages that are kept in memory.
    pub fn shrink(&self) -> Result<()> {
        Ok(self.conn.execute_batch("PRAGMA shrink_memory")?)
    }

    /// Runs `work` on one unchanging view of the database.
    pub fn read<T>(&mut self, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        let tx = Tx { tx: self.conn.transaction_with_behavior(TransactionBehavior::Deferred)? };
        work(&tx)
    }
}

impl Tx<'_> {
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
        // A full disk has ended the whole transaction already: why is what counts.
        if done.is_ok() || !self.tx.is_autocommit() {
            ended?;
        }
        done
    }
}

/// The asynchronous door: one thread owns the database, callers send it work.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
}

enum Job {
    /// Begins its own transactions, if any.
    Alone(Box<dyn FnOnce(&mut Db) + Send>),
    Shared(Box<dyn together::Shared>),
    /// Takes the database with it.
    Last(Box<dyn FnOnce(Db) + Send>),
}

impl Store {
    pub fn new(mut db: Db) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        thread::Builder::new().name("database".into()).spawn(move || {
            let mut waiting = VecDeque::new();
            while let Some(job) = waiting.pop_front().or_else(|| inbox.recv().ok()) {
                waiting.extend(inbox.try_iter());
                match job {
                    Job::Alone(work) => work(&mut db),
                    Job::Shared(work) => together::write(&mut db, work, &mut waiting),
                    Job::Last(work) => return work(db),
                }
            }
        })?;
        Ok(Self { jobs })
    }

    /// Runs `work` on the database's thread and waits for what it gives back.
    pub async fn call<T, E>(
        &self,
        work: impl FnOnce(&mut Db) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Alone(Box::new(move |db| {
            // Nobody waiting any more is no error: the work itself is done.
            let _ = answer.send(work(db));
        }));
        self.jobs.send(job).map_err(|_| Error::Gone)?;
        answered.await.map_err(|_| Error::Gone)?
    }

    /// The same for the last work: when it has ended the database is closed, and the process may end. Whoever comes
    /// later is told that it is gone.
    pub async fn close<T, E>(
        &self,
        work: impl FnOnce(Db) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Last(Box::new(move |db| {
            let _ = answer.send(work(db));
        }));
        self.jobs.send(job).map_err(|_| Error::Gone)?;
        answered.await.map_err(|_| Error::Gone)?
    }

    /// Runs `work` in a write transaction, all of it or nothing, and waits until it is on the disk. Others that wait to
    /// write share the transaction.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Tx) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Shared(Box::new(together::Work::new(work, answer)));
        self.jobs.send(job).map_err(|_| Error::Gone)?;
        answered.await.map_err(|_| Error::Gone)?
    }
}

impl Error {
    /// Whether another process is using the database.
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        matches!(self, Self::Sqlite(e) if matches!(e.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked)))
    }

    /// Whether a value that is stored cannot be read: one row's matter, and not the database's.
    pub fn is_value(&self) -> bool {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        let of_row = |e: &rusqlite::Error| {
            matches!(e, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
        };
        matches!(self, Self::Value(_)) || matches!(self, Self::Sqlite(e) if of_row(e))
    }

    /// The file is broken, and waiting does not mend it.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        let code = match self {
            Self::Sqlite(e) => e.sqlite_error_code(),
            _ => None,
        };
        matches!(code, Some(Code::DatabaseCorrupt | Code::NotADatabase))
    }

    /// What it means for whoever runs duban, and what to do, in Chinese.
    pub fn explain(&self) -> String {
        use rusqlite::ErrorCode as Code;
        let code = match self {
            Self::Sqlite(e) => e.sqlite_error_code(),
            _ => None,
        };
        match (self, code) {
            (Self::Foreign(path), _) => format!("{path} 不是督办的数据库。请检查 duban.toml 里的 database。"),
            (Self::Newer { found, known }, _) => {
                format!(
                    "数据库是更新版本的督办写的（结构 {found}，本程序只认到 {known}）。请换用新版程序，数据没有改动。"
                )
            }
            (_, Some(Code::DiskFull)) => "磁盘已满，数据库写不进去。请腾出空间；没有写进去的会自动重做。".into(),
            (_, Some(Code::ReadOnly)) => "数据库只能读不能写。请检查文件和目录的权限，以及磁盘是否只读。".into(),
            (_, Some(Code::DatabaseBusy | Code::DatabaseLocked)) => {
                "数据库正被别的程序占用，等了 15 秒。请稍后再试。".into()
            }
            (_, Some(Code::DatabaseCorrupt)) => "数据库文件已损坏。请停止服务，从备份恢复。".into(),
            (_, Some(Code::NotADatabase)) => {
                "这个文件不是数据库。请检查 duban.toml 里的 database，或从备份恢复。".into()
            }
            (_, Some(Code::CannotOpen)) => {
                "打不开数据库。请检查 duban.toml 里的 database，以及目录是否存在、有没有权限。".into()
            }
            _ => format!("数据库出错：{self}"),
        }
    }
}
