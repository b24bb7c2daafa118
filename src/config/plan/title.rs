//! Titles: their length, and the variables that a period fills in.

use std::ops::Range;

use jiff::civil::date;

use crate::{
    config::syntax::{
        meant::nearest,
        table::{Table, Text},
    },
    domain::{calendar::Calendar, deadline::Deadline, due::Rule},
};

const LONGEST: usize = 200;

/// What each variable says, for whoever wrote one that there is not.
const VARIABLES: &str =
    "{year} 当期年份、{last_year} 上一年、{next_year} 下一年、{half} 上/下、{quarter} 季度、{month} 月份";

pub fn read(table: &Table<'_>, text: &Text<'_>) -> Option<String> {
    let title = text.value.trim();
    if title.is_empty() {
        table.error(text.at.clone(), "title 是空的", "title = \"发布政府信息公开工作年度报告\"");
        return None;
    }
    let long = title.chars().count();
    if long > LONGEST {
        table.error(
            text.at.clone(),
            format!("title 有 {long} 个字，最多 {LONGEST} 个"),
            "写短些，其余放进 basis 或 steps",
        );
        return None;
    }
    let mut sound = true;
    for variable in variables(text.value) {
        let known = Deadline::TITLE_VARIABLES.contains(&variable.name);
        let (what, instead) = match variable.closed {
            true if known => continue,
            true => {
                let right = nearest(variable.name, Deadline::TITLE_VARIABLES).map(|right| format!("{{{right}}}"));
                (format!("没有 {{{}}} 这个变量", variable.name), right.unwrap_or_else(|| VARIABLES.to_owned()))
            }
            false => ("花括号 { 没有收尾的 }".to_owned(), "写成 {year} 这样；不是变量就用圆括号".to_owned()),
        };
        table.error(text.part(table.source, variable.at), what, instead);
        sound = false;
    }
    sound.then(|| title.to_owned())
}

/// Whether the deadline's periods have what its title asks for: there is no quarter in a year.
pub fn fits(table: &Table<'_>, text: &Text<'_>, deadline: &Deadline) {
    if !text.value.contains('{') {
        return;
    }
    let period = match &deadline.due.rule {
        // The reference of a case is given by hand: nothing can be read from it.
        Rule::Case { .. } => Some("-".to_owned()),
        Rule::Once(day) => Some(day.to_string()),
        rule => rule.terms(&Calendar::default(), date(2024, 1, 1), date(2060, 12, 31)).next().map(|term| term.period),
    };
    let Some(filled) = period.map(|period| deadline.title_for(&period)) else { return };
    for variable in variables(text.value).filter(|v| filled.contains(&format!("{{{}}}", v.name))) {
        let what = format!("“{}”的期次里没有 {{{}}}", deadline.due.text, variable.name);
        table.error(text.part(table.source, variable.at), what, "换一个变量，或直接写文字");
    }
}

struct Variable<'a> {
    name: &'a str,
    at: Range<usize>,
    closed: bool,
}

fn variables(title: &str) -> impl Iterator<Item = Variable<'_>> {
    title.match_indices('{').map(|(start, _)| {
        let rest = &title[start + 1..];
        let close = rest.find(['{', '}']).filter(|end| rest[*end..].starts_with('}'));
        let word = || rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let end = close.unwrap_or_else(word);
        let closed = close.is_some();
        Variable { name: &rest[..end], at: start..start + 1 + end + usize::from(closed), closed }
    })
}
