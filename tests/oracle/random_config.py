"""Writes a random, valid configuration into a directory: python3 random_config.py SEED DIR

The same seed gives the same files. Sections share mailboxes, have none, are left out of 各科室;
deadlines come in all forms, with leads, targets and overdue steps of their own.
"""

import random
import re
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["办公室", "基建科", "道运科", "公交科", "港航科", "法制科", "安监科", "质监科", "规划科", "机关党委"]
ENGLISH_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def text(value):
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, date)):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    return f'"{value}"'


def table(name, entries):
    return f"[[{name}]]\n" + "".join(f"{key} = {text(value)}\n" for key, value in entries.items())


class Draw:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chance(self, percent):
        return self.r.randrange(100) < percent

    def day(self):
        return self.r.choice([1, 5, 10, 15, 20, 25, 28, 29, 30, 31, self.r.randint(1, 31)])

    def month_day(self):
        """A month and a day that exist in a leap year."""
        month = self.r.randint(1, 12)
        return month, min(self.day(), 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)

    # --- roster ---

    def sections(self):
        names = self.r.sample(NAMES, self.r.randint(2, 8))
        boxes = [f"box{n}@example.test" for n in range(1, len(names) + 2)]
        leaders = [f"leader{n}@example.test" for n in range(1, 4)]
        result = []
        for index, name in enumerate(names):
            entry = {"name": name}
            if self.chance(85):
                entry["email"] = self.r.sample(boxes, self.r.choice([1, 1, 1, 2, 3])) if self.chance(35) else [boxes[index]]
            elif self.chance(50):
                entry["email"] = []
            if self.chance(75):
                entry["leader"] = self.r.sample(leaders, self.r.choice([1, 1, 2]))
                if self.chance(12):
                    entry["leader"] = [self.r.choice(boxes)]
            if index > 0 and self.chance(20):  # the first stays, so that 各科室 is never empty
                entry["in_all"] = False
            result.append(entry)
        return result

    def responsible(self, names):
        if self.chance(30):
            return ["各科室"]
        some = self.r.sample(names, self.r.randint(1, min(4, len(names))))
        return some + ["各科室"] if self.chance(25) else some

    # --- dates ---

    def due(self, plan_year):
        """(the words, the kind: what may be said beside them)"""
        r = self.r
        month, day = self.month_day()
        other = (month + r.randint(1, 11) - 1) % 12 + 1
        low, high = sorted([month, other])
        n = r.randint(2, 15)
        year = r.randint(2025, 2027)
        short = r.randint(1, 28)
        forms = {
            "yearly": [
                f"每年{month}月{day}日前", f"每年{month}月{day}日", f"yearly {month:02}-{day:02}", f"次年{month}月{day}日前",
                f"每年{month}月底前", "每年年底前", f"每年{month}月最后一个工作日", f"yearly last workday of {month:02}",
                f"每年{low}月{short}日、{high}月{short}日前", f"yearly {low:02}-{short:02}, {high:02}-{short:02}",
                f"年度终了后{r.randint(1, 5)}个月内", "每年至少1次", "每年不少于2次", "2次/年",
            ],
            "half": [
                f"每半年末月{short}日", f"half-yearly {short}", f"每半年结束后{n}日内", f"每年1月、7月{short}日前",
            ],
            "quarterly": [
                f"每季度末月{short}日", "每季度末", f"quarterly {short}", "quarterly end", f"每季度首月{short}日前",
                f"每季度第二个月{short}日", f"每季度结束后{n}日内", f"季后{n}个工作日", f"{n} workdays after quarter", "每季度不少于2次",
            ],
            "monthly": [
                f"每月{self.day()}日", f"monthly {short}", "每月4日、14日、24日", f"次月{r.randint(1, 20)}日前", f"月后{r.randint(1, 10)}个工作日内",
                "每月最后一个工作日", f"每月第{r.randint(1, 9)}个工作日", "monthly last workday", "每月二十五日",
                f"每月{short}日前（遇节假日顺延）", f"每月{short}日前，遇节假日提前", f"每月{short}日前（遇节假日不顺延）",
            ],
            "weekly": [f"每周{r.choice('一二三四五六日')}", f"weekly {r.choice(ENGLISH_WEEKDAYS)}"],
            "other": [
                f"每单月{short}日", f"每双月{short}日", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
                "RRULE:FREQ=MONTHLY;BYDAY=-1FR", f"RRULE:FREQ=YEARLY;BYMONTH={low};BYMONTHDAY={short}",
            ],
            "once": [
                f"{year}年{month}月{min(day, 28)}日前", f"{year}-{month:02}-{short:02}", f"{year}年{month}月底前",
            ] + ([f"{month}月{short}日前"] * 3 if plan_year else []),
            "case": ["收到之日起20个工作日内", "15日内", "3个月内", "20 workdays after receipt", "举行前20个工作日"],
        }
        kind = r.choices(list(forms), weights=[30, 10, 18, 16, 5, 7, 9, 5])[0]
        return r.choice(forms[kind]), kind

    def target(self, kind, due):
        named = re.search(r"(\d+)月", due)
        # One month and day is no target of several dates.
        one = len(re.findall(r"\d+月|\d-\d", due)) == 1 and "、" not in due
        if kind in ("yearly", "once") and one and named and int(named[1]) > 1 and self.chance(50):
            # A month and day alone is a date of the same year: a later one would be refused.
            return f"{self.r.randint(1, int(named[1]) - 1)}月{self.r.randint(1, 28)}日"
        longest = {"yearly": 60, "once": 60, "half": 40, "quarterly": 20, "monthly": 8, "other": 10}[kind]
        n = self.r.randint(1, longest)
        return self.r.choice([f"提前{n}天", f"提前{n}个工作日"])

    def remind(self):
        days = sorted(self.r.sample([1, 2, 3, 5, 7, 10, 14, 15, 20, 30, 45, 60], self.r.randint(1, 4)), reverse=True)
        workdays = sorted(self.r.sample([1, 2, 3, 5, 7, 10, 15], self.r.randint(1, 4)), reverse=True)
        leads = [f"{n}天" for n in days] if self.chance(60) else []
        leads += [f"{n}个工作日" for n in workdays] if self.chance(60) or not leads else []
        return leads + ["当天"] if self.chance(70) else leads

    def overdue(self):
        return sorted(self.r.sample([1, 2, 3, 4, 5, 8, 10, 13, 20, 30], self.r.randint(1, 5)))

    # --- deadlines ---

    def deadline(self, number, names, plan_year):
        due, kind = self.due(plan_year)
        entry = {"id": f"random-{number}", "title": f"办理第{number}件事", "due": due, "sections": self.responsible(names)}
        if kind not in ("case", "weekly") and self.chance(35):
            entry["target"] = self.target(kind, due)
        named = [s for s in entry["sections"] if s != "各科室"]
        if named and self.chance(40):
            entry["lead"] = named[0]
            if self.chance(30):
                entry["help_by"] = self.r.choice(["提前5个工作日", "3个工作日", "提前10天"])
        if self.chance(30):
            entry["remind"] = self.remind()
        if self.chance(25):
            entry["overdue"] = self.overdue()
        if self.chance(20):
            entry["done"] = "any" if "help_by" in entry else self.r.choice(["each", "any"])
        if kind != "case" and self.chance(20):
            entry["since"] = date(2024, 6, 1) + timedelta(days=self.r.randint(0, 700))
        if self.chance(8):
            entry["off"] = True
        if self.chance(30):
            entry["bureau_default"] = True
        return entry

    def file_keys(self):
        keys = {}
        if self.chance(25):
            keys["remind"] = self.remind()
        if self.chance(20):
            keys["overdue"] = self.overdue()
        return keys


