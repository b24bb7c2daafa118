//! An occurrence as a line of the board.

use jiff::civil::Date;

use super::Viewer;
use crate::{
    clock::Moment,
    domain::{
        calendar::shift,
        deadline::Done,
        occurrence::{Light, Occurrence, State},
    },
    letter::{Entry, when, words},
    service::{
        Office, Result,
        course::ahead::{Ahead, ahead},
    },
    store::Tx,
};

/// The status shown: one of three lights while open, or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Overdue,
    Near,
    Normal,
    /// The clock of a case stands.
    Paused,
    Done,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub deadline: String,
    pub period: String,
    pub item: Option<u32>,
    pub title: String,
    /// The period, if the title does not name it.
    pub aside: String,
    /// The title without its period, for the row in the chart of the year.
    pub duty: String,
    pub status: Status,
    /// `剩3个工作日`, or how it ended.
    pub left: String,
    /// The target while it lies ahead, then `finish_by`.
    pub aim: Date,
    pub is_target: bool,
    pub finish_by: Date,
    pub due: Date,
    pub sections: String,
    /// The names of all sections, `各科室` expanded.
    pub names: Vec<String>,
    /// Remarks on the dates: 局内默认, 暂定.
    pub marks: Vec<String>,
}

/// How many lines have each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub overdue: usize,
    pub near: usize,
    pub normal: usize,
    pub paused: usize,
    pub done: usize,
}

/// The occurrences that the viewer may see with `finish_by` in `from..=to`, and those still open from before, sorted by
/// `aim`.
pub fn lines(tx: &Tx, office: &Office, viewer: &Viewer, from: Date, to: Date, now: &Moment) -> Result<Vec<Line>> {
    let mut deadlines = tx.deadlines_in_force()?;
    deadlines.retain(|d| viewer.sees(office, d));
    // If `due` is a day off, `finish_by` is earlier, by up to a long holiday: so look further.
    let found = ahead(tx, office, &deadlines, (from, shift(to, 15)), now)?;
    let mut lines = Vec::new();
    for one in found.iter().filter(|o| o.occurrence.dates.finish_by <= to) {
        lines.push(line(tx, office, viewer, one, now)?);
    }
    lines.sort_by(|a, b| (a.aim, a.due, a.item, &a.deadline).cmp(&(b.aim, b.due, b.item, &b.deadline)));
    Ok(lines)
}

pub fn line(tx: &Tx, office: &Office, viewer: &Viewer, of: &Ahead, now: &Moment) -> Result<Line> {
    let entry = of.entry(office, viewer.part(of.deadline), now);
    let has_reported = viewer.section().is_some_and(|s| of.progress.has_reported(of.deadline, s));
    let status = match (of.occurrence.state, has_reported) {
        (State::Open, false) => Status::of(entry.light),
        _ => Status::Done,
    };
    let left = match (of.id, of.occurrence.state) {
        (Some(id), State::Done) => match tx.completions(id)?.last() {
            Some(report) => format!("{}办结", words::short(office.settings.timezone.to_datetime(report.at).date())),
            None => String::new(),
        },
        (_, State::Withdrawn) => "已撤销".to_owned(),
        _ if has_reported => "本科室已报".to_owned(),
        _ => when::left_short(&entry, now.today()),
    };
    let mut line = Line::new(office, of, &entry, status, left);
    if let Some(id) = of.id.filter(|_| line.is_open()) {
        let is_own = |section: &str| viewer.section().is_none_or(|own| own == section);
        let waits = tx.requests_of(id)?.iter().any(|r| r.decision.is_none() && is_own(&r.section));
        line.marks.extend(waits.then(|| "待答复".to_owned()));
        let quiet = of.occurrence.quiet_until.filter(|day| *day >= now.today());
        line.marks.extend(quiet.map(|day| format!("同意{}前办结", words::short(day))));
        let redo = of.occurrence.dates.redo_by().filter(|day| *day >= now.today());
        line.marks.extend(redo.map(|day| format!("撤回，{}前重新办结", words::short(day))));
    }
    Ok(line)
}

