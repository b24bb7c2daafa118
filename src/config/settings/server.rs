//! What the tables of the mail servers have in common: `[mail.smtp]`, where letters go, and `[mailbox]`, where replies
//! come from.

use std::{net::IpAddr, os::unix::fs::PermissionsExt, path::Path};

use secrecy::{SecretString, zeroize::Zeroize};

use super::layers::{At, Layers};
use crate::{
    config::source::{
        files::{Files, Trouble},
        names::tidy,
        secret::{self, Beside, Password},
    },
    net::{self, Kind, Server, Tls},
};

/// The sentence that must be written to send letters and passwords unencrypted.
pub const PLAINTEXT: &str = "我知道邮件和口令会以明文传输";

/// One of the tables.
pub struct ServerTable {
    table: &'static str,
    kind: &'static Kind,
    /// A host, for examples.
    host: &'static str,
    /// A user, for examples; `None` if none is needed.
    username: Option<&'static str>,
    password: &'static Password,
}

pub const SMTP: ServerTable = ServerTable {
    table: "mail.smtp",
    kind: &net::SMTP,
    host: "smtp.example.test",
    username: None,
    password: &secret::SMTP,
};

pub const IMAP: ServerTable = ServerTable {
    table: "mailbox",
    kind: &net::IMAP,
    host: "imap.example.test",
    username: Some("duban@example.test"),
    password: &secret::IMAP,
};

impl ServerTable {
    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.table)
    }

    /// `in_force` is false if the server is not used yet: then nothing outside the file is needed.
    pub fn read(&self, layers: &Layers<'_>, folder: &Path, in_force: bool, files: &mut Files<'_>) -> Option<Server> {
        let host = self.host(layers, in_force);
        let tls = self.tls(layers, host.as_deref());
        let port = self.port(layers, tls);
        let username = match self.username {
            Some(example) => layers.needed(&self.path("username"), &format!("username = \"{example}\"")),
            None => layers.text(&self.path("username")),
        };
        let username = username.map(|given| given.value).unwrap_or_default();
        let ca_pem = self.ca_pem(layers, folder, in_force, files);
        if !in_force {
            return None;
        }
        let password = self.password(layers, folder, &username, files);
        Some(Server { kind: self.kind, host: host?, port: port?, tls: tls?, username, password, ca_pem })
    }

    fn host(&self, layers: &Layers<'_>, in_force: bool) -> Option<String> {
        let given = match in_force {
            true => layers.needed(&self.path("host"), &format!("host = \"{}\"", self.host)),
            false => layers.text(&self.path("host")),
        }?;
        if is_host(&given.value) || given.value.parse::<IpAddr>().is_ok() {
            return Some(given.value);
        }
        let bare = given.value.rsplit_once("://").map_or(&*given.value, |(_, rest)| rest);
        let bare = bare.split([':', '/']).next().unwrap_or_default();
        let example = if is_host(bare) { bare } else { self.host };
        layers.error(&given.at, "host 只写服务器的域名或 IP，端口写在 port 里", format!("host = \"{example}\""));
        None
    }

    /// The given port, or the usual one for the kind of encryption.
    fn port(&self, layers: &Layers<'_>, tls: Option<Tls>) -> Option<u16> {
        let usual = self.kind.port(tls.unwrap_or(Tls::Implicit));
        layers.integer(&self.path("port"), 1..=65535).map_or(Some(usual), |port| u16::try_from(port).ok())
    }

    fn tls(&self, layers: &Layers<'_>, host: Option<&str>) -> Option<Tls> {
        let Kind { implicit, starttls, .. } = self.kind;
        let words = layers.text(&self.path("insecure_plaintext"));
        let said = words.as_ref().is_some_and(|given| given.value == PLAINTEXT);
        if let Some(given) = words.filter(|given| given.value != PLAINTEXT) {
            layers.error(&given.at, "要一字不差地写明", format!("insecure_plaintext = \"{PLAINTEXT}\""));
        }
        let Some(given) = layers.text(&self.path("tls")) else {
            return matches!(layers.at(&self.path("tls")), At::Nowhere).then_some(Tls::Implicit);
        };
        let sound = format!("\"implicit\"（{implicit} 端口）或 \"starttls\"（{starttls} 端口）");
        match Tls::named(&given.value) {
            Some(Tls::None) if !said && !host.is_none_or(is_loopback) => {
                let what = "不加密（none）只可用于本机地址：邮件和口令会被沿途看到";
                let instead =
                    format!("tls = {sound}；\n服务器确实不支持加密时，另加一行：insecure_plaintext = \"{PLAINTEXT}\"");
                layers.error(&given.at, what, instead);
                None
            }
            None => {
                layers.error(&given.at, format!("tls 不能写“{}”", given.value), sound);
                None
            }
            sound => sound,
        }
    }

    /// The bureau's own certificate authority; read only if `in_force`.
    fn ca_pem(&self, layers: &Layers<'_>, folder: &Path, in_force: bool, files: &mut Files<'_>) -> Option<Vec<u8>> {
        let given = layers.text(&self.path("ca_file")).filter(|given| in_force && !given.value.is_empty())?;
        match files.bytes(&folder.join(&given.value)) {
            Ok(bytes) if String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") => return Some(bytes),
            Ok(_) => {
                let instead = "换成以 -----BEGIN CERTIFICATE----- 开头的文件";
                layers.error(&given.at, "这个文件里没有 PEM 格式的证书", instead);
            }
            Err(Trouble::Unreadable { what, instead }) => layers.error(&given.at, what, instead),
            Err(Trouble::Told) => {}
        }
        None
    }

    /// From the environment, else the credential, else `password_file`, else the file beside duban.toml, which the
    /// service gets as its credential.
    fn password(
        &self,
        layers: &Layers<'_>,
        folder: &Path,
        username: &str,
        files: &mut Files<'_>,
    ) -> Option<SecretString> {
        let file = layers.text(&self.path("password_file")).filter(|given| !given.value.is_empty());
        if let Some(given) = layers.over_file(&self.path("password")) {
            return match &given.at {
                At::Variable(name) if name == secret::DIRECTORY => {
                    from_file(layers, &given.at, Path::new(&given.value), files)
                }
                at => checked(layers, at, given.value),
            };
        }
        if let Some(given) = file {
            let path = folder.join(&given.value);
            warn_if_open(layers, &given.at, &path);
            return from_file(layers, &given.at, &path, files);
        }
        if username.is_empty() {
            return None;
        }
        let at = layers.at(&self.path("username"));
        match secret::beside(folder, self.password.credential) {
            Beside::There(path) => {
                warn_if_open(layers, &at, &path);
                return from_file(layers, &at, &path, files);
            }
            Beside::Locked(path) => {
                let (what, instead) = locked(&path, layers.has_credentials);
                layers.error(&at, what, instead);
            }
            Beside::Absent => layers.error(&at, "写了 username，但没有口令", self.password.places()),
        }
        None
    }
}

