//! Parses text into a table, and reports syntax errors in plain words.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use toml::de::{DeTable, DeValue, Error};

use super::{
    hints::{self, Said},
    schema::Schema,
    spans::{is_tables, visit},
};
use crate::config::source::{finding::Collector, text::Source};

/// Lines that stop the parser are blanked and the rest is parsed again, at most this often.
const MOST_STOPS: usize = 50;
/// How many errors are explained in full: finding what was meant takes time, and more errors have one cause.
const MOST_EXPLAINED: usize = 200;

/// The table; `None` if brackets are so broken that it is unclear which table a key belongs to. Every syntax error has
/// been reported.
pub fn parse<'a>(source: &'a Source, schema: &Schema, report: &Collector) -> Option<DeTable<'a>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        return Some(table.into_inner());
    }
    let mut said: BTreeMap<usize, Said> = BTreeMap::new();
    let mut text = source.text.clone();
    let (mut read_on, mut sound) = (true, true);
    for _ in 0..MOST_STOPS {
        let (table, errors) = DeTable::parse_recoverable(&text);
        sound &= explain(source, schema, table.get_ref(), &errors, &mut said);
        // The parser silently stops at a line without a value and does not read what follows.
        let stops = errors.iter().filter(|e| e.message().starts_with("key with no value")).filter_map(Error::span);
        let lines: BTreeSet<usize> = stops.map(|stop| source.line_of(stop.start)).collect();
        read_on = !lines.is_empty();
        if !read_on {
            break;
        }
        blank(&mut text, lines.into_iter().map(|line| source.line_range(line)));
    }
    for one in said.values() {
        report.error(source, one.at.clone(), &*one.what, &*one.instead);
    }
    for one in said.into_values() {
        source.break_at(if one.alone { one.at } else { line_and_end(source, one.at.start) });
    }
    let text = source.mended.get_or_init(|| text);
    (sound && !read_on).then(|| DeTable::parse_recoverable(text).0.into_inner())
}

/// A line with its line break, where a missing value is reported.
fn line_and_end(source: &Source, at: usize) -> Range<usize> {
    let line = source.line_range(source.line_of(at));
    line.start..line.end + 1
}

/// Overwrites lines, given in ascending order, with spaces.
fn blank(text: &mut String, lines: impl Iterator<Item = Range<usize>>) {
    let mut blanked = String::with_capacity(text.len());
    for line in lines {
        blanked.push_str(&text[blanked.len()..line.start]);
        blanked.extend(std::iter::repeat_n(' ', line.len()));
    }
    blanked.push_str(&text[blanked.len()..]);
    *text = blanked;
}

/// Explains errors, one a line except those that are `alone`. Gives whether the lines after them still belong to their
/// tables.
fn explain(
    source: &Source,
    schema: &Schema,
    table: &DeTable<'_>,
    errors: &[Error],
    said: &mut BTreeMap<usize, Said>,
) -> bool {
    let mut sound = true;
    let unclosed = unclosed_arrays(table, errors);
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        if said.len() >= MOST_EXPLAINED {
            let line = source.line_of(at.start);
            sound &= !is_structural(error.message(), source.line(line));
            let (what, instead) = ("这一行写法不对".to_owned(), "先改好前面的".to_owned());
            let plain = Said { at, what, instead, weight: 0, alone: false };
            said.entry(source.line_range(line).start).or_insert(plain);
            continue;
        }
        // An unclosed array swallows the lines after it: one cause, reported where the array begins.
        let one = match unclosed.iter().find(|open| open.start < at.end && at.start <= open.end) {
            Some(open) => Said {
                at: open.start..open.start + 1,
                what: "方括号 [ 没有收尾的 ]".to_owned(),
                instead: "在最后一个值后面补上 ]".to_owned(),
                weight: 9,
                alone: false,
            },
            None => hints::explain(source, schema, table, error.message(), at),
        };
        let line = source.line_of(one.at.start);
        sound &= !is_structural(error.message(), source.line(line));
        let place = if one.alone { one.at.start } else { source.line_range(line).start };
        if said.get(&place).is_none_or(|known| known.weight < one.weight) {
            said.insert(place, one);
        }
    }
    sound
}

/// Whether lines after this one may no longer belong to their tables.
fn is_structural(message: &str, line: &str) -> bool {
    let header = line.trim_start().starts_with(['[', '【', '［']);
    header || ["unclosed", "multi-line", "in array", "recursion"].iter().any(|word| message.contains(word))
}

/// The outermost arrays that the parser read past their end.
fn unclosed_arrays(table: &DeTable<'_>, errors: &[Error]) -> Vec<Range<usize>> {
    let ran_on = |e: &&Error| e.message().starts_with("unclosed array,") || e.message().contains("in array, expected");
    let places: BTreeSet<usize> =
        errors.iter().filter(ran_on).filter_map(|e| e.span()).map(|span| span.start).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let mut arrays = Vec::new();
    visit(table, &mut |value| {
        let span = value.span();
        let plain = matches!(value.get_ref(), DeValue::Array(_)) && !is_tables(value);
        if plain && places.range(span.start..=span.end).next().is_some() {
            arrays.push(span);
        }
    });
    arrays
}
