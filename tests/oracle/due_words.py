"""The words of section 2 of the design: one `due` string -> how often it comes round, and its dates.

parse(text, year_of_file, days) gives a Due. Due.occurrences(first_year, last_year) lists
(period label, due date) in order. What is not known raises Unknown: never a guess.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Callable

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

YEARLY, HALF_YEARLY, QUARTERLY, MONTHLY, WEEKLY, ONCE, CASE, OTHER = (
    "yearly", "half-yearly", "quarterly", "monthly", "weekly", "once", "case", "other",
)
WEEKDAYS_CN = "一二三四五六日"
WEEKDAYS_EN = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LAST = 31  # clamped to the month's last day


class Unknown(Exception):
    pass


@dataclass
class Due:
    frequency: str
    of_year: Callable  # year -> [(period, due)]: the occurrences whose PERIOD begins in that year
    is_period: bool = False  # counted on from an end (期间); else a day that is stated (期日)
    roll: str = ""  # what the paper says of a day off: 顺延, 提前, 不顺延

    def ends(self, due, days):
        """The last day that is in time."""
        later = days.after(due - dt.timedelta(days=1), 1)
        return {"顺延": later, "提前": days.on_or_before(due), "不顺延": due}.get(self.roll, later if self.is_period else due)

    def finish_by(self, due, days):
        return self.ends(due, days) if self.roll else days.on_or_before(due)

    def occurrences(self, first_year, last_year):
        found = {}
        for year in range(first_year, last_year + 1):
            for period, due in self.of_year(year):
                found[due, period] = None
        return [(period, due) for due, period in sorted(found)]


# --- dates ---------------------------------------------------------------------------------------

def month_day(year, month, day):
    """Day `day` of that month, or the month's last day where there is none."""
    return dt.date(year, month, 1) + relativedelta(day=day)


