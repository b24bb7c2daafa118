//! The service: wakes, sweeps, sends, reloads, and stops cleanly.

mod edits;
mod held;
pub mod lock;
mod mailbox;
mod pages;
mod rounds;
mod sweeps;
mod systemd;
mod trust;
mod wakeups;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Notify, mpsc::Receiver},
    time::{self, MissedTickBehavior},
};
use tracing::{error, info, warn};

use self::{
    lock::SenderLock,
    mailbox::Reader,
    pages::Pages,
    rounds::Rounds,
    sweeps::Sweeps,
    systemd::{Counted, Status, notify},
    trust::Trust,
    wakeups::Wakeups,
};
use crate::{
    clock::{Clock, Moment, since_boot},
    config::{Fingerprint, Watch},
    mailer::Mailer,
    service::{
        self, Office,
        course::sweep::{sweep, tell_of_stuck_letters},
        house::{damage, health::Health, tidy::tidy},
    },
    store::{Store, state},
};

/// How often the clock is checked and the watchdog fed.
const PULSE: Duration = Duration::from_secs(10);
/// Longer than the minute between ticks: then the wake-ups have failed.
const LONGEST_WITHOUT_TICK: SignedDuration = SignedDuration::from_secs(90);

/// A running service.
pub struct Daemon {
    config: PathBuf,
    env: BTreeMap<String, String>,
    store: Store,
    office: Arc<Office>,
    mailer: Arc<Mailer>,
    watch: Watch,
    /// The files that were read last wait until then: they would withdraw much.
    waits_until: Option<Timestamp>,
    rounds: Rounds,
    trust: Trust,
    pages: Pages,
    reader: Reader,
    /// Notified when the reader has recorded something: there may be letters to send.
    came_in: Arc<Notify>,
    /// When it last ticked, for the health probe.
    health: Arc<Health>,
    /// When it last ticked, since boot.
    ticked: SignedDuration,
    /// The troubles found last, to log only changes.
    troubles: Vec<&'static str>,
    counted: Option<Counted>,
    /// Whether systemd's watchdog is on.
    is_watched: bool,
    sweeps: Sweeps,
    lock: SenderLock,
}

/// What the service is started with.
pub struct Parts {
    pub config: PathBuf,
    pub env: BTreeMap<String, String>,
    pub store: Store,
    pub office: Office,
    pub mailer: Mailer,
    /// The files as they were when they were read.
    pub seen: Fingerprint,
    /// They wait until then.
    pub waits_until: Option<Timestamp>,
    pub lock: SenderLock,
}

/// What the service is told from outside. One that comes while it starts waits until it listens.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// In a runtime, and before the lock names this process as the one to tell.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

impl Daemon {
    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// Also if other files have taken the place of those that it holds: a new start goes on with what is there.
    pub async fn run(parts: Parts, mut signals: Signals) -> anyhow::Result<()> {
        pages::end_on_panic();
        let (mut wakeups, mut ticks) = Wakeups::start().await?;
        let mut daemon = Self::new(parts);
        daemon.reader.read_again(&daemon.office, &daemon.store).await;
        notify(&[NotifyState::Ready]);
        info!(version = env!("CARGO_PKG_VERSION"), "ready: duban {}", env!("CARGO_PKG_VERSION"));
        daemon.tick().await;
        daemon.pages.show_address(&daemon.office, &daemon.store, daemon.now()).await;
        let ended = daemon.turn(&mut ticks, &mut wakeups, &mut signals).await;
        notify(&[NotifyState::Stopping]);
        daemon.finish().await;
        info!("stopped");
        ended
    }

    fn new(Parts { config, env, store, office, mailer, seen, waits_until, lock }: Parts) -> Self {
        let (office, health) = (Arc::new(office), Arc::new(Health::default()));
        Self {
            config,
            env,
            store,
            mailer: Arc::new(mailer),
            watch: Watch::new(seen),
            waits_until,
            trust: Trust::default(),
            rounds: Rounds::default(),
            pages: Pages::new(office.clone(), health.clone()),
            office,
            reader: Reader::default(),
            came_in: Arc::default(),
            health,
            ticked: since_boot(),
            troubles: Vec::new(),
            counted: None,
            is_watched: sd_notify::watchdog_enabled().is_some(),
            sweeps: Sweeps::default(),
            lock,
        }
    }

