//! Measures how much a file unpacks to, before it is read.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::{Error, Result};

/// All parts of the file together, unpacked, in bytes.
const MAX_UNPACKED: u64 = 100 << 20;
const MAX_PARTS: usize = 2000;

/// # Errors
/// In Chinese: damaged, or unpacks to too much. The sizes that the parts declare are not trusted.
pub fn check_zip(bytes: &[u8]) -> Result<()> {
    let broken = || Error::Unreadable("文件已损坏，不完整。请用 Office 或 WPS 打开，另存后再试。".into());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut left = MAX_UNPACKED;
    if archive.len() > MAX_PARTS {
        return Err(bomb());
    }
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| broken())?;
        let unpacked = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|_| broken())?;
        left = left.checked_sub(unpacked).ok_or_else(bomb)?;
    }
    Ok(())
}

fn bomb() -> Error {
    let megabytes = MAX_UNPACKED >> 20;
    Error::Unreadable(format!("文件展开后超过 {megabytes} MB。请只留下要读的部分，另存后再试。"))
}
