//! Parses answers, whether given as flags or typed; errors are reasons in Chinese.

use unicode_normalization::UnicodeNormalization;

use crate::{
    config::{is_host, name_fault},
    domain::deadline::{Mailbox, Section},
    net::Tls,
};

const LONGEST_NAME: usize = 40;

/// One line, not empty.
pub fn line(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("不能是空的".to_owned()),
        text if text.contains(char::is_control) => Err("不能有换行或控制字符".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// The bureau's name, which stands in every subject and before the sender's address.
pub fn bureau(text: &str) -> Result<String, String> {
    let name = line(text)?;
    match () {
        () if name.chars().count() > LONGEST_NAME => Err(format!("超过 {LONGEST_NAME} 个字，写简称")),
        () if name.contains(['<', '>', '"']) => Err("不能有引号和尖括号".to_owned()),
        () => Ok(name),
    }
}

pub fn mailbox(text: &str) -> Result<Mailbox, String> {
    let plain: String = text.nfkc().collect();
    let mailbox: Mailbox = plain.trim().parse().map_err(|why: String| format!("“{}”：{why}", text.trim()))?;
    let domain = mailbox.as_str().rsplit('@').next().unwrap_or_default();
    match domain.contains(['.', ':']) {
        true => Ok(mailbox),
        false => Err(format!("“{mailbox}”：@ 后面的域名不全，没有点，例如 bgs@ju.gov.cn")),
    }
}

/// One or more, separated by commas of any kind or spaces.
pub fn mailboxes(text: &str) -> Result<Vec<Mailbox>, String> {
    let parts = text.split([',', '，', '、', ' ']).map(str::trim).filter(|part| !part.is_empty());
    let read: Vec<Mailbox> = parts.map(mailbox).collect::<Result<_, _>>()?;
    if read.is_empty() { Err("要写邮箱，例如 bgs@ju.gov.cn".to_owned()) } else { Ok(read) }
}

/// What people type between a name and an address.
const EQUALS: [char; 4] = ['=', '＝', '：', ':'];

/// `办公室=bgs@x.gov.cn,bgs2@x.gov.cn;leader=fgld@x.gov.cn`
pub fn section(text: &str) -> Result<Section, String> {
    let form = || "写成 科室名=邮箱 的样子，例如 办公室=bgs@ju.gov.cn".to_owned();
    let (own, leader) = match text.split_once([';', '；']) {
        Some((own, leader)) => (own, Some(leader)),
        None => (text, None),
    };
    let (name, email) = own.split_once(EQUALS).ok_or_else(form)?;
    let name = line(name).map_err(|_| form())?;
    if let Some((what, _)) = name_fault(&name) {
        return Err(what);
    }
    let leader = match leader.map(str::trim).filter(|leader| !leader.is_empty()) {
        None => Vec::new(),
        Some(leader) => match leader.split_once(EQUALS) {
            Some((key, mailboxes_)) if matches!(key.trim(), "leader" | "分管领导") => mailboxes(mailboxes_)?,
            _ => return Err("分号后面写 leader=分管领导的邮箱".to_owned()),
        },
    };
    Ok(Section { name, was: None, email: mailboxes(email)?, leader, in_all: true })
}

/// `smtp.ju.gov.cn` or `smtp.ju.gov.cn:465`
pub fn server(text: &str) -> Result<(String, Option<u16>), String> {
    let plain: String = text.nfkc().collect();
    let (host, port) = match plain.trim().split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (plain.trim(), None),
    };
    let port = match port.map(str::parse) {
        None => None,
        Some(Ok(port)) if port > 0 => Some(port),
        Some(_) => return Err("端口要写 1 到 65535 的整数，例如 smtp.ju.gov.cn:465".to_owned()),
    };
    if is_host(host) {
        Ok((host.to_owned(), port))
    } else {
        Err("只写服务器的域名或 IP，例如 smtp.ju.gov.cn".to_owned())
    }
}

pub fn tls(text: &str) -> Result<Tls, String> {
    Tls::named(text.trim()).ok_or_else(|| "写 implicit、starttls 或 none".to_owned())
}

pub fn yes(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "是" | "y" | "yes" => Ok(true),
        "否" | "n" | "no" => Ok(false),
        _ => Err("写 是 或 否".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_as_they_are_typed() {
        for (text, name, email, leader) in [
            ("办公室=a@x.cn", "办公室", 1, 0),
            (" 法制科 = a@x.cn, b@x.cn ; leader = c@x.cn ", "法制科", 2, 1),
            ("规划科：a@x.cn，；分管领导：c@x.cn", "规划科", 1, 1),
            ("安监科＝a@x.cn，b@x.cn；分管领导=c@x.cn、d@x.cn", "安监科", 2, 2),
        ] {
            let read = section(text).unwrap();
            assert_eq!((&*read.name, read.email.len(), read.leader.len()), (name, email, leader), "{text}");
        }
        for (text, why) in [
            ("办公室", "科室名=邮箱"),
            ("=a@x.cn", "科室名=邮箱"),
            ("办公室=", "要写邮箱"),
            ("办公室=a@", "不是邮箱地址"),
            ("办公室=a@gov", "没有点"),
            ("各科室=a@x.cn", "统称"),
            ("办公室=a@x.cn;b@x.cn", "leader="),
        ] {
            assert!(section(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn servers_as_they_are_typed() {
        assert_eq!(server("smtp.x.cn").unwrap(), ("smtp.x.cn".to_owned(), None));
        assert_eq!(server(" 10.0.0.1：25 ").unwrap(), ("10.0.0.1".to_owned(), Some(25)));
        for bad in ["", "smtp.x.cn:", "smtp.x.cn:0", "smtp.x.cn:70000", "smtps://x.cn", "邮件"] {
            assert!(server(bad).is_err(), "{bad}");
        }
        assert!(bureau("a<b").is_err() && bureau(" ").is_err() && bureau(&"长".repeat(41)).is_err());
    }
}
