//! Delivers letters: claim, then write and send with no transaction open, then settle.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::json;
use tokio::{task::JoinSet, time};
use tracing::{error, info, warn};

use crate::{
    clock::{Clock, Moment},
    domain::retry::{self, Next, Outcome},
    mailer::{Mailer, Session},
    service::{
        Error, Office, Result,
        post::write::{self, Brought, Contents, Written},
        tell::{audit, pass_on},
    },
    store::{Db, LetterRow, Store, Tx},
};

/// The counts of a round of sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub sent: u32,
    pub failed: u32,
    /// Letters that will be tried again.
    pub put_off: u32,
    /// The round ended early: the server refuses us or cannot be reached.
    pub is_held: bool,
}

impl Delivered {
    fn count(&mut self, settled: Next) {
        match settled {
            Next::Sent => self.sent += 1,
            Next::GiveUp => self.failed += 1,
            Next::RetryAt(_) => self.put_off += 1,
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.failed += other.failed;
        self.put_off += other.put_off;
        self.is_held |= other.is_held;
    }
}

/// A letter that cannot be written (a bug, not a fault of the network) is tried again after this long.
const SET_ASIDE: SignedDuration = SignedDuration::from_hours(1);
/// Pause between attempts to store what became of a letter.
const TRY_TO_WRITE_AGAIN: Duration = Duration::from_secs(5);
/// Longer than any pause set by `retry::after` or `SET_ASIDE`.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(75);
/// This many failures in a row end a round: the fault is the server's, not the recipients'.
const FAILURES_IN_A_ROW: u32 = 3;

/// A letter claimed for sending, and what it says.
struct Claimed {
    letter: LetterRow,
    attempt: i64,
    contents: Contents,
}

/// Hands letters over: a connection to the server.
pub trait Carrier: Send {
    /// Whether [`Self::turn`] may wait.
    fn has_a_limit(&self) -> bool {
        false
    }

    /// Waits until one more letter may go.
    fn turn(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }

    fn send(&mut self, from: &str, letter: &LetterRow, message: &[u8]) -> impl Future<Output = Outcome> + Send;

    /// Called after the last letter.
    fn finish(self) -> impl Future<Output = ()> + Send;
}

impl Carrier for Session {
    fn has_a_limit(&self) -> bool {
        Self::has_a_limit(self)
    }

    async fn turn(&mut self) {
        Self::turn(self).await;
    }

    async fn send(&mut self, from: &str, letter: &LetterRow, message: &[u8]) -> Outcome {
        Self::send(self, from, &letter.mailbox, message, letter.envelope_id()).await
    }

