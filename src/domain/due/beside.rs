//! What stands beside the date: it is passed over, or it says how a day off moves the date, or it might change the
//! date, and then it is asked.

use std::ops::Range;

use super::{
    lexer::Phrase,
    pieces::Piece,
    reading::{Clause, Zone},
    refusal::{self, No, refuse},
    roll::Roll,
    rule::YEARS,
    starts::{is_core, is_length},
    word::{Name, Word},
};

use Word::*;

/// A bracket that only remarks on the date: `（星期五）`, `（含）`.
pub fn is_remark(piece: &Piece) -> bool {
    piece.is_bracket
        && (weekday(piece.words.phrase()).is_some()
            || matches!(piece.words.words[..], [Inclusive] | [Inclusive, Num(_), ..] | [Num(_)]))
}

pub const TWO: &str = "“”和期限连在一起，分不清以哪个为准：请只写期限本身";
const TWICE: &str = "写了两个次数：请每一件事写一个事项";

fn weekday(p: Phrase) -> Option<usize> {
    match p.words {
        [Weekday(_)] => Some(0),
        [Week, Weekday(_)] => Some(1),
        [Nth(_), Week, Weekday(_)] => Some(2),
        _ => None,
    }
}

pub fn bracket(piece: &Piece, clause: &mut Clause) -> Result<(), No> {
    let p = piece.words.phrase();
    // 每月（季）10日前, 每周一次（周一）
    if !is_remark(piece) && piece.is_alternative || clause.is_count && weekday(p).is_some() {
        return refuse(piece.place.clone(), TWO, &[]);
    }
    // （含9月15日）: the day itself again.
    if let [Inclusive, day @ ..] = p.words
        && matches!(day, [Num(_), ..])
    {
        clause.passed.push(piece.place.clone());
        return match clause.core.words.windows(day.len()).any(|w| w == day) {
            true => Ok(()),
            false => refuse(piece.place.clone(), TWO, &[]),
        };
    }
    if let Some(i) = weekday(p)
        && let Weekday(day) = p.words[i]
    {
        clause.weekdays.push((day, piece.place.clone()));
        return Ok(());
    }
    let (known, had_roll) = (clause.passed.len(), clause.roll.is_some());
    check(p, Zone::Bracket, clause)?;
    clause.passed.truncate(known);
    if had_roll == clause.roll.is_some() {
        clause.passed.push(piece.place.clone());
    }
    Ok(())
}

/// Words that may not stand before a date, between a rhythm and its count, or beside a date in a bracket.
pub fn narrows(word: Word) -> bool {
    use Name::*;
    match word {
        Named(name) => {
            !matches!(name, NoDate | Rhythm | Vague | Current | Hours | Bound | NoDuty | Done | Label | Phase)
        }
        Word::Roll(_) | Word::Beside(_) | Meet | MovedTo | During | Ten(_) => true,
        _ => false,
    }
}

/// Why a word may not stand there.
pub fn changes(word: Word, at: Range<usize>) -> No {
    match word {
        Named(name) => refusal::named(name, at),
        _ => refusal::named(Name::Moves, at),
    }
}

