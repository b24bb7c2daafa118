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
fn columns(text: &str) -> usize {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if is_plain { text.len() } else { text.width() }
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
