//! The clock of a case is stopped, goes on, and begins anew: what is said, what is listed, what is refused.

use duban::{
    domain::{Date, occurrence::State, retry::Outcome},
    letter::notice::Notice as Words,
    service::{
        desk::{
            case::{self, Which},
            report::{self, Report},
        },
        post::notices,
        tell::Notice,
    },
};
use jiff::civil::date;

use crate::bureau::{Bureau, ROSTER};

const CASES: &str = r#"
[[deadline]]
id       = "dependent-request"
title    = "答复政府信息公开申请"
due      = "收到之日起20个工作日内"
sections = ["办公室"]
[[deadline]]
id       = "hearing"
title    = "公告听证"
due      = "举行前7日"
sections = ["法制科"]
"#;
const WHY: &str = "征求第三方意见";

fn day(text: &str) -> Date {
    format!("2026-{text}").parse().unwrap()
}

/// With the case 1号, received on 2 March.
fn bureau() -> Bureau {
    let mut bureau = Bureau::new(&format!("{ROSTER}{CASES}"));
    bureau.load("2026-01-01T00:00");
    open(&mut bureau, "dependent-request", "03-02", "2026-03-02T10:00");
    bureau
}

fn open(bureau: &mut Bureau, id: &str, on: &str, now: &str) {
    let now = bureau.at_time(now);
    case::open(&mut bureau.db, &bureau.office, id, day(on), "1号", "张三", &now).unwrap();
}

/// What is done with 1号, and the date that it has then, or why it was refused.
fn act(bureau: &mut Bureau, what: &str, on: &str, now: &str) -> Result<String, String> {
    let (now, on, which) = (bureau.at_time(now), day(on), Which::from("1号"));
    let (db, office) = (&mut bureau.db, &bureau.office);
    let done = match what {
        "pause" => case::pause(db, office, which, on, WHY, "张三", &now),
        "resume" => case::resume(db, office, which, on, "张三", &now),
        "restart" => case::restart(db, office, which, on, "补正", "张三", &now),
        _ => case::extend(db, office, which, on, "经批准", "张三", &now),
    };
    done.map(|case| case.dates.due.to_string()).map_err(|e| e.to_string())
}

fn due(bureau: &mut Bureau) -> String {
    let case = bureau.db.read(|tx| tx.occurrence("dependent-request", "1号")).unwrap().unwrap();
    case.dates.due.to_string()
}

#[test]
fn nothing_is_said_while_it_stands_and_the_new_date_once() {
    let mut bureau = bureau();
    assert_eq!(bureau.tick("2026-03-23T08:30").len(), 1, "5 working days before the 30th");
    assert_eq!(act(&mut bureau, "pause", "03-24", "2026-03-24T09:00").unwrap(), "2026-03-30", "the dates stay");
    for day in 24..=30 {
        assert!(bureau.tick(&format!("2026-03-{day}T10:00")).is_empty(), "{day} March");
    }
    for later in ["2026-03-31T08:30", "2026-04-02T08:30", "2026-06-01T08:30"] {
        assert!(bureau.tick(later).is_empty(), "{later}: not overdue, not escalated");
        let today = bureau.at_time(later).today();
        let open = bureau.db.read(|tx| tx.count_open(today)).unwrap();
        assert_eq!((open.all, open.overdue, open.paused), (1, 0, 1), "{later}");
        assert!(bureau.db.read(|tx| tx.overdue_occurrences(today)).unwrap().is_empty());
    }
    // 5 working days were left on the 24th: the 24th to the 30th.
    assert_eq!(act(&mut bureau, "resume", "06-01", "2026-06-01T09:00").unwrap(), "2026-06-05");
    let sent = bureau.tick("2026-06-01T09:01");
    assert!(sent.len() == 1 && sent[0].1.contains("〔更正〕"), "{sent:?}");
    let text = bureau.text_of_the_letter_to("bgs@example.test");
    assert!(text.contains("2026年6月5日") && text.contains("2026年3月30日"), "{text}");
    assert!(bureau.tick("2026-06-01T09:02").is_empty(), "once");
    assert_eq!(bureau.tick("2026-06-02T08:30").len(), 1, "3 working days before");
    assert!(!bureau.tick("2026-06-08T08:30").is_empty(), "and overdue afterwards");
    let open = bureau.db.read(|tx| tx.count_open(day("06-08"))).unwrap();
    assert_eq!((open.overdue, open.paused), (1, 0));
}

