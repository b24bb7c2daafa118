//! The iCalendar feed that calendar programs subscribe to: what a section still has to finish.

use ring::digest::{SHA256, digest};

use super::Viewer;
use crate::{
    clock::Moment,
    domain::calendar::shift,
    letter::{
        Addressee, Entry,
        ics::{self, Organizer},
    },
    service::{
        Office, Result,
        course::{
            ahead::{Ahead, ahead},
            entry::calendar_key,
        },
    },
    store::Tx,
};

/// Thirteen months.
const DAYS_AHEAD: i64 = 396;

/// The calendar, and the entity tag that shows whether it has changed.
pub struct Feed {
    pub body: String,
    pub etag: String,
}

pub fn feed(tx: &Tx, office: &Office, viewer: &Viewer, now: &Moment) -> Result<Feed> {
    let mut deadlines = tx.deadlines_in_force()?;
    deadlines.retain(|d| viewer.sees(office, d));
    let today = now.today();
    let found = ahead(tx, office, &deadlines, (today, shift(today, DAYS_AHEAD)), now)?;
    let is_owed = |o: &&Ahead| {
        // What is paused has no alarm: it comes back with its new date.
        o.is_running() && viewer.section().is_none_or(|s| !o.progress.has_reported(o.deadline, s))
    };
    let entries =
        found.iter().filter(is_owed).map(|o| entry(tx, office, viewer, o, now)).collect::<Result<Vec<_>>>()?;
    let name = match viewer {
        Viewer::Admin => office.tag().to_owned(),
        Viewer::Section(name) => format!("{}·{name}", office.tag()),
    };
    let stamp = tx.in_force_since()?.unwrap_or(now.at).to_zoned(office.settings.timezone.clone());
    let organizer = Organizer(office.tag(), office.settings.mail.from.as_str());
    let body = ics::feed(&name, organizer, &entries, today, &stamp);
    let etag = etag(&body);
    Ok(Feed { body, etag })
}

fn entry(tx: &Tx, office: &Office, viewer: &Viewer, found: &Ahead, now: &Moment) -> Result<Entry> {
    let mut entry = found.entry(office, viewer.part(found.deadline), now);
    (entry.uid, entry.sequence) = calendar_key(tx, found.id, &found.occurrence)?;
    entry.to = viewer
        .section()
        .map(|name| Addressee::Section { name: name.to_owned(), leads: found.deadline.lead.as_deref() == Some(name) })
        .into_iter()
        .collect();
    Ok(entry)
}

fn etag(body: &str) -> String {
    let hash = digest(&SHA256, body.as_bytes());
    let hex: String = hash.as_ref().iter().take(12).map(|b| format!("{b:02x}")).collect();
    format!("\"{hex}\"")
}
