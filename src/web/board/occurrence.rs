//! The page of one occurrence: its dates, wording, reports and reminders.

use askama::Template;

use super::{
    Frame, Viewer,
    line::{Line, line},
    outbox::moment,
    record::{self, Change, Said},
};
use crate::{
    clock::Moment,
    domain::{
        calendar::{days_between, shift},
        case::{Case, Pause},
        deadline::{Deadline, Part},
        occurrence::State,
    },
    letter::{self, when, words},
    service::{
        Office, Result,
        course::{
            ahead::{Ahead, ahead},
            explain::wording_moment,
        },
    },
    store::{Completion, RequestRow, Tx},
};

#[derive(Template)]
#[template(path = "board/occurrence.html")]
pub struct Page<'a> {
    pub frame: &'a Frame,
    pub it: &'a Occurrence,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Occurrence {
    pub line: Line,
    pub state: State,
    /// A case: whether its clock stands; `None` for what has dates of its own.
    pub paused: Option<bool>,
    /// Label and text.
    pub facts: Vec<(&'static str, String)>,
    pub steps: Vec<String>,
    pub basis: String,
    pub reports: Vec<Completed>,
    pub requests: Vec<Request>,
    pub said: Vec<Said>,
    pub changes: Vec<Change>,
    /// The sections that the admin's form offers: those whose report is missing.
    pub reporters: Vec<String>,
}

/// A report, as shown.
#[derive(Clone, Debug)]
pub struct Completed {
    pub what: &'static str,
    pub section: String,
    pub by: String,
    pub evidence: String,
    /// Whether the evidence is a URL.
    pub is_link: bool,
    pub note: String,
    pub at: String,
}

/// A request, as shown.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: i64,
    pub what: &'static str,
    pub section: String,
    pub by: String,
    pub reason: String,
    pub expected: String,
    pub at: String,
    /// Empty until the admin answers.
    pub answer: String,
}

/// `None` if there is no such occurrence, or the viewer may not see it.
pub fn gather(
    tx: &Tx,
    office: &Office,
    viewer: &Viewer,
    id: &str,
    period: &str,
    now: &Moment,
) -> Result<Option<Occurrence>> {
    let Some(in_force) = tx.deadline(id)? else { return Ok(None) };
    let row = tx.occurrence(id, period)?;
    let then = wording_moment(tx, row.as_ref(), now.at)?;
    // The wording at that moment; for a withdrawn deadline, its last one.
    let deadline = tx.wording_at(id, then)?.unwrap_or(in_force.deadline);
    if !viewer.sees(office, &deadline) {
        return Ok(None);
    }
    let of_it = std::slice::from_ref(&deadline);
    let (from, to) = match &row {
        Some(row) => (row.dates.due, row.dates.due),
        None => (shift(now.today(), -400), shift(now.today(), 800)),
    };
    let found = ahead(tx, office, of_it, (from, to), now)?;
    let Some(meant) = found.iter().find(|o| o.occurrence.period == period) else { return Ok(None) };
    show(tx, office, viewer, meant, now).map(Some)
}

fn show(tx: &Tx, office: &Office, viewer: &Viewer, of: &Ahead, now: &Moment) -> Result<Occurrence> {
    let (deadline, occurrence) = (of.deadline, &of.occurrence);
    let is_own = |section: &str| viewer.section().is_none_or(|own| section.is_empty() || own == section);
    // A report that closes it for all sections is shown to all.
    let is_shared = deadline.done == crate::domain::deadline::Done::Any;
    let (mut reports, mut requests, mut said) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(id) = of.id {
        let completions = tx.completions(id)?.into_iter().filter(|c| is_shared || is_own(&c.section));
        reports = completions.map(|c| Completed::new(office, c)).collect();
        let asked = tx.requests_of(id)?.into_iter().filter(|r| is_own(&r.section));
        requests = asked.map(|r| Request::new(office, r)).collect();
        said = record::said(tx, office, viewer, id)?;
    }
    let names = office.section_names(deadline);
    let answers = |name: &&&str| deadline.part_of(name) == Part::Answers;
    let owing = names.iter().filter(answers).filter(|n| !of.progress.has_reported(deadline, n));
    Ok(Occurrence {
        line: line(tx, office, viewer, of, now)?,
        state: occurrence.state,
        paused: occurrence.case.as_ref().map(|case| case.paused_since().is_some()),
        facts: facts(tx, office, viewer, of, now)?,
        steps: deadline.steps.iter().map(|s| words::plain(s)).collect(),
        basis: deadline.basis.as_deref().map(words::plain).unwrap_or_default(),
        reports,
        requests,
        said,
        changes: record::changes(tx, office, viewer, &deadline.id, &occurrence.period)?,
        reporters: owing.map(|n| (*n).to_owned()).collect(),
    })
}

