//! Incoming messages: where they are, what became of them, and which ones wait for a person.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::{Result, Tx};

/// Where a message is in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Account, server and folder.
    pub mailbox: String,
    pub uid_validity: u32,
    pub uid: u32,
}

/// What is known of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// How many times its reading was begun, this time included.
    Begun(u32),
    /// The message was acted on; `waits` is whether it waits for a person.
    Acted { waits: bool },
    /// It is not for us.
    LeftAlone,
}

/// A message that was for us, to be remembered.
#[derive(Clone, Debug)]
pub struct NewIncoming<'a> {
    pub fingerprint: &'a str,
    pub message_id: &'a str,
    pub sender: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub letter: Option<i64>,
    pub outcome: &'a str,
    /// JSON.
    pub detail: &'a str,
    pub waits: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct IncomingRow {
    pub id: i64,
    pub at: Timestamp,
    pub message_id: String,
    pub sender: String,
    pub subject: String,
    /// The sender's own words.
    pub text: String,
    pub letter: Option<i64>,
    pub outcome: String,
    /// JSON: what was recorded, or why not.
    pub detail: String,
    /// Waits in 待人工.
    pub waits: bool,
}

const INCOMING: &str = "id, at, message_id, sender, subject, text, letter, outcome, detail, waits";

impl Tx<'_> {
    /// Remembers where a message lies, and that its reading begins now.
    pub fn begin_place(&self, place: &Place) -> Result<Placed> {
        let sql = "SELECT tries, left_alone, i.waits FROM incoming_place p LEFT JOIN incoming i ON i.id = p.incoming
                   WHERE mailbox = ?1 AND uid_validity = ?2 AND uid = ?3";
        let Place { mailbox, uid_validity, uid } = place;
        let key = params![mailbox, uid_validity, uid];
        let read = |row: &Row| Ok((row.get::<_, u32>(0)?, row.get::<_, bool>(1)?, row.get::<_, Option<bool>>(2)?));
        let tries = match self.tx.prepare_cached(sql)?.query_row(key, read).optional()? {
            Some((_, true, _)) => return Ok(Placed::LeftAlone),
            Some((_, _, Some(waits))) => return Ok(Placed::Acted { waits }),
            Some((tries, ..)) => tries,
            None => 0,
        };
        let sql = "INSERT INTO incoming_place (mailbox, uid_validity, uid, tries) VALUES (?1, ?2, ?3, 1)
                   ON CONFLICT DO UPDATE SET tries = tries + 1";
        self.tx.prepare_cached(sql)?.execute(key)?;
        Ok(Placed::Begun(tries + 1))
    }

    /// Notes that the message there was acted on (`incoming`), or is not for us.
    pub fn end_place(&self, place: &Place, incoming: Option<i64>) -> Result<()> {
        let sql = "UPDATE incoming_place SET incoming = ?4, left_alone = ?4 IS NULL
                   WHERE mailbox = ?1 AND uid_validity = ?2 AND uid = ?3";
        let Place { mailbox, uid_validity, uid } = place;
        self.tx.prepare_cached(sql)?.execute(params![mailbox, uid_validity, uid, incoming])?;
        Ok(())
    }

    /// Forgets where the messages of a mailbox lie, not what became of them.
    pub fn forget_places(&self, mailbox: &str, uid_validity: u32) -> Result<()> {
        let sql = "DELETE FROM incoming_place WHERE mailbox = ?1 AND uid_validity = ?2";
        self.tx.prepare_cached(sql)?.execute(params![mailbox, uid_validity])?;
        Ok(())
    }

    pub fn add_incoming(&self, new: &NewIncoming, at: Timestamp) -> Result<i64> {
        let sql =
            "INSERT INTO incoming (at, fingerprint, message_id, sender, subject, text, letter, outcome, detail, waits)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.tx.prepare_cached(sql)?.execute(params![
            at,
            new.fingerprint,
            new.message_id,
            new.sender,
            new.subject,
            new.text,
            new.letter,
            new.outcome,
            new.detail,
            new.waits
        ])?;
        Ok(self.tx.last_insert_rowid())
    }

    pub fn incoming(&self, id: i64) -> Result<Option<IncomingRow>> {
        let sql = format!("SELECT {INCOMING} FROM incoming WHERE id = ?1");
        Ok(self.tx.prepare_cached(&sql)?.query_row([id], read_incoming).optional()?)
    }

    pub fn incoming_by_fingerprint(&self, fingerprint: &str) -> Result<Option<IncomingRow>> {
        let sql = format!("SELECT {INCOMING} FROM incoming WHERE fingerprint = ?1");
        Ok(self.tx.prepare_cached(&sql)?.query_row([fingerprint], read_incoming).optional()?)
    }

    /// What this sender wrote lately in answer to other letters than this one, the latest first.
    pub fn earlier_words(&self, sender: &str, letter: Option<i64>) -> Result<Vec<String>> {
        let sql = "SELECT text FROM incoming WHERE sender = ?1 COLLATE NOCASE AND letter IS NOT ?2 AND text != ''
                   ORDER BY id DESC LIMIT 10";
        let mut found = self.tx.prepare_cached(sql)?;
        Ok(found.query_map(params![sender, letter], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The latest `limit` messages, or those of them that wait for a person, oldest first.
    pub fn incoming_list(&self, only_waiting: bool, limit: u32) -> Result<Vec<IncomingRow>> {
        let sql = format!(
            "SELECT * FROM (SELECT {INCOMING} FROM incoming WHERE waits OR NOT ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id"
        );
        let mut found = self.tx.prepare_cached(&sql)?;
        Ok(found.query_map(params![only_waiting, limit], read_incoming)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The messages from this one to that one which a letter of ours was answered with, oldest first.
    pub fn incoming_between(&self, from: i64, to: i64) -> Result<Vec<IncomingRow>> {
        let sql = format!(
            "SELECT {INCOMING} FROM incoming WHERE id BETWEEN ?1 AND ?2 AND letter IS NOT NULL
             AND outcome IN ('recorded', 'acknowledged', 'unclear') ORDER BY id"
        );
        let mut found = self.tx.prepare_cached(&sql)?;
        Ok(found.query_map(params![from, to], read_incoming)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The number of the latest message.
    pub fn last_incoming(&self) -> Result<i64> {
        Ok(self.tx.query_row("SELECT coalesce(max(id), 0) FROM incoming", [], |row| row.get(0))?)
    }

    pub fn count_waiting(&self) -> Result<u32> {
        Ok(self.tx.query_row("SELECT count(*) FROM incoming WHERE waits", [], |row| row.get(0))?)
    }

    /// Notes that a person has dealt with a message; false if it did not wait.
    pub fn end_waiting(&self, id: i64, by: &str, at: Timestamp) -> Result<bool> {
        let sql = "UPDATE incoming SET waits = 0, handled_by = ?2, handled_at = ?3 WHERE id = ?1 AND waits";
        Ok(self.tx.prepare_cached(sql)?.execute(params![id, by, at])? == 1)
    }
}

fn read_incoming(row: &Row) -> rusqlite::Result<IncomingRow> {
    Ok(IncomingRow {
        id: row.get(0)?,
        at: row.get(1)?,
        message_id: row.get(2)?,
        sender: row.get(3)?,
        subject: row.get(4)?,
        text: row.get(5)?,
        letter: row.get(6)?,
        outcome: row.get(7)?,
        detail: row.get(8)?,
        waits: row.get(9)?,
    })
}
