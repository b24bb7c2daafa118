//! Which items are meant: `①③`, `1、3`, `第1、3项`, `（1）`, `①-③`, `全部`.

use super::folded::starts_with;
use crate::text::{is_numeral, numeral};

/// Larger numbers are years and amounts.
const LARGEST: u32 = 999;
const MOST: usize = 100;

/// The items that a clause begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub numbers: Numbers,
    /// Its length in characters.
    pub length: usize,
    /// Written as only items are: ①, （1）, 第1项.
    pub marked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    All,
    These(Vec<u32>),
}

/// The items that this text begins with.
pub(super) fn read(chars: &[char]) -> Option<Named> {
    for all in ["所有事项", "全部事项", "各项工作", "各事项", "所有", "全部", "全都", "各项"] {
        if starts_with(chars, all) {
            return Some(Named { numbers: Numbers::All, length: all.chars().count(), marked: true });
        }
    }
    let mut numbers = Vec::new();
    let mut at = 0;
    let mut marked = false;
    // `第一、三项`: Chinese digits stand for items only after 第.
    let ordinal = chars.first() == Some(&'第');
    loop {
        let one = one(&chars[at..], ordinal)?;
        marked |= one.marked;
        at += one.length;
        if let Some((width, last)) = range(&chars[at..], ordinal) {
            let (first, end) = (one.number, last.number);
            if first >= end || end - first >= MOST as u32 {
                return None;
            }
            numbers.extend(first..=end);
            marked |= last.marked;
            at += width + last.length;
        } else {
            numbers.push(one.number);
        }
        if numbers.len() > MOST {
            return None;
        }
        let Some(step) = joint(&chars[at..], ordinal) else { break };
        at += step;
    }
    // `1、3项` means items 1 and 3; `3项` alone may mean three items.
    if !marked && numbers.len() == 1 && chars.get(at) == Some(&'项') {
        return None;
    }
    for word in ["项工作", "项", "条"] {
        if starts_with(&chars[at..], word) {
            at += word.chars().count();
            break;
        }
    }
    let after = chars.get(at..).unwrap_or_default();
    // `1至2026`: a range of something else.
    let goes_on = matches!(after.first(), Some('-' | '至' | '到')) && after.get(1).is_some_and(char::is_ascii_digit);
    if !marked && goes_on {
        return None;
    }
    let is_amount = |c: &char| is_measure(*c) || (*c == '.' && after.get(1).is_some_and(char::is_ascii_digit));
    if !marked && after.first().is_some_and(is_amount) {
        return None;
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(Named { numbers: Numbers::These(numbers), length: at, marked })
}

struct One {
    number: u32,
    length: usize,
    marked: bool,
}

/// One number, in any notation.
fn one(chars: &[char], ordinal: bool) -> Option<One> {
    let first = *chars.first()?;
    if let Some(number) = circled(first) {
        return Some(One { number, length: 1, marked: true });
    }
    if matches!(first, '(' | '[' | '〔' | '【') {
        let (number, width) = digits(&chars[1..]).or_else(|| chinese(&chars[1..]))?;
        let closes = matches!(chars.get(1 + width)?, ')' | ']' | '〕' | '】');
        return closes.then_some(One { number, length: width + 2, marked: true });
    }
    if first == '第' {
        let (number, width) = digits(&chars[1..]).or_else(|| chinese(&chars[1..]))?;
        let mut length = 1 + width;
        // In `第1、3项` the word 项 stands at the end; `第1季度` is not an item.
        let rest: Vec<char> = chars[length..].iter().copied().take(40).collect();
        if !closes_with_item(&rest) {
            return None;
        }
        for word in ["项工作", "项", "条"] {
            if starts_with(&chars[length..], word) {
                length += word.chars().count();
                break;
            }
        }
        return Some(One { number, length, marked: true });
    }
    let (number, width) = digits(chars).or_else(|| chinese(chars).filter(|_| ordinal))?;
    Some(One { number, length: width, marked: false })
}

/// Whether 项 follows `第1`, with at most more numbers between them.
fn closes_with_item(rest: &[char]) -> bool {
    let in_list = |c: &char| {
        c.is_ascii_digit()
            || is_numeral(*c)
            || matches!(c, '、' | ',' | '和' | '及' | '与' | '至' | '到' | '-' | ' ' | '第')
    };
    let end = rest.iter().take_while(|c| in_list(c)).count();
    matches!(rest.get(end), Some('项' | '条'))
}

fn circled(c: char) -> Option<u32> {
    let from = |first: char, number: u32| u32::from(c) - u32::from(first) + number;
    match c {
        '①'..='⑳' => Some(from('①', 1)),
        '㉑'..='㉟' => Some(from('㉑', 21)),
        '㊱'..='㊿' => Some(from('㊱', 36)),
        '⑴'..='⒇' => Some(from('⑴', 1)),
        '⒈'..='⒛' => Some(from('⒈', 1)),
        _ => None,
    }
}

fn digits(chars: &[char]) -> Option<(u32, usize)> {
    let width = chars.iter().take(5).take_while(|c| c.is_ascii_digit()).count();
    if chars.first() == Some(&'0') {
        return None;
    }
    let number: u32 = chars[..width].iter().collect::<String>().parse().ok()?;
    (1..=LARGEST).contains(&number).then_some((number, width))
}

/// 一 to 九十九.
fn chinese(chars: &[char]) -> Option<(u32, usize)> {
    let width = chars.iter().take(4).take_while(|c| is_numeral(**c)).count();
    Some((numeral(chars.get(..width)?)?, width))
}

fn range(chars: &[char], ordinal: bool) -> Option<(usize, One)> {
    let width = match chars.first()? {
        '-' | '~' | '至' | '到' | '—' => 1 + usize::from(chars.get(1) == Some(&'—')),
        _ => return None,
    };
    one(&chars[width..], ordinal).map(|last| (width, last))
}

/// The length of what joins two numbers of a list: `、`, `和`, a comma, or nothing between ① and ③.
fn joint(chars: &[char], ordinal: bool) -> Option<usize> {
    let blanks = chars.iter().take(3).take_while(|c| **c == ' ').count();
    let rest = &chars[blanks..];
    let mark = usize::from(matches!(rest.first()?, '、' | ',' | '和' | '及' | '与'));
    // `1 3` is not taken as a list: it may mean anything.
    let after = &rest[mark..];
    let more = after.iter().take(3).take_while(|c| **c == ' ').count();
    let next = one(&after[more..], ordinal)?;
    if mark == 0 && !next.marked {
        return None;
    }
    // `1、3月已发布`: a number with a measure word is not an item.
    let end = &after[more + next.length..];
    if !next.marked && end.first().is_some_and(|c| is_measure(*c) || *c == '.') {
        return None;
    }
    Some(blanks + mark + more)
}

fn is_measure(c: char) -> bool {
    "年月日号天个份篇次家人件点时分秒元万千百亿季周期批页字名位户处%‰/".contains(c) || c.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn these(text: &str) -> Option<(Vec<u32>, String)> {
        let chars: Vec<char> = text.chars().collect();
        let named = read(&chars)?;
        let rest = chars[named.length..].iter().collect();
        match named.numbers {
            Numbers::All => Some((vec![0], rest)),
            Numbers::These(numbers) => Some((numbers, rest)),
        }
    }

    #[test]
    fn items() {
        for (text, numbers) in [
            ("①", vec![1]),
            ("①③", vec![1, 3]),
            ("①、③", vec![1, 3]),
            ("①和㉑、㊿", vec![1, 21, 50]),
            ("1、3", vec![1, 3]),
            ("1和3", vec![1, 3]),
            ("1,3", vec![1, 3]),
            ("第1项", vec![1]),
            ("第1、3项", vec![1, 3]),
            ("第一项", vec![1]),
            ("第十二项", vec![12]),
            ("第1项和第3项", vec![1, 3]),
            ("(1)", vec![1]),
            ("(1)(3)", vec![1, 3]),
            ("①-③", vec![1, 2, 3]),
            ("1至3", vec![1, 2, 3]),
            ("1-3", vec![1, 2, 3]),
            ("1-3、5", vec![1, 2, 3, 5]),
            ("1、3项", vec![1, 3]),
            ("全部", vec![0]),
            ("所有事项", vec![0]),
        ] {
            assert_eq!(these(&format!("{text}已办结")), Some((numbers, "已办结".to_owned())), "{text}");
        }
        assert_eq!(these("第一、三项已办结"), Some((vec![1, 3], "已办结".to_owned())));
        assert_eq!(these("1. 已办结"), Some((vec![1], ". 已办结".to_owned())));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "2026年报已办结",
            "3月已完成",
            "10日",
            "3-1",
            "第1季度",
            "三项均",
            "3项均",
            "0",
            "1.3",
            "",
            "2个",
            "0750-1234567",
            "13800138000",
            "1至2026",
            "第一、三",
        ] {
            assert_eq!(these(text), None, "{text}");
        }
        assert_eq!(these("①-"), Some((vec![1], "-".to_owned())));
    }
}
