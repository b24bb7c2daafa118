//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::{Date, DateTime};

use super::{
    backup::BackupArgs,
    init::values as init,
    restore::RestoreArgs,
    values::{parse_date, parse_days, parse_id, parse_now, parse_year},
};
use crate::{
    domain::deadline::{Mailbox, Section},
    net::Tls,
};

const TEMPLATE: &str = "{about}\n\n用法：{usage}\n\n{all-args}{after-help}";
const EXIT_CODES: &str = "退出码：0 已办好；1 有问题要看，或没有可办的；2 命令写错了；75 还有信没发出去。";

#[derive(Parser)]
#[command(
    name = "duban",
    version,
    about = "督办：记住每个期限，提前写信提醒，直到办结。",
    help_template = TEMPLATE,
    after_help = EXIT_CODES,
    subcommand_help_heading = "命令",
    subcommand_value_name = "命令",
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true,
    next_help_heading = "选项"
)]
pub struct Cli {
    /// 服务配置；不写时用 $DUBAN_CONFIG，再用 /etc/duban/duban.toml，再用 config/duban.toml
    #[arg(long, global = true, value_name = "文件", help_heading = "选项")]
    pub config: Option<PathBuf>,
    /// 当作现在是这个时间（本地），如 2026-01-27T08:30；run 只能与 --once 同用
    #[arg(long, global = true, value_name = "时间", value_parser = parse_now, help_heading = "选项")]
    pub now: Option<DateTime>,
    /// 显示帮助
    #[arg(short, long, global = true, action = clap::ArgAction::Help, help_heading = "选项")]
    help: Option<bool>,
    /// 显示版本
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = "选项")]
    version: Option<bool>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// 第一次设置：问几个问题，写好 duban.toml 和 deadlines.toml；也可全部用选项给出
    #[command(help_template = TEMPLATE)]
    Init(InitArgs),
    /// 检查配置，说明每个事项是怎样理解的
    #[command(help_template = TEMPLATE)]
    Check,
    /// 列出各期次：期限、还剩多久、状态
    #[command(help_template = TEMPLATE)]
    List(ListArgs),
    /// 列出某段时间要发的信（假设都没办结）
    #[command(help_template = TEMPLATE)]
    Plan(PlanArgs),
    /// 预览某个事项现在会写成怎样的信
    #[command(help_template = TEMPLATE)]
    Preview(PreviewArgs),
    /// 启动服务；加 --once 只查一次、发一轮就退出
    #[command(help_template = TEMPLATE)]
    Run {
        /// 查一次、发一轮就退出
        #[arg(long, help_heading = "选项")]
        once: bool,
    },
    /// 登记办结
    #[command(help_template = TEMPLATE)]
    Done(DoneArgs),
    /// 撤回办结登记，恢复提醒
    #[command(help_template = TEMPLATE)]
    Reopen(ReopenArgs),
    /// 登记一件来件，从它的日期起算（依申请公开等）
    #[command(help_template = TEMPLATE)]
    Open(OpenArgs),
    /// 给一件来件延期
    #[command(help_template = TEMPLATE)]
    Extend(ExtendArgs),
    /// 科室报的不能按期、不适用：查看，确认或退回
    #[command(help_template = TEMPLATE)]
    Requests(DecideArgs),
    /// 改动生效前先看：今后 12 个月哪些提醒增加、改期、取消
    #[command(help_template = TEMPLATE)]
    Diff {
        /// 另一份 duban.toml；不写就是现在的文件
        #[arg(value_name = "新文件", help_heading = "选项")]
        new: Option<PathBuf>,
    },
    /// 发件箱：没发出去的、发出去的；retry 立即重发
    #[command(help_template = TEMPLATE)]
    Outbox(OutboxArgs),
    /// 经过：谁在什么时候做了什么
    #[command(help_template = TEMPLATE)]
    History(HistoryArgs),
    /// 打印看板的网址（带签名，等同钥匙，请妥善转交）
    #[command(help_template = TEMPLATE)]
    Link(LinkArgs),
    /// 导出一年的台账：.xlsx 或 .csv
    #[command(help_template = TEMPLATE)]
    Export(ExportArgs),
    /// 把台账或分工方案的表格读成事项文件，先显示不写入
    #[command(help_template = TEMPLATE)]
    Import(ImportArgs),
    /// 只供 import 自己使用
    #[command(name = "read-sheet", hide = true)]
    ReadSheet,
    /// 给某个邮箱发一封测试邮件
    #[command(name = "test-mail", help_template = TEMPLATE)]
    TestMail {
        #[arg(value_name = "邮箱")]
        address: String,
    },
    /// 科室的回信：等人工处理的；--all 看全部
    #[command(help_template = TEMPLATE)]
    Incoming(IncomingArgs),
    /// 读一遍收信邮箱就退出（服务在运行时不必用）
    #[command(help_template = TEMPLATE)]
    Mailbox {
        /// 只读一遍（目前只有这一种用法）
        #[arg(long, required = true, help_heading = "选项")]
        once: bool,
    },
    /// 从标准输入读一封来信，供邮件服务器的别名（alias）使用
    #[command(name = "mail-in", help_template = TEMPLATE)]
    MailIn,
    /// 备份数据库（服务在运行时也可以）
    #[command(help_template = TEMPLATE)]
    Backup(BackupArgs),
    /// 从备份恢复数据库（先停止服务）
    #[command(help_template = TEMPLATE)]
    Restore(RestoreArgs),
    /// 检查数据库：文件有没有坏，有没有说两遍、办结后还发
    #[command(help_template = TEMPLATE)]
    Verify,
    /// 体检：配置、服务、数据库、时钟、邮件、网页、权限，哪里不对、怎么办
    #[command(help_template = TEMPLATE)]
    Doctor {
        /// 输出 JSON
        #[arg(long, help_heading = "选项")]
        json: bool,
    },
    /// 服务、发件箱、配置现在怎样
    #[command(help_template = TEMPLATE)]
    Status,
    /// 让运行中的服务立即读取新配置，并等它的结果
    #[command(help_template = TEMPLATE)]
    Reload,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct InitArgs {
    /// 局名，写在每封信的标题和发件人里
    #[arg(long, value_name = "局名", value_parser = init::bureau)]
    pub bureau: Option<String>,
    /// 管理员的邮箱：出了问题告知谁；可写多次
    #[arg(long, value_name = "邮箱", value_parser = init::mailbox)]
    pub admin: Vec<Mailbox>,
    /// 联系方式，写在每封信的末尾
    #[arg(long, value_name = "文字", value_parser = init::line)]
    pub contact: Option<String>,
    /// 科室，可写多次，如 '办公室=bgs@ju.gov.cn;leader=fgld@ju.gov.cn'；多个邮箱用逗号隔开，leader 可不写
    #[arg(long, value_name = "科室=邮箱", value_parser = init::section)]
    pub section: Vec<Section>,
    /// 发件邮箱
    #[arg(long, value_name = "邮箱", value_parser = init::mailbox)]
    pub from: Option<Mailbox>,
    /// 邮件服务器
    #[arg(long, value_name = "主机[:端口]", value_parser = init::server)]
    pub smtp: Option<(String, Option<u16>)>,
    /// 加密：implicit（465 端口）、starttls（587 端口）、none（只可用于本机）
    #[arg(long, value_name = "方式", value_parser = init::tls)]
    pub tls: Option<Tls>,
    /// 登录邮件服务器的用户名；不用登录就不写
    #[arg(long, value_name = "名", value_parser = init::line)]
    pub username: Option<String>,
    /// 口令在这个文件里；读一次，抄到 credentials/smtp-password
    #[arg(long, value_name = "文件")]
    pub password_file: Option<PathBuf>,
    /// 先不发信，只写成文件
    #[arg(long, conflicts_with_all = ["smtp", "tls", "username", "password_file"])]
    pub folder_only: bool,
    /// 写到哪个目录
    #[arg(long, value_name = "目录")]
    pub dir: Option<PathBuf>,
    /// 引入这个事项文件（分工方案），抄到同一目录
    #[arg(long, value_name = "文件")]
    pub plan: Option<PathBuf>,
    /// 不试邮件服务器
    #[arg(long)]
    pub no_try: bool,
    /// 已有的文件也换掉；原来的另存为 .old-1
    #[arg(long)]
    pub force: bool,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ListArgs {
    /// 看多远：90d 或 90天
    #[arg(long, default_value = "90d", value_name = "天数", value_parser = parse_days)]
    pub within: i64,
    /// 只看这个科室
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct PlanArgs {
    /// 从哪天起，如 2026-01-01
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub from: Date,
    /// 到哪天止（含）
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub to: Date,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct PreviewArgs {
    /// 事项编号
    #[arg(value_name = "编号")]
    pub id: String,
    /// 哪一期；不写就是最近的一期
    #[arg(long, value_name = "期次")]
    pub period: Option<String>,
    /// 看成什么：text 正文，html 网页，eml 整封邮件
    #[arg(long, value_enum, default_value = "text", value_name = "格式", hide_possible_values = true)]
    pub format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Html,
    Eml,
}

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

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ExtendArgs {
    /// 来件的编号或文号
    #[arg(value_name = "文号")]
    pub case: String,
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

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct IncomingArgs {
    /// 全部来信，不只是等人工处理的
    #[arg(long)]
    pub all: bool,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    /// 这一封处理过了
    #[arg(long, value_name = "编号", conflicts_with_all = ["all", "json"])]
    pub handled: Option<i64>,
    /// 谁处理的
    #[arg(long, default_value = "管理员", value_name = "姓名")]
    pub by: String,
}

#[derive(Subcommand)]
pub enum OutboxAction {
    /// 立即重发：写编号就只重发那一封，不写就全部
    #[command(help_template = TEMPLATE)]
    Retry {
        #[arg(value_name = "编号", value_parser = parse_id)]
        id: Option<i64>,
    },
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
#[group(required = true, multiple = false)]
pub struct LinkArgs {
    /// 管理员的：看全部，可代办
    #[arg(long)]
    pub admin: bool,
    /// 这个科室的：只看本科室
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
}

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

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ExportArgs {
    /// 写到哪个文件，如 台账.xlsx；写 - 在屏幕上显示 csv
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 哪一年；不写就是今年
    #[arg(long, value_name = "年份", value_parser = parse_year)]
    pub year: Option<i16>,
    /// 只要这个科室的
    #[arg(long, value_name = "科室")]
    pub section: Option<String>,
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ImportArgs {
    /// 表格：.xlsx、.xls 或 .csv
    #[arg(value_name = "表格")]
    pub file: PathBuf,
    /// 写到这个文件；已有的文件不覆盖
    #[arg(long, value_name = "文件")]
    pub write: Option<PathBuf>,
}
