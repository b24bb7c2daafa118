//! The year as a picture (SVG): a row for each duty, a column for each month, a mark for each period.
//!
//! A mark is told by its shape, its colour and its words. Two shapes of the whole: names beside the
//! rows for screens and paper, names above the rows for telephones.

use std::fmt::Write;

use jiff::civil::{Date, date};

use super::line::{Counts, Line, Standing};
use crate::letter::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Wide,
    Narrow,
}

/// A duty with its periods in the year.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    pub name: String,
    pub lines: Vec<&'a Line>,
}

/// Lengths in the picture's own units.
struct Measure {
    /// Where January begins.
    left: f64,
    month: f64,
    /// What a row takes, and how far below its top the marks stand.
    row: f64,
    marks: f64,
    /// How far below a row's top its name's foot stands.
    name: f64,
    /// Characters of a name that fit.
    name_limit: usize,
    font: u32,
    radius: f64,
    /// What the legend and the months' names take.
    head: f64,
}

impl Layout {
    fn measure(self) -> Measure {
        match self {
            Self::Wide => Measure {
                left: 320.0,
                month: 60.0,
                row: 24.0,
                marks: 12.0,
                name: 16.5,
                name_limit: 24,
                font: 13,
                radius: 6.0,
                head: 64.0,
            },
            Self::Narrow => Measure {
                left: 6.0,
                month: 32.0,
                row: 42.0,
                marks: 30.0,
                name: 16.0,
                name_limit: 29,
                font: 13,
                radius: 5.5,
                head: 64.0,
            },
        }
    }
}

impl Measure {
    fn width(&self) -> f64 {
        self.left + 12.0 * self.month + 10.0
    }

    fn x(&self, day: Date) -> f64 {
        // A mark stays inside its month, the first day's and the last day's too.
        let within = f64::from(day.day() - 1) / f64::from(day.days_in_month() - 1);
        let room = self.month - 2.0 * self.radius;
        self.left + f64::from(day.month() - 1) * self.month + self.radius + within * room
    }
}

/// The duties that have something to finish in `year`, in the plan's order.
pub fn rows(lines: &[Line], year: i16) -> Vec<Row<'_>> {
    let mut rows: Vec<(&str, Row)> = Vec::new();
    for line in lines.iter().filter(|l| l.finish_by.year() == year) {
        match rows.iter_mut().find(|(id, _)| *id == line.deadline) {
            Some((_, row)) => row.lines.push(line),
            None => {
                let item = line.item.map(|n| format!("{n} ")).unwrap_or_default();
                rows.push((&line.deadline, Row { name: format!("{item}{}", line.duty), lines: vec![line] }));
            }
        }
    }
    rows.sort_by_key(|(id, row)| (row.lines.first().and_then(|l| l.item).unwrap_or(u32::MAX), *id));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// `href`: where a mark leads; `id` tells several pictures of one page apart.
pub fn svg(rows: &[Row], year: i16, today: Date, layout: Layout, id: &str, href: impl Fn(&Line) -> String) -> String {
    let m = layout.measure();
    let height = m.head + m.row * rows.len() as f64 + 8.0;
    let width = m.width();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"group\" \
         aria-labelledby=\"{id}-title {id}-desc\" font-size=\"{font}\" class=\"year\">\n\
         <title id=\"{id}-title\">{year}年一览</title>\n<desc id=\"{id}-desc\">{desc}</desc>\n",
        font = m.font,
        desc = escape(&description(rows)),
    );
    legend(&mut out);
    months(&mut out, &m, height);
    if today.year() == year {
        now(&mut out, &m, today, height);
    }
    for (n, row) in rows.iter().enumerate() {
        let top = m.head + m.row * n as f64;
        let _ =
            writeln!(out, "<line class=\"rule\" x1=\"0\" x2=\"{width}\" y1=\"{top}\" y2=\"{top}\" stroke=\"#ddd\"/>");
        let name = escape(&words::cap(&row.name, m.name_limit));
        let _ = writeln!(out, "<text class=\"name\" x=\"4\" y=\"{:.1}\">{name}</text>", top + m.name);
        for line in &row.lines {
            let link = escape(&href(line));
            let what = format!(
                "{}，请于{}前办结，{}（{}）",
                line.title,
                words::day(line.finish_by),
                line.standing.word(),
                line.left
            );
            let shape = shape(line.standing, m.x(line.finish_by), top + m.marks, m.radius);
            let _ = writeln!(out, "<a href=\"{link}\">{}{shape}</a>", title(&what));
        }
    }
    out + "</svg>\n"
}

