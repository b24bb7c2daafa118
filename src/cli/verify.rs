//! `duban verify`: whether the database is undamaged, and its contents keep the promises.

use std::fmt::Write;

use super::{Answer, Context, Exit, Result, backup::words, progress};

pub fn verify(context: &Context) -> Result {
    let (office, _) = context.office()?;
    let mut db = context.open(&office.settings)?;
    let now = context.now(&office.settings).at;
    let found = progress::shown("正在检查数据库", || db.broken_promises(now))?;
    let (hints, breaches): (Vec<_>, Vec<_>) = found.iter().partition(|f| f.is_hint);
    let mut text = String::new();
    for finding in &breaches {
        let _ = writeln!(text, "不对    {}", finding.what);
    }
    for finding in &hints {
        let _ = writeln!(text, "请看    {}", finding.what);
    }
    if breaches.is_empty() {
        let holdings = db.holdings()?;
        let _ = writeln!(text, "数据库完好，说过的没有重说，办结后没有再发：{}。", words(&holdings, &office.settings));
        return Ok(Answer::done(text));
    }
    let damaged = breaches.iter().any(|f| f.what.starts_with("文件损坏"));
    text.push_str(if damaged {
        "请停止服务，检查磁盘，用 duban restore 从备份恢复。\n"
    } else {
        "请保留这份数据库，用 duban history 和 duban outbox --all 核对上面各项。\n"
    });
    Ok(Answer::done(text).with(Exit::Nothing))
}
