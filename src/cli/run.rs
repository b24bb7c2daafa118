//! `duban run`: the service; `--once`: one sweep and one round of sending.

use std::sync::{Arc, atomic::AtomicBool};

use rustix::process::{Resource, Rlimit, setrlimit};
use tracing_subscriber::{EnvFilter, fmt, fmt::format::debug_fn, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Answer, Context, Exit, Failure, Result};
use crate::{
    clock::{Clock, Moment},
    config::{self, Settings},
    daemon::{
        Daemon, Start,
        lock::{LockError, SenderLock},
    },
    mailer::Mailer,
    memory,
    service::{
        Office, damage,
        deliver::deliver,
        load::{last_good, put_in_force},
        mailer,
        sweep::{sweep, tell_of_stuck_letters},
        unchanged::{self, as_put_in_force},
    },
    store::{self, Db, Store},
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
    let (mut office, read) = match context.unchanged(|db, settings| as_put_in_force(db, settings, &context.config)) {
        Some(office) => (office, None),
        None => context.office_that_sends().map(|(office, deadlines)| (office, Some(deadlines)))?,
    };
    let mut db = open(context, &office.settings)?;
    context.open_links(&mut office)?;
    let _lock = lock(&office.settings)?;
    let mailer = Arc::new(mailer(&office.settings)?);
    let now = context.now(&office.settings);
    refuse_damaged(&db, &office, &mailer, &now)?;
    if let Some(deadlines) = read {
        put_in_force(&mut db, &office, &deadlines, &now)?;
        unchanged::remember(&mut db, &office)?;
    }
    memory::give_back();
    sweep(&mut db, &office, &now)?;
    let store = Store::new(db).map_err(|e| Failure::new(e.to_string()))?;
    let office = Arc::new(office);
    let (clock, stop) = (context.clock, Arc::new(AtomicBool::new(false)));
    let (delivered, letters) = runtime()?.block_on(async {
        let delivered = deliver(&store, &office, &mailer, clock, &stop).await?;
        let telling = office.clone();
        let told = store.call(move |db| tell_of_stuck_letters(db, &telling, &now)).await?;
        let after = if told > 0 || delivered.failed > 0 {
            deliver(&store, &office, &mailer, clock, &stop).await?
        } else {
            Default::default()
        };
        let database = office.settings.database.clone();
        let letters = store.close(move |mut db| {
            let letters = db.read(|tx| tx.count_owed())?;
            damage::leave_sound(&db, &database);
            Ok::<_, store::Error>(letters)
        });
        let letters = letters.await?;
        Ok::<_, crate::service::Error>((delivered + after, letters))
    })?;
    let text = format!("发出 {} 封，失败 {} 封，待发 {} 封。\n", delivered.sent, delivered.failed, letters.queued);
    Ok(Answer::done(text).with(if letters.queued > 0 { Exit::Owed } else { Exit::Done }))
}

