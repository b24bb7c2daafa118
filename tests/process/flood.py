#!/usr/bin/env python3
"""Rubbish and sockets by the hundred at the pages, through nginx as the package's example has it; a clerk behind the same
address reports all the while.

Usage: flood.py DUBAN [unittest arguments]. Loopback only; needs nginx and openssl.
"""

import html
import http.client
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import unittest
import urllib.parse

from process import DAY, ROOT, Process, until

# The bureau's one address to the outside.
BUREAU = ("127.0.0.2", 0)
SOCKETS = 300
RUBBISH_EVERY = 0.4
REPORTS = 20
# What a clerk waits for a page and for his report.
PATIENCE = 2.0


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Flood(Process):
    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which("nginx"), "nginx is not installed")
        self.pages, self.door = free_port(), free_port()
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.stopped = threading.Event()
        self.addCleanup(self.stopped.set)

    def nginx(self):
        """The example, with its ports and files replaced."""
        key, cert = self.dir / "key.pem", self.dir / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=duban.example.test",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        example = (ROOT / "deploy/examples/nginx.conf").read_text()
        for old, new in [("listen 443 ssl", f"listen 127.0.0.1:{self.door} ssl"), ("listen [::]:443 ssl;", ""),
                         ("listen 80", f"listen 127.0.0.1:{free_port()}"), ("listen [::]:80;", ""),
                         ("/etc/ssl/certs/duban.pem", str(cert)), ("/etc/ssl/private/duban.key", str(key)),
                         ("http://127.0.0.1:8080;", f"http://127.0.0.1:{self.pages};")]:
            self.assertIn(old, example)
            example = example.replace(old, new)
        # As Debian's nginx.conf.
        place = "".join(f"{what}_temp_path {self.dir}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.dir / "nginx.conf").write_text(
            f"daemon off; pid {self.dir}/nginx.pid; error_log /dev/null emerg; events {{ worker_connections 768; }}\n"
            f"http {{ {place} {example} }}\n")
        process = subprocess.Popen(["nginx", "-p", self.dir, "-c", self.dir / "nginx.conf", "-e", "/dev/null"], stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def connect(self):
        stream = socket.create_connection(("127.0.0.1", self.door), timeout=10, source_address=BUREAU)
        return self.tls.wrap_socket(stream, server_hostname="duban.example.test")

    def ask(self, method, path, fields=None):
        """The answer's status and body."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.door, context=self.tls, timeout=10, source_address=BUREAU)
        body = None if fields is None else urllib.parse.urlencode(fields)
        kind = {} if fields is None else {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, body, {"Host": "duban.example.test", **kind})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def rubbish(self, statuses):
        while not self.stopped.wait(RUBBISH_EVERY):
            statuses.append(self.ask("POST", "/r/x", {"by": "x", "choice": "done"})[0])

    def begin(self):
        """The service behind nginx, three working days before a day; gives the links that its letters bring."""
        web = {"DUBAN__WEB__LISTEN": f"127.0.0.1:{self.pages}", "DUBAN__WEB__BASE_URL": "https://duban.example.test"}
        self.duban("run", "--once", "--now", DAY, env=web)
        texts = [part.get_content() for letter in self.letters() if (part := letter.get_body(("plain",)))]
        links = sorted({path for text in texts for path in re.findall(r"https://duban\.example\.test(/r/[\w-]+)", text)})
        self.assertTrue(links)
        self.start(env=web)
        self.nginx()

        def is_up():
            try:
                return self.ask("GET", links[0])[0] == 200
            except OSError:
                return False

        until(is_up, "the pages behind nginx")
        # Who only helps has nothing to finish.
        links = [link for link in links if 'value="done"' in self.ask("GET", link)[1]]
        self.assertTrue(links)
        return links

    def report(self, path, undo=False):
        """A person opens the page, chooses, presses."""
        status, page = self.ask("GET", path)
        self.assertEqual(status, 200)
        form = next(f for f in page.split("<form")[1:] if ('/undo"' in f) == undo)
        token = html.unescape(re.search(r'name="form" value="([^"]+)"', form)[1])
        fields = {"form": token, "by": "张三", **({} if undo else {"choice": "done"})}
        return self.ask("POST", path + ("/undo" if undo else ""), fields)[0]

    def test_a_page_opens_while_the_service_waits_to_write(self):
        [path, *_] = self.begin()
        lock = sqlite3.connect(self.dir / "var/duban.db", isolation_level=None)
        self.addCleanup(lock.close)
        statuses = []
        lock.execute("BEGIN IMMEDIATE")
        clerk = threading.Thread(target=lambda: statuses.append(self.report(path)))
        clerk.start()
        time.sleep(1)
        begun = time.monotonic()
        self.assertEqual(self.ask("GET", path)[0], 200)
        self.assertLess(time.monotonic() - begun, PATIENCE)
        self.assertEqual(statuses, [], "nothing is written yet")
        lock.execute("ROLLBACK")
        clerk.join()
        self.assertEqual(statuses, [303])

    def test_a_clerk_reports_beside_rubbish_and_three_hundred_sockets(self):
        links = self.begin()
        statuses, held = [], []
        flood = threading.Thread(target=self.rubbish, args=(statuses,))
        flood.start()
        self.addCleanup(flood.join)
        self.addCleanup(self.stopped.set)
        for number in range(SOCKETS):
            stream = self.connect()
            self.addCleanup(stream.close)
            # Half a head, or half a body.
            half = b"" if number % 2 else b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 999\r\n\r\nby="
            stream.sendall(b"POST %s HTTP/1.1\r\nHost: duban.example.test\r\n" % links[0].encode() + half)
            held.append(stream)
        # The address has used up what it may post without a link.
        until(lambda: 429 in statuses, "a refusal of the rubbish", 30)

        times = []
        for number in range(REPORTS):
            path = links[number // 2 % len(links)]
            begun = time.monotonic()
            self.assertEqual(self.report(path, undo=bool(number % 2)), 303, f"report {number}")
            times.append(time.monotonic() - begun)
        self.stopped.set()
        db = sqlite3.connect(self.dir / "var/duban.db")
        done = db.execute("SELECT count(*), count(revoked_at) FROM completion").fetchone()
        db.close()
        self.assertEqual(done, (REPORTS // 2, REPORTS // 2))
        times.sort()
        print(f"{REPORTS} of {REPORTS} reports passed beside {len(statuses)} rubbish POSTs ({statuses.count(429)} refused unread) and "
              f"{SOCKETS} sockets: {times[len(times) // 2] * 1000:.0f} ms in the middle, {times[-1] * 1000:.0f} ms at most")
        self.assertLess(times[-1], PATIENCE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
