#!/usr/bin/env python3
"""What the service's user can plant in its folder for the commands that root runs: links, pipes, names that are swapped.

Each attack ends within seconds, changes none of root's files, leaves none of root's in the folder, and is told in Chinese
or comes to nothing. Usage: root.py DUBAN [unittest arguments]. As root.
"""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

from process import DAY, DUBAN, Process, until

USER = 65534
SECRET = "root:$6$of-root-alone:20000:0:99999:7:::\n"
WEB = {"DUBAN__WEB__LISTEN": "127.0.0.1:9", "DUBAN__WEB__BASE_URL": "http://127.0.0.1:9"}
LONGEST = 20  # seconds, on a busy machine

# The interpreter may lie where only root may read.
AS_USER = f"import fcntl, os, random, sys, time; os.setgroups([]); os.setgid({USER}); os.setuid({USER})\n"
# Replaces every file whose name ends so by a link to another, at once or after a part of a second.
PLANT = """
folder, part, link, most = sys.argv[1:]
while True:
    for name in os.listdir(folder):
        if name.endswith(part) and not os.path.islink(os.path.join(folder, name)):
            time.sleep(random.uniform(0, float(most)))
            try:
                os.unlink(os.path.join(folder, name))
                os.symlink(link, os.path.join(folder, name))
            except OSError:
                pass
"""