#[test]
fn who_heard_nothing_is_not_corrected_and_a_weekend_moves_nothing() {
    let mut bureau = bureau();
    act(&mut bureau, "pause", "03-09", "2026-03-09T09:00").unwrap();
    assert_eq!(act(&mut bureau, "resume", "03-16", "2026-03-16T09:00").unwrap(), "2026-04-07");
    assert!(bureau.tick("2026-03-16T09:01").is_empty());
    let told = bureau.tick("2026-03-30T08:30");
    assert!(told.len() == 1 && !told[0].1.contains("更正"), "5 working days before the 7th: {told:?}");
    act(&mut bureau, "pause", "04-04", "2026-04-04T09:00").unwrap();
    assert_eq!(act(&mut bureau, "resume", "04-06", "2026-04-06T09:00").unwrap(), "2026-04-07");
    let heard = bureau.tick("2026-04-07T08:30");
    assert!(heard.len() == 1 && !heard[0].1.contains("更正"), "{heard:?}");
}

#[test]
fn a_letter_that_waits_is_not_handed_over_while_it_stands() {
    let mut bureau = bureau();
    bureau.sweep("2026-03-23T08:30");
    let refused = bureau.send_as("2026-03-23T08:30", |_| Outcome::Temporary { reply: "451 later".into() });
    assert!(refused.is_empty());
    act(&mut bureau, "pause", "03-23", "2026-03-23T08:40").unwrap();
    assert!(bureau.tick("2026-03-23T12:00").is_empty());
    act(&mut bureau, "resume", "03-24", "2026-03-24T08:00").unwrap();
    assert_eq!(bureau.tick("2026-03-24T08:30").len(), 1, "5 working days before the 31st");
}

#[test]
fn an_extension_and_a_pause_combine_in_either_order() {
    let (mut one, mut other) = (bureau(), bureau());
    assert_eq!(act(&mut one, "extend", "04-28", "2026-03-03T09:00").unwrap(), "2026-04-28");
    act(&mut one, "pause", "03-09", "2026-03-09T09:00").unwrap();
    let first = act(&mut one, "resume", "03-16", "2026-03-16T09:00").unwrap();
    act(&mut other, "pause", "03-09", "2026-03-09T09:00").unwrap();
    act(&mut other, "resume", "03-16", "2026-03-16T09:00").unwrap();
    let second = act(&mut other, "extend", &first[5..], "2026-03-17T09:00").unwrap();
    assert_eq!((first.as_str(), second.as_str()), ("2026-05-08", "2026-05-08"));
    for bureau in [&mut one, &mut other] {
        let case = bureau.db.read(|tx| tx.occurrence("dependent-request", "1号")).unwrap().unwrap();
        assert_eq!(case.case.as_ref().unwrap().pauses.len(), 1);
        bureau.load("2026-03-20T08:00");
        assert_eq!(due(bureau), "2026-05-08", "a load keeps it");
    }
}

#[test]
fn it_begins_anew_without_what_was_before() {
    let mut bureau = bureau();
    act(&mut bureau, "extend", "04-28", "2026-03-03T09:00").unwrap();
    act(&mut bureau, "pause", "03-09", "2026-03-09T09:00").unwrap();
    // 20 working days after Monday the 16th, with Qingming between.
    assert_eq!(act(&mut bureau, "restart", "03-16", "2026-03-16T09:00").unwrap(), "2026-04-14");
    assert!(bureau.tick("2026-03-16T09:01").is_empty(), "nobody had heard another date");
    assert_eq!(bureau.tick("2026-04-07T08:30").len(), 1, "it goes on: 5 working days before");
    assert_eq!(act(&mut bureau, "restart", "04-07", "2026-04-07T10:00").unwrap(), "2026-05-08");
    let sent = bureau.tick("2026-04-07T10:01");
    assert!(sent.len() == 1 && sent[0].1.contains("更正"), "{sent:?}");
}

