//! One period of one deadline: its dates, and where it stands.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, days_between, shift},
    case::Case,
    deadline::{Deadline, Done, Part},
    due::{Ear, Term, back},
};

/// One period of one deadline. The database knows it by an id as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The deadline's id.
    pub deadline: String,
    pub period: String,
    pub dates: Dates,
    /// The due date of the deadline's next occurrence; after it, this one has no reminders.
    pub next_due: Option<Date>,
    /// How many times its dates have changed.
    pub revision: u32,
    pub state: State,
    /// Opened by hand, counted from its own day.
    pub case: Option<Case>,
    /// 不能按期 of whoever answers for it alone, confirmed: no overdue reminders up to this day.
    pub quiet_until: Option<Date>,
}

/// What ends or pauses the reminders of an occurrence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// [`Occurrence::next_due`]
    pub after: Option<Date>,
    /// 不能按期, confirmed: no overdue reminders up to this day.
    pub until: Option<Date>,
}

/// The days that follow from a due date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    /// 规定期限: as the document states it; it never moves.
    pub due: Date,
    /// 届满: the last day that is in time: `due`, or where the law's rule for periods or the paper moves it. What is late
    /// is late from here.
    pub ends: Date,
    /// 请于…前办结: the last working day on or before `due`, or as the paper moves it.
    pub finish_by: Date,
    /// 局内目标, rolled back to a working day; only where it is earlier than `finish_by`.
    pub target: Option<Date>,
    /// The holiday notice of one of the years is missing: the working days are a guess.
    pub provisional: bool,
    /// A report was taken back: until when it may be reported anew.
    #[serde(skip)]
    pub redo: Option<Redo>,
    /// 暂停: the clock of a case stands since this day. Nothing is said of it, nothing is late, the dates stay.
    #[serde(skip)]
    pub paused: Option<Date>,
}

/// How the days that follow from a due date were worked out. All but the target's begin with the due date.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ways<E> {
    pub ends: E,
    pub finish_by: E,
    /// With the steps to its own date, rolled back.
    pub target: E,
}

/// 撤回: who believed it done has three working days before it is overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redo {
    /// The day on which whoever answers for it is told.
    pub since: Date,
    /// The third working day after it was reopened.
    pub by: Date,
}

/// Working days in which what was reopened is reported anew.
pub const REDO_WORKDAYS: u16 = 3;

/// How near an occurrence is, as a traffic light; a word always stands beside the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Light {
    Green,
    Yellow,
    Red,
    /// 暂停: it is neither near nor late.
    Grey,
}

/// Where an occurrence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Open,
    Done,
    /// Its deadline was taken out of the file, or switched off.
    Withdrawn,
}

/// The reports on an occurrence so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The section of each report; an empty name where none was given.
    pub reports: Vec<String>,
    /// Sections whose own report was taken back, and until when each may report anew.
    pub redo: Vec<(String, Date)>,
    /// 材料已报: sections that have handed in what the lead needs of them.
    pub handed_in: Vec<String>,
    /// 不能按期, confirmed: each section with its day.
    pub postponed: Vec<(String, Date)>,
}

/// How far a rule is searched for its next date, in days: more than two years.
pub const SEARCH_DAYS: i64 = 800;

/// The deadline's occurrences with `due` in `from..=to`, in order, each with the day on which its period begins.
pub fn coming<'a>(
    deadline: &'a Deadline,
    cal: &'a Calendar,
    from: Date,
    to: Date,
) -> impl Iterator<Item = (Date, Occurrence)> + 'a {
    let mut terms = deadline.due.rule.terms(cal, from, shift(to, SEARCH_DAYS)).peekable();
    std::iter::from_fn(move || {
        let Term { period, due, opens } = terms.next().filter(|term| term.due <= to)?;
        let next_due = terms.peek().map(|next| next.due);
        Some((opens, Occurrence { next_due, ..Occurrence::new(deadline, cal, &period, due) }))
    })
}

