//! The command line: text for people, JSON for programs. One file for each subcommand.

mod answers;
mod args;
mod backup;
mod case;
mod check;
mod database;
mod diff;
mod doctor;
mod document;
mod done;
mod example;
mod explain;
mod export;
mod gate;
mod help;
mod history;
mod holidays;
mod import;
mod incoming;
mod init;
mod link;
mod list;
mod listener;
mod mistake;
mod outbox;
mod plan;
mod preview;
mod progress;
mod put;
mod reload;
mod restore;
mod run;
mod status;
mod table;
mod take_over;
mod terminal;
mod test_mail;
mod values;
mod verify;

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};

use self::{
    args::{Cli, Command},
    gate::Gate,
};
use crate::{
    clock::{Clock, Moment},
    config::{
        self, BOARD, Findings, Loaded, Settings,
        secret::{self, Beside},
    },
    domain::deadline::Deadline,
    service::{
        self, Office,
        course::load::{days_in_force, last_good, put_in_force},
        house::setup::SYSTEM,
    },
    store::{self, Db},
};

/// A command's output and exit code.
#[derive(Debug, Default)]
pub struct Answer {
    pub text: String,
    pub exit: Exit,
    /// The text is a file's or a program's, and is written as it is.
    pub is_file: bool,
}

/// 0 done, 1 findings or nothing to act on, 2 usage, 3 another machine has taken over, 75 something is still owed (`EX_TEMPFAIL`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    #[default]
    Done = 0,
    Nothing = 1,
    Usage = 2,
    /// systemd does not start it again: RestartPreventExitStatus.
    TakenOver = 3,
    Owed = 75,
}

/// Why a command could not do what was asked, in Chinese.
#[derive(Debug)]
pub struct Failure {
    pub why: String,
    pub exit: Exit,
}

pub type Result<T = Answer> = std::result::Result<T, Failure>;

/// The context of every command.
pub struct Context {
    pub config: PathBuf,
    /// Whether `config` comes from `--config` or `$DUBAN_CONFIG`.
    pub is_config_given: bool,
    pub env: BTreeMap<String, String>,
    pub clock: Clock,
    /// The text of the credential with the link keys, read at the gateway.
    link_key: OnceCell<String>,
    /// The umask that this process was started with, once it is through the gateway.
    umask: OnceCell<u32>,
}

/// The definition of the command line, for man pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(Cli { command: Command::Help { of }, .. }) => return help::help(&of),
        Ok(cli) => cli,
        Err(e) => return mistake::explain(&e, &args),
    };
    let result = Context::new(&cli).and_then(|context| dispatch(&context, cli.command));
    let exit = match result {
        Ok(answer) => {
            terminal::answer(&answer);
            answer.exit
        }
        Err(failure) => {
            let _ = terminal::tell(&format!("{}\n", failure.why.trim_end()));
            failure.exit
        }
    };
    ExitCode::from(exit as u8)
}

fn dispatch(context: &Context, command: Command) -> Result {
    match command {
        Command::Init(args) => init::init(context, args),
        Command::Check => check::check(context),
        Command::List(args) => list::list(context, &args),
        Command::Plan(args) => plan::plan(context, &args),
        Command::Preview(args) => preview::preview(context, &args),
        Command::Explain(args) => explain::explain(context, &args),
        Command::Run { once } => run::run(context, once),
        Command::Done(args) => done::done(context, args),
        Command::Note(args) => done::note(context, args),
        Command::Open(args) => case::open(context, &args),
        Command::Extend(args) => case::extend(context, &args),
        Command::Pause(args) => case::pause(context, &args),
        Command::Resume(args) => case::resume(context, &args),
        Command::Restart(args) => case::restart(context, &args),
        Command::Requests(args) => case::requests(context, &args),
        Command::Diff { new } => diff::diff(context, new.as_deref()),
        Command::Reopen(args) => done::reopen(context, args),
        Command::Outbox(args) => outbox::outbox(context, &args),
        Command::History(args) => history::history(context, &args),
        Command::Link(args) => link::link(context, &args),
        Command::Export(args) => export::export(context, &args),
        Command::Import(args) => import::import(context, &args),
        Command::Holidays { command } => holidays::holidays(context, &command),
        Command::ReadSheet => document::read_sheet(),
        Command::Put(args) => put::put(&args),
        Command::TestMail { address } => test_mail::test_mail(context, &address),
        Command::Incoming(args) => incoming::incoming(context, &args),
        Command::Mailbox { .. } => incoming::mailbox(context),
        Command::MailIn => incoming::mail_in(context),
        Command::Backup(args) => backup::backup(context, &args),
        Command::Restore(args) => restore::restore(context, &args),
        Command::TakeOver(args) => take_over::take_over(context, &args),
        Command::Verify(args) => verify::verify(context, &args),
        Command::Status => status::status(context),
        Command::Doctor { json } => doctor::doctor(context, json),
        Command::Reload => reload::reload(context),
        Command::Completions { shell } => Ok(help::completions(shell)),
        Command::Help { .. } => Ok(Answer::default()),
    }
}

