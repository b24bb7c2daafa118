//! The words of `due` → a rule → dates.
//!
//! Never a wrong date: what is not understood for certain is refused, with the nearest forms.

use std::{fmt, ops::Range};

use jiff::civil::Date;

use super::calendar::Calendar;

/// A `due` that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// As the admin wrote it.
    pub text: String,
    pub rule: Rule,
    /// `每年至少2次`: how many completions the period asks for.
    pub times: Option<u32>,
    /// What was read and changes nothing (`务于`, `前完成`), for `check` to show.
    pub passed_over: Vec<String>,
}

/// Why a `due` was refused: where, what is wrong, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Bytes of the text as written.
    pub at: Range<usize>,
    /// In Chinese, a sentence without its full stop.
    pub what: String,
    /// Forms that would be understood, nearest first.
    pub instead: Vec<String>,
}

/// One date of a rule, with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `2026`, `2026-H1`, `2026-Q3`, `2026-08`, `2026-W34` or a date.
    pub period: String,
    pub due: Date,
    /// From this day on the work can be done and reported: the first day of the period, or the day
    /// after the period that is reported on has ended.
    pub opens: Date,
}

/// How often a rule comes round: its default leads follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Yearly, half-yearly, every few years, once, and whatever else.
    Yearly,
    Quarterly,
    Monthly,
    Weekly,
    Case,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    Todo,
}

impl Due {
    /// `year` is the plan file's `year`, for dates written without one.
    pub fn parse(_text: &str, _year: Option<i16>) -> Result<Self, Refusal> {
        unimplemented!()
    }
}

impl Rule {
    /// The rule's dates with `due` in `from..=to`, in order. None for a case.
    pub fn terms(&self, _cal: &Calendar, _from: Date, _to: Date) -> Box<dyn Iterator<Item = Term> + '_> {
        unimplemented!()
    }
    /// The due date of a case that was opened on `anchor`; `None` where the rule is no case.
    pub fn case_due(&self, _cal: &Calendar, _anchor: Date) -> Option<Date> {
        unimplemented!()
    }
    pub fn frequency(&self) -> Frequency {
        unimplemented!()
    }
}

/// The canonical English form; parsing it gives the same rule.
impl fmt::Display for Rule {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
