//! Reply tokens, `DB412-K3M9QZ7RT2XH5WPA`, which tell the letter that is answered, in any form that programs write.

const TOKENS: usize = 20;
const DIGITS: usize = 12;
const KEY: usize = 16;
/// The most characters of line break, spaces and quote marks after the hyphen.
const GAP: usize = 20;

/// Adds the tokens of a text that `tokens` lacks, in order, in ASCII capitals.
pub(super) fn find(text: &str, tokens: &mut Vec<String>) {
    let chars: Vec<char> = text.chars().map(plain).collect();
    for at in 0..chars.len() {
        if tokens.len() >= TOKENS {
            return;
        }
        let glued = at > 0 && chars[at - 1].is_ascii_alphanumeric();
        if chars[at] == 'D'
            && !glued
            && let Some(token) = token(&chars[at..])
            && !tokens.contains(&token)
        {
            tokens.push(token);
        }
    }
}

/// The character in ASCII width, as a capital; the dashes that programs write for a hyphen become hyphens.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).map_or(c, |c| c.to_ascii_uppercase()),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad}' => '-',
        c => c.to_ascii_uppercase(),
    }
}

fn token(chars: &[char]) -> Option<String> {
    let rest = chars.strip_prefix(&['D', 'B'])?;
    let digits = rest.iter().take(DIGITS + 1).take_while(|c| c.is_ascii_digit()).count();
    if digits == 0 || digits > DIGITS || rest.get(digits) != Some(&'-') {
        return None;
    }
    let mut key = &rest[digits + 1..];
    // The line may be broken after the hyphen, and the next line quoted.
    let gap = key.iter().take(GAP).take_while(|c| c.is_whitespace() || **c == '>').count();
    if key[..gap].iter().filter(|c| **c == '\n').count() == 1 {
        key = &key[gap..];
    }
    let in_alphabet = |c: &char| matches!(c, '0'..='9' | 'A'..='H' | 'J' | 'K' | 'M' | 'N' | 'P'..='T' | 'V'..='Z');
    let whole = key.len() >= KEY
        && key[..KEY].iter().all(in_alphabet)
        && key.get(KEY).is_none_or(|c| !c.is_ascii_alphanumeric());
    whole.then(|| format!("DB{}-{}", rest[..digits].iter().collect::<String>(), key[..KEY].iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        find(text, &mut tokens);
        tokens
    }

    #[test]
    fn as_programs_write_it() {
        for text in [
            "DB412-K3M9QZ7RT2XH5WPA",
            "回复编号：db412-k3m9qz7rt2xh5wpa。",
            "编号ＤＢ４１２－Ｋ３Ｍ９ＱＺ７ＲＴ２ＸＨ５ＷＰＡ",
            "> DB412-\r\n> K3M9QZ7RT2XH5WPA",
            "DB412–K3M9QZ7RT2XH5WPA DB412-K3M9QZ7RT2XH5WPA",
        ] {
            assert_eq!(tokens(text), ["DB412-K3M9QZ7RT2XH5WPA"], "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "XDB412-K3M9QZ7RT2XH5WPA",
            "DB412-K3M9QZ7RT2XH5WPAA",
            "DB412-K3M9QZ7RT2XH5WP",
            "DB-K3M9QZ7RT2XH5WPA",
            "DB1234567890123-K3M9QZ7RT2XH5WPA",
            "DB412-K3M9QI7RT2XH5WPA",
            "DB412- K3M9QZ7RT2XH5WPA",
            "DB412-\n\nK3M9QZ7RT2XH5WPA",
        ] {
            assert!(tokens(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn many() {
        let text: String = (0..100).map(|i| format!("DB{i}-K3M9QZ7RT2XH5WPA ")).collect();
        assert_eq!(tokens(&text).len(), TOKENS);
    }
}
