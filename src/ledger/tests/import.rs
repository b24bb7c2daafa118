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
fn what_is_no_ledger() {
    for table in ["甲,乙\n", "序号,工作任务,责任科室,编号\n1,a,b,c-d\n", ""] {
        let sheets = read(table.as_bytes()).unwrap();
        assert!(!is_ledger(&sheets), "{table}");
        let error = import(&sheets, "a.csv", None).unwrap_err().to_string();
        assert!(error.contains("不是导出的台账"), "{error}");
    }
    // A plan may number its duties in a column 编号.
    let head = "编号,工作任务,责任科室,时限要求\n";
    for (row, is) in
        [("1,甲,办公室,每月25日", false), ("A-1,甲,办公室,每月25日", false), ("item-1,甲,办公室,每月25日", true)]
    {
        assert_eq!(is_ledger(&read(format!("{head}{row}\n").as_bytes()).unwrap()), is, "{row}");
    }
}

#[test]
fn the_header_once_more() {
    let imported = csv_rows(
        "1,甲,,办公室,每月25日,a-b\n序号,工作任务,具体要求,责任科室,时限要求,编号\n2,乙,,法制科（牵头）,每月25日,c-d\n3,,,,,\n",
    );
    assert_eq!((imported.deadlines, findings(&imported)), (2, vec![]), "{}", imported.toml);
    assert!(imported.toml.contains("lead     = \"法制科\""));
}
