//! What the columns of a table hold, by the many names of their headings.

use std::collections::BTreeMap;

use super::offices::{HELPS, LEADS};
use crate::{
    ledger::read::{Cell, Cells, Value},
    text::bare,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Number,
    /// What is to be done; the lower, the more exact.
    Text(u8),
    Office,
    Lead,
    Support,
    /// A date; the lower, the more it names the deadline.
    Due(u8),
    /// How far it has come: no part of the duty.
    Progress,
    Other,
}

use Column::*;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    pub columns: BTreeMap<u32, (Column, String)>,
}

/// Two terms of one duty: each has an entry of its own.
pub const TERMS: [&str; 2] = ["中期", "终期"];

/// A heading is short.
const LONGEST: usize = 24;

impl Heading {
    /// The heading that a row of cells is, if it is one.
    pub fn of(cells: &Cells) -> Option<Self> {
        let mut columns = BTreeMap::new();
        for (at, cell) in cells {
            let name = name(cell)?;
            columns.insert(*at, (column(&name), name));
        }
        let known = |is: fn(Column) -> bool| columns.values().any(|(column, _)| is(*column));
        let kinds = [
            known(|c| c == Number),
            known(|c| matches!(c, Text(_))),
            known(|c| matches!(c, Office | Lead | Support)),
            known(|c| matches!(c, Due(_))),
        ];
        let count = kinds.iter().filter(|has| **has).count();
        (count >= 2 && columns.len() >= 2).then(|| Self { columns }.without_people())
    }

    /// 责任人 beside 责任单位 names a person, and no office; 单位 beside it is 件 or 次.
    fn without_people(mut self) -> Self {
        let names_office = |name: &str| ["单位", "部门", "科", "处", "股"].iter().any(|word| name.contains(word));
        let is_who = |column: Column| matches!(column, Office | Lead | Support);
        if self.columns.values().any(|(column, name)| is_who(*column) && names_office(name)) {
            let people = self.columns.values_mut().filter(|(column, name)| is_who(*column) && name.contains('人'));
            people.filter(|(_, name)| !names_office(name)).for_each(|(column, _)| *column = Other);
        }
        if self.columns.values().any(|(column, name)| is_who(*column) && name != "单位") {
            self.columns.values_mut().filter(|(_, name)| name == "单位").for_each(|(column, _)| *column = Other);
        }
        self
    }

    /// Where the parts of a table begin that is folded, or of tables side by side: the heading says the same again.
    pub fn folds(&self) -> Vec<u32> {
        let names: Vec<&String> = self.columns.values().map(|(_, name)| name).collect();
        let is_period = |width: &usize| {
            names.len().is_multiple_of(*width) && names.chunks(*width).all(|part| part == &names[..*width])
        };
        let width = (2..=names.len() / 2).find(is_period);
        width.map(|width| self.columns.keys().copied().step_by(width).collect()).unwrap_or_default()
    }

    /// With a second line, which says what part of the column above is meant: `时间`, and below it `开始`, `完成`.
    pub fn over(&self, cells: &Cells) -> Option<Self> {
        let is_part = |column: Column| matches!(column, Due(_) | Lead | Support);
        let whole = Self::of(cells).filter(|own| own.has(|c| matches!(c, Text(_))));
        if whole.is_some() && cells.values().all(|cell| !cell.carried) {
            return whole;
        }
        let mut columns = self.columns.clone();
        let mut parts = 0;
        let mut is_parts = true;
        for (at, cell) in cells.iter().filter(|(_, cell)| !cell.carried) {
            let lower = name(cell)?;
            // What is merged above stands in the first of its columns.
            let upper = self.columns.range(..=at).next_back().map_or("", |(_, (_, name))| name.as_str());
            let both = if upper == lower { lower.clone() } else { format!("{upper}{lower}") };
            let of = [column(&both), column(&lower)];
            let found = if !is_part(of[0]) && is_part(of[1]) { of[1] } else { of[0] };
            // 时间 is parted into what is a deadline, and what is none.
            let is_date = matches!(column(upper), Due(_));
            (parts, is_parts) = (parts + 1, is_parts && (is_part(found) || is_date && found == Other));
            columns.insert(*at, (found, both));
        }
        (whole.is_some() || parts >= 2 && is_parts).then(|| Self { columns }.without_people())
    }

    /// The columns of a middle and a final term, if there are both.
    pub fn terms(&self) -> Option<[u32; 2]> {
        let of = |term: &str| {
            let mut found =
                self.columns.iter().filter(|(_, (column, name))| matches!(column, Due(_)) && name.contains(term));
            found.next().map(|(at, _)| *at)
        };
        Some([of(TERMS[0])?, of(TERMS[1])?])
    }