impl Occurrence {
    fn new(deadline: &Deadline, cal: &Calendar, period: &str, due: Date) -> Self {
        Self {
            deadline: deadline.id.clone(),
            period: period.to_owned(),
            dates: Dates::new(deadline, cal, due),
            next_due: None,
            revision: 0,
            state: State::Open,
            case: None,
            quiet_until: None,
        }
    }

    /// A case of a deadline that counts from a day; `None` for a deadline with dates of its own.
    pub fn case(deadline: &Deadline, cal: &Calendar, reference: &str, on: Date) -> Option<Self> {
        let case = Case::new(on);
        let due = case.due(&deadline.due.rule, cal)?;
        Some(Self { case: Some(case), ..Self::new(deadline, cal, reference, due) })
    }

    pub fn quiet(&self) -> Quiet {
        // What was reopened is spoken of while it may be reported anew, even beside the next occurrence.
        let after = self.next_due.map(|next| next.max(self.dates.redo.map_or(next, |redo| redo.by)));
        Quiet { after, until: self.quiet_until }
    }
}

impl Dates {
    /// The dates as they count for a section with this part: whoever helps hands in on a day of its own, where the
    /// deadline has one, and has nothing to report anew.
    pub fn for_part(self, part: Part, deadline: &Deadline, cal: &Calendar) -> Self {
        let own = deadline.help_by.map(|lead| lead.day_before(cal, self.finish_by).0);
        match (part, own) {
            (Part::Answers, _) => self,
            (Part::Helps, None) => Self { redo: None, ..self },
            (Part::Helps, Some(day)) => Self { due: day, ends: day, finish_by: day, target: None, redo: None, ..self },
        }
    }

    /// Whether a letter would ask for the same: no correction goes out where only `ends` is another.
    pub fn is_told_as(&self, other: &Self) -> bool {
        (self.due, self.finish_by, self.target) == (other.due, other.finish_by, other.target)
    }

    pub fn new(deadline: &Deadline, cal: &Calendar, due: Date) -> Self {
        Self::told::<()>(deadline, cal, due).0
    }

    /// The same, with the steps of each.
    pub fn told<E: Ear>(deadline: &Deadline, cal: &Calendar, due: Date) -> (Self, Ways<E>) {
        let mut ways = Ways::<E>::default();
        let ends = deadline.due.ends(cal, due, &mut ways.ends);
        let finish_by = deadline.due.finish_by(cal, due, &mut ways.finish_by);
        let target = deadline.target_told::<E>(cal, due).map(|(day, mut ear)| (back(cal, day, &mut ear), ear));
        let target = target.filter(|(day, _)| *day < finish_by).map(|(day, ear)| {
            ways.target = ear;
            day
        });
        let years = [Some(due), Some(finish_by), Some(ends), target].into_iter().flatten().map(Date::year);
        let provisional = years.into_iter().any(|y| cal.is_provisional(y));
        (Self { due, ends, finish_by, target, provisional, redo: None, paused: None }, ways)
    }

    /// The day until which it may be reported anew, where that is later than `ends`.
    pub fn redo_by(&self) -> Option<Date> {
        self.redo.map(|redo| redo.by).filter(|by| *by > self.ends)
    }

    /// The last day on which it is not overdue.
    pub fn in_time_until(&self) -> Date {
        self.redo_by().unwrap_or(self.ends)
    }

    /// The how many-th day of the pause it is; the first is 1.
    pub fn paused_days(&self, today: Date) -> Option<i64> {
        self.paused.map(|from| days_between(from, today) + 1)
    }

    /// The date that what is overdue is remembered by: it stays where only `ends` is worked out anew.
    pub fn overdue_name(&self) -> Date {
        self.redo_by().unwrap_or(self.due)
    }

    /// The date that counts today: the target until it has passed, then `finish_by`; of what was reopened, the day
    /// until which it may be reported anew.
    pub fn aim(&self, today: Date) -> Date {
        self.target.filter(|t| *t >= today).unwrap_or(self.finish_on(today))
    }

