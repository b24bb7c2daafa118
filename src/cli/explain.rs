//! `duban explain`: how the dates of an occurrence were worked out.

use clap::Args;
use serde::Serialize;

use super::{Answer, Context, Failure, Result, table};
use crate::{
    domain::{
        account::{Account, Reminder},
        occurrence::{Dates, State},
    },
    letter::account::{Part, Sheet},
    service::course::{
        explain::{Explained, explain as explained},
        load::as_in_force,
    },
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ExplainArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 哪一期，或哪一件来件；不写就是最近的一期
    #[arg(long, value_name = "期次")]
    pub period: Option<String>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
}

/// For programs: the steps as data, and the page in words.
#[derive(Serialize)]
struct Told<'a> {
    deadline: &'a str,
    period: &'a str,
    state: State,
    /// As the paper writes it, and as it was read.
    text: &'a str,
    rule: String,
    /// What the database has; `account` has what is worked out today.
    stored: Dates,
    account: &'a Account,
    reminders: &'a [Reminder],
    sheet: &'a Sheet,
}

pub fn explain(context: &Context, args: &ExplainArgs) -> Result {
    let (office, deadlines) = context.office()?;
    let now = context.now(&office.settings);
    let mut db = context.open_or_without(&office.settings)?;
    let wording = deadlines.iter().find(|d| d.id == args.id);
    let found = as_in_force(&mut db, (&office, &deadlines), &now, |tx| {
        Ok(explained(tx, &office, (&args.id, wording), args.period.as_deref(), &now))
    })??;
    let Some(found) = found else {
        if wording.is_none() {
            return Err(crate::service::no_deadline(&args.id, deadlines.iter().map(|d| d.id.as_str())).into());
        }
        return Err(Failure::new(match &args.period {
            Some(period) => format!("{} 没有期次 {period}。用 duban list 查看各期次。", args.id),
            None => format!("{} 还没有期次：逐件登记的，先用 duban open 登记来件。", args.id),
        }));
    };
    if args.json {
        return Answer::json(&Told::of(&found));
    }
    Ok(Answer::done(page(&found.sheet, &crate::letter::words::full(now.today()))))
}

impl<'a> Told<'a> {
    fn of(found: &'a Explained) -> Self {
        let Explained { deadline, occurrence, account, reminders, sheet } = found;
        Self {
            deadline: &deadline.id,
            period: &occurrence.period,
            state: occurrence.state,
            text: &deadline.due.text,
            rule: deadline.due.to_string(),
            stored: occurrence.dates,
            account,
            reminders,
            sheet,
        }
    }
}

fn page(sheet: &Sheet, today: &str) -> String {
    let mut text = String::from("期限计算书\n\n");
    let title = format!("{}（{}）", sheet.title, sheet.period);
    for line in table::wrap(&title, table::WIDTH) {
        text += &format!("{line}\n");
    }
    for (n, Part { heading, rows }) in sheet.parts.iter().enumerate() {
        let number = ["一", "二", "三", "四", "五", "六", "七", "八"].get(n).copied().unwrap_or("");
        text += &format!("\n{number}、{heading}\n");
        let label = rows.iter().map(|(label, _)| table::columns(label)).max().unwrap_or(0);
        for (name, lines) in rows {
            let pad = " ".repeat(label - table::columns(name));
            let mut before = format!("  {name}{pad}  ");
            let several = lines.len() > 1;
            for (n, line) in lines.iter().enumerate() {
                let line = if several { format!("{}. {line}", n + 1) } else { line.clone() };
                for wrapped in table::wrap(&line, table::WIDTH - label - 4) {
                    text += &format!("{}\n", format!("{before}{wrapped}").trim_end());
                    before = " ".repeat(label + 4);
                }
            }
        }
    }
    text + &format!("\n{today}由督办系统按以上步骤推算。\n")
}
