//! `duban export`: writes the year's ledger to a file.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Answer, Context, Exit, Failure, Result, check_section,
    gate::Gate,
    progress,
    put::{Hand, PutArgs},
    values::parse_year,
};
use crate::{
    disk,
    domain::occurrence::{Light, State},
    ledger::{self, Ledger},
    service::course::{ledger::ledger as fill, load::as_in_force},
    store::Tx,
};

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
    /// 文件已经有了也换掉
    #[arg(long)]
    pub force: bool,
}

enum Format {
    Xlsx,
    Csv,
}

pub fn export(context: &Context, args: &ExportArgs) -> Result {
    let is_stdout = args.file == Path::new("-");
    let format = if is_stdout { Format::Csv } else { format(&args.file)? };
    // Somebody may have written remarks into it. Root's file is looked for where root looks: before the gateway.
    let refuse = || match !is_stdout && !args.force && args.file.is_file() {
        true => Err(Failure::new(format!(
            "{} 已经有了，没有覆盖：里面可能有人填过的备注。请换一个文件名；确实要换掉就加 --force。",
            args.file.display()
        ))),
        false => Ok(()),
    };
    let (office, deadlines, hand) =
        context.office_with(|gate, _| refuse().and_then(|()| hand(gate, args, is_stdout)))?;
    check_section(&office, args.section.as_deref())?;
    let now = context.now(&office.settings);
    let year = args.year.unwrap_or(now.today().year());
    let mut db = context.open(&office.settings)?;
    let section = args.section.as_deref();
    let look = |tx: &Tx| Ok(fill(tx, &office, &deadlines, year, section, &now));
    let ledger = progress::shown("正在导出", || as_in_force(&mut db, (&office, &deadlines), &now, look))??;
    if ledger.rows.is_empty() {
        return Err(Failure::new(format!("{}里没有事项，没有写文件。", ledger.title())));
    }
    let bytes = match format {
        Format::Csv => ledger::csv(&ledger).into_bytes(),
        Format::Xlsx => {
            progress::shown("正在写表格", || ledger::xlsx(&ledger)).map_err(|e| Failure::new(e.to_string()))?
        }
    };
    if is_stdout {
        return Ok(Answer::file(String::from_utf8_lossy(&bytes)));
    }
    match hand {
        Some(hand) => drop(hand.give(bytes.len() as u64, &mut &*bytes)?),
        None => {
            context.put_back_umask();
            replace(&args.file, &bytes).map_err(|e| Failure::unwritten(&args.file, &e))?;
        }
    }
    Ok(Answer::done(format!("已写好 {}：{}。\n", args.file.display(), counts(&ledger))))
}

/// Who writes the file, if it is for root.
fn hand(gate: &Gate, args: &ExportArgs, is_stdout: bool) -> Result<Option<Hand>> {
    let folder = if is_stdout { None } else { gate.for_root(&args.file)? };
    let put = PutArgs { file: args.file.clone(), mode: 0o666, copy: false, keep: None, today: None };
    folder.map(|folder| Hand::reach(&folder, &put)).transpose()
}

fn format(file: &Path) -> Result<Format> {
    match file.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("xlsx") => Ok(Format::Xlsx),
        Some("csv") => Ok(Format::Csv),
        _ => {
            let why = format!("{}：文件名要以 .xlsx 或 .csv 结尾，或写 -（在屏幕上显示 csv）。", file.display());
            Err(Failure { why, exit: Exit::Usage })
        }
    }
}

fn counts(ledger: &Ledger) -> String {
    let count = |state: State, light: Option<Light>| {
        ledger.rows.iter().filter(|r| r.state == state && light.is_none_or(|l| r.light == l)).count()
    };
    let of = |word: &str, n: usize| (n > 0).then(|| format!("{word} {n}"));
    let words = [
        of("已办结", count(State::Done, None)),
        of("逾期", count(State::Open, Some(Light::Red))),
        of("临近", count(State::Open, Some(Light::Yellow))),
        of("正常", count(State::Open, Some(Light::Green))),
        of("暂停", count(State::Open, Some(Light::Grey))),
    ];
    format!("共 {} 期，{}", ledger.rows.len(), words.into_iter().flatten().collect::<Vec<_>>().join("，"))
}

/// The old file stays until the new one is complete.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let temporary = disk::folder_of(file).join(format!(".{name}.{}.tmp", std::process::id()));
    disk::replace(file, &temporary, 0o666, bytes)
}
