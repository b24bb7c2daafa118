//! `duban backup`: copies the database, also while the service runs.

use std::{fmt::Write, path::PathBuf};

use clap::Args;

use super::{Answer, Context, Exit, Failure, Result, database::there};
use crate::{
    config::Settings,
    service::house::keep::{self, Copies},
    store::Holdings,
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct BackupArgs {
    /// 写到哪个文件；是目录的，以日期为名写在里面
    #[arg(value_name = "文件或目录")]
    pub to: PathBuf,
    /// 目录里只留最近几份，更早的删去；给磁盘留足余地
    #[arg(long, value_name = "份数", value_parser = clap::value_parser!(u16).range(1..))]
    pub keep: Option<u16>,
}

pub fn backup(context: &Context, args: &BackupArgs) -> Result {
    let (office, _) = context.office()?;
    let settings = &office.settings;
    there(&settings.database).map_err(|absent| absent.failure(&settings.database))?;
    let now = context.now(settings);
    let copies = args.to.is_dir().then(|| Copies::new(&args.to));
    let file = copies.as_ref().map_or(args.to.clone(), |copies| copies.of(now.today()));
    let kept = match (&copies, args.keep) {
        (Some(copies), Some(keep)) => Some((copies, usize::from(keep))),
        (_, None) => None,
        (None, Some(_)) => {
            let why = format!("--keep 要写备份的目录，{} 不是目录。", args.to.display());
            return Err(Failure { why, exit: Exit::Usage });
        }
    };
    if let Some((copies, _)) = kept {
        copies.leave_room(&settings.database)?;
    }
    let mut db = context.open_as_is(settings)?;
    let (holdings, bytes) = keep::back_up(&mut db, &settings.database, &file, &now)?;
    let mut text = format!(
        "已备份到 {}（{} KB）：{}。\n里面有科室的登记和邮件全文，请按内部资料保管。\n",
        file.display(),
        bytes.div_ceil(1024),
        words(&holdings, settings),
    );
    if let Some((copies, keep)) = kept {
        for old in copies.thin_out(keep, now.today())? {
            let _ = writeln!(text, "已删去较早的 {}。", old.display());
        }
    }
    Ok(Answer::done(text))
}

/// What a database holds, in words.
pub(super) fn words(holdings: &Holdings, settings: &Settings) -> String {
    let until = holdings.until.map_or("时间不详".to_owned(), |at| {
        settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
    });
    let Holdings { letters, occurrences, schema, .. } = holdings;
    format!("{letters} 封信，{occurrences} 个期次，截至 {until}，结构 {schema}")
}
