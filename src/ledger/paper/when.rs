//! What the words of a duty say about its date. The words are read by `Due` alone.

use jiff::{ToSpan, civil::Date};

use super::{
    answers::{Answers, SOME_YEAR},
    rows::Duty,
};
use crate::{
    domain::{
        calendar::Calendar,
        due::{Due, Rule},
    },
    ledger::{document::shown, excel, read::Value},
    text::{bare, is_numeral, short_line},
};

#[derive(Clone, Debug, PartialEq)]
pub enum When {
    Certain(Certain),
    /// 每年, or once in the plan's year? The words are certain but for that.
    Open,
    /// A person must say: why, and the dates that stand there.
    Asked(String, Vec<String>),
    /// No date, and the words that say so, if there are any.
    None(Option<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Certain {
    pub words: String,
    pub due: Due,
    /// The date, if it happens once and its year is not written.
    pub yearless: Option<Date>,
}

impl Certain {
    /// The same words as of another year, in which they are a date.
    pub fn in_year(&self, year: i16) -> Option<Self> {
        let due = Due::parse(&self.words, Some(year)).ok()?;
        let words = match due.rule {
            Rule::Once(date) => format!("{}年{}月{}日前", date.year(), date.month(), date.day()),
            _ => format!("{}年{}", due.rule.only_year()?, self.words),
        };
        (Due::parse(&words, None).ok()?.rule == due.rule).then(|| Self { words, due, ..self.clone() })
    }
}

/// How often the months fall back by a third of a year or more.
pub fn falls(dates: &[Date]) -> usize {
    dates.windows(2).filter(|pair| pair[0].month() - pair[1].month() >= 4).count()
}

/// The date: of its column, else of its own sentence.
pub fn of(duty: &Duty, answers: &Answers, notes: &mut Vec<String>) -> (When, bool) {
    let dates =
        if duty.dates.is_empty() && answers.same_as_above == Some(true) { &duty.dates_above } else { &duty.dates };
    let mut said = None;
    for (name, value) in dates {
        match cell(value, answers) {
            When::None(words) => said = said.or(words.map(|words| format!("{name}写的是“{words}”"))),
            found => {
                let others: Vec<String> = dates
                    .iter()
                    .filter(|(n, v)| (n, v) != (name, value))
                    .map(|(n, v)| format!("{n}“{}”", shown(v)))
                    .collect();
                if !others.is_empty() {
                    notes.push(format!("期限取自“{name}”；另有{}", others.join("、")));
                }
                return (found, false);
            }
        }
    }
    match words(&duty.task, answers) {
        When::None(_) => {}
        found => return (found, true),
    }
    // A remark, or the task beside it, may hold a date: it is asked about, not taken.
    let beside = duty.more.iter().chain(duty.left.last());
    let (mut texts, mut choices) = (Vec::new(), Vec::new());
    for text in beside {
        let asked = match words(text, answers) {
            When::Certain(certain) => vec![certain.words],
            When::Asked(_, choices) => choices,
            When::Open => Due::parse(text, answers.year.or(Some(SOME_YEAR)))
                .map(|due| due.clause.unwrap_or(due.text))
                .into_iter()
                .collect(),
            When::None(_) => continue,
        };
        texts.push(format!("“{}”", short_line(text, 60)));
        choices.extend(asked);
    }
    if !texts.is_empty() {
        return (When::Asked(format!("日期写在旁边：{}，是不是这一项的期限", texts.concat()), choices), true);
    }
    (When::None(said), true)
}

/// A cell of a column for dates.
pub fn cell(value: &Value, answers: &Answers) -> When {
    match value {
        Value::Unknown(why) => When::Asked(why.clone(), Vec::new()),
        Value::Date(date) => typed(*date, answers),
        Value::Text(text) => {
            let line = excel::line(text);
            match words(&line, answers) {
                When::None(_) if hints(&line, true) => When::Asked(why(&line, answers), Vec::new()),
                When::None(_) if is_nothing(&line) => When::None(None),
                When::None(_) => When::None(Some(line)),
                When::Certain(certain) => When::Certain(certain),
                other => other,
            }
        }
    }
}

/// Excel turns 1月31日 into a date of the year in which it was typed.
fn typed(date: Date, answers: &Answers) -> When {
    let every = format!("每年{}月{}日前", date.month(), date.day());
    let once = format!("{}年{}月{}日前", date.year(), date.month(), date.day());
    match (answers.every_year, answers.year) {
        (Some(true), _) => certain(&every, None),
        (Some(false), Some(year)) if year == date.year() || year + 1 == date.year() => certain(&once, None),
        (Some(false), Some(year)) => {
            let what = format!("是 Excel 的日期（{date}），年份和方案的 {year} 年不一样");
            When::Asked(what, vec![format!("{year}年{}月{}日前", date.month(), date.day()), once])
        }
        _ => When::Open,
    }
}

fn certain(words: &str, year: Option<i16>) -> When {
    match Due::parse(words, year) {
        Ok(due) => When::Certain(Certain { words: words.to_owned(), due, yearless: None }),
        Err(refusal) => When::Asked(refusal.what, refusal.instead),
    }
}

/// A sentence, or the words of a cell.
pub fn words(text: &str, answers: &Answers) -> When {
    let year = answers.year_of_dates();
    // A long requirement is read sentence by sentence, so that each is short enough to be understood.
    let text = excel::line(text);
    match Due::parse(&text, year) {
        Ok(due) => When::Certain(shortest(&text, due, year)),
        Err(refusal) => {
            let is_yearless = year.is_none() && Due::parse(&text, Some(SOME_YEAR)).is_ok();
            if is_yearless {
                return yearly(&text, &refusal.instead, answers);
            }
            let mut choices: Vec<String> =
                refusal.instead.into_iter().filter(|choice| stands_in(choice, &text)).collect();
            if choices.len() < 2 {
                choices = stages(&text, year.or(answers.year));
            }
            if choices.len() > 1 {
                return When::Asked(refusal.what, choices);
            }
            if hints(&text, false) { When::Asked(refusal.what, choices) } else { When::None(None) }
        }
    }
}

/// Whether a suggestion is what the paper says, with 每年 before it at most.
fn stands_in(choice: &str, text: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let choice = plain(choice);
    let own = choice.strip_prefix("每年").unwrap_or(&choice);
    hints(&choice, true) && (plain(text).contains(&choice) || plain(text).contains(own))
}

/// The dates of a cell that lists several steps: `①2月上旬前，完成设计招标。②3月底前，……`.
fn stages(text: &str, year: Option<i16>) -> Vec<String> {
    let is_mark = |c: char| ('①'..='⑳').contains(&c) || "。；;\n".contains(c);
    let mut found: Vec<String> = Vec::new();
    for step in text.split(is_mark).filter(|step| hints(step, false)).take(20) {
        // Understood with any year: it is asked for where it is needed.
        if Due::parse(step, year.or(Some(SOME_YEAR))).is_ok() {
            let step = step.trim().to_owned();
            if !found.contains(&step) {
                found.push(step);
            }
        }
    }
    found
}

fn yearly(text: &str, instead: &[String], answers: &Answers) -> When {
    if answers.every_year != Some(true) {
        return When::Open;
    }
    let every: Vec<&String> = instead.iter().filter(|form| form.contains('每')).collect();
    match every[..] {
        [form] => certain(form, None),
        _ => When::Asked("分不清每年哪一天".into(), instead.to_vec())
            .or_certain(&format!("每年{}", text.trim_start_matches("于"))),
    }
}

impl When {
    fn or_certain(self, words: &str) -> Self {
        match certain(words, None) {
            When::Certain(certain) => When::Certain(certain),
            _ => self,
        }
    }
}

/// The words of a sentence that give its date, without who does it and what is done, if they say the same.
pub fn core(certain: &Certain, answers: &Answers) -> String {
    let year = answers.year_of_dates();
    let text = certain.due.clause.as_deref().unwrap_or(&certain.words);
    let same = |words: &str| {
        Due::parse(words, year).is_ok_and(|due| {
            (&due.rule, due.times, due.roll, &due.event)
                == (&certain.due.rule, certain.due.times, certain.due.roll, &certain.due.event)
        })
    };
    if !same(text) || text.chars().count() > 200 {
        return certain.words.clone();
    }
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let Some(end) = ends.into_iter().find(|end| same(&text[..*end])) else { return text.to_owned() };
    let tail = ["底之前", "底以前", "底前", "末前", "底", "末", "之前", "以前", "前", "之内", "以内", "内", "止"]
        .iter()
        .find(|tail| text[end..].trim_start().starts_with(**tail));
    let end = tail.map_or(end, |tail| end + text[end..].find(tail).unwrap_or(0) + tail.len());
    let start = text[..end].char_indices().rev().find(|(at, _)| same(&text[*at..end])).map_or(0, |(at, _)| at);
    text[start..end].trim().to_owned()
}

/// The clause from where it begins in the text, with who does it.
pub fn sentence(task: &str, clause: &str) -> String {
    let line = excel::line(task);
    let Some(at) = line.find(clause) else { return clause.to_owned() };
    let marks = |c: char| "。；;，,！".contains(c);
    let from = line[..at].char_indices().rev().find(|(_, c)| marks(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    line[from..at + clause.len()].trim().to_owned()
}

fn shortest(text: &str, due: Due, year: Option<i16>) -> Certain {
    let clause = due.clause.clone().filter(|clause| {
        Due::parse(clause, year)
            .is_ok_and(|same| (&same.rule, same.times, same.roll) == (&due.rule, due.times, due.roll))
    });
    let yearless = due.rule.only_year().filter(|_| Due::parse(text, None).is_err());
    let yearless = yearless.and_then(|_| due.rule.first_terms(&Calendar::default()).next().map(|term| term.due));
    Certain { words: clause.unwrap_or_else(|| text.to_owned()), due, yearless }
}

fn why(text: &str, answers: &Answers) -> String {
    Due::parse(text, answers.year_of_dates()).err().map(|refusal| refusal.what).unwrap_or_default()
}

pub fn is_nothing(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '/' | '-' | '—' | '－' | '／' | '无' | '、' | ' '))
}

/// Whether words speak of days at all, understood or not. In a cell for dates any number does.
pub fn hints(text: &str, is_cell: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    let line: String = text.chunks(180).map(|part| bare(&part.iter().collect::<String>())).collect();
    let line = line.replace("年内部", "");
    if is_cell && line.contains(|c: char| c.is_ascii_digit()) {
        return true;
    }
    let always = [
        "年底",
        "年末",
        "年终前",
        "年内",
        "月底",
        "月末",
        "季末",
        "每年",
        "每月",
        "每季",
        "每周",
        "每半年",
        "半年内",
        "每学期",
        "上旬",
        "中旬",
        "下旬",
        "工作日",
        "按月",
        "按季",
        "季度末",
        "逐月",
        "月度",
        "半月",
    ];
    if always.iter().any(|word| line.contains(word)) {
        return true;
    }
    // 3月, 十日内, 2天内; 2022年 alone names a thing.
    let chars: Vec<char> = line.chars().collect();
    let is_count = |c: char| c.is_ascii_digit() || is_numeral(c);
    chars.windows(2).enumerate().any(|(i, pair)| match pair {
        [n, '月'] => is_count(*n) && !chars[..i].ends_with(&['第']),
        [n, '日' | '天' | '周'] => {
            is_count(*n) && chars[i..].iter().take(4).any(|c| matches!(c, '内' | '前' | '起'))
        }
        [n, '季'] => is_count(*n),
        _ => false,
    })
}

/// The next date, for the account.
pub fn next(due: &Due, calendar: &Calendar, today: Date) -> String {
    let until = today.saturating_add(3.years());
    let mut terms = due.rule.terms(calendar, today, until);
    let Some(term) = terms.next() else { return "没有（已经过去，或逐件登记）".into() };
    // Without the statutory days of its year a working day is only likely one.
    let is_open = calendar.is_provisional(term.due.year()) && due.to_string().contains("workday");
    format!("{}{}", term.due, if is_open { "（暂定：没有那一年的节假日）" } else { "" })
}
