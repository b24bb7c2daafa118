//! Duties → the deadlines file, what is to be asked, and the account.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use jiff::civil::Date;

use super::{
    account::{Account, Entry, Line, account},
    answers::{Answers, Key, OFF, Question, REST, chosen},
    head::{head, title, year_of},
    naming,
    number::{leading, propose},
    offices::{self, Offices},
    replaces::{self, Previous},
    rows::Duty,
    running,
    when::{self, Certain, When, falls},
};
use crate::{
    domain::{calendar::Calendar, deadline::Roster},
    ledger::{document::Document, draft::Draft, excel},
    text::short_line,
};

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub toml: String,
    pub questions: Vec<Question>,
    pub account: Account,
    /// How many entries the file has.
    pub entries: usize,
    pub title: String,
    /// That the document names.
    pub year: Option<i16>,
}

/// What is known beside the document.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// `None` before there is a configuration: names are taken as they are.
    pub roster: Option<&'a Roster>,
    pub calendar: &'a Calendar,
    pub today: Date,
    /// The entries of the plan that this one replaces.
    pub before: &'a [Previous],
}

/// One duty as it is understood.
struct Read<'a> {
    duty: &'a Duty,
    id: String,
    offices: Offices,
    when: When,
    /// Where its date was found: the sentence, and not a column.
    in_sentence: bool,
    notes: Vec<String>,
    /// The entry that it goes on from.
    was: Option<&'a Previous>,
}

pub fn build(document: &Document, around: Around, answers: &Answers) -> Outcome {
    let rows = running::rows(document, answers.hidden != Some(false));
    let title = title(&rows.words);
    let mut questions: BTreeMap<Key, Question> = BTreeMap::new();
    // An id of the plan before is given only to the duty that goes on from it.
    let mut ids: BTreeSet<String> = around.before.iter().map(|entry| entry.id.clone()).collect();
    let pairs = replaces::pairs(&rows.duties, around.before);
    let mut reads: Vec<Read> = Vec::new();
    for (at, duty) in rows.duties.iter().enumerate() {
        let id = match pairs.get(at).copied().flatten() {
            Some(entry) => entry.id.clone(),
            None => propose(duty.number, at + 1, &mut ids),
        };
        let was = pairs.get(at).copied().flatten();
        reads.push(Read { was, ..read(duty, id, around, answers, &mut questions) });
    }
    scope(&reads, &rows.words, &title, answers, &mut questions);
    crossing(&mut reads, answers, &mut questions);
    let mut body = String::new();
    let mut part = String::new();
    let mut lines: Vec<Option<Line>> = Vec::new();
    let mut chosen = BTreeMap::new();
    for read in &reads {
        for words in &read.duty.above {
            let _ = write!(body, "\n# ══ {} ══\n", excel::line(words));
        }
        if read.duty.part != part {
            part.clone_from(&read.duty.part);
            if !part.is_empty() {
                let _ = write!(body, "\n# ══ {} ══\n", excel::line(&part));
            }
        }
        let (draft, line) = draft(read, around, answers, &mut questions, &mut chosen);
        body.push('\n');
        body.push_str(&draft.toml(false));
        lines.push(Some(line));
    }
    let mut account = account(&rows.seen, &mut lines, document, &rows.notes, &rows.words);
    let is_there =
        |key: &String| reads.iter().any(|r| r.id == *key || r.duty.number.is_some_and(|n| n.to_string() == *key));
    for key in answers.chosen.keys().filter(|key| *key != REST && !is_there(key)) {
        account.notes.push(format!("--choose {key}：没有这一项"));
    }
    if !around.before.is_empty() {
        let ids: Vec<String> = reads.iter().map(|read| read.id.clone()).collect();
        account.notes.extend(replaces::told(&rows.duties, &ids, &pairs, around.before));
    }
    let entries = reads.len();
    Outcome {
        toml: head(&title, entries, around.roster.is_some(), &Answers { chosen, ..answers.clone() }) + &body,
        year: year_of(&title, &rows.words),
        questions: questions.into_values().collect(),
        account,
        entries,
        title,
    }
}

fn ask(questions: &mut BTreeMap<Key, Question>, key: Key, words: String, choices: Vec<String>) {
    questions.entry(key.clone()).or_insert(Question { key, words, choices });
}

