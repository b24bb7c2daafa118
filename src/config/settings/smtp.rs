//! `[mail.smtp]`: the relay that letters go to.

use std::path::Path;

use super::{
    layers::Layers,
    server::{SMTP, is_host},
};
use crate::{config::source::files::Files, net::SmtpSettings};

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

/// `in_force` is false if letters go to a folder: then nothing outside the file is needed.
pub fn read(layers: &Layers<'_>, folder: &Path, in_force: bool, files: &mut Files<'_>) -> Option<SmtpSettings> {
    let server = SMTP.read(layers, folder, in_force, files);
    let number = |key: &str, most: u32, usual: u32| {
        let least = i64::from(key != "per_minute");
        let given = layers.integer(&format!("mail.smtp.{key}"), least..=most.into());
        given.map_or(Some(usual), |given| u32::try_from(given).ok())
    };
    let per_minute = number("per_minute", 6000, 30);
    let connections = number("connections", 16, 2);
    let letters_per_connection = number("letters_per_connection", 1000, 20);
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
    Some(SmtpSettings {
        server: server?,
        helo,
        per_minute: per_minute?,
        connections: usize::try_from(connections?).ok()?,
        letters_per_connection: letters_per_connection?,
    })
}
