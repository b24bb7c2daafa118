"""A year of letters and replies through a real Postfix and a real Dovecot.

year.py DUBAN DIR: servers.sh has set up DIR and its port lines come on standard input. Some sections only ever reply,
each with another mail program; one mailbox is gone, one answers by itself, one forwards. On many days the reading is
killed between fetching, acting and moving, by a proxy that sees each command. At the end everything that was recorded
is held against what the actors wrote; nothing here knows how duban decides.
"""

import datetime
import json
import os
import pathlib
import random
import re
import shutil
import smtplib
import ssl
import subprocess
import sys
import time

import clients
from proxy import Proxy

DUBAN, DIR = sys.argv[1], pathlib.Path(sys.argv[2])
ports = dict(line.split() for line in sys.stdin if len(line.split()) == 2)
chance = random.Random(int(os.environ.get("SEED", "2026")))
HOME = DIR / "duban"
DOMAIN = "ju.example.cn"
OURS = f"duban@{DOMAIN}"
ZONE = datetime.timezone(datetime.timedelta(hours=8))
YEAR = 2026

SECTIONS = {"办公室": "bgs", "法制科": "fzk", "质监科": "zjk", "道运科": "dyk", "港航科": "gone", "规划科": "jcs"}
DEADLINES = [
    ("bg-a", "甲类巡检", "每月25日", ["办公室"], ""), ("bg-b", "乙类统计", "每月24日前", ["办公室"], ""),
    ("bg-c", "丙类公示", "每季度末", ["办公室"], ""), ("fz-a", "合法性审查", "每月10日", ["法制科"], ""),
    ("fz-b", "规范性文件清理", "每季度末", ["法制科"], ""), ("zj-a", "质量月报", "每月15日", ["质监科"], ""),
    ("dy-a", "运力公告", "每月12日", ["道运科"], ""), ("gh-a", "港口信息更新", "每月20日", ["港航科"], ""),
    ("gj-a", "规划进展", "每季度末", ["规划科"], ""), ("all-a", "半年自查", "每半年末月20日", ["各科室"], 'done = "each"\n'),
]


def write_configuration():
    HOME.mkdir()
    shutil.copytree(pathlib.Path(__file__).parents[3] / "config/holidays", HOME / "holidays")
    (HOME / "password").write_text("imap-pass\n")
    (HOME / "password").chmod(0o600)
    (HOME / "duban.toml").write_text(f"""
database = "duban.db"
admin    = ["admin@{DOMAIN}"]
contact  = "办公室 电话 0750-0000000"
[mail]
from      = "政务公开提醒 <{OURS}>"
transport = "smtp"
[mail.smtp]
host       = "localhost"
port       = {ports["SMTP"]}
tls        = "starttls"
ca_file    = "{DIR}/ca.pem"
per_minute = 6000
[mailbox]
host          = "localhost"
port          = {proxy.port}
username      = "{OURS}"
password_file = "password"
ca_file       = "{DIR}/ca.pem"
authserv_id   = "mx.{DOMAIN}"
""")
    text = "".join(
        f'[[section]]\nname = "{name}"\nemail = ["{box}@{DOMAIN}"]\nleader = ["leader@{DOMAIN}"]\n' for name, box in SECTIONS.items()
    )
    for id_, title, due, sections, more in DEADLINES:
        text += f'[[deadline]]\nid = "{id_}"\ntitle = "{title}{{period}}"\ndue = "{due}"\nsections = {json.dumps(sections, ensure_ascii=False)}\n{more}'
    (HOME / "deadlines.toml").write_text(text)


