//! `[[deadline]]` → a [`Deadline`], as far as one entry alone can tell.

use std::{cell::RefCell, collections::HashMap, ops::Range, rc::Rc};

use super::{target, title};
use crate::{
    config::{
        source::files::Source,
        syntax::table::{Table, Text},
    },
    domain::{
        deadline::{Deadline, Done, Lead, default_leads, default_overdue},
        due::{Due, Refusal},
    },
};

pub const TOP: &[&str] = &["include", "year", "remind", "overdue", "section", "deadline"];

pub const KEYS: &[&str] = &[
    "id",
    "item",
    "title",
    "due",
    "target",
    "sections",
    "lead",
    "basis",
    "steps",
    "remind",
    "overdue",
    "escalate_to",
    "done",
    "times",
    "since",
    "bureau_default",
    "off",
];

/// Where a key belongs that stands in the wrong table.
pub const ELSEWHERE: &[(&[&str], &str)] =
    &[(TOP, "文件开头，第一个 [[ ]] 之前"), (KEYS, " [[deadline]] 下面"), (super::sections::KEYS, " [[section]] 下面")];

const MAX_TIMES: i64 = 366;
const MAX_OVERDUE: i64 = 366;
const LONGEST_TEXT: usize = 20_000;

/// What a file says of all its deadlines.
#[derive(Debug, Default)]
pub struct Defaults {
    pub year: Option<i16>,
    pub remind: Option<Vec<Lead>>,
    pub overdue: Option<Vec<u16>>,
    /// What many deadlines of the file have in common: their `due`, once understood.
    known: RefCell<HashMap<String, Due>>,
}

/// Different `due`s that are kept; a file with more has few in common.
const MOST_KNOWN: usize = 1000;

/// A name and where it stands.
pub type Named = (String, Range<usize>);

/// An entry, its sections not yet looked up: they may stand in a later file.
#[derive(Debug)]
pub struct Draft {
    pub source: Rc<Source>,
    pub id: Option<Named>,
    pub sections: Vec<Named>,
    pub lead: Option<Named>,
    /// `None` where something is missing or wrong.
    pub whole: Option<Deadline>,
}

pub fn defaults(table: &Table<'_>) -> Defaults {
    Defaults {
        year: table.integer("year", 2000..=2100).and_then(|year| i16::try_from(year).ok()),
        remind: remind(table),
        overdue: overdue(table),
        known: RefCell::default(),
    }
}

pub fn read(source: &Rc<Source>, table: &Table<'_>, defaults: &Defaults) -> Draft {
    table.known(KEYS, ELSEWHERE);
    for example in [
        "id = \"annual-report\"",
        "title = \"发布政府信息公开工作年度报告\"",
        "due = \"每年1月31日前\"",
        "sections = [\"办公室\"]",
    ] {
        table.missing(example, KEYS);
    }
    let id = table.text("id").and_then(|text| id(table, &text));
    let sections = sections(table);
    let lead = table.text("lead").map(|text| (text.value.trim().to_owned(), text.at));
    let due = table.long_text("due").and_then(|text| due(table, &text, defaults));
    let title_text = table.text("title");
    let title = title_text.as_ref().and_then(|text| title::read(table, text));
    let target = due.as_ref().and_then(|due| target::read(table, due));
    let item = table.integer("item", 1..=9999).and_then(|n| u32::try_from(n).ok());
    let (basis, steps) = (basis(table), steps(table));
    let (remind, overdue) = (remind(table), overdue(table));
    let escalate_to = super::mailboxes::read(table, "escalate_to");
    let done = done(table);
    let times = times(table, due.as_ref());
    let since = table.date("since");
    let bureau_default = table.boolean("bureau_default").unwrap_or(false);
    let off = table.boolean("off").unwrap_or(false);
    let whole = (|| {
        let due = due?;
        Some(Deadline {
            id: id.clone()?.0,
            item,
            title: title?,
            target,
            sections: sections.iter().map(|(name, _)| name.clone()).collect(),
            lead: lead.as_ref().map(|(name, _)| name.clone()),
            basis,
            steps,
            remind: remind.or_else(|| defaults.remind.clone()).unwrap_or_else(|| default_leads(due.rule.frequency())),
            overdue: overdue.or_else(|| defaults.overdue.clone()).unwrap_or_else(default_overdue),
            escalate_to,
            done,
            times: times.or(due.times).unwrap_or(1),
            since,
            bureau_default,
            off,
            due,
        })
    })();
    if let (Some(deadline), Some(text)) = (&whole, &title_text) {
        title::fits(table, text, deadline);
        target::fits(table, deadline);
    }
    Draft { source: Rc::clone(source), id, sections, lead, whole }
}

fn id(table: &Table<'_>, text: &Text<'_>) -> Option<Named> {
    let id = text.value;
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fault = match id {
        "" => "id 是空的".to_owned(),
        id if id.len() > 64 => "id 超过 64 个字符".to_owned(),
        id => match id.chars().find(|c| !sound(*c)) {
            Some(c) => format!("id 里不能有“{c}”，只用英文小写字母、数字和连字符 -"),
            None if id.starts_with('-') || id.ends_with('-') => "id 的头尾不能是连字符 -".to_owned(),
            None => return Some((id.to_owned(), text.at.clone())),
        },
    };
    let mended: String =
        id.to_lowercase().replace(['_', ' ', '.', '/'], "-").chars().filter(|c| sound(*c)).take(64).collect();
    let mended = mended.trim_matches('-');
    let example = if mended.is_empty() { "annual-report" } else { mended };
    table.error(text.at.clone(), fault, format!("id = \"{example}\""));
    None
}

