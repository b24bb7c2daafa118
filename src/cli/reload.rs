//! `duban reload`: has the running service read the files now, and waits for the result, so that `systemctl reload`
//! fails if the configuration has errors.

use std::{thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

use super::{Answer, Context, Failure, Result};
use crate::daemon::lock::SenderLock;

const LONGEST_WAIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

pub fn reload(context: &Context) -> Result {
    // Checked here first, so that the person sees all findings.
    let office = context.office()?.0;
    let mut db = context.open(&office.settings)?;
    let holder = SenderLock::holder(&office.settings.database)
        .map_err(|e| Failure::new(format!("看不出服务有没有运行：锁文件读不了（{e}）。请用 sudo 再执行一次。")))?;
    let pid = holder.and_then(|holder| Pid::from_raw(holder.pid));
    let pid = pid.ok_or_else(|| Failure::new("服务没有运行，下次启动时会读取新配置。"))?;
    let before = db.read(|tx| tx.last_load())?.map_or(0, |load| load.id);
    kill_process(pid, Signal::HUP).map_err(|e| {
        Failure::new(format!(
            "通知不到服务（进程 {pid}）：{e}。请用运行服务的用户或 root。",
            pid = pid.as_raw_nonzero()
        ))
    })?;
    let mut waited = Duration::ZERO;
    while waited < LONGEST_WAIT {
        thread::sleep(PAUSE);
        waited += PAUSE;
        if let Some(load) = db.read(|tx| tx.last_load())?.filter(|load| load.id > before) {
            return match load.accepted {
                true => Ok(Answer::done("新配置已生效。\n")),
                false => Err(Failure::new(format!("{}\n新配置没有生效，仍按原来的运行。", load.detail))),
            };
        }
    }
    Err(Failure::new("等了 60 秒服务还没有答复，请看它的日志。"))
}
