//! The letters that will go out if nothing more is reported.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::{DateTime, Time};
use serde::Serialize;

use crate::service::{
    Office, Result,
    course::ahead::{Ahead, Rows},
};
use crate::{
    clock::Moment,
    domain::{
        Date,
        agenda::{Agenda, LONGEST_REACH, Reason, Saying, Utterance, reach},
        calendar::shift,
        deadline::{Deadline, Mailbox},
        occurrence::{Occurrence, State},
    },
    store::Tx,
};

/// A letter that will go out if nothing more is reported.
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
    #[serde(skip)]
    pub target: Option<Date>,
    pub counted_from: Date,
    pub reason: Reason,
    pub lead: PlannedLead,
}

/// As written (`7个工作日`), or working days since `due`, or nothing for a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PlannedLead {
    Before(String),
    Overdue(u16),
    None,
}

/// The reminders by send time and mailbox, each with the sections that it is said to.
type Told<'a> = BTreeMap<(DateTime, Mailbox), Vec<(Vec<&'a str>, PlannedReminder)>>;

/// The letters with a send time in `from..=to`, sorted by time and mailbox.
pub fn plan(
    tx: &Tx,
    office: &Office,
    deadlines: &[Deadline],
    (from, to): (Date, Date),
    now: &Moment,
) -> Result<Vec<PlannedLetter>> {
    let opening = office.house().next_opening(now.local);
    // What was missed goes out at the next opening, however old it is.
    let is_late_said = (from..=to).contains(&opening.date());
    let mut rows = Rows::read(tx, deadlines, shift(from, -LONGEST_REACH))?;
    let mut told = Told::new();
    // Each section's place on the roster.
    let rank = office.roster.sections.iter().enumerate().map(|(i, s)| (s.name.as_str(), i)).collect();
    for deadline in deadlines {
        let (before, after) = reach(deadline);
        let back = if is_late_said { LONGEST_REACH } else { after };
        for found in rows.of(tx, office, deadline, (shift(from, -back), shift(to, before)), now)? {
            tell(tx, office, &found, opening, (from, to), &mut told)?;
        }
    }
    Ok(told.into_iter().map(|((at, to), said)| letter(office, &rank, at, &to, said)).collect())
}

/// Adds the reminders of one occurrence to `told`.
fn tell<'a>(
    tx: &Tx,
    office: &'a Office,
    found: &Ahead,
    opening: DateTime,
    (from, to): (Date, Date),
    told: &mut Told<'a>,
) -> Result<()> {
    if found.occurrence.state != State::Open {
        return Ok(());
    }
    let said = found.id.map(|id| tx.heard_of(id)).transpose()?.unwrap_or_default();
    let agenda = Agenda { said: &said, ..found.agenda(office.house()) };
    for (at, utterance) in agenda.entries(opening, to.to_datetime(Time::MAX)) {
        if at.date() >= from {
            let planned = PlannedReminder::new(&found.occurrence, &utterance, at.date());
            let Utterance { step, reader, .. } = &utterance;
            let sections =
                agenda.sections(step).into_iter().filter(|section| reader.hears_for(section, found.deadline));
            let names = sections.filter_map(|section| office.roster.get(&section.name)).map(|s| s.name.as_str());
            told.entry((at, reader.mailbox.clone())).or_default().push((names.collect(), planned));
        }
    }
    Ok(())
}

/// A mailbox hears of each occurrence once, even if it serves several sections.
fn letter(
    office: &Office,
    rank: &HashMap<&str, usize>,
    at: DateTime,
    to: &Mailbox,
    said: Vec<(Vec<&str>, PlannedReminder)>,
) -> PlannedLetter {
    let mut concerned = BTreeMap::new();
    for (names, _) in &said {
        concerned.extend(names.iter().map(|name| (rank.get(name), *name)));
    }
    let names: Vec<&str> = concerned.into_values().collect();
    let mut reminders: Vec<PlannedReminder> = said.into_iter().map(|(_, planned)| planned).collect();
    reminders.sort_by(|a, b| a.occurrence().cmp(&b.occurrence()));
    reminders.dedup_by(|b, a| a.occurrence() == b.occurrence());
    let zoned = at.to_zoned(office.settings.timezone.clone());
    let send_at = zoned.map_or_else(|_| at.to_string(), |z| z.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
    PlannedLetter { send_at, to: to.to_string(), section: names.join("、"), reminders, at }
}

impl PlannedReminder {
    fn new(occurrence: &Occurrence, utterance: &Utterance, today: Date) -> Self {
        let (Occurrence { deadline, period, dates, .. }, step) = (occurrence, &utterance.step);
        Self {
            deadline: deadline.clone(),
            period: period.clone(),
            due: dates.due,
            finish_by: dates.finish_by,
            target: dates.target,
            counted_from: step.counted_from,
            reason: step.reason(today, utterance.reader.behalf.is_leader()),
            lead: match step.saying {
                Saying::Before(_) | Saying::Reopened => PlannedLead::Before(step.saying.to_string()),
                Saying::Overdue(n) => PlannedLead::Overdue(n),
                Saying::Correction(_) => PlannedLead::None,
            },
        }
    }

    /// Identifies the occurrence; sorts the most urgent first.
    fn occurrence(&self) -> (Date, &str, &str) {
        (self.due, &self.deadline, &self.period)
    }
}
