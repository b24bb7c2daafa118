//! What a notice makes of the years that are known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Item, Misfit, Notice, Says};
use crate::domain::{
    calendar::{StatutoryYear, days_between, is_weekend, shift, short},
    due::weekday_zh,
    festivals::{self, FARTHEST, LONGEST},
};

/// The years as the notice leaves them, those that it changes alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub years: BTreeMap<i16, StatutoryYear>,
    /// The holiday that a day belongs to, where the notice says so.
    pub names: BTreeMap<Date, String>,
    /// What moves, and what is of another year, in Chinese.
    pub told: Vec<String>,
}

impl Notice {
    /// As a file calls it: `国办发明电〔2025〕7号（2025-11-04）`.
    pub fn title(&self) -> String {
        let number = self.number.clone().unwrap_or_else(|| match self.says {
            Says::Year(_) => format!("国务院办公厅关于{}年部分节假日安排的通知", self.year),
            _ => format!("国务院办公厅关于调整{}年假期的通知", self.year),
        });
        self.issued.map_or(number.clone(), |day| format!("{number}（{day}）"))
    }

    /// The title with a remark in its brackets.
    fn title_with(&self, remark: &str) -> String {
        let title = self.title();
        title.strip_suffix('）').map_or_else(|| format!("{title}（{remark}）"), |open| format!("{open}，{remark}）"))
    }

    /// # Errors
    /// The notice does not fit what is known.
    pub fn apply(&self, known: &BTreeMap<i16, StatutoryYear>) -> Result<Changed, Misfit> {
        let mut changed = match &self.says {
            Says::Year(items) => self.year(items, known),
            Says::Longer(item) => self.longer(item, self.known(known, item)?),
            Says::Instead(item) => self.instead(item, self.known(known, item)?),
            Says::More(item) => {
                let mut days = self.known(known, item)?.clone();
                days.notice = joined(&days.notice, self.title());
                days.off.extend(&item.off);
                days.work.extend(&item.work);
                let told = vec![format!("增加：{}", said(&item.off, &item.work))];
                Ok(Changed { years: [(self.year, days)].into(), told, ..Changed::default() })
            }
        }?;
        changed.years.retain(|year, days| known.get(year) != Some(days));
        Ok(changed)
    }

    fn known<'k>(&self, known: &'k BTreeMap<i16, StatutoryYear>, item: &Item) -> Result<&'k StatutoryYear, Misfit> {
        let days = known.get(&self.year);
        let why = || format!("还没有 {} 年的放假安排，不知道改的是什么：先读那一年的通知", self.year);
        days.ok_or_else(|| Misfit::new(&item.text, why()))
    }

    fn year(&self, items: &[Item], known: &BTreeMap<i16, StatutoryYear>) -> Result<Changed, Misfit> {
        let mut changed = Changed::default();
        let mut days = StatutoryYear { notice: self.title(), ..StatutoryYear::default() };
        let mut beside: BTreeMap<i16, (BTreeSet<Date>, BTreeSet<Date>)> = BTreeMap::new();
        for item in items {
            let name = item.names.join("、");
            let is_own = |day: &&Date| day.year() == self.year;
            days.off.extend(item.off.iter().filter(is_own));
            days.work.extend(item.work.iter().filter(is_own));
            for day in item.off.iter().filter(|day| !is_own(day)) {
                beside.entry(day.year()).or_default().0.insert(*day);
            }
            for day in item.work.iter().filter(|day| !is_own(day)) {
                beside.entry(day.year()).or_default().1.insert(*day);
            }
            changed.names.extend(item.off.iter().chain(&item.work).map(|day| (*day, name.clone())));
        }
        if let Some(before) = known.get(&self.year) {
            let own = self.number.as_deref().unwrap_or_default();
            let is_amendment =
                |notice: &&str| notice.contains('〔') && number_of(notice) != own && !notice.contains("年的通知");
            if let Some(amendment) = notices(&before.notice).into_iter().skip(1).find(is_amendment) {
                let why = format!("{} 年的文件已经按它改过，再读全年的通知会把改动退回去", self.year);
                return Err(Misfit::new(amendment, why));
            }
            keep_the_end(before, &mut days, &mut changed);
        }
        for (year, (off, work)) in beside {
            let text = said(&off, &work);
            let Some(before) = known.get(&year) else {
                changed.told.push(format!("{text}：属于 {year} 年，没有 {year} 年的文件，没有写"));
                continue;
            };
            let mut after = before.clone();
            after.off.extend(&off);
            after.work.extend(&work);
            for day in off.iter().chain(&work) {
                changed.names.insert(*day, format!("{}年元旦", self.year));
            }
            if (&after.off, &after.work) == (&before.off, &before.work) {
                changed.told.push(format!("{text}：属于 {year} 年，已经写在那里"));
                continue;
            }
            let title = self.title_with(&format!("{}年的通知，其中{text}", self.year));
            after.notice = joined(&after.notice, title);
            changed.told.push(format!("{text}：属于 {year} 年，写进 {year}.toml"));
            changed.years.insert(year, after);
        }
        changed.years.insert(self.year, days);
        Ok(changed)
    }

    fn longer(&self, item: &Item, before: &StatutoryYear) -> Result<Changed, Misfit> {
        let (Some(name), Some(until)) = (item.names.first(), item.off.first()) else {
            return Ok(Changed::default());
        };
        let misfit = |why: String| Err(Misfit::new(&item.text, why));
        let run = holiday(name, self.year, before);
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return misfit(format!("{} 年的文件里没有{name}的假期", self.year));
        };
        let more = days_between(*last, *until);
        if !(1..=LONGEST).contains(&more) || until.year() != self.year {
            return misfit(format!("{name}假期原来到 {}，不能延长到 {}", short(*last), short(*until)));
        }
        let added: BTreeSet<Date> = (1..=more).map(|n| shift(*last, n)).collect();
        let mut days = before.clone();
        let cancelled: Vec<Date> = before.work.intersection(&added).copied().collect();
        days.work.retain(|day| !added.contains(day));
        days.off.extend(&added);
        let mut remark = format!("{name}假期延长至{}", short(*until));
        let mut told = vec![format!(
            "{name}假期原为 {} 至 {}，延长至 {}（{}）",
            short(*first),
            short(*last),
            short(*until),
            weekday(*until)
        )];
        for day in cancelled {
            remark += &format!("，取消{}的调休上班", short(day));
            told.push(format!("{}（{}）原为调休上班，取消", short(day), weekday(day)));
        }
        days.notice = joined(&days.notice, self.title_with(&remark));
        Ok(Changed { years: [(self.year, days)].into(), told, ..Changed::default() })
    }

    fn instead(&self, item: &Item, before: &StatutoryYear) -> Result<Changed, Misfit> {
        let Some(name) = item.names.first() else { return Ok(Changed::default()) };
        let run = holiday(name, self.year, before);
        // The notice says the whole arrangement of this holiday: the days made up for it before are of the old one.
        let is_near = |day: &&Date| run.iter().any(|o| days_between(*o, **day).abs() <= FARTHEST);
        let of_this = |day: &&Date| festivals::nearest(self.year, **day, &before.off) == Some(*name);
        let old: BTreeSet<Date> = before.work.iter().filter(is_near).filter(of_this).copied().collect();
        let mut days = before.clone();
        days.off.retain(|day| !run.contains(day));
        days.work.retain(|day| !old.contains(day) && !item.off.contains(day));
        days.off.extend(&item.off);
        days.work.extend(&item.work);
        let balance = |days: &StatutoryYear| {
            let weekdays = days.off.iter().filter(|day| !is_weekend(**day)).count();
            i64::try_from(weekdays).unwrap_or(0) - i64::try_from(days.work.len()).unwrap_or(0)
        };
        if balance(before) != balance(&days) {
            let why = "调整以后，全年放假和调休上班的天数同调整以前对不上";
            return Err(Misfit::new(&item.text, why));
        }
        days.notice = joined(&days.notice, self.title_with(&format!("调整{name}假期")));
        let told = vec![format!("{name}原为：{}", said(&run, &old)), format!("改为：{}", said(&item.off, &item.work))];
        Ok(Changed { years: [(self.year, days)].into(), told, ..Changed::default() })
    }
}

