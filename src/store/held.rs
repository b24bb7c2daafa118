//! Which files a connection holds open. SQLite goes on with them if others take their place at the path: then what is
//! written goes into files that nobody finds again.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// The database, its log, and the log's index.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];

/// Device and inode: the same as long as it is the same file, whatever its name.
type Identity = (u64, u64);

/// The files at a database's path when they were opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    path: PathBuf,
    /// In the order of [`ENDS`]; `None` for a file that was not there.
    files: [Option<Identity>; ENDS.len()],
}

impl Held {
    /// What is at the path now.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), files: paths(path).map(|file| identity(&file)) }
    }

    /// # Errors
    /// [`Error::Displaced`]: a file that was opened is no longer the one at its path.
    pub fn is_in_place(&self) -> Result<()> {
        self.is_at(&self.path)
    }

    /// As [`Self::is_in_place`], for another process, which may call the path by another name.
    pub fn is_at(&self, path: &Path) -> Result<()> {
        let mut files = paths(path).into_iter().zip(self.files);
        match files.find(|(path, held)| held.is_some() && identity(path) != *held) {
            Some((path, _)) => Err(Error::Displaced { is_gone: !path.exists(), path }),
            None => Ok(()),
        }
    }

    /// Whether the database itself is still the one at its path.
    pub(super) fn has_its_database(&self) -> bool {
        self.files[0].is_some() && identity(&self.path) == self.files[0]
    }

    /// Whether the log at the path is another one, in which something is written.
    pub(super) fn is_another_log_in_use(&self) -> bool {
        let [_, log, _] = paths(&self.path);
        identity(&log) != self.files[1] && log.metadata().is_ok_and(|log| log.len() > 0)
    }
}

fn identity(path: &Path) -> Option<Identity> {
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// SQLite waits for a writer where a pipe lies. The database itself may be a link; what lies beside it may not.
///
/// # Errors
/// [`Error::Odd`]: what lies at the path, or where SQLite keeps its files beside it, is no plain file.
pub(super) fn refuse_odd(path: &Path) -> Result<()> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(Error::Odd(path.to_owned()));
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let files = ["-wal", "-shm", "-journal"].map(|end| beside(&real, end));
    match files.into_iter().find(|file| file.symlink_metadata().is_ok_and(|found| !found.is_file())) {
        Some(odd) => Err(Error::Odd(odd)),
        None => Ok(()),
    }
}

/// The database as it is called, and where SQLite keeps the others: beside the file that a link leads to.
fn paths(path: &Path) -> [PathBuf; ENDS.len()] {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    ENDS.map(|end| if end.is_empty() { path.to_owned() } else { beside(&real, end) })
}

/// SQLite's own file beside a database.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
