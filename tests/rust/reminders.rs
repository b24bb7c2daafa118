//! What is said, to whom, when: whole courses of an occurrence, ticked by hand.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use duban::{
    clock::Clock,
    domain::retry::Outcome,
    service::{
        desk::report::{self, Report},
        post::{
            carrier::Carrier,
            deliver::{Delivered, Round},
        },
        tell::Notice,
    },
    store::{LetterRow, LetterState, NewLetter, Store},
};

use jiff::civil::date;

use crate::bureau::{Bureau, ROSTER};

const ANNUAL: &str = r#"
[[deadline]]
id       = "annual-report"
item     = 31
title    = "发布{last_year}年度《政府信息公开工作年度报告》"
due      = "每年1月31日前"
sections = ["办公室"]
"#;

fn bureau() -> Bureau {
    let mut bureau = Bureau::new(&format!("{ROSTER}{ANNUAL}"));
    bureau.load("2026-01-01T00:00");
    bureau
}

fn done(bureau: &mut Bureau, deadline: &str, section: Option<&str>, now: &str) -> Result<report::Reported, String> {
    let report =
        Report {
            deadline: deadline.into(), section: section.map(Into::into), by: "张三".into(), ..Report::default()
        };
    let now = bureau.at_time(now);
    report::done(&mut bureau.db, &bureau.office, &report, &now).map_err(|e| e.to_string())
}

fn to(sent: &[(String, String)]) -> Vec<&str> {
    sent.iter().map(|(to, _)| to.as_str()).collect()
}

#[test]
fn said_once_however_often_it_ticks() {
    let mut bureau = bureau();
    assert!(bureau.tick("2026-01-27T08:29").is_empty(), "before send_at");
    let sent = bureau.tick("2026-01-27T08:30");
    assert_eq!(to(&sent), ["bgs@example.test"]);
    assert!(sent[0].1.starts_with("【政务公开提醒】剩3个工作日"), "{}", sent[0].1);
    for minute in 30..59 {
        assert!(bureau.tick(&format!("2026-01-27T08:{minute}")).is_empty());
    }
    assert!(bureau.tick("2026-01-28T08:30").is_empty(), "no lead falls on this day");
    assert_eq!(bureau.tick("2026-01-29T08:30").len(), 1);
    assert_eq!(bureau.tick("2026-01-30T08:30").len(), 1, "the last working day before Saturday the 31st");
    assert!(bureau.tick("2026-01-31T08:30").is_empty(), "a Saturday");
    assert_eq!(to(&bureau.tick("2026-02-02T08:30")), ["bgs@example.test"], "the 1st working day overdue");
    assert_eq!(
        to(&bureau.tick("2026-02-04T08:30")),
        ["bgs@example.test", "fgld@example.test"],
        "the 3rd, and the leader"
    );
}

/// 5 April 2026 is a Sunday in the holidays, which end on the 6th.
#[test]
fn late_counts_from_the_day_on_which_it_ends() {
    let deadline = |id: &str, due: &str| {
        format!(
            "[[deadline]]\nid = \"{id}\"\ntitle = \"{id}\"\ndue = \"{due}\"\nsections = [\"办公室\"]\nremind = [\"当天\"]\n"
        )
    };
    let days = |due: &str| {
        let mut bureau = Bureau::new(&format!("{ROSTER}{}", deadline("it", due)));
        bureau.load("2026-03-20T00:00");
        let mut heard = Vec::new();
        for day in 1..=9 {
            for (_, subject) in bureau.tick(&format!("2026-04-0{day}T08:30")) {
                heard.push(format!(
                    "{day} {}",
                    subject.split('】').nth(1).unwrap_or_default().split('：').next().unwrap_or_default()
                ));
            }
        }
        heard
    };
    // As the paper says it: due on the 7th, late on the 8th.
    assert_eq!(days("每月5日前（遇节假日顺延）"), ["7 今天到期", "8 已逾期1个工作日"]);
    assert_eq!(
        days("每月5日前，遇节假日提前"),
        ["3 今天到期", "7 已逾期1个工作日", "9 已逾期3个工作日", "9 已逾期3个工作日，请督促办公室"]
    );
    // A period that is counted on: asked for before the holidays, late only after the first working day.
    assert_eq!(days("月后5日内"), ["3 今天到期", "8 已逾期1个工作日"]);
    // A day that is stated does not move.
    assert_eq!(
        days("次月5日前"),
        ["3 今天到期", "7 已逾期1个工作日", "9 已逾期3个工作日", "9 已逾期3个工作日，请督促办公室"]
    );
}