def spans(unit, year):
    """(period label, first day, last day) of the year's years, halves, quarters or months."""
    months = {"年": 12, "半年": 6, "季": 3, "月": 1}[unit]
    result = []
    for index in range(12 // months):
        first = dt.date(year, index * months + 1, 1)
        last = first + relativedelta(months=months, days=-1)
        label = {12: f"{year}", 6: f"{year}-H{index + 1}", 3: f"{year}-Q{index + 1}", 1: f"{year}-{index + 1:02}"}[months]
        result.append((label, first, last))
    return result


FREQUENCY_OF = {"年": YEARLY, "半年": HALF_YEARLY, "季": QUARTERLY, "月": MONTHLY}


def in_span(unit, month_of_span, day):
    """Day `day` of the span's n-th month (0 first, -1 last)."""
    def of_year(year):
        result = []
        for label, first, last in spans(unit, year):
            month = last if month_of_span == -1 else first + relativedelta(months=month_of_span)
            result.append((label, month_day(month.year, month.month, day)))
        return result
    return Due(FREQUENCY_OF[unit], of_year)


def after_span(unit, count, kind, days):
    def of_year(year):
        return [(label, later(last, count, kind, days)) for label, _, last in spans(unit, year)]
    return Due(FREQUENCY_OF[unit], of_year, is_period=True)


def later(day, count, kind, days):
    if kind == "个工作日":
        return days.after(day, count)
    if kind == "个月":
        return day + relativedelta(months=count)
    return day + dt.timedelta(days=count)


def yearly_dates(dates):
    # One day of evenly spaced months is a half-year's or a quarter's, however it is written.
    months = sorted(m for m, _ in dates)
    gaps = {b - a for a, b in zip(months, months[1:])}
    if len({d for _, d in dates}) == 1:
        if len(dates) == 2 and gaps == {6}:
            return in_span("半年", months[0] - 1, dates[0][1])
        if len(dates) == 4 and gaps == {3}:
            return in_span("季", months[0] - 1, dates[0][1])

    def of_year(year):
        if len(dates) == 1:
            return [(f"{year}", month_day(year, *dates[0]))]
        months = [m for m, _ in dates]
        if len(set(months)) == len(months):
            return [(f"{year}-{m:02}", month_day(year, m, d)) for m, d in dates]
        return [(month_day(year, m, d).isoformat(), month_day(year, m, d)) for m, d in dates]
    return Due(YEARLY, of_year)


def monthly_days(numbers, months=range(1, 13), frequency=MONTHLY):
    def of_year(year):
        result = []
        for month in months:
            for number in numbers:
                due = month_day(year, month, number)
                result.append((f"{year}-{month:02}" if len(numbers) == 1 else due.isoformat(), due))
        return result
    return Due(frequency, of_year)


def nth_workday(first, last, n, days):
    """n-th working day between first and last; n = -1 is the last one."""
    if n == -1:
        return days.on_or_before(last)
    found = days.after(first - dt.timedelta(days=1), n)
    return found if found <= last else None


def workday_of_months(n, days, month=None):
    def of_year(year):
        result = []
        for label, first, last in spans("月", year):
            if month in (None, first.month):
                due = nth_workday(first, last, n, days)
                if due:
                    result.append((f"{year}" if month else label, due))
        return result
    return Due(YEARLY if month else MONTHLY, of_year)


def weekly(weekday):
    def of_year(year):
        day = dt.date(year, 1, 1) + relativedelta(weekday=weekday)
        result = []
        while day.year == year:
            iso = day.isocalendar()
            result.append((f"{iso.year}-W{iso.week:02}", day))
            day += dt.timedelta(days=7)
        return result
    return Due(WEEKLY, of_year)


def once(date):
    return Due(ONCE, lambda year: [(date.isoformat(), date)] if year == date.year else [])


def case():
    return Due(CASE, lambda year: [])  # opened by hand: nothing before somebody does


def at_least(unit):
    def of_year(year):
        return [(label, last) for label, _, last in spans(unit, year)]
    return Due(FREQUENCY_OF[unit], of_year)


def rrule(text):
    rule = text.split(":", 1)[1]

    def of_year(year):
        start, end = dt.datetime(year, 1, 1), dt.datetime(year, 12, 31)
        return [(d.date().isoformat(), d.date()) for d in rrulestr(rule, dtstart=start).between(start, end, inc=True)]
    # By how often it comes round: its FREQ.
    freq = dict(part.split("=") for part in rule.split(";"))["FREQ"]
    return Due({"DAILY": WEEKLY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY}.get(freq, OTHER), of_year)


# --- words ---------------------------------------------------------------------------------------

CN_DIGITS = dict(zip("零〇一二两三四五六七八九", [0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]))
NUMERAL = "零〇一二两三四五六七八九十廿卅"


def numeral(word):
    word = word.replace("廿", "二十").replace("卅", "三十")
    if "十" in word:
        tens, _, ones = word.partition("十")
        return (CN_DIGITS[tens] if tens else 1) * 10 + (CN_DIGITS[ones] if ones else 0)
    return int("".join(str(CN_DIGITS[c]) for c in word))


def as_written(text):
    """One spelling for what people write in many."""
    s = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    s = re.sub(r"\([^)]*\)$", "", s).rstrip("。;；,")
    s = s.replace("元月", "1月").replace("号", "日").replace("半年度", "半年").replace("季度", "季")
    s = re.sub(f"([{NUMERAL}]+)(?=月|日|个工作日|个月|天|次)", lambda m: str(numeral(m[1])), s)
    s = re.sub(r"^(原则上|力争|务必|务|应当|应|请|须|需)*(不迟于|最迟|于|在)?", "", s)
    s = re.sub(r"(?<=前|内)(完成|报送|办结|上报|发布|提交|印发|报出)$", "", s)
    s = re.sub(r"^(每年|每年度)?的?(次年|翌年|下一年|下年)度?", "每年", s)
    s = re.sub(r"(以内|之内)$", "内", s)  # kept for now: `15日内` is a case, `15日` is nothing
    return re.sub(r"(之前|以前|前|止)$", "", s)


DAY = r"(\d{1,2}日|底|末|上旬|中旬|下旬)"


def day_number(word):
    return {"底": LAST, "末": LAST, "上旬": 10, "中旬": 20, "下旬": LAST}.get(word) or int(word[:-1])


def parse(text, year_of_file, days):
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.upper().startswith("RRULE:"):
        return rrule(plain)
    # In brackets or behind a pause: the last words of the text.
    roll = re.search(r"[(,]遇节假日(顺延|提前|不顺延)\)?$", plain)
    if roll:
        text = plain[: roll.start()]
    following = re.match(r"(?:于|应在|务于)?(?:次年|翌年|下一年|下年)度?", re.sub(r"\s+", "", plain))
    if following and year_of_file:
        # In a plan of one year: once, in the year after it.
        found = chinese_once(as_written(re.sub(r"\s+", "", text)[following.end():]), year_of_file + 1, days)
        if found is None:
            raise Unknown(f"due not understood: {text!r}")
        return found
    found = english(plain.lower(), days) if plain.isascii() else chinese(as_written(text), year_of_file, days)
    if found and roll:
        found.roll = roll[1]
    if found is None:
        raise Unknown(f"due not understood: {text!r}")
    return found


def english(s, days):
    s = re.sub(r"\s+", " ", s)
    if m := re.fullmatch(r"yearly (\d\d-\d\d(?:, ?\d\d-\d\d)*)", s):
        return yearly_dates([tuple(map(int, d.split("-"))) for d in re.split(", ?", m[1])])
    if m := re.fullmatch(r"yearly last workday of (\d\d)", s):
        return workday_of_months(-1, days, month=int(m[1]))
    if m := re.fullmatch(r"(half-yearly|quarterly|monthly) (\d{1,2}|end)", s):
        unit = {"half-yearly": "半年", "quarterly": "季", "monthly": "月"}[m[1]]
        return in_span(unit, -1, LAST if m[2] == "end" else int(m[2]))
    if s == "monthly last workday":
        return workday_of_months(-1, days)
    if m := re.fullmatch(r"weekly (\w{3})", s):
        return weekly(WEEKDAYS_EN.index(m[1]))
    if m := re.fullmatch(r"(\d+) (workdays?|days?|months?) after (year|half|half-year|quarter|month)", s):
        unit = {"year": "年", "half": "半年", "half-year": "半年", "quarter": "季", "month": "月"}[m[3]]
        kind = {"w": "个工作日", "d": "日", "m": "个月"}[m[2][0]]
        return after_span(unit, int(m[1]), kind, days)
    if re.fullmatch(r"\d+ (workdays?|days?|months?) (after receipt|before (the )?event)", s):
        return case()
    if re.fullmatch(r"\d{4}-\d\d-\d\d", s):
        return once(dt.date.fromisoformat(s))
    return None


def chinese(s, year_of_file, days):
    if found := chinese_cases(s):
        return found
    s = s.removesuffix("内")
    for reader in (chinese_at_least, chinese_after, chinese_workdays, chinese_spans, chinese_months, chinese_years, chinese_once):
        if found := reader(s, year_of_file, days):
            return found
    return None


def chinese_cases(s):
    length = r"\d+(个工作日|日|天|个月)"
    after = re.fullmatch(rf"自?.{{0,8}}之日起{length}内?|{length}内", s)
    before = re.fullmatch(rf"(?:.{{0,6}})(?:举行|召开|开始|举办)前{length}内?", s)
    return case() if after or before else None


def chinese_at_least(s, _year, _days):
    m = re.fullmatch(r"每?(年|半年|季|月)度?(?:至少|不少于)\d+次", s) or re.fullmatch(r"\d+次/(年|半年|季|月)", s)
    return at_least(m[1]) if m else None


def chinese_after(s, _year, days):
    m = re.fullmatch(r"每?(?:个)?(年|半年|季|月)度?(?:结束|终了)?后(\d+)(个工作日|日|天|个月)", s)
    if m:
        return after_span(m[1], int(m[2]), m[3], days)
    if m := re.fullmatch(r"(?:每月)?次月(\d{1,2})日", s):
        number = int(m[1])

        def of_year(year):
            result = []
            for label, _, last in spans("月", year):
                following = last + dt.timedelta(days=1)
                result.append((label, month_day(following.year, following.month, number)))
            return result
        return Due(MONTHLY, of_year)
    return None


def chinese_workdays(s, _year, days):
    m = re.fullmatch(r"每(年\d{1,2})?月(?:的)?(最后1个|第\d+个)工作日", s)
    if not m:
        return None
    n = -1 if m[2].startswith("最后") else int(m[2][1:-1])
    return workday_of_months(n, days, month=int(m[1][1:]) if m[1] else None)


def chinese_spans(s, _year, _days):
    if m := re.fullmatch(rf"每(半年|季)(首月|末月|第\d个月){DAY}", s):
        month = {"首月": 0, "末月": -1}.get(m[2])
        return in_span(m[1], int(m[2][1:-2]) - 1 if month is None else month, day_number(m[3]))
    if m := re.fullmatch(r"每(半年|季)(底|末)", s):
        return in_span(m[1], -1, LAST)
    if re.fullmatch(r"每年年?(底|末)", s):
        return in_span("年", -1, LAST)
    return None


def chinese_months(s, _year, _days):
    if m := re.fullmatch(rf"每月({DAY}(?:、{DAY})*)", s):
        return monthly_days([day_number(w) for w in m[1].split("、")])
    if m := re.fullmatch(rf"每(单|双)月{DAY}", s):
        return monthly_days([day_number(m[2])], range(1 if m[1] == "单" else 2, 13, 2), OTHER)
    if m := re.fullmatch(f"每(?:周|星期)([{WEEKDAYS_CN}天])", s):
        return weekly(WEEKDAYS_CN.index(m[1].replace("天", "日")))
    return None


def chinese_years(s, _year, _days):
    if m := re.fullmatch(rf"每年(\d{{1,2}})月、(\d{{1,2}})月{DAY}", s):
        first, second = int(m[1]), int(m[2])
        if second - first == 6:
            return in_span("半年", first - 1, day_number(m[3]))
        return yearly_dates([(first, day_number(m[3])), (second, day_number(m[3]))])
    if m := re.fullmatch(rf"每年((?:\d{{1,2}}月{DAY}、)*\d{{1,2}}月{DAY})", s):
        pairs = [w.split("月") for w in m[1].split("、")]
        return yearly_dates([(int(month), day_number(day)) for month, day in pairs])
    return None


def chinese_once(s, year_of_file, _days):
    if re.fullmatch(r"年(底|末)", s):
        s = f"12月{s[1:]}"
    m = re.fullmatch(rf"(?:(\d{{4}})年)?(\d{{1,2}})月{DAY}", s)
    if not m:
        m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", s)
        return once(dt.date(*map(int, m.groups()))) if m else None
    year = int(m[1]) if m[1] else year_of_file
    if not year:
        raise Unknown(f"every year, or once? {s!r}")
    return once(month_day(year, int(m[2]), day_number(m[3])))
