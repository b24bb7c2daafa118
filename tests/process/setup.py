#!/usr/bin/env python3
"""`duban init` at a terminal: questions answered, some of them wrongly, a password typed unseen.

Usage: setup.py DUBAN. Loopback only.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

DUBAN = os.path.abspath(sys.argv[1])
SECRET = "Kj7-never-shown"


class Server(socketserver.StreamRequestHandler):
    """Lets everybody in but who logs in as `wrong`; notes what it is told."""

    heard = []

    def handle(self):
        self.wfile.write(b"220 test\r\n")
        for line in self.rfile:
            line = line.decode().strip()
            self.heard.append(line)
            verb = line.split(" ")[0].upper()
            answer = {"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "QUIT": "221 bye"}.get(verb, "250 ok")
            self.wfile.write(answer.encode() + b"\r\n")
            if verb == "QUIT":
                return


class Terminal:
    """A program at a terminal of its own, and all that the terminal has shown."""

    def __init__(self, *args, cwd):
        self.shown, self.after = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.environ.pop("DUBAN_CONFIG", None)
            os.execv(args[0], args)

    def read(self, seconds=0.2):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                part = os.read(self.fd, 65536)
            except OSError:  # the other end is closed
                part = b""
            self.shown += part.decode(errors="replace")
            return bool(part)
        return True

    def until(self, question):
        """Waits for a question that comes after what was answered last."""
        end = time.monotonic() + 30
        while question not in self.shown[self.after:]:
            assert time.monotonic() < end and self.read(), f"{question!r} was not asked:\n{self.shown}"

    def answer(self, question, text):
        self.until(question)
        self.after = len(self.shown)
        os.write(self.fd, (text if isinstance(text, bytes) else text.encode()) + b"\n")

    def end(self):
        end = time.monotonic() + 60
        while self.read():
            assert time.monotonic() < end, f"it does not end:\n{self.shown}"
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def check(true, what):
    if not true:
        sys.exit(f"wrong: {what}")


def dialogue(folder, port):
    terminal = Terminal(DUBAN, "init", "--dir", "config", "--now", "2026-06-01T09:00", cwd=folder)
    terminal.answer("局名", b"\xe6\x9f")  # half a character
    terminal.answer("请再写一遍", "某某市交通运输局")
    terminal.answer("管理员邮箱", "admin＠")
    terminal.answer("请再写一遍", "admin@ju")
    terminal.answer("没有点", "admin@ju.gov.cn，bgs@ju.gov.cn")
    terminal.answer("联系方式", "")
    terminal.answer("科室 1", "")
    terminal.answer("至少写一个科室", "办公室=bgs@ju.gov.cn；leader=fgld@ju.gov.cn")
    terminal.answer("科室 2", "法制科：fzk@ju.gov.cm")
    terminal.answer("科室 3", "法制科：fzk@ju.gov.cn，")
    terminal.answer("改为这一行", "")
    terminal.answer("发件邮箱", "duban@ju.gov.cn")
    terminal.answer("邮件服务器", "mail.ju.gov.cn")
    terminal.answer("加密", "none")
    terminal.answer("用户名", "无")
    terminal.answer("重新填邮件服务器吗", "是")  # in the clear to elsewhere
    terminal.answer("邮件服务器", "127.0.0.1:1")
    terminal.answer("加密", "none")
    terminal.answer("用户名", "无")
    terminal.answer("仍要写入吗", "改")
    terminal.answer("邮件服务器", f"127.0.0.1:{port}")
    terminal.answer("加密", "none")
    terminal.answer("用户名", "")
    terminal.answer("口令", SECRET)
    return terminal.end(), terminal.shown


def main():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        code, shown = dialogue(folder, server.server_address[1])
        print(shown)
        check(code == 0, f"exit {code}")
        check(SECRET not in shown, "the password is not shown")
        check("登录成功，接受发件人 duban@ju.gov.cn" in shown, "the server was tried")
        check("MAIL FROM:<duban@ju.gov.cn>" in Server.heard, "with the sender")
        check(not any(line.startswith(("RCPT", "DATA")) for line in Server.heard), "and no letter")
        check("2 个科室，1 个事项" in shown, "what was understood is said")
        secret = pathlib.Path(folder, "config/credentials/smtp-password")
        check(secret.read_text() == SECRET + "\n" and secret.stat().st_mode & 0o777 == 0o600, "the password is kept")
        text = pathlib.Path(folder, "config/duban.toml").read_text()
        check('admin     = ["admin@ju.gov.cn", "bgs@ju.gov.cn"]' in text, "both admins")
        check('contact   = "某某市交通运输局办公室"' in text and 'username    = "duban@ju.gov.cn"' in text, "the defaults")
        done = subprocess.run([DUBAN, "check", "--config", "config/duban.toml"], cwd=folder, capture_output=True, text=True)
        check(done.returncode == 0, done.stdout + done.stderr)

        # Again: what is there is not replaced unless one says so.
        again = Terminal(DUBAN, "init", "--dir", "config", cwd=folder)
        again.answer("已有内容", "")
        check(again.end() == 1 and "没有改动" in again.shown, again.shown)
        check(text == pathlib.Path(folder, "config/duban.toml").read_text(), "nothing was replaced")
        left = [path.name for path in pathlib.Path(folder, "config").iterdir() if re.match(r"\.|.*old", path.name)]
        check(not left, f"nothing is left behind: {left}")

        # The shipped plan is a plan: not replaced unasked, nor lost.
        shipped = pathlib.Path(folder, "shipped")
        shutil.copytree(pathlib.Path(__file__).resolve().parents[2] / "config", shipped)
        asked = Terminal(DUBAN, "init", "--dir", "shipped", cwd=folder)
        asked.answer("deadlines.toml（随附的分工方案） 已有内容", "")
        check(asked.end() == 1 and "没有改动" in asked.shown, asked.shown)

        # A server that does not answer: asked, with nothing left lying about meanwhile, and nothing written.
        flags = ["--bureau", "某局", "--admin", "a@ju.gov.cn", "--contact", "x", "--section", "办公室=b@ju.gov.cn", "--from",
                 "c@ju.gov.cn", "--smtp", "127.0.0.1:1", "--tls", "none", "--username", "无"]
        dead = Terminal(DUBAN, "init", "--dir", "new", *flags, cwd=folder)
        dead.until("仍要写入吗")
        check(not pathlib.Path(folder, "new").exists(), "nothing lies about")
        dead.answer("仍要写入吗", "")
        check(dead.end() == 1 and "没有写入" in dead.shown, dead.shown)
        check(not pathlib.Path(folder, "new").exists(), "nothing was written")
    print("four dialogues, as they should be")


if __name__ == "__main__":
    main()
