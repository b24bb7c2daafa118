//! Finds the clause that holds the date, and in it the words for the date: the core.

use std::ops::Range;

use super::{
    beside,
    lexer::{Phrase, Words},
    pieces::{Piece, pieces},
    reading::{Clause, Zone},
    refusal::{self, Form, No, refuse},
    starts::{self, event_label, is_core, is_dated, is_length, is_limit, is_rhythm, is_time, starts},
    word::{Name, Word},
};

use Word::*;

/// Where the words for a date lie in a piece.
#[derive(Clone, Debug)]
struct Core {
    piece: usize,
    range: Range<usize>,
    event: Option<Range<usize>>,
    times: Option<(u32, Range<usize>)>,
    /// Words inside that change nothing: a time of day, a subject.
    skipped: Vec<usize>,
    /// Words inside that say how many times.
    counted: Range<usize>,
}

/// Finds the one date of a text.
pub fn find(read: &Words) -> Result<Clause, No> {
    let pieces = pieces(read)?;
    let mut cores = Vec::new();
    for (n, piece) in pieces.iter().enumerate().filter(|(_, piece)| !beside::is_remark(piece)) {
        let mut from = 0;
        while let Some(core) = next_core(n, piece.words.phrase(), from)? {
            from = core.range.end;
            cores.push(core);
        }
    }
    // 2025年，…于3月底前: the year of what is done.
    if cores.len() > 1 {
        cores.retain(|core| !matches!(pieces[core.piece].words.words[..], [Num(_), Year]));
    }
    let [core] = cores.as_slice() else {
        return Err(match cores.first() {
            None => refusal::no_date(read.phrase()),
            Some(_) => several(&pieces, &cores),
        });
    };
    let whole = pieces[core.piece].words.phrase();
    let found = whole.sub(core.range.clone());
    let is_named = |w: &[Word]| matches!(w, [Num(_) | Nth(_), Month | Quarter]);
    let mut clause = Clause {
        times: core.times.clone(),
        is_count: core.times.is_some() && !is_dated(found) && !found.words.windows(2).any(is_named),
        is_closed: core.times.is_some() || found.words.iter().any(|w| is_limit(*w)),
        ..Clause::default()
    };
    for i in core.range.clone().filter(|i| !core.skipped.contains(i) && !core.counted.contains(i)) {
        if !matches!(whole.words[i], Lead | Hope | Limit) {
            clause.core.push(&whole.words[i..=i], whole.places[i].clone());
        }
    }
    // 提前不超过10日, 不早于会议召开前10日: the first day on which it may be done, and not the last.
    let named = core.event.as_ref().map_or(core.range.start, |event| {
        whole.places.iter().position(|place| place.start >= event.start).unwrap_or(core.range.start)
    });
    for i in named..core.range.end {
        match whole.words[i..] {
            [Named(name @ (Name::NotBefore | Name::Moves)), ..] => {
                return Err(refusal::named(name, whole.sub(i..i + 1).place()));
            }
            [Ahead, Limit, ..] => return Err(refusal::named(Name::NotBefore, whole.sub(i..i + 2).place())),
            _ => {}
        }
    }
    // 半年和全年结束后10日内, 自次月起15日内, 旬后3日内, 国庆节前一周: no event that somebody knows the day of.
    if let Some(event) = &core.event
        && let Some(i) = (0..core.range.start).find(|i| whole.places[*i].start >= event.start && is_time(whole, *i))
    {
        let at = whole.sub(i..i + 1).place();
        return match whole.words[i] {
            Named(name) => Err(refusal::named(name, at)),
            _ => refuse(at, "没有说清从哪一天算起", &[]),
        };
    }
    // 自验收之季度终了之日起15日内: of that quarter, not of every one.
    if let [Year | Half | Quarter | Month, Ended, ..] = found.words
        && let Some(i) = whole.words[..core.range.start.saturating_sub(1)].iter().position(|w| *w == From)
    {
        return refuse(whole.sub(i..core.range.start + 1).place(), "分不清是每期的，还是从前面那件事算起的", &[]);
    }
    // 毕业次年, 验收次月: counted from it, not from the period.
    if let [.., Unknown | Event | Verb | Received] = whole.words[..core.range.start]
        && let Some(NextYear | NextMonth | ThisYear) = clause.core.words.first()
    {
        let at = whole.sub(core.range.start - 1..core.range.start + 1).place();
        return refuse(at, "分不清是每期的，还是从前面那件事算起的", &[]);
    }
    // 次季初5个工作日内: the amount is not counted from the day of a case.
    let before = whole.sub(0..core.range.start);
    if let (None, [Num(_), length, ..]) = (&core.event, &clause.core.words[..])
        && is_length(*length)
        && !matches!(length, Month | Year)
        && before.words.iter().any(|w| matches!(w, NextYear | NextQuarter | NextMonth | ThisYear | Every))
    {
        return refuse(before.place(), "没有说清从哪一天算起", &[]);
    }
    clause.event.clone_from(&core.event);
    clause.has_year = clause.core.words.windows(2).any(|w| matches!(w, [Num(2000..), Year] | [Iso(..), _]))
        || matches!(clause.core.words[..], [Iso(..)]);
    for run in core.skipped.chunk_by(|a, b| a + 1 == *b) {
        clause.passed.push(whole.sub(run[0]..run[run.len() - 1] + 1).place());
    }
    for (n, piece) in pieces.iter().enumerate() {
        let p = piece.words.phrase();
        if n == core.piece {
            // The name of an event is free.
            let is_label = |place: &Range<usize>| core.event.as_ref().is_some_and(|event| place.start >= event.start);
            let label = p.places[..core.range.start].iter().position(is_label).unwrap_or(core.range.start);
            let from = usize::from(label > 0 && core.event.is_some() && p.words[label - 1] == From);
            beside::check(p.sub(0..label - from), Zone::Before, &mut clause)?;
            beside::check(p.from(core.range.end), Zone::After, &mut clause)?;
        } else if piece.is_bracket {
            beside::bracket(piece, &mut clause)?;
        } else {
            beside::check(p, Zone::Elsewhere, &mut clause)?;
        }
    }
    follows_well(whole, core)?;
    if pieces.iter().enumerate().any(|(n, p)| n != core.piece && !p.is_bracket && !beside::is_remark(p)) {
        clause.quote = Some(whole.place());
    }
    Ok(clause)
}

