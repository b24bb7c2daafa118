//! A bureau's pages on a real listener, and a browser of few words.

pub mod plan;

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use duban::{
    clock::{Clock, Moment},
    config::Web,
    service::{
        Office,
        desk::link::{Key, Links, Scope},
        house::health::Health,
    },
    store::{Db, Store, Tx, state::Generations},
    web::{App, serve},
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::{oneshot, watch},
};

pub const BASE: &str = "https://duban.example.test";

/// With links, as a bureau with `[web]` has them.
pub fn with_web(office: &mut Office, base_url: &str) {
    office.settings.web = Some(Web::new(([127, 0, 0, 1], 8080).into(), base_url));
    office.links = Some(Arc::new(links(7)));
}

pub fn links(key: u8) -> Links {
    Links::new(vec![Key::new([key; 32])]).unwrap()
}

pub struct Site {
    pub address: SocketAddr,
    pub office: Arc<Office>,
    pub store: Store,
    pub health: Arc<Health>,
    clock: watch::Sender<Arc<Office>>,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    clients: AtomicU32,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The page as it is read: dates are links.
    pub fn words(&self) -> String {
        let tags = self.body.split('<').map(|part| part.split_once('>').unwrap_or(("", part)));
        tags.map(|(_, text)| text).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl Site {
    pub fn new(office: Office, db: Db, now: &str) -> Self {
        let store = Store::new(db).unwrap();
        let office = Arc::new(office);
        let (clock, seen) = watch::channel(office.clone());
        let health = Arc::new(Health::default());
        let app = App::new(store.clone(), seen, Clock::Fixed(now.parse().unwrap()), health.clone()).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let log = tracing::dispatcher::get_default(Clone::clone);
        let thread = std::thread::spawn(move || {
            let _log = tracing::dispatcher::set_default(&log);
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, app, async { drop(stopped.await) }).await;
            });
        });
        let address = told.recv().unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        let (stop, thread) = (Some(stop), Some(thread));
        Self { address, office, store, health, clock, runtime, stop, thread, clients: AtomicU32::new(1) }
    }

    pub fn read<T: Send + 'static>(&self, work: impl FnOnce(&Tx) -> duban::store::Result<T> + Send + 'static) -> T {
        self.runtime.block_on(self.store.call(move |db| db.read(work))).unwrap()
    }

    pub fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Db, &Office) -> T + Send + 'static) -> T {
        let office = self.office.clone();
        self.runtime.block_on(self.store.call(move |db| Ok::<_, duban::store::Error>(work(db, &office)))).unwrap()
    }

    pub fn moment(&self, now: &str) -> Moment {
        Clock::Fixed(now.parse().unwrap()).now(&self.office.settings.timezone)
    }

    pub fn token(&self, scope: &Scope) -> String {
        links(7).sign(
            scope,
            jiff::civil::date(2027, 6, 30),
            scope.generation(&Generations::default(), &self.office.roster),
        )
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None)
    }

    /// These fields, however they were come by.
    pub fn post(&self, path: &str, fields: &str) -> Answer {
        self.ask("POST", path, &[], Some(fields))
    }

    /// The token of the forms on a page.
    pub fn form(&self, path: &str) -> String {
        forms(&self.get(path).body).remove(0).fields["form"].clone()
    }

    /// From a client of its own each time, so that limits are met only where they are meant.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let n = self.clients.fetch_add(1, Ordering::Relaxed);
        let client = format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
        let mut all = vec![("x-forwarded-for", client.as_str())];
        all.extend(headers);
        self.ask_as(method, path, &all, body)
    }

    pub fn ask_as(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            let form = "content-type: application/x-www-form-urlencoded";
            request += &format!("{form}\r\ncontent-length: {}\r\n", body.len());
        }
        self.raw(format!("{request}\r\n{}", body.unwrap_or_default()).as_bytes())
    }

    /// Sends bytes, reads to the end.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that refuses early closes before it has read all.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        parse(&answer)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Fills in the form of this page whose address ends so, and presses.
    pub fn press(&self, page: &Answer, ends: &str, values: &[(&str, &str)]) -> Answer {
        let form = forms(&page.body).into_iter().find(|f| f.action.ends_with(ends));
        let form = form.unwrap_or_else(|| panic!("no form {ends} in {}", page.body));
        self.submit(&form, values)
    }

    pub fn submit(&self, form: &Form, values: &[(&str, &str)]) -> Answer {
        let mut fields = form.fields.clone();
        fields.extend(values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        self.ask("POST", &form.action, &[("origin", "null")], Some(&body.join("&")))
    }

    /// How much people have recorded.
    pub fn recorded(&self) -> usize {
        self.read(|tx| Ok(tx.audit_trail(None, 100_000)?.into_iter().filter(|row| row.who != "duban").count()))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        let ended = self.thread.take().map(|thread| thread.join());
        assert!(ended.is_none_or(|e| e.is_ok()), "the service panicked");
        let _ = &self.clock;
    }
}

fn parse(answer: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

/// A form as a browser would submit it untouched.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: BTreeMap<String, String>,
}

pub fn forms(page: &str) -> Vec<Form> {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split_once(&format!(" {name}=\""))?.1;
        value.split_once('"').map(|(value, _)| value.to_owned())
    };
    let mut forms = Vec::new();
    for part in page.split("<form ").skip(1) {
        let part = part.split("</form>").next().unwrap();
        let action = attribute(&format!(" {}", part.split('>').next().unwrap()), "action").unwrap();
        let mut fields = BTreeMap::new();
        for tag in part.split('<').filter(|tag| tag.starts_with("input ")) {
            let is_choice = tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"");
            if !is_choice || tag.contains(" checked") {
                fields.insert(attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default());
            }
        }
        forms.push(Form { action, fields });
    }
    forms
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.".contains(&b) { (b as char).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}
