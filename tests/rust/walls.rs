//! The house keeps its walls: who may know whom, and who may know the world outside.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every room may use these: they are pure, and know nobody.
const FOR_ALL: &[&str] = &["text"];

/// A room, the rooms it may use, and the crates from outside that only it (and those above it in
/// this table's last column) may name.
const ROOMS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("domain", &[]),
    ("letter", &["domain"]),
    ("incoming", &["domain"]),
    ("ledger", &["domain", "letter"]),
    ("clock", &[]),
    ("config", &["domain", "net"]),
    ("store", &["domain"]),
    ("net", &[]),
    ("mailer", &["domain", "net"]),
    ("imap", &["domain", "net"]),
    ("service", &["domain", "letter", "incoming", "ledger", "clock", "config", "net", "store", "mailer", "imap"]),
    ("web", &["domain", "letter", "clock", "config", "store", "service"]),
    ("daemon", &["domain", "letter", "clock", "config", "store", "mailer", "imap", "net", "service", "web"]),
    ("cli", &["domain", "letter", "ledger", "clock", "config", "store", "mailer", "imap", "net", "service", "daemon"]),
];

/// What only the named rooms may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("lettre", &["mailer"]),
    ("mail_parser", &["incoming"]),
    ("imap_proto", &["imap"]),
    ("tokio_rustls", &["net"]),
    ("rrule", &["domain"]),
    ("tokio_cron_scheduler", &["daemon"]),
    ("sd_notify", &["daemon"]),
    ("clap", &["cli"]),
    ("askama", &["letter", "web"]),
    ("axum", &["web"]),
    ("tower_http", &["web"]),
    ("hyper", &["net", "web"]),
    ("hyper_util", &["net", "web"]),
    ("hmac", &["service"]),
    ("rust_xlsxwriter", &["ledger"]),
    ("calamine", &["ledger"]),
    ("std::env", &["cli"]),
    ("std::fs", &["config", "mailer", "service", "daemon"]),
    ("tokio", &["net", "mailer", "imap", "store", "service", "web", "daemon", "cli"]),
    ("tracing", &["mailer", "service", "web", "daemon", "cli"]),
];

#[test]
fn rooms_use_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for (room, file, line, code) in code() {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{file}: {room} is no room of the house: add it to the table, or move the file"));
            continue;
        };
        for used in rooms_named_in(&code) {
            if used != room && !FOR_ALL.contains(&used.as_str()) && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{file}:{line}: {room} may not know {used}"));
            }
        }
        for (outside, rooms) in ONLY_IN {
            if code.contains(&format!("{outside}::")) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{file}:{line}: {room} may not know {outside}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_clock_reads_the_time() {
    let readers = ["SystemTime::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now", "clock_gettime"];
    let found: Vec<String> = code()
        .into_iter()
        .filter(|(room, _, _, code)| room != "clock" && readers.iter().any(|r| code.contains(r)))
        .map(|(_, file, line, _)| format!("{file}:{line}"))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

/// The rooms that a line of code names by `crate::room`.
fn rooms_named_in(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (room, _) in ROOMS {
        let in_path = ["::", ";", ","].iter().any(|end| code.contains(&format!("crate::{room}{end}")));
        if in_path || code.contains(&format!("crate::{{{room}")) {
            named.push((*room).to_owned());
        }
    }
    named
}

/// Every line of code but comments and tests: room, file, number, text. What a `use crate::{…}` over several lines names
/// has its `crate::` in front.
fn code() -> Vec<(String, String, usize, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = Vec::new();
    for path in files(&src) {
        let within = path.strip_prefix(&src).unwrap();
        let room = within.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        let is_test = within.iter().any(|part| part == "tests" || part == "tests.rs");
        if room == "main" || room == "lib" || is_test {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let body = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let mut is_group = false;
        for (number, line) in body.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            is_group = line.ends_with("use crate::{") || (is_group && line != "};");
            let named = line.strip_prefix("    ").filter(|named| is_group && !named.starts_with(' '));
            let line = named.map_or_else(|| line.to_owned(), |named| format!("crate::{named}"));
            lines.push((room.clone(), within.display().to_string(), number + 1, line));
        }
    }
    assert!(lines.len() > 1000, "the sources were not found");
    lines
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
