//! Message-IDs: which letters a message names.

use super::header::Header;

const REFERENCES: usize = 50;
const ID_BYTES: usize = 250;

/// How the Message-IDs of our letters begin, and the names of their deliveries (ENVID).
pub(super) const OURS: &str = "duban.";

/// Adds what looks like a Message-ID of ours, or like its left part, wherever it stands in these bytes, also in base64.
pub(super) fn ours(bytes: &[u8], limit: usize, ids: &mut Vec<String>) {
    named(bytes, limit, ids);
    // Lines of base64 that no head announces.
    let mut run: Vec<u8> = Vec::new();
    let coded = |line: &[u8]| {
        line.len() >= 40 && line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    };
    for line in bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
        if coded(line) {
            run.extend(line);
        } else if !run.is_empty() {
            // The last line is short.
            run.extend(line.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')));
            named(&super::transfer::base64(&run), limit, ids);
            run.clear();
        }
    }
    named(&super::transfer::base64(&run), limit, ids);
}

fn named(bytes: &[u8], limit: usize, ids: &mut Vec<String>) {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'@' | b'_');
    let mut at = 0;
    while ids.len() < limit && at + OURS.len() < bytes.len() {
        if !bytes[at..].starts_with(OURS.as_bytes()) {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take(ID_BYTES).take_while(|b| part(b)).count();
        let id = String::from_utf8_lossy(&bytes[at..at + length]).trim_end_matches(['.', '-']).to_owned();
        if id.matches('.').count() >= 3 && !ids.contains(&id) {
            ids.push(id);
        }
        at += length;
    }
}

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
    fn ours_anywhere() {
        let id = "duban.bda829a2195d.2.d1df74a520fd2025@example.test";
        let coded = "ZnJvbTogeCBzdWJqZWN0OiBhYmMgTWVzc2FnZS1JRDogPGR1YmFuLmJkYTgyOWEyMTk1ZC4y\nLmQxZGY3NGE1MjBmZDIwMjVAZXhhbXBsZS50ZXN0Pgo=\n";
        for text in [format!("X-Id=<{id}>;"), format!("a\n{coded}\nb"), coded.to_owned()] {
            let mut found = Vec::new();
            ours(text.as_bytes(), 5, &mut found);
            assert_eq!(found, [id], "{text}");
        }
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
