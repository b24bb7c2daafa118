#!/usr/bin/env python3
"""An independent judge of the dates in tests/data/due-cases.tsv.

It shares no code with the program: dates come from dateutil, working days from chinesecalendar
(and from Monday to Friday in years that it does not know). It reads only the canonical form.

    python3 tests/oracle/due.py           check; exit code 1 on a difference
    python3 tests/oracle/due.py --write   fill in the columns from the text and the canonical form
"""

import re
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import chinese_calendar
from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta
from dateutil.rrule import DAILY, rrule, rrulestr

CASES = Path(__file__).resolve().parent.parent / "data/due-cases.tsv"
ENDS = CASES.with_name("due-ends.tsv")
FIRST, LAST, FROM = date(2024, 1, 1), date(2027, 12, 31), date(2026, 1, 1)
CASE_DAYS = [date(2026, 2, 13), date(2026, 1, 31)]
WEEKDAYS = dict(mon=MO, tue=TU, wed=WE, thu=TH, fri=FR, sat=SA, sun=SU)
ORDINALS = dict(first=1, second=2, third=3, fourth=4, fifth=5, sixth=6)
MONTHS = {"year": 12, "half-year": 6, "quarter": 3, "month": 1}
DAY = timedelta(days=1)


def works(day):
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return day.weekday() < 5


def step(day, n):
    """The n-th working day after (before) a day, counted one by one."""
    sign = DAY if n > 0 else -DAY
    while n:
        day += sign
        if works(day):
            n += -1 if n > 0 else 1
    return day


def day_of(words, first):
    """A day of the month that begins with `first`."""
    end = first + relativedelta(day=31)
    match = re.fullmatch(r"(?:(\d+)\w\w )?(last )?(\w+)", words)
    if words == "end":
        return end
    if re.fullmatch(r"\d+", words):
        return first + relativedelta(day=int(words))
    n, last, what = match.groups()
    n = int(n or 1) * (-1 if last else 1)
    days = [d.date() for d in rrule(DAILY, dtstart=first, until=end)]
    if what == "workday":
        days = [d for d in days if works(d)]
    else:
        days = [d for d in days if d.weekday() == WEEKDAYS[what].weekday]
    return days[n - 1] if n > 0 else days[n]


def label(first, months):
    if months == 12:
        return f"{first.year}"
    if months == 6:
        return f"{first.year}-H{1 if first.month < 7 else 2}"
    if months == 3:
        return f"{first.year}-Q{(first.month + 2) // 3}"
    return f"{first:%Y-%m}"


def periods(months):
    """The first days of all periods near the years that are compared."""
    day = date(2020, 1, 1)
    while day.year < 2030:
        yield day
        day += relativedelta(months=months)


def cyclic(months, items, every=1, start=None, only=None):
    """`items`: (month of the period, words), in order."""
    twice = len({m for m, _ in items}) < len(items)
    for first in periods(months):
        if start and (first.year < start or (first.year - start) % every):
            continue
        if only and first.month % 2 != only % 2:
            continue
        dates = {}
        for month, words in items:
            month_first = first + relativedelta(months=month - 1)
            dates.setdefault(day_of(words, month_first), month_first)
        opens = first
        for due in sorted(dates):
            if len(items) == 1:
                period = label(first, months)
            else:
                period = due.isoformat() if twice else label(dates[due], 1)
            yield period, due, opens
            opens = due + DAY


def weekly(days):
    for monday in rrule(DAILY, interval=7, dtstart=datetime(2020, 1, 6), until=datetime(2030, 1, 1)):
        monday = monday.date()
        year, week, _ = monday.isocalendar()
        opens = monday
        for name in days:
            if name.endswith("workday"):
                worked = [day for day in (monday + DAY * n for n in range(7)) if works(day)]
                if not worked:
                    continue
                due = worked[0 if name.startswith("1st") else -1]
            else:
                due = monday + relativedelta(weekday=WEEKDAYS[name])
            yield (f"{year}-W{week:02}" if len(days) == 1 else due.isoformat()), due, opens
            opens = due + DAY


def plus(day, n, unit):
    if unit == "day":
        return day + timedelta(days=n)
    return step(day, n) if unit == "workday" else day + relativedelta(months=n)


def after(n, unit, months):
    for first in periods(months):
        opens = first + relativedelta(months=months)
        if unit == "month":
            due = opens + relativedelta(months=n) - DAY
        else:
            due = plus(opens - DAY, n, unit)
        yield label(first, months), due, opens


def before_end(n, unit, months):
    """Counted back from the last day of each period; months are whole ones, taken off its end."""
    for first in periods(months):
        following = first + relativedelta(months=months)
        if unit == "month":
            due = following - relativedelta(months=n) - DAY
        else:
            due = plus(following - DAY, -n, unit)
        yield label(first, months), due, first


def following(words, months):
    """A day of the month that comes after each period."""
    for first in periods(months):
        opens = first + relativedelta(months=months)
        yield label(first, months), day_of(words, opens), opens


def year_item(text):
    if match := re.fullmatch(r"(\d\d)-(\d\d)", text):
        return int(match[1]), str(int(match[2]))
    match = re.fullmatch(r"(.+) of (\d\d)", text)
    return int(match[2]), match[1]


def sub_item(text, months):
    if match := re.fullmatch(r"(\w+) month (.+)", text):
        return ORDINALS[match[1]], match[2]
    return months, text


