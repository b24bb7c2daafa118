//! Puts what is due now, still open and not yet said into letters in the outbox.

use jiff::{SignedDuration, civil::date};
use serde_json::json;
use tracing::error;

use crate::service::{
    Office, Result,
    course::open::open_occurrences,
    tell::{Notice, audit},
};
use crate::{
    clock::Moment,
    domain::{
        Date,
        agenda::Agenda,
        calendar::{Calendar, shift},
        deadline::Deadline,
        occurrence::Occurrence,
    },
    store::{Db, LetterRow, Stored, Tx, state},
};

/// The counts of one sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub opened: u32,
    /// Reminders put into letters.
    pub said: u32,
}

/// A letter unsent for this long is counted as late.
const LATE: SignedDuration = SignedDuration::from_hours(1);
/// The admin is told of a letter that has waited this long, so that the promised hour is kept.
const STUCK_AFTER: SignedDuration = SignedDuration::from_mins(45);

/// Level-triggered: running it again repeats nothing, and it finds whatever was missed.
pub fn sweep(db: &mut Db, office: &Office, now: &Moment) -> Result<Swept> {
    Ok(db.write(|tx| {
        let today = now.today();
        let mut swept = Swept { opened: open_occurrences(tx, office.house(), today)?, said: 0 };
        warn_of_missing_year(tx, office, now)?;
        write_weekly(tx, office, now)?;
        office.tell_of_strangers(tx, now)?;
        if office.house().is_open(now.local) {
            for (occurrence, deadline) in tx.occurrences_to_speak_of(today)? {
                let said = deadline.and_then(|d| tx.attempt(|| speak_of(tx, office, &occurrence, &d, now)));
                match said {
                    Ok(said) => swept.said += said,
                    // One bad row must not stop the others.
                    Err(e) if e.is_value() => {
                        error!(deadline = occurrence.deadline, error = %e, "an occurrence cannot be spoken of: {e}");
                    }
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(swept)
    })?)
}

/// After a restore, if the operator chooses so: records everything due up to now as said, in letters that the caller
/// keeps from going out. Returns the number of reminders.
pub(in crate::service) fn mark_as_said(tx: &Tx, office: &Office, now: &Moment) -> crate::store::Result<u32> {
    open_occurrences(tx, office.house(), now.today())?;
    let mut said = 0;
    for (occurrence, deadline) in tx.occurrences_to_speak_of(now.today())? {
        said += speak_of(tx, office, &occurrence, &deadline?, now)?;
    }
    Ok(said)
}

/// Queues the reminders of one occurrence that are due now. Returns how many.
fn speak_of(
    tx: &Tx,
    office: &Office,
    occurrence: &Stored<Occurrence>,
    deadline: &Deadline,
    now: &Moment,
) -> crate::store::Result<u32> {
    let (progress, said) = (tx.progress(occurrence.id)?, tx.heard_of(occurrence.id)?);
    let agenda = Agenda { house: office.house(), deadline, occurrence, progress: &progress, said: &said };
    let mut spoken = 0;
    for utterance in agenda.due(now.local) {
        let letter = tx.letter_for(&office.reminders_to(&utterance.reader.mailbox), now.at)?;
        tx.say(letter, occurrence.id, &utterance)?;
        spoken += 1;
    }
    tx.speak_on(occurrence.id, agenda.look_again(now.local))?;
    Ok(spoken)
}

/// Tells the admin once of a missing notice of statutory days; of next year's from 1 November on.
fn warn_of_missing_year(tx: &Tx, office: &Office, now: &Moment) -> crate::store::Result<()> {
    let Some(year) = missing_year(&office.calendar, now.today()) else { return Ok(()) };
    if tx.get(state::MISSING_YEAR)? == Some(year) {
        return Ok(());
    }
    tx.put(state::MISSING_YEAR, &year)?;
    office.tell_admin(tx, &Notice::HolidayMissing { year }, now)
}

/// Queues the weekly summary once a week, from Monday's `send_at` on. The week of the first start has none: the letter
/// about the start takes its place.
fn write_weekly(tx: &Tx, office: &Office, now: &Moment) -> crate::store::Result<()> {
    let monday = shift(now.today(), -i64::from(now.today().weekday().to_monday_zero_offset()));
    let due = now.local >= monday.to_datetime(office.settings.hours.send_at);
    let last = tx.get(state::WEEKLY)?;
    if !due || last == Some(monday) {
        return Ok(());
    }
    tx.put(state::WEEKLY, &monday)?;
    if last.is_none() { Ok(()) } else { office.tell_admin(tx, &Notice::Weekly, now) }
}

/// The year whose statutory days should be known and are not: this year, or from 1 November on the next.
pub fn missing_year(cal: &Calendar, today: Date) -> Option<i16> {
    let this = today.year();
    let next = (today >= date(this, 11, 1)).then_some(this + 1);
    [Some(this), next].into_iter().flatten().find(|year| cal.is_provisional(*year))
}

/// Tells the admin of letters that have waited too long, each once. Returns how many.
pub fn tell_of_stuck_letters(db: &mut Db, office: &Office, now: &Moment) -> Result<usize> {
    Ok(db.write(|tx| {
        let since = now.at.saturating_sub(STUCK_AFTER).unwrap_or(now.at);
        // A letter that only waits for the sending window is not stuck.
        let in_trouble = |l: &LetterRow| l.attempts > 0 || office.house().is_open(now.local);
        let stuck: Vec<LetterRow> = tx.stuck_letters(since)?.into_iter().filter(in_trouble).collect();
        if stuck.is_empty() {
            return Ok(0);
        }
        for letter in &stuck {
            tx.set_alarmed(letter.id, now.at)?;
            error!(
                letter = letter.id,
                attempts = letter.attempts,
                error = letter.last_error,
                "letter {} is stuck: {}",
                letter.id,
                letter.last_error.as_deref().unwrap_or("no attempt yet")
            );
        }
        let letters: Vec<i64> = stuck.iter().map(|l| l.id).collect();
        tx.audit(&audit(now, "stuck", None, None, json!({ "letters": letters })))?;
        office.tell_admin(tx, &Notice::Stuck { letters }, now)?;
        Ok(stuck.len())
    })?)
}

/// How many letters are over an hour late. A letter that only waits for the sending window is not late.
pub fn late_letters(tx: &Tx, office: &Office, now: &Moment) -> crate::store::Result<u32> {
    let before = now.at.saturating_sub(LATE).unwrap_or(now.at);
    tx.count_late(before, office.house().is_open(now.local))
}
