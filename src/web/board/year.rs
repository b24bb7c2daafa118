//! 全年一览: the year as a chart, with a row for each deadline, a column for each month, a mark for each period.
//!
//! Marks differ in shape, colour and words. The chart is drawn twice: with names beside the rows for screens and paper,
//! and with names above the rows for telephones.

use std::collections::BTreeMap;

use askama::Template;
use jiff::civil::{Date, date};

use super::{
    Frame, Viewer,
    line::{Counts, Line, Status, lines},
};
use crate::{
    clock::Moment,
    letter::words,
    service::{Office, Result},
    store::Tx,
};

#[derive(Template)]
#[template(path = "board/year.html")]
pub struct Year<'a> {
    frame: &'a Frame,
    year: i16,
    counts: Counts,
    wide: Picture<'a>,
    narrow: Picture<'a>,
}

#[derive(Template)]
#[template(path = "board/year.svg")]
struct Picture<'a> {
    frame: &'a Frame,
    year: i16,
    /// The page holds two charts, whose ids must differ.
    id: &'static str,
    size: Size,
    rows: Vec<Row<'a>>,
}

/// A deadline with its occurrences in the year.
#[derive(Clone)]
struct Row<'a> {
    name: String,
    lines: Vec<&'a Line>,
}

/// Lengths in SVG user units.
struct Size {
    /// The x coordinate at which January begins.
    left: f64,
    month: f64,
    month_word: &'static str,
    /// The height of a row, and the distances from its top to the marks and to the baseline of its name.
    row: f64,
    marks: f64,
    name: f64,
    /// How many characters of a name fit.
    name_limit: usize,
    radius: f64,
}

const WIDE: Size = Size {
    left: 320.0,
    month: 60.0,
    month_word: "月",
    row: 24.0,
    marks: 12.0,
    name: 16.5,
    name_limit: 24,
    radius: 6.0,
};
const NARROW: Size =
    Size { left: 6.0, month: 32.0, month_word: "", row: 42.0, marks: 30.0, name: 16.0, name_limit: 29, radius: 5.5 };
/// The height of the legend and the month names.
const HEAD: f64 = 64.0;

pub fn gather(tx: &Tx, office: &Office, viewer: &Viewer, year: i16, now: &Moment) -> Result<Vec<Line>> {
    let mut found = lines(tx, office, viewer, date(year, 1, 1), date(year, 12, 31), now)?;
    found.retain(|l| l.finish_by.year() == year);
    Ok(found)
}

pub fn page<'a>(frame: &'a Frame, lines: &'a [Line], year: i16) -> Year<'a> {
    let rows = rows(lines);
    Year {
        frame,
        year,
        counts: Counts::of(lines),
        wide: Picture { frame, year, id: "wide", size: WIDE, rows: rows.clone() },
        narrow: Picture { frame, year, id: "narrow", size: NARROW, rows },
    }
}

/// The deadlines that have something to finish, in the plan's order.
fn rows(lines: &[Line]) -> Vec<Row<'_>> {
    let mut rows: BTreeMap<(u32, &str), Row> = BTreeMap::new();
    for line in lines {
        let item = line.item.map(|n| format!("{n} ")).unwrap_or_default();
        let new = || Row { name: format!("{item}{}", line.duty), lines: Vec::new() };
        rows.entry((line.item.unwrap_or(u32::MAX), &line.deadline)).or_insert_with(new).lines.push(line);
    }
    rows.into_values().collect()
}

impl Picture<'_> {
    fn width(&self) -> f64 {
        self.month_at(&12) + 10.0
    }

    fn height(&self) -> f64 {
        self.row_at(&self.rows.len()) + 8.0
    }

    fn legend_at(n: &usize) -> f64 {
        12.0 + 78.0 * *n as f64
    }

    fn month_at(&self, months: &u8) -> f64 {
        self.size.left + f64::from(*months) * self.size.month
    }

    fn row_at(&self, rows: &usize) -> f64 {
        HEAD + self.size.row * *rows as f64
    }

    fn name(&self, row: &Row) -> String {
        words::cap(&row.name, self.size.name_limit)
    }

    fn told(line: &Line) -> String {
        let (day, word) = (words::day(line.finish_by), line.status.word());
        format!("{}，请于{day}前办结，{word}（{}）", line.title, line.left)
    }

    fn x(&self, day: &Date) -> f64 {
        // A mark stays inside its month, even on the first and the last day.
        let within = f64::from(day.day() - 1) / f64::from(day.days_in_month() - 1);
        let Size { left, month, radius, .. } = self.size;
        left + f64::from(day.month() - 1) * month + radius + within * (month - 2.0 * radius)
    }

    /// A description of the chart for screen readers.
    fn description(&self) -> String {
        let all = || self.rows.iter().flat_map(|r| r.lines.iter().copied());
        let counts = Counts::of(all());
        let each: Vec<String> = counts.of_each().iter().map(|(s, n)| format!("{}{n}项", s.word())).collect();
        let overdue: Vec<&str> = all().filter(|l| l.status == Status::Overdue).map(|l| l.title.as_str()).collect();
        let overdue =
            if overdue.is_empty() { String::new() } else { format!("逾期的是：{}。", overdue.join("；")) };
        format!("{}个事项，共{}项次：{}。{overdue}", self.rows.len(), counts.total(), each.join("，"))
    }
}
