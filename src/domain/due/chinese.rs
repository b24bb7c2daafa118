//! The Chinese forms of `due`, one match arm each (design, section 2).

use std::ops::Range;

use super::{
    bounded,
    counted::{case, next_month, period},
    days::{list, not_understood},
    english::period_end,
    lexer::Phrase,
    once::{checked_year, date, once, once_in, this_year, window_once},
    reading::Clause,
    refusal::{No, named, refuse, refuse_with},
    rule::{At, Cycle, DayOf, Months as Which, Rule, Unit, YEARS, weekday_zh},
    starts::is_length,
    word::{Name, Word},
};

use Word::*;

/// The rule of the words for the date.
pub fn rule(whole: Phrase, year: Option<i16>, is_received: bool, aside: &mut Clause) -> Result<Rule, No> {
    aside.before = whole.words.last() == Some(&Before);
    let within = matches!(whole.words.last(), Some(Within | During));
    aside.within = within;
    let p = whole.trim();
    if let Some(i) = (1..p.words.len()).find(|i| matches!(p.words[*i..], [Every, Month | Months, ..]))
        && matches!(p.words[i - 1], Month)
    {
        return bounded::months(p, i, year, aside);
    }
    conflicts(p)?;
    if aside.times.is_some() && aside.event.is_none() {
        return often(p, year, within, aside);
    }
    match p.words {
        [Every, ..] => every(whole.from(1), year, aside),
        // 自2026年起每年…, 从3月至5月
        [From, ..] if p.words.iter().any(|w| matches!(w, To | Every | NextMonth)) => {
            rule(whole.from(1), year, is_received, aside)
        }
        [Num(y), Year, Begin, Every, ..] => since(*y, p.from(4), aside, p.place()),
        [Num(_), To | Dash, Num(_), Year, Every, ..] | [Num(_), Year, To | Dash, Num(_), Year, Every, ..] => {
            bounded::years(p, aside)
        }
        [SinceDay | Begin, Every, ..] => {
            refuse(p.place(), "分不清是从那天起每期都办，还是从那天起数：每期都办的只写“每”的那一句", &[])
        }
        [Odd, ..] => days(Cycle::Months(Which::Odd), Unit::Month, p.from(1), aside),
        [Even, ..] => days(Cycle::Months(Which::Even), Unit::Month, p.from(1), aside),
        [NextYear, Num(1), Month, Num(1), Day, Begin, ..] => next_month(Unit::Year, p.from(3), aside),
        [NextYear, _, ..] => match year {
            Some(year) => once_in(year.saturating_add(1), p.from(1), aside),
            None => days(Cycle::YEARLY, Unit::Year, p.from(1), aside),
        },
        [NextMonth, ..] => next_month(Unit::Month, p.from(1), aside),
        [Quarter, Nth(_), Month, ..] => days(Cycle::Quarters, Unit::Quarter, p.from(1), aside),
        [Half, Nth(_), Month, ..] => days(Cycle::HalfYears, Unit::HalfYear, p.from(1), aside),
        [Half | Named(Name::HalfMonth)] if within => case(whole, true),
        [NextQuarter, Nth(1), Month, ..] => next_month(Unit::Quarter, p.from(3), aside),
        [Year | ThisYear, Ended] if aside.before => in_the_year(year, p.place()),
        [ThisYear, Ended, ..] if year.is_none() => period(whole, false, aside),
        [Half | Quarter | Month, Ended] if aside.before => Err(no_row(p)),
        [Year | Half | Quarter | Month, Ended | After, ..]
        | [Year | Half | Quarter | Month, End, After | NextMonth, ..] => period(whole, false, aside),
        [FirstHalf | SecondHalf, Ended] | [Nth(_) | Num(_), Quarter, Ended] if aside.before => {
            this_year(p, year, aside)
        }
        [FirstHalf | SecondHalf, Ended, ..] | [Nth(_), Quarter, Ended, ..] => {
            refuse(p.place(), "只说了这一段结束以后：请直接写日期，每期都办的写“每”", &[])
        }
        [SinceDay | After | Begin | Before | Ended | Ahead, ..] => case(whole, is_received),
        [AtLeast, ..] if aside.before => case(whole, is_received),
        // 2026.12
        [Pair(y, m)] if YEARS.contains(y) && !aside.before => {
            Ok(Rule::Once(date(*y, *m, 1, p.place())?.last_of_month()))
        }
        [.., Pair(1..=12, 13..=31)] => this_year(p, year, aside),
        [Num(_), length, Before] if aside.event.is_some() && is_length(*length) => case(whole, is_received),
        [Num(_), length] if is_length(*length) && aside.event.is_some() => case(whole, is_received),
        [Num(n), Year] if YEARS.contains(n) && within => Ok(Rule::Once(date(*n, 12, 31, p.place())?)),
        [Num(_), Month] if within => refuse(p.place(), "分不清是月份，还是几个月", &[]),
        // 五年内: from when on is not said.
        [Num(2..), Year] if within => Err(no_row(p)),
        [Num(_), length] | [Num(_), To | Dash, Num(_), length] if within && is_length(*length) && *length != Month => {
            case(whole, true)
        }
        [Year | ThisYear] if within => in_the_year(year, p.place()),
        [Iso(y, m, d)] => Ok(Rule::Once(date(*y, *m, *d, p.place())?)),
        [Iso(y, m, d), Weekday(day)] => {
            aside.weekdays.push((*day, p.from(1).place()));
            Ok(Rule::Once(date(*y, *m, *d, p.sub(0..1).place())?))
        }
        [Iso(..), To | Dash, Iso(..)] => window_once(p, aside),
        [Num(_), Year, _, ..] => once(p, aside),
        [ThisYear, _, ..] => this_year(p.from(1), year, aside),
        [Num(_), Month, ..] | [Num(_), Comma | To | Dash, Num(_), Month | Comma, ..] => this_year(p, year, aside),
        [Year, End, ..] | [FirstHalf | SecondHalf, ..] | [Nth(_) | Num(_), Quarter, ..] => this_year(p, year, aside),
        _ => Err(no_row(p)),
    }
}

