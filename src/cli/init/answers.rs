//! Takes answers from the flags, and asks for those that are missing.

use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::{ask, values};
use crate::{
    cli::{
        Exit, Failure, Result,
        answers::{PlanArgs, usage},
        import::first_plan,
    },
    config::secret,
    domain::{
        Date,
        deadline::{Mailbox, Section},
    },
    net::{SMTP, Server, Tls},
    service::house::setup::{Answers, Plan, read_password},
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct InitArgs {
    /// 局名，写在每封信的标题和发件人里
    #[arg(long, value_name = "局名", value_parser = values::bureau)]
    pub bureau: Option<String>,
    /// 管理员的邮箱：出了问题告知谁；可写多次
    #[arg(long, value_name = "邮箱", value_parser = values::mailbox)]
    pub admin: Vec<Mailbox>,
    /// 联系方式，写在每封信的末尾
    #[arg(long, value_name = "文字", value_parser = values::line)]
    pub contact: Option<String>,
    /// 科室，可写多次，如 '办公室=bgs@ju.gov.cn;leader=fgld@ju.gov.cn'；多个邮箱用逗号隔开，leader 可不写
    #[arg(long, value_name = "科室=邮箱", value_parser = values::section)]
    pub section: Vec<Section>,
    /// 发件邮箱
    #[arg(long, value_name = "邮箱", value_parser = values::mailbox)]
    pub from: Option<Mailbox>,
    /// 邮件服务器
    #[arg(long, value_name = "主机[:端口]", value_parser = values::server)]
    pub smtp: Option<(String, Option<u16>)>,
    /// 加密：implicit（465 端口）、starttls（587 端口）、none（只可用于本机）
    #[arg(long, value_name = "方式", value_parser = values::tls)]
    pub tls: Option<Tls>,
    /// 登录邮件服务器的用户名；不用登录就不写
    #[arg(long, value_name = "名", value_parser = values::line)]
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
    /// 引入分工方案：事项文件（.toml）抄到同一目录；.docx、.xlsx、网页、粘贴的文字同 duban import 一样读成 plan.toml
    #[arg(long, value_name = "文件")]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub answers: PlanArgs,
    /// 不试邮件服务器
    #[arg(long)]
    pub no_try: bool,
    /// 已有的文件也换掉；原来的另存为 .old-1
    #[arg(long)]
    pub force: bool,
}

const NONE: &str = "无";

/// The answers, and the account of a plan that was read from a document.
///
/// # Errors
/// Something is missing, and there is no terminal to ask at.
pub fn gather(args: InitArgs, dir: &Path, today: Date) -> Result<(Answers, String)> {
    let is_read = args.plan.as_ref().is_some_and(|file| file.extension().is_none_or(|kind| kind != "toml"));
    if !is_read && !args.answers.is_empty() {
        let why = "--year、--once、--choose、--office、--no-date 这些回答的是方案里没有写明的，要同 --plan 方案（.docx、.xlsx、网页、文字）一起写";
        return Err(usage(why.into()));
    }
    if !ask::is_possible() {
        refuse_missing(&args, dir)?;
    }
    let bureau = match args.bureau {
        Some(bureau) => bureau,
        None => ask::ask("局名（例如 某某市交通运输局）", None, values::bureau)?,
    };
    let admin = match args.admin {
        given if !given.is_empty() => given,
        _ => ask::ask("管理员邮箱，出了问题写给谁，可写多个（例如 bgs@ju.gov.cn）", None, values::mailboxes)?,
    };
    let contact = match args.contact {
        Some(contact) => contact,
        None => {
            let question = "联系方式，写在每封信的末尾（例如 办公室 电话 0750-0000000）";
            ask::ask(question, Some(&format!("{bureau}办公室")), values::line)?
        }
    };
    let sections = match args.section {
        given if !given.is_empty() => given,
        _ => ask_sections()?,
    };
    let (plan, account) = match args.plan {
        None => (None, String::new()),
        Some(file) if file.extension().is_some_and(|kind| kind == "toml") => (Some(Plan::File(file)), String::new()),
        Some(file) => {
            let (text, account) = first_plan(&file, &args.answers, &sections, today)?;
            (Some(Plan::Text(text)), account)
        }
    };
    let from = match args.from {
        Some(from) => from,
        None => ask::ask("发件邮箱，提醒从哪里发出（例如 duban@ju.gov.cn）", None, values::mailbox)?,
    };
    let place = match (args.smtp, args.folder_only) {
        (_, true) => None,
        (Some(place), _) => Some(place),
        (None, false) => ask_server()?,
    };
    let given = Login { tls: args.tls, username: args.username, password_file: args.password_file };
    let server = place.map(|place| server(place, given, &from, dir)).transpose()?;
    Ok((Answers { bureau, admin, contact, sections, from, server, plan }, account))
}

/// Asks for the mail server anew.
pub fn server_again(from: &Mailbox, dir: &Path) -> Result<Option<Server>> {
    ask_server()?.map(|place| server(place, Login::default(), from, dir)).transpose()
}

#[derive(Default)]
struct Login {
    tls: Option<Tls>,
    username: Option<String>,
    password_file: Option<std::path::PathBuf>,
}

fn server((host, port): (String, Option<u16>), given: Login, from: &Mailbox, dir: &Path) -> Result<Server> {
    let can_ask = ask::is_possible();
    let usual = if port == Some(587) { "starttls" } else { "implicit" };
    let tls = match given.tls {
        Some(tls) => tls,
        None if can_ask => {
            let question = "加密：implicit（465 端口）、starttls（587 端口）、none（不加密，只可用于本机）";
            ask::ask(question, Some(usual), values::tls)?
        }
        None => values::tls(usual).map_err(Failure::new)?,
    };
    let username = match given.username {
        Some(username) => username,
        None if can_ask => ask::ask(&format!("登录的用户名，不用登录就写 {NONE}"), Some(from.as_str()), values::line)?,
        None => NONE.to_owned(),
    };
    let username = if username == NONE { String::new() } else { username };
    let password = match given.password_file {
        Some(file) => Some(read_password(&file).map_err(Failure::new)?),
        None if username.is_empty() || !can_ask => None,
        None => ask_for_password(dir)?,
    };
    let port = port.unwrap_or(SMTP.port(tls));
    Ok(Server { kind: &SMTP, host, port, tls, username, password, ca_pem: None })
}

/// `None` if the existing password is kept.
fn ask_for_password(dir: &Path) -> Result<Option<SecretString>> {
    let is_there = has_password(dir);
    if is_there && ask::ask("口令已经有了，还用原来的吗（是/否）", Some("是"), values::yes)? {
        return Ok(None);
    }
    ask::ask_password("口令（163、QQ 等邮箱写授权码；输入时不显示）").map(Some)
}

fn has_password(dir: &Path) -> bool {
    secret::beside(dir, "smtp-password") != secret::Beside::Absent
}

fn ask_sections() -> Result<Vec<Section>> {
    ask::say(
        "科室，一行一个，写完后再按一次回车；写错的科室再写一行就改过来：\n  办公室=bgs@ju.gov.cn\n  法制科=fzk@ju.gov.cn,fzk2@ju.gov.cn;leader=分管领导的邮箱\n",
    )?;
    let mut sections: Vec<Section> = Vec::new();
    loop {
        let parse = |text: &str| match text.trim() {
            "" if sections.is_empty() => Err("至少写一个科室".to_owned()),
            "" => Ok(None),
            text => values::section(text).map(Some),
        };
        let Some(section) = ask::ask(&format!("科室 {}", sections.len() + 1), None, parse)? else {
            return Ok(sections);
        };
        match sections.iter_mut().find(|known| known.name == section.name) {
            Some(known) => {
                ask::say(&format!("  “{}”改为这一行。\n", section.name))?;
                *known = section;
            }
            None => sections.push(section),
        }
    }
}

fn ask_server() -> Result<Option<(String, Option<u16>)>> {
    let question = format!("邮件服务器（例如 smtp.ju.gov.cn 或 smtp.ju.gov.cn:465）；先只写成文件、不发信就写 {NONE}");
    let parse = |text: &str| if text.trim() == NONE { Ok(None) } else { values::server(text).map(Some) };
    ask::ask(&question, None, parse)
}

/// Refuses to go on if something is missing, since there is no terminal to ask at.
fn refuse_missing(args: &InitArgs, dir: &Path) -> Result<()> {
    let needs_password = args.username.as_ref().is_some_and(|name| name != NONE) && !args.folder_only;
    let missing: Vec<&str> = [
        (args.bureau.is_none(), "--bureau 局名"),
        (args.admin.is_empty(), "--admin 邮箱"),
        (args.contact.is_none(), "--contact 文字"),
        (args.section.is_empty(), "--section 科室=邮箱"),
        (args.from.is_none(), "--from 邮箱"),
        (args.smtp.is_none() && !args.folder_only, "--smtp 主机（或 --folder-only）"),
        (needs_password && args.password_file.is_none() && !has_password(dir), "--password-file 文件"),
    ]
    .into_iter()
    .filter_map(|(is_missing, flag)| is_missing.then_some(flag))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("这里不是终端，不能提问。还缺：{}\n用 duban init --help 查看用法。", missing.join("、"));
    Err(Failure { why, exit: Exit::Usage })
}
