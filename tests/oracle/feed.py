"""Checks calendar feeds with PyPI icalendar: as attachments (see ics.py), and made to be subscribed to.

usage: python3 feed.py FILE...   prints how many events are right; exits with 1 at the first that is not.
"""

import datetime
import sys

import icalendar

import ics


def check(path: str) -> int:
    calendar = icalendar.Calendar.from_ical(open(path, "rb").read())
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) != ""
    assert calendar["REFRESH-INTERVAL"].dt >= datetime.timedelta(hours=1)
    assert str(calendar["X-PUBLISHED-TTL"]).startswith("PT")
    days = [event["DTSTART"].dt for event in calendar.walk("VEVENT")]
    assert max(days) - min(days) < datetime.timedelta(days=3 * 366), (min(days), max(days))
    return ics.check(path)


if __name__ == "__main__":
    print(sum(check(path) for path in sys.argv[1:]))
