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
    fn paths_are_shown_short() {
        for (path, shown) in
            [("config/../seeds/a", "seeds/a"), ("./a/./b", "a/b"), ("../a", "../a"), ("/../a", "/../a")]
        {
            assert_eq!(tidy(Path::new(path)), Path::new(shown), "{path}");
        }
    }
}