def duban(*args, ok=(0, 1, 75), stdin=None):
    done = subprocess.run([DUBAN, "--config", HOME / "duban.toml", *args], capture_output=True, input=stdin, timeout=120)
    if done.returncode not in ok:
        sys.exit(f"duban {args}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def settle():
    """Until Postfix holds nothing."""
    for _ in range(600):
        queue = subprocess.run(["postqueue", "-c", DIR / "etc", "-p"], capture_output=True, text=True).stdout
        if "is empty" in queue:
            return
        time.sleep(0.05)
    sys.exit("the queue does not empty:\n" + queue)


def new_letters(user):
    """What a reader finds, marked as read."""
    found = []
    for path in sorted((DIR / "mail" / user / "new").glob("*")) if (DIR / "mail" / user / "new").exists() else []:
        message, text = clients.read(path.read_bytes())
        target = DIR / "mail" / user / "cur" / (path.name + ":2,S")
        path.rename(target)
        found.append((message, text))
    return found


def send(sender, raw, verified=True):
    """As the bureau's mail server takes it in: it says of each sender whether he is himself."""
    said = f"spf=pass smtp.mailfrom={sender.split('@')[1]}" if verified else "spf=fail smtp.mailfrom=evil.example.com; dmarc=fail"
    raw = f"Authentication-Results: mx.{DOMAIN}; {said}\r\n".encode() + raw
    with smtplib.SMTP("127.0.0.1", int(ports["SMTP"])) as smtp:
        smtp.sendmail(sender, [OURS], raw)


def items(text):
    """Number → (id, period), as a reader sees them in the letter."""
    found, number = {}, None
    for line in text.splitlines():
        head = re.match(r"([①-⑳]) (.+?)（|事项：(.+?)（|事项：(.+)$", line)
        title = head and (head[2] or head[3] or head[4])
        named = title and NAMED.fullmatch(title.strip())
        if named:
            number = ord(head[1]) - ord("①") + 1 if head[1] else 1
            found[number] = (TITLES[named[1]], named[2])
    return found


TITLES = {title: id_ for id_, title, *_ in DEADLINES}
NAMED = re.compile("(" + "|".join(TITLES) + r")(\d{4}(?:-[0-9HQ]+)?)")
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
PROGRAMS = [clients.outlook, clients.foxmail, clients.qq, clients.iphone, clients.coremail, clients.mislabelled, clients.narrower, clients.broken]

SAMPLES = clients.samples()

wrote = []  # (sender, Message-ID, what has to come of it)
expected = {}  # (id, period, sender) → when it was written
recorded_at = {}  # (id, period) → day
seen = {"reminders": 0, "after done": []}


def sent_id(raw):
    return re.search(rb"Message-ID: <(.+?)>", raw)[1].decode()


def report(user, letter, day, program, sender=None):
    """A person answers a letter."""
    held = items(letter[1])
    sender = sender or f"{user}@{DOMAIN}"
    when = datetime.datetime.combine(day, datetime.time(9, 5), ZONE)
    if not held:
        return
    roll = chance.random()
    if len(held) == 1 and program in PROGRAMS and chance.random() < 0.5:
        name, kind = chance.choice(SAMPLES)
        raw = clients.sample(name, letter, sender, when)
        send(sender, raw)
        wrote.append((sender, sent_id(raw), kind, day, name))
        if kind == "recorded":
            expected.setdefault((*held[1], sender), day)
        return
    if len(held) == 1:
        words, numbers = chance.choice(["已办结", "已办结，见 https://www.ju.example.cn/a.html", "办结。文号：江交〔2026〕3号", "您好，已完成"]), [1]
        if roll < 0.1:
            words, numbers = chance.choice(["收到", "好的，收到"]), []
        elif roll < 0.2:
            words, numbers = chance.choice(["正在办理，下周完成", "怎么办结？", "未办结", "请问找谁"]), []
    else:
        keys = sorted(held)
        some = sorted(chance.sample(keys, chance.randint(1, len(keys))))
        words, numbers = "".join(CIRCLED[n - 1] for n in some) + "已办结", some
        if roll < 0.2:
            words, numbers = "全部已办结", keys
        elif roll < 0.35:
            words, numbers = "已办结", []  # which?
        elif roll < 0.45:
            words, numbers = "、".join(str(n) for n in some) + "已完成。附件已上传", some
    raw = program(letter, sender, words, when)
    send(sender, raw)
    # `narrower` signs its words, and 收到 with more behind it is no plain 收到.
    is_plain = "收到" in words and program is not clients.narrower
    kind = "recorded" if numbers else "acknowledged" if is_plain else "unclear"
    wrote.append((sender, sent_id(raw), kind, day, f"{program.__name__}: {words}"))
    for number in numbers:
        expected.setdefault((*held[number], sender), day)


def live(day):
    """Everybody reads his mail, and does what he does."""
    for user in ("bgs", "fzk"):
        for letter in new_letters(user):
            note(letter, day)
            if letter[0]["Auto-Submitted"] == "auto-generated" and chance.random() < 0.6:
                report(user, letter, day, chance.choice(PROGRAMS))
    for letter in new_letters("zjk"):
        note(letter, day)
        raw = clients.away(letter, f"zjk@{DOMAIN}", datetime.datetime.combine(day, datetime.time(8, 31), ZONE), chance.random() < 0.5)
        send(f"zjk@{DOMAIN}", raw)
        wrote.append((f"zjk@{DOMAIN}", sent_id(raw), "automatic", day, ""))
    for letter in new_letters("dyk"):
        note(letter, day)
        if letter[0]["Auto-Submitted"] == "auto-generated" and chance.random() < 0.7:
            report("dyk", letter, day, clients.forwarded_and_answered, sender=f"jcs@{DOMAIN}" if chance.random() < 0.5 else "zhang@elsewhere.example.com")
    for user in ("jcs", "admin", "leader"):
        for letter in new_letters(user):
            note(letter, day)


def note(letter, day):
    """Every reminder that arrives is held against what was recorded before that day."""
    message, text = letter
    if message["Auto-Submitted"] != "auto-generated" or "回复编号" not in text and "分管领导" not in text and "代转" not in text:
        return
    for id_, period in items(text).values():
        seen["reminders"] += 1
        if recorded_at.get((id_, period), day) < day:
            seen["after done"].append((str(day), id_, period, message["To"]))


def history():
    return json.loads(duban("history", "--json"))


def look(day):
    """The mailbox is read; on many days it is killed at one of its steps first."""
    now = f"{day}T09:30"
    step = chance.choice([None, None, "fetch", "fetched", "move", "moved", "store"])
    if step:
        proxy.kill_at(step)
        child = subprocess.Popen([DUBAN, "--config", HOME / "duban.toml", "--now", now, "mailbox", "--once"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        proxy.victim(child)
        child.wait(timeout=60)
        proxy.kill_at(None)
        killed[step] = killed.get(step, 0) + (child.returncode == -9)
    duban("--now", now, "mailbox", "--once", ok=(0,))


def hostile(day):
    """Once a month somebody or something bad."""
    letters = [path for path in (DIR / "mail/bgs/cur").glob("*")]
    if not letters:
        return
    letter = clients.read(max(letters, key=lambda p: p.stat().st_mtime).read_bytes())
    when = datetime.datetime.combine(day, datetime.time(9, 6), ZONE)
    raw = clients.iphone(letter, f"bgs@{DOMAIN}", "全部已办结", when)
    send(f"bgs@{DOMAIN}", raw, verified=False)
    wrote.append((f"bgs@{DOMAIN}", sent_id(raw), "refused", day, "forged"))
    # From outside, with a reference that can be guessed, without the token.
    bare = re.sub(r"DB\d+-[0-9A-Z]{16}", "", letter[1])
    raw = clients.coremail((letter[0], bare), "mallory@elsewhere.example.com", "全部已办结", when)
    send("mallory@elsewhere.example.com", raw)
    wrote.append(("mallory@elsewhere.example.com", sent_id(raw), "refused", day, "no token"))
    if day.month in (3, 9):
        raw = clients.huge(letter, f"bgs@{DOMAIN}", "见附件", when, 50)
        send(f"bgs@{DOMAIN}", raw)
        wrote.append((f"bgs@{DOMAIN}", sent_id(raw), "unclear", day, "50 MB"))
    if day.month == 6:
        stranger = b"From: ad@elsewhere.example.com\r\nTo: duban@ju.example.cn\r\nSubject: hello\r\nMessage-ID: <ad@x>\r\n\r\nbuy\r\n"
        send("ad@elsewhere.example.com", stranger)


def workdays():
    planned = json.loads(duban("--now", f"{YEAR}-01-01T08:00", "plan", "--from", f"{YEAR}-01-01", "--to", f"{YEAR}-12-31", "--json"))
    return sorted({datetime.date.fromisoformat(letter["send_at"][:10]) for letter in planned})


killed = {}
proxy = Proxy(DIR, int(ports["IMAPS"]))
write_configuration()
duban("check", ok=(0,))
duban("--now", f"{YEAR}-01-01T08:00", "run", "--once")
days = workdays()
months = set()
began = time.monotonic()
for day in days:
    duban("--now", f"{day}T08:30", "run", "--once", ok=(0,))
    settle()
    live(day)
    if day.month not in months and day.day > 15:
        months.add(day.month)
        hostile(day)
    settle()
    look(day)
    for row in history():
        if row["what"] == "done" and row["detail"]["closed"]:
            recorded_at.setdefault((row["deadline"], row["period"]), day)
    duban("--now", f"{day}T09:31", "run", "--once", ok=(0,))
    settle()
    # Reports about what went just now wait in the mailbox until tomorrow; the answers are read tomorrow.

duban("--now", f"{YEAR + 1}-01-01T09:00", "mailbox", "--once", ok=(0,))
wrong = []
came = json.loads(duban("incoming", "--all", "--json"))
by_id = {}
for row in came:
    by_id.setdefault(row["message_id"], []).append(row)

# What each message came to.
for sender, message_id, kind, day, words in wrote:
    rows = by_id.pop(message_id, [])
    outcome = [row["outcome"] for row in rows]
    if outcome != [kind]:
        wrong.append(f"{day} {sender} wrote {words!r}: {kind} was to come of it, and it was {outcome} {[r['detail'] for r in rows]}")
others = [row for rows in by_id.values() for row in rows]
if any(row["outcome"] not in ("bounced", "delayed") for row in others):
    wrong.append(f"recorded and written by nobody: {[r for r in others if r['outcome'] != 'bounced']}")

# What was recorded, from the audit trail, against what was written.
done = {}
for row in history():
    if row["what"] == "done":
        done.setdefault((row["deadline"], row["period"], row["who"]), []).append(row)
for key in done.keys() - expected.keys():
    wrong.append(f"recorded, and nobody wrote it: {key}")
closed = {(id_, period) for id_, period, _ in done}
for key in expected.keys() - done.keys():
    # Somebody else of the section may have been first.
    if key[:2] not in closed:
        wrong.append(f"written, and not recorded: {key}")
for key, rows in done.items():
    if len(rows) > 1 and key[0] != "all-a":
        wrong.append(f"recorded {len(rows)} times: {key}")

# The mailbox that is gone: every letter bounced and went through the admin.
letters = json.loads(duban("--now", f"{YEAR + 1}-01-01T09:00", "outbox", "--json", "--all"))
gone = [letter for letter in letters if letter["to"] == f"gone@{DOMAIN}"]
if not gone or any(letter["state"] != "bounced" for letter in gone if letter["send_on"][:10] < str(days[-1])):
    wrong.append(f"letters to a mailbox that is gone: {[(l['send_on'], l['state']) for l in gone if l['state'] != 'bounced']} of {len(gone)}")
reminded = {(r["deadline"], r["period"], r["detail"]["saying"]) for r in history() if r["what"] == "sent" and r["detail"]["to"] == f"gone@{DOMAIN}"}
through = {(r["deadline"], r["period"], r["detail"]["saying"]) for r in history() if r["what"] == "sent" and r["detail"]["behalf"] == f"gone@{DOMAIN}"}
# Of two that waited together the later one is said.
if len(reminded - through) > len(reminded) // 20 or not reminded:
    wrong.append(f"reminders that bounced and did not go through the admin: {sorted(reminded - through)} of {len(reminded)}")

# Machines are not answered, and nobody is more than three times a day.
answers = {}
for user in ("bgs", "fzk", "zjk", "dyk", "jcs"):
    for path in (DIR / "mail" / user).glob("*/*"):
        message = clients.read(path.read_bytes())[0] if path.is_file() else None
        if message and message["Auto-Submitted"] == "auto-replied":
            answers.setdefault((user, str(message["Date"])[:16]), []).append(message["Subject"])
if any(user == "zjk" for user, _ in answers):
    wrong.append("a machine was answered")
if any(len(list_) > 3 for list_ in answers.values()):
    wrong.append("answered more often than three times a day")
if seen["after done"]:
    wrong.append(f"reminded after it was recorded: {seen['after done'][:5]}")
left = [p.name for kind in ("new", "cur") for p in (DIR / "mail/duban" / kind).glob("*")]
if len(left) != 1:
    wrong.append(f"{len(left)} messages are left in the mailbox, the one of a stranger was to be")

counts = {}
for _, _, kind, *_ in wrote:
    counts[kind] = counts.get(kind, 0) + 1
bounces = sum(row["outcome"] == "bounced" for row in others)
print(f"{len(days)} days, {seen['reminders']} reminders read, {len(wrote)} messages written {counts}, {bounces} bounces ({len(gone)} letters to a mailbox that is gone), "
      f"{sum(len(a) for a in answers.values())} answers, {len(done)} reports recorded, killed {killed}; {time.monotonic() - began:.0f} s")
for line in wrong[:40]:
    print("WRONG", line)
sys.exit(bool(wrong))
