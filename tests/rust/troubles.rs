//! What is wrong with the service is seen by whoever looks.

use std::{
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use duban::{
    domain::retry::Outcome,
    service::house::{
        keep::let_go,
        troubles::{NAMES, sweeps_fail, sweeps_succeed, troubles},
    },
    store::{Db, state::Failing},
};

use crate::{
    bureau::{Bureau, ROSTER, SETTINGS, copy_holidays},
    support::smtp_server::{Act, At, Server, say},
};

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
    bureau.db.write(|tx| tx.record_load(now.at, false, "第 3 行")).unwrap();
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

/// As typed: refused at 08:30, mended by 08:40.
#[test]
fn a_server_that_refuses_everybody_is_seen_from_the_command_line() {
    let refuses = Arc::new(AtomicBool::new(true));
    let (still, taken) = (refuses.clone(), Arc::new(AtomicUsize::new(0)));
    let count = taken.clone();
    let server = Server::start(move |at, _, _| match (at, still.load(Ordering::Relaxed)) {
        (At::Dot, true) => say("554 5.7.1 Command rejected"),
        (At::Dot, false) => {
            count.fetch_add(1, Ordering::Relaxed);
            Act::Fine
        }
        _ => Act::Fine,
    });
    let folder = tempfile::tempdir().unwrap();
    let smtp =
        format!("transport = \"smtp\"\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", server.port);
    let settings = SETTINGS.split("transport").next().unwrap().to_owned() + &smtp;
    fs::write(folder.path().join("duban.toml"), settings).unwrap();
    let plan = "[[deadline]]\nid = \"k\"\ntitle = \"事项\"\ndue = \"2026年1月30日\"\nsections = [\"各科室\"]\n";
    fs::write(folder.path().join("deadlines.toml"), format!("{ROSTER}{plan}")).unwrap();
    copy_holidays(folder.path());
    let duban = |args: &[&str], now: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        command.current_dir(folder.path()).args(args).args(["--config", "duban.toml", "--now", now]);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = duban(&["run", "--once"], "2026-01-27T08:30");
    assert_eq!(code, Some(75), "{text}");
    assert!(
        text.contains("发出 0 封，失败 0 封，待发 2 封。") && text.contains("554 5.7.1 Command rejected"),
        "{text}"
    );
    let (code, text) = duban(&["status"], "2026-01-27T08:31");
    let said = "问题      邮件服务器从 2026-01-27 08:30 起拒收本系统的信";
    assert!(code == Some(1) && text.contains(said) && text.contains("554 5.7.1 Command rejected"), "{text}");
    let (_, text) = duban(&["doctor"], "2026-01-27T08:31");
    assert!(text.contains("✗ 服务    邮件服务器从 2026-01-27 08:30 起拒收"), "{text}");
    refuses.store(false, Ordering::Relaxed);
    let (code, text) = duban(&["run", "--once"], "2026-01-27T08:40");
    // To both sections, and what had happened, to the admin.
    assert_eq!((code, text.as_str()), (Some(0), "发出 3 封，失败 0 封，待发 0 封。\n"));
    assert_eq!(taken.load(Ordering::Relaxed), 3);
    let (_, text) = duban(&["status"], "2026-01-27T08:41");
    assert!(!text.contains("拒收"), "{text}");
    assert_eq!(duban(&["run", "--once"], "2026-01-27T08:45").0, Some(0));
    assert_eq!(taken.load(Ordering::Relaxed), 3, "once");
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
