#!/usr/bin/env python3
"""duban under clocks that are wrong, are set, stand still or repeat themselves: no storm, no silence.

Usage: clocks.py DUBAN [unittest arguments]. Needs libfaketime (Debian: faketime), which fakes the wall
clock of the whole program and leaves the clock that nobody sets.
"""

import datetime
import glob
import shutil
import signal
import sqlite3
import sys
import time
import unittest

from process import Process, until

LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [None])[0]
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
# A Tuesday, three working days before the annual report.
DAY = datetime.datetime(2026, 1, 27, 9, 0, tzinfo=SHANGHAI)


@unittest.skipUnless(LIBRARY, "libfaketime is not installed")
class Clocks(Process):
    def setUp(self):
        super().setUp()
        self.rc = self.dir / "clock"

    def set_clock(self, moment):
        """The wall clock shows this from now on, and goes on from there."""
        offset = moment.timestamp() - time.time()
        new = self.rc.with_suffix(".new")
        new.write_text(f"{offset:+.3f}\n")
        new.rename(self.rc)

    def start_at(self, moment, **env):
        self.set_clock(moment)
        return self.start({"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.rc), "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC", "RUST_LOG": "duban=info,warn", **env})

    def end(self, process):
        process.terminate()
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, out)
        return out

    def reminders(self):
        return [m["message-id"] for m in self.letters() if m["to"] != "admin@example.test"]

    def starts_and_reminds(self, moment, **env):
        process = self.start_at(moment, **env)
        until(self.reminders, "the first reminders")
        self.settle()
        return process

    def settle(self, seconds=1.0):
        """Until nothing new comes."""
        while True:
            before = len(self.letters())
            time.sleep(seconds)
            if len(self.letters()) == before:
                return

    def utterances(self):
        db = sqlite3.connect(self.dir / "var/duban.db")
        try:
            return db.execute("SELECT o.deadline, o.period, s.saying, s.mailbox, count(*) FROM said s JOIN occurrence o "
                              "ON o.id = s.occurrence WHERE s.dropped IS NULL GROUP BY 1, 2, 3, 4, s.behalf, s.counted_from").fetchall()
        finally:
            db.close()

    def no_storm(self):
        self.assertEqual([row for row in self.utterances() if row[4] > 1], [])
        ids = [m["message-id"] for m in self.letters()]
        self.assertEqual(len(ids), len(set(ids)))
        self.duban("verify")

    def test_weeks_forward_wait_and_weeks_back_repeat_nothing(self):
        process = self.starts_and_reminds(DAY)
        before = self.reminders()
        # A day with letters of its own. The minute's wake-up comes at once, before the clocks are compared by themselves.
        self.set_clock(DAY + datetime.timedelta(weeks=5))
        time.sleep(11)
        self.assertEqual(self.reminders(), before, "five weeks in a moment are not believed at once")
        for moment in (DAY - datetime.timedelta(weeks=6), DAY + datetime.timedelta(minutes=2)):
            self.set_clock(moment)
            time.sleep(11)
        out = self.end(process)
        self.assertIn("the clock was moved", out)
        self.assertEqual(self.reminders(), before)
        self.no_storm()

    def test_a_clock_that_is_wrong_at_boot(self):
        utc = datetime.timezone.utc
        counts = {}
        for boot, pasts in ((None, (False, True)), (1970, (False, True)), (2010, (True,))):
            for with_past in pasts:
                shutil.rmtree(self.dir / "var", ignore_errors=True)
                if with_past:
                    self.duban("run", "--once", "--now", "2026-01-26T08:30")
                old = len(self.reminders())
                process = self.start_at(DAY if boot is None else datetime.datetime(boot, 1, 4, 9, 0, 30, tzinfo=utc))
                if boot:
                    time.sleep(2)
                    self.assertEqual(len(self.reminders()), old, "nothing is said in the wrong year")
                    self.set_clock(DAY)
                begun = time.monotonic()
                until(lambda: len(self.reminders()) > old, "the reminders once the clock is right")
                took = time.monotonic() - begun
                self.settle()
                counts.setdefault(with_past, set()).add(len(self.reminders()) - old)
                self.end(process)
                self.assertFalse([m["subject"] for m in self.letters() if f"缺{boot}年" in m["subject"]])
                self.no_storm()
                print(f"boot in {boot}, past {with_past}: {len(self.reminders()) - old} reminders after {took:.1f} s", file=sys.stderr)
        self.assertEqual([len(c) for c in counts.values()], [1, 1], counts)

    def test_a_clock_that_loses_its_year_while_the_service_runs(self):
        process = self.starts_and_reminds(DAY)
        before = len(self.letters())
        self.set_clock(datetime.datetime(2010, 1, 4, 9, 0, 50, tzinfo=SHANGHAI))
        time.sleep(12)
        self.assertEqual(len(self.letters()), before, [m["subject"] for m in self.letters()[before:]])
        # The next day with letters: right again is believed at once.
        self.set_clock(DAY + datetime.timedelta(days=2))
        until(lambda: len(self.letters()) > before, "the next reminders", seconds=30)
        self.settle()
        self.end(process)
        self.no_storm()

    def test_stopped_for_a_while_and_seconds_that_repeat(self):
        process = self.starts_and_reminds(DAY)
        before = len(self.letters())
        process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        process.send_signal(signal.SIGCONT)
        # A leap second's worth of nonsense: back by one second again and again.
        end = time.monotonic() + 11
        at = DAY + datetime.timedelta(seconds=20)
        while time.monotonic() < end:
            at += datetime.timedelta(seconds=0.5 - 1)
            self.set_clock(at)
            time.sleep(0.5)
        self.assertIsNone(process.poll())
        out = self.end(process)
        self.assertEqual(len(self.letters()), before, [m["subject"] for m in self.letters()[before:]])
        self.assertLess(out.count("the clock was moved"), 5)
        self.no_storm()

    def test_dublin_through_both_changes(self):
        text = self.config.read_text()
        self.config.write_text(text.replace("Asia/Shanghai", "Europe/Dublin"))
        utc = datetime.timezone.utc
        self.duban("run", "--once", "--now", "2026-03-20T08:31")
        process = self.start_at(datetime.datetime(2026, 3, 28, 23, 58, tzinfo=utc))
        until(lambda: self.letters(), "the start")
        before = len(self.reminders())
        # Through the hour that is skipped, and the morning after it; then the hour that comes twice.
        for moment in ((2026, 3, 29, 0, 59, 58), (2026, 3, 30, 7, 25, 0)):
            process = self.again(process, datetime.datetime(*moment, tzinfo=utc))
        self.assertEqual(len(self.reminders()), before)
        process = self.again(process, datetime.datetime(2026, 3, 30, 7, 31, tzinfo=utc))
        spring = len(self.reminders())
        self.assertGreater(spring, before, "08:30 in Dublin is 07:30 in UTC")
        for moment in ((2026, 10, 25, 0, 59, 58), (2026, 10, 25, 1, 30, 0), (2026, 10, 26, 7, 35, 0)):
            process = self.again(process, datetime.datetime(*moment, tzinfo=utc))
        before = len(self.reminders())
        self.assertEqual(before, spring, "08:30 in Dublin is 08:30 in UTC again")
        process = self.again(process, datetime.datetime(2026, 10, 26, 8, 31, tzinfo=utc))
        self.assertGreater(len(self.reminders()), before)
        self.end(process)
        self.no_storm()

    def again(self, process, moment):
        """Started anew at this time: a move by months would not be believed."""
        self.end(process)
        process = self.start_at(moment)
        self.wait_ready(process)
        time.sleep(0.5)
        self.settle()
        return process


if __name__ == "__main__":
    unittest.main(verbosity=2)
