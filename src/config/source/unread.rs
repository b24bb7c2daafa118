//! Files and folders nearly named right, which are not read: whoever put them there believes that they are.

use std::path::{Path, PathBuf};

use strsim::{damerau_levenshtein, normalized_damerau_levenshtein};
use unicode_normalization::UnicodeNormalization;

use super::names::{is_ours, tidy};

/// What is not read, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unread {
    pub path: PathBuf,
    pub what: String,
    pub instead: String,
}

/// Endings of what editors and packages leave, and of what `duban` put aside: nobody believes that they are read.
const LEFTOVERS: &[&str] = &["~", ".bak", ".old", ".orig", ".rej", ".save", ".swo", ".swp", ".tmp"];
const PACKAGES: &[&str] = &[".dpkg-", ".ucf-", ".rpm", ".duban-", ".old-"];
/// How alike the names of folders are that are taken for each other.
const ALIKE: f64 = 0.75;
/// How deep a folder is searched for files.
const DEPTH: usize = 3;
/// How many entries of a folder are looked at.
const ENTRIES: usize = 10_000;

/// In a folder whose `.toml` files are read.
pub fn within(folder: &Path) -> Vec<Unread> {
    let shown = tidy(folder);
    let shown = shown.display();
    entries(folder)
        .into_iter()
        .filter_map(|path| {
            let name = name_of(&path);
            if is_leftover(&name) {
                None
            } else if path.is_dir() {
                let what = format!("子目录 {shown}/{name} 里的文件没有读");
                let instead = format!("把文件移到 {shown} 里；不用的移到别处");
                holds_files(&path, DEPTH).then_some(Unread { path, what, instead })
            } else {
                misnamed(&name).map(|right| file(path, &right))
            }
        })
        .collect()
}

/// In a folder where certain files and folders are read; `folders` are the names of the folders.
pub fn beside(folder: &Path, folders: &[String]) -> Vec<Unread> {
    let of = |path: PathBuf| {
        let name = name_of(&path);
        if is_leftover(&name) || folders.contains(&name) {
            return None;
        }
        if !path.is_dir() {
            return misnamed(&name).filter(|right| !right.is_year).map(|right| file(path, &right));
        }
        let plain = fold(&name);
        let meant = folders.iter().find(|right| normalized_damerau_levenshtein(&plain, right) >= ALIKE)?;
        let what = format!("目录 {} 没有读：读的是 {meant}", tidy(&path).display());
        let instead = match folder.join(meant).exists() {
            true => format!("把里面的文件移到 {meant}；不用的移到别处"),
            false => format!("改名为 {meant}；不用的移到别处"),
        };
        holds_files(&path, DEPTH).then_some(Unread { path, what, instead })
    };
    entries(folder).into_iter().filter_map(of).collect()
}

fn file(path: PathBuf, right: &Right) -> Unread {
    let what = format!("{} 没有读：文件名要以 .toml 结尾", tidy(&path).display());
    let notepad = "（记事本会在后面添上 .txt：“保存类型”要选“所有文件”）";
    let notepad = if fold(&name_of(&path)).ends_with(".txt") { notepad } else { "" };
    Unread { path, what, instead: format!("改名为 {}{notepad}；不用的移到别处", right.name) }
}

/// What a file was meant to be called.
#[derive(Debug, PartialEq, Eq)]
struct Right {
    name: String,
    /// The name has nothing but a year in common with what is read.
    is_year: bool,
}

/// `本局.toml.txt`, `本局．toml`, `本局.tml`, `本局toml`; `2027.txt`, `2027`.
fn misnamed(name: &str) -> Option<Right> {
    if is_ours(Path::new(name)) || is_leftover(name) {
        return None;
    }
    let plain = fold(name);
    let toml =
        |stem: &str| Right { name: format!("{}.toml", stem.trim_end_matches(['.', '_', '-', ' '])), is_year: false };
    if let Some((stem, _)) = plain.rsplit_once("toml").filter(|(stem, _)| !stem.is_empty()) {
        return Some(toml(stem));
    }
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((&plain, ""));
    if !stem.is_empty() && damerau_levenshtein(ending, "toml") == 1 {
        return Some(toml(stem));
    }
    let year: String = plain.chars().take_while(char::is_ascii_digit).collect();
    let is_year = year.len() == 4 && year.starts_with("20") && matches!(stem.strip_prefix(&*year), Some("" | "年"));
    is_year.then(|| Right { name: format!("{year}.toml"), is_year: true })
}

