//! A database as ten years leave it, made for `tests/decade.sh` to measure. Sections report most things
//! done, as they do.

use std::{fs, path::PathBuf};

use duban::{
    domain::{Date, occurrence::State},
    service::desk::report::{Report, done},
    store::{Db, OccurrenceFilter},
};
use jiff::{ToSpan, civil::date};

use crate::bureau::{Bureau, days};

#[test]
#[ignore = "minutes: tests/decade.sh runs it"]
fn ten_years() {
    let path = PathBuf::from(std::env::var("DECADE").unwrap());
    let _ = fs::remove_file(&path);
    let mut bureau = Bureau::shipped();
    bureau.db = Db::open(&path).unwrap();
    let (from, to) = (date(2016, 11, 1), date(2026, 10, 31));
    bureau.load(&format!("{from}T00:00"));
    for day in days(from, to) {
        bureau.tick(&format!("{day}T08:30"));
        report(&mut bureau, day);
    }
}

/// Five of six things are reported the day before they are due.
fn report(bureau: &mut Bureau, day: Date) {
    let now = bureau.at_time(&format!("{day}T16:00"));
    let filter = OccurrenceFilter { state: Some(State::Open), ..OccurrenceFilter::default() };
    for open in bureau.db.read(|tx| tx.occurrences(filter)).unwrap() {
        if open.dates.finish_by > day + 1.day() || open.id % 6 == 0 {
            continue;
        }
        let deadline = bureau.deadlines.iter().find(|d| d.id == open.deadline).unwrap();
        for section in bureau.office.section_names(deadline) {
            let report = Report {
                deadline: open.deadline.clone(),
                period: Some(open.period.clone()),
                section: Some(section.to_owned()),
                by: "张三".into(),
                ..Report::default()
            };
            // Where one report is enough, or several are asked for, the rest is refused or more follow.
            let _ = done(&mut bureau.db, &bureau.office, &report, &now);
        }
    }
}
