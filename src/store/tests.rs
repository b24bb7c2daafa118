//! A broken row stops nothing but itself; a failed write undoes only itself.

use std::sync::mpsc;

use jiff::{Timestamp, civil::date};

use super::{
    Db, Error, LetterKind, NewLetter, NewNotice, Result, Store, Tx,
    state::{self, Key},
};
use crate::domain::{calendar::Calendar, case::Case, deadline::Deadline, due::Due, occurrence::Occurrence};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What the first version wrote, brought to each schema that there was: each is brought up to date, and so is a copy.
#[test]
fn a_database_of_every_schema_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let packed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/schema-1.db.xz");
    let unpacked = std::process::Command::new("xz").arg("-dc").arg(packed).output().unwrap();
    let path = |name: String| folder.path().join(name);
    let last = super::schema::MIGRATIONS.len();
    for schema in 1..=last {
        let (old, copy) = (path(format!("{schema}.db")), path(format!("{schema}.copy")));
        std::fs::write(&old, &unpacked.stdout).unwrap();
        let db = super::schema::migrate_up_to(schema, Db::open_copy(&old).unwrap(), "old").unwrap();
        drop(db);
        let mut header = [0; super::HEADER_BYTES];
        header.copy_from_slice(&std::fs::read(&old).unwrap()[..super::HEADER_BYTES]);
        assert_eq!(super::schema_of(&header), schema as i64);
        std::fs::copy(&old, &copy).unwrap();
        for mut db in [Db::open(&old).unwrap(), Db::open_copy(&copy).unwrap().ready_to_serve(&copy).unwrap()] {
            let holdings = db.holdings().unwrap();
            assert_eq!((holdings.letters, holdings.occurrences, holdings.schema), (57, 35, last as i64), "{schema}");
            assert!(db.damage().is_empty() && db.has_our_tables().unwrap(), "{schema}");
            assert!(db.broken_promises(at("2026-01-30T01:00:00Z")).unwrap().is_empty(), "{schema}");
            assert_eq!(db.walk(None).unwrap().misfit, None, "{schema}");
        }
    }
}

#[test]
fn who_wrote_what_is_too_new_is_told() {
    let mut db = Db::in_memory().unwrap();
    let detail = serde_json::json!({ "version": "9.8.7" });
    let row = super::AuditRow {
        at: at("2026-01-27T00:30:00Z"),
        who: "duban".into(),
        what: "started".into(),
        deadline: None,
        period: None,
        detail,
    };
    db.write(|tx| tx.audit(&row)).unwrap();
    db.conn.pragma_update(None, "user_version", 99).unwrap();
    let why = super::schema::migrate(db, "new").err().unwrap().explain();
    assert!(why.contains("9.8.7 版") && why.contains("结构 99"), "{why}");
}

#[test]
fn a_letter_that_cannot_be_read_does_not_stop_the_next() {
    let mut db = Db::in_memory().unwrap();
    let now = at("2026-01-27T00:30:00Z");
    let owe = |mailbox| NewLetter { mailbox, notice: None, any_time: true, domain: "example.test" };
    let ids = ["a@example.test", "b@example.test"].map(|m| db.write(|tx| tx.queue_letter(&owe(m), now)).unwrap());
    db.conn.execute("UPDATE letter SET made_at = 'when?' WHERE id = ?1", [ids[0]]).unwrap();
    let next = |db: &mut Db| db.read(|tx| tx.next_to_send(now, true, 0)).unwrap();
    let (id, letter) = next(&mut db).unwrap();
    assert_eq!(id, ids[0]);
    assert!(letter.is_err_and(|e| e.is_value()));
    db.write(|tx| tx.set_aside(id, at("2026-01-27T01:30:00Z"), "it cannot be read")).unwrap();
    let (id, letter) = next(&mut db).unwrap();
    assert_eq!((id, letter.unwrap().mailbox.as_str()), (ids[1], "b@example.test"));
}

/// Reminders first, and what is tried again in turns with what is tried first; one turn in four is for other letters.
#[test]
fn whose_turn_it_is() {
    let mut db = Db::in_memory().unwrap();
    let now = at("2026-01-27T00:30:00Z");
    let notice = NewNotice { kind: LetterKind::Answer, json: "\"weekly\"".into(), incoming: None };
    let queue = |mailbox: &'static str| {
        let notice = mailbox.contains("answer").then_some(&notice);
        move |tx: &Tx| tx.queue_letter(&NewLetter { mailbox, notice, any_time: true, domain: "x.test" }, now)
    };
    for mailbox in ["answer@x", "new@x", "tried@x", "tried-answer@x"] {
        let id = db.write(queue(mailbox)).unwrap();
        if mailbox.starts_with("tried") {
            db.write(|tx| tx.claim(&tx.letter(id)?.unwrap(), now)).unwrap();
            db.write(|tx| tx.set_aside(id, now, "450 later")).unwrap();
        }
    }
    let turn = |db: &mut Db, turn| db.read(|tx| tx.next_to_send(now, true, turn)).unwrap().unwrap().1.unwrap().mailbox;
    let turns: Vec<String> = (0..8).map(|n| turn(&mut db, n)).collect();
    let expected =
        ["new@x", "tried@x", "new@x", "tried-answer@x", "tried@x", "new@x", "tried@x", "answer@x"].map(str::to_owned);
    assert_eq!(turns, expected);
}

