//! Puts reminders into words: subject, text, HTML and calendar. Pure: what to say was decided before.

pub mod account;
pub mod answer;
pub mod ics;
pub mod notice;
pub mod restored;
pub mod weekly;
pub mod when;
pub mod words;

mod card;
pub use card::material;
mod page;
mod subject;
#[cfg(test)]
mod tests;

use jiff::{Zoned, civil::Date};

use crate::domain::{
    agenda::{Reason, Saying},
    deadline::Part,
    occurrence::{Dates, Light},
};

/// Everything that one mailbox is told at one time.
#[derive(Clone, Debug)]
pub struct Letter {
    /// When it is handed over, in bureau time: all days left are counted from this date.
    pub now: Zoned,
    /// The sender's display name, with which subjects begin; without its brackets.
    pub tag: String,
    /// 联系人、电话, shown at the end.
    pub contact: String,
    /// Most urgent first; never empty.
    pub entries: Vec<Entry>,
    /// Identifies a reply to this letter; `None` if replies are not read.
    pub reply_token: Option<String>,
    /// The sender's address.
    pub from: String,
    /// The addresses of the calendars to subscribe to; empty without `[web]`.
    pub feeds: Vec<String>,
    /// For each section that reports several of the entries.
    pub forms: Vec<Form>,
}

/// The page on which a section reports all its items of a letter at once.
#[derive(Clone, Debug)]
pub struct Form {
    pub section: String,
    pub items: usize,
    pub url: String,
}

/// One occurrence in a letter.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The number, from 1, by which a reply names it if the letter holds several.
    pub number: u32,
    pub deadline: String,
    pub period: String,
    /// The number in the plan (分工方案第31项).
    pub item: Option<u32>,
    /// The title of the period, variables replaced.
    pub title: String,
    pub dates: Dates,
    pub light: Light,
    pub reason: Reason,
    pub saying: Saying,
    /// The date that counts: `target` until it has passed, then `finish_by`.
    pub aim: Date,
    /// The working day before `aim`: on its morning a calendar rings.
    pub alarm: Date,
    /// Calendar days until `aim`; 0 on that day and between `finish_by` and `due`; after `due`, the negative number of
    /// days since.
    pub days_left: i64,
    pub workdays_left: i64,
    /// The addressees of this entry.
    pub to: Vec<Addressee>,
    /// 牵头, if the plan names one.
    pub lead: Option<String>,
    /// What the addressees have to do with it.
    pub part: Part,
    /// The day on which who helps hands in, where the deadline has one; only for those who help.
    pub help_by: Option<Date>,
    /// The sections that only help, and those of them that have handed in (材料已报).
    pub helpers: Vec<String>,
    pub handed_in: Vec<String>,
    /// 进展: the last one that a section told.
    pub progress: Option<Noted>,
    /// All sections that answer for it, as the plan writes them (`各科室` stays one word).
    pub sections: Vec<String>,
    /// The paper's own words for how a day off moves the date: `遇节假日顺延`.
    pub roll: Option<String>,
    /// If each section reports for itself (`done = "each"`), those that have not yet. Empty otherwise.
    pub missing: Vec<String>,
    /// Reports given and asked for, where more than one is asked for.
    pub reports: Option<(u32, u32)>,
    pub steps: Vec<String>,
    pub basis: Option<String>,
    /// 局内默认: the date is the bureau's own.
    pub bureau_default: bool,
    /// Number of this reminder among those of the occurrence to this mailbox, from 1.
    pub nth: u32,
    /// The day of the next reminder if nothing is reported.
    pub next: Option<Date>,
    /// Whether a leader is written to when it is overdue.
    pub escalates: bool,
    /// The dates that were sent before, for a correction.
    pub told: Option<Dates>,
    /// It had been reported, and the report was taken back.
    pub taken_back: Option<TakenBack>,
    /// The sections for which a reply to this letter reports; empty if the mailbox is only informed.
    pub reports_for: Vec<String>,
    /// The page on which it is reported as done; `None` if that is done by reply, or by telling 联系人.
    pub report_url: Option<String>,
    /// Stable over the occurrence's life, for calendars.
    pub uid: String,
    /// Grows with every change of the dates and every report.
    pub sequence: u32,
}

/// What a section said before it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub on: Date,
    pub section: String,
    pub by: String,
    pub text: String,
}

impl Noted {
    /// `3月2日，张三（法制科）：初稿已送审`
    pub fn words(&self) -> String {
        let Self { on, section, by, text } = self;
        format!("{}，{}（{}）：{}", words::day(*on), words::plain(by), words::plain(section), words::plain(text))
    }
}

/// 撤回: a report that counts no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    pub reported_on: Date,
    pub reported_by: String,
    pub on: Date,
    pub by: String,
    /// May be empty.
    pub why: String,
}

/// In what capacity a mailbox is told of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A section that answers for it, and whether it is the lead.
    Section { name: String, leads: bool },
    /// 分管领导 of these sections.
    Leader { of: Vec<String> },
    /// 代转: the admin is asked to pass it on to `to` (a section without a mailbox, or a mailbox that refused it), and
    /// why.
    PassOn { to: String, why: String },
}

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// VCALENDARs, where there are dates to put into a calendar.
    pub ics: Vec<String>,
}

pub fn render(letter: &Letter) -> Rendered {
    let subject = subject::of(letter);
    let ics = ics::of(letter);
    let page = card::page(letter, &subject, &ics);
    Rendered { text: page.text(), html: page.html(), subject, ics }
}

impl Entry {
    /// Whether all addressees are leaders.
    fn is_for_leader(&self) -> bool {
        !self.to.is_empty() && self.to.iter().all(|to| matches!(to, Addressee::Leader { .. }))
    }

    /// The lead's name, if all addressees only help it.
    fn supports(&self) -> Option<&str> {
        self.lead.as_deref().filter(|_| self.part == Part::Helps)
    }

    /// The last day on which the addressees are not late; `None`: nothing is held against who only helps.
    fn in_time_until(&self) -> Option<Date> {
        match self.part {
            Part::Helps => self.help_by,
            Part::Answers => Some(self.dates.in_time_until()),
        }
    }

    /// The sections of the addressed leaders.
    fn led(&self) -> Vec<&str> {
        let of = self.to.iter().filter_map(|to| match to {
            Addressee::Leader { of } => Some(of),
            _ => None,
        });
        of.flatten().map(String::as_str).collect()
    }

    /// The sections and mailboxes that the admin is asked to pass it on to.
    fn passed_on_to(&self) -> Vec<&str> {
        let to = self.to.iter().filter_map(|to| match to {
            Addressee::PassOn { to, .. } => Some(to.as_str()),
            _ => None,
        });
        to.collect()
    }
}