    async fn finish(self) {
        Self::finish(self).await;
    }
}

/// A round of sending, shared by its connections.
#[derive(Clone)]
pub struct Round {
    store: Store,
    office: Arc<Office>,
    clock: Clock,
    /// Set from outside to end the round; a letter that was begun is finished.
    stop: Arc<AtomicBool>,
    /// The server is in trouble.
    held: Arc<AtomicBool>,
    failures_in_a_row: Arc<AtomicU32>,
}

/// Sends what is due, over [`Office::connections`] connections, until nothing is due or `stop` is set. A letter that
/// was begun is finished.
pub async fn deliver(
    store: &Store,
    office: &Arc<Office>,
    mailer: &Arc<Mailer>,
    clock: Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Delivered> {
    let round = Round::begin(store, office, clock, stop).await?;
    let mut connections = JoinSet::new();
    for _ in 0..office.connections() {
        connections.spawn(round.clone().run(mailer.session()));
    }
    let mut total = Delivered::default();
    let mut failure = None;
    while let Some(connection) = connections.join_next().await {
        match connection {
            Ok(Ok(delivered)) => total.add(&delivered),
            Ok(Err(e)) => failure = Some(e),
            Err(e) => error!(error = %e, "a sender ended early: {e}"),
        }
    }
    failure.map_or(Ok(total), Err)
}

impl Round {
    /// Queues again what was being sent when a process died. Only one process sends from a database (`daemon/lock.rs`),
    /// one round at a time, so nothing is being sent when a round begins.
    pub async fn begin(store: &Store, office: &Arc<Office>, clock: Clock, stop: &Arc<AtomicBool>) -> Result<Self> {
        let round = Self {
            store: store.clone(),
            office: Arc::clone(office),
            clock,
            stop: Arc::clone(stop),
            held: Arc::default(),
            failures_in_a_row: Arc::default(),
        };
        let now = round.now();
        let longest = now.at.saturating_add(LONGEST_PAUSE).unwrap_or(now.at);
        store.write(move |tx| Ok::<_, Error>(tx.begin_round(now.at, longest)?)).await?;
        Ok(round)
    }

    /// One connection's part: a letter at a time.
    pub async fn run(self, mut carrier: impl Carrier) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        while self.goes_on() {
            if carrier.has_a_limit() {
                if !self.is_something_due().await? {
                    break;
                }
                // Claimed after the wait, so that what is reported done meanwhile is not sent.
                carrier.turn().await;
                if !self.goes_on() {
                    break;
                }
            }
            let Some(Claimed { letter, attempt, contents }) = self.claim().await? else { break };
            match contents.write(&self.office) {
                Ok(written) => {
                    let from = self.office.settings.mail.from.as_str();
                    let outcome = carrier.send(from, &letter, &written.message).await;
                    self.note(&outcome);
                    delivered.count(self.settle(Sent { letter, attempt, written, outcome }).await);
                }
                Err(e) => self.put_back(letter, attempt, e.to_string()).await,
            }
        }
        carrier.finish().await;
        delivered.is_held = self.held.load(Ordering::Relaxed);
        Ok(delivered)
    }

    fn now(&self) -> Moment {
        self.clock.now(&self.office.settings.timezone)
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && !self.held.load(Ordering::Relaxed)
    }

    async fn is_something_due(&self) -> Result<bool> {
        let round = self.clone();
        let look = move |db: &mut Db| {
            let now = round.now();
            Ok(db.read(|tx| tx.next_to_send(now.at, round.office.house().is_open(now.local)))?.is_some())
        };
        self.store.call(look).await
    }

    /// Claims the next letter, with what it says as of now.
    async fn claim(&self) -> Result<Option<Claimed>> {
        let (office, clock) = (Arc::clone(&self.office), self.clock);
        self.store.write(move |tx| claim(tx, &office, &clock.now(&office.settings.timezone))).await
    }

    /// Sets aside a letter that cannot be composed: a bug, not a fault of the network.
    async fn put_back(&self, letter: LetterRow, attempt: i64, why: String) {
        let put_back = move |tx: &Tx, _: &Office, now: &Moment| {
            tx.put_back(&letter, attempt)?;
            Ok(set_aside(tx, letter.id, &why, now)?)
        };
        self.until_written("unwritten", put_back).await;
    }

    /// Ends the round if the failure is not the fault of a single letter.
    fn note(&self, outcome: &Outcome) {
        let is_in_trouble = match outcome {
            Outcome::Misconfigured { .. } => true,
            Outcome::Temporary { .. } | Outcome::Unknown { .. } => {
                self.failures_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_IN_A_ROW
            }
            Outcome::Accepted { .. } | Outcome::Permanent { .. } => {
                self.failures_in_a_row.store(0, Ordering::Relaxed);
                false
            }
        };
        if is_in_trouble {
            self.held.store(true, Ordering::Relaxed);
        }
    }

    async fn settle(&self, sent: Sent) -> Next {
        let sent = Arc::new(sent);
        let of = Arc::clone(&sent);
        let settle = move |tx: &Tx, office: &Office, now: &Moment| settle(tx, office, &of, now);
        let next = self.until_written(sent.outcome.name(), settle).await;
        log(&sent, next);
        next
    }

    /// Stores what became of a letter, however long the disk is full: if it gave up, a letter that the server has
    /// accepted would go out a second time. Only the end of the process ends it.
    async fn until_written<T: Send + 'static>(
        &self,
        outcome: &'static str,
        work: impl Fn(&Tx, &Office, &Moment) -> Result<T> + Send + Sync + 'static,
    ) -> T {
        let work = Arc::new(work);
        loop {
            let (work, office, clock) = (Arc::clone(&work), Arc::clone(&self.office), self.clock);
            let write = move |tx: &Tx| work(tx, &office, &clock.now(&office.settings.timezone));
            match self.store.write(write).await {
                Ok(done) => return done,
                Err(e) => {
                    error!(outcome, error = %e, "what became of a letter cannot be written, it is tried on: {e}");
                    time::sleep(TRY_TO_WRITE_AGAIN).await;
                }
            }
        }
    }
}

