//! Reads the configuration files. A configuration with errors is never put in force.

mod plan;
mod settings;
mod source;
mod syntax;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

pub use plan::{Off, sections::name_fault};
pub use settings::{
    BOARD, Inbox, Mail, Settings, Standby, Transport, Web,
    server::{PLAINTEXT, is_host, is_loopback},
};
pub use source::{
    finding::{Finding, Severity, render},
    names::tidy,
    secret,
    text::Place,
    watch::{Fingerprint, STILL_SECONDS, Stamp, Watch, stamp},
};

use self::{
    plan::holidays,
    settings::layers::{At, Layers},
    source::{
        files::{Files, Trouble},
        finding::{Collector, count},
        text::Source,
    },
    syntax::table::Table,
};
use crate::domain::{
    calendar::{Calendar, StatutoryYear},
    deadline::{Plan, Roster},
};

/// A configuration without errors.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    pub plan: Plan,
    /// Deadlines that are switched off; they are not in the plan.
    pub off: Vec<Off>,
    pub calendar: Calendar,
    /// Years that were known before, and whose files are gone.
    pub kept_years: Vec<i16>,
    /// Every file that was read.
    pub sources: Vec<PathBuf>,
    /// The files and folders as they were read, for a [`Watch`].
    pub seen: Fingerprint,
    pub warnings: Vec<Finding>,
}

impl Loaded {
    /// What was known of statutory days stays known when its file is gone; that is a warning from last year's file on.
    pub fn keep_years_of(&mut self, before: &Calendar, this_year: i16) {
        self.kept_years = self.calendar.keep_years_of(before);
        self.kept_years.retain(|year| *year >= this_year - 1);
        let folder = tidy(&self.settings.holidays);
        let report = Collector::default();
        for year in &self.kept_years {
            let what = format!(
                "{year} 年的放假安排文件不见了：{}，仍按原来生效的算",
                folder.join(format!("{year}.toml")).display()
            );
            report.placeless(Severity::Warning, what, "把这个文件放回去（可从备份取，或照通知重写）");
        }
        self.warnings.extend(report.into_list());
    }
}

/// Why a configuration was refused, with its warnings.
#[derive(Clone, Debug)]
pub struct Findings {
    pub list: Vec<Finding>,
    /// The files as they were read, so that a correction is noticed.
    pub seen: Fingerprint,
    /// The settings, if only the plan has errors: the last good plan can run with them.
    pub settings: Option<Box<Settings>>,
}

impl Findings {
    pub fn render(&self) -> String {
        render(&self.list)
    }

