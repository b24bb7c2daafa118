//! Metrics for monitoring the service (OpenMetrics text).

use askama::Template;

use crate::{
    clock::Moment,
    service::{
        Office, Result,
        house::{health::Health, troubles},
    },
    store::Tx,
};

pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Shown before they happen: a rate needs to start from zero.
const OUTCOMES: [&str; 5] = ["accepted", "temporary", "permanent", "unknown", "misconfigured"];

/// The values at one moment.
#[derive(Clone, Debug, Template)]
#[template(path = "board/metrics.txt", escape = "none")]
pub struct Numbers {
    open: u32,
    overdue: u32,
    paused: u32,
    owed: u32,
    failed: u32,
    oldest_owed_seconds: i64,
    attempts: Vec<(&'static str, u64)>,
    /// This year and the next; 1 if the statutory days are missing.
    years: [(i16, u8); 2],
    ticks: u64,
    /// Seconds since 1970-01-01.
    last_tick: Option<i64>,
    /// Every possible trouble; 1 if the service has it.
    troubles: Vec<(&'static str, u8)>,
    version: &'static str,
}

pub fn gather(tx: &Tx, office: &Office, health: &Health, now: &Moment) -> Result<Numbers> {
    let open = tx.count_open(now.today())?;
    let letters = tx.count_owed()?;
    let attempts = tx.count_attempts()?;
    let tried = |outcome: &&str| attempts.iter().find(|(name, _)| name == outcome).map_or(0, |(_, number)| *number);
    let troubles = troubles::troubles(tx, office, now)?;
    let year = now.today().year();
    Ok(Numbers {
        open: open.all,
        overdue: open.overdue,
        paused: open.paused,
        owed: letters.queued,
        failed: letters.failed,
        oldest_owed_seconds: letters.oldest_queued.map_or(0, |at| now.at.duration_since(at).as_secs().max(0)),
        attempts: OUTCOMES.iter().map(|outcome| (*outcome, tried(outcome))).collect(),
        years: [year, year.saturating_add(1)].map(|y| (y, office.calendar.is_provisional(y).into())),
        ticks: health.ticks(),
        last_tick: health.last_tick(),
        troubles: troubles::NAMES.map(|name| (name, troubles.iter().any(|t| t.name == name).into())).to_vec(),
        version: env!("CARGO_PKG_VERSION"),
    })
}
