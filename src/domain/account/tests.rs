use std::collections::BTreeMap;

use jiff::{ToSpan, civil::date};
use proptest::{collection::btree_set, prelude::*, sample::select};

use super::*;
use crate::domain::{
    calendar::StatutoryYear,
    due::{Rule, Unit},
    occurrence::coming,
};

/// One of every kind of rule, with numbers to be put in: `#` is 1 to 12, `@` is 1 to 31.
const KINDS: &[&str] = &[
    "每年#月@日前",
    "每年#月最后一个工作日",
    "每年#月第3个工作日",
    "每年2月@日、11月最后一个周五前",
    "自2024年起每两年#月底前",
    "每半年末月@日",
    "每半年第2个月@日",
    "每季度末",
    "每季度首月第#个工作日",
    "每月@日",
    "每月倒数第2个工作日",
    "每月第2个周日",
    "每双月@日",
    "每月#日、@日",
    "每周五",
    "每周第1个工作日",
    "年度终了后#个月内",
    "每半年结束后@日内",
    "季后#个工作日",
    "会计年度终了#个月前",
    "季度结束的@日前",
    "季度结束的#个工作日前",
    "次月@日前",
    "每季度结束后次月@日前",
    "2026年#月28日前",
    "每月@日前（遇节假日顺延）",
    "每月@日前（遇节假日提前）",
    "每年#月@日前，遇节假日不顺延",
    "收到之日起@个工作日内",
    "收到之日起@日内",
    "受理后#个月内",
    "举行前@个工作日",
    "举办前#个月",
    "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
    "DTSTART:20240101 RRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=@",
];

fn calendar(off: &[(i16, i64)], work: &[(i16, i64)]) -> Calendar {
    let mut years: BTreeMap<i16, StatutoryYear> = BTreeMap::new();
    for (year, n) in off {
        years.entry(*year).or_default().off.insert(shift(date(*year, 1, 1), *n));
    }
    for (year, n) in work {
        years.entry(*year).or_default().work.insert(shift(date(*year, 1, 1), *n));
    }
    for (year, days) in &mut years {
        days.notice = format!("第{year}号");
    }
    Calendar::new(&years)
}

fn deadline(text: &str, target: Option<&str>) -> Option<Deadline> {
    let due = Due::parse(text, None).ok()?;
    let target = target.map(|t| (t.to_owned(), crate::domain::deadline::Target::Before(t.parse().unwrap())));
    Some(Deadline {
        id: "a".into(),
        was: None,
        item: None,
        title: "甲".into(),
        due,
        target,
        sections: Vec::new(),
        lead: None,
        help_by: None,
        basis: None,
        steps: Vec::new(),
        remind: Vec::new(),
        overdue: Vec::new(),
        escalate_to: None,
        done: Default::default(),
        times: 1,
        since: None,
        bureau_default: false,
        off: false,
    })
}

/// Goes one step as a person with a wall calendar would: a day at a time.
fn go(cal: &Calendar, at: Date, by: Move) -> Date {
    let next = |day: Date, n: i64| shift(day, n.signum());
    let days_of = |first: Date, len: i64| (0..len).map(move |n| shift(first, n));
    let among = |all: Vec<Date>, day: DayOf| match day {
        DayOf::Day(n) => all[(usize::from(n) - 1).min(all.len() - 1)],
        DayOf::Last => all[all.len() - 1],
        DayOf::Workday(n) => {
            let works: Vec<Date> = all.iter().copied().filter(|d| cal.is_workday(*d)).collect();
            let place = usize::from(n.unsigned_abs());
            let found = if n > 0 { works.get(place - 1) } else { works.len().checked_sub(place).map(|i| &works[i]) };
            // A month with fewer: its edge.
            found.copied().unwrap_or(if n > 0 { all[all.len() - 1] } else { all[0] })
        }
        DayOf::Weekday(n, weekday) => {
            let is_it = |d: &&Date| d.weekday().to_monday_zero_offset() == weekday;
            let found: Vec<Date> = all.iter().filter(is_it).copied().collect();
            if n > 0 {
                found[usize::from(n.unsigned_abs()) - 1]
            } else {
                found[found.len() - usize::from(n.unsigned_abs())]
            }
        }
    };
    match by {
        Move::From { to, .. } => to,
        Move::Days { n, .. } => (0..n.abs()).fold(at, |day, _| next(day, n)),
        Move::Workdays { n, .. } => {
            let (mut day, mut left) = (at, n.abs());
            while left > 0 {
                day = next(day, n);
                left -= i64::from(cal.is_workday(day));
            }
            day
        }
        Move::Months { n, .. } => {
            let first = (0..n.abs()).fold(at.first_of_month(), |day, _| day.saturating_add(n.signum().months()));
            shift(first, i64::from(at.day().min(first.days_in_month())) - 1)
        }
        Move::MonthEnds { n, .. } => {
            assert_eq!(at, at.last_of_month());
            (0..n.abs())
                .fold(at, |day, _| if n > 0 { shift(day, 1).last_of_month() } else { shift(day.first_of_month(), -1) })
        }
        Move::Month { n, .. } => (0..n).fold(at.first_of_month(), |day, _| shift(day.last_of_month(), 1)),
        Move::DayOfMonth { day, .. } => {
            assert_eq!(at.day(), 1);
            among(days_of(at, at.days_in_month().into()).collect(), day)
        }
        Move::DayOfWeek { day, .. } => {
            assert_eq!(at.weekday(), jiff::civil::Weekday::Monday);
            match day {
                DayOf::Weekday(_, weekday) => shift(at, weekday.into()),
                day => among(days_of(at, 7).collect(), day),
            }
        }
        Move::RollBack { .. } => days_of(shift(at, -60), 61).rfind(|d| cal.is_workday(*d)).unwrap(),
        // What it comes to is held against a count of its own in `case/tests.rs`.
        Move::Stood { to, .. } => to,
        Move::RollOn { .. } => days_of(at, 61).find(|d| cal.is_workday(*d)).unwrap(),
    }
}