/// Goes through the words of a zone, one by one.
pub fn check(p: Phrase, zone: Zone, clause: &mut Clause) -> Result<(), No> {
    if p.words.is_empty() {
        return Ok(());
    }
    let mut i = 0;
    let mut from = 0;
    while i < p.words.len() {
        let rolls = roll_words(p.from(i), zone == Zone::Bracket && i == 0);
        if rolls > 0 {
            // 3日以上法定节假日顺延, 国庆假期顺延: not every day off.
            let is_some = |w: &Word| !matches!(w, Verb | Comma | Lead | Soft | Filler | Received);
            if i > 0 && p.words[i] == DayOff && is_some(&p.words[i - 1]) {
                return Err(refusal::named(Name::Moves, p.sub(i - 1..i + rolls).place()));
            }
            let is_all = i == 0 && rolls == p.words.len() && zone != Zone::Before;
            roll(p.from(i), (rolls, is_all), zone, clause)?;
            pass(p.sub(from..i), clause);
            i += rolls;
            from = i;
            continue;
        }
        let (word, at) = (p.words[i], p.places[i].clone());
        if let [Num(y), Year, ..] = p.words[i..]
            && YEARS.contains(&y)
        {
            clause.years.push((y, zone, p.sub(i..i + 2).place()));
        }
        if zone == Zone::Before
            && matches!(
                p.words[i..],
                [Num(_) | Nth(_), Month | Quarter, ..] | [FirstHalf | SecondHalf | Odd | Even | Year, ..]
            )
        {
            let is_year = word == Year && i > 0 && matches!(p.words[i - 1], Num(_));
            let len = if matches!(word, Num(_) | Nth(_)) { 2 } else { 1 };
            clause.part = Some(p.sub(i..i + len).place()).filter(|_| !is_year).or_else(|| clause.part.take());
        }
        if zone == Zone::After
            && i == 0
            && clause.times.is_none()
            && let Some(len) = scope(p)
        {
            return Err(refusal::named(Name::NoDuty, p.sub(0..len).place()));
        }
        if let (Some((_, counted)), true) = (&clause.times, matches!(p.words[i..], [Num(_), Times, ..]))
            && !(counted.start <= at.start && at.end <= counted.end)
        {
            return refuse(p.sub(i..i + 2).place(), TWICE, &[]);
        }
        // 按月缴纳，期满后15日内: is it a month that ends?
        if word == Named(Name::Rhythm) && (zone == Zone::Before || clause.event.is_some()) {
            clause.rhythm = Some(at.clone());
        }
        if (zone, word) == (Zone::Before, Named(Name::Phase)) && clause.core.words.contains(&Every) {
            return Err(refusal::named(Name::Phase, at));
        }
        if let [Named(Name::Rhythm), OrElse | Slash | Comma, Named(Name::Rhythm), ..] = p.words[i..] {
            return refuse(p.sub(i..i + 3).place(), TWO, &[]);
        }
        // …，全年三次
        if clause.times.is_none()
            && matches!(zone, Zone::Elsewhere | Zone::Bracket)
            && matches!(p.words[i..], [Num(_), Times, ..])
            && p.words[..i].iter().all(|w| matches!(w, Lead | Hope | Verb | AtLeast | ThisYear | Named(Name::NoDate)))
        {
            return refuse(p.sub(0..i + 2).place(), TWO, &[]);
        }
        // 季度报表于次月10日前: which month is the next one?
        let is_longer =
            matches!(word, Quarter | Quarters | Half) || word == Year && !(i > 0 && matches!(p.words[i - 1], Num(_)));
        if zone == Zone::Before && is_longer && clause.core.words.first() == Some(&NextMonth) {
            return refuse(at, TWO, &[]);
        }
        if let Some(len) = beside_a_thing(p, i, zone, clause) {
            let at = p.sub(i + 1 - len..i + 1).place();
            let why = (0..=i).find_map(|k| match p.words[k] {
                Named(name) if name != Name::NoDuty => Some(refusal::named(name, p.places[k].clone())),
                _ => None,
            });
            return why.map_or_else(|| refuse(at, TWO, &[]), Err);
        }
        if stands_wrong(p, i, zone) {
            return match word {
                Named(Name::Label) if i > 0 => Err(changes(word, p.sub(i - 1..i + 1).place())),
                Named(_) | During | MovedTo | Meet | DayOff | SomeOff | Word::Roll(_) | Word::Beside(_) => {
                    Err(changes(word, at))
                }
                Basis | To | Lead => Err(refusal::named(Name::NoDuty, at)),
                Whose | Before | Within | Begin | Counter | Day | Days | Workday | Months | Week | Quarters | Year
                    if i > 0 =>
                {
                    refuse(p.sub(i - 1..i + 1).place(), TWO, &[])
                }
                _ => refuse(at, TWO, &[]),
            };
        }
        i += 1;
    }
    pass(p.from(from), clause);
    Ok(())
}

