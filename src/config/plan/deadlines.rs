//! Reads a `[[deadline]]` into a [`Deadline`], with the checks that need no other entry.

use std::{ops::Range, rc::Rc};

use super::dates;
use crate::{
    config::{
        source::text::Source,
        syntax::{
            meant::nearest,
            table::{Table, Text},
        },
    },
    domain::{
        calendar::Calendar,
        deadline::{Deadline, Done, Lead, default_leads, default_overdue},
        due::{Due, Rule},
    },
};

pub const KEYS: &[&str] = &[
    "id",
    "was",
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
    "help_by",
    "done",
    "times",
    "since",
    "bureau_default",
    "off",
];

const MAX_TIMES: i64 = 366;
const MAX_OVERDUE: i64 = 366;
const LONGEST_TEXT: usize = 20_000;
const LONGEST_TITLE: usize = 200;

/// The variables of a title, for the error about an unknown one.
const VARIABLES: &str =
    "{year} 当期年份、{last_year} 上一年、{next_year} 下一年、{half} 上/下、{quarter} 季度、{month} 月份";

/// A file's defaults for its deadlines.
#[derive(Debug, Default)]
pub struct Defaults {
    pub year: Option<i16>,
    pub remind: Option<Vec<Lead>>,
    pub overdue: Option<Vec<u16>>,
}

impl Defaults {
    pub fn read(table: &Table<'_>) -> Self {
        let year = table.integer("year", 2000..=2100).and_then(|year| i16::try_from(year).ok());
        Self { year, remind: remind(table), overdue: overdue(table) }
    }
}

/// A name and its place in the file.
pub type Named = (String, Range<usize>);

/// An entry whose sections are not looked up yet: they may be in a later file.
#[derive(Debug)]
pub struct Draft {
    pub source: Rc<Source>,
    pub id: Option<Named>,
    pub was: Option<Named>,
    pub is_off: bool,
    pub sections: Vec<Named>,
    pub lead: Option<Named>,
    /// `None` where something is missing or wrong.
    pub whole: Option<Deadline>,
}

