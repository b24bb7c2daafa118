//! How a date was worked out, told by the code that works it out.

use jiff::civil::Date;
use serde::Serialize;

use super::{
    super::calendar::{Calendar, shift},
    rule::{DayOf, Unit},
};

/// Who is told each step of working out a date. `()` does not listen: then nothing is told, and nothing is paid for.
pub trait Ear: Default {
    fn hear(&mut self, step: impl FnOnce() -> Move);
}

impl Ear for () {
    fn hear(&mut self, _: impl FnOnce() -> Move) {}
}

impl Ear for Vec<Move> {
    fn hear(&mut self, step: impl FnOnce() -> Move) {
        self.push(step());
    }
}

/// One step. Each begins with the day that the one before arrived at; the first with nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Move {
    /// The day that is counted from.
    From {
        what: Anchor,
        to: Date,
    },
    /// So many days on, or back; the day itself is not counted.
    Days {
        n: i64,
        to: Date,
    },
    /// So many months on, or back, to the corresponding day; the month's last day where there is none.
    Months {
        n: i64,
        to: Date,
    },
    /// So many whole months on, or back, from the end of a month: to the end of a month.
    MonthEnds {
        n: i64,
        to: Date,
    },
    /// So many working days on, or back; the day itself is not counted.
    Workdays {
        n: i64,
        to: Date,
    },
    /// To the first day of the month that lies so many months ahead.
    Month {
        n: i64,
        to: Date,
    },
    /// From the first day of a month to a day of it.
    DayOfMonth {
        day: DayOf,
        to: Date,
    },
    /// From the Monday of a week to a day of it.
    DayOfWeek {
        day: DayOf,
        to: Date,
    },
    /// On or before the date, or on or after it, to a working day.
    RollBack {
        to: Date,
    },
    RollOn {
        to: Date,
    },
    /// The days from one to another, both included, are not counted: the clock of a case stood.
    Stood {
        from: Date,
        until: Date,
        to: Date,
    },
}

/// What the day is that is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The date itself is written.
    Written,
    /// A date of the RRULE.
    Recurrence,
    /// The first day of the period that is due in.
    Begins(Unit),
    /// The last day of the period that is counted from.
    Ends(Unit),
    /// The Monday of the week.
    Week,
    /// The day that a case was registered with.
    Case,
    /// A case's date as its extension set it.
    Extended,
    /// The due date, for what is worked out from it.
    Due,
}

impl Move {
    /// The day that it arrives at.
    pub fn to(self) -> Date {
        match self {
            Self::From { to, .. }
            | Self::Days { to, .. }
            | Self::Months { to, .. }
            | Self::MonthEnds { to, .. }
            | Self::Workdays { to, .. }
            | Self::Month { to, .. }
            | Self::DayOfMonth { to, .. }
            | Self::DayOfWeek { to, .. }
            | Self::Stood { to, .. }
            | Self::RollBack { to }
            | Self::RollOn { to } => to,
        }
    }
}

/// The last working day on or before `day`, told.
pub fn back(cal: &Calendar, day: Date, ear: &mut impl Ear) -> Date {
    let to = cal.on_or_before(day);
    ear.hear(|| Move::RollBack { to });
    to
}

/// The first working day on or after `day`, told.
pub fn on(cal: &Calendar, day: Date, ear: &mut impl Ear) -> Date {
    let to = cal.on_or_after(day);
    ear.hear(|| Move::RollOn { to });
    to
}

/// So many days on, or back if negative, told.
pub fn days(from: Date, n: i64, ear: &mut impl Ear) -> Date {
    let to = shift(from, n);
    ear.hear(|| Move::Days { n, to });
    to
}

/// So many working days on, or back if negative, told.
pub fn workdays(cal: &Calendar, from: Date, n: i64, ear: &mut impl Ear) -> Date {
    let to = cal.add_workdays(from, n);
    ear.hear(|| Move::Workdays { n, to });
    to
}
