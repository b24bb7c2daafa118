//! Subjects of letters. A phone shows about twenty characters of one, so the words that matter come first.

use jiff::civil::Date;

use super::{
    Entry, Letter,
    when::{self, Phase},
    words,
};
use crate::domain::agenda::Reason;

/// In characters. Longer subjects are cut on the way, and not at a good place.
pub const LIMIT: usize = 100;

pub fn of(letter: &Letter) -> String {
    let today = letter.now.date();
    let said = match letter.entries.as_slice() {
        [only] => single(only, today),
        all => several(all, today),
    };
    tagged(&letter.tag, &format!("{}{said}", markers(&letter.entries)))
}

/// A subject: the tag and the text, in one line of at most [`LIMIT`] characters.
pub fn tagged(tag: &str, said: &str) -> String {
    words::cap(&words::plain(&format!("【{}】{said}", words::plain(tag))), LIMIT)
}

/// 〔补发〕〔更正〕〔代转〕〔撤回〕, with 含 if it applies only to some of the entries.
fn markers(entries: &[Entry]) -> String {
    let mark = |name: &str, test: fn(&Entry) -> bool| match entries.iter().filter(|e| test(e)).count() {
        0 => String::new(),
        n if n == entries.len() => format!("〔{name}〕"),
        _ => format!("〔含{name}〕"),
    };
    let corrected = mark("更正", |e| e.reason == Reason::Corrected);
    let caught_up = mark("补发", |e| e.reason == Reason::CaughtUp);
    let passed_on = mark("代转", |e| !e.passed_on_to().is_empty());
    let taken_back = mark("撤回", |e| e.taken_back.is_some());
    format!("{corrected}{caught_up}{passed_on}{taken_back}")
}

fn single(entry: &Entry, today: Date) -> String {
    let pass_on = match entry.passed_on_to().as_slice() {
        [] => String::new(),
        to => format!("请转{}，", words::few(to)),
    };
    let role = match (entry.is_for_leader(), entry.supports()) {
        (true, _) => format!("，请督促{}", words::few(&entry.led())),
        (_, Some(lead)) if when::phase(entry, today) == Phase::Ahead => format!("配合{lead}"),
        (_, Some(lead)) => format!("，配合{lead}"),
        _ => String::new(),
    };
    format!("{pass_on}{}{role}：{}", by_when(entry, today), entry.title)
}

/// The time left, then the date. A title may start with a noun, so the wording must not depend on its first word.
fn by_when(entry: &Entry, today: Date) -> String {
    let left = when::left_short(entry, today);
    let date = words::narrow_workday(entry.aim);
    let corrected = entry.reason == Reason::Corrected;
    match when::phase(entry, today) {
        Phase::Ahead if corrected => format!("改为{date}前"),
        Phase::Ahead => format!("{left}，{date}前"),
        Phase::Today if corrected => format!("改为{left}"),
        Phase::Overdue if corrected => format!("期限改为{}，{left}", words::narrow(entry.dates.due)),
        _ => left,
    }
}

fn several(entries: &[Entry], today: Date) -> String {
    let count = |phase| entries.iter().filter(|e| when::phase(e, today) == phase).count();
    let (overdue, due_today) = (count(Phase::Overdue), count(Phase::Today));
    let first = entries.first();
    let urgent = match (overdue, due_today) {
        (0, 0) => first.map(|e| format!("最紧{}", when::left_short(e, today))).unwrap_or_default(),
        (0, n) => format!("{n}项今天到期"),
        (n, 0) => format!("{n}项已逾期"),
        (n, m) => format!("{n}项已逾期、{m}项今天到期"),
    };
    let urge = if entries.iter().all(Entry::is_for_leader) {
        let mut led: Vec<&str> = entries.iter().flat_map(Entry::led).collect();
        led.sort_unstable();
        led.dedup();
        format!("，请督促{}", words::few(&led))
    } else {
        String::new()
    };
    let title = first.map(|e| format!("：{}等", e.title)).unwrap_or_default();
    format!("{}项待办，{urgent}{urge}{title}", entries.len())
}
