//! 发件箱: letters that wait, are stuck (and why), or were sent.

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::Frame;
use crate::{
    clock::Moment,
    domain::deadline::Section,
    letter::words,
    service::{Office, Result, tell::Notice},
    store::{AttemptRow, LetterRow, LetterState, Tx},
};

/// Sent letters are shown for this many days,
const DAYS_SHOWN: i64 = 30;
/// and only this many of them, the latest.
const SENT_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "board/outbox.html")]
pub struct Outbox<'a> {
    pub frame: &'a Frame,
    pub failed: Vec<&'a LetterLine>,
    pub stuck: Vec<&'a LetterLine>,
    pub waiting: Vec<&'a LetterLine>,
    pub sent: Vec<&'a LetterLine>,
}

/// A letter as the outbox shows it.
#[derive(Clone, Debug)]
pub struct LetterLine {
    pub id: i64,
    pub state: LetterState,
    pub mailbox: String,
    pub sections: String,
    pub subject: String,
    /// When it was queued. `at` is when it was sent or will be tried again.
    pub made: String,
    pub at: String,
    pub trouble: String,
    pub message_id: String,
    pub tries: Vec<Try>,
}

/// An attempt to send a letter.
#[derive(Clone, Debug)]
pub struct Try {
    pub at: String,
    pub outcome: &'static str,
    pub reply: String,
}

pub fn gather(tx: &Tx, office: &Office, now: &Moment) -> Result<Vec<LetterLine>> {
    let month_ago = SignedDuration::from_hours(24 * DAYS_SHOWN);
    let since = now.at.saturating_sub(month_ago).unwrap_or(Timestamp::MIN);
    let mut letters = Vec::new();
    for letter in tx.outbox(since)? {
        let tries = tx.attempts(letter.id)?.into_iter().map(|a| Try::new(office, a)).collect();
        letters.push(LetterLine::new(office, letter, tries));
    }
    Ok(letters)
}

pub fn page<'a>(frame: &'a Frame, letters: &'a [LetterLine]) -> Outbox<'a> {
    let owed = |l: &&LetterLine| matches!(l.state, LetterState::Queued | LetterState::Sending);
    let lost = |l: &&LetterLine| matches!(l.state, LetterState::Failed | LetterState::Bounced);
    let in_state = |state: LetterState| letters.iter().filter(move |l| l.state == state);
    Outbox {
        frame,
        failed: letters.iter().filter(lost).rev().collect(),
        stuck: letters.iter().filter(owed).filter(|l| !l.tries.is_empty()).collect(),
        waiting: letters.iter().filter(owed).filter(|l| l.tries.is_empty()).collect(),
        sent: in_state(LetterState::Sent).rev().take(SENT_SHOWN).collect(),
    }
}

impl LetterLine {
    fn new(office: &Office, letter: LetterRow, tries: Vec<Try>) -> Self {
        let serves = |s: &&Section| s.email.iter().chain(&s.leader).any(|m| m.is(&letter.mailbox));
        let sections: Vec<&str> = office.roster.sections.iter().filter(serves).map(|s| s.name.as_str()).collect();
        let at = match letter.state {
            LetterState::Queued | LetterState::Sending => letter.next_attempt,
            _ => letter.ended_at.unwrap_or(letter.next_attempt),
        };
        let trouble = if letter.state == LetterState::Sent { letter.delay } else { letter.last_error };
        Self {
            id: letter.id,
            state: letter.state,
            sections: if sections.is_empty() { "管理员".to_owned() } else { words::few(&sections) },
            subject: letter.subject.unwrap_or_else(|| about(letter.notice.as_deref())),
            made: moment(office, letter.made_at),
            at: moment(office, at),
            trouble: trouble.unwrap_or_default(),
            message_id: letter.message_id,
            mailbox: letter.mailbox,
            tries,
        }
    }

    pub fn can_retry(&self) -> bool {
        matches!(self.state, LetterState::Queued | LetterState::Failed | LetterState::Bounced)
    }
}

/// Stands in for the subject of a letter that is not written yet.
fn about(notice: Option<&str>) -> String {
    let Some(notice) = notice else { return "提醒（发出时成文）".to_owned() };
    match serde_json::from_str::<Notice>(notice) {
        Ok(Notice::Started { .. }) => "服务已启动",
        Ok(Notice::Reloaded { .. }) => "配置已更新",
        Ok(Notice::Waits { .. }) => "配置等待生效",
        Ok(Notice::Rejected { .. }) => "配置有误",
        Ok(Notice::Undeliverable { .. }) => "邮件退回",
        Ok(Notice::Stuck { .. }) => "邮件积压",
        Ok(Notice::HolidayMissing { .. }) => "放假安排未录入",
        Ok(Notice::Asked { .. }) => "科室申请待答复",
        Ok(Notice::Weekly) => "每周情况",
        Ok(Notice::Answer { .. }) => "答复科室回信",
        Ok(Notice::Stranger { .. } | Notice::Strangers { .. }) => "名册以外的邮箱登记",
        Ok(Notice::WentBack { .. }) => "数据库退回去过",
        Ok(Notice::Restored(_)) => "从备份恢复",
        Ok(Notice::Swept { .. }) => "检查期限中断过",
        Ok(Notice::Refused { .. }) => "邮件服务器拒收过",
        Ok(Notice::MailboxDown { .. }) => "收信邮箱读不了",
        Err(_) => "告知管理员",
    }
    .to_owned()
}

impl Try {
    pub fn new(office: &Office, attempt: AttemptRow) -> Self {
        let outcome = match attempt.outcome.as_deref() {
            Some("accepted") => "已接收",
            Some("temporary") => "暂时未成，再试",
            Some("permanent") => "拒收",
            Some("unknown") => "结果不明，再试",
            Some("misconfigured") => "服务器拒绝本系统",
            Some(_) => "其他",
            None => "进行中",
        };
        Self { at: moment(office, attempt.at), outcome, reply: words::plain(&attempt.reply.unwrap_or_default()) }
    }
}

/// `2026-01-27 08:30`, in the bureau's time zone.
pub fn moment(office: &Office, at: Timestamp) -> String {
    office.settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}
