//! A reply is a report, and a delivery report says what did not arrive: whole messages against a bureau.

use duban::{
    service::desk::incoming::Fate,
    store::{IncomingRow, LetterState, OccurrenceFilter},
};

use crate::bureau::{Bureau, ROSTER};

const OFFICE: &str = "bgs@example.test";
const LAW: &str = "fzk@example.test";
const MORNING: &str = "2026-01-27T08:30";

/// Two of one section's on one morning, and one that each section reports.
fn plan() -> String {
    format!(
        r#"{ROSTER}
[[deadline]]
id = "report"
title = "发布年度报告"
due = "每年1月30日"
sections = ["办公室"]
[[deadline]]
id = "data"
title = "更新数据集"
due = "每年1月30日"
sections = ["办公室"]
[[deadline]]
id = "law"
title = "清理规范性文件"
due = "每年1月30日"
sections = ["法制科"]
"#
    )
}

fn bureau() -> Bureau {
    let mut bureau = Bureau::with_mailbox(&plan());
    bureau.load("2026-01-01T09:00");
    bureau.tick(MORNING);
    bureau
}

/// As a person writes it.
fn reply(bureau: &mut Bureau, to: &str, from: &str, words: &str) -> String {
    let letter = bureau.last_letter_to(to);
    message(from, words, &format!("In-Reply-To: <{}>\r\n", letter.message_id))
}

fn message(from: &str, words: &str, more: &str) -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!(
        "From: {from}\r\nTo: duban@example.test\r\nSubject: Re: x\r\nMessage-ID: <{n}@client.test>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n{more}\r\n{words}\r\n"
    )
}

fn token(bureau: &mut Bureau, to: &str) -> String {
    let letter = bureau.last_letter_to(to);
    bureau.office.reply_token(letter.id, &letter.message_id).unwrap()
}

fn done(bureau: &mut Bureau, deadline: &str) -> Vec<String> {
    let filter = OccurrenceFilter { deadline: Some(deadline), state: None };
    bureau
        .db
        .read(|tx| {
            let mut found = Vec::new();
            for occurrence in tx.occurrences(filter)? {
                found.extend(
                    tx.completions(occurrence.id)?.into_iter().map(|c| format!("{} {} {}", c.by, c.note, c.evidence)),
                );
            }
            Ok(found)
        })
        .unwrap()
}

fn last(bureau: &mut Bureau) -> IncomingRow {
    bureau.db.read(|tx| tx.incoming_list(false, 1)).unwrap().pop().unwrap()
}

fn answer_to(bureau: &mut Bureau, mailbox: &str, now: &str) -> String {
    bureau.send(now);
    let letter = bureau.last_letter_to(mailbox);
    assert!(letter.answers().is_some(), "{:?}", letter.subject);
    letter.subject.unwrap()
}

#[test]
fn a_reply_records_and_is_confirmed_and_can_be_taken_back() {
    let mut bureau = bureau();
    let said = reply(&mut bureau, LAW, LAW, "已办结 江交〔2026〕3号");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    assert_eq!(done(&mut bureau, "law"), ["fzk@example.test 江交〔2026〕3号 "]);
    assert_eq!(answer_to(&mut bureau, LAW, "2026-01-27T10:01"), "【政务公开提醒】已登记办结：清理规范性文件");
    assert!(bureau.tick("2026-01-29T08:30").iter().all(|(to, _)| to != LAW), "nothing is said of it any more");
    let back = reply(&mut bureau, LAW, LAW, "撤回");
    assert_eq!(bureau.comes_in(&back, "2026-01-29T10:00"), Fate::Done);
    assert_eq!(done(&mut bureau, "law"), Vec::<String>::new());
    assert!(bureau.tick("2026-01-30T08:30").iter().any(|(to, _)| to == LAW), "it is said again");
}

