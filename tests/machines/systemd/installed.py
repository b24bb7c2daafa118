#!/usr/bin/env python3
"""The Debian package under a real systemd: installed, run, killed, reloaded, copied, upgraded, removed."""

import email.utils
import http.client
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import time
import unittest

from machine import (CLOCK, DATABASE, DEB, ETC, PREVIOUS, STATE, Machine, address, cursor, letters, mode, owner, query, run, shown,
                     systemctl, until)

from handbook import D_Handbook  # noqa: F401  (its tests are run with these)
from life import E_Tarball  # noqa: F401

PASSWORD = "Kj7-never-shown"


class A_FreshInstallation(unittest.TestCase):
    def test_it_serves_and_mails_nobody(self):
        run("dpkg", "--purge", "duban")
        said = run("dpkg", "-i", DEB)
        self.assertIn("不会给任何人发信", said)
        self.assertIn("duban init", said)
        self.assertEqual(shown("ActiveState"), "active")
        self.assertEqual(shown("UnitFileState"), "enabled")
        self.assertEqual(shown("ActiveState", "duban-backup.timer"), "active")
        self.assertEqual(shown("ActiveState", "duban-backup.service"), "inactive")
        self.assertEqual(shown("NRestarts"), "0")
        self.assertEqual(owner(f"/proc/{shown('MainPID')}"), "duban")
        until(lambda: letters(), "a letter in the folder")
        # At rest: the very first start also writes an example of a letter.
        systemctl("restart", "duban")
        until(lambda: shown("ActiveState") == "active", "ready again")
        time.sleep(3)
        status = pathlib.Path(f"/proc/{shown('MainPID')}/status").read_text()
        self.assertLess(int(re.search(r"VmRSS:\s+(\d+)", status)[1]), 19 * 1024)
        self.assertTrue(all(path.is_relative_to(STATE) for path in STATE.rglob("*.eml")))
        for path, who, bits in [(STATE, "duban", 0o700), (DATABASE, "duban", 0o600), (ETC, "root", 0o755),
                                (ETC / "credentials", "root", 0o700), (STATE / "backup", "duban", 0o700)]:
            self.assertEqual((path, owner(path), mode(path)), (path, who, bits))
        # The configuration checks as it is, for root and for the service's user.
        self.assertIn("annual-report", run("duban", "check"))
        run("setpriv", "--reuid=duban", "--regid=duban", "--clear-groups", "duban", "check")
        self.assertIn("在运行", run("duban", "status", code=None))
        for page in pathlib.Path("/usr/share/man/man1").glob("duban*"):
            self.assertIn(b"duban", subprocess.check_output(["zcat", page]))
        run("bash", "-n", "/usr/share/bash-completion/completions/duban")

    def test_units_are_as_they_should(self):
        units = ["duban.service", "duban-backup.service", "duban-backup.timer"]
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units), "")
        for unit in ("duban.service", "duban-backup.service"):
            exposure = run("systemd-analyze", "security", "--offline=yes", "--threshold=11", f"/lib/systemd/system/{unit}")
            self.assertRegex(exposure, r"Overall exposure level for \S+: (0\.\d (OK|SAFE)|1\.[01] OK)")


