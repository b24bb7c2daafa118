//! Refusals: what is wrong, and what to write instead.

use std::ops::Range;

use super::{
    Refusal,
    dictionary::{Name, Word, english_words},
    lexer::Phrase,
};

use Word::*;

/// `instead` holds whole forms that would be understood.
pub fn refuse<T>(at: Range<usize>, what: impl Into<String>, instead: &[&str]) -> Result<T, Refusal> {
    refuse_with(at, what, instead.iter().map(|s| (*s).to_owned()).collect())
}

pub fn refuse_with<T>(at: Range<usize>, what: impl Into<String>, instead: Vec<String>) -> Result<T, Refusal> {
    Err(Refusal { at, what: what.into(), instead })
}

/// The year in an example where only the admin knows the right one.
pub const SOME_YEAR: i16 = 2026;

/// Refuses a word that never gives a certain date.
pub fn named(text: &str, name: Name, at: Range<usize>, all: Phrase) -> Refusal {
    let word = text.get(at.clone()).unwrap_or_default();
    let (what, instead): (String, Vec<String>) = match name {
        Name::NoDate => (
            format!("“{word}”没有日期：请给它定一个检查的日子，并写上 bureau_default = true（局内默认）"),
            vec!["每季度末月20日".into(), "每月25日".into(), "每年12月20日".into()],
        ),
        Name::Vague => (
            format!("“{word}”说不准是哪一天：请写明日期"),
            vec!["每季度末月20日".into(), "收到之日起20个工作日内".into(), "每年12月31日前".into()],
        ),
        Name::Around => {
            (format!("“{word}”说不准是哪一天：请写最晚的那一天"), vec!["每年9月30日前".into(), "每月25日".into()])
        }
        Name::Hours => {
            // 24小时 is a length, 17时 an hour of the day.
            let instead = match hours(all).filter(|_| word.contains("小时")) {
                Some(n) => vec![format!("收到之日起{}日内", n.div_ceil(24).max(1)), "收到之日起1个工作日内".into()],
                None => vec!["每年9月30日前".into(), "2026年9月30日前".into(), "每周五".into()],
            };
            (format!("“{word}”精确到了小时，提醒以天为单位：请只写到哪一天"), instead)
        }
        Name::Lunar => (
            format!("“{word}”按农历，每年日期不同：请写公历日期"),
            vec!["每年1月15日前".into(), "2027年1月29日前".into()],
        ),
        Name::Feast(month, day) => (
            format!("“{word}”请写成日期"),
            vec![format!("每年{month}月{day}日前"), format!("{SOME_YEAR}年{month}月{day}日前")],
        ),
        Name::Relative | Name::Current => {
            let instead = match word.chars().next_back() {
                _ if word.contains(['周', '星']) => vec!["每周五".into(), "2026年9月30日前".into()],
                Some('月') => vec!["每月底前".into(), "次月5日前".into(), "2026年9月30日前".into()],
                Some('季' | '度') => vec!["每季度末".into(), "每季度结束后10日内".into()],
                _ => vec!["2026年9月30日前".into(), "每年9月30日前".into()],
            };
            (format!("“{word}”要看是哪天写的才知道日期：请写明日期，每期都办的写“每”"), instead)
        }
        Name::Daily => (
            format!("“{word}”太密，不逐日提醒：请写每周或每月的检查日"),
            vec!["每周五".into(), "每月最后一个工作日".into(), "RRULE:FREQ=DAILY".into()],
        ),
        Name::HalfMonth => (
            format!("“{word}”没有写明是哪两天：请把日子写出来"),
            vec!["每月15日、31日".into(), "收到之日起15日内".into()],
        ),
        Name::TenDays => (format!("“{word}”没有写明是哪一天：请把日子写出来"), vec!["每月10日、20日、31日".into()]),
        Name::NotBefore => (
            format!("“{word}”只说了从哪天开始，没有说最晚哪天"),
            vec!["每年3月31日前".into(), "每年3月1日至3月31日".into()],
        ),
        Name::EveryOther => (
            format!("“{word}”各人理解不一：请写明几年一次、单月还是双月"),
            vec!["每单月10日".into(), "每双月10日".into(), "自2026年起每两年3月1日前".into()],
        ),
        Name::Except => (format!("“{word}”会改变日期：请直接写最晚能办的那一天"), vec!["每年1月30日前".into()]),
    };
    Refusal { at, what, instead }
}

/// `24` of `24小时`.
fn hours(all: Phrase) -> Option<u32> {
    all.words.windows(2).find_map(|w| match w {
        [Num(n @ 1..=999), Named(Name::Hours)] => Some(*n),
        _ => None,
    })
}

/// Forms to suggest when nothing better is known.
const SAMPLES: &[&str] = &[
    "每年1月31日前",
    "每年3月底前",
    "每年2月最后一个工作日",
    "每年7月10日、12月20日前",
    "年度终了后4个月内",
    "每半年结束后15日内",
    "每半年末月20日",
    "每季度末月20日",
    "每季度首月10日前",
    "每季度末",
    "每季度结束后15日内",
    "季后10个工作日",
    "每月25日",
    "每月底前",
    "每月4日、14日、24日",
    "每月最后一个工作日",
    "每月第3个工作日",
    "次月5日前",
    "月后7个工作日内",
    "每周五",
    "每单月10日",
    "每双月10日",
    "自2026年起每两年3月1日前",
    "2026年9月30日前",
    "每年至少1次",
    "每季度不少于2次",
    "收到之日起20个工作日内",
    "举行前20个工作日",
    "yearly 01-31",
    "half-yearly 20",
    "quarterly 20",
    "monthly 25",
    "monthly last workday",
    "weekly fri",
    "10 workdays after quarter",
    "20 workdays after receipt",
];

/// The three forms most alike.
pub fn nearest(text: &str) -> Vec<String> {
    let mut samples: Vec<(f64, &str)> = SAMPLES.iter().map(|s| (alike(text, s), *s)).collect();
    samples.sort_by(|a, b| b.0.total_cmp(&a.0));
    samples.into_iter().take(3).map(|(_, s)| s.to_owned()).collect()
}

fn alike(a: &str, b: &str) -> f64 {
    // Only the beginning of a long pasted sentence is compared letter by letter.
    let a: String = a.chars().take(40).collect();
    strsim::sorensen_dice(&a, b) + strsim::normalized_levenshtein(&a, b)
}

/// The English word that a misspelt one may mean.
pub fn did_you_mean(word: &str) -> Option<&'static str> {
    let word: String = word.chars().take(20).collect::<String>().to_lowercase();
    let (score, found) =
        english_words().map(|w| (strsim::jaro_winkler(&word, w), w)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.8).then_some(found)
}
