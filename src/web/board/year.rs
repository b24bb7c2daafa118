//! 全年一览: the year as a picture.

use askama::Template;

use super::{
    Frame, Viewer,
    line::{Counts, Line, lines},
    picture::{self, Layout},
};
use crate::{
    clock::Moment,
    service::{Office, Result},
    store::Tx,
};

#[derive(Template)]
#[template(path = "board/year.html")]
pub struct Year<'a> {
    pub frame: &'a Frame,
    pub year: i16,
    pub counts: Counts,
    pub wide: String,
    pub narrow: String,
    pub is_empty: bool,
}

pub fn gather(tx: &Tx, office: &Office, viewer: &Viewer, year: i16, now: &Moment) -> Result<Vec<Line>> {
    let (from, to) = picture::span(year);
    let mut found = lines(tx, office, viewer, from, to, now)?;
    found.retain(|l| l.finish_by.year() == year);
    Ok(found)
}

pub fn page<'a>(frame: &'a Frame, lines: &[Line], year: i16) -> Year<'a> {
    let rows = picture::rows(lines, year);
    let href = |line: &Line| frame.occurrence(&line.deadline, &line.period);
    Year {
        year,
        counts: Counts::of(lines),
        wide: picture::svg(&rows, year, frame.today, Layout::Wide, "wide", href),
        narrow: picture::svg(&rows, year, frame.today, Layout::Narrow, "narrow", href),
        is_empty: rows.is_empty(),
        frame,
    }
}
