//! Three deadlines of two sections, three working days before they are due.

use duban::{
    domain::occurrence::State,
    service::desk::link::Scope,
    store::{Completion, OccurrenceFilter},
};

use super::{BASE, Site, with_web};
use crate::bureau::{Bureau, ROSTER};

pub const PLAN: &str = r#"
[[deadline]]
id       = "annual-report"
item     = 31
title    = "发布{last_year}年度《政府信息公开工作年度报告》"
due      = "每年1月31日前"
sections = ["办公室"]
basis    = "《条例》第五十条"
steps    = ["汇总", "报审"]
[[deadline]]
id       = "each"
title    = "各科室报数"
due      = "每年1月30日"
sections = ["各科室"]
done     = "each"
[[deadline]]
id       = "led"
title    = "牵头报送"
due      = "每年1月30日"
sections = ["办公室", "法制科"]
lead     = "办公室"
"#;

pub const NOW: &str = "2026-01-27T10:00";

pub fn bureau(base: &str) -> Bureau {
    let mut bureau = Bureau::new(&format!("{ROSTER}{PLAN}"));
    with_web(&mut bureau.office, base);
    bureau.load("2026-01-01T00:00");
    bureau.tick("2026-01-27T08:30");
    bureau
}

pub fn site() -> Site {
    let bureau = bureau(BASE);
    Site::new(bureau.office, bureau.db, NOW)
}

pub fn occurrence(site: &Site, deadline: &'static str) -> i64 {
    let found = site.read(move |tx| tx.occurrences(OccurrenceFilter { deadline: Some(deadline), state: None }));
    found.iter().find(|o| o.period == "2026").unwrap().id
}

pub fn report_path(site: &Site, deadline: &'static str, section: &str) -> String {
    let scope = Scope::Report { occurrence: occurrence(site, deadline), section: section.into() };
    format!("/r/{}", site.token(&scope))
}

pub fn completions(site: &Site, deadline: &'static str) -> Vec<Completion> {
    let id = occurrence(site, deadline);
    site.read(move |tx| tx.completions(id))
}

pub fn state(site: &Site, deadline: &'static str) -> State {
    let id = occurrence(site, deadline);
    site.read(move |tx| tx.occurrence_by_id(id)).unwrap().state
}

pub const DONE: &[(&str, &str)] =
    &[("choice", "done"), ("by", "张三"), ("evidence", "粤江交办〔2026〕5号"), ("note", "已在网站发布")];
