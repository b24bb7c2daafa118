//! The dates of a rule. Every query starts at its own period: none walks from the rule's first date.

use jiff::{
    ToSpan,
    civil::{Date, date},
};

use super::{
    super::calendar::{Calendar, days_between, shift},
    Term,
    rule::{At, CaseFrom, Cycle, DayOf, Months, Rule, Span, SpanUnit, Unit},
    told::{Anchor, Ear, Move, days, workdays},
};

/// No term lies outside: wider than the years that a `due` may name, and far from the limits of [`Date`].
const FIRST: Date = date(1950, 1, 1);
const LAST: Date = date(2300, 12, 31);

/// A Monday from which weeks are counted.
const MONDAY: Date = date(1900, 1, 1);

impl Rule {
    /// The rule's dates with `due` in `from..=to`, in order. None for a case.
    pub fn terms<'a>(&'a self, cal: &'a Calendar, from: Date, to: Date) -> Box<dyn Iterator<Item = Term> + 'a> {
        Box::new(self.told::<()>(cal, from, to).map(|(term, ())| term))
    }

    /// Its first dates, of whichever years: enough to see what they are like. None for a case.
    pub fn first_terms<'a>(&'a self, cal: &'a Calendar) -> Box<dyn Iterator<Item = Term> + 'a> {
        self.terms(cal, date(self.only_year().unwrap_or(2024), 1, 1), LAST)
    }

    /// As [`Self::terms`], each with the steps by which it was worked out.
    pub fn told<'a, E: Ear + 'a>(
        &'a self,
        cal: &'a Calendar,
        from: Date,
        to: Date,
    ) -> Box<dyn Iterator<Item = (Term, E)> + 'a> {
        let (from, to) = (from.max(FIRST), to.min(LAST));
        if from > to {
            return Box::new(std::iter::empty());
        }
        match self {
            Self::Case { .. } => Box::new(std::iter::empty()),
            Self::Once(due) => {
                let term = Term { period: due.to_string(), due: *due, opens: Date::MIN };
                let told = (from..=to).contains(due).then(|| (term, begin(Anchor::Written, *due)));
                Box::new(told.into_iter())
            }
            Self::Recurrence(r) => {
                let told = |term: Term| {
                    let ear = begin(Anchor::Recurrence, term.due);
                    (term, ear)
                };
                Box::new(r.terms(from, to).into_iter().map(told))
            }
            Self::After { unit, span } => {
                let due = move |end, ear: &mut E| span.after(end, cal, ear);
                Box::new(by_end(*unit, span.reach(), from, to, due))
            }
            Self::Following { unit, day } => {
                let due = move |end, ear: &mut E| {
                    let first = shift(end, 1);
                    ear.hear(|| Move::Month { n: 1, to: first });
                    day.of(first, cal, ear)
                };
                Box::new(by_end(*unit, 31, from, to, due))
            }
            Self::BeforeEnd { unit, span } => Box::new(before_end(*unit, *span, cal, from, to)),
            Self::Cyclic { cycle: Cycle::Weeks, at } => {
                let weeks = week_number(from)..=week_number(to);
                Box::new(weeks.flat_map(move |n| week(n, at, cal)).filter(move |(t, _)| (from..=to).contains(&t.due)))
            }
            Self::Cyclic { cycle, at } => {
                let unit = cycle.unit().unwrap_or(Unit::Month);
                let periods = Period::of(unit, from).index..=Period::of(unit, to).index;
                let terms = periods.map(move |index| Period { unit, index }).filter(move |p| cycle.counts(*p));
                Box::new(terms.flat_map(move |p| p.terms(at, cal)).filter(move |(t, _)| (from..=to).contains(&t.due)))
            }
        }
    }

    /// The due date of a case that is counted from `anchor`; `None` if the rule is not a case.
    pub fn case_due(&self, cal: &Calendar, anchor: Date) -> Option<Date> {
        self.case_told(cal, anchor, &mut ())
    }

    /// The same, with its steps.
    pub fn case_told(&self, cal: &Calendar, anchor: Date, ear: &mut impl Ear) -> Option<Date> {
        let Self::Case { from, span } = self else { return None };
        ear.hear(|| Move::From { what: Anchor::Case, to: anchor });
        let n = i64::from(span.n) * if *from == CaseFrom::BeforeEvent { -1 } else { 1 };
        Some(match span.unit {
            SpanUnit::Days => days(anchor, n, ear),
            SpanUnit::Workdays => workdays(cal, anchor, n, ear),
            SpanUnit::Months => {
                let to = anchor.saturating_add(n.months());
                ear.hear(|| Move::Months { n, to });
                to
            }
        })
    }
}

fn begin<E: Ear>(what: Anchor, to: Date) -> E {
    let mut ear = E::default();
    ear.hear(|| Move::From { what, to });
    ear
}

