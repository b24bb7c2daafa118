//! Every word that is known, and how it is written.

use jiff::civil::Weekday;

/// One word; synonyms share a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Num(u32),
    /// `第3个`, `首`, `最后一个` (−1), `倒数第二个` (−2), `3rd`.
    Nth(i32),
    /// `2026-09-30`, `2026/9/30`, `2026.9.30`: not checked yet.
    Iso(u32, u32, u32),
    /// `07-10`: two digits each.
    MonthDay(u32, u32),
    /// `1.31`, `1/31`: month and day may stand in either order.
    Pair(u32, u32),
    Every,
    Year,
    Half,
    Quarter,
    Month,
    /// `个月`: a length, where `月` is a name.
    Months,
    Week,
    Weekday(Weekday),
    Day,
    /// `天`: a length, where `日` is a name.
    Days,
    Workday,
    Times,
    Odd,
    Even,
    End,
    /// `上旬` 10, `中旬` 20, `下旬` 31.
    Ten(u8),
    Before,
    Within,
    Until,
    After,
    Begin,
    /// `之日起`
    SinceDay,
    From,
    To,
    /// `-`, which is `To` between two days.
    Dash,
    Slash,
    Comma,
    Stop,
    Colon,
    Open,
    Close,
    TitleOpen,
    TitleClose,
    Ended,
    NextYear,
    NextMonth,
    NextQuarter,
    ThisYear,
    FirstHalf,
    SecondHalf,
    AtLeast,
    OrMore,
    Received,
    BeforeEvent,
    AfterEvent,
    /// Stands before a date and changes nothing.
    Lead,
    /// Changes nothing and is not worth showing: 的.
    Soft,
    /// What is done by the date: begins the tail of a sentence.
    Verb,
    /// How it is done: stands before a verb in the tail.
    How,
    /// Known so that no number is read from it (`一次性`).
    Filler,
    /// Refused by name.
    Named(Name),
    // English.
    Each(Often),
    Of,
    The,
    Event,
    Receipt,
    At,
    Least,
    A,
    Unknown,
}

/// `yearly`, `monthly` …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    Year,
    Half,
    Quarter,
    Month,
    Week,
}

/// Words that never give a certain date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    NoDate,
    Vague,
    Around,
    Hours,
    Lunar,
    /// A holiday of the solar calendar: month and day of the day before it.
    Feast(u8, u8),
    /// 下周: a coming date, depending on the day of writing.
    Relative,
    /// 上月, 本季度: in a tail, the period that is reported on.
    Current,
    Daily,
    HalfMonth,
    TenDays,
    NotBefore,
    EveryOther,
    Except,
}

use Word::*;