    pub fn at(&self, is: impl Fn(Column) -> bool) -> impl Iterator<Item = (u32, Column)> {
        self.columns.iter().filter(move |(_, (column, _))| is(*column)).map(|(at, (column, _))| (*at, *column))
    }

    pub fn has(&self, is: impl Fn(Column) -> bool) -> bool {
        self.at(is).next().is_some()
    }

    /// The column of what is to be done: the most exact one.
    pub fn task(&self) -> Option<u32> {
        self.at(|c| matches!(c, Text(_))).min_by_key(|(at, column)| (*column, u32::MAX - at)).map(|(at, _)| at)
    }

    /// The columns with dates, the one that names the deadline first.
    pub fn dates(&self) -> Vec<u32> {
        let mut dates: Vec<(Column, u32)> = self.at(|c| matches!(c, Due(_))).map(|(at, column)| (column, at)).collect();
        dates.sort_unstable();
        dates.into_iter().map(|(_, at)| at).collect()
    }

    pub fn is_progress(&self, at: u32) -> bool {
        self.columns.get(&at).is_some_and(|(column, _)| *column == Progress)
    }

    pub fn name(&self, at: u32) -> &str {
        self.columns.get(&at).map(|(_, name)| name.as_str()).unwrap_or_default()
    }
}

/// `2022年预期目标（续）` is 预期目标.
fn name(cell: &Cell) -> Option<String> {
    let Value::Text(words) = &cell.value else { return None };
    let bare = bare(words);
    if bare.chars().count() > LONGEST || bare.contains(['。', ';', '!']) {
        return None;
    }
    let name = bare.split(['(', '【', '[']).next().unwrap_or_default().trim_matches([':', '*', '、']);
    let after = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let name =
        after.strip_prefix('年').or_else(|| after.strip_prefix("年度")).filter(|_| after != name).unwrap_or(name);
    Some(name.to_owned()).filter(|name| !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()))
}

/// What dates are of that are no deadlines: they are asked about where there is no other.
const NO_DEADLINE: &[&str] = &[
    "开始",
    "启动",
    "起始",
    "开工",
    "发现",
    "印发",
    "发文",
    "收文",
    "交办",
    "下达",
    "受理",
    "登记",
    "实际",
    "销号",
    "上年",
    "去年",
    "上次",
    "原定",
    "原计划",
];

fn column(name: &str) -> Column {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is = |words: &[&str]| words.contains(&name);
    if is(&["序号", "编号", "项号", "任务序号", "项目序号", "No.", "NO", "NO.", "号", "No"]) {
        return Number;
    }
    if has(&["进展", "情况", "完成率", "备注", "说明", "联系", "电话", "领导", "签字", "依据", "来源"])
    {
        return if has(&["进展", "情况", "完成率"]) { Progress } else { Other };
    }
    let (leads, helps) = (has(LEADS), has(HELPS));
    let is_who = has(&["单位", "部门", "科室", "处室", "人", "责任", "承办", "负责"]);
    match (leads, helps) {
        (true, false) => return Lead,
        (false, true) if is_who || is(HELPS) => return Support,
        (true, true) => return Office,
        _ => {}
    }
    if has(NO_DEADLINE) || name.ends_with('起') {
        return Other;
    }
    if has(&["周期", "起止"]) {
        return Due(2);
    }
    if name.ends_with('止') {
        return Due(0);
    }
    if has(&["时限", "期限", "截止", "办结", "完成日", "完成时间", "完成日期", "完成日程", "节点", "时点"])
    {
        return Due(0);
    }
    if is(&TERMS) {
        return Due(0);
    }
    if has(&["时间", "日程", "日期", "进度", "月份"]) {
        return Due(1);
    }
    if has(&["责任", "承办", "负责", "落实单位", "落实部门", "主管", "实施单位", "实施主体"])
        || is(&["科室", "单位", "部门", "处室", "股室", "各科室"])
    {
        return Office;
    }
    let ranks: [(&[&str], u8); 8] = [
        (&["具体"], 0),
        (&["内容"], 1),
        (&["措施", "举措", "重点工作"], 2),
        (&["任务", "事项"], 3),
        (&["项目", "名称"], 4),
        (&["目标", "指标"], 5),
        (&["要求", "工作", "要点"], 6),
        (&["阶段", "类别", "分类", "领域", "板块"], 7),
    ];
    ranks.iter().find(|(words, _)| has(words)).map_or(Other, |(_, rank)| Text(*rank))
}
