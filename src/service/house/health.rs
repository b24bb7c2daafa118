//! Whether the service is alive: the daemon records its ticks, the health probe and metrics read them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The ticks since the start. Ages are measured since boot, since the wall clock may be set.
#[derive(Debug, Default)]
pub struct Health {
    ticks: AtomicU64,
    /// Seconds since 1970-01-01; 0 before the first tick.
    last_at: AtomicI64,
    /// Seconds since boot.
    last_boot: AtomicI64,
}

/// A tick comes every minute; after this long without one, the service is taken to hang.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

impl Health {
    /// Records a completed tick. `boot` is the time since boot.
    pub fn ticked(&self, at: Timestamp, boot: SignedDuration) {
        self.last_at.store(at.as_second(), Ordering::Relaxed);
        self.last_boot.store(boot.as_secs(), Ordering::Relaxed);
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// The last tick, in seconds since 1970-01-01; `None` before the first.
    pub fn last_tick(&self) -> Option<i64> {
        (self.ticks() > 0).then(|| self.last_at.load(Ordering::Relaxed))
    }

    /// Why the service is not alive; `None` if it is.
    pub fn trouble(&self, boot: SignedDuration) -> Option<String> {
        if self.ticks() == 0 {
            return Some("no tick yet".into());
        }
        let pause = boot.as_secs().saturating_sub(self.last_boot.load(Ordering::Relaxed));
        (pause >= LONGEST_PAUSE.as_secs()).then(|| format!("the last tick was {pause} seconds ago"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_while_it_ticks() {
        let health = Health::default();
        let after = |secs: i64| SignedDuration::from_secs(1000 + secs);
        assert_eq!(health.trouble(after(0)).as_deref(), Some("no tick yet"));
        assert_eq!(health.last_tick(), None);
        health.ticked(Timestamp::UNIX_EPOCH, after(0));
        assert_eq!((health.trouble(after(299)), health.ticks()), (None, 1));
        assert_eq!(health.trouble(after(300)).as_deref(), Some("the last tick was 300 seconds ago"));
    }
}
