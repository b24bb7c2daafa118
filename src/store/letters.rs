//! The outbox: letters that are owed, and what became of them.

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::{
    Error, Result, Tx,
    state::{SENT_AND_THINNED, UID},
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

impl LetterState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "待发",
            Self::Sending => "正在发",
            Self::Sent => "已发",
            Self::Failed => "失败",
            Self::Bounced => "退信",
            Self::Dropped => "不必发了",
        }
    }
}

/// What a letter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// Holds the reminders that `said` lists for it.
    Reminders,
    /// To the admin.
    Notice,
    /// To the admin, about a letter that failed for good.
    Undeliverable,
    /// To the admin, about a reply from a sender who is not on the roster.
    Stranger,
    /// To the sender of a reply.
    Answer,
}

/// The content of a letter that holds no reminders.
#[derive(Clone, Debug)]
pub struct NewNotice {
    pub kind: LetterKind,
    pub json: String,
    /// The incoming message that it answers or reports.
    pub incoming: Option<i64>,
}

/// A letter to be queued.
#[derive(Clone, Debug)]
pub struct NewLetter<'a> {
    pub mailbox: &'a str,
    /// `None` for reminders.
    pub notice: Option<&'a NewNotice>,
    pub any_time: bool,
    /// The domain of the sender's address: the right side of the Message-ID.
    pub domain: &'a str,
}

#[derive(Clone, Debug)]
pub struct LetterRow {
    pub id: i64,
    pub mailbox: String,
    pub kind: LetterKind,
    /// JSON of what it is about; `None` for reminders.
    pub notice: Option<String>,
    pub any_time: bool,
    pub made_at: Timestamp,
    pub state: LetterState,
    pub attempts: u32,
    pub first_attempt: Option<Timestamp>,
    /// Of one that was sent: when it was.
    pub next_attempt: Timestamp,
    pub message_id: String,
    pub subject: Option<String>,
    pub ended_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub reply: Option<String>,
    /// The incoming message that it answers or reports.
    pub incoming: Option<i64>,
    /// The words of the report that it was not delivered.
    pub bounce: Option<String>,
    /// The words of the latest report that its delivery is delayed.
    pub delay: Option<String>,
    /// Since when the number in it is valid.
    pub numbered_at: Timestamp,
}

impl LetterRow {
    /// The incoming message that it answers.
    pub fn answers(&self) -> Option<i64> {
        self.incoming.filter(|_| self.kind == LetterKind::Answer)
    }

    /// The id by which a delivery report names it: the left part of the Message-ID.
    pub fn envelope_id(&self) -> &str {
        self.message_id.split('@').next().unwrap_or_default()
    }
}

/// Letters that wait, and those that were lost.
#[derive(Clone, Debug, Default)]
pub struct Owed {
    pub queued: u32,
    pub oldest_queued: Option<Timestamp>,
    pub failed: u32,
    /// Sent, and reported later as not delivered.
    pub bounced: u32,
}

pub(super) const LETTER: &str =
    "id, mailbox, notice, any_time, made_at, state, attempts, first_attempt, next_attempt, message_id, subject,
                      ended_at, last_error, reply, incoming, bounce, delay, kind, numbered_at";

