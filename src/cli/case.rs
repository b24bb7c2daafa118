//! `duban open`, `extend`, `pause`, `resume` and `restart` for cases; `duban requests` for sections' requests.

use clap::Args;
use jiff::civil::Date;

use super::{Answer, Context, Result, table, values::parse_date};
use crate::service::desk::{
    case::{self, Case, Which},
    request,
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct OpenArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 从哪天起算；不写就是今天
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub on: Option<Date>,
    /// 来件的编号或文号；不写就用日期
    #[arg(long = "ref", value_name = "文号")]
    pub reference: Option<String>,
    /// 谁登记
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

/// Which case.
#[derive(Args)]
pub struct WhichArgs {
    /// 来件的编号或文号
    #[arg(value_name = "文号")]
    pub case: String,
    /// 事项编号；几个事项都有这个文号时才要写
    #[arg(long, value_name = "编号")]
    pub id: Option<String>,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct PauseArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// 从哪天起不计入期限；不写就是今天
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub from: Option<Date>,
    /// 为什么，如 征求第三方意见
    #[arg(long, value_name = "文字")]
    pub why: String,
    /// 谁登记
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ResumeArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// 从哪天起重新计入期限；不写就是今天
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub on: Option<Date>,
    /// 谁登记
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct RestartArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// 从哪天起重新算；不写就是今天
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub on: Option<Date>,
    /// 为什么，如 补正
    #[arg(long, value_name = "文字")]
    pub why: String,
    /// 谁登记
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ExtendArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// 延到哪天
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub to: Date,
    /// 为什么
    #[arg(long, value_name = "文字")]
    pub why: String,
    /// 谁登记
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct DecideArgs {
    /// 确认这一条
    #[arg(long, value_name = "编号", conflicts_with = "refuse")]
    pub confirm: Option<i64>,
    /// 退回这一条
    #[arg(long = "return", value_name = "编号")]
    pub refuse: Option<i64>,
    /// 答复的话
    #[arg(long, default_value = "", hide_default_value = true, value_name = "文字")]
    pub note: String,
    /// 谁答复
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

pub fn open(context: &Context, args: &OpenArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let now = context.now(&office.settings);
    let on = args.on.unwrap_or(now.today());
    let reference = args.reference.clone().unwrap_or_else(|| on.to_string());
    let case = case::open(&mut db, &office, &args.id, on, &reference, &args.by, &now)?;
    Ok(Answer::done(format!("已登记：{}。\n", words(&case))))
}

pub fn extend(context: &Context, args: &ExtendArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let now = context.now(&office.settings);
    let case = case::extend(&mut db, &office, args.which.which(), args.to, &args.why, &args.by, &now)?;
    Ok(Answer::done(format!("已延期：{}。已收到提醒的人会收到更正。\n", words(&case))))
}

pub fn pause(context: &Context, args: &PauseArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let now = context.now(&office.settings);
    let from = args.from.unwrap_or(now.today());
    let Case { title, period, .. } =
        case::pause(&mut db, &office, args.which.which(), from, &args.why, &args.by, &now)?;
    let from = table::day(from);
    Ok(Answer::done(format!(
        "已暂停：{title}（{period}），{from} 起的日子不计入期限，不再提醒。恢复计时用 duban resume {period}。\n"
    )))
}

pub fn resume(context: &Context, args: &ResumeArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let now = context.now(&office.settings);
    let on = args.on.unwrap_or(now.today());
    let case = case::resume(&mut db, &office, args.which.which(), on, &args.by, &now)?;
    Ok(Answer::done(format!("已恢复计时：{}。收到过别的日期的人会收到更正。\n", words(&case))))
}

pub fn restart(context: &Context, args: &RestartArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let now = context.now(&office.settings);
    let on = args.on.unwrap_or(now.today());
    let case = case::restart(&mut db, &office, args.which.which(), on, &args.why, &args.by, &now)?;
    let (words, on) = (words(&case), table::day(on));
    Ok(Answer::done(format!("已从 {on} 重新起算：{words}。以前的暂停和延期不再算。收到过别的日期的人会收到更正。\n")))
}

/// Lists unanswered requests, or answers one.
pub fn requests(context: &Context, args: &DecideArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let now = context.now(&office.settings);
    match (args.confirm, args.refuse) {
        (Some(id), None) => {
            let effect = request::decide(&mut db, &office, id, true, &args.by, &args.note, &now)?;
            Ok(Answer::done(format!("已确认：{effect}。\n")))
        }
        (None, Some(id)) => {
            request::decide(&mut db, &office, id, false, &args.by, &args.note, &now)?;
            Ok(Answer::done("已退回，照常提醒。\n"))
        }
        _ => {
            let rows = db.read(|tx| {
                let mut rows = Vec::new();
                for r in tx.open_requests()? {
                    let Some(o) = tx.occurrence_by_id(r.occurrence)? else { continue };
                    let expected = r.expected.map(table::day).unwrap_or_default();
                    rows.push([
                        r.id.to_string(),
                        r.section,
                        r.kind.word().into(),
                        r.reason,
                        expected,
                        o.it.deadline,
                        o.it.period,
                        r.by,
                    ]);
                }
                Ok(rows)
            })?;
            if rows.is_empty() {
                return Ok(Answer::done("没有等着答复的申请。\n"));
            }
            Ok(Answer::done(table::table(["编号", "科室", "申请", "原因", "预计办结", "事项", "期次", "经办人"], rows)))
        }
    }
}

impl WhichArgs {
    fn which(&self) -> Which<'_> {
        Which { reference: &self.case, deadline: self.id.as_deref() }
    }
}

fn words(case: &Case) -> String {
    let Case { title, period, dates } = case;
    format!("{title}（{period}），请于 {} 前办结，规定期限 {}", table::day(dates.finish_by), table::day(dates.due))
}
