#!/usr/bin/env python3
"""A standby: copies are handed on, another machine takes over, the first comes back. The two are two folders of this one.

Usage: standby.py DUBAN [unittest arguments]. Needs rsync; loopback only.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from collections import Counter

from process import DAY, DUBAN, Process, Received, until

LATER = "2026-02-02T08:30"
FILES = ["alive.json", "duban.db", "files.json"]


class Standby(Process):
    def setUp(self):
        super().setUp()
        # As a package lays it: all below one folder.
        shutil.move(self.dir / "seeds", self.dir / "config/plans")
        plan = self.dir / "config/deadlines.toml"
        plan.write_text(plan.read_text().replace('"../seeds/', '"plans/'))
        self.copies = self.dir / "standby"
        self.copies.mkdir()
        self.settings = self.config.read_text().replace("[mail]", f'standby = "{self.copies}"\n\n[mail]', 1)
        self.config.write_text(self.settings + '\n[web]\nlisten = "127.0.0.1:18099"\nbase_url = "http://127.0.0.1:18099"\n')
        secrets = self.dir / "config/credentials"
        secrets.mkdir(mode=0o700)
        (secrets / "imap-password").write_text("never shown\n")
        self.other = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.other)

    def at_other(self, *args, code=0, env=None):
        here, self.config = self.config, self.other / "config/duban.toml"
        try:
            return self.duban(*args, code=code, env=env)
        finally:
            self.config = here

    def take_over(self, *args, code=0, env=None):
        return self.at_other("take-over", str(self.copies), *args, code=code, env=env)

    def to_sections(self, folder=None):
        found = {path.name: path.read_text(errors="replace") for path in ((folder or self.dir) / "var/mail").glob("*.eml")}
        return {name: text for name, text in found.items() if "\nTo: admin@example.test" not in text}

    def test_lost_and_taken_over_and_the_first_comes_back(self):
        self.duban("run", "--once", "--now", DAY)
        self.assertIn("还没有拷过", self.duban("status", code=1))
        self.assertIn("已拷到", self.duban("backup", "--standby"))
        self.assertEqual(sorted(path.name for path in self.copies.iterdir()), FILES)
        self.assertTrue(all(path.stat().st_mode & 0o777 == 0o600 for path in self.copies.iterdir()))
        first = (self.copies / "duban.db").stat().st_ino
        self.assertIn("没有变动", self.duban("backup", "--standby"))
        self.assertEqual((self.copies / "duban.db").stat().st_ino, first, "no copy without a change")
        self.assertNotIn("问题      备用机", self.duban("status"))
        self.assertEqual([path.name for path in (self.dir / "var/duban.db.standby").iterdir() if path.name in FILES[1:]], [])
        self.duban("done", "annual-report", "--by", "张三", "--now", "2026-01-27T09:00")
        self.duban("backup", "--standby")

        # It may be there still.
        self.assertIn("没有接替", self.take_over(code=1))
        self.assertFalse((self.other / "config").exists() or (self.copies / "taken-over.json").exists())
        said = self.take_over("--force")
        self.assertIn("再发一遍", said)
        self.assertIn("已接替", said)
        self.assertEqual((self.other / "config/deadlines.toml").read_text(), (self.dir / "config/deadlines.toml").read_text())
        secrets = self.other / "config/credentials"
        self.assertEqual((secrets / "link-key").read_text(), (self.dir / "var/duban.db.link-key").read_text())
        self.assertEqual((self.copies / "taken-over.json").stat().st_mode & 0o777, 0o644, "the other's user reads it")
        self.assertEqual((secrets / "imap-password").stat().st_mode & 0o777, 0o600)
        self.at_other("run", "--once", "--now", LATER)
        letters = "".join(self.to_sections(self.other).values())
        self.assertTrue(letters)
        self.assertIn("已从备份恢复", self.subjects(self.other))
        self.assertIn("张三", self.at_other("history", "annual-report"))
        self.at_other("verify")
        # It has none itself now, until somebody sees to that.
        self.assertIn("还没有拷过", self.at_other("status", code=1))

        # The first comes back: it sends nothing, says so, and does not write over the copy.
        before, copy = self.to_sections(), (self.copies / "duban.db").stat().st_mtime_ns
        for args in (["run", "--once", "--now", LATER], ["run"]):
            self.assertIn("备用机已在", self.duban(*args, code=3))
        self.assertEqual(self.to_sections(), before)
        self.assertIn("备用机已在", self.duban("status", code=1))
        self.assertIn("备用机已在", self.duban("doctor", code=1))
        self.assertIn("备用机已在", self.duban("backup", "--standby", code=1))
        self.assertEqual((self.copies / "duban.db").stat().st_mtime_ns, copy)
        # Also where the folder is away: what was seen counts.
        self.copies.rename(self.dir / "away")
        self.assertIn("备用机已在", self.duban("run", "--once", "--now", LATER, code=3))
        # Where it is mounted no more, an empty one lies there.
        self.copies.mkdir()
        self.assertIn("备用机已在", self.duban("run", "--once", "--now", LATER, code=3))
        self.assertIn("备用机已在", self.duban("backup", "--standby", code=1))
        self.copies.rmdir()
        (self.dir / "away").rename(self.copies)
        # The one that took over goes on with the folder, and is not held for the other.
        self.assertIn("已拷到", self.at_other("backup", "--standby"))
        self.at_other("run", "--once", "--now", "2026-02-03T08:30")
        # That it was all a mistake is for a person to say.
        (self.copies / "taken-over.json").unlink()
        self.duban("run", "--once", "--now", "2026-02-03T08:30")

    def test_a_take_over_that_was_cut_off_is_done_again(self):
        self.duban("run", "--once", "--now", DAY)
        self.duban("backup", "--standby")
        in_the_way = self.copies / "taken-over.json.partial"
        in_the_way.mkdir()
        self.assertIn("再执行一次", self.take_over("--force", code=1))
        in_the_way.rmdir()
        self.assertIn("已接替", self.take_over("--force"))
        # Another machine asks first; it has a moment of its own, and this one sees that it is not its own.
        third = self.dir / "third"
        third.mkdir()
        here, self.other = self.other, third
        self.assertIn("已经有机器接替过", self.take_over(code=1))
        time.sleep(1)  # A moment is a second.
        self.take_over("--force")
        self.other = here
        self.assertIn("备用机已在", self.at_other("run", "--once", "--now", LATER, code=3))
        self.other = third
        self.at_other("run", "--once", "--now", LATER)
        self.at_other("verify")

    def test_files_that_would_not_do_there(self):
        self.duban("run", "--once", "--now", DAY)
        self.duban("backup", "--standby")
        good = (self.copies / "files.json").read_bytes()
        plan = self.dir / "config/deadlines.toml"
        text = plan.read_text()
        plan.write_text(text + "\n[[section]\n")
        self.duban("done", "annual-report", "--by", "张三", "--now", "2026-01-27T09:00")
        copy = (self.copies / "duban.db").read_bytes()
        self.assertIn("配置有错", self.duban("backup", "--standby", code=1))
        self.assertEqual((self.copies / "files.json").read_bytes(), good)
        self.assertNotEqual((self.copies / "duban.db").read_bytes(), copy, "the reports are copied all the same")
        # What lies outside is not there.
        outside = self.dir / "outside.toml"
        outside.write_text("")
        plan.write_text(text.replace("include = [", 'include = ["../outside.toml", '))
        self.assertIn("备用机上没有", self.duban("backup", "--standby", code=1))
        self.assertIn("备用机上没有", self.duban("status", code=1))
        plan.write_text(text)
        self.assertIn("已拷到", self.duban("backup", "--standby"))
        # What systemd hands over lies in a folder of its own, and is copied.
        (self.dir / "handed").mkdir()
        (self.dir / "handed/smtp-password").write_text("never shown\n")
        sends = {"CREDENTIALS_DIRECTORY": str(self.dir / "handed"), "DUBAN__MAIL__TRANSPORT": "smtp", "DUBAN__MAIL__SMTP__USERNAME": "u",
                 "DUBAN__MAIL__SMTP__HOST": "127.0.0.1", "DUBAN__MAIL__SMTP__TLS": "implicit"}
        self.duban("backup", "--standby", env=sends)
        self.assertIn("credentials/smtp-password", json.loads((self.copies / "files.json").read_text()))
        # A copy that is gone is handed on again; one that is cut off is not taken over.
        (self.copies / "duban.db").unlink()
        self.assertIn("已拷到", self.duban("backup", "--standby"))
        whole = (self.copies / "duban.db").read_bytes()
        (self.copies / "duban.db").write_bytes(whole[:-4096])
        self.assertIn("不是完整的拷贝", self.take_over("--force", code=1))
        self.assertEqual(list(self.other.iterdir()), [])
        (self.copies / "duban.db").write_bytes(whole)
        # A mark that cannot be read is one.
        (self.copies / "taken-over.json").write_text("")
        self.assertIn("备用机已在", self.duban("run", "--once", "--now", LATER, code=3))
        self.assertIn("在这里登记的，那里没有", self.duban("list"))
        (self.copies / "taken-over.json").unlink()
        for folder in ("../var", "copies"):
            self.config.write_text(self.settings.replace(str(self.copies), folder))
            self.assertIn("放在别处", self.duban("check", code=1))

    def test_by_root_with_the_users_that_packages_make(self):
        service, copies = 65534, 12345
        for folder in (self.dir, self.other):
            folder.chmod(0o755)
            (folder / "var").mkdir(mode=0o700)
            os.chown(folder / "var", service, service)
        self.duban("run", "--once", "--now", DAY)
        self.assertEqual((self.dir / "var/duban.db").stat().st_uid, service)
        # Mounted: the service's user writes there. By ssh: another one does, and root takes over from there.
        os.chown(self.copies, service, service)
        self.copies.chmod(0o700)
        self.duban("backup", "--standby")
        self.assertEqual({path.stat().st_uid for path in self.copies.iterdir()}, {service})
        self.assertIn("credentials/imap-password", json.loads((self.copies / "files.json").read_text()), "what only root reads")
        for path in (self.copies, *self.copies.iterdir()):
            os.chown(path, copies, copies)
        self.take_over("--force")
        self.assertEqual({path.stat().st_uid for path in (self.other / "var").iterdir()}, {service})
        self.assertEqual((self.other / "config/credentials").stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.other / "config/duban.toml").stat().st_uid, 0)
        self.at_other("run", "--once", "--now", LATER)

    def test_killed_in_mid_round_loses_nothing(self):
        control = {"DUBAN__DATABASE": str(self.dir / "control/duban.db"), "DUBAN__MAIL__FOLDER": str(self.dir / "control/var/mail")}
        self.duban("run", "--once", "--now", DAY, env=control)
        owed = {re.search(r"^To: (.*)", text, re.M)[1] for text in self.to_sections(self.dir / "control").values()}
        received = Received(pause=0.2)
        env = self.smtp(received)
        process = subprocess.Popen([DUBAN, "run", "--once", "--now", DAY, "--config", str(self.config)], env={**os.environ, **env})
        self.started.append(process)
        until(lambda: len(received.taken) > 3, "some letters")
        copied = len(received.taken)
        self.duban("backup", "--standby", env=env)
        until(lambda: len(received.taken) > copied + 3, "more letters")
        process.kill()
        process.wait()
        self.assertLess(len(received.taken), len(owed), "it was in mid-round")
        time.sleep(0.5)  # what was under way
        before = len(received.taken)
        self.take_over("--force", env=env)
        self.at_other("run", "--once", "--now", "2026-01-27T08:45", env=env)
        count = Counter(to for _, to in received.taken if to != "admin@example.test")
        self.assertEqual(set(count), owed, "nothing is lost")
        twice = {to for to, times in count.items() if times > 1}
        # Two connections were under way when the copy was made.
        self.assertLessEqual(twice, {to for _, to in received.taken[copied - 2 : before]})
        print(f"{len(owed)} mailboxes, {len(twice)} second copies")

    def subjects(self, folder):
        import email
        import email.policy

        paths = (folder / "var/mail").glob("*.eml")
        return "\n".join(str(email.message_from_bytes(p.read_bytes(), policy=email.policy.default)["subject"]) for p in paths)

    def test_one_that_runs_on_ends_once_it_sees_it(self):
        process = self.start()
        self.wait_ready(process)
        self.duban("backup", "--standby")
        self.take_over("--force")
        self.assertIsNone(process.poll())
        self.duban("backup", "--standby", code=1)
        until(lambda: process.poll() is not None, "its end", 30)
        self.assertIn("备用机已在", process.stdout.read())

    def test_a_lag_is_told(self):
        self.duban("run", "--once", "--now", DAY)
        self.duban("backup", "--standby", "--now", DAY)
        self.assertNotIn("问题", self.duban("status", "--now", "2026-01-27T08:44"))
        self.assertIn("最近一次拷贝是 2026-01-27 08:30", self.duban("status", "--now", "2026-01-27T08:46", code=1))
        # A mount that is gone leaves an empty folder.
        self.copies.rename(self.dir / "mounted")
        self.assertIn("没有挂载", self.duban("backup", "--standby", code=1))
        self.copies.mkdir()
        self.assertIn("没有挂载", self.duban("backup", "--standby", code=1))
        self.assertEqual(list(self.copies.iterdir()), [])
        self.assertIn("没有挂载", self.duban("status", code=1))

    def test_a_state_that_went_back_is_told_and_the_copy_kept(self):
        self.duban("run", "--once", "--now", DAY)
        snapshot = (self.dir / "var/duban.db").read_bytes()
        self.duban("run", "--once", "--now", LATER)
        self.duban("backup", "--standby", "--now", "2026-02-02T08:35")
        copy = (self.copies / "duban.db").read_bytes()
        for path in (self.dir / "var").glob("duban.db-*"):
            path.unlink()
        (self.dir / "var/duban.db").write_bytes(snapshot)
        self.assertIn("退回去了", self.duban("backup", "--standby", "--now", "2026-02-02T08:40", code=1))
        self.assertIn("退回去了", self.duban("status", code=1))
        self.assertEqual((self.copies / "duban.db").read_bytes(), copy)
        # By the handbook: what the copy knows is put back, and copies go on.
        self.duban("restore", str(self.copies / "duban.db"), "--since-backup", "keep-quiet", "--now", "2026-02-02T09:00")
        self.duban("backup", "--standby", "--now", "2026-02-02T09:05")
        self.assertNotIn("退回去了", self.duban("status", "--now", "2026-02-02T09:06"))

    def test_by_rsync_over_ssh(self):
        # What stands in for ssh runs the command here.
        ssh = self.dir / "bin/ssh"
        ssh.parent.mkdir()
        ssh.write_text('#!/bin/sh\nwhile [ "$1" != 192.0.2.9 ]; do shift; done\nshift\nexec sh -c "$*"\n')
        ssh.chmod(0o755)
        path = {"PATH": f"{ssh.parent}:{os.environ['PATH']}"}
        self.config.write_text(self.config.read_text().replace(f'standby = "{self.copies}"', f'standby = "copy@192.0.2.9:{self.copies}"'))
        self.duban("run", "--once", "--now", DAY, env=path)
        self.assertIn("已拷到", self.duban("backup", "--standby", env=path))
        self.assertIn("没有变动", self.duban("backup", "--standby", env=path))
        self.assertEqual(sorted(p.name for p in self.copies.iterdir()), FILES)
        self.take_over("--force")
        self.assertIn("备用机已在", self.duban("run", "--once", "--now", LATER, code=3, env=path))
        ssh.write_text("#!/bin/sh\necho 'ssh: connect to host 192.0.2.9 port 22: No route to host' >&2\nexit 255\n")
        self.assertIn("No route to host", self.duban("backup", "--standby", code=1, env=path))

    def test_what_is_no_standby_s_folder_is_refused(self):
        self.assertIn("不是备用机的目录", self.take_over("--force", code=1))
        self.duban("run", "--once", "--now", DAY)
        self.duban("backup", "--standby")
        files = json.loads((self.copies / "files.json").read_text())
        (self.copies / "files.json").write_text(json.dumps({**files, "../outside": "x"}))
        self.assertIn("../outside", self.take_over("--force", code=1))
        (self.copies / "files.json").write_text(json.dumps({**files, "duban.toml": "admin = 1"}))
        self.assertIn("用不了", self.take_over("--force", code=1))
        self.assertEqual(list(self.other.iterdir()), [])
        # The copies of another database are not written over.
        alive = json.loads((self.copies / "alive.json").read_text())
        (self.copies / "alive.json").write_text(json.dumps({**alive, "uid": "another"}))
        self.assertIn("别的数据库", self.duban("backup", "--standby", code=1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
