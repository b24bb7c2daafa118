//! Every word that is known, and how it is written.

use jiff::civil::Weekday;

use super::{
    roll::Roll,
    word::{Name, Often, Word},
};

use Word::*;

/// Longest match first. Words that mean the same stand in one row.
pub const CHINESE: &[(&str, &[Word])] = &[
    ("每 每个 每一个 每一", &[Every]),
    ("每户 每人", &[Every, Filler]),
    ("各年度", &[Every, Year]),
    ("各季度 各季", &[Every, Quarter]),
    ("各月", &[Every, Month]),
    ("年 年度 自然年度 会计年度 本会计年度 财务年度 财政年度 纳税年度 日历年度", &[Year]),
    ("半年 半年度 个半年", &[Half]),
    ("季度 季", &[Quarter]),
    ("个季度", &[Quarters]),
    ("月 月度 月份", &[Month]),
    ("个月", &[Months]),
    // Never February.
    ("两月 俩月", &[Num(2), Months]),
    ("周 星期 礼拜 个星期 个礼拜 自然周", &[Week]),
    ("双周", &[Num(2), Week]),
    ("周一 星期一 礼拜一", &[Weekday(Weekday::Monday)]),
    ("周二 星期二 礼拜二", &[Weekday(Weekday::Tuesday)]),
    ("周三 星期三 礼拜三", &[Weekday(Weekday::Wednesday)]),
    ("周四 星期四 礼拜四", &[Weekday(Weekday::Thursday)]),
    ("周五 星期五 礼拜五", &[Weekday(Weekday::Friday)]),
    ("周六 星期六 礼拜六", &[Weekday(Weekday::Saturday)]),
    ("周日 周天 星期日 星期天 礼拜日 礼拜天", &[Weekday(Weekday::Sunday)]),
    // Not a Monday.
    ("周一次 星期一次 周一回", &[Week, Num(1), Times]),
    ("周二次 周两次 星期二次", &[Week, Num(2), Times]),
    ("周三次 星期三次", &[Week, Num(3), Times]),
    ("周四次", &[Week, Num(4), Times]),
    ("周五次", &[Week, Num(5), Times]),
    ("周一期 周一场 周一轮", &[Week, Num(1), Counter]),
    ("周二期 周二场", &[Week, Num(2), Counter]),
    ("周三期 周三场", &[Week, Num(3), Counter]),
    ("周日常 周日程", &[Week, Filler]),
    ("日 号", &[Day]),
    ("天 自然日 个自然日 日历日 个日历日", &[Days]),
    ("工作日 个工作日 个工作天", &[Workday]),
    ("次 回 遍", &[Times]),
    ("期 场 轮 场次", &[Counter]),
    ("单月 单数月 奇数月", &[Odd]),
    ("双月 双数月 偶数月", &[Even]),
    ("底 末 末日", &[End]),
    ("年终 岁末", &[Year, End]),
    ("上、下半年 上下半年", &[Every, Half]),
    ("每旬末 各旬末", &[Every, Month, Num(10), Day, Comma, Num(20), Day, Comma, Month, End]),
    ("次月初", &[NextMonth, Before]),
    ("四季度", &[Num(4), Quarter]),
    ("上季度结束 上一季度结束 上季度终了 上一季度终了", &[Quarter, Ended]),
    ("上月结束 上月终了 上个月结束 上一月结束", &[Month, Ended]),
    ("上年度结束 上一年度结束 上年度终了 上一年度终了 上年结束 上年终了", &[Year, Ended]),
    ("每月初 每月月初 每个月初 每个月月初", &[Every, Month, Before]),
    ("年终了", &[Year, Ended]),
    ("月终", &[Month, End]),
    ("月终了", &[Month, Ended]),
    ("上旬", &[Ten(10)]),
    ("中旬 上中旬", &[Ten(20)]),
    ("下旬 中下旬", &[Ten(31)]),
    ("月中旬", &[Month, Ten(20)]),
    ("月中下旬", &[Month, Ten(31)]),
    ("前 之前 以前", &[Before]),
    ("内 之内 以内 之间", &[Within]),
    ("期间", &[During]),
    ("止 为止", &[Until]),
    ("后 之后 以后", &[After]),
    ("起 开始 起算", &[Begin]),
    ("之日起 之日后 之日起算 次日起", &[SinceDay]),
    ("自 从", &[From]),
    ("至 到 截至 截至到 截至至 ~ — —— – ―", &[To]),
    ("-", &[Dash]),
    ("/", &[Slash]),
    ("、 和 及 与 以及", &[Comma]),
    (",", &[Pause]),
    ("或 或者", &[OrElse]),
    ("。 ; ! .", &[Stop]),
    (":", &[Colon]),
    ("( [ 【 〔", &[Open]),
    (") ] 】 〕", &[Close]),
    ("《 〈", &[TitleOpen]),
    ("》 〉", &[TitleClose]),
    ("“ ” 「 」 『 』 \" ‘ ’ '", &[Quote]),
    ("终了 结束 完结 届满 期满 完毕 完 到期 终止 终结 满半年 满一年 满1年 满两年 满二年 满2年 满三年 满3年", &[Ended]),
    ("次年 翌年 下一年 下一年度 次年度 下年度 下年 来年 转年 下一会计年度", &[NextYear]),
    ("次月 翌月", &[NextMonth]),
    ("次季 次季度 下季度 下一季度 下一个季度", &[NextQuarter]),
    ("今年 本年 本年度 当年 当年度", &[ThisYear]),
    ("全年不少于 全年不低于 全年至少 全年累计不少于 全年累计至少", &[ThisYear, AtLeast]),
    ("上半年", &[FirstHalf]),
    ("下半年", &[SecondHalf]),
    ("元月 元月份", &[Num(1), Month]),
    ("首 首个", &[Nth(1)]),
    ("末个", &[Nth(-1)]),
    ("首月", &[Nth(1), Month]),
    ("末月", &[Nth(-1), Month]),
    ("至少 不少于 不低于 最少 不得少于 不得低于 至少要 至少应 至少须 原则上不少于", &[AtLeast]),
    ("以上 及以上", &[OrMore]),
    (
        "收到 收到申请 收到来件 收到来文 收到文件 收到通知 收到材料 收文 接到 接到申请 接到通知 接件 受理 受理申请 \
         印发 文件印发 下发 信息形成或者变更 信息形成或变更 政府信息形成或者变更 政府信息形成或变更 形成或者变更 \
         形成或变更 形成 变更 签发 出台 印发通知",
        &[Received],
    ),
    (
        "举行 举办 召开 开会 会 活动 会议 听证会 开庭 开工 开标 开业 开学 开幕 施工 投产 运营 实施 施行 启用 考试 答辩 \
         竣工 验收 上市 出境 出国 离任 换届 选举 演出 展览 培训 期限 有效期 任期 合同",
        &[Event],
    ),
    (
        "完工 动工 起诉 提起诉讼 起租 分娩 停业 复工 停工 停产 停电 停水 开考 投标截止 投标截止时间 报名截止 \
         报名截止时间 退休 离职 会议之日 召开之日 举行之日 举办之日 开庭之日 开标之日 开工之日 竣工之日",
        &[Event],
    ),
    ("到期之日 届满之日 期满之日 终止之日", &[Ended]),
    ("之日前 之日以前", &[Before]),
    ("提前", &[Ahead]),
    (
        "务于 务必于 务必在 务必 应在 应于 应 应当 应当在 应当于 需 需于 需在 须 须于 须在 要 要在 要于 必须 必须在 必须于 \
         请 请于 请在 请务必于 敬请于 按照规定 按照规定于 按规定 按规定于 按要求 按照要求 根据规定 根据要求 \
         根据上级要求 按照上级要求 按上级要求 按照考核要求 确保 确保在 确保于 截止 截止到 截止至 \
         截止时间 截止日期 截止日 截止期 完成时限 完成时间 完成期限 办理时限 办结时限 时限 时间 报送时间 整改时限 \
         于 在 统一于 统一在 均应于 均于 也应于 定于 依法 依规 为 是 并 并于 并在 且 计划 计划于 计划在 拟 拟于 拟在 预计 \
         预计于 将于 将在 分别 分别于 分别在 一般 一般应 一般于 一般在 通常 通常于 原定于 不迟于 最后期限",
        &[Lead],
    ),
    ("原则上 力争 力争在 力争于 争取 争取在 原则上于 原则上在 原则 尽量 最好 确保力争", &[Hope]),
    (
        "不晚于 不得迟于 不得晚于 最迟 最晚 最迟于 最晚于 最迟在 最晚在 至迟 至迟于 最迟不超过 最晚不超过 不超过 \
         不得超过 最长不超过 最多 至多 不多于",
        &[Limit],
    ),
    ("的", &[Whose]),
    ("下班 当日 当天 当日内 每逢 则 该 其 各", &[Soft]),
    (
        "完成 办结 办理 报送 报告 报备 上报 呈报 填报 申报 报 送 送达 提交 提供 提请 发布 公布 公开 公示 通报 \
         印制 编制 编写 编发 编印 更新 开展 组织 听取 研究 部署 检查 自查 核查 抽查 巡检 梳理 汇总 总结 整理 \
         整改 落实 反馈 答复 回复 清零 维护 调整 修订 备案 归档 上传 上线 录入 登记 发送 寄送 缴纳 缴清 缴 支付 \
         付清 上缴 审核 审定 审议 审查 审批 评估 考核 启动 制定 制订 出具 建成 建立 进行 做好 到位 交 发 向 送交 \
         将 把 由 对 公告 测试 演练 解读 督办 督查 盘点 对账 结算 披露 推送 复核 更正 销号 汇报 予以 \
         给予 作出 做出 通过 办完 办妥 确定 告知 通知 转办 移交 移送 核实 报请 起草 到账 拨付 退还 返还 预缴 汇算 \
         征收 收缴 抽检 检测 监测 检验 召集 安排 提出 书面 达到 实现 签订 调度 通气 \
         核销 清理 清缴 开具 补正 出席 参加 接受 使用 投入 交付 交纳 送审 送检 上交 呈送 抄送 转报 报经 经 给 逐级",
        &[Verb],
    ),
    ("根据 依据 按照 按 依照 依 参照 遵照 以", &[Basis]),
    (
        "按时 如期 主动 准时 全面 全部 基本 集中 统一 认真 高质量 按质 保质 专题 书面形式 及时完成 各自 分批 先 再 一次性 \
         统筹 同步 一并 同时 顺利 固定 依次 逐步 现场",
        &[How],
    ),
    (
        "逾期不报 逾期未报 逾期视为 逾期未报视为 逾期不报视为 逾期未反馈视为 迟报不报 瞒报 漏报 不报告 不得逾期 不得拖延 不得延误 十二五 十三五 十四五 十五五 三八 五四 六一 八一 一二九 九一八 二三产业 一一对应 \
         唯一 一些 进一步 一体化 一律 报表 报告书 报告单 国内 境内 \
         行业内 首次 首问 从业 从事 自然 自行 自主 自身 自评 自我 自治 自治区 会同 会商 \
         会计 起重 起点 月度计划 回访 回收 回应 回复率 层次 人次 批次 轮岗 轮训 除险 除雪 除尘 除草 除害 除患 消除 解除 清除 排除 废除 拆除 免除 扫除 破除 \
         铲除 剔除 删除 去除 隔离 隔热 隔震 阻隔 预约 合约 节约 条约 公约 签约 履约 违约 约谈 约束 约定 制约 集约 \
         待遇 机遇 遭遇 礼遇 境遇 遇难 遇险 可行性 可研 可靠 可视化 可持续 可再生 许可 认可 不动产 不良 不锈钢 未成年人 未成年 未来 能力 能源 能耗 能效 \
         电视 监视 重视 巡视 忽视 透视 视频 视察 视力 视觉 视听 邮戳为准 邮戳日期为准 季节 两会 \
         场所 场地 市场 期末 期货 学会 协会 委员会 常委会 全会 社会 期刊",
        &[Filler],
    ),
    ("含 含当日 含当天 含本日 包括当日 包含当日 含本数", &[Inclusive]),
    ("顺延 相应顺延 自动顺延 依次顺延 往后顺延 向后顺延 应顺延 后延 延后", &[Roll(Roll::Later)]),
    ("不顺延 不予顺延 不再顺延 不作顺延 不得顺延 不后延", &[Roll(Roll::Stays)]),
    (
        "节后首个工作日 节后第一个工作日 节后第1个工作日 节后首日 假期后第一个工作日 假期结束后第一个工作日 节假日后第一个工作日 \
         节假日结束后第一个工作日 节假日后首个工作日 假后第一个工作日 假日后第一个工作日 节后第一个上班日 顺延至节后 顺延至节后第一个工作日 顺延至节后首个工作日 顺延至节后第1个工作日 \
         顺延至节后第一个上班日 顺延到节后第一个工作日 顺延到节后首个工作日 顺延到节后 延至节后 顺延至假期后 顺延至假后 \
         顺延至节假日后 顺延至工作日 顺延到工作日 顺延至最近工作日 顺延至最近的工作日 顺延至首个工作日 顺延至第一个工作日",
        &[Roll(Roll::Later)],
    ),
    (
        "节前最后一个工作日 节前最后1个工作日 节前一个工作日 节前一工作日 \
         提前至节前 提前至节前最后一个工作日 提前至节前最后1个工作日 提前至节前一个工作日 提前至最近一个工作日 \
         提前至最近的工作日 提前至最近的一个工作日 提前到节前最后一个工作日 提前到节前 提前至节假日前 放假前最后一个工作日",
        &[Roll(Roll::Earlier)],
    ),
    // Beside 遇节假日 they say how it moves; beside a date alone they are another day.
    (
        "下一个工作日 下一工作日 下个工作日 次一工作日 次一个工作日 后一个工作日 后一工作日 后第一个工作日 后首个工作日 \
         最近的下一个工作日",
        &[Beside(Roll::Later)],
    ),
    ("前一个工作日 前一工作日 上一个工作日 上一工作日 前最后一个工作日 之前最后一个工作日", &[Beside(Roll::Earlier)]),
    ("遇 逢 遇到 遇有 如遇 若遇 恰逢 适逢 如逢 若逢 如遇到 如遇有", &[Meet]),
    (
        "节假日 法定节假日 国家法定节假日 法定休假日 法定假日 法定节日 法定假期 休假日 休息日 公休日 公休假日 假日 假期 \
         非工作日",
        &[DayOff],
    ),
    ("双休日 周六日 长假 小长假 黄金周", &[SomeOff]),
    (
        "顺延至 顺延到 延至 延到 延期至 延期到 延长至 延长到 推迟至 推迟到 延后至 调整至 调整到 调整为 改为 改至 改到 变更为 \
         延迟至 延缓至",
        &[MovedTo],
    ),
    (
        "推迟 延期 延长 延迟 延缓 暂缓 缓报 缓缴 另有 另行 例外 视为 中止 暂停 不计入 扣除 另行通知 待定 视情况 视情 暂定 暂定于 顺序推迟 视 为准 再加 急件 \
         特急件 紧急的 紧急事项 紧急情况 情况紧急 案情复杂 情况复杂 加倍 加密 增加频次",
        &[Named(Name::Moves)],
    ),
    ("两季 四季 春秋两季 冬春两季 春秋季 秋冬季 冬春季", &[Named(Name::Season)]),
    ("少于 超过 低于 高于 多于 以下 封顶 上限 不高于 控制在 缺席", &[Named(Name::Bound)]),
    (
        "不得 严禁 禁止 不准 无需 无须 免于 继续有效 有效期至 有效期限至 以来 基准日 为基准日 时点 \
         统计时点为 统计时点 时点为 原定 过了 已 已于 已在 均已 不 未 仍 仍未 尚未 暂不 不予 不再 不宜 能 能够 可 可以 \
         可于 可在 如 若 凡 凡在 鼓励 提倡 倡导 有效 保持 维持 逾期",
        &[Named(Name::NoDuty)],
    ),
    ("逐年 逐季 逐月 逐周 按年 按年度 按季 按季度 按月 按周 分年度 分季度", &[Named(Name::Rhythm)]),
    ("学期 学年 汛期 闰年 暑期 暑假 寒假 供暖期 采暖期 每届 本届 旺季 淡季", &[Named(Name::Season)]),
    (
        "长期坚持 长期 坚持 持续推进 持续 常态化 常态 全年 贯穿全年 常年 随时 一贯 \
         立行立改 即知即改 边查边改 不断 经常 始终 长效",
        &[Named(Name::NoDate)],
    ),
    (
        "适时 尽快 尽早 及时 近期 近日 定期 不定期 立即 马上 抓紧 适当时候 \
         有关时间 必要时 相对固定 即时 第一时间 按需 根据需要",
        &[Named(Name::Vague)],
    ),
    ("年初 月初 季初 周末 年中 月中 季中 学期初 学期末 春季 夏季 秋季 冬季", &[Named(Name::PartOf)]),
    ("左右 前后 前夕 上下 约 大约 附近", &[Named(Name::Around)]),
    ("小时 个小时 半小时", &[Named(Name::Hours)]),
    ("时 点 点钟 分 分钟 点整 时整", &[Clock]),
    ("上午 中午 下午 晚上 早上 晚 早 傍晚 下班时间", &[DayPart]),
    ("凌晨 零时 零点", &[Named(Name::Dawn)]),
    ("半", &[AndHalf]),
    (
        "农历 阴历 旧历 腊月 正月 冬月 初一 初五 初十 除夕 春节 元宵 元宵节 端午 端午节 中秋 中秋节 重阳 重阳节 \
         清明 清明节 过年 节前 节后 小年",
        &[Named(Name::Lunar)],
    ),
    ("元旦 元旦节 五一 五一节 劳动节 五一劳动节 国庆 国庆节 十一国庆节 七一", &[Named(Name::Feast)]),
    (
        "今天 今日 明天 明日 后天 下周 下月 下个月 明年 后年 下星期 下周一 下周二 下周三 下周四 下周五 下周六 \
         下周日",
        &[Named(Name::Relative)],
    ),
    (
        "上一年度 上一季度 上一月 上一周 上年度 上年 上一季 上季 前一年 前一年度 上一年 上一会计年度 本周 上周 这周 本月 当月 上月 上个月 本季度 本季 上季度 当季 当季度 去年 昨天 本周内 本周一 本周二 \
         本周三 本周四 本周五 本星期",
        &[Named(Name::Current)],
    ),
    ("每天 每日 每工作日 每个工作日 每一天 天天 逐日 按日", &[Named(Name::Daily)]),
    ("半月 半个月", &[Named(Name::HalfMonth)]),
    ("每旬 旬", &[Named(Name::TenDays)]),
    ("不早于 不得早于", &[Named(Name::NotBefore)]),
    ("每隔 隔 隔年 隔月 隔周 间隔 单周 单双周 单年 双年", &[Named(Name::EveryOther)]),
    (
        "不含 不包括 不包含 除外 以外 之外 除 奇数年 偶数年 单数年 双数年 \
         奇数年份 偶数年份 单数年份 双数年份 逢五 逢十 首年 不报 免报 停报 暂不报送 不报送 免予报送",
        &[Named(Name::Except)],
    ),
];

