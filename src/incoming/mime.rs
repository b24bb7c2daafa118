//! Splits a message's body into its parts, in one pass over its lines even if it is malformed.

use super::{
    header::{Header, line, trim_end},
    params::Params,
    transfer,
};

/// Deeper than programs nest; deeper parts are read as text.
const DEPTH: usize = 30;
const PARTS: usize = 300;
/// The deepest nesting of attached messages that are encoded: each is read in a pass of its own.
const ENCODED_DEPTH: usize = 2;

/// A part without parts of its own, or the entry for an attached message, which stands before its parts.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    pub header: Header,
    pub kind: Params,
    /// Content-Disposition.
    pub place: Params,
    /// After the transfer encoding is undone.
    pub body: Vec<u8>,
    /// In a message that is attached to this one.
    pub attached: bool,
    /// The group of alternatives that it belongs to.
    pub alternative: Option<usize>,
}

impl Leaf {
    /// The file name under which it would be saved.
    pub fn name(&self) -> Option<&str> {
        self.place.get("filename").or_else(|| self.kind.get("name"))
    }

    /// Whether it is one of the texts that are read, and not a file.
    pub fn is_text(&self, kind: &str) -> bool {
        let is_file = self.place.value == "attachment" || self.name().is_some_and(|n| !n.trim().is_empty());
        self.kind.value == kind && !is_file
    }
}

/// The parts of a message.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub leaves: Vec<Leaf>,
    /// The headers of the attached messages, in order.
    pub attached: Vec<Header>,
}

/// A multipart or attached message that encloses the current position.
struct Frame {
    /// `None` for an attached message: it ends where its enclosing part ends.
    boundary: Option<Vec<u8>>,
    digest: bool,
    attached: bool,
    alternative: Option<usize>,
}

/// Reads the parts of a message with this header.
pub(super) fn read(header: &Header, body: &[u8]) -> Parts {
    let mut reader = Reader { bytes: body, at: 0, frames: Vec::new(), parts: Parts::default(), alternatives: 0 };
    reader.message(header.clone(), 0);
    reader.parts
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    parts: Parts,
    alternatives: usize,
}

