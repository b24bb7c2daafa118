//! 期限计算书: how the dates of an occurrence were worked out, told by the code that works them out.
//!
//! Nothing is counted here a second time. The steps come from the rule and from [`Dates`]; what is added is what the
//! calendar says of the days that each step went over.

use jiff::civil::Date;
use serde::Serialize;

use super::{
    agenda::{Agenda, Heard, Saying, Step},
    calendar::{Calendar, DayKind, shift},
    case::Case,
    deadline::{Deadline, Lead, Part},
    due::{Anchor, CaseFrom, DayOf, Due, Move, Roll, Rule, Span, SpanUnit},
    festivals,
    occurrence::{Dates, Occurrence, State},
};

#[cfg(test)]
mod tests;

/// How the dates of one occurrence were worked out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// From the day counted from to `due`; empty where the rule, with the calendar of today, does not give this date.
    pub due: Vec<Told>,
    /// From `due` on.
    pub ends: Vec<Told>,
    pub finish_by: Vec<Told>,
    /// From its own beginning.
    pub target: Vec<Told>,
    /// What they come to.
    pub dates: Dates,
    pub ruling: Ruling,
    /// The years of these dates whose days off are not known.
    pub provisional: Vec<i16>,
}

/// One step, and the days that it went over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Where it begins.
    pub from: Option<Date>,
    #[serde(flatten)]
    pub by: Move,
    /// Where working days are counted, or looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
}

/// The days from one to another, both included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub days: usize,
    pub workdays: usize,
    /// Saturdays and Sundays off.
    pub weekend: usize,
    /// Weekdays off, by holiday.
    pub off: Vec<Off>,
    /// Saturdays and Sundays that are worked on.
    pub made_up: Vec<Off>,
}

/// Days of one holiday, or a make-up day, and the notice that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Off {
    /// Empty for make-up days, and for a day off that belongs to no festival.
    pub festivals: Vec<&'static str>,
    pub days: Vec<Date>,
    pub notice: Option<String>,
}

/// Three days off or more without a break, inside a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rest {
    pub festivals: Vec<&'static str>,
    pub from: Date,
    pub to: Date,
    pub days: usize,
}

/// Which reading of a day off is followed, and which is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ruling {
    pub reading: Reading,
    /// When it would end by the other reading, where that is another day.
    pub other: Option<Date>,
    /// Inside a period of days or months: what 税收征管法实施细则 art. 109 would prolong it by.
    pub not_prolonged_by: Vec<Rest>,
}

/// Why it ends when it ends (design, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The paper says how a day off moves the date.
    Paper(Roll),
    /// 期间, in working days: its last day is one by itself.
    Workdays,
    /// 期间: a last day off is followed by the next working day.
    Period,
    /// Counted back: never rolls on.
    Back,
    /// 期日: a day off stands.
    Day,
}

/// A day on which it is reminded of, and whether that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reminder {
    pub on: Date,
    pub counted_from: Date,
    pub saying: Saying,
    /// The day that the lead names, before it is moved back from a day off.
    pub named: Date,
    /// It goes to the leader as well.
    pub escalates: bool,
    pub mark: Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Sent,
    /// Written into a letter that has not gone out yet.
    Waiting,
    ToCome,
    /// Its day passed: of what is missed only the latest is said.
    Missed,
    /// It is done or withdrawn: nothing more is said.
    Over,
}

impl Account {
    /// Of an occurrence, by this wording and this calendar.
    pub fn of(deadline: &Deadline, cal: &Calendar, occurrence: &Occurrence) -> Self {
        let (due, steps) = match &occurrence.case {
            Some(case) => {
                let mut steps: Vec<Move> = Vec::new();
                deadline.due.rule.case_told(cal, case.on, &mut steps);
                steps.extend(case_steps(case, &deadline.due.rule, cal));
                (case.due(&deadline.due.rule, cal).unwrap_or(occurrence.dates.due), steps)
            }
            None => {
                let due = occurrence.dates.due;
                let told = deadline.due.rule.told::<Vec<Move>>(cal, due, due).next();
                (due, told.map(|(_, steps)| steps).unwrap_or_default())
            }
        };
        let (dates, ways) = Dates::told::<Vec<Move>>(deadline, cal, due);
        let years = [Some(due), Some(dates.ends), Some(dates.finish_by), dates.target, steps.first().map(|s| s.to())];
        let mut provisional: Vec<i16> = years.into_iter().flatten().map(Date::year).collect();
        provisional.sort_unstable();
        provisional.dedup();
        provisional.retain(|year| cal.is_provisional(*year));
        Self {
            ruling: Ruling::of(&deadline.due, cal, &steps, &dates),
            due: told(cal, None, &steps),
            ends: told(cal, Some(due), &ways.ends),
            finish_by: told(cal, Some(due), &ways.finish_by),
            target: told(cal, None, &ways.target),
            dates: Dates { redo: occurrence.dates.redo, paused: occurrence.dates.paused, ..dates },
            provisional,
        }
    }

