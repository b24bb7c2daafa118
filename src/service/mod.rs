//! The use cases: what the command line, the daemon and the board share.

pub mod course;
pub mod desk;
pub mod house;
pub mod post;
pub mod tell;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use self::desk::link::Links;

use crate::{
    config::{Fingerprint, Loaded, Settings, Transport},
    domain::{
        calendar::Calendar,
        deadline::{Deadline, Mailbox, Roster},
        hours::House,
    },
    mailer::{self, Mailer},
    store::{self, Db, NewLetter, Tx},
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

    /// What decides who hears, and when.
    pub fn house(&self) -> House<'_> {
        let Settings { admin, hours, .. } = &self.settings;
        House { calendar: &self.calendar, roster: &self.roster, admins: admin, hours: *hours }
    }

    /// The letter of reminders to a mailbox.
    pub(crate) fn reminders_to<'a>(&'a self, mailbox: &'a Mailbox) -> NewLetter<'a> {
        NewLetter { mailbox: mailbox.as_str(), notice: None, any_time: false, domain: self.domain() }
    }

    /// The sections of a deadline by name, `各科室` expanded.
    pub fn section_names(&self, deadline: &Deadline) -> Vec<&str> {
        self.house().section_names(deadline)
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
