//! One clause of a reply: its items, its verb, and the remark.

use super::{
    Item, NO_SUCH, NOT_UNDERSTOOD, WHICH, date,
    folded::{Piece, Text, is_pause, letters},
    known,
    numbers::{self, Named, Numbers},
    polite, remains,
    verbs::{self, Verb},
};

/// A shorter subject is not enough to recognise a title.
const SUBJECT_CHARS: usize = 4;
/// Longer than any title.
const SUBJECT_WINDOW: usize = 200;

/// A clause that begins with one of these is about the future.
const PLANS: [&str; 7] = ["预计", "预期", "计划", "争取", "力争", "拟于", "将于"];

/// What a clause says about items.
pub(super) struct Clause<'a> {
    pub numbers: Vec<u32>,
    pub verb: Verb,
    /// Up to the end of the verb.
    pub said: Piece<'a>,
    pub remark: Piece<'a>,
}

/// What a clause is.
pub(super) enum Meaning<'a> {
    Nothing,
    Acknowledged,
    Said(Clause<'a>),
    /// When it will be done: a remark on 不能按期 only.
    Plan(Piece<'a>),
    /// Neither item nor verb: a remark, if a statement stands before it.
    Other(Piece<'a>),
}

/// Splits at line ends, 。 and ；, and where a new item begins after a pause.
pub(super) fn split(text: &Text) -> Vec<Piece<'_>> {
    let whole = text.piece();
    let mut clauses = Vec::new();
    let mut start = 0;
    let mut in_title = false;
    for (at, c) in whole.plain.iter().enumerate() {
        in_title = (in_title || *c == '《') && !matches!(c, '》' | '\n');
        let ends = matches!(c, '\n' | '。' | ';' | '!');
        let pauses = matches!(c, ',' | '、' | ' ') && !in_title && begins_item(&whole.plain[at + 1..], *c);
        // In `1、3已办结`, no verb stands before the pause: the list goes on.
        if ends || (pauses && verbs::stands_in(&whole.plain[start..at])) {
            clauses.push(whole.from(start).to(at - start));
            start = at + 1;
        }
    }
    clauses.push(whole.from(start));
    clauses
}

/// Whether another item begins after a pause.
fn begins_item(rest: &[char], pause: char) -> bool {
    let blanks = rest.iter().take(3).take_while(|c| **c == ' ').count();
    let rest = &rest[blanks..];
    let Some(named) = numbers::read(rest) else { return false };
    let after: Vec<char> = rest[named.length..].iter().copied().skip_while(|c| is_pause(*c)).take(40).collect();
    let speaks = verbs::read(&after).is_some();
    let all = named.numbers == Numbers::All;
    speaks || (!all && (named.marked || (pause == ',' && after.first().is_some_and(|c| !c.is_ascii()))))
}

/// What a clause says, or why it is not understood. After a statement (`follows`) a salutation is not skipped: the
/// person named there may be one whom the work still has to reach.
pub(super) fn read<'a>(clause: Piece<'a>, items: &[Item], follows: bool) -> Result<Meaning<'a>, &'static str> {
    if clause.trim_start().plain.is_empty() {
        return Ok(Meaning::Nothing);
    }
    if polite::is_acknowledgement(clause, !follows) {
        return Ok(Meaning::Acknowledged);
    }
    let bare = polite::skip(clause);
    if bare.plain.is_empty() {
        return Ok(if follows { Meaning::Other(clause.trim_start()) } else { Meaning::Nothing });
    }
    let named = numbers::read(bare.plain);
    let rest = match &named {
        Some(named) => bare.from(named.length).trim_start(),
        None => bare,
    };
    let verb = verbs::read(rest.plain);
    // After 已办结, `已报送省厅` tells more of the same.
    if follows && named.is_none() && matches!(verb, Some((Verb::Handled | Verb::HandedIn, _))) {
        return Ok(Meaning::Other(clause.trim_start()));
    }
    if verb.is_none() && date::names_limit(rest.plain) {
        let numbers = if let Some(named) = &named {
            chosen(&named.numbers, items)?
        } else {
            sole(&fitting(Verb::Postponed, items))?
        };
        return if follows && named.is_none() {
            Ok(Meaning::Other(clause.trim_start()))
        } else {
            Ok(Meaning::Said(Clause { numbers, verb: Verb::Postponed, said: rest.to(0), remark: rest }))
        };
    }
    if let Some((verb, end)) = verb {
        let numbers = match named {
            Some(Named { numbers: these @ Numbers::These(_), .. }) => chosen(&these, items)?,
            Some(_) => chosen(&Numbers::All, &fitting(verb, items))?,
            None if verbs::is_of_all(rest.plain) => chosen(&Numbers::All, &fitting(verb, items))?,
            None => sole(&fitting(verb, items))?,
        };
        return Ok(Meaning::Said(Clause { numbers, verb, said: rest.to(end), remark: rest.from(end) }));
    }
    if named.is_none() && PLANS.iter().any(|plan| bare.starts_with(plan)) {
        return Ok(Meaning::Plan(clause.trim_start()));
    }
    if let Some((words, verb, remark)) = subject(rest) {
        let said = rest.to(rest.plain.len() - remark.plain.len());
        // `1、2已完成。附件已上传`: of what was reported before.
        let of_before = follows && named.is_none() && verb == Verb::Handled;
        let Some(titled) = titled(&letters(words.plain.iter().copied()), items) else {
            if of_before {
                return Ok(Meaning::Other(clause.trim_start()));
            }
            // `昨天小王已办结`, `见附件，已办结`: of the only item.
            return match fitting(verb, items).as_slice() {
                [item] if named.is_none() && is_told(words, said, verb, item) => {
                    Ok(Meaning::Said(Clause { numbers: vec![item.number], verb, said, remark }))
                }
                _ => Err(NOT_UNDERSTOOD),
            };
        };
        // If a number is given too, both must mean the same item.
        let agrees = match &named {
            Some(named) => chosen(&named.numbers, items)? == [titled],
            None => true,
        };
        return if agrees {
            Ok(Meaning::Said(Clause { numbers: vec![titled], verb, said, remark }))
        } else {
            Err(NOT_UNDERSTOOD)
        };
    }
    if verbs::stands_in(bare.plain) || named.is_some_and(|n| is_item(&n, rest, items)) {
        return Err(NOT_UNDERSTOOD);
    }
    Ok(Meaning::Other(clause.trim_start()))
}

