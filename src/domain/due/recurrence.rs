//! RFC 5545 recurrences: the only file that uses the crate `rrule`.
//!
//! A recurrence is kept in a form that gives the dates of any window without walking to it: what `DTSTART` implies
//! is written out, and `COUNT` is replaced by the last date.

use std::{collections::BTreeMap, fmt, ops::Range};

use jiff::{
    ToSpan,
    civil::{Date, Weekday, date},
};
use serde::{Deserialize, Serialize};

use super::{
    super::calendar::{days_between, shift},
    Frequency, Term,
    refusal::No,
};

/// Stored as RFC 5545 writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recurrence {
    freq: Freq,
    interval: u16,
    /// Always set if `interval` is more than one.
    start: Option<Date>,
    until: Option<Date>,
    week_start: Weekday,
    /// The parts that determine the days within a period: `BYMONTH=5;BYDAY=2SU`.
    by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freq {
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

const MAX_COUNT: u32 = 1000;
const MAX_INTERVAL: u16 = 366;
/// No date of a recurrence is searched after this day.
const HORIZON: Date = date(2300, 12, 31);

type Parts = BTreeMap<String, String>;

impl Recurrence {
    /// `RRULE:FREQ=…`, with `DTSTART:20260301` before or after it where it is needed.
    pub fn parse(text: &str) -> Result<Self, No> {
        let (mut parts, start) = read(text)?;
        let refuse = |what: String| Err(refusal(text, 0..text.len(), what));
        // `rrule` splits days at byte offsets, and panics if that is inside a character.
        if let Some((key, _)) = parts.iter().find(|(key, value)| !key.is_ascii() || !value.is_ascii()) {
            return refuse(format!("RRULE 的 {key} 里只能有英文字母、数字和符号"));
        }
        let freq = match parts.remove("FREQ").as_deref() {
            Some("YEARLY") => Freq::Yearly,
            Some("MONTHLY") => Freq::Monthly,
            Some("WEEKLY") => Freq::Weekly,
            Some("DAILY") => Freq::Daily,
            Some("HOURLY" | "MINUTELY" | "SECONDLY") => {
                return refuse("提醒以天为单位，FREQ 不能小于 DAILY".into());
            }
            _ => {
                return refuse("RRULE 里没有写对 FREQ（多久一次）".into());
            }
        };
        let interval = match parts.remove("INTERVAL").map(|n| n.parse::<u16>()) {
            None => 1,
            Some(Ok(n)) if (1..=MAX_INTERVAL).contains(&n) => n,
            Some(_) => return refuse(format!("INTERVAL 应是 1 到 {MAX_INTERVAL} 的整数")),
        };
        let week_start = match parts.remove("WKST") {
            None => Weekday::Monday,
            Some(day) => match weekday(&day) {
                Some(day) => day,
                None => return refuse("WKST 应是 MO TU WE TH FR SA SU 之一".into()),
            },
        };
        let count = match parts.remove("COUNT").map(|n| n.parse::<u32>()) {
            None => None,
            Some(Ok(n)) if (1..=MAX_COUNT).contains(&n) => Some(n),
            Some(_) => return refuse(format!("COUNT 应是 1 到 {MAX_COUNT} 的整数")),
        };
        let until = match parts.remove("UNTIL").map(|day| date_of(&day)) {
            Some(None) => return refuse("UNTIL 应写成 20271231 这样的日期".into()),
            until => until.flatten(),
        };
        if count.is_some() && until.is_some() {
            return refuse("COUNT 和 UNTIL 只能写一个（RFC 5545）".into());
        }
        if start.is_none() && (interval > 1 || count.is_some()) {
            let what = "有 INTERVAL 或 COUNT 时要写从哪一天算起（DTSTART）".to_owned();
            return refuse(what);
        }
        write_out(text, freq, &mut parts, start)?;
        let by = parts.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(";");
        let mut rule = Self { freq, interval, start, until, week_start, by };
        rule.settle(text, count)?;
        Ok(rule)
    }

    /// Refuses a rule without any date, and replaces `COUNT` by the last date.
    fn settle(&mut self, text: &str, count: Option<u32>) -> Result<(), No> {
        let from = self.start.unwrap_or(date(2000, 1, 1));
        let until = self.until.unwrap_or(HORIZON);
        let found = self.dates(from, until, count.unwrap_or(1));
        match (found, count) {
            (Err(why), _) => {
                let what = format!("RRULE 有错，日历程序库不接受：{why}");
                Err(refusal(text, 0..text.len(), what))
            }
            (Ok(dates), _) if dates.is_empty() => Err(refusal(text, 0..text.len(), "这条 RRULE 一个日期也没有".into())),
            (Ok(dates), Some(_)) => {
                self.until = dates.last().copied();
                Ok(())
            }
            (Ok(_), None) => Ok(()),
        }
    }

    /// Labelled by the date; open from the day after the previous date, but not before the first day of its own year,
    /// month or week.
    pub fn terms(&self, from: Date, to: Date) -> Vec<Term> {
        let to = self.until.map_or(to, |until| until.min(to));
        // From the start of the period: the date before the first one is needed.
        let Ok(dates) = self.dates(self.period_start(from), to, u32::MAX) else { return Vec::new() };
        let mut before = Date::MIN;
        let mut terms = Vec::new();
        for due in dates {
            let opens = self.period_start(due).max(shift(before, 1));
            if due >= from {
                terms.push(Term { period: due.to_string(), due, opens });
            }
            before = due;
        }
        terms
    }

    /// By its FREQ and INTERVAL (RFC 5545, section 3.3.10).
    pub fn frequency(&self) -> Frequency {
        match (self.freq, self.interval) {
            (Freq::Daily | Freq::Weekly, _) => Frequency::Weekly,
            (Freq::Monthly, 1) => Frequency::Monthly,
            (Freq::Monthly, 3) => Frequency::Quarterly,
            _ => Frequency::Yearly,
        }
    }

    /// The first day of the calendar period that `day` lies in.
    fn period_start(&self, day: Date) -> Date {
        match self.freq {
            Freq::Yearly => day.first_of_year(),
            Freq::Monthly => day.first_of_month(),
            Freq::Weekly => shift(day, -i64::from(day.weekday().to_monday_zero_offset())),
            Freq::Daily => day,
        }
    }

    /// The first day of a period at or before `day` that `INTERVAL` counts: from there the crate gives the same dates
    /// as from `DTSTART`.
    fn anchor(&self, day: Date) -> Date {
        let Some(start) = self.start else { return shift(self.period_start(day), -7) };
        let every = i64::from(self.interval);
        let steps = |apart: i64| (apart.div_euclid(every) - 1).max(0) * every;
        match self.freq {
            Freq::Yearly => {
                let first = start.first_of_year();
                first.saturating_add(steps((day.year() - start.year()).into()).years())
            }
            Freq::Monthly => {
                let first = start.first_of_month();
                let months = i64::from(day.year() - start.year()) * 12 + i64::from(day.month() - start.month());
                first.saturating_add(steps(months).months())
            }
            Freq::Weekly => {
                let into = start.weekday().since(self.week_start);
                let first = shift(start, -i64::from(into));
                shift(first, steps(days_between(first, day).div_euclid(7)) * 7)
            }
            Freq::Daily => shift(start, steps(days_between(start, day))),
        }
    }

    /// The dates in `from..=to`, `limit` at most.
    fn dates(&self, from: Date, to: Date, limit: u32) -> Result<Vec<Date>, String> {
        let from = self.start.map_or(from, |start| start.max(from));
        if from > to {
            return Ok(Vec::new());
        }
        let anchor = self.anchor(from).max(date(1900, 1, 1));
        let set = format!(
            "DTSTART:{}T000000Z\nRRULE:{};UNTIL={}T000000Z",
            anchor.strftime("%Y%m%d"),
            self.body(),
            to.strftime("%Y%m%d")
        );
        let set: rrule::RRuleSet = set.parse().map_err(|e: rrule::RRuleError| e.to_string())?;
        let days = set.limit().into_iter().map(|at| shift(date(1970, 1, 1), at.timestamp().div_euclid(86_400)));
        Ok(days.skip_while(|d| *d < from).take_while(|d| *d <= to).take(limit as usize).collect())
    }

    fn body(&self) -> String {
        let freq = match self.freq {
            Freq::Yearly => "YEARLY",
            Freq::Monthly => "MONTHLY",
            Freq::Weekly => "WEEKLY",
            Freq::Daily => "DAILY",
        };
        let mut body = format!("FREQ={freq}");
        if self.interval > 1 {
            body += &format!(";INTERVAL={}", self.interval);
        }
        if !self.by.is_empty() {
            body += &format!(";{}", self.by);
        }
        if self.week_start != Weekday::Monday {
            body += &format!(";WKST={}", code(self.week_start));
        }
        body
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(start) = self.start {
            write!(f, "DTSTART:{} ", start.strftime("%Y%m%d"))?;
        }
        write!(f, "RRULE:{}", self.body())?;
        self.until.map_or(Ok(()), |until| write!(f, ";UNTIL={}", until.strftime("%Y%m%d")))
    }
}

impl TryFrom<String> for Recurrence {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).map_err(|refusal| refusal.what)
    }
}

