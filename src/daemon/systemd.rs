//! Notifications to systemd.

use jiff::civil::Date;
use sd_notify::NotifyState;
use tracing::warn;

use crate::{
    clock::Moment,
    service::{Office, Result, house::troubles::troubles},
    store::{Owed, Tx},
};

/// Does nothing without systemd.
pub fn notify(state: &[NotifyState]) {
    if let Err(e) = sd_notify::notify(state) {
        warn!(error = %e, "systemd could not be told: {e}");
    }
}

/// How many occurrences are open and overdue. Kept until an occurrence changes or the day ends: counting a hundred
/// thousand takes longer than the rest of a tick.
#[derive(Clone, Copy)]
pub struct Counted {
    changes: i64,
    day: Date,
    open: u32,
    overdue: u32,
}

/// The contents of the status line.
pub struct Status {
    pub counted: Counted,
    owed: Owed,
    replies: u32,
    /// The names of the troubles.
    pub troubles: Vec<&'static str>,
}

pub fn look(tx: &Tx, office: &Office, now: &Moment, counted: Option<Counted>) -> Result<Status> {
    let (changes, day) = (tx.changes()?, now.today());
    let counted = match counted.filter(|c| (c.changes, c.day) == (changes, day)) {
        Some(counted) => counted,
        None => {
            let open = tx.count_open(day)?;
            Counted { changes, day, open: open.all, overdue: open.overdue }
        }
    };
    let troubles = troubles(tx, office, now)?.into_iter().map(|t| t.name).collect();
    Ok(Status { counted, owed: tx.count_owed()?, replies: tx.count_waiting()?, troubles })
}

/// Sets the line that `systemctl status` shows, with the troubles at its end; `pages` is the trouble with the pages.
pub fn show(status: &Status, pages: &str) {
    let Status { counted: Counted { open, overdue, .. }, owed, replies, troubles } = status;
    let trouble = if troubles.is_empty() { String::new() } else { format!("; in trouble: {}", troubles.join(", ")) };
    let line = format!(
        "{open} open, {overdue} overdue; {} letters waiting, {} failed, {} bounced; {replies} replies for a person{pages}{trouble}",
        owed.queued, owed.failed, owed.bounced
    );
    notify(&[NotifyState::Status(&line)]);
}
