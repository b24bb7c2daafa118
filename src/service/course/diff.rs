//! Which letters an edit adds, moves and cancels, before it is put in force.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::service::{
    Office, Result,
    course::{
        load::{Changes, Named, load},
        plan::{PlannedLead, PlannedLetter, plan},
    },
};
use crate::{
    clock::Moment,
    domain::{Date, calendar::shift, deadline::Deadline},
    store::Tx,
};

/// What a changed configuration does to the letters of the coming year, by occurrence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// What the load will come to.
    #[serde(flatten)]
    pub changes: Changes,
    pub occurrences: Vec<Changed>,
    pub reminders: Counts,
    /// The mailboxes that had been told a day that moves, and get a correction.
    #[serde(skip)]
    pub corrected: BTreeSet<String>,
}

/// Reminders, counted over all mailboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub added: usize,
    pub moved: usize,
    pub cancelled: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub deadline: String,
    pub period: String,
    /// 请于…前办结, before and after; `None` where it has no reminder.
    pub finish_by: (Option<Date>, Option<Date>),
    #[serde(flatten)]
    pub reminders: Counts,
}

const DAYS_AHEAD: i64 = 366;
const CORRECTION: &str = "更正";

/// Most lines about changes in a letter.
pub(super) const LINES_TOLD: usize = 30;

/// (deadline, period) → its `finish_by`, and (mailbox, lead) → the day that the reminder goes out.
type Reminders = BTreeMap<(String, String), (Option<Date>, BTreeMap<(String, String), Date>)>;

/// What putting `new` in force does to the letters of the coming year. It is put in force, and that is undone: what is
/// announced is what the load does.
pub fn diff(tx: &Tx, old: &Office, new: (&Office, &[Deadline]), now: &Moment) -> Result<Diff> {
    let before = Before::look(tx, old, now)?;
    tx.rehearse(|| {
        let changes = load(tx, new.0, new.1, now)?;
        before.compare(tx, new, changes, now)
    })
}

/// The letters of the coming year by what is in force, before a load.
pub(super) struct Before(Reminders);

impl Before {
    pub fn look(tx: &Tx, office: &Office, now: &Moment) -> Result<Self> {
        letters(tx, office, &tx.deadlines_in_force()?, now).map(Self)
    }

    /// What the load has made of them.
    pub fn compare(
        self,
        tx: &Tx,
        (office, deadlines): (&Office, &[Deadline]),
        changes: Changes,
        now: &Moment,
    ) -> Result<Diff> {
        let after = letters(tx, office, deadlines, now)?;
        let renamed =
            |id: String| changes.renamed.iter().find(|(was, _)| *was == id).map_or(id, |(_, now)| now.clone());
        let before = self.0.into_iter().map(|((id, period), said)| ((renamed(id), period), said)).collect();
        let compared = compared(&before, &after);
        Ok(Diff { changes, ..compared })
    }
}

fn letters(tx: &Tx, office: &Office, deadlines: &[Deadline], now: &Moment) -> Result<Reminders> {
    let (from, to) = (now.today(), shift(now.today(), DAYS_AHEAD));
    plan(tx, office, deadlines, (from, to), now).map(by_occurrence)
}

fn compared(before: &Reminders, after: &Reminders) -> Diff {
    let keys: BTreeSet<&(String, String)> = before.keys().chain(after.keys()).collect();
    let mut diff = Diff::default();
    for key in keys {
        let none = (None, BTreeMap::new());
        let ((was, old), (is, new)) = (before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
        let moved = old.iter().filter(|(what, day)| new.get(*what).is_some_and(|d| d != *day)).count();
        let cancelled = old.keys().filter(|what| !new.contains_key(*what)).count();
        let added = new.keys().filter(|what| !old.contains_key(*what)).count();
        let corrected = new.keys().filter(|what| what.1.starts_with(CORRECTION) && !old.contains_key(*what));
        diff.corrected.extend(corrected.map(|(mailbox, _)| mailbox.clone()));
        if moved + cancelled + added > 0 {
            diff.reminders.added += added;
            diff.reminders.moved += moved;
            diff.reminders.cancelled += cancelled;
            let (deadline, period) = key.clone();
            let reminders = Counts { added, moved, cancelled };
            diff.occurrences.push(Changed { deadline, period, finish_by: (*was, *is), reminders });
        }
    }
    diff
}

fn by_occurrence(letters: Vec<PlannedLetter>) -> Reminders {
    let mut found = Reminders::new();
    for letter in letters {
        for reminder in letter.reminders {
            let lead = match reminder.lead {
                PlannedLead::Before(lead) => lead,
                PlannedLead::Overdue(n) => format!("逾期{n}"),
                PlannedLead::None => CORRECTION.into(),
            };
            // The same lead from the target and from `finish_by` are two reminders.
            let what = if reminder.counted_from == reminder.finish_by { lead } else { format!("{lead}*") };
            let entry = found.entry((reminder.deadline, reminder.period)).or_default();
            entry.0 = Some(reminder.finish_by);
            entry.1.insert((letter.to.clone(), what), letter.at.date());
        }
    }
    found
}

/// The first few by name.
fn names(all: &[Named]) -> String {
    const FEW: usize = 10;
    let mut names: Vec<String> = all.iter().take(FEW).map(|(id, period)| format!("{id} {period}")).collect();
    names.extend((all.len() > FEW).then(|| "等".to_owned()));
    names.join("、")
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        self.occurrences.is_empty() && self.changes.is_empty()
    }

    /// A line for each of the first `limit` occurrences, in Chinese, and one that counts the rest.
    pub fn lines(&self, limit: usize) -> Vec<String> {
        let Changes { renamed, gone, back, .. } = &self.changes;
        let mut lines: Vec<String> =
            renamed.iter().map(|(was, id)| format!("{was} 改编号为 {id}，记录都保留")).collect();
        lines.extend((!gone.is_empty()).then(|| format!("撤销 {} 期未办结的：{}", gone.len(), names(gone))));
        lines.extend((!back.is_empty()).then(|| format!("恢复 {} 期：{}", back.len(), names(back))));
        lines.extend(self.occurrences.iter().take(limit).map(Changed::line));
        let more = self.occurrences.len().saturating_sub(limit);
        lines.extend((more > 0).then(|| format!("另有 {more} 期，用 duban diff 查看")));
        lines
    }
}

impl Changed {
    fn line(&self) -> String {
        let dates = match self.finish_by {
            (Some(was), Some(is)) if was != is => format!("请于 {was} 改为 {is} 前办结，"),
            (None, Some(is)) => format!("新增，请于 {is} 前办结，"),
            (Some(was), None) => format!("撤销（原 {was}），"),
            _ => String::new(),
        };
        let Counts { added, moved, cancelled } = self.reminders;
        let counts = [(added, "增加"), (moved, "改期"), (cancelled, "取消")];
        let counts: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what} {n} 条提醒")).collect();
        format!("{} {}：{dates}{}", self.deadline, self.period, counts.join("，"))
    }
}
