//! 期限计算书 in words: one page that a person can check, print and sign. What it says was told by the domain.

mod rule;
mod step;

use jiff::civil::Date;
use serde::Serialize;

use super::{when::term_of, words};
use crate::domain::{
    account::{Account, Mark, Reading, Reminder},
    agenda::Saying,
    calendar::Calendar,
    deadline::{Deadline, Lead},
    due::{Due, Roll},
    occurrence::{Occurrence, State},
};
use step::{day, names};

/// What the page tells of.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub cal: &'a Calendar,
    pub deadline: &'a Deadline,
    pub occurrence: &'a Occurrence,
    pub account: &'a Account,
    pub reminders: &'a [Reminder],
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    pub title: String,
    /// `2026年第3季度`
    pub period: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub heading: &'static str,
    /// A label, and lines.
    pub rows: Vec<(String, Vec<String>)>,
}

pub fn sheet(said: &Said) -> Sheet {
    let Occurrence { period, .. } = said.occurrence;
    let parts = [
        ("条文", clause(said)),
        ("读作", reading(said)),
        ("推算", steps(said)),
        ("结果", results(said)),
        ("遇休息日的读法", rulings(said)),
        ("提醒", reminders(said)),
        ("说明", notes(said)),
    ];
    let parts = parts.into_iter().filter(|(_, rows)| !rows.is_empty());
    Sheet {
        title: words::plain(&said.deadline.title_for(period)),
        period: words::period(period),
        parts: parts.map(|(heading, rows)| Part { heading, rows }).collect(),
    }
}

type Rows = Vec<(String, Vec<String>)>;

fn row(label: &str, text: impl Into<String>) -> (String, Vec<String>) {
    (label.to_owned(), vec![text.into()])
}

fn clause(said: &Said) -> Rows {
    let Deadline { due, basis, bureau_default, id, item, .. } = said.deadline;
    let number = item.map_or(words::plain(id), |n| format!("分工方案第{n}项，{}", words::plain(id)));
    let kind = if *bureau_default { "局内默认期限，不是文件规定" } else { "" };
    let rows = [
        Some(row("事项", number)),
        Some(row("原文", format!("“{}”", words::plain(&due.text)))),
        due.clause.as_deref().map(|clause| row("期限所在", format!("“{}”", words::plain(clause)))),
        basis.as_deref().map(|basis| row("依据", words::plain(basis))),
        Some(row("性质", kind)).filter(|_| *bureau_default),
    ];
    rows.into_iter().flatten().collect()
}

fn reading(said: &Said) -> Rows {
    let due = &said.deadline.due;
    let kind = match said.account.ruling.reading {
        Reading::Period => "期间：从起算日数到最后一日",
        Reading::Workdays => "期间：按工作日数",
        Reading::Back => "往前倒数",
        Reading::Day => "期日：写明的某一天",
        Reading::Paper(_) if due.rule.is_period() => "期间，遇休息日怎样移动由文件写明",
        Reading::Paper(_) => "期日，遇休息日怎样移动由文件写明",
    };
    let rows = [
        Some(row("规则", rule::rule(due))),
        Some(row("性质", kind)),
        due.roll.map(|roll| row("遇节假日", format!("{}，文件写明{}", roll.zh(), quoted_roll(due)))),
        Some(row("规范写法", due.to_string())),
    ];
    rows.into_iter().flatten().collect()
}

/// The paper's own words for how a day off moves the date.
fn quoted_roll(due: &Due) -> String {
    due.roll_as_written().map(|words| format!("“{}”", words::plain(words))).unwrap_or_default()
}

