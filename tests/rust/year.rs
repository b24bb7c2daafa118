//! What is planned is what is said: years ticked day by day against the look ahead.
//!
//! (The look ahead itself is held against a reading of the rules that shares no code with it, by
//! `tests/run`.)

use std::collections::BTreeMap;

use duban::domain::{agenda::Step, occurrence::Occurrence};
use duban::{
    domain::{Date, agenda::Saying, retry::Outcome},
    service::course::plan::{PlannedLead, PlannedReminder, plan},
    store::Db,
};
use jiff::civil::date;

use crate::bureau::{Bureau, days};

type Said = BTreeMap<(Date, String), Vec<(String, String, Date, String)>>;

fn key(reminder: &PlannedReminder) -> (String, String, Date, String) {
    let lead = match &reminder.lead {
        PlannedLead::Before(lead) => lead.clone(),
        PlannedLead::Overdue(n) => Saying::Overdue(*n).to_string(),
        PlannedLead::None => "更正".into(),
    };
    (reminder.deadline.clone(), reminder.period.clone(), reminder.counted_from, lead)
}

fn planned(bureau: &mut Bureau, from: Date, to: Date) -> Said {
    let now = bureau.at_time(&format!("{from}T00:00"));
    let (office, deadlines) = (bureau.office.clone(), bureau.deadlines.clone());
    let letters =
        Db::in_memory().unwrap().read(|tx| Ok(plan(tx, &office, &deadlines, (from, to), &now))).unwrap().unwrap();
    let mut said = Said::new();
    for letter in letters {
        let entry = said.entry((letter.at.date(), letter.to)).or_default();
        entry.extend(letter.reminders.iter().map(key));
        entry.sort();
    }
    said
}

fn ticked(bureau: &mut Bureau, from: Date, to: Date) -> Said {
    bureau.load(&format!("{from}T00:00"));
    let mut said = Said::new();
    for day in days(from, to) {
        let now = format!("{day}T08:30");
        bureau.sweep(&now);
        let mut sent = Vec::new();
        bureau.round(&now, |letter, _| {
            if letter.notice.is_none() {
                sent.push((letter.id, letter.mailbox.clone()));
            }
            Some(Outcome::Accepted { reply: String::new() })
        });
        for (letter, mailbox) in sent {
            let rows = bureau.db.read(|tx| {
                let rows = tx.said_in(letter)?.into_iter();
                rows.map(|s| Ok((tx.occurrence_by_id(s.occurrence)?.unwrap().it, s.utterance.step))).collect()
            });
            let rows: Vec<_> = rows.unwrap();
            let entry = said.entry((day, mailbox)).or_default();
            let key = |(o, s): (Occurrence, Step)| (o.deadline, o.period, s.counted_from, s.saying.to_string());
            entry.extend(rows.into_iter().map(key));
            entry.sort();
            entry.dedup();
        }
    }
    said
}

fn agree(bureau: &mut Bureau, from: Date, to: Date) -> usize {
    let (planned, ticked) = (planned(bureau, from, to), ticked(bureau, from, to));
    for (key, ours) in &planned {
        assert_eq!(Some(ours), ticked.get(key), "planned for {key:?}");
    }
    for key in ticked.keys() {
        assert!(planned.contains_key(key), "said and not planned: {key:?}");
    }
    planned.len()
}

#[test]
#[ignore = "long: tests/run runs it, optimised"]
fn the_shipped_plan_through_two_years() {
    let letters = agree(&mut Bureau::shipped(), date(2025, 1, 1), date(2026, 12, 31));
    assert!(letters > 3000, "{letters}");
}
