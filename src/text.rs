//! Text helpers that several rooms share: safe lines, hidden characters, Chinese numerals, what pages are written in.

use mail_parser::decoders::html::add_html_token;
use unicode_normalization::UnicodeNormalization;

/// Whether a character is invisible or changes the direction of text. White space, line separators and control
/// characters are not hidden: they separate.
pub fn is_hidden(c: char) -> bool {
    turns(c) || is_zero_width(c) || is_blank(c)
}

/// The name of a character that no text should hold: a hidden one, a line separator, U+FFFD or a control character.
pub fn hidden(c: char) -> Option<String> {
    let kind = match c {
        c if turns(c) => "改变文字方向的字符",
        c if is_zero_width(c) => "零宽字符",
        c if is_blank(c) => "看不见的字符",
        '\u{2028}' | '\u{2029}' => "看不见的换行符",
        '\u{FFFD}' => "乱码替代符",
        c if c.is_control() => "控制字符",
        _ => return None,
    };
    Some(format!("{kind} U+{:04X}", u32::from(c)))
}

/// A text for a terminal: what is not to be seen, or would steer it, is marked; lines and tabs stay.
pub fn shown(text: &str) -> String {
    let odd = |c: char| !matches!(c, '\n' | '\t') && hidden(c).is_some();
    text.replace("\r\n", "\n").chars().map(|c| if odd(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A JSON text in which nothing is hidden: it means the same.
pub fn json_shown(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // Outside of strings JSON has no others.
            '\n' => text.push(c),
            c if hidden(c).is_some() => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text += &format!("\\u{unit:04x}");
                }
            }
            c => text.push(c),
        }
    }
    text
}

fn turns(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{061C}')
}

fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{034F}' | '\u{FEFF}' | '\u{180E}'
    )
}

/// Soft hyphen, fillers of Hangul, annotations, tags.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// One line that is safe to show and to send: hidden characters are removed, and each run of white space, line breaks
/// and control characters becomes one space.
pub fn one_line(text: &str) -> String {
    short_line(text, usize::MAX)
}

/// [`one_line`], cut at `limit` characters.
pub fn short_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let (mut chars, mut gap) = (0, false);
    for c in text.chars().filter(|c| !is_hidden(*c)) {
        if c.is_whitespace() || c.is_control() {
            gap = chars > 0;
            continue;
        }
        if chars + usize::from(gap) >= limit {
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            chars += 1;
        }
        line.push(c);
        chars += 1;
    }
    line
}

/// NFKC of the first 200 characters, without white space and hidden characters, for comparing words.
pub fn bare(text: &str) -> String {
    text.chars().take(200).filter(|c| !is_hidden(*c)).nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// The text of a page with its character references decoded: `&amp;`, `&#20013;`. An unknown one stays as it is written.
pub fn unescaped(text: &str) -> String {
    /// Longer than any name that is known.
    const NAME: usize = 12;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest.bytes().skip(1).take(NAME).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
        let length = if name > 0 && rest.as_bytes().get(name + 1) == Some(&b';') { name + 2 } else { 1 };
        if length > 1 {
            add_html_token(&mut out, &rest.as_bytes()[..length], false);
        } else {
            out.push('&');
        }
        rest = &rest[length..];
    }
    out + rest
}

/// What stands behind the tag that closes this element; nothing where it is never closed.
pub fn after_closing<'a>(page: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = page[from..].find("</") {
        let after = from + at + 2;
        let closing = page.as_bytes().get(after..after + name.len());
        if closing.is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes())) {
            return page[after..].split_once('>').map_or("", |(_, rest)| rest);
        }
        from = after;
    }
    ""
}

/// The text as a TOML basic string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a Chinese number up to ninety-nine may contain the character.
pub fn is_numeral(c: char) -> bool {
    c == '十' || digit(c).is_some()
}

/// 一 to 九.
pub fn digit(c: char) -> Option<u32> {
    (1..).zip("一二三四五六七八九".chars()).find_map(|(n, d)| (d == c).then_some(n))
}

