//! What systemd is told.

use std::sync::Arc;

use sd_notify::NotifyState;
use tracing::warn;

use crate::{
    clock::Moment,
    service::{Office, troubles::troubles},
    store::{Db, Store},
};

/// Not under systemd there is nobody to tell.
pub fn notify(state: &[NotifyState]) {
    if let Err(e) = sd_notify::notify(state) {
        warn!(error = %e, "systemd could not be told: {e}");
    }
}

/// The line that `systemctl status` shows, with what is wrong at its end; `pages` is what is wrong with the pages.
/// Gives the names of what is wrong.
pub async fn show_status(store: &Store, office: Arc<Office>, now: Moment, pages: &str) -> Option<Vec<&'static str>> {
    let count = move |db: &mut Db| {
        db.read(|tx| {
            let troubles = troubles(tx, &office, &now);
            Ok((tx.count_open(now.today())?, tx.count_letters()?, tx.count_waiting()?, troubles))
        })
    };
    let ((open, overdue), letters, replies, troubles) = store.call(count).await.ok()?;
    let troubles: Vec<&str> = troubles.ok()?.into_iter().map(|t| t.name).collect();
    let trouble = if troubles.is_empty() { String::new() } else { format!("; in trouble: {}", troubles.join(", ")) };
    let status = format!(
        "{open} open, {overdue} overdue; {} letters waiting, {} failed, {} bounced; {replies} replies for a person{pages}{trouble}",
        letters.queued, letters.failed, letters.bounced
    );
    notify(&[NotifyState::Status(&status)]);
    Some(troubles)
}
