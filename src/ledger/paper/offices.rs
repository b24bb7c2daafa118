//! Who answers for a duty, as the cells have it. Nobody is dropped: a name that is not known is asked about.

use super::answers::Answers;
use crate::{
    domain::deadline::{ALL_SECTIONS, Roster},
    ledger::cells::nearest,
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offices {
    pub sections: Vec<String>,
    pub lead: Option<String>,
    pub notes: Vec<String>,
    /// Names that a person must say: what was written, and the nearest on the roster.
    pub unknown: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    name: String,
    leads: bool,
    helps: bool,
}

/// Words for several offices: which, only the bureau knows.
const SEVERAL: &[&str] = &[
    "全局",
    "机关各科室",
    "局机关各科室",
    "局机关",
    "局属各单位",
    "局属单位",
    "各单位",
    "各部门",
    "全体",
    "相关科室",
    "有关科室",
    "各相关科室",
    "各有关科室",
    "各责任科室",
    "相关单位",
    "有关单位",
    "各有关单位",
    "相关部门",
    "有关部门",
    "各有关部门",
    "局各科室",
    "其他科室",
    "其他各科室",
    "等部门",
    "等单位",
    "等科室",
    "市有关单位",
    "各处室",
    "全局各科室",
];

/// `cells`: 责任, 牵头, 配合.
pub fn read(cells: &[String; 3], roster: Option<&Roster>, answers: &Answers) -> Offices {
    let mut offices = Offices::default();
    let known = |name: &str| name == ALL_SECTIONS || roster.is_some_and(|r| r.get(name).is_some());
    let mut named: Vec<Named> = split(&cells[1], &known);
    named.iter_mut().for_each(|named| named.leads = true);
    named.extend(split(&cells[0], &known));
    named.extend(split(&cells[2], &known).into_iter().map(|named| Named { leads: false, ..named }));
    // 办公室，各科室配合
    if named.iter().all(|named| !named.leads) && named.iter().any(|named| named.helps) {
        named.iter_mut().filter(|named| !named.helps).take(1).for_each(|named| named.leads = true);
    }
    for Named { name, leads, .. } in named {
        let names = match answers.offices.get(&name) {
            Some(names) => names.clone(),
            None if known(&name) => vec![name],
            // What cannot be read stands in brackets.
            None if roster.is_none() && !SEVERAL.contains(&name.as_str()) && !name.starts_with('（') => vec![name],
            None => {
                let all = roster.into_iter().flat_map(|roster| roster.sections.iter().map(|s| s.name.as_str()));
                let near = nearest(&name, all).into_iter().chain(roster.map(|_| ALL_SECTIONS.to_owned())).collect();
                offices.unknown.push((name, near));
                continue;
            }
        };
        for name in names {
            if leads && name != ALL_SECTIONS {
                match &offices.lead {
                    None => offices.lead = Some(name.clone()),
                    Some(first) if *first != name => {
                        offices.notes.push(format!("原文有几个牵头的：{first}、{name}，lead 只写第一个，请核对"));
                    }
                    Some(_) => {}
                }
            }
            if !offices.sections.contains(&name) {
                offices.sections.push(name);
            }
        }
    }
    if offices.sections.len() < 2 {
        offices.lead = None;
    }
    // 各科室（办公室汇总）: what the bracket says is no office's name.
    let is_role = |words: &str| LEADS.iter().chain(HELPS).any(|role| words.ends_with(role));
    let inside =
        |cell: &String| cell.split(OPEN).skip(1).any(|rest| !is_role(rest.split(CLOSE).next().unwrap_or(rest)));
    if roster.is_some() && offices.unknown.is_empty() && cells.iter().any(inside) {
        offices.notes.push(format!(
            "责任单位原文是“{}”",
            cells.iter().filter(|c| !c.is_empty()).cloned().collect::<Vec<_>>().join("、")
        ));
    }
    offices
}

const OPEN: &[char] = &['（', '(', '【', '['];
const CLOSE: &[char] = &['）', ')', '】', ']'];
const SEPARATORS: &[char] = &['、', '，', ',', ';', '；', '/', '／', '。', '\n', '\t'];
pub(super) const LEADS: &[&str] = &["牵头", "主办", "主责"];
pub(super) const HELPS: &[&str] = &["配合", "协办", "协助", "参与", "参加"];

fn split(cell: &str, known: &impl Fn(&str) -> bool) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    // `牵头单位：甲、乙；配合单位：丙`: a label holds until the next.
    let mut label: Option<bool> = None;
    for part in parts(cell, known) {
        let mut part = part.trim();
        if let Some((before, after)) = part.split_once(['：', ':']) {
            label = Some(LEADS.iter().any(|word| before.contains(word)));
            part = if before.starts_with(OPEN) { after.trim_end_matches(CLOSE) } else { after }.trim();
        }
        if part.starts_with(OPEN) && part.ends_with(CLOSE) {
            // What cannot be read is one thing.
            one(part, label, known, &mut found);
            continue;
        }
        let joined: String = part.split_whitespace().collect();
        // 办 公 室, spaced out to fill the column, is one name; 办公室 法制科 are two.
        let is_spaced = part.split_whitespace().all(|word| word.chars().count() == 1) || known(&joined);
        let words: Vec<&str> = if is_spaced { vec![&joined] } else { part.split_whitespace().collect() };
        for word in words {
            one(word, label, known, &mut found);
        }
    }
    found
}

