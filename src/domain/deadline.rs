//! What the admin wrote, checked: sections, the roster they form, deadlines, the plan.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, shift},
    due::{Anchor, Due, Ear, Frequency, Move, Rule, days, workdays},
};

/// Stands for all sections but those with `in_all = false`.
pub const ALL_SECTIONS: &str = "各科室";

/// An address that a letter can be sent to: ASCII, `local@domain` (RFC 5321, section 4.1.2).
///
/// It is sent to as it is written, and compared without its case: a domain has none, and no mail server of an office
/// gives `BGS@` and `bgs@` to two people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mailbox(String);

/// Who answers for deadlines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub name: String,
    /// Its name before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Each gets its own letter. If empty, the admins get the section's letters to pass on (代转).
    pub email: Vec<Mailbox>,
    /// 分管领导: written to as well from [`ESCALATES_AT`] on.
    pub leader: Vec<Mailbox>,
    pub in_all: bool,
}

/// All sections, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    pub sections: Vec<Section>,
}

/// How long before a date: calendar days or working days. `当天` is 0 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Lead {
    Days(u16),
    Workdays(u16),
}

/// Whether one section closes an occurrence for all, or each reports for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    #[default]
    Any,
    Each,
}

/// An earlier date that the bureau set for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// The rule's latest date on or before `due`.
    Rule(Rule),
    /// This long before `due`.
    Before(Lead),
}

/// What a section has to do with a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It reports the deadline as done.
    Answers,
    /// 配合: it hands its material in to the lead (材料已报), and is done with it.
    Helps,
}

/// One recurring duty of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    pub id: String,
    /// Its id before. No part of the wording: it is read when the wording is put in force.
    #[serde(skip)]
    pub was: Option<String>,
    /// Its number in the plan.
    pub item: Option<u32>,
    /// With `{year}`, `{last_year}` and the like: see [`Deadline::title_for`].
    pub title: String,
    pub due: Due,
    /// As written, and what it means.
    pub target: Option<(String, Target)>,
    /// As written; `各科室` stands for itself until it is expanded by the roster of the day.
    pub sections: Vec<String>,
    /// 牵头: one of the sections.
    pub lead: Option<String>,
    pub basis: Option<String>,
    /// How long before `finish_by` whoever helps hands in. Without it, who helps is never called overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_by: Option<Lead>,
    /// 要做: what to do, step by step.
    pub steps: Vec<String>,
    pub remind: Vec<Lead>,
    /// Working days after `due` on which an open occurrence is reminded of.
    pub overdue: Vec<u16>,
    /// Written to instead of the sections' leaders.
    pub escalate_to: Option<Vec<Mailbox>>,
    pub done: Done,
    /// How many completions close an occurrence (of each section, if `done` is each).
    pub times: u32,
    /// Occurrences due before this day are not opened; by default the day of loading.
    pub since: Option<Date>,
    /// 局内默认: the date is the bureau's own, not the document's.
    pub bureau_default: bool,
    pub off: bool,
}

/// What is in force: the roster and the deadlines that are not switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub roster: Roster,
    pub deadlines: Vec<Deadline>,
}

/// From this working day overdue on, the leader is written to as well.
pub const ESCALATES_AT: u16 = 3;

/// 1, 3, 8, 13, … (3 + 5n), ten at most.
pub fn default_overdue() -> Vec<u16> {
    std::iter::once(1).chain((0..9).map(|n| ESCALATES_AT + 5 * n)).collect()
}

/// The default leads of a deadline that recurs this often.
pub fn default_leads(frequency: Frequency) -> Vec<Lead> {
    use Lead::{Days, Workdays};
    match frequency {
        Frequency::Yearly => vec![Days(30), Days(15), Workdays(7), Workdays(3), Workdays(1), Days(0)],
        Frequency::Quarterly => vec![Days(15), Workdays(5), Workdays(1), Days(0)],
        Frequency::Monthly => vec![Workdays(3), Workdays(1), Days(0)],
        Frequency::Weekly => vec![Workdays(1), Days(0)],
        Frequency::Case => vec![Workdays(5), Workdays(3), Workdays(1), Days(0)],
    }
}

impl Lead {
    /// The day this long before `date`, not rolled back to a working day.
    fn raw(self, cal: &Calendar, date: Date, ear: &mut impl Ear) -> Date {
        match self {
            Self::Days(n) => days(date, -i64::from(n), ear),
            Self::Workdays(n) => workdays(cal, date, -i64::from(n), ear),
        }
    }

    /// The working day of the reminder this long before `date`: a day off is rolled back. The second date is not
    /// rolled: it tells which of two leads on one day is the shorter.
    pub fn day_before(self, cal: &Calendar, date: Date) -> (Date, Date) {
        let raw = self.raw(cal, date, &mut ());
        // 当天 is the day itself, where the paper lets a day off stand: 不顺延.
        if raw == date { (raw, raw) } else { (cal.on_or_before(raw), raw) }
    }
}

