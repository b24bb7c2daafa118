//! Reads the words of `due` as a rule, and computes its dates (design, section 2).
//!
//! No date is guessed: a text that is not understood for certain is refused, with the nearest forms.
//!
//! A text goes through these files once, in this order, each knowing only what the one before made:
//!
//! - `glyphs`: characters that compare, each with its place in the text as written
//! - `lexer`: words (`word`) of the `dictionary`, longest match first
//! - `pieces`: what stands between two pauses, or in a bracket
//! - `clause`: the piece that holds the date, and in it the words for the date (`core`; they begin where `starts` says);
//!   what stands `beside` them is passed over, or says how a day off moves the date, or is asked
//! - `chinese` (with `days`, `once`, `bounded` and `counted`), `english`, `recurrence`: the forms, one match arm each
//! - `rule`: what was meant, and its canonical form; `dates`: its dates; `told`: how they were worked out
//!
//! A refusal is made of the same words (`refusal`), and offers only what the writer's own words and numbers give.

mod beside;
mod bounded;
mod chinese;
mod clause;
mod core;
mod counted;
mod dates;
mod days;
mod dictionary;
mod english;
mod glyphs;
mod lexer;
mod once;
mod pieces;
mod reading;
mod recurrence;
mod refusal;
mod roll;
mod rule;
mod starts;
mod told;
mod word;

#[cfg(test)]
mod tests;

use std::{fmt, ops::Range};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use recurrence::Recurrence;
pub use roll::Roll;
pub use rule::{At, CaseFrom, Cycle, DayOf, Frequency, Months, Rule, Span, SpanUnit, Unit, weekday_name, weekday_zh};
pub use told::{Anchor, Ear, Move, back, days, workdays};

use super::calendar::Calendar;
use lexer::Words;
use reading::{Clause, Zone};
use refusal::{Form, No, did_you_mean, refuse, refuse_with};
use word::Word;

/// A `due` that was understood. The words as written are stored beside the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// As the admin wrote it.
    pub text: String,
    pub rule: Rule,
    /// `每年至少2次`: how many completions a period needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// `遇节假日顺延`: how the paper itself moves a date that falls on a day off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll: Option<Roll>,
    /// What a case is counted from, in the paper's words: `合同签订`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Words that were read and change nothing (`务于`, `完成`), for `check` to show.
    #[serde(skip)]
    pub passed_over: Vec<String>,
    /// The clause that gave the date, where the text has more than that one.
    #[serde(skip)]
    pub clause: Option<String>,
}

/// Why a `due` was refused: where, what is wrong, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Bytes of the text as written.
    pub at: Range<usize>,
    /// In Chinese, a sentence without its full stop.
    pub what: String,
    /// Forms that would be understood, made of the writer's own words and numbers; often there are none.
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
    /// Without what only some texts say. The rule is put in by the caller.
    fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            rule: Rule::Once(Date::MIN),
            times: None,
            roll: None,
            event: None,
            passed_over: Vec::new(),
            clause: None,
        }
    }

    /// 届满: the last day that is in time, for a date of this rule (design, section 3): as the paper says, or as the law
    /// does for periods.
    pub fn ends(&self, cal: &Calendar, due: Date, ear: &mut impl Ear) -> Date {
        match self.roll {
            Some(Roll::Later) => told::on(cal, due, ear),
            Some(Roll::Earlier) => told::back(cal, due, ear),
            Some(Roll::Stays) => due,
            None if self.rule.is_period() => told::on(cal, due, ear),
            None => due,
        }
    }

    /// 请于…前办结: the working day before a day off, unless the paper says how the day moves.
    pub fn finish_by(&self, cal: &Calendar, due: Date, ear: &mut impl Ear) -> Date {
        if self.roll.is_some() { self.ends(cal, due, ear) } else { told::back(cal, due, ear) }
    }

    /// The paper's own words for how a day off moves the date: `遇节假日顺延`.
    pub fn roll_as_written(&self) -> Option<&str> {
        self.roll?;
        let (_, place) = clause::find(&lexer::read(&self.text)).ok()?.roll?;
        self.text.get(place).map(str::trim)
    }

    /// `year` is the plan file's `year`, for dates written without one.
    ///
    /// # Errors
    /// A [`Refusal`], whenever the text does not give certain dates.
    pub fn parse(text: &str, year: Option<i16>) -> Result<Self, Refusal> {
        if text.len() > MAX_BYTES {
            let what = "太长：请只写说明期限的那一句".to_owned();
            return Err(Refusal { at: whole(text), what, instead: Vec::new() });
        }
        let words = lexer::read(text);
        understand(text, &words, year).map_err(|no| {
            let at = if no.at.is_empty() { whole(text) } else { no.at };
            let instead = suggest(text, &words, (&at, &no.what), no.forms, year);
            Refusal { what: no.what.replace("“”", &format!("“{}”", &text[at.clone()])), at, instead }
        })
    }
}

