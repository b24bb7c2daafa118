//! Acts on incoming mail, each message once: replies are reports, delivery reports say what did not arrive.
//! Only what a person wrote is recorded as a report; what is not understood waits for a person.

mod answer;
mod bounce;
mod closed;
pub mod mailbox;
mod reply;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tracing::info;

pub use answer::in_words;
pub use closed::closed;

use crate::service::{Office, Result, in_transaction};
use crate::{
    clock::Moment,
    domain::{Date, deadline::Mailbox, occurrence::State},
    imap::{END_BYTES, LARGEST_BYTES},
    incoming::{self, Kind, Message},
    store::{Db, ItemRow, LetterRow, NewIncoming, Place, Tx},
};

/// What became of a message. Stored as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Recorded as the sender wrote.
    Recorded(Vec<Recorded>),
    /// 收到: nothing to record.
    Acknowledged,
    /// A person's words that are not understood for certain; why.
    Unclear(String),
    /// The sender may not report, or is in doubt; why.
    Refused(String),
    /// An automatic reply; why it is taken for one.
    Automatic(String),
    /// A letter of ours was not delivered; the server's words.
    Bounced(String),
    Delayed(String),
    Delivered,
    /// A delivery report that fits no letter of ours; the server's words.
    Unmatched(String),
    /// Reading it failed too often.
    Unreadable,
}

/// One item of a reply, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub number: u32,
    pub occurrence: i64,
    pub section: String,
    pub act: Act,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The report's id.
    Done(i64),
    /// It was already done.
    AlreadyDone,
    /// 不能按期, with the request's id; waits for the admin's answer.
    Postponed {
        request: i64,
        expected: Option<Date>,
    },
    /// 不适用, with the request's id; waits for the admin's answer.
    NotApplicable(i64),
    /// 材料已报
    HandedIn,
    /// 进展
    Told,
    TakenBack,
    /// There was nothing to take back.
    NothingToTakeBack,
}

/// Where a message is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// 已处理
    Done,
    /// 待人工
    Waits,
    /// Not for us: left where it is.
    LeftAlone,
}

/// What is decided about a message, before it is stored.
struct Verdict {
    letter: Option<LetterRow>,
    /// The items of the letter that the sender may report.
    items: Vec<ItemRow>,
    /// The sender's own words, without what is quoted.
    text: String,
    outcome: Outcome,
}

impl Verdict {
    fn of_machine(letter: Option<LetterRow>, outcome: Outcome) -> Self {
        Self { letter, items: Vec::new(), text: String::new(), outcome }
    }
}

/// Acts on a message unless that was done before, and records that in the same transaction. `place` is where it is in
/// the mailbox, if it is there.
pub fn act(db: &mut Db, office: &Office, place: Option<&Place>, bytes: &[u8], now: &Moment) -> Result<Fate> {
    let mut message = incoming::read(bytes.get(..(LARGEST_BYTES + END_BYTES) as usize).unwrap_or(bytes));
    if let Kind::Written { attachments, .. } = &mut message.kind
        && bytes.len() >= LARGEST_BYTES as usize
    {
        attachments.push("邮件过大，附件可能没有列全".to_owned());
    }
    in_transaction(db, |tx| {
        let (id, fate) = match tx.incoming_by_fingerprint(&message.fingerprint)? {
            Some(known) => (Some(known.id), if known.waits { Fate::Waits } else { Fate::Done }),
            None => match judge(tx, office, &message, now)? {
                Some(verdict) => remember(tx, office, &message, verdict, now)?,
                None => (None, Fate::LeftAlone),
            },
        };
        if let Some(place) = place {
            tx.end_place(place, id)?;
        }
        Ok(fate)
    })
}

/// Records a message that cannot be read, for a person to look at.
pub fn give_up(db: &mut Db, place: &Place, now: &Moment) -> Result<Fate> {
    in_transaction(db, |tx| {
        let fingerprint = format!("{} {} {}", place.mailbox, place.uid_validity, place.uid);
        let id = add(tx, [&fingerprint, "", "", "", ""], None, &Outcome::Unreadable, now)?;
        tx.end_place(place, Some(id))?;
        Ok(Fate::Waits)
    })
}

/// `None` if it is not for us.
fn judge(tx: &Tx, office: &Office, message: &Message, now: &Moment) -> Result<Option<Verdict>> {
    match &message.kind {
        Kind::Report(report) => bounce::judge(tx, office, message, report, now),
        Kind::Written { text, attachments } => reply::judge(tx, office, message, text, attachments, now),
        Kind::Automatic { why, text, is_sure } => {
            let letter = reply::letters(tx, office, message)?.into_iter().next();
            let is_known = letter.is_some() || message.from.as_deref().is_some_and(|from| office.knows(from));
            let outcome = if *is_sure {
                Outcome::Automatic((*why).to_owned())
            } else {
                Outcome::Refused("像是自动回复，但说到了办理情况，请看一下是不是本人写的".into())
            };
            let text = beginning(&incoming::written(text, None).all()).into_owned();
            Ok(is_known.then(|| Verdict { text, ..Verdict::of_machine(letter, outcome) }))
        }
    }
}

