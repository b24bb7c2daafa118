//! The admin's actions on the board, the same as on the command line: only by POST, with the form's token.

use askama::Template;
use axum::{
    Form, Router,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use jiff::civil::Date;
use serde::Deserialize;

use super::{
    Frame,
    visit::{AdminVisit, PURPOSE, Visit},
};
use crate::{
    clock::Moment,
    domain::{deadline::Deadline, due::Rule},
    letter::words,
    service::{
        Error, Office, Result,
        desk::{
            case::{self, Which},
            report::{self, Report},
        },
    },
    store::{Db, Tx},
    web::{App, html, pages::failed},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/a/{token}/done", post(done))
        .route("/a/{token}/reopen", post(reopen))
        .route("/a/{token}/retry", post(retry))
        .route("/a/{token}/open", post(open))
        .route("/a/{token}/extend", post(extend))
        .route("/a/{token}/pause", post(pause))
        .route("/a/{token}/resume", post(resume))
        .route("/a/{token}/restart", post(restart))
}

/// The fields of all these forms; any may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    form: String,
    deadline: String,
    period: String,
    section: String,
    by: String,
    evidence: String,
    note: String,
    letter: String,
    on: String,
    to: String,
    reference: String,
    why: String,
}

#[derive(Template)]
#[template(path = "board/refused.html")]
struct Refused<'a> {
    frame: &'a Frame,
    why: String,
    back: &'a str,
}

/// The form that opens a case (登记来件).
#[derive(Template)]
#[template(path = "board/case.html")]
pub struct OpenCase<'a> {
    pub frame: &'a Frame,
    pub duties: Vec<Duty>,
}

/// A deadline that takes cases.
pub struct Duty {
    id: String,
    title: String,
    /// As written in the file.
    due: String,
}

pub fn duties(tx: &Tx) -> Result<Vec<Duty>> {
    let mut deadlines = tx.deadlines_in_force()?;
    deadlines.retain(|d| matches!(d.due.rule, Rule::Case { .. }));
    let duty = |d: Deadline| Duty { title: words::plain(&d.title_for("")), due: words::plain(&d.due.text), id: d.id };
    Ok(deadlines.into_iter().map(duty).collect())
}

/// A form that the admin sent, with a valid and recent token.
struct Sent {
    visit: Visit,
    frame: Frame,
    fields: Fields,
}

impl FromRequest<App> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let AdminVisit(visit) = AdminVisit::from_request_parts(&mut parts, app).await?;
        let sent = Form::<Fields>::from_request(Request::from_parts(parts, body), app).await;
        let fields = sent.map(|Form(fields)| fields).unwrap_or_default();
        let sent = Self { frame: visit.frame(app, &app.office()), visit, fields };
        let Sent { visit, frame, fields } = &sent;
        if app.links().check_form(&fields.form, &visit.token, PURPOSE, visit.now.at).is_some() {
            return Ok(sent);
        }
        Err(sent.answer(Err(refused("页面已过时，请返回重新打开再办。")), &frame.door))
    }
}

impl Sent {
    /// Redirects to `back`, or says why it was refused.
    fn answer(&self, result: Result<()>, back: &str) -> Response {
        match result {
            Ok(()) => Redirect::to(back).into_response(),
            Err(Error::Refused(why)) => {
                html(StatusCode::UNPROCESSABLE_ENTITY, &Refused { frame: &self.frame, why, back })
            }
            Err(e) => failed(&e),
        }
    }
}

async fn done(State(app): State<App>, sent: Sent) -> Response {
    reported(app, sent, report::done).await
}

async fn reopen(State(app): State<App>, sent: Sent) -> Response {
    reported(app, sent, report::reopen).await
}

/// The service's function that records a report or takes it back.
type Record = fn(&mut Db, &Office, &Report, &Moment) -> Result<report::Reported>;

async fn reported(app: App, sent: Sent, record: Record) -> Response {
    let Sent { visit, frame, fields } = &sent;
    let (office, now) = (app.office(), visit.now.clone());
    let report = report_of(fields);
    let result = app.store.call(move |db| record(db, &office, &report, &now).map(drop)).await;
    sent.answer(result, &frame.occurrence(&fields.deadline, &fields.period))
}