class B_Running(Machine):
    def test_active_means_ready(self):
        # A machine whose clock is not set yet: the service waits, and says so.
        self.drop_in(clock=False, environment=[*(variable for variable in CLOCK if "@" not in variable),
                                            "FAKETIME_TIMESTAMP_FILE=/run/duban-clock", "FAKETIME_NO_CACHE=1"])
        clock = pathlib.Path("/run/duban-clock")
        clock.write_text("@1970-01-01 00:00:10\n")
        systemctl("start", "--no-block", "duban")
        until(lambda: "the clock is not set" in self.log(), "the wait")
        self.assertEqual(shown("ActiveState"), "activating")
        self.assertFalse(DATABASE.exists())
        clock.write_text("@2026-01-27 01:00:00\n")
        until(lambda: shown("ActiveState") == "active", "ready")
        self.assertTrue(DATABASE.exists())
        clock.unlink()

    def test_a_hung_service_is_started_again(self):
        self.drop_in("WatchdogSec=12")
        systemctl("start", "duban")
        pid = int(shown("MainPID"))
        os.kill(pid, 19)  # SIGSTOP
        until(lambda: shown("NRestarts") == "1" and shown("ActiveState") == "active", "the restart", seconds=60)
        self.assertNotEqual(int(shown("MainPID")), pid)
        self.assertIn("watchdog", self.log().lower())

    def test_kill_9_while_sending_loses_nothing(self):
        received = self.server(pause=0.5)
        self.smtp("RestartSec=1")
        systemctl("start", "duban")
        for kill in range(3):
            taken = len(received.taken)
            received.begun.clear()
            until(received.begun.is_set, "a letter under way")
            os.kill(int(shown("MainPID")), 9)
            until(lambda: int(shown("NRestarts")) > kill and shown("ActiveState") == "active", "the restart")
            until(lambda: len(received.taken) > taken, "more letters")
        until(self.settled, "all of it sent", seconds=60)
        self.assert_each_taken(received)

    def test_reload_takes_a_good_file_and_refuses_a_bad_one(self):
        self.drop_in()
        systemctl("start", "duban")
        deadlines = ETC / "deadlines.toml"
        good = deadlines.read_text() + '\n[[deadline]]\nid = "mine"\ntitle = "报送"\ndue = "每年6月30日前"\nsections = ["办公室"]\n'
        deadlines.write_text(good)
        systemctl("reload", "duban")
        self.assertEqual(query("SELECT in_force FROM deadline WHERE id = 'mine'"), [(1,)])
        deadlines.write_text(good.replace("每年6月30日前", "每年6月31日前"))
        said = systemctl("reload", "duban", code=1)
        self.assertIn("failed", said)
        self.assertEqual(shown("ActiveState"), "active")
        self.assertEqual(query("SELECT in_force FROM deadline WHERE id = 'mine'"), [(1,)])
        # Whoever reads the journal sees where and what.
        self.assertIn("6月31日", self.log())
        self.assertEqual(shown("NRestarts"), "0")

    def test_the_password_is_the_service_s_alone(self):
        received = self.server(password=PASSWORD.encode())
        self.smtp(smtp__username="duban")
        secret = ETC / "credentials/smtp-password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        systemctl("start", "duban")
        until(self.settled, "all of it sent")
        self.assertIn((b"duban", PASSWORD.encode()), received.logins)
        handed = pathlib.Path("/run/credentials/duban.service/duban_smtp-password")
        self.assertEqual((owner(handed), mode(handed)), ("duban", 0o400))
        self.assertEqual(mode(handed.parent) & 0o077, 0)
        for path in (secret, handed):
            said = run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat", str(path), code=1)
            self.assertIn("Permission denied", said)
        environment = pathlib.Path(f"/proc/{shown('MainPID')}/environ").read_bytes()
        self.assertNotIn(PASSWORD.encode(), environment + self.log().encode())
        # root's commands find it too; the service's user does without, as systemd's reload and an alias do.
        with open(ETC / "duban.toml") as file:
            text = file.read()
        (ETC / "duban.toml").write_text(re.sub(r'(?m)^username.*$', 'username = "duban"', text).replace('"folder"', '"smtp"'))
        run("duban", "check")
        systemctl("reload", "duban")
        as_duban = ["setpriv", "--reuid=duban", "--regid=duban", "--clear-groups", "duban"]
        run(*as_duban, "list")
        self.assertIn("没有处理", run(*as_duban, "mail-in", input="From: x@example.test\n\nhello\n"))
        self.assertIn("sudo", run(*as_duban, "test-mail", "x@example.test", code=1))

    def test_the_key_of_the_links_is_one_for_the_service_and_for_root(self):
        (ETC / "credentials/link-key").write_text("ab" * 32 + "\n")
        settings = ETC / "duban.toml"
        settings.write_text(settings.read_text() + '[web]\nlisten = "127.0.0.1:8080"\nbase_url = "http://127.0.0.1:8080"\n')
        self.drop_in()
        systemctl("start", "duban")
        link = address(run("duban", "link", "--admin", "--now", "2026-01-27T09:30"))
        fetch = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
        until(lambda: "管理员" in run("python3", "-c", fetch, link, code=None), "the board by root's link")
        self.assertFalse((STATE / "duban.db.link-key").exists())

    def test_a_password_that_is_missing_is_said(self):
        self.smtp(smtp__username="duban")
        systemctl("start", "duban", code=1)
        self.assertIn("credentials/smtp-password", self.log())

    def test_state_is_kept_over_a_restart(self):
        self.drop_in(environment=["DUBAN__WEB__LISTEN=127.0.0.1:8080", "DUBAN__WEB__BASE_URL=http://127.0.0.1:8080"])
        systemctl("start", "duban")
        until(self.settled, "all of it written")
        run("duban", "done", "annual-report", "--by", "张三", "--now", "2026-01-27T10:00")
        key, before = (STATE / "duban.db.link-key").read_text(), {m["message-id"] for m in letters()}
        systemctl("restart", "duban")
        until(lambda: any("督办已启动" in m["subject"] for m in letters() if m["message-id"] not in before), "the start")
        time.sleep(2)
        new = [m for m in letters() if m["message-id"] not in before]
        self.assertEqual({m["to"] for m in new}, {"admin@example.test"})
        self.assertEqual((STATE / "duban.db.link-key").read_text(), key)
        self.assertEqual(query("SELECT count(*) FROM completion"), [(1,)])

    def test_a_stop_lets_the_letter_end(self):
        received = self.server(pause=3)
        self.smtp()
        systemctl("start", "duban")
        until(received.begun.is_set, "a letter under way")
        systemctl("stop", "duban")
        self.assertEqual(shown("Result"), "success")
        self.assertEqual(shown("ExecMainStatus"), "0")
        self.assertEqual(len(received.taken), 1)
        self.assertEqual(query("SELECT count(*) FROM letter WHERE state = 'sent'"), [(1,)])
        self.assertEqual(query("SELECT count(*) FROM letter WHERE state = 'sending'"), [(0,)])

    def test_the_journal_is_read_by_people_and_by_programs(self):
        self.drop_in()
        systemctl("start", "duban")
        deadlines = ETC / "deadlines.toml"
        deadlines.write_text(deadlines.read_text() + "\n[[deadline]]\nid = 1\n")
        systemctl("reload", "duban", code=1)
        os.kill(int(shown("MainPID")), 1)  # SIGHUP
        until(lambda: "configuration refused" in self.log(), "the refusal")
        entries = [json.loads(line) for line in self.log("-o", "json").splitlines()]
        ours = [entry for entry in entries if entry.get("_COMM") == "duban"]
        ready = next(entry for entry in ours if entry["MESSAGE"].startswith("ready"))
        self.assertTrue(ready["F_VERSION"])
        self.assertEqual((ready["PRIORITY"], ready["SYSLOG_IDENTIFIER"]), ("5", "duban"))
        refused = next(entry for entry in ours if "configuration refused" in entry["MESSAGE"])
        self.assertEqual(refused["PRIORITY"], "3")
        self.assertIn("deadlines.toml", refused["F_FINDINGS"])
        # A sentence says it all; nothing is left to be looked up in the fields.
        self.assertRegex(self.log("-o", "cat"), r"(?m)^letter \d+ sent: .*eml$")
        self.assertRegex(self.log("-o", "cat"), r"(?m)^swept: \d+ occurrences opened, \d+ reminders to send$")
        self.assertIn("ready", journal_of("F_VERSION=" + ready["F_VERSION"]))

    def test_root_beside_the_service(self):
        self.drop_in()
        systemctl("start", "duban")
        until(self.settled, "all of it written")
        now = ["--now", "2026-01-27T10:00"]
        run("duban", "done", "annual-report", "--by", "张三", *now)
        run("duban", "list", *now)
        run("duban", "status", *now, code=None)
        run("duban", "outbox", *now)
        # What root asks for by name is written where root may write.
        run("duban", "export", "/root/ledger.xlsx", "--year", "2026", *now)
        self.assertEqual(owner("/root/ledger.xlsx"), "root")
        self.assertEqual({owner(path) for path in STATE.rglob("*")}, {"duban"})
        self.assertEqual(query("SELECT by FROM completion"), [("张三",)])
        systemctl("restart", "duban")

    def test_copies_by_the_timer_and_back(self):
        self.drop_in()
        systemctl("start", "duban")
        until(self.settled, "all of it written")
        run("duban", "done", "annual-report", "--by", "张三", "--now", "2026-01-27T10:00")
        systemctl("start", "duban-backup.service")
        copy, = (STATE / "backup").iterdir()
        self.assertRegex(copy.name, r"^duban-\d{4}-\d\d-\d\d\.db$")
        self.assertEqual((owner(copy), mode(copy)), ("duban", 0o600))
        for day in range(1, 20):
            shutil.copy2(copy, copy.with_name(f"duban-2020-01-{day:02}.db"))
        systemctl("start", "duban-backup.service")
        self.assertEqual(len(list((STATE / "backup").iterdir())), 14)
        self.assertTrue(copy.exists())
        # The database is lost; the operator puts the copy back.
        before = {m["message-id"] for m in letters()}
        systemctl("stop", "duban")
        for path in STATE.glob("duban.db*"):
            if path.suffix != ".link-key":
                path.unlink()
        run("duban", "restore", str(copy), "--now", "2026-01-27T10:00")
        self.assertEqual({owner(path) for path in STATE.glob("duban.db*")}, {"duban"})
        systemctl("start", "duban")
        run("duban", "verify")
        time.sleep(2)
        again = [m for m in letters() if m["message-id"] not in before]
        self.assertEqual({m["to"] for m in again}, {"admin@example.test"}, [m["subject"] for m in again])
        self.assertEqual(query("SELECT by FROM completion"), [("张三",)])

    def test_a_filter_on_addresses(self):
        example = "/usr/share/doc/duban/examples/ip-filter.conf"
        received = self.server()
        self.smtp()
        shutil.copy(example, "/etc/systemd/system/duban.service.d/ip-filter.conf")
        systemctl("daemon-reload")
        systemctl("start", "duban")
        until(self.settled, "all of it sent")
        self.assert_each_taken(received)
        exposure = run("systemd-analyze", "security", "duban.service", "--threshold=11")
        self.assertRegex(exposure, r"exposure level for \S+: 0\.\d (OK|SAFE)")

    def test_nginx_in_front_of_the_board(self):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=duban.example.test",
            "-addext", "subjectAltName=DNS:duban.example.test", "-keyout", "/etc/ssl/private/duban.key",
            "-out", "/etc/ssl/certs/duban.pem")
        site = pathlib.Path("/etc/nginx/sites-enabled/duban")
        shutil.copy("/usr/share/doc/duban/examples/nginx.conf", site)
        pathlib.Path("/etc/nginx/sites-enabled/default").unlink(missing_ok=True)
        run("nginx", "-t")
        systemctl("restart", "nginx")
        self.addCleanup(systemctl, "stop", "nginx")
        self.drop_in(environment=["DUBAN__WEB__LISTEN=127.0.0.1:8080", "DUBAN__WEB__BASE_URL=https://duban.example.test"])
        systemctl("start", "duban")
        fetch = ("import ssl, sys, urllib.request;"
                 "c = ssl.create_default_context(cafile='/etc/ssl/certs/duban.pem');"
                 "print(urllib.request.urlopen(sys.argv[1], context=c).read().decode())")
        until(lambda: "管理员" in run("python3", "-c", fetch, run("duban", "link", "--admin", code=None, env={
            **os.environ, "DUBAN__WEB__LISTEN": "127.0.0.1:8080", "DUBAN__WEB__BASE_URL": "https://duban.example.test",
        }).split()[-1], code=None), "the board through nginx")
        # An address is a key: whatever becomes of it, by TLS or not, it stands in no log. Numbers are not for outside.
        context = ssl.create_default_context(cafile="/etc/ssl/certs/duban.pem")
        tls = lambda: http.client.HTTPSConnection("duban.example.test", context=context)  # noqa: E731
        plain = lambda: http.client.HTTPConnection("duban.example.test")  # noqa: E731
        for way, path, status in ((tls, "/metrics", 404), (plain, "/a/a-key", 301), (tls, "/a/a-key", 502)):
            if status == 502:
                systemctl("stop", "duban")
            connection = way()
            connection.request("GET", path)
            answer = connection.getresponse()
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.getheader("Strict-Transport-Security"), "max-age=31536000" if way is tls else None)
        for log in pathlib.Path("/var/log/nginx").iterdir():
            self.assertNotIn("a-key", log.read_text(), log)


