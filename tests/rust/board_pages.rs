//! The board: which door opens to whom, what a GET and a POST do, the probes.

use duban::{
    clock::since_boot,
    domain::{occurrence::State, retry::Outcome},
    service::desk::link::Scope,
};
use jiff::SignedDuration;

use crate::{
    bureau::{Bureau, ROSTER},
    site::{BASE, Site, with_web},
};

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

fn site() -> Site {
    let mut bureau = Bureau::new(&format!("{ROSTER}{PLAN}"));
    bureau.load("2026-01-01T00:00");
    bureau.sweep("2026-01-27T08:30");
    bureau.send_as("2026-01-27T08:30", |_| Outcome::Permanent { reply: "550 no such user".into() });
    with_web(&mut bureau.office, BASE);
    Site::new(bureau.office, bureau.db, "2026-01-27T09:00")
}

fn admin(site: &Site) -> String {
    format!("/a/{}", site.token(&Scope::Admin))
}

fn section(site: &Site, name: &str) -> String {
    format!("/s/{}", site.token(&Scope::Section(name.into())))
}

fn is_done(site: &Site) -> bool {
    site.read(|tx| tx.occurrence("annual-report", "2026")).unwrap().state == State::Done
}

#[test]
fn each_door_opens_to_its_own() {
    let site = site();
    let (admin, own, other) = (admin(&site), section(&site, "办公室"), section(&site, "法制科"));
    for path in ["", "/", "/year", "/year?year=2027", "/year?year=x", "/outbox", "/case", "/calendar.ics"] {
        assert_eq!(site.get(&format!("{admin}{path}")).status, 200, "{path}");
    }
    let report = "/o/annual-report/2026";
    let foreign_section = format!("/section/{}", "%E6%B3%95%E5%88%B6%E7%A7%91");
    for path in ["", "/year", "/calendar.ics", report] {
        assert_eq!(site.get(&format!("{own}{path}")).status, 200, "{path}");
    }
    assert_eq!(site.get(&format!("{admin}{foreign_section}")).status, 200);
    let swapped = [admin.replace("/a/", "/s/"), own.replace("/s/", "/a/"), "/a/x".into(), section(&site, "没有的科")];
    let closed = ["/outbox", "/case", foreign_section.as_str()].map(|path| format!("{own}{path}"));
    let foreign = [format!("{other}{report}"), format!("{admin}/o/annual-report/1999"), format!("{admin}/section/x")];
    let mut plain = Vec::new();
    for path in swapped.iter().chain(&closed).chain(&foreign) {
        let got = site.get(path);
        assert_eq!(got.status, 404, "{path}");
        plain.push(got.body);
    }
    plain.dedup();
    assert_eq!(plain.len(), 1, "one plain page for all");
    assert!(!plain[0].contains("年报") && !plain[0].contains("办公室"), "{}", plain[0]);
}

#[test]
fn only_a_press_with_the_forms_token_records() {
    let site = site();
    let (admin, own) = (admin(&site), section(&site, "办公室"));
    let page = format!("{admin}/o/annual-report/2026");
    let fields = "deadline=annual-report&period=2026&by=%E5%BC%A0%E4%B8%89";
    assert_eq!(site.get(&format!("{admin}/done?{fields}")).status, 405);
    assert_eq!(site.post(&format!("{admin}/done"), fields).status, 422);
    let form = site.form(&page);
    assert_eq!(site.post(&format!("{own}/done"), &format!("form={form}&{fields}")).status, 404);
    let nameless = site.post(&format!("{admin}/done"), &format!("form={form}&deadline=annual-report&period=2026"));
    assert!(nameless.status == 422 && nameless.body.contains("请填经办人"), "{}", nameless.body);
    assert!(!is_done(&site));
    let done = site.post(&format!("{admin}/done"), &format!("form={form}&{fields}"));
    assert_eq!((done.status, done.header("location").unwrap()), (303, page.as_str()));
    assert!(is_done(&site));
    let again = site.post(&format!("{admin}/done"), &format!("form={form}&{fields}"));
    assert!(again.body.contains("已经办结"), "{}", again.body);
    let form = site.form(&page);
    site.post(&format!("{admin}/reopen"), &format!("form={form}&{fields}"));
    assert!(!is_done(&site));
}

