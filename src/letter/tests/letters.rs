use super::{super::render, *};
use crate::domain::calendar::{Calendar, days_between};

/// Checks the letter about `entry` on `day`.
fn one(name: &str, day: Date, entry: Entry) {
    check(name, &render(&letter(day, vec![entry])));
}

fn weekday_dates(due: Date) -> Dates {
    Dates { due, ends: due, finish_by: due, target: None, provisional: false, redo: None, paused: None }
}

/// 更新“开放广东”数据集: by the end of the year, the bureau wants it by the end of October.
fn dataset() -> Entry {
    Entry {
        deadline: "open-data".into(),
        item: Some(21),
        title: "更新“开放广东”数据集".into(),
        dates: Dates { target: Some(date(2026, 10, 30)), ..weekday_dates(date(2026, 12, 31)) },
        aim: date(2026, 10, 30),
        sections: vec!["办公室".into()],
        steps: vec![],
        basis: Some("“每年至少更新一次“开放广东”数据集资料”".into()),
        nth: 5,
        next: Some(date(2026, 10, 29)),
        ..report()
    }
}

fn overdue() -> Entry {
    Entry {
        light: Light::Red,
        reason: Reason::Overdue,
        saying: Saying::Overdue(3),
        days_left: -4,
        workdays_left: -3,
        nth: 8,
        next: Some(date(2026, 2, 11)),
        ..report()
    }
}

/// A period that ends on Qingming: in time until the working day after it.
fn period() -> Entry {
    Entry {
        deadline: "figures".into(),
        period: "2026-Q1".into(),
        item: None,
        title: "报送第1季度统计".into(),
        dates: Dates { ends: date(2026, 4, 7), finish_by: date(2026, 4, 3), ..weekday_dates(date(2026, 4, 5)) },
        aim: date(2026, 4, 3),
        days_left: 3,
        workdays_left: 3,
        steps: vec![],
        basis: Some("“季度终了后5日内报送”".into()),
        nth: 1,
        next: Some(date(2026, 4, 2)),
        ..report()
    }
}

#[test]
fn a_period_ends_after_the_holiday() {
    one("a_period_ends_after_the_holiday", date(2026, 3, 31), period());
}

#[test]
fn the_paper_says_that_it_rolls() {
    let rolled = Dates { finish_by: date(2026, 4, 7), ..period().dates };
    let entry = Entry { dates: rolled, aim: date(2026, 4, 7), days_left: 7, workdays_left: 4, ..period() };
    one("the_paper_says_that_it_rolls", date(2026, 3, 31), Entry { roll: Some("遇节假日顺延".into()), ..entry });
}

#[test]
fn ahead_for_the_lead() {
    one("ahead_for_the_lead", date(2026, 1, 27), report());
}

#[test]
fn ahead_for_a_supporting_section() {
    let to = vec![section("公交科", false)];
    one("ahead_for_a_supporting_section", date(2026, 1, 27), Entry { to, part: Part::Helps, ..report() });
}

#[test]
fn far_ahead() {
    let entry = Entry { days_left: 30, workdays_left: 21, light: Light::Yellow, nth: 1, ..report() };
    one("far_ahead", date(2025, 12, 31), Entry { next: Some(date(2026, 1, 15)), ..entry });
}

#[test]
fn due_today() {
    let saying = Saying::Before(Lead::Days(0));
    let left = Entry { days_left: 0, workdays_left: 0, nth: 6, next: Some(date(2026, 2, 2)), ..report() };
    one("due_today", date(2026, 1, 30), Entry { reason: Reason::DueToday, saying, ..left });
}

#[test]
fn between_finish_by_and_due() {
    let left = Entry { days_left: 0, workdays_left: 0, nth: 6, next: Some(date(2026, 2, 2)), ..report() };
    one("between_finish_by_and_due", date(2026, 1, 31), Entry { reason: Reason::DueToday, ..left });
}

#[test]
fn overdue_to_the_section() {
    one("overdue_to_the_section", date(2026, 2, 4), overdue());
}

#[test]
fn overdue_to_the_leader() {
    let to = vec![Addressee::Leader { of: vec!["办公室".into()] }];
    let entry = Entry { to, reason: Reason::Escalated, nth: 1, ..overdue() };
    one("overdue_to_the_leader", date(2026, 2, 4), entry);
}

