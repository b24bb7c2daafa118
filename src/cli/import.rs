//! `duban import`: converts a plan, or a ledger, to a deadlines file.

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    process::{self, Stdio},
};

use clap::Args;
use rustix::process::{Resource, Rlimit, setrlimit};

use jiff::tz::TimeZone;

use super::{
    Answer, Context, Exit, Failure, Result, database::say_if_there_is_none, diff::effect_if_any, init::ask, progress,
};
use crate::{
    config::{self, Loaded},
    disk,
    domain::{
        Date,
        calendar::Calendar,
        deadline::{Roster, Section},
        due::Due,
    },
    ledger::{
        self, Bureau, Document, Imported, Sheet,
        paper::{
            self, Answers, Around, Entry, Key, NOBODY, OFF, Outcome, Previous, Question, REST, build, office_names,
        },
    },
    service::house::setup::replace,
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct ImportArgs {
    /// 分工方案：.docx、.xlsx、.xls、.csv、.html，或从 Word、网页粘贴的文字（.txt）；- 读标准输入
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 写到这个文件；已有的文件不覆盖
    #[arg(long, value_name = "文件")]
    pub write: Option<PathBuf>,
    /// 新方案代替这个事项文件：继续的事项编号不变；写在它的位置，原来的另存为 .old-1
    #[arg(long, value_name = "文件", conflicts_with = "write")]
    pub replaces: Option<PathBuf>,
    /// 逐行对照的表，写成网页，可打印
    #[arg(long, value_name = "文件")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub answers: PlanArgs,
}

/// What the document leaves open, answered beforehand.
#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct PlanArgs {
    /// 哪一年的方案：没有写年份的日期算这一年
    #[arg(long, value_name = "年份", value_parser = paper::year)]
    pub year: Option<i16>,
    /// 没有写年份的日期只办一次
    #[arg(long, conflicts_with = "every_year")]
    pub once: bool,
    /// 没有写年份的日期每年都办
    #[arg(long)]
    pub every_year: bool,
    /// 方案跨年：从年初又开始的日期算第二年
    #[arg(long, conflicts_with = "within_year")]
    pub cross_year: bool,
    /// 方案不跨年
    #[arg(long)]
    pub within_year: bool,
    /// 没有日期的事项何时检查一次（局内默认），如 每季度末月20日；不写则停用
    #[arg(long, value_name = "时间", value_parser = check_in)]
    pub no_date: Option<String>,
    /// 没有写责任单位的由谁办；或 '全局=各科室'：原文的写法指哪些科室（与本局无关写 不管）；可写多次
    #[arg(long, value_name = "科室")]
    pub office: Vec<String>,
    /// 一项有几个日期时用哪一个，如 31=1月31日；先不办写 31=停用；可写多次
    #[arg(long, value_name = "项=日期")]
    pub choose: Vec<String>,
    /// 粘贴的文字里空着的单位和期限：同上（合并的单元格），或 没有写
    #[arg(long, value_name = "同上|没有写", value_parser = blank)]
    pub blank: Option<bool>,
}

fn check_in(text: &str) -> std::result::Result<String, String> {
    Due::parse(text, None).map(|_| text.to_owned()).map_err(|refusal| refusal.what)
}

fn blank(text: &str) -> std::result::Result<bool, String> {
    match text {
        "同上" => Ok(true),
        "没有写" => Ok(false),
        _ => Err("请写 同上 或 没有写".into()),
    }
}

/// Far above what the largest table needs.
const MAX_MEMORY_BYTES: u64 = 3 << 29;
const MAX_SECONDS: u64 = 60;

pub fn import(context: &Context, args: &ImportArgs) -> Result {
    let document = progress::shown("正在读表格", || read(&args.file))?;
    let sheets: Vec<Sheet> = document.tables().cloned().collect();
    // The first file may be imported before there is a configuration.
    let loaded = context.files(&context.env).ok();
    if let Some(loaded) = &loaded {
        say_if_there_is_none(&loaded.settings);
    }
    if ledger::is_ledger(&sheets) {
        ledger_rows(args, &sheets, loaded.as_ref())
    } else {
        paper(context, args, &document, loaded.as_ref())
    }
}

