//! The account of a document: what became of every row, in numbers that add up.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    rows::{Became, Seen},
    when,
};
use crate::{ledger::document::Document, text::short_line};

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Dated,
    /// Written, switched off.
    Undated,
    Asked,
    /// A heading, a title, a note, or the rest of the row above.
    Other,
    Unused,
}

#[derive(Clone, Debug)]
pub struct Line {
    /// `表2第5行`
    pub place: String,
    pub text: String,
    pub entry: Entry,
    /// In words: the id, what it continues, what is asked.
    pub became: String,
    /// The words that gave the date.
    pub quote: String,
    pub next: String,
}

#[derive(Clone, Debug, Default)]
pub struct Account {
    pub lines: Vec<Line>,
    /// What a reader should know beside the rows.
    pub notes: Vec<String>,
}

impl Account {
    pub fn count(&self, entry: Entry) -> usize {
        self.lines.iter().filter(|line| line.entry == entry).count()
    }

    pub fn summary(&self) -> String {
        let [dated, undated, asked, other, unused] =
            [Entry::Dated, Entry::Undated, Entry::Asked, Entry::Other, Entry::Unused].map(|entry| self.count(entry));
        format!(
            "共 {} 行：{dated} 项有日期，{undated} 项没有日期（已写入，停用），{asked} 项要问，{other} 行是表头、标题或续行；{unused} 行没有用到。",
            self.lines.len()
        )
    }

    /// What a person has to look at, for the terminal.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "说明：{note}。");
        }
        for line in self.lines.iter().filter(|line| line.entry == Entry::Dated) {
            let _ = writeln!(text, "{} {}：{}，下一次 {}", line.place, line.became, line.quote, line.next);
        }
        for line in self.lines.iter().filter(|line| line.entry == Entry::Unused) {
            let _ = writeln!(text, "没有用到：{} {}", line.place, short_line(&line.text, 60));
        }
        text + &self.summary() + "\n"
    }

    /// The same for paper, every row.
    pub fn html(&self, title: &str) -> String {
        let mut rows = String::new();
        for line in &self.lines {
            let kind = match line.entry {
                Entry::Dated => "有日期",
                Entry::Undated => "没有日期，停用",
                Entry::Asked => "要问",
                Entry::Other => "",
                Entry::Unused => "没有用到",
            };
            let cells = [&line.place, &line.text, kind, &line.became, &line.quote, &line.next];
            let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
            let _ = writeln!(rows, "<tr>{cells}</tr>");
        }
        let notes: String = self.notes.iter().map(|note| format!("<p>{}。</p>\n", escaped(note))).collect();
        format!(
            "<!doctype html>\n<html lang=\"zh-CN\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>\n\
             body {{ font: 14px/1.5 sans-serif; margin: 2em; }}\ntable {{ border-collapse: collapse; }}\n\
             td, th {{ border: 1px solid #888; padding: .2em .5em; vertical-align: top; text-align: left; }}\n\
             thead {{ display: table-header-group; }}\ntr {{ break-inside: avoid; }}\n</style>\n<h1>{title}</h1>\n\
             <p>{}</p>\n{notes}<table>\n<thead><tr><th>哪一行<th>原文<th>结果<th>写成什么<th>期限出自<th>下一次</thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n</html>\n",
            escaped(&self.summary()),
            title = escaped(title),
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Every row of the document with what became of it; `lines` are those of the duties, in their order.
pub fn account(
    seen: &[Seen],
    lines: &mut [Option<Line>],
    document: &Document,
    notes: &[String],
    words: &[(String, String)],
) -> Account {
    let mut account = Account { notes: document.notes.iter().chain(notes).cloned().collect(), ..Account::default() };
    for row in seen {
        let other = |entry: Entry, became: &str| Line {
            place: row.place.clone(),
            text: row.text.clone(),
            entry,
            became: became.into(),
            quote: String::new(),
            next: String::new(),
        };
        account.lines.push(match row.became {
            Became::Duty(at) => match lines.get_mut(at).and_then(Option::take) {
                Some(line) => Line { text: row.text.clone(), ..line },
                None => other(Entry::Unused, ""),
            },
            Became::Continues(_) => other(Entry::Other, "续上一项"),
            Became::Heading => other(Entry::Other, "表头"),
            Became::Words => other(Entry::Other, "标题或说明"),
            Became::Hidden => other(Entry::Other, "隐藏的行，按回答不算"),
            Became::Unused => other(Entry::Unused, ""),
        });
    }
    let of_rows = seen.iter().filter(|row| row.became == Became::Words).map(|row| (&row.place, &row.text));
    let of_words = words.iter().map(|(place, text)| (place, text));
    let all: BTreeSet<(&String, &String)> = of_rows.chain(of_words).collect();
    // 遇节假日顺延 under a table is said of all of its dates.
    let is_dated = |text: &str| when::hints(text, false) || text.contains("节假日");
    for (place, text) in all.into_iter().filter(|(_, text)| is_dated(text)).take(20) {
        account.notes.push(format!("表外的文字像有期限，没有读成事项：{place}“{}”", short_line(text, 60)));
    }
    account
}
