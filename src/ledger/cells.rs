//! What a person may have changed in the cells of a ledger: dates and sections, as `row` writes them.

use jiff::civil::Date;

use super::{
    excel,
    read::Value,
    row::{DEFAULT, MADE_UP, TARGET, TIMES},
};
use crate::domain::{
    deadline::{ALL_SECTIONS, Roster},
    due::{Due, Rule},
};

/// Why a cell was not taken: a sentence without its full stop, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    pub instead: Vec<String>,
}

/// The date, as it goes into the deadlines file.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    pub due: String,
    pub rule: Rule,
    pub bureau_default: bool,
    pub target: Option<String>,
    pub times: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    pub sections: Vec<String>,
    pub lead: Option<String>,
    pub each: bool,
}

pub fn when(cell: Option<&Value>) -> Result<When, Trouble> {
    let words = match cell {
        None => "",
        Some(Value::Date(date)) => return Err(date_cell(*date)),
        Some(Value::Unknown(why)) => return Err(Trouble { what: why.clone(), instead: vec![] }),
        Some(Value::Text(words)) => words.as_str(),
    };
    let (mut bureau_default, mut target, mut times) = (false, None, None);
    let mut kept: Vec<&str> = Vec::new();
    for line in words.lines().map(str::trim) {
        let after = |name: &str| line.strip_prefix(name).map(|rest| rest.trim_start_matches(['：', ':']).trim());
        if line == DEFAULT {
            bureau_default = true;
        } else if let Some(words) = after(TARGET) {
            target = Some(excel::line(words)).filter(|t| !t.is_empty());
        } else if let Some(n) = after(TIMES).and_then(|n| n.trim_end_matches('次').parse().ok()) {
            times = Some(n);
        } else if !(line.starts_with("请于") && line.ends_with("前办结") || line.ends_with("）届满")) {
            kept.push(line);
        }
    }
    let words = excel::line(&kept.join(" ")).replace(MADE_UP, "");
    if words.is_empty() {
        return Err(Trouble { what: "没有写时限".into(), instead: vec![] });
    }
    match Due::parse(&words, None) {
        Ok(due) => Ok(When {
            rule: due.rule,
            due: words,
            bureau_default,
            target,
            times: times.or(due.times).filter(|_| due.times.is_none()),
        }),
        Err(refusal) => Err(Trouble { what: refusal.what, instead: refusal.instead }),
    }
}

/// Excel turns `1月31日` into a date in the year in which it was typed, so it is not known which one was meant.
fn date_cell(date: Date) -> Trouble {
    Trouble {
        what: format!("是 Excel 的日期（{date}），分不清是每年都办，还是只办一次"),
        instead: vec![
            format!("每年{}月{}日前", date.month(), date.day()),
            format!("{}年{}月{}日前", date.year(), date.month(), date.day()),
        ],
    }
}

/// The cell of 责任科室. Without a roster, every name is taken.
pub fn who(cell: &str, roster: Option<&Roster>) -> Result<Who, Trouble> {
    let mut who = Who::default();
    for part in cell.split(['、', '，', ',', ';', '；', '\n']).map(str::trim) {
        who.each |= part == "（分别办结）" || part == "(分别办结)";
        let (name, leads) = match part.split_once(['（', '(']) {
            Some((name, mark)) if mark.trim_end_matches(['）', ')']) == "牵头" => (name.trim(), true),
            Some(("", _)) => continue,
            _ => (part, false),
        };
        if let Some(first) = who.lead.as_ref().filter(|lead| leads && *lead != name) {
            let what = format!("牵头科室写了“{first}”和“{name}”，只能有一个");
            return Err(Trouble { what, instead: vec![format!("{first}（牵头）、{name}")] });
        }
        who.lead = if leads { Some(name.to_owned()) } else { who.lead };
        if !name.is_empty() && who.sections.iter().all(|known| known != name) {
            who.sections.push(name.to_owned());
        }
    }
    if who.sections.is_empty() {
        return Err(Trouble {
            what: "没有写责任科室".into(), instead: vec!["办公室".into(), ALL_SECTIONS.into()]
        });
    }
    let Some(roster) = roster else { return Ok(who) };
    let is_known = |name: &str| name == ALL_SECTIONS || roster.get(name).is_some();
    match who.sections.iter().find(|name| !is_known(name)) {
        None => Ok(who),
        Some(name) => {
            let names = roster.sections.iter().map(|s| s.name.as_str()).chain([ALL_SECTIONS]);
            Err(Trouble { what: format!("科室名册里没有“{name}”"), instead: nearest(name, names) })
        }
    }
}

/// The names that are most like this one, at most two.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let short: String = name.chars().take(40).collect();
    let likeness = |known: &str| {
        // 办公室（综合科） for 办公室: a name inside the other one counts for more than the edit distance.
        let is_inside = name.contains(known) || known.contains(name);
        strsim::normalized_damerau_levenshtein(&short, known).max(if is_inside { 0.6 } else { 0.0 })
    };
    let mut near: Vec<(f64, &str)> = names.map(|known| (likeness(known), known)).collect();
    near.retain(|(likeness, _)| *likeness >= 0.4);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(2).map(|(_, known)| known.to_owned()).collect()
}

/// The number in the plan.
pub fn number(cell: &str) -> Option<u32> {
    cell.trim().parse().ok().filter(|n| (1..=9999).contains(n))
}

/// In one line, with no braces: they would be variables.
pub fn plain_title(title: &str) -> String {
    excel::line(title).replace('{', "｛").replace('}', "｝")
}

#[cfg(test)]
#[path = "tests/cells.rs"]
mod tests;
