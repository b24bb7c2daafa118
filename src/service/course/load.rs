//! Writes a checked configuration into the database: deadlines added, changed, withdrawn.

use std::{collections::HashMap, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::service::{Office, Result, tell::audit};
use crate::{
    clock::Moment,
    config::{Fingerprint, Settings},
    domain::{
        calendar::Calendar,
        deadline::Deadline,
        occurrence::{Occurrence, State},
    },
    store::{
        Db, OccurrenceFilter, Stored, Tx,
        state::{self, Key},
        wording,
    },
};

/// The fingerprint of the files in force.
pub(super) const FILES: Key<Option<Fingerprint>> = Key::new("files");

/// What a load changed, by deadline id.
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

    /// Records the load. Returns its id.
    pub(super) fn record(&self, tx: &Tx, now: &Moment) -> crate::store::Result<i64> {
        tx.record_load(now.at, true, &format!("{} deadlines", self.deadlines))
    }
}

/// Writes the deadlines in one transaction: all come into force, or none.
///
/// Nothing is deleted: removing a deadline withdraws its open occurrences. The next sweep sends corrections for moved
/// dates.
pub fn put_in_force(db: &mut Db, office: &Office, deadlines: &[Deadline], now: &Moment) -> Result<Changes> {
    Ok(db.write(|tx| {
        let mut changes = Changes { deadlines: deadlines.len(), ..Changes::default() };
        let same_files = tx.get(FILES)?.flatten() == office.seen && tx.last_load()?.is_some_and(|load| load.accepted);
        let calendar_moved = tx.put(state::CALENDAR, &office.calendar)?;
        let roster_changed = tx.put(state::ROSTER, &office.roster)?;
        let readers_changed = tx.put(state::ADMIN, &office.settings.admin)? || roster_changed;
        // A path that is not UTF-8 cannot be stored; then the files are read each time.
        tx.put(FILES, &office.seen).or_else(|e| if e.is_value() { tx.put(FILES, &None) } else { Err(e) })?;
        let (stored, gone) = compare(tx, deadlines)?;
        let is_same = |d: &Deadline| stored.get(d.id.as_str()) == Some(&Before::Same);
        let others_changed = calendar_moved || readers_changed || !gone.is_empty();
        if same_files && !others_changed && deadlines.iter().all(is_same) {
            // A restart with nothing changed is not a load.
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
                // A new wording promises nothing for the days before it.
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

/// Records that a configuration was refused; the last good one stays in force.
pub fn refuse(db: &mut Db, findings: &str, now: &Moment) -> Result<()> {
    Ok(db.write(|tx| tx.record_load(now.at, false, findings).map(drop))?)
}

/// The roster and calendar last in force, for a service that finds a broken file at its start. `None` before the first
/// load.
pub fn last_good(db: &mut Db, settings: &Settings) -> Result<Option<Office>> {
    let (roster, calendar) = db.read(|tx| Ok((tx.get(state::ROSTER)?, tx.get(state::CALENDAR)?)))?;
    let (Some(roster), Some(calendar)) = (roster, calendar) else { return Ok(None) };
    Ok(Some(Office { roster, calendar, ..Office::bare(settings.clone()) }))
}

/// The statutory days in force in this database; `None` if there is none, or it cannot be read.
pub fn days_in_force(database: &Path) -> Option<Calendar> {
    if !database.exists() {
        return None;
    }
    Db::open_to_look(database).ok()?.read(|tx| tx.get(state::CALENDAR)).ok()?
}

/// How a deadline of the plan compares with what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Same,
    Other,
    OutOfForce,
    Unknown,
}

/// Compares the plan with the database in one pass. Returns how each stored deadline compares, and the ids in force
/// that the plan no longer has.
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

/// Whether both mean the same; words passed over in `due` do not count.
fn is_same_wording(stored: &str, deadline: &Deadline) -> bool {
    // The texts are equal as a rule; another version of duban may have written the fields in another order.
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

/// Recomputes the dates of the open occurrences, and has the next sweep look at each.
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

/// As `move_occurrences`, for one of `open` open occurrences. Returns its deadline and period if its dates moved.
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
    // The date moved to a period that is already stored, done or withdrawn: the stored one stays, this one goes.
    if moved.period != old.period && tx.occurrence(&old.deadline, &moved.period)?.is_some() {
        withdraw_occurrence(tx, old, now)?;
        return Ok(None);
    }
    tx.move_occurrence(old.id, &moved, now.today())?;
    // A section whose report was missing may no longer be asked for one.
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
