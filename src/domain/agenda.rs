//! The only place that decides which reminders an occurrence needs: to whom, when and why.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{
    calendar::Calendar,
    deadline::{Deadline, ESCALATES_AT, Lead, Part, Section, Target},
    hours::{Behalf, House, Reader},
    occurrence::{Dates, Occurrence, Progress, Quiet, Redo},
};

pub use super::saying::Saying;

#[cfg(test)]
mod tests;

/// Why a letter says something today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Ahead,
    DueToday,
    Overdue,
    /// Overdue, to the leader.
    Escalated,
    /// 补发: the day of the reminder passed before it was sent.
    CaughtUp,
    /// 更正: a date that was sent has changed.
    Corrected,
}

/// A day on which an occurrence is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub on: Date,
    /// `target` or `finish_by` for what lies ahead. `due` for what is overdue: it names the saying, so that what was
    /// said stays said where only `ends` is worked out anew; of what was reopened, the day until which it may be
    /// reported anew.
    pub counted_from: Date,
    pub saying: Saying,
}

/// One reminder to one reader, with the dates that it states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    pub step: Step,
    pub reader: Reader,
    pub dates: Dates,
}

/// A reminder that was sent, or waits in a letter.
#[derive(Clone, Debug)]
pub struct Heard {
    pub utterance: Utterance,
    /// The letter was sent.
    pub has_gone: bool,
}

/// Working days after the first letter until a section that says nothing is named.
pub const SILENT_WORKDAYS: i64 = 3;

/// Everything that decides the reminders of one occurrence.
#[derive(Clone, Copy, Debug)]
pub struct Agenda<'a> {
    pub house: House<'a>,
    pub deadline: &'a Deadline,
    pub occurrence: &'a Occurrence,
    pub progress: &'a Progress,
    /// Oldest first.
    pub said: &'a [Heard],
}

impl<'a> Agenda<'a> {
    /// Every day on which sections with this part are reminded of the occurrence while it is open, in order, each day
    /// once; none while it is paused. What is overdue is held against whoever answers for it: who helps is late only
    /// for a day of its own.
    pub fn steps(&self, part: Part) -> Vec<Step> {
        let mut steps = steps(self.deadline, self.house.calendar, &self.dates(part), self.occurrence.quiet());
        if part == Part::Helps && self.deadline.help_by.is_none() {
            steps.retain(|step| !step.is_overdue());
        }
        steps
    }

    /// The dates as they count for this part.
    pub fn dates(&self, part: Part) -> Dates {
        self.occurrence.dates.for_part(part, self.deadline, self.house.calendar)
    }

    /// The step for today, on time or late: only the latest one, and none after the next occurrence's due date.
    pub fn latest(&self, part: Part, today: Date) -> Option<Step> {
        latest(&self.steps(part), today, self.occurrence.quiet()).copied()
    }

    /// The day of the first step after today.
    pub fn next_day(&self, part: Part, today: Date) -> Option<Date> {
        self.steps(part).iter().find(|step| step.on > today).map(|step| step.on)
    }

    /// The day of the first step: from then on the occurrence is near (临近).
    pub fn first_day(&self, part: Part) -> Option<Date> {
        self.steps(part).first().map(|step| step.on)
    }

    /// The day of the first step of all parts.
    pub fn begins(&self) -> Option<Date> {
        self.deadline.parts().iter().filter_map(|part| self.first_day(*part)).min()
    }

