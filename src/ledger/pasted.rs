//! Reads text as it is pasted from Word, WPS or a page: tabs between cells, an empty line between tables.

use super::{
    Result,
    document::{Block, Document, text_cell},
    read::{MAX_COLUMNS, Room, Sheet},
};

/// # Errors
/// In Chinese: too big.
pub fn read(text: &str) -> Result<Document> {
    let mut document = Document { hides_merges: true, ..Document::default() };
    let mut room = Room::default();
    let mut table = Sheet::default();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = text.as_str();
    let mut number = 0;
    while !rest.is_empty() {
        let (cells, lines, after) = record(rest);
        rest = after;
        let row = number;
        number += lines;
        if cells.len() > 1 {
            for (column, cell) in (0..MAX_COLUMNS).zip(&cells) {
                if room.text(cell)?.is_some() {
                    if !table.rows.contains_key(&row) {
                        room.row()?;
                    }
                    table.rows.entry(row).or_default().insert(column, text_cell(cell.trim()));
                }
            }
            continue;
        }
        // A table goes on under a line of one cell only if the line is empty: that is a page's end, and no row.
        if !table.rows.is_empty() {
            document.blocks.push(Block::Table(std::mem::take(&mut table)));
        }
        document.words(format!("第{}行", row + 1), &cells.concat());
    }
    if !table.rows.is_empty() {
        document.blocks.push(Block::Table(table));
    }
    Ok(document)
}

/// The cells of the next record, how many lines it has, and what follows. Excel puts a cell with a line break into
/// quotation marks; they count only where the closing one ends its cell.
fn record(text: &str) -> (Vec<String>, u32, &str) {
    let mut cells = Vec::new();
    let (mut rest, mut lines) = (text, 1);
    loop {
        if let Some((cell, after)) = quoted(rest) {
            lines += u32::try_from(cell.matches('\n').count()).unwrap_or(0);
            cells.push(cell);
            rest = after;
        } else {
            let end = rest.find(['\t', '\n']).unwrap_or(rest.len());
            cells.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        match rest.strip_prefix('\t') {
            Some(after) => rest = after,
            None => return (cells, lines, rest.strip_prefix('\n').unwrap_or(rest)),
        }
    }
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut from = 0;
    // A cell is no longer than this: a stray mark does not make the whole file one search.
    let limit = inside.char_indices().nth(5000).map_or(inside.len(), |(at, _)| at);
    while let Some(at) = inside[from..limit].find('"') {
        let after = &inside[from + at + 1..];
        if after.starts_with('"') {
            from += at + 2;
            continue;
        }
        let cell = &inside[..from + at];
        let is_whole = after.is_empty() || after.starts_with(['\t', '\n']);
        return (is_whole && !cell.contains('\t')).then(|| (cell.replace("\"\"", "\""), after));
    }
    None
}
