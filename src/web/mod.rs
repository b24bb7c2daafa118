//! The pages: thin over the services.

pub mod board;

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Response},
};
use tokio::sync::watch;

use crate::{
    clock::{Clock, Moment},
    service::{
        Office,
        health::Health,
        link::{Links, Scope},
    },
    store::Store,
};

/// What every page is given.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    /// As it is in force now: a reload shows at once.
    pub office: watch::Receiver<Arc<Office>>,
    pub links: Arc<Links>,
    pub clock: Clock,
    pub health: Arc<Health>,
}

impl App {
    pub fn office(&self) -> Arc<Office> {
        self.office.borrow().clone()
    }

    pub fn now(&self) -> Moment {
        self.clock.now(&self.office.borrow().settings.timezone)
    }

    pub fn scope(&self, token: &str) -> Option<Scope> {
        self.links().verify(token, self.now().at)
    }

    pub fn links(&self) -> Arc<Links> {
        self.links.clone()
    }
}

/// Who asks, as far as limits go.
#[derive(Clone, Copy, Debug)]
pub struct Client;

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

/// One plain page for every link that is not good.
pub fn refusal(_: &App, _: Client) -> Response {
    (StatusCode::NOT_FOUND, Html("没有这个页面。")).into_response()
}
