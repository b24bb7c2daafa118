//! Finds the clause that holds the date, and in it the words for the date: the core.

use std::ops::Range;

use super::{
    beside,
    core::{Core, next_core},
    lexer::{Phrase, Words},
    pieces::{Piece, pieces},
    reading::{Clause, Zone},
    refusal::{self, Form, No, refuse},
    starts::{is_dated, is_length, is_limit, is_time},
    word::{Name, Word},
};

use Word::*;

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
    let pace = match cores.as_slice() {
        [a, b] => paced(&pieces, a, b).or_else(|| paced(&pieces, b, a)),
        _ => None,
    };
    if let Some((core, ..)) = &pace {
        cores = vec![core.clone()];
    }
    let [core] = cores.as_slice() else {
        return Err(match cores.first() {
            None => refusal::no_date(read.phrase()),
            Some(_) => several(read.phrase(), &pieces, &cores),
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
    if let Some((_, unit, missing)) = pace {
        clause.pace = Some(unit);
        clause.core.push(&missing, found.places[0].clone());
    }
    for (word, place) in own(whole, core) {
        clause.core.push(&[word], place);
    }
    // 办结时限20个工作日
    let named = whole.words[..core.range.start].iter().rfind(|w| !matches!(w, Lead | Limit | Hope));
    if let ([Num(_), length] | [Num(_), To | Dash, Num(_), length], Some(Allowed)) = (&clause.core.words[..], named)
        && is_length(*length)
    {
        clause.core.push(&[Within], found.place());
    }
    // 提前不超过10日, 不早于会议召开前10日: the first day on which it may be done, and not the last.
    let named = core.event.as_ref().map_or(core.range.start, |event| {
        whole.places.iter().position(|place| place.start >= event.start).unwrap_or(core.range.start)
    });
    for i in named..core.range.end {
        match whole.words[i..] {
            [Named(Name::Moves), ..] if named > 0 && whole.words[named - 1] == From && i < core.range.start => {}
            // 不能于收到之日起
            [Named(name @ Name::NoDuty), Lead, ..] => return Err(refusal::named(name, whole.places[i].clone())),
            [Named(name @ (Name::NotBefore | Name::Moves)), ..] => {
                return Err(refusal::named(name, whole.sub(i..i + 1).place()));
            }
            [Ahead | Before, Limit, ..] => return Err(refusal::named(Name::NotBefore, whole.sub(i..i + 2).place())),
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
            // 30日内，伤亡人数发生变化的，应当补报; 截至12月10日，共收到意见8条
            let is_bare = n == core.piece + 1 && core.range.end == whole.words.len();
            let is_report = |w: &Word| matches!(w, Received | Named(Name::Done | Name::Around));
            let is_until = core.range.start > 0
                && whole.words[core.range.start - 1] == To
                && whole.words[core.range.end - 1] != Before;
            let is_told = is_until && p.words.iter().any(is_report);
            // 每月10日前报送，按季度报送
            let is_again = n > core.piece && matches!(p.words, [Named(Name::Rhythm) | Half, Verb | Num(_), ..]);
            let is_case = core.event.is_some() || matches!(found.words, [Num(_), length, ..] if is_length(*length));
            let is_condition =
                is_case && (matches!(p.words, [.., Whose]) || p.words.windows(2).any(|w| matches!(w, [Whose, Lead])));
            if is_again || is_bare && (is_told || is_condition) {
                return refuse(p.place(), beside::TWO, &[]);
            }
            beside::check(p, Zone::Elsewhere, &mut clause)?;
        }
    }
    follows_well(whole, core)?;
    if pieces.iter().enumerate().any(|(n, p)| n != core.piece && !p.is_bracket && !beside::is_remark(p)) {
        clause.quote = Some(whole.place());
    }
    Ok(clause)
}

/// The words for the date, without those inside it that change nothing.
fn own<'a>(p: Phrase<'a>, core: &'a Core) -> impl Iterator<Item = (Word, Range<usize>)> + 'a {
    let is_own = |i: &usize| {
        !core.skipped.contains(i) && !core.counted.contains(i) && !matches!(p.words[*i], Lead | Hope | Limit)
    };
    core.range.clone().filter(is_own).map(move |i| (p.words[i], p.places[i].clone()))
}

/// `每月一次，25日前`: how often, and by when. The date with the count, the period, and the words for it that the date
/// leaves out.
fn paced(pieces: &[Piece], count: &Core, date: &Core) -> Option<(Core, Word, Vec<Word>)> {
    let words = |core: &Core| own(pieces[core.piece].words.phrase(), core).map(|(w, _)| w).collect::<Vec<_>>();
    let rhythm: Vec<Word> = words(count).into_iter().filter(|w| *w != AtLeast).collect();
    let ([Every | Num(1), unit] | [Every, Num(1), unit] | [unit @ Half]) = rhythm[..] else { return None };
    let is_unit = matches!(unit, Year | Half | Quarter | Quarters | Month | Months | Week);
    let before = &pieces[date.piece].words.words[..date.range.start];
    let own = words(date);
    // 每月检查一次，10日内反馈: from then on.
    let is_amount = matches!(own[..], [Num(_), length, Within] if is_length(length));
    let is_other = |w: &Word| matches!(w, Every | Times | OrElse);
    let has_year = own.windows(2).any(|w| matches!(w, [Num(2000..), Year])) || own.iter().any(|w| matches!(w, Iso(..)));
    // 每半年（7月10日、次年1月10日前）, 每月预扣的税款，应当在次月十五日内
    let is_once_each = rhythm[0] == Every && (pieces[date.piece].is_bracket || own.first() == Some(&NextMonth));
    let once = is_once_each.then(|| (1, pieces[count.piece].words.phrase().sub(count.range.clone()).place()));
    let times = count.times.clone().or(once);
    if !is_unit || times.is_none() || date.times.is_some() || date.event.is_some() || count.piece == date.piece {
        return None;
    }
    let of_year = |w: &[Word]| matches!(w, [Num(_), Month] | [Nth(_) | Num(_), Quarter]);
    // 每月召开一次例会，25日前报送纪要: two things.
    let has_object = pieces[count.piece].words.words.iter().any(|w| matches!(w, Unknown | Event | Filler));
    let is_act = pieces[date.piece].words.words[date.range.end..].contains(&Verb);
    let has_day = is_dated(pieces[date.piece].words.phrase().sub(date.range.clone())) || own.windows(2).any(of_year);
    if is_amount || has_year || !has_day || has_object && is_act && !is_once_each || before.iter().any(is_other) {
        return None;
    }
    let missing = match own[..] {
        [Every, ..] => vec![],
        [Weekday(_), ..] => vec![Every],
        [FirstHalf | SecondHalf, ..] => vec![Every, Year],
        _ if own.windows(2).any(of_year) => vec![Every, Year],
        [first, ..] if first == unit => vec![Every],
        _ => vec![Every, unit],
    };
    Some((Core { times, ..date.clone() }, unit, missing))
}

/// What follows a date without 前 or 内 must be known: `每月25日某`.
fn follows_well(p: Phrase, core: &Core) -> Result<(), No> {
    let is_closed = core.times.is_some() || core.range.clone().any(|i| is_limit(p.words[i]) || p.words[i] == Ahead);
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
        // 11月底至12月初
        Some(Named(name @ Name::PartOf)) if matches!(p.words[core.range.end - 1], Num(_)) => {
            return Err(refusal::named(*name, rest.places[0].clone()));
        }
        Some(Unknown | Filler | Counter | Colon | Slash | OrElse | Clock | AndHalf) if !is_closed => refusal::UNKNOWN,
        _ => return Ok(()),
    };
    refuse(rest.sub(0..1).place(), what, &[])
}

/// Two dates: each is shown, as it was written.
fn several(read: Phrase, pieces: &[Piece], cores: &[Core]) -> No {
    let place = |core: &Core| {
        let p = pieces[core.piece].words.phrase();
        let from = core.event.as_ref().map_or(usize::MAX, |event| event.start);
        let place = p.sub(core.range.clone()).place();
        place.start.min(from)..place.end
    };
    // Of two amounts the longer one may be for another kind of case.
    let limit = |core: &Core| {
        let p = pieces[core.piece].words.phrase();
        let is_amount =
            matches!(p.words[core.range.start..], [Num(_), length, ..] if is_length(length) && length != Month);
        core.range.start > 0 && p.words[core.range.start - 1] == Limit && !is_amount
    };
    let what = if cores[1..].iter().any(limit) {
        refusal::LATEST
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
    // 每月10日前（12月除外）
    if let Some(no) = refusal::moved(read) {
        return no;
    }
    let at = place(&cores[1]);
    // What says otherwise makes each half another date.
    let is_moved = |w: &Word| matches!(w, Ahead | OrElse);
    // A bracket, a count or 至12月 belongs to the other date.
    let is_part = |core: &Core| {
        let p = pieces[core.piece].words.phrase();
        pieces[core.piece].is_bracket
            || core.event.is_none()
                && matches!(p.words[core.range.clone()], [Num(_), length, Within] if is_length(length))
            || core.times.is_some()
            || !is_dated(p.sub(core.range.clone()))
            || core.range.start > 0 && p.words[core.range.start - 1] == To
    };
    let is_whole = !pieces.iter().any(|piece| piece.words.words.iter().any(is_moved)) && !cores.iter().any(is_part);
    let has_limit = cores[1..].iter().any(limit);
    let cores = cores.iter().filter(|core| is_whole && (!has_limit || limit(core)));
    let form = |core: &Core| match pieces[core.piece].words.words[core.range.start] {
        Every => Form::Own(place(core)),
        _ if is_yearly => Form::Every(place(core)),
        _ => Form::Own(place(core)),
    };
    No { at, what: what.to_owned(), forms: cores.map(form).collect() }
}
