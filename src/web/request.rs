//! `/q/{token}`, from a letter, and `/a/{token}/requests/{id}`, from the board: the admin confirms or returns a request (不能按期, 不适用).

use std::collections::HashMap;

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use jiff::{civil::Date, tz::TimeZone};
use tracing::info;

use super::{
    App, Client, Frame,
    form::{Missing, Reply},
    guard::{Filled, Named},
    pages::{self, STALE, html, refusal},
    report::said,
};
use crate::{
    domain::{
        deadline::Deadline,
        occurrence::{Occurrence, State as Stands},
    },
    letter::words,
    service::{
        Error,
        desk::{
            link::Scope,
            request::{decide, if_confirmed},
        },
    },
    store::{RequestRow, Stored},
};

pub fn routes() -> Router<App> {
    let page = get(show).post(answer);
    Router::new().route("/a/{token}/requests/{id}", page.clone()).route("/q/{token}", page)
}

#[derive(Template)]
#[template(path = "request.html")]
struct Page<'a> {
    frame: Frame,
    path: String,
    title: String,
    what: &'static str,
    facts: Vec<(&'static str, String)>,
    /// The answer, or why none is needed any more.
    over: Option<(&'static str, String)>,
    if_confirmed: String,
    reply: &'a Reply,
    missing: &'a [Missing],
    form: String,
}

type Found = Option<(RequestRow, Stored<Occurrence>, Deadline)>;

/// Where a request is answered.
struct Door {
    token: String,
    request: i64,
    path: String,
    /// It was opened by the link in the letter about it, which shows nothing of it once it is answered.
    is_of_letter: bool,
}

/// What the path names: the request's number only on the board.
type InPath = Named<HashMap<String, String>>;

async fn show(State(app): State<App>, client: Client, named: InPath) -> Response {
    match open(&app, client, named).await {
        Ok(door) => page(&app, client, &door, Reply::default(), &[]).await,
        Err(refused) => refused,
    }
}

async fn answer(State(app): State<App>, client: Client, named: InPath, Filled(reply): Filled<Reply>) -> Response {
    let door = match open(&app, client, named).await {
        Ok(door) => door,
        Err(refused) => return refused,
    };
    let id = door.request;
    let reply = reply.tidy();
    let confirmed = match reply.check() {
        Ok(confirmed) => confirmed,
        Err(missing) => return page(&app, client, &door, reply, &missing).await,
    };
    let now = app.now();
    if app.links().check_form(&reply.form, &door.token, &purpose(id), now.at).is_none() {
        return page(&app, client, &door, reply, &[STALE]).await;
    }
    let (office, by, note) = (app.office(), reply.by.clone(), reply.note.clone());
    let decided = app.store.call(move |db| decide(db, &office, id, confirmed, &by, &note, &now)).await;
    match decided {
        Ok(_) => info!(request = id, confirmed, "request {id} answered by a link"),
        // Already answered (perhaps the form was sent twice), or closed: the page says so.
        Err(Error::Refused(_)) => {}
        Err(e) => return pages::failed(&e),
    }
    pages::see(&door.path)
}

async fn open(app: &App, client: Client, Named(named): InPath) -> Result<Door, Response> {
    let token = named.get("token").cloned().unwrap_or_default();
    let scope = app.scope(&token).await.map_err(|e| pages::failed(&e))?;
    let id = named.get("id");
    let (request, path) = match (scope, id.map(|id| id.parse().ok())) {
        (Some(Scope::Admin), Some(Some(request))) => (request, format!("{}/a/{token}/requests/{request}", app.root())),
        (Some(Scope::Request(request)), None) => (request, format!("{}/q/{token}", app.root())),
        _ => return Err(refusal(app, client)),
    };
    Ok(Door { token, request, path, is_of_letter: id.is_none() })
}

fn purpose(id: i64) -> String {
    format!("request {id}")
}

async fn page(app: &App, client: Client, door: &Door, reply: Reply, missing: &[Missing]) -> Response {
    let id = door.request;
    let found = app.read(move |tx| {
        let Some(request) = tx.request(id)? else { return Ok(None) };
        let found = tx.with_deadline(request.occurrence)?;
        Ok::<Found, _>(found.map(|(occurrence, deadline)| (request, occurrence, deadline)))
    });
    let (request, occurrence, deadline) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return refusal(app, client),
        Err(e) => return pages::failed(&e),
    };
    let (now, office) = (app.now(), app.office());
    let zone = &office.settings.timezone;
    let over = over(&request, &occurrence, zone, now.today());
    let (title, facts) = match &over {
        Some(_) if door.is_of_letter => ("这件申请不用再答复".to_owned(), Vec::new()),
        _ => {
            let title = words::plain(&deadline.title_for(&occurrence.period));
            (title, facts(&request, &occurrence, zone, now.today()))
        }
    };
    let page = Page {
        frame: Frame::of(app),
        path: door.path.clone(),
        title,
        what: request.kind.word(),
        facts,
        over,
        if_confirmed: words::plain(&if_confirmed(&deadline, request.kind, &request.section)),
        reply: &reply,
        missing,
        form: app.links().form(&door.token, &purpose(id), [0; 8], now.at),
    };
    html(if missing.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page)
}

fn facts(
    request: &RequestRow,
    occurrence: &Stored<Occurrence>,
    zone: &TimeZone,
    today: Date,
) -> Vec<(&'static str, String)> {
    let dates = occurrence.dates;
    let facts = [
        Some(("提出", said(&request.by, &request.section, request.at, zone, today, ""))),
        Some(("原因", words::plain(&request.reason))),
        request.expected.map(|day| ("预计办结", words::full(day))),
        Some(("规定期限", words::full(dates.due))),
        (dates.finish_by != dates.due).then(|| ("最迟办结", words::full_workday(dates.finish_by))),
    ];
    facts.into_iter().flatten().collect()
}

fn over(
    request: &RequestRow,
    occurrence: &Stored<Occurrence>,
    zone: &TimeZone,
    today: Date,
) -> Option<(&'static str, String)> {
    match (&request.decision, occurrence.state) {
        (Some(decision), _) => {
            let (tone, word) = if decision.confirmed { ("green", "已确认") } else { ("red", "已退回") };
            let note = if decision.note.is_empty() { "" } else { "：" };
            let note = format!("{note}{}", words::plain(&decision.note));
            Some((tone, format!("{} {word}{note}。", said(&decision.by, "", decision.at, zone, today, ""))))
        }
        (None, Stands::Done) => Some(("green", "这一期已经办结，不用再答复。".to_owned())),
        (None, Stands::Withdrawn) => Some(("grey", "这一期已撤销，不用再答复。".to_owned())),
        (None, Stands::Open) => None,
    }
}

impl Page<'_> {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.missing.iter().find(|m| m.field == field).map(|m| &*m.what)
    }
}
