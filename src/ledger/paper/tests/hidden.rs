//! What a workbook hides, and what it does not hold: said, asked about, never empty.

use rust_xlsxwriter::{Formula, Worksheet};

use super::*;

fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("分工").unwrap();
    for (row, cells) in (0..).zip([
        ["序号", "工作任务", "责任科室", "完成时限"],
        ["1", "发布年度报告", "办公室", "每年1月31日前"],
        ["2", "核对公开目录", "法制科", "每年3月底前"],
    ]) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    fill(sheet);
    book.save_to_buffer().unwrap()
}

fn keys(outcome: &Outcome) -> Vec<&Key> {
    outcome.questions.iter().map(|question| &question.key).collect()
}

#[test]
fn hidden_rows_columns_and_sheets_are_asked_about_once() {
    let row = book(|sheet| {
        sheet.set_row_hidden(2).unwrap();
    });
    let column = book(|sheet| {
        sheet.set_column_hidden(3).unwrap();
    });
    // Saved by LibreOffice: row 3 and column E of one sheet, and another sheet.
    let old = include_bytes!("../../../../tests/data/documents/hidden.xls").to_vec();
    for (bytes, said, counted, left) in [
        (row, &["“分工”有隐藏的第3行"][..], (2, 0), (1, 0)),
        (column, &["“分工”有隐藏的D 列"], (2, 0), (0, 2)),
        (old, &["“分工”有隐藏的第3行、E 列", "“附表”是隐藏的表"], (4, 0), (2, 0)),
    ] {
        let document = document(&bytes).unwrap();
        let open = built(&document, Some(&bureau()), &Answers::default());
        assert_eq!(keys(&open), [&Key::Hidden]);
        assert_eq!(open.account.notes, said);
        for (answer, (dated, undated)) in [("算数", counted), ("不算", left)] {
            let outcome = answered(&document, Some(&bureau()), &[(Key::Hidden, answer)]);
            let counts = [Entry::Dated, Entry::Undated, Entry::Asked, Entry::Unused].map(|e| outcome.account.count(e));
            assert_eq!(counts, [dated, undated, 0, 0], "{answer}: {}", outcome.toml);
            assert_eq!(outcome.account.lines.len(), open.account.lines.len(), "every row is accounted for");
        }
    }
}

#[test]
fn a_formula_without_its_result_and_a_damaged_date_are_asked_about_with_their_cell() {
    let bytes = book(|sheet| {
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_formula(1, 3, Formula::new("=A1").set_result("无果")).unwrap();
        sheet.write_number_with_format(2, 3, 20, &date).unwrap();
        sheet.write_formula(3, 1, Formula::new("=\"\"").set_result("")).unwrap();
    });
    let bytes = crate::ledger::tests::hostile::with_part(&bytes, "xl/worksheets/sheet1.xml", |xml| {
        assert!(xml.contains("<v>无果</v>"), "{xml}");
        xml.replace("<v>无果</v>", "").into()
    });
    let outcome = built(&document(&bytes).unwrap(), Some(&bureau()), &Answers::default());
    assert_eq!(keys(&outcome), [&Key::Choose("1".into()), &Key::Choose("2".into())]);
    let words: String = outcome.questions.iter().map(|question| question.words.as_str()).collect();
    assert!(words.contains("D2 的公式没有存下结果") && words.contains("D3 的日期损坏（20）"), "{words}");
    assert_eq!(outcome.account.count(Entry::Asked), 2, "a formula that gave nothing is an empty cell");
}
