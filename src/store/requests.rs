//! Requests of sections to the admin, and the admin's decisions.

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Result, Tx};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// 不能按期.
    Postponed,
    /// 不适用.
    NotApplicable,
}

impl RequestKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Postponed => "不能按期",
            Self::NotApplicable => "不适用",
        }
    }
}

#[derive(Clone, Debug)]
pub struct RequestRow {
    pub id: i64,
    pub occurrence: i64,
    pub section: String,
    pub kind: RequestKind,
    pub by: String,
    pub reason: String,
    /// 预计日期, of a postponement.
    pub expected: Option<Date>,
    pub at: Timestamp,
    pub decision: Option<Decision>,
}

#[derive(Clone, Debug)]
pub struct Decision {
    pub confirmed: bool,
    pub by: String,
    pub note: String,
    pub at: Timestamp,
}

/// A request to be made.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    pub occurrence: i64,
    pub section: &'a str,
    pub kind: RequestKind,
    pub by: &'a str,
    pub reason: &'a str,
    pub expected: Option<Date>,
}

const REQUEST: &str =
    "id, occurrence, section, kind, by, reason, expected, at, confirmed, decided_by, answer, decided_at";

impl Tx<'_> {
    pub fn add_request(&self, new: &NewRequest, at: Timestamp) -> Result<i64> {
        let sql = "INSERT INTO request (id, occurrence, section, kind, by, reason, expected, at)
                   VALUES (?8, ?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let id = self.fresh_id("request")?;
        let kind = match new.kind {
            RequestKind::Postponed => "postponed",
            RequestKind::NotApplicable => "not_applicable",
        };
        self.tx.execute(sql, params![new.occurrence, new.section, kind, new.by, new.reason, new.expected, at, id])?;
        Ok(id)
    }

    pub fn request(&self, id: i64) -> Result<Option<RequestRow>> {
        let sql = format!("SELECT {REQUEST} FROM request WHERE id = ?1");
        Ok(self.tx.query_row(&sql, [id], read_request).optional()?)
    }

    pub fn requests_of(&self, occurrence: i64) -> Result<Vec<RequestRow>> {
        self.requests("occurrence = ?1", params![occurrence])
    }

    /// Requests that wait for the admin, oldest first.
    pub fn open_requests(&self) -> Result<Vec<RequestRow>> {
        self.requests("confirmed IS NULL", params![])
    }

    fn requests(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<RequestRow>> {
        let sql = format!("SELECT {REQUEST} FROM request WHERE {condition} ORDER BY id");
        let mut found = self.tx.prepare_cached(&sql)?;
        Ok(found.query_map(values, read_request)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Writes the admin's answer; false if there was one before.
    pub fn decide_request(&self, id: i64, decision: &Decision) -> Result<bool> {
        let sql = "UPDATE request SET confirmed = ?2, decided_by = ?3, answer = ?4, decided_at = ?5 WHERE id = ?1 AND confirmed IS NULL";
        Ok(self.tx.execute(sql, params![id, decision.confirmed, decision.by, decision.note, decision.at])? == 1)
    }
}

fn read_request(row: &Row) -> rusqlite::Result<RequestRow> {
    let kind: String = row.get(3)?;
    let confirmed: Option<bool> = row.get(8)?;
    let decision = match confirmed {
        Some(confirmed) => Some(Decision { confirmed, by: row.get(9)?, note: row.get(10)?, at: row.get(11)? }),
        None => None,
    };
    Ok(RequestRow {
        id: row.get(0)?,
        occurrence: row.get(1)?,
        section: row.get(2)?,
        kind: if kind == "postponed" { RequestKind::Postponed } else { RequestKind::NotApplicable },
        by: row.get(4)?,
        reason: row.get(5)?,
        expected: row.get(6)?,
        at: row.get(7)?,
        decision,
    })
}
