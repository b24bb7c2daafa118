//! Files that are there whole or not at all: written down to the disk before they have their name.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// A file that is not there yet. The umask takes from `mode`.
pub fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Writes a file that is not there yet.
pub fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_new(path, mode)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The same, in the place of what a process left that died while it wrote.
pub fn write_temporary(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    remove_if_there(path)?;
    write_new(path, mode, bytes)
}

/// Gives a file that is on the disk its name, over what had it.
pub fn put(file: &Path, path: &Path) -> io::Result<()> {
    fs::rename(file, path)?;
    sync_folder_of(path)
}

/// Writes a file over what is there, by way of `temporary` in the same folder.
pub fn replace(path: &Path, temporary: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let replaced = write_temporary(temporary, mode, bytes).and_then(|()| put(temporary, path));
    if replaced.is_err() {
        // What is left of it would only take up the space that is missing.
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

/// Makes the names in a file's folder last.
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
