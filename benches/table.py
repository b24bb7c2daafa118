"""The table: `benches/run` calls it with the program and the rows that are wanted."""

import contextlib
import datetime
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import decade
import peers
from measure import RUNS, median, once, peak, seconds, together, watch
from work import EVENING, NOON, Plan, multiply, open_all_along, owed_again, owing, remind_file, yearly

LETTERS = int(os.environ.get("LETTERS", 10_000))
DEADLINES = int(os.environ.get("DEADLINES", 100_000))
MINUTES = int(os.environ.get("MINUTES", 5))
DUBAN = os.path.realpath(sys.argv[1])
BARE = pathlib.Path(DUBAN).parent / "examples/bare"


def say(work, ours, peer="—", theirs="", ratio="", target=""):
    """One line of the table, as soon as it is known."""
    if isinstance(ratio, float):
        ratio = f"{ratio:.3g}"
    print(f"| {work} | {ours} | {peer} | {theirs} | {ratio} | {target} |", flush=True)


def much(n):
    return f"{n:,}".replace(",", " ")


def plan(folder):
    it = Plan(folder / "plan", DUBAN).settings().write(yearly(DEADLINES), head="overdue = []\n")
    lines = remind_file(folder / "plan.rem", DEADLINES)
    year = ("plan", "--json", "--from", "2027-01-01", "--to", "2027-12-31", "--now", EVENING)
    costs = together(duban=(it.command(*year), {}, (0,)), remind=(["remind", "-s12", lines, "2027-01-01"], {}, (0,)))
    ours, theirs = costs["duban"], costs["remind"]
    say(f"a year's calendar of {much(DEADLINES)} yearly deadlines", ours, "`remind -s12`", theirs, ours.wall / theirs.wall, "≤ 0.1")
    three = peak(it.command(*(a.replace("2027-12", "2029-12") for a in year)))
    say("… its peak memory, three years to one", f"{three / 1024:.0f} MB", "one year", f"{ours.rss / 1024:.0f} MB", three / ours.rss, "1")


def today(folder):
    it = Plan(folder / "today", DUBAN).settings().write(yearly(DEADLINES))
    lines = remind_file(folder / "today.rem", DEADLINES)
    it.run("run", "--once", "--now", EVENING)
    costs = together(duban=(it.command("list", "--within", "0d", "--now", EVENING), {}, (0, 1)),
                     remind=(["remind", lines, "2026-11-25"], {}, (0,)))
    ours, theirs = costs["duban"], costs["remind"]
    say(f"due today of {much(DEADLINES)}: `list --within 0d`", ours, "`remind FILE DATE`", theirs, ours.wall / theirs.wall, "≤ 1")


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
def service(it, env=None):
    """A running service; gives the process and the seconds from its start to READY."""
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(f"{place}/notify")
        told.settimeout(120)
        begun = time.perf_counter()
        with peers.process(it.command("run"), {**it.env, **(env or {}), "NOTIFY_SOCKET": f"{place}/notify"}) as one:
            while b"READY=1" not in told.recv(4096):
                pass
            ready = time.perf_counter() - begun
            told.settimeout(None)
            # What nobody reads soon holds up whoever says it.
            threading.Thread(target=drain, args=(told,), daemon=True).start()
            yield one, ready
            told.shutdown(socket.SHUT_RD)


def shipped(folder):
    return Plan(folder, DUBAN).settings().shipped()


def tick(folder):
    """A minute's tick above the ten seconds' pulse, by what is open."""
    with contextlib.ExitStack() as running:
        pids = {}
        for n in (1_000, 10_000, 100_000, 1_000_000):
            it = opened(folder / f"open-{n}", 1_000)
            multiply(it, n)
            pids[n] = running.enter_context(service(it))[0].pid
        time.sleep(20)
        found = watch(pids, MINUTES)
    for n, one in found.items():
        say(f"a tick with nothing due, {much(n)} open", f"{one.tick * 1000:.2f} ms CPU", "1 000 open",
            f"{found[1000].tick * 1000:.2f} ms CPU", one.tick / found[1000].tick, "≤ 1 ms at 100 000; flat")


