//! A letter's entries as a page.

use jiff::civil::Date;

use super::{
    Addressee, Entry, Form, Letter, Noted, TakenBack, ics,
    page::{Block, Card, Group, Line, Page, Row, Summary, Tone},
    when::{self, Phase},
    words,
};
use crate::domain::{
    agenda::{Reason, Saying},
    deadline::{ESCALATES_AT, Part},
    occurrence::{Light, REDO_WORKDAYS, State},
};

const EVIDENCE: &str = "（附网页链接或文号）；不能按期办结的，请说明原因";

const HANDED_IN: &str = "（材料已报），登记后不再提醒";

const REPLY: &str = "回复本邮件登记";

pub fn page(letter: &Letter, subject: &str, ics: &[String]) -> Page {
    let today = letter.now.date();
    let several = letter.entries.len() > 1;
    let contact = words::plain(&letter.contact);
    let mut blocks = Vec::new();
    if several {
        blocks.push(Block::Para(format!("本次共{}项：", letter.entries.len())));
        blocks.extend(letter.forms.iter().map(|form| form_button(form, letter.entries.len())));
        blocks.push(Block::Summary(groups(&letter.entries, today)));
    }
    let names = names(letter);
    let by_reply = letter.reply_token.as_ref().filter(|_| letter.entries.iter().any(|e| !e.reports_for.is_empty()));
    for entry in &letter.entries {
        blocks.extend((!several).then(|| notes(entry)).into_iter().flatten());
        let number = if several { words::circled(entry.number) } else { String::new() };
        let said = if by_reply.is_some() { REPLY.to_owned() } else { format!("请告知{contact}{EVIDENCE}") };
        blocks.push(Block::Card(Box::new(card(entry, number, today, &said, names.len() > 1))));
    }
    // Once per letter: it is the same for all entries.
    if by_reply.is_some() {
        blocks.push(Block::Para(how_to_reply(letter)));
    } else if several && letter.entries.iter().any(|e| e.report_url.is_none() && reports(e)) {
        blocks.push(Block::Para(format!("办结后请告知{contact}{EVIDENCE}。")));
    }
    let ics = match ics {
        [_, ..] => Some("附件（.ics）可加入电脑或手机的日历。".to_owned()),
        [] if ics::entries(letter).next().is_some() => {
            Some(format!("日期较多，可在电脑或手机的日历里订阅：{}", letter.feeds.join(" ")))
        }
        [] => None,
    };
    let sent = format!("本邮件由系统于{}自动发送，请勿回复涉密内容。", words::moment(letter.now.datetime()));
    let token = by_reply.map(|token| format!("回复编号：{token}（回复、转发时请保留这一行）"));
    let footer = [format!("联系人：{contact}")].into_iter().chain(ics).chain([sent]).chain(token).collect();
    Page { title: subject.to_owned(), greeting: format!("{}：", words::list(&names)), blocks, footer }
}

/// What a reply may say. Worded so that none of its lines is read as a report when a reply quotes it.
fn how_to_reply(letter: &Letter) -> String {
    let with = |part| letter.entries.iter().filter(move |e| !e.reports_for.is_empty() && e.part == part);
    let word = |part| if part == Part::Helps { "材料已报" } else { "已办结" };
    let parts = [Part::Answers, Part::Helps].into_iter().filter(|part| with(*part).next().is_some());
    let said: Vec<String> = match letter.entries.as_slice() {
        [_] => parts.map(|part| format!("“{}”", word(part))).collect(),
        _ => parts
            .map(|part| format!("“{}{}”", with(part).take(2).map(number).collect::<String>(), word(part)))
            .collect(),
    };
    let which = if letter.entries.len() == 1 { "写" } else { "写明哪几项，如" };
    let all = letter.entries.len() > 1 && with(Part::Helps).next().is_none();
    let all = if all { "或“全部已办结”" } else { "" };
    let others = "还没有办完的，可写“进展：”和办到哪一步；不能按期的，写“不能按期”、原因和预计日期；不适用的，写“不适用”和原因。系统收到后会回信确认。";
    format!(
        "可直接回复本邮件登记：{which}{}{all}，网页链接、文号写在后面，也可带附件；{others}",
        said.join("；配合的写")
    )
}

fn number(entry: &Entry) -> String {
    words::circled(entry.number)
}

