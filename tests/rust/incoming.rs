//! Mail as programs here really write it → what is read of it.

use std::{fmt::Write as _, fs, path::Path};

use duban::incoming::{self, Item, Kind, Message, Ours};
use jiff::civil::date;
use proptest::prelude::*;

use crate::support::processor_time;

/// Replies to a letter with three items; all others answer one with a single item.
const OF_THREE: &[&str] = &["outlook-2016-attachment", "foxmail-7-html", "coremail-gov", "huawei", "wecom"];

const ITEMS: [Item; 3] = [
    Item { number: 1, title: "发布2025年度《政府信息公开工作年度报告》", helps: false },
    Item { number: 2, title: "发布2025年度《法治政府建设情况年度报告》", helps: false },
    Item { number: 3, title: "主动公开目录动态更新", helps: false },
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/incoming")
}

fn letters() -> Vec<(String, Vec<u8>)> {
    let mut letters = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "eml") {
            letters.push((path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
        }
    }
    letters.sort();
    assert!(letters.len() > 50, "the letters were not found");
    letters
}

#[test]
fn every_letter_is_read_right() {
    let one = fs::read_to_string(folder().join("one.txt")).unwrap();
    let three = fs::read_to_string(folder().join("three.txt")).unwrap();
    let mut all = String::new();
    for (name, bytes) in letters() {
        let of_three = OF_THREE.contains(&name.as_str());
        let (ours, items) = if of_three { (&three, &ITEMS[..]) } else { (&one, &ITEMS[..1]) };
        let _ = writeln!(all, "== {name}\n{}", shown(&incoming::read(&bytes), ours, items));
    }
    insta::assert_snapshot!("incoming", all);
}

fn shown(message: &Message, ours: &str, items: &[Item]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "from: {:?}  id: {:?}", message.from, message.message_id);
    let _ = writeln!(text, "subject: {}", message.subject);
    let refers = &message.refers_to;
    let _ =
        writeln!(text, "refers to: {:?}{}", &refers[..refers.len().min(3)], if refers.len() > 3 { "…" } else { "" });
    let _ = writeln!(text, "tokens: {:?}", message.tokens);
    match &message.kind {
        Kind::Written { text: whole, attachments } => {
            let _ = writeln!(text, "attachments: {attachments:?}");
            let written = incoming::written(
                whole,
                Some(Ours {
                    text: ours,
                    subject: "【政务公开提醒】3项待办",
                    names: &["duban@example.test", "政务公开提醒"],
                }),
            );
            let _ = writeln!(text, "written: {:?}", written.words);
            if !written.among.is_empty() {
                let _ = writeln!(text, "among our lines: {:?}", written.among);
            }
            let blind = incoming::written(whole, None).words;
            if blind != written.words {
                let _ = writeln!(text, "without our letter: {blind:?}");
            }
            let said = incoming::Said { words: &written.words, among: &written.among, ..Default::default() };
            let understood = incoming::understand(said, items, date(2026, 2, 4));
            let _ = writeln!(text, "understood: {understood:?}");
        }
        Kind::Automatic { why, .. } => {
            let _ = writeln!(text, "automatic: {why}");
        }
        Kind::Report(report) => {
            for recipient in &report.recipients {
                let _ = writeln!(text, "{recipient:?}");
            }
            let _ = writeln!(text, "envelope: {:?}  ids: {:?}", report.envelope_id, report.message_ids);
        }
    }
    text
}

#[test]
fn the_same_letter_by_another_way() {
    for (name, bytes) in letters().into_iter().filter(|(name, _)| !name.starts_with("hostile")) {
        let other = [b"Received: from elsewhere\r\n\tby here; Wed, 4 Feb 2026\r\n".as_slice(), &bytes].concat();
        assert_eq!(incoming::read(&bytes).fingerprint, incoming::read(&other).fingerprint, "{name}");
        let with_footer = [bytes.as_slice(), b"\r\nadded on the way"].concat();
        assert_eq!(incoming::read(&bytes).fingerprint, incoming::read(&with_footer).fingerprint, "{name}");
    }
}

/// Without a Message-ID only all of it together tells two letters apart.
#[test]
fn letters_without_a_name_are_told_apart() {
    let read = |more: &str| incoming::read(format!("From: a@example.test\r\n{more}").as_bytes()).fingerprint;
    let all = ["\r\neins", "\r\nzwei", "In-Reply-To: <a@b>\r\n\r\neins", "Message-ID: <a@b>\r\n\r\neins"].map(read);
    assert!((1..all.len()).all(|n| !all[..n].contains(&all[n])), "{all:?}");
}

