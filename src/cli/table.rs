//! Text tables whose columns line up even with wide (CJK) characters.

use std::io::IsTerminal;

use jiff::civil::Date;
use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

/// What every terminal has, and the most that is used of one.
pub const WIDTH: usize = 80;
const WIDEST: usize = 120;
/// Words that are longer may be cut: an address, an id.
const LONGEST_WORD: usize = 32;
/// A day with its weekday or its time stays on one line.
const SHORT: usize = 18;
/// No column is narrower for the others' sake.
const NARROWEST: usize = 6;

/// A table as wide as the screen allows. Cells are two spaces apart, may hold several lines, and wrap.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    within(screen(), header, rows)
}

/// The columns of the terminal, if the output is one.
pub fn screen() -> usize {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return WIDTH;
    }
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns =
        told.or_else(|| tcgetwinsize(&out).ok().map(|size| size.ws_col.into()).filter(|columns| *columns > 0));
    columns.unwrap_or(WIDTH).clamp(WIDTH, WIDEST)
}

fn within<const N: usize>(width: usize, header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
    let (mut widths, mut words) = ([0; N], [NARROWEST; N]);
    for row in &rows {
        for (n, cell) in row.iter().enumerate() {
            widths[n] = cell.split('\n').map(columns).chain([widths[n]]).max().unwrap_or(0);
            let whole = |line: &str| match columns(line) {
                short if short <= SHORT => short,
                _ => pieces(line).iter().map(|piece| columns(piece.trim())).max().unwrap_or(0).min(LONGEST_WORD),
            };
            words[n] = cell.split('\n').map(whole).chain([words[n]]).max().unwrap_or(0);
        }
    }
    let room = width.saturating_sub(2 * (N - 1));
    // Words stay whole as long as they can.
    narrow(&mut widths, &words, room);
    narrow(&mut widths, &[NARROWEST; N], room);
    let mut text = String::new();
    for row in rows {
        let cell = |n: usize| row[n].split('\n').flat_map(|line| wrap(line, widths[n])).collect();
        let cells: [Vec<String>; N] = std::array::from_fn(cell);
        let height = cells.iter().map(Vec::len).max().unwrap_or(1);
        (0..height).for_each(|line| write_line(&mut text, &cells, line, &widths));
    }
    text
}

/// Takes from the widest columns until all fit the room, or are as narrow as they may be.
fn narrow(widths: &mut [usize], least: &[usize], room: usize) {
    let over = widths.iter().sum::<usize>().saturating_sub(room);
    for _ in 0..over {
        let may = widths.iter().zip(least).enumerate().filter(|(_, (width, least))| width > least);
        let Some((widest, _)) = may.max_by_key(|(_, (width, _))| **width) else { return };
        widths[widest] -= 1;
    }
}

/// Without trailing spaces.
fn write_line(text: &mut String, row: &[Vec<String>], line: usize, widths: &[usize]) {
    let begin = text.len();
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths) {
        let part = cell.get(line).map(|part| part.trim_end()).unwrap_or_default();
        text.extend(std::iter::repeat_n(' ', owed));
        text.push_str(part);
        owed = width.saturating_sub(columns(part)) + 2;
    }
    text.truncate(begin + text[begin..].trim_end().len());
    text.push('\n');
}

/// The width on a screen. Most cells are ASCII, which needs no table look-up.
pub fn columns(text: &str) -> usize {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if is_plain { text.len() } else { text.width() }
}

/// A text whose long lines are wrapped to the screen; what goes on is indented.
pub fn paragraphs(text: &str) -> String {
    let width = screen();
    text.lines().map(|line| wrap(line, width - 2).join("\n  ") + "\n").collect()
}

/// Lines of at most so many columns. Numbers and Latin words stay whole if they fit, and no line begins with a closing
/// mark.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text).into_iter().flat_map(|piece| cut(piece, width)) {
        let is_full = lines.last().is_some_and(|line| !line.is_empty() && columns(line) + columns(&piece) > width);
        match lines.last_mut() {
            Some(line) if !is_full => line.push_str(&piece),
            last => {
                if let Some(line) = last {
                    line.truncate(line.trim_end().len());
                }
                lines.push(piece.trim_start().to_owned());
            }
        }
    }
    lines
}

/// What stays together on a line.
fn pieces(text: &str) -> Vec<String> {
    let is_latin = |c: char| c.is_ascii_alphanumeric() || "-._/:=;@".contains(c);
    let mut pieces = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let mut piece = String::from(first);
        while let Some(next) = chars.next_if(|next| {
            let glued = piece.ends_with(is_latin) && is_latin(*next);
            glued || "，。；：、）”〕》！？".contains(*next) || piece.ends_with(['（', '“', '〔', '《'])
        }) {
            piece.push(next);
        }
        pieces.push(piece);
    }
    pieces
}

/// A word that is wider than a line is cut, behind one of its marks if it has one there.
fn cut(mut piece: String, width: usize) -> Vec<String> {
    let mut parts = Vec::new();
    while columns(&piece) > width {
        let fits = |end: &usize| columns(&piece[..*end]) <= width;
        let ends: Vec<usize> = piece.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(fits).collect();
        let mark = ends.iter().rev().find(|end| piece[..**end].ends_with(['-', '/', '@', '.', '_']));
        let Some(end) = mark.or(ends.last()).copied() else { break };
        let rest = piece.split_off(end);
        parts.push(std::mem::replace(&mut piece, rest));
    }
    parts.push(piece);
    parts
}

/// `2026-01-30 周五`
pub fn day(date: Date) -> String {
    format!("{date} {}", crate::letter::words::weekday(date))
}

/// The same without the year, if it is that of a day beside it: `12-20 周日`.
pub fn day_beside(date: Date, beside: Date) -> String {
    match date.year() == beside.year() {
        true => format!("{} {}", date.strftime("%m-%d"), crate::letter::words::weekday(date)),
        false => day(date),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_the_screen_and_its_words_stay_whole() {
        let row = || {
            let title = "发布2025年度《政府信息公开工作年度报告》并报送上级主管部门";
            let id = "public-enterprise-supervision 2026-H2";
            ["2026-12-18 周五\n规定 12-20 周日".to_owned(), format!("{title}\n{id}"), "办公室、".repeat(8)]
        };
        for width in [80, 120] {
            let text = within(width, ["请于…前办结", "事项", "科室"], [row(), row()]);
            assert!(text.lines().all(|line| columns(line) <= width), "{text}");
            assert!(text.contains("public-enterprise-supervision") && text.contains("2026-12-18 周五"), "{text}");
        }
        assert!(within(120, ["a"; 3], [row()]).lines().count() < within(80, ["a"; 3], [row()]).lines().count());
        let narrow = within(30, ["a"; 3], [row()]);
        assert!(narrow.lines().all(|line| columns(line) <= 30), "{narrow}");
        assert_eq!(within(80, ["a", "b"], [["1".into(), "x\ny".into()]]), "a  b\n1  x\n   y\n");
    }

    #[test]
    fn words_are_cut_behind_a_mark() {
        assert_eq!(wrap("public-enterprise-list", 18), ["public-enterprise-", "list"]);
        assert_eq!(wrap("（一）甲乙", 6), ["（一）", "甲乙"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
