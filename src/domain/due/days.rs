//! The days of a period, as Chinese writes them: `7月10日、12月20日`, `末月20日`, `最后一个工作日`.

use std::ops::Range;

use super::{
    lexer::Phrase,
    reading::Clause,
    refusal::{NO_DAY, No, UNKNOWN, refuse, refuse_with},
    rule::{At, DayOf, Unit},
    word::Word,
};

use Word::*;

/// One item of a list. What it leaves out is taken from the items beside it.
enum Item {
    Whole(At),
    /// `1月` of `1月、7月15日`
    Month(u8),
    /// `4` of `4、14、24日`, `3月1` of `3月1、15日`
    Day(u8, u8),
    /// `一` of `一、三季度末`
    Number(u32),
}

/// The dates of a list; a repeated date is refused. For `Unit::Month`, `At::month` is 1.
pub fn list(unit: Unit, phrase: Phrase, aside: &mut Clause) -> Result<Vec<At>, No> {
    let mut found: Vec<At> = Vec::new();
    // Incomplete items, with their places, until a later item completes them.
    let mut open: Vec<(Item, Range<usize>)> = Vec::new();
    let mut month = (unit == Unit::Month).then_some(1);
    let parts = phrase.split(|w| *w == Comma);
    let several = parts.len() > 1;
    for part in parts {
        let part = part.trim();
        if part.words.is_empty() {
            continue;
        }
        let item = match part.words {
            // 1月、4月前15日: their first days. 3月前15日 alone may be the days before March.
            [Num(m), Month, Before, Num(d), Day | Days] if several && unit == Unit::Year => {
                let day = DayOf::Day(day_number(*d, part.place())?);
                Item::Whole(checked(unit, month_number(*m, part.place())?, day, part.place())?)
            }
            _ => window(unit, month, part, aside)?,
        };
        // 5、6月底前, but not 3、6、9、12月底前
        if let ([Num(m), Month, ..], Some((Item::Number(before), place))) = (part.words, open.last())
            && before + 1 == *m
        {
            let place = place.start..part.place().end;
            return refuse(place, "分不清是每个月各一次，还是到最后一个月为止", &[]);
        }
        let Item::Whole(at) = item else {
            match item {
                Item::Day(m, _) => month = Some(m),
                Item::Month(_) => {
                    for (item, place) in &mut open {
                        if let Item::Number(m) = item {
                            *item = Item::Month(month_number(*m, place.clone())?);
                        }
                    }
                }
                _ => {}
            }
            open.push((item, part.place()));
            continue;
        };
        for (item, place) in open.drain(..) {
            match (item, at.day) {
                // 六月和年底: each its own end.
                (Item::Month(m), _) if matches!(part.words, [.., Year, End]) => {
                    found.push(At { month: m, day: DayOf::Last });
                }
                (Item::Month(m), _) => found.push(checked(unit, m, at.day, place)?),
                (Item::Day(m, d), DayOf::Day(_)) => found.push(checked(unit, m, DayOf::Day(d), place)?),
                // 4、7、10月及次年1月10日前
                (Item::Number(m), _) if matches!(part.words, [Num(_), Month, ..] | [NextYear, Num(_), Month, ..]) => {
                    found.push(checked(unit, month_number(m, place.clone())?, at.day, place)?);
                }
                (Item::Number(n @ 1..=4), _) if matches!(part.words, [Num(_) | Nth(_), Quarter, ..]) => {
                    found.push(At { month: u8::try_from(n * 3).unwrap_or(12), day: DayOf::Last });
                }
                _ => return no_day(place),
            }
        }
        month = Some(at.month);
        found.push(at);
    }
    // Months without a day: until their end, unless 前 may mean before they begin.
    let last = open.last().map(|(item, place)| (matches!(item, Item::Month(_)), place.clone()));
    match last {
        Some((true, place)) if aside.before => {
            let month = place.start..place.end;
            return Err(No {
                at: month, what: "分不清是这个月开始以前，还是月底前".to_owned(), forms: Vec::new()
            });
        }
        Some((true, _)) => {
            for (item, place) in open.drain(..) {
                let Item::Month(m) = item else { return no_day(place) };
                found.push(At { month: m, day: DayOf::Last });
            }
        }
        Some((false, place)) => {
            let Some((Item::Day(m, d), _)) = open.pop() else { return no_day(place) };
            let form = if unit == Unit::Year { format!("每年{m}月{d}日前") } else { format!("每月{d}日") };
            return refuse_with(place, format!("{d}后面少了“日”"), vec![form]);
        }
        None => {}
    }
    if found.is_empty() {
        return no_day(phrase.place());
    }
    distinct(&found, phrase.place())?;
    Ok(found)
}

