//! A letter as it was handed over, kept small and given back byte for byte.
//!
//! Base64 hides from a compressor that letters resemble each other: what stands in it is kept as the bytes that it
//! means, where they give the same text again.

use std::{
    borrow::Cow,
    io::{Read, Write},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compress, Compression, Decompress, read::ZlibDecoder, write::ZlibEncoder};

use super::{Error, Result};

/// What a stretch of the message is.
const AS_IT_IS: u8 = 0;
const BASE64: u8 = 1;
/// Base64 of one line: a word of a subject.
const WORD: u8 = 2;

/// Bytes: a letter is far smaller; a damaged row must not fill the memory.
const LARGEST: u64 = 64 << 20;

/// The end of the head of a part in base64; its text follows.
const BEGINS: &[u8] = b"Content-Transfer-Encoding: base64\r\n\r\n";
const ENDS: &[u8] = b"\r\n--";
const WORD_BEGINS: &[u8] = b"=?utf-8?b?";
const WORD_ENDS: &[u8] = b"?=";
/// Characters in a line of base64 (RFC 2045).
const LINE: usize = 76;

/// What letters have in common: of a letter, mostly what is its own is left. It never changes: letters that were packed
/// with it are read with it. Another one would be another form.
const DICTIONARY: &[u8] = include_bytes!("packed.dictionary");

/// How far back a compressor looks: what lies further back than this in a dictionary is of no use.
const REACH: usize = 32 << 10;

/// What a letter may resemble beside all letters: another one, opened.
pub(super) struct Model(Vec<u8>);

impl Model {
    /// # Errors
    /// The bytes were not packed by us, without a model, or are damaged.
    pub fn open(packed: &[u8]) -> Result<Self> {
        Ok(Self(inflate(packed, None)?))
    }
}

pub(super) fn pack(message: &[u8], like: Option<&Model>) -> Result<Vec<u8>> {
    let mut way = Compress::new(Compression::default(), false);
    way.set_dictionary(&dictionary(like)).map_err(|e| Error::Value(e.to_string()))?;
    let mut packed = ZlibEncoder::new_with_compress(Vec::new(), way);
    let mut put = |kind: u8, bytes: &[u8]| -> std::io::Result<()> {
        packed.write_all(&[kind])?;
        packed.write_all(&(bytes.len() as u64).to_le_bytes())?;
        packed.write_all(bytes)
    };
    let written = stretches(message).into_iter().try_for_each(|(kind, bytes)| put(kind, &bytes));
    written.and_then(|()| packed.finish()).map_err(|e| Error::Value(e.to_string()))
}

/// # Errors
/// The bytes were not packed by us, with this model, or are damaged.
pub(super) fn unpack(packed: &[u8], like: Option<&Model>) -> Result<Vec<u8>> {
    let whole = inflate(packed, like)?;
    let (mut rest, mut message) = (whole.as_slice(), Vec::new());
    let torn = || Error::Value("a kept letter is torn".into());
    while let Some((kind, after)) = rest.split_first() {
        let (length, after) = after.split_first_chunk::<8>().ok_or_else(torn)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| torn())?;
        let (bytes, after) = after.split_at_checked(length).ok_or_else(torn)?;
        match *kind {
            AS_IT_IS => message.extend(bytes),
            BASE64 => message.extend(in_lines(bytes)),
            WORD => message.extend(BASE64_STANDARD.encode(bytes).into_bytes()),
            _ => return Err(torn()),
        }
        rest = after;
    }
    Ok(message)
}

fn inflate(packed: &[u8], like: Option<&Model>) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    let mut way = Decompress::new(false);
    way.set_dictionary(&dictionary(like)).map_err(|e| Error::Value(e.to_string()))?;
    let read = ZlibDecoder::new_with_decompress(packed, way).take(LARGEST).read_to_end(&mut whole);
    read.map_err(|e| Error::Value(e.to_string()))?;
    Ok(whole)
}

/// The model stands last: a compressor finds best what is near.
fn dictionary(like: Option<&Model>) -> Cow<'static, [u8]> {
    let Some(Model(like)) = like else { return Cow::Borrowed(DICTIONARY) };
    let whole = [DICTIONARY, like].concat();
    Cow::Owned(whole[whole.len().saturating_sub(REACH)..].to_vec())
}

