//! Reads a Word file (.docx): its paragraphs and tables, in their order.

use std::io::{Cursor, Read};

use encoding_rs::UTF_8;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::{
    Error, Result,
    document::{Block, Document, Grid},
    numbering::{Numbered, Numbering},
    read::Room,
    unpack::{self, attribute},
};
use crate::text::{is_numeral, short_line, unescaped};

pub const BODY: &str = "word/document.xml";
/// Deeper than any writer nests; a file may be made to nest more.
const MAX_DEPTH: usize = 400;
/// So many footnotes are told of.
const MAX_NOTES: usize = 20;

/// # Errors
/// In Chinese: damaged, or too big.
pub fn read(bytes: &[u8]) -> Result<Document> {
    unpack::check_zip(bytes)?;
    let mut xml = Vec::new();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    // Its size was measured by `check_zip`.
    archive.by_name(BODY).map_err(|_| damaged())?.read_to_end(&mut xml).map_err(|_| damaged())?;
    let mut document = Body { numbering: Numbering::of(&mut archive), ..Body::default() }.read(&xml)?;
    for (part, name) in [("footnotes", "脚注"), ("endnotes", "尾注"), ("comments", "批注")] {
        let mut xml = Vec::new();
        let Ok(mut part) = archive.by_name(&format!("word/{part}.xml")) else { continue };
        part.read_to_end(&mut xml).map_err(|_| damaged())?;
        let lines = Body::default().read(&xml)?.lines();
        let dated = lines.lines().filter(|line| line.contains(['日', '月', '季', '天'])).take(MAX_NOTES);
        document.notes.extend(dated.map(|line| format!("{name}里写着“{}”，没有读成事项", short_line(line, 100))));
    }
    Ok(document)
}

fn damaged() -> Error {
    Error::Unreadable("文件已损坏，不是完整的 .docx。请用 Word 或 WPS 打开，另存为 .docx 再试。".into())
}

/// What is open while the file is read.
#[derive(Default)]
struct Body {
    document: Document,
    room: Room,
    depth: usize,
    tables: usize,
    /// The outermost table; a table inside a cell is text of that cell.
    grid: Option<Grid>,
    nested: usize,
    paragraph: String,
    numbering: Numbering,
    number: Numbered,
    cell: String,
    span: u32,
    /// `vMerge` without `restart`.
    continues: bool,
    is_text: bool,
    /// Depth at which text that is stored twice, or that was struck out, began.
    skipped: Option<usize>,
    /// Of the open run: whether it is struck through or hidden.
    is_unseen: Option<bool>,
    has_unseen: bool,
}

impl Body {
    fn read(mut self, xml: &[u8]) -> Result<Document> {
        let (xml, ..) = UTF_8.decode(xml);
        let mut reader = Reader::from_str(&xml);
        reader.config_mut().check_end_names = false;
        loop {
            match reader.read_event().map_err(|_| damaged())? {
                Event::Start(tag) => self.open(&tag)?,
                Event::Empty(tag) => {
                    self.open(&tag)?;
                    self.close(tag.local_name().as_ref())?;
                }
                Event::End(tag) => self.close(tag.local_name().as_ref())?,
                Event::Text(text) => self.text(&text),
                Event::GeneralRef(name) => self.text(&unescaped(&format!("&{};", &*name))),
                Event::CData(text) => self.text(&text),
                Event::Eof => return self.finish(),
                _ => {}
            }
        }
    }