fn sections(table: &Table<'_>) -> Vec<Named> {
    let texts = table.texts("sections");
    let empty = table.get("sections").and_then(|v| v.get_ref().as_array()).is_some_and(|a| a.iter().next().is_none());
    if empty {
        let at = table.get("sections").map_or(table.at(), |v| table.span(v));
        table.error(at, "sections 是空的：不知道提醒谁", "sections = [\"办公室\"]");
    }
    let mut names: Vec<Named> = Vec::new();
    for text in texts.unwrap_or_default() {
        let name = text.value.trim().to_owned();
        match names.iter().any(|(known, _)| *known == name) {
            false => names.push((name, text.at)),
            true => table.error(text.at, format!("“{name}”写了两次"), "留下一个"),
        }
    }
    names
}

fn due(table: &Table<'_>, text: &Text<'_>, defaults: &Defaults) -> Option<Due> {
    let mut known = defaults.known.borrow_mut();
    if let Some(due) = known.get(text.value) {
        return Some(due.clone());
    }
    let due = Due::parse(text.value, defaults.year).map_err(|refusal| refused(table, text, refusal)).ok()?;
    if known.len() < MOST_KNOWN {
        known.insert(text.value.to_owned(), due.clone());
    }
    Some(due)
}

/// What the words of `due` say of themselves, at their place in the file.
pub fn refused(table: &Table<'_>, text: &Text<'_>, refusal: Refusal) {
    let at = if refusal.at.is_empty() { text.at.clone() } else { text.part(table.source, refusal.at) };
    let forms: Vec<String> = refusal.instead.iter().map(|form| format!("“{form}”")).collect();
    table.error(at, refusal.what, forms.join(" 或 "));
}

fn basis(table: &Table<'_>) -> Option<String> {
    let text = table.long_text("basis")?;
    if text.value.chars().count() > LONGEST_TEXT {
        table.error(text.at.clone(), format!("basis 超过 {LONGEST_TEXT} 个字"), "只摘有关的一段");
    }
    Some(text.value.trim().to_owned()).filter(|basis| !basis.is_empty())
}

fn steps(table: &Table<'_>) -> Vec<String> {
    let texts = table.texts("steps").unwrap_or_default();
    let steps = texts.into_iter().filter_map(|text| match text.value.trim() {
        "" => {
            table.error(text.at, "有一步是空的", "删去它，或写上要做什么");
            None
        }
        step => Some(step.to_owned()),
    });
    steps.collect()
}

fn remind(table: &Table<'_>) -> Option<Vec<Lead>> {
    let mut leads: Vec<Lead> = Vec::new();
    for text in table.texts("remind")? {
        match text.value.parse::<Lead>() {
            Ok(lead) if leads.contains(&lead) => {
                table.error(text.at, format!("提前量 {lead} 写了两次"), "留下一个");
            }
            Ok(lead) => leads.push(lead),
            Err(_) => {
                let what = format!("“{}”不是提前量", text.value);
                table.error(text.at, what, "\"30天\"、\"7个工作日\" 或 \"当天\"，数字最大 366");
            }
        }
    }
    if let Some(value) =
        table.get("remind").filter(|v| v.get_ref().as_array().is_some_and(|a| a.iter().next().is_none()))
    {
        table.warn(table.span(value), "remind 是空的：到期之前不会提醒", "要停用一个事项，写 off = true");
    }
    Some(leads)
}

fn overdue(table: &Table<'_>) -> Option<Vec<u16>> {
    let mut days: Vec<u16> = Vec::new();
    for (day, at) in table.integers("overdue", 1..=MAX_OVERDUE)? {
        let Ok(day) = u16::try_from(day) else { continue };
        if days.last().is_some_and(|last| *last >= day) {
            table.error(at, "逾期后第几个工作日，要从小到大写，不重复", "overdue = [1, 3, 8]");
        } else {
            days.push(day);
        }
    }
    Some(days)
}

fn done(table: &Table<'_>) -> Done {
    match table.text("done") {
        None => Done::Any,
        Some(text) => match text.value.trim() {
            "any" => Done::Any,
            "each" => Done::Each,
            other => {
                let what = format!("done 不能写“{other}”");
                table.error(text.at, what, "\"any\"（一个科室办结即可）或 \"each\"（每个科室都要办结）");
                Done::Any
            }
        },
    }
}

fn times(table: &Table<'_>, due: Option<&Due>) -> Option<u32> {
    let times = table.integer("times", 1..=MAX_TIMES).and_then(|n| u32::try_from(n).ok())?;
    if let Some(said) = due.and_then(|due| due.times).filter(|said| *said != times) {
        let at = table.get("times").map_or(table.at(), |value| table.span(value));
        table.error(at, format!("times 是 {times}，due 里写的是 {said} 次"), "删去 times，或改成一样");
    }
    Some(times)
}
