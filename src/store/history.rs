//! What happened: the audit trail, and letters with their attempts.

use jiff::{Timestamp, civil::Date};
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

/// How many things wait, for `status`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LetterRecord {
    pub queued: u32,
    pub sent: u32,
    pub failed: u32,
    /// Sent, and reported later as not delivered.
    pub bounced: u32,
    /// Sent, and reported as delayed.
    pub delayed: u32,
    pub oldest_queued: Option<Timestamp>,
}

impl Tx<'_> {
    pub fn audit(&self, row: &AuditRow) -> Result<()> {
        let sql = "INSERT INTO audit (at, who, what, deadline, period, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
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

    /// The audit trail of one deadline, or of all, oldest first, the latest `limit` lines.
    pub fn audit_trail(&self, deadline: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        let sql = "SELECT at, who, what, deadline, period, detail FROM
                   (SELECT * FROM audit WHERE ?1 IS NULL OR deadline = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id";
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
        let mut rows = self.tx.prepare_cached(sql)?;
        rows.query_map(params![deadline, limit], read)?
            .map(|row| row?.map_err(|e| Error::Value(e.to_string())))
            .collect()
    }

    /// How often something happened since.
    pub fn count_audit(&self, what: &str, since: Timestamp) -> Result<u32> {
        let sql = "SELECT count(*) FROM audit WHERE what = ?1 AND at >= ?2";
        Ok(self.tx.query_row(sql, params![what, since], |row| row.get(0))?)
    }

    pub fn count_letters(&self) -> Result<LetterRecord> {
        let sql = "SELECT count(*) FILTER (WHERE state IN ('queued', 'sending')), count(*) FILTER (WHERE state = 'sent'),
                   count(*) FILTER (WHERE state = 'failed'), min(made_at) FILTER (WHERE state IN ('queued', 'sending')),
                   count(*) FILTER (WHERE state = 'bounced'), count(*) FILTER (WHERE state = 'sent' AND delay IS NOT NULL) FROM letter";
        let read = |row: &Row| {
            Ok(LetterRecord {
                queued: row.get(0)?,
                sent: row.get(1)?,
                failed: row.get(2)?,
                oldest_queued: row.get(3)?,
                bounced: row.get(4)?,
                delayed: row.get(5)?,
            })
        };
        Ok(self.tx.query_row(sql, [], read)?)
    }

    /// How many letters have waited since before this moment; `in_window`: also those that were not tried yet.
    pub fn count_late(&self, since: Timestamp, in_window: bool) -> Result<u32> {
        let sql = "SELECT count(*) FROM letter WHERE state IN ('queued', 'sending') AND made_at <= ?1 AND (attempts > 0 OR ?2)";
        Ok(self.tx.prepare_cached(sql)?.query_row(params![since, in_window], |row| row.get(0))?)
    }

    /// How many open occurrences there are, and how many of them are overdue.
    pub fn count_open(&self, today: Date) -> Result<(u32, u32)> {
        let sql = "SELECT count(*), count(*) FILTER (WHERE due < ?1) FROM occurrence WHERE state = 'open'";
        Ok(self.tx.query_row(sql, [today], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}
