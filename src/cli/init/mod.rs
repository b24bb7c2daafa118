//! `duban init`: makes a first configuration from questions or flags, and tries it before writing it.

mod answers;
pub mod ask;
pub mod values;

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;

pub use self::answers::InitArgs;
use super::{Answer, Context, Failure, Result, database::say_if_there_is_none, run::runtime};
use crate::{
    config::{self, Loaded, Transport, tidy},
    domain::{calendar::shift, retry::Outcome},
    service::{
        Office,
        course::plan::{PlannedLetter, plan},
        house::setup::{DEADLINES, Placed, SCRIPT, SYSTEM, Staged, Unit, draft, edited, has_shipped_plan},
        mailer,
    },
    store::Db,
};

/// Short, since a person waits for the result.
const LIMIT: Duration = Duration::from_secs(30);
/// More than a year, so that every yearly deadline is included.
const AHEAD_DAYS: i64 = 400;

pub fn init(context: &Context, args: InitArgs) -> Result {
    let dir = folder(context, &args);
    // So that "." in /etc/duban is recognised as /etc/duban.
    let dir = dir.canonicalize().unwrap_or(dir);
    let (force, is_tried) = (args.force, !args.no_try);
    let mut may_replace = force;
    if ask::is_possible() && !force {
        may_replace = allow(&dir, &edited(&dir))?;
    }
    let has_plan = args.plan.is_some();
    let (mut answers, account) = answers::gather(args, &dir, context.clock.now(&TimeZone::UTC).today())?;
    let unwritable = |e| Failure::new(format!("写不了 {}：{e}。请用 root 执行：在命令前加 sudo。", dir.display()));
    let mut text = account;
    let (drafts, loaded) = loop {
        let drafts = draft(&answers, &dir).map_err(Failure::new)?;
        let (loaded, replaced) = {
            let staged = Staged::write(&dir, drafts.clone()).map_err(unwritable)?;
            (load(context, &staged), staged.replaces())
        };
        // The staged files are removed before any question, so that giving up leaves no password behind.
        let tried = match loaded {
            Ok(loaded) => {
                if !may_replace {
                    allow(&dir, &replaced)?;
                    may_replace = true;
                }
                let tried = if is_tried { attempt(&loaded)? } else { Tried::Said(None) };
                tried.with(loaded)
            }
            Err(failure) if answers.server.is_some() && ask::is_possible() => {
                ask::say(&format!("{}\n", failure.why))?;
                match ask::ask("重新填邮件服务器吗（是/否）", Some("否"), values::yes)? {
                    true => None,
                    false => return Err(Failure::new("没有写入。")),
                }
            }
            Err(failure) => return Err(failure),
        };
        match tried {
            Some((loaded, reply)) => {
                let _ = reply.map(|reply| writeln!(text, "邮件服务器：{reply}\n"));
                break (drafts, loaded);
            }
            None => answers.server = answers::server_again(&answers.from, &dir)?,
        }
    };
    let placed = Staged::write(&dir, drafts).and_then(Staged::put).map_err(unwritable)?;
    text += &written(&placed);
    text += &understood(context, loaded, has_plan)?;
    text += &next(&dir);
    Ok(Answer::done(text))
}

/// `--dir`, else the folder of `--config` or `$DUBAN_CONFIG`, else the package's, else that of the default config.
fn folder(context: &Context, args: &InitArgs) -> PathBuf {
    let of_config = || context.config.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match &args.dir {
        Some(dir) => dir.clone(),
        None if context.is_config_given => of_config().to_owned(),
        None if Path::new(SYSTEM).is_dir() => SYSTEM.into(),
        None => of_config().to_owned(),
    }
}

/// Whether files that somebody may miss may be replaced.
fn allow(dir: &Path, files: &[PathBuf]) -> Result<bool> {
    if files.is_empty() {
        return Ok(false);
    }
    let name = |path: &PathBuf| {
        let what = if has_shipped_plan(dir) && path.ends_with(DEADLINES) { "（随附的分工方案）" } else { "" };
        format!("{}{what}", tidy(path).display())
    };
    let names: Vec<String> = files.iter().map(name).collect();
    let names = names.join("、");
    if ask::is_possible() {
        let question = format!("{names} 已有内容。要换成新的吗？原来的会另存为 .old-1 这样的文件（是/否）");
        if ask::ask(&question, Some("否"), values::yes)? {
            return Ok(true);
        }
        return Err(Failure::new("没有改动。"));
    }
    Err(Failure::new(format!("{names} 已有内容，没有改动。确实要换就加 --force：原来的会另存为 .old-1 这样的文件。")))
}

fn load(context: &Context, staged: &Staged) -> Result<Loaded> {
    config::load(&staged.config(), &context.env).map_err(|findings| {
        let findings = staged.as_placed(&findings.to_string());
        Failure::new(format!("{}\n\n没有写入。", findings.trim_end()))
    })
}

/// What came of trying the server.
enum Tried {
    /// What it said; `None` if there is no server.
    Said(Option<String>),
    /// It is to be asked for anew.
    Again,
}

