//! Makes a first configuration from answers: written to a temporary folder, checked there, then put in place.

mod draft;
mod place;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::{SecretString, zeroize::Zeroizing};

pub use draft::{DEADLINES, draft, edited, has_shipped_plan};
pub use place::{Placed, Staged, replace};

use crate::{
    config::secret,
    domain::deadline::{Mailbox, Section},
    net::Server,
};

/// Where the package keeps its configuration.
pub const SYSTEM: &str = "/etc/duban";

/// What only the bureau knows, asked by `duban init`.
#[derive(Clone, Debug)]
pub struct Answers {
    pub bureau: String,
    /// Never empty.
    pub admin: Vec<Mailbox>,
    pub contact: String,
    /// Never empty.
    pub sections: Vec<Section>,
    pub from: Mailbox,
    /// Without a server, letters are written to a folder.
    pub server: Option<Server>,
    pub plan: Option<Plan>,
}

/// The deadlines to include.
#[derive(Clone, Debug)]
pub enum Plan {
    File(PathBuf),
    /// What a document was read as.
    Text(String),
}

/// A file to be written; `name` is its path relative to the folder of duban.toml.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: PathBuf,
    pub bytes: Zeroizing<Vec<u8>>,
    pub is_secret: bool,
}

/// Reads a password file, which holds one line.
///
/// # Errors
/// In Chinese: the file cannot be read, or does not hold a password.
pub fn read_password(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("没有口令文件 {shown}"),
        io::ErrorKind::InvalidData => format!("口令文件 {shown} 不是 UTF-8 文本"),
        _ => format!("读不了口令文件 {shown}：{e}"),
    })?;
    secret::password(&text).map_err(|why| format!("口令文件 {shown}：{why}"))
}
