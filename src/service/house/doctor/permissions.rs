//! Whether the service's user can read and write what it needs, by owner and mode, and others cannot.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use super::{AS_ROOT, Check};
use crate::config::{Findings, Loaded, Settings, Transport, secret, tidy};

const NAME: &str = "权限";
const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;

/// The user that the service runs as: the owner of the database's folder.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

pub(super) fn look(config: &Path, loaded: &Result<Loaded, Findings>, settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    let credentials = beside(config).join(secret::FOLDER);
    let folder = settings.database.parent().unwrap_or(Path::new("."));
    let user = fs::metadata(folder).map(|m| User::of(&m)).ok();
    checks.extend(secrets(&credentials, user));
    if let Some(user) = user {
        checks.extend(unreadable(config, loaded, &credentials, user));
        checks.extend(database_folder(folder));
        checks.extend(mail_folder(settings, user));
        checks.extend(not_all_was_seen(user));
    } else {
        let found = format!("{} 还没有，看不出服务以哪个用户运行", tidy(folder).display());
        checks.push(Check::warning(NAME, found, "服务启动以后再看一次"));
    }
    if checks.is_empty() {
        checks.push(Check::good(NAME, "配置、口令、数据库、邮件目录的权限都合适"));
    }
    checks
}

impl User {
    fn of(metadata: &Metadata) -> Self {
        Self { uid: metadata.uid(), gid: metadata.gid() }
    }

    /// By owner and mode; the user's supplementary groups are not known.
    fn may(self, what: u32, metadata: &Metadata) -> bool {
        self.may_by(what, (metadata.uid(), metadata.gid(), metadata.mode()))
    }

    fn may_by(self, what: u32, (uid, gid, mode): (u32, u32, u32)) -> bool {
        let bits = match () {
            () if self.uid == 0 => return true,
            () if self.uid == uid => mode >> 6,
            () if self.gid == gid => mode >> 3,
            () => mode,
        };
        bits & what == what
    }

    /// Checks the file itself and each folder on the way to it.
    fn may_reach(self, what: u32, path: &Path) -> bool {
        let Ok(real) = fs::canonicalize(path) else { return true };
        let is_open = |folder: &Path| fs::metadata(folder).is_ok_and(|m| self.may(SEARCH, &m));
        fs::metadata(&real).is_ok_and(|m| self.may(what, &m)) && real.ancestors().skip(1).all(is_open)
    }
}

fn beside(config: &Path) -> &Path {
    config.parent().unwrap_or(Path::new("."))
}

/// Only root may read the passwords, and the service's group where systemd hands nothing over.
fn secrets(folder: &Path, user: Option<User>) -> Vec<Check> {
    let is_open_to_others = |metadata: &Metadata| {
        let reads = if user.is_some_and(|user| user.gid == metadata.gid()) { 0o027 } else { 0o077 };
        metadata.mode() & reads != 0
    };
    let Ok(metadata) = fs::metadata(folder) else { return Vec::new() };
    let shown = tidy(folder);
    let mut checks = Vec::new();
    if is_open_to_others(&metadata) {
        let found = format!("口令的目录 {} 别人也能看", shown.display());
        checks.push(Check::bad(NAME, found, format!("执行 chmod 700 {}", shown.display())));
    }
    match fs::read_dir(folder) {
        Ok(entries) => {
            let open = |path: &PathBuf| fs::metadata(path).is_ok_and(|m| m.is_file() && is_open_to_others(&m));
            let mut open: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(open).collect();
            open.sort();
            checks.extend(open.iter().map(|path| {
                let shown = tidy(path);
                let found = format!("口令文件 {} 别人也能读", shown.display());
                Check::bad(NAME, found, format!("执行 chmod 600 {}", shown.display()))
            }));
        }
        Err(_) => {
            let found = format!("没有看：{} 只有 root 能看", shown.display());
            checks.push(Check::warning(NAME, found, AS_ROOT));
        }
    }
    checks
}

/// Files that the service's user cannot read, of those read at every start and after every edit.
fn unreadable(config: &Path, loaded: &Result<Loaded, Findings>, credentials: &Path, user: User) -> Vec<Check> {
    let config = [config.to_owned()];
    let sources = loaded.as_ref().map_or(&config[..], |loaded| &loaded.sources[..]);
    let handed_over = |path: &PathBuf| path.starts_with(credentials);
    let unreadable = sources.iter().filter(|path| !handed_over(path) && !user.may_reach(READ, path));
    unreadable
        .map(|path| {
            let shown = tidy(path);
            let found = format!("运行服务的用户（编号 {}）读不了 {}", user.uid, shown.display());
            Check::bad(NAME, found, format!("执行 chmod a+r {}；它的目录执行 chmod a+rx", shown.display()))
        })
        .collect()
}

fn database_folder(folder: &Path) -> Option<Check> {
    let mode = fs::metadata(folder).ok()?.mode();
    let shown = tidy(folder);
    let found = format!("数据库的目录 {} 别的用户也能看", shown.display());
    (mode & 0o077 != 0).then(|| Check::warning(NAME, found, format!("执行 chmod 700 {}", shown.display())))
}

/// The first letter makes the mail folder; until then the nearest existing parent is checked.
fn mail_folder(settings: &Settings, user: User) -> Option<Check> {
    let Transport::Folder(folder) = &settings.mail.transport else { return None };
    let shown = tidy(folder);
    let there = shown.ancestors().find(|folder| folder.exists())?;
    let advice = format!("执行 chown -R {}:{} {}", user.uid, user.gid, there.display());
    let found = format!("运行服务的用户（编号 {}）写不了邮件目录 {}", user.uid, shown.display());
    (!user.may_reach(WRITE | SEARCH, there)).then(|| Check::bad(NAME, found, advice))
}

fn not_all_was_seen(user: User) -> Option<Check> {
    let me = geteuid().as_raw();
    let found = || format!("当前用户（编号 {me}）不是 root，也不是运行服务的用户，有些没有看到");
    (me != 0 && me != user.uid).then(|| Check::warning(NAME, found(), AS_ROOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_what() {
        let user = User { uid: 100, gid: 200 };
        for (file, what, may) in [
            ((100, 0, 0o400), READ, true),
            ((100, 0, 0o044), READ, false),
            ((0, 200, 0o640), READ, true),
            ((0, 200, 0o604), READ, false),
            ((0, 0, 0o644), READ, true),
            ((0, 0, 0o640), READ, false),
            ((0, 0, 0o644), WRITE, false),
            ((100, 200, 0o500), WRITE | SEARCH, false),
            ((100, 200, 0o700), WRITE | SEARCH, true),
        ] {
            assert_eq!(user.may_by(what, file), may, "{file:?} {what}");
        }
        assert!(User { uid: 0, gid: 0 }.may_by(WRITE, (100, 200, 0)));
    }
}
