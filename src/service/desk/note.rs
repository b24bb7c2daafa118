//! What a section says before it is done: 材料已报, 签收, 进展. Reminders of what it still owes go on.

use serde_json::json;

use crate::service::{Error, Office, Result, desk::limits, in_transaction, tell::act};
use crate::{
    clock::Moment,
    domain::{
        deadline::Part,
        occurrence::{Occurrence, State},
    },
    store::{Db, Note, NoteKind, Stored, Tx},
};

/// A section's word, not recorded yet.
#[derive(Clone, Debug)]
pub struct Word {
    pub occurrence: i64,
    pub section: String,
    pub kind: NoteKind,
    pub by: String,
    /// Required for 进展.
    pub text: String,
}

/// Records a word. Returns its id; `None` if it says no more than what is recorded.
///
/// # Errors
/// In Chinese: no longer open, not this section's, handed in by a section that answers for it, nothing to tell.
pub fn note(db: &mut Db, office: &Office, word: &Word, now: &Moment) -> Result<Option<i64>> {
    in_transaction(db, |tx| record(tx, office, word, now))
}

pub(in crate::service) fn record(tx: &Tx, office: &Office, word: &Word, now: &Moment) -> Result<Option<i64>> {
    let Word { occurrence, section, kind, by, text } = word;
    limits::check_name(by)?;
    limits::check(kind.word(), text, limits::TEXT)?;
    let Some((occurrence, deadline)) = tx.with_deadline(*occurrence)? else {
        return Err(Error::Refused("没有这一期。".into()));
    };
    if occurrence.state != State::Open {
        let what = if occurrence.state == State::Done { "已经办结" } else { "已撤销" };
        return Err(Error::Refused(format!("{} {} {what}，不必再登记。", deadline.id, occurrence.period)));
    }
    let names = office.section_names(&deadline);
    if !names.contains(&section.as_str()) {
        let names = names.join("、");
        return Err(Error::Refused(format!("{section}不是 {} 的责任科室。责任科室是：{names}。", deadline.id)));
    }
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
    let is_said = |note: &Note| note.section == *section && note.kind == *kind;
    if *kind != NoteKind::Progress && said.iter().any(is_said) {
        return Ok(None);
    }
    let (section, by, text) = (section.clone(), by.clone(), text.clone());
    let detail = json!({ "section": section, "kind": kind.word(), "text": text });
    tx.audit(&act(now, &by, "noted", &occurrence, detail))?;
    let note = Note { id: 0, section, kind: *kind, by, text, at: now.at };
    Ok(Some(tx.add_note(occurrence.id, &note)?))
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
