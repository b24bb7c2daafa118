//! An occurrence as one section's page shows it, and the buttons (presses) on that page.

use ring::digest::{Context, SHA256};

use crate::service::{
    Error, Office, Result,
    desk::{
        note,
        report::{self, Report, Reported},
        request::{self, Ask},
    },
    in_transaction,
};
use crate::{
    clock::Moment,
    domain::{
        agenda::{Agenda, Saying, Step},
        deadline::{Deadline, Done, Lead, Part},
        occurrence::{Occurrence, State},
    },
    letter::{Addressee, Entry},
    store::{Completion, Db, LetterRow, NewNote, Note, NoteKind, RequestRow, Stored, Tx},
};

/// An occurrence as one section sees it.
#[derive(Clone, Debug)]
pub struct SectionView {
    pub occurrence: Stored<Occurrence>,
    pub deadline: Deadline,
    pub section: String,
    /// As a letter sent today would show it.
    pub entry: Entry,
    /// The section's own reports with `done = "each"`, else all.
    pub completions: Vec<Completion>,
    /// This section's requests, oldest first.
    pub requests: Vec<RequestRow>,
    /// 签收, 进展 and 材料已报, oldest first: this section's; to whoever answers for it, of all.
    pub notes: Vec<Note>,
    /// Nothing more is required of this section.
    pub is_finished: bool,
    /// A hash of what people have recorded so far; a form with an older one is refused. So a press sent twice records
    /// once, and nobody overwrites what they have not seen.
    pub mark: [u8; 8],
}

/// A letter's items that one section reports.
#[derive(Debug)]
pub struct LetterView {
    pub letter: LetterRow,
    /// By their number in the letter; without what the section no longer answers for.
    pub items: Vec<(u32, SectionView)>,
    /// Of all items.
    pub mark: [u8; 8],
}

/// An item that is reported with others, and its 文号 or remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked {
    pub number: u32,
    pub evidence: String,
}

/// A press on a form that was shown with `mark`.
#[derive(Clone, Debug)]
pub struct Press {
    pub occurrence: i64,
    pub section: String,
    pub mark: [u8; 8],
}

/// The result of a press.
#[derive(Clone, Debug)]
pub enum Pressed<T> {
    Recorded(T),
    /// Something was recorded since the form was shown; perhaps this same press, sent twice.
    Changed,
    /// This section has no such occurrence.
    Gone,
}

/// `None` if there is no such occurrence, or the section is not responsible for it.
pub fn section_view(
    tx: &Tx,
    office: &Office,
    occurrence: i64,
    section: &str,
    now: &Moment,
) -> crate::store::Result<Option<SectionView>> {
    let Some((occurrence, deadline)) = tx.with_deadline(occurrence)? else { return Ok(None) };
    if !office.section_names(&deadline).contains(&section) {
        return Ok(None);
    }
    let progress = tx.progress(occurrence.id)?;
    // A page does not show what was said to whom or when, so any step will do.
    let step =
        Step { on: now.today(), counted_from: occurrence.dates.finish_by, saying: Saying::Before(Lead::Days(0)) };
    let agenda =
        Agenda { house: office.house(), deadline: &deadline, occurrence: &occurrence, progress: &progress, said: &[] };
    let mut entry = office.entry(&agenda, deadline.part_of(section), &step, now);
    entry.to = vec![Addressee::Section { name: section.to_owned(), leads: deadline.lead.as_deref() == Some(section) }];
    let each = deadline.done == Done::Each;
    let mut completions = tx.completions(occurrence.id)?;
    completions.retain(|c| !each || c.section == section);
    let mut requests = tx.requests_of(occurrence.id)?;
    requests.retain(|r| r.section == section);
    let is_finished = occurrence.state != State::Open || progress.has_reported(&deadline, section);
    let mut notes = tx.notes(occurrence.id)?;
    notes.retain(|note| note.section == section || !each && entry.part == Part::Answers);
    let mark = mark(tx, &occurrence, section, each)?;
    let section = section.to_owned();
    Ok(Some(SectionView { occurrence, deadline, section, entry, completions, requests, notes, is_finished, mark }))
}

/// `None` if the letter asks nothing of this section that it still answers for.
pub fn letter_view(
    tx: &Tx,
    office: &Office,
    letter: i64,
    section: &str,
    now: &Moment,
) -> crate::store::Result<Option<LetterView>> {
    let Some(letter) = tx.letter(letter)? else { return Ok(None) };
    let mut items = Vec::new();
    let mut hash = Context::new(&SHA256);
    for item in tx.items(letter.id)?.into_iter().filter(|item| item.section == section) {
        if let Some(view) = section_view(tx, office, item.occurrence, section, now)? {
            hash.update(&item.number.to_be_bytes());
            hash.update(&view.mark);
            items.push((item.number, view));
        }
    }
    let mark = short(hash);
    Ok((!items.is_empty()).then_some(LetterView { letter, items, mark }))
}

