//! What was said to whom, so that it is said once; and the numbers of the items of a letter.

use rusqlite::{Row, params};

use super::{Error, Result, Tx};
use crate::domain::{
    agenda::{Heard, Step, Utterance},
    hours::{Behalf, Reader},
    occurrence::Dates,
};

/// Something said in a letter, as remembered.
#[derive(Clone, Debug)]
pub struct SaidRow {
    pub id: i64,
    pub occurrence: i64,
    pub letter: i64,
    pub utterance: Utterance,
}

/// A numbered item of a letter, as it was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    pub number: u32,
    pub occurrence: i64,
    /// The section that a reply reports for.
    pub section: String,
}

/// Why something that was handed over counts as not said.
pub(super) const REFUSED: &str = "refused, and not passed on";

const SAID: &str = "s.id, s.occurrence, s.counted_from, s.saying, s.mailbox, s.behalf, s.on_day, s.to_leader,
                    s.due, s.finish_by, s.target, s.letter";

impl Tx<'_> {
    /// Puts it into the letter, unless it was said before.
    pub fn say(&self, letter: i64, occurrence: i64, u: &Utterance) -> Result<()> {
        let sql = "INSERT INTO said (occurrence, counted_from, saying, mailbox, behalf, letter, on_day, to_leader, due, finish_by, target)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";
        let Dates { due, finish_by, target, .. } = u.dates;
        self.tx.prepare_cached(sql)?.execute(params![
            occurrence,
            u.step.counted_from,
            u.step.saying.to_string(),
            u.reader.mailbox.as_str(),
            behalf(&u.reader),
            letter,
            u.step.on,
            u.reader.behalf.is_leader(),
            due,
            finish_by,
            target
        ])?;
        Ok(())
    }

    /// What a letter says and has not dropped.
    pub fn said_in(&self, letter: i64) -> Result<Vec<SaidRow>> {
        self.said("s.letter = ?1", letter)
    }

    /// Everything that was said of an occurrence or still waits, oldest first.
    pub fn said_of(&self, occurrence: i64) -> Result<Vec<SaidRow>> {
        self.said("s.occurrence = ?1", occurrence)
    }

    fn said(&self, condition: &str, of: i64) -> Result<Vec<SaidRow>> {
        let sql = format!("SELECT {SAID} FROM said s WHERE {condition} AND s.dropped IS NULL ORDER BY s.id");
        let mut said = self.tx.prepare_cached(&sql)?;
        let rows = said.query_map([of], read_said)?;
        rows.map(|row| row?).collect()
    }

    /// What was said of an occurrence, for its agenda. A row that cannot be read is left out, so that it does not stop
    /// the others; the table's own key keeps it from being said twice.
    pub fn heard_of(&self, occurrence: i64) -> Result<Vec<Heard>> {
        let sql = format!(
            "SELECT {SAID}, l.state IN ('sent', 'bounced') FROM said s JOIN letter l ON l.id = s.letter
             WHERE s.occurrence = ?1 AND s.dropped IS NULL ORDER BY s.id"
        );
        let mut said = self.tx.prepare_cached(&sql)?;
        let read = |row: &Row| Ok((read_said(row)?, row.get(12)?));
        let rows = said.query_map([occurrence], read)?;
        let mut heard = Vec::new();
        for row in rows {
            let (said, has_gone) = row?;
            heard.extend(said.ok().map(|said| Heard { utterance: said.utterance, has_gone }));
        }
        Ok(heard)
    }

    /// Notes that a reminder is not said after all, so that it is said again if there is reason. If the admin was to
    /// pass it on, it counts as not said to the mailbox that refused it, either.
    pub fn drop_said(&self, said: &SaidRow, why: &str) -> Result<()> {
        let sql = "UPDATE said SET dropped = iif(id = ?1, ?2, ?7) WHERE dropped IS NULL AND (id = ?1 OR
                   (occurrence = ?3 AND counted_from = ?4 AND saying = ?5 AND mailbox = ?6 COLLATE NOCASE AND behalf = ''))";
        let Utterance { step, reader, .. } = &said.utterance;
        let (saying, refused) = (step.saying.to_string(), reader.behalf.passed_on_to());
        self.tx.prepare_cached(sql)?.execute(params![
            said.id,
            why,
            said.occurrence,
            step.counted_from,
            saying,
            refused,
            REFUSED
        ])?;
        Ok(())
    }

    /// Whether a later letter says something newer of the same occurrence to the same reader.
    pub fn is_superseded(&self, said: &SaidRow) -> Result<bool> {
        let sql = "SELECT 1 FROM said s JOIN letter l ON l.id = s.letter
                   WHERE s.occurrence = ?1 AND s.mailbox = ?2 COLLATE NOCASE AND s.behalf = ?3 AND s.id > ?4 AND s.dropped IS NULL
                   AND s.letter <> ?5 AND l.state NOT IN ('failed', 'bounced')";
        let mut newer = self.tx.prepare_cached(sql)?;
        let reader = &said.utterance.reader;
        let values = params![said.occurrence, reader.mailbox.as_str(), behalf(reader), said.id, said.letter];
        Ok(newer.exists(values)?)
    }

    /// How many sent letters told this mailbox of the occurrence.
    pub fn times_told(&self, occurrence: i64, mailbox: &str) -> Result<u32> {
        let sql = "SELECT count(DISTINCT s.letter) FROM said s JOIN letter l ON l.id = s.letter
                   WHERE s.occurrence = ?1 AND s.mailbox = ?2 COLLATE NOCASE AND s.dropped IS NULL AND l.state = 'sent'";
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

    /// The items that a reply to this letter can be about, by number.
    pub fn items(&self, letter: i64) -> Result<Vec<ItemRow>> {
        let sql = "SELECT number, occurrence, section FROM letter_item WHERE letter = ?1 ORDER BY number, section";
        let mut items = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| Ok(ItemRow { number: row.get(0)?, occurrence: row.get(1)?, section: row.get(2)? });
        Ok(items.query_map([letter], read)?.collect::<rusqlite::Result<_>>()?)
    }
}

