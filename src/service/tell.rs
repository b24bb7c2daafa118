//! Letters that are owed beside the reminders: to the admin, kept as what they are about, and what is passed on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Moment,
    domain::{
        agenda::Utterance,
        hours::{Behalf, Reader},
        occurrence::Occurrence,
    },
    service::Office,
    store::{AuditRow, Error, LetterKind, LetterRow, NewLetter, NewNotice, Restored, Result, SaidRow, Tx},
};

/// Why the admin is written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The service has started.
    Started { warnings: Vec<String> },
    /// An edited configuration was put in force; what it changes, a line each.
    Reloaded { changes: Vec<String>, warnings: Vec<String> },
    /// An edited configuration was refused; what was in force stays.
    Rejected { findings: String },
    /// A letter failed for good and nobody could be asked to pass it on.
    Undeliverable { letter: i64 },
    /// These letters have waited too long.
    Stuck { letters: Vec<i64> },
    /// The statutory days of this year are not known.
    HolidayMissing { year: i16 },
    /// A section asks for an answer.
    Asked { request: i64 },
    /// Where everything stands, every Monday.
    Weekly,
    /// For a while no sweep succeeded; now they do again.
    Swept { since: Timestamp, why: String },
    /// To the sender of a reply, not to the admin.
    Answer { incoming: i64 },
    /// Somebody whom the roster does not have reported by a reply.
    Stranger { incoming: i64 },
    /// The mailbox that replies come to cannot be read, since when and why.
    MailboxDown { since: Timestamp, why: String },
    /// The database was put back from a copy.
    Restored(Restored),
}

/// At most so many letters about starts in one hour: a service that keeps falling over writes to the
/// journal, not to the admin.
const STARTS_AN_HOUR: u32 = 3;

impl Office {
    /// Owes every admin a letter about it, at any time of day.
    pub fn tell_admin(&self, tx: &Tx, notice: &Notice, now: &Moment) -> Result<()> {
        self.tell_admin_but(tx, notice, "", now)
    }

    /// The same, but for a mailbox that is known not to work.
    pub fn tell_admin_but(&self, tx: &Tx, notice: &Notice, broken: &str, now: &Moment) -> Result<()> {
        let notice = notice.to_store()?;
        for admin in self.settings.admin.iter().filter(|admin| admin.as_str() != broken) {
            let new =
                NewLetter { mailbox: admin.as_str(), notice: Some(&notice), any_time: true, domain: self.domain() };
            tx.queue_letter(&new, now.at)?;
        }
        Ok(())
    }

    /// Tells the admin of a start, unless there were several within the hour.
    pub fn tell_of_start(&self, tx: &Tx, now: &Moment) -> Result<bool> {
        let hour_ago = now.at.saturating_sub(jiff::SignedDuration::from_hours(1)).unwrap_or(now.at);
        let is_new = tx.count_starts(hour_ago)? < STARTS_AN_HOUR;
        tx.audit(&audit(now, "started", None, None, serde_json::json!({ "version": env!("CARGO_PKG_VERSION") })))?;
        if is_new {
            self.tell_admin(tx, &Notice::Started { warnings: self.warnings.clone() }, now)?;
        }
        Ok(is_new)
    }
}

impl Notice {
    /// As it is stored with its letter.
    pub fn to_store(&self) -> Result<NewNotice> {
        let (kind, incoming) = match *self {
            Self::Answer { incoming } => (LetterKind::Answer, Some(incoming)),
            Self::Stranger { incoming } => (LetterKind::Stranger, Some(incoming)),
            Self::Undeliverable { .. } => (LetterKind::Undeliverable, None),
            _ => (LetterKind::Notice, None),
        };
        let json = serde_json::to_string(self).map_err(|e| Error::Value(e.to_string()))?;
        Ok(NewNotice { kind, json, incoming })
    }

    /// As it is kept with its letter.
    pub fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|e| Error::Value(e.to_string()))
    }
}

/// 代转: what a failed letter said is said to the admin instead, who is asked to pass it on. A letter
/// that was for an admin is told of to the other admins, once: never a failure about a failure.
pub fn pass_on(tx: &Tx, office: &Office, letter: &LetterRow, now: &Moment) -> Result<()> {
    let said = tx.said_in(letter.id)?.into_iter();
    let own = said.filter(|s| s.utterance.reader.behalf.passed_on_to().is_none());
    let mut is_passed_on = false;
    for SaidRow { occurrence, utterance, .. } in own {
        let Reader { mailbox, behalf } = &utterance.reader;
        let behalf = Behalf::ForMailbox { mailbox: mailbox.clone(), is_leader: behalf.is_leader() };
        for admin in office.settings.admin.iter().filter(|admin| *admin != mailbox) {
            let reader = Reader { mailbox: admin.clone(), behalf: behalf.clone() };
            let passed_on = Utterance { reader, ..utterance.clone() };
            if !tx.heard_of(occurrence)?.iter().any(|heard| heard.utterance.is_same(&passed_on)) {
                let new = NewLetter { any_time: true, ..office.reminders_to(admin) };
                tx.say(tx.letter_for(&new, now.at)?, occurrence, &passed_on)?;
            }
            is_passed_on = true;
        }
    }
    // Nobody is asked to pass on what an answer said, and never a failure about a failure.
    if is_passed_on || matches!(letter.kind, LetterKind::Answer | LetterKind::Undeliverable) {
        return Ok(());
    }
    office.tell_admin_but(tx, &Notice::Undeliverable { letter: letter.id }, &letter.mailbox, now)
}

/// What a person did to an occurrence.
pub fn act(now: &Moment, who: &str, what: &str, of: &Occurrence, detail: serde_json::Value) -> AuditRow {
    AuditRow { who: who.to_owned(), ..audit(now, what, Some(&of.deadline), Some(&of.period), detail) }
}

pub fn audit(
    now: &Moment,
    what: &str,
    deadline: Option<&str>,
    period: Option<&str>,
    detail: serde_json::Value,
) -> AuditRow {
    AuditRow {
        at: now.at,
        who: "duban".into(),
        what: what.into(),
        deadline: deadline.map(Into::into),
        period: period.map(Into::into),
        detail,
    }
}
