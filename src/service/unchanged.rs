//! Whether the files still say what is in force: then the database can be asked alone, without reading a hundred
//! thousand deadlines to look at a few.

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
}

impl Kept {
    fn now(tx: &Tx, files: Fingerprint) -> crate::store::Result<Self> {
        let load = tx.last_load()?.filter(|load| load.accepted).map_or(0, |load| load.id);
        Ok(Self { version: env!("CARGO_PKG_VERSION").to_owned(), load, files })
    }
}

/// Keeps how the files were that have just been put in force.
pub fn remember(db: &mut Db, office: &Office) -> Result<()> {
    let Some(files) = office.seen.clone() else { return Ok(()) };
    Ok(db.write(|tx| {
        // A path that is no text is not kept: the files are read each time then.
        match serde_json::to_string(&Kept::now(tx, files)?) {
            Ok(kept) => tx.set_meta(KEY, &kept),
            Err(_) => Ok(()),
        }
    })?)
}

/// What is in force, with the deadlines that may be due in `from..=to`, or are open since before; `None` where the files
/// have changed since, or it is not known. `file` is where the settings were read.
pub fn in_force(
    db: &mut Db,
    settings: &Settings,
    file: &Path,
    (from, to): (Date, Date),
) -> Result<Option<(Office, Vec<Deadline>)>> {
    let as_kept = db.read(|tx| {
        let kept = tx.meta(KEY)?.and_then(|kept| serde_json::from_str::<Kept>(&kept).ok());
        let Some(kept) = kept.filter(|kept| kept.files.is_of(file, &settings.deadlines, &settings.holidays)) else {
            return Ok(false);
        };
        Ok(kept == Kept::now(tx, kept.files.again())?)
    })?;
    if !as_kept {
        return Ok(None);
    }
    let Some(office) = last_good(db, settings)? else { return Ok(None) };
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
        let (office, deadlines) = Office::new(loaded);
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
