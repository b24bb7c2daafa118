//! Letters other than reminders: notices to the admin, stored as data and worded when sent, and reminders passed on
//! (代转).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Moment,
    domain::{
        agenda::Utterance,
        hours::{Behalf, Reader},
        occurrence::Occurrence,
    },
    service::Office,
    store::{AuditRow, Error, LetterKind, LetterRow, NewLetter, NewNotice, Restored, Result, SaidRow, Tx, state},
};

/// A letter that is no reminder. Goes to the admin, except `Answer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The service has started.
    Started { warnings: Vec<String> },
    /// An edited configuration was put in force; `changes` has a line for each change.
    Reloaded { changes: Vec<String>, warnings: Vec<String> },
    /// An edited configuration would withdraw `gone` of the `open` occurrences: it waits.
    Waits { changes: Vec<String>, gone: usize, open: usize, until: Timestamp },
    /// An edited configuration was refused; the last good one stays in force.
    Rejected { findings: String },
    /// A letter failed for good, and nothing in it could be passed on.
    Undeliverable { letter: i64 },
    /// These letters have waited too long.
    Stuck { letters: Vec<i64> },
    /// The statutory days of this year are not known.
    HolidayMissing { year: i16 },
    /// A section has made a request (不能按期 or 不适用).
    Asked { request: i64 },
    /// The weekly summary, from Monday on.
    Weekly,
    /// Sweeps succeed again after failing since then, and why they failed.
    Swept { since: Timestamp, why: String },
    /// To the sender of a reply, not to the admin.
    Answer { incoming: i64 },
    /// The mail server takes letters again after refusing us since then, in these words.
    Refused { since: Timestamp, why: String },
    /// A report came by reply from an address that the roster does not list for the section.
    Stranger { incoming: i64 },
    /// So did others, or wrote something else with a number of ours: the messages from this one to that one.
    Strangers { from: i64, to: i64 },
    /// The mailbox for replies cannot be read; since when, and why.
    MailboxDown { since: Timestamp, why: String },
    /// So many filed messages are not known here: it went back to a state of then.
    WentBack { messages: u32, since: Timestamp },
    /// The database was restored from a copy.
    Restored(Restored),
}

/// Most letters about starts in one hour: a service that keeps crashing writes to the journal, not to the admin.
const STARTS_AN_HOUR: u32 = 3;
/// The admin is told of people outside the roster at most so often, whatever they write.
const STRANGERS_EVERY: SignedDuration = SignedDuration::from_hours(24);

impl Office {
    /// Queues a letter to every admin, to go out at any time of day.
    pub fn tell_admin(&self, tx: &Tx, notice: &Notice, now: &Moment) -> Result<()> {
        self.tell_admin_but(tx, notice, "", now)
    }

    /// As [`Self::tell_admin`], except to the mailbox `broken`, which is known not to work.
    pub fn tell_admin_but(&self, tx: &Tx, notice: &Notice, broken: &str, now: &Moment) -> Result<()> {
        let notice = notice.to_store()?;
        for admin in self.settings.admin.iter().filter(|admin| !admin.is(broken)) {
            let new =
                NewLetter { mailbox: admin.as_str(), notice: Some(&notice), any_time: true, domain: self.domain() };
            tx.queue_letter(&new, now.at)?;
        }
        Ok(())
    }

    /// Notes that somebody outside the roster wrote with a number of ours. The first one that recorded something is told
    /// of at once, the others a day after it in one letter.
    pub fn note_stranger(&self, tx: &Tx, incoming: i64, has_recorded: bool, now: &Moment) -> Result<()> {
        let mut strangers = tx.get(state::STRANGERS)?.unwrap_or_default();
        if has_recorded && may_be_told(strangers.told_at, now) {
            self.tell_admin(tx, &Notice::Stranger { incoming }, now)?;
            strangers.told_at = Some(now.at);
        } else {
            strangers.untold = strangers.untold.or(Some(incoming));
        }
        tx.put(state::STRANGERS, &strangers).map(drop)
    }

    /// Tells the admin of those who are still to be told of, when a day has passed.
    pub fn tell_of_strangers(&self, tx: &Tx, now: &Moment) -> Result<()> {
        let strangers = tx.get(state::STRANGERS)?.unwrap_or_default();
        let Some(from) = strangers.untold.filter(|_| may_be_told(strangers.told_at, now)) else { return Ok(()) };
        self.tell_admin(tx, &Notice::Strangers { from, to: tx.last_incoming()? }, now)?;
        tx.put(state::STRANGERS, &state::Strangers { told_at: Some(now.at), untold: None }).map(drop)
    }

    /// Tells the admin of a start, unless there were several within the hour. True if the admin is told.
    pub fn tell_of_start(&self, tx: &Tx, now: &Moment) -> Result<bool> {
        let hour_ago = now.at.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now.at);
        let is_new = tx.count_starts(hour_ago)? < STARTS_AN_HOUR;
        tx.audit(&audit(now, "started", None, None, serde_json::json!({ "version": env!("CARGO_PKG_VERSION") })))?;
        if is_new {
            self.tell_admin(tx, &Notice::Started { warnings: self.warnings.clone() }, now)?;
        }
        Ok(is_new)
    }
}

fn may_be_told(last: Option<Timestamp>, now: &Moment) -> bool {
    // A clock that was set back tells at once.
    last.is_none_or(|last| !(SignedDuration::ZERO..STRANGERS_EVERY).contains(&now.at.duration_since(last)))
}

impl Notice {
    /// The form stored with the letter.
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

    /// Reads the JSON stored with the letter.
    pub fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|e| Error::Value(e.to_string()))
    }
}

/// 代转: sends the admin the reminders of a failed letter, to be passed on. The failure of a letter to an admin is told
/// to the other admins, once.
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
    // Answers are not passed on, and a failed notice of a failure causes no further notice.
    if is_passed_on || matches!(letter.kind, LetterKind::Answer | LetterKind::Undeliverable) {
        return Ok(());
    }
    office.tell_admin_but(tx, &Notice::Undeliverable { letter: letter.id }, &letter.mailbox, now)
}

/// The audit row of what a person did to an occurrence.
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
