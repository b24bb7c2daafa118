//! The use cases: what the command line, the daemon and the board share.

pub mod address;
pub mod case;
pub mod damage;
pub mod deliver;
pub mod diff;
pub mod doctor;
pub mod health;
pub mod incoming;
pub mod keep;
pub mod ledger;
pub mod link;
pub mod link_key;
pub mod load;
pub mod look_ahead;
pub mod notices;
pub mod open;
pub mod plan;
pub mod preview;
mod reply_token;
pub mod report;
pub mod request;
pub mod setup;
pub mod standing;
pub mod start;
pub mod sweep;
pub mod troubles;
pub mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::DateTime;

use self::link::Links;

use crate::{
    clock::Moment,
    config::{Fingerprint, Loaded, Settings, Transport},
    domain::{
        Date,
        calendar::Calendar,
        deadline::{Deadline, Mailbox, Roster, Section},
        occurrence::Progress,
        reminder::{Reader, Step},
    },
    mailer::{self, Mailer},
    store::{self, Db, Tx},
};

/// What is in force beside the deadlines, which the database holds.
#[derive(Clone, Debug)]
pub struct Office {
    pub settings: Settings,
    pub roster: Roster,
    pub calendar: Calendar,
    /// How many deadlines are switched off.
    pub off: usize,
    /// What links and reply tokens are signed with; `None` without `[web]` and `[mailbox]`.
    pub links: Option<Arc<Links>>,
    /// The files that said so, as they were; `None` where what they say is not in force.
    pub seen: Option<Fingerprint>,
    /// What was remarked on them.
    pub warnings: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What was asked for is not there, or cannot be done: in Chinese, for whoever asked.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// In Chinese, for whoever runs duban.
    pub fn explain(&self) -> String {
        match self {
            Self::Store(e) => e.explain(),
            Self::Refused(why) => why.clone(),
        }
    }
}

pub type Result<T> = std::result::Result<T, Error>;

/// Runs `work` in one write transaction: a refusal undoes it as an error does.
fn in_transaction<T>(db: &mut Db, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
    let mut refused = None;
    let done = db.write(|tx| {
        work(tx).map_err(|e| match e {
            Error::Store(e) => e,
            Error::Refused(why) => {
                refused = Some(why);
                store::Error::Undone
            }
        })
    });
    match (done, refused) {
        (Err(store::Error::Undone), Some(why)) => Err(Error::Refused(why)),
        (done, _) => Ok(done?),
    }
}

/// What letters are handed to, by the settings.
///
/// # Errors
/// In Chinese: a setting that TLS refuses.
pub fn mailer(settings: &Settings) -> Result<Mailer> {
    match &settings.mail.transport {
        Transport::Folder(folder) => Ok(Mailer::folder(folder)),
        Transport::Smtp(smtp) => Mailer::smtp(*smtp.clone(), mailer::Limits::default())
            .map_err(|e| Error::Refused(format!("邮件设置有误：{e}。"))),
    }
}

impl Office {
    /// With the settings alone: for what is told where neither files nor database say more.
    pub fn bare(settings: Settings) -> Self {
        let (roster, calendar) = (Roster::default(), Calendar::default());
        Self { settings, roster, calendar, off: 0, links: None, seen: None, warnings: Vec::new() }
    }

    pub fn new(loaded: Loaded) -> (Self, Vec<Deadline>) {
        let Loaded { settings, plan, calendar, off, seen, warnings, .. } = loaded;
        let office = Self {
            settings,
            roster: plan.roster,
            calendar,
            off: off.len(),
            links: None,
            seen: Some(seen),
            warnings: warnings.iter().map(ToString::to_string).collect(),
        };
        (office, plan.deadlines)
    }

    /// Whether letters may go out now: inside the window of a working day.
    pub fn is_open(&self, local: DateTime) -> bool {
        let (from, to) = self.settings.window;
        self.calendar.is_workday(local.date()) && (from..to).contains(&local.time())
    }

    /// The next moment at or after `local` at which letters may go out.
    pub fn next_opening(&self, local: DateTime) -> DateTime {
        let (from, to) = self.settings.window;
        let today = local.date();
        let day = if local.time() < to { today } else { crate::domain::calendar::shift(today, 1) };
        let open = self.calendar.on_or_after(day);
        if open == today && local.time() > from { local } else { open.to_datetime(from) }
    }

    /// Whether today's step has to wait for `send_at`.
    pub fn is_early(&self, step: &Step, now: &Moment) -> bool {
        step.on == now.today() && now.local.time() < self.settings.send_at
    }

    /// Everybody who is to hear this step, each once: the sections that still owe a report, and
    /// their leaders when it escalates.
    pub fn readers(&self, deadline: &Deadline, progress: &Progress, escalates: bool) -> Vec<Reader> {
        self.readers_of(&self.roster.expand(&deadline.sections), deadline, progress, escalates)
    }

    /// The same, of a deadline whose sections have been looked up.
    fn readers_of(
        &self,
        sections: &[&Section],
        deadline: &Deadline,
        progress: &Progress,
        escalates: bool,
    ) -> Vec<Reader> {
        let mut readers: Vec<Reader> = Vec::new();
        // A leader who hears it already, as a section or for one, hears it once.
        let mut add = |mailbox: &Mailbox, behalf: &str, is_leader: bool| {
            if !readers.iter().any(|r| r.mailbox == *mailbox && (is_leader || r.behalf == behalf)) {
                readers.push(Reader { mailbox: mailbox.clone(), behalf: behalf.to_owned(), is_leader });
            }
        };
        let owing = || sections.iter().filter(|s| !progress.has_reported(deadline, &s.name));
        for section in owing() {
            section.email.iter().for_each(|mailbox| add(mailbox, "", false));
            if section.email.is_empty() {
                self.settings.admin.iter().for_each(|admin| add(admin, &section.name, false));
            }
        }
        if escalates {
            match &deadline.escalate_to {
                Some(instead) => instead.iter().for_each(|mailbox| add(mailbox, "", true)),
                None => owing().flat_map(|s| &s.leader).for_each(|mailbox| add(mailbox, "", true)),
            }
        }
        readers
    }

    /// The sections of a deadline by name, `各科室` expanded.
    pub fn section_names(&self, deadline: &Deadline) -> Vec<&str> {
        self.roster.expand(&deadline.sections).into_iter().map(|s| s.name.as_str()).collect()
    }

    /// The sections of a deadline as the file has them: `各科室` stays one word.
    pub fn sections_as_written(&self, id: &str, deadlines: &[Deadline]) -> String {
        deadlines.iter().find(|d| d.id == id).map(|d| d.sections.join("、")).unwrap_or_default()
    }

    /// How many letters may be under way at once.
    pub fn connections(&self) -> usize {
        match &self.settings.mail.transport {
            Transport::Folder(_) => 1,
            Transport::Smtp(smtp) => smtp.connections.max(1),
        }
    }

    pub fn domain(&self) -> &str {
        self.settings.mail.from.as_str().rsplit('@').next().unwrap_or("localhost")
    }
}

/// What lies beside a file and belongs to it, by the end of its name.
pub fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// A date with its steps' first day, from which on it is near.
pub(crate) fn first_day(steps: &[Step]) -> Option<Date> {
    steps.first().map(|s| s.on)
}