def say_at_rest(work, ours, peer, theirs, target=""):
    words = [f"{one.rss / 1024:.1f} MB, {one.wakeups:.0f} wake-ups and {one.cpu * 1000:.1f} ms CPU a minute" for one in (ours, theirs)]
    ratios = [f"{getattr(ours, cost) / getattr(theirs, cost):.2f}" for cost in ("rss", "wakeups", "cpu")]
    say(work, words[0], peer, words[1], ", ".join(ratios), target)


def idle(folder):
    with contextlib.ExitStack() as running:
        full = opened(folder / "full", DEADLINES)
        pids = {"bare": running.enter_context(peers.process([str(BARE)])).pid,
                "alertmanager": running.enter_context(peers.alertmanager(folder / "alertmanager")).pid,
                "shipped": running.enter_context(service(shipped(folder / "shipped")))[0].pid,
                "full": running.enter_context(service(full))[0].pid}
        time.sleep(30)
        found = watch(pids, MINUTES)

    ours, bare, alert, full = found["shipped"], found["bare"], found["alertmanager"], found["full"]
    say_at_rest("idle, shipped plan", ours, "bare scheduler", bare, "≤ 12 MB; wake-ups, CPU ≤ 1.2")
    say_at_rest("idle, shipped plan", ours, "alertmanager", alert)
    say_at_rest(f"idle, {much(DEADLINES)} open occurrences", full, "shipped plan", ours, "each ≤ 1.2")


def start(folder):
    small, big = shipped(folder / "small"), opened(folder / "big", DEADLINES)
    for what, it, limit in (("shipped plan", small, 0.05), (f"{much(DEADLINES)} deadlines", big, 1.0)):
        first, again = [], []
        for _ in range(RUNS):
            for path in it.folder.glob("duban.db*"):
                path.unlink()
            with service(it) as (_, took):
                first.append(took)
                time.sleep(0.5)
            with service(it) as (_, took):
                again.append(took)
        first, again = statistics.median(first), statistics.median(again)
        say(f"start to READY, {what}", seconds(again), "limit", seconds(limit), again / limit, "≤ 1")
        say("… the first time, database new", seconds(first), "limit", seconds(limit), first / limit, "≤ 1")


def check(folder):
    small = shipped(folder / "small")
    big = Plan(folder / "big", DUBAN).settings().write(yearly(DEADLINES))
    lines = {32: remind_file(folder / "32.rem", 32), DEADLINES: remind_file(folder / "all.rem", DEADLINES)}
    for what, it, n, limit in (("the shipped plan", small, 32, 0.02), (much(DEADLINES), big, DEADLINES, 1.0)):
        costs = together(duban=(it.command("check"), {}, (0,)), remind=(["remind", "-n", lines[n], "2026-11-25"], {}, (0,)))
        ours, theirs = costs["duban"], costs["remind"]
        say(f"`check` of {what}", ours, f"`remind -n`, {much(n)} lines", theirs, ours.wall / theirs.wall, f"≤ {seconds(limit)}")


def send_once(it, env):
    """What the letters cost above a run that has none to send, and the run's peak memory."""
    owed_again(it)
    command = it.command("run", "--once", "--now", NOON)
    whole = once(command, env, (0, 75))
    sent, = it.ask("SELECT count(*) FROM letter WHERE state = 'sent' AND notice IS NULL")
    rest = once(command, env, (0, 75))
    return whole - rest, sent


