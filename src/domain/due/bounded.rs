//! Dates of some months of every year, or of some years only: `4月至10月每月20日前`, `2026—2028年每年11月底前`.

use super::{
    days::{checked, list, not_understood},
    lexer::Phrase,
    once::checked_year,
    reading::Clause,
    recurrence::Recurrence,
    refusal::{Form, No, refuse},
    rule::{At, Cycle, DayOf, Rule, Unit, YEARS},
    word::Word,
};

use Word::*;

/// A window of years at the end of the words.
pub fn ends_with_years(words: &[Word]) -> bool {
    matches!(words, [.., Num(a), To | Dash, Num(b), Year] | [.., Num(a), Year, To | Dash, Num(b), Year]
        if a < b && YEARS.contains(a) && YEARS.contains(b))
}

/// `每年5月至10月，每月底前`: the words from `每月` on begin at `i`.
pub fn months(p: Phrase, i: usize, year: Option<i16>, aside: &mut Clause) -> Result<Rule, No> {
    let (cycle, named) = match (p.words, year) {
        ([Every, Year, ..], _) => (Some(Cycle::YEARLY), 2),
        ([Num(y), Year, ..], _) => (Some(Cycle::OneYear(checked_year(*y, p.sub(0..2).place())?)), 2),
        (_, year) => (year.map(Cycle::OneYear), 0),
    };
    let (first, last) = match p.words.get(named..i) {
        Some([Num(a @ 1..=12), Month, To | Dash, Num(b @ 1..=12), Month]) if a < b => (*a, *b),
        Some([Num(a @ 1..=12), To | Dash, Num(b @ 1..=12), Month]) if a < b => (*a, *b),
        _ => return Err(not_understood(p)),
    };
    let mut at = Vec::new();
    for day in list(Unit::Month, p.from(i + 2), aside)? {
        for month in first..=last {
            let month = u8::try_from(month).unwrap_or(12);
            // 每月31日 is the last day where there is none.
            at.push(checked(Unit::Year, month, day.day, p.place()).unwrap_or(At { month, day: DayOf::Last }));
        }
    }
    at.sort_unstable();
    at.dedup();
    match cycle {
        Some(cycle) => Ok(Rule::cyclic(cycle, at)),
        None => Err(No {
            at: p.place(),
            what: "没有写年份，分不清是每年都办，还是只办一年（只办一年的请写上年份）".to_owned(),
            forms: vec![Form::Every(p.place())],
        }),
    }
}

/// `2026—2028年每年11月底前`
pub fn years(p: Phrase, aside: &mut Clause) -> Result<Rule, No> {
    let (a, b, rest) = match p.words {
        [Num(a), To | Dash, Num(b), Year, Every, Year, ..] => (*a, *b, p.from(6)),
        [Num(a), Year, To | Dash, Num(b), Year, Every, Year, ..] => (*a, *b, p.from(7)),
        _ => return refuse(p.place(), "写了起止年份的，后面只能写“每年”的几月几日", &[]),
    };
    if a > b {
        return refuse(p.place(), "起止年份写反了", &[]);
    }
    let at = list(Unit::Year, rest, aside)?;
    let months: Vec<String> = at.iter().map(|at| at.month.to_string()).collect();
    let day = match at[0].day {
        DayOf::Day(d) if at.iter().all(|at| at.day == DayOf::Day(d) && (at.month, d) != (2, 29)) => i32::from(d),
        DayOf::Last if at.iter().all(|At { day, .. }| *day == DayOf::Last) => -1,
        _ => return refuse(p.place(), "写了起止年份的，几个日期要是各月的同一天：请分成几个事项来写", &[]),
    };
    let months = months.join(",");
    let rule = format!("DTSTART:{a}0101 RRULE:FREQ=YEARLY;BYMONTH={months};BYMONTHDAY={day};UNTIL={b}1231");
    Recurrence::parse(&rule).map(Rule::Recurrence).map_err(|no| No { at: p.place(), ..no })
}
