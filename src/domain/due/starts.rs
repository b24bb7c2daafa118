//! Where the words for a date begin: the one place that knows it, for the date itself and for a second one beside it.

use std::ops::Range;

use super::{
    lexer::Phrase,
    word::{Name, Word},
};

use Word::*;

/// A word that dates are made of.
pub fn is_core(word: Word) -> bool {
    matches!(
        word,
        Num(_)
            | Nth(_)
            | Iso(..)
            | MonthDay(..)
            | Pair(..)
            | Every
            | Year
            | Half
            | Quarter
            | Quarters
            | Month
            | Months
            | Week
            | Weekday(_)
            | Day
            | Days
            | Workday
            | Times
            | Odd
            | Even
            | End
            | Ten(_)
            | Before
            | Within
            | During
            | Until
            | After
            | Begin
            | SinceDay
            | From
            | To
            | Dash
            | Slash
            | Ended
            | NextYear
            | NextMonth
            | NextQuarter
            | ThisYear
            | FirstHalf
            | SecondHalf
            | AtLeast
            | OrMore
            | Ahead
            | AndHalf
    )
}

/// 前, 内: ends the words for a date.
pub fn is_limit(word: Word) -> bool {
    matches!(word, Before | Within | During | Until)
}

pub fn is_length(word: Word) -> bool {
    matches!(word, Day | Days | Workday | Months | Month | Quarters | Week | Year)
}

fn is_unit(word: Word) -> bool {
    matches!(word, Year | Half | Quarter | Month)
}

/// An amount of time at the beginning, and how many words it takes.
pub fn amount(p: Phrase) -> Option<(Range<usize>, usize)> {
    let skip = p.words.iter().take_while(|w| matches!(w, AtLeast | Limit | Lead)).count();
    let len = match p.words[skip..] {
        [Num(_), To | Dash, Num(_), length, ..] if is_length(length) => 4,
        // 后于6月5日: a date.
        [Num(_), Month | Year, Num(_) | End | Ten(_), ..] => return None,
        [Num(_) | Nth(_), length, ..] if is_length(length) => 2,
        [Num(_), Named(Name::Hours), ..] => 2,
        [Named(Name::HalfMonth), ..] | [Half, Within | Before, ..] => 1,
        _ => return None,
    };
    Some((skip..skip + len, skip + len))
}

/// What may stand behind a time without 日: else it only names a thing, as in 第一季度报表.
fn ends_here(next: Option<&Word>) -> bool {
    next.is_none_or(|w| {
        is_limit(*w)
            || matches!(
                w,
                Pause
                    | Stop
                    | Verb
                    | Basis
                    | How
                    | Lead
                    | Hope
                    | Comma
                    | To
                    | Dash
                    | End
                    | Begin
                    | Ahead
                    | Roll(_)
                    | DayOff
                    | Meet
                    | Named(_)
                    | OrElse
                    | Slash
            )
    })
}

