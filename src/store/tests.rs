//! What is broken in the file stops no more than itself.

use jiff::Timestamp;

use super::{Db, NewLetter};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_letter_that_cannot_be_read_does_not_stop_the_next() {
    let mut db = Db::in_memory().unwrap();
    let now = at("2026-01-27T00:30:00Z");
    let owe = |mailbox| NewLetter { mailbox, notice: None, answers: None, any_time: true, domain: "example.test" };
    let ids = ["a@example.test", "b@example.test"].map(|m| db.write(|tx| tx.queue_letter(&owe(m), now)).unwrap());
    db.conn.execute("UPDATE letter SET made_at = 'when?' WHERE id = ?1", [ids[0]]).unwrap();
    let next = |db: &mut Db| db.read(|tx| tx.next_to_send(now, true)).unwrap();
    let (id, letter) = next(&mut db).unwrap();
    assert_eq!(id, ids[0]);
    assert!(letter.is_err_and(|e| e.is_value()));
    db.write(|tx| tx.set_aside(id, at("2026-01-27T01:30:00Z"), "it cannot be read")).unwrap();
    let (id, letter) = next(&mut db).unwrap();
    assert_eq!((id, letter.unwrap().mailbox.as_str()), (ids[1], "b@example.test"));
}

#[test]
fn a_round_takes_up_what_a_dead_process_held_and_what_a_clock_put_off() {
    let mut db = Db::in_memory().unwrap();
    let now = at("2026-01-27T00:30:00Z");
    let owe = NewLetter { mailbox: "a@x.test", notice: None, answers: None, any_time: true, domain: "x.test" };
    let id = db.write(|tx| tx.queue_letter(&owe, now)).unwrap();
    db.write(|tx| tx.claim(id, now, "x", b"x")).unwrap();
    let is_due = |db: &mut Db| db.read(|tx| tx.next_to_send(now, true)).unwrap().is_some();
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
