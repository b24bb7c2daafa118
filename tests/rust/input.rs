//! What others wrote, however it is broken or blown up: nothing panics, and what is twice as long takes twice as long.
//! The functions are those of the fuzz targets; `cargo test --test rust input:: -- --nocapture` prints the figures.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use proptest::{
    prelude::*,
    sample::{Index, select},
};

use crate::support::processor_time;

/// Words that make what is random look like the real thing.
const PIECES: [&str; 40] = [
    "每年",
    "1月31日",
    "前",
    "季后",
    "10个工作日",
    "RRULE:FREQ=",
    "YEARLY",
    "[[deadline]]\n",
    "[[section]]\n",
    "due = ",
    "id = ",
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    "\n",
    "\r\n",
    ",",
    "\0",
    "\u{202e}",
    "\u{200b}",
    "#",
    "已办结",
    "①③",
    "撤回",
    "From: a@b.cn\r\n",
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n",
    "--x\r\n",
    "=?gbk?B?",
    "off = [2026-01-01]",
    "form=",
    "&choice=done",
    "&expected=2026-13-99",
    "序号,工作任务,完成时限,责任科室\n",
    "\u{feff}",
    "PK\u{3}\u{4}",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => select(PIECES.as_slice()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A seed, with bytes of it changed, doubled and left out.
fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (select(seeds), proptest::collection::vec((any::<Index>(), 0..4u8, any::<u8>()), 1..8)).prop_map(
        |(mut seed, changes)| {
            for (at, how, byte) in changes {
                let at = at.index(seed.len().max(1)).min(seed.len());
                match how {
                    0 => seed.insert(at, byte),
                    1 => seed.truncate(at),
                    2 => seed = [&seed[..at], &seed[at / 2..]].concat(),
                    _ => seed.get_mut(at).map(|old| *old = byte).unwrap_or(()),
                }
            }
            seed
        },
    )
}

/// fuzz/seeds/NAME, and what the other tests have of its kind.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = match target {
        "deadlines" => vec!["tests/data/broken", "seeds"],
        "settings" => vec!["tests/data/broken/_base", "config"],
        "holidays" => vec!["tests/data/broken/_base/holidays", "config/holidays"],
        _ => Vec::new(),
    };
    let own = root.join("fuzz/seeds").join(target);
    let folders = folders.into_iter().map(|folder| root.join(folder)).chain([own]);
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.sort();
    let mut seeds: Vec<Vec<u8>> = files.iter().filter_map(|path| fs::read(path).ok()).collect();
    if target == "sheet" {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in
            [["序号", "工作任务", "完成时限", "责任科室"], ["1", "发布年度报告", "每年1月31日前", "办公室"]]
                .iter()
                .enumerate()
        {
            sheet.write_row(row as u32, 0, cells.iter().copied()).unwrap();
        }
        seeds.push(book.save_to_buffer().unwrap());
    }
    if target == "due" {
        let cases = fs::read_to_string(root.join("tests/data/due-cases.tsv")).unwrap();
        seeds.extend(
            cases.lines().step_by(7).filter_map(|line| line.split('\t').next()).map(|due| due.as_bytes().to_vec()),
        );
    }
    seeds
}

#[test]
fn nothing_panics() {
    let times: u32 = std::env::var("DUBAN_INPUT_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    for (name, target) in targets::TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "no seeds for {name}");
        let count = seeds.len();
        seeds.iter().for_each(|seed| target(seed));
        // A configuration is a folder of files each time.
        let cases = if ["due", "tokens", "forms", "mail"].contains(&name) { 4000 } else { 400 } * times;
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let ran = runner.run(&prop_oneof![bytes(), changed(seeds)], |bytes| {
            catch_unwind(AssertUnwindSafe(|| target(&bytes)))
                .map_err(|_| TestCaseError::fail(format!("{name}: {}", bytes.escape_ascii())))
        });
        println!("{name}: {count} seeds, {cases} cases");
        ran.unwrap();
    }
}

/// The better of two: a processor's caches and clock are shared.
fn time(target: &str, bytes: &[u8]) -> Duration {
    let (_, run) = targets::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    processor_time(|| run(bytes)).min(processor_time(|| run(bytes)))
}

/// n deadlines, all with this line in place of a sound `due`.
fn entries(n: usize, due: &str) -> String {
    let mut text = String::from("[[section]]\nname = \"办公室\"\nemail = [\"a@b.cn\"]\n");
    for i in 0..n {
        text += &format!("[[deadline]]\nid = \"a-{i}\"\ntitle = \"事项{i}\"\n{due}\nsections = [\"办公室\"]\n");
    }
    text
}

type Make = fn(usize) -> String;

