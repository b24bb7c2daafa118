//! The Chinese forms of `due`, one match arm each (design, section 2).

use std::ops::Range;

use super::{
    Refusal,
    days::{list, not_understood},
    dictionary::Word,
    lexer::Phrase,
    once::{YEARS, checked_year, date, once, this_year, window_once, zh_list},
    refusal::{SOME_YEAR, refuse, refuse_with},
    rule::{At, CaseFrom, Cycle, DayOf, Months as Which, Rule, Span, SpanUnit, Unit, weekday_zh},
    sentence::Aside,
};

use Word::*;

pub fn rule(p: Phrase, year: Option<i16>, aside: &mut Aside) -> Result<Rule, Refusal> {
    let within = p.words.last() == Some(&Within);
    let p = p.trim();
    conflicts(p)?;
    match p.words {
        [Every, ..] => every(p.from(1), year, aside),
        [From, Num(y), Year, Begin, Every, Num(n), Year, ..] => years(*n, Some(*y), p.from(7), aside, p.place()),
        [From, Num(y), Year, Begin, Every, Year, ..] => years(1, Some(*y), p.from(6), aside, p.place()),
        [Odd, ..] => months(Which::Odd, p.from(1), aside),
        [Even, ..] => months(Which::Even, p.from(1), aside),
        [NextYear, _, ..] => yearly(p.from(1), aside),
        [Year, End] | [Year, Year, End] => yearly(p.from(p.words.len() - 1), aside),

        [NextMonth, ..] => next_month(p.from(1), aside),
        [NextQuarter, Nth(1), Month, ..] => next_month(p.from(3), aside).map(|r| match r {
            Rule::After { span, .. } => Rule::After { unit: Unit::Quarter, span },
            other => other,
        }),
        [Year | Half | Quarter | Month, Ended | After, ..] => after(p),

        [From, Received | AfterEvent | BeforeEvent, ..] | [From, Verb, SinceDay, ..] => case(p.from(1)),
        [Received | AfterEvent | BeforeEvent, ..] | [Verb, SinceDay, ..] => case(p),
        [Num(n), Workday | Day | Days | Months] if within => {
            Ok(Rule::Case { from: CaseFrom::AfterReceipt, span: span(*n, p.words[1], CASE, p.place())? })
        }

        [Iso(y, m, d)] => Ok(Rule::Once(date(*y, *m, *d, p.place())?)),
        [Iso(y, m, d), Weekday(day)] => {
            aside.weekdays.push((*day, p.from(1).place()));
            Ok(Rule::Once(date(*y, *m, *d, p.sub(0..1).place())?))
        }
        [Iso(..), To | Dash, Iso(..)] => window_once(p, aside),
        [From, Num(_), Year, _, ..] if p.words.contains(&To) => once(p.from(1), aside),
        [Num(_), Year, _, ..] => once(p, aside),
        [Num(y), Year] if within && YEARS.contains(y) => Ok(Rule::Once(date(*y, 12, 31, p.place())?)),
        [ThisYear, _, ..] => this_year(p.from(1), year, aside),
        [From, Num(_), Month, ..] if p.words.contains(&To) => this_year(p.from(1), year, aside),
        [Num(_), Month, _, ..] => this_year(p, year, aside),
        _ => Err(no_row(p, within)),
    }
}

