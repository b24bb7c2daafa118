//! Turns the rows of a ledger back into a deadlines file, with a finding for each row that was not understood.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
};

use jiff::civil::Date;

use super::{
    Result,
    cells::{Trouble, number, plain_title, when, who},
    draft::Draft,
    excel,
    header::{self, Header, Role},
    read::{Cell, Cells, Sheet, Value},
    row::MADE_UP,
    title::template,
};
use crate::domain::{
    calendar::Calendar,
    deadline::Roster,
    due::{Due, Rule},
};

/// What the rows are checked against; without it, names and dates are taken as they are.
#[derive(Clone, Copy, Debug)]
pub struct Bureau<'a> {
    pub roster: &'a Roster,
    pub calendar: &'a Calendar,
}

#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub toml: String,
    pub findings: Vec<RowFinding>,
    /// How many of its deadlines are in force.
    pub deadlines: usize,
}

/// What is wrong with a cell. Rows are counted and columns named as in the spreadsheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFinding {
    pub row: u32,
    pub column: String,
    /// The text of the cell, cut.
    pub text: String,
    pub what: String,
    pub instead: Vec<String>,
}

/// A row under the header.
struct Line<'a> {
    row: u32,
    header: &'a Header,
    cells: &'a Cells,
}

enum Block<'a> {
    /// A heading or a note of the table.
    Words(String),
    /// Rows of one deadline: several only in a ledger.
    Rows(Vec<Line<'a>>),
}

/// Whether it is a ledger that was exported: a row has its deadline's id. A column 编号 may hold other things.
pub fn is_ledger(sheets: &[Sheet]) -> bool {
    header::find(sheets).is_ok_and(|(sheet, header)| {
        let mut rows = sheet.rows.range(header.row + 1..);
        rows.any(|(&row, cells)| Line { row, header: &header, cells }.id().is_some())
    })
}

/// # Errors
/// In Chinese: no header was found.
pub fn import(sheets: &[Sheet], file: &str, bureau: Option<Bureau>) -> Result<Imported> {
    let (sheet, header) = header::find(sheets)?;
    let blocks = blocks(sheet, &header);
    let mut ids: BTreeSet<String> = rows(&blocks).filter_map(|lines| lines.first()?.id()).collect();
    let mut imported = Imported::default();
    let mut body = String::new();
    for block in &blocks {
        let lines = match block {
            Block::Words(words) => {
                let _ = write!(body, "\n# ══ {} ══\n", excel::line(words));
                continue;
            }
            Block::Rows(lines) => lines,
        };
        let (draft, findings) = deadline(lines, bureau, &mut ids);
        body.push('\n');
        for finding in &findings {
            let _ = writeln!(body, "# 没有读懂：{finding}");
        }
        imported.deadlines += usize::from(findings.is_empty());
        body.push_str(&draft.toml(!findings.is_empty()));
        imported.findings.extend(findings);
    }
    imported.toml = preface(file, sheet, &imported, bureau) + &body;
    Ok(imported)
}

fn preface(file: &str, sheet: &Sheet, imported: &Imported, bureau: Option<Bureau>) -> String {
    let sheet = if sheet.name.is_empty() { String::new() } else { format!("的“{}”", excel::line(&sheet.name)) };
    let mut toml = format!("# 从 {} {sheet}读出：{} 个事项。\n", excel::line(file), imported.deadlines);
    if !imported.findings.is_empty() {
        let rows: BTreeSet<u32> = imported.findings.iter().map(|f| f.row).collect();
        let _ = writeln!(toml, "# 有 {} 行没有读懂，下面以“没有读懂”标出：改好后去掉行首的 #。", rows.len());
    }
    toml += "# id 是拟的，启用前可以改，启用后不要再改。表里没有的（要做的几步、提前量等）可另补。\n";
    if bureau.is_none() {
        toml += "# 没有科室名册可对照，科室名称照表抄录，请核对。\n";
    }
    toml
}

fn rows<'b, 'a>(blocks: &'b [Block<'a>]) -> impl Iterator<Item = &'b Vec<Line<'a>>> {
    blocks.iter().filter_map(|block| match block {
        Block::Rows(lines) => Some(lines),
        Block::Words(_) => None,
    })
}

