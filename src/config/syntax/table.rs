//! A table of a file, read key by key: every value comes with its place, and errors are reported on the way.

use std::{
    collections::HashSet,
    ops::{Range, RangeInclusive},
};

use jiff::civil::Date;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    meant::{self, nearest_key},
    schema::Schema,
};
use crate::{
    config::source::{finding::Collector, secret, text::Source},
    domain::deadline::Mailbox,
    text::hidden,
};

#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub source: &'a Source,
    pub report: &'a Collector,
    pub schema: &'a Schema,
    /// Its header; "" at the top of the file.
    name: &'static str,
    values: &'a DeTable<'a>,
    /// The table's header, where a missing key is reported.
    start: usize,
    end: usize,
}

/// A text value and its place.
#[derive(Clone, Debug)]
pub struct Text<'a> {
    pub value: &'a str,
    pub at: Range<usize>,
}

impl<'a> Table<'a> {
    /// The top of a file.
    pub fn new(source: &'a Source, report: &'a Collector, schema: &'a Schema, values: &'a DeTable<'a>) -> Self {
        Self { source, report, schema, name: "", values, start: 0, end: 0 }
    }

    fn inner(self, key: &str, values: &'a DeTable<'a>, at: Range<usize>) -> Self {
        let name = self.schema.header(self.name, key);
        Self { name, values, start: at.start, end: at.end, ..self }
    }

    pub fn at(&self) -> Range<usize> {
        self.start..self.end
    }

    pub fn error(&self, at: Range<usize>, what: impl Into<String>, instead: impl Into<String>) {
        self.report.error(self.source, at, what, instead);
    }

    pub fn warn(&self, at: Range<usize>, what: impl Into<String>, instead: impl Into<String>) {
        self.report.warn(self.source, at, what, instead);
    }

    /// Reports every key that does not belong to this table, and where it belongs.
    pub fn known(&self) {
        let keys = self.keys();
        for (key, _) in self.values.iter() {
            let (name, at) = (key.get_ref().as_ref(), key.span());
            if keys.contains(&name) {
                continue;
            }
            if secret::key_at(&format!("{name}=")).is_some() {
                let places = Schema::password(self.name).places();
                self.error(at, "口令不能写在这个文件里", format!("删去这一行。{places}"));
            } else if let Some(home) = self.schema.home(name) {
                let near = nearest_key(name, keys).filter(|_| self.end > 0);
                let or = near.map(|near| format!("，或改为 {near}")).unwrap_or_default();
                self.error(at, format!("{name} 不能写在这里"), format!("移到{home}{or}"));
            } else {
                let instead = match nearest_key(name, keys) {
                    Some(right) => right.to_owned(),
                    None => format!("删去这一行；可用的有 {}", keys.join("、")),
                };
                self.error(at, format!("没有“{name}”这个键"), instead);
            }
        }
    }

