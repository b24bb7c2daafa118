//! The verbs of a report (办结, 不能按期, 不适用, 撤回), and remarks that contradict them.

use jiff::civil::Date;

use super::{
    Act, date,
    folded::{Text, is_pause, starts_with},
};

/// What a verb reports; an expected date is read from the remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Done,
    Postponed,
    NotApplicable,
    TakeBack,
}

const ADVERBS: [&str; 20] = [
    "已按期",
    "已按时",
    "已按要求",
    "均已",
    "都已",
    "已经",
    "现已",
    "业已",
    "已于近日",
    "已",
    "均",
    "都",
    "全部",
    "全都",
    "皆",
    "我科",
    "我们",
    "已全部",
    "也",
    "经核实",
];
const DONE: [&str; 10] =
    ["办理完毕", "办理完成", "办理完结", "落实完毕", "办结", "办完", "办妥", "完成", "完结", "销号"];
const CANNOT: [&str; 6] = ["不能", "无法", "不可能", "难以", "未能", "没法"];
const IN_TIME: [&str; 5] = ["按期限", "按期", "按时", "如期", "准时"];
const FINISH: [&str; 9] = ["办结", "办理完毕", "办理", "完成", "办完", "报送", "提交", "发布", "上报"];
const POSTPONE: [&str; 10] =
    ["申请延期", "请求延期", "需要延期", "需延期", "拟延期", "请予延期", "延期", "申请延后", "申请推迟", "申请顺延"];
const NOT_OURS: [&str; 6] = ["不适用", "不涉及", "不涉及此项", "不涉及该项", "不涉及本项", "不涉及此项工作"];
const OUR_SECTION: [&str; 16] = [
    "该事项",
    "此事项",
    "本事项",
    "该项工作",
    "此项工作",
    "本项工作",
    "于我科室",
    "于本科室",
    "于我科",
    "于本科",
    "我科室",
    "本科室",
    "我科",
    "本科",
    "我单位",
    "我们",
];
const TAKE_BACK: [&str; 12] = [
    "申请撤回",
    "请撤回",
    "请撤销",
    "申请撤销",
    "撤回",
    "撤销",
    "取消登记",
    "误报",
    "报错了",
    "报错",
    "登记错了",
    "填错了",
];
const TAKEN: [&str; 7] = ["办结登记", "上次登记", "登记", "办结", "申报", "上报", "回复"];

/// The verb at the beginning, if it ends as a verb does, and its length in characters.
pub(super) fn read(chars: &[char]) -> Option<(Verb, usize)> {
    let bare = skip(chars, 0, &["对", "该项", "此项", "本项"]);
    let adverbs = (0..3).fold(bare, |at, _| skip(chars, at, &ADVERBS));
    if let Some(at) = word(chars, on_a_day(chars, adverbs), &DONE) {
        // `办结：否` fills in a form: without 已, the verb does not stand alone.
        if adverbs == bare && chars.get(at) == Some(&':') {
            return None;
        }
        return ends(chars, skip(chars, at, &["了", "啦"]), &[]).map(|end| (Verb::Done, end));
    }
    if let Some(at) = word(chars, adverbs, &CANNOT)
        && let Some(at) = word(chars, at, &IN_TIME)
    {
        let at = skip(chars, skip(chars, at, &FINISH), &["了"]);
        return ends(chars, at, &["因", "由于", "原因"]).map(|end| (Verb::Postponed, end));
    }
    // `已延期` and `已撤回` may be about a document: they ask for nothing.
    if let Some(at) = word(chars, bare, &POSTPONE) {
        let at = skip(chars, at, &FINISH);
        return ends(chars, at, &["至", "到", "因", "由于", "原因"]).map(|end| (Verb::Postponed, end));
    }
    if let Some(at) = word(chars, adverbs, &NOT_OURS) {
        let at = skip(chars, skip(chars, at, &OUR_SECTION), &["工作", "业务"]);
        return ends(chars, at, &[]).map(|end| (Verb::NotApplicable, end));
    }
    let at = word(chars, bare, &TAKE_BACK)?;
    ends(chars, skip(chars, skip(chars, at, &TAKEN), &["了"]), &[]).map(|end| (Verb::TakeBack, end))
}

/// `已于1月30日`: the day on which it was done. Without 已 it may be a future day.
fn on_a_day(chars: &[char], at: usize) -> usize {
    let is_said = at > 0 && chars.get(at - 1) == Some(&'已') && chars.get(at) == Some(&'于');
    let of_day = |c: &&char| c.is_ascii_digit() || matches!(c, '年' | '月' | '日' | '号' | '.' | '-' | '/' | ' ');
    let length = chars.get(at + 1..).unwrap_or_default().iter().take(16).take_while(of_day).count();
    if is_said && length > 0 { at + 1 + length } else { at }
}

/// Whether a verb stands anywhere in it, even without an end.
pub(super) fn stands_in(chars: &[char]) -> bool {
    const MARKS: [&str; 14] = [
        "办结",
        "完成",
        "办完",
        "办理完",
        "办妥",
        "完结",
        "销号",
        "按期",
        "按时",
        "延期",
        "不适用",
        "不涉及",
        "撤回",
        "撤销",
    ];
    let more = ["取消登记", "误报", "报错", "如期", "推迟", "延后", "顺延"];
    (0..chars.len()).any(|at| MARKS.iter().chain(&more).any(|mark| starts_with(&chars[at..], mark)))
}

