"""The table: `benches/run` calls it with the program, the bare scheduler, and the rows that are wanted."""

import contextlib
import datetime
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import decade
import peers
from measure import RUNS, in_turns, median, once, seconds, watch
from work import EVENING, NOON, Plan, open_all_along, owed_again, owing, remind_file, yearly

LETTERS = int(os.environ.get("LETTERS", 10_000))
DEADLINES = int(os.environ.get("DEADLINES", 10_000))
MINUTES = int(os.environ.get("MINUTES", 5))
CONNECTIONS = int(os.environ.get("CONNECTIONS", 16))
DUBAN, BARE = (os.path.realpath(path) for path in sys.argv[1:3])
missed = []


def much(n):
    return f"{n:,}".replace(",", " ")


def say(work, ours, beside, limit, reached):
    """One line of the table, as soon as it is known."""
    if not reached:
        missed.append(work)
    print(f"| {work} | {ours} | {beside} | {limit} | {'yes' if reached else '**no**'} |", flush=True)


def beside(work, ours, peer, theirs, most):
    """The time it takes, and a peer's for the same work."""
    ratio = ours.wall / theirs.wall
    say(work, seconds(ours.wall), f"{peer}: {seconds(theirs.wall)}", f"× {ratio:.3g}, ≤ {most}", ratio <= most)


def plan(folder):
    it = Plan(folder / "plan", DUBAN).settings().write(yearly(DEADLINES), head="overdue = []\n")
    year = it.command("plan", "--json", "--from", "2027-01-01", "--to", "2027-12-31", "--now", EVENING)
    lines = remind_file(folder / "plan.rem", DEADLINES)
    ours, theirs = in_turns(year, ["remind", "-s12", lines, "2027-01-01"])
    beside(f"a year's `plan` of {much(DEADLINES)} deadlines", ours, "`remind -s12`", theirs, 0.1)


def today(folder):
    it = Plan(folder / "today", DUBAN).settings().write(yearly(DEADLINES))
    it.run("run", "--once", "--now", EVENING)
    lines = remind_file(folder / "today.rem", DEADLINES)
    due = it.command("list", "--within", "0d", "--now", EVENING)
    ours, theirs = in_turns(due, ["remind", lines, EVENING[:10]])
    beside(f"`list` of what is due today, of {much(DEADLINES)}", ours, "`remind`", theirs, 1)


def check(folder):
    it = Plan(folder / "check", DUBAN).settings().write(yearly(DEADLINES))
    lines = remind_file(folder / "check.rem", DEADLINES)
    ours, theirs = in_turns(it.command("check"), ["remind", "-n", lines, EVENING[:10]])
    say(f"`check` of {much(DEADLINES)} deadlines", seconds(ours.wall), f"`remind -n`: {seconds(theirs.wall)}", "≤ 200 ms", ours.wall <= 0.2)


def shipped(folder):
    return Plan(folder / "plan", DUBAN).settings().shipped()


def opened(folder, deadlines):
    """All open in the database, nothing to say of them."""
    it = Plan(folder, DUBAN).settings().write(open_all_along(deadlines))
    it.run("run", "--once")
    return it


def drain(told):
    with contextlib.suppress(OSError):
        while told.recv(4096):
            pass


@contextlib.contextmanager
def service(it):
    """A running service; gives the process and the seconds from its start to READY."""
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(f"{place}/notify")
        told.settimeout(120)
        begun = time.perf_counter()
        with peers.process(it.command("run"), {**it.env, "NOTIFY_SOCKET": f"{place}/notify"}) as one:
            while b"READY=1" not in told.recv(4096):
                pass
            ready = time.perf_counter() - begun
            told.settimeout(None)
            # What nobody reads soon holds up whoever says it.
            threading.Thread(target=drain, args=(told,), daemon=True).start()
            yield one, ready
            told.shutdown(socket.SHUT_RD)


def start(folder):
    small, big = shipped(folder / "small"), opened(folder / "big", DEADLINES)
    for what, it, most in (("the shipped plan", small, 0.03), (f"{much(DEADLINES)} deadlines", big, 0.3)):
        first, again = [], []
        for _ in range(RUNS):
            for path in it.folder.glob("duban.db*"):
                path.unlink()
            for found in (first, again):
                with service(it) as (_, took):
                    found.append(took)
                    time.sleep(0.5)
        for which, took in (("start", statistics.median(again)), ("first start", statistics.median(first))):
            say(f"{which} to READY, {what}", seconds(took), "", f"≤ {seconds(most)}", took <= most)


def tick(folder):
    """A minute's tick above the ten seconds' pulse, by what is open."""
    with contextlib.ExitStack() as running:
        plans = {n: opened(folder / f"open-{n}", n) for n in (1_000, 10_000, 100_000)}
        pids = {n: running.enter_context(service(it))[0].pid for n, it in plans.items()}
        time.sleep(20)
        found = watch(pids, MINUTES)
    for n, one in found.items():
        say(f"a tick with nothing due, {much(n)} open", f"{one.tick * 1000:.2f} ms CPU", "", "≤ 1 ms", one.tick <= 0.001)


