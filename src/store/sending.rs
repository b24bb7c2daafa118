//! Sending a letter: claim it, then settle it. One process sends, one round at a time.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    Error, LetterRow, Result, Tx,
    letters::{LETTER, read_letter},
};
use crate::domain::{refusal::Verdict, retry::Next};

#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub letter: i64,
    pub at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub outcome: Option<String>,
    pub reply: Option<String>,
}

impl Tx<'_> {
    /// Begins a round of sending, while nobody else sends. Letters that were being sent when a process died are queued
    /// again, and a pause beyond `longest`, which only a clock that was set back can cause, ends.
    pub fn begin_round(&self, now: Timestamp, longest: Timestamp) -> Result<()> {
        let died = "UPDATE letter SET state = 'queued', next_attempt = min(next_attempt, ?1)
                    WHERE state IN ('queued', 'sending') AND state = 'sending'";
        self.tx.execute(died, [now])?;
        let far = "UPDATE letter SET next_attempt = ?1
                   WHERE state IN ('queued', 'sending') AND state = 'queued' AND next_attempt > ?2";
        self.tx.execute(far, [now, longest])?;
        Ok(())
    }

    /// The letter that is to go out at this turn of a round; `in_window`: reminders go too. One that cannot be read is
    /// given with its error, so that it can be set aside.
    ///
    /// Reminders go first. One turn in four is for the other letters, so that they wait for no end of reminders. And what
    /// is tried again takes turns with what is tried first, so that neither waits for all of the other.
    pub fn next_to_send(&self, now: Timestamp, in_window: bool, turn: u32) -> Result<Option<(i64, Result<LetterRow>)>> {
        const ALL: &str = "state IN ('queued', 'sending')";
        const TRIED: &str = "state IN ('queued', 'sending') AND attempts > 0";
        let reminders_first = turn % 4 != 3;
        for reminders in [reminders_first, !reminders_first] {
            let retried = (turn + turn / 4) % 2 == 1;
            for indexed in [TRIED, ALL].into_iter().skip(usize::from(!retried)) {
                let next = self.next_of(indexed, reminders, now, in_window)?;
                if next.is_some() {
                    return Ok(next);
                }
            }
        }
        Ok(None)
    }

    /// A partial index serves only a query that has its condition, `indexed`, word for word.
    fn next_of(
        &self,
        indexed: &str,
        reminders: bool,
        now: Timestamp,
        in_window: bool,
    ) -> Result<Option<(i64, Result<LetterRow>)>> {
        let sql = format!(
            "SELECT {LETTER} FROM letter WHERE {indexed} AND (kind = 'reminders') = ?3 AND state = 'queued'
             AND next_attempt <= ?1 AND (any_time OR ?2) ORDER BY next_attempt, id LIMIT 1"
        );
        let read = |row: &Row| Ok((row.get(0)?, read_letter(row).map_err(Error::from).flatten()));
        Ok(self.tx.prepare_cached(&sql)?.query_row(params![now, in_window, reminders], read).optional()?)
    }

    /// Takes a letter for sending. Gives the attempt's id.
    pub fn claim(&self, letter: &LetterRow, now: Timestamp) -> Result<i64> {
        let (letter, attempts) = (letter.id, letter.attempts);
        if attempts > 0 {
            let lapsed = "UPDATE attempt SET ended_at = ?2, outcome = 'unknown', reply = '' WHERE letter = ?1 AND ended_at IS NULL";
            self.tx.prepare_cached(lapsed)?.execute(params![letter, now])?;
        }
        let sql =
            "UPDATE letter SET state = 'sending', attempts = attempts + 1, first_attempt = coalesce(first_attempt, ?2)
                   WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![letter, now])?;
        self.tx.prepare_cached("INSERT INTO attempt (letter, at) VALUES (?1, ?2)")?.execute(params![letter, now])?;
        Ok(self.tx.last_insert_rowid())
    }

    /// Records the outcome of an attempt, and its letter's new state and subject.
    pub fn settle(
        &self,
        (letter, attempt, subject): (i64, i64, &str),
        (verdict, reply): (Verdict, &str),
        next: Next,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE attempt SET ended_at = ?2, outcome = ?3, reply = ?4 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![attempt, now, verdict.name(), reply])?;
        let (sql, at) = match next {
            Next::Sent => (
                "UPDATE letter SET state = CASE WHEN bounced_at IS NULL THEN 'sent' ELSE 'bounced' END,
                 first_attempt = NULL, next_attempt = NULL, ended_at = ?2, reply = ?3, subject = ?4 WHERE id = ?1",
                now,
            ),
            Next::GiveUp => (
                "UPDATE letter SET state = 'failed', ended_at = ?2, reply = ?3, last_error = ?3, subject = ?4
                 WHERE id = ?1",
                now,
            ),
            Next::RetryAt(at) => (
                "UPDATE letter SET state = 'queued', next_attempt = ?2, last_error = ?3, subject = ?4 WHERE id = ?1",
                at,
            ),
        };
        self.tx.prepare_cached(sql)?.execute(params![letter, at, reply, subject])?;
        Ok(())
    }

    /// Letters that wait because the server refused us are tried again now.
    pub fn try_refused_again(&self, now: Timestamp) -> Result<()> {
        let sql = "UPDATE letter SET next_attempt = ?1
                   WHERE state IN ('queued', 'sending') AND attempts > 0 AND state = 'queued' AND next_attempt > ?1
                   AND (SELECT outcome FROM attempt WHERE letter = letter.id ORDER BY id DESC LIMIT 1) = 'misconfigured'";
        self.tx.prepare_cached(sql)?.execute([now])?;
        Ok(())
    }

    /// The attempts at this letter that were refused for good, in order.
    pub fn refusals(&self, letter: i64) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM attempt WHERE letter = ?1 AND ended_at IS NOT NULL AND reply GLOB '5[0-9][0-9][ -]*'
                   ORDER BY id";
        Ok(self.tx.prepare_cached(sql)?.query_map([letter], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether a letter to another mailbox was accepted since then.
    pub fn is_another_accepted(&self, mailbox: &str, since: Timestamp) -> Result<bool> {
        let sql = "SELECT 1 FROM letter WHERE state = 'sent' AND NOT thinned AND ended_at >= ?2 AND mailbox <> ?1 COLLATE NOCASE";
        Ok(self.tx.prepare_cached(sql)?.exists(params![mailbox, since])?)
    }

    /// Whether an attempt between these two, at a letter to another mailbox, was accepted.
    pub fn is_another_accepted_between(&self, mailbox: &str, from: i64, to: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM attempt a JOIN letter l ON l.id = a.letter
                   WHERE a.id > ?2 AND a.id < ?3 AND a.outcome = 'accepted' AND l.mailbox <> ?1 COLLATE NOCASE";
        Ok(self.tx.prepare_cached(sql)?.exists(params![mailbox, from, to])?)
    }

    /// Mailboxes that were tried since a letter was last accepted, with the replies, of the latest attempts that ended.
    pub fn tried_in_vain(&self) -> Result<Vec<(String, String)>> {
        let sql = "SELECT l.mailbox, coalesce(a.reply, ''), a.outcome = 'accepted' FROM
                   (SELECT id, letter, reply, outcome, ended_at FROM attempt ORDER BY id DESC LIMIT 50) a
                   JOIN letter l ON l.id = a.letter WHERE a.outcome IS NOT NULL ORDER BY a.ended_at DESC, a.id DESC";
        let mut found = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?));
        let rows: Vec<((String, String), bool)> = found.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
        Ok(rows.into_iter().take_while(|(_, is_accepted)| !is_accepted).map(|(tried, _)| tried).collect())
    }

    /// Mailboxes with letters that were tried in vain and wait, with the last replies.
    pub fn waiting_replies(&self) -> Result<Vec<(String, String)>> {
        let sql = "SELECT mailbox, coalesce(last_error, '') FROM letter
                   WHERE state IN ('queued', 'sending') AND attempts > 0 LIMIT 1000";
        let mut found = self.tx.prepare_cached(sql)?;
        Ok(found.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Undoes a claim of a letter that cannot be written: nothing of it was handed over. `letter` is as it was before.
    pub fn put_back(&self, letter: &LetterRow, attempt: i64) -> Result<()> {
        self.tx.prepare_cached("DELETE FROM attempt WHERE id = ?1")?.execute([attempt])?;
        let sql = "UPDATE letter SET attempts = ?2, first_attempt = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![letter.id, letter.attempts, letter.first_attempt])?;
        Ok(())
    }

    /// Drops a letter that has nothing left to say.
    pub fn drop_letter(&self, id: i64, now: Timestamp) -> Result<()> {
        let sql = "UPDATE letter SET state = 'dropped', ended_at = ?2 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, now])?;
        Ok(())
    }

    /// Puts off a letter that cannot be written, so that the others go on.
    pub fn set_aside(&self, id: i64, until: Timestamp, error: &str) -> Result<()> {
        let sql = "UPDATE letter SET state = 'queued', next_attempt = ?2, last_error = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, until, error])?;
        Ok(())
    }

    /// Tries failed and waiting letters again at once: one, or all. Gives how many.
    pub fn retry_letters(&self, id: Option<i64>, now: Timestamp) -> Result<usize> {
        let sql = "UPDATE letter SET state = 'queued', next_attempt = ?2, first_attempt = NULL, ended_at = NULL,
                   bounced_at = NULL, bounce = NULL, delay = NULL, thinned = 0
                   WHERE (state IN ('queued', 'failed') OR state = 'bounced' AND ?1 = id) AND (?1 IS NULL OR id = ?1)";
        Ok(self.tx.prepare_cached(sql)?.execute(params![id, now])?)
    }

    pub fn attempts(&self, letter: i64) -> Result<Vec<AttemptRow>> {
        let sql = "SELECT letter, at, ended_at, outcome, reply FROM attempt WHERE letter = ?1 ORDER BY id";
        Ok(self.tx.prepare_cached(sql)?.query_map([letter], read_attempt)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The last attempt that has ended.
    pub fn last_attempt(&self) -> Result<Option<AttemptRow>> {
        let sql = "SELECT letter, at, ended_at, outcome, reply FROM attempt WHERE ended_at IS NOT NULL
                   ORDER BY id DESC LIMIT 1";
        Ok(self.tx.prepare_cached(sql)?.query_row([], read_attempt).optional()?)
    }

    /// How many attempts ended with each outcome.
    pub fn count_attempts(&self) -> Result<Vec<(String, u64)>> {
        let mut rows = self.tx.prepare_cached("SELECT outcome, count FROM attempt_count ORDER BY outcome")?;
        let read = |row: &Row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
        Ok(rows.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
    }
}

fn read_attempt(row: &Row) -> rusqlite::Result<AttemptRow> {
    let (letter, at, ended_at) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(AttemptRow { letter, at, ended_at, outcome: row.get(3)?, reply: row.get(4)? })
}
