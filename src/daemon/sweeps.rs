//! Records whether sweeps succeed, and tells the admin if they do not.

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
    /// Since when sweeps have failed, and why.
    failing: Option<Failing>,
    /// `failing_since` and `told_at`, when the admin was last told without the database, are times since boot.
    failing_since: Option<SignedDuration>,
    told_at: Option<SignedDuration>,
    /// Whether a sweep has succeeded since the start.
    has_succeeded: bool,
}

/// When sweeps have failed for this long, the admin is told without the database, to keep the promise of one hour.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(30);
const TOLD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

impl Sweeps {
    /// Whether the last sweep succeeded.
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
        // If the database does not answer, `self.failing` still holds it.
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

    /// Tells the admin if sweeps had failed for long, before a restart or since.
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
