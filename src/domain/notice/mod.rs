//! A notice's own words → statutory days, or the sentence that does not fit. Nothing is guessed: what a sentence says
//! of a day is understood and agrees with the calendar, or the notice is refused.
//!
//! `words` reads the sentences of one item; `change` makes the files of the years from what is known and the notice.

mod change;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use super::{
    calendar::{is_weekend, shift, short},
    festivals::{self, FARTHEST},
};
use crate::text::{digit, is_hidden, is_numeral, numeral, short_line};

pub use change::{Changed, notices};
use words::{Said, years};

/// A notice that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub year: i16,
    /// `国办发明电〔2025〕7号`, if the text has it.
    pub number: Option<String>,
    pub issued: Option<Date>,
    pub says: Says,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// The days of the whole year, by festival.
    Year(Vec<Item>),
    /// A holiday goes on to this day.
    Longer(Item),
    /// The days of one holiday instead of those that were.
    Instead(Item),
    /// Days beside those of the year.
    More(Item),
}

/// What is said of one holiday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its festivals; none for a day of its own.
    pub names: Vec<&'static str>,
    pub off: BTreeSet<Date>,
    pub work: BTreeSet<Date>,
    /// As it was read.
    pub text: String,
}

/// What does not fit, and why, in Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub sentence: String,
    pub why: String,
}

impl Misfit {
    fn new(sentence: &str, why: impl Into<String>) -> Self {
        Self { sentence: short_line(sentence, 120), why: why.into() }
    }
}

/// The names that a notice calls the festivals by, the longer first.
const NAMES: [(&str, &str); 14] = [
    ("元旦", "元旦"),
    ("春节", "春节"),
    ("清明节", "清明节"),
    ("清明", "清明节"),
    ("“五一”国际劳动节", "劳动节"),
    ("国际劳动节", "劳动节"),
    ("劳动节", "劳动节"),
    ("“五一”", "劳动节"),
    ("端午节", "端午节"),
    ("端午", "端午节"),
    ("中秋节", "中秋节"),
    ("中秋", "中秋节"),
    ("国庆节", "国庆节"),
    ("“十一”", "国庆节"),
];

/// The festival that a whole text names.
fn festival(text: &str) -> Option<&'static str> {
    NAMES.iter().find(|(written, _)| *written == text).map(|(_, name)| *name)
}

/// Reads a notice. `given` is its year, where the text lacks it.
///
/// # Errors
/// The sentence that does not fit.
pub fn read(text: &str, given: Option<i16>) -> Result<Notice, Misfit> {
    let plain: String = text.nfkc().filter(|c| *c == '\n' || !(c.is_whitespace() || is_hidden(*c))).collect();
    let headings = headings(&plain);
    if headings.len() > 1 { whole_year(&plain, &headings, given) } else { amendment(&flat(&plain), given) }
}

fn flat(text: &str) -> String {
    text.replace('\n', "")
}

struct Heading {
    numeral: Option<u32>,
    names: Vec<&'static str>,
    from: usize,
    /// Behind the colon.
    body: usize,
}

/// `一、元旦：`, `六、国庆节、中秋节：`; without its numeral at the beginning of a sentence.
fn headings(text: &str) -> Vec<Heading> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let step = rest.chars().next().map_or(1, char::len_utf8);
        let begins = at == 0 || text[..at].ends_with(['\n', '。', '—']);
        let digits: String = rest.chars().take_while(|c| is_numeral(*c)).collect();
        let numbered = rest[digits.len()..].strip_prefix('、').filter(|_| !digits.is_empty());
        let heading = match numbered {
            Some(rest) => names(rest).map(|found| (numeral(&digits.chars().collect::<Vec<_>>()), found)),
            None if begins => names(rest).map(|found| (None, found)),
            None => None,
        };
        let Some((numeral, (names, body))) = heading else {
            at += step;
            continue;
        };
        let body = text.len() - body.len();
        all.push(Heading { numeral, names, from: at, body });
        at = body;
    }
    all
}

