//! What is kept of letters for ever is little: the head, what became of it, and of each occurrence how it was reminded of.

use jiff::Timestamp;
use rusqlite::params;
use serde_json::json;

use super::{AuditRow, Result, Tx, state};

impl Tx<'_> {
    /// Thins letters that ended and were made before this moment, at most so many: their texts, attempts and numbers go.
    /// The letter itself stays: to whom, when, its subject and Message-ID, and what became of it. Gives how many.
    ///
    /// What was said of an occurrence stays until it is closed and all its letters are thinned; then a line of the audit
    /// trail says it in short.
    pub fn thin_letters(&self, before: Timestamp, most: u32, now: Timestamp) -> Result<usize> {
        // What is still open keeps its history: a letter that speaks of it stays whole.
        let sql = "SELECT t.letter FROM letter_text t JOIN letter l ON l.id = t.letter
                   WHERE l.made_at < ?1 AND l.state NOT IN ('queued', 'sending') AND NOT EXISTS (
                     SELECT 1 FROM said s JOIN occurrence o ON o.id = s.occurrence
                     WHERE s.letter = l.id AND o.state = 'open')
                   ORDER BY t.letter LIMIT ?2";
        let letters = self.ids(sql, params![before, most])?;
        let is_sent = "SELECT 1 FROM letter WHERE id = ?1 AND state = 'sent'";
        let mut sent = self.get(state::SENT_AND_THINNED)?.unwrap_or(0);
        for letter in &letters {
            sent += u32::from(self.tx.prepare_cached(is_sent)?.exists([letter])?);
            for sql in [
                "DELETE FROM letter_text WHERE letter = ?1",
                "DELETE FROM attempt WHERE letter = ?1",
                "DELETE FROM letter_item WHERE letter = ?1",
                "UPDATE letter SET thinned = 1 WHERE id = ?1",
            ] {
                self.tx.prepare_cached(sql)?.execute([letter])?;
            }
        }
        self.put(state::SENT_AND_THINNED, &sent)?;
        for letter in &letters {
            for occurrence in self.ids("SELECT DISTINCT occurrence FROM said WHERE letter = ?1", params![letter])? {
                self.sum_up(occurrence, now)?;
            }
        }
        if !letters.is_empty() {
            // The latest of a deadline stays: letters to come are like it.
            let sql = "DELETE FROM letter_model WHERE id < (SELECT max(id) FROM letter_model l WHERE l.deadline = letter_model.deadline)
                       AND NOT EXISTS (SELECT 1 FROM letter_text t WHERE t.model = letter_model.id)";
            self.tx.prepare_cached(sql)?.execute([])?;
        }
        Ok(letters.len())
    }

    /// Puts in one line what was said of a closed occurrence of which no letter is whole any more.
    fn sum_up(&self, occurrence: i64, now: Timestamp) -> Result<()> {
        let ended =
            "SELECT o.deadline, o.period FROM occurrence o WHERE o.id = ?1 AND o.state <> 'open' AND NOT EXISTS (
                       SELECT 1 FROM said s JOIN letter l ON l.id = s.letter
                       WHERE s.occurrence = o.id AND NOT l.thinned AND l.state <> 'dropped')";
        let mut ended = self.tx.prepare_cached(ended)?;
        let mut rows = ended.query([occurrence])?;
        let Some(row) = rows.next()? else { return Ok(()) };
        let (deadline, period) = (row.get(0)?, row.get(1)?);
        let sent = "FROM said s JOIN letter l ON l.id = s.letter WHERE s.occurrence = ?1 AND s.dropped IS NULL
                    AND l.state IN ('sent', 'bounced')";
        let sums = format!("SELECT count(*), min(s.on_day), max(s.on_day) {sent}");
        let (times, first, last) = self.tx.prepare_cached(&sums)?.query_row([occurrence], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
        })?;
        if times > 0 {
            let to = format!("SELECT DISTINCT lower(l.mailbox) {sent} ORDER BY 1");
            let mut to = self.tx.prepare_cached(&to)?;
            let to: Vec<String> = to.query_map([occurrence], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let detail = json!({ "times": times, "first": first, "last": last, "to": to.join("、") });
            let (who, what) = ("duban".into(), "reminded".into());
            self.audit(&AuditRow { at: now, who, what, deadline: Some(deadline), period: Some(period), detail })?;
        }
        self.tx.prepare_cached("DELETE FROM said WHERE occurrence = ?1")?.execute([occurrence])?;
        Ok(())
    }

    fn ids(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<i64>> {
        let mut found = self.tx.prepare_cached(sql)?;
        Ok(found.query_map(values, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }
}
