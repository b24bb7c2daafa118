//! Goes through a document row by row: what is a heading, what a duty, what continues the one above. Every row gets
//! its place in the account.

use std::collections::BTreeMap;

use super::{
    content,
    heading::{Column, Heading, TERMS},
    number::{is_part, leading, leading_part, of_cell},
};
use crate::{
    ledger::{
        document::{Block, Document, shown},
        excel,
        read::{Cell, Cells, Sheet, Value},
    },
    text::bare,
};

/// One duty, as the document has it.
#[derive(Clone, Debug, Default)]
pub struct Duty {
    pub place: String,
    pub number: Option<u32>,
    /// Headings between the rows above it.
    pub above: Vec<String>,
    /// The heading between the rows that it stands under: `责任科室：办公室`.
    pub section: String,
    /// The leftmost column of a table that is divided by it.
    pub part: String,
    /// The other columns before the task, in their order; a merged one is that of several duties.
    pub left: Vec<String>,
    pub task: String,
    /// What stands behind it: `备注：…`.
    pub more: Vec<String>,
    pub offices: [String; 3],
    /// By column, the one that names the deadline first: its heading and what it holds.
    pub dates: Vec<(String, Value)>,
    /// For pasted text, where the cell may be part of a merged one: what stands above it.
    pub offices_above: Option<[String; 3]>,
    pub dates_above: Vec<(String, Value)>,
    /// Something of it stands in a hidden cell.
    pub is_hidden: bool,
    /// Which of its two terms: `（中期）`.
    pub term: &'static str,
}

/// What became of a row of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    Duty(usize),
    /// Its text went to the duty above.
    Continues(usize),
    Heading,
    /// A title, a note, a heading between the rows.
    Words,
    /// Hidden, and by the answer it does not count.
    Hidden,
    Unused,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub place: String,
    pub text: String,
    pub became: Became,
}

#[derive(Debug, Default)]
pub struct Rows {
    pub duties: Vec<Duty>,
    pub seen: Vec<Seen>,
    /// Paragraphs outside of tables.
    pub words: Vec<(String, String)>,
    pub notes: Vec<String>,
}

#[derive(Default)]
struct Walk {
    rows: Rows,
    heading: Option<Heading>,
    part: String,
    left: BTreeMap<u32, String>,
    above: Vec<String>,
    section: String,
    offices: Option<[String; 3]>,
    dates: Vec<(String, Value)>,
    hides_merges: bool,
    /// Whether the tasks of this table begin with their number.
    is_numbered: bool,
    /// The heading of the last table whose tasks do.
    numbered_under: Option<Heading>,
    /// The row is the first below a heading, or on a page.
    is_top: bool,
}

pub fn read(document: &Document, takes_hidden: bool) -> Rows {
    let mut walk = Walk { hides_merges: document.hides_merges, ..Walk::default() };
    for block in &document.blocks {
        match block {
            Block::Words { place, text } => walk.rows.words.push((place.clone(), text.clone())),
            Block::Table(table) if takes_hidden => walk.table(table),
            Block::Table(table) => {
                let table = walk.without_hidden(table);
                walk.table(&table);
            }
        }
    }
    walk.rows
}

fn own(cells: &Cells) -> impl Iterator<Item = (u32, &Cell)> {
    cells.iter().filter(|(_, cell)| !cell.carried).map(|(at, cell)| (*at, cell))
}

impl Walk {
    /// The table without its hidden cells; a row of which nothing is left has its line in the account.
    fn without_hidden(&mut self, table: &Sheet) -> Sheet {
        let mut left = table.clone();
        left.rows.retain(|row, cells| {
            let text = own(cells).map(|(_, c)| shown(&c.value)).collect::<Vec<_>>().join(" ｜ ");
            let had_text = !text.is_empty();
            cells.retain(|_, cell| !cell.hidden);
            let is_left = own(cells).next().is_some();
            if had_text && !is_left {
                self.rows.seen.push(Seen { place: place(table, *row), text, became: Became::Hidden });
            }
            is_left
        });
        left
    }

