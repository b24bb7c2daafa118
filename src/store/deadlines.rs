//! The deadlines with every wording that was in force, and the loads.

use std::collections::{BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, Result, Tx};
use crate::domain::deadline::Deadline;

/// A deadline with its wording in force, or the last one that was.
#[derive(Clone, Debug)]
pub struct DeadlineRow {
    pub deadline: Deadline,
    pub in_force: bool,
    pub since: Date,
    pub last_due: Option<Date>,
}

/// A configuration that was put in force or refused.
#[derive(Clone, Debug)]
pub struct LoadRecord {
    pub id: i64,
    pub at: Timestamp,
    pub accepted: bool,
    pub detail: String,
}

const DEADLINE: &str = "SELECT v.definition, d.id, d.in_force, d.since, d.last_due FROM deadline d JOIN deadline_version v ON v.id = d.version";

impl Tx<'_> {
    /// Remembers a load. Gives its id.
    pub fn record_load(&self, at: Timestamp, accepted: bool, detail: &str) -> Result<i64> {
        self.tx
            .execute("INSERT INTO load (at, accepted, detail) VALUES (?1, ?2, ?3)", params![at, accepted, detail])?;
        Ok(self.tx.last_insert_rowid())
    }

    pub fn last_load(&self) -> Result<Option<LoadRecord>> {
        let sql = "SELECT id, at, accepted, detail FROM load ORDER BY id DESC LIMIT 1";
        let row =
            |row: &Row| Ok(LoadRecord { id: row.get(0)?, at: row.get(1)?, accepted: row.get(2)?, detail: row.get(3)? });
        Ok(self.tx.query_row(sql, [], row).optional()?)
    }

    /// When the configuration that is in force was loaded.
    pub fn in_force_since(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT at FROM load WHERE accepted ORDER BY id DESC LIMIT 1";
        Ok(self.tx.query_row(sql, [], |row| row.get(0)).optional()?)
    }

    pub fn deadline(&self, id: &str) -> Result<Option<DeadlineRow>> {
        let mut found = self.tx.prepare_cached(&format!("{DEADLINE} WHERE d.id = ?1"))?;
        found.query_row([id], read_deadline).optional()?.transpose()
    }

    /// Whether deadlines are in force, and since when: these, given as a JSON list of ids, or all that ever were.
    pub fn since(&self, only: Option<&str>) -> Result<HashMap<String, (bool, Date)>> {
        let these = if only.is_some() { "IN (SELECT value FROM json_each(?1))" } else { "IS NOT ?1" };
        let mut found =
            self.tx.prepare_cached(&format!("SELECT id, in_force, since FROM deadline WHERE id {these}"))?;
        let read = |row: &Row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
        Ok(found.query_map([only], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The ids of deadlines in force whose next occurrence may open by `today`. Only ids, since all deadlines at once
    /// are large.
    pub fn deadlines_to_open(&self, today: Date) -> Result<Vec<String>> {
        let sql = "SELECT id FROM deadline WHERE in_force AND next_opens <= ?1";
        Ok(self.tx.prepare_cached(sql)?.query_map([today], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Calls `take` for every stored deadline, with its id, whether it is in force, and its wording as JSON.
    pub fn each_wording(&self, mut take: impl FnMut(&str, bool, &str)) -> Result<()> {
        let sql = "SELECT d.id, d.in_force, v.definition FROM deadline d JOIN deadline_version v ON v.id = d.version";
        let mut all = self.tx.prepare_cached(sql)?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let text = |i| -> Result<&str> { row.get_ref(i)?.as_str().map_err(|e| Error::Value(e.to_string())) };
            take(text(0)?, row.get(1)?, text(2)?);
        }
        Ok(())
    }

    /// Every deadline in force that can be read, by id.
    pub fn deadlines_in_force(&self) -> Result<Vec<Deadline>> {
        let mut found = self.tx.prepare_cached(&format!("{DEADLINE} WHERE d.in_force ORDER BY d.id"))?;
        let rows = found.query_map([], read_deadline)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(rows.into_iter().flatten().map(|row| row.deadline).collect())
    }

    /// Deadlines in force with an occurrence that is due in `from..=to`, opened or not yet, or open since before.
    ///
    /// A row that cannot be read is given as its error.
    pub fn deadlines_around(&self, from: Date, to: Date) -> Result<Vec<Result<Deadline>>> {
        // UNION ALL: for a UNION, SQLite would read every occurrence in the order of its deadline.
        let sql = format!(
            "{DEADLINE} WHERE d.in_force AND d.id IN (
               SELECT id FROM deadline WHERE in_force AND next_opens <= ?2
               UNION ALL SELECT deadline FROM occurrence WHERE due BETWEEN ?1 AND ?2
               UNION ALL SELECT deadline FROM occurrence WHERE due < ?1 AND state = 'open') ORDER BY d.id"
        );
        let mut found = self.tx.prepare_cached(&sql)?;
        let rows = found.query_map([from, to], read_deadline)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(rows.into_iter().map(|row| row.map(|row| row.deadline)).collect())
    }

    pub fn ids_in_force(&self) -> Result<BTreeSet<String>> {
        let mut ids = self.tx.prepare_cached("SELECT id FROM deadline WHERE in_force")?;
        Ok(ids.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// A deadline's wording that was in force at this moment.
    pub fn wording_at(&self, deadline: &str, at: Timestamp) -> Result<Option<Deadline>> {
        let sql = "SELECT v.definition FROM deadline_version v
                   JOIN load l ON l.id = v.load LEFT JOIN load u ON u.id = v.until_load
                   WHERE v.deadline = ?1 AND l.at <= ?2 AND (u.at IS NULL OR u.at > ?2) ORDER BY v.id DESC LIMIT 1";
        let definition: Option<String> =
            self.tx.prepare_cached(sql)?.query_row(params![deadline, at], |row| row.get(0)).optional()?;
        definition.map(|json| parse_definition(&json, deadline.to_owned())).transpose()
    }

    /// Puts a wording in force: a new deadline, a changed one, or one that comes back.
    pub fn put_deadline(&self, deadline: &Deadline, load: i64, since: Date, next_opens: Date) -> Result<()> {
        self.end_version(&deadline.id, load)?;
        let definition = wording(deadline)?;
        self.tx
            .prepare_cached("INSERT INTO deadline_version (deadline, definition, load) VALUES (?1, ?2, ?3)")?
            .execute(params![deadline.id, definition, load])?;
        let sql = "INSERT INTO deadline (id, version, in_force, since, next_opens) VALUES (?1, ?2, 1, ?3, ?4)
                   ON CONFLICT (id) DO UPDATE SET version = ?2, in_force = 1, since = ?3, last_due = NULL, next_opens = ?4";
        self.tx.prepare_cached(sql)?.execute(params![deadline.id, self.tx.last_insert_rowid(), since, next_opens])?;
        Ok(())
    }

    /// Gives what is stored of the deadline `was` to the deadline `id`. False if there is nothing.
    ///
    /// Where both have an occurrence of one label, the old one's is marked.
    pub fn rename_deadline(&self, was: &str, id: &str) -> Result<bool> {
        let steps = [
            // A row that an id left behind, or that was taken out, goes on with what is renamed.
            "INSERT INTO deadline SELECT ?2, version, in_force, since, last_due, next_opens FROM deadline WHERE id = ?1
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, in_force = excluded.in_force, since = excluded.since,
               last_due = excluded.last_due, next_opens = excluded.next_opens WHERE NOT deadline.in_force",
            "UPDATE deadline_version SET deadline = ?2 WHERE deadline = ?1",
            "UPDATE occurrence AS o SET known_as = coalesce(known_as, deadline || '.' || period), deadline = ?2, period = period ||
               iif(EXISTS (SELECT 1 FROM occurrence n WHERE n.deadline = ?2 AND n.period = o.period), '（原 ' || id || '）', '')
             WHERE deadline = ?1",
            // The row stays: a restore would bring it back.
            "UPDATE deadline SET in_force = 0, next_opens = NULL WHERE id = ?1 AND ?1 <> ?2",
        ];
        let sql = "SELECT 1 FROM deadline_version WHERE deadline = ?1";
        if !self.tx.prepare_cached(sql)?.exists([was])? {
            return Ok(false);
        }
        for step in steps {
            self.tx.execute(step, [was, id])?;
        }
        Ok(true)
    }

    /// Gives what a section reported, was asked and is written to for to the section's new name.
    pub fn rename_section(&self, was: &str, name: &str) -> Result<()> {
        for step in [
            "UPDATE completion SET section = ?2 WHERE section = ?1",
            "UPDATE request SET section = ?2 WHERE section = ?1",
            "UPDATE note SET section = ?2 WHERE section = ?1",
            "UPDATE OR IGNORE letter_item SET section = ?2 WHERE section = ?1",
            "UPDATE OR IGNORE said SET behalf = 'section ' || ?2 WHERE behalf = 'section ' || ?1",
        ] {
            self.tx.execute(step, [was, name])?;
        }
        Ok(())
    }

    pub fn withdraw_deadline(&self, id: &str, load: i64) -> Result<()> {
        self.end_version(id, load)?;
        self.tx.prepare_cached("UPDATE deadline SET in_force = 0, next_opens = NULL WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    fn end_version(&self, id: &str, load: i64) -> Result<()> {
        let sql = "UPDATE deadline_version SET until_load = ?2 WHERE deadline = ?1 AND until_load IS NULL";
        self.tx.prepare_cached(sql)?.execute(params![id, load])?;
        Ok(())
    }

    /// Remembers how far occurrences were opened, and when to look again.
    pub fn set_opened(&self, id: &str, last_due: Option<Date>, next_opens: Option<Date>) -> Result<()> {
        let sql = "UPDATE deadline SET last_due = ?2, next_opens = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, last_due, next_opens])?;
        Ok(())
    }

    /// Has every deadline in force looked at again today: the day of a lead may have moved.
    pub fn look_at_all_deadlines(&self, today: Date) -> Result<()> {
        self.tx.execute("UPDATE deadline SET next_opens = ?1 WHERE in_force", [today])?;
        Ok(())
    }
}

fn read_deadline(row: &Row) -> rusqlite::Result<Result<DeadlineRow>> {
    let definition: String = row.get(0)?;
    let (id, in_force, since, last_due) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(parse_definition(&definition, id).map(|deadline| DeadlineRow { deadline, in_force, since, last_due }))
}

/// A deadline as stored, in JSON.
pub fn wording(deadline: &Deadline) -> Result<String> {
    serde_json::to_string(deadline).map_err(|e| Error::Value(e.to_string()))
}

/// A wording may name the id that its deadline had before: what counts is `id`, the one that it has.
pub(super) fn parse_definition(json: &str, id: String) -> Result<Deadline> {
    let deadline = serde_json::from_str(json).map_err(|e| Error::Value(format!("definition of a deadline: {e}")))?;
    Ok(Deadline { id, ..deadline })
}
