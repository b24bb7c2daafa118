//! The seven statutory festivals, and what a year's notice must say of them to be believed.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::calendar::{Calendar, StatutoryYear, days_between, is_weekend, shift};

/// What makes the days of a year doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// This festival, on this day, is not off: half a file, or a wrong month.
    Missing(&'static str, Date),
    /// A weekday off that belongs to no festival.
    Unexplained(Date),
    /// A day made up for, with no day off near it.
    Far(Date),
    /// So many weekdays are off, so many days made up for, and the law gives so many days.
    Unbalanced { off: usize, work: usize, law: usize },
}

/// The first year of the table below.
const FIRST: i16 = 2000;

/// Month and day (`217`) of 春节, 清明节, 端午节 and 中秋节, from 2000 to 2100: two almanacs that share no code agree to 2099;
/// 2100 is from one alone.
const MOVABLE: [(i16, i16, i16, i16); 101] = [
    (205, 404, 606, 912),
    (124, 405, 625, 1001),
    (212, 405, 615, 921),
    (201, 405, 604, 911),
    (122, 404, 622, 928),
    (209, 405, 611, 918),
    (129, 405, 531, 1006),
    (218, 405, 619, 925),
    (207, 404, 608, 914),
    (126, 404, 528, 1003),
    (214, 405, 616, 922),
    (203, 405, 606, 912),
    (123, 404, 623, 930),
    (210, 404, 612, 919),
    (131, 405, 602, 908),
    (219, 405, 620, 927),
    (208, 404, 609, 915),
    (128, 404, 530, 1004),
    (216, 405, 618, 924),
    (205, 405, 607, 913),
    (125, 404, 625, 1001),
    (212, 404, 614, 921),
    (201, 405, 603, 910),
    (122, 405, 622, 929),
    (210, 404, 610, 917),
    (129, 404, 531, 1006),
    (217, 405, 619, 925),
    (206, 405, 609, 915),
    (126, 404, 528, 1003),
    (213, 404, 616, 922),
    (203, 405, 605, 912),
    (123, 405, 624, 1001),
    (211, 404, 612, 919),
    (131, 404, 601, 908),
    (219, 405, 620, 927),
    (208, 405, 610, 916),
    (128, 404, 530, 1004),
    (215, 404, 618, 924),
    (204, 405, 607, 913),
    (124, 405, 527, 1002),
    (212, 404, 614, 920),
    (201, 404, 603, 910),
    (122, 404, 622, 928),
    (210, 405, 611, 917),
    (130, 404, 531, 1005),
    (217, 404, 619, 925),
    (206, 404, 608, 915),
    (126, 405, 529, 1004),
    (214, 404, 615, 922),
    (202, 404, 604, 911),
    (123, 404, 623, 930),
    (211, 405, 613, 919),
    (201, 404, 601, 907),
    (219, 404, 620, 926),
    (208, 404, 610, 916),
    (128, 405, 530, 1005),
    (215, 404, 617, 924),
    (204, 404, 606, 913),
    (124, 404, 625, 1002),
    (212, 405, 614, 921),
    (202, 404, 603, 909),
    (121, 404, 622, 928),
    (209, 404, 611, 917),
    (129, 405, 601, 1006),
    (217, 404, 619, 925),
    (205, 404, 608, 915),
    (126, 404, 528, 1003),
    (214, 405, 616, 923),
    (203, 404, 604, 911),
    (123, 404, 623, 929),
    (211, 404, 613, 919),
    (131, 405, 602, 908),
    (219, 404, 620, 926),
    (207, 404, 610, 916),
    (127, 404, 530, 1005),
    (215, 404, 617, 924),
    (205, 404, 606, 912),
    (124, 404, 624, 1001),
    (212, 404, 614, 920),
    (202, 404, 604, 910),
    (122, 404, 622, 928),
    (209, 404, 611, 917),
    (129, 404, 601, 1006),
    (217, 404, 619, 926),
    (206, 404, 607, 914),
    (126, 404, 527, 1003),
    (214, 404, 615, 922),
    (203, 404, 605, 911),
    (124, 404, 623, 929),
    (210, 404, 613, 918),
    (130, 404, 602, 908),
    (218, 404, 621, 927),
    (207, 404, 609, 916),
    (127, 404, 529, 1005),
    (215, 404, 617, 924),
    (205, 404, 606, 913),
    (125, 404, 624, 930),
    (212, 404, 614, 920),
    (201, 404, 604, 909),
    (121, 404, 623, 929),
    (209, 405, 612, 918),
];