#[test]
fn nothing_after_it_is_done() {
    let mut bureau = bureau();
    bureau.sweep("2026-01-27T08:30");
    // Reported between the sweep and the sending: the letter is dropped.
    done(&mut bureau, "annual-report", None, "2026-01-27T08:30").unwrap();
    assert!(bureau.send("2026-01-27T08:31").is_empty());
    for day in ["2026-01-29", "2026-01-30", "2026-02-02", "2026-02-04"] {
        assert!(bureau.tick(&format!("{day}T08:30")).is_empty(), "{day}");
    }
    let again = done(&mut bureau, "annual-report", None, "2026-02-04T09:00").unwrap_err();
    assert!(again.contains("没有未办结的期次") && again.contains("2027"), "{again}");
}

#[test]
fn taken_back_it_is_spoken_of_again() {
    let mut bureau = bureau();
    bureau.tick("2026-01-27T08:30");
    done(&mut bureau, "annual-report", None, "2026-01-27T10:00").unwrap();
    assert!(bureau.tick("2026-01-29T08:30").is_empty());
    let report = Report { deadline: "annual-report".into(), by: "李四".into(), ..Report::default() };
    let now = bureau.at_time("2026-01-29T10:00");
    report::reopen(&mut bureau.db, &bureau.office, &report, &now).unwrap();
    let sent = bureau.tick("2026-01-29T10:01");
    assert_eq!(sent.len(), 1, "the day's lead is still owed");
    assert_eq!(bureau.tick("2026-01-30T08:30").len(), 1);
}

#[test]
fn a_week_down_is_one_letter_marked() {
    let mut bureau = bureau();
    bureau.tick("2026-01-15T08:30");
    // Nothing runs from the 16th to the 28th: the leads of the 21st and the 27th are missed.
    let sent = bureau.tick("2026-01-28T11:00");
    assert_eq!(sent.len(), 1);
    assert!(sent[0].1.contains("〔补发〕") && sent[0].1.contains("剩2个工作日"), "{}", sent[0].1);
    assert!(bureau.tick("2026-01-28T11:01").is_empty());
    assert_eq!(bureau.tick("2026-01-29T08:30").len(), 1);
}

#[test]
fn what_is_found_late_waits_for_the_window() {
    let mut bureau = Bureau::new(&format!("{ROSTER}{ANNUAL}"));
    bureau.load("2026-01-23T19:00");
    for closed in ["2026-01-23T19:00", "2026-01-24T10:00", "2026-01-25T10:00", "2026-01-26T08:29"] {
        assert!(bureau.tick(closed).is_empty(), "{closed}");
    }
    assert_eq!(bureau.tick("2026-01-26T08:30").len(), 1);
}

#[test]
fn a_stuck_letter_says_what_is_left_when_it_goes() {
    let mut bureau = bureau();
    bureau.sweep("2026-01-27T08:30");
    let down = |_: &_| Outcome::Temporary { reply: "421 try later".into() };
    assert!(bureau.send_as("2026-01-27T08:30", down).is_empty());
    // The next lead's letter takes the place of the one that never went.
    bureau.sweep("2026-01-29T08:30");
    let sent = bureau.send("2026-01-29T08:30");
    assert_eq!(sent.len(), 1);
    assert!(sent[0].1.contains("剩1个工作日"), "{}", sent[0].1);
}

#[test]
fn two_sections_with_one_mailbox_hear_once() {
    let both = r#"
[[section]]
name = "办公室"
email = ["both@example.test"]
[[section]]
name = "法制科"
email = ["both@example.test"]
[[deadline]]
id = "x"
title = "报送"
due = "每年1月30日"
sections = ["办公室", "法制科"]
"#;
    let mut bureau = Bureau::new(both);
    bureau.load("2026-01-29T00:00");
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), ["both@example.test"]);
}

