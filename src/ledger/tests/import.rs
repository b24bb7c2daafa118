use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde_json::Value as Json;

use super::*;

fn bureau<'a>(roster: &'a Roster, calendar: &'a Calendar) -> Option<Bureau<'a>> {
    Some(Bureau { roster, calendar })
}

fn imported(bytes: &[u8]) -> Imported {
    import(&read(bytes).unwrap(), "分工方案.xlsx", bureau(&roster(), &calendar())).unwrap()
}

fn findings(imported: &Imported) -> Vec<String> {
    imported.findings.iter().map(ToString::to_string).collect()
}

/// How an office would fill 时限要求 for the kinds of the plan.
fn limit(no: u64, kind: &str) -> &'static str {
    match (no, kind) {
        (8, _) => "长期坚持",
        (9, _) => "2026年6月30日前",
        (16, _) => "按来件载明时限",
        (17, _) => "2小时内",
        (19, _) => "每月25日",
        (21, _) => "每年至少1次",
        (26 | 27, _) => "每年年底前",
        (28, _) => "9月30日前",
        (31, _) => "每年1月31日前",
        (32, _) => "每年3月1日前",
        (_, "E" | "E+C") => "收到之日起20个工作日内",
        (no, _) if no % 3 == 0 => "",
        _ => "持续推进",
    }
}

/// As it would be typed: a title, headings in the middle, merged cells, a date cell, a wrong section.
fn plan() -> Vec<u8> {
    let items: Vec<Json> = serde_json::from_str(include_str!("../../../tests/data/plan-2022.json")).unwrap();
    let mut book = Workbook::new();
    book.add_worksheet().set_name("说明").unwrap().write_string(0, 0, "填表说明").unwrap();
    let sheet = book.add_worksheet();
    sheet.set_name("分工").unwrap();
    let merge = |sheet: &mut Worksheet, (top, left): (u32, u16), (bottom, right): (u32, u16), text: &str| {
        if (top, left) == (bottom, right) {
            sheet.write_string(top, left, text).unwrap();
        } else {
            sheet.merge_range(top, left, bottom, right, text, &Format::new()).unwrap();
        }
    };
    merge(sheet, (0, 0), (0, 5), "江门市2022年政务公开工作要点分工方案");
    for (at, name) in (0..).zip(["序 号", "工作任务", "具体要求", "科室", "时限要求", "备注"]) {
        sheet.write_string(2, at, name).unwrap();
    }
    let text = |item: &Json, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let (mut row, mut part, mut i) = (3, String::new(), 0);
    while i < items.len() {
        if text(&items[i], "part") != part {
            part = text(&items[i], "part");
            merge(sheet, (row, 0), (row, 5), &part);
            row += 1;
        }
        let heading = text(&items[i], "heading_in_seed");
        let shared = items[i..]
            .iter()
            .take_while(|item| text(item, "heading_in_seed") == heading && text(item, "part") == part)
            .count();
        merge(sheet, (row, 1), (row + u32::try_from(shared).unwrap() - 1, 1), &heading);
        for item in &items[i..i + shared] {
            let no = item["no"].as_u64().unwrap();
            sheet.write_number(row, 0, u32::try_from(no).unwrap()).unwrap();
            sheet.write_string(row, 2, text(item, "text")).unwrap();
            let sections = text(item, "sections_raw");
            sheet
                .write_string(row, 3, if no == 4 { sections.replace("道运科", "道路运输科") } else { sections })
                .unwrap();
            if no == 30 {
                let day = Format::new().set_num_format("m\"月\"d\"日\"");
                sheet
                    .write_with_format(row, 4, rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 8, 31).unwrap(), &day)
                    .unwrap();
            } else {
                sheet.write_string(row, 4, limit(no, &text(item, "kind"))).unwrap();
            }
            row += 1;
        }
        i += shared;
    }
    sheet.write_string(row, 0, "注：本表由办公室负责解释。").unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn the_plan_of_2022() {
    let imported = imported(&plan());
    insta::assert_snapshot!("plan", imported.toml);
    insta::assert_snapshot!("plan_findings", findings(&imported).join("\n"));
}

