//! `duban holidays import`: a notice of the State Council's office becomes the file of its year.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::{
    Answer, Context, Exit, Failure, Result, check::year_off, database::say_if_there_is_none, diff::effect_if_any,
    document, values::TEMPLATE,
};
use crate::{
    config,
    disk::folder_of,
    domain::{calendar::Calendar, notice},
    ledger::{self, paper},
    service::house::setup::replace,
};

#[derive(Subcommand)]
pub enum HolidaysCommand {
    /// 读一份放假通知：核对无误就写好那一年的文件，并说明期限有什么变化
    #[command(help_template = TEMPLATE)]
    Import(NoticeArgs),
}

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct NoticeArgs {
    /// 通知：粘贴的文字（.txt）、.docx 或存下的网页；- 读标准输入
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 哪一年的通知：只在文字里没有写时用
    #[arg(long, value_name = "年份", value_parser = paper::year)]
    pub year: Option<i16>,
    /// 只看读得对不对、有什么变化，不写文件
    #[arg(long)]
    pub dry_run: bool,
}

pub fn holidays(context: &Context, command: &HolidaysCommand) -> Result {
    let HolidaysCommand::Import(args) = command;
    let text = document::read(&args.file)?.lines();
    let misfit = |misfit: notice::Misfit| {
        let notice::Misfit { sentence, why } = misfit;
        Failure::new(format!(
            "{}：没有读成，什么也没有写。\n对不上的一句：“{sentence}”\n{why}。\n请对照国务院办公厅的原文；原文确实如此的，照 holidays 目录里往年的文件手写一份。",
            args.file.display()
        ))
    };
    let notice = notice::read(&text, args.year).map_err(misfit)?;
    let loaded = context.files(&context.env);
    let settings = match &loaded {
        Ok(loaded) => Some(loaded.settings.clone()),
        Err(_) => config::settings_alone(&context.config, &context.env),
    };
    let Some(settings) = settings else {
        return Err(Failure::new(
            "配置没有读到，不知道写到哪里（用 duban check 查看；还没有配置的，先用 duban init）。",
        ));
    };
    let folder = settings.holidays.clone();
    let failed = |findings: config::Findings| Failure::new(format!("{findings}\n没有写。"));
    let known = config::statutory_days(&folder, &BTreeMap::new()).map_err(failed)?;
    let changed = notice.apply(&known).map_err(misfit)?;
    let files: BTreeMap<PathBuf, String> = changed
        .years
        .iter()
        .map(|(year, days)| (folder.join(format!("{year}.toml")), ledger::statutory(*year, days, &changed.names)))
        .collect();
    // What is written reads as what was understood.
    let read = config::statutory_days(&folder, &files).map_err(failed)?;
    let same = changed.years.iter().all(|(year, days)| read.get(year) == Some(days));
    if !same {
        return Err(Failure::new("写出的文件读回来不一样，没有写。请把通知的文字发给开发者。"));
    }
    let mut said = format!("读的是：{}\n", notice.title());
    if notice.number.is_none() {
        said += "文字里没有文号，请在文件的 notice 里补上。\n";
    }
    for line in &changed.told {
        let _ = writeln!(said, "{line}。");
    }
    let calendar = Calendar::new(&read);
    let shown: BTreeSet<i16> = changed.years.keys().copied().chain([notice.year]).collect();
    shown.iter().for_each(|year| said += &year_off(&calendar, *year));
    if files.is_empty() {
        return Ok(Answer::done(said + "和现有的文件一样，不必写。\n").with(Exit::Nothing));
    }
    for (path, text) in files.iter().filter(|_| !args.dry_run) {
        said += &put(path, text)?;
    }
    // The folder of the configuration may be root's; the database is looked at as its owner.
    context.pass(&settings, |_| Ok(()))?;
    say_if_there_is_none(&settings);
    said += &match loaded {
        Ok(mut loaded) => {
            loaded.calendar = calendar;
            context.keep_years(&mut loaded);
            effect_if_any(context, loaded)
        }
        Err(_) => "配置有错，没有比较期限的变化：用 duban check 查看。\n".to_owned(),
    };
    said += if args.dry_run {
        "只看，没有写。\n"
    } else {
        "服务在运行的，约一分钟后自己读取；duban reload 立即读取。\n"
    };
    Ok(Answer::done(said))
}

/// Writes a file; one that is there stays beside it.
fn put(path: &Path, text: &str) -> Result<String> {
    let failed = |e: std::io::Error| Failure::unwritten(path, &e);
    fs::create_dir_all(folder_of(path)).map_err(failed)?;
    let kept = replace(path, text).map_err(failed)?;
    let kept = kept.map(|kept| format!("（原来的另存为 {}）", kept.display())).unwrap_or_default();
    Ok(format!("已写好 {}{kept}。\n", path.display()))
}