#[test]
fn a_section_without_a_mailbox_is_reached_through_the_admin() {
    let none = ROSTER.replace("\"bgs@example.test\"", "");
    let mut bureau = Bureau::new(&format!("{none}{ANNUAL}"));
    bureau.load("2026-01-01T00:00");
    let sent = bureau.tick("2026-01-27T08:30");
    assert_eq!(to(&sent), ["admin@example.test"]);
    assert!(sent[0].1.contains("〔代转〕"), "{}", sent[0].1);
}

#[test]
fn a_refused_mailbox_is_reached_through_the_admin() {
    let mut bureau = bureau();
    bureau.sweep("2026-01-27T08:30");
    let server = |letter: &duban::store::LetterRow| match letter.mailbox.as_str() {
        "bgs@example.test" => Outcome::Permanent { reply: "550 no such user".into() },
        _ => Outcome::Accepted { reply: "250 ok".into() },
    };
    let sent = bureau.send_as("2026-01-27T08:30", server);
    assert_eq!(to(&sent), ["admin@example.test"]);
    assert!(sent[0].1.contains("〔代转〕"), "{}", sent[0].1);
    assert!(bureau.tick("2026-01-27T08:31").is_empty(), "once");
}

#[test]
fn a_moved_date_is_corrected_once_and_its_leads_said_again() {
    let mut bureau = bureau();
    assert_eq!(bureau.tick("2026-01-15T08:30").len(), 1, "15 days before the 30th");
    assert_eq!(bureau.tick("2026-01-16T08:30").len(), 0);
    assert_eq!(bureau.tick("2026-01-21T08:30").len(), 1, "7 working days before the 30th");
    bureau.edit(&format!("{ROSTER}{}", ANNUAL.replace("1月31日", "1月29日")), "2026-01-22T09:00");
    let sent = bureau.tick("2026-01-22T09:01");
    assert_eq!(sent.len(), 1);
    assert!(sent[0].1.contains("〔更正〕"), "{}", sent[0].1);
    assert!(bureau.tick("2026-01-22T09:02").is_empty());
    assert_eq!(bureau.tick("2026-01-26T08:30").len(), 1, "3 working days before the 29th");
    // And back again: it is another move.
    bureau.edit(&format!("{ROSTER}{ANNUAL}"), "2026-01-26T10:00");
    let sent = bureau.tick("2026-01-26T10:01");
    assert!(sent.len() == 1 && sent[0].1.contains("〔更正〕"), "{sent:?}");
}

#[test]
fn taken_out_of_the_file_it_is_silent_and_comes_back() {
    let mut bureau = bureau();
    bureau.tick("2026-01-21T08:30");
    let other = "[[deadline]]\nid = 'other'\ntitle = '报送'\ndue = '每年6月30日'\nsections = ['法制科']\n";
    let changes = bureau.edit(&format!("{ROSTER}{other}"), "2026-01-22T09:00");
    assert_eq!(changes.withdrawn, ["annual-report"]);
    assert!(bureau.tick("2026-01-27T08:30").is_empty());
    bureau.edit(&format!("{ROSTER}{ANNUAL}"), "2026-01-28T09:00");
    assert_eq!(bureau.tick("2026-01-29T08:30").len(), 1);
}

#[test]
fn each_reports_for_itself() {
    let each = r#"
[[deadline]]
id = "each"
title = "各科室报数"
due = "每年1月30日"
sections = ["各科室"]
done = "each"
"#;
    let mut bureau = Bureau::new(&format!("{ROSTER}{each}"));
    bureau.load("2026-01-01T00:00");
    assert_eq!(bureau.tick("2026-01-27T08:30").len(), 2);
    let unnamed = done(&mut bureau, "each", None, "2026-01-27T09:00").unwrap_err();
    assert!(unnamed.contains("--section"), "{unnamed}");
    let first = done(&mut bureau, "each", Some("办公室"), "2026-01-27T09:00").unwrap();
    assert!(!first.is_closed);
    assert_eq!(first.missing, ["法制科"]);
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), ["fzk@example.test"]);
    assert!(done(&mut bureau, "each", Some("法制科"), "2026-01-29T09:00").unwrap().is_closed);
    assert!(bureau.tick("2026-01-30T08:30").is_empty());
}