def send(folder):
    it = owing(folder / "owing", DUBAN, LETTERS)
    with peers.sink() as sink, peers.postfix(folder / "postfix", sink) as postfix:
        connections = int(os.environ.get("CONNECTIONS", 16))
        env = it.smtp(sink, connections=connections)
        ours, relayed, given = [], [], []
        for _ in range(RUNS):
            cost, sent = send_once(it, env)
            assert sent == LETTERS, sent
            ours.append(cost)
            size, = it.ask("SELECT CAST(avg(length(message)) AS INTEGER) FROM letter_text JOIN letter l ON l.id = letter WHERE l.notice IS NULL")
            relayed.append(postfix.relay(LETTERS, size))
            given.append(once(peers.source(sink, LETTERS, size)))
        ours, relayed, given = map(median, (ours, relayed, given))

        def rate(cost):
            return LETTERS / cost.wall

        def words(cost):
            return f"{rate(cost):.0f}/s, {seconds(cost.wall)} wall, {seconds(cost.cpu)} CPU"

        work = f"{much(LETTERS)} letters of {size / 1000:.1f} kB, {connections} connections"
        say(work, words(ours), "Postfix relaying, 20 at most", words(relayed), rate(ours) / rate(relayed), "≥ 5")
        say(work, words(ours), "`smtp-source -d -s 4`", words(given), rate(ours) / rate(given), "≥ 0.25")
        few = owing(folder / "few", DUBAN, LETTERS // 10)
        peaks = []
        for one in (few, it):
            owed_again(one)
            peaks.append(peak(one.command("run", "--once", "--now", NOON), env))
        say(f"peak memory, {much(LETTERS)} letters", f"{peaks[1] / 1024:.1f} MB", f"{much(LETTERS // 10)} letters",
            f"{peaks[0] / 1024:.1f} MB", peaks[1] / peaks[0], "1")
        alone = None
        for n in (1, 2, 4, 8, 16):
            costs = [send_once(few, it.smtp(sink, connections=n))[0] for _ in range(RUNS)]
            cost = median(costs)
            alone = alone or cost
            say(f"{much(LETTERS // 10)} letters over {n} connections", f"{LETTERS / 10 / cost.wall:.0f}/s, {seconds(cost.cpu)} CPU",
                "1 connection", f"{LETTERS / 10 / alone.wall:.0f}/s", alone.wall / cost.wall)


def requests(url):
    """How many a second, and the milliseconds within which 99 of 100 are answered."""
    done = subprocess.run(["wrk", "-t2", "-c16", "-d8s", "--timeout", "30s", "--latency", url], capture_output=True, text=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]), float(p99) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def with_pages(it):
    listen = f"127.0.0.1:{peers.free_port()}"
    it.env = {**it.env, "DUBAN__WEB__LISTEN": listen, "DUBAN__WEB__BASE_URL": f"http://{listen}"}


def board(folder):
    """The admin's home page and a section's, with a thousand open occurrences, while a thousand letters go out."""
    runs = {"/a/": [], "/s/": []}
    with peers.sink() as sink:
        for door, seen in runs.items():
            for turn in range(RUNS):
                it = Plan(folder / f"board{door[1]}{turn}", DUBAN).settings('send_at = "00:00"\nwindow = "00:00-23:59"\n')
                due = str(datetime.date.today() + datetime.timedelta(days=30))
                it.write((due,) * 1000, sections=100, mailboxes=10)
                it.env = it.smtp(sink, per_minute=6000)
                with_pages(it)
                with service(it):
                    wanted = ("--admin",) if door == "/a/" else ("--section", "科室1")
                    url = it.run("link", *wanted).strip()
                    peers.until(lambda: it.ask("SELECT count(*) FROM letter")[0] >= 1000, "the letters")
                    seen.append(requests(url))
    for door, seen in runs.items():
        rate, p99 = (statistics.median(one[i] for one in seen) for i in (0, 1))
        what = "the admin's board" if door == "/a/" else "a section's board"
        say(f"{what}, 1 000 occurrences, letters going out", f"{rate:.0f}/s, p99 {p99:.0f} ms", "limit", "2000/s, p99 20 ms",
            f"{rate / 2000:.3g}, {p99 / 20:.3g}", "≥ 1, ≤ 1")


