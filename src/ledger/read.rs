//! Reads the cells of a spreadsheet file.
//!
//! The limits hold for `.xlsx` and `.csv`. On a damaged `.xls` the library may exceed them, or panic: a file from
//! outside is read in a process of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
};

use calamine::{Data, DataRef, Dimensions, Reader, SheetType, SheetVisible, Xls, Xlsx};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Error, Result, csv, excel,
    hidden::{self, Hidden},
    unpack,
};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 20 << 20;
const MAX_ROWS: usize = 20_000;
pub const MAX_COLUMNS: u32 = 100;
const MAX_SHEETS: usize = 50;
/// In bytes, of all cells together: a string that is stored once can stand in every cell.
const MAX_TEXT: usize = 64 << 20;
const MAX_MERGED: usize = 50_000;
/// So many hidden rows are named.
const MOST_NAMED: usize = 20;

/// What a cell holds; empty cells are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Text(String),
    Date(Date),
    /// Something stands there that cannot be read: why. It is not an empty cell.
    Unknown(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    pub value: Value,
    /// Copied from a merged cell that begins in a row above.
    pub carried: bool,
    /// Its row, its column or its sheet is hidden.
    #[serde(default)]
    pub hidden: bool,
}

impl Cell {
    pub fn new(value: Value) -> Self {
        Self { value, carried: false, hidden: false }
    }
}

/// By column, from 0.
pub type Cells = BTreeMap<u32, Cell>;

/// The rows by number, from 0; rows without a cell are left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sheet {
    pub name: String,
    pub rows: BTreeMap<u32, Cells>,
    /// What the reader of the account should know.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What is left of the limits.
pub struct Room {
    text: usize,
    rows: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { text: MAX_TEXT, rows: MAX_ROWS }
    }
}

/// # Errors
/// In Chinese: not a sheet, damaged, locked, too big.
pub fn read(bytes: &[u8]) -> Result<Vec<Sheet>> {
    if bytes.len() > MAX_BYTES {
        return Err(too_big());
    }
    let mut room = Room::default();
    if bytes.starts_with(b"PK") {
        unpack::check_zip(bytes)?;
        read_xlsx(bytes, &mut room)
    } else if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        read_xls(bytes, &mut room)
    } else {
        read_csv(bytes, &mut room).map(|sheet| vec![sheet])
    }
}

fn read_xlsx(bytes: &[u8], room: &mut Room) -> Result<Vec<Sheet>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let mut sheets = Vec::new();
    let tables = tables(book.sheets_metadata());
    for (_, meta) in &tables {
        let mut sheet = Sheet { name: meta.name.clone(), ..Sheet::default() };
        let mut cells = book.worksheet_cells_reader(&meta.name).map_err(|e| damaged(&e))?;
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|e| damaged(&e))? {
            let value = match cell.value {
                // A result that is an empty text is a result.
                DataRef::Empty if cell.formula.is_some() => {
                    Some(Value::Unknown(format!("{} 的公式没有存下结果", place(cell.pos))))
                }
                DataRef::SharedString(shared) => room.text(shared)?,
                other => room.value(&Data::from(other), cell.pos)?,
            };
            sheet.put(cell.pos, value, room)?;
        }
        sheets.push(sheet);
    }
    finish(bytes, &mut sheets, &tables, room, |name| book.merge_cells_by_sheet_name(name).unwrap_or_default())?;
    Ok(sheets)
}

fn read_xls(bytes: &[u8], room: &mut Room) -> Result<Vec<Sheet>> {
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let mut sheets = Vec::new();
    let tables = tables(book.sheets_metadata());
    for (_, meta) in &tables {
        let mut sheet = Sheet { name: meta.name.clone(), ..Sheet::default() };
        let range = book.worksheet_range(&meta.name).map_err(|e| damaged(&e))?;
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let at = |from: u32, by: usize| from.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
            let at = (at(top, row), at(left, column));
            let value = room.value(data, at)?;
            sheet.put(at, value, room)?;
        }
        sheets.push(sheet);
    }
    finish(bytes, &mut sheets, &tables, room, |name| book.merge_cells_by_sheet_name(name).unwrap_or_default())?;
    Ok(sheets)
}

