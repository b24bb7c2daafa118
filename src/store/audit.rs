//! The audit trail.

use jiff::Timestamp;
use rusqlite::{Row, params};
use serde::Serialize;
use serde_json::Value;

use super::{Error, Result, Tx};

/// One line of the audit trail.
#[derive(Clone, Debug, Serialize)]
pub struct AuditRow {
    pub at: Timestamp,
    /// A person's name, or `duban`.
    pub who: String,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    pub detail: Value,
}

impl Tx<'_> {
    pub fn audit(&self, row: &AuditRow) -> Result<()> {
        let sql =
            "INSERT INTO audit (at, who, what, deadline, period, detail, occurrence) VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                     (SELECT id FROM occurrence WHERE deadline = ?4 AND period = ?5))";
        self.tx.prepare_cached(sql)?.execute(params![
            row.at,
            row.who,
            row.what,
            row.deadline,
            row.period,
            row.detail.to_string()
        ])?;
        Ok(())
    }

    /// The latest `limit` lines of the audit trail, of one deadline or of all, oldest first.
    pub fn audit_trail(&self, deadline: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        // One query with all conditions could use no index. What a deadline's occurrences were called before is its own.
        let wanted = match deadline {
            Some(_) => {
                "id IN (SELECT id FROM audit WHERE deadline = ?1 UNION
                        SELECT a.id FROM occurrence o JOIN audit a ON a.occurrence = o.id WHERE o.deadline = ?1)"
            }
            None => "?1 IS NULL",
        };
        let sql = format!(
            "SELECT at, who, what, deadline, period, detail FROM
             (SELECT * FROM audit WHERE {wanted} ORDER BY id DESC LIMIT ?2) ORDER BY id"
        );
        let read = |row: &Row| {
            let detail: String = row.get(5)?;
            Ok(serde_json::from_str(&detail).map(|detail| AuditRow {
                at: row.get(0).unwrap_or_default(),
                who: row.get(1).unwrap_or_default(),
                what: row.get(2).unwrap_or_default(),
                deadline: row.get(3).unwrap_or_default(),
                period: row.get(4).unwrap_or_default(),
                detail,
            }))
        };
        let mut rows = self.tx.prepare_cached(&sql)?;
        rows.query_map(params![deadline, limit], read)?
            .map(|row| row?.map_err(|e| Error::Value(e.to_string())))
            .collect()
    }

    /// The audit trail of one occurrence without its letters, oldest first.
    pub fn audit_of(&self, deadline: &str, period: &str) -> Result<Vec<AuditRow>> {
        let sql = "SELECT at, who, what, detail FROM audit
                   WHERE occurrence = (SELECT id FROM occurrence WHERE deadline = ?1 AND period = ?2) AND what <> 'sent'
                   ORDER BY id";
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

    /// How often the service was started since then.
    pub fn count_starts(&self, since: Timestamp) -> Result<u32> {
        let sql = "SELECT count(*) FROM audit WHERE what = 'started' AND at >= ?1";
        Ok(self.tx.query_row(sql, [since], |row| row.get(0))?)
    }
}
