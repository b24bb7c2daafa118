//! Makes files from answers: the shipped files, with their comments, and the answers as values.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, zeroize::Zeroizing};
use unicode_width::UnicodeWidthStr;

use super::{Answers, Draft, Plan, STATE, Unit};
use crate::{
    config::secret,
    domain::deadline::{Mailbox, Section},
    net::Server,
    text::quoted,
};

const SETTINGS: &str = "duban.toml";
pub const DEADLINES: &str = "deadlines.toml";
/// What a document becomes.
const PLAN: &str = "plan.toml";
const SHIPPED: [(&str, &str); 2] = [
    (SETTINGS, include_str!("../../../../config/duban.toml")),
    (DEADLINES, include_str!("../../../../config/deadlines.toml")),
];
/// Values that the package changes in the shipped files: from, to.
const PACKAGED: [(&str, &str); 3] = [
    ("../var/duban.db", "/var/lib/duban/duban.db"),
    ("../var/mail", "/var/lib/duban/mail"),
    ("../seeds/jiangmen-2022.toml", "plans/jiangmen-2022.toml"),
];
macro_rules! holidays {
    ($($year:literal)*) => { [$((concat!($year, ".toml"), include_str!(concat!("../../../../config/holidays/", $year, ".toml")))),*] };
}
const HOLIDAYS: [(&str, &str); 7] = holidays!["2020" "2021" "2022" "2023" "2024" "2025" "2026"];
/// The line at which the bureau's own deadlines begin in the shipped file.
const OWN: &str = "# ── 本局自己的事项";
/// A deadline that every bureau has, so that a first plan is not empty.
const ANNUAL_REPORT: &str = r#"
[[deadline]]
id       = "annual-report"
title    = "发布{last_year}年度《政府信息公开工作年度报告》"
due      = "每年1月31日前"
sections = [{section}]
basis    = "《政府信息公开条例》第四十九条：“县级以上人民政府部门应当在每年1月31日前向本级政府信息公开工作主管部门提交本行政机关上一年度政府信息公开工作年度报告并向社会公布。”"
"#;

/// Makes the files for the folder `dir`.
///
/// # Errors
/// In Chinese: the plan's file cannot be read.
pub fn draft(answers: &Answers, dir: &Path) -> Result<Vec<Draft>, String> {
    let plan = match &answers.plan {
        None => None,
        Some(Plan::File(file)) => Some(plan_of(file, dir)?),
        Some(Plan::Text(text)) => Some((PLAN.into(), Some(text.clone().into_bytes()))),
    };
    let include = plan.as_ref().map(|(name, _)| name.as_path());
    let mut drafts =
        vec![file(SETTINGS, settings(answers, Unit::of(dir).as_ref())), file(DEADLINES, deadlines(answers, include))];
    if let Some((name, Some(bytes))) = plan {
        drafts.push(Draft { name, bytes: Zeroizing::new(bytes), is_secret: false });
    }
    if !dir.join("holidays").exists() {
        drafts.extend(HOLIDAYS.map(|(name, text)| file(&format!("holidays/{name}"), text.to_owned())));
    }
    if let Some(password) = answers.server.as_ref().and_then(|server| server.password.as_ref()) {
        let name = Path::new(secret::FOLDER).join("smtp-password");
        let bytes = format!("{}\n", password.expose_secret()).into_bytes();
        drafts.push(Draft { name, bytes: Zeroizing::new(bytes), is_secret: true });
    }
    Ok(drafts)
}

/// The configuration files in `dir` that somebody may miss: a plan, the shipped one too, and settings that are neither
/// the source's nor the package's.
pub fn edited(dir: &Path) -> Vec<PathBuf> {
    let is_edited = |path: &PathBuf| match fs::read(path) {
        Ok(bytes) => !is_nobody_s(path, &bytes),
        Err(e) => e.kind() != io::ErrorKind::NotFound,
    };
    SHIPPED.iter().map(|(name, _)| dir.join(name)).filter(is_edited).collect()
}

/// Whether the plan in `dir` is the one that was shipped.
pub fn has_shipped_plan(dir: &Path) -> bool {
    let path = dir.join(DEADLINES);
    fs::read(&path).is_ok_and(|bytes| is_shipped(&path, &bytes))
}

/// Shipped settings mail nobody; a shipped plan is a plan.
pub(super) fn is_nobody_s(path: &Path, bytes: &[u8]) -> bool {
    is_shipped(path, bytes) && !path.ends_with(DEADLINES)
}

fn is_shipped(path: &Path, bytes: &[u8]) -> bool {
    let shipped = SHIPPED.iter().find(|(name, _)| path.file_name().is_some_and(|n| n == *name));
    shipped.is_some_and(|(_, text)| bytes == text.as_bytes() || bytes == packaged(text).as_bytes())
}

fn packaged(text: &str) -> String {
    PACKAGED.iter().fold(text.to_owned(), |text, (from, to)| text.replace(&quoted(from), &quoted(to)))
}

fn file(name: &str, text: String) -> Draft {
    Draft { name: name.into(), bytes: Zeroizing::new(text.into_bytes()), is_secret: false }
}

/// The name by which the plan is included, and its bytes if it has to be copied into `dir`.
fn plan_of(plan: &Path, dir: &Path) -> Result<(PathBuf, Option<Vec<u8>>), String> {
    let failed = |e| format!("读不了 {}：{e}", plan.display());
    let real = fs::canonicalize(plan).map_err(failed)?;
    if let Ok(within) =
        fs::canonicalize(dir).and_then(|dir| real.strip_prefix(dir).map(Path::to_owned).map_err(io::Error::other))
    {
        return Ok((within, None));
    }
    let name = plan.file_name().map(PathBuf::from).unwrap_or_default();
    if SHIPPED.iter().any(|(shipped, _)| name == Path::new(shipped)) {
        return Err(format!("{} 与督办自己的文件同名：请改个文件名", plan.display()));
    }
    fs::read(plan).map(|bytes| (name, Some(bytes))).map_err(failed)
}

