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
    /// 连同到期后一直不办才会发的逾期提醒
    #[arg(long)]
    pub if_nothing_is_done: bool,
    /// 输出 JSON，逾期提醒都在内
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
    if args.json {
        return Answer::json(&letters);
    }
    let all = letters.len();
    let letters = if args.if_nothing_is_done { letters } else { without_ifs(letters, now.today()) };
    let left_out = all - letters.len();
    let mut text = as_text(&letters, &deadlines);
    if left_out > 0 {
        text += &table::paragraphs(&format!(
            "另有 {left_out} 封只在到期后一直不办时才发（逾期），加 --if-nothing-is-done 一起看。\n"
        ));
    }
    Ok(Answer::done(text))
}

/// Without what will only be said if nothing is done: that is overdue which today is not yet.
fn without_ifs(mut letters: Vec<PlannedLetter>, today: Date) -> Vec<PlannedLetter> {
    for letter in &mut letters {
        let is_if = |r: &PlannedReminder| matches!(r.lead, PlannedLead::Overdue(_)) && r.due >= today;
        letter.reminders.retain(|reminder| !is_if(reminder));
    }
    letters.retain(|letter| !letter.reminders.is_empty());
    letters
}

fn as_text(letters: &[PlannedLetter], deadlines: &[Deadline]) -> String {
    let by_id: HashMap<&str, &Deadline> = deadlines.iter().map(|d| (d.id.as_str(), d)).collect();
    let mut text = String::new();
    for letter in letters {
        let time = letter.at.strftime("%H:%M");
        let head = format!("{} {time}  {}（{}）", table::day(letter.at.date()), letter.to, letter.section);
        let _ = writeln!(text, "{}", table::wrap(&head, table::screen() - 6).join("\n      "));
        for reminder in &letter.reminders {
            let title = by_id.get(reminder.deadline.as_str()).map(|d| d.title_for(&reminder.period));
            let (why, goal, title) = (why(reminder), goal(reminder), title.unwrap_or_default());
            let line = format!("{why}：{title}（{goal} 前，{} {}）", reminder.deadline, reminder.period);
            let lines = table::wrap(&line, table::screen() - 6);
            let _ = writeln!(text, "    {}", lines.join("\n      "));
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
