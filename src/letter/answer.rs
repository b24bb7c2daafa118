//! The answer to a reply: what was recorded, or how to write a reply that can be.

use jiff::civil::Date;

use super::{
    Rendered,
    page::{Block, Line as PageLine, Page, Row, Tone},
    subject, words,
};

/// An answer to a reply.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The sections of the sender's mailbox, or the mailbox itself.
    pub to: String,
    pub by: By,
    pub said: Answered,
    /// The sender's own words.
    pub wrote: String,
    /// The items that were recorded, or that can be.
    pub lines: Vec<Line>,
    pub token: Option<String>,
}

/// Whose reply it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The reader's own.
    Reader,
    /// Of another address on the roster, for the reader's section.
    Another(String),
    /// Of an address that is not on the roster, for the reader's section.
    Stranger,
    /// The reader's own, who is not on the roster.
    Outside,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// `what` for the subject: `已登记办结`.
    Recorded { what: &'static str, can_be_taken_back: bool },
    /// 收到: read, and nothing recorded.
    Acknowledged,
    /// Not understood for certain, and why.
    Unclear(String),
}

/// One item.
#[derive(Clone, Debug)]
pub struct Line {
    pub number: u32,
    pub title: String,
    pub finish_by: Date,
    /// What was recorded for it.
    pub said: Option<String>,
    pub url: Option<String>,
}

/// `ics`: what takes entries that are done out of a calendar.
pub fn render(tag: &str, contact: &str, answer: &Answer, ics: Vec<String>) -> Rendered {
    let subject = subject::tagged(tag, &said(answer));
    let contact = words::plain(contact);
    let footer = [
        Some(format!("联系人：{contact}")),
        (!ics.is_empty()).then(|| "附件（.ics）把这里登记了的从电脑或手机的日历里取消。".to_owned()),
        Some("本邮件由系统自动回复，请勿回复涉密内容。".to_owned()),
        answer.token.as_ref().map(|token| format!("回复编号：{token}（回复、转发时请保留这一行）")),
    ];
    let page = Page {
        title: subject.clone(),
        greeting: format!("{}：", words::plain(&answer.to)),
        blocks: blocks(answer, &contact),
        footer: footer.into_iter().flatten().collect(),
    };
    Rendered { text: page.text(), html: page.html(), subject, ics }
}

fn said(answer: &Answer) -> String {
    let title = match answer.lines.as_slice() {
        [] => String::new(),
        [only] => format!("：{}", only.title),
        [first, ..] => format!("：{}等{}项", first.title, answer.lines.len()),
    };
    match &answer.said {
        Answered::Recorded { what, .. } => format!("{what}{title}"),
        Answered::Acknowledged => format!("您已看到，还没有登记办结{title}"),
        Answered::Unclear(_) => format!("没有登记，请再回一次{title}"),
    }
}

fn blocks(answer: &Answer, contact: &str) -> Vec<Block> {
    let (tone, text) = match &answer.said {
        Answered::Recorded { .. } => (Tone::Green, recorded(&answer.by)),
        Answered::Acknowledged => {
            (Tone::Blue, "已收到您的回信，知道您看过提醒了。还没有登记办结，照常提醒。".to_owned())
        }
        Answered::Unclear(why) => {
            let said = format!("没有登记：{}。原信已留给管理员看；也请照下面的写法再回一次。", words::plain(why));
            (Tone::Amber, said)
        }
    };
    let several = answer.lines.len() > 1;
    let mut blocks = vec![Block::Note { tone, text }];
    let wrote = (!answer.wrote.is_empty()).then(|| Row::new("您写的是", format!("“{}”", words::plain(&answer.wrote))));
    let items: Vec<PageLine> = answer.lines.iter().flat_map(|line| item(line, several)).collect();
    let items = (!items.is_empty()).then_some(Row { label: "事项", lines: items });
    let rows: Vec<Row> = wrote.into_iter().chain(items).collect();
    blocks.extend((!rows.is_empty()).then_some(Block::Rows(rows)));
    blocks.extend(how(answer, contact).map(Block::Para));
    blocks
}

fn recorded(by: &By) -> String {
    match by {
        By::Reader => "已按您的回信登记如下。".to_owned(),
        By::Another(sender) => format!("已按 {} 凭回复编号写来的回信登记如下。", words::plain(sender)),
        By::Stranger => {
            "已按凭回复编号写来的回信登记如下，写信的邮箱不在科室名册里。不是你们科室的人写的，请撤回。".to_owned()
        }
        By::Outside => "已按您的回信登记如下，另有确认发到科室的邮箱。".to_owned(),
    }
}

fn item(line: &Line, several: bool) -> Vec<PageLine> {
    let number = if several { words::circled(line.number) } else { String::new() };
    let title = format!("{number}{}（请于{}前办结）", words::plain(&line.title), words::day(line.finish_by));
    let said = line.said.as_ref().map(|said| PageLine::Text(words::plain(said)));
    let link = line.url.as_ref().filter(|_| line.said.is_none());
    let link = link.map(|url| PageLine::Link { label: "也可点此登记", url: words::plain(url), text: "" });
    [Some(PageLine::Text(title)), said, link].into_iter().flatten().collect()
}

/// Worded so that none of its lines is read as a report when a reply quotes it.
fn how(answer: &Answer, contact: &str) -> Option<String> {
    // An answer to somebody outside has no number.
    let is_outside = answer.by == By::Outside;
    if let Answered::Recorded { can_be_taken_back, .. } = answer.said {
        let how = if is_outside {
            "如果登记错了，请在原来那封督办邮件上回复，保留“回复编号”一行，只写“撤回”两个字。"
        } else {
            "如果登记错了，直接回复本邮件，只写“撤回”两个字，就恢复到登记以前。"
        };
        return can_be_taken_back.then(|| how.to_owned());
    }
    if answer.lines.is_empty() {
        return Some(format!("目前没有等您登记的事项。有疑问请联系{contact}。"));
    }
    let which = match answer.lines.as_slice() {
        [_] => "写“已办结”".to_owned(),
        [first, ..] => format!("写明哪几项，如“{}已办结”或“全部已办结”", words::circled(first.number)),
        [] => String::new(),
    };
    let letter = if is_outside {
        "请在原来那封督办邮件上回复，保留“回复编号”一行"
    } else {
        "可直接回复本邮件登记"
    };
    Some(format!(
        "{letter}：开头{which}，网页链接、文号写在后面；不能按期的，写“不能按期”、原因和预计日期；不适用的，写“不适用”和原因。"
    ))
}
