//! A table whose heading has no known names: its columns by what they hold.

use std::collections::BTreeMap;

use super::{
    answers::SOME_YEAR,
    heading::{Column, Heading},
};
use crate::{
    domain::due::Due,
    ledger::{document::shown, read::Sheet},
};

/// The heading, its row if there is one, and what to say.
pub fn heading(table: &Sheet) -> Option<(Heading, Option<u32>, String)> {
    let mut columns: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let first = table.rows.keys().next().copied()?;
    for (_, cells) in table.rows.range(first + 1..).take(200) {
        for (at, cell) in cells {
            columns.entry(*at).or_default().push(shown(&cell.value));
        }
    }
    let share = |texts: &[String], is: fn(&str) -> bool| {
        !texts.is_empty() && texts.iter().filter(|t| is(t)).count() * 3 >= texts.len() * 2
    };
    let date = columns.iter().find(|(_, texts)| share(texts, is_date)).map(|(at, _)| *at);
    let office = columns.iter().find(|(_, texts)| share(texts, is_office)).map(|(at, _)| *at);
    let long = |texts: &Vec<String>| texts.iter().map(|t| t.chars().count()).sum::<usize>() / texts.len().max(1);
    let task = columns
        .iter()
        .filter(|(at, texts)| Some(**at) != date && Some(**at) != office && long(texts) >= 6)
        .max_by_key(|(_, texts)| long(texts))
        .map(|(at, _)| *at)?;
    // Without a date or an office it may be any table.
    date.or(office)?;
    let cells = table.rows.get(&first)?;
    let is_row =
        |at: Option<u32>, is: fn(&str) -> bool| at.and_then(|at| cells.get(&at)).is_some_and(|c| is(&shown(&c.value)));
    let has_heading = !is_row(date, is_date) && !is_row(office, is_office);
    let name = |at: u32| {
        let text = cells.get(&at).filter(|_| has_heading).map(|c| shown(&c.value)).unwrap_or_default();
        text.chars().take(20).collect::<String>()
    };
    let mut heading = Heading::default();
    heading.columns.insert(task, (Column::Text(0), name(task)));
    heading.columns.extend(date.map(|at| (at, (Column::Due(0), name(at)))));
    heading.columns.extend(office.map(|at| (at, (Column::Office, name(at)))));
    let said = |at: Option<u32>, what: &str| at.map(|at| format!("、第{}列是{what}", at + 1)).unwrap_or_default();
    let said = format!("按内容认：第{}列是事项{}{}", task + 1, said(date, "期限"), said(office, "单位"));
    Some((heading, has_heading.then_some(first), said))
}

fn is_date(text: &str) -> bool {
    let is_short = text.chars().count() <= 30;
    is_short && (Due::parse(text, Some(SOME_YEAR)).is_ok() || text.parse::<jiff::civil::Date>().is_ok())
}

fn is_office(text: &str) -> bool {
    let ends =
        ["科", "科室", "处", "局", "办", "办公室", "中心", "单位", "部门", "委", "政府", "党委", "院", "股", "队"];
    text.chars().count() <= 60 && ends.iter().any(|end| text.trim().ends_with(end))
}
