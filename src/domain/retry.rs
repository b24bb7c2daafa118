//! When a letter is tried again after an attempt, and when it is given up.

use jiff::{SignedDuration, Timestamp};

use super::refusal::{Kind, Known, Refusal, Stage, Verdict};

/// What was seen of one attempt to hand a letter over. What it means is decided with what is known beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took responsibility: 250 after the final dot.
    Accepted { reply: String },
    /// The server said no.
    Refused(Refusal),
    /// No connection, or anything else that is not known to be permanent.
    Temporary { reply: String },
    /// Nobody can be written to there: not an address at all.
    Permanent { reply: String },
    /// The connection ended between the final dot and the reply: the letter may have been accepted.
    Unknown { reply: String },
    /// The settings cannot work (TLS, login): no letter goes out until the operator fixes it.
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
/// 0..1000 is the jitter: a pause is between 80 % and 120 % of its length. A letter that `must_be_kept` is never given
/// up: nobody else can be told, or nobody at all is accepted.
pub fn after(
    verdict: Verdict,
    attempts: u32,
    first: Timestamp,
    now: Timestamp,
    spread: u16,
    must_be_kept: bool,
) -> Next {
    let is_old = attempts >= MIN_ATTEMPTS && now.duration_since(first) >= HORIZON;
    match verdict {
        Verdict::Sent => Next::Sent,
        Verdict::Recipient if !must_be_kept => Next::GiveUp,
        Verdict::Deferred | Verdict::Undecided | Verdict::Passing | Verdict::Unknown if is_old && !must_be_kept => {
            Next::GiveUp
        }
        _ => {
            let doubled = FIRST_PAUSE_SECONDS << attempts.saturating_sub(1).min(10);
            let pause = doubled.min(LONGEST_PAUSE_SECONDS);
            let jittered = pause * (800 + i64::from(spread.min(999)) * 2 / 5) / 1000;
            Next::RetryAt(now.saturating_add(SignedDuration::from_secs(jittered)).unwrap_or(Timestamp::MAX))
        }
    }
}

impl Outcome {
    /// A server's refusal, from its whole reply.
    pub fn refused(stage: Stage, reply: &str) -> Self {
        Self::Refused(Refusal::new(stage, reply))
    }

    /// What it means for the letter.
    pub fn judge(&self, known: &Known) -> Verdict {
        match self {
            Self::Accepted { .. } => Verdict::Sent,
            Self::Refused(refusal) => refusal.judge(known),
            Self::Temporary { .. } => Verdict::Passing,
            Self::Permanent { .. } => Verdict::Recipient,
            Self::Unknown { .. } => Verdict::Unknown,
            Self::Misconfigured { .. } => Verdict::Us,
        }
    }

    /// The server's reply, or a description of the error.
    pub fn reply(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.reply,
            Self::Accepted { reply }
            | Self::Temporary { reply }
            | Self::Permanent { reply }
            | Self::Unknown { reply }
            | Self::Misconfigured { reply } => reply,
        }
    }

    /// What was seen, in a word; the database keeps [`Verdict::name`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused(refusal) => match refusal.kind() {
                Kind::Passing => "temporary",
                Kind::Deferred => "deferred",
                Kind::Mailbox => "permanent",
                Kind::Us => "misconfigured",
                Kind::Unclear => "undecided",
            },
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
        let mut now = first;
        let mut pauses = Vec::new();
        for attempts in 1.. {
            match after(Verdict::Deferred, attempts, first, now, 500, false) {
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
        let after = |verdict, must_be_kept| after(verdict, 2000, Timestamp::UNIX_EPOCH, late, 0, must_be_kept);
        for verdict in [Verdict::Recipient, Verdict::Deferred, Verdict::Undecided, Verdict::Passing, Verdict::Unknown] {
            assert_eq!(after(verdict, false), Next::GiveUp, "{verdict:?}");
            assert!(matches!(after(verdict, true), Next::RetryAt(_)), "{verdict:?}");
        }
        // While it is about us, nobody's letter is given up.
        assert!(matches!(after(Verdict::Us, false), Next::RetryAt(_)));
    }

    #[test]
    fn a_long_holiday_does_not_end_it() {
        let late = Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_hours(24 * 9)).unwrap();
        let next = after(Verdict::Passing, 2, Timestamp::UNIX_EPOCH, late, 0, false);
        assert!(matches!(next, Next::RetryAt(_)));
    }
}
