#!/usr/bin/env python3
"""What every command says and does where the database is not there, or cannot be read. Nothing unread passes for empty.

Usage: unread.py DUBAN [unittest arguments]. As root: the commands run as another user, for whom rights count.
"""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from process import DAY, DUBAN, Process

USER = 65534
ROOT = pathlib.Path(__file__).resolve().parents[2]
NONE, FOLDER, FILE, FOREIGN, EMPTY = "没有数据库", "进不了目录", "读不了文件", "不是数据库", "空文件"

# What is said of each. A database that may not be opened is not told from one that cannot be.
WORDS = {NONE: "还没有数据库", FOLDER: "当前用户进不了", FILE: "打不开数据库", FOREIGN: "这个文件不是数据库", EMPTY: "是空的（0 字节）"}

# Commands that need the database: code 1 and the words, in each of the five.
NEED = [
    ["verify"], ["status"], ["list"], ["list", "--json"], ["outbox"], ["outbox", "--json"], ["outbox", "retry"], ["history"],
    ["history", "annual-report"], ["incoming"], ["incoming", "--all"], ["incoming", "--handled", "1"], ["requests"],
    ["requests", "--confirm", "1"], ["diff"], ["export", "-"], ["backup", "copy.db"], ["backup", "--standby"], ["reload"],
    ["done", "annual-report", "--by", "张三"], ["note", "annual-report", "--section", "办公室", "--by", "张三"], ["reopen", "annual-report", "--by", "张三"],
    ["open", "dependent-request", "--ref", "1"], ["extend", "1", "--to", "2026-03-01", "--why", "x"],
    ["pause", "1", "--why", "x"], ["resume", "1"], ["restart", "1", "--why", "x"],
    ["mailbox", "--once"],
]
# Commands that look ahead, also before the first start.
AHEAD = [["plan", "--from", "2026-01-01", "--to", "2026-01-31"], ["preview", "annual-report"],
         ["explain", "annual-report"]]
# Commands that need only the files: they say that they had nothing else.
FILES = [["check"], ["import", "table.csv"], ["holidays", "import", "notice.txt", "--dry-run"]]
# Not asked for what is in it. `run` and `restore` may begin with an empty place; `mail-in` asks for the message again.
OTHERS = {"init", "run", "restore", "take-over", "link", "test-mail", "mail-in", "doctor", "help", "completions"}


class Unread(Process):
    def setUp(self):
        super().setUp()
        self.assertEqual(os.geteuid(), 0, "only root can become another user")
        self.dir.chmod(0o755)
        shutil.copy(DUBAN, self.dir / "duban")
        (self.dir / "table.csv").write_text("工作任务,责任科室,时限要求\n年度报告,办公室,每年1月31日前\n")
        notices = json.loads((ROOT / "tests/data/notices.json").read_text())
        (self.dir / "notice.txt").write_text(notices["2024"]["text"].replace("4月7日（星期日）", "4月7日（周日）"))
        self.var = self.dir / "var"
        self.database = self.var / "duban.db"

    def make(self, world):
        if self.var.exists():
            shutil.rmtree(self.var)
        self.var.mkdir()
        os.chown(self.var, USER, USER)
        if world in (FOLDER, FILE):
            self.duban("run", "--once", "--now", DAY)
            path = self.var if world == FOLDER else self.database
            os.chown(path, 0, 0)
            path.chmod(0o700 if world == FOLDER else 0o600)
        elif world in (FOREIGN, EMPTY):
            self.database.write_bytes(b"not a database at all" * 1000 if world == FOREIGN else b"")
            os.chown(self.database, USER, USER)

    def run_as_user(self, *args, stdin=""):
        command = [self.dir / "duban", *args, "--config", str(self.config)]
        done = subprocess.run(command, user=USER, group=USER, extra_groups=[], cwd=self.dir, capture_output=True, text=True,
                              input=stdin, timeout=60, env={**os.environ, "DUBAN__MAIL__FOLDER": str(self.dir / "mail")})
        self.assertNotIn("panicked", done.stderr)
        return done

    def test_the_table_has_every_command(self):
        help = subprocess.run([DUBAN, "--help"], capture_output=True, text=True, check=True).stdout
        listed = help.split("命令:")[1].split("选项：")[0]
        commands = {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2:3].isalpha()}
        self.assertEqual(commands, {args[0] for args in NEED + AHEAD + FILES} | OTHERS)

    def test_what_cannot_be_read_is_said(self):
        for world, words in WORDS.items():
            self.make(world)
            files = sorted(self.var.iterdir())
            for args in NEED:
                with self.subTest(world=world, args=args):
                    done = self.run_as_user(*args)
                    self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                    self.assertIn(words, done.stderr)
            for args in AHEAD:
                with self.subTest(world=world, args=args):
                    done = self.run_as_user(*args)
                    self.assertEqual(done.returncode, 0 if world == NONE else 1, done.stderr)
                    self.assertIn(words, done.stderr)
                    self.assertEqual(bool(done.stdout), world == NONE)
            for args in FILES:
                with self.subTest(world=world, args=args):
                    done = self.run_as_user(*args)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertTrue(done.stdout)
                    # `check` and `holidays` compare with what is in force, and say where they cannot.
                    says = args[0] in ("check", "holidays") or world in (NONE, FOLDER, EMPTY)
                    self.assertEqual(words in done.stderr, says, done.stderr)
            with self.subTest(world=world, args="mail-in"):
                self.assertEqual(self.run_as_user("mail-in", stdin="From: a@example.test\n\nx\n").returncode, 75)
            with self.subTest(world=world, args="restore"):
                done = self.run_as_user("restore", "no-copy")
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            with self.subTest(world=world, args="doctor"):
                done = self.run_as_user("doctor")
                self.assertIn("数据库", done.stdout)
                self.assertNotIn("完好", done.stdout)
            now = [path for path in sorted(self.var.iterdir()) if path.name != "duban.db.lock" or path in files]
            self.assertEqual(now, files, f"{world}: what reads makes no database")
            if world not in (NONE, EMPTY):
                with self.subTest(world=world, args="run"):
                    done = self.run_as_user("run", "--once", "--now", DAY)
                    self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                    self.assertIn("数据库", done.stderr)

    def test_root_is_told_too_where_nothing_is(self):
        self.make(NONE)
        for args in NEED:
            self.assertIn("还没有数据库", self.duban(*args, code=1), args)
        self.assertEqual(list(self.var.iterdir()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
