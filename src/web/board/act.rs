//! What the admin can do here: what the command line can. Only by POST, with the form's own token.

use askama::Template;
use axum::{
    Form, Router,
    extract::{State, rejection::FormRejection},
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
    domain::{deadline::Deadline, due::Rule},
    letter::words,
    service::{
        Error, Result,
        desk::{
            case,
            report::{self, Report},
        },
    },
    store::Tx,
    web::{App, html, pages::failed},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/a/{token}/done", post(done))
        .route("/a/{token}/reopen", post(reopen))
        .route("/a/{token}/retry", post(retry))
        .route("/a/{token}/open", post(open))
        .route("/a/{token}/extend", post(extend))
}

/// Everything that any of the forms sends; all of it may be missing.
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

const LONGEST_NAME: usize = 30;
const LONGEST_TEXT: usize = 1000;

type Sent = std::result::Result<Form<Fields>, FormRejection>;

#[derive(Template)]
#[template(path = "board/refused.html")]
struct Refused<'a> {
    frame: &'a Frame,
    why: String,
    back: String,
}

/// 登记来件: the form that opens a case.
#[derive(Template)]
#[template(path = "board/case.html")]
pub struct OpenCase<'a> {
    pub frame: &'a Frame,
    pub duties: Vec<Duty>,
}

/// A deadline that counts from a case's date.
pub struct Duty {
    id: String,
    title: String,
    /// As the file words it.
    due: String,
}

pub fn duties(tx: &Tx) -> Result<Vec<Duty>> {
    let mut deadlines = tx.deadlines_in_force()?;
    deadlines.retain(|d| matches!(d.due.rule, Rule::Case { .. }));
    let duty = |d: Deadline| Duty { title: words::plain(&d.title_for("")), due: words::plain(&d.due.text), id: d.id };
    Ok(deadlines.into_iter().map(duty).collect())
}

async fn done(State(app): State<App>, AdminVisit(visit): AdminVisit, sent: Sent) -> Response {
    reported(app, visit, sent, report::done).await
}

async fn reopen(State(app): State<App>, AdminVisit(visit): AdminVisit, sent: Sent) -> Response {
    reported(app, visit, sent, report::reopen).await
}

/// Of the service: a report recorded, or taken back.
type Record =
    fn(&mut crate::store::Db, &crate::service::Office, &Report, &crate::clock::Moment) -> Result<report::Reported>;

async fn reported(app: App, visit: Visit, sent: Sent, record: Record) -> Response {
    let fields = match taken(&app, &visit, sent) {
        Ok(fields) => fields,
        Err(e) => return stale(&app, &visit, e),
    };
    let back = visit.frame(&app, &app.office()).occurrence(&fields.deadline, &fields.period);
    let report = match report_of(&fields) {
        Ok(report) => report,
        Err(e) => return answer(&app, &visit, Err(e), back),
    };
    let (office, now) = (app.office(), visit.now.clone());
    let result = app.store.call(move |db| record(db, &office, &report, &now).map(drop)).await;
    answer(&app, &visit, result, back)
}

async fn retry(State(app): State<App>, AdminVisit(visit): AdminVisit, sent: Sent) -> Response {
    let fields = match taken(&app, &visit, sent) {
        Ok(fields) => fields,
        Err(e) => return stale(&app, &visit, e),
    };
    let back = format!("{}/outbox", visit.frame(&app, &app.office()).door);
    // Without a number all of them are tried; a number that is none is not all.
    let letter = match (fields.letter.as_str(), fields.letter.parse::<i64>()) {
        ("", _) => None,
        (_, Ok(id)) => Some(id),
        _ => return answer(&app, &visit, Err(refused("没有这封信。")), back),
    };
    let now = visit.now.clone();
    let result = app.store.call(move |db| Ok(db.write(|tx| tx.retry_letters(letter, now.at))?)).await;
    let result = result.and_then(|n: usize| if n > 0 { Ok(()) } else { Err(refused("没有等着发或失败的信。")) });
    answer(&app, &visit, result, back)
}

