//! `/r/{token}`: shows an occurrence and what was recorded, with forms to report it and to take a report back. And
//! `/l/{token}`: all that a letter asks of a section.

mod letter;
mod view;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;
use tracing::info;

pub use view::said;
use view::{Saved, View};

use super::{
    App, Client, Frame,
    form::{Answer, Fields, Missing, Reply},
    guard::{Filled, Named},
    name,
    pages::{self, STALE, WHOLE, html, refusal},
};
use crate::{
    service::{
        Error,
        desk::{
            link::Scope,
            report::Report,
            request::Ask,
            section_view::{self, Press, Pressed, SectionView},
        },
    },
    store::{Completion, NoteKind, RequestKind},
};

pub fn routes() -> Router<App> {
    let of_one = Router::new().route("/r/{token}", get(show).post(record)).route("/r/{token}/undo", post(undo));
    of_one.merge(letter::routes())
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

/// The address after a press. It only chooses the words above what is recorded.
#[derive(Default, Deserialize)]
struct AfterPress {
    saved: Option<String>,
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
                section_view::note(db, &office, &press, (NoteKind::HandedIn, &by, &note), &now).map(|p| p.map(drop))
            }
            Answer::Progress { text } => {
                section_view::note(db, &office, &press, (NoteKind::Progress, &by, &text), &now).map(|p| p.map(drop))
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
        let missing = missing.into_iter().map(|m| Missing { field: "undo-by".into(), ..m }).collect();
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
            let missing = vec![Missing { field: WHOLE.into(), what: why.into() }];
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
        saved: shown.saved.filter(|_| missing.is_empty()).and_then(|saved| saved.words(&view)),
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

impl Page<'_> {
    /// What is wrong with a field, shown below it.
    fn wrong(&self, field: &str) -> Option<&str> {
        self.missing.iter().find(|m| m.field == field).map(|m| &*m.what)
    }
}
