//! 催办记录: the reminders of an occurrence: to whom, when, why, and what became of each.

use jiff::civil::Date;
use serde_json::Value;

use super::{
    Viewer,
    outbox::{Try, moment},
};
use crate::{
    domain::{
        agenda::{Saying, Utterance},
        deadline::{Lead, Section},
        hours::{Behalf, Reader},
    },
    letter::words,
    service::{Office, Result},
    store::{AuditRow, LetterRow, LetterState, Tx},
};

/// A reminder, with its letter.
#[derive(Clone, Debug)]
pub struct Said {
    pub at: String,
    pub to: String,
    pub role: String,
    pub why: String,
    /// The date that the letter named.
    pub told: String,
    pub word: &'static str,
    pub class: &'static str,
    pub reply: String,
    pub message_id: String,
    /// Only for the admin, since the letter may name other sections' deadlines.
    pub subject: Option<String>,
    pub tries: Vec<Try>,
}

/// A row of the audit trail, in words.
#[derive(Clone, Debug)]
pub struct Change {
    pub at: String,
    pub who: String,
    pub what: String,
    pub detail: String,
}

/// The reminders that the viewer may see. A section sees those to its own mailboxes, to its leader about it, and to the
/// admin on its behalf.
pub fn said(tx: &Tx, office: &Office, viewer: &Viewer, occurrence: i64) -> Result<Vec<Said>> {
    let own = viewer.section().map(|name| office.roster.get(name));
    let mut found = Vec::new();
    for said in tx.said_of(occurrence)? {
        let is_seen = own.is_none_or(|section| section.is_some_and(|s| concerns(s, &said.utterance.reader)));
        let Some(letter) = tx.letter(said.letter)?.filter(|_| is_seen) else { continue };
        let tries = tx.attempts(letter.id)?.into_iter().map(|a| Try::new(office, a)).collect();
        found.push(Said::new(office, &said.utterance, letter, tries, own.is_none()));
    }
    Ok(found)
}

fn concerns(section: &Section, reader: &Reader) -> bool {
    match &reader.behalf {
        Behalf::Section => section.email.contains(&reader.mailbox),
        Behalf::Leader => section.leader.contains(&reader.mailbox),
        Behalf::ForSection(name) => section.name == *name,
        Behalf::ForMailbox { mailbox, .. } => section.email.contains(mailbox),
    }
}

impl Said {
    fn new(office: &Office, said: &Utterance, letter: LetterRow, tries: Vec<Try>, is_admin: bool) -> Self {
        let (word, class) = match letter.state {
            LetterState::Queued | LetterState::Sending if tries.is_empty() => ("待发", "green"),
            LetterState::Queued | LetterState::Sending => ("未发出", "yellow"),
            LetterState::Sent => ("已接收", "done"),
            LetterState::Failed => ("失败", "red"),
            LetterState::Bounced => ("退信", "red"),
            LetterState::Dropped => ("未发", "done"),
        };
        let at = letter.ended_at.or(letter.first_attempt).unwrap_or(letter.next_attempt);
        let sent_on = office.settings.timezone.to_datetime(at).date();
        Self {
            at: moment(office, at),
            to: said.reader.mailbox.to_string(),
            role: role(office, said),
            why: why(said, letter.state == LetterState::Sent && sent_on > said.step.on),
            told: words::day(said.dates.aim(said.step.counted_from)),
            word,
            class,
            reply: words::plain(
                &letter.bounce.or(letter.delay).or(letter.reply).or(letter.last_error).unwrap_or_default(),
            ),
            message_id: letter.message_id,
            subject: letter.subject.filter(|_| is_admin),
            tries,
        }
    }
}

/// The capacity in which the mailbox was written to.
fn role(office: &Office, said: &Utterance) -> String {
    let Reader { mailbox, behalf } = &said.reader;
    match (behalf.passed_on_to(), behalf) {
        (Some(whom), _) => format!("请管理员转{whom}"),
        (None, Behalf::Leader) => "分管领导".to_owned(),
        _ => {
            let sections = office.roster.sections.iter().filter(|s| s.email.contains(mailbox));
            words::few(&sections.map(|s| s.name.as_str()).collect::<Vec<_>>())
        }
    }
}