#[test]
fn caught_up() {
    let entry = Entry { reason: Reason::CaughtUp, days_left: 2, workdays_left: 2, ..report() };
    one("caught_up", date(2026, 1, 28), entry);
}

#[test]
fn corrected() {
    let told = Some(Dates { finish_by: date(2026, 1, 30), ..report().dates });
    let dates = Dates { finish_by: date(2026, 1, 29), ..report().dates };
    let entry = Entry { dates, told, aim: dates.finish_by, days_left: 2, workdays_left: 2, sequence: 1, ..report() };
    let saying = Saying::Correction(1);
    one("corrected", date(2026, 1, 27), Entry { reason: Reason::Corrected, saying, ..entry });
}

#[test]
fn target_ahead() {
    one("target_ahead", date(2026, 10, 27), dataset());
}

#[test]
fn target_today() {
    one("target_today", date(2026, 10, 30), Entry { days_left: 0, workdays_left: 0, ..dataset() });
}

#[test]
fn target_passed() {
    let entry = Entry { aim: date(2026, 12, 31), days_left: 30, workdays_left: 22, ..dataset() };
    one("target_passed", date(2026, 12, 1), Entry { next: Some(date(2026, 12, 16)), ..entry });
}

#[test]
fn provisional() {
    let dates = Dates {
        provisional: true,
        due: date(2027, 1, 31),
        ends: date(2027, 1, 31),
        finish_by: date(2027, 1, 29),
        target: None,
        redo: None,
        paused: None,
    };
    let entry = Entry { dates, aim: dates.finish_by, days_left: 29, workdays_left: 21, nth: 1, ..report() };
    let title = "发布2026年度《政府信息公开工作年度报告》".into();
    one("provisional", date(2026, 12, 31), Entry { title, period: "2027".into(), next: None, ..entry });
}

#[test]
fn bureau_default() {
    one("bureau_default", date(2026, 3, 5), catalogue());
}

#[test]
fn times() {
    let entry =
        Entry { title: "向《政务公开工作交流》投稿".into(), item: Some(29), steps: vec![], ..catalogue() };
    one("times", date(2026, 3, 5), Entry { reports: Some((1, 3)), basis: None, ..entry });
}

#[test]
fn each() {
    let missing = ["公交科", "港航科", "法制科"].map(String::from).into();
    let report_url = Some("https://board.example.test/r/1?a=b&c=d".into());
    one("each", date(2026, 3, 5), Entry { missing, report_url, ..catalogue() });
}

#[test]
fn passed_on() {
    let to = vec![Addressee::PassOn { to: "港航科".into(), why: "科室名册里没有港航科的邮箱".into() }];
    one("passed_on", date(2026, 3, 5), Entry { to, ..catalogue() });
}

/// One mailbox that serves two sections.
#[test]
fn several() {
    let day = date(2026, 2, 4);
    let supporting = section("质监科", false);
    let law = Entry {
        item: Some(32),
        title: "发布2025年度《法治政府建设情况年度报告》".into(),
        dates: Dates { finish_by: date(2026, 2, 28), ..weekday_dates(date(2026, 3, 1)) },
        aim: date(2026, 2, 28),
        days_left: 24,
        workdays_left: 13,
        to: vec![section("法制科", true), supporting.clone()],
        lead: Some("法制科".into()),
        sections: vec!["法制科".into()],
        uid: "law.2026@duban".into(),
        ..report()
    };
    let catalogue =
        Entry { to: vec![supporting], days_left: 44, workdays_left: 27, light: Light::Green, ..catalogue() };
    let help_by = Some(overdue().aim);
    let overdue = Entry { to: vec![section("质监科", false)], part: Part::Helps, help_by, ..overdue() };
    check("several", &render(&letter(day, vec![overdue, law, catalogue])));
}

