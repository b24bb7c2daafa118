//! What an edit keeps: a rule reworded, a name changed, a deadline taken out and put back; and what it announces.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use duban::{
    config,
    domain::occurrence::State,
    service::{
        course::{
            diff::diff,
            plan::{PlannedLetter, plan},
            renamed::questions,
            start::{By, Started, start},
        },
        desk::{
            case,
            report::{self, Report},
        },
    },
    store::OccurrenceFilter,
};
use jiff::civil::date;
use proptest::prelude::*;

use crate::bureau::{Bureau, ROSTER};

/// A deadline of one section.
fn deadline(id: &str, due: &str) -> String {
    format!("[[deadline]]\nid = \"{id}\"\ntitle = \"{id} {{period}}\"\ndue = \"{due}\"\nsections = [\"办公室\"]\n")
}

fn bureau(plan: &str, on: &str) -> Bureau {
    let mut bureau = Bureau::new(&format!("{ROSTER}{plan}"));
    bureau.load(on);
    bureau
}

impl Bureau {
    fn done(&mut self, id: &str, period: &str, section: Option<&str>, on: &str) -> Result<(), String> {
        let now = self.at_time(on);
        let report = Report {
            deadline: id.into(),
            period: Some(period.into()),
            section: section.map(Into::into),
            by: "张三".into(),
            ..Report::default()
        };
        report::done(&mut self.db, &self.office, &report, &now).map(drop).map_err(|e| e.explain())
    }

    /// Every stored occurrence: its label, and where it stands.
    fn stored(&mut self, id: &str) -> Vec<(String, State)> {
        let filter = OccurrenceFilter { deadline: Some(id), state: None };
        let all = self.db.read(|tx| tx.occurrences(filter)).unwrap();
        all.into_iter().map(|o| (o.it.period, o.it.state)).collect()
    }

    /// Who is written to from one day to another, once a day.
    fn days(&mut self, from: &str, to: &str) -> Vec<String> {
        let days = crate::bureau::days(from.parse().unwrap(), to.parse().unwrap());
        days.flat_map(|day| self.tick(&format!("{day}T08:30"))).map(|(to, subject)| format!("{to} {subject}")).collect()
    }
}

#[test]
fn a_reworded_rule_keeps_what_was_done() {
    // (before, done period, after, what is stored then)
    for (before, period, after, stored) in [
        ("每年1月20日", "2026", "每年1月20日、7月20日", ["2026-H1 Done"].as_slice()),
        ("每年1月20日、7月20日", "2026-H1", "每年1月20日", &["2026 Done"]),
        ("每季度末月20日", "2026-Q1", "每月20日", &["2026-03 Done"]),
        ("每年1月20日", "2026", "2026年1月20日", &["2026-01-20 Done"]),
        ("每年1月20日", "2026", "RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=20", &["2026-01-20 Done"]),
        // Moved: the label is the same, the dates by which it was done stay.
        ("每年1月20日", "2026", "每年2月10日", &["2026 Done"]),
        ("每月最后一个工作日", "2026-01", "每月底前", &["2026-01 Done"]),
        // What was due on 5 February is January's now.
        ("每月5日", "2026-02", "次月5日前", &["2026-01 Done"]),
    ] {
        let mut bureau = bureau(&deadline("a", before), "2026-01-05T08:00");
        bureau.tick("2026-01-05T08:30");
        bureau.done("a", period, None, "2026-01-06T10:00").unwrap();
        bureau.edit(&format!("{ROSTER}{}", deadline("a", after)), "2026-01-07T09:00");
        let found: Vec<String> = bureau.stored("a").iter().map(|(label, state)| format!("{label} {state:?}")).collect();
        let done: Vec<&String> = found.iter().filter(|o| o.ends_with("Done")).collect();
        assert_eq!(done, stored.iter().collect::<Vec<_>>(), "{before} → {after}: {found:?}");
    }
}

#[test]
fn what_was_done_is_not_chased_under_another_label() {
    let mut bureau = bureau(&deadline("a", "每年1月20日"), "2025-12-01T08:00");
    bureau.days("2025-12-20", "2026-01-09");
    bureau.done("a", "2026", None, "2026-01-10T10:00").unwrap();
    bureau.edit(&format!("{ROSTER}{}", deadline("a", "每年1月20日、7月20日")), "2026-01-11T09:00");
    assert_eq!(bureau.days("2026-01-12", "2026-03-31"), Vec::<String>::new());
    let july = bureau.days("2026-06-01", "2026-07-20");
    assert!(!july.is_empty() && july.iter().all(|to| to.contains("2026-H2")), "{july:?}");
}