/// A hash of everything that people, not duban, did to the occurrence; without what other sections only told, and where
/// `each` reports for itself, without other sections' reports.
fn mark(tx: &Tx, occurrence: &Stored<Occurrence>, section: &str, each: bool) -> crate::store::Result<[u8; 8]> {
    let mut hash = Context::new(&SHA256);
    hash.update(format!("{:?}", occurrence.state).as_bytes());
    for row in tx.audit_of(&occurrence.deadline, &occurrence.period)? {
        let named = row.detail.get("section").and_then(serde_json::Value::as_str);
        let is_meant = named.is_none_or(|named| named == section || !each && row.what != "noted");
        if row.who != "duban" && is_meant {
            hash.update(format!("{}\0{}\0{}\0{}\0", row.at, row.who, row.what, row.detail).as_bytes());
        }
    }
    Ok(short(hash))
}

fn short(hash: Context) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&hash.finish().as_ref()[..8]);
    short
}

/// Records what a section reports of a letter's items, all of it or nothing: done, or handed in where it only helps.
/// Not if something was recorded of one of the letter's items since its form was shown with `mark`.
pub fn all_done(
    db: &mut Db,
    office: &Office,
    (letter, section, mark): (i64, &str, [u8; 8]),
    (ticked, by): (&[Ticked], &str),
    now: &Moment,
) -> Result<Pressed<()>> {
    in_transaction(db, |tx| {
        let Some(view) = letter_view(tx, office, letter, section, now)? else { return Ok(Pressed::Gone) };
        if view.mark != mark {
            return Ok(Pressed::Changed);
        }
        for Ticked { number, evidence } in ticked {
            let is_it = |(known, _): &&(u32, SectionView)| known == number;
            let Some((_, item)) = view.items.iter().find(is_it) else { return Ok(Pressed::Gone) };
            if item.entry.part == Part::Helps {
                let (occurrence, kind) = (item.occurrence.id, NoteKind::HandedIn);
                note::record(tx, office, &NewNote { occurrence, section, kind, by, text: evidence }, now)?;
            } else {
                let report = Report { by: by.to_owned(), evidence: evidence.clone(), ..Report::default() };
                report::record(tx, office, &item.named(report), now)?;
            }
        }
        Ok(Pressed::Recorded(()))
    })
}

/// Records a section's report, unless something was recorded since its form was shown.
pub fn done(db: &mut Db, office: &Office, press: &Press, report: Report, now: &Moment) -> Result<Pressed<Reported>> {
    pressed(db, office, press, now, |db, view| report::done(db, office, &view.named(report), now))
}

/// Takes back all that this section has said: its reports, that it handed in, and a request that waits; unless something
/// was recorded since its form was shown.
pub fn take_back(db: &mut Db, office: &Office, press: &Press, report: Report, now: &Moment) -> Result<Pressed<()>> {
    pressed(db, office, press, now, |db, view| {
        in_transaction(db, |tx| {
            let (section, by) = (view.section.as_str(), report.by.as_str());
            let mut any = request::withdraw(tx, &view.occurrence, section, by, now)?;
            if view.own().next().is_some() || view.handed_in() {
                report::take_back(tx, office, &view.named(report.clone()), now)?;
                any = true;
            }
            if any { Ok(()) } else { Err(Error::Refused("没有可以撤回的登记。".into())) }
        })
    })
}

/// Records what the section tells, unless something was recorded since its form was shown.
pub fn note(
    db: &mut Db,
    office: &Office,
    press: &Press,
    (kind, by, text): (NoteKind, &str, &str),
    now: &Moment,
) -> Result<Pressed<bool>> {
    pressed(db, office, press, now, |db, view| {
        let new = NewNote { occurrence: view.occurrence.id, section: &view.section, kind, by, text };
        note::note(db, office, &new, now)
    })
}

/// Asks the admin, unless something was recorded since its form was shown.
pub fn ask(db: &mut Db, office: &Office, press: &Press, ask: &Ask, now: &Moment) -> Result<Pressed<i64>> {
    pressed(db, office, press, now, |db, _| request::ask(db, office, ask, now))
}

fn pressed<T>(
    db: &mut Db,
    office: &Office,
    press: &Press,
    now: &Moment,
    record: impl FnOnce(&mut Db, &SectionView) -> Result<T>,
) -> Result<Pressed<T>> {
    match db.read(|tx| section_view(tx, office, press.occurrence, &press.section, now))? {
        None => Ok(Pressed::Gone),
        Some(view) if view.mark != press.mark => Ok(Pressed::Changed),
        Some(view) => record(db, &view).map(Pressed::Recorded),
    }
}

impl SectionView {
    /// The section's own reports, which it may take back.
    pub fn own(&self) -> impl Iterator<Item = &Completion> {
        self.completions.iter().filter(|c| c.section == self.section)
    }

    /// Whether the section has handed in.
    pub fn handed_in(&self) -> bool {
        self.notes.iter().any(|note| note.section == self.section && note.kind == NoteKind::HandedIn)
    }

    /// The request that waits for the admin's answer.
    pub fn waiting(&self) -> Option<&RequestRow> {
        self.requests.iter().find(|r| r.decision.is_none())
    }

    fn named(&self, report: Report) -> Report {
        Report {
            deadline: self.deadline.id.clone(),
            period: Some(self.occurrence.period.clone()),
            section: Some(self.section.clone()),
            ..report
        }
    }
}

impl<T> Pressed<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Pressed<U> {
        match self {
            Self::Recorded(what) => Pressed::Recorded(f(what)),
            Self::Changed => Pressed::Changed,
            Self::Gone => Pressed::Gone,
        }
    }
}