/// A ledger that was exported, and comes back.
fn ledger_rows(args: &ImportArgs, sheets: &[Sheet], loaded: Option<&Loaded>) -> Result {
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let bureau = loaded.map(|l| Bureau { roster: &l.plan.roster, calendar: &l.calendar });
    let said = |e: ledger::Error| Failure::new(format!("{}：{e}", args.file.display()));
    let imported = ledger::import(sheets, &name, bureau).map_err(said)?;
    let mut findings = findings(&imported);
    if bureau.is_none() {
        findings += NO_CONFIGURATION;
    }
    let exit = if findings.is_empty() { Exit::Done } else { Exit::Nothing };
    let Some(target) = &args.write else {
        // On standard error, so that the file on standard output can be redirected by itself.
        let _ = io::stderr().write_all(findings.as_bytes());
        return Ok(Answer::done(imported.toml).with(exit));
    };
    put(target, &imported.toml)?;
    Ok(Answer::done(findings + &written(target, imported.deadlines)).with(exit))
}

const NO_CONFIGURATION: &str = "配置没有读到（用 duban check 查看），科室名称没有核对。\n";

/// A plan as it was published.
fn paper(context: &Context, args: &ImportArgs, document: &Document, loaded: Option<&Loaded>) -> Result {
    let unplanned = Calendar::default();
    let zone = loaded.map_or(TimeZone::UTC, |l| l.settings.timezone.clone());
    let roster = loaded.map(|l| &l.plan.roster);
    let calendar = loaded.map_or(&unplanned, |l| &l.calendar);
    let before = args.replaces.as_deref().map(previous).transpose()?.unwrap_or_default();
    let around = Around { roster, calendar, today: context.clock.now(&zone).today(), before: &before };
    let target = args.write.as_deref().or(args.replaces.as_deref());
    let outcome = understood(&args.file, document, around, &args.answers, target)?;
    let mut said = outcome.account.render();
    if loaded.is_none() {
        said += NO_CONFIGURATION;
    }
    let exit = if outcome.account.count(Entry::Unused) == 0 { Exit::Done } else { Exit::Nothing };
    if let Some(report) = &args.report {
        put(report, &outcome.account.html(&format!("{}：逐行对照", outcome.title)))?;
        let _ = writeln!(said, "逐行对照的表：{}", report.display());
    }
    if let Some(old) = &args.replaces {
        said += &put_instead(context, old, &outcome.toml)?;
        return Ok(Answer::done(said).with(exit));
    }
    let Some(target) = &args.write else {
        let _ = io::stderr().write_all(said.as_bytes());
        return Ok(Answer::done(outcome.toml).with(exit));
    };
    put(target, &outcome.toml)?;
    Ok(Answer::done(said + &written(target, outcome.entries)).with(exit))
}

/// Reads the document, asks what it leaves open, and checks what comes of it.
fn understood(
    file: &Path,
    document: &Document,
    around: Around,
    answers: &PlanArgs,
    target: Option<&Path>,
) -> Result<Outcome> {
    let mut answers = answers.answers()?;
    let outcome = loop {
        let outcome = progress::shown("正在逐行读", || build(document, around, &answers));
        if outcome.entries == 0 || outcome.questions.is_empty() {
            break outcome;
        }
        if !ask::is_possible() {
            return Err(unanswered(&outcome));
        }
        for question in &outcome.questions {
            ask_one(question, &mut answers)?;
        }
    };
    if outcome.entries == 0 && document.lines().contains("节假日安排的通知") {
        let what = "这是放假通知，不是分工方案。请用 duban holidays import 读它。";
        return Err(Failure::new(format!("{}：{what}", file.display())));
    }
    if outcome.entries == 0 {
        let what = "没有读到事项：没有认得的表头（要有“工作任务”“责任单位”“完成时限”这样的一行），也没有“（责任单位：…）”这样的文字。";
        return Err(Failure::new(format!("{}：{what}\n{}", file.display(), outcome.account.render())));
    }
    let path = target.unwrap_or(Path::new("事项.toml"));
    if let Err(findings) = config::check_text(path, &outcome.toml, around.roster) {
        return Err(Failure::new(format!("读出的事项没有通过检查，没有写：\n{}", findings.render())));
    }
    Ok(outcome)
}