class C_ItsLife(Machine):
    """Upgraded, removed, purged."""

    def install(self, deb):
        return run("dpkg", "--force-confold", "-i", deb)

    def test_upgrade_over_a_running_service(self):
        run("dpkg", "--purge", "duban")
        self.install(PREVIOUS)
        systemctl("stop", "duban")
        # A database of the previous schema, with a bureau's letters, reports and waiting mail in it.
        shutil.rmtree(STATE / "mail", ignore_errors=True)
        for path in STATE.glob("duban.db*"):
            path.unlink()
        shutil.copy("/test/schema-1.db", DATABASE)
        shutil.chown(DATABASE, "duban", "duban")
        DATABASE.chmod(0o600)
        before = query("SELECT count(*), max(id) FROM letter") + query("SELECT count(*) FROM completion")
        self.assertEqual(query("PRAGMA user_version"), [(1,)])
        settings = ETC / "duban.toml"
        settings.write_text(settings.read_text().replace("0750-0000000", "0750-1234567"))
        # dpkg asks about a file only where both sides changed it; what the operator wrote stays.
        edited = ETC / "deadlines.toml"
        edited.write_text(edited.read_text() + "# 本局改过\n")
        self.drop_in(environment=["FAKETIME=@2026-02-02 01:00:00"])
        said = self.install(DEB)
        self.assertNotIn("下一步", said, "it is no first installation")
        self.assertEqual(shown("ActiveState"), "active")
        self.assertIn("1234567", settings.read_text())
        self.assertIn("本局改过", edited.read_text())
        self.assertTrue(edited.with_name("deadlines.toml.dpkg-dist").exists())
        self.assertEqual(query("PRAGMA user_version"), [(15,)])
        now = ["--now", "2026-02-02T10:00"]
        self.assertGreaterEqual(query("SELECT count(*) FROM letter")[0], before[0][:1])
        self.assertEqual(query("SELECT count(*) FROM completion"), before[1:])
        run("duban", "verify", *now)
        # And again over the running one: nothing stops but for the restart, nothing is said twice.
        until(lambda: query("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')") == [(0,)], "all of it sent")
        sections = {m["message-id"] for m in letters() if m["to"] != "admin@example.test"}
        pid = shown("MainPID")
        self.install(DEB)
        self.assertEqual(shown("ActiveState"), "active")
        self.assertNotEqual(shown("MainPID"), pid)
        time.sleep(2)
        self.assertEqual({m["message-id"] for m in letters() if m["to"] != "admin@example.test"}, sections)

    def test_an_upgrade_leaves_a_disabled_service_disabled(self):
        systemctl("disable", "duban")
        self.install(DEB)
        self.assertEqual((shown("UnitFileState"), shown("ActiveState")), ("disabled", "inactive"))
        systemctl("enable", "duban")

    def test_remove_keeps_and_purge_clears(self):
        self.drop_in()
        systemctl("start", "duban")
        until(self.settled, "all of it written")
        count = query("SELECT count(*) FROM letter")
        (ETC / "credentials/smtp-password").write_text("x")
        run("dpkg", "--remove", "duban")
        self.assertEqual(systemctl("is-active", "duban", code=None).strip(), "inactive")
        self.assertFalse(pathlib.Path("/usr/bin/duban").exists())
        self.assertEqual(query("SELECT count(*) FROM letter"), count)
        for path in (ETC / "duban.toml", ETC / "credentials/smtp-password", STATE / "mail"):
            self.assertTrue(path.exists(), path)
        # It comes back, and repeats nothing.
        sections = {m["message-id"] for m in letters() if m["to"] != "admin@example.test"}
        self.install(DEB)
        self.assertEqual(shown("ActiveState"), "active")
        time.sleep(2)
        self.assertEqual({m["message-id"] for m in letters() if m["to"] != "admin@example.test"}, sections)
        (ETC / "deadlines.d").mkdir()
        (ETC / "deadlines.d/ours.toml").write_text("")
        run("dpkg", "--purge", "duban")
        self.assertFalse(STATE.exists())
        left = sorted(str(path.relative_to(ETC)) for path in ETC.rglob("*"))
        self.assertEqual(left, ["deadlines.d", "deadlines.d/ours.toml"], "only what an admin made")
        found = run("find", "/etc/systemd", "/var/lib/systemd/deb-systemd-helper-enabled", "-name", "duban*", "-not", "-path",
                    "*/duban.service.d*")
        self.assertEqual(found, "")
        shutil.rmtree(ETC)


def journal_of(match):
    return run("journalctl", "--no-pager", "-q", match)


if __name__ == "__main__":
    unittest.main(verbosity=2)
