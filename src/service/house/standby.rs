//! A standby, made of copies: every few minutes a round hands one on, with the configuration and the keys, to a folder
//! that is mounted here or, by rsync over ssh, on another machine. There lie the copy, the files beside it, the last
//! round, and the mark of a machine that took over: whoever finds that, and did not leave it, sends nothing more.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, Permissions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Component, Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use secrecy::zeroize::Zeroizing;
use serde_json::json;

use super::{
    keep::{Copies, back_up, copy_file},
    setup::Draft,
};
use crate::{
    clock::Moment,
    config::{Settings, Standby, secret, tidy},
    disk::{self, folder_of},
    service::{
        Error, Office, Result, named,
        post::standby::{
            ALIVE, Alive, LARGEST_BYTES, MARK, Mark, STATE, State, beside, local, look, read_json, rsync, words,
            write_json,
        },
    },
    store::{Db, HEADER_BYTES, is_copy, state},
};

pub const COPY: &str = "duban.db";
const FILES: &str = "files.json";
/// A machine whose last round is not older than this may still be there.
const ANSWERS: SignedDuration = SignedDuration::from_mins(11);
const DEEPEST: usize = 4;
/// What systemd may hand over, from a folder of its own.
const SECRETS: [&str; 3] = ["smtp-password", "imap-password", "link-key"];

/// What a machine that takes over needs beside the database.
#[derive(Default)]
pub struct Files {
    /// The texts below the folder of duban.toml. `None`: they have errors, and those there stay.
    found: Option<BTreeMap<String, String>>,
    /// Why they would not do there.
    lacking: Option<String>,
}

/// The files, as they were `read`. What is secret is read by root, or handed over by systemd.
///
/// # Errors
/// In Chinese.
pub fn files(config: &Path, env: &BTreeMap<String, String>, read: Option<&[PathBuf]>) -> Result<Files> {
    let Some(read) = read else {
        let lacking = "配置有错，备用机上留着上一份能用的：执行 duban check 看错在哪里。".to_owned();
        return Ok(Files { found: None, lacking: Some(lacking) });
    };
    let mut found = BTreeMap::new();
    let folder = folder_of(config);
    gather(folder, "", DEEPEST, &mut found).map_err(|e| refused(format!("读不了 {}：{e}。", folder.display())))?;
    for name in SECRETS {
        if let Some(text) = secret::given(env, name).and_then(|path| fs::read_to_string(path).ok()) {
            found.entry(format!("{}/{name}", secret::FOLDER)).or_insert(text);
        }
    }
    let folder = tidy(folder);
    let is_found = |path: &PathBuf| {
        let path = tidy(path);
        path.is_dir()
            || SECRETS.iter().any(|name| path.ends_with(name))
            || path.strip_prefix(&folder).is_ok_and(|name| name.to_str().is_some_and(|n| found.contains_key(n)))
    };
    let lacking = read
        .iter()
        .find(|path| !is_found(path))
        .map(|path| format!("备用机上没有 {}：放到 {} 里面来，不用链接。", path.display(), folder.display()));
    let bytes: usize = found.values().map(String::len).sum();
    if bytes as u64 > LARGEST_BYTES / 2 {
        return Err(refused(format!("{} 里的文件一共 {bytes} 字节，太多了：把不是配置的移到别处。", folder.display())));
    }
    Ok(Files { found: Some(found), lacking })
}