fn blocks<'a>(sheet: &'a Sheet, header: &'a Header) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (&row, cells) in sheet.rows.range(header.row + 1..) {
        let line = Line { row: row + 1, header, cells };
        if line.is_idle() {
            continue;
        }
        if let Some(words) = line.words_alone() {
            blocks.push(Block::Words(words));
            continue;
        }
        let group = line.id().map(|id| *known.entry(id).or_insert(blocks.len()));
        match group.and_then(|at| blocks.get_mut(at)) {
            Some(Block::Rows(lines)) => lines.push(line),
            _ => blocks.push(Block::Rows(vec![line])),
        }
    }
    blocks
}

impl<'a> Line<'a> {
    fn cell(&self, role: Role) -> Option<&'a Cell> {
        self.cells.get(self.header.columns.get(&role)?)
    }

    fn value(&self, role: Role) -> Option<&'a Value> {
        self.cell(role).map(|cell| &cell.value)
    }

    fn text(&self, role: Role) -> String {
        self.value(role).map(shown).unwrap_or_default()
    }

    /// The id that a ledger gives each of its rows; a running number is not one.
    fn id(&self) -> Option<String> {
        let id = self.text(Role::Id);
        let is_sound = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && id.bytes().any(|b| b.is_ascii_lowercase())
            && !id.starts_with('-')
            && !id.ends_with('-')
            && id.len() <= 64;
        Some(id).filter(|_| is_sound)
    }

    /// Whether the row has nothing of its own, only a number without its text, or repeats the header.
    fn is_idle(&self) -> bool {
        let mut own = self.cells.iter().filter(|(_, cell)| !cell.carried);
        let (first, more) = (own.next(), own.next());
        let number_alone = match (first, more) {
            (Some((at, cell)), None) => {
                self.header.columns.get(&Role::Number) == Some(at) && number(&shown(&cell.value)).is_some()
            }
            _ => first.is_none(),
        };
        number_alone || header::columns(self.cells) == self.header.columns
    }

    /// A note: a row with a single cell that is not a task.
    fn words_alone(&self) -> Option<String> {
        let mut cells = self.cells.iter();
        let (Some((at, cell)), None) = (cells.next(), cells.next()) else { return None };
        (self.header.columns.get(&Role::Task) != Some(at)).then(|| shown(&cell.value))
    }

    fn finding(&self, role: Role, trouble: Trouble) -> RowFinding {
        let column = self.header.columns.get(&role).copied().map(excel::column_letters).unwrap_or_default();
        let text: String = excel::line(&self.text(role)).chars().take(60).collect();
        RowFinding { row: self.row, column, text, what: trouble.what, instead: trouble.instead }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(words) => excel::lines(words),
        Value::Date(date) => date.to_string(),
        Value::Unknown(why) => why.clone(),
    }
}

fn deadline(lines: &[Line], bureau: Option<Bureau>, ids: &mut BTreeSet<String>) -> (Draft, Vec<RowFinding>) {
    let mut draft = Draft::default();
    let mut findings = Vec::new();
    let Some(first) = lines.first() else { return (draft, findings) };
    draft.item = number(&first.text(Role::Number));
    draft.id = first.id().unwrap_or_else(|| propose(draft.item, first.row, ids));
    draft.title = plain_title(&first.text(Role::Task));
    draft.basis = first.text(Role::Requirement);
    if draft.title.is_empty() {
        let what = "没有写工作任务".into();
        findings.push(first.finding(Role::Task, Trouble { what, instead: vec![] }));
    }
    let cell = first.text(Role::Sections);
    match who(&cell, bureau.map(|b| b.roster)) {
        Ok(who) => (draft.sections, draft.lead, draft.each) = (who.sections, who.lead, who.each),
        Err(trouble) => {
            draft.sections = who(&cell, None).map_or_else(|_| vec![excel::line(&cell)], |who| who.sections);
            findings.push(first.finding(Role::Sections, trouble));
        }
    }
    let mut rule = None;
    match when(first.value(Role::Due)) {
        Ok(when) => {
            rule = Some(when.rule);
            draft.due = vec![when.due];
            (draft.bureau_default, draft.target, draft.times) = (when.bureau_default, when.target, when.times);
        }
        Err(trouble) => {
            let is_choice = matches!(first.value(Role::Due), Some(Value::Date(_)));
            draft.due = if is_choice { trouble.instead.clone() } else { vec![excel::line(&first.text(Role::Due))] };
            findings.push(first.finding(Role::Due, trouble));
        }
    }
    findings.extend(lines.iter().filter_map(|line| unlike(line, first)));
    if let (Some(rule), Some(bureau)) = (&rule, bureau) {
        findings.extend(lines.iter().filter_map(|line| off_the_rule(line, rule, bureau.calendar)));
    }
    findings.extend(lines.iter().filter_map(garbled));
    if first.id().is_some() && rule.is_some_and(|rule| rule.only_year().is_none() && !matches!(rule, Rule::Case { .. }))
    {
        let seen: Vec<(String, String)> =
            lines.iter().map(|line| (plain_title(&line.text(Role::Task)), line.text(Role::Period))).collect();
        let is_same = seen.iter().all(|(title, _)| *title == draft.title);
        if let Some(with_variables) = template(&seen) {
            draft.notes.push(format!("表中写的是“{}”，年份等已换成变量，请核对", draft.title));
            draft.title = with_variables;
        } else if !is_same {
            draft.notes.push("各期的工作任务写得不一样，这里用第一行的".into());
        }
    }
    findings.sort_by_key(|f| f.row);
    (draft, findings)
}

