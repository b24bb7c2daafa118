//! Addresses in the files.

use std::{collections::HashSet, str::FromStr};

use unicode_normalization::UnicodeNormalization;

use crate::{config::syntax::table::Table, domain::deadline::Mailbox};

/// The addresses of a key, each once.
pub fn read(table: &Table<'_>, key: &str) -> Option<Vec<Mailbox>> {
    let mut seen = HashSet::new();
    let mut mailboxes = Vec::new();
    for text in table.texts(key)? {
        match Mailbox::from_str(text.value.trim()) {
            Ok(mailbox) if seen.insert(mailbox.as_str().to_ascii_lowercase()) => mailboxes.push(mailbox),
            Ok(mailbox) => table.error(text.at, format!("邮箱 {mailbox} 写了两次"), "留下一个"),
            Err(why) => table.error(text.at, format!("“{}”：{why}", text.value), mend(text.value)),
        }
    }
    Some(mailboxes)
}

/// What was probably meant: half-width letters, no spaces, several addresses as a list.
pub fn mend(text: &str) -> String {
    let plain: String = text.nfkc().collect();
    let inner = plain.rsplit_once('<').map_or(&*plain, |(_, rest)| rest.trim_end_matches('>'));
    let parts = inner.split([',', ';', '、', ' ', '\t']).filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| part.replace('。', ".")).collect();
    match &parts[..] {
        [one] if Mailbox::from_str(one).is_ok() => format!("\"{one}\""),
        [_, _, ..] if parts.iter().all(|part| Mailbox::from_str(part).is_ok()) => {
            let quoted: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
            quoted.join(", ")
        }
        _ => "name@example.test 这样的地址".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn mended() {
        for (text, right) in [
            ("bgs＠example.test", "\"bgs@example.test\""),
            ("bgs@example。test", "\"bgs@example.test\""),
            (" bgs@example.test ", "\"bgs@example.test\""),
            ("办公室 <bgs@example.test>", "\"bgs@example.test\""),
            ("a@example.test，b@example.test", "\"a@example.test\", \"b@example.test\""),
            ("办公室", "name@example.test 这样的地址"),
        ] {
            assert_eq!(super::mend(text), right, "{text}");
        }
    }
}
