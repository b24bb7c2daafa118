//! `/r/{token}`: shows an occurrence and what was recorded, with forms to report it and to take a report back.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use tracing::info;

use super::{
    App, Client, Frame,
    form::{Answer, Fields, Missing, Reply},
    guard::{Filled, Named},
    name,
    pages::{self, STALE, WHOLE, html, refusal},
};
use crate::{
    domain::{deadline::Part, occurrence::State as Stands},
    letter::{self, when, words},
    service::{
        Error,
        desk::{
            link::Scope,
            report::Report,
            request::Ask,
            section_view::{self, Press, Pressed, SectionView},
        },
    },
    store::{Completion, Note, NoteKind, RequestKind, RequestRow},
};

pub fn routes() -> Router<App> {
    Router::new().route("/r/{token}", get(show).post(record)).route("/r/{token}/undo", post(undo))
}

const REPORT: &str = "report";
const UNDO: &str = "undo";

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    frame: Frame,
    path: String,
    /// 期限计算书
    account: String,
    view: &'a View,
    fields: &'a Fields,
    undo: &'a Reply,
    missing: &'a [Missing],
    report_form: String,
    undo_form: String,
    saved: Option<&'static str>,
}

/// What a press recorded: the page that follows says so.
#[derive(Clone, Copy)]
enum Saved {
    Done,
    HandedIn,
    Progress,
    Asked,
    TakenBack,
}

/// The address after a press. It only chooses the words above what is recorded.
#[derive(Default, Deserialize)]
struct AfterPress {
    saved: Option<String>,
}

