//! The letters that will go out if nothing is finished, day by day: what is held grows with the number of deadlines,
//! not with the length of the time that is asked about.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter::Peekable,
    rc::Rc,
    vec,
};

use jiff::civil::DateTime;
use serde::Serialize;

use super::{
    Office, Result,
    look_ahead::{Occasion, REACH_DAYS, Rows, RowsOfOne, stored},
};
use crate::{
    clock::Moment,
    domain::{
        Date,
        calendar::shift,
        deadline::{Deadline, Lead, Mailbox, Section, Target},
        due::Term,
        occurrence::{Dates, Progress, State},
        reminder::{Quiet, Reader, Reason, Saying, Step, latest, steps},
    },
    store::{Tx, Utterance},
};

/// A letter that will go out if nothing is finished.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedLetter {
    /// RFC 3339, with the bureau's offset.
    pub send_at: String,
    pub to: String,
    pub section: String,
    pub reminders: Vec<PlannedReminder>,
    /// Bureau time.
    #[serde(skip)]
    pub at: DateTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedReminder {
    pub deadline: String,
    pub period: String,
    pub due: Date,
    pub finish_by: Date,
    pub counted_from: Date,
    pub reason: Reason,
    pub lead: PlannedLead,
}

/// As written (`7个工作日`), working days since `due`, or nothing for a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PlannedLead {
    Before(String),
    Overdue(u16),
    None,
}

/// The letters with a send time in `from..=to`, by time and mailbox.
pub fn plan(
    tx: &Tx,
    office: &Office,
    deadlines: &[Deadline],
    from: Date,
    to: Date,
    now: &Moment,
) -> Result<Vec<PlannedLetter>> {
    Ok(Letters::new(tx, office, deadlines, from, to, now)?.collect())
}

/// The same, one after the other.
pub struct Letters<'a> {
    office: &'a Office,
    /// Where each section stands on the roster.
    rank: HashMap<&'a str, usize>,
    from: Date,
    to: Date,
    /// Nothing goes out before.
    opening: DateTime,
    /// Up to here, all that is to be said is in `words`.
    day: Date,
    /// Deadlines whose next occurrence is to be looked at, by the first day on which something may be said of it.
    coming: BTreeMap<Date, Vec<Course<'a>>>,
    /// What is to be said from the day on, by time.
    words: BTreeMap<DateTime, Vec<Word<'a>>>,
    /// Of one time, by mailbox.
    ready: vec::IntoIter<PlannedLetter>,
}

/// A deadline and its occurrences that are still to come.
struct Course<'a> {
    deadline: &'a Deadline,
    terms: Peekable<Box<dyn Iterator<Item = Term> + 'a>>,
    /// Periods that were opened already.
    opened: BTreeSet<String>,
}

/// An occurrence of which something will be said.
struct Subject<'a> {
    deadline: &'a Deadline,
    sections: Vec<&'a Section>,
    period: String,
    dates: Dates,
}

struct Word<'a> {
    of: Rc<Subject<'a>>,
    step: Step,
    /// `None`: everybody whom the step concerns.
    to: Option<Reader>,
}

impl<'a> Letters<'a> {
    /// All that the database has to say is read here.
    pub fn new(
        tx: &Tx,
        office: &'a Office,
        deadlines: &'a [Deadline],
        from: Date,
        to: Date,
        now: &Moment,
    ) -> Result<Self> {
        let rank = office.roster.sections.iter().enumerate().map(|(i, s)| (s.name.as_str(), i)).collect();
        let opening = office.next_opening(now.local);
        let mut letters = Self {
            office,
            rank,
            from,
            to,
            opening,
            day: from,
            coming: BTreeMap::new(),
            words: BTreeMap::new(),
            ready: Vec::new().into_iter(),
        };
        let mut rows = Rows::read(tx, deadlines.len(), shift(from, -REACH_DAYS))?;
        for deadline in deadlines {
            let rows = rows.of(tx, &deadline.id)?;
            letters.add(tx, deadline, rows, now)?;
        }
        Ok(letters)
    }