fn pass(p: Phrase, clause: &mut Clause) {
    if !p.words.is_empty() {
        clause.passed.push(p.place());
    }
}

/// Whether the word at `i` might change the date from where it stands.
fn stands_wrong(p: Phrase, i: usize, zone: Zone) -> bool {
    use Name::*;
    let word = p.words[i];
    let opens = p.words[..i].iter().all(|w| matches!(w, Lead | Hope | Comma | Verb | Basis));
    let is_last = i + 1 == p.words.len();
    match (zone, word) {
        (
            _,
            Named(Moves | Except | EveryOther | NotBefore | Dawn) | Meet | MovedTo | Word::Roll(_) | Word::Beside(_),
        ) => true,
        // 验收后次月10日, 月份或者季度终了后, 3个月零10日: more than the core is meant.
        // 新任职的每年
        (Zone::Before, Whose) if is_last => true,
        (Zone::Before, OrElse | Comma | AndHalf | Named(Current | Vague)) if is_last => true,
        // 根据3月5日通知; 任期至, 数据截至: until when something holds.
        (Zone::Before, Basis) if is_last => true,
        (Zone::Before, To) if is_last => {
            i > 0 && matches!(p.words[i - 1], Unknown | Verb | Event | Filler | Received | Counter)
        }
        // 禁渔期为3月1日至6月30日
        (Zone::Before, Lead) if is_last => i > 0 && p.words[i - 1] == Counter,
        (Zone::Before, word) if is_last && is_core(word) => !matches!(word, From | AtLeast | Times | Slash),
        (Zone::Before, Num(_)) if p.words.get(i + 1).is_some_and(|w| is_length(*w) && !matches!(w, Month | Year)) => {
            true
        }
        // 严禁在10月底前, but not 禁止燃放的宣传于10月底前
        (Zone::Before, Named(NoDuty | Done | Label)) => {
            p.words[i + 1..].iter().all(|w| matches!(w, Lead | Limit | To | Colon))
        }
        (Zone::Elsewhere, Named(Label)) => is_last,
        (Zone::Before, word) => {
            narrows(word) && !matches!(word, Ten(_)) || matches!(p.words[i..], [Nth(_), Year, ..] | [AndHalf])
        }
        // 整改完成前，每月5日前; …，从次月起算, but not 从今年起，…
        (Zone::Elsewhere, Before | After | SinceDay) => is_last,
        (Zone::Elsewhere, Begin) => match p.words[..i] {
            [.., Named(Relative)] => true,
            _ => is_last && !matches!(p.words[..i], [.., Year | ThisYear]),
        },
        // 休渔期：5月1日至8月16日, but not 第一期：…
        (Zone::Elsewhere, Counter) => is_last && i > 0 && !matches!(p.words[i - 1], Num(_) | Nth(_)),
        // …，季度首月加报
        (Zone::Elsewhere, Quarter) => matches!(p.words.get(i + 1), Some(Nth(_))),
        // …，均指工作日; …，承诺5日; …，共三年
        (Zone::Elsewhere, Workday) => true,
        (Zone::Elsewhere | Zone::Bracket, Day | Days | Months | Week | Quarters | Year) if is_amount(p, i) => true,
        // …，已取消
        (Zone::Elsewhere | Zone::Bracket, Named(Ends)) => true,
        (Zone::Bracket, Named(NoDuty)) => p.words.len() == 1,
        (Zone::Elsewhere | Zone::Bracket, Named(Done | Others)) => opens,
        // …，每届一次, but not 汛期准备工作，…
        (Zone::Elsewhere, Named(Season)) => opens && p.words.get(i + 1) != Some(&Unknown),
        // 已报送, 应不予受理
        (Zone::After, Named(NoDuty | Done)) => {
            p.words[..i].iter().all(|w| matches!(w, Lead | Hope | How | Filler | Comma))
        }
        // 至6月30日为禁渔期
        (Zone::After, Counter) => is_last && p.words[0] == Lead,
        // …，最长60日; …，但不得晚于投标截止日
        (Zone::Elsewhere, Limit) => {
            let next = p.from(i + 1 + usize::from(p.words.get(i + 1) == Some(&To)));
            matches!(next.words, [Event | Received | Unknown, Day, ..] | [Event | Received, ..])
                || matches!(next.words, [Num(_), length, ..] if is_length(*length))
        }
        (Zone::After, Slash) => i == 0,
        (Zone::Elsewhere | Zone::Bracket, DayOff | SomeOff) => true,
        (Zone::Bracket, Workday | Days | Every | FirstHalf | SecondHalf | Odd | Even) => true,
        // （换届年）, （双周）
        (Zone::Bracket, Year | Half | Quarter | Month | Week) if is_last => {
            i == 0 || !matches!(p.words[i - 1], Num(_)) || word == Week
        }
        (Zone::Bracket, OrElse) if i == 0 => true,
        (Zone::Bracket, word) => narrows(word) || matches!(p.words[i..], [Nth(_) | Num(_), Quarter | Month, ..]),
        // A time of its own: …，上旬完成. Further on it names a thing: 完成春季植树.
        (Zone::After | Zone::Elsewhere, Ten(_) | Named(PartOf | HalfMonth | TenDays | Daily | Lunar | Feast)) => {
            let is_thing = i > 0 && p.words[i - 1] == Verb && p.words.get(i + 1) == Some(&Unknown);
            opens && !is_thing && (i > 0 || zone == Zone::Elsewhere) || is_before(p.words.get(i + 1))
        }
        // …，单月报
        (Zone::Elsewhere, Odd | Even) => opens,
        (Zone::After | Zone::Elsewhere, Named(Relative)) => {
            matches!(p.words.get(i + 1), None | Some(Num(_) | End | Before))
        }
        (_, OrElse) => i == 0,
        _ => false,
    }
}

