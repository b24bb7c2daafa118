//! The service: whether it runs, and what it says is wrong with itself.

use std::path::Path;

use super::{Check, Given};
use crate::service::troubles::Trouble;

const NAME: &str = "服务";

pub(super) fn look(given: &Given<'_>, troubles: &[Trouble]) -> Vec<Check> {
    let is_installed = Path::new("/run/systemd/system").exists() && given.config.starts_with("/etc");
    let mut checks = vec![match (given.holder, is_installed) {
        (Some(pid), _) => Check::good(NAME, format!("在运行（进程 {pid}）")),
        (None, true) => {
            let advice = "执行 systemctl enable --now duban；起不来时用 journalctl -u duban -n 50 看原因";
            Check::bad(NAME, "没有运行，不会发信", advice)
        }
        (None, false) => Check::bad(NAME, "没有运行，不会发信", "执行 duban run"),
    }];
    checks.extend(troubles.iter().filter_map(trouble));
    checks
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
