//! Group commit: what waits to be written goes to the disk in one transaction, with one wait for the disk.

use std::sync::mpsc::Receiver;

use rusqlite::TransactionBehavior;
use tokio::sync::oneshot;

use super::{Db, Error, Job, Result, Tx};

/// So many at most share a transaction: none of them is answered before its end.
const MOST: usize = 64;

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

/// Writes `first` and what else waits, each undone alone if it fails. Gives the job that came next and cannot share.
pub(super) fn write(db: &mut Db, first: Box<dyn Shared>, inbox: &Receiver<Job>) -> Option<Job> {
    let (mut group, mut next) = (vec![first], None);
    let end = run(db, &mut group, &mut next, inbox);
    for work in group {
        work.answer(end.as_ref().map_or_else(|e| Err(again(e)), |()| Ok(())));
    }
    next
}

fn run(db: &mut Db, group: &mut Vec<Box<dyn Shared>>, next: &mut Option<Job>, inbox: &Receiver<Job>) -> Result<()> {
    let tx = Tx { tx: db.conn.transaction_with_behavior(TransactionBehavior::Immediate)? };
    for nth in 0..MOST {
        if nth == group.len() {
            match inbox.try_recv() {
                Ok(Job::Shared(work)) => group.push(work),
                Ok(alone) => *next = Some(alone),
                Err(_) => {}
            }
        }
        let Some(work) = group.get_mut(nth) else { break };
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
