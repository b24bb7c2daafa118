//! Files that exist whole or not at all: they are synced to the disk before they get their name.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;

/// Opens a file that lies where others may have put something else: a pipe would be waited for, a link leads anywhere.
///
/// # Errors
/// Also if it is not a plain file.
pub fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let not_plain = || io::Error::other("不是普通的文件，是链接、管道或目录");
    let file = options.custom_flags(flags.bits().cast_signed()).open(path).map_err(|e| {
        let is_odd =
            matches!(rustix::io::Errno::from_io_error(&e), Some(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO));
        if is_odd { not_plain() } else { e }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_plain()) }
}

/// Opens a file that a person named; a link is followed, a pipe is not waited for.
///
/// # Errors
/// Also if it is no file.
pub fn open_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    match file.metadata()? {
        it if it.is_file() => Ok(file),
        it if it.is_dir() => Err(io::Error::other("这是目录，不是文件")),
        _ => Err(io::Error::other("这是管道或设备，不是文件；从别的程序来的，写 - 读标准输入")),
    }
}

/// Reads a small text by way of [`open_plain`].
pub fn read_plain(path: &Path, most_bytes: u64) -> io::Result<String> {
    let file = open_plain(OpenOptions::new().read(true), path)?;
    if file.metadata()?.len() > most_bytes {
        return Err(io::Error::other("文件太大"));
    }
    let mut text = String::new();
    file.take(most_bytes).read_to_string(&mut text)?;
    Ok(text)
}

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

/// Makes a folder, and those it lies in, for this user alone.
pub fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
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
    fn what_is_no_plain_file_is_not_opened() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = |name| folder.path().join(name);
        fs::write(path("file"), "text")?;
        std::os::unix::fs::symlink(path("file"), path("link"))?;
        let pipe = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0)?;
        assert_eq!(read_plain(&path("file"), 4)?, "text");
        assert!(read_plain(&path("file"), 3).is_err());
        for odd in ["link", "pipe", "."] {
            for options in [OpenOptions::new().read(true), OpenOptions::new().read(true).write(true).create(true)] {
                assert!(open_plain(options, &path(odd)).is_err(), "{odd}");
            }
        }
        Ok(())
    }

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
