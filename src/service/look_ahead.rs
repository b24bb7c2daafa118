//! What will be due and what will be said, from the present state, without writing anything.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::DateTime;
use serde::Serialize;

use super::{Office, Result, load::term_of, write};
use crate::{
    clock::Moment,
    domain::{
        Date,
        calendar::shift,
        deadline::{Deadline, Lead},
        occurrence::{Dates, Light, Progress, State},
        reminder::{Quiet, Reader, Reason, Saying, Step, latest, steps},
    },
    letter::Entry,
    store::{OccurrenceFilter, OccurrenceRow, Tx, Utterance},
};

/// No lead and no overdue letter lies further from its due date, in days.
const REACH_DAYS: i64 = 400;

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

/// A letter that will go out if nothing is finished.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedLetter {
    /// RFC 3339, with the bureau's offset.
    pub send_at: String,
    pub to: String,
    pub section: String,
    pub reminders: Vec<PlannedReminder>,
    /// Bureau time.
    #[serde(skip)]
    pub at: DateTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedReminder {
    pub deadline: String,
    pub period: String,
    pub due: Date,
    pub finish_by: Date,
    pub counted_from: Date,
    pub reason: Reason,
    pub lead: PlannedLead,
}

/// As written (`7个工作日`), working days since `due`, or nothing for a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PlannedLead {
    Before(String),
    Overdue(u16),
    None,
}

/// Who is to hear what of which deadline.
type Planned<'a> = (Reader, &'a Deadline, PlannedReminder);

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
    let mut stored = Stored::read(tx, deadlines.len(), from)?;
    for deadline in deadlines {
        let stored = stored.of(tx, &deadline.id)?;
        occasions_of(tx, office, deadline, stored, (from, to), now, &mut found)?;
    }
    found.sort_by(|a, b| (a.dates.due, &a.deadline.id, &a.period).cmp(&(b.dates.due, &b.deadline.id, &b.period)));
    Ok(found)
}

/// What is stored of deadlines: since when they are in force, and their occurrences.
enum Stored {
    /// Asked for one by one.
    OfEach,
    /// Many are read in one pass.
    OfAll(HashMap<String, (bool, Date)>, HashMap<String, Vec<OccurrenceRow>>),
}

impl Stored {
    fn read(tx: &Tx, deadlines: usize, from: Date) -> Result<Self> {
        const MANY: usize = 1000;
        if deadlines < MANY {
            return Ok(Self::OfEach);
        }
        // What was over so long before is not due now under any wording.
        Ok(Self::OfAll(tx.all_since()?, tx.occurrences_by_deadline(shift(from, -2 * REACH_DAYS))?))
    }

