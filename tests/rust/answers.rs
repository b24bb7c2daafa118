//! Cases, requests, the weekly letter, the leader's letter, edits shown before they bite.

use duban::{
    domain::{occurrence::State, retry::Outcome},
    service::{
        course::diff::{Counts, diff},
        desk::{
            case,
            request::{self, Ask},
        },
    },
    store::{LetterRow, RequestKind},
};
use jiff::civil::date;

use crate::bureau::{Bureau, ROSTER};

const CASE: &str = r#"
[[deadline]]
id       = "dependent-request"
title    = "答复政府信息公开申请"
due      = "收到之日起20个工作日内"
sections = ["办公室"]
"#;

const PLAN: &str = r#"
[[deadline]]
id       = "report"
title    = "发布年报"
due      = "每年1月30日"
sections = ["办公室", "法制科"]
"#;

fn bureau() -> Bureau {
    let mut bureau = Bureau::new(&format!("{ROSTER}{PLAN}"));
    bureau.load("2026-01-01T00:00");
    bureau
}

fn to(sent: &[(String, String)]) -> Vec<&str> {
    sent.iter().map(|(to, _)| to.as_str()).collect()
}

/// What the admin was told, by its subjects.
fn told_the_admin(bureau: &mut Bureau) -> Vec<String> {
    let letters: Vec<LetterRow> = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
    letters.into_iter().filter(|l| l.notice.is_some()).filter_map(|l| l.subject).collect()
}

#[test]
fn a_case_counts_twenty_working_days_and_can_be_extended() {
    let mut bureau = Bureau::new(&format!("{ROSTER}{CASE}"));
    bureau.load("2026-01-01T00:00");
    let now = bureau.at_time("2026-02-13T10:00");
    let reference = "粤江交依申请〔2026〕3号";
    let opened =
        case::open(&mut bureau.db, &bureau.office, "dependent-request", date(2026, 2, 13), reference, "张三", &now);
    assert_eq!(opened.unwrap().dates.due, date(2026, 3, 19));
    let again =
        case::open(&mut bureau.db, &bureau.office, "dependent-request", date(2026, 2, 13), reference, "张三", &now);
    assert!(again.unwrap_err().to_string().contains("已经登记过"));
    for quiet in ["2026-02-13T10:01", "2026-03-11T08:30"] {
        assert!(bureau.tick(quiet).is_empty(), "{quiet}");
    }
    assert_eq!(to(&bureau.tick("2026-03-12T08:30")), ["bgs@example.test"], "5 working days before");
    let now = bureau.at_time("2026-03-13T10:00");
    let extended =
        case::extend(&mut bureau.db, &bureau.office, reference, date(2026, 4, 16), "征求第三方意见", "张三", &now);
    assert_eq!(extended.unwrap().dates.finish_by, date(2026, 4, 16));
    let sent = bureau.tick("2026-03-13T10:01");
    assert!(sent.len() == 1 && sent[0].1.contains("〔更正〕"), "{sent:?}");
    assert!(bureau.tick("2026-03-19T08:30").is_empty(), "the old date is nothing any more");
    // A reload works the dates out again, and the extension stands.
    bureau.load("2026-03-20T08:30");
    assert_eq!(bureau.tick("2026-04-09T08:30").len(), 1, "5 working days before the new date");
}

