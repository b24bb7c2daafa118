//! The outbox: say it once, claim, settle. One process sends, one round at a time.

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::{Error, Result, Tx};
use crate::domain::{
    occurrence::Dates,
    reminder::{Reader, Saying},
    retry::{Next, Outcome},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LetterState {
    Queued,
    Sending,
    Sent,
    /// The relay took it, and reported later that it was not delivered.
    Bounced,
    Failed,
    /// Everything in it was done, moved or said elsewhere before it went out.
    Dropped,
}

/// A letter to be owed.
#[derive(Clone, Debug)]
pub struct NewLetter<'a> {
    pub mailbox: &'a str,
    /// JSON of a letter to the admin, or of an answer; `None` for reminders.
    pub notice: Option<&'a str>,
    /// The message that came in and that this one answers.
    pub answers: Option<i64>,
    pub any_time: bool,
    /// Of the sender's address: the right side of the Message-ID.
    pub domain: &'a str,
}

#[derive(Clone, Debug)]
pub struct LetterRow {
    pub id: i64,
    pub mailbox: String,
    pub notice: Option<String>,
    pub any_time: bool,
    pub made_at: Timestamp,
    pub state: LetterState,
    pub attempts: u32,
    pub first_attempt: Option<Timestamp>,
    pub next_attempt: Timestamp,
    pub message_id: String,
    pub subject: Option<String>,
    pub ended_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub reply: Option<String>,
    pub answers: Option<i64>,
    /// The report's words that it was not delivered.
    pub bounce: Option<String>,
    /// The words of the latest report that delivery takes its time.
    pub delay: Option<String>,
}

impl LetterRow {
    /// What a delivery report names it by: the left part of the Message-ID.
    pub fn envelope_id(&self) -> &str {
        self.message_id.split('@').next().unwrap_or_default()
    }
}

/// Something said in a letter.
#[derive(Clone, Debug)]
pub struct Utterance<'a> {
    pub occurrence: i64,
    pub counted_from: Date,
    pub saying: Saying,
    pub reader: &'a Reader,
    pub on_day: Date,
    pub dates: Dates,
}

/// Something said, as remembered.
#[derive(Clone, Debug)]
pub struct SaidRow {
    pub id: i64,
    pub occurrence: i64,
    pub counted_from: Date,
    pub saying: Saying,
    pub reader: Reader,
    pub on_day: Date,
    pub dates: Dates,
}

#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub letter: i64,
    pub at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub outcome: Option<String>,
    pub reply: Option<String>,
}

pub(super) const LETTER: &str =
    "id, mailbox, notice, any_time, made_at, state, attempts, first_attempt, next_attempt, message_id, subject,
                      ended_at, last_error, reply, answers, bounce, delay";
const SAID: &str = "s.id, s.occurrence, s.counted_from, s.saying, s.mailbox, s.behalf, s.on_day, s.to_leader,
                    s.due, s.finish_by, s.target";