/// Cuts where names end; brackets hold together, and so does a name that the column's width broke.
fn parts(cell: &str, known: &impl Fn(&str) -> bool) -> Vec<String> {
    let is_listed = cell.contains(['、', '，', ',', '；', ';']);
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    for (at, c) in cell.char_indices() {
        depth = if OPEN.contains(&c) { depth + 1 } else { depth.saturating_sub(usize::from(CLOSE.contains(&c))) };
        if c == '\n' {
            let current = parts.last().map_or("", String::as_str);
            let next = cell[at..].trim_start_matches('\n').lines().next().unwrap_or_default();
            let ends = known(current.trim()) || next.contains(['：', ':']) || !is_listed && is_name(current);
            if !ends || next.starts_with(OPEN) {
                continue;
            }
        }
        if SEPARATORS.contains(&c) && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn is_name(text: &str) -> bool {
    let ends = [
        "科", "室", "处", "局", "委", "办", "中心", "会", "队", "站", "所", "院", "部", "厅", "府", "组", "股", "位",
        "门", "头", "合",
    ];
    let text = text.trim().trim_end_matches(CLOSE);
    text.chars().count() >= 2 && ends.iter().any(|end| text.ends_with(end))
}

fn one(word: &str, label: Option<bool>, known: &impl Fn(&str) -> bool, found: &mut Vec<Named>) {
    let mut name = word.trim_matches(['.', '·', '“', '”', '*', '＊', '★', '☆', '▲', '●', '※']).to_owned();
    if let Some((first, second)) = name.split_once("会同").filter(|_| !known(&name)) {
        one(first, Some(true), known, found);
        return one(second, Some(false), known, found);
    }
    let (mut leads, mut helps) = (label == Some(true), false);
    let (mut helpers, mut also): (Vec<Named>, Vec<Named>) = (Vec::new(), Vec::new());
    if let Some(at) = name.find(OPEN)
        && let Some(end) = name.rfind(CLOSE)
        && at < end
    {
        let inside = name[at..end].trim_start_matches(OPEN).to_owned();
        let before = name[..at].to_owned();
        let after = name[end..].trim_start_matches(CLOSE).to_owned();
        let is_role = |words: &[&str]| words.iter().any(|word| inside.ends_with(word) || inside.starts_with(word));
        if !before.is_empty() && (is_role(LEADS) || is_role(HELPS)) {
            // 办公室（牵头）; 法制科（办公室配合）.
            let alone = inside.chars().count() <= 2;
            leads |= is_role(LEADS) && alone;
            if !alone {
                helpers = split(&inside, known);
                leads |= is_role(HELPS);
            }
            name = before + &after;
        } else if known(&before) && after.is_empty() && !known(&name) {
            // 人事科（机关党委）: two offices, or one with two names.
            also = split(&inside, known).into_iter().filter(|named| known(&named.name)).collect();
            name = before;
        } else if before.is_empty() && after.is_empty() && known(&inside) {
            name = inside;
        }
    }
    name = name.strip_prefix('由').map(str::to_owned).filter(|_| !known(&name)).unwrap_or(name);
    for (words, is_lead) in [(LEADS, true), (HELPS, false)] {
        for word in words {
            let tails = [format!("{word}落实"), format!("{word}实施"), format!("{word}负责"), (*word).to_owned()];
            if let Some(rest) = tails.iter().find_map(|tail| name.strip_suffix(tail.as_str())) {
                leads |= is_lead;
                helps |= !is_lead;
                name = rest.to_owned();
            }
        }
    }
    if !known(&name)
        && let Some(who) = name.strip_suffix("负责")
    {
        let how = ["按各自职责分工", "按职责分工", "按照职责分工", "按各自职责", "按职责", "按分工", "分别", "共同"];
        name = how.iter().find_map(|how| who.strip_suffix(how)).unwrap_or(who).to_owned();
    }
    let mut names = vec![name.clone()];
    if !known(&name) {
        let both: Vec<&str> = name.split(['和', '与', '及']).collect();
        if both.len() > 1 && both.iter().all(|name| known(name)) {
            names = both.into_iter().map(str::to_owned).collect();
        } else if let Some((first, more)) = name.split_once('等') {
            // 市税务局等市有关单位; a single 等 only ends a list.
            names = [first, more].iter().filter(|n| !n.is_empty()).map(|n| (*n).to_owned()).collect();
            let is_open = ["", "部门", "单位", "科室"].contains(&more);
            if is_open && !more.is_empty() {
                names = vec![first.to_owned(), format!("等{more}")];
            }
        }
    }
    for name in names {
        let name = name.trim().to_owned();
        if !name.is_empty() {
            found.push(Named { name, leads, helps });
        }
    }
    found.extend(also);
    found.extend(helpers.into_iter().map(|named| Named { leads: false, helps: true, ..named }));
}
