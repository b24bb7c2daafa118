//! What is known of the links that are out. No link is stored: whoever holds the key can sign any. So it is noted when one
//! was printed, and when something was last recorded through one; opening a page is not noted, since a GET changes
//! nothing and mail scanners open every link.

use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{
    clock::Moment,
    domain::calendar::shift,
    service::{
        Office,
        desk::link::{self, Scope, last_day_of_report},
        tell::Notice,
    },
    store::{RequestRow, Result, Tx, state},
};

/// Links of one kind, of one holder.
#[derive(Clone, Debug)]
pub struct Out {
    pub whose: Whose,
    /// The latest one: printed, or mailed. `None`: not known.
    pub issued: Option<Timestamp>,
    /// The last day of the one that is valid longest, as far as is known.
    pub until: Option<Date>,
    /// When something was last recorded through one, to the hour.
    pub used: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub enum Whose {
    Admin,
    /// In the letter about this request, which waits for an answer.
    Request(RequestRow),
    /// The pages of a section.
    Section(String),
    /// In the letters to a section.
    Reports(String),
}

/// Under what a holder's note is kept; the admin has no name.
fn holder(section: Option<&str>) -> &str {
    section.unwrap_or_default()
}

/// A use is noted once in this time.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Office {
    fn generation(&self, tx: &Tx, section: Option<&str>) -> Result<u32> {
        let scope = section.map_or(Scope::Admin, |name| Scope::Section(name.to_owned()));
        Ok(scope.generation(&tx.get(state::GENERATIONS)?.unwrap_or_default(), &self.roster))
    }

    /// Changes what is noted of a holder's links; what is noted of revoked ones is forgotten.
    fn note_links(
        &self,
        tx: &Tx,
        section: Option<&str>,
        now: &Moment,
        change: impl FnOnce(&mut state::LinkNote),
    ) -> Result<()> {
        let mut notes = tx.get(state::LINKS)?.unwrap_or_default();
        let generation = self.generation(tx, section)?;
        let note = notes.entry(holder(section).to_owned()).or_default();
        if note.generation != generation {
            *note = state::LinkNote { generation, since: Some(now.at), ..state::LinkNote::default() };
        }
        change(note);
        tx.put(state::LINKS, &notes).map(drop)
    }

    /// A link of this holder is printed.
    pub fn note_printed(&self, tx: &Tx, section: Option<&str>, now: &Moment) -> Result<()> {
        let days = if section.is_some() { link::VALID_DAYS } else { link::ADMIN_DAYS };
        self.note_links(tx, section, now, |note| note.printed = Some((now.at, shift(now.today(), days))))
    }

    /// Changes which links are good, and notes of each holder whose were revoked that none from before counts.
    pub(in crate::service) fn change_generations(
        &self,
        tx: &Tx,
        now: &Moment,
        change: impl FnOnce(&mut state::Generations),
    ) -> Result<()> {
        let was = tx.get(state::GENERATIONS)?.unwrap_or_default();
        let mut is = was.clone();
        change(&mut is);
        tx.put(state::GENERATIONS, &is)?;
        if is.admin != was.admin {
            self.note_links(tx, None, now, |_| ())?;
        }
        for (name, _) in is.sections.iter().filter(|(name, count)| was.sections.get(*name) != Some(count)) {
            self.note_links(tx, Some(name), now, |_| ())?;
        }
        Ok(())
    }

    /// Something was recorded through a link that allows this.
    pub fn note_used(&self, tx: &Tx, scope: &Scope, now: &Moment) -> Result<()> {
        let section = match scope {
            Scope::Report { section, .. } | Scope::Letter { section, .. } | Scope::Section(section) => {
                Some(section.as_str())
            }
            Scope::Admin => None,
            // The answer itself is recorded, and ends the link.
            Scope::Request(_) | Scope::AdminCalendar => return Ok(()),
        };
        let is_fresh = |used: Timestamp| (SignedDuration::ZERO..NOTED_EVERY).contains(&now.at.duration_since(used));
        self.note_links(tx, section, now, |note| {
            if !note.used.is_some_and(is_fresh) {
                note.used = Some(now.at);
            }
        })
    }

    /// The links that are out, as far as is known: the admin's, those that answer requests, and of each section its own
    /// and those in its letters.
    pub fn links_out(&self, tx: &Tx, now: &Moment) -> Result<Vec<Out>> {
        let notes = tx.get(state::LINKS)?.unwrap_or_default();
        let noted = |section: Option<&str>| -> Result<state::LinkNote> {
            let generation = self.generation(tx, section)?;
            let note = notes.get(holder(section)).filter(|note| note.generation == generation);
            Ok(note.cloned().unwrap_or_default())
        };
        let printed = |whose, note: &state::LinkNote, used| Out {
            whose,
            issued: note.printed.map(|(at, _)| at),
            until: note.printed.map(|(_, last)| last),
            used,
        };
        let admin = noted(None)?;
        let mut out = vec![printed(Whose::Admin, &admin, admin.used)];
        for request in tx.open_requests()? {
            let notice = Notice::Asked { request: request.id }.to_store()?;
            let since = admin.since.map_or(request.at, |since| since.max(request.at));
            let issued = tx.notice_sent(&notice.json, since)?;
            let last = |at| shift(self.settings.timezone.to_datetime(at).date(), link::ADMIN_DAYS);
            let until = issued.map(last);
            out.push(Out { whose: Whose::Request(request), issued, until, used: None });
        }
        for section in &self.roster.sections {
            let note = noted(Some(&section.name))?;
            out.push(printed(Whose::Section(section.name.clone()), &note, None));
            let mut letters = (None, None);
            for mailbox in &section.email {
                let (sent, due) = tx.reminders_sent_to(mailbox.as_str(), note.since)?;
                letters = (letters.0.max(sent), letters.1.max(due));
            }
            out.push(Out {
                whose: Whose::Reports(section.name.clone()),
                issued: letters.0,
                until: letters.1.map(last_day_of_report),
                used: note.used,
            });
        }
        let today = now.today();
        out.retain(|out| {
            out.issued.is_some() && out.until.is_none_or(|last| last >= today) || matches!(out.whose, Whose::Admin)
        });
        Ok(out)
    }
}
