//! `duban import`: converts a plan, or a ledger, to a deadlines file.

use std::{
    fmt::Write as _,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::tz::TimeZone;

use super::{
    Answer, Context, Exit, Failure, Result, answers::PlanArgs, database::say_if_there_is_none, diff::effect_if_any,
    document::read, init::ask, progress, terminal,
};
use crate::{
    config::{self, Loaded},
    disk,
    domain::{
        Date,
        calendar::Calendar,
        deadline::{ALL_SECTIONS, Roster, Section},
    },
    ledger::{
        self, Bureau, Document, Imported, Sheet,
        paper::{self, Answers, Around, Entry, Key, OFF, Outcome, Previous, Question, REST, build, in_quotes, quoted},
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
        let _ = terminal::tell(&findings);
        return Ok(Answer::file(imported.toml).with(exit));
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
    if let Some(target) = args.write.as_deref().filter(|target| target.exists()) {
        let (why, instead) = ("文件已经有了，不覆盖", "新方案代替它，就用 --replaces：编号和原来的回答都接着用");
        return Err(Failure::new(format!("{}：{why}。{instead}；否则请换一个文件名。", target.display())));
    }
    let (before, known) = args.replaces.as_deref().map(previous).transpose()?.unwrap_or_default();
    let around = Around { roster, calendar, today: context.clock.now(&zone).today(), before: &before };
    let target = args.write.as_deref().or(args.replaces.as_deref());
    let (outcome, taken) = understood(&args.file, document, around, &args.answers, known, target)?;
    let mut said = taken + &outcome.account.render();
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
        let _ = terminal::tell(&said);
        return Ok(Answer::file(outcome.toml).with(exit));
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
    known: Option<Answers>,
    target: Option<&Path>,
) -> Result<(Outcome, String)> {
    let mut answers = answers.answers()?;
    let mut said = String::new();
    if let Some(known) = known {
        let year = build(document, around, &answers).year;
        let is_office =
            |name: &String| name == ALL_SECTIONS || around.roster.is_none_or(|roster| roster.get(name).is_some());
        let taken = answers.go_on(known, year, is_office);
        said = taken_over(&taken);
    }
    let outcome = loop {
        let outcome = progress::shown("正在逐行读", || build(document, around, &answers));
        if outcome.entries == 0 || outcome.questions.is_empty() {
            break outcome;
        }
        if !ask::is_possible() {
            said += if around.roster.is_none() { NO_CONFIGURATION } else { "" };
            return Err(unanswered(&outcome, &said));
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
    Ok((outcome, said))
}

/// What is hidden, what was passed over: said beside the questions too.
fn notes(outcome: &Outcome) -> String {
    outcome.account.notes.iter().map(|note| format!("说明：{note}。\n")).collect()
}

fn taken_over(taken: &Answers) -> String {
    let chosen = taken.before.iter().map(|(key, answer)| format!(" --choose {}", quoted(&format!("{key}={answer}"))));
    let chosen: String = chosen.collect();
    if taken.flags().is_empty() && chosen.is_empty() {
        return String::new();
    }
    let but =
        if chosen.is_empty() { "" } else { "（--choose 的只用在仍是同一件事、仍有这个日期的）" };
    format!("沿用原来的回答：{}{chosen}{but}。要改就写明。\n", taken.flags())
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
    let (outcome, _) = understood(file, &document, around, answers, None, None)?;
    Ok((outcome.toml, outcome.account.render()))
}

/// The entries of the file that is to be replaced, and what was answered for it.
fn previous(file: &Path) -> Result<(Vec<Previous>, Option<Answers>)> {
    let unread = |why: String| Failure::new(format!("读不了 {}：{why}。", file.display()));
    let mut text = String::new();
    disk::open_file(file).and_then(|mut it| it.read_to_string(&mut text)).map_err(|e| unread(e.to_string()))?;
    Ok((paper::previous(&text).map_err(unread)?, PlanArgs::at_head(&text)))
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
fn unanswered(outcome: &Outcome, said: &str) -> Failure {
    let mut text = said.to_owned()
        + &notes(outcome)
        + &outcome.account.summary()
        + "\n有问题要回答，没有写文件。在终端里再执行一次会逐个问，或写明：\n";
    for question in &outcome.questions {
        let first = question.choices.first().map_or("…", String::as_str);
        let flag = match &question.key {
            Key::Year => format!("--year {first}"),
            Key::Scope => "--every-year 或 --once".to_owned(),
            Key::Crosses => "--cross-year 或 --within-year".to_owned(),
            Key::Hidden => "--hidden 算数 或 --hidden 不算".to_owned(),
            Key::Above => "--blank 同上 或 --blank 没有写".to_owned(),
            Key::NoOffice => format!("--office {}", quoted(first)),
            Key::Office(name) => format!("--office {}", in_quotes(&format!("{name}={first}"))),
            Key::Choose(key) => {
                format!("--choose {}（或 {}）", in_quotes(&format!("{key}={first}")), quoted(&format!("{key}={OFF}")))
            }
        };
        let choices = match (&question.key, question.choices.len()) {
            (Key::Scope | Key::Crosses | Key::Above | Key::Hidden, _) | (_, 0 | 1) => String::new(),
            _ => format!("可选：{}。", question.choices.join("；")),
        };
        let _ = writeln!(text, "- {}？{choices}\n  {flag}", question.words);
    }
    if outcome.questions.iter().any(|q| matches!(q.key, Key::Choose(_))) {
        let _ = writeln!(text, "其余要选日期的都先停用：--choose {REST}={OFF}");
    }
    Failure::new(text)
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

fn findings(imported: &Imported) -> String {
    let mut text = String::new();
    for finding in &imported.findings {
        let _ = writeln!(text, "{finding}");
    }
    text
}