impl Tx<'_> {
    /// The letter to this mailbox that waits and was never tried, or a new one.
    pub fn letter_for(&self, new: &NewLetter, now: Timestamp) -> Result<i64> {
        let sql = "SELECT id FROM letter WHERE mailbox = ?1 AND state = 'queued' AND attempts = 0
                   AND notice IS NULL AND any_time = ?2";
        let waiting =
            self.tx.prepare_cached(sql)?.query_row(params![new.mailbox, new.any_time], |row| row.get(0)).optional()?;
        match waiting {
            Some(id) => Ok(id),
            None => self.queue_letter(new, now),
        }
    }

    /// Owes a letter. Gives its id.
    pub fn queue_letter(&self, new: &NewLetter, now: Timestamp) -> Result<i64> {
        let uid = self.meta("uid")?.unwrap_or_default();
        let id = self.fresh_id("letter")?;
        // Who has seen one letter cannot write the next one's.
        let chance: String = self.tx.query_row("SELECT lower(hex(randomblob(8)))", [], |row| row.get(0))?;
        let message_id = format!("duban.{uid}.{id}.{chance}@{}", new.domain);
        let sql =
            "INSERT INTO letter (id, mailbox, notice, any_time, made_at, state, next_attempt, message_id, answers)
                   VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?5, ?6, ?7)";
        let NewLetter { mailbox, notice, answers, any_time, .. } = new;
        self.tx.prepare_cached(sql)?.execute(params![id, mailbox, notice, any_time, now, message_id, answers])?;
        Ok(id)
    }

    /// Whether this was said (or is waiting to be) to the mailbox.
    pub fn is_said(&self, u: &Utterance) -> Result<bool> {
        let sql = "SELECT 1 FROM said WHERE occurrence = ?1 AND counted_from = ?2 AND saying = ?3 AND mailbox = ?4 AND behalf = ?5
                   AND dropped IS NULL";
        let mut said = self.tx.prepare_cached(sql)?;
        Ok(said.exists(params![
            u.occurrence,
            u.counted_from,
            u.saying.to_string(),
            u.reader.mailbox.as_str(),
            u.reader.behalf
        ])?)
    }

    /// Puts it into the letter, unless it was said before.
    pub fn say(&self, letter: i64, u: &Utterance) -> Result<()> {
        let sql = "INSERT INTO said (occurrence, counted_from, saying, mailbox, behalf, letter, on_day, to_leader, due, finish_by, target)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";
        let Dates { due, finish_by, target, .. } = u.dates;
        self.tx.prepare_cached(sql)?.execute(params![
            u.occurrence,
            u.counted_from,
            u.saying.to_string(),
            u.reader.mailbox.as_str(),
            u.reader.behalf,
            letter,
            u.on_day,
            u.reader.is_leader,
            due,
            finish_by,
            target
        ])?;
        Ok(())
    }

    /// What a letter says and has not dropped.
    pub fn said_in(&self, letter: i64) -> Result<Vec<SaidRow>> {
        let sql = format!("SELECT {SAID} FROM said s WHERE s.letter = ?1 AND s.dropped IS NULL ORDER BY s.id");
        let mut said = self.tx.prepare_cached(&sql)?;
        let rows = said.query_map([letter], read_said)?;
        rows.map(|row| row?).collect()
    }

    /// Everything that was said of an occurrence or still waits, oldest first.
    pub fn said_of(&self, occurrence: i64) -> Result<Vec<(SaidRow, i64)>> {
        let sql =
            format!("SELECT {SAID}, s.letter FROM said s WHERE s.occurrence = ?1 AND s.dropped IS NULL ORDER BY s.id");
        let mut said = self.tx.prepare_cached(&sql)?;
        let rows = said.query_map([occurrence], |row| Ok((read_said(row)?, row.get(11)?)))?;
        rows.map(|row| row.map_err(Error::from).and_then(|(said, letter)| Ok((said?, letter)))).collect()
    }

    /// It will not be said after all; nor was it to the mailbox that refused it, where it was to be passed on:
    /// should there be reason again, it is said again.
    pub fn drop_said(&self, said: &SaidRow, why: &str) -> Result<()> {
        let sql = "UPDATE said SET dropped = ?2 WHERE dropped IS NULL AND (id = ?1 OR
                   (occurrence = ?3 AND counted_from = ?4 AND saying = ?5 AND mailbox = ?6 AND behalf = ''))";
        let SaidRow { id, occurrence, counted_from, saying, reader, .. } = said;
        let saying = saying.to_string();
        self.tx.prepare_cached(sql)?.execute(params![id, why, occurrence, counted_from, saying, reader.behalf])?;
        Ok(())
    }

    /// Whether a later letter says something newer of the same occurrence to the same reader.
    pub fn is_superseded(&self, said: &SaidRow) -> Result<bool> {
        let sql = "SELECT 1 FROM said s JOIN letter l ON l.id = s.letter
                   WHERE s.occurrence = ?1 AND s.mailbox = ?2 AND s.behalf = ?3 AND s.id > ?4 AND s.dropped IS NULL
                   AND s.letter <> (SELECT letter FROM said WHERE id = ?4) AND l.state NOT IN ('failed', 'bounced')";
        let mut newer = self.tx.prepare_cached(sql)?;
        Ok(newer.exists(params![said.occurrence, said.reader.mailbox.as_str(), said.reader.behalf, said.id])?)
    }

    /// Everybody who was told of an occurrence, by a letter that went, with the dates last told.
    pub fn last_told(&self, occurrence: i64) -> Result<Vec<(Reader, Dates)>> {
        let sql = format!(
            "SELECT {SAID}, max(s.id) FROM said s JOIN letter l ON l.id = s.letter
             WHERE s.occurrence = ?1 AND s.dropped IS NULL AND l.state IN ('sent', 'bounced') GROUP BY s.mailbox, s.behalf"
        );
        let mut told = self.tx.prepare_cached(&sql)?;
        let rows = told.query_map([occurrence], read_said)?;
        rows.map(|row| row?.map(|said| (said.reader, said.dates))).collect()
    }

    /// How many letters spoke of the occurrence to this mailbox.
    pub fn times_told(&self, occurrence: i64, mailbox: &str) -> Result<u32> {
        let sql = "SELECT count(DISTINCT s.letter) FROM said s JOIN letter l ON l.id = s.letter
                   WHERE s.occurrence = ?1 AND s.mailbox = ?2 AND s.dropped IS NULL AND l.state = 'sent'";
        Ok(self.tx.prepare_cached(sql)?.query_row(params![occurrence, mailbox], |row| row.get(0))?)
    }

    /// The letter that is to go out next; `in_window`: reminders go too. One that cannot be read is given with its
    /// error, so that it can be set aside.
    pub fn next_to_send(&self, now: Timestamp, in_window: bool) -> Result<Option<(i64, Result<LetterRow>)>> {
        // An index that holds some rows serves only a query that has its condition word for word.
        let sql = format!(
            "SELECT {LETTER} FROM letter WHERE state IN ('queued', 'sending') AND state = 'queued' AND next_attempt <= ?1
             AND (any_time OR ?2) ORDER BY next_attempt, id LIMIT 1"
        );
        let read = |row: &Row| Ok((row.get(0)?, read_letter(row).map_err(Error::from).flatten()));
        Ok(self.tx.prepare_cached(&sql)?.query_row(params![now, in_window], read).optional()?)
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

    /// Keeps what was handed over, whatever came of it.
    pub fn keep_text(&self, letter: i64, message: &[u8]) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO letter_text (letter, message) VALUES (?1, ?2)";
        self.tx.prepare_cached(sql)?.execute(params![letter, message])?;
        Ok(())
    }

    /// Writes what became of an attempt, and of the letter with this subject.
    pub fn settle(
        &self,
        (letter, attempt, subject): (i64, i64, &str),
        outcome: &Outcome,
        next: Next,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE attempt SET ended_at = ?2, outcome = ?3, reply = ?4 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![attempt, now, outcome.name(), outcome.reply()])?;
        let (sql, at) = match next {
            Next::Sent => (
                "UPDATE letter SET state = CASE WHEN bounced_at IS NULL THEN 'sent' ELSE 'bounced' END,
                 ended_at = ?2, reply = ?3, subject = ?4 WHERE id = ?1",
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
        self.tx.prepare_cached(sql)?.execute(params![letter, at, outcome.reply(), subject])?;
        Ok(())
    }

    /// A letter that was taken, as it was before, and cannot be written: nothing of it was handed over.
    pub fn put_back(&self, letter: &LetterRow, attempt: i64) -> Result<()> {
        self.tx.prepare_cached("DELETE FROM attempt WHERE id = ?1")?.execute([attempt])?;
        let sql = "UPDATE letter SET attempts = ?2, first_attempt = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![letter.id, letter.attempts, letter.first_attempt])?;
        Ok(())
    }

    /// Nothing is left to say in it.
    pub fn drop_letter(&self, id: i64, now: Timestamp) -> Result<()> {
        let sql = "UPDATE letter SET state = 'dropped', ended_at = ?2 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, now])?;
        Ok(())
    }

    /// The letter cannot even be written: it waits, and the others go on.
    pub fn set_aside(&self, id: i64, until: Timestamp, error: &str) -> Result<()> {
        let sql = "UPDATE letter SET state = 'queued', next_attempt = ?2, last_error = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, until, error])?;
        Ok(())
    }

    /// A round of sending begins and nobody else is sending: whatever was being sent when a process died is owed
    /// again, and a pause that a clock set back has made longer than any (`longest`) ends.
    pub fn begin_round(&self, now: Timestamp, longest: Timestamp) -> Result<()> {
        let died = "UPDATE letter SET state = 'queued', next_attempt = min(next_attempt, ?1)
                    WHERE state IN ('queued', 'sending') AND state = 'sending'";
        self.tx.execute(died, [now])?;
        let far = "UPDATE letter SET next_attempt = ?1
                   WHERE state IN ('queued', 'sending') AND state = 'queued' AND next_attempt > ?2";
        self.tx.execute(far, [now, longest])?;
        Ok(())
    }

    /// Letters that have waited since before this moment, and that the admin has not been told of.
    pub fn stuck_letters(&self, since: Timestamp) -> Result<Vec<LetterRow>> {
        let condition = "state IN ('queued', 'sending') AND made_at <= ?1 AND alarmed_at IS NULL AND notice IS NULL";
        self.letters(condition, params![since])
    }

    pub fn set_alarmed(&self, letter: i64, now: Timestamp) -> Result<()> {
        self.tx.prepare_cached("UPDATE letter SET alarmed_at = ?2 WHERE id = ?1")?.execute(params![letter, now])?;
        Ok(())
    }

    /// What is owed or failed, and what went since, oldest first.
    pub fn outbox(&self, since: Timestamp) -> Result<Vec<LetterRow>> {
        // A question to each index: one that holds some rows serves only a query with its condition word for word.
        let wanted = "id IN (SELECT id FROM letter WHERE state IN ('queued', 'sending')
                      UNION ALL SELECT id FROM letter WHERE state IN ('failed', 'bounced')
                      UNION ALL SELECT id FROM letter WHERE state = 'sent' AND ended_at >= ?1)";
        self.letters(wanted, params![since])
    }

    pub fn letter(&self, id: i64) -> Result<Option<LetterRow>> {
        Ok(self.letters("id = ?1", params![id])?.pop())
    }

    /// What was last handed over of a letter, as it went to the server.
    pub fn handed_over(&self, id: i64) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT message FROM letter_text WHERE letter = ?1";
        Ok(self.tx.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
    }

    fn letters(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<LetterRow>> {
        // `+`: the few that are wanted are put in order, rather than all read in it.
        let sql = format!("SELECT {LETTER} FROM letter WHERE {condition} ORDER BY +id");
        let mut found = self.tx.prepare_cached(&sql)?;
        let rows = found.query_map(values, read_letter)?;
        rows.map(|row| row?).collect()
    }

    /// Tries failed and waiting letters again at once: one, or all. Gives how many.
    pub fn retry_letters(&self, id: Option<i64>, now: Timestamp) -> Result<usize> {
        let sql = "UPDATE letter SET state = 'queued', next_attempt = ?2, first_attempt = NULL, ended_at = NULL,
                   bounced_at = NULL, bounce = NULL, delay = NULL
                   WHERE (state IN ('queued', 'failed') OR state = 'bounced' AND ?1 = id) AND (?1 IS NULL OR id = ?1)";
        Ok(self.tx.prepare_cached(sql)?.execute(params![id, now])?)
    }

    pub fn attempts(&self, letter: i64) -> Result<Vec<AttemptRow>> {
        let sql = "SELECT letter, at, ended_at, outcome, reply FROM attempt WHERE letter = ?1 ORDER BY id";
        let read = |row: &Row| {
            Ok(AttemptRow {
                letter: row.get(0)?,
                at: row.get(1)?,
                ended_at: row.get(2)?,
                outcome: row.get(3)?,
                reply: row.get(4)?,
            })
        };
        Ok(self.tx.prepare_cached(sql)?.query_map([letter], read)?.collect::<rusqlite::Result<_>>()?)
    }
}

