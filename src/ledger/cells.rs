//! What single cells of a table mean: sections, date, number, title.

use jiff::civil::Date;

use super::{
    excel,
    read::Value,
    row::{DEFAULT, MADE_UP, TARGET, TIMES},
};
use crate::{
    domain::{
        deadline::{ALL_SECTIONS, Roster},
        due::{Due, Rule},
    },
    text::{bare, is_numeral, numeral},
};

/// Why a cell was not taken: a sentence without its full stop, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    pub instead: Vec<String>,
}

/// Stands in for a date if the plan gives none.
pub const CHECK_IN: &str = "每季度末月20日";

/// The date, as it goes into the deadlines file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    /// Empty if nothing was understood, or if there are several to choose from.
    pub due: String,
    pub rule: Option<Rule>,
    pub bureau_default: bool,
    pub target: Option<String>,
    pub times: Option<u32>,
    /// How the cell was read, for the reader of the file.
    pub note: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    pub sections: Vec<String>,
    pub lead: Option<String>,
    pub each: bool,
}

/// Words of a duty without a date, longest first.
const CONTINUOUS: &[&str] = &["持续", "长期", "常态化", "常态", "常年", "全年", "贯穿", "始终", "不断", "经常性"];
const FILLERS: &[&str] = &[
    "推进", "坚持", "开展", "实施", "落实", "进行", "抓好", "做好", "任务", "工作", "执行", "保持", "更新", "加强",
    "并", "性", "全程", "，", "、", "。", "；", ",", ";", ".",
];

