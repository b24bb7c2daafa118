//! An occurrence as letters, pages and calendars show it on a given day.

use crate::{
    clock::Moment,
    domain::{
        agenda::{Agenda, Step},
        deadline::Done,
        hours::Behalf,
        occurrence::{Light, Occurrence, State},
    },
    letter::Entry,
    service::Office,
    store::{Tx, state},
};

/// UID and SEQUENCE of an occurrence's calendar entry; without an id it is yet to come.
pub fn calendar_key(tx: &Tx, id: Option<i64>, occurrence: &Occurrence) -> crate::store::Result<(String, u32)> {
    let (name, sequence) = match id {
        Some(id) => tx.known_as(id)?,
        None => (tx.will_be_known_as(occurrence)?, occurrence.revision),
    };
    Ok((format!("{name}.{}", tx.get(state::UID)?.unwrap_or_default()), sequence))
}

impl Office {
    /// The occurrence as of today, without an addressee and the key of its calendar entry.
    pub fn entry(&self, agenda: &Agenda, step: &Step, now: &Moment) -> Entry {
        let (Agenda { house, deadline, occurrence, progress, .. }, today) = (agenda, now.today());
        let mut dates = occurrence.dates;
        dates.provisional |= self.calendar.is_provisional(today.year());
        let names = house.section_names(deadline);
        let missing = names.iter().filter(|n| !progress.has_reported(deadline, n)).map(|n| (*n).to_owned()).collect();
        Entry {
            number: 1,
            deadline: deadline.id.clone(),
            period: occurrence.period.clone(),
            item: deadline.item,
            title: deadline.title_for(&occurrence.period),
            dates,
            light: Light::of(State::Open, &dates, agenda.first_day(), today),
            reason: step.reason(today, false),
            saying: step.saying,
            aim: dates.aim(today),
            alarm: self.calendar.add_workdays(dates.aim(today), -1),
            days_left: dates.days_left(dates.aim(today), today),
            workdays_left: dates.workdays_left(&self.calendar, dates.aim(today), today),
            to: Vec::new(),
            lead: deadline.lead.clone(),
            sections: deadline.sections.clone(),
            roll: deadline.due.roll_as_written().map(str::to_owned),
            missing: if deadline.done == Done::Each { missing } else { Vec::new() },
            reports: (deadline.times > 1 && deadline.done == Done::Any)
                .then_some((progress.reports.len() as u32, deadline.times)),
            steps: deadline.steps.clone(),
            basis: deadline.basis.clone(),
            bureau_default: deadline.bureau_default,
            nth: 1,
            next: agenda.next_day(today),
            escalates: house.readers(deadline, progress, true, None).iter().any(|r| r.behalf == Behalf::Leader),
            told: None,
            taken_back: None,
            reports_for: Vec::new(),
            report_url: None,
            uid: String::new(),
            sequence: occurrence.revision,
        }
    }
}