#[test]
fn labels_that_change_hands_do_not_collide() {
    let mut bureau = bureau(&deadline("a", "每月5日"), "2026-01-02T08:00");
    bureau.days("2026-01-02", "2026-04-03");
    let changes = bureau.edit(&format!("{ROSTER}{}", deadline("a", "次月5日前")), "2026-04-03T09:00");
    assert_eq!((changes.gone, changes.moved), (vec![], vec![]), "no date has changed");
    let labels: Vec<String> = bureau.stored("a").into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["2025-12", "2026-01", "2026-02", "2026-03"]);
    let back = bureau.edit(&format!("{ROSTER}{}", deadline("a", "每月5日")), "2026-04-03T10:00");
    assert_eq!((back.gone, back.back), (vec![], vec![]));
    let labels: Vec<String> = bureau.stored("a").into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["2026-01", "2026-02", "2026-03", "2026-04"]);
}

const CASE: &str =
    "[[deadline]]\nid = \"case\"\ntitle = \"答复申请\"\ndue = \"收到之日起20个工作日内\"\nsections = [\"办公室\"]\n";

#[test]
fn what_is_put_back_is_what_it_was() {
    let plan = format!("{ROSTER}{CASE}{}{}", deadline("a", "每年1月20日"), deadline("b", "每年6月20日"));
    let mut bureau = Bureau::new(&plan);
    bureau.load("2026-01-05T08:00");
    bureau.days("2026-01-05", "2026-01-22");
    let now = bureau.at_time("2026-01-05T10:00");
    case::open(&mut bureau.db, &bureau.office, "case", date(2026, 1, 5), "1号", "张三", &now).unwrap();
    for (day, back, without) in [
        ("2026-01-23T09:00", "2026-01-23T09:10", deadline("b", "每年6月20日")),
        (
            "2026-01-23T09:30",
            "2026-01-23T09:40",
            format!("{}off = true\n{CASE}off = true\n{}", deadline("a", "每年1月20日"), deadline("b", "每年6月20日")),
        ),
    ] {
        let went = bureau.edit(&format!("{ROSTER}{without}"), day);
        assert!(went.is_drastic(), "{went:?}");
        assert_eq!(went.gone, [("a".into(), "2026".into()), ("case".into(), "1号".into())]);
        let again = bureau.edit(&plan, back);
        assert_eq!(again.back, [("case".into(), "1号".into()), ("a".into(), "2026".into())]);
        assert!(again.moved.is_empty(), "{again:?}");
    }
    // Overdue since the 20th: the third working day goes to the leader, once, with nothing said again.
    let said = bureau.days("2026-01-23", "2026-01-23");
    assert_eq!(said.len(), 2, "{said:?}");
    bureau.done("case", "1号", None, "2026-01-24T10:00").unwrap();
    bureau.done("a", "2026", None, "2026-01-24T10:00").unwrap();
}

#[test]
fn a_renamed_id_keeps_all() {
    let mut bureau = bureau(&deadline("old", "每年1月20日"), "2026-01-05T08:00");
    bureau.days("2026-01-05", "2026-01-09");
    bureau.done("old", "2026", None, "2026-01-09T10:00").unwrap();
    let renamed = deadline("new", "每年1月20日") + "was = \"old\"\n";
    let changes = bureau.edit(&format!("{ROSTER}{renamed}"), "2026-01-10T09:00");
    assert_eq!(changes.renamed, [("old".to_owned(), "new".to_owned())]);
    assert_eq!((changes.withdrawn, changes.gone), (vec![], vec![]));
    assert_eq!(bureau.stored("new"), [("2026".to_owned(), State::Done)]);
    assert_eq!(bureau.days("2026-01-10", "2026-03-01"), Vec::<String>::new());
    let history = bureau.db.read(|tx| tx.audit_trail(Some("new"), 100)).unwrap();
    assert!(history.iter().any(|row| row.what == "done"), "{history:?}");
    // `was` may stay in the file.
    assert!(bureau.edit(&format!("{ROSTER}{renamed}"), "2026-03-02T09:00").is_empty());
}

