//! The board through its router: which door opens to whom, what a GET and a POST do, the probes.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use duban::{
    clock::{Clock, since_boot},
    domain::{occurrence::State, retry::Outcome},
    service::{
        Office,
        health::Health,
        link::{Key, Links, Scope},
    },
    store::Store,
    web::{App, router},
};
use jiff::{SignedDuration, civil::date};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::bureau::{Bureau, ROSTER};

const PLAN: &str = r#"
[[deadline]]
id       = "annual-report"
title    = "发布年报"
due      = "每年1月31日前"
sections = ["办公室"]

[[deadline]]
id       = "dependent-request"
title    = "答复政府信息公开申请"
due      = "收到之日起20个工作日内"
sections = ["法制科"]
"#;

struct Site {
    router: Router,
    store: Store,
    links: Arc<Links>,
    health: Arc<Health>,
    _office: watch::Sender<Arc<Office>>,
}

struct Got {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

fn site() -> Site {
    let mut bureau = Bureau::new(&format!("{ROSTER}{PLAN}"));
    bureau.load("2026-01-01T00:00");
    bureau.sweep("2026-01-27T08:30");
    bureau.send_as("2026-01-27T08:30", |_| Outcome::Permanent { reply: "550 no such user".into() });
    let links = Arc::new(Links::new(vec![Key::new([7; 32])]).unwrap());
    let mut office = bureau.office.clone();
    office.links = Some(links.clone());
    let (sender, office) = watch::channel(Arc::new(office));
    let store = Store::new(bureau.db).unwrap();
    let health = Arc::new(Health::default());
    let clock = Clock::Fixed(date(2026, 1, 27).at(9, 0, 0, 0));
    let app = App::new(store.clone(), office, clock, health.clone()).unwrap();
    Site { router: router(app), store, links, health, _office: sender }
}

impl Site {
    fn token(&self, scope: &Scope) -> String {
        self.links.sign(scope, date(2027, 1, 1))
    }

    fn admin(&self) -> String {
        format!("/a/{}", self.token(&Scope::Admin))
    }

    fn section(&self, name: &str) -> String {
        format!("/s/{}", self.token(&Scope::Section(name.into())))
    }

