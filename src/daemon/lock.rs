//! The sender lock: only one process at a time sends from a database.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, fcntl_lock},
    io::Errno,
    process::{Flock, FlockType, Pid, fcntl_getlk},
};

use crate::{
    disk::open_plain,
    store::{self, Held},
};

/// Held while this value lives; the kernel releases it however the process ends.
///
/// It is held twice. Of a record lock (`fcntl`) the kernel tells whose it is, but a process loses it when it opens and
/// closes the file once more. The other one (`flock`) belongs to the file as it is open here, and versions before this
/// one respect it.
#[derive(Debug)]
pub struct SenderLock {
    file: File,
    path: PathBuf,
}

/// The process that sends from a database now, as the kernel knows it: what the file says is not believed.
#[derive(Debug)]
pub struct Holder {
    pub pid: i32,
    /// Why it must not be worked beside: it holds other files than those at the path.
    pub displaced: Option<store::Error>,
}

/// Far more than what is noted.
const MOST_BYTES: u64 = 64 << 10;

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The other process's id, `?` if the kernel knows none.
    #[error("another duban sends from this database, process {0}")]
    Held(String),
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
}

impl SenderLock {
    /// # Errors
    /// Another process holds it, or the file beside the database cannot be written.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let path = path_of(database);
        let io = |e| LockError::Io(path.clone(), e);
        let mut options = OpenOptions::new();
        let file =
            open_plain(options.create(true).truncate(false).read(true).write(true).mode(0o600), &path).map_err(io)?;
        let is_free = match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::AGAIN | Errno::ACCESS) => false,
            locked => locked.map_err(|e| io(e.into())).map(|()| true)?,
        };
        match file.try_lock() {
            Err(TryLockError::Error(e)) => return Err(io(e)),
            Ok(()) if is_free => {}
            _ => {
                let holder = holder_of(&file).map_err(io)?;
                return Err(LockError::Held(holder.map_or("?".into(), |pid| pid.as_raw_pid().to_string())));
            }
        }
        let mut lock = Self { file, path: path.clone() };
        lock.write("").map_err(io)?;
        Ok(lock)
    }

    /// Notes which files this process holds open, for commands that are run beside it.
    ///
    /// # Errors
    /// The lock file cannot be written.
    pub fn note(&mut self, held: &Held) -> Result<(), LockError> {
        let written = serde_json::to_string(held).map_err(std::io::Error::from).and_then(|held| self.write(&held));
        written.map_err(|e| LockError::Io(self.path.clone(), e))
    }

    /// Forgets what [`Self::note`] noted, before the files are closed: SQLite then removes the log.
    pub fn forget(&mut self) {
        // If it cannot be written, a command that is run in this moment refuses.
        let _ = self.write("");
    }

    fn write(&mut self, held: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(format!("{}\n{held}", std::process::id()).as_bytes())
    }

    /// Whether the lock is still the file at its path: else a second process could take another.
    pub fn is_in_place(&self) -> bool {
        let identity = |file: Metadata| (file.dev(), file.ino());
        self.file.metadata().map(identity).ok() == self.path.metadata().map(identity).ok()
    }

    /// The process that sends from this database now, if there is one.
    ///
    /// # Errors
    /// The lock file cannot be read: there may be one.
    pub fn holder(database: &Path) -> std::io::Result<Option<Holder>> {
        let mut file = match open_plain(OpenOptions::new().read(true), &path_of(database)) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let Some(pid) = holder_of(&file)? else { return Ok(None) };
        let mut written = String::new();
        Read::by_ref(&mut file).take(MOST_BYTES).read_to_string(&mut written)?;
        // Empty while it is written.
        let held = written.split_once('\n').and_then(|(_, held)| serde_json::from_str::<Held>(held).ok());
        let displaced = held.and_then(|held| held.is_at(database).err());
        Ok(Some(Holder { pid: Pid::as_raw_pid(pid), displaced }))
    }
}

/// The process that has locked it.
fn holder_of(file: &File) -> std::io::Result<Option<Pid>> {
    let asked = Flock::from(FlockType::WriteLock);
    let found = fcntl_getlk(file, &asked)?.filter(|found| found.typ == FlockType::WriteLock);
    // A lock of another kind belongs to no process, and is none of ours.
    Ok(found.and_then(|found| found.pid).filter(|pid| pid.as_raw_pid() > 0))
}

fn path_of(database: &Path) -> PathBuf {
    crate::service::named(database, ".lock")
}

/// Makes the database's folder, with access for the owner only.
pub fn make_folder_of(database: &Path) -> std::io::Result<()> {
    match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => crate::disk::make_private(folder),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_lost_when_the_file_is_opened_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("duban.db");
        let held = SenderLock::take(&database).unwrap();
        drop(SenderLock::holder(&database).unwrap());
        assert!(matches!(SenderLock::take(&database), Err(LockError::Held(_))));
        drop(held);
        assert!(SenderLock::take(&database).is_ok());
    }
}