/// Whether a number without a verb still means an item, and is not part of a telephone number.
fn is_item(named: &numbers::Named, rest: Piece, items: &[Item]) -> bool {
    let exists = match &named.numbers {
        Numbers::All => true,
        Numbers::These(numbers) => numbers.iter().any(|n| items.iter().any(|i| i.number == *n)),
    };
    named.marked || (exists && rest.plain.first().is_some_and(|c| !c.is_ascii()))
}

fn chosen(numbers: &Numbers, items: &[Item]) -> Result<Vec<u32>, &'static str> {
    let mut chosen: Vec<u32> = match numbers {
        Numbers::All => items.iter().map(|i| i.number).collect(),
        Numbers::These(numbers) => numbers.clone(),
    };
    chosen.sort_unstable();
    chosen.dedup();
    let exist = !chosen.is_empty() && chosen.iter().all(|n| items.iter().any(|i| i.number == *n));
    if exist { Ok(chosen) } else { Err(NO_SUCH) }
}

/// The items that can be meant where none is named; all, if none of them can.
fn fitting<'a>(verb: Verb, items: &[Item<'a>]) -> Vec<Item<'a>> {
    let fits = |item: &&Item| verb.is_of_helpers().is_none_or(|helps| item.helps == helps);
    let found: Vec<Item> = items.iter().filter(fits).copied().collect();
    if found.is_empty() { items.to_vec() } else { found }
}

fn sole(items: &[Item]) -> Result<Vec<u32>, &'static str> {
    match items {
        [item] => Ok(vec![item.number]),
        _ => Err(WHICH),
    }
}

/// Whether the words before a report of something done only say who did what, and when, and that it is over: `小王办结`
/// may be an order to him, and `报告已完成` a step of 发布报告.
fn is_told(words: Piece, said: Piece, verb: Verb, item: &Item) -> bool {
    let is_over = said.plain.iter().any(|c| "已了昨早".contains(*c));
    let is_whole = verb == Verb::Handled || said.plain[words.plain.len()..].iter().any(|c| "结号".contains(*c));
    let title = if is_whole { item.title } else { "" };
    let spoken = words.to_owned().spoken();
    matches!(verb, Verb::Done | Verb::Handled)
        && is_over
        && !remains::is_suspicious(&spoken)
        && spoken.split(is_pause).all(|piece| known::is_subject(piece, title))
}

/// The words before the first verb, the verb, and the remark. The words are a subject if a title contains them.
fn subject(clause: Piece) -> Option<(Piece, Verb, Piece)> {
    let window = clause.plain.len().min(SUBJECT_WINDOW);
    // `请销号` asks for it.
    (1..window).filter(|at| clause.plain[at - 1] != '请').find_map(|at| {
        let (verb, end) = verbs::read(&clause.plain[at..])?;
        Some((clause.to(at), verb, clause.from(at + end)))
    })
}

/// The only item whose title contains these words.
fn titled(subject: &str, items: &[Item]) -> Option<u32> {
    // `信访件逾期未` of 未办结 denies, even where the title has these words.
    if subject.chars().count() < SUBJECT_CHARS || subject.ends_with(['未', '没', '不', '待', '拟', '尚', '非', '能'])
    {
        return None;
    }
    let mut with = items.iter().filter(|item| letters(item.title.chars()).contains(subject));
    match (with.next(), with.next()) {
        (Some(item), None) => Some(item.number),
        _ => None,
    }
}