#[test]
fn of_several_only_what_is_named() {
    let mut bureau = bureau();
    let said = reply(&mut bureau, OFFICE, OFFICE, "已办结");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Waits);
    assert_eq!(last(&mut bureau).outcome, "unclear");
    assert!(answer_to(&mut bureau, OFFICE, "2026-01-27T10:01").contains("没有登记，请再回一次"));
    assert_eq!(bureau.db.read(|tx| tx.count_waiting()).unwrap(), 1);
    // The answer holds the same numbers; answering it in full makes the first message clear.
    let said = reply(&mut bureau, OFFICE, OFFICE, "②已办结");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:05"), Fate::Done);
    assert_eq!(
        (done(&mut bureau, "data").len(), done(&mut bureau, "report").len()),
        (0, 1),
        "by due date, then by name"
    );
    assert_eq!(bureau.db.read(|tx| tx.count_waiting()).unwrap(), 1, "of ① nothing is known yet");
    let said = said.replace("②", "①").replace("@client.test", ".b@client.test");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:06"), Fate::Done);
    assert_eq!(bureau.db.read(|tx| tx.count_waiting()).unwrap(), 0);
}

#[test]
fn a_number_stays_what_it_was_when_the_letter_is_written_again() {
    use duban::domain::retry::Outcome;
    let mut bureau = Bureau::with_mailbox(&plan());
    bureau.load("2026-01-01T09:00");
    bureau.sweep(MORNING);
    bureau.send_as(MORNING, |_| Outcome::Unknown { reply: "gone".into() });
    let first = reply(&mut bureau, OFFICE, OFFICE, "①已办结");
    bureau.comes_in(&first, "2026-01-27T08:31");
    // The letter goes again, with one item; whoever still holds the first version means its numbers.
    bureau.send("2026-01-27T09:30");
    let id = bureau.last_letter_to(OFFICE).answers().map(|_| 0);
    assert_eq!(id, Some(0), "the answer came last");
    assert_eq!(done(&mut bureau, "data").len(), 1);
    let second = first.replace("①", "②").replace("@client.test", ".b@client.test");
    bureau.comes_in(&second, "2026-01-27T09:40");
    assert_eq!(done(&mut bureau, "report").len(), 1);
}

#[test]
fn a_forwarded_letter_is_answered_by_who_has_it() {
    let mut bureau = bureau();
    let token = token(&mut bureau, LAW);
    let said = message("li@elsewhere.test", &format!("已办结\r\n\r\n-----转发邮件-----\r\n回复编号：{token}"), "");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    assert_eq!(done(&mut bureau, "law"), ["li@elsewhere.test  "]);
    bureau.send("2026-01-27T10:01");
    let told = bureau.text_of_the_letter_to("admin@example.test");
    assert!(told.contains("li@elsewhere.test") && told.contains("不在科室名册里"), "{told}");
}

#[test]
fn who_has_neither_mailbox_nor_token_records_nothing_and_is_not_answered() {
    let mut bureau = bureau();
    let forged = reply(&mut bureau, LAW, "mallory@elsewhere.test", "已办结");
    assert_eq!(bureau.comes_in(&forged, "2026-01-27T10:00"), Fate::Waits);
    assert_eq!(last(&mut bureau).outcome, "refused");
    let other = reply(&mut bureau, LAW, OFFICE, "已办结");
    assert_eq!(bureau.comes_in(&other, "2026-01-27T10:00"), Fate::Waits, "another section's mailbox is none");
    let altered = token(&mut bureau, LAW).replace("DB", "DB1");
    let guessed = message("mallory@elsewhere.test", &format!("已办结\r\n> {altered}"), "");
    assert_eq!(bureau.comes_in(&guessed, "2026-01-27T10:00"), Fate::Waits, "a person looks at it");
    let news = message("mallory@elsewhere.test", "新闻", "");
    assert_eq!(bureau.comes_in(&news, "2026-01-27T10:00"), Fate::LeftAlone);
    assert!(done(&mut bureau, "law").is_empty());
    bureau.send("2026-01-27T10:01");
    let answered = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap().iter().any(|l| l.answers().is_some());
    assert!(!answered);
}

