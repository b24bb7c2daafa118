//! The words for one date: where they begin, all that belong to them, and how many times they say.

use std::ops::Range;

use super::{
    beside,
    lexer::Phrase,
    refusal::{self, No, refuse},
    starts::{self, event_label, is_core, is_dated, is_length, is_limit, is_rhythm, starts},
    word::{Name, Word},
};

use Word::*;

/// Where the words for a date lie in a piece.
#[derive(Clone, Debug)]
pub struct Core {
    pub piece: usize,
    pub range: Range<usize>,
    pub event: Option<Range<usize>>,
    pub times: Option<(u32, Range<usize>)>,
    /// Words inside that change nothing: a time of day, a subject.
    pub skipped: Vec<usize>,
    /// Words inside that say how many times.
    pub counted: Range<usize>,
}

/// The next words for a date from `from` on.
pub fn next_core(piece: usize, p: Phrase, from: usize) -> Result<Option<Core>, No> {
    let Some(start) = (from..p.words.len()).find(|i| starts(p, *i)) else { return Ok(None) };
    let label = event_label(p, start);
    let event = label.clone().map(|label| p.sub(label).place()).filter(|place| !place.is_empty());
    let start = label.filter(|_| p.words[start] == From).map_or(start, |label| label.end);
    let mut core = Core { piece, range: start..start, event, times: None, skipped: Vec::new(), counted: 0..0 };
    extend(p, &mut core)?;
    count(p, &mut core)?;
    Ok(Some(core))
}

/// Takes in all words that belong to the date.
fn extend(p: Phrase, core: &mut Core) -> Result<(), No> {
    let mut i = core.range.start;
    while let Some(word) = p.words.get(i) {
        let rest = p.from(i);
        let clock = time_of_day(rest, p.sub(core.range.clone()))?;
        if clock > 0 {
            core.skipped.extend(i..i + clock);
            core.range.end = i + clock;
            i += clock;
            continue;
        }
        match word {
            Num(_) if !core.range.is_empty() && is_count(rest) => break,
            _ if is_limit(*word) => {
                core.range.end = i + 1;
                let more = match p.words.get(i + 1) {
                    Some(Comma) => starts_again(p, i + 2),
                    Some(Num(_) | Nth(_) | Iso(..) | Named(Name::HalfMonth)) => true,
                    Some(Ended) => starts(p, i + 1),
                    Some(AtLeast) => starts::amount(p.from(i + 1)).is_some(),
                    Some(next) => is_limit(*next),
                    None => false,
                };
                if !more || time_of_day(p.from(i + 1), p)? > 0 {
                    break;
                }
            }
            Comma if is_weekday_list(p.sub(core.range.clone()), p.from(i + 1)) => core.range.end = i + 2,
            Comma if !starts_again(p, i + 1) => break,
            Comma => {}
            Lead | Hope => {}
            Limit if !is_dated(p.sub(core.range.clone())) => {}
            Named(Name::HalfMonth | Name::Hours) => core.range.end = i + 1,
            Named(name @ Name::Around) if matches!(rest.words.get(1), Some(Num(_))) => {
                return Err(refusal::named(*name, rest.places[0].clone()));
            }
            // 每月应于当月25日前
            Named(Name::Current) if is_rhythm(p.sub(core.range.clone())) => core.skipped.push(i),
            _ if is_core(*word) => core.range.end = i + 1,
            // 每年各单位应于1月31日前
            _ => match subject(p, i).filter(|_| is_rhythm(p.sub(core.range.clone()))) {
                Some(next) => {
                    core.skipped.extend(i..next);
                    i = next;
                    continue;
                }
                None => break,
            },
        }
        i += 1;
    }
    let end = core.range.end;
    core.skipped.retain(|i| *i < end);
    Ok(())
}

/// 每周一、三 and 每周一、周三: the second is a weekday too.
fn is_weekday_list(core: Phrase, rest: Phrase) -> bool {
    let is_next = match rest.words {
        [Weekday(_), ..] => true,
        [Num(1..=6), next @ ..] => !next.first().is_some_and(|w| is_length(*w) || *w == Times),
        _ => false,
    };
    is_next && core.words.iter().any(|w| matches!(w, Weekday(_)))
}

/// `1次`, `1-2次`
fn is_count(rest: Phrase) -> bool {
    match rest.words {
        [Num(_), Times, Slash, ..] | [Num(_), _, Num(_), Times, Slash, ..] => false,
        words => matches!(words, [Num(_), Times | Counter, ..] | [Num(_), Dash | To, Num(_), Times, ..]),
    }
}