fn run_on(context: &Context) -> Result {
    // Passwords and keys are in memory: none of it is to lie in a core.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(e) = setrlimit(Resource::Core, none) {
        tracing::warn!(error = %e, "a core may be written: {e}");
    }
    let failed = |e: &dyn std::fmt::Display| Failure::new(e.to_string());
    // Files that are as they were put in force are not read again: a large plan takes seconds.
    let (settings, read) = match context.unchanged(|db, settings| as_put_in_force(db, settings, &context.config)) {
        Some(office) => (office.settings.clone(), Ok((office, None))),
        None => match config::load(&context.config, &context.env) {
            Ok(loaded) => {
                let (office, deadlines) = Office::new(loaded);
                (office.settings.clone(), Ok((office, Some(deadlines))))
            }
            // The plan does not check: with the settings alone, the last good plan can go on.
            Err(findings) => match findings.settings.clone() {
                Some(settings) => (*settings, Err(findings)),
                None => return Err(failed(&findings)),
            },
        },
    };
    wait_for_the_clock(context, &settings);
    let mut db = open(context, &settings)?;
    let now = context.now(&settings);
    let lock = lock(&settings)?;
    let mailer = mailer(&settings)?;
    let (mut office, seen, rejected) = match read {
        Ok((office, deadlines)) => {
            refuse_damaged(&db, &office, &mailer, &now)?;
            let seen = office.seen.clone().unwrap_or_default();
            match deadlines.map(|deadlines| put_in_force(&mut db, &office, &deadlines, &now)) {
                None => (office, seen, None),
                Some(Ok(_)) => {
                    unchanged::remember(&mut db, &office)?;
                    (office, seen, None)
                }
                // Whatever keeps it out of force, what was in force goes on.
                Some(Err(e)) => {
                    let Some(last) = last_good(&mut db, &settings)? else { return Err(e.into()) };
                    tracing::error!(error = %e, "the configuration cannot be put in force, the last good one stays: {e}");
                    (last, seen, Some(e.explain()))
                }
            }
        }
        Err(findings) => {
            let Some(office) = last_good(&mut db, &settings)? else { return Err(failed(&findings)) };
            tracing::error!(%findings, "the configuration does not check, the last good one stays in force: {findings}");
            refuse_damaged(&db, &office, &mailer, &now)?;
            (office, findings.seen.clone(), Some(findings.to_string()))
        }
    };
    open_links(&mut office, context);
    memory::give_back();
    let store = Store::new(db).map_err(|e| failed(&e))?;
    let (config, env) = (context.config.clone(), context.env.clone());
    let start = Start { config, env, store, office, mailer, seen, rejected };
    runtime()?.block_on(Daemon::run(start)).map_err(|e| failed(&e))?;
    drop(lock);
    Ok(Answer::default())
}

/// The database; where it cannot even be opened for damage, the admin is told.
fn open(context: &Context, settings: &Settings) -> Result<Db> {
    context.open(settings).inspect_err(|_| {
        let damage = Db::open(&settings.database).err().filter(store::Error::is_damage);
        if let (Some(damage), Ok(loaded)) = (damage, context.load())
            && let (Ok(mailer), Ok(runtime)) = (mailer(settings), runtime())
        {
            let office = Office::new(loaded).0;
            let (damage, now) = ([damage.to_string()], context.now(settings));
            if let Err(e) = runtime.block_on(damage::tell(&office, &mailer, &damage, &now)) {
                tracing::error!(error = %e, "the admin could not be told of the damage: {e}");
            }
        }
    })
}

/// A machine whose clock is not set yet: a plan that comes into force in 1970 would be overdue ever
/// since. The network time comes within seconds of a boot, as a rule.
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

/// What a damaged database has forgotten would be said again: nothing is sent, and the admin is told.
fn refuse_damaged(db: &Db, office: &Office, mailer: &Mailer, now: &Moment) -> Result<()> {
    let damage = damage::found(db, &office.settings.database);
    if damage.is_empty() {
        return Ok(());
    }
    runtime()?.block_on(damage::tell(office, mailer, &damage, now))?;
    Err(Failure::new(format!(
        "数据库 {} 已损坏，没有发信：{}\n请检查磁盘，用 duban restore 从备份恢复；坏库里还读得出的会带回来。",
        office.settings.database.display(),
        damage.join("；")
    )))
}

/// Without keys letters go without links: late is worse than bare.
fn open_links(office: &mut Office, context: &Context) {
    if let Err(e) = office.open_links(&context.env) {
        tracing::error!(error = %e, "letters go without links, and no pages are served: {e}");
    }
}

pub fn lock(settings: &Settings) -> Result<SenderLock> {
    SenderLock::take(&settings.database).map_err(|e| match e {
        LockError::Held(pid) => {
            Failure::new(format!("另一个 duban（进程 {pid}）正在用这个数据库发信，不能同时有两个。"))
        }
        LockError::Io(path, e) => Failure::new(format!("写不了锁文件 {}：{e}。请检查目录的权限。", path.display())),
    })
}

/// One thread does everything but the database.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Failure::new(e.to_string()))
}

/// To the journal with its fields where there is one, else to standard error.
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
            // The sentence says all that a reader wants; the fields are for the journal's searches.
            let sentence = debug_fn(|writer, field, value| match field.name() {
                "message" => write!(writer, "{value:?}"),
                _ => Ok(()),
            });
            let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).fmt_fields(sentence);
            tracing_subscriber::registry().with(filter()).with(lines).try_init()
        }
    };
    // A test that has started one already.
    let _ = started;
}
