//! The answer to the sender of a reply, and the notice to the admin about an unknown sender.

use jiff::Timestamp;

use super::{Act, Outcome, Recorded};
use crate::{
    clock::Moment,
    domain::{deadline::Mailbox, hours::Reader, occurrence::State},
    letter::{
        answer::{Answer, Answered, By, Line},
        words,
    },
    service::{Office, Result, tell::Notice},
    store::{ItemRow, LetterRow, NewLetter, OccurrenceFilter, Tx},
};

/// Most answers to one mailbox of the roster in 24 hours where nothing was recorded, so that two machines cannot go on
/// answering each other. What was recorded is always confirmed.
const ANSWERS_A_DAY: usize = 3;
/// Most answers in 24 hours to all addresses outside the roster together; each of them gets one.
const OUTSIDE_A_DAY: usize = 20;
/// Most open items that an answer lists.
const LISTED: usize = 20;

/// Queues what the outcome calls for: confirmations of what was recorded, to the roster's mailboxes; else an answer to
/// the sender, within limits; and a notice to the admins about an unknown sender.
pub fn answer(
    tx: &Tx,
    office: &Office,
    (incoming, sender): (i64, &str),
    letter: Option<&LetterRow>,
    may_report: Vec<ItemRow>,
    outcome: &Outcome,
    now: &Moment,
) -> Result<()> {
    let recorded: &[Recorded] = match outcome {
        Outcome::Recorded(all) => all,
        Outcome::Unclear(_) | Outcome::Acknowledged => &[],
        _ => return Ok(()),
    };
    let known = office.as_known(sender);
    if office.is_from_outside(sender, outcome) {
        office.note_stranger(tx, incoming, !recorded.is_empty(), now)?;
    }
    let queue = |mailbox: &Mailbox, items: &[ItemRow]| -> Result<()> {
        if office.is_own(mailbox) {
            return Ok(());
        }
        let notice = Notice::Answer { incoming }.to_store()?;
        let new =
            NewLetter { mailbox: mailbox.as_str(), notice: Some(&notice), any_time: true, domain: office.domain() };
        let id = tx.queue_letter(&new, now.at)?;
        // Otherwise a number would be valid for ever by being answered.
        if let Some(letter) = letter {
            tx.set_numbered_at(id, letter.numbered_at)?;
        }
        Ok(tx.set_items(id, items)?)
    };
    let changed = recorded.iter().any(|r| r.act.changes());
    if changed {
        for (mailbox, items) in confirmed_to(office, known, recorded) {
            queue(mailbox, &items)?;
        }
        if known.is_some() {
            return Ok(());
        }
    }
    let day_ago = now.day_ago();
    let is_enough = match known {
        Some(_) => is_answered_enough(tx, sender, recorded, day_ago)?,
        None => {
            let answered = tx.answered_mailboxes(day_ago)?;
            let mut outside = answered.iter().filter(|mailbox| !office.knows(mailbox));
            outside.clone().any(|mailbox| mailbox.eq_ignore_ascii_case(sender))
                || outside.nth(OUTSIDE_A_DAY - 1).is_some()
        }
    };
    if is_enough {
        return Ok(());
    }
    let items = match outcome {
        Outcome::Recorded(all) => all.iter().map(Recorded::item).collect(),
        _ => open_items(tx, office, sender, may_report)?,
    };
    match (known, sender.parse::<Mailbox>()) {
        (Some(known), _) => queue(known, &items),
        (None, Ok(outside)) => queue(&outside, &items),
        (None, Err(_)) => Ok(()),
    }
}

/// Who is told of what was recorded, as the roster writes the mailboxes: the sender, and the sections for which somebody
/// else reported.
fn confirmed_to<'a>(
    office: &'a Office,
    known: Option<&'a Mailbox>,
    recorded: &[Recorded],
) -> Vec<(&'a Mailbox, Vec<ItemRow>)> {
    let of_sender = known.map(|mailbox| (mailbox, recorded.iter().map(Recorded::item).collect()));
    let mut told: Vec<(&Mailbox, Vec<ItemRow>)> = of_sender.into_iter().collect();
    for one in recorded {
        let section = office.roster.sections.iter().find(|s| s.name == one.section);
        for mailbox in section.filter(|s| known.is_none_or(|k| !s.email.contains(k))).iter().flat_map(|s| &s.email) {
            match told.iter_mut().find(|(there, _)| *there == mailbox) {
                // The sender has it already.
                Some((there, _)) if known == Some(*there) => {}
                Some((_, items)) => items.push(one.item()),
                None => told.push((mailbox, vec![one.item()])),
            }
        }
    }
    told
}