    /// The same without the target: `finish_by`, or the day until which it may be reported anew.
    pub fn finish_on(&self, today: Date) -> Date {
        self.redo_by().filter(|by| self.finish_by < today && today <= *by).unwrap_or(self.finish_by)
    }

    /// Calendar days left to `goal` (`finish_by`, or what [`Self::aim`] gives); 0 between that day and [`Self::in_time_until`];
    /// after it, the negative number of days since `ends`. While it is paused, what was left on the day before.
    pub fn days_left(&self, goal: Date, today: Date) -> i64 {
        self.left(goal, today, days_between)
    }

    /// The same in working days.
    pub fn workdays_left(&self, cal: &Calendar, goal: Date, today: Date) -> i64 {
        self.left(goal, today, |from, to| cal.workdays_between(from, to))
    }

    fn left(&self, goal: Date, today: Date, count: impl Fn(Date, Date) -> i64) -> i64 {
        match self.paused {
            Some(from) => count(shift(from, -1), goal).max(0),
            None if today > self.in_time_until() => -count(self.ends, today),
            None => count(today, goal).max(0),
        }
    }
}

impl Light {
    /// Red once it is overdue, yellow from the first lead on, green before it and when done; grey while it is paused.
    pub fn of(state: State, dates: &Dates, first_lead: Option<Date>, today: Date) -> Self {
        match state {
            State::Done | State::Withdrawn => Self::Green,
            State::Open if dates.paused.is_some() => Self::Grey,
            State::Open if today > dates.in_time_until() => Self::Red,
            State::Open if first_lead.unwrap_or(dates.aim(today)) <= today => Self::Yellow,
            State::Open => Self::Green,
        }
    }

    pub fn emoji(self) -> &'static str {
        match self {
            Self::Green => "🟢",
            Self::Yellow => "🟡",
            Self::Red => "🔴",
            Self::Grey => "⚪",
        }
    }

    pub fn colour(self) -> &'static str {
        match self {
            Self::Green => "绿",
            Self::Yellow => "黄",
            Self::Red => "红",
            Self::Grey => "灰",
        }
    }

    /// The word beside the colour.
    pub fn word(self, state: State) -> &'static str {
        match (state, self) {
            (State::Done, _) => "已办结",
            (State::Withdrawn, _) => "已撤销",
            (State::Open, Self::Green) => "正常",
            (State::Open, Self::Yellow) => "临近",
            (State::Open, Self::Red) => "逾期",
            (State::Open, Self::Grey) => "暂停",
        }
    }
}

impl Progress {
    /// Whether the reports close the occurrence of a deadline that `sections` answer for.
    pub fn is_done(&self, deadline: &Deadline, sections: &[&str]) -> bool {
        match deadline.done {
            Done::Any => self.reports.len() as u64 >= u64::from(deadline.times),
            Done::Each => !sections.is_empty() && sections.iter().all(|s| self.has_reported(deadline, s)),
        }
    }

    /// Whether this section owes nothing more: it has given its own reports, or helps and has handed in.
    pub fn has_reported(&self, deadline: &Deadline, section: &str) -> bool {
        match (deadline.done, deadline.part_of(section)) {
            (Done::Each, _) => {
                let given = self.reports.iter().filter(|r| *r == section).count();
                given as u64 >= u64::from(deadline.times)
            }
            (Done::Any, Part::Helps) => self.handed_in.iter().any(|name| name == section),
            (Done::Any, Part::Answers) => false,
        }
    }

    /// Whether this section may still report anew on that day, and is not told that it is late.
    pub fn may_redo(&self, deadline: &Deadline, section: &str, on: Date) -> bool {
        deadline.done == Done::Each && self.redo.iter().any(|(of, by)| of == section && on <= *by)
    }

    /// Whether this section was given until a later day, and is not told that it is late.
    pub fn is_postponed(&self, section: &str, on: Date) -> bool {
        self.postponed.iter().any(|(of, until)| of == section && on <= *until)
    }
}
