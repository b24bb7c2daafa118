//! Splits a text into words of the dictionary.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    dictionary::{CHINESE, ENGLISH},
    glyphs::{Glyph, glyphs, is_numeral, number, place},
    word::{Name, Word},
};

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

/// The words of a text, each with its bytes.
#[derive(Clone, Debug, Default)]
pub struct Words {
    pub words: Vec<Word>,
    pub places: Vec<Range<usize>>,
}

impl Words {
    pub fn push(&mut self, words: &[Word], place: Range<usize>) {
        // Adjacent unknown characters are one word, so that they are shown together.
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

impl Words {
    /// 〔2026〕12号 is the number of a paper.
    fn name_a_paper(&mut self) {
        if let [.., Open, Num(_), Close, Num(_), Day] = self.words[..] {
            let from = self.words.len() - 5;
            let place = self.places[from].start..self.places[from + 4].end;
            self.words.truncate(from);
            self.places.truncate(from);
            self.push(&[Filler], place);
        }
    }

    pub fn phrase(&self) -> Phrase<'_> {
        Phrase { words: &self.words, places: &self.places }
    }
}

/// Words in a row, each with its bytes. Patterns match on `words`.
#[derive(Clone, Copy, Debug)]
pub struct Phrase<'a> {
    pub words: &'a [Word],
    pub places: &'a [Range<usize>],
}

impl<'a> Phrase<'a> {
    pub fn sub(self, range: Range<usize>) -> Self {
        Self { words: &self.words[range.clone()], places: &self.places[range] }
    }

    pub fn from(self, start: usize) -> Self {
        self.sub(start.min(self.words.len())..self.words.len())
    }

    /// Its byte range in the text; an empty range for an empty phrase.
    pub fn place(self) -> Range<usize> {
        match (self.places.first(), self.places.last()) {
            (Some(first), Some(last)) => first.start..last.end.max(first.start),
            _ => 0..0,
        }
    }

    /// Without leading punctuation.
    pub fn trim_start(self) -> Self {
        self.from(self.words.iter().take_while(|w| matches!(w, Comma | Pause | Stop | Colon)).count())
    }

    /// Without the words at its ends that change nothing: 前 内 止, punctuation.
    pub fn trim(self) -> Self {
        let p = self.trim_start();
        let after = |w: &&Word| matches!(w, Comma | Pause | Stop | Colon | Before | Within | Until | During);
        p.sub(0..p.words.len() - p.words.iter().rev().take_while(after).count())
    }

    /// The start of a window without 自 … 起.
    pub fn without_begin(self) -> Self {
        let p = self.trim();
        let start = usize::from(p.words.first() == Some(&From));
        let end = p.words.len() - usize::from(p.words.len() > start && p.words.last() == Some(&Begin));
        p.sub(start..end)
    }

    pub fn split(self, at: impl Fn(&Word) -> bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (i, word) in self.words.iter().enumerate() {
            if at(word) {
                parts.push(self.sub(start..i));
                start = i + 1;
            }
        }
        parts.push(self.from(start));
        parts
    }
}

/// Reads the longest known word at each place.
pub fn read(text: &str) -> Words {
    let glyphs = glyphs(text);
    let mut found = Words { words: Vec::with_capacity(glyphs.len()), places: Vec::with_capacity(glyphs.len()) };
    let mut rest = glyphs.as_slice();
    let is_chinese = is_chinese(text);
    while !rest.is_empty() {
        let (len, one);
        let words: &[Word] = if let Some((n, words)) = known(rest, is_chinese) {
            len = n;
            words
        } else {
            (len, one) = counted(rest);
            std::slice::from_ref(&one)
        };
        let (taken, after) = rest.split_at(len.clamp(1, rest.len()));
        found.push(words, place(taken));
        found.name_a_paper();
        rest = after;
    }
    found
}

/// Whether letters in the text name something: 通过OA报送.
pub fn is_chinese(text: &str) -> bool {
    text.contains(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c))
}

/// A word of the dictionary; English ones only as whole runs of letters, in a text that is English.
fn known(rest: &[Glyph], is_chinese: bool) -> Option<(usize, &'static [Word])> {
    let first = rest.first()?.c;
    if first.is_ascii_alphabetic() {
        let letters =
            |(i, g): &(usize, &Glyph)| (g.c.is_ascii_alphabetic() || g.c == '-') && (*i == 0 || !g.follows_gap());
        let run: String = rest.iter().enumerate().take_while(letters).map(|(_, g)| g.c).collect();
        let words = BY_RUN.get(run.as_str()).copied().filter(|words| !is_chinese || matches!(words, [Recurrence]));
        // The digit of l5日内 is none.
        let digits = rest[run.len()..].iter().take_while(|g| is_chinese && g.c.is_ascii_digit()).count();
        let taken = run.len() + if words.is_none() { digits } else { 0 };
        return Some((taken, words.unwrap_or(&[Unknown])));
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

/// A word with a number in it, or one unknown character.
fn counted(rest: &[Glyph]) -> (usize, Word) {
    let number = || number(rest).map(|(n, len)| (len, Num(n)));
    ordinal(rest).or_else(|| shape(rest)).or_else(number).or_else(|| about(rest)).unwrap_or((1, Unknown))
}

/// 三五天, 十一二月: neighbouring numerals are no number.
fn about(rest: &[Glyph]) -> Option<(usize, Word)> {
    let run = rest.iter().take_while(|g| is_numeral(g.c)).count();
    (run > 1).then_some((run, Named(Name::Around)))
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
            _ => Some((2 + measure(2), Nth(-1))),
        };
    }
    let (n, len) = number(rest).filter(|_| rest[0].c.is_ascii_digit())?;
    let suffix = rest.get(len..len + 2)?;
    let text: String = suffix.iter().filter(|g| !g.follows_gap()).map(|g| g.c).collect();
    let ends = rest.get(len + 2).is_none_or(|g| g.follows_gap() || !g.c.is_ascii_alphanumeric());
    (matches!(text.as_str(), "st" | "nd" | "rd" | "th") && ends).then_some(())?;
    Some((len + 2, signed(n, 1)?))
}

/// Dates in digits: `2026-09-30`, `07-10`, `1.31`.
fn shape(rest: &[Glyph]) -> Option<(usize, Word)> {
    let digits = |from: usize| number(rest.get(from..)?).filter(|_| rest[from].c.is_ascii_digit());
    let joined =
        |at: usize| rest.get(at..at + 2).filter(|g| !g[0].follows_gap() && !g[1].follows_gap()).map(|g| g[0].c);
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
