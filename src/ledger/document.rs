//! A document of any form as paragraphs and tables, merged cells resolved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Result, excel,
    read::{Cell, Cells, MAX_COLUMNS, Room, Sheet, Value},
};
use crate::text::is_hidden;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Document {
    pub blocks: Vec<Block>,
    /// What the reader of the account should know: hidden sheets, an odd encoding.
    pub notes: Vec<String>,
    /// Pasted text does not show which empty cell is part of a merged one.
    pub hides_merges: bool,
    #[serde(skip)]
    pub(super) paragraphs: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Block {
    Words {
        /// `第3行`; `第3段` where the form has no lines.
        place: String,
        text: String,
    },
    /// Its name is how its rows are called: `表2`, `“分工”`, or nothing.
    Table(Sheet),
}

impl Document {
    pub fn words(&mut self, place: String, text: &str) {
        // As in cells: what is hidden is left out, and nothing steers a terminal.
        let kept = text.trim().chars().filter(|c| !is_hidden(*c));
        let text: String = kept.map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect();
        if !text.is_empty() {
            self.paragraphs += 1;
            let place = if place.is_empty() { format!("第{}段", self.paragraphs) } else { place };
            self.blocks.push(Block::Words { place, text });
        }
    }

    /// All its words, a paragraph and a row a line.
    pub fn lines(&self) -> String {
        let mut text = String::new();
        let mut line = |words: &str| {
            text += words;
            text.push('\n');
        };
        for block in &self.blocks {
            match block {
                Block::Words { text, .. } => line(text),
                Block::Table(table) => {
                    for cells in table.rows.values() {
                        let own = cells.values().filter(|cell| !cell.carried);
                        // A text with commas may have been taken for a table.
                        line(&own.map(|cell| shown(&cell.value)).collect::<Vec<_>>().join("，"));
                    }
                }
            }
        }
        text
    }

    pub fn tables(&self) -> impl Iterator<Item = &Sheet> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            Block::Words { .. } => None,
        })
    }
}

/// A table while it is read cell by cell.
#[derive(Default)]
pub struct Grid {
    rows: BTreeMap<u32, Cells>,
    at: Option<u32>,
    column: u32,
    /// The row is hidden.
    hidden: bool,
    /// A row has more than two cells.
    is_wide: bool,
    /// By column: for how many rows more the cell above goes on.
    spans: BTreeMap<u32, (u32, String)>,
}

impl Grid {
    pub fn row(&mut self, hidden: bool) {
        self.at = Some(self.at.map_or(0, |at| at.saturating_add(1)));
        (self.column, self.hidden) = (0, hidden);
    }

    /// Whether no row so far has more than two cells, counting one that is open.
    pub fn is_narrow(&self) -> bool {
        self.column < 2 && !self.is_wide
    }

    pub fn texts(self) -> impl Iterator<Item = String> {
        self.rows.into_values().flat_map(BTreeMap::into_values).map(|cell| shown(&cell.value))
    }

    pub fn skip(&mut self, columns: u32) {
        self.column = self.column.saturating_add(columns);
    }

    /// Word's way: a cell says itself whether it continues the one above.
    pub fn cell(&mut self, text: &str, columns: u32, continues: bool, room: &mut Room) -> Result<()> {
        let column = self.column;
        if column >= MAX_COLUMNS {
            return Ok(());
        }
        self.column = column.saturating_add(columns.max(1));
        let above = self.spans.get(&column).map(|(_, text)| text.clone()).filter(|_| continues && text.is_empty());
        if !continues {
            self.spans.insert(column, (0, text.to_owned()));
        }
        let carried = above.is_some();
        self.put(column, above.as_deref().unwrap_or(text), carried, room)
    }

    /// HTML's way: a cell says for how many rows it stands.
    pub fn spanning(&mut self, text: &str, columns: u32, rows: u32, room: &mut Room) -> Result<()> {
        self.carry(room)?;
        let column = self.column;
        if column >= MAX_COLUMNS {
            return Ok(());
        }
        self.column = column.saturating_add(columns.clamp(1, MAX_COLUMNS));
        if rows > 1 {
            self.spans.insert(column, (rows - 1, text.to_owned()));
            // The other columns of a block are taken too, and stay empty.
            (column + 1..self.column.min(MAX_COLUMNS)).for_each(|c| {
                self.spans.insert(c, (rows - 1, String::new()));
            });
        }
        self.put(column, text, false, room)
    }

    /// Puts what stands in from above, up to the next free column.
    pub fn carry(&mut self, room: &mut Room) -> Result<()> {
        while let Some((left, text)) = self.spans.get_mut(&self.column).filter(|(left, _)| *left > 0) {
            *left -= 1;
            let text = text.clone();
            self.put(self.column, &text, true, room)?;
            self.column += 1;
        }
        Ok(())
    }

    /// The end of a row in HTML.
    pub fn carry_rest(&mut self, room: &mut Room) -> Result<()> {
        let last = self.spans.keys().next_back().copied().unwrap_or(0);
        while self.column <= last {
            self.carry(room)?;
            self.column += 1;
        }
        Ok(())
    }

    fn put(&mut self, column: u32, text: &str, carried: bool, room: &mut Room) -> Result<()> {
        let Some(row) = self.at else { return Ok(()) };
        let Some(value) = room.text(text)?.filter(|_| column < MAX_COLUMNS) else { return Ok(()) };
        if !self.rows.contains_key(&row) {
            room.row()?;
        }
        self.is_wide |= column > 1;
        self.rows.entry(row).or_default().insert(column, Cell { carried, hidden: self.hidden, ..Cell::new(value) });
        Ok(())
    }

    pub fn table(self, name: String) -> Sheet {
        Sheet { name, rows: self.rows, notes: Vec::new() }
    }
}

pub fn text_cell(text: &str) -> Cell {
    Cell::new(Value::Text(text.to_owned()))
}

/// For people, and for the words of a cell.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(words) => excel::lines(words),
        Value::Date(date) => date.to_string(),
        Value::Unknown(why) => format!("（{why}）"),
    }
}
