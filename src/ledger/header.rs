//! Finds the row with the headings by its words, and the columns in it.

use std::collections::BTreeMap;

use super::{
    Error, Result,
    read::{Cells, Sheet, Value},
};
use crate::text::bare;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Number,
    Task,
    Requirement,
    Sections,
    Due,
    /// The date that was computed from `Due`.
    Limit,
    Period,
    Id,
}

use Role::*;

/// The headings that are read back, as `row` writes them.
const WORDS: [(Role, &str); 8] = [
    (Number, "序号"),
    (Task, "工作任务"),
    (Requirement, "具体要求"),
    (Sections, "责任科室"),
    (Limit, "完成时限"),
    (Due, "时限要求"),
    (Period, "期次"),
    (Id, "编号"),
];

/// Headings stand near the top.
const SEARCHED_ROWS: usize = 200;

#[derive(Clone, Debug)]
pub struct Header {
    pub row: u32,
    pub columns: BTreeMap<Role, u32>,
}

/// The first sheet that has such a header.
///
/// # Errors
/// In Chinese: no sheet has one.
pub fn find(sheets: &[Sheet]) -> Result<(&Sheet, Header)> {
    let found = sheets.iter().find_map(|sheet| {
        let rows = sheet.rows.iter().take(SEARCHED_ROWS);
        let mut headers = rows.map(|(&row, cells)| Header { row, columns: columns(cells) });
        Some((sheet, headers.find(|header| NEEDED.iter().all(|role| header.columns.contains_key(role)))?))
    });
    found.ok_or_else(|| Error::Unreadable("不是导出的台账：要有一行写着“工作任务”“责任科室”“时限要求”“编号”".into()))
}

const NEEDED: [Role; 4] = [Task, Sections, Due, Id];

pub fn columns(cells: &Cells) -> BTreeMap<Role, u32> {
    let at = |word: &str| cells.iter().find(|(_, cell)| is_heading(&cell.value, word)).map(|(at, _)| *at);
    WORDS.iter().filter_map(|(role, word)| Some((*role, at(word)?))).collect()
}

fn is_heading(value: &Value, word: &str) -> bool {
    matches!(value, Value::Text(words) if bare(words) == word)
}