fn facts(tx: &Tx, office: &Office, viewer: &Viewer, of: &Ahead, now: &Moment) -> Result<Vec<(&'static str, String)>> {
    let (deadline, occurrence, today) = (of.deadline, &of.occurrence, now.today());
    let (dates, case) = (&occurrence.dates, occurrence.case.as_ref());
    let entry = of.entry(office, viewer.part(deadline), now);
    let due = match (office.calendar.is_workday(dates.due), dates.due == dates.finish_by) {
        (true, _) | (_, true) => words::full(dates.due),
        _ => format!("{}，{}", words::full(dates.due), words::day_off(dates.due)),
    };
    let target = dates.target.map(words::full_workday);
    let days = |day: Option<crate::domain::Date>| day.map(words::full);
    let is_open = occurrence.state == State::Open;
    let next = of.agenda(office.house()).next_day(viewer.part(deadline), today).filter(|_| is_open).map(words::day);
    let owed =
        (is_open && viewer.section().is_none() && !entry.missing.is_empty()).then(|| words::list(&entry.missing));
    let told = of.id.map(|id| office.last_noted(tx, id)).transpose()?.flatten();
    let note = (dates.provisional).then(|| "放假安排尚未公布，工作日按周一至周五暂算".to_owned());
    let facts = [
        ("期次", Some(words::period(&occurrence.period))),
        ("起算日期", days(case.map(|case| case.on))),
        ("不计入期限", case.and_then(pauses)),
        ("请办结于", Some(format!("{}下班前", words::full_workday(dates.finish_by)))),
        (when::term(&entry), Some(format!("{due}（{}）", wording(deadline)))),
        ("届满", Some(dates.ends).filter(|ends| *ends != dates.due).map(words::full_workday)),
        ("延期至", days(case.and_then(|case| case.extension).map(|extension| extension.to))),
        ("局内目标", target),
        ("责任科室", Some(responsible(deadline))),
        ("尚未报的", owed),
        ("材料", letter::material(&entry).filter(|_| is_open)),
        ("进展", told.filter(|_| is_open).map(|word| word.words())),
        ("同意缓办至", days(occurrence.quiet_until)),
        ("撤回后重新办结至", days(dates.redo_by().filter(|_| is_open))),
        ("下次提醒", next),
        ("说明", note),
        ("事项编号", Some(deadline.item.map_or(deadline.id.clone(), |n| format!("分工方案第{n}项，{}", deadline.id)))),
    ];
    Ok(facts.into_iter().filter_map(|(label, text)| text.map(|text| (label, text))).collect())
}

/// `3月9日至3月15日（7天）；4月1日起暂停`
fn pauses(case: &Case) -> Option<String> {
    let one = |pause: &Pause| match pause.to {
        None => format!("{}起暂停", words::full(pause.from)),
        Some(to) => {
            let (last, n) = (shift(to, -1), days_between(pause.from, to));
            format!("{}至{}（{n}天）", words::full(pause.from), words::beside(last, pause.from))
        }
    };
    (!case.pauses.is_empty()).then(|| case.pauses.iter().map(one).collect::<Vec<_>>().join("；"))
}

/// `due` as written in the file.
fn wording(deadline: &Deadline) -> String {
    format!("原文：{}", words::plain(&deadline.due.text))
}

fn responsible(deadline: &Deadline) -> String {
    let lead = deadline.lead.as_deref();
    let rest: Vec<&String> = deadline.sections.iter().filter(|s| Some(s.as_str()) != lead).collect();
    let how =
        if deadline.done == crate::domain::deadline::Done::Each { "（各自办理、各自报结）" } else { "" };
    match lead {
        Some(lead) if rest.is_empty() => words::plain(lead),
        Some(lead) => format!("{}（牵头）、{}{how}", words::plain(lead), words::list(&rest)),
        None => format!("{}{how}", words::list(&rest)),
    }
}

impl Completed {
    fn new(office: &Office, completion: Completion) -> Self {
        let evidence = words::plain(&completion.evidence);
        Self {
            what: if completion.is_not_applicable { "不适用" } else { "已办结" },
            section: words::plain(&completion.section),
            by: words::plain(&completion.by),
            is_link: evidence.starts_with("https://") || evidence.starts_with("http://"),
            evidence,
            note: words::plain(&completion.note),
            at: moment(office, completion.at),
        }
    }
}

impl Request {
    pub(super) fn new(office: &Office, row: RequestRow) -> Self {
        let answer = row.decision.map(|d| {
            let what = if d.confirmed { "同意" } else { "退回" };
            words::plain(&format!("{what}（{} {}）{}", d.by, moment(office, d.at), d.note))
        });
        Self {
            id: row.id,
            what: row.kind.word(),
            section: words::plain(&row.section),
            by: words::plain(&row.by),
            reason: words::plain(&row.reason),
            expected: row.expected.map(words::full).unwrap_or_default(),
            at: moment(office, row.at),
            answer: answer.unwrap_or_default(),
        }
    }
}

impl Occurrence {
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }
}
