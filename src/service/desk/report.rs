//! Records sections' reports of completion, and takes them back.

use serde_json::json;

use crate::service::{
    Error, Office, Result,
    course::load::{self, Changes},
    desk::{limits, note},
    in_transaction, no_deadline,
    tell::act,
};
use crate::{
    clock::Moment,
    domain::{
        Date,
        calendar::shift,
        deadline::{Deadline, Done, Part},
        occurrence::{Occurrence, REDO_WORKDAYS, Redo, State, coming},
    },
    store::{Completion, Db, NewNote, NoteKind, OccurrenceFilter, Revoked, Stored, Tx},
};

/// A report by a person.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub deadline: String,
    /// May be left out if only one occurrence is open.
    pub period: Option<String>,
    pub section: Option<String>,
    /// A section that only helps reports in the lead's place.
    pub for_lead: bool,
    pub by: String,
    pub note: String,
    pub evidence: String,
}

/// The result of a report.
#[derive(Clone, Debug)]
pub struct Reported {
    pub title: String,
    pub period: String,
    pub is_closed: bool,
    /// Who still owes a report (`done = "each"`).
    pub missing: Vec<String>,
    /// Reports given, and reports required.
    pub count: (usize, u32),
    /// The report's id, where one was recorded.
    pub completion: Option<i64>,
    /// It was taken back: the last day on which it may be reported anew and is not overdue.
    pub redo_by: Option<Date>,
}

/// Records that an occurrence is done. Once closed, no letter is newly handed over for it.
///
/// # Errors
/// In Chinese: no such deadline or period, none or several open, a section that is not responsible or has to be named,
/// already done or withdrawn.
pub fn done(db: &mut Db, office: &Office, report: &Report, now: &Moment) -> Result<Reported> {
    in_transaction(db, |tx| record(tx, office, report, now))
}

pub(in crate::service) fn record(tx: &Tx, office: &Office, report: &Report, now: &Moment) -> Result<Reported> {
    fit_to_keep(report)?;
    let (occurrence, deadline) = find(tx, office, &report.deadline, report.period.as_deref(), State::Open, now)?;
    let section = section_of(office, &deadline, report.section.as_deref())?;
    if let (Some(lead), Part::Helps, false) = (&deadline.lead, deadline.part_of(&section), report.for_lead)
        && !section.is_empty()
    {
        let id = &deadline.id;
        return Err(Error::Refused(format!(
            "{section}是配合科室，{id} 由牵头的{lead}登记办结。替{lead}登记的，加 --for-lead；{section}的材料报了的，用 duban note {id} --handed-in。"
        )));
    }
    let before = tx.completions(occurrence.id)?;
    if occurrence.state == State::Done {
        let who = before.last().map(|c| format!("（{} {} 登记）", c.by, now_words(c))).unwrap_or_default();
        return Err(Error::Refused(format!("{} {} 已经办结{who}，不必再登记。", deadline.id, occurrence.period)));
    }
    if occurrence.state == State::Withdrawn {
        return Err(Error::Refused(format!("{} {} 已撤销，不再登记。", deadline.id, occurrence.period)));
    }
    let progress = tx.progress(occurrence.id)?;
    if deadline.done == Done::Each && progress.has_reported(&deadline, &section) {
        return Err(Error::Refused(format!(
            "{section}已经为 {} {} 登记过办结，不必再登记。",
            deadline.id, occurrence.period
        )));
    }
    let completion = Completion {
        id: 0,
        section: section.clone(),
        is_not_applicable: false,
        by: report.by.clone(),
        note: report.note.clone(),
        evidence: report.evidence.clone(),
        at: now.at,
    };
    let completion = tx.add_completion(occurrence.id, &completion)?;
    let progress = tx.progress(occurrence.id)?;
    let names = office.section_names(&deadline);
    let is_closed = progress.is_done(&deadline, &names);
    if is_closed {
        tx.set_state(occurrence.id, State::Done, None)?;
    }
    let detail = json!({ "section": section, "note": report.note, "evidence": report.evidence, "closed": is_closed });
    tx.audit(&act(now, &report.by, "done", &occurrence, detail))?;
    let missing = match deadline.done {
        Done::Each => names.iter().filter(|n| !progress.has_reported(&deadline, n)).map(|n| (*n).to_owned()).collect(),
        Done::Any => Vec::new(),
    };
    Ok(Reported {
        title: deadline.title_for(&occurrence.period),
        period: occurrence.it.period,
        is_closed,
        missing,
        count: (progress.reports.len(), deadline.times),
        completion: Some(completion),
        redo_by: None,
    })
}

