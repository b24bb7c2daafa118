//! `duban done` and `duban reopen`.

use clap::Args;

use super::{Answer, Context, Result, table};
use crate::{
    service::desk::report::{self, Report, Reported},
    store::NoteKind,
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct DoneArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 哪一期；只有一期未办结时可不写
    #[arg(long, value_name = "期次")]
    pub period: Option<String>,
    /// 哪个科室办结的
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
    /// 配合科室替牵头科室登记办结
    #[arg(long)]
    pub for_lead: bool,
    /// 经办人
    #[arg(long, value_name = "姓名")]
    pub by: String,
    /// 备注
    #[arg(long, default_value = "", hide_default_value = true, value_name = "文字")]
    pub note: String,
    /// 佐证：文号或链接
    #[arg(long, default_value = "", hide_default_value = true, value_name = "文字")]
    pub evidence: String,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct NoteArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 进展到哪一步；不写就是签收
    #[arg(default_value = "", hide_default_value = true, value_name = "进展")]
    pub text: String,
    /// 配合科室的材料已报：这个科室不再收到提醒
    #[arg(long)]
    pub handed_in: bool,
    /// 哪一期；只有一期未办结时可不写
    #[arg(long, value_name = "期次")]
    pub period: Option<String>,
    /// 哪个科室的
    #[arg(long, value_name = "科室")]
    pub section: String,
    /// 经办人
    #[arg(long, value_name = "姓名")]
    pub by: String,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ReopenArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 哪一期；只有一期可撤回时可不写
    #[arg(long, value_name = "期次")]
    pub period: Option<String>,
    /// 只撤回这个科室的
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
    /// 谁撤回
    #[arg(long, value_name = "姓名")]
    pub by: String,
    /// 为什么
    #[arg(long, default_value = "", hide_default_value = true, value_name = "文字")]
    pub note: String,
}

pub fn done(context: &Context, args: DoneArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let DoneArgs { id, period, section, for_lead, by, note, evidence } = args;
    let report = Report { deadline: id, period, section, for_lead, by, note, evidence };
    let reported = report::done(&mut db, &office, &report, &context.now(&office.settings))?;
    let Reported { title, period, is_closed, missing, count, .. } = reported;
    Ok(Answer::done(if is_closed {
        format!("已登记办结：{title}（{period}）。不再提醒。\n")
    } else if missing.is_empty() {
        format!("已登记：{title}（{period}），{}/{} 次。满 {} 次前照常提醒。\n", count.0, count.1, count.1)
    } else {
        format!("已登记：{title}（{period}）。还没有报够的科室：{}。\n", missing.join("、"))
    }))
}

pub fn note(context: &Context, args: NoteArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let NoteArgs { id, text, handed_in, period, section, by } = args;
    let kind = match (handed_in, text.trim()) {
        (true, _) => NoteKind::HandedIn,
        (false, "") => NoteKind::Seen,
        (false, _) => NoteKind::Progress,
    };
    let report = Report { deadline: id, period, section: Some(section.clone()), by, note: text, ..Report::default() };
    let (what, is_new) = report::tell(&mut db, &office, &report, kind, &context.now(&office.settings))?;
    let after = match (is_new, kind) {
        (false, _) => "以前已经记过",
        (true, NoteKind::HandedIn) => "不再提醒这个科室",
        (true, _) => "不算办结，照常提醒",
    };
    Ok(Answer::done(format!("已记下：{what}，{section}{}。{after}。\n", kind.word())))
}

pub fn reopen(context: &Context, args: ReopenArgs) -> Result {
    let (office, mut db) = context.ready()?;
    let ReopenArgs { id, period, section, by, note } = args;
    let report = Report { deadline: id, period, section, by, note, ..Report::default() };
    let Reported { title, period, redo_by, .. } =
        report::reopen(&mut db, &office, &report, &context.now(&office.settings))?;
    let anew = match redo_by {
        Some(by) => format!("请责任科室于 {} 前重新办结，其间不算逾期；现在就告知。", table::day(by)),
        None => "照常提醒。".to_owned(),
    };
    Ok(Answer::done(format!("已撤回办结登记：{title}（{period}）。{anew}\n")))
}
