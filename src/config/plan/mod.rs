//! Reads the plan from deadlines.toml, the files that it includes and `deadlines.d`.

mod dates;
mod deadlines;
pub mod holidays;
pub mod sections;

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    path::{Path, PathBuf},
    rc::Rc,
};

use self::deadlines::{Defaults, Draft};
use crate::{
    config::{
        source::{
            files::{Files, Trouble},
            finding::{Collector, Severity},
            names::tidy,
            text::Source,
        },
        syntax::{self, Schema, meant::nearest, table::Table},
    },
    domain::deadline::{ALL_SECTIONS, Deadline, Plan, Roster},
};

pub static SCHEMA: Schema =
    Schema { tables: &[("", TOP), ("section", sections::KEYS), ("deadline", deadlines::KEYS)], has_many: true };

/// The folder beside the main file whose files are read too.
pub const FOLDER: &str = "deadlines.d";

const TOP: &[&str] = &["include", "year", "remind", "overdue", "section", "deadline"];

/// More than this is a loop through links, or a mistake.
const MOST_FILES: usize = 1000;

/// The entries of all files, before they are checked against each other.
#[derive(Default)]
struct Drafts {
    sections: Vec<sections::Draft>,
    deadlines: Vec<Draft>,
    /// A file could not be read completely: a missing name may be in it.
    partial: bool,
    /// The files being read, each included by the one before.
    chain: Vec<PathBuf>,
    done: HashSet<PathBuf>,
}

/// A deadline that is switched off, perhaps for want of a date.
#[derive(Clone, Debug)]
pub struct Off {
    pub id: String,
    pub was: Option<String>,
    /// `None` where its date is missing.
    pub whole: Option<Deadline>,
}

/// The plan, and the deadlines that are switched off. `unreadable` reports a main file that cannot be read, at the
/// place where the settings name it.
pub fn read(files: &mut Files<'_>, main: &Path, unreadable: impl FnOnce(String, String)) -> (Plan, Vec<Off>) {
    let report = files.report;
    let mut drafts = Drafts::default();
    if let Err((what, instead)) = drafts.file(files, main) {
        unreadable(what, instead);
        return Default::default();
    }
    let folder = main.parent().unwrap_or(Path::new("")).join(FOLDER);
    for path in files.folder(&folder).unwrap_or_default() {
        if let Err((what, instead)) = drafts.file(files, &path) {
            drafts.partial = true;
            report.placeless(Severity::Error, what, instead);
        }
    }
    // A file that was saved empty must not withdraw everything that is open.
    if drafts.deadlines.is_empty() && !drafts.partial {
        let what = format!("{}：一个事项也没有", tidy(main).display());
        report.placeless(
            Severity::Error,
            what,
            "写上 [[deadline]]，或用 include 引入分工方案；文件若被清空，从备份恢复",
        );
    }
    let roster = sections::roster(drafts.sections, report);
    let lookup = Lookup::new(&roster, drafts.partial);
    unique_ids(&drafts.deadlines, report);
    drafts.deadlines.iter().for_each(|draft| lookup.check(draft, report));
    let (off, on): (Vec<Draft>, Vec<Draft>) = drafts.deadlines.into_iter().partition(|draft| draft.is_off);
    let switched_off = |Draft { id, was, whole, .. }| Some(Off { id: id?.0, was: was.map(|(was, _)| was), whole });
    let off = off.into_iter().filter_map(switched_off);
    (Plan { roster, deadlines: on.into_iter().filter_map(|draft| draft.whole).collect() }, off.collect())
}

/// Checks a file of deadlines that is not written yet, alone, against the sections of the roster. Without one, the names
/// are not looked up.
pub fn check_alone(files: &mut Files<'_>, path: &Path, text: &str, roster: Option<&Roster>) {
    let report = files.report;
    let mut drafts = Drafts::default();
    drafts.text(files, &Rc::new(Source::new(path.to_owned(), 0, text.to_owned())), path);
    let empty = Roster::default();
    let lookup = Lookup::new(roster.unwrap_or(&empty), drafts.partial || roster.is_none());
    unique_ids(&drafts.deadlines, report);
    drafts.deadlines.iter().for_each(|draft| lookup.check(draft, report));
}

