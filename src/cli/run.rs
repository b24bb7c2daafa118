//! `duban run`: runs the service; with `--once`, one sweep and one round of sending.

use std::sync::{Arc, atomic::AtomicBool};

use jiff::Timestamp;
use rustix::process::{Resource, Rlimit, setrlimit};
use tracing_subscriber::{EnvFilter, fmt, fmt::format::debug_fn, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Answer, Context, Exit, Failure, Result, example, terminal};
use crate::{
    clock::{Clock, Moment},
    config::{self, Fingerprint, Settings},
    daemon::{
        Daemon, Parts, Signals,
        lock::{LockError, SenderLock},
    },
    mailer::Mailer,
    service::{
        Office,
        course::{
            start::{By, Started, start},
            sweep::{sweep, tell_of_stuck_letters},
        },
        house::{damage, keep, tidy::tidy},
        mailer,
        post::{deliver::deliver, standby},
    },
    store::{self, Db, Store, state},
};

pub fn run(context: &Context, once: bool) -> Result {
    start_log(context);
    match (once, context.clock) {
        (true, _) => run_once(context),
        (false, Clock::System) => run_on(context),
        (false, Clock::Fixed(_)) => Err(Failure {
            why: "--now 只能与 run --once 同用：服务要看真的钟。".into(),
            exit: Exit::Usage,
        }),
    }
}

fn run_once(context: &Context) -> Result {
    let Ready { office, mailer, mut db, now, mut lock, waits_until, .. } = ready(context, By::Command)?;
    sweep(&mut db, &office, &now)?;
    let store = Store::new(db).map_err(|e| Failure::new(e.to_string()))?;
    let (office, mailer) = (Arc::new(office), Arc::new(mailer));
    let (clock, stop) = (context.clock, Arc::new(AtomicBool::new(false)));
    let (delivered, letters, refused) = runtime()?.block_on(async {
        let mut delivered = deliver(&store, &office, &mailer, clock, &stop).await?;
        let telling = office.clone();
        let told = store.call(move |db| tell_of_stuck_letters(db, &telling, &now)).await?;
        let after = if told > 0 || delivered.failed > 0 {
            deliver(&store, &office, &mailer, clock, &stop).await?
        } else {
            Default::default()
        };
        if store.is_in_place().is_ok() {
            lock.forget();
        }
        let (database, ending) = (office.settings.database.clone(), clock.now(&office.settings.timezone));
        let tidying = office.clone();
        let letters = store.close(move |mut db| {
            // Where only this runs, a day's share is done by as many runs as it takes.
            if db.is_in_place().is_ok()
                && let Err(e) = tidy(&mut db, &tidying, &ending)
            {
                tracing::warn!(error = %e, "old letters are not thinned: {e}");
            }
            let left = db.read(|tx| Ok((tx.count_owed()?, tx.get(state::REFUSED)?.flatten())))?;
            if db.is_in_place().is_ok() {
                damage::leave_sound(&db, &database);
            } else {
                keep::let_go(db, &database, &ending)?;
            }
            Ok::<_, crate::service::Error>(left)
        });
        let (letters, refused) = letters.await?;
        delivered.add(&after);
        Ok::<_, crate::service::Error>((delivered, letters, refused))
    })?;
    let mut text = format!("发出 {} 封，失败 {} 封，待发 {} 封。\n", delivered.sent, delivered.failed, letters.queued);
    if let Some(refused) = refused.filter(|_| letters.queued > 0) {
        text += &format!("邮件服务器拒收本系统的信，信都留着，好了再发：{}\n", refused.why);
    }
    Ok(Answer::done(text).with(match (waits_until, letters.queued) {
        (Some(_), _) => Exit::Nothing,
        (None, 0) => Exit::Done,
        (None, _) => Exit::Owed,
    }))
}

fn run_on(context: &Context) -> Result {
    // Passwords and keys are in memory, and must not be written to a core dump.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(e) = setrlimit(Resource::Core, none) {
        tracing::warn!(error = %e, "a core may be written: {e}");
    }
    let failed = |e: &dyn std::fmt::Display| Failure::new(e.to_string());
    let runtime = runtime()?;
    let listening = runtime.enter();
    let Ready { office, mailer, db, seen, lock, waits_until, signals, .. } = ready(context, By::Service)?;
    drop(listening);
    let signals = signals.ok_or_else(|| failed(&"signals are not listened to"))?;
    let store = Store::new(db).map_err(|e| failed(&e))?;
    let (config, env) = (context.config.clone(), context.env.clone());
    let parts = Parts { config, env, store, office, mailer, seen, waits_until, lock };
    runtime.block_on(Daemon::run(parts, signals)).map_err(|e| failed(&e))?;
    Ok(Answer::default())
}

/// The configuration in force, and what sending needs.
struct Ready {
    office: Office,
    mailer: Mailer,
    db: Db,
    lock: SenderLock,
    /// Of the service.
    signals: Option<Signals>,
    now: Moment,
    /// The files as they were when they were read.
    seen: Fingerprint,
    /// They wait until then, see [`start`].
    waits_until: Option<Timestamp>,
}

