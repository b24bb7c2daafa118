//! A letter in the outbox → what it says at this moment → the bytes that go to the server.

use super::{Error, Office, Result, notices::Notice};
use crate::{
    clock::Moment,
    domain::{
        deadline::{Deadline, Done, ESCALATES_AT, Mailbox},
        occurrence::{Dates, Light, Progress, State},
        reminder::{Reader, Reason, Saying, Step, next, steps},
    },
    letter::{self, Addressee, Entry, Letter, Rendered},
    mailer::{self, Outgoing},
    store::{LetterRow, OccurrenceRow, SaidRow, Tx, state},
};

/// What a letter says, as the database has it at this moment. To put it into words and bytes takes as long again, and
/// the database is not needed for it.
#[derive(Debug)]
pub struct Draft {
    said: Said,
    message_id: String,
    to: String,
    /// A section answers to the mailbox that is read, an admin to the others.
    is_for_admin: bool,
    /// The Message-ID that it answers; may be empty.
    answers: Option<String>,
    now: Moment,
    /// The reminders that it brings.
    pub brings: Vec<Brought>,
}

/// A reminder, as its deadline's history has it.
#[derive(Debug)]
pub struct Brought {
    pub deadline: String,
    pub period: String,
    pub saying: Saying,
    pub behalf: String,
}

#[derive(Debug)]
enum Said {
    Reminders(Box<Letter>),
    InWords(Rendered),
}

/// A letter that is ready to be handed over.
#[derive(Debug)]
pub struct Written {
    pub subject: String,
    pub message: Vec<u8>,
}

/// What the letter says from the present state; `None` when nothing is left to say in it.
///
/// What is no longer so (done, withdrawn, moved, said by a later letter) is dropped for good.
pub fn draft(tx: &Tx, office: &Office, letter: &LetterRow, now: &Moment) -> Result<Option<Draft>> {
    let mut brings = Vec::new();
    let said = match &letter.notice {
        Some(notice) => render_notice(tx, office, notice, letter.id, now)?.map(Said::InWords),
        None => {
            let entries = entries(tx, office, letter, now, &mut brings)?;
            (!entries.is_empty()).then(|| {
                let token = office.reply_token(letter.id, &letter.message_id);
                Said::Reminders(Box::new(office.letter(entries, token, now)))
            })
        }
    };
    let Some(said) = said else { return Ok(None) };
    let answers = letter.answers.map(|id| tx.incoming(id)).transpose()?.flatten();
    Ok(Some(Draft {
        said,
        message_id: letter.message_id.clone(),
        to: letter.mailbox.clone(),
        is_for_admin: letter.notice.is_some() && answers.is_none(),
        answers: answers.map(|incoming| incoming.message_id),
        now: now.clone(),
        brings,
    }))
}

impl Draft {
    /// # Errors
    /// A text that cannot stand in a mail: the letter waits, the others go on.
    pub fn write(self, office: &Office) -> Result<Written> {
        let rendered = match self.said {
            Said::Reminders(letter) => letter::render(&letter),
            Said::InWords(rendered) => rendered,
        };
        let envelope = Envelope {
            to: &self.to,
            message_id: &self.message_id,
            reply_to: if self.is_for_admin { office.settings.admin.clone() } else { office.reply_to() },
            answers: self.answers,
        };
        compose(office, &envelope, rendered, &self.now)
    }
}

/// Where a letter goes, and what it belongs to.
#[derive(Debug)]
pub struct Envelope<'a> {
    pub to: &'a str,
    pub message_id: &'a str,
    pub reply_to: Vec<Mailbox>,
    /// The Message-ID that it answers; may be empty.
    pub answers: Option<String>,
}

/// The bytes of a letter.
///
/// # Errors
/// A text that cannot stand in a mail: the letter waits, the others go on.
pub fn compose(office: &Office, envelope: &Envelope, rendered: Rendered, now: &Moment) -> Result<Written> {
    let mail = &office.settings.mail;
    let Rendered { subject, text, html, ics } = rendered;
    let outgoing = Outgoing {
        from_name: mail.from_name.clone(),
        from: mail.from.to_string(),
        to: envelope.to.to_owned(),
        reply_to: envelope.reply_to.iter().map(ToString::to_string).collect(),
        subject: subject.clone(),
        text,
        html: Some(html),
        ics,
        message_id: envelope.message_id.to_owned(),
        date: now.at.to_zoned(office.settings.timezone.clone()),
        answers: envelope.answers.clone(),
    };
    let message = mailer::compose(&outgoing).map_err(|e| Error::Refused(e.to_string()))?;
    Ok(Written { subject, message })
}

