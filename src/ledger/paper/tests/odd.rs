//! Documents that no form foresees: nothing invented, nobody dropped, nothing that takes long.

use super::*;

/// An empty date never takes that of the row above, or of what stands beside it.
#[test]
fn no_date_is_invented() {
    let rows = "序号\t任务\t责任科室\t完成时限\n1\t甲事\t办公室\t1月31日前\n2\t乙事\t法制科\t\n3\t丙事\t法制科\t/\n4\t丁事\t法制科\t长期坚持\n";
    let document = document(rows.as_bytes()).unwrap();
    let given = [(Key::Scope, "每年都办"), (Key::Above, "没有写")];
    let outcome = answered(&document, Some(&bureau()), &given);
    assert_eq!(outcome.questions, []);
    let off = "off".to_owned();
    assert_eq!(rules(&outcome, None)[1..], [off.clone(), off.clone(), off]);
    let asked = answered(&document, Some(&bureau()), &given[..1]);
    assert_eq!(asked.questions.iter().map(|q| &q.key).collect::<Vec<_>>(), [&Key::Above]);
}

#[test]
fn nobody_is_dropped() {
    type Row<'a> = (&'a str, &'a [&'a str], Option<&'a str>, &'a [&'a str]);
    let table: &[Row] = &[
        ("办公室、各科室", &["办公室", "各科室"], None, &[]),
        ("办公室牵头、各科室配合", &["办公室", "各科室"], Some("办公室"), &[]),
        ("办公室（牵头）、法制科", &["办公室", "法制科"], Some("办公室"), &[]),
        ("法制科（办公室配合）", &["法制科", "办公室"], Some("法制科"), &[]),
        ("牵头单位：法制科；配合单位：办公室、基建科", &["法制科", "办公室", "基建科"], Some("法制科"), &[]),
        ("办公室和法制科", &["办公室", "法制科"], None, &[]),
        ("办 公 室", &["办公室"], None, &[]),
        ("各县(市、区)政府、办公室", &["办公室"], None, &["各县(市、区)政府"]),
        ("全局", &[], None, &["全局"]),
        ("道路运输科、相关科室", &[], None, &["道路运输科", "相关科室"]),
        ("办公室等有关单位", &["办公室"], None, &["有关单位"]),
    ];
    for (cell, sections, lead, unknown) in table {
        let cells = [(*cell).to_owned(), String::new(), String::new()];
        let read = super::offices::read(&cells, Some(&bureau()), &Answers::default());
        let asked: Vec<&str> = read.unknown.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (&read.sections[..], read.lead.as_deref(), &asked[..]),
            (&sections.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..], *lead, *unknown),
            "{cell}"
        );
    }
}

#[test]
fn running_text_is_cut_into_duties() {
    let text = "2027年工作要点\n（一）发布年报。每年1月31日前发布年度报告。（责任单位：办公室；配合单位：法制科）\n（二）更新目录。（牵头单位：法制科；完成时限：每季度末月20日）\n";
    let outcome = built(&document(text.as_bytes()).unwrap(), Some(&bureau()), &Answers::default());
    assert_eq!(outcome.questions, []);
    assert_eq!(outcome.account.count(Entry::Dated), 2, "{}", outcome.toml);
    assert!(outcome.toml.contains("sections = [\"办公室\", \"法制科\"]"), "{}", outcome.toml);
}

