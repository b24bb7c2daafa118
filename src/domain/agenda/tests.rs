use jiff::civil::date;

use super::*;
use crate::domain::{
    deadline::{Mailbox, Part, Roster, Section},
    due::Due,
    hours::{Behalf, Hours},
    occurrence::{Light, State},
};

const BEFORE: &str = "30天 15天 7个工作日 3个工作日 1个工作日 当天";

fn mailbox(name: &str) -> Mailbox {
    format!("{name}@example.test").parse().unwrap()
}

fn roster() -> Roster {
    let section = |name: &str, email: &str| Section {
        was: None,
        name: name.into(),
        email: vec![mailbox(email)],
        leader: vec![mailbox(&format!("{email}-leader"))],
        in_all: true,
    };
    Roster { sections: vec![section("甲科", "a"), section("乙科", "b")] }
}

fn deadline(done: &str) -> Deadline {
    serde_json::from_value(serde_json::json!({
        "id": "d", "item": null, "title": "D", "due": Due::parse("每年3月10日前", None).unwrap(), "target": null, "sections": ["甲科", "乙科"],
        "lead": null, "basis": null, "steps": [], "remind": BEFORE.split(' ').collect::<Vec<_>>(),
        "overdue": [1, 3, 8], "escalate_to": null, "done": done, "times": 1, "since": null,
        "bureau_default": false, "off": false,
    }))
    .unwrap()
}

/// Due on Tuesday, 10 March 2026; no holidays are known, so that every weekday works.
fn occurrence(redo: Option<(&str, &str)>) -> Occurrence {
    let due = date(2026, 3, 10);
    let day = |text: &str| text.parse().unwrap();
    let redo = redo.map(|(since, by)| Redo { since: day(since), by: day(by) });
    Occurrence {
        deadline: "d".into(),
        period: "2026".into(),
        dates: Dates { due, ends: due, finish_by: due, target: None, provisional: false, redo, paused: None },
        next_due: None,
        revision: 0,
        state: State::Open,
        case: None,
        quiet_until: None,
    }
}

fn house<'a>(calendar: &'a Calendar, roster: &'a Roster) -> House<'a> {
    let at = |h, m| jiff::civil::time(h, m, 0, 0);
    House { calendar, roster, admins: &[], hours: Hours { send_at: at(8, 30), from: at(8, 30), to: at(18, 0) } }
}

#[test]
fn what_was_reopened_has_three_working_days() {
    let ahead = "02-06=30天 02-23=15天 02-27=7个工作日 03-05=3个工作日 03-09=1个工作日 03-10=当天";
    // When it was reopened (told, until), and every word that is said of it while it is open.
    let table = [
        ("as ever", None, "03-11=逾期1 03-13=逾期3 03-20=逾期8"),
        (
            "long before it is due: nothing changes",
            Some(("2026-02-10", "2026-02-13")),
            "03-11=逾期1 03-13=逾期3 03-20=逾期8",
        ),
        ("the three days end with its own", Some(("2026-03-05", "2026-03-10")), "03-11=逾期1 03-13=逾期3 03-20=逾期8"),
        (
            "the day before, whose word it takes",
            Some(("2026-03-09", "2026-03-12")),
            "03-12=当天 03-13=逾期1 03-17=逾期3 03-24=逾期8",
        ),
        ("on its last day", Some(("2026-03-10", "2026-03-13")), "03-13=当天 03-16=逾期1 03-18=逾期3 03-25=逾期8"),
        (
            "25 working days later",
            Some(("2026-04-14", "2026-04-17")),
            "04-14=撤回 04-17=当天 04-20=逾期1 04-22=逾期3 04-29=逾期8",
        ),
        (
            "a year later",
            Some(("2027-03-10", "2027-03-15")),
            "03-10=撤回 03-15=当天 03-16=逾期1 03-18=逾期3 03-25=逾期8",
        ),
    ];
    let (cal, roster, deadline, progress) = (Calendar::default(), roster(), deadline("any"), Progress::default());
    for (name, redo, overdue) in table {
        let occurrence = occurrence(redo);
        let agenda = Agenda {
            house: house(&cal, &roster),
            deadline: &deadline,
            occurrence: &occurrence,
            progress: &progress,
            said: &[],
        };
        let said: Vec<String> =
            agenda.steps(Part::Answers).iter().map(|s| format!("{}={}", s.on.strftime("%m-%d"), s.saying)).collect();
        // Reopened the day before or on the last day, it is said at once instead of that day's own lead.
        let ahead = match redo {
            Some(("2026-03-09", _)) => ahead.replace("03-09=1个工作日", "03-09=撤回"),
            Some(("2026-03-10", _)) => ahead.replace("03-10=当天", "03-10=撤回"),
            _ => ahead.to_owned(),
        };
        assert_eq!(said.join(" "), format!("{ahead} {overdue}"), "{name}");
        let Some((since, by)) = redo.map(|(since, by)| (since.parse().unwrap(), by.parse::<Date>().unwrap())) else {
            continue;
        };
        for today in [since, by] {
            assert_ne!(Light::of(State::Open, &occurrence.dates, None, today), Light::Red, "{name}: {today}");
            assert!(occurrence.dates.days_left(occurrence.dates.aim(today), today) >= 0, "{name}: {today}");
        }
        let after = cal.add_workdays(by.max(occurrence.dates.due), 1);
        assert_eq!(Light::of(State::Open, &occurrence.dates, None, after), Light::Red, "{name}");
    }
}

