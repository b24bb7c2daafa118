#!/usr/bin/env python3
"""The handbook is true: every command in it is run, every configuration checked, every output compared.

Usage: handbook.py DUBAN [unittest arguments]. Standard library only; writes nothing outside of a folder of its own.

What a block is for stands behind its language:
  sh [TIME] [exit=N]      run in the section's installation, as of TIME; the service has done its round before,
                          but right after a file was put there: an edit is looked at before the service takes it
  sh machine              needs an installed machine: its commands, flags and paths are looked up
  text                    what the sh block above it says; a line `…` is anything
  text shown              only to be read: nothing here can say it
  toml deadlines [FILE]   checked with a roster; with FILE also put into the section's installation
  toml deadlines refused  the text below is what `duban check` says of it
  toml settings [FILE]    the same for duban.toml, toml holidays FILE for a year's statutory days
  csv FILE                put beside the sh blocks
Each section (##) has an installation of its own, in force since 2026-01-05 09:00.
"""

import email
import email.message
import email.policy
import fnmatch
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUBAN = os.path.abspath(sys.argv.pop(1))
HANDBOOK = ROOT / "docs/handbook.zh-CN.md"
INSTALLED = "2026-01-05T09:00"  # a Monday, the first working day but one of the year
NOW = "2026-01-27T08:30"  # three working days before the annual report

# What the package brings, and what comes to be beside it.
FILES = """
/etc/duban /etc/duban/duban.toml /etc/duban/duban.toml.old-1 /etc/duban/deadlines.toml /etc/duban/deadlines.toml.old-1
/etc/duban/deadlines.d /etc/duban/deadlines.d/* /etc/duban/holidays /etc/duban/holidays/20[0-9][0-9].toml
/etc/duban/plans /etc/duban/plans/*.toml /etc/duban/credentials /etc/duban/credentials/smtp-password
/etc/duban/credentials/imap-password /etc/duban/credentials/link-key /etc/duban/ca.pem
/usr/bin/duban /usr/lib/duban/setup /usr/share/doc/duban /usr/share/doc/duban/examples /usr/share/doc/duban/examples/*
/home/duban-copy/* /var/lib/duban/.ssh /var/lib/duban/.ssh/*
/etc/systemd/system/duban.service.d /etc/systemd/system/duban.service.d/*.conf
/var/lib/duban /var/lib/duban/duban.db /var/lib/duban/duban.db.link-key /var/lib/duban/mail /var/lib/duban/mail/*.eml
/var/lib/duban/backup /var/lib/duban/backup/duban-20[0-9][0-9]-[0-9][0-9]-[0-9][0-9].db
/var/lib/duban/duban.db.replaced-*
""".split()
# Commands that a machine has.
PROGRAMS = "apt runuser systemctl journalctl cp mv mkdir chmod chown ls cat cd rm install openssl timedatectl ping nc scp tar rsync gpg nano date mount umount tee printf useradd ssh ssh-keygen /usr/lib/duban/setup".split()

# The forms of design, section 2.
FORMS = """
每年1月31日前|yearly 01-31|次年1月31日前|翌年1月31日前|下一年1月31日前
每年3月底前|每年12月31日|每年年底前
每年2月最后一个工作日|yearly last workday of 02
每年7月10日、12月20日前|yearly 07-10, 12-20
年度终了后4个月内|每半年结束后15日内
每半年末月20日|half-yearly 20|每年1月、7月15日前
每季度末月20日|每季度末|quarterly 20|quarterly end
每季度首月10日前|每季度第二个月10日
每季度结束后15日内|季后10个工作日|10 workdays after quarter
每月25日|monthly 25|每月4日、14日、24日
次月5日前|月后7个工作日内
每月最后一个工作日|每月第3个工作日|monthly last workday
每周五|weekly fri
每单月10日|每双月10日|自2026年起每两年3月1日前
2026年9月30日前|2026-09-30|2026年9月底前
9月30日前
每年至少1次|每季度不少于2次|2次/年
收到之日起20个工作日内|15日内|3个月内|20 workdays after receipt
举行前20个工作日|20 workdays before the event
RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU
""".replace("\n", "|").strip("|").split("|")

