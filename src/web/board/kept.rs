//! Pages that are asked for again before anything on them has changed: written once, and handed out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use askama::Template;
use axum::{
    body::Bytes,
    response::{Html, IntoResponse, Response},
};
use jiff::civil::DateTime;
use tracing::error;

use super::visit::Visit;
use crate::{service::Office, web::App};

/// So much is kept; more begins anew.
const KEPT_BYTES: usize = 4 << 20;

/// A page holds for as long as this stays the same.
#[derive(Clone)]
struct Stamp {
    office: Arc<Office>,
    /// Pages say of which minute they are; a form's token is no older either.
    minute: DateTime,
    /// The database's own count of what it changed.
    changes: i64,
}

#[derive(Default)]
pub struct Kept {
    pages: Mutex<Pages>,
    /// Held by whoever writes a page: the others who want it wait, and do not write it too.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Pages {
    /// Of all that is kept: what is not of the latest is of no use to anybody.
    stamp: Option<Stamp>,
    bytes: usize,
    by_address: HashMap<String, Bytes>,
}

/// The page under this address (its part behind the token), kept or written by `write`.
pub async fn page(
    app: &App,
    visit: &Visit,
    address: &str,
    write: impl AsyncFnOnce() -> Result<String, Response>,
) -> Response {
    let office = app.office();
    let changes = match app.pages.call(|db| db.read(|tx| tx.changes())).await {
        Ok(changes) => changes,
        Err(e) => return crate::web::pages::failed(&e.into()),
    };
    let local = visit.now.local;
    let minute = local.date().at(local.hour(), local.minute(), 0, 0);
    let stamp = Stamp { office, minute, changes };
    let address = format!("{}/{address}", visit.token);
    if let Some(page) = app.kept.get(&stamp, &address) {
        return Html(page).into_response();
    }
    let _one = app.kept.writing.lock().await;
    if let Some(page) = app.kept.get(&stamp, &address) {
        return Html(page).into_response();
    }
    match write().await {
        Ok(text) => Html(app.kept.put(stamp, address, text.into())).into_response(),
        Err(response) => response,
    }
}

/// # Errors
/// The answer to give instead.
#[expect(clippy::result_large_err, reason = "an answer that is given once, when a page cannot be written")]
pub fn text(template: &impl Template) -> Result<String, Response> {
    template.render().map_err(|e| {
        error!(error = %e, "a page cannot be written: {e}");
        crate::web::guard::plain(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
    })
}

impl Kept {
    fn get(&self, stamp: &Stamp, address: &str) -> Option<Bytes> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.stamp.as_ref().filter(|kept| kept.is(stamp))?;
        pages.by_address.get(address).cloned()
    }

    fn put(&self, stamp: Stamp, address: String, page: Bytes) -> Bytes {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = pages.stamp.as_ref().is_some_and(|kept| kept.is(&stamp));
        if !holds || pages.bytes + page.len() > KEPT_BYTES {
            *pages = Pages { stamp: Some(stamp), ..Pages::default() };
        }
        pages.bytes += page.len();
        pages.by_address.insert(address, page.clone());
        page
    }
}

impl Stamp {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.office, &other.office) && (self.minute, self.changes) == (other.minute, other.changes)
    }
}
