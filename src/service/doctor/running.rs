//! The service: whether it runs, and what it says is wrong with itself.

use std::{fs, io, path::Path};

use super::{AS_ROOT, Check, Given};
use crate::{config::Settings, service::troubles::Trouble};

const NAME: &str = "服务";

pub(super) fn look(given: &Given<'_>, settings: &Settings, troubles: &[Trouble]) -> Vec<Check> {
    let mut checks = vec![process(given, settings)];
    checks.extend(troubles.iter().filter_map(trouble));
    checks
}

fn process(given: &Given<'_>, settings: &Settings) -> Check {
    if let Some(pid) = given.holder {
        return Check::good(NAME, format!("在运行（进程 {pid}）"));
    }
    if fs::metadata(&settings.database).is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied) {
        return Check::warning(NAME, "看不出有没有运行：当前用户进不了数据库的目录", AS_ROOT);
    }
    let is_installed = Path::new("/run/systemd/system").exists() && given.config.starts_with("/etc");
    let advice = match is_installed {
        true => "执行 systemctl enable --now duban；起不来时用 journalctl -u duban -n 50 看原因",
        false => "执行 duban run",
    };
    Check::bad(NAME, "没有运行，不会发信", advice)
}

/// What is looked at elsewhere is said there.
fn trouble(trouble: &Trouble) -> Option<Check> {
    let advice = match trouble.name {
        "statutory_year" => return None,
        "letters" => "执行 duban outbox 看原因；先看下面“邮件”一项",
        "configuration" => "执行 duban check 看哪里有误，改好保存",
        "mailbox" => "看下面“收信”一项",
        _ => "执行 journalctl -u duban -n 50 看原因；看下面“数据库”一项",
    };
    Some(Check::bad(NAME, trouble.words.clone(), advice))
}