#[test]
fn a_message_acts_once_however_often_it_is_delivered() {
    let mut bureau = bureau();
    let said = reply(&mut bureau, LAW, LAW, "已办结");
    for hop in ["", "Received: from a by b\r\n", "Received: from c by d\r\nReturn-Path: <fzk@example.test>\r\n"] {
        assert_eq!(bureau.comes_in(&format!("{hop}{said}"), "2026-01-27T10:00"), Fate::Done);
    }
    assert_eq!(done(&mut bureau, "law").len(), 1);
    assert_eq!(bureau.db.read(|tx| tx.incoming_list(false, 10)).unwrap().len(), 1);
}

#[test]
fn machines_record_nothing_and_are_not_answered() {
    let mut bureau = bureau();
    for more in
        ["Auto-Submitted: auto-replied\r\n", "X-Autoreply: yes\r\n", "Precedence: bulk\r\n", "List-Id: <x.y>\r\n"]
    {
        let letter = bureau.last_letter_to(LAW);
        let said = message(LAW, "已办结", &format!("In-Reply-To: <{}>\r\n{more}", letter.message_id));
        assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done, "{more}");
        assert_eq!(last(&mut bureau).outcome, "automatic");
    }
    assert!(done(&mut bureau, "law").is_empty());
    bureau.send("2026-01-27T10:01");
    assert!(bureau.last_letter_to(LAW).answers().is_none());
}

#[test]
fn nobody_is_answered_more_than_three_times_a_day() {
    let mut bureau = bureau();
    for n in 0..6 {
        let said = message(LAW, &format!("第几号来着 {n}"), "");
        assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Waits);
    }
    let answers = |bureau: &mut Bureau| {
        bureau.send("2026-01-27T10:01");
        let all = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        all.iter().filter(|l| l.answers().is_some()).count()
    };
    assert_eq!(answers(&mut bureau), 3);
    assert_eq!(bureau.db.read(|tx| tx.count_waiting()).unwrap(), 6, "all of them wait for a person");
    bureau.comes_in(&message(LAW, "第二天", ""), "2026-01-28T10:01");
    assert_eq!(answers(&mut bureau), 4);
}

#[test]
fn what_was_recorded_is_always_confirmed() {
    let mut bureau = bureau();
    for n in 0..6 {
        let words = if n % 2 == 0 { "已办结" } else { "撤回" };
        let said = reply(&mut bureau, LAW, LAW, words);
        assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
        let subject = answer_to(&mut bureau, LAW, "2026-01-27T10:01");
        assert!(subject.contains(["已登记办结", "已撤回"][n % 2]), "{n}: {subject}");
    }
    // They do not use up the answers to what is not understood.
    bureau.comes_in(&message(LAW, "第几号来着", ""), "2026-01-27T10:02");
    assert!(answer_to(&mut bureau, LAW, "2026-01-27T10:03").contains("没有登记"));
    // What changes nothing is an answer like any other: two machines do not go on for ever.
    let said = reply(&mut bureau, LAW, LAW, "撤回");
    bureau.comes_in(&said, "2026-01-27T11:00");
    let answers = |bureau: &mut Bureau| {
        bureau.send("2026-01-27T11:01");
        let all = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
        all.iter().filter(|l| l.answers().is_some()).count()
    };
    let before = answers(&mut bureau);
    for _ in 0..5 {
        let said = reply(&mut bureau, LAW, LAW, "撤回");
        bureau.comes_in(&said, "2026-01-27T11:02");
    }
    assert!(answers(&mut bureau) - before <= 3);
}

#[test]
fn a_new_mail_is_asked_which_item_it_means() {
    let mut bureau = bureau();
    assert_eq!(bureau.comes_in(&message(OFFICE, "已办结", ""), "2026-01-27T10:00"), Fate::Waits);
    bureau.send("2026-01-27T10:01");
    let asked = bureau.text_of_the_letter_to(OFFICE);
    assert!(asked.contains("发布年度报告") && asked.contains("更新数据集"), "{asked}");
    let said = reply(&mut bureau, OFFICE, OFFICE, "①已办结");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:02"), Fate::Done);
}

