"""Checks calendar feeds with PyPI icalendar: as attachments (see entries.py), and made to be subscribed to.

usage: python3 feed.py FILE...   prints how many events are right; exits with 1 at the first that is not.
"""

import datetime
import sys

import chinese_calendar
import icalendar

import entries


def check(path: str) -> int:
    calendar = icalendar.Calendar.from_ical(open(path, "rb").read())
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) != ""
    assert calendar["REFRESH-INTERVAL"].dt >= datetime.timedelta(hours=1)
    assert str(calendar["X-PUBLISHED-TTL"]).startswith("PT")
    days = [event["DTSTART"].dt for event in calendar.walk("VEVENT")]
    assert max(days) - min(days) < datetime.timedelta(days=3 * 366), (min(days), max(days))
    for event in calendar.walk("VEVENT"):
        day, (alarm,) = event["DTSTART"].dt, event.walk("VALARM")
        rings = (datetime.datetime.combine(day, datetime.time()) + alarm["TRIGGER"].dt).date()
        between = [rings + datetime.timedelta(days=n) for n in range((day - rings).days)]
        try:
            assert [chinese_calendar.is_workday(d) for d in between] == [True] + [False] * (len(between) - 1), (day, rings)
        except NotImplementedError:
            pass  # a year without a notice
    entries.check(path)
    return len(days)


if __name__ == "__main__":
    print(sum(check(path) for path in sys.argv[1:]))
