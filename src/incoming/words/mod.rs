//! What a reply says about the items of a letter: `①③已办结`, `不能按期，材料未齐，预计2月10日`. Nothing is guessed.

mod clause;
mod date;
mod folded;
mod known;
mod numbers;
mod polite;
mod remains;
mod signature;
mod verbs;
mod year;

use std::borrow::Cow;

use jiff::civil::Date;

use crate::{domain::limits, text::short_line};
use clause::{Clause, Meaning};
use folded::Text;

/// A longer reply explains rather than reports.
const REPLY_CHARS: usize = 4000;

const WHICH: &str = "邮件里有几项，请写明是哪一项";
const NO_SUCH: &str = "写的编号不在要您登记的事项里";
const TWICE: &str = "同一项写了两种情况";
const OTHER_YEAR: &str = "写的年份与事项的不同，请写明是不是这一期";
const NOTHING: &str = "没有看到回复的内容";
const TOO_LONG: &str = "内容太长，请只写办理情况";
const OUR_WORDS: &str = "回复里夹着来信的内容，请只写办理情况";
const AMONG: &str = "引用的来信下面或中间也写了话，请都写在最前面";
const SUBJECT: &str = "主题里的话与正文不一样，请在正文里写清";
const FILES: &str = "附件的名称与正文不一样，请在正文里写清";
const NOT_UNDERSTOOD: &str = "没有看懂，请用“已办结”“不能按期”“不适用”或“撤回”开头";

/// An item of the letter, with its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub number: u32,
    pub title: &'a str,
    /// The sender only helps with it: 材料已报 is about such items, 已办结 about the others.
    pub helps: bool,
}

/// What a reply means: it is understood as a whole, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Understood {
    /// What is reported, in the order in which it was written.
    Statements(Vec<Statement>),
    /// The letter was read; this does not say that anything was done.
    Acknowledged,
    /// Not understood, and why, in Chinese, for the answer.
    Unclear(&'static str),
}

/// One report on one or more items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The numbers in the letter, ascending, each once.
    pub numbers: Vec<u32>,
    pub act: Act,
    /// Remark or reason: in one line, cut.
    pub words: String,
}

/// What is reported of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Done,
    Postponed {
        expected: Option<Date>,
    },
    NotApplicable,
    /// 材料已报: what only helps was handed in.
    HandedIn,
    /// How far it is; nothing is done by that.
    Progress,
    /// The earlier report was wrong.
    TakeBack,
}

/// What a person said in a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// The report.
    pub words: &'a str,
    /// What was written into the quoted letter too.
    pub among: &'a str,
    /// What the subject says beside our letter's.
    pub subject: &'a str,
    /// The names of what is attached.
    pub files: &'a [String],
}

impl<'a> From<&'a str> for Said<'a> {
    fn from(words: &'a str) -> Self {
        Self { words, ..Self::default() }
    }
}

/// What the sender's own words say about these items. Of what is done, nothing beside the report may leave a doubt.
///
/// A date without a year is the next one, `today` included.
pub fn understand<'a>(said: impl Into<Said<'a>>, items: &[Item], today: Date) -> Understood {
    let Said { words, among, subject, files } = said.into();
    if among.chars().nth(REPLY_CHARS).is_some() {
        return Understood::Unclear(TOO_LONG);
    }
    let understood = of_words(words, items, today);
    let is_done = |s: &Statement| matches!(s.act, Act::Done | Act::HandedIn);
    match &understood {
        Understood::Statements(statements) if statements.iter().any(is_done) => {
            let spoken = Text::new(signature::split(among).0).spoken();
            if reports(among) || !remains::leaves_nothing_open(&spoken, today) {
                Understood::Unclear(AMONG)
            } else if is_doubtful(subject, statements, items) {
                Understood::Unclear(SUBJECT)
            } else if files.iter().any(|name| remains::casts_doubt(&Text::new(name).spoken())) {
                Understood::Unclear(FILES)
            } else {
                understood
            }
        }
        _ => understood,
    }
}

/// Whether a subject does not go with what is reported as done.
fn is_doubtful(subject: &str, statements: &[Statement], items: &[Item]) -> bool {
    const NOT_MEANT: [&str; 8] = ["测试", "草稿", "样例", "登记", "作废", "进展", "参考", "演练"];
    let text = Text::new(subject);
    let numbers: Vec<u32> = statements.iter().flat_map(|s| s.numbers.iter().copied()).collect();
    remains::casts_doubt(&text.spoken())
        || NOT_MEANT.iter().any(|word| subject.contains(word))
        || year::is_another(text.piece().plain, items, &numbers)
}

fn of_words(written: &str, items: &[Item], today: Date) -> Understood {
    if written.chars().take(REPLY_CHARS + 1).count() > REPLY_CHARS {
        return Understood::Unclear(TOO_LONG);
    }
    if holds_our_letter(written) {
        return Understood::Unclear(OUR_WORDS);
    }
    if is_struck_out(written) {
        return Understood::Unclear(NOT_UNDERSTOOD);
    }
    match statements(&Text::new(&unwrapped(signature::split(written).0)), items, today) {
        Ok((statements, false)) if statements.is_empty() => Understood::Unclear(NOTHING),
        Ok((statements, true)) if statements.is_empty() => Understood::Acknowledged,
        Ok((statements, _)) => Understood::Statements(statements),
        Err(why) => Understood::Unclear(why),
    }
}

