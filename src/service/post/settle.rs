//! What became of an attempt: judged with what is known of others at the same server, and stored.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::Time};
use serde_json::json;
use tracing::{error, info, warn};

use crate::{
    clock::Moment,
    domain::{
        refusal::{Known, Refusal, Verdict, gist},
        retry::{self, Next, Outcome},
    },
    service::{
        Office, Result,
        post::write::Written,
        tell::{Notice, audit, pass_on},
    },
    store::{
        LetterRow, Tx,
        state::{self, Failing},
    },
};

/// A letter after an attempt to hand it over.
pub(super) struct Sent {
    pub letter: LetterRow,
    pub attempt: i64,
    pub written: Written,
    pub outcome: Outcome,
    /// Whether the admin's mailbox passed RCPT in the same connection; `None`: not asked.
    pub admin_passes: Option<bool>,
}

#[derive(Clone, Copy)]
pub(super) struct Settled {
    pub next: Next,
    pub verdict: Verdict,
    /// Refused, and nobody else was accepted since the first refusal: if that stays so, it is about us.
    pub is_suspicious: bool,
}

/// The admin is told by letter that the server takes letters again at most so often.
const TOLD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// What is known when this letter has been refused, without what the admin's mailbox would be answered.
fn known(tx: &Tx, office: &Office, letter: &LetterRow, refusal: &Refusal, now: &Moment) -> crate::store::Result<Known> {
    let mut between = Vec::new();
    let refusals = tx.refusals(letter.id)?;
    for (from, to) in refusals.iter().zip(refusals.iter().skip(1).chain([&i64::MAX])) {
        between.push(tx.is_another_accepted_between(&letter.mailbox, *from, *to)?);
    }
    let is_since_last = between.last().is_some_and(|taken| *taken);
    let times = between.iter().filter(|taken| **taken && is_since_last).count();
    let midnight = now.today().to_datetime(Time::midnight());
    let today = office.settings.timezone.to_ambiguous_zoned(midnight).compatible().map_or(now.at, |z| z.timestamp());
    let said = refusal.gist(&letter.mailbox);
    let count_alike = |tried: Vec<(String, String)>| {
        let alike = tried.into_iter().filter(|(mailbox, reply)| gist(reply, mailbox) == said);
        let alike = alike.map(|(mailbox, _)| mailbox.to_lowercase()).chain([letter.mailbox.to_lowercase()]);
        u32::try_from(alike.collect::<BTreeSet<_>>().len()).unwrap_or(u32::MAX)
    };
    Ok(Known {
        another_today: tx.is_another_accepted(&letter.mailbox, today)?,
        another_since: between.contains(&true),
        another_between: u32::try_from(times).unwrap_or(u32::MAX),
        admin_passes: None,
        alike: count_alike(tx.tried_in_vain()?),
        alike_still: count_alike(tx.waiting_replies()?),
        are_refused: are_refused(tx)?.is_some(),
    })
}

/// Since when the server refuses us, and its words.
pub(super) fn are_refused(tx: &Tx) -> crate::store::Result<Option<Failing>> {
    Ok(tx.get(state::REFUSED)?.flatten())
}

