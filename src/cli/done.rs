//! `duban done` and `duban reopen`.

use super::{
    Answer, Context, Result,
    args::{DoneArgs, ReopenArgs},
};
use crate::service::{
    Office,
    course::load::put_in_force,
    desk::report::{self, Report, Reported},
};
use crate::store::Db;

pub fn done(context: &Context, args: DoneArgs) -> Result {
    let (office, mut db) = ready(context)?;
    let DoneArgs { id, period, section, by, note, evidence } = args;
    let report = Report { deadline: id, period, section, by, note, evidence };
    let reported = report::done(&mut db, &office, &report, &context.now(&office.settings))?;
    let Reported { title, period, is_closed, missing, count, .. } = reported;
    Ok(Answer::done(if is_closed {
        format!("已登记办结：{title}（{period}）。不再提醒。\n")
    } else if missing.is_empty() {
        format!("已登记：{title}（{period}），{}/{} 次。满 {} 次前照常提醒。\n", count.0, count.1, count.1)
    } else {
        format!("已登记：{title}（{period}）。还没有报够的科室：{}。\n", missing.join("、"))
    }))
}

pub fn reopen(context: &Context, args: ReopenArgs) -> Result {
    let (office, mut db) = ready(context)?;
    let ReopenArgs { id, period, section, by, note } = args;
    let report = Report { deadline: id, period, section, by, note, evidence: String::new() };
    let Reported { title, period, .. } = report::reopen(&mut db, &office, &report, &context.now(&office.settings))?;
    Ok(Answer::done(format!("已撤回办结登记：{title}（{period}）。照常提醒。\n")))
}

/// The database, with the plan in it even if the service has never run.
pub(super) fn ready(context: &Context) -> Result<(Office, Db)> {
    let (office, deadlines) = context.office()?;
    let mut db = context.open(&office.settings)?;
    if db.read(|tx| tx.in_force_since())?.is_none() {
        put_in_force(&mut db, &office, &deadlines, &context.now(&office.settings))?;
    }
    Ok((office, db))
}