/// The lead, in words.
fn why(said: &Utterance, is_late: bool) -> String {
    let why = match said.step.saying {
        Saying::Before(Lead::Days(0) | Lead::Workdays(0)) => "到期当天提醒".to_owned(),
        Saying::Before(lead) => format!("提前{lead}提醒"),
        Saying::Reopened => "办结撤回后重新提醒".to_owned(),
        Saying::Overdue(n) if said.reader.behalf.is_leader() => format!("逾期第{n}个工作日，报分管领导"),
        Saying::Overdue(n) => format!("逾期第{n}个工作日催办"),
        Saying::Correction(_) => "更正日期".to_owned(),
    };
    let target = if said.dates.target == Some(said.step.counted_from) { "（按局内目标）" } else { "" };
    let late = if is_late { "，补发" } else { "" };
    format!("{why}{target}{late}")
}

/// What else happened to the occurrence. A section does not see other sections' reports and requests.
pub fn changes(tx: &Tx, office: &Office, viewer: &Viewer, deadline: &str, period: &str) -> Result<Vec<Change>> {
    let text = |row: &AuditRow, key: &str| row.detail.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_seen = |row: &AuditRow| match viewer.section() {
        None => true,
        Some(own) => row.what != "failed" && (text(row, "section").is_empty() || text(row, "section") == own),
    };
    let rows = tx.audit_of(deadline, period)?;
    Ok(rows.iter().filter(|row| is_seen(row)).map(|row| change(office, row)).collect())
}

fn change(office: &Office, row: &AuditRow) -> Change {
    let text = |key: &str| row.detail.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(words::plain);
    let texts = |keys: &[&str]| keys.iter().filter_map(|key| text(key)).collect::<Vec<_>>().join("　");
    let day = |key: &str| {
        let day = row.detail.get(key).and_then(|d| d.get("finish_by")).and_then(Value::as_str);
        day.and_then(|d| d.parse::<Date>().ok()).map_or("？".to_owned(), words::full)
    };
    let on = || text("on").and_then(|d| d.parse::<Date>().ok()).map_or("？".to_owned(), words::full);
    let days = || row.detail.get("days").and_then(Value::as_i64).unwrap_or_default();
    let moved = || format!("请于{}前办结 → {}", day("from"), day("to"));
    let (what, detail) = match row.what.as_str() {
        // Its letters are no longer kept one by one. To whom they went is not for every section.
        "reminded" => ("提醒小结", format!("{}　共 {} 次", texts(&["first", "last"]), row.detail["times"])),
        "opened" => ("登记来件", texts(&["on"])),
        "moved" => ("日期变动", moved()),
        "extended" => ("延期", format!("{}　{}", moved(), texts(&["why"]))),
        "paused" => ("暂停", format!("{}起不计入期限　{}", on(), texts(&["why"]))),
        "resumed" => ("恢复计时", format!("{}起继续计时，停了{}天　{}", on(), days(), moved())),
        "restarted" => ("重新起算", format!("从{}起算　{}　{}", on(), moved(), texts(&["why"]))),
        "withdrawn" => ("撤销", String::new()),
        "came_back" => ("恢复", String::new()),
        "done" => ("登记办结", texts(&["section", "evidence", "note"])),
        "reopened" => ("撤回办结", texts(&["section", "note"])),
        "noted" if row.detail.get("taken_back").is_some() => ("撤回材料已报", texts(&["section"])),
        "noted" => ("科室告知", texts(&["kind", "section", "text"])),
        "asked" => (asked(row), texts(&["section", "reason", "expected"])),
        "confirmed" => ("同意", format!("{}　{}", texts(&["section"]), asked(row)) + &texts(&["note"])),
        "returned" => ("退回", format!("{}　{}　{}", texts(&["section"]), asked(row), texts(&["note"]))),
        other => (other, String::new()),
    };
    let who = if row.who == "duban" { "系统".to_owned() } else { words::plain(&row.who) };
    Change { at: moment(office, row.at), who, what: what.to_owned(), detail }
}

fn asked(row: &AuditRow) -> &'static str {
    match row.detail.get("kind").and_then(Value::as_str) {
        Some("postponed") => "不能按期",
        Some("not_applicable") => "不适用",
        _ => "申请",
    }
}