/// Whether this mailbox was answered often enough since then by messages that recorded nothing, or was told of all this
/// already.
fn is_answered_enough(tx: &Tx, sender: &str, recorded: &[Recorded], since: Timestamp) -> Result<bool> {
    let answered = tx.answered_since(sender, since)?;
    let mut unchanged = 0;
    let mut told: Vec<Recorded> = Vec::new();
    for detail in &answered {
        match serde_json::from_str(detail) {
            Ok(Outcome::Recorded(all)) => {
                unchanged += usize::from(!all.iter().any(|r| r.act.changes()));
                told.extend(all);
            }
            _ => unchanged += 1,
        }
    }
    let is_told = |r: &Recorded| told.iter().any(|t| (t.occurrence, &t.section) == (r.occurrence, &r.section));
    Ok(unchanged >= ANSWERS_A_DAY || !recorded.is_empty() && recorded.iter().all(is_told))
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
    if sections.is_empty() {
        return Ok(items);
    }
    for occurrence in tx.occurrences(OccurrenceFilter { deadline: None, state: Some(State::Open) })? {
        let said = tx.heard_of(occurrence.id)?;
        let is_sender = |r: &Reader| r.mailbox.is(sender) && !r.behalf.is_leader();
        if !said.iter().any(|heard| heard.has_gone && is_sender(&heard.utterance.reader)) {
            continue;
        }
        let Some(row) = tx.deadline(&occurrence.deadline)? else { continue };
        let progress = tx.progress(occurrence.id)?;
        let number = items.last().map_or(1, |i: &ItemRow| i.number + 1);
        let answering = office.section_names(&row.deadline);
        let own: Vec<&str> = sections.iter().filter(|name| answering.contains(name)).copied().collect();
        for section in Office::reporters(&row.deadline, &own) {
            if !progress.has_reported(&row.deadline, &section) {
                items.push(ItemRow { number, occurrence: occurrence.id, section });
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
    let (Some(incoming), Some(letter)) = (tx.incoming(incoming)?, tx.letter(letter)?) else { return Ok(None) };
    let (is_outside, by_sender) =
        (!office.knows(&letter.mailbox), letter.mailbox.eq_ignore_ascii_case(&incoming.sender));
    let outcome: Outcome =
        serde_json::from_str(&incoming.detail).map_err(|e| crate::store::Error::Value(e.to_string()))?;
    let recorded = if let Outcome::Recorded(all) = &outcome { all.as_slice() } else { &[] };
    let mut lines: Vec<Line> = Vec::new();
    for item in tx.items(letter.id)? {
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
            url: if is_outside {
                None
            } else {
                office.report_url(tx, occurrence.id, occurrence.dates.due, &item.section)?
            },
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
    let sections = office.sections_of(&letter.mailbox);
    let to = if sections.is_empty() { letter.mailbox.clone() } else { words::list(&sections) };
    // The text may be anybody's without a letter of ours that it answers, or from outside the roster: it is not repeated
    // under our name.
    let is_repeated = incoming.letter.is_some() && office.knows(&incoming.sender);
    let wrote = if is_repeated { words::cap(&words::plain(&incoming.text), 200) } else { String::new() };
    let by = match (is_outside, by_sender) {
        (true, _) => By::Outside,
        (false, true) => By::Reader,
        (false, false) if office.knows(&incoming.sender) => By::Another(incoming.sender),
        (false, false) => By::Stranger,
    };
    let token = if is_outside { None } else { office.reply_token(letter.id, &letter.message_id) };
    Ok(Some(Answer { to, by, said, wrote, lines, token }))
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
    } else if all(|act| matches!(act, Act::HandedIn)) {
        "材料已报"
    } else if all(|act| matches!(act, Act::Told)) {
        "进展已记下"
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
    /// Whether the sender is not on the roster, or not for a section they reported for. An admin is never a stranger.
    pub(in crate::service) fn is_from_outside(&self, sender: &str, outcome: &Outcome) -> bool {
        let own = self.sections_of(sender);
        let is_admin = self.settings.admin.iter().any(|m| m.is(sender));
        let recorded: &[Recorded] = if let Outcome::Recorded(all) = outcome { all } else { &[] };
        !self.knows(sender) || !is_admin && recorded.iter().any(|r| !own.contains(&r.section.as_str()))
    }

    /// Whether duban itself sends from this address or receives replies at it.
    fn is_own(&self, mailbox: &Mailbox) -> bool {
        let own = [Some(&self.settings.mail.from), self.settings.mailbox.as_ref().map(|m| &m.address)];
        own.into_iter().flatten().any(|m| m.is(mailbox.as_str()))
    }
}
