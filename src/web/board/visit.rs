//! Identifies the visitor: the token in the URL says whose board it is, and what is allowed there.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
    response::Response,
};

use super::{Frame, Viewer};
use crate::{
    clock::Moment,
    service::{Office, Result, desk::link::Scope},
    store::Tx,
    web::{App, Client, pages::failed, refusal},
};

/// The purpose signed into the board's form tokens.
pub const PURPOSE: &str = "board";

/// A visitor with a valid link.
#[derive(Clone)]
pub struct Visit {
    pub viewer: Viewer,
    pub token: String,
    pub now: Moment,
    pub client: Client,
    /// What a calendar program subscribes to.
    calendar: String,
}

/// A visitor with the admin's link, who may change things.
pub struct AdminVisit(pub Visit);

impl Visit {
    pub fn frame(&self, app: &App, office: &Office) -> Frame {
        let form = match self.viewer {
            Viewer::Admin => app.links().form(&self.token, PURPOSE, [0; 8], self.now.at),
            Viewer::Section(_) => String::new(),
        };
        Frame::new(office, self.viewer.clone(), &self.token, self.calendar.clone(), form, &self.now)
    }

    /// Reads what a page shows this visitor.
    pub async fn read<T: Send + 'static>(
        &self,
        app: &App,
        work: impl FnOnce(&Tx, &Office, &Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (office, visit) = (app.office(), self.clone());
        app.read(move |tx| work(tx, &office, &visit)).await
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        let path = RawPathParams::from_request_parts(parts, app).await.map_err(|_| refusal(app, client))?;
        let token = path.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned());
        let token = token.ok_or_else(|| refusal(app, client))?;
        // A section's token is not valid under `/a/`, nor the admin's under `/s/`.
        let is_admins = path_begins_with_a(parts, &token);
        let viewer = match app.scope(&token).await.map_err(|e| failed(&e))? {
            Some(Scope::Admin) if is_admins => Viewer::Admin,
            // The link of a section that has left the roster is refused.
            Some(Scope::Section(name)) if !is_admins && app.office().roster.get(&name).is_some() => {
                Viewer::Section(name)
            }
            _ => return Err(refusal(app, client)),
        };
        // The program keeps it: the admin's is a link of its own, which can only read.
        let calendar = match viewer {
            Viewer::Admin => app.admin_calendar().await.map_err(|e| failed(&e))?,
            Viewer::Section(_) => format!("{}/s/{token}/calendar.ics", app.root()),
        };
        Ok(Self { viewer, token, now: app.now(), client, calendar })
    }
}

impl FromRequestParts<App> for AdminVisit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        if visit.viewer == Viewer::Admin { Ok(Self(visit)) } else { Err(refusal(app, visit.client)) }
    }
}

/// Whether the token follows `/a/` in the path.
fn path_begins_with_a(parts: &Parts, token: &str) -> bool {
    let path = parts.uri.path();
    path.split_once(token).is_some_and(|(before, _)| before.ends_with("/a/"))
}