/// What stands after 每.
fn every(p: Phrase, year: Option<i16>, aside: &mut Aside) -> Result<Rule, Refusal> {
    match p.words {
        // Not `Month`: 每1月31日 is not 每月31日.
        [Num(1), Year | Half | Quarter | Months | Week, ..] => every(p.from(1), year, aside),
        [Num(m @ 1..=12), Month, ..] => refuse_with(
            p.place(),
            format!("分不清是每年{m}月，还是每{m}个月"),
            vec![format!("每年{m}月底前"), "每双月10日".to_owned()],
        ),
        [] => refuse(p.place(), "“每”后面没有写多久一次", &["每年1月31日前", "每季度末月20日", "每月25日"]),
        [Year | Half | Quarter | Month, Ended, ..] | [Year | Half | Quarter | Month, After, ..] => after(p),
        [Month | Months, NextMonth, ..] => next_month(p.from(2), aside),
        [Quarter | Half, NextMonth, ..] => refuse(
            p.place(),
            "“次月”分不清是季度（半年）里的第二个月，还是结束后的下个月",
            &["每季度第二个月10日", "每季度结束后10日内"],
        ),
        [Year, ..] => yearly(p.from(1), aside),
        [NextYear, ..] => yearly(p.from(1), aside),
        [Num(n), Year, ..] => years(*n, year.and_then(|y| u32::try_from(y).ok()), p.from(2), aside, p.place()),
        [Half, ..] => days(Cycle::HalfYears, Unit::HalfYear, p.from(1), aside),
        [Quarter, ..] => days(Cycle::Quarters, Unit::Quarter, p.from(1), aside),
        [Month | Months, ..] => months(Which::Every, p.from(1), aside),
        [Odd, ..] => months(Which::Odd, p.from(1), aside),
        [Even, ..] => months(Which::Even, p.from(1), aside),
        [Weekday(_), ..] => weeks(p),
        [Week, Weekday(_), ..] => weeks(p.from(1)),
        [Week] => refuse(p.place(), "没有写星期几", &["每周五"]),
        [Num(n), unit, ..] => Err(every_few(*n, *unit, p.place())),
        _ => Err(not_understood(p)),
    }
}

/// Refuses `每2个月`, `每两周`: they do not say which months or weeks.
fn every_few(n: u32, unit: Word, place: Range<usize>) -> Refusal {
    let (what, instead): (&str, &[&str]) = match (n, unit) {
        (3, Months | Month) => ("每三个月请写成每季度", &["每季度末月20日", "每季度首月10日前"]),
        (6, Months | Month) => ("每六个月请写成每半年", &["每半年末月20日", "每半年首月10日"]),
        (12, Months | Month) => ("每十二个月请写成每年", &["每年12月20日"]),
        (_, Months | Month) => ("没有说从哪个月算起", &["每单月10日", "每双月10日"]),
        (_, Week) => {
            ("没有说从哪一周算起", &["每周五", "每月4日、18日", "DTSTART:20260102 RRULE:FREQ=WEEKLY;INTERVAL=2"])
        }
        (2, Quarter) => ("每两个季度请写成每半年", &["每半年末月20日"]),
        (2, Half) => ("每两个半年请写成每年", &["每年12月20日"]),
        _ => ("没有说从哪一天算起", &["每周五", "每月10日、20日、31日"]),
    };
    Refusal { at: place, what: what.to_owned(), instead: instead.iter().map(|s| (*s).to_owned()).collect() }
}

fn yearly(p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    days(Cycle::YEARLY, Unit::Year, p, aside)
}

fn months(which: Which, p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    days(Cycle::Months(which), Unit::Month, p, aside)
}

fn days(cycle: Cycle, unit: Unit, p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    list(unit, p, aside).map(|at| Rule::cyclic(cycle, at))
}

/// Every `n`-th year, counted from the year `from`.
fn years(n: u32, from: Option<u32>, p: Phrase, aside: &mut Aside, whole: Range<usize>) -> Result<Rule, Refusal> {
    let at = list(Unit::Year, p, aside)?;
    let every = match i16::try_from(n) {
        Ok(every @ 1..=20) => every,
        _ => return refuse(whole, "“每几年”只能是2到20", &["自2026年起每两年3月1日前"]),
    };
    if n == 1 && from.is_none() {
        return Ok(Rule::cyclic(Cycle::YEARLY, at));
    }
    let day = zh_list(&at);
    let Some(from) = from else {
        let instead = vec![format!("自{SOME_YEAR}年起每{n}年{day}前")];
        return refuse_with(whole, format!("没有说从哪一年算起：请在前面写“自{SOME_YEAR}年起”（年份照实填）"), instead);
    };
    Ok(Rule::cyclic(Cycle::Years { every, from: Some(checked_year(from, whole)?) }, at))
}

