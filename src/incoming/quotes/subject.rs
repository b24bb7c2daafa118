//! What a reply's subject says beside our letter's.

/// What programs and gateways put before a subject.
const MARKS: &str = "回复 答复 回覆 转发 转寄 re fw fwd aw sv 自动 外部邮件 外部 ext external spam 垃圾邮件";

/// The words that are not of our subject, `ours`: programs cut that, and put their marks before it.
pub fn own_subject(subject: &str, ours: &str) -> String {
    let own = match ours.split_once('】').and_then(|(tag, _)| subject.split_once(tag)) {
        Some((before, _)) => [before, subject.split_once(ours).map_or("", |(_, after)| after)].join(" "),
        None => subject.to_owned(),
    };
    let is_edge = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || "：【】（）".contains(c);
    let is_mark = |word: &str| MARKS.split(' ').any(|mark| word.eq_ignore_ascii_case(mark));
    own.split(is_edge).filter(|word| !word.is_empty() && !is_mark(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::own_subject;

    #[test]
    fn what_is_not_ours() {
        let ours = "【政务公开提醒】还剩3个工作日：发布年报";
        for (subject, own) in [
            ("回复：【政务公开提醒】还剩3个工作日：发布年报", ""),
            ("Re: [EXT] 【政务公开提醒】还剩3个工", ""),
            ("草稿 回复：【政务公开提醒】还剩3个工作日：发布年报", "草稿"),
            ("【政务公开提醒】还剩3个工作日：发布年报——还没发布", "——还没发布"),
            ("年报还没发布", "年报还没发布"),
        ] {
            assert_eq!(own_subject(subject, ours), own, "{subject}");
        }
    }
}
