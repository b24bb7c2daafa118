//! Text for spreadsheets: how long it may be, and what is read as a formula or a link.

use crate::text::{is_hidden, one_line};

/// Excel allows 32,767 UTF-16 units in a cell; a longer one makes the whole file fail.
pub const MAX_CELL: usize = 32_000;

/// Keeps the lines; hidden characters are left out, and other control characters become spaces.
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let separates = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    let kept = text.chars().filter(|c| !is_hidden(*c));
    let shown: String = kept.map(|c| if separates(c) { ' ' } else { c }).collect();
    let shown: Vec<&str> = shown.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    cap(&shown.join("\n"))
}

/// One safe line.
pub fn line(text: &str) -> String {
    cap(&one_line(text))
}

fn cap(text: &str) -> String {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > MAX_CELL {
            return format!("{}…（太长，余下略）", &text[..at]);
        }
    }
    text.to_owned()
}

/// Whether a spreadsheet may take this text for a formula. A Chinese one reads the full-width signs too.
pub fn is_formula_like(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹢', '﹣', '﹦', '﹫', '\t', '\r'])
}

/// Whether a text may become a link: http or https, plain ASCII, no user name in it.
pub fn is_link(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let Some(rest) = lower.find("://").filter(|_| lower.starts_with("http://") || lower.starts_with("https://")) else {
        return false;
    };
    let rest = &text[rest + 3..];
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | b'{' | b'}');
    text.len() <= 2000 && text.bytes().all(is_plain) && host.contains('.') && !host.contains('@')
}

/// `A`, `Z`, `AA`: as a spreadsheet names its columns.
pub fn column_letters(mut index: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(index % 26).unwrap_or(0)));
        index /= 26;
        if index == 0 {
            return letters.iter().rev().collect();
        }
        index -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links() {
        for good in ["http://www.jiangmen.gov.cn/a.html", "HTTPS://x.gov.cn?id=1#p"] {
            assert!(is_link(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://a.cn/",
            "http://a@b.cn/",
            "http://甲.cn/",
            "https://",
            "http://a.cn/ b",
            "=HYPERLINK(\"http://a.cn\")",
            "粤江交〔2026〕3号",
            "\\\\server\\share",
            "http://a.cn/\"",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }

    #[test]
    fn cleaned() {
        assert_eq!(lines(" a\u{200B}b\r\n\r\n\u{7}c\t d \u{202E}"), "ab\nc  d");
        assert_eq!(line("甲\n 乙\u{0}丙"), "甲 乙 丙");
        assert!(lines(&"长".repeat(40_000)).encode_utf16().count() < 32_767);
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(column_letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
