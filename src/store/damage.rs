//! What is broken in the file.

use super::{Db, Result};

/// How many of SQLite's findings are shown.
const SHOWN: usize = 5;

impl Db {
    /// What is broken in the file, in SQLite's words; empty if the file is sound.
    pub fn damage(&self) -> Vec<String> {
        match self.look_for_damage("PRAGMA integrity_check") {
            Ok(found) => found,
            Err(e) => vec![e.to_string()],
        }
    }

    /// Faster than [`Self::damage`]: does not compare indexes with their tables.
    pub fn damage_at_a_glance(&self) -> Vec<String> {
        match self.look_for_damage("PRAGMA quick_check") {
            Ok(found) => found,
            Err(e) => vec![e.to_string()],
        }
    }

    fn look_for_damage(&self, sql: &str) -> Result<Vec<String>> {
        let mut check = self.conn.prepare(sql)?;
        let mut found: Vec<String> = check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        found.retain(|line| line != "ok");
        let mut check = self.conn.prepare("PRAGMA foreign_key_check")?;
        let orphan = |row: &rusqlite::Row| {
            let (table, id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let id = id.map(|id| format!(" {id}")).unwrap_or_default();
            Ok(format!("{table}{id} refers to a {parent} that is not there"))
        };
        found.extend(check.query_map([], orphan)?.collect::<rusqlite::Result<Vec<_>>>()?);
        let more = found.len().saturating_sub(SHOWN);
        found.truncate(SHOWN);
        found.extend((more > 0).then(|| format!("… {more} more")));
        Ok(found)
    }
}
