//! Asks whether what vanishes from the files only has another name there.

use std::collections::BTreeSet;

use crate::{
    config::Off,
    domain::deadline::{Deadline, Roster},
    service::Office,
    store::{Result, Tx, state},
};

/// A question, in Chinese, for each section and deadline in force that the files no longer have while a new one has its
/// mailboxes or its words. `off` are the deadlines that the files switch off. Without `was`, what it reported stays
/// behind.
pub fn questions(tx: &Tx, office: &Office, deadlines: &[Deadline], off: &[Off]) -> Result<Vec<String>> {
    let mut asked = tx.get(state::ROSTER)?.map_or_else(Vec::new, |before| sections(&before, &office.roster));
    let ids = tx.ids_in_force()?;
    let written: BTreeSet<&str> =
        deadlines.iter().map(|d| d.id.as_str()).chain(off.iter().map(|off| off.id.as_str())).collect();
    let claimed: BTreeSet<&str> = deadlines.iter().filter_map(|d| d.was.as_deref()).collect();
    let fresh: Vec<&Deadline> = deadlines.iter().filter(|d| d.was.is_none() && !ids.contains(&d.id)).collect();
    for id in ids.iter().filter(|id| !written.contains(id.as_str()) && !claimed.contains(id.as_str())) {
        let Some(row) = tx.deadline(id)? else { continue };
        let Some(like) = fresh.iter().find(|new| has_its_words(new, &row.deadline)) else { continue };
        asked.push(format!(
            "编号 {id} 不见了，新的 {} 词句与它相同：只是改了编号，就在那里写 was = \"{id}\"，办结和提醒的记录都会跟过去；不是同一件事，不必改。",
            like.id
        ));
    }
    Ok(asked)
}

fn has_its_words(new: &Deadline, old: &Deadline) -> bool {
    new.title == old.title || (new.item.is_some() && new.item == old.item && new.due.rule == old.due.rule)
}

fn sections(before: &Roster, now: &Roster) -> Vec<String> {
    let gone = before.sections.iter().filter(|s| now.known_as(&s.name).is_none());
    let asked = gone.filter_map(|old| {
        let is_new = |name: &str| before.get(name).is_none();
        let shares = |email: &[_]| email.iter().any(|mailbox| old.email.contains(mailbox));
        let like = now.sections.iter().find(|s| s.was.is_none() && is_new(&s.name) && shares(&s.email))?;
        Some(format!(
            "科室“{}”不见了，新的“{}”用它的邮箱：只是改了名称，就在那一段写 was = \"{}\"，它登记过的都会跟过去；不是同一个科室，不必改。",
            old.name, like.name, old.name
        ))
    });
    asked.collect()
}
