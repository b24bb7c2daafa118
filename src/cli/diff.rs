//! `duban diff`: how an edit changes the letters of the coming year, before it is put in force.

use std::{fmt::Write, path::Path};

use super::{Answer, Context, Failure, Result, database::there, table};
use crate::{
    config::{self, Loaded},
    service::{
        Office,
        course::{
            diff::{Counts, Diff, diff as compare},
            load::{last_good, put_in_force},
        },
    },
    store::Db,
};

const LINES: usize = 200;
const NO_CHANGE: &str = "今后 12 个月的提醒没有变化。\n";

/// Compares what is in force (by the database, else by the files) with the files, or with the file `new`.
pub fn diff(context: &Context, new: Option<&Path>) -> Result {
    // What is broken is not compared: what is in force would be compared with itself.
    if let (None, Err(findings)) = (new, context.look().0) {
        return Err(Failure::new(findings.to_string()));
    }
    let (office, deadlines, new) = context.office_with(|_, _| Ok(new.map(|file| config::load(file, &context.env))))?;
    let now = context.now(&office.settings);
    let mut db = context.open(&office.settings)?;
    let before = match db.read(|tx| last_good(tx, &office.settings))? {
        Some(before) => before,
        None if new.is_some() => {
            // Nothing is in force: two files are compared.
            db = Db::in_memory()?;
            put_in_force(&mut db, &office, &deadlines, &now)?;
            office.clone()
        }
        None => return Err(Failure::new("还没有生效的配置：服务没有运行过。用 duban check 查看文件里写的。")),
    };
    let (office, deadlines) = match new {
        Some(read) => {
            let mut loaded = read.map_err(|findings| Failure::new(findings.to_string()))?;
            loaded.keep_years_of(&before.calendar, now.today().year());
            Office::new(loaded)
        }
        None => (office, deadlines),
    };
    let diff = db.write(|tx| Ok(compare(tx, &before, (&office, &deadlines), &now)))??;
    Ok(Answer::done(if diff.is_empty() { NO_CHANGE.to_owned() } else { words(&diff) }))
}

/// What putting this in force would change; `None` where nothing is in force. Call it behind the gateway.
pub fn effect(context: &Context, loaded: Loaded) -> Result<Option<String>> {
    let now = context.now(&loaded.settings);
    let (office, deadlines) = Office::new(loaded);
    let mut db = context.open(&office.settings)?;
    let Some(before) = db.read(|tx| last_good(tx, &office.settings))? else { return Ok(None) };
    let diff = db.write(|tx| Ok(compare(tx, &before, (&office, &deadlines), &now)))??;
    Ok(Some(if diff.is_empty() { NO_CHANGE.to_owned() } else { words(&diff) }))
}

/// The same with its heading; nothing where nothing is in force, and a notice where that cannot be seen.
pub fn effect_if_any(context: &Context, loaded: Loaded) -> String {
    if there(&loaded.settings.database).is_err() {
        return String::new();
    }
    match effect(context, loaded) {
        Ok(Some(effect)) => format!("\n生效以后：\n{}\n", effect.trim_end()),
        Ok(None) => String::new(),
        Err(failure) => {
            Context::say(&format!("没有同生效的比较：{}", failure.why));
            String::new()
        }
    }
}

fn words(diff: &Diff) -> String {
    let mut text = diff.lines(LINES).join("\n") + "\n";
    let (sure, ifs) = diff.total();
    let words = |counts: Counts| match counts.words() {
        none if none.is_empty() => "没有变化".to_owned(),
        words => words,
    };
    let _ = writeln!(text, "\n今后 12 个月要发的提醒：{}。", words(sure));
    if ifs != Counts::default() {
        let _ = writeln!(text, "到期后一直不办才会发的逾期提醒：{}。", words(ifs));
    }
    if !diff.corrected.is_empty() {
        let told: Vec<&str> = diff.corrected.iter().map(String::as_str).collect();
        let _ = writeln!(text, "已经收到过旧日期、各收到一封更正的：{}。", told.join("、"));
    }
    table::paragraphs(&text)
}
