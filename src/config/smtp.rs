//! `[mail.smtp]`, and where the password comes from.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use secrecy::{SecretString, zeroize::Zeroize};

use super::{
    files::{Files, Trouble},
    layers::{At, Layers, PASSWORD},
    settings::is_loopback,
};

#[derive(Clone, Debug)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Empty: no AUTH.
    pub username: String,
    pub password: Option<SecretString>,
    pub ca_file: Option<PathBuf>,
    pub helo: Option<String>,
    pub per_minute: u16,
    pub connections: u8,
}

impl Smtp {
    /// What `ca_file` holds.
    ///
    /// # Errors
    /// In Chinese: the file cannot be read.
    pub fn ca_pem(&self) -> Result<Option<Vec<u8>>, String> {
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|e| format!("读不了 mail.smtp.ca_file {}：{e}。", file.display()))
        };
        self.ca_file.as_ref().map(read).transpose()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    Implicit,
    StartTls,
    None,
}

pub(super) const KEYS: &[&str] = &[
    "host",
    "port",
    "tls",
    "username",
    "password_file",
    "ca_file",
    "helo",
    "per_minute",
    "connections",
    "insecure_plaintext",
];

pub(super) const PLACES: &str =
    "口令放在三处之一：systemd 凭据 smtp-password；password_file 指明的文件；环境变量 DUBAN__MAIL__SMTP__PASSWORD";

/// What must be written where letters and password go over the net unprotected.
pub const PLAINTEXT: &str = "我知道邮件和口令会以明文传输";

/// `env` is `None` where letters go to a folder: then nothing outside the file is asked for.
pub(super) fn read(
    layers: &Layers<'_>,
    folder: &Path,
    env: Option<&BTreeMap<String, String>>,
    files: &mut Files<'_>,
) -> Option<Smtp> {
    let in_force = env.is_some();
    let host = host(layers, in_force);
    let tls = tls(layers, host.as_deref());
    let default_port = match tls {
        Some(Tls::StartTls) => 587,
        Some(Tls::None) => 25,
        _ => 465,
    };
    let port = layers.integer("mail.smtp.port", 1..=65535).unwrap_or(default_port);
    let per_minute = layers.integer("mail.smtp.per_minute", 1..=6000).unwrap_or(30);
    let connections = layers.integer("mail.smtp.connections", 1..=16).unwrap_or(2);
    let username = layers.text("mail.smtp.username").map(|given| given.value).unwrap_or_default();
    let helo = layers.text("mail.smtp.helo").filter(|given| !given.value.is_empty()).map(|given| {
        if !is_host(&given.value) {
            layers.error(
                &given.at,
                "helo 要写本机的域名，只用英文字母、数字、点和连字符",
                "helo = \"duban.example.test\"",
            );
        }
        given.value
    });
    let ca_file = layers.text("mail.smtp.ca_file").filter(|given| !given.value.is_empty());
    let ca_file = ca_file.map(|given| {
        let path = folder.join(&given.value);
        if in_force {
            check_certificate(layers, &given.at, &path, files);
        }
        path
    });
    let password = password(layers, folder, env?, &username, files);
    Some(Smtp {
        host: host?,
        port: u16::try_from(port).ok()?,
        tls: tls?,
        username,
        password,
        ca_file,
        helo,
        per_minute: u16::try_from(per_minute).ok()?,
        connections: u8::try_from(connections).ok()?,
    })
}

fn host(layers: &Layers<'_>, in_force: bool) -> Option<String> {
    let given = match in_force {
        true => layers.needed("mail.smtp.host", "host = \"smtp.example.test\""),
        false => layers.text("mail.smtp.host"),
    }?;
    if is_host(&given.value) || given.value.parse::<std::net::IpAddr>().is_ok() {
        return Some(given.value);
    }
    let bare = given.value.rsplit_once("://").map_or(&*given.value, |(_, rest)| rest);
    let bare = bare.split([':', '/']).next().unwrap_or_default();
    let example = if is_host(bare) { bare } else { "smtp.example.test" };
    layers.error(&given.at, "host 只写服务器的域名或 IP，端口写在 port 里", format!("host = \"{example}\""));
    None
}

