#!/usr/bin/env python3
"""Many bureaus on one machine, measured: memory, CPU and wake-ups while nothing is due, and a morning of all at once.

Usage: instances.py DUBAN [NUMBER] [SECONDS]    An optimised program; what it prints goes into the notes, nothing is judged.
"""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUBAN, number, seconds = (sys.argv[1:] + ["60", "60"][len(sys.argv) - 2:])[:3]
number, seconds = int(number), int(seconds)


def read(pid):
    """Bytes that are its own share, seconds of CPU, wake-ups of all its threads."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    woken = sum(int(line.split()[1]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                for line in (task / "status").read_text().splitlines() if line.startswith("voluntary"))
    return pss, (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), woken


with tempfile.TemporaryDirectory() as folder:
    configs = []
    for n in range(number):
        one = pathlib.Path(folder) / str(n)
        for name in ("config", "seeds"):
            shutil.copytree(ROOT / name, one / name)
        configs.append(one / "config/duban.toml")
        web = f'\n[web]\nlisten = "127.0.0.1:{20000 + n}"\nbase_url = "http://127.0.0.1:{20000 + n}"\n'
        configs[-1].write_text(configs[-1].read_text() + web)
    begun = time.monotonic()
    morning = [subprocess.Popen([DUBAN, "run", "--once", "--now", "2026-01-27T08:30", "--config", str(config)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for config in configs]
    codes = {process.wait() for process in morning}
    letters = sum(1 for _ in pathlib.Path(folder).glob("*/var/mail/*.eml"))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{number} at once at 08:30: {letters} letters, codes {codes}, {time.monotonic() - begun:.1f} s, "
          f"{used.ru_utime + used.ru_stime:.1f} s of CPU, the largest {used.ru_maxrss // 1024} MB")
    services = [subprocess.Popen([DUBAN, "run", "--config", str(config)], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for config in configs]
    try:
        time.sleep(30)  # the start, and what it has to say
        before = [read(process.pid) for process in services]
        time.sleep(seconds)
        after = [read(process.pid) for process in services]
        pss = sum(now[0] for now in after)
        cpu = sum(now[1] - then[1] for now, then in zip(after, before))
        woken = sum(now[2] - then[2] for now, then in zip(after, before))
        print(f"{number} idle for {seconds} s: {pss / 1e6:.0f} MB ({pss / number / 1e6:.1f} each), "
              f"{cpu:.2f} s of CPU ({100 * cpu / seconds:.1f} % of a core), {woken / seconds:.0f} wake-ups a second")
    finally:
        for process in services:
            process.terminate()
        for process in services:
            process.wait()