#[test]
fn was_may_come_a_day_late() {
    let mut bureau = bureau(&deadline("old", "每年1月20日"), "2026-01-05T08:00");
    bureau.tick("2026-01-05T08:30");
    bureau.done("old", "2026", None, "2026-01-09T10:00").unwrap();
    bureau.edit(&format!("{ROSTER}{}", deadline("new", "每年1月20日")), "2026-01-12T08:00");
    assert_eq!(bureau.tick("2026-01-12T08:30").len(), 1, "to duban, it is another duty");
    bureau.edit(&format!("{ROSTER}{}was = \"old\"\n", deadline("new", "每年1月20日")), "2026-01-12T09:00");
    assert!(bureau.stored("new").contains(&("2026".to_owned(), State::Done)));
    assert_eq!(bureau.days("2026-01-13", "2026-03-01"), Vec::<String>::new());
}

#[test]
fn a_late_was_brings_part_of_the_reports_too() {
    let each =
        |id: &str| format!("{}done = \"each\"\n", deadline(id, "每年1月20日").replace("[\"办公室\"]", "[\"各科室\"]"));
    let mut bureau = bureau(&each("old"), "2026-01-05T08:00");
    bureau.tick("2026-01-05T08:30");
    bureau.done("old", "2026", Some("法制科"), "2026-01-09T10:00").unwrap();
    bureau.edit(&format!("{ROSTER}{}", each("new")), "2026-01-12T08:00");
    bureau.tick("2026-01-12T08:30");
    let now = bureau.at_time("2026-01-12T09:00");
    fs::write(bureau.folder.path().join("deadlines.toml"), format!("{ROSTER}{}was = \"old\"\n", each("new"))).unwrap();
    let (office, deadlines) = crate::bureau::load(&bureau.folder.path().join("duban.toml"));
    let said = bureau.db.write(|tx| Ok(diff(tx, &bureau.office, (&office, &deadlines), &now))).unwrap().unwrap();
    assert_eq!(said.changes.renamed.len(), 1, "{said:?}");
    bureau.edit(&format!("{ROSTER}{}was = \"old\"\n", each("new")), "2026-01-12T09:00");
    let heard = bureau.days("2026-01-13", "2026-01-20");
    assert!(!heard.is_empty() && heard.iter().all(|to| to.starts_with("bgs@")), "{heard:?}");
}

#[test]
fn a_new_mailbox_is_told_in_one_line() {
    let mut bureau = bureau(&deadline("a", "每年1月20日"), "2026-01-05T08:00");
    let now = bureau.at_time("2026-01-05T08:10");
    let roster = ROSTER.replace("bgs@example.test", "bgs2@example.test");
    fs::write(bureau.folder.path().join("deadlines.toml"), format!("{roster}{}", deadline("a", "每年1月20日")))
        .unwrap();
    let (office, deadlines) = crate::bureau::load(&bureau.folder.path().join("duban.toml"));
    let said = bureau.db.write(|tx| Ok(diff(tx, &bureau.office, (&office, &deadlines), &now))).unwrap().unwrap();
    assert_eq!(said.lines(10), ["办公室：bgs@example.test 改为 bgs2@example.test，影响 1 个事项"]);
    assert!(said.occurrences.is_empty() && !said.is_empty(), "{said:?}");
}

#[test]
fn a_renamed_section_keeps_its_report() {
    let each = format!("{}done = \"each\"\n", deadline("a", "每年1月20日").replace("[\"办公室\"]", "[\"各科室\"]"));
    let mut bureau = bureau(&each, "2026-01-05T08:00");
    bureau.tick("2026-01-05T08:30");
    bureau.done("a", "2026", Some("法制科"), "2026-01-09T10:00").unwrap();
    let renamed = ROSTER.replace("\"法制科\"", "\"法规科\"\nwas = \"法制科\"");
    bureau.edit(&format!("{renamed}{each}"), "2026-01-12T08:00");
    let heard = bureau.days("2026-01-13", "2026-01-20");
    assert!(!heard.is_empty() && heard.iter().all(|to| to.starts_with("bgs@")), "{heard:?}");
    bureau.done("a", "2026", Some("办公室"), "2026-01-20T10:00").unwrap();
    assert_eq!(bureau.stored("a"), [("2026".to_owned(), State::Done)]);
}