/// What the picture shows, for who does not see it.
fn description(rows: &[Row]) -> String {
    let all = || rows.iter().flat_map(|r| r.lines.iter().copied());
    let counts = Counts::of(all());
    let each: Vec<String> = counts.of_each().iter().map(|(s, n)| format!("{}{n}项", s.word())).collect();
    let overdue: Vec<&str> = all().filter(|l| l.standing == Standing::Overdue).map(|l| l.title.as_str()).collect();
    let overdue = if overdue.is_empty() { String::new() } else { format!("逾期的是：{}。", overdue.join("；")) };
    format!("{}个事项，共{}项次：{}。{overdue}", rows.len(), counts.total(), each.join("，"))
}

fn legend(out: &mut String) {
    for (n, standing) in (0u8..).zip(Standing::ALL) {
        let x = 12.0 + f64::from(n) * 78.0;
        let _ = writeln!(
            out,
            "{}<text x=\"{:.1}\" y=\"20\">{}</text>",
            shape(standing, x, 15.5, 6.0),
            x + 11.0,
            standing.word()
        );
    }
}

fn months(out: &mut String, m: &Measure, height: f64) {
    for month in 0..12u8 {
        let x = m.left + f64::from(month) * m.month;
        let _ = writeln!(
            out,
            "<line class=\"rule\" x1=\"{x}\" x2=\"{x}\" y1=\"{:.1}\" y2=\"{height}\" stroke=\"#ddd\"/>\
             <text class=\"month\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}{}</text>",
            m.head - 18.0,
            x + m.month / 2.0,
            m.head - 6.0,
            month + 1,
            if m.month > 40.0 { "月" } else { "" },
        );
    }
}

fn now(out: &mut String, m: &Measure, today: Date, height: f64) {
    let x = m.x(today);
    let _ = writeln!(
        out,
        "<line class=\"now\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{height}\" stroke=\"#1f5fa8\" stroke-dasharray=\"4 3\"/>\
         <text class=\"now\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"#1f5fa8\">今天{}</text>",
        m.head - 24.0,
        x,
        m.head - 28.0,
        if today.month() > 11 { "end" } else { "middle" },
        words::short(today),
    );
}

/// A diamond, a triangle, a ring, a disc with a tick: told apart without their colours.
fn shape(standing: Standing, x: f64, y: f64, r: f64) -> String {
    let class = standing.class();
    match standing {
        Standing::Overdue => {
            let r = r * 1.25;
            format!(
                "<path class=\"m-{class}\" d=\"M{:.1} {y:.1}L{x:.1} {:.1}L{:.1} {y:.1}L{x:.1} {:.1}Z\" fill=\"#c62828\"/>",
                x - r,
                y - r,
                x + r,
                y + r
            )
        }
        Standing::Near => format!(
            "<path class=\"m-{class}\" d=\"M{x:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" fill=\"#f0b400\" stroke=\"#946200\"/>",
            y - r,
            x + r,
            y + r * 0.8,
            x - r,
            y + r * 0.8
        ),
        Standing::Normal => format!(
            "<circle class=\"m-{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"#fff\" stroke=\"#2e7d32\" stroke-width=\"1.6\"/>",
            r * 0.75
        ),
        Standing::Done => format!(
            "<circle class=\"m-{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"#5f6b76\"/>\
             <path class=\"m-tick\" d=\"M{:.1} {y:.1}L{:.1} {:.1}L{:.1} {:.1}\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.6\"/>",
            r * 0.95,
            x - r * 0.45,
            x - r * 0.1,
            y + r * 0.4,
            x + r * 0.5,
            y - r * 0.4
        ),
    }
}

fn title(text: &str) -> String {
    format!("<title>{}</title>", escape(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The first and last day of a year that can be asked for.
pub fn span(year: i16) -> (Date, Date) {
    (date(year, 1, 1), date(year, 12, 31))
}