/// The festivals before a colon, and what follows it.
fn names(text: &str) -> Option<(Vec<&'static str>, &str)> {
    let (mut all, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches('\n');
        let (written, name) = NAMES.iter().find(|(written, _)| rest.starts_with(written))?;
        all.push(*name);
        rest = rest[written.len()..].trim_start_matches('\n');
        match (rest.strip_prefix(['、', '和']), rest.strip_prefix(':')) {
            (Some(more), _) => rest = more,
            (None, Some(body)) => return Some((all, body)),
            (None, None) => return None,
        }
    }
}

fn whole_year(text: &str, headings: &[Heading], given: Option<i16>) -> Result<Notice, Misfit> {
    let before = flat(&text[..headings[0].from]);
    let title = before.rfind("部分节假日安排的通知").map(|end| {
        let from = before[..end].rfind("关于").unwrap_or(end);
        (&before[from..end], &before[end..])
    });
    let (title, opening) = title.unwrap_or(("", before.as_str()));
    let opening = opening.rfind("现将").map_or("", |at| &opening[at..]);
    let year = year_of(&[title, opening], given)?;
    if speaks_of_holidays(opening) {
        return Err(Misfit::new(opening, "七个节日之前还有放假的话，请只留下通知的正文"));
    }
    let ends = headings.iter().skip(1).map(|next| next.from).chain([text.len()]);
    let mut items: Vec<Item> = Vec::new();
    let mut after = String::new();
    for (nth, (heading, end)) in (1..).zip(headings.iter().zip(ends)) {
        let mut body = flat(&text[heading.body..end]);
        if let Some(at) = signature(&body) {
            after = body.split_off(at);
        }
        let shown = format!("{}：{body}", heading.names.join("、"));
        if heading.numeral.is_some_and(|n| n != nth) {
            return Err(Misfit::new(&shown, format!("这里应当是第 {nth} 项：前面少了或多了一项")));
        }
        if let Some(twice) = heading.names.iter().find(|name| items.iter().any(|item| item.names.contains(*name))) {
            return Err(Misfit::new(&shown, format!("{twice}写了两次")));
        }
        if body.contains("人民政府办公") {
            return Err(Misfit::new(&shown, "落款是地方政府的：请用国务院办公厅的原文"));
        }
        items.push(item(heading.names.clone(), &body, year)?);
    }
    if speaks_of_holidays(&after) {
        return Err(Misfit::new(&after, "落款之后还有放假的话：一次读一份通知，请只留下它的正文"));
    }
    let named = |name: &str| items.iter().any(|item| item.names.contains(&name));
    if let Some((name, _)) = festivals::of(year).iter().find(|(name, _)| !named(name)) {
        let last = items.last().map(|item| item.text.clone()).unwrap_or_default();
        return Err(Misfit::new(&last, format!("通知没有写完：少了{name}")));
    }
    for item in &items {
        let others = || items.iter().filter(|other| other.names != item.names);
        if let Some(day) = item.work.iter().find(|day| others().any(|o| o.off.contains(day) || o.work.contains(day))) {
            return Err(Misfit::new(&item.text, format!("{} 在另一个节日里也写了", short(*day))));
        }
    }
    balanced(&items, year)?;
    let number = number(&before, year);
    Ok(Notice { year, number, issued: issued(&after), says: Says::Year(items) })
}

/// One item of a year's notice, held against the law and the almanac.
fn item(names: Vec<&'static str>, body: &str, year: i16) -> Result<Item, Misfit> {
    let Said { off, work, .. } = words::read(body, year)?;
    let text = format!("{}：{body}", names.join("、"));
    let misfit = |why: String| Err(Misfit::new(&text, why));
    for (name, day) in festivals::of(year).into_iter().filter(|(name, _)| names.contains(name)) {
        if !off.contains(&day) {
            return misfit(format!("{year} 年的{name}是 {}，没有放假", short(day)));
        }
    }
    far(&off, &work, &text)?;
    Ok(Item { names, off, work, text })
}

