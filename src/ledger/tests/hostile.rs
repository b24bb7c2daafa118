use std::io::{Cursor, Write};

use rust_xlsxwriter::Workbook;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::*;

const HEAD: [&str; 5] = ["序号", "工作任务", "责任科室", "时限要求", "编号"];

fn refused(bytes: &[u8]) -> String {
    read(bytes).map(|sheets| sheets.len()).unwrap_err().to_string()
}

fn sheet(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in (0..).zip(HEAD) {
        sheet.write_string(0, at, name).unwrap();
    }
    fill(sheet);
    book.save_to_buffer().unwrap()
}

/// The same workbook with one part changed.
pub fn with_part(bytes: &[u8], name: &str, change: impl Fn(String) -> Vec<u8>) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..from.len() {
        let mut part = from.by_index(i).unwrap();
        let mut content = String::new();
        std::io::Read::read_to_string(&mut part, &mut content).unwrap();
        let part_name = part.name().unwrap().into_owned();
        to.start_file(&part_name, SimpleFileOptions::default()).unwrap();
        let content = if part_name == name { change(content) } else { content.into_bytes() };
        to.write_all(&content).unwrap();
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn what_is_no_table() {
    assert!(refused(b"\xFF\xFE\xFF\xDF").contains("不是表格"));
    assert!(refused(b"PK\x03\x04 no zip").contains("已损坏"));
    assert!(refused(&vec![b'a'; MAX_BYTES + 1]).contains("太大"));
    let whole = sheet(|_| {});
    assert!(refused(&whole[..whole.len() / 2]).contains("已损坏"));
    let unlike = with_part(&whole, "xl/workbook.xml", |_| b"<nothing".to_vec());
    assert!(refused(&unlike).contains("读不出来"), "{}", refused(&unlike));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = with_part(&sheet(|_| {}), "xl/sharedStrings.xml", |_| vec![b' '; 110 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(refused(&bomb).contains("展开后超过"));
}

#[test]
fn one_long_string_in_every_cell() {
    let bytes = sheet(|sheet| {
        for row in 1..3000 {
            sheet.write_string(row, 1, "x").unwrap();
        }
    });
    let long = with_part(&bytes, "xl/sharedStrings.xml", |xml| {
        xml.replace("<t>x</t>", &format!("<t>{}</t>", "长".repeat(3 << 20))).into()
    });
    assert!(refused(&long).contains("太大"));
}

#[test]
fn cells_far_apart_take_no_room() {
    let bytes = sheet(|sheet| {
        sheet.write_string(1_048_575, 16_383, "far").unwrap();
        sheet.write_string(1_048_575, 1, "甲").unwrap();
    });
    let sheets = read(&bytes).unwrap();
    assert_eq!(sheets[0].rows.len(), 2);
    assert_eq!(sheets[0].rows[&1_048_575].len(), 1, "beyond column 100 nothing is read");
}

#[test]
fn too_many_rows() {
    let mut csv = HEAD.join(",") + "\n";
    csv.push_str(&"1,甲,办公室,每月25日\n".repeat(20_000));
    assert!(refused(csv.as_bytes()).contains("20000 行"));
}

#[test]
fn merged_cells_that_cover_everything() {
    let far = sheet(|sheet| {
        sheet.write_string(1, 0, "全").unwrap();
        sheet.write_string(1_048_575, 3, "远").unwrap();
    });
    let area = "</sheetData><mergeCells><mergeCell ref=\"A2:XFD1048576\"/></mergeCells>";
    let bytes = with_part(&far, "xl/worksheets/sheet1.xml", |xml| xml.replace("</sheetData>", area).into());
    assert_eq!(read(&bytes).unwrap()[0].rows[&1_048_575].len(), 2);
}

#[test]
fn formulas_give_what_they_gave() {
    let bytes = sheet(|sheet| {
        sheet.write_formula(1, 3, rust_xlsxwriter::Formula::new("=A1&\"!\"").set_result("每月25日")).unwrap();
        sheet.write_formula(1, 0, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    });
    let row = &read(&bytes).unwrap()[0].rows[&1];
    assert_eq!(row[&3].value, crate::ledger::read::Value::Text("每月25日".into()));
}

#[test]
fn control_characters_and_long_cells_are_findings_or_gone() {
    let long = "长".repeat(40_000);
    let csv = format!(
        "{}\n1,甲\u{7}\u{202E},办公室,每月25日\n2,{long},办公室,每月25日\n3,乙\u{FFFD},办公室,每月25日\n",
        HEAD.join(",")
    );
    let (roster, calendar) = (roster(), calendar());
    let bureau = Bureau { roster: &roster, calendar: &calendar };
    let imported = import(&read(csv.as_bytes()).unwrap(), "a\u{7}\n.csv", Some(bureau)).unwrap();
    let said: Vec<(u32, &str)> = imported.findings.iter().map(|f| (f.row, f.what.as_str())).collect();
    assert_eq!(said, [(3, "太长"), (4, "有乱码")]);
    assert!(toml::from_str::<toml::Table>(&imported.toml).is_ok());
    assert!(!imported.toml.contains(['\u{7}', '\u{202E}']));
}