pub(super) fn is_host(text: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn tls(layers: &Layers<'_>, host: Option<&str>) -> Option<Tls> {
    let words = layers.text("mail.smtp.insecure_plaintext");
    let said = words.as_ref().is_some_and(|given| given.value == PLAINTEXT);
    if let Some(given) = words.filter(|given| given.value != PLAINTEXT) {
        layers.error(&given.at, "要一字不差地写明", format!("insecure_plaintext = \"{PLAINTEXT}\""));
    }
    let Some(given) = layers.text("mail.smtp.tls") else {
        return matches!(layers.at("mail.smtp.tls"), At::Nowhere).then_some(Tls::Implicit);
    };
    match given.value.as_str() {
        "implicit" => Some(Tls::Implicit),
        "starttls" => Some(Tls::StartTls),
        "none" if said || host.is_none_or(is_loopback) => Some(Tls::None),
        "none" => {
            let what = "不加密（none）只可用于本机地址：邮件和口令会被沿途看到";
            let instead = format!(
                "tls = \"implicit\"（465 端口）或 \"starttls\"（587 端口）；\n服务器确实不支持加密时，另加一行：insecure_plaintext = \"{PLAINTEXT}\""
            );
            layers.error(&given.at, what, instead);
            None
        }
        other => {
            let what = format!("tls 不能写“{other}”");
            layers.error(&given.at, what, "\"implicit\"（465 端口）或 \"starttls\"（587 端口）");
            None
        }
    }
}

fn check_certificate(layers: &Layers<'_>, at: &At, path: &Path, files: &mut Files<'_>) {
    match files.bytes(path) {
        Ok(bytes) if String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") => {}
        Ok(_) => layers.error(at, "这个文件里没有 PEM 格式的证书", "换成以 -----BEGIN CERTIFICATE----- 开头的文件"),
        Err(Trouble::Unreadable { what, instead }) => layers.error(at, what, instead),
        Err(Trouble::Told) => {}
    }
}

/// The environment, else the credential, else the file.
fn password(
    layers: &Layers<'_>,
    folder: &Path,
    env: &BTreeMap<String, String>,
    username: &str,
    files: &mut Files<'_>,
) -> Option<SecretString> {
    let credential = env.get("CREDENTIALS_DIRECTORY").map(|dir| Path::new(dir).join("smtp-password"));
    let file = layers.text("mail.smtp.password_file").filter(|given| !given.value.is_empty());
    if let Some(text) = env.get(PASSWORD) {
        return checked(layers, &At::Variable(PASSWORD.to_owned()), text.clone());
    }
    if let Some(path) = credential.filter(|path| path.exists()) {
        return from_file(layers, &At::Variable("CREDENTIALS_DIRECTORY".to_owned()), &path, files);
    }
    if let Some(given) = file {
        let path = folder.join(&given.value);
        let open = std::fs::metadata(&path).is_ok_and(|m| m.permissions().mode() & 0o004 != 0);
        if open {
            let what = "口令文件谁都可以读";
            layers.warn(&given.at, what, format!("执行 chmod 600 {}", super::files::tidy(&path).display()));
        }
        return from_file(layers, &given.at, &path, files);
    }
    if !username.is_empty() {
        layers.error(&layers.at("mail.smtp.username"), "写了 username，但没有口令", PLACES);
    }
    None
}

fn from_file(layers: &Layers<'_>, at: &At, path: &Path, files: &mut Files<'_>) -> Option<SecretString> {
    let shown = super::files::tidy(path);
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
    let password = text.strip_prefix('\u{FEFF}').unwrap_or(&text).trim_end_matches(['\r', '\n']);
    let fault = match password {
        "" => Some("口令是空的"),
        p if p.contains(char::is_control) => Some("口令里有换行或控制字符"),
        _ => None,
    };
    let secret = SecretString::from(password);
    text.zeroize();
    match fault {
        Some(fault) => {
            layers.error(at, fault, "只写一行口令");
            None
        }
        None => Some(secret),
    }
}
