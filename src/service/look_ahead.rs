//! What will be due, from the present state, without writing anything.

use std::collections::{BTreeSet, HashMap};

use super::{Office, Result, load::term_of, write};
use crate::{
    clock::Moment,
    domain::{
        Date,
        calendar::shift,
        deadline::{Deadline, Lead},
        occurrence::{Dates, Light, Progress, State},
        reminder::{Quiet, Saying, Step, latest, steps},
    },
    letter::Entry,
    store::{OccurrenceRow, Tx},
};

/// No lead and no overdue letter lies further from its due date, in days.
pub(super) const REACH_DAYS: i64 = 400;

/// An occurrence, opened or still to come.
#[derive(Clone, Debug)]
pub struct Occasion<'a> {
    pub deadline: &'a Deadline,
    pub period: String,
    pub dates: Dates,
    pub state: State,
    pub progress: Progress,
    pub steps: Vec<Step>,
    pub quiet: Quiet,
    /// Its row, once it was opened.
    pub row: Option<OccurrenceRow>,
}

/// Every occurrence of the deadlines with `due` in `from..=to`, and every open one before.
pub fn occasions<'a>(
    tx: &Tx,
    office: &Office,
    deadlines: &'a [Deadline],
    from: Date,
    to: Date,
    now: &Moment,
) -> Result<Vec<Occasion<'a>>> {
    let mut found = Vec::new();
    let mut rows = Rows::read(tx, deadlines.len(), from)?;
    for deadline in deadlines {
        let rows = rows.of(tx, &deadline.id)?;
        occasions_of(tx, office, deadline, rows, (from, to), now, &mut found)?;
    }
    found.sort_by(|a, b| (a.dates.due, &a.deadline.id, &a.period).cmp(&(b.dates.due, &b.deadline.id, &b.period)));
    Ok(found)
}

/// Whether it is in force, since when, and its occurrences.
pub(super) type RowsOfOne = ((bool, Date), Vec<OccurrenceRow>);

/// What is stored of deadlines: since when they are in force, and their occurrences.
pub(super) enum Rows {
    /// Asked for one by one: what is open, and what is due from that day on.
    OfEach(Date),
    /// Many are read in one pass.
    OfAll(HashMap<String, (bool, Date)>, HashMap<String, Vec<OccurrenceRow>>),
}

impl Rows {
    pub fn read(tx: &Tx, deadlines: usize, from: Date) -> Result<Self> {
        const MANY: usize = 1000;
        // What was over so long before is not due now under any wording.
        let from = shift(from, -2 * REACH_DAYS);
        if deadlines < MANY {
            return Ok(Self::OfEach(from));
        }
        Ok(Self::OfAll(tx.all_since()?, tx.occurrences_by_deadline(from)?))
    }

    /// `None` of a deadline that was never in force.
    pub fn of(&mut self, tx: &Tx, id: &str) -> Result<Option<RowsOfOne>> {
        Ok(match self {
            Self::OfEach(from) => match tx.since(id)? {
                Some(since) => Some((since, tx.occurrences_lately(id, *from)?)),
                None => None,
            },
            Self::OfAll(since, rows) => since.get(id).map(|since| (*since, rows.remove(id).unwrap_or_default())),
        })
    }
}

fn occasions_of<'a>(
    tx: &Tx,
    office: &Office,
    deadline: &'a Deadline,
    rows: Option<RowsOfOne>,
    (from, to): (Date, Date),
    now: &Moment,
    found: &mut Vec<Occasion<'a>>,
) -> Result<()> {
    let cal = &office.calendar;
    let stored = stored(tx, office, deadline, rows, (from, to), now)?;
    found.extend(stored.occasions);
    let mut terms = deadline.due.rule.terms(cal, from.max(stored.since), shift(to, REACH_DAYS)).peekable();
    while let Some(term) = terms.next().filter(|t| t.due <= to) {
        if stored.periods.contains(&term.period) {
            continue;
        }
        let dates = Dates::new(deadline, cal, term.due);
        let quiet = Quiet { after: terms.peek().map(|t| t.due), until: None };
        let days = steps(deadline, cal, &dates, quiet);
        let (period, progress) = (term.period, Progress::default());
        found.push(Occasion { deadline, period, dates, state: State::Open, progress, steps: days, quiet, row: None });
    }
    Ok(())
}

