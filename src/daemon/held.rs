//! Other files at the paths of those that the service holds open: somebody has removed or replaced them. What it would
//! send then nobody would know of, so it ends, and systemd starts it with what is there.

use std::path::PathBuf;

use sd_notify::NotifyState;
use tracing::{error, info};

use super::{lock::SenderLock, systemd::notify};
use crate::{
    clock::Moment,
    config::Settings,
    service::{house::keep, post::standby},
    store::Store,
};

/// # Errors
/// Nothing more may be sent or noted; it is said in the log and in systemd's line.
pub fn look(store: &Store, lock: &SenderLock) -> anyhow::Result<()> {
    let what = match store.is_in_place() {
        Ok(()) if lock.is_in_place() => return Ok(()),
        Ok(()) => "the lock file was removed or replaced while it was held".to_owned(),
        Err(e) => e.to_string(),
    };
    error!(what, "nothing more is sent, the service ends to start again with the files that are there: {what}");
    notify(&[NotifyState::Status(&format!("nothing more is sent, ending; in trouble: database: {what}"))]);
    anyhow::bail!("运行中有文件被删掉或换掉了（{what}）：不再发信，服务停下，由 systemd 按现有的文件重新启动。")
}

/// # Errors
/// A standby has taken over while this ran; the next start says so, and is the last.
pub fn look_for_another(settings: &Settings) -> anyhow::Result<()> {
    let Some(why) = standby::taken_over(settings) else { return Ok(()) };
    error!("a standby has taken over: nothing more is sent, the service ends");
    notify(&[NotifyState::Status("nothing more is sent, ending: a standby has taken over")]);
    anyhow::bail!(why)
}

/// Saves what is held and is not at the path.
pub async fn let_go(store: &Store, database: PathBuf, now: Moment) {
    match store.close(move |db| keep::let_go(db, &database, &now)).await {
        Ok(None) => info!("all that was held is in the database at its path"),
        Ok(Some(copy)) => {
            let copy = copy.display();
            error!(%copy, "what was held is not in the database at its path, and was saved as {copy}");
        }
        Err(e) => error!(error = %e, "what was held could not be saved: {e}"),
    }
}
