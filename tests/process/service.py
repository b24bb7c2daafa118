#!/usr/bin/env python3
"""duban as a process: started, killed, reloaded, stopped, given bad databases and full disks.

Usage: service.py DUBAN [unittest arguments]. Loopback only; as root, for the small file system.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

from process import DAY, DUBAN, Process, Received, until

USER = 65534  # nobody: the user that the service runs as beside root


class Service(Process):
    # Starting and stopping

    def test_a_start_writes_a_letter_within_seconds_and_ends_cleanly(self):
        begun = time.monotonic()
        process = self.start()
        self.wait_ready(process)
        self.assertLess(time.monotonic() - begun, 5)
        subjects = [m["subject"] for m in self.letters()]
        self.assertTrue(any("督办已启动" in s for s in subjects), subjects)
        process.terminate()
        self.assertEqual(process.wait(timeout=10), 0)

    # The pages

    def web(self, port=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = port or free.getsockname()[1]
        return f"http://127.0.0.1:{port}", {"DUBAN__WEB__LISTEN": f"127.0.0.1:{port}", "DUBAN__WEB__BASE_URL": f"http://127.0.0.1:{port}"}

    def is_served(self, base):
        try:
            return urllib.request.urlopen(base + "/style.css", timeout=2).status == 200
        except OSError:
            return False

    def test_pages_are_served_and_their_key_is_ours_alone(self):
        base, env = self.web()
        process = self.start(env)
        until(lambda: self.is_served(base), "the pages")
        key = self.dir / "var/duban.db.link-key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        before = key.read_text()
        process.terminate()
        self.assertEqual(process.wait(timeout=10), 0)
        self.start(env)
        until(lambda: self.is_served(base), "the pages again")
        self.assertEqual(key.read_text(), before)

    def test_an_address_that_is_taken_does_not_stop_the_mail(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            _, env = self.web(taken.getsockname()[1])
            process = self.start(env)
            self.wait_ready(process)
            process.terminate()
            out, _ = process.communicate(timeout=20)
        self.assertIn("the pages are not served", out)
        self.assertEqual(process.returncode, 0)

    def test_without_a_key_letters_go_without_links(self):
        _, env = self.web()
        (self.dir / "var").mkdir()
        (self.dir / "var/duban.db.link-key").write_text("x")
        process = self.start(env)
        self.wait_ready(process)
        process.terminate()
        out, _ = process.communicate(timeout=20)
        self.assertIn("letters go without links", out)

    def test_a_second_service_refuses_and_names_the_first(self):
        first = self.start()
        self.wait_ready(first)
        second = self.start()
        out, _ = second.communicate(timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(first.pid), out)

    def test_a_stop_does_not_cut_a_letter_in_half(self):
        received = Received(pause=3)
        process = self.start(self.smtp(received))
        self.assertTrue(received.begun.wait(20))
        process.terminate()
        self.assertEqual(process.wait(timeout=20), 0)
        states = sqlite3.connect(self.dir / "var/duban.db").execute("SELECT state, attempts FROM letter").fetchall()
        self.assertIn(("sent", 1), states)
        self.assertNotIn("sending", [state for state, _ in states])

    # Twice is once

    def test_once_again_and_again_writes_nothing_new(self):
        self.duban("run", "--once", "--now", DAY)
        first = [m["message-id"] for m in self.letters()]
        self.assertGreater(len(first), 5)
        for minute in ("08:30", "08:31", "12:00", "17:59"):
            self.duban("run", "--once", "--now", f"2026-01-27T{minute}")
        self.assertEqual([m["message-id"] for m in self.letters()], first)

    def test_after_done_nothing_more(self):
        self.duban("run", "--once", "--now", DAY)
        self.duban("done", "annual-report", "--by", "张三", "--now", "2026-01-27T10:00")
        before = len(self.letters())
        for day in ("2026-01-29", "2026-01-30", "2026-02-02"):
            self.duban("run", "--once", "--now", f"{day}T08:30")
        # The admin's weekly letter names it, as finished.
        new = [m for m in self.letters()[before:] if m["to"] != "admin@example.test"
               and "发布2025年度《政府信息公开工作年度报告》" in m.get_body(("plain",)).get_content()]
        self.assertEqual(new, [])
        self.duban("done", "annual-report", "--by", "张三", "--now", "2026-02-02T10:00", code=1)

    def test_killed_while_sending_nothing_is_lost(self):
        received = Received(pause=0.3)
        env = self.smtp(received, connections="1")
        kills = 0
        while True:
            process = subprocess.Popen([DUBAN, "run", "--once", "--now", DAY, "--config", str(self.config)],
                                       env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                if process.wait(timeout=0.5 if kills < 12 else 60) == 0:
                    break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
        db = sqlite3.connect(self.dir / "var/duban.db")
        owed = dict(db.execute("SELECT '<' || message_id || '>', mailbox FROM letter WHERE state = 'sent'").fetchall())
        taken = {}
        for message_id, to in received.taken:
            taken.setdefault(message_id, []).append(to)
        self.assertEqual(set(taken), set(owed), "every letter was taken, and no other")
        self.assertEqual(db.execute("SELECT count(*) FROM letter WHERE state <> 'sent'").fetchone(), (0,))
        twice = {m: n for m, n in taken.items() if len(n) > 1}
        unknown = db.execute("SELECT count(*) FROM attempt WHERE outcome = 'unknown'").fetchone()[0]
        self.assertLessEqual(sum(len(n) - 1 for n in twice.values()), unknown)
        print(f"{kills} kills, {len(owed)} letters, {len(twice)} of them twice with the same Message-ID", file=sys.stderr)

    def test_a_server_that_is_down_leaves_it_owed(self):
        env = {"DUBAN__MAIL__TRANSPORT": "smtp", "DUBAN__MAIL__SMTP__HOST": "127.0.0.1", "DUBAN__MAIL__SMTP__PORT": "1",
               "DUBAN__MAIL__SMTP__TLS": "none"}
        self.duban("run", "--once", "--now", DAY, code=75, env=env)
        rows = json.loads(self.duban("outbox", "--json"))
        self.assertTrue(rows and all(row["state"] == "queued" for row in rows))
        self.assertTrue(any(row["last_error"] for row in rows))
        # An hour later it is still down, and then it is back.
        self.duban("run", "--once", "--now", "2026-01-27T09:30", code=75, env=env)
        received = Received()
        self.duban("run", "--once", "--now", "2026-01-27T10:45", env=self.smtp(received))
        self.assertEqual(len({m for m, _ in received.taken}), len(received.taken))
        self.assertTrue(len(received.taken) >= len(rows))

    # Configuration

    def test_reload_takes_a_good_file_and_refuses_a_bad_one(self):
        process = self.start()
        self.wait_ready(process)
        deadlines = self.dir / "config/deadlines.toml"
        good = deadlines.read_text() + '\n[[deadline]]\nid = "mine"\ntitle = "报送"\ndue = "每年6月30日前"\nsections = ["办公室"]\n'
        deadlines.write_text(good)
        self.assertIn("已生效", self.duban("reload"))
        until(lambda: any("新配置已生效" in m["subject"] for m in self.letters()), "the admin's letter")
        deadlines.write_text(good.replace("每年6月30日前", "每年6月31日前"))
        self.assertIn("6月31日", self.duban("reload", code=1))
        process.send_signal(signal.SIGHUP)
        until(lambda: any("配置有误" in m["subject"] for m in self.letters()), "the admin's letter")
        db = sqlite3.connect(self.dir / "var/duban.db")
        self.assertEqual(db.execute("SELECT in_force FROM deadline WHERE id = 'mine'").fetchone(), (1,))
        self.assertIsNone(process.poll())

    def test_an_edit_is_noticed_without_a_command(self):
        process = self.start()
        self.wait_ready(process)
        extra = self.dir / "config/deadlines.d"
        extra.mkdir()
        (extra / "more.toml").write_text('[[deadline]]\nid = "more"\ntitle = "报送"\ndue = "每年6月30日前"\nsections = ["办公室"]\n')
        db = sqlite3.connect(self.dir / "var/duban.db")
        until(lambda: db.execute("SELECT 1 FROM deadline WHERE id = 'more'").fetchone(), "the edit", seconds=200)

    def test_a_start_with_a_broken_plan_goes_on_with_the_last_good_one(self):
        self.duban("run", "--once", "--now", DAY)
        deadlines = self.dir / "config/deadlines.toml"
        deadlines.write_text(deadlines.read_text() + "\n[[deadline]]\nid = 1\n")
        before = len(self.letters())
        process = self.start()
        until(lambda: any("配置有误" in m["subject"] for m in self.letters()[before:]), "the admin's letter")
        self.assertIsNone(process.poll())

    def test_no_core_of_the_service_is_written(self):
        process = self.start()
        self.wait_ready(process)
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"], core)

    def test_the_password_is_never_shown(self):
        secret = "Kj7-never-shown"
        env = {"DUBAN__MAIL__TRANSPORT": "smtp", "DUBAN__MAIL__SMTP__HOST": "127.0.0.1", "DUBAN__MAIL__SMTP__PORT": "1",
               "DUBAN__MAIL__SMTP__USERNAME": "duban", "DUBAN__MAIL__SMTP__PASSWORD": secret, "RUST_LOG": "trace"}
        said = self.duban("run", "--once", "--now", DAY, code=75, env=env) + self.duban("status", env=env) + self.duban("check", env=env)
        self.assertNotIn(secret, said)

    # Bad days

    def test_foreign_corrupt_and_newer_databases_are_refused_in_words(self):
        database = self.dir / "var/duban.db"
        database.parent.mkdir()
        foreign = sqlite3.connect(database)
        foreign.execute("CREATE TABLE somebody_elses (x)")
        foreign.commit()
        foreign.close()
        self.assertIn("不是督办的数据库", self.duban("run", "--once", "--now", DAY, code=1))
        database.unlink()
        database.write_bytes(b"not a database at all" * 1000)
        self.assertIn("不是数据库", self.duban("run", "--once", "--now", DAY, code=1))
        database.unlink()
        self.duban("run", "--once", "--now", DAY)
        newer = sqlite3.connect(database)
        newer.execute("PRAGMA user_version = 999")
        newer.close()
        self.assertIn("更新版本", self.duban("run", "--once", "--now", DAY, code=1))

    def test_a_locked_database_is_waited_for(self):
        self.duban("run", "--once", "--now", DAY)
        other = sqlite3.connect(self.dir / "var/duban.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(2, lambda: other.execute("COMMIT")).start()
        self.duban("done", "annual-report", "--by", "张三", "--now", "2026-01-27T10:00")

    def test_a_full_disk_is_said_and_survived(self):
        small = self.dir / "var"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200k,mode=700", "tmpfs", str(small)], check=True)
        filler = small / "filler"
        filler.write_bytes(b"x" * 1_000_000)
        done = subprocess.run([DUBAN, "run", "--once", "--now", DAY, "--config", str(self.config)], capture_output=True, text=True)
        self.assertIn(done.returncode, (1, 75), done.stdout + done.stderr)
        self.assertRegex(done.stdout + done.stderr, "磁盘|空间|No space")
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        late = "2026-01-27T11:00"
        self.duban("run", "--once", "--now", late)
        self.assertGreater(len(self.letters()), 5)
        ids = [m["message-id"] for m in self.letters()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_a_disk_that_fills_while_the_service_sends_costs_no_letter_and_no_second_copy(self):
        small = self.dir / "var"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", str(small)], check=True)
        self.duban("run", "--once", "--now", "2026-01-05T08:30")
        received = Received(pause=0.4)
        filler = small / "filler"
        env = self.smtp(received, connections="2")
        process = subprocess.Popen([DUBAN, "run", "--once", "--now", DAY, "--config", str(self.config)],
                                   env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(process)
        self.assertTrue(received.begun.wait(20))
        # Full to the last byte between DATA and 250: the answer cannot be written.
        with open(filler, "wb", buffering=0) as file:
            block = 1 << 20
            while block:
                try:
                    file.write(b"x" * block)
                except OSError:
                    block //= 2
        time.sleep(4)
        taken = len(received.taken)
        self.assertIsNone(process.poll(), "it holds on to what it knows")
        filler.unlink()
        out, _ = process.communicate(timeout=60)
        self.assertIn("磁盘已满" if "磁盘已满" in out else "cannot be written", out)
        for minute in ("08:40", "09:45", "11:00"):
            subprocess.run([DUBAN, "run", "--once", "--now", f"2026-01-27T{minute}", "--config", str(self.config)],
                           env={**os.environ, **env}, capture_output=True)
        ids = [m for m, _ in received.taken]
        self.assertGreater(len(ids), taken)
        self.assertEqual(len(ids), len(set(ids)), "nothing went twice")
        db = sqlite3.connect(small / "duban.db")
        self.assertEqual(db.execute("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')").fetchone(), (0,))
        owed = db.execute("SELECT count(*) FROM letter WHERE state = 'sent' AND ended_at > '2026-01-27'").fetchone()[0]
        self.assertEqual(owed, len(ids), "nothing was lost")
        db.close()
        self.duban("verify")
        print(f"disk full after {taken} letters, {len(ids)} in the end, none twice", file=sys.stderr)

    def test_a_read_only_folder_is_said(self):
        self.duban("run", "--once", "--now", DAY)
        small = self.dir / "var"
        subprocess.run(["mount", "--bind", str(small), str(small)], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(small)], check=True)
        before = len(self.letters())
        self.assertRegex(self.duban("run", "--once", "--now", "2026-01-28T08:30", code=1), "只读|权限|只能读")
        self.assertRegex(self.duban("done", "annual-report", "--by", "张三", code=1), "只读|权限|只能读")
        for command in ("status", "list", "outbox", "verify"):
            self.assertIn("权限", self.duban(command, code=1))
        self.assertEqual(len(self.letters()), before)

    # root beside the service's user

    def not_roots(self):
        """What in var/ the service's user does not own."""
        paths = [self.dir / "var", *(self.dir / "var").rglob("*")]
        return [str(p) for p in paths if p.exists() and (p.stat().st_uid, p.stat().st_gid) != (USER, USER)]

    def as_user(self, *args):
        # A checkout may lie where only root may go.
        program = self.dir / "duban"
        if not program.exists():
            shutil.copy(DUBAN, program)
        command = [program, *args, "--config", str(self.config)]
        return subprocess.Popen(command, user=USER, group=USER, extra_groups=[], cwd=self.dir,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_root_leaves_nothing_that_the_service_cannot_open(self):
        (self.dir / "var").mkdir(mode=0o700)
        for path in [self.dir, *self.dir.rglob("*")]:
            os.chown(path, USER, USER)
        # A file that only root reads, and a folder that only root writes.
        secret = self.dir / "config/duban.toml"
        copies = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, copies)
        commands = [
            ["status"], ["list"], ["verify"], ["run", "--once", "--now", DAY], ["history"], ["outbox"], ["outbox", "retry"],
            ["requests"], ["incoming"], ["done", "annual-report", "--by", "张三", "--now", "2026-01-27T10:00"],
            ["reopen", "annual-report", "--by", "张三", "--now", "2026-01-27T10:01"], ["backup", str(copies / "copy")],
            ["restore", str(copies / "copy"), "--since-backup", "keep-quiet"], ["plan", "--from", "2026-01-01", "--to", "2026-01-31"],
            ["link", "--admin"], ["doctor"],
        ]
        base, env = self.web()

        def all_of_them(when):
            for command in commands:
                done = subprocess.run([DUBAN, *command, "--config", str(self.config)], capture_output=True, text=True,
                                      env={**os.environ, **env})
                self.assertNotIn("panicked", done.stderr)
                self.assertEqual(self.not_roots(), [], f"{when}: {command}")

        os.chown(secret, 0, 0)
        secret.chmod(0o600)
        all_of_them("before the first start")
        for path in list((self.dir / "var").rglob("*"))[::-1]:
            path.rmdir() if path.is_dir() else path.unlink()
        secret.chmod(0o644)
        service = self.as_user("run")
        self.started.append(service)
        self.wait_ready(service)
        secret.chmod(0o600)
        all_of_them("beside the service")
        secret.chmod(0o644)
        service.kill()
        service.wait()
        all_of_them("after a kill -9")
        service = self.as_user("run")
        self.started.append(service)
        self.wait_ready(service)
        done = self.as_user("verify")
        self.assertEqual(done.wait(timeout=20), 0, done.stdout.read())
        self.assertIn("已生效", self.duban("reload"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
