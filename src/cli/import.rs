//! `duban import`: converts a table to a deadlines file.

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

use super::{Answer, Context, Exit, Failure, Result, database::say_if_there_is_none, export::unwritten};
use crate::{
    disk,
    ledger::{self, Bureau, Imported, Sheet},
};

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

/// Far above what the largest table needs.
const MAX_MEMORY_BYTES: u64 = 3 << 29;
const MAX_SECONDS: u64 = 60;

pub fn import(context: &Context, args: &ImportArgs) -> Result {
    let sheets = read(&args.file)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    // The first file may be imported before there is a configuration.
    let loaded = context.load();
    if let Ok(loaded) = &loaded {
        say_if_there_is_none(&loaded.settings);
    }
    let bureau = loaded.as_ref().ok().map(|l| Bureau { roster: &l.plan.roster, calendar: &l.calendar });
    let said = |e: ledger::Error| Failure::new(format!("{}：{e}", args.file.display()));
    let imported = ledger::import(&sheets, &name, bureau).map_err(said)?;
    let mut findings = findings(&imported);
    if bureau.is_none() {
        findings += "配置没有读到（用 duban check 查看），科室名称没有核对。\n";
    }
    let exit = if findings.is_empty() { Exit::Done } else { Exit::Nothing };
    let Some(target) = &args.write else {
        // On standard error, so that the file on standard output can be redirected by itself.
        let _ = io::stderr().write_all(findings.as_bytes());
        return Ok(Answer::done(imported.toml).with(exit));
    };
    if let Err(e) = disk::write_new(target, 0o666, imported.toml.as_bytes()) {
        if e.kind() != io::ErrorKind::AlreadyExists {
            let _ = fs::remove_file(target);
        }
        return Err(unwritten(target, &e));
    }
    let done = format!(
        "已写好 {}：{} 个事项。看过后写进 deadlines.toml 的 include，再用 duban check 检查。\n",
        target.display(),
        imported.deadlines
    );
    Ok(Answer::done(findings + &done).with(exit))
}

/// Reads the table in a process of its own, with limits on memory and time: on damaged files the libraries may panic or
/// ask for all the memory.
fn read(file: &Path) -> Result<Vec<Sheet>> {
    let unread = |why: &str| Failure::new(format!("读不了 {}：{why}", file.display()));
    let of = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => unread("没有这个文件。"),
        io::ErrorKind::PermissionDenied => unread("没有读取权限。"),
        _ => unread(&format!("{e}。")),
    };
    let input = File::open(file).map_err(of)?;
    if input.metadata().map_err(of)?.is_dir() {
        return Err(unread("这是目录，不是文件。"));
    }
    let program = env::current_exe().map_err(of)?;
    let mut command = process::Command::new(program);
    command.arg("read-sheet").stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
    let answer = command.output().map_err(of)?;
    let damaged = || unread("表格已损坏或太大。请用 Excel 或 WPS 打开，另存为 .xlsx 再试。");
    let read: std::result::Result<Vec<Sheet>, String> =
        serde_json::from_slice(&answer.stdout).map_err(|_| damaged())?;
    read.map_err(|why| unread(&why))
}

/// Reads a table from standard input, and writes its cells or what is wrong as JSON.
pub fn read_sheet() -> Result {
    let limits = [(Resource::As, MAX_MEMORY_BYTES), (Resource::Cpu, MAX_SECONDS), (Resource::Core, 0)];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|e| Failure::new(e.to_string()))?;
    }
    let mut bytes = Vec::new();
    let most = ledger::MAX_BYTES as u64 + 1;
    io::stdin().take(most).read_to_end(&mut bytes).map_err(|e| Failure::new(e.to_string()))?;
    let sheets = ledger::read(&bytes).map_err(|e| e.to_string());
    let json = serde_json::to_string(&sheets).map_err(|e| Failure::new(e.to_string()))?;
    Ok(Answer::done(json))
}

fn findings(imported: &Imported) -> String {
    let mut text = String::new();
    for finding in &imported.findings {
        let _ = writeln!(text, "{finding}");
    }
    text
}