/// After a comma: another day of the list, not another thing.
fn starts_again(p: Phrase, i: usize) -> bool {
    let leads = p.from(i).words.iter().take_while(|w| matches!(w, Lead | Comma)).count();
    let rest = p.from(i + leads);
    match rest.words {
        [Num(_), Comma | Day | To | Dash, ..] | [Ten(_), ..] | [Year | Month | Quarter | Half, End, ..] | [End, ..] => {
            true
        }
        [Num(_) | Nth(_) | Weekday(_) | SecondHalf | FirstHalf | NextYear | NextMonth, ..] => starts(rest, 0),
        _ => false,
    }
}

/// Words between a rhythm and its day: who does it. They end with 于 or the like before the day.
fn subject(p: Phrase, from: usize) -> Option<usize> {
    let next = (from + 1..p.words.len()).find(|i| matches!(p.words[*i - 1], Lead) && starts_again(p, *i))?;
    let free = (from..next).all(|i| !starts(p, i) && !beside::narrows(p.words[i]));
    free.then_some(next)
}

/// How many words a time of day takes: `17:00`, `下午5点`, `9时30分`.
fn time_of_day(rest: Phrase, before: Phrase) -> Result<usize, No> {
    if !is_dated(before) {
        return Ok(0);
    }
    let mut len = rest.words.iter().take_while(|w| matches!(w, DayPart)).count();
    let hour = match rest.from(len).words {
        [Num(h), Colon, Num(_), ..] => Some((*h, 3)),
        [Num(h), Clock, Num(_), Clock, ..] => Some((*h, 4)),
        [Num(h), Clock, AndHalf, ..] => Some((*h, 3)),
        [Num(h), Clock, ..] => Some((*h, 2)),
        _ => None,
    };
    if let Some((hour, taken)) = hour {
        if hour == 0 || hour > 24 {
            return Err(refusal::named(Name::Dawn, rest.sub(len..len + taken).place()));
        }
        len += taken;
        if matches!(rest.words.get(len), Some(To | Dash)) {
            let until = time_of_day(rest.from(len + 1), before)?;
            len += if until > 0 { until + 1 } else { 0 };
        }
    }
    Ok(len)
}

/// `至少2次`, after a rhythm or a date: within the clause.
fn count(p: Phrase, core: &mut Core) -> Result<(), No> {
    let found = p.sub(core.range.clone());
    if let [Num(n @ 1..=99), .., Times, Slash, _] = found.words {
        core.times = Some((*n, found.sub(0..found.words.len() - 1).place()));
        core.range.start = core.range.end - 1;
        return Ok(());
    }
    if found.words.contains(&Times) || core.event.is_some() {
        return Ok(());
    }
    let rest = p.from(core.range.end);
    let stop = (0..rest.words.len()).find(|i| starts(rest, *i)).unwrap_or(rest.words.len());
    for i in 0..stop {
        let (n, len) = match rest.words[i..] {
            [Num(n), Times, ..] => (n, 2),
            [Num(n), Dash | To, Num(_), Times, ..] => (n, 4),
            [Num(n), Counter, ..] if is_rhythm(found) => (n, 2),
            _ => continue,
        };
        // 每季度或半年一次, 每年入冬前至少一次
        let is_other =
            |w: Word| beside::narrows(w) || matches!(w, OrElse | Half | Quarter | NextMonth | Before | After);
        if let Some(k) = (0..i).find(|k| is_other(rest.words[*k])) {
            return Err(beside::changes(rest.words[k], rest.places[k].clone()));
        }
        let is_bound = |w: &Word| matches!(w, Limit | Named(Name::Bound));
        let after = rest.words.get(i + len).is_some_and(|w| is_bound(w) || *w == Within);
        if after || rest.words[..i].iter().any(is_bound) {
            return refuse(rest.sub(0..i + len).place(), "没有说最少几次：请写“至少几次”", &[]);
        }
        if !(1..=99).contains(&n) {
            return refuse(rest.sub(i..i + len).place(), "次数应在1到99之间", &[]);
        }
        let place = rest.sub(i..i + len).place();
        if is_rhythm(found) {
            let end = core.range.end;
            core.skipped.extend(end..end + i);
            let more = usize::from(matches!(rest.words.get(i + len), Some(OrMore)));
            core.counted = end + i..end + i + len + more;
            core.range.end = core.counted.end;
        }
        core.times = Some((n, place));
        return Ok(());
    }
    Ok(())
}
