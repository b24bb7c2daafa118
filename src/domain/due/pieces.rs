//! Splits the words of a text at its pauses, so that each piece is one thing said.

use std::ops::Range;

use super::{
    bounded::ends_with_years,
    lexer::{Phrase, Words},
    refusal::{No, refuse},
    starts::{self, is_core, is_length, starts},
    word::{Name, Word},
};

use Word::*;

/// A part of the text between two pauses, or a bracket.
#[derive(Debug, Default)]
pub struct Piece {
    pub words: Words,
    pub is_bracket: bool,
    /// A bracket stands right behind a period: 每月（季）.
    pub is_alternative: bool,
    /// With the brackets.
    pub place: Range<usize>,
}

impl Piece {
    fn new(words: Words) -> Self {
        let place = words.phrase().place();
        Self { words, place, ..Self::default() }
    }
}

/// Splits at pauses and stops; a bracket is a piece of its own, after the one that it stands in.
pub fn pieces(read: &Words) -> Result<Vec<Piece>, No> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut piece, mut brackets) = (Words::default(), Vec::new());
    let all = read.phrase();
    let quoted_whole = all.words.first() == Some(&Quote);
    let mut i = 0;
    while i < all.words.len() {
        let rest = all.from(i);
        let mut len = 1;
        let close = |mark: Word| rest.words[1..].iter().position(|w| *w == mark).map(|n| n + 2);
        match rest.words[0] {
            Open => {
                let Some(n) = close(Close) else {
                    return refuse(rest.places[0].clone(), "左括号没有对应的右括号", &[]);
                };
                len = n;
                let said = |w: &&Word| !matches!(w, Unknown | Filler | Lead | Pause);
                let inside: Vec<Word> = rest.words[1..n - 1].iter().filter(said).copied().collect();
                if let [inner @ (Workday | Days)] = inside[..]
                    && let Some(at) = length_before(&piece.words, rest.words.get(n))
                {
                    piece.words[at] = inner;
                    i += n;
                    continue;
                }
                let mut words = Words::default();
                for (word, place) in rest.words[1..n - 1].iter().zip(&rest.places[1..n - 1]) {
                    words.push(&[if *word == Pause { Comma } else { *word }], place.clone());
                }
                let is_alternative = piece.words.last().is_some_and(|w| is_period(*w));
                brackets.push(Piece { words, is_bracket: true, is_alternative, place: rest.sub(0..n).place() });
            }
            // A title is a name, whatever it names: 《2022年要点》.
            TitleOpen => {
                len = close(TitleClose).unwrap_or(1);
                piece.push(&[Filler], rest.sub(0..len).place());
            }
            Quote if !quoted_whole && close(Quote).is_some() => {
                len = close(Quote).unwrap_or(1);
                piece.push(&[Filler], rest.sub(0..len).place());
            }
            // 举行听证的7日前: counted back from it.
            Whose if matches!(rest.words, [_, Num(_), Day, Before, ..]) && piece.words.last() == Some(&Unknown) => {
                piece.words.pop();
                let place = piece.places.pop().unwrap_or_default();
                piece.push(&[Event], place);
            }
            Whose if names(&piece.words, rest.words.get(1)) => piece.push(&[Whose], rest.places[0].clone()),
            Colon if piece.words.last() == Some(&Allowed) => {}
            Soft | Whose | TitleClose | Close | Quote => {}
            // `1、每年…` is the number of the item.
            Num(_) if piece.words.is_empty() && is_numbering(rest) => len = 2,
            Colon if is_clock(piece.words.last(), rest.words.get(1)) => piece.push(&[Colon], rest.places[0].clone()),
            Pause if drops(&piece) && joins(&piece, all.from(i + 1)) => {}
            Pause if joins(&piece, all.from(i + 1)) => piece.push(&[Comma], rest.places[0].clone()),
            Stop | Pause | Colon => {
                pieces.push(Piece::new(std::mem::take(&mut piece)));
                pieces.append(&mut brackets);
            }
            word => piece.push(&[word], rest.places[0].clone()),
        }
        i += len;
    }
    pieces.push(Piece::new(piece));
    pieces.append(&mut brackets);
    pieces.retain(|piece| !piece.words.words.is_empty());
    Ok(pieces)
}

/// Whether 的 is kept: not in 每年的1月, 上月的数据, 结束后的10日内, but in 新任职的每年.
fn names(before: &[Word], next: Option<&Word>) -> bool {
    let is_date = |w: &Word| is_core(*w) || matches!(w, Limit | Named(Name::HalfMonth));
    !before.last().is_none_or(|w| is_period(*w) || matches!(w, Every | Named(Name::Current)))
        && !next.is_some_and(|w| is_date(w) && *w != Every)
}

fn is_period(word: Word) -> bool {
    matches!(
        word,
        Year | Half | Quarter | Month | Week | NextYear | NextQuarter | NextMonth | ThisYear | Named(Name::Rhythm)
    )
}

/// `15日（工作日）内`, `15日内（工作日）`: the place of the length that the bracket says more exactly.
fn length_before(words: &[Word], next: Option<&Word>) -> Option<usize> {
    match words {
        [.., Num(_), Day | Days] if next == Some(&Within) => Some(words.len() - 1),
        [.., Num(_), Day | Days, Within] => Some(words.len() - 2),
        _ => None,
    }
}

fn is_numbering(rest: Phrase) -> bool {
    matches!(rest.words, [_, Comma | Stop, next, ..] if !matches!(next, Num(_) | Day | Month))
}

fn is_clock(before: Option<&Word>, after: Option<&Word>) -> bool {
    matches!((before, after), (Some(Num(0..=24)), Some(Num(0..=59))))
}

/// Whether a pause that stands inside one date says nothing.
fn drops(piece: &Words) -> bool {
    matches!(piece.words[..], [.., Begin | After | SinceDay]) || bounds(&piece.words)
}

/// Whether years or months end here in which something is done again and again.
fn bounds(words: &[Word]) -> bool {
    matches!(words, [.., To | Dash, Num(_), Month]) || ends_with_years(words)
}

/// Whether `，` stands inside one date: `自2020年起，每年…`, `7月10日，12月20日前`.
fn joins(piece: &Words, rest: Phrase) -> bool {
    let leads = rest.words.iter().take_while(|w| matches!(w, Lead | Soft)).count();
    let next = rest.words.get(leads);
    let is_date = matches!(next, Some(Num(_) | Nth(_) | Every | AtLeast));
    match piece.words.as_slice() {
        [.., Num(_), Year, Begin] => matches!(next, Some(Every)),
        words if bounds(words) && next == Some(&Every) => true,
        // 遇节假日，顺延至下一个工作日
        [.., DayOff] => matches!(next, Some(Roll(_) | MovedTo | Ahead)),
        [Num(_), Year] => matches!(next, Some(Num(_))),
        [.., After | SinceDay] => is_date && starts::amount(rest).is_some(),
        [Every, .., Year | Half | Quarter | Month] => is_date,
        [.., Day | Ten(_) | End | Weekday(_) | Workday | Before | Month] => {
            leads == 0 && matches!(next, Some(Num(_) | Nth(_) | Weekday(_))) && starts(rest, 0) && !is_event(rest)
        }
        _ => false,
    }
}

/// `10日内` after a date is another limit.
fn is_event(rest: Phrase) -> bool {
    matches!(rest.words, [Num(_), length, Within, ..] if is_length(*length))
}
