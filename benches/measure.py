"""What work costs: wall and CPU seconds; what a process that runs costs while it is watched."""

import os
import pathlib
import statistics
import subprocess
import time

RUNS = int(os.environ.get("RUNS", 5))


class Cost:
    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu

    def __sub__(self, other):
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def seconds(s):
    return f"{s * 1000:.3g} ms" if abs(s) < 1 else f"{s:.3g} s"


def median(costs):
    return Cost(*(statistics.median(getattr(c, part) for c in costs) for part in ("wall", "cpu")))


def spawn(command, env=None, **more):
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, env={**os.environ, **(env or {})}, **{**quiet, **more})


def once(command, env=None, codes=(0,)):
    begun = time.perf_counter()
    process = spawn(command, env)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in codes, (command, process.returncode)
    return Cost(wall, used.ru_utime + used.ru_stime)


def in_turns(*commands, codes=(0, 1)):
    """The median cost of each, one beside the other."""
    costs = [[once(command, codes=codes) for command in commands] for _ in range(RUNS)]
    return [median(of_one) for of_one in zip(*costs)]


def threads(pid):
    return pathlib.Path(f"/proc/{pid}/task").iterdir()


def cpu(pid):
    """Seconds so far, of all threads."""
    return sum(int((t / "schedstat").read_text().split()[0]) for t in threads(pid)) / 1e9


def wakeups(pid):
    lines = (line for t in threads(pid) for line in (t / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)


def resident(pid):
    """Bytes."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


def tree_cpu(pid):
    """Seconds so far of a process, its children and those that have ended."""
    ticks = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if stat.parent.name == str(pid) or fields[1] == str(pid):
            ticks += sum(map(int, fields[11:15 if stat.parent.name == str(pid) else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Watched:
    """A process over some minutes: its wake-ups a minute, and what a minute's tick costs above the ten seconds' pulse."""

    def __init__(self, pid):
        self.pid, self.samples = pid, []

    def sample(self, now):
        self.samples.append((now, cpu(self.pid), wakeups(self.pid)))

    def end(self):
        self.resident = resident(self.pid)
        first, last = self.samples[0], self.samples[-1]
        self.wakeups = (last[2] - first[2]) / ((last[0] - first[0]) / 60)
        at = {round(now): used for now, used, _ in self.samples}

        def used(begin):
            return at[begin + 10] - at[begin] if begin in at and begin + 10 in at else None

        ticks = []
        for minute in sorted({s // 60 * 60 for s in at}):
            tick, rest = used(minute - 2), [used(minute + 18), used(minute + 28), used(minute + 38)]
            if tick is not None and None not in rest:
                ticks.append(tick - statistics.median(rest))
        self.tick = statistics.median(ticks)


def watch(pids, minutes):
    """Watches processes for whole minutes, a sample each second."""
    watched = {name: Watched(pid) for name, pid in pids.items()}
    second = int(time.time()) // 60 * 60 + 60 - 5
    if second < time.time():
        second += 60
    for s in range(second, second + 60 * minutes + 1):
        time.sleep(max(0, s - time.time()))
        for one in watched.values():
            one.sample(s)
    for one in watched.values():
        one.end()
    return watched