/// Where the longest of these words at this place ends.
fn word(chars: &[char], at: usize, words: &[&str]) -> Option<usize> {
    let rest = chars.get(at..)?;
    let found = words.iter().filter(|w| starts_with(rest, w)).map(|w| w.chars().count()).max()?;
    Some(at + found)
}

fn skip(chars: &[char], at: usize, words: &[&str]) -> usize {
    word(chars, at, words).unwrap_or(at)
}

/// A verb ends with the clause, with punctuation or a space, or before one of these words.
fn ends(chars: &[char], at: usize, before: &[&str]) -> Option<usize> {
    let rest = chars.get(at..).unwrap_or_default();
    let mark = rest.first().is_none_or(|c| is_pause(*c) || matches!(c, '(' | '-' | '…' | '—' | '[' | '【'));
    (mark || before.iter().any(|word| starts_with(rest, word))).then_some(at)
}

impl Verb {
    /// The act, with what the remark adds; `None` if the remark contradicts the verb.
    pub fn act(self, remark: &Text, today: Date) -> Option<Act> {
        let spoken = remark.spoken();
        let says = |words: &[&str]| words.iter().any(|word| spoken.contains(word));
        // A question is not a report, a numbered item in a remark makes it unclear which item is meant, and words
        // before a closing quotation mark were only quoted.
        let numbered = spoken.contains(|c: char| ('①'..='⒛').contains(&c) || ('㉑'..='㊿').contains(&c));
        // `不能按期办结` with a line break before `的，请说明原因`: words of our letter, not of a reply.
        let goes_on = spoken.trim_start().starts_with(['的', '后', '时', '前', '之', '者', '情', '一', '或']);
        if goes_on
            || says(&["请说明", "请写明", "?", "吗", "怎么", "能否", "可否", "是否", "如何"])
            || numbered
            || spoken.starts_with(['”', '"', '」'])
        {
            return None;
        }
        match self {
            Self::Done => (!weakens(&spoken) && !date::lies_ahead(&spoken, today)).then_some(Act::Done),
            Self::Postponed => {
                let done = says(&[
                    "已办结",
                    "已完成",
                    "已经办结",
                    "已经完成",
                    "已销号",
                    "已办完",
                    "撤回",
                    "误报",
                    "不适用",
                    "不涉及",
                ]);
                (!done).then(|| Act::Postponed { expected: date::expected(&spoken, today) })
            }
            Self::NotApplicable => {
                let in_part = says(&["但", "除", "部分", "已办结", "已完成", "撤回", "误报", "不对", "其余", "其他"]);
                (!in_part).then_some(Act::NotApplicable)
            }
            Self::TakeBack => {
                (!says(&["不撤", "不用撤", "不要撤", "已办结", "已完成", "不适用"])).then_some(Act::TakeBack)
            }
        }
    }
}

/// Whether a remark says that not all is done.
fn weakens(spoken: &str) -> bool {
    // Names in which these characters are no negation.
    let spoken = &["不动产", "未来", "未成年", "非遗"].iter().fold(spoken.to_owned(), |s, name| s.replace(name, ""));
    // `：否`, `：无`, and a fraction: `八成`, `2/3`.
    let head = spoken.trim_start_matches(|c: char| is_pause(c) || c == ':');
    let part = |c: char| c.is_ascii_digit() || "一二三四五六七八九半".contains(c);
    let first = head.trim_start_matches(part);
    if head.starts_with(['否', '无', '×', 'x', 'X']) || (first.len() < head.len() && first.starts_with(['成', '/']))
    {
        return true;
    }
    const LEFT: [&str; 60] = [
        "未",
        "没",
        "尚",
        "除",
        "但",
        "还差",
        "还有",
        "还需",
        "仍",
        "待",
        "预计",
        "预期",
        "计划",
        "部分",
        "一半",
        "差",
        "正在",
        "进度",
        "基本",
        "大部",
        "大体",
        "大致",
        "初稿",
        "初步",
        "阶段",
        "过半",
        "多半",
        "大半",
        "小半",
        "其余",
        "其他",
        "其它",
        "剩",
        "缺",
        "欠",
        "下周",
        "下月",
        "下个月",
        "明天",
        "明日",
        "后天",
        "争取",
        "尽快",
        "即将",
        "将于",
        "将在",
        "暂",
        "延期",
        "推迟",
        "无法",
        "撤回",
        "撤销",
        "误报",
        "取消",
        "只",
        "仅",
        "%",
        "进行中",
        "办理中",
        "审核中",
    ];
    const MORE: [&str; 24] = [
        "审批中",
        "修改中",
        "如果",
        "假如",
        "的话",
        "错",
        "难",
        "非",
        "续办",
        "再办",
        "快了",
        "左右",
        "分之",
        "等局",
        "等领导",
        "等签",
        "等审",
        "等批",
        "估计",
        "正走",
        "公示中",
        "在补",
        "拟",
        "明晚",
    ];
    if LEFT.iter().chain(&MORE).any(|word| spoken.contains(word)) {
        return true;
    }
    let mut rest = spoken.as_str();
    while let Some(at) = rest.find('不') {
        rest = &rest[at + '不'.len_utf8()..];
        if !["再", "必", "用", "另"].iter().any(|harmless| rest.starts_with(harmless)) {
            return true;
        }
    }
    false
}
