//! The schema, by append-only migrations.

use rusqlite::{Connection, TransactionBehavior};

use super::{Db, Error, Result, audit::last_version, chain, rules_as_data};

/// Order is important. Add new migrations at the end; never change one that was released.
pub(super) const MIGRATIONS: [&str; 15] = [
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_incoming.sql"),
    include_str!("migrations/0003_scale.sql"),
    include_str!("migrations/0004_lately.sql"),
    include_str!("migrations/0005_plain.sql"),
    include_str!("migrations/0006_names.sql"),
    include_str!("migrations/0007_server.sql"),
    include_str!("migrations/0008_data.sql"),
    include_str!("migrations/0009_ends.sql"),
    include_str!("migrations/0010_pause.sql"),
    include_str!("migrations/0011_slim.sql"),
    include_str!("migrations/0012_guard.sql"),
    include_str!("migrations/0013_calendar.sql"),
    include_str!("migrations/0014_chain.sql"),
    include_str!("migrations/0015_notes.sql"),
];

/// The migrations that SQL alone cannot do.
const RULES_AS_DATA: usize = 4;
const CHAIN: usize = 13;

/// Marks the file as ours in its header ("DUBN").
pub(super) const APPLICATION_ID: u32 = 0x4455_424E;

/// Brings the schema up to date, each step in a transaction of its own.
pub(super) fn migrate(db: Db, path: &str) -> Result<Db> {
    migrate_up_to(MIGRATIONS.len(), db, path)
}

pub(super) fn migrate_up_to(last: usize, mut db: Db, path: &str) -> Result<Db> {
    if pending(&db.conn, path)?.is_none() {
        // Looking takes no lock: a reader does not wait for a writer.
        return Ok(db);
    }
    // A table that others refer to can be rebuilt only without foreign keys; a migration that breaks a reference is
    // undone.
    db.conn.pragma_update(None, "foreign_keys", false)?;
    while let Some(migration) = pending(&db.conn, path)?.filter(|next| *next < last) {
        let tx = db.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been first.
        if pending(&tx, path)? == Some(migration) {
            let lost = |tx: &Connection| -> rusqlite::Result<i64> {
                tx.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            };
            // References that were broken before stay as they are.
            let before = lost(&tx)?;
            tx.execute_batch(MIGRATIONS[migration])?;
            if migration == RULES_AS_DATA {
                rules_as_data::rewrite(&tx)?;
            }
            if migration == CHAIN {
                chain::chain_from(&tx, i64::MIN)?;
            }
            if lost(&tx)? > before {
                return Err(Error::Value(format!("migration {} leaves references to nothing", migration + 1)));
            }
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
            tx.pragma_update(None, "user_version", migration as i64 + 1)?;
            tx.commit()?;
        }
    }
    db.conn.pragma_update(None, "foreign_keys", true)?;
    Ok(db)
}

/// Whether the file's header says that it is ours.
pub(super) fn is_ours(conn: &Connection) -> Result<bool> {
    let application: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(application == i64::from(APPLICATION_ID))
}

