//! The clock of a case: what it is counted from, what is not counted, and how an extension and a pause combine.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, days_between, shift},
    due::{CaseFrom, Rule, SpanUnit},
};

#[cfg(test)]
mod tests;

/// A case's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The day it is counted from; that day itself is not counted.
    pub on: Date,
    /// In order, without overlaps; only the last may be open.
    pub pauses: Vec<Pause>,
    pub extension: Option<Extension>,
}

/// Days that are not counted: from `from` to the day before `to`; `to` is missing while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub from: Date,
    pub to: Option<Date>,
}

/// A later date, as the paper states it. What it adds is an amount: that of the days up to `to`, with the pauses that
/// were over then. So it and a pause combine in either order, and it is `to` itself as long as nothing was paused since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    pub to: Date,
    /// How many pauses were over when it was granted.
    pub pauses: usize,
}

impl Case {
    pub fn new(on: Date) -> Self {
        Self { on, pauses: Vec::new(), extension: None }
    }

    /// The day since which the clock stands.
    pub fn paused_since(&self) -> Option<Date> {
        self.pauses.last().filter(|pause| pause.to.is_none()).map(|pause| pause.from)
    }

    /// The first day from which it may be paused: a day is not paused twice.
    pub fn free_from(&self) -> Date {
        self.over().last().and_then(|pause| pause.to).unwrap_or(self.on)
    }

    /// Stops the clock; nothing happens where it stands.
    pub fn pause(&mut self, from: Date) {
        if self.paused_since().is_none() {
            self.pauses.push(Pause { from, to: None });
        }
    }

    /// Lets the clock go on: `on` is counted again. Nothing happens where it goes.
    pub fn resume(&mut self, on: Date) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(on);
        }
    }

    pub fn extend(&mut self, to: Date) {
        self.extension = Some(Extension { to, pauses: self.over().len() });
    }

    /// Whether days that are not counted move the date of this rule: what is counted back from a day cannot be paused.
    pub fn can_pause(rule: &Rule) -> bool {
        matches!(rule, Rule::Case { from, .. } if *from != CaseFrom::BeforeEvent)
    }

    /// The due date; `None` if the rule is not for cases. A pause that lasts has moved nothing yet.
    pub fn due(&self, rule: &Rule, cal: &Calendar) -> Option<Date> {
        let own = rule.case_due(cal, self.on)?;
        let Rule::Case { span, .. } = rule else { return None };
        let (over, extended) = (self.over(), self.extension);
        let kept = extended.map_or(0, |extension| extension.pauses.min(over.len()));
        let to = extended.map_or(own, |extension| extension.to);
        if kept == over.len() || !Self::can_pause(rule) {
            return Some(to);
        }
        // Months are counted by their days: the paused days are added.
        let count = Count { cal, is_workdays: span.unit == SpanUnit::Workdays, on: self.on };
        Some(count.nth(count.amount(to, &over[..kept]), over))
    }

    /// The pauses that are over.
    fn over(&self) -> &[Pause] {
        let open = usize::from(self.paused_since().is_some());
        &self.pauses[..self.pauses.len() - open]
    }
}

/// Counts the days after `on`: all, or the working days.
struct Count<'a> {
    cal: &'a Calendar,
    is_workdays: bool,
    on: Date,
}

impl Count<'_> {
    /// How many lie after `from`, up to and including `to`; none if `to` lies before.
    fn between(&self, from: Date, to: Date) -> i64 {
        let all = if self.is_workdays { self.cal.workdays_between(from, to) } else { days_between(from, to) };
        all.max(0)
    }

    /// How many are counted up to and including `to`. If `to` itself is not counted, the next one that is counts: a
    /// pause never brings a date forward.
    fn amount(&self, to: Date, pauses: &[Pause]) -> i64 {
        let paused = pauses.iter().map(|pause| {
            let (first, last) = (pause.from.max(shift(self.on, 1)), end(pause).min(to));
            self.between(shift(first, -1), last)
        });
        let is_counted = (!self.is_workdays || self.cal.is_workday(to))
            && !pauses.iter().any(|pause| pause.from <= to && to <= end(pause));
        self.between(self.on, to) - paused.sum::<i64>() + i64::from(!is_counted)
    }

    /// The n-th that is counted.
    fn nth(&self, n: i64, pauses: &[Pause]) -> Date {
        let (mut day, mut left) = (self.on, n);
        for pause in pauses {
            let before = self.between(day, shift(pause.from, -1));
            if left <= before {
                break;
            }
            left -= before;
            day = day.max(end(pause));
        }
        if self.is_workdays { self.cal.add_workdays(day, left) } else { shift(day, left) }
    }
}

/// The last day that is not counted.
fn end(pause: &Pause) -> Date {
    shift(pause.to.unwrap_or(pause.from), -1)
}
