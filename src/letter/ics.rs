//! The dates as a calendar file (RFC 5545), one all-day event each.
//!
//! Written by hand: the `icalendar` crate stamps every component with the clock of the machine and
//! a random UID, alarms among them, and lets control characters through.

use jiff::{ToSpan, Zoned, civil::Date, tz::TimeZone};

use super::{
    Entry, Letter,
    when::{self, Phase},
    words,
};
use crate::{domain::calendar::days_between, text::is_hidden};

/// Octets in a line, its CRLF not counted (RFC 5545, section 3.1).
const LINE_LIMIT: usize = 75;

/// Most files of one letter. Several entries in one file are opened as a new calendar by Outlook.
const FILES: usize = 5;

/// Who is named as the organizer, as every METHOD asks for it (RFC 5546): a name, and a mail address.
#[derive(Clone, Copy, Debug)]
pub struct Organizer<'a>(pub &'a str, pub &'a str);

/// An entry that is no longer asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub uid: String,
    pub sequence: u32,
    pub day: Date,
    pub title: String,
}

/// The entries that have a place in a calendar: not what is overdue.
pub(super) fn entries(letter: &Letter) -> impl Iterator<Item = &Entry> {
    let today = letter.now.date();
    // A correction is included even then: the calendar still holds the old date.
    let belongs = move |e: &&Entry| {
        !e.is_for_leader() && (matches!(when::phase(e, today), Phase::Ahead | Phase::Today) || e.told.is_some())
    };
    letter.entries.iter().filter(belongs)
}

/// A file for each entry; of many one file, or none where there is a feed.
pub fn of(letter: &Letter) -> Vec<String> {
    let entries: Vec<&Entry> = entries(letter).collect();
    let write = |entries: &[&Entry]| {
        let mut file = File::begun("PUBLISH");
        for entry in entries {
            file.event(entry, letter.now.date(), &utc(&letter.now), Organizer(&letter.tag, &letter.from));
        }
        file.ended()
    };
    match entries.len() {
        0..=FILES => entries.chunks(1).map(write).collect(),
        _ if letter.feeds.is_empty() => vec![write(&entries)],
        _ => Vec::new(),
    }
}

/// Takes entries back, a file for each: one CANCEL names one UID. None of more than a few.
pub fn cancel(closed: &[Closed], organizer: Organizer, now: &Zoned) -> Vec<String> {
    let write = |closed: &Closed| {
        let mut file = File::begun("CANCEL");
        file.raw("BEGIN:VEVENT");
        file.identity((&closed.uid, closed.sequence), &utc(now), closed.day, organizer);
        file.text("SUMMARY", &words::plain(&closed.title));
        file.raw("STATUS:CANCELLED");
        file.raw("END:VEVENT");
        file.ended()
    };
    if closed.len() > FILES { Vec::new() } else { closed.iter().map(write).collect() }
}

/// How often a calendar program should fetch a feed.
const REFRESH: &str = "PT6H";

/// A calendar to subscribe to: all the entries, as in the letters' attachments. `stamp` is when the entries last
/// changed, not now: an unchanged feed stays the same byte for byte.
pub fn feed<'a>(
    name: &str,
    organizer: Organizer,
    entries: impl IntoIterator<Item = &'a Entry>,
    today: Date,
    stamp: &Zoned,
) -> String {
    let stamp = utc(stamp);
    let mut file = File::begun("PUBLISH");
    file.text("NAME", name);
    file.text("X-WR-CALNAME", name);
    file.raw(&format!("REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"));
    file.raw(&format!("X-PUBLISHED-TTL:{REFRESH}"));
    for entry in entries {
        file.event(entry, today, &stamp, organizer);
    }
    file.ended()
}

fn utc(at: &Zoned) -> String {
    at.with_time_zone(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[derive(Default)]
struct File(String);

impl File {
    fn begun(method: &str) -> Self {
        let mut file = Self::default();
        file.raw("BEGIN:VCALENDAR");
        file.raw("VERSION:2.0");
        file.raw("PRODID:-//duban//duban//ZH");
        file.raw("CALSCALE:GREGORIAN");
        file.raw(&format!("METHOD:{method}"));
        file
    }

    fn ended(mut self) -> String {
        self.raw("END:VCALENDAR");
        self.0
    }

    /// What every event has: who it is, and its day.
    fn identity(&mut self, (uid, sequence): (&str, u32), stamp: &str, day: Date, Organizer(name, address): Organizer) {
        self.text("UID", uid);
        self.raw(&format!("SEQUENCE:{sequence}"));
        self.raw(&format!("DTSTAMP:{stamp}"));
        let name: String = name.chars().filter(|c| *c != '"' && !c.is_control() && !is_hidden(*c)).collect();
        self.raw(&format!("ORGANIZER;CN=\"{name}\":mailto:{address}"));
        self.raw(&format!("DTSTART;VALUE=DATE:{}", basic(day)));
        // DTEND is not part of the event: an all-day event ends on the day after.
        self.raw(&format!("DTEND;VALUE=DATE:{}", basic(day.saturating_add(1.day()))));
    }

    fn event(&mut self, entry: &Entry, today: Date, stamp: &str, organizer: Organizer) {
        let lead = entry.supports().map(|lead| format!("配合{}，", words::plain(lead))).unwrap_or_default();
        let title = format!("{lead}下班前办结：{}", words::plain(&entry.title));
        self.raw("BEGIN:VEVENT");
        self.identity((&entry.uid, entry.sequence), stamp, entry.aim, organizer);
        self.text("SUMMARY", &title);
        self.text("DESCRIPTION", &description(entry, today));
        self.raw("TRANSP:TRANSPARENT");
        self.raw("BEGIN:VALARM");
        self.raw("ACTION:DISPLAY");
        self.raw(&format!("TRIGGER:{}", half_past_eight(days_between(entry.alarm, entry.aim))));
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

/// The alarm at 08:30 so many days before, counted from the midnight that begins the event.
fn half_past_eight(days_before: i64) -> String {
    match days_before {
        ..=1 => "-PT15H30M".to_owned(),
        _ => format!("-P{}DT15H30M", days_before - 1),
    }
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
