//! Reminders → subject, text, HTML and calendar. Pure: what to say is decided before; here it is put into words.

pub mod answer;
pub mod ics;
pub mod notice;
pub mod restored;
pub mod when;
pub mod words;

mod card;
mod page;
mod subject;
#[cfg(test)]
mod tests;

use jiff::{Zoned, civil::Date};

use crate::domain::{
    agenda::{Reason, Saying},
    occurrence::{Dates, Light},
};

/// Everything that one mailbox is told at one time.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The moment it is handed over, bureau time: every "left" is counted from its date.
    pub now: Zoned,
    /// What subjects begin with, without its brackets: the sender's display name.
    pub tag: String,
    /// 联系人、电话, shown at the end.
    pub contact: String,
    /// Most urgent first; never empty.
    pub entries: Vec<Entry>,
    /// What a reply is known by; `None` where nobody reads replies.
    pub reply_token: Option<String>,
}

/// One occurrence in a letter.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What a reply calls it where the letter holds several, from 1.
    pub number: u32,
    pub deadline: String,
    pub period: String,
    /// The number in the plan (分工方案第31项).
    pub item: Option<u32>,
    /// With the period's year put in.
    pub title: String,
    pub dates: Dates,
    pub light: Light,
    pub reason: Reason,
    pub saying: Saying,
    /// The date that counts: target while it lies ahead, then finish_by.
    pub aim: Date,
    /// Until `aim`; 0 on the day and between finish_by and due; negative: since due.
    pub days_left: i64,
    pub workdays_left: i64,
    /// Who is spoken to.
    pub to: Vec<Addressee>,
    /// 牵头, if the plan names one.
    pub lead: Option<String>,
    /// All sections that answer for it, as the plan writes them (`各科室` stays one word).
    pub sections: Vec<String>,
    /// Everybody reports for himself (`done = "each"`): who has not yet. Empty otherwise.
    pub missing: Vec<String>,
    /// Reports given and asked for, where more than one is asked for.
    pub reports: Option<(u32, u32)>,
    pub steps: Vec<String>,
    pub basis: Option<String>,
    /// 局内默认: the date is the bureau's own.
    pub bureau_default: bool,
    /// The how-manieth reminder of this occurrence to this mailbox, from 1.
    pub nth: u32,
    /// The next day on which something is said if nothing is reported.
    pub next: Option<Date>,
    /// Whether a leader is written to when it is overdue.
    pub escalates: bool,
    /// The dates that were told before, for a correction.
    pub told: Option<Dates>,
    /// The sections whose report a reply to this letter is; empty for who only hears of it.
    pub reports_for: Vec<String>,
    /// Where it is reported as done; without it, by reply, or 联系人 is told.
    pub report_url: Option<String>,
    /// Stable over the occurrence's life, for calendars.
    pub uid: String,
    /// Grows with every move of the dates.
    pub sequence: u32,
}

/// In what capacity a mailbox hears of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A section answers for it; whether it is the lead.
    Section { name: String, leads: bool },
    /// 分管领导 of these sections.
    Leader { of: Vec<String> },
    /// 代转: the admin is asked to pass it on to `to` (a section without a mailbox, or a mailbox that
    /// refused it), and why.
    PassOn { to: String, why: String },
}

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// A VCALENDAR, where there is a date to put into a calendar.
    pub ics: Option<String>,
}

pub fn render(letter: &Letter) -> Rendered {
    let subject = subject::of(letter);
    let ics = ics::of(letter);
    let page = card::page(letter, &subject, ics.is_some());
    Rendered { text: page.text(), html: page.html(), subject, ics }
}

impl Entry {
    /// Whether only leaders are spoken to.
    fn is_for_leader(&self) -> bool {
        !self.to.is_empty() && self.to.iter().all(|to| matches!(to, Addressee::Leader { .. }))
    }

    /// The lead's name, where everybody who is spoken to only supports it.
    fn supports(&self) -> Option<&str> {
        let supporting = |to: &Addressee| matches!(to, Addressee::Section { leads: false, .. });
        // Where each section reports for itself, nobody merely supports.
        let all = !self.to.is_empty() && self.to.iter().all(supporting) && self.missing.is_empty();
        self.lead.as_deref().filter(|_| all)
    }

    /// The sections that the leaders who are spoken to are asked about.
    fn led(&self) -> Vec<&str> {
        let of = self.to.iter().filter_map(|to| match to {
            Addressee::Leader { of } => Some(of),
            _ => None,
        });
        of.flatten().map(String::as_str).collect()
    }

    /// Whom the admin is asked to pass it on to.
    fn passed_on_to(&self) -> Vec<&str> {
        let to = self.to.iter().filter_map(|to| match to {
            Addressee::PassOn { to, .. } => Some(to.as_str()),
            _ => None,
        });
        to.collect()
    }
}
