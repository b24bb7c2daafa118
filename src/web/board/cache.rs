//! Caches pages until something changes. With a thousand occurrences the admin's page takes 35 ms to write: that would
//! be felt when many people look at it while letters go out.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Bytes,
    response::{Html, IntoResponse, Response},
};
use jiff::civil::DateTime;
use tokio::sync::Mutex;

use super::visit::Visit;
use crate::{
    service::{Office, Result},
    web::{App, pages::failed},
};

/// Above this the cache is emptied.
const LARGEST_BYTES: usize = 4 << 20;

/// The cached pages. While one is written, other requests wait for it.
#[derive(Default)]
pub struct Cache(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    /// What the pages are valid for; when it changes, they are dropped.
    stamp: Option<Stamp>,
    by_address: HashMap<String, Bytes>,
    bytes: usize,
}

struct Stamp {
    office: Arc<Office>,
    /// A page shows the minute in which it was written, and its form token is no older.
    minute: DateTime,
    /// The database's count of changes.
    changes: i64,
}

/// Responds with the page at `address` (the path after the token), written by `write` if not cached.
pub async fn page(app: &App, visit: &Visit, address: &str, write: impl AsyncFnOnce() -> Result<String>) -> Response {
    let changes = match app.pages.call(|db| db.read(|tx| tx.changes())).await {
        Ok(changes) => changes,
        Err(e) => return failed(&e.into()),
    };
    let local = visit.now.local;
    let minute = local.date().at(local.hour(), local.minute(), 0, 0);
    let mut pages = app.cache.0.lock().await;
    pages.hold_for(Stamp { office: app.office(), minute, changes });
    let address = format!("{}/{address}", visit.token);
    if let Some(page) = pages.by_address.get(&address) {
        return Html(page.clone()).into_response();
    }
    match write().await {
        Ok(text) => Html(pages.put(address, text.into())).into_response(),
        Err(e) => failed(&e),
    }
}

impl Pages {
    fn hold_for(&mut self, now: Stamp) {
        let is_same = |then: &Stamp| {
            Arc::ptr_eq(&then.office, &now.office) && (then.minute, then.changes) == (now.minute, now.changes)
        };
        if !self.stamp.as_ref().is_some_and(is_same) {
            *self = Self { stamp: Some(now), ..Self::default() };
        }
    }

    fn put(&mut self, address: String, page: Bytes) -> Bytes {
        if self.bytes + page.len() > LARGEST_BYTES {
            *self = Self { stamp: self.stamp.take(), ..Self::default() };
        }
        self.bytes += page.len();
        self.by_address.insert(address, page.clone());
        page
    }
}
