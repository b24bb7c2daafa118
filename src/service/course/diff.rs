//! Which letters an edit adds, moves and cancels, before it is put in force.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    domain::{
        Date,
        calendar::shift,
        deadline::{Deadline, Mailbox, Roster},
    },
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
    /// Those of them that are only said if nothing is done until then: 逾期.
    pub ifs: Counts,
    /// Sections that are written to elsewhere. Reminders that only take the new address are no change.
    pub addresses: Vec<Readdressed>,
    /// The mailboxes that had been told a day that moves, and get a correction.
    #[serde(skip)]
    pub corrected: BTreeSet<String>,
    /// What deadlines are called, before and after.
    #[serde(skip)]
    wordings: HashMap<String, Deadline>,
}

/// A section, or its leader, whose mailboxes change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readdressed {
    pub section: String,
    pub was: Vec<String>,
    pub is: Vec<String>,
    /// How many deadlines write to them in the coming year.
    pub deadlines: usize,
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
    pub ifs: Counts,
}

const DAYS_AHEAD: i64 = 366;
const CORRECTION: &str = "更正";
const OVERDUE: &str = "逾期";
/// Periods of one deadline that are told one by one.
const PERIODS: usize = 3;

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
pub(super) struct Before {
    reminders: Reminders,
    roster: Roster,
    wordings: HashMap<String, Deadline>,
}

impl Before {
    pub fn look(tx: &Tx, office: &Office, now: &Moment) -> Result<Self> {
        let deadlines = tx.deadlines_in_force()?;
        let reminders = letters(tx, office, &deadlines, now)?;
        let wordings = deadlines.into_iter().map(|d| (d.id.clone(), d)).collect();
        Ok(Self { reminders, roster: office.roster.clone(), wordings })
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
        let before: Reminders =
            self.reminders.into_iter().map(|((id, period), said)| ((renamed(id), period), said)).collect();
        let (addresses, moved) = readdressed(&self.roster, &office.roster, &before, &after);
        let before = before.into_iter().map(|(of, (day, said))| (of, (day, at_new(said, &moved)))).collect();
        let mut wordings = self.wordings;
        wordings.extend(deadlines.iter().map(|d| (d.id.clone(), d.clone())));
        let compared = compared(&before, &after);
        Ok(Diff { changes, addresses, wordings, ..compared })
    }
}

fn letters(tx: &Tx, office: &Office, deadlines: &[Deadline], now: &Moment) -> Result<Reminders> {
    let (from, to) = (now.today(), shift(now.today(), DAYS_AHEAD));
    plan(tx, office, deadlines, (from, to), now).map(by_occurrence)
}

/// Mailboxes that take the place of others: a section's only one that goes, and its only one that comes.
type Moved = HashMap<String, String>;

fn readdressed(old: &Roster, new: &Roster, before: &Reminders, after: &Reminders) -> (Vec<Readdressed>, Moved) {
    let (mut found, mut moved) = (Vec::new(), Moved::new());
    for is in &new.sections {
        let name = is.was.as_ref().filter(|was| new.get(was).is_none() && old.get(was).is_some()).unwrap_or(&is.name);
        let Some(was) = old.get(name) else { continue };
        for (of, was, is) in [("", &was.email, &is.email), ("的分管领导", &was.leader, &is.leader)] {
            let without = |these: &[Mailbox], others: &[Mailbox]| -> Vec<String> {
                let others: Vec<String> = others.iter().map(Mailbox::key).collect();
                these.iter().filter(|m| !others.contains(&m.key())).map(ToString::to_string).collect()
            };
            let (gone, come) = (without(was, is), without(is, was));
            if gone.is_empty() && come.is_empty() {
                continue;
            }
            let hears = |said: &Reminders, mailboxes: &[String]| -> BTreeSet<String> {
                let to = |(_, told): &(Option<Date>, BTreeMap<(String, String), Date>)| {
                    told.keys().any(|(mailbox, _)| mailboxes.contains(mailbox))
                };
                said.iter().filter(|(_, told)| to(told)).map(|((id, _), _)| id.clone()).collect()
            };
            let deadlines = &hears(before, &gone) | &hears(after, &come);
            if let ([gone], [come]) = (&gone[..], &come[..]) {
                moved.insert(gone.clone(), come.clone());
            }
            let section = format!("{name}{of}");
            found.push(Readdressed { section, was: gone, is: come, deadlines: deadlines.len() });
        }
    }
    (found, moved)
}

