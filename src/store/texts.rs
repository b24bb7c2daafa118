//! The texts of letters as they were handed over: most of what a database holds, so they are kept small, and not for
//! ever.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Result, Tx, packed};

/// As it went to the server: so older versions kept it.
const PLAIN: i64 = 0;
const PACKED: i64 = 1;

impl Tx<'_> {
    /// The message that was last handed over for a letter, as it went to the server. `None` if there was none, or if it
    /// is no longer kept.
    ///
    /// # Errors
    /// What is kept is damaged.
    pub fn handed_over(&self, id: i64) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT form, message FROM letter_text WHERE letter = ?1";
        let read = |row: &Row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
        let kept = self.tx.prepare_cached(sql)?.query_row([id], read).optional()?;
        kept.map(|(form, kept)| if form == PLAIN { Ok(kept) } else { packed::unpack(&kept) }).transpose()
    }

    /// Keeps the message that was handed over, whatever the outcome.
    pub fn keep_text(&self, letter: i64, message: &[u8]) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO letter_text (letter, message, form) VALUES (?1, ?2, ?3)";
        self.tx.prepare_cached(sql)?.execute(params![letter, packed::pack(message)?, PACKED])?;
        Ok(())
    }

    /// Packs at most so many texts that an older version kept. Gives how many were packed.
    pub fn pack_texts(&self, most: u32) -> Result<usize> {
        let sql = "SELECT letter, message FROM letter_text WHERE form = 0 ORDER BY letter LIMIT ?1";
        let mut plain = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
        let plain: Vec<(i64, Vec<u8>)> = plain.query_map([most], read)?.collect::<rusqlite::Result<_>>()?;
        for (letter, message) in &plain {
            self.keep_text(*letter, message)?;
        }
        Ok(plain.len())
    }

    /// Lets go of texts of letters that ended and were made before this moment, at most so many. Gives how many. The
    /// letter itself stays: to whom, when, its subject and Message-ID, and what became of it.
    pub fn let_texts_go(&self, before: Timestamp, most: u32) -> Result<usize> {
        // Ids grow with time: the oldest texts are read, and not all of them.
        let sql = "DELETE FROM letter_text WHERE letter IN (
                     SELECT l.id FROM (SELECT letter FROM letter_text ORDER BY letter LIMIT ?2) t JOIN letter l ON l.id = t.letter
                     WHERE l.made_at < ?1 AND l.state NOT IN ('queued', 'sending'))";
        Ok(self.tx.prepare_cached(sql)?.execute(params![before, most])?)
    }

    /// Bytes of the database that hold something: free pages are used again.
    pub fn bytes(&self) -> Result<u64> {
        let number = |name| self.tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (pages, free, size) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
        Ok(((pages - free) * size).unsigned_abs())
    }
}
