//! Whether the files still say what is in force: then the database can be asked alone, without reading a hundred
//! thousand deadlines to look at a few, or to start.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Office, Result, load::last_good};
use crate::{
    config::{Fingerprint, Settings},
    domain::{Date, deadline::Deadline},
    store::{Db, Tx},
};

/// What is kept of the files under this key.
const KEY: &str = "files";

/// The files as they were when they were put in force.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Another version may understand them otherwise.
    version: String,
    /// Another load may have been of other files.
    load: i64,
    files: Fingerprint,
    /// How many deadlines are switched off.
    off: usize,
    warnings: Vec<String>,
}

/// The last load, if it was taken.
fn load_in_force(tx: &Tx) -> crate::store::Result<i64> {
    Ok(tx.last_load()?.filter(|load| load.accepted).map_or(0, |load| load.id))
}

/// Keeps how the files were that have just been put in force, and what was remarked on them.
pub fn remember(db: &mut Db, office: &Office) -> Result<()> {
    let Some(files) = office.seen.clone() else { return Ok(()) };
    let (version, warnings) = (env!("CARGO_PKG_VERSION").to_owned(), office.warnings.clone());
    Ok(db.write(|tx| {
        let kept = Kept { version, load: load_in_force(tx)?, files, off: office.off, warnings };
        // A path that is no text is not kept: the files are read each time then.
        match serde_json::to_string(&kept) {
            Ok(kept) => tx.set_meta(KEY, &kept),
            Err(_) => Ok(()),
        }
    })?)
}

/// What is in force beside the deadlines; `None` where the files have changed since, or it is not known. `file` is where
/// the settings were read.
pub fn as_put_in_force(db: &mut Db, settings: &Settings, file: &Path) -> Result<Option<Office>> {
    let kept = db.read(|tx| {
        let kept = tx.meta(KEY)?.and_then(|kept| serde_json::from_str::<Kept>(&kept).ok());
        let (load, readers) = (load_in_force(tx)?, tx.meta("admin")?);
        Ok(kept.filter(|kept| {
            kept.version == env!("CARGO_PKG_VERSION")
                && kept.load == load
                && kept.files.is_of(file, &settings.deadlines, &settings.holidays)
                && kept.files == kept.files.again()
                // The environment can name others than the file.
                && readers == serde_json::to_string(&settings.admin).ok()
        }))
    })?;
    let Some(Kept { files, off, warnings, .. }) = kept else { return Ok(None) };
    Ok(last_good(db, settings)?.map(|last| Office { off, seen: Some(files), warnings, ..last }))
}

/// The same, with the deadlines that may be due in `from..=to`, or are open since before.
pub fn in_force(
    db: &mut Db,
    settings: &Settings,
    file: &Path,
    (from, to): (Date, Date),
) -> Result<Option<(Office, Vec<Deadline>)>> {
    let Some(office) = as_put_in_force(db, settings, file)? else { return Ok(None) };
    // One that cannot be read is in the files.
    let deadlines = db.read(|tx| tx.deadlines_around(from, to))?.into_iter().collect::<crate::store::Result<_>>();
    Ok(deadlines.ok().map(|deadlines| (office, deadlines)))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use jiff::civil::date;

    use super::*;
    use crate::{
        clock::Clock,
        config,
        service::load::{put_in_force, refuse},
    };

    const SETTINGS: &str = r#"
        database = "duban.db"
        admin = ["admin@example.test"]
        contact = "办公室"
        [mail]
        from = "督办 <duban@example.test>"
        transport = "folder"
        folder = "mail"
    "#;
    const PLAN: &str = r#"
        [[section]]
        name = "办公室"
        email = ["office@example.test"]
        [[deadline]]
        id = "spring"
        title = "春"
        due = "每年3月10日前"
        sections = ["办公室"]
        [[deadline]]
        id = "autumn"
        title = "秋"
        due = "每年9月10日前"
        sections = ["办公室"]
    "#;

    #[test]
    fn asked_alone_until_something_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (file, plan) = (folder.path().join("duban.toml"), folder.path().join("deadlines.toml"));
        fs::write(&file, SETTINGS).unwrap();
        fs::write(&plan, PLAN).unwrap();
        let loaded = config::load(&file, &BTreeMap::new()).unwrap();
        let settings = config::settings_alone(&file, &BTreeMap::new()).unwrap();
        let (mut office, deadlines) = Office::new(loaded);
        office.warnings.push("a remark".into());
        let now = Clock::Fixed(date(2026, 1, 5).at(8, 30, 0, 0)).now(&settings.timezone);
        let mut db = Db::in_memory().unwrap();
        let around = |db: &mut Db, settings: &Settings| {
            let found = in_force(db, settings, &file, (date(2026, 3, 1), date(2026, 3, 31))).unwrap();
            found.map(|(_, deadlines)| deadlines.into_iter().map(|d| d.id).collect::<Vec<_>>())
        };

        put_in_force(&mut db, &office, &deadlines, &now).unwrap();
        assert_eq!(around(&mut db, &settings), None, "nothing is known of the files");
        remember(&mut db, &office).unwrap();
        db.write(|tx| crate::service::open::open_occurrences(tx, &office.calendar, now.today())).unwrap();
        assert_eq!(around(&mut db, &settings), Some(vec!["spring".to_owned()]));

        let again = as_put_in_force(&mut db, &settings, &file).unwrap().unwrap();
        assert_eq!((again.roster, again.calendar), (office.roster.clone(), office.calendar.clone()));
        assert_eq!((again.seen, again.warnings), (office.seen.clone(), office.warnings.clone()));
        let other = Settings { admin: vec!["other@example.test".parse().unwrap()], ..settings.clone() };
        assert_eq!(around(&mut db, &other), None, "other readers");
        let elsewhere = Settings { deadlines: folder.path().join("other.toml"), ..settings.clone() };
        assert_eq!(around(&mut db, &elsewhere), None, "these files were never read");
        refuse(&mut db, "broken", &now).unwrap();
        assert_eq!(around(&mut db, &settings), None, "they did not check in between");
        put_in_force(&mut db, &office, &deadlines, &now).unwrap();
        remember(&mut db, &office).unwrap();
        assert!(around(&mut db, &settings).is_some());
        fs::write(&plan, PLAN.replace("10日", "12日")).unwrap();
        assert_eq!(around(&mut db, &settings), None, "an edit");
    }
}