#[test]
fn an_edit_and_a_notice_of_statutory_days_keep_what_was_paused() {
    let mut bureau = bureau();
    act(&mut bureau, "pause", "03-09", "2026-03-09T09:00").unwrap();
    act(&mut bureau, "resume", "03-16", "2026-03-16T09:00").unwrap();
    act(&mut bureau, "pause", "03-20", "2026-03-20T09:00").unwrap();
    bureau.edit(&format!("{ROSTER}{CASES}").replace("20个工作日", "15个工作日"), "2026-03-20T10:00");
    assert_eq!(due(&mut bureau), "2026-03-30", "15 working days, 5 of them paused before; the second pause lasts");
    // The days of a notice that makes 19 March a day off.
    let path = bureau.folder.path().join("holidays/2026.toml");
    let days = std::fs::read_to_string(&path).unwrap();
    let more = days.replacen("off = [", "off = [\n  2026-03-19,", 1);
    assert_ne!(days, more);
    std::fs::write(&path, more).unwrap();
    bureau.edit(&format!("{ROSTER}{CASES}"), "2026-03-20T11:00");
    assert_eq!(due(&mut bureau), "2026-04-08");
    let case = bureau.db.read(|tx| tx.occurrence("dependent-request", "1号")).unwrap().unwrap();
    assert_eq!((case.dates.paused, case.state), (Some(day("03-20")), State::Open), "it still stands");
    assert_eq!(act(&mut bureau, "resume", "03-23", "2026-03-23T09:00").unwrap(), "2026-04-09");
}

#[test]
fn what_is_taken_out_and_put_back_still_stands() {
    let mut bureau = bureau();
    act(&mut bureau, "pause", "03-09", "2026-03-09T09:00").unwrap();
    let gone = bureau.edit(
        &format!("{ROSTER}{}", CASES.split("[[deadline]]").last().map(|one| format!("[[deadline]]{one}")).unwrap()),
        "2026-03-10T09:00",
    );
    assert_eq!(gone.gone.len(), 1);
    assert_eq!(bureau.db.read(|tx| tx.count_open(day("03-10"))).unwrap().paused, 0);
    let refused = act(&mut bureau, "resume", "03-10", "2026-03-10T09:00").unwrap_err();
    assert!(refused.contains("写回文件就恢复"), "{refused}");
    bureau.edit(&format!("{ROSTER}{CASES}"), "2026-03-11T09:00");
    assert!(bureau.tick("2026-04-08T08:30").is_empty());
    assert_eq!(bureau.db.read(|tx| tx.count_open(day("04-08"))).unwrap().paused, 1);
    assert_eq!(act(&mut bureau, "resume", "03-16", "2026-03-16T09:00").unwrap(), "2026-04-07");
}

