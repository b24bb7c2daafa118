//! What is kept, for how long, and how large a bureau's database becomes.

use std::fmt::Write as _;

use duban::{
    clock::Moment,
    domain::{Date, calendar::shift, occurrence::State, retry::Outcome},
    service::{
        desk::report::{self, Report},
        house::tidy::{size, tidy},
    },
    store::{Db, LetterRow, LetterState, OccurrenceFilter, state},
};
use jiff::civil::date;

use crate::bureau::{Bureau, days};

/// A bureau: 15 sections, 40 deadlines as wordy as those of a plan, 1,000 letters a month.
fn bureau() -> Bureau {
    let mut text = String::new();
    for n in 0..15 {
        let _ = write!(
            text,
            "[[section]]\nname = \"第{n}业务管理科\"\nemail = [\"ke{n}@example.test\", \"kezhang{n}@example.test\"]\nleader = [\"ld{}@example.test\"]\n",
            n % 4
        );
    }
    for n in 0..40 {
        let due = match n % 8 {
            0..=4 => format!("每月{}日", 1 + n % 28),
            5 | 6 => format!("每季度末月{}日", 1 + n % 28),
            _ => format!("每年{}月{}日前", 1 + n % 12, 1 + n % 28),
        };
        let _ = write!(
            text,
            "[[deadline]]\nid = \"k{n}\"\nitem = {}\ntitle = \"报送{{period}}第{n}项重点领域政府信息主动公开情况和统计数据\"\ndue = \"{due}\"\n\
             sections = [\"第{}业务管理科\", \"第{}业务管理科\", \"第{}业务管理科\"]\ndone = \"each\"\n\
             basis = \"《政府信息公开工作要点》第{n}条、《市政务公开考核办法》附件二\"\nsteps = [\"收集本科室第{n}项数据\", \"核对口径，报分管领导审签\", \"在门户网站专栏发布并留存截图\"]\n",
            n + 1,
            n % 15,
            (n + 4) % 15,
            (n + 9) % 15
        );
    }
    let mut bureau = Bureau::with_mailbox(&text);
    let links = bureau.office.links.clone();
    bureau.load("2025-12-31T09:00");
    bureau.office.links = links;
    bureau
}

/// Lives as a bureau does: most reports come in time, a few late.
fn live(bureau: &mut Bureau, from: Date, to: Date) -> usize {
    let mut letters = 0;
    for day in days(from, to) {
        bureau.sweep(&format!("{day}T08:30"));
        let accept = |letter: &LetterRow| Outcome::Accepted {
            reply: format!("250 2.0.0 Ok: queued as 4bXk{:05}tz9sVn", letter.id),
        };
        letters += bureau.send_as(&format!("{day}T08:30"), accept).len();
        let now = bureau.at_time(&format!("{day}T16:00"));
        let open = bureau.db.read(|tx| tx.occurrences_lately(None, shift(day, -60))).unwrap();
        for due in open.into_values().flatten() {
            let (id, is_slow) = (due.deadline.clone(), due.id % 7 == 0);
            let on = shift(due.dates.finish_by, if is_slow { 6 } else { 0 });
            if on != day {
                continue;
            }
            report_all(bureau, &id, &due.period, &now);
        }
    }
    letters
}

fn report_all(bureau: &mut Bureau, id: &str, period: &str, now: &Moment) {
    let n: usize = id[1..].parse().unwrap();
    for section in [n % 15, (n + 4) % 15, (n + 9) % 15] {
        let report = Report {
            deadline: id.to_owned(),
            period: Some(period.to_owned()),
            for_lead: false,
            section: Some(format!("第{section}业务管理科")),
            by: "经办人张三".into(),
            note: "已在门户网站专栏发布".into(),
            evidence: format!("https://www.example.test/zwgk/{id}/{period}"),
        };
        report::done(&mut bureau.db, &bureau.office, &report, now).unwrap();
    }
}

/// After three years hardly anything is still open.
fn close_all(bureau: &mut Bureau, day: &str) {
    let now = bureau.at_time(&format!("{day}T17:00"));
    let open = OccurrenceFilter { deadline: None, state: Some(State::Open) };
    for due in bureau.db.read(|tx| tx.occurrences(open)).unwrap() {
        report_all(bureau, &due.deadline, &due.period, &now);
    }
}

