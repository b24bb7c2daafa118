//! When a letter is tried again after an attempt, and when it is given up.

use jiff::{SignedDuration, Timestamp};

/// The outcome of one attempt to hand a letter over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took responsibility: 250 after the final dot.
    Accepted { reply: String },
    /// Try again: 4xx, no connection, or anything that is not known to be permanent.
    Temporary { reply: String },
    /// The server permanently refuses this recipient or this letter.
    Permanent { reply: String },
    /// The connection ended between the final dot and the reply: the letter may have been accepted.
    Unknown { reply: String },
    /// The server refuses *us* (credentials, TLS): no letter goes out until the operator fixes it.
    Misconfigured { reply: String },
}

/// What to do next with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Sent,
    /// Not before this moment.
    RetryAt(Timestamp),
    GiveUp,
}

/// Attempts go on for at least this long after the first.
const HORIZON: SignedDuration = SignedDuration::from_hours(72);
/// The fewest attempts: a long holiday inside the horizon leaves few sending windows.
const MIN_ATTEMPTS: u32 = 10;
const FIRST_PAUSE_SECONDS: i64 = 60;
const LONGEST_PAUSE_SECONDS: i64 = 3600;

/// Decides after attempt number `attempts` (from 1), which ended at `now`; the first began at `first`. `spread` in
/// 0..1000 is the jitter: a pause is between 80 % and 120 % of its length. If nobody else can be told (`is_last`), the
/// letter is given up only on a permanent refusal.
pub fn after(outcome: &Outcome, attempts: u32, first: Timestamp, now: Timestamp, spread: u16, is_last: bool) -> Next {
    match outcome {
        Outcome::Accepted { .. } => Next::Sent,
        Outcome::Permanent { .. } => Next::GiveUp,
        _ if !is_last && attempts >= MIN_ATTEMPTS && now.duration_since(first) >= HORIZON => Next::GiveUp,
        _ => {
            let doubled = FIRST_PAUSE_SECONDS << attempts.saturating_sub(1).min(10);
            let pause = doubled.min(LONGEST_PAUSE_SECONDS);
            let jittered = pause * (800 + i64::from(spread.min(999)) * 2 / 5) / 1000;
            Next::RetryAt(now.saturating_add(SignedDuration::from_secs(jittered)).unwrap_or(Timestamp::MAX))
        }
    }
}

impl Outcome {
    /// The server's reply, or a description of the error.
    pub fn reply(&self) -> &str {
        match self {
            Self::Accepted { reply }
            | Self::Temporary { reply }
            | Self::Permanent { reply }
            | Self::Unknown { reply }
            | Self::Misconfigured { reply } => reply,
        }
    }

    /// Its name in the database, in logs and in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Temporary { .. } => "temporary",
            Self::Permanent { .. } => "permanent",
            Self::Unknown { .. } => "unknown",
            Self::Misconfigured { .. } => "misconfigured",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let first = Timestamp::UNIX_EPOCH;
        let outcome = Outcome::Temporary { reply: String::new() };
        let mut now = first;
        let mut pauses = Vec::new();
        for attempts in 1.. {
            match after(&outcome, attempts, first, now, 500, false) {
                Next::RetryAt(at) => {
                    pauses.push(at.duration_since(now).as_secs());
                    now = at;
                }
                Next::GiveUp => break,
                Next::Sent => panic!("a temporary failure is not sent"),
            }
        }
        assert_eq!(pauses[..7], [60, 120, 240, 480, 960, 1920, 3600]);
        assert!(pauses[6..].iter().all(|p| *p == 3600));
        assert_eq!(now.duration_since(first).as_hours(), 72);
    }

    #[test]
    fn whoever_is_told_last_is_told_in_the_end() {
        let late = Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_hours(24 * 90)).unwrap();
        let after = |outcome, is_last| after(&outcome, 2000, Timestamp::UNIX_EPOCH, late, 0, is_last);
        assert_eq!(after(Outcome::Temporary { reply: String::new() }, false), Next::GiveUp);
        assert!(matches!(after(Outcome::Temporary { reply: String::new() }, true), Next::RetryAt(_)));
        assert_eq!(after(Outcome::Permanent { reply: String::new() }, true), Next::GiveUp);
    }

    #[test]
    fn a_long_holiday_does_not_end_it() {
        let outcome = Outcome::Temporary { reply: String::new() };
        let late = Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_hours(24 * 9)).unwrap();
        assert!(matches!(after(&outcome, 2, Timestamp::UNIX_EPOCH, late, 0, false), Next::RetryAt(_)));
    }
}
