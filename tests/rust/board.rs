//! The board's pages from a bureau that has had some weeks: as they read, and who may see what.

use std::{fs, path::Path};

use askama::Template;
use duban::{
    clock::Moment,
    domain::retry::Outcome,
    service::{
        desk::{
            case,
            limits::NAME,
            report::{self, Report},
            request::{self, Ask},
        },
        house::health::Health,
    },
    store::RequestKind,
    web::board::{Frame, Viewer, feed, home, metrics, occurrence, outbox, year},
};
use jiff::{SignedDuration, civil::date};

use crate::bureau::{Bureau, ROSTER, days, root};

const DEADLINES: &str = r#"
[[section]]
name   = "安监科"
email  = []

[[deadline]]
id       = "annual-report"
item     = 31
title    = "发布{last_year}年度《政府信息公开工作年度报告》"
due      = "每年1月31日前"
sections = ["办公室", "法制科"]
lead     = "办公室"
basis    = "“于每年的 1 月 31 日前发布本单位、本系统上年度的《政府信息公开工作年度报告》”"
steps    = ["定稿送审", "门户网站年报专栏发布", "核对链接与数据"]

[[deadline]]
id       = "rule-of-law"
item     = 32
title    = "发布{last_year}年法治政府建设年度报告"
due      = "每年3月1日前"
target   = "2月10日"
sections = ["法制科"]

[[deadline]]
id       = "column"
title    = "核对{month}月栏目更新"
due      = "每月20日"
sections = ["各科室"]
done     = "each"
bureau_default = true

[[deadline]]
id       = "dependent-request"
item     = 2
title    = "答复政府信息公开申请"
due      = "收到之日起20个工作日内"
sections = ["办公室"]
"#;

const NOW: &str = "2026-02-05T09:00";

/// Five weeks of it: one duty overdue, one done by the sections, one postponed, a case, a broken mailbox.
fn scene() -> Bureau {
    let mut bureau = Bureau::new(&format!("{ROSTER}{DEADLINES}"));
    bureau.load("2026-01-01T00:00");
    let open = bureau.at_time("2026-01-14T10:00");
    let reference = "交依申请〔2026〕3号";
    case::open(&mut bureau.db, &bureau.office, "dependent-request", date(2026, 1, 14), reference, "李四", &open)
        .unwrap();
    for day in days(date(2026, 1, 1), date(2026, 2, 5)) {
        let now = format!("{day}T08:30");
        bureau.sweep(&now);
        bureau.send_as(&now, |letter| match letter.mailbox.as_str() {
            "fzk@example.test" if day == date(2026, 1, 30) => {
                Outcome::Permanent { reply: "550 5.1.1 <fzk@example.test>: no such user".into() }
            }
            "fgld@example.test" => Outcome::Temporary { reply: "451 4.7.1 greylisted, try again".into() },
            _ => Outcome::Accepted { reply: "250 2.0.0 Ok: queued as 4F2A1".into() },
        });
        match day.to_string().as_str() {
            "2026-01-16" => {
                done(&mut bureau, "column", "法制科", "2026-01-16T15:00");
                done(&mut bureau, "column", "办公室", "2026-01-19T15:00");
                done(&mut bureau, "column", "安监科", "2026-01-20T15:00");
            }
            "2026-02-04" => ask(&mut bureau, "annual-report", "2026", "2026-02-04T10:00"),
            _ => {}
        }
    }
    bureau
}

fn done(bureau: &mut Bureau, deadline: &str, section: &str, now: &str) {
    let report = Report {
        deadline: deadline.into(),
        period: Some("2026-01".into()),
        for_lead: false,
        section: Some(section.into()),
        by: "张三".into(),
        evidence: "https://www.example.test/zwgk/1.html".into(),
        note: "已核对".into(),
    };
    let now = bureau.at_time(now);
    report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap();
}

fn ask(bureau: &mut Bureau, deadline: &str, period: &str, now: &str) {
    let now = bureau.at_time(now);
    let occurrence = bureau.db.read(|tx| tx.occurrence(deadline, period)).unwrap().unwrap().id;
    let ask = Ask {
        occurrence,
        section: "办公室".into(),
        kind: RequestKind::Postponed,
        by: "王五".into(),
        reason: "数据未汇总".into(),
        expected: Some(date(2026, 2, 12)),
    };
    request::ask(&mut bureau.db, &bureau.office, &ask, &now).unwrap();
}

