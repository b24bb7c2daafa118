#!/usr/bin/env python3
"""Which functions a service runs, written down for the linker: layout.ld.

Usage: benches/layout.py DUBAN. A page of the program is resident with the fifteen around it (the kernel faults them in
together), and what runs lay spread over all of it. So what a service runs is laid side by side, as callgrind sees it
with the shipped plan: first its start, a tick and its end, then a letter over SMTP and pages. Names stand without their
hashes, which change with every version of anything; what is not found any more costs nothing but its place.
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import peers
from work import ROOT, Plan

DUBAN = pathlib.Path(sys.argv[1]).resolve()
# A name that stands for so much more than what ran (sorting, for every type) brings all of that along: such ones lie
# behind the others.
MOST_BESIDE, LITTLE = 2, 1024


def ran(folder, is_busy):
    """The symbols that a service runs, that sends and serves or only waits."""
    port, out = peers.free_port(), folder / "callgrind.out"
    it = Plan(folder / "service", str(DUBAN)).settings().shipped()
    with peers.sink() as sink:
        if is_busy:
            it.env = {**it.smtp(sink), "DUBAN__WEB__LISTEN": f"127.0.0.1:{port}", "DUBAN__SEND_AT": "00:00",
                      "DUBAN__WEB__BASE_URL": f"http://127.0.0.1:{port}", "DUBAN__WINDOW": "00:00-23:59"}
        callgrind = ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={out}"]
        with peers.process([*callgrind, *it.command("run")], it.env):
            if is_busy:
                peers.until(lambda: peers.listens(port), "the service", 120)
                links = [it.run("link", *who).strip() for who in (("--admin",), ("--section", "办公室"))]
                for page in (*links, f"http://127.0.0.1:{port}/healthz", f"http://127.0.0.1:{port}/metrics"):
                    urllib.request.urlopen(page, timeout=60).read()
            # A minute has its tick, and six pulses.
            time.sleep(75)
    names = re.findall(r"^c?fn=\(\d+\) (\S+)", out.read_text(errors="replace"), flags=re.M)
    return {re.sub(r"'\d+$", "", name) for name in names}


def pattern(symbol):
    """A symbol without what the compiler's hash makes of it."""
    if symbol.startswith("_ZN"):
        return re.sub(r"17h[0-9a-f]{16}E.*$", "17h*", symbol)
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", symbol) if symbol.startswith("_R") else symbol


def main():
    runs = []
    for is_busy in (False, True):
        with tempfile.TemporaryDirectory() as place:
            runs.append(ran(pathlib.Path(place), is_busy))
    listed = subprocess.run(["nm", "-S", DUBAN], capture_output=True, text=True, check=True).stdout
    symbols = re.findall(r"^[0-9a-f]{16} ([0-9a-f]{16}) [tT] (\S+)$", listed, flags=re.M)
    all_of, run_of = collections.Counter(), collections.Counter()
    for size, symbol in symbols:
        all_of[pattern(symbol)] += int(size, 16)
        run_of[pattern(symbol)] += int(size, 16) * any(symbol in run for run in runs)
    lines = {}

    def is_wide(name):
        return all_of[name] > max(LITTLE, MOST_BESIDE * run_of[name])

    for run in runs:
        names = {pattern(symbol) for _, symbol in symbols if symbol in run}
        for name in sorted(names, key=lambda name: (is_wide(name), name)):
            lines.setdefault(f"    *(.text.{name} .text.unlikely.{name})")
    head = "/* Where functions lie: what a service runs, side by side. Written by benches/layout.py, which says why. */\n"
    script = head + "SECTIONS {\n  .text.run : {\n" + "\n".join(lines) + "\n  }\n} INSERT BEFORE .text;\n"
    (ROOT / "layout.ld").write_text(script)
    print(f"{len(lines)} names, {sum(run_of.values()) / 1e6:.1f} MB that run")


if __name__ == "__main__":
    main()
