//! The house keeps its walls: who may know whom, and who may know the world outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Every room may use these: they are pure, and know nobody.
const FOR_ALL: &[&str] = &["text"];

/// A room, the rooms it may use, and the crates from outside that only it (and those above it in
/// this table's last column) may name.
const ROOMS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("disk", &[]),
    ("domain", &[]),
    ("letter", &["domain"]),
    ("incoming", &["domain"]),
    ("ledger", &["domain", "letter"]),
    ("clock", &[]),
    ("config", &["domain", "net"]),
    ("store", &["domain"]),
    ("net", &[]),
    ("mailer", &["domain", "disk", "net"]),
    ("imap", &["domain", "net"]),
    (
        "service",
        &["domain", "letter", "incoming", "ledger", "clock", "config", "disk", "net", "store", "mailer", "imap"],
    ),
    ("web", &["domain", "letter", "clock", "config", "store", "service"]),
    ("daemon", &["domain", "letter", "clock", "config", "disk", "store", "mailer", "imap", "net", "service", "web"]),
    (
        "cli",
        &[
            "domain", "letter", "ledger", "clock", "config", "disk", "store", "mailer", "imap", "net", "service",
            "daemon",
        ],
    ),
];

/// What only the named rooms may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("lettre", &["mailer"]),
    ("mail_parser", &["incoming", "text"]),
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
    ("quick_xml", &["ledger"]),
    ("std::env", &["cli"]),
    ("std::fs", &["disk", "config", "mailer", "service", "daemon"]),
    ("tokio", &["net", "mailer", "imap", "store", "service", "web", "daemon", "cli"]),
    ("tracing", &["mailer", "service", "web", "daemon", "cli"]),
];

/// The rooms inside `service`, each knowing only those before it.
const SERVICE: &[&str] = &["tell", "course", "desk", "post", "house"];

#[test]
fn rooms_use_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for (file, used) in uses() {
        let (room, other) = (room_of(&file), room_of(&used));
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{file}: {room} is no room of the house: add it to the table, or move the file"));
            continue;
        };
        if other != room && !FOR_ALL.contains(&other) && !allowed.contains(&other) {
            wrong.push(format!("{file}: {room} may not know {used}"));
        }
    }
    for (room, file, line, code) in code() {
        for (outside, rooms) in ONLY_IN {
            if code.contains(&format!("{outside}::")) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{file}:{line}: {room} may not know {outside}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rooms_of_the_service_use_only_those_before_them() {
    let place = |file: &str| {
        let room = file.strip_prefix("service::")?.split("::").next()?;
        SERVICE.iter().position(|name| *name == room)
    };
    let uphill = |(file, used): &(String, String)| place(file).zip(place(used)).is_some_and(|(own, other)| other > own);
    let wrong: Vec<_> = uses().into_iter().filter(uphill).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A module and what lies inside it may name each other; nothing else may, over however many files.
#[test]
fn no_files_use_each_other() {
    let is_inside = |inner: &str, outer: &str| inner.starts_with(&format!("{outer}::"));
    let apart = |(a, b): &(String, String)| a != b && !is_inside(a, b) && !is_inside(b, a);
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, used) in uses_of(&modules()).into_iter().filter(apart) {
        uses.entry(file).or_default().insert(used);
    }
    // What uses nothing that is left, or is used by nothing, is in no circle.
    loop {
        let used: BTreeSet<String> = uses.values().flatten().filter(|u| uses.contains_key(*u)).cloned().collect();
        let before = uses.len();
        uses.retain(|file, _| used.contains(file));
        let left: BTreeSet<String> = uses.keys().cloned().collect();
        uses.values_mut().for_each(|used| used.retain(|u| left.contains(u)));
        uses.retain(|_, used| !used.is_empty());
        if uses.len() == before {
            break;
        }
    }
    assert!(uses.is_empty(), "circles: {uses:#?}");
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

fn room_of(module: &str) -> &str {
    module.split("::").next().unwrap()
}

fn uses() -> Vec<(String, String)> {
    uses_of(&modules())
}

/// Every module by its path, with its code.
fn modules() -> BTreeMap<String, String> {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    for (_, file, _, line) in code() {
        let name = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        *modules.entry(name).or_default() += &format!("{line}\n");
    }
    modules
}

/// Which module names which other.
fn uses_of(modules: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    for (module, code) in modules {
        for path in paths(code) {
            let full = match path.split_first() {
                Some((&"crate", rest)) => rest.join("::"),
                Some((&"self", rest)) => format!("{module}::{}", rest.join("::")),
                Some((&"super", rest)) => {
                    let up = 1 + rest.iter().take_while(|part| **part == "super").count();
                    let own: Vec<&str> = module.split("::").collect();
                    let above = &own[..own.len().saturating_sub(up)];
                    [above, &rest[up - 1..]].concat().join("::")
                }
                _ => continue,
            };
            // The longest beginning that is a module.
            let ends = full.match_indices("::").map(|(at, _)| at).chain([full.len()]);
            found.extend(
                ends.map(|end| &full[..end])
                    .filter(|m| modules.contains_key(*m))
                    .last()
                    .map(str::to_owned)
                    .map(|used| (module.clone(), used)),
            );
        }
    }
    found.into_iter().collect()
}

/// Every path in the code that begins in this crate, groups in braces taken apart.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            if code[..at].ends_with(|c: char| word(c) || c == ':') {
                continue;
            }
            let (mut groups, mut path, mut rest): (Vec<usize>, Vec<&str>, &str) = (Vec::new(), Vec::new(), &code[at..]);
            loop {
                let name = &rest[..rest.find(|c| !word(c)).unwrap_or(rest.len())];
                if !name.is_empty() {
                    path.push(name);
                }
                rest = &rest[name.len()..];
                if let Some(after) = rest.strip_prefix("::") {
                    rest = after;
                } else if let Some(after) = rest.strip_prefix('{') {
                    groups.push(path.len());
                    rest = after.trim_start();
                } else {
                    found.push(path.clone());
                    rest = rest.trim_start();
                    // Only a group goes on after a name.
                    while let Some(after) = rest.strip_prefix('}').filter(|_| !groups.is_empty()) {
                        groups.pop();
                        rest = after.trim_start_matches(',').trim_start();
                    }
                    let Some(depth) = groups.last() else { break };
                    path.truncate(*depth);
                    rest = rest.trim_start_matches(',').trim_start();
                    if rest.is_empty() {
                        break;
                    }
                }
            }
        }
    }
    found
}

/// Every line of code but comments and tests: room, file, number, text.
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
        for (number, line) in body.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            lines.push((room.clone(), within.display().to_string(), number + 1, line.to_owned()));
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