/// `至少2次`: due on the last day of the period, unless a date is given.
fn often(p: Phrase, year: Option<i16>, within: bool, aside: &mut Clause) -> Result<Rule, No> {
    let least = p.words.iter().take_while(|w| **w == AtLeast).count();
    let end = p.words.len() - p.words.iter().rev().take_while(|w| **w == AtLeast).count();
    let p = p.sub(least..end.max(least));
    let place = p.place();
    match p.words {
        [Num(1), Month | Quarter] => refuse(place, "分不清是第一个，还是每一个", &[]),
        [Num(m), Month] => refuse(place, format!("分不清是{m}月份里，还是每{m}个月"), &[]),
        [ThisYear] => times_in_the_year(year, aside, place),
        [Year] if within => times_in_the_year(year, aside, place),
        // 每月初召开一次
        [Every, unit] if aside.before && period_end(*unit).is_some() => refuse(place, super::refusal::NO_DAY, &[]),
        [Every | Num(1), unit] | [Every, Num(1), unit] | [unit] if aside.pace.is_none() => match period_end(*unit) {
            Some(rule) => Ok(rule),
            None => Err(not_understood(p)),
        },
        [Every, Num(3), Months] => period_end(Quarter).ok_or_else(|| not_understood(p)),
        [Every, Num(6), Months] => period_end(Half).ok_or_else(|| not_understood(p)),
        [Every, Num(12), Months] => period_end(Year).ok_or_else(|| not_understood(p)),
        // Not from the plan's year: the first of them may be any.
        [Every, Num(n), Year] => years(*n, None, vec![At { month: 12, day: DayOf::Day(31) }], place),
        [Every, Num(_), unit] | [Num(_), unit @ (Months | Quarters | Week)] => Err(every_few(*unit, place)),
        _ => {
            let times = aside.times.take();
            let rule = rule(p, year, true, aside)?;
            aside.times = times;
            match rule {
                _ if aside.pace.is_some() => keep_pace(rule, aside),
                Rule::Cyclic { .. } | Rule::Once(_) | Rule::Following { .. } => Ok(rule),
                _ => Err(not_understood(p)),
            }
        }
    }
}