#[test]
fn every_row_of_the_plan_is_there() {
    let imported = imported(&plan());
    for no in 1..=32 {
        assert!(imported.toml.contains(&format!("item     = {no}\n")), "{no}");
    }
    let file: toml::Table = toml::from_str(&imported.toml).unwrap();
    assert_eq!(file["deadline"].as_array().unwrap().len(), imported.deadlines);
    assert_eq!(imported.deadlines + imported.findings.len(), 32);
}

#[test]
fn the_same_table_gives_the_same_ids() {
    let once = imported(&plan());
    assert_eq!(once.toml, imported(&plan()).toml);
}

fn csv_rows(rows: &str) -> Imported {
    imported(format!("序号,工作任务,具体要求,责任科室,时限要求,编号\n{rows}").as_bytes())
}

#[test]
fn several_rows_of_one_item() {
    let toml = csv_rows("31,甲,,办公室,每年1月31日前\n31,乙,,办公室,每年2月20日前\n,丙,,法制科,每月25日\n").toml;
    for id in ["item-31", "item-31-2", "row-4"] {
        assert!(toml.contains(&format!("id       = \"{id}\"")), "{toml}");
    }
}

#[test]
fn rows_that_were_not_understood_name_their_cell() {
    let imported = csv_rows("1,甲,,办公厅,每年1月31日前\n2,乙,,办公室,适时\n3,,,办公室,每年1月31日前\n4,丁,,,\n");
    insta::assert_snapshot!(findings(&imported).join("\n"));
    assert_eq!(imported.deadlines, 0);
    assert!(toml::from_str::<toml::Table>(&imported.toml).unwrap().is_empty(), "{}", imported.toml);
}

#[test]
fn one_id_says_one_thing() {
    let same = "1,甲,,办公室,每年1月31日前,a-b\n1,甲,,办公室,每年1月31日前,a-b\n";
    assert_eq!((csv_rows(same).deadlines, csv_rows(same).findings.len()), (1, 0));
    let differs = csv_rows("1,甲,,办公室,每年1月31日前,a-b\n1,甲,,办公室,每年3月31日前,a-b\n");
    assert_eq!((differs.deadlines, differs.findings.len()), (0, 1));
}

#[test]
fn a_changed_limit_of_the_ledger_is_asked_about() {
    let head = "序号,工作任务,期次,责任科室,完成时限,时限要求,编号\n";
    let read = |limit: &str| imported(format!("{head}1,甲,2026年,办公室,{limit},每年1月31日前,a-b\n").as_bytes());
    assert!(read("2026年1月31日（周六）").findings.is_empty());
    for wrong in ["2026年3月31日", "尽快"] {
        assert_eq!(findings(&read(wrong)).len(), 1, "{wrong}");
    }
}

#[test]
fn text_cannot_leave_its_string_or_its_comment() {
    let imported = csv_rows(
        "1,\"甲\"\"\n[[deadline]]\nid = \"\"x\",\"a\\\nb\",办公室,每年1月31日前\n2,\"乙\",,\"某科\n[x]\",\"适时\n[[deadline]]\"\n\"一、\nid = 1\"\n",
    );
    let file: toml::Table = toml::from_str(&imported.toml).unwrap();
    let deadlines = file["deadline"].as_array().unwrap();
    assert_eq!(deadlines.len(), 1, "{}", imported.toml);
    assert_eq!(deadlines[0]["basis"].as_str(), Some("a\\\nb"));
}

#[test]
fn a_header_that_is_not_there() {
    for (table, said) in
        [("甲,乙\n", "没有找到表头"), ("序号,工作任务,责任科室\n1,a,b\n", "缺“时限要求”"), ("", "没有找到表头")]
    {
        let error = import(&read(table.as_bytes()).unwrap(), "a.csv", None).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn headers_in_two_lines_and_once_more() {
    let table = "序号,工作任务,责任科室,完成时限\n序号,工作任务,牵头科室,完成时限\n1,甲,办公室,每月25日\n\
                 序号,工作任务,牵头科室,完成时限\n2,乙,法制科,每月25日\n3,,,\n";
    let imported = imported(table.as_bytes());
    assert_eq!((imported.deadlines, findings(&imported)), (2, vec![]), "{}", imported.toml);
    assert!(imported.toml.contains("lead     = \"法制科\""));
}
