#!/usr/bin/env python3
"""A package's life in short, as a .deb and by install.sh: installed, upgraded, its passwords handed over, killed,
reloaded, removed, purged. On an old systemd, and beside installed.py on one that is not. The database is not looked into:
an old machine's SQLite cannot read it."""

import os
import pathlib
import shutil
import time
import unittest

from machine import (DATABASE, DEB, ETC, PREVIOUS, STATE, Machine, address, cursor, letters, mode, owner, run, shown, systemctl,
                     until)

SETUP = "/usr/lib/duban/setup"
WAYS = {"241": "所属的组", "247": "逐个文件", "250": "整个目录"}
VERSION = run("systemctl", "--version").split()[1]
FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"


class Life(Machine):
    """Subclasses say how it is installed."""

    def setUp(self):
        for command in (["dpkg", "--purge", "duban"], ["sh", "/test/tarball/install.sh", "--purge"]):
            run(*command, code=None)
        shutil.rmtree(ETC, ignore_errors=True)
        self.drop_in()
        self.cursor = cursor()

    def said_to_sections(self):
        return {m["message-id"] for m in letters() if m["to"] != "admin@example.test"}

    def serves(self):
        self.assertEqual((shown("ActiveState"), shown("UnitFileState")), ("active", "enabled"))
        self.assertEqual((shown("ActiveState", "duban-backup.timer"), shown("NRestarts")), ("active", "0"))
        self.assertEqual(owner(f"/proc/{shown('MainPID')}"), "duban")
        until(lambda: len(self.said_to_sections()) > 5, "a morning's letters")
        for path, who, bits in [(STATE, "duban", 0o700), (DATABASE, "duban", 0o600), (ETC, "root", 0o755),
                                (STATE / "backup", "duban", 0o700)]:
            self.assertEqual((path, owner(path), mode(path)), (path, who, bits))

    def passwords_reach_it(self):
        """By each way that this systemd has, the last the one that was chosen for it."""
        secrets = ETC / "credentials"
        self.smtp(smtp__username="duban", environment=["DUBAN__WEB__LISTEN=127.0.0.1:8080", "DUBAN__WEB__BASE_URL=http://127.0.0.1:8080"])
        systemctl("restart", "duban", code=1)
        self.assertIn("credentials/smtp-password", self.log())
        for version in [way for way in WAYS if int(way) <= int(VERSION)]:
            for name, text in (("smtp-password", "Kj7-never-shown\n"), ("link-key", "ab" * 32 + "\n")):
                (secrets / name).write_text(text)
                (secrets / name).chmod(0o600)
                shutil.chown(secrets / name, "root", "root")
            run("systemd-tmpfiles", "--create", "duban.conf")
            run(SETUP, "credentials", version)
            systemctl("daemon-reload")
            systemctl("reset-failed", "duban")
            # It does not start without the password, and its pages know the links that root makes with the key, not with
            # one of its own.
            systemctl("stop", "duban")
            (STATE / "duban.db.link-key").unlink(missing_ok=True)
            systemctl("start", "duban")
            link = address(run("duban", "link", "--admin", "--now", "2026-01-27T09:30", env={
                **os.environ, "DUBAN__WEB__LISTEN": "127.0.0.1:8080", "DUBAN__WEB__BASE_URL": "http://127.0.0.1:8080"}))
            until(lambda: "管理员" in run("python3", "-c", FETCH, link, code=None), "the board by root's link")
            self.assertFalse((STATE / "duban.db.link-key").exists())
            doctor = run("duban", "doctor", code=None)
            self.assertIn(WAYS[version], doctor)
            self.assertNotIn("别人也能", doctor)
            for path in secrets.iterdir():
                said = run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat", str(path), code=1)
                self.assertIn("Permission denied", said)
            systemctl("reload", "duban")
        run(SETUP, "credentials")
        self.drop_in()
        systemctl("restart", "duban")

    def a_standby_takes_over(self):
        """On this machine: the units, not the network, are tried."""
        copies, settings = pathlib.Path("/srv/standby"), ETC / "duban.toml"
        shutil.rmtree(copies, ignore_errors=True)
        copies.mkdir()
        shutil.chown(copies, "duban", "duban")
        really = {"DUBAN__MAIL__TRANSPORT": "smtp", "DUBAN__MAIL__SMTP__HOST": "127.0.0.1", "DUBAN__MAIL__SMTP__TLS": "none"}
        self.assertIn("没有备用机", run("duban", "doctor", code=None, env={**os.environ, **really}))
        settings.write_text(settings.read_text().replace("[mail]", f'standby = "{copies}"\n\n[mail]', 1))
        systemctl("reload", "duban")
        systemctl("start", "duban-standby.service")
        self.assertEqual({path.name for path in copies.iterdir()}, {"alive.json", "duban.db", "files.json"})
        self.assertIn("Kj7-never-shown", (copies / "files.json").read_text(), "what systemd hands over goes with it")
        (copies / "taken-over.json").write_text('{"at":"2027-01-27T02:00:00Z"}')
        systemctl("start", "duban-standby.service", code=1)
        # It ends, is started once more, and then for good.
        until(lambda: (shown("ActiveState"), shown("ExecMainStatus")) == ("failed", "3"), "its end", 60)
        (copies / "taken-over.json").unlink()
        for path in STATE.glob("duban.db*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        systemctl("disable", "duban")
        self.assertIn("服务已启动", run("duban", "take-over", "--force", str(copies)))
        self.assertEqual((shown("ActiveState"), shown("UnitFileState"), owner(DATABASE)), ("active", "enabled", "duban"))

    def test_all_of_it(self):
        said = self.install_previous()
        self.assertIn("不会给任何人发信", said)
        self.assertIn("duban init", said)
        self.serves()
        self.assertIn("annual-report", run("duban", "check"))
        exposure = run("systemd-analyze", "security", "--no-pager", "duban.service").splitlines()[-1]
        print(f"systemd {VERSION}: {exposure}")
        self.assertLessEqual(float(exposure.split()[-3]), 1.1, exposure)

        # Upgraded while it runs: what was edited stays, the shipped one is laid beside it; nothing is said twice.
        time.sleep(2)
        edited, before = ETC / "deadlines.toml", self.said_to_sections()
        edited.write_text(edited.read_text() + "# 本局改过\n")
        deleted, pid = ETC / "holidays/2020.toml", shown("MainPID")
        deleted.unlink()
        self.assertNotIn("下一步", self.install())
        self.assertNotEqual(shown("MainPID"), pid)
        self.assertIn("本局改过", edited.read_text())
        self.assertTrue(edited.with_name(edited.name + self.beside).exists())
        self.assertFalse(deleted.exists())
        self.serves()
        time.sleep(2)
        self.assertEqual(self.said_to_sections(), before)
        run("duban", "verify", "--now", "2026-01-27T10:00")

        self.passwords_reach_it()

        pid = shown("MainPID")
        os.kill(int(pid), 9)
        until(lambda: shown("NRestarts") == "1" and shown("ActiveState") == "active", "the restart")
        good = edited.read_text() + '\n[[deadline]]\nid = "mine"\ntitle = "报送"\ndue = "每年6月30日前"\nsections = ["办公室"]\n'
        edited.write_text(good)
        systemctl("reload", "duban")
        edited.write_text(good.replace("每年6月30日前", "每年6月31日前"))
        systemctl("reload", "duban", code=1)
        self.assertEqual(shown("ActiveState"), "active")
        edited.write_text(good)
        systemctl("start", "duban-backup.service")
        self.assertEqual(len(list((STATE / "backup").iterdir())), 1)

        # A bureau beside it, with a folder, a database and a user of its own.
        run("duban", "init", "--instance", "jiangmen", "--bureau", "某局", "--admin", "a@ju.gov.cn", "--contact", "办公室",
            "--section", "办公室=b@ju.gov.cn", "--from", "d@ju.gov.cn", "--folder-only")
        run(SETUP, "instance", "jiangmen")
        self.assertEqual(owner(f"/proc/{shown('MainPID', 'duban@jiangmen')}"), "duban-jiangmen")
        self.assertEqual((owner("/var/lib/duban-jiangmen"), mode("/var/lib/duban-jiangmen")), ("duban-jiangmen", 0o700))
        self.assertIn("单位", run("duban", "doctor", "--instance", "jiangmen", code=None))
        systemctl("start", "duban-backup@jiangmen.service")
        other = shown("MainPID", "duban@jiangmen")
        self.install()
        self.assertNotEqual(shown("MainPID", "duban@jiangmen"), other, "an upgrade starts it again")

        # Whoever disabled it keeps it so.
        systemctl("disable", "--now", "duban")
        self.install()
        self.assertEqual((shown("UnitFileState"), shown("ActiveState")), ("disabled", "inactive"))
        systemctl("enable", "duban")

        self.remove()
        self.assertEqual(systemctl("is-active", "duban", code=None).strip(), "inactive")
        self.assertEqual(systemctl("is-active", "duban@jiangmen", code=None).strip(), "inactive")
        self.assertFalse(pathlib.Path("/usr/bin/duban").exists())
        self.assertTrue(DATABASE.exists())
        self.assertTrue((ETC / "credentials/smtp-password").exists())
        self.install()
        self.serves()
        time.sleep(2)
        self.assertEqual(self.said_to_sections(), before)
        self.assertIn("本局改过", edited.read_text())

        self.a_standby_takes_over()
        (ETC / "deadlines.d").mkdir()
        (ETC / "deadlines.d/ours.toml").write_text("")
        self.purge()
        self.assertFalse(STATE.exists() or pathlib.Path("/var/lib/duban-jiangmen").exists())
        shutil.rmtree(ETC / "jiangmen")
        left = sorted(str(path.relative_to(ETC)) for path in ETC.rglob("*"))
        self.assertEqual(left, ["deadlines.d", "deadlines.d/ours.toml"], "only what an admin made")
        left = run("find", "/usr", "/etc", "-xdev", "-name", "*duban*", "-not", "-path", "*/duban.service.d*",
                   # What the handbook's commands make before this.
                   "-not", "-path", "/etc/nginx/*", "-not", "-path", "/etc/ssl/*")
        self.assertEqual(left.split(), ["/etc/duban"])


class E_Tarball(Life):
    beside = ".duban-new"

    def install_previous(self):
        return run("sh", "/test/previous/install.sh")

    def install(self):
        said = run("sh", "/test/tarball/install.sh")
        self.assertFalse(pathlib.Path("/usr/share/doc/duban/of-old.txt").exists(), "what only the version before had")
        return said

    def remove(self):
        run("sh", "/test/tarball/install.sh", "--remove")

    def purge(self):
        run("sh", "/test/tarball/install.sh", "--purge")


class F_Deb(Life):
    beside = ".dpkg-dist"

    def install_previous(self):
        return run("dpkg", "-i", PREVIOUS)

    def install(self):
        return run("dpkg", "--force-confold", "-i", DEB)

    def remove(self):
        run("dpkg", "--remove", "duban")

    def purge(self):
        run("dpkg", "--purge", "duban")

    def test_the_tarball_leaves_a_package_alone(self):
        self.install()
        self.assertIn(".deb", run("sh", "/test/tarball/install.sh", code=1))
        self.purge()


# Life alone has nothing to install.
del Life, Machine

if __name__ == "__main__":
    unittest.main(verbosity=2)
