//! What systemd is told.

use sd_notify::NotifyState;
use tracing::warn;

use crate::{domain::Date, store::Store};

/// Not under systemd there is nobody to tell.
pub fn notify(state: &[NotifyState]) {
    if let Err(e) = sd_notify::notify(state) {
        warn!(error = %e, "systemd could not be told");
    }
}

/// The line that `systemctl status` shows; `trouble` is put at its end.
pub async fn show_status(store: &Store, today: Date, trouble: &str) {
    let count = move |db: &mut crate::store::Db| {
        db.read(|tx| Ok((tx.count_open(today)?, tx.count_letters()?, tx.count_waiting()?)))
    };
    let Ok(((open, overdue), letters, replies)) = store.call(count).await else { return };
    let status = format!(
        "{open} open, {overdue} overdue; {} letters waiting, {} failed, {} bounced; {replies} replies for a person{trouble}",
        letters.queued, letters.failed, letters.bounced
    );
    notify(&[NotifyState::Status(&status)]);
}
