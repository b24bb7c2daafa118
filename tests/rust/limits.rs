//! How much people may write: the same by every way, and a refusal says what is wrong.

use duban::{
    domain::Date,
    service::desk::{
        case,
        incoming::Fate,
        limits::{EVIDENCE, NAME, REFERENCE, TEXT},
        link::Scope,
        report::{self, Report},
        request,
    },
};
use jiff::civil::date;

use crate::{
    bureau::{Bureau, ROSTER},
    site::{BASE, Site, with_web},
};

const PLAN: &str = r#"
[[deadline]]
id       = "duty"
title    = "发布年报"
due      = "每年1月31日前"
sections = ["办公室"]
[[deadline]]
id       = "case"
title    = "答复申请"
due      = "收到之日起20个工作日内"
sections = ["法制科"]
"#;
const NOW: &str = "2026-01-27T10:00";
const RECEIVED: Date = date(2026, 1, 26);

fn bureau() -> Bureau {
    let mut bureau = Bureau::with_mailbox(&format!("{ROSTER}{PLAN}"));
    bureau.load("2026-01-01T00:00");
    bureau.tick("2026-01-27T08:30");
    bureau
}

fn site() -> Site {
    let mut bureau = bureau();
    with_web(&mut bureau.office, BASE);
    Site::new(bureau.office, bureau.db, NOW)
}

fn long(most: usize, more: usize) -> String {
    "长".repeat(most + more)
}

fn said_by_how_much(said: &str, most: usize) {
    assert!(said.contains(&format!("最多 {most} 个")), "{said}");
    assert!(!said.contains("页面打开太久"), "{said}");
}

#[test]
fn on_a_sections_page() {
    for (choice, field, most) in [
        ("done", "note", TEXT),
        ("done", "evidence", EVIDENCE),
        ("done", "by", NAME),
        ("postponed", "reason_postponed", TEXT),
        ("not_applicable", "reason_not_applicable", TEXT),
    ] {
        for (more, status) in [(1, 422), (0, 303)] {
            let site = site();
            let occurrence = site.read(|tx| tx.occurrence("duty", "2026")).unwrap().id;
            let path = format!("/r/{}", site.token(&Scope::Report { occurrence, section: "办公室".into() }));
            let page = site.get(&path);
            assert!(page.body.contains(&format!("name=\"{field}\" value=\"\" maxlength=\"{most}\"")), "{}", page.body);
            let text = long(most, more);
            let mut values = vec![("choice", choice), (field, text.as_str())];
            values.extend((field != "by").then_some(("by", "张三")));
            values.extend((choice == "postponed").then_some(("expected", "2026-02-09")));
            let pressed = site.press(&page, &path, &values);
            assert_eq!(pressed.status, status, "{field}: {}", pressed.body);
            if more > 0 {
                said_by_how_much(&pressed.body, most);
            }
            assert_eq!(site.recorded(), usize::from(more == 0), "{field}");
        }
    }
}

#[test]
fn on_the_board() {
    for (to, field, most) in [
        ("done", "note", TEXT),
        ("done", "evidence", EVIDENCE),
        ("done", "by", NAME),
        ("open", "reference", REFERENCE),
        ("open", "by", NAME),
        ("extend", "why", TEXT),
        ("extend", "by", NAME),
        ("pause", "why", TEXT),
        ("pause", "by", NAME),
        ("restart", "why", TEXT),
        ("restart", "by", NAME),
    ] {
        for (more, status) in [(1, 422), (0, 303)] {
            let site = site();
            site.write(|db, office| {
                let now = duban::clock::Clock::Fixed(NOW.parse().unwrap()).now(&office.settings.timezone);
                case::open(db, office, "case", RECEIVED, "1号", "张三", &now).unwrap();
            });
            let admin = format!("/a/{}", site.token(&Scope::Admin));
            let form = site.form(&format!("{admin}/case"));
            let usual = match to {
                "done" => vec![("deadline", "duty"), ("period", "2026"), ("by", "张三")],
                "open" => vec![("deadline", "case"), ("on", "2026-01-26"), ("reference", "2号"), ("by", "张三")],
                "extend" => {
                    vec![("deadline", "case"), ("period", "1号"), ("to", "2026-04-16"), ("why", "等"), ("by", "张三")]
                }
                _ => vec![("deadline", "case"), ("period", "1号"), ("on", "2026-01-27"), ("why", "等"), ("by", "张三")],
            };
            let text = long(most, more);
            let usual = usual.into_iter().filter(|(name, _)| *name != field).chain([(field, text.as_str())]);
            let fields: String = usual.map(|(name, value)| format!("&{name}={}", crate::site::encode(value))).collect();
            let pressed = site.post(&format!("{admin}/{to}"), &format!("form={form}{fields}"));
            assert_eq!(pressed.status, status, "{to} {field}: {}", pressed.body);
            if more > 0 {
                said_by_how_much(&pressed.body, most);
            }
        }
    }
}

