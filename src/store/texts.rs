//! The texts of letters as they were handed over: most of what a database holds, so they are kept small, and not for
//! ever.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    Error, Result, Tx,
    packed::{self, Model},
};

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
        let sql = "SELECT t.form, t.message, t.model, m.message FROM letter_text t
                   LEFT JOIN letter_model m ON m.id = t.model WHERE t.letter = ?1";
        let read = |row: &Row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Option<i64>>(2)?, row.get(3)?))
        };
        let kept: Option<(_, _, _, Option<Vec<u8>>)> = self.tx.prepare_cached(sql)?.query_row([id], read).optional()?;
        let Some((form, kept, model, message)) = kept else { return Ok(None) };
        if form == PLAIN {
            return Ok(Some(kept));
        }
        if model.is_some() && message.is_none() {
            return Err(Error::Value(format!("the model of letter {id} is not there")));
        }
        let model = message.map(|message| Model::open(&message)).transpose()?;
        packed::unpack(&kept, model.as_ref()).map(Some)
    }

    /// Keeps the message that was handed over, whatever the outcome. Letters of one deadline are much the same: of each
    /// but the first, what is its own is kept.
    pub fn keep_text(&self, letter: i64, message: &[u8]) -> Result<()> {
        let Some(deadline) = self.speaks_of(letter)? else {
            return self.put_text(letter, &packed::pack(message, None)?, None);
        };
        let sql = "SELECT id, message FROM letter_model WHERE deadline = ?1 ORDER BY id DESC LIMIT 1";
        let read = |row: &Row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
        let last = self.tx.prepare_cached(sql)?.query_row([&deadline], read).optional()?;
        // A model that is damaged is as good as none.
        let last = last.and_then(|(id, packed)| Some((id, packed.len(), Model::open(&packed).ok()?)));
        let like = last.map(|(id, size, model)| Ok::<_, Error>((id, size, packed::pack(message, Some(&model))?)));
        let like = like.transpose()?;
        let is_like = |text: &[u8], alone: usize| text.len() * 3 <= alone * 2;
        if let Some((id, _, text)) = like.as_ref().filter(|(_, size, text)| is_like(text, *size)) {
            return self.put_text(letter, text, Some(*id));
        }
        // It may only be longer than the model.
        let alone = packed::pack(message, None)?;
        if let Some((id, _, text)) = like.as_ref().filter(|(.., text)| is_like(text, alone.len())) {
            return self.put_text(letter, text, Some(*id));
        }
        let sql = "INSERT INTO letter_model (deadline, message) VALUES (?1, ?2)";
        self.tx.prepare_cached(sql)?.execute(params![deadline, alone])?;
        let id = self.tx.last_insert_rowid();
        self.put_text(letter, &packed::pack(message, Some(&Model::open(&alone)?))?, Some(id))
    }

    /// The deadline of the first thing that the letter says.
    fn speaks_of(&self, letter: i64) -> Result<Option<String>> {
        let sql = "SELECT o.deadline FROM said s JOIN occurrence o ON o.id = s.occurrence
                   WHERE s.letter = ?1 AND s.dropped IS NULL ORDER BY s.id LIMIT 1";
        Ok(self.tx.prepare_cached(sql)?.query_row([letter], |row| row.get(0)).optional()?)
    }

    fn put_text(&self, letter: i64, packed: &[u8], model: Option<i64>) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO letter_text (letter, message, form, model) VALUES (?1, ?2, ?3, ?4)";
        self.tx.prepare_cached(sql)?.execute(params![letter, packed, PACKED, model])?;
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

    /// Bytes of the database that hold something: free pages are used again.
    pub fn bytes(&self) -> Result<u64> {
        let number = |name| self.tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (pages, free, size) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
        Ok(((pages - free) * size).unsigned_abs())
    }
}
