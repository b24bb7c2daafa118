//! Whether a remark on 已办结 says that it is not all done, or speaks of what is still to come. Then it is asked back.

use jiff::civil::Date;

use super::{date, folded::is_pause, known};

/// Names and words in which 未, 非, 不, 还, 再, 要, 后 and their like deny nothing and announce nothing.
const NAMES: &str = "麻烦销号 麻烦核销 麻烦登记 麻烦回个确认 麻烦消一下提醒 以后不用催 不用再提醒 不要再提醒 不用提醒 不要再发提醒 不用再发提醒 不用催 无遗留问题 无其他事项 核对无误 不再另行报送 不再另行上报 不再另行 不再报送 请审阅 不动产 未来 未成年 未保 未检 未央 未名 未雨绸缪 非遗 非公 非税 非物质文化遗产 非法 打非 非机动车 \
    非煤 非居民 非营利 非全日制 非洲 非凡 非诉 没收 没关系 不用谢 不客气 不好意思 不忘初心 归还 退还 \
    返还 偿还 交还 发还 还款 还原 还建 还贷 还清 还田 还林 还耕 还草 再生 再就业 再贷款 再次感谢 \
    再次提醒 再次谢谢 再谢 再见 不再 再制造 再担保 再教育 主要 要求 重要 纪要 要点 要闻 摘要 概要 要件 \
    要素 有问题请 简要 扼要 要情 提要 要目 必要 无异议 无其他意见 无补充 无遗漏 无问题 没有问题 没问题 转发 转载 周转 \
    转正 转变 转型 运转 转账 好转 转移支付 依申请 申请人 申请表 申请书 工作安排 资金安排 预算安排 工作部署 信息公开 政务公开 \
    主动公开 公开信息 公示期满 公示无 公示期已满 公示期结束 发展改革 发改 如需要 有需要 若需要 如需 若需 按需 所需 需求 供需 无需 不需 特需 \
    行政审批 审批局 审批科 审批股 审批处 审批办 审批表 审批件 签批件 审核表 审核意见 批准文件 审计";

/// Whether a remark on 已办结 leaves nothing open: all of it is known to be harmless, and nothing is suspicious.
pub(super) fn leaves_nothing_open(spoken: &str, today: Date) -> bool {
    known::is_known(spoken) && !is_suspicious(spoken) && !date::lies_ahead(spoken, today)
}

/// Whether words are of the kinds that leave something open.
pub(super) fn is_suspicious(spoken: &str) -> bool {
    weakens(spoken) || is_to_come(spoken)
}

/// Whether a subject of the sender's own makes a report doubtful. Deeds stand in any subject.
pub(super) fn casts_doubt(subject: &str) -> bool {
    // `x` is no answer here.
    weakens(&format!("主题 {subject}")) || has(subject, COMING) || has(subject, WAITING)
}

