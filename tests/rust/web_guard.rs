//! Who merely looks, forges, floods or dawdles at the pages, and what the log tells of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use duban::{
    domain::retry::Outcome,
    service::desk::{
        link::Scope,
        links_out::Whose,
        request::{self, Ask},
    },
    store::RequestKind,
};
use jiff::civil::date;

use crate::bureau::{Bureau, ROSTER, days};
use crate::site::{
    Answer, BASE, Site, encode, forms, links,
    plan::{DONE, PLAN, bureau as plan_bureau, occurrence, report_path, site},
    with_web,
};

#[test]
fn what_is_no_good_link_gets_one_plain_page() {
    let site = site();
    let occurrence = occurrence(&site, "annual-report");
    let scope = |section: &str| Scope::Report { occurrence, section: section.into() };
    let good = site.token(&scope("办公室"));
    let gone = Scope::Report { occurrence: 999_999, section: "办公室".into() };
    let mut flipped = good.clone().into_bytes();
    flipped[12] = if flipped[12] == b'A' { b'B' } else { b'A' };
    let bad: Vec<String> = vec![
        String::new(),
        "x".into(),
        "a".repeat(5000),
        "%00%ff".into(),
        good[..good.len() - 1].into(),
        format!("{good}A"),
        format!("{good}="),
        String::from_utf8(flipped).unwrap(),
        links(8).sign(&scope("办公室"), date(2027, 6, 30), 0),
        links(7).sign(&scope("办公室"), date(2026, 1, 26), 0),
        site.token(&scope("没有这个科室")),
        site.token(&scope("法制科")),
        site.token(&gone),
        site.token(&Scope::Admin),
        site.token(&Scope::Section("办公室".into())),
    ];
    let refusal = site.get("/nowhere");
    assert_eq!(refusal.status, 404);
    assert!(refusal.body.contains("联系邮件末尾的联系人"));
    for leak in ["电话", "政务公开", "duban", "办公室"] {
        assert!(!refusal.body.contains(leak), "{leak}");
    }
    let strip = |a: Answer| (a.status, a.headers.into_iter().filter(|(n, _)| n != "date").collect::<Vec<_>>(), a.body);
    let expected = strip(refusal);
    let admin = site.token(&Scope::Admin);
    let mut paths: Vec<String> = bad.iter().map(|token| format!("/r/{token}")).collect();
    paths.extend(bad[..12].iter().chain([&good]).map(|token| format!("/a/{token}/requests/1")));
    paths.extend(["1", "x", "99999999999999999999"].map(|id| format!("/a/{admin}/requests/{id}")));
    for path in &paths {
        assert_eq!(strip(site.get(path)), expected, "{path}");
        assert_eq!(strip(site.ask("POST", path, &[], Some("by=x&choice=done"))), expected, "{path}");
    }
    for token in &bad[1..] {
        let answer = site.ask("POST", &format!("/r/{token}/undo"), &[], Some("by=x"));
        assert_eq!(strip(answer), expected, "{token}");
    }
    assert_eq!(site.recorded(), 0);
}

#[test]
fn headers_are_exact() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let pages =
        [site.get(&path), site.get("/nowhere"), site.ask("PUT", &path, &[], None), site.ask("HEAD", &path, &[], None)];
    for page in &pages {
        let headers: BTreeMap<&str, &str> = page.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let expected = [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-robots-tag", "noindex"),
            ("content-type", "text/html; charset=utf-8"),
        ];
        for (name, value) in expected {
            assert_eq!(headers.get(name), Some(&value), "{name} of {}", page.status);
        }
        let known = ["content-length", "date", "allow", "connection"];
        assert!(headers.keys().all(|n| known.contains(n) || expected.iter().any(|(e, _)| e == n)), "{headers:?}");
    }
    assert_eq!(pages.map(|p| p.status), [200, 404, 405, 200]);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let answer = site.ask(method, &path, &[], None);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD,POST")), "{method}");
    }
    assert_eq!(site.get(&format!("{path}/undo")).status, 405);
    let style = site.get("/style.css");
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    let page = site.get(&path).body;
    for outside in ["http:", "https:", "//", "style=", "<script", "onload"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!style.body.contains("url(") && !style.body.contains("@import"));
}