/// Whether an amount ends at `i`: neither a minimum, nor 一年两次, nor the name of a plan.
fn is_amount(p: Phrase, i: usize) -> bool {
    matches!(p.words[..i], [.., Num(0..=99)])
        && !matches!(p.words[..i], [.., AtLeast, Num(_)])
        // 三年行动计划
        && !matches!(p.words[i..], [Year, _, ..])
        && !matches!(p.words[i + 1..], [Num(_), Times, ..] | [AtLeast, ..])
}

/// What stands beside a date or a count and has a time of its own: how many words that is.
fn beside_a_thing(p: Phrase, i: usize, zone: Zone, clause: &Clause) -> Option<usize> {
    let ends_here = p.words.get(i + 1).is_none_or(|w| matches!(w, Verb | How | Comma | Lead | Received));
    let is_found = match (zone, p.words[i]) {
        // 12月考核前, 6月底验收后: is it done by then, or by the end of the month?
        (Zone::After, Before | After) if !clause.is_closed => ends_here,
        // 每家单位每年至少一次: each once, or once in all?
        (Zone::Before, Every) => clause.times.is_some(),
        (Zone::Before, _) => false,
        // 每季度1次，首月完成; 每年一次，考核前完成
        (_, Before | After) => clause.is_count && ends_here,
        (_, Weekday(_) | NextMonth | NextQuarter | Ten(_) | Named(Name::Season | Name::PartOf)) => clause.is_count,
        (_, Month | Months | Week) => clause.is_count && i > 0 && matches!(p.words[i - 1], Nth(_) | Num(_)),
        _ => false,
    };
    let is_end = matches!(p.words[i], Before | After | Month | Months | Week);
    is_found.then_some(1 + usize::from(is_end && i > 0))
}