impl Context {
    fn new(cli: &Cli) -> Result<Self> {
        let mut env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // The service itself: while it mails nobody, the board can be looked at on this machine.
        if matches!(cli.command, Command::Run { once: false } | Command::Link(_)) {
            env.insert(BOARD.to_owned(), String::new());
        }
        let clock = cli.now.map_or(Clock::System, Clock::Fixed);
        let instance = cli.instance.as_ref().map(|name| Path::new(SYSTEM).join(name).join("duban.toml"));
        let given = cli.config.clone().or(instance);
        let config = given.clone().unwrap_or_else(|| default_config(&env));
        let is_config_given = given.is_some() || env.get("DUBAN_CONFIG").is_some_and(|path| !path.is_empty());
        Ok(Self { config, is_config_given, env, clock, link_key: OnceCell::new(), umask: OnceCell::new() })
    }

    /// Loads the files, and goes through the gateway.
    pub fn load(&self) -> Result<Loaded> {
        self.load_with(|_| Ok(())).map(|(loaded, ())| loaded)
    }

    /// As `load`; `first` opens what only root may open.
    pub fn load_with<T>(&self, first: impl FnOnce(&Gate) -> Result<T>) -> Result<(Loaded, T)> {
        let mut loaded = self.files(&self.env).map_err(|findings| Failure::new(findings.to_string()))?;
        let opened = self.pass(&loaded.settings, first)?;
        self.keep_years(&mut loaded);
        Ok((loaded, opened))
    }

    /// What the files say. Nothing beside the database is touched for it.
    pub fn files(&self, env: &BTreeMap<String, String>) -> std::result::Result<Loaded, Findings> {
        config::load(&self.config, env)
    }

    /// The statutory days that are in force by the database, and whose files are gone.
    pub fn keep_years(&self, loaded: &mut Loaded) {
        if let Some(before) = days_in_force(&loaded.settings.database) {
            let this_year = self.now(&loaded.settings).today().year();
            loaded.keep_years_of(&before, this_year);
        }
    }

    /// As `files`, for commands that send nothing: a password that this user may not read is replaced by a placeholder.
    /// Also returns whether one was.
    pub fn look(&self) -> (std::result::Result<Loaded, Findings>, bool) {
        let loaded = self.files(&self.env);
        if loaded.is_ok() {
            return (loaded, false);
        }
        let folder = self.config.parent().unwrap_or(Path::new(""));
        let mut env = self.env.clone();
        for secret::Password { credential, variable } in secret::PASSWORDS {
            if matches!(secret::beside(folder, credential), Beside::Locked(_)) {
                env.entry(variable.to_owned()).or_insert_with(|| format!("{credential} is locked"));
            }
        }
        match self.files(&env) {
            Ok(unlocked) => (Ok(unlocked), true),
            Err(_) => (loaded, false),
        }
    }

    /// For commands that send nothing: the configuration in the files; if they have errors, the last good one, with a
    /// notice on standard error.
    pub fn office(&self) -> Result<(Office, Vec<Deadline>)> {
        self.office_with(|_, _| Ok(())).map(|(office, deadlines, ())| (office, deadlines))
    }

    /// As `office`; `first` opens what only root may open.
    pub fn office_with<T>(
        &self,
        first: impl FnOnce(&Gate, &Settings) -> Result<T>,
    ) -> Result<(Office, Vec<Deadline>, T)> {
        self.in_force(self.look().0, first)
    }

    /// As `office`, with the real passwords.
    pub fn office_that_sends(&self) -> Result<Office> {
        self.in_force(self.files(&self.env), |_, _| Ok(())).map(|(office, ..)| office)
    }

