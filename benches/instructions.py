#!/usr/bin/env python3
"""How many instructions some works take, under callgrind: noise does not touch them, so a regression shows.

Usage: instructions.py DUBAN            what has grown by a tenth ends it with 1
       instructions.py DUBAN --write    benches/instructions.json becomes what is counted now
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import peers
from work import NOON, Plan, owed_again, owing, yearly

COMMITTED = pathlib.Path(__file__).with_name("instructions.json")
TOLERATED = 1.1


def count(duban, folder):
    """Work → (million instructions, as many as were committed)."""
    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
    it = Plan(folder / "small", duban).settings().write(yearly(1000))
    opened = Plan(folder / "opened", duban).settings().write(yearly(1000))
    opened.run("run", "--once", "--now", NOON)
    # What was done in ten years is not to be read again.
    opened.sql("""WITH RECURSIVE past(year) AS (VALUES (2016) UNION ALL SELECT year + 1 FROM past WHERE year < 2025)
                  INSERT INTO occurrence (deadline, period, due, finish_by, provisional, revision, state)
                    SELECT id, year, year || '-06-01', year || '-06-01', 0, 0, 'done' FROM deadline, past""")
    opened.run("run", "--once", "--now", NOON)
    owed = owing(folder / "owing", duban, 200)
    owed_again(owed)
    with peers.sink() as sink:
        works = {"check of 1 000": (it.command("check"), {}),
                 "plan of 1 000": (it.command("plan", "--json", "--from", "2027-01-01", "--to", "2027-12-31"), {}),
                 "what is due of 1 000": (opened.command("list", "--within", "0d", "--now", NOON), {}),
                 "a run with nothing due": (opened.command("run", "--once", "--now", NOON), {}),
                 "sending 200 letters": (owed.command("run", "--once", "--now", NOON), owed.smtp(sink, connections=1))}
        found = {}
        for work, (command, env) in works.items():
            done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                                  env={**os.environ, **env}, capture_output=True, text=True)
            number = re.search(r"Collected : (\d+)", done.stderr)
            assert number, f"{work}: {done.stdout}{done.stderr}"
            counted = int(number[1]) / 1e6
            found[work] = (counted, committed.get(work, counted))
    return found


def main(duban, *flags):
    # On a disk, not in memory: what is settled is synced.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        found = count(os.path.realpath(duban), pathlib.Path(folder))
    if flags == ("--write",):
        COMMITTED.write_text(json.dumps({work: round(now) for work, (now, _) in found.items()}, ensure_ascii=False, indent=1) + "\n")
    for work, (now, before) in found.items():
        print(f"{work}: {now:.0f} million instructions, committed {before:.0f} (× {now / before:.2f})")
    grown = [work for work, (now, before) in found.items() if now > before * TOLERATED]
    return f"grown: {', '.join(grown)}" if grown and not flags else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