    /// `None` of a deadline that was never in force.
    fn of(&mut self, tx: &Tx, id: &str) -> Result<Option<((bool, Date), Vec<OccurrenceRow>)>> {
        let filter = OccurrenceFilter { deadline: Some(id), state: None };
        Ok(match self {
            Self::OfEach => match tx.since(id)? {
                Some(since) => Some((since, tx.occurrences(filter)?)),
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
    stored: Option<((bool, Date), Vec<OccurrenceRow>)>,
    (from, to): (Date, Date),
    now: &Moment,
    found: &mut Vec<Occasion<'a>>,
) -> Result<()> {
    let cal = &office.calendar;
    let (known, stored) = stored.unzip();
    let mut seen = HashSet::new();
    if let Some(stored) = stored {
        let open = stored.iter().filter(|o| o.state == State::Open).count();
        for row in stored.into_iter().filter(|o| o.state != State::Withdrawn) {
            // The wording may be one that is not in force yet: the dates are those it will have.
            let Some((period, dates, quiet)) = dates_now(office, deadline, &row, open) else { continue };
            seen.insert(period.clone());
            let is_wanted = (from..=to).contains(&dates.due) || (row.state == State::Open && dates.due < from);
            if is_wanted {
                let days = steps(deadline, cal, &dates, quiet);
                let (progress, state) = (tx.progress(row.id)?, row.state);
                found.push(Occasion { deadline, period, dates, state, progress, steps: days, quiet, row: Some(row) });
            }
        }
    }
    let since = match known {
        Some((true, since)) => deadline.since.unwrap_or(since),
        _ => deadline.since.unwrap_or(now.today()),
    };
    let mut terms = deadline.due.rule.terms(cal, from.max(since), shift(to, REACH_DAYS)).peekable();
    while let Some(term) = terms.next().filter(|t| t.due <= to) {
        if seen.contains(&term.period) {
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

/// An opened occurrence's label, dates and silences under this wording; `None` if it has no such period.
fn dates_now(office: &Office, deadline: &Deadline, row: &OccurrenceRow, open: usize) -> Option<(String, Dates, Quiet)> {
    if row.state != State::Open {
        return Some((row.period.clone(), row.dates, row.quiet()));
    }
    let (term, next_due) = term_of(office, deadline, row, open)?;
    let quiet = Quiet { after: next_due, until: row.quiet_until };
    Some((term.period, Dates::new(deadline, &office.calendar, term.due), quiet))
}

/// The letters with a send time in `from..=to`, by time and mailbox.
pub fn plan(
    tx: &Tx,
    office: &Office,
    deadlines: &[Deadline],
    from: Date,
    to: Date,
    now: &Moment,
) -> Result<Vec<PlannedLetter>> {
    let opening = office.next_opening(now.local);
    let mut letters: BTreeMap<(DateTime, String), Vec<Planned>> = BTreeMap::new();
    let due_from = shift(from, -REACH_DAYS);
    let due_to = shift(to, REACH_DAYS);
    for occasion in occasions(tx, office, deadlines, due_from, due_to, now)? {
        if occasion.state != State::Open {
            continue;
        }
        for (at, step, reader, reason) in said_of(tx, office, &occasion, opening)? {
            if (from..=to).contains(&at.date()) {
                let reminder = occasion.planned(&step, reason);
                letters.entry((at, reader.mailbox.to_string())).or_default().push((
                    reader,
                    occasion.deadline,
                    reminder,
                ));
            }
        }
    }
    Ok(letters.into_iter().map(|((at, to), said)| office.planned_letter(at, to, said)).collect())
}

/// What will be said of one occurrence, to whom and when.
fn said_of(
    tx: &Tx,
    office: &Office,
    occasion: &Occasion,
    opening: DateTime,
) -> Result<Vec<(DateTime, Step, Reader, Reason)>> {
    let first = opening.date();
    let send_at = |day: Date| day.to_datetime(office.settings.send_at);
    let mut said = Vec::new();
    let mut corrected: Vec<Reader> = Vec::new();
    let dates = occasion.dates;
    if let Some(row) = occasion.row.as_ref().filter(|row| row.revision > 0 || row.dates != dates) {
        for (reader, told) in tx.last_told(row.id)? {
            if (told.due, told.finish_by, told.target) != (dates.due, dates.finish_by, dates.target) {
                let step = Step { on: first, counted_from: dates.finish_by, saying: Saying::Correction(row.revision) };
                corrected.push(reader.clone());
                said.push((opening, step, reader, Reason::Corrected));
            }
        }
    }
    let late = latest(&occasion.steps, first, occasion.quiet).copied();
    let coming = occasion.steps.iter().filter(|s| s.on > first).copied();
    for step in late.into_iter().chain(coming) {
        // What has been missed goes out at once; what is of its day waits for `send_at`.
        let at = if step.on < first { opening } else { send_at(step.on).max(opening) };
        for reader in office.readers(occasion.deadline, &occasion.progress, step.escalates()) {
            let is_merged = at == opening && corrected.contains(&reader);
            let is_said = match &occasion.row {
                Some(row) if step.on <= first => tx.is_said(&Utterance {
                    occurrence: row.id,
                    counted_from: step.counted_from,
                    saying: step.saying,
                    reader: &reader,
                    on_day: step.on,
                    dates,
                })?,
                _ => false,
            };
            if !is_said && !is_merged {
                let reason = step.reason(at.date(), reader.is_leader);
                said.push((at, step, reader, reason));
            }
        }
    }
    Ok(said)
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

    fn planned(&self, step: &Step, reason: Reason) -> PlannedReminder {
        PlannedReminder {
            deadline: self.deadline.id.clone(),
            period: self.period.clone(),
            due: self.dates.due,
            finish_by: self.dates.finish_by,
            counted_from: step.counted_from,
            reason,
            lead: match step.saying {
                Saying::Before(lead) => PlannedLead::Before(lead.to_string()),
                Saying::Overdue(n) => PlannedLead::Overdue(n),
                Saying::Correction(_) => PlannedLead::None,
            },
        }
    }
}

impl Office {
    /// One mailbox hears of each occurrence once, whatever sections it serves.
    fn planned_letter(
        &self,
        at: DateTime,
        to: String,
        said: Vec<(Reader, &Deadline, PlannedReminder)>,
    ) -> PlannedLetter {
        let mut reminders: Vec<PlannedReminder> = Vec::new();
        let mut concerned: HashSet<&str> = HashSet::new();
        for (reader, deadline, reminder) in said {
            let sections = self.roster.expand(&deadline.sections);
            let speaks_to = sections.iter().filter(|s| {
                let leads = s.leader.contains(&reader.mailbox) || deadline.escalate_to.is_some();
                s.name == reader.behalf
                    || (reader.behalf.is_empty()
                        && if reader.is_leader { leads } else { s.email.contains(&reader.mailbox) })
            });
            concerned.extend(speaks_to.map(|s| s.name.as_str()));
            if !reminders.iter().any(|r| (&r.deadline, &r.period) == (&reminder.deadline, &reminder.period)) {
                reminders.push(reminder);
            }
        }
        reminders.sort_by(|a, b| (a.due, &a.deadline, &a.period).cmp(&(b.due, &b.deadline, &b.period)));
        let names: Vec<&str> =
            self.roster.sections.iter().map(|s| s.name.as_str()).filter(|name| concerned.contains(name)).collect();
        let zoned = at.to_zoned(self.settings.timezone.clone());
        let send_at = zoned.map_or_else(|_| at.to_string(), |z| z.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        PlannedLetter { send_at, to, section: names.join("、"), reminders, at }
    }
}
