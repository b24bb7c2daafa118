//! Duties in running text: `3.做好……工作。（责任单位：办公室；完成时限：3月底前）`.

use super::offices::{HELPS, LEADS};
use super::{
    number::leading,
    rows::{self, Became, Duty, Rows, Seen},
};
use crate::ledger::{document::Document, read::Value};

const NAMES: &[&str] =
    &["责任单位", "责任科室", "责任部门", "牵头单位", "牵头科室", "牵头部门", "承办单位", "承办科室", "落实单位"];

/// So long are offices in a bracket without a label.
const LONGEST: usize = 60;

/// The rows of the document; where it has no tables of duties, the duties of its paragraphs.
pub fn rows(document: &Document, takes_hidden: bool) -> Rows {
    let mut rows = rows::read(document, takes_hidden);
    if !rows.duties.is_empty() {
        return rows;
    }
    for (place, text) in std::mem::take(&mut rows.words) {
        let found = duties(&place, &text);
        let became = if found.is_empty() { Became::Words } else { Became::Duty(rows.duties.len()) };
        let mut found = found.into_iter();
        if let Some(duty) = found.next() {
            rows.seen.push(Seen { place: duty.place.clone(), text: text.clone(), became });
            rows.duties.push(duty);
        } else {
            rows.seen.push(Seen { place: place.clone(), text: text.clone(), became: Became::Words });
            rows.words.push((place, text));
        }
        for duty in found {
            rows.seen.push(Seen {
                place: duty.place.clone(),
                text: duty.task.clone(),
                became: Became::Duty(rows.duties.len()),
            });
            rows.duties.push(duty);
        }
    }
    rows
}

/// The duties of one paragraph: what stands before each bracket that names an office.
pub fn duties(place: &str, text: &str) -> Vec<Duty> {
    let mut duties: Vec<Duty> = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = bracket(rest) {
        rest = after;
        let task = before.trim().trim_start_matches(['。', '；', ';', ' ']).trim();
        let (number, task) = leading(task).map_or((None, task), |(n, rest)| (Some(n), rest));
        let mut duty = Duty { place: place.to_owned(), number, task: task.to_owned(), ..Duty::default() };
        for part in inside.split(['；', ';']) {
            let (name, what) = match part.split_once(['：', ':']) {
                Some(labelled) => labelled,
                None if names_roles(part) => ("", part),
                None => {
                    duty.more.push(part.trim().to_owned());
                    continue;
                }
            };
            let what = what.trim().to_owned();
            let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
            if has(&["时限", "期限", "时间", "进度", "节点"]) {
                duty.dates.push((name.trim().to_owned(), Value::Text(what)));
            } else {
                let at = if has(HELPS) { 2 } else { usize::from(has(LEADS)) };
                let cell = &mut duty.offices[at];
                *cell = if cell.is_empty() { what } else { format!("{cell}、{what}") };
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

/// `安监科牵头，各科室配合`, `办公室负责`
fn names_roles(words: &str) -> bool {
    let mut roles = LEADS.iter().chain(HELPS).chain(&["负责", "承办", "落实"]);
    words.chars().take(LONGEST + 1).count() <= LONGEST && roles.any(|role| words.ends_with(role))
}

/// Whether what stands before the end of the bracket names offices without a label.
fn is_unlabelled(inside: &str) -> bool {
    let end = inside.char_indices().take(LONGEST + 1).find(|(_, c)| "）)】]。".contains(*c));
    end.is_some_and(|(end, _)| names_roles(&inside[..end]))
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
