//! Group commit: writes that wait share one transaction and one wait for the disk.

use tokio::sync::oneshot;

use super::{Db, Error, Result, Tx};

/// How many may share a transaction: none of them is answered before its end.
pub(super) const MOST: usize = 64;

/// Work that may share a transaction.
pub(super) trait Shared: Send {
    fn run(&mut self, tx: &Tx);
    /// Called once, after the transaction: `end` is whether it is on the disk.
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
            // The work's own error says more than that of the whole transaction.
            (Err(_), Some(Err(e))) => Err(e),
            (Err(e), _) => Err(e.into()),
            (Ok(()), None) => Err(Error::Undone.into()),
        };
        // It is no error if the caller no longer waits: the work itself is done.
        let _ = self.answer.send(answer);
    }
}

/// Runs the group in one transaction; work that fails is undone alone.
pub(super) fn write(db: &mut Db, mut group: Vec<Box<dyn Shared>>) {
    let end = run(db, &mut group);
    for work in group {
        work.answer(end.as_ref().map_or_else(|e| Err(again(e)), |()| Ok(())));
    }
}

fn run(db: &mut Db, group: &mut [Box<dyn Shared>]) -> Result<()> {
    let tx = db.begin()?;
    for work in group {
        work.run(&tx);
        // A full disk ends the transaction at once: later work would be written on its own.
        if tx.tx.is_autocommit() {
            break;
        }
    }
    Ok(tx.tx.commit()?)
}

/// A copy of the error, for each work that it undid.
fn again(error: &Error) -> Error {
    match error {
        Error::Sqlite(rusqlite::Error::SqliteFailure(code, words)) => {
            Error::Sqlite(rusqlite::Error::SqliteFailure(*code, words.clone()))
        }
        _ => Error::Undone,
    }
}