fn read<'a>(
    duty: &'a Duty,
    id: String,
    around: Around,
    answers: &Answers,
    questions: &mut BTreeMap<Key, Question>,
) -> Read<'a> {
    let mut notes = Vec::new();
    let same = answers.same_as_above == Some(true);
    let cells = match &duty.offices_above {
        Some(above) if same => above,
        _ => &duty.offices,
    };
    let mut offices = offices::read(cells, around.roster, answers);
    let may_be_merged = duty.offices_above.is_some() || !duty.dates_above.is_empty();
    if may_be_merged && answers.same_as_above.is_none() {
        let words = "粘贴的文字看不出合并的单元格：空着的单位、期限，是和上一行合并的（同上），还是没有写".to_owned();
        ask(questions, Key::Above, words, vec!["同上".into(), "没有写".into()]);
    }
    if duty.is_hidden {
        if answers.hidden.is_none() {
            let words = "有的内容在隐藏的行、列或表里，或画了删除线（哪些见说明），算数还是不算".to_owned();
            ask(questions, Key::Hidden, words, vec!["算数".into(), "不算".into()]);
        }
        notes.push("有的内容在隐藏的行、列或表里，或画了删除线".into());
    }
    let is_nobody = |offices: &Offices| offices.sections.is_empty() && offices.unknown.is_empty();
    if is_nobody(&offices)
        && let Some(inside) = running::duties("", &duty.task).first()
    {
        offices = offices::read(&inside.offices, around.roster, answers);
        notes.push("责任单位出自任务里的括号".into());
    }
    // A sheet for each office, or a heading between the rows.
    let sheet = duty.place.strip_prefix('“').and_then(|place| place.split_once('”')).map(|(name, _)| name);
    for (words, what) in [(Some(duty.section.as_str()), "表中的标题"), (sheet, "表名")] {
        let words = words.map(|words| leading(words).map_or(words, |(_, rest)| rest)).unwrap_or_default();
        if is_nobody(&offices) && around.roster.is_some() {
            let named = offices::read(&[words.to_owned(), String::new(), String::new()], around.roster, answers);
            if !named.sections.is_empty() && named.unknown.is_empty() {
                notes.push(format!("没有写责任单位，按{what}“{}”", short_line(words, 30)));
                offices = named;
            }
        }
    }
    for (name, near) in &offices.unknown {
        let words = match around.roster {
            Some(_) => format!("科室名册里没有“{name}”，它是哪个科室（与本局无关就写“{}”）", super::NOBODY),
            None => format!("“{name}”指哪些科室"),
        };
        ask(questions, Key::Office(name.clone()), words, near.clone());
    }
    if is_nobody(&offices) {
        match &answers.default_office {
            Some(names) => offices.sections.clone_from(names),
            None if duty.offices_above.is_some() && answers.same_as_above.is_none() => {}
            None => {
                let words = "有的事项没有写责任单位，由哪个科室办".to_owned();
                let near = around.roster.map(|r| r.sections.iter().take(3).map(|s| s.name.clone()).collect());
                ask(questions, Key::NoOffice, words, near.unwrap_or_default());
            }
        }
    }
    notes.append(&mut offices.notes);
    let (when, in_sentence) = when::of(duty, answers, &mut notes);
    Read { duty, id, offices, when, in_sentence, notes, was: None }
}

/// Asks for the year, and whether dates without one are of every year, if any date needs it.
fn scope(
    reads: &[Read],
    words: &[(String, String)],
    title: &str,
    answers: &Answers,
    questions: &mut BTreeMap<Key, Question>,
) {
    let open = reads.iter().filter(|read| read.when == When::Open).count();
    if open == 0 && answers.every_year != Some(false) {
        return;
    }
    if open > 0 && answers.every_year.is_none() {
        let what = format!("有 {open} 项的日期没有写年份：方案是每年都办，还是只办一次");
        ask(questions, Key::Scope, what, vec!["每年都办".into(), "只办一次".into()]);
    }
    if answers.year.is_none() && answers.every_year != Some(true) {
        let found = year_of(title, words);
        ask(questions, Key::Year, "是哪一年的方案".into(), found.map(|year| year.to_string()).into_iter().collect());
    }
}

/// Dates that go through the year once and then begin again belong to two years.
fn crossing(reads: &mut [Read], answers: &Answers, questions: &mut BTreeMap<Key, Question>) {
    let Some(year) = answers.year_of_dates() else { return };
    let dates: Vec<Date> = reads
        .iter()
        .filter_map(|read| match &read.when {
            When::Certain(Certain { yearless: Some(date), .. }) => Some(*date),
            _ => None,
        })
        .filter(|date| date.year() == year)
        .collect();
    let (Some(first), falls) = (dates.first().copied(), falls(&dates)) else { return };
    if falls != 1 && answers.crosses.is_none() || falls == 0 {
        return;
    }
    match answers.crosses {
        None => {
            let words =
                format!("期限走到年底又从年初开始：后面的是 {} 年（跨年），还是仍是 {year} 年（不跨年）", year + 1);
            ask(questions, Key::Crosses, words, vec!["跨年".into(), "不跨年".into()]);
        }
        Some(false) => {}
        Some(true) => {
            for read in reads {
                let When::Certain(certain) = &mut read.when else { continue };
                let is_next = certain.yearless.is_some_and(|date| date.year() == year && date < first);
                let Some(next) = certain.in_year(year + 1).filter(|_| is_next) else { continue };
                read.notes.push(format!("原文是“{}”，方案跨年，算在 {} 年", certain.words, year + 1));
                *certain = next;
            }
        }
    }
}

