//! The date by which something is expected: `2026年2月10日`, `2月10日`, `2026-02-10`.

use jiff::civil::Date;

use super::folded::{is_pause, starts_with};

/// Words before the date that counts, if a text names several.
const LEADS: [&str; 12] =
    ["预计", "预期", "延期至", "延期到", "延至", "延到", "推迟至", "推迟到", "顺延至", "拟于", "争取", "计划"];

/// The date in these words, if there is only one, or only one that is marked as expected.
pub(super) fn expected(words: &str, today: Date) -> Option<Date> {
    // A past date is not expected; without a year, one that is far ahead may be this year's, which is past.
    let far = today.saturating_add(jiff::Span::new().months(9));
    let is_meant = |found: &Found| found.date >= today && (found.has_year || found.date <= far);
    let ahead: Vec<Found> = dates(words, today).into_iter().filter(is_meant).collect();
    let all = ahead.iter().map(|found| found.date).collect();
    let led = || only(ahead.iter().filter(|found| found.is_led).map(|found| found.date).collect());
    only(all).or_else(led).filter(|_| ahead.iter().all(|found| found.is_of_end || !found.is_led && ahead.len() > 1))
}

/// Whether the words name a future day. Without a year, only a day within 60 days counts: the past year may be
/// meant.
pub(super) fn lies_ahead(words: &str, today: Date) -> bool {
    let soon = today.saturating_add(jiff::Span::new().days(60));
    let is_meant = |found: &Found| found.has_year || found.date <= soon;
    dates(words, today).iter().any(|found| found.date > today && !found.has_passed && is_meant(found))
        || names_later_day(words, today)
}

/// `29日`, of this month. It may be last month's, so it is no expected day either.
fn names_later_day(words: &str, today: Date) -> bool {
    let chars: Vec<char> = words.chars().collect();
    (0..chars.len()).any(|at| {
        let bare = at == 0 || !(chars[at - 1].is_ascii_digit() || "月年-/.第".contains(chars[at - 1]));
        let Some((day, digits)) = number(&chars[at..], 2).filter(|_| bare) else { return false };
        let after = chars.get(at + digits + 1).copied().unwrap_or(' ');
        chars.get(at + digits) == Some(&'日')
            && !"内后前均间已".contains(after)
            && (i16::from(today.day()) + 1..=i16::from(today.days_in_month())).contains(&day)
    })
}

struct Found {
    date: Date,
    has_year: bool,
    /// 预计 or the like stands before it.
    is_led: bool,
    /// A weekday, and 已 follows it: the last one.
    has_passed: bool,
    /// What stands there says that it is the day by which it will be done.
    is_of_end: bool,
}

/// Whether what stands around a day says that it will be done by then: not `2月3日恢复`, `最快2月6日以后`.
fn is_of_end(before: &str, after: &[char]) -> bool {
    const NOT_BY: [&str; 9] = ["早于", "最快", "去年", "上年", "农历", "不了", "系统", "也是", "也要"];
    const END: [&str; 24] = [
        "办结", "办理", "完成", "办完", "办好", "报", "上报", "交", "提交", "发", "公布", "公开", "印发", "上网",
        "挂网", "上线", "出", "能", "可", "左右", "为", "送", "定稿", "执行",
    ];
    let after: String = after.iter().filter(|c| **c != ' ').take(12).collect();
    let mut rest = after.as_str();
    // `2月6日（周五）`
    if let Some(inside) = rest.strip_prefix(['(', '（']) {
        rest = inside
            .split_once([')', '）'])
            .filter(|(day, _)| day.starts_with(['周', '星']))
            .map_or("农历", |(_, rest)| rest);
    }
    let rest = ["之前", "以前", "前", "底", "后报"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    !NOT_BY.iter().any(|word| before.ends_with(word))
        && (rest.is_empty() || rest.starts_with(is_pause) || END.iter().any(|word| rest.starts_with(word)))
}

fn dates(words: &str, today: Date) -> Vec<Found> {
    let chars: Vec<char> = words.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let glued = at > 0 && (chars[at - 1].is_ascii_digit() || (matches!(chars[at - 1], '-' | '.' | '/')));
        let read = date(&chars[at..], today).filter(|_| !glued).or_else(|| near(&chars, at, today));
        let Some((date, width)) = read else {
            at += 1;
            continue;
        };
        if let Some(date) = date {
            let before: String = chars[at.saturating_sub(8)..at].iter().filter(|c| **c != ' ').collect();
            let before = before.trim_end_matches(['于', '在', '到', '至', '为', ':', ',']);
            let is_led = LEADS.iter().any(|lead| before.ends_with(lead.trim_end_matches(['到', '至', '于'])));
            let has_year = number(&chars[at..], 4).is_some_and(|(n, _)| n >= 1000);
            let is_of_end = is_of_end(before, &chars[at + width..]);
            let has_passed = chars.get(at + width) == Some(&'已') && !chars[at].is_ascii_digit();
            found.push(Found { date, has_year, is_led, has_passed, is_of_end });
        }
        at += width;
    }
    found
}

