"""The shipped plan, roster and statutory days say what the documents say.

Compares config/ and seeds/ with the facts copied into tests/data and with the
package chinesecalendar. Prints every difference; exits 1 if there is one.
"""

import datetime as dt
import json
import re
import sys
import tomllib
from pathlib import Path

import chinese_calendar

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"

# id: (item, due, target) of every entry whose date the plan or its due rule names.
NAMED = {
    "dependent-request": (2, "收到之日起20个工作日内", None),
    "annual-report-start": (3, "每年12月20日前", None),
    "annual-report-figures": (3, "每年1月10日前", None),
    "annual-report-review": (3, "每年1月20日前", None),
    "public-enterprise-list": (9, "每年5月31日前", None),
    "open-guangdong-data": (21, "每年至少1次", "10月31日"),
    "leading-group-meeting": (26, "每年至少1次", "6月30日"),
    "chief-briefing": (27, "每年至少1次", "6月30日"),
    "staff-and-funds": (28, "每年9月30日前", None),
    "task-ledger": (30, "每年8月31日前", None),
    "task-ledger-review": (30, "每年9月30日前", None),
    "task-ledger-rectify": (30, "每年11月30日前", None),
    "annual-report": (31, "每年1月31日前", None),
    "county-annual-report": (31, "每年2月20日前", None),
    "law-annual-report": (32, "每年3月1日前", None),
}
# The rest are checks at the rhythm that the rule gives.
RHYTHM = {"季检|季度梳理": "每季度末月20日", "半年检": "每半年末月20日", "月检25日": "每月25日"}
# Dates of the document itself or of a statute; every other date is the bureau's choice.
NOT_DEFAULT = {
    "proactive-disclosure", "dependent-request", "open-guangdong-data", "leading-group-meeting",
    "chief-briefing", "annual-report", "county-annual-report", "law-annual-report",
}
OFF = {"epidemic-disclosure", "county-annual-report"}

findings = []


def expect(what, got, wanted):
    if got != wanted:
        findings.append(f"{what}: {got!r}, expected {wanted!r}")


def load(path):
    raw = path.read_bytes()
    expect(f"{path.name}: BOM or CR", b"\r" in raw or raw.startswith(b"\xef\xbb\xbf"), False)
    return tomllib.loads(raw.decode("utf-8"))


def holidays():
    facts = json.loads((DATA / "holidays-cn.json").read_text(encoding="utf-8"))
    for year in range(2020, 2027):
        file, fact = load(ROOT / "config" / "holidays" / f"{year}.toml"), facts[str(year)]
        expect(f"{year}: keys", set(file), {"year", "notice", "off", "work"})
        expect(f"{year}: year", file["year"], year)
        for key in ("off", "work"):
            expect(f"{year}: {key}", [d.isoformat() for d in file[key]], fact[key])
        notices = file["notice"] if isinstance(file["notice"], list) else [file["notice"]]
        expect(f"{year}: notices", [n.split("（")[0] for n in notices], [n.split(" (")[0] for n in fact["notices"]])
        off, work = set(file["off"]), set(file["work"])
        day, count = dt.date(year, 1, 1), 0
        while day.year == year:
            works = day in work or (day not in off and day.weekday() < 5)
            count += works
            if works != chinese_calendar.is_workday(day):
                findings.append(f"{day}: works={works}, chinesecalendar says otherwise")
            day += dt.timedelta(days=1)
        expect(f"{year}: working days", count, fact["working_days"])


def plan():
    facts = json.loads((DATA / "plan-2022.json").read_text(encoding="utf-8"))
    entries = load(ROOT / "seeds" / "jiangmen-2022.toml")["deadline"]
    ids = [e["id"] for e in entries]
    expect("ids given twice", sorted({i for i in ids if ids.count(i) > 1}), [])
    expect("items", sorted({e["item"] for e in entries}), list(range(1, 33)))
    by_id = {e["id"]: e for e in entries}
    for fact in facts:
        mine = [e for e in entries if e["item"] == fact["no"]]
        for e in mine:
            expect(f"{e['id']}: basis", e["basis"], f"“{fact['text']}”")
            expect(f"{e['id']}: sections", e["sections"], fact["sections"])
            office_leads = "办公室" in fact["sections"] and len(fact["sections"]) > 1
            lead = "法制科" if fact["no"] == 12 else "办公室" if office_leads else None
            expect(f"{e['id']}: lead", e.get("lead"), lead)
        for word, due in RHYTHM.items():
            if re.search(word, fact["due_rule"]):
                expect(f"item {fact['no']}: an entry {due}", due in [e["due"] for e in mine], True)
    for id, wanted in NAMED.items():
        e = by_id.get(id, {})
        expect(id, (e.get("item"), e.get("due"), e.get("target")), wanted)
    for e in entries:
        if e["id"] not in NAMED and e["id"] != "proactive-disclosure":
            expect(f"{e['id']}: due is one of the rhythms", e["due"] in RHYTHM.values(), True)
        expect(f"{e['id']}: title on one line", 4 <= len(e["title"]) <= 40, True)
        expect(f"{e['id']}: steps", len(e.get("steps", [])) <= 4, True)
    expect("off", {e["id"] for e in entries if e.get("off")}, OFF)
    expect("not a bureau default", {e["id"] for e in entries if not e.get("bureau_default")}, NOT_DEFAULT)
    expect("each", [e["id"] for e in entries if e.get("done") == "each"], ["annual-report-figures"])

    roster = load(ROOT / "config" / "deadlines.toml")
    expect("include", roster["include"], ["../seeds/jiangmen-2022.toml"])
    named = {s for f in facts for s in f["sections"]} - {"各科室"}
    expect("roster", {s["name"] for s in roster["section"]}, named)
    boxes = [b for s in roster["section"] for b in s["email"] + s["leader"]]
    expect("addresses outside example.test", [b for b in boxes if not b.endswith("@example.test")], [])
    expect("transport", load(ROOT / "config" / "duban.toml")["mail"]["transport"], "folder")
    return len(entries)


holidays()
count = plan()
print("\n".join(findings) or f"32 items in {count} entries, seven years of statutory days, no difference")
sys.exit(1 if findings else 0)