/// A letter after an attempt to hand it over.
struct Sent {
    letter: LetterRow,
    attempt: i64,
    written: Written,
    outcome: Outcome,
}

/// Claims the next letter that has something left to say. Letters with nothing left are dropped, unreadable ones set
/// aside.
fn claim(tx: &Tx, office: &Office, now: &Moment) -> Result<Option<Claimed>> {
    while let Some((id, letter)) = tx.next_to_send(now.at, office.house().is_open(now.local))? {
        let gathered = letter.map_err(Error::from).and_then(|letter| {
            let contents = write::gather(tx, office, &letter, now)?;
            Ok(contents.map(|contents| (letter, contents)))
        });
        match gathered {
            Ok(Some((letter, contents))) => {
                let attempt = tx.claim(&letter, now.at)?;
                return Ok(Some(Claimed { letter, attempt, contents }));
            }
            Ok(None) => tx.drop_letter(id, now.at)?,
            // The database itself failed. An unreadable value concerns only this letter, and is set aside below.
            Err(Error::Store(e)) if !e.is_value() => return Err(e.into()),
            Err(e) => set_aside(tx, id, &e.to_string(), now)?,
        }
    }
    Ok(None)
}

fn set_aside(tx: &Tx, letter: i64, why: &str, now: &Moment) -> crate::store::Result<()> {
    error!(letter, error = why, "a letter cannot be written: {why}");
    tx.set_aside(letter, now.at.saturating_add(SET_ASIDE).unwrap_or(now.at), why)
}

/// Stores the result of an attempt. A letter that failed for good goes to the admin, to be passed on (代转).
fn settle(tx: &Tx, office: &Office, sent: &Sent, now: &Moment) -> Result<Next> {
    let Sent { letter, attempt, written, outcome } = sent;
    let attempts = letter.attempts + 1;
    // Spread by letter and attempt, not at random, so that the same run gives the same pauses.
    let spread = (letter.id.unsigned_abs().wrapping_mul(7919) + u64::from(attempts) * 104_729) % 1000;
    // A section's letter that is given up goes to the admin. An admin's has nobody else to go to.
    let is_last = office.settings.admin.iter().any(|admin| admin.is(&letter.mailbox));
    let first = letter.first_attempt.unwrap_or(now.at);
    let next = retry::after(outcome, attempts, first, now.at, spread as u16, is_last);
    tx.keep_text(letter.id, &written.message)?;
    tx.settle((letter.id, *attempt, &written.subject), outcome, next, now.at)?;
    match next {
        Next::Sent => note_sent(tx, sent, now)?,
        Next::GiveUp => {
            let detail = json!({ "letter": letter.id, "mailbox": letter.mailbox, "reply": outcome.reply() });
            tx.audit(&audit(now, "failed", None, None, detail))?;
            pass_on(tx, office, letter, now)?;
        }
        Next::RetryAt(_) => {}
    }
    Ok(next)
}

/// Adds every reminder of a sent letter to its deadline's history.
fn note_sent(tx: &Tx, sent: &Sent, now: &Moment) -> crate::store::Result<()> {
    let letter = &sent.letter;
    for Brought { deadline, period, saying, behalf } in &sent.written.brings {
        let detail = json!({
            "to": letter.mailbox, "saying": saying, "behalf": behalf,
            "letter": letter.id, "reply": sent.outcome.reply(),
        });
        tx.audit(&audit(now, "sent", Some(deadline), Some(period), detail))?;
    }
    Ok(())
}

/// Called when the result is stored.
fn log(sent: &Sent, next: Next) {
    let Sent { letter, outcome, .. } = sent;
    let (id, attempts, reply) = (letter.id, letter.attempts + 1, outcome.reply());
    match next {
        Next::Sent => info!(letter = id, attempts, message_id = letter.message_id, reply, "letter {id} sent: {reply}"),
        Next::RetryAt(at) => {
            warn!(letter = id, attempts, outcome = outcome.name(), reply, %at, "letter {id} not sent, will be tried again at {at}: {reply}");
        }
        Next::GiveUp => {
            error!(letter = id, attempts, reply, "letter {id} not sent, given up, the admin is told: {reply}")
        }
    }
}
