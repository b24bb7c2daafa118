//! Opens occurrences as their time comes.

use tracing::error;

use crate::{
    domain::{
        Date,
        agenda::Agenda,
        calendar::shift,
        hours::House,
        occurrence::{Progress, SEARCH_DAYS, coming},
    },
    store::{DeadlineRow, Result, Tx},
};

/// Days until a rule without a next date is looked at again.
const LOOK_AGAIN_DAYS: i64 = 300;

/// Opens every occurrence whose period has begun or whose first lead is reached. Returns how many.
pub fn open_occurrences(tx: &Tx, house: House, today: Date) -> Result<u32> {
    let mut opened = 0;
    for id in tx.deadlines_to_open(today)? {
        match tx.deadline(&id) {
            Ok(Some(row)) => opened += open_of(tx, house, &row, today)?,
            Ok(None) => {}
            // One bad row must not stop the others.
            Err(e) if e.is_value() => {
                error!(deadline = id, error = %e, "a deadline cannot be read: its occurrences are not opened: {e}");
            }
            Err(e) => return Err(e),
        }
    }
    Ok(opened)
}

fn open_of(tx: &Tx, house: House, row: &DeadlineRow, today: Date) -> Result<u32> {
    let deadline = &row.deadline;
    let from = row.last_due.map_or(row.since, |last| shift(last, 1).max(row.since));
    let (mut opened, mut last_due, mut next_opens) = (0, row.last_due, shift(today, LOOK_AGAIN_DAYS));
    for (begins, occurrence) in coming(deadline, house.calendar, from, shift(today.max(from), SEARCH_DAYS)) {
        let agenda = Agenda { house, deadline, occurrence: &occurrence, progress: &Progress::default(), said: &[] };
        let opens = agenda.begins().map_or(begins, |first| first.min(begins));
        if opens > today {
            next_opens = opens;
            break;
        }
        if tx.occurrence(&occurrence.deadline, &occurrence.period)?.is_none() {
            tx.open_occurrence(&occurrence, today)?;
            opened += 1;
        }
        last_due = Some(occurrence.dates.due);
    }
    tx.set_opened(&deadline.id, last_due, Some(next_opens))?;
    Ok(opened)
}
