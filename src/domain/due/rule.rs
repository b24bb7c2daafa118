//! What a `due` means, as data; and its canonical English form.

use std::fmt;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::recurrence::Recurrence;

/// When something is due (design, section 2). The rule itself is stored, not only the words: a later version may read
/// the words differently, and must not change what was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// On days of every period: in order, no two alike.
    Cyclic {
        cycle: Cycle,
        at: Vec<At>,
    },
    /// This long after the end of every period.
    After {
        unit: Unit,
        span: Span,
    },
    /// This long before the end of every period.
    BeforeEnd {
        unit: Unit,
        span: Span,
    },
    /// On a day of the month after every period: `次月5日`.
    Following {
        unit: Unit,
        day: DayOf,
    },
    Once(Date),
    /// Counted from the date of a case that is opened by hand.
    Case {
        from: CaseFrom,
        span: Span,
    },
    /// For the rest: RFC 5545, section 3.3.10.
    Recurrence(Recurrence),
}

/// The years that a date may name.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 2000..=2199;

/// Which periods count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cycle {
    /// Every n-th year, counted from `from`, which is always set if `every` is more than one.
    Years {
        every: i16,
        from: Option<i16>,
    },
    /// That year only: several days of a plan's year.
    OneYear(i16),
    HalfYears,
    Quarters,
    Months(Months),
    Weeks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Months {
    Every,
    /// 单月
    Odd,
    /// 双月
    Even,
}

/// A period that ends with a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Year,
    HalfYear,
    Quarter,
    Month,
}

/// A day of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct At {
    /// Of the period, from 1; always 1 in a month and in a week.
    pub month: u8,
    pub day: DayOf,
}

/// A day of a month (of a week: `Weekday(1, _)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOf {
    /// In a month without this day, the month's last day.
    Day(u8),
    Last,
    /// The n-th working day, from the end if negative.
    Workday(i8),
    /// The n-th such weekday, from the end if negative; the weekday is counted from Monday = 0.
    Weekday(i8, i8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub n: u16,
    pub unit: SpanUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanUnit {
    Days,
    Workdays,
    Months,
}

/// Which date a case is opened with, and on which side of it the case is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseFrom {
    AfterReceipt,
    AfterEvent,
    BeforeEvent,
}

/// How often a rule recurs: decides the default leads (design, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Yearly, half-yearly, every few years, once, and all others.
    Yearly,
    Quarterly,
    Monthly,
    Weekly,
    Case,
}

impl Unit {
    /// Its length in months.
    pub fn months(self) -> u8 {
        match self {
            Self::Year => 12,
            Self::HalfYear => 6,
            Self::Quarter => 3,
            Self::Month => 1,
        }
    }
}

impl Cycle {
    pub const YEARLY: Self = Self::Years { every: 1, from: None };

    /// The period, if it is one that ends with a month.
    pub fn unit(self) -> Option<Unit> {
        match self {
            Self::Years { .. } | Self::OneYear(_) => Some(Unit::Year),
            Self::HalfYears => Some(Unit::HalfYear),
            Self::Quarters => Some(Unit::Quarter),
            Self::Months(_) => Some(Unit::Month),
            Self::Weeks => None,
        }
    }
}

impl Rule {
    /// A cyclic rule in its one form. Months that share a day and lie evenly in the year are
    /// half-years or quarters: `每年1月、7月15日前` has the periods `2027-H1`, `2027-H2`.
    pub(super) fn cyclic(cycle: Cycle, mut at: Vec<At>) -> Self {
        at.sort_unstable();
        if cycle == Cycle::YEARLY && at.iter().all(|a| a.day == at[0].day) {
            let months: Vec<u8> = at.iter().map(|a| a.month).collect();
            let evenly = |step: u8| months.windows(2).all(|w| w[1] - w[0] == step);
            match months.len() {
                2 if evenly(6) => return Self::Cyclic { cycle: Cycle::HalfYears, at: vec![at[0]] },
                4 if evenly(3) => return Self::Cyclic { cycle: Cycle::Quarters, at: vec![at[0]] },
                _ => {}
            }
        }
        Self::Cyclic { cycle, at }
    }

    /// Counted on in days, weeks or months (期间): it ends with a working day. A working day that is counted to is one
    /// by itself, and what is counted back, or stated as a day (期日), never rolls on.
    pub fn is_period(&self) -> bool {
        match self {
            Self::After { .. } => true,
            Self::Case { from, .. } => *from != CaseFrom::BeforeEvent,
            Self::Cyclic { .. }
            | Self::BeforeEnd { .. }
            | Self::Following { .. }
            | Self::Once(_)
            | Self::Recurrence(_) => false,
        }
    }

    /// The year of what is done in one year only.
    pub fn only_year(&self) -> Option<i16> {
        match self {
            Self::Once(date) => Some(date.year()),
            Self::Cyclic { cycle: Cycle::OneYear(year), .. } => Some(*year),
            _ => None,
        }
    }

