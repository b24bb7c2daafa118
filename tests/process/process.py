"""duban as a process, for the tests that need it: a folder of its own, a server that takes letters.

The program is the first argument, which is taken out of the list.
"""

import email
import email.policy
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from aiosmtpd.controller import Controller

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUBAN = sys.argv.pop(1)
DAY = "2026-01-27T08:30"  # three working days before the annual report


def until(true, what, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Received:
    """What a server took, by Message-ID; `pause` seconds before it says 250."""

    def __init__(self, pause=0.0):
        self.pause, self.taken, self.begun = pause, [], threading.Event()

    async def handle_DATA(self, server, session, envelope):
        import asyncio

        self.begun.set()
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.taken.append((message["message-id"], envelope.rcpt_tos[0]))
        await asyncio.sleep(self.pause)
        return "250 taken"


class Process(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        for name in ("config", "seeds"):
            shutil.copytree(ROOT / name, self.dir / name)
        self.config = self.dir / "config/duban.toml"
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        subprocess.run(["umount", "-lq", str(self.dir / "var")], check=False)
        shutil.rmtree(self.dir)

    def duban(self, *args, code=0, env=None):
        if args[0] == "status" and "--now" not in args:
            # Which statutory year is missing depends on the day; the tests do not.
            args = (*args, "--now", DAY)
        command = [DUBAN, *args, "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def start(self, env=None):
        process = subprocess.Popen(
            [DUBAN, "run", "--config", str(self.config)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(env or {})},
        )
        self.started.append(process)
        return process

    def letters(self):
        found = sorted((self.dir / "var/mail").glob("*.eml"))
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in found]

    def wait_ready(self, process):
        lock = self.dir / "var/duban.db.lock"
        until(lambda: lock.exists() and lock.read_text().partition("\n")[0] == str(process.pid), "the lock")
        until(lambda: self.letters(), "a first letter")

    def smtp(self, received, context=None, **settings):
        """A server that takes letters, over TLS with a context; gives the settings for it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(received, hostname="127.0.0.1", port=port, ready_timeout=10, ssl_context=context)
        controller.start()
        self.addCleanup(controller.stop)
        env = {"DUBAN__MAIL__TRANSPORT": "smtp", "DUBAN__MAIL__SMTP__HOST": "127.0.0.1", "DUBAN__MAIL__SMTP__PORT": str(port),
               "DUBAN__MAIL__SMTP__TLS": "none", "DUBAN__MAIL__SMTP__PER_MINUTE": "6000"}
        return {**env, **{f"DUBAN__MAIL__SMTP__{k.upper()}": v for k, v in settings.items()}}
