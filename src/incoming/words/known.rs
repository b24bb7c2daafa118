//! What a remark on 已办结 may be, and leave nothing open: what shows it, who did it, when, and what was done. Words of
//! no such kind are asked about, since `王局在看`, `骗你的` and `乱码` take the report back, each in its own words.

use super::folded::is_pause;

/// Said for politeness, or to deny what is of no weight.
const POLITE: &str = "请查收 请查看 请审阅 请查阅 请知悉 请收悉 请核销 请销号 请登记 请存档 请备案 请核 请阅 望知悉 特此报告 特此回复 特此反馈 \
    特此汇报 特此说明 专此报告 专此回复 此复 谢谢 多谢 感谢 辛苦 再次感谢 再次谢谢 感谢再次提醒 祝好 祝工作顺利 顺祝商祺 不再另行报送 \
    不再另行上报 不再报送 无异议 无意见 无其他意见 无补充 无遗漏 无问题 没有问题 没问题 公示期满 公示期已满 公示无异议 如需补充请联系 \
    零报告 收到 收悉 好的 您好 你好 以上 如下 情况如下 报告如下 详情如下 均已 按期 按时 如期 按要求 经核实 ok 一切正常 浏览正常 妥 供参考 麻烦销号 麻烦核销 麻烦登记 麻烦回个确认 麻烦消一下提醒 不用再提醒 不用再提醒了 不要再提醒了 不用提醒了 请不要再发提醒 请不要再发提醒了 以后不用催了 \
    不用催了 无遗留问题 无其他事项 数据核对无误 如需修改请告知 早就 提前 哈 经我核对 辛苦了 一式三份 一式两份 现予以回复";
/// What shows it.
const EVIDENCE: &str = "附件 附后 附上 附图 见附 如附 截图 链接 网址 网站 专栏 扫描件 佐证 详见 文号 发文 目录 公告栏 回执 原文 正文 材料 \
    报告 通知 纪要 清单 台账 照片 凭证 证明 内容 全文 印发件 批复 复函 来文 去文";
/// Marks that something is over.
const OVER: &str = "已 了 完 毕 均 经 通过 结束 同意 昨 前天 上周 全部";
/// What may be over, or was done on a day that is named.
const DEEDS: &str = "公布 公开 公示 上网 上线 寄 报 送 发 交 登 挂 印 审批 审核 审定 批复 批准 通过 归档 备案 \
    存档 办理 办结 完成 落实 整改 更新 录入 反馈 答复 回复 召开 开展 学习 培训 归还 告知 核对 核实 \
    检查 清理 整理 汇总 修订 修改 制定 出台 处理 解决 研究 审议 同意 销号 作出 调整 补 收 编制 \
    支付 拨付 缴 传 盖 签 快递 采纳";
const LABELS: &str = "经办 经办人 承办人 办理人 联系人 联系电话 电话 手机 传真 填报 填报人 报送人 回复人 审核 审核人 签发 签发人 复核 校对 \
    科室 单位 部门 姓名 职务 地址 邮编 邮箱 微信 文号 发文字号 字号 标题 网址 链接 栏目 日期 时间 办结日期 办结时间 完成时间 发布日期 发布时间 公开时间 \
    印发日期 报送时间 报送日期 附件 佐证 编号 主题 备注 办公电话";
/// Where things are published.
const PLACES: [&str; 9] = ["网站", "专栏", "栏目", "平台", "首页", "公示栏", "公告栏", "公众号", "目录"];
/// Faces that agree, as programs write them.
const FACES: &str = "[抱拳] [握手] [微笑] [强] [合十] [玫瑰] [胜利] [ok] [好的] [赞] [鼓掌] [咖啡]";
/// The same as characters.
const SMILES: &str = "👍👌✅✔☑🙏😊😄😁🙂🤝🌹🎉💪👏\u{fe0f}";
const UNITS: [&str; 13] = ["项", "件", "个", "条", "篇", "份", "张", "页", "次", "期", "批次", "个附件", "宗"];
const BODIES: [&str; 18] = [
    "科",
    "处",
    "室",
    "局",
    "股",
    "所",
    "站",
    "队",
    "委",
    "厅",
    "中心",
    "科室",
    "办公室",
    "支队",
    "大队",
    "小组",
    "公司",
    "政府",
];
/// The first characters of nearly all names.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾\
    夏韦付方邹孟熊秦邱尹薛闫段雷侯龙陶黎贺顾郝龚邵钱覃戴莫孔汤欧区关冼麦司";
