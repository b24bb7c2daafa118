//! Reads the words of `due` as a rule, and computes its dates (design, section 2).
//!
//! No date is guessed: a text that is not understood for certain is refused, with the nearest forms.
//!
//! A text goes through these files, in this order:
//!
//! - `glyphs`: characters that compare, each with its place in the text as written
//! - `lexer`: words of the `dictionary`, longest match first
//! - `sentence`: what changes nothing is set aside; what never gives a date is refused by name
//! - `chinese` (with `days` and `once`), `english`, `recurrence`: the forms, one match arm each
//! - `rule`: what was meant, and its canonical form; `dates`: its dates

mod chinese;
mod dates;
mod days;
mod dictionary;
mod english;
mod glyphs;
mod lexer;
mod once;
mod recurrence;
mod refusal;
mod rule;
mod sentence;

#[cfg(test)]
mod tests;

use std::{fmt, ops::Range};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use recurrence::Recurrence;
pub use rule::{At, CaseFrom, Cycle, DayOf, Frequency, Months, Rule, Span, SpanUnit, Unit};

use dictionary::Word;
use lexer::Phrase;
use refusal::{did_you_mean, nearest, refuse, refuse_with};
use sentence::{Aside, cut};

/// A `due` that was understood. The words as written are stored beside the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// As the admin wrote it.
    pub text: String,
    pub rule: Rule,
    /// `每年至少2次`: how many completions a period needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Words that were read and change nothing (`务于`, `完成`), for `check` to show.
    #[serde(skip)]
    pub passed_over: Vec<String>,
}

/// Why a `due` was refused: where, what is wrong, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Bytes of the text as written.
    pub at: Range<usize>,
    /// In Chinese, a sentence without its full stop.
    pub what: String,
    /// Forms that would be understood, nearest first.
    pub instead: Vec<String>,
}

/// One date of a rule, with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `2026`, `2026-H1`, `2026-Q3`, `2026-08`, `2026-W34` or a date.
    pub period: String,
    pub due: Date,
    /// From this day on the work can be done and reported: the first day of the period, or the day after the end of
    /// the period that is reported on.
    pub opens: Date,
}

/// A `due` in a plan is a sentence or two.
const MAX_BYTES: usize = 2000;

impl Due {
    /// `year` is the plan file's `year`, for dates written without one.
    ///
    /// # Errors
    /// A [`Refusal`], whenever the text does not give certain dates.
    pub fn parse(text: &str, year: Option<i16>) -> Result<Self, Refusal> {
        if text.len() > MAX_BYTES {
            return refuse(0..0, "太长：请只写说明期限的那一句", &["每年1月31日前"]);
        }
        understand(text, year).map_err(|mut refusal| {
            if refusal.at.is_empty() {
                refusal.at = whole(text);
            }
            if refusal.instead.is_empty() {
                refusal.instead = suggest(text, &refusal.at, year);
            }
            refusal
        })
    }
}

