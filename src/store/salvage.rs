//! Carries over what the replaced database has and the restored copy lacks, row by row, as far as it can be read.
//!
//! The copy is an earlier state of the same database, and rows are never deleted, but for what `thin.rs` lets go of. So a
//! row of the replaced database is a later version of the row with the same id, and is taken as it is. If a page cannot
//! be read, the rows before and behind it are.

use rusqlite::{OptionalExtension, Row, params_from_iter, types::Value};

use super::{Db, Result};

/// Every table with the columns that it is read in the order of; referenced tables come first.
const TABLES: [(&str, &str); 18] = [
    ("meta", "key"),
    ("load", "id"),
    ("deadline_version", "id"),
    ("deadline", "id"),
    ("occurrence", "id"),
    ("completion", "id"),
    ("request", "id"),
    ("note", "id"),
    ("incoming", "id"),
    ("letter", "id"),
    ("letter_model", "id"),
    ("letter_text", "letter"),
    ("attempt", "id"),
    ("attempt_count", "outcome"),
    ("said", "id"),
    ("letter_item", "letter, occurrence, section"),
    ("incoming_place", "mailbox, uid_validity, uid"),
    ("audit", "id"),
];

/// What was carried over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Rows that the copy did not have.
    pub rows: i64,
    /// Some of it could not be read.
    pub has_gaps: bool,
}

impl Db {
    /// Whether `self` is an earlier state of `later`: lines are only added to the audit trail, and letters to the outbox,
    /// each with a Message-ID by chance. So the last ones of the earlier state are also in the later one.
    pub fn is_earlier_state_of(&self, later: &Self) -> Result<bool> {
        let uid =
            |db: &Self| db.conn.query_row("SELECT value FROM meta WHERE key = 'uid'", [], |r| r.get::<_, String>(0));
        if uid(self)? != uid(later)? || self.has_other_schema(later)? {
            return Ok(false);
        }
        let is_there = |found: Option<bool>| found == Some(true);
        let is_no_other = |found: Option<bool>| found != Some(false);
        // The hash stands for all the lines before, too.
        Ok(is_there(self.last_is_in(later, "audit", "hex(chain)")?)
            // A damaged outbox does not speak against it, nor does an attempt that is no longer kept.
            && self.last_is_in(later, "letter", "message_id").map_or(true, is_there)
            && self.last_is_in(later, "attempt", "at || letter || coalesce(ended_at, '')").map_or(true, is_no_other))
    }

    /// Whether the other's row with the id of this table's last one has the same words; `None` if it has no such row.
    fn last_is_in(&self, later: &Self, table: &str, words: &str) -> Result<Option<bool>> {
        // An attempt that is under way may be taken back, and its id used again.
        let ended = if table == "attempt" { "WHERE outcome IS NOT NULL" } else { "" };
        let last = format!("SELECT id, {words} FROM {table} {ended} ORDER BY id DESC LIMIT 1");
        let read = |row: &Row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let Some((id, here)) = self.conn.query_row(&last, [], read).optional()? else { return Ok(Some(true)) };
        let there = format!("SELECT {words} FROM {table} WHERE id = ?1");
        let there = later.conn.query_row(&there, [id], |row| row.get::<_, String>(0)).optional()?;
        Ok(there.map(|there| there == here))
    }

    /// Whether the other was written by another version of this program.
    pub fn has_other_schema(&self, other: &Self) -> Result<bool> {
        Ok(self.schema_version()? != other.schema_version()?)
    }

    fn schema_version(&self) -> Result<i64> {
        Ok(self.conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
    }

    /// Takes over what `later` holds, all of it in one transaction.
    pub fn carry_over(&mut self, later: &Self) -> Result<Carried> {
        let before = self.rows()?;
        self.conn.pragma_update(None, "foreign_keys", false)?;
        let has_gaps = self.write(|tx| {
            let mut has_gaps = false;
            for (table, order) in TABLES {
                let mut put = |values: Vec<Value>| -> Result<()> {
                    let marks = vec!["?"; values.len()].join(", ");
                    // Lines of the audit trail are never overwritten.
                    let how = if table == "audit" { "IGNORE" } else { "REPLACE" };
                    let mut insert = tx.tx.prepare_cached(&format!("INSERT OR {how} INTO {table} VALUES ({marks})"))?;
                    match insert.execute(params_from_iter(values)) {
                        Ok(_) => Ok(()),
                        // A row that breaks the table's own rules is damage.
                        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                            has_gaps = true;
                            Ok(())
                        }
                        Err(e) => Err(e.into()),
                    }
                };
                let mut is_whole = later.rows_of(table, order, &mut put)?;
                if !is_whole {
                    let backwards = order.split(", ").map(|column| format!("{column} DESC")).collect::<Vec<_>>();
                    is_whole = later.rows_of(table, &backwards.join(", "), &mut put)?;
                    has_gaps = true;
                }
                has_gaps |= !is_whole;
            }
            tx.thin_again()?;
            has_gaps |= tx.drop_orphans()?;
            Ok(has_gaps)
        })?;
        self.conn.pragma_update(None, "foreign_keys", true)?;
        Ok(Carried { rows: self.rows()? - before, has_gaps })
    }