/// Whether the text is a host name or an IPv4 address.
pub fn is_host(text: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// systemd passes credentials at the start: the process does not have a password that was written later.
fn locked(path: &Path, is_service: bool) -> (String, String) {
    let shown = tidy(path);
    let shown = shown.display();
    if is_service {
        let instead = format!("口令写进 {shown} 后，执行 systemctl restart duban");
        ("写了 username，但服务启动时还没有口令".to_owned(), instead)
    } else {
        let instead = "用 root 执行：在命令前加 sudo；服务本身不受影响".to_owned();
        (format!("口令在 {shown} 里，只有 root 能读"), instead)
    }
}

fn warn_if_open(layers: &Layers<'_>, at: &At, path: &Path) {
    if std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o004 != 0) {
        let shown = tidy(path);
        layers.warn(at, "口令文件谁都可以读", format!("执行 chmod 600 {}", shown.display()));
    }
}

fn from_file(layers: &Layers<'_>, at: &At, path: &Path, files: &mut Files<'_>) -> Option<SecretString> {
    let shown = tidy(path);
    match files.bytes(path).map(String::from_utf8) {
        Ok(Ok(text)) => checked(layers, at, text),
        Ok(Err(_)) => {
            layers.error(at, format!("口令文件 {} 不是文本", shown.display()), "只写一行口令，按 UTF-8 保存");
            None
        }
        Err(Trouble::Unreadable { what, instead }) => {
            layers.error(at, format!("读不到口令文件。{what}"), instead);
            None
        }
        Err(Trouble::Told) => None,
    }
}

fn checked(layers: &Layers<'_>, at: &At, mut text: String) -> Option<SecretString> {
    let password = secret::password(&text);
    text.zeroize();
    password.map_err(|fault| layers.error(at, fault, "只写一行口令")).ok()
}
