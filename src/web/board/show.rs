//! The pages of the board, and the monitoring endpoints: all only read.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use tracing::error;

use super::{
    Viewer, act, cache, explain, feed, home, metrics, occurrence, outbox,
    visit::{AdminVisit, Visit},
    year,
};
use crate::{
    clock::since_boot,
    service::{self, course, desk::link::Scope},
    web::{App, Client, Named, html, pages::failed, refusal},
};

/// A probe fails if the database has not answered within this time.
const PROBE_TIME: Duration = Duration::from_secs(2);

pub fn routes() -> Router<App> {
    let both = |door: &str| {
        Router::new()
            .route(&format!("/{door}/{{token}}"), get(home))
            .route(&format!("/{door}/{{token}}/"), get(home))
            .route(&format!("/{door}/{{token}}/year"), get(year))
            .route(&format!("/{door}/{{token}}/o/{{deadline}}/{{period}}"), get(occurrence))
            .route(&format!("/{door}/{{token}}/o/{{deadline}}/{{period}}/explain"), get(account))
            .route(&format!("/{door}/{{token}}/calendar.ics"), get(calendar))
    };
    both("a")
        .merge(both("s"))
        .route("/a/{token}/section/{section}", get(section))
        .route("/a/{token}/outbox", get(outbox))
        .route("/a/{token}/case", get(case))
        .route("/c/{token}", get(admin_calendar))
        .route("/healthz", get(healthz))
        .route("/metrics", get(numbers))
}

async fn home(State(app): State<App>, visit: Visit) -> Response {
    home_of(&app, &visit, None).await
}

async fn section(
    State(app): State<App>,
    AdminVisit(visit): AdminVisit,
    Path(path): Path<(String, String)>,
) -> Response {
    if app.office().roster.get(&path.1).is_none() {
        return refusal(&app, visit.client);
    }
    home_of(&app, &visit, Some(&path.1)).await
}

async fn home_of(app: &App, visit: &Visit, section: Option<&str>) -> Response {
    let address = section.map_or_else(String::new, |section| format!("section/{section}"));
    cache::page(app, visit, &address, async || {
        let office = app.office();
        let facts = visit.read(app, |tx, office, visit| home::gather(tx, office, &visit.viewer, &visit.now)).await?;
        text(&home::page(&visit.frame(app, &office), &office, &facts, section))
    })
    .await
}

#[derive(Deserialize)]
struct Asked {
    year: Option<i16>,
}

/// The years that can be asked for.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2190;

async fn year(State(app): State<App>, visit: Visit, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    let asked = asked.ok().and_then(|Query(asked)| asked.year).filter(|y| YEARS.contains(y));
    let year = asked.unwrap_or(visit.now.today().year());
    cache::page(&app, &visit, &format!("year/{year}"), async || {
        let read = visit.read(&app, move |tx, office, visit| year::gather(tx, office, &visit.viewer, year, &visit.now));
        text(&year::page(&visit.frame(&app, &app.office()), &read.await?, year))
    })
    .await
}

async fn occurrence(
    State(app): State<App>,
    visit: Visit,
    Path((_, deadline, period)): Path<(String, String, String)>,
) -> Response {
    let read = visit.read(&app, move |tx, office, visit| {
        occurrence::gather(tx, office, &visit.viewer, &deadline, &period, &visit.now)
    });
    match read.await {
        Ok(Some(it)) => page(&occurrence::Page { frame: &visit.frame(&app, &app.office()), it: &it }),
        Ok(None) => refusal(&app, visit.client),
        Err(e) => failed(&e),
    }
}

async fn account(
    State(app): State<App>,
    visit: Visit,
    Path((_, deadline, period)): Path<(String, String, String)>,
) -> Response {
    let read = visit.read(&app, move |tx, office, visit| {
        let found = course::explain::explain(tx, office, (&deadline, None), Some(&period), &visit.now)?;
        Ok(found.filter(|found| visit.viewer.sees(office, &found.deadline)))
    });
    match read.await {
        Ok(Some(found)) => {
            let frame = &visit.frame(&app, &app.office());
            let back = frame.occurrence(&found.deadline.id, &found.occurrence.period);
            page(&explain::Page { frame, sheet: &found.sheet, back })
        }
        Ok(None) => refusal(&app, visit.client),
        Err(e) => failed(&e),
    }
}

async fn outbox(State(app): State<App>, AdminVisit(visit): AdminVisit) -> Response {
    match visit.read(&app, |tx, office, visit| outbox::gather(tx, office, &visit.now)).await {
        Ok(letters) => page(&outbox::page(&visit.frame(&app, &app.office()), &letters)),
        Err(e) => failed(&e),
    }
}

async fn case(State(app): State<App>, AdminVisit(visit): AdminVisit) -> Response {
    match visit.read(&app, |tx, _, _| act::duties(tx)).await {
        Ok(duties) => page(&act::OpenCase { frame: &visit.frame(&app, &app.office()), duties }),
        Err(e) => failed(&e),
    }
}

async fn admin_calendar(
    State(app): State<App>,
    client: Client,
    Named(token): Named<String>,
    headers: HeaderMap,
) -> Response {
    match app.scope(&token).await {
        Ok(Some(Scope::AdminCalendar)) => feed_of(&app, Viewer::Admin, &headers).await,
        Ok(_) => refusal(&app, client),
        Err(e) => failed(&e),
    }
}

async fn calendar(State(app): State<App>, visit: Visit, headers: HeaderMap) -> Response {
    feed_of(&app, visit.viewer, &headers).await
}

async fn feed_of(app: &App, viewer: Viewer, headers: &HeaderMap) -> Response {
    let (office, now) = (app.office(), app.now());
    let feed = app.read(move |tx| feed::feed(tx, &office, &viewer, &now)).await;
    let feed::Feed { body, etag } = match feed {
        Ok(feed) => feed,
        Err(e) => return failed(&e),
    };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // A proxy that compresses makes the entity tag weak.
    let is_known = known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag);
    // A program may cache it, but must revalidate each time.
    let may_keep = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, "private, no-cache")];
    if is_known {
        return (StatusCode::NOT_MODIFIED, may_keep).into_response();
    }
    (may_keep, [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], body).into_response()
}

async fn healthz(State(app): State<App>) -> Response {
    let asked = app.store.call(|db| db.read(|tx| tx.in_force_since()));
    let trouble = match tokio::time::timeout(PROBE_TIME, asked).await {
        Ok(Ok(_)) => app.health.trouble(since_boot()),
        Ok(Err(e)) => {
            error!(error = %e, "the database does not answer a probe: {e}");
            Some("the database does not answer".to_owned())
        }
        Err(_) => Some("the database does not answer in time".to_owned()),
    };
    match trouble {
        None => "ok\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n").into_response(),
    }
}

async fn numbers(State(app): State<App>) -> Response {
    let (office, health, now) = (app.office(), app.health.clone(), app.now());
    let numbers = app.read(move |tx| metrics::gather(tx, &office, &health, &now)).await;
    match numbers.and_then(|numbers| text(&numbers)) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(e) => failed(&e),
    }
}

fn page(template: &impl Template) -> Response {
    html(StatusCode::OK, template)
}

fn text(template: &impl Template) -> service::Result<String> {
    template.render().map_err(|e| service::Error::Refused(e.to_string()))
}
