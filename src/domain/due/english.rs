//! The English forms: every rule's canonical one, and little more.

use super::{
    counted::{CASE, span},
    days::{checked, not_understood, weekday, workday},
    lexer::Phrase,
    once::{checked_year, date},
    refusal::{No, refuse},
    roll::Roll,
    rule::{At as OnDay, CaseFrom, Cycle, DayOf, Months as Which, Rule, Unit},
    word::{Often, Word},
};

use Word::*;

/// The rule, how many completions a period needs, and how a day off moves the date.
pub fn rule(p: Phrase) -> Result<(Rule, Option<u32>, Option<Roll>), No> {
    if let Some(at) = p.words.iter().position(|w| *w == At)
        && let [At, Least, Num(n @ 1..=99), Times, rest @ ..] = &p.words[at..]
    {
        return match rest {
            [A, unit] if at == 0 => match period_end(*unit) {
                Some(rule) => Ok((rule, Some(*n), None)),
                None => Err(not_understood(p)),
            },
            [] if at > 0 => {
                let (rule, roll) = rolled(p.sub(0..at).trim())?;
                Ok((rule, Some(*n), roll))
            }
            _ => Err(not_understood(p)),
        };
    }
    let (rule, roll) = rolled(p)?;
    Ok((rule, None, roll))
}

/// `… or next workday`
fn rolled(p: Phrase) -> Result<(Rule, Option<Roll>), No> {
    let (taken, roll) = match p.words {
        [.., Or, Next, Workday] => (3, Some(Roll::Later)),
        [.., Or, Previous, Workday] => (3, Some(Roll::Earlier)),
        [.., Or, Same, Days] => (3, Some(Roll::Stays)),
        _ => (0, None),
    };
    Ok((plain(p.sub(0..p.words.len() - taken))?, roll))
}

fn plain(p: Phrase) -> Result<Rule, No> {
    match p.words {
        [Iso(y, m, d)] => Ok(Rule::Once(date(*y, *m, *d, p.place())?)),
        [Each(Often::Year), .., From, Num(y)] => {
            let cycle = Cycle::Years { every: 1, from: Some(checked_year(*y, p.place())?) };
            days(cycle, p.sub(1..p.words.len() - 2))
        }
        [Each(Often::Year), .., In, Num(y)] => {
            days(Cycle::OneYear(checked_year(*y, p.place())?), p.sub(1..p.words.len() - 2))
        }
        [Every, Num(n @ 2..=20), Year, .., From, Num(y)] => {
            let every = i16::try_from(*n).unwrap_or(1);
            let cycle = Cycle::Years { every, from: Some(checked_year(*y, p.place())?) };
            days(cycle, p.sub(3..p.words.len() - 2))
        }
        [Every, Num(_), Year, ..] => refuse(p.place(), "没有说从哪一年算起：请在后面写 from 和年份", &[]),
        [Each(Often::Year), ..] | [Every, Year, ..] => days(Cycle::YEARLY, tail(p)),
        [Each(Often::Half), ..] | [Every, Half, ..] => days(Cycle::HalfYears, tail(p)),
        [Each(Often::Quarter), ..] | [Every, Quarter, ..] => days(Cycle::Quarters, tail(p)),
        [Each(Often::Month), ..] | [Every, Month, ..] => days(Cycle::Months(Which::Every), tail(p)),
        [Odd, Month, ..] => days(Cycle::Months(Which::Odd), p.from(2)),
        [Even, Month, ..] => days(Cycle::Months(Which::Even), p.from(2)),
        [Each(Often::Week), ..] | [Every, Week, ..] => days(Cycle::Weeks, tail(p)),
        [Every, Weekday(_)] => days(Cycle::Weeks, p.from(1)),
        [Num(n), length, After, unit] => {
            if *unit == Receipt {
                return case(CaseFrom::AfterReceipt, p);
            }
            let unit = unit_of(*unit).ok_or_else(|| not_understood(p))?;
            Ok(Rule::After { unit, span: span(*n, a_length(*length), i32::from(unit.months()), p.place())? })
        }
        [Num(n), length, Before, The, End, Of, unit] => {
            let unit = unit_of(*unit).ok_or_else(|| not_understood(p))?;
            Ok(Rule::BeforeEnd { unit, span: span(*n, a_length(*length), i32::from(unit.months()), p.place())? })
        }
        [Days, Num(d @ 1..=31), After, unit] => {
            let day = DayOf::Day(u8::try_from(*d).unwrap_or(31));
            Ok(Rule::Following { unit: unit_of(*unit).ok_or_else(|| not_understood(p))?, day })
        }
        [.., Of, The, Month, After, unit] => {
            let day = day_of(p.sub(0..p.words.len() - 5))?;
            Ok(Rule::Following { unit: unit_of(*unit).ok_or_else(|| not_understood(p))?, day })
        }
        [Num(_), _, After, The, Event] => case(CaseFrom::AfterEvent, p),
        [Num(_), _, Before, The, Event] => case(CaseFrom::BeforeEvent, p),
        _ => Err(not_understood(p)),
    }
}