def history(folder):
    copies = int(os.environ.get("COPIES", 50))
    old, new = decade.make(folder, DUBAN, copies)
    now, after = ("--now", decade.NOW), f"after ten years × {copies}"
    first = "annual-report-0"
    commands = [("run", "--once"), ("list",), ("status",), ("plan", "--from", "2027-01-01", "--to", "2027-12-31", "--json"),
                ("check",), ("outbox",), ("history", first), ("preview", first), ("export", "-")]
    for command in commands:
        any_code = tuple(range(100))
        costs = together(old=(old.command(*command, *now), {}, any_code), new=(new.command(*command, *now), {}, any_code))
        say(f"`{' '.join(command[:2])}` {after}", costs["old"], "new database", costs["new"],
            costs["old"].wall / costs["new"].wall, "≤ 1.5")
    took = {}
    for one in (old, new):
        times = []
        for _ in range(RUNS + 1):
            with service(one) as (_, ready):
                times.append(ready)
                time.sleep(3)
        # The first finds the years' silence, and begins to write of it.
        took[one] = statistics.median(times[1:])
    say(f"start to READY {after}", seconds(took[old]), "new database", seconds(took[new]), took[old] / took[new], "≤ 1.5")
    aged_service(old, new, after)
    aged_letters(old, new, after)
    say(f"the database {after}", f"{old.database.stat().st_size / 1e6:.0f} MB", "new", f"{new.database.stat().st_size / 1e6:.1f} MB")


def aged_service(old, new, after):
    """At rest; then its pages."""
    with contextlib.ExitStack() as running:
        for one in (old, new):
            with_pages(one)
        pids = {one: running.enter_context(service(one))[0].pid for one in (old, new)}
        time.sleep(30)
        found = watch(pids, MINUTES)
        doors = {"the admin's page": ("--admin",), "a section's page": ("--section", f"{decade.SECTIONS[0]}0"), "/metrics": None}
        for page, door in doors.items():
            seen = {}
            for one in (old, new):
                url = one.run("link", *door).strip() if door else one.env["DUBAN__WEB__BASE_URL"] + page
                with urllib.request.urlopen(url) as answer:
                    seen[one] = *requests(url), len(answer.read())
            words = {one: f"{rate:.0f}/s, p99 {p99:.1f} ms, {size / 1000:.0f} kB" for one, (rate, p99, size) in seen.items()}
            (rate, _, size), (rate_new, _, size_new) = seen[old], seen[new]
            say(f"{page} {after}", words[old], "new database", words[new],
                f"{rate_new / rate:.3g}, size {size / size_new:.3g}", "≤ 1.5")
    say_at_rest(f"idle {after}", found[old], "new database", found[new], "each ≤ 1.5")


def aged_letters(old, new, after):
    """What comes in the two months from today, day by day."""
    found = {}
    days = [datetime.date.today() + datetime.timedelta(days=d) for d in range(1, 61)]
    with peers.sink() as sink:
        for one in (old, new):
            env, letters = one.smtp(sink, connections=16), "SELECT count(*) FROM letter WHERE state = 'sent'"
            before, = one.ask(letters)
            took = sum(once(one.command("run", "--once", "--now", f"{day}T09:00"), env, (0, 75)).wall for day in days)
            sent = one.ask(letters)[0] - before
            found[one] = sent, sent / took
    words = {one: f"{rate:.0f}/s of {sent}" for one, (sent, rate) in found.items()}
    say(f"letters of two months {after}", words[old], "new database", words[new], found[new][1] / found[old][1], "≤ 1.5")


ROWS = {"plan": plan, "today": today, "tick": tick, "idle": idle, "start": start, "check": check, "send": send, "board": board,
        "decade": history}

if __name__ == "__main__":
    # What is begun is ended and tidied away, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = sys.argv[2:] or list(ROWS)
    assert set(wanted) <= set(ROWS), f"rows: {' '.join(ROWS)}"
    print("| work | duban | peer | as measured | ratio | to reach |\n| --- | --- | --- | --- | --- | --- |")
    for name in wanted:
        # On a disk, not in memory: what is settled is synced.
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp")) as place:
            os.chmod(place, 0o755)
            ROWS[name](pathlib.Path(place))