#[test]
fn a_name_that_vanishes_while_one_like_it_appears_is_asked_about() {
    let mut bureau = bureau(&deadline("old", "每年1月20日"), "2026-01-05T08:00");
    let mut asked = |text: &str| {
        fs::write(bureau.folder.path().join("deadlines.toml"), text).unwrap();
        let (office, deadlines) = crate::bureau::load(&bureau.folder.path().join("duban.toml"));
        bureau.db.read(|tx| questions(tx, &office, &deadlines, &[])).unwrap().join("\n")
    };
    let new = deadline("new", "每年1月20日").replace("new {period}", "old {period}");
    assert!(asked(&format!("{ROSTER}{new}")).contains("was = \"old\""));
    assert_eq!(asked(&format!("{ROSTER}{new}was = \"old\"\n")), "");
    assert_eq!(asked(&format!("{ROSTER}{}", deadline("other", "每年1月20日"))), "", "other words");
    let old = deadline("old", "每年1月20日");
    let renamed = ROSTER.replace("\"法制科\"", "\"法规科\"");
    assert!(asked(&format!("{renamed}{old}")).contains("was = \"法制科\""));
    assert_eq!(asked(&format!("{}{old}", renamed.replace("fzk@", "fgk@"))), "", "another mailbox");
}

#[test]
fn an_edit_during_a_downtime_takes_nothing_away() {
    // Off from before its first lead until after it was due; the text was edited meanwhile.
    let mut bureau = bureau(&deadline("a", "每年3月20日"), "2026-01-05T08:00");
    bureau.tick("2026-01-05T08:30");
    let edited = deadline("a", "每年3月20日").replace("a {period}", "{period} 的 a");
    bureau.edit(&format!("{ROSTER}{edited}"), "2026-03-24T09:00");
    let said = bureau.tick("2026-03-24T09:01");
    assert!(said.iter().any(|(to, subject)| to == "bgs@example.test" && subject.contains("逾期")), "{said:?}");
}

/// What is in the folder now, put in force as the service does.
fn reload(bureau: &mut Bureau, is_asked: bool, now: &str) -> Started {
    let before = bureau.office.clone();
    start_by(bureau, By::Reload { before: &before, is_asked }, now)
}

fn start_by(bureau: &mut Bureau, by: By, now: &str) -> Started {
    let path = bureau.folder.path().join("duban.toml");
    let loaded = config::load(&path, &BTreeMap::new()).map_err(|findings| findings.to_string());
    let (now, before) = (bureau.at_time(now), bureau.office.clone());
    let started = start(&mut bureau.db, loaded, &before.settings, &BTreeMap::new(), by, &now).unwrap();
    bureau.office = started.office.clone();
    started
}

#[test]
fn half_a_file_waits_and_is_told() {
    let all: String = (0..6).map(|n| deadline(&format!("d{n}"), "每年2月20日")).collect();
    let mut bureau = bureau(&all, "2026-01-21T08:00");
    bureau.tick("2026-01-21T08:30");
    let write = |bureau: &Bureau, plan: &str| {
        fs::write(bureau.folder.path().join("deadlines.toml"), format!("{ROSTER}{plan}")).unwrap();
    };
    let (one_less, half) = (
        &all[..all.find("[[deadline]]\nid = \"d5\"").unwrap()],
        &all[..all.find("[[deadline]]\nid = \"d3\"").unwrap()],
    );
    // A sixth is a decision, a half is not.
    write(&bureau, one_less);
    assert_eq!(reload(&mut bureau, false, "2026-01-21T09:00").refused, None);
    write(&bureau, half);
    let waits = reload(&mut bureau, false, "2026-01-21T10:00");
    assert_eq!(waits.waits_until, Some(bureau.at_time("2026-01-21T10:10").at));
    assert!(waits.refused.as_ref().unwrap().contains("撤销 2 期"));
    assert_eq!(bureau.db.read(|tx| tx.ids_in_force()).unwrap().len(), 5);
    // A restart waits on, and the admin is told once.
    let again = start_by(&mut bureau, By::Service, "2026-01-21T10:09");
    assert_eq!(again.waits_until, waits.waits_until);
    bureau.send("2026-01-21T10:09");
    let letters = bureau.db.read(|tx| tx.outbox(jiff::Timestamp::MIN)).unwrap();
    let told: Vec<&str> =
        letters.iter().filter_map(|l| l.subject.as_deref()).filter(|s| s.contains("会撤销")).collect();
    assert!(matches!(told[..], [only] if only.contains("新配置会撤销2期未办结的（共5期），10:10生效")), "{told:?}");
    assert_eq!(reload(&mut bureau, false, "2026-01-21T10:10").changes.gone.len(), 2);
    // All of it again, and away at once.
    write(&bureau, &all);
    assert_eq!(reload(&mut bureau, false, "2026-01-21T11:00").changes.back.len(), 3);
    write(&bureau, half);
    assert_eq!(reload(&mut bureau, true, "2026-01-21T12:00").changes.gone.len(), 3);
}

#[derive(Clone, Debug)]
struct Line {
    due: usize,
    sections: usize,
    is_off: bool,
    is_there: bool,
}

