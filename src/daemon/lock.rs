//! The sender lock: only one process at a time sends from a database.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::store::{self, Held};

/// Held while this value lives; the kernel releases it however the process ends.
#[derive(Debug)]
pub struct SenderLock {
    file: File,
    path: PathBuf,
}

/// The process that sends from a database now.
#[derive(Debug)]
pub struct Holder {
    pub pid: i32,
    /// Why it must not be worked beside: it holds other files than those at the path.
    pub displaced: Option<store::Error>,
}

/// `O_NOFOLLOW`: the folder belongs to the service's user, who must not be able to make root open another file.
const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
/// Attempts to take the lock again, 20 ms apart.
const PATIENCE: u32 = 10;

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The other process's id; empty if it could not be read.
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
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .custom_flags(NO_LINK)
            .open(&path)
            .map_err(io)?;
        super::owner::give_away(&file, database).map_err(io)?;
        let mut tries = 0..PATIENCE;
        let locked = loop {
            match file.try_lock() {
                // `holder`, in another process, locks it for a moment.
                Err(TryLockError::WouldBlock) if tries.next().is_some() => {
                    std::thread::sleep(Duration::from_millis(20))
                }
                done => break done,
            }
        };
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut written = String::new();
                let _ = file.read_to_string(&mut written);
                return Err(LockError::Held(written.lines().next().unwrap_or_default().trim().to_owned()));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
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
        let mut file = match OpenOptions::new().read(true).custom_flags(NO_LINK).open(path_of(database)) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Ok(None);
        }
        let mut written = String::new();
        file.read_to_string(&mut written)?;
        let (pid, held) = written.split_once('\n').unwrap_or((&written, ""));
        // Empty while it is written, and in a lock taken by a version that noted no files.
        let held: Option<Held> = serde_json::from_str(held).ok();
        let displaced = held.and_then(|held| held.is_at(database).err());
        Ok(pid.trim().parse().ok().map(|pid| Holder { pid, displaced }))
    }
}

fn path_of(database: &Path) -> PathBuf {
    crate::service::named(database, ".lock")
}

/// Makes the database's folder, with access for the owner only.
pub fn make_folder_of(database: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
        }
        _ => Ok(()),
    }
}