    /// Whether this is what the occurrence has: else a wording or the calendar has changed since.
    pub fn agrees_with(&self, dates: &Dates) -> bool {
        !self.due.is_empty() && self.dates.ends == dates.ends && self.dates.is_told_as(dates)
    }
}

/// What moved the date of a case, in its order: each pause that is over, and the extension.
fn case_steps(case: &Case, rule: &Rule, cal: &Calendar) -> Vec<Move> {
    let over: Vec<(Date, Date)> = case.pauses.iter().filter_map(|p| Some((p.from, shift(p.to?, -1)))).collect();
    let mut steps = Vec::new();
    let mut known = Case::new(case.on);
    for n in 0..=over.len() {
        if let Some(extension) = case.extension.filter(|extension| extension.pauses == n) {
            known.extension = Some(extension);
            steps.push(Move::From { what: Anchor::Extended, to: extension.to });
        }
        if let Some((from, until)) = over.get(n) {
            known.pauses.push(case.pauses[n]);
            let to = known.due(rule, cal);
            steps.extend(to.map(|to| Move::Stood { from: *from, until: *until, to }));
        }
    }
    steps
}

fn told(cal: &Calendar, from: Option<Date>, steps: &[Move]) -> Vec<Told> {
    let mut at = from;
    let steps = steps.iter().map(|by| {
        let from = at.replace(by.to());
        let over = from.and_then(|from| days_over(*by, from));
        Told { from, by: *by, tally: over.map(|(first, last)| Tally::of(cal, first, last)) }
    });
    steps.collect()
}

/// The first and the last day that a step looked at for working days.
fn days_over(by: Move, from: Date) -> Option<(Date, Date)> {
    match by {
        Move::Workdays { to, .. } if to > from => Some((shift(from, 1), to)),
        Move::Workdays { to, .. } if to < from => Some((to, shift(from, -1))),
        Move::DayOfMonth { day: DayOf::Workday(1..), to } | Move::DayOfWeek { day: DayOf::Workday(1..), to } => {
            Some((from, to))
        }
        Move::DayOfMonth { day: DayOf::Workday(_), to } => Some((to, from.last_of_month())),
        Move::DayOfWeek { day: DayOf::Workday(_), to } => Some((to, shift(from, 6))),
        Move::RollBack { to } if to < from => Some((to, from)),
        Move::RollOn { to } if to > from => Some((from, to)),
        _ => None,
    }
}

fn each_day(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| Some(shift(*day, 1))).take_while(move |day| *day <= last)
}

impl Tally {
    pub fn of(cal: &Calendar, first: Date, last: Date) -> Self {
        let mut tally = Self::default();
        for day in each_day(first, last) {
            tally.days += 1;
            tally.workdays += usize::from(cal.is_workday(day));
            match cal.kind(day) {
                DayKind::Weekday => {}
                DayKind::Weekend => tally.weekend += 1,
                DayKind::Holiday => note(&mut tally.off, cal, day, festivals::names_around(cal, day)),
                DayKind::MadeUp => note(&mut tally.made_up, cal, day, Vec::new()),
            }
        }
        tally
    }
}

/// Adds a day to those of the same holiday.
fn note(all: &mut Vec<Off>, cal: &Calendar, day: Date, festivals: Vec<&'static str>) {
    let notice = cal.notice(day.year()).map(str::to_owned);
    match all.last_mut() {
        Some(last) if last.festivals == festivals && last.notice == notice => last.days.push(day),
        _ => all.push(Off { festivals, days: vec![day], notice }),
    }
}