fn render_notice(tx: &Tx, office: &Office, notice: &str, letter: i64, now: &Moment) -> Result<Option<Rendered>> {
    let notice: Notice = serde_json::from_str(notice).map_err(|e| crate::store::Error::Value(e.to_string()))?;
    let (tag, contact) = (office.tag(), &office.settings.contact);
    if let Notice::Answer { incoming } = notice {
        let answer = super::incoming::in_words(tx, office, incoming, letter)?;
        return Ok(answer.map(|answer| letter::answer::render(tag, contact, &answer)));
    }
    let words = super::notices::in_words(tx, office, notice, now)?;
    Ok(words.map(|words| letter::notice::render(tag, contact, &words)))
}

/// What the letter still has to say, most urgent first, numbered for replies.
fn entries(
    tx: &Tx,
    office: &Office,
    letter: &LetterRow,
    now: &Moment,
    brings: &mut Vec<Brought>,
) -> Result<Vec<Entry>> {
    let mut entries: Vec<(i64, Entry)> = Vec::new();
    let mut is_to_leader = false;
    for said in tx.said_in(letter.id)? {
        let Some(occurrence) = tx.occurrence_by_id(said.occurrence)? else { continue };
        let Some(row) = tx.deadline(&occurrence.deadline)? else { continue };
        let progress = tx.progress(occurrence.id)?;
        if let Some(why) = no_longer_said(tx, office, &occurrence, &row.deadline, &progress, &said)? {
            tx.drop_said(&said, why)?;
            continue;
        }
        is_to_leader |= said.reader.is_leader;
        let mut entry = office.entry_for(tx, &occurrence, &row.deadline, &progress, &said, now)?;
        if let Saying::Correction(_) = said.saying {
            entry.told = last_told(tx, &said)?;
        }
        let OccurrenceRow { deadline, period, .. } = &occurrence;
        let (deadline, period, behalf) = (deadline.clone(), period.clone(), said.reader.behalf.clone());
        brings.push(Brought { deadline, period, saying: said.saying, behalf });
        match entries.iter_mut().find(|(id, _)| *id == occurrence.id) {
            // The same occurrence once more: a correction beside a reminder, a second section.
            Some((_, there)) => merge(there, entry),
            None => entries.push((occurrence.id, entry)),
        }
    }
    if is_to_leader {
        also_overdue(tx, office, letter, now, &mut entries)?;
    }
    entries.sort_by(|(_, a), (_, b)| {
        (a.days_left, a.dates.due, &a.deadline).cmp(&(b.days_left, b.dates.due, &b.deadline))
    });
    let items: Vec<_> = entries.iter().map(|(id, entry)| (*id, entry.reports_for.clone())).collect();
    let numbers = tx.number_items(letter.id, &items)?;
    Ok(numbers.into_iter().zip(entries).map(|(number, (_, entry))| Entry { number, ..entry }).collect())
}

/// A leader's letter holds all that is overdue under him, not only what is said of today.
fn also_overdue(
    tx: &Tx,
    office: &Office,
    letter: &LetterRow,
    now: &Moment,
    entries: &mut Vec<(i64, Entry)>,
) -> Result<()> {
    let today = now.today();
    for (occurrence, deadline) in tx.overdue_occurrences(today)? {
        let days = office.calendar.workdays_between(occurrence.dates.due, today);
        let is_there = entries.iter().any(|(id, _)| *id == occurrence.id);
        let (false, true) = (is_there, days >= i64::from(ESCALATES_AT)) else { continue };
        let progress = tx.progress(occurrence.id)?;
        let mut readers = office.readers(&deadline, &progress, true).into_iter();
        let Some(reader) = readers.find(|r| r.is_leader && r.mailbox.as_str() == letter.mailbox) else { continue };
        let said = SaidRow {
            id: 0,
            occurrence: occurrence.id,
            counted_from: occurrence.dates.due,
            saying: Saying::Overdue(u16::try_from(days).unwrap_or(u16::MAX)),
            reader,
            on_day: today,
            dates: occurrence.dates,
        };
        entries.push((occurrence.id, office.entry_for(tx, &occurrence, &deadline, &progress, &said, now)?));
    }
    Ok(())
}

