use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    ToSpan,
    civil::{Weekday, date},
};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    calendar::StatutoryYear,
    due::{Due, Span},
};

/// Some of 2026's days off, and its make-up days beside them.
fn days() -> StatutoryYear {
    let run = |m, from: i8, to: i8| (from..=to).map(move |d| date(2026, m, d));
    let off: BTreeSet<Date> = run(2, 15, 23).chain(run(4, 4, 6)).chain(run(5, 1, 5)).chain(run(6, 19, 21)).collect();
    StatutoryYear {
        off,
        work: [date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9)].into(),
        ..StatutoryYear::default()
    }
}

fn calendar() -> Calendar {
    Calendar::new(&BTreeMap::from([(2026, days())]))
}

fn rule(text: &str) -> Rule {
    Due::parse(text, None).unwrap().rule
}

fn day(text: &str) -> Date {
    format!("2026-{text}").parse().unwrap()
}

/// A case from what is done with it, in order: `03-09..03-16` a pause, `03-09..` one that lasts, `>04-30` an extension.
fn case(on: &str, done: &str) -> Case {
    let mut case = Case::new(day(on));
    for one in done.split_whitespace() {
        match (one.strip_prefix('>'), one.split_once("..")) {
            (Some(to), _) => case.extend(day(to)),
            (None, Some((from, to))) => {
                case.pause(day(from));
                if !to.is_empty() {
                    case.resume(day(to));
                }
            }
            (None, None) => panic!("{one}"),
        }
    }
    case
}

#[test]
fn examples() {
    let (workdays, days, months) = ("收到之日起20个工作日内", "收到之日起15日内", "收到之日起3个月内");
    let table = [
        ("as the issue has it", workdays, "03-02", "03-09..03-16", "04-07"),
        ("without a pause", workdays, "03-02", "", "03-30"),
        ("while it lasts, nothing has moved", workdays, "03-02", "03-09..", "03-30"),
        ("a weekend alone costs no working day", workdays, "03-02", "03-07..03-09", "03-30"),
        ("from its first day: that one is not counted anyhow", workdays, "03-02", "03-02..03-03", "03-30"),
        ("on its last day", workdays, "03-02", "03-30..03-31", "03-31"),
        ("one after the other", workdays, "03-02", "03-09..03-16 03-16..03-17", "04-08"),
        ("twice", workdays, "03-02", "03-03..03-04 03-05..03-06", "04-01"),
        ("a holiday inside a pause is not given twice", workdays, "03-02", "04-03..04-08", "03-30"),
        ("an extension alone is the paper's own day", workdays, "03-02", ">04-28", "04-28"),
        ("also on a day off", workdays, "03-02", ">04-25", "04-25"),
        ("extended, then paused", workdays, "03-02", ">04-28 03-09..03-16", "05-08"),
        ("paused, then extended by as much", workdays, "03-02", "03-09..03-16 >05-08", "05-08"),
        ("extended while it is paused", workdays, "03-02", "03-09.. >04-28", "04-28"),
        ("to a day off, then paused over it", workdays, "03-02", ">04-25 04-25..04-27", "04-27"),
        ("days", days, "03-02", "03-09..03-16", "03-24"),
        ("days, extended, then paused", days, "03-02", ">04-01 03-09..03-16", "04-08"),
        ("months: the paused days are added", months, "03-31", "04-10..04-20", "07-10"),
        ("months that end with their month", months, "01-31", "02-01..02-02", "05-01"),
        ("counted back: no pause, and its extension stands", "举行前20日", "04-30", ">04-20 04-01..04-05", "04-20"),
    ];
    for (name, due, on, done, expected) in table {
        assert_eq!(case(on, done).due(&rule(due), &calendar()), Some(day(expected)), "{name}");
    }
    assert_eq!(Case::new(day("03-02")).due(&rule("每年3月底前"), &calendar()), None, "no case");
}

#[test]
fn a_clock_is_stopped_and_started_once() {
    let mut case = case("03-02", "03-09..");
    assert_eq!(case.paused_since(), Some(day("03-09")));
    case.pause(day("03-10"));
    case.resume(day("03-16"));
    case.resume(day("03-20"));
    assert_eq!(case.pauses, [Pause { from: day("03-09"), to: Some(day("03-16")) }]);
    assert_eq!((case.paused_since(), case.free_from()), (None, day("03-16")));
}