    /// Every reminder still to be sent by `until` if no section reports before, with its time; letters go out from
    /// `opening` on. Of the missed steps only the latest is sent.
    pub fn entries(&self, opening: DateTime, until: DateTime) -> Vec<(DateTime, Utterance)> {
        let today = opening.date();
        let mut first = opening;
        let mut entries: Vec<(DateTime, Utterance)> = Vec::new();
        for part in self.deadline.parts() {
            let steps = self.steps(*part);
            let late = latest(&steps, today, self.occurrence.quiet());
            first = first.max(late.map_or(opening, |step| self.house.said_at(step.on, opening)));
            let owing: Vec<&Section> = self.owing(*part).collect();
            let readers = |escalates| self.house.readers(self.deadline, &owing, escalates);
            let (sections, with_leaders) = (readers(false), readers(true));
            for step in late.into_iter().chain(steps.iter().filter(|step| step.on > today)) {
                let at = self.house.said_at(step.on, opening);
                if at > until {
                    break;
                }
                let all = if step.escalates() { &with_leaders } else { &sections };
                let has_later = !self.progress.redo.is_empty() || !self.progress.postponed.is_empty();
                let some = (step.is_overdue() && has_later).then(|| self.readers(step));
                let dates = self.occurrence.dates;
                for reader in some.as_ref().unwrap_or(all) {
                    let said = Utterance { step: *step, reader: reader.clone(), dates };
                    // A mailbox of two sections, one of which leads, hears it once.
                    if *part == Part::Answers || !entries.iter().any(|(_, other)| other.is_same(&said)) {
                        entries.push((at, said));
                    }
                }
            }
        }
        // A correction goes with the day's own reminder, where there is one.
        if first <= until {
            let corrections = self.corrections(today).into_iter().map(|said| (first, said));
            entries.splice(0..0, corrections);
        }
        entries.retain(|(_, utterance)| !self.said.iter().any(|heard| heard.utterance.is_same(utterance)));
        entries
    }

    /// The reminders to be sent now, given that letters may go out.
    pub fn due(&self, now: DateTime) -> impl Iterator<Item = Utterance> {
        self.entries(now, now).into_iter().map(|(_, utterance)| utterance)
    }

    /// The day to look again, once the reminders for `now` have been sent.
    pub fn look_again(&self, now: DateTime) -> Option<Date> {
        let today = now.date();
        let waits = |step: &&Step| self.house.said_at(step.on, now) > now;
        let of_part = |part: &Part| {
            let steps = self.steps(*part);
            match latest(&steps, today, self.occurrence.quiet()).filter(waits) {
                Some(_) => Some(today),
                None => steps.iter().find(|step| step.on > today).map(|step| step.on),
            }
        };
        self.deadline.parts().iter().filter_map(of_part).min()
    }