    fn add(&mut self, tx: &Tx, deadline: &'a Deadline, rows: Option<RowsOfOne>, now: &Moment) -> Result<()> {
        let due_to = shift(self.to, REACH_DAYS);
        let stored = stored(tx, self.office, deadline, rows, (shift(self.from, -REACH_DAYS), due_to), now)?;
        for occasion in stored.occasions.iter().filter(|o| o.state == State::Open) {
            let subject = Rc::new(self.subject(deadline, occasion.period.clone(), occasion.dates));
            for (at, step, reader) in said_of(tx, self.office, occasion, self.opening)? {
                self.say(at, Word { of: Rc::clone(&subject), step, to: Some(reader) });
            }
        }
        // What was missed is said when letters go out again, however long ago it was due.
        let is_late_said = (self.from..=self.to).contains(&self.opening.date());
        let back = if is_late_said { REACH_DAYS } else { reach_after(deadline).min(REACH_DAYS) };
        let due_from = shift(self.from, -back).max(stored.since);
        // The one after the last is asked for too: it ends what is said of the last.
        let terms = deadline.due.rule.terms(&self.office.calendar, due_from, shift(due_to, REACH_DAYS)).peekable();
        self.queue(Course { deadline, terms, opened: stored.periods });
        Ok(())
    }

    fn queue(&mut self, mut course: Course<'a>) {
        let Some(due) = course.terms.peek().map(|term| term.due) else { return };
        let day = shift(due, -reach_before(course.deadline));
        if day <= self.to && due <= shift(self.to, REACH_DAYS) {
            self.coming.entry(day).or_default().push(course);
        }
    }

    /// Works out the next occurrence, and waits for the one after it.
    fn open(&mut self, mut course: Course<'a>) {
        let Some(term) = course.terms.next() else { return };
        if !course.opened.contains(&term.period) {
            let dates = Dates::new(course.deadline, &self.office.calendar, term.due);
            let quiet = Quiet { after: course.terms.peek().map(|t| t.due), until: None };
            let days = steps(course.deadline, &self.office.calendar, &dates, quiet);
            let subject = Rc::new(self.subject(course.deadline, term.period, dates));
            for (at, step) in times(self.office, &days, quiet, self.opening) {
                self.say(at, Word { of: Rc::clone(&subject), step, to: None });
            }
        }
        self.queue(course);
    }

