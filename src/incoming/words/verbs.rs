//! The verbs of a report (办结, 不能按期, 不适用, 撤回), and remarks that contradict them.

use jiff::civil::Date;

use super::{
    Act, date,
    folded::{Text, is_pause, starts_with},
    known, remains,
};

/// What a verb reports; an expected date is read from the remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Done,
    /// A clerk's word that may mean a step only: with a document number or a link it is done.
    Handled,
    Postponed,
    NotApplicable,
    /// `材料已报`
    HandedIn,
    /// `进展：`
    Progress,
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
/// Done where 已 or 了 says so; 发布 alone may be an order.
const HANDLED: [&str; 20] = [
    "办理", "报送", "发布", "公布", "公开", "印发", "上报", "提交", "上传", "挂网", "上网", "寄出", "报出", "发出",
    "送达", "公告", "刊登", "填报", "录入", "推送",
];
const FINISHED: [&str; 10] = ["办好", "弄完", "弄好", "搞定", "搞完", "做完", "做好", "办理好", "处理完", "处理好"];
const CANNOT: [&str; 6] = ["不能", "无法", "不可能", "难以", "未能", "没法"];
const IN_TIME: [&str; 5] = ["按期限", "按期", "按时", "如期", "准时"];
const FINISH: [&str; 9] = ["办结", "办理完毕", "办理", "完成", "办完", "报送", "提交", "发布", "上报"];
const POSTPONE: [&str; 28] = [
    "申请延期",
    "请求延期",
    "需要延期",
    "需延期",
    "拟延期",
    "请予延期",
    "希望延期",
    "延期",
    "申请延后",
    "申请推迟",
    "申请顺延",
    "延至",
    "延到",
    "申请延至",
    "申请延到",
    "拟延至",
    "拟延到",
    "需延至",
    "需延到",
    "推迟至",
    "推迟到",
    "延后至",
    "延后到",
    "顺延至",
    "顺延到",
    "推至",
    "推到",
    "缓至",
];
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

/// What was handed in, and that it was.
const MATERIAL: [&str; 5] = ["材料", "数据", "资料", "配合材料", "相关材料"];
const HANDED: [&str; 9] = ["报送", "报出", "提交", "提供", "上报", "报", "交", "送", "发"];
const PROGRESS: [&str; 6] = ["进展情况", "进展", "目前进展", "办理进展", "工作进展", "进度"];

/// The verb at the beginning, if it ends as a verb does, and its length in characters.
pub(super) fn read(chars: &[char]) -> Option<(Verb, usize)> {
    if let Some(at) = word(chars, 0, &PROGRESS)
        && chars.get(at) == Some(&':')
    {
        return Some((Verb::Progress, at + 1));
    }
    if let Some(end) = handed_in(chars) {
        return Some((Verb::HandedIn, end));
    }
    let bare = skip(chars, 0, &["对", "该项", "此项", "本项"]);
    let adverbs = (0..3).fold(bare, |at, _| skip(chars, at, &ADVERBS));
    if let Some(at) = word(chars, on_a_day(chars, adverbs), &DONE) {
        // `办结：否` fills in a form: without 已, the verb does not stand alone.
        if adverbs == bare && chars.get(at) == Some(&':') {
            return None;
        }
        return ends(chars, skip(chars, at, &["了", "啦"]), &[]).map(|end| (Verb::Done, end));
    }
    if let Some(end) = handled(chars, bare, adverbs) {
        return Some((Verb::Handled, end));
    }
    if let Some(at) = word(chars, adverbs, &CANNOT)
        && let Some(at) = word(chars, at, &IN_TIME)
    {
        let at = skip(chars, skip(chars, at, &FINISH), &["了"]);
        return ends(chars, at, &["因", "由于", "原因"]).map(|end| (Verb::Postponed, end));
    }
    // `已延期` and `已撤回` may be about a document: they ask for nothing.
    if let Some(at) = word(chars, bare, &POSTPONE) {
        let names_day = matches!(chars.get(at - 1), Some('至' | '到')).then_some(at);
        let at = skip(chars, at, &FINISH);
        return names_day
            .or_else(|| ends(chars, at, &["至", "到", "因", "由于", "原因"]))
            .map(|end| (Verb::Postponed, end));
    }
    if let Some(at) = word(chars, adverbs, &NOT_OURS) {
        let at = skip(chars, skip(chars, at, &OUR_SECTION), &["工作", "业务"]);
        return ends(chars, at, &[]).map(|end| (Verb::NotApplicable, end));
    }
    let at = word(chars, bare, &TAKE_BACK)?;
    ends(chars, skip(chars, skip(chars, at, &TAKEN), &["了"]), &[]).map(|end| (Verb::TakeBack, end))
}

/// `材料已报`, `已报材料`, `数据报了`: where it ends. To whom it went may follow.
fn handed_in(chars: &[char]) -> Option<usize> {
    let over = |at: usize| skip(chars, at, &["了", "啦", "过", "出", "齐"]);
    if let Some(what) = word(chars, 0, &MATERIAL) {
        let said = word(chars, what, &["已经", "均已", "都已", "已"]);
        let end = over(word(chars, said.unwrap_or(what), &HANDED)?);
        let is_said = said.is_some() || chars[..end].ends_with(&['了']);
        return is_said.then(|| ends(chars, end, &["给", "至", "到", "办公室"])).flatten();
    }
    let said = word(chars, 0, &["已经", "已"])?;
    let end = word(chars, word(chars, said, &HANDED)?, &MATERIAL)?;
    ends(chars, over(end), &["给", "至", "到"])
}