#[test]
fn what_was_reopened_is_said_beside_the_next_occurrence_too() {
    let (cal, roster, deadline, progress) = (Calendar::default(), roster(), deadline("any"), Progress::default());
    let occurrence = Occurrence { next_due: Some(date(2026, 4, 10)), ..occurrence(Some(("2026-04-14", "2026-04-17"))) };
    let agenda = Agenda {
        house: house(&cal, &roster),
        deadline: &deadline,
        occurrence: &occurrence,
        progress: &progress,
        said: &[],
    };
    let said = |day: i8| agenda.latest(Part::Answers, date(2026, 4, day)).map(|step| step.saying.to_string());
    assert_eq!(said(14).as_deref(), Some("撤回"));
    assert_eq!(said(17).as_deref(), Some("当天"));
    assert_eq!(said(20), None, "nothing overdue after the next one was due");
}

#[test]
fn a_section_whose_own_report_was_taken_back_has_three_working_days_for_itself() {
    let (cal, roster, deadline, occurrence) = (Calendar::default(), roster(), deadline("each"), occurrence(None));
    // 乙科 has not reported; the report of 甲科 was taken back on the 12th.
    let progress =
        Progress { reports: vec![], redo: vec![("甲科".into(), date(2026, 3, 17))], ..Progress::default() };
    let agenda = Agenda {
        house: house(&cal, &roster),
        deadline: &deadline,
        occurrence: &occurrence,
        progress: &progress,
        said: &[],
    };
    let heard = |day: i8| {
        let now = date(2026, 3, day).at(9, 0, 0, 0);
        let said = agenda.due(now).map(|u| (u.reader.mailbox.to_string(), u.reader.behalf == Behalf::Leader));
        said.map(|(mailbox, _)| mailbox.replace("@example.test", "")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(heard(10), "a b", "not overdue yet");
    assert_eq!(heard(13), "b b-leader");
    assert_eq!(heard(17), "b b-leader", "the same step, still owed");
    assert_eq!(heard(20), "a b a-leader b-leader");
}

#[test]
fn what_is_paused_is_not_spoken_of_and_never_late() {
    let (cal, roster, deadline, progress) = (Calendar::default(), roster(), deadline("any"), Progress::default());
    let usual = Occurrence { revision: 1, ..occurrence(None) };
    // Everybody heard another date, so that a correction is owed.
    let old = Dates { due: date(2026, 3, 6), ends: date(2026, 3, 6), finish_by: date(2026, 3, 6), ..usual.dates };
    let step = Step { on: date(2026, 3, 2), counted_from: old.due, saying: Saying::Before(Lead::Workdays(4)) };
    let reader = Reader { mailbox: mailbox("a"), behalf: Behalf::Section };
    let said = [Heard { utterance: Utterance { step, reader, dates: old }, has_gone: true }];
    let dates = Dates { paused: Some(date(2026, 3, 9)), ..usual.dates };
    let paused = Occurrence { dates, ..usual.clone() };
    let agenda = |occurrence| Agenda {
        house: house(&cal, &roster),
        deadline: &deadline,
        occurrence,
        progress: &progress,
        said: &said,
    };
    for today in date(2026, 3, 9).series(jiff::Span::new().days(1)).take(400) {
        let now = today.at(9, 0, 0, 0);
        assert!(agenda(&usual).due(now).count() > 0, "{today}: else the test shows nothing");
        assert_eq!(agenda(&paused).entries(now, now.date().at(23, 59, 0, 0)), [], "{today}");
        assert_eq!(
            (agenda(&paused).look_again(now), agenda(&paused).latest(Part::Answers, today)),
            (None, None),
            "{today}"
        );
        let light = Light::of(State::Open, &paused.dates, agenda(&paused).first_day(Part::Answers), today);
        assert_eq!((light, light.word(State::Open)), (Light::Grey, "暂停"), "{today}");
        // Of the 9th and the 10th, which are still to come once the clock goes on.
        assert_eq!(paused.dates.workdays_left(&cal, paused.dates.finish_by, today), 2, "{today}");
    }
    assert_eq!(Light::of(State::Done, &paused.dates, None, date(2027, 1, 1)), Light::Green, "what is done is done");
}