/// 受理的申请, 未报送的: how many words behind a date name what it is about, and say nothing of what is to be done.
fn scope(p: Phrase) -> Option<usize> {
    let of = p.words.iter().position(|w| *w == Whose)?;
    let skip = p.words[..of].iter().take_while(|w| matches!(w, How | Lead | Hope | Comma)).count();
    let named = &p.words[skip..of];
    let is_verb = |w: &Word| matches!(w, Verb | Received | Event | Filler | Named(Name::NoDuty) | OrElse | Comma);
    let is_duty = matches!(named.first(), Some(Verb | Basis | Received | Event | Filler));
    // 三年内发现的，可以要求退还
    let is_who = matches!(p.words.get(of + 1), None | Some(Named(Name::NoDuty)));
    (is_who || named.iter().all(is_verb) || !is_duty).then_some(of + 1)
}

fn is_before(next: Option<&Word>) -> bool {
    matches!(next, Some(Before | Within | After))
}

/// How many words say how a day off moves the date; 0 if there are none.
fn roll_words(p: Phrase, is_bracket: bool) -> usize {
    let is_part = |w: &Word| matches!(w, Word::Roll(_) | Word::Beside(_) | Meet | DayOff | SomeOff | MovedTo | Ahead);
    let is_glue = |w: &Word| matches!(w, Comma | Lead | Soft | OrElse | To | Clock | How | During | Weekday(_));
    if !p.words.first().is_some_and(is_part) {
        return 0;
    }
    let run = p.words.iter().take_while(|w| is_part(w) || is_glue(w)).count();
    let len = p.words[..run].iter().rposition(is_part).map_or(0, |n| n + 1);
    // 节假日 alone is a noun; 提前 alone says how something is done.
    let says = p.words[..len].iter().any(|w| matches!(w, Word::Roll(_) | Meet | MovedTo));
    let is_off = p.words[..len].iter().any(|w| matches!(w, DayOff | SomeOff));
    let moves_ahead = p.words[..len].contains(&Ahead) && (is_off || is_bracket && p.words.len() == 1);
    if says || moves_ahead { len } else { 0 }
}

fn roll(p: Phrase, (len, is_all): (usize, bool), zone: Zone, clause: &mut Clause) -> Result<(), No> {
    let (words, at) = (&p.words[..len], p.sub(0..len).place());
    // 顺延至12月16日: the date that counts follows.
    if words == [MovedTo] && zone == Zone::Before && p.words.len() == 1 {
        clause.passed.push(at);
        return Ok(());
    }
    let has = |word: Word| words.contains(&word);
    let said: Vec<Roll> = words
        .iter()
        .filter_map(|w| if let Word::Roll(roll) | Word::Beside(roll) = w { Some(*roll) } else { None })
        .collect();
    let meaning = match (said.first(), has(Ahead)) {
        _ if matches!(p.words.get(len), Some(Num(_) | Nth(_) | AtLeast | Unknown)) => None,
        (Some(first), false) if said.iter().all(|roll| roll == first) => Some(*first),
        (None | Some(Roll::Earlier), true) if said.iter().all(|roll| *roll == Roll::Earlier) => Some(Roll::Earlier),
        _ => None,
    };
    // Without a day off nothing says when it is moved, unless it stands alone: （顺延）.
    let Some(meaning) = meaning.filter(|_| has(DayOff) || is_all && !has(Meet) && !has(SomeOff)) else {
        return Err(refusal::named(Name::Moves, at));
    };
    if clause.roll.as_ref().is_some_and(|(other, _)| *other != meaning) {
        return refuse(at, "遇节假日是顺延还是提前，写得不一致：请只留一个", &[]);
    }
    clause.roll = Some((meaning, at));
    Ok(())
}
