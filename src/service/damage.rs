//! A damaged database is not sent from: what it has forgotten would be said again. The admin is told
//! past it, once a day, however often the service is started anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Office, Result, write};
use crate::{
    clock::Moment,
    domain::retry::Outcome,
    letter::notice::{self, Notice},
    mailer::Mailer,
};

/// Writes to every admin; to none if that was done today.
///
/// # Errors
/// A letter that cannot be composed.
pub async fn tell(office: &Office, mailer: &Mailer, damage: &[String], now: &Moment) -> Result<()> {
    let told = told_file(&office.settings.database);
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

fn told_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".damaged");
    PathBuf::from(name)
}
