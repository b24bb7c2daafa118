//! Names of folders and sets of letters, as they are written to a server. Pure.

use base64::{
    Engine as _,
    alphabet::IMAP_MUTF7,
    engine::general_purpose::{GeneralPurpose, NO_PAD},
};

const MUTF7: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// The name in modified UTF-7 (RFC 3501 5.1.3); control characters are encoded too.
pub(super) fn mutf7(name: &str) -> String {
    let mut written = String::new();
    let mut foreign: Vec<u8> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut foreign, &mut written);
            written.push(c);
            if c == '&' {
                written.push('-');
            }
        } else {
            foreign.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut foreign, &mut written);
    written
}

fn flush(foreign: &mut Vec<u8>, written: &mut String) {
    if !foreign.is_empty() {
        written.push('&');
        MUTF7.encode_string(&*foreign, written);
        written.push('-');
        foreign.clear();
    }
}

/// A quoted string; the text must be ASCII without line breaks.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether two encoded names are the same folder: INBOX is not case-sensitive.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("inbox") && b.eq_ignore_ascii_case("inbox"))
}

/// `3,5:7` for ascending UIDs.
pub(super) fn set(uids: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => runs.push((*uid, *uid)),
        }
    }
    let written: Vec<String> =
        runs.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}:{b}") }).collect();
    written.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders() {
        for (name, written) in [
            ("INBOX", "INBOX"),
            ("已处理", "&XfJZBHQG-"),
            ("待人工", "&X4VOul3l-"),
            ("a&b", "a&-b"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("𠮷", "&2ELft w-".replace(' ', "").as_str()),
            ("a\r\nb", "a&AA0ACg-b"),
        ] {
            assert_eq!(mutf7(name), written, "{name}");
        }
        assert_eq!(quoted("a\"b\\c"), r#""a\"b\\c""#);
    }

    #[test]
    fn sets_of_letters() {
        assert_eq!(set(&[3, 5, 6, 7, 9]), "3,5:7,9");
        assert_eq!(set(&[]), "");
        assert_eq!(set(&[u32::MAX - 1, u32::MAX]), "4294967294:4294967295");
    }
}