#[test]
fn a_case_is_opened_and_extended_and_a_letter_tried_again() {
    let site = site();
    let admin = admin(&site);
    let form = site.form(&format!("{admin}/case"));
    let fields = format!("form={form}&deadline=dependent-request&reference=A%2F1&by=x&on=2026-02-13");
    let opened = site.post(&format!("{admin}/open"), &fields);
    let place = opened.header("location").unwrap().to_owned();
    assert_eq!(place, format!("{admin}/o/dependent-request/A%2F1"));
    assert!(site.get(&place).body.contains("2026年3月19日"));
    let extend = format!("form={form}&deadline=dependent-request&period=A%2F1&by=x&why=y&to=2026-04-16");
    assert_eq!(site.post(&format!("{admin}/extend"), &extend).status, 303);
    assert!(site.get(&place).body.contains("2026年4月16日"));
    let refused = site.post(&format!("{admin}/open"), &fields);
    assert!(refused.body.contains("已经登记过"), "{}", refused.body);
    let failed = site.get(&format!("{admin}/outbox")).body;
    assert!(failed.contains("550 no such user"), "{failed}");
    let wrong = site.post(&format!("{admin}/retry"), &format!("form={form}&letter=all"));
    assert_eq!(wrong.status, 422);
    assert_eq!(site.post(&format!("{admin}/retry"), &format!("form={form}&letter=1")).status, 303);
}

#[test]
fn a_cases_clock_is_stopped_started_and_begun_anew() {
    let site = site();
    let admin = admin(&site);
    let form = site.form(&format!("{admin}/case"));
    let case = format!("form={form}&deadline=dependent-request");
    let opened = site.post(&format!("{admin}/open"), &format!("{case}&reference=A%2F1&by=x&on=2026-01-12"));
    let place = opened.header("location").unwrap().to_owned();
    let press = |what: &str, fields: &str| {
        let answer =
            site.post(&format!("{admin}/{what}"), &format!("{case}&period=A%2F1&by=%E5%BC%A0%E4%B8%89&{fields}"));
        (answer.status, answer.body)
    };
    let has = |page: &str, words: &[&str]| {
        let answer = site.get(page);
        let said = answer.words();
        words
            .iter()
            .for_each(|word| assert!(said.contains(word) || answer.body.contains(word), "{word} is missing: {said}"));
        answer.body
    };
    let feed = format!("{}/calendar.ics", section(&site, "法制科"));
    has(&place, &["暂停，不再提醒", "/pause", "2026年2月9日"]);
    assert!(site.get(&feed).body.contains("答复政府信息公开申请"));
    // 20 January is a Tuesday, a week before today.
    assert_eq!(press("pause", "on=2026-01-20&why=%E5%BE%81%E6%B1%82").0, 303);
    let paused = has(&place, &["暂停第8天", "2026年1月20日（周二）起暂停", "恢复计时", "征求", "张三", "2026年2月9日"]);
    assert!(!paused.contains("/pause\""), "{paused}");
    has(&admin, &["<h2>暂停 <small>1项", "暂停第8天"]);
    has(&format!("{admin}/year"), &["暂停"]);
    assert!(!site.get(&feed).body.contains("答复政府信息公开申请"), "no alarm while it stands");
    let (status, why) = press("pause", "on=2026-01-21&why=x");
    assert!(status == 422 && why.contains("已经暂停"), "{why}");
    let (status, why) = press("resume", "on=2026-01-20");
    assert!(status == 422 && why.contains("晚于暂停的"), "{why}");
    assert_eq!(press("resume", "on=tomorrow").0, 422);
    assert_eq!(press("resume", "on=2026-01-27").0, 303);
    has(&place, &["停了7天", "（7天）", "/pause", "2026年2月14日"]);
    assert_eq!(press("restart", "on=2026-01-27&why=%E8%A1%A5%E6%AD%A3").0, 303);
    let anew = has(&place, &["从2026年1月27日", "补正", "重新起算"]);
    assert!(!anew.contains("不计入期限</th>"), "{anew}");
}

#[test]
fn the_feed_is_asked_for_again_cheaply() {
    let site = site();
    let path = format!("{}/calendar.ics", section(&site, "办公室"));
    let first = site.get(&path);
    assert_eq!(first.header("content-type").unwrap(), "text/calendar; charset=utf-8");
    assert_eq!(first.header("cache-control").unwrap(), "private, no-cache");
    let tag = first.header("etag").unwrap();
    let again = site.ask("GET", &path, &[("if-none-match", tag)], None);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn the_probes() {
    let site = site();
    let asleep = site.get("/healthz");
    assert_eq!((asleep.status, asleep.body.as_str()), (503, "no tick yet\n"));
    site.health.ticked(jiff::Timestamp::UNIX_EPOCH, since_boot());
    let awake = site.get("/healthz");
    assert_eq!((awake.status, awake.body.as_str()), (200, "ok\n"));
    site.health.ticked(jiff::Timestamp::UNIX_EPOCH, since_boot() - SignedDuration::from_mins(6));
    assert_eq!(site.get("/healthz").status, 503);
    let numbers = site.get("/metrics");
    assert!(numbers.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(numbers.body.contains("duban_ticks_total 2") && numbers.body.ends_with("# EOF\n"), "{}", numbers.body);
}
