//! Limits the letters per minute, evenly spaced.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A token bucket of one: no bursts, which providers punish. Shared by all sessions.
pub struct Pace {
    /// None: no limit.
    gap: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// 0 is no limit.
    pub fn new(per_minute: u32) -> Self {
        Self { gap: Duration::from_secs(60).checked_div(per_minute), next: Mutex::new(None) }
    }

    /// Returns when it is this letter's turn.
    pub async fn turn(&self) {
        let Some(gap) = self.gap else { return };
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + gap);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn evenly() {
        let pace = Pace::new(20);
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..4 {
            pace.turn().await;
            turns.push(start.elapsed().as_secs());
        }
        assert_eq!(turns, [0, 3, 6, 9]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        let pace = Pace::new(0);
        let start = Instant::now();
        for _ in 0..4 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn sessions_share_it_and_rest_saves_nothing_up() {
        let pace = Pace::new(30);
        tokio::time::sleep(Duration::from_secs(600)).await;
        let start = Instant::now();
        tokio::join!(pace.turn(), pace.turn(), pace.turn());
        assert_eq!(start.elapsed().as_secs(), 4);
    }
}