#[test]
fn other_sites_and_large_and_many_presses_are_refused() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let form = forms(&site.get(&path).body).remove(0);
    let body = format!("form={}&choice=done&by=x", form.fields["form"]);
    for headers in [[("sec-fetch-site", "cross-site")], [("origin", "https://evil.example.test")]] {
        assert_eq!(site.ask("POST", &path, &headers, Some(&body)).status, 403);
    }
    let large = format!("{body}&note={}", "a".repeat(70 << 10));
    assert_eq!(site.ask("POST", &path, &[], Some(&large)).status, 413);
    let chunked = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    assert_eq!(site.raw(chunked.as_bytes()).status, 413);
    let header = format!("GET {path} HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(64 << 10));
    assert_eq!(site.raw(header.as_bytes()).status, 431);
    let lines = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert_eq!(site.raw(lines.as_bytes()).status, 431);
    for garbage in ["\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        assert_ne!(site.raw(garbage.as_bytes()).status, 200);
    }
    // What stands before the last hop is anybody's.
    let from = |n: u32| format!("192.0.2.{n}, 198.51.100.1");
    let statuses: Vec<u16> =
        (0..40).map(|n| site.ask_as("POST", &path, &[("x-forwarded-for", &from(n))], Some("")).status).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 422).count(), 30, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let statuses: Vec<u16> =
        (0..30).map(|_| site.ask_as("GET", "/r/x", &[("x-forwarded-for", "198.51.100.2")], None).status).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 404).count(), 20, "{statuses:?}");
    assert_eq!(
        site.ask_as("GET", &path, &[("x-forwarded-for", "198.51.100.2")], None).status,
        200,
        "a good link opens"
    );
    assert_eq!(site.recorded(), 0);
}

/// Whoever shares an address with a flood still reports; the flood itself is stopped.
#[test]
fn rubbish_from_an_address_does_not_lock_out_its_links() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let bureau = [("x-forwarded-for", "198.51.100.7")];
    let page = site.get(&path);
    let rubbish: Vec<u16> = (0..60).map(|_| site.ask_as("POST", "/r/x", &bureau, Some("by=x")).status).collect();
    assert_eq!(rubbish.last(), Some(&429), "{rubbish:?}");
    let mut fields = forms(&page.body).remove(0).fields;
    fields.extend(DONE.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
    assert_eq!(site.ask_as("POST", &path, &bureau, Some(&body.join("&"))).status, 303);
    assert_eq!(site.recorded(), 1);
}

/// 127.0.0.2 is no proxy: a client like any other.
#[test]
fn three_hundred_sockets_of_one_client_lock_out_nobody() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held: Vec<_> = (0..300)
        .filter_map(|_| {
            runtime.block_on(async {
                let socket = tokio::net::TcpSocket::new_v4().unwrap();
                socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
                let connecting = socket.connect(site.address);
                tokio::time::timeout(Duration::from_secs(1), connecting).await.ok()?.ok()
            })
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(site.get(&path).status, 200);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?} with {} sockets", begun.elapsed(), held.len());
}

