//! Who writes from outside the roster, with a number that he holds or under another's name: what he can cause, and what
//! he cannot.

use duban::{
    domain::retry::Outcome,
    service::desk::incoming::Fate,
    store::{LetterKind, LetterRow, LetterState},
};

use crate::bureau::{Bureau, ROSTER};

const LAW: &str = "fzk@example.test";
const ADMIN: &str = "admin@example.test";
const MALLORY: &str = "mallory@evil.test";

fn bureau() -> Bureau {
    let plan = format!(
        "{ROSTER}\n[[deadline]]\nid = \"law\"\ntitle = \"清理规范性文件\"\ndue = \"每年1月30日\"\nsections = [\"法制科\"]\n"
    );
    let mut bureau = Bureau::with_mailbox(&plan);
    bureau.load("2026-01-01T09:00");
    bureau.tick("2026-01-27T08:30");
    bureau
}

fn message(from: &str, words: &str, more: &str) -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!(
        "{more}From: {from}\r\nTo: duban@example.test\r\nSubject: Re: x\r\nMessage-ID: <{n}@outside.test>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    )
}

/// With the number of the section's latest letter.
fn forwarded(bureau: &mut Bureau, from: &str, words: &str) -> String {
    let letter = bureau.last_letter_to(LAW);
    let token = bureau.office.reply_token(letter.id, &letter.message_id).unwrap();
    message(from, &format!("{words}\r\n\r\n-----转发邮件-----\r\n回复编号：{token}"), "")
}

fn comes(bureau: &mut Bureau, from: &str, words: &str, now: &str) {
    let message = forwarded(bureau, from, words);
    bureau.comes_in(&message, now);
}

fn letters(bureau: &mut Bureau) -> Vec<LetterRow> {
    bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap()
}

fn done(bureau: &mut Bureau) -> usize {
    let read = |tx: &duban::store::Tx| tx.completions(tx.occurrence("law", "2026")?.unwrap().id);
    bureau.db.read(read).unwrap().len()
}

fn mailboxes(letters: &[LetterRow], kind: LetterKind) -> Vec<&str> {
    letters.iter().filter(|l| l.kind == kind).map(|l| l.mailbox.as_str()).collect()
}

/// One who holds a number sends it 300 times; and then under 300 names, a minute before the reminders go.
#[test]
fn a_number_is_no_cannon() {
    let mut bureau = bureau();
    for n in 0..300 {
        let said = forwarded(&mut bureau, MALLORY, &format!("看看 http://evil.test/{n} 第几号来着"));
        assert_eq!(bureau.comes_in(&said, "2026-01-28T10:00"), Fate::Waits);
    }
    bureau.tick("2026-01-28T10:01");
    let all = letters(&mut bureau);
    assert_eq!(mailboxes(&all, LetterKind::Answer), [MALLORY], "300 messages, one answer");
    let told = bureau.text_of_the_letter_to(ADMIN);
    assert!(told.contains("另有280封") && told.contains(MALLORY) && !told.contains("evil.test/"), "{told}");
    let before = all.len();
    for n in 0..300 {
        let said = forwarded(&mut bureau, &format!("who{n}@evil.test"), "第几号来着");
        bureau.comes_in(&said, "2026-01-29T08:29");
    }
    // The day's reminder, found after all of them.
    bureau.sweep("2026-01-29T08:30");
    let mut order = Vec::new();
    bureau.round("2026-01-29T08:30", |letter, _| {
        order.push((letter.mailbox.clone(), letter.kind));
        Some(Outcome::Accepted { reply: "250 ok".into() })
    });
    assert_eq!(order.first().map(|(to, kind)| (to.as_str(), *kind)), Some((LAW, LetterKind::Reminders)), "{order:?}");
    let answers = order.iter().filter(|(_, kind)| *kind == LetterKind::Answer).count();
    assert_eq!(answers, 19, "twenty a day in all");
    assert_eq!(letters(&mut bureau).len() - before, 20);
    // The admin hears of these in one letter, when a day has passed.
    bureau.tick("2026-01-29T10:02");
    let told = letters(&mut bureau).into_iter().filter(|l| l.mailbox == ADMIN && l.kind == LetterKind::Notice).count();
    assert_eq!(told, 2, "one a day");
}

