//! Secrets by name: handed over by systemd, or in the folder that it takes them from.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use crate::config::settings::server::{IMAP, SMTP};

/// The variable by which systemd says where the credentials are.
pub const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The folder beside duban.toml; `LoadCredential=duban:/etc/duban/credentials` hands over each of its files.
pub const FOLDER: &str = "credentials";

/// The passwords, each with the variable that gives it all the same.
pub const PASSWORDS: [(&str, &str); 2] = [(SMTP.credential, SMTP.variable), (IMAP.credential, IMAP.variable)];

/// One line, however the editor that wrote it began and ended it.
///
/// # Errors
/// In Chinese: why it can be no password.
pub fn password(text: &str) -> Result<SecretString, &'static str> {
    match text.trim_start_matches('\u{FEFF}').trim_end_matches(['\r', '\n']) {
        "" => Err("口令是空的"),
        line if line.contains(char::is_control) => Err("口令里有换行或控制字符"),
        line => Ok(SecretString::from(line)),
    }
}

/// A secret beside duban.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    There(PathBuf),
    /// Perhaps: this user may not look.
    Locked(PathBuf),
    Absent,
}

/// A credential that systemd handed over, by its own name or as one of a folder's.
pub fn given(env: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    let folder = Path::new(env.get(DIRECTORY)?);
    [folder.join(name), folder.join(format!("duban_{name}"))].into_iter().find(|path| path.exists())
}

/// The same secret where systemd takes it from, for what root does beside the service. `folder` is duban.toml's.
pub fn beside(folder: &Path, name: &str) -> Beside {
    let path = folder.join(FOLDER).join(name);
    match File::open(&path) {
        Ok(_) => Beside::There(path),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Beside::Locked(path),
        Err(_) => Beside::Absent,
    }
}
