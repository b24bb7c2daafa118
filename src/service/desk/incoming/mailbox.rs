//! Reads the mailbox once: acts on every message that is for us, and files it in its folder.

use std::sync::Arc;

use jiff::SignedDuration;
use tracing::{error, info, warn};

use super::{Fate, act, give_up};
use crate::{
    clock::{Clock, Moment},
    imap::{Filed, ImapError, Inbox, Limits, Listed},
    incoming,
    net::ImapSettings,
    service::{Error, Office, Result, in_transaction, tell::Notice},
    store::{
        Db, Place, Placed, Store, Tx,
        state::{self, MailboxFront, MailboxState},
    },
};
/// How often reading a message is begun before it is left to a person: reading it may end the program or connection.
const TRIES: u32 = 5;
/// How many of the filed messages are looked at for whether they are known.
const LOOKED_AT: usize = 50;
/// The admin is told if the mailbox could not be read for this long.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(45);

/// The counts of one reading of the mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub done: u32,
    pub waits: u32,
    /// Messages that are not for us.
    pub left_alone: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error(transparent)]
    Imap(#[from] ImapError),
    #[error(transparent)]
    Service(#[from] Error),
}

impl From<crate::store::Error> for MailboxError {
    fn from(e: crate::store::Error) -> Self {
        Self::Service(e.into())
    }
}

/// Reads what is there. If interrupted, the next reading goes on from there.
pub async fn read_mailbox(
    store: &Store,
    office: &Arc<Office>,
    inbox: &mut Inbox,
    clock: Clock,
) -> std::result::Result<Looked, MailboxError> {
    let mut looked = Looked::default();
    let mut front = front(store, office, inbox).await?;
    loop {
        let listed = inbox.list(front.from).await?;
        let Some(last) = listed.last() else { break };
        let next = last.uid.saturating_add(1);
        let mut acted = Vec::new();
        for letter in &listed {
            let place = Place { mailbox: front.mailbox.clone(), uid_validity: front.uid_validity, uid: letter.uid };
            match read(store, office, inbox, place, letter.size, clock).await? {
                Some(Fate::LeftAlone) => looked.left_alone += 1,
                Some(Fate::Done) => acted.push((letter.uid, Filed::Done)),
                Some(Fate::Waits) => acted.push((letter.uid, Filed::Manual)),
                None => {}
            }
        }
        // Filing begins when all messages are acted on: one that cannot be moved must not delay the others.
        for (_, to) in &acted {
            let count = if *to == Filed::Done { &mut looked.done } else { &mut looked.waits };
            *count += 1;
        }
        file(inbox, acted).await?;
        front.from = next;
        remember(store, front.clone()).await?;
    }
    if looked.done + looked.waits > 0 {
        info!(
            done = looked.done,
            waits = looked.waits,
            "the mailbox was read: {} done, {} wait for a person",
            looked.done,
            looked.waits
        );
    }
    Ok(looked)
}

/// Moves messages, all that can be moved.
async fn file(inbox: &mut Inbox, messages: Vec<(u32, Filed)>) -> std::result::Result<(), ImapError> {
    let mut refused = None;
    for (uid, to) in messages {
        match inbox.file(uid, to).await {
            Err(e) if e.is_settings() => refused = Some(e),
            filed => filed?,
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Reads one message; `None` if it is gone.
async fn read(
    store: &Store,
    office: &Arc<Office>,
    inbox: &mut Inbox,
    place: Place,
    size: u32,
    clock: Clock,
) -> std::result::Result<Option<Fate>, MailboxError> {
    Ok(Some(match begin(store, &place).await? {
        Placed::LeftAlone => Fate::LeftAlone,
        Placed::Acted { waits: true } => Fate::Waits,
        Placed::Acted { waits: false } => Fate::Done,
        Placed::Begun(tries) if tries > TRIES => {
            error!(uid = place.uid, "message {} cannot be read, it is left to a person", place.uid);
            let office = office.clone();
            store.call(move |db| give_up(db, &place, &clock.now(&office.settings.timezone))).await?
        }
        Placed::Begun(_) => {
            let Some(bytes) = inbox.fetch_both_ends(place.uid, size).await? else { return Ok(None) };
            let office = office.clone();
            let now = clock.now(&office.settings.timezone);
            store.call(move |db| act(db, &office, Some(&place), &bytes, &now)).await?
        }
    }))
}

/// From where the mailbox is read on. Letters that are numbered anew are all read again: one that was acted on is known
/// by its fingerprint.
async fn front(store: &Store, office: &Office, inbox: &mut Inbox) -> std::result::Result<MailboxFront, MailboxError> {
    let known = store.call(|db| db.read(|tx| tx.get(state::MAILBOX_FRONT))).await?;
    let (mailbox, uid_validity) = (name(office), inbox.uid_validity());
    let anew = MailboxFront { mailbox, uid_validity, from: 1 };
    let same = |front: &MailboxFront| front.mailbox == anew.mailbox && front.uid_validity == uid_validity;
    let Some(known) = known.filter(same) else { return Ok(anew) };
    if !inbox.numbers_anew(known.from).await? {
        return Ok(known);
    }
    warn!("the mail server has numbered the letters anew and did not say so, all are looked at again");
    let front = anew.clone();
    store.call(move |db| db.write(|tx| tx.forget_places(&front.mailbox, uid_validity))).await?;
    Ok(anew)
}

async fn remember(store: &Store, front: MailboxFront) -> std::result::Result<(), MailboxError> {
    store.call(move |db| db.write(|tx| tx.put(state::MAILBOX_FRONT, &front))).await?;
    Ok(())
}

async fn begin(store: &Store, place: &Place) -> std::result::Result<Placed, MailboxError> {
    let place = place.clone();
    Ok(store.call(move |db| db.write(|tx| tx.begin_place(&place))).await?)
}

/// After a restore: what was filed since the copy is looked at again, each message once, and filed anew where it comes
/// to something else. Nothing is done without one.
pub async fn read_again(
    store: &Store,
    office: &Arc<Office>,
    settings: &ImapSettings,
    limits: Limits,
    clock: Clock,
) -> std::result::Result<(), MailboxError> {
    let since = store.call(|db| db.read(|tx| tx.get(state::READ_AGAIN))).await?.flatten();
    let Some(since) = since else { return Ok(()) };
    let mut read_anew = 0;
    for (folder, of) in [(&settings.done_folder, Filed::Done), (&settings.manual_folder, Filed::Manual)] {
        let mut inbox = Inbox::open(&ImapSettings { folder: folder.clone(), ..settings.clone() }, limits).await?;
        let mailbox = format!("{}/{folder}", name(office));
        let mut moved = Vec::new();
        for Listed { uid, size } in inbox.list_since(since).await? {
            let place = Place { mailbox: mailbox.clone(), uid_validity: inbox.uid_validity(), uid };
            let to = match read(store, office, &mut inbox, place, size, clock).await? {
                Some(Fate::Done) => Filed::Done,
                Some(Fate::Waits) => Filed::Manual,
                Some(Fate::LeftAlone) | None => continue,
            };
            read_anew += 1;
            if to != of {
                moved.push((uid, to));
            }
        }
        // One that the server does not move lies in the wrong folder: new mail is not to wait for it.
        if let Err(e) = file(&mut inbox, moved).await {
            warn!(error = %e, "filing messages that were read again failed: {e}");
        }
        inbox.close().await;
    }
    info!(read_anew, "after the restore, {read_anew} filed messages since the copy were looked at again");
    Ok(store.call(|db| db.write(|tx| tx.put(state::READ_AGAIN, &None).map(drop))).await?)
}

/// Looks at what was filed since the last look: what is not known here was acted on by a database that knew more. This
/// one went back, as a machine's snapshot does that is put back. The admin is told, and the mail is read again.
pub async fn look_back(
    store: &Store,
    office: &Arc<Office>,
    settings: &ImapSettings,
    limits: Limits,
    clock: Clock,
) -> std::result::Result<(), MailboxError> {
    let folder = settings.done_folder.clone();
    let mailbox = format!("{}/{folder}", name(office));
    let mut inbox = Inbox::open(&ImapSettings { folder, ..settings.clone() }, limits).await?;
    let mut front = MailboxFront { mailbox, uid_validity: inbox.uid_validity(), from: inbox.uid_next().unwrap_or(1) };
    let known = store.call(|db| db.read(|tx| tx.get(state::FILED_FRONT))).await?;
    let mut messages = 0;
    if let Some(known) = known.filter(|it| it.mailbox == front.mailbox && it.uid_validity == front.uid_validity) {
        let listed = inbox.list(known.from).await?;
        front.from = listed.last().map_or(known.from, |last| last.uid.saturating_add(1));
        for Listed { uid, size } in listed.iter().rev().take(LOOKED_AT) {
            let Some(bytes) = inbox.fetch_both_ends(*uid, *size).await? else { continue };
            let fingerprint = incoming::read(&bytes).fingerprint;
            let known = store.call(move |db| db.read(|tx| tx.incoming_by_fingerprint(&fingerprint))).await?;
            messages += u32::from(known.is_none());
        }
    }
    inbox.close().await;
    if messages > 0 {
        warn!(messages, "{messages} filed messages are not known: the database went back");
    }
    let (office, now) = (office.clone(), clock.now(&office.settings.timezone));
    let noted = store.call(move |db| {
        db.write(|tx| {
            tx.put(state::FILED_FRONT, &front)?;
            if messages > 0 && tx.get(state::READ_AGAIN)?.flatten().is_none() {
                let since = state_in(tx)?.read_at.unwrap_or(now.at);
                tx.put(state::READ_AGAIN, &Some(since))?;
                office.tell_admin(tx, &Notice::WentBack { messages, since }, &now)?;
            }
            Ok(())
        })
    });
    Ok(noted.await?)
}

/// Account, server and folder: UIDs are valid only within one folder of one account.
fn name(office: &Office) -> String {
    let inbox = office.settings.mailbox.as_ref();
    inbox.map(|i| format!("{}@{}/{}", i.imap.server.username, i.imap.server.place(), i.imap.folder)).unwrap_or_default()
}

/// How the last reading went.
pub fn state(db: &mut Db) -> Result<MailboxState> {
    Ok(db.read(state_in)?)
}

pub fn state_in(tx: &Tx) -> crate::store::Result<MailboxState> {
    Ok(tx.get(state::MAILBOX)?.unwrap_or_default())
}

/// Records how a reading went, and tells the admin of lasting trouble. True if the admin is told now.
pub fn note(db: &mut Db, office: &Office, trouble: Option<String>, now: &Moment) -> Result<bool> {
    let mut state = state(db)?;
    let mut tells = false;
    match trouble {
        None => {
            if state.trouble.is_some() {
                info!("the mailbox can be read again");
            }
            state = MailboxState { read_at: Some(now.at), trouble: None, told: false };
        }
        Some(why) => {
            warn!(error = why, "the mailbox cannot be read, it will be tried again: {why}");
            let since = state.trouble.map_or(now.at, |(since, _)| since);
            tells = !state.told && now.at.duration_since(since) >= TOLD_AFTER;
            state.told |= tells;
            state.trouble = Some((since, why));
        }
    }
    in_transaction(db, |tx| {
        tx.put(state::MAILBOX, &state)?;
        if let (true, Some((since, why))) = (tells, &state.trouble) {
            office.tell_admin(tx, &Notice::MailboxDown { since: *since, why: why.clone() }, now)?;
        }
        Ok(tells)
    })
}
