//! A text file, and the places in it.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use unicode_width::UnicodeWidthChar;

use super::secret;
use crate::text;

/// How many characters of a long line are shown before, in and after a range.
const AROUND: usize = 36;

/// A text file, with its lines.
#[derive(Debug)]
pub struct Source {
    pub path: PathBuf,
    pub text: String,
    /// The file's number in the order of reading.
    pub rank: usize,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Ranges whose syntax is broken, from start to end.
    broken: RefCell<BTreeMap<usize, usize>>,
    /// The text with the lines that stop the parser blanked out.
    pub mended: OnceCell<String>,
}

impl Source {
    pub fn new(path: PathBuf, rank: usize, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { path, text, rank, lines, broken: RefCell::default(), mended: OnceCell::new() }
    }

    /// The line of a byte, counted from 1.
    pub fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).max(1)
    }

    /// The byte range of a line, without its line break.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    pub fn line(&self, line: usize) -> &str {
        &self.text[self.line_range(line)]
    }

    /// A range over several lines is shown by its first line.
    pub fn place(&self, at: Range<usize>) -> Place {
        let start = floor(&self.text, at.start);
        let line = self.line_of(start);
        let range = self.line_range(line);
        let start = start.min(range.end);
        let end = floor(&self.text, at.end).clamp(start, range.end);
        let text = &self.text[range.clone()];
        let shown = secret::mask(text);
        // Masking changes the text, so that an offset may lie inside a character.
        let [start, end] = [start, end].map(|at| floor(&shown, at - range.start));
        Place::new(&self.path, line, &shown, start..end)
    }

    /// File and line, for use in a sentence.
    pub fn name_of(&self, at: &Range<usize>) -> String {
        format!("{} 第 {} 行", self.path.display(), self.line_of(at.start))
    }

    pub fn break_at(&self, at: Range<usize>) {
        self.broken.borrow_mut().insert(at.start, at.end);
    }

    pub fn is_broken_at(&self, at: &Range<usize>) -> bool {
        let broken = self.broken.borrow();
        let near = broken.range(..=at.start).next_back().map(|(_, end)| *end);
        // `near` may be a smaller range within a line that is broken as a whole.
        let line = broken.get(&self.line_range(self.line_of(at.start)).start).copied();
        near.into_iter().chain(line).any(|end| at.start < end)
    }

    pub fn is_broken(&self) -> bool {
        !self.broken.borrow().is_empty()
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// A range of one line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// Both counted from 1, the column in characters.
    pub line: usize,
    pub column: usize,
    /// The line, or the part of a long line around the range, made printable.
    pub text: String,
    /// The range within `text`, in terminal columns: the width before it, and its own.
    pub caret: (usize, usize),
}

impl Place {
    fn new(file: &Path, line: usize, text: &str, at: Range<usize>) -> Self {
        let (before, marked, after) = (&text[..at.start], &text[at.start..at.end], &text[at.end..]);
        let shown_before = tail(before, AROUND);
        let shown_marked = head(marked, AROUND);
        let shown_after = head(after, AROUND);
        let cut = |part: &str, whole: &str| if part.len() < whole.len() { "…" } else { "" };
        let lead = format!("{}{}", cut(shown_before, before), printable(shown_before));
        let middle = printable(shown_marked);
        let caret = (columns(&lead), columns(&middle).max(1));
        let rest = if shown_marked.len() < marked.len() { "…".to_owned() } else { printable(shown_after) };
        let text = format!("{lead}{middle}{rest}{}", if rest == "…" { "" } else { cut(shown_after, after) });
        Self { file: file.to_owned(), line, column: before.chars().count() + 1, text: text.trim_end().into(), caret }
    }
}

fn head(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(i, _)| &text[..i])
}

fn tail(text: &str, chars: usize) -> &str {
    let from = text.chars().count().saturating_sub(chars);
    text.char_indices().nth(from).map_or("", |(i, _)| &text[i..])
}

/// Replaces characters that could move the cursor or change the text direction.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if text::hidden(c).is_some() || c.width().unwrap_or(0) == 0 => '\u{FFFD}',
            c => c,
        })
        .collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &str, what: &str) -> (String, usize, usize) {
        let start = line.find(what).unwrap_or(0);
        let place = Place::new(Path::new("f.toml"), 1, line, start..start + what.len());
        let (before, width) = place.caret;
        (place.text, before, width)
    }

    #[test]
    fn caret_under_wide_characters() {
        assert_eq!(marked("due = \"每年2月30日\"", "2月30日"), ("due = \"每年2月30日\"".into(), 11, 7));
        assert_eq!(marked("a\tb", "b"), ("a b".into(), 2, 1));
        assert_eq!(marked("a\u{202E}b", "\u{202E}"), ("a\u{FFFD}b".into(), 1, 1));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}错{}", "长".repeat(5000), "b".repeat(5000));
        let (text, before, width) = marked(&line, "错");
        assert_eq!((text.chars().count(), before, width), (75, 73, 2));
        let (text, ..) = marked(&line, &line);
        assert!(text.chars().count() < 200);
    }

    #[test]
    fn lines() {
        let source = Source::new("f".into(), 0, "a\r\n年b\n".into());
        assert_eq!((source.line(1), source.line(2), source.line(3)), ("a", "年b", ""));
        let place = source.place(6..7);
        assert_eq!((place.line, place.column, place.caret), (2, 2, (2, 1)));
        assert_eq!(source.place(99..200).line, 3);
        let source = Source::new("f".into(), 0, "口令：geheim".into());
        (0..20).for_each(|at| assert!(!source.place(at..at + 1).text.contains("geheim")));
    }
}