#[test]
fn a_confirmed_postponement_is_quiet_up_to_its_date() {
    let mut bureau = bureau();
    bureau.tick("2026-01-29T08:30");
    let occurrence = bureau.db.read(|tx| tx.occurrence("report", "2026")).unwrap().unwrap().id;
    let ask = Ask {
        occurrence,
        section: "法制科".into(),
        kind: RequestKind::Postponed,
        by: "李四".into(),
        reason: "等上级数据".into(),
        expected: Some(date(2026, 2, 5)),
    };
    let now = bureau.at_time("2026-01-29T09:00");
    let past = Ask { expected: Some(date(2026, 1, 29)), ..ask.clone() };
    assert!(request::ask(&mut bureau.db, &bureau.office, &past, &now).is_err());
    let id = request::ask(&mut bureau.db, &bureau.office, &ask, &now).unwrap();
    assert!(request::ask(&mut bureau.db, &bureau.office, &ask, &now).is_err(), "asked before");
    assert_eq!(bureau.tick("2026-01-30T08:30").len(), 2, "reminders go on until it is confirmed");
    assert!(told_the_admin(&mut bureau).iter().any(|s| s.contains("法制科报不能按期")));
    let now = bureau.at_time("2026-01-30T09:00");
    request::decide(&mut bureau.db, &bureau.office, id, true, "管理员", "", &now).unwrap();
    assert!(request::decide(&mut bureau.db, &bureau.office, id, false, "管理员", "", &now).is_err(), "once");
    for quiet in ["2026-02-02T08:30", "2026-02-04T08:30"] {
        assert!(bureau.tick(quiet).is_empty(), "{quiet}");
    }
    // 8 working days after the 30th of January, past the expected date.
    assert!(!bureau.tick("2026-02-11T08:30").is_empty());
}

#[test]
fn not_applicable_closes_only_when_confirmed() {
    let mut bureau = bureau();
    bureau.tick("2026-01-29T08:30");
    let occurrence = bureau.db.read(|tx| tx.occurrence("report", "2026")).unwrap().unwrap().id;
    let ask = Ask {
        occurrence,
        section: "法制科".into(),
        kind: RequestKind::NotApplicable,
        by: "李四".into(),
        reason: "职能已划转".into(),
        expected: None,
    };
    let now = bureau.at_time("2026-01-29T09:00");
    let returned = request::ask(&mut bureau.db, &bureau.office, &ask, &now).unwrap();
    request::decide(&mut bureau.db, &bureau.office, returned, false, "管理员", "仍由你科办", &now).unwrap();
    assert_eq!(bureau.tick("2026-01-30T08:30").len(), 2, "returned: nothing has changed");
    let again = request::ask(&mut bureau.db, &bureau.office, &ask, &now).unwrap();
    request::decide(&mut bureau.db, &bureau.office, again, true, "管理员", "", &now).unwrap();
    let state = bureau.db.read(|tx| tx.occurrence("report", "2026")).unwrap().unwrap().state;
    assert_eq!(state, State::Done);
    assert!(bureau.tick("2026-02-02T08:30").is_empty());
}

#[test]
fn the_leader_hears_once_a_day_of_all_that_is_overdue() {
    let two = r#"
[[deadline]]
id = "first"
title = "第一件"
due = "每年1月27日"
sections = ["办公室"]
[[deadline]]
id = "second"
title = "第二件"
due = "每年1月28日"
sections = ["法制科"]
"#;
    let mut bureau = Bureau::new(&format!("{ROSTER}{two}"));
    bureau.load("2026-01-20T00:00");
    bureau.tick("2026-01-30T08:30");
    // The 3rd working day of the second: the first, on its 4th, is in the leader's letter too.
    let sent = bureau.tick("2026-02-02T08:30");
    let leader: Vec<&String> = sent.iter().filter(|(to, _)| to == "fgld@example.test").map(|(_, s)| s).collect();
    assert_eq!(leader.len(), 1, "{sent:?}");
    assert!(leader[0].contains("2项"), "{leader:?}");
    assert!(bureau.tick("2026-02-02T12:00").is_empty());
}

#[test]
fn every_monday_the_admin_hears_even_with_nothing_to_say() {
    let mut bureau = bureau();
    bureau.tick("2026-01-05T09:00"); // the week of the start
    for (day, total) in [("2026-01-11", 0), ("2026-01-12", 1), ("2026-01-13", 1), ("2026-01-21", 2), ("2026-02-16", 3)]
    {
        bureau.tick(&format!("{day}T08:30"));
        let weekly = told_the_admin(&mut bureau).iter().filter(|s| s.contains("本周督办")).count();
        // The 21st is a Wednesday: Monday was missed. The 16th of February lies in the Spring Festival.
        assert_eq!(weekly, total, "{day}");
    }
}

