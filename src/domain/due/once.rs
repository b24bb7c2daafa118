//! A single date in Chinese, with the year as written or the plan's year.

use std::ops::Range;

use jiff::civil::{Date, Weekday};

use super::{
    Refusal,
    days::{list, not_understood},
    dictionary::Word,
    lexer::Phrase,
    refusal::{SOME_YEAR, refuse, refuse_with},
    rule::{At, DayOf, Rule, Unit, weekday_zh},
    sentence::Aside,
};

use Word::*;

/// The years that a date may name.
pub const YEARS: std::ops::RangeInclusive<u32> = 2000..=2199;

/// `2026年9月30日`, `2026年9月底`, `2026年底`.
pub fn once(p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    let [Num(y), Year, ..] = p.words else { return Err(not_understood(p)) };
    let year = checked_year(*y, p.sub(0..2).place())?;
    // The end of a window may name its year again.
    let again = (2..p.words.len()).find(|i| matches!(p.words[*i..], [To | Dash, Num(_), Year, ..]));
    if let Some(i) = again {
        let start = once(p.sub(0..i).without_begin(), aside)?;
        let end = once(p.from(i + 1), aside)?;
        aside.passed.push(p.sub(0..i + 1).place());
        return in_order(start, end, p.place());
    }
    match p.words {
        [_, _, Num(m @ 1..=12), Month] => refuse_with(
            p.place(),
            format!("只写了{m}月，没有写哪一天：是月底前，还是{m}月1日前"),
            vec![format!("{year}年{m}月底前"), format!("{year}年{m}月1日前")],
        ),
        [_, _, FirstHalf] => refuse_with(p.place(), "没有写哪一天", vec![format!("{year}年6月底前")]),
        [_, _, SecondHalf] => refuse_with(p.place(), "没有写哪一天", vec![format!("{year}年12月底前")]),
        [_, _, Nth(n @ 1..=4), Quarter] => {
            refuse_with(p.place(), "没有写哪一天", vec![format!("{year}年{}月底前", n * 3)])
        }
        _ => once_in(year, p.from(2), aside).map_err(|mut refusal| {
            for form in &mut refusal.instead {
                *form = form.replacen("每年", &format!("{year}年"), 1);
            }
            refusal
        }),
    }
}

fn once_in(year: i16, p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    let at = list(Unit::Year, p, aside)?;
    crosses_no_year(year, p, &at)?;
    let month = |m: u8| i8::try_from(m).unwrap_or(1);
    match at.as_slice() {
        [At { month: m, day: DayOf::Day(d) }] => {
            let y = u32::try_from(year).unwrap_or_default();
            Ok(Rule::Once(date(y, u32::from(*m), u32::from(*d), p.place())?))
        }
        [At { month: m, day: DayOf::Last }] => match Date::new(year, month(*m), 1) {
            Ok(first) => Ok(Rule::Once(first.last_of_month())),
            Err(_) => Err(not_understood(p)),
        },
        [At { month: m, .. }] => refuse_with(
            p.place(),
            "只办一次的请直接写日期，不写第几个工作日或星期几",
            vec![format!("{year}年{m}月25日前"), format!("{year}年{m}月底前")],
        ),
        _ => refuse_with(
            p.place(),
            "只办一次的只能写一个日期：请每个日期写一个事项",
            at.iter().map(|a| format!("{year}年{}前", zh(a))).collect(),
        ),
    }
}

/// Refuses `12月1日至1月31日`: it ends in the next year, and that year must be written.
fn crosses_no_year(year: i16, p: Phrase, end: &[At]) -> Result<(), Refusal> {
    let to = p.words.iter().position(|w| matches!(w, To | Dash));
    let start = to.map(|i| list(Unit::Year, p.sub(0..i).without_begin(), &mut Aside::default())).transpose();
    let backwards = matches!(&start, Ok(Some(start)) if start.first() > end.first());
    if !backwards && !p.words.contains(&NextYear) {
        return Ok(());
    }
    let next = (year + 1).min(2199);
    let instead = end.iter().take(1).map(|a| format!("{next}年{}前", zh(a))).collect();
    refuse_with(p.place(), "跨了年：请写明哪一年", instead)
}

