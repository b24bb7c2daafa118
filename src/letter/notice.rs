//! Notices, the letters to the admin: what happened, where, what to do.

use jiff::civil::{Date, DateTime};

use super::{
    Rendered,
    page::{Block, Line, Page, Row, Tone, lines, note},
    restored::{self, Restored},
    subject,
    weekly::{self, LISTED, Upcoming, Weekly, upcoming},
    words,
};

/// What the admin is told.
#[derive(Clone, Debug)]
pub enum Notice {
    Started(Summary),
    Reloaded(Summary),
    /// A configuration that would withdraw `gone` of the `open` occurrences comes into force only then.
    Waits {
        /// A line for each change.
        changes: Vec<String>,
        gone: usize,
        open: usize,
        until: DateTime,
    },
    /// A configuration that fails the check; the previous one stays in force.
    ConfigRejected {
        /// As `check` prints them.
        findings: String,
        in_force_since: DateTime,
    },
    /// A mailbox refuses letters permanently.
    Undeliverable {
        mailbox: String,
        sections: Vec<String>,
        /// The server's reply.
        reply: String,
        /// The subject of the refused letter.
        subject: String,
        attempts: u32,
        since: DateTime,
    },
    /// Letters that have waited too long.
    Stuck(Vec<StuckLetter>),
    /// The data lack the State Council's notice for that year.
    HolidayMissing {
        year: i16,
    },
    /// A section asks for an answer: 不能按期, 不适用.
    Asked(Asked),
    /// A mailbox that is not on the roster has reported by reply.
    Stranger {
        sender: String,
        subject: String,
        wrote: String,
        /// What was recorded.
        recorded: String,
    },
    /// Mailboxes that are not on the roster have written with numbers of ours: when, what became of it, and who.
    Strangers(Vec<(DateTime, String, String)>),
    /// Deadlines cannot be checked, and the database cannot even store a letter about it.
    SweepsFail {
        since: DateTime,
        why: String,
    },
    /// For a while deadlines were not checked; the missed reminders have been sent since.
    Swept {
        since: DateTime,
        why: String,
    },
    /// The mail server refused every letter for a while; they have been sent since.
    Refused {
        since: DateTime,
        why: String,
    },
    /// The mailbox for replies cannot be read.
    MailboxDown {
        since: DateTime,
        why: String,
    },
    /// The database was restored from a copy.
    Restored(Restored),
    /// The filed mail knows more than the database, which last read it then.
    WentBack {
        messages: u32,
        since: DateTime,
    },
    /// The database is damaged, in SQLite's words.
    Damaged(String),
    /// Every Monday, even with nothing to report: it shows that the service is alive.
    Weekly(Weekly),
    Test,
}

/// A request of a section.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `不能按期` or `不适用`.
    pub what: &'static str,
    pub section: String,
    pub by: String,
    pub reason: String,
    pub expected: Option<Date>,
    pub title: String,
    pub finish_by: Date,
    pub due: Date,
    /// What a confirmation does.
    pub if_confirmed: String,
    /// The page on which it is answered; `None` if it is answered on the command line.
    pub url: Option<String>,
}

