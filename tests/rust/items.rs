//! The 32 items of the plan, one by one, by their numbers: through 2026 each is opened, spoken of on
//! its last working day and no more once it is reported done.

use duban::{
    domain::deadline::Done,
    service::desk::{
        case,
        report::{self, Report},
    },
};
use jiff::civil::{Date, date};

use crate::bureau::{Bureau, days};

/// The last working days of 2026 for what comes round alike.
const QUARTERLY: &[&str] = &["03-20", "06-18", "09-20", "12-18"];
const HALF_YEARLY: &[&str] = &["06-18", "12-18"];
const MONTHLY: &[&str] =
    &["01-23", "02-25", "03-25", "04-24", "05-25", "06-25", "07-24", "08-25", "09-24", "10-23", "11-25", "12-25"];

/// Ticks the deadline, alone, through 2026 and compares the days on which it is due to be finished; on
/// each it is reported done, by every section where each reports for itself.
fn through_the_year(item: u32, id: &str, finish_by: &[&str]) {
    let mut bureau = Bureau::shipped();
    bureau.deadlines.retain(|d| d.id == id);
    let deadline = bureau.deadlines.first().unwrap_or_else(|| panic!("{id} is not in the plan")).clone();
    assert_eq!(deadline.item, Some(item));
    assert!(deadline.basis.as_ref().is_some_and(|b| b.chars().count() > 20), "{id} has its text");
    bureau.load("2026-01-01T00:00");
    let sections: Vec<String> = bureau.office.section_names(&deadline).into_iter().map(str::to_owned).collect();
    assert!(!sections.is_empty());
    let mut finished = Vec::new();
    for day in days(date(2026, 1, 1), date(2026, 12, 31)) {
        let now = format!("{day}T08:30");
        let sent = bureau.tick(&now);
        let due = last_day_of_an_open_one(&mut bureau, id, day);
        if let Some(period) = due {
            let mailboxes = sections.iter().filter(|s| sent.iter().any(|(to, _)| *to == mailbox(&bureau, s))).count();
            assert_eq!(mailboxes, sections.len(), "{id} {period}: every section hears on the last day");
            report_done(&mut bureau, id, &period, &deadline.done, &sections, &now);
            finished.push(day.strftime("%m-%d").to_string());
            assert!(bureau.tick(&format!("{day}T17:00")).is_empty(), "{id} {period}: done is done");
        } else {
            let overdue = sent.iter().any(|(_, subject)| subject.contains("逾期"));
            assert!(!overdue, "{id} {day}: nothing is ever overdue here");
        }
    }
    assert_eq!(finished, finish_by, "{id}");
}

fn mailbox(bureau: &Bureau, section: &str) -> String {
    bureau.office.roster.get(section).unwrap().email[0].to_string()
}

fn last_day_of_an_open_one(bureau: &mut Bureau, id: &str, day: Date) -> Option<String> {
    let filter =
        duban::store::OccurrenceFilter { deadline: Some(id), state: Some(duban::domain::occurrence::State::Open) };
    let open = bureau.db.read(|tx| tx.occurrences(filter)).unwrap();
    open.into_iter().find(|o| o.dates.finish_by == day).map(|o| o.it.period)
}

fn report_done(bureau: &mut Bureau, id: &str, period: &str, done: &Done, sections: &[String], now: &str) {
    let now = bureau.at_time(now);
    let reporters: Vec<Option<String>> = match done {
        Done::Any => vec![None],
        Done::Each => sections.iter().cloned().map(Some).collect(),
    };
    let last = reporters.len() - 1;
    for (i, section) in reporters.into_iter().enumerate() {
        let report = Report {
            deadline: id.into(),
            period: Some(period.into()),
            section,
            by: "经办人".into(),
            ..Report::default()
        };
        let reported = report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap();
        assert_eq!(reported.is_closed, i == last);
    }
}

