//! `[mailbox]`: where replies arrive, and the folders that they are moved to.

use std::{path::Path, time::Duration};

use super::{
    layers::{At, Given, Layers},
    server::{IMAP, is_host},
};
use crate::{config::source::files::Files, domain::deadline::Mailbox, net::ImapSettings};

/// The mailbox for replies. Without it letters can be answered only on the pages, if at all.
#[derive(Clone, Debug)]
pub struct Inbox {
    pub imap: ImapSettings,
    /// The address that replies are sent to.
    pub address: Mailbox,
    /// The server whose `Authentication-Results` are trusted.
    pub authserv_id: Option<String>,
}

pub const KEYS: &[&str] = &[
    "host",
    "port",
    "tls",
    "username",
    "password_file",
    "ca_file",
    "folder",
    "done_folder",
    "manual_folder",
    "address",
    "authserv_id",
    "poll_minutes",
    "insecure_plaintext",
];

const FOLDER_CHARS: usize = 60;

/// `None` if none of its settings is given. Replies go to `from`, the sender of letters, unless `address` is set.
pub fn read(layers: &Layers<'_>, folder: &Path, files: &mut Files<'_>, from: Option<&Mailbox>) -> Option<Inbox> {
    let given = |path: &str| !matches!(layers.at(path), At::Nowhere);
    if !given("mailbox") && !KEYS.iter().any(|key| given(&format!("mailbox.{key}"))) {
        return None;
    }
    let server = IMAP.read(layers, folder, true, files);
    let folders = folders(layers);
    let address = match layers.text("mailbox.address").filter(|given| !given.value.is_empty()) {
        Some(given) => layers.mailbox(&given),
        None => from.cloned(),
    };
    let authserv_id = layers.text("mailbox.authserv_id").filter(|given| !given.value.is_empty());
    if let Some(given) = authserv_id.as_ref().filter(|given| !is_host(&given.value)) {
        let what = "authserv_id 要写邮件头 Authentication-Results 里开头的那个名称，只用英文字母、数字、点和连字符";
        layers.error(&given.at, what, "authserv_id = \"mail.example.test\"");
    }
    let poll_minutes = layers.integer("mailbox.poll_minutes", 1..=60).unwrap_or(2);
    let [folder, done_folder, manual_folder] = folders?;
    let poll = Duration::from_secs(60 * u64::try_from(poll_minutes).ok()?);
    Some(Inbox {
        imap: ImapSettings { server: server?, folder, done_folder, manual_folder, poll },
        address: address?,
        authserv_id: authserv_id.map(|given| given.value),
    })
}

/// The folders; two with the same name are an error.
fn folders(layers: &Layers<'_>) -> Option<[String; 3]> {
    let folder = one_folder(layers, "folder", "INBOX");
    let done = one_folder(layers, "done_folder", "已处理");
    let manual = one_folder(layers, "manual_folder", "待人工");
    let all = [("folder", folder?), ("done_folder", done?), ("manual_folder", manual?)];
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let ((key, given), (other_key, other)) = (&all[one], &all[other]);
        if given.value.to_lowercase() == other.value.to_lowercase() {
            // Reported at a name that was written, not at a default.
            let at = if matches!(other.at, At::Nowhere) { &given.at } else { &other.at };
            let what = format!("{key} 和 {other_key} 不能是同一个文件夹：分不清哪些回信处理过");
            layers.error(at, what, "各写一个不同的名称");
            return None;
        }
    }
    Some(all.map(|(_, given)| given.value))
}

fn one_folder(layers: &Layers<'_>, key: &str, usual: &str) -> Option<Given<String>> {
    let path = format!("mailbox.{key}");
    let Some(given) = layers.text(&path) else {
        // A value that is not text has been reported.
        let absent = matches!(layers.at(&path), At::Nowhere);
        return absent.then(|| Given { value: usual.to_owned(), at: At::Nowhere });
    };
    let fault = match &*given.value {
        "" => format!("{key} 是空的"),
        name if name.contains(['*', '%']) => "文件夹名里不能有 * 和 %".to_owned(),
        name if name.chars().any(char::is_control) => "文件夹名里不能有换行或控制字符".to_owned(),
        name if name.chars().count() > FOLDER_CHARS => format!("文件夹名太长，最多 {FOLDER_CHARS} 个字"),
        _ => return Some(given),
    };
    layers.error(&given.at, fault, format!("{key} = \"{usual}\""));
    None
}
