//! What a word may be.

use jiff::civil::Weekday;

use super::roll::Roll;

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
    /// `个季度`: a length, where `季度` is a name.
    Quarters,
    /// `天`: a length, where `日` is a name.
    Days,
    Workday,
    Times,
    /// `期`, `场`: counts as `次` does after a number.
    Counter,
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
    /// `、`, 和: between two items.
    Comma,
    /// `，`: between two items, or between two clauses.
    Pause,
    Stop,
    Colon,
    Open,
    Close,
    TitleOpen,
    TitleClose,
    Quote,
    Ended,
    NextYear,
    NextMonth,
    NextQuarter,
    ThisYear,
    FirstHalf,
    SecondHalf,
    /// 或
    OrElse,
    AtLeast,
    OrMore,
    /// What opens a case: `收到`, `受理`.
    Received,
    /// What is announced beforehand: `召开`, `开工`.
    Event,
    /// `提前` before an amount; else how something is done.
    Ahead,
    /// Stands before a date and changes nothing.
    Lead,
    /// Stands before the date that is hoped for: 力争.
    Hope,
    /// Stands before the latest date: 最迟.
    Limit,
    /// 办结时限: an amount behind it is from the day of the case on.
    Allowed,
    /// Changes nothing and is not worth showing: 则.
    Soft,
    /// 的: after a verb, what stands before it only names a thing.
    Whose,
    /// 根据, 以: a date right behind it is that of a paper, or of a count.
    Basis,
    /// What is done by the date: begins the object.
    Verb,
    /// How it is done: stands before a verb.
    How,
    /// Known so that no date is read from it (`一次性`, `年报`).
    Filler,
    /// A part of the day, or a unit of its time: passed over after a date.
    DayPart,
    Clock,
    /// 含, in a bracket: the date itself is in time, as it is without it.
    Inclusive,
    /// Words that say how a day off moves the date.
    Roll(Roll),
    /// The working day before or after: only beside a word that moves a date does it say how.
    Beside(Roll),
    /// `如遇`, a day off: parts of what moves a date.
    Meet,
    DayOff,
    /// 双休日, 长假: not every day off.
    SomeOff,
    /// `顺延至`, `调整为`: what stands after it counts.
    MovedTo,
    /// 期间: after a date, within it; before one, only in that time.
    During,
    /// Half a unit more: `一年半`.
    AndHalf,
    /// Begins a recurrence of RFC 5545.
    Recurrence,
    /// Refused by name.
    Named(Name),
    // English.
    Each(Often),
    In,
    Of,
    The,
    Or,
    Next,
    Previous,
    Same,
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
    /// A holiday of the solar calendar.
    Feast,
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
    /// 推迟, 另有: moves a date in a way that it does not say.
    Moves,
    /// 月初, 春季: part of a period, without a day.
    PartOf,
    /// 学期, 汛期: only in a time of its own.
    Season,
    /// 凌晨: belongs to the day before as much.
    Dawn,
    /// 少于, 以下: how many at most, or what happens to whoever has done so many.
    Bound,
    /// 不得, 有效期至: the date beside it is no deadline.
    NoDuty,
    /// 已: done before now.
    Done,
    /// 废止, 试行: the duty ends, or has ended.
    Ends,
    /// 其他: one of several duties.
    Others,
    /// 整改阶段: again and again in that time only.
    Phase,
    /// 生效日期: the date behind it is that of a thing.
    Label,
    /// 逐年, 按月: again and again; beside a single date it is asked.
    Rhythm,
}