    pub fn frequency(&self) -> Frequency {
        match self {
            Self::Case { .. } => Frequency::Case,
            Self::After { unit, .. } | Self::BeforeEnd { unit, .. } | Self::Following { unit, .. } => match unit {
                Unit::Quarter => Frequency::Quarterly,
                Unit::Month => Frequency::Monthly,
                Unit::Year | Unit::HalfYear => Frequency::Yearly,
            },
            Self::Cyclic { cycle: Cycle::Quarters, .. } => Frequency::Quarterly,
            Self::Cyclic { cycle: Cycle::Months(Months::Every), .. } => Frequency::Monthly,
            Self::Cyclic { cycle: Cycle::Weeks, .. } => Frequency::Weekly,
            Self::Recurrence(recurrence) => recurrence.frequency(),
            // All others, such as every second month, count as yearly (design, section 4).
            Self::Cyclic { .. } | Self::Once(_) => Frequency::Yearly,
        }
    }
}

/// Monday first, as [`DayOf::Weekday`] counts.
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WEEKDAYS_ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];

pub fn weekday_zh(day: Weekday) -> &'static str {
    weekday_name(day.to_monday_zero_offset())
}

/// As [`DayOf::Weekday`] counts.
pub fn weekday_name(day: i8) -> &'static str {
    WEEKDAYS_ZH[usize::from(day.unsigned_abs()) % 7]
}

/// The canonical English form; parsing it gives the same rule.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(date) => write!(f, "{date}"),
            Self::Recurrence(r) => r.fmt(f),
            Self::After { unit, span } => write!(f, "{span} after {unit}"),
            Self::BeforeEnd { unit, span } => write!(f, "{span} before the end of {unit}"),
            Self::Following { unit, day: DayOf::Day(day) } => write!(f, "day {day} after {unit}"),
            Self::Following { unit, day } => write!(f, "{day} of the month after {unit}"),
            Self::Case { from, span } => match from {
                CaseFrom::AfterReceipt => write!(f, "{span} after receipt"),
                CaseFrom::AfterEvent => write!(f, "{span} after the event"),
                CaseFrom::BeforeEvent => write!(f, "{span} before the event"),
            },
            Self::Cyclic { cycle, at } => {
                write!(f, "{cycle}")?;
                for (i, at) in at.iter().enumerate() {
                    f.write_str(if i == 0 { " " } else { ", " })?;
                    at.write(*cycle, f)?;
                }
                match cycle {
                    Cycle::Years { from: Some(year), .. } => write!(f, " from {year}"),
                    Cycle::OneYear(year) => write!(f, " in {year}"),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Years { every: 1, .. } | Self::OneYear(_) => f.write_str("yearly"),
            Self::Years { every, .. } => write!(f, "every {every} years"),
            Self::HalfYears => f.write_str("half-yearly"),
            Self::Quarters => f.write_str("quarterly"),
            Self::Months(Months::Every) => f.write_str("monthly"),
            Self::Months(Months::Odd) => f.write_str("odd months"),
            Self::Months(Months::Even) => f.write_str("even months"),
            Self::Weeks => f.write_str("weekly"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Year => "year",
            Self::HalfYear => "half-year",
            Self::Quarter => "quarter",
            Self::Month => "month",
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            SpanUnit::Days => "day",
            SpanUnit::Workdays => "workday",
            SpanUnit::Months => "month",
        };
        write!(f, "{} {unit}{}", self.n, if self.n == 1 { "" } else { "s" })
    }
}

impl At {
    fn write(self, cycle: Cycle, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match cycle {
            Cycle::Years { .. } | Cycle::OneYear(_) => match self.day {
                DayOf::Day(day) => write!(f, "{:02}-{day:02}", self.month),
                day => write!(f, "{day} of {:02}", self.month),
            },
            Cycle::Weeks => match self.day {
                DayOf::Weekday(_, day) => f.write_str(weekday_en(day)),
                day => write!(f, "{day}"),
            },
            // The last month of a half-year or quarter is the default, and is left out.
            _ if cycle.unit().is_none_or(|u| u.months() == self.month) => write!(f, "{}", self.day),
            _ => write!(f, "{} month {}", ORDINALS[usize::from(self.month - 1) % ORDINALS.len()], self.day),
        }
    }
}

impl fmt::Display for DayOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Last => f.write_str("end"),
            Self::Workday(n) => write!(f, "{} workday", ordinal(n)),
            Self::Weekday(n, day) => write!(f, "{} {}", ordinal(n), weekday_en(day)),
        }
    }
}

fn weekday_en(day: i8) -> &'static str {
    WEEKDAYS[usize::from(day.unsigned_abs()) % 7]
}

/// `3rd`, `last`, `2nd last`.
fn ordinal(n: i8) -> String {
    let suffix = match (n.unsigned_abs() % 10, n.unsigned_abs()) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    match n {
        -1 => "last".to_owned(),
        1.. => format!("{n}{suffix}"),
        _ => format!("{}{suffix} last", n.unsigned_abs()),
    }
}