/// The index of the next migration, `None` when the schema is up to date.
pub(super) fn pending(conn: &Connection, path: &str) -> Result<Option<usize>> {
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if application != i64::from(APPLICATION_ID) {
        let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if application != 0 || tables > 0 {
            return Err(Error::Foreign(path.to_owned()));
        }
    }
    match usize::try_from(found) {
        Ok(next) if next < MIGRATIONS.len() => Ok(Some(next)),
        Ok(next) if next == MIGRATIONS.len() => Ok(None),
        _ => Err(Error::Newer { found, known, by: last_version(conn) }),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rusqlite::params;

    use super::*;
    use crate::{
        domain::{deadline::Mailbox, hours::Behalf},
        store::{LetterKind, state},
    };

    /// A database as the first version wrote it, with a letter that others refer to.
    fn first() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(MIGRATIONS[0]).unwrap();
        conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        conn.execute_batch(
            "INSERT INTO letter (id, mailbox, any_time, made_at, state, next_attempt, message_id)
               VALUES (7, 'a@example.test', 0, '2026-01-01T00:00:00Z', 'sent', '2026-01-01T00:00:00Z', 'm7');
             INSERT INTO attempt (letter, at, outcome) VALUES (7, '2026-01-01T00:00:00Z', 'accepted');",
        )
        .unwrap();
        conn
    }

    #[test]
    fn a_database_of_the_first_version_is_brought_up_to_date() {
        let mut db = migrate(Db { conn: first(), held: None }, "old").unwrap();
        let letter = db.read(|tx| tx.letter(7)).unwrap().unwrap();
        assert_eq!((letter.mailbox.as_str(), letter.message_id.as_str()), ("a@example.test", "m7"));
        assert_eq!(db.read(|tx| tx.attempts(7)).unwrap().len(), 1);
        assert_eq!(db.read(|tx| tx.count_attempts()).unwrap(), [("accepted".to_owned(), 1)]);
        let kept: bool = db.conn.pragma_query_value(None, "foreign_keys", |row| row.get(0)).unwrap();
        assert!(kept, "references are kept again");
        assert!(db.conn.execute("INSERT INTO attempt (letter, at) VALUES (8, '')", []).is_err());
    }

    /// An open occurrence ends with its date until the next load, which the upgrade asks for.
    #[test]
    fn when_an_occurrence_ends_is_worked_out_anew() {
        let conn = fourth();
        conn.execute_batch(
            "INSERT INTO load VALUES (1, '2026-01-01T00:00:00Z', 1, '');
             INSERT INTO deadline_version VALUES (1, 'd', '{}', 1, NULL);
             INSERT INTO deadline VALUES ('d', 1, 1, '2026-01-01', NULL, NULL);
             INSERT INTO occurrence VALUES (1, 'd', '2026', '2026-04-05', '2026-04-03', NULL, 0, NULL, 0, 'open', NULL, NULL, NULL, NULL);
             INSERT INTO meta (key, value) VALUES ('admin', '[]'), ('calendar', '{}');",
        )
        .unwrap();
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        let due = "2026-04-05".parse().unwrap();
        let found = db.read(|tx| tx.occurrence("d", "2026")).unwrap().unwrap().dates;
        assert_eq!((found.due, found.ends), (due, due));
        let keys = |key: &str| -> i64 {
            db.conn.query_row("SELECT count(*) FROM meta WHERE key = ?1", [key], |row| row.get(0)).unwrap()
        };
        assert_eq!((keys("admin"), keys("calendar")), (0, 1));
    }

    #[test]
    fn letters_texts_move_out_of_the_second_versions_letters() {
        let conn = first();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        conn.execute_batch(MIGRATIONS[1]).unwrap();
        conn.execute("UPDATE letter SET handed_over = x'6869'", []).unwrap();
        conn.pragma_update(None, "user_version", 2).unwrap();
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        assert_eq!(db.read(|tx| tx.handed_over(7)).unwrap().unwrap(), b"hi");
        // It is packed later, and reads the same.
        assert_eq!(db.write(|tx| tx.pack_texts(10)).unwrap(), 1);
        assert_eq!(db.write(|tx| tx.pack_texts(10)).unwrap(), 0);
        assert_eq!(db.read(|tx| tx.handed_over(7)).unwrap().unwrap(), b"hi");
        assert_eq!(db.read(|tx| tx.attempts(7)).unwrap().len(), 1);
        assert!(db.damage().is_empty() && db.damage_at_a_glance().is_empty());
    }

    /// A database as the fourth version wrote it.
    fn fourth() -> Connection {
        let conn = first();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        for migration in &MIGRATIONS[1..4] {
            conn.execute_batch(migration).unwrap();
        }
        conn.pragma_update(None, "user_version", 4).unwrap();
        conn
    }

    #[test]
    fn what_the_fourth_version_kept_under_a_key_is_found_again() {
        let conn = fourth();
        conn.execute_batch(
            "UPDATE meta SET value = '012345678901' WHERE key = 'uid';
             INSERT INTO meta VALUES ('weekly', '2026-01-05'), ('backup_at', '2026-01-06T01:00:00Z'),
               ('missing_year', '2027'), ('ids_from', '190000000'), ('sweep_failing', '');",
        )
        .unwrap();
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        let read = db.read(|tx| {
            assert_eq!(tx.get(state::UID)?.as_deref(), Some("012345678901"));
            assert_eq!(tx.get(state::WEEKLY)?, Some(date(2026, 1, 5)));
            assert_eq!(tx.get(state::COPIED_AT)?, Some("2026-01-06T01:00:00Z".parse().unwrap()));
            assert_eq!((tx.get(state::MISSING_YEAR)?, tx.get(state::IDS_FROM)?), (Some(2027), Some(190_000_000)));
            assert_eq!(tx.get(state::SWEEPS_FAIL)?, Some(None));
            Ok(())
        });
        read.unwrap();
    }

    #[test]
    fn the_fourth_versions_letters_say_what_they_are() {
        let conn = fourth();
        let incoming =
            "INSERT INTO incoming (id, at, fingerprint, message_id, sender, subject, text, outcome, detail, waits)
             VALUES (3, '2026-01-01T00:00:00Z', 'f', '', 'who@example.test', '', '', 'recorded', '[]', 0)";
        conn.execute(incoming, []).unwrap();
        let letters = [
            (None, None, LetterKind::Reminders, None),
            (Some(r#""weekly""#), None, LetterKind::Notice, None),
            (Some(r#"{"rejected":{"findings":"undeliverable"}}"#), None, LetterKind::Notice, None),
            (Some(r#"{"undeliverable":{"letter":7}}"#), None, LetterKind::Undeliverable, None),
            (Some(r#"{"stranger":{"incoming":3}}"#), None, LetterKind::Stranger, Some(3)),
            (Some(r#"{"stranger":{"incoming":99}}"#), None, LetterKind::Stranger, None),
            (Some(r#"{"answer":{"incoming":3}}"#), Some(3), LetterKind::Answer, Some(3)),
            (Some("torn"), None, LetterKind::Notice, None),
        ];
        let sql = "INSERT INTO letter (id, mailbox, notice, answers, any_time, made_at, state, next_attempt, message_id)
                   VALUES (?1, 'a@example.test', ?2, ?3, 1, '2026-01-02T00:00:00Z', 'queued', '2026-01-02T00:00:00Z', ?1)";
        for (id, (notice, answers, ..)) in (10..).zip(letters) {
            conn.execute(sql, params![id, notice, answers]).unwrap();
        }
        conn.execute("UPDATE attempt SET outcome = NULL", []).unwrap();
        conn.execute("UPDATE attempt SET outcome = 'accepted'", []).unwrap();
        let counted = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'attempts accepted'";
        let counted: i64 = conn.query_row(counted, [], |row| row.get(0)).unwrap();
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        for (id, (notice, answers, kind, incoming)) in (10..).zip(letters) {
            let letter = db.read(|tx| tx.letter(id)).unwrap().unwrap();
            assert_eq!((letter.kind, letter.incoming, letter.answers()), (kind, incoming, answers), "{notice:?}");
            assert_eq!(letter.notice.as_deref(), notice);
        }
        db.conn.execute("INSERT INTO attempt (letter, at) VALUES (10, '')", []).unwrap();
        db.conn.execute("UPDATE attempt SET outcome = 'accepted' WHERE letter = 10", []).unwrap();
        assert_eq!(db.read(|tx| tx.count_attempts()).unwrap(), [("accepted".to_owned(), counted.unsigned_abs() + 1)]);
        assert!(db.damage().is_empty());
    }

    #[test]
    fn for_whom_the_fourth_version_spoke_is_found_again() {
        let conn = fourth();
        conn.execute_batch(
            "INSERT INTO load VALUES (1, '2026-01-01T00:00:00Z', 1, '');
             INSERT INTO deadline_version VALUES (1, 'd', '{}', 1, NULL);
             INSERT INTO deadline VALUES ('d', 1, 1, '2026-01-01', NULL, NULL);
             INSERT INTO occurrence VALUES (1, 'd', '2026', '2026-03-10', '2026-03-10', NULL, 0, NULL, 0, 'open', NULL, NULL, NULL, NULL);",
        )
        .unwrap();
        let mailbox: Mailbox = "A@example.test".parse().unwrap();
        let lost: Mailbox = "lost@example.test".parse().unwrap();
        let spoken = [
            ("b@example.test", "", false, Behalf::Section),
            ("c@example.test", "", true, Behalf::Leader),
            ("b@example.test", "法规 科", false, Behalf::ForSection("法规 科".into())),
            (
                "b@example.test",
                "A@example.test",
                false,
                Behalf::ForMailbox { mailbox: mailbox.clone(), is_leader: false },
            ),
            ("c@example.test", "A@example.test", true, Behalf::ForMailbox { mailbox, is_leader: true }),
            // A restore with gaps has lost the letters that it refused.
            ("c@example.test", "lost@example.test", false, Behalf::ForMailbox { mailbox: lost, is_leader: false }),
        ];
        let sql = "INSERT INTO said (occurrence, counted_from, saying, mailbox, behalf, letter, on_day, to_leader, due, finish_by)
                   VALUES (1, '2026-03-10', '当天', ?1, ?2, 7, '2026-03-10', ?3, '2026-03-10', '2026-03-10')";
        for (mailbox, behalf, is_leader, _) in &spoken {
            conn.execute(sql, params![mailbox, behalf, is_leader]).unwrap();
        }
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        let said = db.read(|tx| tx.said_in(7)).unwrap();
        let found: Vec<_> = said.into_iter().map(|said| said.utterance.reader.behalf).collect();
        assert_eq!(found, spoken.map(|(.., behalf)| behalf));
    }

    /// A database as the fifth version wrote it, with an occurrence.
    fn fifth() -> Connection {
        let conn = fourth();
        conn.execute_batch(MIGRATIONS[4]).unwrap();
        conn.pragma_update(None, "user_version", 5).unwrap();
        conn.execute_batch(
            "INSERT INTO load VALUES (1, '2026-01-01T00:00:00Z', 1, '');
             INSERT INTO deadline_version VALUES (1, 'd', '{}', 1, NULL);
             INSERT INTO deadline VALUES ('d', 1, 1, '2026-01-01', NULL, NULL);
             INSERT INTO occurrence VALUES (1, 'd', '2026', '2026-03-10', '2026-03-10', NULL, 0, NULL, 0, 'open', NULL, NULL, NULL, NULL);
             INSERT INTO letter (id, mailbox, any_time, made_at, state, next_attempt, message_id)
               VALUES (8, 'A@Example.test', 0, '2026-01-01T00:00:00Z', 'queued', '2026-01-01T00:00:00Z', 'm8');",
        )
        .unwrap();
        conn
    }

    #[test]
    fn of_the_fifth_versions_refused_mail_the_beginning_is_kept() {
        let conn = fifth();
        let long = "报".repeat(100_000);
        let sql =
            "INSERT INTO incoming (id, at, fingerprint, message_id, sender, subject, text, outcome, detail, waits)
                   VALUES (?1, '2026-01-01T00:00:00Z', ?1, '', 'who@example.test', '', ?2, ?3, '[]', 0)";
        for (id, text, outcome) in [(1, long.as_str(), "refused"), (2, "短", "refused"), (3, long.as_str(), "unclear")]
        {
            conn.execute(sql, params![id, text, outcome]).unwrap();
        }
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        let mut text = |id| db.read(|tx| tx.incoming(id)).unwrap().unwrap().text;
        assert!(text(1).len() <= 8 * 1024 && text(1).ends_with("……"));
        assert_eq!((text(2).as_str(), text(3)), ("短", long));
    }

    #[test]
    fn the_fifth_versions_mailboxes_are_one_whatever_their_case() {
        let conn = fifth();
        // The same words in the letter that waits and, to another spelling, in the one that was sent.
        let said = [
            (8, "A@Example.test", ""),
            (7, "a@example.test", ""),
            (7, "b@example.test", "mailbox C@Example.test"),
            (8, "b@example.test", "mailbox c@example.test"),
            (7, "b@example.test", "section IT科"),
            (7, "b@example.test", "section it科"),
        ];
        let sql = "INSERT INTO said (occurrence, counted_from, saying, mailbox, behalf, letter, on_day, to_leader, due, finish_by)
                   VALUES (1, '2026-03-10', '当天', ?2, ?3, ?1, '2026-03-10', 0, '2026-03-10', '2026-03-10')";
        for (letter, mailbox, behalf) in said {
            conn.execute(sql, params![letter, mailbox, behalf]).unwrap();
        }
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        let left = db.read(|tx| tx.said_of(1)).unwrap();
        let left: Vec<_> = left.iter().map(|said| (said.letter, said.id)).collect();
        assert_eq!(left, [(7, 2), (7, 3), (7, 5), (7, 6)], "what went out counts");
        let utterance = db.read(|tx| tx.said_of(1)).unwrap()[0].utterance.clone();
        let reader = crate::domain::hours::Reader { mailbox: "A@EXAMPLE.test".parse().unwrap(), ..utterance.reader };
        db.write(|tx| tx.say(8, 1, &crate::domain::agenda::Utterance { reader, ..utterance })).unwrap();
        assert_eq!(db.read(|tx| tx.said_of(1)).unwrap().len(), 4, "and is not said again");
        assert!(
            db.damage().is_empty() && db.broken_promises("2026-01-01T00:00:00Z".parse().unwrap()).unwrap().is_empty()
        );
    }

    #[test]
    fn a_reminder_that_an_older_version_wrote_down_is_in_the_history_once() {
        let conn = fifth();
        let sql = "INSERT INTO said (occurrence, counted_from, saying, mailbox, behalf, letter, on_day, to_leader, due, finish_by)
                   VALUES (1, '2026-03-10', ?1, 'a@example.test', '', ?2, '2026-03-10', 0, '2026-03-10', '2026-03-10')";
        conn.execute(sql, params!["7个工作日", 7]).unwrap();
        conn.execute(sql, params!["当天", 8]).unwrap();
        conn.execute_batch(
            "UPDATE attempt SET ended_at = '2026-01-01T00:00:00Z';
             INSERT INTO audit (at, who, what, deadline, period, detail)
               VALUES ('2026-01-01T00:00:00Z', 'duban', 'sent', 'd', '2026', '{\"to\":\"a@example.test\",\"saying\":\"7个工作日\"}');",
        )
        .unwrap();
        let mut db = migrate(Db { conn, held: None }, "old").unwrap();
        db.conn
            .execute_batch(
                "INSERT INTO attempt (letter, at, ended_at, outcome, reply)
                   VALUES (8, '2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z', 'temporary', '450'),
                          (8, '2026-01-02T00:01:00Z', '2026-01-02T00:01:00Z', 'accepted', '250 ok');",
            )
            .unwrap();
        for of in [None, Some("d")] {
            let rows = db.read(|tx| tx.audit_trail(of, 100)).unwrap();
            let rows: Vec<_> = rows.iter().map(|row| (row.what.as_str(), row.detail["saying"].as_str())).collect();
            assert_eq!(rows, [("sent", Some("7个工作日")), ("sent", Some("当天"))]);
        }
        assert_eq!(db.walk(None).unwrap().misfit, None, "and it is in the chain");
        assert_eq!(db.read(|tx| tx.chain_head()).unwrap().unwrap().line, 1);
        assert!(db.conn.execute("UPDATE audit SET who = 'x'", []).is_err(), "which is only added to");
    }

    #[test]
    fn an_older_database_is_looked_at_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        first().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
        let before = std::fs::read(&path).unwrap();
        let db = Db::open_to_look(&path).unwrap();
        assert!(!db.is_up_to_date(&path).unwrap() && db.damage_at_a_glance().is_empty());
        assert!(db.conn.execute("DELETE FROM attempt", []).is_err(), "nothing can be written");
        drop(db);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert!(Db::open(&path).unwrap().is_up_to_date(&path).unwrap());
    }

    #[test]
    fn what_was_lost_before_does_not_stop_an_upgrade() {
        let conn = first();
        conn.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO attempt (letter, at) VALUES (8, '')").unwrap();
        assert!(migrate(Db { conn, held: None }, "old").is_ok());
    }
}
