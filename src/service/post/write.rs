//! Writes a letter: from its row in the outbox to what it says now, and to the bytes for the server.

use crate::{
    clock::Moment,
    domain::{
        agenda::{Agenda, Reason, Saying, Step, Utterance, last_told},
        deadline::{Done, ESCALATES_AT, Mailbox, Part, Section},
        hours::{Behalf, Reader},
        occurrence::{Occurrence, State},
    },
    letter::{self, Addressee, Entry, Letter, Rendered, TakenBack, ics::Organizer},
    mailer::{self, Outgoing},
    service::{Error, Office, Result, course::entry::calendar_key, desk, post::notices, tell::Notice},
    store::{LetterRow, SaidRow, Tx},
};

/// What a letter says, read from the database. Writing it takes as long again as reading it, and needs no database:
/// that is done separately.
#[derive(Debug)]
pub struct Contents {
    said: Said,
    message_id: String,
    to: String,
    /// Decides the reply address: the admins for a notice to an admin, else the mailbox that duban reads.
    is_for_admin: bool,
    answers: Option<String>,
    now: Moment,
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

/// What the letter says from the present state; `None` if nothing is left to say.
///
/// Reminders that no longer apply (done, withdrawn, moved, said by a later letter) are dropped for good.
pub fn gather(tx: &Tx, office: &Office, letter: &LetterRow, now: &Moment) -> Result<Option<Contents>> {
    let said = match &letter.notice {
        Some(notice) => render_notice(tx, office, notice, letter.id, now)?.map(Said::InWords),
        None => {
            let entries = entries(tx, office, letter, now)?;
            if entries.is_empty() {
                return Ok(None);
            }
            let token = office.reply_token(letter.id, &letter.message_id);
            let forms = office.letter_forms(tx, letter.id, &entries)?;
            Some(Said::Reminders(Box::new(Letter { forms, ..office.letter(tx, entries, token, now)? })))
        }
    };
    let Some(said) = said else { return Ok(None) };
    let answers = letter.answers().map(|id| tx.incoming(id)).transpose()?.flatten();
    Ok(Some(Contents {
        said,
        message_id: letter.message_id.clone(),
        to: letter.mailbox.clone(),
        is_for_admin: letter.notice.is_some() && answers.is_none(),
        answers: answers.map(|incoming| incoming.message_id),
        now: now.clone(),
    }))
}

impl Contents {
    /// # Errors
    /// As [`compose`].
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

/// The addresses and message ids of a letter.
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
    let notice = Notice::read(notice)?;
    let (tag, contact) = (office.tag(), &office.settings.contact);
    if let Notice::Answer { incoming } = notice {
        let answer = desk::incoming::in_words(tx, office, incoming, letter)?;
        let closed = desk::incoming::closed(tx, incoming, now)?;
        let organizer = Organizer(tag, office.settings.mail.from.as_str());
        let ics = letter::ics::cancel(&closed, organizer, &now.at.to_zoned(office.settings.timezone.clone()));
        return Ok(answer.map(|answer| letter::answer::render(tag, contact, &answer, ics)));
    }
    let words = notices::in_words(tx, office, notice, now)?;
    Ok(words.map(|words| letter::notice::render(tag, contact, &words)))
}

/// The items that the letter still has to bring, in the order in which it lists them, numbered for replies.
fn entries(tx: &Tx, office: &Office, letter: &LetterRow, now: &Moment) -> Result<Vec<Entry>> {
    let mut entries: Vec<(i64, Entry)> = Vec::new();
    let mut is_to_leader = false;
    for said in tx.said_in(letter.id)? {
        let Some((occurrence, deadline)) = tx.with_deadline(said.occurrence)? else { continue };
        let (progress, house) = (tx.progress(occurrence.id)?, office.house());
        let agenda = Agenda { house, deadline: &deadline, occurrence: &occurrence, progress: &progress, said: &[] };
        if let Some(why) = no_longer_said(tx, &agenda, &said)? {
            tx.drop_said(&said, why)?;
            continue;
        }
        let Utterance { step, reader, .. } = &said.utterance;
        is_to_leader |= reader.behalf.is_leader();
        let mut entry = office.entry_for(tx, &agenda, Some(occurrence.id), &said.utterance, now)?;
        if let Saying::Correction(_) = step.saying {
            let heard = tx.heard_of(occurrence.id)?;
            entry.told = last_told(&heard).into_iter().find(|told| told.reader.is_same(reader)).map(|told| told.dates);
        }
        match entries.iter_mut().find(|(id, _)| *id == said.occurrence) {
            // The same occurrence again: a correction beside a reminder, or a second section.
            Some((_, there)) => merge(there, entry),
            None => entries.push((said.occurrence, entry)),
        }
    }
    if is_to_leader {
        also_overdue(tx, office, letter, now, &mut entries)?;
    }
    entries.sort_by(|(_, a), (_, b)| {
        let key = |e: &Entry| (letter::when::phase(e, now.today()), e.days_left, e.dates.due, e.deadline.clone());
        key(a).cmp(&key(b))
    });
    let items: Vec<_> = entries.iter().map(|(id, entry)| (*id, entry.reports_for.clone())).collect();
    let numbers = tx.number_items(letter.id, &items)?;
    Ok(numbers.into_iter().zip(entries).map(|(number, (_, entry))| Entry { number, ..entry }).collect())
}

/// Adds to a leader's letter all the overdue occurrences of the sections led, not only those due to be said today.
fn also_overdue(
    tx: &Tx,
    office: &Office,
    letter: &LetterRow,
    now: &Moment,
    entries: &mut Vec<(i64, Entry)>,
) -> Result<()> {
    let (today, house) = (now.today(), office.house());
    for (occurrence, deadline) in tx.overdue_occurrences(today)? {
        let ends = occurrence.dates.in_time_until();
        let days = office.calendar.workdays_between(ends, today);
        let is_there = entries.iter().any(|(id, _)| *id == occurrence.id);
        let (false, true) = (is_there, days >= i64::from(ESCALATES_AT)) else { continue };
        let progress = tx.progress(occurrence.id)?;
        let agenda = Agenda { house, deadline: &deadline, occurrence: &occurrence, progress: &progress, said: &[] };
        let saying = Saying::Overdue(u16::try_from(days).unwrap_or(u16::MAX));
        let step = Step { on: today, counted_from: occurrence.dates.overdue_name(), saying };
        let is_meant = |r: &Reader| r.behalf == Behalf::Leader && r.mailbox.is(&letter.mailbox);
        let Some(reader) = agenda.readers(&step).into_iter().find(is_meant) else { continue };
        let said = Utterance { step, reader, dates: occurrence.dates };
        entries.push((occurrence.id, office.entry_for(tx, &agenda, Some(occurrence.id), &said, now)?));
    }
    Ok(())
}

fn merge(there: &mut Entry, entry: Entry) {
    let is_new = |addressee: &Addressee| !there.to.contains(addressee);
    let more: Vec<Addressee> = entry.to.into_iter().filter(is_new).collect();
    there.to.extend(more);
    if entry.part == Part::Answers {
        (there.part, there.help_by) = (Part::Answers, None);
    }
    there.report_url = there.report_url.take().or(entry.report_url);
    let more: Vec<String> = entry.reports_for.into_iter().filter(|s| !there.reports_for.contains(s)).collect();
    there.reports_for.extend(more);
    if entry.reason == Reason::Corrected {
        (there.reason, there.told) = (entry.reason, entry.told);
    } else if there.reason == Reason::Corrected {
        there.saying = entry.saying;
    }
}

/// Why a queued reminder no longer applies; `None` if it still does.
fn no_longer_said(tx: &Tx, agenda: &Agenda, said: &SaidRow) -> Result<Option<&'static str>> {
    let Occurrence { dates, state, .. } = agenda.occurrence;
    let counts = agenda.counts(&said.utterance.step);
    Ok(match state {
        State::Done => Some("done"),
        State::Withdrawn => Some("withdrawn"),
        State::Open if dates.paused.is_some() => Some("paused"),
        State::Open if !counts => Some("the date has moved"),
        State::Open if tx.is_superseded(said)? => Some("said by a later letter"),
        State::Open if !agenda.still_reads(&said.utterance) => Some("the reader no longer answers for it"),
        State::Open => None,
    })
}

