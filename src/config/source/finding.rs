//! What is wrong with a file, where, and what to write instead.

use std::{
    cell::{Cell, RefCell},
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use unicode_width::UnicodeWidthChar;

use super::{files::Source, watch::Fingerprint};
use crate::config::{settings::Settings, syntax::meant::hidden};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// A stretch of one line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// Both counted from 1, the column in characters.
    pub line: usize,
    pub column: usize,
    /// The line, or the part of a long line that is around the stretch, fit to be printed.
    pub text: String,
    /// The stretch within `text`, in columns of a terminal: what is before it, and its width.
    pub caret: (usize, usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub place: Option<Place>,
    /// A sentence without its full stop.
    pub what: String,
    pub instead: Option<String>,
    /// How many it stands for: one, or all that were not kept.
    pub times: usize,
}

/// Why a configuration was not taken. Warnings are among them.
#[derive(Clone, Debug)]
pub struct Findings {
    pub list: Vec<Finding>,
    /// The files as they were when they were read, so that their mending is noticed.
    pub seen: Fingerprint,
    /// The settings, where only the plan does not check: the last good plan can go on with them.
    pub settings: Option<Box<Settings>>,
}

/// Collects findings while files are walked.
#[derive(Debug, Default)]
pub struct Report {
    found: RefCell<Vec<(usize, Finding)>>,
    /// Errors and warnings at a place, the kept ones and the others.
    counts: [Cell<usize>; 2],
}

/// How much a report held at some moment.
#[derive(Debug)]
pub struct Mark {
    found: usize,
    counts: [usize; 2],
}

/// Characters shown of a long line, before, in and after the stretch.
const AROUND: usize = 36;

/// Findings printed; whoever has more has one cause to mend first.
const PRINTED: usize = 200;

/// Errors, and warnings, at a place that are kept; the others are counted.
const KEPT: usize = 300;

impl Report {
    /// Nothing is added where the syntax is broken: what is read there is a guess.
    pub fn add(&self, severity: Severity, source: &Source, at: Range<usize>, what: String, instead: Option<String>) {
        if source.is_broken_at(&at) {
            return;
        }
        let mut found = self.found.borrow_mut();
        let count = &self.counts[severity as usize];
        if count.get() >= KEPT {
            return count.set(count.get() + 1);
        }
        let finding = Finding { severity, place: Some(source.place(at)), what: printable(&what), instead, times: 1 };
        if !found.iter().rev().take(8).any(|(_, f)| *f == finding) {
            count.set(count.get() + 1);
            found.push((source.rank, finding));
        }
    }

    pub fn error(&self, source: &Source, at: Range<usize>, what: impl Into<String>, instead: impl Into<String>) {
        self.add(Severity::Error, source, at, what.into(), Some(instead.into()).filter(|i| !i.is_empty()));
    }

    pub fn warn(&self, source: &Source, at: Range<usize>, what: impl Into<String>, instead: impl Into<String>) {
        self.add(Severity::Warning, source, at, what.into(), Some(instead.into()).filter(|i| !i.is_empty()));
    }

    /// A finding about a file and no place in it: something is missing.
    pub fn about(&self, severity: Severity, source: &Source, what: String, instead: String) {
        let what = printable(&format!("{}：{what}", source.path.display()));
        let instead = Some(instead).filter(|i| !i.is_empty());
        self.found.borrow_mut().push((source.rank, Finding { severity, place: None, what, instead, times: 1 }));
    }

    /// A finding about no place in a file: a variable, a file that cannot be read.
    pub fn placeless(&self, severity: Severity, what: impl Into<String>, instead: impl Into<String>) {
        let instead = Some(instead.into()).filter(|i| !i.is_empty());
        self.found
            .borrow_mut()
            .push((usize::MAX, Finding { severity, place: None, what: printable(&what.into()), instead, times: 1 }));
    }

    pub fn mark(&self) -> Mark {
        Mark { found: self.found.borrow().len(), counts: self.counts.each_ref().map(Cell::get) }
    }

    /// Forgets what was found since: it will be found again, in another way.
    pub fn back_to(&self, mark: &Mark) {
        self.found.borrow_mut().truncate(mark.found);
        self.counts.iter().zip(mark.counts).for_each(|(count, before)| count.set(before));
    }

    pub fn has_errors(&self) -> bool {
        self.found.borrow().iter().any(|(_, f)| f.severity == Severity::Error)
    }

    /// In the order of the files, then of their lines.
    pub fn into_list(self) -> Vec<Finding> {
        for (severity, kind) in [(Severity::Error, "错误"), (Severity::Warning, "提示")] {
            let more = self.counts[severity as usize].get().saturating_sub(KEPT);
            if more > 0 {
                let (what, instead) =
                    (format!("还有 {more} 处{kind}，没有逐处记下"), Some("先改好记下的这些".to_owned()));
                self.found
                    .borrow_mut()
                    .push((usize::MAX, Finding { severity, place: None, what, instead, times: more }));
            }
        }
        let mut found = self.found.into_inner();
        found.sort_by_key(|(rank, f)| (*rank, f.place.as_ref().map(|p| (p.line, p.column))));
        found.into_iter().map(|(_, f)| f).collect()
    }
}

impl Place {
    pub fn new(file: &Path, line: usize, text: &str, at: Range<usize>) -> Self {
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

/// Nothing in a file's line may move the cursor or turn the direction of what is printed.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if hidden(c).is_some() || c.width().unwrap_or(0) == 0 => '\u{FFFD}',
            c => c,
        })
        .collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "错误",
            Severity::Warning => "提示",
        };
        writeln!(f, "{severity}：{}", self.what)?;
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let (before, width) = place.caret;
            writeln!(f, "  {}:{number}:{}", place.file.display(), place.column)?;
            writeln!(f, "  {number} | {}", place.text)?;
            let (margin, caret) = (" ".repeat(number.len()), "^".repeat(width));
            writeln!(f, "  {margin} | {:before$}{caret}", "")?;
        }
        match self.instead.as_deref() {
            Some(instead) => writeln!(f, "  怎么改：{}", instead.replace('\n', "\n          ")),
            None => Ok(()),
        }
    }
}

