#!/bin/bash
# What ten years in the database cost: each command against a database of one day, the best of five.
# Usage: tests/decade.sh DUBAN        (minutes: the ten years are ticked day by day)
set -euo pipefail
cd "$(dirname "$0")/.."
duban=$(realpath "$1")
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
begun=$SECONDS
DECADE=$folder/old.db cargo test -q --locked --test rust decade:: -- --ignored >/dev/null
echo "ten years in $((SECONDS - begun)) s: $(du -k "$folder/old.db" | cut -f1) KB"
python3 - "$duban" "$folder" <<'PYTHON'
import os, shutil, subprocess, sys, time

duban, folder = sys.argv[1:]
NOW = ["--now", "2026-11-02T08:30", "--config", "config/duban.toml"]


def run(database, *command):
    env = {**os.environ, "DUBAN__DATABASE": f"{folder}/{database}.db", "DUBAN__MAIL__FOLDER": f"{folder}/{database}.mail"}
    done = subprocess.run([duban, *command, *NOW], env=env, capture_output=True, text=True)
    assert done.returncode in (0, 1), (command, done.stdout + done.stderr)
    return done.stdout


def best(database, *command):
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        run(database, *command)
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


for database in ("new", "old"):
    run(database, "run", "--once")
print(run("old", "verify").strip())
for command in (["status"], ["list"], ["outbox"], ["history", "annual-report"], ["run", "--once"], ["verify"],
                ["backup", f"{folder}/copy"]):
    new, old = best("new", *command), best("old", *command)
    print(f"{' '.join(command)[:24]:24} {new:7.1f} ms → {old:7.1f} ms   × {old / new:.1f}")
PYTHON
