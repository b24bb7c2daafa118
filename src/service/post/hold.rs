//! The pause after a round that ended because of the mail server.

use jiff::SignedDuration;

use super::deliver::Delivered;

/// Doubles up to `LONGEST`, while no round sends anything.
const FIRST: SignedDuration = SignedDuration::from_mins(1);
const LONGEST: SignedDuration = SignedDuration::from_mins(30);

/// Until when nothing is sent. Measured since boot, since the clock may be set.
#[derive(Debug, Default)]
pub struct Hold(Option<Pause>);

#[derive(Clone, Copy, Debug)]
struct Pause {
    until: SignedDuration,
    length: SignedDuration,
}

impl Hold {
    /// `now` is the time since boot.
    pub fn is_on(&self, now: SignedDuration) -> bool {
        self.0.is_some_and(|pause| now < pause.until)
    }

    /// After a round: begins a pause if it was held, and gives its length; ends the last one if not.
    pub fn note(&mut self, delivered: &Delivered, now: SignedDuration) -> Option<SignedDuration> {
        self.0 = delivered.is_held.then(|| {
            // A server that took letters is not in the trouble of the last pause.
            let last = self.0.filter(|_| delivered.sent == 0);
            let length = last.map_or(FIRST, |last| (last.length + last.length).min(LONGEST));
            Pause { until: now.saturating_add(length), length }
        });
        self.0.map(|pause| pause.length)
    }

    /// Ends the pause, when its reason may be gone.
    pub fn release(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_while_nothing_is_sent() {
        let mut hold = Hold::default();
        let mut minutes = |sent, is_held| {
            let delivered = Delivered { sent, is_held, ..Delivered::default() };
            hold.note(&delivered, SignedDuration::ZERO).map(|length| length.as_mins())
        };
        assert_eq!([0; 7].map(|sent| minutes(sent, true)), [1, 2, 4, 8, 16, 30, 30].map(Some));
        assert_eq!(minutes(9, true), Some(1));
        assert_eq!(minutes(0, true), Some(2));
        assert_eq!(minutes(0, false), None);
        assert_eq!(minutes(0, true), Some(1));
    }

    #[test]
    fn it_is_on_until_its_end() {
        let mut hold = Hold::default();
        let at = SignedDuration::from_secs;
        hold.note(&Delivered { is_held: true, ..Delivered::default() }, at(100));
        assert!(hold.is_on(at(100)) && hold.is_on(at(159)) && !hold.is_on(at(160)));
        hold.release();
        assert!(!hold.is_on(at(100)));
    }
}