/// No name, though it begins as one.
const NO_NAMES: &str = "任务 高兴 何时 何况 余下 许多 许可 金额 石头 方案 方便 周末 周一 周二 周三 周四 周五 马虎 关于 关注 关闭 区别 司法 \
    王局 李局 张局 王科 李科 张科 高级 高度 程序 段落 严重";

fn is_one_of(text: &str, words: &str) -> bool {
    words.split_whitespace().any(|word| word == text)
}

fn has(text: &str, words: &str) -> bool {
    words.split_whitespace().any(|word| text.contains(word))
}

/// Whether every piece of a remark is of a known kind. Links and titles were taken out before.
pub(super) fn is_known(spoken: &str) -> bool {
    let ends = |c: char| !matches!(c, ':' | '.') && is_pause(c) || matches!(c, '(' | ')' | '—' | '-' | '…');
    in_one_bracket(spoken).split(ends).all(is_known_piece)
}

/// `江交函(2026)3号` as `江交函〔2026〕3号`.
fn in_one_bracket(spoken: &str) -> String {
    let chars: Vec<char> = spoken.chars().collect();
    let is_year = |at: usize| chars.get(at..at + 4).is_some_and(|year| year.iter().all(char::is_ascii_digit));
    let mark = |(at, c): (usize, &char)| match c {
        '(' if is_year(at + 1) && chars.get(at + 5) == Some(&')') => '〔',
        ')' if at >= 5 && chars[at - 5] == '(' && is_year(at - 4) => '〕',
        c => *c,
    };
    chars.iter().enumerate().map(mark).collect()
}

/// Whether it is a face that agrees.
pub(super) fn is_face(c: char) -> bool {
    SMILES.contains(c)
}

/// Whether words before a report say who did what, and when: `昨天小王`, `这项我们`, `年报` of 年度报告.
pub(super) fn is_subject(piece: &str, title: &str) -> bool {
    const WHO_AND_WHEN: &str = "昨天 昨日 前天 今天 今早 今日 上午 下午 上周五 上周四 上周三 上周二 上周一 上周 上月 刚刚 刚才 刚 早就 就 也 都 均 \
        此事 这项 这个 这件事 该项 此项 本项 工作 事项 我科室 我科 我们 我 贵单位提醒的 科室 办公室 提醒的 您 的";
    let mut rest = piece.trim();
    while let Some(after) = WHO_AND_WHEN.split_whitespace().find_map(|word| rest.strip_prefix(word)) {
        rest = after;
    }
    let chars: Vec<char> = rest.chars().collect();
    // 小王
    if let ['小' | '老', name, ..] = chars.as_slice()
        && SURNAMES.contains(*name)
    {
        return is_subject(&chars[2..].iter().collect::<String>(), title);
    }
    // A day may be one that is still to come.
    rest.is_empty()
        || is_short_for(&chars, title)
        || is_known_piece(rest)
            && !is_count(rest)
            && (!rest.contains(|c: char| c.is_ascii_digit()) || rest.contains('月'))
            // `报告已完成`: a step.
            && (!title.is_empty() || !is_evidence(rest))
}

/// `年报` for 年度报告: its characters, in their order.
fn is_short_for(words: &[char], title: &str) -> bool {
    let mut title = title.chars();
    words.len() >= 2 && words.iter().all(|word| title.any(|c| c == *word))
}

fn is_known_piece(piece: &str) -> bool {
    // Where nobody sees it.
    if has(piece, "内网 内部 测试 试运行 群里 微信群 后台 预览 电脑 草稿箱 本地 localhost 新站")
    {
        return false;
    }
    // A sign says something: ❌.
    let is_sign =
        |c: char| !c.is_alphanumeric() && c > '\u{2010}' && !('\u{3000}'..='\u{303f}').contains(&c) && !is_face(c);
    if piece.contains(|c| is_sign(c) && !"“”‘’·—…〔〕《》「」".contains(c)) {
        return false;
    }
    let is_said = |c: &char| c.is_alphanumeric() || matches!(c, '·' | ':' | '〔' | '〕' | '[' | ']' | '@' | '.');
    let said: String = piece.chars().filter(is_said).flat_map(char::to_lowercase).collect();
    let words = said.trim_matches([':', '.']);
    let words = ["详见", "见"].iter().find_map(|see| words.strip_prefix(see)).unwrap_or(words);
    let is_number = |c: char| c.is_ascii_digit() || "年月日号度的第版页.:@".contains(c);
    let is_short = words.chars().count() <= 12;
    words.chars().all(is_number) && !words.ends_with('月') && (words.is_empty() || words.contains(|c| c != '0'))
        || words.is_ascii() && words.contains('@')
        || is_one_of(words, POLITE)
        || is_one_of(words, FACES)
        || is_thanks(words)
        || is_label(words)
        || is_numbered(words)
        || is_count(words)
        || is_file(words)
        || is_name(words)
        || is_body(words)
        || is_past(words)
        || is_place(words)
        || words.contains("无异议")
        || ["转载", "转发", "附件是"].iter().any(|start| words.starts_with(start))
        || is_short && is_evidence(words)
}

