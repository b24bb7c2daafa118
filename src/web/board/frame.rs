//! What all pages of one visitor share: whose board it is, and its URL.

use jiff::civil::Date;

use crate::{
    clock::Moment,
    domain::deadline::{Deadline, Part},
    service::Office,
};

/// Whose board is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    Admin,
    /// A section sees its own deadlines only.
    Section(String),
}

/// The frame of every page.
#[derive(Clone, Debug)]
pub struct Frame {
    pub viewer: Viewer,
    /// The path prefix of every URL: empty, or like `/duban`.
    pub root: String,
    /// The root, then `/a/TOKEN` or `/s/TOKEN`.
    pub door: String,
    /// What a calendar program subscribes to.
    pub calendar: String,
    /// The tag that the subjects of letters begin with.
    pub name: String,
    pub contact: String,
    /// `2026年1月27日（周二）08:30`
    pub as_of: String,
    pub today: Date,
    /// Sent with every form; empty if the viewer may not change anything.
    pub form_token: String,
}

impl Viewer {
    /// Whether the viewer may see this deadline.
    pub fn sees(&self, office: &Office, deadline: &Deadline) -> bool {
        match self {
            Self::Admin => true,
            Self::Section(name) => office.section_names(deadline).contains(&name.as_str()),
        }
    }

    pub fn section(&self) -> Option<&str> {
        match self {
            Self::Admin => None,
            Self::Section(name) => Some(name),
        }
    }

    /// As whose the viewer sees a deadline: the admin sees what is asked of those who answer for it.
    pub fn part(&self, deadline: &Deadline) -> Part {
        self.section().map_or(Part::Answers, |name| deadline.part_of(name))
    }
}

impl Frame {
    pub fn new(
        office: &Office,
        viewer: Viewer,
        token: &str,
        calendar: String,
        form_token: String,
        now: &Moment,
    ) -> Self {
        let root = office.settings.web.as_ref().map(|web| web.path().to_owned()).unwrap_or_default();
        let door = if viewer == Viewer::Admin { "a" } else { "s" };
        let as_of = format!("{}年{}", now.local.year(), crate::letter::words::moment(now.local));
        Self {
            calendar,
            door: format!("{root}/{door}/{token}"),
            root,
            viewer,
            name: office.tag().to_owned(),
            contact: crate::letter::words::plain(&office.settings.contact),
            as_of,
            today: now.today(),
            form_token,
        }
    }

    pub fn is_admin(&self) -> bool {
        self.viewer == Viewer::Admin
    }

    pub fn who(&self) -> &str {
        self.viewer.section().unwrap_or("管理员")
    }

    pub fn occurrence(&self, deadline: &str, period: &str) -> String {
        format!("{}/o/{}/{}", self.door, encode(deadline), encode(period))
    }

    /// 期限计算书
    pub fn account(&self, deadline: &str, period: &str) -> String {
        format!("{}/explain", self.occurrence(deadline, period))
    }

    pub fn section(&self, name: &str) -> String {
        format!("{}/section/{}", self.door, encode(name))
    }
}

/// Percent-encodes a path segment: everything but letters, digits and `-._~` (RFC 3986).
pub fn encode(part: &str) -> String {
    let octet = |octet: u8| match octet {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    part.bytes().map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn parts_of_addresses() {
        assert_eq!(encode("2026-Q1"), "2026-Q1");
        assert_eq!(encode("交〔2026〕3号/甲 ?#%"), "%E4%BA%A4%E3%80%942026%E3%80%953%E5%8F%B7%2F%E7%94%B2%20%3F%23%25");
    }
}
