"""The letters of a configuration, worked out a second time.

Reads the same files as `duban` and the same rules (design, sections 2 to 4), and shares no code
with it. The day `--start` is the one on which the plan is first loaded: the database is empty,
nothing is ever finished, every letter is delivered at once, the service is always up.

    python3 tests/oracle/year.py --config config/duban.toml --from 2026-01-01 --to 2026-12-31 --start 2026-01-01

prints what `duban plan --json` prints.
"""

import argparse
import datetime as dt
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import due_words
from due_words import CASE, HALF_YEARLY, MONTHLY, ONCE, OTHER, QUARTERLY, WEEKLY, YEARLY
from working_days import WorkingDays, as_date

ALL_SECTIONS = "各科室"
FAR = ["30天", "15天", "7个工作日", "3个工作日", "1个工作日", "当天"]
DEFAULT_LEADS = {
    YEARLY: FAR, HALF_YEARLY: FAR, ONCE: FAR, OTHER: FAR,
    QUARTERLY: ["15天", "5个工作日", "1个工作日", "当天"],
    MONTHLY: ["3个工作日", "1个工作日", "当天"],
    WEEKLY: ["1个工作日", "当天"],
    CASE: ["5个工作日", "3个工作日", "1个工作日", "当天"],
}
DEFAULT_OVERDUE = [1] + [3 + 5 * n for n in range(9)]  # ten times
ESCALATED_FROM = 3
# Far enough before and after the days asked for: no lead and no target reaches further.
YEARS_AROUND = 3


# --- the files -----------------------------------------------------------------------------------

@dataclass
class Section:
    name: str
    mailboxes: list
    leaders: list
    in_all: bool


@dataclass
class Deadline:
    id: str
    due: due_words.Due
    target: str | None
    leads: list
    overdue: list
    since: dt.date | None
    sections: list
    escalate_to: list | None
    lead: str | None
    help_by: str | None
    each: bool


@dataclass
class Plan:
    zone: ZoneInfo
    send_at: dt.time
    admins: list
    sections: list
    deadlines: list
    days: WorkingDays


def as_list(value):
    return [value] if isinstance(value, str) else list(value or [])


def read_toml(path):
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def plan_files(path):
    """The file, what it includes, and what lies in deadlines.d beside it: (path, contents)."""
    def with_includes(path):
        data = read_toml(path)
        yield path, data
        for other in as_list(data.get("include")):
            yield from with_includes(path.parent / other)
    yield from with_includes(path)
    for extra in sorted((path.parent / "deadlines.d").glob("*.toml")):
        yield from with_includes(extra)


def load(config):
    service = read_toml(config)
    here = config.parent
    days = WorkingDays(here / "holidays")
    files = [data for _, data in plan_files(here / service.get("deadlines", "deadlines.toml"))]
    sections = [
        Section(s["name"], as_list(s.get("email")), as_list(s.get("leader")), s.get("in_all", True))
        for data in files for s in data.get("section", [])
    ]
    deadlines = [
        deadline(entry, data, sections, days)
        for data in files for entry in data.get("deadline", []) if not entry.get("off", False)
    ]
    zone = ZoneInfo(service.get("timezone", "Asia/Shanghai"))
    send_at = dt.time.fromisoformat(service.get("send_at", "08:30"))
    return Plan(zone, send_at, as_list(service.get("admin")), sections, deadlines, days)


def deadline(entry, file, roster, days):
    due = due_words.parse(entry["due"], file.get("year"), days)
    leads = entry.get("remind", file.get("remind", DEFAULT_LEADS[due.frequency]))
    overdue = entry.get("overdue", file.get("overdue", DEFAULT_OVERDUE))
    named = as_list(entry["sections"])
    sections = [s for s in roster if s.name in named or (ALL_SECTIONS in named and s.in_all)]
    since = as_date(entry["since"]) if "since" in entry else None
    escalate_to = as_list(entry["escalate_to"]) if "escalate_to" in entry else None
    return Deadline(entry["id"], due, entry.get("target"), list(leads), [workdays(n) for n in overdue], since, sections, escalate_to,
                    entry.get("lead"), entry.get("help_by"), entry.get("done") == "each")


def workdays(step):
    return step if isinstance(step, int) else int(re.match(r"\d+", step)[0])


# --- the days of one occurrence ------------------------------------------------------------------

@dataclass
class Step:
    day: dt.date
    counted_from: dt.date
    lead: object  # the text as written, or the number of working days overdue

    @property
    def overdue(self):
        return isinstance(self.lead, int)


def lead_day(text, anchor, days):
    """(the day the letter goes, the same before it was rolled back) for a lead before `anchor`."""
    words = text.replace(" ", "")
    if words == "当天":
        return anchor, anchor
    if m := re.fullmatch(r"(\d+)个?工作日", words):
        day = days.before(anchor, int(m[1]))
        return day, day
    if m := re.fullmatch(r"(\d+)(天|日)", words):
        day = anchor - dt.timedelta(days=int(m[1]))
        return days.on_or_before(day), day
    raise ValueError(f"lead not understood: {text!r}")


def lead_steps(leads, anchor, days):
    """One step a day, named by the tightest lead: the one latest before rolling, then last written."""
    tightest = {}
    for index, text in enumerate(leads):
        day, unrolled = lead_day(text, anchor, days)
        if day not in tightest or (unrolled, index) > tightest[day][0]:
            tightest[day] = (unrolled, index), text
    return [Step(day, anchor, text) for day, (_, text) in sorted(tightest.items())]


