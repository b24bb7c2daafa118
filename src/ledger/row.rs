//! An occurrence in the words of the ledger's columns.

use jiff::civil::Date;

use super::{Completion, Entry, excel};
use crate::{
    domain::{
        deadline::{Deadline, Done},
        due::Due,
        occurrence::{Dates, Light, State},
    },
    letter::words,
};

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Row {
    pub light: Light,
    pub state: State,
    pub cells: [String; COLUMNS.len()],
}

/// A column: its heading, its width in characters, and whether it holds short words to be centred.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub width: f64,
    pub centred: bool,
}

const fn column(name: &'static str, width: f64, centred: bool) -> Column {
    Column { name, width, centred }
}

/// The last two are for reading the sheet back, and are not printed.
pub const COLUMNS: [Column; 13] = [
    column("序号", 5.5, true),
    column("状态", 9.5, true),
    column("工作任务", 24.0, false),
    column("期次", 13.0, true),
    column("具体要求", 46.0, false),
    column("责任科室", 17.0, false),
    column("责任人", 9.0, true),
    column("完成时限", 28.0, false),
    column("完成情况", 24.0, false),
    column("佐证材料", 22.0, false),
    column("备注", 17.0, false),
    column("时限要求", 20.0, false),
    column("编号", 22.0, false),
];

pub const NUMBER: usize = 0;
pub const LIGHT: usize = 1;
pub const TASK: usize = 2;
pub const EVIDENCE: usize = 9;
pub const LAST_PRINTED: usize = 10;

/// The first words of lines under a date that say more about it; they are read back.
pub const DEFAULT: &str = "局内默认";
pub const TARGET: &str = "局内目标";
pub const TIMES: &str = "次数";
/// Marks a working weekend day, in the brackets after its weekday.
pub const MADE_UP: &str = "，调休上班";

/// Beyond this many working days, people count in calendar days.
const FAR_WORKDAYS: i64 = 7;

impl Row {
    pub fn new(entry: &Entry) -> Self {
        let deadline = entry.deadline;
        let cells = [
            deadline.item.map(|n| n.to_string()).unwrap_or_default(),
            format!("{} {}", entry.light.colour(), entry.light.word(entry.state)),
            deadline.title_for(entry.period),
            words::period(entry.period),
            deadline.basis.clone().unwrap_or_default(),
            sections(deadline),
            distinct(entry.reports.iter().map(|r| r.by.as_str())).join("、"),
            limit(entry),
            progress(entry),
            distinct(entry.reports.iter().map(|r| r.evidence.as_str())).join("\n"),
            remarks(entry),
            rule(deadline),
            deadline.id.clone(),
        ];
        Self { light: entry.light, state: entry.state, cells: cells.map(|cell| excel::lines(&cell)) }
    }
}

/// `办公室（牵头）、各科室（分别办结）`
fn sections(deadline: &Deadline) -> String {
    let named = deadline.sections.iter().map(|name| {
        let leads = deadline.lead.as_ref() == Some(name);
        if leads { format!("{name}（牵头）") } else { name.clone() }
    });
    let each = if deadline.done == Done::Each { "\n（分别办结）" } else { "" };
    named.collect::<Vec<_>>().join("、") + each
}

fn limit(entry: &Entry) -> String {
    let Dates { due, ends, finish_by, target, .. } = entry.dates;
    let mut lines = vec![if finish_by == due { words::full_workday(due) } else { words::full(due) }];
    lines.extend(entry.deadline.bureau_default.then(|| DEFAULT.to_owned()));
    lines.extend((finish_by != due).then(|| format!("请于{}前办结", working_day(finish_by, due))));
    lines.extend((ends != due).then(|| format!("{}届满", working_day(ends, due))));
    lines.extend(target.map(|target| format!("{TARGET}{}", working_day(target, due))));
    lines.join("\n")
}

