//! Cuts a pasted sentence down to the words for the date. What changes nothing is set aside and shown.

use std::ops::Range;

use jiff::civil::Weekday;

use super::{
    Refusal,
    dictionary::{Name, Word},
    lexer::{Phrase, Words},
    refusal::{self, refuse},
};
use crate::text::is_numeral;

use Word::*;

/// What a sentence says besides the date.
#[derive(Debug, Default)]
pub struct Aside {
    /// Bytes that were read and change nothing.
    pub passed: Vec<Range<usize>>,
    /// A weekday beside a date, to be checked.
    pub weekdays: Vec<(Weekday, Range<usize>)>,
    pub times: Option<u32>,
}

/// Keeps the words for the date. Refuses words that give no certain date.
pub fn cut(text: &str, read: &Words, aside: &mut Aside) -> Result<Words, Refusal> {
    let mut kept = Words::default();
    let all = Phrase { words: &read.words, places: &read.places };
    let mut i = 0;
    while i < all.words.len() {
        let rest = all.from(i);
        match rest.words[0] {
            Open => {
                let Some(len) = rest.words.iter().position(|w| *w == Close) else {
                    return refuse(rest.places[0].clone(), "左括号没有对应的右括号", &[]);
                };
                bracket(text, rest.sub(0..len + 1), aside)?;
                aside.passed.push(rest.sub(0..len + 1).place());
                i += len + 1;
                continue;
            }
            _ if tail_begins(&kept.words, rest.words) => {
                tail(rest, aside)?;
                break;
            }
            Lead => match aside.passed.last_mut() {
                Some(last) if last.end == rest.places[0].start && all.words[i - 1] == Lead => {
                    last.end = rest.places[0].end;
                }
                _ => aside.passed.push(rest.places[0].clone()),
            },
            // After 务于, 起 and at the beginning they mean nothing.
            Comma | Colon if matches!(all.words[..i].last(), None | Some(Lead | Begin | Soft)) => {}
            Soft | TitleOpen | TitleClose => {}
            // 17:00
            Colon if matches!((kept.words.last(), rest.words.get(1)), (Some(Num(_)), Some(Num(_)))) => {
                return Err(refusal::named(text, Name::Hours, all.sub(i - 1..i + 2).place(), all));
            }
            Named(Name::Hours) if i > 0 && matches!(all.words[i - 1], Num(_)) => {
                return Err(refusal::named(text, Name::Hours, all.sub(i - 1..i + 1).place(), all));
            }
            Named(name) => {
                return Err(refusal::named(text, name, rest.places[0].clone(), all));
            }
            word => {
                kept.words.push(word);
                kept.places.push(rest.places[0].clone());
            }
        }
        i += 1;
    }
    Ok(kept)
}

/// A verb after the date (or 及时, 全面 and then a verb) begins the tail: what is to be done by then.
fn tail_begins(kept: &[Word], rest: &[Word]) -> bool {
    let how = |w: &&Word| matches!(w, How | Lead | Comma | Soft | Named(Name::Vague | Name::NoDate));
    let skipped = rest.iter().take_while(how).count();
    let verb = matches!(rest.get(skipped), Some(Verb | Received | Ended));
    // `季度结束后` and `年度终了后` are part of the date.
    let ends_a_period = skipped == 0 && rest[0] == Ended;
    verb && !ends_a_period && seen_date(kept) && !kept.contains(&AtLeast) && !matches!(kept.last(), Some(From))
        || matches!(kept, [.., Num(_), Times] | [.., Num(_), Times, OrMore])
            && !matches!(rest[0], Slash | OrMore)
            && kept.iter().any(|w| matches!(w, Every))
}

/// Whether a date was written already: a number with its unit, or an end.
fn seen_date(kept: &[Word]) -> bool {
    let days = |w: &Word| {
        matches!(
            w,
            Day | Days | End | Workday | Weekday(_) | Iso(..) | MonthDay(..) | Ten(_) | Months | Within | Before
        )
    };
    kept.iter().any(days)
}

fn tail(rest: Phrase, aside: &mut Aside) -> Result<(), Refusal> {
    let mut end = rest.words.len();
    while end > 0 && matches!(rest.words[end - 1], Stop | Comma) {
        end -= 1;
    }
    let rest = rest.sub(0..end);
    if let Some(at) = second_date(rest) {
        return two_dates(at);
    }
    if end > 0 {
        aside.passed.push(rest.place());
    }
    Ok(())
}

