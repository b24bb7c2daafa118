//! The numbers that Word counts by itself: they stand in no text of the document.

use std::{collections::BTreeMap, io::Cursor};

use zip::ZipArchive;

use super::unpack::{attribute, elements};

/// Word has nine levels.
const LEVELS: usize = 9;
/// A number is short; a file may be made to have a long one.
const LONGEST: usize = 40;
/// Styles are based on others; a file may be made to have a circle.
const MOST_BASES: usize = 10;

#[derive(Clone, Debug, Default)]
struct Level {
    start: u32,
    form: String,
    text: String,
}

#[derive(Clone, Debug, Default)]
struct Style {
    list: Option<u32>,
    level: usize,
    base: String,
}

#[derive(Debug, Default)]
pub struct Numbering {
    /// By kind of list and level.
    levels: BTreeMap<(u32, usize), Level>,
    /// By list: its kind.
    lists: BTreeMap<u32, u32>,
    /// By list and level: the number that it begins with again.
    restarts: BTreeMap<(u32, usize), u32>,
    styles: BTreeMap<String, Style>,
    /// By kind: how far it has counted.
    at: BTreeMap<u32, [Option<u32>; LEVELS]>,
}

/// What a paragraph says of its number.
#[derive(Debug, Default)]
pub struct Numbered {
    pub list: Option<u32>,
    pub level: Option<usize>,
    pub style: String,
}

impl Numbering {
    /// What the parts of the file say; nothing, where there are none.
    pub fn of(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Self {
        let mut numbering = Self::default();
        numbering.read_lists(archive);
        numbering.read_styles(archive);
        numbering
    }

    fn read_lists(&mut self, archive: &mut ZipArchive<Cursor<&[u8]>>) {
        let (mut kind, mut list, mut level) = (0, None, 0);
        let number = |text: Option<String>| text.and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
        let small = |n: u32| usize::try_from(n).unwrap_or(LEVELS);
        elements(archive, "word/numbering.xml", |tag| {
            let value = || attribute(tag, "val");
            match (tag.local_name().as_ref(), list) {
                ("abstractNum", _) => (kind, list) = (number(attribute(tag, "abstractNumId")), None),
                ("num", _) => list = Some(number(attribute(tag, "numId"))),
                ("lvl" | "lvlOverride", _) => level = small(number(attribute(tag, "ilvl"))),
                ("abstractNumId", Some(list)) => {
                    self.lists.insert(list, number(value()));
                }
                ("startOverride", Some(list)) => {
                    self.restarts.insert((list, level), number(value()));
                }
                ("start", None) => self.levels.entry((kind, level)).or_default().start = number(value()),
                ("numFmt", None) => {
                    self.levels.entry((kind, level)).or_default().form = value().unwrap_or_default();
                }
                ("lvlText", None) => {
                    let text = value().unwrap_or_default().chars().take(LONGEST).collect();
                    self.levels.entry((kind, level)).or_default().text = text;
                }
                _ => {}
            }
        });
    }

    fn read_styles(&mut self, archive: &mut ZipArchive<Cursor<&[u8]>>) {
        let mut id = String::new();
        elements(archive, "word/styles.xml", |tag| {
            let name = tag.local_name();
            if name.as_ref() == "style" {
                id = attribute(tag, "styleId").unwrap_or_default();
            }
            if !["basedOn", "numId", "ilvl"].contains(&name.as_ref()) {
                return;
            }
            let style = self.styles.entry(id.clone()).or_default();
            let value = attribute(tag, "val").unwrap_or_default();
            match name.as_ref() {
                "basedOn" => style.base = value,
                "numId" => style.list = value.parse().ok(),
                _ => style.level = value.parse().unwrap_or(0),
            }
        });
    }

    /// The number of the next paragraph, as it is shown: `3.`, `（三）`. `None` for a bullet, and for other letters.
    pub fn next(&mut self, paragraph: &Numbered) -> Option<String> {
        let (of_style, level) = self.of_style(&paragraph.style);
        let list = paragraph.list.or(of_style)?;
        let level = paragraph.level.unwrap_or(level);
        let kind = *self.lists.get(&list)?;
        let restart = self.restarts.remove(&(list, level));
        let own = self.levels.get(&(kind, level))?.clone();
        let at = self.at.entry(kind).or_default();
        let now = restart.or_else(|| at.get(level).copied().flatten().map(|n| n.saturating_add(1)));
        let now = now.unwrap_or(own.start);
        *at.get_mut(level)? = Some(now);
        at.iter_mut().skip(level + 1).for_each(|deeper| *deeper = None);
        let mut text = own.text.clone();
        for upper in 0..=level {
            let form = self.levels.get(&(kind, upper)).map_or("decimal", |level| level.form.as_str());
            let mark = format!("%{}", upper + 1);
            if text.contains(&mark) {
                text = text.replace(&mark, &written(at.get(upper).copied().flatten().unwrap_or(1), form)?);
            }
        }
        (own.text.contains('%') && !text.trim().is_empty()).then(|| text.trim().to_owned())
    }

    fn of_style(&self, id: &str) -> (Option<u32>, usize) {
        let mut id = id;
        for _ in 0..MOST_BASES {
            let Some(style) = self.styles.get(id) else { break };
            if style.list.is_some() {
                return (style.list, style.level);
            }
            id = &style.base;
        }
        (None, 0)
    }
}

fn written(n: u32, form: &str) -> Option<String> {
    match form {
        "decimal" | "decimalZero" | "decimalFullWidth" | "decimalHalfWidth" | "" => Some(n.to_string()),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => {
            char::from_u32(0x245F + n).filter(|_| (1..=20).contains(&n)).map(String::from)
        }
        _ if form.to_lowercase().contains("counting") => chinese(n),
        _ => None,
    }
}

/// 一 to 九十九
fn chinese(n: u32) -> Option<String> {
    let digit = |n: u32| "一二三四五六七八九".chars().nth(usize::try_from(n).ok()?.checked_sub(1)?);
    let tens = match n / 10 {
        0 => String::new(),
        1 => "十".to_owned(),
        tens => format!("{}十", digit(tens)?),
    };
    (1..=99).contains(&n).then(|| tens + &digit(n % 10).map(String::from).unwrap_or_default())
}
