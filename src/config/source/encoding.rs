//! Detects a file's encoding. Only UTF-8 is accepted; a finding names any other and says how to save the file again.

use std::path::Path;

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

use super::{
    finding::{Collector, Severity},
    text::Source,
};

const SAVE: &str = "用记事本打开，点“文件 → 另存为”，“编码”选“UTF-8”，保存后再试";

/// What bytes that are not plain UTF-8 look like.
#[derive(Debug, PartialEq)]
enum Looks {
    Utf16(&'static Encoding),
    Gbk,
    /// UTF-8 with bad bytes in it.
    Damaged,
    /// Zero bytes in otherwise valid text.
    Zeros,
    Office,
    Nothing,
}

/// The text of the bytes; reports them and gives `None` if they are not UTF-8 text.
pub fn decode(path: &Path, rank: usize, bytes: Vec<u8>, report: &Collector) -> Option<Source> {
    let looks = match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => return Some(plain(path, rank, text, report)),
        Ok(text) => (utf16(text.as_bytes()).unwrap_or(Looks::Zeros), text.into_bytes()),
        Err(error) => {
            let bytes = error.into_bytes();
            (look(&bytes), bytes)
        }
    };
    tell(path, rank, &looks.0, &looks.1, report);
    None
}

fn plain(path: &Path, rank: usize, mut text: String, report: &Collector) -> Source {
    let marked = text.starts_with('\u{FEFF}');
    if marked {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    let source = Source::new(path.to_owned(), rank, text);
    if marked {
        let what = "文件开头有 BOM 标记（“带有 BOM 的 UTF-8”），已照常读取";
        let instead = "另存为时“编码”选“UTF-8”，不选“带有 BOM 的 UTF-8”";
        report.about(Severity::Warning, &source, what.to_owned(), instead.to_owned());
    }
    source
}

fn look(bytes: &[u8]) -> Looks {
    if [&b"PK\x03\x04"[..], b"\xD0\xCF\x11\xE0", b"%PDF"].iter().any(|magic| bytes.starts_with(magic)) {
        return Looks::Office;
    }
    if let Some(looks) = utf16(bytes) {
        return looks;
    }
    let lossy = String::from_utf8_lossy(bytes);
    let bad = lossy.matches('\u{FFFD}').count();
    let good = lossy.chars().filter(|c| !c.is_ascii() && *c != '\u{FFFD}').count();
    let gbk = GB18030.decode_without_bom_handling_and_without_replacement(bytes).is_some();
    match (good > bad * 2, gbk && !bytes.contains(&0)) {
        (true, _) => Looks::Damaged,
        (false, true) => Looks::Gbk,
        // One odd byte in an English file.
        (false, false) if bad * 20 < bytes.len() => Looks::Damaged,
        (false, false) => Looks::Nothing,
    }
}

/// Recognises UTF-16 by its byte order mark, or by many zero bytes in one half of the pairs: TOML is mostly ASCII.
fn utf16(bytes: &[u8]) -> Option<Looks> {
    if bytes.starts_with(b"\xFF\xFE") {
        return Some(Looks::Utf16(UTF_16LE));
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return Some(Looks::Utf16(UTF_16BE));
    }
    let zeros = |side: usize| bytes.iter().skip(side).step_by(2).filter(|b| **b == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let many = bytes.len() / 8;
    match (first, second) {
        (_, second) if second > many && second > first * 4 => Some(Looks::Utf16(UTF_16LE)),
        (first, _) if first > many && first > second * 4 => Some(Looks::Utf16(UTF_16BE)),
        _ => None,
    }
}

/// Reports the first place that is not UTF-8, decoded as what it looks like.
fn tell(path: &Path, rank: usize, looks: &Looks, bytes: &[u8], report: &Collector) {
    let (encoding, what, instead) = match looks {
        Looks::Utf16(encoding) => (*encoding, "文件的编码是 UTF-16（记事本里叫“Unicode”或“UTF-16”），不是 UTF-8", SAVE),
        Looks::Gbk => (GB18030, "文件的编码是 GBK（记事本里叫“ANSI”），不是 UTF-8", SAVE),
        Looks::Damaged => {
            (encoding_rs::UTF_8, "这里有不是 UTF-8 的字节，文字已损坏", "把这一处重新写一遍，按 UTF-8 保存")
        }
        Looks::Zeros => (encoding_rs::UTF_8, "这里有空字节（NUL），文件可能没有写完整", "删去这一处；或从备份恢复"),
        Looks::Office => {
            let what = format!("{} 是 Word、Excel、PDF 或压缩文件，不是纯文本", path.display());
            return report.placeless(Severity::Error, what, "用记事本写，按 UTF-8 保存");
        }
        Looks::Nothing => {
            return report.placeless(Severity::Error, format!("{} 不是文本文件", path.display()), SAVE);
        }
    };
    let source = Source::new(path.to_owned(), rank, encoding.decode_with_bom_removal(bytes).0.into_owned());
    let odd = |c: char| {
        if matches!(looks, Looks::Damaged | Looks::Zeros) { matches!(c, '\u{FFFD}' | '\0') } else { !c.is_ascii() }
    };
    let at = source.text.find(odd).unwrap_or(0);
    let len = source.text[at..].chars().take_while(|c| odd(*c)).map(char::len_utf8).sum::<usize>();
    report.error(&source, at..at + len, what, instead);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"办公室\"\ntitle = \"联通\"\n";

    fn utf16_of(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn names_the_encoding() {
        let le = utf16_of(TEXT, u16::to_le_bytes);
        let be = utf16_of(TEXT, u16::to_be_bytes);
        assert_eq!(look(&[b"\xFF\xFE", &le[..]].concat()), Looks::Utf16(UTF_16LE));
        assert_eq!(look(&le), Looks::Utf16(UTF_16LE));
        assert_eq!(look(&be), Looks::Utf16(UTF_16BE));
        assert_eq!(look(&GB18030.encode(TEXT).0), Looks::Gbk);
        assert_eq!(look(&[TEXT.as_bytes(), b"\xFF"].concat()), Looks::Damaged);
        assert_eq!(look(b"PK\x03\x04\xFF"), Looks::Office);
        // UTF-16 of ASCII alone is valid UTF-8, full of zero bytes.
        assert_eq!(utf16(&utf16_of("timezone = \"Asia/Shanghai\"\n", u16::to_le_bytes)), Some(Looks::Utf16(UTF_16LE)));
        assert_eq!(utf16(b"name = \"a\0b\"\n"), None);
    }
}