/// A duty that begins with an event: 20 working days from its day.
fn by_case(item: u32, id: &str) {
    let mut bureau = Bureau::shipped();
    bureau.deadlines.retain(|d| d.id == id);
    assert_eq!(bureau.deadlines[0].item, Some(item));
    bureau.load("2026-02-13T00:00");
    let now = bureau.at_time("2026-02-13T09:00");
    let case = case::open(&mut bureau.db, &bureau.office, id, date(2026, 2, 13), "〔2026〕3号", "张三", &now).unwrap();
    assert_eq!(case.dates.due, date(2026, 3, 19));
    assert!(bureau.tick("2026-03-11T08:30").is_empty());
    assert!(!bureau.tick("2026-03-12T08:30").is_empty(), "5 working days before");
}

macro_rules! items {
    ($($name:ident $item:literal: $($id:literal $dates:expr),+;)*) => {$(
        #[test]
        fn $name() { $(through_the_year($item, $id, $dates);)+ }
    )*};
}

items! {
    item_01 1: "disclosure-catalog" QUARTERLY;
    item_02 2: "dependent-request-check" MONTHLY;
    item_03 3: "annual-report-start" &["12-18"], "annual-report-figures" &["01-09"], "annual-report-review" &["01-20"];
    item_05 5: "business-policy-push" QUARTERLY;
    item_06 6: "stable-economy-column" QUARTERLY;
    item_07 7: "major-project-publicity" QUARTERLY;
    item_08 8: "public-enterprise-supervision" HALF_YEARLY;
    item_09 9: "public-enterprise-list" &["05-29"];
    item_10 10: "policy-interpretation-sync" QUARTERLY;
    item_11 11: "policy-interpretation-forms" QUARTERLY;
    item_12 12: "major-decision-participation" HALF_YEARLY;
    item_13 13: "policy-follow-up" HALF_YEARLY;
    item_14 14: "policy-qa-bank" QUARTERLY;
    item_15 15: "policy-hotline" QUARTERLY;
    item_16 16: "governor-mailbox" QUARTERLY;
    item_17 17: "public-opinion-response" QUARTERLY;
    item_18 18: "network-ideology" HALF_YEARLY;
    item_19 19: "website-inspection" MONTHLY;
    item_20 20: "website-intensification" QUARTERLY;
    item_21 21: "open-guangdong-data" &["12-31"];
    item_22 22: "secrecy-review" QUARTERLY;
    item_23 23: "publishing-standards" QUARTERLY;
    item_24 24: "disclosure-method" HALF_YEARLY;
    item_25 25: "map-review" HALF_YEARLY;
    item_26 26: "leading-group-meeting" &["12-31"];
    item_27 27: "chief-briefing" &["12-31"];
    item_28 28: "staff-and-funds" &["09-30"];
    item_29 29: "journal-submission" QUARTERLY;
    item_30 30: "task-ledger" &["08-31"], "task-ledger-review" &["09-30"], "task-ledger-rectify" &["11-30"];
    item_31 31: "annual-report" &["01-30"];
    item_32 32: "law-annual-report" &["02-28"];
}

#[test]
fn item_01_by_case() {
    by_case(1, "proactive-disclosure");
}

#[test]
fn item_02_by_case() {
    by_case(2, "dependent-request");
}

#[test]
fn item_04_and_the_county_s_date_are_switched_off() {
    let bureau = Bureau::shipped();
    for id in ["epidemic-disclosure", "county-annual-report"] {
        assert!(bureau.deadlines.iter().all(|d| d.id != id), "{id}");
    }
    assert_eq!(bureau.office.off, 2);
}

#[test]
fn any_completion_inside_the_period_counts() {
    // Item 21: at least once a year, target 31 October; done in February it is done.
    let mut bureau = Bureau::shipped();
    bureau.deadlines.retain(|d| d.id == "open-guangdong-data");
    bureau.load("2026-01-01T00:00");
    bureau.tick("2026-01-05T08:30");
    let report = Report { deadline: "open-guangdong-data".into(), by: "张三".into(), ..Report::default() };
    let now = bureau.at_time("2026-02-10T09:00");
    assert!(report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap().is_closed);
    for day in days(date(2026, 2, 11), date(2026, 12, 31)) {
        assert!(bureau.tick(&format!("{day}T08:30")).is_empty(), "{day}");
    }
}