impl Office {
    /// The beginning of every subject: the sender's display name.
    pub fn tag(&self) -> &str {
        let name = self.settings.mail.from_name.as_str();
        if name.is_empty() { "督办" } else { name }
    }

    /// `reply_token` is `None` if nobody reads replies.
    pub fn letter(&self, tx: &Tx, entries: Vec<Entry>, reply_token: Option<String>, now: &Moment) -> Result<Letter> {
        let feeds = self.feeds(tx, &entries, now)?;
        let now = now.at.to_zoned(self.settings.timezone.clone());
        let (tag, contact) = (self.tag().to_owned(), self.settings.contact.clone());
        let from = self.settings.mail.from.to_string();
        Ok(Letter { now, tag, contact, entries, reply_token, from, feeds, forms: Vec::new() })
    }

    /// The calendars of the sections that these entries address. The admin's opens the whole board: it is not mailed.
    fn feeds(&self, tx: &Tx, entries: &[Entry], now: &Moment) -> Result<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        for addressee in entries.iter().flat_map(|entry| &entry.to) {
            if let Addressee::Section { name, .. } = addressee {
                let url = self.section_url(tx, name, now)?.map(|url| format!("{url}/calendar.ics"));
                found.extend(url.filter(|url| !found.contains(url)));
            }
        }
        Ok(found)
    }

    /// The occurrence as a letter to this reader shows it today; `id` is `None` if it is not stored yet.
    pub fn entry_for(
        &self,
        tx: &Tx,
        agenda: &Agenda,
        id: Option<i64>,
        said: &Utterance,
        now: &Moment,
    ) -> Result<Entry> {
        let (Utterance { step, reader, .. }, deadline) = (said, agenda.deadline);
        let is_leader = reader.behalf.is_leader();
        let heard_for = heard_for(agenda, step, reader);
        let mut entry = self.entry(agenda, part_of(agenda, &heard_for), step, now);
        entry.reason = step.reason(now.today(), is_leader);
        entry.to = addressees(tx, agenda, reader, &heard_for)?;
        if let Some(id) = id.filter(|_| !is_leader) {
            entry.reports_for = self.reporting_sections(deadline, &entry.to, reader);
            let due = agenda.occurrence.dates.due;
            if let Some(section) = entry.reports_for.first() {
                entry.report_url = self.report_url(tx, id, due, section)?;
            }
        }
        if let Some(id) = id {
            entry.taken_back = self.taken_back(tx, agenda, id, step, &entry.to)?;
            entry.progress = self.last_noted(tx, id)?;
        }
        if step.escalates() && !is_leader {
            entry.to.extend(led_by(agenda, step, reader));
        }
        entry.nth = id.map(|id| tx.times_told(id, reader.mailbox.as_str())).transpose()?.unwrap_or_default() + 1;
        (entry.uid, entry.sequence) = calendar_key(tx, id, agenda.occurrence)?;
        Ok(entry)
    }
}

