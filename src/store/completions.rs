//! Who reported an occurrence done, and what was taken back.

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};

use super::{Result, Tx};
use crate::domain::occurrence::Progress;

/// A report that an occurrence is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub id: i64,
    /// Empty where none was named.
    pub section: String,
    /// 不适用, confirmed by the admin: it closes like 已办结.
    pub is_not_applicable: bool,
    pub by: String,
    pub note: String,
    pub evidence: String,
    pub at: Timestamp,
}

/// How a report was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    pub at: Timestamp,
    pub by: String,
    /// May be empty.
    pub why: String,
}

impl Tx<'_> {
    /// The reports that were not revoked, oldest first.
    pub fn completions(&self, occurrence: i64) -> Result<Vec<Completion>> {
        let sql = "SELECT id, section, by, note, evidence, at, kind = 'not_applicable' FROM completion WHERE occurrence = ?1 AND revoked_at IS NULL ORDER BY id";
        Ok(self.tx.prepare_cached(sql)?.query_map([occurrence], read_completion)?.collect::<rusqlite::Result<_>>()?)
    }

    pub fn progress(&self, occurrence: i64) -> Result<Progress> {
        let reported = "SELECT section FROM completion WHERE occurrence = ?1 AND revoked_at IS NULL";
        let mut reported = self.tx.prepare_cached(reported)?;
        let reports = reported.query_map([occurrence], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let anew = "SELECT section, redo_by FROM completion WHERE occurrence = ?1 AND redo_by IS NOT NULL";
        let mut anew = self.tx.prepare_cached(anew)?;
        let redo = anew.query_map([occurrence], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let redo = redo.collect::<rusqlite::Result<_>>()?;
        let material = "SELECT section FROM note WHERE occurrence = ?1 AND revoked_at IS NULL AND kind = 'handed_in'";
        let mut material = self.tx.prepare_cached(material)?;
        let handed_in = material.query_map([occurrence], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let later = "SELECT section, expected FROM request
                     WHERE occurrence = ?1 AND confirmed = 1 AND kind = 'postponed' AND expected IS NOT NULL";
        let mut later = self.tx.prepare_cached(later)?;
        let postponed = later.query_map([occurrence], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let postponed = postponed.collect::<rusqlite::Result<_>>()?;
        Ok(Progress { reports, redo, handed_in, postponed })
    }

    /// Records a report; ignores its `id` and gives the new one.
    pub fn add_completion(&self, occurrence: i64, report: &Completion) -> Result<i64> {
        let sql = "INSERT INTO completion (occurrence, section, kind, by, note, evidence, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.tx.prepare_cached(sql)?.execute(params![
            occurrence,
            report.section,
            if report.is_not_applicable { "not_applicable" } else { "done" },
            report.by,
            report.note,
            report.evidence,
            report.at
        ])?;
        let id = self.tx.last_insert_rowid();
        self.turn(occurrence)?;
        Ok(id)
    }

    /// Takes a report back. Until `redo_by` its section may report anew.
    pub fn revoke_completion(&self, id: i64, revoked: &Revoked, redo_by: Option<Date>) -> Result<()> {
        let sql = "UPDATE completion SET revoked_at = ?2, revoked_by = ?3, revoked_why = ?4, redo_by = ?5
                   WHERE id = ?1 AND revoked_at IS NULL RETURNING occurrence";
        let Revoked { at, by, why } = revoked;
        let params = params![id, at, by, why, redo_by];
        let of = self.tx.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?;
        of.map_or(Ok(()), |occurrence| self.turn(occurrence))
    }

    /// Its entry in calendars has changed.
    pub(super) fn turn(&self, occurrence: i64) -> Result<()> {
        self.tx.prepare_cached("UPDATE occurrence SET turns = turns + 1 WHERE id = ?1")?.execute([occurrence])?;
        Ok(())
    }

    /// The report that was last taken back so that it has to be reported anew, and how: of these sections, or of all.
    pub fn taken_back(&self, occurrence: i64, sections: &[String]) -> Result<Option<(Completion, Revoked)>> {
        let sql = "SELECT id, section, by, note, evidence, at, kind = 'not_applicable', revoked_at, revoked_by, coalesce(revoked_why, '')
                   FROM completion WHERE occurrence = ?1 AND redo_by IS NOT NULL ORDER BY revoked_at DESC, id DESC";
        let mut found = self.tx.prepare_cached(sql)?;
        let rows = found.query_map([occurrence], |row| {
            Ok((read_completion(row)?, Revoked { at: row.get(7)?, by: row.get(8)?, why: row.get(9)? }))
        })?;
        let rows: Vec<(Completion, Revoked)> = rows.collect::<rusqlite::Result<_>>()?;
        let is_meant = |c: &Completion| sections.is_empty() || sections.contains(&c.section);
        Ok(rows.into_iter().find(|(completion, _)| is_meant(completion)))
    }
}

fn read_completion(row: &Row) -> rusqlite::Result<Completion> {
    Ok(Completion {
        id: row.get(0)?,
        section: row.get(1)?,
        by: row.get(2)?,
        note: row.get(3)?,
        evidence: row.get(4)?,
        at: row.get(5)?,
        is_not_applicable: row.get(6)?,
    })
}
