//! `duban doctor`: checks everything that the service needs, each thing on its own, without changing anything.

mod clock;
mod configuration;
mod database;
mod links;
mod mail;
mod permissions;
mod running;

use std::{path::Path, time::SystemTime};

use serde::Serialize;

use crate::service::{
    Office,
    house::setup::{Unit, has_systemd},
};
use crate::{
    clock::Moment,
    config::{Findings, Loaded, Settings},
    domain::{calendar::Calendar, deadline::Roster},
    store,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Good,
    /// Worth knowing; letters still go out.
    Warning,
    Bad,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub verdict: Verdict,
    pub found: String,
    /// What to do; empty only with `Verdict::Good`.
    pub advice: String,
}

/// The advice where the current user may not look.
const AS_ROOT: &str = "用 sudo duban doctor 再看一次";

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Good, found: found.into(), advice: String::new() }
    }

    fn warning(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Warning, found: found.into(), advice: advice.into() }
    }

    fn bad(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Bad, found: found.into(), advice: advice.into() }
    }
}

/// What only root may look at, seen before a command of root's becomes the service's user.
#[derive(Debug, Default)]
pub struct Before {
    permissions: Vec<Check>,
    /// When a password was changed last.
    passwords_changed: Option<SystemTime>,
}

impl Before {
    pub fn look(config: &Path, loaded: &Result<Loaded, Findings>, settings: &Settings) -> Self {
        Self {
            permissions: permissions::look(config, loaded, settings),
            passwords_changed: running::passwords_changed(config),
        }
    }
}

/// What is known before the first check.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// duban.toml.
    pub config: &'a Path,
    pub loaded: &'a Result<Loaded, Findings>,
    /// The loaded passwords are placeholders, since only root may read the real ones.
    pub is_locked: bool,
    pub before: &'a Before,
    /// The process that sends from the database.
    pub holder: Option<i32>,
    /// It holds other files than those at the path.
    pub displaced: Option<&'a store::Error>,
    pub now: &'a Moment,
}

impl Given<'_> {
    /// The package's unit that this configuration is for.
    fn unit(&self) -> Option<Unit> {
        has_systemd().then(|| Unit::of(self.config.parent()?)).flatten()
    }

    /// The settings, also if only the plan has errors.
    fn settings(&self) -> Option<&Settings> {
        match self.loaded {
            Ok(loaded) => Some(&loaded.settings),
            Err(findings) => findings.settings.as_deref(),
        }
    }

    /// The office; without sections and statutory days if the plan has errors.
    fn office(&self) -> Option<Office> {
        let settings = self.settings()?.clone();
        let (roster, calendar) = match self.loaded {
            Ok(loaded) => (loaded.plan.roster.clone(), loaded.calendar.clone()),
            Err(_) => (Roster::default(), Calendar::default()),
        };
        Some(Office { roster, calendar, ..Office::bare(settings) })
    }
}

/// Runs all checks that the settings allow; a failed check does not stop the others.
pub async fn examine(given: Given<'_>) -> Vec<Check> {
    let mut checks = configuration::look(&given);
    let Some(office) = given.office() else {
        checks.extend(clock::look(None, given.now).await);
        let advice = "先改好 duban.toml，再执行一次 duban doctor";
        checks.push(Check::warning("其余", "设置读不出来，服务、数据库、邮件等没有看", advice));
        return checks;
    };
    let (database, recorded) = database::look(&given, &office);
    checks.extend(running::look(&given, &office.settings, &recorded.troubles));
    checks.extend(database);
    checks.extend(clock::look(Some(&office.settings.timezone), given.now).await);
    if let Ok(loaded) = given.loaded {
        checks.extend(configuration::statutory_years(loaded, given.now));
    }
    if given.is_locked {
        checks.push(mail::locked());
    } else {
        checks.push(mail::out(&office, recorded.failure.filter(|_| given.holder.is_some())).await);
        checks.extend(mail::back(&office).await);
    }
    checks.extend(mail::senders(&office));
    checks.extend(links::look(&office.settings, given.holder.is_some()).await);
    checks.extend(given.before.permissions.iter().cloned());
    checks.extend(running::has_no_standby(&given, &office.settings));
    if let Some(name) = given.unit().and_then(|unit| unit.instance) {
        let found = format!(
            "这是 duban@{name}：“办法”里 systemctl、journalctl 后面的 duban 写成 duban@{name}（duban-backup 写成 \
             duban-backup@{name}），duban 的命令都加 --instance {name}"
        );
        checks.push(Check::good("单位", found));
    }
    checks
}
