//! 期限计算书: how the dates of one occurrence came about, and what is said of it when. Writes nothing.

use jiff::Timestamp;

use crate::service::{Office, Result, course::ahead::ahead};
use crate::{
    clock::Moment,
    domain::{
        account::{Account, Reminder, reminders},
        agenda::Agenda,
        calendar::shift,
        deadline::Deadline,
        occurrence::{Occurrence, State},
    },
    letter::account::{Said, Sheet, sheet},
    store::{Stored, Tx},
};

/// An occurrence with its account.
#[derive(Clone, Debug)]
pub struct Explained {
    pub deadline: Deadline,
    pub occurrence: Occurrence,
    pub account: Account,
    pub reminders: Vec<Reminder>,
    /// The same in words.
    pub sheet: Sheet,
}

/// Explains a period; without one, the nearest that is open, else the last. `wording` is for a deadline that no
/// database knows yet. `None` if there is no such deadline or period.
pub fn explain(
    tx: &Tx,
    office: &Office,
    (id, wording): (&str, Option<&Deadline>),
    period: Option<&str>,
    now: &Moment,
) -> Result<Option<Explained>> {
    let row = match period {
        Some(period) => tx.occurrence(id, period)?,
        None => None,
    };
    let then = wording_moment(tx, row.as_ref(), now.at)?;
    // The wording at that moment; for a withdrawn deadline, its last one.
    let known = match tx.wording_at(id, then)? {
        Some(deadline) => Some(deadline),
        None => tx.deadline(id)?.map(|row| row.deadline).or(wording.cloned()),
    };
    let Some(deadline) = known else { return Ok(None) };
    if let Some(Stored { id, it: occurrence }) = row {
        return tell(tx, office, (deadline, occurrence), Some(id), now).map(Some);
    }
    let (today, of_it) = (now.today(), std::slice::from_ref(&deadline));
    let found = ahead(tx, office, of_it, (shift(today, -800), shift(today, 1600)), now)?;
    let meant = match period {
        Some(period) => found.iter().find(|o| o.occurrence.period == period),
        None => {
            let is_near = |o: &&_| is_open(o) && (o.id.is_some() || o.occurrence.dates.due >= today);
            found.iter().find(is_near).or(found.last())
        }
    };
    let Some((occurrence, id)) = meant.map(|meant| (meant.occurrence.clone(), meant.id)) else { return Ok(None) };
    tell(tx, office, (deadline, occurrence), id, now).map(Some)
}

fn is_open(of: &crate::service::course::ahead::Ahead) -> bool {
    of.occurrence.state == State::Open
}

fn tell(
    tx: &Tx,
    office: &Office,
    (deadline, occurrence): (Deadline, Occurrence),
    id: Option<i64>,
    now: &Moment,
) -> Result<Explained> {
    let cal = &office.calendar;
    let (progress, said) = match id {
        Some(id) => (tx.progress(id)?, tx.heard_of(id)?),
        None => Default::default(),
    };
    let account = Account::of(&deadline, cal, &occurrence);
    let agenda = Agenda {
        house: office.house(),
        deadline: &deadline,
        occurrence: &occurrence,
        progress: &progress,
        said: &said,
    };
    let reminders = reminders(&agenda, now.today());
    let said = Said { cal, deadline: &deadline, occurrence: &occurrence, account: &account, reminders: &reminders };
    let sheet = sheet(&said);
    Ok(Explained { deadline, occurrence, account, reminders, sheet })
}

/// The moment whose wording is shown: the last report of a closed occurrence, else now.
pub fn wording_moment(tx: &Tx, occurrence: Option<&Stored<Occurrence>>, now: Timestamp) -> Result<Timestamp> {
    let Some(row) = occurrence.filter(|o| o.state != State::Open) else { return Ok(now) };
    Ok(tx.completions(row.id)?.last().map_or(now, |c| c.at))
}