/// The day that the steps lead to, each beginning where the one before ended.
fn replay(cal: &Calendar, from: Option<Date>, steps: &[Told]) -> Option<Date> {
    steps.iter().fold(from, |at, told| {
        assert_eq!(told.from, at, "{told:?}");
        let to = at.map_or(told.by.to(), |at| go(cal, at, told.by));
        assert_eq!(to, told.by.to(), "{told:?}");
        Some(to)
    })
}

/// The first step is the day that the rule counts from, for this period.
fn begins_well(rule: &Rule, occurrence: &Occurrence, first: Move) {
    let Move::From { what, to } = first else { panic!("{first:?}") };
    let unit = |unit: Unit| i16::from(unit.months());
    let is_start = |day: Date, u: Unit| day.day() == 1 && (i16::from(day.month()) - 1) % unit(u) == 0;
    match what {
        Anchor::Written | Anchor::Recurrence => assert_eq!(to, occurrence.dates.due),
        Anchor::Begins(unit) => assert!(is_start(to, unit) && to <= occurrence.dates.due),
        Anchor::Ends(unit) => assert!(is_start(shift(to, 1), unit)),
        Anchor::Week => assert!((0..7).contains(&crate::domain::calendar::days_between(to, occurrence.dates.due))),
        Anchor::Case => assert_eq!(
            (Some(to), matches!(rule, Rule::Case { .. })),
            (occurrence.case.as_ref().map(|case| case.on), true)
        ),
        Anchor::Extended | Anchor::Due => panic!("{what:?}"),
    }
}

fn tallies_add_up(cal: &Calendar, steps: &[Told]) {
    for told in steps {
        let Some(Tally { days, workdays, weekend, off, made_up }) = &told.tally else { continue };
        let holidays: usize = off.iter().map(|o| o.days.len()).sum();
        assert_eq!(*days, workdays + weekend + holidays, "{told:?}");
        if let Move::Workdays { n, .. } = told.by {
            assert_eq!(*workdays as u64, n.unsigned_abs(), "{told:?}");
        }
        assert!(off.iter().flat_map(|o| &o.days).all(|d| !cal.is_workday(*d)));
        assert!(made_up.iter().flat_map(|o| &o.days).all(|d| cal.is_workday(*d)));
    }
}

fn check(cal: &Calendar, deadline: &Deadline, occurrence: &Occurrence) {
    let account = Account::of(deadline, cal, occurrence);
    let dates = occurrence.dates;
    assert!(account.agrees_with(&dates), "{deadline:?} {account:?}");
    assert_eq!(account.dates, dates);
    begins_well(&deadline.due.rule, occurrence, account.due[0].by);
    assert_eq!(replay(cal, None, &account.due), Some(dates.due), "{deadline:?}");
    assert_eq!(replay(cal, Some(dates.due), &account.ends), Some(dates.ends), "{deadline:?}");
    assert_eq!(replay(cal, Some(dates.due), &account.finish_by), Some(dates.finish_by), "{deadline:?}");
    assert_eq!(replay(cal, None, &account.target), dates.target, "{deadline:?}");
    for steps in [&account.due, &account.ends, &account.finish_by, &account.target] {
        tallies_add_up(cal, steps);
    }
    let is_law = matches!(account.ruling.reading, Reading::Period | Reading::Workdays);
    assert_eq!(is_law, deadline.due.roll.is_none() && deadline.due.rule.is_period());
}

