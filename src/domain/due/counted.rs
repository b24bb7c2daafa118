//! What is counted: from the end of a period, back from it, or from the day of a case.

use std::ops::Range;

use super::{
    days::{list, not_understood},
    lexer::Phrase,
    reading::Clause,
    refusal::{No, named, refuse},
    rule::{At, CaseFrom, Cycle, DayOf, Rule, Span, SpanUnit, Unit},
    starts::is_limit,
    word::{Name, Word},
};

use Word::*;

/// The longest case, in months.
pub const CASE: i32 = 60;

/// On which side of an end an amount lies.
enum Side {
    On,
    Back,
}

const WITHIN_BEFORE: &str = "分不清是最晚提前多久，还是在最后这段时间里办";

/// `年度终了后4个月内`, `季后10个工作日`, `会计年度终了的三个月前`.
pub fn period(p: Phrase, is_every: bool, aside: &mut Clause) -> Result<Rule, No> {
    let unit = match p.words[0] {
        Year | ThisYear => Unit::Year,
        Half => Unit::HalfYear,
        Quarter => Unit::Quarter,
        _ => Unit::Month,
    };
    let (side, rest) = match p.words[1..] {
        // 季后首月15日前; 月后8日前: the eighth, not eight days.
        [After, Nth(1), Month, ..] => return next_month(unit, p.from(4), aside),
        [After, Num(1..=28), Day, Before] if matches!(unit, Unit::Quarter | Unit::Month) => {
            return next_month(unit, p.from(2), aside);
        }
        // 每季度结束后次月10日前, 年度结束后次年1月31日前
        [Ended | End, After, NextMonth, ..] if unit != Unit::Year => return next_month(unit, p.from(4), aside),
        [Ended | End | After, NextMonth, ..] if unit != Unit::Year => return next_month(unit, p.from(3), aside),
        [Ended, After, NextYear, ..] if unit == Unit::Year => {
            return Ok(Rule::cyclic(Cycle::YEARLY, list(Unit::Year, p.from(4), aside)?));
        }
        [Ended, NextYear, ..] if unit == Unit::Year => {
            return Ok(Rule::cyclic(Cycle::YEARLY, list(Unit::Year, p.from(3), aside)?));
        }
        [Ended | End, After | SinceDay | Begin, ..] => (Some(Side::On), p.from(3)),
        [Ended, Before, Num(_), ..] => (Some(Side::Back), p.from(3)),
        [Ended, ..] => (None, p.from(2)),
        [After, ..] if unit == Unit::HalfYear && !is_every => {
            return refuse(p.place(), "分不清是每半年结束以后，还是过了半年以后", &[]);
        }
        [After, ..] => (Some(Side::On), p.from(2)),
        _ => return Err(not_understood(p)),
    };
    // 前 after an amount counts back, unless 后 said from where it counts on.
    let side = match (side, rest.words.last()) {
        (Some(Side::Back), Some(Within)) => return refuse(p.place(), WITHIN_BEFORE, &[]),
        (Some(side), _) => side,
        (None, Some(Before)) => Side::Back,
        (None, Some(Within)) => Side::On,
        _ => return refuse(p.place(), "分不清是往后数，还是往前数：请写“后”和“内”，或写“前”", &[]),
    };
    if matches!(side, Side::On) {
        no_minimum(rest)?;
    }
    let length = whole_amount(rest, i32::from(unit.months()))?;
    match side {
        Side::On => Ok(Rule::After { unit, span: length }),
        Side::Back => {
            let months = u16::from(unit.months());
            let most = match length.unit {
                SpanUnit::Days => months * 28 - 1,
                SpanUnit::Workdays => months * 15 - 1,
                SpanUnit::Months => months - 1,
            };
            if length.n > most {
                return refuse(p.place(), "往前数得比这个期间还长", &[]);
            }
            Ok(Rule::BeforeEnd { unit, span: length })
        }
    }
}

/// The month after the month that is reported on.
pub fn next_month(unit: Unit, p: Phrase, aside: &mut Clause) -> Result<Rule, No> {
    match p.words {
        [Num(n), Workday, ..] if p.trim().words.len() == 2 => {
            return Ok(Rule::After { unit, span: span(*n, Workday, 1, p.place())? });
        }
        // From the first day on: that many days after the period.
        [Num(1), Day, Begin, ..] => {
            return Ok(Rule::After { unit, span: whole_amount(p.from(3), i32::from(unit.months()))? });
        }
        _ => {}
    }
    let at = list(Unit::Month, p, aside)?;
    match at.as_slice() {
        [At { day: DayOf::Workday(n @ 1..), .. }] => {
            Ok(Rule::After { unit, span: Span { n: n.unsigned_abs().into(), unit: SpanUnit::Workdays } })
        }
        [At { day, .. }] => Ok(Rule::Following { unit, day: *day }),
        _ => refuse(p.place(), "“次月”后面只能写一个日子", &[]),
    }
}