#[test]
fn what_cannot_be_read_is_named() {
    let doc: Vec<u8> =
        b"\xD0\xCF\x11\xE0".iter().copied().chain("WordDocument".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let odt = zipped(&[("content.xml", b"<a/>")]);
    for (bytes, word) in [
        (&b"%PDF-1.7"[..], "PDF"),
        (b"\x89PNG\r\n", "图片"),
        (&doc, ".doc"),
        (&odt, "OpenDocument"),
        (b"{\\rtf1", "RTF"),
    ] {
        let why = document(bytes).unwrap_err().to_string();
        assert!(why.contains(word) && why.contains("另存为"), "{why}");
    }
    let torn = zipped(&[("word/document.xml", b"<w:document><w:body><w:tbl><w:tr>")]);
    assert!(document(&torn).unwrap_err().to_string().contains("已损坏"));
}

/// Deep, wide and long: refused, or read in a bounded time.
#[test]
fn hostile_documents() {
    let deep = format!("<w:document>{}", "<w:tbl><w:tr><w:tc>".repeat(100_000));
    assert!(document(&zipped(&[("word/document.xml", deep.as_bytes())])).unwrap_err().to_string().contains("太深"));
    let bomb = vec![b' '; 110 << 20];
    assert!(document(&zipped(&[("word/document.xml", &bomb)])).unwrap_err().to_string().contains("展开后"));
    let wide = format!(
        "<html><table>{}</table>",
        format!("<tr>{}</tr>", "<td rowspan=20000 colspan=20000>甲</td>".repeat(2000)).repeat(20)
    );
    document(wide.as_bytes()).unwrap();
    let nested = "<html><table><tr><td>".repeat(50_000);
    document(nested.as_bytes()).unwrap();
    let unclosed = format!("<html>{}", "<p title=\"".repeat(20_000));
    document(unclosed.as_bytes()).unwrap();
    let rows: String = (1..=10_000)
        .map(|n| format!("{n}\t第{n}件事，于每年的 3 月 1 日前发布本单位、本系统上年度的《报告》\t办公室\n"))
        .collect();
    let long = document(format!("序号\t工作任务\t责任科室\n{rows}").as_bytes()).unwrap();
    let outcome = built(&long, Some(&bureau()), &Answers::default());
    assert_eq!(outcome.account.count(Entry::Dated), 10_000);
}

/// A page on which a cell is missing: what stands in its columns is known by its number.
#[test]
fn slipped_columns_lose_no_duty() {
    let heading = "工作要求\t工作任务\t具体要求\t科室\n";
    let page = |rows: &str| format!("{heading}{rows}\n");
    let text = page(
        "一、基础\t（一）目录\t1. 更新主动公开目录并向社会公布\t办公室\n\t\t2. 办理公开申请并答复申请人\t法制科\n",
    ) + &page("五、监督\t3. 召开领导小组会议并印发纪要\t办公室\n\t4. 听取政务公开工作的汇报\t法制科\n");
    let given = [(Key::Above, "没有写")];
    let outcome = answered(&document(text.as_bytes()).unwrap(), Some(&bureau()), &given);
    let ids: Vec<&str> = outcome.toml.lines().filter_map(|line| line.strip_prefix("id       = ")).collect();
    assert_eq!(ids, ["\"item-1\"", "\"item-2\"", "\"item-3\"", "\"item-4\""], "{}", outcome.toml);
    assert!(outcome.toml.contains("basis    = \"召开领导小组会议并印发纪要\""), "{}", outcome.toml);
}

#[test]
fn a_middle_and_a_final_term_are_two_entries_and_nothing_else_is() {
    let two = "序号\t工作任务\t责任科室\t完成时限\t\n\t\t\t中期\t终期\n1\t编制公开指南\t办公室\t2027年6月底前\t2027年12月10日前\n2\t清理失效文件\t法制科\t\t2027年9月底前\n";
    let outcome = built(&document(two.as_bytes()).unwrap(), Some(&bureau()), &Answers::default());
    assert_eq!(outcome.questions, []);
    assert_eq!(rules(&outcome, None), ["2027-06-30", "2027-12-10", "2027-09-30"], "{}", outcome.toml);
    for words in [
        "id       = \"item-1\"",
        "id       = \"item-1-2\"",
        "title    = \"编制公开指南（中期）\"",
        "编制公开指南（终期）",
    ] {
        assert!(outcome.toml.contains(words), "{words}: {}", outcome.toml);
    }
    let other =
        "序号\t工作任务\t责任科室\t启动时间\t完成时限\n1\t编制公开指南\t办公室\t2027年6月底前\t2027年12月10日前\n";
    let outcome = built(&document(other.as_bytes()).unwrap(), Some(&bureau()), &Answers::default());
    assert_eq!(rules(&outcome, None), ["2027-12-10"], "{}", outcome.toml);
}

#[test]
fn what_was_answered_is_read_back_as_it_was_written() {
    let mut answers = Answers { every_year: Some(false), ..Answers::default() };
    answers.no_date = Some("每季度末月 20 日".into());
    answers.offices.insert("张三's 组".into(), vec!["办公室".into(), "法制科".into()]);
    answers.chosen.insert("31".into(), "每年的 1 月 31 日前".into());
    let words = super::words(&answers.flags());
    let expected = [
        "--once",
        "--no-date",
        "每季度末月 20 日",
        "--office",
        "张三's 组=办公室、法制科",
        "--choose",
        "31=每年的 1 月 31 日前",
    ];
    assert_eq!(words, expected);
}

/// What plans of other bureaus had, found by writing some: a sum is no duty, a rule under the table is said, a name of a
/// project is the task, an office in a bracket without its label is one.
#[test]
fn other_layouts() {
    let table = "项目\t责任科室\t时间节点\t要求\n财务收支审计\t办公室\t每年5月31日\t出具报告\n合计\t1\t\t\n\n注：遇节假日顺延。\n";
    let outcome = answered(&document(table.as_bytes()).unwrap(), Some(&bureau()), &[(Key::Above, "没有写")]);
    assert_eq!(outcome.entries, 1, "{}", outcome.toml);
    assert!(outcome.toml.contains("title    = \"财务收支审计\""), "{}", outcome.toml);
    assert!(outcome.account.notes.iter().any(|note| note.contains("顺延")), "{:?}", outcome.account.notes);
    assert_eq!(outcome.account.count(Entry::Other), 2, "{}", outcome.account.summary());

    let running = "一、2027年内部审计\n1. 每年3月底前签订责任书。（安监科牵头，各科室配合）\n2. 加强值守。\n3. 每年7月5日前报送总结。（办公室负责）\n";
    let outcome = built(&document(running.as_bytes()).unwrap(), Some(&bureau()), &Answers::default());
    assert_eq!((outcome.entries, outcome.account.count(Entry::Other)), (2, 2), "{}", outcome.account.summary());
    assert!(outcome.toml.contains("sections = [\"安监科\", \"各科室\"]\nlead     = \"安监科\""), "{}", outcome.toml);
    assert!(outcome.toml.contains("due      = \"每年3月底前\""), "{}", outcome.toml);
    assert!(!outcome.account.notes.iter().any(|note| note.contains("内部审计")), "{:?}", outcome.account.notes);
}
