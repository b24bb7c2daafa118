//! Requests: a section reports 不能按期 or 不适用, and the admin confirms or returns it (退回).

use jiff::civil::Date;
use serde_json::json;

use crate::service::{Error, Office, Result, desk::limits, in_transaction, tell::Notice, tell::act};
use crate::{
    clock::Moment,
    domain::{
        deadline::{Deadline, Done, Part},
        occurrence::{Occurrence, State},
    },
    store::{Completion, Db, Decision, NewNote, NewRequest, NoteKind, RequestKind, RequestRow, Stored, Tx},
};

/// Most requests of one section about one occurrence in 24 hours.
const ASKED_A_DAY: usize = 3;

/// A section's request, not recorded yet.
#[derive(Clone, Debug)]
pub struct Ask {
    pub occurrence: i64,
    pub section: String,
    pub kind: RequestKind,
    pub by: String,
    pub reason: String,
    /// 预计日期: required for 不能按期, and after today.
    pub expected: Option<Date>,
}

/// Records a request, and tells the admin. Reminders go on until it is confirmed. Returns the request's id.
///
/// # Errors
/// In Chinese: no longer open, no reason, no expected date or one not after today, an earlier request not answered yet.
pub fn ask(db: &mut Db, office: &Office, ask: &Ask, now: &Moment) -> Result<i64> {
    in_transaction(db, |tx| record(tx, office, ask, now))
}

pub(in crate::service) fn record(tx: &Tx, office: &Office, ask: &Ask, now: &Moment) -> Result<i64> {
    let (occurrence, _) = open(tx, ask.occurrence)?;
    if ask.reason.trim().is_empty() {
        return Err(Error::Refused("请写明原因。".into()));
    }
    limits::check("原因", &ask.reason, limits::TEXT)?;
    limits::check_name(&ask.by)?;
    match (ask.kind, ask.expected) {
        (RequestKind::Postponed, None) => return Err(Error::Refused("请写明预计办结的日期。".into())),
        (RequestKind::Postponed, Some(day)) if day <= now.today() => {
            return Err(Error::Refused("预计办结的日期应在今天以后。".into()));
        }
        _ => {}
    }
    if waiting(tx, ask.occurrence, &ask.section)?.is_some() {
        return Err(Error::Refused("已经报过，等管理员答复。".into()));
    }
    // Each is a letter to the admin. Who writes from outside the roster does not use up what the section may ask.
    let is_outside = |by: &str| by.contains('@') && !office.knows(by);
    let most = if is_outside(&ask.by) { 1 } else { ASKED_A_DAY };
    let mut earlier = tx.requests_of(ask.occurrence)?;
    earlier.retain(|r| r.section == ask.section && r.at > now.day_ago() && is_outside(&r.by) == is_outside(&ask.by));
    if earlier.len() >= most {
        return Err(Error::Refused("一天里报得太多了，请直接和管理员联系。".into()));
    }
    let new = NewRequest {
        occurrence: ask.occurrence,
        section: &ask.section,
        kind: ask.kind,
        by: &ask.by,
        reason: &ask.reason,
        expected: ask.expected,
    };
    let id = tx.add_request(&new, now.at)?;
    let detail = json!({ "section": ask.section, "kind": ask.kind, "reason": ask.reason, "expected": ask.expected });
    tx.audit(&act(now, &ask.by, "asked", &occurrence, detail))?;
    office.tell_admin(tx, &Notice::Asked { request: id }, now)?;
    Ok(id)
}

/// This section's request that the admin has not answered.
pub(in crate::service) fn waiting(tx: &Tx, occurrence: i64, section: &str) -> Result<Option<RequestRow>> {
    let mut all = tx.requests_of(occurrence)?;
    all.retain(|r| r.section == section && r.decision.is_none());
    Ok(all.pop())
}

/// Takes back a section's unanswered request; a letter to the admin about it is no longer sent. False if there is none.
pub(in crate::service) fn withdraw(
    tx: &Tx,
    occurrence: &Stored<Occurrence>,
    section: &str,
    by: &str,
    now: &Moment,
) -> Result<bool> {
    let Some(request) = waiting(tx, occurrence.id, section)? else { return Ok(false) };
    let decision = Decision { confirmed: false, by: by.to_owned(), note: "科室撤回".to_owned(), at: now.at };
    tx.decide_request(request.id, &decision)?;
    let detail = json!({ "section": section, "kind": request.kind, "confirmed": false, "note": decision.note });
    tx.audit(&act(now, by, "returned", occurrence, detail))?;
    Ok(true)
}

