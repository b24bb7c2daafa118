//! Words around a report that report nothing: greetings, `收到`, `本科室`.

use super::folded::{Piece, is_pause, starts_with};

const GREETINGS: [&str; 26] = [
    "答",
    "补报",
    "done",
    "报告",
    "尊敬的",
    "您好",
    "你好",
    "各位领导好",
    "各位领导",
    "各位好",
    "各位",
    "领导好",
    "领导",
    "大家好",
    "上午好",
    "下午好",
    "早上好",
    "早",
    "回复",
    "答复",
    "办理情况",
    "反馈如下",
    "现回复如下",
    "回复如下",
    "情况如下",
    "re",
];
const SUBJECTS: [&str; 21] = [
    "我科室的",
    "我科室",
    "本科室",
    "我科",
    "本科",
    "我单位",
    "我们",
    "我处",
    "该事项",
    "本事项",
    "此事项",
    "此项工作",
    "该项工作",
    "本项工作",
    "此项",
    "该项",
    "本项",
    "以上事项",
    "上述事项",
    "以上",
    "上述",
];
const TITLES: [&str; 9] = ["主任", "科长", "处长", "局长", "书记", "老师", "同志", "办公室", "股长"];
const READ: [&str; 24] = [
    "收到",
    "已收到",
    "收悉",
    "已收悉",
    "好的",
    "好",
    "知道了",
    "知悉",
    "已知悉",
    "已阅",
    "明白",
    "明白了",
    "了解",
    "谢谢",
    "多谢",
    "感谢",
    "谢谢提醒",
    "感谢提醒",
    "辛苦了",
    "辛苦",
    "ok",
    "嗯",
    "嗯嗯",
    "谢谢您",
];

/// An acknowledgement that says what is still to come: after a report, it takes that back.
const PROMISED: [&str; 17] = [
    "马上办",
    "尽快办",
    "抓紧办",
    "立即办",
    "马上处理",
    "尽快处理",
    "尽快完成",
    "尽快落实",
    "抓紧处理",
    "尽快办理",
    "马上办理",
    "抓紧办理",
    "按要求办理",
    "立即办理",
    "正在办理中",
    "尽快报送",
    "抓紧落实",
];

/// The clause without greetings, and without words that only name the sender.
pub(super) fn skip(clause: Piece) -> Piece {
    let mut rest = clause.trim_start();
    for _ in 0..6 {
        let before = rest.plain.len();
        rest = skip_reporter(skip_salutation(rest)).trim_start();
        for word in READ.iter().chain(&GREETINGS) {
            let after = rest.from(word.chars().count());
            let said = lower_starts_with(rest, word) && after.plain.first().is_none_or(|c| is_pause(*c));
            if said {
                rest = after.trim_start();
            }
        }
        let longest = SUBJECTS.iter().filter(|s| rest.starts_with(s)).map(|s| s.chars().count()).max();
        if let Some(width) = longest.filter(|w| *w < rest.plain.len()) {
            rest = rest.from(width).trim_start();
        }
        if rest.plain.len() == before {
            break;
        }
    }
    rest
}

/// Whether it says only that the letter was read; `first`: a salutation and a promise are allowed too.
pub(super) fn is_acknowledgement(clause: Piece, first: bool) -> bool {
    let mut any = false;
    for words in clause.plain.split(|c| is_pause(*c)).filter(|w| !w.is_empty()) {
        let said: String = words.iter().collect::<String>().to_lowercase();
        let bare = said.trim_end_matches(['了', '啦', '哦', '呢', '~', '!']);
        if READ.contains(&said.as_str()) || READ.contains(&bare) || first && PROMISED.contains(&promised(bare)) {
            any = true;
        } else if !(GREETINGS.contains(&said.as_str()) || first && is_salutation(words)) {
            return false;
        }
    }
    any
}

/// A promise without who gives it: `我科会尽快办理`.
fn promised(words: &str) -> &str {
    const WHO: [&str; 10] = ["我科室", "我科", "我们", "我处", "我单位", "本科室", "本科", "一定", "会", "将"];
    (0..3).fold(words, |rest, _| WHO.iter().find_map(|who| rest.strip_prefix(who)).unwrap_or(rest))
}

/// `张主任您好`, `李科长`: not a report, as `材料已报办公室` is.
fn is_salutation(words: &[char]) -> bool {
    let text: String = words.iter().collect();
    let bare = text.trim_end_matches('好').trim_end_matches(['您', '你', '们']);
    words.len() <= 9
        && !words.contains(&'已')
        && !text.contains("报了")
        && TITLES.iter().any(|title| bare.ends_with(title))
}

fn skip_salutation(clause: Piece) -> Piece {
    let end = clause.plain.iter().take(11).position(|c| is_pause(*c)).unwrap_or(clause.plain.len());
    if is_salutation(clause.plain.get(..end).unwrap_or_default()) { clause.from(end).trim_start() } else { clause }
}

/// Skips `经办人：张三` before a report.
fn skip_reporter(clause: Piece) -> Piece {
    let Some(label) = ["经办人", "联系人", "填报人", "报送人", "回复人"].iter().find(|l| clause.starts_with(l))
    else {
        return clause;
    };
    let named = clause.from(label.chars().count()).trim_start();
    let end = named.plain.iter().take(5).position(|c| is_pause(*c));
    end.map_or(clause, |end| named.from(end).trim_start())
}

fn lower_starts_with(clause: Piece, word: &str) -> bool {
    starts_with(clause.plain, word)
        || clause.plain.iter().zip(word.chars()).filter(|(a, b)| a.to_ascii_lowercase() == *b).count()
            == word.chars().count()
}
