//! Who only helps (配合) hands in and hears no more; a word before the report changes nothing that is owed.

use duban::{
    domain::occurrence::State,
    service::desk::{
        report::{self, Report},
        request,
    },
    store::{NoteKind, OccurrenceFilter},
};

use crate::bureau::Bureau;

const OFFICE: &str = "bgs@example.test";
const LAW: &str = "fzk@example.test";
const ROADS: &str = "glk@example.test";
const LAW_LEADER: &str = "law-leader@example.test";

/// Due on Friday, 30 January 2026: the office leads, two sections help, each with a leader of its own.
fn bureau(more: &str) -> Bureau {
    let section = |name: &str, email: &str, leader: &str| {
        format!("[[section]]\nname = \"{name}\"\nemail = [\"{email}\"]\nleader = [\"{leader}\"]\n")
    };
    let roster = [
        section("办公室", OFFICE, "leader@example.test"),
        section("法制科", LAW, LAW_LEADER),
        section("公路科", ROADS, "roads-leader@example.test"),
    ];
    let deadline = format!(
        "[[deadline]]\nid = \"report\"\ntitle = \"发布年度报告\"\ndue = \"每年1月30日\"\n\
         sections = [\"办公室\", \"法制科\", \"公路科\"]\nlead = \"办公室\"\n{more}"
    );
    let mut bureau = Bureau::with_mailbox(&format!("{}{deadline}", roster.concat()));
    bureau.load("2026-01-01T09:00");
    bureau
}

fn tell(bureau: &mut Bureau, section: &str, kind: NoteKind, text: &str, now: &str) -> Result<bool, String> {
    let (deadline, section) = ("report".to_owned(), Some(section.to_owned()));
    let report = Report { deadline, section, by: "李四".into(), note: text.into(), ..Report::default() };
    let now = bureau.at_time(now);
    report::tell(&mut bureau.db, &bureau.office, &report, kind, &now)
        .map(|(_, is_new)| is_new)
        .map_err(|e| e.to_string())
}

fn to(sent: &[(String, String)]) -> Vec<&str> {
    let mut to: Vec<&str> = sent.iter().map(|(to, _)| to.as_str()).collect();
    to.sort_unstable();
    to
}

/// Comes in as an answer to the last letter to this mailbox.
fn reply(bureau: &mut Bureau, from: &str, words: &str, now: &str) {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let id = bureau.last_letter_to(from).message_id;
    let message = format!(
        "From: {from}\r\nTo: duban@example.test\r\nSubject: Re: x\r\nMessage-ID: <h{n}@client.test>\r\n\
         In-Reply-To: <{id}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    );
    bureau.comes_in(&message, now);
}

fn is_open(bureau: &mut Bureau) -> bool {
    let open = OccurrenceFilter { deadline: Some("report"), state: Some(State::Open) };
    !bureau.db.read(|tx| tx.occurrences(open)).unwrap().is_empty()
}

fn answer(bureau: &mut Bureau, to: &str, now: &str) -> String {
    bureau.send(now);
    bureau.last_letter_to(to).subject.unwrap_or_default()
}

#[test]
fn what_the_lead_is_late_with_is_not_held_against_who_helps() {
    let mut bureau = bureau("");
    assert_eq!(to(&bureau.tick("2026-01-27T08:30")), [OFFICE, LAW, ROADS], "ahead, all are reminded");
    assert_eq!(tell(&mut bureau, "法制科", NoteKind::HandedIn, "", "2026-01-28T10:00"), Ok(true));
    assert_eq!(tell(&mut bureau, "法制科", NoteKind::HandedIn, "", "2026-01-28T10:05"), Ok(false), "said once");
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), [OFFICE, ROADS], "who has handed in hears no more");
    let text = bureau.text_of_the_letter_to(OFFICE);
    assert!(text.contains("配合科室的材料已报1/2：法制科"), "{text}");
    assert_eq!(to(&bureau.tick("2026-01-30T08:30")), [OFFICE, ROADS]);
    assert_eq!(to(&bureau.tick("2026-02-02T08:30")), [OFFICE], "overdue is the lead's alone");
    assert_eq!(to(&bureau.tick("2026-02-04T08:30")), [OFFICE, "leader@example.test"], "and so is its leader");
}

