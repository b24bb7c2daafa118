"""Between duban and Dovecot: sees every IMAP command, and ends duban with SIGKILL at the step that is asked for."""

import re
import socket
import ssl
import threading

STEPS = {  # step → what has to be seen, on the way to (out) or from (back) the server, and whether it is passed on first
    "fetch": ("out", re.compile(rb"UID FETCH \d+ \(?.*BODY\.PEEK", re.I), False),
    "fetched": ("back", re.compile(rb"FETCH \(.*BODY\[\]", re.I | re.S), True),
    "store": ("out", re.compile(rb"UID STORE ", re.I), False),
    "move": ("out", re.compile(rb"UID MOVE ", re.I), False),
    "moved": ("back", re.compile(rb"COPYUID|EXPUNGE", re.I), False),
}


class Proxy:
    def __init__(self, folder, imaps):
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.client = ssl.create_default_context(cafile=folder / "ca.pem")
        self.imaps, self.step, self.process = imaps, None, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def kill_at(self, step):
        self.step, self.process = step, None if step is None else self.process

    def victim(self, process):
        self.process = process

    def accept(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        try:
            near = self.server.wrap_socket(plain, server_side=True)
            far = self.client.wrap_socket(socket.create_connection(("127.0.0.1", self.imaps)), server_hostname="localhost")
        except OSError:
            return
        for way, source, target in (("out", near, far), ("back", far, near)):
            threading.Thread(target=self.pump, args=(way, source, target), daemon=True).start()

    def pump(self, way, source, target):
        try:
            while data := source.recv(65536):
                kill = self.step and STEPS[self.step][0] == way and STEPS[self.step][1].search(data)
                if kill and not STEPS[self.step][2]:
                    return self.kill(source, target)
                target.sendall(data)
                if kill:
                    return self.kill(source, target)
        except OSError:
            pass
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def kill(self, *ends):
        while self.process is None:
            pass
        self.step = None
        self.process.kill()
        self.process.wait()