/// The text without the white space around it.
fn whole(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// What to write instead of an unknown word: the text with its spelling corrected, the text without it, or the text
/// before it.
fn suggest(text: &str, at: &Range<usize>, year: Option<i16>) -> Vec<String> {
    let (before, word, after) = (&text[..at.start], &text[at.clone()], &text[at.end..]);
    let pause = |c: char| c.is_whitespace() || "，、；,;".contains(c);
    let mended = did_you_mean(word).map(|w| format!("{before}{w}{after}"));
    let shorter = [format!("{before}{after}"), before.trim_end_matches(pause).to_owned()];
    let mut forms: Vec<String> = Vec::new();
    for form in mended.into_iter().chain(shorter).map(|f| f.trim().to_owned()) {
        if !forms.contains(&form) && understand(&form, year).is_ok() {
            forms.push(form);
        }
    }
    for form in nearest(text) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.truncate(3);
    forms
}

fn understand(text: &str, year: Option<i16>) -> Result<Due, Refusal> {
    if recurrence::is_meant(text) {
        let rule = Rule::Recurrence(Recurrence::parse(text)?);
        return Ok(Due { text: text.to_owned(), rule, times: None, passed_over: Vec::new() });
    }
    let mut aside = Aside::default();
    sentence::one_limit(text)?;
    let words = cut(text, &lexer::read(text), &mut aside)?;
    let phrase = Phrase { words: &words.words, places: &words.places }.trim_start();
    let is_english = words.places.iter().any(|p| text[p.start..].starts_with(|c: char| c.is_ascii_alphabetic()));
    let rule = if is_english {
        let (rule, times) = english::rule(phrase.trim())?;
        aside.times = times;
        rule
    } else if let Some((n, head)) = times(phrase) {
        aside.times = Some(n);
        often(head, year, &mut aside)?
    } else {
        chinese::rule(phrase, year, &mut aside)?
    };
    weekdays_agree(&rule, &mut aside)?;
    sentence::says_no_time(text, &aside.passed)?;
    Ok(Due { text: text.to_owned(), rule, times: aside.times, passed_over: as_written(text, aside.passed) })
}

/// `…至少2次`, `2次/年`: the number, and the words for the period or the date.
fn times(p: Phrase) -> Option<(u32, Phrase)> {
    use Word::*;
    if let [Num(n @ 1..=99), Times, Slash, _] = p.words {
        return Some((*n, p.from(3)));
    }
    let end = p.words.iter().rposition(|w| !matches!(w, OrMore | Stop | Comma))?;
    let [.., Num(n @ 1..=99), Times] = p.words[..=end] else { return None };
    let verbs = p.words[..end - 1].iter().rev().take_while(|w| **w == Verb).count();
    Some((n, p.sub(0..end - 1 - verbs)))
}

/// The rule of a number of times: due on the last day of the period, unless a date is given.
fn often(p: Phrase, year: Option<i16>, aside: &mut Aside) -> Result<Rule, Refusal> {
    use Word::*;
    let unit = match p.words {
        [unit] | [Every, unit] | [Every, unit, AtLeast] | [AtLeast, Every, unit] | [Every, Num(1), unit] => Some(*unit),
        [Every, Num(1), unit, AtLeast] => Some(*unit),
        _ => None,
    };
    match (unit.and_then(english::period_end), p.words) {
        (Some(rule), _) => Ok(rule),
        (None, [.., AtLeast]) => {
            let rule = chinese::rule(p.sub(0..p.words.len() - 1), year, aside)?;
            match rule {
                Rule::Cyclic { .. } | Rule::Once(_) => Ok(rule),
                _ => Err(days::not_understood(p)),
            }
        }
        (None, _) => refuse(p.place(), "次数要说明是多长时间里的", &["每年至少1次", "每季度不少于2次", "每月至少1次"]),
    }
}

/// The weekday beside a single date must be the right one. Beside a recurring date it changes nothing.
fn weekdays_agree(rule: &Rule, aside: &mut Aside) -> Result<(), Refusal> {
    for (day, place) in std::mem::take(&mut aside.weekdays) {
        if let Rule::Once(date) = rule
            && date.weekday() != day
        {
            let is = rule::weekday_zh(date.weekday());
            let what =
                format!("{}年{}月{}日是{is}，不是{}", date.year(), date.month(), date.day(), rule::weekday_zh(day));
            let form = format!("{}年{}月{}日（{is}）前", date.year(), date.month(), date.day());
            return refuse_with(place, what, vec![form]);
        }
        aside.passed.push(place);
    }
    Ok(())
}

/// In the order of the text, nothing twice.
fn as_written(text: &str, mut passed: Vec<Range<usize>>) -> Vec<String> {
    passed.sort_by_key(|r| (r.start, r.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in passed {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged.into_iter().map(|r| text[r].trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// The canonical English form, `times` included; parsing it gives the same rule and times.
impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)?;
        self.times.map_or(Ok(()), |n| write!(f, ", at least {n} times"))
    }
}
