//! The tables and keys that a kind of file may have.

use crate::config::source::secret::{self, Password};

#[derive(Debug)]
pub struct Schema {
    /// By header, in the order in which a misplaced key is looked up; the top of the file, "", comes first.
    pub tables: &'static [(&'static str, &'static [&'static str])],
    /// Each table may be repeated: `[[header]]`.
    pub has_many: bool,
}

impl Schema {
    /// The keys of a table; for an unknown header, those of the table that was most likely meant.
    pub fn keys(&self, header: &str) -> &'static [&'static str] {
        let unknown = if self.has_many { self.tables.last() } else { self.tables.first() };
        self.tables.iter().find(|(name, _)| *name == header).or(unknown).map_or(&[], |(_, keys)| keys)
    }

    /// The header of a table's subtable; "" if there is none.
    pub fn header(&self, of: &str, key: &str) -> &'static str {
        let is_it =
            |name: &str| if of.is_empty() { name == key } else { name.strip_prefix(of) == Some(&format!(".{key}")) };
        self.tables.iter().map(|(name, _)| *name).find(|name| is_it(name)).unwrap_or_default()
    }

    /// Where a misplaced key belongs, in Chinese.
    pub fn home(&self, key: &str) -> Option<String> {
        let (header, _) = self.tables.iter().find(|(_, keys)| keys.contains(&key))?;
        Some(match (*header, self.has_many) {
            ("", true) => "文件开头，第一个 [[ ]] 之前".to_owned(),
            ("", false) => "文件开头，第一个 [ ] 之前".to_owned(),
            (header, _) => format!(" {} 下面", self.written(header)),
        })
    }

    /// The allowed headers.
    pub fn headers(&self) -> Vec<&'static str> {
        self.tables.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect()
    }

    /// A header as it is written in the file.
    pub fn written(&self, header: &str) -> String {
        if self.has_many { format!("[[{header}]]") } else { format!("[{header}]") }
    }

    /// The password of the server that a table describes.
    pub fn password(header: &str) -> &'static Password {
        if header == "mailbox" { &secret::IMAP } else { &secret::SMTP }
    }
}
