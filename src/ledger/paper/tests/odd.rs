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
