//! Stored occurrences and those to come, without writing anything.

use std::collections::{BTreeSet, HashMap};

use crate::service::{Office, Result};
use crate::{
    clock::Moment,
    domain::{
        Date,
        agenda::{Agenda, LONGEST_REACH, Saying, Step},
        calendar::shift,
        deadline::{Deadline, Lead, Part},
        hours::House,
        occurrence::{Light, Occurrence, Progress, State, coming},
    },
    letter::Entry,
    store::{Stored, Tx},
};

/// A stored occurrence, or one to come.
#[derive(Clone, Debug)]
pub struct Ahead<'a> {
    /// `None` if it is yet to come.
    pub id: Option<i64>,
    pub occurrence: Occurrence,
    pub deadline: &'a Deadline,
    pub progress: Progress,
}

/// Every occurrence of `deadlines` with `due` in `from..=to`, and every open one before, sorted by due date.
pub fn ahead<'a>(
    tx: &Tx,
    office: &Office,
    deadlines: &'a [Deadline],
    (from, to): (Date, Date),
    now: &Moment,
) -> Result<Vec<Ahead<'a>>> {
    let mut rows = Rows::read(tx, deadlines, from)?;
    let mut found = Vec::new();
    for deadline in deadlines {
        found.extend(rows.of(tx, office, deadline, (from, to), now)?);
    }
    found.sort_by(|a, b| {
        let key = |o: &Ahead<'a>| (o.occurrence.dates.due, &o.deadline.id);
        key(a).cmp(&key(b)).then_with(|| a.occurrence.period.cmp(&b.occurrence.period))
    });
    Ok(found)
}

/// What the database holds of deadlines: whether and since when each is in force, and its occurrences.
pub struct Rows {
    since: HashMap<String, (bool, Date)>,
    occurrences: HashMap<String, Vec<Stored<Occurrence>>>,
}

impl Rows {
    /// Reads what is open, and what may be due on or after `from` under another wording.
    pub fn read(tx: &Tx, deadlines: &[Deadline], from: Date) -> Result<Self> {
        /// More are read in one pass over all.
        const FEW: usize = 200;
        let ids = || deadlines.iter().map(|d| d.id.as_str()).collect::<serde_json::Value>().to_string();
        let only = (deadlines.len() <= FEW).then(ids);
        let only = only.as_deref();
        let from = shift(from, -2 * LONGEST_REACH);
        Ok(Self { since: tx.since(only)?, occurrences: tx.occurrences_lately(only, from)? })
    }

    /// One deadline's occurrences with `due` in `from..=to`, and every open one before.
    pub fn of<'a>(
        &mut self,
        tx: &Tx,
        office: &Office,
        deadline: &'a Deadline,
        (from, to): (Date, Date),
        now: &Moment,
    ) -> Result<Vec<Ahead<'a>>> {
        let cal = &office.calendar;
        let stored = self.occurrences.remove(&deadline.id).unwrap_or_default();
        let (mut found, mut periods) = (Vec::new(), BTreeSet::new());
        for Stored { id, it: occurrence } in stored {
            periods.insert(occurrence.period.clone());
            let due = occurrence.dates.due;
            if occurrence.state == State::Withdrawn {
                continue;
            }
            if (from..=to).contains(&due) || (occurrence.state == State::Open && due < from) {
                found.push(Ahead { id: Some(id), occurrence, deadline, progress: tx.progress(id)? });
            }
        }
        let in_force = self.since.get(&deadline.id).filter(|(in_force, _)| *in_force);
        let since = deadline.since.or(in_force.map(|(_, since)| *since)).unwrap_or(now.today());
        let to_come = coming(deadline, cal, from.max(since), to).map(|(_, occurrence)| occurrence);
        let to_come = to_come.filter(|occurrence| !periods.contains(&occurrence.period));
        found.extend(to_come.map(|occurrence| Ahead { id: None, occurrence, deadline, progress: Progress::default() }));
        Ok(found)
    }
}

impl Ahead<'_> {
    /// Its agenda, as if nothing had been said.
    pub fn agenda<'b>(&'b self, house: House<'b>) -> Agenda<'b> {
        let Self { occurrence, deadline, progress, .. } = self;
        Agenda { house, deadline, occurrence, progress, said: &[] }
    }

    pub fn light(&self, house: House, today: Date) -> Light {
        let Occurrence { state, dates, .. } = &self.occurrence;
        Light::of(*state, dates, self.agenda(house).first_day(Part::Answers), today)
    }

    /// Whether it is open, and its clock goes.
    pub fn is_running(&self) -> bool {
        self.occurrence.state == State::Open && self.occurrence.dates.paused.is_none()
    }

    pub fn title(&self) -> String {
        self.deadline.title_for(&self.occurrence.period)
    }

    /// As letters and calendars show it to sections with this part, without an addressee.
    pub fn entry(&self, office: &Office, part: Part, now: &Moment) -> Entry {
        let agenda = self.agenda(office.house());
        office.entry(&agenda, part, &step_of(&agenda, now.today()), now)
    }
}

/// The step that would be said today; the first one if none is due yet.
pub(in crate::service) fn step_of(agenda: &Agenda, today: Date) -> Step {
    let counted_from = agenda.occurrence.dates.finish_by;
    let fallback = Step { on: today, counted_from, saying: Saying::Before(Lead::Days(0)) };
    let part = Part::Answers;
    agenda.latest(part, today).or(agenda.steps(part).first().copied()).unwrap_or(fallback)
}
