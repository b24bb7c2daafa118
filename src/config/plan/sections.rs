//! Reads the `[[section]]` tables into the roster.

use std::{collections::HashMap, ops::Range, rc::Rc};

use toml::Spanned;

use crate::{
    config::{
        source::{finding::Collector, text::Source},
        syntax::table::{Table, Text},
    },
    domain::deadline::{ALL_SECTIONS, Mailbox, Roster, Section},
};

pub const KEYS: &[&str] = &["name", "was", "email", "leader", "in_all"];

const LONGEST_NAME: usize = 60;

/// A section, with the places of its name and mailboxes.
#[derive(Debug)]
pub struct Draft {
    source: Rc<Source>,
    at: Range<usize>,
    email_at: Range<usize>,
    section: Section,
}

pub fn read(source: &Rc<Source>, table: &Table<'_>) -> Option<Draft> {
    table.known();
    table.missing("name = \"办公室\"");
    let email = table.mailboxes("email");
    let leader = table.mailboxes("leader").unwrap_or_default();
    let in_all = table.boolean("in_all").unwrap_or(true);
    let name = self::name(table, &table.text("name")?)?;
    let at = table.at_key("name");
    let email_at = table.get("email").map_or(at.clone(), Spanned::span);
    if email.as_ref().is_none_or(Vec::is_empty)
        && !source.is_broken()
        // A wrong value has been reported already.
        && (table.get("email").is_none() || table.is_empty("email"))
        && !table.is_meant("email")
    {
        let what = format!("“{name}”没有邮箱：它的提醒会发给管理员代转");
        table.warn(email_at.clone(), what, "email = [\"name@example.test\"]");
    }
    let was = table.text("was").and_then(|text| self::name(table, &text));
    let section = Section { name, was, email: email.unwrap_or_default(), leader, in_all };
    Some(Draft { source: Rc::clone(source), at, email_at, section })
}

fn name(table: &Table<'_>, text: &Text<'_>) -> Option<String> {
    let name = text.value.trim();
    match name_fault(name) {
        None => Some(name.to_owned()),
        Some((what, instead)) => {
            table.error(text.at.clone(), what, instead);
            None
        }
    }
}

/// Why this cannot be a section's name, and what to write instead.
pub fn name_fault(name: &str) -> Option<(String, &'static str)> {
    match name {
        "" => Some(("科室名称是空的".to_owned(), "name = \"办公室\"")),
        ALL_SECTIONS => Some((format!("“{ALL_SECTIONS}”是全部科室的统称，不能当作一个科室"), "写具体科室的名称")),
        name if name.chars().count() > LONGEST_NAME => Some((format!("科室名称超过 {LONGEST_NAME} 个字"), "写简称")),
        _ => None,
    }
}

/// Puts all sections on one roster. A repeated name is an error, a repeated mailbox a warning.
pub fn roster(drafts: Vec<Draft>, report: &Collector) -> Roster {
    let mut names: HashMap<&str, &Draft> = HashMap::new();
    let mut mailboxes: HashMap<&Mailbox, &Draft> = HashMap::new();
    for draft in &drafts {
        let name = &draft.section.name;
        if let Some(was) = draft.section.was.as_ref().filter(|was| drafts.iter().any(|d| d.section.name == **was)) {
            let what = format!("was 写“{was}”，名册里却还有科室“{was}”");
            report.error(&draft.source, draft.at.clone(), what, "was 写这个科室原来的名称；没有改名就删去 was");
        }
        if let Some(first) = names.get(name.as_str()) {
            let other = first.source.name_of(&first.at);
            let what = format!("科室“{name}”写了两次，另一处在 {other}");
            report.error(&draft.source, draft.at.clone(), what, "合成一段，或改名");
            continue;
        }
        names.insert(name, draft);
        for mailbox in &draft.section.email {
            match mailboxes.get(mailbox) {
                Some(first) => {
                    let what = format!("{mailbox} 也是“{}”的邮箱：两个科室的提醒会合在一封信里", first.section.name);
                    report.warn(&draft.source, draft.email_at.clone(), what, "如果本来就共用一个邮箱，不必改");
                }
                None => {
                    mailboxes.insert(mailbox, draft);
                }
            }
        }
    }
    Roster { sections: drafts.into_iter().map(|draft| draft.section).collect() }
}