/// Nothing is offered: whatever day that named would not be the writer's.
fn no_day<T>(place: Range<usize>) -> Result<T, No> {
    refuse(place, NO_DAY, &[])
}

fn distinct(found: &[At], place: Range<usize>) -> Result<(), No> {
    for (i, at) in found.iter().enumerate() {
        let same_month = || found.iter().enumerate().filter(|(k, b)| *k != i && b.month == at.month);
        if found[..i].contains(at) {
            return refuse(place, "同一个日期写了两次", &[]);
        }
        // The period's label would be the date, which changes with the holidays.
        if matches!(at.day, DayOf::Workday(_)) && same_month().next().is_some() {
            let what = "同一个月里有几个日期，又有按工作日数的：请分成几个事项来写";
            return refuse(place, what, &[]);
        }
    }
    Ok(())
}

/// `3月1日至3月31日` is due on its last day. The start must be a date too, and is then passed over.
fn window(unit: Unit, month: Option<u8>, part: Phrase, aside: &mut Clause) -> Result<Item, No> {
    let Some(to) = part.words.iter().position(|w| matches!(w, To | Dash)) else {
        return item(unit, month, part, aside);
    };
    let start = part.sub(0..to).without_begin();
    let end = part.from(to + 1).trim();
    // 3至5月
    let first = match (start.words, end.words) {
        ([Num(m)], [Num(_), Month]) if unit == Unit::Year => Item::Month(month_number(*m, start.place())?),
        ([Pair(m @ 1..=12, d)], [Pair(_, 13..)]) if unit == Unit::Year => {
            Item::Day(month_number(*m, start.place())?, day_number(*d, start.place())?)
        }
        _ => item(unit, month, start, aside)?,
    };
    let (first_month, first) = match first {
        Item::Whole(at) => (at.month, at.day),
        Item::Day(m, d) => (m, DayOf::Day(d)),
        Item::Month(m) => (m, DayOf::Day(1)),
        Item::Number(_) => return no_day(part.place()),
    };
    let end = match item(unit, Some(first_month), end, aside)? {
        Item::Month(_) if aside.before => {
            return refuse(part.place(), "分不清是最后一个月开始以前，还是月底前", &[]);
        }
        Item::Month(m) => Item::Whole(At { month: m, day: DayOf::Last }),
        end => end,
    };
    if let (Item::Whole(At { month, day: DayOf::Day(last) }), DayOf::Day(first)) = (&end, first)
        && *month == first_month
        && *last < first
    {
        return refuse(part.place(), "起止日期写反了", &[]);
    }
    aside.passed.push(part.sub(0..to + 1).place());
    Ok(end)
}

/// 季度末最后一个工作日: the end is said twice.
fn said_once(p: Phrase) -> Phrase {
    let named = usize::from(matches!(p.words.first(), Some(Year | Half | Quarter | Month)));
    match p.words[named.min(p.words.len())..] {
        [End, Nth(-1), Day | Days | Workday] => p.from(named + 1),
        _ => p,
    }
}