#[test]
fn a_round_takes_up_what_a_dead_process_held_and_what_a_clock_put_off() {
    let mut db = Db::in_memory().unwrap();
    let now = at("2026-01-27T00:30:00Z");
    let owe = NewLetter { mailbox: "a@x.test", notice: None, any_time: true, domain: "x.test" };
    let id = db.write(|tx| tx.queue_letter(&owe, now)).unwrap();
    db.write(|tx| tx.claim(&tx.letter(id)?.unwrap(), now)).unwrap();
    let is_due = |db: &mut Db| db.read(|tx| tx.next_to_send(now, true, 0)).unwrap().is_some();
    assert!(!is_due(&mut db), "it is under way");
    let begin = |db: &mut Db| db.write(|tx| tx.begin_round(now, at("2026-01-27T01:45:00Z"))).unwrap();
    begin(&mut db);
    assert!(is_due(&mut db));
    // An honest pause stays; one of eight hours is a clock's.
    for (until, due) in [("2026-01-27T01:40:00Z", false), ("2026-01-27T08:30:00Z", true)] {
        db.write(|tx| tx.set_aside(id, at(until), "later")).unwrap();
        begin(&mut db);
        assert_eq!(is_due(&mut db), due, "{until}");
    }
}

/// Runs writes in one group: the store's thread is held up until all of them wait.
async fn together<T: Send + 'static>(
    store: &Store,
    works: Vec<impl FnOnce(&Tx) -> Result<T> + Send + 'static>,
) -> Vec<Result<T>> {
    let (release, held) = mpsc::channel::<()>();
    let mut waiting = tokio::task::JoinSet::new();
    let holder = store.clone();
    waiting.spawn(async move { (0, holder.call(move |_| Ok(held.recv().ok())).await.map(|_: Option<()>| None)) });
    tokio::task::yield_now().await;
    for (nth, work) in works.into_iter().enumerate() {
        let store = store.clone();
        waiting.spawn(async move { (nth + 1, store.write(work).await.map(Some)) });
    }
    tokio::task::yield_now().await;
    release.send(()).unwrap();
    let mut done = waiting.join_all().await;
    done.sort_by_key(|(nth, _)| *nth);
    done.into_iter().skip(1).map(|(_, done)| done.map(|done| done.unwrap())).collect()
}

type Doing = Box<dyn FnOnce(&Tx) -> Result<String> + Send>;

fn put(key: &'static str, bytes: usize) -> Doing {
    Box::new(move |tx| {
        tx.put(Key::new(key), &"x".repeat(bytes))?;
        Ok(key.to_owned())
    })
}

fn undone(key: &'static str) -> Doing {
    Box::new(move |tx| {
        tx.put(Key::new(key), &"here")?;
        // Undoing a part of the transaction does not end it.
        let _ = tx.attempt(|| tx.put(Key::new("part"), &"here").and(Err::<(), _>(Error::Undone)));
        Err(Error::Value("no".into()))
    })
}

async fn holds(store: &Store, key: &'static str) -> bool {
    store.call(move |db| db.read(|tx| tx.get(Key::<String>::new(key)))).await.unwrap().is_some()
}

#[tokio::test]
async fn what_is_written_together_fails_alone() {
    let store = Store::new(Db::in_memory().unwrap()).unwrap();
    let done = together(&store, vec![put("a", 1), undone("b"), put("c", 1)]).await;
    assert!(done[0].is_ok() && done[2].is_ok());
    assert!(matches!(&done[1], Err(Error::Value(why)) if why == "no"), "{done:?}");
    for (key, is_there) in [("a", true), ("b", false), ("part", false), ("c", true)] {
        assert_eq!(holds(&store, key).await, is_there, "{key}");
    }
}

/// No caller is told that its write is done when it is not, wherever the disk is full.
#[tokio::test]
async fn a_full_disk_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("d.db")).unwrap();
    let pages: u32 = db.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    db.conn.pragma_update(None, "max_page_count", pages + 4).unwrap();
    let store = Store::new(db).unwrap();
    let done = together(&store, vec![put("a", 1), put("big", 1 << 20), put("c", 1)]).await;
    // Work that shared the transaction may be undone with it.
    let full = |done: &Result<String>| done.as_ref().is_err_and(|e| e.explain().contains("磁盘已满"));
    assert!(full(&done[1]), "{done:?}");
    for (done, key) in done.iter().zip(["a", "big", "c"]) {
        assert_eq!(holds(&store, key).await, done.is_ok(), "{key}");
    }
    // There is room for this, and the thread goes on.
    let done = together(&store, vec![put("d", 1)]).await;
    assert!(done[0].is_ok() && holds(&store, "d").await, "{done:?}");
}

