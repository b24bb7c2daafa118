//! What a document leaves open, and what a person answered: once, by flags or at a terminal.

use std::collections::BTreeMap;

use crate::{domain::due::Due, ledger::excel, text::bare};

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
    /// Whether what stands in hidden rows and columns counts.
    pub hidden: Option<bool>,
    /// What was chosen for the plan that this one replaces: it holds where the duty goes on and has the same choice.
    pub before: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Year,
    Scope,
    Crosses,
    Above,
    Hidden,
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
            Key::Hidden => self.hidden = Some(pick("算数", "不算")?),
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

    /// Takes what was answered for the plan before, where nothing is said now; gives back what was taken. The year holds
    /// where the document names it too; what counts of hidden cells was said of other cells; an office must still be.
    pub fn go_on(&mut self, before: Self, year: Option<i16>, is_office: impl Fn(&String) -> bool) -> Self {
        let mut taken = Self { before: before.chosen, ..Self::default() };
        let is_there = |names: &Vec<String>| names.iter().all(&is_office);
        taken.year = before.year.filter(|_| self.year.is_none() && before.year == year);
        taken.every_year = before.every_year.filter(|_| self.every_year.is_none());
        taken.crosses = before.crosses.filter(|_| self.crosses.is_none());
        taken.no_date = before.no_date.filter(|_| self.no_date.is_none());
        taken.same_as_above = before.same_as_above.filter(|_| self.same_as_above.is_none());
        taken.default_office = before.default_office.filter(|names| self.default_office.is_none() && is_there(names));
        let offices = before.offices.into_iter();
        taken.offices = offices.filter(|(name, names)| !self.offices.contains_key(name) && is_there(names)).collect();
        self.year = self.year.or(taken.year);
        self.every_year = self.every_year.or(taken.every_year);
        self.crosses = self.crosses.or(taken.crosses);
        self.no_date = self.no_date.take().or_else(|| taken.no_date.clone());
        self.same_as_above = self.same_as_above.or(taken.same_as_above);
        self.default_office = self.default_office.take().or_else(|| taken.default_office.clone());
        self.offices.extend(taken.offices.clone());
        self.before.clone_from(&taken.before);
        taken
    }

    /// What was chosen for the duty before, if it is one of the choices now.
    pub fn chosen_before(&self, item: Option<u32>, id: &str, choices: &[String]) -> Option<&String> {
        let by_number = item.and_then(|n| self.before.get(&n.to_string()));
        let is_there = |answer: &&String| match chosen(answer, choices, self.year_of_dates()) {
            Ok(None) => true,
            Ok(Some(words)) => choices.contains(&words),
            Err(_) => false,
        };
        // The place in a list is another's in another list.
        self.before.get(id).or(by_number).filter(|answer| answer.parse::<usize>().is_err()).filter(is_there)
    }

    /// The same answers for the next time, as flags.
    pub fn flags(&self) -> String {
        let mut flags = Vec::new();
        flags.extend(self.year.map(|year| format!("--year {year}")));
        flags.extend(self.every_year.map(|every| if every { "--every-year" } else { "--once" }.to_owned()));
        flags.extend(self.crosses.map(|crosses| if crosses { "--cross-year" } else { "--within-year" }.to_owned()));
        flags.extend(self.no_date.iter().map(|words| format!("--no-date {}", quoted(words))));
        flags.extend(self.same_as_above.map(|same| format!("--blank {}", if same { "同上" } else { "没有写" })));
        flags.extend(self.hidden.map(|counts| format!("--hidden {}", if counts { "算数" } else { "不算" })));
        flags.extend(self.default_office.iter().map(|names| format!("--office {}", quoted(&names.join("、")))));
        flags.extend(self.offices.iter().map(|(name, names)| {
            let names = if names.is_empty() { NOBODY.to_owned() } else { names.join("、") };
            format!("--office {}", quoted(&format!("{name}={names}")))
        }));
        flags
            .extend(self.chosen.iter().map(|(key, answer)| format!("--choose {}", quoted(&format!("{key}={answer}")))));
        flags.join(" ")
    }
}

/// As a shell takes it for one word, whatever a document has put into it.
pub fn in_quotes(text: &str) -> String {
    format!("'{}'", excel::line(text).replace('\'', "'\\''"))
}

/// [`in_quotes`], where it needs them.
pub fn quoted(text: &str) -> String {
    let text = excel::line(text);
    let is_plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "=-.:/".contains(c);
    if text.chars().all(|c| is_plain(c) && !c.is_whitespace()) {
        return text;
    }
    in_quotes(&text)
}

/// The words of a line that `quoted` wrote, or a person.
pub fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_quoted, mut is_open) = (false, false);
    let mut chars = line.trim().chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() && !is_quoted {
            is_open = false;
            continue;
        }
        if !is_open {
            words.push(String::new());
            is_open = true;
        }
        match c {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => words.last_mut().into_iter().for_each(|word| word.extend(chars.next())),
            c => words.last_mut().into_iter().for_each(|word| word.push(c)),
        }
    }
    words
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