/// The rule, day by day: from the day after `on`, a day counts unless it is paused, or no working day where those are
/// counted.
fn by_hand(on: Date, n: i64, is_workdays: bool, pauses: &[Pause]) -> Date {
    let known = days();
    let works = |day: Date| {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        known.work.contains(&day) || !(is_weekend || known.off.contains(&day))
    };
    let (mut day, mut left) = (on, n);
    while left > 0 {
        day = day.tomorrow().unwrap();
        let is_paused = pauses.iter().any(|pause| pause.from <= day && pause.to.is_none_or(|to| day < to));
        if !is_paused && (!is_workdays || works(day)) {
            left -= 1;
        }
    }
    day
}

/// How many days a rule counts, one by one.
fn length(on: Date, Span { n, unit }: Span) -> (i64, bool) {
    match unit {
        SpanUnit::Days => (n.into(), false),
        SpanUnit::Workdays => (n.into(), true),
        SpanUnit::Months => {
            let end = on.checked_add(i64::from(n).months()).unwrap();
            let (mut day, mut days) = (on, 0);
            while day < end {
                (day, days) = (day.tomorrow().unwrap(), days + 1);
            }
            (days, false)
        }
    }
}

fn spans() -> impl Strategy<Value = Span> {
    let unit = prop_oneof![Just(SpanUnit::Days), Just(SpanUnit::Workdays), Just(SpanUnit::Months)];
    (1u16..40, unit).prop_map(|(n, unit)| Span { n: if unit == SpanUnit::Months { 1 + n % 6 } else { n }, unit })
}

/// A day to count from, and pauses: how long after the one before, and how long.
fn clocks() -> impl Strategy<Value = (Date, Vec<Pause>)> {
    (0i32..400, prop::collection::vec((0i32..25, 1i32..40), 0..4)).prop_map(|(start, lengths)| {
        let on = date(2025, 12, 1).checked_add(start.days()).unwrap();
        let mut free = on;
        let pauses = lengths.into_iter().map(|(gap, long)| {
            let from = free.checked_add(gap.days()).unwrap();
            free = from.checked_add(long.days()).unwrap();
            Pause { from, to: Some(free) }
        });
        (on, pauses.collect())
    })
}

fn add(case: &mut Case, pauses: &[Pause]) {
    for pause in pauses {
        case.pause(pause.from);
        pause.to.into_iter().for_each(|to| case.resume(to));
    }
}

proptest! {
    #[test]
    fn paused_days_are_not_counted((on, pauses) in clocks(), span in spans()) {
        let rule = Rule::Case { from: CaseFrom::AfterReceipt, span };
        let mut case = Case::new(on);
        add(&mut case, &pauses);
        let (n, is_workdays) = length(on, span);
        prop_assert_eq!(case.due(&rule, &calendar()), Some(by_hand(on, n, is_workdays, &pauses)));
        // A pause that lasts has moved nothing yet.
        let due = case.due(&rule, &calendar());
        case.pause(case.free_from());
        prop_assert_eq!(case.due(&rule, &calendar()), due);
    }

    #[test]
    fn an_extension_and_pauses_combine_in_any_order((on, pauses) in clocks(), span in spans(), more in 1i64..40) {
        let rule = Rule::Case { from: CaseFrom::AfterReceipt, span };
        let (n, is_workdays) = length(on, span);
        for granted in 0..=pauses.len() {
            let mut case = Case::new(on);
            add(&mut case, &pauses[..granted]);
            case.extend(by_hand(on, n + more, is_workdays, &pauses[..granted]));
            add(&mut case, &pauses[granted..]);
            let expected = by_hand(on, n + more, is_workdays, &pauses);
            prop_assert_eq!(case.due(&rule, &calendar()), Some(expected), "granted after {}", granted);
        }
    }

    #[test]
    fn the_papers_own_date_stands_and_a_pause_never_brings_it_forward(
        (on, pauses) in clocks(), span in spans(), more in 1i32..60,
    ) {
        let rule = Rule::Case { from: CaseFrom::AfterReceipt, span };
        let (cal, mut case) = (calendar(), Case::new(on));
        let to = case.due(&rule, &cal).unwrap().checked_add(more.days()).unwrap();
        case.extend(to);
        prop_assert_eq!(case.due(&rule, &cal), Some(to), "whatever day it is");
        let mut before = to;
        for pause in &pauses {
            add(&mut case, &[*pause]);
            let due = case.due(&rule, &cal).unwrap();
            prop_assert!(due >= before, "{} after {}", due, before);
            before = due;
        }
    }
}
