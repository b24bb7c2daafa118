//! What letters put into people's calendars, and take out again.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::bureau::{Bureau, ROSTER};

const OFFICE: &str = "bgs@example.test";

fn bureau(due: &str) -> Bureau {
    let mut bureau = Bureau::with_mailbox(&plan("report", due));
    bureau.load("2026-01-01T09:00");
    bureau
}

fn plan(id: &str, due: &str) -> String {
    format!("{ROSTER}\n[[deadline]]\nid = \"{id}\"\ntitle = \"发布年度报告\"\n{due}\nsections = [\"办公室\"]\n")
}

/// The calendar of the latest letter to the office, unfolded.
fn calendar(bureau: &mut Bureau) -> String {
    let letter = bureau.last_letter_to(OFFICE);
    let bytes = bureau.db.read(|tx| tx.handed_over(letter.id)).unwrap().unwrap();
    let message = String::from_utf8(bytes).unwrap();
    let part = message.split("Content-Type: text/calendar").nth(1).unwrap_or_else(|| panic!("no calendar: {message}"));
    let (_, body) = part.split_once("\r\n\r\n").unwrap();
    let coded: String = body.lines().take_while(|line| !line.starts_with("--")).collect();
    String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap().replace("\r\n ", "")
}

fn value<'a>(calendar: &'a str, name: &str) -> &'a str {
    calendar.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_else(|| panic!("{calendar}"))
}

fn reply(bureau: &mut Bureau, words: &str, now: &str) {
    let letter = bureau.last_letter_to(OFFICE);
    let message = format!(
        "From: {OFFICE}\r\nSubject: Re: x\r\nMessage-ID: <{now}@client.test>\r\nIn-Reply-To: <{}>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n",
        letter.message_id
    );
    bureau.comes_in(&message, now);
    bureau.tick(now);
}

#[test]
fn it_rings_on_the_working_day_before() {
    // The statutory holiday lies between.
    let mut bureau = bureau("due = \"2026年10月8日前\"");
    bureau.tick("2026-09-30T08:30");
    let calendar = calendar(&mut bureau);
    assert_eq!(value(&calendar, "DTSTART;VALUE=DATE"), "20261008");
    assert_eq!(value(&calendar, "TRIGGER"), "-P7DT15H30M", "half past eight on 30 September");
    assert!(calendar.contains("\r\nORGANIZER;CN=\"政务公开提醒\":mailto:duban@example.test\r\n"), "{calendar}");
}

/// A reply closes it, and takes the entry back; taken back itself, the entry comes again.
#[test]
fn what_is_done_is_taken_out_again() {
    let mut bureau = bureau("due = \"每年1月30日\"");
    bureau.tick("2026-01-27T08:30");
    let first = calendar(&mut bureau);
    let sequence = |calendar: &str| value(calendar, "SEQUENCE").parse::<u32>().unwrap();
    reply(&mut bureau, "已办结", "2026-01-27T09:00");
    let cancelled = calendar(&mut bureau);
    assert_eq!((value(&first, "METHOD"), value(&cancelled, "METHOD")), ("PUBLISH", "CANCEL"));
    assert_eq!(value(&cancelled, "UID"), value(&first, "UID"));
    assert!(sequence(&cancelled) > sequence(&first) && cancelled.contains("STATUS:CANCELLED"), "{cancelled}");
    assert!(!cancelled.contains("VALARM"), "{cancelled}");
    reply(&mut bureau, "撤回", "2026-01-27T10:00");
    bureau.tick("2026-01-29T08:30");
    let again = calendar(&mut bureau);
    assert_eq!((value(&again, "METHOD"), value(&again, "UID")), ("PUBLISH", value(&first, "UID")));
    assert!(sequence(&again) > sequence(&cancelled), "{again}");
}

/// Neither another wording, by which it has another label, nor another id gives it a second entry.
#[test]
fn an_entry_keeps_its_name() {
    let mut bureau = bureau("due = \"每年1月30日\"");
    bureau.tick("2026-01-27T08:30");
    let first = calendar(&mut bureau);
    bureau.edit(&plan("report", "due = \"每年1月30日、7月10日前\""), "2026-01-27T09:00");
    bureau.tick("2026-01-29T08:30");
    let letter = bureau.last_letter_to(OFFICE);
    let reworded = calendar(&mut bureau);
    assert_eq!(value(&reworded, "UID"), value(&first, "UID"));
    bureau.edit(&plan("annual", "was = \"report\"\ndue = \"每年1月30日、7月10日前\""), "2026-01-29T09:00");
    bureau.tick("2026-01-30T08:30");
    assert_ne!(bureau.last_letter_to(OFFICE).id, letter.id);
    let renamed = calendar(&mut bureau);
    assert_eq!(value(&renamed, "UID"), value(&first, "UID"));
}
