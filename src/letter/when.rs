//! Time in words: how much is left, and until which date.

use jiff::civil::Date;

use super::{Entry, words};
use crate::domain::occurrence::Dates;

/// Beyond this many working days, people count in calendar days.
const FAR_WORKDAYS: i64 = 7;

/// Where today lies among an occurrence's dates; in the order in which a letter lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Today is the date that counts.
    Today,
    /// The last working day has passed, but `due` (a day off) or the day that it ends with has not.
    Between,
    Overdue,
    Ahead,
    /// The clock stands: nothing is asked for until it goes on.
    Paused,
}

pub fn phase(entry: &Entry, today: Date) -> Phase {
    match today {
        _ if entry.dates.paused.is_some() => Phase::Paused,
        _ if entry.in_time_until().is_some_and(|day| today > day) => Phase::Overdue,
        _ if today > entry.aim => Phase::Between,
        _ if today == entry.aim => Phase::Today,
        _ => Phase::Ahead,
    }
}

/// For subjects and tables: `剩3个工作日`, `今天到期`, `已逾期3个工作日`.
pub fn left_short(entry: &Entry, today: Date) -> String {
    let days = entry.days_left.abs();
    match (phase(entry, today), entry.workdays_left.abs()) {
        (Phase::Ahead, 1..=FAR_WORKDAYS) => format!("剩{}个工作日", entry.workdays_left),
        (Phase::Ahead, _) => format!("剩{days}天"),
        (Phase::Today, _) if is_target(entry) => "局内目标今天到期".into(),
        (Phase::Today, _) => "今天到期".into(),
        (Phase::Overdue, _) if entry.help_by.is_some() => format!("材料已逾期{}个工作日", entry.workdays_left.abs()),
        (Phase::Between, _) if entry.dates.due == today => format!("{}今天截止", term(entry)),
        (Phase::Between, _) if entry.dates.due < today => format!("{}届满", words::narrow(entry.dates.ends)),
        (Phase::Between, _) => format!("{}{}截止", term(entry), words::narrow(entry.dates.due)),
        (Phase::Paused, _) => format!("暂停第{}天", entry.dates.paused_days(today).unwrap_or_default()),
        (Phase::Overdue, 0) => format!("已逾期{days}天"),
        (Phase::Overdue, n) => format!("已逾期{n}个工作日"),
    }
}

/// In full: far away in both counts, `还剩30天（21个工作日）`.
pub fn left(entry: &Entry, today: Date) -> String {
    match (phase(entry, today), entry.workdays_left) {
        (Phase::Ahead, n) if n > FAR_WORKDAYS => format!("还剩{}天（{n}个工作日）", entry.days_left),
        (Phase::Ahead, _) => format!("还{}", left_short(entry, today)),
        _ => left_short(entry, today),
    }
}

/// What to do by when, in one sentence without its full stop.
pub fn headline(entry: &Entry, today: Date) -> String {
    let now = if entry.is_for_leader() { "尚未办结" } else { "请立即办结" };
    let lead = entry.supports().map(words::plain);
    match phase(entry, today) {
        Phase::Ahead | Phase::Today if entry.help_by.is_some() => {
            let lead = lead.unwrap_or_default();
            format!("请于{}下班前把材料报{lead}", words::full_workday(entry.aim))
        }
        Phase::Overdue if entry.help_by.is_some() => {
            format!("报材料的日子{}已过，请立即报{}", words::full(entry.aim), lead.unwrap_or_default())
        }
        Phase::Between if lead.is_some() => {
            format!("材料还没有报的，请尽快报{}", lead.unwrap_or_default())
        }
        Phase::Ahead | Phase::Today => {
            let support = lead.map(|lead| format!("配合{lead}")).unwrap_or_default();
            let target = if is_target(entry) { "（局内目标）" } else { "" };
            format!("请{support}于{}下班前办结{target}", words::full_workday(entry.aim))
        }
        Phase::Paused => {
            let since = entry.dates.paused.map(words::full).unwrap_or_default();
            format!("{since}起暂停计时，恢复以后再算期限")
        }
        Phase::Between => format!("最后一个工作日{}已过，{now}", words::day(entry.aim)),
        Phase::Overdue => format!("{}{}已过，{now}", term(entry), words::full(entry.dates.due)),
    }
}