fn merge(there: &mut Entry, entry: Entry) {
    let is_new = |addressee: &Addressee| !there.to.contains(addressee);
    let more: Vec<Addressee> = entry.to.into_iter().filter(is_new).collect();
    there.to.extend(more);
    there.report_url = there.report_url.take().or(entry.report_url);
    let more: Vec<String> = entry.reports_for.into_iter().filter(|s| !there.reports_for.contains(s)).collect();
    there.reports_for.extend(more);
    if entry.reason == Reason::Corrected {
        (there.reason, there.told) = (entry.reason, entry.told);
    } else if there.reason == Reason::Corrected {
        there.saying = entry.saying;
    }
}

fn as_step(said: &SaidRow) -> Step {
    Step { on: said.on_day, counted_from: said.counted_from, saying: said.saying }
}

/// What the reader was told before the dates moved.
fn last_told(tx: &Tx, said: &SaidRow) -> Result<Option<Dates>> {
    let told = tx.last_told(said.occurrence)?;
    let same = |r: &Reader| r.mailbox == said.reader.mailbox && r.behalf == said.reader.behalf;
    Ok(told.into_iter().find(|(reader, _)| same(reader)).map(|(_, dates)| dates))
}

/// Why this is not said after all; `None` when it still is to be said.
fn no_longer_said(
    tx: &Tx,
    office: &Office,
    occurrence: &OccurrenceRow,
    deadline: &Deadline,
    progress: &Progress,
    said: &SaidRow,
) -> Result<Option<&'static str>> {
    let dates = &occurrence.dates;
    let counts = match said.saying {
        Saying::Before(_) => said.counted_from == dates.finish_by || Some(said.counted_from) == dates.target,
        Saying::Overdue(_) => said.counted_from == dates.due,
        Saying::Correction(revision) => revision == occurrence.revision,
    };
    Ok(match occurrence.state {
        State::Done => Some("done"),
        State::Withdrawn => Some("withdrawn"),
        State::Open if !counts => Some("the date has moved"),
        State::Open if tx.is_superseded(said)? => Some("said by a later letter"),
        State::Open if !office.still_reads(deadline, progress, said) => Some("the reader no longer answers for it"),
        State::Open => None,
    })
}

/// What a calendar knows an occurrence by, over its whole life; `database` is the database's own.
pub(super) fn uid(deadline: &str, period: &str, database: &str) -> String {
    format!("{deadline}.{period}.{database}")
}

impl Office {
    /// What subjects begin with: the sender's display name.
    pub fn tag(&self) -> &str {
        let name = self.settings.mail.from_name.as_str();
        if name.is_empty() { "督办" } else { name }
    }

    /// `reply_token`: of a letter that can be replied to.
    pub fn letter(&self, entries: Vec<Entry>, reply_token: Option<String>, now: &Moment) -> Letter {
        let now = now.at.to_zoned(self.settings.timezone.clone());
        Letter { now, tag: self.tag().to_owned(), contact: self.settings.contact.clone(), entries, reply_token }
    }

    /// Whether the roster still has this reader answer for the deadline.
    fn still_reads(&self, deadline: &Deadline, progress: &Progress, said: &SaidRow) -> bool {
        let is_leader = said.reader.is_leader;
        let escalates = is_leader || as_step(said).escalates();
        let readers = self.readers(deadline, progress, escalates);
        let original = |r: &Reader| r.mailbox == said.reader.mailbox && r.behalf == said.reader.behalf;
        // Passed on: the mailbox that refused still has to be one of the readers.
        let refused = |r: &Reader| r.mailbox.as_str() == said.reader.behalf;
        readers.iter().any(|r| original(r) || refused(r))
    }

    /// The other sections whose leader this reader is as well: he hears of an overdue one once, as both.
    fn led_by(&self, deadline: &Deadline, progress: &Progress, reader: &Reader) -> Option<Addressee> {
        let sections = self.roster.expand(&deadline.sections);
        let others =
            sections.iter().filter(|s| !progress.has_reported(deadline, &s.name) && !s.email.contains(&reader.mailbox));
        let of: Vec<String> = match &deadline.escalate_to {
            Some(instead) if !instead.contains(&reader.mailbox) => Vec::new(),
            Some(_) => others.map(|s| s.name.clone()).collect(),
            None => others.filter(|s| s.leader.contains(&reader.mailbox)).map(|s| s.name.clone()).collect(),
        };
        (!of.is_empty()).then_some(Addressee::Leader { of })
    }

