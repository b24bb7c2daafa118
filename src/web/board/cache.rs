//! A page that is asked for again before anything on it has changed is written once. With a thousand occurrences the
//! admin's page takes 35 ms to write: many people who look at it while letters go out would feel that.

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

/// Beyond this everything is forgotten, and the cache fills again.
const LARGEST_BYTES: usize = 4 << 20;

/// The pages as they are while nothing changes. Whoever asks while one is written waits for it.
#[derive(Default)]
pub struct Cache(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    /// The pages are valid for this; they are forgotten when it changes.
    stamp: Option<Stamp>,
    by_address: HashMap<String, Bytes>,
    bytes: usize,
}

struct Stamp {
    office: Arc<Office>,
    /// A page shows the minute in which it was written, and the token of its forms is no older.
    minute: DateTime,
    /// The database's own count of what it changed.
    changes: i64,
}

/// Answers with the page under this address (the part after the token); `write` writes it if it is not there.
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
