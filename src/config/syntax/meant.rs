//! Guesses what an unknown word was meant to be.

use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use crate::domain::deadline::Mailbox;

/// What people write instead of a key.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("name", &["名称", "科室名称", "科室名"]),
    ("email", &["邮箱", "邮件", "电子邮箱", "邮箱地址", "mail", "mailbox", "e-mail"]),
    ("leader", &["分管领导", "领导", "分管领导邮箱"]),
    ("in_all", &["含在各科室"]),
    ("id", &["编号", "代号", "标识"]),
    ("item", &["项", "序号", "第几项", "项号"]),
    ("title", &["标题", "事项名称", "事项", "内容", "名称", "name"]),
    ("due", &["截止", "截止日期", "期限", "规定期限", "时限", "完成时限", "完成时间", "deadline", "date", "日期"]),
    ("target", &["目标", "局内目标", "目标日期"]),
    ("sections", &["科室", "责任科室", "责任单位", "section", "部门"]),
    ("lead", &["牵头", "牵头科室", "牵头单位"]),
    ("basis", &["依据", "原文", "文件依据"]),
    ("steps", &["步骤", "要做", "工作步骤"]),
    ("remind", &["提醒", "提前", "提前量", "提前提醒", "reminders"]),
    ("overdue", &["逾期", "逾期提醒"]),
    ("help_by", &["配合期限", "配合时限", "材料期限", "报材料"]),
    ("escalate_to", &["上报", "升级", "逾期告知"]),
    ("done", &["办结", "完成"]),
    ("times", &["次数"]),
    ("since", &["起始", "开始", "自", "起"]),
    ("bureau_default", &["局内默认"]),
    ("off", &["停用", "关闭", "暂停", "放假", "假日", "休息", "holidays", "disabled"]),
    ("include", &["引入", "包含", "includes"]),
    ("year", &["年", "年份", "年度"]),
    ("notice", &["通知", "文号"]),
    ("work", &["上班", "调休", "调休上班", "补班", "workdays"]),
    ("section", &["科室", "部门", "sections"]),
    ("deadline", &["事项", "任务", "deadlines"]),
    ("timezone", &["时区", "time_zone", "tz"]),
    ("send_at", &["发送时间", "发信时间"]),
    ("window", &["时段", "发送时段"]),
    ("database", &["数据库", "db"]),
    ("deadlines", &["事项", "事项文件"]),
    ("holidays", &["节假日", "假日"]),
    ("admin", &["管理员", "管理员邮箱", "admins"]),
    ("contact", &["联系人", "联系方式", "联系电话"]),
    ("from", &["发件人"]),
    ("transport", &["发送方式"]),
    ("folder", &["文件夹", "目录", "dir", "path", "directory"]),
    ("host", &["服务器", "主机", "server"]),
    ("port", &["端口"]),
    ("tls", &["加密", "ssl"]),
    ("username", &["用户名", "账号", "user"]),
    ("password_file", &["口令文件", "密码文件"]),
    ("ca_file", &["证书", "根证书"]),
    ("done_folder", &["已处理", "已处理文件夹"]),
    ("manual_folder", &["待人工", "待人工文件夹"]),
    ("address", &["地址", "回信地址", "reply_to"]),
    ("poll_minutes", &["间隔", "轮询", "interval"]),
];

/// The candidate that was most likely meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = fold(word);
    candidates
        .into_iter()
        .take(10_000)
        .map(|c| (likeness(&plain, &fold(c)), c))
        .filter(|(likeness, _)| *likeness > 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

/// The key that was most likely meant, Chinese words for it included.
pub fn nearest_key<'a>(word: &str, keys: &[&'a str]) -> Option<&'a str> {
    let plain = fold(word);
    let means = |key: &str| SYNONYMS.iter().any(|(k, words)| *k == key && words.contains(&plain.as_str()));
    keys.iter().copied().find(|key| means(key)).or_else(|| nearest(word, keys.iter().copied()))
}

fn likeness(a: &str, b: &str) -> f64 {
    // 办公室（综合科） for 办公室: a name inside the other is a better sign than any edit distance.
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let inside = short.chars().count() >= 2 && short.len() * 3 >= long.len() && long.contains(short);
    let distance = strsim::normalized_damerau_levenshtein(a, b);
    if inside { distance.max(0.6) } else { distance }
}

/// Normalises a word: half-width, lower case, no spaces.
fn fold(word: &str) -> String {
    word.chars().take(80).nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The address, or addresses, that were probably meant: half-width letters, no spaces, several addresses as a list.
pub fn address(text: &str) -> String {
    let plain: String = text.nfkc().collect();
    let inner = plain.rsplit_once('<').map_or(&*plain, |(_, rest)| rest.trim_end_matches('>'));
    let parts = inner.split([',', ';', '、', ' ', '\t']).filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| part.replace('。', ".")).collect();
    match &parts[..] {
        [one] if Mailbox::from_str(one).is_ok() => format!("\"{one}\""),
        [_, _, ..] if parts.iter().all(|part| Mailbox::from_str(part).is_ok()) => {
            let quoted: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
            quoted.join(", ")
        }
        _ => "name@example.test 这样的地址".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn did_you_mean() {
        let keys = ["id", "title", "due", "sections", "lead"];
        let cases = [
            ("tilte", Some("title")),
            ("名称", Some("title")),
            ("截止", Some("due")),
            ("section", Some("sections")),
            ("ＤＵＥ", Some("due")),
            ("colour", None),
        ];
        for (word, key) in cases {
            assert_eq!(nearest_key(word, &keys), key, "{word}");
        }
        let roster = ["办公室", "法制科", "道运科"];
        let cases = [
            ("办公厅", Some("办公室")),
            ("办 公 室", Some("办公室")),
            ("道路运输科", Some("道运科")),
            ("财务处", None),
        ];
        for (word, name) in cases {
            assert_eq!(nearest(word, roster), name, "{word}");
        }
    }

    #[test]
    fn addresses() {
        for (text, right) in [
            ("bgs＠example.test", "\"bgs@example.test\""),
            ("bgs@example。test", "\"bgs@example.test\""),
            (" bgs@example.test ", "\"bgs@example.test\""),
            ("办公室 <bgs@example.test>", "\"bgs@example.test\""),
            ("a@example.test，b@example.test", "\"a@example.test\", \"b@example.test\""),
            ("办公室", "name@example.test 这样的地址"),
        ] {
            assert_eq!(address(text), right, "{text}");
        }
    }
}