/// Whoever is forwarded the letter about a request can answer this one, and does not hold the board.
#[test]
fn the_link_in_an_admins_letter_opens_what_it_is_about() {
    let mut bureau = plan_bureau(BASE);
    let id = bureau.db.read(|tx| tx.occurrence("annual-report", "2026")).unwrap().unwrap().id;
    let ask = Ask {
        occurrence: id,
        section: "办公室".into(),
        kind: RequestKind::NotApplicable,
        by: "张三".into(),
        reason: "本年没有".into(),
        expected: None,
    };
    let now = bureau.at_time("2026-01-27T09:00");
    request::ask(&mut bureau.db, &bureau.office, &ask, &now).unwrap();
    let sent = letters(&mut bureau, "2026-01-27T09:01");
    let told = sent.iter().find(|(to, text)| to == "admin@example.test" && text.contains("不适用")).unwrap();
    let found = links_in(&told.1);
    let [link] = Vec::from_iter(&found)[..] else { panic!("{found:?}") };
    let token = link.strip_prefix("/q/").unwrap();
    let at = |now: &str| bureau.at_time(now).at;
    let opens = |now: &str| links(7).verify(token, at(now), |_| 1);
    assert_eq!(opens("2026-02-26T12:00"), Some(Scope::Request(1)));
    assert_eq!(opens("2026-02-27T12:00"), None, "for 30 days");
    let site = Site::new(bureau.office, bureau.db, "2026-01-28T10:00");
    for door in ["a", "s", "r", "c"] {
        assert_eq!(site.get(&format!("/{door}/{token}")).status, 404, "{door}");
    }
    for path in ["outbox", "case", "requests/1", "calendar.ics"] {
        assert_eq!(site.get(&format!("/a/{token}/{path}")).status, 404, "{path}");
    }
    let page = site.get(link);
    assert!(page.status == 200 && page.body.contains("本年没有"), "{}", page.body);
    assert_eq!(site.press(&page, link, &[("by", "王五"), ("choice", "confirm")]).status, 303);
    let over = site.get(link);
    assert!(over.body.contains("已确认") && !over.body.contains("本年没有") && !over.body.contains("年度报告"));
    assert!(forms(&over.body).is_empty());
}

#[test]
fn a_revoked_link_opens_nothing_and_the_others_stay() {
    let site = site();
    let report = report_path(&site, "annual-report", "办公室");
    let section = |name: &str| format!("/s/{}", site.token(&Scope::Section(name.into())));
    let (office, law, admin) = (section("办公室"), section("法制科"), format!("/a/{}", site.token(&Scope::Admin)));
    let board = site.get(&admin).body;
    let calendar = board.split("href=\"").find(|part| part.starts_with("/c/")).unwrap().split('"').next().unwrap();
    assert!(site.get(calendar).body.contains("BEGIN:VCALENDAR"));
    assert_eq!(site.get(&calendar.replace("/c/", "/a/")).status, 404, "it only reads");
    let old = links(7).sign(&Scope::Admin, date(2027, 2, 20), 0);
    assert_eq!(site.get(&format!("/a/{old}")).status, 404, "the key that older letters carried");
    let now = site.moment("2026-01-27T10:00");
    let revoke = |of: Option<&'static str>| {
        let now = now.clone();
        site.write(move |db, by| db.write(|tx| by.revoke_links(tx, of, &now)).unwrap());
    };
    let opens = |paths: &[&str]| paths.iter().map(|path| site.get(path).status == 200).collect::<Vec<_>>();
    let all = [admin.as_str(), calendar, &office, &report, &law];
    assert_eq!(opens(&all), [true; 5]);
    revoke(Some("办公室"));
    assert_eq!(opens(&all), [true, true, false, false, true]);
    revoke(None);
    assert_eq!(opens(&all), [false, false, false, false, true]);
}