fn steps(said: &Said) -> Rows {
    let Account { due, ends, finish_by, target, dates, .. } = said.account;
    let unknown = "按现在的写法和放假安排推算不出这一天：登记以后写法或放假安排改过，日期照登记的不变。";
    let term = term_of(said.deadline.bureau_default);
    let (origin, due) = match &due[..] {
        [] => (Vec::new(), vec![unknown.to_owned()]),
        [only] => (Vec::new(), step::steps(said, std::slice::from_ref(only))),
        all => {
            let mut first = step::steps(said, all);
            let rest = first.split_off(1);
            (first, rest)
        }
    };
    let rolled = if dates.ends == dates.finish_by { Vec::new() } else { step::steps(said, finish_by) };
    let rows = [
        ("起算".to_owned(), origin),
        (term.to_owned(), due),
        ("届满".to_owned(), step::steps(said, ends)),
        ("请于…前办结".to_owned(), rolled),
        ("局内目标".to_owned(), if dates.target.is_some() { step::steps(said, target) } else { Vec::new() }),
    ];
    rows.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

fn results(said: &Said) -> Rows {
    let dates = if said.account.due.is_empty() { said.occurrence.dates } else { said.account.dates };
    let on = |date: Date| day(said.cal, date);
    let late = words_after(said, dates.in_time_until());
    let rows = [
        Some(row(term_of(said.deadline.bureau_default), on(dates.due))),
        Some(row("届满", format!("{}，当日办结也不算逾期", on(dates.ends)))),
        Some(row("请于…前办结", format!("{}下班前", on(dates.finish_by)))),
        dates.target.map(|target| row("局内目标", format!("{}下班前", on(target)))),
        dates.redo_by().map(|by| row("撤回后重新办结至", on(by))),
        Some(row("逾期", late)),
    ];
    rows.into_iter().flatten().collect()
}

fn words_after(said: &Said, last: Date) -> String {
    let first = last.tomorrow().unwrap_or(last);
    format!("自{}起", day(said.cal, first))
}

fn rulings(said: &Said) -> Rows {
    let (ruling, dates) = (&said.account.ruling, said.account.dates);
    let on = |date: Date| day(said.cal, date);
    let (due, ends) = (on(dates.due), on(dates.ends));
    let is_off = !said.cal.is_workday(dates.due);
    let followed = match ruling.reading {
        Reading::Workdays => "按工作日数出来的最后一日本来就是工作日，不发生顺延。".to_owned(),
        Reading::Period if !is_off => format!("期间的最后一日{due}是工作日，不发生顺延。"),
        Reading::Period => format!(
            "期间的最后一日{due}不是工作日。民法典第二百零三条：期间的最后一日是法定休假日的，以法定休假日结束的次日为\
             期间的最后一日；民事诉讼法第八十五条、法释〔2018〕1号第四十八条同此。故于{ends}届满。"
        ),
        Reading::Day if !is_off => format!("写明的这一天{due}是工作日，不发生顺延。"),
        Reading::Day => format!(
            "写明的这一天{due}不是工作日。民法典第二百零三条说的是期间，这里是期日，不顺延：于当日届满，提醒在前一个\
             工作日办结。"
        ),
        Reading::Back if !is_off => format!("往前数到的{due}是工作日。往前倒数的，遇休息日也不往后顺延。"),
        Reading::Back => {
            format!("往前数到的{due}不是工作日。往前倒数的不往后顺延：于当日届满，提醒在前一个工作日办结。")
        }
        Reading::Paper(roll) => {
            let words = quoted_roll(&said.deadline.due);
            let done = match roll {
                Roll::Later | Roll::Earlier if is_off => format!("{due}不是工作日，{}，于{ends}届满", roll.zh()),
                Roll::Later | Roll::Earlier => format!("{due}是工作日，不用移动"),
                Roll::Stays => format!("于{due}当日届满"),
            };
            format!("文件写明{words}，从其写明的：{done}。")
        }
    };
    let mut rows = vec![row("采用", followed)];
    if let Some(other) = ruling.other {
        let other = on(other);
        rows.push(row(
            "没有采用",
            match ruling.reading {
                Reading::Period => format!(
                    "不顺延，到{other}为止。为稳妥，提醒仍按这种较早的读法：请在{}以前办结。",
                    on(dates.finish_by)
                ),
                Reading::Day | Reading::Back => {
                    format!("比照期间顺延到{other}。文件确要顺延的，在条文里写明“遇节假日顺延”。")
                }
                Reading::Paper(_) | Reading::Workdays => format!("不看文件写明的移动办法，到{other}为止。"),
            },
        ));
    }
    rows.extend(not_prolonged(said).map(|text| row("没有采用", text)));
    rows
}

/// 税收征管法实施细则 art. 109, where it would prolong the period.
fn not_prolonged(said: &Said) -> Option<String> {
    let rests = &said.account.ruling.not_prolonged_by;
    let rest = |rest: &crate::domain::account::Rest| {
        format!("{}{}至{}（{}日）", names(&rest.festivals), words::short(rest.from), words::short(rest.to), rest.days)
    };
    let rests: Vec<String> = rests.iter().map(rest).collect();
    (!rests.is_empty()).then(|| {
        format!(
            "税收征管法实施细则第一百零九条：期限内有连续3日以上法定休假日的，按休假日天数顺延。本期间内有{}；该条只用于\
             税收征收管理的期限，这里没有按它延长。",
            rests.join("、")
        )
    })
}

fn reminders(said: &Said) -> Rows {
    let is_one_row = |a: &Reminder, b: &Reminder| {
        let overdue = |r: &Reminder| matches!(r.saying, Saying::Overdue(_));
        overdue(a) && overdue(b) && (a.mark, a.escalates) == (b.mark, b.escalates)
    };
    let rows = said.reminders.chunk_by(is_one_row).map(|run| {
        let mark = match run[0].mark {
            Mark::Sent => "已发",
            Mark::Waiting => "已写入邮件，还没有发出",
            Mark::ToCome => "待发",
            Mark::Missed => "没有发",
            Mark::Over => "不再发",
        };
        (words::full(run[0].on), vec![format!("{}。{mark}", why(said, run))])
    });
    rows.collect()
}

/// The reason of a reminder, or of a run of overdue ones, with what it is counted from.
fn why(said: &Said, run: &[Reminder]) -> String {
    let reminder = &run[0];
    let dates = said.account.dates;
    let from = match reminder.counted_from {
        from if Some(from) == dates.target => "局内目标".to_owned(),
        from if from == dates.finish_by => "最迟办结日".to_owned(),
        from if Some(from) == dates.redo_by() => "重新办结日".to_owned(),
        _ => "原来的日期".to_owned(),
    };
    let day = words::short(reminder.counted_from);
    let moved = if reminder.named == reminder.on || said.cal.is_workday(reminder.named) {
        String::new()
    } else {
        format!("；{}不是工作日，提前到这一天", words::day(reminder.named))
    };
    match reminder.saying {
        Saying::Before(Lead::Days(0) | Lead::Workdays(0)) => format!("{from}（{day}）当天{moved}"),
        Saying::Before(lead) => format!("{from}（{day}）前{lead}{moved}"),
        Saying::Overdue(_) => {
            let leader = if reminder.escalates { "，报分管领导" } else { "" };
            let number = |r: &Reminder| if let Saying::Overdue(n) = r.saying { n.to_string() } else { String::new() };
            let numbers: Vec<String> = run.iter().map(number).collect();
            let days: Vec<String> = run.iter().map(|r| words::short(r.on)).collect();
            let days = if run.len() > 1 { format!("，依次在{}", days.join("、")) } else { String::new() };
            format!("逾期第{}个工作日催办{leader}{days}", numbers.join("、"))
        }
        Saying::Correction(_) => "日期变动，发更正".to_owned(),
        Saying::Reopened => "办结登记撤回，重新提醒".to_owned(),
    }
}

fn notes(said: &Said) -> Rows {
    let (account, occurrence) = (said.account, said.occurrence);
    let years: Vec<String> = account.provisional.iter().map(|year| format!("{year}年")).collect();
    let provisional = (!years.is_empty()).then(|| {
        format!("{}的放假安排还没有公布，工作日按周一至周五暂算；公布后重新推算，日期有变的发更正。", years.join("、"))
    });
    let moved = (!account.due.is_empty() && !account.agrees_with(&occurrence.dates)).then(|| {
        format!(
            "登记的规定期限是{}，请于…前办结是{}；以上按现在的放假安排推算，两者不同。",
            day(said.cal, occurrence.dates.due),
            day(said.cal, occurrence.dates.finish_by)
        )
    });
    let is_missed = said.reminders.iter().any(|reminder| reminder.mark == Mark::Missed);
    let missed = is_missed.then(|| "那一天没有发出，或那时还没有登记；错过的提醒只补发最近的一次。".to_owned());
    let state = match occurrence.state {
        State::Open => None,
        State::Done => Some("这一期已经办结。".to_owned()),
        State::Withdrawn => Some("这一期已经撤销。".to_owned()),
    };
    let paused = occurrence.dates.paused.map(|since| {
        format!(
            "{}起暂停，恢复以前不提醒、不算逾期；恢复后，暂停的天数不计入期限，日期重新推算。",
            day(said.cal, since)
        )
    });
    let rows = [("暂停", paused), ("暂算", provisional), ("登记的", moved), ("没有发的", missed), ("现状", state)];
    rows.into_iter().filter_map(|(label, text)| Some(row(label, text?))).collect()
}