impl Office {
    /// What the addressees are told of a report that was taken back.
    fn taken_back(
        &self,
        tx: &Tx,
        agenda: &Agenda,
        id: i64,
        step: &Step,
        to: &[Addressee],
    ) -> Result<Option<TakenBack>> {
        let Agenda { occurrence, progress, deadline, .. } = agenda;
        if occurrence.dates.redo.is_none() && progress.redo.is_empty() {
            return Ok(None);
        }
        // Where each section reports for itself, it is told of its own report.
        let of: Vec<String> = match deadline.done {
            Done::Any => Vec::new(),
            Done::Each => {
                agenda.sections(step).into_iter().map(|s| &s.name).filter(|name| is_among(to, name)).cloned().collect()
            }
        };
        let day = |at| self.settings.timezone.to_datetime(at).date();
        Ok(tx.taken_back(id, &of)?.map(|(report, revoked)| TakenBack {
            reported_on: day(report.at),
            reported_by: report.by,
            on: day(revoked.at),
            by: revoked.by,
            why: revoked.why,
        }))
    }
}

/// Whether one of these is addressed for the section.
fn is_among(to: &[Addressee], section: &str) -> bool {
    to.iter().any(|addressee| match addressee {
        Addressee::Section { name, .. } => name == section,
        Addressee::Leader { of } => of.iter().any(|name| name == section),
        Addressee::PassOn { .. } => true,
    })
}

