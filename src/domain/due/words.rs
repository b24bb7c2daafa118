//! The text as a row of words.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use jiff::civil::Weekday;

use super::dictionary::{CHINESE, ENGLISH};
use super::text::{Glyph, glyphs, number, place};

/// One word. Words that mean the same are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Num(u32),
    /// `第3个`, `首`, `最后一个` (−1), `倒数第二个` (−2), `3rd`.
    Nth(i32),
    /// `2026-09-30`, `2026/9/30`, `2026.9.30`: not checked yet.
    Iso(u32, u32, u32),
    /// `07-10`: two digits each.
    MonthDay(u32, u32),
    /// `1.31`, `1/31`: which is which is not certain.
    Pair(u32, u32),
    Every,
    Year,
    Half,
    Quarter,
    Month,
    /// `个月`: a length, where `月` is a name.
    Months,
    Week,
    Weekday(Weekday),
    Day,
    /// `天`: a length, where `日` is a name.
    Days,
    Workday,
    Times,
    Odd,
    Even,
    End,
    /// `上旬` 10, `中旬` 20, `下旬` 31.
    Ten(u8),
    Before,
    Within,
    Until,
    After,
    Begin,
    /// `之日起`
    SinceDay,
    From,
    To,
    /// `-`, which is `To` between two days.
    Dash,
    Slash,
    Comma,
    Stop,
    Colon,
    Open,
    Close,
    TitleOpen,
    TitleClose,
    Ended,
    NextYear,
    NextMonth,
    NextQuarter,
    ThisYear,
    FirstHalf,
    SecondHalf,
    AtLeast,
    OrMore,
    Received,
    BeforeEvent,
    AfterEvent,
    /// What stands before a date and changes nothing.
    Lead,
    /// Changes nothing and is not worth showing: 的.
    Soft,
    /// What is done by the date: begins a tail.
    Verb,
    /// How it is done, before a verb in a tail.
    How,
    /// In a tail, so that no number is read out of it.
    Filler,
    /// Refused by name.
    Named(Name),
    // English.
    Each(Often),
    Of,
    The,
    Event,
    Receipt,
    At,
    Least,
    A,
    Unknown,
}

/// `yearly`, `monthly` …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    Year,
    Half,
    Quarter,
    Month,
    Week,
}

/// Words that never give a certain date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    NoDate,
    Vague,
    Around,
    Hours,
    Lunar,
    /// A feast of the sun calendar, and the day before it.
    Feast(u8, u8),
    /// 下周: a date to come.
    Relative,
    /// 上月, 本季度: in a tail, what is reported on.
    Current,
    Daily,
    HalfMonth,
    TenDays,
    NotBefore,
    EveryOther,
    Except,
}

use Word::*;

type Entries = Vec<(&'static str, &'static [Word])>;

/// By first character, longest first.
static BY_FIRST: LazyLock<HashMap<char, Entries>> = LazyLock::new(|| {
    let mut all: HashMap<char, Entries> = HashMap::new();
    for (texts, words) in CHINESE {
        for text in texts.split(' ') {
            all.entry(text.chars().next().unwrap_or_default()).or_default().push((text, *words));
        }
    }
    all.values_mut().for_each(|e| e.sort_by_key(|(text, _)| std::cmp::Reverse(text.len())));
    all
});

static BY_RUN: LazyLock<HashMap<&'static str, &'static [Word]>> =
    LazyLock::new(|| ENGLISH.iter().flat_map(|(texts, words)| texts.split(' ').map(move |t| (t, *words))).collect());

/// Every English word, for did-you-mean.
pub fn english_words() -> impl Iterator<Item = &'static str> {
    ENGLISH.iter().flat_map(|(texts, _)| texts.split(' '))
}

/// Every piece of the dictionary, for tests that put them together.
#[cfg(test)]
pub fn pieces() -> Vec<&'static str> {
    CHINESE.iter().chain(ENGLISH).flat_map(|(texts, _)| texts.split(' ')).collect()
}

/// The words of a text, each with its bytes.
#[derive(Clone, Debug, Default)]
pub struct Words {
    pub words: Vec<Word>,
    pub places: Vec<Range<usize>>,
}

impl Words {
    fn push(&mut self, words: &[Word], place: Range<usize>) {
        // What is unknown is one word, so that it is shown as a whole.
        if let (Some(Unknown), Some(last), [Unknown]) = (self.words.last(), self.places.last_mut(), words) {
            last.end = place.end;
            return;
        }
        for word in words {
            self.words.push(*word);
            self.places.push(place.clone());
        }
    }
}

