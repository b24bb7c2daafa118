//! The year's ledger: every occurrence with its reports.

use jiff::civil::date;

use crate::service::{
    Office, Result,
    course::ahead::{Ahead, ahead},
};
use crate::{
    clock::Moment,
    domain::{
        deadline::{Deadline, Done},
        occurrence::{Occurrence, State},
    },
    ledger::{Completion, Entry, Ledger, Row},
    store::Tx,
};

/// Occurrences due in `year`, by item and date. Done ones stay in when their deadline is removed from the file.
pub fn ledger(
    tx: &Tx,
    office: &Office,
    deadlines: &[Deadline],
    year: i16,
    section: Option<&str>,
    now: &Moment,
) -> Result<Ledger> {
    let gone = gone(tx, deadlines)?;
    let (from, to) = (date(year, 1, 1), date(year, 12, 31));
    let mut found = ahead(tx, office, deadlines, (from, to), now)?;
    let finished = ahead(tx, office, &gone, (from, to), now)?;
    found.extend(finished.into_iter().filter(|o| o.id.is_some() && o.occurrence.state == State::Done));
    found.retain(|o| o.occurrence.dates.due.year() == year);
    found.retain(|o| section.is_none_or(|s| office.section_names(o.deadline).contains(&s)));
    let key = |o: &Ahead| {
        let (Occurrence { period, dates, .. }, Deadline { item, id, .. }) = (&o.occurrence, o.deadline);
        (item.is_none(), *item, dates.due, id.clone(), period.clone())
    };
    found.sort_by_cached_key(key);
    let rows = found.iter().map(|o| entry(tx, office, o, now).map(|entry| Row::new(&entry)));
    let rows = rows.collect::<Result<Vec<Row>>>()?;
    Ok(Ledger { year, section: section.map(str::to_owned), made_at: now.local, rows })
}

/// Deadlines in the database that are not among `deadlines`.
fn gone(tx: &Tx, deadlines: &[Deadline]) -> Result<Vec<Deadline>> {
    let mut ids = tx.since(None)?;
    for deadline in deadlines {
        ids.remove(&deadline.id);
    }
    let mut gone = Vec::new();
    for id in ids.keys() {
        gone.extend(tx.deadline(id)?.map(|row| row.deadline));
    }
    Ok(gone)
}

fn entry<'a>(tx: &Tx, office: &Office, found: &'a Ahead, now: &Moment) -> Result<Entry<'a>> {
    let (deadline, today) = (found.deadline, now.today());
    let Occurrence { period, dates, state, .. } = &found.occurrence;
    let given = found.id.map(|id| tx.completions(id)).transpose()?.unwrap_or_default();
    let zone = &office.settings.timezone;
    let reports = given.into_iter().map(|c| Completion {
        section: c.section,
        by: c.by,
        note: c.note,
        evidence: c.evidence,
        on: zone.to_datetime(c.at).date(),
    });
    let told = found.id.map(|id| office.last_noted(tx, id)).transpose()?.flatten().map(|word| word.words());
    let names = office.section_names(deadline);
    let owes = |name: &&str| deadline.done == Done::Each && !found.progress.has_reported(deadline, name);
    Ok(Entry {
        deadline,
        period,
        dates: *dates,
        state: *state,
        light: found.light(office.house(), today),
        days_left: dates.days_left(dates.finish_on(today), today),
        workdays_left: dates.workdays_left(&office.calendar, dates.finish_on(today), today),
        today,
        reports: reports.collect(),
        told,
        missing: names.into_iter().filter(owes).map(str::to_owned).collect(),
    })
}
