//! The pages: reports from a letter's link without a login, the admin's answers, the board. Thin: `service` decides
//! what they show and do.
//!
//! A GET never changes anything. A person chooses, then presses: only a POST with the form's token and a choice is
//! recorded.

pub mod board;
pub mod explain;
pub mod form;
mod guard;
mod name;
mod pages;
mod report;
mod request;
mod serve;

use std::sync::Arc;

use axum::{Router, extract::FromRef, http::StatusCode, middleware, routing::get};
use tokio::sync::watch;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

pub use self::{
    guard::{Client, Filled, Limits, Named, Peer, is_request},
    pages::{Frame, html, refusal},
    serve::serve,
};
use crate::{
    clock::{Clock, Moment},
    domain::calendar::shift,
    service::{
        self, Office,
        desk::link::{Links, Scope, VALID_DAYS},
        house::health::Health,
    },
    store::{Store, Tx, state},
};

/// The state shared by all pages.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    /// A connection for reading: pages do not wait while something is written.
    pub pages: Store,
    pub cache: Arc<board::Cache>,
    /// The configuration in force; a reload changes it.
    pub office: watch::Receiver<Arc<Office>>,
    pub links: Arc<Links>,
    pub clock: Clock,
    pub limits: Arc<Limits>,
    pub health: Arc<Health>,
}

impl App {
    /// `None` without keys to verify links.
    pub fn new(store: Store, office: watch::Receiver<Arc<Office>>, clock: Clock, health: Arc<Health>) -> Option<Self> {
        let links = office.borrow().links.clone()?;
        let pages = store.clone();
        Some(Self { store, pages, cache: Arc::default(), office, links, clock, limits: Arc::default(), health })
    }

    /// Gives the pages their own connection.
    pub fn reading_from(self, pages: Store) -> Self {
        Self { pages, ..self }
    }

    /// Reads from one snapshot of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx) -> service::Result<T> + Send + 'static,
    ) -> service::Result<T> {
        self.pages.call(move |db| db.read(|tx| Ok(work(tx)))?).await
    }

    pub fn office(&self) -> Arc<Office> {
        self.office.borrow().clone()
    }

    pub fn now(&self) -> Moment {
        self.clock.now(&self.office.borrow().settings.timezone)
    }

    /// What the token allows, by the keys now in force.
    ///
    /// # Errors
    /// The database does not say what is revoked.
    pub async fn scope(&self, token: &str) -> service::Result<Option<Scope>> {
        let (links, office) = (self.links(), self.office());
        // What is no link of ours asks nothing of the database.
        let Some(claim) = links.claim(token, self.now().at) else { return Ok(None) };
        let generations = self.read(|tx| Ok(tx.get(state::GENERATIONS)?.unwrap_or_default())).await?;
        let generation = claim.scope.generation(&generations, &office.roster);
        // A link that was mailed before a section was renamed stays good.
        let renamed = |name: String| office.roster.known_as(&name).map_or(name, |s| s.name.clone());
        Ok(claim.verified(generation).map(|scope| match scope {
            Scope::Section(name) => Scope::Section(renamed(name)),
            Scope::Report { occurrence, section } => Scope::Report { occurrence, section: renamed(section) },
            Scope::Letter { letter, section } => Scope::Letter { letter, section: renamed(section) },
            other => other,
        }))
    }

    /// The path of the feed that the admin's calendar program subscribes to: whoever keeps its address can read, and do
    /// nothing.
    pub async fn admin_calendar(&self) -> service::Result<String> {
        let generations = self.read(|tx| Ok(tx.get(state::GENERATIONS)?.unwrap_or_default())).await?;
        let (scope, last) = (Scope::AdminCalendar, shift(self.now().today(), VALID_DAYS));
        let token = self.links().sign(&scope, last, scope.generation(&generations, &self.office().roster));
        Ok(format!("{}/c/{token}", self.root()))
    }

    pub fn links(&self) -> Arc<Links> {
        self.office.borrow().links.clone().unwrap_or_else(|| self.links.clone())
    }

    /// Whether people reach the pages by TLS.
    pub fn is_https(&self) -> bool {
        self.office.borrow().settings.web.as_ref().is_some_and(|web| web.base_url.starts_with("https://"))
    }

    /// The path prefix of every URL: empty, or like `/duban`.
    pub fn root(&self) -> String {
        self.office.borrow().settings.web.as_ref().map(|web| web.path().to_owned()).unwrap_or_default()
    }
}

impl FromRef<App> for Arc<Limits> {
    fn from_ref(app: &App) -> Self {
        app.limits.clone()
    }
}

/// Routes of all pages, with limits and security headers.
pub fn router(app: App) -> Router {
    let pages = Router::new()
        .merge(report::routes())
        .merge(explain::routes())
        .merge(request::routes())
        .merge(board::routes())
        .route("/style.css", get(pages::style));
    guarded(pages, app)
}

fn guarded(pages: Router<App>, app: App) -> Router {
    let root = app.root();
    // A proxy may strip the prefix, or pass it on.
    let both = if root.is_empty() { pages } else { Router::new().nest(&root, pages.clone()).merge(pages) };
    both.fallback(guard::unknown)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), guard::posts))
        .layer(RequestBodyLimitLayer::new(guard::BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, guard::REQUEST_TIME))
        .layer(CatchPanicLayer::custom(pages::after_panic))
        .layer(middleware::from_fn(guard::marked))
        .layer(middleware::map_response(guard::headers))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use axum::{body::Body, http::Request};
    use hyper_util::service::TowerToHyperService;

    use super::*;
    use crate::{
        config::{self, Web},
        service::desk::link::Key,
        store::Db,
    };

    async fn panics() -> StatusCode {
        panic!("a fault of ours")
    }

    #[tokio::test]
    async fn a_panic_costs_one_page() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/duban.toml");
        let (mut office, _) = Office::new(config::load(&shipped, &BTreeMap::new()).unwrap());
        office.settings.web = Some(Web::new(([127, 0, 0, 1], 1).into(), "https://x.test"));
        office.links = Links::new(vec![Key::new([1; 32])]).map(Arc::new);
        let (_sender, office) = watch::channel(Arc::new(office));
        let app =
            App::new(Store::new(Db::in_memory().unwrap()).unwrap(), office, Clock::System, Arc::default()).unwrap();
        let pages = TowerToHyperService::new(guarded(Router::new().route("/panic", get(panics)), app));
        for status in [500, 500] {
            let request = Request::get("/panic").body(Body::empty()).unwrap();
            let answer = hyper::service::Service::call(&pages, request).await.unwrap();
            assert_eq!(answer.status(), status);
            assert!(answer.headers().contains_key("content-security-policy"));
        }
        assert!(!is_request());
    }
}