/// Reports are shown in tables and letters for good.
fn fit_to_keep(report: &Report) -> Result<()> {
    limits::check_name(&report.by)?;
    limits::check("备注", &report.note, limits::TEXT)?;
    limits::check("佐证", &report.evidence, limits::EVIDENCE)
}

/// Records what a section tells of the occurrence that the report names: `note` is its text. False if that was recorded
/// before.
///
/// # Errors
/// In Chinese: as [`done`], and as [`note::note`].
pub fn tell(db: &mut Db, office: &Office, report: &Report, kind: NoteKind, now: &Moment) -> Result<(String, bool)> {
    in_transaction(db, |tx| {
        let (occurrence, deadline) = find(tx, office, &report.deadline, report.period.as_deref(), State::Open, now)?;
        let section = report.section.as_deref().unwrap_or_default();
        let new = NewNote { occurrence: occurrence.id, section, kind, by: &report.by, text: &report.note };
        let is_new = note::record(tx, office, &new, now)?;
        Ok((format!("{}（{}）", deadline.title_for(&occurrence.period), occurrence.period), is_new))
    })
}

/// Takes back all reports of an occurrence, or one section's, and that it handed in. It is open again.
///
/// # Errors
/// In Chinese: nothing to take back.
pub fn reopen(db: &mut Db, office: &Office, report: &Report, now: &Moment) -> Result<Reported> {
    in_transaction(db, |tx| take_back(tx, office, report, now))
}

pub(in crate::service) fn take_back(tx: &Tx, office: &Office, report: &Report, now: &Moment) -> Result<Reported> {
    fit_to_keep(report)?;
    let (occurrence, deadline) = find(tx, office, &report.deadline, report.period.as_deref(), State::Done, now)?;
    let completions = tx.completions(occurrence.id)?;
    let mine = completions.iter().filter(|c| report.section.as_ref().is_none_or(|s| *s == c.section));
    let mine: Vec<&Completion> = mine.collect();
    let noted = |section, kind| note::take_back(tx, &occurrence, (section, kind), &report.by, now);
    let is_noted = match &report.section {
        // With nothing else to take back it is the last 进展.
        Some(section) => noted(section, NoteKind::HandedIn)? || mine.is_empty() && noted(section, NoteKind::Progress)?,
        None => false,
    };
    if mine.is_empty() && !is_noted {
        return Err(Error::Refused(format!("{} {} 没有可以撤回的办结登记。", deadline.id, occurrence.period)));
    }
    if !mine.is_empty() {
        revoke(tx, office, &occurrence, &mine, report, now)?;
    }
    let progress = tx.progress(occurrence.id)?;
    let redo_by = tx.occurrence_by_id(occurrence.id)?.and_then(|o| o.dates.redo_by());
    Ok(Reported {
        title: deadline.title_for(&occurrence.period),
        period: occurrence.it.period,
        is_closed: false,
        missing: Vec::new(),
        count: (progress.reports.len(), deadline.times),
        completion: None,
        redo_by: redo_by.filter(|by| *by >= now.today()),
    })
}

/// Takes back the given reports. The occurrence is open again.
pub(in crate::service) fn revoke(
    tx: &Tx,
    office: &Office,
    occurrence: &Stored<Occurrence>,
    completions: &[&Completion],
    report: &Report,
    now: &Moment,
) -> Result<()> {
    let redo = redo(office, completions, now);
    let revoked = Revoked { at: now.at, by: report.by.clone(), why: report.note.clone() };
    for completion in completions {
        tx.revoke_completion(completion.id, &revoked, redo.map(|redo| redo.by))?;
    }
    let was_closed = occurrence.state == State::Done || occurrence.dates.redo.is_some_and(|was| now.today() <= was.by);
    if let Some(redo) = redo.filter(|_| was_closed) {
        tx.set_redo(occurrence.id, redo)?;
    }
    let detail = json!({ "section": report.section, "note": report.note, "reports": completions.len() });
    tx.audit(&act(now, &report.by, "reopened", occurrence, detail))?;
    if occurrence.state == State::Done {
        tx.set_state(occurrence.id, State::Open, Some(now.today()))?;
        catch_up(tx, office, occurrence, now)?;
    }
    Ok(())
}

/// Until when it may be reported anew. `None` if it was reported today: that was a slip, and changes nothing.
fn redo(office: &Office, completions: &[&Completion], now: &Moment) -> Option<Redo> {
    let day = |completion: &Completion| office.settings.timezone.to_datetime(completion.at).date();
    let stood = completions.iter().any(|completion| day(completion) < now.today());
    stood.then(|| Redo {
        since: office.house().next_opening(now.local).date(),
        by: office.calendar.add_workdays(now.today(), i64::from(REDO_WORKDAYS)),
    })
}

