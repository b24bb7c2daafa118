mod hidden;
mod numbered;
mod odd;
mod published;
mod replaces;

use std::{fmt::Write as _, io::Write as _};

use jiff::civil::date;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value as Json;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::{
    domain::{
        calendar::Calendar,
        deadline::{Roster, Section},
        due::{Due, Rule},
    },
    ledger::{Document, document},
};

const PLAN: &str = include_str!("../../../../tests/data/documents/plan-2022.txt");

fn roster(names: &[&str]) -> Roster {
    let section =
        |name: &&str| Section { name: (*name).into(), email: vec![], leader: vec![], in_all: true, was: None };
    Roster { sections: names.iter().map(section).collect() }
}

fn bureau() -> Roster {
    roster(&["办公室", "基建科", "道运科", "公交科", "港航科", "法制科", "安监科", "质监科", "规划科", "机关党委"])
}

fn built(document: &Document, roster: Option<&Roster>, answers: &Answers) -> Outcome {
    let calendar = Calendar::default();
    build(document, Around { roster, calendar: &calendar, today: date(2026, 11, 27), before: &[] }, answers)
}

fn answered(document: &Document, roster: Option<&Roster>, given: &[(Key, &str)]) -> Outcome {
    let mut answers = Answers::default();
    loop {
        let outcome = built(document, roster, &answers);
        let before = format!("{answers:?}");
        for question in &outcome.questions {
            if let Some((_, answer)) = given.iter().find(|(key, _)| *key == question.key) {
                answers.take(question, answer).unwrap();
            }
        }
        if before == format!("{answers:?}") {
            return outcome;
        }
    }
}

/// A table as the tests hold it: rows of cells; an area that is merged has its text in its first cell.
#[derive(Clone, Debug, Default)]
struct Table {
    rows: Vec<Vec<String>>,
    /// Top, left, bottom, right.
    merged: Vec<(usize, usize, usize, usize)>,
}

impl Table {
    fn area(&self, row: usize, column: usize) -> Option<(usize, usize, usize, usize)> {
        self.merged.iter().copied().find(|(t, l, b, r)| (*t..=*b).contains(&row) && (*l..=*r).contains(&column))
    }

    fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        self.rows[row].get(column).map(String::as_str).unwrap_or_default()
    }
}

/// Paragraphs and tables, in their order.
#[derive(Clone, Debug)]
enum Part {
    Words(String),
    Table(Table),
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn txt(parts: &[Part]) -> Vec<u8> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Words(words) => {
                let _ = write!(text, "{words}\r\n\r\n");
            }
            Part::Table(table) => {
                for row in 0..table.rows.len() {
                    let cells: Vec<String> = (0..table.width())
                        .map(|column| {
                            let cell = table.cell(row, column);
                            if cell.contains('\n') { format!("\"{cell}\"") } else { cell.to_owned() }
                        })
                        .collect();
                    let _ = write!(text, "{}\r\n", cells.join("\t"));
                }
                text += "\r\n";
            }
        }
    }
    text.into_bytes()
}

fn html(parts: &[Part]) -> Vec<u8> {
    let mut text = "<!DOCTYPE html>\n<html><head><title>x</title></head><body>\n".to_owned();
    for part in parts {
        match part {
            Part::Words(words) => {
                let _ = writeln!(text, "<p>{}</p>", escaped(words));
            }
            Part::Table(table) => {
                text += "<table border=\"1\">\n";
                for row in 0..table.rows.len() {
                    text += "<tr>";
                    for column in 0..table.width() {
                        let area = table.area(row, column);
                        if area.is_some_and(|(t, l, ..)| (t, l) != (row, column)) {
                            continue;
                        }
                        let (_, _, b, r) = area.unwrap_or((row, column, row, column));
                        let cell = escaped(table.cell(row, column)).replace('\n', "<br>");
                        let _ = write!(text, "<td colspan='{}' rowspan={}>{cell}</td>", r - column + 1, b - row + 1);
                    }
                    text += "</tr>\n";
                }
                text += "</table>\n";
            }
        }
    }
    (text + "</body></html>").into_bytes()
}