/// The festivals of a year by name; none for a year that the table lacks.
pub fn of(year: i16) -> Vec<(&'static str, Date)> {
    let row = usize::try_from(year - FIRST).ok().and_then(|n| MOVABLE.get(n));
    let Some((spring, graves, boats, moon)) = row else { return Vec::new() };
    let all = [
        ("元旦", 101),
        ("春节", *spring),
        ("清明节", *graves),
        ("劳动节", 501),
        ("端午节", *boats),
        ("中秋节", *moon),
        ("国庆节", 1001),
    ];
    let day = |at: i16| Date::new(year, i8::try_from(at / 100).ok()?, i8::try_from(at % 100).ok()?).ok();
    all.into_iter().filter_map(|(name, at)| Some((name, day(at)?))).collect()
}

/// Days off that the law gives for a festival, weekends made up for.
pub fn law(name: &str, year: i16) -> usize {
    match name {
        "春节" => 3 + usize::from(year >= 2025),
        "国庆节" => 3,
        "劳动节" => 1 + usize::from(year >= 2025),
        _ => 1,
    }
}

/// Days off that the law gives in a year, weekends made up for; `None` where notices followed other rules.
fn by_law(year: i16) -> Option<usize> {
    let all = || of(year).iter().map(|(name, _)| law(name, year)).sum();
    match year {
        // The Spring Festival of 2020 was made longer (国办发明电〔2020〕1号).
        2020 => Some(13),
        2014.. => Some(all()),
        _ => None,
    }
}

/// The festival whose days off lie nearest to a day.
pub fn nearest(year: i16, day: Date, off: &BTreeSet<Date>) -> Option<&'static str> {
    let far = |festival: Date| {
        let own = off.iter().filter(|o| days_between(festival, **o).abs() < LONGEST / 2);
        own.map(|o| days_between(*o, day).abs()).min().unwrap_or(i64::MAX)
    };
    of(year)
        .into_iter()
        .min_by_key(|(_, festival)| (far(*festival), days_between(*festival, day).abs()))
        .map(|(n, _)| n)
}

/// The festivals of a year with the first and the last day without work around them, as far as they are off.
pub fn holidays(cal: &Calendar, year: i16) -> Vec<(Vec<&'static str>, Date, Date)> {
    let mut all: Vec<(Vec<&'static str>, Date, Date)> = Vec::new();
    for (name, day) in of(year).into_iter().filter(|(_, day)| !cal.is_workday(*day)) {
        let (from, to) = rest(cal, day);
        match all.iter_mut().find(|(_, first, _)| *first == from) {
            Some((names, ..)) => names.push(name),
            None => all.push((vec![name], from, to)),
        }
    }
    all
}

/// What is doubtful about the days of a year.
pub fn doubts(year: i16, days: &StatutoryYear) -> Vec<Doubt> {
    let festivals = of(year);
    let missing = festivals.iter().filter(|(_, day)| run(days, *day).is_disjoint(&days.off));
    let mut doubts: Vec<Doubt> = missing.map(|(name, day)| Doubt::Missing(name, *day)).collect();
    let new_year = shift(Date::constant(year, 12, 31), 1);
    let explains = |day: &Date| festivals.iter().any(|(_, festival)| festival == day) || *day == new_year;
    let weekdays = days.off.iter().filter(|day| !is_weekend(**day));
    let unexplained = weekdays.clone().filter(|day| !run(days, **day).iter().any(explains));
    doubts.extend(unexplained.map(|day| Doubt::Unexplained(*day)));
    let near = |day: &Date| {
        // Of the next year's first days another file knows.
        let is_last = days_between(*day, new_year) <= FARTHEST;
        is_last || days.off.iter().any(|off| days_between(*off, *day).abs() <= FARTHEST)
    };
    doubts.extend(days.work.iter().filter(|day| !near(day)).map(|day| Doubt::Far(*day)));
    let (off, work) = (weekdays.count(), days.work.len());
    // A festival that is missing says it already.
    let law = by_law(year).filter(|_| !doubts.iter().any(|doubt| matches!(doubt, Doubt::Missing(..))));
    doubts.extend(law.filter(|law| off != work + law).map(|law| Doubt::Unbalanced { off, work, law }));
    doubts
}

impl Doubt {
    /// Whether the days cannot be right, so that they are not put in force.
    pub fn is_error(self) -> bool {
        match self {
            Self::Missing(..) => true,
            Self::Unexplained(_) | Self::Far(_) => false,
            // Without a single make-up day the list was cut off.
            Self::Unbalanced { off, work, law } => work == 0 && off > law + 2,
        }
    }
}

/// No holiday is longer, in days.
pub const LONGEST: i64 = 20;
/// No day that is made up for lies further from its holiday, in days.
pub const FARTHEST: i64 = 15;

/// The festivals in the days without work around a day off, by name; none where a notice gave a day of its own.
pub fn names_around(cal: &Calendar, day: Date) -> Vec<&'static str> {
    let (before, after) = rest(cal, day);
    let years = before.year()..=after.year();
    let within = years.flat_map(of).filter(|(_, festival)| (before..=after).contains(festival));
    within.map(|(name, _)| name).collect()
}

