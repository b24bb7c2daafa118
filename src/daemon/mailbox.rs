//! Reads the mailbox for replies in a task of its own: letters go out even if the mailbox fails.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tracing::error;

use crate::{
    clock::Clock,
    imap::{Inbox, Limits},
    net::ImapSettings,
    service::{
        Office,
        desk::incoming::mailbox::{self, MailboxError, look_back, read_again, read_mailbox},
    },
    store::Store,
};

/// A start waits so long for mail that is to be read again.
const PATIENCE_AT_START: Duration = Duration::from_secs(40);
/// Pause after a failure; doubles up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// The mailbox is read at least this often, even if the server promises to notify us.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The running reader, and the office that it reads for.
#[derive(Default)]
pub struct Reader {
    under_way: Option<(Arc<Office>, JoinHandle<()>)>,
}

impl Reader {
    /// Reads for this office from now on. Notifies `wake` when something was recorded: there may be letters to send.
    pub fn follow(&mut self, office: &Arc<Office>, store: &Store, wake: &Arc<Notify>) {
        if self.under_way.as_ref().is_some_and(|(of, task)| Arc::ptr_eq(of, office) && !task.is_finished()) {
            return;
        }
        self.stop();
        let Some(inbox) = &office.settings.mailbox else { return };
        let task = tokio::spawn(read(store.clone(), office.clone(), inbox.imap.clone(), wake.clone()));
        self.under_way = Some((office.clone(), task));
    }

    /// After a restore, what was reported since the copy is known before anybody is reminded of it; as far as the mailbox
    /// answers soon.
    pub async fn read_again(&self, office: &Arc<Office>, store: &Store) {
        let Some(inbox) = &office.settings.mailbox else { return };
        let read = read_again(store, office, &inbox.imap, Limits::default(), Clock::System);
        match timeout(PATIENCE_AT_START, read).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => error!(error = %e, "the filed mail cannot be read again yet: {e}"),
            Err(_) => error!("the filed mail cannot be read again yet: the mailbox takes too long"),
        }
    }

    /// Safe at any time: the next reader finishes a message that was begun, and acts on each only once.
    pub fn stop(&mut self) {
        if let Some((_, task)) = self.under_way.take() {
            task.abort();
        }
    }
}

async fn read(store: Store, office: Arc<Office>, settings: ImapSettings, wake: Arc<Notify>) {
    let (mut pause, mut looked_back) = (FIRST_PAUSE, false);
    loop {
        let trouble = match read_on(&store, &office, &settings, &wake, (&mut pause, &mut looked_back)).await {
            MailboxError::Imap(e) => e.to_string(),
            MailboxError::Service(e) => e.explain(),
        };
        let noting = office.clone();
        let told = store
            .call(move |db| mailbox::note(db, &noting, Some(trouble), &Clock::System.now(&noting.settings.timezone)));
        match told.await {
            Ok(true) => wake.notify_one(),
            Ok(false) => {}
            Err(e) => error!(error = %e, "trouble with the mailbox could not be noted: {e}"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads until something fails.
async fn read_on(
    store: &Store,
    office: &Arc<Office>,
    settings: &ImapSettings,
    wake: &Notify,
    (pause, looked_back): (&mut Duration, &mut bool),
) -> MailboxError {
    let mut inbox = match Inbox::open(settings, Limits::default()).await {
        Ok(inbox) => inbox,
        Err(e) => return e.into(),
    };
    if !*looked_back {
        if let Err(e) = look_back(store, office, settings, Limits::default(), Clock::System).await {
            return e;
        }
        *looked_back = true;
    }
    if let Err(e) = read_again(store, office, settings, Limits::default(), Clock::System).await {
        return e;
    }
    loop {
        match read_mailbox(store, office, &mut inbox, Clock::System).await {
            Ok(read) if read.done + read.waits > 0 => wake.notify_one(),
            Ok(_) => {}
            Err(e) => return e,
        }
        let noting = office.clone();
        let noted =
            store.call(move |db| mailbox::note(db, &noting, None, &Clock::System.now(&noting.settings.timezone)));
        if let Err(e) = noted.await {
            return e.into();
        }
        *pause = FIRST_PAUSE;
        inbox = match inbox.wait(LONGEST_WAIT).await {
            Ok(inbox) => inbox,
            Err(e) => return e.into(),
        };
    }
}
