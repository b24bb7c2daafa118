//! The service takes edited files.

use std::sync::Arc;

use sd_notify::NotifyState;
use tracing::{error, info};

use super::{Daemon, systemd::notify};
use crate::{
    clock::Clock,
    config::{self, Loaded, Watch},
    mailer::Mailer,
    service::{
        self,
        course::{
            load::Changes,
            start::{By, Started, start},
        },
    },
};

impl Daemon {
    /// Reads files that were edited and have stood still. Gives whether there were any.
    pub(super) async fn take_edit(&mut self) -> bool {
        let now = self.now();
        // A plan put in force by a wrong clock would have the wrong starting day.
        if !self.trust.is_given(&now) {
            return false;
        }
        // What is being mended at this moment settles first.
        let has_waited = self.waits_until.is_some_and(|until| now.at >= until) && self.watch.is_as_loaded();
        let is_edited = self.watch.settled(now.at, self.watch.look()) || has_waited;
        if is_edited {
            self.reload(false).await;
        }
        is_edited
    }

    /// Reads the files and puts them in force; `is_asked`: at once, whatever they withdraw. With errors nothing changes,
    /// and the admin is told.
    pub(super) async fn reload(&mut self, is_asked: bool) {
        notify(&[NotifyState::Reloading]);
        let (config, env) = (self.config.clone(), self.env.clone());
        let read = match tokio::task::spawn_blocking(move || config::load(&config, &env)).await {
            Ok(Ok(loaded)) => {
                self.watch = Watch::new(loaded.seen.clone());
                self.with_mailer(loaded)
            }
            Ok(Err(findings)) => {
                let words = findings.to_string();
                self.watch = Watch::new(findings.seen);
                Err(words)
            }
            Err(e) => Err(e.to_string()),
        };
        if let Err(e) = self.take(read, is_asked).await {
            error!(error = %e, "the configuration could not be put in force, nor the admin told of it: {e}");
        }
        notify(&[NotifyState::Ready]);
    }

    fn with_mailer(&self, loaded: Loaded) -> Result<(Loaded, Mailer), String> {
        if loaded.settings.database != self.office.settings.database {
            return Err("duban.toml 里的 database 改了：换数据库要先停止服务再启动，不能在运行中换。".into());
        }
        let mailer = service::mailer(&loaded.settings).map_err(|e| e.explain())?;
        Ok((loaded, mailer))
    }

    async fn take(&mut self, read: Result<(Loaded, Mailer), String>, is_asked: bool) -> service::Result<()> {
        let (read, mailer) = match read {
            Ok((loaded, mailer)) => (Ok(loaded), Some(mailer)),
            Err(why) => (Err(why), None),
        };
        let (before, env) = (self.office.clone(), self.env.clone());
        let started = self.store.call(move |db| {
            let zone = &read.as_ref().map_or(&before.settings, |loaded| &loaded.settings).timezone;
            let now = Clock::System.now(zone);
            start(db, read, &before.settings, &env, By::Reload { before: &before, is_asked }, &now)
        });
        let Started { office, changes, refused, waits_until } = started.await?;
        self.waits_until = waits_until;
        if let (Some(mailer), None) = (mailer, refused) {
            (self.office, self.mailer) = (Arc::new(office), Arc::new(mailer));
            self.rounds.release();
            let Changes { deadlines, added, changed, withdrawn, moved, gone, back, .. } = changes;
            let (added, changed, withdrawn) = (added.len(), changed.len(), withdrawn.len());
            info!(
                deadlines,
                added,
                changed,
                withdrawn,
                moved = moved.len(),
                gone = gone.len(),
                back = back.len(),
                "configuration loaded: {deadlines} deadlines, {added} added, {changed} changed, {withdrawn} withdrawn"
            );
        }
        Ok(())
    }
}