/// Finds a row that says something else than the first row with its id.
fn unlike(line: &Line, first: &Line) -> Option<RowFinding> {
    let role = [Role::Due, Role::Sections, Role::Requirement]
        .into_iter()
        .find(|role| line.text(*role) != first.text(*role))?;
    let what = format!("与第{}行的编号一样，这一格却不一样", first.row);
    Some(line.finding(role, Trouble { what, instead: vec!["改成一样，或换一个编号".into()] }))
}

/// Finds a 完成时限 that contradicts the rule beside it: somebody changed it in the ledger.
fn off_the_rule(line: &Line, rule: &Rule, calendar: &Calendar) -> Option<RowFinding> {
    line.id()?;
    let limit = line.value(Role::Limit)?;
    let date = match limit {
        Value::Date(date) => Some(*date),
        Value::Text(words) => date_of(words),
        Value::Unknown(_) => None,
    };
    let fits = |date: Date| rule.terms(calendar, date, date).next().is_some();
    let is_right = matches!(rule, Rule::Case { .. }) || date.is_some_and(fits);
    let what = "与“时限要求”算出的日期对不上，分不清以哪个为准".to_owned();
    (!is_right).then(|| line.finding(Role::Limit, Trouble { what, instead: vec!["改“时限要求”，或改回这一格".into()] }))
}

fn date_of(words: &str) -> Option<Date> {
    let first = words.lines().next().unwrap_or_default();
    match Due::parse(&first.replace(MADE_UP, ""), None) {
        Ok(Due { rule: Rule::Once(date), .. }) => Some(date),
        _ => None,
    }
}

/// Finds a cell that is too long, or whose characters were damaged.
fn garbled(line: &Line) -> Option<RowFinding> {
    let roles = [Role::Task, Role::Requirement, Role::Sections, Role::Due];
    roles.into_iter().find_map(|role| {
        let text = line.text(role);
        let what = if text.contains('\u{FFFD}') {
            "有乱码"
        } else if text.chars().count() > MAX_CHARS {
            "太长"
        } else {
            return None;
        };
        Some(line.finding(role, Trouble { what: what.into(), instead: vec!["重新填写这一格".into()] }))
    })
}

/// The check of the deadlines file refuses a longer `basis`.
const MAX_CHARS: usize = 20_000;

/// `item-31`, then `item-31-2`: the same table always gives the same ids.
fn propose(item: Option<u32>, row: u32, ids: &mut BTreeSet<String>) -> String {
    let stem = item.map_or_else(|| format!("row-{row}"), |n| format!("item-{n}"));
    let mut id = stem.clone();
    let mut n = 2;
    while !ids.insert(id.clone()) {
        id = format!("{stem}-{n}");
        n += 1;
    }
    id
}

impl fmt::Display for RowFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "第{}行", self.row)?;
        if !self.column.is_empty() {
            write!(f, " {} 列", self.column)?;
        }
        if !self.text.is_empty() {
            write!(f, "“{}”", self.text)?;
        }
        write!(f, "：{}。", self.what)?;
        if !self.instead.is_empty() {
            write!(f, "可写：{}。", self.instead.join("；"))?;
        }
        Ok(())
    }
}
