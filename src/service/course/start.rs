//! Puts a configuration in force: what the files say, else the last good one. There is no other way.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use tracing::{error, info};

use crate::service::{
    Error, Office, Result,
    course::{
        diff::{Before, Counts, Diff, LINES_TOLD, diff},
        load::{Changes, FILES, last_good, load},
        renamed::questions,
        waiting,
    },
    in_transaction,
    tell::Notice,
};
use crate::{
    clock::Moment,
    config::{Fingerprint, Loaded, Settings},
    domain::{Date, deadline::Deadline},
    store::{self, Db, Tx, state},
};

/// Who asks for the start; decides who is told the result.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// The service as it starts: the admin is told by letter.
    Service,
    /// The service, which already runs with this: the admin is told by letter.
    Reload {
        before: &'a Office,
        /// By `duban reload`: nothing waits.
        is_asked: bool,
    },
    /// A command, which prints the result itself.
    Command,
}

pub struct Started {
    pub office: Office,
    pub changes: Changes,
    /// Why the files are not in force; `None` if they are.
    pub refused: Option<String>,
    /// The files are right, and wait until then: they would withdraw much.
    pub waits_until: Option<Timestamp>,
}

/// Puts in force what was read. If that fails, or has to wait, the last good configuration stays in force, with
/// `settings`. `env` is the whole environment.
///
/// # Errors
/// Nothing was in force before, or the database cannot be written; for a command also: the link keys cannot be read.
pub fn start(
    db: &mut Db,
    read: std::result::Result<Loaded, String>,
    settings: &Settings,
    env: &BTreeMap<String, String>,
    by: By,
    now: &Moment,
) -> Result<Started> {
    let taken = match read {
        Ok(loaded) => take(db, loaded, settings, env, by, now),
        Err(findings) => Err(Error::Refused(findings)),
    };
    match taken {
        Ok(started) => Ok(started),
        Err(why) => {
            let findings = why.explain();
            let office = before(db, &findings, settings, env, by)?;
            refused(db, &office, &findings, by, now)?;
            Ok(Started { office, changes: Changes::default(), refused: Some(findings), waits_until: None })
        }
    }
}

fn take(
    db: &mut Db,
    mut loaded: Loaded,
    settings: &Settings,
    env: &BTreeMap<String, String>,
    by: By,
    now: &Moment,
) -> Result<Started> {
    if let Some(before) = db.read(|tx| tx.get(state::CALENDAR))? {
        loaded.keep_years_of(&before, now.today().year());
    }
    let off = loaded.off.clone();
    let (mut office, deadlines) = Office::new(loaded);
    open_links(&mut office, env, by)?;
    let asked = db.read(|tx| questions(tx, &office, &deadlines, &off))?;
    office.warnings.extend(asked);
    let taken = in_transaction(db, |tx| {
        let may_bite = matches!(by, By::Reload { is_asked: true, .. }) || waiting::is_over(tx, &office, now)?;
        let before = match by {
            By::Reload { before, .. } => Some(Before::look(tx, before, now)?),
            By::Service | By::Command => None,
        };
        let mut told = None;
        let loaded = tx.attempt(|| {
            let changes = load(tx, &office, &deadlines, now)?;
            let compare = |before: Before| before.compare(tx, (&office, &deadlines), changes.clone(), now);
            told = before.map(compare).transpose()?;
            if changes.is_drastic() && !may_bite { Err(Error::Store(store::Error::Undone)) } else { Ok(changes) }
        });
        match loaded {
            Ok(changes) => {
                waiting::end(tx)?;
                tell(tx, &office, &changes, told, by, now)?;
                Ok(Ok(changes))
            }
            Err(Error::Store(store::Error::Undone)) => {
                let last = last_good(tx, settings)?.unwrap_or_else(|| office.clone());
                let told = told.map_or_else(|| diff(tx, &last, (&office, &deadlines), now), Ok)?;
                Ok(Err(waiting::wait(tx, &office, &told, now)?))
            }
            Err(e) => Err(e),
        }
    })?;
    let waits = match taken {
        Ok(changes) => return Ok(Started { office, changes, refused: None, waits_until: None }),
        Err(waits) => waits,
    };
    let (until, why) = waits;
    let office = before(db, &why, settings, env, by)?;
    Ok(Started { office, changes: Changes::default(), refused: Some(why), waits_until: Some(until) })
}

fn tell(tx: &Tx, office: &Office, changes: &Changes, diff: Option<Diff>, by: By, now: &Moment) -> Result<()> {
    match (by, diff) {
        (By::Command, _) => {}
        (_, None) => drop(office.tell_of_start(tx, now)?),
        (_, Some(diff)) => {
            let Counts { added, moved, cancelled } = diff.reminders;
            info!(
                added,
                moved, cancelled, "reminders of the coming year: {added} added, {moved} moved, {cancelled} cancelled"
            );
            // `duban reload` waits for a new load row, even if nothing changed.
            if changes.is_empty() {
                changes.record(tx, now)?;
            }
            let warnings = office.warnings.clone();
            office.tell_admin(tx, &Notice::Reloaded { changes: diff.lines(LINES_TOLD), warnings }, now)?;
        }
    }
    Ok(())
}

