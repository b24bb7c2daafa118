//! A load that would withdraw much waits: it is more often half a file than a decision.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::service::{
    Office, Result,
    course::diff::{Diff, LINES_TOLD},
    tell::Notice,
};
use crate::{
    clock::Moment,
    store::{self, Tx, state::Key},
};

/// Half a file is mended by then.
const WAITS: SignedDuration = SignedDuration::from_mins(10);

/// The files that wait to be put in force, and since when.
const WAITING: Key<Option<Waiting>> = Key::new("waits");

#[derive(Serialize, Deserialize)]
struct Waiting {
    /// As text: a path that is not UTF-8 has no JSON.
    files: String,
    since: Timestamp,
}

fn files_of(office: &Office) -> String {
    format!("{:?}", office.seen)
}

fn waiting(tx: &Tx, office: &Office) -> store::Result<Option<Waiting>> {
    Ok(tx.get(WAITING)?.flatten().filter(|waiting| waiting.files == files_of(office)))
}

/// Whether these files have waited long enough.
pub(super) fn is_over(tx: &Tx, office: &Office, now: &Moment) -> store::Result<bool> {
    Ok(waiting(tx, office)?.is_some_and(|waiting| now.at.duration_since(waiting.since) >= WAITS))
}

/// Nothing waits any more.
pub(super) fn end(tx: &Tx) -> store::Result<()> {
    tx.put(WAITING, &None).map(drop)
}

/// Has the files wait, and tells the admin once. Gives until when, and why.
pub(super) fn wait(tx: &Tx, office: &Office, diff: &Diff, now: &Moment) -> Result<(Timestamp, String)> {
    let waiting = waiting(tx, office)?.filter(|w| w.since <= now.at);
    let since = waiting.as_ref().map_or(now.at, |w| w.since);
    let until = since.saturating_add(WAITS).unwrap_or(since);
    let time = office.settings.timezone.to_datetime(until).strftime("%H:%M").to_string();
    let (gone, open, lines) = (diff.changes.gone.len(), diff.changes.open_before, diff.lines(LINES_TOLD));
    let why = format!(
        "新配置会撤销 {gone} 期未办结的（共 {open} 期），{time} 才生效，这期间仍按原来的运行。\n         确实要这样，用 duban reload 立即生效；若是文件没有存全，把它补齐。\n{}",
        lines.join("\n")
    );
    if waiting.is_none() {
        warn!(gone, open, until = %until, "a configuration that would withdraw {gone} of {open} open occurrences waits until {until}");
        tx.put(WAITING, &Some(Waiting { files: files_of(office), since }))?;
        office.tell_admin(tx, &Notice::Waits { changes: lines, gone, open, until }, now)?;
    }
    Ok((until, why))
}

/// Until when edited files wait.
pub fn waits_until(tx: &Tx) -> store::Result<Option<Timestamp>> {
    Ok(tx.get(WAITING)?.flatten().and_then(|w| w.since.saturating_add(WAITS).ok()))
}
