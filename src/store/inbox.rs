//! What came in by mail: which letter it answers, what became of it, and what still waits for a person.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::{
    LetterRow, Result, Tx,
    outbox::{LETTER, read_letter},
};

/// A number of a letter, as it was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    pub number: u32,
    pub occurrence: i64,
    /// Whose report a reply is.
    pub section: String,
}

/// Where a mailbox has a message.
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
    /// Its reading was begun so often, this time included.
    Begun(u32),
    /// It has acted; whether it waits for a person.
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
    /// What the sender wrote himself.
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
    /// Gives each of the letter's items a number, in this order; one that has a number keeps it.
    pub fn number_items(&self, letter: i64, items: &[(i64, Vec<String>)]) -> Result<Vec<u32>> {
        let known = self.items(letter)?;
        let mut last = known.iter().map(|i| i.number).max().unwrap_or(0);
        let mut numbers = Vec::new();
        let sql = "INSERT INTO letter_item (letter, occurrence, section, number) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let mut insert = self.tx.prepare_cached(sql)?;
        for (occurrence, sections) in items {
            let number = known.iter().find(|i| i.occurrence == *occurrence).map(|i| i.number).unwrap_or_else(|| {
                last += 1;
                last
            });
            for section in sections {
                insert.execute(params![letter, occurrence, section, number])?;
            }
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// Gives a letter these items with these numbers.
    pub fn set_items(&self, letter: i64, items: &[ItemRow]) -> Result<()> {
        let sql = "INSERT INTO letter_item (letter, occurrence, section, number) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let mut insert = self.tx.prepare_cached(sql)?;
        for item in items {
            insert.execute(params![letter, item.occurrence, item.section, item.number])?;
        }
        Ok(())
    }

    /// What a reply to this letter can be about, by number.
    pub fn items(&self, letter: i64) -> Result<Vec<ItemRow>> {
        let sql = "SELECT number, occurrence, section FROM letter_item WHERE letter = ?1 ORDER BY number, section";
        let mut items = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok(ItemRow { number: row.get(0)?, occurrence: row.get(1)?, section: row.get(2)? });
        Ok(items.query_map([letter], read)?.collect::<rusqlite::Result<_>>()?)
    }

    pub fn letter_by_message_id(&self, message_id: &str) -> Result<Option<LetterRow>> {
        let sql = format!("SELECT {LETTER} FROM letter WHERE message_id = ?1");
        self.tx.prepare_cached(&sql)?.query_row([message_id], read_letter).optional()?.transpose()
    }

    /// Letters to this mailbox that were taken since then, the latest first.
    pub fn sent_to(&self, mailbox: &str, since: Timestamp) -> Result<Vec<LetterRow>> {
        let sql = format!(
            "SELECT {LETTER} FROM letter WHERE mailbox = ?1 COLLATE NOCASE AND state = 'sent' AND ended_at >= ?2 ORDER BY id DESC"
        );
        let mut found = self.tx.prepare_cached(&sql)?;
        found.query_map(params![mailbox, since], read_letter)?.map(|row| row?).collect()
    }

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

    /// What lies there has acted (`incoming`), or is not for us.
    pub fn end_place(&self, place: &Place, incoming: Option<i64>) -> Result<()> {
        let sql = "UPDATE incoming_place SET incoming = ?4, left_alone = ?4 IS NULL
                   WHERE mailbox = ?1 AND uid_validity = ?2 AND uid = ?3";
        let Place { mailbox, uid_validity, uid } = place;
        self.tx.prepare_cached(sql)?.execute(params![mailbox, uid_validity, uid, incoming])?;
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

    /// What waits for a person, or everything, the latest `limit` of it, oldest first.
    pub fn incoming_list(&self, only_waiting: bool, limit: u32) -> Result<Vec<IncomingRow>> {
        let sql = format!(
            "SELECT * FROM (SELECT {INCOMING} FROM incoming WHERE waits OR NOT ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id"
        );
        let mut found = self.tx.prepare_cached(&sql)?;
        Ok(found.query_map(params![only_waiting, limit], read_incoming)?.collect::<rusqlite::Result<_>>()?)
    }

    pub fn count_waiting(&self) -> Result<u32> {
        Ok(self.tx.query_row("SELECT count(*) FROM incoming WHERE waits", [], |row| row.get(0))?)
    }

    /// A person has seen to it; false if it did not wait.
    pub fn end_waiting(&self, id: i64, by: &str, at: Timestamp) -> Result<bool> {
        let sql = "UPDATE incoming SET waits = 0, handled_by = ?2, handled_at = ?3 WHERE id = ?1 AND waits";
        Ok(self.tx.prepare_cached(sql)?.execute(params![id, by, at])? == 1)
    }

    /// Whether the admin was told of this stranger since.
    pub fn is_stranger_told_of(&self, sender: &str, since: Timestamp) -> Result<bool> {
        let sql = "SELECT 1 FROM letter l JOIN incoming i ON i.id = l.notice ->> '$.stranger.incoming'
                   WHERE l.made_at >= ?2 AND l.notice LIKE '{\"stranger\"%' AND i.sender = ?1 COLLATE NOCASE";
        Ok(self.tx.prepare_cached(sql)?.exists(params![sender, since])?)
    }

    /// How many answers went (or wait) to this mailbox since.
    pub fn count_answers(&self, mailbox: &str, since: Timestamp) -> Result<u32> {
        let sql =
            "SELECT count(*) FROM letter WHERE answers IS NOT NULL AND mailbox = ?1 COLLATE NOCASE AND made_at >= ?2";
        Ok(self.tx.prepare_cached(sql)?.query_row(params![mailbox, since], |row| row.get(0))?)
    }

    /// The relay reports that a letter was not delivered; false if it was not on its way.
    pub fn set_bounced(&self, letter: i64, words: &str, at: Timestamp) -> Result<bool> {
        // While its sending is not settled yet, the word is kept for `settle`.
        let sql = "UPDATE letter SET state = CASE state WHEN 'sent' THEN 'bounced' ELSE state END,
                   bounced_at = ?2, bounce = ?3, last_error = ?3 WHERE id = ?1 AND state IN ('sent', 'sending') AND bounced_at IS NULL";
        Ok(self.tx.prepare_cached(sql)?.execute(params![letter, at, words])? == 1)
    }

    /// The relay reports that delivery takes its time.
    pub fn set_delayed(&self, letter: i64, words: &str) -> Result<()> {
        self.tx.prepare_cached("UPDATE letter SET delay = ?2 WHERE id = ?1")?.execute(params![letter, words])?;
        Ok(())
    }

    /// The words with which a letter to this mailbox was last refused for good.
    pub fn last_refusal(&self, mailbox: &str) -> Result<Option<String>> {
        let sql = "SELECT coalesce(bounce, reply) FROM letter WHERE mailbox = ?1 AND state IN ('failed', 'bounced')
                   ORDER BY coalesce(bounced_at, ended_at) DESC LIMIT 1";
        Ok(self.tx.prepare_cached(sql)?.query_row([mailbox], |row| row.get(0)).optional()?.flatten())
    }

    /// Mailboxes whose last news is a refusal for good, with its words: nothing that was sent later has
    /// stayed unrefused until `settled`.
    pub fn refusing_mailboxes(&self, settled: Timestamp) -> Result<Vec<(String, String)>> {
        let sql = "SELECT r.mailbox, coalesce(r.bounce, r.reply), max(coalesce(r.bounced_at, r.ended_at)) AS refused_at
                   FROM letter r WHERE r.state IN ('failed', 'bounced') GROUP BY r.mailbox
                   HAVING NOT EXISTS (SELECT 1 FROM letter l WHERE l.mailbox = r.mailbox COLLATE NOCASE AND l.mailbox = r.mailbox AND l.state = 'sent'
                                      AND l.ended_at > refused_at AND l.ended_at <= ?1)
                   ORDER BY r.mailbox";
        let mut refused = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default()));
        Ok(refused.query_map([settled], read)?.collect::<rusqlite::Result<_>>()?)
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
