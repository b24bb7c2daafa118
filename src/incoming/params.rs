//! `text/plain; charset=gbk; name*0*=…`: a value and its parameters (RFC 2045, 2231), also where programs deviate from
//! the standard.

use super::{charset, encoded};

const PARAMS: usize = 60;

/// A Content-Type or Content-Disposition, in lower case, with its parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    pub value: String,
    params: Vec<(String, String)>,
}

impl Params {
    pub fn read(field: &str) -> Self {
        let mut pieces = pieces(field).into_iter();
        let (value, rest) = value(pieces.next().unwrap_or_default());
        let pieces = std::iter::once(rest).chain(pieces);
        let mut params: Vec<(String, String)> = Vec::new();
        let mut extended: Vec<(String, Vec<Segment>)> = Vec::new();
        for piece in pieces {
            let Some((name, value)) = piece.split_once('=') else { continue };
            let name = name.trim().to_ascii_lowercase();
            let value = unquote(value.trim());
            match Segment::read(&name, &value) {
                Some((base, segment)) => match extended.iter_mut().find(|(n, _)| *n == base) {
                    Some((_, segments)) => segments.push(segment),
                    None => extended.push((base, vec![segment])),
                },
                None => params.push((name, encoded::decode(&value))),
            }
        }
        // The extended form goes first: the plain one is meant for old programs.
        params.splice(0..0, extended.into_iter().map(|(name, segments)| (name, join(segments))));
        Self { value, params }
    }

    /// The parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The value in lower case, and what stands behind it where `;` is missing: `text/plain charset=utf-8`.
fn value(piece: &str) -> (String, &str) {
    let piece = piece.trim().trim_start_matches('"');
    // `text / plain`: the blanks belong to no parameter.
    let slash = piece.find('/').filter(|at| piece[..*at].trim().bytes().all(|b| b.is_ascii_alphanumeric()));
    let from = slash.map_or(0, |at| at + 1 + (piece[at + 1..].len() - piece[at + 1..].trim_start().len()));
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '(' | ';' | ':');
    let end = piece[from..].find(ends).map_or(piece.len(), |at| from + at);
    let value: String = piece[..end].chars().filter(|c| !c.is_whitespace()).collect();
    (value.to_ascii_lowercase(), piece[end..].trim_start_matches(|c: char| ends(c) || c == ')'))
}

/// One piece of `name*1*=…`.
struct Segment {
    number: u32,
    coded: bool,
    value: String,
}

impl Segment {
    fn read(name: &str, value: &str) -> Option<(String, Self)> {
        let (base, rest) = name.split_once('*')?;
        let (number, coded) = match rest.strip_suffix('*') {
            Some(number) => (number, true),
            None => (rest, rest.is_empty()),
        };
        let number = if number.is_empty() { 0 } else { number.parse().ok()? };
        Some((base.to_owned(), Self { number, coded, value: value.to_owned() }))
    }
}

fn join(mut segments: Vec<Segment>) -> String {
    segments.sort_by_key(|s| s.number);
    let mut label = None;
    let mut bytes = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let mut value = segment.value.as_str();
        if i == 0 && segment.coded {
            let mut quoted = value.splitn(3, '\'');
            if let (Some(charset), Some(_), Some(rest)) = (quoted.next(), quoted.next(), quoted.next()) {
                label = Some(charset.to_owned());
                value = rest;
            }
        }
        if segment.coded {
            bytes.extend(percent(value.as_bytes()));
        } else {
            bytes.extend(value.as_bytes());
        }
    }
    charset::decode(&bytes, label.as_deref())
}

fn percent(coded: &[u8]) -> Vec<u8> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(byte) = coded.get(at) {
        match (byte, digit(coded.get(at + 1)), digit(coded.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    bytes
}

/// Split at `;` outside of quotes.
fn pieces(field: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in field.char_indices() {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                pieces.push(&field[start..at]);
                start = at + 1;
                if pieces.len() == PARAMS {
                    return pieces;
                }
            }
            _ => {}
        }
    }
    pieces.push(&field[start..]);
    pieces
}

fn unquote(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"') else { return value.to_owned() };
    let mut text = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            // Programs write a Windows path without doubling its backslashes.
            '\\' => match chars.next() {
                Some(c @ ('"' | '\\')) => text.push(c),
                Some(c) => text.extend(['\\', c]),
                None => {}
            },
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_as_they_are_written() {
        let read = |field: &str, name: &str| Params::read(field).get(name).unwrap_or("-").to_owned();
        assert_eq!(Params::read("Text/Plain; charset=GBK").value, "text/plain");
        for field in [
            "text/plain charset=gbk",
            "text/plain, charset=gbk",
            "\"text/plain\"; charset=gbk",
            "text / plain ; charset=gbk",
            "text/plain;; charset=gbk",
            "text/plain: charset=\"gbk\"",
            "text/plain (text); charset=gbk",
        ] {
            assert_eq!(
                (Params::read(field).value.as_str(), read(field, "charset").as_str()),
                ("text/plain", "gbk"),
                "{field}"
            );
        }
        assert_eq!(read("attachment filename=a.txt", "filename"), "a.txt");
        assert_eq!(read("text/plain; charset = \"GBK\" ; x=y", "charset"), "GBK");
        assert_eq!(read("a/b; name=\"=?GBK?B?0tGw7L3h?=.docx\"", "name"), "已办结.docx");
        assert_eq!(read("attachment; filename*=UTF-8''%E5%B7%B2.docx; filename=x.docx", "filename"), "已.docx");
        assert_eq!(read("a; filename*1*=%B2; filename*0*=utf-8''%E5%B7; filename*2=.txt", "filename"), "已.txt");
        assert_eq!(read("a; filename=年报 2025.docx", "filename"), "年报 2025.docx");
        assert_eq!(read("a; boundary=\"a;b\\\"c\"; x=1", "boundary"), "a;b\"c");
        assert_eq!(read("a; name=\"open", "name"), "open");
    }
}