/// `每年两次，6月底、12月底前`: as many dates as times, or one date by which all of them are done.
fn keep_pace(rule: Rule, aside: &mut Clause) -> Result<Rule, No> {
    let (Some((n, place)), Some(pace)) = (aside.times.take(), aside.pace) else { return Ok(rule) };
    let in_a_year = match &rule {
        Rule::Cyclic { cycle, at } => u32::try_from(at.len()).unwrap_or(0) * per_year(cycle),
        Rule::After { unit, .. } | Rule::Following { unit, .. } => 12 / u32::from(unit.months()),
        _ => 0,
    };
    let periods = match period_end(pace) {
        Some(Rule::Cyclic { cycle, .. }) => per_year(&cycle),
        _ => 1,
    };
    match (in_a_year.checked_div(periods), in_a_year.checked_rem(periods)) {
        (Some(1), Some(0)) if n > 1 => aside.times = Some((n, place)),
        (Some(dates), Some(0)) if dates == n => {}
        _ => return refuse(place, "“”和期限对不上：请只写期限，或只写次数", &[]),
    }
    Ok(rule)
}

fn per_year(cycle: &Cycle) -> u32 {
    match cycle {
        Cycle::Years { every: 1, from: None } => 1,
        Cycle::HalfYears => 2,
        Cycle::Quarters => 4,
        Cycle::Months(Which::Every) => 12,
        Cycle::Weeks => 52,
        _ => 0,
    }
}

fn times_in_the_year(year: Option<i16>, aside: &Clause, place: Range<usize>) -> Result<Rule, No> {
    let forms = aside.times.iter().map(|(n, _)| super::refusal::Form::Put(format!("每年至少{n}次"))).collect();
    in_the_year(year, place).map_err(|no| No { forms, ..no })
}

/// `年内`, `全年不少于4次`
fn in_the_year(year: Option<i16>, place: Range<usize>) -> Result<Rule, No> {
    match year {
        Some(year) => Ok(Rule::Once(date(u32::try_from(year).unwrap_or_default(), 12, 31, place)?)),
        None => refuse(place, "没有写是哪一年", &["每年年底前"]),
    }
}

/// What stands after 每.
fn every(whole: Phrase, year: Option<i16>, aside: &mut Clause) -> Result<Rule, No> {
    let p = whole.trim();
    match p.words {
        // Not `Month`: 每1月31日 is not 每月31日.
        [Num(1), Year | Half | Quarter | Months | Week, ..] => every(whole.from(1), year, aside),
        [Num(m @ 1..=12), Month, ..] => {
            refuse_with(p.place(), format!("分不清是每年{m}月，还是每{m}个月"), vec![format!("每年{m}月底前")])
        }
        [] => refuse(p.place(), "“每”后面没有写多久一次", &[]),
        // 每季度终了前
        [unit, Ended] if aside.before && period_end(*unit).is_some() => {
            period_end(*unit).ok_or_else(|| not_understood(p))
        }
        // 每年年度终了30日前
        [Year, Year, Ended, ..] => every(whole.from(1), year, aside),
        [Year | Half | Quarter | Month, Ended | After, ..]
        | [Year | Half | Quarter | Month, End, After | NextMonth, ..] => period(whole, true, aside),
        // 每月25日至次月5日: the month that follows. The start is a day too.
        [Month | Months, .., To | Dash, NextMonth, Num(_), Day] => {
            let to = p.words.len() - 4;
            list(Unit::Month, p.sub(1..to), aside)?;
            aside.passed.push(p.sub(1..to + 1).place());
            next_month(Unit::Month, p.from(to + 2), aside)
        }
        [Month | Months, NextMonth, ..] => next_month(Unit::Month, p.from(2), aside),
        [Quarter | Half, NextMonth, ..] => {
            refuse(p.place(), "“次月”分不清是季度（半年）里的第二个月，还是结束后的下个月", &[])
        }
        [Year, ThisYear, ..] => days(Cycle::YEARLY, Unit::Year, p.from(2), aside),
        [Year | NextYear, ..] => days(Cycle::YEARLY, Unit::Year, p.from(1), aside),
        [Num(n), Year, ..] => {
            let at = of_some_years(p.from(2), aside)?;
            years(*n, year.and_then(|y| u32::try_from(y).ok()), at, p.place())
        }
        [Half, ..] => days(Cycle::HalfYears, Unit::HalfYear, p.from(1), aside),
        [Quarter, ..] => days(Cycle::Quarters, Unit::Quarter, p.from(1), aside),
        [Month | Months, ..] => days(Cycle::Months(Which::Every), Unit::Month, p.from(1), aside),
        [Odd, ..] => days(Cycle::Months(Which::Odd), Unit::Month, p.from(1), aside),
        [Even, ..] => days(Cycle::Months(Which::Even), Unit::Month, p.from(1), aside),
        [Weekday(_), ..] => weeks(p),
        [Week, Weekday(_), ..] => weeks(p.from(1)),
        // Not in a week that is all holidays.
        [Week, Nth(n @ (1 | -1)), Workday] => {
            let day = DayOf::Workday(if *n > 0 { 1 } else { -1 });
            Ok(Rule::cyclic(Cycle::Weeks, vec![At { month: 1, day }]))
        }
        [Week] => refuse(p.place(), "没有写星期几", &[]),
        [Num(_), unit, ..] => Err(every_few(*unit, p.place())),
        _ => Err(not_understood(p)),
    }
}