#[test]
fn who_helps_may_have_a_day_of_its_own() {
    let mut bureau = bureau("help_by = \"提前5个工作日\"\nremind = [\"1个工作日\", \"当天\"]\n");
    // Five working days before the 30th: Friday, the 23rd.
    assert_eq!(to(&bureau.tick("2026-01-22T08:30")), [LAW, ROADS]);
    let sent = bureau.tick("2026-01-23T08:30");
    assert!(sent.iter().all(|(_, subject)| subject.contains("今天到期")), "{sent:?}");
    assert_eq!(tell(&mut bureau, "公路科", NoteKind::HandedIn, "", "2026-01-23T16:00"), Ok(true));
    let late = bureau.tick("2026-01-26T08:30");
    assert_eq!(to(&late), [LAW]);
    assert!(late[0].1.contains("材料已逾期1个工作日"), "{late:?}");
    let text = bureau.text_of_the_letter_to(LAW);
    assert!(text.contains("报材料的日子2026年1月23日（周五）已过，请立即报办公室"), "{text}");
    assert!(text.contains("本项由办公室办结，规定期限为2026年1月30日（周五）"), "{text}");
    // The third working day after its own day: its leader hears of its own part.
    assert_eq!(to(&bureau.tick("2026-01-28T08:30")), [LAW, LAW_LEADER]);
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), [OFFICE]);
}

#[test]
fn only_the_lead_reports_it() {
    let mut bureau = bureau("");
    bureau.tick("2026-01-27T08:30");
    let report =
        Report {
            deadline: "report".into(), section: Some("法制科".into()), by: "李四".into(), ..Report::default()
        };
    let now = bureau.at_time("2026-01-28T10:00");
    let refused = report::done(&mut bureau.db, &bureau.office, &report, &now).unwrap_err().to_string();
    assert!(refused.contains("法制科是配合科室") && refused.contains("--for-lead"), "{refused}");
    let reported = report::done(&mut bureau.db, &bureau.office, &Report { for_lead: true, ..report }, &now).unwrap();
    assert!(reported.is_closed);
    assert!(
        tell(&mut bureau, "公路科", NoteKind::HandedIn, "", "2026-01-28T11:00")
            .unwrap_err()
            .contains("没有未办结的期次")
    );
}

#[test]
fn by_reply() {
    let mut bureau = bureau("");
    bureau.tick("2026-01-27T08:30");
    reply(&mut bureau, LAW, "已办结", "2026-01-27T09:00");
    let asked = answer(&mut bureau, LAW, "2026-01-27T09:01");
    assert!(asked.contains("请再写一次") || asked.contains("没有登记") || asked.contains("没有看懂"), "{asked}");
    assert!(is_open(&mut bureau));
    for (from, words, said) in [
        (LAW, "材料已报办公室。", "材料已报"),
        (ROADS, "进展：初稿已送分管领导审阅", "进展已记下"),
        (OFFICE, "进展：材料收齐，正在汇总", "进展已记下"),
    ] {
        reply(&mut bureau, from, words, "2026-01-28T09:00");
        let subject = answer(&mut bureau, from, "2026-01-28T09:01");
        assert!(subject.contains(said), "{words}: {subject}");
        assert!(is_open(&mut bureau), "{words}");
    }
    reply(&mut bureau, OFFICE, "收到", "2026-01-28T09:30");
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), [OFFICE, ROADS], "only what was handed in ends reminders");
    let text = bureau.text_of_the_letter_to(ROADS);
    assert!(text.contains("（办公室）：材料收齐，正在汇总"), "{text}");
    // Taken back: it owes its part again.
    reply(&mut bureau, LAW, "撤回", "2026-01-29T10:00");
    assert_eq!(to(&bureau.tick("2026-01-30T08:30")), [OFFICE, LAW, ROADS]);
}

