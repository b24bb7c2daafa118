//! The answer to the sender of a reply, and the notice to the admin about an unknown sender.

use jiff::{SignedDuration, Timestamp};

use super::{Act, Outcome, Recorded};
use crate::{
    clock::Moment,
    domain::{deadline::Mailbox, hours::Reader, occurrence::State},
    letter::{
        answer::{Answer, Answered, Line},
        words,
    },
    service::{Office, Result, tell::Notice},
    store::{ItemRow, NewLetter, OccurrenceFilter, Tx},
};

/// Most answers to one mailbox in 24 hours where nothing was recorded, so that two machines cannot go on answering each
/// other. What was recorded is always confirmed.
const ANSWERS_A_DAY: usize = 3;
/// Most open items that an answer lists.
const LISTED: usize = 20;

/// Queues an answer to the sender if the outcome calls for one, and a notice to the admins about an unknown sender.
pub fn answer(
    tx: &Tx,
    office: &Office,
    incoming: i64,
    sender: &str,
    may_report: Vec<ItemRow>,
    outcome: &Outcome,
    now: &Moment,
) -> Result<()> {
    let day_ago = now.at.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    // One notice a day about the same sender is enough.
    if let Outcome::Recorded(recorded) = outcome
        && is_stranger(office, sender, recorded)
        && !tx.is_stranger_told_of(sender, day_ago)?
    {
        office.tell_admin(tx, &Notice::Stranger { incoming }, now)?;
    }
    let items = match outcome {
        Outcome::Recorded(recorded) => recorded.iter().map(Recorded::item).collect(),
        Outcome::Unclear(_) | Outcome::Acknowledged => open_items(tx, office, sender, may_report)?,
        _ => return Ok(()),
    };
    let Ok(mailbox) = sender.parse::<Mailbox>() else { return Ok(()) };
    let changed = matches!(outcome, Outcome::Recorded(all) if all.iter().any(|r| r.act.changes()));
    if office.is_own(&mailbox) || !changed && unchanged_answers(tx, sender, day_ago)? >= ANSWERS_A_DAY {
        return Ok(());
    }
    let notice = Notice::Answer { incoming }.to_store()?;
    let new = NewLetter { mailbox: mailbox.as_str(), notice: Some(&notice), any_time: true, domain: office.domain() };
    let id = tx.queue_letter(&new, now.at)?;
    Ok(tx.set_items(id, &items)?)
}

/// How many answers to this mailbox were queued since then to messages by which nothing was recorded.
fn unchanged_answers(tx: &Tx, sender: &str, since: Timestamp) -> Result<usize> {
    let changed = |detail: &String| match serde_json::from_str(detail) {
        Ok(Outcome::Recorded(all)) => all.iter().any(|r| r.act.changes()),
        _ => false,
    };
    Ok(tx.answered_since(sender, since)?.iter().filter(|detail| !changed(detail)).count())
}

/// Whether the roster does not list the sender for a section they reported for. An admin is never a stranger.
fn is_stranger(office: &Office, sender: &str, recorded: &[Recorded]) -> bool {
    let own = office.sections_of(sender);
    let is_admin = office.settings.admin.iter().any(|m| m.is(sender));
    !is_admin && recorded.iter().any(|r| !own.contains(&r.section.as_str()))
}

/// What the sender can still report: from the letter answered, else everything that was sent to this mailbox.
fn open_items(tx: &Tx, office: &Office, sender: &str, may_report: Vec<ItemRow>) -> Result<Vec<ItemRow>> {
    let mut items = Vec::new();
    for item in may_report {
        if tx.occurrence_by_id(item.occurrence)?.is_some_and(|o| o.state == State::Open) {
            items.push(item);
        }
    }
    if !items.is_empty() {
        return Ok(items);
    }
    let sections = office.sections_of(sender);
    for occurrence in tx.occurrences(OccurrenceFilter { deadline: None, state: Some(State::Open) })? {
        let said = tx.heard_of(occurrence.id)?;
        let is_sender = |r: &Reader| r.mailbox.is(sender) && !r.behalf.is_leader();
        if !said.iter().any(|heard| heard.has_gone && is_sender(&heard.utterance.reader)) {
            continue;
        }
        let Some(row) = tx.deadline(&occurrence.deadline)? else { continue };
        let progress = tx.progress(occurrence.id)?;
        let number = items.last().map_or(1, |i: &ItemRow| i.number + 1);
        for section in &sections {
            if office.reports_for(&row.deadline, section) && !progress.has_reported(&row.deadline, section) {
                items.push(ItemRow { number, occurrence: occurrence.id, section: (*section).to_owned() });
            }
        }
        if items.len() >= LISTED {
            break;
        }
    }
    Ok(items)
}