/// The notice of the next year may have given days of this December: they stay.
fn keep_the_end(before: &StatutoryYear, days: &mut StatutoryYear, changed: &mut Changed) {
    let is_late = |day: &&Date| day.month() == 12 && day.day() > 15;
    let late = |all: &BTreeSet<Date>, new: &BTreeSet<Date>| -> BTreeSet<Date> {
        all.iter().filter(is_late).filter(|day| !new.contains(day)).copied().collect()
    };
    let (off, work) = (late(&before.off, &days.off), late(&before.work, &days.work));
    if off.is_empty() && work.is_empty() {
        return;
    }
    changed.told.push(format!("{}：来自下一年的通知，保留", said(&off, &work)));
    let of_others = notices(&before.notice).into_iter().filter(|notice| !notice.starts_with(number_of(&days.notice)));
    days.notice = of_others.fold(days.notice.clone(), |all, notice| joined(&all, notice.to_owned()));
    days.off.extend(off);
    days.work.extend(work);
}

fn number_of(title: &str) -> &str {
    title.split('（').next().unwrap_or_default()
}

/// The notices of a year, which its file lists.
pub fn notices(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut from = 0;
    for (at, mark) in text.match_indices('、') {
        if text[at + mark.len()..].starts_with('国') {
            all.push(&text[from..at]);
            from = at + mark.len();
        }
    }
    all.push(&text[from..]);
    all.retain(|notice| !notice.is_empty());
    all
}

fn joined(before: &str, title: String) -> String {
    if before.is_empty() || before == title { title } else { format!("{before}、{title}") }
}

/// The days that are off around a festival, as the file lists them.
fn holiday(name: &str, year: i16, days: &StatutoryYear) -> BTreeSet<Date> {
    let Some((_, day)) = festivals::of(year).into_iter().find(|(n, _)| *n == name) else { return BTreeSet::new() };
    festivals::around(day, |day| days.off.contains(day))
}

/// `2022年12月31日（星期六）放假，…上班`
fn said(off: &BTreeSet<Date>, work: &BTreeSet<Date>) -> String {
    let list = |days: &BTreeSet<Date>, what: &str| {
        let days: Vec<String> = days.iter().map(|day| format!("{}（{}）", short(*day), weekday(*day))).collect();
        (!days.is_empty()).then(|| format!("{}{what}", days.join("、")))
    };
    let parts: Vec<String> = [list(off, "放假"), list(work, "上班")].into_iter().flatten().collect();
    if parts.is_empty() { "没有".to_owned() } else { parts.join("，") }
}

fn weekday(day: Date) -> &'static str {
    weekday_zh(day.weekday())
}
