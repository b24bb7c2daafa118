//! One look into the mailbox: every message there that is for us acts, and goes to its folder.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tracing::{error, info, warn};

use super::{Fate, act, give_up};
use crate::{
    clock::{Clock, Moment},
    imap::{Filed, ImapError, ImapSettings, Inbox, Limits, Tls},
    service::{Error, Office, Result, in_transaction, notices::Notice},
    store::{Db, Place, Placed, Store},
};
/// So often a message is begun before it is left to a person: reading it ends the program, or the connection.
const TRIES: u32 = 5;
/// A mailbox that cannot be read for so long is trouble, and the admin is told.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(45);
/// Where the database remembers how the last look went.
const STATE: &str = "mailbox";

/// What a look into the mailbox came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    pub done: u32,
    pub waits: u32,
    /// Not for us.
    pub left_alone: u32,
}

/// How the last look went, for `status`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The last that went well.
    pub read_at: Option<Timestamp>,
    /// Since when none went well, and why.
    pub trouble: Option<(Timestamp, String)>,
    /// The admin was told of it.
    pub told: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PassError {
    #[error(transparent)]
    Imap(#[from] ImapError),
    #[error(transparent)]
    Service(#[from] Error),
}

impl From<crate::store::Error> for PassError {
    fn from(e: crate::store::Error) -> Self {
        Self::Service(e.into())
    }
}

/// What the mailbox is opened with; `None` without `[mailbox]`.
///
/// # Errors
/// In Chinese: a certificate that cannot be read.
pub fn settings(office: &Office) -> Result<Option<ImapSettings>> {
    let Some(inbox) = &office.settings.mailbox else { return Ok(None) };
    Ok(Some(ImapSettings {
        host: inbox.host.clone(),
        port: inbox.port,
        tls: match inbox.tls {
            crate::config::Tls::Implicit => Tls::Implicit,
            crate::config::Tls::StartTls => Tls::StartTls,
            crate::config::Tls::None => Tls::None,
        },
        username: inbox.username.clone(),
        password: inbox.password.clone(),
        ca_pem: inbox.ca_pem().map_err(Error::Refused)?,
        folder: inbox.folder.clone(),
        done_folder: inbox.done_folder.clone(),
        manual_folder: inbox.manual_folder.clone(),
        limits: Limits { poll: Duration::from_secs(60 * u64::from(inbox.poll_minutes)), ..Limits::default() },
    }))
}

/// Reads what is there. Whatever ends it halfway, the next look goes on from there.
pub async fn pass(
    store: &Store,
    office: &Arc<Office>,
    inbox: &mut Inbox,
    clock: Clock,
) -> std::result::Result<Pass, PassError> {
    let mut pass = Pass::default();
    let mailbox = name(office);
    for listed in inbox.list().await? {
        let place = Place { mailbox: mailbox.clone(), uid_validity: inbox.uid_validity(), uid: listed.uid };
        let fate = match begin(store, &place).await? {
            Placed::LeftAlone => Fate::LeftAlone,
            Placed::Acted { waits: true } => Fate::Waits,
            Placed::Acted { waits: false } => Fate::Done,
            Placed::Begun(tries) if tries > TRIES => {
                error!(uid = place.uid, "a message cannot be read, it is left to a person");
                let office = office.clone();
                store.call(move |db| give_up(db, &place, &clock.now(&office.settings.timezone))).await?
            }
            Placed::Begun(_) => {
                let Some(bytes) = inbox.fetch(listed.uid).await? else { continue };
                let office = office.clone();
                let now = clock.now(&office.settings.timezone);
                store.call(move |db| act(db, &office, Some(&place), &bytes, &now)).await?
            }
        };
        match fate {
            Fate::LeftAlone => pass.left_alone += 1,
            Fate::Done => {
                inbox.file(listed.uid, Filed::Done).await?;
                pass.done += 1;
            }
            Fate::Waits => {
                inbox.file(listed.uid, Filed::Manual).await?;
                pass.waits += 1;
            }
        }
    }
    follow_what_waits(store, office, inbox, mailbox, clock).await?;
    if pass.done + pass.waits > 0 {
        info!(done = pass.done, waits = pass.waits, "the mailbox was read");
    }
    Ok(pass)
}

/// What a person has taken out of 待人工 does not wait any more.
async fn follow_what_waits(
    store: &Store,
    office: &Arc<Office>,
    inbox: &mut Inbox,
    mailbox: String,
    clock: Clock,
) -> std::result::Result<(), PassError> {
    let waiting = store.call(move |db| db.read(|tx| tx.waiting_in(&mailbox))).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let there = inbox.waiting().await?;
    let now = clock.now(&office.settings.timezone);
    // Without a Message-ID nobody can tell: it waits until `duban incoming --handled`.
    let gone: Vec<i64> =
        waiting.into_iter().filter(|(_, id)| !id.is_empty() && !there.contains(id)).map(|(id, _)| id).collect();
    let end = move |db: &mut Db| {
        db.write(|tx| gone.iter().try_for_each(|id| tx.end_waiting(*id, "待人工文件夹", now.at).map(drop)))
    };
    Ok(store.call(end).await?)
}

async fn begin(store: &Store, place: &Place) -> std::result::Result<Placed, PassError> {
    let place = place.clone();
    Ok(store.call(move |db| db.write(|tx| tx.begin_place(&place))).await?)
}

/// Account, server and folder: another account's numbers are others.
fn name(office: &Office) -> String {
    let inbox = office.settings.mailbox.as_ref();
    inbox.map(|i| format!("{}@{}:{}/{}", i.username, i.host, i.port, i.folder)).unwrap_or_default()
}

/// How the last look went.
pub fn state(db: &mut Db) -> Result<State> {
    let state = db.read(|tx| tx.meta(STATE))?;
    Ok(state.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
}

/// Remembers how a look went, and tells the admin of trouble that lasts. True if he is told now.
pub fn note(db: &mut Db, office: &Office, trouble: Option<String>, now: &Moment) -> Result<bool> {
    let mut state = state(db)?;
    let mut tells = false;
    match trouble {
        None => {
            if state.trouble.is_some() {
                info!("the mailbox can be read again");
            }
            state = State { read_at: Some(now.at), trouble: None, told: false };
        }
        Some(why) => {
            warn!(error = why, "the mailbox cannot be read, it will be tried again");
            let since = state.trouble.map_or(now.at, |(since, _)| since);
            tells = !state.told && now.at.duration_since(since) >= TOLD_AFTER;
            state.told |= tells;
            state.trouble = Some((since, why));
        }
    }
    let json = serde_json::to_string(&state).map_err(|e| crate::store::Error::Value(e.to_string()))?;
    in_transaction(db, |tx| {
        tx.set_meta(STATE, &json)?;
        if let (true, Some((since, why))) = (tells, &state.trouble) {
            office.tell_admin(tx, &Notice::MailboxDown { since: *since, why: why.clone() }, now)?;
        }
        Ok(tells)
    })
}
