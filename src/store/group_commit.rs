//! Group commit: what waits to be written goes to the disk in one transaction, with one wait for the disk.

use rusqlite::TransactionBehavior;
use tokio::sync::oneshot;

use super::{Db, Error, Result, Tx};

/// So many at most share a transaction: none of them is answered before its end.
pub(super) const MOST: usize = 64;

/// Work for a transaction that it may share.
pub(super) trait Shared: Send {
    fn run(&mut self, tx: &Tx);
    /// Called once, after the end of the transaction: that it is on the disk, or why it is not.
    fn answer(self: Box<Self>, end: Result<()>);
}

pub(super) struct Work<F, T, E> {
    work: Option<F>,
    done: Option<std::result::Result<T, E>>,
    answer: oneshot::Sender<std::result::Result<T, E>>,
}

impl<F, T, E> Work<F, T, E> {
    pub(super) fn new(work: F, answer: oneshot::Sender<std::result::Result<T, E>>) -> Self {
        Self { work: Some(work), done: None, answer }
    }
}

impl<F, T, E> Shared for Work<F, T, E>
where
    F: FnOnce(&Tx) -> std::result::Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &Tx) {
        self.done = self.work.take().map(|work| tx.attempt(|| work(tx)));
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let answer = match (end, self.done) {
            (Ok(()), Some(done)) => done,
            // Why it failed itself says more than that all of it failed.
            (Err(_), Some(Err(e))) => Err(e),
            (Err(e), _) => Err(e.into()),
            (Ok(()), None) => Err(Error::Undone.into()),
        };
        // Nobody waiting any more is no error: the work itself is done.
        let _ = self.answer.send(answer);
    }
}

/// Writes all of it in one transaction, each undone alone if it fails.
pub(super) fn write(db: &mut Db, mut group: Vec<Box<dyn Shared>>) {
    let end = run(db, &mut group);
    for work in group {
        work.answer(end.as_ref().map_or_else(|e| Err(again(e)), |()| Ok(())));
    }
}

fn run(db: &mut Db, group: &mut [Box<dyn Shared>]) -> Result<()> {
    let tx = Tx { tx: db.conn.transaction_with_behavior(TransactionBehavior::Immediate)? };
    for work in group {
        work.run(&tx);
        // A full disk ends the transaction there and then: what came after it would be written on its own.
        if tx.tx.is_autocommit() {
            break;
        }
    }
    Ok(tx.tx.commit()?)
}

/// The same error for each whose work it undid.
fn again(error: &Error) -> Error {
    match error {
        Error::Sqlite(rusqlite::Error::SqliteFailure(code, words)) => {
            Error::Sqlite(rusqlite::Error::SqliteFailure(*code, words.clone()))
        }
        _ => Error::Undone,
    }
}
