//! The chain of the audit trail: who notes its head today can see later whether the lines up to it are still the same.
//!
//! The hash of a line is SHA-256 over the hash of the line before (none for the first) and then all that the line says:
//! id, at, who, what, deadline, period, detail, occurrence, each as `length:bytes`, where a number is written in decimal
//! and the length counts bytes; `-` stands for NULL. No two lines give the same bytes.

use ring::digest::{Context, SHA256};
use rusqlite::{Connection, OptionalExtension, Row, params, types::ValueRef};
use serde::{Deserialize, Serialize};

use super::{Db, Result, Tx};

/// The columns that are hashed, in this order.
const SAID: &str = "id, at, who, what, deadline, period, detail, occurrence";
const COLUMNS: usize = 8;
/// How much of a head is written in a letter, in hex digits: enough that nobody makes other lines that fit it, nor two
/// histories beforehand that fit each other.
const SHOWN: usize = 32;
/// As letters had it before.
const LEAST: usize = 16;

/// The last line of an audit trail: its number, and its hash. Written as `3f2a9c1b7d045e68@1234`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub line: i64,
    /// In hex, or the beginning of it.
    pub hash: String,
}

/// What became of a head that was noted earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The line still has this hash.
    Yes,
    /// The line has another hash now, which begins like this.
    Rewritten(String),
    /// The last line there is.
    Missing(i64),
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.hash, self.line)
    }
}

impl std::str::FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || {
            format!(
                "请照每周一的信里写的抄，{SHOWN} 位十六进制、@ 和行数，如 3f2a9c1b7d045e683f2a9c1b7d045e68@1234（以前的信是 {LEAST} 位）"
            )
        };
        let (hash, line) = text.trim().split_once('@').ok_or_else(wrong)?;
        let is_hex = (LEAST..=64).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let line = line.parse().ok().filter(|line| *line > 0);
        line.filter(|_| is_hex).map(|line| Self { line, hash: hash.to_ascii_lowercase() }).ok_or_else(wrong)
    }
}

/// The hash of the line in this row, behind the line with the hash `before`.
fn hash(before: &[u8], row: &Row) -> rusqlite::Result<Vec<u8>> {
    let mut hash = Context::new(&SHA256);
    hash.update(before);
    for column in 0..COLUMNS {
        let number;
        let bytes = match row.get_ref(column)? {
            ValueRef::Null => {
                hash.update(b"-");
                continue;
            }
            ValueRef::Integer(it) => {
                number = it.to_string();
                number.as_bytes()
            }
            // There are no others: the table is strict.
            ValueRef::Real(it) => {
                number = it.to_string();
                number.as_bytes()
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        };
        hash.update(format!("{}:", bytes.len()).as_bytes());
        hash.update(bytes);
    }
    Ok(hash.finish().as_ref().to_vec())
}

/// Gives the lines from this one on their hashes, which they do not have yet.
pub(super) fn chain_from(conn: &Connection, first: i64) -> Result<()> {
    let before = "SELECT chain FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT 1";
    let before = conn.prepare_cached(before)?.query_row([first], |row| row.get::<_, Option<_>>(0)).optional()?;
    let (mut id, mut before): (_, Vec<u8>) = (first, before.flatten().unwrap_or_default());
    let mut next = conn.prepare_cached(&format!("SELECT {SAID} FROM audit WHERE id >= ?1 ORDER BY id LIMIT 1"))?;
    let mut put = conn.prepare_cached("UPDATE audit SET chain = ?2 WHERE id = ?1")?;
    while let Some((line, own)) =
        next.query_row([id], |row| Ok((row.get::<_, i64>(0)?, hash(&before, row)?))).optional()?
    {
        put.execute(params![line, own])?;
        (id, before) = (line + 1, own);
    }
    Ok(())
}

/// What a walk along the chain has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The first line that does not fit the one before it, or itself.
    pub misfit: Option<i64>,
    /// Of the head that was asked for.
    pub kept: Option<Kept>,
}

impl Tx<'_> {
    pub(super) fn chain(&self, line: i64) -> Result<()> {
        chain_from(&self.tx, line)
    }

    /// The last line's number and hash; `None` if there is no line yet.
    pub fn chain_head(&self) -> Result<Option<Head>> {
        let last = "SELECT id, lower(hex(chain)) FROM audit ORDER BY id DESC LIMIT 1";
        let read = |row: &Row| {
            let hash: String = row.get(1)?;
            Ok(Head { line: row.get(0)?, hash: hash.get(..SHOWN).unwrap_or(&hash).to_owned() })
        };
        Ok(self.tx.query_row(last, [], read).optional()?)
    }
}

impl Db {
    /// Walks the chain from its beginning; `noted` is a head of an earlier day.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn walk(&self, noted: Option<&Head>) -> Result<Walk> {
        let mut lines = self.conn.prepare(&format!("SELECT {SAID}, chain FROM audit ORDER BY id"))?;
        let mut lines = lines.query([])?;
        let (mut before, mut last, mut walk) = (Vec::new(), 0, Walk::default());
        while let Some(row) = lines.next()? {
            last = row.get(0)?;
            let own: Vec<u8> = row.get::<_, Option<_>>(COLUMNS)?.unwrap_or_default();
            if walk.misfit.is_none() && hash(&before, row)? != own {
                walk.misfit = Some(last);
            }
            if let Some(noted) = noted.filter(|noted| noted.line == last) {
                let own: String = own.iter().map(|byte| format!("{byte:02x}")).collect();
                let shown = own.get(..SHOWN).unwrap_or(&own).to_owned();
                walk.kept = Some(if own.starts_with(&noted.hash) { Kept::Yes } else { Kept::Rewritten(shown) });
            }
            before = own;
        }
        if noted.is_some() && walk.kept.is_none() {
            walk.kept = Some(Kept::Missing(last));
        }
        Ok(walk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_as_it_is_copied() {
        let head: Head = " 3F2A9c1b7d045e68@1234\n".parse().unwrap();
        assert_eq!(head.to_string(), "3f2a9c1b7d045e68@1234");
        for wrong in [
            "",
            "3f2a9c1b7d045e68",
            "3f2a@1234",
            "3f2a9c1b7d045e6g@1",
            "3f2a9c1b7d045e68@0",
            "@7",
            "3f2a9c1b7d045e68@x",
        ] {
            assert!(wrong.parse::<Head>().unwrap_err().contains("每周一的信"), "{wrong}");
        }
    }
}
