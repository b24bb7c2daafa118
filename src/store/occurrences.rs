//! Occurrences.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, ToSql, params};

use super::{
    Result, Stored, Tx,
    cases::{clock_columns, read_case},
    deadlines::parse_definition,
};
use crate::domain::{
    case::Case,
    deadline::Deadline,
    occurrence::{Dates, Occurrence, Redo, State},
};

/// Which occurrences to give; all conditions must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct OccurrenceFilter<'a> {
    pub deadline: Option<&'a str>,
    pub state: Option<State>,
}

/// How many occurrences are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    pub all: u32,
    pub overdue: u32,
    pub paused: u32,
}

const OCCURRENCE: &str =
    "o.id, o.deadline, o.period, o.due, o.finish_by, o.target, o.provisional, o.next_due, o.revision, o.state, o.case_on,
                          o.extended_to, o.quiet_until, o.redo_since, o.redo_by, o.ends, o.pauses, o.extended_after";

/// Open and overdue on day ?1. The first condition on `due` is for its index.
const OVERDUE: &str = "o.state = 'open' AND o.due < date(?1, '+30 days') AND o.ends < ?1
    AND (o.redo_by IS NULL OR o.redo_by < ?1) AND (o.pauses IS NULL OR o.pauses ->> '$[#-1].to' IS NOT NULL)";
const PAUSED: &str = "o.state = 'open' AND o.pauses IS NOT NULL AND o.pauses ->> '$[#-1].to' IS NULL";

