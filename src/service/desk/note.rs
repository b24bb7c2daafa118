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

/// Most 进展 of one section about one occurrence in 24 hours.
const TOLD_A_DAY: usize = 20;

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
    let mut same = said.iter().filter(|note| note.section == *section && note.kind == *kind);
    match kind {
        NoteKind::Progress => {
            if same.clone().next_back().is_some_and(|note| note.text == *text) {
                return Ok(false);
            }
            if same.filter(|note| note.at > now.day_ago()).count() >= TOLD_A_DAY {
                return Err(Error::Refused("一天里的进展记得够多了，请明天再写。".into()));
            }
        }
        NoteKind::HandedIn | NoteKind::Seen => {
            if same.next().is_some() {
                return Ok(false);
            }
        }
    }
    let detail = json!({ "section": section, "kind": kind.word(), "text": text });
    tx.audit(&act(now, by, "noted", &occurrence, detail))?;
    tx.add_note(new, now.at)?;
    Ok(true)
}

/// Takes back the last thing of this kind that a section told: that it handed in, so that it is reminded again, or a
/// 进展. False if there is none.
pub(in crate::service) fn take_back(
    tx: &Tx,
    occurrence: &Stored<Occurrence>,
    (section, kind): (&str, NoteKind),
    by: &str,
    now: &Moment,
) -> Result<bool> {
    let said = tx.notes(occurrence.id)?;
    let Some(given) = said.iter().rfind(|note| note.section == section && note.kind == kind) else {
        return Ok(false);
    };
    tx.revoke_note(occurrence.id, given.id, by, now.at)?;
    if kind == NoteKind::HandedIn {
        tx.speak_on(occurrence.id, Some(now.today()))?;
    }
    let detail = json!({ "section": section, "kind": kind.word(), "text": given.text, "taken_back": true });
    tx.audit(&act(now, by, "noted", occurrence, detail))?;
    Ok(true)
}