/// Also notes, in `used`, what was chosen.
fn draft(
    read: &Read,
    around: Around,
    answers: &Answers,
    questions: &mut BTreeMap<Key, Question>,
    used: &mut BTreeMap<String, String>,
) -> (Draft, Line) {
    let duty = read.duty;
    let mut notes = read.notes.clone();
    let key = duty.number.filter(|n| read.id == format!("item-{n}")).map_or_else(|| read.id.clone(), |n| n.to_string());
    let mut is_off = false;
    let when = match &read.when {
        When::Asked(what, choices) => match answer(read, choices, answers) {
            None => {
                let words = format!("{}“{}”：{what}。哪一条是本局的", duty.place, short_line(&duty.task, 40));
                ask(questions, Key::Choose(key.clone()), words, choices.clone());
                read.when.clone()
            }
            Some(answer) => match chosen(answer, choices, answers.year_of_dates()) {
                Ok(None) => {
                    used.insert(key.clone(), OFF.to_owned());
                    is_off = true;
                    When::None(Some(format!("没有定：{what}")))
                }
                Ok(Some(words)) => {
                    // The place in a list says nothing in another list.
                    let said = if answer.parse::<usize>().is_ok() { &words } else { answer };
                    used.insert(key.clone(), said.clone());
                    notes.push(format!("原文的日期要选，已选“{words}”"));
                    match when::words(&words, answers) {
                        When::None(_) => read.when.clone(),
                        found => found,
                    }
                }
                Err(why) => {
                    let words = format!("{}：{why}", duty.place);
                    ask(questions, Key::Choose(key.clone()), words, choices.clone());
                    read.when.clone()
                }
            },
        },
        when => when.clone(),
    };
    let mut draft = Draft { id: read.id.clone(), item: duty.number, ..Draft::default() };
    let mut basis = vec![duty.task.clone()];
    basis.extend(duty.more.iter().cloned());
    draft.basis = basis.join("\n").trim().chars().take(MAX_BASIS).collect();
    draft.sections.clone_from(&read.offices.sections);
    draft.lead.clone_from(&read.offices.lead);
    let mut line = Line {
        place: duty.place.clone(),
        text: duty.task.clone(),
        entry: Entry::Undated,
        became: String::new(),
        quote: String::new(),
        next: String::new(),
    };
    let mut clause = None;
    match &when {
        When::Certain(certain) => {
            line.entry = Entry::Dated;
            line.quote = format!("“{}”", certain.words);
            line.next = when::next(&certain.due, around.calendar, around.today);
            draft.due = vec![certain.words.clone()];
            if read.in_sentence {
                draft.due = vec![when::core(certain, answers)];
                clause = Some(certain.due.clause.clone().unwrap_or_else(|| certain.words.clone()));
                let quote = when::sentence(&duty.task, clause.as_deref().unwrap_or_default());
                notes.push(format!("期限出自原文：“{}”", short_line(&quote, 100)));
                line.quote = format!("“{}”", short_line(&quote, 100));
            }
        }
        When::None(said) => {
            let said = said.clone().map(|said| format!("（{said}）")).unwrap_or_default();
            match answers.no_date.as_ref().filter(|_| !is_off) {
                Some(words) => {
                    notes.push(format!("没有日期{said}：按局内默认检查"));
                    draft.due = vec![words.clone()];
                    draft.bureau_default = true;
                }
                None => {
                    notes.push(format!("没有日期{said}：定下后写上 due，再删去 off 这一行"));
                    draft.off = true;
                }
            }
        }
        When::Open | When::Asked(..) => {
            if when == When::Open {
                let what = "有的日期没有写年份：方案是每年都办，还是只办一次".to_owned();
                ask(questions, Key::Scope, what, vec!["每年都办".into(), "只办一次".into()]);
            }
            line.entry = Entry::Asked;
            draft.off = true;
        }
    }
    let is_open = duty.is_hidden && answers.hidden.is_none();
    if is_open || !read.offices.unknown.is_empty() || draft.sections.is_empty() {
        line.entry = Entry::Asked;
    }
    let title = naming::title(&duty.task, clause.as_deref());
    if title.is_cut {
        notes.push("题目取自原文开头，请看一看".into());
    }
    // A row without a task is its group's, or its number's.
    let instead = || duty.left.last().cloned().unwrap_or_else(|| format!("{}（原文没有写任务）", duty.place));
    draft.title = if title.text.is_empty() { short_line(&instead().replace(['{', '}'], " "), 60) } else { title.text };
    draft.title += duty.term;
    line.became = format!("{}《{}》", draft.id, draft.title);
    draft.notes = notes;
    (draft, line)
}

/// What is said of the date now, else what was said of the same duty before.
fn answer<'b>(read: &Read, choices: &[String], answers: &'b Answers) -> Option<&'b String> {
    let now = answers.chosen(read.duty.number, &read.id);
    now.or_else(|| read.was.and_then(|was| answers.chosen_before(was.item, &was.id, choices)))
}

/// The check of the deadlines file refuses a longer one.
const MAX_BASIS: usize = 20_000;