/// Refuses `每2个月`, `每两周`: they do not say which months or weeks.
fn every_few(unit: Word, place: Range<usize>) -> No {
    let what = match unit {
        Months | Month | Quarter | Quarters => {
            "没有说从哪个月算起：每三个月的写成每季度，每六个月的写成每半年，隔月的写单月或双月"
        }
        Week => "没有说从哪一周算起",
        Named(name) => return named(name, place),
        _ => "没有说从哪一天算起",
    };
    No { at: place, what: what.to_owned(), forms: Vec::new() }
}

fn days(cycle: Cycle, unit: Unit, p: Phrase, aside: &mut Clause) -> Result<Rule, No> {
    list(unit, p, aside).map(|at| Rule::cyclic(cycle, at))
}

/// `自2026年起每两年…`
fn since(from: u32, p: Phrase, aside: &mut Clause, whole: Range<usize>) -> Result<Rule, No> {
    match p.words {
        [Num(n), Year, ..] => years(*n, Some(from), of_some_years(p.from(2), aside)?, whole),
        [Year, ..] => years(1, Some(from), list(Unit::Year, p.from(1), aside)?, whole),
        _ => refuse(whole, "“自某年起”后面只能写每年或每几年", &[]),
    }
}

/// The days of every n-th year. What is offered for every year is not offered here.
fn of_some_years(p: Phrase, aside: &mut Clause) -> Result<Vec<At>, No> {
    list(Unit::Year, p, aside).map_err(|no| No { forms: Vec::new(), ..no })
}

/// Every `n`-th year, counted from the year `from`.
fn years(n: u32, from: Option<u32>, at: Vec<At>, whole: Range<usize>) -> Result<Rule, No> {
    let every = match i16::try_from(n) {
        Ok(every @ 1..=20) => every,
        _ => return refuse(whole, "“每几年”只能是2到20", &[]),
    };
    match from {
        None if n == 1 => Ok(Rule::cyclic(Cycle::YEARLY, at)),
        None => refuse(whole, "没有说从哪一年算起：请在前面写明“自哪一年起”", &[]),
        Some(from) => Ok(Rule::cyclic(Cycle::Years { every, from: Some(checked_year(from, whole)?) }, at)),
    }
}

fn weeks(p: Phrase) -> Result<Rule, No> {
    if p.words.iter().any(|w| matches!(w, To | Dash)) {
        return refuse(p.place(), "分不清是这几天每天都办，还是最后一天前办完：请只写最后一天", &[]);
    }
    let mut at = Vec::new();
    for part in p.split(|w| *w == Comma) {
        // 每周一、三
        let day = match part.trim().words {
            [Weekday(day)] => Some(*day),
            [Num(n @ 1..=6)] => {
                i8::try_from(*n).ok().and_then(|n| jiff::civil::Weekday::from_monday_one_offset(n).ok())
            }
            _ => None,
        };
        match day {
            Some(day) => {
                let day = DayOf::Weekday(1, day.to_monday_zero_offset());
                if at.contains(&At { month: 1, day }) {
                    return refuse(part.place(), "同一个日子写了两次", &[]);
                }
                at.push(At { month: 1, day });
            }
            None => return Err(not_understood(part.trim())),
        }
    }
    Ok(Rule::cyclic(Cycle::Weeks, at))
}

