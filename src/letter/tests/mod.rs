//! Whole letters, as they are read.

mod answers;
mod letters;
mod notices;
mod properties;

use jiff::{
    Zoned,
    civil::{Date, date},
};

use super::{Addressee, Entry, Form, Letter, Rendered};
use crate::domain::{
    agenda::{Reason, Saying},
    calendar::Calendar,
    deadline::{Lead, Part},
    occurrence::{Dates, Light},
};

const CONTACT: &str = "办公室 张三，电话 0750-1234567";

/// The annual report of 2025, three working days before a due date on a Saturday.
fn report() -> Entry {
    Entry {
        number: 1,
        deadline: "annual-report".into(),
        period: "2026".into(),
        item: Some(31),
        title: "发布2025年度《政府信息公开工作年度报告》".into(),
        dates: Dates {
            due: date(2026, 1, 31),
            ends: date(2026, 1, 31),
            finish_by: date(2026, 1, 30),
            target: None,
            provisional: false,
            redo: None,
            paused: None,
        },
        light: Light::Yellow,
        reason: Reason::Ahead,
        saying: Saying::Before(Lead::Workdays(3)),
        aim: date(2026, 1, 30),
        alarm: date(2026, 1, 29),
        days_left: 3,
        workdays_left: 3,
        to: vec![section("办公室", true)],
        lead: Some("办公室".into()),
        part: Part::Answers,
        help_by: None,
        helpers: vec![],
        handed_in: vec![],
        progress: None,
        sections: vec!["办公室".into(), "各科室".into()],
        roll: None,
        missing: vec![],
        reports: None,
        steps: ["定稿送审", "门户网站年报专栏发布", "核对链接与数据"].map(String::from).into(),
        basis: Some("“于每年的 1 月 31 日前发布本单位、本系统上年度的《政府信息公开工作年度报告》”".into()),
        bureau_default: false,
        nth: 4,
        next: Some(date(2026, 1, 29)),
        escalates: true,
        told: None,
        taken_back: None,
        reports_for: vec![],
        report_url: None,
        uid: "annual-report.2026@duban".into(),
        sequence: 0,
    }
}

/// A quarterly check-in of the bureau's own.
fn catalogue() -> Entry {
    let due = date(2026, 3, 20);
    Entry {
        deadline: "catalogue".into(),
        period: "2026-Q1".into(),
        item: Some(1),
        title: "主动公开目录动态更新".into(),
        dates: Dates { due, ends: due, finish_by: due, target: None, provisional: false, redo: None, paused: None },
        saying: Saying::Before(Lead::Days(15)),
        aim: due,
        days_left: 15,
        workdays_left: 11,
        to: vec![section("公交科", false)],
        lead: None,
        sections: vec!["各科室".into()],
        steps: vec!["对照权责清单核对目录，报办公室更新".into()],
        basis: Some("持续推动政府信息主动公开目录的动态更新调整".into()),
        bureau_default: true,
        nth: 1,
        next: Some(date(2026, 3, 13)),
        escalates: false,
        uid: "catalogue.2026-Q1@duban".into(),
        ..report()
    }
}

fn section(name: &str, leads: bool) -> Addressee {
    Addressee::Section { name: name.into(), leads }
}

fn letter(day: Date, entries: Vec<Entry>) -> Letter {
    let alarm = |aim| Calendar::default().add_workdays(aim, -1);
    let entries = (1..).zip(entries).map(|(number, e)| Entry { number, alarm: alarm(e.aim), ..e }).collect();
    let (now, tag, from) = (morning(day), "政务公开提醒".into(), "duban@example.test".into());
    Letter { now, tag, contact: CONTACT.into(), entries, reply_token: None, from, feeds: vec![], forms: vec![] }
}

fn morning(day: Date) -> Zoned {
    day.at(8, 30, 0, 0).in_tz("Asia/Shanghai").unwrap()
}

/// The page and the calendar are kept as files of their own: a browser and an oracle can open them.
fn check(name: &str, rendered: &Rendered) {
    let Rendered { subject, text, html, ics } = rendered;
    insta::assert_snapshot!(name, format!("{subject}\n\n{text}"));
    insta::assert_binary_snapshot!(&format!("{name}-page.html"), html.clone().into_bytes());
    for (n, ics) in ics.iter().enumerate() {
        let n = if n == 0 { String::new() } else { format!("-{}", n + 1) };
        insta::assert_binary_snapshot!(&format!("{name}-dates{n}.ics"), ics.clone().into_bytes());
    }
}
