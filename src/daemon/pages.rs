//! Serves the pages as `[web]` says, also after a reload. A failure here is reported, and mail goes on.

use std::{
    io::{ErrorKind, IsTerminal, Write},
    path::Path,
    sync::Arc,
};

use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tracing::{error, info};

use crate::{
    clock::{Clock, Moment},
    config::Web,
    service::{Office, house::health::Health},
    store::{Db, Store},
    web::{self, App},
};

pub struct Pages {
    office: watch::Sender<Arc<Office>>,
    health: Arc<Health>,
    serving: Option<Serving>,
    /// Why pages that should be served are not; logged once.
    trouble: Option<String>,
}

struct Serving {
    web: Web,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Pages {
    pub fn new(office: Arc<Office>, health: Arc<Health>) -> Self {
        Self { office: watch::Sender::new(office), health, serving: None, trouble: None }
    }

    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Serves as the settings in force say. Called at every tick, so that a reload takes effect and a failure is tried
    /// again.
    pub async fn follow(&mut self, office: &Arc<Office>, store: &Store) {
        self.office.send_if_modified(|seen| {
            let is_new = !Arc::ptr_eq(seen, office);
            *seen = office.clone();
            is_new
        });
        let wanted = office.settings.web.as_ref();
        if self.serving.as_ref().is_some_and(|s| s.task.is_finished() || Some(&s.web) != wanted) {
            self.finish().await;
        }
        let trouble = match wanted {
            Some(web) if self.serving.is_none() => self.begin(web, store).await.err(),
            _ => None,
        };
        if let Some(trouble) = trouble.as_ref().filter(|t| self.trouble.as_ref() != Some(t)) {
            error!(trouble, "the pages are not served; the mail goes on, and this is tried again: {trouble}");
        }
        self.trouble = trouble;
    }

    async fn begin(&mut self, web: &Web, store: &Store) -> Result<(), String> {
        let Some(app) = App::new(store.clone(), self.office.subscribe(), Clock::System, self.health.clone()) else {
            return Err("没有链接密钥".to_owned());
        };
        let app = match reader(&self.office.borrow().settings.database) {
            Ok(reader) => app.reading_from(reader),
            Err(e) => {
                error!(error = %e, "pages are read through the writer's door: {e}");
                app
            }
        };
        let listener = TcpListener::bind(web.listen).await.map_err(|e| {
            let why = match e.kind() {
                ErrorKind::AddrInUse => "这个端口别的程序在用".to_owned(),
                _ => e.to_string(),
            };
            format!("{} 不能监听：{why}", web.listen)
        })?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let task = tokio::spawn(web::serve(listener, app, shutdown));
        info!(listen = %web.listen, "pages are served at {}", web.listen);
        self.serving = Some(Serving { web: web.clone(), stop, task });
        Ok(())
    }

    /// Shows the admin's address, at a terminal only: it is a key, and has no place in a log.
    pub async fn show_address(&self, office: &Arc<Office>, store: &Store, now: Moment) {
        let mut terminal = std::io::stderr();
        if !terminal.is_terminal() || office.settings.web.is_none() {
            return;
        }
        let office = office.clone();
        let url = store.call(move |db| db.read(|tx| office.admin_url(tx, &now))).await;
        let _ = match (self.trouble(), url) {
            (Some(trouble), _) => writeln!(terminal, "看板没有开，信照发：{trouble}"),
            (None, Ok(Some(url))) => writeln!(terminal, "看板（这个网址等同钥匙）：{url}"),
            _ => Ok(()),
        };
    }

    /// Stops serving, after the requests being answered.
    pub async fn finish(&mut self) {
        if let Some(Serving { stop, task, .. }) = self.serving.take() {
            let _ = stop.send(());
            if let Err(e) = task.await {
                error!(error = %e, "the pages ended early: {e}");
            }
        }
    }
}

/// A second connection to the database, for pages that only read.
fn reader(database: &Path) -> Result<Store, String> {
    let db = Db::open_for_pages(database).map_err(|e| e.to_string())?;
    Store::new(db).map_err(|e| e.to_string())
}

/// Makes a panic end the process, so that systemd restarts it: a process that lost a task would only look alive. A
/// panic while a page is written costs only that page.
pub fn end_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        if !web::is_request() {
            std::process::abort();
        }
    }));
}