pub fn window_once(p: Phrase, aside: &mut Aside) -> Result<Rule, Refusal> {
    let [Iso(y, m, d), _, Iso(y2, m2, d2)] = p.words else { return Err(not_understood(p)) };
    let start = Rule::Once(date(*y, *m, *d, p.sub(0..1).place())?);
    let end = Rule::Once(date(*y2, *m2, *d2, p.from(2).place())?);
    aside.passed.push(p.sub(0..2).place());
    in_order(start, end, p.place())
}

fn in_order(start: Rule, end: Rule, place: Range<usize>) -> Result<Rule, Refusal> {
    match (&start, &end) {
        (Rule::Once(a), Rule::Once(b)) if a > b => refuse(place, "起止日期写反了", &["2026年3月1日至2026年3月31日"]),
        _ => Ok(end),
    }
}

/// A date without a year: once, in the plan's year. If the plan has no year, every year may be meant.
pub fn this_year(p: Phrase, year: Option<i16>, aside: &mut Aside) -> Result<Rule, Refusal> {
    if let Some(year) = year {
        let year = checked_year(u32::try_from(year).unwrap_or_default(), p.place())?;
        return once_in(year, p, aside);
    }
    let at = list(Unit::Year, p, aside)?;
    let mut instead = vec![format!("每年{}前", zh_list(&at))];
    if let [At { day: DayOf::Day(_) | DayOf::Last, .. }] = at.as_slice() {
        instead.push(format!("{SOME_YEAR}年{}前", zh_list(&at)));
    }
    refuse_with(p.place(), "没有写年份，分不清是每年都办，还是只办一次（只办一次的请写上年份）", instead)
}

pub fn checked_year(y: u32, place: Range<usize>) -> Result<i16, Refusal> {
    match i16::try_from(y) {
        Ok(year) if YEARS.contains(&y) => Ok(year),
        _ if y < 100 => {
            refuse_with(place, "年份请写四位数", vec![format!("20{y:02}年9月30日前"), "每年9月30日前".to_owned()])
        }
        _ => refuse(place, "年份应在2000到2199之间", &["2026年9月30日前"]),
    }
}

/// Refuses a date that does not exist.
pub fn date(y: u32, m: u32, d: u32, place: Range<usize>) -> Result<Date, Refusal> {
    let year = checked_year(y, place.clone())?;
    let small = |n: u32| i8::try_from(n).ok();
    let found = small(m).zip(small(d)).and_then(|(m, d)| Date::new(year, m, d).ok());
    match (found, m) {
        (Some(date), _) => Ok(date),
        (None, 1..=12) => refuse_with(place, format!("{year}年{m}月没有{d}日"), vec![format!("{year}年{m}月底前")]),
        (None, _) => refuse_with(place, format!("没有{m}月"), vec![format!("{year}年12月31日前")]),
    }
}

pub fn zh_list(at: &[At]) -> String {
    at.iter().map(zh).collect::<Vec<_>>().join("、")
}

fn zh(at: &At) -> String {
    let m = at.month;
    let nth = |n: i8| match n {
        -1 => "最后一个".to_owned(),
        1.. => format!("第{n}个"),
        _ => format!("倒数第{}个", n.unsigned_abs()),
    };
    match at.day {
        DayOf::Day(d) => format!("{m}月{d}日"),
        DayOf::Last => format!("{m}月底"),
        DayOf::Workday(n) => format!("{m}月{}工作日", nth(n)),
        DayOf::Weekday(n, day) => {
            let day = Weekday::from_monday_zero_offset(day).map_or("周一", weekday_zh);
            format!("{m}月{}{day}", nth(n))
        }
    }
}