    fn in_force<T>(
        &self,
        loaded: std::result::Result<Loaded, Findings>,
        first: impl FnOnce(&Gate, &Settings) -> Result<T>,
    ) -> Result<(Office, Vec<Deadline>, T)> {
        let failure = || Failure::new(loaded.as_ref().err().map(ToString::to_string).unwrap_or_default());
        let settings = settings_of(&loaded).ok_or_else(failure)?;
        let opened = self.pass(settings, |gate| first(gate, settings))?;
        let findings = match loaded {
            Ok(mut loaded) => {
                self.keep_years(&mut loaded);
                let (office, deadlines) = Office::new(loaded);
                return Ok((office, deadlines, opened));
            }
            Err(findings) => findings,
        };
        let failure = || Failure::new(findings.to_string());
        let settings = findings.settings.as_deref().filter(|s| s.database.exists()).ok_or_else(failure)?;
        let mut db = self.open(settings)?;
        let office = db.read(|tx| last_good(tx, settings))?.ok_or_else(failure)?;
        let deadlines = db.read(|tx| tx.deadlines_in_force())?;
        Self::say_that_the_last_good_one_stays(findings.count().0);
        Ok((office, deadlines, opened))
    }

    /// The configuration and the database; puts the plan in force if the service has never run.
    pub fn ready(&self) -> Result<(Office, Db)> {
        let (office, deadlines) = self.office()?;
        let mut db = self.open(&office.settings)?;
        if db.read(|tx| tx.in_force_since())?.is_none() {
            put_in_force(&mut db, &office, &deadlines, &self.now(&office.settings))?;
        }
        Ok((office, db))
    }

    fn say_that_the_last_good_one_stays(errors: usize) {
        Self::say(&format!("配置文件有 {errors} 处错误，没有生效；以下按原来生效的配置。用 duban check 查看错误。"));
    }

    /// On standard error, beside the answer.
    fn say(what: &str) {
        let _ = terminal::tell(&format!("注意：{what}\n\n"));
    }

    /// Opens the link keys; makes them if there are none.
    pub fn open_links(&self, office: &mut Office) -> Result<()> {
        Ok(office.open_links(&self.with_credentials())?)
    }

    /// The environment, with the credentials folder, or with what was read from it at the gateway: so commands of root
    /// find the keys that systemd hands the service.
    pub fn with_credentials(&self) -> BTreeMap<String, String> {
        let mut env = self.env.clone();
        let folder = self.config.parent().unwrap_or(Path::new("")).join(secret::FOLDER);
        env.entry(secret::DIRECTORY.to_owned()).or_insert_with(|| folder.display().to_string());
        if let Some(text) = self.link_key.get() {
            env.insert(secret::LINK_KEY.to_owned(), text.clone());
        }
        env
    }

    pub fn now(&self, settings: &Settings) -> Moment {
        self.clock.now(&settings.timezone)
    }
}

/// The settings, also if only the plan has errors.
fn settings_of(loaded: &std::result::Result<Loaded, Findings>) -> Option<&Settings> {
    match loaded {
        Ok(loaded) => Some(&loaded.settings),
        Err(findings) => findings.settings.as_deref(),
    }
}

/// # Errors
/// The roster has no such section.
fn check_section(office: &Office, section: Option<&str>) -> Result<()> {
    let Some(unknown) = section.filter(|s| office.roster.get(s).is_none()) else { return Ok(()) };
    let names: Vec<&str> = office.roster.sections.iter().map(|s| s.name.as_str()).collect();
    Err(Failure::new(format!("科室名册里没有“{unknown}”。有：{}。", names.join("、"))))
}

/// `$DUBAN_CONFIG`, else the one in `/etc/duban`, else the one in the working directory.
fn default_config(env: &BTreeMap<String, String>) -> PathBuf {
    let system = Path::new("/etc/duban/duban.toml");
    match env.get("DUBAN_CONFIG").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None if system.exists() => system.into(),
        None => "config/duban.toml".into(),
    }
}

impl Failure {
    /// A file that could not be written.
    pub fn unwritten(file: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let why = match error.kind() {
            ErrorKind::NotFound => "没有这个目录".to_owned(),
            ErrorKind::PermissionDenied => "没有写入权限".to_owned(),
            ErrorKind::IsADirectory => "已有同名的目录".to_owned(),
            ErrorKind::AlreadyExists => "文件已经有了，不覆盖。请换一个文件名".to_owned(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "磁盘已满".to_owned(),
            ErrorKind::ReadOnlyFilesystem => "文件系统是只读的".to_owned(),
            ErrorKind::InvalidFilename => "文件名太长".to_owned(),
            _ => error.to_string(),
        };
        Self::new(format!("写不了 {}：{why}。", file.display()))
    }

    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), exit: Exit::Nothing }
    }
}

impl From<store::Error> for Failure {
    fn from(e: store::Error) -> Self {
        Self::new(e.explain())
    }
}

impl From<service::Error> for Failure {
    fn from(e: service::Error) -> Self {
        Self::new(e.explain())
    }
}
