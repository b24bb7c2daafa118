//! The days of a period, as Chinese writes them: `7月10日、12月20日`, `末月20日`, `最后一个工作日`.

use std::ops::Range;

use super::{
    Refusal,
    dictionary::Word,
    lexer::Phrase,
    refusal::{refuse, refuse_with},
    rule::{At, DayOf, Unit},
    sentence::Aside,
};

use Word::*;

/// One item of a list. What it leaves out is taken from the items beside it.
enum Item {
    Whole(At),
    /// `1月` of `1月、7月15日`
    Month(u8),
    /// `4` of `4、14、24日`, `3月1` of `3月1、15日`
    Day(u8, u8),
}

/// The dates of a list; a repeated date is refused. For `Unit::Month`, `At::month` is 1.
pub fn list(unit: Unit, phrase: Phrase, aside: &mut Aside) -> Result<Vec<At>, Refusal> {
    let mut found: Vec<At> = Vec::new();
    // Incomplete items, with their places, until a later item completes them.
    let mut open: Vec<(Item, Range<usize>)> = Vec::new();
    let mut month = (unit == Unit::Month).then_some(1);
    for part in phrase.split(|w| *w == Comma) {
        let part = part.trim();
        if part.words.is_empty() {
            continue;
        }
        let item = window(unit, month, part, aside)?;
        let Item::Whole(at) = item else {
            if let Item::Day(m, _) = item {
                month = Some(m);
            }
            open.push((item, part.place()));
            continue;
        };
        for (item, place) in open.drain(..) {
            match (item, at.day) {
                (Item::Month(m), _) => found.push(checked(unit, m, at.day, place)?),
                (Item::Day(m, d), DayOf::Day(_)) => found.push(checked(unit, m, DayOf::Day(d), place)?),
                _ => return no_day(unit, place),
            }
        }
        month = Some(at.month);
        found.push(at);
    }
    if let Some((item, place)) = open.pop() {
        return match item {
            Item::Month(m) if unit == Unit::Year => refuse_with(
                place,
                format!("只写了{m}月，没有写哪一天：是月底前，还是{m}月1日前"),
                vec![format!("每年{m}月底前"), format!("每年{m}月1日前")],
            ),
            Item::Day(m, d) if unit == Unit::Year => {
                refuse_with(place, format!("{d}后面少了“日”"), vec![format!("每年{m}月{d}日前")])
            }
            Item::Day(_, d) => refuse_with(place, format!("{d}后面少了“日”"), vec![format!("每月{d}日")]),
            _ => no_day(unit, place),
        };
    }
    if found.is_empty() {
        return no_day(unit, phrase.place());
    }
    distinct(&found, phrase.place())?;
    Ok(found)
}

fn no_day<T>(unit: Unit, place: Range<usize>) -> Result<T, Refusal> {
    let instead: &[&str] = match unit {
        Unit::Year => &["每年12月31日前", "每年3月底前", "每年至少1次"],
        Unit::HalfYear => &["每半年末月20日", "每半年末", "每半年至少1次"],
        Unit::Quarter => &["每季度末月20日", "每季度末", "每季度至少1次"],
        Unit::Month => &["每月25日", "每月底前", "每月至少1次"],
    };
    refuse(place, "没有写哪一天", instead)
}

fn distinct(found: &[At], place: Range<usize>) -> Result<(), Refusal> {
    for (i, at) in found.iter().enumerate() {
        let same_month = || found.iter().enumerate().filter(|(k, b)| *k != i && b.month == at.month);
        if found[..i].contains(at) {
            return refuse(place, "同一个日期写了两次", &["每月4日、14日、24日"]);
        }
        // The period's label would be the date, which changes with the holidays.
        if matches!(at.day, DayOf::Workday(_)) && same_month().next().is_some() {
            let what = "同一个月里有几个日期，又有按工作日数的：请分成几个事项来写";
            return refuse(place, what, &["每月第3个工作日", "每月最后一个工作日"]);
        }
    }
    Ok(())
}

/// `3月1日至3月31日` is due on its last day. The start must be a date too, and is then passed over.
fn window(unit: Unit, month: Option<u8>, part: Phrase, aside: &mut Aside) -> Result<Item, Refusal> {
    let Some(to) = part.words.iter().position(|w| matches!(w, To | Dash)) else {
        return item(unit, month, part, aside);
    };
    let start = part.sub(0..to).without_begin();
    let end = part.from(to + 1).trim();
    let (first_month, first) = match item(unit, month, start, aside)? {
        Item::Whole(at) => (at.month, at.day),
        Item::Day(m, d) => (m, DayOf::Day(d)),
        Item::Month(_) => {
            return refuse(
                part.place(),
                "起止日期没有写全，请写到哪一天为止",
                &["每年3月1日至3月31日", "每年3月31日前"],
            );
        }
    };
    let end = item(unit, Some(first_month), end, aside)?;
    if let (Item::Whole(At { month, day: DayOf::Day(last) }), DayOf::Day(first)) = (&end, first)
        && *month == first_month
        && *last < first
    {
        return refuse(part.place(), "起止日期写反了", &["每年3月1日至3月31日"]);
    }
    aside.passed.push(part.sub(0..to + 1).place());
    Ok(end)
}

