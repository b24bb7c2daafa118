//! Opening the database for a command. What cannot be read is said, and never taken for empty.

use std::{io::ErrorKind, path::Path, sync::Once};

use super::{Context, Failure, Result, terminal};
use crate::{
    config::{Settings, tidy},
    daemon::lock::{SenderLock, make_folder_of},
    service::{house::keep::Copies, post::standby},
    store::{self, Db},
};

impl Context {
    /// Opens the database; makes it if needed. Only for what begins with an empty one: the service.
    pub fn make(&self, settings: &Settings) -> Result<Db> {
        self.make_folder(settings)?;
        Self::is_held_elsewhere(settings)?;
        Db::open(&settings.database).map_err(|e| failed(&e, &settings.database))
    }

    /// Opens the database that is there.
    pub fn open(&self, settings: &Settings) -> Result<Db> {
        there(&settings.database).map_err(|absent| absent.failure(&settings.database))?;
        Self::is_held_elsewhere(settings)?;
        // A command may open it more than once.
        static SAID: Once = Once::new();
        if let Some(why) = standby::taken_over(settings) {
            SAID.call_once(|| drop(terminal::tell(&format!("注意：{why}在这里登记的，那里没有。\n"))));
        }
        Db::open_there(&settings.database).map_err(|e| failed(&e, &settings.database))
    }

    /// # Errors
    /// The service holds other files than those at the path: what is done here would be lost there.
    fn is_held_elsewhere(settings: &Settings) -> Result<()> {
        let holder = SenderLock::holder(&settings.database).ok().flatten();
        let Some((pid, displaced)) = holder.and_then(|holder| Some((holder.pid, holder.displaced?))) else {
            return Ok(());
        };
        Err(Failure::new(format!(
            "服务（进程 {pid}）用的不是现在的 {}，这里什么也没有做：\n{}\n\
             一直没有重新启动的，执行 systemctl restart duban。要换数据库，先停止服务，再用 duban restore。",
            settings.database.display(),
            displaced.explain()
        )))
    }

    /// Makes the database's folder if needed.
    pub fn make_folder(&self, settings: &Settings) -> Result<()> {
        let why = |e: std::io::Error| Failure::new(format!("建不了数据库的目录 {}：{e}", settings.database.display()));
        make_folder_of(&settings.database).map_err(why)
    }

    /// For what may look ahead before the first start: an empty database if there is none yet, which is said.
    pub fn open_or_without(&self, settings: &Settings) -> Result<Db> {
        match there(&settings.database) {
            Err(Absent::NotYet) => {
                say_that_there_is_none(&Absent::NotYet, settings);
                Ok(Db::in_memory()?)
            }
            _ => self.open(settings),
        }
    }
}

/// What a newer version wrote stays: the way back is a copy from before the upgrade.
fn failed(e: &store::Error, path: &Path) -> Failure {
    let shown = path.display();
    let mut why = e.explain();
    if let store::Error::Newer { known, .. } = e {
        why += &match Copies::beside(path).and_then(|copies| copies.latest_up_to(*known)) {
            Some((copy, schema)) => format!(
                "\n要退回这个版本：停服务，把 {shown} 和旁边的 -wal 移到别处，执行 duban restore {}（结构 {schema}，升级以前的），\
                 再启动；那以后的登记和发信不在里面。",
                copy.display()
            ),
            None => "\n要退回这个版本，须有升级以前的备份；自动备份里已经没有。".to_owned(),
        };
    }
    Failure::new(format!("{why}\n（数据库：{shown}）"))
}

/// Says on standard error if there is no database that could be read: for commands that need only the files.
pub fn say_if_there_is_none(settings: &Settings) {
    if let Err(absent) = there(&settings.database) {
        say_that_there_is_none(&absent, settings);
    }
}

fn say_that_there_is_none(absent: &Absent, settings: &Settings) {
    let what = absent.what(&settings.database);
    let _ = terminal::tell(&format!("说明：{what}，以下只按文件，不知道办结和发信的情况。\n"));
}

/// Why there is no database to open.
pub enum Absent {
    NotYet,
    Empty,
    Odd,
    NoAccess,
    Other(std::io::Error),
}

/// # Errors
/// There is none, as far as can be seen.
pub fn there(database: &Path) -> std::result::Result<(), Absent> {
    match database.metadata() {
        Ok(file) if !file.is_file() => Err(Absent::Odd),
        Err(e) if e.kind() == ErrorKind::PermissionDenied && database.is_symlink() => Err(Absent::Odd),
        // SQLite takes an empty file for a new database; it is what is left of one.
        Ok(file) if file.len() == 0 => Err(Absent::Empty),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(Absent::NotYet),
        Err(e) if e.kind() == ErrorKind::PermissionDenied => Err(Absent::NoAccess),
        Err(e) => Err(Absent::Other(e)),
    }
}

impl Absent {
    fn what(&self, database: &Path) -> String {
        let path = tidy(database);
        let path = path.display();
        match self {
            Self::NotYet => format!("还没有数据库 {path}"),
            Self::Empty => format!("{path} 是空的（0 字节），不是数据库"),
            Self::Odd => format!("数据库 {path} 不是能打开的文件，是管道、设备、目录，或者是链接"),
            Self::NoAccess => format!("看不了数据库：当前用户进不了 {path} 的目录"),
            Self::Other(e) => format!("看不了数据库 {path}（{e}）"),
        }
    }

    pub fn failure(&self, database: &Path) -> Failure {
        let advice = match self {
            Self::NotYet => "服务第一次启动时自动建立；已经启动过的，检查 duban.toml 里的 database",
            Self::Empty => "从备份恢复（duban restore）；服务从没有启动过的，删去这个文件再启动",
            Self::Odd => "看看是谁放的，移开它；再从备份恢复（duban restore）",
            Self::NoAccess => "请在命令前加 sudo，再执行一次",
            Self::Other(_) => "检查磁盘和 duban.toml 里的 database",
        };
        Failure::new(format!("{}。{advice}。", self.what(database)))
    }
}
