//! What a file is, by its bytes, and how it becomes a document.

use std::io::Cursor;

use zip::ZipArchive;

use super::{
    Error, Result, csv,
    document::{Block, Document},
    docx, html, pasted,
    read::{MAX_BYTES, Sheet, read as read_sheets},
};

/// Reads any form of a document.
///
/// # Errors
/// In Chinese: what it is, if it cannot be read, and what to do; damaged, locked, too big.
pub fn document(bytes: &[u8]) -> Result<Document> {
    if let Some(what) = unreadable(bytes) {
        let what = format!(
            "这是{what}，读不了。请用 Word 或 WPS 打开，“另存为”选 .docx 再试；或者全选、复制，粘贴到记事本，存成 .txt 再试。"
        );
        return Err(Error::Unreadable(what));
    }
    if bytes.len() > MAX_BYTES || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return read_sheets(bytes).map(of_sheets);
    }
    if bytes.starts_with(b"PK") {
        return match part_of(bytes) {
            Some("docx") => docx::read(bytes),
            Some(what) => {
                Err(Error::Unreadable(format!("这是{what}，不是 .docx，也不是 .xlsx。请另存为 .docx 再试。")))
            }
            None => read_sheets(bytes).map(of_sheets),
        };
    }
    let text = csv::decode(bytes)?;
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let mut document = if html::is_html(&text) {
        html::read(&text)?
    } else if is_comma_separated(&text) {
        of_sheets(read_sheets(bytes)?)
    } else {
        pasted::read(&text)?
    };
    if !is_utf8 && !bytes.starts_with(b"\xFF\xFE") && !bytes.starts_with(b"\xFE\xFF") {
        document.notes.push("文件的编码是 GBK（记事本里叫“ANSI”），已照此读出".into());
    }
    Ok(document)
}

/// What it is, by its first bytes.
fn unreadable(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let holds = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(name.len()).any(|part| part == name)
    };
    if starts(b"%PDF") {
        Some("PDF 文件")
    } else if starts(b"\x89PNG") || starts(b"\xFF\xD8\xFF") || starts(b"GIF8") || starts(b"BM") || starts(b"II*\0") {
        Some("图片")
    } else if starts(b"{\\rtf") {
        Some("RTF 文件（写字板的格式）")
    } else if starts(b"\xD0\xCF\x11\xE0") && holds("WordDocument") {
        Some("老格式的 Word 或 WPS 文件（.doc、.wps）")
    } else {
        None
    }
}

/// What a zip file holds; `None` for a sheet, and for what is damaged.
fn part_of(bytes: &[u8]) -> Option<&'static str> {
    let archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let has = |start: &str| archive.file_names().any(|name| name.as_ref().is_ok_and(|name| name.starts_with(start)));
    if has(docx::BODY) {
        Some("docx")
    } else if has("xl/") {
        None
    } else if has("ppt/") {
        Some("演示文稿（.pptx）")
    } else if has("OFD.xml") {
        Some("OFD 版式文件")
    } else if has("content.xml") {
        Some("OpenDocument 文件（.odt、.ods）")
    } else {
        Some("压缩文件")
    }
}

/// Without tabs, and with commas in most of its lines.
fn is_comma_separated(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.trim().is_empty()).take(200);
    let first = lines().find(|line| line.contains(',')).unwrap_or_default();
    !text.contains('\t') && first.split(',').count() > 2 && first.chars().count() < 500
}

fn of_sheets(sheets: Vec<Sheet>) -> Document {
    let mut document = Document::default();
    for mut sheet in sheets {
        document.notes.append(&mut sheet.notes);
        if !sheet.name.is_empty() {
            sheet.name = format!("“{}”", sheet.name);
        }
        document.blocks.push(Block::Table(sheet));
    }
    document
}
