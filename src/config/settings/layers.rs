//! The layers of the settings: credentials from systemd override duban.toml, and the environment overrides both.
//! `DUBAN__MAIL__SMTP__HOST` is `mail.smtp.host`.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
};

use config::{Config, ConfigError, File, FileFormat, Map, Value, ValueKind};

use crate::{
    config::{
        source::{
            finding::{Collector, Severity},
            secret::{self, PASSWORDS},
            text::Source,
        },
        syntax::{
            meant::{self, nearest},
            schema::Schema,
            table::{Table, Text},
        },
    },
    domain::deadline::Mailbox,
    text::hidden,
};

const PREFIX: &str = "DUBAN__";
/// Stands in the environment that the service reads its settings with, see `Layers::has_board`.
pub const BOARD: &str = "DUBAN_BOARD";

/// Where a setting was given.
#[derive(Clone, Debug)]
pub enum At {
    File(Range<usize>),
    Variable(String),
    /// It is missing, or the default applies.
    Nowhere,
}

#[derive(Clone, Debug)]
pub struct Given<T> {
    pub value: T,
    pub at: At,
}

pub struct Layers<'a> {
    pub source: &'a Source,
    pub report: &'a Collector,
    /// The file's tables by header.
    tables: BTreeMap<&'static str, Table<'a>>,
    /// All layers merged. Values from the file are read from `tables`, with their places.
    merged: Config,
    /// systemd passed credentials: this process is the service.
    pub has_credentials: bool,
    /// Whether there is a board on this machine while letters go to a folder.
    pub has_board: bool,
}

impl<'a> Layers<'a> {
    pub fn new(top: Table<'a>, env: &BTreeMap<String, String>) -> Self {
        let (source, report, schema) = (top.source, top.report, top.schema);
        let mut tables = BTreeMap::from([("", top)]);
        for header in schema.headers() {
            let (parent, key) = split(header);
            if let Some(table) = tables.get(parent).and_then(|table| table.table(key)) {
                tables.insert(header, table);
            }
        }
        tables.values().for_each(Table::known);
        let (credentials, variables) = (credentials(env), variables(report, schema, env));
        // Broken syntax has been reported; the environment must still be checked.
        let text = if source.is_broken() { "" } else { source.text.as_str() };
        let merge = |text| {
            let file = File::from_str(text, FileFormat::Toml);
            let layers = Config::builder().add_source(file).add_source(credentials.clone());
            layers.add_source(variables.clone()).build()
        };
        // If the file cannot be merged, the environment is merged alone; the file's errors are reported with their
        // places later.
        let merged = merge(text).or_else(|_| merge("")).unwrap_or_default();
        let (has_credentials, has_board) = (env.contains_key(secret::DIRECTORY), env.contains_key(BOARD));
        Self { source, report, tables, merged, has_credentials, has_board }
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
                // `send_at = "08:30"` is the syntax of the file, not of a variable.
                let instead = match instead.split_once(" = ") {
                    Some((_, value)) => format!("{name}={}", value.trim_matches(['[', ']', '"'])),
                    None => instead,
                };
                self.report.placeless(severity, format!("环境变量 {name}：{what}"), instead);
            }
            At::Nowhere => self.report.about(severity, self.source, what, instead),
        }
    }

    /// The value from the environment or a credential, which overrides the file.
    pub fn over_file(&self, path: &str) -> Option<Given<String>> {
        let mut value = &self.merged.cache;
        for key in path.split('.') {
            let ValueKind::Table(table) = &value.kind else { return None };
            value = table.get(key)?;
        }
        match (&value.kind, value.origin()) {
            (ValueKind::String(text), Some(origin)) => {
                Some(Given { value: text.clone(), at: At::Variable(origin.to_owned()) })
            }
            _ => None,
        }
    }

    /// Where a setting is given, without reading it.
    pub fn at(&self, path: &str) -> At {
        let (table, key) = split(path);
        let in_file = || self.tables.get(table).and_then(|table| Some(At::File(table.get(key)?.span())));
        self.over_file(path).map(|given| given.at).or_else(in_file).unwrap_or(At::Nowhere)
    }

    pub fn text(&self, path: &str) -> Option<Given<String>> {
        let (table, key) = split(path);
        let in_file = || Some(given(self.tables.get(table)?.text(key)?));
        let text = self.over_file(path).or_else(in_file)?;
        Some(Given { value: text.value.trim().to_owned(), at: text.at })
    }

    /// Text that must be given and not be empty.
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

    /// Whether it is missing, and not only misspelt or hidden by an error that has been reported.
    pub fn is_missing(&self, path: &str) -> bool {
        let (table, key) = split(path);
        let hidden = match self.tables.get(table) {
            Some(found) => found.is_meant(key),
            None => !matches!(self.at(table), At::Nowhere),
        };
        matches!(self.at(path), At::Nowhere) && !self.source.is_broken() && !hidden
    }

    pub fn texts(&self, path: &str) -> Option<Vec<Given<String>>> {
        let (table, key) = split(path);
        if let Some(Given { value, at }) = self.over_file(path) {
            let parts = value.split([',', '，', '、', ';', '；']).map(str::trim).filter(|part| !part.is_empty());
            return Some(parts.map(|part| Given { value: part.to_owned(), at: at.clone() }).collect());
        }
        let texts = self.tables.get(table)?.texts(key)?;
        Some(texts.into_iter().map(given).collect())
    }

    pub fn integer(&self, path: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let (table, key) = split(path);
        let Some(Given { value, at }) = self.over_file(path) else {
            return self.tables.get(table)?.integer(key, range);
        };
        // The crate's own conversion would take "1e3" and "true" for numbers.
        let number = value.trim().parse::<i64>().ok().filter(|n| range.contains(n));
        if number.is_none() {
            let what = format!("“{}”不是整数，或超出范围", value.trim());
            self.error(&at, what, format!("{} 到 {} 的整数", range.start(), range.end()));
        }
        number
    }

    /// Parses an address; reports one that is not valid.
    pub fn mailbox(&self, given: &Given<String>) -> Option<Mailbox> {
        let parsed: Result<Mailbox, String> = given.value.parse();
        let refused = |why| self.error(&given.at, format!("“{}”：{why}", given.value), meant::address(&given.value));
        parsed.map_err(refused).ok()
    }
}