async fn open(State(app): State<App>, AdminVisit(visit): AdminVisit, sent: Sent) -> Response {
    let fields = match taken(&app, &visit, sent) {
        Ok(fields) => fields,
        Err(e) => return stale(&app, &visit, e),
    };
    let frame = visit.frame(&app, &app.office());
    let (office, now) = (app.office(), visit.now.clone());
    let asked = name(&fields.by).and_then(|by| Ok((day(&fields.on)?, by)));
    let opened = match asked {
        Ok((on, by)) => {
            let (id, reference) = (fields.deadline.clone(), fields.reference.clone());
            let opening = move |db: &mut crate::store::Db| case::open(db, &office, &id, on, &reference, &by, &now);
            app.store.call(opening).await
        }
        Err(e) => Err(e),
    };
    match opened {
        Ok(case) => Redirect::to(&frame.occurrence(&fields.deadline, &case.period)).into_response(),
        Err(e) => answer(&app, &visit, Err(e), format!("{}/case", frame.door)),
    }
}

async fn extend(State(app): State<App>, AdminVisit(visit): AdminVisit, sent: Sent) -> Response {
    let fields = match taken(&app, &visit, sent) {
        Ok(fields) => fields,
        Err(e) => return stale(&app, &visit, e),
    };
    let back = visit.frame(&app, &app.office()).occurrence(&fields.deadline, &fields.period);
    let (office, now) = (app.office(), visit.now.clone());
    let asked = name(&fields.by).and_then(|by| Ok((day(&fields.to)?, text(&fields.why)?, by)));
    let result = match asked {
        Ok((to, why, by)) => {
            let reference = fields.period.clone();
            app.store.call(move |db| case::extend(db, &office, &reference, to, &why, &by, &now).map(drop)).await
        }
        Err(e) => Err(e),
    };
    answer(&app, &visit, result, back)
}

/// What the form sent, if it is ours and fresh.
fn taken(app: &App, visit: &Visit, sent: Sent) -> Result<Fields> {
    let fields = sent.map(|Form(fields)| fields).unwrap_or_default();
    let checked = app.links().check_form(&fields.form, &visit.token, PURPOSE, visit.now.at);
    checked.map(|_| fields).ok_or_else(|| refused("页面已过时，请返回重新打开再办。"))
}

fn stale(app: &App, visit: &Visit, e: Error) -> Response {
    let back = visit.frame(app, &app.office()).door;
    answer(app, visit, Err(e), back)
}

/// Back to where it shows, or why not.
fn answer(app: &App, visit: &Visit, result: Result<()>, back: String) -> Response {
    match result {
        Ok(()) => Redirect::to(&back).into_response(),
        Err(Error::Refused(why)) => {
            let frame = visit.frame(app, &app.office());
            html(StatusCode::UNPROCESSABLE_ENTITY, &Refused { frame: &frame, why, back })
        }
        Err(e) => failed(&e),
    }
}

fn report_of(fields: &Fields) -> Result<Report> {
    let period = Some(fields.period.clone()).filter(|p| !p.is_empty());
    let section = Some(fields.section.clone()).filter(|s| !s.is_empty());
    let (note, evidence) = (text(&fields.note)?, text(&fields.evidence)?);
    Ok(Report { deadline: fields.deadline.clone(), period, section, by: name(&fields.by)?, note, evidence })
}

fn name(given: &str) -> Result<String> {
    let name = words::plain(given);
    match name.chars().count() {
        0 => Err(refused("请填经办人姓名。")),
        1..=LONGEST_NAME => Ok(name),
        _ => Err(refused("经办人请只写姓名。")),
    }
}

fn text(given: &str) -> Result<String> {
    let text = words::plain(given);
    if text.chars().count() > LONGEST_TEXT { Err(refused("文字太长，请不超过1000字。")) } else { Ok(text) }
}

fn day(given: &str) -> Result<Date> {
    given.trim().parse().map_err(|_| refused("日期请写成 2026-02-13 这样。"))
}

fn refused(why: &str) -> Error {
    Error::Refused(why.to_owned())
}
