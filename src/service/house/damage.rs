//! A damaged database is not sent from: what it has forgotten would be said again. The admin is told
//! past it, once a day, however often the service is started anew.

use std::{fs, path::Path};

use crate::service::{Office, Result, named, post::write};
use crate::{
    clock::Moment,
    config,
    domain::retry::Outcome,
    letter::notice::{self, Notice},
    mailer::Mailer,
    store::Db,
};

/// What is broken in it, as far as a look at every page shows. A file that is as it was left sound is not read again:
/// that of ten years takes long.
pub fn found(db: &Db, database: &Path) -> Vec<String> {
    let left = fs::read_to_string(named(database, ".sound"));
    match (left, stamp_of(database)) {
        (Ok(left), Some(now)) if left == now => Vec::new(),
        _ => db.damage_at_a_glance(),
    }
}

/// For the end of a process that has looked, and has met no damage since. Whatever is written to the file later, even
/// by a power cut halfway, makes the next start look again.
pub fn leave_sound(db: &Db, database: &Path) {
    if let (Ok(true), Some(now)) = (db.checkpoint(), stamp_of(database)) {
        // Not written: the next start looks.
        let _ = fs::write(named(database, ".sound"), now);
    }
}

/// What tells a file that was written to from one that was not; `None` where it cannot be asked.
fn stamp_of(database: &Path) -> Option<String> {
    serde_json::to_string(&config::stamp(database)?).ok()
}

/// Writes to every admin; to none if that was done today.
///
/// # Errors
/// A letter that cannot be composed.
pub async fn tell(office: &Office, mailer: &Mailer, damage: &[String], now: &Moment) -> Result<()> {
    let told = named(&office.settings.database, ".damaged");
    let today = now.today().to_string();
    if fs::read_to_string(&told).is_ok_and(|day| day == today) {
        return Ok(());
    }
    // Before the letters: a file that cannot be written must not make it one letter every start.
    if fs::write(&told, &today).is_err() {
        return Ok(());
    }
    let words = Notice::Damaged(damage.join("\n"));
    if !past_the_database(office, mailer, &words, now).await? {
        // The next start tries again.
        let _ = fs::remove_file(&told);
    }
    Ok(())
}

/// Writes to every admin at once, without the outbox: the database cannot be relied on. False if nobody can have
/// got it.
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