/// Applies to a reopened occurrence the edits made while it was done.
fn catch_up(tx: &Tx, office: &Office, occurrence: &Stored<Occurrence>, now: &Moment) -> Result<()> {
    let mut changes = Changes::default();
    match tx.deadline(&occurrence.deadline)? {
        Some(row) if row.in_force => {
            let all = tx.occurrences(OccurrenceFilter { deadline: Some(&occurrence.deadline), state: None })?;
            load::bring_under(tx, office, (&row.deadline, &office.calendar), &all, now, &mut changes)?;
        }
        _ => load::withdraw(tx, occurrence, now, &mut changes)?,
    }
    Ok(())
}

/// The deadline with this id; the refusal suggests a similar one.
pub(in crate::service) fn deadline(tx: &Tx, id: &str) -> Result<Deadline> {
    if let Some(row) = tx.deadline(id)? {
        return Ok(row.deadline);
    }
    Err(no_deadline(id, tx.ids_in_force()?.iter().map(String::as_str)))
}

/// The occurrence a report means, and its deadline. Opens a period that has not begun yet: what is done early counts.
fn find(
    tx: &Tx,
    office: &Office,
    id: &str,
    period: Option<&str>,
    state: State,
    now: &Moment,
) -> Result<(Stored<Occurrence>, Deadline)> {
    let deadline = deadline(tx, id)?;
    if let Some(period) = period {
        if let Some(occurrence) = tx.occurrence(id, period)? {
            return Ok((occurrence, deadline));
        }
        return open_early(tx, office, &deadline, period, now).map(|occurrence| (occurrence, deadline));
    }
    let mut open = tx.occurrences(OccurrenceFilter { deadline: Some(id), state: Some(state) })?;
    let mut partly = Vec::new();
    if state == State::Done {
        // With several reports required, an open one may have some.
        for occurrence in tx.occurrences(OccurrenceFilter { deadline: Some(id), state: Some(State::Open) })? {
            let progress = tx.progress(occurrence.id)?;
            if !progress.reports.is_empty() || !progress.handed_in.is_empty() {
                partly.push(occurrence);
            }
        }
        open = open.split_off(open.len().saturating_sub(1));
        open.extend(partly);
    }
    let what = if state == State::Done { "已登记" } else { "未办结" };
    match (open.pop(), open.is_empty()) {
        (Some(only), true) => Ok((only, deadline)),
        (Some(last), false) => {
            let periods: Vec<String> = open.into_iter().chain([last]).map(|o| o.it.period).collect();
            Err(Error::Refused(format!("{id} 有几期{what}：{}。请用 --period 写明是哪一期。", periods.join("、"))))
        }
        (None, _) => {
            let mut next = None;
            if state == State::Open {
                for (_, occurrence) in coming(&deadline, &office.calendar, now.today(), shift(now.today(), 800)) {
                    if tx.occurrence(id, &occurrence.period)?.is_none() {
                        next = Some(occurrence);
                        break;
                    }
                }
            }
            let next = next.map(|o| {
                format!("下一期是 {}（{} 到期），提前办结请写 --period {}。", o.period, o.dates.due, o.period)
            });
            Err(Error::Refused(format!("{id} 现在没有{what}的期次。{}", next.unwrap_or_default())))
        }
    }
}

fn open_early(tx: &Tx, office: &Office, deadline: &Deadline, period: &str, now: &Moment) -> Result<Stored<Occurrence>> {
    let today = now.today();
    let mut near = Vec::new();
    for (_, occurrence) in coming(deadline, &office.calendar, shift(today, -800), shift(today, 800)) {
        if occurrence.period == period {
            let id = tx.open_occurrence(&occurrence, today)?;
            return Ok(Stored { id, it: occurrence });
        }
        if occurrence.dates.due >= today && near.len() < 3 {
            near.push(occurrence.period);
        }
    }
    let near = if near.is_empty() { String::new() } else { format!("近期的是：{}。", near.join("、")) };
    Err(Error::Refused(format!("{} 没有 {period} 这一期。{near}", deadline.id)))
}

/// The section a report is for; must be named if several sections report for themselves.
fn section_of(office: &Office, deadline: &Deadline, named: Option<&str>) -> Result<String> {
    let names = office.section_names(deadline);
    match named {
        Some(name) => office.check_answers_for(deadline, name).map(|()| name.to_owned()),
        None if deadline.done == Done::Each && names.len() > 1 => Err(Error::Refused(format!(
            "{} 由各科室分别登记，请用 --section 写明科室：{}。",
            deadline.id,
            names.join("、")
        ))),
        None => {
            Ok(if deadline.done == Done::Each { names.first().copied().unwrap_or_default() } else { "" }.to_owned())
        }
    }
}

fn now_words(completion: &Completion) -> String {
    completion.at.strftime("%Y-%m-%d").to_string()
}
