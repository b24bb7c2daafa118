//! An occurrence and what was recorded of it, in the words of the report page.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    domain::{deadline::Part, occurrence::State as Stands},
    letter::{self, when, words},
    service::desk::section_view::SectionView,
    store::{Completion, Note, NoteKind, RequestRow},
};

/// What a press recorded: the page that follows says so.
#[derive(Clone, Copy)]
pub enum Saved {
    Done,
    HandedIn,
    Progress,
    Asked,
    TakenBack,
}

/// An occurrence, worded for the page.
pub struct View {
    pub title: String,
    pub aside: String,
    pub section: String,
    /// The CSS class of the badge.
    pub tone: &'static str,
    pub badge: String,
    pub headline: String,
    pub dates: Vec<String>,
    pub facts: Vec<(&'static str, Vec<String>)>,
    pub records: Vec<Record>,
    /// Why nothing more can be reported.
    pub over: Option<String>,
    /// A request already waits, so a second one is not offered.
    pub is_waiting: bool,
    /// The section only helps: it reports its material.
    pub helps: bool,
    /// What can be taken back, in words.
    pub own: Option<&'static str>,
}

/// A report or request: what, by whom and when.
pub struct Record {
    pub tone: &'static str,
    pub what: String,
    pub who: String,
    pub lines: Vec<String>,
}

impl View {
    pub fn of(view: &SectionView, today: Date, zone: &TimeZone) -> Self {
        let (entry, occurrence) = (&view.entry, &view.occurrence);
        let item = entry.item.map(|n| format!("分工方案第{n}项"));
        // The title of a yearly deadline names the year, and a single date is shown as the due date.
        let names_more = entry.period.len() > 4 && entry.period != entry.dates.due.to_string();
        let period = names_more.then(|| words::period(&entry.period));
        let aside: Vec<String> = item.into_iter().chain(period).collect();
        let steps: Vec<String> = entry.steps.iter().map(|s| words::plain(s)).collect();
        let steps = if steps.len() > 1 { (1..).zip(steps).map(|(n, s)| format!("{n}. {s}")).collect() } else { steps };
        let facts = [
            ("科室", vec![words::plain(&view.section)]),
            ("规定期限", vec![words::full(occurrence.dates.due)]),
            ("要做", steps),
            ("依据", entry.basis.iter().map(|b| words::plain(b)).collect()),
            ("进度", progress(view)),
        ];
        let completions = view.completions.iter().map(|c| completion(c, zone, today));
        let requests = view.requests.iter().map(|r| request(r, zone, today));
        let notes = view.notes.iter().map(|n| note(n, zone, today));
        let open = occurrence.state == Stands::Open && !view.is_finished;
        Self {
            title: words::plain(&entry.title),
            aside: aside.join("，"),
            section: words::plain(&view.section),
            tone: tone(view, today),
            badge: badge(view, today),
            headline: if open { format!("{}。", when::headline(entry, today)) } else { String::new() },
            dates: if open { when::other_dates(entry, today) } else { Vec::new() },
            facts: facts.into_iter().filter(|(_, lines)| !lines.is_empty()).collect(),
            records: requests.chain(notes).chain(completions).collect(),
            over: over(view),
            is_waiting: view.waiting().is_some(),
            helps: view.entry.part == Part::Helps,
            own: own(view).filter(|_| occurrence.state != Stands::Withdrawn),
        }
    }
}

fn tone(view: &SectionView, today: Date) -> &'static str {
    match (view.occurrence.state, when::phase(&view.entry, today)) {
        (Stands::Withdrawn, _) => "grey",
        _ if view.is_finished => "green",
        (_, when::Phase::Overdue) => "red",
        (_, when::Phase::Paused) => "grey",
        (_, when::Phase::Today | when::Phase::Between) => "orange",
        (_, when::Phase::Ahead) if view.entry.light.colour() == "黄" => "amber",
        _ => "green",
    }
}

fn badge(view: &SectionView, today: Date) -> String {
    match view.occurrence.state {
        Stands::Withdrawn => "已撤销".to_owned(),
        Stands::Done => "已办结".to_owned(),
        Stands::Open if view.is_finished => "本科室已报".to_owned(),
        Stands::Open => when::left(&view.entry, today),
    }
}

fn over(view: &SectionView) -> Option<String> {
    match view.occurrence.state {
        Stands::Withdrawn => Some("这一期已撤销，不用办理。".to_owned()),
        Stands::Done => Some("已办结，不再提醒。".to_owned()),
        Stands::Open if view.entry.part == Part::Helps && view.is_finished => {
            Some("本科室的材料已报，不再提醒本科室。".to_owned())
        }
        Stands::Open if view.is_finished => Some("本科室已报，不再提醒本科室。".to_owned()),
        Stands::Open => None,
    }
}

