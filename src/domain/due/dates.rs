//! The dates of a rule. Every query starts at its own period: none walks from the rule's first date.

use jiff::{
    ToSpan,
    civil::{Date, date},
};

use super::{
    super::calendar::{Calendar, days_between, shift},
    Term,
    rule::{At, CaseFrom, Cycle, DayOf, Months, Rule, Span, SpanUnit, Unit},
};

/// No term lies outside: wider than the years that a `due` may name, and far from the limits of [`Date`].
const FIRST: Date = date(1950, 1, 1);
const LAST: Date = date(2300, 12, 31);

/// A Monday from which weeks are counted.
const MONDAY: Date = date(1900, 1, 1);

impl Rule {
    /// The rule's dates with `due` in `from..=to`, in order. None for a case.
    pub fn terms<'a>(&'a self, cal: &'a Calendar, from: Date, to: Date) -> Box<dyn Iterator<Item = Term> + 'a> {
        let (from, to) = (from.max(FIRST), to.min(LAST));
        if from > to {
            return Box::new(std::iter::empty());
        }
        match self {
            Self::Case { .. } => Box::new(std::iter::empty()),
            Self::Once(due) => {
                let term = Term { period: due.to_string(), due: *due, opens: Date::MIN };
                Box::new((from..=to).contains(due).then_some(term).into_iter())
            }
            Self::Recurrence(r) => Box::new(r.terms(from, to).into_iter()),
            Self::After { unit, span } => {
                let due = move |end| span.after(end, cal);
                Box::new(by_end(*unit, span.reach(), from, to, due))
            }
            Self::Following { unit, day } => {
                let due = move |end| day.of(shift(end, 1), cal);
                Box::new(by_end(*unit, 31, from, to, due))
            }
            Self::BeforeEnd { unit, span } => Box::new(before_end(*unit, *span, cal, from, to)),
            Self::Cyclic { cycle: Cycle::Weeks, at } => {
                let weeks = week_number(from)..=week_number(to);
                Box::new(weeks.flat_map(move |n| week(n, at, cal)).filter(move |t| (from..=to).contains(&t.due)))
            }
            Self::Cyclic { cycle, at } => {
                let unit = cycle.unit().unwrap_or(Unit::Month);
                let periods = Period::of(unit, from).index..=Period::of(unit, to).index;
                let terms = periods.map(move |index| Period { unit, index }).filter(move |p| cycle.counts(*p));
                Box::new(terms.flat_map(move |p| p.terms(at, cal)).filter(move |t| (from..=to).contains(&t.due)))
            }
        }
    }

    /// The due date of a case that is counted from `anchor`; `None` if the rule is not a case.
    pub fn case_due(&self, cal: &Calendar, anchor: Date) -> Option<Date> {
        let Self::Case { from, span } = self else { return None };
        let n = i64::from(span.n) * if *from == CaseFrom::BeforeEvent { -1 } else { 1 };
        Some(match span.unit {
            SpanUnit::Days => shift(anchor, n),
            SpanUnit::Workdays => cal.add_workdays(anchor, n),
            SpanUnit::Months => anchor.saturating_add(n.months()),
        })
    }
}

/// The n-th period of its kind from year 0 on.
#[derive(Clone, Copy)]
struct Period {
    unit: Unit,
    index: i32,
}

impl Period {
    fn of(unit: Unit, day: Date) -> Self {
        Self { unit, index: month_number(day).div_euclid(i32::from(unit.months())) }
    }

    /// The number of its first month, as `month_number` counts.
    fn months_before(self) -> i32 {
        self.index * i32::from(self.unit.months())
    }

    fn first_day(self) -> Date {
        first_of(self.months_before())
    }

    fn last_day(self) -> Date {
        shift(first_of(self.months_before() + i32::from(self.unit.months())), -1)
    }

    fn label(self) -> String {
        let first = self.first_day();
        let (year, month) = (first.year(), first.month());
        match self.unit {
            Unit::Year => format!("{year}"),
            Unit::HalfYear => format!("{year}-H{}", month / 6 + 1),
            Unit::Quarter => format!("{year}-Q{}", month / 3 + 1),
            Unit::Month => format!("{year}-{month:02}"),
        }
    }

    /// Each date opens when the one before it has passed, the first with the period.
    fn terms(self, at: &[At], cal: &Calendar) -> Vec<Term> {
        let month_of = |a: &At| first_of(self.months_before() + i32::from(a.month) - 1);
        let twice_a_month = at.windows(2).any(|w| w[0].month == w[1].month);
        let mut days: Vec<(Date, Date)> = at.iter().map(|a| (a.day.of(month_of(a), cal), month_of(a))).collect();
        days.sort_unstable();
        // In February, day 30 and day 31 are the same day.
        days.dedup_by_key(|(due, _)| *due);
        let mut opens = self.first_day();
        let terms = days.into_iter().map(|(due, month)| {
            let period = match at.len() {
                1 => self.label(),
                _ if twice_a_month => due.to_string(),
                _ => Self::of(Unit::Month, month).label(),
            };
            let term = Term { period, due, opens };
            opens = shift(due, 1);
            term
        });
        terms.collect()
    }
}

