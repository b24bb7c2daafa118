//! Phrases as public papers write them, each with a careful reading.

use std::fmt::Write;

use jiff::civil::{Date, date};

use super::{
    super::{super::calendar::shift, CaseFrom, Due, Rule, SpanUnit},
    calendar,
};

const PHRASES: &str = include_str!("../../../../tests/data/due-phrases.tsv");

/// Phrases of public papers: none may be read wrong. What is asked though it is certain is told in the snapshot.
#[test]
fn phrases_of_public_papers() {
    let (mut right, mut asked, mut table, mut wrong) = (0, 0, String::new(), String::new());
    for line in PHRASES.lines().filter(|l| !l.starts_with('#')) {
        let [text, year, reading] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("columns: {line}") };
        let is_unsure = reading.starts_with('?');
        let words: Vec<&str> = reading.trim_start_matches('?').split(' ').collect();
        let (plain, of_year) = (Due::parse(text, None), Due::parse(text, year.parse().ok()));
        let read = match (words[0], &plain, &of_year) {
            ("yearly_or_once", Ok(due), _) => panic!("{text}: neither asked for a year nor once: {due}"),
            ("yearly_or_once", Err(_), Ok(due)) => Some(due),
            (_, Ok(due), _) => Some(due),
            ("ask", _, Ok(due)) if !is_unsure => Some(due),
            _ => None,
        };
        match read {
            Some(due) if !means(due, &words, year) => {
                writeln!(wrong, "{text} was read as {due}, it means {reading}").unwrap();
            }
            Some(_) => right += 1,
            None => {
                asked += 1;
                let why = plain.as_ref().err().map(|r| r.what.clone()).unwrap_or_default();
                let is_right = is_unsure || words[0] == "ask";
                writeln!(table, "{}{text}\n  {why}", if is_right { "" } else { "THOUGH CERTAIN: " }).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    writeln!(table, "read {right}, asked {asked}").unwrap();
    insta::assert_snapshot!(table);
}

/// Whether the dates of a `due` are those of a reading, in 2023 to 2026.
fn means(due: &Due, reading: &[&str], year: &str) -> bool {
    let cal = calendar();
    let n = |i: usize| reading[i].parse::<i64>().unwrap();
    let first = |month: i64| date(2024, 1, 1).with().month(i8::try_from(month).unwrap()).build().unwrap();
    let day_of = |first: Date, day: i64| if day == 31 { first.last_of_month() } else { shift(first, day - 1) };
    let dues: Vec<Date> = due.rule.terms(&cal, date(2024, 1, 1), date(2024, 12, 31)).map(|t| t.due).collect();
    let all = |months: &[i64], day: i64| dues == months.iter().map(|m| day_of(first(*m), day)).collect::<Vec<_>>();
    let times = |n: i64| due.times.is_none_or(|t| i64::from(t) == n);
    match reading[0] {
        "ask" => false,
        "is" => due.to_string() == reading[1..].join(" "),
        "yearly" => all(&[n(1)], n(2)),
        "half" => all(&[6, 12], n(1)),
        "half_first" => all(&[1, 7], n(1)),
        "quarter" => all(&[3, 6, 9, 12], n(1)),
        "quarter_first" => all(&[1, 4, 7, 10], n(1)),
        "month" => all(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], n(1)),
        "week" => dues.len() > 50 && dues.iter().all(|d| i64::from(d.weekday().to_monday_zero_offset()) == n(1)),
        "after_month" => due.to_string() == format!("{} {} after month", reading[1], reading[2]),
        "after_quarter" => due.to_string() == format!("{} {} after quarter", reading[1], reading[2]),
        "at_least" => {
            times(n(1))
                && match reading[2] {
                    "year" => all(&[12], 31),
                    "half" => all(&[6, 12], 31),
                    "quarter" => all(&[3, 6, 9, 12], 31),
                    _ => dues.len() == 12 && dues.iter().all(|d| *d == d.last_of_month()),
                }
        }
        "once" => due.rule == Rule::Once(reading[1].parse().unwrap()),
        "yearly_or_once" => {
            let month = date(year.parse().unwrap(), i8::try_from(n(1)).unwrap(), 1);
            due.rule == Rule::Once(day_of(month, n(2)))
        }
        "case" => {
            let Rule::Case { from, span } = due.rule else { return false };
            let counted = i64::from(span.n) * if from == CaseFrom::BeforeEvent { -1 } else { 1 };
            let unit = match span.unit {
                SpanUnit::Days => "days",
                SpanUnit::Workdays => "workdays",
                SpanUnit::Months => "months",
            };
            counted == n(1) && unit == reading[2]
        }
        other => panic!("no such reading: {other}"),
    }
}