    fn keys(&self) -> &'static [&'static str] {
        self.schema.keys(self.name)
    }

    /// Whether one of the unknown keys was probably meant for this one.
    pub fn is_meant(&self, key: &str) -> bool {
        let keys = self.keys();
        let mut unknown = self.values.iter().filter(|(found, _)| !keys.contains(&found.get_ref().as_ref()));
        unknown.any(|(found, _)| nearest_key(found.get_ref(), keys) == Some(key))
    }

    /// Reports the key of `example` if it is missing, unless it may be there, misspelt or hidden by
    /// broken syntax.
    pub fn missing(&self, example: &str) {
        let key = example.split(' ').next().unwrap_or_default();
        if !self.source.is_broken() && self.get(key).is_none() && !self.is_meant(key) {
            self.error(self.at(), format!("少了 {key}"), format!("加一行：{example}"));
        }
    }

    pub fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.values.get(key)
    }

    /// The place of a key's value, or of the table's header if the key is missing.
    pub fn at_key(&self, key: &str) -> Range<usize> {
        self.get(key).map_or(self.at(), Spanned::span)
    }

    /// Whether the key has an empty list.
    pub fn is_empty(&self, key: &str) -> bool {
        self.get(key).and_then(|value| value.get_ref().as_array()).is_some_and(|values| values.iter().next().is_none())
    }

    pub fn text(&self, key: &str) -> Option<Text<'a>> {
        let value = self.get(key)?;
        self.one_text(key, value, false)
    }

    /// Text that may run over several lines.
    pub fn long_text(&self, key: &str) -> Option<Text<'a>> {
        let value = self.get(key)?;
        self.one_text(key, value, true)
    }

    /// A list of texts; one text alone is a list of one.
    pub fn texts(&self, key: &str) -> Option<Vec<Text<'a>>> {
        let value = self.get(key)?;
        let values = match value.get_ref() {
            DeValue::Array(values) => values,
            DeValue::String(_) => return self.one_text(key, value, false).map(|text| vec![text]),
            other => {
                let raw = self.source.text.get(value.span()).unwrap_or_default();
                let one = match other {
                    DeValue::Integer(_) if key == "remind" => format!("{raw}天"),
                    DeValue::Table(_) => "……".to_owned(),
                    _ => raw.to_owned(),
                };
                self.wrong(key, value, "方括号里的几个文字，各加引号", &format!("{key} = [\"{one}\"]"));
                return None;
            }
        };
        Some(values.iter().filter_map(|value| self.one_text(key, value, false)).collect())
    }

    /// The addresses of a key, each once.
    pub fn mailboxes(&self, key: &str) -> Option<Vec<Mailbox>> {
        let mut seen = HashSet::new();
        let mut mailboxes = Vec::new();
        for text in self.texts(key)? {
            match text.value.trim().parse::<Mailbox>() {
                Ok(mailbox) if seen.insert(mailbox.key()) => mailboxes.push(mailbox),
                Ok(mailbox) => self.error(text.at, format!("邮箱 {mailbox} 写了两次"), "留下一个"),
                Err(why) => self.error(text.at, format!("“{}”：{why}", text.value), meant::address(text.value)),
            }
        }
        Some(mailboxes)
    }

    fn one_text(&self, key: &str, value: &'a Spanned<DeValue<'a>>, lines: bool) -> Option<Text<'a>> {
        let DeValue::String(text) = value.get_ref() else {
            let raw = self.source.text.get(value.span()).unwrap_or_default();
            let instead = match value.get_ref() {
                DeValue::Array(_) | DeValue::Table(_) => "\"……\"".to_owned(),
                _ => format!("\"{raw}\""),
            };
            self.wrong(key, value, "加引号的文字", &instead);
            return None;
        };
        let text = Text { value: text, at: value.span() };
        let bad = |(_, c): &(usize, char)| hidden(*c).is_some() && !(lines && matches!(c, '\n' | '\r' | '\t'));
        match text.value.char_indices().find(bad) {
            Some((i, c)) => {
                let at = text.part(self.source, i..i + c.len_utf8());
                let instead = "删去它；把这段文字重新输入一遍最稳妥";
                let name = if c == '\n' { "换行".to_owned() } else { hidden(c).unwrap_or_default() };
                self.error(at, format!("{key} 里有{name}"), if c == '\n' { "写在一行里" } else { instead });
                None
            }
            None => Some(text),
        }
    }

    pub fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        if let DeValue::Boolean(b) = value.get_ref() {
            return Some(*b);
        }
        self.wrong(key, value, " true（是）或 false（否），不加引号", &format!("{key} = true"));
        None
    }

    pub fn integer(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        self.one_integer(key, self.get(key)?, range)
    }

    pub fn integers(&self, key: &str, range: RangeInclusive<i64>) -> Option<Vec<(i64, Range<usize>)>> {
        let value = self.get(key)?;
        let DeValue::Array(values) = value.get_ref() else {
            self.wrong(key, value, "方括号里的几个数字", &format!("{key} = [1, 3, 8]"));
            return None;
        };
        Some(values.iter().filter_map(|v| Some((self.one_integer(key, v, range.clone())?, v.span()))).collect())
    }

    fn one_integer(&self, key: &str, value: &Spanned<DeValue<'_>>, range: RangeInclusive<i64>) -> Option<i64> {
        let (low, high) = (range.start(), range.end());
        let bounds = format!("{low} 到 {high} 的整数");
        let DeValue::Integer(number) = value.get_ref() else {
            let digits: String =
                value.get_ref().as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
            let example = if digits.is_empty() { low.to_string() } else { digits };
            self.wrong(key, value, &format!(" {bounds}，不加引号"), &format!("{key} = {example}"));
            return None;
        };
        let plain = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok();
        let found = plain.filter(|n| range.contains(n));
        if found.is_none() {
            self.error(value.span(), format!("{key} 超出范围"), bounds);
        }
        found
    }

    pub fn date(&self, key: &str) -> Option<Date> {
        self.one_date(key, self.get(key)?)
    }

    pub fn dates(&self, key: &str) -> Option<Vec<(Date, Range<usize>)>> {
        let value = self.get(key)?;
        let DeValue::Array(values) = value.get_ref() else {
            self.wrong(key, value, "方括号里的几个日期", &format!("{key} = [2026-01-01, 2026-01-02]"));
            return None;
        };
        Some(values.iter().filter_map(|v| Some((self.one_date(key, v)?, v.span()))).collect())
    }

    fn one_date(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Date> {
        let date = match value.get_ref() {
            DeValue::Datetime(d) if d.time.is_none() && d.offset.is_none() => d.date.and_then(|d| {
                let (month, day) = (i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?);
                Date::new(i16::try_from(d.year).ok()?, month, day).ok()
            }),
            DeValue::String(text) if is_plain_date(text) => match text.parse() {
                Ok(date) => Some(date),
                Err(_) => {
                    self.error(value.span(), format!("{key}：没有 {text} 这一天"), "换成日历上有的日期");
                    return None;
                }
            },
            _ => None,
        };
        if date.is_none() {
            let raw = self.source.text.get(value.span()).unwrap_or_default();
            self.wrong(key, value, "日期", &as_date(raw).unwrap_or("2026-01-01".to_owned()));
        }
        date
    }

    /// The table of `[key]`.
    pub fn table(&self, key: &str) -> Option<Table<'a>> {
        let value = self.get(key)?;
        if let DeValue::Table(values) = value.get_ref() {
            return Some(self.inner(key, values, value.span()));
        }
        self.wrong(key, value, "方括号开头的一段", &format!("[{key}]，内容写在它下面"));
        None
    }

    /// The tables of `[[key]]`.
    pub fn tables(&self, key: &str) -> Vec<Table<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let form = format!("[[{key}]]");
        let tables = match value.get_ref() {
            DeValue::Array(values) => values.iter().collect(),
            DeValue::Table(_) => {
                self.error(value.span(), format!("[{key}] 要用双层方括号"), form.as_str());
                Vec::new()
            }
            _ => {
                self.wrong(key, value, "双层方括号开头的一段，内容写在它下面", &form);
                Vec::new()
            }
        };
        let table = |value: &'a Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::Table(values) => Some(self.inner(key, values, value.span())),
            _ => {
                self.wrong(key, value, "双层方括号开头的一段，内容写在它下面", &form);
                None
            }
        };
        tables.into_iter().filter_map(table).collect()
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, instead: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "文字",
            DeValue::Integer(_) | DeValue::Float(_) => "数字",
            DeValue::Boolean(_) => "是否值",
            DeValue::Datetime(d) if d.date.is_some() && d.time.is_some() => "带钟点的时间",
            DeValue::Datetime(_) => "日期或时间",
            DeValue::Array(_) => "一组值",
            DeValue::Table(_) => "一段",
        };
        self.error(value.span(), format!("{key} 要写{wanted}，这里是{found}"), instead);
    }
}

fn is_plain_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}

/// `2026年1月5日` or `2026/1/5` in the form of a TOML date.
fn as_date(text: &str) -> Option<String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok().map(|date| date.to_string())
}

impl Text<'_> {
    /// The place of a part of the value; of the whole value, if escapes have shifted its contents.
    pub fn part(&self, source: &Source, part: Range<usize>) -> Range<usize> {
        let raw = source.text.get(self.at.clone()).unwrap_or_default();
        match raw.find(self.value) {
            Some(offset) => {
                let start = self.at.start + offset;
                start + part.start..start + part.end
            }
            None => self.at.clone(),
        }
    }
}
