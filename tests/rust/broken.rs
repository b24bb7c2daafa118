//! Configurations that a person would break, each with its findings as they are shown.
//!
//! A case is a file (it stands for `deadlines.toml`) or a folder; the rest is `_base`. A file
//! `env` in a folder is the environment, a variable a line.

use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

type Fallible = Result<(), Box<dyn Error>>;

fn lay(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() { lay(&path, &target)? } else { fs::copy(&path, &target).map(|_| ())? }
    }
    Ok(())
}

/// What is shown for a case, the folder it was laid in taken out.
fn findings(base: &Path, case: &Path) -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config");
    lay(base, &config)?;
    if case.is_dir() {
        lay(case, &config)?;
    } else {
        fs::copy(case, config.join("deadlines.toml"))?;
    }
    let env = fs::read_to_string(config.join("env")).unwrap_or_default();
    let env: BTreeMap<String, String> =
        env.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
    let shown = match duban::config::load(&config.join("duban.toml"), &env) {
        Ok(loaded) => format!("通过\n\n{}", duban::config::render(&loaded.warnings)),
        Err(findings) => findings.render(),
    };
    Ok(shown.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn broken_configurations() -> Fallible {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/broken");
    let base = root.join("_base");
    let mut cases: Vec<PathBuf> = fs::read_dir(&root)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    cases.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['_', '.'])));
    cases.sort();
    assert!(cases.len() >= 50, "{} cases", cases.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root.join("_findings"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for case in cases {
        let name = case.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let shown = findings(&base, &case)?;
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
    Ok(())
}
