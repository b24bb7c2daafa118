//! What every room needs of text.

/// What kind of character this is, and its number, if it is not seen or turns around what is seen.
pub fn hidden(c: char) -> Option<String> {
    let kind = match c {
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' => {
            "改变文字方向的字符"
        }
        '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{180E}' => "零宽字符",
        '\u{00AD}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{E0000}'..='\u{E007F}' => "看不见的字符",
        '\u{2028}' | '\u{2029}' => "看不见的换行符",
        '\u{FFFD}' => "乱码替代符",
        c if c.is_control() => "控制字符",
        _ => return None,
    };
    Some(format!("{kind} U+{:04X}", u32::from(c)))
}
