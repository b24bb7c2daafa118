"""exim.py DIR HOW: hands the letter on standard input to the Exim of exim.sh, and writes what it reports of it."""

import glob
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

folder, how = pathlib.Path(sys.argv[1]), sys.argv[2]
REPLIES = {"refused": "550 5.1.1 <bgs@example.test>: Recipient address rejected", "late": "451 4.7.1 Greylisted, come again"}
listener = socket.create_server(("127.0.0.1", 0))


def serve():
    """The next server: takes everything but the recipient."""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as line:
            say = lambda words: (line.write(words.encode() + b"\r\n"), line.flush())
            say("220 next.example.test ESMTP")
            for command in line:
                verb = command.split(b" ")[0].strip().upper()
                say(REPLIES.get(how, "550 no") if verb == b"RCPT" else "221 bye" if verb == b"QUIT" else "250 ok")
                if verb == b"QUIT":
                    break


threading.Thread(target=serve, daemon=True).start()
spool = pathlib.Path(tempfile.mkdtemp(dir=folder))
os.chown(spool, 64999, 64999)
port = 0 if how == "unknown" else listener.getsockname()[1]
libraries = os.path.dirname(glob.glob(str(folder / "root/usr/lib/*/libidn.so.12"))[0])
environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
exim = [folder / "root/usr/sbin/exim4", "-C", folder / "conf", f"-DSPOOL={spool}", f"-DNEXT={port}"]


def run(*args, **more):
    done = subprocess.run([*exim, *args], env=environment, capture_output=True, timeout=20, **more)
    if done.returncode:
        sys.exit(f"{args}: {done.returncode} {done.stderr.decode()}")


run("-odi", "-f", "duban@example.test", "bgs@example.test", input=sys.stdin.buffer.read())
reports = spool / "reports"
begun = time.monotonic()
while not (reports.exists() and reports.stat().st_size):
    if time.monotonic() - begun > 15:
        sys.exit("no report: " + "".join(log.read_text() for log in spool.glob("*log")))
    time.sleep(1.1)
    run("-qff")
sys.stdout.buffer.write(reports.read_bytes())
sys.stdout.flush()
shutil.rmtree(spool)