impl Cycle {
    fn counts(self, period: Period) -> bool {
        let first = period.first_day();
        match self {
            Self::Years { every, from } => {
                from.is_none_or(|from| first.year() >= from && (first.year() - from) % every.max(1) == 0)
            }
            Self::Months(Months::Odd) => first.month() % 2 == 1,
            Self::Months(Months::Even) => first.month() % 2 == 0,
            _ => true,
        }
    }
}

impl DayOf {
    fn of(self, first: Date, cal: &Calendar) -> Date {
        let last = first.last_of_month();
        let day = match self {
            Self::Last => last,
            Self::Day(day) => shift(first, i64::from(day) - 1),
            Self::Workday(n) if n > 0 => cal.add_workdays(shift(first, -1), n.into()),
            Self::Workday(n) => cal.add_workdays(shift(last, 1), n.into()),
            Self::Weekday(n, weekday) if n > 0 => {
                let ahead = i64::from(weekday - first.weekday().to_monday_zero_offset()).rem_euclid(7);
                shift(first, ahead + (i64::from(n) - 1) * 7)
            }
            Self::Weekday(n, weekday) => {
                let back = i64::from(last.weekday().to_monday_zero_offset() - weekday).rem_euclid(7);
                shift(last, (i64::from(n) + 1) * 7 - back)
            }
        };
        day.clamp(first, last)
    }
}

impl Span {
    /// The day this long after the end of a period.
    fn after(self, end: Date, cal: &Calendar) -> Date {
        match self.unit {
            SpanUnit::Days => shift(end, self.n.into()),
            SpanUnit::Workdays => cal.add_workdays(end, self.n.into()),
            // Whole months, counted from the day after (民法典 art. 201): two months after June
            // end with August.
            SpanUnit::Months => shift(first_of(month_number(end) + i32::from(self.n) + 1), -1),
        }
    }

    /// The day this long before the end of a period. Whole months: three before the year ends are left at the end of
    /// September.
    fn before(self, end: Date, cal: &Calendar) -> Date {
        match self.unit {
            SpanUnit::Days => shift(end, -i64::from(self.n)),
            SpanUnit::Workdays => cal.add_workdays(end, -i64::from(self.n)),
            SpanUnit::Months => shift(first_of(month_number(end) - i32::from(self.n) + 1), -1),
        }
    }

    /// The most days that it takes.
    fn reach(self) -> i64 {
        match self.unit {
            SpanUnit::Days => i64::from(self.n),
            // Working days take at most two calendar days each, plus the longest holidays.
            SpanUnit::Workdays => i64::from(self.n) * 2 + 30,
            SpanUnit::Months => i64::from(self.n) * 31,
        }
    }
}

/// Labelled by the period that has ended; open from the day after.
fn by_end(unit: Unit, reach: i64, from: Date, to: Date, due: impl Fn(Date) -> Date) -> impl Iterator<Item = Term> {
    let periods = Period::of(unit, shift(from, -reach)).index - 1..=Period::of(unit, to).index;
    let mut last: Option<Date> = None;
    let terms = periods.filter_map(move |index| {
        let period = Period { unit, index };
        let end = period.last_day();
        let due = due(end);
        // Two periods with no working day between their ends would share a date.
        let again = last.replace(due) == Some(due);
        (!again).then(|| Term { period: period.label(), due, opens: shift(end, 1) })
    });
    terms.filter(move |t| (from..=to).contains(&t.due))
}

/// Labelled by the period that is about to end; open from its first day.
fn before_end(unit: Unit, span: Span, cal: &Calendar, from: Date, to: Date) -> impl Iterator<Item = Term> {
    let periods = Period::of(unit, from).index..=Period::of(unit, to).index;
    let terms = periods.map(move |index| {
        let period = Period { unit, index };
        Term { period: period.label(), due: span.before(period.last_day(), cal), opens: period.first_day() }
    });
    terms.filter(move |t| t.opens <= t.due && (from..=to).contains(&t.due))
}

fn week(number: i64, at: &[At], cal: &Calendar) -> Vec<Term> {
    let monday = shift(MONDAY, number * 7);
    let sunday = shift(monday, 6);
    let mut opens = monday;
    let days = at.iter().filter_map(|a| match a.day {
        DayOf::Weekday(_, day) => Some(shift(monday, day.into())),
        // A week that is all holidays has none.
        DayOf::Workday(n) => {
            let from = if n > 0 { shift(monday, -1) } else { shift(sunday, 1) };
            Some(cal.add_workdays(from, n.into())).filter(|day| (monday..=sunday).contains(day))
        }
        _ => Some(sunday),
    });
    let terms = days.map(|due| {
        let week = monday.iso_week_date();
        let period = match at.len() {
            1 => format!("{}-W{:02}", week.year(), week.week()),
            _ => due.to_string(),
        };
        let term = Term { period, due, opens };
        opens = shift(due, 1);
        term
    });
    terms.collect()
}

fn week_number(day: Date) -> i64 {
    days_between(MONDAY, day).div_euclid(7)
}

/// Months from January of year 0.
fn month_number(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month()) - 1
}

/// The first day of the month with this number; `Date::MAX` if there is none.
fn first_of(month: i32) -> Date {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    let month = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    Date::new(year, month, 1).unwrap_or(Date::MAX)
}