/// The sheets with cells, and where they stand in the workbook.
fn tables(sheets: &[calamine::Sheet]) -> Vec<(usize, calamine::Sheet)> {
    let tables = sheets.iter().enumerate().filter(|(_, sheet)| sheet.typ == SheetType::WorkSheet);
    tables.take(MAX_SHEETS).map(|(at, sheet)| (at, sheet.clone())).collect()
}

/// What is merged, then what is hidden: a merged cell is seen in each of its rows that is.
fn finish(
    bytes: &[u8],
    sheets: &mut [Sheet],
    tables: &[(usize, calamine::Sheet)],
    room: &mut Room,
    mut merged: impl FnMut(&str) -> Vec<Dimensions>,
) -> Result<()> {
    let found = hidden::of(bytes);
    for (sheet, (at, meta)) in sheets.iter_mut().zip(tables) {
        sheet.carry_down(&merged(&meta.name), room)?;
        match found.as_ref().and_then(|found| found.get(*at)) {
            Some(hidden) => sheet.hide(hidden),
            None => sheet.notes.push(format!("“{}”里有没有隐藏的行、列，看不出来", excel::line(&sheet.name))),
        }
        if meta.visible != SheetVisible::Visible {
            sheet.notes.push(format!("“{}”是隐藏的表", excel::line(&sheet.name)));
            sheet.rows.values_mut().flat_map(BTreeMap::values_mut).for_each(|cell| cell.hidden = true);
        }
    }
    Ok(())
}

/// `D5`, as the spreadsheet names it.
fn place((row, column): (u32, u32)) -> String {
    format!("{}{}", excel::column_letters(column), row.saturating_add(1))
}

fn read_csv(bytes: &[u8], room: &mut Room) -> Result<Sheet> {
    let text = csv::decode(bytes)?;
    let mut sheet = Sheet::default();
    for (row, record) in (0..).zip(csv::records(&text)) {
        for (column, field) in (0..MAX_COLUMNS).zip(record) {
            let value = room.text(&field)?;
            sheet.put((row, column), value, room)?;
        }
    }
    Ok(sheet)
}

impl Sheet {
    fn put(&mut self, (row, column): (u32, u32), value: Option<Value>, room: &mut Room) -> Result<()> {
        let Some(value) = value.filter(|_| column < MAX_COLUMNS) else { return Ok(()) };
        if !self.rows.contains_key(&row) {
            room.row()?;
        }
        self.rows.entry(row).or_default().insert(column, Cell::new(value));
        Ok(())
    }

    /// Marks what is hidden, and says what it is.
    fn hide(&mut self, hidden: &Hidden) {
        let (mut rows, mut columns, mut struck) = (Vec::new(), BTreeSet::new(), Vec::new());
        for (row, cells) in &mut self.rows {
            let is_row = hidden.has_row(*row);
            for (at, cell) in cells {
                columns.extend(hidden.has_column(*at).then_some(*at));
                let is_struck = hidden.is_struck(*row, *at);
                struck.extend(is_struck.then(|| place((*row, *at))).filter(|_| struck.len() < MOST_NAMED));
                cell.hidden |= is_row || hidden.has_column(*at) || is_struck;
            }
            rows.extend(is_row.then(|| format!("第{}行", row + 1)));
        }
        let most = rows.len().saturating_sub(MOST_NAMED);
        rows.truncate(MOST_NAMED);
        rows.extend((most > 0).then(|| format!("等 {} 行", most + MOST_NAMED)));
        rows.extend(columns.into_iter().map(|at| format!("{} 列", excel::column_letters(at))));
        if !rows.is_empty() {
            self.notes.push(format!("“{}”有隐藏的{}", excel::line(&self.name), rows.join("、")));
        }
        if !struck.is_empty() {
            self.notes.push(format!("“{}”有画了删除线的格子：{}", excel::line(&self.name), struck.join("、")));
        }
    }

