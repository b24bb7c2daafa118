//! Files that exist whole or not at all: they are synced to the disk before they get their name.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Creates a file; an error if it exists. The umask restricts `mode`.
pub fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Creates, writes and syncs a file; an error if it exists.
pub fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_new(path, mode)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// [`write_new`], after removing what a process that died while writing may have left.
pub fn write_temporary(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    remove_if_there(path)?;
    write_new(path, mode, bytes)
}

/// Renames a synced file to `path`, replacing what is there.
pub fn put(file: &Path, path: &Path) -> io::Result<()> {
    fs::rename(file, path)?;
    sync_folder_of(path)
}

/// Replaces a file by way of `temporary`, which must be in the same folder.
pub fn replace(path: &Path, temporary: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let replaced = write_temporary(temporary, mode, bytes).and_then(|()| put(temporary, path));
    if replaced.is_err() {
        // The disk may be full: half a file would only take up more space.
        let _ = fs::remove_file(temporary);
    }
    replaced
}

pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Syncs the folder of a file: a new name is lasting only after that.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_old_one_or_the_new_one() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (path, temporary) = (folder.path().join("a"), folder.path().join("a.tmp"));
        fs::write(&temporary, "left by one that died")?;
        for text in ["one", "two"] {
            replace(&path, &temporary, 0o600, text.as_bytes())?;
            assert_eq!(fs::read_to_string(&path)?, text);
        }
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        assert!(write_new(&path, 0o600, b"three").is_err(), "one that is there stays");
        let taken = folder.path().join("folder");
        fs::create_dir(&taken)?;
        assert!(replace(&taken, &temporary, 0o600, b"x").is_err());
        assert_eq!(fs::read_dir(folder.path())?.count(), 2, "nothing else is left");
        Ok(())
    }
}
