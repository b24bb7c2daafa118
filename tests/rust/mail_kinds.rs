//! Kinds of mail, by program and system → what becomes of each: whole messages against a bureau with one letter out.
//! `tests/data/incoming/kinds.tsv` says what is expected; `README.md` beside it counts the kinds.

use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use duban::{
    service::desk::incoming::Fate,
    store::{IncomingRow, LetterState, OccurrenceFilter},
};

use crate::bureau::{Bureau, ROSTER};

const OFFICE: &str = "bgs@example.test";
const MORNING: &str = "2026-01-27T08:30";
/// Our letter's name in the samples.
const LETTER: &str = "duban.bda829a2195d.2.d1df74a520fd2025";

fn bureau() -> Bureau {
    let plan = format!(
        "{ROSTER}\n[[deadline]]\nid = \"report\"\ntitle = \"发布年度报告\"\ndue = \"每年1月30日\"\nsections = [\"办公室\"]\n"
    );
    let mut bureau = Bureau::with_mailbox(&plan);
    bureau.load("2026-01-01T09:00");
    bureau.tick(MORNING);
    bureau
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/incoming")
}

/// The sample with our letter's name in it, and its words where they are wanted; what stands between `{{base64` and `}}`
/// is written in base64, `{{attachment}}` is a large one.
fn sample(name: &str, bureau: &mut Bureau) -> Vec<u8> {
    let letter = bureau.last_letter_to(OFFICE);
    let ours = bureau.text_of_the_letter_to(OFFICE);
    let each = |before: &str, after: &str| ours.lines().map(|l| format!("{before}{l}{after}\n")).collect::<String>();
    let text = fs::read_to_string(folder().join(format!("kinds/{name}.eml"))).unwrap_or_else(|_| {
        String::from_utf8_lossy(&fs::read(folder().join(format!("kinds/{name}.eml"))).unwrap()).into()
    });
    let mut text = text
        .replace(LETTER, letter.envelope_id())
        .replace("{{letter}}", &ours)
        .replace("{{>letter}}", &each("> ", ""))
        .replace("{{html}}", &each("<div>", "</div>"))
        .replace("{{subject}}", letter.subject.as_deref().unwrap_or_default())
        .replace("{{attachment}}", &format!("{}\n", "QUFB".repeat(18)).repeat(8000));
    while let Some((before, rest)) = text.split_once("{{base64\n") {
        let (inside, after) = rest.split_once("}}").unwrap();
        let coded = STANDARD.encode(inside);
        let lines: Vec<&str> = coded.as_bytes().chunks(76).map(|l| std::str::from_utf8(l).unwrap()).collect();
        text = format!("{before}{}{after}", lines.join("\n"));
    }
    text.into_bytes()
}

fn last(bureau: &mut Bureau) -> Option<IncomingRow> {
    bureau.db.read(|tx| tx.incoming_list(false, 1)).unwrap().pop()
}

fn notes(bureau: &mut Bureau) -> Vec<String> {
    let filter = OccurrenceFilter { deadline: Some("report"), state: None };
    let read = |tx: &duban::store::Tx| {
        let mut found = Vec::new();
        for occurrence in tx.occurrences(filter)? {
            found.extend(tx.completions(occurrence.id)?.into_iter().map(|c| c.note));
        }
        Ok(found)
    };
    bureau.db.read(read).unwrap()
}

fn kinds() -> Vec<Vec<String>> {
    let table = fs::read_to_string(folder().join("kinds.tsv")).unwrap();
    let rows = table.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    rows.map(|l| l.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn each_kind_has_its_outcome() {
    let mut wrong = Vec::new();
    let all = kinds();
    assert_eq!(all.len(), 167, "as data/incoming/README.md counts them");
    for row in &all {
        let [name, _, _, expected, words] = row.as_slice() else { panic!("{row:?}") };
        let mut bureau = bureau();
        let now = bureau.at_time("2026-01-27T10:00");
        let bytes = sample(name, &mut bureau);
        let fate = duban::service::desk::incoming::act(&mut bureau.db, &bureau.office, None, &bytes, &now).unwrap();
        let row = last(&mut bureau);
        let outcome = row.as_ref().map_or("alone", |r| r.outcome.as_str()).to_owned();
        let detail = row.map(|r| r.detail).unwrap_or_default();
        bureau.send("2026-01-27T10:01");
        let notes = notes(&mut bureau);
        let letters = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        let answered = letters.iter().any(|l| l.answers().is_some());
        let of_person = ["recorded", "acknowledged", "unclear"].contains(&outcome.as_str());
        let bounced = letters.iter().any(|l| l.mailbox == OFFICE && l.state == LetterState::Bounced);
        let right = expected.split('|').any(|e| e == outcome)
            && (fate == Fate::Waits) == ["unclear", "refused", "unmatched"].contains(&outcome.as_str())
            && answered == of_person
            && bounced == (outcome == "bounced")
            && if outcome != "recorded" {
                notes.is_empty() && (words == "-" || detail.contains(words.as_str()))
            } else {
                words == "-" || notes.iter().any(|n| n == words) || notes.is_empty() && detail.contains(words.as_str())
            };
        if !right {
            wrong.push(format!("{name}: {expected} {words}\n    {outcome} {detail} {notes:?} answered {answered}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn every_sample_is_in_the_table() {
    let mut named: Vec<String> = kinds().into_iter().map(|row| row[0].clone()).collect();
    let files = fs::read_dir(folder().join("kinds")).unwrap();
    let mut files: Vec<String> =
        files.map(|f| f.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    named.sort();
    files.sort();
    assert_eq!(named, files);
}