impl Line {
    fn new(office: &Office, of: &Ahead, entry: &Entry, status: Status, left: String) -> Self {
        let (deadline, Occurrence { period, dates, .. }) = (of.deadline, &of.occurrence);
        let named = |text: &str| text.contains("{quarter}") || text.contains("{month}") || text.contains("{period}");
        let is_named = period.len() <= 4 || named(&deadline.title);
        Self {
            deadline: entry.deadline.clone(),
            period: entry.period.clone(),
            item: entry.item,
            title: words::plain(&entry.title),
            aside: if is_named { String::new() } else { words::period(period) },
            duty: duty(&deadline.title_for(&dates.due.year().to_string())),
            status,
            left: with_progress(left, of, status, office),
            aim: entry.aim,
            is_target: when::is_target(entry),
            finish_by: entry.dates.finish_by,
            due: entry.dates.due,
            sections: words::list(&deadline.sections),
            names: office.section_names(deadline).into_iter().map(str::to_owned).collect(),
            marks: marks(entry),
        }
    }

    /// The month of `finish_by`.
    pub fn month(&self) -> (i16, i8) {
        (self.finish_by.year(), self.finish_by.month())
    }

    pub fn is_open(&self) -> bool {
        self.status != Status::Done
    }

    /// `1月30日 周五`
    pub fn finish_words(&self) -> String {
        words::spaced(self.aim, true)
    }

    /// `due`; empty if it is the same day as `aim`.
    pub fn due_words(&self) -> String {
        if self.due == self.aim { String::new() } else { words::spaced(self.due, false) }
    }
}

fn marks(entry: &Entry) -> Vec<String> {
    let own = entry.bureau_default.then_some("局内默认");
    let target = when::is_target(entry).then_some("局内目标");
    let provisional = entry.dates.provisional.then_some("暂定");
    target.into_iter().chain(own).chain(provisional).map(str::to_owned).collect()
}

/// Appends how many reports were given, where several are required.
fn with_progress(left: String, of: &Ahead, status: Status, office: &Office) -> String {
    let (deadline, progress) = (of.deadline, &of.progress);
    let so_far = match deadline.done {
        _ if status == Status::Done => return left,
        Done::Each => {
            let names = office.section_names(deadline);
            let reported = names.iter().filter(|n| progress.has_reported(deadline, n)).count();
            (names.len() > 1).then(|| format!("已报{reported}/{}个科室", names.len()))
        }
        Done::Any => (deadline.times > 1).then(|| format!("已报{}/{}次", progress.reports.len(), deadline.times)),
    };
    so_far.map_or(left.clone(), |so_far| format!("{left}，{so_far}"))
}

/// Replaces the variables in a title that depend on the period.
fn duty(title: &str) -> String {
    let plain = [
        ("第{quarter}季度", "各季度"),
        ("{quarter}季度", "各季度"),
        ("{half}半年", "每半年"),
        ("{month}月", "各月"),
        ("{period}", ""),
    ];
    words::plain(&plain.iter().fold(title.to_owned(), |title, (from, to)| title.replace(from, to)))
}

impl Status {
    pub const ALL: [Self; 5] = [Self::Overdue, Self::Near, Self::Normal, Self::Paused, Self::Done];

    fn of(light: Light) -> Self {
        match light {
            Light::Red => Self::Overdue,
            Light::Yellow => Self::Near,
            Light::Green => Self::Normal,
            Light::Grey => Self::Paused,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Overdue => Light::Red.word(State::Open),
            Self::Near => Light::Yellow.word(State::Open),
            Self::Normal => Light::Green.word(State::Open),
            Self::Paused => Light::Grey.word(State::Open),
            Self::Done => Light::Green.word(State::Done),
        }
    }

    /// The CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Overdue => "red",
            Self::Near => "yellow",
            Self::Normal => "green",
            Self::Paused => "paused",
            Self::Done => "done",
        }
    }
}

impl Counts {
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        lines.into_iter().fold(Self::default(), |mut counts, line| {
            match line.status {
                Status::Overdue => counts.overdue += 1,
                Status::Near => counts.near += 1,
                Status::Normal => counts.normal += 1,
                Status::Paused => counts.paused += 1,
                Status::Done => counts.done += 1,
            }
            counts
        })
    }

    /// Each status with its number; 暂停 only where there is some.
    pub fn of_each(&self) -> Vec<(Status, usize)> {
        let each = Status::ALL.map(|status| (status, self.get(status)));
        each.into_iter().filter(|(status, number)| *status != Status::Paused || *number > 0).collect()
    }

    fn get(&self, status: Status) -> usize {
        match status {
            Status::Overdue => self.overdue,
            Status::Near => self.near,
            Status::Normal => self.normal,
            Status::Paused => self.paused,
            Status::Done => self.done,
        }
    }

    pub fn total(&self) -> usize {
        self.overdue + self.near + self.normal + self.paused + self.done
    }
}
