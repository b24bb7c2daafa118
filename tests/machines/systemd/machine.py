"""The machine that the tests run on: a package installed, units, a server that takes letters."""

import email
import email.policy
import os
import pathlib
import pwd
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import unittest

from aiosmtpd.controller import Controller

ETC = pathlib.Path("/etc/duban")
STATE = pathlib.Path("/var/lib/duban")
DATABASE = STATE / "duban.db"
DROP_IN = pathlib.Path("/etc/systemd/system/duban.service.d/test.conf")
DEB, PREVIOUS = "/test/duban.deb", "/test/previous.deb"
# A Tuesday, three working days before the annual report, as libfaketime takes it.
LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
CLOCK = [f"LD_PRELOAD={LIBRARY}", "FAKETIME=@2026-01-27 01:00:00",
         "FAKETIME_DONT_FAKE_MONOTONIC=1", "TZ=UTC"]


def run(*command, code=0, **options):
    options.setdefault("input", "")
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, **options)
    said = done.stdout + done.stderr
    if code is not None and done.returncode != code:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{said}")
    return said


def address(said):
    """Of a link that was printed, whatever else is said with it."""
    return re.search(r"https?://\S+", said)[0]


def systemctl(*arguments, **options):
    return run("systemctl", *arguments, **options)


def shown(name, unit="duban"):
    return systemctl("show", "-P", name, unit).strip()


def until(true, what, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s\n{journal()[-3000:]}")
        time.sleep(0.05)


def journal(*arguments):
    return run("journalctl", "--no-pager", "-q", "-u", "duban", *arguments)


def cursor():
    """Where the journal is now, for `--after-cursor`."""
    return run("journalctl", "-q", "-n0", "--show-cursor").strip().removeprefix("-- cursor: ")


def query(sql):
    db = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def letters():
    paths = sorted((STATE / "mail").glob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


class Received:
    """A server on port 2525, or with TLS on 465: what it took, by Message-ID; `pause` seconds before it says 250."""

    def __init__(self, pause=0.0, password=None, tls=None):
        self.pause, self.password, self.taken, self.logins, self.begun = pause, password, [], [], threading.Event()
        options = {}
        if password:
            options = {"authenticator": self.log_in, "auth_required": True, "auth_require_tls": False}
        port = 465 if tls else 2525
        self.controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=10, ssl_context=tls, **options)
        self.controller.start()

    def log_in(self, _server, _session, _envelope, mechanism, data):
        from aiosmtpd.smtp import AuthResult  # Debian 11's has none

        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == self.password)

    async def handle_DATA(self, server, session, envelope):
        import asyncio

        self.begun.set()
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        await asyncio.sleep(self.pause)
        self.taken.append((message["message-id"], envelope.rcpt_tos[0]))
        return "250 taken"


class Machine(unittest.TestCase):
    """The package is installed, its configuration the shipped one, its database gone; the service stopped."""

    def setUp(self):
        if not pathlib.Path("/usr/bin/duban").exists():
            run("dpkg", "-i", DEB)
        systemctl("stop", "duban", "duban-backup.timer")
        if not PRISTINE.exists():
            shutil.copytree(ETC, PRISTINE)
        for folder in (ETC, STATE):
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(PRISTINE, ETC, dirs_exist_ok=True)
        run("systemd-tmpfiles", "--create", "duban.conf")
        shutil.rmtree(DROP_IN.parent, ignore_errors=True)
        systemctl("daemon-reload")
        systemctl("reset-failed")
        self.cursor = cursor()

    def tearDown(self):
        systemctl("stop", "duban", code=None)

    def server(self, *arguments, **options):
        received = Received(*arguments, **options)
        self.addCleanup(received.controller.stop)
        return received

    def drop_in(self, *lines, environment=(), clock=True):
        """Lines for [Service]; by default the service lives on the morning of a day full of letters."""
        environment = [*(CLOCK if clock else ()), *environment]
        lines = [*lines, *(f'Environment="{variable}"' for variable in environment)]
        DROP_IN.parent.mkdir(exist_ok=True)
        DROP_IN.write_text("[Service]\n" + "\n".join(lines) + "\n")
        systemctl("daemon-reload")

    def smtp(self, *lines, environment=(), **settings):
        """The transport is the server on port 2525."""
        settings = {"transport": "smtp", "smtp__host": "127.0.0.1", "smtp__port": "2525", "smtp__tls": "none",
                    "smtp__per_minute": "6000", "smtp__connections": "1", **settings}
        mail = [f"DUBAN__MAIL__{key.upper()}={value}" for key, value in settings.items()]
        self.drop_in(*lines, environment=[*mail, *environment])

    def log(self, *arguments):
        return journal("--after-cursor", self.cursor, *arguments)

    def settled(self):
        return DATABASE.exists() and query("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')") == [(0,)] \
            and query("SELECT count(*) > 5 FROM letter") == [(1,)]

    def assert_each_taken(self, received):
        """Every letter that is owed was taken, none that is not; twice only where the 250 was not known."""
        owed = {f"<{i}>" for (i,) in query("SELECT message_id FROM letter WHERE state = 'sent'")}
        ids = [i for i, _ in received.taken]
        self.assertEqual(set(ids), owed)
        unknown = query("SELECT count(*) FROM attempt WHERE outcome = 'unknown'")[0][0]
        self.assertLessEqual(len(ids) - len(owed), unknown)


PRISTINE = pathlib.Path("/test/pristine")


def owner(path):
    return pwd.getpwuid(os.stat(path).st_uid).pw_name


def mode(path):
    return os.stat(path).st_mode & 0o777
