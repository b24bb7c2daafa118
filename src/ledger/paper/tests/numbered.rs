//! Numbers that Word counts by itself.

use super::*;

const NUMBERING: &str = r#"<w:numbering><w:abstractNum w:abstractNumId="3">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="（%1）"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl>
</w:abstractNum><w:abstractNum w:abstractNumId="4">
<w:lvl w:ilvl="0"><w:start w:val="31"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1"/></w:lvl>
</w:abstractNum><w:abstractNum w:abstractNumId="5">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl>
</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="3"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="4"/></w:num>
<w:num w:numId="6"><w:abstractNumId w:val="4"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
<w:num w:numId="5"><w:abstractNumId w:val="5"/></w:num></w:numbering>"#;
const STYLES: &str = r#"<w:styles><w:style w:styleId="List"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="Own"><w:basedOn w:val="List"/></w:style></w:styles>"#;

fn paragraph(settings: &str, words: &str) -> String {
    format!("<w:p><w:pPr>{settings}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>")
}

fn list(list: u32, level: u32, words: &str) -> String {
    let settings = format!("<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr>");
    paragraph(&settings, words)
}

fn file(body: &str) -> Vec<u8> {
    let body = format!("<w:document><w:body>{body}</w:body></w:document>");
    zipped(&[
        ("word/document.xml", body.as_bytes()),
        ("word/numbering.xml", NUMBERING.as_bytes()),
        ("word/styles.xml", STYLES.as_bytes()),
    ])
}

fn lines(body: &str) -> String {
    document(&file(body)).unwrap().lines()
}

#[test]
fn as_they_are_shown() {
    let style = |name: &str, words: &str| paragraph(&format!("<w:pStyle w:val=\"{name}\"/>"), words);
    let body = [
        list(1, 0, "总则"),
        list(1, 1, "甲"),
        list(1, 1, "乙"),
        list(1, 0, "分则"),
        list(1, 1, "丙"),
        style("Own", "丁"),
        list(2, 0, "戊"),
        list(5, 0, "圆点"),
        list(0, 0, "不编号"),
        list(6, 0, "己"),
        list(2, 0, "6月报送"),
        list(9, 0, "没有这张表"),
    ];
    assert_eq!(
        lines(&body.concat()),
        "（一）总则\n1.甲\n2.乙\n（二）分则\n1.丙\n31、丁\n32、戊\n圆点\n不编号\n7、己\n8、 6月报送\n没有这张表\n"
    );
}

#[test]
fn a_column_of_numbers_and_a_numbered_task_become_items() {
    let cell = |inside: &str| format!("<w:tc>{inside}</w:tc>");
    let plain = |words: &str| cell(&paragraph("", words));
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let heading: Vec<String> = ["序号", "工作任务", "责任科室", "完成时限"].map(plain).into();
    let alone = [
        row(&heading),
        row(&[cell(&list(2, 0, "")), plain("发布年度报告"), plain("办公室"), plain("每年1月31日前")]),
        row(&[cell(&list(2, 0, "")), plain("核对公开目录"), plain("法制科"), plain("每年3月底前")]),
    ];
    let inside = [
        row(&heading[1..]),
        row(&[cell(&list(2, 0, "发布年度报告")), plain("办公室"), plain("每年1月31日前")]),
        row(&[cell(&list(2, 0, "核对公开目录")), plain("法制科"), plain("每年3月底前")]),
    ];
    for table in [alone, inside] {
        let bytes = file(&format!("<w:tbl>{}</w:tbl>", table.concat()));
        let outcome = built(&document(&bytes).unwrap(), Some(&bureau()), &Answers::default());
        let found: Vec<&str> =
            outcome.toml.lines().filter(|l| l.starts_with("item ") || l.starts_with("title")).collect();
        let expected = ["item     = 31", "title    = \"发布年度报告\"", "item     = 32", "title    = \"核对公开目录\""];
        assert_eq!(found, expected, "{}", outcome.toml);
    }
}

/// Styles in a circle, numbers of a megabyte, a part that is no XML, another zip under the name: refused or read, soon.
#[test]
fn made_to_take_long() {
    let circle = r#"<w:styles><w:style w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>"#;
    let long = NUMBERING.replace("（%1）", &"（%1）".repeat(300_000));
    let body = (paragraph("<w:pStyle w:val=\"A\"/>", "甲") + &list(1, 0, "乙")).repeat(20_000);
    let body = format!("<w:document><w:body>{body}</w:body></w:document>");
    let parts = [
        ("word/document.xml", body.as_bytes()),
        ("word/numbering.xml", long.as_bytes()),
        ("word/styles.xml", circle.as_bytes()),
    ];
    assert_eq!(document(&zipped(&parts)).unwrap().blocks.len(), 40_000);
    let inner = zipped(&parts[1..]);
    for (parts, word) in [
        (&[("word/document.xml", &inner[..])][..], "没有读到"),
        (&[("a.docx", &inner[..])], "压缩文件"),
        (&[("ppt/presentation.xml", b"<a/>")], "演示文稿"),
    ] {
        match document(&zipped(parts)) {
            Ok(document) => assert_eq!(built(&document, None, &Answers::default()).entries, 0, "{word}"),
            Err(why) => assert!(why.to_string().contains(word) || why.to_string().contains("已损坏"), "{why}"),
        }
    }
}