/// The configuration that stays in force; `why` the new one does not come into force.
fn before(db: &mut Db, why: &str, settings: &Settings, env: &BTreeMap<String, String>, by: By) -> Result<Office> {
    if let By::Reload { before, .. } = by {
        return Ok(before.clone());
    }
    let mut last = db.read(|tx| last_good(tx, settings))?.ok_or_else(|| Error::Refused(why.to_owned()))?;
    open_links(&mut last, env, by)?;
    Ok(last)
}

/// The files were refused; the last good configuration stays in force.
fn refused(db: &mut Db, office: &Office, findings: &str, by: By, now: &Moment) -> Result<()> {
    if matches!(by, By::Command) {
        return Ok(());
    }
    error!(findings, "configuration refused, the last good one stays in force: {findings}");
    Ok(db.write(|tx| {
        tx.record_load(now.at, false, findings)?;
        waiting::end(tx)?;
        if matches!(by, By::Service) {
            office.tell_of_start(tx, now)?;
        }
        office.tell_admin(tx, &Notice::Rejected { findings: findings.to_owned() }, now)
    })?)
}

/// At a start of the service, unreadable keys are no error: letters without links are better than no letters.
fn open_links(office: &mut Office, env: &BTreeMap<String, String>, by: By) -> Result<()> {
    match (office.open_links(env), by) {
        (Err(e), By::Service) => {
            error!(error = %e, "letters go without links, and no pages are served: {e}");
            Ok(())
        }
        (opened, _) => opened,
    }
}

