//! Letters to the admin, in the look of the others: what happened, where, what to do.

use jiff::civil::{Date, DateTime};

use super::{
    Rendered,
    page::{Block, Page, Row, Tone},
    subject, words,
};

/// What the admin is told.
#[derive(Clone, Debug)]
pub enum Notice {
    Started(Summary),
    Reloaded(Summary),
    /// A configuration that does not check; the one before stays in force.
    ConfigRejected {
        /// As `check` prints them.
        findings: String,
        in_force_since: DateTime,
    },
    /// A mailbox refuses letters for good.
    Undeliverable {
        mailbox: String,
        sections: Vec<String>,
        /// The server's words.
        reply: String,
        /// Of the letter that was refused.
        subject: String,
        attempts: u32,
        since: DateTime,
    },
    /// Letters that have not gone out for an hour.
    Stuck(Vec<StuckLetter>),
    /// The State Council's notice of that year is not among the data.
    HolidayMissing {
        year: i16,
    },
    Test,
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
}

/// What has to be finished soon.
#[derive(Clone, Debug)]
pub struct Upcoming {
    pub date: Date,
    pub title: String,
    pub sections: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct StuckLetter {
    pub mailbox: String,
    pub subject: String,
    pub since: DateTime,
    pub last_error: String,
}

/// More are only counted: a mail server that is down holds up everything at once.
const LISTED: usize = 20;

pub fn render(tag: &str, contact: &str, notice: &Notice) -> Rendered {
    let (said, blocks) = match notice {
        Notice::Started(summary) => (started("督办已启动", summary), in_force(summary)),
        Notice::Reloaded(summary) => (started("新配置已生效", summary), in_force(summary)),
        Notice::ConfigRejected { findings, in_force_since } => {
            ("新配置有误，未生效，仍按原配置运行".to_owned(), config_rejected(findings, *in_force_since))
        }
        Notice::Undeliverable { mailbox, sections, reply, subject, attempts, since } => (
            format!("邮箱退信，请更正：{}（{}）", mailbox, words::few(sections)),
            undeliverable([mailbox, reply, subject], sections, *attempts, *since),
        ),
        Notice::Stuck(letters) => (format!("{}封邮件超过1小时未发出，请查邮件服务器", letters.len()), stuck(letters)),
        Notice::HolidayMissing { year } => {
            (format!("缺{year}年放假安排，请补充，现按周一至周五暂算"), holiday_missing(*year))
        }
        Notice::Test => ("测试邮件：收到即说明发信正常".to_owned(), test()),
    };
    let subject = subject::tagged(tag, &said);
    let footer =
        vec![format!("联系人：{}", words::plain(contact)), "本邮件由系统自动发给管理员，请勿回复涉密内容。".to_owned()];
    let page = Page { title: subject.clone(), greeting: "管理员：".to_owned(), blocks, footer };
    Rendered { text: page.text(), html: page.html(), subject, ics: None }
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

fn upcoming(soon: &Upcoming) -> String {
    format!("{}　{}（{}）", words::day(soon.date), words::plain(&soon.title), words::list(&soon.sections))
}

fn config_rejected(findings: &str, in_force_since: DateTime) -> Vec<Block> {
    let since = words::moment(in_force_since);
    vec![
        note(Tone::Red, &format!("新配置有误，没有生效。仍按{since}生效的配置运行，提醒照常发出，没有遗漏。")),
        Block::Pre(lines(findings)),
        Block::Para("请按上面所指的文件和行号改正，用 duban check 核对无误后，再用 duban reload 重新加载。".to_owned()),
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
        Row::new("请办理", "在科室名册里改正邮箱，再用 duban reload 重新加载"),
    ];
    let said = "这个邮箱拒收邮件。邮箱改正之前，发给它的提醒会改发给您代转，不会丢失。";
    vec![note(Tone::Red, said), Block::Rows(rows)]
}

fn stuck(letters: &[StuckLetter]) -> Vec<Block> {
    let said = format!(
        "有{}封邮件超过1小时还没有发出。邮件都已存好，系统会继续重试，不会丢失；发出时按当天重新计算剩余时间。",
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
        "国务院办公厅关于{year}年部分节假日安排的通知公布后，请把放假和调休上班的日子补进节假日数据，\
         再用 duban reload 重新加载。日期因此有变的，系统会给已收到提醒的科室发更正。"
    );
    vec![note(Tone::Amber, &said), Block::Para(todo)]
}

fn test() -> Vec<Block> {
    vec![
        Block::Para("这是一封测试邮件。您收到它，说明发信设置正确。".to_owned()),
        Block::Para("请看一看：是否落在垃圾邮件里，主题和正文有没有乱码。没有问题就不用做任何事。".to_owned()),
    ]
}

fn note(tone: Tone, text: &str) -> Block {
    Block::Note { tone, text: text.to_owned() }
}

/// Line breaks stay, other control characters do not.
fn lines(text: &str) -> String {
    text.lines().map(|l| l.chars().filter(|c| !c.is_control()).collect::<String>()).collect::<Vec<_>>().join("\n")
}
