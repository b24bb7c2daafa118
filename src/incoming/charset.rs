//! Decodes bytes to text. In Chinese mail the declared charset is often wrong, so the bytes are believed first.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes as UTF-8 if the bytes are UTF-8, else as declared if that works, else as GB18030.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    let label = declared.unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(text) = seven_bit(bytes, &label) {
        return text;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(text) = utf8(bytes) {
        return text.into_owned();
    }
    // Some programs declare ASCII whatever they send.
    let named = Encoding::for_label(label.as_bytes())
        .filter(|e| *e != UTF_8 && !(*e == WINDOWS_1252 && (label.contains("ascii") || label.is_empty())));
    let declared = named.and_then(|e| e.decode_without_bom_handling_and_without_replacement(bytes));
    declared.unwrap_or_else(|| GB18030.decode_without_bom_handling(bytes).0).into_owned()
}

/// Encodings whose bytes look like ASCII, or are not recognisable: here the label must be believed.
fn seven_bit(bytes: &[u8], label: &str) -> Option<String> {
    if label.starts_with("hz") {
        return Some(hz(bytes));
    }
    if label.starts_with("utf-7") || label.starts_with("utf7") {
        return charset_decoder(b"utf-7").map(|decode| decode(bytes));
    }
    let wide = label.starts_with("utf-16") || label.starts_with("iso-2022");
    let encoding = Encoding::for_label(label.as_bytes()).filter(|_| wide)?;
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
}

/// UTF-8, also if the last character is cut or, in a long text, a few bytes are broken.
fn utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => return Some(Cow::Borrowed(text)),
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            let whole = bytes.get(..error.valid_up_to())?;
            // GBK may end in bytes that look like the beginning of a UTF-8 character.
            if !whole.is_ascii() {
                return Some(String::from_utf8_lossy(whole));
            }
        }
        Err(_) => {}
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| c.len_utf8() >= 2).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    (good > bad.saturating_mul(8)).then(|| String::from_utf8_lossy(bytes))
}

/// HZ (RFC 1843): GB 2312 with the high bits cleared, between `~{` and `~}`.
fn hz(bytes: &[u8]) -> String {
    let mut raised = Vec::with_capacity(bytes.len());
    let mut chinese = false;
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match (byte, rest.peek()) {
            (b'~', Some(b'{')) => chinese = true,
            (b'~', Some(b'}')) => chinese = false,
            (b'~', Some(b'~')) => raised.push(b'~'),
            (b'~', Some(b'\n')) => {}
            _ => {
                raised.push(if chinese && byte > b' ' { byte | 0x80 } else { byte });
                continue;
            }
        }
        rest.next();
    }
    GB18030.decode_without_bom_handling(&raised).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_only_a_hint() {
        let gbk = GB18030.encode("已办结，网址附后").0.into_owned();
        for label in [None, Some("utf-8"), Some("GB2312"), Some("gbk"), Some("us-ascii"), Some("x-unknown")] {
            assert_eq!(decode(&gbk, label), "已办结，网址附后", "{label:?}");
            assert_eq!(decode("已办结，网址附后".as_bytes(), label), "已办结，网址附后", "{label:?}");
        }
        let rare = GB18030.encode("镕㙍𠮷已办结").0.into_owned();
        assert_eq!(decode(&rare, Some("gb2312")), "镕㙍𠮷已办结");
        assert_eq!(decode("已办结".as_bytes().split_last().unwrap().1, Some("utf-8")), "已办");
        assert_eq!(decode(b"\xef\xbb\xbf\xe5\xb7\xb2", None), "已");
    }

    #[test]
    fn big5_as_declared() {
        let big5 = encoding_rs::BIG5.encode("已辦結，謝謝").0.into_owned();
        assert_eq!(decode(&big5, Some("big5")), "已辦結，謝謝");
    }

    #[test]
    fn seven_bits() {
        assert_eq!(decode(b"~{RQ0l=a~}, ok~~", Some("hz-gb-2312")), "已办结, ok~");
        assert_eq!(decode(b"+XfJSnn7T-", Some("utf-7")), "已办结");
        assert_eq!(decode(b"\xfe\xff\x5d\xf2\x52\x9e", Some("utf-16be")).trim_start_matches('\u{feff}'), "已办");
    }

    #[test]
    fn a_broken_byte_in_a_long_text() {
        let mut bytes = "政务公开工作已经全部办结了".as_bytes().to_vec();
        bytes.insert(9, 0xff);
        let cyrillic = ["Привет, это сообщение о доставке".as_bytes(), b"\xff", " почты".as_bytes()].concat();
        assert!(decode(&cyrillic, None).starts_with("Привет"));
        assert_eq!(decode(&bytes, Some("utf-8")), "政务公\u{fffd}开工作已经全部办结了");
    }
}
