//! No words of our own letters may be read as a report.

use std::{fs, path::Path};

use super::{ITEMS, TODAY};
use crate::incoming::words::{Understood, understand};

/// The letters as they are sent, and as text of their pages.
fn letters() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/letter/tests/snapshots");
    let mut letters = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        if name.ends_with(".html") {
            letters.push(crate::incoming::html::to_text(&text));
        } else if name.ends_with(".snap") && !name.ends_with("-page.snap") && !name.contains("-dates") {
            let body = text.splitn(3, "---\n").nth(2).unwrap();
            letters.push(body.to_owned());
            letters.push(body.split_once("\n\n").unwrap().1.to_owned());
        }
    }
    assert!(letters.len() > 40, "the letters were not found");
    letters
}

fn wrapped(text: &str, width: usize, mark: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let chars: Vec<char> = line.chars().collect();
        for piece in chars.chunks(width).chain(std::iter::once(&[][..]).filter(|_| chars.is_empty())) {
            wrapped.push_str(mark);
            wrapped.extend(piece);
            wrapped.push('\n');
        }
    }
    wrapped
}

#[test]
fn our_own_letters_report_nothing() {
    for letter in letters() {
        for width in 8..=60 {
            for mark in ["", "> "] {
                let text = wrapped(&letter, width, mark);
                for items in [&ITEMS[..1], &ITEMS[..]] {
                    // Also if only its end is left.
                    let starts = text.match_indices('\n').map(|(at, _)| at + 1).take(200);
                    let ends = std::iter::once(0).chain(starts.filter(|_| width % 4 == 0));
                    for start in ends {
                        let understood = understand(&text[start..], items, TODAY);
                        assert!(!matches!(understood, Understood::Statements(_)), "{understood:?}\n{}", &text[start..]);
                    }
                }
            }
        }
    }
}

#[test]
fn our_invitation_reports_nothing() {
    let text = "也可直接回复本邮件登记：写“已办结”；多项时写“①③已办结”或“全部已办结”；不能按期的写“不能按期”、原因和预计日期；不适用的写“不适用”和原因；报错了写“撤回”。";
    for width in 4..=90 {
        let text = wrapped(text, width, "");
        for (start, _) in std::iter::once((0, "")).chain(text.match_indices('\n').map(|(at, n)| (at + 1, n))) {
            for items in [&ITEMS[..1], &ITEMS[..]] {
                let understood = understand(&text[start..], items, TODAY);
                assert!(!matches!(understood, Understood::Statements(_)), "{understood:?}\n{}", &text[start..]);
            }
        }
    }
}