/// Letters, and the bytes of pages in use, half-filled ones too: with all texts, and thinned. All that was open is closed.
fn lived_until(end: &str) -> (u64, u64, u64) {
    let mut bureau = bureau();
    let letters = live(&mut bureau, date(2026, 1, 1), end.parse().unwrap()) as u64;
    close_all(&mut bureau, end);
    let bytes = |db: &mut Db| db.read(|tx| tx.bytes()).unwrap();
    let whole = bytes(&mut bureau.db);
    bureau.db.write(|tx| tx.thin_letters(jiff::Timestamp::MAX, u32::MAX, jiff::Timestamp::MAX)).unwrap();
    (letters, whole, bytes(&mut bureau.db))
}

/// Ten years are 120,000 letters. Of the last three years (`keep_letters`) all is kept, of the seven before them heads and
/// outcomes, and all that people did. What a letter takes in either state is what three months add to a first month: it
/// is not like the others, since everything is opened at once. What that month takes is counted whole.
#[test]
#[ignore = "long: tests/run runs it, optimised"]
fn ten_years_of_a_bureau_are_bounded() {
    let (first, whole_first, thin_first) = lived_until("2026-02-01");
    let (all, whole_all, thin_all) = lived_until("2026-05-03");
    let letters = all - first;
    let (whole, head) = ((whole_all - whole_first) / letters, (thin_all - thin_first) / letters);
    let ten_years = thin_first + 36_000 * whole + 84_000 * head;
    println!("{letters} letters in three months: {whole} bytes each, {head} once they are thinned");
    println!("ten years of 1,000 a month, kept whole for three: {} MB", ten_years / 1_000_000);
    assert!(letters > 1_300, "{letters}: as busy as a bureau");
    assert!(ten_years < 100_000_000, "{ten_years} bytes");
}

#[test]
fn old_texts_go_and_the_letters_stay() {
    let mut bureau = bureau();
    live(&mut bureau, date(2026, 1, 1), date(2026, 1, 31));
    let open = OccurrenceFilter { deadline: None, state: Some(State::Open) };
    let late = bureau.db.read(|tx| tx.occurrences(open)).unwrap().into_iter().next().unwrap();
    let speaks_of_it = |bureau: &mut Bureau| {
        let rows = bureau.db.read(|tx| tx.audit_trail(Some(&late.deadline), 100_000)).unwrap();
        rows.iter().filter(|row| row.what == "sent" && row.period.as_deref() == Some(&late.period)).count()
    };
    let sent = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
    let text = bureau.db.read(|tx| tx.handed_over(sent[0].id)).unwrap().unwrap();
    assert!(
        text.starts_with(b"Message-ID: ") || String::from_utf8_lossy(&text).contains("Subject: "),
        "as it went out"
    );
    let kept = |bureau: &mut Bureau| {
        let texts = sent.iter().filter(|l| bureau.db.read(|tx| tx.handed_over(l.id)).unwrap().is_some());
        texts.count()
    };
    let day = |bureau: &mut Bureau, day: &str| {
        let now = bureau.at_time(&format!("{day}T09:00"));
        // A tick does a bounded share; the day's work ends by itself.
        for _ in 0..20 {
            tidy(&mut bureau.db, &bureau.office, &now).unwrap();
        }
        assert_eq!(bureau.db.read(|tx| tx.get(state::TIDIED)).unwrap(), Some(now.today()));
    };
    day(&mut bureau, "2026-02-01");
    assert_eq!(kept(&mut bureau), sent.len(), "three years have not passed");
    let history = |bureau: &mut Bureau, what: &str| {
        let mut rows = bureau.db.read(|tx| tx.audit_trail(None, 100_000)).unwrap();
        rows.retain(|row| row.what == what);
        rows
    };
    // What nobody has reported keeps its history, whole.
    let (said, reminders) = (speaks_of_it(&mut bureau), history(&mut bureau, "sent").len());
    day(&mut bureau, "2029-02-19");
    assert!(said > 0 && speaks_of_it(&mut bureau) == said && kept(&mut bureau) > 0);
    close_all(&mut bureau, "2029-02-19");
    let done = history(&mut bureau, "done").len();
    day(&mut bureau, "2029-02-20");
    assert_eq!(kept(&mut bureau), 0);
    // What people did stays line by line; of a closed occurrence one line says how it was reminded of.
    assert_eq!(history(&mut bureau, "done").len(), done);
    let summed: i64 = history(&mut bureau, "reminded").iter().map(|row| row.detail["times"].as_i64().unwrap()).sum();
    assert!(summed > 100 && summed <= i64::try_from(reminders).unwrap(), "{summed} of {reminders}");
    for letter in &sent {
        let now = bureau.db.read(|tx| tx.letter(letter.id)).unwrap().unwrap();
        assert!(now.state == LetterState::Sent && now.subject == letter.subject && now.reply == letter.reply);
    }
    let now = bureau.at_time("2029-02-20T09:00");
    assert!(bureau.db.broken_promises(now.at).unwrap().iter().all(|found| !found.what.contains("没有凭据")));
}

