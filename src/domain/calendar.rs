//! Working days: Monday to Friday, corrected by the State Council's yearly notices.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    SignedDuration,
    civil::{Date, Weekday, date},
};
use serde::{Deserialize, Serialize};

/// The statutory days of one calendar year, as one data file holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatutoryYear {
    /// Days that the notice names as 放假, weekend days among them.
    pub off: BTreeSet<Date>,
    /// Weekend days that the notice makes working days (调休上班).
    pub work: BTreeSet<Date>,
    /// The notice's number, as the file has it; empty where it names none.
    pub notice: String,
}

/// Which days are working days. Years without data count as Monday to Friday and are *provisional*.
///
/// Every question is answered in time logarithmic in the number of statutory days, however far
/// the dates lie apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    years: BTreeSet<i16>,
    /// The days that differ from Monday–Friday, in order: the day, whether it is a working day, and how many working
    /// days all differences up to and including this one add.
    differences: Vec<(Date, bool, i64)>,
    /// The number of each year's notice, where its file names one: for whoever asks why a day does not count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    notices: BTreeMap<i16, String>,
}

/// What makes a day a working day, or a day off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayKind {
    /// Monday to Friday.
    Weekday,
    /// A weekend day that a notice makes a working day.
    MadeUp,
    Weekend,
    /// A weekday that a notice makes a day off.
    Holiday,
}

impl Calendar {
    /// A calendar of the given years. A date outside its file's year is ignored: the check of the file has refused it.
    pub fn new(years: &BTreeMap<i16, StatutoryYear>) -> Self {
        let mut differences: Vec<(Date, bool, i64)> = Vec::new();
        for (&year, days) in years {
            let off = days.off.iter().filter(|d| !is_weekend(**d)).map(|d| (*d, false, -1));
            let work = days.work.iter().filter(|d| is_weekend(**d)).map(|d| (*d, true, 1));
            // A day that is named as both is a working day: the make-up day is stated later and more narrowly.
            let off = off.filter(|(d, ..)| !days.work.contains(d));
            differences.extend(off.chain(work).filter(|(d, ..)| d.year() == year));
        }
        let named = years.iter().filter(|(_, days)| !days.notice.is_empty());
        let notices = named.map(|(year, days)| (*year, days.notice.clone())).collect();
        let mut calendar = Self { years: years.keys().copied().collect(), differences, notices };
        calendar.sum_up();
        calendar
    }

    /// Brings the differences in order, and counts what they add.
    fn sum_up(&mut self) {
        self.differences.sort_unstable();
        let mut sum = 0;
        for (_, works, total) in &mut self.differences {
            sum += if *works { 1 } else { -1 };
            *total = sum;
        }
    }

    /// Whether the year's notice is missing, so that its working days are a guess.
    pub fn is_provisional(&self, year: i16) -> bool {
        !self.years.contains(&year)
    }

    /// The years whose notices are known, in order.
    pub fn years(&self) -> impl Iterator<Item = i16> {
        self.years.iter().copied()
    }

    /// Takes over the years that are known there and not here. Gives them, in order.
    pub fn keep_years_of(&mut self, before: &Self) -> Vec<i16> {
        let kept: Vec<i16> = before.years.difference(&self.years).copied().collect();
        let theirs = before.differences.iter().filter(|(day, ..)| kept.contains(&day.year()));
        self.differences.extend(theirs.copied());
        let notices = kept.iter().filter_map(|year| Some((*year, before.notices.get(year)?.clone())));
        self.notices.extend(notices);
        self.years.extend(&kept);
        self.sum_up();
        kept
    }

    pub fn is_workday(&self, day: Date) -> bool {
        match self.differences.binary_search_by_key(&day, |(d, ..)| *d) {
            Ok(i) => self.differences[i].1,
            Err(_) => !is_weekend(day),
        }
    }

    /// Why a day is a working day, or is none.
    pub fn kind(&self, day: Date) -> DayKind {
        match (self.is_workday(day), !is_weekend(day)) {
            (true, true) => DayKind::Weekday,
            (true, false) => DayKind::MadeUp,
            (false, true) => DayKind::Holiday,
            (false, false) => DayKind::Weekend,
        }
    }

    /// The number of the notice that a year's days were copied from, if its file names one.
    pub fn notice(&self, year: i16) -> Option<&str> {
        self.notices.get(&year).map(String::as_str)
    }

    /// The last working day on or before `day`.
    pub fn on_or_before(&self, day: Date) -> Date {
        self.walk(day, -1)
    }

    /// The first working day on or after `day`.
    pub fn on_or_after(&self, day: Date) -> Date {
        self.walk(day, 1)
    }

    /// The `n`-th working day after `day` (before it, if negative); `day` itself is not counted.
    /// `n == 0` is `day`, working or not.
    pub fn add_workdays(&self, day: Date, n: i64) -> Date {
        match n {
            0 => day,
            1.. => self.nth(self.count_to(day) + n),
            _ => self.nth(self.count_to(day) - i64::from(self.is_workday(day)) + n + 1),
        }
    }

    /// How many working days lie after `from`, up to and including `to`. Negative when `to` lies
    /// before `from`.
    pub fn workdays_between(&self, from: Date, to: Date) -> i64 {
        self.count_to(to) - self.count_to(from)
    }