/// The answer, worded from the present state.
pub fn in_words(tx: &Tx, office: &Office, incoming: i64, letter: i64) -> Result<Option<Answer>> {
    let Some(incoming) = tx.incoming(incoming)? else { return Ok(None) };
    let outcome: Outcome =
        serde_json::from_str(&incoming.detail).map_err(|e| crate::store::Error::Value(e.to_string()))?;
    let recorded = if let Outcome::Recorded(all) = &outcome { all.as_slice() } else { &[] };
    let mut lines: Vec<Line> = Vec::new();
    for item in tx.items(letter)? {
        let Some((occurrence, deadline)) = tx.with_deadline(item.occurrence)? else { continue };
        let said = recorded.iter().find(|r| (r.occurrence, &r.section) == (item.occurrence, &item.section));
        if said.is_none() && lines.iter().any(|l| l.number == item.number) {
            continue;
        }
        lines.push(Line {
            number: item.number,
            title: deadline.title_for(&occurrence.period),
            finish_by: occurrence.dates.finish_by,
            said: said.map(|r| format!("{}：{}", r.section, r.act.words())),
            url: office.report_url(occurrence.id, occurrence.dates.due, &item.section),
        });
    }
    let said = match outcome {
        Outcome::Recorded(all) => Answered::Recorded {
            what: what(&all),
            can_be_taken_back: all.iter().any(|r| r.act.changes() && r.act != Act::TakenBack),
        },
        Outcome::Acknowledged => Answered::Acknowledged,
        Outcome::Unclear(why) => Answered::Unclear(why),
        _ => return Ok(None),
    };
    let sections = office.sections_of(&incoming.sender);
    let to = if sections.is_empty() { incoming.sender.clone() } else { words::list(&sections) };
    // Without a letter of ours that it answers, the text may be anybody's: it is not repeated under our name.
    let wrote = if incoming.letter.is_some() { words::cap(&words::plain(&incoming.text), 200) } else { String::new() };
    let token = tx.letter(letter)?.and_then(|l| office.reply_token(l.id, &l.message_id));
    Ok(Some(Answer { to, said, wrote, lines, token }))
}

/// What was recorded, in words for the subject.
fn what(recorded: &[Recorded]) -> &'static str {
    let all = |test: fn(&Act) -> bool| recorded.iter().all(|r| test(&r.act));
    if all(|act| matches!(act, Act::Done(_))) {
        "已登记办结"
    } else if all(|act| matches!(act, Act::AlreadyDone)) {
        "此前已经办结"
    } else if all(|act| matches!(act, Act::TakenBack)) {
        "已撤回，恢复提醒"
    } else if all(|act| matches!(act, Act::Postponed { .. })) {
        "已报不能按期，等答复"
    } else if all(|act| matches!(act, Act::NotApplicable(_))) {
        "已报不适用，等答复"
    } else {
        "已按回信登记"
    }
}

impl Recorded {
    fn item(&self) -> ItemRow {
        ItemRow { number: self.number, occurrence: self.occurrence, section: self.section.clone() }
    }
}

impl Office {
    /// Whether duban itself sends from this address or receives replies at it.
    fn is_own(&self, mailbox: &Mailbox) -> bool {
        let own = [Some(&self.settings.mail.from), self.settings.mailbox.as_ref().map(|m| &m.address)];
        own.into_iter().flatten().any(|m| m.is(mailbox.as_str()))
    }
}