fn unit_of(word: Word) -> Option<Unit> {
    match word {
        Year => Some(Unit::Year),
        Half => Some(Unit::HalfYear),
        Quarter => Some(Unit::Quarter),
        Month => Some(Unit::Month),
        _ => None,
    }
}

/// What stands after `yearly` or `every year`.
fn tail(p: Phrase) -> Phrase {
    p.from(if p.words.first() == Some(&Every) { 2 } else { 1 })
}

fn case(from: CaseFrom, p: Phrase) -> Result<Rule, No> {
    let [Num(n), length, ..] = p.words else { return Err(not_understood(p)) };
    Ok(Rule::Case { from, span: span(*n, a_length(*length), CASE, p.place())? })
}

/// `month` is both a name and a length; here it is a length.
fn a_length(word: Word) -> Word {
    if word == Month { Months } else { word }
}

fn days(cycle: Cycle, p: Phrase) -> Result<Rule, No> {
    let mut at: Vec<OnDay> = Vec::new();
    for part in p.split(|w| *w == Comma) {
        let found = one(cycle, part)?;
        let workday = |a: &OnDay| matches!(a.day, DayOf::Workday(_));
        if at.iter().any(|a| *a == found || a.month == found.month && (workday(a) || workday(&found))) {
            let what = "同一个日期写了两次，或同一个月里又有按工作日数的：请分成几个事项来写";
            return refuse(part.place(), what, &[]);
        }
        at.push(found);
    }
    Ok(Rule::cyclic(cycle, at))
}

fn one(cycle: Cycle, p: Phrase) -> Result<OnDay, No> {
    let place = p.place();
    let small = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
    match (cycle, p.words) {
        (Cycle::Weeks, [Weekday(day)]) => Ok(OnDay { month: 1, day: DayOf::Weekday(1, day.to_monday_zero_offset()) }),
        (Cycle::Weeks, [Nth(1), Workday]) => Ok(OnDay { month: 1, day: DayOf::Workday(1) }),
        (Cycle::Weeks, [Nth(-1), Workday]) => Ok(OnDay { month: 1, day: DayOf::Workday(-1) }),
        (Cycle::Weeks, _) => Err(not_understood(p)),
        (Cycle::Years { .. } | Cycle::OneYear(_), [MonthDay(m @ 1..=12, d @ 1..=31)]) => {
            checked(Unit::Year, small(*m), DayOf::Day(small(*d)), place)
        }
        (Cycle::Years { .. } | Cycle::OneYear(_), [MonthDay(..)]) => refuse(place, "没有这一天", &[]),
        (Cycle::Years { .. } | Cycle::OneYear(_), [End, Of, Num(m @ 1..=12)]) => Ok(at(small(*m), DayOf::Last)),
        (Cycle::Years { .. } | Cycle::OneYear(_), [Nth(_), .., Of, Num(m @ 1..=12)]) => {
            Ok(at(small(*m), day_of(p.sub(0..p.words.len() - 2))?))
        }
        (Cycle::Years { .. } | Cycle::OneYear(_), _) => Err(not_understood(p)),
        (Cycle::HalfYears | Cycle::Quarters, [Nth(n), Month, _, ..]) => {
            let months = cycle.unit().map_or(1, Unit::months);
            let m = if *n == -1 { months } else { u8::try_from(*n).unwrap_or(0) };
            match (1..=months).contains(&m) {
                true => Ok(at(m, day_of(p.from(2))?)),
                false => refuse(place, format!("没有这个月：这里只有{months}个月"), &[]),
            }
        }
        _ => Ok(at(cycle.unit().map_or(1, Unit::months), day_of(p)?)),
    }
}

fn at(month: u8, day: DayOf) -> OnDay {
    OnDay { month, day }
}

fn day_of(p: Phrase) -> Result<DayOf, No> {
    match p.words {
        [Num(d @ 1..=31)] => Ok(DayOf::Day(u8::try_from(*d).unwrap_or(31))),
        [Num(d)] => refuse(p.place(), format!("没有{d}日"), &["monthly end"]),
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
        Quarter | Quarters => (Cycle::Quarters, DayOf::Last),
        Odd => (Cycle::Months(Which::Odd), DayOf::Last),
        Even => (Cycle::Months(Which::Even), DayOf::Last),
        Month | Months => (Cycle::Months(Which::Every), DayOf::Last),
        Week => (Cycle::Weeks, DayOf::Weekday(1, 6)),
        _ => return None,
    };
    Some(Rule::Cyclic { cycle, at: vec![at(cycle.unit().map_or(1, Unit::months), day)] })
}
