//! Keeps the keys that sign links: a credential, else a file beside the database, made at the first start.
//!
//! Each line holds one key, 64 hexadecimal digits; `#` begins a comment. The last key signs, all verify: add a line to
//! change the key, remove a line to revoke one.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    config::secret,
    disk,
    service::{
        Error, Result,
        desk::link::{Key, Links},
        named,
    },
};

const CREDENTIAL: &str = "link-key";
/// Far more than any key file needs.
const LARGEST_BYTES: u64 = 64 << 10;

/// Reads the keys; makes them if there are none yet. `env` is the whole environment.
///
/// # Errors
/// In Chinese: a file that cannot be read or written, or holds something else.
pub fn open(database: &Path, env: &BTreeMap<String, String>) -> Result<Links> {
    if let Some(links) = look(database, env)? {
        return Ok(links);
    }
    let path = beside(database);
    make(&path).map_err(|e| Error::Refused(format!("写不了链接密钥 {}：{e}。", path.display())))?;
    look(database, env)?.ok_or_else(|| Error::Refused(format!("链接密钥 {} 刚写好又不见了。", path.display())))
}

/// As [`open`], without making any; `None` if there are none.
pub fn look(database: &Path, env: &BTreeMap<String, String>) -> Result<Option<Links>> {
    let (path, text) = match (given(env)?, secret::given(env, CREDENTIAL)) {
        (Some(text), path) => (path.unwrap_or_else(|| CREDENTIAL.into()), text),
        (None, _) => {
            let path = beside(database);
            match disk::read_plain(&path, LARGEST_BYTES) {
                Ok(text) => (path, text),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(unread(&path, &e)),
            }
        }
    };
    parse(&text).map(Some).map_err(|line| {
        let form = "应是 64 个十六进制数字，每行一个，可用 openssl rand -hex 32 生成";
        Error::Refused(format!("链接密钥 {} 第 {line} 行不对：{form}。", path.display()))
    })
}

/// The text of the credential; `None` if there is none. A command of root reads it before it becomes another user.
///
/// # Errors
/// In Chinese: it cannot be read.
pub fn given(env: &BTreeMap<String, String>) -> Result<Option<String>> {
    if let Some(text) = env.get(secret::LINK_KEY) {
        return Ok(Some(text.clone()));
    }
    let Some(path) = secret::given(env, CREDENTIAL) else { return Ok(None) };
    if fs::metadata(&path).map_err(|e| unread(&path, &e))?.len() > LARGEST_BYTES {
        return Err(unread(&path, &io::Error::other("文件太大")));
    }
    fs::read_to_string(&path).map(Some).map_err(|e| unread(&path, &e))
}

fn unread(path: &Path, e: &io::Error) -> Error {
    Error::Refused(format!("读不了链接密钥 {}：{e}。", path.display()))
}

fn beside(database: &Path) -> PathBuf {
    named(database, ".link-key")
}

/// Makes a key file with one new key. It gets its name only when complete: a reader finds no file, or the whole one.
fn make(path: &Path) -> io::Result<()> {
    let mut secret = [0; 32];
    let mut filled = 0;
    while filled < secret.len() {
        filled += rustix::rand::getrandom(&mut secret[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let temporary = named(path, &format!(".{}", std::process::id()));
    let write = || {
        disk::write_temporary(&temporary, 0o600, format!("{hex}\n").as_bytes())?;
        // A link does not overwrite a file that another process has made in the meantime.
        match fs::hard_link(&temporary, path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => fs::rename(&temporary, path),
            _ => Ok(()),
        }
    };
    let written = write();
    let _ = fs::remove_file(&temporary);
    written?;
    disk::sync_folder_of(path)
}

/// # Errors
/// The number of the first line that is not a key; of the last line if there is no key at all.
fn parse(text: &str) -> std::result::Result<Links, usize> {
    let mut keys = Vec::new();
    for (number, line) in (1usize..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            keys.push(key(line).ok_or(number)?);
        }
    }
    Links::new(keys).ok_or(text.lines().count().max(1))
}

fn key(hex: &str) -> Option<Key> {
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut secret = [0; 32];
    for (at, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(Key::new(secret))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn made_once_and_for_us_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("duban.db");
        let none = BTreeMap::new();
        assert!(look(&database, &none).unwrap().is_none());
        let first = open(&database, &none).unwrap();
        assert!(open(&database, &none).unwrap() == first);
        let path = folder.path().join("duban.db.link-key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        make(&path).unwrap();
        assert!(open(&database, &none).unwrap() == first, "one that is there stays");
    }

    #[test]
    fn a_credential_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let env = BTreeMap::from([("CREDENTIALS_DIRECTORY".to_owned(), folder.path().display().to_string())]);
        let database = folder.path().join("duban.db");
        for name in ["duban_link-key", "link-key"] {
            let given = folder.path().join(name);
            fs::write(&given, format!("# 2026\n{}\n\n{} # now\n", "0a".repeat(32), "0B".repeat(32))).unwrap();
            let links = open(&database, &env).unwrap();
            assert!(Some(links) == Links::new(vec![Key::new([0x0a; 32]), Key::new([0x0b; 32])]));
            assert!(!folder.path().join("duban.db.link-key").exists());
            fs::remove_file(given).unwrap();
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_line() {
        for (text, line) in [("", 1), ("x", 1), (&*format!("{}\n0a0b", "0a".repeat(32)), 2), (&*"0g".repeat(32), 1)] {
            assert_eq!(parse(text).err(), Some(line), "{text}");
        }
    }
}
