//! What is wrong with the service is seen by whoever looks.

use duban::{
    domain::retry::Outcome,
    service::house::{
        keep::let_go,
        troubles::{NAMES, sweeps_fail, sweeps_succeed, troubles},
    },
    store::{Db, state::Failing},
};

use crate::bureau::{Bureau, ROSTER};

fn bureau() -> Bureau {
    let plan = "[[deadline]]\nid = \"k\"\ntitle = \"事项\"\ndue = \"每年1月30日\"\nsections = [\"办公室\"]\n";
    let mut bureau = Bureau::new(&format!("{ROSTER}{plan}"));
    bureau.load("2026-01-05T09:00");
    bureau
}

fn names(bureau: &mut Bureau, now: &str) -> Vec<&'static str> {
    let (office, now) = (bureau.office.clone(), bureau.at_time(now));
    let found = bureau.db.read(|tx| Ok(troubles(tx, &office, &now))).unwrap().unwrap();
    assert!(found.iter().all(|t| NAMES.contains(&t.name) && !t.words.is_empty()), "{found:?}");
    found.into_iter().map(|t| t.name).collect()
}

#[test]
fn a_letter_that_waits_for_the_window_is_none_and_one_that_nobody_takes_is() {
    let mut bureau = bureau();
    assert_eq!(names(&mut bureau, "2026-01-27T08:00"), [""; 0]);
    bureau.sweep("2026-01-27T17:55");
    assert_eq!(names(&mut bureau, "2026-01-27T23:00"), [""; 0], "it waits for the morning");
    assert_eq!(names(&mut bureau, "2026-01-28T09:00"), ["letters"]);
    bureau.send_as("2026-01-28T09:00", |_| Outcome::Temporary { reply: "451".into() });
    assert_eq!(names(&mut bureau, "2026-01-28T23:00"), ["letters"], "tried and not taken");
    bureau.send("2026-01-29T09:00");
    assert_eq!(names(&mut bureau, "2026-01-29T09:01"), [""; 0]);
}

#[test]
fn a_missing_year_and_a_refused_configuration() {
    let mut bureau = bureau();
    assert_eq!(names(&mut bureau, "2026-10-31T09:00"), [""; 0]);
    assert_eq!(names(&mut bureau, "2026-11-01T09:00"), ["statutory_year"]);
    let now = bureau.at_time("2026-10-01T09:00");
    duban::service::course::load::refuse(&mut bureau.db, "第 3 行", &now).unwrap();
    assert_eq!(names(&mut bureau, "2026-10-01T09:01"), ["configuration"]);
    bureau.load("2026-10-01T09:05");
    assert_eq!(names(&mut bureau, "2026-10-01T09:06"), [""; 0]);
}

#[test]
fn sweeps_that_fail_are_seen_and_told_of_when_they_succeed_again() {
    let mut bureau = bureau();
    let told = |bureau: &mut Bureau| {
        let letters = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        letters.iter().filter(|l| l.notice.as_ref().is_some_and(|n| n.contains("swept"))).count()
    };
    for (until, news) in [("2026-01-06T09:09", 0), ("2026-01-06T09:10", 1)] {
        let failing = Failing { since: bureau.at_time("2026-01-06T09:00").at, why: "磁盘已满".into() };
        bureau.db.write(|tx| sweeps_fail(tx, &failing)).unwrap();
        assert_eq!(names(&mut bureau, "2026-01-06T09:05"), ["sweep"]);
        let (office, now) = (bureau.office.clone(), bureau.at_time(until));
        bureau.db.write(|tx| sweeps_succeed(tx, &office, None, &now)).unwrap();
        assert_eq!(names(&mut bureau, until), [""; 0]);
        assert_eq!(told(&mut bureau), news, "{until}");
        bureau.db.write(|tx| sweeps_succeed(tx, &office, None, &now)).unwrap();
        assert_eq!(told(&mut bureau), news, "once");
    }
    bureau.send("2026-01-06T09:11");
    assert!(bureau.text_of_the_letter_to("admin@example.test").contains("磁盘已满"));
}

/// Seen in the numbers and in systemd's line until the service has ended, and by what it saved afterwards.
#[test]
fn a_database_that_was_displaced() {
    let mut bureau = bureau();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    bureau.office.settings.database = path.clone();
    bureau.db = Db::open(&path).unwrap();
    bureau.load("2026-01-05T09:00");
    assert_eq!(names(&mut bureau, "2026-01-06T09:00"), [""; 0]);
    std::fs::copy(&path, folder.path().join("new")).unwrap();
    std::fs::rename(folder.path().join("new"), &path).unwrap();
    assert_eq!(names(&mut bureau, "2026-01-06T09:00"), ["database"]);
    let (held, now) = (std::mem::replace(&mut bureau.db, Db::in_memory().unwrap()), bureau.at_time("2026-01-06T09:01"));
    let copy = let_go(held, &path, &now).unwrap().unwrap();
    assert!(Db::open_there(&copy).unwrap().read(|tx| tx.last_load()).unwrap().is_some(), "what was held is saved");
    assert_eq!(names(&mut bureau, "2026-01-06T09:02"), ["database"]);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", copy.display()));
    }
    assert_eq!(names(&mut bureau, "2026-01-06T09:02"), [""; 0]);
}
