//! Numbers for whoever watches the service (OpenMetrics text).

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use crate::{
    clock::Moment,
    service::{
        self, Office,
        house::{health::Health, troubles},
    },
    store::Tx,
};

pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the database and the calendar say at one moment.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    pub open: u32,
    pub overdue: u32,
    pub owed: u32,
    pub failed: u32,
    pub oldest_owed_seconds: i64,
    /// By outcome.
    pub attempts: Vec<(String, u64)>,
    /// This year and the next, and whether their statutory days are missing.
    pub years: [(i16, bool); 2],
    pub ticks: u64,
    /// Seconds since 1970.
    pub last_tick: Option<i64>,
    /// The names of what is wrong now.
    pub troubles: Vec<&'static str>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByOutcome {
    outcome: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByName {
    name: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByYear {
    year: i64,
}

pub fn gather(tx: &Tx, office: &Office, health: &Health, now: &Moment) -> service::Result<Numbers> {
    let (open, overdue) = tx.count_open(now.today())?;
    let letters = tx.count_owed()?;
    let year = now.today().year();
    Ok(Numbers {
        open,
        overdue,
        owed: letters.queued,
        failed: letters.failed,
        oldest_owed_seconds: letters.oldest_queued.map_or(0, |at| now.at.duration_since(at).as_secs().max(0)),
        attempts: tx.count_attempts()?,
        years: [year, year.saturating_add(1)].map(|y| (y, office.calendar.is_provisional(y))),
        ticks: health.ticks(),
        last_tick: health.last_tick(),
        troubles: troubles::troubles(tx, office, now)?.into_iter().map(|t| t.name).collect(),
    })
}

/// # Errors
/// None that a `String` would give.
pub fn text(numbers: &Numbers) -> std::result::Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("duban");
    occurrences(&mut registry, numbers);
    letters(&mut registry, numbers);
    of_service(&mut registry, numbers);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn occurrences(registry: &mut Registry, numbers: &Numbers) {
    registry.register("open_occurrences", "Periods that are open", gauge(numbers.open));
    registry.register("overdue_occurrences", "Open periods whose due date has passed", gauge(numbers.overdue));
}

fn letters(registry: &mut Registry, numbers: &Numbers) {
    registry.register("letters_owed", "Letters that wait or are being sent", gauge(numbers.owed));
    registry.register("letters_failed", "Letters that were given up", gauge(numbers.failed));
    registry.register_with_unit(
        "oldest_owed_letter_age",
        "Age of the oldest letter that is owed; 0 without one",
        Unit::Seconds,
        gauge(numbers.oldest_owed_seconds),
    );
    let attempts = Family::<ByOutcome, Counter>::default();
    // Named before they happen: a rate needs the zero it begins at.
    for outcome in ["accepted", "temporary", "permanent", "unknown", "misconfigured"] {
        attempts.get_or_create(&ByOutcome { outcome: outcome.to_owned() }).inc_by(0);
    }
    for (outcome, number) in &numbers.attempts {
        attempts.get_or_create(&ByOutcome { outcome: outcome.clone() }).inc_by(*number);
    }
    registry.register("attempts", "Attempts to hand a letter over, by outcome", attempts);
}

fn of_service(registry: &mut Registry, numbers: &Numbers) {
    registry.register("ticks", "Ticks since the service was started", counter(numbers.ticks));
    if let Some(at) = numbers.last_tick {
        registry.register_with_unit("last_tick_timestamp", "When it last ticked", Unit::Seconds, gauge(at));
    }
    let troubles = Family::<ByName, Gauge>::default();
    for name in troubles::NAMES {
        let is_now = numbers.troubles.contains(&name);
        troubles.get_or_create(&ByName { name: name.to_owned() }).set(is_now.into());
    }
    registry.register("trouble", "1: the service is in this trouble", troubles);
    let years = Family::<ByYear, Gauge>::default();
    for (year, is_provisional) in numbers.years {
        years.get_or_create(&ByYear { year: year.into() }).set(is_provisional.into());
    }
    registry.register("provisional_year", "1: the statutory days of the year are not known", years);
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The program", build);
}

fn gauge(value: impl Into<i64>) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value.into());
    gauge
}

fn counter(value: u64) -> Counter {
    let counter = Counter::default();
    counter.inc_by(value);
    counter
}
