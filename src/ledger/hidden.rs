//! Which rows and columns of a workbook are hidden, and which cells are struck through: calamine does not say. Read from
//! the parts themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
};

use zip::ZipArchive;

use super::unpack::{attribute, elements};

/// As many as are read: `read::MAX_COLUMNS`.
const MOST_COLUMNS: u32 = 100;
/// More than are read; each may name the same part.
const MOST_SHEETS: usize = 100;

/// What is hidden of one sheet, counted from 0.
#[derive(Default)]
pub struct Hidden {
    rows: BTreeSet<u32>,
    columns: BTreeSet<u32>,
    /// Row and column of cells that are struck through; an old workbook does not say so here.
    struck: BTreeSet<(u32, u32)>,
}

/// By sheet, in the order of the workbook; `None` if the file does not say.
pub fn of(bytes: &[u8]) -> Option<Vec<Hidden>> {
    if bytes.starts_with(b"PK") { of_xlsx(bytes) } else { of_xls(bytes) }
}

impl Hidden {
    pub fn has_row(&self, row: u32) -> bool {
        self.rows.contains(&row)
    }

    /// From the first to the last of them; those that are not read are left out.
    fn columns(&mut self, first: Option<u32>, last: Option<u32>, counted_from: u32) {
        let (Some(first), Some(last)) = (first, last) else { return };
        let from_zero = |column: u32| column.saturating_sub(counted_from);
        self.columns.extend(from_zero(first)..=from_zero(last).min(MOST_COLUMNS));
    }

    pub fn has_column(&self, column: u32) -> bool {
        self.columns.contains(&column)
    }

    pub fn is_struck(&self, row: u32, column: u32) -> bool {
        self.struck.contains(&(row, column))
    }
}

fn of_xlsx(bytes: &[u8]) -> Option<Vec<Hidden>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut targets: BTreeMap<String, String> = BTreeMap::new();
    elements(&mut archive, "xl/_rels/workbook.xml.rels", |tag| {
        if tag.local_name().as_ref() == "Relationship" {
            targets.extend(attribute(tag, "Id").zip(attribute(tag, "Target")));
        }
    })?;
    let mut paths = Vec::new();
    elements(&mut archive, "xl/workbook.xml", |tag| {
        if tag.local_name().as_ref() == "sheet" {
            let target = attribute(tag, "id").and_then(|id| targets.get(&id));
            paths.push(target.map(|t| t.strip_prefix('/').map_or_else(|| format!("xl/{t}"), str::to_owned)));
        }
    })?;
    let struck = struck_styles(&mut archive);
    let mut all = Vec::new();
    for path in paths.into_iter().take(MOST_SHEETS) {
        let mut hidden = Hidden::default();
        let mut row = 0;
        elements(&mut archive, &path?, |tag| {
            let is_hidden = || attribute(tag, "hidden").is_some_and(|yes| matches!(yes.as_str(), "1" | "true"));
            let number = |name| attribute(tag, name).and_then(|n| n.parse::<u32>().ok());
            match tag.local_name().as_ref() {
                "col" if is_hidden() => hidden.columns(number("min"), number("max"), 1),
                "row" => {
                    row = number("r").unwrap_or(row + 1);
                    if is_hidden() {
                        hidden.rows.insert(row.saturating_sub(1));
                    }
                }
                "c" => {
                    let is_struck =
                        number("s").and_then(|s| struck.get(usize::try_from(s).ok()?)).is_some_and(|yes| *yes);
                    let column = attribute(tag, "r").filter(|_| is_struck).map(|place| column(&place));
                    hidden.struck.extend(column.map(|column| (row.saturating_sub(1), column)));
                }
                _ => {}
            }
        })?;
        all.push(hidden);
    }
    Some(all)
}

/// By style of a cell: whether its font is struck through.
fn struck_styles(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Vec<bool> {
    let (mut part, mut fonts, mut styles) = ("", Vec::new(), Vec::new());
    let _ = elements(archive, "xl/styles.xml", |tag| match (tag.local_name().as_ref(), part) {
        ("fonts", _) => part = "fonts",
        ("cellXfs", _) => part = "cellXfs",
        ("fills" | "cellStyles" | "dxfs", _) => part = "",
        ("font", "fonts") => fonts.push(false),
        ("strike", "fonts") => {
            let is_on = !matches!(attribute(tag, "val").as_deref(), Some("0" | "false"));
            fonts.last_mut().into_iter().for_each(|font| *font = is_on);
        }
        ("xf", "cellXfs") => {
            let font = attribute(tag, "fontId").and_then(|n| n.parse::<usize>().ok());
            styles.push(font.and_then(|n| fonts.get(n)).is_some_and(|yes| *yes));
        }
        _ => {}
    });
    styles
}

/// `B7` is 1.
fn column(place: &str) -> u32 {
    let letters = place.bytes().take_while(u8::is_ascii_uppercase).take(4);
    letters.fold(0, |n, letter| n * 26 + u32::from(letter - b'A') + 1).saturating_sub(1)
}

/// The records of an old workbook ([MS-XLS] 2.3): their kind and what they hold.
fn records(stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = stream;
    std::iter::from_fn(move || {
        let kind = short(rest, 0)?;
        let end = 4 + usize::from(short(rest, 2)?);
        let data = rest.get(4..end)?;
        rest = &rest[end..];
        Some((kind, data))
    })
}

fn short(data: &[u8], at: usize) -> Option<u16> {
    let two = data.get(at..at + 2)?;
    Some(u16::from_le_bytes([two[0], two[1]]))
}

const END: u16 = 0x000A;
const COLUMN: u16 = 0x007D;
const SHEET: u16 = 0x0085;
const ROW: u16 = 0x0208;

fn of_xls(bytes: &[u8]) -> Option<Vec<Hidden>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).ok()?;
    let mut stream = Vec::new();
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name))?;
    file.open_stream(name).ok()?.take(bytes.len() as u64).read_to_end(&mut stream).ok()?;
    let globals = records(&stream).take_while(|(kind, _)| *kind != END);
    let begins: Vec<usize> = globals
        .filter(|(kind, _)| *kind == SHEET)
        .map(|(_, data)| Some(usize::from(short(data, 0)?) | usize::from(short(data, 2)?) << 16))
        .collect::<Option<_>>()?;
    let mut all = Vec::new();
    for begin in begins.into_iter().take(MOST_SHEETS) {
        let mut hidden = Hidden::default();
        for (kind, data) in records(stream.get(begin..)?).take_while(|(kind, _)| *kind != END) {
            match kind {
                COLUMN if short(data, 8)? & 1 != 0 => {
                    hidden.columns(short(data, 0).map(u32::from), short(data, 2).map(u32::from), 0);
                }
                ROW if short(data, 12)? & 0x20 != 0 => {
                    hidden.rows.insert(short(data, 0)?.into());
                }
                _ => {}
            }
        }
        all.push(hidden);
    }
    Some(all)
}