impl Ruling {
    fn of(due: &Due, cal: &Calendar, steps: &[Move], dates: &Dates) -> Self {
        let span = match due.rule {
            Rule::After { span, .. } | Rule::BeforeEnd { span, .. } | Rule::Case { span, .. } => Some(span),
            _ => None,
        };
        let is_back = matches!(due.rule, Rule::BeforeEnd { .. } | Rule::Case { from: CaseFrom::BeforeEvent, .. });
        let in_workdays = matches!(span, Some(Span { unit: SpanUnit::Workdays, .. }));
        let (reading, other) = match due.roll {
            Some(roll) if due.rule.is_period() => (Reading::Paper(roll), cal.on_or_after(dates.due)),
            Some(roll) => (Reading::Paper(roll), dates.due),
            None if is_back => (Reading::Back, cal.on_or_after(dates.due)),
            None if due.rule.is_period() && in_workdays => (Reading::Workdays, dates.due),
            None if due.rule.is_period() => (Reading::Period, dates.due),
            None => (Reading::Day, cal.on_or_after(dates.due)),
        };
        let begins = steps.first().map(|step| shift(step.to(), 1)).filter(|_| due.rule.is_period() && !in_workdays);
        Self {
            reading,
            other: Some(other).filter(|other| *other != dates.ends),
            not_prolonged_by: begins.map(|first| rests(cal, first, dates.due)).unwrap_or_default(),
        }
    }
}

/// The runs of three days off or more that lie in these days, as far as they do, and that no plain weekend is.
fn rests(cal: &Calendar, first: Date, last: Date) -> Vec<Rest> {
    const LONG: usize = 3;
    let days: Vec<Date> = each_day(first, last).collect();
    let runs = days.chunk_by(|a, b| cal.is_workday(*a) == cal.is_workday(*b));
    let long = runs.filter(|run| run.len() >= LONG && !cal.is_workday(run[0]));
    let rest = |run: &[Date]| {
        let (from, to) = (*run.first()?, *run.last()?);
        Some(Rest { festivals: festivals::names_around(cal, from), from, to, days: run.len() })
    };
    long.filter_map(rest).collect()
}

/// Every day on which it is, or would be, reminded of while it is open, and what was said on a day that has moved since.
pub fn reminders(agenda: &Agenda, today: Date) -> Vec<Reminder> {
    let (cal, is_open) = (agenda.house.calendar, agenda.occurrence.state == State::Open);
    // Whoever helps has a day of its own, or the same steps up to the due date.
    let own = agenda.deadline.help_by.map(|_| Part::Helps);
    let parts: Vec<Part> = [Some(Part::Answers), own].into_iter().flatten().collect();
    let steps: Vec<Step> = parts.iter().flat_map(|part| agenda.steps(*part)).collect();
    let latest: Vec<Step> = parts.iter().filter_map(|part| agenda.latest(*part, today)).collect();
    let is_same = |heard: &Heard, step: &Step| {
        let said = heard.utterance.step;
        (said.counted_from, said.saying) == (step.counted_from, step.saying)
    };
    let mark = |step: &Step| {
        let said = agenda.said.iter().filter(|heard| is_same(heard, step)).map(|heard| heard.has_gone);
        match said.max() {
            Some(true) => Mark::Sent,
            Some(false) => Mark::Waiting,
            None if !is_open => Mark::Over,
            None if step.on > today || latest.contains(step) => Mark::ToCome,
            None => Mark::Missed,
        }
    };
    let reminder = |step: &Step| {
        let named = match step.saying {
            Saying::Before(lead @ (Lead::Days(_) | Lead::Workdays(_))) => lead.day_before(cal, step.counted_from).1,
            Saying::Overdue(_) | Saying::Correction(_) | Saying::Reopened => step.on,
        };
        let Step { on, counted_from, saying } = *step;
        Reminder { on, counted_from, saying, named, escalates: step.escalates(), mark: mark(step) }
    };
    let mut all: Vec<Reminder> = steps.iter().map(reminder).collect();
    // What was said of other dates, and corrections.
    for heard in agenda.said.iter().filter(|heard| !steps.iter().any(|step| is_same(heard, step))) {
        let step = heard.utterance.step;
        let is_known = all.iter().any(|r| (r.counted_from, r.saying) == (step.counted_from, step.saying));
        if !is_known {
            all.push(reminder(&step));
        }
    }
    all.sort_by_key(|reminder| reminder.on);
    all
}
