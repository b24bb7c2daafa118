//! The dates as a calendar file (RFC 5545), one all-day event each.
//!
//! Written by hand: the `icalendar` crate stamps every component with the clock of the machine and
//! a random UID, alarms among them, and lets control characters through.

use jiff::{
    ToSpan, Zoned,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::{
    Entry, Letter,
    when::{self, Phase},
    words,
};
use crate::text::is_hidden;

/// Octets in a line, its CRLF not counted (RFC 5545, section 3.1).
const LINE_LIMIT: usize = 75;

/// `None` where no date lies ahead: what is overdue is not put into a calendar.
pub fn of(letter: &Letter) -> Option<String> {
    let today = letter.now.date();
    // A correction is included even then: the calendar still holds the old date.
    let belongs = |e: &&Entry| {
        !e.is_for_leader() && (matches!(when::phase(e, today), Phase::Ahead | Phase::Today) || e.told.is_some())
    };
    let entries: Vec<&Entry> = letter.entries.iter().filter(belongs).collect();
    if entries.is_empty() {
        return None;
    }
    let stamp = utc(&letter.now);
    let mut file = File::begun();
    for entry in entries {
        file.event(entry, today, &stamp);
    }
    file.raw("END:VCALENDAR");
    Some(file.0)
}

/// How often a calendar program should fetch a feed.
const REFRESH: &str = "PT6H";

/// A calendar to subscribe to: all the entries, as in the letters' attachments. `stamp` is when the entries last
/// changed, not now: an unchanged feed stays the same byte for byte.
pub fn feed<'a>(name: &str, entries: impl IntoIterator<Item = &'a Entry>, today: Date, stamp: &Zoned) -> String {
    let stamp = utc(stamp);
    let mut file = File::begun();
    file.text("NAME", name);
    file.text("X-WR-CALNAME", name);
    file.raw(&format!("REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"));
    file.raw(&format!("X-PUBLISHED-TTL:{REFRESH}"));
    for entry in entries {
        file.event(entry, today, &stamp);
    }
    file.raw("END:VCALENDAR");
    file.0
}

fn utc(at: &Zoned) -> String {
    at.with_time_zone(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[derive(Default)]
struct File(String);

impl File {
    fn begun() -> Self {
        let mut file = Self::default();
        file.raw("BEGIN:VCALENDAR");
        file.raw("VERSION:2.0");
        file.raw("PRODID:-//duban//duban//ZH");
        file.raw("CALSCALE:GREGORIAN");
        file.raw("METHOD:PUBLISH");
        file
    }

    fn event(&mut self, entry: &Entry, today: Date, stamp: &str) {
        let lead = entry.supports().map(|lead| format!("配合{}，", words::plain(lead))).unwrap_or_default();
        let title = format!("{lead}下班前办结：{}", words::plain(&entry.title));
        self.raw("BEGIN:VEVENT");
        self.text("UID", &entry.uid);
        self.raw(&format!("SEQUENCE:{}", entry.sequence));
        self.raw(&format!("DTSTAMP:{stamp}"));
        self.raw(&format!("DTSTART;VALUE=DATE:{}", basic(entry.aim)));
        // DTEND is not part of the event: an all-day event ends on the day after.
        self.raw(&format!("DTEND;VALUE=DATE:{}", basic(entry.aim.saturating_add(1.day()))));
        self.text("SUMMARY", &title);
        self.text("DESCRIPTION", &description(entry, today));
        self.raw("TRANSP:TRANSPARENT");
        self.raw("BEGIN:VALARM");
        self.raw("ACTION:DISPLAY");
        self.raw(&format!("TRIGGER:{}", half_past_eight_before(entry.aim)));
        self.text("DESCRIPTION", &format!("{}{title}", words::day(entry.aim)));
        self.raw("END:VALARM");
        self.raw("END:VEVENT");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{}", escape(value)));
    }

    /// A content line, folded between characters.
    fn raw(&mut self, line: &str) {
        let mut room = LINE_LIMIT;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = LINE_LIMIT - 1;
            }
            room -= c.len_utf8();
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}

fn description(entry: &Entry, today: Date) -> String {
    let mut lines = when::other_dates(entry, today);
    if entry.supports().is_none() {
        lines.extend((1..).zip(&entry.steps).map(|(n, step)| format!("{n}. {}", words::plain(step))));
    }
    lines.extend(entry.supports().map(|lead| format!("请将材料报{}（牵头）", words::plain(lead))));
    lines.extend(entry.report_url.as_ref().map(|url| format!("办结后登记：{}", words::plain(url))));
    lines.join("\n")
}

/// The alarm at 08:30 on the day before, counted from the midnight that begins the event; for a Monday, on the Friday.
fn half_past_eight_before(day: Date) -> &'static str {
    if day.weekday() == Weekday::Monday { "-P2DT15H30M" } else { "-PT15H30M" }
}

fn basic(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// TEXT (RFC 5545, section 3.3.11); hidden and control characters are left out, except the line break.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() || is_hidden(c) => {}
            c => escaped.push(c),
        }
        escaped
    })
}
