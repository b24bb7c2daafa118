//! What sections say of an occurrence before it is done.

use jiff::Timestamp;
use rusqlite::params;

use super::{Result, Tx};

/// What a note says. None of them closes an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// 材料已报: who only helps has handed in, and hears no more of it.
    HandedIn,
    /// 签收: the letter was read.
    Seen,
    /// 进展
    Progress,
}

/// A note to be made.
#[derive(Clone, Debug)]
pub struct NewNote<'a> {
    pub occurrence: i64,
    pub section: &'a str,
    pub kind: NoteKind,
    pub by: &'a str,
    /// May be empty, but for 进展.
    pub text: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub id: i64,
    pub section: String,
    pub kind: NoteKind,
    pub by: String,
    /// May be empty.
    pub text: String,
    pub at: Timestamp,
}

impl NoteKind {
    const ALL: [Self; 3] = [Self::HandedIn, Self::Seen, Self::Progress];

    pub fn word(self) -> &'static str {
        match self {
            Self::HandedIn => "材料已报",
            Self::Seen => "签收",
            Self::Progress => "进展",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::HandedIn => "handed_in",
            Self::Seen => "seen",
            Self::Progress => "progress",
        }
    }
}

impl Tx<'_> {
    /// What was not taken back, oldest first.
    pub fn notes(&self, occurrence: i64) -> Result<Vec<Note>> {
        let sql =
            "SELECT id, section, kind, by, text, at FROM note WHERE occurrence = ?1 AND revoked_at IS NULL ORDER BY id";
        let mut found = self.tx.prepare_cached(sql)?;
        let rows = found.query_map([occurrence], |row| {
            let name: String = row.get(2)?;
            let kind = NoteKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(NoteKind::Progress);
            Ok(Note {
                id: row.get(0)?,
                section: row.get(1)?,
                kind,
                by: row.get(3)?,
                text: row.get(4)?,
                at: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn add_note(&self, new: &NewNote, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO note (occurrence, section, kind, by, text, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let NewNote { occurrence, section, kind, by, text } = new;
        self.tx.prepare_cached(sql)?.execute(params![occurrence, section, kind.name(), by, text, at])?;
        if *kind == NoteKind::HandedIn { self.turn(*occurrence) } else { Ok(()) }
    }

    /// Takes back what was handed in.
    pub fn revoke_note(&self, occurrence: i64, id: i64, by: &str, at: Timestamp) -> Result<()> {
        let sql = "UPDATE note SET revoked_at = ?2, revoked_by = ?3 WHERE id = ?1 AND revoked_at IS NULL";
        self.tx.prepare_cached(sql)?.execute(params![id, at, by])?;
        self.turn(occurrence)
    }
}