def recurrence(text):
    start = re.search(r"DTSTART:(\d{8})", text)
    rule = text[text.index("RRULE:") + 6 :]
    # Without a beginning of its own any earlier one serves: its parts determine the days.
    begin = datetime.strptime(start[1], "%Y%m%d") if start else datetime(2020, 1, 1)
    freq = re.search(r"FREQ=(\w+)", rule)[1]
    before = None
    for at in rrulestr("RRULE:" + rule, dtstart=begin):
        due = at.date()
        if due > LAST:
            break
        opens = {
            "YEARLY": due.replace(month=1, day=1),
            "MONTHLY": due.replace(day=1),
            "WEEKLY": due - timedelta(days=due.weekday()),
            "DAILY": due,
        }[freq]
        if before:
            opens = max(opens, before + DAY)
        yield due.isoformat(), due, opens
        before = due


def terms(rule):
    """(period, due, opens) of a canonical form."""
    if "RRULE:" in rule:
        return recurrence(rule)
    rule = re.sub(r", at least \d+ times$", "", rule)
    # How a day off moves it changes the last day, not the date that the paper states.
    rule = re.sub(r" or (next workday|previous workday|same day)$", "", rule)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", rule):
        return [(rule, date.fromisoformat(rule), None)]
    if match := re.fullmatch(r"(\d+) (day|workday|month)s? after (year|half-year|quarter|month)", rule):
        return after(int(match[1]), match[2], MONTHS[match[3]])
    if match := re.fullmatch(r"(\d+) (day|workday|month)s? before the end of (year|half-year|quarter|month)", rule):
        return before_end(int(match[1]), match[2], MONTHS[match[3]])
    if match := re.fullmatch(r"day (\d+) after (year|half-year|quarter|month)", rule):
        return following(match[1], MONTHS[match[2]])
    if match := re.fullmatch(r"(.+) of the month after (year|half-year|quarter|month)", rule):
        return following(match[1], MONTHS[match[2]])
    if match := re.fullmatch(r"(?:yearly|every (\d+) years) (.+?)(?: from (\d{4}))?", rule):
        items = [year_item(i) for i in match[2].split(", ")]
        return cyclic(12, items, int(match[1] or 1), match[3] and int(match[3]))
    if match := re.fullmatch(r"(half-yearly|quarterly) (.+)", rule):
        months = 6 if match[1] == "half-yearly" else 3
        return cyclic(months, [sub_item(i, months) for i in match[2].split(", ")])
    if match := re.fullmatch(r"(monthly|odd months|even months) (.+)", rule):
        only = {"monthly": None, "odd months": 1, "even months": 2}[match[1]]
        return cyclic(1, [(1, i) for i in match[2].split(", ")], only=only)
    if match := re.fullmatch(r"weekly (.+)", rule):
        return weekly(match[1].split(", "))
    raise ValueError(f"no such form: {rule}")


def judge(rule):
    """The two columns: the first three terms from 2026 on, and sums over 2024 to 2027."""
    case = re.sub(r" or (next workday|previous workday|same day)$", "", rule)
    if match := re.fullmatch(r"(\d+) (day|workday|month)s? (after|before) (?:receipt|the event)", case):
        n = int(match[1]) * (1 if match[3] == "after" else -1)
        return "; ".join(f"{d} > {plus(d, n, match[2])}" for d in CASE_DAYS), "case"
    all_terms = [t for t in terms(rule) if FIRST <= t[1] <= LAST]
    three = [t for t in all_terms if t[1] >= FROM][:3]
    first = "; ".join(f"{period} {due} {opens or '-'}" for period, due, opens in three)
    days = sum((due - FIRST).days for _, due, _ in all_terms)
    opens = sum((opens - FIRST).days for _, _, opens in all_terms if opens)
    return first, f"{len(all_terms)} {days} {opens}"


def ends(rule):
    """The column of due-ends.tsv. A fixed day ends with itself; an amount that is counted on ends with a working day;
    what is counted back never moves on; where the paper says how a day off moves it, both days follow it."""
    rolled = re.search(r" or (next|previous|same) (?:work)?day", rule)
    plain = re.sub(r" or (next workday|previous workday|same day)", "", rule)
    if match := re.fullmatch(r"(\d+) (day|workday|month)s? (after|before) (?:receipt|the event)", plain):
        n = int(match[1]) * (1 if match[3] == "after" else -1)
        dues = [plus(day, n, match[2]) for day in [*CASE_DAYS, date(2026, 4, 20)]]
    else:
        dues = [due for _, due, _ in terms(plain) if due.year == 2026]
    period = re.match(r"\d+ \w+ after ", plain)
    told = []
    for due in [due for due in dues if not works(due)][:2]:
        later, earlier = step(due, 1), step(due, -1)
        if rolled:
            last = {"next": later, "previous": earlier, "same": due}[rolled[1]]
            told.append(f"{due} > {last} {last}")
        else:
            told.append(f"{due} > {earlier} {later if period else due}")
    return "; ".join(told)


def check_ends():
    lines, wrong = [], 0
    for line in ENDS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, rule, told = line.split("\t")
            found = ends(rule)
            if told != found and "--write" not in sys.argv:
                wrong += 1
                print(f"{text} ({rule})\n  file   {told}\n  oracle {found}")
            line = "\t".join([text, rule, found])
        lines.append(line)
    if "--write" in sys.argv:
        ENDS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} lines of ends, {wrong} differ")
    return wrong


def main():
    lines, wrong, compared = [], 0, 0
    for number, line in enumerate(CASES.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            lines.append(line)
            continue
        text, rule, *told = line.split("\t")
        found = list(judge(rule))
        lines.append("\t".join([text, rule, *found]))
        compared += 1
        if told != found:
            wrong += 1
            if "--write" not in sys.argv:
                print(f"line {number}: {text} ({rule})\n  file   {told}\n  oracle {found}")
    if "--write" in sys.argv:
        CASES.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"wrote {compared} forms")
        return check_ends()
    print(f"{compared} forms compared, {wrong} differ")
    return 1 if wrong + check_ends() else 0


if __name__ == "__main__":
    sys.exit(main())
