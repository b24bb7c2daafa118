//! Reading: which bytes are a text, and what the others look like.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Read},
    ops::Range,
    path::{Component, Path, PathBuf},
    rc::Rc,
};

use super::{
    encoding,
    finding::{Place, Report, Severity},
    watch::Fingerprint,
};
use crate::config::syntax::meant;

/// A file that holds more is not a configuration.
const LIMIT_BYTES: u64 = 64 << 20;

/// A text file, with its lines.
#[derive(Debug)]
pub struct Source {
    pub path: PathBuf,
    pub text: String,
    /// Files are numbered as they are read.
    pub rank: usize,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Stretches whose syntax is broken.
    broken: RefCell<BTreeMap<usize, usize>>,
    /// The text without the lines that the parser would stop at.
    pub mended: OnceCell<String>,
}

impl Source {
    pub fn new(path: PathBuf, rank: usize, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { path, text, rank, lines, broken: RefCell::default(), mended: OnceCell::new() }
    }

    /// The line of a byte, counted from 1.
    pub fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).max(1)
    }

    /// The bytes of a line, without its end.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    pub fn line(&self, line: usize) -> &str {
        &self.text[self.line_range(line)]
    }

    /// A stretch that runs over several lines is shown by its first.
    pub fn place(&self, at: Range<usize>) -> Place {
        let start = floor(&self.text, at.start);
        let line = self.line_of(start);
        let range = self.line_range(line);
        let start = start.min(range.end);
        let end = floor(&self.text, at.end).clamp(start, range.end);
        let text = &self.text[range.clone()];
        let shown = meant::mask_secret(text);
        // What is masked is shorter, and other: the place may be inside of one of its characters.
        let [start, end] = [start, end].map(|at| floor(&shown, at - range.start));
        Place::new(&self.path, line, &shown, start..end)
    }

    pub fn break_at(&self, at: Range<usize>) {
        self.broken.borrow_mut().insert(at.start, at.end);
    }

    pub fn is_broken_at(&self, at: &Range<usize>) -> bool {
        let broken = self.broken.borrow();
        let near = broken.range(..=at.start).next_back().map(|(_, end)| *end);
        // A whole line that is broken may have a smaller stretch between its start and here.
        let line = broken.get(&self.line_range(self.line_of(at.start)).start).copied();
        near.into_iter().chain(line).any(|end| at.start < end)
    }

    pub fn is_broken(&self) -> bool {
        !self.broken.borrow().is_empty()
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// Why there is no text.
#[derive(Debug)]
pub enum Trouble {
    /// To be said where the file is named.
    Unreadable { what: String, instead: String },
    /// Said already, at a place in the file.
    Told,
}

/// Everything that is read goes through here, so that it is known what to watch.
#[derive(Debug)]
pub struct Files<'r> {
    pub report: &'r Report,
    pub seen: Fingerprint,
    known: HashMap<PathBuf, Rc<Source>>,
    read: Vec<PathBuf>,
}

impl<'r> Files<'r> {
    pub fn new(report: &'r Report) -> Self {
        Self { report, seen: Fingerprint::default(), known: HashMap::new(), read: Vec::new() }
    }

    /// The files that were read, in order.
    pub fn read(self) -> (Vec<PathBuf>, Fingerprint) {
        (self.read, self.seen)
    }

    /// The text of a file; a file is read once, whatever ways lead to it.
    pub fn text(&mut self, path: &Path) -> Result<Rc<Source>, Trouble> {
        let identity = identity(path);
        if let Some(source) = self.known.get(&identity) {
            return Ok(Rc::clone(source));
        }
        let bytes = self.bytes(path)?;
        let source = encoding::decode(&tidy(path), self.known.len(), bytes, self.report).map(Rc::new)?;
        self.known.insert(identity, Rc::clone(&source));
        Ok(source)
    }

    /// The bytes of a file. What it was is noted before it is read: a later change is then seen.
    pub fn bytes(&mut self, path: &Path) -> Result<Vec<u8>, Trouble> {
        self.seen.note_file(path);
        let bytes = read_limited(path).map_err(|error| unreadable(path, &error))?;
        self.read.push(path.to_owned());
        Ok(bytes)
    }

    /// The `.toml` files of a folder, sorted; none if there is no such folder. Hidden files and
    /// what editors leave behind (`x.toml~`, `x.toml.bak`, `.x.toml.swp`) are passed by.
    pub fn folder(&mut self, path: &Path) -> Option<Vec<PathBuf>> {
        self.seen.note_folder(path);
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
}

pub fn list_folder(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|e| e.path()).filter(|p| is_ours(p)).collect();
    files.sort();
    Ok(files)
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(".toml") && !name.starts_with(['.', '~', '#'])
}

fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe or a device would be waited for without end.
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

/// `config/../seeds/a.toml` as people read it: `seeds/a.toml`. For showing only: a symbolic link
/// on the way would lead elsewhere.
pub fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_short() {
        for (path, shown) in
            [("config/../seeds/a", "seeds/a"), ("./a/./b", "a/b"), ("../a", "../a"), ("/../a", "/../a")]
        {
            assert_eq!(tidy(Path::new(path)), Path::new(shown), "{path}");
        }
    }

    #[test]
    fn what_editors_leave_is_passed_by() {
        for (name, ours) in [
            ("a.toml", true),
            ("A.TOML", true),
            (".a.toml", false),
            ("a.toml~", false),
            ("a.toml.bak", false),
            ("~$a.toml", false),
        ] {
            assert_eq!(is_ours(Path::new(name)), ours, "{name}");
        }
    }

    #[test]
    fn lines() {
        let source = Source::new("f".into(), 0, "a\r\n年b\n".into());
        assert_eq!((source.line(1), source.line(2), source.line(3)), ("a", "年b", ""));
        let place = source.place(6..7);
        assert_eq!((place.line, place.column, place.caret), (2, 2, (2, 1)));
        assert_eq!(source.place(99..200).line, 3);
        let source = Source::new("f".into(), 0, "口令：geheim".into());
        (0..20).for_each(|at| assert!(!source.place(at..at + 1).text.contains("geheim")));
    }
}