/// Refuses contradictions that any form may hold.
fn conflicts(p: Phrase) -> Result<(), No> {
    let mut every = (0..p.words.len()).filter(|i| p.words[*i] == Every);
    if let (Some(_), Some(second)) = (every.next(), every.next()) {
        return refuse(p.sub(second..second + 1).place(), "写了两个“每”，分不清多久一次：请只留一个", &[]);
    }
    if let Some(at) = two_in_a_row(p.words) {
        let is_amount = p.words.get(at + 1).is_some_and(|w| is_length(*w) && !matches!(w, Year | Month));
        let what = match p.words[at - 1] {
            End if is_amount => "分不清是最后一个月的这一天，还是往前数这么多天",
            Before if is_amount => "不能从一个日期往前数：请直接写那一天",
            _ => "写了两个日期，分不清以哪个为准：几天都要办的，用顿号“、”隔开",
        };
        return refuse(p.from(at).place(), what, &[]);
    }
    let has = |is: fn(&Word) -> bool| p.words.iter().any(is);
    let dated = has(|w| matches!(w, Day | Iso(..) | End | Weekday(_)));
    let counted = has(|w| matches!(w, Ended | To | Dash | Ahead)) || matches!(p.words.first(), Some(SinceDay | After));
    let open = matches!(p.words, [.., After | Begin | SinceDay])
        || (0..p.words.len()).any(|i| matches!(p.words[i..], [From, Num(_), Month, ..]));
    if dated && open && !counted {
        return refuse(p.place(), "只说了从哪天开始，没有说最晚哪天", &[]);
    }
    Ok(())
}

/// Where a second date or length follows a date without a separator: `1月31日前10个工作日`.
fn two_in_a_row(words: &[Word]) -> Option<usize> {
    let soft = |w: &&Word| matches!(w, Before | Within | Until);
    (1..words.len()).find(|i| {
        let skipped = words[..*i].iter().rev().take_while(soft).count();
        let before = words[..*i - skipped].last();
        matches!(words[*i], Num(_) | Iso(..)) && matches!(before, Some(Day | Iso(..) | End | Workday))
    })
}

/// Why no form matched: the known mistakes.
fn no_row(p: Phrase) -> No {
    let (what, forms): (&str, Vec<String>) = match p.words {
        [Pair(m, d) | MonthDay(m, d)] => ("日期请写成几月几日", vec![format!("每年{m}月{d}日前")]),
        [Num(_), Named(name), ..] | [Named(name), ..] => return named(*name, p.place()),
        [Num(n), Day] if *n > 31 => ("日期请写成几年几月几日", Vec::new()),
        [Num(_), Days] => ("没有说从哪一天算起", Vec::new()),
        [Num(n), Day] => ("分不清是每月的哪一天，还是多少天以内", vec![format!("每月{n}日"), format!("{n}日内")]),
        [Num(n), Workday] => ("没有说从哪一天算起", vec![format!("{n}个工作日内")]),
        [Num(n), Months] => ("没有说从哪一天算起", vec![format!("{n}个月内")]),
        [Num(_), Week | Quarters | Half] => ("没有说从哪一天算起", Vec::new()),
        [Num(y), Year] if YEARS.contains(y) => ("没有写月和日", vec![format!("{y}年底前")]),
        [Num(_), Year] => ("没有说从哪一天算起", Vec::new()),
        [Workday | Day | Days | Months | Month, ..] if p.words.len() == 1 => ("这里少了数字", Vec::new()),
        [Weekday(day)] => ("没有写“每”，分不清是每周，还是某一周", vec![format!("每{}", weekday_zh(*day))]),
        [Month, ..] => ("没有写“每”，分不清是每个月，还是这个月", vec!["每月底前".to_owned()]),
        [Quarter, ..] => ("没有写“每”，分不清是每个季度，还是这个季度", vec!["每季度末".to_owned()]),
        [Half, ..] => ("没有写“每”，分不清是每半年，还是这半年", vec!["每半年末".to_owned()]),
        [Nth(_), Month, ..] => ("没有写“每”，分不清是季度还是半年里的哪个月", Vec::new()),
        _ => return not_understood(p),
    };
    No { at: p.place(), what: what.to_owned(), forms: forms.into_iter().map(super::refusal::Form::Put).collect() }
}