#[test]
fn an_answer_outside_has_no_number_and_no_words_of_the_writer() {
    let mut bureau = bureau();
    bureau.office.settings.web = Some(duban::config::Web::new(([127, 0, 0, 1], 1).into(), "https://x.test"));
    let said = forwarded(&mut bureau, MALLORY, "第几号来着 请打开 evil.test");
    bureau.comes_in(&said, "2026-01-27T10:00");
    bureau.send("2026-01-27T10:01");
    let answer = bureau.text_of_the_letter_to(MALLORY);
    for word in ["DB", "evil.test", "https://"] {
        assert!(!answer.replace(MALLORY, "").contains(word), "{word}: {answer}");
    }
    assert!(answer.contains("请在原来那封督办邮件上回复"), "{answer}");
}

/// The section hears of what is recorded in its name, each time, and not whoever From names.
#[test]
fn what_is_recorded_is_confirmed_to_the_roster() {
    let mut bureau = bureau();
    let number = forwarded(&mut bureau, MALLORY, "WORDS");
    for n in 0..10 {
        let said = number.replace("WORDS", ["已办结", "撤回"][n % 2]).replace("@outside", &format!(".{n}@outside"));
        assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    }
    bureau.send("2026-01-27T10:01");
    let all = letters(&mut bureau);
    let answers = mailboxes(&all, LetterKind::Answer);
    assert_eq!(answers.iter().filter(|to| **to == LAW).count(), 10, "{answers:?}");
    assert_eq!(answers.iter().filter(|to| **to == MALLORY).count(), 1, "{answers:?}");
    assert_eq!(mailboxes(&all, LetterKind::Stranger), [ADMIN], "one letter of it to the admin");
    let told = bureau.text_of_the_letter_to(LAW);
    assert!(told.contains("不在科室名册里") && !told.contains("evil.test"), "{told}");
    // And may take it back by one word.
    let said = forwarded(&mut bureau, MALLORY, "已办结");
    bureau.comes_in(&said, "2026-01-27T11:00");
    assert_eq!(done(&mut bureau), 1);
    bureau.send("2026-01-27T11:01");
    let confirmed = bureau.last_letter_to(LAW);
    let back = message(LAW, "撤回", &format!("In-Reply-To: <{}>\r\n", confirmed.message_id));
    bureau.comes_in(&back, "2026-01-27T11:02");
    assert_eq!(done(&mut bureau), 0);
}

#[test]
fn a_confirmation_goes_to_the_mailbox_as_the_roster_writes_it() {
    let mut bureau = bureau();
    let letter = bureau.last_letter_to(LAW);
    let more = format!("In-Reply-To: <{}>\r\nReply-To: {MALLORY}\r\n", letter.message_id);
    bureau.comes_in(&message("FZK@EXAMPLE.TEST", "已办结", &more), "2026-01-27T10:00");
    let all = letters(&mut bureau);
    assert_eq!(mailboxes(&all, LetterKind::Answer), [LAW]);
}

#[test]
fn what_changes_nothing_is_not_confirmed_again() {
    let mut bureau = bureau();
    let letter = bureau.last_letter_to(LAW);
    for _ in 0..5 {
        let said = message(LAW, "已办结", &format!("In-Reply-To: <{}>\r\n", letter.message_id));
        assert_eq!(bureau.comes_in(&said, "2026-01-27T10:00"), Fate::Done);
    }
    let all = letters(&mut bureau);
    assert_eq!(mailboxes(&all, LetterKind::Answer), [LAW]);
}

/// A number that is answered again and again stays as old as the letter that it came with.
#[test]
fn a_number_inherits_its_expiry() {
    let mut bureau = bureau();
    let mut last = bureau.last_letter_to(LAW);
    for now in ["2026-12-01T10:00", "2027-02-20T10:00"] {
        bureau.comes_in(&message(LAW, "撤回", &format!("In-Reply-To: <{}>\r\n", last.message_id)), now);
        bureau.send(now);
        last = bureau.last_letter_to(LAW);
        assert!(last.answers().is_some());
    }
    let said = forwarded(&mut bureau, MALLORY, "已办结");
    assert_eq!(bureau.comes_in(&said, "2027-03-02T10:00"), Fate::Done, "400 days from the first letter");
    let said = said.replace("@outside", ".b@outside").replace("已办结", "撤回");
    assert_eq!(bureau.comes_in(&said, "2027-03-04T10:00"), Fate::Waits, "and no longer");
}