fn bracket(text: &str, whole: Phrase, aside: &mut Aside) -> Result<(), Refusal> {
    let inside = whole.sub(1..whole.words.len() - 1);
    if let [Weekday(day)] | [Week, Weekday(day)] = inside.words {
        aside.weekdays.push((*day, inside.place()));
        return Ok(());
    }
    if let Some(at) = inside.words.iter().position(|w| matches!(w, Named(Name::Except))) {
        return Err(refusal::named(text, Name::Except, inside.places[at].clone(), inside));
    }
    second_date(inside).map_or(Ok(()), |_| two_dates(whole.place()))
}

/// Words for a time that is no date by itself: beside a date they narrow it.
const TIMES: [&str; 27] = [
    "上半年",
    "下半年",
    "上下半年",
    "一季度",
    "二季度",
    "三季度",
    "四季度",
    "上旬",
    "中旬",
    "下旬",
    "月初",
    "月中",
    "月底",
    "月末",
    "年初",
    "年中",
    "年底",
    "年末",
    "季初",
    "季末",
    "春季",
    "夏季",
    "秋季",
    "冬季",
    "隔年",
    "隔月",
    "工作日",
];
const SOFT: [&str; 5] = ["力争", "争取", "原则上", "尽量", "最好"];
const HARD: [&str; 6] = ["最迟", "最晚", "至迟", "不迟于", "不晚于", "不超过"];

/// Refuses a time in the words set aside: `每年至少1次，上半年完成` is no yearly date. `前报送上半年总结` is accepted: it
/// says what is handed in.
pub fn says_no_time(text: &str, passed: &[Range<usize>]) -> Result<(), Refusal> {
    for range in passed {
        let piece = &text[range.clone()];
        let is_bracket = piece.starts_with(['（', '(', '【', '[', '〔']);
        let bare = |clause: &str| {
            let clause = clause.trim_start_matches(|c: char| c.is_whitespace() || "在于并应要须需均且其中".contains(c));
            TIMES.iter().any(|time| clause.starts_with(time))
        };
        let names_time = if is_bracket {
            TIMES.iter().any(|time| piece.contains(time))
        } else {
            piece.split(['，', ',', '、', '；', ';', '。']).any(bare)
        };
        if names_time {
            return two_dates(range.clone());
        }
    }
    Ok(())
}

/// Refuses a desired date beside a latest one: `力争每年6月30日前，最迟9月30日前`.
pub fn one_limit(text: &str) -> Result<(), Refusal> {
    let is_number = |c: char| c.is_numeric() || is_numeral(c);
    let first_number = text.find(is_number).unwrap_or(text.len());
    let hoped_for = SOFT.iter().any(|word| text.contains(word));
    let hard = HARD.iter().filter_map(|word| text.find(word).map(|at| at..at + word.len())).max_by_key(|at| at.start);
    match hard {
        Some(at) if hoped_for || at.start > first_number => {
            refuse(at, "写了想要的和最迟的两个日期：最迟的写在 due，想要的写在 target（局内目标）", &["每年9月30日前"])
        }
        _ => Ok(()),
    }
}

fn two_dates<T>(at: Range<usize>) -> Result<T, Refusal> {
    refuse(at, "一句话里有两个日期，分不清以哪个为准：请只留一个，另一个另写一个事项", &[])
}

/// Where the words name a date outside a title: 《2022年要点》 is a name.
fn second_date(phrase: Phrase) -> Option<Range<usize>> {
    let mut depth = 0;
    for (i, word) in phrase.words.iter().enumerate() {
        let next = phrase.words.get(i + 1);
        match word {
            TitleOpen => depth += 1,
            TitleClose if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            Every | Iso(..) | MonthDay(..) | Weekday(_) => return Some(phrase.places[i].clone()),
            // 报送下季度计划 names no date.
            NextMonth | NextYear | NextQuarter if matches!(next, Some(Num(_) | Nth(_) | End)) => {
                return Some(phrase.places[i].clone());
            }
            Named(Name::Lunar | Name::Feast(..) | Name::Relative | Name::Daily | Name::TenDays | Name::Except) => {
                return Some(phrase.places[i].clone());
            }
            Num(_) | Nth(_) | Year | Month | Quarter if begins_date(*word, next) => {
                return Some(phrase.sub(i..i + 2).place());
            }
            _ => {}
        }
    }
    None
}

fn begins_date(word: Word, next: Option<&Word>) -> bool {
    match next {
        Some(Year | Half | Quarter | Month | Months | Week | Day | Days | Workday | Named(Name::Hours)) => {
            matches!(word, Num(_) | Nth(_))
        }
        Some(End) => matches!(word, Year | Month | Quarter),
        _ => false,
    }
}
