//! Puts a checked configuration in force: what is new, changed, withdrawn.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::service::{Office, Result, tell::audit};
use crate::{
    clock::Moment,
    config::{Fingerprint, Settings},
    domain::{
        deadline::Deadline,
        occurrence::{Occurrence, State},
    },
    store::{
        Db, OccurrenceFilter, Stored, Tx,
        state::{self, Key},
        wording,
    },
};

/// The files as they were put in force are kept under this key.
pub(super) const FILES: Key<Option<Fingerprint>> = Key::new("files");

/// What a load changed, by the deadlines' ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub deadlines: usize,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub withdrawn: Vec<String>,
    /// Occurrences whose dates moved: deadline and period.
    pub moved: Vec<(String, String)>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Self { deadlines: self.deadlines, ..Self::default() }
    }

    /// Records the load that made them.
    pub(super) fn record(&self, tx: &Tx, now: &Moment) -> crate::store::Result<i64> {
        tx.record_load(now.at, true, &format!("{} deadlines", self.deadlines))
    }
}

/// Writes the deadlines into the database, in one transaction: all of them are in force, or none.
///
/// Nothing is deleted: a deadline that is gone withdraws its open occurrences, dates that have moved
/// are corrected by the next sweep.
pub fn put_in_force(db: &mut Db, office: &Office, deadlines: &[Deadline], now: &Moment) -> Result<Changes> {
    Ok(db.write(|tx| {
        let mut changes = Changes { deadlines: deadlines.len(), ..Changes::default() };
        let same_files = tx.get(FILES)?.flatten() == office.seen && tx.last_load()?.is_some_and(|load| load.accepted);
        let calendar_moved = tx.put(state::CALENDAR, &office.calendar)?;
        let roster_changed = tx.put(state::ROSTER, &office.roster)?;
        let readers_changed = tx.put(state::ADMIN, &office.settings.admin)? || roster_changed;
        // A path that is no text is not remembered, and the files are read each time then.
        tx.put(FILES, &office.seen).or_else(|e| if e.is_value() { tx.put(FILES, &None) } else { Err(e) })?;
        let (stored, gone) = compare(tx, deadlines)?;
        let is_same = |d: &Deadline| stored.get(d.id.as_str()) == Some(&Before::Same);
        let others_changed = calendar_moved || readers_changed || !gone.is_empty();
        if same_files && !others_changed && deadlines.iter().all(is_same) {
            // It is in force since before: a restart is no load.
            return Ok(changes);
        }
        let load = changes.record(tx, now)?;
        for deadline in deadlines {
            let stored = stored.get(deadline.id.as_str()).copied().unwrap_or(Before::Unknown);
            match stored {
                Before::Same => {}
                Before::Other => changes.changed.push(deadline.id.clone()),
                Before::OutOfForce | Before::Unknown => changes.added.push(deadline.id.clone()),
            }
            if stored != Before::Same {
                // A new wording's past was never promised.
                tx.put_deadline(deadline, load, deadline.since.unwrap_or(now.today()), now.today())?;
            }
            let is_other = matches!(stored, Before::Other | Before::OutOfForce);
            if is_other || calendar_moved || readers_changed {
                move_occurrences(tx, office, deadline, now, &mut changes)?;
            }
        }
        for id in gone {
            withdraw(tx, &id, load, now)?;
            changes.withdrawn.push(id);
        }
        if calendar_moved {
            tx.look_at_all_deadlines(now.today())?;
        }
        if !changes.is_empty() || roster_changed {
            tx.audit(&audit(now, "loaded", None, None, json!(changes)))?;
        }
        Ok(changes)
    })?)
}

/// Remembers that a configuration was refused; what was in force stays.
pub fn refuse(db: &mut Db, findings: &str, now: &Moment) -> Result<()> {
    Ok(db.write(|tx| tx.record_load(now.at, false, findings).map(drop))?)
}

/// The roster and the calendar that were last in force: what a service goes on with that finds a
/// broken file when it starts. `None` before the first load.
pub fn last_good(db: &mut Db, settings: &Settings) -> Result<Option<Office>> {
    let (roster, calendar) = db.read(|tx| Ok((tx.get(state::ROSTER)?, tx.get(state::CALENDAR)?)))?;
    let (Some(roster), Some(calendar)) = (roster, calendar) else { return Ok(None) };
    Ok(Some(Office { roster, calendar, ..Office::bare(settings.clone()) }))
}

