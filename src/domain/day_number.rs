//! Days as numbers, so that reckoning with them is plain arithmetic: 0 is a Monday, 1 January 1900.

use jiff::civil::Date;

/// Of the first and the last day that a date can be: -9999-01-01 and 9999-12-31.
pub const FIRST: i64 = -4_346_020;
pub const LAST: i64 = 2_958_463;

/// From 1 March of year 0 to day 0.
const OFFSET: i64 = 693_901;
/// In 400 years, after which the Gregorian calendar repeats.
const ERA: i64 = 146_097;

pub fn number(day: Date) -> i64 {
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    // Years begin with March here: the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + (153 * month + 2) / 5 + i64::from(day.day()) - 1 - OFFSET
}

/// The day of this number; the ends of time where there is none.
pub fn day(number: i64) -> Date {
    let days = number.clamp(FIRST, LAST) + OFFSET;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    // All three are small by now: the clamp has seen to it.
    Date::new((era * 400 + year) as i16, month as i8, day as i8).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_day_has_the_number_after_the_day_before() {
        let mut day = Date::MIN;
        for n in FIRST..=LAST {
            assert_eq!((number(day), super::day(n)), (n, day));
            day = day.tomorrow().unwrap_or(day);
        }
        assert_eq!((day, number(date(1900, 1, 1))), (Date::MAX, 0));
        assert_eq!((super::day(FIRST - 1), super::day(LAST + 1)), (Date::MIN, Date::MAX));
        assert_eq!((super::day(i64::MIN), super::day(i64::MAX)), (Date::MIN, Date::MAX));
    }
}
