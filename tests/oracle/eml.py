"""Reads messages back with Python's email package, strictly. eml.py [--subject TEXT] FILE...

Prints how many were read; exits 1 on any defect.
"""

import email
import email.policy
import re
import sys
from datetime import datetime


def faults(path, subject):
    raw = open(path, "rb").read()
    if not raw.isascii():
        yield "bytes beyond ASCII"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a line that does not end in CR LF"
    if max(len(line) for line in raw.split(b"\r\n")) > 998:
        yield "a line of more than 998 bytes"
    head = raw.split(b"\r\n\r\n", 1)[0]
    for word in re.findall(rb"=\?[^?]*\?[bBqQ]\?[^?]*\?=", head):
        if len(word) > 75:
            yield f"an encoded word of {len(word)} bytes (RFC 2047)"
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for part in message.walk():
        for defect in part.defects:
            yield f"{part.get_content_type()}: {defect!r}"
        for name, value in part.items():
            for defect in value.defects:
                yield f"{name}: {defect!r}"
    for name in ("Date", "Message-ID", "From", "To", "Subject", "MIME-Version"):
        if len(message.get_all(name, [])) != 1:
            yield f"{name} is there {len(message.get_all(name, []))} times"
    if not isinstance(getattr(message["Date"], "datetime", None), datetime):
        yield "Date does not parse"
    elif message["Date"].datetime.tzinfo is None:
        yield "Date has no zone"
    if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(message["Message-ID"])):
        yield "Message-ID is malformed"
    if message["Auto-Submitted"] not in (None, "auto-generated"):
        yield f"Auto-Submitted is {message['Auto-Submitted']}"
    if subject is not None and str(message["Subject"]) != subject:
        yield f"the subject is {str(message['Subject'])!r}"
    if any(ord(c) < 32 for c in str(message["Subject"])):
        yield "a control character in the subject"
    kinds = []
    for part in message.walk():
        if part.is_multipart():
            continue
        kinds.append(part.get_content_type())
        content = part.get_content()
        if part.get_content_type() == "text/calendar":
            nth = kinds.count("text/calendar")
            if part.get_filename() != f"提醒{nth if nth > 1 else ''}.ics":
                yield f"the calendar is called {part.get_filename()!r}"
            if not content.startswith("BEGIN:VCALENDAR"):
                yield "the calendar does not begin as one"
        if "\ufffd" in content or not content.strip():
            yield f"{part.get_content_type()} does not decode, or is empty"
    others = [kind for kind in kinds if kind != "text/calendar"]
    # The calendars are the last, five at most.
    if others not in (["text/plain"], ["text/plain", "text/html"]) or kinds[: len(others)] != others or len(kinds) > len(others) + 5:
        yield f"parts: {kinds}"


def main():
    paths = sys.argv[1:]
    subject = None
    if paths[:1] == ["--subject"]:
        subject, paths = paths[1], paths[2:]
    found = [f"{path}: {fault}" for path in paths for fault in faults(path, subject)]
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(paths)} read, {len(found)} faults")
    sys.exit(1 if found or not paths else 0)


main()