# What the admin's letters are called, as src/letter has it.
SUBJECTS = [
    "督办已启动", "新配置已生效", "期未办结的（共", "新配置有误，未生效，仍按原配置运行", "邮箱退信，请更正", "封邮件迟迟没有发出，请查邮件服务器",
    "年放假安排，请补充，现按周一至周五暂算", "，请答复：", "名册以外的邮箱登记了，请核对", "名册以外的邮箱凭回复编号来信", "检查期限停了，提醒发不出去，请查看",
    "检查期限中断过，现已恢复", "邮件服务器拒收过本系统的信，现已恢复", "收信邮箱读不了，回信登记暂停，请查看", "数据库损坏，已停止提醒，请马上恢复", "数据库退回去过，回信正在重读，请核对",
    "已从备份恢复，其间的提醒不补发，请核对", "已从备份恢复，其间的发信和登记都已带回", "已从备份恢复，个别提醒可能重发，请核对登记",
    "已从备份恢复，部分提醒会重发，请核对登记", "本周督办：", "测试邮件：收到即说明发信正常",
]
NOTICES = "Started Reloaded Waits ConfigRejected Undeliverable Stuck HolidayMissing Asked Stranger Strangers SweepsFail Swept Refused MailboxDown Restored WentBack Damaged Weekly Test".split()


class Block:
    def __init__(self, line, info, body, section):
        self.line, self.words, self.body, self.section = line, info.split(), body, section

    def __str__(self):
        return f"handbook.zh-CN.md:{self.line}: ```{' '.join(self.words)}"


def read():
    """The blocks, and the text without them."""
    blocks, prose, section, open_ = [], [], "", None
    for number, line in enumerate(HANDBOOK.read_text().splitlines(), 1):
        if open_ is not None:
            if line == "```":
                blocks.append(Block(open_[0], open_[1], "\n".join(open_[2]), section))
                open_ = None
            else:
                open_[2].append(line)
            prose.append("")
        elif line.startswith("```"):
            open_ = (number, line[3:], [])
            prose.append("```")
        else:
            section = line if line.startswith("## ") else section
            prose.append(line)
    assert open_ is None, "a block has no end"
    return blocks, prose


def source(path):
    return (ROOT / "src" / path).read_text()


def keys(path, name="KEYS"):
    """The words of `const NAME: &[&str] = &[…];`."""
    found = re.search(rf"const {name}: &\[&str\] =\s*&\[(.*?)\];", source(path), re.S)
    return re.findall(r'"([a-z_]+)"', found[1])


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").replace("\\|", "\0").split("|")]


def code(text):
    return re.findall(r"`([^`]+)`", text)


def fits(expected, said):
    """Line by line; `…` is any lines, or none."""
    parts = [[]]
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "…":
            parts.append([])
        else:
            parts[-1].append(line.rstrip())
    pattern = r"(?:.*\n)*?".join("".join(re.escape(line) + "\n" for line in part) for part in parts)
    text = "".join(line.rstrip() + "\n" for line in said.rstrip("\n").split("\n"))
    return re.fullmatch(pattern, text) is not None