#[test]
fn a_footer_is_known_the_second_time() {
    let mut bureau = bureau();
    let footer = "\r\n\r\n未雨绸缪 防患于未然";
    let said = reply(&mut bureau, LAW, LAW, &format!("已办结，3号{footer}"));
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Waits, "未 is a denial");
    bureau.send("2026-01-27T10:01");
    let said = reply(&mut bureau, LAW, LAW, &format!("已办结，3号{footer}"));
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:02"), Fate::Done);
    assert_eq!(done(&mut bureau, "law"), ["fzk@example.test 3号 "]);
}

#[test]
fn what_cannot_be_done_goes_to_the_admin_and_can_be_taken_back() {
    let mut bureau = bureau();
    let said = reply(&mut bureau, LAW, LAW, "不能按期，省厅数据未下发");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Waits, "no date");
    assert!(last(&mut bureau).detail.contains("预计办结的日期"));
    let said = reply(&mut bureau, LAW, LAW, "不能按期，省厅数据未下发，预计2月10日");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:01"), Fate::Done);
    let open = |bureau: &mut Bureau| bureau.db.read(|tx| tx.open_requests()).unwrap();
    let asked = open(&mut bureau);
    assert_eq!((asked[0].section.as_str(), asked[0].expected), ("法制科", Some("2026-02-10".parse().unwrap())));
    bureau.send("2026-01-27T10:02");
    let back = reply(&mut bureau, LAW, LAW, "撤回");
    assert_eq!(bureau.comes_in(&back, "2026-01-27T10:03"), Fate::Done);
    assert!(open(&mut bureau).is_empty());
    let said = reply(&mut bureau, LAW, LAW, "不适用，本年度没有规范性文件");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:04"), Fate::Done);
    assert_eq!(open(&mut bureau).len(), 1);
}

#[test]
fn a_section_is_named_where_each_reports_for_itself_from_one_mailbox() {
    let shared = ROSTER.replace("fzk@example.test", "bgs@example.test");
    let plan = format!(
        "{shared}[[deadline]]\nid = \"each\"\ntitle = \"自查\"\ndue = \"每年1月30日\"\nsections = [\"各科室\"]\ndone = \"each\"\n"
    );
    let mut bureau = Bureau::with_mailbox(&plan);
    bureau.load("2026-01-01T09:00");
    bureau.tick(MORNING);
    let said = reply(&mut bureau, OFFICE, OFFICE, "已办结");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Waits);
    assert!(last(&mut bureau).detail.contains("单独写明一个科室"));
    let said = reply(&mut bureau, OFFICE, OFFICE, "已办结，法制科");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:01"), Fate::Done);
    assert_eq!(done(&mut bureau, "each").len(), 1);
}

#[test]
fn what_is_done_is_not_done_again() {
    let mut bureau = bureau();
    let colleague = bureau.office.settings.admin[0].to_string();
    let token = token(&mut bureau, LAW);
    let said = reply(&mut bureau, LAW, LAW, "已办结 1");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    assert_eq!(answer_to(&mut bureau, LAW, "2026-01-27T10:01"), "【政务公开提醒】已登记办结：清理规范性文件");
    // Who has not heard of it is told.
    let said = message(&colleague, &format!("已办结 2\r\n\r\n-----转发邮件-----\r\n{token}"), "");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:02"), Fate::Done);
    assert!(answer_to(&mut bureau, &colleague, "2026-01-27T10:03").contains("此前已经办结"));
    assert_eq!(done(&mut bureau, "law").len(), 1);
}

fn bounce(bureau: &mut Bureau, action: &str, by: &str) -> String {
    let letter = bureau.last_letter_to(LAW);
    let envelope =
        if by == "envelope" { format!("Original-Envelope-Id: {}\r\n", letter.envelope_id()) } else { String::new() };
    let head = if by == "head" { format!("Message-ID: <{}>\r\n", letter.message_id) } else { "Subject: x\r\n".into() };
    format!(
        "From: MAILER-DAEMON@mx.test\r\nTo: duban@example.test\r\nSubject: x\r\nMessage-ID: <{action}{by}@mx.test>\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n{envelope}\r\n\
         Final-Recipient: rfc822; fzk@example.test\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n--b--\r\n"
    )
}

