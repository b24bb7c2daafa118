"""Ten years of the shipped plan as its bureau lives them, day by day: reminders go out, and most things are reported."""

import datetime
import json
import os
import pathlib
import shutil
import tempfile

from work import Plan

YEARS = int(os.environ.get("YEARS", 10))
TO = datetime.date(2026, 10, 31)
NOW = "2026-11-02T08:30"


def report(plan, day):
    """Five of six things are reported on the day before they are to be done, the sixth a month late."""
    for nth, one in enumerate(json.loads(plan.run("list", "--json", "--now", f"{day}T15:00", codes=(0, 1)))):
        late = datetime.timedelta(days=30 if nth % 6 == 0 else -1)
        if datetime.date.fromisoformat(one["finish_by"]) + late > day:
            continue
        for section in one["sections"]:
            said = plan.run("done", one["deadline"], "--period", one["period"], "--section", section, "--by", "张三",
                            "--now", f"{day}T16:00", codes=(0, 1))
            if not said:
                # It was done with the report before.
                break


def make(folder, duban):
    """The shipped plan with ten years behind it, and the same plan new."""
    new, old = (Plan(folder / name / "plan", duban).settings().shipped() for name in ("new", "old"))
    # Nothing is waited for: the folder lies in memory while the years pass.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        young = Plan(pathlib.Path(memory) / "plan", duban).settings().shipped()
        day = TO.replace(year=TO.year - YEARS)
        while day <= TO:
            young.run("run", "--once", "--now", f"{day}T08:30")
            report(young, day)
            day += datetime.timedelta(days=1)
        young.ask("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(young.database, old.database)
    for plan in (new, old):
        plan.run("run", "--once", "--now", NOW)
    return old, new