    fn rows(&self) -> Result<i64> {
        TABLES.iter().try_fold(0, |sum, (table, _)| {
            let count: i64 = self.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
            Ok(sum + count)
        })
    }

    /// Hands each row of a table to `put`; false if the reading ended before the table did.
    fn rows_of(&self, table: &str, order: &str, put: &mut dyn FnMut(Vec<Value>) -> Result<()>) -> Result<bool> {
        let Ok(mut select) = self.conn.prepare(&format!("SELECT * FROM {table} NOT INDEXED ORDER BY {order}")) else {
            return Ok(false);
        };
        let columns = select.column_count();
        let mut rows = select.query([])?;
        loop {
            match rows.next() {
                Ok(Some(row)) => match (0..columns).map(|i| row.get(i)).collect::<rusqlite::Result<Vec<Value>>>() {
                    Ok(values) => put(values)?,
                    // Text that is not UTF-8.
                    Err(_) => return Ok(false),
                },
                Ok(None) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }
}

impl super::Tx<'_> {
    /// What the later database has let go of does not come back with the copy.
    fn thin_again(&self) -> Result<()> {
        let thinned = "letter IN (SELECT id FROM letter WHERE thinned)";
        for table in ["letter_text", "attempt", "letter_item"] {
            self.tx.execute(&format!("DELETE FROM {table} WHERE {thinned}"), [])?;
        }
        let summed = "occurrence IN (SELECT occurrence FROM audit WHERE what = 'reminded')";
        self.tx.execute(&format!("DELETE FROM said WHERE {thinned} AND {summed}"), [])?;
        Ok(())
    }

    /// Deletes rows that refer to rows that could not be read. Gives whether there were any.
    fn drop_orphans(&self) -> Result<bool> {
        let orphans = [
            ("deadline_version", "load NOT IN (SELECT id FROM load)"),
            ("deadline", "version NOT IN (SELECT id FROM deadline_version)"),
            ("occurrence", "deadline NOT IN (SELECT id FROM deadline)"),
            ("completion", "occurrence NOT IN (SELECT id FROM occurrence)"),
            ("request", "occurrence NOT IN (SELECT id FROM occurrence)"),
            ("note", "occurrence NOT IN (SELECT id FROM occurrence)"),
            ("letter_text", "letter NOT IN (SELECT id FROM letter) OR model NOT IN (SELECT id FROM letter_model)"),
            ("attempt", "letter NOT IN (SELECT id FROM letter)"),
            // What was said in a letter that is lost is said again: twice is better than never.
            ("said", "letter NOT IN (SELECT id FROM letter) OR occurrence NOT IN (SELECT id FROM occurrence)"),
            ("letter_item", "letter NOT IN (SELECT id FROM letter) OR occurrence NOT IN (SELECT id FROM occurrence)"),
            ("incoming_place", "incoming IS NOT NULL AND incoming NOT IN (SELECT id FROM incoming)"),
        ];
        let mut lost = 0;
        // What people did depends on these rows: a load or a wording that could not be read gets a substitute.
        for stand_in in [
            "INSERT INTO load SELECT DISTINCT load, '1970-01-01T00:00:00Z', 1, 'lost' FROM deadline_version
             WHERE load NOT IN (SELECT id FROM load)",
            "UPDATE deadline SET version = (SELECT max(v.id) FROM deadline_version v WHERE v.deadline = deadline.id)
             WHERE version NOT IN (SELECT id FROM deadline_version)
             AND EXISTS (SELECT 1 FROM deadline_version v WHERE v.deadline = deadline.id)",
            "INSERT OR IGNORE INTO deadline (id, version, in_force, since)
             SELECT deadline, max(id), 0, '2000-01-01' FROM deadline_version GROUP BY deadline",
            // It was reported, that is still known: nobody is asked for it again.
            "INSERT INTO completion (occurrence, section, kind, by, note, evidence, at)
             SELECT o.id, '', 'done', '不详', '登记的内容随数据库损坏丢失', '', (SELECT max(at) FROM audit)
             FROM occurrence o WHERE o.state = 'done' AND EXISTS (SELECT 1 FROM audit)
             AND NOT EXISTS (SELECT 1 FROM completion c WHERE c.occurrence = o.id AND c.revoked_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.what = 'closed' AND a.deadline = o.deadline AND a.period = o.period)",
        ] {
            lost += self.tx.execute(stand_in, [])?;
        }
        lost +=
            self.tx.execute("UPDATE letter SET incoming = NULL WHERE incoming NOT IN (SELECT id FROM incoming)", [])?;
        lost += self.tx.execute("UPDATE incoming SET letter = NULL WHERE letter NOT IN (SELECT id FROM letter)", [])?;
        lost += self.tx.execute(
            "UPDATE deadline_version SET until_load = NULL WHERE until_load NOT IN (SELECT id FROM load)",
            [],
        )?;
        for (table, orphan) in orphans {
            lost += self.tx.execute(&format!("DELETE FROM {table} WHERE {orphan}"), [])?;
        }
        Ok(lost > 0)
    }
}