#[test]
fn every_kind_is_read() {
    for kind in KINDS {
        let text = kind.replace('#', "3").replace('@', "15");
        assert!(deadline(&text, None).is_some(), "{text}: {:?}", Due::parse(&text, None));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    /// Who follows the steps that are told, a day at a time, arrives at the dates of the occurrence.
    #[test]
    fn the_steps_lead_to_the_dates(
        kind in select(KINDS),
        (small, large) in (1u8..=12, 1u8..=31),
        off in btree_set((2024i16..=2027, 0i64..365), 0..120),
        work in btree_set((2024i16..=2027, 0i64..365), 0..40),
        on in 0i64..700,
        target in select(&[None, Some("10天"), Some("5个工作日")][..]),
    ) {
        let text = kind.replace('#', &small.to_string()).replace('@', &large.to_string());
        // Some numbers make no date, such as 2月31日.
        let Some(deadline) = deadline(&text, target) else { return Ok(()) };
        let days = |all: std::collections::BTreeSet<(i16, i64)>| all.into_iter().collect::<Vec<_>>();
        let cal = calendar(&days(off), &days(work));
        let from = shift(date(2024, 6, 1), on);
        if let Some(case) = Occurrence::case(&deadline, &cal, "甲", from) {
            check(&cal, &deadline, &case);
        }
        for (_, occurrence) in coming(&deadline, &cal, from, shift(from, 500)).take(4) {
            check(&cal, &deadline, &occurrence);
        }
    }
}

/// What is extended is told as such, and rolls as the period does.
#[test]
fn an_extension_is_a_step() {
    let cal = calendar(&[], &[]);
    let deadline = deadline("收到之日起15日内", None).unwrap();
    let case = Occurrence::case(&deadline, &cal, "甲", date(2026, 3, 2)).unwrap();
    let mut extended = case;
    extended.case.as_mut().unwrap().extend(date(2026, 4, 4));
    let account = Account::of(&deadline, &cal, &extended);
    assert_eq!(
        account.due.last().map(|told| told.by),
        Some(Move::From { what: Anchor::Extended, to: date(2026, 4, 4) })
    );
    assert_eq!((account.dates.due, account.dates.ends), (date(2026, 4, 4), date(2026, 4, 6)));
}

/// The days on which the clock stood are a step, before or after an extension.
#[test]
fn a_pause_is_a_step() {
    let cal = calendar(&[], &[]);
    let deadline = deadline("收到之日起20个工作日内", None).unwrap();
    let mut case = Occurrence::case(&deadline, &cal, "甲", date(2026, 3, 2)).unwrap();
    let clock = case.case.as_mut().unwrap();
    clock.pause(date(2026, 3, 9));
    clock.resume(date(2026, 3, 16));
    clock.extend(date(2026, 5, 8));
    clock.pause(date(2026, 4, 13));
    clock.resume(date(2026, 4, 14));
    case.dates = Dates::new(&deadline, &cal, clock.due(&deadline.due.rule, &cal).unwrap());
    check(&cal, &deadline, &case);
    let stood = |told: &Told| matches!(told.by, Move::Stood { .. });
    let account = Account::of(&deadline, &cal, &case);
    assert_eq!(account.due.iter().map(stood).collect::<Vec<_>>(), [false, false, true, false, true]);
    assert_eq!(account.due[2].by.to(), date(2026, 4, 6), "no days off are known here");
    assert_eq!(account.dates.due, date(2026, 5, 11));
}

/// A date that neither the wording nor the calendar of today gives is not explained away.
#[test]
fn a_date_that_is_not_the_rules_is_not_explained() {
    let cal = calendar(&[], &[]);
    let deadline = deadline("每月25日", None).unwrap();
    let (_, mut occurrence) = coming(&deadline, &cal, date(2026, 3, 1), date(2026, 3, 31)).next().unwrap();
    occurrence.dates.due = date(2026, 3, 24);
    let account = Account::of(&deadline, &cal, &occurrence);
    assert!(account.due.is_empty() && !account.agrees_with(&occurrence.dates));
}