/// As many weekdays off as the law gives and days are made up for. A festival on a weekend may be made up for in
/// another holiday, as 中秋节 in 2015.
fn balanced(items: &[Item], year: i16) -> Result<(), Misfit> {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let law = |item: &Item| number(item.names.iter().map(|name| festivals::law(name, year)).sum());
    let weekdays = |item: &Item| number(item.off.iter().filter(|day| !is_weekend(**day)).count());
    let odd = |item: &Item| weekdays(item) - number(item.work.len()) - law(item);
    let is_lost = |item: &&Item| odd(item) < 0 && item.off.len() == 1 && item.work.is_empty();
    let is_made_up_for = items.iter().map(odd).sum::<i64>() == 0 && items.iter().any(|item| is_lost(&item));
    match items.iter().filter(|item| odd(item) != 0).max_by_key(|item| odd(item)) {
        Some(item) if !is_made_up_for => {
            let (off, work, law) = (weekdays(item), item.work.len(), law(item));
            let why = format!("周一至周五放假 {off} 天，周六、周日上班 {work} 天，相差的应当是法定的 {law} 天");
            Err(Misfit::new(&item.text, why))
        }
        _ => Ok(()),
    }
}

fn far(off: &BTreeSet<Date>, work: &BTreeSet<Date>, text: &str) -> Result<(), Misfit> {
    let near = |day: &Date| off.iter().any(|o| shift(*o, -FARTHEST) <= *day && *day <= shift(*o, FARTHEST));
    match work.iter().find(|day| !near(day)) {
        Some(day) => Err(Misfit::new(text, format!("{} 上班，离假期太远", short(*day)))),
        None => Ok(()),
    }
}

/// `延长2020年春节假期至2月2日`, `2019年5月1日至4日放假调休`, `2015年9月3日全国放假1天`.
fn amendment(text: &str, given: Option<i16>) -> Result<Notice, Misfit> {
    let title = |words: &str, end: &str| {
        let ends = text.match_indices(end).map(|(at, _)| at + end.len());
        ends.filter_map(|to| Some(&text[text[..to].rfind(words)?..to])).find(|title| title.chars().count() < 60)
    };
    let longer = title("关于延长", "假期的通知");
    let instead = title("关于调整", "假期安排的通知");
    let more = title("关于", "调休放假的通知").or_else(|| title("关于", "放假安排的通知"));
    let Some(title) = longer.or(instead).or(more) else {
        return Err(Misfit::new(
            text,
            "没有读到放假的通知：要有“一、元旦：…”这样的七项，或“关于延长、调整……假期的通知”",
        ));
    };
    let from = text.rfind(title).map_or(0, |at| at + title.len());
    let address = text[from..].find("各直属机构").map(|at| from + at + "各直属机构".len());
    // Without the line of those it goes to, its number may stand before the first sentence.
    let own_number =
        || text[from..].split_once('号').filter(|(head, _)| head.contains("发明电")).map(|(head, _)| head.len());
    let body = address.unwrap_or_else(|| own_number().map_or(from, |len| from + len + '号'.len_utf8()));
    let end = signature(&text[body..]).map_or(text.len(), |at| body + at);
    let (said, after) = (text[body..end].trim_start_matches(':'), &text[end..]);
    if speaks_of_holidays(after) {
        return Err(Misfit::new(after, "落款之后还有放假的话：一次读一份通知，请只留下它的正文"));
    }
    let written = years(title).next().or_else(|| years(said).next());
    let year = match (written, given) {
        (Some(year), None) => year,
        _ => year_of(&[title], given)?,
    };
    let Said { off, work, until } = words::read(said, year)?;
    far(&off, &work, said)?;
    let item = Item { off, work, text: said.to_owned(), ..Item::default() };
    let name = NAMES.iter().find(|(name, _)| title.contains(name)).map(|(_, name)| *name);
    let number = number(&text[..body], year);
    let says = match (longer, instead, until, name) {
        (Some(_), _, Some((name, last)), _) => Says::Longer(Item { names: vec![name], off: [last].into(), ..item }),
        (None, Some(_), None, Some(name)) if !item.off.is_empty() => Says::Instead(Item { names: vec![name], ..item }),
        (None, None, None, _) if !item.off.is_empty() => Says::More(item),
        _ => return Err(Misfit::new(said, format!("“{title}”：没有读到从哪天到哪天放假"))),
    };
    Ok(Notice { year, number, issued: issued(after), says })
}