/// `下周五`, `月底`, `明天` at this place, and how many characters it has.
fn near(chars: &[char], at: usize, today: Date) -> Option<(Option<Date>, usize)> {
    let before = at.checked_sub(1).map(|i| chars[i]);
    if before.is_some_and(|c| "上每前次下本这双单大一二三四五六七八九十".contains(c) || c.is_ascii_digit())
    {
        return None;
    }
    let rest = &chars[at..];
    // `2月中旬` is the 20th.
    if let Some((n, digits)) = number(rest, 2) {
        let third = ["月上旬", "月中旬", "月下旬"].iter().position(|t| starts_with(&rest[digits..], t))?;
        let n = i8::try_from(n).ok()?;
        let first = Date::new(today.year() + i16::from(n < today.month()), n, 1).ok()?;
        return Some((first.with().day([10, 20, first.days_in_month()][third]).build().ok(), digits + 3));
    }
    let after = |words: &[&str]| words.iter().filter(|w| starts_with(rest, w)).map(|w| w.chars().count()).max();
    let days = |n: i32| today.checked_add(jiff::Span::new().days(n)).ok();
    if let Some(width) = after(&["周", "星期", "礼拜", "本周", "这周", "下周", "下星期", "下礼拜", "下个星期"])
    {
        let weekday =
            rest.get(width).and_then(|c| "一二三四五六日".chars().position(|d| d == *c || d == '日' && *c == '天'))?;
        let (weekday, now) = (i32::try_from(weekday).ok()?, i32::from(today.weekday().to_monday_zero_offset()));
        let in_next = starts_with(rest, "下");
        let ahead = weekday - now + if in_next || weekday < now { 7 } else { 0 };
        return Some((days(ahead), width + 1));
    }
    let month = |n: i32| today.first_of_month().checked_add(jiff::Span::new().months(n)).ok();
    let end = |n: i32| month(n).map(Date::last_of_month);
    for (words, day) in [
        (&["明天", "明日"][..], days(1)),
        (&["后天"], days(2)),
        (&["月底", "月末", "本月底", "这个月底", "本月末"], end(0)),
        (&["下月底", "下个月底", "下月末"], end(1)),
        (&["年底", "年末"], Date::new(today.year(), 12, 31).ok()),
    ] {
        if let Some(width) = after(words) {
            return Some((day, width));
        }
    }
    let width = after(&["下月", "下个月", "本月"])?;
    let (day, digits) = number(&rest[width..], 2)?;
    if !matches!(rest.get(width + digits), Some('日' | '号')) {
        return None;
    }
    let of = month(i32::from(starts_with(rest, "下")))?;
    Some((Date::new(of.year(), of.month(), i8::try_from(day).ok()?).ok(), width + digits + 1))
}

/// `下周五前报`, `3月10日前报送`: a promise to hand in by a day, which is not in time.
pub(super) fn names_limit(chars: &[char]) -> bool {
    const REPORT: [&str; 9] = ["再报", "报", "上报", "报送", "提交", "交", "能报", "可报", "补报"];
    // Any day will do to find where it ends.
    let any = Date::constant(2026, 1, 1);
    let lead = ["预计", "拟于", "争取", "力争", "计划", "最迟", "我科", "我们", "将于", "于", "在"];
    let mut start = 0;
    while let Some(word) = lead.iter().find(|w| starts_with(&chars[start..], w)) {
        start += word.chars().count();
    }
    let Some((_, width)) = date(&chars[start..], any).or_else(|| near(&chars[start..], 0, any)) else { return false };
    let rest = &chars[start + width..];
    let Some(limit) = ["之前", "以前", "前"].iter().find(|w| starts_with(rest, w)) else { return false };
    let rest = &rest[limit.chars().count()..];
    let longest = REPORT.iter().filter(|w| starts_with(rest, w)).map(|w| w.chars().count()).max();
    longest.is_some_and(|n| rest.get(n).is_none_or(|c| is_pause(*c)))
}

