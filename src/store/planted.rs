//! What lies in a database's schema, and is not ours.

use std::{collections::BTreeSet, sync::OnceLock};

use ring::digest::{Context, SHA256};
use rusqlite::{Connection, Row};

use super::{Db, Error, Result, schema};

/// Brings the schema up to date.
///
/// # Errors
/// Also if it is not ours alone then: see [`refuse`].
pub(super) fn migrate(db: Db, path: &str) -> Result<Db> {
    let db = schema::migrate(db, path)?;
    refuse(&db.conn)?;
    Ok(db)
}

/// A new database.
pub(super) fn fresh() -> Result<Db> {
    schema::migrate(Db::connect(Connection::open_in_memory()?)?, ":memory:")
}

/// A table, an index, a trigger or a view: type, name, table, and the words that made it.
type Part = (String, String, String, Option<String>);

fn parts(conn: &Connection) -> Result<BTreeSet<Part>> {
    // Whoever looks into the file with a shell may leave ANALYZE's tables; they act on nothing.
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema
               WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4'))";
    let mut select = conn.prepare(sql)?;
    let read = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    Ok(select.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
}

/// Of what a new database consists of, so that no command has to make one to know it.
const DIGEST: &str = "1b3e3dece7ae67dd2e9edcc89af3c03fc52c183aad5ae38e906345748ee92374";

fn digest(parts: &BTreeSet<Part>) -> String {
    let mut hash = Context::new(&SHA256);
    for (kind, name, table, sql) in parts {
        hash.update(format!("{kind}\0{name}\0{table}\0{}\0", sql.as_deref().unwrap_or_default()).as_bytes());
    }
    hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a new database consists of.
fn ours() -> Result<&'static BTreeSet<Part>> {
    static OURS: OnceLock<BTreeSet<Part>> = OnceLock::new();
    if let Some(ours) = OURS.get() {
        return Ok(ours);
    }
    let made = parts(&fresh()?.conn)?;
    Ok(OURS.get_or_init(|| made))
}

/// Whoever may write the file may have put something into its schema that acts whenever it is used: a trigger that
/// changes whom a letter is for, a view in a table's place that never ends. It would outlive every copy.
///
/// # Errors
/// The schema, brought up to date, is not that of a new database.
pub(super) fn refuse(conn: &Connection) -> Result<()> {
    let found = parts(conn)?;
    if digest(&found) == DIGEST {
        return Ok(());
    }
    let odd = found.symmetric_difference(ours()?).map(|(kind, name, ..)| {
        let kind = match kind.as_str() {
            "table" => "表",
            "index" => "索引",
            "trigger" => "触发器",
            _ => "视图",
        };
        format!("{kind} {name}")
    });
    let odd: BTreeSet<String> = odd.collect();
    if odd.is_empty() { Ok(()) } else { Err(Error::Planted(odd.into_iter().collect::<Vec<_>>().join("、"))) }
}

/// Whether its tables are ours: reading them ends.
pub(super) fn has_our_tables(conn: &Connection) -> Result<bool> {
    let found = parts(conn)?;
    Ok(ours()?.iter().filter(|(kind, ..)| kind == "table").all(|table| found.contains(table)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(conn: Connection) -> Result<Db> {
        migrate(Db::connect(conn).unwrap(), "x")
    }

    #[test]
    fn a_new_database_is_known_by_its_digest() {
        assert_eq!(digest(ours().unwrap()), DIGEST);
    }

    #[test]
    fn a_schema_with_what_is_not_ours_is_refused() {
        for (harm, named) in [
            ("CREATE TRIGGER t AFTER INSERT ON letter BEGIN UPDATE letter SET mailbox = 'evil@example.test'; END", "触发器 t"),
            (
                "ALTER TABLE occurrence RENAME TO other;
                 CREATE VIEW occurrence AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT other.* FROM other, r",
                "视图 occurrence",
            ),
            ("DROP TRIGGER audit_keeps_all; CREATE TRIGGER audit_keeps_all BEFORE DELETE ON audit BEGIN SELECT 1; END", "audit_keeps_all"),
            ("DROP INDEX said_once", "索引 said_once"),
        ] {
            let db = fresh().unwrap();
            db.conn.execute_batch("ANALYZE").unwrap();
            refuse(&db.conn).unwrap();
            db.conn.execute_batch(harm).unwrap();
            let e = refuse(&db.conn).unwrap_err();
            assert!(e.is_damage() && e.explain().contains(named), "{}", e.explain());
            assert_eq!(has_our_tables(&db.conn).unwrap(), !named.contains("视图"), "{named}");
        }
    }

    #[test]
    fn an_older_database_is_ours_once_it_is_brought_up_to_date() {
        let first = || {
            let conn = Connection::open_in_memory().unwrap();
            conn.execute_batch(include_str!("migrations/0001_start.sql")).unwrap();
            conn.pragma_update(None, "application_id", schema::APPLICATION_ID).unwrap();
            conn.pragma_update(None, "user_version", 1).unwrap();
            conn
        };
        opened(first()).unwrap();
        let harmed = first();
        harmed.execute_batch("CREATE TRIGGER t AFTER INSERT ON request BEGIN DELETE FROM meta; END").unwrap();
        assert!(opened(harmed).is_err());
    }
}
