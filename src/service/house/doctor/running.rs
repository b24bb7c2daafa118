//! The service: whether it runs, and the troubles that it has recorded.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
    time::SystemTime,
};

use super::{AS_ROOT, Check, Given};
use crate::{
    config::{Settings, Transport, secret},
    disk,
    service::{house::troubles::Trouble, named},
};

const NAME: &str = "服务";
const HANDED: &str = "凭据";
/// What /usr/lib/duban/setup puts beside the unit where systemd is older than 250.
const DROP_IN: &str = "service.d/credentials.conf";

pub(in crate::service) fn look(given: &Given<'_>, settings: &Settings, troubles: &[Trouble]) -> Vec<Check> {
    let mut checks = vec![process(given, settings)];
    checks.extend(troubles.iter().filter_map(|found| trouble(found, given)));
    checks.extend(is_older_than_its_passwords(given));
    checks.extend(is_not_enabled(given));
    if let Some(unit) = given.unit() {
        let of = if unit.instance.is_some() { "duban@" } else { "duban" };
        checks.push(handed(fs::read_to_string(format!("/etc/systemd/system/{of}.{DROP_IN}")).ok().as_deref()));
    }
    checks
}

/// How the passwords reach the service.
fn handed(drop_in: Option<&str>) -> Check {
    let sets = |key: &str| drop_in.is_some_and(|text| text.lines().any(|line| line.starts_with(key)));
    let way = match () {
        () if sets("SetCredential=") => "由 systemd 逐个文件交给服务（247 到 249 版的办法）",
        () if sets("ExecStartPre=") => {
            "由服务所属的组自己读（247 以前的 systemd 不会转交）：以 duban 身份运行的别的程序也读得到"
        }
        () => "由 systemd 整个目录交给服务（250 以后的办法）",
    };
    Check::good(HANDED, format!("credentials/ 里的口令和密钥{way}"))
}

fn process(given: &Given<'_>, settings: &Settings) -> Check {
    if let Some(pid) = given.holder {
        return Check::good(NAME, format!("在运行（进程 {pid}）"));
    }
    let is_barred = |tried: io::Result<()>| tried.is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied);
    if is_barred(fs::metadata(&settings.database).map(drop)) {
        return Check::warning(NAME, "看不出有没有运行：当前用户进不了数据库的目录", AS_ROOT);
    }
    if is_barred(disk::open_plain(fs::OpenOptions::new().read(true), &named(&settings.database, ".lock")).map(drop)) {
        return Check::warning(NAME, "看不出有没有运行：当前用户读不了锁文件", AS_ROOT);
    }
    let advice = match given.unit().is_some() {
        true => "执行 systemctl enable --now duban；起不来时用 journalctl -u duban -n 50 看原因",
        false => "执行 duban run",
    };
    Check::bad(NAME, "没有运行，不会发信", advice)
}

/// `None` for troubles that another check reports.
fn trouble(trouble: &Trouble, given: &Given<'_>) -> Option<Check> {
    let advice = match trouble.name {
        "statutory_year" => return None,
        "backup" => "清理磁盘，再执行 systemctl start duban-backup",
        "standby" => "执行 duban backup --standby 看原因；见手册“备用机”",
        "server" => {
            "照原话处理：说黑名单、IP 或主机名的，请网络管理员放行；说发件人、SPF 或无权发信的，核对 [mail] 的 from \
             与登录账号；用 duban test-mail 试，好了自动补发"
        }
        "letters" => "执行 duban outbox 看原因；先看下面“邮件”一项",
        // The files were mended since, or they need a password that the service was not started with.
        "configuration" if given.loaded.is_ok() => {
            "现在的文件没有问题：执行 systemctl restart duban（或 duban reload）"
        }
        "configuration" => "执行 duban check 看哪里有误，改好保存",
        "mailbox" => "看下面“收信”一项",
        _ => "执行 journalctl -u duban -n 50 看原因；看下面“数据库”一项",
    };
    Some(Check::bad(NAME, trouble.words.clone(), advice))
}

/// systemd hands the passwords over at the start; the service does not see a later change.
fn is_older_than_its_passwords(given: &Given<'_>) -> Option<Check> {
    let started = fs::metadata(format!("/proc/{}", given.holder?)).and_then(|process| process.modified()).ok()?;
    let is_older = given.before.passwords_changed? > started;
    is_older.then(|| Check::warning(NAME, "启动以后口令改过，服务用的还是原来的", "执行 systemctl restart duban"))
}

pub(super) fn passwords_changed(config: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(config.parent()?.join(secret::FOLDER)).ok()?.flatten();
    entries.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max()
}

/// The service runs, but would not start with the machine.
fn is_not_enabled(given: &Given<'_>) -> Option<Check> {
    let unit = given.unit().filter(|_| given.holder.is_some())?;
    let said = Command::new("systemctl").args(["is-enabled", &unit.name()]).stdin(Stdio::null()).output().ok()?;
    let is_disabled = said.stdout.trim_ascii() == b"disabled";
    is_disabled.then(|| Check::warning(NAME, "机器重启以后不会自动启动", "执行 systemctl enable duban"))
}

/// Told where letters really go out.
pub(super) fn has_no_standby(given: &Given<'_>, settings: &Settings) -> Option<Check> {
    given.unit().filter(|_| settings.standby.is_none() && matches!(settings.mail.transport, Transport::Smtp(_)))?;
    let found = "没有备用机：这台坏了，最多丢一天的登记，要重装才能再发信";
    Some(Check::warning("备用机", found, "见手册“备用机”：另找一台机器或一个挂载的目录，五分钟拷一次"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_the_passwords_is_told() {
        for (drop_in, way) in [
            (None, "整个目录"),
            (Some(include_str!("../../../../deploy/lib/credentials-files.conf")), "逐个文件"),
            (Some(include_str!("../../../../deploy/lib/credentials-group.conf")), "所属的组"),
        ] {
            assert!(handed(drop_in).found.contains(way), "{drop_in:?}");
        }
    }
}
