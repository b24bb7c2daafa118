//! Refusals: what is wrong, and what to write instead, in the writer's own words and numbers.

use std::ops::Range;

use super::{
    dictionary::english_words,
    lexer::Phrase,
    word::{Name, Word},
};

use Word::*;

/// A refusal before the text is at hand.
#[derive(Clone, Debug)]
pub struct No {
    pub at: Range<usize>,
    pub what: String,
    pub forms: Vec<Form>,
}

/// What may be written instead. It is shown only if it is understood, and has no number that the text has not.
#[derive(Clone, Debug)]
pub enum Form {
    Put(String),
    /// These bytes of the text.
    Own(Range<usize>),
    /// The same, of every year.
    Every(Range<usize>),
}

pub fn refuse<T>(at: Range<usize>, what: impl Into<String>, forms: &[&str]) -> Result<T, No> {
    refuse_with(at, what, forms.iter().map(|s| (*s).to_owned()).collect())
}

pub fn refuse_with<T>(at: Range<usize>, what: impl Into<String>, forms: Vec<String>) -> Result<T, No> {
    Err(No { at, what: what.into(), forms: forms.into_iter().map(Form::Put).collect() })
}

/// Why a word gives no certain date, or makes one uncertain. `“”` stands for the word.
pub fn named(name: Name, at: Range<usize>) -> No {
    let what = match name {
        Name::NoDate | Name::Rhythm => {
            "“”没有日期：请给它定一个检查的日子（如“每季度末”），并写上 bureau_default = true（局内默认）"
        }
        Name::Vague | Name::PartOf => "“”说不准是哪一天：请写明日期",
        Name::Around => "“”说不准是哪一天：请写最晚的那一天",
        Name::Hours => "“”以小时计，提醒以天为单位：请写成几天或几个工作日",
        Name::Dawn => "“”算当天还是前一天，各人理解不一：请只写到哪一天",
        Name::Lunar => "“”每年的公历日期不同：请写公历日期",
        Name::Feast => "“”请写成日期：放假前的最后一天，还是节日当天",
        Name::Relative | Name::Current => "“”要看是哪天写的才知道日期：请写明日期，每期都办的写“每”",
        Name::Daily => "“”太密，不逐日提醒：请写每周或每月的检查日",
        Name::HalfMonth | Name::TenDays => "“”没有写明是哪几天：请把日子写出来",
        Name::NotBefore => "“”只说了从哪天开始，没有说最晚哪天",
        Name::EveryOther => "“”各人理解不一：请写明几年一次、单月还是双月",
        Name::Bound => "“”说的不是至少几次：请写“至少几次”",
        Name::Ends => "“”说这件事不再办，或只办到什么时候：还要办的，请去掉这几个字，到时候再删掉这个事项",
        Name::Others => "“”说明还有别的期限：请每一种写一个事项",
        Name::NoDuty | Name::Done | Name::Label => "“”旁边的日期不是要办好什么的期限：请只写要办的事和它的期限",
        Name::Except => "“”会改变日期：请直接写最晚能办的那一天",
        Name::Moves => "“”会改变日期，怎么改没有写定：请直接写最晚能办的那一天",
        Name::Season | Name::Phase => "“”的起止各年各地不同：请写明日期",
    };
    No { at, what: what.to_owned(), forms: Vec::new() }
}

pub const NO_DAY: &str = "没有写哪一天";
pub const LATEST: &str = "写了想要的和最迟的两个日期：最迟的写在 due，想要的写在 target（局内目标）";
/// What no form knows.
pub const UNKNOWN: &str = "这几个字看不懂";

/// The word that is the reason why no day is given: `每年定期更新`.
pub fn vague(p: Phrase) -> Option<No> {
    let is_vague = |w: &Word| matches!(w, Named(name) if !is_beside(*name) && *name != Name::Moves);
    p.words.iter().position(is_vague).and_then(|i| match p.words[i] {
        Named(name) => Some(named(name, p.places[i].clone())),
        _ => None,
    })
}