    /// The value of a merged cell holds for all of its rows, but only in its first column.
    fn carry_down(&mut self, merged: &[Dimensions], room: &mut Room) -> Result<()> {
        for area in merged.iter().take(MAX_MERGED) {
            let (top, column) = area.start;
            let bottom = area.end.0;
            let from = self.rows.get(&top).and_then(|cells| cells.get(&column)).filter(|cell| !cell.carried);
            let Some(value) = from.map(|cell| cell.value.clone()).filter(|_| bottom > top) else { continue };
            for (_, cells) in self.rows.range_mut(top + 1..=bottom) {
                if let std::collections::btree_map::Entry::Vacant(place) = cells.entry(column) {
                    room.take(&value)?;
                    place.insert(Cell { carried: true, ..Cell::new(value.clone()) });
                }
            }
        }
        Ok(())
    }
}

impl Room {
    pub fn row(&mut self) -> Result<()> {
        let left = self.rows.checked_sub(1);
        self.rows = left.ok_or_else(|| Error::Unreadable(format!("表格超过 {MAX_ROWS} 行，请拆成几个再读。")))?;
        Ok(())
    }

    fn take(&mut self, value: &Value) -> Result<()> {
        let needed = if let Value::Text(text) = value { text.len() } else { 0 };
        self.text = self.text.checked_sub(needed).ok_or_else(too_big)?;
        Ok(())
    }

    pub fn text(&mut self, text: &str) -> Result<Option<Value>> {
        // A little more than a cell may hold, so that a cell that is too long is still found.
        let end = text.char_indices().nth(excel::MAX_CELL + 1000).map_or(text.len(), |(at, _)| at);
        let text = text[..end].trim();
        if text.is_empty() {
            return Ok(None);
        }
        let value = Value::Text(text.to_owned());
        self.take(&value)?;
        Ok(Some(value))
    }

    /// For a formula, its result when the file was saved.
    fn value(&mut self, data: &Data, at: (u32, u32)) -> Result<Option<Value>> {
        let damaged = |what: &str| Ok(Some(Value::Unknown(format!("{} 的日期损坏（{what}）", place(at)))));
        let text = match data {
            Data::Empty => return Ok(None),
            Data::String(text) | Data::DurationIso(text) => return self.text(text),
            Data::DateTime(stamp) if stamp.is_datetime() => {
                let (year, month, day, ..) = stamp.to_ymd_hms_milli();
                let part = |n: u8| i8::try_from(n).unwrap_or(0);
                let date = i16::try_from(year).ok().and_then(|year| Date::new(year, part(month), part(day)).ok());
                // A 20 in a cell for dates is shown as 1900-01-20: nobody wrote that.
                return match date.filter(|date| (1990..=2100).contains(&date.year())) {
                    Some(date) => Ok(Some(Value::Date(date))),
                    None => damaged(&stamp.as_f64().to_string()),
                };
            }
            Data::DateTimeIso(text) => match text.get(..10).and_then(|day| day.parse().ok()) {
                Some(date) => return Ok(Some(Value::Date(date))),
                None => return damaged(&excel::line(text).chars().take(30).collect::<String>()),
            },
            Data::DateTime(stamp) => stamp.as_f64().to_string(),
            Data::Int(number) => number.to_string(),
            Data::Float(number) => number.to_string(),
            Data::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
            Data::Error(error) => {
                return Ok(Some(Value::Unknown(format!("{} 的公式出错（{error}），没有值", place(at)))));
            }
        };
        self.text(&text)
    }
}

fn too_big() -> Error {
    let megabytes = MAX_BYTES >> 20;
    Error::Unreadable(format!("文件太大（最多 {megabytes} MB，展开后也不能太大）。请只留下要读的那张表，另存后再试。"))
}

fn damaged(error: &dyn std::error::Error) -> Error {
    let said = error.to_string();
    if said.to_lowercase().contains("password") {
        return Error::Unreadable("表格加了密码。请用 Excel 或 WPS 打开，去掉密码，另存后再试。".into());
    }
    let said: String = excel::line(&said).chars().take(200).collect();
    Error::Unreadable(format!("表格读不出来（{said}）。请用 Excel 或 WPS 打开，另存为 .xlsx 再试。"))
}