/// The configuration in force, and the deadlines that may be due in `from..=to` or have an open occurrence before it.
/// `None` if the files have changed since they were put in force. Spares `list` reading the files: for ten thousand
/// deadlines that takes seven times as long. `file` is the settings file.
pub fn in_force(
    db: &mut Db,
    settings: &Settings,
    file: &Path,
    (from, to): (Date, Date),
) -> Result<Option<(Office, Vec<Deadline>)>> {
    let seen = db.read(|tx| tx.get(FILES))?.flatten();
    let is_same =
        |seen: &Fingerprint| seen.is_of(file, &settings.deadlines, &settings.holidays) && *seen == seen.again();
    if !seen.is_some_and(|seen| is_same(&seen)) {
        return Ok(None);
    }
    // If a stored deadline cannot be read, the caller reads the files.
    let deadlines = db.read(|tx| tx.deadlines_around(from, to))?.into_iter().collect::<crate::store::Result<Vec<_>>>();
    Ok(db.read(|tx| last_good(tx, settings))?.zip(deadlines.ok()))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use jiff::civil::date;
    use tempfile::TempDir;

    use super::*;
    use crate::{clock::Clock, config, service::course::open::open_occurrences};

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

    struct House {
        _folder: TempDir,
        file: PathBuf,
        plan: PathBuf,
        db: Db,
        now: Moment,
    }

    impl House {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (file, plan) = (folder.path().join("duban.toml"), folder.path().join("deadlines.toml"));
            fs::write(&file, SETTINGS).unwrap();
            fs::write(&plan, PLAN).unwrap();
            let now = Clock::Fixed(date(2026, 1, 5).at(8, 30, 0, 0)).now(&jiff::tz::TimeZone::UTC);
            Self { _folder: folder, file, plan, db: Db::in_memory().unwrap(), now }
        }

        fn settings(&self) -> Settings {
            config::settings_alone(&self.file, &BTreeMap::new()).unwrap()
        }

        fn start(&mut self, by: By) -> Result<Started> {
            let read = config::load(&self.file, &BTreeMap::new()).map_err(|findings| findings.to_string());
            let settings = self.settings();
            start(&mut self.db, read, &settings, &BTreeMap::new(), by, &self.now)
        }

        /// What is in force, and what the admin was told so far.
        fn stands(&mut self) -> (Vec<String>, Vec<String>) {
            self.db
                .read(|tx| {
                    let told = tx.outbox(jiff::Timestamp::MIN)?.into_iter().filter_map(|letter| letter.notice);
                    let told = told.map(|notice| notice.split('"').nth(1).unwrap_or_default().to_owned()).collect();
                    Ok((tx.ids_in_force()?.into_iter().collect(), told))
                })
                .unwrap()
        }

        fn around(&mut self, settings: &Settings, file: &Path) -> Option<Vec<String>> {
            let found = in_force(&mut self.db, settings, file, (date(2026, 3, 1), date(2026, 3, 31))).unwrap();
            found.map(|(_, deadlines)| deadlines.into_iter().map(|d| d.id).collect())
        }
    }

    #[test]
    fn what_is_not_taken_leaves_what_was_and_is_told() {
        let mut house = House::new();
        fs::write(&house.plan, "broken").unwrap();
        assert!(house.start(By::Service).is_err(), "nothing was in force");
        fs::write(&house.plan, PLAN).unwrap();
        let first = house.start(By::Service).unwrap();
        assert_eq!((first.refused, first.changes.added.len()), (None, 2));
        assert_eq!(house.stands(), (vec!["autumn".into(), "spring".into()], vec!["started".into()]));

        let loads = |house: &mut House| house.db.read(|tx| tx.last_load()).unwrap().unwrap().id;
        let load = loads(&mut house);
        house.start(By::Command).unwrap();
        assert_eq!(loads(&mut house), load, "in force since before");
        fs::write(&house.plan, PLAN.replace("id = \"spring\"", "id = \"summer\"")).unwrap();
        let waits = house.start(By::Reload { before: &first.office, is_asked: false }).unwrap();
        assert!(waits.refused.is_some() && waits.waits_until.is_some(), "one of two is open, and would go");
        let second = house.start(By::Reload { before: &first.office, is_asked: true }).unwrap();
        assert_eq!((second.refused, second.changes.added), (None, vec!["summer".to_owned()]));
        let load = loads(&mut house);
        fs::write(&house.plan, "broken").unwrap();
        let third = house.start(By::Reload { before: &second.office, is_asked: false }).unwrap();
        assert!(third.refused.is_some() && third.office.roster == second.office.roster);
        let loaded = house.db.read(|tx| tx.last_load()).unwrap().unwrap();
        assert!(!loaded.accepted && loaded.id > load);
        assert!(house.start(By::Service).unwrap().refused.is_some());
        assert!(house.start(By::Command).unwrap().refused.is_some());
        let told = ["started", "waits", "reloaded", "rejected", "started", "rejected"].map(str::to_owned);
        assert_eq!(house.stands(), (vec!["autumn".into(), "summer".into()], told.to_vec()));
    }

    #[test]
    fn a_known_year_stays_known_when_its_file_is_gone() {
        let mut house = House::new();
        let folder = house.file.with_file_name("holidays");
        let shipped = |year: i16| fs::read_to_string(format!("config/holidays/{year}.toml")).unwrap();
        fs::create_dir(&folder).unwrap();
        let file = folder.join("2026.toml");
        fs::write(&file, shipped(2026)).unwrap();
        let first = house.start(By::Service).unwrap();
        let today = house.now.today();
        house.db.write(|tx| open_occurrences(tx, first.office.house(), today)).unwrap();

        fs::remove_file(&file).unwrap();
        let gone = house.start(By::Reload { before: &first.office, is_asked: false }).unwrap();
        assert!(gone.refused.is_none() && gone.changes.moved.is_empty());
        assert_eq!(gone.office.calendar, first.office.calendar);
        assert!(
            gone.office.warnings.iter().any(|w| w.contains("2026 年的放假安排文件不见了")),
            "{:?}",
            gone.office.warnings
        );
        let told = house.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap().pop().unwrap();
        assert!(told.notice.unwrap().contains("2026 年的放假安排文件不见了"), "the admin is told");
        let again = house.start(By::Command).unwrap();
        assert_eq!(again.office.calendar, first.office.calendar, "after a restart too");

        fs::write(&file, shipped(2026)).unwrap();
        let back = house.start(By::Reload { before: &again.office, is_asked: false }).unwrap();
        assert!(back.changes.moved.is_empty() && back.office.calendar == first.office.calendar);
        assert!(!back.office.warnings.iter().any(|w| w.contains("不见了")));

        // Half of it is not put in force.
        fs::write(&file, shipped(2026).replace("2026-09-25, 2026-09-26, 2026-09-27,", "")).unwrap();
        let half = house.start(By::Reload { before: &back.office, is_asked: false }).unwrap();
        assert!(half.refused.unwrap().contains("少了中秋节"));
        // A corrected one replaces it: 10 March becomes a day off.
        let corrected = shipped(2026).replace("2026-04-04,", "2026-03-10, 2026-04-04,");
        fs::write(&file, corrected).unwrap();
        let moved = house.start(By::Reload { before: &back.office, is_asked: false }).unwrap();
        assert_eq!((moved.refused, moved.changes.moved), (None, vec![("spring".to_owned(), "2026".to_owned())]));
    }

    #[test]
    fn the_database_is_asked_alone_until_a_file_changes() {
        let mut house = House::new();
        let (settings, file) = (house.settings(), house.file.clone());
        assert_eq!(house.around(&settings, &file), None, "nothing is in force");
        let office = house.start(By::Command).unwrap().office;
        let today = house.now.today();
        house.db.write(|tx| open_occurrences(tx, office.house(), today)).unwrap();
        assert_eq!(house.around(&settings, &file), Some(vec!["spring".to_owned()]));
        let elsewhere = Settings { deadlines: file.with_file_name("other.toml"), ..settings.clone() };
        assert_eq!(house.around(&elsewhere, &file), None, "these files were never read");
        fs::write(&house.plan, PLAN.replace("10日", "12日")).unwrap();
        assert_eq!(house.around(&settings, &file), None, "an edit");
    }
}