fn read_said(row: &Row) -> rusqlite::Result<Result<SaidRow>> {
    let saying: String = row.get(3)?;
    // What was told: when it ends was worked out then, and is not asked for again.
    let due = row.get(8)?;
    let (finish_by, target) = (row.get(9)?, row.get(10)?);
    let dates = Dates { due, ends: due, finish_by, target, provisional: false, redo: None, paused: None };
    let (mailbox, behalf): (String, String) = (row.get(4)?, row.get(5)?);
    let (id, occurrence, letter) = (row.get(0)?, row.get(1)?, row.get(11)?);
    let (counted_from, on, is_leader) = (row.get(2)?, row.get(6)?, row.get(7)?);
    let read = || -> std::result::Result<SaidRow, String> {
        let step = Step { on, counted_from, saying: saying.parse()? };
        let reader = Reader { mailbox: mailbox.parse()?, behalf: read_behalf(&behalf, is_leader)? };
        Ok(SaidRow { id, occurrence, letter, utterance: Utterance { step, reader, dates } })
    };
    Ok(read().map_err(Error::Value))
}

/// For whom the admin passes a letter on, as stored: nobody (empty), `section NAME` or `mailbox KEY`.
fn behalf(reader: &Reader) -> String {
    match &reader.behalf {
        Behalf::Section | Behalf::Leader => String::new(),
        Behalf::ForSection(name) => format!("section {name}"),
        Behalf::ForMailbox { mailbox, .. } => format!("mailbox {}", mailbox.key()),
    }
}

pub(super) fn read_behalf(behalf: &str, is_leader: bool) -> std::result::Result<Behalf, String> {
    Ok(match behalf.split_once(' ') {
        Some(("section", name)) => Behalf::ForSection(name.to_owned()),
        Some(("mailbox", mailbox)) => Behalf::ForMailbox { mailbox: mailbox.parse()?, is_leader },
        _ if !behalf.is_empty() => return Err(format!("on behalf of: {behalf}")),
        _ if is_leader => Behalf::Leader,
        _ => Behalf::Section,
    })
}
