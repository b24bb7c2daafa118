//! Whether the wall clock is trusted: people and programs set it, and a letter cannot be recalled.

use jiff::SignedDuration;
use tracing::{error, warn};

use crate::clock::{Moment, since_boot};

/// A larger jump forward would make letters look due that are not.
const LONGEST_TRUSTED_JUMP: SignedDuration = SignedDuration::from_hours(1);
/// How long the clock must run without another such jump before it is trusted again.
const DISTRUST: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Default)]
pub struct Trust {
    /// Nothing is swept before this time since boot, since the clock was set forward.
    distrust_until: Option<SignedDuration>,
    /// Whether it was logged that the clock shows a time before this program was written.
    is_told: bool,
}

impl Trust {
    /// Notes a jump of the clock. A large one forward ends the trust for a while; a large one back restores it.
    pub fn moved(&mut self, jump: SignedDuration) {
        if jump > LONGEST_TRUSTED_JUMP {
            warn!(
                hours = jump.as_hours(),
                "the clock was moved by {} h: sending waits until it has stayed put, or until a reload",
                jump.as_hours()
            );
            self.distrust_until = Some(since_boot() + DISTRUST);
        } else if jump < -LONGEST_TRUSTED_JUMP {
            self.distrust_until = None;
        }
    }

    /// Trusts the clock at once: a person who asks for a reload confirms it.
    pub fn restore(&mut self) {
        self.distrust_until = None;
    }

    /// Whether `now` may be acted on.
    pub fn is_given(&mut self, now: &Moment) -> bool {
        self.distrust_until = self.distrust_until.filter(|until| since_boot() < *until);
        if !now.is_plausible() && !self.is_told {
            error!(clock = %now.at, "the clock shows a time before this program was written: nothing is done until it is set");
        }
        self.is_told = !now.is_plausible();
        self.distrust_until.is_none() && now.is_plausible()
    }
}