fn admin() -> Viewer {
    Viewer::Admin
}

fn section(name: &str) -> Viewer {
    Viewer::Section(name.into())
}

fn frame(bureau: &Bureau, viewer: &Viewer, now: &Moment) -> Frame {
    let form_token = if *viewer == Viewer::Admin { "FORM" } else { "" };
    let calendar = if *viewer == Viewer::Admin { "/c/TOKEN" } else { "/s/TOKEN/calendar.ics" };
    Frame::new(&bureau.office, viewer.clone(), "TOKEN", calendar.into(), form_token.into(), now)
}

fn home_page(bureau: &mut Bureau, viewer: &Viewer, now: &str) -> String {
    let now = bureau.at_time(now);
    let office = bureau.office.clone();
    let facts = bureau.db.read(|tx| Ok(home::gather(tx, &office, viewer, &now).unwrap())).unwrap();
    home::page(&frame(bureau, viewer, &now), &office, &facts, None).render().unwrap()
}

fn year_page(bureau: &mut Bureau, viewer: &Viewer, year: i16, now: &str) -> String {
    let now = bureau.at_time(now);
    let office = bureau.office.clone();
    let lines = bureau.db.read(|tx| Ok(year::gather(tx, &office, viewer, year, &now).unwrap())).unwrap();
    year::page(&frame(bureau, viewer, &now), &lines, year).render().unwrap()
}

fn occurrence_page(bureau: &mut Bureau, viewer: &Viewer, id: &str, period: &str, now: &str) -> Option<String> {
    let now = bureau.at_time(now);
    let office = bureau.office.clone();
    let found = bureau.db.read(|tx| Ok(occurrence::gather(tx, &office, viewer, id, period, &now).unwrap())).unwrap();
    found.map(|it| occurrence::Page { frame: &frame(bureau, viewer, &now), it: &it }.render().unwrap())
}

fn outbox_page(bureau: &mut Bureau, now: &str) -> String {
    let now = bureau.at_time(now);
    let office = bureau.office.clone();
    let letters = bureau.db.read(|tx| Ok(outbox::gather(tx, &office, &now).unwrap())).unwrap();
    outbox::page(&frame(bureau, &admin(), &now), &letters).render().unwrap()
}

fn calendar(bureau: &mut Bureau, viewer: &Viewer, now: &str) -> feed::Feed {
    let now = bureau.at_time(now);
    let office = bureau.office.clone();
    bureau.db.read(|tx| Ok(feed::feed(tx, &office, viewer, &now).unwrap())).unwrap()
}

fn numbers(bureau: &mut Bureau, now: &str) -> String {
    let now = bureau.at_time(now);
    let health = Health::default();
    health.ticked(now.at, SignedDuration::from_secs(100));
    let office = bureau.office.clone();
    let numbers = bureau.db.read(|tx| Ok(metrics::gather(tx, &office, &health, &now))).unwrap().unwrap();
    numbers.render().unwrap()
}

