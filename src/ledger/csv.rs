//! Comma-separated text (RFC 4180), as Excel writes and reads it.

use encoding_rs::{Encoding, GB18030};

use super::{Error, Result, excel};

/// One record. A text that a spreadsheet may take for a formula is marked as text by an apostrophe.
pub fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(field).collect();
    cells.join(",") + "\r\n"
}

fn field(cell: &str) -> String {
    let mark = if excel::is_formula_like(cell) { "'" } else { "" };
    let needs_quotes = !mark.is_empty() || cell.contains([',', '"', '\n', '\r', '\t', ';']);
    if needs_quotes { format!("\"{mark}{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// Decodes UTF-8 with or without a byte order mark, UTF-16 with one, or GBK.
///
/// # Errors
/// In Chinese, if it is none of them.
pub fn decode(bytes: &[u8]) -> Result<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, is_bad) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return if is_bad { Err(not_text()) } else { Ok(text.into_owned()) };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(not_text)?;
    Ok(text.into_owned())
}

fn not_text() -> Error {
    Error::Unreadable("这个文件不是表格，也不是 UTF-8 或 GBK 的文本。请用 Excel 或 WPS 另存为 .xlsx 再试。".into())
}

/// The records. An opening quotation mark without a closing one is ignored.
pub fn records(text: &str) -> Records<'_> {
    Records { rest: text, comma: separator(text) }
}

/// Excel's “Unicode 文本” has tabs. The first line with a comma or a tab decides.
fn separator(text: &str) -> char {
    let head: String = text.chars().take(4000).collect();
    let line = head.lines().find(|line| line.contains([',', '\t'])).unwrap_or_default();
    if line.matches('\t').count() > line.matches(',').count() { '\t' } else { ',' }
}

pub struct Records<'a> {
    rest: &'a str,
    comma: char,
}

impl Iterator for Records<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut fields = Vec::new();
        loop {
            let (field, ended) = self.field();
            fields.push(field);
            if ended {
                return Some(fields);
            }
        }
    }
}

impl Records<'_> {
    /// The next field, and whether the record ends with it.
    fn field(&mut self) -> (String, bool) {
        let mut field = String::new();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            self.rest = quoted;
            while let Some(at) = self.rest.find('"') {
                field.push_str(&self.rest[..at]);
                self.rest = &self.rest[at + 1..];
                let Some(more) = self.rest.strip_prefix('"') else { break };
                field.push('"');
                self.rest = more;
            }
        }
        let end = self.rest.find([self.comma, '\n', '\r']).unwrap_or(self.rest.len());
        field.push_str(&self.rest[..end]);
        let after = &self.rest[end..];
        let (rest, ended) = match after.chars().next() {
            Some(c) if c == self.comma => (&after[c.len_utf8()..], false),
            Some('\r') => (after.strip_prefix("\r\n").unwrap_or(&after[1..]), true),
            Some(_) => (&after[1..], true),
            None => (after, true),
        };
        self.rest = rest;
        let marked = field.strip_prefix('\'').filter(|text| excel::is_formula_like(text));
        (marked.map(str::to_owned).unwrap_or(field), ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        records(text).collect()
    }

    #[test]
    fn reads_what_it_writes() {
        let cells = ["", "a", "a,b", "a\"b\"", "两\n行", "=1+1", "-", "＝x", "﹦x", "﹢1", "'", "'x", " 空 "];
        let text = line(cells.into_iter()) + &line(cells.into_iter().rev());
        let back = read(&text);
        assert_eq!(back.len(), 2);
        assert_eq!(back[0], cells);
        assert!(text.contains("\"'=1+1\"") && text.contains("\"'-\""), "{text}");
    }

    #[test]
    fn reads_what_others_write() {
        assert_eq!(read("a,b\nc,d"), [["a", "b"], ["c", "d"]]);
        assert_eq!(read("a\tb\r\n\"c,\"\td\r"), [["a", "b"], ["c,", "d"]]);
        assert_eq!(read("\"open, never closed\nb"), [vec!["open", " never closed"], vec!["b"]]);
        assert_eq!(read("a,\n"), [["a", ""]]);
        assert_eq!(read("\"a\"x,b"), [["ax", "b"]]);
        assert!(read("").is_empty());
    }

    #[test]
    fn encodings() {
        let text = "序号,工作任务";
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [text.as_bytes().to_vec(), format!("\u{FEFF}{text}").into(), GB18030.encode(text).0.into(), utf16]
        {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        assert!(decode(b"\xFF\xFF\xFF").is_err());
    }
}
