//! Dates, numbers and lists as a Chinese office writes them.

use jiff::civil::{Date, DateTime};

pub use crate::domain::calendar::short;
use crate::{
    domain::{calendar::is_weekend, due::weekday_zh},
    text::one_line,
};

/// `1月30日（周五）`
pub fn day(day: Date) -> String {
    format!("{}（{}）", short(day), weekday(day))
}

/// `1月30日(周五)`: narrow, for subjects.
pub fn narrow(day: Date) -> String {
    format!("{}({})", short(day), weekday(day))
}

/// `2026年1月30日（周五）`
pub fn full(date: Date) -> String {
    format!("{}年{}", date.year(), day(date))
}

/// `2026年1月30日（周五）`; a working weekend day is marked, or nobody would believe it.
pub fn full_workday(date: Date) -> String {
    let made_up = if is_weekend(date) { "，调休上班" } else { "" };
    format!("{}年{}（{}{made_up}）", date.year(), short(date), weekday(date))
}

/// `1月30日(周五)`, `2月28日(周六上班)`.
pub fn narrow_workday(day: Date) -> String {
    let made_up = if is_weekend(day) { "上班" } else { "" };
    format!("{}({}{made_up})", short(day), weekday(day))
}

/// `1月30日 周五`, `2月28日 周六上班`: for tables, which break it only at the space.
pub fn spaced(day: Date, works: bool) -> String {
    let made_up = if works && is_weekend(day) { "上班" } else { "" };
    format!("{} {}{made_up}", short(day), weekday(day))
}

/// With its year only if `beside` has another one.
pub fn beside(date: Date, beside: Date) -> String {
    if date.year() == beside.year() { day(date) } else { full(date) }
}

/// `1月27日（周二）08:30`
pub fn moment(at: DateTime) -> String {
    format!("{}{:02}:{:02}", day(at.date()), at.hour(), at.minute())
}

pub fn weekday(day: Date) -> &'static str {
    weekday_zh(day.weekday())
}

/// What a day off is called.
pub fn day_off(day: Date) -> &'static str {
    if is_weekend(day) { "休息日" } else { "节假日" }
}

/// ①…⑳, then (21): not every font has more circled numbers.
pub fn circled(n: u32) -> String {
    match n {
        1..=20 => char::from_u32(0x2460 + n - 1).map(String::from).unwrap_or_default(),
        _ => format!("({n})"),
    }
}

/// `2026-H1` → `2026年上半年`; a date as a date; a case reference stays as it is.
pub fn period(label: &str) -> String {
    let known = || {
        let (year, rest) = label.split_once('-').unwrap_or((label, ""));
        let year: u16 = year.parse().ok().filter(|_| year.len() == 4)?;
        if let Ok(date) = label.parse::<Date>() {
            return Some(format!("{}年{}", date.year(), short(date)));
        }
        let number = |digits: &str| digits.parse::<u8>().ok();
        if rest.is_empty() {
            return Some(format!("{year}年"));
        }
        Some(match rest.split_at_checked(1)? {
            ("H", "1") => format!("{year}年上半年"),
            ("H", "2") => format!("{year}年下半年"),
            ("Q", quarter) => format!("{year}年第{}季度", number(quarter)?),
            ("W", week) => format!("{year}年第{}周", number(week)?),
            _ => format!("{year}年{}月", number(rest)?),
        })
    };
    known().unwrap_or_else(|| plain(label))
}

pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|n| plain(n.as_ref())).collect::<Vec<_>>().join("、")
}

/// `办公室` · `办公室、法制科` · `办公室等3个科室`: for places where few characters fit.
pub fn few<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [first, _, _, ..] => format!("{}等{}个科室", plain(first.as_ref()), names.len()),
        _ => list(names),
    }
}

/// One safe line. The files are checked when they are read, but a letter does not rely on it.
pub fn plain(text: &str) -> String {
    one_line(text)
}

/// At most `limit` characters, with … as the last one if something was cut.
pub fn cap(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates() {
        let friday = date(2026, 1, 30);
        assert_eq!(day(friday), "1月30日（周五）");
        assert_eq!(narrow(friday), "1月30日(周五)");
        assert_eq!(full(friday), "2026年1月30日（周五）");
        assert_eq!((full_workday(friday), narrow_workday(friday)), (full(friday), narrow(friday)));
        assert_eq!(full_workday(date(2026, 2, 28)), "2026年2月28日（周六，调休上班）");
        assert_eq!(narrow_workday(date(2026, 2, 28)), "2月28日(周六上班)");
        assert_eq!(beside(date(2025, 12, 31), friday), "2025年12月31日（周三）");
        assert_eq!(moment(friday.at(8, 5, 0, 0)), "1月30日（周五）08:05");
    }

    #[test]
    fn periods() {
        for (label, said) in [
            ("2026", "2026年"),
            ("2026-H2", "2026年下半年"),
            ("2026-Q3", "2026年第3季度"),
            ("2026-08", "2026年8月"),
            ("2026-W05", "2026年第5周"),
            ("2026-09-30", "2026年9月30日"),
            ("粤江交依申请〔2026〕3号", "粤江交依申请〔2026〕3号"),
            ("2026-X", "2026-X"),
            ("2026-甲", "2026-甲"),
        ] {
            assert_eq!(period(label), said);
        }
    }

    #[test]
    fn numbers_and_cuts() {
        assert_eq!([1, 20, 21].map(circled), ["①", "⑳", "(21)"]);
        assert_eq!(few(&["甲", "乙"]), "甲、乙");
        assert_eq!(few(&["甲", "乙", "丙"]), "甲等3个科室");
        assert_eq!(plain(" a\r\n\u{7}b\t c "), "a b c");
        assert_eq!((cap("一二三", 3), cap("一二三四", 3)), ("一二三".into(), "一二…".into()));
    }
}