    async fn turn(
        &mut self,
        ticks: &mut Receiver<()>,
        wakeups: &mut Wakeups,
        signals: &mut Signals,
    ) -> anyhow::Result<()> {
        let mut pulse = time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            held::look(&self.store, &self.lock)?;
            held::look_for_another(&self.office.settings)?;
            tokio::select! {
                biased;
                _ = signals.terminate.recv() => return Ok(()),
                _ = signals.interrupt.recv() => return Ok(()),
                _ = signals.hangup.recv() => {
                    self.trust.restore();
                    self.reload(true).await;
                    self.tick().await;
                }
                result = self.rounds.ended() => {
                    self.rounds.note(result);
                    self.look_around().await;
                }
                () = self.came_in.notified() => self.send(),
                Some(()) = ticks.recv() => {
                    // If the clock is set forward, the next wake-up comes at once.
                    self.check_clock(wakeups).await;
                    self.tick().await;
                }
                _ = pulse.tick() => {
                    self.check_clock(wakeups).await;
                    // An edit does not wait for the minute, and the wake-ups themselves may have failed.
                    if self.take_edit().await || since_boot().saturating_sub(self.ticked) > LONGEST_WITHOUT_TICK {
                        self.tick().await;
                    }
                    self.feed_watchdog().await;
                }
            }
        }
    }

    async fn check_clock(&mut self, wakeups: &mut Wakeups) {
        if let Some(jump) = wakeups.check_clock().await {
            self.trust.moved(jump);
            self.rounds.release();
            if !self.trust.is_given(&self.now()) {
                // The current round would go on with the wrong clock.
                self.rounds.stop();
            }
        }
    }

    /// Looks once at edited files, what is due, and what is to be sent.
    async fn tick(&mut self) {
        let now = self.now();
        self.ticked = since_boot();
        self.take_edit().await;
        let is_trusted = self.trust.is_given(&now);
        self.pages.follow(&self.office, &self.store).await;
        self.reader.follow(&self.office, &self.store, &self.came_in);
        if !is_trusted {
            // The service waits on purpose, so it counts as alive.
            self.health.ticked(now.at, since_boot());
            return;
        }
        let (office, at) = (self.office.clone(), now.at);
        let swept = self.store.call(move |db| {
            let swept = sweep(db, &office, &now)?;
            // Letters come first: what keeps the house in order may fail and is tried again.
            if let Err(e) = tidy(db, &office, &now) {
                error!(error = %e, "old texts of letters stay for now: {e}");
            }
            Ok::<_, service::Error>((swept, db.read(|tx| tx.is_owed())?))
        });
        match swept.await {
            Ok((swept, is_owed)) => {
                self.health.ticked(at, since_boot());
                if swept.opened + swept.said > 0 {
                    let (opened, said) = (swept.opened, swept.said);
                    info!(opened, said, "swept: {opened} occurrences opened, {said} reminders to send");
                }
                self.sweeps.succeeded(&self.store, self.office.clone(), self.now()).await;
                if is_owed {
                    self.send();
                }
            }
            Err(e) => {
                self.sweeps.failed(&e, (&self.store, &self.office, &self.mailer), &self.now()).await;
                self.send();
            }
        }
        self.look_around().await;
    }

    /// Sends what is due, if the clock is trusted.
    fn send(&mut self) {
        if self.trust.is_given(&self.now()) {
            self.rounds.begin(&self.store, &self.office, &self.mailer);
        }
    }

    /// Looks for stuck letters and troubles. A new notice of stuck letters is a letter too, and is sent at once.
    async fn look_around(&mut self) {
        let (office, now, counted) = (self.office.clone(), self.now(), self.counted);
        let looked = self.store.call(move |db| {
            let told = tell_of_stuck_letters(db, &office, &now);
            let status = db.read(|tx| Ok(systemd::look(tx, &office, &now, counted)))?;
            Ok::<_, service::Error>((told, status))
        });
        let (told, status) = match looked.await {
            Ok((told, status)) => (told, status.ok()),
            Err(e) => (Err(e), None),
        };
        match told {
            Ok(told) if told > 0 => {
                self.rounds.release();
                self.send();
            }
            Ok(_) => {}
            Err(e) => error!(error = %e, "stuck letters could not be looked for: {e}"),
        }
        if let Some(status) = status {
            self.show(status);
        }
    }

    /// Only after the database has answered, and only from the main loop: so the watchdog notices if either hangs.
    async fn feed_watchdog(&self) {
        if !self.is_watched {
            return;
        }
        let answered = self.store.call(|db| db.read(|tx| tx.get(state::UID))).await;
        match answered {
            Ok(_) => notify(&[NotifyState::Watchdog]),
            Err(e) => error!(error = %e, "the database does not answer, the watchdog is not fed: {e}"),
        }
    }

    fn show(&mut self, status: Status) {
        let pages = self.pages.trouble().map(|t| format!("; pages not served: {t}")).unwrap_or_default();
        systemd::show(&status, &pages);
        self.counted = Some(status.counted);
        let troubles = status.troubles;
        if troubles == self.troubles {
            return;
        }
        if troubles.is_empty() {
            info!("in no trouble any more");
        } else {
            let troubles = troubles.join(", ");
            warn!(troubles, "in trouble, see `duban status`: {troubles}");
        }
        self.troubles = troubles;
    }

    async fn finish(&mut self) {
        self.rounds.stop();
        self.reader.stop();
        self.pages.finish().await;
        self.rounds.finish().await;
        if self.store.is_in_place().is_err() {
            return held::let_go(&self.store, self.office.settings.database.clone(), self.now()).await;
        }
        self.lock.forget();
        if self.sweeps.are_well() {
            let database = self.office.settings.database.clone();
            let left = self.store.close(move |db| {
                damage::leave_sound(&db, &database);
                Ok::<_, service::Error>(())
            });
            // If the store's thread has ended, the next start checks the file.
            let _ = left.await;
        }
    }

    fn now(&self) -> Moment {
        Clock::System.now(&self.office.settings.timezone)
    }
}
