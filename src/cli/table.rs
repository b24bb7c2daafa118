//! Tables for people: columns that line up under wide characters, no wider than needed.

use comfy_table::{ContentArrangement, Table, presets};
use jiff::civil::Date;

pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    let text = table.to_string();
    text.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect()
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
