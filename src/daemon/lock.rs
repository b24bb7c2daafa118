//! The sender lock: only one process at a time sends from a database.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Held while this value lives; the kernel releases it however the process ends.
#[derive(Debug)]
pub struct SenderLock {
    _file: File,
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
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Err(LockError::Held(pid.trim().to_owned()));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io)?;
        Ok(Self { _file: file })
    }

    /// The id of the process that sends from this database now, if there is one.
    pub fn holder(database: &Path) -> Option<i32> {
        let mut file = OpenOptions::new().read(true).custom_flags(NO_LINK).open(path_of(database)).ok()?;
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let mut pid = String::new();
        file.read_to_string(&mut pid).ok()?;
        pid.trim().parse().ok()
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
