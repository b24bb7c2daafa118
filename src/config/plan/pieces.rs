//! A file entry by entry: the tree of one entry is held at a time, not that of 100,000.

use std::ops::Range;

use toml::de::DeTable;

/// What entries begin with, on a line of its own.
const HEADERS: [&str; 2] = ["[[deadline]]", "[[section]]"];

/// What stands before the first entry, then each entry.
pub fn split(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut begin, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.starts_with("[[") && HEADERS.contains(&line.trim_end()) {
            pieces.push(begin..at);
            begin = at;
        }
        at += line.len();
    }
    pieces.push(begin..at);
    pieces
}

/// The table of what stands before the first entry; `None` where only the whole file can tell.
pub fn top(text: &str) -> Option<DeTable<'_>> {
    parse(text).filter(|table| !table.contains_key("section") && !table.contains_key("deadline"))
}

/// The table of an entry, or of several. Where it is sound alone it is so among the others, and the other way round:
/// it begins with a header, and all that it adds to is a list. `None` where only the whole file can tell.
pub fn entry(text: &str) -> Option<DeTable<'_>> {
    let is_list = |key: &str, value: &toml::de::DeValue<'_>| ["section", "deadline"].contains(&key) && value.is_array();
    parse(text).filter(|table| table.iter().all(|(key, value)| is_list(key.get_ref(), value.get_ref())))
}

fn parse(text: &str) -> Option<DeTable<'_>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    errors.is_empty().then(|| table.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let text = "year = 2026\r\n[[section]]\r\nname = \"甲\"\n [[deadline]]\n[[deadline]] \nid = \"a\"";
        let parts: Vec<&str> = split(text).into_iter().map(|piece| &text[piece]).collect();
        assert_eq!(parts.concat(), text);
        assert_eq!(parts.len(), 3);
        assert!(top(parts[0]).is_some() && parts[1..].iter().all(|part| entry(part).is_some()));
    }

    #[test]
    fn what_only_the_whole_can_tell() {
        for text in ["section = 1\n", "[[deadline]]\n", "x = \"\"\"\n", "x = [\n", "= 1\n"] {
            assert!(top(text).is_none(), "{text}");
        }
        for text in
            ["[[deadline]]\n[section]\n", "[[deadline]]\n[other]\n", "[[deadline]]\nx = '''\n", "[[deadline]]\nx\n"]
        {
            assert!(entry(text).is_none(), "{text}");
        }
    }
}
