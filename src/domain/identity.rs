//! Which occurrence is which when a wording or the calendar changes (design, section 4).
//!
//! A label is only how an occurrence is called, so a rule may be reworded without losing what was said and reported.

use std::collections::HashMap;

use jiff::civil::{Date, date};

use super::{
    calendar::{Calendar, shift},
    case::Case,
    deadline::Deadline,
    due::Term,
    occurrence::{Dates, Occurrence, SEARCH_DAYS, State},
};

/// What a term of the wording says of its due date, and of the next one's.
type Due = (Date, Option<Date>);

/// What becomes of the stored occurrences of a deadline under this wording, each in its place; `None` where the wording
/// has no such period. `stored` is in the order in which they were opened.
///
/// A case is its reference. The others are matched by due date, what is left by label: that one has moved. `before` is
/// the calendar that the stored dates were counted with: the calendar changes dates, never which occurrence is which.
/// What was done and lies behind takes a new label, and keeps its dates: an edit does not rewrite history.
pub fn under(
    deadline: &Deadline,
    before: &Calendar,
    cal: &Calendar,
    stored: &[&Occurrence],
    today: Date,
) -> Vec<Option<Occurrence>> {
    let terms = Terms::around(deadline, before, cal, stored);
    let labels = labels(&terms, stored);
    let fates = stored.iter().zip(labels).map(|(old, label)| match &old.case {
        Some(case) => {
            let due = case.due(&deadline.due.rule, cal)?;
            Some(dated(old, (deadline, cal), old.period.clone(), (due, None), today))
        }
        None => {
            let label = label?;
            let due = *terms.now.get(&label)?;
            Some(dated(old, (deadline, cal), label, due, today))
        }
    });
    fates.collect()
}

fn dated(
    old: &Occurrence,
    (deadline, cal): (&Deadline, &Calendar),
    period: String,
    (due, next_due): Due,
    today: Date,
) -> Occurrence {
    if old.state == State::Done && old.dates.due < today && due < today {
        return Occurrence { period, ..old.clone() };
    }
    let paused = old.case.as_ref().and_then(Case::paused_since);
    let dates = Dates { redo: old.dates.redo, paused, ..Dates::new(deadline, cal, due) };
    let revision = old.revision + u32::from(!dates.is_told_as(&old.dates));
    Occurrence { period, dates, next_due, revision, ..old.clone() }
}

/// The terms of a wording around what is stored.
struct Terms {
    /// Label by due date, by the calendar before.
    labels: HashMap<Date, String>,
    /// Due date by label, by the calendar now.
    now: HashMap<String, Due>,
    /// The label of the only term there ever is.
    only: Option<String>,
}

impl Terms {
    fn around(deadline: &Deadline, before: &Calendar, cal: &Calendar, stored: &[&Occurrence]) -> Self {
        let dues = || stored.iter().filter(|o| o.case.is_none()).map(|o| o.dates.due);
        let (Some(first), Some(last)) = (dues().min(), dues().max()) else {
            return Self { labels: HashMap::new(), now: HashMap::new(), only: None };
        };
        let rule = &deadline.due.rule;
        let (from, to) = (shift(first, -SEARCH_DAYS), shift(last, SEARCH_DAYS));
        let terms: Vec<Term> = rule.terms(cal, from, to).collect();
        let label = |term: &Term| (term.due, term.period.clone());
        let labels = if before == cal {
            terms.iter().map(label).collect()
        } else {
            rule.terms(before, from, to).map(|term| label(&term)).collect()
        };
        let next = terms.iter().skip(1).map(|term| Some(term.due)).chain([None]);
        let mut now: HashMap<String, Due> =
            terms.iter().zip(next).map(|(term, next)| (term.period.clone(), (term.due, next))).collect();
        // The label of a single date is the date itself: when it is changed, nothing else is left to match by.
        let mut only = None;
        if now.len() <= 1 {
            let mut all = rule.terms(cal, date(2000, 1, 1), date(2199, 12, 31));
            if let (Some(term), None) = (all.next(), all.next()) {
                only = Some(term.period.clone());
                now.insert(term.period, (term.due, None));
            }
        }
        Self { labels, now, only }
    }
}

/// The new label of each stored occurrence that is no case.
fn labels(terms: &Terms, stored: &[&Occurrence]) -> Vec<Option<String>> {
    let mut found: Vec<Option<String>> = vec![None; stored.len()];
    let mut taken: Vec<&str> = Vec::new();
    // Of several with one due date the one that is done counts, else the oldest: it has the history.
    let rank = |o: &Occurrence| o.state != State::Done;
    let mut order: Vec<usize> = (0..stored.len()).filter(|n| stored[*n].case.is_none()).collect();
    order.sort_by_key(|n| rank(stored[*n]));
    for is_by_due in [true, false] {
        for n in &order {
            let Occurrence { dates, period, .. } = stored[*n];
            let label = if is_by_due { terms.labels.get(&dates.due) } else { Some(period) };
            let label = label.and_then(|label| terms.now.get_key_value(label)).filter(|_| found[*n].is_none());
            let Some((label, _)) = label else { continue };
            if !taken.contains(&label.as_str()) {
                taken.push(label);
                found[*n] = Some(label.clone());
            }
        }
    }
    let mut open = order.iter().filter(|n| stored[**n].state == State::Open);
    if let (Some(n), None, Some(only)) = (open.next(), open.next(), &terms.only)
        && taken.is_empty()
    {
        found[*n] = Some(only.clone());
    }
    found
}
