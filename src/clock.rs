//! The only place that reads the time. One `Moment` is read per tick or command and handed down.
#![expect(clippy::disallowed_methods)]

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// Now, in whole seconds: as a timestamp, and as the bureau's wall clock shows it.
#[derive(Clone, Debug)]
pub struct Moment {
    pub at: Timestamp,
    pub local: DateTime,
}

/// The system's clock, or a fixed one for `--now`.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    System,
    /// Wall clock time of the bureau.
    Fixed(DateTime),
}

/// 2026-01-01: the program is not older, so a clock that shows an earlier time is wrong.
const WRITTEN_AT: i64 = 1_767_225_600;

impl Clock {
    pub fn now(self, zone: &TimeZone) -> Moment {
        let at = match self {
            Self::System => Timestamp::now(),
            // A time that a change to summer time skips or repeats is read as RFC 5545 does.
            Self::Fixed(local) => {
                zone.to_ambiguous_zoned(local).compatible().map_or(Timestamp::UNIX_EPOCH, |z| z.timestamp())
            }
        };
        Moment::new(at, zone)
    }
}

impl Moment {
    pub fn new(at: Timestamp, zone: &TimeZone) -> Self {
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self { at, local: zone.to_datetime(at) }
    }

    /// False for a clock that has not been set since boot.
    pub fn is_plausible(&self) -> bool {
        self.at.as_second() >= WRITTEN_AT
    }

    pub fn today(&self) -> Date {
        self.local.date()
    }

    /// 24 hours before, for what may be done so often a day.
    pub fn day_ago(&self) -> Timestamp {
        self.at.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
    }
}

/// The wall clock and the boot clock, read together.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    wall: Timestamp,
    /// Since boot, suspend included.
    boot: SignedDuration,
}

impl Reading {
    pub fn take() -> Self {
        Self { wall: Timestamp::now(), boot: since_boot() }
    }

    pub fn is_plausible(&self) -> bool {
        self.wall.as_second() >= WRITTEN_AT
    }

    /// How far the wall clock was set forward or back since `earlier`, beyond the time that passed. Suspend does not
    /// count.
    pub fn moved_since(&self, earlier: &Self) -> SignedDuration {
        self.wall.duration_since(earlier.wall).saturating_sub(self.boot.saturating_sub(earlier.boot))
    }
}

/// Time since boot, suspend included: a clock that nobody sets.
pub fn since_boot() -> SignedDuration {
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    SignedDuration::new(boot.tv_sec, i32::try_from(boot.tv_nsec).unwrap_or(0))
}
