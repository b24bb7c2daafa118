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

/// Letters that wait, and those that were lost.
#[derive(Clone, Debug, Default)]
pub struct Owed {
    pub queued: u32,
    pub oldest_queued: Option<Timestamp>,
    pub failed: u32,
    /// Sent, and reported later as not delivered.
    pub bounced: u32,
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
        // Two conditions in one query would be served by no index.
        let wanted = if deadline.is_some() { "deadline = ?1" } else { "?1 IS NULL" };
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

    /// How often the service was started since.
    pub fn count_starts(&self, since: Timestamp) -> Result<u32> {
        let sql = "SELECT count(*) FROM audit WHERE what = 'started' AND at >= ?1";
        Ok(self.tx.query_row(sql, [since], |row| row.get(0))?)
    }

    /// What waits and what was lost: no matter how much ever went out, it is not looked at.
    pub fn count_owed(&self) -> Result<Owed> {
        let waiting = "SELECT count(*), min(made_at) FROM letter WHERE state IN ('queued', 'sending')";
        let (queued, oldest_queued) =
            self.tx.prepare_cached(waiting)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let lost = "SELECT count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'bounced')
                    FROM letter WHERE state IN ('failed', 'bounced')";
        let (failed, bounced) = self.tx.prepare_cached(lost)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Owed { queued, oldest_queued, failed, bounced })
    }

    /// Whether any letter waits or is under way.
    pub fn is_owed(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM letter WHERE state IN ('queued', 'sending')";
        Ok(self.tx.prepare_cached(sql)?.exists([])?)
    }

    /// How many letters went, and how many of them were reported as delayed.
    pub fn count_sent(&self) -> Result<(u32, u32)> {
        let sent = "SELECT count(*) FROM letter WHERE state = 'sent'";
        let delayed = "SELECT count(*) FROM letter WHERE delay IS NOT NULL AND state = 'sent'";
        let count = |sql| self.tx.query_row(sql, [], |row| row.get(0));
        Ok((count(sent)?, count(delayed)?))
    }

    /// How many letters have waited since before this moment; `in_window`: also those that were not tried yet.
    pub fn count_late(&self, since: Timestamp, in_window: bool) -> Result<u32> {
        let sql = "SELECT count(*) FROM letter WHERE state IN ('queued', 'sending') AND made_at <= ?1 AND (attempts > 0 OR ?2)";
        Ok(self.tx.prepare_cached(sql)?.query_row(params![since, in_window], |row| row.get(0))?)
    }

    /// How many open occurrences there are, and how many of them are overdue.
    pub fn count_open(&self, today: Date) -> Result<(u32, u32)> {
        // One question for each: the index alone answers both.
        let open = self.tx.query_row("SELECT count(*) FROM occurrence WHERE state = 'open'", [], |row| row.get(0))?;
        let overdue = "SELECT count(*) FROM occurrence WHERE state = 'open' AND due < ?1";
        Ok((open, self.tx.query_row(overdue, [today], |row| row.get(0))?))
    }

    /// Grows whenever an occurrence, a deadline, a report or a request changes: what was worked out from them before
    /// holds until then.
    pub fn changes(&self) -> Result<i64> {
        Ok(self.meta("changes")?.and_then(|n| n.parse().ok()).unwrap_or(0))
    }
}
