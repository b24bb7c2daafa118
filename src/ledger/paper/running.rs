//! Duties in running text: `3.做好……工作。（责任单位：办公室；完成时限：3月底前）`.

use std::collections::BTreeSet;

use super::offices::{HELPS, LEADS};
use super::{
    number::{form, leading},
    rows::{self, Became, Duty, Rows, Seen},
    when,
};
use crate::{
    ledger::{document::Document, read::Value},
    text::{bare, short_line},
};

/// With what a bracket begins that names an office or a date, and so a paragraph that belongs to the one above.
const NAMES: &[&str] = &[
    "责任单位",
    "责任科室",
    "责任部门",
    "牵头单位",
    "牵头科室",
    "牵头部门",
    "承办单位",
    "承办科室",
    "落实单位",
    "完成时限",
    "完成时间",
    "办结时限",
];
/// What may stand behind the others in paragraphs of their own.
const MORE: &[&str] = &["配合单位", "配合科室", "配合部门", "协办单位", "责任人", "责任领导", "联系人"];
/// How the name of an office ends.
const ENDS: &[&str] = &["科", "室", "处", "局", "委", "办", "中心", "队", "站", "所", "院", "厅", "股", "政府"];

/// So long are offices in a bracket without a label.
const LONGEST: usize = 60;

/// The rows of the document, then the duties of its paragraphs. A paragraph beside tables is a row only if it is a duty.
pub fn rows(document: &Document, takes_hidden: bool) -> Rows {
    let mut rows = rows::read(document, takes_hidden);
    let has_tables = !rows.duties.is_empty();
    let (mut forms, mut numbered) = (BTreeSet::new(), Vec::new());
    let mut words = std::mem::take(&mut rows.words).into_iter().peekable();
    while let Some((place, text)) = words.next() {
        let mut labels = Vec::new();
        while let Some(label) = words.next_if(|(_, next)| is_label(next)) {
            labels.push(label);
        }
        let said: Vec<String> = labels.iter().map(|(_, label)| parted(label)).collect();
        let whole = if said.is_empty() { text.clone() } else { format!("{text}（{}）", said.join("；")) };
        let found = duties(&place, &whole);
        if found.is_empty() {
            numbered.extend(form(&text).map(|form| (form, text.clone())));
        } else {
            forms.extend(form(&text));
        }
        let mut see = |place: &str, text: &str, became| {
            if !has_tables || became != Became::Words {
                rows.seen.push(Seen { place: place.to_owned(), text: text.to_owned(), became });
            }
        };
        let at = rows.duties.len();
        let became = |duty| if found.is_empty() { Became::Words } else { duty };
        see(&place, &text, became(Became::Duty(at)));
        labels.iter().for_each(|(place, label)| see(place, label, became(Became::Continues(at))));
        for (n, duty) in found.iter().enumerate().skip(1) {
            see(&duty.place, &duty.task, Became::Duty(at + n));
        }
        if found.is_empty() {
            rows.words.extend([(place, text)].into_iter().chain(labels));
        }
        rows.duties.extend(found);
    }
    // Beside duties that are numbered so, it may be one.
    let left = numbered.into_iter().filter(|(form, text)| forms.contains(form) && !when::hints(text, false));
    rows.notes.extend(
        left.take(20).map(|(_, text)| format!("有序号而没有责任单位，没有读成事项：“{}”", short_line(&text, 60))),
    );
    rows
}

/// `责任单位：办公室`
fn is_label(text: &str) -> bool {
    let name = text.split_once(['：', ':']).map(|(name, _)| bare(name)).unwrap_or_default();
    NAMES.iter().chain(MORE).any(|label| *label == name)
}

/// `公布清单。责任单位：法制科；完成时限：6月底前`: as if the labels stood in brackets.
fn bracketed(text: &str) -> Option<String> {
    let label = |name: &&str| ['：', ':'].iter().find_map(|mark| text.find(&format!("{name}{mark}")));
    let (task, labels) = text.split_at(NAMES.iter().filter_map(label).min()?);
    let is_task = task.trim().chars().count() > 3 && bracket(text).is_none();
    let labels = labels.replace(['。', '\n'], "；");
    is_task.then(|| format!("{}（{}）", task.trim_end(), parted(labels.trim_end_matches('；'))))
}

/// Several labels in one paragraph are parted as they are in a bracket.
fn parted(text: &str) -> String {
    let words =
        text.split_whitespace().map(|word| if is_label(word) { format!("；{word}") } else { format!(" {word}") });
    words.collect::<String>().trim_start_matches(['；', ' ']).to_owned()
}