/// A plan for a first configuration: its deadlines, and the account of its rows.
pub(super) fn first_plan(
    file: &Path,
    answers: &PlanArgs,
    sections: &[Section],
    today: Date,
) -> Result<(String, String)> {
    let document = read(file)?;
    let (roster, unplanned) = (Roster { sections: sections.to_vec() }, Calendar::default());
    let around = Around { roster: Some(&roster), calendar: &unplanned, today, before: &[] };
    let outcome = understood(file, &document, around, answers, None)?;
    Ok((outcome.toml, outcome.account.render()))
}

/// The entries of the file that is to be replaced.
fn previous(file: &Path) -> Result<Vec<Previous>> {
    let unread = |why: String| Failure::new(format!("读不了 {}：{why}。", file.display()));
    let text = fs::read_to_string(file).map_err(|e| unread(e.to_string()))?;
    paper::previous(&text).map_err(unread)
}

/// Puts the new plan in the place of the old one, which stays beside it, and says what `diff` says. Where the files do
/// not check with it, the old one is put back.
fn put_instead(context: &Context, path: &Path, text: &str) -> Result<String> {
    let failed = |e: io::Error| Failure::unwritten(path, &e);
    let kept = replace(path, text).map_err(failed)?.unwrap_or_default();
    // Put back before the gateway: the folder may be root's.
    let mut loaded = context.look().0.map_err(|findings| match disk::put(&kept, path) {
        Ok(()) => Failure::new(format!("{findings}\n同其他文件合在一起没有通过检查，原来的已放回。")),
        Err(e) => failed(e),
    })?;
    context.pass(&loaded.settings, |_| Ok(()))?;
    context.keep_years(&mut loaded);
    let effect = effect_if_any(context, loaded);
    Ok(format!("已写好 {}，原来的另存为 {}。\n{effect}", path.display(), kept.display()))
}

fn ask_one(question: &Question, answers: &mut Answers) -> Result<()> {
    let mut words = question.words.clone();
    for (n, choice) in (1..).zip(&question.choices) {
        let _ = write!(words, "\n  {n}. {choice}");
    }
    if let Key::Choose(_) = question.key {
        let _ = write!(words, "\n写序号或日期；写“{OFF}”先不办");
    }
    let default = (question.key == Key::Year).then(|| question.choices.first().map(String::as_str)).flatten();
    let nth = |answer: &str| {
        let n = answer.trim().parse::<usize>().ok().filter(|_| matches!(question.key, Key::Office(_) | Key::NoOffice));
        n.and_then(|n| question.choices.get(n.checked_sub(1)?)).cloned().unwrap_or_else(|| answer.to_owned())
    };
    let mut taken = answers.clone();
    *answers = ask::ask(&words, default, |answer| {
        let mut next = taken.clone();
        next.take(question, &nth(answer)).map(|()| next)
    })?;
    taken.clone_from(answers);
    Ok(())
}

/// What is still open, each with the flag that answers it.
fn unanswered(outcome: &Outcome) -> Failure {
    let mut text = outcome.account.summary() + "\n有问题要回答，没有写文件。在终端里再执行一次会逐个问，或写明：\n";
    for question in &outcome.questions {
        let first = question.choices.first().map_or("…", String::as_str);
        let flag = match &question.key {
            Key::Year => format!("--year {first}"),
            Key::Scope => "--every-year 或 --once".to_owned(),
            Key::Crosses => "--cross-year 或 --within-year".to_owned(),
            Key::Above => "--blank 同上 或 --blank 没有写".to_owned(),
            Key::NoOffice => format!("--office {first}"),
            Key::Office(name) => format!("--office '{name}={first}'"),
            Key::Choose(key) => format!("--choose '{key}={first}'（或 {key}={OFF}）"),
        };
        let choices = match (&question.key, question.choices.len()) {
            (Key::Scope | Key::Crosses | Key::Above, _) | (_, 0 | 1) => String::new(),
            _ => format!("可选：{}。", question.choices.join("；")),
        };
        let _ = writeln!(text, "- {}？{choices}\n  {flag}", question.words);
    }
    if outcome.questions.iter().any(|q| matches!(q.key, Key::Choose(_))) {
        let _ = writeln!(text, "其余要选日期的都先停用：--choose {REST}={OFF}");
    }
    Failure::new(text)
}

