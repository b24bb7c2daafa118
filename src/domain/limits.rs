//! How much people may write, the same on a section's page, on the board, on the command line and by mail.

use crate::text::{bare, is_hidden};

/// A person's name. In characters, as all of these.
pub const NAME: usize = 30;
/// An address stands for a name where a report came by mail.
const ADDRESS: usize = 254;
/// 备注, 原因, 说明, 理由.
pub const TEXT: usize = 1000;
/// 佐证: document numbers, links.
pub const EVIDENCE: usize = 500;
/// A case's reference: it stands in subjects and is typed by hand.
pub const REFERENCE: usize = 60;

/// What is wrong with a text that may be `most` characters long; `what` is its name.
pub fn fault(what: &str, text: &str, most: usize) -> Option<String> {
    let long = text.chars().count();
    if long > most {
        return Some(format!("{what}有 {long} 个字，最多 {most} 个，请改短"));
    }
    // Kept for good, and shown in tables and letters.
    if text.chars().any(char::is_control) {
        return Some(format!("{what}里有换行或控制字符，请删去"));
    }
    text.chars().any(is_hidden).then(|| format!("{what}里有看不见的或改变文字方向的字符，请删去重写"))
}

/// Whether it is the name under which duban itself stands in the history.
pub fn is_our_own(by: &str) -> bool {
    bare(by).eq_ignore_ascii_case("duban")
}

/// What is wrong with a name.
pub fn name_fault(by: &str) -> Option<String> {
    match by {
        by if by.trim().is_empty() => Some("请填经办人姓名".to_owned()),
        by if is_our_own(by) => Some("“duban”是本系统的名字，请填经办人姓名".to_owned()),
        address if address.contains('@') => fault("经办人", address, ADDRESS),
        name => fault("经办人", name, NAME).map(|fault| format!("{fault}：只写姓名")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_wrong_and_by_how_much() {
        for (what, text, most, wrong) in [
            ("备注", "长".repeat(TEXT), TEXT, None),
            ("备注", "长".repeat(TEXT + 1), TEXT, Some("备注有 1001 个字，最多 1000 个，请改短")),
            ("佐证", "a\u{7}".to_owned(), EVIDENCE, Some("佐证里有换行或控制字符，请删去")),
            ("编号", "3\u{202E}号".to_owned(), REFERENCE, Some("编号里有看不见的或改变文字方向的字符，请删去重写")),
        ] {
            assert_eq!(fault(what, &text, most).as_deref(), wrong);
        }
        assert_eq!(name_fault(" ").as_deref(), Some("请填经办人姓名"));
        assert_eq!(name_fault("张三"), None);
        assert!([" duban", "Duban", "ｄｕｂａｎ"].iter().all(|by| name_fault(by).unwrap().contains("本系统")));
        assert!(name_fault("张\u{200B}三").is_some());
        assert_eq!(
            name_fault(&"长".repeat(NAME + 1)).as_deref(),
            Some("经办人有 31 个字，最多 30 个，请改短：只写姓名")
        );
        assert_eq!(name_fault(&format!("{}@example.test", "a".repeat(60))), None, "a report by mail");
    }
}
