//! Reads duban.toml into [`Settings`].

mod inbox;
pub mod layers;
pub mod server;
mod smtp;
mod web;

use std::path::{Path, PathBuf};

use jiff::{Span, civil::Time, tz::TimeZone};
use unicode_normalization::UnicodeNormalization;

use self::layers::{At, Given, Layers};
pub use self::{inbox::Inbox, layers::BOARD, web::Web};
use crate::{
    config::{
        source::{
            files::Files,
            names::{joined, tidy},
        },
        syntax::Schema,
    },
    domain::{deadline::Mailbox, hours::Hours},
    net::SmtpSettings,
};

/// The service's settings, from duban.toml and the environment.
#[derive(Clone, Debug)]
pub struct Settings {
    pub timezone: TimeZone,
    pub hours: Hours,
    pub database: PathBuf,
    pub deadlines: PathBuf,
    pub holidays: PathBuf,
    /// Never empty.
    pub admin: Vec<Mailbox>,
    pub contact: String,
    /// How long the text of a letter that went out is kept.
    pub keep_letters: Keep,
    /// Where copies go for another machine; `None`: there is none.
    pub standby: Option<Standby>,
    pub mail: Mail,
    /// Off without it.
    pub mailbox: Option<Inbox>,
    /// Off without it.
    pub web: Option<Web>,
}

/// For how long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    months: u16,
}

impl Keep {
    const DEFAULT: Self = Self { months: 36 };
    const SHORTEST: u16 = 1;
    const LONGEST: u16 = 1200;

    pub fn span(self) -> Span {
        Span::new().months(self.months)
    }
}

/// Where a standby's copies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standby {
    /// Mounted here.
    Folder(PathBuf),
    /// `user@host:/folder`, by ssh.
    Remote(String),
}