    /// In what capacity the reader hears of it.
    fn addressees(&self, tx: &Tx, deadline: &Deadline, progress: &Progress, reader: &Reader) -> Result<Vec<Addressee>> {
        let sections = self.roster.expand(&deadline.sections);
        let owing = sections.iter().filter(|s| !progress.has_reported(deadline, &s.name));
        if !reader.behalf.is_empty() {
            let why = match tx.last_refusal(&reader.behalf)? {
                Some(reply) => format!("邮箱拒收：{reply}"),
                None => "没有登记邮箱".to_owned(),
            };
            let names: Vec<&str> = owing
                .filter(|s| s.email.iter().any(|m| m.as_str() == reader.behalf))
                .map(|s| s.name.as_str())
                .collect();
            let to = if names.is_empty() {
                reader.behalf.clone()
            } else {
                format!("{}（{}）", names.join("、"), reader.behalf)
            };
            return Ok(vec![Addressee::PassOn { to, why }]);
        }
        if reader.is_leader {
            let of = owing.filter(|s| deadline.escalate_to.is_some() || s.leader.contains(&reader.mailbox));
            return Ok(vec![Addressee::Leader { of: of.map(|s| s.name.clone()).collect() }]);
        }
        Ok(owing
            .filter(|s| s.email.contains(&reader.mailbox))
            .map(|s| Addressee::Section { name: s.name.clone(), leads: deadline.lead.as_ref() == Some(&s.name) })
            .collect())
    }

    /// The occurrence as a letter to this reader shows it today.
    pub fn entry_for(
        &self,
        tx: &Tx,
        occurrence: &OccurrenceRow,
        deadline: &Deadline,
        progress: &Progress,
        said: &SaidRow,
        now: &Moment,
    ) -> Result<Entry> {
        let step = as_step(said);
        let mut entry = self.entry(occurrence, deadline, progress, &step, now);
        entry.reason = step.reason(now.today(), said.reader.is_leader);
        entry.to = self.addressees(tx, deadline, progress, &said.reader)?;
        if !said.reader.is_leader && occurrence.id != 0 {
            entry.reports_for = self.reporting_sections(deadline, &entry.to, &said.reader.behalf);
            entry.report_url = entry.reports_for.first().and_then(|section| self.report_url(occurrence, section));
        }
        if step.escalates() && !said.reader.is_leader {
            entry.to.extend(self.led_by(deadline, progress, &said.reader));
        }
        entry.nth = tx.times_told(occurrence.id, said.reader.mailbox.as_str())? + 1;
        entry.uid = uid(&deadline.id, &occurrence.period, &tx.get(state::UID)?.unwrap_or_default());
        Ok(entry)
    }

    /// The occurrence as of today, to nobody in particular.
    pub(super) fn entry(
        &self,
        occurrence: &OccurrenceRow,
        deadline: &Deadline,
        progress: &Progress,
        step: &Step,
        now: &Moment,
    ) -> Entry {
        let today = now.today();
        let mut dates = occurrence.dates;
        dates.provisional |= self.calendar.is_provisional(today.year());
        let days = steps(deadline, &self.calendar, &dates, occurrence.quiet());
        let names = self.section_names(deadline);
        let missing = names.iter().filter(|n| !progress.has_reported(deadline, n)).map(|n| (*n).to_owned()).collect();
        Entry {
            number: 1,
            deadline: deadline.id.clone(),
            period: occurrence.period.clone(),
            item: deadline.item,
            title: deadline.title_for(&occurrence.period),
            dates,
            light: Light::of(State::Open, &dates, super::first_day(&days), today),
            reason: step.reason(today, false),
            saying: step.saying,
            aim: dates.aim(today),
            days_left: dates.days_left(dates.aim(today), today),
            workdays_left: dates.workdays_left(&self.calendar, dates.aim(today), today),
            to: Vec::new(),
            lead: deadline.lead.clone(),
            sections: deadline.sections.clone(),
            missing: if deadline.done == Done::Each { missing } else { Vec::new() },
            reports: (deadline.times > 1 && deadline.done == Done::Any)
                .then_some((progress.reports.len() as u32, deadline.times)),
            steps: deadline.steps.clone(),
            basis: deadline.basis.clone(),
            bureau_default: deadline.bureau_default,
            nth: 1,
            next: next(&days, today).map(|s| s.on),
            escalates: self.readers(deadline, progress, true).iter().any(|r| r.is_leader),
            told: None,
            reports_for: Vec::new(),
            report_url: None,
            uid: String::new(),
            sequence: occurrence.revision,
        }
    }
}