/// An occurrence, worded for the page.
struct View {
    title: String,
    aside: String,
    section: String,
    /// The CSS class of the badge.
    tone: &'static str,
    badge: String,
    headline: String,
    dates: Vec<String>,
    facts: Vec<(&'static str, Vec<String>)>,
    records: Vec<Record>,
    /// Why nothing more can be reported.
    over: Option<String>,
    /// A request already waits, so a second one is not offered.
    is_waiting: bool,
    /// The section only helps: it reports its material.
    helps: bool,
    /// What can be taken back, in words.
    own: Option<&'static str>,
}

/// A report or request: what, by whom and when.
struct Record {
    tone: &'static str,
    what: String,
    who: String,
    lines: Vec<String>,
}

/// An opened link, and what it is about.
struct Opened {
    token: String,
    occurrence: i64,
    section: String,
}

async fn show(
    State(app): State<App>,
    client: Client,
    Named(token): Named<String>,
    Query(query): Query<AfterPress>,
    headers: HeaderMap,
) -> Response {
    let by = name::remembered(&headers);
    let shown = Shown {
        saved: query.saved.as_deref().and_then(Saved::named),
        fields: Fields { by: by.clone(), ..Fields::default() },
        undo: Reply { by, ..Reply::default() },
        missing: Vec::new(),
    };
    match open(&app, client, token).await {
        Ok(opened) => page(&app, client, &opened, shown).await,
        Err(refused) => refused,
    }
}

/// What was entered in the forms, and what is wrong with it.
#[derive(Default)]
struct Shown {
    /// What was recorded by the press before.
    saved: Option<Saved>,
    fields: Fields,
    undo: Reply,
    missing: Vec<Missing>,
}

async fn record(
    State(app): State<App>,
    client: Client,
    Named(token): Named<String>,
    Filled(fields): Filled<Fields>,
) -> Response {
    let opened = match open(&app, client, token).await {
        Ok(opened) => opened,
        Err(refused) => return refused,
    };
    let fields = fields.tidy();
    let now = app.now();
    let answer = match fields.check(now.today()) {
        Ok(answer) => answer,
        Err(missing) => return page(&app, client, &opened, Shown { fields, missing, ..Shown::default() }).await,
    };
    let Some(mark) = app.links().check_form(&fields.form, &opened.token, REPORT, now.at) else {
        return page(&app, client, &opened, Shown { fields, missing: vec![STALE], ..Shown::default() }).await;
    };
    let press = Press { occurrence: opened.occurrence, section: opened.section.clone(), mark };
    let (office, by) = (app.office(), fields.by.clone());
    let pressed = app.store.call(move |db| {
        let asks = |kind, reason, expected| {
            let (occurrence, section) = (press.occurrence, press.section.clone());
            Ask { occurrence, section, kind, by: by.clone(), reason, expected }
        };
        match answer {
            Answer::Done { evidence, note } => {
                let report = Report { by, evidence, note, ..Report::default() };
                section_view::done(db, &office, &press, report, &now).map(|p| p.map(drop))
            }
            Answer::Postponed { reason, expected } => {
                let ask = asks(RequestKind::Postponed, reason, Some(expected));
                section_view::ask(db, &office, &press, &ask, &now).map(|p| p.map(drop))
            }
            Answer::NotApplicable { reason } => {
                let ask = asks(RequestKind::NotApplicable, reason, None);
                section_view::ask(db, &office, &press, &ask, &now).map(|p| p.map(drop))
            }
            Answer::HandedIn { note } => {
                section_view::note(db, &office, &press, (NoteKind::HandedIn, by, note), &now).map(|p| p.map(drop))
            }
            Answer::Progress { text } => {
                section_view::note(db, &office, &press, (NoteKind::Progress, by, text), &now).map(|p| p.map(drop))
            }
        }
    });
    let pressed = pressed.await;
    let (saved, by) = (Saved::of_choice(&fields.choice), fields.by.clone());
    after(&app, client, &opened, pressed, (saved, &by), Shown { fields, ..Shown::default() }).await
}

async fn undo(
    State(app): State<App>,
    client: Client,
    Named(token): Named<String>,
    Filled(reply): Filled<Reply>,
) -> Response {
    let opened = match open(&app, client, token).await {
        Ok(opened) => opened,
        Err(refused) => return refused,
    };
    let reply = reply.tidy();
    let now = app.now();
    if let Err(missing) = reply.check_name() {
        let missing = missing.into_iter().map(|m| Missing { field: "undo-by", ..m }).collect();
        return page(&app, client, &opened, Shown { undo: reply, missing, ..Shown::default() }).await;
    }
    let Some(mark) = app.links().check_form(&reply.form, &opened.token, UNDO, now.at) else {
        return page(&app, client, &opened, Shown { undo: reply, missing: vec![STALE], ..Shown::default() }).await;
    };
    let press = Press { occurrence: opened.occurrence, section: opened.section.clone(), mark };
    let (office, by) = (app.office(), reply.by.clone());
    let pressed = app.store.call(move |db| {
        let report = Report { by, ..Report::default() };
        section_view::take_back(db, &office, &press, report, &now)
    });
    let pressed = pressed.await;
    let by = reply.by.clone();
    after(&app, client, &opened, pressed, (Saved::TakenBack, &by), Shown { undo: reply, ..Shown::default() }).await
}

/// The response to a form that was sent.
async fn after(
    app: &App,
    client: Client,
    opened: &Opened,
    pressed: Result<Pressed<()>, Error>,
    (saved, by): (Saved, &str),
    shown: Shown,
) -> Response {
    match pressed {
        Ok(Pressed::Recorded(())) => {
            info!(
                occurrence = opened.occurrence,
                section = opened.section,
                "recorded by a link: occurrence {}, section {}",
                opened.occurrence,
                opened.section
            );
            let path = format!("{}/r/{}", app.root(), opened.token);
            name::remember(pages::see(&format!("{path}?saved={}", saved.name())), app, by)
        }
        // The page shows what was recorded since, perhaps by the first of two presses.
        Ok(Pressed::Changed) => page(app, client, opened, Shown { missing: vec![STALE], ..shown }).await,
        Ok(Pressed::Gone) => refusal(app, client),
        Err(Error::Refused(why)) => {
            let missing = vec![Missing { field: WHOLE, what: why.into() }];
            page(app, client, opened, Shown { missing, ..shown }).await
        }
        Err(e) => pages::failed(&e),
    }
}

async fn open(app: &App, client: Client, token: String) -> Result<Opened, Response> {
    match app.scope(&token).await {
        Ok(Some(Scope::Report { occurrence, section })) => Ok(Opened { token, occurrence, section }),
        Ok(_) => Err(refusal(app, client)),
        Err(e) => Err(pages::failed(&e)),
    }
}

async fn page(app: &App, client: Client, opened: &Opened, shown: Shown) -> Response {
    let (now, office) = (app.now(), app.office());
    let (id, section, looking, at) = (opened.occurrence, opened.section.clone(), office.clone(), now.clone());
    let found = app.read(move |tx| Ok(section_view::section_view(tx, &looking, id, &section, &at)?)).await;
    let view = match found {
        Ok(Some(view)) => view,
        Ok(None) => return refusal(app, client),
        Err(e) => return pages::failed(&e),
    };
    let missing = match &*shown.missing {
        // Sent twice: the page already shows it as recorded, so there is nothing to correct.
        [only] if only.field == WHOLE && is_recorded(&view, &shown) => Vec::new(),
        _ => shown.missing,
    };
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let form = |purpose| app.links().form(&opened.token, purpose, view.mark, now.at);
    let page = Page {
        frame: Frame::of(app),
        path: format!("{}/r/{}", app.root(), opened.token),
        account: format!("{}/r/{}/explain", app.root(), opened.token),
        view: &View::of(&view, now.today(), &office.settings.timezone),
        fields: &shown.fields,
        undo: &shown.undo,
        missing: &missing,
        report_form: form(REPORT),
        undo_form: form(UNDO),
        saved: shown.saved.filter(|_| missing.is_empty()).map(Saved::words),
    };
    html(status, &page)
}

/// Whether the form's content is already recorded.
fn is_recorded(view: &SectionView, shown: &Shown) -> bool {
    let Fields { by, evidence, note, choice, .. } = &shown.fields;
    let is_it = |c: &Completion| (&c.by, &c.evidence, &c.note) == (by, evidence, note);
    match &**choice {
        "done" => view.own().any(is_it),
        "handed_in" => view.handed_in(),
        "progress" => view.notes.iter().any(|note| (&note.by, &note.text) == (by, &shown.fields.progress)),
        "" => false,
        _ => view.waiting().is_some_and(|r| r.by == *by),
    }
}

impl View {
    fn of(view: &SectionView, today: Date, zone: &TimeZone) -> Self {
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
        // 签收 is shown in the facts: it is no news on a page.
        let notes = view.notes.iter().filter(|note| note.kind != NoteKind::Seen).map(|n| note(n, zone, today));
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

    fn of_choice(choice: &str) -> Self {
        match choice {
            "done" => Self::Done,
            "handed_in" => Self::HandedIn,
            "progress" => Self::Progress,
            _ => Self::Asked,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::HandedIn => "material",
            Self::Progress => "progress",
            Self::Asked => "asked",
            Self::TakenBack => "back",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|saved| saved.name() == name)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Done => "登记好了，办结情况见下。登记错了，可在本页最下面撤回。",
            Self::HandedIn => "登记好了，材料已报。报错了，可在本页最下面撤回。",
            Self::Progress => "进展记下了。没有办结，照常提醒；办完了再来登记。",
            Self::Asked => "已报管理员，答复以前照常提醒。不报了，可在本页最下面撤回。",
            Self::TakenBack => "已撤回，恢复提醒。",
        }
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
pub(super) fn said(by: &str, section: &str, at: Timestamp, zone: &TimeZone, today: Date, did: &str) -> String {
    let local = zone.to_datetime(at);
    let year = if local.year() == today.year() { String::new() } else { format!("{}年", local.year()) };
    let section = if section.is_empty() { String::new() } else { format!("（{}）", words::plain(section)) };
    format!("{}{section} {year}{}{did}", words::plain(by), words::moment(local))
}

impl Page<'_> {
    /// What is wrong with a field, shown below it.
    fn wrong(&self, field: &str) -> Option<&str> {
        self.missing.iter().find(|m| m.field == field).map(|m| &*m.what)
    }
}