fn is_leftover(name: &str) -> bool {
    let plain = name.to_lowercase();
    plain.starts_with(['.', '~', '#'])
        || LEFTOVERS.iter().any(|ending| plain.ends_with(ending))
        || PACKAGES.iter().any(|package| plain.contains(package))
}

/// Whether there is a file in it, or further down, that reads as one of ours.
fn holds_files(folder: &Path, depth: usize) -> bool {
    entries(folder).iter().any(|path| match path.is_dir() {
        true => depth > 0 && !path.is_symlink() && !is_leftover(&name_of(path)) && holds_files(path, depth - 1),
        false => is_ours(path) || misnamed(&name_of(path)).is_some(),
    })
}

/// Sorted; none if the folder cannot be read, which is reported where it is to be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().take(ENTRIES).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// As it was meant: half-width, lower case.
fn fold(name: &str) -> String {
    name.nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '。' { '.' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_file_was_meant_to_be_called() {
        for (name, right) in [
            ("本局.toml.txt", Some("本局.toml")),
            ("2027.toml.txt", Some("2027.toml")),
            ("本局.TOML.TXT", Some("本局.toml")),
            ("本局．toml", Some("本局.toml")),
            ("本局。toml", Some("本局.toml")),
            ("本局.toml ", Some("本局.toml")),
            ("本局.toml（1）", Some("本局.toml")),
            ("本局.toml.docx", Some("本局.toml")),
            ("本局toml", Some("本局.toml")),
            ("本局.tml", Some("本局.toml")),
            ("本局.tolm", Some("本局.toml")),
            ("本局.tom", Some("本局.toml")),
            ("2027.txt", Some("2027.toml")),
            ("2027", Some("2027.toml")),
            ("2027年", Some("2027.toml")),
            ("本局.toml", None),
            ("本局.TOML", None),
            ("本局.toml~", None),
            ("本局.toml.bak", None),
            (".本局.toml.swp", None),
            ("#本局.toml#", None),
            ("duban.toml.dpkg-dist", None),
            ("duban.toml.duban-new", None),
            ("2022.toml.old-1", None),
            ("README.md", None),
            ("说明.txt", None),
            ("index.html", None),
            ("20270101", None),
            ("toml", None),
        ] {
            assert_eq!(misnamed(name).map(|right| right.name).as_deref(), right, "{name}");
        }
    }

    #[test]
    fn folders_are_found_by_what_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let touch = |name: &str| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        for name in [
            "deadlines.d/a.toml",
            "deadlines.d/old/a.toml",
            "deadlines.d/more/deep/b.toml.txt",
            "deadlines.d/notes/x.md",
        ] {
            touch(name);
        }
        for name in
            ["deadline.d/a.toml", "Deadlines/a.toml", "holiday/2027.toml", "deadlines.d.bak/a.toml", "seeds/a.toml"]
        {
            touch(name);
        }
        for name in ["deadlines.dd/x.md", "deadlines.toml.txt", "2027", "duban.toml", "credentials/smtp-password"] {
            touch(name);
        }
        let names = |found: Vec<Unread>| -> Vec<String> {
            found.iter().map(|u| u.path.strip_prefix(folder).unwrap().display().to_string()).collect()
        };
        assert_eq!(names(within(&folder.join("deadlines.d"))), ["deadlines.d/more", "deadlines.d/old"]);
        let folders = ["deadlines.d".to_owned(), "holidays".to_owned()];
        let found = beside(folder, &folders);
        assert!(found[0].instead.contains("移到 deadlines.d"), "{found:?}");
        assert!(found[3].instead.contains("改名为 holidays"), "{found:?}");
        assert_eq!(names(found), ["Deadlines", "deadline.d", "deadlines.toml.txt", "holiday"]);
        assert_eq!(within(&folder.join("nowhere")), []);
    }
}
