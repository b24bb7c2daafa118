//! `duban take-over`: what a standby's copies hold is put in place on this machine, and the service is started.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Stdio},
};

use clap::Args;
use jiff::tz::TimeZone;

use super::{Answer, Context, Failure, Result};
use crate::{
    config,
    daemon::lock::SenderLock,
    disk::folder_of,
    service::house::{
        setup::{SCRIPT, Staged, Unit, has_systemd},
        standby::{COPY, Left},
    },
};

#[derive(Args)]
#[command(next_help_heading = "选项")]
pub struct TakeOverArgs {
    /// 备用机的目录，里面是原来那台机器的拷贝
    #[arg(value_name = "目录")]
    pub folder: PathBuf,
    /// 原来的机器 11 分钟内还在，也接替：确知它已断电、或已停了服务
    #[arg(long)]
    pub force: bool,
}

pub fn take_over(context: &Context, args: &TakeOverArgs) -> Result {
    let now = context.clock.now(&TimeZone::UTC).at;
    let left = Left::open(&args.folder)?;
    if let Some(mark) = left.mark.filter(|_| !args.force) {
        return Err(Failure::new(format!(
            "没有接替：{} 里有记号，{} 已经有机器接替过。那台停用了、要由这台再接替的，加 --force。",
            args.folder.display(),
            mark.at
        )));
    }
    if left.answers(now) && !args.force {
        let at = left.at().map_or("什么时候不详".to_owned(), |at| {
            let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
            zone.to_datetime(at).strftime("最近一次拷贝是 %Y-%m-%d %H:%M").to_string()
        });
        return Err(Failure::new(format!(
            "没有接替：原来的机器可能还在（{at}），两台一起发信，科室会收到两份。\n\
             等满 11 分钟没有新的拷贝再来；确知它已断电，或服务已停（systemctl stop duban duban-standby.timer），加 --force。"
        )));
    }
    let folder = folder_of(&context.config);
    let unwritable = |e: std::io::Error| {
        Failure::new(format!("写不了 {}：{e}。没有接替。请用 root 执行：在命令前加 sudo。", folder.display()))
    };
    let staged = Staged::write(folder, left.drafts()?).map_err(unwritable)?;
    let loaded = config::load(&staged.config(), &context.env).map_err(|findings| {
        let findings = staged.as_placed(&findings.to_string());
        Failure::new(format!("{}\n\n原来的机器的配置在这里用不了，没有接替。", findings.trim_end()))
    })?;
    // It would send from its own database with what is put in place.
    if SenderLock::holder(&loaded.settings.database).is_ok_and(|holder| holder.is_some()) {
        return Err(Failure::new("这台机器上的服务在运行，没有接替。先停它：systemctl stop duban，再执行一次。"));
    }
    let placed = staged.put().map_err(unwritable)?;
    let unit = Unit::of(&fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()));
    let instance = unit.as_ref().and_then(|unit| unit.instance.clone());
    if let Some(name) = &instance {
        told(SCRIPT, &["account", name], "没有接替。")?;
    }
    // A process of its own becomes the database's user; this one stays root's.
    const UNDONE: &str = "接替没有做完，服务没有启动；照上面的改好，再执行一次。";
    let program = env::current_exe().map_err(|e| Failure::new(format!("找不到程序自己：{e}。没有接替。")))?;
    let (copy, config) = (args.folder.join(COPY), context.config.display().to_string());
    let (at, copy) = (now.to_string(), copy.display().to_string());
    let restored = told(&program, &["restore", "--taking-over", &at, "--config", &config, &copy], UNDONE)?;
    left.leave_mark(now)?;
    let kept = placed.iter().filter_map(|file| file.kept.as_ref());
    let kept: String = kept.map(|kept| format!("原来的配置另存为 {}。\n", kept.display())).collect();
    const UNSTARTED: &str =
        "已接替，但服务没有都启动：执行 systemctl start duban duban-backup.timer，看 journalctl -u duban -n 50。";
    let started = match (&unit, has_systemd()) {
        (Some(_), true) => {
            match &instance {
                Some(name) => told(SCRIPT, &["instance", name], UNSTARTED)?,
                None => told("systemctl", &["enable", "--now", "duban.service", "duban-backup.timer"], UNSTARTED)?,
            };
            "服务已启动：执行 duban doctor 看还有什么不对。".to_owned()
        }
        _ => format!("现在可以启动服务：duban run --config {config}"),
    };
    Ok(Answer::done(format!(
        "{restored}{kept}已接替：原来的机器回来，看到 {} 里的记号就不发信。{started}\n\
         这台现在没有备用机：改 duban.toml 的 standby，再设一台。\n",
        args.folder.display()
    )))
}

/// What another program says. `failed`: how far that leaves the take-over.
fn told(program: impl AsRef<Path>, args: &[&str], failed: &str) -> Result<String> {
    let program = program.as_ref();
    let done = process::Command::new(program).args(args).stdin(Stdio::null()).output();
    let done = done.map_err(|e| Failure::new(format!("{} 执行不了：{e}。", program.display())))?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        false => {
            let said = String::from_utf8_lossy(&done.stderr);
            Err(Failure::new(format!("{}\n{failed}", said.trim_end())))
        }
    }
}
