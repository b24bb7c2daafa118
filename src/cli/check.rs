//! `duban check`: says what is wrong with the files, or how they are understood.

use std::fmt::Write;

use super::{
    Answer, Context, Exit, Result,
    database::{say_if_there_is_none, there},
    table,
};
use crate::{
    config::Loaded,
    domain::{
        Date,
        agenda::Agenda,
        calendar::{Calendar, DayKind, shift, short},
        deadline::{Deadline, Part},
        festivals,
        hours::House,
        occurrence::{Occurrence, Progress, coming},
    },
    service::{
        Office,
        course::{renamed::questions, sweep::missing_year},
    },
};

pub fn check(context: &Context) -> Result {
    let mut loaded = match context.files(&context.env) {
        Ok(loaded) => loaded,
        Err(findings) => return Ok(Answer::done(format!("{findings}\n")).with(Exit::Nothing)),
    };
    context.pass(&loaded.settings, |_| Ok(()))?;
    context.keep_years(&mut loaded);
    say_if_there_is_none(&loaded.settings);
    let mut text = String::new();
    for warning in &loaded.warnings {
        let _ = writeln!(text, "{warning}\n");
    }
    let now = context.now(&loaded.settings);
    let today = now.today();
    let Loaded { plan, calendar, settings, .. } = &loaded;
    let house = House { calendar, roster: &plan.roster, admins: &settings.admin, hours: settings.hours };
    let rows = loaded.plan.deadlines.iter().map(|d| row(d, house, today));
    text += &table::table(["事项", "写的是", "请于…前办结", "首封提醒"], rows);
    let mut rest = passed_over(&loaded);
    for question in renamed(context, &loaded)? {
        let _ = writeln!(rest, "\n请确认：{question}");
    }
    let (deadlines, off, sections) = (loaded.plan.deadlines.len(), loaded.off.len(), loaded.plan.roster.sections.len());
    let _ = writeln!(rest, "\n配置没有问题：{deadlines} 个事项（另有 {off} 个停用），{sections} 个科室。");
    for year in loaded.calendar.years().filter(|year| *year >= today.year()) {
        rest += &year_off(&loaded.calendar, year);
    }
    if let Some(year) = missing_year(&loaded.calendar, today) {
        let _ = writeln!(
            rest,
            "提示：还没有 {year} 年的放假安排，带 * 的日期按周一至周五暂算。把通知存成文件，用 duban holidays import 读入（或在 holidays 目录补上 {year}.toml）。"
        );
    }
    Ok(Answer::done(text + &table::paragraphs(&rest)))
}

/// The festivals of a year, in one line.
pub fn year_off(cal: &Calendar, year: i16) -> String {
    let holiday = |(names, from, to): (Vec<&str>, Date, Date)| {
        let before = if from.year() == year { String::new() } else { format!("{}年", from.year()) };
        let to = match (from == to, from.month() == to.month()) {
            (true, _) => String::new(),
            (_, true) => format!("至{}日", to.day()),
            _ => format!("至{}", short(to)),
        };
        format!("{} {before}{}{to}", names.join("、"), short(from))
    };
    let off: Vec<String> = festivals::holidays(cal, year).into_iter().map(holiday).collect();
    let days = (0..366).map(|n| shift(Date::constant(year, 1, 1), n)).take_while(|day| day.year() == year);
    let work: Vec<String> = days.filter(|day| cal.kind(*day) == DayKind::MadeUp).map(short).collect();
    let work = if work.is_empty() { String::new() } else { format!("；调休上班 {}", work.join("、")) };
    format!("{year} 年放假（连同挨着的周末）：{}{work}。\n", off.join("，"))
}

/// What may only have been renamed, compared with what is in force.
fn renamed(context: &Context, loaded: &Loaded) -> Result<Vec<String>> {
    if there(&loaded.settings.database).is_err() {
        return Ok(Vec::new());
    }
    let mut db = match context.open(&loaded.settings) {
        Ok(db) => db,
        Err(failure) => {
            Context::say(&format!("没有同生效的比较：{}", failure.why));
            return Ok(Vec::new());
        }
    };
    let off = loaded.off.clone();
    let (office, deadlines) = Office::new(loaded.clone());
    Ok(db.read(|tx| questions(tx, &office, &deadlines, &off))?)
}

fn row(deadline: &Deadline, house: House, today: Date) -> [String; 4] {
    let cal = house.calendar;
    let from = deadline.since.unwrap_or(today).max(today);
    let default = if deadline.bureau_default { "\n（局内默认）" } else { "" };
    let written = format!("{}{default}", deadline.due.text.trim());
    let Some((_, occurrence)) = coming(deadline, cal, from, shift(from, 70_000)).next() else {
        let what = if deadline.due.rule.case_due(cal, today).is_some() {
            "登记来件后起算"
        } else {
            "日期已过，不会提醒"
        };
        return [format!("{}\n{}", deadline.title, deadline.id), written, what.into(), String::new()];
    };
    let agenda = Agenda { house, deadline, occurrence: &occurrence, progress: &Progress::default(), said: &[] };
    let dates = occurrence.dates;
    let mark = if dates.provisional { " *" } else { "" };
    let first = match (agenda.latest(Part::Answers, today), agenda.steps(Part::Answers).first()) {
        (Some(step), _) if step.on < today => "随即补发".to_owned(),
        (Some(_), _) => "今天".to_owned(),
        (None, Some(step)) => format!("{}\n（{}）", table::day(step.on), step.saying),
        (None, None) => "不提醒".to_owned(),
    };
    let beside = |what: &str, day| format!("\n{what} {}", table::day_beside(day, dates.finish_by));
    let target = dates.target.map(|target| beside("局内目标", target)).unwrap_or_default();
    let days = format!("{}{mark}{}{target}", table::day(dates.finish_by), beside("规定", dates.due));
    let Occurrence { period, .. } = occurrence;
    [format!("{}\n{} {period}", deadline.title_for(&period), deadline.id), written, days, first]
}

/// What a `due` was read from: the clause of a sentence, the event of a case, how a day off moves it. Words that
/// change nothing are shown, so that nobody believes they do.
fn passed_over(loaded: &Loaded) -> String {
    let mut text = String::new();
    for Deadline { id, due, .. } in &loaded.plan.deadlines {
        if let Some(clause) = &due.clause {
            let _ = writeln!(text, "{id}：期限读自“{clause}”。");
        }
        if let Some(event) = &due.event {
            let _ = writeln!(text, "{id}：从“{event}”那一天算起，登记时填那一天。");
        }
        if let Some(roll) = due.roll {
            let _ = writeln!(text, "{id}：遇节假日{}（文件写明）。", roll.zh());
        }
        if !due.passed_over.is_empty() {
            let words: Vec<String> = due.passed_over.iter().map(|w| format!("“{w}”")).collect();
            let _ = writeln!(text, "{id}：{} 不影响日期，已略过。", words.join("、"));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}