class Installation:
    """/etc/duban and /var/lib/duban, in a folder; what is said has the names that a reader has."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="duban-"))
        self.etc, self.var = self.root / "etc/duban", self.root / "var/lib/duban"
        (self.etc / "plans").mkdir(parents=True)
        (self.etc / "deadlines.d").mkdir()
        self.var.mkdir(parents=True)
        self.home = self.root / "root"
        self.home.mkdir()
        shutil.copytree(ROOT / "config/holidays", self.etc / "holidays")
        for path in (ROOT / "seeds").glob("*.toml"):
            shutil.copy(path, self.etc / "plans")
        for name in ("duban.toml", "deadlines.toml"):
            text = (ROOT / "config" / name).read_text()
            text = text.replace('"../var/', f'"{self.var}/').replace('"../seeds/', '"plans/')
            (self.etc / name).write_text(text)
        (self.etc / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
        # `duban` as a reader types it, as of the block's time.
        bin_ = self.root / "bin"
        bin_.mkdir()
        shim = bin_ / "duban"
        shim.write_text(f'#!/bin/sh\ncase " $* " in *" --now "*|*" --help "*|*" --version "*) exec {shlex.quote(DUBAN)} "$@";; esac\n'
                        f'exec {shlex.quote(DUBAN)} "$@" --now "$DUBAN_TEST_NOW"\n')
        shim.chmod(0o755)
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("DUBAN")},
                    "PATH": f"{bin_}:{os.environ['PATH']}", "DUBAN_CONFIG": str(self.etc / "duban.toml"), "LC_ALL": "C.UTF-8",
                    "CREDENTIALS_DIRECTORY": str(self.root / "none"),
                    "DUBAN__MAIL__SMTP__PASSWORD": "x", "DUBAN__MAILBOX__PASSWORD": "x"}

    def sh(self, script, now=NOW, both=True):
        for place in ("/etc/duban", "/var/lib/duban"):
            script = re.sub(rf"(?<![\w/.]){place}(?![\w-])", f"{self.root}{place}", script)
        done = subprocess.run(["bash", "-e", "-c", script], cwd=self.home, env={**self.env, "DUBAN_TEST_NOW": now}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT if both else subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.replace(str(self.root), "")

    def turn(self, now):
        """What the running service has done by then."""
        return self.sh("duban run --once >/dev/null", now)

    def end(self):
        shutil.rmtree(self.root)


def settings(fragment):
    """A fragment of duban.toml with what it needs beside it."""
    needed = {"": {"database": '"duban.db"', "admin": '["a@example.test"]', "contact": '"办公室 电话 0750-0000000"'},
              "mail": {"from": '"duban@example.test"', "transport": '"folder"', "folder": '"mail"'}}
    tables, order = {"": []}, [""]
    for line in fragment.splitlines():
        if header := re.match(r"\[([a-z.]+)\]", line):
            order.append(header[1])
            tables[header[1]] = []
        else:
            tables[order[-1]].append(line)
    if "mail" not in tables:
        order.insert(1, "mail")
        tables["mail"] = []
    text = ""
    for name in order:
        text += f"[{name}]\n" if name else ""
        given = {m[1] for line in tables[name] if (m := re.match(r"([a-z_]+)\s*=", line))}
        text += "".join(f"{key} = {value}\n" for key, value in needed.get(name, {}).items() if key not in given)
        text += "\n".join(tables[name]) + "\n"
    return text


def deadlines(fragment):
    """A fragment of deadlines.toml with the sections it may speak of."""
    names = re.findall(r'^name\s*=\s*"(.+?)"', fragment, re.M)
    roster = "".join(f'[[section]]\nname = "{name}"\nemail = ["s{n}@example.test"]\nleader = ["l{n}@example.test"]\n'
                     for n, name in enumerate("办公室 法制科 安监科 基建科 公交科".split()) if name not in names)
    some = "" if "[[deadline]]" in fragment or "include" in fragment else \
        '[[deadline]]\nid = "some"\ntitle = "报送"\ndue = "每年6月30日前"\nsections = ["办公室"]\n'
    return f"{fragment}\n{roster}{some}"


class Handbook(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.blocks, cls.prose = read()
        cls.text = HANDBOOK.read_text()
        cls.help = {"": cls.duban("--help")}
        cls.commands = re.findall(r"^  ([a-z][a-z-]+)  ", cls.help[""].split("命令:")[1].split("选项:")[0], re.M)
        cls.help |= {name: cls.duban(name, "--help") for name in cls.commands}
        cls.help["outbox retry"] = cls.duban("outbox", "retry", "--help")
        cls.help["holidays"] = cls.duban("holidays", "import", "--help")

    @staticmethod
    def duban(*args):
        return subprocess.run([DUBAN, *args], capture_output=True, text=True, timeout=60).stdout

    def installation(self):
        made = Installation()
        self.addCleanup(made.end)
        return made

    # Blocks

    def test_every_block_is_marked(self):
        before = None
        for block in self.blocks:
            kind, *more = block.words or [""]
            about = " ".join(more)
            good = {
                "sh": lambda: about == "machine" or all(re.fullmatch(r"exit=\d+|20\d\d-\d\d-\d\dT\d\d:\d\d", w) for w in more),
                "text": lambda: about == "shown" or (not more and before is not None
                                                     and (before.words[0] == "sh" or "refused" in before.words)),
                "toml": lambda: re.fullmatch(r"(deadlines|settings|holidays)( refused| [\w./-]+\.toml)?", about),
                "csv": lambda: re.fullmatch(r"[\w.-]+\.csv", about),
            }.get(kind, lambda: False)()
            self.assertTrue(good, f"{block}: not a marking that is known")
            before = block

    def test_commands_say_what_the_handbook_shows(self):
        """Also what is put into files between them."""
        section, place, edited = None, None, False
        for n, block in enumerate(self.blocks):
            if block.section != section:
                section, place = block.section, self.installation()
                self.assertEqual(place.turn(INSTALLED)[0], 0)
            kind, *more = block.words
            if kind == "csv":
                (place.home / more[0]).write_text(block.body + "\n")
            elif kind == "toml" and more[-1].endswith(".toml"):
                path = place.etc / ("holidays/" if more[0] == "holidays" else "") / more[-1]
                path.write_text(block.body + "\n")
                edited = True
            elif kind == "sh" and more != ["machine"]:
                now = next((word for word in more if "T" in word), NOW)
                code_wanted = next((int(word[5:]) for word in more if word.startswith("exit=")), 0)
                with self.subTest(str(block)):
                    # An edit is looked at before the service has taken it.
                    if not edited:
                        place.turn(now)
                    edited = False
                    exit_code, said = place.sh(block.body, now)
                    self.assertEqual(exit_code, code_wanted, f"{block}\n{said}")
                    after = self.blocks[n + 1] if n + 1 < len(self.blocks) else None
                    if after is not None and after.words == ["text"]:
                        self.assertTrue(fits(after.body, said), f"{after}: it says\n{said}")

    def test_configurations_are_as_the_handbook_says(self):
        place = self.installation()
        main, plan = place.etc / "duban.toml", place.etc / "deadlines.toml"
        whole = main.read_text(), plan.read_text()
        for n, block in enumerate(self.blocks):
            if block.words[0] != "toml":
                continue
            with self.subTest(str(block)):
                main.write_text(whole[0])
                plan.write_text(whole[1])
                kind, *more = block.words[1:]
                if kind == "deadlines":
                    plan.write_text(deadlines(block.body))
                elif kind == "settings":
                    main.write_text(settings(block.body))
                else:
                    (place.etc / "holidays" / more[-1]).write_text(block.body + "\n")
                exit_code, said = place.sh("duban check")
                if more == ["refused"]:
                    self.assertEqual(exit_code, 1, said)
                    self.assertTrue(fits(self.blocks[n + 1].body, said), f"{block}: it says\n{said}")
                else:
                    self.assertEqual(exit_code, 0, f"{block}\n{said}")
                    self.assertNotIn("注意：", said, f"{block}: it warns")

    def calls(self, script):
        """`duban …` in a script: the subcommand, and what stands behind it."""
        for line in script.replace("\\\n", " ").splitlines():
            try:
                words = shlex.split(line, comments=True)
            except ValueError:
                words = line.split()
            for at, word in enumerate(words):
                if word == "duban" and at + 1 < len(words) and (at == 0 or words[at - 1] not in ("systemctl", "status", "restart", "start", "stop", "reload", "-u", "-o", "-g", "--now", "install", "remove", "purge")):
                    yield words[at + 1:]

    def check_call(self, words, where):
        sub = next((word for word in words if not word.startswith("-")), "")
        if sub:
            self.assertIn(sub, self.commands, where)
        sub = "outbox retry" if words[:2] == ["outbox", "retry"] else sub
        for word in words:
            if word in ("|", "&&", ">", ";"):
                break
            if word.startswith("--"):
                self.assertRegex(self.help[sub], rf"{re.escape(word.split('=')[0])}(?![\w-])", where)

    def test_what_needs_a_machine_is_at_least_there(self):
        for block in self.blocks:
            if block.words[:2] != ["sh", "machine"]:
                continue
            with self.subTest(str(block)):
                for words in self.calls(block.body):
                    self.check_call(words, str(block))
                for line in block.body.replace("\\\n", " ").splitlines():
                    words = [w for w in line.split("#")[0].split() if w not in ("|", "&&")]
                    if words and words[0] not in PROGRAMS + ["duban"]:
                        self.fail(f"{block}: no such program: {words[0]}")
                for path in re.findall(r"(?<![\w.:])(/(?:etc|var|usr)/[\w./*-]+)", block.body):
                    self.assertTrue(any(fnmatch.fnmatch(path.rstrip("/."), name) for name in FILES), f"{block}: no such file: {path}")

    def test_commands_in_the_text_are_there(self):
        for number, line in enumerate(self.prose, 1):
            for piece in code(line):
                for words in self.calls(piece):
                    if re.match(r"[a-z]", words[0]):
                        self.check_call(words, f"handbook.zh-CN.md:{number}: {piece}")

    # What must be in it

    def rows(self, heading):
        """The tables' rows under a heading, until the next of its rank."""
        start = next(n for n, line in enumerate(self.prose) if line == heading)
        rank = len(heading.split()[0])
        rows = []
        for line in self.prose[start + 1:]:
            if (m := re.match("(#+) ", line)) and len(m[1]) <= rank:
                break
            if line.startswith("|") and not re.match(r"\|[ :|-]+\|$", line):
                rows.append(cells(line))
        return rows

    def test_every_command_has_its_line(self):
        rows = self.rows("## 附：每个命令")
        listed = {words[0] for row in rows for piece in code(row[0]) for words in self.calls(piece)}
        self.assertEqual(set(self.commands) - listed, set())
        self.assertEqual(listed - set(self.commands), set())

    def test_every_setting_has_its_line(self):
        tables = {"": keys("config/settings/mod.rs", "TOP"), "mail": keys("config/settings/mod.rs", "MAIL"),
                  "mail.smtp": keys("config/settings/smtp.rs"), "mailbox": keys("config/settings/inbox.rs"), "web": keys("config/settings/web.rs")}
        known = {f"{table}.{key}".strip(".") for table, names in tables.items() for key in names} - set(tables)
        known -= {"mail.smtp"}
        rows = self.rows("## 附：duban.toml 的每一项")
        listed = {code(row[0])[0]: row for row in rows if code(row[0])}
        self.assertEqual(set(listed), known)
        # The ranges are those that the program keeps.
        place = self.installation()
        main = place.etc / "duban.toml"
        for path, row in listed.items():
            if not (numbers := re.search(r"(\d+)–(\d+)", row[2])):
                continue
            table, _, key = path.rpartition(".")
            extra = {"mail.smtp": 'host = "x.test"\n', "mailbox": 'host = "x.test"\nusername = "a@example.test"\n'}[table]
            low, high = int(numbers[1]), int(numbers[2])
            for value, good in ((low, True), (high, True), (low - 1, False), (high + 1, False)):
                main.write_text(settings(f"[{table}]\n{extra}{key} = {value}\n"))
                exit_code, said = place.sh("duban check")
                self.assertEqual(exit_code == 0, good, f"{path} = {value}: {said}")

    def test_every_key_of_a_deadline_has_its_line(self):
        for heading, path, name in (("### 事项的每一项", "config/plan/deadlines.rs", "KEYS"), ("### 文件开头的几项", "config/plan/mod.rs", "TOP"),
                                    ("### 科室的每一项", "config/plan/sections.rs", "KEYS"), ("### 放假文件的每一项", "config/plan/holidays.rs", "KEYS")):
            listed = {code(row[0])[0] for row in self.rows(heading) if code(row[0])}
            self.assertEqual(listed, set(keys(path, name)) - {"section", "deadline"}, heading)

    def test_every_trouble_and_letter_is_explained(self):
        names = re.search(r"NAMES: \[&str; \d+\] =\s*\[(.*?)\];", source("service/house/troubles.rs"), re.S)[1]
        listed = {piece for row in self.rows("### `duban status` 里的“问题”") for piece in code(row[1])}
        self.assertEqual(set(re.findall(r'"(\w+)"', names)) - listed, set())
        spoken = "".join(source(f"letter/{name}.rs") for name in ("notice", "restored", "weekly"))
        letters = "\n".join(row[0] for row in self.rows("### 写给管理员的信"))
        for subject in SUBJECTS:
            self.assertIn(subject, spoken, "the program does not say it any more")
            self.assertIn(subject, letters)
        enum = re.search(r"pub enum Notice \{(.*?)\n\}", source("letter/notice.rs"), re.S)[1]
        self.assertEqual(re.findall(r"^    ([A-Z]\w+)", enum, re.M), NOTICES, "a letter that the handbook does not know")
        for metric in re.findall(r'register(?:_with_unit)?\(\s*"(\w+)"', source("web/board/metrics.rs")):
            self.assertIn(f"`duban_{metric}", self.text)
        for exit_code in (0, 1, 2, 75, 243):
            self.assertIn(f"`{exit_code}", "\n".join(row[0] for row in self.rows("### 退出码")))

    def test_links_lead_somewhere(self):
        headings = [re.sub(r"^#+ ", "", line) for line in self.prose if re.match("#+ ", line)]
        anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
        targets = re.findall(r"\]\(([^)\s]+)\)", "\n".join(self.prose))
        for target in targets:
            path, _, anchor = target.partition("#")
            if target.startswith(("http:", "https:")):
                continue
            if path:
                self.assertTrue((HANDBOOK.parent / path).exists(), target)
            else:
                self.assertIn(anchor, anchors)
        for needed in ("mail-faults.zh-CN.md", "threat-model.zh-CN.md"):
            self.assertIn(needed, targets)

    # The words of `due`

    def test_every_form_gives_the_dates_of_the_table(self):
        rows = [row for row in self.rows("### `due` 的每一种写法") if code(row[0])]
        written = {form: row for row in rows for form in code(row[0])}
        self.assertEqual([form for form in FORMS if form not in written], [])
        place = self.installation()
        plain, of_2026, cases = [], [], []
        for n, (form, row) in enumerate(written.items()):
            entry = f'[[deadline]]\nid = "d{n}"\ntitle = "报送"\ndue = "{form}"\nsections = ["办公室"]\n'
            of = cases if "起算" in row[3] or "倒数" in row[3] else of_2026 if "year = 2026" in row[1] else plain
            of.append((f"d{n}", form, row, entry))
        (place.etc / "deadlines.toml").write_text(deadlines("".join(e for *_, e in plain + cases)))
        (place.etc / "deadlines.d/2026.toml").write_text("year = 2026\n" + "".join(e for *_, e in of_2026))
        exit_code, said = place.sh("duban check", INSTALLED)
        self.assertEqual(exit_code, 0, said)
        letters = json.loads(place.sh("duban plan --from 2026-01-05 --to 2029-12-31 --json", INSTALLED, both=False)[1])
        dates = {}
        for letter in letters:
            for reminder in letter["reminders"]:
                dates.setdefault(reminder["deadline"], set()).add((reminder["due"], reminder["period"]))
        for id_, form, row, _ in plain + of_2026:
            shown = list(zip(re.findall(r"\d{4}-\d\d-\d\d", row[3]), code(row[2])))
            self.assertTrue(shown and len(shown) == len(code(row[2])), row)
            self.assertEqual(sorted(dates[id_])[:len(shown)], shown, form)
        self.assertTrue(cases)
        place.turn(INSTALLED)
        for id_, form, row, _ in cases:
            on, due = re.findall(r"\d{4}-\d\d-\d\d", row[3])
            exit_code, said = place.sh(f"duban open {id_} --on {on} --ref {id_}", INSTALLED)
            self.assertEqual(exit_code, 0, said)
            self.assertIn(f"规定期限 {due}", said, form)

    def test_every_refusal_is_as_the_table_says(self):
        rows = [row for row in self.rows("### 写了不收的") if code(row[0])]
        self.assertGreater(len(rows), 8)
        place = self.installation()
        for row in rows:
            for form in code(row[0]):
                entry = f'[[deadline]]\nid = "d"\ntitle = "报送"\ndue = "{form}"\nsections = ["办公室"]\n'
                (place.etc / "deadlines.toml").write_text(deadlines(entry))
                exit_code, said = place.sh("duban check", INSTALLED)
                self.assertEqual(exit_code, 1, f"{form}: taken")
                for instead in code(row[2]):
                    self.assertIn(f"“{instead}”", said, form)
                    (place.etc / "deadlines.toml").write_text(deadlines(entry.replace(form, instead)))
                    self.assertEqual(place.sh("duban check", INSTALLED)[0], 0, instead)

    # Replies

    def test_every_reply_is_recorded_as_the_table_says(self):
        rows = [row for row in self.rows("### 科室：收到信以后") if code(row[0])]
        self.assertGreater(len(rows), 4)
        words = {"办结": "已登记办结", "报不能按期": "已报不能按期", "报不适用": "已报不适用", "上次登记错了": "已撤回",
                 "配合科室": "材料已报", "记下进展": "进展已记下", "记下签收": "表示收到"}
        for form, row in ((form, row) for row in rows for form in code(row[0])):
            place = self.installation()
            main = place.etc / "duban.toml"
            main.write_text(main.read_text() + '\n[mailbox]\nhost = "x.test"\nusername = "duban@example.test"\n')
            place.turn(INSTALLED)
            place.turn(NOW)
            # A section that may report one of its items, or the one that leads all of them.
            # The second of 机关党委 is one that it helps with.
            who = "jgdw" if row[1].startswith("配合") else "bgs" if "①" in form or "全部" in form else "zjk"
            path = next(place.var.glob(f"mail/20260127*-{who}@*.eml"))
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for n, text in enumerate(["已办结"] * (form == "撤回") + [form]):
                reply = email.message.EmailMessage()
                reply["From"], reply["To"] = f"{who}@example.test", "duban@example.test"
                reply["Subject"], reply["Message-ID"] = f"回复：{letter['subject']}", f"<{n}@example.test>"
                reply["In-Reply-To"] = letter["message-id"]
                reply.set_content(text + "\n")
                (place.home / "reply.eml").write_bytes(bytes(reply))
                place.sh("duban mail-in <reply.eml", "2026-01-27T09:00")
            lines = place.sh("duban incoming --all", "2026-01-27T09:00")[1].splitlines()
            last = max(n for n, line in enumerate(lines) if line[:1].isdigit())
            # The last row's last column, which wraps.
            said = "".join(line.split("  ")[-1].strip() for line in lines[last:])
            wanted = next((word for start, word in words.items() if row[1].startswith(start)), "已登记办结")
            self.assertIn(wanted, said, form)


if __name__ == "__main__":
    unittest.main()