/// `链接附后`, `附件1`, `请审阅附件`: not `网站管理员休假`.
fn is_evidence(words: &str) -> bool {
    // `链接见` and the link.
    let words = words.trim_end_matches(|c: char| c.is_ascii_digit() || "见为是".contains(c));
    let words = words.strip_suffix("如下").unwrap_or(words);
    let words = ["请审阅", "请查阅", "请查收"].iter().find_map(|ask| words.strip_prefix(ask)).unwrap_or(words);
    let mut ends = EVIDENCE.split_whitespace().chain(PLACES);
    words == "材料齐全"
        || ends.any(|end| words.ends_with(end))
            && !words.contains([
                '在', '空', '旧', '是', '缺', '错', '请', '改', '天', '待', '看', '按', '内', '群', '指', '候',
            ])
}

/// `感谢支持`, `请予登记`, `如有疑问请联系张三`, `该事项由张三负责`
fn is_thanks(words: &str) -> bool {
    const ASKED: [&str; 10] = ["登记", "销号", "核收", "知悉", "备案", "存档", "核销", "查收", "审阅", "查阅"];
    let is_asked =
        words.starts_with('请') && !words.contains(['勿', '别']) && ASKED.iter().any(|end| words.ends_with(end));
    let is_contact = ["如有", "有疑问", "有问题请", "如需"].iter().any(|start| words.starts_with(start))
        && words.contains('请')
        && words.contains("联系");
    let is_short = words.chars().count() <= 10;
    is_short && (words.starts_with("感谢") || words.starts_with("谢谢"))
        || is_asked
        || is_contact
        || words.contains('由') && words.ends_with("负责")
}

/// `经办人:张三`
fn is_label(words: &str) -> bool {
    words.split_once(':').is_some_and(|(label, value)| {
        let value = value.trim();
        is_one_of(label.trim(), LABELS) && (2..=40).contains(&value.chars().count())
    })
}

/// `粤交函〔2026〕1号`, `公告第3号`, `流水号202601270001`
fn is_numbered(words: &str) -> bool {
    let has_digits = words.contains(|c: char| c.is_ascii_digit());
    let is_number_s = |(_, rest): (&str, &str)| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit());
    let is_document = words.ends_with('号') && (words.contains(['〔', '[', '第']) || words.contains("文号"));
    // `江府办函2026 7号`, in two pieces.
    let year = words.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_begun = words.len() - year.len() == 4 && year.ends_with(['函', '发', '字', '办', '通', '告', '令', '决']);
    has_digits
        && words.chars().count() <= 40
        && (is_document || is_begun || words.rsplit_once('号').is_some_and(is_number_s))
}

/// `共3条`, `2个附件`, `本月共发布12条`
fn is_count(words: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || "一二两三四五六七八九十百".contains(c);
    UNITS.iter().filter_map(|unit| words.strip_suffix(unit)).any(|rest| {
        let head = rest.trim_end_matches(is_digit);
        head.len() < rest.len()
            && (head.is_empty()
                || head.contains('共')
                || head.ends_with("其中")
                || has(head, DEEDS)
                || is_evidence(head))
    })
}

/// `年度报告.pdf`
fn is_file(words: &str) -> bool {
    const KINDS: [&str; 15] =
        ["pdf", "doc", "docx", "xls", "xlsx", "wps", "et", "ofd", "jpg", "jpeg", "png", "zip", "rar", "ppt", "pptx"];
    words.rsplit_once('.').is_some_and(|(_, kind)| KINDS.contains(&kind.to_ascii_lowercase().as_str()))
}