/// What the database has of a deadline.
pub(super) struct Stored<'a> {
    /// With `due` in the time that was asked for, and every open one before.
    pub occasions: Vec<Occasion<'a>>,
    /// Of all that were opened.
    pub periods: BTreeSet<String>,
    /// Others that are due before are not opened.
    pub since: Date,
}

pub(super) fn stored<'a>(
    tx: &Tx,
    office: &Office,
    deadline: &'a Deadline,
    rows: Option<RowsOfOne>,
    (from, to): (Date, Date),
    now: &Moment,
) -> Result<Stored<'a>> {
    let (known, rows) = rows.unzip();
    let (mut occasions, mut periods) = (Vec::new(), BTreeSet::new());
    if let Some(stored) = rows {
        let open = stored.iter().filter(|o| o.state == State::Open).count();
        for row in stored.into_iter().filter(|o| o.state != State::Withdrawn) {
            // The wording may be one that is not in force yet: the dates are those it will have.
            let Some((period, dates, quiet)) = dates_now(office, deadline, &row, open) else { continue };
            periods.insert(period.clone());
            let is_wanted = (from..=to).contains(&dates.due) || (row.state == State::Open && dates.due < from);
            if is_wanted {
                let days = steps(deadline, &office.calendar, &dates, quiet);
                let (progress, state) = (tx.progress(row.id)?, row.state);
                occasions.push(Occasion {
                    deadline,
                    period,
                    dates,
                    state,
                    progress,
                    steps: days,
                    quiet,
                    row: Some(row),
                });
            }
        }
    }
    let since = match known {
        Some((true, since)) => deadline.since.unwrap_or(since),
        _ => deadline.since.unwrap_or(now.today()),
    };
    Ok(Stored { occasions, periods, since })
}

/// An opened occurrence's label, dates and silences under this wording; `None` if it has no such period.
fn dates_now(office: &Office, deadline: &Deadline, row: &OccurrenceRow, open: usize) -> Option<(String, Dates, Quiet)> {
    if row.state != State::Open {
        return Some((row.period.clone(), row.dates, row.quiet()));
    }
    let (term, next_due) = term_of(office, deadline, row, open)?;
    let quiet = Quiet { after: next_due, until: row.quiet_until };
    Some((term.period, Dates::new(deadline, &office.calendar, term.due), quiet))
}

impl Occasion<'_> {
    pub fn light(&self, today: Date) -> Light {
        Light::of(self.state, &self.dates, super::first_day(&self.steps), today)
    }

    pub fn title(&self) -> String {
        self.deadline.title_for(&self.period)
    }

    /// As letters and calendars have it, to nobody in particular; `database` is the database's own id.
    pub fn entry(&self, office: &Office, database: &str, now: &Moment) -> Entry {
        let step = self.step_of(now.today());
        let mut entry = office.entry(&self.as_row(), self.deadline, &self.progress, &step, now);
        entry.uid = write::uid(&self.deadline.id, &self.period, database);
        entry
    }

    /// What would be said of it today.
    pub(super) fn step_of(&self, today: Date) -> Step {
        let fallback = Step { on: today, counted_from: self.dates.finish_by, saying: Saying::Before(Lead::Days(0)) };
        latest(&self.steps, today, self.quiet).or(self.steps.first()).copied().unwrap_or(fallback)
    }

    /// Its row, or the one that it will have.
    pub(super) fn as_row(&self) -> OccurrenceRow {
        self.row.clone().unwrap_or_else(|| OccurrenceRow {
            id: 0,
            deadline: self.deadline.id.clone(),
            period: self.period.clone(),
            dates: self.dates,
            next_due: self.quiet.after,
            case_on: None,
            extended_to: None,
            quiet_until: None,
            revision: 0,
            state: self.state,
        })
    }
}