/// The message cut at the texts in base64 that come back the same.
fn stretches(message: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut found, mut plain, mut at) = (Vec::new(), 0, 0);
    while let Some((kind, begin)) = next_base64(message, at) {
        let ends = if kind == WORD { WORD_ENDS } else { ENDS };
        let end = find(&message[begin..], ends).map_or(message.len(), |n| begin + n);
        if let Some(bytes) = meant(&message[begin..end], kind) {
            found.push((AS_IT_IS, message[plain..begin].to_vec()));
            found.push((kind, bytes));
            plain = end;
        }
        // A word without an end says nothing of the parts behind it.
        at = if kind == WORD { begin } else { end };
    }
    found.push((AS_IT_IS, message[plain..].to_vec()));
    found
}

/// Where the next text in base64 begins, and of which kind it is.
fn next_base64(message: &[u8], from: usize) -> Option<(u8, usize)> {
    let part = find(&message[from..], BEGINS).map(|n| from + n + BEGINS.len());
    // The words stand in the heads.
    let head = &message[from..part.unwrap_or(message.len())];
    let word = find(head, WORD_BEGINS).map(|n| from + n + WORD_BEGINS.len());
    word.map(|at| (WORD, at)).or_else(|| part.map(|at| (BASE64, at)))
}

/// What the text means, if it is written as we write it.
fn meant(text: &[u8], kind: u8) -> Option<Vec<u8>> {
    let bare: Vec<u8> = text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let bytes = BASE64_STANDARD.decode(bare).ok()?;
    let again = if kind == WORD { BASE64_STANDARD.encode(&bytes).into_bytes() } else { in_lines(&bytes) };
    (again == text).then_some(bytes)
}

fn in_lines(bytes: &[u8]) -> Vec<u8> {
    let text = BASE64_STANDARD.encode(bytes).into_bytes();
    text.chunks(LINE).collect::<Vec<_>>().join(b"\r\n".as_slice())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_base64_of_ours_comes_back_as_it_was() {
        let head = "Subject: a\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        for body in [
            "",
            "\r\n",
            "QQ==",
            "QQ==\r\n",
            "QR==",
            "Q Q==",
            "QUJD\r\n--b--\r\n",
            "QUJD\nREVG\r\n--b\r\n",
            "=",
            "没有编码",
            "=?utf-8?b?QUJD?=",
            "=?utf-8?b?QUJD?=\r\n =?utf-8?b?QR==?= =?utf-8?b?",
        ] {
            for message in [format!("{head}{body}"), format!("{head}{body}{head}{body}"), body.to_owned()] {
                let packed = pack(message.as_bytes(), None).unwrap();
                assert_eq!(unpack(&packed, None).unwrap(), message.as_bytes(), "{message:?}");
            }
        }
        assert!(unpack(b"Subject: plain", None).is_err());
    }

    proptest! {
        #[test]
        fn every_message_comes_back(parts in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 0..6), cut in any::<prop::sample::Index>()) {
            let mut message = b"From: a\r\n".to_vec();
            for (is_base64, bytes) in &parts {
                message.extend(b"\r\n--b\r\n");
                if *is_base64 {
                    message.extend(BEGINS);
                    message.extend(in_lines(bytes));
                } else {
                    message.extend(bytes);
                }
            }
            let mut packed = pack(&message, None).unwrap();
            prop_assert_eq!(&unpack(&packed, None).unwrap(), &message);
            // Beside another letter, and beside itself.
            let other = Model::open(&pack(&message[cut.index(message.len())..], None).unwrap()).unwrap();
            for model in [other, Model::open(&packed).unwrap()] {
                let like = pack(&message, Some(&model)).unwrap();
                prop_assert_eq!(&unpack(&like, Some(&model)).unwrap(), &message);
                let _ = unpack(&like, None);
            }
            packed.truncate(cut.index(packed.len()));
            // Torn: an error or something else, and no panic.
            let _ = unpack(&packed, None);
        }
    }
}
