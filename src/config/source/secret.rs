//! Passwords and other secrets: where they are found, and how a line that may hold one is shown.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

/// The variable in which systemd names the folder of the credentials.
pub const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The folder beside duban.toml; `LoadCredential=duban:/etc/duban/credentials` passes each of its files on.
pub const FOLDER: &str = "credentials";

/// Not a variable, as no name of one has this sign: what a command read from the credential `link-key` while it was root.
pub const LINK_KEY: &str = "link-key=";

/// A password: the credential that holds it, and the variable that overrides it.
#[derive(Debug)]
pub struct Password {
    pub credential: &'static str,
    pub variable: &'static str,
}

pub const SMTP: Password = Password { credential: "smtp-password", variable: "DUBAN__MAIL__SMTP__PASSWORD" };
pub const IMAP: Password = Password { credential: "imap-password", variable: "DUBAN__MAILBOX__PASSWORD" };
pub const PASSWORDS: [Password; 2] = [SMTP, IMAP];

impl Password {
    /// Where the password can be put, in Chinese.
    pub fn places(&self) -> String {
        let Self { credential, variable } = self;
        format!(
            "口令放在四处之一：本文件旁的 credentials/{credential}；password_file 指明的文件；systemd 凭据 {credential}；环境变量 {variable}"
        )
    }
}

/// A password from a file or a variable: one line; a BOM and trailing line breaks are removed.
///
/// # Errors
/// In Chinese: why it cannot be a password.
pub fn password(text: &str) -> Result<SecretString, &'static str> {
    match text.trim_start_matches('\u{FEFF}').trim_end_matches(['\r', '\n']) {
        "" => Err("口令是空的"),
        line if line.contains(char::is_control) => Err("口令里有换行或控制字符"),
        line => Ok(SecretString::from(line)),
    }
}

/// Whether a secret is in the folder beside duban.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    There(PathBuf),
    /// Unknown: this user may not read it.
    Locked(PathBuf),
    Absent,
}

/// The file of a credential that systemd passed: alone under its own name, or from a folder as `duban_NAME`. A blank one
/// stands in for one that is not there: deploy/lib/credentials-files.conf.
pub fn given(env: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    let folder = Path::new(env.get(DIRECTORY)?);
    let is_blank = |path: &Path| fs::read(path).is_ok_and(|text| text.trim_ascii().is_empty());
    let there = |path: &PathBuf| path.exists();
    let alone = Some(folder.join(name)).filter(|path| there(path) && !is_blank(path));
    alone.or_else(|| Some(folder.join(format!("duban_{name}"))).filter(there))
}

/// The secret in the folder that systemd takes it from: a command that root runs gets no credentials. `folder` is
/// duban.toml's.
pub fn beside(folder: &Path, name: &str) -> Beside {
    let path = folder.join(FOLDER).join(name);
    match File::open(&path) {
        Ok(_) => Beside::There(path),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Beside::Locked(path),
        Err(_) => Beside::Absent,
    }
}

/// A line that is safe to show: the value of a password key is left out.
pub fn mask(line: &str) -> Cow<'_, str> {
    match key_at(line) {
        Some((_, sign)) => Cow::Owned(format!("{} ……", &line[..sign])),
        None => Cow::Borrowed(line),
    }
}

/// Where a key that looks like a password begins, and where the sign after it ends.
pub fn key_at(line: &str) -> Option<(usize, usize)> {
    line.match_indices(['=', '＝', ':', '：']).find_map(|(at, sign)| {
        let before = line[..at].trim_end_matches([' ', '\t', '"', '\'', '”']);
        let start = before.rfind([' ', '\t', '"', '\'', '“', '{', ',', '.', '#']).map_or(0, |i| i + 1);
        let key = before.get(start..).unwrap_or(before).to_lowercase();
        let secret = SECRETS.iter().any(|word| key.contains(word)) && !key.contains("file");
        secret.then_some((start, at + sign.len()))
    })
}

const SECRETS: [&str; 6] = ["pass", "pwd", "口令", "密码", "授权码", "secret"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (line, shown) in [
            ("password = \"geheim\"", "password = ……"),
            ("smtp = { port = 1, \"Password\" = 'geheim' }", "smtp = { port = 1, \"Password\" = ……"),
            ("口令：geheim", "口令： ……"),
            ("password_file = \"smtp-password\"", "password_file = \"smtp-password\""),
            ("username = \"\" # password: credential", "username = \"\" # password: ……"),
            ("passwort = 1", "passwort = ……"),
        ] {
            assert_eq!(mask(line), shown);
        }
    }
}
