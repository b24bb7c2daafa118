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
/// What the packages bring to set an instance up.
pub const SCRIPT: &str = "/usr/lib/duban/setup";

pub fn has_systemd() -> bool {
    Path::new("/run/systemd/system").exists()
}
const STATE: &str = "/var/lib/duban";

/// Folders that are there already: no instance's name.
pub const RESERVED: [&str; 3] = [secret::FOLDER, "holidays", "plans"];

/// A service of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `NAME` of `duban@NAME`; `None`: it is `duban`.
    pub instance: Option<String>,
    /// Where alone it writes: its StateDirectory.
    pub state: PathBuf,
}

impl Unit {
    /// Of the folder of a duban.toml; `None` if it is no place of the package's.
    pub fn of(folder: &Path) -> Option<Self> {
        let system = Path::new(SYSTEM);
        if folder == system {
            return Some(Self { instance: None, state: STATE.into() });
        }
        let name = folder.strip_prefix(system).ok()?.to_str()?;
        let is_one = !name.contains('/') && !RESERVED.contains(&name);
        is_one.then(|| Self { instance: Some(name.to_owned()), state: format!("{STATE}-{name}").into() })
    }

    pub fn name(&self) -> String {
        self.instance.as_ref().map_or("duban".to_owned(), |name| format!("duban@{name}"))
    }
}

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