async fn retry(State(app): State<App>, sent: Sent) -> Response {
    let Sent { visit, frame, fields } = &sent;
    let at = visit.now.at;
    // Without a number, every letter is tried again; with an unreadable number, none.
    let letter = match (fields.letter.as_str(), fields.letter.parse::<i64>()) {
        ("", _) => Ok(None),
        (_, Ok(id)) => Ok(Some(id)),
        _ => Err(refused("没有这封信。")),
    };
    let tried = match letter {
        Ok(letter) => app.store.call(move |db| Ok(db.write(|tx| tx.retry_letters(letter, at))?)).await,
        Err(e) => Err(e),
    };
    let result = tried.and_then(|n: usize| if n > 0 { Ok(()) } else { Err(refused("没有等着发或失败的信。")) });
    sent.answer(result, &format!("{}/outbox", frame.door))
}

async fn open(State(app): State<App>, sent: Sent) -> Response {
    let Sent { visit, frame, fields } = &sent;
    let (office, now) = (app.office(), visit.now.clone());
    let opened = match day(&fields.on) {
        Ok(on) => {
            let by = words::plain(&fields.by);
            let (id, reference) = (fields.deadline.clone(), fields.reference.clone());
            app.store.call(move |db| case::open(db, &office, &id, on, &reference, &by, &now)).await
        }
        Err(e) => Err(e),
    };
    match opened {
        Ok(case) => sent.answer(Ok(()), &frame.occurrence(&fields.deadline, &case.period)),
        Err(e) => sent.answer(Err(e), &format!("{}/case", frame.door)),
    }
}

async fn extend(State(app): State<App>, sent: Sent) -> Response {
    let to = sent.fields.to.clone();
    changed(app, sent, &to, |db, office, which, to, [why, by], now| case::extend(db, office, which, to, why, by, now))
        .await
}

async fn pause(State(app): State<App>, sent: Sent) -> Response {
    let from = sent.fields.on.clone();
    changed(app, sent, &from, |db, office, which, from, [why, by], now| {
        case::pause(db, office, which, from, why, by, now)
    })
    .await
}

async fn resume(State(app): State<App>, sent: Sent) -> Response {
    let on = sent.fields.on.clone();
    changed(app, sent, &on, |db, office, which, on, [_, by], now| case::resume(db, office, which, on, by, now)).await
}

async fn restart(State(app): State<App>, sent: Sent) -> Response {
    let on = sent.fields.on.clone();
    changed(app, sent, &on, |db, office, which, on, [why, by], now| case::restart(db, office, which, on, why, by, now))
        .await
}

/// The service's function that changes a case's clock, given the day, and why and by whom.
type Change = fn(&mut Db, &Office, Which, Date, [&str; 2], &Moment) -> Result<case::Case>;

async fn changed(app: App, sent: Sent, on: &str, change: Change) -> Response {
    let Sent { visit, frame, fields } = &sent;
    let (office, now) = (app.office(), visit.now.clone());
    let (deadline, reference) = (fields.deadline.clone(), fields.period.clone());
    let result = match day(on) {
        Ok(on) => {
            let [why, by] = [&fields.why, &fields.by].map(|text| words::plain(text));
            let changed = move |db: &mut Db| {
                let which = Which { reference: &reference, deadline: Some(&deadline) };
                change(db, &office, which, on, [&why, &by], &now).map(drop)
            };
            app.store.call(changed).await
        }
        Err(e) => Err(e),
    };
    sent.answer(result, &frame.occurrence(&fields.deadline, &fields.period))
}

fn report_of(fields: &Fields) -> Report {
    let period = Some(fields.period.clone()).filter(|p| !p.is_empty());
    let section = Some(fields.section.clone()).filter(|s| !s.is_empty());
    let [by, note, evidence] = [&fields.by, &fields.note, &fields.evidence].map(|text| words::plain(text));
    Report { deadline: fields.deadline.clone(), period, section, by, note, evidence, ..Report::default() }
}

fn day(given: &str) -> Result<Date> {
    given.trim().parse().map_err(|_| refused("日期请写成 2026-02-13 这样。"))
}

fn refused(why: &str) -> Error {
    Error::Refused(why.to_owned())
}