/// Longest match first. Words that mean the same stand in one row.
pub const CHINESE: &[(&str, &[Word])] = &[
    ("每 每个 每一个", &[Every]),
    ("年 年度 自然年度 会计年度", &[Year]),
    ("半年 半年度 个半年", &[Half]),
    ("季度 季 个季度", &[Quarter]),
    ("月 月度 月份", &[Month]),
    ("个月", &[Months]),
    ("周 星期 礼拜 个星期 个礼拜", &[Week]),
    ("周一 星期一 礼拜一", &[Weekday(Weekday::Monday)]),
    ("周二 星期二 礼拜二", &[Weekday(Weekday::Tuesday)]),
    ("周三 星期三 礼拜三", &[Weekday(Weekday::Wednesday)]),
    ("周四 星期四 礼拜四", &[Weekday(Weekday::Thursday)]),
    ("周五 星期五 礼拜五", &[Weekday(Weekday::Friday)]),
    ("周六 星期六 礼拜六", &[Weekday(Weekday::Saturday)]),
    ("周日 周天 星期日 星期天 礼拜日 礼拜天", &[Weekday(Weekday::Sunday)]),
    ("日 号", &[Day]),
    ("天 自然日 个自然日 日历日 个日历日", &[Days]),
    ("工作日 个工作日", &[Workday]),
    ("次", &[Times]),
    ("单月 单数月 奇数月", &[Odd]),
    ("双月 双数月 偶数月", &[Even]),
    ("底 末 末日", &[End]),
    ("上旬", &[Ten(10)]),
    ("中旬", &[Ten(20)]),
    ("下旬", &[Ten(31)]),
    ("月中旬", &[Month, Ten(20)]),
    ("前 之前 以前", &[Before]),
    ("内 之内 以内", &[Within]),
    ("止 为止", &[Until]),
    ("后 之后 以后", &[After]),
    ("起 开始", &[Begin]),
    ("之日起 之日后", &[SinceDay]),
    ("自 从", &[From]),
    ("至 到 ~ — —— – ―", &[To]),
    ("-", &[Dash]),
    ("/", &[Slash]),
    ("、 , 和 及 与 以及", &[Comma]),
    ("。 ; ! .", &[Stop]),
    (":", &[Colon]),
    ("( [ 【 〔", &[Open]),
    (") ] 】 〕", &[Close]),
    ("《 “ 「 『", &[TitleOpen]),
    ("》 ” 」 』", &[TitleClose]),
    ("终了 结束 完结 届满", &[Ended]),
    ("次年 翌年 下一年 下一年度 次年度", &[NextYear]),
    ("次月", &[NextMonth]),
    ("次季 次季度 下季度 下一季度 下一个季度", &[NextQuarter]),
    ("今年 本年 本年度 当年", &[ThisYear]),
    ("上半年", &[FirstHalf]),
    ("下半年", &[SecondHalf]),
    ("元月 元月份", &[Num(1), Month]),
    ("首 首个", &[Nth(1)]),
    ("末个", &[Nth(-1)]),
    ("首月", &[Nth(1), Month]),
    ("末月", &[Nth(-1), Month]),
    ("至少 不少于 不低于 最少 不得少于", &[AtLeast]),
    ("以上 及以上", &[OrMore]),
    (
        "收到 收到申请 收到来件 收到来文 收到文件 收到通知 收到材料 收文 接到 接到申请 接到通知 接件 受理 受理申请 \
         印发 文件印发 下发 信息形成或者变更 信息形成或变更 政府信息形成或者变更 政府信息形成或变更 形成或者变更 \
         形成或变更 形成 变更 签发 出台 印发通知",
        &[Received],
    ),
    (
        "举行前 举办前 召开前 开会前 会前 活动前 活动举行前 活动举办前 会议前 会议召开前 听证会举行前 听证会召开前 \
         举行听证会前 举行之前 召开之前",
        &[BeforeEvent],
    ),
    (
        "会后 会议后 会议结束后 会议召开后 活动后 活动结束后 举行后 举办后 召开后 会议结束之日起 活动结束之日起",
        &[AfterEvent],
    ),
    (
        "务于 务必于 务必在 务必 应在 应于 应 应当 应当在 应当于 需 需于 需在 须 须于 须在 要 要在 要于 必须 \
         必须在 必须于 原则上 力争 力争在 力争于 争取 争取在 不迟于 不晚于 不得迟于 不得晚于 最迟 最晚 最迟于 \
         最晚于 最迟在 最晚在 最迟不超过 请 请于 请在 请务必于 敬请于 按照规定 按照规定于 按规定 按规定于 按要求 \
         按照要求 根据规定 根据要求 根据上级要求 按照上级要求 按上级要求 确保 确保在 确保于 截至 截止 截止到 截至到 \
         截止时间 截止日期 完成时限 完成时间 完成期限 办理时限 办结时限 时限 期限 时间 于 在 原则上于 原则上在 原则 \
         统一于 统一在 均应于 均于 也应于 定于 依法 依规",
        &[Lead],
    ),
    ("的 下班 当日 当天 每逢", &[Soft]),
    (
        "完成 办结 办理 报送 报告 报备 上报 呈报 填报 申报 报 送 送达 提交 提供 提请 发布 公布 公开 公示 通报 \
         印制 编制 编写 更新 召开 开展 组织 举办 听取 研究 部署 检查 自查 核查 抽查 巡检 梳理 汇总 总结 整理 \
         整改 落实 反馈 答复 回复 清零 维护 调整 修订 备案 归档 上传 上线 录入 登记 发送 寄送 缴纳 缴清 支付 \
         付清 上缴 审核 审定 审议 评估 考核 验收 启动 实施 制定 制订 出具 建成 建立 进行 做好 到位 交 发 向 \
         将 把 由 对 并 公告 测试 培训 演练 解读 督办 督查 盘点 对账 结算 披露 推送 复核 更正 销号 汇报 予以 \
         给予 作出 做出 通过 办完 办妥 确定 告知 通知 转办 移交 移送 核实 报请",
        &[Verb],
    ),
    ("按时 如期 提前 主动 准时 全面 全部 基本 集中 统一 认真 高质量 按质 保质 专题", &[How]),
    ("一次性 唯一 上一年度 上一季度 上一月 上一周 前一年 前一年度 上一年 一些 一并 进一步 一体化 一律", &[Filler]),
    (
        "长期坚持 长期 持续推进 持续 常态化 全年 贯穿全年 日常 常年 随时 一贯 按年 按季 按季度 按月 按周 逐年 \
         逐季 逐月 逐周",
        &[Named(Name::NoDate)],
    ),
    (
        "适时 尽快 尽早 及时 近期 近日 定期 不定期 立即 马上 抓紧 适当时候 年初 月初 季初 周末 年中 月中 \
         有关时间 另行通知 待定 视情况 必要时",
        &[Named(Name::Vague)],
    ),
    ("左右 前后 上下 约 大约", &[Named(Name::Around)]),
    ("小时 个小时 时 点 点钟 分钟 点前 上午 中午 下午 晚上 早上 零时 半小时", &[Named(Name::Hours)]),
    (
        "农历 阴历 旧历 腊月 正月 冬月 初一 初五 初十 除夕 春节 元宵 元宵节 端午 端午节 中秋 中秋节 重阳 重阳节 \
         清明 清明节 过年 节前 节后 小年",
        &[Named(Name::Lunar)],
    ),
    ("元旦 元旦节", &[Named(Name::Feast(12, 31))]),
    ("五一 五一节 劳动节 五一劳动节", &[Named(Name::Feast(4, 30))]),
    ("国庆 国庆节 十一国庆节", &[Named(Name::Feast(9, 30))]),
    ("七一", &[Named(Name::Feast(6, 30))]),
    (
        "今天 今日 明天 明日 后天 下周 下月 下个月 明年 后年 下星期 下周一 下周二 下周三 下周四 下周五 下周六 \
         下周日",
        &[Named(Name::Relative)],
    ),
    (
        "本周 上周 这周 本月 当月 上月 上个月 本季度 本季 上季度 当季 当季度 去年 昨天 本周内 本周一 本周二 \
         本周三 本周四 本周五 本星期",
        &[Named(Name::Current)],
    ),
    ("每天 每日 每工作日 每个工作日 每一天 天天 逐日 按日", &[Named(Name::Daily)]),
    ("半月 半个月", &[Named(Name::HalfMonth)]),
    ("每旬 旬", &[Named(Name::TenDays)]),
    ("不早于 不得早于", &[Named(Name::NotBefore)]),
    ("每隔 隔 隔年 隔月 隔周", &[Named(Name::EveryOther)]),
    ("不含 不包括 不包含 除外 除", &[Named(Name::Except)]),
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
