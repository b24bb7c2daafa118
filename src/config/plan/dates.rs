//! The dates of an entry: `due`, and 局内目标 (`target`), which lies before it.

use jiff::civil::Date;

use crate::{
    config::syntax::table::{Table, Text},
    domain::{
        calendar::{Calendar, days_between},
        deadline::{Deadline, Lead, Target},
        due::{Due, Refusal, Rule},
    },
};

/// A target written as month and day may fall in the year before, as 12月31日 does before 1月31日. If it lies further
/// back than this, a later day in the same year was meant.
const FAR_DAYS: i64 = 183;

/// `year` is the one that the plan gives.
pub fn due(table: &Table<'_>, year: Option<i16>) -> Option<Due> {
    let text = table.long_text("due")?;
    Due::parse(text.value, year).map_err(|refusal| refused(table, &text, refusal)).ok()
}

pub fn target(table: &Table<'_>, due: &Due) -> Option<(String, Target)> {
    let text = table.long_text("target")?;
    let target = parse(table, &text, due)?;
    Some((text.value.to_owned(), target))
}

/// Reports a refused date at its place in the file.
fn refused(table: &Table<'_>, text: &Text<'_>, refusal: Refusal) {
    let at = if refusal.at.is_empty() { text.at.clone() } else { text.part(table.source, refusal.at) };
    let forms: Vec<String> = refusal.instead.iter().map(|form| format!("“{form}”")).collect();
    table.error(at, refusal.what, forms.join(" 或 "));
}

/// Reports a target that is no earlier than `due`.
pub fn target_fits(table: &Table<'_>, deadline: &Deadline) {
    if let (Some((target, _)), Some(value)) = (&deadline.target, table.get("target"))
        && !lies_before(deadline)
    {
        let what = format!("局内目标“{target}”不在上一期与这一期的规定期限“{}”之间", deadline.due.text);
        table.error(value.span(), what, "每一期都有的、更早的日期，或“提前10天”");
    }
}

fn parse(table: &Table<'_>, text: &Text<'_>, due: &Due) -> Option<Target> {
    let case = matches!(due.rule, Rule::Case { .. });
    let bare = text.value.trim();
    if !bare.starts_with("提前") && bare.ends_with('日') && !bare.ends_with("工作日") && !bare.contains('月') {
        let what = format!("“{bare}”分不清是几号，还是提前几天");
        table.error(text.at.clone(), what, format!("“每月{bare}”或“提前{}天”", bare.trim_end_matches('日')));
        return None;
    }
    let lead = text.value.parse::<Lead>();
    match lead {
        Ok(Lead::Days(0) | Lead::Workdays(0)) => {
            table.error(text.at.clone(), "局内目标要早于规定期限，不能是当天", "“提前10天”或“提前5个工作日”");
            return None;
        }
        Ok(lead) => return Some(Target::Before(lead)),
        Err(_) if case => {
            let what = "逐件登记的事项没有固定日期，局内目标要写提前多久";
            table.error(text.at.clone(), what, "“提前10天”或“提前5个工作日”");
            return None;
        }
        Err(_) => {}
    }
    let year = due.rule.only_year();
    // `10月31日` means 每年10月31日 for a yearly deadline, and the day in that year for a single one.
    let yearly = || Due::parse(&format!("每年{}", text.value.trim()), None);
    let english = || Due::parse(&format!("yearly {}", text.value.trim()), None);
    match Due::parse(text.value, year) {
        Ok(target) if !matches!(target.rule, Rule::Case { .. }) => Some(Target::Rule(target.rule)),
        other => match yearly().or_else(|_| english()) {
            Ok(target) if !matches!(target.rule, Rule::Case { .. }) => Some(Target::Rule(target.rule)),
            _ => {
                match other {
                    Err(refusal) if !refusal.what.is_empty() => refused(table, text, refusal),
                    _ => table.error(text.at.clone(), format!("“{}”不是日期", text.value), "“10月31日”或“提前10天”"),
                }
                None
            }
        },
    }
}

/// Checked on the rule's next few dates. Any calendar will do: working days move a date by only a few days.
fn lies_before(deadline: &Deadline) -> bool {
    let cal = Calendar::default();
    let terms: Vec<Date> = deadline.due.rule.first_terms(&cal).take(6).map(|term| term.due).collect();
    // A yearly target of a deadline that comes round more often would be the target of several occurrences.
    let targets: Vec<Option<Date>> = terms.iter().map(|due| deadline.target_before(&cal, *due)).collect();
    let is_date = matches!(deadline.target, Some((_, Target::Rule(_))));
    if is_date
        && targets.iter().skip(1).zip(&terms).any(|(target, before)| target.is_some_and(|target| target <= *before))
    {
        return false;
    }
    terms.iter().all(|due| match deadline.target_before(&cal, *due) {
        Some(day) => day.year() == due.year() || days_between(day, *due) <= FAR_DAYS,
        None => false,
    })
}