pub(super) fn read_letter(row: &Row) -> rusqlite::Result<Result<LetterRow>> {
    let state: String = row.get(5)?;
    let state = match state.as_str() {
        "queued" => LetterState::Queued,
        "sending" => LetterState::Sending,
        "sent" => LetterState::Sent,
        "bounced" => LetterState::Bounced,
        "failed" => LetterState::Failed,
        "dropped" => LetterState::Dropped,
        _ => return Ok(Err(Error::Value(format!("state of a letter: {state}")))),
    };
    Ok(Ok(LetterRow {
        id: row.get(0)?,
        mailbox: row.get(1)?,
        notice: row.get(2)?,
        any_time: row.get(3)?,
        made_at: row.get(4)?,
        state,
        attempts: row.get(6)?,
        first_attempt: row.get(7)?,
        next_attempt: row.get(8)?,
        message_id: row.get(9)?,
        subject: row.get(10)?,
        ended_at: row.get(11)?,
        last_error: row.get(12)?,
        reply: row.get(13)?,
        answers: row.get(14)?,
        bounce: row.get(15)?,
        delay: row.get(16)?,
    }))
}

fn read_said(row: &Row) -> rusqlite::Result<Result<SaidRow>> {
    let saying: String = row.get(3)?;
    let dates = Dates { due: row.get(8)?, finish_by: row.get(9)?, target: row.get(10)?, provisional: false };
    let mailbox: String = row.get(4)?;
    let (id, occurrence, counted_from, on_day) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(6)?);
    let (behalf, is_leader) = (row.get(5)?, row.get(7)?);
    let read = || -> std::result::Result<SaidRow, String> {
        let reader = Reader { mailbox: mailbox.parse()?, behalf, is_leader };
        Ok(SaidRow { id, occurrence, counted_from, saying: saying.parse()?, reader, on_day, dates })
    };
    Ok(read().map_err(Error::Value))
}
