//! Delivers letters: claim, then write and send with no transaction open, then settle.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use tokio::{task::JoinSet, time};
use tracing::error;

use crate::{
    clock::{Clock, Moment},
    domain::{
        refusal::{Stage, Verdict},
        retry::{Next, Outcome},
    },
    mailer::Mailer,
    service::{
        Error, Office, Result,
        post::{
            carrier::Carrier,
            settle::{self, Sent, Settled},
            write::{self, Contents},
        },
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
const FAILURES_IN_A_ROW: usize = 3;

/// A letter claimed for sending, and what it says.
struct Claimed {
    letter: LetterRow,
    attempt: i64,
    contents: Contents,
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
    /// The mailboxes of failures in a row.
    failing: Arc<Mutex<Vec<String>>>,
    /// How many letters were claimed.
    claimed: Arc<AtomicU32>,
    /// The words of a refusal that is about us if nobody's letter is accepted.
    suspicion: Arc<Mutex<Option<String>>>,
    /// The server refused us: a letter tries whether it still does, and until one is accepted any failure ends the round.
    probing: Arc<AtomicBool>,
    /// This connection ends when a letter was accepted.
    ends_with_a_probe: bool,
}

/// Sends what is due, over [`Office::connections`] connections, until nothing is due or `stop` is set. A letter that
/// was begun is finished. While the server refuses us, one letter tries whether it still does.
pub async fn deliver(
    store: &Store,
    office: &Arc<Office>,
    mailer: &Arc<Mailer>,
    clock: Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Delivered> {
    let round = Round::begin(store, office, clock, stop).await?;
    let mut total = Delivered::default();
    if round.is_probing() {
        let probe = Round { ends_with_a_probe: true, ..round.clone() };
        total = probe.run(mailer.session()).await?;
        if round.is_probing() {
            round.end(&mut total).await?;
            return Ok(total);
        }
    }
    let mut connections = JoinSet::new();
    for _ in 0..office.connections() {
        connections.spawn(round.clone().run(mailer.session()));
    }
    let mut failure = None;
    while let Some(connection) = connections.join_next().await {
        match connection {
            Ok(Ok(delivered)) => total.add(&delivered),
            Ok(Err(e)) => failure = Some(e),
            Err(e) => error!(error = %e, "a sender ended early: {e}"),
        }
    }
    round.end(&mut total).await?;
    failure.map_or(Ok(total), Err)
}

impl Round {
    /// Queues again what was being sent when a process died. Only one process sends from a database (`daemon/lock.rs`),
    /// one round at a time, so nothing is being sent when a round begins.
    pub async fn begin(store: &Store, office: &Arc<Office>, clock: Clock, stop: &Arc<AtomicBool>) -> Result<Self> {
        let now = clock.now(&office.settings.timezone);
        let longest = now.at.saturating_add(LONGEST_PAUSE).unwrap_or(now.at);
        let begin = move |tx: &Tx| {
            tx.begin_round(now.at, longest)?;
            Ok::<_, Error>(settle::are_refused(tx)?.is_some())
        };
        Ok(Self {
            store: store.clone(),
            office: Arc::clone(office),
            clock,
            stop: Arc::clone(stop),
            held: Arc::default(),
            failing: Arc::default(),
            claimed: Arc::default(),
            suspicion: Arc::default(),
            probing: Arc::new(AtomicBool::new(store.write(begin).await?)),
            ends_with_a_probe: false,
        })
    }

    /// Ends a round after its connections: if letters were refused and nobody's was accepted, it is about us.
    pub async fn end(&self, total: &mut Delivered) -> Result<()> {
        let suspicion = self.suspicion.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reply) = suspicion.filter(|_| total.sent == 0) {
            let now = self.now();
            self.store.write(move |tx| Ok::<_, Error>(settle::server_refuses(tx, &reply, &now)?)).await?;
            total.is_held = true;
        }
        Ok(())
    }

    /// One connection's part: a letter at a time.
    pub async fn run(self, mut carrier: impl Carrier) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        let mut next = self.next(&mut carrier).await?;
        while let Some(Claimed { letter, attempt, contents }) = next {
            next = match contents.write(&self.office) {
                // Nobody would learn of it. What was claimed is queued again by the next start.
                Ok(_) if self.store.is_in_place().is_err() => break,
                Ok(written) => {
                    let from = self.office.settings.mail.from.as_str();
                    let outcome = carrier.send(from, &letter, &written.message).await;
                    let admin_passes = self.ask_for_admin(&mut carrier, &letter, &outcome).await;
                    let claims_on = matches!(outcome, Outcome::Accepted { .. }) && self.claims_on(&carrier);
                    let settle = self.settle(Sent { letter, attempt, written, outcome, admin_passes });
                    if claims_on {
                        // At once, so that both share one wait for the disk.
                        let (settled, next) = tokio::join!(settle, self.claim());
                        delivered.count(settled);
                        next?
                    } else {
                        delivered.count(settle.await);
                        self.next(&mut carrier).await?
                    }
                }
                Err(e) => {
                    self.put_back(letter, attempt, e.to_string()).await;
                    self.next(&mut carrier).await?
                }
            };
        }
        carrier.finish().await;
        delivered.is_held = self.held.load(Ordering::Relaxed);
        Ok(delivered)
    }

    /// Whether the next letter is claimed without a look at what became of this one, and with no wait between.
    fn claims_on(&self, carrier: &impl Carrier) -> bool {
        !carrier.has_a_limit() && !self.ends_with_a_probe && self.goes_on()
    }

    /// The next letter, when one may go.
    async fn next(&self, carrier: &mut impl Carrier) -> Result<Option<Claimed>> {
        if !self.goes_on() {
            return Ok(None);
        }
        if carrier.has_a_limit() {
            if !self.is_something_due().await? {
                return Ok(None);
            }
            // Claimed after the wait, so that what is reported done meanwhile is not sent.
            carrier.turn().await;
            if !self.goes_on() {
                return Ok(None);
            }
        }
        self.claim().await
    }

    fn now(&self) -> Moment {
        self.clock.now(&self.office.settings.timezone)
    }

    fn goes_on(&self) -> bool {
        let is_ended = self.stop.load(Ordering::Relaxed) || self.held.load(Ordering::Relaxed);
        !is_ended && (!self.ends_with_a_probe || self.is_probing())
    }

    fn is_probing(&self) -> bool {
        self.probing.load(Ordering::Relaxed)
    }

    async fn is_something_due(&self) -> Result<bool> {
        let round = self.clone();
        let look = move |db: &mut Db| {
            let now = round.now();
            Ok(db.read(|tx| tx.next_to_send(now.at, round.office.house().is_open(now.local), 0))?.is_some())
        };
        self.store.call(look).await
    }

    /// Claims the next letter, with what it says as of now.
    async fn claim(&self) -> Result<Option<Claimed>> {
        let (office, clock) = (Arc::clone(&self.office), self.clock);
        let turn = self.claimed.fetch_add(1, Ordering::Relaxed);
        self.store.write(move |tx| claim(tx, &office, turn, &clock.now(&office.settings.timezone))).await
    }

    /// Sets aside a letter that cannot be composed: a bug, not a fault of the network.
    async fn put_back(&self, letter: LetterRow, attempt: i64, why: String) {
        let put_back = move |tx: &Tx, _: &Office, now: &Moment| {
            tx.put_back(&letter, attempt)?;
            Ok(set_aside(tx, letter.id, &why, now)?)
        };
        self.until_written("unwritten", put_back).await;
    }

    /// Where a refusal names the recipient's mailbox: asks whether the server takes an admin's.
    async fn ask_for_admin(&self, carrier: &mut impl Carrier, letter: &LetterRow, outcome: &Outcome) -> Option<bool> {
        if !matches!(outcome, Outcome::Refused(refusal) if refusal.asks_for_admin()) {
            return None;
        }
        let mut passes = None;
        for admin in self.office.settings.admin.iter().filter(|a| !a.is(&letter.mailbox)) {
            match carrier.takes(self.office.settings.mail.from.as_str(), admin.as_str()).await {
                Some(true) => return Some(true),
                answer => passes = passes.or(answer),
            }
        }
        passes
    }

    /// Ends the round if the failure is not the fault of a single letter.
    fn note(&self, Sent { letter, outcome, .. }: &Sent, settled: Settled) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let is_in_trouble = match settled.verdict {
            Verdict::Sent => {
                failing.clear();
                self.probing.store(false, Ordering::Relaxed);
                false
            }
            Verdict::Us => true,
            Verdict::Recipient => {
                failing.clear();
                false
            }
            Verdict::Deferred => false,
            Verdict::Undecided => {
                if settled.is_suspicious {
                    let mut suspicion = self.suspicion.lock().unwrap_or_else(PoisonError::into_inner);
                    *suspicion = Some(outcome.reply().to_owned());
                }
                self.is_probing()
            }
            Verdict::Passing | Verdict::Unknown => {
                // One recipient's letter is no row.
                let knows_recipient = |stage| matches!(stage, Stage::Rcpt | Stage::Data | Stage::Letter);
                let is_one = matches!(outcome, Outcome::Refused(refusal) if knows_recipient(refusal.stage));
                if !is_one || !failing.contains(&letter.mailbox) {
                    failing.push(letter.mailbox.clone());
                }
                self.is_probing() || failing.len() >= FAILURES_IN_A_ROW
            }
        };
        if is_in_trouble {
            self.held.store(true, Ordering::Relaxed);
        }
    }

    async fn settle(&self, sent: Sent) -> Next {
        let sent = Arc::new(sent);
        let of = Arc::clone(&sent);
        let settle = move |tx: &Tx, office: &Office, now: &Moment| settle::settle(tx, office, &of, now);
        let settled = self.until_written(sent.outcome.name(), settle).await;
        self.note(&sent, settled);
        settle::log(&sent, settled);
        settled.next
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
            match self.store.write_in_any_case(write).await {
                Ok(done) => return done,
                Err(e) => {
                    error!(outcome, error = %e, "what became of a letter cannot be written, it is tried on: {e}");
                    time::sleep(TRY_TO_WRITE_AGAIN).await;
                }
            }
        }
    }
}

/// Claims the letter of this turn that has something left to say. Letters with nothing left are dropped, unreadable ones
/// set aside.
fn claim(tx: &Tx, office: &Office, turn: u32, now: &Moment) -> Result<Option<Claimed>> {
    let in_window = office.house().is_open(now.local);
    while let Some((id, letter)) = tx.next_to_send(now.at, in_window, turn)? {
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
