//! Requests: a section reports 不能按期 or 不适用, and the admin confirms or returns it (退回).

use jiff::civil::Date;
use serde_json::json;

use crate::service::{Error, Office, Result, desk::limits, in_transaction, tell::Notice, tell::act};
use crate::{
    clock::Moment,
    domain::{
        deadline::{Deadline, Done},
        occurrence::{Occurrence, State},
    },
    store::{Completion, Db, Decision, NewRequest, RequestKind, RequestRow, Stored, Tx},
};

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

/// Records the admin's answer. A confirmed 不适用 closes like 已办结. A confirmed 不能按期 stops overdue reminders until
/// the expected date; the due date does not move.
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
) -> Result<()> {
    limits::check_name(by)?;
    limits::check("答复", note, limits::TEXT)?;
    in_transaction(db, |tx| {
        let Some(request) = tx.request(id)? else { return Err(Error::Refused("没有这一条申请。".into())) };
        let (occurrence, deadline) = open(tx, request.occurrence)?;
        let decision = Decision { confirmed, by: by.to_owned(), note: note.to_owned(), at: now.at };
        if !tx.decide_request(id, &decision)? {
            return Err(Error::Refused("这一条已经答复过。".into()));
        }
        let detail = json!({ "section": request.section, "kind": request.kind, "confirmed": confirmed, "note": note });
        tx.audit(&act(now, by, if confirmed { "confirmed" } else { "returned" }, &occurrence, detail))?;
        match (confirmed, request.kind, request.expected) {
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
                tx.set_quiet_until(occurrence.id, expected)?;
                tx.speak_on(occurrence.id, Some(now.today()))?;
            }
            _ => {}
        }
        Ok(())
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