    /// The number of errors and of warnings.
    pub fn count(&self) -> (usize, usize) {
        count(&self.list)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Findings {}

/// Reads the settings and every file that they name. `env` is the whole environment.
///
/// # Errors
/// All findings, if one of them is an error.
pub fn load(duban_toml: &Path, env: &BTreeMap<String, String>) -> Result<Loaded, Findings> {
    let report = Collector::default();
    let mut files = Files::new(&report);
    let parts = read(&mut files, duban_toml, env);
    let (sources, seen) = files.read();
    let failed = report.has_errors();
    let list = report.into_list();
    match parts {
        Some((settings, calendar, plan, off)) if !failed => {
            Ok(Loaded { settings, plan, off, calendar, kept_years: Vec::new(), sources, seen, warnings: list })
        }
        parts => Err(Findings { list, seen, settings: parts.map(|(settings, ..)| Box::new(settings)) }),
    }
}

/// Checks the text of a file of deadlines by itself, before it is written. `roster` has the sections that it may name.
///
/// # Errors
/// All findings, if one of them is an error.
pub fn check_text(path: &Path, text: &str, roster: Option<&Roster>) -> Result<(), Findings> {
    let report = Collector::default();
    let mut files = Files::new(&report);
    plan::check_alone(&mut files, path, text, roster);
    let (_, seen) = files.read();
    if report.has_errors() { Err(Findings { list: report.into_list(), seen, settings: None }) } else { Ok(()) }
}

/// The statutory days that the files of a folder hold, and those of `new` instead: each as its file would be read.
///
/// # Errors
/// All findings, if one of them is an error.
pub fn statutory_days(
    folder: &Path,
    new: &BTreeMap<PathBuf, String>,
) -> Result<BTreeMap<i16, StatutoryYear>, Findings> {
    let report = Collector::default();
    let mut files = Files::new(&report);
    let mut years = holidays::years(&mut files, folder, |_, _| {});
    for (nth, (path, text)) in new.iter().enumerate() {
        let source = Source::new(path.clone(), nth, text.clone());
        years.extend(holidays::one(&source, &report).map(|(year, _, days)| (year, days)));
    }
    let (_, seen) = files.read();
    if report.has_errors() { Err(Findings { list: report.into_list(), seen, settings: None }) } else { Ok(years) }
}

/// The settings without the plan; `None` if they have an error.
pub fn settings_alone(duban_toml: &Path, env: &BTreeMap<String, String>) -> Option<Settings> {
    let report = Collector::default();
    let mut files = Files::new(&report);
    let source = files.text(duban_toml).ok()?;
    let values = syntax::parse(&source, &settings::SCHEMA, &report)?;
    let layers = Layers::new(Table::new(&source, &report, &settings::SCHEMA, &values), env);
    let folder = duban_toml.parent().unwrap_or(Path::new(""));
    let settings = settings::read(&layers, folder, settings::paths(&layers, folder), &mut files);
    settings.filter(|_| !report.has_errors())
}

/// Reports what is nearly named right beside the files that are read.
fn look_beside(files: &mut Files<'_>, duban_toml: &Path, deadlines: &Path, holidays: &Path) {
    // Two of them may lie in one folder, under different names.
    let mut folders: BTreeMap<PathBuf, (PathBuf, Vec<String>)> = BTreeMap::new();
    let mut add = |path: &Path, name: Option<String>| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let identity = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        folders.entry(identity).or_insert_with(|| (folder.to_owned(), Vec::new())).1.extend(name);
    };
    add(duban_toml, None);
    add(deadlines, Some(plan::FOLDER.to_owned()));
    add(holidays, holidays.file_name().map(|name| name.to_string_lossy().into_owned()));
    for (folder, names) in folders.into_values() {
        files.beside(&folder, &names);
    }
}

type Parts = (Settings, Calendar, Plan, Vec<Off>);

fn read(files: &mut Files<'_>, duban_toml: &Path, env: &BTreeMap<String, String>) -> Option<Parts> {
    let report = files.report;
    let source = match files.text(duban_toml) {
        Ok(source) => source,
        Err(Trouble::Told) => return None,
        Err(Trouble::Unreadable { what, instead }) => {
            report.placeless(Severity::Error, what, instead);
            return None;
        }
    };
    let values = syntax::parse(&source, &settings::SCHEMA, report)?;
    let layers = Layers::new(Table::new(&source, report, &settings::SCHEMA, &values), env);
    let folder = duban_toml.parent().unwrap_or(Path::new(""));
    let (deadlines, holidays) = settings::paths(&layers, folder);
    let settings = settings::read(&layers, folder, (deadlines.clone(), holidays.clone()), files);
    let settings = settings.filter(|_| !report.has_errors());
    // The plan is read even if the settings have errors, so that all findings are reported at once.
    let calendar = holidays::read(files, &holidays, |what, instead| match layers.at("holidays") {
        At::Nowhere => report.placeless(Severity::Warning, what, instead),
        at => layers.error(&at, what, instead),
    });
    look_beside(files, duban_toml, &deadlines, &holidays);
    let (plan, off) =
        plan::read(files, &deadlines, |what, instead| layers.error(&layers.at("deadlines"), what, instead));
    Some((settings?, calendar, plan, off))
}