impl Tx<'_> {
    /// Opens an occurrence; sweeps look at it from `look_on` on. Gives its id.
    pub fn open_occurrence(&self, new: &Occurrence, look_on: Date) -> Result<i64> {
        let sql = "INSERT INTO occurrence (id, deadline, period, due, finish_by, target, provisional, next_due, state,
                   speak_on, case_on, ends, known_as)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9, ?10, ?11, nullif(?12, ?2 || '.' || ?3))";
        let id = self.fresh_id("occurrence")?;
        let known_as = self.will_be_known_as(new)?;
        let Dates { due, ends, finish_by, target, provisional, .. } = new.dates;
        self.tx.prepare_cached(sql)?.execute(params![
            id,
            new.deadline,
            new.period,
            due,
            finish_by,
            target,
            provisional,
            new.next_due,
            look_on,
            new.case.as_ref().map(|case| case.on),
            ends,
            known_as
        ])?;
        Ok(id)
    }

    /// The name that calendars know an occurrence by, the same over its whole life, and a number that grows with every
    /// change of its dates and every report.
    pub fn known_as(&self, id: i64) -> Result<(String, u32)> {
        let sql =
            "SELECT coalesce(known_as, deadline || '.' || period), revision + turns FROM occurrence WHERE id = ?1";
        Ok(self.tx.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The name of one that is not stored yet.
    pub fn will_be_known_as(&self, new: &Occurrence) -> Result<String> {
        let name = format!("{}.{}", new.deadline, new.period);
        // Another that is called otherwise now may have had this label.
        let sql = "SELECT 1 FROM occurrence WHERE known_as = ?1";
        let is_taken = self.tx.prepare_cached(sql)?.exists([&name])?;
        Ok(if is_taken { format!("{name}.{}", new.dates.due) } else { name })
    }

    pub fn occurrence(&self, deadline: &str, period: &str) -> Result<Option<Stored<Occurrence>>> {
        let sql = format!("SELECT {OCCURRENCE} FROM occurrence o WHERE o.deadline = ?1 AND o.period = ?2");
        Ok(self.tx.prepare_cached(&sql)?.query_row([deadline, period], read_occurrence).optional()?)
    }

    pub fn occurrence_by_id(&self, id: i64) -> Result<Option<Stored<Occurrence>>> {
        let sql = format!("SELECT {OCCURRENCE} FROM occurrence o WHERE o.id = ?1");
        Ok(self.tx.prepare_cached(&sql)?.query_row([id], read_occurrence).optional()?)
    }

    /// An occurrence with its deadline's wording.
    pub fn with_deadline(&self, id: i64) -> Result<Option<(Stored<Occurrence>, Deadline)>> {
        let found = self.with_wording("o.id = ?1", &id)?.pop();
        found.map(|(occurrence, deadline)| Ok((occurrence, deadline?))).transpose()
    }

    /// Occurrences by due date.
    pub fn occurrences(&self, filter: OccurrenceFilter) -> Result<Vec<Stored<Occurrence>>> {
        // Written out, not bound: an index of open occurrences serves no `:state`.
        let state = filter.state.map(|state| format!("o.state = '{}'", state_name(state)));
        let mut wheres: Vec<&str> = Vec::new();
        let mut values: Vec<(&str, &dyn ToSql)> = Vec::new();
        if let Some(deadline) = &filter.deadline {
            wheres.push("o.deadline = :deadline");
            values.push((":deadline", deadline));
        }
        if let Some(state) = &state {
            wheres.push(state);
        }
        let condition = if wheres.is_empty() { "1".to_owned() } else { wheres.join(" AND ") };
        let sql =
            format!("SELECT {OCCURRENCE} FROM occurrence o WHERE {condition} ORDER BY o.due, o.deadline, o.period");
        let mut found = self.tx.prepare_cached(&sql)?;
        Ok(found.query_map(values.as_slice(), read_occurrence)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Occurrences that are open, or due from that day on, by deadline, in no order: of these deadlines, given as a JSON
    /// list of ids, or of all.
    pub fn occurrences_lately(
        &self,
        only: Option<&str>,
        from: Date,
    ) -> Result<HashMap<String, Vec<Stored<Occurrence>>>> {
        // One query for each index: an OR over all deadlines would read every occurrence there ever was.
        let sql = match only {
            Some(_) => format!(
                "SELECT {OCCURRENCE} FROM occurrence o WHERE o.deadline IN (SELECT value FROM json_each(?1))
                 AND (o.due >= ?2 OR o.state = 'open')"
            ),
            None => format!(
                "SELECT {OCCURRENCE} FROM occurrence o WHERE o.state = 'open' AND o.due < ?2 AND ?1 IS NULL
                 UNION ALL SELECT {OCCURRENCE} FROM occurrence o WHERE o.due >= ?2"
            ),
        };
        let mut found = self.tx.prepare_cached(&sql)?;
        let mut by_deadline: HashMap<String, Vec<Stored<Occurrence>>> = HashMap::new();
        for row in found.query_map(params![only, from], read_occurrence)? {
            let row = row?;
            by_deadline.entry(row.deadline.clone()).or_default().push(row);
        }
        Ok(by_deadline)
    }

    /// Open occurrences that are to be looked at today, with their deadlines' wording.
    ///
    /// A wording that cannot be read is given as its error, so that it does not stop the others.
    pub fn occurrences_to_speak_of(&self, today: Date) -> Result<Vec<(Stored<Occurrence>, Result<Deadline>)>> {
        self.with_wording("o.state = 'open' AND o.speak_on <= ?1", &today)
    }

    /// Open occurrences that are overdue and of which reminders still go out, with their wording.
    pub fn overdue_occurrences(&self, today: Date) -> Result<Vec<(Stored<Occurrence>, Deadline)>> {
        let heard_of = "o.state = 'open' AND o.due < date(?1, '+30 days') AND o.ends < ?1 AND (o.redo_by IS NULL OR o.redo_by < ?1) AND (o.next_due IS NULL OR o.next_due >= ?1)
                        AND (o.quiet_until IS NULL OR o.quiet_until < ?1)
                        AND (o.pauses IS NULL OR o.pauses ->> '$[#-1].to' IS NOT NULL)";
        Ok(readable(self.with_wording(heard_of, &today)?))
    }

    /// Occurrences that were closed since then, with their deadlines' wording.
    pub fn done_since(&self, since: Timestamp) -> Result<Vec<(Stored<Occurrence>, Deadline)>> {
        let closed = "+o.state = 'done' AND o.id IN (
                        SELECT occurrence FROM completion WHERE revoked_at IS NULL AND at >= ?1)";
        Ok(readable(self.with_wording(closed, &since)?))
    }

    /// Occurrences by due date, with the wording of their deadlines.
    fn with_wording(&self, condition: &str, value: &dyn ToSql) -> Result<Vec<(Stored<Occurrence>, Result<Deadline>)>> {
        let sql = format!(
            "SELECT {OCCURRENCE}, v.definition FROM occurrence o
             JOIN deadline d ON d.id = o.deadline JOIN deadline_version v ON v.id = d.version
             WHERE {condition} ORDER BY +o.due, o.deadline, o.period"
        );
        let mut found = self.tx.prepare_cached(&sql)?;
        let read = |row: &Row| {
            let (occurrence, definition) = (read_occurrence(row)?, row.get::<_, String>("definition")?);
            let deadline = parse_definition(&definition, occurrence.deadline.clone());
            Ok((occurrence, deadline))
        };
        Ok(found.query_map([value], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// How many open occurrences there are, how many of them are overdue, and how many are paused.
    pub fn count_open(&self, today: Date) -> Result<Open> {
        // Two queries: the index answers each, but for a look at what is overdue.
        let open = self.tx.query_row("SELECT count(*) FROM occurrence WHERE state = 'open'", [], |row| row.get(0))?;
        let overdue = format!("SELECT count(*) FROM occurrence o WHERE {OVERDUE}");
        let paused = format!("SELECT count(*) FROM occurrence o WHERE {PAUSED}");
        Ok(Open {
            all: open,
            overdue: self.tx.query_row(&overdue, [today], |row| row.get(0))?,
            paused: self.tx.query_row(&paused, [], |row| row.get(0))?,
        })
    }

    /// Sets the day on which the occurrence is looked at next.
    pub fn speak_on(&self, id: i64, day: Option<Date>) -> Result<()> {
        self.tx.prepare_cached("UPDATE occurrence SET speak_on = ?2 WHERE id = ?1")?.execute(params![id, day])?;
        Ok(())
    }

    /// Writes an occurrence's label and dates; sweeps look at it from `look_on` on.
    pub fn move_occurrence(&self, id: i64, moved: &Occurrence, look_on: Date) -> Result<()> {
        let sql =
            "UPDATE occurrence SET known_as = coalesce(known_as, iif(period = ?2, NULL, deadline || '.' || period)),
                   period = ?2, due = ?3, finish_by = ?4, target = ?5, provisional = ?6,
                   next_due = ?7, revision = ?8, case_on = ?9, extended_to = ?10, extended_after = ?11, pauses = ?12,
                   speak_on = ?13, ends = ?14 WHERE id = ?1";
        let Occurrence { period, next_due, revision, case, .. } = moved;
        let (case_on, extended_to, extended_after, pauses) = clock_columns(case.as_ref());
        let Dates { due, ends, finish_by, target, provisional, .. } = moved.dates;
        self.tx.prepare_cached(sql)?.execute(params![
            id,
            period,
            due,
            finish_by,
            target,
            provisional,
            next_due,
            revision,
            case_on,
            extended_to,
            extended_after,
            pauses,
            look_on,
            ends
        ])?;
        Ok(())
    }

    /// Writes another label; the rest stays.
    pub fn relabel(&self, id: i64, period: &str) -> Result<()> {
        let sql =
            "UPDATE occurrence SET known_as = coalesce(known_as, deadline || '.' || period), period = ?2 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, period])?;
        Ok(())
    }

    /// No overdue reminder goes out up to and including this day.
    pub fn set_quiet_until(&self, id: i64, until: Date) -> Result<()> {
        self.tx.prepare_cached("UPDATE occurrence SET quiet_until = ?2 WHERE id = ?1")?.execute(params![id, until])?;
        Ok(())
    }

    /// A report was taken back: it is not overdue until it may have been reported anew.
    pub fn set_redo(&self, id: i64, redo: Redo) -> Result<()> {
        let sql = "UPDATE occurrence SET redo_since = ?2, redo_by = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, redo.since, redo.by])?;
        Ok(())
    }

    /// Cases with this reference, of any deadline.
    pub fn cases(&self, reference: &str) -> Result<Vec<Stored<Occurrence>>> {
        let sql = format!("SELECT {OCCURRENCE} FROM occurrence o WHERE o.period = ?1 AND o.case_on IS NOT NULL");
        let mut found = self.tx.prepare_cached(&sql)?;
        Ok(found.query_map([reference], read_occurrence)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Open cases whose clock stands since before that day, with their deadlines' wording.
    pub fn paused_before(&self, day: Date) -> Result<Vec<(Stored<Occurrence>, Deadline)>> {
        let paused = format!("{PAUSED} AND o.pauses ->> '$[#-1].from' < ?1");
        Ok(readable(self.with_wording(&paused, &day)?))
    }

    pub fn set_state(&self, id: i64, state: State, speak_on: Option<Date>) -> Result<()> {
        let sql = "UPDATE occurrence SET state = ?2, speak_on = ?3 WHERE id = ?1";
        self.tx.prepare_cached(sql)?.execute(params![id, state_name(state), speak_on])?;
        Ok(())
    }
}

fn readable(rows: Vec<(Stored<Occurrence>, Result<Deadline>)>) -> Vec<(Stored<Occurrence>, Deadline)> {
    rows.into_iter().filter_map(|(o, wording)| Some((o, wording.ok()?))).collect()
}

fn read_occurrence(row: &Row) -> rusqlite::Result<Stored<Occurrence>> {
    let state: String = row.get(9)?;
    let redo = row.get::<_, Option<Date>>(13)?.zip(row.get::<_, Option<Date>>(14)?);
    let case = read_case(row)?;
    let it = Occurrence {
        deadline: row.get(1)?,
        period: row.get(2)?,
        dates: Dates {
            due: row.get(3)?,
            ends: row.get(15)?,
            finish_by: row.get(4)?,
            target: row.get(5)?,
            provisional: row.get(6)?,
            redo: redo.map(|(since, by)| Redo { since, by }),
            paused: case.as_ref().and_then(Case::paused_since),
        },
        next_due: row.get(7)?,
        revision: row.get(8)?,
        state: match state.as_str() {
            "open" => State::Open,
            "done" => State::Done,
            _ => State::Withdrawn,
        },
        case,
        quiet_until: row.get(12)?,
    };
    Ok(Stored { id: row.get(0)?, it })
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Done => "done",
        State::Withdrawn => "withdrawn",
    }
}