#[test]
fn a_bounced_letter_goes_through_the_admin() {
    for by in ["envelope", "head"] {
        let mut bureau = bureau();
        let report = bounce(&mut bureau, "delayed", by);
        assert_eq!(bureau.comes_in(&report, "2026-01-27T09:00"), Fate::Done);
        let letter = bureau.last_letter_to(LAW);
        assert_eq!(letter.state, LetterState::Sent, "a delay changes nothing");
        assert!(letter.delay.unwrap().contains("5.1.1"), "and is shown");
        let report = bounce(&mut bureau, "failed", by);
        assert_eq!(bureau.comes_in(&report, "2026-01-27T09:10"), Fate::Done);
        let letter = bureau.last_letter_to(LAW);
        assert_eq!(letter.state, LetterState::Bounced);
        assert!(letter.bounce.unwrap().contains("no such user"));
        bureau.send("2026-01-27T09:11");
        let passed_on = bureau.text_of_the_letter_to("admin@example.test");
        assert!(passed_on.contains("代转：请把本邮件转给法制科（fzk@example.test）"), "{passed_on}");
        assert_eq!(bureau.comes_in(&report, "2026-01-27T09:20"), Fate::Done, "once");
        assert!(bureau.tick("2026-01-27T09:30").is_empty());
        // The admin answers for the section.
        let said = reply(&mut bureau, "admin@example.test", "admin@example.test", "已办结");
        let token = token(&mut bureau, "admin@example.test");
        assert_eq!(bureau.comes_in(&format!("{said}> {token}\r\n"), "2026-01-27T10:00"), Fate::Done);
        assert_eq!(done(&mut bureau, "law").len(), 1);
    }
}

#[test]
fn the_weekly_letter_names_a_mailbox_until_it_changes() {
    let is_named = |bureau: &mut Bureau, monday: &str| {
        bureau.tick(monday);
        bureau.text_of_the_letter_to("admin@example.test").contains("no such user")
    };
    for changes in [false, true] {
        let mut bureau = bureau();
        let report = bounce(&mut bureau, "failed", "head");
        bureau.comes_in(&report, "2026-01-27T09:10");
        bureau.tick("2026-01-27T09:15");
        if changes {
            let links = bureau.office.links.clone();
            bureau.edit(&plan().replace("fzk@example.test", "fzk2@example.test"), "2026-01-28T09:00");
            bureau.office.links = links;
        }
        assert_eq!(is_named(&mut bureau, "2026-02-02T08:30"), !changes);
        // It took a letter on 29 January, and for more than a week nobody has sent that one back.
        assert!(!is_named(&mut bureau, "2026-02-09T08:30"));
    }
}

#[test]
fn an_answer_gives_nobody_what_is_anothers() {
    let mut bureau = bureau();
    // Two letters bounced: the admin is asked to pass on both sections' items in one letter.
    for mailbox in [OFFICE, LAW] {
        let letter = bureau.last_letter_to(mailbox);
        let report = bounce(&mut bureau, "failed", "head")
            .replace(&bureau.last_letter_to(LAW).message_id, &letter.message_id)
            .replace("rfc822; fzk@example.test", &format!("rfc822; {mailbox}"))
            .replace("failedhead@", &format!("{mailbox}."));
        assert_eq!(bureau.comes_in(&report, "2026-01-27T09:10"), Fate::Done, "{report}");
    }
    bureau.send("2026-01-27T09:11");
    let admins = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
    let passed_on = admins
        .into_iter()
        .filter(|l| l.mailbox == "admin@example.test" && l.notice.is_none())
        .max_by_key(|l| l.id)
        .unwrap();
    let said = message(LAW, "这些怎么报？", &format!("In-Reply-To: <{}>\r\n", passed_on.message_id));
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Waits);
    bureau.send("2026-01-27T10:01");
    let answer = bureau.last_letter_to(LAW);
    let items = bureau.db.read(|tx| tx.items(answer.id)).unwrap();
    assert!(items.iter().all(|item| item.section == "法制科") && items.len() == 1, "{items:?}");
}

