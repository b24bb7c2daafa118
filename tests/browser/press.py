#!/usr/bin/env python3
"""A person at the pages: Chromium presses through them, on a desk and on a phone, light and dark, and by the keyboard
alone. axe-core looks at each of them where AXE names its axe.min.js.

Usage: press.py DUBAN [FOLDER FOR PICTURES]. Loopback only.
"""

import base64
import datetime
import email
import email.policy
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUBAN = sys.argv[1]
PICTURES = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
AXE = pathlib.Path(os.environ["AXE"]).read_text() if "AXE" in os.environ else None
PLAN = """
[[section]]
name   = "办公室"
email  = ["bgs@example.test"]
[[section]]
name   = "法制科"
email  = ["fzk@example.test"]
[[section]]
name   = "公路科"
email  = ["glk@example.test"]

[[deadline]]
id       = "annual-report"
item     = 31
title    = "发布上一年度《政府信息公开工作年度报告》"
due      = "{due}"
sections = ["办公室"]
since    = "2020-01-01"
remind   = ["90天"]
basis    = "《中华人民共和国政府信息公开条例》第五十条"
steps    = ["收集各科室数据", "起草报告并送分管领导审定", "在门户网站发布"]

[[deadline]]
id       = "directory"
item     = 4
title    = "更新政府信息公开指南和目录"
due      = "{due}"
sections = ["法制科"]
since    = "2020-01-01"
remind   = ["90天"]

[[deadline]]
id       = "training"
title    = "组织政务公开业务培训"
due      = "{due}"
sections = ["公路科", "法制科"]
lead     = "公路科"
since    = "2020-01-01"
remind   = ["90天"]

[[deadline]]
id       = "catalogue"
title    = "主动公开目录动态更新，核对已公开文件的有效性和链接"
due      = "{due}"
sections = ["公路科"]
since    = "2020-01-01"
remind   = ["90天"]

[[deadline]]
id       = "columns"
title    = "检查门户网站专栏"
due      = "{due}"
sections = ["公路科"]
since    = "2020-01-01"
remind   = ["90天"]
"""


def until(true, what, seconds=20):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.2)
    return found


class Bureau:
    """A folder with a plan, a service, and the letters it writes."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{free.getsockname()[1]}"
        shutil.copytree(ROOT / "config", self.dir / "config")
        due = datetime.date.today() + datetime.timedelta(days=40)
        (self.dir / "config/deadlines.toml").write_text(PLAN.format(due=due))
        self.env = {**os.environ, "DUBAN__WEB__LISTEN": self.base[7:], "DUBAN__WEB__BASE_URL": self.base}
        self.write_letters()
        self.service = subprocess.Popen(self.command("run"), env=self.env)

        def is_served():
            try:
                return urllib.request.urlopen(self.base + "/style.css", timeout=2).status == 200
            except OSError:
                return False

        until(is_served, "the pages")

    def command(self, *args):
        return [DUBAN, *args, "--config", str(self.dir / "config/duban.toml")]

    def write_letters(self):
        """As of the latest working day on which letters go out."""
        day = datetime.date.today()
        for _ in range(20):
            shutil.rmtree(self.dir / "var", ignore_errors=True)
            subprocess.run(self.command("run", "--once", "--now", f"{day}T09:00"), env=self.env, check=False)
            if self.link("bgs@example.test", "/r/"):
                return
            day -= datetime.timedelta(days=1)
        raise AssertionError("no letter with a link")

    def link(self, to, page):
        """From the latest letter to this mailbox that has such a link."""
        for path in sorted((self.dir / "var/mail").glob("*.eml"), reverse=True):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = letter.get_body(("plain",)).get_content()
            if letter["to"] == to and (found := re.search(re.escape(self.base + page) + r"\S+", text)):
                return found[0]
        return None

    def printed_link(self, *whose):
        """The board's address, as `duban link` prints it."""
        said = subprocess.run(self.command("link", *whose), env=self.env, check=True, capture_output=True, text=True)
        return re.search(re.escape(self.base) + r"/[as]/[\w-]+", said.stdout)[0]

    def close(self):
        self.service.terminate()
        assert self.service.wait(20) == 0
        shutil.rmtree(self.dir)