#[test]
fn the_weekly_letter_speaks_of_letters_that_are_stuck_and_of_no_others() {
    let mut bureau = Bureau::shipped();
    bureau.load("2026-01-05T08:00");
    bureau.tick("2026-01-05T09:00");
    // The letters of this morning's round are on their way with it.
    assert!(bureau.tick("2026-01-12T08:30").len() > 3);
    let weekly = bureau.text_of_the_letter_to("admin@example.test");
    assert!(!weekly.contains("封邮件还没有发出"), "{weekly}");
    // A server that has taken nothing but the admin's mail since Friday.
    let picky = |letter: &LetterRow| match letter.mailbox.as_str() {
        "admin@example.test" => Outcome::Accepted { reply: "250 ok".into() },
        _ => Outcome::Temporary { reply: "no".into() },
    };
    for day in ["2026-01-16T08:30", "2026-01-19T08:30"] {
        bureau.sweep(day);
        // Three refusals in a row end a round: it takes several to come to the admin's letter.
        for _ in 0..20 {
            assert!(bureau.send_as(day, picky).is_empty());
        }
    }
    let weekly = bureau.text_of_the_letter_to("admin@example.test");
    assert!(weekly.contains("封邮件还没有发出"), "{weekly}");
}

#[test]
fn an_edit_is_shown_before_it_bites() {
    let mut bureau = bureau();
    bureau.tick("2026-01-05T09:00");
    let (office, before) = (bureau.office.clone(), bureau.deadlines.clone());
    let now = bureau.at_time("2026-01-05T10:00");
    let mut after = before.clone();
    after[0].due = duban::domain::due::Due::parse("每年1月29日", None).unwrap();
    let mut announced = |new: &[duban::domain::deadline::Deadline]| {
        bureau.db.write(|tx| Ok(diff(tx, &office, (&office, new), &now))).unwrap().unwrap()
    };
    let moved = announced(&after);
    assert!(moved.reminders.moved > 0 && moved.reminders.cancelled == 0, "{moved:?}");
    let lines = moved.lines(10).join("\n");
    assert!(lines.contains("发布年报（办公室、法制科，2026）：请于 2026-01-30 改为 2026-01-29 前办结"), "{lines}");
    let gone = announced(&before[..0]);
    assert!(matches!(gone.reminders, Counts { added: 0, moved: 0, cancelled: 1.. }), "{gone:?}");
    assert!(gone.changes.gone.contains(&("report".into(), "2026".into())) && gone.changes.is_drastic(), "{gone:?}");
    assert!(announced(&before).is_empty());
}

#[test]
fn statutory_days_that_come_late_correct_what_was_told() {
    let mut bureau = Bureau::new(&format!("{ROSTER}{PLAN}"));
    let file = bureau.folder.path().join("holidays/2026.toml");
    let known = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let march = PLAN.replace("每年1月30日", "每年2月20日");
    bureau.edit(&format!("{ROSTER}{march}"), "2026-01-05T00:00");
    // By Monday to Friday, the 20th of February is a working day.
    assert_eq!(bureau.tick("2026-01-21T08:30").len(), 2);
    std::fs::write(&file, known).unwrap();
    let changes = bureau.edit(&format!("{ROSTER}{march}"), "2026-01-22T09:00");
    assert_eq!(changes.moved, [("report".to_owned(), "2026".to_owned())]);
    let sent = bureau.tick("2026-01-22T09:01");
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|(_, s)| s.contains("〔更正〕") && s.contains("2月14日")), "{sent:?}");
    assert!(bureau.tick("2026-01-22T09:02").is_empty());
}

#[test]
fn a_refused_letter_does_not_stop_the_others() {
    let mut bureau = bureau();
    bureau.sweep("2026-01-29T08:30");
    let server = |letter: &duban::store::LetterRow| match letter.mailbox.as_str() {
        "bgs@example.test" => Outcome::Temporary { reply: "450 busy".into() },
        _ => Outcome::Accepted { reply: "250 ok".into() },
    };
    assert_eq!(to(&bureau.send_as("2026-01-29T08:30", server)), ["fzk@example.test"]);
}
