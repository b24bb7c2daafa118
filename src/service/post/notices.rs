//! Words notices from the state at the moment they go out.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::{
    clock::Moment,
    domain::{
        Date,
        agenda::Agenda,
        calendar::shift,
        deadline::{Mailbox, Section},
        occurrence::{Light, State},
    },
    letter::{
        self,
        notice::{Asked, Notice as Words, StuckLetter, Summary},
        weekly::{Upcoming, Weekly},
    },
    service::{
        Office, Result,
        course::{
            ahead::{Ahead, ahead},
            plan::plan,
            sweep::{late_letters, missing_year},
        },
        desk::{incoming::Outcome, request::if_confirmed},
        post::standby,
        tell::Notice,
    },
    store::{LetterState, Since, Tx},
};

/// The notice, worded from the present state; `None` if there is nothing left to tell.
pub fn in_words(tx: &Tx, office: &Office, notice: Notice, now: &Moment) -> Result<Option<Words>> {
    let local = |at: Timestamp| office.settings.timezone.to_datetime(at);
    Ok(match notice {
        Notice::Started { mut warnings } => {
            warnings.extend(office.takes_any_sender().map(str::to_owned));
            Some(Words::Started(summary(tx, office, warnings, Vec::new(), now)?))
        }
        Notice::Reloaded { changes, warnings } => Some(Words::Reloaded(summary(tx, office, warnings, changes, now)?)),
        Notice::Waits { changes, gone, open, until } => Some(Words::Waits { changes, gone, open, until: local(until) }),
        Notice::Asked { request } => asked(tx, office, request, now)?.map(Words::Asked),
        Notice::Weekly => Some(Words::Weekly(weekly(tx, office, now)?)),
        Notice::Answer { .. } => None,
        Notice::Stranger { incoming } => tx.incoming(incoming)?.map(|incoming| {
            let recorded = serde_json::from_str(&incoming.detail).map_or(String::new(), |o: Outcome| o.words());
            Words::Stranger { sender: incoming.sender, subject: incoming.subject, wrote: incoming.text, recorded }
        }),
        Notice::Strangers { from, to } => {
            let mut wrote = Vec::new();
            for incoming in tx.incoming_between(from, to)? {
                let Ok(outcome) = serde_json::from_str::<Outcome>(&incoming.detail) else { continue };
                if office.is_from_outside(&incoming.sender, &outcome) {
                    wrote.push((local(incoming.at), outcome.words(), incoming.sender));
                }
            }
            (!wrote.is_empty()).then_some(Words::Strangers(wrote))
        }
        Notice::Swept { since, why } => Some(Words::Swept { since: local(since), why }),
        Notice::Refused { since, why } => Some(Words::Refused { since: local(since), why }),
        Notice::MailboxDown { since, why } => Some(Words::MailboxDown { since: local(since), why }),
        Notice::WentBack { messages, since } => Some(Words::WentBack { messages, since: local(since) }),
        Notice::Restored(restored) => {
            let kept_quiet = (restored.since == Since::KeepQuiet).then_some(restored.silenced);
            Some(Words::Restored(letter::restored::Restored {
                at: local(restored.at),
                until: restored.until.map(local),
                is_known: restored.since == Since::Carried,
                has_gaps: restored.has_gaps,
                kept_quiet,
                ends_links: restored.ends_links,
                took_over: restored.took_over,
            }))
        }
        Notice::Rejected { findings } => {
            let in_force_since = local(tx.in_force_since()?.unwrap_or(now.at));
            Some(Words::ConfigRejected { findings, in_force_since })
        }
        Notice::Undeliverable { letter } => tx.letter(letter)?.map(|letter| {
            let serves = |s: &&Section| s.email.iter().chain(&s.leader).any(|m| m.is(&letter.mailbox));
            Words::Undeliverable {
                sections: office.roster.sections.iter().filter(serves).map(|s| s.name.clone()).collect(),
                reply: letter.reply.unwrap_or_default(),
                subject: letter.subject.unwrap_or_default(),
                attempts: letter.attempts,
                since: local(letter.first_attempt.or(letter.ended_at).unwrap_or(letter.made_at)),
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

/// What is in force, what is due in the next seven days, and the next letter.
fn summary(tx: &Tx, office: &Office, warnings: Vec<String>, changes: Vec<String>, now: &Moment) -> Result<Summary> {
    let (today, week, month) = (now.today(), shift(now.today(), 7), shift(now.today(), 31));
    let deadlines = tx.deadlines_in_force()?;
    let found = ahead(tx, office, &deadlines, (today, month), now)?;
    let is_soon = |o: &&Ahead| o.is_running() && (today..=week).contains(&o.occurrence.dates.finish_by);
    let letters = plan(tx, office, &deadlines, (today, month), now)?;
    let next = letters.first().map(|first| (first.at, letters.iter().take_while(|l| l.at == first.at).count()));
    Ok(Summary {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        deadlines: deadlines.len(),
        sections: office.roster.sections.len(),
        off: office.off,
        next_seven_days: found.iter().filter(is_soon).map(upcoming).collect(),
        next_letter: next,
        provisional_years: missing_year(&office.calendar, today).into_iter().collect(),
        warnings,
        changes,
    })
}

fn upcoming(found: &Ahead) -> Upcoming {
    let date = found.occurrence.dates.finish_by;
    Upcoming { date, title: found.title(), sections: found.deadline.sections.clone() }
}

/// A section's request; `None` once it is answered.
fn asked(tx: &Tx, office: &Office, request: i64, now: &Moment) -> Result<Option<Asked>> {
    let Some(request) = tx.request(request)?.filter(|r| r.decision.is_none()) else { return Ok(None) };
    let Some((occurrence, deadline)) = tx.with_deadline(request.occurrence)? else { return Ok(None) };
    Ok(Some(Asked {
        what: request.kind.word(),
        if_confirmed: if_confirmed(&deadline, request.kind, &request.section),
        section: request.section,
        by: request.by,
        reason: request.reason,
        expected: request.expected,
        title: deadline.title_for(&occurrence.period),
        finish_by: occurrence.dates.finish_by,
        due: occurrence.dates.due,
        url: office.request_url(tx, request.id, now)?,
    }))
}

/// Mailboxes on the roster and of admins that refuse letters, with the server's words.
fn refusing(tx: &Tx, office: &Office, settled: Timestamp) -> Result<Vec<(String, String)>> {
    let sections = office.roster.sections.iter().flat_map(|s| s.email.iter().chain(&s.leader));
    let known: HashSet<String> = sections.chain(&office.settings.admin).map(Mailbox::key).collect();
    let mut refusing = tx.refusing_mailboxes(settled)?;
    refusing.retain(|(mailbox, _)| known.contains(&mailbox.to_ascii_lowercase()));
    Ok(refusing)
}

/// The weekly letter names what has been paused for more days than this.
const LONG_PAUSE: i64 = 30;

/// The sections that were written to about it days ago, and have not said a word since.
fn silent(tx: &Tx, office: &Office, open: &Ahead, today: Date) -> Result<Vec<String>> {
    let Some(id) = open.id else { return Ok(Vec::new()) };
    let mut spoke: Vec<String> = tx.notes(id)?.into_iter().map(|note| note.section).collect();
    spoke.extend(tx.requests_of(id)?.into_iter().map(|request| request.section));
    spoke.extend(open.progress.reports.iter().cloned());
    let said = tx.heard_of(id)?;
    let agenda = Agenda { said: &said, ..open.agenda(office.house()) };
    Ok(agenda.silent(today, &spoke).into_iter().map(|section| section.name.clone()).collect())
}

/// How many days the weekly letter looks ahead.
const LOOKED_AHEAD: i64 = 60;

/// The weekly summary.
fn weekly(tx: &Tx, office: &Office, now: &Moment) -> Result<Weekly> {
    let (today, week) = (now.today(), shift(now.today(), 7));
    let week_ago = now.at.saturating_sub(jiff::SignedDuration::from_hours(7 * 24)).unwrap_or(now.at);
    let is_soon = |o: &Ahead| (today..=week).contains(&o.occurrence.dates.finish_by);
    let (mut overdue, mut near, mut next_seven_days, mut not_yet) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let deadlines = tx.deadlines_in_force()?;
    let found = ahead(tx, office, &deadlines, (today, shift(today, LOOKED_AHEAD)), now)?;
    let mut unanswered = Vec::new();
    for open in found.iter().filter(|o| o.occurrence.state == State::Open) {
        let sections = if open.is_running() { silent(tx, office, open, today)? } else { Vec::new() };
        if !sections.is_empty() {
            unanswered.push(Upcoming { sections, ..upcoming(open) });
        }
        match open.light(office.house(), today) {
            Light::Grey => {}
            Light::Red => overdue.push(upcoming(open)),
            _ if is_soon(open) => next_seven_days.push(upcoming(open)),
            Light::Yellow => near.push(upcoming(open)),
            Light::Green => not_yet += 1,
        }
    }
    let mut finished = Vec::new();
    for (occurrence, deadline) in tx.done_since(week_ago)? {
        let title = deadline.title_for(&occurrence.period);
        finished.push(Upcoming { date: occurrence.dates.finish_by, title, sections: deadline.sections });
    }
    let mut paused = Vec::new();
    for (occurrence, deadline) in tx.paused_before(shift(today, 1 - LONG_PAUSE))? {
        let title = format!("{}（{}）", deadline.title_for(&occurrence.period), occurrence.period);
        let days = occurrence.dates.paused_days(today).unwrap_or_default();
        paused.push((Upcoming { date: occurrence.dates.finish_by, title, sections: deadline.sections }, days));
    }
    Ok(Weekly {
        overdue,
        paused,
        silent: unanswered,
        near,
        not_yet: (not_yet, LOOKED_AHEAD),
        next_seven_days,
        finished,
        refused: refusing(tx, office, week_ago)?,
        replies: tx.count_waiting()?,
        waiting_letters: late_letters(tx, office, now)?,
        requests: u32::try_from(tx.open_requests()?.len()).unwrap_or(u32::MAX),
        missing_year: missing_year(&office.calendar, today),
        standby: standby::trouble(&office.settings, now),
        head: tx.chain_head()?.map(|head| head.to_string()),
    })
}