class Person:
    def __init__(self):
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--lang=zh-CN", "--hide-scrollbars"):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)

    def cdp(self, command, **values):
        return self.driver.execute_cdp_cmd(command, values)

    def picture(self, name):
        """At both widths, light and dark."""
        for width in (1200, 390):
            self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
            for scheme in ("light", "dark"):
                self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                wide = self.driver.execute_script("return document.documentElement.scrollWidth")
                assert wide <= width, f"{name}: {wide} px wide on {width}"
                self.judge(f"{name}, {width} px, {scheme}")
                if PICTURES:
                    height = self.driver.execute_script("return document.documentElement.scrollHeight")
                    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
                    shot = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
                    PICTURES.mkdir(parents=True, exist_ok=True)
                    (PICTURES / f"{name}-{width}-{scheme}.png").write_bytes(base64.b64decode(shot))

    def judge(self, name):
        """By axe-core, in a world of its own: no policy of the page's lets a script in."""
        if not AXE:
            return
        frame = self.cdp("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self.cdp("Page.createIsolatedWorld", frameId=frame)["executionContextId"]
        run = "axe.run().then(found => found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + n.failureSummary)))"
        self.cdp("Runtime.evaluate", expression=AXE, contextId=world)
        found = self.cdp("Runtime.evaluate", expression=run, contextId=world, awaitPromise=True, returnByValue=True)
        faults = found["result"].get("value")
        assert faults == [], f"{name}: {faults or found}"

    def keys(self, *keys):
        """Where the focus is, as without a mouse."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def printed(self, name):
        """On how many sheets of A4."""
        sheets = base64.b64decode(self.cdp("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
        if PICTURES:
            (PICTURES / f"{name}.pdf").write_bytes(sheets)
        return len(re.findall(rb"/Type\s*/Page\b", sheets))

    def fill(self, **fields):
        for name, text in fields.items():
            field = self.driver.find_element(By.ID, name.replace("_by", "-by") if name == "undo_by" else name)
            if field.get_attribute("type") == "date":
                self.driver.execute_script("arguments[0].value = arguments[1]", field, text)
            else:
                field.clear()
                field.send_keys(text)

    def choose(self, value):
        self.driver.find_element(By.CSS_SELECTOR, f"input[value={value}]").click()

    def press(self, words):
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.find_element(By.XPATH, f"//button[text()='{words}']").click()

        def is_new():
            try:
                return self.driver.find_element(By.TAG_NAME, "html") != before
            except Exception:
                return False

        until(is_new, "the next page")

    def reads(self, *words):
        text = self.driver.find_element(By.TAG_NAME, "body").text
        for word in words:
            assert word in text, f"{word} is not in:\n{text}"

    def misses(self, *words):
        text = self.driver.find_element(By.TAG_NAME, "body").text
        for word in words:
            assert word not in text, f"{word} is in:\n{text}"


def main():
    bureau, person = Bureau(), Person()
    driver = person.driver
    try:
        driver.get(bureau.link("bgs@example.test", "/r/"))
        person.reads("政府信息公开工作年度报告", "还剩", "经办人", "已办结", "不能按期", "不适用")
        assert not driver.find_elements(By.CSS_SELECTOR, "input:checked"), "nothing is preset"
        person.picture("report")

        report = driver.current_url
        driver.get(f"{report}/explain")
        person.reads("期限计算书", "推算", "逾期", "政府信息公开工作年度报告")
        person.picture("explain")
        pages = person.printed("explain")
        assert pages == 1, f"the account is printed on {pages} sheets"
        driver.get(report)

        person.press("提交")
        person.reads("请填经办人姓名", "请选择一项办理情况")
        person.picture("untouched")

        person.fill(by="张三", evidence="粤江交办〔2026〕5号", note="已在门户网站发布")
        person.choose("done")
        person.press("提交")
        person.reads("已办结", "张三（办公室）", "粤江交办〔2026〕5号", "撤回")
        person.misses("请补正")
        person.picture("recorded")

        driver.refresh()
        person.reads("张三（办公室）")
        person.fill(undo_by="李四")
        person.press("撤回办结登记")
        person.reads("还剩", "提交")
        person.misses("张三（办公室）")

        # Back to the form that is spent, and once more.
        driver.back()
        driver.back()
        if driver.find_elements(By.ID, "by"):
            person.fill(by="张三")
            person.choose("done")
            person.press("提交")
            person.reads("页面打开太久，或刚有新的登记")

        driver.get(bureau.link("fzk@example.test", "/r/"))
        expected = (datetime.date.today() + datetime.timedelta(days=50)).isoformat()
        person.fill(by="王五", reason_postponed="等上级部门批复", expected=expected)
        person.choose("postponed")
        person.press("提交")
        person.reads("不能按期，等管理员答复", "等上级部门批复")
        person.picture("waiting")

        answer = until(lambda: bureau.link("admin@example.test", "/q/"), "the admin's letter", 90)
        driver.get(answer)
        person.reads("更新政府信息公开指南和目录", "等上级部门批复", "确认", "退回")
        person.picture("request")
        person.fill(by="赵六")
        person.choose("confirm")
        person.press("提交")
        person.reads("赵六", "已确认")
        person.picture("answered")

        driver.get(bureau.link("fzk@example.test", "/r/"))
        person.reads("不能按期，已确认")

        # All items of a letter in one form, by the keyboard alone: name, second tick, its 文号, 提交.
        form = bureau.link("glk@example.test", "/l/")
        driver.get(form)
        person.reads("一次登记公路科的事项", "还有3项没有登记", "下面3项全部办了")
        assert not driver.find_elements(By.CSS_SELECTOR, "input:checked"), "nothing is preset"
        person.picture("letter")
        person.press("提交")
        person.reads("请勾选办了的事项")
        person.picture("letter-untouched")
        driver.get(form)
        name = driver.find_element(By.ID, "by")
        for _ in range(20):
            if driver.switch_to.active_element == name:
                break
            person.keys(Keys.TAB)
        # All, the first item's tick, 文号 and link, the second's tick, its 文号, and Enter sends the form.
        person.keys(Keys.CONTROL + "a", "孙七", *[Keys.TAB] * 5, Keys.SPACE, Keys.TAB, "粤公路〔2026〕8号", Keys.ENTER)
        until(lambda: "saved=done" in driver.current_url, "the form by the keyboard")
        person.reads("登记好了", "还有2项没有登记", "孙七（公路科）", "粤公路〔2026〕8号", "已经登记的")
        person.picture("letter-recorded")
        # The name is remembered: what is left takes two clicks.
        driver.find_element(By.ID, "all").click()
        person.press("提交")
        person.reads("登记好了", "要本科室登记的都登记了")
        assert not driver.find_elements(By.TAG_NAME, "button"), "nothing is left to press"
        person.picture("letter-over")

        # The board: what the admin sees, and a section.
        for whose, pages in (("--admin", ["", "/year", "/outbox", "/case"]), ("--section=法制科", ["", "/year"])):
            door = bureau.printed_link(*whose.split("="))
            for page in pages:
                driver.get(door + page)
                person.picture(f"board-{whose.split('=')[0].strip('-')}{page.replace('/', '-')}")
            driver.get(door)
            row = driver.find_element(By.CSS_SELECTOR, "a[href*='/o/']").get_attribute("href")
            for page in ("", "/explain"):
                driver.get(row + page)
                person.picture(f"board-{whose.split('=')[0].strip('-')}-occurrence{page.replace('/', '-')}")

        driver.get(bureau.base + "/r/forged")
        person.reads("这个链接不能用")
        person.picture("refused")

        noise = [e for e in driver.get_log("browser") if "status of 4" not in e["message"]]
        assert not noise, noise
        print("pressed through")
    finally:
        driver.quit()
        bureau.close()


if __name__ == "__main__":
    main()
