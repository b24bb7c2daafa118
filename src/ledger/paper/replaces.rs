//! Which duties of a plan go on in the plan of the next year: by the words of the requirement, then by number and
//! office. What goes on keeps its id, so that its occurrences do; an id that ends is given to nobody else.

use std::collections::BTreeMap;

use serde::Deserialize;
use strsim::normalized_levenshtein;

use super::rows::Duty;
use crate::text::{bare, short_line};

/// An entry of the file that is replaced.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Previous {
    pub id: String,
    #[serde(default)]
    pub item: Option<u32>,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub basis: String,
    #[serde(default)]
    pub sections: Vec<String>,
    /// What a person added: steps, leads.
    #[serde(flatten)]
    more: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    deadline: Vec<Previous>,
}

/// So alike are the words of one duty in two years.
const ALIKE: f64 = 0.75;
/// More pairs than a plan has are not compared word by word.
const MOST_PAIRS: usize = 10_000;

/// # Errors
/// In Chinese: it is no file of deadlines.
pub fn previous(text: &str) -> Result<Vec<Previous>, String> {
    let file: File = toml::from_str(text).map_err(|e| format!("不是事项文件：{}", e.message()))?;
    if file.deadline.is_empty() { Err("里面没有事项".to_owned()) } else { Ok(file.deadline) }
}

impl Previous {
    /// Those of the requirement; an entry written by hand may have a title alone.
    fn words(&self) -> String {
        first_line(if self.basis.is_empty() { &self.title } else { &self.basis })
    }
}

fn first_line(text: &str) -> String {
    bare(text.lines().next().unwrap_or_default())
}

/// By duty, the entry that it goes on from.
pub fn pairs<'p>(duties: &[Duty], before: &'p [Previous]) -> Vec<Option<&'p Previous>> {
    let mut found: Vec<Option<&Previous>> = vec![None; duties.len()];
    let old: Vec<String> = before.iter().map(Previous::words).collect();
    let new: Vec<String> = duties.iter().map(|duty| first_line(&duty.task)).collect();
    let mut alike: Vec<(f64, usize, usize)> = Vec::new();
    let is_small = old.len() * new.len() <= MOST_PAIRS;
    for (o, was) in old.iter().enumerate().filter(|(_, was)| !was.is_empty()) {
        for (n, is) in new.iter().enumerate() {
            let how = if was == is {
                1.0
            } else if is_small {
                normalized_levenshtein(was, is)
            } else {
                0.0
            };
            alike.extend((how >= ALIKE).then_some((how, o, n)));
        }
    }
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut used = vec![false; before.len()];
    let mut take = |o: usize, n: usize| {
        if !used[o] && found[n].is_none() {
            used[o] = true;
            found[n] = before.get(o);
        }
    };
    alike.iter().for_each(|(_, o, n)| take(*o, *n));
    // Reworded: the same number, and the same office.
    for (n, duty) in duties.iter().enumerate().filter(|(_, duty)| duty.number.is_some()) {
        let offices = duty.offices.join("、");
        let same = |entry: &Previous| {
            entry.item == duty.number && entry.sections.iter().any(|name| offices.contains(name.as_str()))
        };
        before.iter().enumerate().filter(|(_, entry)| same(entry)).for_each(|(o, _)| take(o, n));
    }
    found
}

/// What goes on, moves, is new, ends, and what was added by hand, in Chinese.
pub fn told(duties: &[Duty], ids: &[String], pairs: &[Option<&Previous>], before: &[Previous]) -> Vec<String> {
    let mut moved = Vec::new();
    let mut new = Vec::new();
    let mut reworded = Vec::new();
    let mut added = Vec::new();
    for ((duty, id), pair) in duties.iter().zip(ids).zip(pairs) {
        let Some(was) = pair else {
            new.push(format!("{id}“{}”", short_line(&duty.task, 30)));
            continue;
        };
        // The number may be another duty's now: a person has to look.
        if normalized_levenshtein(&was.words(), &first_line(&duty.task)) < ALIKE {
            reworded.push(format!("{id}《{}》现为“{}”", was.title, short_line(&duty.task, 30)));
        }
        if was.item != duty.number {
            let at = |n: Option<u32>| n.map_or_else(|| "没有序号".to_owned(), |n| format!("第{n}项"));
            moved.push(format!("{id}（原{}，现{}）", at(was.item), at(duty.number)));
        }
        if ["steps", "remind", "overdue", "since", "target", "escalate_to"]
            .iter()
            .any(|key| was.more.contains_key(*key))
        {
            added.push(id.clone());
        }
    }
    let goes_on = |entry: &&Previous| pairs.iter().flatten().any(|pair| pair.id == entry.id);
    let ended: Vec<String> =
        before.iter().filter(|e| !goes_on(e)).map(|e| format!("{}《{}》", e.id, e.title)).collect();
    let mut lines = vec![format!("继续 {} 项，编号不变", pairs.iter().flatten().count())];
    for (what, all) in [("移动", moved), ("新增", new), ("结束", ended)] {
        lines.extend((!all.is_empty()).then(|| format!("{what} {} 项：{}", all.len(), all.join("、"))));
    }
    let by_number = "序号和科室相同而原文不同，按同一件事算，请核对，不是一件事的改掉编号";
    lines.extend((!reworded.is_empty()).then(|| format!("{by_number}：{}", reworded.join("、"))));
    let by_hand = "原来另补的步骤、提前量没有带过来，请从放在一边的旧文件里抄回";
    lines.extend((!added.is_empty()).then(|| format!("{by_hand}：{}", added.join("、"))));
    lines
}
