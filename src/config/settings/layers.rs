//! duban.toml with the environment laid over it: `DUBAN__MAIL__SMTP__HOST` is `mail.smtp.host`.

use std::{
    collections::{BTreeMap, HashMap},
    ops::{Range, RangeInclusive},
};

use config::{Config, Environment, File, FileFormat};

use super::{
    all_keys, keys,
    server::{IMAP, SMTP},
};
use crate::config::{
    source::{
        files::Source,
        finding::{Report, Severity},
    },
    syntax::{
        meant::{hidden, nearest},
        table::{Table, Text},
    },
};

const PREFIX: &str = "DUBAN__";

/// The passwords are taken out before anything else reads the environment.
const PASSWORDS: [&str; 2] = [SMTP.variable, IMAP.variable];

/// Where a setting was given.
#[derive(Clone, Debug)]
pub enum At {
    File(Range<usize>),
    Variable(String),
    /// Nowhere: it is missing, or the default holds.
    Nowhere,
}

#[derive(Clone, Debug)]
pub struct Given<T> {
    pub value: T,
    pub at: At,
}

pub struct Layers<'a> {
    pub source: &'a Source,
    pub report: &'a Report,
    /// By path: "", "mail", "mail.smtp", "mailbox", "web".
    tables: HashMap<&'static str, Table<'a>>,
    merged: Config,
    /// The variable that gives a setting, by the setting's path.
    variables: BTreeMap<String, String>,
}

impl<'a> Layers<'a> {
    pub fn new(top: Table<'a>, env: &BTreeMap<String, String>) -> Self {
        let (source, report) = (top.source, top.report);
        let mut tables = HashMap::from([("", top)]);
        if let Some(mail) = top.table("mail") {
            tables.insert("mail", mail);
            tables.extend(mail.table("smtp").map(|smtp| ("mail.smtp", smtp)));
        }
        for name in ["mailbox", "web"] {
            tables.extend(top.table(name).map(|table| (name, table)));
        }
        for (path, table) in &tables {
            table.known_in(path, keys(path), super::ELSEWHERE);
        }
        let (variables, values) = variables(report, env);
        let environment = Environment::default().separator("__").source(Some(values));
        // A file whose syntax is broken has been reported; the environment is still to be checked.
        let text = if source.is_broken() { "" } else { source.text.as_str() };
        // What the file has wrong is found with its place below; the environment stands alone then.
        let merged = merge(text, &environment).or_else(|_| merge("", &environment)).unwrap_or_default();
        Self { source, report, tables, merged, variables }
    }

    pub fn error(&self, at: &At, what: impl Into<String>, instead: impl Into<String>) {
        self.say(Severity::Error, at, what.into(), instead.into());
    }

    pub fn warn(&self, at: &At, what: impl Into<String>, instead: impl Into<String>) {
        self.say(Severity::Warning, at, what.into(), instead.into());
    }

    fn say(&self, severity: Severity, at: &At, what: String, instead: String) {
        match at {
            At::File(range) => {
                let instead = Some(instead).filter(|i| !i.is_empty());
                self.report.add(severity, self.source, range.clone(), what, instead);
            }
            At::Variable(name) => {
                // `send_at = "08:30"` is how a file says it.
                let instead = match instead.split_once(" = ") {
                    Some((_, value)) => format!("{name}={}", value.trim_matches(['[', ']', '"'])),
                    None => instead,
                };
                self.report.placeless(severity, format!("环境变量 {name}：{what}"), instead);
            }
            At::Nowhere => self.report.about(severity, self.source, what, instead),
        }
    }

    /// Where a setting is given, without reading it.
    pub fn at(&self, path: &str) -> At {
        let (table, key) = split(path);
        let in_file = || self.tables.get(table).and_then(|t| Some(At::File(t.span(t.get(key)?))));
        self.variables.get(path).cloned().map(At::Variable).or_else(in_file).unwrap_or(At::Nowhere)
    }

    pub fn text(&self, path: &str) -> Option<Given<String>> {
        let (table, key) = split(path);
        if let Some(name) = self.variables.get(path) {
            let value = self.merged.get_string(path).ok()?;
            return Some(Given { value, at: At::Variable(name.clone()) });
        }
        let text = self.tables.get(table)?.text(key)?;
        Some(Given { value: text.value.trim().to_owned(), at: At::File(text.at) })
    }

