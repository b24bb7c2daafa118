//! `[mail.smtp]`: the relay that letters go to.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{
    layers::Layers,
    server::{SMTP, Tls, is_host},
};
use crate::config::source::files::Files;

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
    pub letters_per_connection: u16,
}

impl Smtp {
    /// What `ca_file` holds.
    ///
    /// # Errors
    /// In Chinese: the file cannot be read.
    pub fn ca_pem(&self) -> Result<Option<Vec<u8>>, String> {
        SMTP.ca_pem(self.ca_file.as_ref())
    }
}

pub const KEYS: &[&str] = &[
    "host",
    "port",
    "tls",
    "username",
    "password_file",
    "ca_file",
    "helo",
    "per_minute",
    "connections",
    "letters_per_connection",
    "insecure_plaintext",
];

/// Not `in_force` where letters go to a folder: then nothing outside the file is asked for.
pub fn read(layers: &Layers<'_>, folder: &Path, in_force: bool, files: &mut Files<'_>) -> Option<Smtp> {
    let host = SMTP.host(layers, in_force);
    let tls = SMTP.tls(layers, host.as_deref());
    let port = SMTP.port(layers, tls);
    let per_minute = layers.integer("mail.smtp.per_minute", 0..=6000).unwrap_or(30);
    let connections = layers.integer("mail.smtp.connections", 1..=16).unwrap_or(2);
    let letters_per_connection = layers.integer("mail.smtp.letters_per_connection", 1..=1000).unwrap_or(20);
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
    let ca_file = SMTP.ca_file(layers, folder, in_force, files);
    if !in_force {
        return None;
    }
    let password = SMTP.password(layers, folder, &username, files);
    Some(Smtp {
        host: host?,
        port: port?,
        tls: tls?,
        username,
        password,
        ca_file,
        helo,
        per_minute: u16::try_from(per_minute).ok()?,
        connections: u8::try_from(connections).ok()?,
        letters_per_connection: u16::try_from(letters_per_connection).ok()?,
    })
}