/// Matched only as whole runs of letters.
pub const ENGLISH: &[(&str, &[Word])] = &[
    ("yearly annually", &[Each(Often::Year)]),
    ("half-yearly halfyearly", &[Each(Often::Half)]),
    ("quarterly", &[Each(Often::Quarter)]),
    ("monthly", &[Each(Often::Month)]),
    ("weekly", &[Each(Often::Week)]),
    ("every each", &[Every]),
    ("year years", &[Year]),
    ("half-year half-years", &[Half]),
    ("quarter quarters", &[Quarter]),
    ("month months", &[Month]),
    ("week weeks", &[Week]),
    ("day days", &[Days]),
    ("workday workdays", &[Workday]),
    ("mon monday", &[Weekday(Weekday::Monday)]),
    ("tue tuesday", &[Weekday(Weekday::Tuesday)]),
    ("wed wednesday", &[Weekday(Weekday::Wednesday)]),
    ("thu thursday", &[Weekday(Weekday::Thursday)]),
    ("fri friday", &[Weekday(Weekday::Friday)]),
    ("sat saturday", &[Weekday(Weekday::Saturday)]),
    ("sun sunday", &[Weekday(Weekday::Sunday)]),
    ("time times", &[Times]),
    ("odd", &[Odd]),
    ("even", &[Even]),
    ("end", &[End]),
    ("last", &[Nth(-1)]),
    ("first", &[Nth(1)]),
    ("second", &[Nth(2)]),
    ("third", &[Nth(3)]),
    ("fourth", &[Nth(4)]),
    ("fifth", &[Nth(5)]),
    ("sixth", &[Nth(6)]),
    ("before", &[Before]),
    ("within", &[Within]),
    ("after", &[After]),
    ("from", &[From]),
    ("to", &[To]),
    ("and", &[Comma]),
    ("by", &[Lead]),
    ("of", &[Of]),
    ("the", &[The]),
    ("event", &[Event]),
    ("receipt", &[Receipt]),
    ("at", &[At]),
    ("least", &[Least]),
    ("a per", &[A]),
    ("or", &[Or]),
    ("next", &[Next]),
    ("previous", &[Previous]),
    ("same", &[Same]),
    ("rrule dtstart freq", &[Recurrence]),
    ("hour hours am pm", &[Named(Name::Hours)]),
    ("daily", &[Named(Name::Daily)]),
    ("asap soon", &[Named(Name::Vague)]),
];

/// Every English word, for did-you-mean.
pub fn english_words() -> impl Iterator<Item = &'static str> {
    ENGLISH.iter().flat_map(|(texts, _)| texts.split(' '))
}

/// Every piece of the dictionary, for tests that put them together.
#[cfg(test)]
pub fn pieces() -> Vec<&'static str> {
    CHINESE.iter().chain(ENGLISH).flat_map(|(texts, _)| texts.split(' ')).collect()
}