    /// The sections with this part that still owe it.
    fn owing(&self, part: Part) -> impl Iterator<Item = &'a Section> {
        let Self { deadline, progress, house, .. } = *self;
        let sections = house.roster.expand(&deadline.sections).into_iter();
        sections.filter(move |s| deadline.part_of(&s.name) == part && !progress.has_reported(deadline, &s.name))
    }

    /// Whether leaders of sections with this part are written to when it is overdue.
    pub fn reaches_leaders(&self, part: Part) -> bool {
        let is_ever_late = part == Part::Answers || self.deadline.help_by.is_some();
        let owing: Vec<&Section> = self.owing(part).collect();
        is_ever_late && self.house.readers(self.deadline, &owing, true).iter().any(|r| r.behalf == Behalf::Leader)
    }

    /// The sections that a step is said to: those that still owe their part, and are late where it says so.
    pub fn sections(&self, step: &Step) -> Vec<&'a Section> {
        let has_time = |name: &str| {
            self.progress.may_redo(self.deadline, name, step.on) || self.progress.is_postponed(name, step.on)
        };
        let is_late = |s: &&Section| !step.is_overdue() || !has_time(&s.name);
        let parts = self.deadline.parts().iter().filter(|part| self.counts_for(**part, step));
        parts.flat_map(|part| self.owing(*part)).filter(is_late).collect()
    }

    /// Who is told of what a step says.
    pub fn readers(&self, step: &Step) -> Vec<Reader> {
        self.house.readers(self.deadline, &self.sections(step), step.escalates())
    }

    /// The sections that still owe their part, were first written to [`SILENT_WORKDAYS`] ago, and have not said a word:
    /// not among `spoke`.
    pub fn silent(&self, today: Date, spoke: &[String]) -> Vec<&'a Section> {
        let is_long_ago = |section: &&Section| {
            let heard = self.said.iter().filter(|heard| heard.has_gone).map(|heard| &heard.utterance);
            let first =
                heard.filter(|said| said.reader.hears_for(section, self.deadline)).map(|said| said.step.on).min();
            first.is_some_and(|day| self.house.calendar.workdays_between(day, today) >= SILENT_WORKDAYS)
        };
        let owing = self.deadline.parts().iter().flat_map(|part| self.owing(*part));
        owing.filter(|section| !spoke.contains(&section.name)).filter(is_long_ago).collect()
    }

    /// Whether a step still says what the dates mean for some part.
    pub fn counts(&self, step: &Step) -> bool {
        self.deadline.parts().iter().any(|part| self.counts_for(*part, step))
    }

    fn counts_for(&self, part: Part, step: &Step) -> bool {
        let is_held = part == Part::Answers || self.deadline.help_by.is_some() || !step.is_overdue();
        is_held && step.counts(&self.dates(part), self.occurrence.revision)
    }

    /// One correction to each reader who was last sent other dates, once per revision.
    fn corrections(&self, today: Date) -> Vec<Utterance> {
        let Occurrence { dates, revision, .. } = self.occurrence;
        // What is paused gets its dates anew when it goes on: who heard others is told then, once.
        if *revision == 0 || dates.paused.is_some() {
            return Vec::new();
        }
        let step = Step { on: today, counted_from: dates.finish_by, saying: Saying::Correction(*revision) };
        let moved = last_told(self.said).into_iter().filter(|told| !told.dates.is_told_as(dates));
        let corrections = moved.map(|told| Utterance { step, reader: told.reader.clone(), dates: *dates });
        corrections.filter(|correction| self.still_reads(correction)).collect()
    }

    /// Whether this reader is still to be told, by the present roster.
    pub fn still_reads(&self, said: &Utterance) -> bool {
        let Utterance { step, reader, .. } = said;
        let escalates = reader.behalf.is_leader() || step.escalates();
        // If passed on, the mailbox that refused must still be one of the readers.
        let refused = match &reader.behalf {
            Behalf::ForMailbox { mailbox, .. } => Some(mailbox),
            _ => None,
        };
        let readers = self.house.readers(self.deadline, &self.sections(step), escalates);
        readers.iter().any(|r| r.is_same(reader) || Some(&r.mailbox) == refused)
    }
}

/// The last reminder that was sent to each reader.
pub fn last_told(said: &[Heard]) -> Vec<&Utterance> {
    let mut told: Vec<&Utterance> = Vec::new();
    for Heard { utterance, .. } in said.iter().filter(|heard| heard.has_gone) {
        told.retain(|earlier| !earlier.reader.is_same(&utterance.reader));
        told.push(utterance);
    }
    told
}

impl Utterance {
    /// Whether both say the same to the same reader, so that only one is sent.
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |u: &Self| (u.step.counted_from, u.step.saying);
        key(self) == key(other) && self.reader.is_same(&other.reader)
    }
}

impl Step {
    /// Why this is said today, to a section or to a leader.
    pub fn reason(&self, today: Date, to_leader: bool) -> Reason {
        match self.saying {
            Saying::Correction(_) => Reason::Corrected,
            _ if self.on < today => Reason::CaughtUp,
            Saying::Overdue(_) if to_leader => Reason::Escalated,
            Saying::Overdue(_) => Reason::Overdue,
            Saying::Before(Lead::Days(0) | Lead::Workdays(0)) => Reason::DueToday,
            Saying::Before(_) | Saying::Reopened => Reason::Ahead,
        }
    }

    /// Whether it goes to the leader as well.
    pub fn escalates(&self) -> bool {
        matches!(self.saying, Saying::Overdue(n) if n >= ESCALATES_AT)
    }

    pub fn is_overdue(&self) -> bool {
        matches!(self.saying, Saying::Overdue(_))
    }

    /// Whether it still says what these dates mean, at the dates' `revision`.
    fn counts(&self, dates: &Dates, revision: u32) -> bool {
        let from = Some(self.counted_from);
        match self.saying {
            Saying::Before(_) => from == Some(dates.finish_by) || from == dates.target || from == dates.redo_by(),
            Saying::Reopened => from == dates.redo.map(|redo| redo.since),
            Saying::Overdue(_) => from == Some(dates.overdue_name()),
            Saying::Correction(of) => of == revision,
        }
    }
}