fn weeks(p: Phrase) -> Result<Rule, Refusal> {
    if p.words.iter().any(|w| matches!(w, To | Dash)) {
        return refuse(p.place(), "分不清是这几天每天都办，还是最后一天前办完：请只写最后一天", &["每周五"]);
    }
    let mut at = Vec::new();
    for part in p.split(|w| *w == Comma) {
        match part.trim().words {
            [Weekday(day)] => {
                let day = DayOf::Weekday(1, day.to_monday_zero_offset());
                if at.contains(&At { month: 1, day }) {
                    return refuse(part.place(), "同一个日子写了两次", &["每周五"]);
                }
                at.push(At { month: 1, day });
            }
            _ => return Err(not_understood(part.trim())),
        }
    }
    Ok(Rule::cyclic(Cycle::Weeks, at))
}

/// `年度终了后4个月内`, `季后10个工作日`.
fn after(p: Phrase) -> Result<Rule, Refusal> {
    let unit = match p.words[0] {
        Year => Unit::Year,
        Half => Unit::HalfYear,
        Quarter => Unit::Quarter,
        _ => Unit::Month,
    };
    let (n, length) = match p.words {
        [Year | Half, After, ..] => {
            return refuse(
                p.place(),
                "分不清是一个期间结束以后，还是过了这么久以后",
                &["每半年结束后15日内", "年度终了后15日内", "收到之日起6个月内"],
            );
        }
        [_, After, Num(n), length]
        | [_, Ended, Num(n), length]
        | [_, Ended, After | SinceDay | Begin, Num(n), length] => (*n, *length),
        [_, After, Nth(n), Workday] | [_, Ended, After, Nth(n), Workday] => (u32::try_from(*n).unwrap_or(0), Workday),
        [_, After, length] | [_, Ended, After | SinceDay | Begin, length] if span_unit(*length).is_some() => {
            (0, *length)
        }
        _ => return Err(not_understood(p)),
    };
    Ok(Rule::After { unit, span: span(n, length, i32::from(unit.months()), p.place())? })
}

/// The month after the month that is reported on. Its day 5 is five days after the end of that month.
fn next_month(p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    let after = |n, unit| Rule::After { unit: Unit::Month, span: Span { n, unit } };
    if let [Num(n), Workday] = p.words {
        return Ok(Rule::After { unit: Unit::Month, span: span(*n, Workday, 1, p.place())? });
    }
    let at = list(Unit::Month, p, aside)?;
    match at.as_slice() {
        [At { day: DayOf::Day(d @ 1..=28), .. }] => Ok(after((*d).into(), SpanUnit::Days)),
        [At { day: DayOf::Last | DayOf::Day(31), .. }] => Ok(after(1, SpanUnit::Months)),
        [At { day: DayOf::Workday(n @ 1..), .. }] => Ok(after(n.unsigned_abs().into(), SpanUnit::Workdays)),
        _ => refuse(
            p.place(),
            "“次月”后面只能写一个1到28日的日子、月底或第几个工作日",
            &["次月5日前", "次月底前", "月后7个工作日内"],
        ),
    }
}

/// The longest case, in months.
pub const CASE: i32 = 24;

fn case(p: Phrase) -> Result<Rule, Refusal> {
    let (from, example) = match p.words[0] {
        BeforeEvent => (CaseFrom::BeforeEvent, "举行前20个工作日"),
        AfterEvent => (CaseFrom::AfterEvent, "会后20个工作日内"),
        _ => (CaseFrom::AfterReceipt, "收到之日起20个工作日内"),
    };
    match p.words {
        [_, Num(n), length] => Ok(Rule::Case { from, span: span(*n, *length, CASE, p.place())? }),
        [Received | AfterEvent | Verb, After | SinceDay | Begin, Num(n), length] => {
            Ok(Rule::Case { from, span: span(*n, *length, CASE, p.place())? })
        }
        [.., Workday | Day | Days | Months] | [_] | [_, After | SinceDay] => {
            refuse(p.place(), "没有写多少天（工作日、月）", &[example])
        }
        _ => Err(not_understood(p)),
    }
}

