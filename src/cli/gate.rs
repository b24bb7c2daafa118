//! The gateway: on state, a command of root works as the user whose folder it lies in.
//!
//! Whoever owns a folder decides what lies in it, and may put something else there at any moment: as root no name in it
//! can be trusted, however it is checked. So a command reads the configuration, opens what only root may open, and then
//! becomes that user for good. Where the folder is root's, or the command is not, nothing changes.

use std::{
    ffi::OsString,
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::ffi::OsStringExt,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, fstat, openat, readlinkat},
    io::Errno,
    process::{Gid, Uid, geteuid, umask},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

use super::{Context, Failure, Result};
use crate::{config::Settings, disk::folder_of, service::desk::link_key};

/// As many as the kernel follows.
const MOST_LINKS: usize = 40;
const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// As root it is as untrusted as a user's, and there is no one user to become.
const OPEN: &str = "它属于 root，别的用户也能往里放文件，root 在里面做什么都可能被换掉。\
请把它交给运行服务的用户（chown duban:duban 目录，chmod 0700 目录），或只让 root 写（chmod go-w 目录），再执行；\
还没有的，在别处先建好";

/// Who a command goes on as.
pub struct Gate {
    /// `None`: as who it is.
    user: Option<(Uid, Gid)>,
}

/// A folder, reached step by step.
pub struct Way {
    folder: OwnedFd,
    owner: (Uid, Gid),
    /// Whether others than its owner may put something into it.
    is_open: bool,
    /// Whether the path ends here: the rest of it may not be there.
    is_end: bool,
}

impl Context {
    /// Takes this process through the gateway; `first` opens what only root may open. Call this before a second thread
    /// is started, since the kernel changes only the one that calls, and before anything beside the database is touched.
    pub fn pass<T>(&self, settings: &Settings, first: impl FnOnce(&Gate) -> Result<T>) -> Result<T> {
        let database = settings.database.display();
        let gate = Gate::of(&settings.database)
            .map_err(|e| Failure::new(format!("看不了数据库 {database} 的目录：{}。", why(&e))))?;
        let opened = first(&gate)?;
        if gate.user.is_some()
            && let Some(text) = link_key::given(&self.with_credentials())?
        {
            // Only the first time: later this process may not read it.
            let _ = self.link_key.set(text);
        }
        gate.pass()
            .map_err(|e| Failure::new(format!("换不到数据库 {database} 的目录所属的用户：{e}。请用那个用户运行。")))?;
        // What is made from now on is this user's alone.
        let before = umask(Mode::from_raw_mode(0o077));
        let _ = self.umask.set(before.as_raw_mode());
        Ok(opened)
    }

    /// For a file that was asked for by name: it is as public as what other programs make.
    pub fn put_back_umask(&self) {
        if let Some(before) = self.umask.get() {
            umask(Mode::from_raw_mode(*before));
        }
    }
}

impl Gate {
    fn of(database: &Path) -> io::Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { user: None });
        }
        let Way { owner, is_open, .. } = Way::to(folder_of(database))?;
        if owner.0.is_root() && is_open {
            return Err(io::Error::other(OPEN));
        }
        Ok(Self { user: Some(owner).filter(|(uid, _)| !uid.is_root()) })
    }

    /// Real, effective and saved: there is no way back.
    fn pass(self) -> io::Result<()> {
        let Some((uid, gid)) = self.user else { return Ok(()) };
        // The user comes last: without root, the groups cannot be changed.
        set_thread_groups(&[gid])?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        Ok(())
    }

    /// The folder of a file that was asked for by name, if it is for root to open it there; `None`: this command opens
    /// it by its path, as the user that it goes on as.
    pub fn for_root(&self, path: &Path) -> Result<Option<Way>> {
        let Some((user, _)) = self.user else { return Ok(None) };
        let way = Way::to(folder_of(path))
            .map_err(|e| Failure::new(format!("看不了 {} 的目录：{}。", path.display(), why(&e))))?;
        match way.owner.0 == user {
            true => Ok(None),
            false if way.is_end => Ok(Some(way)),
            false => Err(Failure::unwritten(path, &io::ErrorKind::NotFound.into())),
        }
    }
}

impl Way {
    /// Stops before a part that is not there: who owns the folder decides what is made in it.
    ///
    /// # Errors
    /// A link on the way is not root's: where it leads is for somebody else to say.
    fn to(path: &Path) -> io::Result<Self> {
        let parts = |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
        let mut folder = openat(CWD, ".", LOOK, Mode::empty())?;
        let mut rest = parts(path);
        let (mut links, mut is_end) = (0, true);
        while let Some(part) = rest.pop() {
            let next = match openat(&folder, part, LOOK | OFlags::NOFOLLOW, Mode::empty()) {
                Err(Errno::NOENT) => {
                    is_end = false;
                    break;
                }
                next => next?,
            };
            let found = fstat(&next)?;
            match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => folder = next,
                FileType::Symlink if found.st_uid == 0 && links < MOST_LINKS => {
                    links += 1;
                    let to = readlinkat(&next, "", Vec::new())?;
                    rest.extend(parts(Path::new(&OsString::from_vec(to.into_bytes()))));
                }
                FileType::Symlink => return Err(Errno::LOOP.into()),
                _ => return Err(Errno::NOTDIR.into()),
            }
        }
        let found = fstat(&folder)?;
        let owner = (Uid::from_raw(found.st_uid), Gid::from_raw(found.st_gid));
        Ok(Self { folder, owner, is_open: found.st_mode & 0o022 != 0, is_end })
    }

    /// A path that stays this folder's, whatever lies at the one that was given.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.folder.as_raw_fd()).into()
    }
}

fn why(e: &io::Error) -> String {
    match Errno::from_io_error(e) {
        Some(Errno::LOOP) => "路径里有不属于 root 的符号链接，root 不跟着走，请写真正的路径".into(),
        Some(Errno::NOTDIR) => "路径里有的不是目录".into(),
        _ => e.to_string(),
    }
}
