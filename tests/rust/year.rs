//! What is planned is what is said: years ticked day by day against the look ahead.
//!
//! (The look ahead itself is held against a reading of the rules that shares no code with it, by
//! `tests/run`.)

use std::collections::BTreeMap;

use duban::{
    clock::Clock,
    domain::{Date, reminder::Saying, retry::Outcome},
    service::{
        deliver,
        plan::{PlannedLead, PlannedReminder, plan},
    },
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
        Db::in_memory().unwrap().read(|tx| Ok(plan(tx, &office, &deadlines, from, to, &now))).unwrap().unwrap();
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
        let clock = Clock::Fixed(now.parse().unwrap());
        bureau.sweep(&now);
        while let Some(claimed) = deliver::claim(&mut bureau.db, &bureau.office, clock).unwrap() {
            let letter = &claimed.letter;
            if letter.notice.is_none() {
                let rows = bureau.db.read(|tx| {
                    let rows = tx.said_in(letter.id)?.into_iter();
                    rows.map(|s| Ok((tx.occurrence_by_id(s.occurrence)?.unwrap(), s))).collect::<Result<Vec<_>, _>>()
                });
                let entry = said.entry((day, letter.mailbox.clone())).or_default();
                entry.extend(
                    rows.unwrap()
                        .into_iter()
                        .map(|(o, s)| (o.deadline, o.period, s.counted_from, s.saying.to_string())),
                );
                entry.sort();
                entry.dedup();
            }
            let outcome = Outcome::Accepted { reply: String::new() };
            deliver::settle(&mut bureau.db, &bureau.office, &claimed, &outcome, clock).unwrap();
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
fn the_shipped_plan_through_two_years() {
    let letters = agree(&mut Bureau::shipped(), date(2025, 1, 1), date(2026, 12, 31));
    assert!(letters > 3000, "{letters}");
}
