//! Whether sweeps succeed, and who knows of it.

use std::sync::Arc;

use jiff::SignedDuration;
use tracing::error;

use crate::{
    clock::{Moment, since_boot},
    letter::notice::Notice,
    mailer::Mailer,
    service::{
        self, Office,
        house::{damage::past_the_database, troubles},
    },
    store::{Store, state::Failing},
};

#[derive(Default)]
pub struct Sweeps {
    /// Since when none has succeeded.
    failing: Option<Failing>,
    /// Since boot, and when the admin was last told past the database.
    failing_since: Option<SignedDuration>,
    told_at: Option<SignedDuration>,
    /// One has, since the start.
    has_succeeded: bool,
}

/// When sweeps have failed for this long, the admin is told without the database: the promise is an hour.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(30);
const TOLD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

impl Sweeps {
    /// The last one has succeeded.
    pub fn are_well(&self) -> bool {
        self.has_succeeded && self.failing.is_none()
    }

    pub async fn failed(
        &mut self,
        e: &service::Error,
        (store, office, mailer): (&Store, &Arc<Office>, &Arc<Mailer>),
        now: &Moment,
    ) {
        error!(error = %e, "the sweep failed, the next tick tries again: {e}");
        let failing = self.failing.get_or_insert_with(|| Failing { since: now.at, why: e.explain() }).clone();
        let (noted, boot) = (failing.clone(), since_boot());
        // If the database does not answer, this process still remembers it.
        let _ = store.call(move |db| db.write(|tx| troubles::sweeps_fail(tx, &noted))).await;
        let lasts = boot.saturating_sub(*self.failing_since.get_or_insert(boot)) >= TOLD_AFTER;
        if lasts && self.told_at.is_none_or(|told| boot.saturating_sub(told) >= TOLD_AGAIN_AFTER) {
            self.told_at = Some(boot);
            let (office, mailer, now) = (office.clone(), mailer.clone(), now.clone());
            tokio::spawn(async move {
                let since = office.settings.timezone.to_datetime(failing.since);
                let words = Notice::SweepsFail { since, why: failing.why };
                if let Err(e) = past_the_database(&office, &mailer, &words, &now).await {
                    error!(error = %e, "the admin could not be told past the database: {e}");
                }
            });
        }
    }

    /// The admin is told if they had failed for long, before a restart or since.
    pub async fn succeeded(&mut self, store: &Store, office: Arc<Office>, now: Moment) {
        if self.failing.is_none() && self.has_succeeded {
            return;
        }
        let failing = self.failing.take();
        (self.failing_since, self.told_at) = (None, None);
        self.has_succeeded = true;
        let noted = store.call(move |db| db.write(|tx| troubles::sweeps_succeed(tx, &office, failing, &now)));
        if let Err(e) = noted.await {
            error!(error = %e, "that sweeps succeed again could not be noted: {e}");
        }
    }
}
