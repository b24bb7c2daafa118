//! What is wrong with a file, where, and what to write instead.

use std::{
    cell::{Cell, RefCell},
    fmt,
    ops::Range,
};

use super::text::{Place, Source, printable};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub place: Option<Place>,
    /// A sentence without its full stop.
    pub what: String,
    pub instead: Option<String>,
    /// How many findings it stands for: one, or all those that were not kept.
    pub times: usize,
}

/// Collects findings while files are walked.
#[derive(Debug, Default)]
pub struct Collector {
    found: RefCell<Vec<(usize, Finding)>>,
    /// How many errors and warnings have a place, kept or not.
    counts: [Cell<usize>; 2],
}

/// How many findings are printed at most: more of them have one cause, to be corrected first.
const PRINTED: usize = 200;

/// How many errors, and how many warnings, with a place are kept; the others are only counted.
const KEPT: usize = 300;

impl Collector {
    /// Nothing is added where the syntax is broken: values read there are guesses.
    pub fn add(&self, severity: Severity, source: &Source, at: Range<usize>, what: String, instead: Option<String>) {
        if source.is_broken_at(&at) {
            return;
        }
        let mut found = self.found.borrow_mut();
        let count = &self.counts[severity as usize];
        if self.is_full(severity) {
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

    /// A finding about a whole file: something is missing.
    pub fn about(&self, severity: Severity, source: &Source, what: String, instead: String) {
        let what = printable(&format!("{}：{what}", source.path.display()));
        let instead = Some(instead).filter(|i| !i.is_empty());
        self.found.borrow_mut().push((source.rank, Finding { severity, place: None, what, instead, times: 1 }));
    }

    /// A finding outside the files: a variable, or a file that cannot be read.
    pub fn placeless(&self, severity: Severity, what: impl Into<String>, instead: impl Into<String>) {
        let instead = Some(instead.into()).filter(|i| !i.is_empty());
        self.found
            .borrow_mut()
            .push((usize::MAX, Finding { severity, place: None, what: printable(&what.into()), instead, times: 1 }));
    }

    /// Whether no more findings of this severity are kept, so that their text need not be worked out.
    pub fn is_full(&self, severity: Severity) -> bool {
        self.counts[severity as usize].get() >= KEPT
    }

    /// How many errors have a place.
    pub fn errors(&self) -> usize {
        self.counts[Severity::Error as usize].get()
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

pub fn count(list: &[Finding]) -> (usize, usize) {
    let of = |severity| list.iter().filter(|f| f.severity == severity).map(|f| f.times).sum();
    (of(Severity::Error), of(Severity::Warning))
}

/// All findings, separated by blank lines, then their number.
pub fn render(list: &[Finding]) -> String {
    let mut text = String::new();
    // Errors come first, so that warnings never push them out of the list.
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