/// One date. `month` is the one written before it in the list.
fn item(unit: Unit, month: Option<u8>, p: Phrase, aside: &mut Aside) -> Result<Item, Refusal> {
    let place = p.place();
    let whole = |m: u8, day: DayOf| checked(unit, m, day, place.clone()).map(Item::Whole);
    let last_month = unit.months();
    match (unit, p.words) {
        (Unit::Year, [NextYear | From, ..]) => item(unit, month, p.from(1), aside),
        (Unit::Year, [FirstHalf]) => refuse(place, "没有写哪一天", &["每年6月底前", "每年6月20日前"]),
        (Unit::Year, [SecondHalf]) => refuse(place, "没有写哪一天", &["每年12月底前", "每年12月20日前"]),
        (Unit::Year, [Nth(n @ 1..=4), Quarter]) => {
            refuse_with(place, "没有写哪一天", vec![format!("每年{}月底前", n * 3), format!("每年{}月20日前", n * 3)])
        }
        (Unit::Year, [half @ (FirstHalf | SecondHalf), ..]) => {
            let found = item(unit, month, p.from(1), aside)?;
            match &found {
                Item::Whole(at) if (at.month <= 6) == (*half == FirstHalf) => Ok(found),
                _ => refuse(
                    place,
                    "半年和月份对不上，或没有写明哪一天",
                    &["每年6月底前", "每年12月底前", "每年6月20日、12月20日"],
                ),
            }
        }
        (Unit::Year, [Num(m), Month]) => Ok(Item::Month(month_number(*m, place)?)),
        (Unit::Year, [Num(m), Month, Num(d)]) => {
            let m = month_number(*m, place.clone())?;
            Ok(Item::Day(m, day_number(*d, place)?))
        }
        (Unit::Year, [Num(m), Month, ..]) => whole(month_number(*m, place.clone())?, day_of(unit, p.from(2), aside)?),
        (Unit::Year, [Num(n @ 1..=4), Quarter, End]) => whole(u8::try_from(n * 3).unwrap_or(12), DayOf::Last),
        (Unit::Year, [Nth(n @ 1..=4), Quarter, End]) => whole(u8::try_from(n * 3).unwrap_or(12), DayOf::Last),
        (Unit::Year, [Year, End] | [End]) => whole(12, DayOf::Day(31)),
        (Unit::HalfYear, [Half, End] | [End]) | (Unit::Quarter, [Quarter, End] | [End]) => {
            whole(last_month, DayOf::Last)
        }
        (Unit::Month, [Month, End]) => whole(1, DayOf::Last),
        (Unit::HalfYear | Unit::Quarter, [Nth(n), Month | Months, ..]) => {
            let months = i32::from(last_month);
            let m = if *n < 0 { months + 1 + n } else { *n };
            match u8::try_from(m) {
                Ok(m) if (1..=last_month).contains(&m) && p.words.len() > 2 => {
                    whole(m, day_of(unit, p.from(2), aside)?)
                }
                Ok(m) if (1..=last_month).contains(&m) => no_day(unit, place),
                _ => refuse(place, format!("没有这个月：这里只有{months}个月"), &["每季度末月20日", "每半年末月20日"]),
            }
        }
        (Unit::Month, [Num(d)]) => Ok(Item::Day(1, day_number(*d, place)?)),
        (Unit::Year, [Num(d)]) if month.is_some() => Ok(Item::Day(month.unwrap_or(1), day_number(*d, place)?)),
        (Unit::Month, _) => whole(1, day_of(unit, p, aside)?),
        (Unit::Year | Unit::Quarter | Unit::HalfYear, [Num(_), Day, ..]) if month.is_some() => {
            whole(month.unwrap_or(1), day_of(unit, p, aside)?)
        }
        // The last working day of a year is in its last month, the third in its first.
        (_, [Nth(n), Workday]) if *n > 0 => whole(1, workday(*n, place.clone())?),
        (_, [Nth(-1), Day | Days]) | (_, [Nth(_), Workday]) => whole(last_month, day_of(unit, p, aside)?),
        (Unit::Quarter, [Num(d), Day]) => refuse_with(
            place,
            format!("没有写是季度的哪个月的{d}日"),
            vec![format!("每季度末月{d}日"), format!("每季度首月{d}日前"), format!("每季度第二个月{d}日")],
        ),
        (Unit::HalfYear, [Num(d), Day]) => refuse_with(
            place,
            format!("没有写是半年的哪个月的{d}日"),
            vec![format!("每半年末月{d}日"), format!("每半年首月{d}日")],
        ),
        (Unit::Year, [MonthDay(m, d) | Pair(m, d)]) => refuse_with(
            place,
            "日期请写成几月几日",
            if (1..=12).contains(m) && (1..=28).contains(d) {
                vec![format!("每年{m}月{d}日前"), format!("yearly {m:02}-{d:02}")]
            } else {
                vec!["每年1月31日前".into(), "yearly 01-31".into()]
            },
        ),
        _ => Err(not_a_day(p)),
    }
}