fn span_unit(word: Word) -> Option<SpanUnit> {
    match word {
        Day | Days => Some(SpanUnit::Days),
        Workday => Some(SpanUnit::Workdays),
        Months => Some(SpanUnit::Months),
        _ => None,
    }
}

/// A length of at most `months` months.
pub fn span(n: u32, unit: Word, months: i32, place: Range<usize>) -> Result<Span, Refusal> {
    let months = u32::try_from(months).unwrap_or(1);
    let Some(unit) = span_unit(unit) else {
        return match unit {
            Week => refuse_with(place, "“周”请换算成日", vec![format!("收到之日起{}日内", n.clamp(1, 100) * 7)]),
            Year => refuse_with(place, "“年”请换算成月", vec![format!("收到之日起{}个月内", n.clamp(1, 2) * 12)]),
            Month => refuse_with(
                place,
                format!("分不清是{n}月份，还是{n}个月"),
                vec![format!("收到之日起{}个月内", n.clamp(1, 12)), format!("每年{}月底前", n.clamp(1, 12))],
            ),
            _ => refuse(place, "没有写多少天（工作日、月）", &["收到之日起20个工作日内", "每季度结束后15日内"]),
        };
    };
    let most = match unit {
        SpanUnit::Days => months * 31,
        SpanUnit::Workdays => months * 20,
        SpanUnit::Months => months,
    };
    match u16::try_from(n) {
        Ok(n) if (1..=most).contains(&u32::from(n)) => Ok(Span { n, unit }),
        Ok(0) => refuse(place, "这里少了数字，或写成了0", &["收到之日起20个工作日内", "每季度结束后15日内"]),
        _ => refuse(place, format!("{n}太长，这里最多{most}"), &["收到之日起20个工作日内", "每季度结束后15日内"]),
    }
}

