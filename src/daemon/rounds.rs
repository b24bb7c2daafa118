//! Rounds of sending: one at a time, with pauses while the server refuses us.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time};
use tracing::{error, info, warn};

use crate::{
    clock::{Clock, since_boot},
    mailer::Mailer,
    service::{
        self, Office,
        post::{
            deliver::{Delivered, deliver},
            hold::Hold,
        },
    },
    store::Store,
};

/// How long a stop waits for letters being sent.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Rounds {
    hold: Hold,
    under_way: Option<JoinHandle<service::Result<Delivered>>>,
    /// Stops the current round.
    stop: Arc<AtomicBool>,
}

impl Rounds {
    /// Begins a round, unless one is running or sending is paused.
    pub fn begin(&mut self, store: &Store, office: &Arc<Office>, mailer: &Arc<Mailer>) {
        if self.under_way.is_some() || self.hold.is_on(since_boot()) {
            return;
        }
        self.stop = Arc::default();
        let (store, office, mailer, stop) = (store.clone(), office.clone(), mailer.clone(), self.stop.clone());
        let round = async move { deliver(&store, &office, &mailer, Clock::System, &stop).await };
        self.under_way = Some(tokio::spawn(round));
    }

    /// Waits for the current round to end; for ever if there is none.
    pub async fn ended(&mut self) -> service::Result<Delivered> {
        let Some(handle) = &mut self.under_way else { return pending().await };
        let ended = handle.await;
        self.under_way = None;
        ended.unwrap_or_else(|e| Err(service::Error::Refused(e.to_string())))
    }

    /// Logs the result of a round, and pauses sending if the server is in trouble.
    pub fn note(&mut self, result: service::Result<Delivered>) {
        let delivered = match result {
            Ok(delivered) => delivered,
            Err(e) => return error!(error = %e, "a round of sending failed: {e}"),
        };
        if delivered != Delivered::default() {
            let Delivered { sent, failed, put_off, .. } = delivered;
            info!(
                sent,
                failed, put_off, "a round of sending has ended: {sent} sent, {failed} failed, {put_off} put off"
            );
        }
        if let Some(pause) = self.hold.note(&delivered, since_boot()) {
            let minutes = pause.as_mins();
            warn!(minutes, "the mail server is in trouble, sending waits {minutes} minutes");
        }
    }

    /// Ends the pause, when its reason may be gone.
    pub fn release(&mut self) {
        self.hold.release();
    }

    /// Ends the current round after the letters being sent.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for letters being sent; those that take too long are sent again after the next start.
    pub async fn finish(&mut self) {
        self.stop();
        if let Some(round) = self.under_way.take()
            && time::timeout(PATIENCE_AT_STOP, round).await.is_err()
        {
            warn!(
                "a letter was still under way, its outcome is unknown: it will be sent again with the same Message-ID"
            );
        }
    }
}
