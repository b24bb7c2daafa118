"""Ten years of the shipped plan as the service lives them, day by day, then as many times as asked.

Nothing is waited for and nothing is synced: the folder lies in memory while the years pass.
"""

import contextlib
import datetime
import json
import pathlib
import re
import shutil
import sqlite3
import tempfile

from work import ROOT, Plan

FROM, TO = datetime.date(2016, 11, 1), datetime.date(2026, 10, 31)
NOW = "2026-11-02T08:30"


BASE = re.sub(r"^include.*$", "", (ROOT / "config/deadlines.toml").read_text(), flags=re.M)
SEEDS = (ROOT / "seeds/jiangmen-2022.toml").read_text()
SECTIONS = re.findall(r'^name\s+= "(.*)"', BASE, flags=re.M)


def configuration(plan, copies):
    """The shipped plan so many times, each with sections of its own."""
    everyone = ", ".join(f'"{s}"' for s in SECTIONS)

    def once_each(m):
        # 办公室 beside 各科室 would stand there twice.
        return m[1] + ", ".join(dict.fromkeys(m[2].replace('"各科室"', everyone).split(", "))) + "]"

    def copy(text, k):
        text = re.sub(r"^(sections\s+= \[)(.*)\]", once_each, text, flags=re.M)
        text = re.sub(r'^(id\s+= "[^"]*)"', rf'\1-{k}"', text, flags=re.M)
        text = re.sub(f'"({"|".join(SECTIONS)})"', rf'"\g<1>{k}"', text)
        return re.sub(r'"([a-z-]+)@example\.test"', rf'"\1-{k}@example.test"', text)

    parts = [copy(text, k) for text in (BASE, SEEDS) for k in range(copies)]
    (plan.folder / "deadlines.toml").write_text("\n".join(parts))


def live(plan):
    """One copy, day by day; five of six things are reported before they are due, the sixth a month late."""
    day = FROM
    while day <= TO:
        plan.run("run", "--once", "--now", f"{day}T08:30")
        with contextlib.closing(sqlite3.connect(plan.database)) as db:
            rows = db.execute("SELECT o.deadline, o.period, v.definition FROM occurrence o JOIN deadline d ON d.id = o.deadline "
                              "JOIN deadline_version v ON v.id = d.version WHERE o.state = 'open' AND o.finish_by <= CASE o.id % 6 WHEN 0 THEN ? ELSE ? END",
                              (str(day - datetime.timedelta(days=30)), str(day + datetime.timedelta(days=1)))).fetchall()
        for deadline, period, definition in rows:
            for section in json.loads(definition)["sections"]:
                plan.run("done", deadline, "--period", period, "--section", section, "--by", "张三", "--now", f"{day}T16:00",
                         codes=(0, 1))
        day += datetime.timedelta(days=1)


def multiply(plan, copies):
    """The history of the first copy for every other: same dates, other names."""
    with contextlib.closing(plan.connect()) as db:
        # 30 GB would stand in the journal too.
        db.execute("PRAGMA journal_mode = OFF")
        k = 0

        def renamed(text):
            if text is None:
                return None
            text = re.sub(r'([a-z-]+)-0@', rf"\1-{k}@", text)
            text = re.sub(f'({"|".join(SECTIONS)})0', rf"\g<1>{k}", text)
            return re.sub(r'^([a-z0-9-]+)-0$', rf"\1-{k}", re.sub(r'("id":"[a-z0-9-]+)-0"', rf'\1-{k}"', text))

        db.create_function("renamed", 1, renamed, deterministic=False)
        tables = ["deadline_version", "deadline", "occurrence", "completion", "letter", "letter_text", "attempt", "said",
                  "letter_item", "audit"]
        for table in tables:
            db.execute(f"CREATE TEMP TABLE b_{table} AS SELECT * FROM {table}")
        keys = {"id", "version", "occurrence", "letter"}
        texts = {"deadline", "definition", "section", "mailbox", "behalf", "message_id", "detail"}
        for k in range(1, copies):
            for table in tables:
                cells = []
                for _, column, kind, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
                    if column in keys and not (table == "deadline" and column == "id"):
                        cells.append(f"{column} + {k} * 10000000")
                    elif column == "message_id":
                        cells.append(f"'{k}.' || message_id")
                    elif column in texts or (table == "deadline" and column == "id"):
                        cells.append(f"renamed({column})")
                    else:
                        cells.append(column)
                db.execute(f"INSERT INTO {table} SELECT {', '.join(cells)} FROM temp.b_{table}")
        db.commit()


def make(folder, duban, copies):
    """A plan with ten years behind it, and the same plan new."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        young = Plan(pathlib.Path(memory) / "plan", duban).settings()
        configuration(young, 1)
        live(young)
        old = Plan(pathlib.Path(folder) / "old", duban).settings()
        shutil.copy(young.database, old.database)
    configuration(old, copies)
    multiply(old, copies)
    new = Plan(pathlib.Path(folder) / "new", duban).settings()
    configuration(new, copies)
    for plan in (new, old):
        plan.run("run", "--once", "--now", NOW)
    return old, new