fn settings(answers: &Answers, unit: Option<&Unit>) -> String {
    let text = SHIPPED[0].1.to_owned();
    let mut text = match unit {
        Some(unit) => packaged(&text).replace(STATE, &unit.state.to_string_lossy()),
        None => text,
    };
    let mut set = |table: &str, key: &str, value: &str| text = replace(&text, table, key, value);
    set("", "admin", &list(&answers.admin));
    set("", "contact", &quoted(&answers.contact));
    set("mail", "from", &quoted(&format!("{}督办 <{}>", answers.bureau, answers.from)));
    let Some(Server { host, port, tls, username, .. }) = &answers.server else { return text };
    set("mail", "transport", &quoted("smtp"));
    set("mail.smtp", "host", &quoted(host));
    set("mail.smtp", "port", &port.to_string());
    set("mail.smtp", "tls", &quoted(tls.name()));
    set("mail.smtp", "username", &quoted(username));
    text
}

/// Replaces the value of an existing key; a comment behind it stays in its column.
fn replace(text: &str, table: &str, key: &str, value: &str) -> String {
    let mut here = "";
    let mut lines = Vec::new();
    for line in text.lines() {
        here = line.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(here);
        lines.push(match line.split_once('=') {
            Some((name, rest)) if here == table && name.trim() == key => with_value(name, rest, value),
            _ => line.to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

fn with_value(name: &str, rest: &str, value: &str) -> String {
    // No shipped value contains a #.
    let Some((before, said)) = rest.split_once('#') else { return format!("{name}= {value}") };
    let pad = before.width().saturating_sub(value.width() + 1).max(2);
    format!("{name}= {value}{}#{said}", " ".repeat(pad))
}

fn deadlines(answers: &Answers, include: Option<&Path>) -> String {
    let shipped = SHIPPED[1].1;
    // The newline excludes a `[[section]]` in a comment above.
    let (head, rest) = shipped.split_once("\n[[section]]").unwrap_or((shipped, ""));
    let own = rest.find(OWN).map_or("", |at| &rest[at..]);
    let mut text = String::new();
    for line in head.lines().filter(|line| !line.starts_with("# 下面都是示例地址")) {
        match include {
            Some(plan) if line.starts_with("include") => {
                text += &format!("include = [{}]", quoted(&plan.to_string_lossy()));
            }
            None if line.starts_with("include") => text += "# include = [\"plan.toml\"]",
            _ => text += line,
        }
        text.push('\n');
    }
    text.push('\n');
    answers.sections.iter().for_each(|one| text += &section(one));
    text.truncate(text.trim_end().len());
    text += &format!("\n\n{own}");
    if let (None, Some(first)) = (include, answers.sections.first()) {
        text += &ANNUAL_REPORT.replace("{section}", &quoted(&first.name));
    }
    text
}

fn section(section: &Section) -> String {
    let Section { name, email, leader, .. } = section;
    let leader = if leader.is_empty() { String::new() } else { format!("leader = {}\n", list(leader)) };
    format!("[[section]]\nname   = {}\nemail  = {}\n{leader}\n", quoted(name), list(email))
}

fn list(mailboxes: &[Mailbox]) -> String {
    let quoted: Vec<String> = mailboxes.iter().map(|mailbox| quoted(mailbox.as_str())).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_and_what_is_said_of_it_stays() {
        let text = "a = 1\n[t]\nab = 1     # one\na = \"x\"   # said\n[u]\na = 2\n";
        assert_eq!(replace(text, "t", "a", "12"), "a = 1\n[t]\nab = 1     # one\na = 12    # said\n[u]\na = 2\n");
        let long = replace(text, "t", "a", "\"很长很长\"");
        assert!(long.contains("a = \"很长很长\"  # said"), "{long}");
        assert_eq!(replace(text, "", "a", "3").lines().next(), Some("a = 3"));
    }

    #[test]
    fn an_instance_has_folders_of_its_own() {
        let unit = |folder: &str| Unit::of(Path::new(folder));
        assert_eq!(unit("/etc/duban").unwrap().name(), "duban");
        assert_eq!(unit("/etc/duban/jiangmen").unwrap().name(), "duban@jiangmen");
        assert!(["/etc/duban/holidays", "/etc/duban/a/b", "/etc", "/srv/duban"].iter().all(|no| unit(no).is_none()));
        let mailbox: Mailbox = "a@ju.gov.cn".parse().unwrap();
        let answers = Answers {
            bureau: "某局".to_owned(),
            admin: vec![mailbox.clone()],
            contact: "办公室".to_owned(),
            sections: Vec::new(),
            from: mailbox,
            server: None,
            plan: None,
        };
        let text = settings(&answers, unit("/etc/duban/jiangmen").as_ref());
        assert!(
            text.contains("\"/var/lib/duban-jiangmen/duban.db\"") && text.contains("\"/var/lib/duban-jiangmen/mail\"")
        );
    }

    #[test]
    fn the_package_s_files_count_as_shipped() {
        for (name, text) in SHIPPED {
            let path = Path::new("x").join(name);
            assert!(is_shipped(&path, text.as_bytes()) && is_shipped(&path, packaged(text).as_bytes()));
            assert_ne!(packaged(text), text, "{name}");
            assert!(!is_shipped(&path, format!("{text}\n").as_bytes()));
        }
        assert_eq!(HOLIDAYS.len(), fs::read_dir("config/holidays").unwrap().count());
    }
}