impl From<Recurrence> for String {
    fn from(recurrence: Recurrence) -> Self {
        recurrence.to_string()
    }
}

fn refusal(text: &str, at: Range<usize>, what: String) -> No {
    debug_assert!(text.get(at.clone()).is_some());
    No { at, what, forms: Vec::new() }
}

/// Reads the parts of the rule, and `DTSTART`.
fn read(text: &str) -> Result<(Parts, Option<Date>), No> {
    let mut parts = Parts::new();
    let mut start = None;
    for word in text.split_whitespace() {
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        let at = offset..offset + word.len();
        let upper = word.to_ascii_uppercase();
        if let Some(value) = upper.strip_prefix("DTSTART") {
            let value = value.trim_start_matches(";VALUE=DATE").trim_start_matches([':', '=']);
            match date_of(value) {
                Some(day) if start.is_none() => start = Some(day),
                _ => {
                    let what = "DTSTART 应写一次，写成 20260301 这样的日期，年份在 2000 到 2199 之间".to_owned();
                    return Err(refusal(text, at, what));
                }
            }
            continue;
        }
        for part in upper.strip_prefix("RRULE:").unwrap_or(&upper).split(';').filter(|p| !p.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let what = match key {
                _ if value.is_empty() => format!("RRULE 的“{part}”没有写成 名称=值"),
                "FREQ" | "INTERVAL" | "COUNT" | "UNTIL" | "WKST" | "BYMONTH" | "BYMONTHDAY" | "BYDAY" | "BYYEARDAY"
                | "BYWEEKNO" | "BYSETPOS" => match parts.insert(key.to_owned(), value.to_owned()) {
                    None => continue,
                    Some(_) => format!("RRULE 里“{key}”写了两次"),
                },
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => format!("提醒以天为单位，RRULE 里不能写 {key}"),
                _ => format!("RRULE 里的“{key}”看不懂"),
            };
            return Err(refusal(text, at, what));
        }
    }
    Ok((parts, start))
}

