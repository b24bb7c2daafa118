//! `duban backup`: copies the database, also while the service runs.

use std::{
    fmt::Write,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Answer, Context, Exit, Failure, Result,
    database::there,
    gate::Gate,
    progress,
    put::{Hand, PutArgs},
};
use crate::{
    config::Settings,
    disk,
    service::{
        house::{
            keep::{self, Copies},
            standby,
        },
        named,
    },
    store::{Db, Holdings},
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct BackupArgs {
    /// 写到哪个文件；是目录的，以日期为名写在里面
    #[arg(value_name = "文件或目录", required_unless_present = "standby")]
    pub to: Option<PathBuf>,
    /// 目录里只留最近几份，更早的删去；给磁盘留足余地
    #[arg(long, value_name = "份数", value_parser = clap::value_parser!(u16).range(1..))]
    pub keep: Option<u16>,
    /// 连同配置和密钥拷到 duban.toml 里 standby 那里，有变动才拷；由 duban-standby.timer 每五分钟执行
    #[arg(long, conflicts_with_all = ["to", "keep"])]
    pub standby: bool,
}

/// Where the copy goes.
struct Target {
    file: PathBuf,
    /// The folder that keeps only so many.
    kept: Option<(Copies, u16)>,
    /// Who writes it, if it is for root.
    hand: Option<Hand>,
}

impl Target {
    fn open(context: &Context, (to, keep): (&Path, Option<u16>), gate: &Gate, settings: &Settings) -> Result<Self> {
        let today = context.now(settings).today();
        let copies = to.is_dir().then(|| Copies::new(to));
        let file = copies.as_ref().map_or(to.to_owned(), |copies| copies.of(today));
        let kept = match (copies, keep) {
            (Some(copies), Some(keep)) => Some((copies, keep)),
            (_, None) => None,
            (None, Some(_)) => {
                let why = format!("--keep 要写备份的目录，{} 不是目录。", to.display());
                return Err(Failure { why, exit: Exit::Usage });
            }
        };
        there(&settings.database).map_err(|absent| absent.failure(&settings.database))?;
        let hand = match gate.for_root(&file)? {
            Some(folder) => {
                if let Some((copies, _)) = &kept {
                    copies.leave_room(&settings.database)?;
                }
                let put = PutArgs { file: file.clone(), mode: 0o600, copy: true, keep, today: Some(today) };
                Some(Hand::reach(&folder, &put)?)
            }
            None => None,
        };
        Ok(Self { file, kept, hand })
    }
}

pub fn backup(context: &Context, args: &BackupArgs) -> Result {
    let Some(to) = args.to.as_deref().filter(|_| !args.standby) else { return to_standby(context) };
    let (office, _, Target { file, kept, hand }) =
        context.office_with(|gate, settings| Target::open(context, (to, args.keep), gate, settings))?;
    let settings = &office.settings;
    let now = context.now(settings);
    let mut db = context.open(settings)?;
    let size = fs::metadata(&settings.database).map_or(0, |file| file.len() >> 20);
    let what = format!("正在备份（数据库 {size} MB，写完还要读一遍）");
    let copy = |db: &mut Db, to: &Path| progress::shown(&what, || keep::back_up(db, &settings.database, to, &now));
    let (holdings, bytes, gone) = match hand {
        Some(hand) => {
            let beside = named(&settings.database, &format!(".{}.copy", std::process::id()));
            let (holdings, _) = copy(&mut db, &beside)?;
            let copied = disk::open_plain(OpenOptions::new().read(true), &beside);
            let _ = disk::remove_if_there(&beside);
            let unread = |e| Failure::unwritten(&beside, &e);
            let mut copied = copied.map_err(unread)?;
            // The name is in the service's folder, where its user may have put another file in the meantime.
            let bytes = copied.metadata().map_err(unread)?.len();
            if bytes > db.most_bytes_of_a_copy()? {
                return Err(Failure::new(format!(
                    "没有备份：刚写好的 {} 被换成了更大的文件，原来的备份没有动。看看是谁放的，再备份一次。",
                    beside.display()
                )));
            }
            let gone = hand.give(bytes, &mut copied)?;
            (holdings, bytes, gone.into_iter().map(|name| to.join(name)).collect())
        }
        None => {
            if let Some((copies, _)) = &kept {
                copies.leave_room(&settings.database)?;
            }
            let (holdings, bytes) = copy(&mut db, &file)?;
            let thin_out = |(copies, keep): (Copies, u16)| copies.thin_out(keep.into(), now.today());
            (holdings, bytes, kept.map(thin_out).transpose()?.unwrap_or_default())
        }
    };
    let mut text = format!(
        "已备份到 {}（{} KB）：{}。\n里面有科室的登记和邮件全文，请按内部资料保管。\n",
        file.display(),
        bytes.div_ceil(1024),
        words(&holdings, settings),
    );
    for old in gone {
        let _ = writeln!(text, "已删去较早的 {}。", old.display());
    }
    Ok(Answer::done(text))
}

fn to_standby(context: &Context) -> Result {
    let (loaded, _) = context.look();
    let read = loaded.as_ref().ok().map(|loaded| loaded.sources.clone());
    let files = |_: &Gate, _: &Settings| Ok(standby::files(&context.config, &context.env, read.as_deref())?);
    let (office, _, files) = context.office_with(files)?;
    let mut db = context.open(&office.settings)?;
    Ok(Answer::done(standby::round(&mut db, &office, files, &context.now(&office.settings))?))
}

/// What a database holds, in words.
pub(super) fn words(holdings: &Holdings, settings: &Settings) -> String {
    let until = holdings.until.map_or("时间不详".to_owned(), |at| {
        settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
    });
    let Holdings { letters, occurrences, schema, .. } = holdings;
    format!("{letters} 封信，{occurrences} 个期次，截至 {until}，结构 {schema}")
}
