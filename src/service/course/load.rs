//! Writes a checked configuration into the database: deadlines added, changed, withdrawn, and what comes back.

use std::{collections::HashMap, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::service::{Office, Result, course::open::open_occurrences, tell::audit};
use crate::{
    clock::Moment,
    config::{Fingerprint, Settings},
    domain::{
        calendar::Calendar,
        deadline::{Deadline, Mailbox, Roster},
        hours::House,
        identity,
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

/// A deadline's id and a period.
pub type Named = (String, String);

/// What a load changed, by deadline id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub deadlines: usize,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub withdrawn: Vec<String>,
    /// Ids that a deadline had, and has.
    pub renamed: Vec<(String, String)>,
    /// Occurrences whose dates moved.
    pub moved: Vec<Named>,
    /// Open occurrences that were withdrawn.
    pub gone: Vec<Named>,
    /// Withdrawn occurrences that are open again.
    pub back: Vec<Named>,
    /// How many occurrences were open before, and how many cases are among those that are gone.
    #[serde(skip)]
    pub open_before: usize,
    #[serde(skip)]
    pub cases_gone: usize,
}

impl Changes {
    /// Whether nothing came of the load.
    pub fn is_empty(&self) -> bool {
        let Self { deadlines, open_before, .. } = *self;
        *self == Self { deadlines, open_before, ..Self::default() }
    }

    /// Whether so much would be withdrawn that it is more often half a file than a decision: an open case, or more than
    /// a fifth of what is open.
    pub fn is_drastic(&self) -> bool {
        self.cases_gone > 0 || self.gone.len() * 5 > self.open_before
    }

    /// Records the load. Returns its id.
    pub(super) fn record(&self, tx: &Tx, now: &Moment) -> crate::store::Result<i64> {
        tx.record_load(now.at, true, &format!("{} deadlines", self.deadlines))
    }
}

/// Writes the deadlines in a transaction of its own: all of it comes into force, or nothing.
pub fn put_in_force(db: &mut Db, office: &Office, deadlines: &[Deadline], now: &Moment) -> Result<Changes> {
    Ok(db.write(|tx| load(tx, office, deadlines, now))?)
}

/// Writes the deadlines.
///
/// Nothing is deleted: removing a deadline withdraws its open occurrences, and they come back with it. The next sweep
/// sends corrections for moved dates.
pub(in crate::service) fn load(
    tx: &Tx,
    office: &Office,
    deadlines: &[Deadline],
    now: &Moment,
) -> crate::store::Result<Changes> {
    let mut changes = Changes { deadlines: deadlines.len(), ..Changes::default() };
    let same_files = is_read_from(tx, office)?;
    // The calendar that the stored dates were counted with.
    let before = tx.get(state::CALENDAR)?.unwrap_or_else(|| office.calendar.clone());
    let calendar_moved = tx.put(state::CALENDAR, &office.calendar)?;
    let (roster, admins) = (tx.get(state::ROSTER)?, tx.get(state::ADMIN)?.unwrap_or_default());
    office.change_generations(tx, now, |generations| {
        if let Some(roster) = roster {
            generations.follow(&roster, &office.roster);
        }
        // Whoever was an admin, and is none any more, has the links that were printed for the admins.
        let is_admin = |was: &Mailbox| office.settings.admin.iter().any(|is| is.key() == was.key());
        if !admins.iter().all(is_admin) {
            generations.admin = generations.admin.saturating_add(1);
        }
    })?;
    let roster_changed = tx.put(state::ROSTER, &office.roster)?;
    let readers_changed = tx.put(state::ADMIN, &office.settings.admin)? || roster_changed;
    // A path that is not UTF-8 cannot be stored; then the files are read each time.
    tx.put(FILES, &office.seen).or_else(|e| if e.is_value() { tx.put(FILES, &None) } else { Err(e) })?;
    if roster_changed {
        rename_sections(tx, &office.roster)?;
    }
    for (was, id) in &office.renamed {
        if tx.rename_deadline(was, id)? {
            changes.renamed.push((was.clone(), id.clone()));
        }
    }
    let (stored, gone) = compare(tx, deadlines)?;
    let is_same = |d: &Deadline| stored.get(d.id.as_str()) == Some(&Before::Same);
    let others_changed = calendar_moved || readers_changed || !gone.is_empty() || !changes.renamed.is_empty();
    if same_files && !others_changed && deadlines.iter().all(is_same) {
        // A restart with nothing changed is not a load.
        return Ok(changes);
    }
    let load = changes.record(tx, now)?;
    // What has come up to now came by the old wording: an edit during a downtime takes nothing away.
    open_occurrences(tx, House { calendar: &before, ..office.house() }, now.today())?;
    changes.open_before = tx.count_open(now.today())?.all as usize;
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
        let is_renamed = changes.renamed.iter().any(|(_, id)| *id == deadline.id);
        let is_other = is_renamed || matches!(stored, Before::Other | Before::OutOfForce);
        if is_other || calendar_moved || readers_changed {
            // The calendar alone changes only what is still to be said.
            let state = (!is_other).then_some(State::Open);
            let all = tx.occurrences(OccurrenceFilter { deadline: Some(&deadline.id), state })?;
            bring_under(tx, office, (deadline, &before), &all, now, &mut changes)?;
        }
    }
    for id in gone {
        tx.withdraw_deadline(&id, load)?;
        for occurrence in tx.occurrences(OccurrenceFilter { deadline: Some(&id), state: Some(State::Open) })? {
            withdraw(tx, &occurrence, now, &mut changes)?;
        }
        changes.withdrawn.push(id);
    }
    if calendar_moved {
        tx.look_at_all_deadlines(now.today())?;
    }
    if !changes.is_empty() || roster_changed {
        tx.audit(&audit(now, "loaded", None, None, json!(changes)))?;
    }
    Ok(changes)
}

/// Whether the files that `office` was read from are those in force.
fn is_read_from(tx: &Tx, office: &Office) -> crate::store::Result<bool> {
    Ok(tx.get(FILES)?.flatten() == office.seen && tx.last_load()?.is_some_and(|load| load.accepted))
}

/// Looks at the database as it would be with these deadlines in force, which they may not be yet. Nothing is written.
pub fn as_in_force<T>(
    db: &mut Db,
    (office, deadlines): (&Office, &[Deadline]),
    now: &Moment,
    look: impl FnOnce(&Tx) -> crate::store::Result<T>,
) -> Result<T> {
    let is_loaded = |tx: &Tx| Ok(office.seen.is_none() || tx.last_load()?.is_none() || is_read_from(tx, office)?);
    if db.read(is_loaded)? {
        return Ok(db.read(look)?);
    }
    Ok(db.write(|tx| tx.rehearse(|| load(tx, office, deadlines, now).and_then(|_| look(tx))))?)
}

/// `was` of a section: what it reported under its old name is its own.
fn rename_sections(tx: &Tx, roster: &Roster) -> crate::store::Result<()> {
    for section in &roster.sections {
        if let Some(was) = section.was.as_deref().filter(|was| roster.sections.iter().all(|s| s.name != *was)) {
            tx.rename_section(was, &section.name)?;
        }
    }
    Ok(())
}

/// The roster and calendar last in force, for a service that finds a broken file at its start. `None` before the first
/// load.
pub fn last_good(tx: &Tx, settings: &Settings) -> crate::store::Result<Option<Office>> {
    let (Some(roster), Some(calendar)) = (tx.get(state::ROSTER)?, tx.get(state::CALENDAR)?) else { return Ok(None) };
    Ok(Some(Office { roster, calendar, ..Office::bare(settings.clone()) }))
}

/// The statutory days in force in this database; `None` if there is none, or it cannot be read.
pub fn days_in_force(database: &Path) -> Option<Calendar> {
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

/// What was taken out of the file is not spoken of, until it comes back.
pub(in crate::service) fn withdraw(
    tx: &Tx,
    occurrence: &Stored<Occurrence>,
    now: &Moment,
    changes: &mut Changes,
) -> crate::store::Result<()> {
    tx.set_state(occurrence.id, State::Withdrawn, None)?;
    tx.audit(&audit(now, "withdrawn", Some(&occurrence.deadline), Some(&occurrence.period), json!({})))?;
    changes.gone.push((occurrence.deadline.clone(), occurrence.period.clone()));
    changes.cases_gone += usize::from(occurrence.case.is_some());
    Ok(())
}

/// Brings stored occurrences of a deadline under its wording: they keep their history, move, come back, or are
/// withdrawn. The next sweep looks at each. The dates were counted with the calendar `before`.
pub(in crate::service) fn bring_under(
    tx: &Tx,
    office: &Office,
    (deadline, before): (&Deadline, &Calendar),
    all: &[Stored<Occurrence>],
    now: &Moment,
    changes: &mut Changes,
) -> crate::store::Result<()> {
    let mut all: Vec<&Stored<Occurrence>> = all.iter().collect();
    all.sort_by_key(|stored| stored.id);
    let stored: Vec<&Occurrence> = all.iter().map(|stored| &stored.it).collect();
    let fates = identity::under(deadline, before, &office.calendar, &stored, now.today());
    make_way(tx, &all, &fates)?;
    for (old, fate) in all.into_iter().zip(fates) {
        match fate {
            Some(moved) => bring(tx, office, deadline, old, &moved, now, changes)?,
            None if old.state == State::Open => withdraw(tx, old, now, changes)?,
            None => {}
        }
    }
    Ok(())
}

/// Frees the labels that change hands: of two occurrences each may take the other's.
fn make_way(tx: &Tx, all: &[&Stored<Occurrence>], fates: &[Option<Occurrence>]) -> crate::store::Result<()> {
    let label_of = |n: usize| fates[n].as_ref().map(|fate| fate.period.as_str());
    let is_wanted = |old: &Stored<Occurrence>| (0..all.len()).any(|n| label_of(n) == Some(old.period.as_str()));
    for (n, old) in all.iter().enumerate() {
        match label_of(n) {
            Some(label) if label != old.period => tx.relabel(old.id, &format!("→{}", old.id))?,
            // What has no period any more keeps its label, marked, if another takes it.
            None if is_wanted(old) => tx.relabel(old.id, &format!("{}（原 {}）", old.period, old.id))?,
            _ => {}
        }
    }
    Ok(())
}

fn bring(
    tx: &Tx,
    office: &Office,
    deadline: &Deadline,
    old: &Stored<Occurrence>,
    moved: &Occurrence,
    now: &Moment,
    changes: &mut Changes,
) -> crate::store::Result<()> {
    let name = || (moved.deadline.clone(), moved.period.clone());
    let note = |what: &str, detail| tx.audit(&audit(now, what, Some(&moved.deadline), Some(&moved.period), detail));
    if old.state == State::Done && *moved == old.it {
        return Ok(());
    }
    tx.move_occurrence(old.id, moved, now.today())?;
    if old.state == State::Withdrawn {
        tx.set_state(old.id, State::Open, Some(now.today()))?;
        note("came_back", json!({}))?;
        changes.back.push(name());
    }
    // A section whose report was missing may no longer be asked for one.
    if old.state != State::Done && tx.progress(old.id)?.is_done(deadline, &office.section_names(deadline)) {
        tx.set_state(old.id, State::Done, None)?;
        note("closed", json!({}))?;
    }
    if moved.revision != old.revision {
        note("moved", json!({ "from": old.dates, "to": moved.dates }))?;
        if old.state != State::Done {
            changes.moved.push(name());
        }
    }
    Ok(())
}