/// A working weekend day is marked; the year is written only if `beside` has another one.
fn working_day(day: Date, beside: Date) -> String {
    let full = words::full_workday(day);
    let year = if day.year() == beside.year() { format!("{}年", day.year()) } else { String::new() };
    full.strip_prefix(&year).map(str::to_owned).unwrap_or(full)
}

fn progress(entry: &Entry) -> String {
    let reports = &entry.reports;
    let verb = if entry.state == State::Done { "办结" } else { "已报" };
    let mut lines: Vec<String> = reports.iter().map(|report| format!("{} {}{verb}", report.on, who(report))).collect();
    if entry.state == State::Open {
        let asked = entry.deadline.times;
        if entry.deadline.done == Done::Any && !reports.is_empty() && asked > 1 {
            lines.push(format!("共{asked}次，已报{}次", reports.len()));
        }
        if !reports.is_empty() && !entry.missing.is_empty() {
            lines.push(format!("未报：{}", entry.missing.join("、")));
        }
        lines.extend(entry.told.as_ref().map(|told| excel::line(told)));
        lines.push(left(entry));
    }
    lines.join("\n")
}

fn who(report: &Completion) -> String {
    match report.section.as_str() {
        "" => report.by.clone(),
        section => format!("{section} {}", report.by),
    }
}

fn left(entry: &Entry) -> String {
    let (dates, today) = (&entry.dates, entry.today);
    if let Some(n) = dates.paused_days(today) {
        return format!("暂停第{n}天");
    }
    match (entry.days_left, entry.workdays_left) {
        (days, 0) if days < 0 => format!("已逾期{}天", -days),
        (days, workdays) if days < 0 => format!("已逾期{}个工作日", -workdays),
        _ if today > dates.finish_on(today) => "最后一个工作日已过，请立即办结".into(),
        (0, _) => "今天到期".into(),
        (_, workdays @ 1..=FAR_WORKDAYS) => format!("还剩{workdays}个工作日"),
        (days, _) => format!("还剩{days}天"),
    }
}

fn remarks(entry: &Entry) -> String {
    let several = entry.reports.len() > 1;
    let notes = entry.reports.iter().filter(|r| !r.note.trim().is_empty());
    let mut lines: Vec<String> = notes
        .map(|r| if several && !r.section.is_empty() { format!("{}：{}", r.section, r.note) } else { r.note.clone() })
        .collect();
    if entry.dates.provisional && entry.state == State::Open {
        lines.push("放假安排未公布，工作日暂算".into());
    }
    lines.join("\n")
}

/// The rule of the date, in words that can be read back.
fn rule(deadline: &Deadline) -> String {
    // A date without its year can be read only in the plan file.
    let written = excel::line(&deadline.due.text);
    let is_plain = Due::parse(&written, None).is_ok_and(|due| due.rule == deadline.due.rule);
    let mut lines = vec![if is_plain { written } else { deadline.due.to_string() }];
    if deadline.bureau_default {
        lines.push(DEFAULT.into());
    }
    if let Some((target, _)) = &deadline.target {
        lines.push(format!("{TARGET}：{}", excel::line(target)));
    }
    if deadline.times != deadline.due.times.unwrap_or(1) {
        lines.push(format!("{TIMES}：{}", deadline.times));
    }
    lines.join("\n")
}

impl Row {
    /// How many lines its tallest cell takes, wrapped. Some programs do not measure this themselves.
    pub fn lines(&self) -> usize {
        let cells = self.cells.iter().zip(COLUMNS);
        let lines =
            |(cell, column): (&String, Column)| -> usize { cell.lines().map(|l| wrapped(l, column.width)).sum() };
        cells.map(lines).max().unwrap_or(1).max(1)
    }
}

fn wrapped(line: &str, width: f64) -> usize {
    let halves: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    // A wide character that does not fit the rest of a line leaves that rest empty.
    (1..).find(|n| halves as f64 <= *n as f64 * (width - 1.0)).unwrap_or(1)
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for text in texts.map(str::trim).filter(|t| !t.is_empty()) {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}
