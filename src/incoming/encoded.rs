//! Encoded words (RFC 2047) in header fields, also where programs deviate from the standard.

use super::{charset, transfer};

/// The longest word that is searched for, in bytes: some programs write a whole subject as one word.
const WORD_BYTES: usize = 4000;

/// The field with its encoded words decoded. Adjacent words are joined first, since a character may be split between
/// them.
pub(super) fn decode(field: &str) -> String {
    let mut text = String::new();
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = field;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some((label, bytes, after)) = word(from) else {
            flush(&mut text, &mut pending);
            text.push_str(before);
            text.push_str("=?");
            rest = &from[2..];
            continue;
        };
        let joins = before.trim().is_empty() && pending.as_ref().is_some_and(|(l, _)| *l == label);
        if !joins {
            let between_words = before.trim().is_empty() && pending.is_some();
            flush(&mut text, &mut pending);
            if !between_words {
                text.push_str(before);
            }
        }
        pending.get_or_insert_with(|| (label, Vec::new())).1.extend(bytes);
        rest = after;
    }
    flush(&mut text, &mut pending);
    text.push_str(rest);
    text
}

fn flush(text: &mut String, pending: &mut Option<(String, Vec<u8>)>) {
    if let Some((label, bytes)) = pending.take() {
        text.push_str(&charset::decode(&bytes, Some(&label)));
    }
}

/// `=?charset*language?B or Q?text?=` at the beginning: its charset, its bytes, and the rest of the field.
fn word(from: &str) -> Option<(String, Vec<u8>, &str)> {
    let inside = from.strip_prefix("=?")?;
    let label_end = inside.bytes().take(60).position(|b| b == b'?')?;
    let (label, rest) = (&inside[..label_end], &inside[label_end + 1..]);
    let mut how = rest.chars();
    let way = how.next()?;
    let coded = how.as_str().strip_prefix('?')?;
    let window = &coded.as_bytes()[..coded.len().min(WORD_BYTES)];
    let end = window.windows(2).position(|pair| pair == b"?=")?;
    let bytes = match way {
        'b' | 'B' => transfer::base64(&coded.as_bytes()[..end]),
        'q' | 'Q' => transfer::quoted_printable(coded[..end].replace('_', " ").as_bytes()),
        _ => return None,
    };
    let label = label.split('*').next().unwrap_or_default().to_ascii_lowercase();
    Some((label, bytes, &coded[end + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_they_are_written() {
        assert_eq!(decode("=?UTF-8?B?5bey5Yqe57uT?="), "已办结");
        assert_eq!(decode("=?gb18030?B?0tGw7L3h?= ok"), "已办结 ok");
        assert_eq!(decode("=?utf-8?q?a=E5=B7=B2_b?="), "a已 b");
        // A character cut in two between words.
        assert_eq!(decode("=?UTF-8?B?5bey5Yo=?=\r\n =?UTF-8?B?nue7kw==?="), "已办结");
        assert_eq!(decode("Re: =?GBK?B?0tGw7L3h?= =?UTF-8?B?5bey?="), "Re: 已办结已");
        // GBK under the name of UTF-8.
        assert_eq!(decode("=?UTF-8?B?0tGw7L3h?="), "已办结");
        assert_eq!(decode("a =?x b =?UTF-8?X?aa?="), "a =?x b =?UTF-8?X?aa?=");
        assert_eq!(decode("=?é?Q?é?="), "é");
    }
}