/// `之日起5个工作日内`, `届满30日前`, `提前7日`: the words behind the name of the event.
pub fn case(p: Phrase, is_received: bool) -> Result<Rule, No> {
    let on = if is_received { CaseFrom::AfterReceipt } else { CaseFrom::AfterEvent };
    let ends_with_before = p.words.last() == Some(&Before);
    let (from, rest) = match p.words {
        [Ended, After | SinceDay | Begin, ..] => (on, p.from(2)),
        [Ended, Before, ..] => (CaseFrom::BeforeEvent, p.from(2)),
        [Ended, ..] => (if ends_with_before { CaseFrom::BeforeEvent } else { on }, p.from(1)),
        [SinceDay | After | Begin, ..] => (on, p.from(1)),
        [Before | Ahead, ..] => (CaseFrom::BeforeEvent, p.from(1)),
        _ if ends_with_before => (CaseFrom::BeforeEvent, p),
        _ => (on, p),
    };
    // 开工之日起30日前, 考试开始10日前
    if ends_with_before && matches!(p.words, [SinceDay | Begin, ..] | [Ended, SinceDay | Begin, ..]) {
        let what = "分不清是往后数，还是往前数：往后的写“…内”，往前的写“…前15日”的样子";
        return refuse(p.place(), what, &[]);
    }
    if from == CaseFrom::BeforeEvent
        && (p.words.last() == Some(&Within) || p.words.iter().any(|w| matches!(w, To | Dash)))
    {
        return refuse(p.place(), WITHIN_BEFORE, &[]);
    }
    // 提前10日以上
    let rest = match (from, rest.words) {
        (CaseFrom::BeforeEvent, [.., OrMore]) => rest.sub(0..rest.words.len() - 1),
        (CaseFrom::BeforeEvent, _) => rest,
        _ => no_minimum(rest).map(|()| rest)?,
    };
    Ok(Rule::Case { from, span: whole_amount(rest, CASE)? })
}

/// 公示不少于15日: how long it lasts, and not the last day on which it may be done.
fn no_minimum(p: Phrase) -> Result<(), No> {
    match p.words.iter().position(|w| *w == AtLeast) {
        Some(i) => Err(named(Name::NotBefore, p.sub(i..i + 1).place())),
        None => Ok(()),
    }
}

/// An amount and no more. Of `3至5个工作日` the last day counts.
fn whole_amount(p: Phrase, months: i32) -> Result<Span, No> {
    let skip = p.words.iter().take_while(|w| matches!(w, AtLeast | Limit)).count();
    let end = p.words.len() - p.words.iter().rev().take_while(|w| is_limit(**w)).count();
    let p = p.sub(skip..end.max(skip));
    match p.words {
        [Num(_), Named(name @ Name::Hours)] => Err(named(*name, p.place())),
        [Num(n), length] => span(*n, *length, months, p.place()),
        [Num(a), To | Dash, Num(n), length] if a < n => span(*n, *length, months, p.place()),
        [Nth(n), Workday] => span(u32::try_from(*n).unwrap_or(0), Workday, months, p.place()),
        [Named(Name::HalfMonth)] => span(15, Days, months, p.place()),
        [Half] => span(6, Months, months, p.place()),
        [.., After | Begin | SinceDay] => refuse(p.place(), "只说了从哪天开始，没有说最晚哪天", &[]),
        [] | [Workday | Day | Days | Months | Week] => refuse(p.place(), "没有写多少天（工作日、月）", &[]),
        _ => Err(not_understood(p)),
    }
}

/// A length of at most `months` months.
pub fn span(n: u32, length: Word, months: i32, place: Range<usize>) -> Result<Span, No> {
    let months = u32::try_from(months).unwrap_or(1);
    let (n, unit) = match length {
        Day | Days => (n, SpanUnit::Days),
        Workday => (n, SpanUnit::Workdays),
        Months => (n, SpanUnit::Months),
        Week => (n.saturating_mul(7), SpanUnit::Days),
        Quarters => (n.saturating_mul(3), SpanUnit::Months),
        Year => (n.saturating_mul(12), SpanUnit::Months),
        Month => return refuse(place, format!("分不清是{n}月份，还是{n}个月"), &[]),
        _ => return refuse(place, "没有写多少天（工作日、月）", &[]),
    };
    let most = match unit {
        SpanUnit::Days => months.min(24) * 31,
        SpanUnit::Workdays => months.min(24) * 20,
        SpanUnit::Months => months,
    };
    match u16::try_from(n) {
        Ok(n) if (1..=most).contains(&u32::from(n)) => Ok(Span { n, unit }),
        Ok(0) => refuse(place, "这里少了数字，或写成了0", &[]),
        _ => refuse(place, format!("{n}太长，这里最多{most}"), &[]),
    }
}
