//! `duban outbox`: letters waiting, sent and failed.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Answer, Context, Failure, Result, table,
    values::{TEMPLATE, parse_id},
};
use crate::{
    domain::deadline::Section,
    service::Office,
    store::{LetterRow, LetterState},
};

#[derive(Args)]
#[command(
    next_help_heading = "选项",
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "命令",
    subcommand_value_name = "命令",
    disable_help_subcommand = true
)]
pub struct OutboxArgs {
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    /// 连同 30 天以前发出的
    #[arg(long)]
    pub all: bool,
    #[command(subcommand)]
    pub action: Option<OutboxAction>,
}

#[derive(Subcommand)]
pub enum OutboxAction {
    /// 立即重发：写编号就只重发那一封，不写就全部
    #[command(help_template = TEMPLATE)]
    Retry {
        #[arg(value_name = "编号", value_parser = parse_id, help_heading = "选项")]
        id: Option<i64>,
    },
}

#[derive(Serialize)]
struct Row {
    id: i64,
    to: String,
    section: String,
    subject: Option<String>,
    state: LetterState,
    attempts: u32,
    message_id: String,
    /// When it was sent, or when the next attempt is: RFC 3339, with the bureau's offset.
    send_on: String,
    last_error: Option<String>,
}

const DAYS_SHOWN: i64 = 30;

pub fn outbox(context: &Context, args: &OutboxArgs) -> Result {
    let office = context.office()?.0;
    let now = context.now(&office.settings);
    if let Some(OutboxAction::Retry { id }) = args.action {
        let mut db = context.open(&office.settings)?;
        let retried = db.write(|tx| tx.retry_letters(id, now.at))?;
        return match (retried, id) {
            (0, Some(id)) => Err(Failure::new(format!("发件箱里没有等着发或失败的 {id} 号信。"))),
            (0, None) => Err(Failure::new("发件箱里没有等着发或失败的信。")),
            (n, _) => {
                Ok(Answer::done(format!("{n} 封信将在一分钟内重发（服务在运行时），或用 duban run --once 立即发。\n")))
            }
        };
    }
    let since = if args.all {
        Timestamp::MIN
    } else {
        now.at.saturating_sub(SignedDuration::from_hours(24 * DAYS_SHOWN)).unwrap_or(Timestamp::MIN)
    };
    let mut db = context.open(&office.settings)?;
    let letters = db.read(|tx| tx.outbox(since))?;
    let rows: Vec<Row> = letters.into_iter().map(|letter| row(&office, letter)).collect();
    if args.json {
        return Answer::json(&rows);
    }
    if rows.is_empty() {
        return Ok(Answer::done("发件箱是空的。\n"));
    }
    let header = ["编号", "状态", "收件人", "时间", "主题，最近的问题"];
    Ok(Answer::done(table::table(header, rows.into_iter().map(line))))
}

fn row(office: &Office, letter: LetterRow) -> Row {
    let serves = |s: &&Section| s.email.iter().chain(&s.leader).any(|m| m.is(&letter.mailbox));
    let section: Vec<&str> = office.roster.sections.iter().filter(serves).map(|s| s.name.as_str()).collect();
    let at = if letter.state == LetterState::Sent {
        letter.ended_at.unwrap_or(letter.next_attempt)
    } else {
        letter.next_attempt
    };
    Row {
        id: letter.id,
        section: section.join("、"),
        to: letter.mailbox,
        subject: letter.subject,
        state: letter.state,
        attempts: letter.attempts,
        message_id: letter.message_id,
        send_on: at.to_zoned(office.settings.timezone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        last_error: if letter.state == LetterState::Sent {
            letter.delay.or(letter.last_error)
        } else {
            letter.last_error
        },
    }
}

fn line(row: Row) -> [String; 5] {
    let time = row.send_on.get(..16).unwrap_or_default().replace('T', " ");
    let attempts = if row.attempts > 1 { format!("\n试过 {} 次", row.attempts) } else { String::new() };
    let section = if row.section.is_empty() { String::new() } else { format!("\n{}", row.section) };
    let told = [row.subject, row.last_error].into_iter().flatten().collect::<Vec<_>>().join("\n");
    [row.id.to_string(), row.state.word().into(), format!("{}{section}", row.to), format!("{time}{attempts}"), told]
}