/// What is known of a link: when it was mailed or printed, until when it is good, when something was recorded by it. That
/// it was opened is not noted: scanners open it too.
#[test]
fn links_that_are_out_are_listed_with_their_last_use() {
    let mut bureau = plan_bureau(BASE);
    let printed = bureau.at_time("2026-01-27T09:00");
    let office = bureau.office.clone();
    bureau.db.write(|tx| office.note_printed(tx, None, &printed)).unwrap();
    let site = Site::new(bureau.office, bureau.db, "2026-01-27T10:00");
    let out = |now: &str| {
        let now = site.moment(now);
        let found = site.write(move |db, office| db.read(|tx| office.links_out(tx, &now)).unwrap());
        let day = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        found
            .into_iter()
            .map(|out| {
                let whose = match out.whose {
                    Whose::Admin => "admin".to_owned(),
                    Whose::Request(request) => format!("request {}", request.id),
                    Whose::Section(name) => format!("pages {name}"),
                    Whose::Reports(name) => format!("letters {name}"),
                };
                (whose, day(out.issued), out.until.map(|last| last.to_string()), day(out.used))
            })
            .collect::<Vec<_>>()
    };
    let row = |whose: &str, issued: &str, until: &str, used: Option<&str>| {
        (whose.to_owned(), Some(issued.to_owned()), Some(until.to_owned()), used.map(str::to_owned))
    };
    let admin = || row("admin", "2026-01-27T01:00:00Z", "2026-02-26", None);
    let mailed = "2026-01-27T00:30:00Z";
    let path = report_path(&site, "annual-report", "办公室");
    let page = site.get(&path);
    assert_eq!(site.post(&path, "by=x").status, 422, "nothing is recorded");
    let found = out("2026-01-27T10:00");
    assert_eq!(found[0], admin());
    let letters: Vec<_> = found[1..].iter().filter(|row| row.0 == "letters 办公室").collect();
    let [(_, issued, Some(until), None)] = &letters[..] else { panic!("{found:?}") };
    assert_eq!(issued.as_deref(), Some(mailed));
    assert!(until.as_str() > "2027-03-01" && found.iter().all(|row| row.0 != "pages 办公室"), "{found:?}");
    assert_eq!(site.press(&page, &path, DONE).status, 303);
    let of = |found: Vec<(String, _, _, Option<String>)>| {
        found.into_iter().find(|row| row.0 == "letters 办公室").and_then(|row| row.3)
    };
    assert_eq!(of(out("2026-01-27T10:00")).as_deref(), Some("2026-01-27T02:00:00Z"));
    let now = site.moment("2026-01-27T10:30");
    site.write(move |db, by| {
        db.write(|tx| by.note_used(tx, &Scope::Section("办公室".into()), &now)).unwrap();
    });
    assert_eq!(of(out("2026-01-27T10:30")).as_deref(), Some("2026-01-27T02:00:00Z"), "once an hour");
    // What was revoked is out no more, nor is what is over.
    let now = site.moment("2026-01-27T11:00");
    site.write(move |db, by| db.write(|tx| by.revoke_links(tx, Some("办公室"), &now)).unwrap());
    assert!(out("2026-01-27T11:00").iter().all(|row| !row.0.contains("办公室")));
    assert!(out("2028-01-27T11:00").iter().all(|row| row.0 == "admin"));
}

#[test]
fn a_sections_links_end_when_its_mailboxes_change() {
    let mut bureau = plan_bureau(BASE);
    let now = bureau.at_time("2026-01-27T09:00");
    let url = |bureau: &mut Bureau, name: &str| {
        let office = bureau.office.clone();
        let url = bureau.db.read(|tx| office.section_url(tx, name, &now)).unwrap().unwrap();
        url.replace(BASE, "")
    };
    let before = ["办公室", "法制科"].map(|name| url(&mut bureau, name));
    let text = std::fs::read_to_string(bureau.folder.path().join("deadlines.toml")).unwrap();
    bureau.edit(&text.replace("fzk@example.test", "fzk2@example.test"), "2026-01-27T09:30");
    with_web(&mut bureau.office, BASE);
    let after = url(&mut bureau, "法制科");
    let site = Site::new(bureau.office, bureau.db, "2026-01-27T10:00");
    assert_eq!([&before[0], &before[1], &after].map(|path| site.get(path).status), [200, 404, 200]);
}

#[test]
fn slow_clients_hold_nobody_up() {
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    let mut slow: Vec<_> = (0..100).map(|_| site.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nhost:").unwrap();
    }
    let mut body = site.connect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nby="
    );
    body.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(site.get(&path).status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let mut answer = Vec::new();
    let _ = body.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(site.recorded(), 0);
}

/// What each letter of a round says, decoded.
fn letters(bureau: &mut Bureau, now: &str) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    bureau.round(now, |letter, message| {
        sent.push((letter.mailbox.clone(), decoded(message)));
        Some(Outcome::Accepted { reply: "250 ok".into() })
    });
    sent
}

/// Every part of a mail that is text in base64.
fn decoded(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message).replace("\r\n", "\n");
    let parts = text.split("\n\n").map(|part| part.split("\n--").next().unwrap().replace('\n', ""));
    parts
        .filter_map(|part| String::from_utf8(BASE64_STANDARD.decode(part).ok()?).ok())
        .collect::<Vec<_>>()
        .join("\n")
        .replace("\r\n ", "")
}

fn links_in(text: &str) -> BTreeSet<String> {
    let before = format!("{BASE}/");
    let found = text.split(&before).skip(1);
    found
        .map(|rest| {
            let path = rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-_/.".contains(c))).next().unwrap();
            format!("/{}", path.trim_end_matches('.'))
        })
        .collect()
}