    /// Text that must be there and say something.
    pub fn needed(&self, path: &str, example: &str) -> Option<Given<String>> {
        let text = self.text(path);
        match &text {
            Some(given) if given.value.is_empty() => {
                self.error(&given.at, format!("{} 是空的", split(path).1), example);
                None
            }
            None if self.is_missing(path) => {
                let (table, key) = split(path);
                let place = if table.is_empty() { "".to_owned() } else { format!("[{table}] 里") };
                let what = format!("{place}少了 {key}");
                match self.tables.get(table).filter(|_| !table.is_empty()) {
                    Some(table) => self.error(&At::File(table.at()), what, format!("加一行：{example}")),
                    None => self.error(&At::Nowhere, what, format!("加一行：{example}")),
                }
                None
            }
            _ => text,
        }
    }

    /// Missing, and not only misspelt or hidden by an error that has been said.
    pub fn is_missing(&self, path: &str) -> bool {
        let (table, key) = split(path);
        let hidden = match self.tables.get(table) {
            Some(table_) => table_.is_meant(key, keys(table)),
            None => !matches!(self.at(table), At::Nowhere),
        };
        matches!(self.at(path), At::Nowhere) && !self.source.is_broken() && !hidden
    }

    pub fn texts(&self, path: &str) -> Option<Vec<Given<String>>> {
        let (table, key) = split(path);
        if let Some(name) = self.variables.get(path) {
            let value = self.merged.get_string(path).ok()?;
            let parts = value.split([',', '，', '、', ';', '；']).map(str::trim).filter(|part| !part.is_empty());
            return Some(parts.map(|p| Given { value: p.to_owned(), at: At::Variable(name.clone()) }).collect());
        }
        let texts = self.tables.get(table)?.texts(key)?;
        let given = |t: Text<'_>| Given { value: t.value.trim().to_owned(), at: At::File(t.at) };
        Some(texts.into_iter().map(given).collect())
    }

    pub fn integer(&self, path: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let (table, key) = split(path);
        let Some(name) = self.variables.get(path) else {
            return self.tables.get(table)?.integer(key, range);
        };
        // `get_int` would take "1e3" and "true" for numbers.
        let text = self.merged.get_string(path).ok()?;
        let number = text.trim().parse::<i64>().ok().filter(|n| range.contains(n));
        if number.is_none() {
            let what = format!("“{text}”不是整数，或超出范围");
            self.error(&At::Variable(name.clone()), what, format!("{} 到 {} 的整数", range.start(), range.end()));
        }
        number
    }
}

fn merge(text: &str, environment: &Environment) -> Result<Config, config::ConfigError> {
    let file = File::from_str(text, FileFormat::Toml);
    Config::builder().add_source(file).add_source(environment.clone()).build()
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// The variables that are settings: path → name, and key → value as the layer wants them.
fn variables(report: &Report, env: &BTreeMap<String, String>) -> (BTreeMap<String, String>, HashMap<String, String>) {
    let (mut names, mut values) = (BTreeMap::new(), HashMap::new());
    let known = all_keys();
    for (name, value) in env.iter().filter(|(name, _)| name.starts_with(PREFIX) && !PASSWORDS.contains(&name.as_str()))
    {
        let key = name[PREFIX.len()..].to_lowercase();
        let path = key.replace("__", ".");
        if !known.contains(&path) {
            let variable = |path: &str| format!("{PREFIX}{}", path.replace('.', "__").to_uppercase());
            let instead = match nearest(&path, known.iter().map(String::as_str)) {
                _ if matches!(&*path, "mail" | "mail.smtp" | "mailbox" | "web") => {
                    let example = match &*path {
                        "web" => "web.listen",
                        "mailbox" => "mailbox.host",
                        _ => "mail.from",
                    };
                    format!("写到具体的一项，例如 {}", variable(example))
                }
                Some(path) => variable(path),
                None => "去掉这个变量".to_owned(),
            };
            report.placeless(Severity::Error, format!("环境变量 {name} 不是任何一项设置"), instead);
        } else if let Some(c) = value.chars().find(|c| hidden(*c).is_some()) {
            let what = format!("环境变量 {name} 里有{}", hidden(c).unwrap_or_default());
            report.placeless(Severity::Error, what, "重新写一遍");
        } else {
            names.insert(path, name.clone());
            values.insert(key, value.trim().to_owned());
        }
    }
    (names, values)
}