/// `张三`, `办公室李四`, `联系人张三`
fn is_name(words: &str) -> bool {
    let chars: Vec<char> = words.chars().filter(|c| *c != '·').collect();
    (2..=3).filter(|n| *n <= chars.len()).any(|n| {
        let (before, name) = chars.split_at(chars.len() - n);
        let before: String = before.iter().collect();
        let is_whose = before.is_empty() || before.ends_with('人') || is_body(&before);
        is_whose
            && SURNAMES.contains(name[0])
            && !name[1..].iter().any(|c| "局科主处总工书长师在说办看报送给来去的未不没要会了".contains(*c))
            && !is_one_of(&name.iter().collect::<String>(), NO_NAMES)
    })
}

/// `江门市交通运输局`, `给办公室`: not `在网信办`, `王局`.
fn is_body(words: &str) -> bool {
    const HIGHER: &str = "省厅 市局 省局 县局 区局 总局 市委 市府 省委 省府 上级";
    let words = words.strip_prefix(['给', '至']).unwrap_or(words);
    if is_one_of(words, HIGHER) {
        return true;
    }
    (3..=20).contains(&words.chars().count())
        && BODIES.iter().any(|body| words.ends_with(body))
        && !words
            .starts_with(['在', '由', '报', '送', '交', '等', '到', '小', '老', '找', '问', '请', '归', '转', '去'])
        && !words.contains(['的', '是', '别', '了', '说', '测', '试'])
}

/// `发在门户网站首页`, `可在网站查看`
fn is_place(words: &str) -> bool {
    let is_there = has(words, DEEDS) && words.contains('在') && PLACES.iter().any(|place| words.ends_with(place));
    is_there
        || ["可查", "可查看", "查看", "可见", "可查阅"].iter().any(|end| words.ends_with(end)) && !words.contains('请')
}

/// `已在门户网站公开`, `1月30日发布`, `今早发的`
fn is_past(words: &str) -> bool {
    let names_day = words.contains(|c: char| c.is_ascii_digit()) && words.contains(['日', '号', '.']);
    let is_told = words.ends_with('的') || words.contains("的是") && names_year(words);
    let is_over = has(words, OVER) || names_day || is_told;
    is_over && has(words, DEEDS) && words.chars().count() <= 60 && !is_a_step(words)
}

/// `盖完章发您`, `报了保密审查`, `听小王说发了`: the deed is still to come, another's, or hearsay.
fn is_a_step(words: &str) -> bool {
    let (_, then) = words.split_once('完').unwrap_or_default();
    let is_first =
        then.contains(['发', '寄', '报', '送', '交', '挂']) && !then.contains(['了', '已', '成', '毕', '结']);
    let handed_on = ["报了", "送了", "交了"].iter().any(|word| words.contains(word) && !words.ends_with(word));
    is_first || handed_on || has(words, "去了 传给 报给 听 说 印象 好像")
}

fn names_year(words: &str) -> bool {
    words.chars().filter(char::is_ascii_digit).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_report_back_is_in_no_list() {
        let known: Vec<&str> = BAD.split_whitespace().filter(|remark| is_known(remark)).collect();
        assert!(known.is_empty(), "{known:?}");
    }

    const BAD: &str = "以上为样例，请勿登记 才怪 开玩笑的 王局在看 放在王局桌上 材料在王局那 报局长 在网信办 信息中心那边卡着 OA走着 保密审查卡住 \
        开会研究 上党组会 小王办 小王在跟 发布的事小王跟 原件在快递 网站管理员休假 正办 加快办理 加班赶 冲刺 收尾 几乎 前两步 改天补链接 给点时间 \
        先应付一下 先占个坑 应付检查用 请修改 请提意见 同步整改 2月 wait ing NO TBD pending draft 图表空着 数据空着 数据用的去年的 估算 抄的去年 旧版 \
        老版本 乱码 图片裂了 网页空白 页面是空的 网站崩了 系统故障 断网 有争议 有点问题 出了点状况 有情况，电联 试运行 灰度 内部版 内网 \
        内容是旧的 测试站 去年的年报 目录那项 另一个事 别的事 别的科 法制科的 与我科无关 据说 我猜 听小李说 小王说的 科长说的 替小李问的 系统显示 \
        可以说 看领导意思 条件是数据科给数 收回 更正 口误 手误 笔误 搞混了 误 请勿登记 先别登记 请忽略 别当真 假的 骗你的 我瞎说的 测试 演练 哈哈哈想得美 \
        做梦 谁信 呵呵 晕 lol [狗头] [捂脸] 供您玩笑";
}
