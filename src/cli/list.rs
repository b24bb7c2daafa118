//! `duban list`: occurrences with their state and light.

use std::collections::BTreeSet;

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::{Answer, Context, Result, check_section, table, values::parse_days};
use crate::{
    config,
    domain::{
        calendar::shift,
        deadline::Deadline,
        occurrence::{Light, Occurrence, State},
    },
    service::{
        Office,
        course::ahead::{Ahead, ahead},
        course::load::as_in_force,
        course::start::in_force,
    },
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ListArgs {
    /// 看多远：90d 或 90天
    #[arg(long, default_value = "90d", value_name = "天数", value_parser = parse_days)]
    pub within: i64,
    /// 只看这个科室
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Row {
    deadline: String,
    period: String,
    title: String,
    due: Date,
    /// 届满: the last day that is in time.
    ends: Date,
    finish_by: Date,
    target: Option<Date>,
    state: State,
    light: Light,
    sections: Vec<String>,
    days_left: i64,
    workdays_left: i64,
    provisional: bool,
    /// 暂停: since when the clock of a case stands, and the how many-th day of it this is.
    paused: Option<Date>,
    paused_days: Option<i64>,
}

pub fn list(context: &Context, args: &ListArgs) -> Result {
    let (office, deadlines) = match unchanged(context, args) {
        Some(found) => found,
        None => context.office()?,
    };
    check_section(&office, args.section.as_deref())?;
    let now = context.now(&office.settings);
    let today = now.today();
    let mut db = context.open(&office.settings)?;
    let days = (today, shift(today, args.within));
    let found =
        as_in_force(&mut db, (&office, &deadlines), &now, |tx| Ok(ahead(tx, &office, &deadlines, days, &now)))??;
    let wanted = |o: &&Ahead| match &args.section {
        Some(section) => office.section_names(o.deadline).contains(&section.as_str()),
        None => true,
    };
    let rows: Vec<Row> = found.iter().filter(wanted).map(|o| row(&office, o, today)).collect();
    if args.json {
        return Answer::json(&rows);
    }
    let others = match &args.section {
        Some(_) => String::new(),
        None => others(db.read(|tx| tx.ids_in_force())?, &rows, args.within),
    };
    if rows.is_empty() {
        return Ok(Answer::done(format!("{} 天内没有到期的事项。\n{others}", args.within)));
    }
    let header = ["状态", "请于…前办结", "事项", "科室"];
    let lines = rows.iter().map(|row| {
        let mark = if row.provisional { " *" } else { "" };
        let beside = |what: &str, day| format!("\n{what} {}", table::day_beside(day, row.finish_by));
        let ends = if row.ends == row.due { String::new() } else { beside("届满", row.ends) };
        let left = left(row).map(|left| format!("\n{left}")).unwrap_or_default();
        [
            format!("{}{} {}{left}", row.light.emoji(), row.light.colour(), word(row, today)),
            format!("{}{mark}{}{ends}", table::day(row.finish_by), beside("规定", row.due)),
            format!("{}\n{} {}", row.title, row.deadline, row.period),
            office.sections_as_written(&row.deadline, &deadlines),
        ]
    });
    let mut text = table::table(header, lines);
    if rows.iter().any(|row| row.provisional) {
        text += "\n* 那一年的放假安排还没有，工作日按周一至周五暂算。\n";
    }
    Ok(Answer::done(text + &others))
}

/// The ids that no row has, so that every id can be found here.
fn others(ids: BTreeSet<String>, rows: &[Row], within: i64) -> String {
    let shown: BTreeSet<&str> = rows.iter().map(|row| row.deadline.as_str()).collect();
    let ids: Vec<String> = ids.into_iter().filter(|id| !shown.contains(id.as_str())).collect();
    if ids.is_empty() {
        return String::new();
    }
    table::paragraphs(&format!(
        "\n{within} 天内没有期次的还有 {} 个事项（下一期在哪天，用 duban check 看）：{}。",
        ids.len(),
        ids.join("、")
    ))
}

/// The configuration in force and the deadlines needed, from the database alone; `None` if the files have changed.
fn unchanged(context: &Context, args: &ListArgs) -> Option<(Office, Vec<Deadline>)> {
    let settings = config::settings_alone(&context.config, &context.env)?;
    let today = context.now(&settings).today();
    context.pass(&settings, |_| Ok(())).ok()?;
    let mut db = context.open(&settings).ok()?;
    in_force(&mut db, &settings, &context.config, (today, shift(today, args.within))).ok()?
}

fn row(office: &Office, of: &Ahead, today: Date) -> Row {
    let Occurrence { period, dates, state, .. } = &of.occurrence;
    Row {
        deadline: of.deadline.id.clone(),
        period: period.clone(),
        title: of.title(),
        due: dates.due,
        ends: dates.ends,
        finish_by: dates.finish_on(today),
        target: dates.target,
        state: *state,
        light: of.light(office.house(), today),
        sections: office.section_names(of.deadline).into_iter().map(str::to_owned).collect(),
        days_left: dates.days_left(dates.finish_on(today), today),
        workdays_left: dates.workdays_left(&office.calendar, dates.finish_on(today), today),
        provisional: dates.provisional,
        paused: dates.paused.filter(|_| *state == State::Open),
        paused_days: dates.paused_days(today).filter(|_| *state == State::Open),
    }
}

fn word(row: &Row, today: Date) -> &'static str {
    let missed_target = row.light == Light::Yellow && row.target.is_some_and(|target| target < today);
    if missed_target { "已过局内目标" } else { row.light.word(row.state) }
}

fn left(row: &Row) -> Option<String> {
    if let Some(n) = row.paused_days {
        return Some(format!("暂停第 {n} 天"));
    }
    Some(match (row.state, row.workdays_left) {
        (State::Open, n) if n < 0 => format!("逾期 {} 个工作日", -n),
        (State::Open, _) if row.light == Light::Red => "已逾期".into(),
        (State::Open, 0) => "今天".into(),
        (State::Open, n) => format!("剩 {n} 个工作日"),
        _ => return None,
    })
}