/// One date. `month` is the one written before it in the list.
fn item(unit: Unit, month: Option<u8>, p: Phrase, aside: &mut Clause) -> Result<Item, No> {
    let p = said_once(p);
    let place = p.place();
    let whole = |m: u8, day: DayOf| checked(unit, m, day, place.clone()).map(Item::Whole);
    let last_month = unit.months();
    match (unit, p.words) {
        (Unit::Year, [NextYear | From, ..]) => item(unit, month, p.from(1), aside),
        // Within them: until their last day. 前 may mean before they begin.
        (Unit::Year, [FirstHalf | SecondHalf] | [Nth(_) | Num(_), Quarter]) if aside.before => {
            refuse(place, "分不清是它开始以前，还是它结束以前", &[])
        }
        (Unit::Year, [FirstHalf]) => whole(6, DayOf::Last),
        (Unit::Year, [SecondHalf]) => whole(12, DayOf::Day(31)),
        (Unit::Year, [Num(n @ 1..=12)]) if month.is_none() => Ok(Item::Number(*n)),
        (Unit::Year, [Nth(n @ 1..=4)]) if month.is_none() => Ok(Item::Number(n.unsigned_abs())),
        (Unit::Year, [FirstHalf, End | Ended]) => whole(6, DayOf::Last),
        (Unit::Year, [SecondHalf, End | Ended]) => whole(12, DayOf::Day(31)),
        (Unit::Year, [nth, Quarter] | [nth, Quarter, End | Ended]) if let Some(q) = quarter(*nth) => {
            whole(q * 3, DayOf::Last)
        }
        // 三季度首月底: the first month of a quarter, which is the seventh of the year.
        (Unit::Year, [nth, Quarter, Nth(_), Month | Months, ..]) if let Some(q) = quarter(*nth) => {
            let of_year = |m: u8| q * 3 - 3 + m;
            match item(Unit::Quarter, None, p.from(2), aside)? {
                Item::Whole(at) => whole(of_year(at.month), at.day),
                Item::Month(m) => Ok(Item::Month(of_year(m))),
                Item::Day(m, d) => Ok(Item::Day(of_year(m), d)),
                Item::Number(_) => no_day(place),
            }
        }
        (Unit::Year, [Nth(n @ 5..), Quarter, ..]) => refuse(place, format!("没有第{n}季度"), &[]),
        (Unit::Year, [half @ (FirstHalf | SecondHalf), ..]) => {
            let found = item(unit, month, p.from(1), aside)?;
            match &found {
                Item::Whole(at) if (at.month <= 6) == (*half == FirstHalf) => Ok(found),
                Item::Month(m) if (*m <= 6) == (*half == FirstHalf) => Ok(found),
                _ => refuse(place, "半年和月份对不上，或没有写明哪一天", &[]),
            }
        }
        (Unit::Year, [Num(m), Month]) => Ok(Item::Month(month_number(*m, place)?)),
        (Unit::Year, [Num(m), Month, Num(d)]) => {
            let m = month_number(*m, place.clone())?;
            Ok(Item::Day(m, day_number(*d, place)?))
        }
        (Unit::Year, [Num(m), Month, ..]) => whole(month_number(*m, place.clone())?, day_of(unit, p.from(2), aside)?),
        (Unit::Year, [Year, End] | [End]) => whole(12, DayOf::Day(31)),
        (Unit::HalfYear, [Half, End] | [End]) | (Unit::Quarter, [Quarter, End] | [End]) => {
            whole(last_month, DayOf::Last)
        }
        (Unit::Month, [Month, End]) => whole(1, DayOf::Last),
        (Unit::Year | Unit::HalfYear | Unit::Quarter, [Nth(n), Month | Months, ..]) => {
            let months = i32::from(last_month);
            let m = if *n < 0 { months + 1 + n } else { *n };
            match u8::try_from(m) {
                // 末月1-20日
                Ok(m) if let ([_, _, Num(d)], true) = (p.words, (1..=last_month).contains(&m)) => {
                    Ok(Item::Day(m, day_number(*d, place)?))
                }
                Ok(m) if (1..=last_month).contains(&m) && p.words.len() > 2 => {
                    whole(m, day_of(unit, p.from(2), aside)?)
                }
                Ok(m) if (1..=last_month).contains(&m) => Ok(Item::Month(m)),
                _ => refuse(place, format!("没有这个月：这里只有{months}个月"), &[]),
            }
        }
        (Unit::Month, [Num(d)]) => Ok(Item::Day(1, day_number(*d, place)?)),
        (Unit::Year, [Num(d)]) if month.is_some() => Ok(Item::Day(month.unwrap_or(1), day_number(*d, place)?)),
        // 每季度前15日内
        (Unit::Quarter | Unit::HalfYear, [Before, ..]) if aside.within => whole(1, day_of(Unit::Month, p, aside)?),
        (Unit::Month, _) => whole(1, day_of(unit, p, aside)?),
        (Unit::Year | Unit::Quarter | Unit::HalfYear, [Num(_), Day, ..]) if month.is_some() => {
            whole(month.unwrap_or(1), day_of(unit, p, aside)?)
        }
        // The last working day of a year is in its last month, the third in its first.
        (_, [Nth(n), Workday]) if *n > 0 => whole(1, workday(*n, place.clone())?),
        (Unit::HalfYear | Unit::Quarter, [Nth(n), Weekday(_)]) => {
            whole(if *n > 0 { 1 } else { last_month }, day_of(unit, p, aside)?)
        }
        (_, [Nth(-1), Day | Days]) | (_, [Nth(_), Workday]) => whole(last_month, day_of(unit, p, aside)?),
        (Unit::Quarter, [Num(d), Day]) => refuse_with(
            place,
            format!("没有写是季度的哪个月的{d}日"),
            vec![format!("每季度末月{d}日"), format!("每季度首月{d}日前")],
        ),
        (Unit::HalfYear, [Num(d), Day]) => refuse_with(
            place,
            format!("没有写是半年的哪个月的{d}日"),
            vec![format!("每半年末月{d}日"), format!("每半年首月{d}日")],
        ),
        (Unit::Year, [MonthDay(m @ 1..=12, d @ 13..) | Pair(m @ 1..=12, d @ 13..)]) => {
            whole(month_number(*m, place.clone())?, DayOf::Day(day_number(*d, place.clone())?))
        }
        (Unit::Year, [MonthDay(m, d) | Pair(m, d)]) => {
            refuse_with(place, "日期请写成几月几日", vec![format!("每年{m}月{d}日前")])
        }
        _ => Err(not_a_day(p)),
    }
}