impl Reader<'_> {
    fn message(&mut self, mut header: Header, encoded: usize) {
        loop {
            self.entity(header, encoded);
            if self.parts.leaves.len() >= PARTS || !self.next_part() {
                return;
            }
            header = self.head();
        }
    }

    fn head(&mut self) -> Header {
        let (header, length) =
            Header::read(self.bytes.get(self.at..).unwrap_or_default(), |l| ends(&self.frames, l).is_some());
        self.at += length;
        header
    }

    /// Reads one entity whose header has been read; afterwards the position is at a boundary or at the end.
    fn entity(&mut self, mut header: Header, encoded: usize) {
        loop {
            let within = self.frames.last();
            let digest = within.is_some_and(|f| f.digest);
            let (attached, alternative) = within.map_or((false, None), |f| (f.attached, f.alternative));
            let mut kind = Params::read(&header.raw("content-type").unwrap_or_default());
            if kind.value.is_empty() {
                kind.value = if digest { "message/rfc822" } else { "text/plain" }.to_owned();
            } else if matches!(kind.value.as_str(), "text" | "plain" | "plain/text" | "txt" | "text/" | "text/txt") {
                kind.value = "text/plain".to_owned();
            } else if matches!(kind.value.as_str(), "html" | "html/text") {
                kind.value = "text/html".to_owned();
            }
            let coding = header.raw("content-transfer-encoding").unwrap_or_default();
            let is_message = matches!(kind.value.as_str(), "message/rfc822" | "message/global");
            if self.frames.len() < DEPTH {
                if kind.value.starts_with("multipart/")
                    && let Some(boundary) = self.boundary(&kind)
                {
                    let alternative = if kind.value == "multipart/alternative" {
                        self.alternatives += 1;
                        Some(self.alternatives)
                    } else {
                        alternative
                    };
                    let digest = kind.value == "multipart/digest";
                    self.frames.push(Frame { boundary: Some(boundary), digest, attached, alternative });
                    self.preamble(header);
                    return;
                }
                if is_message && transfer_is_plain(&coding) {
                    self.frames.push(Frame { boundary: None, digest: false, attached: true, alternative: None });
                    // It has a name like a file, and no body besides its parts.
                    let place = Params::read(&header.raw("content-disposition").unwrap_or_default());
                    self.parts.leaves.push(Leaf { header, kind, place, attached, ..Leaf::default() });
                    header = self.head();
                    self.parts.attached.push(header.clone());
                    continue;
                }
            }
            if kind.value.starts_with("multipart/") {
                kind = Params::read("text/plain");
            }
            let mut body = transfer::decode(self.body(), &coding);
            let place = Params::read(&header.raw("content-disposition").unwrap_or_default());
            if is_message && encoded < ENCODED_DEPTH && self.frames.len() < DEPTH {
                let message = std::mem::take(&mut body);
                self.parts.leaves.push(Leaf { header, kind, place, attached, ..Leaf::default() });
                self.encoded_message(&message, encoded);
                return;
            }
            self.parts.leaves.push(Leaf { header, kind, place, body, attached, alternative });
            return;
        }
    }

    /// Reads an attached message that is encoded: in base64, against the rules, or in quoted-printable.
    fn encoded_message(&mut self, bytes: &[u8], encoded: usize) {
        let (header, length) = Header::read(bytes, |_| false);
        self.parts.attached.push(header.clone());
        let body = bytes.get(length..).unwrap_or_default();
        let around = Frame { boundary: None, digest: false, attached: true, alternative: None };
        let mut inner = Reader {
            bytes: body,
            at: 0,
            frames: vec![around],
            parts: std::mem::take(&mut self.parts),
            alternatives: self.alternatives,
        };
        inner.message(header, encoded + 1);
        self.alternatives = inner.alternatives;
        self.parts = inner.parts;
    }

    /// A multipart's declared boundary, or what looks like one if none is declared or another one is used.
    fn boundary(&self, kind: &Params) -> Option<Vec<u8>> {
        let rest = self.bytes.get(self.at..)?;
        let declared = kind.get("boundary").map(|b| b.trim_end().as_bytes()).filter(|b| !b.is_empty());
        // Only the outermost boundary is searched for: a thousand nested ones would each search the whole body.
        let comes = |b: &&[u8]| !self.frames.is_empty() || has_line(rest, b);
        if let Some(boundary) = declared.filter(comes) {
            return Some(boundary.to_vec());
        }
        let near = rest.get(..rest.len().min(2000))?;
        let mut lines = near.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        lines.find_map(|l| l.strip_prefix(b"--").filter(|b| !b.is_empty() && !b.contains(&b' '))).map(<[u8]>::to_vec)
    }

    /// Skips the text before a multipart's first part. If that part never comes, the text is kept as a part.
    fn preamble(&mut self, header: Header) {
        let depth = self.frames.len();
        let text = self.body().to_vec();
        let own = line(self.bytes, self.at).and_then(|l| ends(&self.frames, l)).is_some_and(|(i, _)| i + 1 == depth);
        if !own && !text.trim_ascii().is_empty() {
            let attached = self.frames.last().is_some_and(|f| f.attached);
            let kind = Params::read("text/plain");
            self.parts.leaves.push(Leaf { header, kind, body: text, attached, ..Leaf::default() });
        }
    }

    /// The bytes up to the next boundary, without the line break that belongs to it.
    fn body(&mut self) -> &[u8] {
        let start = self.at;
        while let Some(line) = line(self.bytes, self.at) {
            if ends(&self.frames, line).is_some() {
                return trim_end(&self.bytes[start..self.at]);
            }
            self.at += line.len();
        }
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Goes to the header of the next part; `false` at the end.
    fn next_part(&mut self) -> bool {
        while let Some(line) = line(self.bytes, self.at) {
            let Some((frame, closes)) = ends(&self.frames, line) else {
                self.at += line.len();
                continue;
            };
            self.at += line.len();
            self.frames.truncate(if closes { frame } else { frame + 1 });
            if !closes {
                return true;
            }
        }
        false
    }
}