/// The duties of one paragraph: what stands before each bracket that names an office.
pub fn duties(place: &str, text: &str) -> Vec<Duty> {
    let mut duties: Vec<Duty> = Vec::new();
    let text = &bracketed(text).unwrap_or_else(|| text.to_owned());
    let mut rest = text.as_str();
    while let Some((before, inside, after)) = bracket(rest) {
        rest = after;
        let task = before.trim().trim_start_matches(['。', '；', ';', ' ']).trim();
        let (number, task) = leading(task).map_or((None, task), |(n, rest)| (Some(n), rest));
        let mut duty = Duty { place: place.to_owned(), number, task: task.to_owned(), ..Duty::default() };
        for part in inside.split(['；', ';']) {
            let (name, what) = match part.split_once(['：', ':']) {
                Some(labelled) => labelled,
                None if names_roles(part) => {
                    // What stands behind the last office: until when, how.
                    let parts: Vec<&str> = part.split(['，', ',']).collect();
                    let last = parts.iter().rposition(|part| names_roles(part)).unwrap_or(parts.len());
                    let (names, behind) = parts.split_at((last + 1).min(parts.len()));
                    for words in behind.iter().map(|words| words.trim().to_owned()) {
                        if when::hints(&words, false) {
                            duty.dates.push(("括号里".to_owned(), Value::Text(words)));
                        } else {
                            duty.more.push(words);
                        }
                    }
                    offices(&mut duty, 0, &names.join("，"));
                    continue;
                }
                None if names_offices(part) => ("", part),
                None if when::hints(part, false) => ("时限", part),
                None => {
                    duty.more.push(part.trim().to_owned());
                    continue;
                }
            };
            let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
            if has(&["时限", "期限", "时间", "进度", "节点"]) {
                duty.dates.push((name.trim().to_owned(), Value::Text(what.trim().to_owned())));
            } else if has(&["责任人", "领导", "联系"]) {
                duty.more.push(part.trim().to_owned());
            } else {
                offices(&mut duty, if has(HELPS) { 2 } else { usize::from(has(LEADS)) }, what.trim());
            }
        }
        if !duty.task.is_empty() {
            duties.push(duty);
        }
    }
    if let Some(last) = duties.last_mut() {
        let rest = rest.trim().trim_start_matches(['。', '；']).trim();
        if !rest.is_empty() {
            last.more.push(rest.to_owned());
        }
    }
    duties
}

fn offices(duty: &mut Duty, at: usize, what: &str) {
    let cell = &mut duty.offices[at];
    *cell = if cell.is_empty() { what.to_owned() } else { format!("{cell}、{what}") };
}

/// `安监科牵头，各科室配合`, `办公室、法制科按职责分工负责，持续推进`
fn names_roles(words: &str) -> bool {
    let is_role =
        |part: &str| LEADS.iter().chain(HELPS).chain(&["负责", "承办", "落实"]).any(|role| part.ends_with(role));
    words.chars().take(LONGEST + 1).count() <= LONGEST && words.split(['，', ',']).any(|part| is_role(part.trim()))
}

/// `市政府办公室、财务科`
fn names_offices(words: &str) -> bool {
    let is_office = |name: &str| (2..=15).contains(&name.chars().count()) && ENDS.iter().any(|end| name.ends_with(end));
    words.split(['、', '，', ',']).all(|name| is_office(name.trim()))
}

/// Whether what stands before the end of the bracket names offices without a label; their names alone do so at the end
/// of a paragraph.
fn is_unlabelled(inside: &str) -> bool {
    let end = inside.char_indices().take(LONGEST + 1).find(|(_, c)| "）)】]。".contains(*c));
    end.is_some_and(|(end, mark)| {
        let behind = inside[end + mark.len_utf8()..].trim_start_matches(['。', '；', ' ']);
        names_roles(&inside[..end]) || (behind.is_empty() || behind.starts_with('\n')) && names_offices(&inside[..end])
    })
}

/// What stands before the next bracket that names an office, in it, and after it.
fn bracket(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find(['（', '(', '【', '[']).map(|at| from + at) {
        let open = text[at..].chars().next()?.len_utf8();
        let inside = &text[at + open..];
        if NAMES.iter().any(|name| inside.starts_with(name)) || is_unlabelled(inside) {
            // Brackets inside hold together: 各县（市、区）政府.
            let mut depth = 1usize;
            for (end, c) in inside.char_indices() {
                depth = match c {
                    '（' | '(' | '【' | '[' => depth + 1,
                    '）' | ')' | '】' | ']' => depth - 1,
                    _ => depth,
                };
                if depth == 0 {
                    return Some((&text[..at], &inside[..end], &inside[end + c.len_utf8()..]));
                }
            }
            return Some((&text[..at], inside, ""));
        }
        from = at + open;
    }
    None
}