def idle(folder):
    with contextlib.ExitStack() as running:
        pids = {"bare": running.enter_context(peers.process([BARE])).pid,
                "ours": running.enter_context(service(shipped(folder)))[0].pid}
        time.sleep(30)
        found = watch(pids, MINUTES)
    ours, bare = found["ours"], found["bare"]
    ratio = ours.wakeups / bare.wakeups
    say("idle, the shipped plan: resident", f"{ours.resident / 1e6:.1f} MB", f"the bare scheduler: {bare.resident / 1e6:.1f} MB",
        "≤ 18 MB", ours.resident <= 18e6)
    say("… wake-ups a minute", f"{ours.wakeups:.0f}", f"the bare scheduler: {bare.wakeups:.0f}", f"× {ratio:.2f}, ≤ 1.1", ratio <= 1.1)


def send_once(it, env):
    """What the letters cost above a run that has none to send."""
    owed_again(it)
    command = it.command("run", "--once", "--now", NOON)
    whole = once(command, env, (0, 75))
    assert it.letters("sent") == LETTERS
    return whole - once(command, env, (0, 75))


def send(folder):
    it = owing(folder / "owing", DUBAN, LETTERS)
    size = it.letter_size()
    with peers.sink() as sink, peers.postfix(folder / "postfix", sink) as postfix:
        env = it.smtp(sink, connections=CONNECTIONS)
        turns = [(send_once(it, env), postfix.relay(LETTERS, size), once(peers.source(sink, LETTERS, size))) for _ in range(RUNS)]
    ours, relayed, given = (LETTERS / median(costs).wall for costs in zip(*turns))
    work = f"{much(LETTERS)} letters of {size / 1000:.1f} kB, each durable, {CONNECTIONS} connections"
    for peer, theirs, least in (("Postfix relaying", relayed, 4), ("`smtp-source -d`", given, 0.25)):
        say(work, f"{ours:.0f}/s", f"{peer}: {theirs:.0f}/s", f"× {ours / theirs:.3g}, ≥ {least}", ours / theirs >= least)


def requests(url):
    """How many a second, and the milliseconds within which 99 of 100 are answered."""
    done = subprocess.run(["wrk", "-t2", "-c16", "-d8s", "--timeout", "30s", "--latency", url], capture_output=True, text=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]), float(p99) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def board(folder):
    """With a thousand open occurrences, while a thousand letters go out."""
    runs = {"the admin's board": [], "a section's board": []}
    with peers.sink() as sink:
        for nth, (whose, seen) in enumerate(runs.items()):
            for turn in range(RUNS):
                it = Plan(folder / f"board{nth}{turn}", DUBAN).settings('send_at = "00:00"\nwindow = "00:00-23:59"\n')
                due = str(datetime.date.today() + datetime.timedelta(days=30))
                it.write((due,) * 1000, sections=100, mailboxes=10)
                listen = f"127.0.0.1:{peers.free_port()}"
                it.env = {**it.smtp(sink, per_minute=6000), "DUBAN__WEB__LISTEN": listen, "DUBAN__WEB__BASE_URL": f"http://{listen}"}
                with service(it):
                    url = it.run("link", *(("--admin",) if nth == 0 else ("--section", "科室1"))).strip()
                    peers.until(lambda: it.ask("SELECT count(*) FROM letter")[0] >= 1000, "the letters")
                    seen.append(requests(url))
    for whose, seen in runs.items():
        rate, p99 = map(statistics.median, zip(*seen))
        say(f"{whose}, 1 000 occurrences, letters going out", f"{rate:.0f}/s, p99 {p99:.1f} ms", "", "≥ 1000/s, < 20 ms", rate >= 1000 and p99 < 20)


def history(folder):
    """Each command after ten years and on a new database, by the lines that it prints; the worst is told."""
    old, new = decade.make(folder, DUBAN)
    some = "annual-report"
    commands = [("run", "--once"), ("list",), ("status",), ("plan", "--from", "2027-01-01", "--to", "2027-12-31"), ("check",),
                ("outbox",), ("history", some), ("preview", some), ("export", "-")]
    found = []
    for command in commands:
        asked = [one.command(*command, "--now", decade.NOW) for one in (old, new)]
        lines = [max(1, subprocess.run(one, capture_output=True).stdout.count(b"\n")) for one in asked]
        costs = in_turns(*asked)
        each = [cost.wall / n for cost, n in zip(costs, lines)]
        found.append((each[0] / each[1], command[0], costs, lines))
    ratio, name, costs, lines = max(found)
    after, before = (f"{seconds(cost.wall)} for {much(n)} lines" for cost, n in zip(costs, lines))
    say(f"the slowest command for each line after ten years: `{name}`", after, f"a new database: {before}", f"× {ratio:.3g}, ≤ 1.5", ratio <= 1.5)


ROWS = {"plan": plan, "today": today, "check": check, "start": start, "tick": tick, "send": send, "board": board, "idle": idle,
        "decade": history}

if __name__ == "__main__":
    # What is begun is ended and tidied away, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = sys.argv[3:] or list(ROWS)
    assert set(wanted) <= set(ROWS), f"rows: {' '.join(ROWS)}"
    print("| work | duban | beside it | to reach | reached |\n| --- | --- | --- | --- | --- |")
    for name in wanted:
        # On a disk, not in memory: what is settled is synced.
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp")) as place:
            os.chmod(place, 0o755)
            ROWS[name](pathlib.Path(place))
    sys.exit(f"not reached: {'; '.join(missed)}" if missed else 0)
