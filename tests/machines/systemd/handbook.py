"""The handbook's commands that need an installed machine, one after the other, as it tells them."""

import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess

from machine import DATABASE, DEB, Machine, query, run, shown, systemctl, until

HANDBOOK = pathlib.Path("/test/handbook.zh-CN.md")
PASSWORD = "Kj7-never-shown"
# With numbers that only its reader has, or questions that only a person answers.
MAY_FAIL = {"duban init": 2, "duban requests --confirm": 1, "duban requests --return": 1, "duban incoming --handled": 1,
            # In January, until the year's statutory days are shipped; what else is wrong is looked for below.
            "duban doctor": 1,
            "duban incoming": 1}
# What a person answers at a terminal: which of two dates is the bureau's, and who has the work of sections that this
# roster lacks.
ANSWERS = " ".join(["--choose 'annual-report=每年的 1 月 31 日前'"] + [f"--office {name}=办公室" for name in (
    "公交科", "基建科", "安监科", "机关党委", "港航科", "规划科", "质监科", "道运科")])
# Another machine stands in for itself: what is copied there is laid where it would lie. The new plan is the old one as
# text.
ELSEWHERE = [(r"(duban init --instance \S+)$", r"\1 --bureau 某局 --admin a@ju.gov.cn --contact 办公室 --section '办公室=b@ju.gov.cn'"
              " --from d@ju.gov.cn --folder-only"),
             (r"duban import 新方案\.docx (.*)", rf"duban import /test/plan-2022.txt \1 {ANSWERS}"),
             (r"rsync -a (.*) root@192\.0\.2\.9:/backup/", r"cp -a \1 /backup/"),
             (r"scp -pr (.*) root@192\.0\.2\.20:/root/", r"cp -pr \1 /root/"),
             (r"scp -p (.*) root@192\.0\.2\.20:/root/", r"cp -p \1 /elsewhere/")]


def blocks():
    return [block.replace("\\\n", " ").strip().splitlines()
            for block in re.findall(r"^```sh machine\n(.*?)^```", HANDBOOK.read_text(), re.M | re.S)]


class D_Handbook(Machine):
    def setUp(self):
        super().setUp()
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=smtp.example.test",
            "-addext", "subjectAltName=DNS:smtp.example.test", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "/root/smtp.key", "-out",
            "/usr/local/share/ca-certificates/smtp.crt")
        run("update-ca-certificates")
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain("/usr/local/share/ca-certificates/smtp.crt", "/root/smtp.key")
        self.received = self.server(password=PASSWORD.encode(), tls=tls)
        # The person at the editor.
        nano = pathlib.Path("/usr/local/bin/nano")
        nano.write_text(f'#!/bin/sh\necho "{PASSWORD}" >"$1"\n')
        nano.chmod(0o755)
        notice = json.loads(pathlib.Path("/test/notices.json").read_text())["2025"]["text"]
        pathlib.Path("/root/通知.txt").write_text(notice)
        for folder in ("/backup", "/elsewhere"):
            os.makedirs(folder, exist_ok=True)
        shutil.copy(DEB, "/root/duban_0.1.0-1_amd64.deb")

    def do(self, line):
        for there, here in ELSEWHERE:
            line = re.sub(there, here, line)
        # Its example is of another day than the machine's.
        line = re.sub(r"/var/lib/duban/backup/duban-2026-01-27\.db", self.copy, line)
        codes = {0} | {code for start, code in MAY_FAIL.items() if line.startswith(start)}
        if line.startswith("apt "):
            line += " -y -q"
        done = subprocess.run(["bash", "-c", line], cwd="/root", input="", capture_output=True, text=True, timeout=200)
        self.assertIn(done.returncode, codes, f"{line}\n{done.stdout}{done.stderr}")

    @property
    def copy(self):
        found = sorted(pathlib.Path("/var/lib/duban/backup").glob("duban-*.db"))
        return str(found[-1]) if found else "/none"

    def test_every_command_of_it(self):
        run("dpkg", "--purge", "duban")
        shutil.rmtree("/etc/duban", ignore_errors=True)
        purge = [line for block in blocks() for line in block if line.startswith(("apt remove", "apt purge"))]
        self.assertEqual(len(purge), 2)
        before = 0
        for block in blocks():
            # A standby is another machine: tests/process/standby.py, and life.py for its units.
            if block[0] in purge or any("standby" in line or "duban-copy" in line for line in block):
                continue
            installing = block[0].startswith("apt install")
            if installing and len(block) > 1:
                # The new machine: nothing is there but what was copied.
                before = query("SELECT count(*) FROM letter")
                run("dpkg", "--purge", "duban")
                shutil.rmtree("/etc/duban", ignore_errors=True)
                for path in pathlib.Path("/elsewhere").iterdir():
                    shutil.move(path, f"/root/{path.name}")
            # Pages are behind a proxy, which has a test of its own.
            settings, web = pathlib.Path("/etc/duban/duban.toml"), block[0].startswith("duban link")
            if web:
                before_web = settings.read_text()
                settings.write_text(before_web + '[web]\nlisten = "127.0.0.1:8080"\nbase_url = "https://duban.example.test"\n')
            for line in block:
                if line.startswith("duban restore /var/lib/duban/backup/"):
                    for path in DATABASE.parent.glob("duban.db-*"):
                        path.unlink()
                    DATABASE.write_bytes(b"what a broken disk left" * 1000)
                self.do(line)
            if web:
                settings.write_text(before_web)
            if block[0].startswith("duban import"):
                # The blocks that follow speak of the plan as shipped: it is put back, as the chapter says how.
                plan = pathlib.Path("/etc/duban/plans/jiangmen-2022.toml")
                self.assertNotEqual(plan.read_text(), plan.with_name(plan.name + ".old-1").read_text())
                os.replace(plan.with_name(plan.name + ".old-1"), plan)
                run("duban", "reload")
        bad = [check["name"] for check in json.loads(run("duban", "doctor", "--json", code=None)) if check["verdict"] == "bad"]
        self.assertLessEqual(set(bad), {"节假日"})
        until(lambda: self.received.taken, "a letter")
        self.assertGreaterEqual(query("SELECT count(*) FROM letter"), before, "the history moved with it")
        self.assertEqual(shown("ActiveState"), "active")
        self.assertIn((b"duban@example.test", PASSWORD.encode()), self.received.logins)
        for line in purge:
            self.do(line)
        self.assertFalse(DATABASE.exists())

    def test_without_the_folder_of_passwords_the_start_says_243(self):
        shutil.rmtree("/etc/duban/credentials")
        systemctl("start", "duban", code=1)
        self.assertEqual(shown("ExecMainStatus"), "243")
        self.assertIn("243/CREDENTIALS", self.log())
