//! The ledger (台账) as a sheet: written for people, and read back. Pure, apart from the bytes that
//! are handed in.
//!
//! Out: `row` puts an occurrence into words, `export` makes the file of them. Back: `read` takes a
//! file apart (`unpack` and `csv` under it), `header` finds the columns, `import` makes the deadlines
//! file of the rows (`cells`, `title` and `draft` under it).

mod cells;
mod csv;
mod draft;
mod excel;
mod export;
mod header;
mod import;
mod read;
mod row;
#[cfg(test)]
mod tests;
mod title;
mod unpack;

use jiff::civil::{Date, DateTime};

use crate::domain::{
    deadline::Deadline,
    occurrence::{Dates, Light, State},
};

pub use export::{csv, xlsx};
pub use import::{Bureau, Imported, RowFinding, import};
pub use read::{MAX_BYTES, Sheet, read};
pub use row::Row;

/// All that is due in one year.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub year: i16,
    /// Only this section's.
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
    /// Until `finish_by`; 0 between it and `due`; negative: since `due`.
    pub days_left: i64,
    pub workdays_left: i64,
    pub today: Date,
    pub reports: Vec<Completion>,
    /// Who still owes a report (`done = "each"`).
    pub missing: Vec<String>,
}

/// Who reported it done.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// Empty where none was named.
    pub section: String,
    pub by: String,
    pub note: String,
    pub evidence: String,
    /// Bureau time.
    pub on: Date,
}

/// In Chinese, for whoever runs duban.
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