/// What this section has said that can be taken back.
fn own(view: &SectionView) -> Option<&'static str> {
    match (view.own().next(), view.handed_in(), view.waiting()) {
        (Some(_), ..) => Some("办结登记"),
        (None, true, _) => Some("材料已报"),
        (None, false, Some(request)) => Some(request.kind.word()),
        (None, false, None) => None,
    }
}

fn note(note: &Note, zone: &TimeZone, today: Date) -> Record {
    let Note { section, kind, by, text, at, .. } = note;
    let tone = if *kind == NoteKind::HandedIn { "green" } else { "amber" };
    let lines = (!text.is_empty()).then(|| words::plain(text));
    Record {
        tone,
        what: kind.word().to_owned(),
        who: said(by, section, *at, zone, today, "登记"),
        lines: lines.into_iter().collect(),
    }
}

impl Saved {
    const ALL: [Self; 5] = [Self::Done, Self::HandedIn, Self::Progress, Self::Asked, Self::TakenBack];

    pub fn of_choice(choice: &str) -> Self {
        match choice {
            "done" => Self::Done,
            "handed_in" => Self::HandedIn,
            "progress" => Self::Progress,
            _ => Self::Asked,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::HandedIn => "material",
            Self::Progress => "progress",
            Self::Asked => "asked",
            Self::TakenBack => "back",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|saved| saved.name() == name)
    }

    /// In words, where it still stands: the address may be opened again when it does no more.
    pub fn words(self, view: &SectionView) -> Option<&'static str> {
        let is_progress = |note: &Note| note.section == view.section && note.kind == NoteKind::Progress;
        let (stands, words) = match self {
            Self::Done => (view.own().next().is_some(), "登记好了，办结情况见下。登记错了，可在本页最下面撤回。"),
            Self::HandedIn => (view.handed_in(), "登记好了，材料已报。报错了，可在本页最下面撤回。"),
            Self::Progress => (
                view.notes.iter().any(is_progress) && !view.is_finished,
                "进展记下了。没有办结，照常提醒；办完了再来登记。",
            ),
            Self::Asked => (view.waiting().is_some(), "已报管理员，答复以前照常提醒。不报了，可在本页最下面撤回。"),
            Self::TakenBack => (own(view).is_none() && !view.is_finished, "已撤回，恢复提醒。"),
        };
        stands.then_some(words)
    }
}

fn progress(view: &SectionView) -> Vec<String> {
    let reports = view.entry.reports.map(|(given, asked)| format!("已报{given}次，共需{asked}次"));
    let material = letter::material(&view.entry);
    let missing = &view.entry.missing;
    let open = view.occurrence.state == Stands::Open;
    let missing = (open && !missing.is_empty())
        .then(|| format!("还没有报的科室（{}个）：{}", missing.len(), words::list(missing)));
    reports.into_iter().chain(material).chain(missing).collect()
}

fn completion(completion: &Completion, zone: &TimeZone, today: Date) -> Record {
    let Completion { section, by, note, evidence, at, is_not_applicable, .. } = completion;
    let line = |label: &str, text: &str| (!text.is_empty()).then(|| format!("{label}：{}", words::plain(text)));
    let (what, label) = if *is_not_applicable { ("不适用，已确认", "原因") } else { ("已办结", "备注") };
    let lines = [line("文号或链接", evidence), line(label, note)];
    Record {
        tone: "green",
        what: what.to_owned(),
        who: said(by, section, *at, zone, today, "登记"),
        lines: lines.into_iter().flatten().collect(),
    }
}

fn request(request: &RequestRow, zone: &TimeZone, today: Date) -> Record {
    let expected = request.expected.map(|day| format!("预计办结：{}", words::full(day)));
    let answer = request.decision.as_ref().map(|d| {
        let word = if d.confirmed { "已确认" } else { "已退回" };
        let note = if d.note.is_empty() { String::new() } else { format!("：{}", words::plain(&d.note)) };
        format!("{}{word}{note}", said(&d.by, "管理员", d.at, zone, today, ""))
    });
    let (tone, state) = match &request.decision {
        None => ("amber", "，等管理员答复"),
        Some(decision) if decision.confirmed => ("green", "，已确认"),
        Some(_) => ("red", "，已退回"),
    };
    let reason = format!("原因：{}", words::plain(&request.reason));
    Record {
        tone,
        what: format!("{}{state}", request.kind.word()),
        who: said(&request.by, &request.section, request.at, zone, today, "提出"),
        lines: [Some(reason), expected, answer].into_iter().flatten().collect(),
    }
}

/// `张三（办公室）1月27日（周二）10:00登记`
pub fn said(by: &str, section: &str, at: Timestamp, zone: &TimeZone, today: Date, did: &str) -> String {
    let local = zone.to_datetime(at);
    let year = if local.year() == today.year() { String::new() } else { format!("{}年", local.year()) };
    let section = if section.is_empty() { String::new() } else { format!("（{}）", words::plain(section)) };
    format!("{}{section} {year}{}{did}", words::plain(by), words::moment(local))
}