/// What is in force.
#[derive(Clone, Debug)]
pub struct Summary {
    pub version: String,
    pub deadlines: usize,
    pub sections: usize,
    /// Deadlines that are switched off.
    pub off: usize,
    pub next_seven_days: Vec<Upcoming>,
    /// When letters go out next, and how many.
    pub next_letter: Option<(DateTime, usize)>,
    pub provisional_years: Vec<i16>,
    pub warnings: Vec<String>,
    /// What a reload changes, a line each.
    pub changes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct StuckLetter {
    pub mailbox: String,
    pub subject: String,
    pub since: DateTime,
    pub last_error: String,
}

pub fn render(tag: &str, contact: &str, notice: &Notice) -> Rendered {
    let (said, blocks) = match notice {
        Notice::Started(summary) => (started("督办已启动", summary), in_force(summary)),
        Notice::Reloaded(summary) => (started("新配置已生效", summary), in_force(summary)),
        Notice::Waits { changes, gone, open, until } => (
            format!("新配置会撤销{gone}期未办结的（共{open}期），{}生效，请核对", until.strftime("%H:%M")),
            waits(changes, *gone, *open, *until),
        ),
        Notice::ConfigRejected { findings, in_force_since } => {
            ("新配置有误，未生效，仍按原配置运行".to_owned(), config_rejected(findings, *in_force_since))
        }
        Notice::Undeliverable { mailbox, sections, reply, subject, attempts, since } => (
            format!("邮箱退信，请更正：{}（{}）", mailbox, words::few(sections)),
            undeliverable([mailbox, reply, subject], sections, *attempts, *since),
        ),
        Notice::Stuck(letters) => (format!("{}封邮件迟迟没有发出，请查邮件服务器", letters.len()), stuck(letters)),
        Notice::HolidayMissing { year } => {
            (format!("缺{year}年放假安排，请补充，现按周一至周五暂算"), holiday_missing(*year))
        }
        Notice::Asked(asked) => {
            (format!("{}报{}，请答复：{}", asked.section, asked.what, asked.title), asked_rows(asked))
        }
        Notice::Stranger { sender, subject, wrote, recorded } => {
            (format!("名册以外的邮箱登记了，请核对：{sender}"), stranger([sender, subject, wrote, recorded]))
        }
        Notice::Strangers(wrote) => {
            (format!("名册以外的邮箱凭回复编号来信{}封，请核对", wrote.len()), strangers(wrote))
        }
        Notice::SweepsFail { since, why } => {
            ("检查期限停了，提醒发不出去，请查看".to_owned(), sweeps_fail(*since, why))
        }
        Notice::Swept { since, why } => ("检查期限中断过，现已恢复".to_owned(), swept(*since, why)),
        Notice::Refused { since, why } => ("邮件服务器拒收过本系统的信，现已恢复".to_owned(), refused(*since, why)),
        Notice::MailboxDown { since, why } => {
            ("收信邮箱读不了，回信登记暂停，请查看".to_owned(), mailbox_down(*since, why))
        }
        Notice::Damaged(found) => ("数据库损坏，已停止提醒，请马上恢复".to_owned(), restored::damaged(found)),
        Notice::Restored(restored) => restored::said(restored),
        Notice::WentBack { messages, since } => {
            ("数据库退回去过，回信正在重读，请核对".to_owned(), restored::went_back(*messages, *since))
        }
        Notice::Weekly(weekly) => (weekly::said(weekly), weekly::rows(weekly)),
        Notice::Test => ("测试邮件：收到即说明发信正常".to_owned(), test()),
    };
    let subject = subject::tagged(tag, &said);
    let footer =
        vec![format!("联系人：{}", words::plain(contact)), "本邮件由系统自动发给管理员，请勿回复涉密内容。".to_owned()];
    let page = Page { title: subject.clone(), greeting: "管理员：".to_owned(), blocks, footer };
    Rendered { text: page.text(), html: page.html(), subject, ics: Vec::new() }
}

fn started(what: &str, summary: &Summary) -> String {
    let warnings = match warnings(summary).len() {
        0 => String::new(),
        n => format!("，{n}条注意"),
    };
    format!("{what}：{}个事项，{}个科室{warnings}", summary.deadlines, summary.sections)
}

fn in_force(summary: &Summary) -> Vec<Block> {
    let off = if summary.off > 0 { format!("，另有{}个停用", summary.off) } else { String::new() };
    let next = match summary.next_letter {
        Some((at, count)) => format!("{}，{count}封", words::moment(at)),
        None => "近期没有要发的邮件".to_owned(),
    };
    let warnings = warnings(summary);
    let soon: Vec<String> = summary.next_seven_days.iter().map(upcoming).collect();
    let soon = if soon.is_empty() { vec!["没有要办结的事项".to_owned()] } else { soon };
    let mut blocks: Vec<Block> = Vec::new();
    blocks.extend((!warnings.is_empty()).then(|| note(Tone::Amber, &format!("注意：{}。", warnings.join("；")))));
    let rows = [
        Some(Row::new("在督办", format!("{}个事项，{}个科室{off}", summary.deadlines, summary.sections))),
        Row::of("改动", summary.changes.iter().map(|c| words::plain(c)).collect()),
        Some(Row::new("下次发信", next)),
        Row::of("七日内", soon),
        Some(Row::new("程序版本", words::plain(&summary.version))),
    ];
    blocks.push(Block::Rows(rows.into_iter().flatten().collect()));
    blocks.push(Block::Para("数目与您的预期不符时，请用 duban check 和 duban list 核对。".to_owned()));
    blocks
}

fn warnings(summary: &Summary) -> Vec<String> {
    let years: Vec<String> = summary.provisional_years.iter().map(|y| format!("{y}年")).collect();
    let provisional =
        (!years.is_empty()).then(|| format!("{}放假安排尚未公布或未录入，工作日按周一至周五暂算", years.join("、")));
    provisional.into_iter().chain(summary.warnings.iter().map(|w| words::plain(w))).collect()
}

fn waits(changes: &[String], gone: usize, open: usize, until: DateTime) -> Vec<Block> {
    let until = words::moment(until);
    vec![
        note(
            Tone::Red,
            &format!("新配置会撤销未办结的{gone}期，现在共{open}期。多半是文件没有存全，所以等到{until}才生效；这之前仍按原配置运行，提醒照常发出。"),
        ),
        Block::Rows(Row::of("会变的", changes.iter().map(|c| words::plain(c)).collect()).into_iter().collect()),
        Block::Para("不是本意的，请在那之前把文件补齐，保存后会重新检查；确实要撤销的，不必做什么，也可用 duban reload 立即生效。撤销的以后写回文件，就照原样恢复。".to_owned()),
    ]
}

fn config_rejected(findings: &str, in_force_since: DateTime) -> Vec<Block> {
    let since = words::moment(in_force_since);
    vec![
        note(Tone::Red, &format!("新配置有误，没有生效。仍按{since}生效的配置运行，提醒照常发出，没有遗漏。")),
        Block::Pre(lines(findings)),
        Block::Para("请按上面所指的文件和行号改正，保存约一分钟后自动重新检查；也可先用 duban check 核对。".to_owned()),
    ]
}

fn undeliverable(
    [mailbox, reply, subject]: [&String; 3],
    sections: &[String],
    attempts: u32,
    since: DateTime,
) -> Vec<Block> {
    let rows = vec![
        Row::new("邮箱", words::plain(mailbox)),
        Row::new("科室", words::list(sections)),
        Row::new("邮件", words::plain(subject)),
        Row::new("经过", format!("{}起试发{attempts}次，均被拒收", words::moment(since))),
        Row::new("对方答复", words::plain(reply)),
        Row::new("请办理", "在科室名册里改正邮箱，保存约一分钟后自动生效"),
    ];
    let said = "这个邮箱拒收邮件。邮箱改正之前，发给它的提醒会改发给您代转，不会丢失。";
    vec![note(Tone::Red, said), Block::Rows(rows)]
}

fn stuck(letters: &[StuckLetter]) -> Vec<Block> {
    let said = format!(
        "有{}封邮件等了45分钟还没有发出。邮件都已存好，系统会继续重试，不会丢失；发出时按当天重新计算剩余时间。",
        letters.len()
    );
    let mut blocks = vec![note(Tone::Red, &said)];
    blocks.extend(letters.iter().take(LISTED).map(|letter| {
        Block::Rows(vec![
            Row::new("收件邮箱", words::plain(&letter.mailbox)),
            Row::new("主题", words::plain(&letter.subject)),
            Row::new("待发", format!("{}起", words::moment(letter.since))),
            Row::new("最近错误", words::plain(&letter.last_error)),
        ])
    }));
    let more = letters.len().saturating_sub(LISTED);
    blocks.extend((more > 0).then(|| Block::Para(format!("另有{more}封，情形同上，不再逐一列出。"))));
    blocks.push(Block::Para(
        "请检查邮件服务器的地址、账号和网络。急件可先电话通知科室。恢复后无需任何操作，邮件会自动发出。".to_owned(),
    ));
    blocks
}

fn holiday_missing(year: i16) -> Vec<Block> {
    let said =
        format!("系统里还没有{year}年的放假安排。{year}年的工作日现按周一至周五暂算，提醒照常发出，并注明是暂算。");
    let todo = format!(
        "国务院办公厅关于{year}年部分节假日安排的通知公布后，请把通知存成文件，用 duban holidays import 读入，\
         或在 holidays 目录里照样写一个 {year}.toml，约一分钟后自动生效。日期因此有变的，系统会给已收到提醒的科室发更正。"
    );
    vec![note(Tone::Amber, &said), Block::Para(todo)]
}

fn asked_rows(asked: &Asked) -> Vec<Block> {
    let rows = [
        Some(Row::new("事项", words::plain(&asked.title))),
        Some(Row::new("期限", format!("请于{}前办结，规定期限{}", words::day(asked.finish_by), words::day(asked.due)))),
        Some(Row::new("科室", format!("{}，经办人{}", words::plain(&asked.section), words::plain(&asked.by)))),
        Some(Row::new("原因", words::plain(&asked.reason))),
        asked.expected.map(|day| Row::new("预计办结", words::full(day))),
        Some(Row::new("确认后", words::plain(&asked.if_confirmed))),
        asked.url.as_ref().map(|url| Row {
            label: "请答复",
            lines: vec![Line::Link {
                label: "点此确认或退回（30天内有效，只管这一件）", url: url.clone(), text: ""
            }],
        }),
    ];
    let said = format!("{}报{}，等您确认或退回。答复之前照常提醒。", words::plain(&asked.section), asked.what);
    vec![note(Tone::Amber, &said), Block::Rows(rows.into_iter().flatten().collect())]
}

fn stranger([sender, subject, wrote, recorded]: [&String; 4]) -> Vec<Block> {
    let rows = vec![
        Row::new("发信邮箱", words::plain(sender)),
        Row::new("来信", words::plain(subject)),
        Row::new("写的是", words::cap(&words::plain(wrote), 200)),
        Row::new("登记了", words::plain(recorded)),
    ];
    let said = "有人凭督办邮件里的回复编号登记，他的邮箱不在科室名册里（多半是科室把邮件转给了经办人）。";
    let todo = "登记有误的，用 duban reopen 撤回，或在看板上撤回；这个邮箱以后常用的，请加进科室名册。";
    vec![note(Tone::Amber, said), Block::Rows(rows), Block::Para(todo.to_owned())]
}

fn strangers(wrote: &[(DateTime, String, String)]) -> Vec<Block> {
    let said = "这些来信带着督办邮件里的回复编号，写信的邮箱不在科室名册里。登记了什么，已写信告诉有关科室；这样的来信一天只合成一封告诉您。";
    let line = |(at, outcome, sender): &(DateTime, String, String)| {
        format!("{} {}：{}", words::moment(*at), words::cap(&words::plain(sender), 60), words::plain(outcome))
    };
    let rows = Row::of("来信", wrote.iter().take(LISTED).map(line).collect());
    let more = wrote.len().saturating_sub(LISTED);
    let mut blocks = vec![note(Tone::Amber, said), Block::Rows(rows.into_iter().collect())];
    blocks.extend((more > 0).then(|| Block::Para(format!("另有{more}封，用 duban incoming 查看。"))));
    blocks.push(Block::Para("登记有误的，用 duban reopen 撤回，或在看板上撤回；常用的邮箱请加进科室名册。".to_owned()));
    blocks
}

fn sweeps_fail(since: DateTime, why: &str) -> Vec<Block> {
    let said =
        format!("从{}起没能检查期限，期间的提醒都没有发出。服务还在运行，一恢复就自动补发。", words::moment(since));
    let todo = "请照原因处理：腾出磁盘空间，改正权限，或用 duban verify 查数据库、从备份恢复。急件请先电话通知科室。";
    vec![note(Tone::Red, &said), Block::Rows(vec![Row::new("原因", words::plain(why))]), Block::Para(todo.to_owned())]
}

fn swept(since: DateTime, why: &str) -> Vec<Block> {
    let said = format!("从{}起有一段时间没能检查期限，现已恢复，漏掉的提醒已经补发。", words::moment(since));
    let todo = "再次发生时，请照原因处理；原因看不明白，请把日志（journalctl -u duban）交给维护的人。";
    vec![note(Tone::Amber, &said), Block::Rows(vec![Row::new("原因", words::plain(why))]), Block::Para(todo.to_owned())]
}

fn refused(since: DateTime, why: &str) -> Vec<Block> {
    let said = format!(
        "从{}起，邮件服务器拒收本系统的信，对谁都一样。现已恢复，积下的信都留着，正在补发。",
        words::moment(since)
    );
    let todo = "再次发生时，请照服务器的原话处理：说黑名单、IP 或主机名的，请网络管理员放行；说发件人、SPF 或无权发信的，\
                请核对 [mail] 的 from 与登录账号；看不明白的，请问邮件服务器管理员。不必重启，好了自动补发。";
    vec![
        note(Tone::Amber, &said),
        Block::Rows(vec![Row::new("服务器原话", words::plain(why))]),
        Block::Para(todo.to_owned()),
    ]
}

fn mailbox_down(since: DateTime, why: &str) -> Vec<Block> {
    let said = format!("从{}起读不了收信邮箱，科室的回信还没有登记。", words::moment(since));
    let todo =
        "请检查 [mailbox] 里的服务器、账号、口令（授权码）和网络。恢复后自动补读，回信不会丢失；这期间提醒照常发出。";
    vec![note(Tone::Red, &said), Block::Rows(vec![Row::new("原因", words::plain(why))]), Block::Para(todo.to_owned())]
}

fn test() -> Vec<Block> {
    vec![
        Block::Para("这是一封测试邮件。您收到它，说明发信设置正确。".to_owned()),
        Block::Para("请看一看：是否落在垃圾邮件里，主题和正文有没有乱码。没有问题就不用做任何事。".to_owned()),
    ]
}
