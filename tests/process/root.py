#!/usr/bin/env python3
"""What the service's user can plant in its folder for the commands that root runs: links, pipes, names that are swapped.

Each attack ends within seconds, changes none of root's files, leaves none of root's in the folder, and is told in Chinese
or comes to nothing. Usage: root.py DUBAN [unittest arguments]. As root.
"""

import json
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

    def test_a_copy_that_is_swapped_replaces_no_good_one(self):
        self.begun()
        copies = self.home / "copies"
        copies.mkdir()
        good = copies / "duban-2026-01-01.db"
        self.duban("backup", str(good))
        whole = good.read_bytes()
        today = copies / "duban-2026-01-27.db"
        # A large one of nothing, and one as long as a copy may be.
        for size in (400 << 20, 4096 * 20):
            process = self.loop('''
folder, size = sys.argv[1:]
def make():
    with open(folder + "/big", "wb") as file:
        file.truncate(int(size))
make()
while True:
    for name in os.listdir(folder):
        if name.endswith(".copy"):
            try:
                os.rename(folder + "/big", folder + "/" + name)
                make()
            except OSError:
                pass
''', self.var, size)
            refused = 0
            for _ in range(12):
                said = self.duban("backup", "--keep", "1", str(copies), "--now", DAY, code=None)
                if "已备份" in said:
                    self.assertEqual(sqlite3.connect(today).execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                    today.unlink()
                    good.write_bytes(whole)
                else:
                    refused += 1
                    self.assertRegex(said, "没有备份|不是督办的数据库|写不了")
                    self.assertEqual([p.name for p in copies.iterdir()], [good.name], "a good copy was thinned out")
                    self.assertEqual(good.read_bytes(), whole)
            process.kill()
            process.wait()
            for path in self.var.glob("*.copy"):
                path.unlink()
            print(f"{refused} of 12 copies were swapped", file=sys.stderr)

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
        self.assertEqual(self.duban("link", "--admin", "--now", DAY).splitlines()[0], first)
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

    # Folders of root's that others may write

    def test_a_folder_of_roots_that_others_may_write_is_not_worked_in(self):
        for mode in (0o2770, 0o1777, 0o775):
            os.chown(self.var, 0, USER)
            self.var.chmod(mode)
            self.link("duban.db", self.home / "planted")
            said = self.duban("run", "--once", "--now", DAY, code=1)
            self.assertIn("chown duban:duban", said)
            self.assertFalse((self.home / "planted").exists(), "root has followed a link of the user")
            (self.var / "duban.db").unlink()
        os.chown(self.var, 0, 0)
        self.var.chmod(0o755)
        self.duban("run", "--once", "--now", DAY)
        # So that what was made is the user's when it is looked over.
        shutil.rmtree(self.var)

    def test_a_mode_is_set_on_what_was_written(self):
        plans = self.dir / "plans"
        plans.mkdir(mode=0o700)
        os.chown(plans, USER, USER)
        plan = plans / "plan.toml"
        source = self.home / "plan.csv"
        source.write_text("工作任务,责任单位,完成时限\n做事,办公室,每年6月底前\n")
        for _ in range(8):
            for path in plans.iterdir():
                path.unlink()
            self.as_user("sh", "-c", f"echo '# x' > {plan}")
            # When the new file has its name, the name becomes a link's.
            process = self.loop('''
folder, name, link = sys.argv[1:]
seen = False
while True:
    names = os.listdir(folder)
    if any(n.endswith(".tmp") for n in names):
        seen = True
    elif seen:
        try:
            os.unlink(name); os.symlink(link, name)
        except OSError:
            pass
        break
''', plans, plan, self.home / "shadow")
            self.duban("import", str(source), "--every-year", "--replaces", str(plan), "--now", DAY, code=None)
            process.kill()
            process.wait()
            self.assertEqual((self.home / "shadow").stat().st_mode & 0o777, 0o600)

    def test_import_waits_for_no_pipe(self):
        pipe = self.pipe("plan.csv")
        self.assertIn("管道", self.duban("import", str(pipe), code=1))
        source = self.home / "plan.csv"
        source.write_text("工作任务,责任单位,完成时限\n做事,办公室,每年6月底前\n")
        self.assertIn("管道", self.duban("import", str(source), "--replaces", str(pipe), code=1))

    # What a document, a name or a row says to root's terminal and shell

    ODD = "\x1b]0;pwn\x07\x1b[2J\u202e\x9b31m\u200b"

    def test_nothing_steers_roots_terminal(self):
        self.begun()
        self.duban("done", "annual-report", "--by", "张三", "--now", DAY)
        db = sqlite3.connect(self.database)
        db.execute("UPDATE letter SET subject = subject || ?, last_error = ?", (self.ODD, self.ODD))
        db.execute("UPDATE completion SET by = ?, note = ?", (self.ODD, self.ODD))
        db.execute("INSERT INTO audit (at, who, what, detail) VALUES ('2026-01-27T00:30:00Z', ?, 'done', ?)", (self.ODD, json.dumps({"note": self.ODD}, ensure_ascii=False)))
        db.execute("INSERT INTO incoming (id, at, fingerprint, message_id, sender, subject, text, outcome, detail, waits) "
                   "VALUES (1, '2026-01-27T00:30:00Z', 'x', '', ?, ?, ?, 'unclear', '[]', 1)", (self.ODD,) * 3)
        db.commit()
        db.close()
        for path in self.var.glob("duban.db*"):
            os.chown(path, USER, USER)
        held = self.var / f"duban.db.held-{self.ODD}Z"
        held.write_bytes(b"")
        os.chown(held, USER, USER)
        text = self.home / "plan.txt"
        text.write_text(f"1．做{self.ODD}事情。（责任单位：办{self.ODD}公室，完成时限：每年6月{self.ODD}底前）\n")
        for command in (["history"], ["history", "--json"], ["outbox", "--all"], ["outbox", "--all", "--json"], ["incoming", "--all"], ["list"],
                        ["list", "--json"], ["verify"], ["doctor"], ["status"], ["import", str(text)], ["import", str(text), "--every-year"]):
            with self.subTest(command=command):
                said = self.duban(*command, code=None)
                for c in "\x1b\x07\x9b\u202e\u200b":
                    self.assertNotIn(c, said)
                if "--json" in command:
                    json.loads(said[said.index(next(c for c in said if c in "[{")):])

    def test_a_flag_to_copy_is_one_word(self):
        source = self.home / "plan.csv"
        source.write_text("工作任务,责任单位,完成时限\n做事,某'`id>pwned`'科,每年6月底前\n")
        said = self.duban("import", str(source), code=1)
        flag = next(line for line in said.splitlines() if "--office" in line).strip()
        words = subprocess.run(["sh", "-c", f"printf '%s\\n' {flag}"], capture_output=True, text=True,
                               cwd=self.home).stdout
        self.assertFalse((self.home / "pwned").exists(), f"a shell has executed {flag}")
        self.assertIn("某'`id>pwned`'科", words)
        self.assertEqual(len(words.splitlines()), 2, words)

    # What is planted in the database

    def test_what_is_planted_in_the_schema_is_not_used(self):
        self.begun()
        copy = self.home / "copy.db"
        whole = self.database.read_bytes()
        trigger = ("CREATE TRIGGER letter_changed2 AFTER INSERT ON letter BEGIN "
                   "UPDATE letter SET mailbox = 'evil@example.test' WHERE id = new.id; END",)
        view = ("ALTER TABLE occurrence RENAME TO other",
                "CREATE VIEW occurrence AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT other.* FROM other, r")
        for harm, name in ((trigger, "触发器 letter_changed2"), (view, "视图 occurrence")):
            self.database.write_bytes(whole)
            db = sqlite3.connect(self.database)
            for sql in harm:
                db.execute(sql)
            db.commit()
            db.close()
            for command in (["verify"], ["doctor"], ["status"], ["list"], ["backup", str(copy)], ["link", "--admin"], ["link", "--list"],
                            ["run", "--once", "--now", "2026-01-28T08:30"], ["done", "annual-report", "--by", "张三"], ["history"]):
                with self.subTest(name=name, command=command):
                    self.assertIn(name, self.duban(*command, code=None))
            self.assertFalse(copy.exists())
            bad = self.home / "bad.db"
            shutil.copy(self.database, bad)
            before = self.database.read_bytes()
            self.assertIn(name, self.duban("restore", str(bad), "--since-backup", "say-again", code=1))
            self.assertEqual(self.database.read_bytes(), before)
            bad.unlink()
            # A good copy is put in its place, whatever lies there.
            good = self.home / "good.db"
            good.write_bytes(whole)
            self.assertIn("已从备份恢复", self.duban("restore", str(good), "--since-backup", "say-again", "--now", DAY))
            good.unlink()
            self.duban("status", code=None)
            for path in self.var.glob("duban.db.replaced*"):
                path.unlink()

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