/// More writes than may share one transaction.
#[tokio::test]
async fn many_writers() {
    let store = Store::new(Db::in_memory().unwrap()).unwrap();
    let count = |_| {
        |tx: &Tx| {
            let n = tx.get(Key::new("n"))?.unwrap_or(0) + 1;
            tx.put(Key::new("n"), &n)?;
            Ok(n)
        }
    };
    let done = together(&store, (0..200).map(count).collect()).await;
    let counted: Vec<u32> = done.into_iter().map(|n| n.unwrap()).collect();
    assert_eq!(counted, (1..=200).collect::<Vec<_>>(), "in the order in which they came");
}

#[tokio::test]
async fn files_that_are_displaced_take_nothing_new_and_what_happened_is_saved() {
    type Displace = fn(&std::path::Path);
    let gone: Displace = |path| {
        for end in ["-wal", "-shm"] {
            std::fs::remove_file(format!("{}{end}", path.display())).unwrap();
        }
    };
    let another: Displace = |path| {
        std::fs::copy(path, path.with_extension("copy")).unwrap();
        std::fs::rename(path.with_extension("copy"), path).unwrap();
    };
    for (displace, is_all_in_place, is_linked) in
        [(gone, true, false), (another, false, false), (gone, true, true), (another, false, true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let mut path = folder.path().join("d.db");
        let real = path.clone();
        if is_linked {
            path = folder.path().join("link.db");
            std::os::unix::fs::symlink(&real, &path).unwrap();
        }
        let store = Store::new(Db::open(&path).unwrap()).unwrap();
        let put = |value: i16| move |tx: &Tx| tx.put(state::MISSING_YEAR, &value).map(drop);
        store.write(put(2027)).await.unwrap();
        assert!(store.is_in_place().is_ok());
        displace(&real);
        assert!(matches!(store.is_in_place(), Err(Error::Displaced { .. })));
        let refused: Result<()> = store.write(put(2028)).await;
        assert!(matches!(refused, Err(Error::Displaced { .. })));
        let refused: Result<()> = store.call(move |db| db.write(put(2028))).await;
        assert!(matches!(refused, Err(Error::Displaced { .. })));
        store.write_in_any_case(put(2029)).await.unwrap();
        assert_eq!(store.close(|db| db.let_go()).await.unwrap(), is_all_in_place);
        let mut there = Db::open_there(&path).unwrap();
        let year = there.read(|tx| tx.get(state::MISSING_YEAR)).unwrap();
        assert_eq!(year == Some(2029), is_all_in_place, "{year:?}");
        assert!(there.damage().is_empty());
    }
}

#[test]
fn the_clock_of_a_case_is_kept_and_an_extension_of_before_stands() {
    let mut db = Db::in_memory().unwrap();
    let due: Due = Due::parse("收到之日起20个工作日内", None).unwrap();
    let wording = serde_json::json!({
        "id": "d", "item": null, "title": "D", "due": due, "target": null, "sections": ["甲科"], "lead": null,
        "basis": null, "steps": [], "remind": [], "overdue": [], "escalate_to": null, "done": "any", "times": 1,
        "since": null, "bureau_default": false, "off": false,
    });
    let deadline: Deadline = serde_json::from_value(wording).unwrap();
    let (cal, on) = (Calendar::default(), date(2026, 3, 2));
    let opened = Occurrence::case(&deadline, &cal, "1", on).unwrap();
    let id = db
        .write(|tx| {
            let load = tx.record_load(at("2026-03-02T00:00:00Z"), true, "")?;
            tx.put_deadline(&deadline, load, on, on)?;
            tx.open_occurrence(&opened, on)
        })
        .unwrap();
    let read = |db: &mut Db| db.read(|tx| tx.occurrence_by_id(id)).unwrap().unwrap().it;
    assert_eq!(read(&mut db), opened);
    let mut case = Case::new(date(2026, 3, 3));
    case.pause(date(2026, 3, 9));
    case.resume(date(2026, 3, 16));
    case.extend(date(2026, 4, 25));
    case.pause(date(2026, 4, 1));
    let changed = Occurrence { case: Some(case), ..opened.clone() };
    db.write(|tx| tx.move_occurrence(id, &changed, on)).unwrap();
    let stored = read(&mut db);
    assert_eq!((stored.case, stored.dates.paused), (changed.case, Some(date(2026, 4, 1))));
    let paused = |db: &mut Db, day| {
        let (open, before) = db.read(|tx| Ok((tx.count_open(day)?, tx.paused_before(day)?))).unwrap();
        (open.overdue, open.paused, before.len())
    };
    assert_eq!(paused(&mut db, date(2026, 4, 1)), (0, 1, 0));
    assert_eq!(paused(&mut db, date(2026, 9, 1)), (0, 1, 1), "never late");
    // As it was written before there were pauses.
    db.conn.execute("UPDATE occurrence SET pauses = NULL, extended_after = NULL", []).unwrap();
    let old = read(&mut db);
    assert_eq!(old.case.unwrap().due(&due.rule, &cal), Some(date(2026, 4, 25)));
    assert_eq!(paused(&mut db, date(2026, 9, 1)), (1, 0, 0));
}