fn remember(
    tx: &Tx,
    office: &Office,
    message: &Message,
    verdict: Verdict,
    now: &Moment,
) -> Result<(Option<i64>, Fate)> {
    let Verdict { letter, items, text, outcome } = verdict;
    let sender = message.from.as_deref().unwrap_or_default();
    let message_id = message.message_id.as_deref().unwrap_or_default();
    let keys = [&*message.fingerprint, message_id, sender, &message.subject, &text];
    let id = add(tx, keys, letter.as_ref().map(|l| l.id), &outcome, now)?;
    // This answers our question about an unclear message: when no item is left open, that message no longer waits.
    if let (Outcome::Recorded(recorded), Some(asked)) = (&outcome, letter.as_ref().and_then(LetterRow::answers)) {
        let mut left = false;
        for item in items.iter().filter(|item| recorded.iter().all(|r| r.occurrence != item.occurrence)) {
            left |= tx.occurrence_by_id(item.occurrence)?.is_some_and(|o| o.state == State::Open);
        }
        if !left && recorded.iter().any(|r| r.act.changes()) {
            tx.end_waiting(asked, sender, now.at)?;
        }
    }
    answer::answer(tx, office, (id, sender), letter.as_ref(), items, &outcome, now)?;
    info!(
        incoming = id,
        letter = letter.map(|l| l.id),
        outcome = outcome.name(),
        "message {id} came in: {}",
        outcome.name()
    );
    Ok((Some(id), if outcome.waits() { Fate::Waits } else { Fate::Done }))
}

/// `keys`: fingerprint, Message-ID, sender, subject, text.
fn add(tx: &Tx, keys: [&str; 5], letter: Option<i64>, outcome: &Outcome, now: &Moment) -> Result<i64> {
    let detail = serde_json::to_string(outcome).map_err(|e| crate::store::Error::Value(e.to_string()))?;
    let [fingerprint, message_id, sender, subject, text] = keys;
    // Anybody may send what is refused.
    let text = if matches!(outcome, Outcome::Refused(_)) { beginning(text) } else { text.into() };
    let text = text.as_ref();
    let (outcome, waits) = (outcome.name(), outcome.waits());
    let new = NewIncoming { fingerprint, message_id, sender, subject, text, letter, outcome, detail: &detail, waits };
    Ok(tx.add_incoming(&new, now.at)?)
}

/// Bytes of a refused message that are kept.
const REFUSED_BYTES: usize = 8 * 1024;

/// The text, or its beginning if it is long.
fn beginning(text: &str) -> Cow<'_, str> {
    const MORE: &str = "……";
    if text.len() <= REFUSED_BYTES {
        return text.into();
    }
    let end = text.floor_char_boundary(REFUSED_BYTES - MORE.len());
    format!("{}{MORE}", &text[..end]).into()
}

impl Outcome {
    /// Its name in the database and in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "recorded",
            Self::Acknowledged => "acknowledged",
            Self::Unclear(_) => "unclear",
            Self::Refused(_) => "refused",
            Self::Automatic(_) => "automatic",
            Self::Bounced(_) => "bounced",
            Self::Delayed(_) => "delayed",
            Self::Delivered => "delivered",
            Self::Unmatched(_) => "unmatched",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether a person has to look at it.
    fn waits(&self) -> bool {
        matches!(self, Self::Unclear(_) | Self::Refused(_) | Self::Unmatched(_) | Self::Unreadable)
    }

    /// In Chinese, for lists.
    pub fn words(&self) -> String {
        match self {
            Self::Recorded(items) => {
                let words: Vec<String> = items.iter().map(|i| format!("{}{}", i.section, i.act.words())).collect();
                words.join("；")
            }
            Self::Acknowledged => "表示收到，没有登记".into(),
            Self::Unclear(why) => format!("没有看懂：{why}"),
            Self::Refused(why) => format!("没有登记：{why}"),
            Self::Automatic(why) => format!("自动回复（{why}）"),
            Self::Bounced(words) => format!("退信：{words}"),
            Self::Delayed(words) => format!("投递延迟：{words}"),
            Self::Delivered => "已送达".into(),
            Self::Unmatched(words) => format!("退信，找不到是哪一封：{words}"),
            Self::Unreadable => "邮件读不出来".into(),
        }
    }
}

impl Act {
    fn changes(&self) -> bool {
        !matches!(self, Self::AlreadyDone | Self::NothingToTakeBack)
    }

    pub fn words(&self) -> String {
        match self {
            Self::Done(_) => "已登记办结".into(),
            Self::AlreadyDone => "此前已经办结，不必再登记".into(),
            Self::Postponed { expected: Some(day), .. } => {
                format!("已报不能按期，预计{}办结，等管理员答复", crate::letter::words::full(*day))
            }
            Self::Postponed { expected: None, .. } => "已报不能按期，等管理员答复".into(),
            Self::NotApplicable(_) => "已报不适用，等管理员答复".into(),
            Self::HandedIn => "材料已报，不再提醒".into(),
            Self::Told => "进展已记下；没有办结，照常提醒".into(),
            Self::TakenBack => "已撤回，恢复提醒".into(),
            Self::NothingToTakeBack => "没有可以撤回的登记".into(),
        }
    }
}

impl Office {
    /// Whether the address is on the roster or an admin's.
    pub(super) fn knows(&self, address: &str) -> bool {
        self.as_known(address).is_some()
    }

    /// The address as the roster, or the list of admins, writes it.
    fn as_known(&self, address: &str) -> Option<&Mailbox> {
        let sections = self.roster.sections.iter().flat_map(|s| s.email.iter().chain(&s.leader));
        sections.chain(&self.settings.admin).find(|m| m.is(address))
    }

    /// The sections that have this mailbox.
    fn sections_of(&self, address: &str) -> Vec<&str> {
        let has = |s: &&crate::domain::deadline::Section| s.email.iter().any(|m| m.is(address));
        self.roster.sections.iter().filter(has).map(|s| s.name.as_str()).collect()
    }
}
