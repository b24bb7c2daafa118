//! `duban plan`: the letters that will go out if nothing is finished.

use std::{
    collections::HashMap,
    io::{self, BufWriter, Write},
};

use serde::ser::{SerializeSeq, Serializer};

use super::{Answer, Context, Exit, Failure, Result, args::PlanArgs, table};
use crate::{
    domain::{deadline::Deadline, reminder::Reason},
    service::plan::{Letters, PlannedLead, PlannedReminder},
};

pub fn plan(context: &Context, args: &PlanArgs) -> Result {
    if args.to < args.from {
        return Err(Failure { why: "--to 不能早于 --from。".into(), exit: Exit::Usage });
    }
    let (office, deadlines) = context.office()?;
    let now = context.now(&office.settings);
    let mut db = context.open_to_read(&office.settings)?;
    let letters = db.read(|tx| Ok(Letters::new(tx, &office, &deadlines, args.from, args.to, &now)))??;
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let said = if args.json { as_json(letters, out) } else { as_text(letters, &deadlines, out) };
    match said {
        // A reader that has gone away is no error of ours.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(e.to_string())),
        _ => Ok(Answer::default()),
    }
}

/// One letter after the other: a hundred thousand deadlines' year is longer than memory should be.
fn as_json(letters: Letters<'_>, mut out: impl Write) -> io::Result<()> {
    let mut json = serde_json::Serializer::pretty(&mut out);
    let mut list = json.serialize_seq(None)?;
    for letter in letters {
        list.serialize_element(&letter)?;
    }
    list.end()?;
    writeln!(out)?;
    out.flush()
}

fn as_text(letters: Letters<'_>, deadlines: &[Deadline], mut out: impl Write) -> io::Result<()> {
    let by_id: HashMap<&str, &Deadline> = deadlines.iter().map(|d| (d.id.as_str(), d)).collect();
    let mut count = 0;
    for letter in letters {
        count += 1;
        let time = letter.at.strftime("%H:%M");
        writeln!(out, "{} {time}  {}（{}）", table::day(letter.at.date()), letter.to, letter.section)?;
        for reminder in &letter.reminders {
            let title = by_id.get(reminder.deadline.as_str()).map(|d| d.title_for(&reminder.period));
            let title = table::short(&title.unwrap_or_default());
            let (why, goal) = (why(reminder), goal(reminder));
            writeln!(out, "    {why}：{title}（{goal} 前，{} {}）", reminder.deadline, reminder.period)?;
        }
    }
    match count {
        0 => writeln!(out, "这段时间没有要发的信。")?,
        _ => writeln!(out, "\n共 {count} 封。")?,
    }
    out.flush()
}

/// The date that the lead counts from, by its name where it is the bureau's own.
fn goal(reminder: &PlannedReminder) -> String {
    match reminder.lead {
        PlannedLead::Before(_) if reminder.counted_from != reminder.finish_by => {
            format!("局内目标 {}，{}", reminder.counted_from, reminder.finish_by)
        }
        _ => reminder.finish_by.to_string(),
    }
}

fn why(reminder: &PlannedReminder) -> String {
    let lead = match &reminder.lead {
        PlannedLead::Before(lead) if reminder.reason == Reason::DueToday || lead == "当天" => "当天".to_owned(),
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
