//! Cases: opened by hand, counted from their own date, extended, paused and begun anew with a reason.

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
        Date,
        calendar::days_between,
        case::Case as Clock,
        deadline::Deadline,
        identity,
        occurrence::{Dates, Occurrence, State},
    },
    store::{AuditRow, Db, Stored, Tx},
};

/// Which case is meant: its reference, and its deadline where several have a case of that reference.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    pub reference: &'a str,
    pub deadline: Option<&'a str>,
}

impl<'a> From<&'a str> for Which<'a> {
    fn from(reference: &'a str) -> Self {
        Self { reference, deadline: None }
    }
}

/// A case that was opened, or whose clock was changed.
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
pub fn extend<'a>(
    db: &mut Db,
    office: &Office,
    which: impl Into<Which<'a>>,
    to: Date,
    why: &str,
    by: &str,
    now: &Moment,
) -> Result<Case> {
    let act = Act { what: "extended", name: "延期", on: to, why: Some(why), by };
    change(db, office, which.into(), &act, now, |case, clock, _| {
        if to <= case.dates.due {
            return refuse(format!("延期应晚于现在的期限 {}。", case.dates.due));
        }
        clock.extend(to);
        Ok(())
    })
}

/// Stops a case's clock (条例 art. 33): the days from `from` on are not counted, nothing is said, nothing is late.
///
/// # Errors
/// In Chinese: no such case, closed, paused already, one that is counted back, a day on which it cannot begin, no reason.
pub fn pause<'a>(
    db: &mut Db,
    office: &Office,
    which: impl Into<Which<'a>>,
    from: Date,
    why: &str,
    by: &str,
    now: &Moment,
) -> Result<Case> {
    let act = Act { what: "paused", name: "暂停", on: from, why: Some(why), by };
    change(db, office, which.into(), &act, now, |case, clock, deadline| {
        let (reference, free, due) = (&case.period, clock.free_from(), case.dates.due);
        counts_on(deadline, case, clock)?;
        if let Some(since) = clock.paused_since() {
            return refuse(format!(
                "{reference} 从 {since} 起已经暂停。恢复计时用 duban resume，恢复以后才能再次暂停。"
            ));
        }
        if from < clock.on {
            return refuse(format!("{reference} 从 {} 起算，暂停不能更早。请写 {0} 或以后的日子。", clock.on));
        }
        if from < free {
            return refuse(format!("{reference} 上次暂停到 {free} 恢复，那以前不能再停。请写 {free} 或以后的日子。"));
        }
        not_in_future(from, now)?;
        if from > due {
            return refuse(format!(
                "{reference} 的规定期限 {due} 在 {from} 以前已经到了，这时暂停不改变期限。经批准延期的，用 duban extend。"
            ));
        }
        clock.pause(from);
        Ok(())
    })
}

/// Lets a case's clock go on: `on` is the first day that is counted again. Whoever was told another date gets a
/// correction.
///
/// # Errors
/// In Chinese: no such case, closed, not paused, a day that is not later than the pause's first, or lies ahead.
pub fn resume<'a>(
    db: &mut Db,
    office: &Office,
    which: impl Into<Which<'a>>,
    on: Date,
    by: &str,
    now: &Moment,
) -> Result<Case> {
    let act = Act { what: "resumed", name: "恢复计时", on, why: None, by };
    change(db, office, which.into(), &act, now, |case, clock, _| {
        let reference = &case.period;
        let Some(since) = clock.paused_since() else {
            return refuse(format!("{reference} 没有暂停，不用恢复计时。要暂停用 duban pause。"));
        };
        if on <= since {
            return refuse(format!(
                "恢复计时应晚于暂停的 {since}。暂停登记错了的，用 duban restart {reference} --on {} 从头算起。",
                clock.on
            ));
        }
        not_in_future(on, now)?;
        clock.resume(on);
        Ok(())
    })
}

/// Begins a case anew (条例 art. 30, 补正): counted from `on`, without its earlier pauses and its extension. Whoever was
/// told another date gets a correction.
///
/// # Errors
/// In Chinese: no such case, closed, one that is counted back, a day before it began or ahead, no reason.
pub fn restart<'a>(
    db: &mut Db,
    office: &Office,
    which: impl Into<Which<'a>>,
    on: Date,
    why: &str,
    by: &str,
    now: &Moment,
) -> Result<Case> {
    let act = Act { what: "restarted", name: "重新起算", on, why: Some(why), by };
    change(db, office, which.into(), &act, now, |case, clock, deadline| {
        counts_on(deadline, case, clock)?;
        if on < clock.on {
            return refuse(format!("{} 从 {} 起算，重新起算不能更早。请写 {1} 或以后的日子。", case.period, clock.on));
        }
        not_in_future(on, now)?;
        *clock = Clock::new(on);
        Ok(())
    })
}