/// Whether some line begins with this boundary.
fn has_line(bytes: &[u8], boundary: &[u8]) -> bool {
    let marks = |line: &[u8]| line.strip_prefix(b"--").is_some_and(|rest| rest.starts_with(boundary));
    bytes.split(|b| *b == b'\n').any(marks)
}

fn transfer_is_plain(coding: &str) -> bool {
    let coding = coding.trim().to_ascii_lowercase();
    !coding.starts_with("base64") && !coding.starts_with("quoted-printable")
}

/// The frame whose boundary this line is, innermost first, and whether the line closes it.
fn ends(frames: &[Frame], line: &[u8]) -> Option<(usize, bool)> {
    let rest = line.strip_prefix(b"--")?;
    frames.iter().enumerate().rev().find_map(|(i, frame)| {
        let after = rest.strip_prefix(frame.boundary.as_deref()?)?.trim_ascii();
        (after.is_empty() || after == b"--").then_some((i, after == b"--"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(message: &str) -> Vec<(String, String, bool)> {
        let (header, at) = Header::read(message.as_bytes(), |_| false);
        let parts = read(&header, &message.as_bytes()[at..]);
        let leaf = |l: &Leaf| (l.kind.value.clone(), String::from_utf8_lossy(&l.body).into_owned(), l.attached);
        parts.leaves.iter().map(leaf).collect()
    }

    fn leaf(kind: &str, body: &str, attached: bool) -> (String, String, bool) {
        (kind.to_owned(), body.to_owned(), attached)
    }

    #[test]
    fn a_plain_message_is_one_part() {
        assert_eq!(leaves("Subject: a\n\nbody\n"), [leaf("text/plain", "body\n", false)]);
        assert_eq!(leaves("\n"), [leaf("text/plain", "", false)]);
    }

    #[test]
    fn parts_in_parts() {
        let message = "Content-Type: multipart/mixed; boundary=a\n\npre\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n--ab\n\nplain\n--ab\nContent-Type: text/html\n\n<p>\n--ab--\nepilogue\n--a\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n--a--\nend";
        assert_eq!(
            leaves(message),
            [
                leaf("text/plain", "plain", false),
                leaf("text/html", "<p>", false),
                leaf("message/rfc822", "", false),
                leaf("text/plain", "inner", true)
            ]
        );
    }

    #[test]
    fn an_attached_message_in_base64() {
        let inner = "U3ViamVjdDogeAoKaW5uZXIK";
        let head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64";
        let message = format!("Content-Type: multipart/mixed; boundary=a\n\n--a\n{head}\n\n{inner}\n--a\n\nown\n--a--");
        assert_eq!(
            leaves(&message),
            [leaf("message/rfc822", "", false), leaf("text/plain", "inner\n", true), leaf("text/plain", "own", false)]
        );
    }

    #[test]
    fn broken_trees() {
        // The boundary never comes.
        assert_eq!(leaves("Content-Type: multipart/mixed; boundary=a\n\nhello"), [leaf("text/plain", "hello", false)]);
        // It is not declared.
        assert_eq!(
            leaves("Content-Type: multipart/mixed\n\n--12345678\n\nhello\n--12345678--"),
            [leaf("text/plain", "hello", false)]
        );
        // It does not end.
        assert_eq!(
            leaves("Content-Type: multipart/mixed; boundary=a\n\n--a\n\nhello"),
            [leaf("text/plain", "hello", false)]
        );
        // The header of a part is cut off by the next part.
        assert_eq!(
            leaves("Content-Type: multipart/mixed; boundary=a\n\n--a\nX: y\n--a\n\nhello\n--a--"),
            [leaf("text/plain", "", false), leaf("text/plain", "hello", false)]
        );
        // An inner multipart whose boundary never comes.
        assert_eq!(
            leaves(
                "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/x; boundary=b\n\nhello\n--a--"
            ),
            [leaf("text/plain", "hello", false)]
        );
    }
}
