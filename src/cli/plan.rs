//! `duban plan`: the letters that will go out if nothing more is reported.

use std::{collections::HashMap, fmt::Write};

use clap::Args;

use super::{Answer, Context, Exit, Failure, Result, table, values::parse_date};
use crate::{
    domain::{Date, agenda::Reason, deadline::Deadline},
    service::course::load::as_in_force,
    service::course::plan::{PlannedLead, PlannedLetter, PlannedReminder, plan as letters},
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct PlanArgs {
    /// 从哪天起，如 2026-01-01
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub from: Date,
    /// 到哪天止（含）
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub to: Date,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
}

pub fn plan(context: &Context, args: &PlanArgs) -> Result {
    if args.to < args.from {
        return Err(Failure { why: "--to 不能早于 --from。".into(), exit: Exit::Usage });
    }
    let (office, deadlines) = context.office()?;
    let now = context.now(&office.settings);
    let mut db = context.open_or_without(&office.settings)?;
    let days = (args.from, args.to);
    let letters =
        as_in_force(&mut db, (&office, &deadlines), &now, |tx| Ok(letters(tx, &office, &deadlines, days, &now)))??;
    if args.json { Answer::json(&letters) } else { Ok(Answer::done(as_text(&letters, &deadlines))) }
}

fn as_text(letters: &[PlannedLetter], deadlines: &[Deadline]) -> String {
    let by_id: HashMap<&str, &Deadline> = deadlines.iter().map(|d| (d.id.as_str(), d)).collect();
    let mut text = String::new();
    for letter in letters {
        let time = letter.at.strftime("%H:%M");
        let _ = writeln!(text, "{} {time}  {}（{}）", table::day(letter.at.date()), letter.to, letter.section);
        for reminder in &letter.reminders {
            let title = by_id.get(reminder.deadline.as_str()).map(|d| d.title_for(&reminder.period));
            let title = table::short(&title.unwrap_or_default());
            let (why, goal) = (why(reminder), goal(reminder));
            let _ = writeln!(text, "    {why}：{title}（{goal} 前，{} {}）", reminder.deadline, reminder.period);
        }
    }
    match letters.len() {
        0 => text + "这段时间没有要发的信。\n",
        count => text + &format!("\n共 {count} 封。\n"),
    }
}

/// The date to finish by, preceded by the target if the lead counts from that.
fn goal(reminder: &PlannedReminder) -> String {
    match reminder.lead {
        PlannedLead::Before(_) if Some(reminder.counted_from) == reminder.target => {
            format!("局内目标 {}，{}", reminder.counted_from, reminder.finish_by)
        }
        _ => reminder.finish_by.to_string(),
    }
}

fn why(reminder: &PlannedReminder) -> String {
    let lead = match &reminder.lead {
        PlannedLead::Before(lead) if reminder.reason == Reason::DueToday || lead == "当天" => "当天".to_owned(),
        PlannedLead::Before(lead) if lead == "撤回" => "办结撤回".to_owned(),
        PlannedLead::Before(lead) => format!("提前{lead}"),
        PlannedLead::Overdue(n) => format!("逾期{n}个工作日"),
        PlannedLead::None => String::new(),
    };
    match reminder.reason {
        Reason::CaughtUp => format!("补发·{lead}"),
        Reason::Corrected => "更正".to_owned(),
        Reason::Escalated => format!("{lead}·告知分管领导"),
        Reason::Ahead | Reason::DueToday | Reason::Overdue => lead,
    }
}