#[test]
fn letters_bring_each_reader_his_link() {
    let none = ROSTER.replace("\"fzk@example.test\"", "");
    let mut bureau = Bureau::new(&format!("{none}{PLAN}"));
    with_web(&mut bureau.office, BASE);
    bureau.load("2026-01-01T00:00");
    bureau.sweep("2026-01-27T08:30");
    let sent: BTreeMap<String, String> =
        letters(&mut bureau, "2026-01-27T08:30").into_iter().filter(|(_, text)| text.contains("提醒")).collect();
    let scopes = |text: &str| -> Vec<String> {
        let now = bureau.at_time("2026-01-27T08:30").at;
        let scopes = links_in(text).into_iter().map(|link| links(7).verify(&link[3..], now, |_| 0).unwrap());
        let mut names: Vec<String> = scopes
            .map(|s| match s {
                Scope::Report { section, .. } => section,
                Scope::Letter { section, .. } => format!("{section}: all"),
                other => panic!("{other:?}"),
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(scopes(&sent["bgs@example.test"]), ["办公室", "办公室", "办公室", "办公室: all"]);
    let passed_on = ["法制科", "法制科", "法制科: all"];
    assert_eq!(scopes(&sent["admin@example.test"]), passed_on, "passed on: what it reports, and what it hands in");
    for line in sent["bgs@example.test"].lines().filter(|l| l.contains("/r/") && !l.contains('<')) {
        let url = line.split_whitespace().find(|w| w.contains("/r/")).unwrap();
        assert!(url.len() <= 120, "{url}");
    }
    bureau.sweep("2026-02-04T08:30");
    let leader =
        letters(&mut bureau, "2026-02-04T08:30").into_iter().find(|(to, _)| to == "fgld@example.test").unwrap();
    assert!(links_in(&leader.1).is_empty(), "a leader reports nothing");
}

#[test]
#[ignore = "long: tests/run runs it, optimised"]
fn a_scanner_through_a_year_records_nothing() {
    let mut bureau = Bureau::shipped();
    with_web(&mut bureau.office, BASE);
    bureau.load("2026-01-01T00:00");
    let (mut found, mut count) = (BTreeSet::new(), 0);
    for day in days(date(2026, 1, 1), date(2026, 12, 31)) {
        let now = format!("{day}T08:30");
        bureau.sweep(&now);
        for (_, text) in letters(&mut bureau, &now) {
            count += 1;
            found.extend(links_in(&text));
        }
    }
    assert!(count > 1000 && found.len() > 200, "{count} letters, {} links", found.len());
    let site = Site::new(bureau.office, bureau.db, "2026-12-31T12:00");
    let before = site.recorded();
    let mut pressed = 0;
    for link in &found {
        assert_eq!(site.ask("HEAD", link, &[], None).status, 200, "{link}");
        let page = site.get(link);
        assert_eq!(page.status, 200, "{link}");
        assert!(!page.body.contains("<script") && !page.body.contains("checked"));
        for form in forms(&page.body) {
            pressed += 1;
            assert_eq!(site.submit(&form, &[]).status, 422, "{link}");
        }
    }
    assert!(pressed > 200, "{pressed}");
    assert_eq!((before, site.recorded()), (0, 0));
    assert_eq!(site.read(|tx| tx.open_requests()).len(), 0);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_holds_no_token_and_no_address() {
    let log = Log::default();
    let writer = log.clone();
    let all = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_max_level(tracing::Level::TRACE);
    let _log = tracing::subscriber::set_default(all.finish());
    let site = site();
    let path = report_path(&site, "annual-report", "办公室");
    assert_eq!(site.press(&site.get(&path), &path, DONE).status, 303);
    site.get("/r/forged-token");
    site.ask_as("POST", &path, &[("x-forwarded-for", "203.0.113.77"), ("sec-fetch-site", "cross-site")], Some("by=x"));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("recorded by a link"), "{text}");
    for secret in [path.trim_start_matches("/r/"), "forged-token", "203.0.113.77", &encode("张三"), "张三"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