/// `已报送`, `办好了`, `已在门户网站发布`: where it ends. What it was done to may follow.
fn handled(chars: &[char], bare: usize, adverbs: usize) -> Option<usize> {
    let is_said = (bare..adverbs).any(|at| chars[at] == '已');
    let at = on_a_day(chars, adverbs);
    if let Some(end) = word(chars, at, &FINISHED) {
        return ends(chars, skip(chars, end, &["了", "啦"]), &[]);
    }
    // `已在……发布`, `已向……报送`.
    let place = ["在", "于", "通过", "向", "由", "将", "按要求", "报"];
    let from = if is_said && word(chars, at, &HANDLED).is_none() && word(chars, at, &place).is_some() {
        let within = chars.get(at..)?.iter().take(25).take_while(|c| !is_pause(**c)).count();
        (at + 1..at + within).find(|at| word(chars, *at, &HANDLED).is_some())?
    } else {
        at
    };
    let end = word(chars, from, &HANDLED)?;
    let over = skip(chars, end, &["完毕", "完成", "了"]);
    (is_said || over > end).then_some(over)
}

/// Whether the adverbs before the verb say that it is all of them: `均已办结`, not `已在全省……发布`.
pub(super) fn is_of_all(chars: &[char]) -> bool {
    let bare = skip(chars, 0, &["对", "该项", "此项", "本项"]);
    let end = (0..3).fold(bare, |at, _| skip(chars, at, &ADVERBS));
    chars[bare..end].iter().any(|c| matches!(c, '均' | '都' | '皆' | '全'))
}

/// A document number or a link. A street number and an address of mail, as in a signature, are none.
fn is_evidence(remark: &Text) -> bool {
    let shown = remark.shown();
    let link = shown
        .split_whitespace()
        .filter(|word| !word.contains('@'))
        .any(|word| ["http://", "https://", "www."].iter().any(|l| word.contains(l)));
    let plain: Vec<char> = remark.piece().plain.to_vec();
    let number = plain.iter().enumerate().any(|(at, c)| {
        let before = plain[..at].iter().rev();
        let has_digit = before.clone().find(|c| **c != ' ').is_some_and(char::is_ascii_digit);
        let names = before.clone().find(|c| **c != ' ' && !c.is_ascii_digit());
        let is_document = names.is_some_and(|c| "〕])】第函发字办令文通".contains(*c));
        *c == '号' && has_digit && is_document && !is_day(&plain[..at])
    });
    link || number || shown.contains("文号") && plain.iter().any(char::is_ascii_digit)
}

/// Whether the digits at the end are a day of a month: `3月2` before 号.
fn is_day(before: &[char]) -> bool {
    let digits = before.iter().rev().take_while(|c| c.is_ascii_digit() || **c == ' ').count();
    before.get(..before.len() - digits).and_then(<[char]>::last) == Some(&'月')
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
    let is_mark = |c: &char| is_pause(*c) || matches!(c, '(' | '-' | '…' | '—' | '[' | '【') || known::is_face(*c);
    let mark = rest.first().is_none_or(is_mark);
    (mark || before.iter().any(|word| starts_with(rest, word))).then_some(at)
}

impl Verb {
    /// Whether it is said of what the sender only helps with, or of the rest; `None`: of either.
    pub fn is_of_helpers(self) -> Option<bool> {
        match self {
            Self::Done | Self::Handled | Self::Postponed | Self::NotApplicable | Self::TakeBack => Some(false),
            Self::HandedIn => Some(true),
            Self::Progress => None,
        }
    }

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
            || says(&[
                "请说明",
                "请写明",
                "?",
                "吗",
                "对吧",
                "是吧",
                "对么",
                "是么",
                "了么",
                "怎么",
                "能否",
                "可否",
                "是否",
                "如何",
            ])
            || numbered
            || spoken.starts_with(['”', '"', '」'])
        {
            return None;
        }
        // What was published for comment, or asked for, is a step.
        let is_step = says(&["征求意见", "征集", "意见稿", "讨论稿", "草案", "草稿", "样稿", "预告", "请示", "申请"]);
        let is_whole = remains::leaves_nothing_open(&spoken, today);
        match self {
            Self::Handled => (is_whole && !is_step && is_evidence(remark)).then_some(Act::Done),
            Self::Done => is_whole.then_some(Act::Done),
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
            // What else it says is told with it; but a report in it, or a part, is asked about.
            Self::HandedIn => is_whole.then_some(Act::HandedIn),
            Self::Progress => {
                let told: Vec<char> = spoken.trim_matches(is_pause).chars().collect();
                let reports = matches!(read(&told), Some((Self::Done | Self::NotApplicable | Self::TakeBack, _)));
                let is_late = says(&["延期", "推迟", "延后", "不能按", "无法按", "不适用", "撤回"]);
                (!told.is_empty() && !reports && !is_late).then_some(Act::Progress)
            }
            Self::TakeBack => {
                (!says(&["不撤", "不用撤", "不要撤", "已办结", "已完成", "不适用"])).then_some(Act::TakeBack)
            }
        }
    }
}
