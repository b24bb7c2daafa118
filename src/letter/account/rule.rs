//! A rule in Chinese, as a clerk would say it: the words beside the canonical form.

use crate::domain::due::{At, CaseFrom, Cycle, DayOf, Due, Months, Rule, Span, SpanUnit, Unit, weekday_name};

use super::super::words;

/// `每年1月31日` · `每季度结束后15日内`
pub fn rule(due: &Due) -> String {
    let times = due.times.map(|n| format!("，至少{n}次")).unwrap_or_default();
    format!("{}{times}", plain(&due.rule, due.event.as_deref()))
}

fn plain(rule: &Rule, event: Option<&str>) -> String {
    match rule {
        Rule::Once(date) => format!("只办一次：{}", words::full(*date)),
        Rule::Recurrence(recurrence) => format!("按重复规则（RFC 5545）：{recurrence}"),
        Rule::After { unit, span } => format!("{}结束后{}内", each(*unit), amount(*span)),
        Rule::BeforeEnd { unit, span } => format!("{}结束前{}", each(*unit), amount(*span)),
        Rule::Following { unit: Unit::Month, day } => format!("每月结束后，次月{}", day_of_month(*day)),
        Rule::Following { unit, day } => format!("{}结束后，下一个月{}", each(*unit), day_of_month(*day)),
        Rule::Case { from, span } => {
            let event = event.map(words::plain);
            match (from, event) {
                (CaseFrom::AfterReceipt, None) => format!("逐件登记：自收到之日起{}内", amount(*span)),
                (CaseFrom::BeforeEvent, event) => {
                    format!("逐件登记：{}前{}", event.as_deref().unwrap_or("举行"), amount(*span))
                }
                (_, event) => {
                    format!("逐件登记：自“{}”之日起{}内", event.as_deref().unwrap_or("登记的事"), amount(*span))
                }
            }
        }
        Rule::Cyclic { cycle, at } => cyclic(*cycle, at),
    }
}

fn cyclic(cycle: Cycle, at: &[At]) -> String {
    let days = |write: &dyn Fn(&At) -> String| at.iter().map(write).collect::<Vec<_>>().join("、");
    let in_month = |a: &At| day_of_month(a.day);
    let in_part = |months: u8| {
        move |a: &At| {
            let which: Vec<String> = (0..12 / months).map(|n| format!("{}月", n * months + a.month)).collect();
            format!("{}的{}", which.join("、"), day_of_month(a.day))
        }
    };
    match cycle {
        Cycle::Years { every, from } => {
            let every = match (every, from) {
                (1, None) => "每年".to_owned(),
                (every, from) => format!("自{}年起每{every}年一次，", from.unwrap_or_default()),
            };
            format!("{every}{}", days(&|a| format!("{}月{}", a.month, day_of_month(a.day))))
        }
        Cycle::OneYear(year) => {
            format!("只在{year}年：{}", days(&|a| format!("{}月{}", a.month, day_of_month(a.day))))
        }
        Cycle::HalfYears => format!("每半年一次：{}", days(&in_part(6))),
        Cycle::Quarters => format!("每季度一次：{}", days(&in_part(3))),
        Cycle::Months(Months::Every) => format!("每月{}", days(&in_month)),
        Cycle::Months(Months::Odd) => format!("单月（1、3、5、7、9、11月）{}", days(&in_month)),
        Cycle::Months(Months::Even) => format!("双月（2、4、6、8、10、12月）{}", days(&in_month)),
        Cycle::Weeks => format!("每周{}", days(&|a| day_of_week(a.day))),
    }
}

fn each(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => "每年度",
        Unit::HalfYear => "每半年",
        Unit::Quarter => "每季度",
        Unit::Month => "每月",
    }
}

pub fn amount(span: Span) -> String {
    let unit = match span.unit {
        SpanUnit::Days => "日",
        SpanUnit::Workdays => "个工作日",
        SpanUnit::Months => "个月",
    };
    format!("{}{unit}", span.n)
}

/// `20日` · `最后一个工作日` · `第2个周日`
pub fn day_of_month(day: DayOf) -> String {
    let nth = |n: i8, what: &str| match n {
        -1 => format!("最后一个{what}"),
        ..0 => format!("倒数第{}个{what}", n.unsigned_abs()),
        _ => format!("第{n}个{what}"),
    };
    match day {
        DayOf::Day(day) => format!("{day}日"),
        DayOf::Last => "最后一天".to_owned(),
        DayOf::Workday(n) => nth(n, "工作日"),
        DayOf::Weekday(n, day) => nth(n, weekday_name(day)),
    }
}

/// `五` · `第1个工作日`
fn day_of_week(day: DayOf) -> String {
    match day {
        DayOf::Weekday(_, day) => weekday_name(day).trim_start_matches('周').to_owned(),
        DayOf::Day(_) | DayOf::Last => "日".to_owned(),
        day @ DayOf::Workday(_) => day_of_month(day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside the forms that `tests/rust/explain.rs` shows whole.
    #[test]
    fn rules_in_words() {
        for (text, said) in [
            ("每年7月10日、12月20日前", "每年7月10日、12月20日"),
            ("每年2月最后一个工作日", "每年2月最后一个工作日"),
            ("自2026年起每两年3月1日前", "自2026年起每2年一次，3月1日"),
            ("2026年6月30日、12月20日前", "只在2026年：6月30日、12月20日"),
            ("每季度不少于2次", "每季度一次：3月、6月、9月、12月的最后一天，至少2次"),
            ("每半年第2个月20日", "每半年一次：2月、8月的20日"),
            ("每双月10日", "双月（2、4、6、8、10、12月）10日"),
            ("每月4日、14日、24日", "每月4日、14日、24日"),
            ("每月第2个周日", "每月第2个周日"),
            ("每月倒数第2个工作日", "每月倒数第2个工作日"),
            ("每周五", "每周五"),
            ("每周第1个工作日", "每周第1个工作日"),
            ("会计年度终了三个月前", "每年度结束前3个月"),
            ("每季度结束后次月5日前", "每季度结束后，下一个月5日"),
            ("自合同签订之日起5个工作日内", "逐件登记：自“合同签订”之日起5个工作日内"),
            ("有效期届满30日前", "逐件登记：有效期届满前30日"),
        ] {
            let due = Due::parse(text, None).unwrap_or_else(|r| panic!("{text}: {r:?}"));
            assert_eq!(rule(&due), said, "{text}");
        }
    }
}