/// What somebody does to a case's clock.
struct Act<'a> {
    /// As the audit trail has it.
    what: &'static str,
    name: &'static str,
    on: Date,
    why: Option<&'a str>,
    by: &'a str,
}

/// Changes the clock of an open case and works its dates out anew, in the one way that a load does it.
fn change(
    db: &mut Db,
    office: &Office,
    which: Which,
    act: &Act,
    now: &Moment,
    change: impl FnOnce(&Stored<Occurrence>, &mut Clock, &Deadline) -> Result<()>,
) -> Result<Case> {
    in_transaction(db, |tx| {
        let case = find(tx, which, act)?;
        let deadline = report::deadline(tx, &case.deadline)?;
        let Some(before) = &case.it.case else { return Err(no_case(which)) };
        let mut clock = before.clone();
        change(&case, &mut clock, &deadline)?;
        if let Some(why) = act.why {
            if why.trim().is_empty() {
                return refuse(format!("请写明为什么{}。", act.name));
            }
            limits::check(&format!("{}的原因", act.name), why, limits::TEXT)?;
        }
        limits::check_name(act.by)?;
        let since = before.paused_since();
        let changed = Occurrence { case: Some(clock), ..case.it.clone() };
        let cal = &office.calendar;
        let Some(moved) = identity::under(&deadline, cal, cal, &[&changed], now.today()).pop().flatten() else {
            return refuse(format!("{} 不再按来件计算期限。", deadline.id));
        };
        tx.move_occurrence(case.id, &moved, now.today())?;
        let detail = json!({
            "on": act.on, "from": case.dates, "to": moved.dates, "why": act.why, "since": since,
            "days": since.filter(|_| act.what == "resumed").map(|since| days_between(since, act.on)),
        });
        let row = audit(now, act.what, Some(&case.deadline), Some(&case.period), detail);
        tx.audit(&AuditRow { who: act.by.to_owned(), ..row })?;
        Ok(Case { title: deadline.title_for(&case.period), period: case.period.clone(), dates: moved.dates })
    })
}

/// The open case that is meant.
fn find(tx: &Tx, which: Which, act: &Act) -> Result<Stored<Occurrence>> {
    let Which { reference, deadline } = which;
    let mut found = tx.cases(reference)?;
    found.retain(|case| deadline.is_none_or(|id| case.deadline == id));
    let Some(case) = found.pop() else { return Err(no_case(which)) };
    if !found.is_empty() {
        found.push(case);
        let mut ids: Vec<&str> = found.iter().map(|case| case.deadline.as_str()).collect();
        ids.sort_unstable();
        let ids = ids.join("、");
        return refuse(format!("有几个事项都有编号 {reference}，分不清是哪一件。请加上 --id 写明是哪个事项：{ids}。"));
    }
    match case.state {
        State::Open => Ok(case),
        State::Done => {
            refuse(format!("{reference} 已经办结，不能{}。办结登记错了的，先用 duban reopen 撤回。", act.name))
        }
        State::Withdrawn => refuse(format!(
            "{reference} 已经撤销，不能{}：事项 {} 不在文件里，或者停用了。写回文件就恢复。",
            act.name, case.deadline
        )),
    }
}

fn no_case(Which { reference, deadline }: Which) -> Error {
    let of = deadline.map(|id| format!("事项 {id} ")).unwrap_or_default();
    Error::Refused(format!("{of}没有编号为 {reference} 的来件。用 duban list 查看，来件的编号在“期次”一栏。"))
}

/// What is counted back from a day has no time that could stand.
fn counts_on(deadline: &Deadline, case: &Occurrence, clock: &Clock) -> Result<()> {
    if Clock::can_pause(&deadline.due.rule) {
        return Ok(());
    }
    refuse(format!(
        "{} 的期限是从 {} 往前数的，不能暂停或重新起算。那一天改了的，请把这一件办结，按新的日子另登记一件。",
        case.period, clock.on
    ))
}

fn not_in_future(day: Date, now: &Moment) -> Result<()> {
    if day <= now.today() {
        return Ok(());
    }
    refuse(format!("{day} 还没有到。请在那一天或以后登记。"))
}

fn refuse<T>(why: String) -> Result<T> {
    Err(Error::Refused(why))
}