fn at_new(said: BTreeMap<(String, String), Date>, moved: &Moved) -> BTreeMap<(String, String), Date> {
    let to = |mailbox: String| moved.get(&mailbox).cloned().unwrap_or(mailbox);
    said.into_iter().map(|((mailbox, lead), day)| ((to(mailbox), lead), day)).collect()
}

fn compared(before: &Reminders, after: &Reminders) -> Diff {
    let keys: BTreeSet<&(String, String)> = before.keys().chain(after.keys()).collect();
    let mut diff = Diff::default();
    for key in keys {
        let none = (None, BTreeMap::new());
        let ((was, old), (is, new)) = (before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
        let (mut all, mut ifs) = (Counts::default(), Counts::default());
        for what in old.keys().chain(new.keys().filter(|what| !old.contains_key(*what))) {
            let one = Counts::of(old.get(what), new.get(what));
            all.add(one);
            if what.1.starts_with(OVERDUE) {
                ifs.add(one);
            }
        }
        let corrected = new.keys().filter(|what| what.1.starts_with(CORRECTION) && !old.contains_key(*what));
        diff.corrected.extend(corrected.map(|(mailbox, _)| mailbox.clone()));
        if all != Counts::default() {
            diff.reminders.add(all);
            diff.ifs.add(ifs);
            let (deadline, period) = key.clone();
            diff.occurrences.push(Changed { deadline, period, finish_by: (*was, *is), reminders: all, ifs });
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
                PlannedLead::Overdue(n) => format!("{OVERDUE}{n}"),
                PlannedLead::None => CORRECTION.into(),
            };
            // The same lead from the target and from `finish_by` are two reminders.
            let is_from_target = Some(reminder.counted_from) == reminder.target;
            let what = if is_from_target { format!("{lead}*") } else { lead };
            let entry = found.entry((reminder.deadline, reminder.period)).or_default();
            entry.0 = Some(reminder.finish_by);
            entry.1.insert((letter.to.clone(), what), letter.at.date());
        }
    }
    found
}

impl Counts {
    /// Of one reminder, by the days that it goes out.
    fn of(old: Option<&Date>, new: Option<&Date>) -> Self {
        let one = |is: bool| usize::from(is);
        Self {
            added: one(old.is_none() && new.is_some()),
            moved: one(old.is_some() && new.is_some() && old != new),
            cancelled: one(old.is_some() && new.is_none()),
        }
    }

    fn add(&mut self, other: Self) {
        self.added += other.added;
        self.moved += other.moved;
        self.cancelled += other.cancelled;
    }

    fn without(self, other: Self) -> Self {
        Self {
            added: self.added - other.added,
            moved: self.moved - other.moved,
            cancelled: self.cancelled - other.cancelled,
        }
    }

