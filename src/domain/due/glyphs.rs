//! Normalises a text to characters that can be compared, each with its place in the original.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::text;

/// A character after NFKC, in lower case, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Glyph {
    pub c: char,
    pub start: usize,
    pub end: usize,
    /// A space or line break was left out before it. Digits and letters are not read across a gap; Chinese words are.
    pub gap: bool,
}

/// NFKC, lower case, no white space.
pub fn glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::with_capacity(text.len() / 2);
    let mut gap = true;
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        let mut push = |c: char| {
            if c.is_whitespace() || is_invisible(c) {
                gap = true;
            } else {
                glyphs.push(Glyph { c, start, end, gap: std::mem::take(&mut gap) });
            }
        };
        match c {
            _ if c.is_ascii() => push(c.to_ascii_lowercase()),
            // The common ideographs are their own NFKC.
            '\u{4E00}'..='\u{9FFF}' => push(c),
            _ => std::iter::once(c).nfkc().flat_map(char::to_lowercase).for_each(push),
        }
    }
    glyphs
}

/// Zero-width characters, which come with text pasted from web pages.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// A number in ASCII or Chinese digits at the beginning: its value, and how many glyphs it takes.
pub fn number(glyphs: &[Glyph]) -> Option<(u32, usize)> {
    let first = glyphs.first()?;
    if first.c.is_ascii_digit() { ascii_number(glyphs) } else { chinese_number(glyphs) }
}

fn ascii_number(glyphs: &[Glyph]) -> Option<(u32, usize)> {
    let rest = glyphs.iter().skip(1).take_while(|g| g.c.is_ascii_digit() && !g.gap).count();
    let digits = &glyphs[..=rest];
    // No longer number has a meaning here.
    let value = digits.iter().take(9).fold(0, |n, g| n * 10 + g.c.to_digit(10).unwrap_or(0));
    Some((if digits.len() > 9 { u32::MAX } else { value }, digits.len()))
}

/// `三十一`, `廿五`, `卅`, `一百二十`, and years digit by digit: `二〇二六`.
fn chinese_number(glyphs: &[Glyph]) -> Option<(u32, usize)> {
    let run: Vec<char> = glyphs.iter().map(|g| g.c).take_while(|c| digit(*c).is_some() || tens(*c).is_some()).collect();
    let len = run.len();
    if len == 4 && run.iter().all(|c| digit(*c).is_some()) {
        return Some((run.iter().fold(0, |n, c| n * 10 + digit(*c).unwrap_or(0)), len));
    }
    let (mut total, mut pending, mut smallest) = (0, None, u32::MAX);
    for c in run {
        match (digit(c), tens(c)) {
            // `零` only fills a gap: 一百零五.
            (Some(0), _) if total > 0 && pending.is_none() => {}
            (Some(d), _) if pending.is_none() => pending = Some(d),
            (_, Some((unit, times))) if unit < smallest && (times == 1 || pending.is_none()) => {
                total += unit * times * pending.take().unwrap_or(1);
                smallest = unit;
            }
            _ => return None,
        }
    }
    (len > 0 && smallest.min(total + pending.unwrap_or(0)) != 0).then(|| (total + pending.unwrap_or(0), len))
}

fn digit(c: char) -> Option<u32> {
    match c {
        '〇' | '零' | '○' => Some(0),
        '两' => Some(2),
        c => text::digit(c),
    }
}

/// The unit (ten or a hundred), and how many units the character stands for.
fn tens(c: char) -> Option<(u32, u32)> {
    match c {
        '十' => Some((10, 1)),
        '廿' => Some((10, 2)),
        '卅' => Some((10, 3)),
        '百' => Some((100, 1)),
        _ => None,
    }
}

/// The bytes of the original that these glyphs came from.
pub fn place(glyphs: &[Glyph]) -> Range<usize> {
    match (glyphs.first(), glyphs.last()) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..0,
    }
}
