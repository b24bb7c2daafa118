mod export;
pub mod hostile;
mod import;
mod properties;

use jiff::civil::{Date, date};

use super::*;
use crate::domain::{
    calendar::{Calendar, StatutoryYear},
    deadline::{Deadline, Done, Roster, Section, Target, default_overdue},
    due::Due,
};

const TODAY: Date = date(2026, 1, 27);

fn deadline(id: &str, item: u32, title: &str, due: &str, sections: &[&str]) -> Deadline {
    let due = Due::parse(due, Some(2026)).unwrap();
    Deadline {
        was: None,
        id: id.into(),
        item: Some(item),
        title: title.into(),
        times: due.times.unwrap_or(1),
        due,
        target: None,
        sections: sections.iter().map(|s| (*s).to_owned()).collect(),
        lead: None,
        help_by: None,
        basis: None,
        steps: vec![],
        remind: vec![],
        overdue: default_overdue(),
        escalate_to: None,
        done: Done::Any,
        since: None,
        bureau_default: false,
        off: false,
    }
}

fn target(words: &str) -> Option<(String, Target)> {
    Some((words.into(), Target::Rule(Due::parse(&format!("每年{words}"), None).unwrap().rule)))
}

/// With the Saturday of 2026-02-28 made to work.
fn calendar() -> Calendar {
    let year =
        StatutoryYear { off: [date(2026, 1, 1)].into(), work: [date(2026, 2, 28)].into(), ..StatutoryYear::default() };
    Calendar::new(&[(2026, year)].into())
}

fn roster() -> Roster {
    let names = ["办公室", "基建科", "道运科", "公交科", "港航科", "法制科", "安监科", "质监科", "规划科", "机关党委"];
    let section = |name: &str| Section { name: name.into(), email: vec![], leader: vec![], in_all: true, was: None };
    Roster { sections: names.map(section).into() }
}

/// The occurrences of a deadline in 2026, as they stand today if nothing was reported.
fn entries<'a>(deadline: &'a Deadline, cal: &Calendar, periods: &'a [(String, Date)]) -> Vec<Entry<'a>> {
    let entry = |(period, due): &'a (String, Date)| {
        let dates = Dates::new(deadline, cal, *due);
        Entry {
            deadline,
            period,
            dates,
            state: State::Open,
            light: Light::of(State::Open, &dates, None, TODAY),
            days_left: dates.days_left(dates.finish_by, TODAY),
            workdays_left: dates.workdays_left(cal, dates.finish_by, TODAY),
            today: TODAY,
            reports: vec![],
            missing: vec![],
            told: None,
        }
    };
    periods.iter().map(entry).collect()
}

fn periods(deadline: &Deadline, cal: &Calendar) -> Vec<(String, Date)> {
    let terms = deadline.due.rule.terms(cal, date(2026, 1, 1), date(2026, 12, 31));
    terms.map(|term| (term.period, term.due)).collect()
}

fn ledger(rows: Vec<Row>) -> Ledger {
    Ledger { year: 2026, section: None, made_at: TODAY.at(8, 30, 0, 0), rows }
}

/// The notice's words become the file that is shipped.
#[test]
fn a_notice_becomes_the_file_of_its_year() {
    let facts: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/notices.json")).unwrap();
    for (year, shipped) in [
        (2021, include_str!("../../../config/holidays/2021.toml")),
        (2026, include_str!("../../../config/holidays/2026.toml")),
    ] {
        let notice = crate::domain::notice::read(facts[year.to_string()]["text"].as_str().unwrap(), None).unwrap();
        let changed = notice.apply(&std::collections::BTreeMap::new()).unwrap();
        assert_eq!(statutory(year, &changed.years[&year], &changed.names), shipped);
    }
}