/// The attacker's own domain passes SPF; the bureau's stands in the local part.
#[test]
fn a_quoted_local_part_is_nobody() {
    let mut bureau = bureau();
    bureau.office.settings.mailbox.as_mut().unwrap().authserv_id = Some("mx.example.test".into());
    let letter = bureau.last_letter_to(LAW);
    for sender in ["\"x@example.test\"@evil.example", "\"x@example.test \"@evil.example", "x@example.test@evil.example"]
    {
        let more = format!(
            "Authentication-Results: mx.example.test; spf=pass smtp.mailfrom={sender}\r\nIn-Reply-To: <{}>\r\n",
            letter.message_id
        );
        assert_eq!(bureau.comes_in(&message(LAW, "已办结", &more), "2026-01-27T10:00"), Fate::Waits, "{sender}");
        assert_eq!(done(&mut bureau), 0, "{sender}");
    }
    let more = format!(
        "Authentication-Results: mx.example.test; spf=pass smtp.mailfrom={LAW}\r\nIn-Reply-To: <{}>\r\n",
        letter.message_id
    );
    assert_eq!(bureau.comes_in(&message(LAW, "已办结", &more), "2026-01-27T10:00"), Fate::Done);
}

#[test]
fn the_admin_is_told_what_it_means_that_nobody_vouches() {
    let mut bureau = bureau();
    for (authserv_id, told) in [(None, true), (Some("mx.example.test".to_owned()), false)] {
        bureau.office.settings.mailbox.as_mut().unwrap().authserv_id = authserv_id;
        let now = bureau.at_time("2026-01-27T10:00");
        let office = bureau.office.clone();
        bureau.db.write(|tx| office.tell_of_start(tx, &now)).unwrap();
        bureau.send("2026-01-27T10:01");
        let started = bureau.text_of_the_letter_to(ADMIN);
        assert_eq!(started.contains("没有设 authserv_id") && started.contains("撤回"), told, "{started}");
    }
}

/// All of a letter that anybody may know: its mailbox and its subject. No report acts by them, and no address of the
/// attacker's can be pressed in what the admin hears.
#[test]
fn a_forged_bounce_does_nothing() {
    let mut bureau = bureau();
    let letter = bureau.last_letter_to(LAW);
    let subject = letter.subject.clone().unwrap();
    let daemon = "Mail Delivery System <MAILER-DAEMON@evil.test>";
    let said = format!(
        "This is the mail system.\r\n\r\n<{LAW}>: host mx.evil.test said: 550 5.1.1 User unknown, see \
         http://evil.test/fix now\r\n\r\n主题：{subject}"
    );
    let forged = message(daemon, &said, "Return-Path: <>\r\n")
        .replace("Subject: Re: x", &format!("Subject: 系统退信：{subject}"));
    bureau.comes_in(&forged, "2026-01-27T09:10");
    bureau.tick("2026-01-27T09:20");
    let after = letters(&mut bureau);
    assert!(after.iter().any(|l| l.id == letter.id && l.state == LetterState::Sent), "{after:?}");
    let last = bureau.db.read(|tx| tx.incoming_list(false, 1)).unwrap().pop().unwrap();
    assert_eq!(last.outcome, "unmatched");

    // With the letter's own name it acts, and the words go on without the address.
    let real = message(daemon, &format!("{said}\r\nMessage-ID: <{}>", letter.message_id), "Return-Path: <>\r\n");
    bureau.comes_in(&real.replace("Subject: Re: x", "Subject: 系统退信"), "2026-01-27T09:30");
    let bounced = letters(&mut bureau).into_iter().find(|l| l.id == letter.id).unwrap();
    assert_eq!(bounced.state, LetterState::Bounced);
    bureau.tick("2026-01-27T09:40");
    let told = bureau.text_of_the_letter_to(ADMIN);
    assert!(told.contains("User unknown") && told.contains("〔网址略〕") && !told.contains("evil.test/"), "{told}");
}

