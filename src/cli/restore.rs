//! `duban restore`: replaces the database with a copy, while the service is stopped.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::{Answer, Context, Failure, Result, backup::words, progress, run::lock};
use crate::{
    config::Settings,
    service::{
        Office,
        house::keep::{self, Copy},
        post::standby,
    },
    store::{Holdings, Restored, Since},
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct RestoreArgs {
    /// 哪份备份
    #[arg(value_name = "备份文件")]
    pub file: PathBuf,
    /// 备份以后的提醒：say-again 再发一遍，keep-quiet 当作发过；不写就尽量从原来的数据库带回
    #[arg(long, value_enum, value_name = "怎么办", hide_possible_values = true)]
    pub since_backup: Option<SinceBackup>,
    /// Of `take-over`.
    #[arg(long, hide = true)]
    pub taking_over: Option<Timestamp>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum SinceBackup {
    SayAgain,
    KeepQuiet,
}

pub fn restore(context: &Context, args: &RestoreArgs) -> Result {
    let (loaded, copy) = context.load_with(|gate| {
        let folder = gate.for_root(&args.file)?;
        folder.map(|folder| open(args, &folder.path().join(args.file.file_name().unwrap_or_default()))).transpose()
    })?;
    let copy = copy.map_or_else(|| open(args, &args.file), Ok)?;
    let (office, deadlines) = Office::new(loaded);
    context.make_folder(&office.settings)?;
    let _lock = lock(&office.settings)?;
    let wish = args.since_backup.map(|wish| match wish {
        SinceBackup::SayAgain => Since::SayAgain,
        SinceBackup::KeepQuiet => Since::KeepQuiet,
    });
    let now = context.now(&office.settings);
    let (restored, holdings) =
        progress::shown("正在恢复", || keep::restore((&office, &deadlines), &copy, wish, args.taking_over, &now))?;
    if args.taking_over.is_some() {
        standby::forget(&office.settings);
    }
    Ok(Answer::done(told(&restored, &holdings, &office.settings)))
}

fn open(args: &RestoreArgs, at: &Path) -> Result<Copy> {
    let failed = |e: &dyn std::fmt::Display| {
        Failure::new(format!("恢复不了：备份 {} 读不了，{e}。没有改动。", args.file.display()))
    };
    if at.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
        return Err(failed(&"没有这个文件"));
    }
    Copy::open(args.file.clone(), at).map_err(|e| failed(&e))
}

fn told(restored: &Restored, holdings: &Holdings, settings: &Settings) -> String {
    let mut text = format!("已从备份恢复：{}。\n", words(holdings, settings));
    let again = "备份以后发过的信查不到了：现在仍该提醒的会再发一遍（一个邮箱一封），宁可重发，不能漏发。\n\
                 不想重发，可以马上再恢复一次，加 --since-backup keep-quiet。";
    text.push_str(&match (restored.since, restored.has_gaps) {
        (Since::Carried, false) => {
            format!("备份以后的发信和登记都从原来的数据库带了回来（多出 {} 行），不会重发，没有丢失。", restored.rows)
        }
        (Since::Carried, true) => format!(
            "原来的数据库有一部分读不出来；读得出的都带了回来（多出 {} 行）。读不出的提醒会再发一遍，\
             读不出的登记请用 duban history 核对，补登记。",
            restored.rows
        ),
        (Since::SayAgain, _) => format!("{again}\n备份以后的登记不在了，请对照各科室的信补登记。"),
        (Since::KeepQuiet, _) => format!(
            "到现在为止该发的 {} 条提醒都当作发过，不再发。其中若有实际没发出的，不会再提醒，请核对。\n\
             备份以后的登记不在了，请对照各科室的信补登记。",
            restored.silenced
        ),
    });
    text.push('\n');
    if restored.ends_links {
        text.push_str(
            "备份以后作废过哪些链接查不到了：以前发出的网页链接（登记链接、看板、日历订阅）一概作废，以后的信用新的；\
             请用 duban link 重新打印要用的。\n",
        );
    }
    if restored.replaced.is_none() {
        text.push_str("备份以后作废过的链接又有效了：有过的，请再作废一次（duban link --revoke）。\n");
    }
    if let Some(replaced) = &restored.replaced {
        let _ = writeln!(text, "原来的数据库留在 {}，确认无误后再删。", replaced.display());
    }
    text.push_str("管理员会收到一封说明。现在可以启动服务。\n");
    text
}