def target_day(text, due, days):
    words = text.replace(" ", "")
    if m := re.fullmatch(r"(\d{1,2})月(\d{1,2})[日号]前?", words):
        day = due_words.month_day(due.year, int(m[1]), int(m[2]))
        if day >= due:
            day = due_words.month_day(due.year - 1, int(m[1]), int(m[2]))
    elif m := re.fullmatch(r"(?:提前)?(\d+)个?工作日", words):
        day = days.before(due, int(m[1]))
    elif m := re.fullmatch(r"(?:提前)?(\d+)(天|日)", words):
        day = due - dt.timedelta(days=int(m[1]))
    else:
        raise ValueError(f"target not understood: {text!r}")
    return days.on_or_before(day)


def steps_of(deadline, due, next_due, days):
    finish_by, ends = deadline.due.finish_by(due, days), deadline.due.ends(due, days)
    target = target_day(deadline.target, due, days) if deadline.target else None
    if target and target >= finish_by:
        target = None
    steps = lead_steps(deadline.leads, target, days) if target else []
    steps += [s for s in lead_steps(deadline.leads, finish_by, days) if not target or s.day > target]
    for count in sorted(set(deadline.overdue)):
        day = days.after(ends, count)
        if next_due is None or day <= next_due:
            steps.append(Step(day, due, count))
    return finish_by, sorted(steps, key=lambda s: s.day)


def helper_steps(deadline, due, next_due, days):
    """What is said to who only helps: as to the lead until it is due, or counted from a day of its own."""
    finish_by, steps = steps_of(deadline, due, next_due, days)
    if not deadline.help_by:
        return [s for s in steps if not s.overdue]
    own, _ = lead_day(re.sub("^提前", "", deadline.help_by.replace(" ", "")), finish_by, days)
    steps = lead_steps(deadline.leads, own, days)
    for count in sorted(set(deadline.overdue)):
        day = days.after(own, count)
        if next_due is None or day <= next_due:
            steps.append(Step(day, own, count))
    return sorted(steps, key=lambda s: s.day)


def parts(deadline, due, next_due, days):
    """(the sections, what is said to them): those that answer for it, and those that only help."""
    _, steps = steps_of(deadline, due, next_due, days)
    helps = [s for s in deadline.sections if deadline.lead and not deadline.each and s.name != deadline.lead]
    yield [s for s in deadline.sections if s not in helps], steps
    if helps:
        yield helps, helper_steps(deadline, due, next_due, days)


def said(steps, start, next_due, days):
    """(day, reason, step) for every step that is said, when the plan is first loaded on `start`."""
    first = days.on_or_after(start)
    missed = [s for s in steps if s.day < start]
    if missed and all(s.day != first for s in steps) and (next_due is None or first <= next_due):
        yield first, "caught_up", missed[-1]
    for step in steps:
        if step.day >= start:
            reason = "overdue" if step.overdue else "due_today" if step.day == step.counted_from else "ahead"
            yield step.day, reason, step


# --- letters -------------------------------------------------------------------------------------

def hearers(deadline, sections, step, reason, admins):
    """(mailbox, section spoken to as, reason): a mailbox that is both hears it as the section."""
    mailboxes = [(box, s.name, reason) for s in sections for box in s.mailboxes or admins]
    if step.overdue and step.lead >= ESCALATED_FROM:
        own = {box for box, _, _ in mailboxes}
        upward = "escalated" if reason == "overdue" else reason
        for s in sections:
            leaders = s.leaders if deadline.escalate_to is None else deadline.escalate_to
            mailboxes += [(box, s.name, upward) for box in leaders if box not in own]
    return mailboxes


def letters(plan, first_day, last_day, start):
    drafts = {}  # (day, mailbox) -> ({section names}, {(deadline, period): reminder})
    for deadline in plan.deadlines:
        opened_from = deadline.since or start
        years = min(opened_from, start).year - YEARS_AROUND, last_day.year + YEARS_AROUND
        occurrences = deadline.due.occurrences(*years)
        for index, (period, due) in enumerate(occurrences):
            if due < opened_from:
                continue
            next_due = min((d for _, d in occurrences[index + 1:] if d > due), default=None)
            finish_by, _ = steps_of(deadline, due, next_due, plan.days)
            told = [(sections, *one) for sections, steps in parts(deadline, due, next_due, plan.days)
                    for one in said(steps, start, next_due, plan.days)]
            for sections, day, reason, step in told:
                if not first_day <= day <= last_day:
                    continue
                for box, section, why in hearers(deadline, sections, step, reason, plan.admins):
                    names, reminders = drafts.setdefault((day, box), (set(), {}))
                    names.add(section)
                    if (deadline.id, period) in reminders and sections is not told[0][0]:
                        continue
                    reminders[deadline.id, period] = {
                        "deadline": deadline.id,
                        "period": period,
                        "due": due.isoformat(),
                        "finish_by": finish_by.isoformat(),
                        "counted_from": step.counted_from.isoformat(),
                        "reason": why,
                        "lead": step.lead,
                    }
    return [letter(plan, day, box, *drafts[day, box]) for day, box in sorted(drafts)]


def letter(plan, day, box, names, reminders):
    ordered = sorted(reminders.values(), key=lambda r: (r["due"], r["deadline"], r["period"]))
    return {
        "send_at": dt.datetime.combine(day, plan.send_at, plan.zone).isoformat(),
        "to": box,
        "section": "、".join(s.name for s in plan.sections if s.name in names),
        "reminders": ordered,
    }


def main():
    parser = argparse.ArgumentParser(description="the letters of a configuration, worked out a second time")
    parser.add_argument("--config", type=Path, default=Path("config/duban.toml"))
    for option in ("--from", "--to", "--start"):
        parser.add_argument(option, type=dt.date.fromisoformat, required=True, dest=option.strip("-") + "_day")
    options = parser.parse_args()
    config = options.config / "duban.toml" if options.config.is_dir() else options.config
    found = letters(load(config), options.from_day, options.to_day, options.start_day)
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
