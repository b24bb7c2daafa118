//! What a document leaves open, and what a person answered: once, by flags or at a terminal.

use std::collections::BTreeMap;

use crate::{domain::due::Due, text::bare};

/// Any year: it tells a date without a year from no date.
pub(super) const SOME_YEAR: i16 = 2026;

#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub year: Option<i16>,
    /// A date without a year is one of every year.
    pub every_year: Option<bool>,
    /// Whether the plan goes on into the next year.
    pub crosses: Option<bool>,
    /// When to look at what has no date.
    pub no_date: Option<String>,
    /// Who answers where nobody is named.
    pub default_office: Option<Vec<String>>,
    /// What a name stands for; nothing, if it is nobody of ours.
    pub offices: BTreeMap<String, Vec<String>>,
    /// By number or id.
    pub chosen: BTreeMap<String, String>,
    /// Whether an empty cell of pasted text is part of the one above.
    pub same_as_above: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Year,
    Scope,
    Crosses,
    Above,
    NoOffice,
    Office(String),
    Choose(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub key: Key,
    /// A sentence without its mark.
    pub words: String,
    /// Answers that will do; another may be typed.
    pub choices: Vec<String>,
}

/// The answer that leaves an entry switched off.
pub const OFF: &str = "停用";
/// The answer that says that a name is nobody of ours.
pub const NOBODY: &str = "不管";
/// In `--choose`: all that is still open.
pub const REST: &str = "其余";

impl Answers {
    /// # Errors
    /// In Chinese: what is wrong with the answer.
    pub fn take(&mut self, question: &Question, answer: &str) -> Result<(), String> {
        let answer = answer.trim();
        let pick = |a: &str, b: &str| match answer {
            _ if answer == a || answer == "1" => Ok(true),
            _ if answer == b || answer == "2" => Ok(false),
            _ => Err(format!("请写“{a}”或“{b}”")),
        };
        match &question.key {
            Key::Year => self.year = Some(year(answer)?),
            Key::Scope => self.every_year = Some(pick("每年都办", "只办一次")?),
            Key::Crosses => self.crosses = Some(pick("跨年", "不跨年")?),
            Key::Above => self.same_as_above = Some(pick("同上", "没有写")?),
            Key::NoOffice => self.default_office = Some(offices(answer)?),
            Key::Office(name) => {
                let names = if answer == NOBODY { Vec::new() } else { offices(answer)? };
                self.offices.insert(name.clone(), names);
            }
            Key::Choose(key) => {
                chosen(answer, &question.choices, None)?;
                self.chosen.insert(key.clone(), answer.to_owned());
            }
        }
        Ok(())
    }

    /// The year that dates without one have.
    pub fn year_of_dates(&self) -> Option<i16> {
        self.year.filter(|_| self.every_year == Some(false))
    }

    pub fn chosen(&self, number: Option<u32>, id: &str) -> Option<&String> {
        let by_number = number.and_then(|n| self.chosen.get(&n.to_string()));
        self.chosen.get(id).or(by_number).or_else(|| self.chosen.get(REST))
    }

    /// The same answers for the next time, as flags.
    pub fn flags(&self) -> String {
        let mut flags = Vec::new();
        flags.extend(self.year.map(|year| format!("--year {year}")));
        flags.extend(self.every_year.map(|every| if every { "--every-year" } else { "--once" }.to_owned()));
        flags.extend(self.crosses.map(|crosses| if crosses { "--cross-year" } else { "--within-year" }.to_owned()));
        flags.extend(self.no_date.iter().map(|words| format!("--no-date {words}")));
        flags.extend(self.same_as_above.map(|same| format!("--blank {}", if same { "同上" } else { "没有写" })));
        flags.extend(self.default_office.iter().map(|names| format!("--office {}", names.join("、"))));
        flags.extend(self.offices.iter().map(|(name, names)| {
            format!("--office {name}={}", if names.is_empty() { NOBODY.to_owned() } else { names.join("、") })
        }));
        flags.extend(self.chosen.iter().map(|(key, answer)| format!("--choose {key}={answer}")));
        flags.join(" ")
    }
}

pub fn year(answer: &str) -> Result<i16, String> {
    let year = answer.trim_end_matches('年').parse().ok().filter(|year| (2000..=2100).contains(year));
    year.ok_or_else(|| "年份请写成 2000 到 2100 之间的四位数字".to_owned())
}

pub fn offices(answer: &str) -> Result<Vec<String>, String> {
    let names = answer.split(['、', '，', ',']).map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() { Err("请写科室名称，几个用、隔开".to_owned()) } else { Ok(names) }
}

/// The words that an answer means: the one choice that holds it, or its own. `None` is 停用.
pub fn chosen(answer: &str, choices: &[String], year: Option<i16>) -> Result<Option<String>, String> {
    if answer == OFF {
        return Ok(None);
    }
    let nth = answer.parse::<usize>().ok().and_then(|n| choices.get(n.checked_sub(1)?));
    let holding: Vec<&String> = choices.iter().filter(|choice| holds(choice, answer)).collect();
    // 每年1月31日前 beside 1月31日前 is the same day, and says which years.
    let core = |choice: &str| bare(choice).replace("每年的", "").replace("每年", "");
    match (nth, &holding[..]) {
        (Some(choice), _) => Ok(Some(choice.clone())),
        (None, [first, more @ ..]) if more.iter().all(|c| core(c) == core(first)) => {
            Ok(Some(holding.iter().find(|c| c.contains('每')).map_or_else(|| (*first).clone(), |c| (*c).clone())))
        }
        (None, [_, ..]) => Err(format!("“{answer}”不止一处，请写完整：{}", choices.join("；"))),
        (None, []) => match Due::parse(answer, year.or(Some(SOME_YEAR))) {
            Ok(_) => Ok(Some(answer.to_owned())),
            Err(refusal) => Err(format!("“{answer}”不是日期：{}", refusal.what)),
        },
    }
}

/// 1月31日 is not in 11月31日.
fn holds(choice: &str, answer: &str) -> bool {
    let (choice, answer) = (bare(choice), bare(answer));
    let is_number = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    choice.match_indices(&answer).any(|(at, found)| {
        let goes_on = |a: Option<char>, b: Option<char>| is_number(a) && is_number(b);
        let before = goes_on(choice[..at].chars().next_back(), found.chars().next());
        let after = goes_on(found.chars().next_back(), choice[at + found.len()..].chars().next());
        !before && !after
    }) && !answer.is_empty()
}