fn steps(deadline: &Deadline, cal: &Calendar, dates: &Dates, quiet: Quiet) -> Vec<Step> {
    if dates.paused.is_some() {
        return Vec::new();
    }
    let in_time = dates.in_time_until();
    let overdue = deadline.overdue.iter().map(|n| Step {
        on: cal.add_workdays(in_time, i64::from(*n)),
        counted_from: dates.overdue_name(),
        saying: Saying::Overdue(*n),
    });
    let is_heard =
        |s: &Step| quiet.after.is_none_or(|next| s.on <= next) && quiet.until.is_none_or(|until| s.on > until);
    let before = once_a_day(ahead(deadline, cal, dates).into_iter().chain(anew(dates)).collect());
    before.into_iter().chain(overdue.filter(is_heard)).collect()
}

/// The steps after a report was taken back: it is said at once, and on the last day for a new one.
fn anew(dates: &Dates) -> impl Iterator<Item = Step> {
    let redo = dates.redo.filter(|redo| Some(redo.by) == dates.redo_by());
    let step = |on, saying| Step { on, counted_from: on, saying };
    redo.into_iter()
        .flat_map(move |Redo { since, by }| [step(since, Saying::Reopened), step(by, Saying::Before(Lead::Days(0)))])
}

/// In order; of the steps of one day the last that was given.
fn once_a_day(mut steps: Vec<Step>) -> Vec<Step> {
    steps.sort_by_key(|step| step.on);
    steps.reverse();
    steps.dedup_by_key(|step| step.on);
    steps.reverse();
    steps
}

/// The steps before `due` or on it.
fn ahead(deadline: &Deadline, cal: &Calendar, dates: &Dates) -> Vec<Step> {
    let mut ahead: Vec<(Date, Step)> = Vec::new();
    for (from, after) in [(dates.target, None), (Some(dates.finish_by), dates.target)] {
        let Some(counted_from) = from else { continue };
        ahead.extend(deadline.remind.iter().filter_map(|lead| {
            let (on, raw) = lead.day_before(cal, counted_from);
            let step = Step { on, counted_from, saying: Saying::Before(*lead) };
            // Leads from `finish_by` begin only after the target day.
            after.is_none_or(|target| on > target).then_some((raw, step))
        }));
    }
    // Leads that land on one day make one reminder, named by the shortest lead, which is sorted last.
    ahead.sort_by_key(|(raw, _)| *raw);
    once_a_day(ahead.into_iter().map(|(_, step)| step).collect())
}

fn latest(steps: &[Step], today: Date, quiet: Quiet) -> Option<&Step> {
    let is_silent = quiet.after.is_some_and(|next| today > next);
    steps.iter().rev().find(|s| s.on <= today && !is_silent)
}

/// The most days that a step can lie before and after the due date.
pub fn reach(deadline: &Deadline) -> (i64, i64) {
    /// In days: no run of days off is longer.
    const LONGEST_HOLIDAYS: i64 = 30;
    // Working days take at most two calendar days each, plus the longest holidays.
    let longest = |lead: Lead| match lead {
        Lead::Days(n) => i64::from(n),
        Lead::Workdays(n) => i64::from(n) * 2 + LONGEST_HOLIDAYS,
    };
    let target = match &deadline.target {
        None => 0,
        Some((_, Target::Before(lead))) => longest(*lead),
        Some((_, Target::Rule(_))) => LONGEST_REACH,
    };
    // Both the date counted from and the lead's own day are rolled back.
    let own = target.max(deadline.help_by.map_or(0, longest));
    let before = deadline.remind.iter().map(|lead| longest(*lead)).max().unwrap_or(0) + own + 2 * LONGEST_HOLIDAYS;
    let after = deadline.overdue.iter().map(|n| longest(Lead::Workdays(*n))).max().unwrap_or(0);
    (before.min(LONGEST_REACH), after.min(LONGEST_REACH))
}

/// In days: no step lies further from a due date.
pub const LONGEST_REACH: i64 = 400;