fn only(mut dates: Vec<Date>) -> Option<Date> {
    dates.dedup();
    match dates.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// A date at the beginning and its length in characters; `Some((None, _))` for a date that does not exist.
fn date(chars: &[char], today: Date) -> Option<(Option<Date>, usize)> {
    let (first, mut at) = number(chars, 4)?;
    at += blanks(&chars[at..]);
    let mark = *chars.get(at)?;
    let year = match mark {
        '年' | '-' | '/' | '.' if (1000..=9999).contains(&first) => {
            at += 1;
            Some(first)
        }
        '月' => None,
        _ => return None,
    };
    at += blanks(&chars[at..]);
    let (month, width) = if year.is_some() { number(&chars[at..], 2)? } else { (first, 0) };
    at += width;
    at += blanks(&chars[at..]);
    if *chars.get(at)? != if mark == '年' { '月' } else { mark } {
        return None;
    }
    at += 1;
    at += blanks(&chars[at..]);
    let (day, width) = number(&chars[at..], 2)?;
    at += width;
    let worded = matches!(mark, '年' | '月');
    if worded {
        at += blanks(&chars[at..]);
    }
    match chars.get(at) {
        Some('日' | '号') if worded => at += 1,
        Some(c) if c.is_ascii_digit() => return None,
        _ if worded => return None,
        _ => {}
    }
    let on = |year: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let date = match year {
        Some(year) => on(year),
        None => on(today.year()).filter(|d| *d >= today).or_else(|| on(today.year().saturating_add(1))),
    };
    Some((date, at))
}

fn number(chars: &[char], most: usize) -> Option<(i16, usize)> {
    let width = chars.iter().take(most + 1).take_while(|c| c.is_ascii_digit()).count();
    let number = chars.get(..width)?.iter().collect::<String>().parse().ok()?;
    (width <= most).then_some((number, width))
}

fn blanks(chars: &[char]) -> usize {
    chars.iter().take(2).take_while(|c| **c == ' ').count()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    #[test]
    fn dates() {
        let today = date(2026, 2, 4);
        for (words, expected) in [
            ("材料未齐,预计2026年2月10日办结", Some(date(2026, 2, 10))),
            ("2月10日", Some(date(2026, 2, 10))),
            ("2 月 10 日", Some(date(2026, 2, 10))),
            ("2026-02-10", Some(date(2026, 2, 10))),
            ("2026/2/10前", Some(date(2026, 2, 10))),
            ("2026.2.10", Some(date(2026, 2, 10))),
            ("预计10日", None),
            ("2月30日", None),
            ("1月10日", None),
            ("2月4日", Some(date(2026, 2, 4))),
            ("2026年1月31日系统故障", None),
            ("2026年1月31日系统故障,预计2月10日", Some(date(2026, 2, 10))),
            ("3月5日才开会,预计于3月10日办结", Some(date(2026, 3, 10))),
            ("3月5日、3月10日", None),
            ("2月10日,最迟2月10日", Some(date(2026, 2, 10))),
            ("文号2026-123", None),
            ("预计2月中旬", Some(date(2026, 2, 20))),
            ("1月下旬", None),
            ("下周五前报", Some(date(2026, 2, 13))),
            ("周五", Some(date(2026, 2, 6))),
            ("周二", Some(date(2026, 2, 10))),
            ("上周五", None),
            ("下月5日", Some(date(2026, 3, 5))),
            ("本月底", Some(date(2026, 2, 28))),
            ("下月底前", Some(date(2026, 3, 31))),
            ("明天", Some(date(2026, 2, 5))),
            ("", None),
        ] {
            assert_eq!(super::expected(words, today), expected, "{words}");
        }
    }
}
