//! What a document leaves open, answered by flags; they stand at the head of the file that comes of it, too.

use clap::{Args, Parser};

use super::{Exit, Failure, Result};
use crate::{
    domain::due::Due,
    ledger::paper::{self, Answers, NOBODY, office_names},
};

/// What the document leaves open, answered beforehand.
#[derive(Args, Default)]
#[command(next_help_heading = "选项")]
pub struct PlanArgs {
    /// 哪一年的方案：没有写年份的日期算这一年
    #[arg(long, value_name = "年份", value_parser = paper::year)]
    pub year: Option<i16>,
    /// 没有写年份的日期只办一次
    #[arg(long, conflicts_with = "every_year")]
    pub once: bool,
    /// 没有写年份的日期每年都办
    #[arg(long)]
    pub every_year: bool,
    /// 方案跨年：从年初又开始的日期算第二年
    #[arg(long, conflicts_with = "within_year")]
    pub cross_year: bool,
    /// 方案不跨年
    #[arg(long)]
    pub within_year: bool,
    /// 没有日期的事项何时检查一次（局内默认），如 每季度末月20日；不写则停用
    #[arg(long, value_name = "时间", value_parser = check_in)]
    pub no_date: Option<String>,
    /// 没有写责任单位的由谁办；或 '全局=各科室'：原文的写法指哪些科室（与本局无关写 不管）；可写多次
    #[arg(long, value_name = "科室")]
    pub office: Vec<String>,
    /// 一项有几个日期时用哪一个，如 31=1月31日；先不办写 31=停用；可写多次
    #[arg(long, value_name = "项=日期")]
    pub choose: Vec<String>,
    /// 粘贴的文字里空着的单位和期限：同上（合并的单元格），或 没有写
    #[arg(long, value_name = "同上|没有写", value_parser = blank)]
    pub blank: Option<bool>,
    /// 隐藏的行、列和表里写的，画了删除线的：算数，或 不算
    #[arg(long, value_name = "算数|不算", value_parser = hidden)]
    pub hidden: Option<bool>,
}

fn check_in(text: &str) -> std::result::Result<String, String> {
    Due::parse(text, None).map(|_| text.to_owned()).map_err(|refusal| refusal.what)
}

fn blank(text: &str) -> std::result::Result<bool, String> {
    match text {
        "同上" => Ok(true),
        "没有写" => Ok(false),
        _ => Err("请写 同上 或 没有写".into()),
    }
}

fn hidden(text: &str) -> std::result::Result<bool, String> {
    match text {
        "算数" => Ok(true),
        "不算" => Ok(false),
        _ => Err("请写 算数 或 不算".into()),
    }
}

/// The flags alone, as the head of a file has them.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Head {
    #[command(flatten)]
    answers: PlanArgs,
}

impl PlanArgs {
    /// The answers at the head of a file that was imported; `None` if it has none that can be read.
    pub fn at_head(text: &str) -> Option<Answers> {
        let line = text.lines().find_map(|line| line.strip_prefix(paper::ANSWERED))?;
        let head = Head::try_parse_from(paper::words(line)).ok()?;
        head.answers.answers().ok()
    }

    pub fn is_empty(&self) -> bool {
        let scope = self.once || self.every_year || self.cross_year || self.within_year;
        let rest = self.year.is_some() || self.no_date.is_some() || self.blank.is_some() || self.hidden.is_some();
        !scope && !rest && self.office.is_empty() && self.choose.is_empty()
    }

    pub fn answers(&self) -> Result<Answers> {
        let mut answers = Answers { year: self.year, no_date: self.no_date.clone(), ..Answers::default() };
        let either = |yes: bool, no: bool| (yes || no).then_some(yes);
        answers.every_year = either(self.every_year, self.once);
        answers.crosses = either(self.cross_year, self.within_year);
        answers.same_as_above = self.blank;
        answers.hidden = self.hidden;
        for text in &self.office {
            match text.split_once('=') {
                Some((name, NOBODY)) => {
                    answers.offices.insert(name.trim().to_owned(), Vec::new());
                }
                Some((name, names)) => {
                    answers.offices.insert(name.trim().to_owned(), office_names(names).map_err(usage)?);
                }
                None => answers.default_office = Some(office_names(text).map_err(usage)?),
            }
        }
        for text in &self.choose {
            let Some((key, answer)) = text.split_once('=') else {
                return Err(usage(format!("--choose {text}：请写成 31=1月31日")));
            };
            answers.chosen.insert(key.trim().to_owned(), answer.trim().to_owned());
        }
        Ok(answers)
    }
}

pub fn usage(why: String) -> Failure {
    Failure { exit: Exit::Usage, ..Failure::new(why) }
}
