//! The steps of an account, one sentence each.

use jiff::civil::Date;

use super::{super::words, Said, rule};
use crate::domain::{
    account::{Off, Tally, Told},
    calendar::{Calendar, DayKind},
    due::{Anchor, CaseFrom, DayOf, Due, Move, Rule, Unit},
    festivals,
};

/// With its weekday, and why it is a day off, or a working day although it is a weekend.
pub fn day(cal: &Calendar, day: Date) -> String {
    let why = match cal.kind(day) {
        DayKind::Weekday => String::new(),
        DayKind::Weekend => "，休息日".to_owned(),
        DayKind::MadeUp => "，调休上班".to_owned(),
        DayKind::Holiday => format!("，{}放假", names(&festivals::names_around(cal, day))),
    };
    format!("{}年{}（{}{why}）", day.year(), words::short(day), words::weekday(day))
}

pub fn names(festivals: &[&str]) -> String {
    if festivals.is_empty() { "国务院办公厅通知".to_owned() } else { festivals.join("、") }
}

/// Each step that says something, numbered.
pub fn steps(said: &Said, steps: &[Told]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (i, told) in steps.iter().enumerate() {
        lines.extend(step(said, told, steps.get(i + 1)));
        lines.extend(told.tally.iter().flat_map(|tally| days_over(told, tally)));
    }
    lines
}

fn step(said: &Said, told: &Told, next: Option<&Told>) -> Option<String> {
    let (cal, to) = (said.cal, day(said.cal, told.by.to()));
    let from = told.from.unwrap_or(told.by.to());
    let back = |n: i64| if n < 0 { "往前" } else { "往后" };
    Some(match told.by {
        Move::From { what, to } => from_day(said, what, to, next),
        Move::Month { n: 0, .. } => return None,
        Move::Month { n, to: first } => {
            let which = if from.day() == 1 { format!("第{}个月", n + 1) } else { "次月".to_owned() };
            format!("{which}是{}年{}月。", first.year(), first.month())
        }
        Move::Days { n: n @ 1.., .. } => format!("自次日起按日历连续数，周末和节假日都数在内，第{n}日为{to}。"),
        Move::Days { n, .. } => format!("自前一日起按日历往前连续数，第{}日为{to}。", n.unsigned_abs()),
        Move::Months { n, .. } => {
            let clamped = from.day() != told.by.to().day();
            let no_day = format!("到期月没有{}日，以月末日为准（民法典第二百零二条）", from.day());
            let why =
                if clamped { no_day } else { "到期月的对应日（民法典第二百零二条）".to_owned() };
            format!("{}数{}个月：{why}，为{to}。", back(n), n.unsigned_abs())
        }
        Move::MonthEnds { n: n @ 0.., .. } => {
            format!("自次日起数满{n}个月，最后一日为{to}（民法典第二百零二条）。")
        }
        Move::MonthEnds { n, .. } => format!("往前数{}个整月，为{to}。", n.unsigned_abs()),
        Move::Workdays { n: n @ 1.., .. } => format!("自次日起只数工作日，第{n}个工作日为{to}。"),
        Move::Workdays { n: 0, .. } => format!("不加工作日，即当日{to}。"),
        Move::Workdays { n, .. } => format!("自前一日起往前只数工作日，第{}个工作日为{to}。", n.unsigned_abs()),
        Move::DayOfMonth { day: DayOf::Day(d), to: on } if i16::from(d) != i16::from(on.day()) => {
            format!("当月没有{d}日，以最后一天为准，为{to}。")
        }
        Move::DayOfMonth { day: of, .. } => format!("当月的{}为{to}。", rule::day_of_month(of)),
        Move::DayOfWeek { day: DayOf::Workday(n), .. } => {
            format!("当周的{}为{to}。", rule::day_of_month(DayOf::Workday(n)))
        }
        Move::DayOfWeek { .. } => format!("当周的这一天为{to}。"),
        Move::RollBack { to: on } | Move::RollOn { to: on } if on == from => {
            format!("{}是工作日，不用移动。", day(cal, from))
        }
        Move::RollBack { .. } => format!("{}不是工作日，往前到最近的工作日{to}。", day(cal, from)),
        Move::Stood { from: first, until, .. } => {
            format!("{}至{}停止计算，不计入期限，顺延至{to}。", day(cal, first), day(cal, until))
        }
        Move::RollOn { .. } => format!("{}不是工作日，往后到最近的工作日{to}。", day(cal, from)),
    })
}