/// What he writes goes to no section under the bureau's name, is recorded once, and can be taken back.
#[test]
fn words_from_outside_are_repeated_in_no_letter() {
    let mut bureau = bureau();
    for now in ["2026-01-28T10:00", "2026-01-28T10:05"] {
        comes(&mut bureau, MALLORY, "进展：请点 http://evil.test/pay 交费", now);
    }
    bureau.send("2026-01-28T10:06");
    let all = letters(&mut bureau);
    let confirmed = mailboxes(&all, LetterKind::Answer).into_iter().filter(|to| *to == LAW).count();
    assert_eq!(confirmed, 1, "the second says nothing new");
    let noted =
        |bureau: &mut Bureau| bureau.db.read(|tx| tx.notes(tx.occurrence("law", "2026")?.unwrap().id)).unwrap().len();
    assert_eq!(noted(&mut bureau), 1);
    bureau.tick("2026-01-29T08:30");
    let reminder = bureau.text_of_the_letter_to(LAW);
    assert!(reminder.contains("进度") && !reminder.contains("evil.test/") && !reminder.contains("交费"), "{reminder}");
    // The section takes it back in answer to the confirmation.
    let confirmation = all.iter().find(|l| l.kind == LetterKind::Answer && l.mailbox == LAW).unwrap();
    let answer = message(LAW, "撤回", &format!("In-Reply-To: <{}>\r\n", confirmation.message_id));
    bureau.comes_in(&answer, "2026-01-29T09:00");
    assert_eq!(noted(&mut bureau), 0);
    // A report that he takes back: the letters that follow do not have his reason.
    comes(&mut bureau, LAW, "已办结", "2026-01-29T09:10");
    comes(&mut bureau, MALLORY, "撤回，请先到 http://evil.test/pay 核对", "2026-01-30T09:20");
    assert_eq!(done(&mut bureau), 0);
    bureau.tick("2026-01-30T09:21");
    let again = bureau.text_of_the_letter_to(LAW);
    assert!(!again.contains("evil.test/") && !again.contains("核对"), "{again}");
}

/// One request a day from outside; the section's own are not used up by it.
#[test]
fn the_admin_is_asked_once_a_day_from_outside() {
    let mut bureau = bureau();
    for n in 0..6 {
        let words = ["不能按期，等数据 http://evil.test/pay ，预计2026年3月10日", "撤回"][n % 2];
        comes(&mut bureau, MALLORY, words, &format!("2026-01-28T10:{n:02}"));
        bureau.send(&format!("2026-01-28T10:{n:02}"));
    }
    let requests =
        |bureau: &mut Bureau| bureau.db.read(|tx| tx.requests_of(tx.occurrence("law", "2026")?.unwrap().id)).unwrap();
    let asked = requests(&mut bureau);
    assert!(asked.len() == 1 && !asked[0].reason.contains("evil.test/"), "{asked:?}");
    comes(&mut bureau, LAW, "不能按期，等数据，预计2026年3月10日", "2026-01-28T11:00");
    assert_eq!(requests(&mut bureau).len(), 2);
}

/// What revokes a section's links revokes the numbers in its letters.
#[test]
fn a_number_goes_with_the_links() {
    let mut bureau = bureau();
    let old = forwarded(&mut bureau, MALLORY, "已办结");
    let now = bureau.at_time("2026-01-28T09:00");
    let office = bureau.office.clone();
    bureau.db.write(|tx| office.revoke_links(tx, Some("法制科"), &now)).unwrap();
    bureau.comes_in(&old, "2026-01-28T10:00");
    assert_eq!(done(&mut bureau), 0, "it was revoked");
    bureau.tick("2026-01-29T08:30");
    comes(&mut bureau, MALLORY, "已办结", "2026-01-29T10:00");
    assert_eq!(done(&mut bureau), 1, "a number of a later letter stands");
}