/// Lines of one family come in any order.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What a database is called by itself is another one every time.
fn check(name: &str, text: &str) {
    let filters = vec![(r"duban\.[0-9a-f]{12}\.(\d+)\.[0-9a-f]{16}", "duban.UID.$1"), (r"\.[0-9a-f]{12}\r", ".UID\r")];
    insta::with_settings!({ filters => filters }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn pages_as_they_read() {
    let mut bureau = scene();
    check("home-admin", &home_page(&mut bureau, &admin(), NOW));
    check("home-section", &home_page(&mut bureau, &section("法制科"), NOW));
    check("occurrence-admin", &occurrence_page(&mut bureau, &admin(), "annual-report", "2026", NOW).unwrap());
    check(
        "occurrence-section",
        &occurrence_page(&mut bureau, &section("法制科"), "annual-report", "2026", NOW).unwrap(),
    );
    check("occurrence-done", &occurrence_page(&mut bureau, &section("办公室"), "column", "2026-01", NOW).unwrap());
    check("outbox", &outbox_page(&mut bureau, NOW));
    check("year", &year_page(&mut bureau, &section("办公室"), 2026, NOW));
    check("metrics", &sorted(&numbers(&mut bureau, NOW)));
    check("feed", &calendar(&mut bureau, &section("法制科"), NOW).body);
}

#[test]
fn a_section_sees_nothing_of_anothers() {
    let mut bureau = scene();
    let (own, other) = (section("安监科"), "annual-report");
    assert!(occurrence_page(&mut bureau, &own, other, "2026", NOW).is_none());
    assert!(occurrence_page(&mut bureau, &own, "no-such", "2026", NOW).is_none());
    assert!(occurrence_page(&mut bureau, &own, "column", "1999-01", NOW).is_none());
    let shared = occurrence_page(&mut bureau, &own, "column", "2026-01", NOW).unwrap();
    let seen = [
        home_page(&mut bureau, &own, NOW),
        year_page(&mut bureau, &own, 2026, NOW),
        calendar(&mut bureau, &own, NOW).body,
        shared,
    ];
    for page in seen {
        for foreign in ["年度报告", "annual-report", "法治政府", "bgs@example.test", "fzk@example.test", "fgld@"]
        {
            assert!(!page.contains(foreign), "{foreign} in {page}");
        }
        assert!(!page.contains("/a/TOKEN") && !page.contains("<form"), "{page}");
    }
    // Both answer for it; yet what was written to the one, and asked by it, is not the other's.
    let page = occurrence_page(&mut bureau, &section("法制科"), other, "2026", NOW).unwrap();
    assert!(
        page.contains("fzk@example.test") && !page.contains("bgs@example.test") && !page.contains("数据未汇总"),
        "{page}"
    );
}

#[test]
fn a_done_occurrence_leaves_the_feed() {
    let mut bureau = scene();
    let uid = "UID:column.2026-02.";
    let before = calendar(&mut bureau, &section("法制科"), NOW);
    assert!(before.body.contains(uid), "{}", before.body);
    let again = calendar(&mut bureau, &section("法制科"), "2026-02-05T16:00");
    assert_eq!(before.etag, again.etag, "it says the same");
    let report = Report {
        deadline: "column".into(),
        period: Some("2026-02".into()),
        section: Some("法制科".into()),
        by: "张三".into(),
        ..Report::default()
    };
    let now = bureau.at_time("2026-02-05T16:00");
    report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap();
    let after = calendar(&mut bureau, &section("法制科"), "2026-02-05T16:01");
    assert!(!after.body.contains(uid) && after.etag != before.etag);
    assert!(calendar(&mut bureau, &section("安监科"), NOW).body.contains(uid), "the others have not reported");
}

#[test]
fn the_wording_that_was_in_force() {
    let mut bureau = scene();
    let edited =
        format!("{ROSTER}{DEADLINES}").replace("title    = \"核对{month}月栏目更新\"", "title = \"改了的题目\"");
    bureau.edit(&edited, "2026-02-05T10:00");
    let then = occurrence_page(&mut bureau, &admin(), "column", "2026-01", "2026-02-05T11:00").unwrap();
    assert!(then.contains("核对1月栏目更新") && !then.contains("改了的题目"), "{then}");
    let now = occurrence_page(&mut bureau, &admin(), "column", "2026-02", "2026-02-05T11:00").unwrap();
    assert!(now.contains("改了的题目"), "{now}");
}

#[test]
fn what_people_type_is_never_markup() {
    let bad = "<b x='1'>&\\\"<script>alert(1)</script>";
    let deadlines = format!(
        "{ROSTER}\n[[deadline]]\nid = \"bad\"\ntitle = \"题{bad}\"\ndue = \"每年1月31日前\"\nsections = [\"办公室\"]\nsteps = [\"步{bad}\"]\nbasis = \"据{bad}\"\n"
    );
    let mut bureau = Bureau::new(&deadlines);
    bureau.load("2026-01-01T00:00");
    bureau.sweep("2026-01-05T08:30");
    bureau.send_as("2026-01-05T08:30", |_| Outcome::Temporary { reply: bad.into() });
    let report = Report {
        deadline: "bad".into(),
        by: bad.chars().take(NAME).collect(),
        evidence: format!("javascript:{bad}"),
        note: bad.into(),
        ..Report::default()
    };
    let now = bureau.at_time("2026-01-05T09:00");
    report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap();
    let now = "2026-01-05T09:30";
    let pages = [
        home_page(&mut bureau, &admin(), now),
        year_page(&mut bureau, &admin(), 2026, now),
        occurrence_page(&mut bureau, &admin(), "bad", "2026", now).unwrap(),
        outbox_page(&mut bureau, now),
    ];
    for page in pages {
        assert!(page.contains("script"), "it is shown: {page}");
        assert!(!page.contains("<script") && !page.contains("<b x") && !page.contains("href=\"javascript"), "{page}");
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" on"), "{page}");
    }
}