class Root(Process):
    def setUp(self):
        super().setUp()
        self.assertEqual(os.geteuid(), 0, "only root can be attacked here")
        self.dir.chmod(0o755)
        self.var = self.dir / "var"
        self.database = self.var / "duban.db"
        self.var.mkdir(mode=0o700)
        os.chown(self.var, USER, USER)
        # Of root, where the user cannot go, and where it can read names.
        self.home = self.dir / "root"
        self.home.mkdir(mode=0o700)
        self.files = {self.home / "shadow": SECRET, self.home / "empty": ""}
        for path, text in self.files.items():
            path.write_text(text)
            path.chmod(0o600)
        self.env = dict(WEB)

    def tearDown(self):
        for process in self.started:
            process.kill()
            process.communicate()
        try:
            for path, text in self.files.items():
                found = path.lstat()
                self.assertEqual((path.read_text(), found.st_uid, found.st_mode & 0o7777), (text, 0, 0o600), path)
            for path in self.var.rglob("*"):
                if path.lstat().st_nlink == 1:
                    self.assertEqual(path.lstat().st_uid, USER, f"{path} is root's")
                if path.is_file() and not path.is_symlink():
                    self.assertNotIn(SECRET.encode(), path.read_bytes(), f"{path} tells what root's file holds")
        finally:
            super().tearDown()

    def duban(self, *args, code=0):
        """As root. `code`: one, several, or None for any but one that a signal gave."""
        command = [DUBAN, *args, "--config", str(self.config)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, env={**os.environ, **self.env},
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            self.fail(f"{args} hangs")
        said = done.stdout + done.stderr
        self.assertNotIn("panicked", said)
        self.assertNotIn("of-root-alone", said)
        if code is None:
            self.assertIn(done.returncode, (0, 1, 75), said)
        else:
            self.assertEqual(done.returncode, code, said)
        return said

    def as_user(self, *command, **more):
        return subprocess.run(command, user=USER, group=USER, extra_groups=[], check=True, **more)

    def loop(self, program, *args):
        process = subprocess.Popen([sys.executable, "-c", AS_USER + program, *map(str, args)], stdout=subprocess.DEVNULL)
        self.started.append(process)
        time.sleep(0.3)
        return process

    def link(self, name, to):
        path = self.var / name
        self.as_user("ln", "-sfn", str(to), str(path))
        return path

    def pipe(self, name):
        path = self.var / name
        self.as_user("mkfifo", "-m", "600", str(path))
        return path

    def begun(self):
        """A database in which something happened, all of it the user's."""
        self.duban("run", "--once", "--now", DAY)
        self.assertEqual(self.database.stat().st_uid, USER)

    # Copies

    def test_a_copy_into_the_folder_follows_no_link(self):
        self.begun()
        folder = self.var / "backup"
        self.as_user("mkdir", "-m", "700", str(folder))
        self.loop(PLANT, folder, ".partial", self.home / "new", 0)
        for _ in range(15):
            self.duban("backup", str(folder), code=None)
            self.assertFalse((self.home / "new").exists(), "a file of the attacker's among root's")
        for path in folder.iterdir():
            self.assertEqual(path.lstat().st_uid, USER, path)

    def test_a_folder_of_copies_that_is_a_link_of_the_user(self):
        self.begun()
        folder = self.link("backup", self.home)
        for target in (folder, folder / "copy.db"):
            self.assertIn("符号链接", self.duban("backup", str(target), code=1))
        self.assertIn("符号链接", self.duban("export", str(folder / "x.csv"), "--now", DAY, code=1))
        self.assertEqual(sorted(p.name for p in self.home.iterdir()), ["empty", "shadow"])

    def test_a_copy_to_where_only_root_may_write(self):
        self.begun()
        copy = self.home / "copy.db"
        for _ in range(2):
            self.assertIn("已备份", self.duban("backup", str(copy)))
        self.assertEqual((copy.stat().st_uid, copy.stat().st_mode & 0o777), (0, 0o600))
        db = sqlite3.connect(copy)
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        db.close()
        kept = self.home / "copies"
        kept.mkdir()
        (self.home / "folder.csv").mkdir()
        for day in range(1, 5):
            shutil.copy(copy, kept / f"duban-2026-01-0{day}.db")
        said = self.duban("backup", "--keep", "2", str(kept), "--now", DAY)
        self.assertIn(f"已删去较早的 {kept}/duban-2026-01-01.db", said)
        self.assertEqual(sorted(p.name for p in kept.iterdir()), ["duban-2026-01-04.db", "duban-2026-01-27.db"])
        self.assertIn("已写好", self.duban("export", str(self.home / "x.csv"), "--now", DAY))
        self.assertEqual((self.home / "x.csv").stat().st_uid, 0)
        self.assertIn("没有这个目录", self.duban("backup", str(self.home / "none/x.db"), code=1))
        self.assertIn("同名的目录", self.duban("export", str(self.home / "folder.csv"), "--now", DAY, code=1))
        self.assertEqual([p.name for p in self.var.glob("*.copy*")], [])
        # And back: root's copy is read as root, and the database is the user's.
        for path in self.var.glob("duban.db*"):
            path.unlink()
        self.assertIn("已从备份恢复", self.duban("restore", str(copy), "--now", DAY))
        self.assertEqual(self.database.stat().st_uid, USER)

    # Restore

    def test_a_restore_changes_the_owner_of_nothing(self):
        self.begun()
        copy = self.home / "copy.db"
        self.duban("backup", str(copy))
        # Its owner was set last, when the copy had been read and mended.
        self.loop(PLANT, self.var, ".restoring", self.home / "shadow", 0.15)
        for _ in range(20):
            self.duban("restore", str(copy), "--since-backup", "say-again", code=None)
            self.assertEqual((self.home / "shadow").stat().st_uid, 0)

    def test_a_copy_that_is_a_link_is_not_read_for_the_user(self):
        self.begun()
        folder = self.var / "backup"
        self.as_user("mkdir", "-m", "700", str(folder))
        self.link("backup/duban-2026-01-01.db", self.home / "shadow")
        self.assertIn("链接", self.duban("restore", str(folder / "duban-2026-01-01.db"), code=1))
        self.as_user("rm", str(folder / "duban-2026-01-01.db"))
        self.pipe("backup/duban-2026-01-01.db")
        self.assertIn("管道", self.duban("restore", str(folder / "duban-2026-01-01.db"), code=1))

    # The key of the links

    def test_the_first_link_before_the_first_start(self):
        self.assertIn("http", self.duban("link", "--admin"))
        key = self.var / "duban.db.link-key"
        self.assertEqual((key.stat().st_uid, key.stat().st_mode & 0o777), (USER, 0o600))
        self.begun()

    def test_a_key_that_only_root_may_read(self):
        credentials = self.config.parent / "credentials"
        credentials.mkdir(mode=0o700)
        (credentials / "link-key").write_text("ab" * 32 + "\n")
        # Before the first start it also says that there is no database.
        first = self.duban("link", "--admin", "--now", DAY).splitlines()[0]
        self.begun()
        self.assertEqual(self.duban("link", "--admin", "--now", DAY).splitlines(), [first])
        self.assertFalse((self.var / "duban.db.link-key").exists(), "root's key was not found, and another was made")

    def test_links_where_the_key_is_made(self):
        # The process's number is not known before; the user plants them all.
        true = subprocess.Popen(["true"])
        true.wait()
        last = true.pid
        self.loop("""
for pid in range(int(sys.argv[3]), int(sys.argv[3]) + 3000):
    os.symlink(sys.argv[1], f"{sys.argv[2]}.{pid}")
""", self.home / "shadow", self.var / "duban.db.link-key", last).wait(10)
        self.assertIn("http", self.duban("link", "--admin"))

    def test_a_key_that_is_a_link_or_a_pipe(self):
        self.link("duban.db.link-key", self.home / "shadow")
        self.assertIn("链接密钥", self.duban("link", "--admin", code=1))
        (self.var / "duban.db.link-key").unlink()
        self.pipe("duban.db.link-key")
        self.assertIn("链接密钥", self.duban("link", "--admin", code=1))

    # The database itself

    def test_a_database_that_is_a_link_to_roots_file(self):
        for name in self.files:
            self.link("duban.db", name)
            for command in (["status"], ["verify"], ["doctor"], ["backup", str(self.home / "copy.db")], ["link", "--admin"],
                            ["run", "--once", "--now", DAY], ["done", "annual-report", "--by", "张三"], ["list"]):
                with self.subTest(name=name, command=command):
                    self.assertIn("数据库", self.duban(*command, code=None))
        self.assertEqual(sorted(p.name for p in self.home.iterdir()), ["empty", "shadow"])

    def test_pipes_hang_nothing(self):
        self.begun()
        whole = self.database.read_bytes()
        commands = (["doctor"], ["status"], ["reload"], ["list"], ["verify"], ["check"], ["backup", str(self.home / "c.db")],
                    ["link", "--admin"], ["run", "--once", "--now", DAY], ["restore", str(self.home / "none.db")])
        for end in ("", ".lock", "-journal", "-wal", "-shm", ".sound", ".link-key", ".damaged"):
            path = self.var / f"duban.db{end}"
            path.unlink(missing_ok=True)
            self.pipe(path.name)
            for command in commands:
                with self.subTest(end=end, command=command):
                    self.assertRegex(self.duban(*command, code=None), "[一-龥]|http")
            path.unlink(missing_ok=True)
            if end == "":
                path.write_bytes(whole)
                path.chmod(0o600)
                os.chown(path, USER, USER)

    # Whose process is told

    def test_reload_asks_the_kernel_who_holds_the_lock(self):
        self.begun()
        other = subprocess.Popen(["sleep", "60"])
        self.started.append(other)
        # Locked as it was until now, by a process that names another.
        liar = self.loop("""
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(lock, 0)
os.write(lock, sys.argv[2].encode() + b"\\n")
fcntl.flock(lock, fcntl.LOCK_EX)
time.sleep(60)
""", self.var / "duban.db.lock", other.pid)
        self.assertIn("没有运行", self.duban("reload", code=1))
        self.assertIsNone(other.poll(), "root's process got a signal of root's")
        liar.kill()
        liar.wait()

    def test_reload_tells_only_what_is_the_users(self):
        self.begun()
        # A process of root's that has the lock: nobody but root can have made it, and the user's command may not tell it.
        other = subprocess.Popen([sys.executable, "-c", """
import fcntl, os, sys, time
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(lock, fcntl.LOCK_EX)
time.sleep(60)
""", str(self.var / "duban.db.lock")])
        self.started.append(other)
        until(lambda: f"进程 {other.pid}" in self.duban("status", "--now", DAY, code=None), "the lock")
        self.assertIn("通知不到", self.duban("reload", code=1))
        self.assertIsNone(other.poll())

    def service(self):
        process = subprocess.Popen([DUBAN, "run", "--config", str(self.config)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.started.append(process)
        until(lambda: f"进程 {process.pid}" in self.duban("status", "--now", DAY, code=None), "the service")
        return process

    def test_reload_reaches_the_service_itself(self):
        process = self.service()
        self.assertIn("已生效", self.duban("reload"))
        process.terminate()
        self.assertEqual(process.wait(20), 0)

    def test_root_has_no_way_back(self):
        status = pathlib.Path(f"/proc/{self.service().pid}/status").read_text()
        for line in (f"Uid:\t{USER}\t{USER}\t{USER}\t{USER}", f"Gid:\t{USER}\t{USER}\t{USER}\t{USER}", f"Groups:\t{USER}",
                     "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "Umask:\t0077"):
            self.assertIn(line, status)


if __name__ == "__main__":
    unittest.main(verbosity=2)
