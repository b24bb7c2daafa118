//! The sentences of one item: `10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）上班`. Every clause that
//! speaks of a day is understood, or the sentence is refused.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Misfit, festival};
use crate::{
    domain::{
        calendar::{is_weekend, shift, short},
        due::weekday_zh,
        festivals::{LONGEST, around, rests},
    },
    text::{is_numeral, numeral},
};

/// What an item says.
#[derive(Debug, Default)]
pub struct Said {
    pub off: BTreeSet<Date>,
    pub work: BTreeSet<Date>,
    /// `延长…假期至…`: the festival, and the last day.
    pub until: Option<(&'static str, Date)>,
}

/// What can be looked at only when the whole item is known.
enum Check {
    /// `其中9月3日放假`
    IsOff(Date),
    /// `1月4日公休日调至1月2日`: it is worked on, or off for the festival.
    IsMoved(Date),
    /// `共7天`
    Count(usize),
    /// `与周末连休`
    Joins,
    /// `不调休`
    NoSwap,
    /// `2月3日（星期一）起正常上班`
    Back(Date),
}

struct Reader<'a> {
    /// The years that the item speaks of; of two, autumn is in the first.
    years: (i16, i16),
    said: Said,
    checks: Vec<(&'a str, Check)>,
    first: &'a str,
    /// Days are spoken of beside those off: a weekend, or a day instead of one.
    is_longer: bool,
}

/// # Errors
/// The sentence that does not fit, and why.
pub fn read(text: &str, year: i16) -> Result<Said, Misfit> {
    let near = |n: &i16| (year - 1..=year + 1).contains(n);
    let named = || years(text).filter(near).chain([year]);
    let years = (named().min().unwrap_or(year), named().max().unwrap_or(year));
    let mut reader = Reader { years, said: Said::default(), checks: Vec::new(), first: "", is_longer: false };
    for sentence in text.split(['。', '\n']).filter(|sentence| speaks_of_days(sentence)) {
        if reader.first.is_empty() {
            reader.first = sentence;
        }
        for clause in clauses(sentence) {
            reader.clause(clause, sentence).map_err(|why| Misfit::new(sentence, why))?;
        }
    }
    reader.finish()
}

/// The years that are written out in a text.
pub fn years(text: &str) -> impl Iterator<Item = i16> {
    text.match_indices('年').filter_map(|(at, _)| text.get(at.checked_sub(4)?..at)?.parse().ok())
}

/// Whether there is something of days in it that must be understood.
fn speaks_of_days(sentence: &str) -> bool {
    let counts =
        |mark: char| sentence.match_indices(mark).any(|(at, _)| sentence[..at].ends_with(|c: char| c.is_ascii_digit()));
    let is_advice = sentence.starts_with("鼓励");
    !is_advice
        && (counts('日') || counts('号') || counts('天') || sentence.contains("连休") || sentence.contains("不调休"))
}

/// Cut at commas outside of brackets.
fn clauses(sentence: &str) -> Vec<&str> {
    let (mut depth, mut from, mut all) = (0usize, 0, Vec::new());
    for (at, c) in sentence.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            // 4月4日（清明节），为法定节假日
            ',' if sentence[at + 1..].starts_with("为法定") => {}
            ',' | ';' | ':' if depth == 0 => {
                all.push(&sentence[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(&sentence[from..]);
    all.retain(|clause| !clause.is_empty());
    all
}

/// `共7天` is 7 behind 共.
fn amount(text: &str) -> Option<usize> {
    let count = text.strip_suffix('天')?;
    let zh = || usize::try_from(numeral(&count.chars().collect::<Vec<_>>())?).ok();
    count.parse().ok().or_else(zh)
}

impl<'a> Reader<'a> {
    fn clause(&mut self, clause: &str, sentence: &'a str) -> Result<(), String> {
        let unknown = || format!("看不懂“{clause}”");
        let numeral = clause.trim_start_matches(is_numeral);
        let plain = numeral.strip_prefix('、').filter(|_| numeral.len() < clause.len()).unwrap_or(clause);
        let plain = plain.trim_start_matches("其中").trim_start_matches('将');
        let (days, rest) = self.days(plain)?;
        if days.is_empty() {
            return self.without_days(plain, sentence).ok_or_else(unknown)?;
        }
        let rest = rest.trim_start_matches(',').trim_start_matches("全国");
        let off = ["放假调休", "放假公休", "调休放假", "放假"].iter().find_map(|word| rest.strip_prefix(word));
        match (off, rest) {
            (Some(count), _) => {
                let all = amount(count);
                if !count.is_empty() && all != Some(days.len()) {
                    return Err(all.map_or_else(unknown, |_| format!("“{plain}”是 {} 天", days.len())));
                }
                self.said.off.extend(days);
            }
            (_, "补休") => {
                if let Some(day) = days.iter().find(|day| is_weekend(**day)) {
                    return Err(format!("补休的 {} 是{}，本来就休息", short(*day), weekday_zh(day.weekday())));
                }
                self.said.off.extend(days);
                self.is_longer = true;
            }
            (_, "上班" | "照常上班" | "正常上班") => {
                if let Some(day) = days.iter().find(|day| !is_weekend(**day)) {
                    return Err(format!("{} 是{}，本来就上班", short(*day), weekday_zh(day.weekday())));
                }
                self.said.work.extend(days);
            }
            (_, "起正常上班" | "起上班") => self.check(sentence, days.into_iter().map(Check::Back)),
            (_, "调休" | "为法定节假日" | "是法定节假日" | "为法定假日") => {
                self.check(sentence, days.into_iter().map(Check::IsOff));
            }
            (_, "公休" | "照常公休" | "为公休日") => {
                weekends(&days)?;
                self.check(sentence, days.into_iter().map(Check::IsOff));
            }
            _ => {
                let counted = rest.trim_start_matches(['两', '二', '三', '个', '2', '3']);
                let to = counted.strip_prefix("公休日").or_else(|| counted.strip_prefix("公休")).ok_or_else(unknown)?;
                let to = to.strip_prefix("分别").unwrap_or(to).strip_prefix("调至").ok_or_else(unknown)?;
                let (instead, end) = self.days(to)?;
                weekends(&days)?;
                if instead.len() != days.len() || !end.is_empty() {
                    return Err(format!("“{plain}”：调出 {} 天，调入 {} 天", days.len(), instead.len()));
                }
                self.check(sentence, days.into_iter().map(Check::IsMoved));
                self.check(sentence, instead.into_iter().map(Check::IsOff));
            }
        }
        Ok(())
    }

    fn check(&mut self, sentence: &'a str, checks: impl Iterator<Item = Check>) {
        self.checks.extend(checks.map(|check| (sentence, check)));
    }

    /// `None` where the clause is not understood.
    fn without_days(&mut self, clause: &str, sentence: &'a str) -> Option<Result<(), String>> {
        let check = match clause {
            "与周末连休" => Check::Joins,
            "不调休" => Check::NoSwap,
            _ if clause.starts_with('共') => Check::Count(amount(clause.strip_prefix('共')?)?),
            _ if clause.starts_with("延长") => {
                let (what, to) = clause.strip_prefix("延长")?.split_once("假期至")?;
                let name = festival(what.trim_start_matches(|c: char| c.is_ascii_digit() || c == '年'))?;
                return Some(self.days(to).and_then(|(days, rest)| match days[..] {
                    [day] if rest.is_empty() => {
                        self.said.until = Some((name, day));
                        Ok(())
                    }
                    _ => Err(format!("看不懂“{clause}”")),
                }));
            }
            "特作如下调休" => return Some(Ok(())),
            // Words between: 为方便公众安排假日期间生产生活.
            _ if !clause.contains(|c: char| c.is_ascii_digit()) && !speaks_of_work(clause) => return Some(Ok(())),
            _ => return None,
        };
        self.is_longer |= matches!(check, Check::Joins);
        self.checks.push((sentence, check));
        Some(Ok(()))
    }

    /// The days that a clause begins with, and what follows: `4月29日至5月3日`, `2月2日（星期六）、3日（星期日）`.
    fn days<'t>(&self, text: &'t str) -> Result<(Vec<Date>, &'t str), String> {
        let (mut all, mut rest) = (Vec::new(), text);
        let mut last = None;
        while let Some((first, after)) = self.day(rest, last)? {
            let range = after.strip_prefix(['至', '到', '-', '—', '–', '~', '〜', '―', '─']);
            let to = range.map(|end| end.trim_start_matches(['—', '-', '─'])).map(|end| self.day(end, Some(first)));
            rest = match to {
                Some(found) => {
                    let (end, after) = found?.ok_or_else(|| format!("“{text}”没有写到哪一天"))?;
                    if end < first || shift(first, LONGEST) < end {
                        return Err(format!("{} 至 {} 不是一个假期", short(first), short(end)));
                    }
                    all.extend((0..=LONGEST).map(|n| shift(first, n)).take_while(|day| *day <= end));
                    last = Some(end);
                    after
                }
                None => {
                    all.push(first);
                    last = Some(first);
                    after
                }
            };
            let Some(more) = rest.strip_prefix(['、', '和']) else { break };
            rest = more;
        }
        Ok((all, rest))
    }

    /// `2026年1月1日（周四）`; the month and the year that are not written are those of the day `before`, if the list goes on.
    fn day<'t>(&self, text: &'t str, before: Option<Date>) -> Result<Option<(Date, &'t str)>, String> {
        let number = |text: &'t str, marks: &[char]| {
            let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
            let n: i16 = text[..text.len() - rest.len()].parse().ok()?;
            Some((n, rest.strip_prefix(marks)?))
        };
        let (year, rest) = number(text, &['年']).map_or((None, text), |(n, rest)| (Some(n), rest));
        let (month, rest) = number(rest, &['月']).map_or((None, rest), |(n, rest)| (Some(n), rest));
        let Some((day, mut rest)) = number(rest, &['日', '号']) else { return Ok(None) };
        let Some(month) = month.or(before.map(|day| i16::from(day.month()))) else {
            return Err(format!("“{text}”没有写月份"));
        };
        let of = |year: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
        let years = self.years;
        let year = match (year, before) {
            (Some(year), _) => year,
            (None, Some(before)) if of(before.year()).is_some_and(|day| day >= before) => before.year(),
            (None, _) if month >= 7 => years.0,
            (None, _) => years.1,
        };
        let shown = &text[..text.len() - rest.len()];
        if !(years.0..=years.1).contains(&year) {
            return Err(format!("“{shown}”不是通知的那一年"));
        }
        let date = of(year).ok_or_else(|| format!("没有“{shown}”这一天"))?;
        while let Some(inside) = rest.strip_prefix('(') {
            let (note, after) = inside.split_once(')').ok_or_else(|| format!("“{shown}”后面的括号没有完"))?;
            remark(note, date, shown)?;
            rest = after;
        }
        Ok(Some((date, rest)))
    }

    fn finish(self) -> Result<Said, Misfit> {
        let Self { said, checks, first, is_longer, .. } = self;
        let run = said.off.first().map(|day| around(*day, |day| rests(&said.off, &said.work, day))).unwrap_or_default();
        if let Some(day) = said.off.iter().find(|day| !run.contains(day)) {
            return Err(Misfit::new(first, format!("{} 和其他放假的日子不连着", short(*day))));
        }
        if let Some(day) = said.off.intersection(&said.work).next() {
            return Err(Misfit::new(first, format!("{} 又放假又上班", short(*day))));
        }
        let is_off = |day: &Date| said.off.contains(day);
        for (sentence, check) in checks {
            let why = match check {
                Check::IsOff(day) if !is_off(&day) => format!("{} 不在放假的日子里", short(day)),
                Check::IsMoved(day) if !is_off(&day) && !said.work.contains(&day) => {
                    format!("{} 的公休调走了，却没有写上班", short(day))
                }
                Check::Count(n) if n != said.off.len() && !(is_longer && n == run.len()) => {
                    format!("写的是共 {n} 天，放假的日子是 {} 天", said.off.len())
                }
                Check::Joins if run.len() <= said.off.len() => "放假的日子不挨着周末".to_owned(),
                Check::NoSwap if !said.work.is_empty() => "写的是不调休，却又写了上班的日子".to_owned(),
                Check::Back(day) if is_weekend(day) => {
                    format!("{} 是{}，不会正常上班", short(day), weekday_zh(day.weekday()))
                }
                Check::Back(day)
                    if said.until.is_some_and(|(_, last)| shift(last, 1) != day)
                        || said.until.is_none() && !is_off(&shift(day, -1)) =>
                {
                    format!("{} 不是假期后的第一天", short(day))
                }
                _ => continue,
            };
            return Err(Misfit::new(sentence, why));
        }
        Ok(said)
    }
}

/// What stands in brackets behind a day: its weekday must be right, and a day of the lunar calendar is passed over.
fn remark(note: &str, date: Date, shown: &str) -> Result<(), String> {
    let right = weekday_zh(date.weekday());
    for mark in ["星期", "周", "礼拜"] {
        let Some((_, after)) = note.split_once(mark) else { continue };
        let named: String = after.chars().take(1).map(|c| if c == '天' { '日' } else { c }).collect();
        if !right.ends_with(&named) || named.is_empty() {
            return Err(format!("“{shown}”是{right}，写的是{mark}{named}"));
        }
        return Ok(());
    }
    if note.contains(|c: char| c.is_ascii_digit()) { Err(format!("看不懂“{shown}({note})”")) } else { Ok(()) }
}

fn weekends(days: &[Date]) -> Result<(), String> {
    match days.iter().find(|day| !is_weekend(**day)) {
        Some(day) => Err(format!("{} 是{}，不是公休日", short(*day), weekday_zh(day.weekday()))),
        None => Ok(()),
    }
}

fn speaks_of_work(clause: &str) -> bool {
    ["放假", "上班", "补休", "调休", "连休", "公休"].iter().any(|word| clause.contains(word))
}