/// Whether the answer counts for this section alone: what it asks is no matter of the others, who answer for their own.
fn is_its_own(deadline: &Deadline, section: &str) -> bool {
    deadline.done == Done::Each || deadline.part_of(section) == Part::Helps
}

/// What a confirmation will do, for whoever gives it.
pub fn if_confirmed(deadline: &Deadline, kind: RequestKind, section: &str) -> String {
    let helps = deadline.part_of(section) == Part::Helps;
    match (kind, is_its_own(deadline, section)) {
        (RequestKind::Postponed, true) => format!("预计日期之前不再催{section}，其他科室照常；规定期限不变"),
        (RequestKind::Postponed, false) => "预计日期之前不再催办，规定期限不变".to_owned(),
        (RequestKind::NotApplicable, _) if helps => format!("不再提醒{section}（配合科室），牵头科室照常办理"),
        (RequestKind::NotApplicable, true) => format!("{section}按不适用结束，不再提醒它"),
        (RequestKind::NotApplicable, false) => "这一期按不适用结束，各科室都不再提醒".to_owned(),
    }
}

/// Records the admin's answer. A confirmed 不适用 closes like 已办结, and of who helps like 材料已报. A confirmed 不能按期
/// stops overdue reminders until the expected date; the due date does not move. Returns what a confirmation does.
///
/// # Errors
/// In Chinese: no such request, already answered, no longer open, too long an answer.
pub fn decide(
    db: &mut Db,
    office: &Office,
    id: i64,
    confirmed: bool,
    by: &str,
    note: &str,
    now: &Moment,
) -> Result<String> {
    limits::check_name(by)?;
    limits::check("答复", note, limits::TEXT)?;
    in_transaction(db, |tx| {
        let Some(request) = tx.request(id)? else { return Err(Error::Refused("没有这一条申请。".into())) };
        let (occurrence, deadline) = open(tx, request.occurrence)?;
        let effect = if_confirmed(&deadline, request.kind, &request.section);
        let decision = Decision { confirmed, by: by.to_owned(), note: note.to_owned(), at: now.at };
        if !tx.decide_request(id, &decision)? {
            return Err(Error::Refused("这一条已经答复过。".into()));
        }
        let detail = json!({ "section": request.section, "kind": request.kind, "confirmed": confirmed, "note": note });
        tx.audit(&act(now, by, if confirmed { "confirmed" } else { "returned" }, &occurrence, detail))?;
        match (confirmed, request.kind, request.expected) {
            (true, RequestKind::NotApplicable, _) if deadline.part_of(&request.section) == Part::Helps => {
                let RequestRow { occurrence, section, by, reason, .. } = &request;
                let text = format!("不适用：{reason}");
                let new = NewNote { occurrence: *occurrence, section, kind: NoteKind::HandedIn, by, text: &text };
                tx.add_note(&new, now.at)?;
            }
            (true, RequestKind::NotApplicable, _) => {
                let completion = Completion {
                    id: 0,
                    section: request.section,
                    is_not_applicable: true,
                    by: request.by,
                    note: request.reason,
                    evidence: String::new(),
                    at: now.at,
                };
                tx.add_completion(occurrence.id, &completion)?;
                close_if_done(tx, office, &occurrence, &deadline)?;
            }
            (true, RequestKind::Postponed, Some(expected)) => {
                if !is_its_own(&deadline, &request.section) {
                    tx.set_quiet_until(occurrence.id, expected)?;
                }
                tx.speak_on(occurrence.id, Some(now.today()))?;
            }
            _ => {}
        }
        Ok(effect)
    })
}

/// Where one report closes for all, one 不适用 does too, even if several reports (`times`) are required.
fn close_if_done(tx: &Tx, office: &Office, occurrence: &Stored<Occurrence>, deadline: &Deadline) -> Result<()> {
    let progress = tx.progress(occurrence.id)?;
    if deadline.done == Done::Any || progress.is_done(deadline, &office.section_names(deadline)) {
        tx.set_state(occurrence.id, State::Done, None)?;
    }
    Ok(())
}

/// What may still be told of, and its deadline.
pub(super) fn open(tx: &Tx, occurrence: i64) -> Result<(Stored<Occurrence>, Deadline)> {
    match tx.with_deadline(occurrence)? {
        Some((o, deadline)) if o.state == State::Open => Ok((o, deadline)),
        Some((o, _)) if o.state == State::Done => {
            Err(Error::Refused(format!("{} {} 已经办结，不必再登记。", o.deadline, o.period)))
        }
        _ => Err(Error::Refused("这一期已经撤销。".into())),
    }
}
