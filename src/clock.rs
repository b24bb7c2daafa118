//! The only place that reads the time. One `Moment` is read per tick or command and handed down.

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::TimeZone};

/// Now, in whole seconds, as the world counts it and as the bureau's wall clock shows it.
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

    pub fn today(&self) -> Date {
        self.local.date()
    }
}
