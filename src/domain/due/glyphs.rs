//! Normalises a text to characters that can be compared, each with its place in the original.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use crate::text;

/// A character after NFKC, in lower case, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Glyph {
    pub c: char,
    pub start: usize,
    pub end: usize,
    /// What was left out before it. Letters are not read across a gap; Chinese words are.
    pub gap: Gap,
}

/// White space before a glyph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    #[default]
    None,
    /// Blanks on one line: a page that was set wide puts them inside numbers too.
    Blank,
    Break,
}

impl Glyph {
    pub fn follows_gap(&self) -> bool {
        self.gap != Gap::None
    }
}

/// NFKC, lower case, simplified characters, no white space.
pub fn glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::with_capacity(text.len() / 2);
    let mut gap = Gap::Break;
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        let mut push = |c: char| {
            if c.is_whitespace() || is_invisible(c) {
                gap = gap.max(if matches!(c, '\n' | '\r') { Gap::Break } else { Gap::Blank });
            } else {
                glyphs.push(Glyph { c, start, end, gap: std::mem::take(&mut gap) });
            }
        };
        match c {
            _ if c.is_ascii() => push(c.to_ascii_lowercase()),
            // ①, ⑴, ㈠ number the items of a list: the digit is none of the date that follows.
            '\u{2460}'..='\u{24FF}' | '\u{2776}'..='\u{2793}' | '\u{3220}'..='\u{3229}' => push('。'),
            // The common ideographs are their own NFKC.
            '\u{4E00}'..='\u{9FFF}' => push(simplified(c)),
            _ => std::iter::once(c).nfkc().flat_map(char::to_lowercase).map(simplified).for_each(push),
        }
    }
    glyphs
}

/// Traditional characters of the dictionary's words, each before its simplified one.
const TRADITIONAL: &str = "毎每終终個个內内後后會会滿满報报納纳稅税順顺進进繳缴辦办號号時时結结開开發发財财應应將将務务從从週周兩两達达過过\
節节遲迟屆届實实產产業业簽签訂订審审際际點点間间錄录歸归檔档總总長长適适儘尽盡尽當当單单雙双農农曆历陰阴舊旧這这於于與与為为無无須须\
請请據据規规確确設设線线運运營营備备給给書书標标聽听證证變变動动隨随續续態态閏闰輪轮場场歷历補补徵征條条復复複复覆复評评議议調调練练驗验\
組组織织啟启見见領领導导關关項项專专題题獲获處处問问認认讓让傳传轉转遞递選选驟骤資资費费賬账帳账額额貼贴貨货購购銷销償偿還还約约級级\
縣县鎮镇鄉乡區区門门員员幾几歲岁廳厅寫写準准擬拟數数對对參参訊讯誌志異异極极構构檢检橫横決决涉涉計计討讨該该誤误論论諮咨謝谢講讲";

fn simplified(c: char) -> char {
    static TABLE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
        let pairs: Vec<char> = TRADITIONAL.chars().collect();
        pairs.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    });
    TABLE.get(&c).copied().unwrap_or(c)
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
    let digits = |from: usize| glyphs[from..].iter().take_while(|g| g.c.is_ascii_digit()).count();
    let whole = digits(0);
    // Up to the first gap; with its blanks where that gives a year, or a month or day of two digits.
    let first = 1 + glyphs[1..whole].iter().take_while(|g| !g.follows_gap()).count();
    let blanks = glyphs[1..whole].iter().all(|g| g.gap != Gap::Break);
    let spread = matches!((whole, glyphs[0].c, first), (4, '2', 1..=3) | (2, '1'..='3', 1));
    let len = if blanks && spread { whole } else { first };
    // No longer number has a meaning here.
    let value = glyphs[..len].iter().take(9).fold(0, |n, g| n * 10 + g.c.to_digit(10).unwrap_or(0));
    Some((if len > 9 { u32::MAX } else { value }, len))
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

/// 一 to 九, 两, 十, 廿, 百 and the like.
pub fn is_numeral(c: char) -> bool {
    digit(c).is_some() || tens(c).is_some()
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
