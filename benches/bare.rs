//! The same cron scheduler with the same job and nothing else: what idling costs whoever uses it.

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    scheduler.add(Job::new("0 * * * * *", |_, _| {})?).await?;
    scheduler.start().await?;
    std::future::pending().await
}
