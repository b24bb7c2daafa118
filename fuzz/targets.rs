//! What reads something that others wrote, each as a function of bytes that must not panic. The fuzz targets call
//! them, and so does `tests/rust/input.rs`.

use std::{collections::BTreeMap, fs, path::Path};

use duban::{
    config::{self, render},
    domain::{calendar::Calendar, due::Due},
    incoming,
    ledger::{
        self,
        paper::{Answers, Around, build},
    },
    service::desk::link::{Key, Links},
    web::form,
};
use jiff::{Timestamp, civil::date};

pub type Target = fn(&[u8]);

/// Name and function, one for each fuzz target.
pub const TARGETS: [(&str, Target); 9] = [
    ("due", due),
    ("deadlines", deadlines),
    ("settings", settings),
    ("holidays", holidays),
    ("tokens", tokens),
    ("forms", forms),
    ("sheet", sheet),
    ("document", document),
    ("mail", mail),
];

pub fn due(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for year in [None, Some(2026)] {
        match Due::parse(&text, year) {
            Ok(due) => assert!(Due::parse(&due.to_string(), None).is_ok(), "{due} is not understood again"),
            Err(refusal) => assert!(text.get(refusal.at.clone()).is_some(), "{refusal:?}"),
        }
    }
}

pub fn deadlines(bytes: &[u8]) {
    load("deadlines.toml", bytes);
}

pub fn settings(bytes: &[u8]) {
    load("duban.toml", bytes);
}

pub fn holidays(bytes: &[u8]) {
    load("holidays/2026.toml", bytes);
}

/// One file of a configuration that is sound but for it.
pub fn load(name: &str, bytes: &[u8]) {
    const FILES: [(&str, &str); 3] = [
        ("duban.toml", include_str!("../tests/data/broken/_base/duban.toml")),
        ("deadlines.toml", include_str!("../tests/data/broken/_base/deadlines.toml")),
        ("holidays/2026.toml", include_str!("../tests/data/broken/_base/holidays/2026.toml")),
    ];
    let Ok(folder) = tempfile::tempdir() else { return };
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        let _ = fs::create_dir_all(path.parent().unwrap_or(Path::new("")));
        let _ = fs::write(path, bytes);
    };
    for (other, text) in FILES {
        put(other, text.as_bytes());
    }
    put(name, bytes);
    match config::load(&folder.path().join("duban.toml"), &BTreeMap::new()) {
        Ok(loaded) => drop(render(&loaded.warnings)),
        Err(findings) => drop(findings.render()),
    }
}

/// No bytes are a token, for want of the key; and none of these panics.
pub fn tokens(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(links) = Links::new(vec![Key::new([7; 32])]) else { return };
    assert_eq!(links.verify(&text, Timestamp::UNIX_EPOCH, |_| 0), None);
    assert_eq!(links.check_form(&text, "link", "report", Timestamp::UNIX_EPOCH), None);
    assert!(!links.is_reply_token(&text, 0, "duban.k7.0.0a@example.test"));
}

pub fn forms(bytes: &[u8]) {
    let today = date(2026, 3, 1);
    if let Ok(fields) = serde_urlencoded::from_bytes::<form::Fields>(bytes) {
        let _ = fields.tidy().check(today);
    }
    if let Ok(reply) = serde_urlencoded::from_bytes::<form::Reply>(bytes) {
        let reply = reply.tidy();
        let _ = (reply.check(), reply.check_name());
    }
}

pub fn sheet(bytes: &[u8]) {
    if let Ok(sheets) = ledger::read(bytes)
        && let Ok(imported) = ledger::import(&sheets, "a.xlsx", None)
    {
        // What is not understood stands in it as a comment: the whole is a file that can be read.
        deadlines(imported.toml.as_bytes());
    }
}

pub fn document(bytes: &[u8]) {
    let Ok(document) = ledger::document(bytes) else { return };
    let calendar = Calendar::default();
    let around = Around { roster: None, calendar: &calendar, today: date(2026, 11, 27), before: &[] };
    let outcome = build(&document, around, &Answers { every_year: Some(true), ..Answers::default() });
    deadlines(outcome.toml.as_bytes());
}

pub fn mail(bytes: &[u8]) {
    let message = incoming::read(bytes);
    if let incoming::Kind::Written { text, .. } = &message.kind {
        let _ = incoming::understand(incoming::written(text, None).all().as_str(), &[], date(2026, 3, 1));
    }
    let _ = incoming::all_texts_of(bytes);
}
