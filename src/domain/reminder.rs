//! When something is said about an occurrence, and why.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    calendar::Calendar,
    deadline::{Deadline, ESCALATES_AT, Lead, Mailbox},
    occurrence::Dates,
};

/// Why a letter says something today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Ahead,
    DueToday,
    Overdue,
    /// Overdue, to the leader.
    Escalated,
    /// 补发: its day has passed unsaid.
    CaughtUp,
    /// 更正: a date that was told has moved.
    Corrected,
}

/// What is said, as it is remembered: together with the date counted from and the mailbox it is
/// never said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Saying {
    Before(Lead),
    /// Working days after `due`.
    Overdue(u16),
    /// Of the dates' revision with this number.
    Correction(u32),
}

/// A day on which something is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub on: Date,
    /// `target` or `finish_by` for what lies ahead, `due` for what is overdue.
    pub counted_from: Date,
    pub saying: Saying,
}

/// What ends or interrupts what is said of an occurrence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// The due date of the deadline's next occurrence: after it, this one is silent.
    pub after: Option<Date>,
    /// 不能按期, confirmed: nothing overdue is said up to this day.
    pub until: Option<Date>,
}

/// Somebody who is to hear of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub mailbox: Mailbox,
    /// 代转: the section without a mailbox, or the mailbox that refused, for which the admin is
    /// written to; else empty.
    pub behalf: String,
    pub is_leader: bool,
}

impl Step {
    /// The reason to say this today, to a section or to a leader.
    pub fn reason(&self, today: Date, to_leader: bool) -> Reason {
        match self.saying {
            Saying::Correction(_) => Reason::Corrected,
            _ if self.on < today => Reason::CaughtUp,
            Saying::Overdue(_) if to_leader => Reason::Escalated,
            Saying::Overdue(_) => Reason::Overdue,
            Saying::Before(Lead::Days(0) | Lead::Workdays(0)) => Reason::DueToday,
            Saying::Before(_) => Reason::Ahead,
        }
    }

    /// Whether the leader hears this too.
    pub fn escalates(&self) -> bool {
        matches!(self.saying, Saying::Overdue(n) if n >= ESCALATES_AT)
    }
}

/// Every day on which an open occurrence is spoken of, in order, each day once.
pub fn steps(deadline: &Deadline, cal: &Calendar, dates: &Dates, quiet: Quiet) -> Vec<Step> {
    let overdue = deadline.overdue.iter().map(|n| Step {
        on: cal.add_workdays(dates.due, i64::from(*n)),
        counted_from: dates.due,
        saying: Saying::Overdue(*n),
    });
    let is_heard =
        |s: &Step| quiet.after.is_none_or(|next| s.on <= next) && quiet.until.is_none_or(|until| s.on > until);
    ahead(deadline, cal, dates).into_iter().chain(overdue.filter(is_heard)).collect()
}

/// The steps that lie ahead of `due`, or on it.
pub fn ahead(deadline: &Deadline, cal: &Calendar, dates: &Dates) -> Vec<Step> {
    let mut ahead: Vec<(Date, Date, Step)> = Vec::new();
    for (from, after) in [(dates.target, None), (Some(dates.finish_by), dates.target)] {
        let Some(counted_from) = from else { continue };
        ahead.extend(deadline.remind.iter().filter_map(|lead| {
            let (on, raw) = lead.day_before(cal, counted_from);
            let step = Step { on, counted_from, saying: Saying::Before(*lead) };
            // Leads from `finish_by` begin only after the target day.
            after.is_none_or(|target| on > target).then_some((on, raw, step))
        }));
    }
    // Leads that land on one day are one reminder, named by the tightest: the last, when sorted.
    ahead.sort_by_key(|(on, raw, _)| (*on, *raw));
    ahead.reverse();
    ahead.dedup_by_key(|(on, ..)| *on);
    ahead.reverse();
    ahead.into_iter().map(|(.., step)| step).collect()
}

/// What is to be said today, late or not: only the latest step counts, and nothing once the next
/// occurrence is due.
pub fn latest(steps: &[Step], today: Date, quiet: Quiet) -> Option<&Step> {
    let is_silent = quiet.after.is_some_and(|next| today > next);
    steps.iter().rev().find(|s| s.on <= today && !is_silent)
}

/// The next step after today.
pub fn next(steps: &[Step], today: Date) -> Option<&Step> {
    steps.iter().find(|s| s.on > today)
}

impl fmt::Display for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(lead) => lead.fmt(f),
            Self::Overdue(n) => write!(f, "逾期{n}"),
            Self::Correction(n) => write!(f, "更正{n}"),
        }
    }
}

impl FromStr for Saying {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |n: &str| n.parse().map_err(|e| format!("{text}: {e}"));
        if let Some(n) = text.strip_prefix("逾期") {
            number(n).and_then(|n: u32| u16::try_from(n).map(Self::Overdue).map_err(|e| format!("{text}: {e}")))
        } else if let Some(n) = text.strip_prefix("更正") {
            number(n).map(Self::Correction)
        } else {
            text.parse().map(Self::Before)
        }
    }
}

impl TryFrom<String> for Saying {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Saying> for String {
    fn from(saying: Saying) -> Self {
        saying.to_string()
    }
}