/// The text without the white space around it.
fn whole(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// What to write instead: the forms that come with the refusal; else the text with its spelling corrected. Without a
/// word it would be another thing. Each must be understood, and have no number that the text has not.
fn suggest(
    text: &str,
    words: &Words,
    (at, what): (&Range<usize>, &str),
    forms: Vec<Form>,
    year: Option<i16>,
) -> Vec<String> {
    let dates = forms.iter().filter(|form| !matches!(form, Form::Put(_))).count();
    let mut tried: Vec<String> = forms
        .into_iter()
        .flat_map(|form| match form {
            Form::Put(form) => vec![form],
            Form::Own(place) => vec![text[place].to_owned()],
            Form::Every(place) if text[place.clone()].ends_with(['前', '内']) => {
                vec![format!("每年{}", &text[place])]
            }
            Form::Every(place) => vec![format!("每年{}前", &text[place.clone()]), format!("每年{}", &text[place])],
        })
        .collect();
    if tried.is_empty() && what == refusal::UNKNOWN {
        let (before, word, after) = (&text[..at.start], &text[at.clone()], &text[at.end..]);
        tried.extend(did_you_mean(word).map(|w| format!("{before}{w}{after}")));
    }
    let own = numbers(words, true);
    let mut found: Vec<Due> = Vec::new();
    // In a plan of one year a date is once, unless the writer says 每.
    let is_once = year.is_some() && !text.contains(['每', '各', '逐']);
    for form in tried {
        let form = form.trim();
        let form = form.strip_prefix("每年").filter(|_| is_once).unwrap_or(form).to_owned();
        let read = lexer::read(&form);
        let is_own = numbers(&read, false).iter().all(|n| own.contains(n)) && !turns(words, &read);
        if let (true, Ok(due)) = (is_own, understand(&form, &read, year))
            && found.iter().all(|other| (&other.rule, other.times) != (&due.rule, due.times))
        {
            found.push(due);
        }
    }
    // Of several dates all are shown, or none.
    if found.len() < dates {
        return Vec::new();
    }
    found.truncate(3);
    let found: Vec<String> = found.into_iter().map(|due| due.text).collect();
    if what == refusal::LATEST || keeps_what_is_said(words, &found) { found } else { Vec::new() }
}

/// Whether the suggestions together have every number of the text, but for years, the time of day, and a day that its
/// month has not: what is left out may have been what the writer meant.
fn keeps_what_is_said(words: &Words, found: &[String]) -> bool {
    let read: Vec<Words> = found.iter().map(|form| lexer::read(form)).collect();
    let offered: Vec<i64> = read.iter().flat_map(|words| numbers(words, true)).collect();
    let has = |n: u32| n > 0 && offered.contains(&i64::from(n));
    let is_last = read.iter().any(|words| words.words.contains(&Word::End));
    let is_said = |(i, word): (usize, &Word)| {
        let is_time = matches!(words.words.get(i + 1), Some(Word::Clock | Word::Colon))
            || i > 0 && words.words[i - 1] == Word::Colon;
        match *word {
            Word::Num(n) if is_time || rule::YEARS.contains(&n) => true,
            Word::Num(n) => has(n) || has(n / 100) && has(n % 100) || n > 28 && is_last,
            Word::Nth(n) => offered.contains(&i64::from(n)),
            Word::MonthDay(m, d) | Word::Pair(m, d) | Word::Iso(_, m, d) => has(m) && (has(d) || d > 28 && is_last),
            _ => true,
        }
    };
    words.words.iter().enumerate().all(is_said)
}

/// 三日前 is not 3日内.
fn turns(words: &Words, form: &Words) -> bool {
    let goes_back = |words: &Words| words.words.contains(&Word::Before) && !words.words.contains(&Word::Within);
    goes_back(words) && form.words.contains(&Word::Within) && !form.words.contains(&Word::Before)
}

/// The numbers of the words; with all that a bare `0131` may mean, where they are the writer's.
fn numbers(words: &Words, is_text: bool) -> Vec<i64> {
    let mut all: Vec<i64> = Vec::new();
    for word in &words.words {
        match *word {
            Word::Num(n) if is_text => all.extend([n, n / 100, n % 100].map(i64::from)),
            Word::Num(n) => all.push(n.into()),
            Word::Nth(n) => all.push(n.into()),
            Word::Iso(y, m, d) => all.extend([y, m, d].map(i64::from)),
            Word::MonthDay(m, d) | Word::Pair(m, d) => all.extend([m, d].map(i64::from)),
            _ => {}
        }
    }
    all
}

/// Text → words → clause → rule.
fn understand(text: &str, words: &Words, year: Option<i16>) -> Result<Due, No> {
    if words.words.first() == Some(&Word::Recurrence) {
        let rule = Rule::Recurrence(Recurrence::parse(text)?);
        return Ok(Due { rule, ..Due::plain(text) });
    }
    let has_letters = words.places.iter().any(|p| text[p.start..].starts_with(|c: char| c.is_ascii_alphabetic()));
    if has_letters && !lexer::is_chinese(text) {
        let mut words = words.clone();
        words.words.iter_mut().filter(|word| **word == Word::Pause).for_each(|word| *word = Word::Comma);
        let (rule, times, roll) = english::rule(words.phrase().trim())?;
        return Ok(Due { rule, times, roll, ..Due::plain(text) });
    }
    let mut clause = clause::find(words)?;
    let core = std::mem::take(&mut clause.core);
    let event = clause.event.clone().unwrap_or_default();
    let is_in = |place: &Range<usize>| place.start >= event.start && place.end <= event.end;
    let named: Vec<Word> = words.words.iter().zip(&words.places).filter(|(_, p)| is_in(p)).map(|(w, _)| *w).collect();
    let is_received = matches!(named[..], [] | [.., Word::Received | Word::Verb]);
    let rule = chinese::rule(core.phrase(), year, is_received, &mut clause).map_err(|no| {
        // 投标截止时间15日前, 公示时间为30日: an amount that belongs to something, and none of its forms does.
        let is_amount = matches!(
            core.words[..],
            [Word::Num(_), Word::Day | Word::Days | Word::Workday | Word::Months]
                | [Word::Num(_), Word::Day | Word::Days | Word::Workday | Word::Months, Word::Before]
        );
        let is_named = words.places[0].start < core.places.first().map_or(0, |place| place.start);
        let no = if is_amount && is_named { No { forms: Vec::new(), ..no } } else { no };
        let why = (no.what == refusal::NO_DAY).then(|| refusal::vague(words.phrase())).flatten();
        why.unwrap_or(no)
    })?;
    if let (true, Some(at)) = (rule.only_year().is_some() || clause.event.is_some(), clause.rhythm.take()) {
        return refuse(at, "“”和只办一次的期限合不到一起：每期都办的写“每”", &[]);
    }
    parts_agree(&rule, &clause)?;
    if let (Rule::Recurrence(_), Some((_, at))) = (&rule, &clause.roll) {
        return refuse(at.clone(), "写了起止年份的，不能再写遇节假日怎么办：请去掉“”", &[]);
    }
    // 15日内（含当日）, 收到之日起10日内, 首日计入: the day that it is counted from is the first.
    if let Rule::Case { from: CaseFrom::AfterReceipt | CaseFrom::AfterEvent, .. } = rule
        && let Some(i) = words.words.iter().position(|w| *w == Word::Inclusive)
    {
        return refuse(
            words.places[i].clone(),
            "“”从当天算起，通常从第二天算起：请把天数改成从第二天算起的，再去掉这几个字",
            &[],
        );
    }
    weekdays_agree(&rule, &mut clause)?;
    years_agree(&rule, &clause)?;
    Ok(Due {
        rule,
        times: clause.times.map(|(n, _)| n),
        roll: clause.roll.map(|(roll, _)| roll),
        // 收到 or 举行 alone name nothing.
        event: (named.len() > 1 || named == [Word::Unknown]).then(|| text[event].trim().to_owned()),
        clause: clause.quote.map(|place| text[place].trim().to_owned()),
        passed_over: as_written(text, clause.passed),
        ..Due::plain(text)
    })
}

/// `12月报表于月后15日前`: once a year, where the words for the date alone would be every month.
fn parts_agree(rule: &Rule, clause: &Clause) -> Result<(), No> {
    let unit = match rule {
        Rule::After { unit, .. } | Rule::BeforeEnd { unit, .. } | Rule::Following { unit, .. } => *unit,
        _ => return Ok(()),
    };
    match &clause.part {
        Some(place) if unit != Unit::Year => refuse(
            place.clone(),
            "“”只是其中的一期，后面的期限却每期都有：每期都办的去掉它，只办这一期的请写成几月几日",
            &[],
        ),
        _ => Ok(()),
    }
}

/// The weekday beside a single date must be the right one. Beside a recurring date it changes nothing.
fn weekdays_agree(rule: &Rule, clause: &mut Clause) -> Result<(), No> {
    for (day, place) in std::mem::take(&mut clause.weekdays) {
        if let Rule::Once(date) = rule
            && date.weekday() != day
        {
            let is = rule::weekday_zh(date.weekday());
            let what =
                format!("{}年{}月{}日是{is}，不是{}", date.year(), date.month(), date.day(), rule::weekday_zh(day));
            let form = format!("{}年{}月{}日（{is}）前", date.year(), date.month(), date.day());
            return refuse_with(place, what, vec![form]);
        }
        if let Rule::Cyclic { cycle: Cycle::OneYear(_), .. } = rule {
            return refuse(place, "几个日期并列，分不清“”是哪一天的：请去掉", &[]);
        }
        clause.passed.push(place);
    }
    Ok(())
}

/// Another year beside a date without one is asked: `2025年，…3月底前` in the plan of 2026. `每年…2025年度报告` too.
fn years_agree(rule: &Rule, clause: &Clause) -> Result<(), No> {
    for (year, zone, place) in &clause.years {
        let wrong = match rule {
            Rule::Case { .. } => false,
            rule => match rule.only_year() {
                Some(only) => !clause.has_year && *zone != Zone::After && i64::from(*year) != i64::from(only),
                None => matches!(zone, Zone::Before | Zone::After),
            },
        };
        if wrong {
            return refuse(place.clone(), "旁边写的年份和期限对不上：只办一次的请写成几年几月几日", &[]);
        }
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
        self.roll.map_or(Ok(()), |roll| roll.fmt(f))?;
        self.times.map_or(Ok(()), |n| write!(f, ", at least {n} times"))
    }
}