/// Refuses contradictions that any form may hold.
fn conflicts(p: Phrase) -> Result<(), Refusal> {
    let mut every = (0..p.words.len()).filter(|i| p.words[*i] == Every);
    if let (Some(_), Some(second)) = (every.next(), every.next()) {
        let what = "写了两个“每”，分不清多久一次：请只留一个";
        return refuse(p.sub(second..second + 1).place(), what, &["每年3月5日前", "每月5日"]);
    }
    if let Some(at) = two_in_a_row(p.words) {
        let what = "写了两个日期，分不清以哪个为准：几天都要办的，用顿号“、”隔开";
        return refuse(p.from(at).place(), what, &["每年7月10日、12月20日前", "每月4日、14日、24日", "每年1月31日前"]);
    }
    let has = |is: fn(&Word) -> bool| p.words.iter().any(is);
    let dated = has(|w| matches!(w, Day | Iso(..) | End | Weekday(_)));
    let counted = has(|w| matches!(w, Received | AfterEvent | Ended | To | Dash));
    let open = matches!(p.words, [.., After | Begin | SinceDay])
        || (0..p.words.len()).any(|i| matches!(p.words[i..], [From, Num(_), Month, ..]));
    if dated && open && !counted {
        let what = "只说了从哪天开始，没有说最晚哪天";
        return refuse(p.place(), what, &["每年3月1日至3月31日", "每年3月31日前", "2026年3月31日前"]);
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
fn no_row(p: Phrase, within: bool) -> Refusal {
    let (what, instead): (&str, Vec<String>) = match p.words {
        [] => ("没有写日期", forms(&["每年1月31日前", "每季度末月20日", "每月25日"])),
        [Num(n)] => ("只有一个数字，分不清是几月几日", numbered(*n)),
        [Pair(m, d) | MonthDay(m, d)] => ("日期请写成几月几日", numbered(m.saturating_mul(100).saturating_add(*d))),
        [Num(n), Day | Days] => {
            let n = n.clamp(&1, &31);
            ("分不清是每月的哪一天，还是多少天以内", vec![format!("每月{n}日"), format!("收到之日起{n}日内")])
        }
        [Num(n), Workday | Months] => {
            let unit = if p.words[1] == Workday { "工作日" } else { "月" };
            (
                "没有说从哪一天算起",
                vec![format!("收到之日起{}个{unit}内", n.clamp(&1, &24)), "每季度结束后10个工作日内".into()],
            )
        }
        [Num(n), Month] if within => {
            let n = n.clamp(&1, &12);
            ("分不清是月份，还是几个月", vec![format!("收到之日起{n}个月内"), format!("每年{n}月底前")])
        }
        [Num(m), Month] => {
            let m = m.clamp(&1, &12);
            ("只写了月份，没有写哪一天，也没有写每年", vec![format!("每年{m}月底前"), format!("每年{m}月1日前")])
        }
        [Num(y), Year] if YEARS.contains(y) => ("没有写月和日", vec![format!("{y}年12月31日前")]),
        [Num(n), Week | Year] => (
            "请换算成日或月",
            vec![if p.words[1] == Week {
                format!("收到之日起{}日内", n.clamp(&1, &100) * 7)
            } else {
                format!("收到之日起{}个月内", n.clamp(&1, &2) * 12)
            }],
        ),
        [Workday | Day | Days | Months, ..] => ("这里少了数字", forms(&["收到之日起20个工作日内", "每月第3个工作日"])),
        [Weekday(day), ..] => ("没有写“每”，分不清是每周，还是某一周", vec![format!("每{}", weekday_zh(*day))]),
        [Month, ..] => ("没有写“每”，分不清是每个月，还是这个月", forms(&["每月底前", "每月25日", "2026年9月底前"])),
        [Quarter, ..] => ("没有写“每”，分不清是每个季度，还是这个季度", forms(&["每季度末", "每季度末月20日"])),
        [Half, ..] => ("没有写“每”，分不清是每半年，还是这半年", forms(&["每半年末月20日", "每半年末"])),
        [Nth(n @ 1..=4), Quarter, ..] => ("没有写“每年”和日期", vec![format!("每年{}月底前", n * 3)]),
        [FirstHalf | SecondHalf, Ended, ..] => {
            ("请写每半年，或直接写日期", forms(&["每半年结束后15日内", "每年7月15日前", "每年1月15日前"]))
        }
        [FirstHalf | SecondHalf, ..] => {
            ("没有写“每年”和日期", forms(&["每年6月底前", "每年12月底前", "每年6月底、12月底前"]))
        }
        [Year, ..] => ("没有写“每”和日期", forms(&["每年12月31日前", "年底前"])),
        _ => return not_understood(p),
    };
    Refusal { at: p.place(), what: what.to_owned(), instead }
}

fn forms(forms: &[&str]) -> Vec<String> {
    forms.iter().map(|s| (*s).to_owned()).collect()
}

/// `31` may be a day, `0131` a month and a day, `2026` a year.
fn numbered(n: u32) -> Vec<String> {
    match (n / 100, n % 100) {
        (0, d @ 1..=31) => vec![format!("每月{d}日"), format!("每年1月{d}日前")],
        (m @ 1..=12, d @ 1..=28) => vec![format!("每年{m}月{d}日前")],
        (m @ (1 | 3 | 5 | 7 | 8 | 10 | 12), d @ 29..=31) => vec![format!("每年{m}月{d}日前")],
        _ if YEARS.contains(&n) => vec![format!("{n}年12月31日前"), "每年12月31日前".into()],
        _ => forms(&["每年1月31日前", "每月25日"]),
    }
}
