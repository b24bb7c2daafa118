"""aiosmtpd servers on loopback. aiosmtpd_server.py DIR: certificates and `received/` are there.

Prints a line `NAME PORT` for each and serves until its standard input ends.
"""

import pathlib
import socket
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

here = pathlib.Path(sys.argv[1])
LOGIN = LoginPassword(b"duban", "口令 s3cret".encode())


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        number = len(list((here / "received").iterdir()))
        (here / "received" / f"{number:04}-{envelope.rcpt_tos[0]}.eml").write_bytes(envelope.original_content)
        return "250 2.0.0 received"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data == LOGIN, handled=data == LOGIN)


def context(name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(here / f"{name}.pem", here / f"{name}.key")
    return made


class Server(Controller):
    def __init__(self, port, implicit=None, starttls=None, without=()):
        self.starttls = starttls
        self.without = without
        super().__init__(Handler(), hostname="127.0.0.1", port=port, ssl_context=implicit)

    def factory(self):
        # Over implicit TLS aiosmtpd does not know that the line is encrypted.
        return SMTP(
            self.handler,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=self.starttls is not None,
            tls_context=self.starttls,
            require_starttls=self.starttls is not None,
            auth_exclude_mechanism=self.without,
        )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


servers = {
    "IMPLICIT": Server(free_port(), implicit=context("server")),
    "STARTTLS": Server(free_port(), starttls=context("server")),
    "LOGIN_ONLY": Server(free_port(), implicit=context("server"), without=["PLAIN"]),
    "WRONG_NAME": Server(free_port(), implicit=context("wrong-name")),
    "EXPIRED": Server(free_port(), implicit=context("expired")),
}
for name, server in servers.items():
    server.start()
    print(name, server.port, flush=True)
sys.stdin.read()
for server in servers.values():
    server.stop()
