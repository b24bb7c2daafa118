"""Who is measured beside duban: a sink that takes letters, a private Postfix before it."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time

from measure import Cost, spawn, tree_cpu

SENDBIN = "/usr/sbin"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(true, what, seconds=60, pause=0.01):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(pause)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def process(command, env=None, **more):
    """Ends with the block, as a service does."""
    one = spawn(command, env, **more)
    try:
        yield one
    finally:
        one.terminate()
        try:
            one.wait(90)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


@contextlib.contextmanager
def sink():
    port = free_port()
    with process([f"{SENDBIN}/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "256"]):
        until(lambda: listens(port), "the sink")
        yield port


def source(port, letters, size):
    return [f"{SENDBIN}/smtp-source", "-d", "-s", "4", "-m", str(letters), "-l", str(size), "-f", "duban@example.test",
            "-t", "section@example.test", f"127.0.0.1:{port}"]


@contextlib.contextmanager
def postfix(folder, relay):
    """As Debian ships it, but for where it lives and where it relays to."""
    folder, port = pathlib.Path(folder), free_port()
    etc, queue = folder / "etc", folder / "queue"
    for made in (etc, queue, folder / "data"):
        made.mkdir(parents=True)
    folder.chmod(0o755)
    shutil.chown(folder / "data", "postfix")
    (etc / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = relay.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtp_dns_support_level = disabled
default_transport = smtp:[127.0.0.1]:{relay}
smtpd_relay_restrictions = permit_mynetworks, reject
""")
    (etc / "master.cf").write_text(f"127.0.0.1:{port} inet n - n - - smtpd\n" + """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
""")
    control = [f"{SENDBIN}/postfix", "-c", str(etc)]
    subprocess.run([*control, "start"], check=True, capture_output=True)
    try:
        until(lambda: listens(port), "Postfix")
        yield Postfix(port, queue, int((queue / "pid/master.pid").read_text()))
    finally:
        subprocess.run([*control, "stop"], check=False, capture_output=True)


class Postfix:
    def __init__(self, port, queue, master):
        self.port, self.queue, self.master = port, queue, master

    def is_empty(self):
        return not any(files for name in ("maildrop", "incoming", "active", "deferred") for *_, files in os.walk(self.queue / name))

    def relay(self, letters, size):
        """From the first letter in to the last letter out; those who hand in and take are not counted."""
        used, begun = tree_cpu(self.master), time.perf_counter()
        subprocess.run(source(self.port, letters, size), check=True)
        until(self.is_empty, "an empty queue", 600)
        return Cost(time.perf_counter() - begun, tree_cpu(self.master) - used)
