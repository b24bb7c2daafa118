//! The ledger (台账) as a spreadsheet: written for people, and read back. Pure: files are handed in and out as bytes.
//!
//! A plan as it is published: `form` says what a file is, `docx` (with `numbering`), `html`, `pasted` and `read` make a `document` of it, and
//! `paper` makes deadlines of that.
//!
//! Writing: `row` puts an occurrence into words, `export` makes the file. Reading: `read` gets the cells of a file
//! (with `unpack`, `hidden` and `csv`), `header` finds the columns, `import` turns the rows into the deadlines file (with
//! `cells`, `title` and `draft`). `statutory` writes the file of a year's statutory days.

mod cells;
mod csv;
mod document;
mod docx;
mod draft;
mod excel;
mod export;
mod form;
mod header;
mod hidden;
mod html;
mod import;
mod numbering;
pub mod paper;
mod pasted;
mod read;
mod row;
mod statutory;
#[cfg(test)]
mod tests;
mod title;
mod unpack;

use jiff::civil::{Date, DateTime};

use crate::domain::{
    deadline::Deadline,
    occurrence::{Dates, Light, State},
};

pub use document::{Block, Document};
pub use export::{csv, xlsx};
pub use form::document;
pub use import::{Bureau, Imported, RowFinding, import, is_ledger};
pub use read::{MAX_BYTES, Sheet, read};
pub use row::Row;
pub use statutory::statutory;

/// All occurrences that are due in one year.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub year: i16,
    /// If set, only the occurrences of this section.
    pub section: Option<String>,
    /// Bureau time.
    pub made_at: DateTime,
    pub rows: Vec<Row>,
}

/// One occurrence, as it stands on the day of the export.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub deadline: &'a Deadline,
    pub period: &'a str,
    pub dates: Dates,
    pub state: State,
    pub light: Light,
    /// Calendar days until `finish_by`; 0 between it and `due`; after `due`, the negative number of days since.
    pub days_left: i64,
    pub workdays_left: i64,
    pub today: Date,
    pub reports: Vec<Completion>,
    /// The sections that still owe a report (`done = "each"`).
    pub missing: Vec<String>,
    /// 进展: the last one that a section told, in words.
    pub told: Option<String>,
}

/// One report that it is done.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// Empty if none was named.
    pub section: String,
    pub by: String,
    pub note: String,
    pub evidence: String,
    /// Bureau time.
    pub on: Date,
}

/// The messages are in Chinese, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("表格没有写成：{0}")]
    Write(#[from] rust_xlsxwriter::XlsxError),
    #[error("{0}")]
    Unreadable(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Ledger {
    pub fn title(&self) -> String {
        let section = self.section.as_ref().map(|s| format!("（{}）", excel::line(s))).unwrap_or_default();
        format!("{}年度督办台账{section}", self.year)
    }
}