/// The other dates of an occurrence, each stated once.
pub fn other_dates(entry: &Entry, today: Date) -> Vec<String> {
    let Dates { due, ends, finish_by, target, .. } = entry.dates;
    let term = term(entry);
    // The law's rule for periods, or the paper: in time until then.
    let by = entry.roll.as_ref().map(|roll| format!("文件写明“{}”，", words::plain(roll))).unwrap_or_default();
    let until = if ends > due { format!("，{by}顺延至{}届满", words::beside(ends, due)) } else { String::new() };
    let off = format!("{}为{}（{}）", words::short(due), words::weekday(due), words::day_off(due));
    let off = if due.year() == entry.aim.year() { off } else { format!("{}年{off}", due.year()) };
    let off = format!("{off}{until}");
    let phase = phase(entry, today);
    let ahead = matches!(phase, Phase::Ahead | Phase::Today);
    let early = if phase == Phase::Ahead && finish_by < due { "，请提前办结" } else { "" };
    match (is_target(entry), due == finish_by) {
        _ if entry.help_by.is_some() => {
            vec![format!(
                "本项由{}办结，{term}为{}",
                words::plain(entry.lead.as_deref().unwrap_or_default()),
                words::full(due)
            )]
        }
        _ if !ahead => vec![],
        _ if today > due => vec![format!("{term}{}已过，办结登记已撤回", words::beside(due, entry.aim))],
        (true, true) => vec![format!("{term}为{}", words::beside(due, entry.aim))],
        (true, false) => {
            vec![format!("{term}{off}，最迟须于{}下班前办结", words::beside(finish_by, entry.aim))]
        }
        (false, equal) => {
            let missed = target.filter(|t| *t < today);
            let missed = missed.map(|t| format!("局内目标{}已过", words::beside(t, entry.aim)));
            let early = (!equal).then(|| format!("{term}{off}{early}"));
            let same = (equal && missed.is_some()).then(|| format!("{term}即{}", words::day(due)));
            missed.into_iter().chain(early).chain(same).collect()
        }
    }
}

/// What a correction says: each date that changed, with its old and new value.
pub fn moves(entry: &Entry) -> Vec<String> {
    let Some(told) = entry.told else { return vec![] };
    let new = entry.dates;
    let moved = |name: &str, from: Date, to: Date| {
        (from != to).then(|| format!("{name}由{}改为{}", words::full(from), words::full(to)))
    };
    let due = moved(term(entry), told.due, new.due);
    let finish_by = moved("最迟办结日", told.finish_by, new.finish_by);
    let target = match (told.target, new.target) {
        (Some(from), Some(to)) => moved("局内目标", from, to),
        (None, Some(to)) => Some(format!("新设局内目标{}", words::full(to))),
        (Some(from), None) => Some(format!("取消局内目标{}", words::full(from))),
        (None, None) => None,
    };
    // A due date that is a working day is also `finish_by`: stated once.
    let same = told.due == told.finish_by && new.due == new.finish_by;
    due.into_iter().chain(finish_by.filter(|_| !same)).chain(target).collect()
}

pub fn is_target(entry: &Entry) -> bool {
    entry.dates.target == Some(entry.aim)
}

/// What `due` is called: only the document's own date is 规定.
pub fn term(entry: &Entry) -> &'static str {
    term_of(entry.bureau_default)
}

pub fn term_of(is_bureau_default: bool) -> &'static str {
    if is_bureau_default { "局内默认期限" } else { "规定期限" }
}
