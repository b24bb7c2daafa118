//! The database: present, undamaged, of this program, owned by the service's user, with room to grow.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::Timestamp;

use super::{AS_ROOT, Check, Given, Verdict};
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
    let misplaced = given.unit().and_then(|unit| misplaced(&unit.state, path, &allowed(&unit.name())));
    // A service that runs can write: somebody saw to it.
    let mut checks: Vec<Check> = misplaced.filter(|_| given.holder.is_none()).into_iter().collect();
    if checks.is_empty() || path.exists() {
        checks.insert(0, check);
    }
    checks.extend(owner(path));
    checks.extend(file_system(path));
    checks.extend(free_space(path));
    (checks, recorded)
}

/// Where the service could not even begin to write.
fn misplaced(state: &Path, path: &Path, allowed: &str) -> Option<Check> {
    let shown = state.display();
    if fs::symlink_metadata(state).is_ok_and(|folder| folder.is_symlink()) {
        let found = format!("{shown} 是符号链接：systemd 不收，服务起不来（238/STATE_DIRECTORY）");
        let advice =
            format!("删去链接，建成目录，把数据移回来；要放在别的磁盘上，就把那里挂载到 {shown}（mount --bind）");
        return Some(Check::bad(NAME, found, advice));
    }
    let folder = path.parent()?;
    let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let may_write = |place: &str| real.starts_with(place.trim_start_matches(['-', '+']));
    if real.starts_with(state) || allowed.split_whitespace().any(may_write) {
        return None;
    }
    let folder = tidy(folder);
    let found = format!("{} 在 {shown} 外面：安装包的服务写不了那里，起不来", tidy(path).display());
    let advice = format!(
        "duban.toml 的 database 改到 {shown} 里面；非放在那里不可的，执行 systemctl edit duban，写 [Service] 和 \
         ReadWritePaths={}，目录归 duban 用户",
        folder.display()
    );
    Some(Check::bad(NAME, found, advice))
}

/// Where else an admin lets the service write.
fn allowed(unit: &str) -> String {
    let mut command = Command::new("systemctl");
    command.args(["show", "--value", "-p", "ReadWritePaths", unit]).stdin(Stdio::null());
    command.output().map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default()
}

/// The nearest folder that is there.
fn folder(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| folder.is_dir())
}

fn file_system(path: &Path) -> Option<Check> {
    let folder = folder(path)?;
    let kind = rustix::fs::statfs(folder).ok()?.f_type;
    of_a_network(u64::try_from(kind).ok()?, folder)
}

/// By the kind that the kernel names (statfs(2)). The database's log needs memory that processes share, and locks.
fn of_a_network(kind: u64, folder: &Path) -> Option<Check> {
    let (verdict, name) = match kind {
        0x6969 => (Verdict::Bad, "NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => (Verdict::Bad, "CIFS（Windows 共享）"),
        0x6573_5546 => (Verdict::Warning, "FUSE（sshfs、网盘一类）"),
        _ => return None,
    };
    let found = format!("{} 在 {name} 上：那里的锁和共享内存靠不住，数据库会坏", tidy(folder).display());
    let advice =
        "停止服务，把数据库和旁边的文件移到本机的磁盘（ext4、xfs），改 duban.toml 的 database；备份可以放在那里";
    Some(Check { verdict, ..Check::bad(NAME, found, advice) })
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
    let folder = folder(path)?;
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

    #[test]
    fn a_network_is_no_place_for_it() {
        let folder = Path::new("/mnt/share");
        for (kind, verdict) in [
            (0x6969, Some(Verdict::Bad)),
            (0xFF53_4D42, Some(Verdict::Bad)),
            (0xFE53_4D42, Some(Verdict::Bad)),
            (0x6573_5546, Some(Verdict::Warning)),
            (0xEF53, None),
            (0x0102_1994, None),
        ] {
            assert_eq!(of_a_network(kind, folder).map(|check| check.verdict), verdict, "{kind:x}");
        }
        assert_eq!(file_system(Path::new("/proc/none/duban.db")), None);
    }

    #[test]
    fn the_unit_writes_in_its_own_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        let (state, other) = (folder.path().join("state"), folder.path().join("other"));
        fs::create_dir(&state).unwrap();
        fs::create_dir(&other).unwrap();
        let found = |path: PathBuf, allowed: &str| misplaced(&state, &path, allowed).map(|check| check.found);
        assert_eq!(found(state.join("duban.db"), ""), None);
        assert_eq!(found(state.join("not/yet/duban.db"), ""), None);
        assert!(found(other.join("duban.db"), "/srv").unwrap().contains("写不了"));
        assert_eq!(found(other.join("duban.db"), &format!("/srv -{}", other.display())), None);
        fs::remove_dir(&state).unwrap();
        std::os::unix::fs::symlink(&other, &state).unwrap();
        assert!(found(state.join("duban.db"), "").unwrap().contains("238/STATE_DIRECTORY"));
    }
}
