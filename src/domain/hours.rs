//! When letters may be sent, and to whom.

use jiff::civil::{Date, DateTime, Time};

use super::{
    calendar::{Calendar, shift},
    deadline::{Deadline, Mailbox, Roster, Section},
};

/// When letters are sent on a working day, in bureau time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    pub send_at: Time,
    /// Start of the sending window: late reminders go out from this time on.
    pub from: Time,
    /// End of the window, itself excluded.
    pub to: Time,
}

/// Everything besides the deadline that decides who is reminded and when.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    pub calendar: &'a Calendar,
    pub roster: &'a Roster,
    /// Written to instead of a section without a mailbox, or a mailbox that refused.
    pub admins: &'a [Mailbox],
    pub hours: Hours,
}

/// A mailbox that is to be reminded of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub mailbox: Mailbox,
    pub behalf: Behalf,
}

/// In what capacity a mailbox is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behalf {
    /// A section's own mailbox.
    Section,
    /// 分管领导.
    Leader,
    /// 代转: an admin, for a section without a mailbox.
    ForSection(String),
    /// 代转: an admin, for a mailbox that refused.
    ForMailbox { mailbox: Mailbox, is_leader: bool },
}

impl Reader {
    /// Whether both are one reader, to be written to only once.
    pub fn is_same(&self, other: &Self) -> bool {
        self.mailbox == other.mailbox && self.behalf.is_passed_on_as(&other.behalf)
    }

    /// Whether the reader is told of the deadline for this section.
    pub fn hears_for(&self, section: &Section, deadline: &Deadline) -> bool {
        match &self.behalf {
            Behalf::Section => section.email.contains(&self.mailbox),
            Behalf::Leader => deadline.escalate_to.is_some() || section.leader.contains(&self.mailbox),
            Behalf::ForSection(name) => section.name == *name,
            Behalf::ForMailbox { mailbox, .. } => section.email.contains(mailbox),
        }
    }
}

impl Behalf {
    /// Whether the reader is a leader, or an admin who passes letters on to one.
    pub fn is_leader(&self) -> bool {
        matches!(self, Self::Leader | Self::ForMailbox { is_leader: true, .. })
    }

    /// Whether both are passed on to the same, or neither is.
    fn is_passed_on_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ForMailbox { mailbox, .. }, Self::ForMailbox { mailbox: other, .. }) => mailbox == other,
            (Self::Section | Self::Leader, Self::Section | Self::Leader) => true,
            _ => self == other,
        }
    }

    /// 代转: the section or mailbox it is passed on to; `None` if the reader is written to directly.
    pub fn passed_on_to(&self) -> Option<&str> {
        match self {
            Self::Section | Self::Leader => None,
            Self::ForSection(name) => Some(name),
            Self::ForMailbox { mailbox, .. } => Some(mailbox.as_str()),
        }
    }
}

impl<'a> House<'a> {
    /// Whether letters may be sent at `local`: inside the window of a working day.
    pub fn is_open(&self, local: DateTime) -> bool {
        self.calendar.is_workday(local.date()) && (self.hours.from..self.hours.to).contains(&local.time())
    }

    /// The next moment at or after `local` at which letters may be sent.
    pub fn next_opening(&self, local: DateTime) -> DateTime {
        let today = local.date();
        let day = if local.time() < self.hours.to { today } else { shift(today, 1) };
        let open = self.calendar.on_or_after(day);
        if open == today && local.time() > self.hours.from { local } else { open.to_datetime(self.hours.from) }
    }

    /// When the reminders of the day `on` are sent, if letters go out from `opening` on: missed ones at once, others at
    /// `send_at`.
    pub fn said_at(&self, on: Date, opening: DateTime) -> DateTime {
        if on < opening.date() { opening } else { on.to_datetime(self.hours.send_at).max(opening) }
    }

    /// All readers of what is said to these sections, each once; with their leaders when it escalates.
    pub fn readers(&self, deadline: &Deadline, sections: &[&Section], escalates: bool) -> Vec<Reader> {
        let mut readers: Vec<Reader> = Vec::new();
        // A leader who is already a reader, as a section or for one, is written to only once.
        let mut add = |mailbox: &Mailbox, behalf: Behalf| {
            let is_there = |r: &Reader| r.mailbox == *mailbox && (behalf == Behalf::Leader || r.behalf == behalf);
            if !readers.iter().any(is_there) {
                readers.push(Reader { mailbox: mailbox.clone(), behalf });
            }
        };
        for section in sections {
            section.email.iter().for_each(|mailbox| add(mailbox, Behalf::Section));
            if section.email.is_empty() {
                self.admins.iter().for_each(|admin| add(admin, Behalf::ForSection(section.name.clone())));
            }
        }
        if escalates && !sections.is_empty() {
            match &deadline.escalate_to {
                Some(instead) => instead.iter().for_each(|mailbox| add(mailbox, Behalf::Leader)),
                None => sections.iter().flat_map(|s| &s.leader).for_each(|mailbox| add(mailbox, Behalf::Leader)),
            }
        }
        readers
    }

    /// The sections of a deadline by name, `各科室` expanded.
    pub fn section_names(&self, deadline: &Deadline) -> Vec<&'a str> {
        self.roster.expand(&deadline.sections).into_iter().map(|s| s.name.as_str()).collect()
    }
}
