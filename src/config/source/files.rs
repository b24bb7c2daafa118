//! Reads each file once, and says why one cannot be read.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    encoding,
    finding::{Collector, Severity},
    names::tidy,
    text::Source,
    unread::{self, Unread},
    watch::{Fingerprint, list_folder},
};

/// A larger file is not a configuration.
const LIMIT_BYTES: u64 = 64 << 20;

/// Why there is no text.
#[derive(Debug)]
pub enum Trouble {
    /// Not reported yet: the caller reports it where the file is named.
    Unreadable { what: String, instead: String },
    /// Already reported, at a place in the file.
    Told,
}

/// Reads all files, so that it is known which to watch.
#[derive(Debug)]
pub struct Files<'r> {
    pub report: &'r Collector,
    pub seen: Fingerprint,
    known: HashMap<PathBuf, Rc<Source>>,
    read: Vec<PathBuf>,
}

impl<'r> Files<'r> {
    pub fn new(report: &'r Collector) -> Self {
        Self { report, seen: Fingerprint::default(), known: HashMap::new(), read: Vec::new() }
    }

    /// The files that were read, in order.
    pub fn read(self) -> (Vec<PathBuf>, Fingerprint) {
        (self.read, self.seen)
    }

    /// The text of a file, which is read once even if several paths lead to it.
    pub fn text(&mut self, path: &Path) -> Result<Rc<Source>, Trouble> {
        let identity = identity(path);
        if let Some(source) = self.known.get(&identity) {
            return Ok(Rc::clone(source));
        }
        let bytes = self.bytes(path)?;
        let source = encoding::decode(&tidy(path), self.known.len(), bytes, self.report).map(Rc::new);
        let source = source.ok_or(Trouble::Told)?;
        self.known.insert(identity, Rc::clone(&source));
        Ok(source)
    }

    /// The bytes of a file. Its stamp is taken before the read, so that a change during the read is noticed.
    pub fn bytes(&mut self, path: &Path) -> Result<Vec<u8>, Trouble> {
        self.seen.note_file(path);
        let bytes = read_limited(path).map_err(|error| unreadable(path, &error))?;
        self.read.push(path.to_owned());
        Ok(bytes)
    }

    /// The `.toml` files of a folder, sorted; `None` if there is no such folder. Hidden files and editors' leftovers
    /// (`x.toml~`, `x.toml.bak`, `.x.toml.swp`) are ignored; what is nearly named right is reported.
    pub fn folder(&mut self, path: &Path) -> Option<Vec<PathBuf>> {
        self.seen.note_folder(path);
        self.warn_of(unread::within(path));
        match list_folder(path) {
            Ok(files) => Some(files),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                if let Trouble::Unreadable { what, instead } = unreadable(path, &error) {
                    self.report.placeless(Severity::Error, what, instead);
                }
                Some(Vec::new())
            }
        }
    }

    /// Reports what is nearly named right in a folder where `folders` are read.
    pub fn beside(&mut self, path: &Path, folders: &[String]) {
        self.seen.note_beside(path, folders);
        self.warn_of(unread::beside(path, folders));
    }

    fn warn_of(&self, unread: Vec<Unread>) {
        for Unread { what, instead, .. } in unread {
            self.report.placeless(Severity::Warning, what, instead);
        }
    }
}

fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    // Reading a pipe or a device could block for ever.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

fn unreadable(path: &Path, error: &io::Error) -> Trouble {
    let shown = tidy(path);
    let shown = shown.display();
    let (what, instead) = match error.kind() {
        io::ErrorKind::NotFound => {
            (format!("没有这个文件：{shown}"), "检查文件名和路径；路径从写它的那个文件所在的目录算起")
        }
        io::ErrorKind::PermissionDenied => (format!("没有权限读取：{shown}"), "让运行服务的用户能读这个文件"),
        io::ErrorKind::IsADirectory => {
            (format!("这是一个目录，不是文件：{shown}"), "写到具体的文件，例如 deadlines.toml")
        }
        io::ErrorKind::NotADirectory => (format!("路径中间有一段不是目录：{shown}"), "检查路径"),
        io::ErrorKind::InvalidInput => (format!("不是普通文件：{shown}"), "换成普通的文本文件"),
        io::ErrorKind::FileTooLarge => (format!("文件太大，超过 64 MiB：{shown}"), "检查是不是放错了文件"),
        _ => (format!("读不出来：{shown}（{error}）"), "检查磁盘，或重新拷贝一份"),
    };
    Trouble::Unreadable { what, instead: instead.to_owned() }
}

fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| tidy(path))
}
