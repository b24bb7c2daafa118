//! What was said to whom: say it once. And the numbers under which a letter says it.

use jiff::civil::Date;
use rusqlite::{Row, params};

use super::{Error, Result, Tx};
use crate::domain::{
    occurrence::Dates,
    reminder::{Reader, Saying},
};

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

/// A number of a letter, as it was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    pub number: u32,
    pub occurrence: i64,
    /// Whose report a reply is.
    pub section: String,
}

const SAID: &str = "s.id, s.occurrence, s.counted_from, s.saying, s.mailbox, s.behalf, s.on_day, s.to_leader,
                    s.due, s.finish_by, s.target";

impl Tx<'_> {
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
