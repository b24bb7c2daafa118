//! Commands run as root: they must not leave files that the service's user cannot open.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, fchown},
    path::Path,
};

use rustix::{
    process::{Gid, Uid, geteuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

/// If run as root, changes for good to the user who owns the database, or its folder if there is no database yet.
///
/// The kernel changes only the calling thread: call this before a second thread is started.
///
/// # Errors
/// The kernel refuses.
pub fn step_down(database: &Path) -> io::Result<()> {
    let Some((uid, gid)) = other_owner(database) else { return Ok(()) };
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    // The user comes last: without root, the groups cannot be changed.
    set_thread_groups(&[gid])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}

/// Gives a file that root has just made beside the database to the database's owner.
pub(super) fn give_away(file: &File, database: &Path) -> io::Result<()> {
    match other_owner(database) {
        // With more than one link, it may be another user's file.
        Some((uid, gid)) if file.metadata()?.uid() != uid && file.metadata()?.nlink() == 1 => {
            fchown(file, Some(uid), Some(gid))
        }
        _ => Ok(()),
    }
}

/// The owner of the database, if this process is root and the owner is not.
fn other_owner(database: &Path) -> Option<(u32, u32)> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let metadata = fs::metadata(database).or_else(|_| fs::metadata(folder)).ok()?;
    (geteuid().is_root() && metadata.uid() != 0).then(|| (metadata.uid(), metadata.gid()))
}
