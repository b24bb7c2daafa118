//! Servers that do as a test says, and a clock for what must not grow.

pub mod imap_server;
pub mod smtp_server;
pub mod smtp_tls;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long this thread has had a processor for this: what runs beside it does not count.
pub fn processor_time(work: impl FnOnce()) -> Duration {
    let began = clock_gettime(ClockId::ThreadCPUTime);
    work();
    (clock_gettime(ClockId::ThreadCPUTime) - began).try_into().expect("it only goes on")
}
