//! Whether a remark on 已办结 says that it is not all done, or speaks of what is still to come. Then it is asked back.

use super::folded::is_pause;

/// Names and words in which 未, 非, 不, 还, 再, 要, 后 and their like deny nothing and announce nothing.
const NAMES: &str = "请审阅 不动产 未来 未成年 未保 未检 未央 未名 未雨绸缪 非遗 非公 非税 非物质文化遗产 非法 打非 非机动车 \
    非煤 非居民 非营利 非全日制 非洲 非凡 非诉 没收 没关系 不用谢 不客气 不好意思 不忘初心 归还 退还 \
    返还 偿还 交还 发还 还款 还原 还建 还贷 还清 还田 还林 还耕 还草 再生 再就业 再贷款 再次感谢 \
    再次提醒 再次谢谢 再谢 再见 不再 再制造 再担保 再教育 主要 要求 重要 纪要 要点 要闻 摘要 概要 要件 \
    要素 简要 扼要 要情 提要 要目 必要 如需要 有需要 若需要 如需 若需 按需 所需 需求 供需 无需 不需 特需 \
    行政审批 审批局 审批科 审批股 审批处 审批办 审批表 审批件 签批件 审核表 审核意见 批准文件 审计";

/// Whether a remark says that not all is done.
pub(super) fn weakens(spoken: &str) -> bool {
    // Names in which these characters are no negation.
    let spoken = &NAMES.split(' ').fold(spoken.to_owned(), |s, name| s.replace(name, ""));
    // `：否`, `：无`, and a fraction: `八成`, `2/3`.
    let head = spoken.trim_start_matches(|c: char| is_pause(c) || c == ':');
    let part = |c: char| c.is_ascii_digit() || "一二三四五六七八九半".contains(c);
    let first = head.trim_start_matches(part);
    if head.starts_with(['否', '无', '×', 'x', 'X']) || (first.len() < head.len() && first.starts_with(['成', '/']))
    {
        return true;
    }
    const LEFT: &str = "未 没 尚 除 但 还差 还有 还需 仍 待 预计 预期 计划 部分 一半 差 正在 进度 基本 大部 大体 大致 初稿 \
    初步 阶段 过半 多半 大半 小半 其余 其他 其它 剩 缺 欠 下周 下月 下个月 明天 明日 后天 争取 尽快 即将 \
    将于 将在 暂 延期 推迟 无法 撤回 撤销 误报 取消 只 仅 % 进行中 办理中 审核中";
    const MORE: &str = "审批中 修改中 如果 假如 的话 错 难 非 续办 再办 快了 左右 分之 等局 等领导 等签 等审 等批 估计 正走 \
    公示中 在补 拟 明晚 退回 打回 驳回 返工 重做 重写 重报 重新 失败 漏 少了 少一 少两 少几 卡在";
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
    在编 在印 在流 在准备 在协调 在推 在整 等通知";
const WAITING: &str = "等回复 等反馈 等盖章 等上级 等市 等省 等厅 等县 等区 等分管 等主要 等会 等开会 等下 等一下 等系统 \
    等批复 等结果";
/// Deeds that are to come where nothing says that they are done: `材料送审`, `报局长审批`, `补报`.
const DEEDS: &str = "送签 送审 报签 审核 审批 审定 审阅 审议 审签 签批 签发 签字 核准 会签 批准 批示 送审 报审 报批 盖章 准备 补报 补交 \
    补发 补上 补齐 补传 补送 补正 补件 补办 补签 补材料";
const OVER: &str = "已 了 过 完 经 通过 同意 均 昨 前天 上周 :";
const TIMES: &str = "年后 节后 周一 周二 周三 周四 周五 周六 周日 星期 周末 月底 月初 月末 年底 年内 月内 周内 日内 近日 近期 本周 \
    这周 今晚 下午 晚上 晚些 稍晚 不久 届时 到时 回来";
const DOING: &str = "发 公布 公开 公示 报 印 挂网 上网 上传 上线 补 完成 办 出 送 交 定稿 盖 给 弄";

/// Whether one of these words, which spaces separate, stands in a text.
fn has(text: &str, words: &str) -> bool {
    words.split(' ').any(|word| text.contains(word))
}

/// Whether a remark speaks of what is still to come.
pub(super) fn is_to_come(spoken: &str) -> bool {
    let spoken =
        NAMES.split(' ').fold(spoken.to_owned(), |s, name| if s.contains(name) { s.replace(name, "·") } else { s });
    has(&spoken, COMING)
        || has(&spoken, WAITING)
        || spoken.split(|c| c != ':' && is_pause(c) || matches!(c, '(' | ')' | '-' | '—' | '…')).any(piece_is_to_come)
        || is_none_of_it(&spoken)
}

fn piece_is_to_come(piece: &str) -> bool {
    // `要` after names are taken out, `审核中`, but not `专栏中`.
    let mut chars = piece.chars().rev();
    let goes_on = chars.next() == Some('中')
        && chars.next().is_some_and(|c| !"其年件统站信文会高初表当台栏区目册网刊报库".contains(c));
    let is_over = has(piece, OVER);
    piece.contains('要')
        || goes_on
        || !is_over && has(piece, DEEDS)
        || !is_over && has(piece, TIMES) && has(piece, DOING)
        || ["周", "底", "月", "号", "班", "天", "星期"].iter().any(|unit| is_before(piece, unit))
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
