//! Wakes the daemon once a minute, even if the clock is set.

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError, job::JobId};
use tracing::warn;

use crate::clock::Reading;

/// At the beginning of every minute. The first of the six fields is seconds.
const EVERY_MINUTE: &str = "0 * * * * *";
/// Smaller jumps are corrections by the network time daemon.
const SMALLEST_JUMP: SignedDuration = SignedDuration::from_secs(2);

/// The scheduler only wakes: a tick goes into a channel of capacity one, and the database decides what is due. Its jobs
/// stall when the clock is set back, so the job is replaced at every jump.
pub struct Wakeups {
    scheduler: JobScheduler,
    job: JobId,
    ticks: mpsc::Sender<()>,
    seen: Reading,
}

impl Wakeups {
    /// Returns the wake-ups, and the receiver of the ticks.
    pub async fn start() -> Result<(Self, mpsc::Receiver<()>), JobSchedulerError> {
        let (ticks, inbox) = mpsc::channel(1);
        let scheduler = JobScheduler::new().await?;
        let job = scheduler.add(wake(&ticks)?).await?;
        scheduler.start().await?;
        Ok((Self { scheduler, job, ticks, seen: Reading::take() }, inbox))
    }

    /// Compares the wall clock with the time since boot. At a jump, replaces the job, sends a tick and returns the
    /// jump, or zero if the clock was certainly wrong before: then it was put right.
    pub async fn check_clock(&mut self) -> Option<SignedDuration> {
        let now = Reading::take();
        let jump = now.moved_since(&self.seen);
        let was_wrong = !self.seen.is_plausible();
        self.seen = now;
        if jump.abs() < SMALLEST_JUMP {
            return None;
        }
        warn!(seconds = jump.as_secs(), "the clock was moved by {} s", jump.as_secs());
        if let Err(e) = self.renew().await {
            warn!(error = %e, "the minute's wake-up could not be made anew: {e}");
        }
        // If the channel is full, the tick in it is enough.
        let _ = self.ticks.try_send(());
        Some(if was_wrong { SignedDuration::ZERO } else { jump })
    }

    async fn renew(&mut self) -> Result<(), JobSchedulerError> {
        // The job may be gone already.
        let _ = self.scheduler.remove(&self.job).await;
        self.job = self.scheduler.add(wake(&self.ticks)?).await?;
        Ok(())
    }
}

fn wake(ticks: &mpsc::Sender<()>) -> Result<Job, JobSchedulerError> {
    let ticks = ticks.clone();
    Job::new(EVERY_MINUTE, move |_, _| {
        let _ = ticks.try_send(());
    })
}
