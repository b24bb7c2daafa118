//! The title of a duty: an action of at most 30 characters, in the row's own words.

use crate::ledger::cells::plain_title;

/// So long may a title be.
const LONGEST: usize = 30;

/// Words that an action begins with.
const VERBS: &[&str] = &[
    "发布",
    "公布",
    "公开",
    "更新",
    "召开",
    "听取",
    "制定",
    "制订",
    "报送",
    "上报",
    "报告",
    "编制",
    "完成",
    "开展",
    "建立",
    "提交",
    "修订",
    "印发",
    "组织",
    "落实",
    "推进",
    "推动",
    "加强",
    "规范",
    "做好",
    "完善",
    "健全",
    "优化",
    "提升",
    "提高",
    "加快",
    "加大",
    "深化",
    "强化",
    "严格",
    "聚焦",
    "充分",
    "积极",
    "认真",
    "切实",
    "持续",
    "深入",
    "准确",
    "配齐",
    "进一步",
    "梳理",
    "清理",
    "检查",
    "督促",
    "启动",
    "建设",
    "成立",
    "举办",
    "汇总",
    "审核",
    "实施",
    "遴选",
    "分配",
    "学习",
    "通过",
    "及时",
    "密切",
    "综合",
    "不断",
    "改进",
    "出台",
    "支持",
    "新建",
    "推广",
    "培训",
    "宣传",
    "填报",
    "申报",
    "办理",
    "答复",
    "归档",
    "整改",
    "评估",
    "考核",
    "总结",
    "形成",
    "设立",
    "配合",
    "参加",
    "围绕",
    "集中",
    "打造",
    "探索",
    "创新",
    "抓好",
    "统筹",
    "拓展",
    "保障",
    "巩固",
    "维护",
    "研究",
    "调整",
    "投稿",
];
/// Verbs that say by what, not what.
const BASES: [&str; 2] = ["围绕", "通过"];

pub struct Title {
    pub text: String,
    /// It is the row's beginning only.
    pub is_cut: bool,
}

/// `clause` is the one with the date, if it was found in a sentence.
pub fn title(task: &str, clause: Option<&str>) -> Title {
    let line = plain_title(task);
    if let Some(dated) = clause.and_then(|clause| of_clause(&plain_title(clause), &line)) {
        return Title { text: dated, is_cut: false };
    }
    if count(&line) <= LONGEST && !line.is_empty() {
        let text = line.trim_end_matches(['。', '；', ';', '：', ':']).to_owned();
        return Title { text, is_cut: false };
    }
    let clauses = || line.split(['。', '；', ';', '，', ',', '！', '：']).map(str::trim).filter(|c| !c.is_empty());
    // The first clause that begins with an action and is short enough; of two sentences the first one wins.
    let first = clauses().next().unwrap_or_default();
    let fits = |c: &str| (4..=LONGEST).contains(&count(c));
    let acts = |c: &str| VERBS.iter().any(|verb| c.starts_with(verb)) && !BASES.iter().any(|word| c.starts_with(word));
    let found = clauses().take(6).find(|c| fits(c) && acts(c) && is_whole(c)).map(str::to_owned);
    let behind = || clauses().take(3).find_map(|c| after_duty(c).filter(|c| fits(c) && is_whole(c)));
    match found.or_else(behind) {
        Some(text) => Title { text, is_cut: false },
        None => Title { text: cut(if count(first) > 8 { first } else { &line }), is_cut: true },
    }
}

fn count(text: &str) -> usize {
    text.chars().count()
}

/// No quotation mark or bracket that opens or closes elsewhere.
fn is_whole(text: &str) -> bool {
    [('“', '”'), ('《', '》'), ('（', '）'), ('(', ')')]
        .iter()
        .all(|(a, b)| text.matches(*a).count() == text.matches(*b).count())
}

fn cut(text: &str) -> String {
    if count(text) <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// `各部门要持续推动…` is 持续推动….
fn after_duty(clause: &str) -> Option<String> {
    let (_, after) = clause.split_once(['要', '应', '须'])?;
    VERBS.iter().any(|verb| after.starts_with(verb)).then(|| after.to_owned())
}

/// What is done by the date: `于每年的3月1日前发布…` is 发布…, `每年至少召开一次会议` is 召开会议.
fn of_clause(clause: &str, line: &str) -> Option<String> {
    // The sentence goes on behind the clause that holds the date.
    let from = line.find(clause)?;
    let whole = &line[from..];
    let end = whole.find(['，', '。', '；', ';', ',']).unwrap_or(whole.len());
    let clause = &whole[..end.max(clause.len().min(whole.len()))];
    let at = VERBS.iter().filter_map(|verb| clause.find(verb)).filter(|at| is_dated(&clause[..*at])).min()?;
    let text = without_count(&clause[at..]);
    let text = text.split(['，', '。', '；', ';']).next().unwrap_or_default().trim().to_owned();
    let text = if count(&text) > LONGEST { text.replace("本单位、本系统", "") } else { text };
    ((4..=LONGEST).contains(&count(&text)) && is_whole(&text)).then_some(text)
}

fn is_dated(before: &str) -> bool {
    before.contains(['日', '月', '年', '前', '内', '每', '周', '季'])
}

/// Without `一次`, ` 1 次`, `至少2次`.
fn without_count(text: &str) -> String {
    let Some(end) = text.find('次') else { return text.to_owned() };
    let before = text[..end].trim_end();
    let start = before.trim_end_matches(|c: char| c.is_ascii_digit() || "一二两三四五六七八九十".contains(c)).len();
    if start == before.len() {
        return text.to_owned();
    }
    let head = text[..start].trim_end().trim_end_matches("至少").trim_end_matches("不少于").trim_end();
    format!("{head}{}", text[end + '次'.len_utf8()..].trim_start())
}
