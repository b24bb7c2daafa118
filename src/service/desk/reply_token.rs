//! The token that ties a reply to its letter, even when quoted, forwarded or typed by hand: `DB412-K3M9QZ7RT2XH5WPA`.

use crate::service::desk::link::Links;

/// Crockford's base 32: without letters that look like others.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 80 bits, sixteen characters: enough, since guesses can only be tried by mail.
const MAC_BYTES: usize = 10;

impl Links {
    /// Signs the whole Message-ID: a letter of another database may have the same number.
    pub fn reply_token(&self, letter: i64, message_id: &str) -> String {
        let mac = self.signer().sign("reply", &[message_id.as_bytes()]);
        format!("DB{letter}-{}", base32(mac.get(..MAC_BYTES).unwrap_or_default()))
    }

    /// Whether the token belongs to this letter.
    pub fn is_reply_token(&self, token: &str, letter: i64, message_id: &str) -> bool {
        let mac = token.split_once('-').and_then(|(_, mac)| unbase32(mac));
        letter_of(token) == Some(letter)
            && mac.is_some_and(|mac| self.0.iter().any(|key| key.verifies("reply", &[message_id.as_bytes()], &mac)))
    }
}

/// The letter number that a token claims.
pub fn letter_of(token: &str) -> Option<i64> {
    token.strip_prefix("DB")?.split_once('-')?.0.parse().ok().filter(|n| *n >= 0)
}

/// Eight digits for each five bytes; `bytes` must be a multiple of five.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for five in bytes.chunks_exact(5) {
        let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        text.extend((0..8).rev().map(|n| char::from(DIGITS[(bits >> (5 * n) & 31) as usize])));
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    if text.len() != MAC_BYTES / 5 * 8 {
        return None;
    }
    let mut bytes = Vec::new();
    for eight in text.as_bytes().chunks_exact(8) {
        let mut bits = 0u64;
        for digit in eight {
            bits = bits << 5 | DIGITS.iter().position(|d| d == digit)? as u64;
        }
        bytes.extend(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::desk::link::Key;

    fn links(keys: &[u8]) -> Links {
        Links::new(keys.iter().map(|k| Key::new([*k; 32])).collect()).unwrap()
    }

    const ID: &str = "duban.k7.412.0a1b@example.test";

    #[test]
    fn signed_and_read_back() {
        let token = links(&[1]).reply_token(412, ID);
        assert_eq!((token.len(), letter_of(&token)), ("DB412-".len() + 16, Some(412)));
        assert!(links(&[1]).is_reply_token(&token, 412, ID));
        assert!(links(&[1, 2]).is_reply_token(&token, 412, ID), "the old key still verifies");
        assert!(!links(&[2]).is_reply_token(&token, 412, ID));
        assert!(!links(&[1]).is_reply_token(&token, 412, "duban.z9.412.0a1b@example.test"), "another database's");
    }

    #[test]
    fn no_other_character_and_no_other_letter() {
        let token = links(&[1]).reply_token(412, ID);
        for (at, _) in token.char_indices() {
            for other in "0A9Z-".chars().filter(|c| !token[at..].starts_with(*c)) {
                let altered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                assert!(!links(&[1]).is_reply_token(&altered, 412, ID), "{altered}");
            }
            assert!(!links(&[1]).is_reply_token(&token[..at], 412, ID));
        }
        assert!(!links(&[1]).is_reply_token(&token, 413, ID));
    }
}