fn docx(parts: &[Part]) -> Vec<u8> {
    let paragraph = |words: &str| {
        let lines: Vec<String> = words
            .lines()
            .map(|line| format!("<w:p><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>", escaped(line)))
            .collect();
        if lines.is_empty() { "<w:p/>".to_owned() } else { lines.concat() }
    };
    let mut body = String::new();
    for part in parts {
        match part {
            Part::Words(words) => body += &paragraph(words),
            Part::Table(table) => {
                body += "<w:tbl><w:tblPr/>";
                for row in 0..table.rows.len() {
                    body += "<w:tr>";
                    let mut column = 0;
                    while column < table.width() {
                        let area = table.area(row, column).unwrap_or((row, column, row, column));
                        let (t, _, b, r) = area;
                        let merge = match (t == row, b > t) {
                            (_, false) => "",
                            (true, true) => "<w:vMerge w:val=\"restart\"/>",
                            (false, true) => "<w:vMerge/>",
                        };
                        let span = r - column + 1;
                        let _ = write!(
                            body,
                            "<w:tc><w:tcPr><w:gridSpan w:val=\"{span}\"/>{merge}</w:tcPr>{}</w:tc>",
                            paragraph(table.cell(row, column))
                        );
                        column = r + 1;
                    }
                    body += "</w:tr>";
                }
                body += "</w:tbl>";
            }
        }
    }
    let xml = format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", xml.as_bytes())])
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// One sheet, the tables below each other.
fn xlsx(parts: &[Part]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let mut at = 0u32;
    for part in parts {
        match part {
            Part::Words(words) => {
                sheet.write_string(at, 0, words).unwrap();
                at += 2;
            }
            Part::Table(table) => {
                for row in 0..table.rows.len() {
                    for column in 0..table.width() {
                        let place = |row: usize, column: usize| {
                            (at + u32::try_from(row).unwrap(), u16::try_from(column).unwrap())
                        };
                        match table.area(row, column) {
                            Some((t, l, b, r)) if (t, l) == (row, column) => {
                                let ((t, l), (b, r)) = (place(t, l), place(b, r));
                                sheet.merge_range(t, l, b, r, table.cell(row, column), &Format::new()).unwrap();
                            }
                            Some(_) => {}
                            None => {
                                let (row_at, column_at) = place(row, column);
                                sheet.write_string(row_at, column_at, table.cell(row, column)).unwrap();
                            }
                        }
                    }
                }
                at += u32::try_from(table.rows.len()).unwrap() + 1;
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// The plan as it was published: its pages as tables. Where a merged cell goes on, the paste has an empty cell.
fn plan() -> Vec<Part> {
    let mut parts = Vec::new();
    let mut table = Table::default();
    for line in PLAN.lines() {
        if line.contains('\t') {
            table.rows.push(line.split('\t').map(str::to_owned).collect());
        } else {
            if !table.rows.is_empty() {
                parts.push(Part::Table(std::mem::take(&mut table)));
            }
            if !line.trim().is_empty() {
                parts.push(Part::Words(line.trim().to_owned()));
            }
        }
    }
    parts.push(Part::Table(table));
    for part in &mut parts {
        let Part::Table(table) = part else { continue };
        // As Word has them: the first two columns are merged over the rows that are empty there.
        for column in 0..2 {
            let mut row = 1;
            while row < table.rows.len() {
                let empty = table.rows[row + 1..].iter().take_while(|cells| cells[column].is_empty()).count();
                if empty > 0 {
                    table.merged.push((row, column, row + empty, column));
                }
                row += empty + 1;
            }
        }
    }
    parts
}

#[test]
fn the_plan_in_every_form_gives_the_same_file() {
    let parts = plan();
    let forms = [
        ("as published", PLAN.as_bytes().to_vec()),
        ("txt", txt(&parts)),
        ("docx", docx(&parts)),
        ("html", html(&parts)),
        ("xlsx", xlsx(&parts)),
    ];
    let roster = bureau();
    let mut first: Option<String> = None;
    for (form, bytes) in forms {
        let document = document(&bytes).unwrap();
        let open = built(&document, Some(&roster), &Answers::default());
        let keys: Vec<&Key> = open.questions.iter().map(|q| &q.key).collect();
        assert_eq!(keys, [&Key::Choose("31".into())], "{form}");
        let outcome = answered(&document, Some(&roster), &[(Key::Choose("31".into()), "1月31日")]);
        let first = first.get_or_insert_with(|| outcome.toml.clone());
        assert_eq!(&outcome.toml, first, "{form}");
        let counts = [Entry::Dated, Entry::Undated, Entry::Asked, Entry::Unused].map(|e| outcome.account.count(e));
        assert_eq!(counts, [5, 27, 0, 0], "{form}: {}", outcome.account.summary());
    }
    insta::assert_snapshot!("plan", first.unwrap());
}

type Form = fn(&[Part]) -> Vec<u8>;

struct Case {
    key: String,
    year: Option<i16>,
    parts: Vec<Part>,
    expect: Vec<Json>,
}

/// Eight public tables, with the title that gives their year.
fn cases() -> Vec<Case> {
    let all: Vec<Json> = serde_json::from_str(include_str!("../../../../tests/data/documents/tables.json")).unwrap();
    let texts = |list: &Json| -> Vec<String> {
        list.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
    };
    let case = |json: &Json| {
        let year = json["year"].as_i64().map(|year| i16::try_from(year).unwrap());
        let columns = texts(&json["columns"]);
        let mut table = Table { rows: vec![columns.clone()], merged: Vec::new() };
        for (row, cells) in json["rows"].as_array().unwrap().iter().enumerate() {
            table.rows.push(texts(cells));
            if cells.as_array().unwrap().len() == 1 {
                table.merged.push((row + 1, 0, row + 1, columns.len() - 1));
            }
        }
        for merge in json["merges"].as_array().unwrap() {
            let at = |i: usize| usize::try_from(merge[i].as_u64().unwrap()).unwrap();
            // Column, first row, last row.
            table.merged.push((at(1) + 1, at(0), at(2) + 1, at(0)));
        }
        let title = year.map_or("工作安排表".to_owned(), |year| format!("{year}年工作安排表"));
        Case {
            key: json["key"].as_str().unwrap().to_owned(),
            year,
            parts: vec![Part::Words(title), Part::Table(table)],
            expect: json["expect"].as_array().unwrap().clone(),
        }
    };
    all.iter().map(case).collect()
}

/// What a person would answer.
fn given(case: &Case) -> Vec<(Key, String)> {
    let mut given = vec![
        (Key::Scope, "只办一次".to_owned()),
        (Key::Crosses, "跨年".to_owned()),
        (Key::Above, "同上".to_owned()),
        (Key::NoOffice, "办公室".to_owned()),
    ];
    given.extend(case.year.map(|year| (Key::Year, year.to_string())));
    given
}

/// What became of each duty: its rule, as the file says it.
fn rules(outcome: &Outcome, year: Option<i16>) -> Vec<String> {
    let file: toml::Table = toml::from_str(&outcome.toml).unwrap();
    let year = file.get("year").map(|_| year).unwrap_or_default();
    let deadlines = file["deadline"].as_array().unwrap();
    deadlines
        .iter()
        .map(|deadline| match deadline.get("due").and_then(|due| due.as_str()) {
            Some(due) => match Due::parse(due, year).unwrap().rule {
                Rule::Once(date) => date.to_string(),
                rule => format!("{rule:?}"),
            },
            None => "off".to_owned(),
        })
        .collect()
}

#[test]
fn public_tables_in_every_form() {
    let mut said = String::new();
    for case in cases() {
        let _ = writeln!(said, "═ {}", case.key);
        let forms: [(&str, Form); 4] = [("docx", docx), ("html", html), ("xlsx", xlsx), ("txt", txt)];
        let mut first: Option<Vec<String>> = None;
        for (form, bytes) in forms {
            let document = document(&bytes(&case.parts)).unwrap();
            let given = given(&case);
            let given: Vec<(Key, &str)> = given.iter().map(|(key, answer)| (key.clone(), answer.as_str())).collect();
            let outcome = answered(&document, None, &given);
            let expected: Vec<&Json> = case.expect.iter().filter(|e| case.key != "ankang" || !e.is_null()).collect();
            let became: Vec<String> = rules(&outcome, case.year).iter().map(ToString::to_string).collect();
            assert_eq!(became.len(), expected.len(), "{} {form}", case.key);
            assert_eq!(outcome.account.count(Entry::Unused), 0, "{} {form}", case.key);
            // A form may have a title in a row of its own, and other places: what becomes of each duty is the same.
            match &first {
                Some(first) => assert_eq!(became, *first, "{} {form}", case.key),
                None => {
                    let _ = writeln!(said, "{}", outcome.account.summary());
                    for question in &outcome.questions {
                        let _ = writeln!(said, "问 {:?} {} {:?}", question.key, question.words, question.choices);
                    }
                    for (rule, expect) in became.iter().zip(expected) {
                        let _ = writeln!(said, "{rule} ← {expect}");
                    }
                    first = Some(became);
                }
            }
        }
    }
    insta::assert_snapshot!("tables", said);
}
