//! A single date in Chinese, with the year as written or the plan's year.

use std::ops::Range;

use jiff::civil::{Date, Weekday};

use super::{
    days::{list, not_understood},
    lexer::Phrase,
    reading::Clause,
    refusal::{Form, No, refuse, refuse_with},
    rule::{At, Cycle, DayOf, Rule, Unit, YEARS},
    word::Word,
};

use Word::*;

/// `2026年9月30日`, `2026年9月底`, `2026年底`.
pub fn once(p: Phrase, aside: &mut Clause) -> Result<Rule, No> {
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
    once_in(year, p.from(2), aside).map_err(|no| instead_of_every(no, &format!("{year}年")))
}

/// What is offered is once too.
fn instead_of_every(mut no: No, year: &str) -> No {
    for form in &mut no.forms {
        if let Form::Put(form) = form {
            *form = form.replacen("每年", year, 1);
        }
    }
    no
}

pub fn once_in(year: i16, p: Phrase, aside: &mut Clause) -> Result<Rule, No> {
    let at = list(Unit::Year, p, aside)?;
    let year = year_of_end(year, p, &at)?;
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
        [At { month: m, day: DayOf::Weekday(n, day) }]
            if let (Ok(first), Ok(day)) = (Date::new(year, month(*m), 1), Weekday::from_monday_zero_offset(*day))
                && let Ok(date) = first.nth_weekday_of_month(*n, day) =>
        {
            Ok(Rule::Once(date))
        }
        days => {
            for At { month: m, day } in days {
                if let (DayOf::Day(d), Ok(y)) = (day, u32::try_from(year)) {
                    date(y, u32::from(*m), u32::from(*d), p.place())?;
                }
            }
            Ok(Rule::cyclic(Cycle::OneYear(year), at))
        }
    }
}

/// The year of the last day: 次年 in a window is the next one. Refuses `12月1日至1月31日`, which does not say it.
fn year_of_end(year: i16, p: Phrase, end: &[At]) -> Result<i16, No> {
    let to = p.words.iter().position(|w| matches!(w, To | Dash));
    if let Some(i) = to
        && p.words.get(i + 1) == Some(&NextYear)
    {
        return checked_year(u32::try_from(year + 1).unwrap_or_default(), p.place());
    }
    let start = to.map(|i| list(Unit::Year, p.sub(0..i).without_begin(), &mut Clause::default())).transpose();
    let backwards = matches!(&start, Ok(Some(start)) if start.first().map(|a| a.month) > end.first().map(|a| a.month));
    if backwards || p.words.contains(&NextYear) {
        return refuse(p.place(), "跨了年：请写明哪一年", &[]);
    }
    Ok(year)
}

pub fn window_once(p: Phrase, aside: &mut Clause) -> Result<Rule, No> {
    let [Iso(y, m, d), _, Iso(y2, m2, d2)] = p.words else { return Err(not_understood(p)) };
    let start = Rule::Once(date(*y, *m, *d, p.sub(0..1).place())?);
    let end = Rule::Once(date(*y2, *m2, *d2, p.from(2).place())?);
    aside.passed.push(p.sub(0..2).place());
    in_order(start, end, p.place())
}

fn in_order(start: Rule, end: Rule, place: Range<usize>) -> Result<Rule, No> {
    match (&start, &end) {
        (Rule::Once(a), Rule::Once(b)) if a > b => refuse(place, "起止日期写反了", &[]),
        _ => Ok(end),
    }
}

/// A date without a year: once, in the plan's year. If the plan has no year, every year may be meant.
pub fn this_year(p: Phrase, year: Option<i16>, aside: &mut Clause) -> Result<Rule, No> {
    if let Some(year) = year {
        let year = checked_year(u32::try_from(year).unwrap_or_default(), p.place())?;
        return once_in(year, p, aside).map_err(|no| instead_of_every(no, ""));
    }
    // 一月一报 is no date: nothing is offered for it.
    let at = list(Unit::Year, p, aside)
        .map_err(|no| if no.what.contains("少了") { No { forms: Vec::new(), ..no } } else { no })?;
    if is_quarterly(p, aside) {
        return Ok(Rule::cyclic(Cycle::YEARLY, at));
    }
    let what = "没有写年份，分不清是每年都办，还是只办一次（只办一次的请写上年份）";
    Err(No { at: p.place(), what: what.to_owned(), forms: vec![Form::Every(p.place())] })
}

/// Four months with one day, three apart, are every quarter's; each with a day of its own may be of one year.
fn is_quarterly(p: Phrase, aside: &Clause) -> bool {
    if p.words.iter().filter(|w| matches!(w, Day | End | Ten(_))).count() > 1 {
        return false;
    }
    let mut apart = Clause { before: aside.before, ..Clause::default() };
    list(Unit::Year, p, &mut apart)
        .is_ok_and(|at| matches!(Rule::cyclic(Cycle::YEARLY, at), Rule::Cyclic { cycle: Cycle::Quarters, .. }))
}

pub fn checked_year(y: u32, place: Range<usize>) -> Result<i16, No> {
    match i16::try_from(y) {
        Ok(year) if YEARS.contains(&y) => Ok(year),
        _ if y < 100 => refuse(place, "年份请写四位数", &[]),
        _ => refuse(place, "年份应在2000到2199之间", &[]),
    }
}

/// Refuses a date that does not exist.
pub fn date(y: u32, m: u32, d: u32, place: Range<usize>) -> Result<Date, No> {
    let year = checked_year(y, place.clone())?;
    let small = |n: u32| i8::try_from(n).ok();
    let found = small(m).zip(small(d)).and_then(|(m, d)| Date::new(year, m, d).ok());
    match (found, m) {
        (Some(date), _) => Ok(date),
        (None, 1..=12) => refuse_with(place, format!("{year}年{m}月没有{d}日"), vec![format!("{year}年{m}月底前")]),
        (None, _) => refuse(place, format!("没有{m}月"), &[]),
    }
}