/// The other sections that this reader leads: one letter tells of an overdue occurrence in both capacities.
fn led_by(agenda: &Agenda, step: &Step, reader: &Reader) -> Option<Addressee> {
    let instead = agenda.deadline.escalate_to.as_ref();
    let is_leader = instead.is_none_or(|instead| instead.contains(&reader.mailbox));
    let as_leader = Reader { behalf: Behalf::Leader, ..reader.clone() };
    let others = agenda.sections(step).into_iter().filter(|s| !s.email.contains(&reader.mailbox));
    let of: Vec<String> =
        others.filter(|s| is_leader && as_leader.hears_for(s, agenda.deadline)).map(|s| s.name.clone()).collect();
    (!of.is_empty()).then_some(Addressee::Leader { of })
}

/// The sections that still owe what the step says, and for which this reader is told.
fn heard_for<'a>(agenda: &Agenda<'a>, step: &Step, reader: &Reader) -> Vec<&'a Section> {
    let mut sections = agenda.sections(step);
    sections.retain(|section| reader.hears_for(section, agenda.deadline));
    sections
}

/// Whoever hears for a section that answers is told as one that answers.
fn part_of(agenda: &Agenda, sections: &[&Section]) -> Part {
    let helps = |section: &&Section| agenda.deadline.part_of(&section.name) == Part::Helps;
    if !sections.is_empty() && sections.iter().all(helps) { Part::Helps } else { Part::Answers }
}

/// Whom the letter addresses: the capacity in which the reader is told.
fn addressees(tx: &Tx, agenda: &Agenda, reader: &Reader, heard_for: &[&Section]) -> Result<Vec<Addressee>> {
    let deadline = agenda.deadline;
    let heard_for = heard_for.iter();
    Ok(match &reader.behalf {
        Behalf::Section => {
            let leads = |name: &String| deadline.lead.as_ref() == Some(name);
            heard_for.map(|s| Addressee::Section { name: s.name.clone(), leads: leads(&s.name) }).collect()
        }
        Behalf::Leader => vec![Addressee::Leader { of: heard_for.map(|s| s.name.clone()).collect() }],
        Behalf::ForSection(name) => {
            vec![Addressee::PassOn { to: name.clone(), why: "没有登记邮箱".to_owned() }]
        }
        Behalf::ForMailbox { mailbox, .. } => {
            let why = match tx.last_refusal(mailbox.as_str())? {
                Some(reply) => format!("邮箱拒收：{reply}"),
                None => "没有登记邮箱".to_owned(),
            };
            // What was said is remembered by the address alone: it is shown as the roster writes it.
            let mut written = agenda.house.roster.sections.iter().flat_map(|s| s.email.iter().chain(&s.leader));
            let mailbox = written.find(|m| *m == mailbox).unwrap_or(mailbox);
            let names: Vec<&str> = heard_for.map(|s| s.name.as_str()).collect();
            let to =
                if names.is_empty() { mailbox.to_string() } else { format!("{}（{mailbox}）", names.join("、")) };
            vec![Addressee::PassOn { to, why }]
        }
    })
}