/// From the shortest to the longest time left, as in the worst month of a year.
#[test]
fn many() {
    let (today, cal) = (date(2026, 3, 2), Calendar::default());
    let entry = |n: i64| {
        let aim = cal.add_workdays(today, n);
        let uid = format!("many-{n}.2026@duban");
        let title = format!("第{}项政务公开工作的自查与材料报送", n + 1);
        let left = Entry { days_left: days_between(today, aim), workdays_left: n, next: Some(aim), ..catalogue() };
        Entry { dates: weekday_dates(aim), aim, uid, title, item: None, ..left }
    };
    let many = letter(today, (0..25).map(entry).collect());
    check("many", &render(&many));
    // With pages there is a calendar to subscribe to; up to five are attached all the same.
    let feed = "https://board.example.test/s/token/calendar.ics".to_owned();
    let subscribed = render(&Letter { feeds: vec![feed.clone()], ..many });
    assert!(subscribed.ics.is_empty() && subscribed.text.contains(&feed) && subscribed.html.contains(&feed));
    let few = Letter { feeds: vec![feed], ..letter(today, (0..5).map(entry).collect()) };
    let few = render(&few);
    assert!(few.ics.len() == 5 && few.text.contains("附件（.ics）"), "{}", few.text);
    assert!(few.ics.iter().all(|ics| ics.matches("BEGIN:VEVENT").count() == 1));
}

/// As large a letter as a section gets: what is due today leads, then what is overdue, and a mail program does not cut
/// it off.
#[test]
fn thirty_seven() {
    let (today, cal) = (date(2026, 3, 2), Calendar::default());
    let entry = |n: usize| {
        let left = [0, -3, -8, 5, -3, 0, -13, 15][n % 8];
        let aim = cal.add_workdays(today, left);
        let url = format!("https://duban.example.test/r/AYqzUW5y{n:02}{}", "x".repeat(68));
        Entry {
            dates: weekday_dates(aim),
            light: if left < 0 { Light::Red } else { Light::Yellow },
            aim,
            days_left: days_between(today, aim),
            workdays_left: left,
            title: format!("第{}项政务公开工作的自查与材料报送", n + 1),
            reports_for: vec!["办公室".into()],
            report_url: Some(url),
            ..report()
        }
    };
    let url = "https://duban.example.test/l/token".to_owned();
    let forms = vec![Form { section: "办公室".into(), items: 37, url }];
    let reply_token = Some("DB412-K3M9QZ7RT2XH5WPA".to_owned());
    let all = render(&Letter { forms, reply_token, ..letter(today, (0..37).map(entry).collect()) });
    assert!(all.html.len() < 100_000, "{} bytes", all.html.len());
    let head: Vec<&str> = all.text.lines().filter(|line| line.ends_with("：") || line.contains("一次登记")).collect();
    let groups =
        ["今天到期（9项）：", "已逾期（19项：13个工作日4项，8个工作日5项，3个工作日10项）：", "还没到期（9项）："];
    let form = "一次登记全部事项 https://duban.example.test/l/token";
    assert_eq!(head, [&["办公室：", "本次共37项：", form][..], &groups].concat());
    assert!(groups.iter().all(|group| all.html.contains(group.trim_end_matches('：'))));
}

#[test]
fn a_letter_that_can_be_replied_to() {
    let reports_for = vec!["办公室".to_owned()];
    let reply_token = Some("DB412-K3M9QZ7RT2XH5WPA".to_owned());
    let one = letter(date(2026, 1, 27), vec![Entry { reports_for: reports_for.clone(), ..report() }]);
    check("reply_to_one", &render(&Letter { reply_token: reply_token.clone(), ..one }));
    let own = |entry| Entry { reports_for: reports_for.clone(), ..entry };
    let several = letter(date(2026, 3, 5), vec![own(catalogue()), own(dataset()), overdue()]);
    check("reply_to_several", &render(&Letter { reply_token: reply_token.clone(), ..several }));
    // Who only helps hands in: a report of the lead section's item would be refused.
    let theirs = Entry {
        to: vec![section("质监科", false)],
        lead: Some("办公室".into()),
        part: Part::Helps,
        reports_for: vec!["质监科".into()],
        number: 2,
        ..report()
    };
    let mixed = letter(date(2026, 1, 27), vec![own(report()), theirs]);
    let text = render(&Letter { reply_token, ..mixed }).text;
    assert!(text.contains("如“①已办结”；配合的写“②材料已报”，"), "{text}");
}
