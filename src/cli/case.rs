//! `duban open` and `duban extend`: cases.

use super::{
    Answer, Context, Failure, Result,
    args::{DecideArgs, ExtendArgs, OpenArgs},
    done::ready,
    table,
};
use crate::{
    service::desk::{
        case::{self, Case},
        request,
    },
    store::RequestKind,
};

pub fn open(context: &Context, args: &OpenArgs) -> Result {
    let (office, mut db) = ready(context)?;
    let now = context.now(&office.settings);
    let on = args.on.unwrap_or(now.today());
    let reference = args.reference.clone().unwrap_or_else(|| on.to_string());
    let case = case::open(&mut db, &office, &args.id, on, &reference, &args.by, &now)?;
    Ok(Answer::done(format!("已登记：{}。\n", words(&case))))
}

pub fn extend(context: &Context, args: &ExtendArgs) -> Result {
    let (office, mut db) = ready(context)?;
    let now = context.now(&office.settings);
    let case = case::extend(&mut db, &office, &args.case, args.to, &args.why, &args.by, &now)?;
    Ok(Answer::done(format!("已延期：{}。已收到提醒的人会收到更正。\n", words(&case))))
}

/// `duban requests`: what waits for the admin, and the answer.
pub fn requests(context: &Context, args: &DecideArgs) -> Result {
    let (office, mut db) = ready(context)?;
    let now = context.now(&office.settings);
    match (args.confirm, args.refuse) {
        (Some(id), None) => {
            request::decide(&mut db, &office, id, true, &args.by, &args.note, &now)?;
            Ok(Answer::done("已确认。\n"))
        }
        (None, Some(id)) => {
            request::decide(&mut db, &office, id, false, &args.by, &args.note, &now)?;
            Ok(Answer::done("已退回，照常提醒。\n"))
        }
        _ => {
            let rows = db.read(|tx| {
                let mut rows = Vec::new();
                for r in tx.open_requests()? {
                    let Some(o) = tx.occurrence_by_id(r.occurrence)? else { continue };
                    let kind = if r.kind == RequestKind::Postponed { "不能按期" } else { "不适用" };
                    let expected = r.expected.map(table::day).unwrap_or_default();
                    rows.push([
                        r.id.to_string(),
                        r.section,
                        kind.into(),
                        r.reason,
                        expected,
                        o.it.deadline,
                        o.it.period,
                        r.by,
                    ]);
                }
                Ok(rows)
            })?;
            if rows.is_empty() {
                return Err(Failure::new("没有等着答复的申请。"));
            }
            Ok(Answer::done(table::table(["编号", "科室", "申请", "原因", "预计办结", "事项", "期次", "经办人"], rows)))
        }
    }
}

fn words(case: &Case) -> String {
    let Case { title, period, dates } = case;
    format!("{title}（{period}），请于 {} 前办结，规定期限 {}", table::day(dates.finish_by), table::day(dates.due))
}