#[test]
fn a_letter_that_is_answered_and_another_that_is_quoted_are_two() {
    let mut bureau = bureau();
    let old = bureau.last_letter_to(LAW);
    bureau.tick("2026-01-29T08:30");
    let token = token(&mut bureau, LAW);
    let said =
        message(LAW, &format!("已办结\r\n\r\n> 回复编号：{token}"), &format!("In-Reply-To: <{}>\r\n", old.message_id));
    assert_eq!(bureau.comes_in(&said, "2026-01-29T10:00"), Fate::Waits);
    assert!(done(&mut bureau, "law").is_empty());
}

#[test]
fn all_that_was_confirmed_is_taken_back_by_one_word() {
    let mut bureau = bureau();
    let said = reply(&mut bureau, OFFICE, OFFICE, "①②已办结");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    bureau.send("2026-01-27T10:01");
    let back = reply(&mut bureau, OFFICE, OFFICE, "撤回");
    assert_eq!(bureau.comes_in(&back, "2026-01-27T10:02"), Fate::Done);
    assert!(done(&mut bureau, "report").is_empty() && done(&mut bureau, "data").is_empty());
    assert_eq!(answer_to(&mut bureau, OFFICE, "2026-01-27T10:03"), "【政务公开提醒】已撤回，恢复提醒：更新数据集等2项");
    assert!(!bureau.text_of_the_letter_to(OFFICE).contains("如果登记错了"));
}

#[test]
fn a_footer_added_on_the_way_makes_no_second_message() {
    let mut bureau = bureau();
    let said = reply(&mut bureau, LAW, LAW, "已办结");
    bureau.comes_in(&said, "2026-01-27T10:00");
    bureau.send("2026-01-27T10:01");
    let back = reply(&mut bureau, LAW, LAW, "撤回");
    bureau.comes_in(&back, "2026-01-27T10:02");
    bureau.comes_in(&format!("{said}外部邮件，请注意\r\n"), "2026-01-27T10:03");
    assert!(done(&mut bureau, "law").is_empty(), "the last word stands");
}

#[test]
fn a_token_opens_no_longer_than_a_link() {
    let mut bureau = bureau();
    let token = token(&mut bureau, LAW);
    let said = |n: u8| message("li@elsewhere.test", &format!("撤回\r\n\r\n-----转发邮件-----\r\n{n} {token}"), "");
    assert_eq!(bureau.comes_in(&said(1), "2027-02-01T10:00"), Fate::Done);
    assert_eq!(bureau.comes_in(&said(2), "2027-06-01T10:00"), Fate::Waits);
    assert_eq!(last(&mut bureau).outcome, "refused");
}

#[test]
fn a_report_about_somebody_else_bounces_nothing() {
    let mut bureau = bureau();
    let report = bounce(&mut bureau, "failed", "head").replace("rfc822; fzk@example.test", "rfc822; li@private.test");
    assert_eq!(bureau.comes_in(&report, "2026-01-27T09:10"), Fate::Waits);
    assert_eq!(bureau.last_letter_to(LAW).state, LetterState::Sent);
}

#[test]
fn what_a_forger_writes_is_not_repeated_under_our_name() {
    let mut bureau = bureau();
    bureau.comes_in(&message(LAW, "请点击 http://evil.test/login", ""), "2026-01-27T10:00");
    bureau.send("2026-01-27T10:01");
    assert!(!bureau.text_of_the_letter_to(LAW).contains("evil"));
}

#[test]
fn a_token_of_another_section_counts_and_the_admin_is_told() {
    let mut bureau = bureau();
    let token = token(&mut bureau, LAW);
    let said = message(OFFICE, &format!("已办结\r\n\r\n-----转发邮件-----\r\n回复编号：{token}"), "");
    assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    assert_eq!((done(&mut bureau, "law").len(), done(&mut bureau, "report").len()), (1, 0), "for whom the token is");
    bureau.send("2026-01-27T10:01");
    assert!(bureau.text_of_the_letter_to("admin@example.test").contains(OFFICE));
}
