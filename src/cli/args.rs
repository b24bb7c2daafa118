//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use jiff::civil::DateTime;

use super::incoming::IncomingArgs;
use super::{
    backup::BackupArgs,
    case::{DecideArgs, ExtendArgs, OpenArgs, PauseArgs, RestartArgs, ResumeArgs},
    done::{DoneArgs, NoteArgs, ReopenArgs},
    explain::ExplainArgs,
    export::ExportArgs,
    history::HistoryArgs,
    holidays::HolidaysCommand,
    import::ImportArgs,
    init::InitArgs,
    link::LinkArgs,
    list::ListArgs,
    outbox::OutboxArgs,
    plan::PlanArgs,
    preview::PreviewArgs,
    put::PutArgs,
    restore::RestoreArgs,
    take_over::TakeOverArgs,
    values::{TEMPLATE, parse_instance, parse_now},
    verify::VerifyArgs,
};

const EXIT_CODES: &str =
    "退出码：0 已办好；1 有问题要看，或没有可办的；2 命令写错了；3 已由备用机接替；75 还有信没发出去。";

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
    /// 同一台机器上的另一个单位：用 /etc/duban/名/duban.toml
    #[arg(long, global = true, value_name = "名", value_parser = parse_instance, conflicts_with = "config", help_heading = "选项")]
    pub instance: Option<String>,
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
    /// 列出某段时间要发的信
    #[command(help_template = TEMPLATE)]
    Plan(PlanArgs),
    /// 预览某个事项现在会写成怎样的信
    #[command(help_template = TEMPLATE)]
    Preview(PreviewArgs),
    /// 期限计算书：日期是怎样一步一步算出来的，依据是什么
    #[command(help_template = TEMPLATE)]
    Explain(ExplainArgs),
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
    /// 记下科室说的：签收、进展，或配合科室的材料已报；都不算办结
    #[command(help_template = TEMPLATE)]
    Note(NoteArgs),
    /// 撤回办结登记或材料已报，恢复提醒
    #[command(help_template = TEMPLATE)]
    Reopen(ReopenArgs),
    /// 登记一件来件，从它的日期起算（依申请公开等）
    #[command(help_template = TEMPLATE)]
    Open(OpenArgs),
    /// 给一件来件延期
    #[command(help_template = TEMPLATE)]
    Extend(ExtendArgs),
    /// 暂停一件来件的计时：从那天起不计入期限，不再提醒（征求第三方意见等）
    #[command(help_template = TEMPLATE)]
    Pause(PauseArgs),
    /// 恢复一件来件的计时，期限顺延
    #[command(help_template = TEMPLATE)]
    Resume(ResumeArgs),
    /// 一件来件从那天起重新计算期限（补正等）
    #[command(help_template = TEMPLATE)]
    Restart(RestartArgs),
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
    /// 把国务院办公厅的放假通知读成 holidays/年份.toml：holidays import 文件
    #[command(help_template = TEMPLATE, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Holidays {
        #[command(subcommand)]
        command: HolidaysCommand,
    },
    /// 只供 import 自己使用
    #[command(name = "read-sheet", hide = true)]
    ReadSheet,
    /// 只供以 root 运行的命令自己使用
    #[command(hide = true)]
    Put(PutArgs),
    /// 给某个邮箱发一封测试邮件
    #[command(name = "test-mail", help_template = TEMPLATE)]
    TestMail {
        #[arg(value_name = "邮箱", help_heading = "选项")]
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
    /// 在备用机上接替：放好配置，恢复数据库，启动服务，给原来的机器留下记号
    #[command(name = "take-over", help_template = TEMPLATE)]
    TakeOver(TakeOverArgs),
    /// 检查数据库：文件有没有坏，有没有说两遍、办结后还发，经过有没有被改
    #[command(help_template = TEMPLATE)]
    Verify(VerifyArgs),
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
    /// 打印某个 shell 的命令补全脚本，如 duban completions bash
    #[command(help_template = TEMPLATE)]
    Completions {
        /// bash、zsh、fish、elvish、powershell
        #[arg(value_name = "SHELL", hide_possible_values = true, help_heading = "选项")]
        shell: clap_complete::Shell,
    },
    /// 显示一个命令的用法，如 duban help list
    #[command(help_template = TEMPLATE)]
    Help {
        /// 哪个命令；不写就是全部命令
        #[arg(value_name = "命令", help_heading = "选项")]
        of: Vec<String>,
    },
}
