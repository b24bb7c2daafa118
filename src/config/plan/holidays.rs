//! Reads the statutory days from `holidays/*.toml`, one file a year.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
    rc::Rc,
};

use jiff::civil::{Date, Weekday};

use crate::{
    config::{
        source::{
            files::{Files, Trouble},
            finding::{Collector, Severity},
            names::tidy,
            text::Source,
        },
        syntax::{self, Schema, table::Table},
    },
    domain::{
        calendar::{Calendar, StatutoryYear},
        due::weekday_zh,
        festivals::{Doubt, doubts},
    },
};

const KEYS: &[&str] = &["year", "notice", "off", "work"];

static SCHEMA: Schema = Schema { tables: &[("", KEYS)], has_many: false };

/// `missing` reports a missing folder, at the place where the settings name it.
pub fn read(files: &mut Files<'_>, folder: &Path, missing: impl FnOnce(String, String)) -> Calendar {
    Calendar::new(&years(files, folder, missing))
}

/// The years that the files of a folder hold.
pub fn years(
    files: &mut Files<'_>,
    folder: &Path,
    missing: impl FnOnce(String, String),
) -> BTreeMap<i16, StatutoryYear> {
    let report = files.report;
    let shown = tidy(folder);
    let Some(paths) = files.folder(folder) else {
        let what = format!("没有放节假日文件的目录：{}", shown.display());
        missing(what, "建这个目录，每年放一个文件，例如 2026.toml；没有数据时按周一至周五算工作日".to_owned());
        return BTreeMap::new();
    };
    if paths.is_empty() {
        let what = format!("目录里没有节假日文件：{}", shown.display());
        report.placeless(Severity::Warning, what, "每年放一个文件，例如 2026.toml；没有数据时按周一至周五算工作日");
    }
    let mut years: BTreeMap<i16, StatutoryYear> = BTreeMap::new();
    let mut first: BTreeMap<i16, (Rc<Source>, Range<usize>)> = BTreeMap::new();
    for path in paths {
        let source = match files.text(&path) {
            Ok(source) => source,
            Err(Trouble::Told) => continue,
            Err(Trouble::Unreadable { what, instead }) => {
                report.placeless(Severity::Error, what, instead);
                continue;
            }
        };
        let Some((year, at, days)) = one(&source, report) else { continue };
        if let Some((other, place)) = first.get(&year) {
            let what = format!("{year} 年写了两个文件，另一处在 {}", other.name_of(place));
            report.error(&source, at, what, "合成一个文件");
            continue;
        }
        first.insert(year, (source, at));
        years.insert(year, days);
    }
    years
}

/// The year that one file holds.
pub fn one(source: &Source, report: &Collector) -> Option<(i16, Range<usize>, StatutoryYear)> {
    let values = syntax::parse(source, &SCHEMA, report)?;
    let table = Table::new(source, report, &SCHEMA, &values);
    if source.text.trim().is_empty() {
        let what = "文件是空的，不能当作节假日数据".to_owned();
        report.about(Severity::Error, source, what, "写上 year、notice、off、work，或删去这个文件".to_owned());
        return None;
    }
    let errors = report.errors();
    table.known();
    for (key, example) in [("year", "year = 2026"), ("off", "off = [2026-01-01, 2026-01-02]")] {
        if table.get(key).is_none() && !source.is_broken() {
            report.about(Severity::Error, source, format!("少了 {key}"), format!("加一行：{example}"));
        }
    }
    let notices = table.texts("notice").unwrap_or_default();
    let notice = notices.iter().map(|text| text.value).collect::<Vec<_>>().join("、");
    let year = table.integer("year", 2000..=2100).and_then(|year| i16::try_from(year).ok());
    let at = table.at_key("year");
    let agrees = year.is_some_and(|year| file_name_agrees(&table, year, &at));
    let off = days(&table, "off", year);
    let work = days(&table, "work", year).unwrap_or_default();
    if off.as_ref().is_some_and(BTreeMap::is_empty) && !source.is_broken() {
        let at = table.at_key("off");
        table.error(at, "off 是空的：没有一天放假，不能当作节假日数据", "照国务院办公厅的通知写上放假的每一天");
    }
    let off = off?;
    for (day, at) in &work {
        if off.contains_key(day) {
            table.error(at.clone(), format!("{day} 既写了放假，又写了上班"), "对照通知，从 off 或 work 里删去一处");
        } else if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            let what = format!("{day} 是{}，本来就上班：调休上班只会在周六、周日", weekday_zh(day.weekday()));
            table.error(at.clone(), what, "对照通知，改正日期；多写的就删去");
        }
    }
    if !agrees {
        return None;
    }
    let (year, places) = (year?, off.clone());
    let work: BTreeSet<Date> = work.into_keys().collect();
    let days = StatutoryYear { off: off.into_keys().collect(), work, notice };
    if report.errors() == errors && !source.is_broken() {
        doubtful(&table, year, &days, &places);
    }
    Some((year, at, days))
}

