//! A first configuration, from what was answered: written beside, checked there, then put in place.

mod draft;
mod place;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::{SecretString, zeroize::Zeroizing};

pub use draft::{draft, edited};
pub use place::{Placed, Staged};

use crate::{
    config::secret,
    domain::deadline::{Mailbox, Section},
    net::Server,
};

/// Where the package keeps its configuration.
pub const SYSTEM: &str = "/etc/duban";

/// What only the bureau knows.
#[derive(Clone, Debug)]
pub struct Answers {
    pub bureau: String,
    /// Never empty.
    pub admin: Vec<Mailbox>,
    pub contact: String,
    /// Never empty.
    pub sections: Vec<Section>,
    pub from: Mailbox,
    /// Without one, letters become files.
    pub server: Option<Server>,
    /// A file of deadlines that is there.
    pub plan: Option<PathBuf>,
}

/// A file to be, its path from the folder of duban.toml.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: PathBuf,
    pub bytes: Zeroizing<Vec<u8>>,
    pub is_secret: bool,
}

/// The password that a file holds, its one line.
///
/// # Errors
/// In Chinese: what keeps it from being read, or from being a password.
pub fn read_password(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("没有口令文件 {shown}"),
        io::ErrorKind::InvalidData => format!("口令文件 {shown} 不是 UTF-8 文本"),
        _ => format!("读不了口令文件 {shown}：{e}"),
    })?;
    secret::password(&text).map_err(|why| format!("口令文件 {shown}：{why}"))
}