    fn table(&mut self, table: &Sheet) {
        let folds = table.rows.values().find_map(Heading::of).map(|heading| heading.folds()).unwrap_or_default();
        for (n, from) in folds.iter().enumerate() {
            let all = if n == 0 { 0 } else { *from }..folds.get(n + 1).copied().unwrap_or(u32::MAX);
            let part = |cells: &Cells| cells.range(all.clone()).map(|(at, cell)| (*at, cell.clone())).collect();
            let rows = table.rows.iter().map(|(row, cells)| (*row, part(cells))).collect();
            self.table(&Sheet { name: table.name.clone(), rows, notes: Vec::new() });
        }
        if !folds.is_empty() {
            return;
        }
        let width = |cells: &Cells| cells.keys().next_back().copied().unwrap_or(0);
        let widest = table.rows.values().map(width).max().unwrap_or(0);
        let first = table.rows.iter().find(|(_, cells)| Heading::of(cells).is_some()).map(|(row, _)| *row);
        // A table that goes on over the page without its heading; 姓名 above 电话 in its place is another one's.
        let top = table.rows.values().next();
        let is_named = |heading: &Heading| {
            let number = heading.at(|c| c == Column::Number).find_map(|(at, _)| top?.get(&at));
            number.is_some_and(|cell| of_cell(&shown(&cell.value)).is_none())
                && top.is_some_and(|cells| cells.len() > 1)
        };
        let goes_on = first.is_none()
            && self.heading.as_ref().is_some_and(|h| h.columns.keys().next_back() == Some(&widest) && !is_named(h));
        self.is_top = true;
        self.section = std::mem::take(&mut self.section).repeat(usize::from(goes_on));
        let mut from = first;
        if first.is_none() && !goes_on {
            match content::heading(table) {
                Some((heading, row, said)) => {
                    self.rows.notes.push(format!("{}没有认得的表头，{said}", named(table)));
                    (self.heading, from) = (Some(heading), row);
                    self.begin(table, row.map_or(0, |row| row + 1));
                }
                None => self.heading = None,
            }
        } else if goes_on {
            self.rows.notes.push(format!("{}没有表头，接着上一张表的列读", named(table)));
            self.begin(table, 0);
        }
        let mut heading_row: Option<u32> = None;
        for (&row, cells) in &table.rows {
            let place = place(table, row);
            let text = cells.values().filter(|c| !c.carried).map(|c| shown(&c.value)).collect::<Vec<_>>().join(" ｜ ");
            if text.is_empty() {
                continue;
            }
            let mut say = |became| self.rows.seen.push(Seen { place: place.clone(), text: text.clone(), became });
            let follows = heading_row.is_some_and(|above| above + 1 == row);
            let lower = self.heading.as_ref().filter(|_| follows).and_then(|above| above.over(cells));
            if let Some(heading) = lower.or_else(|| Heading::of(cells)) {
                say(Became::Heading);
                (heading_row, self.is_top) = (Some(row), true);
                self.heading = Some(heading);
                self.begin(table, row + 1);
                continue;
            }
            if from == Some(row) {
                say(Became::Heading);
            } else if from.is_some_and(|from| row < from) {
                say(Became::Words);
                self.rows.words.push((place, cells.values().map(|c| shown(&c.value)).collect::<Vec<_>>().join(" ")));
            } else if let Some(heading) = self.heading.clone() {
                let became = self.row(&heading, &place, cells);
                self.is_top = false;
                self.rows.seen.push(Seen { place, text, became });
            } else {
                say(Became::Unused);
            }
        }
    }

    /// What is known of a table once its heading is: whether its tasks begin with their number.
    fn begin(&mut self, table: &Sheet, from: u32) {
        let Some(task) = self.heading.as_ref().and_then(Heading::task) else { return };
        let rows = table.rows.range(from..);
        let texts: Vec<String> = rows.filter_map(|(_, cells)| cells.get(&task)).map(|c| shown(&c.value)).collect();
        let numbered = texts.iter().filter(|text| leading(text).is_some()).count();
        // A page may hold two rows of which one continues the page before.
        let is_numbered = numbered > 0 && numbered * 2 >= texts.len();
        // So does a page on which the columns have slipped.
        self.is_numbered = is_numbered || self.numbered_under.is_some() && self.numbered_under == self.heading;
        if is_numbered {
            self.numbered_under.clone_from(&self.heading);
        }
    }