/// A day of a month.
fn day_of(unit: Unit, p: Phrase, aside: &mut Aside) -> Result<DayOf, Refusal> {
    let place = p.place();
    match p.words {
        [Num(d), Day] => Ok(DayOf::Day(day_number(*d, place)?)),
        // 每月前5日 is in the month; 每年3月前5日 may be before it.
        [Before, Num(d), Day | Days] if unit == Unit::Month => Ok(DayOf::Day(day_number(*d, place)?)),
        [End] | [Month, End] | [Nth(-1), Day | Days] | [Ten(31)] => Ok(DayOf::Last),
        [Ten(d)] => Ok(DayOf::Day(*d)),
        [Nth(n), Workday] => workday(*n, place),
        [Before, Num(n), Workday] if unit == Unit::Month => workday(i32::try_from(*n).unwrap_or(i32::MAX), place),
        [Nth(n), Weekday(day)] => weekday(*n, *day, place),
        [Nth(_), Week, ..] => {
            refuse(place, "“第几周”各人算法不一：请写成第几个星期几", &["每月第2个周五", "每月最后一个周五"])
        }
        [Num(_), Day, Weekday(day)] => {
            aside.weekdays.push((*day, p.from(2).place()));
            day_of(unit, p.sub(0..2), aside)
        }
        _ => Err(not_a_day(p)),
    }
}

/// Names a missing number; for anything else the nearest forms are suggested.
fn not_a_day(p: Phrase) -> Refusal {
    let missing = p.words.iter().enumerate().find(|(i, w)| {
        let before = i.checked_sub(1).and_then(|i| p.words.get(i));
        let counted = matches!(before, Some(Num(_) | Nth(_)));
        matches!(w, Day | Days | Workday | Month) && !counted
    });
    match missing {
        Some((i, _)) if !p.words.contains(&Unknown) => Refusal {
            at: p.sub(i..i + 1).place(),
            what: "这里少了数字".to_owned(),
            instead: vec!["每年1月31日前".into(), "每月25日".into(), "每月第3个工作日".into()],
        },
        _ => not_understood(p),
    }
}

/// No form matches. The caller adds the nearest ones.
pub fn not_understood(p: Phrase) -> Refusal {
    let unknown = p.words.iter().position(|w| *w == Unknown);
    let at = unknown.map_or(p.place(), |i| p.places[i].clone());
    let what = if unknown.is_some() { "这几个字看不懂" } else { "这样写不能确定日期" };
    Refusal { at, what: what.to_owned(), instead: Vec::new() }
}

fn month_number(m: u32, place: Range<usize>) -> Result<u8, Refusal> {
    match u8::try_from(m) {
        Ok(m @ 1..=12) => Ok(m),
        _ => refuse(place, format!("没有{m}月"), &["每年12月31日前", "每年1月31日前"]),
    }
}

fn day_number(d: u32, place: Range<usize>) -> Result<u8, Refusal> {
    match u8::try_from(d) {
        Ok(d @ 1..=31) => Ok(d),
        _ => refuse(place, format!("没有{d}日"), &["每月底前", "每年12月31日前"]),
    }
}

/// Refuses a day that the month never has; 2 月 29 日 is allowed.
pub fn checked(unit: Unit, month: u8, day: DayOf, place: Range<usize>) -> Result<At, Refusal> {
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
pub fn workday(n: i32, place: Range<usize>) -> Result<DayOf, Refusal> {
    match i8::try_from(n) {
        Ok(n @ (-15..=-1 | 1..=15)) => Ok(DayOf::Workday(n)),
        _ => refuse(
            place,
            format!("不是每个月都有{}个工作日（放长假的月份只有十五六个）", n.unsigned_abs()),
            &["每月最后一个工作日", "每月倒数第3个工作日", "每月第15个工作日"],
        ),
    }
}

pub fn weekday(n: i32, day: jiff::civil::Weekday, place: Range<usize>) -> Result<DayOf, Refusal> {
    match i8::try_from(n) {
        Ok(n @ (-4..=-1 | 1..=4)) => Ok(DayOf::Weekday(n, day.to_monday_zero_offset())),
        _ => refuse(
            place,
            format!("不是每个月都有{}个{}", n.unsigned_abs(), super::rule::weekday_zh(day)),
            &["每月第4个周五", "每月最后一个周五"],
        ),
    }
}