/// Pages of the shipped plan, to be opened in a browser: `cargo test --test rust board:: -- --ignored`.
#[test]
#[ignore = "writes files to look at"]
fn pages_to_look_at() {
    let folder = root().join("target/board");
    fs::create_dir_all(&folder).unwrap();
    let css = ["style.css", "board/board.css"].map(|name| root().join("src/web/templates").join(name));
    let css = css.map(|path| fs::read_to_string(path).unwrap()).concat();
    fs::write(folder.join("style.css"), css).unwrap();
    let write = |name: &str, text: String| {
        let text = text.replace("\"/style.css\"", "\"style.css\"");
        fs::write(Path::new(&folder).join(name), text).unwrap();
    };
    let mut bureau = Bureau::shipped();
    bureau.load("2026-01-01T00:00");
    for day in days(date(2026, 1, 1), date(2026, 8, 5)) {
        let now = format!("{day}T08:30");
        bureau.sweep(&now);
        bureau.send_as(&now, |letter| match letter.mailbox.as_str() {
            "zjk@example.test" if letter.id % 5 == 0 => Outcome::Permanent { reply: "550 5.1.1 no such user".into() },
            "ajk@example.test" => Outcome::Temporary { reply: "451 4.7.1 greylisted, try again later".into() },
            _ => Outcome::Accepted { reply: "250 2.0.0 Ok: queued as 4F2A1".into() },
        });
        finish_most(&mut bureau, day);
    }
    let now = "2026-08-05T09:00";
    write("home.html", home_page(&mut bureau, &admin(), now));
    write("section.html", home_page(&mut bureau, &section("法制科"), now));
    write("year.html", year_page(&mut bureau, &admin(), 2026, now));
    write("outbox.html", outbox_page(&mut bureau, now));
    write("occurrence.html", occurrence_page(&mut bureau, &admin(), "annual-report", "2026", now).unwrap());
    write("calendar.ics", calendar(&mut bureau, &admin(), now).body);
    write("metrics.txt", numbers(&mut bureau, now));
    let mut bureau = scene();
    write("scene.html", occurrence_page(&mut bureau, &admin(), "annual-report", "2026", NOW).unwrap());
    write("scene-home.html", home_page(&mut bureau, &section("法制科"), NOW));
    write("scene-outbox.html", outbox_page(&mut bureau, NOW));
}

/// What is due is reported on its day, but for a few.
fn finish_most(bureau: &mut Bureau, day: duban::domain::Date) {
    let open = bureau.db.read(|tx| tx.occurrences(Default::default())).unwrap();
    let moment = bureau.at_time(&format!("{day}T16:00"));
    for row in open.iter().filter(|o| o.dates.finish_by == day && o.id % 7 != 3) {
        let deadline = bureau.deadlines.iter().find(|d| d.id == row.deadline).unwrap().clone();
        for name in bureau.office.section_names(&deadline) {
            for _ in 0..deadline.times {
                let report = Report {
                    deadline: row.deadline.clone(),
                    period: Some(row.period.clone()),
                    section: Some(name.into()),
                    by: "张三".into(),
                    evidence: "https://www.example.test/zwgk/1.html".into(),
                    ..Report::default()
                };
                let _ = report::done(&mut bureau.db, &bureau.office, &report, &moment);
            }
        }
    }
}