    /// Working days from [`MONDAY`] up to and including `day`; negative before it.
    fn count_to(&self, day: Date) -> i64 {
        let plain = weekdays_to(day);
        match self.differences.partition_point(|(d, ..)| *d <= day) {
            0 => plain,
            i => plain + self.differences[i - 1].2,
        }
    }

    /// The working day with this count: the inverse of [`Self::count_to`].
    fn nth(&self, count: i64) -> Date {
        let mut day = shift(MONDAY, count.div_euclid(5) * 7 + count.rem_euclid(5));
        // Each round moves by the working days still missing. A day off has the count of the working day before it, so
        // the last step walks back to that day.
        loop {
            let missing = count - self.count_to(day);
            match missing {
                0 => return self.walk(day, -1),
                _ if is_edge(day) => return day,
                _ => day = shift(day, missing),
            }
        }
    }

    /// The nearest working day in steps of `by`, `day` itself included.
    fn walk(&self, mut day: Date, by: i64) -> Date {
        while !self.is_workday(day) && !is_edge(day) {
            day = shift(day, by);
        }
        day
    }
}

/// The day from which working days are counted.
const MONDAY: Date = date(1900, 1, 1);

/// `day` moved by whole days, within the limits of [`Date`].
pub fn shift(day: Date, days: i64) -> Date {
    /// More days than [`Date`] spans.
    const ALL_DAYS: i64 = 8_000_000;
    day.saturating_add(SignedDuration::from_hours(24 * days.clamp(-ALL_DAYS, ALL_DAYS)))
}

/// Days from `from` to `to`, negative when `to` lies before `from`.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

fn is_edge(day: Date) -> bool {
    day == Date::MIN || day == Date::MAX
}

/// `1月30日`
pub fn short(day: Date) -> String {
    format!("{}月{}日", day.month(), day.day())
}

/// A Saturday or Sunday.
pub fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Mondays to Fridays from [`MONDAY`] up to and including `day`.
fn weekdays_to(day: Date) -> i64 {
    let days = days_between(MONDAY, day) + 1;
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// 2026's Spring Festival and its make-up days, enough for the cases below.
    fn calendar() -> Calendar {
        let off = (15..=23).map(|d| date(2026, 2, d)).collect();
        let work = [date(2026, 2, 14), date(2026, 2, 28)].into();
        Calendar::new(&BTreeMap::from([(2026, StatutoryYear { off, work, ..StatutoryYear::default() })]))
    }

    #[test]
    fn a_year_that_was_known_is_kept_and_one_that_is_there_replaces_it() {
        let one = |year: i16, day: Date| {
            Calendar::new(&BTreeMap::from([(year, StatutoryYear { off: [day].into(), ..StatutoryYear::default() })]))
        };
        let both = Calendar::new(&BTreeMap::from([
            (
                2026,
                StatutoryYear {
                    off: [date(2026, 5, 1)].into(),
                    work: [date(2026, 5, 9)].into(),
                    notice: "国办发明电〔2025〕7号".into(),
                },
            ),
            (2027, StatutoryYear { off: [date(2027, 1, 1)].into(), ..StatutoryYear::default() }),
        ]));
        let mut left = one(2027, date(2027, 1, 4));
        assert_eq!(left.keep_years_of(&both), [2026]);
        assert!(left.is_workday(date(2026, 5, 9)) && !left.is_workday(date(2026, 5, 1)) && !left.is_provisional(2026));
        assert!(
            left.is_workday(date(2027, 1, 1)) && !left.is_workday(date(2027, 1, 4)),
            "the file that is there counts"
        );
        assert_eq!(left.notice(2026), Some("国办发明电〔2025〕7号"), "with its number");
        let mut back = both.clone();
        assert_eq!(back.keep_years_of(&left), [] as [i16; 0]);
        assert_eq!(back, both);
        let mut none = Calendar::default();
        assert_eq!(none.keep_years_of(&both), [2026, 2027]);
        assert_eq!(serde_json::to_string(&none).unwrap(), serde_json::to_string(&both).unwrap(), "stored alike");
    }

    #[test]
    fn counts_as_the_design_says() {
        let cal = calendar();
        // N working days after a day: the day itself is not counted.
        let mut years = BTreeMap::new();
        years.insert(
            2026,
            StatutoryYear {
                off: (15..=23).map(|d| date(2026, 2, d)).collect(),
                work: [date(2026, 2, 14), date(2026, 2, 28)].into(),
                ..StatutoryYear::default()
            },
        );
        assert_eq!(Calendar::new(&years).add_workdays(date(2026, 2, 13), 20), date(2026, 3, 19));
        assert_eq!(cal.on_or_before(date(2026, 2, 20)), date(2026, 2, 14));
        assert_eq!(cal.on_or_after(date(2026, 2, 20)), date(2026, 2, 24));
        assert_eq!(cal.workdays_between(date(2026, 1, 27), date(2026, 1, 30)), 3);
        assert!(cal.is_provisional(2027) && !cal.is_provisional(2026));
    }

    proptest! {
        /// The closed form against counting one day after another.
        #[test]
        fn agrees_with_counting(start in 0i64..1500, n in -400i64..400) {
            let cal = calendar();
            let day = shift(date(2024, 1, 1), start);
            let mut left = n;
            let mut counted = day;
            while left != 0 {
                counted = shift(counted, n.signum());
                if cal.is_workday(counted) { left -= n.signum(); }
            }
            prop_assert_eq!(cal.add_workdays(day, n), counted);
            if n > 0 { prop_assert_eq!(cal.workdays_between(day, counted), n); }
        }
    }
}