/// The longest known word at each place, one after another.
pub fn read(text: &str) -> Words {
    let glyphs = glyphs(text);
    let mut found = Words { words: Vec::with_capacity(glyphs.len()), places: Vec::with_capacity(glyphs.len()) };
    let mut rest = glyphs.as_slice();
    while !rest.is_empty() {
        let (len, one);
        let words: &[Word] = if let Some((n, words)) = known(rest) {
            len = n;
            words
        } else {
            (len, one) = counted(rest);
            std::slice::from_ref(&one)
        };
        let (taken, after) = rest.split_at(len.clamp(1, rest.len()));
        found.push(words, place(taken));
        rest = after;
    }
    found
}

/// A word of the dictionary; English ones only as whole runs of letters.
fn known(rest: &[Glyph]) -> Option<(usize, &'static [Word])> {
    let first = rest.first()?.c;
    if first.is_ascii_alphabetic() {
        let letters = |(i, g): &(usize, &Glyph)| (g.c.is_ascii_alphabetic() || g.c == '-') && (*i == 0 || !g.gap);
        let run: String = rest.iter().enumerate().take_while(letters).map(|(_, g)| g.c).collect();
        return Some((run.len(), BY_RUN.get(run.as_str()).copied().unwrap_or(&[Unknown])));
    }
    let entries = BY_FIRST.get(&first)?;
    let longest = |(text, words): &(&'static str, &'static [Word])| {
        let mut len = 0;
        let same = text.chars().all(|c| {
            len += 1;
            rest.get(len - 1).is_some_and(|g| g.c == c)
        });
        same.then_some((len, *words))
    };
    entries.iter().find_map(longest)
}

/// What holds a number, or one unknown character.
fn counted(rest: &[Glyph]) -> (usize, Word) {
    ordinal(rest).or_else(|| shape(rest)).or_else(|| number(rest).map(|(n, len)| (len, Num(n)))).unwrap_or((1, Unknown))
}

/// `第3个`, `第三`, `最后1个`, `最后`, `倒数第二个`, `3rd`.
fn ordinal(rest: &[Glyph]) -> Option<(usize, Word)> {
    let starts = |text: &str| text.chars().enumerate().all(|(i, c)| rest.get(i).is_some_and(|g| g.c == c));
    let measure = |at: usize| usize::from(rest.get(at).is_some_and(|g| g.c == '个'));
    let signed = |n: u32, sign: i32| i32::try_from(n).ok().map(|n| Nth(n * sign));
    if starts("第") || starts("倒数第") || starts("倒数") {
        let (skip, sign) = if starts("倒数第") {
            (3, -1)
        } else if starts("倒数") {
            (2, -1)
        } else {
            (1, 1)
        };
        let (n, len) = number(rest.get(skip..)?)?;
        let end = skip + len;
        return Some((end + measure(end), signed(n, sign)?));
    }
    if starts("最后") {
        return match number(&rest[2..]) {
            Some((1, len)) => Some((2 + len + measure(2 + len), Nth(-1))),
            _ => Some((2, Nth(-1))),
        };
    }
    let (n, len) = number(rest).filter(|_| rest[0].c.is_ascii_digit())?;
    let suffix = rest.get(len..len + 2)?;
    let text: String = suffix.iter().filter(|g| !g.gap).map(|g| g.c).collect();
    let ends = rest.get(len + 2).is_none_or(|g| g.gap || !g.c.is_ascii_alphanumeric());
    (matches!(text.as_str(), "st" | "nd" | "rd" | "th") && ends).then_some(())?;
    Some((len + 2, signed(n, 1)?))
}

/// Dates in digits: `2026-09-30`, `07-10`, `1.31`.
fn shape(rest: &[Glyph]) -> Option<(usize, Word)> {
    let digits = |from: usize| number(rest.get(from..)?).filter(|_| rest[from].c.is_ascii_digit());
    let joined = |at: usize| rest.get(at..at + 2).filter(|g| !g[0].gap && !g[1].gap).map(|g| g[0].c);
    let (a, a_len) = digits(0)?;
    let mark = joined(a_len).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (b, b_len) = digits(a_len + 1)?;
    let two = a_len + 1 + b_len;
    if let (Some(again), Some((c, c_len))) = (joined(two), digits(two + 1))
        && again == mark
        && a_len == 4
    {
        return Some((two + 1 + c_len, Iso(a, b, c)));
    }
    let named = rest.get(two).is_some_and(|g| matches!(g.c, '日' | '号' | '月' | '次' | '年'));
    match mark {
        '-' if a_len == 2 && b_len == 2 && !named => Some((two, MonthDay(a, b))),
        '.' | '/' => Some((two, Pair(a, b))),
        _ => None,
    }
}
