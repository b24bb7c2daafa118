//! Finds the row with the headings by its words, and the columns in it.

use std::collections::BTreeMap;

use super::{
    Error, Result,
    read::{Cells, Sheet, Value},
};
use crate::text::bare;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Number,
    Task,
    Requirement,
    Sections,
    /// 牵头, in a column of its own.
    Lead,
    /// 配合, in a column of its own.
    Support,
    Due,
    /// Only in a ledger: the date that was computed from `Due`.
    Limit,
    Period,
    Id,
}

use Role::*;

/// Headings, without spaces and text in brackets. The first one that a sheet has is taken.
const WORDS: &[(Role, &[&str])] = &[
    (Number, &["序号", "项号", "任务序号", "项目序号", "No.", "NO"]),
    (Task, &["工作任务", "工作事项", "重点任务", "主要任务", "任务名称", "事项名称", "任务", "事项"]),
    (
        Requirement,
        &["具体要求", "工作要求", "具体任务", "具体内容", "任务内容", "主要内容", "工作内容", "具体措施", "工作措施"],
    ),
    (Lead, &["牵头科室", "牵头单位", "牵头部门", "主办科室"]),
    (Support, &["配合科室", "配合单位", "配合部门", "协办科室", "参与科室"]),
    (Sections, &["责任科室", "承办科室", "责任单位", "责任部门", "承办单位", "科室"]),
    (
        Due,
        &[
            "时限要求",
            "办理时限",
            "时限",
            "完成时限",
            "完成期限",
            "规定期限",
            "期限",
            "完成时间",
            "截止时间",
            "截止日期",
            "时间要求",
            "时间节点",
            "时间安排",
        ],
    ),
    (Period, &["期次"]),
    (Id, &["编号"]),
];

/// Headings stand near the top.
const SEARCHED_ROWS: usize = 200;

#[derive(Clone, Debug)]
pub struct Header {
    /// Its row; the lower one of two.
    pub row: u32,
    pub columns: BTreeMap<Role, u32>,
}

/// The first sheet that has such a header.
///
/// # Errors
/// In Chinese: there is no such header, and what the nearest one lacks.
pub fn find(sheets: &[Sheet]) -> Result<(&Sheet, Header)> {
    let mut near: Option<(usize, String)> = None;
    for sheet in sheets {
        let mut found: Option<Header> = None;
        for (&row, cells) in sheet.rows.iter().take(SEARCHED_ROWS) {
            let columns = columns(cells);
            let missing = missing(&columns);
            if missing.is_empty() {
                found = Some(Header { row, columns });
                continue;
            }
            if found.is_some() {
                break;
            }
            let known = columns.len();
            if known > 1 && near.as_ref().is_none_or(|(most, _)| known > *most) {
                near = Some((known, format!("第{}行像表头，缺{}。", row + 1, missing.join("、"))));
            }
        }
        if let Some(header) = found {
            return Ok((sheet, header));
        }
    }
    let near = near.map(|(_, words)| words).unwrap_or_default();
    Err(Error::Unreadable(format!(
        "没有找到表头：要有一行写着“工作任务”或“具体要求”、“责任科室”、“时限要求”或“完成时限”。{near}"
    )))
}

fn missing(columns: &BTreeMap<Role, u32>) -> Vec<&'static str> {
    let has = |roles: &[Role]| roles.iter().any(|role| columns.contains_key(role));
    let needed: [(&[Role], &str); 3] =
        [(&[Task, Requirement], "“工作任务”"), (&[Sections, Lead], "“责任科室”"), (&[Due], "“时限要求”")];
    needed.into_iter().filter(|(roles, _)| !has(roles)).map(|(_, name)| name).collect()
}

pub fn columns(cells: &Cells) -> BTreeMap<Role, u32> {
    let headings: Vec<(u32, String)> =
        cells.iter().filter_map(|(at, cell)| Some((*at, heading(&cell.value)?))).collect();
    let at = |word: &str| headings.iter().find(|(_, heading)| heading == word).map(|(at, _)| *at);
    let mut columns = BTreeMap::new();
    for (role, words) in WORDS {
        columns.extend(words.iter().find_map(|word| at(word)).map(|at| (*role, at)));
    }
    let limit = at("完成时限");
    columns.extend(limit.filter(|limit| columns.get(&Due) != Some(limit)).map(|at| (Limit, at)));
    columns
}

/// `责任科室（单位）` is 责任科室.
fn heading(value: &Value) -> Option<String> {
    let Value::Text(words) = value else { return None };
    let bare = bare(words);
    let name = bare.split(['(', '【', '[']).next().unwrap_or_default();
    Some(name.trim_matches([':', '：', '*', '、']).to_owned()).filter(|name| !name.is_empty())
}
