//! What a letter is known by in a reply, however it was quoted, forwarded or typed again: `DB412-K3M9QZ7RT2XH5WPA`.

use super::link::Links;

/// Digits and letters that are not taken for each other (Crockford's base 32).
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 80 bits, sixteen characters: they can be tried by mail alone.
const MAC_BYTES: usize = 10;

impl Links {
    pub fn reply_token(&self, letter: i64) -> String {
        let mac = self.signer().sign("reply", &[&letter.to_be_bytes()]);
        format!("DB{letter}-{}", base32(mac.get(..MAC_BYTES).unwrap_or_default()))
    }

    /// The letter that the token is of; `None` if it is not ours.
    pub fn verify_reply_token(&self, token: &str) -> Option<i64> {
        let (letter, mac) = token.strip_prefix("DB")?.split_once('-')?;
        let letter: i64 = letter.parse().ok().filter(|n| *n >= 0)?;
        let mac = unbase32(mac)?;
        let is_signed = self.0.iter().any(|key| key.verifies("reply", &[&letter.to_be_bytes()], &mac));
        is_signed.then_some(letter)
    }
}

/// Five bytes are eight digits.
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
    use super::{super::link::Key, *};

    fn links(keys: &[u8]) -> Links {
        Links::new(keys.iter().map(|k| Key::new([*k; 32])).collect()).unwrap()
    }

    #[test]
    fn signed_and_read_back() {
        let token = links(&[1]).reply_token(412);
        assert_eq!(token.len(), "DB412-".len() + 16);
        assert_eq!(links(&[1]).verify_reply_token(&token), Some(412));
        assert_eq!(links(&[1, 2]).verify_reply_token(&token), Some(412), "the old key still verifies");
        assert_eq!(links(&[2]).verify_reply_token(&token), None);
    }

    #[test]
    fn no_other_character_and_no_other_letter() {
        let token = links(&[1]).reply_token(412);
        for (at, _) in token.char_indices() {
            for other in "0A9Z-".chars().filter(|c| !token[at..].starts_with(*c)) {
                let altered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                assert_eq!(links(&[1]).verify_reply_token(&altered), None, "{altered}");
            }
            assert_eq!(links(&[1]).verify_reply_token(&token[..at]), None);
        }
        assert_eq!(links(&[1]).verify_reply_token(&token.replace("412", "413")), None);
        assert_eq!(links(&[1]).verify_reply_token(&token.replace("412", "0412")), Some(412));
    }
}