pub fn read(source: &Rc<Source>, table: &Table<'_>, defaults: &Defaults) -> Draft {
    table.known();
    let off = table.boolean("off").unwrap_or(false);
    for example in [
        "id = \"annual-report\"",
        "title = \"发布政府信息公开工作年度报告\"",
        "due = \"每年1月31日前\"",
        "sections = [\"办公室\"]",
    ] {
        // What is switched off may wait for its date.
        if !(off && example.starts_with("due")) {
            table.missing(example);
        }
    }
    let id = self::id(table, "id");
    let was = self::id(table, "was");
    let sections = sections(table);
    let lead = table.text("lead").map(|text| (text.value.trim().to_owned(), text.at));
    let due = dates::due(table, defaults.year);
    let title_text = table.text("title");
    let title = title_text.as_ref().and_then(|text| title(table, text));
    let target = due.as_ref().and_then(|due| dates::target(table, due));
    let item = table.integer("item", 1..=9999).and_then(|n| u32::try_from(n).ok());
    let (basis, steps) = (basis(table), steps(table));
    let (remind, overdue) = (remind(table), overdue(table));
    let escalate_to = table.mailboxes("escalate_to");
    let done = done(table);
    let help_by = help_by(table, lead.is_some() && done == Done::Any);
    let times = times(table, due.as_ref());
    let since = table.date("since");
    let bureau_default = table.boolean("bureau_default").unwrap_or(false);
    let whole = (|| {
        let due = due?;
        Some(Deadline {
            id: id.clone()?.0,
            was: was.as_ref().map(|(was, _)| was.clone()),
            item,
            title: title?,
            target,
            sections: sections.iter().map(|(name, _)| name.clone()).collect(),
            lead: lead.as_ref().map(|(name, _)| name.clone()),
            basis,
            help_by,
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
        title_fits(table, text, deadline);
        dates::target_fits(table, deadline);
    }
    Draft { source: Rc::clone(source), id, was, is_off: off, sections, lead, whole }
}

/// The id under this key: `id`, or `was`.
fn id(table: &Table<'_>, key: &str) -> Option<Named> {
    let text = table.text(key)?;
    let id = text.value;
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fault = match id {
        "" => format!("{key} 是空的"),
        id if id.len() > 64 => format!("{key} 超过 64 个字符"),
        id => match id.chars().find(|c| !sound(*c)) {
            Some(c) => format!("{key} 里不能有“{c}”，只用英文小写字母、数字和连字符 -"),
            None if id.starts_with('-') || id.ends_with('-') => format!("{key} 的头尾不能是连字符 -"),
            None => return Some((id.to_owned(), text.at.clone())),
        },
    };
    let mended: String =
        id.to_lowercase().replace(['_', ' ', '.', '/'], "-").chars().filter(|c| sound(*c)).take(60).collect();
    let mended = mended.trim_matches('-');
    // What is left of a Chinese id says nothing.
    let base = if id.is_ascii() && !mended.is_empty() { mended.to_owned() } else { nth(table, &text) };
    let is_free = |id: &String| !table.source.text.contains(&format!("\"{id}\""));
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    let free = [base.clone()].into_iter().chain(numbered).find(is_free).unwrap_or_default();
    table.error(text.at.clone(), fault, format!("{key} = \"{free}\""));
    None
}

/// `entry-3` for the third entry of a file. `import` gives other names.
fn nth(table: &Table<'_>, text: &Text<'_>) -> String {
    format!("entry-{}", table.source.text[..text.at.start].matches("[[deadline]]").count().max(1))
}

fn sections(table: &Table<'_>) -> Vec<Named> {
    let texts = table.texts("sections");
    if table.is_empty("sections") {
        table.error(table.at_key("sections"), "sections 是空的：不知道提醒谁", "sections = [\"办公室\"]");
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

/// The title, if its length and its variables are right.
fn title(table: &Table<'_>, text: &Text<'_>) -> Option<String> {
    let title = text.value.trim();
    if title.is_empty() {
        table.error(text.at.clone(), "title 是空的", "title = \"发布政府信息公开工作年度报告\"");
        return None;
    }
    let long = title.chars().count();
    if long > LONGEST_TITLE {
        table.error(
            text.at.clone(),
            format!("title 有 {long} 个字，最多 {LONGEST_TITLE} 个"),
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

/// Reports title variables that the deadline's periods cannot fill: a year has no quarter.
fn title_fits(table: &Table<'_>, text: &Text<'_>, deadline: &Deadline) {
    if !text.value.contains('{') {
        return;
    }
    let period = match &deadline.due.rule {
        // The reference of a case is written by hand: no variable can be read from it.
        Rule::Case { .. } => Some("-".to_owned()),
        rule => rule.first_terms(&Calendar::default()).next().map(|term| term.period),
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
    if table.is_empty("remind") {
        table.warn(table.at_key("remind"), "remind 是空的：到期之前不会提醒", "要停用一个事项，写 off = true");
    }
    Some(leads)
}

/// The day of those who help: `提前5个工作日`.
fn help_by(table: &Table<'_>, has_helpers: bool) -> Option<Lead> {
    let text = table.text("help_by")?;
    let lead = text.value.parse::<Lead>().ok().filter(|lead| *lead != Lead::Days(0));
    if lead.is_none() {
        let what = format!("“{}”不是提前量", text.value);
        table.error(text.at.clone(), what, "help_by = \"提前5个工作日\"：配合科室比牵头科室早几天报材料");
    } else if !has_helpers {
        let what = "help_by 是配合科室报材料的日子，这个事项没有配合科室";
        table.error(text.at.clone(), what, "写上 lead（牵头科室）；各科室各自办结的（done = \"each\"），删去 help_by");
    }
    lead
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
        table.error(
            table.at_key("times"),
            format!("times 是 {times}，due 里写的是 {said} 次"),
            "删去 times，或改成一样",
        );
    }
    Some(times)
}