fn from_day(said: &Said, what: Anchor, to: Date, next: Option<&Told>) -> String {
    let day = day(said.cal, to);
    // Only a period that is counted on has a law that says so.
    let rest = match next.map(|next| next.by) {
        Some(Move::Days { n, .. } | Move::Workdays { n, .. } | Move::Months { n, .. } | Move::MonthEnds { n, .. }) => {
            if n > 0 {
                "，当日不计入（民法典第二百零一条）。"
            } else {
                "，往前数，当日不计入。"
            }
        }
        _ => "。",
    };
    match what {
        Anchor::Written => format!("文件写明的那一天：{day}。"),
        Anchor::Recurrence => format!("重复规则给出的一天：{day}。"),
        Anchor::Begins(unit) => format!("这一{}从{day}开始。", period(unit)),
        Anchor::Ends(unit) => format!("这一{}的最后一天是{day}{rest}", period(unit)),
        Anchor::Week => format!("这一周从{day}开始。"),
        Anchor::Case => format!("{}是{day}{rest}", case_day(&said.deadline.due)),
        Anchor::Extended => format!("经登记延期，改为{day}。"),
        Anchor::Due => format!("规定期限是{day}{rest}"),
    }
}

fn case_day(due: &Due) -> String {
    let event = due.event.as_deref().map(words::plain);
    match (&due.rule, event) {
        (_, Some(event)) => format!("登记的“{event}”之日"),
        (Rule::Case { from: CaseFrom::AfterReceipt, .. }, None) => "登记的收到之日".to_owned(),
        _ => "登记的日期".to_owned(),
    }
}

fn period(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => "年",
        Unit::HalfYear => "个半年",
        Unit::Quarter => "个季度",
        Unit::Month => "个月",
    }
}

/// What was counted, and what was not, with the notices that say so.
fn days_over(told: &Told, tally: &Tally) -> Vec<String> {
    let mut lines = Vec::new();
    let holidays: usize = tally.off.iter().map(|off| off.days.len()).sum();
    if matches!(told.by, Move::Workdays { .. }) {
        let Tally { days, workdays, weekend, .. } = tally;
        let parts = [("工作日", *workdays), ("不计的周六、周日", *weekend), ("不计的节假日", holidays)];
        let parts: Vec<String> =
            parts.into_iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what}{n}日")).collect();
        lines.push(format!("其间日历{days}日：{}。", parts.join("，")));
    }
    for off in &tally.off {
        let count = if off.days.len() > 1 { format!("（共{}日）", off.days.len()) } else { String::new() };
        lines.push(format!("不计：{}放假{}{count}{}。", names(&off.festivals), spans(&off.days), notice(off)));
    }
    for made_up in &tally.made_up {
        lines.push(format!("照常计入：{}调休上班{}。", spans(&made_up.days), notice(made_up)));
    }
    lines
}

fn notice(off: &Off) -> String {
    off.notice.as_deref().map(|n| format!("，依{}", words::plain(n))).unwrap_or_default()
}

/// `2月16日至20日、2月23日`; a single day with its weekday.
pub fn spans(days: &[Date]) -> String {
    let runs = days.chunk_by(|a, b| a.tomorrow().is_ok_and(|next| next == *b));
    let run = |run: &[Date]| match run {
        [first, .., last] if first.month() == last.month() => format!("{}至{}日", words::short(*first), last.day()),
        [first, .., last] => format!("{}至{}", words::short(*first), words::short(*last)),
        [only] => words::day(*only),
        [] => String::new(),
    };
    runs.map(run).collect::<Vec<_>>().join("、")
}
