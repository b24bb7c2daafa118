//! Nothing is sent from a damaged database: reminders that it has lost would be sent again. The admin is told of the
//! damage without the database, once a day even if the service restarts often.

use std::{fs, path::Path};

use crate::service::{Office, Result, named, post::write};
use crate::{
    clock::Moment,
    config, disk,
    domain::retry::Outcome,
    letter::notice::{self, Notice},
    mailer::Mailer,
    store::Db,
};

/// More than is written into a file beside the database.
const MOST_BYTES: u64 = 4 << 10;

/// The damage that reading every page finds. A file unchanged since [`leave_sound`] is not read again: with ten years
/// of data that takes long.
pub fn found(db: &Db, database: &Path) -> Vec<String> {
    let left = disk::read_plain(&named(database, ".sound"), MOST_BYTES);
    match (left, stamp_of(database)) {
        (Ok(left), Some(now)) if left == now => Vec::new(),
        _ => db.damage_at_a_glance(),
    }
}

/// Records that the file is sound, at the end of a process that has checked it and met no damage since. Any later write
/// to the file, even one cut off by a power failure, makes the next start check again.
pub fn leave_sound(db: &Db, database: &Path) {
    // Of another file at the path nothing is known.
    if db.is_in_place().is_err() {
        return;
    }
    if let (Ok(true), Some(now)) = (db.checkpoint(), stamp_of(database)) {
        // If this is not written, the next start checks the file.
        let _ = disk::write_temporary(&named(database, ".sound"), 0o600, now.as_bytes());
    }
}

/// Changes whenever the file is written to; `None` if it cannot be read.
fn stamp_of(database: &Path) -> Option<String> {
    serde_json::to_string(&config::stamp(database)?).ok()
}

/// Writes to every admin, unless that was done today.
///
/// # Errors
/// A letter that cannot be composed.
pub async fn tell(office: &Office, mailer: &Mailer, damage: &[String], now: &Moment) -> Result<()> {
    let told = named(&office.settings.database, ".damaged");
    let today = now.today().to_string();
    if disk::read_plain(&told, MOST_BYTES).is_ok_and(|day| day == today) {
        return Ok(());
    }
    // Written before the letters: if it could not be written after them, every start would send a letter.
    if disk::write_temporary(&told, 0o600, today.as_bytes()).is_err() {
        return Ok(());
    }
    let words = Notice::Damaged(damage.join("\n"));
    if !past_the_database(office, mailer, &words, now).await? {
        // The next start tries again.
        let _ = fs::remove_file(&told);
    }
    Ok(())
}

/// Writes to every admin at once, without the outbox, since the database cannot be relied on. False if no letter can
/// have arrived.
///
/// # Errors
/// A letter that cannot be composed.
pub async fn past_the_database(office: &Office, mailer: &Mailer, notice: &Notice, now: &Moment) -> Result<bool> {
    let mut session = mailer.session();
    let mut is_told = false;
    for (number, admin) in office.settings.admin.iter().enumerate() {
        let rendered = notice::render(office.tag(), &office.settings.contact, notice);
        let message_id = format!("duban.direct.{}.{number}@{}", now.at.as_second(), office.domain());
        let envelope = write::Envelope {
            to: admin.as_str(),
            message_id: &message_id,
            reply_to: office.settings.admin.clone(),
            answers: None,
        };
        let written = write::compose(office, &envelope, rendered, now)?;
        let from = office.settings.mail.from.as_str();
        let outcome = session.send(from, admin.as_str(), &written.message, "duban.direct").await;
        is_told |= matches!(outcome, Outcome::Accepted { .. } | Outcome::Unknown { .. });
        tracing::error!(
            outcome = outcome.name(),
            reply = outcome.reply(),
            "the admin is told past the database: {}",
            outcome.reply()
        );
    }
    session.finish().await;
    Ok(is_told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::state;

    #[test]
    fn a_file_is_read_again_unless_it_is_as_it_was_left_sound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duban.db");
        let torn = |at: u64| {
            use std::os::unix::fs::FileExt;
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.write_all_at(&[7; 4096], at * 4096).unwrap();
        };
        let mut db = Db::open(&path).unwrap();
        db.write(|tx| tx.put(state::UID, &"b".to_owned())).unwrap();
        let pages = fs::metadata(&path).unwrap().len() / 4096;
        leave_sound(&db, &path);
        assert!(fs::metadata(&path).unwrap().len() / 4096 > pages, "all of it is in the file");
        drop(db);
        let left = stamp_of(&path).unwrap();

        let mut db = Db::open(&path).unwrap();
        assert_eq!(found(&db, &path), Vec::<String>::new());
        assert_eq!(stamp_of(&path).unwrap(), left, "opening it writes nothing");
        db.write(|tx| tx.put(state::UID, &"c".to_owned())).unwrap();
        drop(db);
        assert_ne!(stamp_of(&path).unwrap(), left, "written to");
        let db = Db::open(&path).unwrap();
        leave_sound(&db, &path);
        drop(db);
        torn(5);
        let db = Db::open(&path).unwrap();
        assert_ne!(found(&db, &path), Vec::<String>::new());
    }
}