/// From the end of a period to the end of a month.
fn month_ends(end: Date, n: i64, ear: &mut impl Ear) -> Date {
    let months = i32::try_from(n).unwrap_or_default();
    let to = shift(first_of(month_number(end) + months + 1), -1);
    ear.hear(|| Move::MonthEnds { n, to });
    to
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
    fn terms<E: Ear>(self, at: &[At], cal: &Calendar) -> Vec<(Term, E)> {
        let month_of = |a: &At| first_of(self.months_before() + i32::from(a.month) - 1);
        let twice_a_month = at.windows(2).any(|w| w[0].month == w[1].month);
        let day_of = |a: &At| {
            let (mut ear, month) = (begin::<E>(Anchor::Begins(self.unit), self.first_day()), month_of(a));
            ear.hear(|| Move::Month { n: i64::from(a.month) - 1, to: month });
            (a.day.of(month, cal, &mut ear), month, ear)
        };
        let mut days: Vec<(Date, Date, E)> = at.iter().map(day_of).collect();
        days.sort_by_key(|(due, month, _)| (*due, *month));
        // In February, day 30 and day 31 are the same day.
        days.dedup_by_key(|(due, ..)| *due);
        let mut opens = self.first_day();
        let terms = days.into_iter().map(|(due, month, ear)| {
            let period = match at.len() {
                1 => self.label(),
                _ if twice_a_month => due.to_string(),
                _ => Self::of(Unit::Month, month).label(),
            };
            let term = Term { period, due, opens };
            opens = shift(due, 1);
            (term, ear)
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
            Self::OneYear(year) => first.year() == year,
            Self::Months(Months::Odd) => first.month() % 2 == 1,
            Self::Months(Months::Even) => first.month() % 2 == 0,
            _ => true,
        }
    }
}

impl DayOf {
    fn of(self, first: Date, cal: &Calendar, ear: &mut impl Ear) -> Date {
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
        let to = day.clamp(first, last);
        ear.hear(|| Move::DayOfMonth { day: self, to });
        to
    }
}

impl Span {
    /// The day this long after the end of a period. Whole months are counted from the day after (民法典 art. 201): two
    /// months after June end with August.
    fn after(self, end: Date, cal: &Calendar, ear: &mut impl Ear) -> Date {
        self.beside_end(end, 1, cal, ear)
    }

    /// The day this long before the end of a period. Whole months: three before the year ends are left at the end of
    /// September.
    fn before(self, end: Date, cal: &Calendar, ear: &mut impl Ear) -> Date {
        self.beside_end(end, -1, cal, ear)
    }

    fn beside_end(self, end: Date, sign: i64, cal: &Calendar, ear: &mut impl Ear) -> Date {
        let n = i64::from(self.n) * sign;
        match self.unit {
            SpanUnit::Days => days(end, n, ear),
            SpanUnit::Workdays => workdays(cal, end, n, ear),
            SpanUnit::Months => month_ends(end, n, ear),
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
fn by_end<E: Ear>(
    unit: Unit,
    reach: i64,
    from: Date,
    to: Date,
    due: impl Fn(Date, &mut E) -> Date,
) -> impl Iterator<Item = (Term, E)> {
    let periods = Period::of(unit, shift(from, -reach)).index - 1..=Period::of(unit, to).index;
    let mut last: Option<Date> = None;
    let terms = periods.filter_map(move |index| {
        let period = Period { unit, index };
        let end = period.last_day();
        let mut ear = begin::<E>(Anchor::Ends(unit), end);
        let due = due(end, &mut ear);
        // Two periods with no working day between their ends would share a date.
        let again = last.replace(due) == Some(due);
        (!again).then(|| (Term { period: period.label(), due, opens: shift(end, 1) }, ear))
    });
    terms.filter(move |(t, _)| (from..=to).contains(&t.due))
}

/// Labelled by the period that is about to end; open from its first day.
fn before_end<E: Ear>(unit: Unit, span: Span, cal: &Calendar, from: Date, to: Date) -> impl Iterator<Item = (Term, E)> {
    let periods = Period::of(unit, from).index..=Period::of(unit, to).index;
    let terms = periods.map(move |index| {
        let period = Period { unit, index };
        let end = period.last_day();
        let mut ear = begin::<E>(Anchor::Ends(unit), end);
        let due = span.before(end, cal, &mut ear);
        (Term { period: period.label(), due, opens: period.first_day() }, ear)
    });
    terms.filter(move |(t, _)| t.opens <= t.due && (from..=to).contains(&t.due))
}

fn week<E: Ear>(number: i64, at: &[At], cal: &Calendar) -> Vec<(Term, E)> {
    let monday = shift(MONDAY, number * 7);
    let mut opens = monday;
    let days = at.iter().filter_map(|a| Some((a.day, day_of_week(a.day, monday, cal)?)));
    let terms = days.map(|(day, due)| {
        let mut ear = begin::<E>(Anchor::Week, monday);
        ear.hear(|| Move::DayOfWeek { day, to: due });
        let week = monday.iso_week_date();
        let period = match at.len() {
            1 => format!("{}-W{:02}", week.year(), week.week()),
            _ => due.to_string(),
        };
        let term = Term { period, due, opens };
        opens = shift(due, 1);
        (term, ear)
    });
    terms.collect()
}

/// `None` for a working day of a week that is all holidays.
fn day_of_week(day: DayOf, monday: Date, cal: &Calendar) -> Option<Date> {
    let sunday = shift(monday, 6);
    match day {
        DayOf::Weekday(_, day) => Some(shift(monday, day.into())),
        DayOf::Workday(n) => {
            let from = if n > 0 { shift(monday, -1) } else { shift(sunday, 1) };
            Some(cal.add_workdays(from, n.into())).filter(|day| (monday..=sunday).contains(day))
        }
        _ => Some(sunday),
    }
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