#[test]
fn several_times_in_the_period() {
    let times = r#"
[[deadline]]
id = "times"
title = "更新数据集"
due = "每年至少2次"
sections = ["办公室"]
"#;
    let mut bureau = Bureau::new(&format!("{ROSTER}{times}"));
    bureau.load("2026-01-05T00:00");
    bureau.tick("2026-01-05T08:30");
    assert!(!done(&mut bureau, "times", None, "2026-03-01T09:00").unwrap().is_closed);
    assert!(done(&mut bureau, "times", None, "2026-06-01T09:00").unwrap().is_closed);
    assert!(bureau.tick("2026-12-31T08:30").is_empty());
}

#[test]
fn a_section_that_is_no_longer_asked_does_not_hold_it_open() {
    let each = |sections: &str| {
        format!(
            "{ROSTER}[[deadline]]\nid = 'each'\ntitle = '报数'\ndue = '每年3月20日前'\nsections = [{sections}]\ndone = 'each'\n"
        )
    };
    let mut bureau = Bureau::new(&each("'办公室', '法制科'"));
    bureau.load("2026-03-01T00:00");
    bureau.tick("2026-03-02T08:30");
    done(&mut bureau, "each", Some("办公室"), "2026-03-02T09:00").unwrap();
    bureau.edit(&each("'办公室'"), "2026-03-03T09:00");
    let state = bureau.db.read(|tx| tx.occurrence("each", "2026")).unwrap().unwrap().state;
    assert_eq!(state, duban::domain::occurrence::State::Done);
}

#[test]
fn a_report_has_a_name_and_no_control_characters() {
    let mut bureau = bureau();
    bureau.tick("2026-01-27T08:30");
    let now = bureau.at_time("2026-01-27T09:00");
    for (by, note) in [("", ""), ("  ", ""), ("张\n三", ""), ("张三", "\u{1b}[31m")] {
        let report = Report { deadline: "annual-report".into(), by: by.into(), note: note.into(), ..Report::default() };
        assert!(report::done(&mut bureau.db, &bureau.office, &report, &now).is_err(), "{by:?} {note:?}");
    }
}