/// The next words for a date from `from` on.
fn next_core(piece: usize, p: Phrase, from: usize) -> Result<Option<Core>, No> {
    let Some(start) = (from..p.words.len()).find(|i| starts(p, *i)) else { return Ok(None) };
    let label = event_label(p, start);
    let event = label.clone().map(|label| p.sub(label).place()).filter(|place| !place.is_empty());
    let start = label.map_or(start, |label| starts::after_label(p, start, label.end));
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
                    Some(Num(_) | Nth(_) | Iso(..) | Ended | Named(Name::HalfMonth)) => true,
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
        [Num(_), Comma | Day | To | Dash, ..] | [Year | Month | Quarter | Half, End, ..] | [End, ..] => true,
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
        // 每季度或半年一次
        let is_other = |w: Word| beside::narrows(w) || matches!(w, OrElse | Half | Quarter | NextMonth);
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

/// What follows a date without 前 or 内 must be known: `每月25日某`.
fn follows_well(p: Phrase, core: &Core) -> Result<(), No> {
    let is_closed = core.times.is_some() || core.range.clone().any(|i| is_limit(p.words[i]));
    let rest = p.from(core.range.end);
    // 3月两会前: the number is no day.
    if let ([.., Month, Num(_)], Some(Unknown | Event | Filler | Verb)) =
        (&p.words[core.range.clone()], rest.words.first())
    {
        return refuse(p.sub(core.range.end - 1..core.range.end + 1).place(), refusal::UNKNOWN, &[]);
    }
    let what = match rest.words.first() {
        Some(Named(
            name @ (Name::Around | Name::NotBefore | Name::NoDuty | Name::Label | Name::Lunar | Name::Feast),
        )) => {
            return Err(refusal::named(*name, rest.places[0].clone()));
        }
        // 每年6月、12月某: the list goes on.
        Some(Comma | To | Dash | OrElse)
            if matches!(rest.words.get(1), Some(Num(_) | Nth(_) | Every | Weekday(_)))
                && !matches!(rest.words[1..], [Every, Times, ..]) =>
        {
            "这样写不能确定日期"
        }
        Some(Unknown | Filler | Counter | Colon | Slash | OrElse | Clock | AndHalf) if !is_closed => refusal::UNKNOWN,
        _ => return Ok(()),
    };
    refuse(rest.sub(0..1).place(), what, &[])
}

/// Two dates: each is shown, as it was written.
fn several(pieces: &[Piece], cores: &[Core]) -> No {
    let place = |core: &Core| {
        let p = pieces[core.piece].words.phrase();
        let from = core.event.as_ref().map_or(usize::MAX, |event| event.start);
        let place = p.sub(core.range.clone()).place();
        place.start.min(from)..place.end
    };
    let limit = |core: &Core| {
        let p = pieces[core.piece].words.phrase();
        core.range.start > 0 && p.words[core.range.start - 1] == Limit
    };
    let what = if cores[1..].iter().any(limit) {
        "写了想要的和最迟的两个日期：最迟的写在 due，想要的写在 target（局内目标）"
    } else {
        "一句话里有两个日期，分不清以哪个为准：请只留一个，另一个另写一个事项"
    };
    // 每年…1月31日前…，2月20日前…: both are of every year.
    let first = pieces[cores[0].piece].words.phrase().from(cores[0].range.start);
    let is_yearly = matches!(first.words, [Every, Year, ..]);
    // 遇节假日提前一天: how the date moves, not another one.
    if let Some((p, at)) = cores[1..].iter().find_map(|core| {
        let p = pieces[core.piece].words.phrase().sub(0..core.range.end);
        Some((p, p.sub(0..core.range.start).words.iter().position(|w| matches!(w, DayOff | SomeOff | Meet))?))
    }) {
        return refusal::named(Name::Moves, p.from(at).place());
    }
    let at = place(&cores[1]);
    // The latest is what is due. What says otherwise makes each half another date.
    let is_moved = |w: &Word| {
        matches!(w, Named(Name::Except | Name::Moves | Name::EveryOther | Name::Season) | MovedTo | Ahead | OrElse)
    };
    // A bracket, a count or 至12月 belongs to the other date.
    let is_part = |core: &Core| {
        let p = pieces[core.piece].words.phrase();
        pieces[core.piece].is_bracket
            || core.times.is_some()
            || core.range.start > 0 && p.words[core.range.start - 1] == To
    };
    let is_whole = !pieces.iter().any(|piece| piece.words.words.iter().any(is_moved)) && !cores.iter().any(is_part);
    let has_limit = cores[1..].iter().any(limit);
    let cores = cores.iter().filter(|core| is_whole && (!has_limit || limit(core)));
    let forms = |core| [Some(Form::Own(place(core))), is_yearly.then(|| Form::Every(place(core)))];
    No { at, what: what.to_owned(), forms: cores.flat_map(forms).flatten().collect() }
}
