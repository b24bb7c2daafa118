//! 首页, and the page of one section: what is due, by month.

use askama::Template;
use jiff::civil::{Date, date};

use super::{
    Frame, Viewer,
    line::{Counts, Line, Status, lines},
    occurrence::Request,
};
use crate::{
    clock::Moment,
    domain::calendar::shift,
    letter::words,
    service::{Office, Result, course::sweep::missing_year},
    store::Tx,
};

#[derive(Template)]
#[template(path = "board/home.html")]
pub struct Home<'a> {
    pub frame: &'a Frame,
    pub heading: String,
    pub counts: Counts,
    pub overdue: Vec<&'a Line>,
    pub week: Vec<&'a Line>,
    pub paused: Vec<&'a Line>,
    pub months: Vec<Month<'a>>,
    /// For the admin: each section with its numbers of overdue and near occurrences.
    pub sections: Vec<SectionCounts>,
    /// For the admin: unanswered requests.
    pub asked: &'a [Asked],
    pub notes: Vec<String>,
    /// Whether the sections of each line are shown.
    pub names_sections: bool,
}

pub struct Month<'a> {
    pub label: String,
    pub is_unfolded: bool,
    pub counts: Counts,
    pub lines: Vec<&'a Line>,
}

/// An unanswered request.
pub struct Asked {
    pub id: i64,
    pub title: String,
    pub section: String,
    pub what: &'static str,
    pub reason: String,
    pub at: String,
}

pub struct SectionCounts {
    pub name: String,
    pub href: String,
    pub overdue: usize,
    pub near: usize,
}

/// The occurrences of this year and of the next three months, those still open from before, and for the admin the
/// unanswered requests.
pub struct Facts {
    pub lines: Vec<Line>,
    pub asked: Vec<Asked>,
}

pub fn gather(tx: &Tx, office: &Office, viewer: &Viewer, now: &Moment) -> Result<Facts> {
    let year = now.today().year();
    let lines = lines(tx, office, viewer, date(year, 1, 1), last_day(now.today()), now)?;
    let asked = if *viewer == Viewer::Admin { asked(tx, office)? } else { Vec::new() };
    Ok(Facts { lines, asked })
}

fn asked(tx: &Tx, office: &Office) -> Result<Vec<Asked>> {
    let mut asked = Vec::new();
    for row in tx.open_requests()? {
        let Some((occurrence, deadline)) = tx.with_deadline(row.occurrence)? else { continue };
        let title = words::plain(&deadline.title_for(&occurrence.period));
        let Request { id, what, section, reason, at, .. } = Request::new(office, row);
        asked.push(Asked { id, title, section, what, reason, at });
    }
    Ok(asked)
}

fn last_day(today: Date) -> Date {
    let in_three_months = shift(today, 92);
    date(today.year(), 12, 31).max(in_three_months.last_of_month())
}

/// With `section`, the admin looks at that section only.
pub fn page<'a>(frame: &'a Frame, office: &Office, facts: &'a Facts, section: Option<&str>) -> Home<'a> {
    let (today, all) = (frame.today, &facts.lines);
    let wanted: Vec<&Line> = all.iter().filter(|l| section.is_none_or(|s| l.names.iter().any(|n| n == s))).collect();
    let is_soon = |l: &&&Line| matches!(l.status, Status::Near | Status::Normal) && l.aim <= shift(today, 7);
    let of_year = |l: &&&Line| l.due.year() <= today.year();
    let narrowed = section.or(frame.viewer.section());
    Home {
        heading: narrowed.map_or("全局".to_owned(), str::to_owned),
        counts: Counts::of(wanted.iter().filter(of_year).copied()),
        overdue: wanted.iter().filter(|l| l.status == Status::Overdue).copied().collect(),
        paused: wanted.iter().filter(|l| l.status == Status::Paused).copied().collect(),
        week: wanted.iter().filter(is_soon).copied().collect(),
        months: months(&wanted, today),
        sections: if frame.is_admin() { sections(frame, office, all) } else { Vec::new() },
        asked: if section.is_none() { &facts.asked } else { &[] },
        notes: notes(office, today),
        names_sections: frame.is_admin(),
        frame,
    }
}

fn months<'a>(lines: &[&'a Line], today: Date) -> Vec<Month<'a>> {
    let mut keys: Vec<(i16, i8)> = lines.iter().map(|l| l.month()).collect();
    keys.sort_unstable();
    keys.dedup();
    let next = shift(today.last_of_month(), 1);
    let unfolded = [(today.year(), today.month()), (next.year(), next.month())];
    let month = |key: (i16, i8)| {
        let of_it: Vec<&Line> = lines.iter().filter(|l| l.month() == key).copied().collect();
        let year = if key.0 == today.year() { String::new() } else { format!("{}年", key.0) };
        Month {
            label: format!("{year}{}月", key.1),
            is_unfolded: unfolded.contains(&key),
            counts: Counts::of(of_it.iter().copied()),
            lines: of_it,
        }
    };
    keys.into_iter().map(month).collect()
}

fn sections(frame: &Frame, office: &Office, lines: &[Line]) -> Vec<SectionCounts> {
    let counts = |name: &String| {
        let counts = Counts::of(lines.iter().filter(|l| l.names.contains(name)));
        SectionCounts { name: name.clone(), href: frame.section(name), overdue: counts.overdue, near: counts.near }
    };
    office.roster.sections.iter().map(|s| counts(&s.name)).collect()
}

fn notes(office: &Office, today: Date) -> Vec<String> {
    let missing = missing_year(&office.calendar, today)
        .map(|year| format!("{year}年放假安排尚未录入，标“暂定”的日期按周一至周五暂算，录入后自动更正。"));
    missing.into_iter().collect()
}