impl PlanArgs {
    fn answers(&self) -> Result<Answers> {
        let mut answers = Answers { year: self.year, no_date: self.no_date.clone(), ..Answers::default() };
        let either = |yes: bool, no: bool| (yes || no).then_some(yes);
        answers.every_year = either(self.every_year, self.once);
        answers.crosses = either(self.cross_year, self.within_year);
        answers.same_as_above = self.blank;
        for text in &self.office {
            match text.split_once('=') {
                Some((name, NOBODY)) => {
                    answers.offices.insert(name.trim().to_owned(), Vec::new());
                }
                Some((name, names)) => {
                    answers.offices.insert(name.trim().to_owned(), office_names(names).map_err(usage)?);
                }
                None => answers.default_office = Some(office_names(text).map_err(usage)?),
            }
        }
        for text in &self.choose {
            let Some((key, answer)) = text.split_once('=') else {
                return Err(usage(format!("--choose {text}：请写成 31=1月31日")));
            };
            answers.chosen.insert(key.trim().to_owned(), answer.trim().to_owned());
        }
        Ok(answers)
    }
}

fn usage(why: String) -> Failure {
    Failure { exit: Exit::Usage, ..Failure::new(why) }
}

fn put(target: &Path, text: &str) -> Result<()> {
    disk::write_new(target, 0o666, text.as_bytes()).map_err(|e| {
        if e.kind() != io::ErrorKind::AlreadyExists {
            let _ = fs::remove_file(target);
        }
        Failure::unwritten(target, &e)
    })
}

fn written(target: &Path, deadlines: usize) -> String {
    format!(
        "已写好 {}：{deadlines} 个事项。看过后写进 deadlines.toml 的 include，再用 duban check 检查。\n",
        target.display()
    )
}

/// Reads the document in a process of its own, with limits on memory and time: on damaged files the libraries may panic or
/// ask for all the memory.
pub(super) fn read(file: &Path) -> Result<Document> {
    let unread = |why: &str| Failure::new(format!("读不了 {}：{why}", file.display()));
    let of = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => unread("没有这个文件。"),
        io::ErrorKind::PermissionDenied => unread("没有读取权限。"),
        _ => unread(&format!("{e}。")),
    };
    let input = if file == Path::new("-") {
        Stdio::inherit()
    } else {
        let input = File::open(file).map_err(of)?;
        if input.metadata().map_err(of)?.is_dir() {
            return Err(unread("这是目录，不是文件。"));
        }
        input.into()
    };
    let program = env::current_exe().map_err(of)?;
    let mut command = process::Command::new(program);
    command.arg("read-sheet").stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
    let answer = command.output().map_err(of)?;
    let damaged = || unread("文件已损坏或太大。请用 Word、Excel 或 WPS 打开，另存为 .docx 或 .xlsx 再试。");
    let read: std::result::Result<Document, String> = serde_json::from_slice(&answer.stdout).map_err(|_| damaged())?;
    read.map_err(|why| unread(&why))
}

/// Reads a document from standard input, and writes it or what is wrong as JSON.
pub fn read_sheet() -> Result {
    let limits = [(Resource::As, MAX_MEMORY_BYTES), (Resource::Cpu, MAX_SECONDS), (Resource::Core, 0)];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|e| Failure::new(e.to_string()))?;
    }
    let mut bytes = Vec::new();
    let most = ledger::MAX_BYTES as u64 + 1;
    io::stdin().take(most).read_to_end(&mut bytes).map_err(|e| Failure::new(e.to_string()))?;
    let document = ledger::document(&bytes).map_err(|e| e.to_string());
    let json = serde_json::to_string(&document).map_err(|e| Failure::new(e.to_string()))?;
    Ok(Answer::done(json))
}

fn findings(imported: &Imported) -> String {
    let mut text = String::new();
    for finding in &imported.findings {
        let _ = writeln!(text, "{finding}");
    }
    text
}