    /// `增加 4 条，取消 2 条`; empty if there are none.
    pub fn words(self) -> String {
        let counts = [(self.added, "增加"), (self.moved, "改期"), (self.cancelled, "取消")];
        let counts: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what} {n} 条")).collect();
        counts.join("，")
    }
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        self.occurrences.is_empty() && self.addresses.is_empty() && self.changes.is_empty()
    }

    /// What will be sent, and what only if nothing is done.
    pub fn total(&self) -> (Counts, Counts) {
        (self.reminders.without(self.ifs), self.ifs)
    }

    /// In Chinese: first what concerns many, then each deadline, and one line that counts the rest.
    pub fn lines(&self, limit: usize) -> Vec<String> {
        let Changes { renamed, gone, back, .. } = &self.changes;
        let title = |id: &str| self.wordings.get(id).map_or(id, |d| d.title.as_str()).to_owned();
        let mut lines: Vec<String> = self.addresses.iter().map(Readdressed::line).collect();
        lines.extend(renamed.iter().map(|(was, id)| format!("{}：编号 {was} 改为 {id}，记录都保留", title(id))));
        lines.extend((!gone.is_empty()).then(|| format!("撤销 {} 期未办结的：{}", gone.len(), self.names(gone))));
        lines.extend((!back.is_empty()).then(|| format!("恢复 {} 期：{}", back.len(), self.names(back))));
        let mut told: Vec<String> = Vec::new();
        for of_one in self.occurrences.chunk_by(|a, b| a.deadline == b.deadline) {
            let shown = if of_one.len() > PERIODS + 1 { PERIODS } else { of_one.len() };
            told.extend(
                of_one[..shown].iter().map(|o| format!("{}：{}", self.name(&o.deadline, &o.period), o.words())),
            );
            let (mut all, mut ifs) = (Counts::default(), Counts::default());
            for rest in &of_one[shown..] {
                all.add(rest.reminders);
                ifs.add(rest.ifs);
            }
            let more = of_one.len() - shown;
            let name = || self.name(&of_one[0].deadline, &format!("另 {more} 期"));
            told.extend((more > 0).then(|| format!("{}：{}", name(), counted(all, ifs))));
        }
        let more = told.len().saturating_sub(limit);
        told.truncate(limit);
        lines.extend(told);
        lines.extend((more > 0).then(|| format!("另有 {more} 行，用 duban diff 查看")));
        lines
    }

    /// `发布2026年度报告（办公室，2027）`
    fn name(&self, id: &str, period: &str) -> String {
        match self.wordings.get(id) {
            Some(deadline) => format!("{}（{}，{period}）", deadline.title_for(period), deadline.sections.join("、")),
            None => format!("{id}（{period}）"),
        }
    }

    /// The first few by name.
    fn names(&self, all: &[Named]) -> String {
        const FEW: usize = 10;
        let mut names: Vec<String> = all.iter().take(FEW).map(|(id, period)| self.name(id, period)).collect();
        names.extend((all.len() > FEW).then(|| "等".to_owned()));
        names.join("、")
    }
}

impl Readdressed {
    fn line(&self) -> String {
        let Self { section, was, is, deadlines } = self;
        let what = match (was.is_empty(), is.is_empty()) {
            (true, _) => format!("增加 {}", is.join("、")),
            (_, true) => format!("去掉 {}", was.join("、")),
            _ => format!("{} 改为 {}", was.join("、"), is.join("、")),
        };
        format!("{section}：{what}，影响 {deadlines} 个事项")
    }
}

/// `增加 4 条提醒；一直不办才发的逾期提醒增加 2 条`
fn counted(all: Counts, ifs: Counts) -> String {
    let sure = all.without(ifs);
    let sure = (sure != Counts::default()).then(|| format!("提醒{}", sure.words()));
    let ifs = (ifs != Counts::default()).then(|| format!("一直不办才发的逾期提醒{}", ifs.words()));
    [sure, ifs].into_iter().flatten().collect::<Vec<_>>().join("；")
}

impl Changed {
    fn words(&self) -> String {
        let dates = match self.finish_by {
            (Some(was), Some(is)) if was != is => format!("请于 {was} 改为 {is} 前办结，"),
            (None, Some(is)) => format!("新增，请于 {is} 前办结，"),
            (Some(was), None) => format!("撤销（原 {was}），"),
            _ => String::new(),
        };
        format!("{dates}{}", counted(self.reminders, self.ifs))
    }
}
