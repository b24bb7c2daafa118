"""Checks calendar files with PyPI icalendar: every VEVENT is an all-day event that can be updated. PyPI ics reads the
same of them.

usage: python3 entries.py FILE...   prints what it read, as JSON for entries.mjs; exits with 1 at the first that is not right.
"""

import datetime
import json
import sys

import icalendar
import ics


def read(path: str) -> dict:
    """What the program means: it is held against each reader."""
    data = open(path, "rb").read()
    calendar = icalendar.Calendar.from_ical(data)
    events = [
        {
            "uid": str(event["UID"]),
            "sequence": int(event["SEQUENCE"]),
            "summary": str(event["SUMMARY"]),
            "description": str(event.get("DESCRIPTION", "")),
            "start": event["DTSTART"].dt.isoformat(),
            "end": event["DTEND"].dt.isoformat(),
            "status": str(event.get("STATUS", "")),
            "organizer": str(event["ORGANIZER"]),
            "alarms": [alarm["TRIGGER"].dt.total_seconds() for alarm in event.walk("VALARM")],
        }
        for event in calendar.walk("VEVENT")
    ]
    other = ics.Calendar(data.decode())
    assert other.method == calendar["METHOD"], other.method
    assert len(other.events) == len(events)
    for event in other.events:
        (mine,) = [one for one in events if one["uid"] == event.uid]
        extra = {line.name: line.value for line in event.extra}
        assert event.all_day and event.begin.date().isoformat() == mine["start"], (event.begin, mine)
        # It counts a day off an exclusive end.
        assert event.duration == datetime.timedelta(days=1), event.duration
        assert int(extra["SEQUENCE"]) == mine["sequence"] and event.name == mine["summary"], (extra, mine)
        assert (event.description or "") == mine["description"] and (event.status or "") == mine["status"]
        assert "mailto:" + event.organizer.email == mine["organizer"], event.organizer
        assert [alarm.trigger.total_seconds() for alarm in event.alarms] == mine["alarms"], event.alarms
    return {"path": path, "method": str(calendar["METHOD"]), "events": events}


def check(path: str) -> None:
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


if __name__ == "__main__":
    for path in sys.argv[1:]:
        check(path)
    json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
