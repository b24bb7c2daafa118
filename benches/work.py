"""The work that is measured: plans of any size for duban and for remind, and databases that hold them."""

import contextlib
import datetime
import os
import pathlib
import shutil
import sqlite3
import subprocess

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent
TODAY = datetime.date.today()
# Outside the sending window: what is loaded then is opened, and nothing is said yet.
EVENING = "2026-11-25T21:00"
MORNING, NOON = "2026-11-25T09:00", "2026-11-25T12:00"


class Plan:
    """A configuration in a folder of its own."""

    def __init__(self, folder, duban):
        self.folder, self.duban = pathlib.Path(folder), duban
        self.folder.mkdir(parents=True)
        self.database = self.folder / "duban.db"
        self.env = {}

    def settings(self, text=""):
        head = f'database = "duban.db"\ndeadlines = "deadlines.toml"\nholidays = "{ROOT}/config/holidays"\n'
        head += 'admin = ["admin@example.test"]\ncontact = "办公室"\n'
        head += text
        head += '[mail]\nfrom = "督办 <duban@example.test>"\nfolder = "mail"\ntransport = "folder"\n'
        (self.folder / "duban.toml").write_text(head)
        return self

    def write(self, due, sections=50, mailboxes=1, head=""):
        """One deadline for each of `due`, sections in turn."""
        with open(self.folder / "deadlines.toml", "w") as out:
            out.write(head)
            for s in range(sections):
                boxes = ", ".join(f'"s{s}-{b}@example.test"' for b in range(mailboxes))
                out.write(f'[[section]]\nname = "科室{s}"\nemail = [{boxes}]\nleader = ["leader{s % 9}@example.test"]\n')
            for i, words in enumerate(due):
                out.write(f'[[deadline]]\nid = "report-{i}"\ntitle = "报送第{i}号材料"\ndue = "{words}"\n'
                          f'sections = ["科室{i % sections}"]\nbasis = "“按要求报送第{i}号材料。”"\nsteps = ["收集", "核对", "报送"]\n')
        return self

    def shipped(self):
        shutil.copy(ROOT / "config/deadlines.toml", self.folder)
        seeds = self.folder / "../seeds"
        if not seeds.exists():
            shutil.copytree(ROOT / "seeds", seeds)
        return self

    def command(self, *args):
        return [self.duban, *args, "--config", str(self.folder / "duban.toml")]

    def run(self, *args, codes=(0, 75), env=None):
        done = subprocess.run(self.command(*args), env={**os.environ, **self.env, **(env or {})}, capture_output=True, text=True)
        assert done.returncode in codes, (args, done.returncode, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout

    def smtp(self, port, connections=4, per_minute=0):
        return {"DUBAN__MAIL__TRANSPORT": "smtp", "DUBAN__MAIL__SMTP__HOST": "127.0.0.1", "DUBAN__MAIL__SMTP__TLS": "none",
                "DUBAN__MAIL__SMTP__PORT": str(port), "DUBAN__MAIL__SMTP__PER_MINUTE": str(per_minute),
                "DUBAN__MAIL__SMTP__CONNECTIONS": str(connections)}

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            return db.execute(sql).fetchone()

    def letters(self, state):
        """To sections, and not to the admin."""
        return self.ask(f"SELECT count(*) FROM letter WHERE state = '{state}' AND mailbox LIKE 's%-%@example.test'")[0]

    def letter_size(self):
        """Bytes of one as it is handed over."""
        mail = self.folder / "mail"
        self.run("run", "--once", "--now", NOON)
        sizes = [path.stat().st_size for path in mail.iterdir()]
        return sum(sizes) // len(sizes)


def days_of_the_year(n):
    """Month and day, spread over a year that is not a leap year."""
    for i in range(n):
        day = datetime.date(2027, 1, 1) + datetime.timedelta(days=i * 37 % 365)
        yield day.month, day.day


def yearly(n):
    return (f"每年{m}月{d}日前" for m, d in days_of_the_year(n))


def open_all_along(n):
    """Open from the start, and nothing to say within the next two months."""
    return (str(TODAY + datetime.timedelta(days=100 + i * 37 % 200)) for i in range(n))


def remind_file(path, n):
    with open(path, "w") as out:
        for i, (m, d) in enumerate(days_of_the_year(n)):
            month = datetime.date(2027, m, 1).strftime("%b")
            out.write(f"REM {d} {month} OMIT Sat Sun BEFORE MSG report {i}\n")
    return str(path)


def owing(folder, duban, letters):
    """A database with so many letters in its outbox, each to a mailbox of its own, and the plan that put them there."""
    it = Plan(folder, duban).settings().write(("2026-12-25",) * (letters // 10), sections=letters // 10, mailboxes=10)
    # Nobody listens there: the server is in trouble, and all of it stays owed.
    it.run("run", "--once", "--now", MORNING, env=it.smtp(peers.free_port()))
    assert it.letters("queued") == letters
    it.ask("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(it.database, it.folder / "owed.db")
    return it


def owed_again(it):
    for path in it.folder.glob("duban.db*"):
        path.unlink()
    shutil.copy(it.folder / "owed.db", it.database)
    os.sync()