fn gather(folder: &Path, prefix: &str, depth: usize, found: &mut BTreeMap<String, String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        // The secrets are root's.
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied && !prefix.is_empty() => return Ok(()),
        entries => entries?,
    };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type()?);
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_left = [".old-", ".duban-", ".dpkg-", ".rpm"].iter().any(|part| name.contains(part));
        if name.starts_with('.') || is_left {
            continue;
        }
        if kind.is_dir() {
            // Another bureau's.
            if depth > 0 && !path.join("duban.toml").exists() {
                gather(&path, &format!("{prefix}{name}/"), depth - 1, found)?;
            }
        } else if let Ok(text) = disk::read_plain(&path, LARGEST_BYTES) {
            found.insert(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

fn refused(what: impl Into<String>) -> Error {
    Error::Refused(what.into())
}

/// Hands a copy on, if anything has changed, and in any case a sign that this machine is there.
///
/// # Errors
/// In Chinese: also if another machine has taken over, or the copy there knows more than the database.
pub fn round(db: &mut Db, office: &Office, files: Files, now: &Moment) -> Result<String> {
    let settings = &office.settings;
    let Some(to) = &settings.standby else {
        return Err(refused("没有设置备用机：在 duban.toml 里写 standby，见手册“备用机”。"));
    };
    let mut state = State::read(settings);
    let done = hand_on(db, (to, settings), files.found, &mut state, now);
    let done = done.and_then(|said| files.lacking.map_or(Ok(said), |lacking| Err(refused(lacking))));
    state.trouble = done.as_ref().err().map(Error::explain);
    state.write(settings).map_err(|e| refused(format!("写不了 {}.standby：{e}。", settings.database.display())))?;
    done
}

fn hand_on(
    db: &mut Db,
    (to, settings): (&Standby, &Settings),
    mut files: Option<BTreeMap<String, String>>,
    state: &mut State,
    now: &Moment,
) -> Result<String> {
    let database = &settings.database;
    let unwritten = |e: io::Error| refused(format!("备用机 {to} 没有拷成：{e}。"));
    let seen = look(to, database).map_err(unwritten)?;
    let (uid, reach, took_over, restored) = db.read(|tx| {
        let uid = tx.get(state::UID)?.unwrap_or_default();
        Ok((uid, tx.reach()?, tx.get(state::TOOK_OVER)?, tx.get(state::RESTORED)?))
    })?;
    if seen.tells() {
        state.taken_over = seen.mark.and_then(|mark| mark.of_another(took_over));
    }
    if let Some(at) = state.taken_over {
        return Err(refused(words(at, to, settings)));
    }
    let alive = seen.alive.map_err(|e| unwritten(io::Error::other(format!("{ALIVE} 读不了（{e}），坏了就删去它"))))?;
    match &alive {
        Some(alive) if alive.uid != uid => {
            return Err(refused(format!("{to} 里是别的数据库的拷贝，没有覆盖。每个单位要有自己的目录。")));
        }
        Some(alive)
            if (reach.0 < alive.reach.0 || reach.1 < alive.reach.1) && restored.is_none_or(|it| it.at < alive.at) =>
        {
            return Err(refused(format!(
                "数据库退回去了：{to} 里 {} 的拷贝记到第 {} 行经过、第 {} 次发信，这里只到第 {} 行、第 {} 次，多半是虚拟机恢复了快照。\
                 没有覆盖那份拷贝；照手册“退回去了”办。",
                local(alive.at, settings),
                alive.reach.0,
                alive.reach.1,
                reach.0,
                reach.1
            )));
        }
        None if state.taken_at.is_some() => {
            return Err(refused(format!(
                "{to} 里原来的拷贝不见了，是不是没有挂载？没有拷。确实清空过的，删去 {} 再来。",
                beside(database, STATE).display()
            )));
        }
        _ => {}
    }
    disk::make_private(&named(database, ".standby")).map_err(unwritten)?;
    let key = disk::read_plain(&named(database, ".link-key"), LARGEST_BYTES);
    if let (Ok(key), Some(files)) = (key, &mut files) {
        files.entry(format!("{}/link-key", secret::FOLDER)).or_insert(key);
    }
    let stamp = stamp(database, files.as_ref()).map_err(unwritten)?;
    let is_there = alive.as_ref().is_some_and(|alive| is_whole(to, alive.bytes));
    let is_changed = !is_there || state.stamp.as_ref() != Some(&stamp);
    let mut bytes = alive.map_or(0, |alive| alive.bytes);
    let at = |name| beside(database, name);
    if is_changed {
        Copies::new(folder_of(database)).leave_room(database)?;
        back_up(db, database, &at(COPY), now)?;
        bytes = fs::metadata(at(COPY)).map_err(unwritten)?.len();
        let handed = match &files {
            Some(files) => write_json(&at(FILES), files).and_then(|()| give(to, &[at(COPY), at(FILES)])),
            None => give(to, &[at(COPY)]),
        };
        // Neither takes up space until the next round, nor lies about.
        for name in [COPY, FILES] {
            let _ = disk::remove_if_there(&at(name));
        }
        handed.map_err(unwritten)?;
    }
    write_json(&at(ALIVE), &Alive { at: now.at, bytes, uid, reach })
        .and_then(|()| give(to, &[at(ALIVE)]))
        .map_err(unwritten)?;
    (state.taken_at, state.stamp) = (Some(now.at), Some(stamp));
    Ok(if is_changed {
        format!("已拷到备用机 {to}。\n")
    } else {
        format!("没有变动，备用机 {to} 有最新的。\n")
    })
}

/// Whether the copy that was handed on lies there still; on another machine that is not looked at.
fn is_whole(to: &Standby, bytes: u64) -> bool {
    match to {
        Standby::Folder(folder) => {
            folder.join(FILES).exists() && fs::metadata(folder.join(COPY)).is_ok_and(|copy| copy.len() == bytes)
        }
        Standby::Remote(_) => true,
    }
}

/// Whatever is written changes it, and so does an edit.
fn stamp(database: &Path, files: Option<&BTreeMap<String, String>>) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    let of = |path: PathBuf| fs::metadata(path).map(|file| (file.len(), file.mtime(), file.mtime_nsec()));
    // An empty one is only somebody who looks.
    let is_log = |(bytes, ..): &(u64, i64, i64)| *bytes > 0;
    Ok(format!(
        "{:?} {:?} {:x}",
        of(database.to_owned())?,
        of(named(database, "-wal")).ok().filter(is_log),
        hasher.finish()
    ))
}

/// Each gets its name there once it is whole.
fn give(to: &Standby, files: &[PathBuf]) -> io::Result<()> {
    match to {
        Standby::Folder(folder) => files.iter().try_for_each(|file| {
            let target = folder.join(file.file_name().unwrap_or_default());
            let temporary = named(&target, ".partial");
            let written = disk::remove_if_there(&temporary)
                .and_then(|()| copy_file(&File::open(file)?, &temporary))
                .and_then(|()| disk::put(&temporary, &target));
            if written.is_err() {
                let _ = fs::remove_file(&temporary);
            }
            written
        }),
        Standby::Remote(place) => {
            let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            let place = format!("{place}/");
            rsync(&["--"].into_iter().chain(files.iter().map(String::as_str)).chain([&*place]).collect::<Vec<_>>())
        }
    }
}

/// A folder of copies, at which this machine takes over.
pub struct Left {
    folder: PathBuf,
    alive: Option<Alive>,
    /// When the round's file came here, by the clock of whoever keeps the folder.
    came: Option<Timestamp>,
    /// Another machine has taken over here.
    pub mark: Option<Mark>,
    files: BTreeMap<String, String>,
}

impl Left {
    /// # Errors
    /// In Chinese: there is no copy, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let unread = |name: &str, e: &dyn std::fmt::Display| {
            refused(format!("读不了 {}：{e}。没有接替。", folder.join(name).display()))
        };
        let files = read_json(&folder.join(FILES)).map_err(|e| unread(FILES, &e))?;
        let files = files.ok_or_else(|| unread(FILES, &"没有这个文件，这里不是备用机的目录"))?;
        let whole = |file: File| {
            let mut header = [0; HEADER_BYTES];
            (&file).read_exact(&mut header).ok()?;
            file.metadata().is_ok_and(|copy| is_copy(&header, copy.len())).then_some(())
        };
        let copy = disk::open_plain(OpenOptions::new().read(true), &folder.join(COPY)).map_err(|e| unread(COPY, &e))?;
        whole(copy).ok_or_else(|| unread(COPY, &"不是完整的拷贝"))?;
        // One that cannot be read says as much as one that is recent.
        let alive = read_json(&folder.join(ALIVE)).unwrap_or_default();
        let came = fs::metadata(folder.join(ALIVE)).ok().and_then(|file| Timestamp::new(file.ctime(), 0).ok());
        Ok(Self { folder: folder.to_owned(), alive, came, mark: Mark::read(folder), files })
    }

    /// When the copy was last known to be all there was.
    pub fn at(&self) -> Option<Timestamp> {
        self.alive.as_ref().map(|alive| alive.at)
    }

    /// Whether its machine seems to be there still: its last round is recent, or later than it is here.
    pub fn answers(&self, now: Timestamp) -> bool {
        // The clock here may be ahead of the other machine's.
        [self.at(), self.came].iter().any(|at| at.is_none_or(|at| now.duration_since(at) < ANSWERS))
    }

    /// The files, to be put beside duban.toml.
    ///
    /// # Errors
    /// In Chinese: a name leads elsewhere.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        let draft = |(name, text): (&String, &String)| {
            let name = PathBuf::from(name);
            let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
            let bytes = Zeroizing::new(text.clone().into_bytes());
            let is_secret = name.starts_with(secret::FOLDER);
            is_plain.then_some(Draft { name: name.clone(), bytes, is_secret }).ok_or_else(|| {
                refused(format!(
                    "{} 里有不该有的文件名 {}。没有接替。",
                    self.folder.join(FILES).display(),
                    name.display()
                ))
            })
        };
        self.files.iter().map(draft).collect()
    }

    /// Tells the other machine, should it come back.
    ///
    /// # Errors
    /// In Chinese.
    pub fn leave_mark(&self, at: Timestamp) -> Result<()> {
        let path = self.folder.join(MARK);
        let text = json!(Mark { at }).to_string();
        // Whoever hands the copies on reads it; root may have made it.
        let written = disk::replace(&path, &named(&path, ".partial"), 0o644, text.as_bytes())
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o644)));
        written.map_err(|e: io::Error| {
            refused(format!(
                "写不了 {}：{e}。原来的机器回来就不知道已被接替：没有启动这里的服务。请改好权限，再执行一次。",
                path.display()
            ))
        })
    }
}
