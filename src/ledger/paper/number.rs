//! The number of a duty in its document.

use std::collections::BTreeSet;

use crate::{
    ledger::excel,
    text::{bare, is_numeral, numeral},
};

/// `31.`, `31、`, `（31）`, `第31项`, `（三）`, `三、` before a text, and the text behind it. A text with several such
/// numbers counts its own steps.
pub fn leading(text: &str) -> Option<(u32, &str)> {
    let trimmed = text.trim_start();
    let inner = trimmed.trim_start_matches(['（', '(', '第', '【', '〔']);
    let is_open = inner.len() < trimmed.len();
    let digits = inner.trim_start_matches(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c));
    let words = inner.trim_start_matches(is_numeral);
    let rest = if digits.len() < inner.len() { digits } else { words };
    let written = &inner[..inner.len() - rest.len()];
    let n = read(written)?;
    let marks: &[char] =
        if is_open { &['）', ')', '项', '条', '】', '〕'] } else { &['、', '.', '．', '，', ',', ')', '）'] };
    let after = rest.trim_start().strip_prefix(marks)?;
    // 1.5 is a number, and so is 10,000; 2.2027年 is not.
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && !(digits == 4 && after[4..].starts_with('年')) {
        return None;
    }
    let after = after.trim_start_matches(['.', '、', '．', ' ', '\u{3000}']);
    let next = |mark: &str| after.contains(&format!("\n{}{mark}", n + 1));
    (!["、", ".", "．"].iter().any(|mark| next(mark)) && !after.is_empty()).then_some((n, after))
}

/// How the number before a text is written: `（一）`, `1.`
pub fn form(text: &str) -> Option<String> {
    let (_, rest) = leading(text)?;
    let written = text[..text.len() - rest.len()].trim();
    let is_digit = written.contains(|c: char| c.is_ascii_digit());
    let marks = written.chars().filter(|c| !c.is_ascii_digit() && !is_numeral(*c) && !c.is_whitespace());
    Some(marks.chain([if is_digit { '1' } else { '一' }]).collect())
}

/// `一、`, `（一）`, `第一部分`
pub fn is_part(words: &str) -> bool {
    let bare = bare(words);
    let inner = bare.trim_start_matches(['(', '第']);
    let numeral = inner.chars().take_while(|c| is_numeral(*c)).count();
    let after: String = inner.chars().skip(numeral).take(1).collect();
    numeral > 0 && ["、", ".", ")", ",", "部", "章", "阶", "类"].contains(&after.as_str())
}

/// A heading between the rows, and not a long note or a number.
pub fn leading_part(words: &str) -> bool {
    words.chars().count() <= 120 && !bare(words).chars().all(|c| c.is_ascii_digit())
}

/// The number that stands alone in its cell.
pub fn of_cell(text: &str) -> Option<u32> {
    let bare = bare(&excel::line(text));
    let inner =
        bare.trim_start_matches(['第', '(', '【', '[']).trim_end_matches(['项', '条', ')', '、', '.', ']', '】']);
    // 31-2 is the second part of 31.
    read(inner.split(['-', '.']).next().unwrap_or_default())
}

fn read(written: &str) -> Option<u32> {
    let bare = bare(written);
    let n = if bare.starts_with(|c: char| c.is_ascii_digit()) {
        bare.parse().ok()
    } else {
        numeral(&bare.chars().collect::<Vec<_>>())
    };
    n.filter(|n| (1..=9999).contains(n))
}

/// `item-31`, then `item-31-2`; without numbers `row-3`, the third duty: the same document always gives the same.
pub fn propose(number: Option<u32>, nth: usize, ids: &mut BTreeSet<String>) -> String {
    let stem = number.map_or_else(|| format!("row-{nth}"), |n| format!("item-{n}"));
    let mut id = stem.clone();
    let mut n = 2;
    while !ids.insert(id.clone()) {
        id = format!("{stem}-{n}");
        n += 1;
    }
    id
}
