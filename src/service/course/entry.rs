//! An occurrence as letters, pages and calendars show it on a given day.

use crate::{
    clock::Moment,
    domain::{
        agenda::{Agenda, Step},
        deadline::{Done, Part},
        occurrence::{Light, Occurrence, State},
    },
    letter::{Entry, Noted},
    service::Office,
    store::{Note, NoteKind, Tx, state},
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
    /// The occurrence as of today for sections with this part, without an addressee and the key of its calendar entry.
    pub fn entry(&self, agenda: &Agenda, part: Part, step: &Step, now: &Moment) -> Entry {
        let (Agenda { house, deadline, occurrence, progress, .. }, today) = (agenda, now.today());
        let mut dates = occurrence.dates;
        dates.provisional |= self.calendar.is_provisional(today.year());
        let own = agenda.dates(part);
        let help_by = (part == Part::Helps && deadline.help_by.is_some()).then_some(own.due);
        let light = match Light::of(State::Open, &own, agenda.first_day(part), today) {
            // What the lead is late with is not held against who helps.
            Light::Red if part == Part::Helps && help_by.is_none() => Light::Yellow,
            light => light,
        };
        let names = house.section_names(deadline);
        let helpers = names.iter().filter(|name| deadline.part_of(name) == Part::Helps).map(|n| (*n).to_owned());
        let helpers: Vec<String> = helpers.collect();
        let missing = names.iter().filter(|n| !progress.has_reported(deadline, n)).map(|n| (*n).to_owned()).collect();
        Entry {
            number: 1,
            deadline: deadline.id.clone(),
            period: occurrence.period.clone(),
            item: deadline.item,
            title: deadline.title_for(&occurrence.period),
            dates,
            light,
            reason: step.reason(today, false),
            saying: step.saying,
            aim: own.aim(today),
            alarm: self.calendar.add_workdays(own.aim(today), -1),
            days_left: own.days_left(own.aim(today), today),
            workdays_left: own.workdays_left(&self.calendar, own.aim(today), today),
            to: Vec::new(),
            lead: deadline.lead.clone(),
            part,
            help_by,
            handed_in: helpers.iter().filter(|name| progress.has_reported(deadline, name)).cloned().collect(),
            helpers,
            progress: None,
            sections: deadline.sections.clone(),
            roll: deadline.due.roll_as_written().map(str::to_owned),
            missing: if deadline.done == Done::Each { missing } else { Vec::new() },
            reports: (deadline.times > 1 && deadline.done == Done::Any)
                .then_some((progress.reports.len() as u32, deadline.times)),
            steps: deadline.steps.clone(),
            basis: deadline.basis.clone(),
            bureau_default: deadline.bureau_default,
            nth: 1,
            next: agenda.next_day(part, today),
            escalates: agenda.reaches_leaders(part),
            told: None,
            taken_back: None,
            reports_for: Vec::new(),
            report_url: None,
            uid: String::new(),
            sequence: occurrence.revision,
        }
    }

    /// 进展: the last one that a section told.
    pub fn last_noted(&self, tx: &Tx, occurrence: i64) -> crate::store::Result<Option<Noted>> {
        let told = tx.notes(occurrence)?.into_iter().rfind(|note| note.kind == NoteKind::Progress);
        Ok(told.map(|Note { section, by, text, at, .. }| {
            let on = self.settings.timezone.to_datetime(at).date();
            Noted { on, section, by, text }
        }))
    }
}