/// Stores the result of an attempt. A letter that failed for good goes to the admin, to be passed on (代转).
pub(super) fn settle(tx: &Tx, office: &Office, sent: &Sent, now: &Moment) -> Result<Settled> {
    let Sent { letter, attempt, written, outcome, admin_passes } = sent;
    let known = match outcome {
        Outcome::Refused(refusal) => Known { admin_passes: *admin_passes, ..known(tx, office, letter, refusal, now)? },
        _ => Known::default(),
    };
    let verdict = outcome.judge(&known);
    let attempts = letter.attempts + 1;
    // Spread by letter and attempt, not at random, so that the same run gives the same pauses.
    let spread = (letter.id.unsigned_abs().wrapping_mul(7919) + u64::from(attempts) * 104_729) % 1000;
    let first = letter.first_attempt.unwrap_or(now.at);
    let must_be_kept = must_be_kept(tx, office, letter, verdict, first)?;
    let next = retry::after(verdict, attempts, first, now.at, spread as u16, must_be_kept);
    tx.keep_text(letter.id, &written.message)?;
    tx.settle((letter.id, *attempt, &written.subject), (verdict, outcome.reply()), next, now.at)?;
    match next {
        Next::Sent => server_takes_letters(tx, office, now)?,
        Next::GiveUp => {
            let detail = json!({ "letter": letter.id, "mailbox": letter.mailbox, "reply": outcome.reply() });
            tx.audit(&audit(now, "failed", None, None, detail))?;
            pass_on(tx, office, letter, now)?;
        }
        Next::RetryAt(_) if verdict == Verdict::Us => server_refuses(tx, outcome.reply(), now)?,
        // An admin's own mailbox is refused: his letter is kept, and the other admins hear of it.
        Next::RetryAt(_) if verdict == Verdict::Recipient && tx.set_alarmed(letter.id, now.at)? => {
            pass_on(tx, office, letter, now)?;
        }
        Next::RetryAt(_) => {}
    }
    let is_suspicious = verdict == Verdict::Undecided && !known.another_since;
    Ok(Settled { next, verdict, is_suspicious })
}

/// A section's letter that is given up goes to the admin; an admin's has nobody else to go to. And while the server takes
/// nobody's letters, or it is not clear whether it does, none is given up.
fn must_be_kept(
    tx: &Tx,
    office: &Office,
    letter: &LetterRow,
    verdict: Verdict,
    first: Timestamp,
) -> crate::store::Result<bool> {
    let is_admins = office.settings.admin.iter().any(|admin| admin.is(&letter.mailbox));
    Ok(match verdict {
        _ if is_admins => true,
        Verdict::Recipient => false,
        Verdict::Undecided | Verdict::Us => true,
        _ => !tx.is_another_accepted(&letter.mailbox, first)?,
    })
}

/// Records that the server refuses us, and since when. Every letter is kept; who looks at the service sees it.
pub(super) fn server_refuses(tx: &Tx, reply: &str, now: &Moment) -> crate::store::Result<()> {
    if are_refused(tx)?.is_some() {
        return Ok(());
    }
    error!(reply, "the mail server refuses us, every letter is kept: {reply}");
    tx.put(state::REFUSED, &Some(Failing { since: now.at, why: reply.to_owned() })).map(drop)
}

/// A letter was accepted: if the server had refused us, what was refused is tried again now, and the admin is told.
fn server_takes_letters(tx: &Tx, office: &Office, now: &Moment) -> crate::store::Result<()> {
    let Some(Failing { since, why }) = are_refused(tx)? else { return Ok(()) };
    info!(%since, "the mail server takes letters again, it had refused them since {since}");
    tx.put(state::REFUSED, &None)?;
    tx.try_refused_again(now.at)?;
    let told = tx.get(state::REFUSED_TOLD)?;
    if told.is_some_and(|told| now.at >= told && now.at.duration_since(told) < TOLD_AGAIN_AFTER) {
        return Ok(());
    }
    tx.put(state::REFUSED_TOLD, &now.at)?;
    office.tell_admin(tx, &Notice::Refused { since, why }, now)
}

/// Called when the result is stored.
pub(super) fn log(sent: &Sent, settled: Settled) {
    let Sent { letter, outcome, .. } = sent;
    let (id, attempts, reply, verdict) = (letter.id, letter.attempts + 1, outcome.reply(), settled.verdict.name());
    match settled.next {
        Next::Sent => info!(letter = id, attempts, message_id = letter.message_id, reply, "letter {id} sent: {reply}"),
        Next::RetryAt(at) => {
            warn!(letter = id, attempts, outcome = verdict, reply, %at, "letter {id} not sent, will be tried again at {at}: {reply}");
        }
        Next::GiveUp => {
            error!(letter = id, attempts, reply, "letter {id} not sent, given up, the admin is told: {reply}")
        }
    }
}