const DUES: [&str; 8] = [
    "每年1月20日",
    "每年1月20日、7月20日",
    "每月5日",
    "次月5日前",
    "每季度末月20日",
    "每月最后一个工作日",
    "每年至少2次",
    "2026年3月31日前",
];

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..DUES.len(), 0..3usize, prop::bool::weighted(0.2), prop::bool::weighted(0.8));
    prop::collection::vec(
        line.prop_map(|(due, sections, is_off, is_there)| Line { due, sections, is_off, is_there }),
        4,
    )
}

fn written(lines: &[Line]) -> String {
    let mut text = ROSTER.to_owned();
    for (n, line) in lines.iter().enumerate().filter(|(_, line)| line.is_there) {
        let sections = ["\"办公室\"", "\"法制科\"", "\"各科室\""][line.sections];
        text += &deadline(&format!("d{n}"), DUES[line.due]).replace("\"办公室\"", sections);
        text += &format!("off = {}\n", line.is_off);
    }
    text + &deadline("always", "每年12月31日")
}

type Said = BTreeSet<(String, String, String, String)>;

/// Who hears of what, when.
fn said(letters: &[PlannedLetter]) -> Said {
    let each = |letter: &PlannedLetter, r: &duban::service::course::plan::PlannedReminder| {
        (letter.to.clone(), letter.at.to_string(), r.deadline.clone(), r.period.clone())
    };
    letters.iter().flat_map(|letter| letter.reminders.iter().map(move |r| each(letter, r))).collect()
}

fn planned(bureau: &mut Bureau, now: &str) -> Said {
    let now = bureau.at_time(now);
    let days = (now.today(), now.today().saturating_add(jiff::Span::new().days(366)));
    let office = bureau.office.clone();
    let letters = bureau.db.read(|tx| Ok(plan(tx, &office, &tx.deadlines_in_force()?, days, &now))).unwrap().unwrap();
    said(&letters)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What `diff` announces is what the next load does, and what is planned then is what goes out.
    #[test]
    fn what_is_announced_is_what_happens(before in lines(), after in lines(), day in 5..27i8) {
        let mut bureau = Bureau::new(&written(&before));
        bureau.load("2026-01-04T08:00");
        let (noon, evening) = (format!("2026-02-{day:02}T12:00"), format!("2026-02-{day:02}T19:00"));
        for date in crate::bureau::days(date(2026, 1, 5), format!("2026-02-{day:02}").parse().unwrap()) {
            bureau.tick(&format!("{date}T08:30"));
        }
        let now = bureau.at_time(&noon);
        fs::write(bureau.folder.path().join("deadlines.toml"), written(&after)).unwrap();
        let (office, deadlines) = crate::bureau::load(&bureau.folder.path().join("duban.toml"));
        let old = planned(&mut bureau, &noon);
        let announced = bureau.db.write(|tx| Ok(diff(tx, &bureau.office, (&office, &deadlines), &now))).unwrap().unwrap();
        prop_assert_eq!(planned(&mut bureau, &noon), old.clone(), "looking changes nothing");
        let changes = bureau.edit(&written(&after), &noon);
        prop_assert_eq!(&announced.changes, &changes);
        let new = planned(&mut bureau, &noon);
        let touched: BTreeSet<(String, String)> =
            announced.occurrences.iter().map(|o| (o.deadline.clone(), o.period.clone())).collect();
        for (to, at, deadline, period) in old.symmetric_difference(&new) {
            prop_assert!(touched.contains(&(deadline.clone(), period.clone())), "{to} {at} {deadline} {period} came unannounced");
        }
        // What the plan says of the coming weeks goes out.
        let mut heard = Said::new();
        for date in crate::bureau::days(now.today(), now.today().saturating_add(jiff::Span::new().days(40))) {
            let at = if date == now.today() { noon.clone() } else { format!("{date}T08:30") };
            for (to, subject) in bureau.tick(&at) {
                heard.insert((to, date.to_string(), subject, String::new()));
            }
        }
        let (from, to) = (noon[..10].to_owned(), now.today().saturating_add(jiff::Span::new().days(40)).to_string());
        let letters = |all: &Said| -> BTreeSet<(String, String)> { all.iter().map(|(to, at, ..)| (to.clone(), at[..10].to_owned())).collect() };
        let mut meant = letters(&new);
        meant.retain(|(_, day)| *day >= from && *day <= to);
        prop_assert_eq!(letters(&heard), meant, "{}", evening);
    }
}
