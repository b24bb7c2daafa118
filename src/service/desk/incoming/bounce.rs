//! Delivery reports: which letter one is about, and what follows.

use serde_json::json;
use tracing::warn;

use super::{Outcome, Verdict, reply};
use crate::{
    clock::Moment,
    incoming::{Action, DeliveryReport, Message, Recipient},
    letter::words,
    service::{Office, Result, tell::audit, tell::pass_on},
    store::{LetterRow, LetterState, Tx},
    text::without_links,
};

/// `None` if it is not about a letter of ours.
pub fn judge(
    tx: &Tx,
    office: &Office,
    message: &Message,
    report: &DeliveryReport,
    now: &Moment,
) -> Result<Option<Verdict>> {
    let said = words(report.recipients.iter());
    let Some(letter) = letter(tx, office, message, report)? else {
        let is_ours = |r: &Recipient| r.address.as_deref().is_some_and(|a| office.knows(a));
        let outcome = Outcome::Unmatched(said);
        let about_ours = report.recipients.iter().any(is_ours);
        // A report that names no recipient, or a Message-ID like ours, may be about a letter of ours: a person decides.
        let is_nameless = report.recipients.iter().all(|r| r.address.is_none());
        let names_ours = report.message_ids.iter().any(|id| id.starts_with("duban."));
        return Ok((about_ours || is_nameless || names_ours).then(|| Verdict::of_machine(None, outcome)));
    };
    // The mailbox took the letter and forwarded it to one that refused: our letter has arrived.
    let is_his = |r: &Recipient| r.address.as_deref().is_none_or(|a| a.eq_ignore_ascii_case(&letter.mailbox));
    if !report.recipients.is_empty() && !report.recipients.iter().any(is_his) {
        return Ok(Some(Verdict::of_machine(Some(letter), Outcome::Unmatched(said))));
    }
    // Of several recipients only what became of ours counts.
    let is_named = |r: &Recipient| r.address.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&letter.mailbox));
    let named = report.recipients.iter().any(is_named);
    let ours = || report.recipients.iter().filter(|r| !named || is_named(r));
    let said = words(ours());
    let is = |action: Action| ours().any(|r| r.action == action);
    let outcome = if is(Action::Failed) || report.recipients.is_empty() {
        if tx.set_bounced(letter.id, &said, now.at)? {
            warn!(
                letter = letter.id,
                reply = said,
                "letter {} was not delivered, the admin is told: {said}",
                letter.id
            );
            let detail = json!({ "letter": letter.id, "mailbox": letter.mailbox, "reply": said });
            tx.audit(&audit(now, "bounced", None, None, detail))?;
            pass_on(tx, office, &letter, now)?;
        }
        Outcome::Bounced(said)
    } else if is(Action::Delayed) {
        if letter.state == LetterState::Sent {
            tx.set_delayed(letter.id, &said)?;
        }
        Outcome::Delayed(said)
    } else if is(Action::Unknown) {
        Outcome::Unmatched(said)
    } else {
        Outcome::Delivered
    };
    Ok(Some(Verdict::of_machine(Some(letter), outcome)))
}

/// Finds the letter by what only a server that had it can name: its envelope id, Message-ID or reply token. A subject
/// and an address anybody may write.
fn letter(tx: &Tx, office: &Office, message: &Message, report: &DeliveryReport) -> Result<Option<LetterRow>> {
    for id in report.envelope_id.iter().chain(&report.message_ids) {
        if let Some(letter) = tx.letter_by_envelope_id(id)? {
            return Ok(Some(letter));
        }
    }
    if let [only] = reply::letters(tx, office, message)?.as_slice() {
        return Ok(Some(only.clone()));
    }
    Ok(None)
}

fn words<'a>(recipients: impl Iterator<Item = &'a Recipient>) -> String {
    let said = recipients.map(|r| match &r.status {
        Some(status) if !r.words.contains(status.as_str()) => format!("{status} {}", r.words),
        _ => r.words.clone(),
    });
    let said: Vec<String> = said.filter(|s| !s.trim().is_empty()).collect();
    let said = if said.is_empty() { "邮件被退回，没有说明原因".to_owned() } else { said.join("；") };
    words::cap(&without_links(&words::plain(&said)), 300)
}
