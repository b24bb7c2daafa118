//! `duban verify`: whether the database is undamaged, its contents keep the promises, and its record is what a weekly
//! letter said.

use std::fmt::Write;

use clap::Args;

use super::{Answer, Context, Exit, Result, backup::words, progress};
use crate::store::{Finding, Head, Kept, Walk};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct VerifyArgs {
    /// 每周一的信里写的校验值，如 3f2a9c1b7d045e68@1234：看那时的经过后来有没有改过
    #[arg(long, value_name = "校验值@行数")]
    pub head: Option<Head>,
}

pub fn verify(context: &Context, args: &VerifyArgs) -> Result {
    let (office, _) = context.office()?;
    let mut db = context.open(&office.settings)?;
    let now = context.now(&office.settings).at;
    let mut found = progress::shown("正在检查数据库", || db.broken_promises(now))?;
    let damaged = found.iter().any(|f| f.what.starts_with("文件损坏"));
    let mut text = String::new();
    // What is read from a damaged file proves nothing.
    if let Some(head) = args.head.as_ref().filter(|_| !damaged) {
        match told(head, &db.walk(Some(head))?) {
            Ok(told) => text = told,
            Err(what) => found.push(Finding { what, is_hint: false }),
        }
    }
    let (hints, breaches): (Vec<_>, Vec<_>) = found.iter().partition(|f| f.is_hint);
    for finding in &breaches {
        let _ = writeln!(text, "不对    {}", finding.what);
    }
    for finding in &hints {
        let _ = writeln!(text, "请看    {}", finding.what);
    }
    if breaches.is_empty() {
        let holdings = db.holdings()?;
        let _ = writeln!(text, "数据库完好，说过的没有重说，办结后没有再发：{}。", words(&holdings, &office.settings));
        if let Some(head) = db.read(|tx| tx.chain_head())? {
            let _ = writeln!(text, "经过到现在共 {} 行，校验值 {head}。", head.line);
        }
        return Ok(Answer::done(text));
    }
    text.push_str(if damaged {
        "请停止服务，检查磁盘，用 duban restore 从备份恢复。\n"
    } else {
        "请保留这份数据库，用 duban history 和 duban outbox --all 核对上面各项。\n"
    });
    Ok(Answer::done(text).with(Exit::Nothing))
}

/// What became of the lines that a letter vouched for.
fn told(head: &Head, walk: &Walk) -> std::result::Result<String, String> {
    let line = head.line;
    match (&walk.kept, walk.misfit.filter(|misfit| *misfit <= line)) {
        (Some(Kept::Yes), None) => Ok(format!("经过到第 {line} 行为止，和那封信说的一样。\n")),
        (Some(Kept::Yes), Some(misfit)) => {
            Err(format!("第 {line} 行的校验值是那封信说的，但在它以前，第 {misfit} 行对不上：那封信以前的经过被改过"))
        }
        (Some(Kept::Rewritten(is)), _) => Err(format!(
            "和那封信说的不一样：第 {line} 行的校验值现在是 {is}。到这一行为止的经过被改过，或者这不是那个数据库，或者抄错了"
        )),
        (Some(Kept::Missing(last)), _) => Err(format!(
            "和那封信说的不一样：那时有 {line} 行，现在只有 {last} 行。后面的被删去了，或者是从更早的备份恢复的（duban history 里有“从备份恢复”）"
        )),
        (None, _) => Err("没有找到那一行".to_owned()),
    }
}
