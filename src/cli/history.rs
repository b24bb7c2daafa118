//! `duban history`: who did what and when.

use clap::Args;
use serde_json::Value;

use super::{Answer, Context, Result, table};
use crate::store::AuditRow;

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct HistoryArgs {
    /// 事项编号；不写就是全部
    #[arg(value_name = "编号")]
    pub id: Option<String>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
}

const LINES: u32 = 2000;

pub fn history(context: &Context, args: &HistoryArgs) -> Result {
    let office = context.office()?.0;
    let mut db = context.open(&office.settings)?;
    let rows = db.read(|tx| tx.audit_trail(args.id.as_deref(), LINES))?;
    if args.json {
        return Answer::json(&rows);
    }
    if rows.is_empty() {
        if let Some(id) = &args.id
            && db.read(|tx| tx.deadline(id))?.is_none()
        {
            let ids = db.read(|tx| tx.ids_in_force())?;
            return Err(crate::service::no_deadline(id, ids.iter().map(String::as_str)).into());
        }
        return Ok(Answer::done("还没有任何记录。\n"));
    }
    let zone = office.settings.timezone.clone();
    let lines = rows.iter().map(|row| {
        let at = row.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let (deadline, period) = (row.deadline.clone().unwrap_or_default(), row.period.clone().unwrap_or_default());
        [at, row.who.clone(), what(row), format!("{deadline} {period}").trim().to_owned(), detail(row)]
    });
    Ok(Answer::done(table::table(["时间", "谁", "做了什么", "事项", "详情"], lines)))
}

fn what(row: &AuditRow) -> String {
    match row.what.as_str() {
        "started" => "启动",
        "loaded" => "读取配置",
        "moved" => "日期变动",
        "withdrawn" => "撤销",
        "came_back" => "恢复",
        "closed" => "各科室都已登记",
        "opened" => "登记来件",
        "extended" => "延期",
        "paused" => "暂停",
        "resumed" => "恢复计时",
        "restarted" => "重新起算",
        "asked" => "科室申请",
        "confirmed" => "确认申请",
        "returned" => "退回申请",
        "sent" => "发出提醒",
        "reminded" => "提醒小结",
        "failed" => "发送失败",
        "stuck" => "邮件积压",
        "done" => "登记办结",
        "noted" => "科室告知",
        "reopened" => "撤回办结",
        "restored" => "从备份恢复",
        "bounced" => "退信",
        "links-revoked" => "作废链接",
        other => other,
    }
    .to_owned()
}

fn detail(row: &AuditRow) -> String {
    let text = |key: &str| row.detail.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
    let due = |key: &str| row.detail.get(key).and_then(|d| d.get("due")).and_then(Value::as_str).unwrap_or("?");
    let count = |key: &str| row.detail.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    let parts: Vec<String> = match row.what.as_str() {
        "loaded" => vec![format!(
            "新增 {}，改动 {}，撤销 {}，改期 {}",
            count("added"),
            count("changed"),
            count("withdrawn"),
            count("moved")
        )],
        "sent" => [text("to"), text("saying"), text("reply")].into_iter().flatten().map(str::to_owned).collect(),
        "reminded" => {
            let times = row.detail.get("times").map(|times| format!("共 {times} 次"));
            [text("first"), text("last"), times.as_deref(), text("to")]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect()
        }
        "failed" => [text("mailbox"), text("reply")].into_iter().flatten().map(str::to_owned).collect(),
        "done" | "reopened" => {
            [text("section"), text("evidence"), text("note")].into_iter().flatten().map(str::to_owned).collect()
        }
        "moved" => {
            let finish_by = |key: &str| row.detail.get(key).and_then(|d| d.get("finish_by")).and_then(Value::as_str);
            vec![format!("{} → {}", finish_by("from").unwrap_or("?"), finish_by("to").unwrap_or("?"))]
        }
        "opened" => vec![format!("从 {} 起算，期限 {}", text("on").unwrap_or("?"), text("due").unwrap_or("?"))],
        "extended" => vec![format!("延到 {}：{}", due("to"), text("why").unwrap_or_default())],
        "paused" => {
            vec![format!("{} 起不计入期限：{}", text("on").unwrap_or("?"), text("why").unwrap_or_default())]
        }
        "resumed" => {
            let days = row.detail.get("days").and_then(Value::as_i64).unwrap_or_default();
            vec![format!("{} 起继续计时，停了 {days} 天，期限 {}", text("on").unwrap_or("?"), due("to"))]
        }
        "restarted" => {
            let (on, why) = (text("on").unwrap_or("?"), text("why").unwrap_or_default());
            vec![format!("从 {on} 起算，期限 {}：{why}", due("to"))]
        }
        "asked" | "confirmed" | "returned" => {
            let kind = if text("kind") == Some("postponed") { "不能按期" } else { "不适用" };
            let words = [text("section"), Some(kind), text("reason"), text("expected"), text("note")];
            words.into_iter().flatten().map(str::to_owned).collect()
        }
        "noted" => {
            let back = row.detail.get("taken_back").map(|_| "撤回");
            [text("section"), back, text("kind"), text("text")].into_iter().flatten().map(str::to_owned).collect()
        }
        "links-revoked" => vec![text("section").unwrap_or("管理员").to_owned()],
        "started" => text("version").map(str::to_owned).into_iter().collect(),
        _ => Vec::new(),
    };
    parts.join("　")
}