#[test]
fn hostile_letters_take_no_time() {
    let head = "From: a@example.test\nContent-Type: text/html\n\n";
    let plain = "From: a@example.test\n\n";
    let ours = fs::read_to_string(folder().join("three.txt")).unwrap();
    let million = |piece: &str| piece.repeat(1_000_000 / piece.len());
    let nested = |kind: &str| million(&format!("Content-Type: {kind}\n\n"));
    let missing = million("--a\nContent-Type: multipart/mixed; boundary=zz\n\n\n");
    let within = format!("Content-Type: multipart/mixed; boundary=a\n\n{missing}");
    for (name, message) in [
        ("one line", format!("{plain}{}", million("办"))),
        ("one html line", format!("{head}{}", million("办"))),
        ("less than", format!("{head}{}", million("<"))),
        ("open tags", format!("{head}{}", million("<a \""))),
        ("open quotes", format!("{head}{}", million("<a \">'"))),
        ("comments", format!("{head}{}", million("<!--"))),
        ("styles", format!("{head}{}", million("<style></"))),
        ("entities", format!("{head}{}", million("&amp"))),
        ("blockquotes", format!("{head}{}", million("<blockquote>"))),
        ("breaks", format!("{head}{}", million("<blockquote><br>"))),
        ("marks", format!("{plain}{}", million("> \n"))),
        ("empty lines", format!("{plain}{}", million("\n"))),
        ("tokens", format!("{plain}{}", million("DB1-"))),
        ("at signs", format!("From: postmaster@x.test\nSubject: 系统退信\n\n{}", million("a@"))),
        ("brackets", format!("From: postmaster@x.test\nSubject: 系统退信\n\n{}", million("<a"))),
        ("lines of a bounce", format!("From: postmaster@x.test\nSubject: 系统退信\n\n{}", million("550 <a\n"))),
        ("wrote", format!("{plain}{}", million("在2026\n"))),
        ("senders", format!("{plain}{}", million("From:\n"))),
        ("titles", format!("{plain}已办结，{}", million("《"))),
        ("boundaries", within),
        ("messages", nested("message/rfc822")),
        ("parts", nested("multipart/mixed; boundary=a")),
        ("fields", million("a:\n")),
        ("encoded words", format!("Subject: {}\n\n", million("=?a?b?"))),
        ("folded", format!("Subject: {}\n\n", million("a\n "))),
        ("addresses", format!("From: {}\n\n", million("<a@b.cn>,"))),
        ("parameters", format!("Content-Type: a/b; {}\n\n", million("a*0*=%;"))),
        ("results", million("Authentication-Results: a; (((\n")),
        ("dashes", format!("Content-Type: multipart/mixed; boundary=a\n\n--a\n{}", million("--\n"))),
    ] {
        let took = processor_time(|| {
            let message = incoming::read(message.as_bytes());
            let _ = message.authenticated("a");
            if let Kind::Written { text, .. } = &message.kind {
                let written = incoming::written(text, Some(Ours { text: &ours, ..Ours::default() }));
                let _ = incoming::understand(written.words.as_str(), &ITEMS, date(2026, 2, 4));
            }
        });
        let allowed = if cfg!(debug_assertions) { 8 } else { 1 };
        assert!(took.as_secs() < allowed, "{name}: {took:?}");
    }
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let letters: Vec<Vec<u8>> = letters().into_iter().map(|(_, bytes)| bytes).filter(|b| b.len() < 30_000).collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0_usize..40);
    (prop::sample::select(letters), prop::collection::vec(change, 0..20)).prop_map(|(mut bytes, changes)| {
        for (at, byte, cut) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match byte % 3 {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.drain(at..(at + cut).min(bytes.len()))),
            }
        }
        bytes
    })
}

fn read_all(bytes: &[u8]) {
    let message = incoming::read(bytes);
    assert!(message.subject.chars().count() <= 200 && message.refers_to.len() <= 50 && message.tokens.len() <= 20);
    assert_eq!(message.fingerprint.len(), 64);
    let _ = message.authenticated("mx.example.test");
    if let Kind::Written { text, .. } = &message.kind {
        let _ = incoming::understand(incoming::written(text, None).words.as_str(), &ITEMS, date(2026, 2, 4));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..2000), text in "\\PC*") {
        read_all(&bytes);
        read_all(text.as_bytes());
        read_all(format!("Content-Type: text/html\n\n{text}").as_bytes());
        read_all(format!("Subject: {text}\nFrom: {text}\nContent-Type: {text}\nAuthentication-Results: {text}\n\n{text}").as_bytes());
    }

    #[test]
    fn broken_letters_are_read(bytes in mutated()) {
        read_all(&bytes);
    }
}
