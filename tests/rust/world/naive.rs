//! The rules of time read once more, from the facts and day by day: nothing here knows the planner.

use std::collections::BTreeSet;

use jiff::{Span, civil::Date};

/// Days off and made-up working days, of the years whose notice is known.
#[derive(Clone, Default)]
pub struct Days {
    off: BTreeSet<Date>,
    work: BTreeSet<Date>,
}

/// When a duty comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Yearly { month: i8, day: i8, is_rule: bool },
    Quarterly { day: i8 },
    Monthly { day: i8, is_rule: bool },
}

/// A report was taken back.
#[derive(Clone, Copy, Debug)]
pub struct Redo {
    /// Whoever answers for it hears of it.
    since: Date,
    /// The last day that is in time then.
    pub by: Date,
}

impl Days {
    /// Three working days for what was reopened on this day.
    pub fn redo(&self, day: Date) -> Redo {
        let by = self.workdays(day, 3);
        Redo { since: if self.works(day) { day } else { self.workdays(day, 1) }, by }
    }

    /// The facts of these years, as they were checked against five sources.
    pub fn of(years: &[i16]) -> Self {
        let facts: serde_json::Value =
            serde_json::from_str(include_str!("../../data/holidays-cn.json")).expect("the facts are JSON");
        let mut days = Self::default();
        for year in years {
            let dates = |key: &str| facts[year.to_string()][key].as_array().cloned().unwrap_or_default();
            let read = |v: serde_json::Value| v.as_str().and_then(|s| s.parse::<Date>().ok());
            days.off.extend(dates("off").into_iter().filter_map(read));
            days.work.extend(dates("work").into_iter().filter_map(read));
        }
        assert!(years.is_empty() || !days.off.is_empty());
        days
    }

    pub fn works(&self, day: Date) -> bool {
        let weekday = day.weekday().to_monday_zero_offset() < 5;
        self.work.contains(&day) || (weekday && !self.off.contains(&day))
    }

    pub fn back_to_work(&self, mut day: Date) -> Date {
        while !self.works(day) {
            day = step(day, -1);
        }
        day
    }

    fn workdays(&self, mut day: Date, n: i64) -> Date {
        let mut left = n.abs();
        while left > 0 {
            day = step(day, n.signum());
            left -= i64::from(self.works(day));
        }
        day
    }
}

impl Form {
    /// As the admin writes it.
    pub fn words(self) -> String {
        match self {
            Self::Yearly { month, day, is_rule: true } => {
                format!("RRULE:FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}")
            }
            Self::Yearly { month, day, .. } => format!("每年{month}月{day}日前"),
            Self::Quarterly { day } => format!("每季度末月{day}日"),
            Self::Monthly { day, is_rule: true } => format!("RRULE:FREQ=MONTHLY;BYMONTHDAY={day}"),
            Self::Monthly { day, .. } => format!("每月{day}日"),
        }
    }

    /// The same dates in other words, under other labels.
    pub fn reworded(self) -> Self {
        match self {
            Self::Yearly { month, day, is_rule } => Self::Yearly { month, day, is_rule: !is_rule },
            Self::Monthly { day, is_rule } => Self::Monthly { day, is_rule: !is_rule },
            Self::Quarterly { .. } => self,
        }
    }

    /// Due on this day, and the label of its period.
    fn due_on(self, on: Date) -> Option<String> {
        let year = on.year();
        match self {
            // The label of a date by RRULE is the date.
            Self::Yearly { is_rule: true, .. } | Self::Monthly { is_rule: true, .. } => {
                self.reworded().due_on(on).map(|_| on.to_string())
            }
            Self::Yearly { month, day, .. } => (on.month() == month && on.day() == day).then(|| format!("{year}")),
            Self::Quarterly { day } => {
                (on.month() % 3 == 0 && on.day() == day).then(|| format!("{year}-Q{}", on.month() / 3))
            }
            Self::Monthly { day, .. } => (on.day() == day).then(|| format!("{year}-{:02}", on.month())),
        }
    }

    /// Every due date in these days, with its label.
    pub fn dues(self, from: Date, to: Date) -> Vec<(Date, String)> {
        let mut day = from;
        let mut found = Vec::new();
        while day <= to {
            found.extend(self.due_on(day).map(|label| (day, label)));
            day = step(day, 1);
        }
        found
    }

    /// Every day on which something is to be said of what is due on `due`, up to `silent`.
    pub fn days(self, known: &Days, due: Date, silent: Option<Date>, redo: Option<Redo>) -> BTreeSet<Date> {
        let finish_by = known.back_to_work(due);
        let calendar: &[i64] = match self {
            Self::Yearly { .. } => &[30, 15, 0],
            Self::Quarterly { .. } => &[15, 0],
            Self::Monthly { .. } => &[0],
        };
        let working: &[i64] = match self {
            Self::Yearly { .. } => &[7, 3, 1],
            Self::Quarterly { .. } => &[5, 1],
            Self::Monthly { .. } => &[3, 1],
        };
        let mut days: BTreeSet<Date> = calendar.iter().map(|n| known.back_to_work(step(finish_by, -n))).collect();
        days.extend(working.iter().map(|n| known.workdays(finish_by, -n)));
        let redo = redo.filter(|redo| redo.by > due);
        days.extend(redo.iter().flat_map(|redo| [redo.since, redo.by]));
        for n in [1, 3, 8, 13, 18, 23, 28, 33, 38, 43] {
            let day = known.workdays(redo.map_or(due, |redo| redo.by), n);
            if silent.is_none_or(|silent| day <= silent) {
                days.insert(day);
            }
        }
        days
    }
}

pub fn step(day: Date, n: i64) -> Date {
    day.saturating_add(Span::new().days(n))
}
