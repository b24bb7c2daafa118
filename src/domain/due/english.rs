//! The English forms: every rule's canonical one, and little more.

use super::{
    Refusal,
    chinese::{CASE, span},
    days::{checked, not_understood, weekday, workday},
    dictionary::{Often, Word},
    lexer::Phrase,
    once::checked_year,
    refusal::refuse,
    rule::{At as OnDay, CaseFrom, Cycle, DayOf, Months as Which, Rule, Unit},
};

use Word::*;

/// The rule, and how many completions a period needs.
pub fn rule(p: Phrase) -> Result<(Rule, Option<u32>), Refusal> {
    if let Some(at) = p.words.iter().position(|w| *w == At)
        && let [At, Least, Num(n @ 1..=99), Times, rest @ ..] = &p.words[at..]
    {
        return match rest {
            [A, unit] if at == 0 => match period_end(*unit) {
                Some(rule) => Ok((rule, Some(*n))),
                None => Err(not_understood(p)),
            },
            [] if at > 0 => Ok((plain(p.sub(0..at).trim())?, Some(*n))),
            _ => Err(not_understood(p)),
        };
    }
    Ok((plain(p)?, None))
}

fn plain(p: Phrase) -> Result<Rule, Refusal> {
    match p.words {
        [Each(Often::Year), .., From, Num(y)] => {
            let cycle = Cycle::Years { every: 1, from: Some(checked_year(*y, p.place())?) };
            days(cycle, p.sub(1..p.words.len() - 2))
        }
        [Every, Num(n @ 2..=20), Year, .., From, Num(y)] => {
            let every = i16::try_from(*n).unwrap_or(1);
            let cycle = Cycle::Years { every, from: Some(checked_year(*y, p.place())?) };
            days(cycle, p.sub(3..p.words.len() - 2))
        }
        [Every, Num(_), Year, ..] => {
            refuse(p.place(), "没有说从哪一年算起：请在后面写 from 2026", &["every 2 years 03-01 from 2026"])
        }
        [Each(Often::Year), ..] | [Every, Year, ..] => days(Cycle::YEARLY, tail(p)),
        [Each(Often::Half), ..] | [Every, Half, ..] => days(Cycle::HalfYears, tail(p)),
        [Each(Often::Quarter), ..] | [Every, Quarter, ..] => days(Cycle::Quarters, tail(p)),
        [Each(Often::Month), ..] | [Every, Month, ..] => days(Cycle::Months(Which::Every), tail(p)),
        [Odd, Month, ..] => days(Cycle::Months(Which::Odd), p.from(2)),
        [Even, Month, ..] => days(Cycle::Months(Which::Even), p.from(2)),
        [Each(Often::Week), ..] | [Every, Week, ..] => days(Cycle::Weeks, tail(p)),
        [Every, Weekday(_)] => days(Cycle::Weeks, p.from(1)),
        [Num(n), length, After, unit] => {
            let unit = match unit {
                Year => Unit::Year,
                Half => Unit::HalfYear,
                Quarter => Unit::Quarter,
                Month => Unit::Month,
                Receipt => return case(CaseFrom::AfterReceipt, p),
                _ => return Err(not_understood(p)),
            };
            Ok(Rule::After { unit, span: span(*n, a_length(*length), i32::from(unit.months()), p.place())? })
        }
        [Num(_), _, After, The, Event] => case(CaseFrom::AfterEvent, p),
        [Num(_), _, Before, The, Event] => case(CaseFrom::BeforeEvent, p),
        _ => Err(not_understood(p)),
    }
}

/// What stands after `yearly` or `every year`.
fn tail(p: Phrase) -> Phrase {
    p.from(if p.words.first() == Some(&Every) { 2 } else { 1 })
}

fn case(from: CaseFrom, p: Phrase) -> Result<Rule, Refusal> {
    let [Num(n), length, ..] = p.words else { return Err(not_understood(p)) };
    Ok(Rule::Case { from, span: span(*n, a_length(*length), CASE, p.place())? })
}

/// `month` is both a name and a length; here it is a length.
fn a_length(word: Word) -> Word {
    if word == Month { Months } else { word }
}

