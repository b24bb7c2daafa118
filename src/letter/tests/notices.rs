use super::{
    super::{
        notice::{Asked, Notice, StuckLetter, Summary, render},
        restored::Restored,
        weekly::{Upcoming, Weekly},
    },
    *,
};

fn one(name: &str, notice: &Notice) {
    check(name, &render("政务公开提醒", CONTACT, notice));
}

fn summary() -> Summary {
    let soon = |day, title: &str, sections: &[&str]| Upcoming {
        date: date(2026, 1, day),
        title: title.into(),
        sections: sections.iter().map(|s| (*s).into()).collect(),
    };
    Summary {
        version: "0.1.0".into(),
        deadlines: 34,
        sections: 10,
        off: 2,
        next_seven_days: vec![
            soon(30, "发布2025年度《政府信息公开工作年度报告》", &["办公室", "各科室"]),
            soon(31, "网站新媒体日常巡检", &["办公室"]),
        ],
        next_letter: Some((date(2026, 1, 27).at(8, 30, 0, 0), 10)),
        provisional_years: vec![2027],
        warnings: vec!["规划科没有邮箱，提醒将由管理员代转".into()],
        changes: vec![],
    }
}

#[test]
fn started() {
    one("notice_started", &Notice::Started(summary()));
}

#[test]
fn reloaded() {
    let quiet = Summary { next_seven_days: vec![], next_letter: None, off: 0, ..summary() };
    one("notice_reloaded", &Notice::Reloaded(Summary { provisional_years: vec![], warnings: vec![], ..quiet }));
}

#[test]
fn config_rejected() {
    let findings = "错误：2月30日不存在\n  --> deadlines.toml:12:7\n   |\n12 | due = \"每年2月30日前\"\n   |       ^^^^^^^^^^^^^^^ 可写 \"每年2月底前\"\n";
    let in_force_since = date(2026, 1, 20).at(9, 15, 0, 0);
    one("notice_config_rejected", &Notice::ConfigRejected { findings: findings.into(), in_force_since });
}

#[test]
fn undeliverable() {
    one(
        "notice_undeliverable",
        &Notice::Undeliverable {
            mailbox: "gangh@example.test".into(),
            sections: vec!["港航科".into()],
            reply: "550 5.1.1 <gangh@example.test>: Recipient address rejected: User unknown".into(),
            subject: "【政务公开提醒】剩3个工作日，1月30日(周五)前：发布2025年度《政府信息公开工作年度报告》".into(),
            attempts: 2,
            since: date(2026, 1, 27).at(8, 30, 0, 0),
        },
    );
}

#[test]
fn stuck() {
    let letter = |mailbox: &str| StuckLetter {
        mailbox: mailbox.into(),
        subject: "【政务公开提醒】今天到期：网站新媒体日常巡检".into(),
        since: date(2026, 1, 27).at(8, 30, 0, 0),
        last_error: "连不上邮件服务器：connection refused".into(),
    };
    let why = "554 5.7.1 Service unavailable; Client host [10.1.1.1] blocked using zen.spamhaus.org".into();
    one("notice_refused", &Notice::Refused { since: date(2026, 1, 27).at(8, 30, 0, 0), why });
    one("notice_stuck", &Notice::Stuck(vec![letter("bangongshi@example.test"), letter("fazhi@example.test")]));
}

#[test]
fn holiday_missing() {
    one("notice_holiday_missing", &Notice::HolidayMissing { year: 2027 });
}

#[test]
fn sent_as_a_test() {
    one("notice_test", &Notice::Test);
}

#[test]
fn weekly() {
    let of = |day| Upcoming {
        date: date(2026, 1, day),
        title: "网站新媒体日常巡检".into(),
        sections: vec!["办公室".into()],
    };
    let full = Weekly {
        overdue: vec![of(20)],
        near: vec![of(30)],
        not_yet: (5, 60),
        silent: vec![of(9)],
        paused: vec![(Upcoming { title: "答复政府信息公开申请（依申请2026-1）".into(), ..of(30) }, 31)],
        finished: vec![of(15), of(16)],
        next_seven_days: vec![of(30)],
        refused: vec![("ghk@example.test".into(), "550 no such user".into())],
        waiting_letters: 2,
        replies: 3,
        requests: 1,
        missing_year: Some(2027),
        standby: Some("备用机 /mnt/standby 最近一次拷贝是 2026-01-26 08:30：没有这个目录，是不是没有挂载".into()),
        head: Some("3f2a9c1b7d045e68@1234".into()),
    };
    one("notice_weekly", &Notice::Weekly(full.clone()));
    let none = Weekly {
        overdue: vec![],
        near: vec![],
        not_yet: (0, 60),
        silent: vec![],
        paused: vec![],
        finished: vec![],
        next_seven_days: vec![],
        refused: vec![],
        waiting_letters: 0,
        replies: 0,
        requests: 0,
        missing_year: None,
        standby: None,
        head: None,
    };
    one("notice_weekly_nothing", &Notice::Weekly(none));
}

#[test]
fn asked() {
    let asked = Asked {
        what: "不能按期",
        section: "规划科".into(),
        by: "李四".into(),
        reason: "数据要等省厅下发".into(),
        expected: Some(date(2026, 2, 10)),
        title: "发布2025年度《政府信息公开工作年度报告》".into(),
        finish_by: date(2026, 1, 30),
        due: date(2026, 1, 31),
        if_confirmed: "预计日期之前不再催办，规定期限不变".into(),
        url: None,
    };
    one("notice_asked", &Notice::Asked(asked));
}

#[test]
fn restored() {
    let at = date(2026, 2, 2).at(9, 0, 0, 0);
    let until = Some(date(2026, 1, 27).at(23, 0, 0, 0));
    let known =
        Restored { at, until, is_known: true, has_gaps: false, kept_quiet: None, ends_links: false, took_over: false };
    one("notice_went_back", &Notice::WentBack { messages: 3, since: at });
    one("notice_restored_whole", &Notice::Restored(known.clone()));
    one("notice_restored_with_gaps", &Notice::Restored(Restored { has_gaps: true, ..known.clone() }));
    one(
        "notice_restored_taken_over",
        &Notice::Restored(Restored { is_known: false, took_over: true, ..known.clone() }),
    );
    one(
        "notice_restored_again",
        &Notice::Restored(Restored { is_known: false, until: None, ends_links: true, ..known.clone() }),
    );
    one("notice_restored_quiet", &Notice::Restored(Restored { is_known: false, kept_quiet: Some(12), ..known }));
}

#[test]
fn damaged() {
    one("notice_damaged", &Notice::Damaged("Tree 12 page 40: btreeInitPage() returns error code 11".into()));
}
