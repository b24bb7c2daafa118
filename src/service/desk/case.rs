//! Cases: opened by hand, counted from their own date, extended with a reason.

use serde_json::json;

use crate::service::{
    Error, Office, Result,
    desk::{limits, report},
    in_transaction,
    tell::audit,
};
use crate::{
    clock::Moment,
    domain::{
        Date, identity,
        occurrence::{Dates, Occurrence, State},
    },
    store::{AuditRow, Db},
};

/// A case that was opened or extended.
#[derive(Clone, Debug)]
pub struct Case {
    pub title: String,
    /// The case's reference.
    pub period: String,
    pub dates: Dates,
}

/// Opens a case of a deadline whose `due` counts from a registered day (`收到之日起20个工作日内`).
///
/// # Errors
/// In Chinese: no such deadline, one with dates of its own, a reference that is taken or unusable.
pub fn open(db: &mut Db, office: &Office, id: &str, on: Date, reference: &str, by: &str, now: &Moment) -> Result<Case> {
    in_transaction(db, |tx| {
        let deadline = report::deadline(tx, id)?;
        let reference = reference.trim();
        let Some(case) = Occurrence::case(&deadline, &office.calendar, reference, on) else {
            return Err(Error::Refused(format!("{id} 有自己的日期（{}），不用登记来件。", deadline.due.text)));
        };
        if reference.is_empty() {
            return Err(Error::Refused("请写明来件的编号。".into()));
        }
        limits::check("编号", reference, limits::REFERENCE)?;
        limits::check_name(by)?;
        if let Some(taken) = tx.occurrence(id, reference)? {
            return Err(Error::Refused(format!("{reference} 已经登记过，期限 {}。", taken.dates.due)));
        }
        let dates = case.dates;
        tx.open_occurrence(&case, now.today())?;
        let detail = json!({ "on": on, "due": dates.due, "finish_by": dates.finish_by });
        tx.audit(&AuditRow { who: by.to_owned(), ..audit(now, "opened", Some(id), Some(reference), detail) })?;
        Ok(Case { title: deadline.title_for(reference), period: reference.to_owned(), dates })
    })
}

/// Gives a case a later date. Whoever was told the old date gets a correction.
///
/// # Errors
/// In Chinese: no such case, closed, a date that is not later, no reason.
pub fn extend(
    db: &mut Db,
    office: &Office,
    reference: &str,
    to: Date,
    why: &str,
    by: &str,
    now: &Moment,
) -> Result<Case> {
    in_transaction(db, |tx| {
        let mut found = tx.cases(reference)?;
        let case = match (found.pop(), found.is_empty()) {
            (None, _) => return Err(Error::Refused(format!("没有编号为 {reference} 的来件。"))),
            (Some(_), false) => {
                return Err(Error::Refused(format!("有几个事项都有编号 {reference}，分不清是哪一件。")));
            }
            (Some(case), true) => case,
        };
        if case.state != State::Open {
            return Err(Error::Refused(format!("{reference} 已经办结或撤销，不能延期。")));
        }
        if to <= case.dates.due {
            return Err(Error::Refused(format!("延期应晚于现在的期限 {}。", case.dates.due)));
        }
        if why.trim().is_empty() {
            return Err(Error::Refused("请写明为什么延期。".into()));
        }
        limits::check("延期的原因", why, limits::TEXT)?;
        limits::check_name(by)?;
        let deadline = report::deadline(tx, &case.deadline)?;
        let extended = Occurrence { extended_to: Some(to), ..case.it.clone() };
        let cal = &office.calendar;
        let Some(moved) = identity::under(&deadline, cal, cal, &[&extended], now.today()).pop().flatten() else {
            return Err(Error::Refused(format!("{} 不再按来件计算期限。", deadline.id)));
        };
        tx.move_occurrence(case.id, &moved, now.today())?;
        let dates = moved.dates;
        let detail = json!({ "from": case.dates, "to": dates, "why": why });
        tx.audit(&AuditRow {
            who: by.to_owned(),
            ..audit(now, "extended", Some(&case.deadline), Some(reference), detail)
        })?;
        Ok(Case { title: deadline.title_for(reference), period: reference.to_owned(), dates })
    })
}