impl Roster {
    pub fn get(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.name == name)
    }

    /// The section that has, or had, this name.
    pub fn known_as(&self, name: &str) -> Option<&Section> {
        self.get(name).or_else(|| self.sections.iter().find(|s| s.was.as_deref() == Some(name)))
    }

    /// The named sections, each once, `各科室` expanded. A name that is not on the roster is skipped: the check of the
    /// file has refused it.
    pub fn expand<'a>(&'a self, names: &[String]) -> Vec<&'a Section> {
        let mut found: Vec<&Section> = Vec::new();
        let mut add = |section: &'a Section| {
            if !found.iter().any(|f| f.name == section.name) {
                found.push(section);
            }
        };
        for name in names {
            if name == ALL_SECTIONS {
                self.sections.iter().filter(|s| s.in_all).for_each(&mut add);
            } else {
                self.get(name).into_iter().for_each(&mut add);
            }
        }
        found
    }
}

impl Deadline {
    /// The variables a title may hold, for the check and its did-you-mean.
    pub const TITLE_VARIABLES: [&str; 7] = ["year", "last_year", "next_year", "half", "quarter", "month", "period"];

    /// Where one report closes it for all and a section leads, the others help.
    pub fn part_of(&self, section: &str) -> Part {
        match &self.lead {
            Some(lead) if self.done == Done::Any && lead != section => Part::Helps,
            _ => Part::Answers,
        }
    }

    /// The parts that its sections may have.
    pub fn parts(&self) -> &'static [Part] {
        let is_shared = self.done == Done::Any && self.lead.is_some();
        if is_shared { &[Part::Answers, Part::Helps] } else { &[Part::Answers] }
    }

    /// The title of one period: `发布{last_year}年度…` of `2027` is `发布2026年度…`.
    ///
    /// A variable that the period does not have (a quarter in a year) is left as written.
    pub fn title_for(&self, period: &str) -> String {
        let mut title = self.title.clone();
        for (name, value) in title_values(period) {
            title = title.replace(&format!("{{{name}}}"), &value);
        }
        title
    }

    /// The date that the bureau set for itself in an occurrence, before it is rolled back to a
    /// working day; `None` where it would not be earlier than `due`.
    pub fn target_before(&self, cal: &Calendar, due: Date) -> Option<Date> {
        self.target_told::<()>(cal, due).map(|(day, ())| day)
    }

    /// The same, with its steps.
    pub fn target_told<E: Ear>(&self, cal: &Calendar, due: Date) -> Option<(Date, E)> {
        let (_, target) = self.target.as_ref()?;
        let told = match target {
            Target::Rule(rule) => rule.told(cal, shift(due, -400), due).last().map(|(term, ear)| (term.due, ear))?,
            Target::Before(lead) => {
                let mut ear = E::default();
                ear.hear(|| Move::From { what: Anchor::Due, to: due });
                (lead.raw(cal, due, &mut ear), ear)
            }
        };
        (told.0 < due).then_some(told)
    }
}

/// The variables that `period` gives a value to.
fn title_values(period: &str) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::from([("period", period.to_owned())]);
    let (year, rest) = period.split_once('-').unwrap_or((period, ""));
    if let (4, Ok(year)) = (year.len(), year.parse::<i32>()) {
        values.insert("year", year.to_string());
        values.insert("last_year", (year - 1).to_string());
        values.insert("next_year", (year + 1).to_string());
    }
    match rest.split_at_checked(1) {
        Some(("H", half)) => values.insert("half", if half == "1" { "上".into() } else { "下".into() }),
        Some(("Q", quarter)) => values.insert("quarter", quarter.into()),
        Some(_) => rest
            .split('-')
            .next()
            .and_then(|m| m.parse::<u8>().ok())
            .and_then(|month| values.insert("month", month.to_string())),
        None => None,
    };
    values
}

impl Mailbox {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for every spelling: what is compared and stored.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether the text is this address in some spelling.
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Mailbox {}

impl Ord for Mailbox {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Mailbox {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Mailbox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Mailbox {
    type Err = String;

    /// # Errors
    /// In Chinese, what is wrong with the address.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(c) = text.chars().find(|c| !c.is_ascii() || c.is_ascii_control()) {
            return Err(format!("邮箱里有不能用的字符“{}”，只能用英文字母、数字和半角符号", c.escape_debug()));
        }
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        match email_address::EmailAddress::parse_with_options(text, options) {
            // A quoted local part is legal, but always a mistake.
            Ok(_) if !text.contains('"') => Ok(Self(text.to_owned())),
            _ => Err("不是邮箱地址，应写成 name@example.test".to_owned()),
        }
    }
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(0) | Self::Workdays(0) => f.write_str("当天"),
            Self::Days(n) => write!(f, "{n}天"),
            Self::Workdays(n) => write!(f, "{n}个工作日"),
        }
    }
}

impl FromStr for Lead {
    type Err = String;

    /// # Errors
    /// In Chinese, which forms would be understood.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bare = bare.strip_prefix("提前").unwrap_or(&bare);
        if matches!(bare, "当天" | "当日") {
            return Ok(Self::Days(0));
        }
        let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = bare[..digits].parse::<u16>().ok().filter(|n| *n <= 366);
        match (number, &bare[digits..]) {
            (Some(0), "天" | "日" | "个工作日" | "工作日" | "d" | "wd") => Ok(Self::Days(0)),
            (Some(n), "天" | "日" | "d") => Ok(Self::Days(n)),
            (Some(n), "个工作日" | "工作日" | "wd") => Ok(Self::Workdays(n)),
            _ => Err("提前量应写成 \"30天\"、\"7个工作日\" 或 \"当天\"，最多 366".to_owned()),
        }
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> { text.parse() }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self { value.to_string() }
        }
    )*};
}
as_text!(Mailbox, Lead);

#[cfg(test)]
mod tests;
