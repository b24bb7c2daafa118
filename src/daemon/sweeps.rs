//! Whether sweeps succeed, and who knows of it.

use std::sync::Arc;

use tracing::error;

use crate::{
    clock::Moment,
    service::{
        self, Office,
        troubles::{self, Failing},
    },
    store::Store,
};

#[derive(Default)]
pub struct Sweeps {
    /// Since when none has succeeded.
    failing: Option<Failing>,
    /// One has, since the start.
    has_succeeded: bool,
}

impl Sweeps {
    pub async fn failed(&mut self, e: &service::Error, store: &Store, now: &Moment) {
        error!(error = %e, "the sweep failed, the next tick tries again");
        let failing = self.failing.get_or_insert_with(|| Failing { since: now.at, why: e.explain() }).clone();
        // A database that does not answer cannot be told; then memory has to do.
        let _ = store.call(move |db| db.write(|tx| troubles::sweeps_fail(tx, &failing))).await;
    }

    /// The admin is told if they had failed for long, before a restart or since.
    pub async fn succeeded(&mut self, store: &Store, office: Arc<Office>, now: Moment) {
        if self.failing.is_none() && self.has_succeeded {
            return;
        }
        let failing = self.failing.take();
        self.has_succeeded = true;
        let noted = store.call(move |db| db.write(|tx| troubles::sweeps_succeed(tx, &office, failing, &now)));
        if let Err(e) = noted.await {
            error!(error = %e, "that sweeps succeed again could not be noted");
        }
    }
}
