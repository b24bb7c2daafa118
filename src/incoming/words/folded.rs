//! A text in two forms with the same number of characters: one to search, one to show.

use unicode_normalization::UnicodeNormalization;

use crate::text::is_hidden;

/// Characters as written (`shown`), and the same in one width (`plain`).
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    plain: Vec<char>,
    shown: Vec<char>,
}

/// A piece of a [`Text`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub plain: &'a [char],
    pub shown: &'a [char],
}

impl Text {
    pub fn new(written: &str) -> Self {
        let shown: Vec<char> = written.chars().filter(|c| !is_unsaid(*c)).collect();
        Self { plain: shown.iter().map(|c| plain(*c)).collect(), shown }
    }

    pub fn piece(&self) -> Piece<'_> {
        Piece { plain: &self.plain, shown: &self.shown }
    }

    /// Adds a piece, after a space.
    pub fn push(&mut self, piece: Piece) {
        for (mine, more) in [(&mut self.plain, piece.plain), (&mut self.shown, piece.shown)] {
            if !mine.is_empty() {
                mine.push(' ');
            }
            mine.extend(more);
        }
    }

    pub fn shown(&self) -> String {
        self.shown.iter().collect()
    }

    /// In one width, without links and titles in 《》: a title reports nothing.
    pub fn spoken(&self) -> String {
        let mut spoken = String::new();
        let mut at = 0;
        while let Some(c) = self.plain.get(at) {
            let rest = &self.plain[at..];
            let skipped = if begins_link(rest) {
                rest.iter().take_while(|c| c.is_ascii_graphic()).count()
            } else if *c == '《' {
                rest.iter().take(100).position(|c| *c == '》').map_or(0, |end| end + 1)
            } else {
                0
            };
            if skipped == 0 {
                spoken.push(*c);
            }
            at += skipped.max(1);
        }
        spoken
    }
}

fn begins_link(rest: &[char]) -> bool {
    ["http://", "https://", "www."].iter().any(|start| starts_with(rest, start))
}

pub(super) fn starts_with(chars: &[char], word: &str) -> bool {
    let mut at = chars.iter();
    word.chars().all(|c| at.next() == Some(&c))
}

impl<'a> Piece<'a> {
    pub fn from(self, at: usize) -> Self {
        Self { plain: self.plain.get(at..).unwrap_or_default(), shown: self.shown.get(at..).unwrap_or_default() }
    }

    pub fn to(self, end: usize) -> Self {
        let end = end.min(self.plain.len());
        Self { plain: &self.plain[..end], shown: &self.shown[..end] }
    }

    /// Without leading pauses.
    pub fn trim_start(self) -> Self {
        self.from(self.plain.iter().take_while(|c| is_pause(**c)).count())
    }

    pub fn to_owned(self) -> Text {
        Text { plain: self.plain.to_vec(), shown: self.shown.to_vec() }
    }

    pub fn starts_with(self, word: &str) -> bool {
        starts_with(self.plain, word)
    }
}

/// Spaces and punctuation that only separate.
pub(super) fn is_pause(c: char) -> bool {
    matches!(c, ' ' | ',' | ':' | '、' | '.' | '~' | '!' | '。' | ';' | '\n')
}

/// Letters and digits only, to compare a subject with a title.
pub(super) fn letters(chars: impl IntoIterator<Item = char>) -> String {
    chars.into_iter().map(plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// One width for letters, digits and punctuation. ① is kept: NFKC would turn it into 1.
fn plain(c: char) -> char {
    if c == '\n' || ('①'..='⓿').contains(&c) || ('㉑'..='㊿').contains(&c) {
        return c;
    }
    if c.is_whitespace() || c.is_control() {
        return ' ';
    }
    let mut folded = std::iter::once(c).nfkc();
    match (folded.next(), folded.next()) {
        (Some('–' | '—' | '―' | '−' | '‐' | '‑' | '〜' | '～'), None) if c != '—' => '-',
        (Some(one), None) => one,
        _ => c,
    }
}

/// Hidden characters, and variation selectors, which only choose a glyph.
fn is_unsaid(c: char) -> bool {
    is_hidden(c) || matches!(c, '\r' | '\u{fe0e}' | '\u{fe0f}')
}
