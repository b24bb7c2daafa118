//! Opens occurrences as their time comes.

use jiff::civil::Date;
use tracing::error;

use crate::{
    domain::{
        calendar::{Calendar, shift},
        occurrence::{Dates, State},
        reminder::{Quiet, latest, steps},
    },
    store::{DeadlineRow, NewOccurrence, Result, Tx},
};

/// How far a rule is searched for its next date, in days: further than two years apart.
const SEARCH_DAYS: i64 = 800;
/// When to look again at a rule that has no date so far.
const LOOK_AGAIN_DAYS: i64 = 300;

/// Opens every occurrence whose period, or first lead, has begun. Gives how many.
pub fn open_occurrences(tx: &Tx, cal: &Calendar, today: Date) -> Result<u32> {
    let mut opened = 0;
    for id in tx.deadlines_to_open(today)? {
        match tx.deadline(&id) {
            Ok(Some(row)) => opened += open_of(tx, cal, &row, today)?,
            Ok(None) => {}
            // One bad row never stops the others.
            Err(e) if e.is_value() => {
                error!(deadline = id, error = %e, "a deadline cannot be read: its occurrences are not opened: {e}");
            }
            Err(e) => return Err(e),
        }
    }
    Ok(opened)
}

fn open_of(tx: &Tx, cal: &Calendar, row: &DeadlineRow, today: Date) -> Result<u32> {
    let deadline = &row.deadline;
    let from = row.last_due.map_or(row.since, |last| shift(last, 1).max(row.since));
    let mut terms = deadline.due.rule.terms(cal, from, shift(today.max(from), SEARCH_DAYS)).peekable();
    let (mut opened, mut last_due, mut next_opens) = (0, row.last_due, shift(today, LOOK_AGAIN_DAYS));
    while let Some(term) = terms.next() {
        let dates = Dates::new(deadline, cal, term.due);
        let next_due = terms.peek().map(|t| t.due);
        let quiet = Quiet { after: next_due, until: None };
        let days = steps(deadline, cal, &dates, quiet);
        let opens = super::first_day(&days).map_or(term.opens, |first| first.min(term.opens));
        if opens > today {
            next_opens = opens;
            break;
        }
        let speak_on = if latest(&days, today, quiet).is_some() { Some(today) } else { super::first_day(&days) };
        match tx.occurrence(&deadline.id, &term.period)? {
            None => {
                let new = NewOccurrence {
                    deadline: &deadline.id,
                    period: &term.period,
                    dates,
                    next_due,
                    speak_on,
                    case_on: None,
                };
                tx.open_occurrence(&new)?;
                opened += 1;
            }
            // The deadline was taken out of the file and has come back.
            Some(old) if old.state == State::Withdrawn => {
                tx.set_dates(old.id, &term.period, &dates, next_due, old.revision + u32::from(old.dates != dates))?;
                tx.set_state(old.id, State::Open, speak_on)?;
                opened += 1;
            }
            Some(_) => {}
        }
        last_due = Some(term.due);
    }
    tx.set_opened(&deadline.id, last_due, Some(next_opens))?;
    Ok(opened)
}