    fn row(&mut self, heading: &Heading, place: &str, cells: &Cells) -> Became {
        let Some(task) = heading.task() else { return Became::Unused };
        let shifted = self.is_numbered.then(|| shift(cells, task)).flatten();
        let cells = shifted.as_ref().unwrap_or(cells);
        if let Some(words) = words_alone(heading, cells, task) {
            if leading_part(&words) {
                self.section.clone_from(&words);
                self.above.push(words);
            }
            return Became::Words;
        }
        let is_sum = |cell: &Cell| ["合计", "小计", "总计", "共计"].contains(&bare(&shown(&cell.value)).as_str());
        // 填表人：张三 ｜ 审核：李四
        let is_signed = |(at, cell): (u32, &Cell)| {
            let words = bare(&shown(&cell.value));
            let signs = ["填表", "填报", "制表", "审核", "审批", "联系"].iter().any(|word| words.starts_with(word));
            at <= task && signs && words.contains(':')
        };
        if own(cells).any(|(at, cell)| at <= task && is_sum(cell)) || own(cells).next().is_some_and(is_signed) {
            return Became::Words;
        }
        let text = |at: u32| cells.get(&at).map(|cell| shown(&cell.value)).unwrap_or_default();
        let of = |is: fn(Column) -> bool| {
            heading.at(is).map(|(at, _)| text(at)).filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n")
        };
        let offices = [of(|c| c == Column::Office), of(|c| c == Column::Lead), of(|c| c == Column::Support)];
        let dates: Vec<(String, Value)> = heading
            .dates()
            .into_iter()
            .filter_map(|at| Some((heading.name(at).to_owned(), cells.get(&at)?.value.clone())))
            .collect();
        let number = heading.at(|c| c == Column::Number).find_map(|(at, _)| of_cell(&text(at)));
        let full = text(task);
        let (own_number, rest) = leading(&full).map_or((None, full.as_str()), |(n, rest)| (Some(n), rest));
        let has_office_column = heading.has(|c| matches!(c, Column::Office | Column::Lead | Column::Support));
        let has_date_column = !heading.dates().is_empty();
        let more = behind(heading, task, cells);
        let is_bare = number.or(own_number).is_none() && offices.iter().all(String::is_empty) && dates.is_empty();
        let can_tell = has_office_column || has_date_column || self.is_numbered;
        if is_bare
            && can_tell
            && let Some(at) = self.rows.duties.len().checked_sub(1)
            && let Some(duty) = self.rows.duties.get_mut(at)
        {
            join(&mut duty.task, &full, !self.is_top && !self.hides_merges);
            duty.more.extend(more);
            duty.is_hidden |= cells.values().any(|cell| cell.hidden);
            return Became::Continues(at);
        }
        self.groups(heading, task, cells);
        let has_offices = offices.iter().any(|t| !t.is_empty());
        let duty = Duty {
            place: place.to_owned(),
            number: number.or(own_number),
            above: std::mem::take(&mut self.above),
            section: self.section.clone(),
            part: self.part.clone(),
            left: self.left.values().cloned().collect(),
            task: if own_number.is_some() { rest.to_owned() } else { full.clone() },
            more,
            offices_above: self.offices.clone().filter(|_| self.hides_merges && has_office_column && !has_offices),
            dates_above: if self.hides_merges && dates.is_empty() { self.dates.clone() } else { Vec::new() },
            offices: offices.clone(),
            dates: dates.clone(),
            term: "",
            is_hidden: own(cells).any(|(at, cell)| cell.hidden && !heading.is_progress(at)),
        };
        if has_offices {
            self.offices = Some(offices);
        }
        if !dates.is_empty() {
            self.dates = dates;
        }
        self.terms(heading, cells, duty, place)
    }

    /// A row with a middle and a final term is two duties.
    fn terms(&mut self, heading: &Heading, cells: &Cells, duty: Duty, place: &str) -> Became {
        let both = heading.terms().map(|both| both.map(|at| cells.get(&at).map(|cell| cell.value.clone())));
        let at = self.rows.duties.len();
        let Some([Some(middle), Some(last)]) = both else {
            self.rows.duties.push(duty);
            return Became::Duty(at);
        };
        let [first, second] = [(middle, TERMS[0], "（中期）"), (last, TERMS[1], "（终期）")]
            .map(|(value, name, term)| Duty { dates: vec![(name.to_owned(), value)], term, ..duty.clone() });
        let text = format!("{}（{}）", first.task, TERMS[0]);
        self.rows.seen.push(Seen { place: place.to_owned(), text, became: Became::Duty(at) });
        self.rows.duties.extend([first, Duty { above: Vec::new(), ..second }]);
        Became::Duty(at + 1)
    }