fn given(text: Text<'_>) -> Given<String> {
    Given { value: text.value.trim().to_owned(), at: At::File(text.at) }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// Settings by path, each a text whose origin is the variable that set it.
#[derive(Clone, Debug, Default)]
struct Layer(Map<String, Value>);

impl Layer {
    fn insert(&mut self, path: String, origin: &str, text: &str) {
        self.0.insert(path, Value::new(Some(&origin.to_owned()), text));
    }
}

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// `mail.smtp.host` of `DUBAN__MAIL__SMTP__HOST`.
fn path_of(variable: &str) -> Option<String> {
    Some(variable.strip_prefix(PREFIX)?.to_lowercase().replace("__", "."))
}

/// For each password, the path of the file that systemd passed.
fn credentials(env: &BTreeMap<String, String>) -> Layer {
    let mut layer = Layer::default();
    for password in PASSWORDS {
        if let (Some(path), Some(file)) = (path_of(password.variable), secret::given(env, password.credential)) {
            layer.insert(path, secret::DIRECTORY, &file.to_string_lossy());
        }
    }
    layer
}

/// The variables that are settings; unknown ones are errors. A password is checked where it is used.
fn variables(report: &Collector, schema: &Schema, env: &BTreeMap<String, String>) -> Layer {
    let known = paths(schema);
    let mut layer = Layer::default();
    for (name, value) in env {
        let Some(path) = path_of(name) else { continue };
        let is_password = PASSWORDS.iter().any(|password| password.variable == name);
        if !is_password && !known.contains(&path) {
            let instead = instead_of(&path, &known);
            report.placeless(Severity::Error, format!("环境变量 {name} 不是任何一项设置"), instead);
        } else if let Some(kind) = value.chars().find_map(hidden).filter(|_| !is_password) {
            report.placeless(Severity::Error, format!("环境变量 {name} 里有{kind}"), "重新写一遍");
        } else {
            layer.insert(path, name, value);
        }
    }
    layer
}

/// Every setting, as a path.
fn paths(schema: &Schema) -> Vec<String> {
    let headers = schema.headers();
    let of_table = |(header, keys): &(&str, &'static [&'static str])| {
        let header = if header.is_empty() { String::new() } else { format!("{header}.") };
        keys.iter().map(move |key| format!("{header}{key}"))
    };
    schema.tables.iter().flat_map(of_table).filter(|path| !headers.contains(&path.as_str())).collect()
}

fn instead_of(path: &str, known: &[String]) -> String {
    let variable = |path: &str| format!("{PREFIX}{}", path.replace('.', "__").to_uppercase());
    let example = match path {
        "mail" | "mail.smtp" => Some("mail.from"),
        "mailbox" => Some("mailbox.host"),
        "web" => Some("web.listen"),
        _ => None,
    };
    match (example, nearest(path, known.iter().map(String::as_str))) {
        (Some(example), _) => format!("写到具体的一项，例如 {}", variable(example)),
        (None, Some(path)) => variable(path),
        (None, None) => "去掉这个变量".to_owned(),
    }
}