impl Tried {
    fn with(self, loaded: Loaded) -> Option<(Loaded, Option<String>)> {
        match self {
            Self::Said(reply) => Some((loaded, reply)),
            Self::Again => None,
        }
    }
}

/// Tries the server as far as possible without sending a letter.
fn attempt(loaded: &Loaded) -> Result<Tried> {
    if matches!(loaded.settings.mail.transport, Transport::Folder(_)) {
        return Ok(Tried::Said(None));
    }
    let mailer = mailer(&loaded.settings)?;
    let probing = async { tokio::time::timeout(LIMIT, mailer.probe(loaded.settings.mail.from.as_str())).await };
    let why = match runtime()?.block_on(probing) {
        Ok(Outcome::Accepted { reply }) => return Ok(Tried::Said(Some(reply))),
        Ok(outcome) => outcome.reply().to_owned(),
        Err(_) => format!("等了 {} 秒没有结果", LIMIT.as_secs()),
    };
    let failed = format!("邮件服务器没有试通：{why}");
    if !ask::is_possible() {
        return Err(Failure::new(format!("{failed}\n没有写入。确实要先写下就加 --no-try。")));
    }
    ask::say(&format!("{failed}\n"))?;
    let parse = |text: &str| match text.trim() {
        "改" => Ok(None),
        text => values::yes(text).map(Some).map_err(|_| "写 是、否 或 改".to_owned()),
    };
    match ask::ask("仍要写入吗（是/否；写 改，重新填邮件服务器）", Some("否"), parse)? {
        Some(true) => Ok(Tried::Said(Some(format!("没有试通，{why}")))),
        Some(false) => Err(Failure::new("没有写入。")),
        None => Ok(Tried::Again),
    }
}

fn written(placed: &[Placed]) -> String {
    let mut text = "写好了：\n".to_owned();
    let is_holidays = |placed: &&Placed| placed.path.parent().is_some_and(|folder| folder.ends_with("holidays"));
    for Placed { path, kept } in placed.iter().filter(|placed| !is_holidays(placed)) {
        let kept = kept.as_ref().map(|kept| format!("（原来的另存为 {}）", kept.display())).unwrap_or_default();
        let _ = writeln!(text, "  {}{kept}", path.display());
    }
    let years = placed.iter().filter(is_holidays).count();
    if let Some(folder) = placed.iter().find(is_holidays).and_then(|placed| placed.path.parent()) {
        let _ = writeln!(text, "  {}（节假日，{years} 个文件）", folder.display());
    }
    text
}

fn understood(context: &Context, loaded: Loaded, has_plan: bool) -> Result<String> {
    let now = context.now(&loaded.settings);
    let (sections, count) = (loaded.plan.roster.sections.len(), loaded.plan.deadlines.len());
    let (office, deadlines) = Office::new(loaded);
    let today = now.today();
    let to = shift(today, AHEAD_DAYS);
    say_if_there_is_none(&office.settings);
    let letters = Db::in_memory()?.read(|tx| Ok(plan(tx, &office, &deadlines, (today, to), &now)))?;
    let first = letters?.first().map_or("一年内没有要发的信".to_owned(), first);
    let plan = if has_plan {
        ""
    } else {
        "只有一条法定的事项作样子：分工方案用 --plan 引入，或写进 deadlines.toml。\n"
    };
    // Reminders written to a folder count as said, and would not be sent later.
    let rehearsal = match office.settings.mail.transport {
        Transport::Folder(_) => {
            "只写成文件，不发信；写过的提醒算说过，所以真正发信之前，停服务，移走数据库，再启动。\n"
        }
        Transport::Smtp(_) => "",
    };
    Ok(format!("\n配置没有问题：{sections} 个科室，{count} 个事项。\n{plan}{first}。\n{rehearsal}"))
}

fn first(letter: &PlannedLetter) -> String {
    let of = letter.reminders.first().map(|r| format!("，提醒 {}（{} 前办结）", r.deadline, r.finish_by));
    format!("第一封信：{} 发给 {}{}", letter.at.strftime("%Y-%m-%d %H:%M"), letter.to, of.unwrap_or_default())
}

fn next(dir: &Path) -> String {
    let (config, start) = match Unit::of(dir).map(|unit| unit.instance) {
        Some(None) => (String::new(), "systemctl restart duban".to_owned()),
        Some(Some(name)) => (format!(" --instance {name}"), format!("{SCRIPT} instance {name}")),
        None => {
            let config = format!(" --config {}", dir.join("duban.toml").display());
            (config.clone(), format!("duban run{config}"))
        }
    };
    let mut text = "\n接下来：\n".to_owned();
    for (what, command) in [
        ("启动服务        ", start),
        ("看还有什么不对  ", format!("duban doctor{config}")),
        ("给自己发封测试信", format!("duban test-mail 邮箱{config}")),
    ] {
        let _ = writeln!(text, "  {what}  {command}");
    }
    text
}
