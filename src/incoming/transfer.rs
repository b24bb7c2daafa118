//! Base64 and quoted-printable, decoded as far as possible.

/// Decodes a part's body by its Content-Transfer-Encoding.
pub(super) fn decode(body: &[u8], encoding: &str) -> Vec<u8> {
    let encoding = encoding.trim().to_ascii_lowercase();
    if encoding.starts_with("base64") {
        // No line of base64 begins with hyphens: it is a boundary that was not declared.
        let end = body.windows(3).position(|three| three == b"\n--").unwrap_or(body.len());
        base64(&body[..footer(&body[..end])])
    } else if encoding.starts_with("quoted-printable") {
        quoted_printable(body)
    } else {
        body.to_vec()
    }
}

/// Where a gateway's footer begins that was added in plain text: after padding or an empty line, what is no base64.
fn footer(coded: &[u8]) -> usize {
    let (mut at, mut may_end) = (0, false);
    for line in coded.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii();
        let is_code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
        if may_end && !text.is_empty() && (text.len() % 4 != 0 || !text.iter().all(is_code)) {
            return at;
        }
        may_end = at > 0 && text.is_empty() || text.ends_with(b"=") || may_end && text.is_empty();
        at += line.len();
    }
    coded.len()
}

/// Every whole byte of it; characters outside the alphabet are skipped.
pub(super) fn base64(coded: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(coded.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u8);
    for byte in coded {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                // Several pieces in a row, each with its own padding.
                (bits, held) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}

/// Joins soft line breaks; an `=` that is not a code stays.
pub(super) fn quoted_printable(coded: &[u8]) -> Vec<u8> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut bytes = Vec::with_capacity(coded.len());
    let mut at = 0;
    while let Some(byte) = coded.get(at) {
        at += 1;
        if *byte != b'=' {
            bytes.push(*byte);
            continue;
        }
        if let (Some(high), Some(low)) = (digit(coded.get(at)), digit(coded.get(at + 1))) {
            bytes.push(high << 4 | low);
            at += 2;
            continue;
        }
        let blanks = coded[at..].iter().take(80).take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match coded.get(at + blanks) {
            Some(b'\n') => at += blanks + 1,
            None => at += blanks,
            Some(_) => bytes.push(b'='),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_far_as_it_goes() {
        assert_eq!(base64(b"5bey\r\n5Yqe!57uT"), "已办结".as_bytes());
        assert_eq!(base64(b"5bey5Y"), [0xe5, 0xb7, 0xb2, 0xe5]);
        assert_eq!(base64(b"YQ==YQ=="), b"aa");
        assert_eq!(decode(b"5bey5Yqe\r\n--lost\r\nContent", "base64"), "已办".as_bytes());
        assert_eq!(decode(b"5bey5Yqe\n\nScanned by x\n", "base64"), "已办".as_bytes());
        assert_eq!(decode(b"5bey5Yqe57s=\nvirus free\n", "base64"), base64(b"5bey5Yqe57s="));
        assert_eq!(decode(b"5bey\n\n5Yqe\n\n57uT\n", "base64"), "已办结".as_bytes());
        assert_eq!(quoted_printable(b"=E5=B7=B2=\r\nb = c=3d=3"), b"\xe5\xb7\xb2b = c==3");
        assert_eq!(quoted_printable(b"a=  \n=b="), b"a=b");
    }
}
