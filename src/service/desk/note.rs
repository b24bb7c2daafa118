//! What a section says before it is done: 材料已报, 签收, 进展. Reminders of what it still owes go on.

use serde_json::json;

use crate::service::{
    Error, Office, Result,
    desk::{limits, request},
    in_transaction,
    tell::act,
};
use crate::{
    clock::Moment,
    domain::{deadline::Part, occurrence::Occurrence},
    store::{Db, NewNote, NoteKind, Stored, Tx},
};

/// Records what a section tells. False if it says no more than what is recorded.
///
/// # Errors
/// In Chinese: no longer open, not this section's, handed in by a section that answers for it, nothing to tell.
pub fn note(db: &mut Db, office: &Office, new: &NewNote, now: &Moment) -> Result<bool> {
    in_transaction(db, |tx| record(tx, office, new, now))
}

pub(in crate::service) fn record(tx: &Tx, office: &Office, new: &NewNote, now: &Moment) -> Result<bool> {
    let NewNote { section, kind, by, text, .. } = new;
    limits::check_name(by)?;
    limits::check(kind.word(), text, limits::TEXT)?;
    let (occurrence, deadline) = request::open(tx, new.occurrence)?;
    office.check_answers_for(&deadline, section)?;
    match kind {
        NoteKind::HandedIn if deadline.part_of(section) == Part::Answers => {
            return Err(Error::Refused(format!("{section}不是配合科室：办结了请登记“已办结”，没办完请写“进展”。")));
        }
        NoteKind::Progress if text.trim().is_empty() => {
            return Err(Error::Refused("请写明进展到哪一步。".into()));
        }
        _ => {}
    }
    let said = tx.notes(occurrence.id)?;
    if *kind != NoteKind::Progress && said.iter().any(|note| note.section == *section && note.kind == *kind) {
        return Ok(false);
    }
    let detail = json!({ "section": section, "kind": kind.word(), "text": text });
    tx.audit(&act(now, by, "noted", &occurrence, detail))?;
    tx.add_note(new, now.at)?;
    Ok(true)
}

/// Takes back that a section handed in: it is reminded again. False if it had not.
pub(in crate::service) fn take_back(
    tx: &Tx,
    occurrence: &Stored<Occurrence>,
    section: &str,
    by: &str,
    now: &Moment,
) -> Result<bool> {
    let said = tx.notes(occurrence.id)?;
    let Some(given) = said.iter().find(|note| note.section == section && note.kind == NoteKind::HandedIn) else {
        return Ok(false);
    };
    tx.revoke_note(occurrence.id, given.id, by, now.at)?;
    tx.speak_on(occurrence.id, Some(now.today()))?;
    let detail = json!({ "section": section, "kind": NoteKind::HandedIn.word(), "taken_back": true });
    tx.audit(&act(now, by, "noted", occurrence, detail))?;
    Ok(true)
}