    /// The columns before the task: an empty cell stands for the one above.
    fn groups(&mut self, heading: &Heading, task: u32, cells: &Cells) {
        let left: Vec<u32> =
            heading.at(|c| matches!(c, Column::Text(_))).map(|(at, _)| at).filter(|at| *at < task).collect();
        self.left.retain(|at, _| left.contains(at));
        for (i, at) in left.iter().enumerate() {
            let Some(cell) = cells.get(at) else { continue };
            let text = excel::line(&shown(&cell.value));
            if self.left.get(at) != Some(&text) {
                left[i + 1..].iter().for_each(|lower| {
                    self.left.remove(lower);
                });
            }
            self.left.insert(*at, text);
        }
        self.part = left.first().and_then(|at| self.left.get(at)).cloned().unwrap_or_default();
    }
}

fn named(table: &Sheet) -> String {
    if table.name.is_empty() {
        let row = table.rows.keys().next().copied().unwrap_or(0);
        format!("第{}行起的表", row + 1)
    } else {
        table.name.clone()
    }
}

fn place(table: &Sheet, row: u32) -> String {
    format!("{}第{}行", table.name, row + 1)
}

/// Joined as the page broke it, in the middle of a sentence or after it; a row in the middle of a page is a line of its own.
fn join(task: &mut String, more: &str, is_line: bool) {
    if !more.is_empty() && !task.is_empty() && (is_line || task.ends_with(['。', '；', ';', '！'])) {
        task.push('\n');
    }
    task.push_str(more);
}

/// A row whose first cell is missing: what stands in a column belongs to the next. The task knows its place by its
/// number.
fn shift(cells: &Cells, task: u32) -> Option<Cells> {
    let number = |at: u32| {
        cells
            .get(&at)
            .is_some_and(|cell| leading(&shown(&cell.value)).is_some_and(|(_, rest)| rest.chars().count() > 6))
    };
    let digit =
        |at: u32| cells.get(&at).is_some_and(|cell| shown(&cell.value).starts_with(|c: char| c.is_ascii_digit()));
    if number(task) {
        return None;
    }
    let at = cells.keys().copied().find(|at| *at != task && number(*at) && digit(*at))?;
    let moved = |from: u32| (from + task).checked_sub(at);
    Some(cells.iter().filter_map(|(from, cell)| Some((moved(*from)?, cell.clone()))).collect())
}

/// `一、优化政务公开工作基础`, `注：……`: a row with one cell of its own that is no duty.
fn words_alone(heading: &Heading, cells: &Cells, task: u32) -> Option<String> {
    let mut own = own(cells);
    let (Some((at, cell)), None) = (own.next(), own.next()) else { return None };
    let words = shown(&cell.value);
    let is_note =
        ["注", "说明", "填表", "备注", "合计", "小计", "填报"].iter().any(|word| bare(&words).starts_with(word));
    let is_number = heading.at(|c| c == Column::Number).any(|(number, _)| number == at) && of_cell(&words).is_some();
    let is_task = at == task && !is_note && (heading.columns.len() == 1 || !is_part(&words) || cells.len() > 1);
    let is_who_or_when =
        matches!(heading.columns.get(&at), Some((Column::Office | Column::Lead | Column::Support | Column::Due(_), _)));
    (is_number && bare(&words).chars().all(|c| c.is_ascii_digit()) || !is_task && !is_who_or_when).then_some(words)
}

/// What stands behind the task: another text with its heading, a remark.
fn behind(heading: &Heading, task: u32, cells: &Cells) -> Vec<String> {
    let mut more = Vec::new();
    for (at, cell) in cells {
        let (column, name) = heading.columns.get(at).map_or((Column::Other, ""), |(c, name)| (*c, name.as_str()));
        let is_more = match column {
            Column::Text(_) => *at > task,
            Column::Other => true,
            _ => false,
        };
        let text = shown(&cell.value);
        if is_more && !cell.carried {
            more.push(if name.is_empty() { text } else { format!("{name}：{text}") });
        }
    }
    more
}
