//! What a reply has closed, for the calendar of its sender.

use super::{Act, Outcome};
use crate::{
    clock::Moment,
    domain::occurrence::State,
    letter::ics::Closed,
    service::{Result, course::entry::calendar_key},
    store::Tx,
};

/// The occurrences that this reply reported and that ask nothing more of its sender's section.
pub fn closed(tx: &Tx, incoming: i64, now: &Moment) -> Result<Vec<Closed>> {
    let Some(incoming) = tx.incoming(incoming)? else { return Ok(Vec::new()) };
    let Ok(Outcome::Recorded(recorded)) = serde_json::from_str(&incoming.detail) else { return Ok(Vec::new()) };
    let mut found: Vec<Closed> = Vec::new();
    for one in recorded.iter().filter(|one| matches!(one.act, Act::Done(_) | Act::AlreadyDone | Act::HandedIn)) {
        let Some((occurrence, deadline)) = tx.with_deadline(one.occurrence)? else { continue };
        let has_reported = tx.progress(occurrence.id)?.has_reported(&deadline, &one.section);
        let (uid, sequence) = calendar_key(tx, Some(occurrence.id), &occurrence)?;
        if (occurrence.state == State::Done || has_reported) && found.iter().all(|other| other.uid != uid) {
            let day = occurrence.dates.aim(now.today());
            found.push(Closed { uid, sequence, day, title: deadline.title_for(&occurrence.period) });
        }
    }
    Ok(found)
}