/// What makes one of two dates the other's exception.
pub fn moved(p: Phrase) -> Option<No> {
    let is_moved = |w: &Word| {
        matches!(w, Named(Name::Except | Name::Moves | Name::EveryOther | Name::Season | Name::Lunar) | MovedTo)
    };
    let i = p.words.iter().position(is_moved)?;
    let name = if let Named(name) = p.words[i] { name } else { Name::Moves };
    Some(named(name, p.places[i].clone()))
}

/// What says something about a date, and not that there is none.
fn is_beside(name: Name) -> bool {
    use Name::*;
    matches!(name, Current | NoDuty | Done | Ends | Others | Phase | Label)
}

/// Why a text has no date: the first word that says so, or a mistake that is known.
pub fn no_date(p: Phrase) -> No {
    let first = |is: fn(&Name) -> bool| {
        p.words.iter().enumerate().find_map(|(i, w)| match w {
            Named(name) if is(name) => Some(named(*name, p.places[i].clone())),
            _ => None,
        })
    };
    let hours = p.words.windows(2).position(|w| matches!(w, [Num(_), Named(Name::Hours)]));
    if let Some(i) = hours {
        return named(Name::Hours, p.sub(i..i + 2).place());
    }
    if let Some(no) = first(|name| matches!(name, Name::Moves)) {
        let what = "“”没有写定日期：定下来后再写，或先给它定一个检查的日子（如“每季度末”）".to_owned();
        return No { what, ..no };
    }
    first(|name| !is_beside(*name) && *name != Name::Vague)
        .or_else(|| first(|name| *name == Name::Current || !is_beside(*name)))
        .unwrap_or_else(|| known(p))
}

fn known(p: Phrase) -> No {
    let say = |what: &str| No { at: p.place(), what: what.to_owned(), forms: Vec::new() };
    let unit = |w: &Word| matches!(w, Day | Days | Workday | Month | Months | Year | Week | Quarter);
    match p.words {
        [Num(n)] => {
            let forms = numbered(*n).into_iter().map(Form::Put).collect();
            No { forms, ..say("只有一个数字，分不清是几月几日") }
        }
        [Pair(m, d)] => {
            let forms = numbered(m.saturating_mul(100).saturating_add(*d)).into_iter().map(Form::Put).collect();
            No { forms, ..say("日期请写成几月几日") }
        }
        words => match words.iter().position(unit) {
            Some(0) if !matches!(words[0], Year | Quarter | Month) => say("这里少了数字"),
            Some(0) => say("没有写日期"),
            Some(i) if words[i - 1] == Unknown => {
                No { at: p.sub(i - 1..i + 1).place(), ..say("日期没有写全，或有看不懂的字") }
            }
            Some(i) if matches!(words[i - 1], Num(_)) && !matches!(words[i], Year | Month | Quarter) => {
                No { at: p.sub(i - 1..i + 1).place(), ..say("没有说从哪一天算起，到哪一天为止") }
            }
            _ if words.last() == Some(&Before) => say("只说了在什么以前，没有写哪一天，也没有写提前多少天"),
            _ => say("没有写日期"),
        },
    }
}

/// `31` may be a day, `0131` a month and a day, `2026` a year.
fn numbered(n: u32) -> Vec<String> {
    match (n / 100, n % 100) {
        (0, d @ 1..=31) => vec![format!("每月{d}日")],
        (m @ 1..=12, d @ 1..=31) => vec![format!("每年{m}月{d}日前")],
        _ => vec![format!("{n}年底前")],
    }
}

/// The English word that a misspelt one may mean.
pub fn did_you_mean(word: &str) -> Option<&'static str> {
    let word: String = word.chars().take(20).collect::<String>().to_lowercase();
    let (score, found) =
        english_words().map(|w| (strsim::jaro_winkler(&word, w), w)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.8).then_some(found)
}