impl Findings {
    pub fn render(&self) -> String {
        render(&self.list)
    }

    /// How many errors, how many warnings.
    pub fn count(&self) -> (usize, usize) {
        count(&self.list)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Findings {}

fn count(list: &[Finding]) -> (usize, usize) {
    let of = |severity| list.iter().filter(|f| f.severity == severity).map(|f| f.times).sum();
    (of(Severity::Error), of(Severity::Warning))
}

/// Every finding, a blank line between them, then how many there are.
pub fn render(list: &[Finding]) -> String {
    let mut text = String::new();
    // Errors are never crowded out by warnings before them.
    let (shown, left): (Vec<_>, usize) = if list.len() > PRINTED {
        let mut order: Vec<_> = list.iter().collect();
        order.sort_by_key(|f| f.severity);
        let left = order.split_off(PRINTED).iter().map(|f| f.times).sum();
        (order, left)
    } else {
        (list.iter().collect(), 0)
    };
    for finding in shown {
        text.push_str(&finding.to_string());
        text.push('\n');
    }
    if left > 0 {
        text.push_str(&format!("另有 {left} 处没有列出，先改好上面的。\n"));
    }
    text + &match count(list) {
        (0, 0) => "没有发现问题。\n".to_owned(),
        (0, warnings) => format!("{warnings} 处提示，不影响启用。\n"),
        (errors, 0) => format!("{errors} 处错误。改好之前不会启用。\n"),
        (errors, warnings) => format!("{errors} 处错误，{warnings} 处提示。错误改好之前不会启用。\n"),
    }
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
}