    async fn ask(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Got { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, path: &str) -> Got {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, form: &str) -> Got {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// The token of the forms on a page.
    async fn form(&self, path: &str) -> String {
        let page = self.get(path).await.text;
        let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }

    async fn is_done(&self) -> bool {
        let found = self.store.call(|db| db.read(|tx| tx.occurrence("annual-report", "2026"))).await;
        found.unwrap().unwrap().state == State::Done
    }
}

#[tokio::test]
async fn each_door_opens_to_its_own() {
    let site = site();
    let (admin, own, other) = (site.admin(), site.section("办公室"), site.section("法制科"));
    for path in ["", "/", "/year", "/year?year=2027", "/year?year=x", "/outbox", "/case", "/calendar.ics"] {
        assert_eq!(site.get(&format!("{admin}{path}")).await.status, StatusCode::OK, "{path}");
    }
    let report = "/o/annual-report/2026";
    let section = format!("/section/{}", "%E6%B3%95%E5%88%B6%E7%A7%91");
    for path in ["", "/year", "/calendar.ics", report] {
        assert_eq!(site.get(&format!("{own}{path}")).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(site.get(&format!("{admin}{section}")).await.status, StatusCode::OK);
    let swapped = [admin.replace("/a/", "/s/"), own.replace("/s/", "/a/"), "/a/x".into(), site.section("没有的科")];
    let closed = ["/outbox", "/case", section.as_str()].map(|path| format!("{own}{path}"));
    let foreign = [format!("{other}{report}"), format!("{admin}/o/annual-report/1999"), format!("{admin}/section/x")];
    let mut plain = Vec::new();
    for path in swapped.iter().chain(&closed).chain(&foreign) {
        let got = site.get(path).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{path}");
        plain.push(got.text);
    }
    plain.dedup();
    assert_eq!(plain.len(), 1, "one plain page for all");
    assert!(!plain[0].contains("年报") && !plain[0].contains("办公室"), "{}", plain[0]);
}

#[tokio::test]
async fn only_a_press_with_the_forms_token_records() {
    let site = site();
    let (admin, own) = (site.admin(), site.section("办公室"));
    let page = format!("{admin}/o/annual-report/2026");
    let fields = "deadline=annual-report&period=2026&by=%E5%BC%A0%E4%B8%89";
    assert_eq!(site.get(&format!("{admin}/done?{fields}")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.post(&format!("{admin}/done"), fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = site.form(&page).await;
    assert_eq!(site.post(&format!("{own}/done"), &format!("form={form}&{fields}")).await.status, StatusCode::NOT_FOUND);
    let nameless =
        site.post(&format!("{admin}/done"), &format!("form={form}&deadline=annual-report&period=2026")).await;
    assert!(
        nameless.status == StatusCode::UNPROCESSABLE_ENTITY && nameless.text.contains("请填经办人"),
        "{}",
        nameless.text
    );
    assert!(!site.is_done().await);
    let done = site.post(&format!("{admin}/done"), &format!("form={form}&{fields}")).await;
    assert_eq!((done.status, done.headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, page.as_str()));
    assert!(site.is_done().await);
    let again = site.post(&format!("{admin}/done"), &format!("form={form}&{fields}")).await;
    assert!(again.text.contains("已经办结"), "{}", again.text);
    let form = site.form(&page).await;
    site.post(&format!("{admin}/reopen"), &format!("form={form}&{fields}")).await;
    assert!(!site.is_done().await);
}

#[tokio::test]
async fn a_case_is_opened_and_extended_and_a_letter_tried_again() {
    let site = site();
    let admin = site.admin();
    let form = site.form(&format!("{admin}/case")).await;
    let fields = format!("form={form}&deadline=dependent-request&reference=A%2F1&by=x&on=2026-02-13");
    let opened = site.post(&format!("{admin}/open"), &fields).await;
    let place = opened.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(place, format!("{admin}/o/dependent-request/A%2F1"));
    assert!(site.get(&place).await.text.contains("2026年3月19日"));
    let extend = format!("form={form}&deadline=dependent-request&period=A%2F1&by=x&why=y&to=2026-04-16");
    assert_eq!(site.post(&format!("{admin}/extend"), &extend).await.status, StatusCode::SEE_OTHER);
    assert!(site.get(&place).await.text.contains("2026年4月16日"));
    let refused = site.post(&format!("{admin}/open"), &fields).await;
    assert!(refused.text.contains("已经登记过"), "{}", refused.text);
    let failed = site.get(&format!("{admin}/outbox")).await.text;
    assert!(failed.contains("550 no such user"), "{failed}");
    let wrong = site.post(&format!("{admin}/retry"), &format!("form={form}&letter=all")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        site.post(&format!("{admin}/retry"), &format!("form={form}&letter=1")).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn the_feed_is_asked_for_again_cheaply() {
    let site = site();
    let path = format!("{}/calendar.ics", site.section("办公室"));
    let first = site.get(&path).await;
    assert_eq!(first.headers[header::CONTENT_TYPE], "text/calendar; charset=utf-8");
    assert_eq!(first.headers[header::CACHE_CONTROL], "private, no-cache");
    let tag = first.headers[header::ETAG].clone();
    let again = Request::get(&path).header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
    let again = site.ask(again).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn the_probes() {
    let site = site();
    let asleep = site.get("/healthz").await;
    assert_eq!((asleep.status, asleep.text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "no tick yet\n"));
    site.health.ticked(jiff::Timestamp::UNIX_EPOCH, since_boot());
    let awake = site.get("/healthz").await;
    assert_eq!((awake.status, awake.text.as_str()), (StatusCode::OK, "ok\n"));
    site.health.ticked(jiff::Timestamp::UNIX_EPOCH, since_boot() - SignedDuration::from_mins(6));
    assert_eq!(site.get("/healthz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let numbers = site.get("/metrics").await;
    assert!(numbers.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(numbers.text.contains("duban_ticks_total 2") && numbers.text.ends_with("# EOF\n"), "{}", numbers.text);
}
