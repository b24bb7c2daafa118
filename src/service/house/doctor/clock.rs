//! The clock: set, synchronised, and in the bureau's time zone.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use jiff::tz::TimeZone;

use super::Check;
use crate::clock::Moment;

const NAME: &str = "时钟";
/// systemd-timesyncd makes this file when it has set the clock.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
/// How often a program is polled for its end, at intervals of 0.1 s.
const PATIENCE: u32 = 50;

pub(in crate::service) async fn look(zone: Option<&TimeZone>, now: &Moment) -> Vec<Check> {
    let set = match now.is_plausible() {
        true => kept(is_synchronised().await),
        false => {
            let found = format!("是 {}，没有校准过：服务会一直等它校准", now.local.strftime("%Y-%m-%d %H:%M"));
            Check::bad(NAME, found, "校准时钟：timedatectl set-ntp true，或 timedatectl set-time '年-月-日 时:分'")
        }
    };
    let zone = zone.and_then(TimeZone::iana_name).unwrap_or("Asia/Shanghai");
    let local = now.local.strftime("%Y-%m-%d %H:%M");
    let told = Check::good("时区", format!("{zone}，现在是 {local}，请与手表对照（不论本机设的是什么时区）"));
    vec![set, told]
}

fn kept(synchronised: Option<bool>) -> Check {
    let advice = "执行 timedatectl set-ntp true，并请网络管理员指定局内的时间服务器；\
                  虚拟机由宿主机校时的不必办，与手表对照即可";
    match synchronised {
        Some(true) => Check::good(NAME, "自动校时正常"),
        Some(false) => Check::warning(NAME, "没有自动校时，会慢慢走偏", advice),
        None => Check::warning(NAME, "看不出有没有自动校时", advice),
    }
}

/// `None` if it cannot be found out.
async fn is_synchronised() -> Option<bool> {
    if Path::new(SYNCHRONISED).exists() {
        return Some(true);
    }
    match ask_systemd().await?.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// With a time limit: `timedatectl` asks another service, which may not answer.
async fn ask_systemd() -> Option<String> {
    let mut command = Command::new("timedatectl");
    command.args(["show", "-p", "NTPSynchronized", "--value"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    for _ in 0..PATIENCE {
        if child.try_wait().ok()?.is_some() {
            let said = child.wait_with_output().ok()?;
            return String::from_utf8(said.stdout).ok();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // It may have ended by itself meanwhile: then the error does not matter.
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::house::doctor::Verdict;

    #[tokio::test]
    async fn a_clock_that_was_never_set_is_bad() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let boot = Moment::new(jiff::Timestamp::UNIX_EPOCH, &zone);
        let checks = look(Some(&zone), &boot).await;
        assert_eq!(checks[0].verdict, Verdict::Bad);
        assert!(checks[1].found.contains("Asia/Shanghai，现在是 1970-01-01 08:00"), "{checks:?}");
    }

    #[test]
    fn not_knowing_is_no_fault() {
        for (synchronised, verdict) in
            [(Some(true), Verdict::Good), (Some(false), Verdict::Warning), (None, Verdict::Warning)]
        {
            assert_eq!(kept(synchronised).verdict, verdict);
        }
    }
}