/// The functions that the command line calls.
#[test]
fn by_hand() {
    let refused = |what: &str, most: usize, done: &dyn Fn(&mut Bureau, &str) -> Option<String>| {
        let mut bureau = bureau();
        let why = done(&mut bureau, &long(most, 1)).unwrap_or_else(|| panic!("{what} of {} is taken", most + 1));
        said_by_how_much(&why, most);
        assert_eq!(done(&mut bureau, &long(most, 0)), None, "{what}");
    };
    let report = |report: Report| {
        move |bureau: &mut Bureau| {
            let now = bureau.at_time(NOW);
            let report = Report { deadline: "duty".into(), ..report };
            report::done(&mut bureau.db, &bureau.office, &report, &now).err().map(|e| e.to_string())
        }
    };
    let by = || "张三".to_owned();
    refused("note", TEXT, &|b, text| report(Report { by: by(), note: text.into(), ..Report::default() })(b));
    refused("evidence", EVIDENCE, &|b, text| {
        report(Report { by: by(), evidence: text.into(), ..Report::default() })(b)
    });
    refused("by", NAME, &|b, text| report(Report { by: text.into(), ..Report::default() })(b));
    let open = |b: &mut Bureau, reference: &str, by: &str| {
        let now = b.at_time(NOW);
        case::open(&mut b.db, &b.office, "case", RECEIVED, reference, by, &now).err().map(|e| e.to_string())
    };
    refused("reference", REFERENCE, &|b, text| open(b, text, "张三"));
    refused("who opened", NAME, &|b, text| open(b, "1号", text));
    let extend = |b: &mut Bureau, why: &str, by: &str| {
        open(b, "1号", "张三");
        let now = b.at_time(NOW);
        case::extend(&mut b.db, &b.office, "1号", date(2026, 4, 16), why, by, &now).err().map(|e| e.to_string())
    };
    refused("why", TEXT, &|b, text| extend(b, text, "张三"));
    refused("who extended", NAME, &|b, text| extend(b, "等", text));
    let ask = |b: &mut Bureau, reason: &str, by: &str| {
        let now = b.at_time(NOW);
        let occurrence = b.db.read(|tx| tx.occurrence("duty", "2026")).unwrap().unwrap().id;
        let ask = request::Ask {
            occurrence,
            section: "办公室".into(),
            kind: duban::store::RequestKind::NotApplicable,
            by: by.into(),
            reason: reason.into(),
            expected: None,
        };
        request::ask(&mut b.db, &b.office, &ask, &now)
    };
    refused("reason", TEXT, &|b, text| ask(b, text, "张三").err().map(|e| e.to_string()));
    refused("who asked", NAME, &|b, text| ask(b, "没有", text).err().map(|e| e.to_string()));
    let decide = |b: &mut Bureau, note: &str, by: &str| {
        let id = match b.db.read(|tx| tx.open_requests()).unwrap().pop() {
            Some(waiting) => waiting.id,
            None => ask(b, "没有", "张三").unwrap(),
        };
        let now = b.at_time(NOW);
        request::decide(&mut b.db, &b.office, id, false, by, note, &now).err().map(|e| e.to_string())
    };
    refused("answer", TEXT, &|b, text| decide(b, text, "王五"));
    refused("who answered", NAME, &|b, text| decide(b, "不行", text));
}

/// A reply is kept as far as the page would take it; it cannot be refused to its writer's face.
#[test]
fn by_mail() {
    for (written, kept) in [(500, 500), (TEXT, TEXT), (TEXT + 200, TEXT)] {
        let mut bureau = bureau();
        let letter = bureau.last_letter_to("bgs@example.test");
        let message = format!(
            "From: bgs@example.test\r\nTo: duban@example.test\r\nSubject: Re: x\r\nMessage-ID: <1@client.test>\r\n\
             Content-Type: text/plain; charset=utf-8\r\nIn-Reply-To: <{}>\r\n\r\n已办结，{}\r\n",
            letter.message_id,
            "材料、".chars().cycle().take(written - 2).chain("材料".chars()).collect::<String>()
        );
        assert!(matches!(bureau.comes_in(&message, NOW), Fate::Done));
        let notes = bureau.db.read(|tx| {
            let occurrence = tx.occurrence("duty", "2026")?.unwrap();
            tx.completions(occurrence.id)
        });
        assert_eq!(notes.unwrap()[0].note.chars().count(), kept);
    }
}