/// A letter with an item of its own, and one that the section helps with.
#[test]
fn a_reply_means_the_item_that_its_words_fit() {
    let own = "[[deadline]]\nid = \"law\"\ntitle = \"清理文件\"\ndue = \"每年1月30日\"\nsections = [\"法制科\"]\n";
    for (words, law, report) in [
        ("已办结", true, false),
        ("全部已办结", true, false),
        ("材料已报", false, true),
        ("①已办结，②材料已报", true, true),
        ("进展：在办", false, false),
    ] {
        let mut bureau = bureau(own);
        bureau.tick("2026-01-27T08:30");
        reply(&mut bureau, LAW, words, "2026-01-27T09:00");
        let open = |bureau: &mut Bureau, id: &str| {
            let open = OccurrenceFilter { deadline: Some(id), state: Some(State::Open) };
            bureau.db.read(|tx| tx.occurrences(open)).unwrap().pop()
        };
        let last = bureau.db.read(|tx| tx.incoming_list(true, 1)).unwrap().pop().map(|i| i.detail);
        assert_eq!(open(&mut bureau, "law").is_none(), law, "{words}: {last:?}");
        let helped = open(&mut bureau, "report").unwrap().id;
        let handed_in = bureau.db.read(|tx| tx.progress(helped)).unwrap().handed_in;
        assert_eq!(!handed_in.is_empty(), report, "{words}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut bureau = bureau("");
    bureau.tick("2026-01-27T08:30");
    for (section, kind, text, why) in [
        ("办公室", NoteKind::HandedIn, "", "不是配合科室"),
        ("财务科", NoteKind::Progress, "在办", "不是 report 的责任科室"),
        ("法制科", NoteKind::Progress, " ", "请写明进展"),
    ] {
        let refused = tell(&mut bureau, section, kind, text, "2026-01-28T10:00").unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

/// Three working days after the first letter, the weekly letter names who has not said a word.
#[test]
fn who_gives_no_sign_is_named_on_monday() {
    let mut bureau = bureau("remind = [\"7个工作日\"]\n");
    // The seventh working day before the 30th: Wednesday, the 21st.
    bureau.tick("2026-01-12T08:30");
    bureau.tick("2026-01-21T08:30");
    tell(&mut bureau, "办公室", NoteKind::Seen, "", "2026-01-22T10:00").unwrap();
    bureau.tick("2026-01-26T08:30");
    let text = bureau.text_of_the_letter_to("admin@example.test");
    assert!(text.contains("没有回音") && text.contains("（法制科、公路科）"), "{text}");
}

/// Confirms the one request that waits; gives what that does.
fn confirm(bureau: &mut Bureau, now: &str) -> String {
    let waiting = bureau.db.read(|tx| tx.open_requests()).unwrap();
    let [request] = waiting.as_slice() else { panic!("{waiting:?}") };
    let (id, now) = (request.id, bureau.at_time(now));
    request::decide(&mut bureau.db, &bureau.office, id, true, "管理员", "", &now).unwrap()
}

#[test]
fn what_does_not_concern_who_helps_still_concerns_the_lead() {
    let mut bureau = bureau("");
    bureau.tick("2026-01-27T08:30");
    reply(&mut bureau, LAW, "不适用，本科室没有这方面的数据", "2026-01-27T09:00");
    bureau.send("2026-01-27T09:01");
    let asked = bureau.text_of_the_letter_to("admin@example.test");
    assert!(asked.contains("不再提醒法制科（配合科室），牵头科室照常办理"), "{asked}");
    assert!(confirm(&mut bureau, "2026-01-27T10:00").contains("牵头科室照常办理"));
    assert!(is_open(&mut bureau), "the lead still owes it");
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), [OFFICE, ROADS]);
    assert_eq!(to(&bureau.tick("2026-01-30T08:30")), [OFFICE, ROADS]);
    assert_eq!(to(&bureau.tick("2026-02-02T08:30")), [OFFICE]);
}

#[test]
fn the_time_that_one_is_given_is_not_given_to_the_others() {
    let mut bureau = bureau("help_by = \"提前5个工作日\"\nremind = [\"1个工作日\", \"当天\"]\n");
    bureau.tick("2026-01-23T08:30");
    reply(&mut bureau, LAW, "不能按期，数据未到，预计2026年2月27日", "2026-01-23T09:00");
    assert!(confirm(&mut bureau, "2026-01-23T10:00").contains("不再催法制科，其他科室照常"));
    assert_eq!(to(&bureau.tick("2026-01-26T08:30")), [ROADS], "who was given time is not told that it is late");
    assert_eq!(to(&bureau.tick("2026-01-28T08:30")), [ROADS, "roads-leader@example.test"]);
    assert_eq!(to(&bureau.tick("2026-01-29T08:30")), [OFFICE]);
    assert_eq!(to(&bureau.tick("2026-01-30T08:30")), [OFFICE]);
}
