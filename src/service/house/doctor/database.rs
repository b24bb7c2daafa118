//! The database: present, undamaged, of this program, owned by the service's user, with room to grow.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{AS_ROOT, Check, Given};
use crate::{
    clock::Moment,
    config::tidy,
    service::{
        Office, Result,
        house::troubles::{Trouble, troubles},
        named,
        post::last,
    },
    store::{self, Db, Tx},
};

const NAME: &str = "数据库";
/// 200 MiB. Ten years of data are about 600 MB.
const LEAST_FREE_BYTES: u64 = 200 << 20;

/// What the service has recorded.
#[derive(Default)]
pub(in crate::service) struct Recorded {
    pub(in crate::service) troubles: Vec<Trouble>,
    /// When its last attempt to send failed, and why.
    pub(in crate::service) failure: Option<(Timestamp, String)>,
}

impl Recorded {
    fn read(tx: &Tx, office: &Office, now: &Moment) -> Result<Self> {
        Ok(Self { troubles: troubles(tx, office, now)?, failure: last::failure(tx)? })
    }
}

/// Also returns what the service has recorded.
pub(in crate::service) fn look(given: &Given<'_>, office: &Office) -> (Vec<Check>, Recorded) {
    let path = &office.settings.database;
    let (check, recorded) = match (given.displaced, fs::metadata(path)) {
        // Opening it beside the service would make a second log.
        (Some(e), _) => (broken(e), Recorded::default()),
        (None, Ok(_)) => open(path, office, given.now),
        (None, Err(e)) => (not_there(path, &e), Recorded::default()),
    };
    let mut checks = vec![check];
    checks.extend(owner(path));
    checks.extend(free_space(path));
    (checks, recorded)
}

fn not_there(path: &Path, error: &io::Error) -> Check {
    let shown = tidy(path);
    let shown = shown.display();
    match error.kind() {
        io::ErrorKind::NotFound => Check::warning(NAME, format!("{shown} 还没有"), "不必办：服务第一次启动时自动建立"),
        io::ErrorKind::PermissionDenied => {
            Check::warning(NAME, format!("没有看：当前用户进不了 {shown} 的目录"), AS_ROOT)
        }
        _ => Check::bad(NAME, format!("{shown} 看不了：{error}"), "检查磁盘和 duban.toml 里的 database"),
    }
}

/// Does not migrate: an older schema is left for the service to upgrade.
fn open(path: &Path, office: &Office, now: &Moment) -> (Check, Recorded) {
    let mut db = match Db::open_to_look(path) {
        Ok(db) => db,
        Err(e) => return (broken(&e), Recorded::default()),
    };
    let damage = db.damage_at_a_glance();
    if !damage.is_empty() {
        let found = format!("{} 已损坏：{}", tidy(path).display(), damage.join("；"));
        let advice = "停止服务（systemctl stop duban），检查磁盘，用 duban restore 从备份恢复";
        return (Check::bad(NAME, found, advice), Recorded::default());
    }
    match db.is_up_to_date(path) {
        Err(e) => (broken(&e), Recorded::default()),
        Ok(false) => {
            let found = format!("{} 是旧版本写的，服务启动时自动升级", tidy(path).display());
            (Check::good(NAME, found), Recorded::default())
        }
        Ok(true) => match db.read(|tx| Ok(Recorded::read(tx, office, now))) {
            Ok(Ok(recorded)) => (Check::good(NAME, format!("{}，完好", tidy(path).display())), recorded),
            Ok(Err(e)) => (Check::bad(NAME, e.explain(), "执行 duban verify 细看"), Recorded::default()),
            Err(e) => (broken(&e), Recorded::default()),
        },
    }
}

fn broken(error: &store::Error) -> Check {
    // The first sentence says what is wrong, the others what to do.
    let words = error.explain();
    let (found, advice) = words.split_once('。').unwrap_or((&words, ""));
    let advice = if advice.is_empty() { "执行 duban verify 细看" } else { advice };
    Check::bad(NAME, found, advice)
}

/// The service cannot open files that root has made in its folder.
fn owner(path: &Path) -> Option<Check> {
    let folder = fs::metadata(path.parent()?).ok()?;
    let stray = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|m| m.uid() != folder.uid());
    let beside = ["", "-wal", "-shm", ".lock", ".link-key"].map(|end| named(path, end));
    let stray = beside.iter().find(|path| stray(path))?;
    let shown = tidy(stray);
    let found = format!("{} 不属于它所在目录的用户，服务可能打不开", shown.display());
    let folder = tidy(path.parent()?);
    let advice = format!("停止服务，执行 chown --reference={} {}", folder.display(), shown.display());
    Some(Check::bad(NAME, found, advice))
}

fn free_space(path: &Path) -> Option<Check> {
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir())?;
    let disk = rustix::fs::statvfs(folder).ok()?;
    little_space(disk.f_bavail.saturating_mul(disk.f_frsize), folder)
}

fn little_space(free: u64, folder: &Path) -> Option<Check> {
    let found = || format!("{} 所在的磁盘只剩 {} MB", tidy(folder).display(), free >> 20);
    (free < LEAST_FREE_BYTES).then(|| Check::warning(NAME, found(), "腾出空间：磁盘满了，办结和发信都记不下来"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_is_worth_a_word() {
        let folder = Path::new("/var/lib/duban");
        assert_eq!(little_space(200 << 20, folder), None);
        assert!(little_space((200 << 20) - 1, folder).unwrap().found.contains("只剩 199 MB"));
    }
}
