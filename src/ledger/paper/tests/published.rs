//! Kinds of documents that were read wrong: found by writing some as bureaus publish them.

use super::*;

fn read(bytes: &[u8], given: &[(Key, &str)]) -> Outcome {
    answered(&document(bytes).unwrap(), Some(&bureau()), given)
}

/// By entry: its due, its offices, the one that leads first, marked.
fn entries(outcome: &Outcome) -> Vec<String> {
    let file: toml::Table = outcome.toml.parse().unwrap();
    let all = file.get("deadline").and_then(|all| all.as_array()).cloned().unwrap_or_default();
    let text = |entry: &toml::Value, key: &str| entry.get(key).and_then(|v| v.as_str()).unwrap_or("off").to_owned();
    all.iter()
        .map(|entry| {
            let lead = text(entry, "lead");
            let names = entry["sections"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            let names: Vec<String> = names.map(|n| if n == lead { format!("{n}*") } else { n.to_owned() }).collect();
            format!("{}: {} {}", text(entry, "title"), text(entry, "due"), names.join("、"))
        })
        .collect()
}

fn docx(body: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let body = format!("<w:document><w:body>{body}</w:body></w:document>");
    let mut parts: Vec<(&str, &[u8])> = vec![("word/document.xml", body.as_bytes())];
    parts.extend(more.iter().map(|(name, xml)| (*name, xml.as_bytes())));
    zipped(&parts)
}

fn rows(rows: &[&[&str]]) -> String {
    let run =
        |cell: &&str| if cell.starts_with('<') { (*cell).to_owned() } else { format!("<w:r><w:t>{cell}</w:t></w:r>") };
    let cell = |cell: &&str| format!("<w:tc><w:p>{}</w:p></w:tc>", run(cell));
    let row = |cells: &&[&str]| format!("<w:tr>{}</w:tr>", cells.iter().map(cell).collect::<String>());
    format!("<w:tbl>{}</w:tbl>", rows.iter().map(row).collect::<String>())
}

const HEADING: &[&str] = &["序号", "工作任务", "责任科室", "完成时限"];

/// A date of something else stands in for no deadline: it is asked about.
#[test]
fn dates_that_are_no_deadlines() {
    for other in ["实际完成时间", "销号时间", "发现时间", "启动时间", "原定完成时限", "上年完成时间", "印发时间"]
    {
        let text = format!(
            "序号\t任务\t责任科室\t{other}\t完成时间\n1\t甲事办理\t办公室\t2027年2月5日\t2027年9月底前\n2\t乙事办理\t办公室\t2027年2月6日\t\n"
        );
        let outcome = read(text.as_bytes(), &[(Key::Above, "没有写")]);
        assert!(entries(&outcome)[0].contains("2027年9月底前"), "{other}: {}", outcome.toml);
        let asked: Vec<&Key> = outcome.questions.iter().map(|q| &q.key).collect();
        assert_eq!(asked, [&Key::Choose("2".into())], "{other}");
    }
}

/// Side by side in one sheet, or folded: each half has its own columns.
#[test]
fn two_tables_side_by_side() {
    let sheet = "序号,任务,责任科室,完成时限,,序号,任务,责任科室,完成时限\n1,甲事办理,办公室,2027年3月底前,,2,乙事办理,法制科,2027年4月底前\n";
    let outcome = read(sheet.as_bytes(), &[]);
    assert_eq!(entries(&outcome), ["甲事办理: 2027年3月底前 办公室", "乙事办理: 2027年4月底前 法制科"]);
    let folded = "月份,工作事项,责任科室,月份,工作事项,责任科室\n1月,编报决算,办公室,7月,半年总结,法制科\n";
    let outcome = read(folded.as_bytes(), &[(Key::Scope, "只办一次"), (Key::Year, "2027")]);
    assert_eq!(entries(&outcome), ["编报决算: 1月 办公室", "半年总结: 7月 法制科"]);
}

/// The lower lines only say which part is meant: a beginning is never the deadline beside an end.
#[test]
fn a_heading_in_three_lines() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let lines = [
        ["序号", "任务", "责任", "", "时间", ""],
        ["", "", "牵头", "配合", "开始", "完成"],
        ["", "", "科室", "科室", "时间", "时间"],
        ["1", "推进归集", "办公室", "法制科", "2027年1月", "2027年6月"],
    ];
    for (row, cells) in (0..).zip(lines) {
        for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    for (top, left, bottom, right, text) in
        [(0, 0, 2, 0, "序号"), (0, 1, 2, 1, "任务"), (0, 2, 0, 3, "责任"), (0, 4, 0, 5, "时间")]
    {
        sheet.merge_range(top, left, bottom, right, text, &Format::new()).unwrap();
    }
    assert_eq!(entries(&read(&book.save_to_buffer().unwrap(), &[])), ["推进归集: 2027年6月 办公室*、法制科"]);
    for (first, last) in [("起", "止"), ("发现", "整改"), ("启动", "办结")] {
        let two =
            format!("序号\t任务\t责任科室\t时间\t\n\t\t\t{first}\t{last}\n1\t推进归集\t办公室\t2027年1月\t2027年6月\n");
        assert_eq!(entries(&read(two.as_bytes(), &[])), ["推进归集: 2027年6月 办公室"], "{first}");
    }
    let two = "序号\t任务\t责任科室\t时间安排\t\n\t\t\t开始\t完成\n1\t推进归集\t办公室\t2027年1月\t2027年6月\n";
    assert_eq!(entries(&read(two.as_bytes(), &[])), ["推进归集: 2027年6月 办公室"]);
}

/// What Word does not show as the text: struck out, hidden, how cells were merged before. A hyphen is no nothing.
#[test]
fn what_word_shows() {
    let cells: &[&[&str]] = &[
        HEADING,
        &[
            "1",
            "甲事办理",
            "办公室",
            "<w:r><w:rPr><w:strike/></w:rPr><w:t>2027年3月底前</w:t></w:r><w:r><w:t>2027年4月底前</w:t></w:r>",
        ],
        &["2", "乙事办理", "办公室", "<w:r><w:rPr><w:vanish/></w:rPr><w:t>2027年5月底前</w:t></w:r>"],
        &[
            "3",
            "丙事办理",
            "办公室",
            "<w:r><w:rPr><w:strike w:val=\"0\"/></w:rPr><w:t>2027年3月1</w:t><w:noBreakHyphen/><w:t>5日</w:t></w:r>",
        ],
    ];
    let body = rows(cells).replace(
        "<w:tc><w:p><w:r><w:t>丙事",
        "<w:tc><w:tcPr><w:tcPrChange><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr></w:tcPrChange></w:tcPr><w:p><w:r><w:t>丙事",
    );
    let notes =
        "<w:footnotes><w:footnote><w:p><w:r><w:t>涉密的3月底前先查。</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let outcome = read(&docx(&body, &[("word/footnotes.xml", notes)]), &[(Key::Choose("3".into()), OFF)]);
    let found = entries(&outcome);
    assert_eq!(found[..2], ["甲事办理: 2027年4月底前 办公室", "乙事办理: off 办公室"]);
    assert!(!found[2].contains("15日") && found.len() == 3, "{found:?}");
    for said in ["删除线", "脚注里写着“涉密的3月底前先查。”"] {
        assert!(outcome.account.notes.iter().any(|note| note.contains(said)), "{:?}", outcome.account.notes);
    }
}

/// A page laid out by a table; a hidden row is asked about, what is struck out is not read.
#[test]
fn a_page_as_it_is_saved() {
    let row = |more: &str, n: u32, task: &str, due: &str| {
        format!("<tr{more}><td>{n}</td><td>{task}</td><td>办公室</td><td>{due}</td></tr>")
    };
    let table = [
        "<table><tr><td>序号</td><td>任务</td><td>责任科室</td><td>完成时限</td></tr>".to_owned(),
        row("", 1, "甲事办理", "<del>2027年3月底前</del>2027年4月底前"),
        row(" style='display: none'", 2, "乙事办理", "2027年5月底前"),
        "</table>".to_owned(),
    ];
    let page = format!(
        "<html><body><table><tr><td colspan=2>首页</td></tr><tr><td>导航</td><td><h1>2027年分工</h1>{}<p>落款</p></td></tr></table></body></html>",
        table.concat()
    );
    let document = document(page.as_bytes()).unwrap();
    assert_eq!(document.lines().matches("2027年分工\n").count(), 1, "{}", document.lines());
    assert!(document.lines().contains("首页\n导航\n") && document.lines().ends_with("落款\n"), "{}", document.lines());
    let asked = answered(&document, Some(&bureau()), &[]);
    assert_eq!(asked.questions.iter().map(|q| &q.key).collect::<Vec<_>>(), [&Key::Hidden]);
    let outcome = answered(&document, Some(&bureau()), &[(Key::Hidden, "不算")]);
    assert_eq!(entries(&outcome), ["甲事办理: 2027年4月底前 办公室"]);
}

/// Brackets without a label, labels in paragraphs of their own, and text beside a table: none is passed over unsaid.
#[test]
fn running_text_as_it_is_published() {
    let text = "2027年工作要点\n1.每月10日前通报。（办公室、法制科按职责分工负责，持续推进）\n2.2027年6月底前公布清单。（安监科牵头，各科室配合，适时调整）\n3.2027年7月底前公布目录。（法制科、质监科）\n4.改造小区\n责任单位：规划科\n责任人：张三　完成时限：2027年9月底前\n5.加强值守。\n6.修订办法。责任单位：质监科。完成时限：2027年10月底前。\n";
    let outcome = read(text.as_bytes(), &[]);
    assert_eq!(outcome.questions, []);
    assert_eq!(
        entries(&outcome),
        [
            "每月10日前通报: 每月10日前 办公室、法制科",
            "公布清单: 2027年6月底前 安监科*、各科室",
            "公布目录: 2027年7月底前 法制科、质监科",
            "改造小区: 2027年9月底前 规划科",
            "修订办法: 2027年10月底前 质监科",
        ]
    );
    assert!(outcome.account.notes.iter().any(|note| note.contains("5.加强值守")), "{:?}", outcome.account.notes);
    assert_eq!(outcome.account.lines.len(), 9, "{}", outcome.account.summary());
    let body = format!(
        "<w:p><w:r><w:t>一、2027年2月底前成立专班。（责任单位：办公室）</w:t></w:r></w:p>{}",
        rows(&[HEADING, &["1", "排查隐患", "安监科", "2027年6月底前"]])
    );
    assert_eq!(
        entries(&read(&docx(&body, &[]), &[])),
        ["排查隐患: 2027年6月底前 安监科", "成立专班: 2027年2月底前 办公室"]
    );
}

/// A person is no office, a bracket may hold another one; a task or a sheet may name who has it.
#[test]
fn whose_it_is() {
    let rows = "序号\t整改措施\t责任科室\t责任人\t整改时限\n1\t补齐台账\t办公室（法制科）\t张三\t2027年3月底前\n2\t补发清单\t办公室，各科室配合\t李四\t2027年4月底前\n填表人：王五\t\t审核：赵六\t\t2027年1月5日\n";
    let outcome = read(rows.as_bytes(), &[]);
    assert_eq!(outcome.questions, []);
    assert_eq!(
        entries(&outcome),
        ["补齐台账: 2027年3月底前 办公室、法制科", "补发清单: 2027年4月底前 办公室*、各科室"]
    );
    let rows =
        "序号\t任务\t完成时限\n1\t公布清单（法制科牵头，办公室配合）\t2027年3月底前\n2\t编制目录\t2027年4月底前\n";
    let outcome = read(rows.as_bytes(), &[(Key::NoOffice, "规划科")]);
    assert!(entries(&outcome)[0].ends_with("法制科*、办公室") && entries(&outcome)[1].ends_with(" 规划科"));
    let rows = "序号\t任务\t完成时限\n（一）法制科\t\t\n1\t编制目录\t2027年4月底前\n责任科室：规划科\t\t\n2\t编制规划\t2027年5月底前\n";
    let outcome = read(rows.as_bytes(), &[(Key::Above, "没有写"), (Key::NoOffice, "办公室")]);
    assert_eq!(entries(&outcome), ["编制目录: 2027年4月底前 法制科", "编制规划: 2027年5月底前 规划科"]);
    let rows = "序号\t指标\t单位\t责任单位\t完成时限\n1\t办件数量\t件\t法制科\t2027年4月底前\n";
    assert_eq!(entries(&read(rows.as_bytes(), &[])), ["办件数量: 2027年4月底前 法制科"]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("法制科").unwrap();
    for (row, cells) in (0..).zip([["序号", "任务", "完成时限"], ["1", "编制目录", "2027年4月底前"]]) {
        (0..).zip(cells).for_each(|(column, cell)| {
            sheet.write_string(row, column, cell).unwrap();
        });
    }
    assert_eq!(entries(&read(&book.save_to_buffer().unwrap(), &[])), ["编制目录: 2027年4月底前 法制科"]);
}

#[test]
fn offices_as_they_are_written() {
    for (cell, sections, lead) in [
        ("办公室、法制科按职责分工负责", "办公室、法制科", None),
        ("办公室、各科室分别负责", "办公室、各科室", None),
        ("办公室会同法制科", "办公室、法制科", Some("办公室")),
        ("牵头：办公室\n配合：法制科、安监科", "办公室、法制科、安监科", Some("办公室")),
        ("法制科\n（牵头）\n办公室", "法制科、办公室", Some("法制科")),
        ("办公室、法制科\n安监科", "办公室、法制科、安监科", None),
        ("★办公室*", "办公室", None),
        ("法制科。（监督：机关党委）", "法制科、机关党委", None),
    ] {
        let cells = [cell.to_owned(), String::new(), String::new()];
        let found = super::offices::read(&cells, Some(&bureau()), &Answers::default());
        assert_eq!((found.sections.join("、").as_str(), found.lead.as_deref()), (sections, lead), "{cell}: {found:?}");
        assert_eq!(found.unknown, [], "{cell}");
    }
    let unread = ["（C4 的公式没有存下结果）".to_owned(), String::new(), String::new()];
    assert_eq!(super::offices::read(&unread, Some(&bureau()), &Answers::default()).unknown[0].0, unread[0]);
}

/// All dates beside the task are choices; a list of names is no plan that goes on.
#[test]
fn what_stands_beside() {
    let text = "序号\t任务\t责任科室\t一季度\t四季度\n1\t编制规划\t规划科\t完成初稿\t印发\n";
    let outcome = read(text.as_bytes(), &[]);
    let choices: Vec<&str> = outcome.questions.iter().flat_map(|q| &q.choices).map(String::as_str).collect();
    assert_eq!(choices, ["一季度", "四季度"]);
    let body = [
        rows(&[HEADING, &["1", "排查隐患", "安监科", "2027年6月底前"]]),
        rows(&[&["姓名", "职务", "电话", "备注"], &["张三", "主任", "123", "无"]]),
    ];
    let outcome = read(&docx(&body.concat(), &[]), &[]);
    assert_eq!((outcome.entries, outcome.account.count(Entry::Unused)), (1, 2), "{}", outcome.account.render());
}

/// A cell that is struck through is asked about, as a hidden one is.
#[test]
fn struck_through_in_a_sheet() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let struck = Format::new().set_font_strikethrough();
    let lines = [HEADING, &["1", "甲事办理", "办公室", "2027年3月底前"], &["2", "乙事办理", "办公室", "2027年4月底前"]];
    for (row, cells) in (0..).zip(lines) {
        for (column, cell) in (0..).zip(cells) {
            let format = if row == 1 { &struck } else { &Format::new() };
            sheet.write_string_with_format(row, column, *cell, format).unwrap();
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    let asked = read(&bytes, &[]);
    assert_eq!(asked.questions.iter().map(|q| &q.key).collect::<Vec<_>>(), [&Key::Hidden]);
    assert!(
        asked.account.notes.iter().any(|note| note.contains("删除线的格子：A2、B2、C2、D2")),
        "{:?}",
        asked.account.notes
    );
    assert_eq!(entries(&read(&bytes, &[(Key::Hidden, "不算")])), ["乙事办理: 2027年4月底前 办公室"]);
    assert_eq!(read(&bytes, &[(Key::Hidden, "算数")]).entries, 2);
}