/// Twice as much takes about twice as long, and less than four times.
#[test]
#[ignore = "long: tests/run runs it, optimised"]
fn nothing_is_quadratic() {
    let cases: [(&str, &str, usize, Make); 30] = [
        ("deadlines", "sound", 2_000, |n| entries(n, "due = \"每年1月31日前\"")),
        ("deadlines", "no such day", 2_000, |n| entries(n, "due = \"每年2月30日前\"")),
        ("deadlines", "no value", 2_000, |n| entries(n, "due")),
        ("deadlines", "no value behind the sign", 2_000, |n| entries(n, "due =")),
        ("deadlines", "no quotes", 2_000, |n| entries(n, "due = 每年1月31日前")),
        ("deadlines", "other quotes", 2_000, |n| entries(n, "due = “每年1月31日前”")),
        ("deadlines", "quotes left open", 2_000, |n| entries(n, "due = \"每年1月31日前")),
        ("deadlines", "brackets left open", 2_000, |n| entries(n, "due = \"每年1月31日前\"\nremind = [\"7天\"")),
        ("deadlines", "backslashes", 2_000, |n| entries(n, "due = \"每年\\1月31日前\"")),
        ("deadlines", "an unknown key", 2_000, |n| entries(n, "due = \"每年1月31日前\"\ncolour = 1")),
        ("deadlines", "one number twice", 2_000, |n| entries(n, "due = \"每年1月31日前\"").replace("\"a-", "\"a\" # ")),
        ("deadlines", "a line of duplicates", 5_000, |n| {
            entries(1, "due = \"每年1月31日前\"").replace("[\"办公室\"]", &format!("[{}]", "\"办公室\",".repeat(n)))
        }),
        ("deadlines", "a line of 10 MB", 2_500_000, |n| entries(1, &format!("due = \"{}", "长".repeat(n / 2 * 3 / 2)))),
        ("deadlines", "a due of 1 MB", 170_000, |n| entries(1, &format!("due = \"{}\"", "每年".repeat(n)))),
        ("deadlines", "a title of brackets", 500_000, |n| entries(1, &format!("title = \"{}\"", "{".repeat(n)))),
        ("deadlines", "NULs", 500_000, |n| "\0".repeat(n)),
        ("deadlines", "nested", 100_000, |n| format!("a = {}", "[".repeat(n))),
        ("due", "a long list", 20_000, |n| "每年1月31日、".repeat(n)),
        ("sheet", "a line of 10 MB", 5_000_000, |n| {
            format!("序号,工作任务,完成时限,责任科室\n1,{},,\n", "a".repeat(n))
        }),
        ("sheet", "a line of commas", 2_000_000, |n| format!("序号,工作任务,完成时限,责任科室\n{}\n", ",".repeat(n))),
        ("mail", "nested parts", 2_000, |n| {
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n".repeat(n) + "\r\n\r\n已办结"
        }),
        ("mail", "hidden elements", 60_000, |n| {
            format!("Content-Type: text/html\r\n\r\n{}", "<p hidden><b>x".repeat(n))
        }),
        ("mail", "elements that end each other", 60_000, |n| {
            format!("Content-Type: text/html\r\n\r\n<p>{}{}", "<table><i>".repeat(n), "<div></p></q>".repeat(n))
        }),
        ("mail", "attributes", 200_000, |n| format!("Content-Type: text/html\r\n\r\n<p {}>", "a=\"b ".repeat(n))),
        ("mail", "styles", 100_000, |n| {
            format!("Content-Type: text/html\r\n\r\n<style>{}", ".x{display:none}".repeat(n))
        }),
        ("mail", "names like ours", 200_000, |n| {
            format!("From: mailer-daemon@a.cn\r\nSubject: failure notice\r\n\r\n{}", "duban.a.1.b ".repeat(n))
        }),
        ("mail", "base64 in a report", 40_000, |n| {
            format!(
                "From: mailer-daemon@a.cn\r\nSubject: failure notice\r\n\r\n{}",
                format!("{}\r\n", "QUFB".repeat(15)).repeat(n)
            )
        }),
        ("mail", "heads in a report", 100_000, |n| {
            format!("From: mailer-daemon@a.cn\r\nSubject: failure notice\r\n\r\n{}", "From: a\r\n x\r\n\r\n".repeat(n))
        }),
        ("mail", "struck out", 300_000, |n| format!("From: a@b.cn\r\n\r\n{}", "~~办".repeat(n))),
        ("mail", "a line of 10 MB", 5_000_000, |n| format!("From: a@b.cn\r\nSubject: x\r\n\r\n{}", "<".repeat(n))),
    ];
    for (target, name, n, make) in cases {
        let (small, large) = (make(n), make(2 * n));
        let (one, two) = (time(target, small.as_bytes()), time(target, large.as_bytes()));
        let ratio = two.as_secs_f64() / one.as_secs_f64();
        let sizes = (small.len() / 1000, large.len() / 1000);
        let found = format!("{target}, {name}: {} kB {one:.0?}, {} kB {two:.0?}, × {ratio:.1}", sizes.0, sizes.1);
        println!("{found}");
        // Below this it is the machine that is measured.
        assert!(two < Duration::from_millis(60) || ratio < 4.0, "{found}");
    }
}

/// A name that a reader of a link or a letter would take for another.
#[test]
fn names_that_mislead_are_refused() {
    for c in [
        "\\n", "\\u202e", "\\u2066", "\\u200b", "\\u200d", "\\u2060", "\\ufeff", "\\u00ad", "\\u0000", "\\u3164",
        "\\u2028",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/broken/_base");
        fs::create_dir(folder.path().join("holidays")).unwrap();
        for file in ["duban.toml", "holidays/2026.toml"] {
            fs::copy(base.join(file), folder.path().join(file)).unwrap();
        }
        let text = entries(1, "due = \"每年1月31日前\"").replacen("办公室", &format!("办公{c}室"), 1);
        fs::write(folder.path().join("deadlines.toml"), text).unwrap();
        let refused = duban::config::load(&folder.path().join("duban.toml"), &Default::default()).unwrap_err().render();
        assert!(refused.contains("name 里有"), "{c}: {refused}");
    }
}