#[test]
fn how_fast_it_grows_is_worked_out_from_what_was_noted() {
    let mut bureau = bureau();
    let grows = |bureau: &mut Bureau, day: Date| bureau.db.read(|tx| size(tx, day)).unwrap();
    assert_eq!(grows(&mut bureau, date(2026, 1, 1)).1, None, "nothing was noted");
    let note = [(date(2025, 1, 1), 1_000), (date(2026, 1, 1), 1_000_000), (date(2026, 2, 1), 9)];
    bureau.db.write(|tx| tx.put(state::SIZES, &note.to_vec())).unwrap();
    let (bytes, _) = grows(&mut bureau, date(2026, 1, 10));
    let a_year = |then: i64, days: i64| Some((i64::try_from(bytes).unwrap() - then) * 365 / days);
    assert_eq!(grows(&mut bureau, date(2027, 1, 1)).1, a_year(1_000_000, 365), "the last twelve months");
    assert_eq!(grows(&mut bureau, date(2027, 2, 2)).1, a_year(9, 366));
    bureau.db.write(|tx| tx.put(state::SIZES, &vec![(date(2026, 1, 1), 1)])).unwrap();
    assert_eq!(grows(&mut bureau, date(2026, 1, 20)).1, None, "too short to tell");
}

#[test]
fn of_refused_mail_the_beginning_is_kept() {
    let mut bureau = bureau();
    live(&mut bureau, date(2026, 1, 1), date(2026, 1, 20));
    let long = "我要报告。".repeat(40_000);
    let answered = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap().pop().unwrap().message_id;
    // Without a sender it cannot be believed.
    let message = format!(
        "Message-ID: <1@c>\r\nIn-Reply-To: <{answered}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n已办结 {long}\r\n"
    );
    bureau.comes_in(&message, "2026-01-20T10:00");
    let kept = bureau.db.read(|tx| tx.incoming_list(false, 10)).unwrap();
    let refused: Vec<_> = kept.iter().filter(|m| m.outcome == "refused").collect();
    assert!(!refused.is_empty(), "{:?}", kept.iter().map(|m| &m.outcome).collect::<Vec<_>>());
    for message in refused {
        assert!(message.text.len() <= 8 * 1024 && message.text.ends_with("……"), "{}", message.text.len());
    }
}

/// Whatever was sent is in the history, though nothing is written down for it beside what was said.
#[test]
fn the_history_has_every_reminder_once() {
    let mut bureau = bureau();
    live(&mut bureau, date(2026, 1, 1), date(2026, 1, 20));
    let (history, said) = bureau
        .db
        .read(|tx| {
            let letters = tx.outbox(jiff::Timestamp::MIN)?;
            let mut said = Vec::new();
            for letter in &letters {
                said.extend(tx.said_in(letter.id)?.into_iter().map(|said| (letter.clone(), said)));
            }
            Ok((tx.audit_trail(None, 100_000)?, said))
        })
        .unwrap();
    let sent: Vec<_> = history.iter().filter(|row| row.what == "sent").collect();
    assert!(sent.len() > 300 && sent.len() == said.len(), "{} of {}", sent.len(), said.len());
    for (letter, said) in &said {
        let is_it = |row: &&&duban::store::AuditRow| {
            row.detail["letter"] == letter.id && row.detail["saying"] == said.utterance.step.saying.to_string()
        };
        let row = sent.iter().find(is_it).unwrap();
        assert_eq!((Some(row.at), row.detail["to"].as_str()), (letter.ended_at, Some(letter.mailbox.as_str())));
        assert_eq!((row.detail["reply"].as_str(), row.detail["behalf"].as_str()), (letter.reply.as_deref(), Some("")));
    }
    assert!(history.is_sorted_by_key(|row| row.at) && history.iter().any(|row| row.what == "done"));
    // The same by deadline, and the latest of all.
    let mut of = |deadline, most| bureau.db.read(|tx| tx.audit_trail(deadline, most)).unwrap();
    let k3 = of(Some("k3"), 1000);
    assert!(k3.iter().all(|row| row.deadline.as_deref() == Some("k3")));
    let all = history.iter().filter(|row| row.deadline.as_deref() == Some("k3"));
    assert_eq!(k3.len(), all.count());
    let last = of(None, 10);
    let ends = |rows: &[duban::store::AuditRow]| rows.iter().map(|row| row.at).collect::<Vec<_>>();
    assert_eq!(ends(&last), ends(&history[history.len() - 10..]));
}