#[test]
fn the_weekly_letter_names_what_stands_for_over_thirty_days() {
    let mut bureau = bureau();
    act(&mut bureau, "pause", "03-09", "2026-03-09T09:00").unwrap();
    let named = |bureau: &mut Bureau, now: &str| {
        let now = bureau.at_time(now);
        let words = bureau.db.read(|tx| Ok(notices::in_words(tx, &bureau.office, Notice::Weekly, &now))).unwrap();
        let Ok(Some(Words::Weekly(weekly))) = words else { panic!("no weekly letter") };
        assert!(weekly.overdue.is_empty() && weekly.near.is_empty() && weekly.next_seven_days.is_empty());
        weekly.paused.into_iter().map(|(case, days)| (case.title, days)).collect::<Vec<_>>()
    };
    assert_eq!(named(&mut bureau, "2026-03-30T08:30"), []);
    assert_eq!(named(&mut bureau, "2026-04-07T08:30"), [], "the 30th day");
    assert_eq!(named(&mut bureau, "2026-04-08T08:30"), [("答复政府信息公开申请（1号）".to_owned(), 31)]);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let mut bureau = bureau();
    let now = "2026-03-16T09:00";
    let refused = |bureau: &mut Bureau, what: &str, on: &str, words: &[&str]| {
        let why = act(bureau, what, on, now).unwrap_err();
        assert!(words.iter().all(|word| why.contains(word)), "{what} {on}: {why}");
    };
    refused(&mut bureau, "resume", "03-10", &["没有暂停", "duban pause"]);
    refused(&mut bureau, "pause", "03-01", &["从 2026-03-02 起算"]);
    refused(&mut bureau, "pause", "03-17", &["还没有到"]);
    refused(&mut bureau, "restart", "03-01", &["从 2026-03-02 起算"]);
    refused(&mut bureau, "restart", "03-17", &["还没有到"]);
    act(&mut bureau, "pause", "03-09", now).unwrap();
    refused(&mut bureau, "pause", "03-10", &["已经暂停", "duban resume"]);
    refused(&mut bureau, "resume", "03-09", &["晚于暂停的 2026-03-09", "duban restart 1号 --on 2026-03-02"]);
    refused(&mut bureau, "resume", "03-17", &["还没有到"]);
    act(&mut bureau, "resume", "03-12", now).unwrap();
    refused(&mut bureau, "pause", "03-11", &["2026-03-12"]);
    let at = bureau.at_time("2026-04-20T09:00");
    let late = case::pause(&mut bureau.db, &bureau.office, "1号", day("04-20"), WHY, "张三", &at).unwrap_err();
    assert!(late.to_string().contains("duban extend"), "{late}");
    let at = bureau.at_time(now);
    let (db, office) = (&mut bureau.db, &bureau.office);
    let none = case::pause(db, office, "2号", day("03-16"), WHY, "张三", &at).unwrap_err();
    assert!(none.to_string().contains("duban list"), "{none}");
    for (why, by) in [(" ", "张三"), (WHY, "")] {
        assert!(case::pause(db, office, "1号", day("03-16"), why, by, &at).is_err(), "{why:?} {by:?}");
        assert!(case::restart(db, office, "1号", day("03-16"), why, by, &at).is_err(), "{why:?} {by:?}");
    }
    // The same reference elsewhere, of a case that is counted back.
    open(&mut bureau, "hearing", "05-20", now);
    refused(&mut bureau, "pause", "03-16", &["几个事项", "--id", "dependent-request、hearing"]);
    let (db, office) = (&mut bureau.db, &bureau.office);
    let hearing = Which { reference: "1号", deadline: Some("hearing") };
    for refused in [
        case::pause(db, office, hearing, day("03-16"), WHY, "张三", &at),
        case::restart(db, office, hearing, day("03-16"), WHY, "张三", &at),
    ] {
        assert!(refused.unwrap_err().to_string().contains("往前数"));
    }
    let own = Which { reference: "1号", deadline: Some("dependent-request") };
    assert_eq!(case::pause(db, office, own, day("03-16"), WHY, "张三", &at).unwrap().period, "1号");
    let done = Report {
        deadline: "dependent-request".into(),
        period: Some("1号".into()),
        by: "张三".into(),
        ..Report::default()
    };
    report::done(db, office, &done, &at).unwrap();
    let closed = case::resume(db, office, own, day("03-16"), "张三", &at).unwrap_err();
    assert!(closed.to_string().contains("duban reopen"), "{closed}");
}

#[test]
fn the_year_is_known_by_the_dates() {
    // Paused for a year: the date moves into one whose days off are a guess, and is marked so.
    let mut bureau = bureau();
    act(&mut bureau, "pause", "03-09", "2026-03-09T09:00").unwrap();
    let now = bureau.at_time("2027-03-09T09:00");
    let case = case::resume(&mut bureau.db, &bureau.office, "1号", date(2027, 3, 9), "张三", &now).unwrap();
    assert!(case.dates.provisional && case.dates.due > date(2027, 3, 9), "{:?}", case.dates);
}