/// How a deadline of the plan stands to what is stored of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Same,
    Other,
    OutOfForce,
    Unknown,
}

/// Compares the plan with what is in force, all in one pass. Gives what is stored, and the ids that the plan has no
/// more.
fn compare<'a>(tx: &Tx, deadlines: &'a [Deadline]) -> crate::store::Result<(HashMap<&'a str, Before>, Vec<String>)> {
    let wanted: HashMap<&str, &Deadline> = deadlines.iter().map(|d| (d.id.as_str(), d)).collect();
    let (mut stored, mut gone) = (HashMap::with_capacity(wanted.len()), Vec::new());
    tx.each_wording(|id, in_force, definition| match wanted.get(id) {
        Some(deadline) if in_force => {
            let how = if is_same_wording(definition, deadline) { Before::Same } else { Before::Other };
            stored.insert(deadline.id.as_str(), how);
        }
        Some(deadline) => drop(stored.insert(&deadline.id, Before::OutOfForce)),
        None if in_force => gone.push(id.to_owned()),
        None => {}
    })?;
    gone.sort_unstable();
    Ok((stored, gone))
}

/// What was passed over in `due` is not part of the wording that counts.
fn is_same_wording(stored: &str, deadline: &Deadline) -> bool {
    // Letter by letter, as a rule; another version of this program may have written it in another order.
    let value = || serde_json::from_str::<Deadline>(stored).and_then(serde_json::to_value).ok();
    wording(deadline).is_ok_and(|new| new == stored)
        || value().is_some_and(|old| serde_json::to_value(deadline).ok() == Some(old))
}

fn withdraw(tx: &Tx, id: &str, load: i64, now: &Moment) -> crate::store::Result<()> {
    tx.withdraw_deadline(id, load)?;
    for occurrence in tx.occurrences(OccurrenceFilter { deadline: Some(id), state: Some(State::Open) })? {
        withdraw_occurrence(tx, &occurrence, now)?;
    }
    Ok(())
}

pub(in crate::service) fn withdraw_occurrence(
    tx: &Tx,
    occurrence: &Stored<Occurrence>,
    now: &Moment,
) -> crate::store::Result<()> {
    tx.set_state(occurrence.id, State::Withdrawn, None)?;
    tx.audit(&audit(now, "withdrawn", Some(&occurrence.deadline), Some(&occurrence.period), json!({})))
}

/// Works the open occurrences' dates out again, and has the next sweep look at each.
fn move_occurrences(
    tx: &Tx,
    office: &Office,
    deadline: &Deadline,
    now: &Moment,
    changes: &mut Changes,
) -> crate::store::Result<()> {
    let open = tx.occurrences(OccurrenceFilter { deadline: Some(&deadline.id), state: Some(State::Open) })?;
    for old in &open {
        changes.moved.extend(move_occurrence(tx, office, deadline, old, open.len(), now)?);
    }
    Ok(())
}

/// The same for one, of so many that are open. Gives its deadline and period if its dates have moved.
pub(in crate::service) fn move_occurrence(
    tx: &Tx,
    office: &Office,
    deadline: &Deadline,
    old: &Stored<Occurrence>,
    open: usize,
    now: &Moment,
) -> crate::store::Result<Option<(String, String)>> {
    let Some(moved) = old.under(deadline, &office.calendar, open == 1) else {
        withdraw_occurrence(tx, old, now)?;
        return Ok(None);
    };
    // A single date that moved to where there was one before, done or withdrawn: that one stands.
    if moved.period != old.period && tx.occurrence(&old.deadline, &moved.period)?.is_some() {
        withdraw_occurrence(tx, old, now)?;
        return Ok(None);
    }
    tx.move_occurrence(old.id, &moved, now.today())?;
    // Whoever had not reported may no longer be asked.
    if tx.progress(old.id)?.is_done(deadline, &office.section_names(deadline)) {
        tx.set_state(old.id, State::Done, None)?;
        tx.audit(&audit(now, "closed", Some(&old.deadline), Some(&moved.period), json!({})))?;
    }
    if moved.revision == old.revision {
        return Ok(None);
    }
    let detail = json!({ "from": old.dates, "to": moved.dates });
    tx.audit(&audit(now, "moved", Some(&old.deadline), Some(&moved.period), detail))?;
    Ok(Some((moved.deadline, moved.period)))
}
