//! The weekly letter: where everything stands, also when there is nothing to report.

use jiff::civil::Date;

use super::{
    page::{Block, Line, Row, Tone, note},
    words,
};

/// More are only counted: a mail server that is down holds up everything at once.
pub(super) const LISTED: usize = 20;

/// One occurrence in a list.
#[derive(Clone, Debug)]
pub struct Upcoming {
    pub date: Date,
    pub title: String,
    pub sections: Vec<String>,
}

/// Where everything stands.
#[derive(Clone, Debug)]
pub struct Weekly {
    pub overdue: Vec<Upcoming>,
    /// Due later than in seven days, and reminded of already.
    pub near: Vec<Upcoming>,
    /// Due later than in seven days, within the days that are looked ahead, and not reminded of yet.
    pub not_yet: (usize, i64),
    /// The sections that have given no sign three working days after the first letter.
    pub silent: Vec<Upcoming>,
    /// Cases that have been paused for long, and for how many days.
    pub paused: Vec<(Upcoming, i64)>,
    /// Finished in the last seven days.
    pub finished: Vec<Upcoming>,
    pub next_seven_days: Vec<Upcoming>,
    /// Mailboxes that refuse letters, with the server's reply; listed until the mailbox is changed.
    pub refused: Vec<(String, String)>,
    pub waiting_letters: u32,
    /// Replies that a person has to read.
    pub replies: u32,
    /// Requests that wait for an answer.
    pub requests: u32,
    pub missing_year: Option<i16>,
    /// What is wrong with the standby.
    pub standby: Option<String>,
    /// The head of the audit trail: its hash, and how many lines.
    pub head: Option<String>,
}

pub(super) fn said(weekly: &Weekly) -> String {
    match (weekly.overdue.len(), weekly.next_seven_days.len()) {
        (0, 0) => "本周督办：没有逾期，七日内没有到期".to_owned(),
        (0, soon) => format!("本周督办：没有逾期，七日内{soon}项到期"),
        (late, soon) => format!("本周督办：{late}项逾期，七日内{soon}项到期"),
    }
}

pub(super) fn rows(weekly: &Weekly) -> Vec<Block> {
    let mut blocks = Vec::new();
    let missing = weekly.missing_year.map(|y| format!("还没有{y}年的放假安排，请在通知公布后补进节假日数据"));
    let waiting = (weekly.waiting_letters > 0).then(|| format!("有{}封邮件还没有发出", weekly.waiting_letters));
    let requests = (weekly.requests > 0).then(|| format!("有{}条申请等您答复", weekly.requests));
    let replies =
        (weekly.replies > 0).then(|| format!("有{}封来信在“待人工”里，等您看（duban incoming）", weekly.replies));
    let standby = weekly.standby.as_ref().map(|said| said.trim_end_matches('。').to_owned());
    let notes: Vec<String> = [requests, replies, waiting, missing, standby].into_iter().flatten().collect();
    blocks.extend((!notes.is_empty()).then(|| note(Tone::Amber, &format!("{}。", notes.join("；")))));
    let refused = weekly.refused.iter().map(|(box_, reply)| format!("{}：{}", words::plain(box_), words::plain(reply)));
    let rows = [
        Some(state("逾期", &weekly.overdue)),
        Some(state("七日内", &weekly.next_seven_days)),
        Some(later(weekly)),
        (!weekly.silent.is_empty()).then(|| state("没有回音", &weekly.silent)),
        Row::of("暂停已久", paused(&weekly.paused)),
        Some(state("上周办结", &weekly.finished)),
        Row::of("退信邮箱", refused.collect()),
    ];
    blocks.push(Block::Rows(rows.into_iter().flatten().collect()));
    blocks.extend(weekly.head.as_ref().map(|head| {
        Block::Para(format!(
            "登记、申请和配置的经过，到现在的校验值是{head}。请留着这封信：duban verify --head {head} 能查出以前的经过后来有没有被改过。"
        ))
    }));
    blocks.push(Block::Para("这封信每周一发，没有事也发：收不到它，就请看看服务是否还在运行。".to_owned()));
    blocks
}

/// Those that are reminded of, and why others that are as near are not among them.
fn later(weekly: &Weekly) -> Row {
    let mut row = state("七日后", &weekly.near);
    let (count, days) = weekly.not_yet;
    let why = format!("{days}日内另有{count}项还没到首次提醒的日子，没有列出");
    let listed = if weekly.near.is_empty() { "" } else { "以上已开始提醒；" };
    row.lines.extend((count > 0).then(|| Line::Text(format!("{listed}{why}"))));
    row
}

/// A line for each, with what to do where the others are over.
fn paused(all: &[(Upcoming, i64)]) -> Vec<String> {
    let line = |(case, days): &(Upcoming, i64)| {
        format!("第{days}天　{}（{}）", words::plain(&case.title), words::list(&case.sections))
    };
    let mut lines: Vec<String> = all.iter().take(LISTED).map(line).collect();
    let more = all.len().saturating_sub(LISTED);
    lines.extend((more > 0).then(|| format!("另有{more}件，用 duban list 查看")));
    lines.extend((!all.is_empty()).then(|| "该恢复计时的，用 duban resume 或在看板上登记".to_owned()));
    lines
}

/// One state's occurrences, a line each; `无` where there are none.
fn state(label: &'static str, all: &[Upcoming]) -> Row {
    let mut lines: Vec<String> = all.iter().take(LISTED).map(upcoming).collect();
    let more = all.len().saturating_sub(LISTED);
    lines.extend((more > 0).then(|| format!("另有{more}项，用 duban list 查看")));
    Row::of(label, lines).unwrap_or_else(|| Row::new(label, "无"))
}

pub(super) fn upcoming(soon: &Upcoming) -> String {
    format!("{}　{}（{}）", words::day(soon.date), words::plain(&soon.title), words::list(&soon.sections))
}