fn days(cycle: Cycle, p: Phrase) -> Result<Rule, Refusal> {
    let mut at: Vec<OnDay> = Vec::new();
    for part in p.split(|w| *w == Comma) {
        let found = one(cycle, part)?;
        let workday = |a: &OnDay| matches!(a.day, DayOf::Workday(_));
        if at.iter().any(|a| *a == found || a.month == found.month && (workday(a) || workday(&found))) {
            let what = "同一个日期写了两次，或同一个月里又有按工作日数的：请分成几个事项来写";
            return refuse(part.place(), what, &["monthly 4, 14, 24", "monthly last workday"]);
        }
        at.push(found);
    }
    Ok(Rule::cyclic(cycle, at))
}

fn one(cycle: Cycle, p: Phrase) -> Result<OnDay, Refusal> {
    let place = p.place();
    let small = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
    match (cycle, p.words) {
        (Cycle::Weeks, [Weekday(day)]) => Ok(OnDay { month: 1, day: DayOf::Weekday(1, day.to_monday_zero_offset()) }),
        (Cycle::Weeks, _) => Err(not_understood(p)),
        (Cycle::Years { .. }, [MonthDay(m @ 1..=12, d @ 1..=31)]) => {
            checked(Unit::Year, small(*m), DayOf::Day(small(*d)), place)
        }
        (Cycle::Years { .. }, [MonthDay(..)]) => refuse(place, "没有这一天", &["yearly 01-31", "yearly end of 02"]),
        (Cycle::Years { .. }, [End, Of, Num(m @ 1..=12)]) => Ok(at(small(*m), DayOf::Last)),
        (Cycle::Years { .. }, [Nth(_), .., Of, Num(m @ 1..=12)]) => {
            Ok(at(small(*m), day_of(p.sub(0..p.words.len() - 2))?))
        }
        (Cycle::Years { .. }, _) => Err(not_understood(p)),
        (Cycle::HalfYears | Cycle::Quarters, [Nth(n), Month, _, ..]) => {
            let months = cycle.unit().map_or(1, Unit::months);
            let m = if *n == -1 { months } else { u8::try_from(*n).unwrap_or(0) };
            match (1..=months).contains(&m) {
                true => Ok(at(m, day_of(p.from(2))?)),
                false => {
                    refuse(place, format!("没有这个月：这里只有{months}个月"), &["quarterly 20", "half-yearly 20"])
                }
            }
        }
        _ => Ok(at(cycle.unit().map_or(1, Unit::months), day_of(p)?)),
    }
}

fn at(month: u8, day: DayOf) -> OnDay {
    OnDay { month, day }
}

fn day_of(p: Phrase) -> Result<DayOf, Refusal> {
    match p.words {
        [Num(d @ 1..=31)] => Ok(DayOf::Day(u8::try_from(*d).unwrap_or(31))),
        [Num(d)] => refuse(p.place(), format!("没有{d}日"), &["monthly 31", "monthly end"]),
        [End] => Ok(DayOf::Last),
        [Nth(n), Workday] => workday(*n, p.place()),
        [Nth(n), Weekday(day)] => weekday(*n, *day, p.place()),
        [Nth(n), Nth(-1), Workday] => workday(-*n, p.place()),
        [Nth(n), Nth(-1), Weekday(day)] => weekday(-*n, *day, p.place()),
        _ => Err(not_understood(p)),
    }
}

/// A rule that is due on the last day of every such period.
pub fn period_end(unit: Word) -> Option<Rule> {
    let (cycle, day) = match unit {
        Year => return Some(Rule::Cyclic { cycle: Cycle::YEARLY, at: vec![at(12, DayOf::Day(31))] }),
        Half => (Cycle::HalfYears, DayOf::Last),
        Quarter => (Cycle::Quarters, DayOf::Last),
        Month | Months => (Cycle::Months(Which::Every), DayOf::Last),
        Week => (Cycle::Weeks, DayOf::Weekday(1, 6)),
        _ => return None,
    };
    Some(Rule::Cyclic { cycle, at: vec![at(cycle.unit().map_or(1, Unit::months), day)] })
}