/// Reports what a notice would not say: half a file, a wrong month.
fn doubtful(table: &Table<'_>, year: i16, days: &StatutoryYear, places: &BTreeMap<Date, Range<usize>>) {
    for doubt in doubts(year, days) {
        let (at, what, instead) = match doubt {
            Doubt::Missing(name, day) => {
                let what = format!("少了{name}：{day}（{}）没有写进 off", weekday_zh(day.weekday()));
                (table.at_key("off"), what, "文件可能只存了一半：照国务院办公厅的通知，把七个节日放假的每一天补全")
            }
            Doubt::Unexplained(day) => {
                let what = format!("{day}（{}）放假，却不挨着任何一个节日", weekday_zh(day.weekday()));
                let at = places.get(&day).cloned().unwrap_or_else(|| table.at_key("off"));
                (at, what, "对照通知看看日期是否写错；通知确实另外规定放假的，不必改")
            }
            Doubt::Far(day) => {
                let what = format!("{day} 写了上班，前后半个月里却没有放假的日子");
                (table.at_key("work"), what, "对照通知看看日期是否写错；通知确实这样规定的，不必改")
            }
            Doubt::Unbalanced { off, work, law } => {
                let what = format!(
                    "周一至周五放假 {off} 天，周六、周日上班 {work} 天，相差 {} 天；法定节假日全年是 {law} 天",
                    off.abs_diff(work)
                );
                let key = if table.get("work").is_some() { "work" } else { "off" };
                (table.at_key(key), what, "对照通知，看看放假和调休上班的日子是否都写全了；通知另有规定的，不必改")
            }
        };
        if doubt.is_error() { table.error(at, what, instead) } else { table.warn(at, what, instead) }
    }
}

fn file_name_agrees(table: &Table<'_>, year: i16, at: &Range<usize>) -> bool {
    let path = &table.source.path;
    let agrees = path.file_stem().is_some_and(|stem| stem.to_string_lossy() == year.to_string());
    if !agrees {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let what = format!("文件名是 {name}，里面的 year 却是 {year}");
        table.error(at.clone(), what, format!("把文件名改为 {year}.toml，或改正 year"));
    }
    agrees
}

/// The days of a list; reports those outside the year and those written twice.
fn days(table: &Table<'_>, key: &str, year: Option<i16>) -> Option<BTreeMap<Date, Range<usize>>> {
    let mut days = BTreeMap::new();
    let listed = table.dates(key)?;
    let any = !listed.is_empty();
    for (day, at) in listed {
        if year.is_some_and(|year| day.year() != year) {
            let what = format!("{day} 不在 {} 年", year.unwrap_or_default());
            table.error(at.clone(), what, format!("写进 {}.toml，或改正日期", day.year()));
        }
        if days.insert(day, at.clone()).is_some() {
            table.error(at, format!("{day} 写了两次"), "留下一个");
        }
    }
    // Every entry was wrong, and each has been reported.
    if !any && !table.is_empty(key) { None } else { Some(days) }
}