/// The first and the last of the days without work around a day off.
fn rest(cal: &Calendar, day: Date) -> (Date, Date) {
    let run = around(day, |day| !cal.is_workday(*day));
    (run.first().copied().unwrap_or(day), run.last().copied().unwrap_or(day))
}

/// The days without work around one of a year, itself among them; empty if it is a working day. What lies in another
/// year is in another file.
fn run(days: &StatutoryYear, day: Date) -> BTreeSet<Date> {
    around(day, |other| other.year() != day.year() || rests(&days.off, &days.work, other))
}

/// Whether a notice that gives these days off and these to work leaves this one without work.
pub fn rests(off: &BTreeSet<Date>, work: &BTreeSet<Date>, day: &Date) -> bool {
    off.contains(day) || is_weekend(*day) && !work.contains(day)
}

/// The days around this one for which this is true without a gap, itself among them.
pub fn around(day: Date, is_in: impl Fn(&Date) -> bool) -> BTreeSet<Date> {
    let before = (0..LONGEST).map(|n| shift(day, -n)).take_while(&is_in);
    before.chain((0..LONGEST).map(|n| shift(day, n)).take_while(&is_in)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn facts() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/data/holidays-cn.json")).unwrap()
    }

    fn year(year: i16) -> StatutoryYear {
        let facts = facts();
        let dates = |key: &str| {
            let listed = facts[year.to_string()][key].as_array().unwrap().clone();
            listed.iter().map(|day| day.as_str().unwrap().parse().unwrap()).collect()
        };
        StatutoryYear { off: dates("off"), work: dates("work"), notice: String::new() }
    }

    #[test]
    fn every_year_that_was_ever_in_force_is_believed() {
        for known in 2020..=2026 {
            assert_eq!(doubts(known, &year(known)), [], "{known}");
        }
    }

    #[test]
    fn every_festival_that_is_left_out_is_found() {
        for known in 2020..=2026 {
            for (name, day) in of(known) {
                let mut days = year(known);
                let gone = run(&days, day);
                days.off.retain(|day| !gone.contains(day));
                let found = doubts(known, &days);
                assert!(found.contains(&Doubt::Missing(name, day)), "{known} {name}: {found:?}");
                assert!(found.iter().any(|doubt| doubt.is_error()));
            }
        }
    }

    #[test]
    fn half_a_file_is_not_believed_and_an_odd_day_is_asked_about() {
        let whole = year(2026);
        for kept in 1..whole.off.len() - 7 {
            let days = StatutoryYear { off: whole.off.iter().take(kept).copied().collect(), ..whole.clone() };
            assert!(doubts(2026, &days).iter().any(|doubt| doubt.is_error()), "{kept} days");
        }
        let no_work = StatutoryYear { work: BTreeSet::new(), ..whole.clone() };
        assert!(doubts(2026, &no_work).iter().any(|doubt| doubt.is_error()));
        let with = |day: Date| {
            let mut days = whole.clone();
            days.off.insert(day);
            doubts(2026, &days)
        };
        let odd = [Doubt::Unexplained(date(2026, 9, 3)), Doubt::Unbalanced { off: 20, work: 6, law: 13 }];
        assert_eq!(with(date(2026, 9, 3)), odd, "as in 2015: a notice may name a day of its own");
        assert!(odd.iter().all(|doubt| !doubt.is_error()));
        assert_eq!(
            with(date(2026, 12, 31)),
            [Doubt::Unbalanced { off: 20, work: 6, law: 13 }],
            "for the next New Year"
        );
        assert_eq!(with(date(2026, 8, 1)), [], "a Saturday is off anyway");
        let mut moved = whole.clone();
        moved.work.remove(&date(2026, 10, 10));
        moved.work.insert(date(2026, 11, 7));
        assert_eq!(doubts(2026, &moved), [Doubt::Far(date(2026, 11, 7))], "a wrong month");
    }

    #[test]
    fn festivals_fall_where_they_were() {
        let day = |year, name| of(year).into_iter().find(|(n, _)| *n == name).unwrap().1;
        assert_eq!(day(2020, "中秋节"), date(2020, 10, 1));
        assert_eq!(day(2023, "清明节"), date(2023, 4, 5));
        assert_eq!(day(2027, "春节"), date(2027, 2, 6));
        assert_eq!(day(2100, "端午节"), date(2100, 6, 12));
        assert!(of(1999).is_empty() && of(2101).is_empty());
    }
}
