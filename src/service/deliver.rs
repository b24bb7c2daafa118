//! Claim → write and send with no transaction open → settle.

use std::{
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

use super::{
    Error, Office, Result, in_transaction,
    load::audit,
    notices::Notice,
    write::{self, Brought, Draft, Written},
};
use crate::{
    clock::{Clock, Moment},
    domain::{
        reminder::Reader,
        retry::{self, Next, Outcome},
    },
    mailer::{Mailer, Session},
    store::{Db, LetterRow, NewLetter, Store, Tx, Utterance},
};

/// What a round of sending came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub sent: u32,
    pub failed: u32,
    /// Put off: the letter will be tried again.
    pub put_off: u32,
    /// The round ended early, since the server refuses us or cannot be reached.
    pub is_held: bool,
}

impl Delivered {
    fn count(&mut self, settled: Option<Next>) {
        match settled {
            None => {}
            Some(Next::Sent) => self.sent += 1,
            Some(Next::GiveUp) => self.failed += 1,
            Some(Next::RetryAt(_)) => self.put_off += 1,
        }
    }
}

impl std::ops::Add for Delivered {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            failed: self.failed + other.failed,
            put_off: self.put_off + other.put_off,
            is_held: self.is_held || other.is_held,
        }
    }
}

/// A letter that cannot be written (a bug, not the weather) is tried again after so long.
const SET_ASIDE: SignedDuration = SignedDuration::from_hours(1);
/// Pause before what became of a letter is written once more.
const TRY_TO_WRITE_AGAIN: Duration = Duration::from_secs(5);
/// Longer than any pause that we make (`retry::after`, `SET_ASIDE`).
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(75);
/// So many failures in a row end a round: the server is in trouble, not the recipients.
const FAILURES_IN_A_ROW: u32 = 3;

/// A letter that is ours to send, as it goes to the server.
#[derive(Debug)]
pub struct Claimed {
    pub letter: LetterRow,
    attempt: i64,
    written: Written,
    brings: Vec<Brought>,
}

impl Claimed {
    pub fn message(&self) -> &[u8] {
        &self.written.message
    }
}

/// The same before it is written, which needs no database.
struct Drafted {
    letter: LetterRow,
    attempt: i64,
    draft: Draft,
}

impl Drafted {
    fn write(self, office: &Office) -> std::result::Result<Claimed, Box<Unwritten>> {
        let Self { letter, attempt, mut draft } = self;
        let brings = std::mem::take(&mut draft.brings);
        match draft.write(office) {
            Ok(written) => Ok(Claimed { letter, attempt, written, brings }),
            Err(e) => Err(Box::new(Unwritten { letter, attempt, why: e.to_string() })),
        }
    }
}

/// One that cannot be written: a bug, not the weather.
struct Unwritten {
    letter: LetterRow,
    attempt: i64,
    why: String,
}

