"""Checks calendar files with PyPI icalendar: every VEVENT is an all-day event that can be updated.

usage: python3 ics.py FILE...   prints how many events are right; exits with 1 at the first that is not.
"""

import datetime
import sys

import icalendar


def check(path: str) -> int:
    data = open(path, "rb").read()
    lines = data.split(b"\r\n")
    assert lines.pop() == b"", "the last line has no CRLF"
    for line in lines:
        assert b"\n" not in line and b"\r" not in line, f"a bare line break: {line!r}"
        assert len(line) <= 75, f"{len(line)} octets: {line!r}"
        line.decode()  # a fold inside a character would fail here
    calendar = icalendar.Calendar.from_ical(data)
    method = calendar["METHOD"]
    assert method in ("PUBLISH", "CANCEL") and calendar["VERSION"] == "2.0" and calendar["PRODID"]
    assert not calendar.errors, calendar.errors
    events = calendar.walk("VEVENT")
    assert events, "no event"
    for event in events:
        assert not event.errors, event.errors
        # RFC 5546, sections 3.2.1 and 3.2.5.
        assert str(event["ORGANIZER"]).startswith("mailto:") and event["ORGANIZER"].params["CN"]
        assert str(event["UID"]) and int(event["SEQUENCE"]) >= 0 and str(event["SUMMARY"])
        stamp = event["DTSTAMP"].dt
        assert stamp.utcoffset() == datetime.timedelta(0), stamp
        start, end = event["DTSTART"].dt, event["DTEND"].dt
        assert type(start) is datetime.date, f"not a whole day: {start!r}"
        assert end == start + datetime.timedelta(days=1), (start, end)
        if method == "CANCEL":
            assert event["STATUS"] == "CANCELLED" and not event.walk("VALARM") and len(events) == 1
            continue
        (alarm,) = event.walk("VALARM")
        assert not alarm.errors and str(alarm["ACTION"]) == "DISPLAY" and str(alarm["DESCRIPTION"])
        midnight = datetime.datetime.combine(start, datetime.time())
        assert (midnight + alarm["TRIGGER"].dt).time() == datetime.time(8, 30)
    uids = [str(event["UID"]) for event in events]
    assert len(set(uids)) == len(uids), "one UID twice"
    return len(events)


if __name__ == "__main__":
    print(sum(check(path) for path in sys.argv[1:]))