impl Tx<'_> {
    /// The letter to this mailbox that waits and was never tried, or a new one.
    pub fn letter_for(&self, new: &NewLetter, now: Timestamp) -> Result<i64> {
        let sql =
            "SELECT id, mailbox FROM letter WHERE mailbox = ?1 COLLATE NOCASE AND state = 'queued' AND attempts = 0
                   AND kind = 'reminders' AND any_time = ?2";
        let read = |row: &Row| Ok((row.get(0)?, row.get::<_, String>(1)?));
        let waiting = self.tx.prepare_cached(sql)?.query_row(params![new.mailbox, new.any_time], read).optional()?;
        let Some((id, written)) = waiting else { return self.queue_letter(new, now) };
        if written != new.mailbox {
            // It goes to the address as it is written now.
            let sql = "UPDATE letter SET mailbox = ?2 WHERE id = ?1";
            self.tx.prepare_cached(sql)?.execute(params![id, new.mailbox])?;
        }
        Ok(id)
    }

    /// When the latest letter of this notice was sent, since then.
    pub fn notice_sent(&self, json: &str, since: Timestamp) -> Result<Option<Timestamp>> {
        let sql =
            "SELECT max(ended_at) FROM letter WHERE state = 'sent' AND NOT thinned AND ended_at >= ?2 AND notice = ?1";
        Ok(self.tx.query_row(sql, params![json, since], |row| row.get(0))?)
    }

    /// When the latest reminder was sent to this mailbox, since then, and the latest due date of what the letters are about.
    pub fn reminders_sent_to(
        &self,
        mailbox: &str,
        since: Option<Timestamp>,
    ) -> Result<(Option<Timestamp>, Option<Date>)> {
        let sql = "SELECT max(l.ended_at), max(o.due) FROM letter l JOIN said s ON s.letter = l.id
                   JOIN occurrence o ON o.id = s.occurrence WHERE l.mailbox = ?1 COLLATE NOCASE AND NOT l.thinned
                   AND l.state = 'sent' AND s.dropped IS NULL AND l.made_at >= coalesce(?2, '')";
        Ok(self.tx.query_row(sql, params![mailbox, since], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Queues a letter. Gives its id.
    pub fn queue_letter(&self, new: &NewLetter, now: Timestamp) -> Result<i64> {
        let uid = self.get(UID)?.unwrap_or_default();
        let id = self.fresh_id("letter")?;
        // Random, so that nobody can derive the next Message-ID from one seen before.
        let chance: String = self.tx.query_row("SELECT lower(hex(randomblob(8)))", [], |row| row.get(0))?;
        let message_id = format!("duban.{uid}.{id}.{chance}@{}", new.domain);
        let sql =
            "INSERT INTO letter (id, mailbox, notice, any_time, made_at, state, next_attempt, message_id, incoming, kind)
                   VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?5, ?6, ?7, ?8)";
        let NewLetter { mailbox, notice, any_time, .. } = new;
        let kind = notice.map_or(LetterKind::Reminders, |notice| notice.kind);
        let (json, incoming) = (notice.map(|notice| &notice.json), notice.and_then(|notice| notice.incoming));
        let values = params![id, mailbox, json, any_time, now, message_id, incoming, kind.name()];
        self.tx.prepare_cached(sql)?.execute(values)?;
        Ok(id)
    }

    pub fn letter(&self, id: i64) -> Result<Option<LetterRow>> {
        Ok(self.letters("id = ?1", params![id])?.pop())
    }

    fn letters(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<LetterRow>> {
        // `+id` sorts the few rows that are wanted, instead of reading all rows in order.
        let sql = format!("SELECT {LETTER} FROM letter WHERE {condition} ORDER BY +id");
        let mut found = self.tx.prepare_cached(&sql)?;
        let rows = found.query_map(values, read_letter)?;
        rows.map(|row| row?).collect()
    }

    pub fn letter_by_message_id(&self, message_id: &str) -> Result<Option<LetterRow>> {
        Ok(self.letter_by_envelope_id(message_id)?.filter(|letter| letter.message_id == message_id))
    }

    /// By what stands before the `@` of a Message-ID: a server may have changed the rest.
    pub fn letter_by_envelope_id(&self, id: &str) -> Result<Option<LetterRow>> {
        let id = id.split('@').next().unwrap_or_default();
        // `duban`, database, number, chance.
        let Some(number) = id.split('.').nth(2).and_then(|number| number.parse().ok()) else { return Ok(None) };
        Ok(self.letter(number)?.filter(|letter| letter.envelope_id() == id))
    }

    /// Letters that wait or failed, and those sent since then, oldest first.
    pub fn outbox(&self, since: Timestamp) -> Result<Vec<LetterRow>> {
        // One query for each index: a partial index serves only a query with its condition word for word.
        let wanted = "id IN (SELECT id FROM letter WHERE state IN ('queued', 'sending')
                      UNION ALL SELECT id FROM letter WHERE state IN ('failed', 'bounced')
                      UNION ALL SELECT id FROM letter WHERE state = 'sent' AND NOT thinned AND ended_at >= ?1)";
        self.letters(wanted, params![since])
    }

    /// Letters that have waited since before this moment, and that the admin has not been told of.
    pub fn stuck_letters(&self, since: Timestamp) -> Result<Vec<LetterRow>> {
        let condition =
            "state IN ('queued', 'sending') AND made_at <= ?1 AND alarmed_at IS NULL AND kind = 'reminders'";
        self.letters(condition, params![since])
    }

    /// Records that the admin is told of this letter. False if he was told before.
    pub fn set_alarmed(&self, letter: i64, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE letter SET alarmed_at = ?2 WHERE id = ?1 AND alarmed_at IS NULL";
        Ok(self.tx.prepare_cached(sql)?.execute(params![letter, now])? == 1)
    }

    /// What was decided about the messages of this mailbox whose answers were queued since then, sent or not; JSON.
    pub fn answered_since(&self, mailbox: &str, since: Timestamp) -> Result<Vec<String>> {
        let sql = "SELECT i.detail FROM letter l JOIN incoming i ON i.id = l.incoming
                   WHERE l.kind = 'answer' AND l.mailbox = ?1 COLLATE NOCASE AND NOT l.thinned AND l.made_at >= ?2";
        let mut found = self.tx.prepare_cached(sql)?;
        Ok(found.query_map(params![mailbox, since], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Records the relay's report that a letter was not delivered; false if the letter was not on its way, or was
    /// reported before.
    pub fn set_bounced(&self, letter: i64, words: &str, at: Timestamp) -> Result<bool> {
        // While its sending is not settled, the report is kept for `settle`.
        let sql = "UPDATE letter SET state = CASE state WHEN 'sent' THEN 'bounced' ELSE state END,
                   bounced_at = ?2, bounce = ?3, last_error = ?3 WHERE id = ?1 AND state IN ('sent', 'sending') AND bounced_at IS NULL";
        Ok(self.tx.prepare_cached(sql)?.execute(params![letter, at, words])? == 1)
    }

    /// Records the relay's report that delivery is delayed.
    pub fn set_delayed(&self, letter: i64, words: &str) -> Result<()> {
        self.tx.prepare_cached("UPDATE letter SET delay = ?2 WHERE id = ?1")?.execute(params![letter, words])?;
        Ok(())
    }

    /// The words with which a letter to this mailbox was last refused for good.
    pub fn last_refusal(&self, mailbox: &str) -> Result<Option<String>> {
        let sql = "SELECT coalesce(bounce, reply) FROM letter WHERE mailbox = ?1 COLLATE NOCASE AND state IN ('failed', 'bounced')
                   ORDER BY coalesce(bounced_at, ended_at) DESC LIMIT 1";
        Ok(self.tx.prepare_cached(sql)?.query_row([mailbox], |row| row.get(0)).optional()?.flatten())
    }

    /// Mailboxes whose last result is a refusal for good, with its words: no letter that was sent later, up to
    /// `settled`, is without a refusal. Letters of which only the head is kept are too old to say anything.
    pub fn refusing_mailboxes(&self, settled: Timestamp) -> Result<Vec<(String, String)>> {
        let sql = "SELECT r.mailbox, coalesce(r.bounce, r.reply), max(coalesce(r.bounced_at, r.ended_at)) AS refused_at
                   FROM letter r WHERE r.state IN ('failed', 'bounced') AND NOT r.thinned GROUP BY r.mailbox COLLATE NOCASE
                   HAVING NOT EXISTS (SELECT 1 FROM letter l WHERE l.mailbox = r.mailbox COLLATE NOCASE AND NOT l.thinned AND l.state = 'sent'
                                      AND l.ended_at > refused_at AND l.ended_at <= ?1)
                   ORDER BY r.mailbox";
        let mut refused = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default()));
        Ok(refused.query_map([settled], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The mailboxes to which answers were queued since then, sent or not, one for each answer.
    pub fn answered_mailboxes(&self, since: Timestamp) -> Result<Vec<String>> {
        let mut found = self.tx.prepare_cached("SELECT mailbox FROM letter WHERE kind = 'answer' AND made_at >= ?1")?;
        Ok(found.query_map([since], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The number in an answer is as old as the one in the letter that was answered.
    pub fn set_numbered_at(&self, letter: i64, at: Timestamp) -> Result<()> {
        let sql = "UPDATE letter SET numbered_at = ?2 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![letter, at])?;
        Ok(())
    }

    /// Counts the letters that wait and that were lost, without reading those that were sent.
    pub fn count_owed(&self) -> Result<Owed> {
        let waiting = "SELECT count(*), min(made_at) FROM letter WHERE state IN ('queued', 'sending')";
        let (queued, oldest_queued) =
            self.tx.prepare_cached(waiting)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let lost = "SELECT count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'bounced')
                    FROM letter WHERE state IN ('failed', 'bounced')";
        let (failed, bounced) = self.tx.prepare_cached(lost)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Owed { queued, oldest_queued, failed, bounced })
    }

    /// Whether any letter waits or is being sent.
    pub fn is_owed(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM letter WHERE state IN ('queued', 'sending')";
        Ok(self.tx.prepare_cached(sql)?.exists([])?)
    }

    /// How many letters were sent, and how many of them were reported as delayed.
    pub fn count_sent(&self) -> Result<(u32, u32)> {
        let sent = "SELECT count(*) FROM letter WHERE state = 'sent' AND NOT thinned";
        let delayed = "SELECT count(*) FROM letter WHERE delay IS NOT NULL AND state = 'sent'";
        let count = |sql| self.tx.query_row(sql, [], |row| row.get(0));
        Ok((count(sent)? + self.get(SENT_AND_THINNED)?.unwrap_or(0), count(delayed)?))
    }

    /// How many letters have waited since before this moment; `in_window`: also those that were not tried yet.
    pub fn count_late(&self, since: Timestamp, in_window: bool) -> Result<u32> {
        let sql = "SELECT count(*) FROM letter WHERE state IN ('queued', 'sending') AND made_at <= ?1 AND (attempts > 0 OR ?2)";
        Ok(self.tx.prepare_cached(sql)?.query_row(params![since, in_window], |row| row.get(0))?)
    }
}

impl LetterKind {
    const ALL: [Self; 5] = [Self::Reminders, Self::Notice, Self::Undeliverable, Self::Stranger, Self::Answer];

    fn name(self) -> &'static str {
        match self {
            Self::Reminders => "reminders",
            Self::Notice => "notice",
            Self::Undeliverable => "undeliverable",
            Self::Stranger => "stranger",
            Self::Answer => "answer",
        }
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
    let kind: String = row.get(17)?;
    let Some(kind) = LetterKind::ALL.into_iter().find(|known| known.name() == kind) else {
        return Ok(Err(Error::Value(format!("kind of a letter: {kind}"))));
    };
    let (made_at, next_attempt, ended_at) = (row.get(4)?, row.get::<_, Option<_>>(8)?, row.get(11)?);
    Ok(Ok(LetterRow {
        kind,
        id: row.get(0)?,
        mailbox: row.get(1)?,
        notice: row.get(2)?,
        any_time: row.get(3)?,
        made_at,
        state,
        attempts: row.get(6)?,
        first_attempt: row.get(7)?,
        next_attempt: next_attempt.or(ended_at).unwrap_or(made_at),
        message_id: row.get(9)?,
        subject: row.get(10)?,
        ended_at,
        last_error: row.get(12)?,
        reply: row.get(13)?,
        incoming: row.get(14)?,
        bounce: row.get(15)?,
        delay: row.get(16)?,
        numbered_at: row.get::<_, Option<_>>(18)?.unwrap_or(made_at),
    }))
}
