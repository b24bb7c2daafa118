//! The header of a message or of a part: its fields as bytes or as text.

use super::{charset, encoded};

/// More fields than any letter has; later ones are not read.
const FIELDS: usize = 1000;
const FIELD_BYTES: usize = 32 * 1024;

/// The fields in their order, unfolded, names in lower case.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    fields: Vec<(String, Vec<u8>)>,
}

impl Header {
    /// Reads fields up to an empty line or a line for which `ends` is true. Also returns where the body begins.
    pub fn read(bytes: &[u8], ends: impl Fn(&[u8]) -> bool) -> (Self, usize) {
        let mut header = Self::default();
        let mut at = 0;
        // The folded lines of a field that is not kept are not kept either.
        let mut kept = false;
        while let Some(line) = line(bytes, at) {
            let text = trim_end(line);
            if text.is_empty() {
                return (header, at + line.len());
            }
            if ends(line) {
                return (header, at);
            }
            at += line.len();
            if text.starts_with(b" ") || text.starts_with(b"\t") {
                if let Some((_, value)) = header.fields.last_mut().filter(|_| kept) {
                    extend(value, text);
                }
                continue;
            }
            kept = false;
            let Some(colon) = text.iter().position(|b| *b == b':') else { continue };
            let (name, value) = (&text[..colon], &text[colon + 1..]);
            let is_name = (1..=100).contains(&name.len()) && name.iter().all(|b| (b' '..=b'~').contains(b));
            if is_name && header.fields.len() < FIELDS {
                let mut field = Vec::new();
                extend(&mut field, value.trim_ascii_start());
                header.fields.push((String::from_utf8_lossy(name).trim().to_ascii_lowercase(), field));
                kept = true;
            }
        }
        (header, bytes.len())
    }

    /// The first field of this name, as bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }

    /// The first field of this name as characters; encoded words stay as they are.
    pub fn raw(&self, name: &str) -> Option<String> {
        self.bytes(name).map(characters)
    }

    /// All fields of this name, as [`Self::raw`].
    pub fn all(&self, name: &str) -> impl Iterator<Item = String> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| characters(value))
    }

    /// The first field of this name with its encoded words decoded.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|raw| encoded::decode(&raw))
    }

    /// The names of the fields, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.bytes(name).is_some()
    }
}

fn characters(value: &[u8]) -> String {
    charset::decode(value, None).replace('\0', "").trim().to_owned()
}

fn extend(value: &mut Vec<u8>, more: &[u8]) {
    let room = FIELD_BYTES.saturating_sub(value.len());
    value.extend_from_slice(&more[..more.len().min(room)]);
}

/// The line that begins here, with its end; `None` at the end of the bytes.
pub(super) fn line(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |i| i + 1);
    rest.get(..end)
}

/// Without the line's end.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    // Some gateways write CR CR LF.
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded() {
        let (header, body) =
            Header::read(b"Subject: a\r\n b\r\nFROM : x\r\nno field\r\n folded\r\n\r\nbody", |_| false);
        assert_eq!(header.raw("subject").unwrap(), "a b");
        assert_eq!(header.raw("from").unwrap(), "x");
        assert_eq!(body, 47);
    }

    #[test]
    fn a_head_without_end() {
        let (header, body) = Header::read(b"Subject: a", |_| false);
        assert_eq!((header.raw("subject").unwrap().as_str(), body), ("a", 10));
        let huge = [b"X: ".to_vec(), vec![b'a'; 1_000_000]].concat();
        assert_eq!(Header::read(&huge, |_| false).0.raw("x").unwrap().len(), FIELD_BYTES);
    }
}
