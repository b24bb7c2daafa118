//! The folder of automatic copies: one a day, the oldest removed, space left on the disk.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use rustix::fs::statvfs;

use super::{Error, Result};
use crate::{
    disk,
    domain::Date,
    store::{HEADER_BYTES, schema_of},
};

/// Bytes that a copy must leave free: the disk may be the database's, and a service without space sends nothing.
const ROOM_BYTES: u64 = 200 << 20;

/// A folder of copies, named like `duban-2026-11-25.db`.
pub struct Copies {
    folder: PathBuf,
}

impl Copies {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder that the package's timer copies into, if there is one.
    pub fn beside(database: &Path) -> Option<Self> {
        let folder = database.parent()?.join("backup");
        folder.is_dir().then_some(Self { folder })
    }

    /// The day of the latest copy.
    pub fn latest(&self) -> Option<Date> {
        self.days().into_iter().max()
    }

    fn days(&self) -> Vec<Date> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| day_of(entry.file_name().to_str()?)).collect()
    }

    /// The latest copy that has a schema up to this one, and its schema.
    pub fn latest_up_to(&self, known: i64) -> Option<(PathBuf, i64)> {
        let mut days = self.days();
        days.sort_unstable();
        days.into_iter().rev().map(|day| self.of(day)).find_map(|path| {
            let mut header = [0; HEADER_BYTES];
            disk::open_plain(OpenOptions::new().read(true), &path).ok()?.read_exact(&mut header).ok()?;
            let schema = schema_of(&header);
            (schema <= known).then_some((path, schema))
        })
    }

    /// The path of a day's copy; a second copy on that day replaces it.
    pub fn of(&self, day: Date) -> PathBuf {
        self.folder.join(format!("duban-{day}.db"))
    }

    /// # Errors
    /// In Chinese: one more copy would leave too little space for the service.
    pub fn leave_room(&self, database: &Path) -> Result<()> {
        let needed = fs::metadata(database).map_err(|e| self.words(&e))?.len() + ROOM_BYTES;
        let disk = statvfs(&self.folder).map_err(|e| self.words(&e.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free >= needed {
            return Ok(());
        }
        let (free, needed) = (free >> 20, needed.div_ceil(1 << 20));
        Err(Error::Refused(format!(
            "没有备份：{} 所在的磁盘只剩 {free} MB，备份后要留 {} MB 给服务，共需 {needed} MB。请清理磁盘，或换个地方备份。",
            self.folder.display(),
            ROOM_BYTES >> 20,
        )))
    }

    /// Removes all but the latest `keep` copies up to `today`, and partial files of interrupted copies; nothing with
    /// another name. A copy dated in the future, made by a wrong clock, is left to a person. Returns what was removed.
    ///
    /// # Errors
    /// In Chinese: the folder cannot be read, a file cannot be removed.
    pub fn thin_out(&self, keep: usize, today: Date) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|e| self.words(&e))?;
        let names: Vec<String> = entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let mut days: Vec<Date> = names.iter().filter_map(|name| day_of(name)).filter(|day| *day <= today).collect();
        days.sort_unstable();
        days.truncate(days.len().saturating_sub(keep));
        let cut_short = names.iter().filter(|name| is_cut_short(name, today)).map(|name| self.folder.join(name));
        days.into_iter().map(|day| self.of(day)).chain(cut_short).map(|path| self.remove(path)).collect()
    }

    fn remove(&self, path: PathBuf) -> Result<PathBuf> {
        match fs::remove_file(&path) {
            // Another process has already removed it.
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(Error::Refused(format!("删不掉较早的备份 {}：{e}。", path.display())))
            }
            _ => Ok(path),
        }
    }

    fn words(&self, e: &io::Error) -> Error {
        Error::Refused(format!("读不了备份的目录 {}：{e}。", self.folder.display()))
    }
}

/// The day in a copy's file name; `None` if the name is not one of ours.
fn day_of(name: &str) -> Option<Date> {
    let day = name.strip_prefix("duban-")?.strip_suffix(".db")?;
    // Only the form 2026-11-25: the parser accepts others too.
    day.parse().ok().filter(|date: &Date| date.to_string() == day)
}

/// A partial file from an earlier day; today's may belong to a copy still being made.
fn is_cut_short(name: &str, today: Date) -> bool {
    let day = name.split_once(".db.").and_then(|(copy, rest)| Some((day_of(&format!("{copy}.db"))?, rest)));
    day.is_some_and(|(day, rest)| day < today && rest.contains(".partial"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_oldest_go_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::new(folder.path());
        let ours = ["duban-2026-11-25.db", "duban-2026-01-31.db", "duban-2025-12-31.db", "duban-2026-11-24.db"];
        let others =
            ["duban.db", "duban-2025.db", "duban-20250101.db", "duban-2026-11-25.db.1.partial", "duban-2099-01-01.db"];
        let cut_short = ["duban-2025-01-01.db.123.partial", "duban-2025-01-01.db.123.partial-journal"];
        for name in ours.iter().chain(&others).chain(&cut_short) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let mut gone = copies.thin_out(2, date(2026, 11, 25)).unwrap();
        gone.sort();
        let went = [cut_short[0], cut_short[1], "duban-2025-12-31.db", "duban-2026-01-31.db"];
        assert_eq!(gone, went.map(|name| folder.path().join(name)));
        let mut left: Vec<String> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let mut expected: Vec<&str> =
            others.iter().chain(&["duban-2026-11-24.db", "duban-2026-11-25.db"]).copied().collect();
        expected.sort_unstable();
        assert_eq!(left, expected);
        assert!(copies.thin_out(2, date(2026, 11, 25)).unwrap().is_empty());
    }

    #[test]
    fn a_disk_without_room_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("duban.db");
        // Larger than any disk, but sparse.
        fs::File::create(&database).unwrap().set_len(1 << 42).unwrap();
        let why = Copies::new(folder.path()).leave_room(&database).unwrap_err().explain();
        assert!(why.contains("没有备份") && why.contains("200 MB"), "{why}");
    }
}
