//! What the last attempt came to: a probe from another process may be trusted, configured or let through differently.

use jiff::Timestamp;

use crate::{
    domain::refusal::Verdict,
    store::{Result, Tx},
};

/// When the last attempt to send a letter failed, and why; `None` if it went out, or was refused for its recipient.
///
/// # Errors
/// The database cannot be read.
pub fn failure(tx: &Tx) -> Result<Option<(Timestamp, String)>> {
    let ours = [Verdict::Passing, Verdict::Unknown, Verdict::Us].map(Verdict::name);
    let is_ours = |outcome: &str| ours.contains(&outcome);
    let last = tx.last_attempt()?.filter(|last| last.outcome.as_deref().is_some_and(is_ours));
    Ok(last.map(|last| (last.ended_at.unwrap_or(last.at), last.reply.unwrap_or_default())))
}