/// 第三, or 三 before 季度.
fn quarter(word: Word) -> Option<u8> {
    match word {
        Nth(-1) => Some(4),
        Nth(n @ 1..=4) => u8::try_from(n).ok(),
        Num(n @ 1..=4) => u8::try_from(n).ok(),
        _ => None,
    }
}

/// A day of a month.
fn day_of(unit: Unit, p: Phrase, aside: &mut Clause) -> Result<DayOf, No> {
    let p = said_once(p);
    let place = p.place();
    match p.words {
        [Num(d), Day] => Ok(DayOf::Day(day_number(*d, place)?)),
        // 每月前5日 is in the month; 每年3月前5日 may be before it.
        [Before, Num(d), Day | Days] if unit != Unit::Year => Ok(DayOf::Day(day_number(*d, place)?)),
        [Nth(n @ 1..=31), Day | Days] => Ok(DayOf::Day(u8::try_from(*n).unwrap_or(31))),
        [End] | [Month, End] | [Nth(-1), Day | Days] | [Ten(31)] => Ok(DayOf::Last),
        [Ten(d)] => Ok(DayOf::Day(*d)),
        [Nth(n), Workday] => workday(*n, place),
        [Before, Num(n), Workday] if unit != Unit::Year => workday(i32::try_from(*n).unwrap_or(i32::MAX), place),
        [Nth(n), Weekday(day)] => weekday(*n, *day, place),
        [Nth(_), Week, ..] => refuse(place, "“第几周”各人算法不一：请写成第几个星期几", &[]),
        [Num(_), Day, Weekday(day)] => {
            aside.weekdays.push((*day, p.from(2).place()));
            day_of(unit, p.sub(0..2), aside)
        }
        _ => Err(not_a_day(p)),
    }
}

/// Names a missing number; for anything else the nearest forms are suggested.
fn not_a_day(p: Phrase) -> No {
    let missing = p.words.iter().enumerate().find(|(i, w)| {
        let before = i.checked_sub(1).and_then(|i| p.words.get(i));
        let is_counted =
            matches!(before, Some(Num(_) | Nth(_) | Times | Every)) || matches!(p.words[*i..], [Workday, Num(_), ..]);
        matches!(w, Day | Days | Workday | Month) && !is_counted
    });
    match missing {
        Some((i, _)) if !p.words.contains(&Unknown) => {
            No { at: p.sub(i..i + 1).place(), what: "这里少了数字".to_owned(), forms: Vec::new() }
        }
        _ => not_understood(p),
    }
}

/// No form matches. The caller adds the nearest ones.
pub fn not_understood(p: Phrase) -> No {
    let unknown = p.words.iter().position(|w| *w == Unknown);
    let at = unknown.map_or(p.place(), |i| p.places[i].clone());
    let what = if unknown.is_some() { UNKNOWN } else { "这样写不能确定日期" };
    No { at, what: what.to_owned(), forms: Vec::new() }
}

fn month_number(m: u32, place: Range<usize>) -> Result<u8, No> {
    match u8::try_from(m) {
        Ok(m @ 1..=12) => Ok(m),
        _ => refuse(place, format!("没有{m}月"), &[]),
    }
}

fn day_number(d: u32, place: Range<usize>) -> Result<u8, No> {
    match u8::try_from(d) {
        Ok(d @ 1..=31) => Ok(d),
        _ => refuse(place, format!("没有{d}日"), &[]),
    }
}

/// Refuses a day that the month never has; 2 月 29 日 is allowed.
pub fn checked(unit: Unit, month: u8, day: DayOf, place: Range<usize>) -> Result<At, No> {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    match day {
        DayOf::Day(d) if unit == Unit::Year && d > longest => {
            refuse_with(place, format!("{month}月没有{d}日"), vec![format!("每年{month}月底前")])
        }
        _ => Ok(At { month, day }),
    }
}

/// Limit 15: the fewest working days of a month with the longest holidays.
pub fn workday(n: i32, place: Range<usize>) -> Result<DayOf, No> {
    match i8::try_from(n) {
        Ok(n @ (-15..=-1 | 1..=15)) => Ok(DayOf::Workday(n)),
        _ => refuse(
            place,
            format!("不是每个月都有{}个工作日（放长假的月份只有十五六个）", n.unsigned_abs()),
            &["每月最后一个工作日"],
        ),
    }
}

pub fn weekday(n: i32, day: jiff::civil::Weekday, place: Range<usize>) -> Result<DayOf, No> {
    match i8::try_from(n) {
        Ok(n @ (-4..=-1 | 1..=4)) => Ok(DayOf::Weekday(n, day.to_monday_zero_offset())),
        _ => refuse(place, format!("不是每个月都有{}个{}", n.unsigned_abs(), super::rule::weekday_zh(day)), &[]),
    }
}
