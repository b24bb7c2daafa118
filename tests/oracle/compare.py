"""Two lists of letters, as `plan --json` prints them: python3 compare.py OURS ORACLE

Prints what differs, the first twenty; order does not matter. Exits 1 if anything differs.
"""

import json
import sys
from collections import Counter
from pathlib import Path

SHOWN = 20


def by_key(items, *keys):
    """The items under their key, and the keys that stand there more than once."""
    name = lambda item: tuple(str(item.get(k)) for k in keys)
    counts = Counter(map(name, items))
    return {name(item): item for item in items}, [k for k, n in counts.items() if n > 1]


def line(reminder):
    return "{deadline} {period} {reason} {lead} (from {counted_from}, due {due}, finish by {finish_by})".format_map(
        {k: reminder.get(k, "?") for k in ("deadline", "period", "reason", "lead", "counted_from", "due", "finish_by")})


def fields(ours, oracle, besides):
    for key in sorted((set(ours) | set(oracle)) - besides):
        if key not in ours or key not in oracle or ours[key] != oracle[key]:
            yield f"{key}: {ours.get(key, 'missing')!r}, oracle {oracle.get(key, 'missing')!r}"


def differences(ours, oracle):
    sides = []
    for name, letters in (("ours", ours), ("oracle", oracle)):
        found, twice = by_key(letters, "send_at", "to")
        yield from (f"{at} {to}: two letters ({name})" for at, to in twice)
        sides.append(found)
    for key in sorted(set(sides[0]) | set(sides[1])):
        where = " ".join(key)
        a, b = sides[0].get(key), sides[1].get(key)
        if a is None or b is None:
            whose = "only the oracle's" if a is None else "only ours"
            yield f"{where}: letter is {whose}: " + "; ".join(map(line, (a or b)["reminders"]))
            continue
        yield from (f"{where}: {text}" for text in fields(a, b, {"reminders"}))
        yield from (f"{where}: {text}" for text in reminders(a["reminders"], b["reminders"]))


def reminders(ours, oracle):
    (a, twice_a), (b, twice_b) = by_key(ours, "deadline", "period"), by_key(oracle, "deadline", "period")
    yield from (f"{' '.join(k)}: said twice in one letter" for k in twice_a + twice_b)
    for key in sorted(set(a) | set(b)):
        if key not in a:
            yield f"only the oracle's: {line(b[key])}"
        elif key not in b:
            yield f"only ours: {line(a[key])}"
        else:
            yield from (f"{' '.join(key)}: {text}" for text in fields(a[key], b[key], set()))


def main():
    ours, oracle = (json.loads(Path(p).read_text(encoding="utf-8")) for p in sys.argv[1:])
    found = list(differences(ours, oracle))
    if not found:
        print(f"{len(oracle)} letters, {sum(len(l['reminders']) for l in oracle)} reminders, no difference")
        return 0
    print("\n".join(found[:SHOWN]))
    print(f"{len(found)} differences" + (f", {SHOWN} shown" if len(found) > SHOWN else ""))
    return 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("compare.py OURS ORACLE")
    sys.exit(main())