/// Whether a date, a rhythm or an amount begins with the word at `i`.
pub fn starts(p: Phrase, i: usize) -> bool {
    let before = i.checked_sub(1).map(|k| p.words[k]);
    match p.words[i..] {
        [Every, Year | Half | Quarter | Quarters | Month | Months | Week | Weekday(_) | Num(_) | Odd | Even, ..] => {
            true
        }
        [Every] | [Every, Before | Within, ..] => true,
        [AtLeast, Every, ..]
        | [Odd | Even, Num(_) | Nth(_) | End | Ten(_) | Before, ..]
        | [Odd | Even, Month, End, ..]
        | [Iso(..) | MonthDay(..), ..] => true,
        [Pair(..), ref rest @ ..] => rest.first().is_none_or(|w| is_limit(*w) || matches!(w, To | Dash | Day)),
        [NextYear | NextMonth | NextQuarter | ThisYear, ref rest @ ..] => {
            // 下一年度计划 names a thing.
            let leads = rest.iter().take_while(|w| matches!(w, Lead)).count();
            // 今年年底
            if let [Year | Month, End, ..] = rest[leads..] {
                return true;
            }
            rest.get(leads).map_or(leads == 0, |w| {
                is_limit(*w) || matches!(w, Num(_) | Nth(_) | End | FirstHalf | SecondHalf | Ended | Ten(_) | AtLeast)
            })
        }
        // 报送上半年总结: the object of a verb only names a thing.
        ref words
            if before == Some(Verb)
                && let Some(len) = part_of_year(words) =>
        {
            words.get(len).is_some_and(|w| is_limit(*w) || matches!(w, Num(_) | End | Ten(_) | Ended))
        }
        [FirstHalf | SecondHalf, ref rest @ ..] | [Nth(_) | Num(1..=4), Quarter, ref rest @ ..] => {
            ends_here(rest.first()) || matches!(rest.first(), Some(Num(_) | Ended))
        }
        [Nth(_), Month, Num(_) | Nth(_) | End, ..] => true,
        // 季末月20日
        [Quarter | Half, Nth(_), Month, Num(_) | Nth(_) | End | Ten(_), ..] => !matches!(before, Some(Num(_) | Nth(_))),
        // 季度不少于1次, 半年内
        [Quarter | Month | Year, AtLeast, Num(_), Times, ..] | [Half | Named(Name::HalfMonth), Within, ..] => {
            before.is_none_or(|w| matches!(w, Lead | Hope))
        }
        [Nth(_), Workday | Weekday(_), ref rest @ ..] => rest.first().is_none_or(|w| is_limit(*w)),
        [Num(_), Times, Slash, ..] | [Num(_), To | Dash, Num(_), Times, Slash, ..] => true,
        [Num(1), Year | Half | Quarters | Months | Week, AtLeast, ..]
        | [Num(1), Year | Half | Quarters | Months | Week, Num(_), Times, ..] => true,
        // 至少10日前
        [AtLeast, Num(_), length, Before, ..] => is_length(length) && !before.is_some_and(is_core),
        [Half, Num(_), Times, ..] => before.is_none_or(|w| matches!(w, Lead)),
        // 2026—2028年每年
        [Num(_), To | Dash, Num(_), Year, Every, ..] | [Num(_), Year, To | Dash, Num(_), Year, Every, ..] => true,
        [Num(_), Comma, Num(_), Comma | Month | Day | Quarter, ..] => true,
        [Num(_), To | Dash, Num(_), Month | Day | Workday | Days | Months | Week, ..] => true,
        [Num(_), ref rest @ ..] => number(rest, before, i),
        [Weekday(_), ref rest @ ..] => {
            rest.first().is_none_or(|w| is_limit(*w) || matches!(w, To | Dash | Comma | DayPart))
        }
        [unit, End, ..] if is_unit(unit) => !matches!(before, Some(Num(_) | Nth(_))),
        [unit, Ended, ref rest @ ..] if is_unit(unit) && !matches!(before, Some(Num(_) | Nth(_))) => {
            matches!(rest.first(), Some(After | SinceDay | Begin | Num(_) | Before | NextMonth | NextYear))
        }
        [unit, After, Num(_) | Nth(_) | NextMonth, ..] if is_unit(unit) => !matches!(before, Some(Num(_) | Nth(_))),
        // 年内
        [Year, Within, ..] => !matches!(before, Some(Num(_) | Nth(_))),
        [From, ..] => from(p, i),
        [Ahead, Half, ..] => true,
        [Ahead, ..] => amount(p.from(i + 1)).is_some(),
        [SinceDay | Begin | After, ..] => amount(p.from(i + 1)).is_some() || missing_number(p.from(i + 1)),
        [Before, ..] => i > 0 && amount(p.from(i + 1)).is_some(),
        [Ended, ..] => event_end(p, i),
        // 个工作日内: the number is missing.
        [Workday | Months | Days | Day | Month, Within | Before, ..] => {
            !matches!(before, Some(Unknown | Filler | Times))
        }
        _ => false,
    }
}

/// How many words name a part of a year: `2026年第一季度`.
fn part_of_year(words: &[Word]) -> Option<usize> {
    let year = if matches!(words, [Num(_), Year, ..]) { 2 } else { 0 };
    match words[year..] {
        [FirstHalf | SecondHalf, ..] => Some(year + 1),
        [Nth(_) | Num(1..=4), Quarter, ..] | [Num(_), Month, ..] => Some(year + 2),
        [Num(_), To | Dash, Num(_), Month, ..] => Some(year + 4),
        _ => None,
    }
}

fn missing_number(p: Phrase) -> bool {
    matches!(p.words, [Workday | Days | Day | Months, Within | Before, ..])
}

/// What stands behind a number decides whether it begins a date.
fn number(rest: &[Word], before: Option<Word>, i: usize) -> bool {
    let next = rest.get(1);
    match rest.first() {
        // 2026年年底
        Some(Year) if matches!(rest[1..], [Year, End, ..]) => true,
        Some(Year) => match next {
            None => i == 0,
            Some(w) => {
                is_limit(*w)
                    || matches!(w, Num(_) | FirstHalf | SecondHalf | End | Begin | To | Dash | After | Quarter)
                    // 2026年第1期简报 is a thing.
                    || matches!((w, rest.get(2)), (Nth(_), Some(next)) if is_core(*next) || *next == Comma)
            }
        },
        Some(Month) => ends_here(next) || matches!(next, Some(Num(_) | Nth(_) | Ten(_) | After)),
        // 10日公示期: how long something lasts.
        Some(Day | Days | Workday | Months | Week | Quarters) => {
            let leads = before
                .is_none_or(|w| is_core(w) || matches!(w, Lead | Hope | Limit | Allowed | Comma | MovedTo | Named(_)));
            next.map_or(leads, |w| {
                is_limit(*w) || matches!(w, Pause | Stop | Comma | To | Dash | Begin | After | Num(_) | DayOff | Meet)
            }) && !matches!(before, Some(To | Dash))
                // 公示期不少于三十日: how long, not until when.
                && (before != Some(AtLeast) || next.is_some_and(|w| is_limit(*w)))
        }
        Some(Named(Name::Hours)) => matches!(next, Some(Within | Before)),
        _ => false,
    }
}