/// Whether a remark says that not all is done.
fn weakens(spoken: &str) -> bool {
    // Names in which these characters are no negation.
    let spoken = &NAMES.split(' ').fold(spoken.to_owned(), |s, name| s.replace(name, ""));
    // `：否`, `：无`, and a fraction: `八成`, `2/3`.
    let head = spoken.trim_start_matches(|c: char| is_pause(c) || c == ':');
    let part = |c: char| c.is_ascii_digit() || "一二三四五六七八九半".contains(c);
    let first = head.trim_start_matches(part);
    if head.starts_with(['否', '无', '×', 'x', 'X'])
        || spoken.replace(' ', "").contains("()")
        || has(&spoken.replace(' ', ""), "〕号 xx号 XX号 ××号")
        || (first.len() < head.len() && first.starts_with(['成', '/']))
    {
        return true;
    }
    const LEFT: &str = "去年 前年 空白 打开是 未 没 尚 除 但 还差 还有 还需 仍 待 预计 预期 计划 部分 一半 差 正在 进度 基本 大部 大体 大致 初稿 \
    初步 阶段 过半 多半 大半 小半 其余 其他 其它 剩 缺 欠 下周 下月 下个月 明天 明日 后天 争取 尽快 即将 \
    将于 将在 暂 延期 推迟 无法 撤回 撤销 误报 取消 只 仅 % 进行中 办理中 审核中";
    const MORE: &str = "审批中 修改中 如果 假如 的话 错 难 非 续办 再办 快了 左右 分之 等局 等领导 等签 等审 等批 估计 正走 \
    公示中 在补 拟 明晚 草稿 作废 重来 下架 下线 撤下 撤了 撤稿 删了 被删 退了 退稿 404 好像 觉得 认为 以为 理论上 原则上 \
    算是 勉强 唯独 看情况 视情况 有出入 少附 是灰 在校 章在 忘 失效 有误 有问题 打不 没人 维护 第一批 首批 前两项 前三项 项中 中止 搁置 什么 先这样 吧 退回 打回 驳 返工 重做 重写 重报 重新 失败 漏 少了 少一 少两 少几 卡在";
    if has(spoken, LEFT) || has(spoken, MORE) {
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

/// Words of what is still to come, wherever they stand.
const COMING: &str = "还 晚点 晚些时 回头 过几天 过两天 过会 过些 等一会 明早 上会 走签 等主任 随后 稍后 过后 后补 后报 后发 后送 后交 后上 后印 后再 后即 后可 后将 后续 以后 然后 再 继续 陆续 \
    持续 跟进 跟踪 下一 下步 下个 下次 下季 下半年 下礼拜 下星期 第二步 第2步 第一步 第1步 接下来 走流程 \
    走程序 走审批 抓紧 马上 立即 立刻 赶紧 力争 打算 可能 大概 应该 或许 也许 快要 快好 需 会尽 会在 \
    会于 会及时 会补 将继 将尽 将会 将陆 将及 在审 在办 在走 在签 在核 在改 在弄 在做 在写 在催 在等 \
    在编 在印 在流 在准备 在协调 在推 在整 等通知 在途 在调 在校对 流转 走OA 走oa 那里 手上 手里 压着 路上 稍等 另发 另寄 另附 另报 另行 \
    就发 就报 就送 就上 就印 就好 先发 先报 先交 先送 先传 晚两 晚几 迟 缓 宽限 推几 推两 放一放 公示期 送过去 去盖 去报 去签 \
    拿去 送去 请确认 请核实 请把关 请指示 请帮 请协 请代 接着 多给 压在 就传 同意发 同意公 同意上 同意印 同意报 麻烦 劳烦 烦请 帮忙 帮我 协助 代为 交由 移交";
/// A step that is taken at the beginning, however much 已 stands before it.
const STARTED: &str =
    "完善 送审 报批 送签 报签 报审 请示 申请 启动 安排 部署 布置 着手 开始 进入 催 转 呈 让 叫 通知张 通知李";
const WAITING: &str = "等发 等回复 等反馈 等盖章 等上级 等市 等省 等厅 等县 等区 等分管 等主要 等会 等开会 等下 等一下 等系统 \
    等批复 等结果";
/// Deeds that are to come where nothing says that they are done: `材料送审`, `报局长审批`, `补报`.
const DEEDS: &str = "征求意见 完善 征集 意见稿 讨论稿 样稿 送签 送审 报签 审核 审批 审定 审阅 审议 审签 签批 签发 签字 核准 会签 批准 批示 送审 报审 报批 盖章 准备 补报 补交 \
    补发 补上 补齐 补传 补送 补正 补件 补办 补签 补材料";
const OVER: &str = "已 了 完 经 通过 已同意 均 昨 前天 上周 全部 按期 按时 如期 提前 按要求 满 结束";
const TIMES: &str = "年后 节后 年前 节前 春节 除夕 两会 会前 会后 月中 傍晚 中午 择日 择期 适时 今天内 今日内 当天内 周一 周二 周三 周四 周五 周六 周日 星期 周末 月底 月初 月末 年底 年内 月内 周内 日内 近日 近期 本周 \
    这周 今晚 下午 晚上 晚些 稍晚 不久 届时 到时 回来";
/// Deeds that may be an order, a plan or a past deed: what says so has to stand beside them.
const DOING: &str = "发布 公布 公开 公示 印发 上报 报送 提交 上传 挂网 上网 上线 寄出 报出 发出 送达 刊登 填报 录入 推送 完成 定稿 \
    挂一下 挂出 整理 汇总 核对 校对 排版 打印 印刷 处理 落实";
/// After a deed: it is part of a name, or says where it was done.
const OF_NAME: &str = "日期 时间 人 单位 情况 结果 率 数 表 栏 科 办 局 处 股 室 目录 专栏 网址 链接 平台 渠道 方式 截图 页面 信息 号 机构 第 于 在 : 件 的 字 〔 [ ·";
/// What is handed on is not done by that: `已报局长审批`, `已送信息中心发布`.
const HANDS_ON: [char; 6] = ['报', '送', '交', '呈', '提', '由'];

/// Whether one of these words, which spaces separate, stands in a text.
fn has(text: &str, words: &str) -> bool {
    words.split(' ').any(|word| text.contains(word))
}

/// Whether a remark speaks of what is still to come.
fn is_to_come(spoken: &str) -> bool {
    let spoken =
        NAMES.split(' ').fold(spoken.to_owned(), |s, name| if s.contains(name) { s.replace(name, "·") } else { s });
    has(&spoken, COMING)
        || has(&spoken, WAITING)
        || has(&spoken, STARTED)
        || spoken.split(|c| c != ':' && is_pause(c) || matches!(c, '(' | ')' | '-' | '—' | '…')).any(piece_is_to_come)
        || is_none_of_it(&spoken)
}

fn piece_is_to_come(piece: &str) -> bool {
    // `要` after names are taken out, `审核中`, but not `专栏中`.
    let mut chars = piece.chars().rev();
    let goes_on = chars.next() == Some('中')
        && chars.next().is_some_and(|c| !"其年件统站信文会高初表当台栏区目册网刊报库".contains(c));
    let is_label = piece.find(':').is_some_and(|at| !piece[..at].ends_with(|c: char| c.is_ascii_digit()));
    let said = is_label || has(piece, OVER);
    // A day that is still to come is looked for by `date`.
    let is_over = said || names_day(piece) || piece.ends_with('的');
    piece.contains('要')
        || goes_on
        || !is_over && (has(piece, DEEDS) || has(piece, TIMES) || is_deed(piece))
        || !(is_over && piece.contains(['已', '了', '昨', '日', '的', ':'])) && ends_in_deed(piece)
        || !said && is_span(piece)
        || begins_with_wait(piece)
        || is_handed_on(piece)
        || is_afterwards(piece)
        || ["周", "底", "月", "号", "班", "天", "星期"].iter().any(|unit| is_before(piece, unit))
}

/// Whether a deed stands in it that is not part of a name: `发布`, but not `发布日期`.
fn is_deed(piece: &str) -> bool {
    DOING.split_whitespace().any(|deed| {
        piece.match_indices(deed).any(|(at, _)| {
            let after = &piece[at + deed.len()..];
            !after.starts_with(|c: char| c.is_ascii_digit()) && !OF_NAME.split(' ').any(|name| after.starts_with(name))
        })
    })
}

/// `签完就发`, `张三会报`: it ends in a bare verb. `年报` and its like are names.
fn ends_in_deed(piece: &str) -> bool {
    let mut chars = piece.trim_end().chars().rev();
    let (Some(last), before) = (chars.next(), chars.next()) else { return false };
    "发报送交给寄传挂盖签补审催".contains(last)
        && !DOING.split_whitespace().any(|deed| piece.trim_end().ends_with(deed))
        && before.is_some_and(|c| !"年日周月晨晚早通公海简快电画党情外社标".contains(c))
}

/// `26日`, `2026-01-26`.
fn names_day(piece: &str) -> bool {
    let chars: Vec<char> = piece.chars().collect();
    let digits = |at: usize, n: usize| at >= n && chars[at - n..at].iter().all(char::is_ascii_digit);
    (1..chars.len()).any(|at| match chars[at] {
        '日' => digits(at, 1),
        '-' | '.' | '/' => digits(at, 4),
        _ => false,
    })
}

/// `三天后`, `两个工作日内`.
fn is_span(piece: &str) -> bool {
    const UNITS: [&str; 9] = ["个工作日", "工作日", "个月", "个星期", "小时", "天", "日", "周", "年"];
    let count = |c: char| c.is_ascii_digit() || "一二两三四五六七八九十几半".contains(c);
    UNITS.iter().any(|unit| {
        piece.match_indices(unit).any(|(at, _)| {
            let after = &piece[at + unit.len()..];
            piece[..at].ends_with(count)
                && ["后", "内", "之后", "之内", "以内", "左右"].iter().any(|w| after.starts_with(w))
        })
    })
}

/// `等文号`, `交法制科`, but not `等级`, `交通`.
fn begins_with_wait(piece: &str) -> bool {
    let rest = piece.trim_start();
    const NAMES: [&str; 11] = ["等级", "等次", "等额", "等第", "等已", "交通", "交易", "交警", "交流", "交了", "交付"];
    rest.starts_with(['等', '交']) && !NAMES.iter().any(|name| rest.starts_with(name))
}

/// Whether somebody else is still to do it: a deed behind a word that hands it on, and nothing between that ends one.
fn is_handed_on(piece: &str) -> bool {
    const NAMES: [&str; 11] = ["报告", "年报", "日报", "月报", "公报", "通报", "报表", "交通", "交警", "由于", "提前"];
    let piece = NAMES.iter().fold(piece.to_owned(), |s, name| s.replace(name, "·"));
    if has(&piece, "通过 同意 批复") {
        return false;
    }
    piece.char_indices().filter(|(_, c)| HANDS_ON.contains(c)).any(|(at, c)| {
        let rest = &piece[at + c.len_utf8()..];
        let end = rest.find(['已', '了', '并', '后', '经', '均', '过', ':']).unwrap_or(rest.len());
        has(&rest[..end], DEEDS) || is_deed(&rest[..end])
    })
}

/// `盖章后报送`, and nothing says that it is over.
fn is_afterwards(piece: &str) -> bool {
    let after = piece.split_once('后').map_or("", |(_, after)| after);
    !piece.contains(['已', '了', '昨'])
        && (is_deed(after) || has(after, DEEDS) || ends_in_deed(piece) && !after.is_empty())
}

/// `周五前`, `月底前`, `下班前`: a day that is named as a limit, and no 已 before it.
fn is_before(piece: &str, unit: &str) -> bool {
    piece.match_indices(unit).any(|(at, _)| {
        let rest: Vec<char> = piece[at + unit.len()..].chars().take(4).collect();
        let day = usize::from(rest.first().is_some_and(|c| "一二三四五六日天末".contains(*c)));
        rest.get(day) == Some(&'前') && !piece[..at].contains(['已', '均'])
    })
}

/// `0项`, `零件`, `共3项 完成2项`: a count that is none of it.
fn is_none_of_it(spoken: &str) -> bool {
    let chars: Vec<char> = spoken.chars().filter(|c| *c != ' ').collect();
    let unit = |c: Option<&char>| c.is_some_and(|c| "项件个份条篇次".contains(*c));
    (0..chars.len()).any(|at| {
        let alone = at == 0 || !(chars[at - 1].is_ascii_digit() || matches!(chars[at - 1], '.' | '-' | '/'));
        alone && matches!(chars[at], '0' | '零' | '○' | '〇') && unit(chars.get(at + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_to_come() {
        for remark in [
            "材料还在审核",
            "还要再核对一遍",
            "周五前发布",
            "第二步在走流程",
            "正式文件随后报送",
            "文件后补",
            "0项",
            "共0 件",
            "零项",
            "附件稍后发",
            "链接晚些时候发",
            "月底前公布",
            "下班前报",
            "后续跟进",
            "领导审核中",
            "报局长审批",
            "送审",
            "走签批流程中",
            "等省厅反馈",
            "纸质件要盖章",
            "材料补报",
            "下一步公示",
            "周三上网",
            "近期印发",
            "会尽快上传",
            "再报一次",
            "数据继续更新",
            "需局长签字",
            "可能要改",
            "领导回来签发",
            "公示后印发的文件后送",
            "马上发",
            "材料准备",
        ] {
            assert!(is_to_come(remark), "{remark}");
        }
        for remark in [
            "粤交函〔2026〕1号",
            "链接附后",
            "材料已送办公室",
            "不再另行报送",
            "已将报告报送省厅",
            "经局长审批",
            "审核:李四",
            "填报:张三 审核:李四",
            "已上传系统中",
            "主要内容见附件",
            "会议纪要已印发",
            "如需补充请联系",
            "已于近日印发",
            "周五已发布",
            "行政审批科",
            "已归还",
            "感谢再次提醒",
            "其中3条",
            "10项",
            "共20件",
            "昨天下午发布",
            "上周五发布",
            "零报告",
            "网站专栏中",
            "审核通过",
            "已补充材料",
            "2026年1月30日发布",
            "已在周五前发布",
            "再次感谢",
        ] {
            assert!(!is_to_come(remark), "{remark}");
        }
    }
}
