//! The schema, by append-only migrations.

use rusqlite::{Connection, TransactionBehavior};

use super::{Db, Error, Result};

/// Order is important. Add new migrations at the end; never change one that was released.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_start.sql")];

/// Says in the file's header that it is ours ("DUBN").
const APPLICATION_ID: i64 = 0x4455_424E;

/// Brings the schema up to date, each step in a transaction of its own.
pub(super) fn migrate(mut db: Db, path: &str) -> Result<Db> {
    // Looking takes no lock: a reader does not wait for a writer.
    while let Some(migration) = pending(&db.conn, path)? {
        let tx = db.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been first.
        if pending(&tx, path)? == Some(migration) {
            tx.execute_batch(MIGRATIONS[migration])?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
            tx.pragma_update(None, "user_version", migration as i64 + 1)?;
            tx.commit()?;
        }
    }
    Ok(db)
}

/// The index of the next migration, `None` when the schema is up to date.
fn pending(conn: &Connection, path: &str) -> Result<Option<usize>> {
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if application != APPLICATION_ID {
        let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if application != 0 || tables > 0 {
            return Err(Error::Foreign(path.to_owned()));
        }
    }
    match usize::try_from(found) {
        Ok(next) if next < MIGRATIONS.len() => Ok(Some(next)),
        Ok(next) if next == MIGRATIONS.len() => Ok(None),
        _ => Err(Error::Newer { found, known }),
    }
}