    fn subject(&self, deadline: &'a Deadline, period: String, dates: Dates) -> Subject<'a> {
        Subject { deadline, sections: self.office.roster.expand(&deadline.sections), period, dates }
    }

    fn say(&mut self, at: DateTime, word: Word<'a>) {
        if (self.from..=self.to).contains(&at.date()) {
            self.words.entry(at).or_default().push(word);
        }
    }

    /// The letters of one moment.
    fn letters_at(&self, at: DateTime, words: Vec<Word<'a>>) -> Vec<PlannedLetter> {
        let mut heard: BTreeMap<Mailbox, Vec<(Reader, Rc<Subject<'a>>, Step)>> = BTreeMap::new();
        for Word { of, step, to } in words {
            let all = || self.office.readers_of(&of.sections, of.deadline, &Progress::default(), step.escalates());
            for reader in to.map_or_else(all, |reader| vec![reader]) {
                heard.entry(reader.mailbox.clone()).or_default().push((reader, Rc::clone(&of), step));
            }
        }
        heard.into_iter().map(|(to, said)| self.letter(at, &to, said)).collect()
    }

    /// One mailbox hears of each occurrence once, whatever sections it serves.
    fn letter(&self, at: DateTime, to: &Mailbox, said: Vec<(Reader, Rc<Subject<'a>>, Step)>) -> PlannedLetter {
        let mut concerned: BTreeMap<usize, &str> = BTreeMap::new();
        let mut reminders: Vec<PlannedReminder> = Vec::new();
        for (reader, of, step) in said {
            for section in of.sections.iter().filter(|section| speaks_to(&reader, section, of.deadline)) {
                let rank = self.rank.get(section.name.as_str()).copied().unwrap_or_default();
                concerned.insert(rank, &section.name);
            }
            reminders.push(of.planned(&step, step.reason(at.date(), reader.is_leader)));
        }
        reminders.sort_by(|a, b| a.occurrence().cmp(&b.occurrence()));
        reminders.dedup_by(|b, a| a.occurrence() == b.occurrence());
        let names: Vec<&str> = concerned.into_values().collect();
        let zoned = at.to_zoned(self.office.settings.timezone.clone());
        let send_at = zoned.map_or_else(|_| at.to_string(), |z| z.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        PlannedLetter { send_at, to: to.to_string(), section: names.join("、"), reminders, at }
    }
}

impl Iterator for Letters<'_> {
    type Item = PlannedLetter;

    fn next(&mut self) -> Option<PlannedLetter> {
        loop {
            if let Some(letter) = self.ready.next() {
                return Some(letter);
            }
            // All courses that may say something by this day, before the day itself.
            while let Some(first) = self.coming.first_entry().filter(|e| *e.key() <= self.day) {
                first.remove().into_iter().for_each(|course| self.open(course));
            }
            let (at, words) = match self.words.first_entry() {
                Some(first) if first.key().date() <= self.day => first.remove_entry(),
                _ if self.day >= self.to => return None,
                _ => {
                    self.day = shift(self.day, 1);
                    continue;
                }
            };
            self.ready = self.letters_at(at, words).into_iter();
        }
    }
}

impl PlannedReminder {
    /// Which one, the most urgent first.
    fn occurrence(&self) -> (Date, &str, &str) {
        (self.due, &self.deadline, &self.period)
    }
}

impl Subject<'_> {
    fn planned(&self, step: &Step, reason: Reason) -> PlannedReminder {
        PlannedReminder {
            deadline: self.deadline.id.clone(),
            period: self.period.clone(),
            due: self.dates.due,
            finish_by: self.dates.finish_by,
            counted_from: step.counted_from,
            reason,
            lead: match step.saying {
                Saying::Before(lead) => PlannedLead::Before(lead.to_string()),
                Saying::Overdue(n) => PlannedLead::Overdue(n),
                Saying::Correction(_) => PlannedLead::None,
            },
        }
    }
}

/// Whether it is for this section that the reader hears of the deadline.
fn speaks_to(reader: &Reader, section: &Section, deadline: &Deadline) -> bool {
    let leads = || section.leader.contains(&reader.mailbox) || deadline.escalate_to.is_some();
    let is_its = || if reader.is_leader { leads() } else { section.email.contains(&reader.mailbox) };
    section.name == reader.behalf || (reader.behalf.is_empty() && is_its())
}

/// No run of days off is longer, in days.
const LONGEST_HOLIDAYS: i64 = 30;

/// No letter ahead of an occurrence lies further from its due date, in days.
fn reach_before(deadline: &Deadline) -> i64 {
    let target = match &deadline.target {
        None => 0,
        Some((_, Target::Before(lead))) => longest(*lead),
        Some((_, Target::Rule(_))) => REACH_DAYS,
    };
    // The date counted from is rolled back, and so is the lead's own.
    deadline.remind.iter().map(|lead| longest(*lead)).max().unwrap_or(0) + target + 2 * LONGEST_HOLIDAYS
}

/// The same of a letter behind it.
fn reach_after(deadline: &Deadline) -> i64 {
    deadline.overdue.iter().map(|n| longest(Lead::Workdays(*n))).max().unwrap_or(0)
}

/// In days: no working day lies further off than two days for each, and the longest holidays.
fn longest(lead: Lead) -> i64 {
    match lead {
        Lead::Days(n) => n.into(),
        Lead::Workdays(n) => i64::from(n) * 2 + LONGEST_HOLIDAYS,
    }
}

/// What is still to be said of an occurrence, and when: of what was missed, the latest.
fn times(office: &Office, steps: &[Step], quiet: Quiet, opening: DateTime) -> impl Iterator<Item = (DateTime, Step)> {
    let first = opening.date();
    let late = latest(steps, first, quiet).copied();
    let coming = steps.iter().filter(move |s| s.on > first).copied();
    let send_at = office.settings.send_at;
    // What has been missed goes out at once; what is of its day waits for `send_at`.
    let at = move |on: Date| if on < first { opening } else { on.to_datetime(send_at).max(opening) };
    late.into_iter().chain(coming).map(move |step| (at(step.on), step))
}

/// What will be said of an opened occurrence, to whom and when.
fn said_of(tx: &Tx, office: &Office, occasion: &Occasion, opening: DateTime) -> Result<Vec<(DateTime, Step, Reader)>> {
    let first = opening.date();
    let mut said = Vec::new();
    let mut corrected: Vec<Reader> = Vec::new();
    let dates = occasion.dates;
    if let Some(row) = occasion.row.as_ref().filter(|row| row.revision > 0 || row.dates != dates) {
        for (reader, told) in tx.last_told(row.id)? {
            if (told.due, told.finish_by, told.target) != (dates.due, dates.finish_by, dates.target) {
                let step = Step { on: first, counted_from: dates.finish_by, saying: Saying::Correction(row.revision) };
                corrected.push(reader.clone());
                said.push((opening, step, reader));
            }
        }
    }
    for (at, step) in times(office, &occasion.steps, occasion.quiet, opening) {
        for reader in office.readers(occasion.deadline, &occasion.progress, step.escalates()) {
            let is_merged = at == opening && corrected.contains(&reader);
            let is_said = match &occasion.row {
                Some(row) if step.on <= first => tx.is_said(&Utterance {
                    occurrence: row.id,
                    counted_from: step.counted_from,
                    saying: step.saying,
                    reader: &reader,
                    on_day: step.on,
                    dates,
                })?,
                _ => false,
            };
            if !is_said && !is_merged {
                said.push((at, step, reader));
            }
        }
    }
    Ok(said)
}