/// 一 to 九十九.
pub fn numeral(chars: &[char]) -> Option<u32> {
    match chars {
        ['十'] => Some(10),
        [ten, '十'] => Some(digit(*ten)? * 10),
        ['十', one] => Some(10 + digit(*one)?),
        [ten, '十', one] => Some(digit(*ten)? * 10 + digit(*one)?),
        [one] => digit(*one),
        _ => None,
    }
}

/// What anybody may write, to be repeated in a letter: nothing in it may be pressed.
pub fn without_links(text: &str) -> String {
    let is_link = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.contains("://") || word.contains("www.")
    };
    let ends = |c: char| !c.is_ascii_graphic() || "<>()\"',;".contains(c);
    let piece = |piece: &str| {
        let word = piece.trim_end_matches(ends);
        if is_link(word) { format!("〔网址略〕{}", &piece[word.len()..]) } else { piece.to_owned() }
    };
    text.split_inclusive(ends).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn character_references() {
        assert_eq!(
            unescaped("a&amp;amp;&#20013;&#x6587;&nbsp;&x;& &unknownname; &;&#;"),
            "a&amp;中文\u{a0}&x;& &unknownname; &;&#;"
        );
        assert_eq!(after_closing("a</b></STYLE >c", "style"), "c");
        assert_eq!(after_closing("a</styl", "style"), "");
    }

    #[test]
    fn one_safe_line() {
        assert_eq!(one_line(" a\r\n\u{7}b\u{202E}c \u{200B}\u{2028} 甲\u{3000}乙\u{A0}"), "a bc 甲 乙");
        assert_eq!((short_line("长 长 长", 4), short_line("长长", 1)), ("长 长".into(), "长".into()));
    }

    #[test]
    fn nothing_steers_a_terminal() {
        let odd = "甲\u{1b}]0;pwn\u{7}\u{202E}乙\u{9b}31m\r丙\u{200B}";
        assert_eq!(
            shown(&format!("{odd}\r\n\t一\n")),
            "甲\u{FFFD}]0;pwn\u{FFFD}\u{FFFD}乙\u{FFFD}31m\u{FFFD}丙\u{FFFD}\n\t一\n"
        );
        let json = serde_json::to_string_pretty(&[odd, "\u{E0041}", "\u{2028}"]).unwrap();
        let plain = json_shown(&json);
        assert!(plain.chars().all(|c| c == '\n' || hidden(c).is_none()) && plain.contains("\\u202e"), "{plain}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&plain).unwrap(), [odd, "\u{E0041}", "\u{2028}"]);
    }

    #[test]
    fn what_is_hidden_has_a_name() {
        for c in (0..=0x0010_FFFF).filter_map(char::from_u32).filter(|c| is_hidden(*c)) {
            assert!(hidden(c).is_some() && one_line(&c.to_string()).is_empty(), "{c:?}");
        }
        assert!(!is_hidden('\n') && hidden('\n').is_some() && hidden('年').is_none());
    }

    #[test]
    fn numerals() {
        for (text, number) in [("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("九十九", 99)] {
            assert_eq!(numeral(&text.chars().collect::<Vec<_>>()), Some(number), "{text}");
        }
        for text in ["", "十十", "一二", "百", "二十三四"] {
            assert_eq!(numeral(&text.chars().collect::<Vec<_>>()), None, "{text}");
        }
    }

    #[test]
    fn words_to_compare() {
        assert_eq!(bare("责任 科\n室（Ａ）"), "责任科室(A)");
    }

    #[test]
    fn as_toml_writes_it() {
        assert_eq!(quoted("a\"\\\n\u{7f}"), "\"a\\\"\\\\\\n\\u007F\"");
    }

    #[test]
    fn what_anybody_may_write_has_nothing_to_press() {
        let said = without_links(
            "550 5.7.1 请到<https://evil.example/a?b=c>，或HTTP://evil.example。www.evil.example; by mx1.a.example[192.0.2.1]",
        );
        assert_eq!(said, "550 5.7.1 请到<〔网址略〕>，或〔网址略〕。〔网址略〕; by mx1.a.example[192.0.2.1]");
    }
}
