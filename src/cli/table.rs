//! Tables for people: columns that line up under wide characters, no wider than needed.

use jiff::civil::Date;
use unicode_width::UnicodeWidthStr;

/// Two columns of space between the cells; a cell may hold several lines.
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

/// Space at the end of a line is left out.
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

/// How wide on a screen. Most cells are plain letters, which need no looking up.
fn columns(text: &str) -> usize {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if is_plain { text.len() } else { text.width() }
}

/// `2026-01-30 周五`
pub fn day(date: Date) -> String {
    format!("{date} {}", crate::letter::words::weekday(date))
}

/// What a list calls a title: short enough for a line.
pub fn short(title: &str) -> String {
    let limit = 24;
    if title.chars().count() <= limit {
        title.to_owned()
    } else {
        title.chars().take(limit - 1).chain(['…']).collect()
    }
}