/// Whether the addressees can report it as done.
fn reports(entry: &Entry) -> bool {
    !entry.is_for_leader() && entry.supports().is_none()
}

/// The names in the greeting; in a letter with one entry, with their roles (牵头, 配合).
fn names(letter: &Letter) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for addressee in letter.entries.iter().flat_map(|e| &e.to) {
        let name = match addressee {
            Addressee::Section { leads: true, name } if letter.entries.len() == 1 => format!("{name}（牵头）"),
            Addressee::Section { name, .. } => match letter.entries.as_slice() {
                [only] if only.supports().is_some() => format!("{name}（配合）"),
                _ => name.clone(),
            },
            Addressee::Leader { .. } => "分管领导".to_owned(),
            Addressee::PassOn { .. } => "管理员".to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn form_button(form: &Form, all: usize) -> Block {
    let text = match form.items {
        items if items == all => "一次登记全部事项".to_owned(),
        items => format!("一次登记{}的{items}项", words::plain(&form.section)),
    };
    Block::Button { url: form.url.clone(), text }
}

/// What is due today, then what is overdue, longest first, then what lies ahead.
fn groups(entries: &[Entry], today: Date) -> Vec<Group> {
    let of = |phase: Phase, name: &str| {
        let mut own: Vec<&Entry> = entries.iter().filter(|e| when::phase(e, today) == phase).collect();
        own.sort_by_key(|e| e.days_left);
        let lines: Vec<Summary> = own.into_iter().map(|e| summary(e, today)).collect();
        let by_days = if phase == Phase::Overdue { by_days(&lines) } else { String::new() };
        Group { heading: format!("{name}（{}项{by_days}）", lines.len()), lines }
    };
    let all = [
        of(Phase::Today, "今天到期"),
        of(Phase::Between, "最后一个工作日已过"),
        of(Phase::Overdue, "已逾期"),
        of(Phase::Ahead, "还没到期"),
        of(Phase::Paused, "暂停计时"),
    ];
    all.into_iter().filter(|group| !group.lines.is_empty()).collect()
}

/// How many are late by how much: `：8个工作日2项，3个工作日5项`. Empty where that tells no more than the lines.
fn by_days(lines: &[Summary]) -> String {
    let counts: Vec<(&str, usize)> = lines
        .chunk_by(|a, b| a.left == b.left)
        .map(|same| (same[0].left.trim_start_matches("已逾期"), same.len()))
        .collect();
    if counts.len() < 2 || counts.len() == lines.len() {
        return String::new();
    }
    let counts: Vec<String> = counts.into_iter().map(|(days, count)| format!("{days}{count}项")).collect();
    format!("：{}", counts.join("，"))
}

fn summary(entry: &Entry, today: Date) -> Summary {
    // Who helps is late from its own day.
    let overdue = when::phase(entry, today) == Phase::Overdue && entry.help_by.is_none();
    let date = if overdue { words::spaced(entry.dates.due, false) } else { words::spaced(entry.aim, true) };
    Summary {
        number: number(entry),
        tone: tone(entry, today),
        date,
        left: when::left_short(entry, today),
        title: words::plain(&entry.title),
    }
}

fn card(entry: &Entry, number: String, today: Date, report_to: &str, shared: bool) -> Card {
    let several = !number.is_empty();
    let item = entry.item.map(|n| format!("分工方案第{n}项"));
    // A yearly title names its year; other titles do not tell which quarter or case is meant.
    let period = (entry.period.len() > 4).then(|| words::period(&entry.period));
    let aside: Vec<String> = item.into_iter().chain(period).collect();
    let mut rows = Vec::new();
    if several {
        rows.extend(role_row(entry, shared));
        rows.extend(Row::of("注意", notes_text(entry)));
    }
    rows.extend(work_rows(entry, several));
    rows.extend(Row::of("进度", progress(entry)));
    rows.extend(report_row(entry, report_to, several));
    rows.push(status_row(entry, today));
    rows.extend(entry.basis.as_ref().map(|basis| Row::new("依据", words::plain(basis))));
    rows.extend(Row::of("说明", remarks(entry, today)));
    Card {
        tone: tone(entry, today),
        number,
        title: words::plain(&entry.title),
        aside: (!aside.is_empty()).then(|| aside.join("，")),
        left: when::left(entry, today),
        headline: when::headline(entry, today),
        dates: when::other_dates(entry, today),
        rows,
    }
}

fn tone(entry: &Entry, today: Date) -> Tone {
    match (when::phase(entry, today), entry.light) {
        (Phase::Overdue, _) | (_, Light::Red) => Tone::Red,
        (Phase::Today | Phase::Between, _) => Tone::Orange,
        (_, Light::Yellow) => Tone::Amber,
        (_, Light::Green) => Tone::Green,
        (Phase::Paused, _) | (_, Light::Grey) => Tone::Blue,
    }
}

/// What is unusual about this entry, above everything else.
fn notes(entry: &Entry) -> Vec<Block> {
    notes_text(entry).into_iter().map(|text| Block::Note { tone: Tone::Blue, text }).collect()
}

fn notes_text(entry: &Entry) -> Vec<String> {
    let pass_on = entry.to.iter().filter_map(|to| match to {
        Addressee::PassOn { to, why } => {
            Some(format!("代转：请把本邮件转给{}。原因：{}。", words::plain(to), words::plain(why)))
        }
        _ => None,
    });
    let told = match entry.reason {
        Reason::Corrected => {
            let moves = when::moves(entry);
            let what = if moves.is_empty() { "日期有调整".to_owned() } else { moves.join("；") };
            Some(format!("更正：{what}。请以本邮件为准。"))
        }
        Reason::CaughtUp => Some("补发：这次提醒的原定日子已过。以下时间按今天计算。".into()),
        _ => None,
    };
    pass_on.chain(told).chain(entry.taken_back.as_ref().map(|back| taken_back(back, entry.dates.redo_by()))).collect()
}

/// `redo_by`: until when it may be reported anew, where that is later than it would have been.
fn taken_back(back: &TakenBack, redo_by: Option<Date>) -> String {
    let TakenBack { reported_on, reported_by, on, by, why } = back;
    let why = words::plain(why);
    let why = if why.is_empty() { "没有写明原因".to_owned() } else { format!("原因：{why}") };
    let anew = redo_by.map(|by| format!("撤回后另给{REDO_WORKDAYS}个工作日，{}以前不算逾期。", words::day(by)));
    format!(
        "撤回：本项曾由{}于{}登记办结，{}由{}撤回，{why}。{}",
        words::plain(reported_by),
        words::full(*reported_on),
        words::full(*on),
        words::plain(by),
        anew.unwrap_or_default()
    )
}

/// The addressed sections and their roles. The greeting is enough if it names one section for all entries, and that
/// section neither leads nor supports.
fn role_row(entry: &Entry, shared: bool) -> Option<Row> {
    let names: Vec<String> = entry
        .to
        .iter()
        .filter_map(|to| match to {
            Addressee::Section { name, leads: true } => Some(format!("{name}（牵头）")),
            Addressee::Section { name, .. } if entry.supports().is_some() => Some(format!("{name}（配合）")),
            Addressee::Section { name, .. } => Some(name.clone()),
            Addressee::Leader { .. } | Addressee::PassOn { .. } => None,
        })
        .collect();
    let said = shared || entry.lead.is_some();
    (said && !names.is_empty()).then(|| Row::new("科室", words::list(&names)))
}

/// What to do, and who does the rest.
fn work_rows(entry: &Entry, compact: bool) -> Vec<Row> {
    let steps: Vec<String> = entry.steps.iter().map(|s| words::plain(s)).collect();
    let steps = match steps.len() {
        0 | 1 => steps,
        _ if compact => vec![steps.join(" → ")],
        _ => (1..).zip(steps).map(|(n, step)| format!("{n}. {step}")).collect(),
    };
    let lead = entry.lead.as_deref().map(words::plain);
    let rest: Vec<&String> = entry.sections.iter().filter(|s| Some(*s) != entry.lead.as_ref()).collect();
    let rest = words::list(&rest);
    let led = words::list(&entry.led());
    let urge = format!("{led}尽快办结；确有困难的，请其说明原因并明确办结时间");
    let urge = (!led.is_empty()).then(|| Row::new("请督促", urge));
    if entry.is_for_leader() {
        return urge
            .into_iter()
            .chain(lead.filter(|l| !entry.led().contains(&l.as_str())).map(|l| Row::new("牵头", l)))
            .collect();
    }
    let rows: Vec<Row> = match (lead, entry.supports().is_some()) {
        (Some(lead), true) => {
            let early = if entry.help_by.is_some() { "请" } else { "请尽早" };
            let support = format!("{early}把本科室的数据、材料报{lead}（牵头），由其汇总办理");
            [Row::new("要做", support)].into_iter().chain(Row::of("牵头要做", steps)).collect()
        }
        (Some(lead), false) if !rest.is_empty() => {
            let support = Row::new("配合", format!("{rest}，数据、材料报{lead}汇总"));
            Row::of("要做", steps).into_iter().chain([support]).collect()
        }
        _ => {
            let shared = (entry.sections.len() > 1 || !entry.missing.is_empty()) && !rest.is_empty();
            let how = if entry.missing.is_empty() { "" } else { "，各自办理、各自报结" };
            let shared = shared.then(|| Row::new("责任科室", format!("{rest}{how}")));
            Row::of("要做", steps).into_iter().chain(shared).collect()
        }
    };
    rows.into_iter().chain(urge).collect()
}

fn progress(entry: &Entry) -> Vec<String> {
    let reports = entry.reports.map(|(given, asked)| format!("已报{given}次，共需{asked}次"));
    let missing = (!entry.missing.is_empty())
        .then(|| format!("还没有报的科室（{}个）：{}", entry.missing.len(), words::list(&entry.missing)));
    reports.into_iter().chain(missing).chain(material(entry)).chain(entry.progress.as_ref().map(Noted::words)).collect()
}

/// Who has handed in, for whoever gathers it.
pub fn material(entry: &Entry) -> Option<String> {
    let (all, given) = (entry.helpers.len(), &entry.handed_in);
    let names = if given.is_empty() { String::new() } else { format!("：{}", words::list(given)) };
    (entry.part == Part::Answers && all > 0).then(|| format!("配合科室的材料已报{}/{all}{names}", given.len()))
}

fn report_row(entry: &Entry, report_to: &str, several: bool) -> Option<Row> {
    let line = match &entry.report_url {
        Some(url) if entry.part == Part::Helps => {
            Line::Link { label: "点此登记", url: words::plain(url), text: HANDED_IN }
        }
        Some(url) => Line::Link { label: "点此登记", url: words::plain(url), text: EVIDENCE },
        None if several => return None,
        None if entry.part == Part::Helps && entry.reports_for.is_empty() => return None,
        None if entry.part == Part::Helps => Line::Text("回复“材料已报”".to_owned()),
        None => Line::Text(report_to.to_owned()),
    };
    let label = if entry.part == Part::Helps { "报了以后" } else { "办结后" };
    (!entry.is_for_leader()).then(|| Row { label, lines: vec![line] })
}

/// The light, the number of this reminder, the day of the next one, and when the leader is told.
fn status_row(entry: &Entry, today: Date) -> Row {
    let next = match entry.next {
        Some(day) => format!("下次提醒{}", words::beside(day, today)),
        None => "此后不再提醒".to_owned(),
    };
    let leader = match entry.saying {
        _ if !entry.escalates || entry.is_for_leader() => None,
        Saying::Overdue(n) if n >= ESCALATES_AT => Some("已同时告知分管领导".to_owned()),
        _ if entry.next.is_none() => None,
        _ => Some(format!("逾期{ESCALATES_AT}个工作日起抄送分管领导")),
    };
    let parts = [format!("第{}次提醒", entry.nth), next].into_iter().chain(leader);
    let light = Line::Light {
        tone: tone(entry, today),
        emoji: entry.light.emoji(),
        word: entry.light.word(State::Open),
        parts: parts.collect(),
    };
    Row { label: "状态", lines: vec![light] }
}

fn remarks(entry: &Entry, today: Date) -> Vec<String> {
    let year = entry.dates.due.year();
    let year = if year == today.year() { "本年度".to_owned() } else { format!("{year}年") };
    let provisional = entry
        .dates
        .provisional
        .then(|| format!("{year}放假安排尚未公布，工作日按周一至周五暂算；公布后日期有变的，另发更正"));
    let own = entry.bureau_default.then(|| "期限为局内默认，文件没有规定具体日期".to_owned());
    provisional.into_iter().chain(own).collect()
}