impl Drafts {
    /// Reads a file and all that it includes. A file that several include is read once.
    fn file(&mut self, files: &mut Files<'_>, path: &Path) -> Result<(), (String, String)> {
        let identity = std::fs::canonicalize(path).unwrap_or_else(|_| tidy(path));
        if self.chain.contains(&identity) {
            let names: Vec<String> = self.chain.iter().chain([&identity]).map(|p| file_name(p)).collect();
            return Err((format!("include 绕回了自己：{}", names.join(" → ")), "删去其中一处 include".to_owned()));
        }
        if self.done.len() >= MOST_FILES {
            return Err((format!("引入的文件超过 {MOST_FILES} 个"), "检查 include 和 deadlines.d".to_owned()));
        }
        if !self.done.insert(identity.clone()) {
            return Ok(());
        }
        let source = match files.text(path) {
            Ok(source) => source,
            Err(Trouble::Unreadable { what, instead }) => return Err((what, instead)),
            Err(Trouble::Told) => {
                self.partial = true;
                return Ok(());
            }
        };
        self.chain.push(identity);
        self.text(files, &source, path);
        self.chain.pop();
        Ok(())
    }

    fn text(&mut self, files: &mut Files<'_>, source: &Rc<Source>, path: &Path) {
        let report = files.report;
        let values = syntax::parse(source, &SCHEMA, report);
        self.partial |= source.is_broken();
        let Some(values) = values else { return };
        let table = Table::new(source, report, &SCHEMA, &values);
        table.known();
        for text in table.texts("include").unwrap_or_default() {
            let included = path.parent().unwrap_or(Path::new("")).join(text.value.trim());
            let result = match text.value.contains(['*', '?']) {
                true => Err(("include 不能用通配符".into(), "逐个写文件名；或把文件放进 deadlines.d 目录".into())),
                false => self.file(files, &included),
            };
            if let Err((what, instead)) = result {
                self.partial = true;
                table.error(text.at, what, instead);
            }
        }
        self.entries(source, &table);
    }

    fn entries(&mut self, source: &Rc<Source>, table: &Table<'_>) {
        for key in ["section", "deadline"] {
            self.partial |= table.get(key).is_some_and(|value| !value.get_ref().is_array());
        }
        for section in table.tables("section") {
            match sections::read(source, &section) {
                Some(draft) => self.sections.push(draft),
                // A section without a valid name must not turn every mention of it into an error.
                None => self.partial = true,
            }
        }
        let defaults = Defaults::read(table);
        self.deadlines.extend(table.tables("deadline").iter().map(|table| deadlines::read(source, table, &defaults)));
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unique_ids(drafts: &[Draft], report: &Collector) {
    let mut first: HashMap<&str, (&Source, &Range<usize>)> = HashMap::new();
    for draft in drafts {
        let Some((id, at)) = &draft.id else { continue };
        if let Some((source, other)) = first.get(id.as_str()) {
            let what = format!("编号 {id} 写了两次，另一处在 {}", source.name_of(other));
            let free = (2..).map(|n| format!("{id}-{n}")).find(|free| !first.contains_key(free.as_str()));
            let instead = format!("改为别的编号，例如 {}；同一个事项就删去一处", free.unwrap_or_default());
            report.error(&draft.source, at.clone(), what, instead);
        } else {
            first.insert(id, (&draft.source, at));
        }
    }
    let mut renamed = HashSet::new();
    for draft in drafts {
        let Some((was, at)) = &draft.was else { continue };
        let what = match first.contains_key(was.as_str()) {
            true => format!("was 写的 {was}，分工方案里还有这个编号"),
            false if !renamed.insert(was) => format!("有两个事项写了 was = \"{was}\""),
            false => continue,
        };
        report.error(&draft.source, at.clone(), what, "was 写这个事项原来的编号；没有改编号就删去 was");
    }
}

/// Looks up the sections of deadlines in the roster.
struct Lookup<'a> {
    roster: &'a Roster,
    in_all: HashMap<&'a str, bool>,
    any_in_all: bool,
    partial: bool,
}

impl<'a> Lookup<'a> {
    fn new(roster: &'a Roster, partial: bool) -> Self {
        let in_all: HashMap<_, _> = roster.sections.iter().map(|s| (s.name.as_str(), s.in_all)).collect();
        let any_in_all = in_all.values().any(|in_all| *in_all);
        Self { roster, in_all, any_in_all, partial }
    }