/// Without the brackets around the first line: `【已办结】`. In “” it may be our own letter, quoted.
fn unwrapped(written: &str) -> Cow<'_, str> {
    const MARKS: [(char, char); 2] = [('「', '」'), ('【', '】')];
    let (first, rest) = written.trim_start().split_once('\n').unwrap_or((written.trim_start(), ""));
    let line = first.trim_end().trim_end_matches(['。', '.', '！', '!']);
    let inside = MARKS.iter().find_map(|(open, close)| line.strip_prefix(*open)?.strip_suffix(*close));
    match inside.filter(|inside| MARKS.iter().all(|(open, close)| !inside.contains([*open, *close]))) {
        Some(inside) => format!("{inside}\n{rest}").into(),
        None => written.into(),
    }
}

/// Whether it holds an unmarked quote of our letter: its words would be taken for the sender's.
fn holds_our_letter(written: &str) -> bool {
    const OURS: [&str; 10] = [
        "本邮件由系统",
        "请勿回复涉密",
        "直接回复本邮件",
        "回复编号",
        "您写的是",
        "没有登记：",
        "下次提醒",
        "此后不再提醒",
        "分工方案第",
        "逾期3个工作日起",
    ];
    let joined: String = written.chars().filter(|c| !c.is_whitespace() && *c != '>').collect();
    OURS.iter().any(|words| joined.contains(words))
}

/// Whether a verb stands between `~~` and `~~`, as programs write what is struck out.
fn is_struck_out(written: &str) -> bool {
    let mut struck = written.split("~~").skip(1).step_by(2);
    written.matches("~~").nth(1).is_some() && struck.any(|words| verbs::stands_in(Text::new(words).piece().plain))
}

/// Whether a text is a signature.
pub(super) fn signs(below: &str) -> bool {
    signature::is_signature(below) || known::is_known(&Text::new(below).spoken())
}

/// Whether a verb of a report stands in the words.
pub(super) fn reports(written: &str) -> bool {
    verbs::stands_in(Text::new(written).piece().plain)
}

/// A statement while its remark is still being read.
struct Open {
    numbers: Vec<u32>,
    verb: verbs::Verb,
    /// The words up to the verb's end.
    said: Text,
    remark: Text,
}

/// The statements, and whether anything was acknowledged.
fn statements(text: &Text, items: &[Item], today: Date) -> Result<(Vec<Statement>, bool), &'static str> {
    let mut open: Vec<Open> = Vec::new();
    let mut acknowledged = false;
    for clause in clause::split(text) {
        match clause::read(clause, items, !open.is_empty())? {
            Meaning::Nothing => {}
            Meaning::Acknowledged => acknowledged = true,
            Meaning::Said(Clause { numbers, verb, said, remark }) => {
                open.push(Open { numbers, verb, said: said.to_owned(), remark: remark.to_owned() });
            }
            Meaning::Plan(words) => match open.last_mut().filter(|o| o.verb == verbs::Verb::Postponed) {
                Some(last) => last.remark.push(words),
                None => return Err(NOT_UNDERSTOOD),
            },
            Meaning::Other(words) => match open.last_mut() {
                Some(last) => last.remark.push(words),
                None => return Err(NOT_UNDERSTOOD),
            },
        }
    }
    let mut said: Vec<Statement> = Vec::new();
    for Open { mut numbers, verb, said: said_of, remark } in open {
        let act = verb.act(&remark, today).ok_or(NOT_UNDERSTOOD)?;
        // Nothing was done on a day that is still to come.
        if act == Act::Done && date::lies_ahead(&said_of.spoken(), today) {
            return Err(NOT_UNDERSTOOD);
        }
        // Of one item all that was written is about it.
        let spoken = if items.len() == 1 { text.piece() } else { remark.piece() };
        if act == Act::Done && year::is_another(spoken.plain, items, &numbers) {
            return Err(OTHER_YEAR);
        }
        let clash = |s: &Statement| s.numbers.iter().any(|n| numbers.contains(n)) && s.act != act;
        if said.iter().any(clash) {
            return Err(TWICE);
        }
        let words = short_line(remark.shown().trim_matches(is_edge), limits::TEXT);
        // Reported twice: the remark is added to the first statement.
        let first = said.iter().position(|s| s.numbers.iter().any(|n| numbers.contains(n)));
        numbers.retain(|n| !said.iter().any(|s| s.numbers.contains(n)));
        match first.and_then(|i| said.get_mut(i)).filter(|_| numbers.is_empty()) {
            Some(same) if words.is_empty() || same.words.contains(&words) => {}
            Some(same) => {
                same.words = short_line(&[same.words.as_str(), &words].join(" "), limits::TEXT);
            }
            None => said.push(Statement { numbers, act, words }),
        }
    }
    Ok((said, acknowledged))
}

fn is_edge(c: char) -> bool {
    c.is_whitespace() || matches!(c, '，' | ',' | '。' | '；' | ';' | '：' | ':' | '、' | '！' | '!')
}

#[cfg(test)]
mod tests;