/// `合同期满10日内`, `届满的30日前`
fn event_end(p: Phrase, i: usize) -> bool {
    let rest = p.from(i + 1);
    match rest.words.first() {
        Some(After | SinceDay | Before | Begin) => amount(rest.from(1)).is_some(),
        _ => amount(rest).is_some_and(|(_, len)| rest.words.get(len).is_some_and(|w| is_limit(*w))),
    }
}

/// `自…之日起`, `自2026年起`, `从3月1日起至…`
fn from(p: Phrase, i: usize) -> bool {
    let since = since(p, i);
    match since {
        // 自发文之日起至6月30日
        Some(j) if is_period_end(p, j) || p.words.get(j + 1) == Some(&To) => false,
        Some(_) => true,
        None => i + 1 < p.words.len() && starts(p, i + 1),
    }
}

/// The place of 之日起 (or 起) behind 自 at `i`.
fn since(p: Phrase, i: usize) -> Option<usize> {
    (i + 1..p.words.len()).find(|j| match p.words[*j] {
        SinceDay => true,
        Begin => amount(p.from(j + 1)).is_some(),
        _ => false,
    })
}

/// Whether a period's end stands before `j`: `年度终了之日起`, not `3年期满之日起`.
fn is_period_end(p: Phrase, j: usize) -> bool {
    match p.words[..j] {
        [.., Num(_) | Nth(_), _, Ended] => false,
        [.., unit, Ended] => is_unit(unit),
        _ => false,
    }
}

/// The words that name the event of a case whose amount begins behind `start`; `None` for what is no case.
pub fn event_label(p: Phrase, start: usize) -> Option<Range<usize>> {
    let first = p.words[..start].iter().take_while(|w| matches!(w, Lead | Hope | From)).count();
    match p.words[start..] {
        [From, ..] => {
            let j = since(p, start)?;
            let ends = |i: &usize| matches!(p.words[*i], Ended | After | Before | SinceDay | Begin);
            let holds_date = (start + 1..j).any(|i| !ends(&i) && starts(p, i));
            (!holds_date).then_some(start + 1..j)
        }
        [SinceDay | Begin | After | Before, ..] | [AtLeast, Num(_), ..] => Some(first..start),
        [Ended, ..] => Some(first..start + 1),
        [Ahead, ..] => Some(start..start),
        // 答辩日期55天以前, 开庭三日前
        [Num(_), length, Before, ..] if is_length(length) && start > 0 => {
            let known = matches!(p.words[start - 1], Event | Ended);
            let before = p.words[start - 1];
            let free = !matches!(before, Lead | Hope | Limit | Comma | How | Named(_)) || before == Named(Name::Label);
            (known || free && matches!(length, Days | Workday | Months | Week)).then_some(first..start)
        }
        _ => None,
    }
}

/// Whether the word at `i` is a time, where the name of an event is expected.
pub fn is_time(p: Phrase, i: usize) -> bool {
    use Name::*;
    let is_after_number = i > 0 && matches!(p.words[i - 1], Num(_) | Nth(_));
    match p.words[i] {
        Half | Quarter | FirstHalf | SecondHalf | NextYear | NextQuarter | NextMonth | Ten(_) | DayOff | SomeOff => {
            true
        }
        Named(TenDays | Daily | HalfMonth | Current | Feast | Lunar | Relative | PartOf) => true,
        Year | Month | Week => {
            !is_after_number && matches!(p.words.get(i + 1), None | Some(Ended | SinceDay | Begin | After | Before))
        }
        _ => false,
    }
}

/// `每年`, `每两年`: a rhythm that no day was given for yet.
pub fn is_rhythm(core: Phrase) -> bool {
    let p = core.from(usize::from(core.words.first() == Some(&AtLeast)));
    matches!(
        p.words,
        [Every, Year | Half | Quarter | Month | Months | Week | Odd | Even]
            | [Every, Num(_), Year | Half | Quarter | Month | Months | Week | Quarters]
            | [Every, Year | Half | Quarter | Month | Months | Week, AtLeast]
            | [Every, Num(_), Year | Half | Quarter | Month | Months | Week | Quarters, AtLeast]
            | [From, Num(_), Year, Begin, Every, Year]
            | [Num(_), Year, Begin, Every, Year]
            | [Num(1), Year | Half | Quarters | Months | Week]
            | [Quarter | Month | Year, AtLeast]
            | [Odd | Even | Half]
    )
}

pub fn is_dated(core: Phrase) -> bool {
    core.words.iter().any(|w| matches!(w, Day | Days | Workday | End | Iso(..) | MonthDay(..) | Weekday(_) | Ten(_)))
}
