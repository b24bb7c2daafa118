//! Parsers of argument values, whose errors show the right form, and the layout of help.

use jiff::civil::{Date, DateTime};

use crate::service::house::setup::RESERVED;

/// How help is laid out.
pub const TEMPLATE: &str = "{about}\n\n用法：{usage}\n\n{all-args}{after-help}";

pub fn parse_year(text: &str) -> Result<i16, String> {
    let year = text.trim_end_matches('年').parse().ok().filter(|year| (2000..=2100).contains(year));
    year.ok_or_else(|| "年份写成 2026 的样子，在 2000 到 2100 之间".to_owned())
}

/// Part of a user's, a folder's and a unit's name.
pub fn parse_instance(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match text {
        _ if RESERVED.contains(&text) => Err(format!("{text} 是 /etc/duban 里已有的目录，换一个名")),
        _ if !text.chars().all(plain) || text.starts_with('-') || !(1..=24).contains(&text.len()) => {
            Err("名只用小写字母、数字和 -，最多 24 个，例如 jiangmen".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

pub fn parse_id(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "编号是数字，用 duban outbox 查看".to_owned())
}

pub fn parse_now(text: &str) -> Result<DateTime, String> {
    let is_local = !text.contains(['+', 'Z', 'z']);
    text.parse().ok().filter(|_| is_local).ok_or_else(|| "时间写成 2026-01-27T08:30 的样子".to_owned())
}

pub fn parse_date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "日期写成 2026-01-27 的样子".to_owned())
}

pub fn parse_days(text: &str) -> Result<i64, String> {
    let number = text.trim_end_matches(['d', '天', '日']);
    number.parse().ok().filter(|n| (0..=3660).contains(n)).ok_or_else(|| "天数写成 90d 或 90天，最多 3660".to_owned())
}
