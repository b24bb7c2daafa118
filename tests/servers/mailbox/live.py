"""The service itself reads the mailbox while it runs.

live.py DUBAN DIR: servers.sh has set up DIR and its port lines come on standard input. A reply is recorded and
confirmed within seconds of its arrival; a reader that was cut off finds its way back; a reload reads on; what a person
moves back to an inbox that was rebuilt is known there.
"""

import datetime
import json
import os
import pathlib
import shutil
import signal
import smtplib
import subprocess
import sys
import time

import clients

DUBAN, DIR = sys.argv[1], pathlib.Path(sys.argv[2])
ports = dict(line.split() for line in sys.stdin if len(line.split()) == 2)
HOME = DIR / "live"
DOMAIN = "ju.example.cn"
here = pathlib.Path(__file__).resolve().parent


def write_configuration():
    HOME.mkdir()
    shutil.copytree(here.parents[2] / "config/holidays", HOME / "holidays")
    (HOME / "password").write_text("imap-pass\n")
    (HOME / "password").chmod(0o600)
    # Whatever day it is, the window is open now: it is the reading that is tried here.
    (HOME / "duban.toml").write_text(f"""
database = "duban.db"
admin    = ["admin@{DOMAIN}"]
contact  = "办公室"
[mail]
from      = "政务公开提醒 <duban@{DOMAIN}>"
transport = "smtp"
[mail.smtp]
per_minute = 6000
host = "localhost"
port = {ports["SMTP"]}
tls  = "starttls"
ca_file = "{DIR}/ca.pem"
[mailbox]
host = "localhost"
port = {ports["IMAPS"]}
username = "duban@{DOMAIN}"
password_file = "password"
ca_file = "{DIR}/ca.pem"
""")
    items = "".join(f'[[deadline]]\nid = "k{n}"\ntitle = "事项{n}"\ndue = "每年1月30日"\nsections = ["科室{n}"]\n' for n in range(3))
    sections = "".join(f'[[section]]\nname = "科室{n}"\nemail = ["{box}@{DOMAIN}"]\n' for n, box in enumerate(("bgs", "fzk", "jcs")))
    (HOME / "deadlines.toml").write_text(sections + items)


def duban(*args):
    done = subprocess.run([DUBAN, "--config", HOME / "duban.toml", *args], capture_output=True, text=True, timeout=60)
    return done.stdout


def within(seconds, what, test):
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if found := test():
            return found, time.monotonic() - begun
        time.sleep(0.05)
    sys.exit(f"not within {seconds} s: {what}\n{(HOME / 'log').read_text()[-3000:]}\n{duban('status')}")


def letters(user):
    folder = DIR / "mail" / user
    return [clients.read(path.read_bytes()) for kind in ("new", "cur") for path in sorted((folder / kind).glob("*")) if folder.exists()]


def history():
    return json.loads(duban("history", "--json"))


def reports():
    return [row["deadline"] for row in history() if row["what"] == "done"]


def answers():
    return [l for user in ("bgs", "fzk", "jcs") for l in letters(user) if l[0]["Auto-Submitted"] == "auto-replied"]


def inbox():
    return [path for kind in ("new", "cur") for path in (DIR / "mail/duban" / kind).glob("*")]


def reply(user, words="已办结"):
    letter = [l for l in letters(user) if l[0]["Auto-Submitted"] == "auto-generated"][0]
    raw = clients.foxmail(letter, f"{user}@{DOMAIN}", words, datetime.datetime.now(datetime.timezone.utc))
    with smtplib.SMTP("127.0.0.1", int(ports["SMTP"])) as smtp:
        smtp.sendmail(f"{user}@{DOMAIN}", [f"duban@{DOMAIN}"], raw)


write_configuration()
# The reminders of a day that is known; from then on the service runs by its own clock.
duban("--now", "2026-01-05T08:30", "run", "--once")
subprocess.run([DUBAN, "--config", HOME / "duban.toml", "--now", "2026-01-27T08:30", "run", "--once"], check=False)
for user in ("bgs", "fzk", "jcs"):
    within(20, f"the letter to {user}", lambda: letters(user))
log = open(HOME / "log", "w")
service = subprocess.Popen([DUBAN, "--config", HOME / "duban.toml", "run"], stdout=log, stderr=subprocess.STDOUT)
try:
    within(20, "the mailbox was read", lambda: "读过" in duban("status"))
    reply("bgs")
    _, seconds = within(5, "a reply is recorded", lambda: "k0" in reports())
    _, confirmed = within(5, "and confirmed", lambda: [l for l in letters("bgs") if l[0]["Auto-Submitted"] == "auto-replied"])
    print(f"recorded {seconds:.1f} s after it was sent, confirmed {confirmed:.1f} s later")
    # Everybody is thrown out: the reader comes back.
    subprocess.run(["doveadm", "-c", DIR / "etc/dovecot.conf", "kick", f"duban@{DOMAIN}"], check=True, capture_output=True)
    reply("fzk")
    _, seconds = within(60, "after it was thrown out", lambda: "k1" in reports())
    print(f"thrown out, and recorded {seconds:.1f} s later")
    service.send_signal(signal.SIGHUP)
    time.sleep(1)
    reply("jcs")
    _, seconds = within(60, "after a reload", lambda: "k2" in reports())
    print(f"reloaded, and recorded {seconds:.1f} s later")
    # The inbox loses its index, so that UIDs begin again under another UIDVALIDITY, and holds all the replies anew.
    within(20, "all are confirmed", lambda: len(answers()) == 3)
    shutil.move(DIR / "mail/duban/dovecot-uidlist", DIR / "uidlist")
    for path in (DIR / "mail/duban").glob("dovecot.index*"):
        path.unlink()
    for path in (DIR / "mail/duban/.&XfJZBHQG-/cur").glob("*"):
        path.rename(DIR / "mail/duban/new" / path.name.split(":")[0])
    subprocess.run(["doveadm", "-c", DIR / "etc/dovecot.conf", "kick", f"duban@{DOMAIN}"], check=True, capture_output=True)
    reply("bgs", "撤回")
    within(60, "after the inbox was rebuilt", lambda: "reopened" in [row["what"] for row in history()])
    within(20, "all is filed and confirmed", lambda: not inbox() and len(answers()) == 4)
    time.sleep(1)
    validity = [(path.read_text().split("\n")[0].split()[1]) for path in (DIR / "uidlist", DIR / "mail/duban/dovecot-uidlist")]
    if validity[0] == validity[1] or len(reports()) != 3 or len(answers()) != 4:
        sys.exit(f"something was done twice: {validity} {reports()} {len(answers())}")
    print("rebuilt, and nothing was done twice")
finally:
    service.terminate()
    service.wait(timeout=30)
if service.returncode != 0:
    sys.exit(f"the service ended with {service.returncode}")
if inbox():
    sys.exit("messages were left in the mailbox")
