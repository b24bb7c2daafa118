//! Writes files beside those that they replace, then renames them into place: after a crash each is wholly the old or
//! the new one. The old ones are kept.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{Draft, draft::is_nobody_s};
use crate::{disk, service::named};

/// Drafts in a temporary folder, with links to the existing files, so that the result can be loaded before it is in
/// place. Dropping it removes the folder.
#[derive(Debug)]
pub struct Staged {
    dir: PathBuf,
    folder: PathBuf,
    drafts: Vec<Draft>,
    /// Whether `dir` was made for this; it is removed again if nothing is put there.
    made: bool,
}

/// A file put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub path: PathBuf,
    /// Where the replaced file is kept.
    pub kept: Option<PathBuf>,
}

impl Staged {
    /// # Errors
    /// The folder cannot be written.
    pub fn write(dir: &Path, drafts: Vec<Draft>) -> io::Result<Self> {
        let made = !dir.exists();
        make_folder(dir, 0o755)?;
        let dir = fs::canonicalize(dir)?;
        let folder = dir.join(format!(".duban-init-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let staged = Self { dir, folder, drafts, made };
        for draft in &staged.drafts {
            let path = staged.folder.join(&draft.name);
            disk::make_private(disk::folder_of(&path))?;
            write(&path, if draft.is_secret { 0o600 } else { 0o644 }, &draft.bytes)?;
        }
        link_rest(&staged.dir, &staged.folder)?;
        Ok(staged)
    }

    /// The staged duban.toml.
    pub fn config(&self) -> PathBuf {
        self.folder.join("duban.toml")
    }

    /// Rewrites messages about staged files to name their final paths.
    pub fn as_placed(&self, words: &str) -> String {
        words.replace(&*self.folder.to_string_lossy(), &self.dir.to_string_lossy())
    }

    /// The existing files, other than shipped settings, that `put` will replace with different content.
    pub fn replaces(&self) -> Vec<PathBuf> {
        let paths = self.drafts.iter().filter(|draft| is_replaced(&self.dir, draft));
        paths.map(|draft| self.dir.join(&draft.name)).collect()
    }

    /// # Errors
    /// A file cannot be kept or put in place; those before it are in place.
    pub fn put(mut self) -> io::Result<Vec<Placed>> {
        self.made = false;
        let mut placed = Vec::new();
        for draft in &self.drafts {
            let path = self.dir.join(&draft.name);
            if let Some(folder) = path.parent() {
                make_folder(folder, if draft.is_secret { 0o700 } else { 0o755 })?;
            }
            let kept = if is_replaced(&self.dir, draft) { Some(keep(&path)?) } else { None };
            disk::put(&self.folder.join(&draft.name), &path)?;
            placed.push(Placed { path, kept });
        }
        Ok(placed)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // If removing fails, nothing more can be done.
        let _ = fs::remove_dir_all(&self.folder);
        if self.made {
            let _ = fs::remove_dir(&self.dir);
        }
    }
}

fn is_replaced(dir: &Path, draft: &Draft) -> bool {
    let path = dir.join(&draft.name);
    match fs::read(&path) {
        // A password with another line end is the same password.
        Ok(bytes) if draft.is_secret => bytes.trim_ascii_end() != draft.bytes.trim_ascii_end(),
        Ok(bytes) => bytes != *draft.bytes && !is_nobody_s(&path, &bytes),
        Err(e) => e.kind() != io::ErrorKind::NotFound,
    }
}

/// Puts a text in the place of a file that the service reads too. Gives where the file that was there is kept.
///
/// # Errors
/// The folder cannot be written.
pub fn replace(path: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    let kept = if path.exists() { Some(keep(path)?) } else { None };
    let temporary = named(path, &format!(".{}.tmp", std::process::id()));
    disk::remove_if_there(&temporary)?;
    let put = write(&temporary, 0o644, text.as_bytes()).and_then(|()| disk::put(&temporary, path));
    if put.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    put.map(|()| kept)
}

/// Keeps a file under the first free name: `duban.toml.old-1`. It stays where it is, too.
fn keep(path: &Path) -> io::Result<PathBuf> {
    for number in 1..1000 {
        let name = named(path, &format!(".old-{number}"));
        match fs::hard_link(path, &name) {
            Ok(()) => return Ok(name),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A new file. Its mode is set by its descriptor, before others know its name: by then the name may mean another file.
fn write(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk::create_new(path, 0o600)?;
    file.write_all(bytes)?;
    // Regardless of the umask: the service must read what root writes.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

fn make_folder(folder: &Path, mode: u32) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(mode).create(folder)?;
    // Not by its path: by now another may lie there.
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let made = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(folder)?;
    made.set_permissions(Permissions::from_mode(mode))
}

/// Links the existing files that have no draft into the temporary folder.
fn link_rest(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|name| !name.to_string_lossy().starts_with(".duban-init-")) else {
            continue;
        };
        let target = to.join(name);
        if !target.exists() {
            symlink(&path, &target)?;
        } else if path.is_dir() && target.is_dir() {
            link_rest(&path, &target)?;
        }
    }
    Ok(())
}
