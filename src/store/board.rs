//! What the board asks: wordings that were, one occurrence's trail, numbers of attempts.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Db, Error, Result, Tx, deadlines::parse_definition, history::AuditRow};
use crate::domain::deadline::Deadline;

impl Db {
    /// Beside the connection that writes; nothing can be changed with it.
    pub fn open_for_pages(path: &Path) -> Result<Self> {
        let db = Self::open_to_read(path)?;
        db.conn.pragma_update(None, "query_only", true)?;
        Ok(db)
    }
}

impl Tx<'_> {
    /// A deadline's wording that was in force at this moment.
    pub fn wording_at(&self, deadline: &str, at: Timestamp) -> Result<Option<Deadline>> {
        let sql = "SELECT v.definition FROM deadline_version v
                   JOIN load l ON l.id = v.load LEFT JOIN load u ON u.id = v.until_load
                   WHERE v.deadline = ?1 AND l.at <= ?2 AND (u.at IS NULL OR u.at > ?2) ORDER BY v.id DESC LIMIT 1";
        let definition: Option<String> =
            self.tx.prepare_cached(sql)?.query_row(params![deadline, at], |row| row.get(0)).optional()?;
        definition.map(|json| parse_definition(&json)).transpose()
    }

    /// What happened to one occurrence, letters left out, oldest first.
    pub fn audit_of(&self, deadline: &str, period: &str) -> Result<Vec<AuditRow>> {
        let sql = "SELECT at, who, what, detail FROM audit
                   WHERE deadline = ?1 AND period = ?2 AND what <> 'sent' ORDER BY id";
        let read = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?));
        let mut rows = self.tx.prepare_cached(sql)?;
        rows.query_map([deadline, period], read)?
            .map(|row| {
                let (at, who, what, detail) = row?;
                let detail = serde_json::from_str(&detail).map_err(|e| Error::Value(e.to_string()))?;
                Ok(AuditRow { at, who, what, deadline: None, period: None, detail })
            })
            .collect()
    }

    /// How many attempts ever ended how.
    pub fn count_attempts(&self) -> Result<Vec<(String, u64)>> {
        // The keys are `attempts OUTCOME`.
        let sql = "SELECT substr(key, 10), CAST(value AS INTEGER) FROM meta
                   WHERE key BETWEEN 'attempts ' AND 'attempts z' ORDER BY key";
        let mut rows = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
        Ok(rows.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
    }
}
