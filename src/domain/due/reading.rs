//! What was read from a text, before the words for the date become a rule.

use std::ops::Range;

use jiff::civil::Weekday;

use super::{lexer::Words, roll::Roll, word::Word};

/// The words for the date, and what else the text says about it.
#[derive(Debug, Default)]
pub struct Clause {
    pub core: Words,
    /// What a case is counted from, in the text's own words.
    pub event: Option<Range<usize>>,
    /// `至少2次`, and where that stands.
    pub times: Option<(u32, Range<usize>)>,
    /// `每月一次，25日前`: the period of the count.
    pub pace: Option<Word>,
    /// A count in every period, and no day.
    pub is_count: bool,
    /// The date ends with 前 or 内, or with a count.
    pub is_closed: bool,
    /// 逐年 before the date.
    pub rhythm: Option<Range<usize>>,
    /// How a day off moves the date.
    pub roll: Option<(Roll, Range<usize>)>,
    /// Bytes that were read and change nothing.
    pub passed: Vec<Range<usize>>,
    /// A weekday beside a date, to be checked.
    pub weekdays: Vec<(Weekday, Range<usize>)>,
    /// The years that name a thing beside the date: `2025年考核于3月底前`.
    pub years: Vec<(u32, Zone, Range<usize>)>,
    /// The part of a year that names a thing before the date: `12月报表于月后15日前`.
    pub part: Option<Range<usize>>,
    /// The date itself names its year.
    pub has_year: bool,
    /// The clause, where the text has more of them.
    pub quote: Option<Range<usize>>,
    /// The date ends with 前.
    pub before: bool,
    /// The date ends with 内.
    pub within: bool,
}

/// Where words stand, seen from the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Before it in its clause: who does it.
    Before,
    /// After it in its clause: what is done.
    After,
    /// In another clause.
    Elsewhere,
    Bracket,
}
