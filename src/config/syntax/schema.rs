//! What a kind of file may hold.

use crate::config::source::secret::{self, Password};

/// The tables of a kind of file, and the keys of each.
#[derive(Debug)]
pub struct Schema {
    /// By header, in the order in which a misplaced key is looked up; the top of the file, "", comes first.
    pub tables: &'static [(&'static str, &'static [&'static str])],
    /// There are many of each table: `[[header]]`.
    pub has_many: bool,
}

impl Schema {
    /// The keys of a table. Under a header that is none, those of the table that it was most likely meant for.
    pub fn keys(&self, header: &str) -> &'static [&'static str] {
        let unknown = if self.has_many { self.tables.last() } else { self.tables.first() };
        self.tables.iter().find(|(name, _)| *name == header).or(unknown).map_or(&[], |(_, keys)| keys)
    }

    /// The header of the table that a table has under a key.
    pub fn header(&self, of: &str, key: &str) -> &'static str {
        let is_it =
            |name: &str| if of.is_empty() { name == key } else { name.strip_prefix(of) == Some(&format!(".{key}")) };
        self.tables.iter().map(|(name, _)| *name).find(|name| is_it(name)).unwrap_or_default()
    }

    /// Where a key belongs that stands in the wrong table.
    pub fn home(&self, key: &str) -> Option<String> {
        let (header, _) = self.tables.iter().find(|(_, keys)| keys.contains(&key))?;
        Some(match (*header, self.has_many) {
            ("", true) => "文件开头，第一个 [[ ]] 之前".to_owned(),
            ("", false) => "文件开头，第一个 [ ] 之前".to_owned(),
            (header, _) => format!(" {} 下面", self.written(header)),
        })
    }

    /// The headers that may be written.
    pub fn headers(&self) -> Vec<&'static str> {
        self.tables.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect()
    }

    /// A header as it stands in the file.
    pub fn written(&self, header: &str) -> String {
        if self.has_many { format!("[[{header}]]") } else { format!("[{header}]") }
    }

    /// The password of the server that a table is about.
    pub fn password(header: &str) -> &'static Password {
        if header == "mailbox" { &secret::IMAP } else { &secret::SMTP }
    }
}
