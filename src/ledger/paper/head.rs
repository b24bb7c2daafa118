//! The head of the file: what it was read from, and what was answered, for the next time.

use std::fmt::Write;

use super::answers::Answers;
use crate::{
    ledger::excel,
    text::{bare, short_line},
};

/// Before the answers; what is read again.
pub const ANSWERED: &str = "# 读时的回答：";

/// The line that calls itself a plan, else the first one.
pub fn title(words: &[(String, String)]) -> String {
    let is_title = |text: &str| {
        let names = ["方案", "要点", "清单", "分工", "计划", "安排", "分解表", "日程", "任务表"];
        text.chars().count() <= 60 && names.iter().any(|name| text.contains(name)) && !text.contains('。')
    };
    let found = words.iter().take(40).find(|(_, text)| is_title(text)).or(words.first());
    found.map(|(_, text)| short_line(text, 60)).unwrap_or_default()
}

/// `2022年`, `〔2022〕`
fn year_in(text: &str) -> Option<i16> {
    let bare = bare(text);
    bare.match_indices("20").find_map(|(at, _)| {
        let year: i16 = bare.get(at..at + 4)?.parse().ok()?;
        let after = bare.get(at + 4..)?;
        (after.starts_with(['年', '〕', ']', ')']) && !bare[..at].ends_with(|c: char| c.is_ascii_digit()))
            .then_some(year)
    })
}

/// The year that the document names.
pub fn year_of(title: &str, words: &[(String, String)]) -> Option<i16> {
    year_in(title).or_else(|| words.iter().take(40).find_map(|(_, text)| year_in(text)))
}

pub fn head(title: &str, entries: usize, has_roster: bool, answers: &Answers) -> String {
    let mut head = format!("# 从《{}》读出：{entries} 个事项。\n", excel::line(title));
    let flags = answers.flags();
    if !flags.is_empty() {
        let _ = writeln!(head, "{ANSWERED}{flags}");
    }
    head += "# id 启用后不要再改。要做的几步（steps）、提前量（remind）等可另补。\n";
    if !has_roster {
        head += "# 没有科室名册可对照，科室名称照原文抄录，请核对。\n";
    }
    if let Some(year) = answers.year_of_dates() {
        let _ = write!(head, "\nyear = {year}\n");
    }
    head
}
