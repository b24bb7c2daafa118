//! Mail addresses in header fields and in running text.

use mail_parser::{HeaderValue, MessageParser};

use super::header::Header;
use crate::text::hidden;

const ADDRESS_BYTES: usize = 254;

/// The address in this field, if there is exactly one field and one address in it.
pub(super) fn sole(header: &Header, name: &str) -> Option<String> {
    let mut fields = header.all(name);
    let (field, None) = (fields.next()?, fields.next()) else { return None };
    let mut addresses = in_field(&field).into_iter();
    let (address, None) = (addresses.next()?, addresses.next()) else { return None };
    looks_right(&address).then_some(address)
}

/// All addresses in this field, as written.
pub(super) fn in_field(field: &str) -> Vec<String> {
    let line = format!("From: {}\r\n\r\n", field.replace(['\r', '\n'], " "));
    let Some(parsed) = MessageParser::new().with_address_headers().parse_headers(line.as_bytes()) else {
        return Vec::new();
    };
    let value = parsed.headers().first().map(|h| &h.value);
    let Some(HeaderValue::Address(address)) = value else { return Vec::new() };
    address.iter().filter_map(|a| a.address()).map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect()
}

/// Whether it is a local part, `@` and a domain, without characters that no address has.
pub(super) fn looks_right(address: &str) -> bool {
    // What is not seen would let one address look like another.
    let odd =
        |c: char| c.is_whitespace() || hidden(c).is_some() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':');
    address.len() <= ADDRESS_BYTES
        && !address.contains(odd)
        && address.split_once('@').is_some_and(|(local, domain)| {
            let right = |c: char| c.is_alphanumeric() || c == '-';
            !local.is_empty() && domain.split('.').all(|label| !label.is_empty() && label.chars().all(right))
        })
}

/// The addresses in a running text, in order, each once, at most `limit`.
pub(super) fn in_text(text: &str, limit: usize) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '=' | '%' | '/');
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices('@') {
        // Searches no further than a local part or a domain is long.
        let local = text.as_bytes()[..at].iter().rev().take(65).take_while(|b| part(char::from(**b))).count();
        let domain = text.as_bytes()[at + 1..].iter().take(190).take_while(|b| part(char::from(**b))).count();
        let address = text[at - local..at + 1 + domain].trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let whole = address.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'));
        if local <= 64 && whole && looks_right(address) && !found.iter().any(|f| f.eq_ignore_ascii_case(address)) {
            found.push(address.to_owned());
            if found.len() == limit {
                break;
            }
        }
    }
    found
}

/// The part before the `@`, in lower case.
pub(super) fn local(address: &str) -> String {
    address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase()
}

/// The part after the `@`, in lower case.
pub(super) fn domain(address: &str) -> String {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain).trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(field: &str) -> Option<String> {
        sole(&Header::read(format!("From: {field}\r\n\r\n").as_bytes(), |_| false).0, "from")
    }

    #[test]
    fn the_one_who_wrote() {
        for field in [
            "bgs@example.test",
            "<bgs@example.test>",
            "\"办公室, 张三\" <bgs@example.test>",
            "=?GBK?B?sOy5q8rS?= <bgs@example.test>",
            "办公室 <bgs@example.test>",
            "bgs@example.test (办公室)",
            "\"a@b.cn\" <bgs@example.test>",
        ] {
            assert_eq!(from(field).as_deref(), Some("bgs@example.test"), "{field}");
        }
        for field in ["", "办公室", "a@b.cn, c@d.cn", "<a@b@>", "办公室 <>", "a b@c.cn x@y.cn <q@r.cn>, <s@t.cn>"]
        {
            assert_eq!(from(field), None, "{field}");
        }
        // A field that two programs may read in two ways is refused.
        for field in [
            "<bgs@example.test> <x@y.cn>",
            "<bgs@example.test>x@y.cn",
            "g: bgs@example.test, x@y.cn;",
            "bgs@example.test x@y.cn",
            "<@y.cn:bgs@example.test>",
            // It would look like the one without.
            "bgs\u{200b}@example.test",
            "\u{202e}bgs@example.test",
        ] {
            assert_eq!(from(field), None, "{field}");
        }
        assert_eq!(from("bgs@example.test <x@y.cn>").as_deref(), Some("x@y.cn"));
        let two = b"From: a@b.cn\nFrom: c@d.cn\n\n";
        assert_eq!(sole(&Header::read(two, |_| false).0, "from"), None);
    }

    #[test]
    fn addresses_in_a_text() {
        let text = "发给<bgs@example.test>和fgk@mail.example.cn。的，BGS@example.test @ x@y a@b..c";
        assert_eq!(in_text(text, 10), ["bgs@example.test", "fgk@mail.example.cn"]);
    }
}
