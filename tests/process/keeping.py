#!/usr/bin/env python3
"""Copies of the database: made while letters go out, put back, and what is found broken.

Usage: keeping.py DUBAN [unittest arguments]. Loopback only.
"""

import hashlib
import json
import lzma
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from collections import Counter

from process import DAY, DUBAN, ROOT, Process, Received, until

NEXT = "2026-01-28T08:30"
LATER = "2026-02-02T08:30"


class Keeping(Process):
    def setUp(self):
        super().setUp()
        self.kept = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.kept)
        self.copy = self.kept / "duban.backup"
        self.database = self.dir / "var/duban.db"

    def sql(self, query, path=None):
        db = sqlite3.connect(path or self.database)
        try:
            return db.execute(query).fetchall()
        finally:
            db.commit()
            db.close()

    def reminders(self):
        """(mailbox, subject) of what sections were sent."""
        return [(m["to"], m["subject"]) for m in self.letters() if m["to"] != "admin@example.test"]

    def run_days(self, *days):
        for day in days:
            self.duban("run", "--once", "--now", day)

    def tear(self, path, at=0.5, size=4096):
        """Overwrites a page in the middle of the file."""
        pages = path.stat().st_size // 4096
        with open(path, "r+b") as file:
            file.seek(int(pages * at) * 4096)
            file.write(bytes((b ^ 0x5A) for b in os.urandom(size)))

    # Backup

    def test_a_copy_made_while_letters_go_out_is_whole(self):
        received = Received(pause=0.15)
        process = subprocess.Popen([DUBAN, "run", "--once", "--now", DAY, "--config", str(self.config)],
                                   env={**os.environ, **self.smtp(received)})
        self.started.append(process)
        self.assertTrue(received.begun.wait(20))
        copies = 0
        while process.poll() is None:
            said = self.duban("backup", str(self.copy))
            self.assertIn("已备份", said)
            self.assertEqual(self.copy.stat().st_mode & 0o777, 0o600)
            self.assertEqual(self.sql("PRAGMA integrity_check", self.copy), [("ok",)])
            # What the copy calls sent was taken by then.
            sent = {f"<{i}>" for i, in self.sql("SELECT message_id FROM letter WHERE state = 'sent'", self.copy)}
            self.assertLessEqual(sent, {m for m, _ in received.taken})
            copies += 1
        self.assertEqual(process.returncode, 0)
        self.assertGreater(copies, 1)
        self.assertEqual([p.name for p in self.kept.iterdir()], ["duban.backup"])
        print(f"{copies} copies while {len(received.taken)} letters went out", file=sys.stderr)

    def test_a_copy_never_goes_over_the_database(self):
        self.run_days(DAY)
        link = self.kept / "link"
        link.symlink_to(self.database)
        for target in (self.database, link, self.dir / "var/duban.db.lock"):
            self.assertIn("正在用的数据库", self.duban("backup", str(target), code=1))
        self.assertIn("备份写不到", self.duban("backup", str(self.kept / "no/such/folder"), code=1))
        self.duban("verify")

    # Restore

    def test_a_restore_over_a_sound_database_is_refused_with_advice(self):
        self.run_days(DAY)
        self.duban("backup", str(self.copy))
        self.run_days(NEXT)
        self.assertIn("不必恢复", self.duban("restore", str(self.copy), code=1))
        self.assertEqual(list(self.dir.glob("var/*replaced*")) + list(self.dir.glob("var/*restoring*")), [])

    def test_a_running_service_is_not_restored_under(self):
        process = self.start()
        self.wait_ready(process)
        self.duban("backup", str(self.copy))
        self.assertIn(f"进程 {process.pid}", self.duban("restore", str(self.copy), code=1))

    def test_a_lost_database_is_put_back_and_what_is_due_said_again_once(self):
        self.run_days(DAY)
        self.duban("backup", str(self.copy))
        self.run_days(LATER)
        before = self.reminders()
        ids = {m["message-id"] for m in self.letters()}
        for path in self.dir.glob("var/duban.db*"):
            path.unlink()
        said = self.duban("restore", str(self.copy), "--now", "2026-02-02T09:00")
        self.assertIn("再发一遍", said)
        self.run_days("2026-02-02T09:10", "2026-02-02T09:11")
        new = self.reminders()[len(before):]
        again = self.reminders()
        # Of the lost day everything is said again, one letter a mailbox, and never under a number of before.
        lost = [to for to, _ in before[self.count_before(LATER):]]
        self.assertEqual(sorted(to for to, _ in again[len(before):]), sorted(set(lost)))
        self.assertEqual(len({m["message-id"] for m in self.letters()}), len(self.letters()))
        self.assertTrue(new and ids)
        self.assertTrue(any("已从备份恢复" in m["subject"] for m in self.letters()))
        self.assertIn("restored", self.duban("history", "--json"))
        self.duban("verify")

    def count_before(self, day):
        sent = [m for m in self.letters() if m["to"] != "admin@example.test"]
        return sum(1 for m in sent if m["date"].datetime.date().isoformat() < day[:10])

    def test_kept_quiet_says_nothing_of_the_lost_time_and_goes_on(self):
        self.run_days(DAY)
        self.duban("backup", str(self.copy))
        self.run_days(LATER)
        before = len(self.reminders())
        self.duban("restore", str(self.copy), "--since-backup", "keep-quiet", "--now", "2026-02-02T09:00")
        self.run_days("2026-02-02T09:10")
        self.assertEqual(self.reminders()[before:], [])
        self.run_days("2026-02-03T08:30", "2026-02-04T08:30", "2026-02-05T08:30", "2026-02-06T08:30")
        self.assertGreater(len(self.reminders()), before)
        self.duban("verify")

    def test_a_torn_database_gives_what_it_still_knows(self):
        self.run_days(DAY)
        self.duban("backup", str(self.copy))
        self.duban("done", "annual-report", "--by", "张三", "--now", "2026-01-28T08:00")
        self.run_days(NEXT, LATER)
        before = self.reminders()
        sound = self.database.read_bytes()
        outcomes = {}
        for at in (0.15, 0.35, 0.5, 0.65, 0.85):
            for path in self.dir.glob("var/duban.db*"):
                path.unlink()
            self.database.write_bytes(sound)
            self.tear(self.database, at)
            self.assertIn("损坏", self.duban("verify", code=1))
            self.assertIn("损坏", self.duban("run", "--once", "--now", LATER, code=1))
            said = self.duban("restore", str(self.copy), "--now", "2026-02-02T09:00")
            self.duban("verify")
            mails = Counter(to for to, _ in self.reminders())
            self.run_days("2026-02-02T09:10")
            # The files' names follow the letters' numbers, which are large after some restores: no order in time.
            again = Counter(to for to, _ in self.reminders()) - mails
            outcomes[at] = (said.splitlines()[1][:30], again.total())
            # Never more than one letter a mailbox.
            self.assertEqual(again.total(), len(again), again)
        self.assertTrue(before)
        print(f"torn at, said, letters again: {outcomes}", file=sys.stderr)

    def test_the_admin_is_told_of_damage_once_a_day(self):
        self.run_days(DAY)
        sound = self.database.read_bytes()
        for harm in (lambda: self.tear(self.database), lambda: self.tear(self.database, at=0)):
            for path in (*self.dir.glob("var/duban.db*"), *self.dir.glob("var/mail/*.eml")):
                path.unlink()
            self.database.write_bytes(sound)
            harm()
            for _ in range(3):
                self.duban("run", "--once", "--now", NEXT, code=1)
            self.assertEqual([(m["to"], "数据库损坏" in m["subject"]) for m in self.letters()], [("admin@example.test", True)])
            process = self.start()
            self.assertEqual(process.wait(timeout=20), 1)

    # Other files at the path, while the service runs

    def report(self, code, by="张三"):
        return self.duban("done", "annual-report", "--by", by, "--section", "办公室", code=code)

    def ended(self, service):
        """What the service said as it ended, not with 0, so that systemd starts it again."""
        said, _ = service.communicate(timeout=30)
        self.assertEqual(service.returncode, 1, said)
        self.assertIn("nothing more is sent", said)
        return said

    def displace(self, how):
        """The service with its files displaced: it ends, and a command beside it has refused."""
        service = self.start()
        self.wait_ready(service)
        service.send_signal(signal.SIGSTOP)
        how()
        for command in (["status"], ["list"], ["verify"], ["history"], ["outbox"], ["requests"], ["backup", str(self.copy) + ".2"]):
            self.assertIn(f"服务（进程 {service.pid}）用的不是现在的", self.duban(*command, code=1), command)
        self.assertIn("这里什么也没有做", self.report(1))
        doctor = [c for c in json.loads(self.duban("doctor", "--json", code=1)) if c["name"] == "数据库"]
        self.assertEqual(doctor[0]["verdict"], "bad", doctor)
        self.assertIn("在使用中被", doctor[0]["found"])
        service.send_signal(signal.SIGCONT)
        return self.ended(service)

    def test_a_log_that_is_removed_under_the_service_loses_nothing(self):
        self.duban("run", "--once", "--now", DAY)
        before = self.sql("SELECT count(*) FROM letter")

        def remove():
            for end in ("-wal", "-shm"):
                pathlib.Path(f"{self.database}{end}").unlink()

        said = self.displace(remove)
        self.assertIn("all that was held is in the database", said)
        self.duban("verify")
        started = self.sql("SELECT count(*) FROM audit WHERE what = 'started'")
        self.assertEqual(started, [(1,)], "what only the removed log had is in the database")
        self.assertGreater(self.sql("SELECT count(*) FROM letter"), before)
        self.report(0)
        again = self.start()
        until(lambda: self.sql("SELECT count(*) FROM audit WHERE what = 'started'") == [(2,)], "a second start")
        self.assertIn("没有未办结", self.report(1))
        again.terminate()
        self.assertEqual(again.wait(timeout=20), 0)
        ids = [m["message-id"] for m in self.letters()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_a_copy_put_over_the_open_database_is_gone_on_with_and_what_was_held_is_saved(self):
        self.duban("run", "--once", "--now", DAY)
        self.duban("backup", str(self.copy))
        said = self.displace(lambda: os.replace(self.copy, self.database))
        held, = self.database.parent.glob("duban.db.held-*")
        self.assertIn(held.name, said)
        started = "SELECT count(*) FROM audit WHERE what = 'started'"
        self.assertEqual(self.sql(started, held), [(1,)])
        self.assertEqual(self.sql(started), [(0,)], "the copy was before the start")
        self.duban("verify")
        self.report(0)
        again = self.start()
        until(lambda: self.sql(started) == [(1,)], "a second start")
        self.assertIn("没有未办结", self.report(1))
        self.assertIn(held.name, self.duban("status", code=1))
        held.unlink()
        self.duban("status")

    def test_a_lock_file_that_is_removed_ends_the_service(self):
        service = self.start()
        self.wait_ready(service)
        pathlib.Path(f"{self.database}.lock").unlink()
        self.assertIn("lock file", self.ended(service))

    def test_a_letter_under_way_is_kept_and_no_more_are_sent(self):
        received = Received(pause=0.4)
        env = self.smtp(received, connections="1")
        self.duban("run", "--once", "--now", "2026-01-05T08:30")
        service = self.start(env)
        until(lambda: received.taken, "a first letter")
        for end in ("-wal", "-shm"):
            pathlib.Path(f"{self.database}{end}").unlink()
        self.ended(service)
        taken = {message for message, _ in received.taken}
        owed = self.sql("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')")[0][0]
        self.assertGreater(owed, 0, "the rest waits")
        states = dict(self.sql("SELECT message_id, state FROM letter"))
        for message in taken:
            self.assertEqual(states[message.strip("<>")], "sent")
        self.duban("run", "--once", env=env)
        again = Counter(message for message, _ in received.taken)
        self.assertEqual([m for m, times in again.items() if times > 1], [])

    def test_what_is_no_copy_is_refused_and_changes_nothing(self):
        self.run_days(DAY)
        self.duban("backup", str(self.copy))
        whole = self.copy.read_bytes()
        before = self.database.read_bytes()
        bad = self.kept / "bad"
        cases = {
            "不是": b"", "数据库": b"not a database at all" * 1000,
            "坏": whole[: len(whole) // 2 // 4096 * 4096],
            # Cut in the middle of a page.
            "坏 ": whole[: len(whole) - 5000],
        }
        for words, content in cases.items():
            bad.write_bytes(content)
            self.assertRegex(self.duban("restore", str(bad), "--since-backup", "say-again", code=1), words.strip() + "|损")
        bad.write_bytes(whole)
        self.tear(bad)
        self.assertRegex(self.duban("restore", str(bad), "--since-backup", "say-again", code=1), "坏")
        bad.unlink()
        self.sql("CREATE TABLE somebody_elses (x)", bad)
        self.assertIn("不是督办的数据库", self.duban("restore", str(bad), code=1))
        bad.write_bytes(whole)
        self.sql("PRAGMA user_version = 999", bad)
        self.assertIn("更新版本", self.duban("restore", str(bad), code=1))
        self.assertIn("恢复不了", self.duban("restore", str(self.kept / "none"), code=1))
        self.assertEqual(self.database.read_bytes(), before)
        self.assertEqual(sorted(p.name for p in self.database.parent.glob("duban.db*")), ["duban.db", "duban.db.lock", "duban.db.sound"])

    def test_a_copy_of_the_first_version_is_put_back(self):
        self.copy.write_bytes(lzma.decompress((ROOT / "tests/data/schema-1.db.xz").read_bytes()))
        self.assertIn("57 封信", self.duban("restore", str(self.copy), "--now", "2026-02-02T08:00"))
        self.assertEqual(self.sql("PRAGMA user_version"), [(15,)])
        self.run_days(LATER)
        self.duban("verify", "--now", "2026-02-02T09:00")

    def test_an_older_program_names_the_way_back(self):
        self.run_days(DAY)
        copies = self.dir / "var/backup"
        copies.mkdir()
        self.duban("backup", str(copies), "--now", DAY)
        self.run_days(NEXT)
        self.duban("backup", str(copies), "--now", NEXT)
        copy = copies / "duban-2026-01-27.db"
        # As a later version leaves it, which also made last night's copy.
        for path in (self.database, copies / "duban-2026-01-28.db"):
            self.sql("PRAGMA user_version = 99", path)
        before = self.database.read_bytes()
        for args in (["run", "--once", "--now", LATER], ["status"]):
            self.assertIn(f"duban restore {copy}（结构 15", self.duban(*args, code=1))
        self.assertEqual(self.database.read_bytes(), before)
        self.database.rename(self.dir / "var/newer.db")
        self.duban("restore", str(copy), "--now", "2026-02-02T08:00")
        self.run_days(LATER)
        copy.unlink()
        self.sql("PRAGMA user_version = 99")
        self.assertIn("须有升级以前的备份", self.duban("status", code=1))

    # Verify

    def test_broken_promises_are_found(self):
        self.run_days(DAY)
        self.duban("verify")
        sound = self.database.read_bytes()
        harm = {
            "索引 said_once": "DROP INDEX said_once; INSERT INTO said SELECT NULL, occurrence, counted_from, saying, mailbox, behalf, letter, "
                           "on_day, to_leader, due, finish_by, target, dropped FROM said LIMIT 1",
            "办结以后还发": "INSERT INTO completion (occurrence, section, kind, by, note, evidence, at) SELECT occurrence, '', 'done', 'x', '', '', "
                      "'2026-01-01T00:00:00Z' FROM said LIMIT 1; UPDATE occurrence SET state = 'done' WHERE id IN (SELECT occurrence FROM completion)",
            "没有凭据": "UPDATE attempt SET outcome = 'temporary' WHERE id = 1",
            "没有登记就办结": "UPDATE occurrence SET state = 'done' WHERE id = 1",
            "积压没有上报": "UPDATE letter SET state = 'queued', ended_at = NULL, made_at = '2025-01-01T00:00:00Z' "
                      "WHERE id = (SELECT min(letter) FROM said)",
            "经过缺行": "INSERT INTO audit (at, who, what, detail) VALUES ('2026-01-27T00:00:00Z', 'x', 'x', '{}'), ('2026-01-27T00:00:00Z', 'x', 'x', '{}'); "
                    "DROP TRIGGER audit_keeps_all; DELETE FROM audit WHERE id = (SELECT max(id) - 1 FROM audit)",
            "经过对不上：第 1 行": "DROP TRIGGER audit_keeps_what_was; UPDATE audit SET who = 'x' WHERE id = 1",
            "文件损坏": "PRAGMA foreign_keys = OFF; INSERT INTO attempt (letter, at) VALUES (99999, '')",
        }
        for words, statements in harm.items():
            self.database.write_bytes(sound)
            db = sqlite3.connect(self.database)
            self.tamper(db, statements)
            self.assertIn(words, self.duban("verify", "--now", DAY, code=1))
        self.database.write_bytes(sound)
        self.duban("verify")

    def tamper(self, db, statements, also_the_chain=False):
        """Triggers that are in the way are made again."""
        triggers = dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
        db.executescript(statements)
        if also_the_chain:
            db.commit()
            db.executemany("UPDATE audit SET chain = ? WHERE id = ?", self.hashes())
        left = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")}
        for name in triggers.keys() - left:
            db.execute(triggers[name])
        db.commit()
        db.close()

    def test_what_the_board_shows_is_held_against_the_chain(self):
        self.run_days(DAY)
        self.duban("done", "annual-report", "--by", "张三", "--note", "真话", "--now", DAY)
        self.duban("done", "law-annual-report", "--by", "赵六", "--now", DAY)
        self.duban("reopen", "law-annual-report", "--by", "赵六", "--now", DAY)
        self.duban("verify")
        head = re.search(r"校验值 (\S+@\d+)。", self.duban("verify"))[1]
        sound = self.database.read_bytes()
        for harm, words in [
            ("UPDATE completion SET by = '李四'", "由 李四"),
            ("UPDATE completion SET note = '假话'", "登记和经过对不上"),
            ("UPDATE completion SET evidence = '〔2026〕1号'", "登记和经过对不上"),
            ("UPDATE completion SET at = '2026-01-20T00:00:00Z'", "登记和经过对不上"),
            ("UPDATE completion SET by = '不详'", "登记和经过对不上"),
            ("INSERT INTO completion (occurrence, section, kind, by, note, evidence, at) SELECT id, '', 'done', '王五', '', '', "
             "'2026-01-27T00:40:00Z' FROM occurrence WHERE deadline = 'law-annual-report'", "由 王五"),
            ("INSERT INTO completion (occurrence, section, kind, by, note, evidence, at) SELECT id, '', 'not_applicable', '王五', '', '', "
             "'2026-01-27T00:40:00Z' FROM occurrence WHERE deadline = 'law-annual-report'", "由 王五"),
            ("DELETE FROM completion WHERE revoked_at IS NULL", "登记不见了：经过里有 张三"),
            ("UPDATE completion SET revoked_at = '2026-01-27T01:00:00Z', revoked_by = '张三' WHERE revoked_at IS NULL", "没有撤回"),
        ]:
            self.database.write_bytes(sound)
            self.tamper(sqlite3.connect(self.database), harm)
            self.assertIn(words, self.duban("verify", "--head", head, code=1), harm)
        # A date that an edit has moved is in the history.
        self.database.write_bytes(sound)
        plan = self.dir / "seeds/jiangmen-2022.toml"
        text = plan.read_text()
        at = text.index('id       = "law-annual-report"')
        moved = re.sub(r'due( +)= "[^"]*"', r'due\1= "每年3月10日前"', text[at:], count=1)
        plan.write_text(text[:at] + moved)
        self.run_days("2026-01-27T10:00")
        self.assertIn("moved", self.duban("history", "--json"))
        self.duban("verify")
        self.tamper(sqlite3.connect(self.database), "UPDATE occurrence SET due = '2027-03-20' WHERE deadline = 'law-annual-report'")
        self.assertIn("期限和经过对不上", self.duban("verify", code=1))

    # Links

    def test_a_revoked_link_does_not_come_back_with_a_copy(self):
        env = {"DUBAN__WEB__LISTEN": "127.0.0.1:9", "DUBAN__WEB__BASE_URL": "http://127.0.0.1:9"}
        say = lambda *args: self.duban(*args, "--now", DAY, env=env)
        links = lambda: [say("link", *whose).split()[0] for whose in (("--admin",), ("--section", "办公室"), ("--section", "法制科"))]
        self.run_days(DAY)
        self.duban("backup", str(self.copy))
        first = links()
        say("link", "--revoke", "admin")
        say("link", "--revoke", "办公室")
        revoked = links()
        self.assertEqual([a == b for a, b in zip(first, revoked)], [False, False, True])
        # Of a database that can be read it is known which were revoked.
        self.assertNotIn("一概作废", say("restore", str(self.copy), "--since-backup", "say-again"))
        self.assertEqual(links(), revoked)
        # Of one that cannot be read it is not.
        say("link", "--revoke", "办公室")
        known = [*first, *links()]
        self.database.write_bytes(b"x" * 8192)
        self.assertIn("一概作废", self.duban("restore", str(self.copy), "--now", "2026-01-27T09:00", env=env))
        self.assertFalse(set(links()) & set(known))
        # On another machine links go on, and a person is told.
        for path in self.dir.glob("var/duban.db*"):
            if "link-key" not in path.name:
                path.unlink()
        self.assertIn("再作废一次", say("restore", str(self.copy)))
        self.assertEqual(links(), first)
        self.duban("verify")

    def test_who_is_no_admin_any_more_has_no_admins_link(self):
        env = {"DUBAN__WEB__LISTEN": "127.0.0.1:9", "DUBAN__WEB__BASE_URL": "http://127.0.0.1:9"}
        link = lambda: self.duban("link", "--admin", "--now", DAY, env=env).split()[0]
        text = self.config.read_text()
        self.run_days(DAY)
        first = link()
        self.config.write_text(text.replace('["admin@example.test"]', '["admin@example.test", "second@example.test"]'))
        self.run_days("2026-01-27T09:00")
        self.assertEqual(link(), first, "nobody has left")
        self.config.write_text(text.replace('["admin@example.test"]', '["second@example.test"]'))
        self.run_days("2026-01-27T09:30")
        self.assertNotEqual(link(), first)

    # The chain of the audit trail

    def hashes(self):
        """Of every line, as whoever holds the database can work them out."""
        all, head = [], b""
        for row in self.sql("SELECT id, at, who, what, deadline, period, detail, occurrence FROM audit ORDER BY id"):
            said = (None if value is None else str(value).encode() for value in row)
            parts = (b"-" if part is None else b"%d:%s" % (len(part), part) for part in said)
            head = hashlib.sha256(head + b"".join(parts)).digest()
            all.append((head, row[0]))
        return all

    def head(self, line):
        hash, id = self.hashes()[line - 1]
        return f"{hash.hex()[:32]}@{id}"

    def test_what_a_mondays_letter_said_is_held_against_the_database(self):
        self.run_days("2026-01-19T08:30", "2026-01-26T08:30")
        text = next(l for l in self.letters() if "本周督办" in l["subject"]).get_body(("plain",)).get_content()
        head = re.search(r"duban verify --head ([0-9a-f]{32}@\d+)", text.replace("\n", " "))[1]
        self.assertEqual(head, self.head(int(head.partition("@")[2])))
        self.duban("backup", str(self.copy))
        # Honest lines come after it.
        for act in ("done", "reopen", "done"):
            self.duban(act, "annual-report", "--by", "张三", "--now", DAY)
        self.run_days("2026-01-27T08:30", "2026-02-02T08:30")
        self.assertIn("和那封信说的一样", self.duban("verify", "--head", head))
        # As letters had it before.
        old = f"{head[:16]}@{head.partition('@')[2]}"
        self.assertIn("和那封信说的一样", self.duban("verify", "--head", old))
        later = re.search(r"校验值 (\S+@\d+)。", self.duban("verify"))[1]
        self.assertEqual(later, self.head(0))
        self.assertGreater(int(later.partition("@")[2]), int(head.partition("@")[2]))

        whole = self.database.read_bytes()
        off = "DROP TRIGGER audit_keeps_what_was; DROP TRIGGER audit_keeps_all;"
        edit = "UPDATE audit SET detail = '{}' WHERE id = 2;"
        count = int(later.partition("@")[2])
        for harm, plain, words in [
            (edit, "第 2 行接不上", "在它以前，第 2 行对不上"),
            ("DELETE FROM audit WHERE id = 2;", "第 3 行接不上", "在它以前，第 3 行对不上"),
            # Whoever forges the hashes too is found by the letter alone.
            (edit + "chain", None, "现在是"),
            (f"DELETE FROM audit WHERE id = {count};", None, f"现在只有 {count - 1} 行"),
        ]:
            self.database.write_bytes(whole)
            db = sqlite3.connect(self.database)
            self.tamper(db, off + harm.removesuffix("chain"), harm.endswith("chain"))
            said = self.duban("verify", code=0 if plain is None else 1)
            self.assertIn(plain or "数据库完好", said, harm)
            self.assertIn(words, self.duban("verify", "--head", later, code=1), harm)
        # An older copy knows what was said before it, and not what was said after it.
        self.database.write_bytes(whole)
        self.duban("restore", str(self.copy), "--since-backup", "keep-quiet", "--now", "2026-02-02T09:00")
        self.assertIn("和那封信说的一样", self.duban("verify", "--head", head, "--now", "2026-02-02T09:00"))
        self.assertIn("和那封信说的不一样", self.duban("verify", "--head", later, "--now", "2026-02-02T09:00", code=1))
        self.assertIn("从备份恢复", self.duban("history"))
        self.duban("verify", "--head", "3f2a@1", code=2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