#[test]
fn a_leader_who_is_a_section_too_is_asked_to_urge() {
    let both = ROSTER.replace(r#"leader = ["fgld@example.test"]"#, r#"leader = ["fzk@example.test"]"#);
    let plan = "[[deadline]]\nid = 'x'\ntitle = '报送'\ndue = '每年3月31日前'\nsections = ['办公室', '法制科']\n";
    let mut bureau = Bureau::new(&format!("{both}{plan}"));
    bureau.load("2026-03-30T00:00");
    let sent = bureau.tick("2026-04-03T08:30");
    let text = bureau.text_of_the_letter_to("fzk@example.test");
    assert_eq!(to(&sent), ["bgs@example.test", "fzk@example.test"]);
    assert!(text.contains("请督促：办公室"), "{text}");
}

#[test]
fn trouble_is_told_within_the_hour_and_the_closed_window_is_none() {
    let mut bureau = bureau();
    let stuck = |bureau: &mut Bureau, now: &str| {
        let now = bureau.at_time(now);
        duban::service::course::sweep::tell_of_stuck_letters(&mut bureau.db, &bureau.office, &now).unwrap()
    };
    // Found a minute before the window closes, and not sent: it waits for the morning.
    bureau.sweep("2026-01-27T17:59");
    assert_eq!(stuck(&mut bureau, "2026-01-27T19:00"), 0);
    assert_eq!(bureau.send("2026-01-28T08:30").len(), 1);
    // The server is down.
    bureau.sweep("2026-01-29T08:30");
    let down = |_: &_| Outcome::Temporary { reply: "connection refused".into() };
    bureau.send_as("2026-01-29T08:30", down);
    assert_eq!(stuck(&mut bureau, "2026-01-29T08:45"), 0);
    assert_eq!(stuck(&mut bureau, "2026-01-29T09:16"), 1);
    assert_eq!(stuck(&mut bureau, "2026-01-29T09:17"), 0, "once");
}

#[test]
fn a_single_date_that_is_edited_there_and_back_stops_nothing() {
    let plan = |due: &str| {
        format!("{ROSTER}[[deadline]]\nid = \"once\"\ntitle = \"移交档案\"\ndue = \"{due}\"\nsections = [\"办公室\"]\n")
    };
    let mut bureau = Bureau::new(&plan("2026年9月30日前"));
    bureau.load("2026-09-01T09:00");
    bureau.tick("2026-09-01T09:00");
    let report = Report { deadline: "once".into(), by: "张三".into(), ..Report::default() };
    let now = bureau.at_time("2026-09-02T09:00");
    report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap();
    bureau.edit(&plan("2026年10月30日前"), "2026-09-03T09:00");
    bureau.tick("2026-09-30T09:00");
    // The first date is there again, and it was done.
    bureau.edit(&plan("2026年9月30日前"), "2026-10-08T09:00");
    assert!(bureau.tick("2026-10-30T08:30").is_empty());
}

#[test]
fn a_letter_that_cannot_be_written_waits_as_it_was_and_stops_nobody() {
    let mut bureau = bureau();
    let now = "2026-01-05T09:00";
    let at = bureau.at_time(now).at;
    let notice = Notice::Started { warnings: Vec::new() }.to_store().unwrap();
    let mut owe = |mailbox: &str| {
        let new = NewLetter { mailbox, notice: Some(&notice), any_time: true, domain: "x.test" };
        bureau.db.write(|tx| tx.queue_letter(&new, at)).unwrap()
    };
    let (bad, good) = (owe("no address"), owe("admin@example.test"));
    bureau.send(now);
    let letter = |bureau: &mut Bureau, id| bureau.db.read(|tx| tx.letter(id)).unwrap().unwrap();
    assert_eq!(letter(&mut bureau, good).state, LetterState::Sent);
    let waits = letter(&mut bureau, bad);
    assert_eq!((waits.state, waits.attempts, waits.first_attempt), (LetterState::Queued, 0, None));
    assert!(waits.last_error.is_some_and(|why| why.contains("收件人地址")));
    assert!(bureau.db.read(|tx| tx.attempts(bad)).unwrap().is_empty());
    let hour = bureau.at_time("2026-01-05T10:00").at;
    assert_eq!(waits.next_attempt, hour);
}

/// Waits for its turn as under a limit, and is told to stop meanwhile.
struct StoppedInTurn(Arc<AtomicBool>);

impl Carrier for StoppedInTurn {
    fn has_a_limit(&self) -> bool {
        true
    }

    async fn turn(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }

    async fn send(&mut self, _from: &str, letter: &LetterRow, _message: &[u8]) -> Outcome {
        panic!("letter {} was begun after the stop", letter.id)
    }

    async fn finish(self) {}
}

#[tokio::test]
async fn a_stop_while_waiting_for_a_turn_begins_no_letter() {
    let mut bureau = bureau();
    assert!(bureau.sweep("2026-01-27T08:30").said > 0);
    let (store, office) = (Store::new(bureau.db).unwrap(), Arc::new(bureau.office));
    let (clock, stop) = (Clock::Fixed("2026-01-27T08:30".parse().unwrap()), Arc::default());
    let round = Round::begin(&store, &office, clock, &stop).await.unwrap();
    let delivered = round.run(StoppedInTurn(stop)).await.unwrap();
    assert_eq!(delivered, Delivered::default());
}

fn reopened(bureau: &mut Bureau, why: &str, now: &str) -> report::Reported {
    let report =
        Report { deadline: "annual-report".into(), by: "李四".into(), note: why.into(), ..Report::default() };
    let now = bureau.at_time(now);
    report::reopen(&mut bureau.db, &bureau.office, &report, &now).unwrap()
}

#[test]
fn reopened_weeks_later_the_section_has_three_working_days() {
    let mut bureau = bureau();
    bureau.tick("2026-01-29T08:30");
    done(&mut bureau, "annual-report", None, "2026-01-30T10:00").unwrap();
    // 25 working days after Saturday, 31 January, across Spring Festival.
    let back = reopened(&mut bureau, "数据有误", "2026-03-10T10:00");
    assert_eq!(back.redo_by, Some(date(2026, 3, 13)));
    let sent = bureau.tick("2026-03-10T10:01");
    assert_eq!(to(&sent), ["bgs@example.test"], "the leader hears nothing");
    assert!(sent[0].1.contains("〔撤回〕剩3个工作日") && !sent[0].1.contains("逾期"), "{}", sent[0].1);
    let text = bureau.text_of_the_letter_to("bgs@example.test");
    for said in [
        "曾由张三于2026年1月30日（周五）登记办结",
        "2026年3月10日（周二）由李四撤回",
        "原因：数据有误",
        "请于2026年3月13日（周五）下班前办结",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(bureau.tick("2026-03-11T08:30").is_empty() && bureau.tick("2026-03-12T08:30").is_empty());
    let now = bureau.at_time("2026-03-12T09:00");
    let red = bureau.db.read(|tx| tx.count_open(now.today())).unwrap().overdue;
    assert_eq!(red, 0, "not counted as overdue");
    let sent = bureau.tick("2026-03-13T08:30");
    assert!(to(&sent) == ["bgs@example.test"] && sent[0].1.contains("今天到期"), "{sent:?}");
    let sent = bureau.tick("2026-03-16T08:30");
    assert!(to(&sent) == ["bgs@example.test"] && sent[0].1.contains("已逾期"), "{sent:?}");
    assert!(bureau.tick("2026-03-17T08:30").is_empty());
    assert_eq!(to(&bureau.tick("2026-03-18T08:30")), ["bgs@example.test", "fgld@example.test"]);
    let text = bureau.text_of_the_letter_to("fgld@example.test");
    assert!(text.contains("曾由张三") && text.contains("数据有误"), "{text}");
}

#[test]
fn reported_late_it_has_three_working_days_too() {
    let mut bureau = bureau();
    bureau.tick("2026-02-04T08:30");
    done(&mut bureau, "annual-report", None, "2026-02-04T10:00").unwrap();
    reopened(&mut bureau, "", "2026-03-10T18:30");
    assert_eq!(to(&bureau.tick("2026-03-11T08:30")), ["bgs@example.test"], "after hours: the next morning");
    assert_eq!(to(&bureau.tick("2026-03-13T08:30")), ["bgs@example.test"]);
    assert_eq!(to(&bureau.tick("2026-03-18T08:30")), ["bgs@example.test", "fgld@example.test"]);
}

#[test]
fn a_slip_of_the_day_changes_nothing() {
    let mut bureau = bureau();
    bureau.tick("2026-02-02T08:30");
    done(&mut bureau, "annual-report", None, "2026-02-02T10:00").unwrap();
    assert_eq!(reopened(&mut bureau, "", "2026-02-02T10:05").redo_by, None);
    assert!(bureau.tick("2026-02-03T08:30").is_empty());
    assert_eq!(to(&bureau.tick("2026-02-04T08:30")), ["bgs@example.test", "fgld@example.test"]);
}

#[test]
fn a_mailbox_is_one_whatever_its_case() {
    let two = |first: &str, second: &str| {
        format!(
            r#"
[[section]]
name   = "办公室"
email  = ["{first}"]
leader = ["Fgld@Example.TEST"]
[[section]]
name   = "法制科"
email  = ["{second}"]
leader = ["fgld@example.test"]
{}"#,
            ANNUAL.replace(r#"["办公室"]"#, r#"["办公室", "法制科"]"#)
        )
    };
    let mut bureau = Bureau::new(&two("BGS@Example.test", "bgs@EXAMPLE.test"));
    bureau.load("2026-01-01T00:00");
    bureau.tick("2026-01-29T08:30");
    assert_eq!(
        to(&bureau.tick("2026-01-30T08:30")),
        ["BGS@Example.test"],
        "one letter, to the address as it is written"
    );
    // The admin writes it otherwise: nothing is said again.
    bureau.edit(&two("Bgs@example.test", "bgs@example.test"), "2026-01-30T09:00");
    assert!(bureau.tick("2026-01-30T09:01").is_empty());
    bureau.sweep("2026-02-02T08:30");
    // A letter that waits goes where the admin writes it last.
    bureau.edit(&two("bgs@example.test", "bgs@example.test"), "2026-02-02T08:31");
    bureau.tick("2026-02-02T08:32");
    assert_eq!(to(&bureau.tick("2026-02-04T08:30")), ["bgs@example.test", "Fgld@Example.TEST"]);
    // A report by it comes from any spelling.
    let refused = |_: &LetterRow| Outcome::Permanent { reply: "550 5.1.1 no such user".into() };
    bureau.sweep("2026-02-11T08:30");
    bureau.send_as("2026-02-11T08:30", refused);
    let refusing = bureau.db.read(|tx| tx.last_refusal("BGS@EXAMPLE.TEST")).unwrap();
    assert!(refusing.is_some(), "a refusal of one spelling is known of all");
}
