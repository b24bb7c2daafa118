//! Whether the wall clock can be trusted: people and programs set it, and a letter cannot be recalled.

use jiff::SignedDuration;
use tracing::{error, warn};

use crate::clock::{Moment, since_boot};

/// A larger move forward makes letters look due that are not.
const LONGEST_TRUSTED_JUMP: SignedDuration = SignedDuration::from_hours(1);
/// After such a move the clock has to run undisturbed for this long.
const DISTRUST: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Default)]
pub struct Trust {
    /// Nothing is swept before this moment (since boot): the clock was set forward.
    distrust_until: Option<SignedDuration>,
    /// The log says already that the clock shows a time before this program was written.
    is_told: bool,
}

impl Trust {
    /// A clock that was set forward makes letters look due: it has to stay put before it is believed.
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

    /// A person has asked for a reload: the clock is right.
    pub fn restore(&mut self) {
        self.distrust_until = None;
    }

    /// Whether what this clock shows may be acted on.
    pub fn is_given(&mut self, now: &Moment) -> bool {
        self.distrust_until = self.distrust_until.filter(|until| since_boot() < *until);
        if !now.is_plausible() && !self.is_told {
            error!(clock = %now.at, "the clock shows a time before this program was written: nothing is done until it is set");
        }
        self.is_told = !now.is_plausible();
        self.distrust_until.is_none() && now.is_plausible()
    }
}
