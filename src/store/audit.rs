//! The audit trail.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Error, Result, Tx,
    said::{REFUSED, read_behalf},
};

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
        // In the transaction that writes the line: whoever is next stands behind it.
        self.chain(self.tx.last_insert_rowid())
    }

    /// The latest `limit` lines of the audit trail and of the reminders that were sent, of one deadline or of all, oldest
    /// first.
    pub fn audit_trail(&self, deadline: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        let mut rows = self.written_down(deadline, limit)?;
        rows.extend(self.reminders_sent(deadline, limit)?);
        // In one second: what led to a reminder, the reminder, and what a person did then.
        let rank = |row: &AuditRow| (row.who != "duban", row.what == "sent");
        rows.sort_by_key(|row| (row.at, rank(row)));
        rows.drain(..rows.len().saturating_sub(limit as usize));
        Ok(rows)
    }

    fn written_down(&self, deadline: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
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

    /// The reminders that the server took: what was said, the letters and the attempts hold them already, so that no
    /// line is written for each. Older versions wrote one.
    fn reminders_sent(&self, deadline: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        let written = "coalesce((SELECT value ->> '$' FROM meta WHERE key = 'reminders_in_audit_until'), '')";
        // CROSS JOIN keeps this order: of a deadline, its occurrences first; of all, the latest attempts first.
        let from = match deadline {
            Some(_) => {
                "occurrence o CROSS JOIN said s ON s.occurrence = o.id CROSS JOIN letter l ON l.id = s.letter
                 CROSS JOIN attempt a ON a.letter = l.id WHERE o.deadline = ?1"
            }
            None => {
                "attempt a CROSS JOIN letter l ON l.id = a.letter CROSS JOIN said s ON s.letter = l.id
                 CROSS JOIN occurrence o ON o.id = s.occurrence WHERE ?1 IS NULL"
            }
        };
        let sql = format!(
            "SELECT a.ended_at, o.deadline, o.period, s.saying, s.behalf, s.to_leader, l.id, l.mailbox, a.reply FROM {from}
             AND a.outcome = 'accepted' AND a.ended_at > {written} AND (s.dropped IS NULL OR s.dropped = ?3)
             ORDER BY a.id DESC, s.id DESC LIMIT ?2"
        );
        let read = |row: &Row| {
            let behalf = read_behalf(&row.get::<_, String>(4)?, row.get(5)?).map_err(Error::Value);
            let (saying, letter, to): (String, i64, String) = (row.get(3)?, row.get(6)?, row.get(7)?);
            let reply: Option<String> = row.get(8)?;
            let (at, deadline, period) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(behalf.map(|behalf| AuditRow {
                at,
                who: "duban".into(),
                what: "sent".into(),
                deadline,
                period,
                detail: json!({
                    "to": to, "saying": saying, "behalf": behalf.passed_on_to().unwrap_or_default(),
                    "letter": letter, "reply": reply,
                }),
            }))
        };
        let mut rows = self.tx.prepare_cached(&sql)?;
        let rows = rows.query_map(params![deadline, limit, REFUSED], read)?;
        let mut rows: Vec<AuditRow> = rows.map(|row| row?).collect::<Result<_>>()?;
        rows.reverse();
        Ok(rows)
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

/// The version of the program that started last on this database, as far as that is still written where it was.
pub(super) fn last_version(conn: &Connection) -> Option<String> {
    let sql = "SELECT json_extract(detail, '$.version') FROM audit WHERE what = 'started' ORDER BY id DESC LIMIT 1";
    conn.query_row(sql, [], |row| row.get(0)).ok()
}