/// The year that all of these texts name, else the given one.
fn year_of(texts: &[&str], given: Option<i16>) -> Result<i16, Misfit> {
    let mut found = given;
    for text in texts {
        let Some(year) = years(text).next() else { continue };
        match found {
            Some(other) if other != year => {
                return Err(Misfit::new(text, format!("写的是 {year} 年，不是 {other} 年")));
            }
            _ => found = Some(year),
        }
    }
    found.filter(|year| !festivals::of(*year).is_empty()).ok_or_else(|| {
        let shown = texts.iter().find(|text| !text.is_empty()).copied().unwrap_or_default();
        Misfit::new(shown, "没有写是哪一年的通知：请加 --year 2027")
    })
}

/// Where the signature begins.
fn signature(text: &str) -> Option<usize> {
    let dated = |at: usize, name: &str| {
        let after = &text[at + name.len()..];
        after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit() || "二〇○".contains(c))
    };
    let by_council = text.match_indices("国务院").map(|(at, _)| at).find(|at| dated(*at, "国务院"));
    [text.find("国务院办公厅"), by_council].into_iter().flatten().min()
}

/// Whether a text around the notice gives days off too.
fn speaks_of_holidays(text: &str) -> bool {
    ["日放假", "日上班", ")放假", ")上班", "日补休", ")补休"].iter().any(|words| text.contains(words))
}

/// `国办发明电〔2025〕7号`: the last one, of the notice's own year or the one before.
fn number(text: &str, year: i16) -> Option<String> {
    text.match_indices("发明电")
        .filter_map(|(at, words)| {
            let of = ["国办", "国"].iter().find(|of| text[..at].ends_with(**of))?;
            let rest = text[at + words.len()..].trim_start_matches(['〔', '[', '(', '【']);
            let (in_year, rest) = rest.split_once(['〕', ']', ')', '】'])?;
            let (n, _) = rest.split_once('号')?;
            let n: u32 = n.parse().ok()?;
            let in_year: i16 = in_year.parse().ok().filter(|y| *y == year || *y == year - 1)?;
            Some(format!("{of}发明电〔{in_year}〕{n}号"))
        })
        .last()
}

/// The day in the signature: `2025年11月4日`, `二〇〇九年十二月七日`.
fn issued(text: &str) -> Option<Date> {
    let text = text.trim_start_matches("国务院").trim_start_matches("办公厅");
    let (year, rest) = text.split_once('年')?;
    let (month, rest) = rest.split_once('月')?;
    let (day, _) = rest.split_once('日')?;
    let year: String = year
        .chars()
        .map(|c| match c {
            '〇' | '○' | '零' | 'O' => Some('0'),
            c => digit(c).and_then(|n| char::from_digit(n, 10)).or(Some(c)),
        })
        .collect::<Option<_>>()?;
    let of = |text: &str| text.parse().ok().or_else(|| i8::try_from(numeral(&text.chars().collect::<Vec<_>>())?).ok());
    Date::new(year.parse().ok()?, of(month)?, of(day)?).ok()
}
