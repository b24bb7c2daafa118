//! Reads a page as a browser saves it: its paragraphs and tables. Tolerant: what is not closed ends by itself.

use super::{
    Result,
    document::{Block, Document, Grid},
    read::Room,
};
use crate::text::{after_closing, unescaped};

/// Elements whose content is no text of the page.
const SILENT: &[&str] = &["script", "style", "head", "noscript", "template", "select", "svg"];
/// Elements that begin a new line.
const LINES: &[&str] =
    &["p", "div", "br", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "ul", "ol", "dd", "dt", "td"];

pub fn is_html(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(4000).collect::<String>().to_lowercase();
    head.starts_with('<')
        && ["<html", "<table", "<!doctype", "<p", "<div", "<body"].iter().any(|tag| head.contains(tag))
}

/// # Errors
/// In Chinese: too big.
pub fn read(text: &str) -> Result<Document> {
    let mut page = Page::default();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        page.text(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !is_tag {
            page.text("<");
            rest = &rest[1..];
            continue;
        }
        let end = tag_end(rest);
        let tag = rest[1..end].trim_end_matches('>');
        rest = &rest[end..];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_lowercase();
        if SILENT.contains(&name.as_str()) && !tag.starts_with('/') && !tag.ends_with('/') {
            rest = after_closing(rest, &name);
        } else if tag.starts_with('/') {
            page.close(&name)?;
        } else {
            page.open(&name, tag)?;
        }
    }
    page.text(rest);
    page.finish()
}

/// The byte after the `>` that ends the tag; a `>` in quotation marks does not.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices().take(20_000) {
        match (c, quote) {
            ('>', None) => return at + 1,
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    // A quotation mark that is never closed.
    text.find('>').map_or(text.len(), |at| at + 1)
}

#[derive(Default)]
struct Page {
    document: Document,
    room: Room,
    tables: usize,
    grid: Option<Grid>,
    /// Tables inside a cell are text of that cell.
    nested: usize,
    /// Columns and rows of the open cell.
    cell: Option<(u32, u32)>,
    text: String,
    /// In `<del>` or `<s>`, and whether there was such a text.
    struck: usize,
    has_struck: bool,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.grid.is_some() && self.cell.is_none() {
            return;
        }
        if self.struck > 0 {
            self.has_struck |= !text.trim().is_empty();
            return;
        }
        let text = unescaped(&unwrapped(text)).replace(|c: char| c.is_whitespace() && c != '\u{3000}', " ");
        self.text.push_str(&text);
    }

    fn line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if self.cell.is_some() {
            if !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push('\n');
            }
        } else if self.grid.is_none() {
            let text = std::mem::take(&mut self.text);
            self.document.words(String::new(), &spaced(&text));
        }
    }

    fn open(&mut self, name: &str, tag: &str) -> Result<()> {
        match name {
            "table" if self.nested == 0 && self.grid.as_ref().is_some_and(Grid::is_narrow) => {
                // It only lays out the page: what stood in it is text.
                let outer = self.grid.replace(Grid::default()).unwrap_or_default();
                self.cell = None;
                let inside = std::mem::take(&mut self.text);
                outer.texts().chain([inside]).for_each(|text| self.document.words(String::new(), &spaced(&text)));
                self.tables += 1;
            }
            "table" if self.grid.is_some() => self.nested += 1,
            "table" => {
                self.line();
                self.tables += 1;
                self.grid = Some(Grid::default());
            }
            "tr" if self.nested == 0 => {
                self.end_cell()?;
                self.struck = 0;
                let style: String = tag.to_ascii_lowercase().split_whitespace().collect();
                let is_hidden = style.contains("display:none");
                if let Some(grid) = &mut self.grid {
                    grid.row(is_hidden);
                }
                let note = format!("表{}有隐藏的行", self.tables);
                if is_hidden && self.document.notes.last() != Some(&note) {
                    self.document.notes.push(note);
                }
                self.line();
            }
            "del" | "s" | "strike" => self.struck += 1,
            "td" | "th" if self.nested == 0 && self.grid.is_some() => {
                self.end_cell()?;
                self.cell = Some((attribute(tag, "colspan"), attribute(tag, "rowspan")));
                self.text.clear();
            }
            name if LINES.contains(&name) || self.nested > 0 => self.line(),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<()> {
        match name {
            "del" | "s" | "strike" => self.struck = self.struck.saturating_sub(1),
            "table" if self.nested > 0 => self.nested -= 1,
            "table" if self.grid.is_none() => self.line(),
            "table" => {
                self.end_row()?;
                if let Some(grid) = self.grid.take() {
                    let table = grid.table(format!("表{}", self.tables));
                    self.document.blocks.push(Block::Table(table));
                }
                self.text.clear();
            }
            "tr" if self.nested == 0 => self.end_row()?,
            "td" | "th" if self.nested == 0 => self.end_cell()?,
            name if LINES.contains(&name) => self.line(),
            _ => {}
        }
        Ok(())
    }

    fn end_cell(&mut self) -> Result<()> {
        let (Some((columns, rows)), Some(grid)) = (self.cell.take(), &mut self.grid) else { return Ok(()) };
        let text = std::mem::take(&mut self.text);
        grid.spanning(&spaced(&text), columns, rows, &mut self.room)
    }

    fn end_row(&mut self) -> Result<()> {
        self.end_cell()?;
        self.grid.as_mut().map_or(Ok(()), |grid| grid.carry_rest(&mut self.room))
    }

    fn finish(mut self) -> Result<Document> {
        if self.grid.is_some() {
            self.nested = 0;
            self.close("table")?;
        }
        self.line();
        if self.has_struck {
            self.document.notes.push("页面里有画了删除线的文字，没有读".into());
        }
        Ok(self.document)
    }
}

/// Line breaks of the source are spaces; between Chinese characters they are nothing.
fn unwrapped(text: &str) -> String {
    let mut out = String::new();
    for (at, line) in text.split('\n').enumerate() {
        let line = if at > 0 { line.trim_start() } else { line };
        let is_wide = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
        if at > 0 {
            out.truncate(out.trim_end().len());
            if !(is_wide(out.chars().next_back()) && is_wide(line.chars().next())) {
                out.push(' ');
            }
        }
        out.push_str(line);
    }
    out
}

/// One space for many; none at the ends of lines.
fn spaced(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn attribute(tag: &str, name: &str) -> u32 {
    let lower = tag.to_ascii_lowercase();
    let value = lower.split_once(name).and_then(|(_, rest)| rest.trim_start().strip_prefix('='));
    let digits =
        value.map(|v| v.trim_start_matches([' ', '"', '\'']).chars().take_while(char::is_ascii_digit).collect());
    digits.and_then(|digits: String| digits.parse().ok()).unwrap_or(1).clamp(1, 20_000)
}
