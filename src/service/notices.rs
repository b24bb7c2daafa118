//! Letters to the admin: kept as what they are about, put into words when they go out.

use std::collections::{BTreeSet, HashSet};

use jiff::{Timestamp, civil::DateTime};
use serde::{Deserialize, Serialize};

use super::{
    Office,
    incoming::Outcome,
    load::audit,
    look_ahead::{self, Occasion},
    sweep::missing_year,
    troubles::late_letters,
};
use crate::{
    clock::Moment,
    domain::{
        Date,
        calendar::shift,
        deadline::Section,
        occurrence::{Light, State},
    },
    letter::{
        self,
        notice::{Asked, Notice as Words, StuckLetter, Summary, Upcoming, Weekly},
    },
    store::{Error, LetterState, NewLetter, RequestKind, Restored, Result, Since, Tx},
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
        let notice = serde_json::to_string(notice).map_err(|e| Error::Value(e.to_string()))?;
        for admin in self.settings.admin.iter().filter(|admin| admin.as_str() != broken) {
            let new = NewLetter {
                mailbox: admin.as_str(),
                notice: Some(&notice),
                answers: None,
                any_time: true,
                domain: self.domain(),
            };
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

/// The notice as it stands now; `None` when there is nothing left to tell.
pub fn in_words(tx: &Tx, office: &Office, notice: Notice, now: &Moment) -> super::Result<Option<Words>> {
    let local = |at: Timestamp| office.settings.timezone.to_datetime(at);
    Ok(match notice {
        Notice::Started { warnings } => Some(Words::Started(summary(tx, office, warnings, Vec::new(), now)?)),
        Notice::Reloaded { changes, warnings } => Some(Words::Reloaded(summary(tx, office, warnings, changes, now)?)),
        Notice::Asked { request } => asked(tx, office, request, now)?.map(Words::Asked),
        Notice::Weekly => Some(Words::Weekly(weekly(tx, office, now)?)),
        Notice::Answer { .. } => None,
        Notice::Stranger { incoming } => tx.incoming(incoming)?.map(|incoming| {
            let recorded = serde_json::from_str(&incoming.detail).map_or(String::new(), |o: Outcome| o.words());
            Words::Stranger { sender: incoming.sender, subject: incoming.subject, wrote: incoming.text, recorded }
        }),
        Notice::Swept { since, why } => Some(Words::Swept { since: local(since), why }),
        Notice::MailboxDown { since, why } => Some(Words::MailboxDown { since: local(since), why }),
        Notice::Restored(restored) => {
            let kept_quiet = (restored.since == Since::KeepQuiet).then_some(restored.silenced);
            Some(Words::Restored(letter::restored::Restored {
                at: local(restored.at),
                until: restored.until.map(local),
                is_known: restored.since == Since::Carried,
                has_gaps: restored.has_gaps,
                kept_quiet,
            }))
        }
        Notice::Rejected { findings } => {
            let in_force_since = local(tx.in_force_since()?.unwrap_or(now.at));
            Some(Words::ConfigRejected { findings, in_force_since })
        }
        Notice::Undeliverable { letter } => tx.letter(letter)?.map(|letter| {
            let serves = |s: &&Section| s.email.iter().chain(&s.leader).any(|m| m.as_str() == letter.mailbox);
            Words::Undeliverable {
                sections: office.roster.sections.iter().filter(serves).map(|s| s.name.clone()).collect(),
                reply: letter.reply.unwrap_or_default(),
                subject: letter.subject.unwrap_or_default(),
                attempts: letter.attempts,
                since: local(letter.first_attempt.unwrap_or(letter.made_at)),
                mailbox: letter.mailbox,
            }
        }),
        Notice::Stuck { letters } => {
            let mut stuck = Vec::new();
            for id in letters {
                let letter = tx.letter(id)?.filter(|l| matches!(l.state, LetterState::Queued | LetterState::Sending));
                stuck.extend(letter.map(|letter| StuckLetter {
                    mailbox: letter.mailbox,
                    subject: letter.subject.unwrap_or_default(),
                    since: local(letter.made_at),
                    last_error: letter.last_error.unwrap_or_default(),
                }));
            }
            (!stuck.is_empty()).then_some(Words::Stuck(stuck))
        }
        Notice::HolidayMissing { year } => {
            office.calendar.is_provisional(year).then_some(Words::HolidayMissing { year })
        }
    })
}

/// What is in force, the next seven days, the next letter.
fn summary(
    tx: &Tx,
    office: &Office,
    warnings: Vec<String>,
    changes: Vec<String>,
    now: &Moment,
) -> super::Result<Summary> {
    let (today, week, month) = (now.today(), shift(now.today(), 7), shift(now.today(), 31));
    let is_soon = |o: &&Occasion| o.state == State::Open && (today..=week).contains(&o.dates.finish_by);
    let (mut known, mut soon) = (0, Vec::new());
    let mut next: Option<(DateTime, BTreeSet<String>)> = None;
    // A part of the plan at a time: all of a large one would stay in memory long after the letter.
    let mut last = String::new();
    while let Some((deadlines, end)) = tx.some_in_force(&last)? {
        (known, last) = (known + deadlines.len(), end);
        let occasions = look_ahead::occasions(tx, office, &deadlines, today, month, now)?;
        soon.extend(occasions.iter().filter(is_soon).map(|o| (o.dates.due, o.deadline.id.clone(), upcoming(o))));
        for letter in super::plan::plan(tx, office, &deadlines, today, month, now)? {
            match &mut next {
                Some((at, to)) if *at == letter.at => drop(to.insert(letter.to)),
                Some((at, _)) if *at < letter.at => {}
                _ => next = Some((letter.at, BTreeSet::from([letter.to]))),
            }
        }
    }
    let doubts = office.calendar.doubtful().into_iter();
    let doubts = doubts.map(|(year, what)| format!("{year}年的放假安排里没有{what}，像是没有填全"));
    Ok(Summary {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        deadlines: known,
        sections: office.roster.sections.len(),
        off: office.off,
        next_seven_days: by_due(soon),
        next_letter: next.map(|(at, to)| (at, to.len())),
        provisional_years: missing_year(&office.calendar, today).into_iter().collect(),
        warnings: doubts.chain(warnings).collect(),
        changes,
    })
}

/// What was found in parts of the plan, by due date and the deadline's id.
fn by_due(mut found: Vec<(Date, String, Upcoming)>) -> Vec<Upcoming> {
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    found.into_iter().map(|(.., upcoming)| upcoming).collect()
}

fn upcoming(occasion: &Occasion) -> Upcoming {
    Upcoming { date: occasion.dates.finish_by, title: occasion.title(), sections: occasion.deadline.sections.clone() }
}

/// What a section asked; `None` once it is answered.
fn asked(tx: &Tx, office: &Office, request: i64, now: &Moment) -> super::Result<Option<Asked>> {
    let Some(request) = tx.request(request)?.filter(|r| r.decision.is_none()) else { return Ok(None) };
    let Some(occurrence) = tx.occurrence_by_id(request.occurrence)? else { return Ok(None) };
    let Some(row) = tx.deadline(&occurrence.deadline)? else { return Ok(None) };
    Ok(Some(Asked {
        what: match request.kind {
            RequestKind::Postponed => "不能按期",
            RequestKind::NotApplicable => "不适用",
        },
        section: request.section,
        by: request.by,
        reason: request.reason,
        expected: request.expected,
        title: row.deadline.title_for(&occurrence.period),
        finish_by: occurrence.dates.finish_by,
        due: occurrence.dates.due,
        url: office.request_url(request.id, now),
    }))
}

/// Mailboxes of the roster and of admins that refuse letters, with the server's words.
fn refusing(tx: &Tx, office: &Office, settled: Timestamp) -> super::Result<Vec<(String, String)>> {
    let sections = office.roster.sections.iter().flat_map(|s| s.email.iter().chain(&s.leader));
    let known: HashSet<&str> = sections.chain(&office.settings.admin).map(|m| m.as_str()).collect();
    let mut refusing = tx.refusing_mailboxes(settled)?;
    refusing.retain(|(mailbox, _)| known.contains(mailbox.as_str()));
    Ok(refusing)
}

/// Where everything stands.
fn weekly(tx: &Tx, office: &Office, now: &Moment) -> super::Result<Weekly> {
    let (today, week) = (now.today(), shift(now.today(), 7));
    let week_ago = now.at.saturating_sub(jiff::SignedDuration::from_hours(7 * 24)).unwrap_or(now.at);
    let is_soon = |o: &Occasion| (today..=week).contains(&o.dates.finish_by);
    let (mut overdue, mut near, mut next_seven_days) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = String::new();
    while let Some((deadlines, end)) = tx.some_in_force(&last)? {
        last = end;
        let occasions = look_ahead::occasions(tx, office, &deadlines, today, shift(today, 60), now)?;
        for occasion in occasions.iter().filter(|o| o.state == State::Open) {
            let told = match occasion.light(today) {
                Light::Red => &mut overdue,
                _ if is_soon(occasion) => &mut next_seven_days,
                Light::Yellow => &mut near,
                Light::Green => continue,
            };
            told.push((occasion.dates.due, occasion.deadline.id.clone(), upcoming(occasion)));
        }
    }
    let mut finished = Vec::new();
    for (occurrence, deadline) in tx.done_since(week_ago)? {
        let title = deadline.title_for(&occurrence.period);
        finished.push(Upcoming { date: occurrence.dates.finish_by, title, sections: deadline.sections });
    }
    Ok(Weekly {
        overdue: by_due(overdue),
        near: by_due(near),
        next_seven_days: by_due(next_seven_days),
        finished,
        refused: refusing(tx, office, week_ago)?,
        replies: tx.count_waiting()?,
        waiting_letters: late_letters(tx, office, now)?,
        requests: u32::try_from(tx.open_requests()?.len()).unwrap_or(u32::MAX),
        missing_year: missing_year(&office.calendar, today),
    })
}
