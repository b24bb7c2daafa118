#!/usr/bin/env python3
"""The machine's authorities are replaced under the running service: they are read again for each connection.

Usage: trust.py DUBAN [unittest arguments]. Loopback only; needs openssl.
"""

import os
import pathlib
import ssl
import subprocess
import tempfile
import unittest

from process import DUBAN, ROOT, Process, Received, until


class Trust(Process):
    def setUp(self):
        super().setUp()
        self.right, self.wrong = (self.authority() for _ in range(2))
        self.bundle = self.dir / "bundle.pem"
        self.use(self.right)

    def authority(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        subprocess.run([ROOT / "tests/servers/certificates.sh", folder.name], check=True)
        return pathlib.Path(folder.name)

    def use(self, authority):
        """As a package's upgrade does: a new file gets the name."""
        new = self.dir / "bundle.new"
        new.write_bytes((authority / "ca.pem").read_bytes())
        new.rename(self.bundle)

    def smtps(self, received):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.right / "server.pem", self.right / "server.key")
        env = self.smtp(received, context, tls="implicit", host="localhost", letters_per_connection="1", connections="1")
        return {**env, "SSL_CERT_FILE": str(self.bundle)}

    def test_letters_are_held_by_a_wrong_bundle_and_go_by_a_right_one_without_a_reload(self):
        received = Received(pause=0.5)
        env = self.smtps(received)
        self.duban("run", "--once", "--now", "2026-01-05T08:30")
        service = self.start(env)
        until(lambda: received.taken, "a first letter")
        self.use(self.wrong)
        until(lambda: "服务器的证书不能接受" in self.duban("outbox", "--json"), "a refusal of the new bundle")
        count = len(received.taken)
        # A fresh process that trusts another bundle succeeds, and does not pass over the service.
        other = {**env, "SSL_CERT_FILE": str(self.right / "ca.pem")}
        said = self.duban("test-mail", "a@example.test", env=other)
        self.assertIn("已交给邮件服务器", said)
        self.assertIn("服务自己最近一次", said)
        self.assertIn("服务器的证书不能接受", said)
        self.assertIn("但服务最近一次", self.doctor(other))
        self.use(self.right)
        until(lambda: len(received.taken) > count + 1, "letters after the pause, at the next minute, without a reload", 150)
        until(lambda: "服务自己最近一次" not in self.duban("test-mail", "a@example.test", env=other), "nothing to pass on")
        self.assertNotIn("但服务最近一次", self.doctor(other))
        service.terminate()
        self.assertEqual(service.wait(timeout=20), 0)

    def doctor(self, env):
        command = [DUBAN, "doctor", "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, timeout=60).stdout


if __name__ == "__main__":
    unittest.main(verbosity=2)
