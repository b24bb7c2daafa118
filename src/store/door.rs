//! The asynchronous access to the database.

use std::{collections::VecDeque, sync::mpsc, thread};

use tokio::sync::oneshot;

use super::{
    Db, Error, Held, Result, Tx,
    group_commit::{self, MOST, Shared},
};

/// One thread owns the database; callers send it work.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    /// The files that the database holds open.
    held: Option<Held>,
}

enum Job {
    /// Begins its own transactions, if any.
    Alone(Box<dyn FnOnce(&mut Db) + Send>),
    Shared(Box<dyn Shared>),
    /// Takes the database with it.
    Last(Box<dyn FnOnce(Db) + Send>),
}

/// `first` and the shared work that waits right behind it. Work that comes later forms the next group: if it joined
/// this one, all callers would wait for the disk at once, and then the disk for them.
fn group(first: Box<dyn Shared>, waiting: &mut VecDeque<Job>) -> Vec<Box<dyn Shared>> {
    let others = waiting.iter().take(MOST - 1).take_while(|job| matches!(job, Job::Shared(_))).count();
    let others = waiting.drain(..others).filter_map(|job| match job {
        Job::Shared(work) => Some(work),
        Job::Alone(_) | Job::Last(_) => None,
    });
    [first].into_iter().chain(others).collect()
}

impl Store {
    pub fn new(mut db: Db) -> std::io::Result<Self> {
        let held = db.held().cloned();
        let (jobs, inbox) = mpsc::channel::<Job>();
        thread::Builder::new().name("database".into()).spawn(move || {
            let mut waiting = VecDeque::new();
            while let Some(job) = waiting.pop_front().or_else(|| inbox.recv().ok()) {
                waiting.extend(inbox.try_iter());
                match job {
                    Job::Alone(work) => work(&mut db),
                    Job::Shared(work) => group_commit::write(&mut db, group(work, &mut waiting)),
                    Job::Last(work) => return work(db),
                }
            }
        })?;
        Ok(Self { jobs, held })
    }

    /// # Errors
    /// Other files have taken the place of those that are held open: nothing more must be sent from them.
    pub fn is_in_place(&self) -> Result<()> {
        self.held.as_ref().map_or(Ok(()), Held::is_in_place)
    }

    /// Runs `work` on the database's thread and waits for its result.
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
            // It is no error if the caller no longer waits: the work itself is done.
            let _ = answer.send(work(db));
        }));
        self.jobs.send(job).map_err(|_| Error::Gone)?;
        answered.await.map_err(|_| Error::Gone)?
    }

    /// Runs `work` as the last one: then the database is closed, and the process may end. Later calls get
    /// [`Error::Gone`].
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

    /// Runs `work` in a write transaction, all of it or nothing, and waits until it is on the disk. Work that waits at
    /// the same time shares the transaction. Refused, as [`Db::write`] does, if other files have taken their place.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Tx) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_in_any_case(|tx| {
            tx.is_in_place()?;
            work(tx)
        })
        .await
    }

    /// As [`Self::write`], for what has happened and cannot be undone: a letter that went out is noted also in files
    /// that were displaced, since what is in them may yet be saved.
    pub async fn write_in_any_case<T, E>(
        &self,
        work: impl FnOnce(&Tx) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Shared(Box::new(group_commit::Work::new(work, answer)));
        self.jobs.send(job).map_err(|_| Error::Gone)?;
        answered.await.map_err(|_| Error::Gone)?
    }
}
