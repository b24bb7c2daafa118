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

/// The configuration in force, without the deadlines: those are in the database.
#[derive(Clone, Debug)]
pub struct Office {
    pub settings: Settings,
    pub roster: Roster,
    pub calendar: Calendar,
    /// How many deadlines are switched off.
    pub off: usize,
    /// The id that a deadline had, and the one that it has, switched off or not.
    pub renamed: Vec<(String, String)>,
    /// What links and reply tokens are signed with; `None` without `[web]` and `[mailbox]`.
    pub links: Option<Arc<Links>>,
    /// The fingerprint of the files this was read from; `None` if this was not read from the files.
    pub seen: Option<Fingerprint>,
    /// Warnings from reading the files.
    pub warnings: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The request cannot be carried out; why, in Chinese, for whoever asked.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// In Chinese, for the operator.
    pub fn explain(&self) -> String {
        match self {
            Self::Store(e) => e.explain(),
            Self::Refused(why) => why.clone(),
        }
    }
}

pub type Result<T> = std::result::Result<T, Error>;

/// There is no deadline with this id: names the one that was probably meant.
pub fn no_deadline<'a>(id: &str, ids: impl IntoIterator<Item = &'a str>) -> Error {
    let near = ids.into_iter().map(|known| (strsim::jaro(known, id), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    let near = near.filter(|(likeness, _)| *likeness > 0.7).map(|(_, known)| format!("是不是 {known}？"));
    let near = near.unwrap_or_default();
    Error::Refused(format!("没有编号为 {id} 的事项（停用的不算）。{near}用 duban list 查看全部。"))
}

/// Runs `work` in one write transaction; a refusal rolls it back, as an error does.
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

/// # Errors
/// In Chinese: TLS refuses a setting.
pub fn mailer(settings: &Settings) -> Result<Mailer> {
    match &settings.mail.transport {
        Transport::Folder(folder) => Ok(Mailer::folder(folder)),
        Transport::Smtp(smtp) => Mailer::smtp(*smtp.clone(), mailer::Limits::default())
            .map_err(|e| Error::Refused(format!("邮件设置有误：{e}。"))),
    }
}

impl Office {
    /// Settings only, without roster or calendar: for notices when neither the files nor the database can be read.
    pub fn bare(settings: Settings) -> Self {
        let (roster, calendar) = (Roster::default(), Calendar::default());
        Self { settings, roster, calendar, off: 0, renamed: Vec::new(), links: None, seen: None, warnings: Vec::new() }
    }

    pub fn new(loaded: Loaded) -> (Self, Vec<Deadline>) {
        let Loaded { settings, plan, calendar, off, seen, warnings, .. } = loaded;
        let on = plan.deadlines.iter().map(|d| (&d.was, &d.id));
        let all = on.chain(off.iter().map(|off| (&off.was, &off.id)));
        let renamed = all.filter_map(|(was, id)| Some((was.clone()?, id.clone()))).collect();
        let office = Self {
            settings,
            roster: plan.roster,
            calendar,
            off: off.len(),
            renamed,
            links: None,
            seen: Some(seen),
            warnings: warnings.iter().map(ToString::to_string).collect(),
        };
        (office, plan.deadlines)
    }

    /// What the domain needs to decide who is written to, and when.
    pub fn house(&self) -> House<'_> {
        let Settings { admin, hours, .. } = &self.settings;
        House { calendar: &self.calendar, roster: &self.roster, admins: admin, hours: *hours }
    }

    /// A letter of reminders, still empty.
    pub(crate) fn reminders_to<'a>(&'a self, mailbox: &'a Mailbox) -> NewLetter<'a> {
        NewLetter { mailbox: mailbox.as_str(), notice: None, any_time: false, domain: self.domain() }
    }

    /// The names of a deadline's sections, `各科室` expanded.
    pub fn section_names(&self, deadline: &Deadline) -> Vec<&str> {
        self.house().section_names(deadline)
    }

    /// # Errors
    /// In Chinese: the deadline is not this section's.
    fn check_answers_for(&self, deadline: &Deadline, section: &str) -> Result<()> {
        let names = self.section_names(deadline);
        if names.contains(&section) {
            return Ok(());
        }
        let names = names.join("、");
        Err(Error::Refused(format!("{section}不是 {} 的责任科室。责任科室是：{names}。", deadline.id)))
    }

    /// The sections of a deadline as written in the file: `各科室` is not expanded.
    pub fn sections_as_written(&self, id: &str, deadlines: &[Deadline]) -> String {
        deadlines.iter().find(|d| d.id == id).map(|d| d.sections.join("、")).unwrap_or_default()
    }

    /// How many letters may be sent at the same time.
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

/// The path with `end` appended to its file name: a file that belongs to `path` and lies beside it.
pub fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