fn ready(context: &Context, by: By) -> Result<Ready> {
    let read = config::load(&context.config, &context.env);
    let (settings, seen) = match &read {
        Ok(loaded) => (Some(loaded.settings.clone()), loaded.seen.clone()),
        // The plan has errors: with valid settings, the last good plan can stay in force.
        Err(findings) => (findings.settings.as_deref().cloned(), findings.seen.clone()),
    };
    let errors = read.as_ref().err().map(|findings| findings.count().0);
    let read = read.map_err(|findings| findings.to_string());
    let Some(settings) = settings.filter(|s| read.is_ok() || s.database.exists()) else {
        return Err(Failure::new(read.err().unwrap_or_default()));
    };
    context.pass(&settings, |_| Ok(()))?;
    if matches!(by, By::Service) {
        wait_for_the_clock(context, &settings);
    }
    let signals = matches!(by, By::Service).then(Signals::listen).transpose();
    let signals = signals.map_err(|e| Failure::new(e.to_string()))?;
    let mut db = open(context, &settings)?;
    let mut lock = lock(&settings)?;
    if let Some(held) = db.held() {
        lock.note(held).map_err(unlocked)?;
    }
    // Before the first letter: this machine may have been away.
    if let Some(why) = standby::ask(&settings, db.read(|tx| tx.get(state::TOOK_OVER))?) {
        return Err(Failure { why, exit: Exit::TakenOver });
    }
    let mailer = mailer(&settings)?;
    let now = context.now(&settings);
    let is_fresh = db.read(|tx| tx.in_force_since())?.is_none();
    refuse_damaged(&db, &settings, &mailer, &now)?;
    // systemd hands the service its keys; a command run by root reads them from the credentials folder.
    let env = if matches!(by, By::Service) { &context.env } else { &context.with_credentials() };
    let Started { office, refused, waits_until, .. } = start(&mut db, read, &settings, env, by, &now)?;
    match (by, errors, refused) {
        (By::Command, _, Some(why)) if waits_until.is_some() => Context::say(&why),
        (By::Command, Some(errors), _) => Context::say_that_the_last_good_one_stays(errors),
        // The files are right, and could not be put in force: nothing is sent by the old ones unseen.
        (By::Command, None, Some(why)) => return Err(Failure::new(why)),
        _ => {}
    }
    if is_fresh {
        show_an_example(&mut db, &office, &now);
    }
    Ok(Ready { office, mailer, db, lock, signals, now, seen, waits_until })
}

/// What fails here is no reason not to run.
fn show_an_example(db: &mut Db, office: &Office, now: &Moment) {
    match example::write(db, office, now) {
        Ok(None) => {}
        Ok(Some(words)) => drop(terminal::tell(&format!("{words}\n"))),
        Err(e) => tracing::warn!(error = %e, "no example of a letter is written: {e}"),
    }
}

/// Opens the database. If it is too damaged to be opened, the admin is told.
fn open(context: &Context, settings: &Settings) -> Result<Db> {
    context.make(settings).inspect_err(|_| {
        let damage = Db::open(&settings.database).err().filter(store::Error::is_damage);
        if let (Some(damage), Ok(mailer)) = (damage, mailer(settings))
            && let Err(e) = tell_of_damage(settings, &mailer, &[damage.to_string()], &context.now(settings))
        {
            tracing::error!(error = e.why, "the admin could not be told of the damage: {}", e.why);
        }
    })
}

/// Refuses a damaged database, and tells the admin: reminders that it has lost would be sent again.
fn refuse_damaged(db: &Db, settings: &Settings, mailer: &Mailer, now: &Moment) -> Result<()> {
    let damage = damage::found(db, &settings.database);
    if damage.is_empty() {
        return Ok(());
    }
    tell_of_damage(settings, mailer, &damage, now)?;
    Err(Failure::new(format!(
        "数据库 {} 已损坏，没有发信：{}\n请检查磁盘，用 duban restore 从备份恢复；坏库里还读得出的会带回来。",
        settings.database.display(),
        damage.join("；")
    )))
}

fn tell_of_damage(settings: &Settings, mailer: &Mailer, damage: &[String], now: &Moment) -> Result<()> {
    Ok(runtime()?.block_on(damage::tell(&Office::bare(settings.clone()), mailer, damage, now))?)
}

/// Waits while the clock is not set: a plan put in force in 1970 would be overdue ever since. Network time usually
/// arrives within seconds of a boot.
fn wait_for_the_clock(context: &Context, settings: &Settings) {
    let mut is_told = false;
    while !context.now(settings).is_plausible() {
        if !is_told {
            tracing::error!(clock = %context.now(settings).at, "the clock is not set: the start waits for it");
        }
        is_told = true;
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

pub fn lock(settings: &Settings) -> Result<SenderLock> {
    SenderLock::take(&settings.database).map_err(unlocked)
}

fn unlocked(e: LockError) -> Failure {
    Failure::new(match e {
        LockError::Held(pid) => format!("另一个 duban（进程 {pid}）正在用这个数据库发信，不能同时有两个。"),
        LockError::Io(path, e) => format!("写不了锁文件 {}：{e}。请检查目录的权限。", path.display()),
    })
}

/// One thread for everything but the database, which has its own.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Failure::new(e.to_string()))
}

/// Logs to the journal, with fields, if there is one; else to standard error.
pub fn start_log(context: &Context) {
    let filter = || match context.env.get("RUST_LOG") {
        Some(filter) => EnvFilter::new(filter),
        None => EnvFilter::new("duban=info,warn"),
    };
    let journal =
        context.env.contains_key("JOURNAL_STREAM").then(tracing_journald::layer).and_then(std::result::Result::ok);
    let started = match journal {
        Some(journal) => tracing_subscriber::registry().with(filter()).with(journal).try_init(),
        None => {
            // The message says all that a reader needs; the fields are for searching the journal.
            let sentence = debug_fn(|writer, field, value| match field.name() {
                "message" => write!(writer, "{value:?}"),
                _ => Ok(()),
            });
            let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).fmt_fields(sentence);
            tracing_subscriber::registry().with(filter()).with(lines).try_init()
        }
    };
    // In a test, a log may have been started already.
    let _ = started;
}
