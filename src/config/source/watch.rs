//! Whether the loaded files have been edited since, and whether the edit is finished.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{names::is_ours, unread};

/// How long files must stay unchanged before an edit counts as finished.
pub const STILL_SECONDS: i64 = 60;

/// A file's metadata, as far as it shows a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub modified: (i64, i64),
    pub size: u64,
    pub inode: u64,
    /// When its content, name or rights last changed. Unlike `modified` it cannot be set back by a
    /// copy that keeps the old time.
    pub changed_second: i64,
}

/// The files and folders of a configuration as they were seen. A missing file is noted too: its creation is a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    folders: BTreeSet<Folder>,
    asked: BTreeSet<PathBuf>,
    stamps: BTreeMap<PathBuf, Option<Stamp>>,
}

/// What is looked for in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Folder {
    /// Its files are read.
    Within(PathBuf),
    /// Folders of these names are read, and what is nearly named so is not.
    Beside(PathBuf, Vec<String>),
}

/// Decides when a changed configuration is to be loaded.
#[derive(Clone, Debug)]
pub struct Watch {
    loaded: Fingerprint,
    /// The last state that differed from `loaded`, and since when.
    pending: Option<(Fingerprint, Timestamp)>,
}

impl Fingerprint {
    pub fn note_file(&mut self, path: &Path) {
        self.asked.insert(path.to_owned());
        self.stamps.entry(path.to_owned()).or_insert_with(|| stamp(path));
    }

    pub fn note_folder(&mut self, path: &Path) {
        self.folders.insert(Folder::Within(path.to_owned()));
        self.note_all(list_folder(path).unwrap_or_default());
        self.note_all(unread::within(path).into_iter().map(|unread| unread.path));
    }

    /// Notes what is nearly named as these folders in this one: it is told of when it comes.
    pub fn note_beside(&mut self, path: &Path, folders: &[String]) {
        self.folders.insert(Folder::Beside(path.to_owned(), folders.to_vec()));
        self.note_all(unread::beside(path, folders).into_iter().map(|unread| unread.path));
    }

    fn note_all(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        for path in paths {
            self.stamps.entry(path.clone()).or_insert_with(|| stamp(&path));
        }
    }

    /// The same files and folders, as they are now.
    pub fn again(&self) -> Self {
        let mut now = Self::default();
        self.asked.iter().for_each(|file| now.note_file(file));
        for folder in &self.folders {
            match folder {
                Folder::Within(path) => now.note_folder(path),
                Folder::Beside(path, folders) => now.note_beside(path, folders),
            }
        }
        now
    }

    /// Whether these settings, this plan and these statutory days were read.
    pub fn is_of(&self, settings: &Path, deadlines: &Path, holidays: &Path) -> bool {
        self.asked.contains(settings)
            && self.asked.contains(deadlines)
            && self.folders.contains(&Folder::Within(holidays.to_owned()))
    }

    /// The time of the last change since `before`; `None` if a file is gone, which leaves no time.
    fn last_change(&self, before: &Self) -> Option<Timestamp> {
        if before.stamps.keys().any(|path| !self.stamps.contains_key(path)) {
            return None;
        }
        let changed = self.stamps.iter().filter(|(path, stamp)| before.stamps.get(*path) != Some(*stamp));
        let seconds = changed.map(|(_, stamp)| stamp.map(|s| s.changed_second)).collect::<Option<Vec<_>>>()?;
        Timestamp::from_second(seconds.into_iter().max()?).ok()
    }
}

/// `None` if there is no such file or its metadata cannot be read.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let m = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: (m.mtime(), m.mtime_nsec()), size: m.size(), inode: m.ino(), changed_second: m.ctime() })
}

pub fn list_folder(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|e| e.path()).filter(|p| is_ours(p)).collect();
    files.sort();
    Ok(files)
}

impl Watch {
    /// `loaded` is what a load saw, whether accepted or refused: a refused configuration is read again after an edit,
    /// not every minute.
    pub fn new(loaded: Fingerprint) -> Self {
        Self { loaded, pending: None }
    }

    /// The current state, for [`Self::settled`].
    pub fn look(&self) -> Fingerprint {
        self.loaded.again()
    }

    /// Whether the files are as they were loaded.
    pub fn is_as_loaded(&self) -> bool {
        self.look() == self.loaded
    }

    /// Whether it is time to load: true once for each edit.
    pub fn settled(&mut self, now: Timestamp, seen: Fingerprint) -> bool {
        if seen == self.loaded {
            self.pending = None;
            return false;
        }
        let still = |since: Timestamp| now.duration_since(since) >= SignedDuration::from_secs(STILL_SECONDS);
        let written = seen.last_change(&self.loaded);
        let first_seen = match &self.pending {
            // A clock that was set back must not delay an edit for hours.
            Some((pending, since)) if *pending == seen && *since <= now => *since,
            _ => now,
        };
        if still(first_seen) || written.is_some_and(still) {
            *self = Self::new(seen);
            return true;
        }
        self.pending = Some((seen, first_seen));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap_or_default()
    }

    fn file(size: u64, changed: i64) -> Fingerprint {
        let stamp = Stamp { modified: (0, 0), size, inode: 1, changed_second: at(changed).as_second() };
        Fingerprint { stamps: [("a".into(), Some(stamp))].into(), ..Default::default() }
    }

    #[test]
    fn an_edit_is_taken_once_it_has_stood_still() {
        let mut watch = Watch::new(file(1, -1000));
        assert!(!watch.settled(at(0), file(1, -1000)));
        assert!(!watch.settled(at(60), file(2, 50)), "ten seconds old");
        assert!(!watch.settled(at(100), file(3, 99)), "edited again");
        assert!(watch.settled(at(160), file(3, 99)));
        assert!(!watch.settled(at(220), file(3, 99)), "said once");
    }

    #[test]
    fn an_edit_taken_back_is_none() {
        let mut watch = Watch::new(file(1, -1000));
        assert!(!watch.settled(at(0), file(2, 0)));
        assert!(!watch.settled(at(60), file(1, -1000)));
        assert!(!watch.settled(at(120), file(2, 119)), "the minute begins anew");
    }

    #[test]
    fn a_file_that_is_gone_or_from_the_future() {
        for seen in [Fingerprint::default(), file(2, 9999)] {
            let mut watch = Watch::new(file(1, -1000));
            assert!(!watch.settled(at(0), seen.clone()));
            assert!(!watch.settled(at(-3600), seen.clone()), "the clock was set back");
            assert!(!watch.settled(at(-3570), seen.clone()));
            assert!(watch.settled(at(-3540), seen));
        }
    }

    #[test]
    fn sees_what_comes_and_goes() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (main, more) = (folder.path().join("main.toml"), folder.path().join("more"));
        let mut seen = Fingerprint::default();
        seen.note_file(&main);
        seen.note_folder(&more);
        assert_eq!(seen, seen.again());
        std::fs::write(&main, "a")?;
        let with_main = seen.again();
        assert_ne!(seen, with_main, "a missing file came");
        std::fs::create_dir(&more)?;
        std::fs::write(more.join("x.toml~"), "a")?;
        assert_eq!(with_main, seen.again(), "what an editor left is passed by");
        std::fs::write(more.join("x.toml"), "a")?;
        assert_ne!(with_main, seen.again(), "a file came into the folder");
        Ok(())
    }
}
