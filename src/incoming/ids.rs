//! Message-IDs: which letters a message names.

use super::header::Header;

const REFERENCES: usize = 50;
const ID_BYTES: usize = 250;

/// The first Message-ID in a field.
pub(super) fn first(field: &str) -> Option<String> {
    let mut ids = Vec::new();
    collect(field, 1, &mut ids);
    ids.pop()
}

/// In-Reply-To, then References from the last to the first, each once.
pub(super) fn refers_to(header: &Header) -> Vec<String> {
    let mut ids = Vec::new();
    collect(&header.raw("in-reply-to").unwrap_or_default(), REFERENCES, &mut ids);
    let mut thread = Vec::new();
    collect(&header.raw("references").unwrap_or_default(), usize::MAX, &mut thread);
    for id in thread.into_iter().rev() {
        add(id, REFERENCES, &mut ids);
    }
    ids
}

/// Adds the Message-IDs in a text: `<…@…>`, or, if it has no `<`, bare words with an `@`.
pub(super) fn collect(text: &str, limit: usize, ids: &mut Vec<String>) {
    let mut rest = text;
    let mut any = false;
    while let Some(at) = rest.find('<').filter(|_| ids.len() < limit) {
        rest = &rest[at + 1..];
        // A Message-ID may contain a line break. An unclosed one ends where the next begins.
        let Some(end) = rest.bytes().take(ID_BYTES * 2).position(|b| matches!(b, b'>' | b'<')) else { continue };
        if rest.as_bytes()[end] == b'>' {
            any |= add(rest[..end].split_whitespace().collect(), limit, ids);
            rest = &rest[end + 1..];
        }
    }
    if !any && !text.contains('<') && text.len() < ID_BYTES * 20 {
        for word in text.split_whitespace() {
            add(word.trim_matches(|c| matches!(c, '>' | ',' | ';' | '"')).to_owned(), limit, ids);
        }
    }
}

fn add(id: String, limit: usize, ids: &mut Vec<String>) -> bool {
    let right = id.len() <= ID_BYTES && id.contains('@') && !id.contains(char::is_control);
    if right && ids.len() < limit && !ids.contains(&id) {
        ids.push(id);
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_first() {
        let head = "In-Reply-To: <c@x>\nReferences: <a@x> <b@x>\n <c@x>\n\t<d\n @x>\n\n";
        let (header, _) = Header::read(head.as_bytes(), |_| false);
        assert_eq!(refers_to(&header), ["c@x", "d@x", "b@x", "a@x"]);
    }

    #[test]
    fn however_written() {
        assert_eq!(first(" <a@x> (comment)").as_deref(), Some("a@x"));
        assert_eq!(first("a@x").as_deref(), Some("a@x"));
        assert_eq!(first("<a@x<b@x>").as_deref(), Some("b@x"));
        assert_eq!(first("<>"), None);
        let many: String = (0..200).map(|i| format!("<{i}@x> ")).collect();
        let (header, _) = Header::read(format!("References: {many}\n\n").as_bytes(), |_| false);
        assert_eq!(refers_to(&header).len(), REFERENCES);
        assert_eq!(refers_to(&header)[0], "199@x");
    }
}
