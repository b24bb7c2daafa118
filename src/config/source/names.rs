//! Names of files: how they are shown, and which are read.

use std::path::{Component, Path, PathBuf};

/// Shortens `config/../seeds/a.toml` to `seeds/a.toml`. For display only: with symbolic links the two can differ.
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

/// A path of a setting, which is counted from its file's folder, without detours: `config` and `../var` are `var`. Where
/// the detour leads through a symbolic link it is kept: it leads elsewhere than the letters say.
pub fn joined(folder: &Path, name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(name).components() {
        let back = part == Component::ParentDir;
        match path.components().next_back() {
            Some(Component::Normal(_)) if back && !path.is_symlink() => drop(path.pop()),
            _ if part == Component::CurDir => {}
            _ => path.push(part),
        }
    }
    if path.as_os_str().is_empty() { ".".into() } else { path }
}

/// Whether a file in a folder of ours is read.
pub(super) fn is_ours(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(".toml") && !name.starts_with(['.', '~', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_path_of_a_setting_has_no_detours_but_through_a_link() {
        for (folder, name, path) in [
            ("config", "../var/duban.db", "var/duban.db"),
            ("config", "..", "."),
            ("", "../var", "../var"),
            ("/etc/duban", "/var/lib/x", "/var/lib/x"),
            ("a/b", "../../../c", "../c"),
        ] {
            assert_eq!(joined(Path::new(folder), name), Path::new(path), "{folder} {name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("config");
        std::os::unix::fs::symlink("/tmp", &link).unwrap();
        assert_eq!(joined(&link, "../var"), link.join("../var"));
    }

    #[test]
    fn paths_are_shown_short() {
        for (path, shown) in
            [("config/../seeds/a", "seeds/a"), ("./a/./b", "a/b"), ("../a", "../a"), ("/../a", "/../a")]
        {
            assert_eq!(tidy(Path::new(path)), Path::new(shown), "{path}");
        }
    }
}
