//! What is kept under a key.

use rusqlite::OptionalExtension;

use super::{Result, Tx};

impl Tx<'_> {
    pub fn meta(&self, key: &str) -> Result<Option<String>> {
        let mut found = self.tx.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(found.query_row([key], |row| row.get(0)).optional()?)
    }

    pub fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        self.tx.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?.execute([key, value])?;
        Ok(())
    }

    /// Grows whenever an occurrence, a deadline, a report or a request changes: what was worked out from them before
    /// holds until then.
    pub fn changes(&self) -> Result<i64> {
        Ok(self.meta("changes")?.and_then(|n| n.parse().ok()).unwrap_or(0))
    }
}
