//! What is wrong with the service itself, for `status`, `doctor`, the metrics, systemd's status line and the log.

use jiff::{SignedDuration, Timestamp};

use crate::{
    clock::Moment,
    domain::calendar::shift,
    service::{
        Office, Result,
        course::sweep::{late_letters, missing_year},
        desk::incoming::mailbox,
        house::keep::{Copies, held_copies},
        post::standby,
        tell::Notice,
    },
    store::{
        Tx,
        state::{self, Failing},
    },
};

/// A condition of the service that a person should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The name in metrics and logs.
    pub name: &'static str,
    /// In Chinese.
    pub words: String,
}

/// Every name: the metrics show each one, also while it is no trouble.
pub const NAMES: [&str; 9] =
    ["database", "sweep", "server", "letters", "configuration", "mailbox", "statutory_year", "backup", "standby"];

/// Days without a new copy before it is a trouble. Copies are nightly, but the machine may be off over a weekend.
const COPY_DAYS: i64 = 4;
/// The admin is told that sweeps had failed only if they failed for at least this long.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(10);

pub fn troubles(tx: &Tx, office: &Office, now: &Moment) -> Result<Vec<Trouble>> {
    let local = |at: Timestamp| office.settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let mut found = Vec::new();
    let mut add = |name, words: String| found.push(Trouble { name, words });
    if let Err(e) = tx.is_in_place() {
        add("database", e.explain());
    }
    for copy in held_copies(&office.settings.database) {
        let copy = copy.display();
        add("database", format!("数据库在服务运行中被换掉过，原来那份存为 {copy}，其中有现在没有的：核对以后删去"));
    }
    if let Some(failing) = failing(tx)? {
        add("sweep", format!("从 {} 起没能检查期限：{}", local(failing.since), failing.why));
    }
    // With nothing to send it is not known whether it still does.
    if let Some(refused) = tx.get(state::REFUSED)?.flatten()
        && tx.is_owed()?
    {
        let (since, why) = (local(refused.since), refused.why);
        add("server", format!("邮件服务器从 {since} 起拒收本系统的信，信都留着，照原话处理，好了自动补发：{why}"));
    }
    let late = late_letters(tx, office, now)?;
    if late > 0 {
        add("letters", format!("{late} 封信一小时以上没有发出，用 duban outbox 查看"));
    }
    if let Some(load) = tx.last_load()?.filter(|load| !load.accepted) {
        add("configuration", format!("{} 的修改有误，没有生效，用 duban check 查看", local(load.at)));
    }
    let mailbox = mailbox::state_in(tx)?.trouble.filter(|_| office.settings.mailbox.is_some());
    if let Some((since, why)) = mailbox {
        add("mailbox", format!("收信邮箱从 {} 起读不了：{why}", local(since)));
    }
    if let Some(year) = missing_year(&office.calendar, now.today()) {
        add("statutory_year", format!("还没有 {year} 年的放假安排，工作日按周一至周五暂算"));
    }
    let latest = Copies::beside(&office.settings.database).and_then(|copies| copies.latest());
    if let Some(day) = latest.filter(|day| shift(*day, COPY_DAYS) < now.today()) {
        add("backup", format!("最近一份自动备份是 {day} 的，用 systemctl status duban-backup 看原因"));
    }
    if let Some(words) = standby::trouble(&office.settings, now) {
        add("standby", words);
    }
    Ok(found)
}

/// Records since when sweeps have failed, and why.
pub fn sweeps_fail(tx: &Tx, failing: &Failing) -> crate::store::Result<()> {
    tx.put(state::SWEEPS_FAIL, &Some(failing.clone())).map(drop)
}

/// Records that a sweep succeeded. Tells the admin if sweeps had failed for long, as recorded before a restart or as
/// in `until_now`.
pub fn sweeps_succeed(tx: &Tx, office: &Office, until_now: Option<Failing>, now: &Moment) -> crate::store::Result<()> {
    let Some(Failing { since, why }) = until_now.or(failing(tx)?) else { return Ok(()) };
    tx.put(state::SWEEPS_FAIL, &None)?;
    if now.at.duration_since(since) >= TOLD_AFTER {
        office.tell_admin(tx, &Notice::Swept { since, why }, now)?;
    }
    Ok(())
}

fn failing(tx: &Tx) -> crate::store::Result<Option<Failing>> {
    Ok(tx.get(state::SWEEPS_FAIL)?.flatten())
}