    fn open(&mut self, tag: &BytesStart) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::Unreadable("文件里一层套一层，套得太深。请用 Word 或 WPS 打开，另存后再试。".into()));
        }
        if self.skipped.is_some() {
            return Ok(());
        }
        match tag.local_name().as_ref() {
            // `rt` is how a word is pronounced; `tcPrChange` how a cell was merged before.
            "Fallback" | "del" | "moveFrom" | "rt" => self.skipped = Some(self.depth),
            name if name.ends_with("PrChange") => self.skipped = Some(self.depth),
            "tbl" if self.grid.is_some() => self.nested += 1,
            "tbl" => {
                self.tables += 1;
                self.grid = Some(Grid::default());
            }
            "tr" if self.nested == 0 => self.grid.iter_mut().for_each(|grid| grid.row(false)),
            "gridBefore" => {
                let skip = number(tag);
                self.grid.iter_mut().for_each(|grid| grid.skip(skip));
            }
            "tc" if self.nested == 0 => {
                self.cell.clear();
                (self.span, self.continues) = (1, false);
            }
            "gridSpan" if self.nested == 0 => self.span = number(tag),
            "vMerge" if self.nested == 0 => self.continues = value(tag).as_deref() != Some("restart"),
            "numId" => self.number.list = value(tag).and_then(|n| n.parse().ok()),
            "ilvl" => self.number.level = value(tag).and_then(|n| n.parse().ok()),
            "pStyle" => self.number.style = value(tag).unwrap_or_default(),
            "t" => self.is_text = true,
            "tab" if self.is_in_run() => self.paragraph.push('\t'),
            "br" | "cr" => self.text_of_run("\n"),
            "noBreakHyphen" => self.text_of_run("-"),
            "r" => self.is_unseen = Some(false),
            "strike" | "dstrike" | "vanish" if !matches!(value(tag).as_deref(), Some("0" | "false" | "off")) => {
                self.is_unseen = self.is_unseen.map(|_| true);
            }
            _ => {}
        }
        Ok(())
    }

    /// A tab stop in the settings of a paragraph is not a tab.
    fn is_in_run(&self) -> bool {
        !self.paragraph.is_empty()
    }

    fn text(&mut self, text: &str) {
        if self.is_text & self.skipped.is_none() {
            self.text_of_run(text);
        }
    }

    fn text_of_run(&mut self, text: &str) {
        if self.is_unseen == Some(true) {
            self.has_unseen |= !text.trim().is_empty();
        } else {
            self.paragraph.push_str(text);
        }
    }

    fn close(&mut self, name: &str) -> Result<()> {
        let depth = self.depth;
        self.depth = self.depth.saturating_sub(1);
        if let Some(skipped) = self.skipped {
            if depth <= skipped {
                self.skipped = None;
            }
            return Ok(());
        }
        match name {
            "t" => self.is_text = false,
            "r" => self.is_unseen = None,
            "p" => self.paragraph(),
            "tc" if self.nested == 0 => {
                let text = std::mem::take(&mut self.cell);
                if let Some(grid) = &mut self.grid {
                    grid.cell(text.trim(), self.span, self.continues, &mut self.room)?;
                }
            }
            "tbl" if self.nested > 0 => self.nested -= 1,
            "tbl" => {
                if let Some(grid) = self.grid.take() {
                    let table = grid.table(format!("表{}", self.tables));
                    self.document.blocks.push(Block::Table(table));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn paragraph(&mut self) {
        let mut text = std::mem::take(&mut self.paragraph);
        let number = std::mem::take(&mut self.number);
        // Word shows nothing of a cell that is merged with the one above.
        if !(self.continues && self.grid.is_some())
            && let Some(number) = self.numbering.next(&number)
        {
            let is_alone = text.trim().is_empty();
            let mark =
                if is_alone || !number.ends_with(|c: char| c.is_ascii_digit() || is_numeral(c)) { "" } else { "、" };
            if self.grid.is_some() || !is_alone {
                let words = text.trim_start();
                // 3. and 6月 are not 3.6.
                let gap = if words.starts_with(|c: char| c.is_ascii_digit()) { " " } else { "" };
                text = format!("{number}{mark}{gap}{words}");
            }
        }
        if self.grid.is_some() {
            if !self.cell.is_empty() & !text.trim().is_empty() {
                self.cell.push('\n');
            }
            self.cell.push_str(text.trim());
        } else {
            self.document.words(String::new(), &text);
        }
    }

    fn finish(mut self) -> Result<Document> {
        if self.grid.is_some() || self.depth > 0 {
            return Err(damaged());
        }
        if self.has_unseen {
            self.document.notes.push("文件里有画了删除线或设为隐藏的文字，没有读".into());
        }
        Ok(self.document)
    }
}

fn value(tag: &BytesStart) -> Option<String> {
    attribute(tag, "val")
}

fn number(tag: &BytesStart) -> u32 {
    value(tag).and_then(|n| n.trim().parse().ok()).unwrap_or(1)
}