def plan_file(keys, tables):
    return "".join(f"{key} = {text(value)}\n" for key, value in keys.items()) + "\n" + "\n".join(tables)


def write(seed, directory):
    draw = Draw(seed)
    files = {}
    sections = draw.sections()
    names = [s["name"] for s in sections]
    send_at = draw.r.choice(["08:30", "08:30", "08:00", "09:15"])
    admins = draw.r.choice([["admin@example.test"], ["admin@example.test", "admin2@example.test"], ["box1@example.test"]])
    files["duban.toml"] = f"""timezone  = "Asia/Shanghai"
send_at   = "{send_at}"
window    = "{send_at}-18:00"
database  = "duban.db"
deadlines = "deadlines.toml"
admin     = {text(admins)}
contact   = "办公室 电话 0750-0000000"

[mail]
from      = "提醒 <duban@example.test>"
transport = "folder"
folder    = "mail"
"""
    # Some deadlines stand in the main file, some in one it includes, some in deadlines.d.
    included, beside = draw.chance(50), draw.chance(40)
    places = ["main"] * 3 + ["included"] * 2 * included + ["beside"] * beside
    keys = {
        "main": ({"include": ["plan/plan.toml"]} if included else {}) | draw.file_keys(),
        "included": {"year": draw.r.randint(2025, 2026)} | draw.file_keys(),
        "beside": draw.file_keys(),
    }
    tables = {"main": [table("section", s) for s in sections], "included": [], "beside": []}
    for number in range(1, draw.r.randint(3, 15) + 1):
        place = draw.r.choice(places)
        tables[place].append(table("deadline", draw.deadline(number, names, keys[place].get("year"))))
    paths = {"main": "deadlines.toml"} | ({"included": "plan/plan.toml"} if included else {}) | ({"beside": "deadlines.d/more.toml"} if beside else {})
    for place, path in paths.items():
        files[path] = plan_file(keys[place], tables[place])
    for left_over in ("plan/plan.toml", "deadlines.d/more.toml"):  # of another seed
        (directory / left_over).unlink(missing_ok=True)
    for path, contents in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(contents, encoding="utf-8", newline="\n")
    shutil.copytree(ROOT / "config" / "holidays", directory / "holidays", dirs_exist_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("random_config.py SEED DIR")
    write(int(sys.argv[1]), Path(sys.argv[2]))
