//! Measures how much a file unpacks to, before it is read; goes through one of its parts.

use std::io::{self, BufReader, Cursor, Read};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
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

/// Calls for each element that begins in a part; `None` if there is no such part, or it is damaged.
pub fn elements(archive: &mut ZipArchive<Cursor<&[u8]>>, path: &str, mut each: impl FnMut(&BytesStart)) -> Option<()> {
    let name =
        archive.file_names().flatten().find(|name| name.eq_ignore_ascii_case(path)).map(|name| name.into_owned())?;
    let mut reader = Reader::from_reader(BufReader::new(archive.by_name(&name).ok()?));
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(tag) | Event::Empty(tag) => each(&tag),
            Event::Eof => return Some(()),
            _ => {}
        }
        buffer.clear();
    }
}

pub fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let mut all = tag.attributes().flatten();
    let found = all.find(|a| a.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}