impl std::fmt::Display for Standby {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Remote(place) => f.write_str(place),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Mail {
    /// The display name; may be empty.
    pub from_name: String,
    pub from: Mailbox,
    pub transport: Transport,
}

#[derive(Clone, Debug)]
pub enum Transport {
    /// Letters are written here as `.eml` files, and none is sent.
    Folder(PathBuf),
    Smtp(Box<SmtpSettings>),
}

const TOP: &[&str] = &[
    "timezone",
    "send_at",
    "window",
    "database",
    "deadlines",
    "holidays",
    "admin",
    "contact",
    "keep_letters",
    "standby",
    "mail",
    "mailbox",
    "web",
];
const MAIL: &[&str] = &["from", "transport", "folder", "smtp"];

pub static SCHEMA: Schema = Schema {
    tables: &[("", TOP), ("mail", MAIL), ("mail.smtp", smtp::KEYS), ("mailbox", inbox::KEYS), ("web", web::KEYS)],
    has_many: false,
};

/// Reads every setting before it gives up, so that all findings are reported.
pub fn read(
    layers: &Layers<'_>,
    folder: &Path,
    (deadlines, holidays): (PathBuf, PathBuf),
    files: &mut Files<'_>,
) -> Option<Settings> {
    let timezone = timezone(layers);
    let hours = hours(layers);
    let database = layers.needed("database", "database = \"../var/duban.db\"").map(|given| {
        let path = joined(folder, &given.value);
        if path.is_dir() {
            layers.error(&given.at, "database 是一个目录，要写到文件", "database = \"../var/duban.db\"");
        }
        path
    });
    let admin = admin(layers);
    let contact = layers.needed("contact", "contact = \"办公室 电话 0750-0000000\"");
    let keep_letters = keep_letters(layers);
    let standby = standby(layers, folder, database.as_deref());
    let mail = mail(layers, folder, files);
    let inbox = inbox::read(layers, folder, files, mail.as_ref().map(|mail| &mail.from));
    let is_folder = mail.as_ref().is_some_and(|mail| matches!(mail.transport, Transport::Folder(_)));
    let is_unsaid = matches!(layers.at("web"), At::Nowhere);
    let web = web::read(layers).or_else(|| (layers.has_board && is_folder && is_unsaid).then(Web::on_this_machine));
    Some(Settings {
        timezone: timezone?,
        hours: hours?,
        database: database?,
        deadlines,
        holidays,
        admin: admin?,
        contact: contact?.value,
        keep_letters: keep_letters?,
        standby,
        mail: mail?,
        mailbox: inbox,
        web,
    })
}

/// The paths of the deadlines and of the statutory days.
pub fn paths(layers: &Layers<'_>, folder: &Path) -> (PathBuf, PathBuf) {
    let path = |key: &str, default: &str| match layers.text(key) {
        Some(given) if given.value.is_empty() => {
            layers.error(&given.at, format!("{key} 是空的"), format!("{key} = \"{default}\""));
            joined(folder, default)
        }
        given => joined(folder, &given.map_or(default.to_owned(), |g| g.value)),
    };
    (path("deadlines", "deadlines.toml"), path("holidays", "holidays"))
}

fn timezone(layers: &Layers<'_>) -> Option<TimeZone> {
    let Some(given) = layers.text("timezone") else {
        return match layers.at("timezone") {
            At::Nowhere => TimeZone::get("Asia/Shanghai").ok(),
            _ => None,
        };
    };
    let zone = TimeZone::get(&given.value).ok();
    if zone.is_none() {
        layers.error(&given.at, format!("没有“{}”这个时区", given.value), "timezone = \"Asia/Shanghai\"");
    }
    zone
}

fn hours(layers: &Layers<'_>) -> Option<Hours> {
    let default = |key: &str, text: &str| match layers.text(key) {
        None if matches!(layers.at(key), At::Nowhere) => Some(Given { value: text.to_owned(), at: At::Nowhere }),
        given => given,
    };
    let send_at = default("send_at", "08:30").and_then(|given| match time(&given.value) {
        Some(time) => Some((time, given.at)),
        None => {
            layers.error(&given.at, format!("“{}”不是时间", given.value), "send_at = \"08:30\"");
            None
        }
    });
    let window = default("window", "08:30-18:00").and_then(|given| {
        let plain: String = given.value.nfkc().map(|c| if "–—~至到".contains(c) { '-' } else { c }).collect();
        let times = plain.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
        match times {
            Some((from, to)) if from < to => return Some((from, to, given.at)),
            Some(_) => layers.error(&given.at, "发送时段的开始要早于结束，不能跨过半夜", "window = \"08:30-18:00\""),
            None => layers.error(&given.at, format!("“{}”不是时段", given.value), "window = \"08:30-18:00\""),
        }
        None
    });
    if let (Some((at, place)), Some((from, to, window))) = (&send_at, &window)
        && !(*from..*to).contains(at)
    {
        let shown = |t: &Time| t.strftime("%H:%M").to_string();
        let what = format!("send_at {} 不在发送时段 {} 到 {} 之内", shown(at), shown(from), shown(to));
        let place = if matches!(place, At::Nowhere) { window } else { place };
        layers.error(place, what, "改 send_at，或放宽 window");
    }
    let (from, to, _) = window?;
    Some(Hours { send_at: send_at?.0, from, to })
}

/// `8:30`, `08:30`, `０８：３０`.
fn time(text: &str) -> Option<Time> {
    let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let (hour, minute) = plain.split_once(':')?;
    let digits = |part: &str, least: usize| {
        let sound = (least..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if sound { part.parse::<i8>().ok() } else { None }
    };
    Time::new(digits(hour, 1)?, digits(minute, 2)?, 0, 0).ok()
}

/// `3年`, `18个月`, `３ 年`.
fn keep_letters(layers: &Layers<'_>) -> Option<Keep> {
    let Some(given) = layers.text("keep_letters") else {
        return matches!(layers.at("keep_letters"), At::Nowhere).then_some(Keep::DEFAULT);
    };
    let plain: String = given.value.nfkc().filter(|c| !c.is_whitespace()).collect();
    let number = plain.trim_end_matches(|c: char| !c.is_ascii_digit());
    let months = match (number.parse::<u16>(), &plain[number.len()..]) {
        (Ok(n), "年") => n.checked_mul(12),
        (Ok(n), "个月" | "月") => Some(n),
        _ => None,
    };
    match months {
        Some(months @ Keep::SHORTEST..=Keep::LONGEST) => return Some(Keep { months }),
        Some(_) => layers.error(
            &given.at,
            format!("“{}”太短或太长：至少 1 个月，最多 100 年", given.value),
            "keep_letters = \"3年\"",
        ),
        None => layers.error(&given.at, format!("“{}”不是多久", given.value), "keep_letters = \"3年\" 或 \"18个月\""),
    }
    None
}

/// A folder, or one on another machine.
fn standby(layers: &Layers<'_>, folder: &Path, database: Option<&Path>) -> Option<Standby> {
    const EXAMPLE: &str = "standby = \"/mnt/standby\" 或 \"duban-copy@192.0.2.9:/home/duban-copy/standby\"";
    let given = layers.text("standby")?;
    let text = given.value.trim().trim_end_matches('/');
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"'`$\\*?;|&<>".contains(c);
    match text.split_once(':').filter(|(host, _)| !host.contains('/')) {
        None if !text.is_empty() => {
            let to = tidy(&joined(folder, text));
            // A copy has the name of a database, and the files there would be copied along.
            let is_database = database.is_some_and(|it| it.parent().is_some_and(|it| tidy(it) == to));
            if !is_database && !to.starts_with(tidy(folder)) {
                return Some(Standby::Folder(to));
            }
            let what = if is_database { "数据库所在的目录" } else { "在配置的目录里面" };
            layers.error(&given.at, format!("“{text}”是{what}，备用机的拷贝要放在别处"), EXAMPLE);
            return None;
        }
        Some((host, path))
            if !host.is_empty() && !host.starts_with('-') && path.starts_with('/') && !text.contains(odd) =>
        {
            return Some(Standby::Remote(text.to_owned()));
        }
        _ => {}
    }
    layers.error(&given.at, format!("“{}”不是目录，也不是“用户@机器:/目录”", given.value), EXAMPLE);
    None
}

fn admin(layers: &Layers<'_>) -> Option<Vec<Mailbox>> {
    const EXAMPLE: &str = "admin = [\"admin@example.test\"]";
    let at = layers.at("admin");
    let Some(given) = layers.texts("admin") else {
        layers.needed("admin", EXAMPLE);
        return None;
    };
    if given.is_empty() {
        layers.error(&at, "admin 是空的：出了问题没有人知道", EXAMPLE);
        return None;
    }
    let read: Vec<_> = given.iter().filter_map(|given| layers.mailbox(given)).collect();
    (read.len() == given.len()).then_some(read)
}

fn mail(layers: &Layers<'_>, folder: &Path, files: &mut Files<'_>) -> Option<Mail> {
    let from = layers.needed("mail.from", "from = \"政务公开提醒 <duban@example.test>\"").and_then(|given| {
        let (name, address) = match given.value.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').to_owned(), address.trim().to_owned()),
            None => (String::new(), given.value.clone()),
        };
        Some((name, layers.mailbox(&Given { value: address, at: given.at })?))
    });
    let transport = layers.needed("mail.transport", "transport = \"folder\"").and_then(|given| {
        match given.value.as_str() {
            "folder" => {
                let path = layers.needed("mail.folder", "folder = \"../var/mail\"");
                // `[mail.smtp]` is not used yet, but it is checked all the same.
                smtp::read(layers, folder, false, files);
                Some(Transport::Folder(joined(folder, &path?.value)))
            }
            "smtp" => smtp::read(layers, folder, true, files).map(|smtp| Transport::Smtp(Box::new(smtp))),
            other => {
                let what = format!("transport 不能写“{other}”");
                layers.error(&given.at, what, "\"folder\"（只写成文件）或 \"smtp\"（真正发出）");
                None
            }
        }
    });
    let (from_name, from) = from?;
    Some(Mail { from_name, from, transport: transport? })
}