/// Sends what is due, over so many connections, until nothing is due or `stop` is set. A letter that
/// was begun is finished.
pub async fn deliver(
    store: &Store,
    office: &Arc<Office>,
    mailer: &Arc<Mailer>,
    clock: Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Delivered> {
    let beginning = office.clone();
    store.call(move |db| begin_round(db, &clock.now(&beginning.settings.timezone))).await?;
    let in_a_row = Arc::new(AtomicU32::new(0));
    let held = Arc::new(AtomicBool::new(false));
    let mut workers = JoinSet::new();
    for _ in 0..office.connections() {
        let (store, office) = (store.clone(), office.clone());
        let (stop, held, in_a_row) = (stop.clone(), held.clone(), in_a_row.clone());
        let sender = Sender { store, office, clock, stop, held };
        workers.spawn(sender.run(mailer.session(), in_a_row));
    }
    let mut total = Delivered::default();
    let mut failure = None;
    while let Some(worker) = workers.join_next().await {
        match worker {
            Ok(Ok(delivered)) => total = total + delivered,
            Ok(Err(e)) => failure = Some(e),
            Err(e) => error!(error = %e, "a sender ended early: {e}"),
        }
    }
    total.is_held = held.load(Ordering::Relaxed);
    failure.map_or(Ok(total), Err)
}

/// What was being sent when a process died is owed again. One process sends from a database (`daemon/lock.rs`), one
/// round at a time: before a round nothing is under way.
pub fn begin_round(db: &mut Db, now: &Moment) -> Result<()> {
    let longest = now.at.saturating_add(LONGEST_PAUSE).unwrap_or(now.at);
    Ok(db.write(|tx| tx.begin_round(now.at, longest))?)
}

/// One connection's part of a round.
struct Sender {
    store: Store,
    office: Arc<Office>,
    clock: Clock,
    stop: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
}

/// What became of a letter that was taken.
enum Last {
    Sent(Box<Claimed>, Outcome),
    Unwritten(Box<Unwritten>),
}

impl Sender {
    async fn run(self, mut session: Session, in_a_row: Arc<AtomicU32>) -> Result<Delivered> {
        let mut delivered = Delivered::default();
        let mut last: Option<Arc<Last>> = None;
        loop {
            if session.has_a_limit() {
                // Claimed only when it may go: what is reported done while it waits is not sent.
                delivered.count(self.hand_on(last.take(), false).await.0);
                if !self.goes_on() || !self.is_something_due().await? {
                    break;
                }
                session.turn().await;
            }
            let (settled, drafted) = self.hand_on(last.take(), true).await;
            delivered.count(settled);
            let Some(drafted) = drafted? else { break };
            last = Some(Arc::new(match drafted.write(&self.office) {
                Ok(claimed) => {
                    let (from, letter) = (self.office.settings.mail.from.as_str(), &claimed.letter);
                    let outcome = session.send(from, &letter.mailbox, claimed.message(), letter.envelope_id()).await;
                    if tells_of_the_server(&outcome, &in_a_row) {
                        self.held.store(true, Ordering::Relaxed);
                    }
                    Last::Sent(Box::new(claimed), outcome)
                }
                Err(unwritten) => Last::Unwritten(unwritten),
            }));
        }
        session.finish().await;
        Ok(delivered)
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && !self.held.load(Ordering::Relaxed)
    }

    async fn is_something_due(&self) -> Result<bool> {
        let (office, clock) = (self.office.clone(), self.clock);
        let look = move |db: &mut Db| {
            let now = clock.now(&office.settings.timezone);
            Ok(db.read(|tx| tx.next_to_send(now.at, office.is_open(now.local)))?.is_some())
        };
        self.store.call(look).await
    }

    /// Writes what became of the last letter and takes the next one, in one transaction that other connections share:
    /// one wait for the disk. The former is done however long the disk is full: given up, a letter that the server has
    /// taken would go out a second time. Only the end of the process ends it.
    async fn hand_on(&self, last: Option<Arc<Last>>, takes_next: bool) -> (Option<Next>, Result<Option<Drafted>>) {
        let mut not_taken = Ok(None);
        let mut takes_next = takes_next && self.goes_on();
        loop {
            if last.is_none() && !takes_next {
                return (None, not_taken);
            }
            let (office, clock, of) = (self.office.clone(), self.clock, last.clone());
            let work = move |tx: &Tx| {
                let settled = match of.as_deref() {
                    Some(Last::Sent(claimed, outcome)) => Some(settle_in(tx, &office, claimed, outcome, clock)?),
                    Some(Last::Unwritten(unwritten)) => {
                        put_back(tx, &office, unwritten, clock)?;
                        None
                    }
                    None => None,
                };
                let next = if takes_next { claim_in(tx, &office, clock)? } else { None };
                Ok::<_, Error>((settled, next))
            };
            match (self.store.write(work).await, last.as_deref()) {
                (Ok((settled, next)), last) => {
                    if let (Some(settled), Some(Last::Sent(claimed, outcome))) = (settled, last) {
                        tell(claimed, outcome, settled);
                    }
                    return (settled, if takes_next { Ok(next) } else { not_taken });
                }
                // What is wrong with the next is no matter of the last; and there may be room for the one alone.
                (Err(e), _) if takes_next => (takes_next, not_taken) = (false, Err(e)),
                (Err(e), Some(last)) => {
                    let (letter, outcome) = match last {
                        Last::Sent(claimed, outcome) => (claimed.letter.id, outcome.name()),
                        Last::Unwritten(unwritten) => (unwritten.letter.id, "unwritten"),
                    };
                    error!(letter, outcome, error = %e, "what became of a letter cannot be written, it is tried on: {e}");
                    time::sleep(TRY_TO_WRITE_AGAIN).await;
                }
                (Err(e), None) => return (None, Err(e)),
            }
        }
    }
}

/// Whether the round should end, since what failed was no single letter's fault.
fn tells_of_the_server(outcome: &Outcome, in_a_row: &AtomicU32) -> bool {
    match outcome {
        Outcome::Misconfigured { .. } => true,
        Outcome::Temporary { .. } | Outcome::Unknown { .. } => {
            in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_IN_A_ROW
        }
        Outcome::Accepted { .. } | Outcome::Permanent { .. } => {
            in_a_row.store(0, Ordering::Relaxed);
            false
        }
    }
}

/// Takes the next letter, written as of now. Letters with nothing left to say are dropped on the way;
/// one that cannot be written is set aside.
pub fn claim(db: &mut Db, office: &Office, clock: Clock) -> Result<Option<Claimed>> {
    while let Some(drafted) = in_transaction(db, |tx| claim_in(tx, office, clock))? {
        match drafted.write(office) {
            Ok(claimed) => return Ok(Some(claimed)),
            Err(unwritten) => in_transaction(db, |tx| put_back(tx, office, &unwritten, clock))?,
        }
    }
    Ok(None)
}

fn claim_in(tx: &Tx, office: &Office, clock: Clock) -> Result<Option<Drafted>> {
    let now = clock.now(&office.settings.timezone);
    while let Some((id, letter)) = tx.next_to_send(now.at, office.is_open(now.local))? {
        let drafted = letter.map_err(Error::from).and_then(|letter| {
            let draft = write::draft(tx, office, &letter, &now)?;
            Ok(draft.map(|draft| (letter, draft)))
        });
        match drafted {
            Ok(Some((letter, draft))) => {
                let attempt = tx.claim(&letter, now.at)?;
                return Ok(Some(Drafted { letter, attempt, draft }));
            }
            Ok(None) => tx.drop_letter(id, now.at)?,
            // The database itself fails; a value that cannot be read is one letter's matter.
            Err(Error::Store(e)) if !e.is_value() => return Err(e.into()),
            Err(e) => set_aside(tx, id, &e.to_string(), &now)?,
        }
    }
    Ok(None)
}

fn put_back(tx: &Tx, office: &Office, unwritten: &Unwritten, clock: Clock) -> Result<()> {
    let now = clock.now(&office.settings.timezone);
    tx.put_back(&unwritten.letter, unwritten.attempt)?;
    Ok(set_aside(tx, unwritten.letter.id, &unwritten.why, &now)?)
}

fn set_aside(tx: &Tx, letter: i64, why: &str, now: &Moment) -> crate::store::Result<()> {
    error!(letter, error = why, "a letter cannot be written: {why}");
    tx.set_aside(letter, now.at.saturating_add(SET_ASIDE).unwrap_or(now.at), why)
}

/// Writes what became of it. What failed for good goes to the admin, to be passed on.
pub fn settle(db: &mut Db, office: &Office, claimed: &Claimed, outcome: &Outcome, clock: Clock) -> Result<Next> {
    let next = in_transaction(db, |tx| settle_in(tx, office, claimed, outcome, clock))?;
    tell(claimed, outcome, next);
    Ok(next)
}

fn settle_in(tx: &Tx, office: &Office, claimed: &Claimed, outcome: &Outcome, clock: Clock) -> Result<Next> {
    let now = clock.now(&office.settings.timezone);
    let Claimed { letter, attempt, written, brings } = claimed;
    let attempts = letter.attempts + 1;
    // Spread by what the letter is, so that the same run gives the same pauses.
    let spread = (letter.id.unsigned_abs().wrapping_mul(7919) + u64::from(attempts) * 104_729) % 1000;
    // When a section's letter is given up the admin is asked to pass it on; after him there is nobody.
    let is_last = office.settings.admin.iter().any(|admin| admin.as_str() == letter.mailbox);
    let first = letter.first_attempt.unwrap_or(now.at);
    let next = retry::after(outcome, attempts, first, now.at, spread as u16, is_last);
    tx.keep_text(letter.id, &written.message)?;
    tx.settle((letter.id, *attempt, &written.subject), outcome, next, now.at)?;
    if next == Next::Sent {
        note_sent(tx, (letter, brings), outcome, &now)?;
    }
    if next == Next::GiveUp {
        let detail = json!({ "letter": letter.id, "mailbox": letter.mailbox, "reply": outcome.reply() });
        tx.audit(&audit(&now, "failed", None, None, detail))?;
        pass_on(tx, office, letter, &now)?;
    }
    Ok(next)
}

/// For the log, once it is on the disk.
fn tell(claimed: &Claimed, outcome: &Outcome, next: Next) {
    let letter = &claimed.letter;
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

/// Every reminder that a letter brought stands in its deadline's history.
fn note_sent(
    tx: &Tx,
    (letter, brings): (&LetterRow, &[Brought]),
    outcome: &Outcome,
    now: &Moment,
) -> crate::store::Result<()> {
    for Brought { deadline, period, saying, behalf } in brings {
        let detail = json!({
            "to": letter.mailbox, "saying": saying, "behalf": behalf,
            "letter": letter.id, "message_id": letter.message_id, "reply": outcome.reply(),
        });
        tx.audit(&audit(now, "sent", Some(deadline), Some(period), detail))?;
    }
    Ok(())
}

/// 代转: what a failed letter said is said to the admin instead, who is asked to pass it on. A letter
/// that was for an admin is told of to the other admins, once: never a failure about a failure.
pub(super) fn pass_on(tx: &Tx, office: &Office, letter: &LetterRow, now: &Moment) -> crate::store::Result<()> {
    let own = tx.said_in(letter.id)?.into_iter().filter(|s| s.reader.behalf.is_empty());
    let mut passed_on = false;
    for said in own {
        for admin in office.settings.admin.iter().filter(|admin| admin.as_str() != letter.mailbox) {
            let reader =
                Reader { mailbox: admin.clone(), behalf: letter.mailbox.clone(), is_leader: said.reader.is_leader };
            let (occurrence, counted_from, saying) = (said.occurrence, said.counted_from, said.saying);
            let (on_day, dates) = (said.on_day, said.dates);
            let utterance = Utterance { occurrence, counted_from, saying, reader: &reader, on_day, dates };
            if !tx.is_said(&utterance)? {
                let new = NewLetter {
                    mailbox: admin.as_str(),
                    notice: None,
                    answers: None,
                    any_time: true,
                    domain: office.domain(),
                };
                tx.say(tx.letter_for(&new, now.at)?, &utterance)?;
            }
            passed_on = true;
        }
    }
    // What an answer said is no reminder: nobody is asked to pass it on.
    if letter.answers.is_some() {
        return Ok(());
    }
    let is_about_a_failure = letter.notice.as_ref().is_some_and(|n| n.contains("undeliverable"));
    if passed_on || is_about_a_failure {
        return Ok(());
    }
    office.tell_admin_but(tx, &Notice::Undeliverable { letter: letter.id }, &letter.mailbox, now)
}