    fn check(&self, draft: &Draft, report: &Collector) {
        if self.partial {
            return;
        }
        let all = draft.sections.iter().any(|(name, _)| name == ALL_SECTIONS);
        let mut sound = true;
        for (name, at) in &draft.sections {
            if name == ALL_SECTIONS && !self.any_in_all {
                let what = format!("写了“{ALL_SECTIONS}”，科室名册里却没有科室");
                let instead = "先写 [[section]]，一个科室一段；全写了 in_all = false 的，去掉几个";
                report.error(&draft.source, at.clone(), what, instead);
            } else if name != ALL_SECTIONS && !self.in_all.contains_key(name.as_str()) {
                sound = false;
                self.unknown(draft, name, at, report);
            }
        }
        let Some((lead, at)) = &draft.lead else { return };
        if draft.sections.is_empty() || !sound {
            return;
        }
        let named = draft.sections.iter().any(|(name, _)| name == lead && name != ALL_SECTIONS);
        match self.in_all.get(lead.as_str()) {
            None => self.unknown(draft, lead, at, report),
            Some(in_all) if named || all && *in_all => {}
            Some(_) => {
                let names: Vec<String> = draft.sections.iter().map(|(name, _)| format!("\"{name}\"")).collect();
                let instead = format!("sections = [\"{lead}\", {}]，或换一个牵头科室", names.join(", "));
                report.error(&draft.source, at.clone(), format!("牵头的“{lead}”不在这个事项的 sections 里"), instead);
            }
        }
    }

    fn unknown(&self, draft: &Draft, name: &str, at: &Range<usize>, report: &Collector) {
        // Once no more findings are kept, an error is only counted: the search for a similar name takes time.
        if report.is_full(Severity::Error) {
            return report.error(&draft.source, at.clone(), "", "");
        }
        let names = || self.roster.sections.iter().map(|s| s.name.as_str());
        let separators = ['、', '，', ',', '；', ';', ' ', '/'];
        let parts: Vec<&str> = name.split(separators).filter(|part| !part.is_empty()).collect();
        if parts.len() > 1 && parts.iter().all(|part| *part == ALL_SECTIONS || self.in_all.contains_key(part)) {
            let quoted: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
            let quoted = quoted.join(", ");
            // Beside the equals sign there is no list around it yet.
            let is_alone = draft.source.text[..at.start].trim_end().ends_with('=');
            let instead = if is_alone { format!("sections = [{quoted}]") } else { quoted };
            return report.error(&draft.source, at.clone(), "几个科室要各加引号，用逗号隔开", instead);
        }
        let instead = match nearest(name, names().chain([ALL_SECTIONS])) {
            Some(right) => format!("\"{right}\"；确是新科室，就在名册里加一段 [[section]]"),
            None if self.in_all.is_empty() => "先在名册里写 [[section]]，一个科室一段".to_owned(),
            None => format!(
                "名册里有 {}；确是新科室，就加一段 [[section]]",
                names().take(12).collect::<Vec<_>>().join("、")
            ),
        };
        report.error(&draft.source, at.clone(), format!("科室名册里没有“{name}”"), instead);
    }
}