/// Writes out what `DTSTART` implies (RFC 5545, 3.3.10: "Information … not specified by the rule
/// is taken from DTSTART"), so that the parts alone determine the days.
fn write_out(text: &str, freq: Freq, parts: &mut Parts, start: Option<Date>) -> Result<(), No> {
    let has = |name: &str| parts.contains_key(name);
    let refuse = |what: &str| Err(refusal(text, 0..text.len(), what.to_owned()));
    if has("BYWEEKNO") && !has("BYDAY") {
        return refuse("写了 BYWEEKNO，还要用 BYDAY 写明星期几");
    }
    let determined = ["BYMONTHDAY", "BYDAY", "BYYEARDAY"].iter().any(|p| has(p)) || freq == Freq::Daily;
    if determined {
        return Ok(());
    }
    let Some(start) = start else {
        return match freq {
            Freq::Yearly => refuse("RRULE 没有写明哪一天：请加 BYMONTH 和 BYMONTHDAY，或加 DTSTART"),
            Freq::Weekly => refuse("RRULE 没有写明星期几：请加 BYDAY"),
            _ => refuse("RRULE 没有写明几号：请加 BYMONTHDAY 或 BYDAY"),
        };
    };
    match freq {
        Freq::Weekly => {
            parts.insert("BYDAY".into(), code(start.weekday()).to_owned());
        }
        _ => {
            parts.insert("BYMONTHDAY".into(), start.day().to_string());
        }
    }
    if freq == Freq::Yearly {
        parts.entry("BYMONTH".into()).or_insert_with(|| start.month().to_string());
    }
    Ok(())
}

/// Monday first.
const CODES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn code(day: Weekday) -> &'static str {
    CODES[usize::from(day.to_monday_zero_offset().unsigned_abs()) % 7]
}

fn weekday(code: &str) -> Option<Weekday> {
    let n = CODES.iter().position(|known| known.eq_ignore_ascii_case(code))?;
    i8::try_from(n).ok().and_then(|n| Weekday::from_monday_zero_offset(n).ok())
}

/// `20260301`; a time after it is ignored.
fn date_of(text: &str) -> Option<Date> {
    let digits = text.split('T').next().filter(|d| d.len() == 8 && d.bytes().all(|b| b.is_ascii_digit()))?;
    let number = |range: Range<usize>| digits[range].parse::<i16>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let found = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (2000..=2199).contains(&year).then_some(found)
}