pub fn when(cell: Option<&Value>) -> Result<When, Trouble> {
    let words = match cell {
        None => "",
        Some(Value::Date(date)) => return Err(date_cell(*date)),
        Some(Value::Unknown(why)) => return Err(Trouble { what: why.clone(), instead: vec![] }),
        Some(Value::Text(words)) => words.as_str(),
    };
    let mut when = When::default();
    let mut kept: Vec<&str> = Vec::new();
    for line in words.lines().map(str::trim) {
        let after = |name: &str| line.strip_prefix(name).map(|rest| rest.trim_start_matches(['：', ':']).trim());
        if line == DEFAULT {
            when.bureau_default = true;
        } else if let Some(target) = after(TARGET) {
            when.target = Some(excel::line(target)).filter(|t| !t.is_empty());
        } else if let Some(times) = after(TIMES).and_then(|n| n.trim_end_matches('次').parse().ok()) {
            when.times = Some(times);
        } else if !(line.starts_with("请于") && line.ends_with("前办结") || line.ends_with("）届满")) {
            kept.push(line);
        }
    }
    let mut words = excel::line(&kept.join(" ")).replace(MADE_UP, "");
    for bracketed in ["（局内默认）", "(局内默认)"] {
        if let Some(rest) = words.strip_suffix(bracketed) {
            when.bureau_default = true;
            words = rest.trim().to_owned();
        }
    }
    if is_nothing(&words) || is_continuous(&words) {
        let written = if is_nothing(&words) {
            "没有写时限".to_owned()
        } else {
            format!("写的是“{words}”，没有日期")
        };
        return Ok(When {
            due: CHECK_IN.into(),
            rule: Due::parse(CHECK_IN, None).ok().map(|due| due.rule),
            bureau_default: true,
            note: Some(format!("{written}：按局内默认每季度检查一次，可改")),
            ..when
        });
    }
    match Due::parse(&words, None) {
        Ok(due) => Ok(When {
            rule: Some(due.rule),
            due: words,
            times: when.times.or(due.times).filter(|_| due.times.is_none()),
            ..when
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

fn is_nothing(words: &str) -> bool {
    words.chars().all(|c| matches!(c, '/' | '-' | '—' | '－' | '／' | '无' | ' '))
}

fn is_continuous(words: &str) -> bool {
    let mut rest = bare(words);
    if !CONTINUOUS.iter().any(|word| rest.contains(word)) {
        return false;
    }
    for word in CONTINUOUS.iter().chain(FILLERS) {
        rest = rest.replace(word, "");
    }
    rest.is_empty()
}

/// The cells of 责任科室, 牵头科室 and 配合科室. Without a roster, every name is taken.
pub fn who(sections: &str, lead: &str, support: &str, roster: Option<&Roster>) -> Result<Who, Trouble> {
    let mut who = Who::default();
    let leads = |mut found: Vec<Named>| {
        found.iter_mut().for_each(|named| named.leads = true);
        found
    };
    let named = leads(split(lead, roster)).into_iter().chain(split(sections, roster)).chain(split(support, roster));
    for Named { name, leads, each } in named {
        who.each |= each;
        if leads && who.lead.as_ref().is_some_and(|lead| *lead != name) {
            let first = who.lead.unwrap_or_default();
            let what = format!("牵头科室写了“{first}”和“{name}”，只能有一个");
            return Err(Trouble { what, instead: vec![format!("{first}（牵头）、{name}")] });
        }
        if leads {
            who.lead = Some(name.clone());
        }
        if !name.is_empty() && !who.sections.contains(&name) {
            who.sections.push(name);
        }
    }
    if who.sections.is_empty() {
        return Err(Trouble {
            what: "没有写责任科室".into(), instead: vec!["办公室".into(), ALL_SECTIONS.into()]
        });
    }
    let Some(roster) = roster else { return Ok(who) };
    let unknown = who.sections.iter().find(|name| !is_known(name, roster));
    unknown.map_or(Ok(()), |name| Err(not_on(name, roster))).map(|()| who)
}

fn not_on(name: &str, roster: &Roster) -> Trouble {
    let mut near: Vec<(f64, &str)> = std::iter::once(ALL_SECTIONS)
        .chain(roster.sections.iter().map(|s| s.name.as_str()))
        .map(|known| (likeness(name, known), known))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let instead = near.into_iter().take(2).map(|(_, known)| known.to_owned()).collect();
    Trouble { what: format!("科室名册里没有“{name}”"), instead }
}

fn likeness(name: &str, known: &str) -> f64 {
    // 办公室（综合科） for 办公室: a name inside the other one counts for more than the edit distance.
    let is_inside = name.contains(known) || known.contains(name);
    let name: String = name.chars().take(40).collect();
    strsim::normalized_damerau_levenshtein(&name, known).max(if is_inside { 0.6 } else { 0.0 })
}

fn is_known(name: &str, roster: &Roster) -> bool {
    name == ALL_SECTIONS || roster.get(name).is_some()
}

struct Named {
    name: String,
    leads: bool,
    each: bool,
}

fn split(cell: &str, roster: Option<&Roster>) -> Vec<Named> {
    let known = |name: &str| roster.is_some_and(|roster| is_known(name, roster));
    let mut found = Vec::new();
    for part in cell.split(['、', '，', ',', ';', '；', '/', '\n', '。']) {
        let whole: String = part.split_whitespace().collect();
        // 办 公 室, spaced out to fill the column, is one name.
        let parts: Vec<&str> =
            if known(&named(&whole).name) { vec![&whole] } else { part.split_whitespace().collect() };
        for part in parts {
            let one = named(part);
            let joined: Vec<&str> = one.name.split(['和', '与', '及']).collect();
            if joined.len() > 1 && !known(&one.name) && joined.iter().all(|name| known(name)) {
                found.extend(joined.iter().map(|name| Named {
                    name: (*name).to_owned(),
                    leads: false,
                    each: one.each,
                }));
            } else {
                found.push(one);
            }
        }
    }
    found
}

/// `办公室（牵头）`, `牵头：办公室`, `办公室牵头`; `各科室配合`.
fn named(part: &str) -> Named {
    let mut name = part.trim().to_owned();
    let (mut leads, mut each) = (false, false);
    for open in ['（', '(', '【', '['] {
        let Some((before, inside)) = name.split_once(open) else { continue };
        let inside = inside.trim_end_matches(['）', ')', '】', ']']);
        let is_word = ["牵头", "主办", "配合", "协办", "协助", "分别办结"].iter().any(|word| inside.contains(word));
        leads |= inside.contains("牵头") || inside.contains("主办");
        each |= inside.contains("分别办结");
        if is_word {
            name = before.to_owned();
        }
    }
    for word in ["牵头科室：", "牵头单位：", "牵头：", "牵头:", "由"] {
        if let Some(rest) = name.strip_prefix(word) {
            leads |= word != "由";
            name = rest.to_owned();
        }
    }
    for word in ["责任科室：", "配合科室：", "配合单位：", "配合：", "配合:"] {
        name = name.strip_prefix(word).map(str::to_owned).unwrap_or(name);
    }
    if let Some(rest) = name.strip_suffix("牵头") {
        leads = true;
        name = rest.to_owned();
    }
    name = name.strip_suffix("配合").map(str::to_owned).unwrap_or(name);
    Named { name, leads, each }
}

/// `31`, `31.`, `（31）`, `第31项`, `31-2`, `三十一`: the number in the plan.
pub fn number(cell: &str) -> Option<u32> {
    let bare = bare(cell);
    let bare = bare.trim_start_matches(['第', '(', '（', '【', '[']);
    let digits: String = bare.chars().take_while(char::is_ascii_digit).collect();
    let number = if digits.is_empty() {
        numeral(&bare.trim_end_matches(['项', ')', '、', '.', ']']).chars().collect::<Vec<_>>())
    } else {
        digits.parse().ok()
    };
    number.filter(|n| (1..=9999).contains(n))
}

/// The title: 工作任务, or the first clause of 具体要求; for rows that share one 工作任务, both.
pub fn title(task: &str, requirement: &str, is_shared: bool) -> String {
    let task = excel::line(task);
    let task = unnumbered(&task).trim_end_matches(['。', '；', '：']).to_owned();
    let clause = first_clause(unnumbered(&excel::line(requirement)));
    let title = match (task.is_empty(), is_shared && !clause.is_empty()) {
        (true, _) => clause,
        (false, true) => format!("{}：{clause}", short(&task)),
        (false, false) => short(&task),
    };
    plain_title(&title)
}

/// In one line, with no braces: they would be variables.
pub fn plain_title(title: &str) -> String {
    excel::line(title).replace('{', "｛").replace('}', "｝")
}

/// Whether it is too long for a subject; the whole text is then in `basis`.
pub fn is_long(task: &str) -> bool {
    excel::line(task).chars().count() > 60
}

/// Without `（一）`, `一、`, `1.` before it.
fn unnumbered(text: &str) -> &str {
    let bare = text.trim_start_matches(['（', '(']);
    let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit() || is_numeral(c));
    let marks: &[char] = if bare.len() < text.len() { &['）', ')'] } else { &['、', '.', '．'] };
    match rest.strip_prefix(marks) {
        // 1.5 is a number.
        Some(after) if rest.len() < bare.len() && !after.starts_with(|c: char| c.is_ascii_digit()) => {
            after.trim_start()
        }
        _ => text,
    }
}

fn short(text: &str) -> String {
    if is_long(text) { first_clause(text) } else { text.to_owned() }
}

fn first_clause(text: &str) -> String {
    let clause = text.split(['。', '；', ';', '！']).next().unwrap_or_default();
    if clause.chars().count() <= 40 {
        return clause.to_owned();
    }
    let clause = clause.split(['，', ',', '：']).next().unwrap_or_default();
    match clause.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &clause[..at]),
        None => clause.to_owned(),
    }
}

#[cfg(test)]
#[path = "tests/cells.rs"]
mod tests;
