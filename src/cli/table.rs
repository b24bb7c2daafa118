//! Text tables whose columns line up even with wide (CJK) characters.

use jiff::civil::Date;
use unicode_width::UnicodeWidthStr;

/// Cells are two spaces apart, and may hold several lines.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.split('\n').map(columns).chain([*width]).max().unwrap_or(0);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let height = row.iter().map(|cell| cell.split('\n').count()).max().unwrap_or(1);
        (0..height).for_each(|line| write_line(&mut text, row, line, &widths));
    }
    text
}

/// Without trailing spaces.
fn write_line(text: &mut String, row: &[String], line: usize, widths: &[usize]) {
    let begin = text.len();
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths) {
        let part = cell.split('\n').nth(line).unwrap_or_default();
        text.extend(std::iter::repeat_n(' ', owed));
        text.push_str(part);
        owed = width - columns(part) + 2;
    }
    text.truncate(begin + text[begin..].trim_end().len());
    text.push('\n');
}

/// The width on a screen. Most cells are ASCII, which needs no table look-up.
pub fn columns(text: &str) -> usize {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if is_plain { text.len() } else { text.width() }
}

/// Lines of at most so many columns. Numbers and Latin words stay whole, and no line begins with a closing mark.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let is_latin = |c: char| c.is_ascii_alphanumeric() || "-._/:=;".contains(c);
    let mut lines = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let mut piece = String::from(first);
        while let Some(next) = chars.next_if(|next| {
            let glued = piece.ends_with(is_latin) && is_latin(*next);
            glued || "，。；：、）”〕！？".contains(*next) || piece.ends_with(['（', '“', '〔'])
        }) {
            piece.push(next);
        }
        let is_full = lines.last().is_some_and(|line| !line.is_empty() && columns(line) + columns(&piece) > width);
        match lines.last_mut() {
            Some(line) if !is_full => line.push_str(&piece),
            _ => lines.push(piece.trim_start().to_owned()),
        }
    }
    lines
}

/// `2026-01-30 周五`
pub fn day(date: Date) -> String {
    format!("{date} {}", crate::letter::words::weekday(date))
}

/// A title cut to fit a line.
pub fn short(title: &str) -> String {
    let limit = 24;
    if title.chars().count() <= limit {
        title.to_owned()
    } else {
        title.chars().take(limit - 1).chain(['…']).collect()
    }
}
