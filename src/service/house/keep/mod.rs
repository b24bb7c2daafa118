//! Backs up the database, and restores a copy without repeating or losing letters.
//!
//! A copy does not know what went out after it was made, and mail cannot be recalled. So a restore first carries over
//! whatever it can read from the database that it replaces; then nothing is lost or repeated. If that database cannot
//! be read (gone, unreadable, not the same one), the letters since the copy are unknown. They are then sent again
//! unless the operator chooses otherwise: a reminder twice is better than none, and each mailbox gets one letter, not
//! every one it missed.
//!
//! Letters that waited when the copy was made keep their Message-ID. New ones get numbers that cannot have been used
//! since the copy: so no mail program takes them for letters it has, and no reply or link from that time means another
//! letter or occurrence.

mod copies;

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::json;

pub use copies::Copies;

use crate::service::{
    Error, Office, Result,
    course::{load::put_in_force, sweep::mark_as_said},
    named,
    tell::{Notice, audit},
};
use crate::{
    clock::Moment,
    disk::{self, folder_of, remove_if_there, sync_folder_of},
    domain::deadline::Deadline,
    store::{
        Db, Holdings, Restored, Since,
        state::{self, Generations},
    },
};

/// Writes a copy to `to`, which gets its name only when complete. Returns what it holds, and its size in bytes.
///
/// # Errors
/// In Chinese.
pub fn back_up(db: &mut Db, database: &Path, to: &Path, now: &Moment) -> Result<(Holdings, u64)> {
    let words = |e: io::Error| Error::Refused(format!("备份写不到 {}：{e}。", to.display()));
    if is_same_file(database, to) || is_beside(database, to) {
        return Err(Error::Refused(format!("{} 是正在用的数据库，备份请写到别的文件。", to.display())));
    }
    let temporary = named(to, &format!(".{}.partial", std::process::id()));
    let written = (|| {
        // Made beforehand with its mode, so that nobody else can ever read it.
        disk::create_new(&temporary, 0o600).map_err(words)?;
        db.copy_into(&temporary, now.at)?;
        let mut copy = Db::open_copy(&temporary)?;
        refuse_damage(&copy, "备份", &temporary)?;
        let holdings = copy.holdings()?;
        drop(copy);
        let file = File::open(&temporary).map_err(words)?;
        file.sync_all().map_err(words)?;
        disk::put(&temporary, to).map_err(words)?;
        Ok((holdings, file.metadata().map_err(words)?.len()))
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A copy to be restored, opened by whoever may open it.
pub struct Copy {
    path: PathBuf,
    file: File,
    /// A plain copy of a database in use has its journal beside it.
    log: Option<File>,
}

impl Copy {
    /// `path` is what it is called, `at` where it is opened.
    ///
    /// # Errors
    /// It cannot be read, or is no plain file.
    pub fn open(path: PathBuf, at: &Path) -> io::Result<Self> {
        let open = |at: &Path| disk::open_plain(OpenOptions::new().read(true), at);
        let log = match open(&named(at, "-wal")) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            log => Some(log?),
        };
        Ok(Self { path, file: open(at)?, log })
    }
}

/// Replaces the database with a copy. The caller holds the sender lock.
///
/// # Errors
/// In Chinese: `from` is no copy, damaged or newer; the database needs no restoring.
pub fn restore(
    (office, deadlines): (&Office, &[Deadline]),
    from: &Copy,
    wish: Option<Since>,
    took_over: Option<Timestamp>,
    now: &Moment,
) -> Result<(Restored, Holdings)> {
    let database = &office.settings.database;
    let words = |e: io::Error| Error::Refused(format!("恢复不了 {}：{e}。数据库没有改动。", database.display()));
    let identity = |file: fs::Metadata| (file.dev(), file.ino());
    if fs::metadata(database).ok().map(identity) == from.file.metadata().ok().map(identity) {
        return Err(Error::Refused(format!("{} 就是正在用的数据库。", from.path.display())));
    }
    let temporary = named(database, &format!(".{}.restoring", std::process::id()));
    let journals = ["-wal", "-shm", "-journal"];
    let restored = (|| {
        copy_file(&from.file, &temporary).map_err(words)?;
        if let Some(log) = &from.log {
            copy_file(log, &named(&temporary, "-wal")).map_err(words)?;
        }
        let copy = Db::open_copy(&temporary)?;
        refuse_damage(&copy, "备份", &from.path)?;
        let mut copy = copy.ready_to_serve(&temporary)?;
        let holdings = copy.holdings()?;
        let mut restored = Restored {
            at: now.at,
            until: holdings.until,
            since: wish.unwrap_or(Since::SayAgain),
            rows: 0,
            has_gaps: false,
            silenced: 0,
            ends_links: false,
            took_over: took_over.is_some(),
            replaced: None,
        };
        let known = ask_replaced(&mut copy, database, wish, &mut restored)?;
        keep_revoked(&mut copy, office, known, &mut restored, now)?;
        // Deadlines added to the files since the copy count as in force from the moment of the copy.
        if restored.since != Since::Carried {
            let then = Moment::new(holdings.until.unwrap_or(now.at).min(now.at), &office.settings.timezone);
            put_in_force(&mut copy, office, deadlines, &then)?;
        }
        mark(&mut copy, office, &mut restored, took_over, now)?;
        refuse_damage(&copy, "恢复的结果", &temporary)?;
        drop(copy);
        swap(&temporary, database, restored.replaced.as_deref()).map_err(words)?;
        Ok((restored, holdings))
    })();
    if restored.is_err() {
        for path in journals.map(|end| named(&temporary, end)).iter().chain([&temporary]) {
            let _ = fs::remove_file(path);
        }
    }
    restored
}

/// Carries over what can be read from the database that is replaced. Gives which links it has revoked; `None`: that
/// cannot be read.
fn ask_replaced(
    copy: &mut Db,
    database: &Path,
    wish: Option<Since>,
    restored: &mut Restored,
) -> Result<Option<Generations>> {
    if !database.exists() {
        return Ok(None);
    }
    let stamp = restored.at.strftime("%Y%m%dT%H%M%SZ").to_string();
    restored.replaced = Some(named(database, &format!(".replaced-{stamp}")));
    let Ok(mut old) = Db::open_copy(database) else { return Ok(None) };
    // Moves the journal into the file; a damaged database stays as it is.
    if old.fold_up().is_err_and(|e| e.is_busy()) {
        return Err(Error::Refused("有别的 duban 命令正在用数据库，等它结束再恢复。没有改动。".into()));
    }
    if wish.is_none() && copy.has_other_schema(&old).unwrap_or(false) && old.damage().is_empty() {
        return Err(Error::Refused(format!(
            "现在的数据库 {} 与备份的结构不同，没有坏：是旧版程序的，先运行 duban status 把它升级，再恢复；\n\
             是新版程序的（换回旧版程序时），先把它移到别处，再恢复。没有改动。",
            database.display()
        )));
    }
    // What lies in a table's place may never end.
    if !old.has_our_tables().unwrap_or(true) {
        return Ok(None);
    }
    // An unreadable page means damage, not that it is another database.
    let is_ours_to_ask = copy.is_earlier_state_of(&old).unwrap_or_else(|e| e.is_damage());
    let is_sound = is_ours_to_ask && old.damage().is_empty();
    // A take-over that was cut off is done again.
    if is_sound && wish.is_none() && !restored.took_over {
        return Err(Error::Refused(format!(
            "现在的数据库 {} 是好的，备份里有的它都有，备份以后的发信和登记也在里面：不必恢复，没有改动。\n\
             登记错了用 duban reopen 撤回。确实要回到备份那时，请加 --since-backup：\n\
             say-again   备份以后发过的提醒，凡现在仍该提醒的，再发一遍；\n\
             keep-quiet  到现在为止该发的都当作发过，不再发。",
            database.display()
        )));
    }
    if is_ours_to_ask && wish.is_none() {
        let carried = copy.carry_over(&old)?;
        (restored.since, restored.rows) = (Since::Carried, carried.rows);
        restored.has_gaps = carried.has_gaps;
    }
    if !is_ours_to_ask {
        return Ok(None);
    }
    let revoked = old.read(|tx| tx.get(state::GENERATIONS)).ok();
    // Of a damaged database, nothing may be a row that is lost.
    Ok(revoked.and_then(|revoked| revoked.or(is_sound.then(Generations::default))))
}

/// Links that were revoked since the copy stay revoked; where the replaced database cannot tell which, all that are out
/// are. Where there is none, on another machine as a rule, that is left to a person.
fn keep_revoked(
    copy: &mut Db,
    office: &Office,
    known: Option<Generations>,
    restored: &mut Restored,
    now: &Moment,
) -> Result<()> {
    // What lay at a machine that takes over is no later state of this.
    if known.is_none() && (restored.replaced.is_none() || restored.took_over) {
        return Ok(());
    }
    restored.ends_links = known.is_none();
    let done = copy.write(|tx| {
        office.change_generations(tx, now, |generations| match known {
            Some(known) => generations.keep(&known),
            // Higher than any since the copy.
            None => generations.end(&office.roster, u32::try_from(unused_number(now)).unwrap_or(u32::MAX >> 1)),
        })
    });
    Ok(done?)
}

/// One number a second is more than were ever used, so no number since the copy can be as high.
fn unused_number(now: &Moment) -> i64 {
    now.at.as_second().saturating_sub(YEAR_2020).max(1)
}

/// Records the restore in the copy, and queues a letter to the admin about it.
fn mark(
    copy: &mut Db,
    office: &Office,
    restored: &mut Restored,
    took_over: Option<Timestamp>,
    now: &Moment,
) -> Result<()> {
    let done = copy.write(|tx| {
        tx.put(state::IDS_FROM, &unused_number(now))?;
        if restored.since == Since::KeepQuiet {
            restored.silenced = mark_as_said(tx, office, now)?;
            tx.silence_outbox("从备份恢复，到恢复时为止的当作发过", now.at)?;
        }
        if let Some(at) = took_over {
            tx.put(state::TOOK_OVER, &at)?;
        }
        if restored.since != Since::Carried || restored.has_gaps {
            tx.put(state::READ_AGAIN, &Some(restored.until.unwrap_or(now.at)))?;
        }
        tx.put(state::RESTORED, restored)?;
        tx.audit(&audit(now, "restored", None, None, json!(restored)))?;
        office.tell_admin(tx, &Notice::Restored(restored.clone()), now)
    });
    Ok(done?)
}

/// Added to the name of a database that was displaced, before the time.
const HELD: &str = ".held-";

const YEAR_2020: i64 = 1_577_836_800;

fn refuse_damage(db: &Db, what: &str, path: &Path) -> Result<()> {
    match db.damage().as_slice() {
        [] => Ok(()),
        found => Err(Error::Refused(format!("{what} {} 是坏的，不能用：{}", path.display(), found.join("；")))),
    }
}

/// Replaces the database with `new` in one step; the old one is kept as `kept`.
fn swap(new: &Path, database: &Path, kept: Option<&Path>) -> io::Result<()> {
    File::open(new)?.sync_all()?;
    if let Some(kept) = kept {
        fs::hard_link(database, kept)?;
        for end in ["-wal", "-journal"] {
            let journal = named(database, end);
            if journal.exists() {
                // The kept database needs its journal; beside the new one, SQLite would apply it there.
                fs::rename(journal, named(kept, end))?;
            }
        }
    } else {
        for end in ["-wal", "-journal"] {
            remove_if_there(&named(database, end))?;
        }
    }
    remove_if_there(&named(database, "-shm"))?;
    // Damage found after this is told again.
    remove_if_there(&named(database, ".damaged"))?;
    sync_folder_of(database)?;
    disk::put(new, database)
}

pub(super) fn copy_file(mut from: &File, to: &Path) -> io::Result<()> {
    let mut target = disk::create_new(to, 0o600)?;
    io::copy(&mut from, &mut target)?;
    target.sync_all()
}

/// Lets go of a database whose files are no longer at their path, so that nothing it holds is lost. If the database at
/// the path does not have it all, it is copied beside it; returns the copy's name.
///
/// # Errors
/// In Chinese.
pub fn let_go(mut db: Db, database: &Path, now: &Moment) -> Result<Option<PathBuf>> {
    if db.let_go()? {
        return Ok(None);
    }
    let copy = named(database, &format!("{HELD}{}", now.at.strftime("%Y%m%dT%H%M%SZ")));
    disk::create_new(&copy, 0o600).map_err(|e| Error::Refused(format!("{} 写不了：{e}", copy.display())))?;
    db.copy_into(&copy, now.at)?;
    Ok(Some(copy))
}

/// What [`let_go`] has saved, and nobody has looked at and removed.
pub fn held_copies(database: &Path) -> Vec<PathBuf> {
    let Some(name) = database.file_name().map(|name| format!("{}{HELD}", name.to_string_lossy())) else {
        return Vec::new();
    };
    // Not the log of one that somebody looks at.
    let is_held = |path: &str| path.rsplit('/').next().is_some_and(|it| it.starts_with(&name) && it.ends_with('Z'));
    let entries = fs::read_dir(folder_of(database)).into_iter().flatten().flatten();
    let mut copies: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_held(&path.to_string_lossy())).collect();
    copies.sort();
    copies
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    let id = |path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    id(a).is_some() && id(a) == id(b)
}

/// Whether `path` is one of the files that belong to the database.
fn is_beside(database: &Path, path: &Path) -> bool {
    ["-wal", "-shm", "-journal", ".lock", ".link-key", ".sound", ".damaged"]
        .iter()
        .any(|end| is_same_file(&named(database, end), path))
}
