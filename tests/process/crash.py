"""SIGKILL at every write, fsync and SMTP step of a round of sending, by ptrace and not by chance.

crash.py DUBAN: a round of LETTERS (8) letters is run once to count its steps; then once for each step (or each
STRIDE-th), killed there, and again until nothing is owed. It sends over CONNECTIONS (2) that share their transactions,
with PER_MINUTE (0) as its limit. The server keeps what it took. Afterwards:
every letter was taken at least once; a second copy only of a letter that the database did not yet know as sent when
the process died; always with the same Message-ID.
"""

import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading

DUBAN = sys.argv[1]
LETTERS = int(os.environ.get("LETTERS", "8"))
STRIDE = int(os.environ.get("STRIDE", "1"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "2"))
PER_MINUTE = int(os.environ.get("PER_MINUTE", "0"))
NOW = "2026-01-27T08:30"
# What reaches the disk, and what reaches or comes from the server. Every call of every thread counts its own.
CALLS = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "connect", "sendto", "recvfrom"]
here = pathlib.Path(__file__).resolve().parent


class Server:
    """Takes everything, and remembers by Message-ID when it said 250."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.taken = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            conversation, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(conversation,), daemon=True).start()

    def serve(self, conversation):
        try:
            lines = conversation.makefile("rb")
            conversation.sendall(b"220 here\r\n")
            for line in lines:
                verb = line[:4].upper()
                if verb in (b"EHLO", b"HELO"):
                    conversation.sendall(b"250-here\r\n250-PIPELINING\r\n250 DSN\r\n")
                elif verb == b"DATA":
                    conversation.sendall(b"354 go\r\n")
                    letter = b""
                    while not letter.endswith(b"\r\n.\r\n"):
                        part = lines.readline()
                        if not part:
                            return
                        letter += part
                    # Taken from here on, whether the client is still there to hear it or not.
                    self.taken.append(re.search(rb"Message-ID: <(.+?)>", letter)[1].decode())
                    conversation.sendall(b"250 taken\r\n")
                elif verb == b"QUIT":
                    conversation.sendall(b"221 bye\r\n")
                    return
                else:
                    conversation.sendall(b"250 ok\r\n")
        except OSError:
            pass


server = Server()


def write_configuration(folder):
    shutil.copytree(here.parents[1] / "config/holidays", folder / "holidays")
    (folder / "duban.toml").write_text(f"""
database = "duban.db"
admin    = ["admin@example.test"]
contact  = "办公室"
[mail]
from      = "督办 <duban@example.test>"
transport = "smtp"
[mail.smtp]
host = "127.0.0.1"
port = {server.port}
tls  = "none"
per_minute  = {PER_MINUTE}
connections = {CONNECTIONS}
""")
    sections = "".join(f'[[section]]\nname = "科室{n}"\nemail = ["s{n}@example.test"]\n' for n in range(LETTERS))
    (folder / "deadlines.toml").write_text(
        sections + '[[deadline]]\nid = "k"\ntitle = "事项"\ndue = "每年1月30日"\nsections = ["各科室"]\ndone = "each"\n'
    )


def duban(folder, *args, under=()):
    command = [*under, DUBAN, "--config", folder / "duban.toml", "--now", NOW, "run", "--once", *args]
    return subprocess.run(command, capture_output=True, timeout=300)


def sent(folder):
    """Message-IDs that the database knows as sent, and all."""
    database = sqlite3.connect(folder / "duban.db")
    rows = database.execute("SELECT message_id, state FROM letter WHERE notice IS NULL").fetchall()
    database.close()
    return {message_id for message_id, state in rows if state == "sent"}, {message_id for message_id, _ in rows}


def count(call, template):
    """How many steps the busiest thread takes in a whole round."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder) / "d"
        shutil.copytree(template, folder)
        trace = folder / "trace"
        done = duban(folder, under=("strace", "-f", "-qq", "-e", f"trace={call}", "-o", str(trace)))
        if done.returncode != 0:
            sys.exit(f"a round that nobody disturbed: {done.returncode}\n{done.stderr.decode()}")
        threads = {}
        for line in trace.read_text().splitlines():
            pid, _, call = line.partition(" ")
            if re.match(r"\s*\w+\(", call):
                threads[pid] = threads.get(pid, 0) + 1
        return max(threads.values(), default=0)


def kill_at(call, step, template):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder) / "d"
        shutil.copytree(template, folder)
        server.taken.clear()
        inject = f"inject={call}:signal=SIGKILL:when={step}"
        died = duban(folder, under=("strace", "-f", "-qq", "-e", f"trace={call}", "-e", inject, "-o", "/dev/null"))
        known, _ = sent(folder)
        before = list(server.taken)
        for _ in range(3):
            if duban(folder).returncode == 0:
                break
        all_sent, all_letters = sent(folder)
        wrong = []
        if all_sent != all_letters or len(all_letters) != LETTERS:
            wrong.append(f"{len(all_sent)} of {len(all_letters)} letters are sent in the end")
        copies = {message_id: server.taken.count(message_id) for message_id in all_letters}
        wrong += [f"{message_id} was never taken" for message_id, n in copies.items() if n == 0]
        for message_id, n in copies.items():
            if n > 2 or (n == 2 and (message_id in known or message_id not in before)):
                wrong.append(f"{message_id} was taken {n} times; the database knew it as sent: {message_id in known}")
        if set(server.taken) - all_letters - notices(folder):
            wrong.append("a letter came that the database does not know")
        return died.returncode != 0, sum(n == 2 for n in copies.values()), wrong


def notices(folder):
    database = sqlite3.connect(folder / "duban.db")
    rows = database.execute("SELECT message_id FROM letter WHERE notice IS NOT NULL").fetchall()
    database.close()
    return {message_id for message_id, in rows}


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        template = pathlib.Path(folder) / "template"
        template.mkdir()
        write_configuration(template)
        # The database as it is at night: everything loaded, nothing due yet.
        subprocess.run([DUBAN, "--config", template / "duban.toml", "--now", "2026-01-05T06:00", "run", "--once"], check=True, capture_output=True)
        points = killed = seconds = 0
        for call in CALLS:
            steps = count(call, template)
            for step in range(1, steps + 1, STRIDE):
                died, copies, wrong = kill_at(call, step, template)
                points += 1
                killed += died
                seconds += copies
                for line in wrong:
                    failed += 1
                    print(f"WRONG {call} {step}: {line}")
            print(f"{call}: {steps}", end="  ", flush=True)
        print(f"\n{LETTERS} letters, killed at {killed} of {points} steps; {seconds} second copies, each of a letter "
              f"whose 250 was not yet committed and with the same Message-ID; {failed} wrong", flush=True)
    sys.exit(bool(failed) or killed == 0 or seconds == 0)


main()
